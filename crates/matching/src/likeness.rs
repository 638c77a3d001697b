//! How far a word of an offer is the word that a need says, when it is not a form of the same word.
//!
//! Stricter than the likeness by which search ranks: a match is shown to people with this as its
//! reason. A "Bohrmaschiene" is a "Bohrmaschine" and a "Kinderfahrrad" is a "Fahrrad"; a
//! "Fahrradanhänger" is none, nor is a "Waschmaschine" a "Bohrmaschine".

use crate::analyse::Word;

/// The shortest words that a letter may tell apart without making them two things ("table", "tablet"),
/// and the shortest that two letters may, in characters.
const ONE_SLIP: usize = 6;
const TWO_SLIPS: usize = 10;
/// The shortest last part of a compound, and the shortest part before it, in characters.
const SHORTEST_HEAD: usize = 4;
const SHORTEST_MODIFIER: usize = 3;
/// A compound is the thing that its last part says, and still another word.
const COMPOUND: f64 = 0.9;

/// How far two words are spellings of one, 0 to 1: all but the letters that somebody mistyped.
/// Nobody mistypes the first.
pub(crate) fn spelling(one: &Word<'_>, other: &Word<'_>) -> f64 {
    let one: Vec<char> = one.folded.chars().collect();
    let other: Vec<char> = other.folded.chars().collect();
    let shorter = one.len().min(other.len());
    let most = if shorter >= TWO_SLIPS { 2 } else { usize::from(shorter >= ONE_SLIP) };
    if one.first() != other.first() || one.len().abs_diff(other.len()) > most {
        return 0.0;
    }
    let slips = slips(&one, &other);
    if slips <= most { 1.0 - slips as f64 / shorter.max(1) as f64 } else { 0.0 }
}

/// The letters to insert, drop, change or swap with their neighbour to turn one word into another
/// (optimal string alignment).
fn slips(one: &[char], other: &[char]) -> usize {
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
pub(crate) fn compound(need: &Word<'_>, offer: &Word<'_>) -> f64 {
    let mut best: f64 = 0.0;
    for needed in need.forms() {
        for offered in offer.forms() {
            if is_head(needed, offered) {
                return COMPOUND;
            }
            if is_head(offered, needed) {
                let said = offered.chars().count() as f64 / needed.chars().count() as f64;
                best = best.max(COMPOUND * said);
            }
        }
    }
    best
}

/// Whether a word is the last part of a compound.
fn is_head(head: &str, compound: &str) -> bool {
    compound.strip_suffix(head).is_some_and(|modifier| {
        modifier.chars().count() >= SHORTEST_MODIFIER && head.chars().count() >= SHORTEST_HEAD
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyse::Reader;

    fn with_german(function: fn(&Word<'_>, &Word<'_>) -> f64, need: &str, offer: &str) -> f64 {
        let german = Reader::new("de".parse());
        function(&german.words(need)[0], &german.words(offer)[0])
    }

    #[test]
    fn a_slip_of_the_finger_is_forgiven_in_long_words() {
        for (one, other) in
            [("Bohrmaschiene", "Bohrmaschine"), ("mashine", "machine"), ("Fharrad", "Fahrrad")]
        {
            assert!(with_german(spelling, one, other) > 0.8, "{one} {other}");
        }
        assert!(with_german(spelling, "Kofer", "Koffer") < 0.1);
    }

    #[test]
    fn other_things_stay_other_things() {
        for (one, other) in [
            ("Tisch", "Fisch"),
            ("table", "tablet"),
            ("Handmixer", "Standmixer"),
            ("Bohrmaschine", "Waschmaschine"),
        ] {
            assert!(with_german(spelling, one, other) < 0.1, "{one} {other}");
        }
    }

    #[test]
    fn the_last_part_of_a_compound_says_what_it_is() {
        let whole = with_german(compound, "Schrauber", "Akkuschrauber");
        let part = with_german(compound, "Akkuschrauber", "Schrauber");
        assert!(whole > part && part > 0.5, "{whole} {part}");
        assert!(with_german(compound, "Lampen", "Stehlampe") > 0.8);
        assert!(with_german(compound, "Fahrrad", "Fahrradanhänger") < 0.1);
    }
}
