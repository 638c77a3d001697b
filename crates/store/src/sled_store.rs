//! The store itself.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};

use protocol::{Batch, Store, StoreError};
use record::{CircleId, Date, MemberId, Record, RecordId};

use crate::compact::{CIRCLES, META, RECORDS};
use crate::faults::{Faults, Operation};
use crate::journal::{Entry, Found, Journal};
use crate::layout;
use crate::leaving::Leaving;
use crate::mended::Mended;
use crate::open::{LOG, OpenError, Opened, open};
use crate::room;

/// Records of circles, and the node's small notes, in a folder.
///
/// One process opens it at a time.
#[derive(Debug)]
pub struct SledStore {
    pub(crate) data: PathBuf,
    /// The day on which it was opened.
    pub(crate) today: Date,
    /// Gone only if it could not be opened again after it had failed.
    pub(crate) sled: Option<Sled>,
    /// A write failed, and sled refuses all that follow until it is opened again.
    pub(crate) failed: bool,
    /// How large the store was when it was written anew, or opened, in bytes.
    pub(crate) compacted: u64,
    /// Whether what was dropped still lies in its files.
    pub(crate) leaving: Leaving,
    /// How often it was made durable since it was last looked at whether it is wasteful.
    syncs: u32,
    pub(crate) journal: Journal,
    /// The members whose records go into the journal.
    pub(crate) own: BTreeSet<MemberId>,
    pub(crate) mended: Vec<Mended>,
    pub(crate) faults: Faults,
}

/// sled, opened.
#[derive(Debug)]
pub(crate) struct Sled {
    pub(crate) db: sled::Db,
    pub(crate) folder: PathBuf,
    /// How many bytes its keys and values had when it was opened.
    pub(crate) live: u64,
    pub(crate) records: sled::Tree,
    pub(crate) meta: sled::Tree,
    pub(crate) circles: sled::Tree,
    /// sled's log. Its own `flush` ends with `sync_file_range`, which promises nothing after a power cut;
    /// `fdatasync` on any descriptor of the file does.
    log: File,
}

/// The journal inside the node's data folder.
pub(crate) const JOURNAL: &str = "journal";
pub(crate) const LAYOUT: &str = "layout";
/// Every so many times that the store is made durable it is looked at whether it is wasteful.
const LOOK_AT_WASTE: u32 = 30;

impl SledStore {
    /// Opens the store in a data folder; makes it if there is none. What these members write is kept so that
    /// it survives whatever happens to the rest. It ends within seconds, whatever state the folder is in:
    /// see [`SledStore::mended`]. What is damaged is set aside under the date of `today`.
    ///
    /// # Errors
    /// An [`OpenError`] that says what to do.
    pub fn open(data: &Path, own: &[MemberId], today: Date) -> Result<Self, OpenError> {
        Self::open_with(data, own, today, Faults::default())
    }

    /// The same with fail points.
    ///
    /// # Errors
    /// An [`OpenError`] that says what to do.
    pub fn open_with(data: &Path, own: &[MemberId], today: Date, faults: Faults) -> Result<Self, OpenError> {
        let outside = |error: &io::Error| OpenError::Folder { folder: data.to_owned(), reason: disk(error) };
        let (journal, found) = fs::create_dir_all(data)
            .and_then(|()| room::for_opening(data))
            .and_then(|()| Journal::open(&data.join(JOURNAL), faults.clone()))
            .map_err(|error| outside(&error))?;
        let (sled, layout, mended) = open_sled(data, today)?;
        let compacted = sled.live;
        let leaving = Leaving::read(&sled)
            .map_err(|error| OpenError::Folder { folder: data.to_owned(), reason: error.to_string() })?;
        let own = own.iter().copied().collect();
        let (data, sled) = (data.to_owned(), Some(sled));
        let (failed, syncs) = (false, 0);
        let mut store =
            Self { data, today, sled, failed, compacted, leaving, syncs, journal, own, mended, faults };
        let repaired = store.repair(found, layout).and_then(|repaired| store.sync().map(|()| repaired));
        let failed = |error: StoreError| OpenError::Folder { folder: store.data.clone(), reason: error.0 };
        store.mended.extend(repaired.map_err(failed)?);
        store.compact_if_wasteful();
        room::keep_reserve(&store.data);
        Ok(store)
    }

    /// What was damaged when the store was opened, and has been mended.
    #[must_use]
    pub fn mended(&self) -> &[Mended] {
        &self.mended
    }

    /// From now on what these members wrote, and write, survives whatever happens to the rest.
    ///
    /// # Errors
    /// If it can not be written.
    pub fn set_own(&mut self, own: &[MemberId]) -> Result<(), StoreError> {
        self.own = own.iter().copied().collect();
        let mut entries = Vec::new();
        self.own_records(&mut entries)?;
        self.journal.append(&entries).map_err(io_failed)?;
        self.secure()
    }

