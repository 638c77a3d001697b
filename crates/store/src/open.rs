//! Opening a folder, with a limit in time: a damaged log can make sled wait for ever.

use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

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
    /// Opening does not end.
    #[error(
        "{0} does not open: it may be damaged. Move it away; the node then fetches the circles' records \
         from its peers again"
    )]
    Stuck(PathBuf),
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

/// How long opening may take. A healthy store of 100,000 records takes less than a second.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long a lock on the log is waited for. The node's own lock says that nobody else has the folder; but a
/// program that this process is just starting holds all open files until it has begun.
const LOCK_PATIENCE: Duration = Duration::from_secs(5);
const LOCK_PAUSE: Duration = Duration::from_millis(20);
/// What a Raspberry Pi can spare; sled's default is a gigabyte.
const CACHE: u64 = 4 * 1024 * 1024;

/// Opens sled's database in a folder.
pub(crate) fn open(folder: &Path) -> Result<sled::Db, OpenError> {
    let failed = |reason: String| OpenError::Folder { folder: folder.to_owned(), reason };
    let config = sled::Config::new()
        .path(folder)
        .cache_capacity(CACHE)
        .mode(sled::Mode::LowSpace)
        // When to write is ours to say.
        .flush_every_ms(None);
    let (done, opened) = mpsc::channel();
    let opener = thread::Builder::new().name("store-open".into()).spawn(move || {
        // Nobody listens any more if it took too long.
        let _ = done.send(open_unlocked(&config));
    });
    opener.map_err(|error| failed(error.to_string()))?;
    match opened.recv_timeout(PATIENCE) {
        Ok(Ok(db)) => Ok(db),
        Ok(Err(error)) => Err(failed(error.to_string())),
        Err(mpsc::RecvTimeoutError::Timeout) => Err(OpenError::Stuck(folder.to_owned())),
        // Its thread panicked: sled does that on some damage.
        Err(mpsc::RecvTimeoutError::Disconnected) => Err(OpenError::Stuck(folder.to_owned())),
    }
}

/// Opens the database once its log is not locked any more.
fn open_unlocked(config: &sled::Config) -> sled::Result<sled::Db> {
    let begun = Instant::now();
    loop {
        match config.open() {
            // Why: sled tells it by these words alone.
            Err(sled::Error::Io(error))
                if error.to_string().contains("could not acquire lock")
                    && begun.elapsed() < LOCK_PATIENCE =>
            {
                thread::sleep(LOCK_PAUSE);
            }
            opened => return opened,
        }
    }
}
