//! The index: listings in memory, and search among them.

pub(crate) mod entry;
pub(crate) mod facts;
pub(crate) mod query;
pub(crate) mod search;
pub(crate) mod shelf;
pub(crate) mod snippet;
pub(crate) mod tally;

use std::sync::Arc;

use crate::index::entry::{About, Mention, Reading, guessed_kind, kind_of_category};
use crate::index::facts::Facts;
use crate::index::shelf::Shelf;
use crate::meaning::{Kind, Meaning};
use crate::pairs::party::{Party, Uttered};
use crate::pairs::score::rarity;
use crate::text::words::folded;
use crate::vocabulary::gist::Gist;
use record::{Listing, Timestamp};

/// Listings under the caller's ids, ready for [search](Self::search) and [matching](Self::matches_for).
///
/// Inserting and removing touches only the words of the listing in question.
///
/// Private needs are kept apart: they take part in matches, and nowhere else. No search finds them, no word
/// of them is suggested, and how rare a word is does not depend on them.
#[derive(Debug)]
pub struct Index<Id> {
    meaning: Meaning,
    pub(crate) public: Shelf<Id>,
    pub(crate) private: Shelf<Id>,
    /// What is new and what has ended depends on it.
    pub(crate) now: Timestamp,
}

impl<Id: Ord + Clone> Default for Index<Id> {
    fn default() -> Self {
        Self::new()
    }
}

impl<Id: Ord + Clone> Index<Id> {
    /// An index of nothing that knows all meanings that are shipped.
    #[must_use]
    pub fn new() -> Self {
        Self::with(Meaning::shipped())
    }

    /// An index of nothing that knows of the meaning of words what is given.
    #[must_use]
    pub fn with(meaning: Meaning) -> Self {
        let now = Timestamp::from_millis(0);
        Self { meaning, public: Shelf::default(), private: Shelf::default(), now }
    }

    /// How many public listings it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.public.len()
    }

    /// Whether nothing at all is in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.public.is_empty() && self.private.is_empty()
    }

    /// Tells the time: what is new scores a little more, and what has ended is neither found nor matched. At
    /// first it is 1970, so that nothing has ended.
    pub const fn set_now(&mut self, now: Timestamp) {
        self.now = now;
    }

    /// Takes in an author's listing, in place of what was there under this id.
    pub fn insert(&mut self, id: Id, author: [u8; 32], listing: impl Into<Arc<Listing>>) {
        self.insert_at(id, author, listing, Timestamp::from_millis(0));
    }

    /// [`insert`](Self::insert) with the time at which it was first said: among equals the need that stands
    /// longest comes first.
    pub fn insert_at(
        &mut self,
        id: Id,
        author: [u8; 32],
        listing: impl Into<Arc<Listing>>,
        since: Timestamp,
    ) {
        self.remove(&id);
        self.public.insert(id, author, listing.into(), since, &self.meaning);
    }

    /// Takes in a need that only its author may know of, in place of what was there under this id.
    pub fn insert_private(
        &mut self,
        id: Id,
        author: [u8; 32],
        need: impl Into<Arc<Listing>>,
        since: Timestamp,
    ) {
        self.remove(&id);
        self.private.insert(id, author, need.into(), since, &self.meaning);
    }

    /// Takes a listing out. Returns whether it was there.
    pub fn remove(&mut self, id: &Id) -> bool {
        self.public.remove(id) || self.private.remove(id)
    }

    /// What kind of thing a listing is: by its category, or by what its title names.
    #[must_use]
    pub fn kind_of(&self, id: &Id) -> Option<Kind> {
        self.public.kind(id).or_else(|| self.private.kind(id))
    }

    /// A listing that is not in the index, as it would be read.
    pub(crate) fn read(&self, author: [u8; 32], listing: Listing) -> Stranger {
        let Reading { language, action, measures, words } = Reading::of(&listing, &self.meaning);
        let words = words.iter().map(|(mention, spelled)| (spelled.gist(language, &self.meaning), *mention));
        let words: Vec<(Gist, Mention)> = words.collect();
        let about = About { author, listing: Arc::new(listing), since: self.now, action, measures };
        let said = kind_of_category(&about.listing.category);
        let guessed = guessed_kind(words.iter().map(|(gist, mention)| (gist, *mention)));
        let facts = Facts::of(&about, language, 0, said, guessed);
        Stranger { about, facts, words }
    }

    /// A listing of a shelf as one side of a comparison.
    pub(crate) fn party<'a>(&'a self, shelf: &'a Shelf<Id>, number: u32) -> Option<Party<'a>> {
        let entry = shelf.entry(number)?;
        let public = std::ptr::eq(shelf, &raw const self.public);
        let words = entry.mentions.iter().filter_map(|(term, mention)| {
            let gist = shelf.vocabulary.gist(*term)?;
            // Why: the shelf itself knows without looking the word up.
            let bearers = if public { shelf.vocabulary.postings(*term).len() } else { self.bearers(gist) };
            Some(self.uttered(gist, *mention, bearers))
        });
        Some(Party { about: &entry.about, facts: *shelf.facts(number)?, words: words.collect() })
    }

    /// A listing that is not in the index as one side of a comparison.
    pub(crate) fn party_of<'a>(&'a self, stranger: &'a Stranger) -> Party<'a> {
        let words = stranger.words.iter();
        let words = words.map(|(gist, mention)| self.uttered(gist, *mention, self.bearers(gist))).collect();
        Party { about: &stranger.about, facts: stranger.facts, words }
    }

    /// How many public listings hold a word.
    fn bearers(&self, gist: &Gist) -> usize {
        let vocabulary = &self.public.vocabulary;
        vocabulary.find(&gist.folded, gist.language).map_or(0, |term| vocabulary.postings(term).len())
    }

    fn uttered<'a>(&self, gist: &'a Gist, mention: Mention, bearers: usize) -> Uttered<'a> {
        Uttered { gist, mention, tells: gist.tells * rarity(self.len(), bearers) }
    }
}

/// A listing that is not in the index.
pub(crate) struct Stranger {
    pub(crate) about: About,
    pub(crate) facts: Facts,
    words: Vec<(Gist, Mention)>,
}

impl Stranger {
    /// Adds a word that is still being typed.
    pub(crate) fn begin(&mut self, word: &str) {
        let word = folded(word);
        if !word.is_empty() {
            self.words.push((Gist::begun(&word), Mention::of_begun()));
        }
    }
}

#[cfg(test)]
mod tests;
