//! What words mean, whatever language they are in and however they are spelled.
//!
//! Two sources, which complete each other: `vectors` know how near the words of twelve languages are to each
//! other, `lexicon` knows names of things in more languages. Either may be missing.

pub(crate) mod vectors;

pub use vectors::{DIMENSIONS, Direction, Vectors, VectorsError, WordVector, similarity, sketch};

use record::Language;

/// What is known of the meaning of words.
#[derive(Debug, Clone, Copy, Default)]
pub struct Meaning {
    /// The table of word vectors, if there is one.
    pub vectors: Option<Vectors>,
}

/// One of the things that a word or phrase is a name of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Sense {
    pub(crate) concept: u16,
    /// How surely the word means the thing, 0 to 1.
    pub(crate) strength: f32,
}

impl Meaning {
    /// All that is shipped.
    #[must_use]
    pub fn shipped() -> Self {
        Self { vectors: Some(Vectors::shipped()) }
    }

    pub(crate) fn word(&self, lower: &str) -> Option<WordVector> {
        self.vectors.as_ref()?.word(lower)
    }

    pub(crate) fn senses(&self, _folded: &str, _language: Option<Language>) -> Box<[Sense]> {
        Box::default()
    }
}

/// How surely two words name one thing, 0 to 1. Both in ascending order of concepts.
pub(crate) fn in_common(one: &[Sense], other: &[Sense]) -> f32 {
    let (mut at, mut theirs, mut best) = (0, 0, 0.0_f32);
    while let (Some(sense), Some(other)) = (one.get(at), other.get(theirs)) {
        if sense.concept == other.concept {
            best = best.max(sense.strength * other.strength);
        }
        at += usize::from(sense.concept <= other.concept);
        theirs += usize::from(other.concept <= sense.concept);
    }
    best
}
