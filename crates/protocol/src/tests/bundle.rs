//! A circle that is carried in a file.

use proptest::prelude::*;
use record::{CircleId, Hash, ReadSecret, Record, RecordId, RefusedBytes, Timestamp, Value};

use super::pump::{Member, Memory, NOW, Pair, name};
use crate::limits::{BUNDLE_RECORDS, MAX_FRAME};
use crate::{
    BUNDLE_MAGIC, BundleError, BundlePart, BundleReader, BundleWriter, Carried, NotCarried, Output, Protocol,
};

/// A node that has never met another one.
fn alone(circle: CircleId) -> Protocol<Memory> {
    holding(circle, Vec::new())
}

fn holding(circle: CircleId, held: Vec<ReadSecret>) -> Protocol<Memory> {
    let mut protocol = Protocol::new(name(7), Memory::default(), [7; 32]);
    let _ = protocol.follow(circle, held, NOW, &mut |_| {}).unwrap();
    protocol
}

/// The bundle of a circle as a node makes it.
fn bundle(protocol: &Protocol<Memory>, circle: CircleId, since: Option<Timestamp>) -> Vec<u8> {
    let (mut writer, mut out) = BundleWriter::begin(circle, since, None);
    for id in protocol.to_carry(circle, since) {
        let record = protocol.record(circle, &id).unwrap().unwrap();
        out.extend(writer.add(record.to_record()).unwrap_or_default());
    }
    out.extend(writer.end());
    out
}

/// All parts of a bundle that comes in pieces, and what ended it.
fn read(bytes: &[u8], piece: usize) -> (Vec<BundlePart>, Result<(), BundleError>) {
    let (mut reader, mut parts) = (BundleReader::new(), Vec::new());
    for piece in bytes.chunks(piece) {
        reader.push(piece);
        loop {
            match reader.part() {
                Ok(Some(part)) => parts.push(part),
                Ok(None) => break,
                Err(error) => return (parts, Err(error)),
            }
        }
    }
    (parts, reader.finish())
}

/// Takes in all that can be read.
fn carry(protocol: &mut Protocol<Memory>, circle: CircleId, bytes: &[u8]) -> Vec<Carried> {
    let mut carried = Vec::new();
    for part in read(bytes, 1_000).0 {
        if let BundlePart::Records(records) = part {
            carried.extend(protocol.carry(circle, records, NOW).unwrap().1);
        }
    }
    carried
}

fn added(carried: &[Carried]) -> usize {
    carried.iter().filter(|carried| **carried == Carried::Added).count()
}

/// A node with a charter, two grants and this many listings, and its circle.
fn full(listings: u32) -> (Pair, CircleId) {
    let mut pair = Pair::settled();
    let things = pair.members[0].listings(pair.circle, 0..listings);
    pair.write(0, things);
    let circle = pair.circle;
    (pair, circle)
}

fn ids(protocol: &Protocol<Memory>, circle: CircleId) -> Vec<RecordId> {
    protocol.catalogue(circle).unwrap().iter().map(|held| held.id()).collect()
}

#[test]
fn a_circle_crosses_in_a_file_and_the_second_time_nothing_is_new() {
    let (pair, circle) = full(700);
    let file = bundle(&pair.nodes[0].protocol, circle, None);
    let mut other = alone(circle);
    let carried = carry(&mut other, circle, &file);
    assert_eq!(carried, vec![Carried::Added; 703]);
    let digests = |protocol: &Protocol<Memory>| {
        let window = catalogue::Window::between(NOW, NOW);
        protocol.catalogue(circle).unwrap().digests(window).all()
    };
    assert_eq!(digests(&other), digests(&pair.nodes[0].protocol));
    assert_eq!(carry(&mut other, circle, &file), vec![Carried::Unchanged; 703]);
    assert_eq!(bundle(&other, circle, None), file, "the same things make the same file");
}

