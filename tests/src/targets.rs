//! What is fuzzed: functions that take any bytes and panic if something does not hold. `tests/fuzz` feeds
//! them with chance, and the test `corpus` with what chance found before.

use node::import::{self, Options};
use node::{BundleError, BundlePart, BundleReader, BundleWriter, CircleLink};
use protocol::{BlobInput, Input, Output, PeerId, Protocol, SessionId};
use record::{Body, Header, Inside, Kind, Listing, Record, Said, Signed, Stance};
use sim::MemoryStore;

use crate::vectors::{self, Case, Verdict};
pub use crate::wire::{gossip, session};
use crate::{files_below, read, root, wire};

/// A target's name, and the function.
pub type Target = (&'static str, fn(&[u8]));

/// All targets.
pub const ALL: &[Target] = &[
    ("envelope", envelope),
    ("header", header),
    ("body", body),
    ("stance", stance),
    ("letter", letter),
    ("import", import),
    ("link", link),
    ("bundle", bundle),
    ("blob", blob),
    ("session", session),
    ("gossip", gossip),
];

/// The kinds of [`body`]: which one it is, the first byte tells.
pub const KINDS: &[&str] = &[
    Kind::CHARTER,
    Kind::GRANT,
    Kind::PROFILE,
    Kind::ADMISSION,
    Kind::REMOVAL,
    Kind::VOUCH,
    Kind::LISTING,
    Kind::NOTICE,
    Kind::COMMENT,
    Kind::RECEIPT,
    Kind::CHECKPOINT,
    Kind::ROTATION,
    Kind::LETTER,
    Kind::SEAL_KEY,
    "weather",
];

/// An envelope that is taken is the one encoding of what it says.
///
/// # Panics
/// If it is not.
pub fn envelope(bytes: &[u8]) {
    let Ok(signed) = Signed::parse(bytes) else { return };
    assert_eq!(signed.bytes(), bytes);
    assert_eq!(signed.id(), signed.header().id());
    let verified = Record { envelope: bytes.to_vec(), body: None }.verify();
    if let Ok(record) = verified {
        assert_eq!(record.to_record().envelope, bytes);
    }
}

/// A header that is taken is written again as it was.
///
/// # Panics
/// If it is not.
pub fn header(bytes: &[u8]) {
    if let Ok(header) = Header::decode(bytes) {
        assert_eq!(header.encode(), bytes);
    }
}

/// A body that is taken is written again as it was, and whatever it proves can be checked.
///
/// # Panics
/// If it is not.
pub fn body(bytes: &[u8]) {
    let Some((first, bytes)) = bytes.split_first() else { return };
    let Some(kind) = KINDS.get(usize::from(*first) % KINDS.len()).and_then(|word| Kind::new(word)) else {
        return;
    };
    let Ok(body) = Body::decode(&kind, bytes) else { return };
    assert_eq!(body.encode(), bytes);
    match body {
        Body::Receipt(receipt) => drop(receipt.check()),
        Body::Checkpoint(checkpoint) => drop(checkpoint.check()),
        Body::Charter(charter) => {
            let circle = record::CircleId::from_bytes([0; 32]);
            assert!(
                charter.approved_by(circle, record::Timestamp::from_millis(0)).len()
                    <= charter.approvals.len()
            );
        }
        Body::Grant(_)
        | Body::Profile(_)
        | Body::Admission(_)
        | Body::Removal(_)
        | Body::Vouch(_)
        | Body::Rotation(_)
        | Body::SealKey(_)
        | Body::Letter(_)
        | Body::Listing(_)
        | Body::Notice(_)
        | Body::Comment(_)
        | Body::Other(_) => {}
    }
}

/// A stance that is taken is written again as it was, alone and as a letter holds it; and checking it ends.
///
/// # Panics
/// If it is not.
pub fn stance(bytes: &[u8]) {
    if let Ok(stance) = Stance::decode(bytes) {
        assert_eq!(stance.encode(), bytes);
    }
    if let Ok(said) = Said::decode(bytes) {
        assert_eq!(said.encode(), bytes);
        let _ = said.check();
    }
}

/// What is said in a letter, if it is taken, is written again as it was, and can be sealed or is refused.
///
/// # Panics
/// If it is not.
pub fn letter(bytes: &[u8]) {
    let Ok((inside, epoch)) = Inside::decode(bytes) else { return };
    assert_eq!(inside.encode(epoch), bytes);
    let (author, circle) = (inside.content.from(), record::CircleId::from_bytes([0; 32]));
    let (key, revision) = (record::Key::from_bytes([0; 16]), record::Timestamp::from_millis(0));
    let outer = record::Outer { author, circle, key, revision };
    let secret = record::SealSecret::from_bytes([7; 32], epoch);
    let Ok(letter) = record::Letter::seal(&inside, &secret.public(), &secret, outer, 0, &[7; 32]) else {
        return;
    };
    let mut boxes = record::Mailboxes::new();
    boxes.add(inside.content.to(), &record::Keyring::of(secret.clone()));
    let opened = boxes.open(&letter, outer, |_, _| Some(secret.public()));
    assert_eq!(opened.map(|opened| opened.map(|opened| opened.inside)), Ok(Some(inside)));
}

/// Rows of a table that are taken make listings within all bounds.
///
/// # Panics
/// If they do not.
pub fn import(bytes: &[u8]) {
    let Ok(outcome) = import::read(bytes, &Options::default()) else { return };
    for row in outcome.rows {
        let listing: Listing = row.listing.into_listing();
        assert_eq!(listing.clone().checked().as_ref(), Ok(&listing), "line {}", row.line);
        let bytes = Body::Listing(listing).encode();
        // A listing's texts together may still be larger than a record: signing says so.
        if bytes.len() <= record::limits::MAX_BODY {
            assert!(
                matches!(Body::decode(&Kind::listing(), &bytes), Ok(Body::Listing(_))),
                "line {}",
                row.line
            );
        }
    }
}

/// A link that is taken survives its text.
///
/// # Panics
/// If it does not.
pub fn link(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(link) = text.parse::<CircleLink>() {
        assert_eq!(link.to_string().parse::<CircleLink>().ok(), Some(link));
    }
}

/// What a bundle says does not depend on the pieces in which it comes, and is the same when it is written again.
///
/// # Panics
/// If it is not.
pub fn bundle(bytes: &[u8]) {
    let (parts, end) = read_bundle(bytes, bytes.len().max(1));
    assert_eq!(read_bundle(bytes, 7), (parts.clone(), end.clone()));
    let Some(BundlePart::Head { circle, since, secret }) = parts.first() else {
        assert!(parts.is_empty() && end.is_err());
        return;
    };
    if secret.is_some() {
        let key = record::ReadSecret::from_bytes([7; 32]);
        for part in &parts {
            if let BundlePart::Sealed(sealed) = part {
                drop(sealed.open(&key));
            }
        }
        return;
    }
    let (mut writer, mut again) = BundleWriter::begin(*circle, *since, None);
    let records = |parts: &[BundlePart]| -> Vec<Record> {
        parts
            .iter()
            .flat_map(|part| if let BundlePart::Records(records) = part { records.clone() } else { vec![] })
            .collect()
    };
    let read = records(&parts);
    for record in read.clone() {
        again.extend(writer.add(record).unwrap_or_default());
    }
    again.extend(writer.end());
    let (parts, end) = read_bundle(&again, 1_000);
    assert_eq!((records(&parts), end), (read, Ok(())));
}

fn read_bundle(bytes: &[u8], piece: usize) -> (Vec<BundlePart>, Result<(), BundleError>) {
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

/// Whatever a stranger says in a blob session: a question gets one answer, that there is no such blob, and
/// anything else ends the session.
///
/// # Panics
/// If it does not.
pub fn blob(bytes: &[u8]) {
    let (peer, session) = (PeerId::new("stranger"), SessionId(1));
    let mut protocol = Protocol::new(PeerId::new("node"), MemoryStore::default(), [7; 32]);
    let now = record::Timestamp::from_millis(1);
    protocol.handle(Input::Blob(BlobInput::Opened { session, peer }), now);
    let outputs = protocol.handle(Input::Frame { session, frame: bytes.to_vec() }, now);
    let lacking = record::Value::List(vec![record::Value::Text("lacking".to_owned())]).encode();
    assert!(
        matches!(outputs.as_slice(), [Output::Send { frame, .. }] if *frame == lacking)
            || matches!(outputs.as_slice(), [Output::Close(SessionId(1))]),
        "{outputs:?}"
    );
}

/// What chance begins with: a target and bytes that it takes, from the test cases and the demo's tables.
///
/// # Panics
/// If a table of the demo can not be read.
#[must_use]
pub fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let mut found = wire::seeds();
    for case in vectors::cases().into_iter().flat_map(|(_, cases)| cases) {
        // A few of the good ones show every field; the bad ones are tried as they are.
        if case.expect == Verdict::Accept {
            found.extend(inputs(&case).into_iter().filter(|(_, bytes)| bytes.len() < 4096));
        }
    }
    found.extend(vectors::contents().into_iter().map(|said| ("letter", said)));
    for table in files_below(root().join("crates/cli/demo"), &[".csv"]) {
        found.push(("import", read(table).into_bytes()));
    }
    let rows = r#"[{"title":"Bohrmaschine","terms":"loan","count":2},{"title":"Leiter","side":"need"}]"#;
    found.push(("import", rows.as_bytes().to_vec()));
    let circle = record::CircleId::from_bytes([7; 32]);
    let peers = ["/ip4/192.168.1.5/tcp/7378", "/dns4/leihlokal.example/udp/7378/quic-v1", "/ip6/::1/tcp/1"];
    for secret in [None, Some(record::ReadSecret::from_bytes([7; 32]))] {
        let since = secret.is_none().then_some(record::Timestamp::from_millis(7));
        let (mut writer, mut file) = BundleWriter::begin(circle, since, secret);
        for length in [3, 400] {
            let record = Record { envelope: vec![1; length], body: (length > 3).then(|| vec![2; length]) };
            file.extend(writer.add(record).unwrap_or_default());
        }
        file.extend(writer.end());
        found.push(("bundle", file));
    }
    let hash = record::Value::Bytes(circle.as_bytes().to_vec());
    let number = record::Value::Uint;
    let ask = vec![record::Value::Text("ask".to_owned()), hash, number(200_000), number(61_440)];
    let part = vec![record::Value::Text("part".to_owned()), record::Value::Bytes(vec![7; 50])];
    found.extend([ask, part].map(|frame| ("blob", record::Value::List(frame).encode())));
    found.push(("link", circle.to_string().into_bytes()));
    found.push((
        "link",
        format!("commonshelf:{circle}?name=Gartenstra%C3%9Fe&peer={}", peers.join("&peer=")).into_bytes(),
    ));
    found
}

/// What a case is for the targets.
#[must_use]
pub fn inputs(case: &Case) -> Option<(&'static str, Vec<u8>)> {
    let body = |kind: &str| {
        let first = KINDS.iter().position(|known| *known == kind).unwrap_or(KINDS.len() - 1);
        let first = u8::try_from(first).unwrap_or(u8::MAX);
        Some(("body", [vec![first], case.bytes()].concat()))
    };
    match case.what.as_str() {
        "header" => Some(("header", case.bytes())),
        "envelope" | "record" => Some(("envelope", case.bytes())),
        "stance" | "said" => Some(("stance", case.bytes())),
        "body" => body(case.text_of("kind")),
        "letter" => body(Kind::LETTER),
        "receipt" => body(Kind::RECEIPT),
        "checkpoint" => body(Kind::CHECKPOINT),
        "approvals" => body(Kind::CHARTER),
        _ => None,
    }
}
