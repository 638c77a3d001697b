//! A data folder, and where in the network it is.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use serde_json::Value;
use tempfile::TempDir;

use crate::{Node, Output, Place, program};

/// A data folder of its own in a place of the network. It goes with the last of its clones.
#[derive(Debug, Clone)]
pub struct Home {
    dir: Arc<TempDir>,
    place: Place,
    /// Whether its programs run by a clock of their own.
    clock: bool,
}

impl Home {
    /// A new one on loopback.
    #[must_use]
    pub fn new() -> Self {
        Self::at(&Place::default())
    }

    /// A new one in a place of the network.
    ///
    /// # Panics
    /// If there is no room for temporary folders.
    #[must_use]
    pub fn at(place: &Place) -> Self {
        Self {
            dir: Arc::new(tempfile::tempdir().expect("a temporary folder")),
            place: place.clone(),
            clock: false,
        }
    }

    /// A new one on loopback, whose files lie in this folder.
    ///
    /// # Panics
    /// If nothing can be made there.
    #[must_use]
    pub fn within(folder: &Path) -> Self {
        let dir = tempfile::tempdir_in(folder).expect("a folder that can be written");
        Self { dir: Arc::new(dir), ..Self::new() }
    }

    /// A new one on loopback, whose programs run by a clock that the test sets; at first it is right.
    #[must_use]
    pub fn with_clock() -> Self {
        let home = Self { clock: true, ..Self::new() };
        home.set_clock("+0");
        home
    }

    /// Sets its clock, also that of programs that run: `-3650d`, `+9m`.
    ///
    /// # Panics
    /// If the file can not be written.
    pub fn set_clock(&self, offset: &str) {
        // Why: whoever reads the file meanwhile must not find it empty.
        let next = self.file("clock.next", format!("{offset}\n"));
        std::fs::rename(next, self.dir.path().join("clock")).expect("a file in a temporary folder");
    }

    /// A new one, whose node keeps a circle that it founded.
    #[must_use]
    pub fn with_circle() -> Self {
        let home = Self::new();
        let _ = home.json(&["circle", "found", "Gartenstraße"]);
        home
    }

    /// The folder; it is made by the program.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    /// Where the test may put files of its own.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.dir.path()
    }

    /// Writes a file for the test.
    ///
    /// # Panics
    /// If that fails.
    #[must_use]
    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.dir.path().join(name);
        std::fs::write(&path, content).expect("a file in a temporary folder");
        path.to_str().expect("a path of letters").to_owned()
    }

    /// A command that speaks about this folder, and about no other that the environment names.
    #[must_use]
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = self.place.command(program());
        command
            .args(args)
            .env("COMMONSHELF_DATA", self.data())
            .env_remove("COMMONSHELF_LOG")
            .env_remove("RUST_LOG");
        if self.clock {
            command
                .env("LD_PRELOAD", faketime())
                .env("FAKETIME_TIMESTAMP_FILE", self.dir.path().join("clock"))
                .envs([("FAKETIME_NO_CACHE", "1"), ("FAKETIME_DONT_FAKE_MONOTONIC", "1")])
                .envs([("NO_FAKE_STAT", "1"), ("DONT_FAKE_MONOTONIC", "1")])
                .env_remove("FAKETIME");
        }
        command
    }

    /// Runs a command to its end.
    #[must_use]
    pub fn cli(&self, args: &[&str]) -> Output {
        Output::of(&mut self.command(args))
    }

    /// Runs a command that has to succeed, and gives its JSON.
    #[must_use]
    pub fn json(&self, args: &[&str]) -> Value {
        Output::of(self.command(args).arg("--json")).json()
    }

    /// Runs a command that has to succeed.
    ///
    /// # Panics
    /// If it fails.
    pub fn run(&self, args: &[&str]) {
        let _ = self.cli(args).ended(0);
    }

    /// Starts a node on free ports of loopback, without mDNS, and waits until it is ready.
    #[must_use]
    pub fn up(&self, args: &[&str]) -> Node {
        let quiet = ["--http", "127.0.0.1:0", "--p2p", "/ip4/127.0.0.1/tcp/0", "--no-mdns"];
        Node::start(self.clone(), &[&quiet, args].concat())
    }

    /// The digest of its first circle; empty while there is none.
    #[must_use]
    pub fn digest(&self) -> String {
        self.json(&["status"])["circles"][0]["digest"].as_str().unwrap_or_default().to_owned()
    }
}

/// The library that gives a program another clock.
fn faketime() -> PathBuf {
    let folders = std::fs::read_dir("/usr/lib").into_iter().flatten().flatten().map(|entry| entry.path());
    let files = folders.chain([PathBuf::from("/usr/lib"), PathBuf::from("/usr/local/lib")]);
    let mut files = files.map(|folder| folder.join("faketime/libfaketimeMT.so.1"));
    let found = files.find(|file| file.exists());
    found.expect("the library libfaketime: install the package faketime (tests/run does)")
}

impl Default for Home {
    fn default() -> Self {
        Self::new()
    }
}