#[test]
fn what_is_carried_since_a_date_has_all_control_records_and_the_founding_charter_first() {
    let mut pair = Pair::settled();
    let old = pair.members[0].listings(pair.circle, 0..5);
    pair.write(0, old);
    let late = NOW.plus_millis(60_000);
    let new = vec![pair.members[0].listing(pair.circle, 9, late)];
    pair.write(0, new);
    let (circle, protocol) = (pair.circle, &pair.nodes[0].protocol);
    let order = protocol.to_carry(circle, Some(late));
    assert_eq!(order.len(), 3 + 1);
    assert_eq!(CircleId::founded_by(order[0]), circle);
    assert_eq!(protocol.to_carry(circle, None).len(), 3 + 6);
    let mut other = alone(circle);
    assert_eq!(added(&carry(&mut other, circle, &bundle(protocol, circle, Some(late)))), 4);
}

#[test]
fn what_was_carried_goes_on_to_connected_peers() {
    let (source, circle) = full(40);
    let file = bundle(&source.nodes[0].protocol, circle, None);
    let mut pair = Pair::settled();
    assert_eq!(pair.circle, circle, "the same members found the same circle");
    let mut outputs = Vec::new();
    for part in read(&file, 4_096).0 {
        if let BundlePart::Records(records) = part {
            let now = pair.now;
            outputs.extend(pair.nodes[0].protocol.carry(circle, records, now).unwrap().0);
        }
    }
    assert!(outputs.iter().any(|output| matches!(output, Output::Changed { .. })));
    assert!(!outputs.iter().any(|output| matches!(output, Output::Publish { .. })), "not by gossip");
    pair.pass(10_000);
    assert_eq!(pair.len(1), 43);
    assert_eq!(pair.digest(0), pair.digest(1));
}

#[test]
fn each_record_that_does_not_count_gets_its_reason() {
    let (pair, circle) = full(3);
    let file = bundle(&pair.nodes[0].protocol, circle, None);
    let mut other = alone(circle);
    let _ = carry(&mut other, circle, &file);
    let elsewhere = CircleId::from_bytes([9; 32]);
    let member = &pair.members[0];
    let mut forged = member.listing(circle, 50, NOW).to_record();
    *forged.envelope.last_mut().unwrap() ^= 1;
    let bodiless = Record { body: None, ..member.listing(circle, 51, NOW).to_record() };
    let other_body = Record { body: Some(vec![0xa0]), ..member.listing(circle, 52, NOW).to_record() };
    let good = member.listing(circle, 53, NOW).to_record();
    let stranger = Member::new(99);
    let records = vec![
        forged,
        bodiless,
        other_body,
        Record { envelope: vec![1, 2, 3], body: None },
        member.listing(elsewhere, 1, NOW).to_record(),
        member.listing(circle, 54, NOW.plus_days(400)).to_record(),
        member.listing(circle, 55, NOW.minus_millis(400 * 86_400_000)).to_record(),
        stranger.listing(circle, 1, NOW).to_record(),
        good.clone(),
        good,
    ];
    let (_, carried) = other.carry(circle, records, NOW).unwrap();
    let refused = |why: catalogue::Refusal| Carried::Rejected(NotCarried::Refused(why));
    assert_eq!(carried[0], Carried::Rejected(NotCarried::Bytes(RefusedBytes::BadSignature)));
    assert_eq!(carried[1], Carried::Rejected(NotCarried::NoBody));
    assert_eq!(carried[2], Carried::Rejected(NotCarried::Bytes(RefusedBytes::OtherBody)));
    assert!(matches!(carried[3], Carried::Rejected(NotCarried::Bytes(_))), "{:?}", carried[3]);
    assert_eq!(carried[4], refused(catalogue::Refusal::OtherCircle));
    assert_eq!(carried[5], refused(catalogue::Refusal::Future));
    assert_eq!(carried[6], refused(catalogue::Refusal::Expired));
    assert_eq!(carried[7], Carried::Rejected(NotCarried::Waiting));
    assert_eq!(carried[8..], [Carried::Added, Carried::Unchanged]);
    assert_eq!(ids(&other, circle).len(), 3 + 3 + 1);
}

