mod churn;
mod damage;
mod faults;
mod first_layout;
mod mishaps;

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use protocol::{Batch, Store as _};
use record::{CircleId, Date, Record, RecordId};

use crate::{OpenError, SledStore, layout};

/// The day on which the tests open stores.
const TODAY: Date = Date { year: 2026, month: 11, day: 25 };
const HERE: CircleId = CircleId::from_bytes([1; 32]);
const THERE: CircleId = CircleId::from_bytes([2; 32]);

fn id(number: u32) -> RecordId {
    RecordId::of_header(&number.to_be_bytes())
}

fn record(number: u32) -> Record {
    Record { envelope: number.to_be_bytes().repeat(50), body: Some(number.to_le_bytes().repeat(80)) }
}

fn put(numbers: impl Iterator<Item = u32>) -> Batch {
    Batch { put: numbers.map(|number| (id(number), record(number))).collect(), drop: Vec::new() }
}

fn all(store: &SledStore, circle: CircleId) -> usize {
    let mut count = 0;
    store.each(circle, &mut |_| count += 1).unwrap();
    count
}

#[test]
fn what_was_written_is_there_after_opening_again() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = SledStore::open(dir.path(), &[], TODAY).unwrap();
    store.add_circle(HERE).unwrap();
    store.set_meta("peers", b"[]").unwrap();
    store.apply(HERE, put(0..300)).unwrap();
    store.sync().unwrap();
    drop(store);
    let store = SledStore::open(dir.path(), &[], TODAY).unwrap();
    assert_eq!(all(&store, HERE), 300);
    assert_eq!(store.get(HERE, &id(7)).unwrap(), Some(record(7)));
    assert_eq!(store.get(HERE, &id(300)).unwrap(), None);
    assert_eq!(store.circles().unwrap(), [HERE]);
    assert_eq!(store.meta("peers").unwrap().as_deref(), Some(b"[]".as_slice()));
    assert_eq!(store.meta("nothing").unwrap(), None);
}

#[test]
fn a_batch_puts_and_drops_together() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = SledStore::open(dir.path(), &[], TODAY).unwrap();
    store.apply(HERE, put(0..10)).unwrap();
    let batch = Batch { drop: vec![id(3), id(4), id(99)], ..put(10..11) };
    store.apply(HERE, batch).unwrap();
    assert_eq!(all(&store, HERE), 9);
    assert_eq!(store.get(HERE, &id(3)).unwrap(), None);
    assert!(store.get(HERE, &id(10)).unwrap().is_some());
}

#[test]
fn circles_are_kept_apart() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = SledStore::open(dir.path(), &[], TODAY).unwrap();
    store.apply(HERE, put(0..5)).unwrap();
    store.apply(THERE, put(5..7)).unwrap();
    assert_eq!((all(&store, HERE), all(&store, THERE)), (5, 2));
    assert_eq!(store.get(THERE, &id(0)).unwrap(), None);
}

#[test]
fn a_record_without_its_body_is_kept_as_such() {
    for record in [
        Record { envelope: vec![1, 2, 3], body: None },
        Record { envelope: vec![1, 2, 3], body: Some(Vec::new()) },
        Record { envelope: Vec::new(), body: Some(vec![4]) },
    ] {
        assert_eq!(layout::record(&layout::value(&record)), Some(record));
    }
}

#[test]
fn a_damaged_record_counts_as_not_here() {
    let whole = layout::value(&record(1));
    for length in 0..205 {
        assert_eq!(layout::record(&whole[..length]), None, "cut at {length}");
    }
    assert_eq!(layout::record(&[255; 40]), None);
    assert_eq!(layout::record(&[0, 0, 0, 0, 0, 9]), None, "a body that is said not to be here");
    assert_eq!(layout::record(&[0, 0, 0, 0, 7]), None, "an unknown mark");
}

#[test]
fn a_folder_that_is_a_file_is_refused_with_its_reason() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("records"), "mine").unwrap();
    let error = SledStore::open(dir.path(), &[], TODAY).unwrap_err();
    assert!(matches!(error, OpenError::Folder { .. }), "{error}");
    assert_eq!(fs::read_to_string(dir.path().join("records")).unwrap(), "mine");
}

#[test]
fn another_layout_is_refused_and_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = SledStore::open(dir.path(), &[], TODAY).unwrap();
    store.apply(HERE, put(0..5)).unwrap();
    store.set_meta("layout", &9_u32.to_be_bytes()).unwrap();
    drop(store);
    let error = SledStore::open(dir.path(), &[], TODAY).unwrap_err();
    assert!(matches!(error, OpenError::Layout { found: 9, .. }), "{error}");
}

/// Where the process that will be killed finds its folder.
const VICTIM: &str = "COMMONSHELF_STORE_TEST_FOLDER";
/// How many records it writes before each acknowledgement.
const STEP: u32 = 20;

/// Not a test of its own: the process that the next test kills.
#[test]
fn writes_until_it_is_killed() {
    let Some(folder) = std::env::var_os(VICTIM) else { return };
    let mut store = SledStore::open(Path::new(&folder), &[], TODAY).unwrap();
    let mut at = u32::try_from(all(&store, HERE)).unwrap() / STEP * STEP;
    loop {
        store.apply(HERE, put(at..at + STEP)).unwrap();
        store.sync().unwrap();
        at += STEP;
        println!("acknowledged {at}");
    }
}

fn writer(folder: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["tests::writes_until_it_is_killed", "--exact", "--nocapture"])
        .env(VICTIM, folder)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

#[test]
fn what_was_acknowledged_survives_kill_9_and_batches_stay_whole() {
    let dir = tempfile::tempdir().unwrap();
    let mut last = 0;
    for round in 1..=10 {
        let mut child = writer(dir.path());
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let numbers = lines.filter_map(|line| line.strip_prefix("acknowledged ")?.parse::<u32>().ok());
        let mut seen = 0;
        // Killed in the middle of its writing, each time a bit later; what is in the pipe was
        // acknowledged too.
        let mut killed = false;
        for number in numbers {
            seen = number;
            if !killed && number >= last + STEP * round {
                child.kill().unwrap();
                killed = true;
            }
        }
        child.wait().unwrap();
        let store = SledStore::open(dir.path(), &[], TODAY).unwrap();
        let kept = u32::try_from(all(&store, HERE)).unwrap();
        assert!(kept >= seen, "round {round}: {seen} were acknowledged, {kept} are here");
        assert_eq!(kept % STEP, 0, "round {round}: half a batch");
        for number in 0..kept {
            assert_eq!(store.get(HERE, &id(number)).unwrap(), Some(record(number)));
        }
        last = kept;
    }
}