    /// A note of the node.
    ///
    /// # Errors
    /// If the store can not be read.
    pub fn meta(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.sled()?.meta.get(key).map_err(failed)?.map(|value| value.to_vec()))
    }

    /// Writes a note of the node. It is durable when this returns.
    ///
    /// # Errors
    /// If it can not be written.
    pub fn set_meta(&mut self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        self.recover()?;
        self.journal.append(&[Entry::Note(key.to_owned(), value.to_vec())]).map_err(io_failed)?;
        let written = self.write(|sled| sled.meta.insert(key, value).map(drop));
        written.and_then(|()| self.secure())
    }

    /// Empties a note of the node. What it said leaves the disk as what was withdrawn does: see
    /// [`let_leave`](Self::let_leave).
    ///
    /// # Errors
    /// If it can not be written.
    pub fn drop_meta(&mut self, key: &str) -> Result<(), StoreError> {
        self.note_something_leaves()?;
        self.set_meta(key, &[])
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
            self.recover()?;
            self.journal.append(&[Entry::Circle(circle, number)]).map_err(io_failed)?;
            self.write(|sled| sled.circles.insert(circle.as_bytes(), &number.to_be_bytes()).map(drop))?;
        }
        self.secure()
    }

    /// The circles by when they were added; a circle's value in the store is its number.
    pub(crate) fn numbered_circles(&self) -> Result<Vec<(u32, CircleId)>, StoreError> {
        let mut circles = Vec::new();
        for entry in self.sled()?.circles.iter() {
            let (key, value) = entry.map_err(failed)?;
            match <[u8; 32]>::try_from(key.as_ref()) {
                Ok(bytes) => {
                    circles.push((number(&value), CircleId::from_bytes(bytes)));
                }
                Err(_) => tracing::warn!("the store has a circle whose name is damaged"),
            }
        }
        circles.sort_unstable();
        Ok(circles)
    }

    pub(crate) fn sled(&self) -> Result<&Sled, StoreError> {
        self.sled.as_ref().ok_or_else(|| StoreError("the store is closed since the disk failed".to_owned()))
    }

    /// Lets sled write something.
    pub(crate) fn write<T>(&mut self, write: impl FnOnce(&Sled) -> sled::Result<T>) -> Result<T, StoreError> {
        let written = match self.faults.check(Operation::Write) {
            Ok(()) => write(self.sled()?),
            Err(error) => Err(error.into()),
        };
        self.failed |= written.is_err();
        written.map_err(failed)
    }

    /// After a write that failed: opens sled again, once the disk takes something. Until then what is there can
    /// be read.
    fn recover(&mut self) -> Result<(), StoreError> {
        if !self.failed {
            return Ok(());
        }
        room::check(&self.data).map_err(io_failed)?;
        self.let_go();
        let (sled, layout, mended) =
            open_sled(&self.data, self.today).map_err(|error| StoreError(error.to_string()))?;
        self.sled = Some(sled);
        self.failed = false;
        self.mended.extend(mended);
        let repaired = self.repair(Found::default(), layout)?;
        self.mended.extend(repaired);
        tracing::warn!("the store was opened again after the disk had failed");
        Ok(())
    }

    /// Closes sled: it lets go of its files only when nothing of it is left.
    pub(crate) fn let_go(&mut self) {
        let sled = self.sled.take();
        // Why: sled panics if the disk does not take its last words; what counts is durable or was refused.
        if std::panic::catch_unwind(AssertUnwindSafe(|| drop(sled))).is_err() {
            tracing::warn!("the disk failed while the store was closed");
        }
    }

    /// What of a batch goes into the journal as well.
    fn own_part(&self, circle: CircleId, batch: &Batch) -> Vec<Entry> {
        let put = batch.put.iter().filter(|(_, record)| self.to_be_journaled(record).is_some());
        let put = put.map(|(id, record)| Entry::Record((circle, *id), record.clone()));
        let gone = batch.drop.iter().map(|id| (circle, *id)).filter(|place| self.journal.holds(place));
        put.chain(gone.map(Entry::Forget)).collect()
    }
}

impl Drop for SledStore {
    fn drop(&mut self) {
        self.let_go();
    }
}

