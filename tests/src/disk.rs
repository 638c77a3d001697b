//! A small disk that a test can fill.

use std::fs;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use crate::Output;

/// A file system in memory, mounted where only its holder sees it: others reach it through the holder's root.
#[derive(Debug)]
pub struct Disk {
    holder: Child,
    mounted: TempDir,
    path: PathBuf,
    user: bool,
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = self.holder.kill();
        let _ = self.holder.wait();
    }
}

impl Disk {
    /// One of so many MiB: as root, else in a user namespace.
    ///
    /// # Errors
    /// What this machine lacks or does not allow.
    pub fn new(mebibytes: u32) -> Result<Self, String> {
        Self::mount(mebibytes, false).or_else(|_| Self::mount(mebibytes, true))
    }

    fn mount(mebibytes: u32, user: bool) -> Result<Self, String> {
        let failed = |error: io::Error| format!("`unshare --mount` does not do it: {error}");
        let mounted = tempfile::tempdir().map_err(failed)?;
        let mut command = Command::new("unshare");
        if user {
            command.args(["--user", "--map-root-user"]);
        }
        let script = format!("mount -t tmpfs -o size={mebibytes}m disk \"$0\" && echo mounted && exec cat");
        command.args(["--mount", "--", "sh", "-c", &script]).arg(mounted.path());
        let mut holder = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(failed)?;
        let mut line = String::new();
        let said = holder.stdout.take().map(BufReader::new);
        let read = said.map_or(Ok(0), |mut said| said.read_line(&mut line));
        let inside = mounted.path().strip_prefix("/").unwrap_or(mounted.path());
        let path = Path::new("/proc").join(holder.id().to_string()).join("root").join(inside);
        let disk = Self { holder, mounted, path, user };
        match read {
            Ok(_) if line.trim() == "mounted" => Ok(disk),
            Ok(_) => Err("`unshare --mount` mounts nothing".to_owned()),
            Err(error) => Err(failed(error)),
        }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Fills it up with one file, but for so many bytes.
    ///
    /// # Panics
    /// If it can not be filled.
    pub fn fill(&self, but: u64) {
        let mut file = fs::File::create(self.ballast()).expect("a file on the disk");
        let full = loop {
            if let Err(error) = file.write_all(&[0; 4_096]) {
                break error;
            }
        };
        assert_eq!(full.kind(), io::ErrorKind::StorageFull, "{full}");
        let size = file.metadata().expect("the file is there").len();
        file.set_len(size.saturating_sub(but)).expect("it can be made smaller");
    }

    /// Takes away what [`Disk::fill`] put there.
    ///
    /// # Panics
    /// If it can not.
    pub fn free(&self) {
        fs::remove_file(self.ballast()).expect("the ballast is there");
    }

    /// Mounts it anew with other options: `ro`, `rw`. Nobody may have a file open to write.
    ///
    /// # Panics
    /// If the system does not do it.
    pub fn remount(&self, options: &str) {
        let mut command = self.inside();
        command.args(["mount", "-o", &format!("remount,{options}")]).arg(self.mounted.path());
        let _ = Output::of(&mut command).ended(0);
    }

    /// Shows all of it at a second place, where it can only be read: as a disk is seen that has become so while
    /// whoever had files open goes on.
    ///
    /// # Panics
    /// If the system does not do it.
    #[must_use]
    pub fn shown_read_only(&self) -> PathBuf {
        let mirror = self.path.join("mirror");
        fs::create_dir(&mirror).expect("a folder on the disk");
        let script = "mount --bind \"$0\" \"$0/mirror\" && mount -o remount,bind,ro \"$0/mirror\"";
        let mut command = self.inside();
        command.args(["sh", "-c", script]).arg(self.mounted.path());
        let _ = Output::of(&mut command).ended(0);
        mirror
    }

    /// A command where the disk is mounted.
    fn inside(&self) -> Command {
        let mut command = Command::new("nsenter");
        command.args(["--target", &self.holder.id().to_string(), "--mount"]);
        if self.user {
            command.args(["--user", "--preserve-credentials"]);
        }
        command.arg("--");
        command
    }

    fn ballast(&self) -> PathBuf {
        self.path.join("ballast")
    }
}