#[test]
fn of_a_file_that_ends_early_everything_whole_is_read_and_the_rest_is_missed() {
    let (pair, circle) = full(600);
    let file = bundle(&pair.nodes[0].protocol, circle, None);
    let (whole, end) = read(&file, 700);
    assert_eq!((whole.len(), end), (6, Ok(())), "a head, four frames of records, and an end");
    for cut in (0..file.len()).step_by(997).chain([file.len() - 1]) {
        let (parts, end) = read(&file[..cut], 4_096);
        let wanted = if cut < BUNDLE_MAGIC.len() { BundleError::Other } else { BundleError::Torn };
        assert_eq!(end, Err(wanted), "cut at {cut}");
        assert_eq!(parts, whole[..parts.len()], "cut at {cut}");
    }
    let (parts, end) = read(&[&file[..], b"more"].concat(), 4_096);
    assert_eq!(parts, whole);
    assert_eq!(end, Err(BundleError::Shape(file.len() as u64)));
}

/// A frame of any bytes, with a checksum that holds.
fn framed(frame: &[u8]) -> Vec<u8> {
    let length = u32::try_from(frame.len()).unwrap().to_be_bytes();
    [&length[..], frame, &Hash::of(frame).as_bytes()[..8]].concat()
}

#[test]
fn what_is_made_in_another_way_is_refused() {
    let (_, head) = BundleWriter::begin(CircleId::from_bytes([3; 32]), None, None);
    let list = |parts: Vec<Value>| framed(&Value::List(parts).encode());
    let name = |name: &str| Value::Text(name.to_owned());
    let ends = |rest: Vec<u8>| read(&[head.clone(), rest].concat(), 10_000).1.unwrap_err();
    let at = head.len() as u64;
    assert_eq!(ends(vec![0xff; 5]), BundleError::Damaged(at), "a frame of four gigabytes");
    let too_long = u32::try_from(MAX_FRAME + 1).unwrap().to_be_bytes();
    assert_eq!(ends(too_long.to_vec()), BundleError::Damaged(at));
    assert_eq!(ends(framed(b"")), BundleError::Shape(at));
    assert_eq!(ends(list(vec![name("records"), Value::List(Vec::new())])), BundleError::Shape(at));
    let record = || Value::List(vec![Value::Bytes(vec![1]), Value::Null]);
    let many = Value::List((0..=BUNDLE_RECORDS).map(|_| record()).collect());
    assert_eq!(ends(list(vec![name("records"), many])), BundleError::Shape(at));
    assert_eq!(ends(list(vec![name("end"), Value::Uint(1)])), BundleError::Count { said: 1, held: 0 });
    assert_eq!(ends(head[8..].to_vec()), BundleError::Shape(at), "a second head");
    assert_eq!(ends(list(vec![name("end"), Value::Uint(0)]).repeat(2)), BundleError::Shape(at + 18));
    let newer = list(vec![name("bundle"), Value::Uint(2), name("what"), name("ever"), name("comes")]);
    assert_eq!(read(&[&BUNDLE_MAGIC[..], &newer].concat(), 99).1, Err(BundleError::Version(2)));
    assert_eq!(read(b"title;count\n", 99).1, Err(BundleError::Other));
    assert_eq!(read(b"", 99).1, Err(BundleError::Other));
}

#[test]
fn no_more_waits_than_a_frame_and_what_was_just_given() {
    let (_, head) = BundleWriter::begin(CircleId::from_bytes([3; 32]), None, None);
    let mut reader = BundleReader::new();
    reader.push(&head);
    while reader.part().unwrap().is_some() {}
    let endless = Value::List(vec![
        Value::Text("records".to_owned()),
        Value::List(vec![Value::List(vec![Value::Bytes(vec![1; 200]), Value::Null]); BUNDLE_RECORDS]),
    ]);
    let frame = framed(&endless.encode());
    for _ in 0..4_000 {
        for piece in frame.chunks(10_000) {
            reader.push(piece);
            while reader.part().unwrap().is_some() {}
            assert!(reader.waiting() <= MAX_FRAME + 12 + 10_000);
        }
    }
    assert_eq!(reader.records(), 4_000 * BUNDLE_RECORDS as u64);
}

