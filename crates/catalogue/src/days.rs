//! Digests by day: how two nodes find out, in a few bytes, where their sets differ.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet, btree_map};

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

/// The records of a UTC day. They lie in 256 buckets by the first byte of their id, so that one new record
/// among many costs little.
#[derive(Debug, Clone, Default)]
struct Day {
    records: BTreeMap<RecordId, (Timestamp, Option<Timestamp>)>,
    /// The digests of the buckets that are not empty.
    buckets: BTreeMap<u8, OnceCell<Hash>>,
    digest: OnceCell<Hash>,
    /// No revision of the day is later; it need not be there any more.
    latest: Timestamp,
}

impl Day {
    fn digest(&self) -> Hash {
        *self.digest.get_or_init(|| {
            digest_of_buckets(self.buckets.iter().map(|(byte, cell)| {
                (*byte, *cell.get_or_init(|| digest_of(self.bucket(*byte).map(|(id, _)| id))))
            }))
        })
    }

    fn bucket(&self, byte: u8) -> btree_map::Range<'_, RecordId, (Timestamp, Option<Timestamp>)> {
        let (mut low, mut high) = ([0; 32], [0xff; 32]);
        (low[0], high[0]) = (byte, byte);
        self.records.range(RecordId::from_bytes(low)..=RecordId::from_bytes(high))
    }

    fn changed(&mut self, id: &RecordId) {
        let byte = id.as_bytes()[0];
        self.digest.take();
        if self.bucket(byte).next().is_none() {
            self.buckets.remove(&byte);
        } else {
            self.buckets.insert(byte, OnceCell::new());
        }
    }
}

/// One group's admitted records by the UTC day of their revision.
#[derive(Debug, Clone, Default)]
pub(crate) struct Days {
    days: BTreeMap<u32, Day>,
    ends: BTreeSet<(Timestamp, u32, RecordId)>,
    len: usize,
    /// The digest of all that is here.
    whole: OnceCell<Hash>,
}

impl Days {
    pub(crate) const fn new() -> Self {
        Self { days: BTreeMap::new(), ends: BTreeSet::new(), len: 0, whole: OnceCell::new() }
    }

    pub(crate) fn insert(&mut self, id: RecordId, revision: Timestamp, expires: Option<Timestamp>) {
        let day = self.days.entry(revision.day()).or_default();
        if day.records.insert(id, (revision, expires)).is_none() {
            day.changed(&id);
            day.latest = day.latest.max(revision);
            self.whole.take();
            self.len = self.len.saturating_add(1);
            self.ends.extend(expires.map(|end| (end, revision.day(), id)));
        }
    }

    pub(crate) fn remove(&mut self, id: RecordId, revision: Timestamp) {
        let Some(day) = self.days.get_mut(&revision.day()) else { return };
        if let Some((_, expires)) = day.records.remove(&id) {
            day.changed(&id);
            self.whole.take();
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

    /// The digest of all that is in the window.
    pub(crate) fn digest(&self, window: Window) -> Hash {
        let none_later = self.days.last_key_value().is_none_or(|(_, day)| day.latest <= window.newest);
        let none_ended = self.ends.first().is_none_or(|(end, _, _)| *end > window.alive_at);
        if none_later && none_ended {
            *self.whole.get_or_init(|| digest_of_days(&self.digests(window)))
        } else {
            digest_of_days(&self.digests(window))
        }
    }

    /// The digest of each day that has a record in the window, by day.
    pub(crate) fn digests(&self, window: Window) -> BTreeMap<u32, Hash> {
        let end = (window.alive_at.plus_millis(1), 0, RecordId::from_bytes([0; 32]));
        let ending: BTreeSet<u32> = self.ends.range(..end).map(|(_, day, _)| *day).collect();
        self.days
            .iter()
            .filter_map(|(number, day)| {
                if day.latest <= window.newest && !ending.contains(number) {
                    return Some((*number, day.digest()));
                }
                let mut buckets: BTreeMap<u8, Vec<RecordId>> = BTreeMap::new();
                for (id, _) in self.of_day(*number, window) {
                    buckets.entry(id.as_bytes()[0]).or_default().push(id);
                }
                let digests = buckets.iter().map(|(byte, ids)| (*byte, digest_of(ids.iter())));
                (!buckets.is_empty()).then(|| (*number, digest_of_buckets(digests)))
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
    let mut bytes = Vec::new();
    ids.for_each(|id| bytes.extend_from_slice(id.as_bytes()));
    Hash::of(&bytes)
}

/// The digest of a day: SHA-256 over its buckets that are not empty, each as its byte and its digest.
fn digest_of_buckets(buckets: impl Iterator<Item = (u8, Hash)>) -> Hash {
    let mut bytes = Vec::new();
    for (byte, digest) in buckets {
        bytes.push(byte);
        bytes.extend_from_slice(digest.as_bytes());
    }
    Hash::of(&bytes)
}

/// The digest of a group: SHA-256 over its days, each as 4 bytes of its number (big-endian) and the
/// 32 of its digest.
fn digest_of_days(days: &BTreeMap<u32, Hash>) -> Hash {
    let mut bytes = Vec::with_capacity(days.len().saturating_mul(36));
    for (day, digest) in days {
        bytes.extend_from_slice(&day.to_be_bytes());
        bytes.extend_from_slice(digest.as_bytes());
    }
    Hash::of(&bytes)
}
