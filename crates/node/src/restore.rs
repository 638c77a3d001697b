//! A backup becomes a node again, on another machine.
//!
//! Nothing in the file is believed: keys have to be keys, each record's signature is checked, and whether it counts
//! is found out when the node starts, as always. While it goes on a mark stands in the folder; a folder with that mark
//! is no node's, and the next try begins anew.

use std::fs;
use std::io::Read;
use std::path::Path;
use std::time::SystemTime;

use protocol::limits::MAX_BLOB;
use protocol::{Batch, Blob, Store as _, StoreError};
use record::{CircleId, Hash, KnownKeys, Record, RecordId, Signed, Timestamp, Verified};
use serde::{Deserialize, Serialize};
use store::{BlobFiles, SledStore};

use crate::backup::{BackupError, BackupReader, Part, files, notes};
use crate::clock::shown;
use crate::cores;
use crate::error::NodeError;
use crate::folder::{Folder, RESTORING};
use crate::identity::{self, Identity, Notes};
use crate::keys::HEARD;
use crate::photos;
use crate::secrets::Secrets;

/// How many bytes of the file are read at a time.
const PIECE: usize = 64 * 1024;
/// How many records are verified together.
const TOGETHER: usize = 512;
/// How many circles a node may have.
const MAX_CIRCLES: usize = 1_024;

/// What came out of a backup.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RestoredJson {
    /// Whose node it is: a `did:key`.
    pub member: String,
    /// When the backup was made: Unix milliseconds.
    pub made: u64,
    /// How many circles it keeps.
    pub circles: usize,
    /// How many records are back.
    pub records: u64,
    /// How many were refused, since they are not as they were signed.
    pub rejected: u64,
    /// How many photos and thumbnails are back.
    pub photos: u64,
    /// Why some of it is missing.
    pub problem: Option<String>,
}

/// Makes a node out of a backup, in a folder that holds none. `alone` says that there is no other node that knows
/// newer versions of its things. `tell` hears how far it is.
///
/// # Errors
/// If these are no backup's bytes, or the folder holds a node, or can not be written. Nothing is restored then. A backup
/// that is torn or damaged further on is restored as far as it is whole, and [`RestoredJson::problem`] says so.
pub fn restore(
    data: &Path,
    mut from: impl Read,
    alone: bool,
    mut tell: impl FnMut(&BackupReader),
) -> Result<RestoredJson, NodeError> {
    let (mut reader, mut piece) = (BackupReader::default(), vec![0; PIECE]);
    let made = loop {
        if let Some(part) = reader.part().map_err(|error| foreign(&error))? {
            let Part::Head(made) = part else { return Err(foreign(&BackupError::Shape)) };
            break made;
        }
        match from.read(&mut piece) {
            Ok(0) | Err(_) => return Err(foreign(&BackupError::Torn)),
            Ok(read) => reader.push(&piece[..read]),
        }
    };
    let folder = Folder::take(data)?;
    if !data.join(RESTORING).exists() && parts_of_a_node(data)?.next().is_some() {
        return Err(NodeError::HoldsANode(data.display().to_string()));
    }
    clear(data)?;
    folder.write(RESTORING, b"")?;
    let restored = Restore::begin(&folder).and_then(|mut restore| {
        restore.report.made = made;
        let end = loop {
            match reader.part() {
                Ok(Some(Part::End(_))) => break Ok(()),
                Ok(Some(part)) => restore.take(part)?,
                Ok(None) => match from.read(&mut piece) {
                    Ok(0) | Err(_) => break Err(BackupError::Torn),
                    Ok(read) => {
                        reader.push(&piece[..read]);
                        tell(&reader);
                    }
                },
                Err(error) => break Err(error),
            }
        };
        restore.finish(alone, end.err())
    });
    if restored.is_err() {
        clear(data)?;
    }
    folder.put_away(RESTORING, None)?;
    restored
}

/// A node that is being restored.
struct Restore<'a> {
    folder: &'a Folder,
    store: SledStore,
    photos: BlobFiles,
    circles: Vec<CircleId>,
    waiting: Vec<(CircleId, Record)>,
    keys: KnownKeys,
    now: Timestamp,
    report: RestoredJson,
}

impl<'a> Restore<'a> {
    fn begin(folder: &'a Folder) -> Result<Self, NodeError> {
        let now = shown(SystemTime::now());
        let store = SledStore::open(folder.path(), &[], now.date());
        let store = store.map_err(|error| StoreError(error.to_string()))?;
        let photos = photos::files(folder)?;
        let (circles, waiting, keys) = (Vec::new(), Vec::new(), KnownKeys::default());
        Ok(Self { folder, store, photos, circles, waiting, keys, now, report: RestoredJson::default() })
    }

