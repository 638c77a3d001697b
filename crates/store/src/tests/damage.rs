//! Files damaged in every way that cards and power cuts know: the store opens all the same, soon, and the
//! node's own things are there.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use protocol::{Batch, Store as _};
use record::{
    Body, CircleId, Grant, GrantRole, Key, Listing, Map, MemberId, Record, RecordId, SecretKey, Side,
    Statement, Timestamp,
};

use super::TODAY;
use crate::{Mended, SledStore};

pub(super) const CIRCLE: CircleId = CircleId::from_bytes([1; 32]);
/// How many of them a store of the tests has; of foreign ones ten times as many.
pub(super) const OWN: u32 = 60;
/// A store is up within this time, whatever its state.
pub(super) const UP: Duration = Duration::from_secs(10);

fn keys(number: u8) -> (MemberId, SecretKey) {
    (SecretKey::from_seed(&[number; 32]).public().into(), SecretKey::from_seed(&[number + 100; 32]))
}

pub(super) fn listing(member: u8, number: u32) -> (RecordId, Record) {
    let (author, device) = keys(member);
    let key = Key::derive("test", &[&number.to_be_bytes()]);
    let revision = Timestamp::from_millis(1_790_000_000_000 + u64::from(number));
    let statement = Statement { author, circle: CIRCLE, key, revision };
    let body = Body::Listing(Listing::new(Side::Offer, &format!("Leiter {number} of {member}")));
    let record = statement.sign(&body, &device).unwrap();
    (record.id(), record.to_record())
}

pub(super) fn grant() -> (RecordId, Record) {
    let (author, device) = keys(1);
    let revision = Timestamp::from_millis(1_790_000_000_000);
    let statement = Statement { author, circle: CIRCLE, key: Grant::key(&device.public()), revision };
    let grant = Grant {
        signer: device.public(),
        role: GrantRole::Device,
        until: revision.plus_days(90),
        other: Map::new(),
    };
    let record = statement.sign(&Body::Grant(grant), &SecretKey::from_seed(&[1; 32])).unwrap();
    (record.id(), record.to_record())
}

pub(super) fn own() -> Vec<MemberId> {
    vec![keys(1).0]
}

pub(super) fn put(records: Vec<(RecordId, Record)>) -> Batch {
    Batch { put: records, drop: Vec::new() }
}

/// A store with own and foreign records, as a node leaves it; gives an older copy of all files too.
pub(super) fn filled(data: &Path, older: &Path) {
    filled_with(OWN * 10, data, older);
}

/// The same with so many foreign records.
pub(super) fn filled_with(foreign: u32, data: &Path, older: &Path) {
    let mut store = SledStore::open(data, &own(), TODAY).unwrap();
    store.add_circle(CIRCLE).unwrap();
    store.set_meta("peers", b"[\"somewhere\"]").unwrap();
    store.apply(CIRCLE, put(vec![grant()])).unwrap();
    for number in 0..12 {
        let part = foreign / 12 * number..foreign / 12 * (number + 1);
        for chunk in part.collect::<Vec<_>>().chunks(500) {
            store.apply(CIRCLE, put(chunk.iter().map(|number| listing(2, *number)).collect())).unwrap();
        }
        let first = number * OWN / 12;
        store
            .apply(CIRCLE, put((first..first + OWN / 12).map(|number| listing(1, number)).collect()))
            .unwrap();
        store.secure().unwrap();
        if number == 6 {
            store.sync().unwrap();
            drop(store);
            copy(data, older);
            store = SledStore::open(data, &own(), TODAY).unwrap();
        }
    }
    store.sync().unwrap();
}

pub(super) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

pub(super) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        if entry.file_type().unwrap().is_dir() {
            found.extend(files(&entry.path()));
        } else {
            found.push(entry.path());
        }
    }
    found.sort();
    found
}

/// One sort of damage to one file.
#[derive(Debug, Clone, Copy)]
pub(super) enum Damage {
    Cut(u64),
    ZeroPage(u64),
    Empty,
    Older,
    Gone,
    Garbage,
    Leftover,
}

impl Damage {
    /// All sorts; `seed` chooses where they hit.
    pub(super) fn all(seed: u64) -> Vec<Self> {
        let cuts = [1, 100, 4_096, 8_192, 65_536].map(|cut| Self::Cut(cut + seed % 7));
        let pages = (0..4).map(|page| Self::ZeroPage(page * 37 + seed * 11));
        let rest = [Self::Empty, Self::Older, Self::Gone, Self::Garbage, Self::Leftover];
        cuts.into_iter().chain(pages).chain(rest).collect()
    }