/// Opens sled, and says which layout it had and what was mended.
pub(crate) fn open_sled(data: &Path, today: Date) -> Result<(Sled, u32, Vec<Mended>), OpenError> {
    let Opened { db, folder, mended, live } = open(data, today)?;
    let failed =
        |reason: sled::Error| OpenError::Folder { folder: folder.clone(), reason: reason.to_string() };
    let tree = |name| db.open_tree(name).map_err(failed);
    let (records, meta, circles) = (tree(RECORDS)?, tree(META)?, tree(CIRCLES)?);
    let layout = meta.get(LAYOUT).map_err(failed)?;
    let layout = match layout.map(|bytes| number(&bytes)) {
        None => layout::VERSION,
        Some(found @ (layout::WITHOUT_JOURNAL | layout::VERSION)) => found,
        Some(found) => return Err(OpenError::Layout { folder, found, known: layout::VERSION }),
    };
    meta.insert(LAYOUT, &layout::VERSION.to_be_bytes()).map_err(failed)?;
    let log = File::open(folder.join(LOG));
    let log = log.map_err(|error| OpenError::Folder { folder: folder.clone(), reason: disk(&error) })?;
    Ok((Sled { db, folder, live, records, meta, circles, log }, layout, mended))
}

impl Store for SledStore {
    fn get(&self, circle: CircleId, id: &RecordId) -> Result<Option<Record>, StoreError> {
        let value = self.sled()?.records.get(layout::key(circle, id)).map_err(failed)?;
        Ok(value.and_then(|value| intact(id.as_bytes(), &value)))
    }

    fn each(&self, circle: CircleId, each: &mut dyn FnMut(Record)) -> Result<(), StoreError> {
        for entry in self.sled()?.records.scan_prefix(circle.as_bytes()) {
            let (key, value) = entry.map_err(failed)?;
            if let Some(record) = intact(&key, &value) {
                each(record);
            }
            // Why: sled looks at its cache's limit when a 256th part of it was accessed 64 times, and a scan
            // is one access to each page. Without some more the scan would leave everything in memory.
            self.sled()?.records.contains_key(&key).map_err(failed)?;
        }
        Ok(())
    }

    fn apply(&mut self, circle: CircleId, batch: Batch) -> Result<(), StoreError> {
        self.recover()?;
        self.note_leaving(circle, &batch)?;
        let own = self.own_part(circle, &batch);
        let before = if own.is_empty() { None } else { Some(self.journal.append(&own).map_err(io_failed)?) };
        let mut changes = sled::Batch::default();
        for (id, record) in &batch.put {
            changes.insert(&layout::key(circle, id)[..], layout::value(record));
        }
        for id in &batch.drop {
            changes.remove(&layout::key(circle, id)[..]);
        }
        let written = self.write(|sled| sled.records.apply_batch(changes));
        if let Some(before) = before.filter(|_| written.is_err()) {
            // Nothing was done then: it must not come back with the next start.
            self.journal.take_back(before).map_err(io_failed)?;
        }
        written
    }

    fn secure(&mut self) -> Result<(), StoreError> {
        self.journal.sync().map_err(io_failed)?;
        // Why at once: whatever is written next may fill the disk again.
        room::renew_reserve(&self.data);
        Ok(())
    }

    fn sync(&mut self) -> Result<(), StoreError> {
        self.recover()?;
        self.secure()?;
        self.note_seen()?;
        self.faults.check(Operation::Sync).map_err(io_failed)?;
        self.write(|sled| {
            sled.db.flush()?;
            Ok(sled.log.sync_data()?)
        })?;
        self.syncs = self.syncs.saturating_add(1);
        if self.syncs >= LOOK_AT_WASTE {
            self.syncs = 0;
            self.compact_if_wasteful();
        }
        Ok(())
    }
}

/// A number as it lies in sled; 0 if it is none.
pub(crate) fn number(bytes: &[u8]) -> u32 {
    bytes.try_into().map_or(0, u32::from_be_bytes)
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
pub(crate) fn failed(error: sled::Error) -> StoreError {
    StoreError(match &error {
        sled::Error::Io(error) => disk(error),
        sled::Error::Corruption { .. } => {
            "the data are damaged: move the folder `records` away, and the node fetches them again".to_owned()
        }
        sled::Error::CollectionNotFound(_) | sled::Error::Unsupported(_) | sled::Error::ReportableBug(_) => {
            error.to_string()
        }
    })
}

#[expect(clippy::needless_pass_by_value, reason = "this is what `map_err` takes")]
pub(crate) fn io_failed(error: io::Error) -> StoreError {
    StoreError(disk(&error))
}

/// What a person is told of a disk that failed, with what to do.
#[must_use]
pub fn disk(error: &io::Error) -> String {
    if room::is_full(error) {
        "the disk is full: make room, then try again".to_owned()
    } else if error.kind() == io::ErrorKind::ReadOnlyFilesystem {
        "the disk can only be read: it may be worn out, or be mounted that way".to_owned()
    } else {
        format!("the disk failed ({error}): check it, then try again")
    }
}
