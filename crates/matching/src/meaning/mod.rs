//! What words mean, whatever language they are in and however they are spelled.
//!
//! Two sources, which complete each other: [`Vectors`] know how near the words of twelve languages are to
//! each other, the [`Lexicon`] knows which things a word names in more languages: "pram" and "poussette"
//! meet in one concept. Either may be missing. The [`Kind`]s are the tree of categories under which an
//! app shows listings; every concept may belong to one.

mod kinds;
mod lexicon;
pub(crate) mod vectors;

pub use kinds::Kind;
pub(crate) use lexicon::key;
pub use lexicon::{BrokenLexicon, Concept, Lexicon, Source, Strength};
pub(crate) use vectors::{DIMENSIONS, similarity, sketch};
pub use vectors::{Direction, Vectors, VectorsError, WordVector};

use record::Language;

/// What is known of the meaning of words. To copy it copies a few addresses.
#[derive(Debug, Clone, Copy, Default)]
pub struct Meaning {
    /// How near words are to each other.
    pub vectors: Option<Vectors>,
    /// Which things words name.
    pub lexicon: Option<Lexicon>,
}

/// One of the things that a word or phrase names in a certain text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Named {
    pub(crate) concept: Concept,
    /// How surely, above 0 and at most 1.
    pub(crate) surely: f32,
}

/// How surely a word means a thing that it is the name of, another name of, or has to do with.
const NAME: f32 = 0.97;
const ALIAS: f32 = 0.92;
const KEYWORD: f32 = 0.6;
/// How surely a word means what it does in another language than the text's.
const OTHER_LANGUAGE: f32 = 0.6;
/// Longer phrases are not looked for: there are few, and each look costs time.
const LONGEST_PHRASE: usize = 4;

impl Meaning {
    /// All that is shipped.
    #[must_use]
    pub fn shipped() -> Self {
        Self { vectors: Some(Vectors::shipped()), lexicon: Some(Lexicon::shipped()) }
    }

    pub(crate) fn word(&self, lower: &str) -> Option<WordVector> {
        self.vectors.as_ref()?.word(lower)
    }

    /// What a folded word or phrase names in a text of this language, in ascending order of concepts.
    pub(crate) fn names(&self, folded: &str, language: Option<Language>) -> Box<[Named]> {
        let Some(lexicon) = self.lexicon else { return Box::default() };
        let mut names: Vec<Named> = Vec::new();
        for sense in lexicon.senses(folded) {
            let strength = match sense.strength {
                Strength::Name => NAME,
                Strength::Alias => ALIAS,
                Strength::Keyword => KEYWORD,
            };
            let spoken = language.is_none_or(|language| language == sense.language);
            let surely = if spoken { strength } else { OTHER_LANGUAGE * strength };
            match names.binary_search_by_key(&sense.concept, |named| named.concept) {
                Ok(at) => names[at].surely = names[at].surely.max(surely),
                Err(at) => names.insert(at, Named { concept: sense.concept, surely }),
            }
        }
        names.into()
    }

    /// The kind of thing that a concept is, if any.
    pub(crate) fn kind_of(&self, concept: Concept) -> Option<Kind> {
        self.lexicon?.kind_of(concept)
    }

    /// So many words may be known together.
    pub(crate) fn longest_phrase(&self) -> usize {
        self.lexicon.map_or(0, |lexicon| lexicon.longest_phrase().min(LONGEST_PHRASE))
    }
}

/// How surely two words name one thing, 0 to 1. Both in ascending order of concepts. A word that has to do
/// with many things means none of them surely.
pub(crate) fn in_common(one: &[Named], other: &[Named]) -> f32 {
    let (mut at, mut theirs, mut best) = (0, 0, 0.0_f32);
    while let (Some(here), Some(there)) = (one.get(at), other.get(theirs)) {
        if here.concept == there.concept {
            best = best.max(here.surely * there.surely);
        }
        at += usize::from(here.concept <= there.concept);
        theirs += usize::from(there.concept <= here.concept);
    }
    best
}
