//! Every weight of search and matching, and the formulas that they stand in.

use record::Cell;

/// A part of a listing that holds words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Field {
    Title,
    Category,
    Text,
}

impl Field {
    /// How much one mention counts towards what a listing is about.
    const fn weight(self) -> f64 {
        match self {
            Self::Title => 2.0,
            Self::Category => 1.5,
            Self::Text => 1.0,
        }
    }

    /// The usual number of words. A fixed one: a mean over the catalogue would make what an index
    /// holds depend on the order in which it came.
    const fn usual_length(self) -> f64 {
        match self {
            Self::Title => 3.0,
            Self::Category => 2.0,
            Self::Text => 12.0,
        }
    }

    /// How much a mention counts as evidence for a match, 0 to 1.
    pub(crate) const fn evidence(self) -> f64 {
        match self {
            Self::Title => 1.0,
            Self::Category => 0.6,
            Self::Text => 0.4,
        }
    }

    /// What one mention adds to the mass of a word, in a field of so many words.
    pub(crate) fn mass(self, length: usize) -> f64 {
        self.weight() / (1.0 - LENGTH_COUNTS + LENGTH_COUNTS * length as f64 / self.usual_length())
    }
}

/// How much a long field dilutes each of its words, 0 to 1 (BM25's *b*).
const LENGTH_COUNTS: f64 = 0.5;
/// The mass at which a listing is half about a word (BM25's *k1*).
const HALF_ABOUT: f64 = 0.7;

/// How much a listing is about a word of this mass, 0 to 1: further mentions add less and less.
pub(crate) fn aboutness(mass: f64) -> f64 {
    mass / (mass + HALF_ABOUT)
}

/// So many more listings are imagined, and so many bearers of each word among them: a catalogue of ten
/// things cannot tell which words are common.
const IMAGINED: f64 = 1000.0;
const IMAGINED_BEARERS: f64 = 4.0;
/// What is left of the information of a word that tells little.
const WEAK: f64 = 0.2;

/// What a word tells, in nats, when `bearers` of so many listings hold it.
pub(crate) fn information(listings: usize, bearers: usize, weak: bool) -> f64 {
    let information = (1.0 + (listings as f64 + IMAGINED) / (bearers as f64 + IMAGINED_BEARERS)).ln();
    if weak { WEAK * information } else { information }
}

/// What a gram tells, in nats, when `bearers` of so many words hold it.
pub(crate) fn gram_information(words: usize, bearers: usize) -> f64 {
    (1.0 + words as f64 / (bearers as f64).max(0.5)).ln()
}

/// The distance at which half the advantage of being near is gone, in kilometres.
const HALF_NEAR_KM: f64 = 5.0;
/// The share of a search score that a far place costs.
const FAR_COSTS: f64 = 0.2;

/// How near a distance is: 1 in the same cell, towards 0 far away.
pub(crate) fn nearness(km: f64) -> f64 {
    HALF_NEAR_KM / (HALF_NEAR_KM + km)
}

/// The factor for a listing's place in a search near `near`: a listing without a place counts as far.
pub(crate) fn place_factor(near: Option<Cell>, cell: Option<Cell>) -> f64 {
    match (near, cell) {
        (Some(near), Some(cell)) => 1.0 - FAR_COSTS * (1.0 - nearness(near.distance_km(cell))),
        (Some(_), None) => 1.0 - FAR_COSTS,
        (None, _) => 1.0,
    }
}

/// Search leaves out what scores less: it shares a few letters with the words and nothing else.
pub(crate) const LEAST_RELEVANCE: f64 = 0.04;

/// The share of a match's score that words can reach; the rest is for what else fits.
const WORDS_SHARE: f64 = 0.85;
/// Points for the same category.
pub(crate) const SAME_CATEGORY: f64 = 0.05;
/// Points for the same terms.
pub(crate) const SAME_TERMS: f64 = 0.03;
/// Points for being in the same cell; less with the distance.
pub(crate) const SAME_PLACE: f64 = 0.07;
/// The least that the words must reach for a match: nothing else makes up for it.
pub(crate) const LEAST_WORDS: f64 = 0.36;

/// The information in common at which a match is half certain, in nats.
const HALF_CERTAIN: f64 = 1.2;
/// How much of what the two titles have in common is measured by the one that tells less.
const SHORTER_TITLE: f64 = 0.75;
/// What is left of a match when only one of the two is about an action ("repair").
const OTHER_ACTION: f64 = 0.25;

/// What the words of a need and an offer reach, 0 to 0.85: `common` nats that they have in common, of
/// what each title tells.
///
/// A title that is in the other one as a whole counts for much: "Ladder" answers "Wooden ladder", and
/// "Drill by Bosch, 18 V, with a case" answers "Drill". Two titles that are half alike count for
/// little: "Baby shoes" are no "Baby blanket".
pub(crate) fn words_score(common: f64, need: f64, offer: f64, same_action: bool) -> f64 {
    if need <= 0.0 || offer <= 0.0 {
        return 0.0;
    }
    let of_shorter = (common / need.min(offer)).min(1.0);
    let of_longer = (common / need.max(offer)).min(1.0);
    let share = of_shorter.powf(SHORTER_TITLE) * of_longer.powf(1.0 - SHORTER_TITLE);
    let certainty = common / (common + HALF_CERTAIN);
    let action = if same_action { 1.0 } else { OTHER_ACTION };
    WORDS_SHARE * share * certainty * action
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_says_more_than_a_category_and_that_more_than_a_text() {
        let about = |field: Field| aboutness(field.mass(3));
        assert!(about(Field::Title) > about(Field::Category));
        assert!(about(Field::Category) > about(Field::Text) * 0.9);
        assert!(aboutness(Field::Title.mass(1)) > aboutness(Field::Title.mass(9)));
    }

    #[test]
    fn a_rare_word_tells_more_than_a_common_one_and_a_weak_one_little() {
        assert!(information(1000, 1, false) > information(1000, 500, false));
        assert!(information(1000, 1, true) < information(1000, 300, false));
        assert!(information(0, 0, false) > 0.0);
    }

    #[test]
    fn words_alone_never_fill_the_score() {
        const { assert!(WORDS_SHARE + SAME_CATEGORY + SAME_TERMS + SAME_PLACE < 1.0 + f64::EPSILON) };
        assert!(words_score(1e9, 1.0, 1.0, true) <= WORDS_SHARE);
        assert!(words_score(1.0, 0.0, 1.0, true) < LEAST_WORDS);
    }
}
