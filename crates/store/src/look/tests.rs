use super::*;
use protocol::{Batch, Store as _};
use record::{Body, Date, Key, Listing, MemberId, RecordId, SecretKey, Side, Statement, Timestamp};

const TODAY: Date = Date { year: 2026, month: 11, day: 25 };
const HERE: CircleId = CircleId::from_bytes([1; 32]);
const THERE: CircleId = CircleId::from_bytes([2; 32]);

fn me() -> MemberId {
    SecretKey::from_seed(&[7; 32]).public().into()
}

fn listing(number: u32) -> (RecordId, Record) {
    let key = Key::derive("test", &[&number.to_be_bytes()]);
    let revision = Timestamp::from_millis(1_790_000_000_000);
    let statement = Statement { author: me(), circle: HERE, key, revision };
    let body = Body::Listing(Listing::new(Side::Offer, &format!("Leiter {number}")));
    let record = statement.sign(&body, &SecretKey::from_seed(&[7; 32])).unwrap();
    (record.id(), record.to_record())
}

fn opened(data: &Path) -> SledStore {
    SledStore::open(data, &[me()], TODAY).unwrap()
}

/// A folder with 40 records, as a node leaves it.
fn filled() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let mut store = opened(dir.path());
    for circle in [HERE, THERE] {
        store.add_circle(circle).unwrap();
    }
    store.set_meta("clock", b"half past").unwrap();
    store.apply(HERE, Batch { put: (0..40).map(listing).collect(), drop: Vec::new() }).unwrap();
    store.sync().unwrap();
    dir
}

fn files(folder: &Path, all: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, all);
        } else {
            all.insert(path.clone(), fs::read(&path).unwrap());
        }
    }
}

/// Looks, and makes sure that every byte is as it was.
fn looked(data: &Path) -> Look {
    let (mut before, mut after) = (BTreeMap::new(), BTreeMap::new());
    files(data, &mut before);
    let look = look(data, &mut |_, _| {}).unwrap();
    files(data, &mut after);
    assert!(before == after, "looking has changed a file");
    look
}

#[test]
fn looking_tells_what_is_there_and_changes_nothing() {
    let dir = filled();
    let look = looked(dir.path());
    assert_eq!((look.problem.as_deref(), look.layout, look.damaged), (None, Some(layout::VERSION), 0));
    assert_eq!(look.circles, BTreeMap::from([(HERE, 40), (THERE, 0)]));
    let journal = look.journal.clone().unwrap();
    assert_eq!((journal.records, journal.torn, journal.damaged), (40, 0, 0));
    assert_eq!(journal.notes.get("clock").map(Vec::as_slice), Some(b"half past".as_slice()));
    assert!(look.live > 40 * 200 && look.disk > 0 && look.free.is_some_and(|free| free > 0), "{look:?}");
    assert_eq!((&look.aside, &look.left_over), (&Vec::new(), &Vec::new()));
    let open = opened(dir.path()).look(&mut |_, _| {}).unwrap();
    assert_eq!((open.circles, open.live), (look.circles, look.live));
}

#[test]
fn a_store_that_does_not_open_is_told_and_left_until_it_is_mended() {
    let dir = filled();
    fs::write(dir.path().join("records/snap.ffffffffffffffff"), "").unwrap();
    let look = looked(dir.path());
    assert!(look.problem.is_some(), "{look:?}");
    assert_eq!(look.journal.unwrap().records, 40);
    assert_eq!(opened(dir.path()).mended().len(), 1);
    let look = looked(dir.path());
    assert_eq!((look.problem.as_deref(), look.circles.get(&HERE)), (None, Some(&40)));
    assert!(look.aside[0].0.ends_with("records.damaged-2026-11-25") && look.aside[0].1 > 0, "{look:?}");
    fs::remove_dir_all(dir.path().join("records.2")).unwrap();
    assert_eq!(looked(dir.path()).problem.as_deref(), Some("there are none"));
}

#[test]
fn a_hole_in_the_journal_is_seen_and_mended_while_the_store_is_open() {
    let dir = filled();
    let path = dir.path().join("journal");
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 300].fill(0);
    let mut store = opened(dir.path());
    fs::write(&path, &bytes).unwrap();
    let damaged = store.look(&mut |_, _| {}).unwrap().journal.unwrap();
    assert!(damaged.damaged >= 300 && damaged.records < 40, "{damaged:?}");
    store.mend_journal().unwrap();
    let mended = store.look(&mut |_, _| {}).unwrap().journal.unwrap();
    assert_eq!((mended.damaged, mended.records), (0, 40));
    assert_eq!(store.mended().len(), 1, "it is told");
    drop(store);
    fs::remove_dir_all(dir.path().join("records")).unwrap();
    assert_eq!(opened(dir.path()).look(&mut |_, _| {}).unwrap().circles.get(&HERE), Some(&40));
}

#[test]
fn what_a_power_cut_left_is_listed_and_removed_and_nothing_else() {
    let dir = filled();
    for name in ["keys.json.new", "room", "mine.txt"] {
        fs::write(dir.path().join(name), "half").unwrap();
    }
    fs::create_dir_all(dir.path().join("records.new")).unwrap();
    let left = ["keys.json.new", "records.new", "room"].map(|name| dir.path().join(name));
    assert_eq!(looked(dir.path()).left_over, left);
    remove_left_over(dir.path()).unwrap();
    let look = looked(dir.path());
    assert_eq!((look.left_over.len(), look.circles.get(&HERE)), (0, Some(&40)));
    assert!(dir.path().join("mine.txt").exists());
}

#[test]
fn the_store_is_written_anew_only_where_that_saves_room() {
    let dir = filled();
    let mut store = opened(dir.path());
    assert!(!store.compact_if_worth().unwrap());
    for round in 1..60 {
        let put = (round * 100..round * 100 + 100).map(listing).collect::<Vec<_>>();
        let drop = put.iter().map(|(id, _)| *id).collect();
        store.apply(HERE, Batch { put, drop: Vec::new() }).unwrap();
        store.apply(HERE, Batch { put: Vec::new(), drop }).unwrap();
    }
    store.sync().unwrap();
    let before = store.size().unwrap();
    assert!(store.compact_if_worth().unwrap() && store.size().unwrap() < before / 2);
    assert_eq!(store.look(&mut |_, _| {}).unwrap().circles.get(&HERE), Some(&40));
}
