//! The data folder: who owns it, and the small files in it.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use protocol::StoreError;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::error::NodeError;
use crate::identity::random;

/// A node that runs in a folder, as it says itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Running {
    /// The address of its pages and API, such as `127.0.0.1:7377`.
    pub http: String,
    /// Its process.
    pub pid: u32,
}

/// A data folder that this process owns until the value is dropped.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    // Why: the lock ends with the file, also when the process is killed.
    _lock: File,
}

const LOCK: &str = "lock";
const RUNNING: &str = "node.json";
const TOKEN: &str = "api.token";
/// The files that only the owner may read.
const SECRET: [&str; 8] =
    ["root.key", "node.key", "peer.key", "keys.json", "read-secrets.json", "seal.json", TOKEN, "journal"];
/// Says that a backup is being restored into the folder.
pub(crate) const RESTORING: &str = "restoring";

impl Folder {
    /// Opens a node's folder, making it if need be, and takes it for this process.
    ///
    /// # Errors
    /// If it can not be written, or another process owns it, or a backup was not restored into it to the end.
    pub fn open(path: &Path) -> Result<Self, NodeError> {
        let folder = Self::take(path)?;
        if path.join(RESTORING).exists() {
            return Err(NodeError::Unfinished(path.display().to_string()));
        }
        Ok(folder)
    }

