//! Finding things by the number on their label, and blank labels for things to come.
//!
//! A blank is a number for a thing that nobody has written down yet, for a day without power. Its key follows from
//! its place in a long row, so that nothing has to be kept: from the number on the paper alone the node finds the key
//! again under which the thing is to be offered.

use std::collections::BTreeSet;

use record::{Key, MemberId, NumberError, ThingNumber};

use crate::error::NodeError;
use crate::handle::Handle;
use crate::json::ListingJson;
use crate::view::{Place, View};

/// How many blank labels a member has in all.
pub const MAX_BLANKS: u32 = 10_000;

/// How many digits of a key are shown.
const SHORT: usize = 8;

/// A label without a thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Blank {
    /// Its place in the member's row of blanks, from 1 to [`MAX_BLANKS`].
    pub place: u32,
    /// The key of the listing that will have its number.
    pub key: Key,
    /// What stands on it.
    pub number: ThingNumber,
}

/// A member's blank label at a place.
fn blank(member: &MemberId, place: u32) -> Blank {
    let key = Key::derive("commonshelf/blank/1", &[member.as_bytes(), &place.to_be_bytes()]);
    Blank { place, key, number: ThingNumber::of(member, &key) }
}

/// Why nothing is called so, if it looks like a number.
pub(crate) fn nothing_called(reference: &str) -> Option<NodeError> {
    match reference.parse::<ThingNumber>() {
        Ok(number) => Some(NodeError::NoSuchNumber(number)),
        Err(error @ NumberError::Check) => Some(NodeError::NoNumber(error)),
        Err(NumberError::NoDigits | NumberError::Length(_) | NumberError::Unclear) => None,
    }
}

impl View {
    /// All things of a number. One that is in several circles counts once.
    pub(crate) fn numbered(&self, number: ThingNumber) -> Vec<Place> {
        let mut seen = BTreeSet::new();
        let mut places = Vec::new();
        for (circle, view) in &self.circles {
            let from = view.numbers.range((number, record::RecordId::from_bytes([0; 32]))..);
            for (_, id) in from.take_while(|(at, _)| *at == number) {
                if view.entries.get(id).is_some_and(|entry| seen.insert((entry.author, entry.key))) {
                    places.push(Place { circle: *circle, id: *id });
                }
            }
        }
        places
    }

    /// The only thing of the number that this is, if it is one that something has.
    pub(crate) fn only_numbered(&self, reference: &str) -> Result<Option<Place>, NodeError> {
        let Ok(number) = reference.parse::<ThingNumber>() else { return Ok(None) };
        match self.numbered(number).as_slice() {
            [] => Ok(None),
            [place] => Ok(Some(*place)),
            several => {
                let entries = several.iter().filter_map(|place| self.entry(place));
                let things = entries.map(|entry| {
                    let key: String = entry.key.to_string().chars().take(SHORT).collect();
                    format!("{key} ({})", entry.listing.title)
                });
                let things = things.collect::<Vec<_>>().join(", ");
                Err(NodeError::SharedNumber { number, things })
            }
        }
    }
}

impl Handle {
    /// All things of a number: none, one, or, seldom, several.
    #[must_use]
    pub fn numbered(&self, number: ThingNumber) -> Vec<ListingJson> {
        self.read(|view| {
            let places = view.numbered(number);
            places.iter().filter_map(|place| view.json(place, None)).collect()
        })
    }

    /// The member's blank labels from a place on, at most so many. Those that have their thing are left out.
    #[must_use]
    pub fn blanks(&self, from: u32, count: u32) -> Vec<Blank> {
        self.read(|view| {
            let places = from.max(1)..=from.saturating_add(count).saturating_sub(1).min(MAX_BLANKS);
            let blanks = places.map(|place| blank(&view.me, place));
            blanks.filter(|blank| !view.has(blank)).collect()
        })
    }

    /// The blank label of the member that has this number, if one has it that was not used yet.
    #[must_use]
    pub fn blank(&self, number: ThingNumber) -> Option<Blank> {
        let me = self.read(|view| view.me);
        let found = (1..=MAX_BLANKS).map(|place| blank(&me, place)).find(|blank| blank.number == number)?;
        self.read(|view| !view.has(&found)).then_some(found)
    }
}

impl View {
    /// Whether the thing of a blank label of the member is here.
    fn has(&self, blank: &Blank) -> bool {
        let mut entries = self.numbered(blank.number).into_iter().filter_map(|place| self.entry(&place));
        entries.any(|entry| entry.author == self.me && entry.key == blank.key)
    }
}
