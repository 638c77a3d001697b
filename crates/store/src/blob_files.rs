//! Blobs: files that are named by the hash of what they hold.
//!
//! A file is written under another name and renamed when it is whole; what a power cut or a bad card makes of it
//! is noticed when it is read, since it does not have its hash then.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use protocol::Blob;
use protocol::limits::{MAX_BEGUN, MAX_BLOB};
use record::{Hash, Timestamp};

/// The blobs of one folder. All methods may be called from any thread.
#[derive(Debug)]
pub struct BlobFiles {
    folder: PathBuf,
    known: Mutex<BTreeMap<Hash, Kept>>,
}

#[derive(Debug, Clone, Copy)]
struct Kept {
    size: u32,
    used: Timestamp,
}

/// Where the beginnings of blobs lie.
const PARTS: &str = "parts";
/// How a file is called that is not whole yet.
const NEW: &str = "new";
/// When something was used is written down once a day: a card lives longer that is not written to. Milliseconds.
const NOTE_USE: u64 = 24 * 60 * 60 * 1000;

impl BlobFiles {
    /// Opens a folder, making it if need be. What is not whole is thrown away, except a few beginnings.
    ///
    /// # Errors
    /// If it can not be read or written.
    pub fn open(folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder.join(PARTS))?;
        let mut known = BTreeMap::new();
        for shelf in fs::read_dir(folder)? {
            let shelf = shelf?.path();
            if !shelf.is_dir() || shelf.ends_with(PARTS) {
                continue;
            }
            for file in fs::read_dir(&shelf)? {
                let file = file?;
                let about = file.metadata()?;
                let size = u32::try_from(about.len()).ok().filter(|size| (1..=MAX_BLOB).contains(size));
                let hash = file.file_name().to_str().and_then(Hash::from_hex);
                match hash.zip(size).filter(|(hash, _)| path(folder, *hash) == file.path()) {
                    Some((hash, size)) => {
                        let used = about.modified().unwrap_or(UNIX_EPOCH);
                        known.insert(hash, Kept { size, used: timestamp(used) });
                    }
                    None => remove(&file.path())?,
                }
            }
        }
        Ok(Self { folder: folder.to_owned(), known: Mutex::new(known) })
    }

    /// All blobs, the ones that were not used for the longest time first.
    #[must_use]
    pub fn all(&self) -> Vec<Blob> {
        let known = self.known();
        let mut all: Vec<_> = known.iter().map(|(hash, kept)| (kept.used, *hash, kept.size)).collect();
        all.sort_unstable();
        all.into_iter().map(|(_, hash, size)| Blob { hash, size }).collect()
    }

    /// How many bytes they have together.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.known().values().map(|kept| u64::from(kept.size)).sum()
    }

    /// Whether there is one.
    #[must_use]
    pub fn has(&self, hash: Hash) -> bool {
        self.known().contains_key(&hash)
    }

    /// A whole blob, if it is there. One whose file is damaged is not: the file is thrown away.
    #[must_use]
    pub fn read(&self, hash: Hash) -> Option<Vec<u8>> {
        if !self.has(hash) {
            return None;
        }
        match read_to(&path(&self.folder, hash), MAX_BLOB.into()) {
            Ok(bytes) if Hash::of(&bytes) == hash => Some(bytes),
            Ok(_) => {
                tracing::warn!(%hash, "a photo's file is damaged, and thrown away");
                self.remove(hash);
                None
            }
            Err(error) => {
                tracing::warn!(%hash, %error, "a photo can not be read");
                if error.kind() == io::ErrorKind::NotFound {
                    self.known().remove(&hash);
                }
                None
            }
        }
    }

    /// The same for a person who looks at it: it was used then, and is kept longer than others.
    #[must_use]
    pub fn look_at(&self, hash: Hash, now: Timestamp) -> Option<Vec<u8>> {
        let bytes = self.read(hash)?;
        let before = self.known().get_mut(&hash).map(|kept| std::mem::replace(&mut kept.used, now));
        if before.is_some_and(|before| now.since(before) > NOTE_USE) {
            let when = UNIX_EPOCH + Duration::from_millis(now.millis());
            let file = OpenOptions::new().append(true).open(path(&self.folder, hash));
            // Why: that it is not noted costs a photo its place in the order, and nothing else.
            let _ = file.and_then(|file| file.set_modified(when));
        }
        Some(bytes)
    }

    /// Keeps a blob, and forgets its beginning. `durable`: nobody else has it, so that it has to be on the disk
    /// when this returns.
    ///
    /// # Errors
    /// If it can not be written.
    pub fn put(&self, blob: Blob, bytes: &[u8], durable: bool, now: Timestamp) -> io::Result<()> {
        let path = path(&self.folder, blob.hash);
        let shelf = path.parent().unwrap_or(&self.folder);
        fs::create_dir_all(shelf)?;
        let new = path.with_extension(NEW);
        let mut file = File::create(&new)?;
        file.write_all(bytes)?;
        if durable {
            file.sync_all()?;
        }
        drop(file);
        fs::rename(&new, &path)?;
        #[cfg(unix)]
        if durable {
            File::open(shelf)?.sync_all()?;
            File::open(&self.folder)?.sync_all()?;
        }
        self.known().insert(blob.hash, Kept { size: blob.size, used: now });
        self.forget_part(blob);
        Ok(())
    }

    /// Forgets a blob.
    pub fn remove(&self, hash: Hash) {
        if self.known().remove(&hash).is_some()
            && let Err(error) = remove(&path(&self.folder, hash))
        {
            tracing::warn!(%hash, %error, "a photo's file can not be removed");
        }
    }

    /// Keeps a part of a blob that follows the first `offset` bytes, if these are kept.
    ///
    /// # Errors
    /// If it can not be written.
    pub fn put_part(&self, blob: Blob, offset: u32, bytes: &[u8]) -> io::Result<()> {
        let path = self.part(blob);
        let mut file = OpenOptions::new().create(true).append(true).open(&path)?;
        if offset == 0 {
            file.set_len(0)?;
        }
        if file.metadata()?.len() == u64::from(offset) {
            file.write_all(bytes)?;
        }
        Ok(())
    }

    /// Forgets the beginning of a blob.
    pub fn forget_part(&self, blob: Blob) {
        if let Err(error) = remove(&self.part(blob)) {
            tracing::warn!(hash = %blob.hash, %error, "a part of a photo can not be removed");
        }
    }

    /// A few beginnings of blobs; others are thrown away.
    ///
    /// # Errors
    /// If they can not be read.
    pub fn parts(&self) -> io::Result<Vec<(Blob, Vec<u8>)>> {
        let mut parts = Vec::new();
        for file in fs::read_dir(self.folder.join(PARTS))? {
            let file = file?;
            let named = file.file_name().to_str().and_then(blob_of);
            match named.filter(|blob| parts.len() < MAX_BEGUN && !self.has(blob.hash)) {
                Some(blob) => parts.push((blob, read_to(&file.path(), blob.size.into())?)),
                None => remove(&file.path())?,
            }
        }
        Ok(parts)
    }

    fn part(&self, blob: Blob) -> PathBuf {
        self.folder.join(PARTS).join(format!("{}-{}", blob.hash, blob.size))
    }

    fn known(&self) -> MutexGuard<'_, BTreeMap<Hash, Kept>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where a blob lies: in one of 256 folders, so that none has too many files.