    fn take(&mut self, part: Part) -> Result<(), NodeError> {
        match part {
            Part::File(name, content) if files().any(|known| known == name) => {
                self.folder.write(&name, &content)?;
            }
            Part::Note(name, content) if notes().any(|known| known == name) => {
                self.store.set_meta(&name, &content)?;
            }
            Part::Circle(circle) if self.circles.len() < MAX_CIRCLES && !self.circles.contains(&circle) => {
                self.store.add_circle(circle)?;
                self.circles.push(circle);
            }
            Part::Record(circle, record) if self.circles.contains(&circle) => {
                self.waiting.push((circle, record));
                if self.waiting.len() >= TOGETHER {
                    self.take_records()?;
                }
            }
            Part::Record(..) => self.report.rejected = self.report.rejected.saturating_add(1),
            Part::Photo(bytes) => self.take_photo(&bytes)?,
            // What a later version may add, and what was there before.
            Part::File(..) | Part::Note(..) | Part::Circle(_) | Part::Head(_) | Part::End(_) => {}
        }
        Ok(())
    }

    fn take_records(&mut self) -> Result<(), NodeError> {
        let waiting = std::mem::take(&mut self.waiting);
        let before = waiting.len();
        let parsed = waiting.into_iter().filter_map(|(circle, record)| {
            let signed = Signed::parse(&record.envelope).ok()?;
            belongs(circle, &signed).then_some((circle, (signed, record.body)))
        });
        let (circles, unverified): (Vec<_>, Vec<_>) = parsed.unzip();
        let verified = circles.into_iter().zip(cores::verify(unverified, &mut self.keys));
        let verified: Vec<(CircleId, Verified)> =
            verified.filter_map(|(circle, record)| Some((circle, record.ok()?))).collect();
        self.report.records = self.report.records.saturating_add(verified.len() as u64);
        let rejected = before.saturating_sub(verified.len()) as u64;
        self.report.rejected = self.report.rejected.saturating_add(rejected);
        for circle in &self.circles {
            let of_circle = verified.iter().filter(|(of, _)| of == circle);
            let put: Vec<(RecordId, Record)> =
                of_circle.map(|(_, record)| (record.id(), record.to_record())).collect();
            if !put.is_empty() {
                self.store.apply(*circle, Batch { put, drop: Vec::new() })?;
            }
        }
        Ok(())
    }

    fn take_photo(&mut self, bytes: &[u8]) -> Result<(), NodeError> {
        let Some(size) = u32::try_from(bytes.len()).ok().filter(|size| (1..=MAX_BLOB).contains(size)) else {
            return Ok(());
        };
        let blob = Blob { hash: Hash::of(bytes), size };
        let kept = self.photos.put(blob, bytes, true, self.now);
        kept.map_err(|error| StoreError(error.to_string()))?;
        self.report.photos = self.report.photos.saturating_add(1);
        Ok(())
    }

    /// Makes sure that this is a node, and all of it durable.
    fn finish(mut self, alone: bool, end: Option<BackupError>) -> Result<RestoredJson, NodeError> {
        if !identity::is_whole(self.folder)? {
            return Err(foreign(&end.unwrap_or(BackupError::Shape)));
        }
        self.take_records()?;
        let mut identity = Identity::load(self.folder)?;
        Secrets::load(self.folder)?;
        // The node may have written more before the old machine was lost: others know.
        let notes = Notes { written_down: true, restored: !alone };
        identity.note(self.folder, notes)?;
        self.store.set_meta(HEARD, b"[]")?;
        self.store.set_own(&[identity.member()])?;
        self.store.sync()?;
        let problem = end.map(|error| {
            format!(
                "{error}: what came before that is restored. If you have another copy of it, restore that one into \
                 another folder; else let the node run: what others have it fetches from them"
            )
        });
        let (member, circles) = (identity.member().to_string(), self.circles.len());
        Ok(RestoredJson { member, circles, problem, ..self.report })
    }
}

/// Whether a record is one of this circle.
fn belongs(circle: CircleId, signed: &Signed) -> bool {
    signed.header().circle == circle || CircleId::founded_by(signed.id()) == circle
}

/// Files that only a node's folder has.
fn parts_of_a_node(data: &Path) -> Result<impl Iterator<Item = fs::DirEntry>, NodeError> {
    let is_part = |entry: &fs::DirEntry| {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let bare = name.strip_suffix(".new").unwrap_or(&name);
        files().any(|known| known == bare)
            || [photos::FOLDER, "journal", "records", "reserve"].contains(&bare)
            || name.starts_with("records.")
    };
    let entries = fs::read_dir(data).map_err(|error| unusable(data, &error))?;
    Ok(entries.filter_map(Result::ok).filter(is_part))
}

/// Deletes what an earlier try left.
fn clear(data: &Path) -> Result<(), NodeError> {
    for entry in parts_of_a_node(data)? {
        let path = entry.path();
        let removed = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        removed.map_err(|error| unusable(&path, &error))?;
    }
    Ok(())
}

fn unusable(path: &Path, error: &std::io::Error) -> NodeError {
    NodeError::Folder { folder: path.display().to_string(), reason: error.to_string() }
}

fn foreign(error: &BackupError) -> NodeError {
    NodeError::Invalid(error.to_string())
}

#[cfg(test)]
mod tests;
