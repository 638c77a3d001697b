//! Runs of three letters within a word: they carry typing errors, compounds and cognates.

/// A run of three characters, mixed into 32 bits: that two of them meet there is rare, and costs little.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Gram(u32);

/// The distinct grams of a folded word, in ascending order. The word's start and end count as a
/// character each.
pub(crate) fn grams(word: &str) -> Box<[Gram]> {
    let letters: Vec<char> = std::iter::once('^').chain(word.chars()).chain(std::iter::once('$')).collect();
    let mut grams: Vec<Gram> = letters.windows(3).map(|run| Gram(mixed(run))).collect();
    grams.sort_unstable();
    grams.dedup();
    grams.into_boxed_slice()
}

fn mixed(run: &[char]) -> u32 {
    // Knuth's multiplicative hashing, of the 63 bits of the three letters.
    let packed = run.iter().fold(0_u64, |packed, letter| packed << 21 | u64::from(u32::from(*letter)));
    (packed.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as u32
}

/// The share of their grams that two words have in common, 0 to 1 (the cosine of the two sets).
pub(crate) fn in_common(shared: usize, one: usize, other: usize) -> f32 {
    if shared == 0 { 0.0 } else { shared as f32 / ((one * other) as f32).sqrt() }
}

/// How many grams two words share.
pub(crate) fn shared(one: &[Gram], other: &[Gram]) -> usize {
    let (mut at, mut theirs, mut shared) = (0, 0, 0);
    while let (Some(gram), Some(other)) = (one.get(at), other.get(theirs)) {
        at += usize::from(gram <= other);
        theirs += usize::from(other <= gram);
        shared += usize::from(gram == other);
    }
    shared
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_falls_into_runs_of_three() {
        assert_eq!(grams("ab").len(), 2);
        assert_eq!(grams("").len(), 0);
        assert_eq!(grams("aaaaaaaa").len(), 3);
    }

    #[test]
    fn words_share_what_both_are_spelled_with() {
        let common = |one: &str, other: &str| {
            let (one, other) = (grams(one), grams(other));
            in_common(shared(&one, &other), one.len(), other.len())
        };
        assert!((common("leiter", "leiter") - 1.0).abs() < 1e-6);
        assert!(common("akkuschrauber", "schrauber") > 0.6);
        assert!(common("bohrmaschine", "bohrmaschiene") > 0.7);
        assert!(common("tisch", "lampe") < f32::EPSILON);
    }
}
