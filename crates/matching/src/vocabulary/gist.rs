//! What a word is by itself, wherever it stands, and how far two words say the same.

use std::sync::Arc;

use crate::meaning::{Direction, Meaning, Named, in_common as names_in_common, similarity, told_apart};
use crate::text::words::{Reader, Word, joins_words};
use crate::vocabulary::grams::{Gram, grams, in_common, shared};
use crate::vocabulary::spelling::{are_siblings, compound, is_beginning, slips};
use record::Language;

/// A word in a language, with all that can be known of it without the listing that it stands in.
#[derive(Debug, Clone)]
pub(crate) struct Gist {
    /// The folded form; several words with spaces if it is a phrase of the lexicon.
    pub(crate) folded: Arc<str>,
    /// In lower case with its accents, where that differs.
    accented: Option<Box<str>>,
    /// The language of the text, if known.
    pub(crate) language: Option<Language>,
    /// The folded form and its stems, as digests: under each of them it is found.
    pub(crate) forms: Box<[Form]>,
    /// Empty for a phrase: its words have theirs.
    pub(crate) grams: Box<[Gram]>,
    /// What it means; zeros if that is not known.
    pub(crate) direction: Direction,
    /// How much is known of what it means, 0 to 1.
    pub(crate) known: f32,
    /// How much it tells in general, 0 to 1: "the" little, "pram" much.
    pub(crate) tells: f32,
    /// Whether it says what is to be done.
    pub(crate) action: bool,
    /// Whether it is only the beginning of a word that is still being typed.
    pub(crate) unfinished: bool,
    /// What it is a name of, in ascending order of concepts.
    pub(crate) names: Box<[Named]>,
}

/// By what two words say the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum How {
    /// They are forms of one word.
    Same,
    /// They are spelled alike.
    Spelling,
    /// One is a compound that ends in the other.
    Part,
    /// They are names of one thing.
    Dictionary,
    /// They mean nearly the same.
    Meaning,
}

/// How far a word of an offer says what a word of a need does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Likeness {
    /// 0 to 1.
    pub(crate) share: f32,
    /// What most of it comes from.
    pub(crate) how: How,
}

/// How far a word is the one that somebody has begun to type.
pub(crate) const BEGUN: f32 = 0.95;
/// How much a similar spelling adds to what the meanings say.
const SPELLING_COUNTS: f32 = 0.5;
/// A compound is the thing that its last part says, and still another word.
const COMPOUND: f32 = 0.9;
/// The most that a compound has to do with a word that it only begins with: a "Fahrradanhänger" is no "Fahrrad".
const BEGINNING: f32 = 0.6;
/// What a word that tells little is worth beside others.
const WEAK: f32 = 0.4;
/// What a number is worth: sizes are compared by themselves.
const NUMBER: f32 = 0.15;
/// What a word is worth of which nothing is known.
const UNKNOWN_TELLS: f32 = 0.8;
/// From this on two words surely name one thing.
const SAME_THING: f32 = 0.6;
/// Words longer than this are compared with forgiveness for one slip, and for two.
const ONE_SLIP: usize = 6;
const TWO_SLIPS: usize = 10;

impl Gist {
    /// What is known of a word in a language.
    pub(crate) fn of(word: &Word, language: Option<Language>, meaning: &Meaning) -> Self {
        let reader = Reader::new(language);
        let stems = reader.stems(word);
        // Why: what holds a digit is a model or a size, and means nothing near.
        let vector =
            meaning.word(&word.lower).filter(|_| !word.folded.bytes().any(|byte| byte.is_ascii_digit()));
        let tells = vector.map_or(UNKNOWN_TELLS, |vector| vector.weight);
        Self {
            folded: word.folded.as_str().into(),
            accented: (word.lower != word.folded).then(|| word.lower.as_str().into()),
            language,
            forms: std::iter::once(&word.folded).chain(&stems).map(|form| Form::of(form)).collect(),
            grams: grams(&word.folded),
            direction: vector.map_or([0; 96], |vector| vector.direction),
            known: vector.map_or(0.0, |vector| vector.known),
            tells: tells * worth(word),
            action: word.action.is_some(),
            unfinished: false,
            names: names(word, &stems, &reader, meaning),
        }
    }

    /// The beginning of a word that is still being typed, folded.
    pub(crate) fn begun(folded: &str) -> Self {
        Self { unfinished: true, ..Self::of_phrase(folded, None, Box::default()) }
    }

    /// A phrase that the lexicon knows.
    pub(crate) fn of_phrase(folded: &str, language: Option<Language>, names: Box<[Named]>) -> Self {
        Self {
            folded: folded.into(),
            accented: None,
            language,
            forms: Box::from([Form::of(folded)]),
            grams: Box::default(),
            direction: [0; 96],
            known: 0.0,
            tells: 1.0,
            action: false,
            unfinished: false,
            names,
        }
    }

