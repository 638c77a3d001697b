//! A store that the first version wrote, when there was no journal: `fixtures/first-layout`, made by the program of
//! that time (commit 32833f7). Of its log the zeros at the end were left away.

use std::fs;
use std::path::Path;

use protocol::Store as _;

use super::TODAY;
use super::damage::{CIRCLE, copy, grant, listing, own};
use crate::SledStore;

/// How long the log was.
const LOG: u64 = 524_287;
/// How many records of each of two members are in it, beside a grant of the first.
const OF_EACH: u32 = 12;

#[test]
fn a_store_of_the_first_version_is_opened_with_all_that_is_in_it_and_gets_its_journal() {
    let dir = tempfile::tempdir().unwrap();
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/first-layout"), dir.path());
    let log = fs::OpenOptions::new().write(true).open(dir.path().join("records/db")).unwrap();
    log.set_len(LOG).unwrap();
    let store = SledStore::open(dir.path(), &own(), TODAY).unwrap();
    assert_eq!(store.mended(), []);
    assert_eq!(store.circles().unwrap(), [CIRCLE]);
    assert_eq!(store.meta("peers").unwrap().as_deref(), Some(b"[\"somewhere\"]".as_slice()));
    let (mine, theirs) =
        ((0..OF_EACH).map(|number| listing(1, number)), (0..OF_EACH).map(|number| listing(2, number)));
    for (id, record) in mine.clone().chain(theirs).chain([grant()]) {
        assert_eq!(store.get(CIRCLE, &id).unwrap(), Some(record));
    }
    let mut count = 0;
    store.each(CIRCLE, &mut |_| count += 1).unwrap();
    assert_eq!(count, 2 * OF_EACH + 1);
    drop(store);
    fs::remove_dir_all(dir.path().join("records")).unwrap();
    let store = SledStore::open(dir.path(), &own(), TODAY).unwrap();
    for (id, record) in mine.chain([grant()]) {
        assert_eq!(store.get(CIRCLE, &id).unwrap(), Some(record), "what is its own is in the journal now");
    }
}
