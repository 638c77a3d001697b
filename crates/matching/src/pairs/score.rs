//! Every weight of search and matching, and the formulas that they stand in.

use crate::text::reading::Role;

/// A part of a listing that holds words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Field {
    Title,
    Category,
    Text,
}

impl Field {
    /// How much a mention says what a listing is about, 0 to 1.
    pub(crate) const fn evidence(self) -> f32 {
        match self {
            Self::Title => 1.0,
            Self::Category => 0.7,
            Self::Text => 0.45,
        }
    }
}

impl Role {
    /// How much a word in this role says which thing it is, 0 to 1.
    pub(crate) const fn evidence(self) -> f32 {
        match self {
            Self::Head => 1.0,
            Self::Modifier => 1.0,
            Self::Beside => 0.7,
            Self::Denied => 0.0,
        }
    }
}

/// How much a listing is about a word, 0 to 1, when it is looked for.
pub(crate) const fn aboutness(field: Field, role: Role) -> f32 {
    field.evidence() * role.evidence()
}

/// So many more listings are imagined, and so many bearers of each word among them: a catalogue of ten
/// things cannot tell which words are common.
const IMAGINED: f32 = 1000.0;
const IMAGINED_BEARERS: f32 = 4.0;
/// How much of a word's weight does not depend on how rare it is here.
const ANYWAY: f32 = 0.25;

/// How much a word is worth for how rare it is, 0.25 to about 1, when `bearers` of so many listings hold it.
pub(crate) fn rarity(listings: usize, bearers: usize) -> f32 {
    let listings = listings as f32 + IMAGINED;
    let told = (listings / (bearers as f32 + IMAGINED_BEARERS)).ln().max(0.0);
    ANYWAY + (1.0 - ANYWAY) * told / (listings / IMAGINED_BEARERS).ln()
}

/// The share of what two texts have in common that the meaning of the whole titles decides; the rest is for
/// each word of the need and the best answer to it.
pub(crate) const WHOLE_COUNTS: f32 = 0.5;

/// The share of a match's score that words can reach; the rest is for what else fits.
pub(crate) const WORDS_SHARE: f32 = 0.85;
/// The least that the words must reach for a match, of 0.85: nothing else makes up for it.
pub(crate) const LEAST_WORDS: f32 = 0.545;
/// Search leaves out what scores less: it shares a few letters with the words and nothing else.
pub(crate) const LEAST_RELEVANCE: f32 = 0.3;

/// What is left of a match when only one of the two is about an action ("repair").
pub(crate) const OTHER_ACTION: f32 = 0.65;
/// What is left when a dictionary has the two as names of different things.
pub(crate) const OTHER_THING: f32 = 0.8;
/// What is left when the offer only mentions what the need is about.
pub(crate) const OTHER_HEAD: f32 = 0.9;
/// What is left when both name a size and the sizes differ.
pub(crate) const OTHER_SIZE: f32 = 0.7;
/// What is left when one side says that it is not what the other wants.
pub(crate) const DENIED: f32 = 0.4;
/// What is left when the two say that they are of kinds that have nothing to do with each other.
pub(crate) const OTHER_KIND: f32 = 0.8;

/// Points for the same size.
pub(crate) const SAME_SIZE: f32 = 0.02;
/// Points for the same category or kind of thing.
pub(crate) const SAME_KIND: f32 = 0.03;
/// Points for the same terms.
pub(crate) const SAME_TERMS: f32 = 0.02;
/// Points for being in the same cell; less with the distance.
pub(crate) const SAME_PLACE: f32 = 0.05;
/// Points for enough of a thing that is wanted several times.
pub(crate) const ENOUGH: f32 = 0.01;
/// Points for an offer of today; half of them after thirty days.
pub(crate) const FRESH: f32 = 0.02;

/// The distance at which half the advantage of being near is gone, in kilometres.
const HALF_NEAR_KM: f32 = 5.0;
/// The days after which half the advantage of being new is gone.
const HALF_FRESH_DAYS: f32 = 30.0;
/// The share of a search score that a far place costs.
const FAR_COSTS: f32 = 0.2;

/// How near a distance is: 1 in the same cell, towards 0 far away.
pub(crate) fn nearness(km: f32) -> f32 {
    HALF_NEAR_KM / (HALF_NEAR_KM + km)
}

/// How new a thing is that is so many days old: 1 today, towards 0.
pub(crate) fn freshness(days: f32) -> f32 {
    (-days.max(0.0) / HALF_FRESH_DAYS).exp2()
}

/// The factor for a distance in a search near a place; a listing without a place counts as far.
pub(crate) fn place_factor(km: Option<f32>) -> f32 {
    1.0 - FAR_COSTS * (1.0 - km.map_or(0.0, nearness))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_says_more_than_a_category_and_that_more_than_a_text() {
        assert!(Field::Title.evidence() > Field::Category.evidence());
        assert!(Field::Category.evidence() > Field::Text.evidence());
    }

    #[test]
    fn a_rare_word_is_worth_more_than_a_common_one() {
        assert!(rarity(1000, 1) > rarity(1000, 500));
        assert!(rarity(1000, 1_000_000) >= ANYWAY);
        assert!(rarity(0, 0) <= 1.0);
    }

    #[test]
    fn all_points_together_never_exceed_one() {
        const { assert!(WORDS_SHARE + SAME_SIZE + SAME_KIND + SAME_TERMS + SAME_PLACE + ENOUGH + FRESH <= 1.0) };
    }
}