    /// As a listing has it, in lower case.
    pub(crate) fn lower(&self) -> &str {
        self.accented.as_deref().unwrap_or(&self.folded)
    }

    /// Whether two words are forms of one.
    pub(crate) fn is(&self, other: &Self) -> bool {
        self.forms.iter().any(|form| other.forms.contains(form))
    }

    /// How far a word of an offer surely says what this word of a need does: in another form, or as the lexicon has it.
    pub(crate) fn surely(&self, offered: &Self) -> Likeness {
        if self.unfinished {
            let begins = offered.folded.starts_with(&*self.folded);
            return Likeness { share: if begins { BEGUN } else { 0.0 }, how: How::Same };
        }
        if self.is(offered) {
            return Likeness { share: 1.0, how: How::Same };
        }
        Likeness { share: names_in_common(&self.names, &offered.names), how: How::Dictionary }
    }

    /// How far a word of an offer says what this word of a need does.
    pub(crate) fn likeness(&self, offered: &Self) -> Likeness {
        if self.unfinished || self.is(offered) {
            return self.surely(offered);
        }
        let near = (similarity(&self.direction, &offered.direction) * self.known.min(offered.known)).max(0.0);
        let spelled = in_common(shared(&self.grams, &offered.grams), self.grams.len(), offered.grams.len());
        let how = if near >= SPELLING_COUNTS * spelled { How::Meaning } else { How::Spelling };
        let share = 1.0 - (1.0 - near) * (1.0 - SPELLING_COUNTS * spelled);
        let mut best = Likeness { share, how };
        let mut take = |share: f32, how: How| {
            if share > best.share {
                best = Likeness { share, how };
            }
        };
        if spelled > 0.3 {
            take(self.slip(offered), How::Spelling);
            if joins(self.language) && joins(offered.language) {
                let part = compound(&self.folded, &offered.folded);
                take(COMPOUND * part, How::Part);
                if part == 0.0 && is_beginning(&self.folded, &offered.folded) {
                    best.share = best.share.min(BEGINNING);
                }
            }
        }
        let dictionary = names_in_common(&self.names, &offered.names);
        if dictionary > best.share {
            best = Likeness { share: dictionary, how: How::Dictionary };
        }
        best
    }

    /// Whether the two are names of different things: the lexicon says so, or they are compounds that differ in
    /// all but their last part, such as "Waschmaschine" and "Bohrmaschine".
    pub(crate) fn is_told_apart(&self, other: &Self) -> bool {
        let joined =
            joins(self.language) && joins(other.language) && are_siblings(&self.folded, &other.folded);
        !self.is(other) && (told_apart(&self.names, &other.names) || (joined && !self.means(other)))
    }

    fn means(&self, other: &Self) -> bool {
        names_in_common(&self.names, &other.names) >= SAME_THING
    }

    /// How far two words are one but for a slip of the finger, 0 to 1. Nobody mistypes the first letter.
    fn slip(&self, other: &Self) -> f32 {
        let one: Vec<char> = self.folded.chars().collect();
        let other: Vec<char> = other.folded.chars().collect();
        let shorter = one.len().min(other.len());
        let most = if shorter >= TWO_SLIPS { 2 } else { usize::from(shorter >= ONE_SLIP) };
        if one.first() != other.first() || one.len().abs_diff(other.len()) > most {
            return 0.0;
        }
        let slips = slips(&one, &other);
        if slips <= most { 1.0 - slips as f32 / shorter.max(1) as f32 } else { 0.0 }
    }
}

/// What a word is worth beside others for what it is, 0 to 1.
fn worth(word: &Word) -> f32 {
    if word.folded.chars().all(char::is_numeric) {
        NUMBER
    } else if word.weak {
        WEAK
    } else {
        1.0
    }
}

/// What a word names: as it is, else in another form of it, else as the compound that it is.
fn names(word: &Word, stems: &[String], reader: &Reader, meaning: &Meaning) -> Box<[Named]> {
    let language = reader.languages().first().copied();
    let names = meaning.names(&word.folded, language);
    let may_be_inflected = names.is_empty() && !word.folded.chars().any(char::is_numeric);
    let Some(language) = language.filter(|_| may_be_inflected) else { return names };
    let names = meaning.names_by_stem(stems, reader, language);
    if names.is_empty() && joins_words(language) {
        meaning.names_of_head(&word.folded, language)
    } else {
        names
    }
}

/// A form of a word: 64 bits of a digest (FNV-1a). That two forms meet there is not to be expected among the words of
/// a language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Form(u64);

impl Form {
    pub(crate) fn of(form: &str) -> Self {
        let mix = |digest: u64, byte: u8| (digest ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        Self(form.bytes().fold(0xcbf2_9ce4_8422_2325, mix))
    }
}

/// Whether words may be joined in a text of this language, as far as known.
fn joins(language: Option<Language>) -> bool {
    language.is_none_or(joins_words)
}
