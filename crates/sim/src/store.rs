//! A store in memory that can lose power.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use protocol::{Batch, Store, StoreError};
use record::{CircleId, Record, RecordId};

/// Where a record lies.
type Place = (CircleId, RecordId);

/// The records of many stores: those that are equal lie in memory once.
#[derive(Debug, Clone, Default)]
pub struct Pool(Rc<RefCell<BTreeMap<RecordId, Rc<Record>>>>);

impl Pool {
    fn share(&self, id: RecordId, record: Record) -> Rc<Record> {
        let mut records = self.0.borrow_mut();
        match records.get(&id) {
            Some(known) if **known == record => Rc::clone(known),
            // The same header without its body, or with it.
            Some(_) => Rc::new(record),
            None => Rc::clone(records.entry(id).or_insert(Rc::new(record))),
        }
    }
}

/// Records in memory. What was applied and not synced can be lost, the newest batch first, each whole.
#[derive(Debug, Clone, Default)]
pub struct MemoryStore {
    records: BTreeMap<Place, Rc<Record>>,
    /// What each batch since the last sync replaced.
    undo: Vec<Vec<(Place, Option<Rc<Record>>)>>,
    pool: Pool,
}

impl MemoryStore {
    /// An empty store that shares what is equal with the others of a pool.
    #[must_use]
    pub fn new(pool: &Pool) -> Self {
        Self { pool: pool.clone(), ..Self::default() }
    }

    /// The number of records.
    #[must_use]
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// The number of batches that a power cut may take.
    #[must_use]
    pub const fn unsynced(&self) -> usize {
        self.undo.len()
    }

    /// Power was cut: of the batches since the last sync only the first `kept` reached the disk.
    pub fn lose_power(&mut self, kept: usize) {
        while self.undo.len() > kept
            && let Some(batch) = self.undo.pop()
        {
            for (at, old) in batch.into_iter().rev() {
                match old {
                    Some(record) => self.records.insert(at, record),
                    None => self.records.remove(&at),
                };
            }
        }
        self.undo.clear();
    }
}

impl Store for MemoryStore {
    fn get(&self, circle: CircleId, id: &RecordId) -> Result<Option<Record>, StoreError> {
        Ok(self.records.get(&(circle, *id)).map(|record| Record::clone(record)))
    }

    fn each(&self, circle: CircleId, each: &mut dyn FnMut(Record)) -> Result<(), StoreError> {
        let (first, last) = (RecordId::from_bytes([0; 32]), RecordId::from_bytes([255; 32]));
        self.records
            .range((circle, first)..=(circle, last))
            .for_each(|(_, record)| each(Record::clone(record)));
        Ok(())
    }

    fn apply(&mut self, circle: CircleId, batch: Batch) -> Result<(), StoreError> {
        let mut undo = Vec::new();
        for (id, record) in batch.put {
            let record = self.pool.share(id, record);
            undo.push(((circle, id), self.records.insert((circle, id), record)));
        }
        for id in batch.drop {
            undo.push(((circle, id), self.records.remove(&(circle, id))));
        }
        self.undo.push(undo);
        Ok(())
    }

    fn secure(&mut self) -> Result<(), StoreError> {
        self.sync()
    }

    fn sync(&mut self) -> Result<(), StoreError> {
        self.undo.clear();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CIRCLE: CircleId = CircleId::from_bytes([1; 32]);

    fn put(number: u8, text: u8) -> Batch {
        let record = Record { envelope: vec![text], body: None };
        Batch { put: vec![(RecordId::from_bytes([number; 32]), record)], drop: Vec::new() }
    }

    #[test]
    fn a_power_cut_takes_unsynced_batches_whole_and_nothing_else() {
        let mut store = MemoryStore::default();
        store.apply(CIRCLE, put(1, 10)).unwrap();
        store.sync().unwrap();
        let synced = store.records.clone();
        store.apply(CIRCLE, put(1, 11)).unwrap();
        let first = store.records.clone();
        store.apply(CIRCLE, Batch { drop: vec![RecordId::from_bytes([1; 32])], ..put(2, 12) }).unwrap();
        let mut other = store.clone();
        store.lose_power(1);
        assert_eq!(store.records, first);
        other.lose_power(0);
        assert_eq!(other.records, synced);
        assert_eq!(other.unsynced(), 0);
    }
}