#[test]
fn what_only_members_read_is_sealed_and_opens_with_the_secret_that_the_bundle_names() {
    let (pair, circle) = full(300);
    let source = &pair.nodes[0].protocol;
    let [mine, old, other] = [1, 2, 3].map(|number| ReadSecret::from_bytes([number; 32]));
    let (mut writer, mut file) = BundleWriter::begin(circle, None, Some(old.clone()));
    for id in source.to_carry(circle, None) {
        let record = source.record(circle, &id).unwrap().unwrap();
        file.extend(writer.add(record.to_record()).unwrap_or_default());
    }
    file.extend(writer.end());
    let leaks = |part: &[u8]| file.windows(part.len()).any(|bytes| bytes == part);
    assert!(!leaks(b"Leiter") && !leaks(old.as_bytes()) && !leaks(&[2; 16]));

    let (parts, end) = read(&file, 900);
    assert_eq!(end, Ok(()), "who does not have the secret still sees whether it is whole");
    let Some(BundlePart::Head { secret: Some(name), .. }) = parts.first() else {
        panic!("{:?}", parts.first())
    };
    let members = holding(circle, vec![mine, old.clone()]);
    assert_eq!(members.to_open(circle, name), Some(&old), "also when another one is in use by now");
    assert_eq!(alone(circle).to_open(circle, name), None);
    let mut opened = Vec::new();
    for part in &parts {
        if let BundlePart::Sealed(sealed) = part {
            assert_eq!(sealed.open(&other), Err(BundleError::Unopened));
            opened.extend(sealed.open(&old).unwrap());
        }
    }
    let whole: Vec<Record> = read(&bundle(source, circle, None), 900)
        .0
        .into_iter()
        .flat_map(|part| if let BundlePart::Records(records) = part { records } else { Vec::new() })
        .collect();
    assert_eq!(opened, whole);
    // A bundle that says that it is sealed holds nothing that is not.
    let (_, head) = BundleWriter::begin(circle, None, Some(old));
    let (_, open) = BundleWriter::begin(circle, None, None);
    let plain = bundle(source, circle, None);
    let mixed = [&head[..], &plain[open.len()..]].concat();
    assert_eq!(read(&mixed, 900).1, Err(BundleError::Shape(head.len() as u64)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn pieces_of_any_size_say_the_same(piece in 1_usize..5_000) {
        let (pair, circle) = full(80);
        let file = bundle(&pair.nodes[0].protocol, circle, None);
        prop_assert_eq!(read(&file, piece), read(&file, file.len()));
    }

    /// Bytes are changed, with and without a checksum that holds again.
    #[test]
    fn whatever_is_changed_nothing_counts_that_was_not_signed(
        at in any::<prop::sample::Index>(),
        flip in 1_u8..,
        mends in any::<bool>(),
    ) {
        let (pair, circle) = full(60);
        let signed = ids(&pair.nodes[0].protocol, circle);
        let mut file = bundle(&pair.nodes[0].protocol, circle, None);
        let at = at.index(file.len());
        file[at] ^= flip;
        if mends {
            file = mended(&file);
        }
        let mut other = alone(circle);
        let _ = carry(&mut other, circle, &file);
        for id in ids(&other, circle) {
            prop_assert!(signed.contains(&id));
        }
    }
}

/// The same frames with checksums that hold.
fn mended(file: &[u8]) -> Vec<u8> {
    let (mut out, mut rest) = (file[..8].to_vec(), &file[8..]);
    while let Some((length, more)) = rest.split_first_chunk::<4>() {
        let length = u32::from_be_bytes(*length) as usize;
        let Some((frame, more)) = more.split_at_checked(length) else { break };
        out.extend(framed(frame));
        rest = more.get(8..).unwrap_or_default();
    }
    out
}
