use record::{Charter, Key, Listing, MemberId, SecretKey, Side, Statement};

use super::*;
use crate::backup::Frames;

const MADE: u64 = 1_790_000_000_000;

fn root() -> SecretKey {
    SecretKey::from_seed(&[7; 32])
}

fn hex(byte: u8) -> Vec<u8> {
    format!("{byte:02x}").repeat(32).into_bytes()
}

/// The keys of a node whose member's root key is [`root`].
fn keys() -> Vec<Part> {
    ["root.key", "node.key", "peer.key"]
        .into_iter()
        .zip([7, 8, 9])
        .map(|(name, byte)| Part::File(name.into(), hex(byte)))
        .collect()
}

/// A circle, its charter and a thing in it.
fn circle() -> (CircleId, Record, Record) {
    let author = MemberId::from(root().public());
    let revision = Timestamp::from_millis(MADE);
    let statement = |circle, key| Statement { author, circle, key, revision };
    let charter = record::Body::Charter(Charter::founding("Hof", author).unwrap());
    let charter = statement(CircleId::FOUNDING, Key::from_bytes([0; 16])).sign(&charter, &root()).unwrap();
    let circle = CircleId::founded_by(charter.id());
    let thing = record::Body::Listing(Listing::new(Side::Offer, "Leiter"));
    let thing = statement(circle, Key::from_bytes([1; 16])).sign(&thing, &root()).unwrap();
    (circle, charter.to_record(), thing.to_record())
}

fn backup(parts: &[Part]) -> Vec<u8> {
    let mut frames = Frames::begin(MADE);
    parts.iter().for_each(|part| frames.push(part));
    frames.push(&Part::End(parts.len() as u64 + 1));
    frames.take()
}

fn taken(data: &Path, parts: &[Part]) -> Result<RestoredJson, NodeError> {
    restore(data, backup(parts).as_slice(), false, |_| {})
}

fn names(data: &Path) -> Vec<String> {
    let entries = fs::read_dir(data).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<String> = entries.map(|name| name.to_str().unwrap().to_owned()).collect();
    names.sort();
    names
}

#[test]
fn only_what_a_node_has_and_what_is_signed_comes_out_of_a_file() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let (circle, charter, thing) = circle();
    let mut forged = thing.clone();
    let last = forged.envelope.len() - 1;
    forged.envelope[last] ^= 1;
    let unknown = CircleId::from_bytes([5; 32]);
    let mut parts = keys();
    parts.extend([
        Part::File("../outside".into(), b"x".to_vec()),
        Part::File("journal".into(), b"x".to_vec()),
        Part::Note("layout".into(), vec![0, 0, 0, 9]),
        Part::Note("heard".into(), format!("[\"{circle}\"]").into_bytes()),
        Part::Note("peers".into(), b"[]".to_vec()),
        Part::Circle(circle),
        Part::Circle(circle),
        Part::Record(circle, charter.clone()),
        Part::Record(circle, thing.clone()),
        Part::Record(circle, forged),
        Part::Record(circle, Record { envelope: vec![1, 2, 3], body: None }),
        Part::Record(unknown, thing.clone()),
        Part::Circle(unknown),
        Part::Record(unknown, thing.clone()),
        Part::Photo(Vec::new()),
        Part::Photo(b"a photo".to_vec()),
    ]);
    let report = taken(&data, &parts).unwrap();
    assert_eq!((report.records, report.rejected, report.photos, report.circles), (2, 4, 1, 2));
    assert_eq!(report.member, MemberId::from(root().public()).to_string());
    assert!(!dir.path().join("outside").exists() && !data.join(RESTORING).exists());
    let folder = Folder::open(&data).unwrap();
    let identity = Identity::load(&folder).unwrap();
    assert_eq!(identity.notes, Notes { written_down: true, restored: true });
    let store = SledStore::open(&data, &[identity.member()], Timestamp::from_millis(MADE).date()).unwrap();
    assert_eq!(store.meta(HEARD).unwrap().as_deref(), Some(b"[]".as_slice()), "what was heard there");
    let mut kept = 0;
    store.each(circle, &mut |record| kept += usize::from(record == thing || record == charter)).unwrap();
    store.each(unknown, &mut |_| kept += 10).unwrap();
    assert_eq!(kept, 2);
}

#[test]
fn without_all_keys_there_is_no_node_and_the_folder_is_empty_as_before() {
    for missing in 0..3 {
        let dir = tempfile::tempdir().unwrap();
        let (circle, charter, _) = circle();
        let mut parts = keys();
        parts.remove(missing);
        parts.extend([Part::Circle(circle), Part::Record(circle, charter)]);
        assert!(matches!(taken(dir.path(), &parts), Err(NodeError::Invalid(_))), "{missing}");
        assert_eq!(names(dir.path()), ["lock"]);
    }
    let dir = tempfile::tempdir().unwrap();
    let mut parts = keys();
    parts.push(Part::File("node.key".into(), b"half a k".to_vec()));
    assert!(matches!(taken(dir.path(), &parts), Err(NodeError::BadKey(_))));
    assert_eq!(names(dir.path()), ["lock"]);
    assert!(taken(dir.path(), &keys()).is_ok(), "the next one is taken");
}
