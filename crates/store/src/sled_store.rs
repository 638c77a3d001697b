//! The store itself.

use std::fs::File;
use std::path::Path;

use protocol::{Batch, Store, StoreError};
use record::{CircleId, Record, RecordId};

use crate::layout;
use crate::open::{OpenError, open};

/// Records of circles, and the node's small notes, in a folder.
///
/// One process opens it at a time.
#[derive(Debug)]
pub struct SledStore {
    db: sled::Db,
    records: sled::Tree,
    meta: sled::Tree,
    circles: sled::Tree,
    /// sled's log. Its own `flush` ends with `sync_file_range`, which promises nothing after a power cut;
    /// `fdatasync` on any descriptor of the file does.
    log: File,
}

/// The folder inside the node's data folder.
const FOLDER: &str = "records";
/// sled's log inside it.
const LOG: &str = "db";
const LAYOUT: &str = "layout";

impl SledStore {
    /// Opens the store in a data folder; makes it if there is none.
    ///
    /// # Errors
    /// An [`OpenError`] that says what to do.
    pub fn open(data: &Path) -> Result<Self, OpenError> {
        let folder = data.join(FOLDER);
        let db = open(&folder)?;
        let failed = |reason: String| OpenError::Folder { folder: folder.clone(), reason };
        let tree = |name| db.open_tree(name).map_err(|error| failed(error.to_string()));
        let (records, meta, circles) = (tree("records")?, tree("meta")?, tree("circles")?);
        let log = File::open(folder.join(LOG)).map_err(|error| failed(error.to_string()))?;
        let mut store = Self { db, records, meta, circles, log };
        let layout = store.meta(LAYOUT).map_err(|error| failed(error.to_string()))?;
        match layout.map(|bytes| <[u8; 4]>::try_from(bytes).map_or(0, u32::from_be_bytes)) {
            Some(layout::VERSION) => {}
            Some(found) => return Err(OpenError::Layout { folder, found, known: layout::VERSION }),
            None => {
                let set = store.set_meta(LAYOUT, &layout::VERSION.to_be_bytes());
                set.map_err(|error| failed(error.to_string()))?;
            }
        }
        Ok(store)
    }

    /// A note of the node.
    ///
    /// # Errors
    /// If the store can not be read.
    pub fn meta(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.meta.get(key).map_err(failed)?.map(|value| value.to_vec()))
    }

    /// Writes a note of the node. It is durable when this returns.
    ///
    /// # Errors
    /// If it can not be written.
    pub fn set_meta(&mut self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        self.meta.insert(key, value).map_err(failed)?;
        self.sync()
    }

    /// The circles that this node keeps, the one that was added first first.
    ///
    /// # Errors
    /// If the store can not be read.
    pub fn circles(&self) -> Result<Vec<CircleId>, StoreError> {
        Ok(self.numbered_circles()?.into_iter().map(|(_, circle)| circle).collect())
    }

    /// Keeps a circle from now on. It is durable when this returns.
    ///
    /// # Errors
    /// If it can not be written.
    pub fn add_circle(&mut self, circle: CircleId) -> Result<(), StoreError> {
        let known = self.numbered_circles()?;
        if known.iter().all(|(_, known)| *known != circle) {
            let number = known.last().map_or(0, |(last, _)| last.saturating_add(1));
            self.circles.insert(circle.as_bytes(), &number.to_be_bytes()).map_err(failed)?;
        }
        self.sync()
    }

    /// The circles by when they were added; a circle's value in the store is its number.
    fn numbered_circles(&self) -> Result<Vec<(u32, CircleId)>, StoreError> {
        let mut circles = Vec::new();
        for entry in self.circles.iter() {
            let (key, value) = entry.map_err(failed)?;
            match <[u8; 32]>::try_from(key.as_ref()) {
                Ok(bytes) => {
                    let number = <[u8; 4]>::try_from(value.as_ref()).map_or(0, u32::from_be_bytes);
                    circles.push((number, CircleId::from_bytes(bytes)));
                }
                Err(_) => tracing::warn!("the store has a circle whose name is damaged"),
            }
        }
        circles.sort_unstable();
        Ok(circles)
    }
}

impl Store for SledStore {
    fn get(&self, circle: CircleId, id: &RecordId) -> Result<Option<Record>, StoreError> {
        let value = self.records.get(layout::key(circle, id)).map_err(failed)?;
        Ok(value.and_then(|value| intact(id.as_bytes(), &value)))
    }

    fn each(&self, circle: CircleId, each: &mut dyn FnMut(Record)) -> Result<(), StoreError> {
        for entry in self.records.scan_prefix(circle.as_bytes()) {
            let (key, value) = entry.map_err(failed)?;
            if let Some(record) = intact(&key, &value) {
                each(record);
            }
            // Why: sled looks at its cache's limit when a 256th part of it was accessed 64 times, and a scan
            // is one access to each page. Without some more the scan would leave everything in memory.
            self.records.contains_key(&key).map_err(failed)?;
        }
        Ok(())
    }

    fn apply(&mut self, circle: CircleId, batch: Batch) -> Result<(), StoreError> {
        let mut changes = sled::Batch::default();
        for (id, record) in &batch.put {
            changes.insert(&layout::key(circle, id)[..], layout::value(record));
        }
        for id in &batch.drop {
            changes.remove(&layout::key(circle, id)[..]);
        }
        self.records.apply_batch(changes).map_err(failed)
    }

    fn sync(&mut self) -> Result<(), StoreError> {
        self.db.flush().map_err(failed)?;
        self.log.sync_data().map_err(|error| StoreError(format!("the disk refused to write: {error}")))
    }
}

/// A value's record. What is damaged counts as not here: peers have it.
fn intact(key: &[u8], value: &[u8]) -> Option<Record> {
    let record = layout::record(value);
    if record.is_none() {
        tracing::warn!(key = key.len(), value = value.len(), "skipped a damaged record in the store");
    }
    record
}

#[expect(clippy::needless_pass_by_value, reason = "this is what `map_err` takes")]
fn failed(error: sled::Error) -> StoreError {
    StoreError(match &error {
        sled::Error::Io(error) => format!("the disk failed ({error}): is it full?"),
        sled::Error::Corruption { .. } => {
            "the data are damaged: move the folder `records` away, and the node fetches them again".to_owned()
        }
        sled::Error::CollectionNotFound(_) | sled::Error::Unsupported(_) | sled::Error::ReportableBug(_) => {
            error.to_string()
        }
    })
}
