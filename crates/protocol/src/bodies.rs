//! Bodies apart from headers. A node may be without the body of a record that it holds: it hides the thing, or the
//! body has not come along. The header counts all the same, for the digest too, and is given to whoever lacks the
//! record. A body that is wanted is asked for at the end of a round, of each peer at most once in a while.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use record::{CircleId, RecordId, Slot, Timestamp, Verified};

use crate::circle::{Circle, News, trusted};
use crate::port::Output;
use crate::protocol::{Protocol, WriteError};
use crate::store::{Batch, Store, StoreError};

/// Of which records of a circle the body is not here.
#[derive(Debug, Default)]
pub(crate) struct Bodies {
    /// What this node neither keeps nor shows.
    hidden: BTreeSet<Slot>,
    /// Whose body is wanted, numbered as they came.
    wanted: BTreeMap<u64, RecordId>,
    numbers: BTreeMap<RecordId, u64>,
    last: u64,
}

impl Bodies {
    /// Notes that a record's body is not here, and wanted.
    pub(crate) fn want(&mut self, id: RecordId) {
        if !self.numbers.contains_key(&id) {
            self.last = self.last.saturating_add(1);
            self.wanted.insert(self.last, id);
            self.numbers.insert(id, self.last);
        }
    }

    /// The highest number.
    pub(crate) const fn numbered(&self) -> u64 {
        self.last
    }

    /// The number of the body that came to be wanted last; 0: none is.
    pub(crate) fn last_wanted(&self) -> u64 {
        self.wanted.last_key_value().map_or(0, |(number, _)| *number)
    }

    pub(crate) fn wants(&self, id: &RecordId) -> bool {
        self.numbers.contains_key(id)
    }

    /// A body is here, or its record is gone.
    pub(crate) fn forget(&mut self, id: &RecordId) {
        if let Some(number) = self.numbers.remove(id) {
            self.wanted.remove(&number);
        }
    }

    /// Some bodies to ask for, of those that are numbered higher.
    pub(crate) fn wanted_after(&self, number: u64, most: usize) -> impl Iterator<Item = (u64, RecordId)> {
        let range = (Bound::Excluded(number), Bound::Unbounded);
        self.wanted.range(range).take(most).map(|(number, id)| (*number, *id))
    }

    pub(crate) fn hides(&self, record: &Verified) -> bool {
        !self.hidden.is_empty() && self.hidden.contains(&record.header().slot())
    }

    /// A record as it is kept here.
    pub(crate) fn as_kept(&self, record: Verified) -> Verified {
        if self.hides(&record) { record.without_body() } else { record }
    }
}

impl Circle {
    /// Lets go of the bodies of a thing; also of those that are yet to come.
    fn hide(&mut self, store: &mut impl Store, slot: &Slot) -> Result<News, StoreError> {
        let circle = self.catalogue.circle();
        let mut put = Vec::new();
        for id in self.catalogue.versions(slot) {
            let whole = store.get(circle, &id)?.and_then(trusted).filter(Verified::is_whole);
            let bare = whole.map(Verified::without_body).filter(|record| !record.is_whole());
            put.extend(bare.map(|record| (id, record.to_record())));
        }
        let gone: Vec<_> = put.iter().map(|(id, _)| *id).collect();
        if !put.is_empty() {
            store.apply(circle, Batch { put, drop: Vec::new() })?;
            store.sync()?;
        }
        self.bodies.hidden.insert(slot.clone());
        for id in self.catalogue.versions(slot) {
            self.bodies.forget(&id);
        }
        let admitted = |id: &RecordId| self.catalogue.admitted(id).is_some();
        Ok(News { admitted: Vec::new(), removed: gone.into_iter().filter(admitted).collect() })
    }

    /// Wants the bodies of a thing again.
    fn show(&mut self, store: &impl Store, slot: &Slot) -> Result<(), StoreError> {
        self.bodies.hidden.remove(slot);
        for id in self.catalogue.versions(slot) {
            let record = store.get(self.catalogue.circle(), &id)?.and_then(trusted);
            if record.is_some_and(|record| !record.is_whole()) {
                self.bodies.want(id);
            }
        }
        Ok(())
    }
}

impl<S: Store> Protocol<S> {
    /// From now on this node neither keeps nor gives nor shows what a thing says: the bodies of all its versions go,
    /// and their headers, and so the digest, stay. It is durable when this returns; that the thing is hidden has
    /// to be said again after a restart. What rules depend on stays as it is.
    ///
    /// # Errors
    /// If the circle is not followed, or the store fails.
    pub fn hide(&mut self, circle: CircleId, slot: &Slot, now: Timestamp) -> Result<Vec<Output>, WriteError> {
        let followed = self.circles.get_mut(&circle).ok_or(WriteError::UnknownCircle)?;
        let news = followed.hide(&mut self.store, slot)?;
        let mut out = Vec::new();
        self.changed(circle, news, now, &mut out);
        Ok(out)
    }

    /// Hides a thing no longer: what it says is asked of peers again.
    ///
    /// # Errors
    /// If the circle is not followed, or the store fails.
    pub fn show(&mut self, circle: CircleId, slot: &Slot, now: Timestamp) -> Result<Vec<Output>, WriteError> {
        let followed = self.circles.get_mut(&circle).ok_or(WriteError::UnknownCircle)?;
        followed.show(&self.store, slot)?;
        self.spread(circle, None, now);
        let mut out = Vec::new();
        self.open_due(now, &mut out);
        Ok(out)
    }

    /// How many bodies of a circle's records are wanted and not here.
    #[must_use]
    pub fn wanted_bodies(&self, circle: CircleId) -> usize {
        self.circles.get(&circle).map_or(0, |circle| circle.bodies.wanted.len())
    }
}
