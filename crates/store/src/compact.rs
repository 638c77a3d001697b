//! Giving room back: sled's log keeps what was overwritten and removed until its segment is written anew, which
//! may be never. So what counts is copied into a new store, which takes the place of the old one once it is
//! whole and durable; power may go at any moment in between.

use std::fs;
use std::io;
use std::path::Path;

use protocol::{Store as _, StoreError};

use crate::faults::Operation;
use crate::journal::sync_folder;
use crate::leaving::{LEAVING, Leaving};
use crate::open::{self, LOG};
use crate::sled_store::{SledStore, failed, io_failed, open_sled};

/// A store may be so many times as large as when it was written anew…
const TIMES: u64 = 4;
/// …and so much more, in bytes, before that is done again.
const SPARE: u64 = 24 * 1024 * 1024;
/// How many records are copied at once.
const BATCH: usize = 500;

impl SledStore {
    /// Whether most of the room that the store takes is waste.
    pub(crate) fn is_wasteful(&self) -> Result<bool, StoreError> {
        Ok(self.size()? > self.compacted.saturating_mul(TIMES).saturating_add(SPARE))
    }

    /// Gives room back if there is much to give. Where that fails (there is no room for both stores at a time, say)
    /// the store does as it is: all that it holds is durable.
    pub(crate) fn compact_if_wasteful(&mut self) {
        if let Err(error) =
            self.is_wasteful().and_then(|wasteful| if wasteful { self.compact() } else { Ok(()) })
        {
            tracing::warn!(%error, "the store was not written anew");
        }
    }

    /// Writes what counts into a new store and a new journal, and lets the old ones go: nothing of what was
    /// withdrawn or has ended is left in them.
    ///
    /// # Errors
    /// If the disk has no room for both at a time; the old ones stay then.
    pub fn compact(&mut self) -> Result<(), StoreError> {
        self.sync()?;
        let (data, old) = (self.data.clone(), self.sled()?.folder.clone());
        let fresh = open::fresh(&data);
        let copied = self.copy_to(&fresh);
        if copied.is_err() {
            let _ = fs::remove_dir_all(&fresh);
        }
        copied?;
        self.let_go();
        self.failed = true;
        open::take_place(&data, &fresh).map_err(io_failed)?;
        let (sled, _, mended) =
            open_sled(&data, self.today).map_err(|error| StoreError(error.to_string()))?;
        self.compacted = sled.db.size_on_disk().map_err(failed)?;
        self.sled = Some(sled);
        self.failed = false;
        self.mended.extend(mended);
        // Opening the new one let go of it; a second time does no harm.
        let _ = fs::remove_dir_all(old);
        self.journal.rewrite().map_err(io_failed)?;
        self.write(|sled| sled.meta.insert(LEAVING, &[]).map(drop))?;
        self.leaving = Leaving::Nothing;
        Ok(())
    }

    /// Compacts, and deletes the damaged stores that were set aside: after it nothing of what was withdrawn or
    /// has ended is on the disk, as far as files are concerned.
    ///
    /// # Errors
    /// See [`SledStore::compact`].
    pub fn purge(&mut self) -> Result<(), StoreError> {
        self.compact()?;
        open::forget_aside(&self.data).map_err(io_failed)
    }

    /// How many bytes it takes on the disk, without the journal.
    ///
    /// # Errors
    /// If that is not known.
    pub fn size(&self) -> Result<u64, StoreError> {
        self.sled()?.db.size_on_disk().map_err(failed)
    }

    fn copy_to(&mut self, fresh: &Path) -> Result<(), StoreError> {
        // What an earlier try left must not be mixed in.
        if fresh.exists() {
            fs::remove_dir_all(fresh).map_err(io_failed)?;
        }
        let db = open::config(fresh).open().map_err(failed)?;
        for name in [RECORDS, META, CIRCLES] {
            let (from, to) = (self.sled()?.db.open_tree(name), db.open_tree(name));
            let (from, to) = (from.map_err(failed)?, to.map_err(failed)?);
            let (mut batch, mut waiting) = (sled::Batch::default(), 0_usize);
            for entry in from.iter() {
                let (key, value) = entry.map_err(failed)?;
                batch.insert(key, value);
                waiting = waiting.saturating_add(1);
                if waiting == BATCH {
                    self.faults.check(Operation::Write).map_err(io_failed)?;
                    to.apply_batch(std::mem::take(&mut batch)).map_err(failed)?;
                    waiting = 0;
                }
            }
            self.faults.check(Operation::Write).map_err(io_failed)?;
            to.apply_batch(batch).map_err(failed)?;
        }
        db.flush().map_err(failed)?;
        drop(db);
        self.faults.check(Operation::Sync).map_err(io_failed)?;
        let durable = || -> io::Result<()> {
            fs::File::open(fresh.join(LOG))?.sync_all()?;
            sync_folder(&fresh.join(LOG))
        };
        durable().map_err(io_failed)
    }
}

/// The trees of a store.
pub(crate) const RECORDS: &str = "records";
pub(crate) const META: &str = "meta";
pub(crate) const CIRCLES: &str = "circles";
