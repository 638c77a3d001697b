//! Opening that always ends: with a limit in time, and with what to do when it fails.
//!
//! A damaged log can make sled fail, panic or wait for ever. What does not open in time, or can not be read to
//! its end, is set aside, and tried again without sled's snapshots; if that does not help, an empty store
//! takes its place. Each try has a folder of its own: a thread that still waits for the one before
//! must not write into the next.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use record::Date;

use crate::journal::sync_folder;
use crate::mended::Mended;
use crate::room;
use crate::sled_store::disk;

/// Why a store can not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The folder can not be read or written.
    #[error("{folder} can not be opened: {reason}")]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// What the system or sled says.
        reason: String,
    },
    /// Another process has it.
    #[error("{0} is in use by another process: end that first")]
    InUse(PathBuf),
    /// The folder was written by another version.
    #[error("{folder} has layout {found}, this version knows {known}: use the version that wrote it")]
    Layout {
        /// The folder.
        folder: PathBuf,
        /// What it has.
        found: u32,
        /// What is known here.
        known: u32,
    },
}

/// How long opening may take at least, and so much more for each of [`MORE_BYTES`]. A healthy store of 100,000
/// records (60 MB) takes a second on a small computer.
const PATIENCE: Duration = Duration::from_secs(4);
const MORE: Duration = Duration::from_secs(1);
const MORE_BYTES: u64 = 32 * 1024 * 1024;
/// How long a lock on the log is waited for. The node's own lock says that nobody else has the folder; but a
/// program that this process is just starting holds all open files until it has begun.
const LOCK_PATIENCE: Duration = Duration::from_secs(5);
const LOCK_PAUSE: Duration = Duration::from_millis(20);
/// What a Raspberry Pi can spare; sled's default is a gigabyte.
const CACHE: u64 = 4 * 1024 * 1024;
/// How many stores that were set aside are kept: the newest.
const KEPT_ASIDE: usize = 2;

/// The folder inside the node's data folder; later ones have a number behind it.
const FOLDER: &str = "records";
const ASIDE: &str = "records.damaged-";
const FRESH: &str = "records.new";
/// sled's log inside it, and how its snapshots' names begin.
pub(crate) const LOG: &str = "db";
const SNAPSHOT: &str = "snap.";
/// How the name of one ends that is not whole yet.
const BEGUN: &str = ".generating";

/// An open store, where it lies, and what had to be done for it.
pub(crate) struct Opened {
    pub(crate) db: sled::Db,
    pub(crate) folder: PathBuf,
    pub(crate) mended: Vec<Mended>,
    /// How many bytes its keys and values have.
    pub(crate) live: u64,
}

/// Why one try failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// Nothing is wrong with the data: the system or another process is in the way.
    #[error(transparent)]
    Outside(OpenError),
    #[error("{0}")]
    Damaged(String),
}

/// Opens the newest store in a data folder, whatever its state.
pub(crate) fn open(data: &Path, today: Date) -> Result<Opened, OpenError> {
    let opened = open_newest(data, today)?;
    // What is older was being replaced when power went.
    if let Ok(folders) = stores(data) {
        for (_, folder) in folders.into_iter().filter(|(_, folder)| *folder != opened.folder) {
            let _ = fs::remove_dir_all(folder);
        }
    }
    let _ = fs::remove_dir_all(fresh(data));
    Ok(opened)
}

/// Where a new store is written, before it takes the place of the one in use.
pub(crate) fn fresh(data: &Path) -> PathBuf {
    data.join(FRESH)
}

/// Lets a store that is whole and closed take the place of the one in use.
pub(crate) fn take_place(data: &Path, fresh: &Path) -> io::Result<()> {
    let next = named(data, newest(data)?.saturating_add(1));
    fs::rename(fresh, &next)?;
    sync_folder(&next)
}

/// Deletes the damaged stores that were set aside.
pub(crate) fn forget_aside(data: &Path) -> io::Result<()> {
    aside(data)?.into_iter().try_for_each(fs::remove_dir_all)
}

