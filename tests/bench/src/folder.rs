//! Data folders of nodes that keep the corpus.

use std::fs;
use std::path::Path;

use protocol::{Batch, Store as _};
use record::{CircleId, Verified};
use store::SledStore;

use crate::Outcome;
use crate::corpus::NOW;

/// How many records are put at once.
const BATCH: usize = 1_000;

/// Makes a folder whose node keeps a circle with these records.
pub(crate) fn fill<'a>(
    data: &Path,
    circle: CircleId,
    records: impl IntoIterator<Item = &'a Verified>,
) -> Outcome<()> {
    let mut store = SledStore::open(data, &[], NOW.date())?;
    store.add_circle(circle)?;
    let mut records = records.into_iter().peekable();
    while records.peek().is_some() {
        let put = records.by_ref().take(BATCH).map(|record| (record.id(), record.to_record())).collect();
        store.apply(circle, Batch { put, drop: Vec::new() })?;
    }
    Ok(store.sync()?)
}

/// Copies a folder of a node that does not run; the copy gets keys of its own when it is started.
pub(crate) fn copy(from: &Path, to: &Path) -> Outcome<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
