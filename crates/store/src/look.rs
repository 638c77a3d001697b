//! How a data folder is, without a change to it.
//!
//! sled writes when it opens, and opening mends. So a store that nobody has open is copied beside itself, and the
//! copy is opened, under the same watch; then it is deleted. That needs as much room as the store takes.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use protocol::StoreError;
use record::{CircleId, Record};

use crate::faults::Faults;
use crate::journal::{Found, Journal};
use crate::layout;
use crate::open::{self, aside, copy, named, newest, stores};
use crate::room::PROBE;
use crate::sled_store::{JOURNAL, SledStore, failed, io_failed, number};

/// The copy.
const COPY: &str = "records.look";
/// How files are called that are not whole yet.
const NEW: &str = ".new";

/// What a data folder holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Look {
    /// Why the records can not be read as they are, or were not looked at.
    pub problem: Option<String>,
    /// The layout of the records; none if they can not be read.
    pub layout: Option<u32>,
    /// The circles that are kept, with the number of their records.
    pub circles: BTreeMap<CircleId, u64>,
    /// How many records can not be read.
    pub damaged: u64,
    /// How many bytes keys and values have.
    pub live: u64,
    /// How many bytes the store takes on the disk.
    pub disk: u64,
    /// The journal; none if there is no such file.
    pub journal: Option<JournalLook>,
    /// Damaged stores that were set aside, with the bytes that they take.
    pub aside: Vec<(PathBuf, u64)>,
    /// Files that were being written when power went.
    pub left_over: Vec<PathBuf>,
    /// How many bytes are free on the disk; none if the system does not tell.
    pub free: Option<u64>,
}

/// How the journal is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JournalLook {
    /// How many bytes it has.
    pub bytes: u64,
    /// How many records.
    pub records: usize,
    /// How many bytes at its end were being written when power went.
    pub torn: u64,
    /// How many bytes between good entries are damaged.
    pub damaged: u64,
    /// The notes in it.
    pub notes: BTreeMap<String, Vec<u8>>,
}

/// Looks at a data folder that nobody has open, and gives each record to `each`.
///
/// # Errors
/// If the folder can not be read.
pub fn look(data: &Path, each: &mut dyn FnMut(CircleId, &Record)) -> io::Result<Look> {
    let mut look = about(data)?;
    let copied = data.join(COPY);
    look.problem = look_at_copy(data, &copied, &mut look, each).err();
    if copied.exists() {
        fs::remove_dir_all(copied)?;
    }
    Ok(look)
}

/// Deletes files that were being written when power went.
///
/// # Errors
/// If one can not be deleted.
pub fn remove_left_over(data: &Path) -> io::Result<()> {
    for path in left_over(data)? {
        if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }?;
    }
    Ok(())
}

fn look_at_copy(
    data: &Path,
    copied: &Path,
    look: &mut Look,
    each: &mut dyn FnMut(CircleId, &Record),
) -> Result<(), String> {
    let said = |error: io::Error| error.to_string();
    let folder = named(data, newest(data).map_err(said)?);
    if !folder.exists() {
        return Err("there are none".to_owned());
    }
    if look.free.is_some_and(|free| free <= look.disk) {
        return Err("there is no room on the disk for a copy to look at".to_owned());
    }
    if copied.exists() {
        fs::remove_dir_all(copied).map_err(said)?;
    }
    copy(&folder, copied, &|_| true).map_err(said)?;
    let (db, live) = open::attempt(copied).map_err(|failure| failure.to_string())?;
    look.live = live;
    read(&db, look, each).map_err(|error| error.to_string())
}

/// Reads all that sled holds.
fn read(db: &sled::Db, look: &mut Look, each: &mut dyn FnMut(CircleId, &Record)) -> sled::Result<()> {
    use crate::compact::{CIRCLES, META, RECORDS};
    use crate::sled_store::LAYOUT;
    look.layout = db.open_tree(META)?.get(LAYOUT)?.map(|bytes| number(&bytes));
    for entry in db.open_tree(CIRCLES)?.iter() {
        if let Ok(circle) = <[u8; 32]>::try_from(entry?.0.as_ref()) {
            look.circles.insert(CircleId::from_bytes(circle), 0);
        }
    }
    let records = db.open_tree(RECORDS)?;
    for entry in records.iter() {
        let (key, value) = entry?;
        // Why: see `SledStore::each`.
        records.contains_key(&key)?;
        let circle = key.first_chunk::<32>().map(|circle| CircleId::from_bytes(*circle));
        match circle.zip(layout::record(&value)) {
            Some((circle, record)) => {
                let count = look.circles.entry(circle).or_default();
                *count = count.saturating_add(1);
                each(circle, &record);
            }
            None => look.damaged = look.damaged.saturating_add(1),
        }
    }
    Ok(())
}

