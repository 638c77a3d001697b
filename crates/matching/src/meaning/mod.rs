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
pub use lexicon::{BrokenLexicon, Concept, Lexicon, Sense, Source, Strength, key};
pub(crate) use vectors::{DIMENSIONS, similarity, sketch};
pub use vectors::{Direction, Vectors, VectorsError, WordVector};

use crate::text::words::{Reader, Word};
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
    /// The source that has it as a name of the thing, not only as a word that has to do with it.
    pub(crate) by_name: Option<Source>,
    /// The kind that the thing is of.
    pub(crate) kind: Option<Kind>,
}

/// How surely a word means a thing that it is the name of, another name of, or has to do with.
const NAME: f32 = 0.97;
const ALIAS: f32 = 0.92;
const KEYWORD: f32 = 0.9;
/// How much it costs a word to have to do with many things: a power of their number.
const BREADTH_COSTS: f32 = 0.25;
/// How surely a word means what it does in another language than the text's.
const OTHER_LANGUAGE: f32 = 0.6;
/// How surely a compound means what its last part does.
const HEAD: f32 = 0.4;
/// The shortest last part of a compound, and the shortest part before it, in characters.
const SHORTEST_HEAD: usize = 4;
const SHORTEST_MODIFIER: usize = 3;
/// The shortest stem of which other forms are looked for, in characters, and how many are looked at.
const SHORTEST_STEM: usize = 3;
const MOST_FORMS: usize = 6;
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

    /// Whether somebody has used a word before.
    pub(crate) fn knows(&self, word: &Word) -> bool {
        self.vectors.is_some_and(|vectors| vectors.has(&word.lower))
            || self.lexicon.is_some_and(|lexicon| lexicon.senses(&word.folded).next().is_some())
    }

    /// What a folded word or phrase names in a text of this language, in ascending order of concepts.
    pub(crate) fn names(&self, folded: &str, language: Option<Language>) -> Box<[Named]> {
        let Some(lexicon) = self.lexicon else { return Box::default() };
        let senses: Vec<Sense> = lexicon.senses(folded).collect();
        let spoken = |sense: &Sense| language.is_none_or(|language| language == sense.language);
        let many = senses.iter().filter(|sense| spoken(sense)).count().max(1);
        let breadth = (many as f32).powf(-BREADTH_COSTS);
        let mut names: Vec<Named> = Vec::new();
        for sense in senses {
            let strength = match sense.strength {
                Strength::Name => NAME,
                Strength::Alias => ALIAS,
                Strength::Keyword => KEYWORD * breadth,
            };
            let surely = if spoken(&sense) { strength } else { OTHER_LANGUAGE * strength };
            let is_name = spoken(&sense) && sense.strength != Strength::Keyword;
            let by_name = lexicon.source_of(sense.concept).filter(|_| is_name);
            match names.binary_search_by_key(&sense.concept, |named| named.concept) {
                Ok(at) => {
                    names[at].surely = names[at].surely.max(surely);
                    names[at].by_name = names[at].by_name.or(by_name);
                }
                Err(at) => {
                    let kind = lexicon.kind_of(sense.concept);
                    names.insert(at, Named { concept: sense.concept, surely, by_name, kind });
                }
            }
        }
        names.into()
    }

    /// What other forms of a word with these stems name, such as the plural or the singular.
    pub(crate) fn names_by_stem(
        &self,
        stems: &[String],
        reader: &Reader,
        language: Language,
    ) -> Box<[Named]> {
        let Some(lexicon) = self.lexicon else { return Box::default() };
        let long = |stem: &&String| stem.chars().count() >= SHORTEST_STEM;
        let forms = stems.iter().filter(long).flat_map(|stem| {
            let is_form = move |form: &String| {
                form == stem || reader.word(form).is_some_and(|form| reader.stems(&form).contains(stem))
            };
            lexicon.starting_with(stem, MOST_FORMS).filter(is_form)
        });
        let mut names = forms.map(|form| self.names(&form, Some(language)));
        names.find(|names| !names.is_empty()).unwrap_or_default()
    }

    /// What the last part of a compound names: a "Holzleiter" is a "Leiter".
    pub(crate) fn names_of_head(&self, folded: &str, language: Language) -> Box<[Named]> {
        let Some(lexicon) = self.lexicon else { return Box::default() };
        let mut ends = folded.char_indices().skip(SHORTEST_MODIFIER).filter_map(|(at, _)| folded.get(at..));
        let is_name = |head: &&str| {
            head.chars().count() >= SHORTEST_HEAD
                && lexicon
                    .senses(head)
                    .any(|sense| sense.language == language && sense.strength != Strength::Keyword)
        };
        let Some(head) = ends.find(is_name) else { return Box::default() };
        let names = self.names(head, Some(language));
        names.iter().map(|named| Named { surely: HEAD * named.surely, by_name: None, ..*named }).collect()
    }

    /// So many words may be known together.
    pub(crate) fn longest_phrase(&self) -> usize {
        self.lexicon.map_or(0, |lexicon| lexicon.longest_phrase().min(LONGEST_PHRASE))
    }
}

/// How surely two words name one thing, 0 to 1: the more of what they have to do with is the same, the more
/// surely. Both in ascending order of concepts.
pub(crate) fn in_common(one: &[Named], other: &[Named]) -> f32 {
    let (mut at, mut theirs, mut neither) = (0, 0, 1.0_f32);
    while let (Some(here), Some(there)) = (one.get(at), other.get(theirs)) {
        if here.concept == there.concept {
            neither *= 1.0 - here.surely * there.surely;
        }
        at += usize::from(here.concept <= there.concept);
        theirs += usize::from(there.concept <= here.concept);
    }
    1.0 - neither
}

/// Whether one source has both as names, and of different things: what is so told apart is not the same, however
/// near it may be.
pub(crate) fn told_apart(one: &[Named], other: &[Named]) -> bool {
    let by_name = |names: &[Named], source| names.iter().any(|named| named.by_name == Some(source));
    let known = |source: &Source| by_name(one, *source) && by_name(other, *source);
    Source::ALL.iter().any(known) && in_common(one, other) <= 0.0
}
