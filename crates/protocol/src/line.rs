//! The records of the days that differ, in a line, as one session sees them.

use std::ops::Range;

use record::{Hash, RecordId, Timestamp};

use crate::frame::{Salt, SaltedId};

/// The salt of one session: neither side chooses it alone, and nobody knows it before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SessionSalt([u8; 16]);

impl SessionSalt {
    /// From what the opener and the other side contributed.
    pub(crate) fn of(opener: &Salt, other: &Salt) -> Self {
        let hash = Hash::derive("commonshelf/session-salt/1", &[opener, other]);
        Self(hash.first())
    }

    pub(crate) fn apply(&self, id: &RecordId) -> SaltedId {
        let mut bytes = [0; 48];
        bytes[..16].copy_from_slice(&self.0);
        bytes[16..].copy_from_slice(id.as_bytes());
        beginning(&Hash::of(&bytes))
    }
}

/// The first eight bytes, as a number.
fn beginning(hash: &Hash) -> u64 {
    u64::from_be_bytes(hash.first())
}

/// A place on the line: before whatever has this revision and salted id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) revision: Timestamp,
    pub(crate) id: SaltedId,
}

impl Place {
    /// Before everything.
    pub(crate) const FIRST: Self = Self { revision: Timestamp::from_millis(0), id: 0 };
    /// Behind everything.
    pub(crate) const LAST: Self = Self { revision: Timestamp::from_millis(u64::MAX), id: 0 };
}

/// The line of one side.
pub(crate) struct Line {
    items: Vec<(Place, RecordId)>,
    /// The items' numbers by their salted ids.
    by_id: Vec<u32>,
}

impl Line {
    pub(crate) fn new(salt: SessionSalt, records: impl Iterator<Item = (RecordId, Timestamp)>) -> Self {
        let mut items: Vec<_> =
            records.map(|(id, revision)| (Place { revision, id: salt.apply(&id) }, id)).collect();
        items.sort_unstable_by_key(|(place, _)| *place);
        let mut by_id: Vec<u32> = (0_u32..).take(items.len()).collect();
        by_id.sort_unstable_by_key(|number| items.get(*number as usize).map(|(place, _)| place.id));
        Self { items, by_id }
    }

    /// The record with this salted id.
    pub(crate) fn get(&self, salted: SaltedId) -> Option<RecordId> {
        let id = |number: &u32| self.items.get(*number as usize).map(|(place, id)| (place.id, *id));
        let at = self.by_id.partition_point(|number| id(number).is_some_and(|(before, _)| before < salted));
        self.by_id.get(at).and_then(id).filter(|(found, _)| *found == salted).map(|(_, id)| id)
    }

    /// What lies from one place to before another one.
    pub(crate) fn between(&self, from: Place, to: Place) -> Range<usize> {
        let before = |place: Place| self.items.partition_point(|(at, _)| *at < place);
        let first = before(from);
        first..before(to).max(first)
    }

    pub(crate) fn items(&self, range: Range<usize>) -> &[(Place, RecordId)] {
        self.items.get(range).unwrap_or_default()
    }

    /// Where a range may end that goes to before the item with this number.
    pub(crate) fn place(&self, number: usize) -> Place {
        let at = |number: usize| self.items.get(number).map(|(place, _)| *place);
        let Some(place) = at(number) else { return Place::LAST };
        // Why: where revisions differ, the revision alone says enough, and takes fewer bytes.
        let tie = number.checked_sub(1).and_then(at).is_some_and(|one| one.revision == place.revision);
        if tie { place } else { Place { id: 0, ..place } }
    }

    /// The digest of a range: over its salted ids in their order.
    pub(crate) fn digest(&self, range: Range<usize>) -> u64 {
        let mut bytes = Vec::with_capacity(range.len().saturating_mul(8));
        self.items(range).iter().for_each(|(place, _)| bytes.extend_from_slice(&place.id.to_be_bytes()));
        beginning(&Hash::of(&bytes))
    }
}