    pub(super) fn inflict(self, file: &Path, older: &Path) {
        let size = fs::metadata(file).unwrap().len();
        let open = || fs::OpenOptions::new().read(true).write(true).open(file).unwrap();
        match self {
            Self::Cut(bytes) => open().set_len(size.saturating_sub(bytes)).unwrap(),
            Self::ZeroPage(page) => {
                let pages = size.div_ceil(4_096).max(1);
                let at = page % pages * 4_096;
                let length = usize::try_from(size.saturating_sub(at).min(4_096)).unwrap();
                let mut file = open();
                file.seek(SeekFrom::Start(at)).unwrap();
                file.write_all(&vec![0; length]).unwrap();
            }
            Self::Empty => open().set_len(0).unwrap(),
            Self::Older => drop(fs::copy(older, file)),
            Self::Gone => fs::remove_file(file).unwrap(),
            Self::Garbage => {
                let mut bytes = Vec::new();
                open().read_to_end(&mut bytes).unwrap();
                for (at, byte) in bytes.iter_mut().enumerate() {
                    *byte = byte.wrapping_mul(31).wrapping_add(u8::try_from(at % 251).unwrap());
                }
                fs::write(file, bytes).unwrap();
            }
            Self::Leftover => {
                let name = file.file_name().unwrap().to_string_lossy().into_owned();
                for name in
                    [format!("{name}.new"), format!("{name}.generating"), "snap.0000000000000099".into()]
                {
                    fs::write(file.with_file_name(name), b"half a fi").unwrap();
                }
            }
        }
    }
}

/// Where the process that opens a damaged store finds it.
const PATIENT: &str = "COMMONSHELF_STORE_TEST_DAMAGED";
/// How often the damage is done anew, each time elsewhere, in every run of the tests and at full size.
const SEEDS: [u64; 2] = [2, 8];

/// Whether the tests run at full size: `COMMONSHELF_FULL=1`.
pub(super) fn is_full_size() -> bool {
    std::env::var_os("COMMONSHELF_FULL").is_some_and(|value| value == "1")
}

/// Not a test of its own: the process that opens one damaged store. A thread that hangs dies with it.
#[test]
fn opens_a_damaged_store() {
    let Some(folder) = std::env::var_os(PATIENT) else { return };
    let folder = Path::new(&folder);
    let begun = Instant::now();
    let mut store = SledStore::open(folder, &own(), TODAY).unwrap();
    let took = begun.elapsed();
    assert_eq!(store.circles().unwrap(), [CIRCLE]);
    for (id, record) in (0..OWN).map(|number| listing(1, number)).chain([grant()]) {
        assert_eq!(store.get(CIRCLE, &id).unwrap(), Some(record), "an own thing is lost");
    }
    // It goes on as if nothing had been.
    store.apply(CIRCLE, put(vec![listing(1, 5_000)])).unwrap();
    store.secure().unwrap();
    store.sync().unwrap();
    let foreign = (0..OWN * 10).filter(|number| store.get(CIRCLE, &listing(2, *number).0).unwrap().is_some());
    println!("up after {} ms, {} foreign, {:?}", took.as_millis(), foreign.count(), store.mended());
}

pub(super) fn patient(folder: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["tests::damage::opens_a_damaged_store", "--exact", "--nocapture"])
        .env(PATIENT, folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// What is done to a store's folder, and its name.
pub(super) type Case = (String, Box<dyn Fn(&Path) + Sync>);

/// So many damaged stores are opened at the same time: some hang until they are given up.
const AT_ONCE: usize = 3;

/// Damages copies of a store, each in one way, opens each, and tells how it went.
pub(super) fn suffer(whole: &Path, cases: &[Case]) {
    thread::scope(|scope| {
        for share in 0..AT_ONCE {
            scope.spawn(move || suffer_one_by_one(whole, cases.iter().skip(share).step_by(AT_ONCE)));
        }
    });
}

fn suffer_one_by_one<'a>(whole: &Path, cases: impl Iterator<Item = &'a Case>) {
    let dir = tempfile::tempdir().unwrap();
    let (mut count, mut slowest, mut mended) = (0, 0, BTreeMap::<String, usize>::new());
    for (what, inflict) in cases {
        count += 1;
        let folder = dir.path().join("case");
        copy(whole, &folder);
        inflict(&folder);
        let output = patient(&folder).wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{what}:\n{said}\n{}", String::from_utf8_lossy(&output.stderr));
        let line = said.lines().find_map(|line| line.split("up after ").nth(1)).unwrap();
        let millis: u64 = line.split(' ').next().unwrap().parse().unwrap();
        assert!(Duration::from_millis(millis) <= UP, "{what}: {line}");
        slowest = slowest.max(millis);
        let sort = line.split_once('[').map_or("", |(_, after)| after);
        let sort: String = sort.chars().take_while(|letter| letter.is_alphabetic()).collect();
        *mended.entry(sort).or_default() += 1;
        fs::remove_dir_all(&folder).unwrap();
    }
    println!("{count} cases, the slowest up after {slowest} ms: {mended:?}");
}

