//! What an index keeps of a listing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::analyse::Reader;
use crate::score::Field;
use record::Listing;

/// A listing in an index. Its words are not kept: they are read again when they are needed.
#[derive(Debug)]
pub(crate) struct Entry<Id> {
    pub(crate) id: Id,
    pub(crate) author: [u8; 32],
    pub(crate) listing: Arc<Listing>,
    /// Whether it is the member's own affair.
    pub(crate) private: bool,
}

/// What a listing has to do with one word.
#[derive(Debug, Default)]
pub(crate) struct Share {
    /// How much it says the word: the sum of the masses of its mentions.
    pub(crate) mass: f64,
    /// The stems that its mentions have.
    pub(crate) stems: BTreeSet<String>,
}

impl<Id> Entry<Id> {
    /// The parts that hold words, the most telling first.
    pub(crate) fn fields(&self) -> [(Field, &str); 3] {
        let Listing { title, category, text, .. } = &*self.listing;
        [(Field::Title, title), (Field::Category, category), (Field::Text, text)]
    }

    /// Each word of the listing by its folded form. A function of the listing alone, so that it can be
    /// taken out of the index as it was put in.
    pub(crate) fn shares(&self) -> BTreeMap<String, Share> {
        let reader = Reader::new(self.listing.language);
        let mut shares: BTreeMap<String, Share> = BTreeMap::new();
        for (field, text) in self.fields() {
            let words = reader.words(text);
            let mass = field.mass(words.len());
            for word in words {
                let share = shares.entry(word.folded).or_default();
                share.mass += mass;
                share.stems.extend(word.stems);
            }
        }
        shares
    }

    /// Whether the two could be a match: a need and an offer of two authors, with something left.
    pub(crate) fn may_match(&self, other: &Self) -> bool {
        let (one, two) = (&self.listing, &other.listing);
        one.side != two.side && self.author != other.author && one.left > 0 && two.left > 0
    }
}