/// sled's settings.
pub(crate) fn config(folder: &Path) -> sled::Config {
    sled::Config::new()
        .path(folder)
        .cache_capacity(CACHE)
        .mode(sled::Mode::LowSpace)
        // When to write is ours to say.
        .flush_every_ms(None)
}

fn open_newest(data: &Path, today: Date) -> Result<Opened, OpenError> {
    let failed = |error: &io::Error| OpenError::Folder { folder: data.to_owned(), reason: disk(error) };
    let number = newest(data).map_err(|error| failed(&error))?;
    let folder = named(data, number);
    let reason = match attempt(&folder) {
        Ok((db, live)) => return Ok(Opened { db, folder, mended: Vec::new(), live }),
        Err(Failure::Outside(error)) => return Err(error),
        Err(Failure::Damaged(reason)) => reason,
    };
    // What a full disk makes of it is no damage.
    room::check(data).map_err(|error| failed(&error))?;
    tracing::warn!(folder = %folder.display(), %reason, "the store is damaged");
    let aside = set_aside(data, &folder, today).map_err(|error| failed(&error))?;
    let second = named(data, number.saturating_add(1));
    // sled makes its snapshots again from its log.
    if copy(&aside, &second, &|name| !name.starts_with(SNAPSHOT)).is_ok()
        && let Ok((db, live)) = attempt(&second)
    {
        let mended = vec![Mended::WithoutSnapshots { aside, reason }];
        return Ok(Opened { db, folder: second, mended, live });
    }
    // A thread may still hold it open; what it holds is nobody's any more.
    let _ = fs::remove_dir_all(&second);
    let third = named(data, number.saturating_add(2));
    match attempt(&third) {
        Ok((db, live)) => {
            Ok(Opened { db, folder: third, mended: vec![Mended::Anew { aside, reason }], live })
        }
        Err(Failure::Outside(error)) => Err(error),
        Err(Failure::Damaged(reason)) => Err(OpenError::Folder { folder: third, reason }),
    }
}

/// Opens a folder and reads all that is in it, in a thread of its own.
pub(crate) fn attempt(folder: &Path) -> Result<(sled::Db, u64), Failure> {
    let config = config(folder);
    if folder.exists() && !folder.is_dir() {
        let reason = "there is a file where the store's folder belongs: move it away".to_owned();
        return Err(Failure::Outside(OpenError::Folder { folder: folder.to_owned(), reason }));
    }
    forget_begun_snapshots(folder);
    let size = fs::metadata(folder.join(LOG)).map_or(0, |log| log.len());
    let more = u32::try_from(size / MORE_BYTES).unwrap_or(u32::MAX);
    let patience = PATIENCE.saturating_add(MORE.saturating_mul(more));
    let (done, opened) = mpsc::channel();
    let opener = thread::Builder::new().name("store-open".into()).spawn(move || {
        let opened = open_unlocked(&config).and_then(|db| read_through(&db).map(|live| (db, live)));
        // Nobody listens any more if it took too long.
        let _ = done.send(opened);
    });
    opener.map_err(|error| {
        Failure::Outside(OpenError::Folder { folder: folder.to_owned(), reason: error.to_string() })
    })?;
    match opened.recv_timeout(patience) {
        Ok(Ok(opened)) => Ok(opened),
        Ok(Err(sled::Error::Io(error))) if is_locked(&error) => {
            Err(Failure::Outside(OpenError::InUse(folder.to_owned())))
        }
        Ok(Err(sled::Error::Io(error))) if is_outside(&error) => {
            Err(Failure::Outside(OpenError::Folder { folder: folder.to_owned(), reason: disk(&error) }))
        }
        Ok(Err(error)) => Err(Failure::Damaged(error.to_string())),
        Err(mpsc::RecvTimeoutError::Timeout) => {
            Err(Failure::Damaged(format!("it did not open within {} seconds", patience.as_secs())))
        }
        // Its thread panicked: sled does that on some damage.
        Err(mpsc::RecvTimeoutError::Disconnected) => Err(Failure::Damaged("opening it failed".to_owned())),
    }
}