    /// Takes a folder for this process, whatever is in it.
    pub(crate) fn take(path: &Path) -> Result<Self, NodeError> {
        let failed = |error: &io::Error| unusable(path, error);
        fs::create_dir_all(path).map_err(|error| failed(&error))?;
        let writable = OpenOptions::new().create(true).truncate(false).write(true).open(path.join(LOCK));
        // On a disk that can only be read a node may still run, since before it was so.
        let lock = match &writable {
            Ok(lock) => lock.try_clone(),
            Err(error) if error.kind() == io::ErrorKind::ReadOnlyFilesystem => File::open(path.join(LOCK)),
            Err(error) => return Err(failed(error)),
        };
        let lock = lock.map_err(|error| failed(&error))?;
        match lock.try_lock() {
            Ok(()) => match writable {
                Ok(lock) => Ok(Self { path: path.to_owned(), _lock: lock }),
                Err(error) => Err(failed(&error)),
            },
            Err(TryLockError::WouldBlock) => Err(NodeError::Owned {
                folder: path.display().to_string(),
                pid: running(path).map(|node| format!(" (process {})", node.pid)).unwrap_or_default(),
            }),
            Err(TryLockError::Error(error)) => Err(failed(&error)),
        }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A small secret out of a file, made by chance if the file is not there.
    pub(crate) fn secret(&self, name: &str) -> Result<[u8; 32], NodeError> {
        if let Some(secret) = self.kept_secret(name)? {
            return Ok(secret);
        }
        let secret = random()?;
        self.keep_secret(name, &secret)?;
        Ok(secret)
    }

    /// The same for a secret that nobody misses: one that is damaged is set aside, and another one made.
    pub(crate) fn secret_or_anew(&self, name: &str) -> Result<[u8; 32], NodeError> {
        if let Err(NodeError::BadKey(file)) = self.kept_secret(name) {
            tracing::warn!(%file, "the file was damaged and set aside; a new one is made");
            self.set_aside(name)?;
        }
        self.secret(name)
    }

    /// Gives a damaged file a name under which nobody looks for it.
    pub(crate) fn set_aside(&self, name: &str) -> Result<(), NodeError> {
        self.put_away(name, Some(&format!("{name}.damaged")))
    }

    /// A small secret out of a file, if the file is there.
    pub(crate) fn kept_secret(&self, name: &str) -> Result<Option<[u8; 32]>, NodeError> {
        let Some(text) = self.read(name)?.map(Zeroizing::new) else { return Ok(None) };
        let bytes = data_encoding::HEXLOWER.decode(text.trim().as_bytes()).ok().map(Zeroizing::new);
        let bytes = bytes.and_then(|bytes| bytes.as_slice().try_into().ok());
        bytes.map(Some).ok_or_else(|| NodeError::BadKey(self.shown(name)))
    }

    /// Writes a small secret into a file.
    pub(crate) fn keep_secret(&self, name: &str, secret: &[u8; 32]) -> Result<(), NodeError> {
        let text = Zeroizing::new(format!("{}\n", data_encoding::HEXLOWER.encode(secret)));
        self.write(name, text.as_bytes())
    }

    /// What a small file says, if it is there.
    pub(crate) fn read(&self, name: &str) -> Result<Option<String>, NodeError> {
        let path = self.path.join(name);
        match fs::read_to_string(&path) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            // It is no text.
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                Err(NodeError::BadKey(self.shown(name)))
            }
            Err(error) => Err(unusable(&path, &error)),
        }
    }

    /// Where a file is, for a person.
    pub(crate) fn shown(&self, name: &str) -> String {
        self.path.join(name).display().to_string()
    }

    /// Gives a file another name, or none; that is durable when it returns. A file that is not there is
    /// no failure.
    pub(crate) fn put_away(&self, name: &str, under: Option<&str>) -> Result<(), NodeError> {
        let path = self.path.join(name);
        let moved = match under {
            Some(under) => fs::rename(&path, self.path.join(under)),
            None => fs::remove_file(&path),
        };
        match moved.and_then(|()| self.sync_folder()) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(unusable(&path, &error)),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// The files that others on this machine could read and should not.
    pub(crate) fn exposed(&self) -> Result<Vec<String>, NodeError> {
        let mut exposed = Vec::new();
        #[cfg(unix)]
        for entry in fs::read_dir(&self.path).map_err(|error| unusable(&self.path, &error))? {
            use std::os::unix::fs::PermissionsExt as _;
            let entry = entry.map_err(|error| unusable(&self.path, &error))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let mode =
                entry.metadata().map_err(|error| unusable(&entry.path(), &error))?.permissions().mode();
            if SECRET.iter().any(|secret| name == *secret || name.strip_suffix(".old") == Some(secret))
                && mode & 0o077 != 0
            {
                exposed.push(name);
            }
        }
        exposed.sort();
        Ok(exposed)
    }

    /// Makes files readable by their owner alone.
    pub(crate) fn hide(&self, names: &[String]) -> Result<(), NodeError> {
        #[cfg(unix)]
        for name in names {
            use std::os::unix::fs::PermissionsExt as _;
            let path = self.path.join(name);
            let hidden = fs::set_permissions(&path, fs::Permissions::from_mode(0o600));
            hidden.map_err(|error| unusable(&path, &error))?;
        }
        #[cfg(not(unix))]
        let _ = names;
        Ok(())
    }

    fn sync_folder(&self) -> io::Result<()> {
        #[cfg(unix)]
        File::open(&self.path)?.sync_all()?;
        Ok(())
    }

    /// The token that a program needs to write through the API, made by chance if there is none, or the file is
    /// damaged.
    ///
    /// # Errors
    /// If it can not be read or written.
    pub fn token(&self) -> Result<String, NodeError> {
        let token = self.secret_or_anew(TOKEN)?;
        Ok(data_encoding::HEXLOWER.encode(&token))
    }

    /// Says where this node's pages and API are, so that commands find it.
    ///
    /// # Errors
    /// If it can not be written.
    pub fn announce(&self, http: &str) -> Result<(), NodeError> {
        let running = Running { http: http.to_owned(), pid: std::process::id() };
        let json = serde_json::to_vec(&running).map_err(|error| NodeError::Invalid(error.to_string()))?;
        self.write(RUNNING, &json)
    }

    /// Takes back what [`Folder::announce`] said.
    pub fn unannounce(&self) {
        // Why: a stale announcement is harmless, since commands look at the lock first.
        let _ = fs::remove_file(self.path.join(RUNNING));
    }

    /// Writes a file whole or not at all, readable by its owner alone, durable when it returns.
    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> Result<(), NodeError> {
        let path = self.path.join(name);
        let write = || -> io::Result<()> {
            let new = self.path.join(format!("{name}.new"));
            let mut options = OpenOptions::new();
            options.create(true).truncate(true).write(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            let mut file = options.open(&new)?;
            file.write_all(bytes)?;
            file.sync_all()?;
            fs::rename(&new, &path)?;
            self.sync_folder()
        };
        write().map_err(|error| unusable(&path, &error))
    }
}

/// The node that runs in a folder, if it has said so.
#[must_use]
pub fn running(folder: &Path) -> Option<Running> {
    serde_json::from_slice(&fs::read(folder.join(RUNNING)).ok()?).ok()
}

/// The token of a running node's API, for a command of the same user.
///
/// # Errors
/// If it can not be read.
pub fn token_of(folder: &Path) -> Result<String, NodeError> {
    let path = folder.join(TOKEN);
    let text = fs::read_to_string(&path).map_err(|error| unusable(&path, &error))?;
    Ok(text.trim().to_owned())
}

fn unusable(path: &Path, error: &io::Error) -> NodeError {
    if matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::ReadOnlyFilesystem) {
        return NodeError::Store(StoreError(store::disk(error)));
    }
    NodeError::Folder { folder: path.display().to_string(), reason: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_has_one_owner() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::open(dir.path()).unwrap();
        assert!(matches!(Folder::open(dir.path()), Err(NodeError::Owned { .. })));
        drop(folder);
        assert!(Folder::open(dir.path()).is_ok());
    }

    #[test]
    fn a_secret_stays_the_same_and_is_the_owners_alone() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::open(dir.path()).unwrap();
        let first = folder.token().unwrap();
        assert_eq!(folder.token().unwrap(), first);
        assert_eq!(token_of(dir.path()).unwrap(), first);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = fs::metadata(dir.path().join(TOKEN)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[test]
    fn a_damaged_secret_is_said_and_not_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::open(dir.path()).unwrap();
        fs::write(dir.path().join("root.key"), "half a k").unwrap();
        assert!(matches!(folder.secret("root.key"), Err(NodeError::BadKey(_))));
        assert_eq!(fs::read_to_string(dir.path().join("root.key")).unwrap(), "half a k");
    }
}
