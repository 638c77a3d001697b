//! Digests by day: how two nodes find out, in a few bytes, where their sets differ.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use record::limits::MAX_FUTURE_MS;
use record::{Class, Hash, RecordId, Timestamp};

/// What is reconciled together: control records first, since the rest is judged by them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// Charter, grants, profiles.
    Control,
    /// Everything else.
    Rest,
}

impl Group {
    /// Both, in the order in which they are reconciled.
    pub const ALL: [Self; 2] = [Self::Control, Self::Rest];

    /// The group of a class.
    #[must_use]
    pub const fn of(class: Class) -> Self {
        match class {
            Class::Control => Self::Control,
            Class::Content | Class::Letter | Class::Proof => Self::Rest,
        }
    }
}

/// What two clocks agree is alive: revisions up to ten minutes after the earlier clock, not expired
/// by the later one. So clocks that are a little apart don't make two nodes exchange the same
/// records again and again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    newest: Timestamp,
    alive_at: Timestamp,
}

impl Window {
    /// The window of two clocks.
    #[must_use]
    pub fn between(one: Timestamp, other: Timestamp) -> Self {
        Self { newest: one.min(other).plus_millis(MAX_FUTURE_MS), alive_at: one.max(other) }
    }

    /// Whether a record with this revision and end of life belongs to the session.
    #[must_use]
    pub fn holds(&self, revision: Timestamp, expires: Option<Timestamp>) -> bool {
        revision <= self.newest && expires.is_none_or(|end| end > self.alive_at)
    }
}

/// The digests of both groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Digests {
    /// Of the control records.
    pub control: Hash,
    /// Of the rest.
    pub rest: Hash,
}

impl Digests {
    /// One digest for all: what two people compare.
    #[must_use]
    pub fn all(&self) -> Hash {
        Hash::of(&[self.control.as_bytes().as_slice(), self.rest.as_bytes()].concat())
    }

    /// The digest of one group.
    #[must_use]
    pub const fn of(&self, group: Group) -> Hash {
        match group {
            Group::Control => self.control,
            Group::Rest => self.rest,
        }
    }
}

#[derive(Debug, Clone, Default)]
struct Day {
    records: BTreeMap<RecordId, (Timestamp, Option<Timestamp>)>,
    digest: OnceCell<Hash>,
}

/// One group's admitted records by the UTC day of their revision.
#[derive(Debug, Clone, Default)]
pub(crate) struct Days {
    days: BTreeMap<u32, Day>,
    ends: BTreeSet<(Timestamp, u32, RecordId)>,
    len: usize,
}

impl Days {
    pub(crate) const fn new() -> Self {
        Self { days: BTreeMap::new(), ends: BTreeSet::new(), len: 0 }
    }

    pub(crate) fn insert(&mut self, id: RecordId, revision: Timestamp, expires: Option<Timestamp>) {
        let day = self.days.entry(revision.day()).or_default();
        if day.records.insert(id, (revision, expires)).is_none() {
            day.digest.take();
            self.len = self.len.saturating_add(1);
            self.ends.extend(expires.map(|end| (end, revision.day(), id)));
        }
    }

    pub(crate) fn remove(&mut self, id: RecordId, revision: Timestamp) {
        let Some(day) = self.days.get_mut(&revision.day()) else { return };
        if let Some((_, expires)) = day.records.remove(&id) {
            day.digest.take();
            self.len = self.len.saturating_sub(1);
            if let Some(end) = expires {
                self.ends.remove(&(end, revision.day(), id));
            }
        }
        if day.records.is_empty() {
            self.days.remove(&revision.day());
        }
    }

    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    /// The digest of each day that has a record in the window, by day.
    pub(crate) fn digests(&self, window: Window) -> BTreeMap<u32, Hash> {
        let end = (window.alive_at.plus_millis(1), 0, RecordId::from_bytes([0; 32]));
        let ending: BTreeSet<u32> = self.ends.range(..end).map(|(_, day, _)| *day).collect();
        let whole = |day: u32| day < window.newest.day() && !ending.contains(&day);
        self.days
            .iter()
            .filter_map(|(number, day)| {
                let digest = if whole(*number) {
                    *day.digest.get_or_init(|| digest_of(day.records.keys()))
                } else {
                    let ids: Vec<_> = self.of_day(*number, window).map(|(id, _)| id).collect();
                    if ids.is_empty() {
                        return None;
                    }
                    digest_of(ids.iter())
                };
                Some((*number, digest))
            })
            .collect()
    }

    /// The records of a day that are in the window, by id.
    pub(crate) fn of_day(&self, day: u32, window: Window) -> impl Iterator<Item = (RecordId, Timestamp)> {
        self.days
            .get(&day)
            .into_iter()
            .flat_map(|day| &day.records)
            .filter(move |(_, (revision, expires))| window.holds(*revision, *expires))
            .map(|(id, (revision, _))| (*id, *revision))
    }
}

/// SHA-256 over sorted ids.
fn digest_of<'a>(ids: impl Iterator<Item = &'a RecordId>) -> Hash {
    let bytes: Vec<u8> = ids.flat_map(|id| *id.as_bytes()).collect();
    Hash::of(&bytes)
}

/// The digest of a group: SHA-256 over its days, each as 4 bytes of its number (big-endian) and the
/// 32 of its digest.
pub(crate) fn digest_of_days(days: &BTreeMap<u32, Hash>) -> Hash {
    let bytes: Vec<u8> = days
        .iter()
        .flat_map(|(day, digest)| day.to_be_bytes().into_iter().chain(*digest.as_bytes()))
        .collect();
    Hash::of(&bytes)
}