#[test]
fn whatever_is_damaged_the_store_is_up_soon_and_the_nodes_own_things_are_there() {
    let dir = tempfile::tempdir().unwrap();
    let (whole, older) = (dir.path().join("whole"), dir.path().join("older"));
    fs::create_dir_all(&whole).unwrap();
    filled(&whole, &older);
    let seeds = SEEDS[usize::from(is_full_size())];
    let mut cases: Vec<Case> = Vec::new();
    for (seed, file) in (0..seeds).flat_map(|seed| files(&whole).into_iter().map(move |file| (seed, file))) {
        let name = file.strip_prefix(&whole).unwrap().to_owned();
        for damage in Damage::all(seed) {
            let what = format!("{} with seed {seed}: {damage:?}", name.display());
            let (name, older) = (name.clone(), older.join(&name));
            cases.push((what, Box::new(move |folder| damage.inflict(&folder.join(&name), &older))));
        }
    }
    assert!(cases.len() >= 100, "{}", cases.len());
    suffer(&whole, &cases);
}

#[test]
fn a_store_that_lost_everything_but_the_journal_is_built_again_and_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let (whole, older) = (dir.path().join("whole"), dir.path().join("older"));
    fs::create_dir_all(&whole).unwrap();
    filled(&whole, &older);
    fs::remove_dir_all(whole.join("records")).unwrap();
    let store = SledStore::open(&whole, &own(), TODAY).unwrap();
    assert_eq!(store.circles().unwrap(), [CIRCLE]);
    assert_eq!(store.meta("peers").unwrap().as_deref(), Some(b"[\"somewhere\"]".as_slice()));
    assert!((0..OWN).all(|number| store.get(CIRCLE, &listing(1, number).0).unwrap().is_some()));
    assert_eq!(store.mended(), [Mended::Gone]);
    drop(store);
    assert_eq!(SledStore::open(&whole, &own(), TODAY).unwrap().mended(), [], "told once");
}

#[test]
fn whose_records_count_as_own_can_change() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = SledStore::open(dir.path(), &own(), TODAY).unwrap();
    store.add_circle(CIRCLE).unwrap();
    store.apply(CIRCLE, put(vec![listing(2, 1), listing(2, 2)])).unwrap();
    store.set_own(&[keys(1).0, keys(2).0]).unwrap();
    drop(store);
    fs::remove_dir_all(dir.path().join("records")).unwrap();
    let store = SledStore::open(dir.path(), &own(), TODAY).unwrap();
    assert!(store.get(CIRCLE, &listing(2, 2).0).unwrap().is_some());
}

/// Whether any file in a folder holds these bytes.
fn anywhere(folder: &Path, bytes: &[u8]) -> bool {
    files(folder).iter().any(|file| fs::read(file).unwrap().windows(bytes.len()).any(|part| part == bytes))
}

#[test]
fn after_purging_nothing_of_what_was_dropped_is_on_the_disk_and_the_rest_is() {
    let dir = tempfile::tempdir().unwrap();
    let (data, older) = (dir.path().join("data"), dir.path().join("older"));
    fs::create_dir_all(&data).unwrap();
    filled(&data, &older);
    let mut store = SledStore::open(&data, &own(), TODAY).unwrap();
    let gone = [listing(1, 7), listing(2, 9)];
    let batch = Batch { put: Vec::new(), drop: gone.iter().map(|(id, _)| *id).collect() };
    store.apply(CIRCLE, batch).unwrap();
    store.sync().unwrap();
    fs::create_dir_all(data.join("records.damaged-2026-01-01")).unwrap();
    fs::write(data.join("records.damaged-2026-01-01/db"), gone[0].1.body.as_ref().unwrap()).unwrap();
    store.purge().unwrap();
    for (_, record) in &gone {
        let signature = record.envelope.len() - 40;
        assert!(!anywhere(&data, &record.envelope[signature..]), "an envelope");
        assert!(!anywhere(&data, record.body.as_ref().unwrap()), "a body");
    }
    assert!(anywhere(&data, listing(1, 8).1.body.as_ref().unwrap()));
    store.apply(CIRCLE, put(vec![listing(1, 900)])).unwrap();
    store.secure().unwrap();
    drop(store);
    let store = SledStore::open(&data, &own(), TODAY).unwrap();
    assert_eq!(store.mended(), []);
    let all = |member, numbers: std::ops::Range<u32>| {
        let mut there =
            numbers.map(|number| store.get(CIRCLE, &listing(member, number).0).unwrap().is_some());
        there.by_ref().filter(|there| *there).count()
    };
    assert_eq!((all(1, 0..OWN), all(2, 0..OWN * 10)), (OWN as usize - 1, OWN as usize * 10 - 1));
    assert!(store.get(CIRCLE, &listing(1, 900).0).unwrap().is_some());
}
