//! Words as rows of letters: slips of the finger, and what compounds end in.

/// The shortest last part of a compound, and the shortest part before it, in characters.
const SHORTEST_HEAD: usize = 4;
const SHORTEST_MODIFIER: usize = 3;

/// The letters to insert, drop, change or swap with their neighbour to turn one word into another
/// (optimal string alignment).
pub(crate) fn slips(one: &[char], other: &[char]) -> usize {
    let mut before = Vec::new();
    let mut last: Vec<usize> = (0..=other.len()).collect();
    for (row, letter) in one.iter().enumerate() {
        let mut next = vec![row + 1];
        for (column, theirs) in other.iter().enumerate() {
            let change = last[column] + usize::from(letter != theirs);
            let mut least = change.min(last[column + 1] + 1).min(next[column] + 1);
            let swapped = row > 0
                && column > 0
                && one.get(row - 1) == Some(theirs)
                && other.get(column - 1) == Some(letter);
            if swapped {
                least = least.min(before[column - 1] + 1);
            }
            next.push(least);
        }
        before = std::mem::replace(&mut last, next);
    }
    last[other.len()]
}

/// How far an offered thing is the needed one by the last part of a compound, 0 to 1: an
/// "Akkuschrauber" is a "Schrauber", and a "Schrauber" may be the "Akkuschrauber" that somebody needs
/// (by the share of the letters that say so).
pub(crate) fn compound(needed: &str, offered: &str) -> f32 {
    if is_head(needed, offered) {
        1.0
    } else if is_head(offered, needed) {
        offered.chars().count() as f32 / needed.chars().count() as f32
    } else {
        0.0
    }
}

/// Whether a word is the last part of a compound.
fn is_head(head: &str, compound: &str) -> bool {
    compound.strip_suffix(head).is_some_and(|modifier| {
        modifier.chars().count() >= SHORTEST_MODIFIER && head.chars().count() >= SHORTEST_HEAD
    })
}

/// Whether one word is only the first part of the other: a "Fahrradanhänger" is no "Fahrrad".
pub(crate) fn is_beginning(one: &str, other: &str) -> bool {
    let begins = |short: &str, long: &str| {
        long.strip_prefix(short).is_some_and(|rest| {
            rest.chars().count() >= SHORTEST_HEAD && short.chars().count() >= SHORTEST_HEAD
        })
    };
    begins(one, other) || begins(other, one)
}

/// Whether two compounds end in the same part and begin differently.
pub(crate) fn are_siblings(one: &str, other: &str) -> bool {
    let (ends, others) = (one.chars().rev(), other.chars().rev());
    let same = ends.zip(others).take_while(|(one, other)| one == other).count();
    let begins = |word: &str| word.chars().count() - same;
    same > SHORTEST_HEAD && begins(one) >= SHORTEST_MODIFIER && begins(other) >= SHORTEST_MODIFIER
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_counted_once() {
        let slips = |one: &str, other: &str| {
            slips(&one.chars().collect::<Vec<_>>(), &other.chars().collect::<Vec<_>>())
        };
        assert_eq!(slips("bohrmaschiene", "bohrmaschine"), 1);
        assert_eq!(slips("fharrad", "fahrrad"), 1);
        assert_eq!(slips("tisch", "fisch"), 1);
        assert_eq!(slips("", "abc"), 3);
    }

    #[test]
    fn the_last_part_of_a_compound_says_what_it_is() {
        let whole = compound("schrauber", "akkuschrauber");
        let part = compound("akkuschrauber", "schrauber");
        assert!(whole > part && part > 0.5, "{whole} {part}");
        assert!(compound("fahrrad", "fahrradanhanger") < 0.1);
        assert!(is_beginning("fahrrad", "fahrradanhanger"));
        assert!(!is_beginning("schrauber", "akkuschrauber"));
        assert!(!is_beginning("fahrrad", "fahrrader"));
        assert!(are_siblings("waschmaschine", "bohrmaschine"));
        assert!(!are_siblings("maschine", "bohrmaschine"));
        assert!(!are_siblings("lampe", "rampe"));
    }
}
