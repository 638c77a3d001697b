//! The workspace's own files.

use std::fs;
use std::path::{Path, PathBuf};

/// The workspace's folder.
///
/// # Panics
/// Never: the tests lie in it.
#[must_use]
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests lie in the workspace")
}

/// A file's text.
///
/// # Panics
/// If it can not be read.
#[must_use]
pub fn read(path: impl AsRef<Path>) -> String {
    let path = path.as_ref();
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A `Cargo.toml`, by its folder.
///
/// # Panics
/// If it is not there or damaged.
#[must_use]
pub fn manifest(folder: impl AsRef<Path>) -> toml::Table {
    let path = folder.as_ref().join("Cargo.toml");
    read(&path).parse().unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// All files of the project below a folder whose names end so (`.rs`), in order; what is built and what
/// git keeps for itself is left out.
///
/// # Panics
/// If a folder can not be read.
#[must_use]
pub fn files_below(folder: impl AsRef<Path>, ends: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.as_ref().to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        for entry in entries.map(|entry| entry.unwrap()) {
            let (path, name) = (entry.path(), entry.file_name());
            let name = name.to_string_lossy();
            if entry.file_type().unwrap().is_dir() {
                if name != "target" && name != ".git" {
                    folders.push(path);
                }
            } else if ends.iter().any(|end| name.ends_with(end)) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// A file's lines with their numbers, from 1.
pub fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().map(|(at, line)| (at + 1, line))
}