/// What the folder tells without sled.
fn about(data: &Path) -> io::Result<Look> {
    let mut look = Look { free: fs2::available_space(data).ok(), ..Look::default() };
    let path = data.join(JOURNAL);
    if path.exists() {
        let (journal, Found { torn, damaged, new: _ }) = Journal::look(&path, Faults::default())?;
        let notes = journal.notes().map(|(name, _, value)| (name.to_owned(), value.to_owned()));
        look.journal = Some(JournalLook {
            bytes: fs::metadata(&path)?.len(),
            records: journal.places().count(),
            torn,
            damaged,
            notes: notes.collect(),
        });
    }
    let folder = named(data, newest(data)?);
    look.disk = if folder.exists() { size(&folder)? } else { 0 };
    for path in aside(data)? {
        let bytes = size(&path)?;
        look.aside.push((path, bytes));
    }
    look.left_over = left_over(data)?;
    Ok(look)
}

fn left_over(data: &Path) -> io::Result<Vec<PathBuf>> {
    let newest = newest(data)?;
    let mut left: Vec<PathBuf> =
        stores(data)?.into_iter().filter(|(number, _)| *number < newest).map(|(_, folder)| folder).collect();
    for entry in fs::read_dir(data)? {
        let path = entry?.path();
        let is_left = path
            .file_name()
            .and_then(|name| name.to_str())
            .is_some_and(|name| name.ends_with(NEW) || name == PROBE || name == COPY);
        left.extend(is_left.then_some(path));
    }
    left.sort();
    Ok(left)
}

/// How many bytes the files below a folder have.
fn size(folder: &Path) -> io::Result<u64> {
    let mut bytes = 0_u64;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let more = if entry.file_type()?.is_dir() { size(&entry.path())? } else { entry.metadata()?.len() };
        bytes = bytes.saturating_add(more);
    }
    Ok(bytes)
}

/// Writing the store anew is worth it when it takes so many times what its keys and values have…
const WORTH_TIMES: u64 = 3;
/// …and so much more, in bytes.
const WORTH_MORE: u64 = 1024 * 1024;

impl SledStore {
    /// How the store is that is open, and the folder around it.
    ///
    /// # Errors
    /// If it can not be read.
    pub fn look(&mut self, each: &mut dyn FnMut(CircleId, &Record)) -> Result<Look, StoreError> {
        let mut look = about(&self.data).map_err(io_failed)?;
        let sled = self.sled()?;
        read(&sled.db, &mut look, each).map_err(failed)?;
        look.live = self.live()?;
        look.disk = self.size()?;
        Ok(look)
    }

    /// Writes the journal anew out of what is whole in it and what sled holds.
    ///
    /// # Errors
    /// If it can not be written.
    pub fn mend_journal(&mut self) -> Result<(), StoreError> {
        protocol::Store::secure(self)?;
        let (journal, found) =
            Journal::open(&self.data.join(JOURNAL), Faults::default()).map_err(io_failed)?;
        self.journal = journal;
        let mended = self.repair(found, layout::VERSION)?;
        self.mended.extend(mended);
        protocol::Store::sync(self)
    }

    /// Writes the store anew if that saves room, and says whether it did.
    ///
    /// # Errors
    /// See [`SledStore::compact`].
    pub fn compact_if_worth(&mut self) -> Result<bool, StoreError> {
        let worth = self.live()?.saturating_mul(WORTH_TIMES).saturating_add(WORTH_MORE);
        let worth = self.size()? > worth;
        if worth {
            self.compact()?;
        }
        Ok(worth)
    }

    fn live(&self) -> Result<u64, StoreError> {
        open::read_through(&self.sled()?.db).map_err(failed)
    }
}

#[cfg(test)]
mod tests;
