//! What an index keeps of a listing.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry as Entered;
use std::sync::Arc;

use crate::meaning::{Kind, Meaning, Named};
use crate::pairs::score::Field;
use crate::text::action::Action;
use crate::text::language::guess;
use crate::text::measure::{Measure, measures};
use crate::text::reading::{Line, Role, Said, read};
use crate::text::words::{Reader, Word, joins_words};
use crate::vocabulary::TermId;
use crate::vocabulary::gist::Gist;
use record::{Language, Listing, Timestamp};

/// So many words of a title and of a category are read, and of a text.
const MOST_IN_LINE: usize = 32;
const MOST_IN_TEXT: usize = 64;

/// The least that words must say of a kind for a listing to be taken for one of it.
const LEAST_KIND: f32 = 0.3;

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
    /// Where a word stands that is still being typed.
    pub(crate) const fn of_begun() -> Self {
        let (start, end) = (u16::MAX, u16::MAX);
        Self { field: Field::Title, start, end, part: 0, role: Role::Head, made: Made::Whole }
    }

    /// The mention that counts when a word is said twice: what is lacking in one place and there in another, is there.
    fn or(self, other: Self) -> Self {
        let there = self.role == Role::Denied && other.role != Role::Denied && self.field == other.field;
        if there { other } else { self }
    }

    /// The words as they stand in a listing.
    pub(crate) fn spoken<'l>(&self, listing: &'l Listing) -> &'l str {
        let text = match self.field {
            Field::Title => &listing.title,
            Field::Category => &listing.category,
            Field::Text => &listing.text,
        };
        text.get(usize::from(self.start)..usize::from(self.end)).unwrap_or_default()
    }

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
    Phrase(String, Box<[Named]>),
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
            Self::Phrase(folded, names) => Gist::of_phrase(folded, language, names.clone()),
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
        let mut words: Vec<(Mention, Spelled)> = Vec::new();
        let mut seen = BTreeMap::new();
        for (field, text) in fields(listing) {
            let most = if field == Field::Text { MOST_IN_TEXT } else { MOST_IN_LINE };
            let line = read(&reader, text, most);
            let mut mentioned = Vec::new();
            if field != Field::Text {
                mentioned = joined(field, &line.said, language, meaning);
                mentioned.extend(phrases(field, &line, language, meaning));
            }
            let whole = line
                .said
                .into_iter()
                .map(|said| (mention(field, &said, &said, Made::Whole), Spelled::Word(said.word)));
            for (mention, spelled) in whole.chain(mentioned) {
                let part = if mention.field == Field::Title { mention.part } else { 0 };
                match seen.entry((spelled.folded().to_owned(), part)) {
                    Entered::Vacant(place) => {
                        place.insert(words.len());
                        words.push((mention, spelled));
                    }
                    Entered::Occupied(place) => {
                        if let Some((first, _)) = words.get_mut(*place.get()) {
                            *first = first.or(mention);
                        }
                    }
                }
            }
        }
        let action =
            words.iter().filter(|(mention, _)| mention.field != Field::Text).find_map(|(_, spelled)| {
                match spelled {
                    Spelled::Word(word) => word.action,
                    Spelled::Phrase(..) => None,
                }
            });
        let sizes: Vec<Measure> =
            [&listing.title, &listing.text].into_iter().flat_map(|text| measures(text)).collect();
        Self { language, action, measures: sizes.into(), words }
    }
}

fn mention(field: Field, first: &Said, last: &Said, made: Made) -> Mention {
    Mention { field, start: short(first.start), end: short(last.end), part: last.part, role: last.role, made }
}

/// The kind that a category names.
pub(crate) fn kind_of_category(category: &str) -> Option<Kind> {
    if category.is_empty() { None } else { Kind::named(category, None) }
}

/// The kind of thing that title and category name most surely.
pub(crate) fn guessed_kind<'g>(words: impl Iterator<Item = (&'g Gist, Mention)>) -> Option<Kind> {
    let mut votes: BTreeMap<Kind, f32> = BTreeMap::new();
    for (gist, mention) in words.filter(|(_, mention)| mention.field != Field::Text) {
        for named in &gist.names {
            if let Some(kind) = named.kind {
                let says = mention.field.evidence() * mention.role.evidence();
                *votes.entry(kind).or_default() += named.surely * says / gist.names.len() as f32;
            }
        }
    }
    let best = votes.into_iter().reduce(|best, next| if next.1 > best.1 { next } else { best });
    best.filter(|(_, votes)| *votes >= LEAST_KIND).map(|(kind, _)| kind)
}

fn short(at: usize) -> u16 {
    u16::try_from(at).unwrap_or(u16::MAX)
}

/// The words that are known to be made of two of a title: "snow shoes" and, where words are joined, "Regal für
/// Bücher".
fn joined(
    field: Field,
    said: &[Said],
    language: Option<Language>,
    meaning: &Meaning,
) -> Vec<(Mention, Spelled)> {
    let beside = said.windows(2).filter_map(|pair| match pair {
        [first, second] if second.follows => Some((first, second, first, second)),
        _ => None,
    });
    let turned = said.windows(2).filter_map(|pair| match pair {
        [head, modifier]
            if head.role == Role::Head && modifier.role == Role::Modifier && !modifier.follows =>
        {
            (head.part == modifier.part).then_some((head, modifier, modifier, head))
        }
        _ => None,
    });
    let turned = turned.filter(|_| language.is_some_and(joins_words));
    beside
        .chain(turned)
        .map(|(first, last, begin, end)| {
            let place =
                Mention { role: first.role.min(last.role), ..mention(field, first, last, Made::Joined) };
            (place, begin.word.joined(&end.word))
        })
        .filter(|(_, word)| meaning.knows(word))
        .map(|(place, word)| (place, Spelled::Word(word)))
        .collect()
}

/// The phrases of several words that the lexicon knows.
fn phrases(
    field: Field,
    line: &Line,
    language: Option<Language>,
    meaning: &Meaning,
) -> Vec<(Mention, Spelled)> {
    let mut phrases = Vec::new();
    for (at, first) in line.tokens.iter().enumerate() {
        let mut folded = first.folded.clone();
        for next in line.tokens.iter().skip(at + 1).take(meaning.longest_phrase().saturating_sub(1)) {
            if next.divided {
                break;
            }
            folded.push(' ');
            folded.push_str(&next.folded);
            let names = meaning.names(&folded, language);
            let within = |said: &&Said| first.start <= said.start && said.end <= next.end;
            let role = line.said.iter().filter(within).map(|said| (said.role, said.part)).min();
            if let Some((role, part)) = role.filter(|_| !names.is_empty()) {
                let (start, end) = (short(first.start), short(next.end));
                let mention = Mention { field, start, end, part, role, made: Made::Phrase };
                phrases.push((mention, Spelled::Phrase(folded.clone(), names)));
            }
        }
    }
    phrases
}
