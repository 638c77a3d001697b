//! A disk that fails at the n-th write or fsync: nothing is acknowledged that is not there after opening again, and
//! the store goes on by itself.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use protocol::{Batch, Store as _, StoreError};
use record::RecordId;

use super::TODAY;
use super::damage::{CIRCLE, is_full_size, listing, own, put};
use crate::{Faults, Operation, SledStore};

/// How many operations of each sort are made to fail, one in each run: at full size all, else one of so many.
const LAST: u64 = 200;
const SKIP: usize = 9;
/// How many steps a run has.
const STEPS: u32 = 150;

/// What whoever used a store was told.
#[derive(Default)]
struct Told {
    there: BTreeSet<RecordId>,
    /// Put or dropped without an answer that it was done.
    open: BTreeSet<RecordId>,
    notes: BTreeMap<String, Vec<u8>>,
    failures: usize,
}

impl Told {
    /// One step of what a node does with its store.
    fn step(&mut self, store: &mut SledStore, number: u32) {
        let (id, record) = listing(1, number);
        let done = store.apply(CIRCLE, put(vec![(id, record)])).and_then(|()| store.secure());
        if self.is_done(&done) {
            self.there.insert(id);
        } else {
            self.open.insert(id);
        }
        if number % 5 == 4 {
            // Replaced: one comes, another goes, all of it or nothing.
            let (old, (new, record)) = (listing(1, number - 3).0, listing(1, number + 10_000));
            let batch = Batch { put: vec![(new, record)], drop: vec![old] };
            let done = store.apply(CIRCLE, batch).and_then(|()| store.secure());
            self.there.remove(&old);
            if self.is_done(&done) {
                self.there.insert(new);
            } else {
                self.open.extend([old, new]);
            }
        }
        if number.is_multiple_of(7) {
            let (name, value) = (format!("note {}", number % 3), number.to_be_bytes().to_vec());
            let done = store.set_meta(&name, &value);
            if self.is_done(&done) {
                self.notes.insert(name, value);
            } else {
                // The old or the new one.
                self.notes.remove(&name);
            }
        }
        if number.is_multiple_of(10) {
            let done = store.sync();
            self.is_done(&done);
        }
        if number % 40 == 39 {
            let done = store.compact();
            self.is_done(&done);
        }
    }

    fn is_done(&mut self, done: &Result<(), StoreError>) -> bool {
        if let Err(error) = done {
            self.failures += 1;
            assert!(error.to_string().contains("disk"), "{error}");
        }
        done.is_ok()
    }

    fn check(&self, data: &Path, what: &str) {
        let store = SledStore::open(data, &own(), TODAY).unwrap();
        let mut here = BTreeSet::new();
        let mut each = |record: record::Record| {
            here.insert(record::Signed::parse(&record.envelope).unwrap().id());
        };
        store.each(CIRCLE, &mut each).unwrap();
        let lost: Vec<_> = self.there.difference(&here).collect();
        assert!(lost.is_empty(), "{what}: {} of {} are lost", lost.len(), self.there.len());
        let expected: BTreeSet<_> = self.there.union(&self.open).copied().collect();
        assert!(here.is_subset(&expected), "{what}: something came back");
        for (name, value) in &self.notes {
            assert_eq!(store.meta(name).unwrap().as_ref(), Some(value), "{what}: {name}");
        }
    }
}

#[test]
fn whichever_write_or_fsync_fails_nothing_acknowledged_is_lost_and_nothing_dropped_is_back() {
    let mut hit = [0, 0];
    let step = if is_full_size() { 1 } else { SKIP };
    for (sort, operation) in [Operation::Write, Operation::Sync].into_iter().enumerate() {
        for number in (0..LAST).step_by(step) {
            let dir = tempfile::tempdir().unwrap();
            let faults = Faults::default();
            let mut store = SledStore::open_with(dir.path(), &own(), TODAY, faults.clone()).unwrap();
            store.add_circle(CIRCLE).unwrap();
            faults.after(operation, number);
            let mut told = Told::default();
            for step in 0..STEPS {
                told.step(&mut store, step);
            }
            let what = format!("{operation:?} {number}");
            assert!(told.failures <= 2, "{what}: it goes on by itself, after {} failures", told.failures);
            hit[sort] += usize::from(told.failures > 0);
            drop(store);
            told.check(dir.path(), &what);
        }
    }
    println!("{hit:?} of {LAST} writes and fsyncs failed");
    assert_eq!(hit, [(LAST as usize).div_ceil(step); 2], "each of them is hit, and said");
}
