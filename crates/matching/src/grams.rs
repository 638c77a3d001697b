//! Short runs of letters within a word: they carry typing errors and compounds.

/// The lengths of the runs, in characters.
const LENGTHS: std::ops::RangeInclusive<usize> = 2..=4;

/// A run of up to four characters, 21 bits each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Gram(u128);

/// The distinct grams of a folded word, in ascending order. The word's start and end count as a
/// character each.
pub(crate) fn grams(word: &str) -> Vec<Gram> {
    let letters: Vec<char> = std::iter::once('^').chain(word.chars()).chain(std::iter::once('$')).collect();
    let mut grams: Vec<Gram> =
        LENGTHS.flat_map(|length| letters.windows(length)).map(|run| Gram(pack(run))).collect();
    grams.sort_unstable();
    grams.dedup();
    grams
}

fn pack(run: &[char]) -> u128 {
    run.iter().fold(0, |packed, letter| packed << 21 | u128::from(u32::from(*letter)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_falls_into_runs_of_two_to_four() {
        // ^a ab b$, ^ab ab$, ^ab$
        assert_eq!(grams("ab").len(), 6);
        assert_eq!(grams("").len(), 1);
        assert_eq!(grams("aaaaaaaa").len(), 9);
    }

    #[test]
    fn runs_of_different_letters_or_lengths_differ() {
        let mut all: Vec<Gram> = ["ab", "ba", "abc", "\u{10ffff}b"].into_iter().flat_map(grams).collect();
        let shared = all.len();
        all.sort_unstable();
        all.dedup();
        // "ab" and "abc" share ^a, ab and ^ab; "ab" and "\u{10ffff}b" share b$.
        assert_eq!(all.len(), shared - 4);
    }
}
