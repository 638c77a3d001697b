//! Room on the disk: whether there is some, and a reserve with which a store opens where there is none.
//!
//! sled writes when it opens. A node whose power was cut while its disk was full has to come up all the same, if
//! only to be read; so a file that holds nothing gives its room then.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::Path;

/// A file that is written to find out whether the disk takes something.
pub(crate) const PROBE: &str = "room";
/// The file that gives its room.
const RESERVE: &str = "reserve";
/// What sled and the journal need to begin with, in bytes.
const ENOUGH: usize = 2 * 1024 * 1024;
/// How large the reserve is, in bytes. Each start on a full disk may cost [`SMALL_FILES`] of it, if others take what
/// is free then; so more than a hundred of them go well.
const WHOLE: u64 = 2 * ENOUGH as u64;
/// So much room is left to the node's small files, which are written anew and replaced, in bytes.
const SMALL_FILES: u64 = 16 * 1024;

/// Whether the disk takes what sled and the journal need to begin with.
pub(crate) fn check(data: &Path) -> io::Result<()> {
    probe(data, File::sync_all)
}

/// Makes sure that there is room to open a store; where there is none, the reserve gives its own.
pub(crate) fn for_opening(data: &Path) -> io::Result<()> {
    // Why not to the card: a full disk says so at once, and cards wear out.
    match probe(data, |_| Ok(())) {
        Err(error) if is_full(&error) && fs::remove_file(data.join(RESERVE)).is_ok() => {
            tracing::warn!("the disk is full; the reserve is used to open the store");
            Ok(())
        }
        other => other,
    }
}

/// Keeps the whole reserve again, once there is room for that and as much besides.
pub(crate) fn renew_reserve(data: &Path) {
    let plenty = || fs2::available_space(data).is_ok_and(|free| free > 2 * WHOLE);
    if size(data) < WHOLE && plenty() {
        keep_reserve(data);
    }
}

/// How large it is now, in bytes.
fn size(data: &Path) -> u64 {
    fs::metadata(data.join(RESERVE)).map_or(0, |file| file.len())
}

fn probe(data: &Path, secure: impl FnOnce(&File) -> io::Result<()>) -> io::Result<()> {
    let path = data.join(PROBE);
    let written = File::create(&path).and_then(|mut file| {
        file.write_all(&vec![0; ENOUGH])?;
        secure(&file)
    });
    let removed = fs::remove_file(&path);
    written.and(removed)
}

/// Whether it failed since the disk is full.
pub(crate) fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

/// Keeps a reserve, as large as there is room for. What is kept already is not given away for it.
pub(crate) fn keep_reserve(data: &Path) {
    let lacks = WHOLE.saturating_sub(size(data));
    if lacks == 0 {
        return;
    }
    let kept = File::options().append(true).create(true).open(data.join(RESERVE)).and_then(|mut file| {
        let before = file.metadata()?.len();
        let room = fs2::available_space(data)?.saturating_sub(SMALL_FILES).min(lacks);
        let written = io::copy(&mut io::repeat(0).take(room), &mut file).and_then(|_| file.sync_all());
        if written.is_err() {
            file.set_len(before)?;
        }
        written
    });
    if let Err(error) = kept {
        tracing::warn!(%error, "no room is kept in reserve");
    }
}
