//! One side of a comparison: a listing with what its words are.

use std::collections::BTreeMap;

use crate::index::entry::{About, Made, Mention};
use crate::index::facts::Facts;
use crate::meaning::DIMENSIONS;
use crate::pairs::score::Field;
use crate::text::reading::Role;
use crate::vocabulary::Vocabulary;
use crate::vocabulary::gist::Gist;
use crate::vocabulary::grams::Gram;

/// A word of a listing.
pub(crate) struct Uttered<'a> {
    pub(crate) gist: &'a Gist,
    pub(crate) mention: Mention,
    /// How much it tells, 0 to 1: for what it is, and how rare here.
    pub(crate) tells: f32,
}

/// A listing as one side of a comparison.
pub(crate) struct Party<'a> {
    pub(crate) about: &'a About,
    pub(crate) facts: Facts,
    /// Those of the title first.
    pub(crate) words: Vec<Uttered<'a>>,
}

impl Uttered<'_> {
    pub(crate) fn in_title(&self) -> bool {
        self.mention.field == Field::Title
    }

    /// Whether it is a word of its own, not one made of several.
    pub(crate) fn is_whole(&self) -> bool {
        self.mention.made == Made::Whole
    }

    /// How much it says which thing the listing is about, 0 to 1.
    pub(crate) fn evidence(&self) -> f32 {
        self.mention.field.evidence() * self.mention.role.evidence()
    }

    /// The word as it stands in the listing.
    pub(crate) fn spoken<'l>(&self, about: &'l About) -> &'l str {
        self.mention.spoken(&about.listing)
    }
}

impl Party<'_> {
    /// The words that stand in the title, made of one word each.
    pub(crate) fn title(&self) -> impl Iterator<Item = &Uttered<'_>> {
        self.words.iter().filter(|word| word.in_title() && word.is_whole())
    }

    /// The words that name the thing itself, where the language tells which ones do.
    pub(crate) fn heads(&self) -> impl Iterator<Item = &Uttered<'_>> {
        self.title().filter(|word| word.mention.role == Role::Head)
    }

    /// What the title means, and what each of its parts does; none where no word is known.
    pub(crate) fn directions(&self, vocabulary: &Vocabulary) -> Directions {
        let mut whole = Mean::default();
        let mut parts: Vec<(u8, Mean)> = Vec::new();
        for word in self.title().filter(|word| word.mention.role != Role::Denied) {
            let weight = word.gist.tells * word.gist.known * word.mention.role.evidence();
            whole.add(word.gist, weight);
            match parts.iter_mut().find(|(part, _)| *part == word.mention.part) {
                Some((_, mean)) => mean.add(word.gist, weight),
                None => {
                    let mut mean = Mean::default();
                    mean.add(word.gist, weight);
                    parts.push((word.mention.part, mean));
                }
            }
        }
        let whole = whole.unit();
        let spelled = if whole.is_none() { self.spelled(vocabulary) } else { Vec::new() };
        let parts = parts.into_iter().filter_map(|(_, mean)| mean.unit()).collect();
        Directions { whole, parts, spelled }
    }
}

impl Party<'_> {
    fn spelled(&self, vocabulary: &Vocabulary) -> Vec<(Gram, f32)> {
        let mut counts: BTreeMap<Gram, f32> = BTreeMap::new();
        for word in self.title().filter(|word| word.mention.role != Role::Denied) {
            word.gist.grams.iter().for_each(|gram| *counts.entry(*gram).or_default() += 1.0);
        }
        let told =
            counts.into_iter().map(|(gram, count)| (gram, (1.0 + count.ln()) * vocabulary.information(gram)));
        let mut told: Vec<(Gram, f32)> = told.collect();
        let length = told.iter().map(|(_, told)| told * told).sum::<f32>().sqrt();
        told.iter_mut().for_each(|(_, told)| *told /= length);
        told
    }
}

/// The cosine of two titles as rows of letters.
fn in_both(one: &[(Gram, f32)], other: &[(Gram, f32)]) -> f32 {
    let (mut at, mut theirs, mut sum) = (0, 0, 0.0_f32);
    while let (Some((gram, told)), Some((other, again))) = (one.get(at), other.get(theirs)) {
        if gram == other {
            sum += told * again;
        }
        at += usize::from(gram <= other);
        theirs += usize::from(other <= gram);
    }
    sum.min(1.0)
}

/// Where a title points in the space of meanings: unit vectors.
pub(crate) struct Directions {
    pub(crate) whole: Option<[f32; DIMENSIONS]>,
    pub(crate) parts: Vec<[f32; DIMENSIONS]>,
    /// Where nothing is known of the meaning: what the title is spelled with, by how much each run of letters tells
    /// here; of length 1, in ascending order.
    pub(crate) spelled: Vec<(Gram, f32)>,
}

impl Directions {
    /// Whether they are those of a meaning, not of a spelling.
    pub(crate) const fn are_known(&self) -> bool {
        self.whole.is_some()
    }

    /// How near an offer's title is to a need's, 0 to 1: half as a whole, half by the part that is nearest.
    /// Where nothing is known of either, as far as they are spelled alike; none where only one is known.
    pub(crate) fn nearness(&self, offer: &Self) -> Option<f32> {
        if self.whole.is_none() && offer.whole.is_none() {
            return Some(in_both(&self.spelled, &offer.spelled));
        }
        let (need, whole) = (self.whole.as_ref()?, offer.whole.as_ref()?);
        let part = offer.parts.iter().map(|part| cosine(need, part)).fold(0.0, f32::max);
        Some(f32::midpoint(cosine(need, whole), part).clamp(0.0, 1.0))
    }
}

fn cosine(one: &[f32; DIMENSIONS], other: &[f32; DIMENSIONS]) -> f32 {
    // Why: four sums that don't wait for each other; the compiler makes vectors of them.
    let mut sums = [0.0_f32; 4];
    for (one, other) in one.chunks_exact(4).zip(other.chunks_exact(4)) {
        for ((sum, one), other) in sums.iter_mut().zip(one).zip(other) {
            *sum += one * other;
        }
    }
    sums.iter().sum()
}

struct Mean([f32; DIMENSIONS]);

impl Default for Mean {
    fn default() -> Self {
        Self([0.0; DIMENSIONS])
    }
}

impl Mean {
    fn add(&mut self, gist: &Gist, weight: f32) {
        for (sum, value) in self.0.iter_mut().zip(&gist.direction) {
            *sum += weight * f32::from(*value);
        }
    }

    fn unit(self) -> Option<[f32; DIMENSIONS]> {
        let length = cosine(&self.0, &self.0).sqrt();
        (length > f32::EPSILON).then(|| self.0.map(|value| value / length))
    }
}
