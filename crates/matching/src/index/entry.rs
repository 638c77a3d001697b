//! What an index keeps of a listing.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::meaning::{Meaning, Sense};
use crate::pairs::score::Field;
use crate::text::action::Action;
use crate::text::language::guess;
use crate::text::measure::{Measure, measures};
use crate::text::reading::{Role, Said, read};
use crate::text::words::{Reader, Word};
use crate::vocabulary::TermId;
use crate::vocabulary::gist::Gist;
use record::{Language, Listing, Timestamp};

/// So many words of a title and of a category are read, and of a text.
const MOST_IN_LINE: usize = 48;
const MOST_IN_TEXT: usize = 160;

/// What a word of a listing is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Made {
    /// As it stands there.
    Whole,
    /// Of two words of the title that others may write as one.
    Joined,
    /// Of several words that the lexicon knows together.
    Phrase,
}

/// Where and how a listing says a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mention {
    pub(crate) field: Field,
    /// Where it stands in the field, in bytes.
    pub(crate) start: u16,
    pub(crate) end: u16,
    /// The part of the title that it is in, from 0.
    pub(crate) part: u8,
    pub(crate) role: Role,
    pub(crate) made: Made,
}

impl Mention {
    /// Whether another word of the same field is within this one.
    pub(crate) const fn covers(&self, other: &Self) -> bool {
        self.start <= other.start && other.end <= self.end
    }
}

/// A listing in an index.
#[derive(Debug)]
pub(crate) struct Entry<Id> {
    pub(crate) id: Id,
    pub(crate) about: About,
    /// Each word that it says, at its first mention; those of the title first.
    pub(crate) mentions: Box<[(TermId, Mention)]>,
}

/// What is known of a listing apart from its words.
#[derive(Debug)]
pub(crate) struct About {
    pub(crate) author: [u8; 32],
    pub(crate) listing: Arc<Listing>,
    /// When it was first said.
    pub(crate) since: Timestamp,
    /// What its text is in, if known or guessed.
    pub(crate) language: Option<Language>,
    /// What the title or the category says is to be done.
    pub(crate) action: Option<Action>,
    pub(crate) measures: Box<[Measure]>,
}

/// A listing as it was read.
pub(crate) struct Reading {
    pub(crate) language: Option<Language>,
    pub(crate) action: Option<Action>,
    pub(crate) measures: Box<[Measure]>,
    pub(crate) words: Vec<(Mention, Spelled)>,
}

/// A word or phrase, not looked up yet.
pub(crate) enum Spelled {
    Word(Word),
    Phrase(String, Box<[Sense]>),
}

impl Spelled {
    pub(crate) fn folded(&self) -> &str {
        match self {
            Self::Word(word) => &word.folded,
            Self::Phrase(folded, _) => folded,
        }
    }

    pub(crate) fn gist(&self, language: Option<Language>, meaning: &Meaning) -> Gist {
        match self {
            Self::Word(word) => Gist::of(word, language, meaning),
            Self::Phrase(folded, senses) => Gist::of_phrase(folded, language, senses.clone()),
        }
    }
}

/// The parts of a listing that hold words, the most telling first.
pub(crate) fn fields(listing: &Listing) -> [(Field, &str); 3] {
    let Listing { title, category, text, .. } = listing;
    [(Field::Title, title), (Field::Category, category), (Field::Text, text)]
}

impl Reading {
    /// Reads a listing. A function of the listing alone, so that it can be taken out of an index as it was
    /// put in.
    pub(crate) fn of(listing: &Listing, meaning: &Meaning) -> Self {
        let language = listing.language.or_else(|| guess(&listing.title)).or_else(|| guess(&listing.text));
        let reader = Reader::new(language);
        let mut words = Vec::new();
        let mut seen = BTreeMap::new();
        for (field, text) in fields(listing) {
            let most = if field == Field::Text { MOST_IN_TEXT } else { MOST_IN_LINE };
            let said = read(&reader, text, most);
            let joined = if field == Field::Title { joined(&said) } else { Vec::new() };
            let phrases = phrases(&said, language, meaning);
            let whole = said.into_iter().map(|said| (mention(field, &said, &said, Made::Whole), Spelled::Word(said.word)));
            for (mention, spelled) in whole.chain(joined).chain(phrases.into_iter().map(|(m, s)| (Mention { field, ..m }, s))) {
                // Why: said once as lacking and once as there, it is there.
                match seen.get(spelled.folded()) {
                    None => {
                        seen.insert(spelled.folded().to_owned(), words.len());
                        words.push((mention, spelled));
                    }
                    Some(&at) if words.get(at).is_some_and(|(first, _): &(Mention, _)| first.role == Role::Denied && mention.role != Role::Denied && first.field == mention.field) => {
                        words[at] = (mention, spelled);
                    }
                    Some(_) => {}
                }
            }
        }
        let action = words.iter().filter(|(mention, _)| mention.field != Field::Text).find_map(|(_, spelled)| match spelled {
            Spelled::Word(word) => word.action,
            Spelled::Phrase(..) => None,
        });
        let mut sizes = measures(&listing.title);
        sizes.extend(measures(&listing.text));
        Self { language, action, measures: sizes.into(), words }
    }
}

fn mention(field: Field, first: &Said, last: &Said, made: Made) -> Mention {
    let short = |at: usize| u16::try_from(at).unwrap_or(u16::MAX);
    Mention { field, start: short(first.start), end: short(last.end), part: last.part, role: last.role, made }
}

/// The words that some people make of two of a title.
fn joined(said: &[Said]) -> Vec<(Mention, Spelled)> {
    let pairs = said.windows(2).filter_map(|pair| match pair {
        [first, second] if second.follows => Some((first, second)),
        _ => None,
    });
    pairs
        .map(|(first, second)| {
            (mention(Field::Title, first, second, Made::Joined), Spelled::Word(first.word.joined(&second.word)))
        })
        .collect()
}

/// The phrases of several words that the lexicon knows.
fn phrases(said: &[Said], language: Option<Language>, meaning: &Meaning) -> Vec<(Mention, Spelled)> {
    let mut phrases = Vec::new();
    for at in 0..said.len() {
        let Some(first) = said.get(at) else { break };
        let mut folded = first.word.folded.clone();
        for next in said.iter().skip(at + 1).take(meaning.longest_phrase().saturating_sub(1)) {
            if !next.follows {
                break;
            }
            folded.push(' ');
            folded.push_str(&next.word.folded);
            let senses = meaning.senses(&folded, language);
            if !senses.is_empty() {
                let spelled = Spelled::Phrase(folded.clone(), senses);
                phrases.push((mention(Field::Title, first, next, Made::Phrase), spelled));
            }
        }
    }
    phrases
}