fn path(folder: &Path, hash: Hash) -> PathBuf {
    let name = hash.to_string();
    folder.join(name.get(..2).unwrap_or_default()).join(name)
}

fn blob_of(name: &str) -> Option<Blob> {
    let (hash, size) = name.split_once('-')?;
    let blob = Blob { hash: Hash::from_hex(hash)?, size: size.parse().ok()? };
    (blob.size <= MAX_BLOB).then_some(blob)
}

/// At most so many bytes of a file.
fn read_to(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Removes a file, if it is there.
fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

fn timestamp(time: SystemTime) -> Timestamp {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_790_000_000_000);

    fn blob(bytes: &[u8]) -> Blob {
        Blob { hash: Hash::of(bytes), size: u32::try_from(bytes.len()).unwrap() }
    }

    fn file(dir: &tempfile::TempDir, blob: Blob) -> PathBuf {
        path(dir.path(), blob.hash)
    }

    #[test]
    fn a_blob_is_there_again_after_a_restart_until_it_is_removed() {
        let dir = tempfile::tempdir().unwrap();
        let bytes = b"a photo".to_vec();
        let one = blob(&bytes);
        let files = BlobFiles::open(dir.path()).unwrap();
        files.put(one, &bytes, true, NOW).unwrap();
        assert!(file(&dir, one).ends_with(format!("{}/{}", &one.hash.to_string()[..2], one.hash)));
        let files = BlobFiles::open(dir.path()).unwrap();
        assert_eq!((files.all(), files.bytes()), (vec![one], 7));
        assert_eq!(files.read(one.hash), Some(bytes));
        files.remove(one.hash);
        assert_eq!(files.read(one.hash), None);
        assert!(!file(&dir, one).exists());
    }

    #[test]
    fn a_damaged_file_is_not_given_to_anybody() {
        let dir = tempfile::tempdir().unwrap();
        let bytes = vec![7; 5_000];
        let one = blob(&bytes);
        let files = BlobFiles::open(dir.path()).unwrap();
        files.put(one, &bytes, false, NOW).unwrap();
        fs::write(file(&dir, one), &bytes[..4_000]).unwrap();
        let files = BlobFiles::open(dir.path()).unwrap();
        assert!(files.has(one.hash));
        assert_eq!(files.read(one.hash), None);
        assert!(!files.has(one.hash) && !file(&dir, one).exists());
    }

    #[test]
    fn parts_follow_each_other_and_survive_a_restart() {
        let dir = tempfile::tempdir().unwrap();
        let bytes: Vec<u8> = (0..200_u8).collect();
        let one = blob(&bytes);
        let files = BlobFiles::open(dir.path()).unwrap();
        files.put_part(one, 0, &bytes[..50]).unwrap();
        files.put_part(one, 50, &bytes[50..80]).unwrap();
        files.put_part(one, 120, &bytes[120..]).unwrap();
        let files = BlobFiles::open(dir.path()).unwrap();
        assert_eq!(files.parts().unwrap(), [(one, bytes[..80].to_vec())]);
        files.put_part(one, 0, &bytes[..10]).unwrap();
        assert_eq!(files.parts().unwrap(), [(one, bytes[..10].to_vec())]);
        files.put(one, &bytes, false, NOW).unwrap();
        assert_eq!(files.parts().unwrap(), []);
    }

    #[test]
    fn what_somebody_looked_at_last_is_given_up_last() {
        let dir = tempfile::tempdir().unwrap();
        let files = BlobFiles::open(dir.path()).unwrap();
        let blobs: Vec<_> = (0..3_u8).map(|number| vec![number; 10]).collect();
        for (bytes, later) in blobs.iter().zip(0..) {
            files.put(blob(bytes), bytes, false, NOW.plus_millis(later)).unwrap();
        }
        let order = |order: [usize; 3]| order.map(|at| blob(&blobs[at])).to_vec();
        assert!(files.read(order([0, 1, 2])[0].hash).is_some());
        assert_eq!(files.all(), order([0, 1, 2]), "that a peer gets it is no use of it");
        let later = NOW.plus_days(2);
        assert!(files.look_at(order([0, 1, 2])[0].hash, later).is_some());
        assert_eq!(files.all(), order([1, 2, 0]));
        let files = BlobFiles::open(dir.path()).unwrap();
        assert_eq!(files.known().get(&order([0, 1, 2])[0].hash).map(|kept| kept.used), Some(later), "noted");
    }

    #[test]
    fn files_of_other_names_are_no_blobs() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("ab")).unwrap();
        for name in ["ab/xyz", "ab/../ab/half.new"] {
            fs::write(dir.path().join(name), "x").unwrap();
        }
        fs::create_dir_all(dir.path().join(PARTS)).unwrap();
        fs::write(dir.path().join(PARTS).join("x-5"), "x").unwrap();
        let files = BlobFiles::open(dir.path()).unwrap();
        assert_eq!(files.all(), []);
        assert_eq!(files.parts().unwrap(), []);
        assert_eq!(fs::read_dir(dir.path().join("ab")).unwrap().count(), 0);
    }
}