/// Deletes snapshots that sled had not finished when power went, or the disk was full: it stumbles over them.
fn forget_begun_snapshots(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with(SNAPSHOT) && name.ends_with(BEGUN) {
            // Where it stays, the store is opened without any snapshots.
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Reads everything once, since sled finds some damage only then; and counts it, in bytes.
pub(crate) fn read_through(db: &sled::Db) -> sled::Result<u64> {
    let mut live = 0_u64;
    for name in db.tree_names() {
        let tree = db.open_tree(name)?;
        for entry in tree.iter() {
            let (key, value) = entry?;
            live = live.saturating_add((key.len().saturating_add(value.len())) as u64);
            // Why: see `SledStore::each`.
            tree.contains_key(&key)?;
        }
    }
    Ok(live)
}

/// Opens the database once its log is not locked any more.
fn open_unlocked(config: &sled::Config) -> sled::Result<sled::Db> {
    let begun = Instant::now();
    loop {
        match config.open() {
            Err(sled::Error::Io(error)) if is_locked(&error) && begun.elapsed() < LOCK_PATIENCE => {
                thread::sleep(LOCK_PAUSE);
            }
            opened => return opened,
        }
    }
}

/// Why: sled tells it by these words alone.
fn is_locked(error: &io::Error) -> bool {
    error.to_string().contains("could not acquire lock")
}

/// Whether a new store in the same place would fail as well.
fn is_outside(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::StorageFull
    )
}

pub(crate) fn named(data: &Path, number: u32) -> PathBuf {
    data.join(if number <= 1 { FOLDER.to_owned() } else { format!("{FOLDER}.{number}") })
}

/// The number of the newest store; 1 if there is none.
pub(crate) fn newest(data: &Path) -> io::Result<u32> {
    Ok(stores(data)?.into_iter().map(|(number, _)| number).max().unwrap_or(1))
}

/// All stores in a data folder, by their numbers.
pub(crate) fn stores(data: &Path) -> io::Result<Vec<(u32, PathBuf)>> {
    let mut stores = Vec::new();
    for entry in fs::read_dir(data)? {
        let path = entry?.path();
        let number = path.file_name().and_then(|name| match name.to_str()?.strip_prefix(FOLDER)? {
            "" => Some(1),
            rest => rest.strip_prefix('.')?.parse().ok(),
        });
        stores.extend(number.map(|number| (number, path)));
    }
    Ok(stores)
}

/// The damaged stores that were set aside, the oldest first.
pub(crate) fn aside(data: &Path) -> io::Result<Vec<PathBuf>> {
    let mut all = Vec::new();
    for entry in fs::read_dir(data)? {
        let path = entry?.path();
        if path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with(ASIDE)) {
            all.push(path);
        }
    }
    all.sort();
    Ok(all)
}

/// Gives a damaged store another name, with the date in it, and lets go of older ones.
fn set_aside(data: &Path, folder: &Path, today: Date) -> io::Result<PathBuf> {
    let name = |try_number: u32| match try_number {
        0 => data.join(format!("{ASIDE}{today}")),
        again => data.join(format!("{ASIDE}{today}.{again}")),
    };
    let aside = (0..).map(name).find(|path| !path.exists()).unwrap_or_else(|| name(0));
    fs::rename(folder, &aside)?;
    let all = self::aside(data)?;
    let surplus = all.len().saturating_sub(KEPT_ASIDE);
    for old in all.into_iter().filter(|path| *path != aside).take(surplus) {
        // What stays costs room and nothing else.
        let _ = fs::remove_dir_all(old);
    }
    Ok(aside)
}

/// Copies a store, or those files of it whose names are wanted.
pub(crate) fn copy(from: &Path, to: &Path, wanted: &dyn Fn(&str) -> bool) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (name, target) = (entry.file_name(), to.join(entry.file_name()));
        if !wanted(&name.to_string_lossy()) {
            continue;
        }
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target, wanted)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
