//! What the crate `record` makes of a case.

use record::{
    Body, BodyError, CborError, CheckpointError, CircleId, Content, Grant, Hash, Header, HeaderError, Key,
    Keyring, Kind, LetterError, Mailboxes, MemberId, Outer, PlaceError, PublicKey, ReadSecret, Receipt,
    ReceiptError, Record, RecordId, RefusedBytes, Said, Seal, SealError, SealKey, SealPublic, SealSecret,
    SecretKey, Signed, Stance, Terms, Timestamp, Value, code_commitment, draw_commitment, draw_order,
};

use super::case::{Case, hex, unhex};

/// What is made of the case's bytes, or in one word why they are refused.
///
/// # Errors
/// The reason.
///
/// # Panics
/// If the case is of no known sort, or lacks what its sort needs.
pub fn verdict(case: &Case) -> Result<String, String> {
    let bytes = case.bytes();
    match case.what.as_str() {
        "cbor" => Value::decode(&bytes).map(|_| String::new()).map_err(|error| cbor(&error)),
        "key" => key(&bytes).map(|_| String::new()),
        "signature" => signature(case, &bytes),
        "header" => {
            Header::decode(&bytes).map(|header| header.id().to_string()).map_err(|error| header_error(&error))
        }
        "envelope" => {
            Signed::parse(&bytes).map(|signed| signed.id().to_string()).map_err(|error| refused(&error))
        }
        "record" => record(case, bytes),
        "body" => read(case.text_of("kind"), &bytes).map(|body| kind_of(&body)),
        "seal" => sealed(case, &bytes),
        "receipt" => receipt(&bytes),
        "checkpoint" => checkpoint(&bytes),
        "approvals" => Ok(approvals(case, &bytes)),
        "charter-key" => {
            let (charter, circle, revision) = charter(case, &bytes);
            Ok(charter.key(circle, revision).to_string())
        }
        "stance" => stance(&bytes).map(|stance| format!("{} {}", side_of(&stance), stance.about.id())),
        "said" => {
            let said = Said::decode(&bytes).map_err(|error| body_error(&error))?;
            assert_eq!(said.encode(), bytes, "what was read is written as it was");
            said.check().map(|()| side_of(&said.stance).to_owned()).map_err(|error| seal_error(&error))
        }
        "letter" => letter(case, &bytes),
        _ => named(case, &bytes),
    }
}

/// What the letter holds, opened by `with.member`, who knows one sender.
fn letter(case: &Case, bytes: &[u8]) -> Result<String, String> {
    let Body::Letter(letter) = read(Kind::LETTER, bytes)? else { panic!("a letter") };
    let member = |name: &str| MemberId::from_bytes(fixed(&unhex(case.text_of(name)))).expect("a key");
    let outer = Outer {
        author: member("author"),
        circle: circle_of(case),
        key: Key::from_bytes(fixed(&unhex(case.text_of("key")))),
        revision: time(case.text_of("revision")),
    };
    let mut boxes = Mailboxes::new();
    let secret = SealSecret::from_bytes(fixed(&unhex(case.text_of("secret"))), 0);
    boxes.add(member("member"), &Keyring::of(secret));
    let sender = (member("sender"), case.text_of("sender-epoch").parse().expect("a number"));
    let key = SealPublic::from_bytes(fixed(&unhex(case.text_of("sender-key"))));
    let known = |from, epoch| ((from, epoch) == sender).then_some(key);
    let opened = boxes.open(&letter, outer, known).map_err(|error| match error {
        LetterError::TooLong(_) => "too-long".to_owned(),
        LetterError::WeakKey => "weak-key".to_owned(),
        LetterError::Padding => "padding".to_owned(),
        LetterError::Content(error) => body_error(&error),
        LetterError::UnknownSender { .. } => "unknown-sender".to_owned(),
        LetterError::Forged => "forged".to_owned(),
        LetterError::OtherMember => "other-member".to_owned(),
        LetterError::OtherCircle => "other-circle".to_owned(),
        LetterError::Unsigned => "unsigned".to_owned(),
        LetterError::Seal(error) => format!("seal/{}", seal_error(&error)),
        other => unnamed(&other),
    })?;
    let word = match opened.ok_or("closed")?.inside.content {
        Content::Stance(_) => "stance",
        Content::Copy(..) => "copy",
        Content::Pass { .. } => "pass",
        Content::Other { .. } => "other",
    };
    Ok(word.to_owned())
}

/// Names and what derives from something.
fn named(case: &Case, bytes: &[u8]) -> Result<String, String> {
    let secret = || ReadSecret::from_bytes(fixed(bytes));
    Ok(match case.what.as_str() {
        "derive" => {
            let parts = parts(case.text_of("parts"));
            let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
            Hash::derive(case.text_of("purpose"), &parts).to_string()
        }
        "read-secret" => hex(ReadSecret::open(CircleId::from_bytes(fixed(bytes))).as_bytes()),
        "topic" => secret().topic().to_string(),
        "discovery" => secret().discovery().to_string(),
        "gossip-key" => hex(&*secret().gossip_key()),
        "read-proof" => {
            let drawn = parts(case.text_of("drawn"));
            let drawn: Vec<&[u8]> = drawn.iter().map(Vec::as_slice).collect();
            secret().proof(circle_of(case), case.text_of("side"), &drawn).to_string()
        }
        "draw-commitment" => {
            let lister = MemberId::from_bytes(fixed(&unhex(case.text_of("lister")))).expect("a key");
            let listing = Key::from_bytes(fixed(&unhex(case.text_of("listing"))));
            draw_commitment(&fixed(bytes), lister, listing, time(case.text_of("closes"))).to_string()
        }
        "draw-order" => {
            let nonces = parts(case.text_of("nonces")).iter().map(|nonce| fixed(nonce)).collect();
            draw_order(&fixed(bytes), &nonces).iter().map(|nonce| format!("{}.", hex(nonce))).collect()
        }
        "receipt-key" => {
            let members = bytes.chunks(32).map(|key| MemberId::from_bytes(fixed(key)).expect("a key"));
            let [giver, receiver] = members.collect::<Vec<_>>().try_into().expect("two members");
            let receipt = Receipt {
                circle: CircleId::from_bytes([0; 32]),
                exchange: Key::from_bytes(fixed(&unhex(case.text_of("exchange")))),
                giver,
                receiver,
                title: "Fahrrad".to_owned(),
                kind: String::new(),
                count: 1,
                grams: 0,
                terms: Terms::Gift,
                minutes: 0,
                at: Timestamp::from_millis(0),
            };
            receipt.key().to_string()
        }
        "seal-secret" | "host-seal-secret" => {
            let (seed, epoch) = (SecretKey::from_seed(&fixed(bytes)), case.text_of("epoch"));
            let epoch = epoch.parse().expect("a number");
            let of_host = case.what == "host-seal-secret";
            let secret =
                if of_host { SealSecret::of_host(&seed, epoch) } else { SealSecret::derive(&seed, epoch) };
            format!("{} {}", hex(secret.as_bytes()), hex(secret.public().as_bytes()))
        }
        "hint" => {
            let bits = case.text_of("bits").parse().expect("a number");
            SealPublic::from_bytes(fixed(bytes)).hint(bits).to_string()
        }
        "seal-key-slot" => SealKey::key().to_string(),
        "grant-key" => Grant::key(&key(bytes)?).to_string(),
        "pick-up" => code_commitment(Key::from_bytes(fixed(bytes)), case.text_of("code")).to_string(),
        "id" => {
            let id: RecordId = case.text_of("text").parse().map_err(|_| "text".to_owned())?;
            hex(id.as_bytes())
        }
        "member" => {
            let member: MemberId = case.text_of("text").parse().map_err(|_| "text".to_owned())?;
            hex(member.as_bytes())
        }
        other => panic!("{}: no case is of the sort {other}", case.name),
    })
}

fn fixed<const N: usize>(bytes: &[u8]) -> [u8; N] {
    bytes.try_into().unwrap_or_else(|_| panic!("{N} bytes, and not {}", bytes.len()))
}

/// Bytes in hexadecimal, each part followed by a dot.
fn parts(text: &str) -> Vec<Vec<u8>> {
    text.split_terminator('.').map(unhex).collect()
}

fn circle_of(case: &Case) -> CircleId {
    CircleId::from_bytes(fixed(&unhex(case.text_of("circle"))))
}

fn time(text: &str) -> Timestamp {
    Timestamp::from_millis(text.parse().expect("a number"))
}

fn key(bytes: &[u8]) -> Result<PublicKey, String> {
    let bytes = bytes.try_into().map_err(|_| "wrong-type".to_owned())?;
    PublicKey::from_bytes(bytes).map_err(|error| key_error(&error))
}

fn signature(case: &Case, bytes: &[u8]) -> Result<String, String> {
    let key = key(&unhex(case.text_of("key")))?;
    let message = unhex(case.text_of("message"));
    match key.verify(&message, &fixed(bytes)).map_err(|error| key_error(&error))? {
        true => Ok(String::new()),
        false => Err("bad-signature".to_owned()),
    }
}

fn record(case: &Case, envelope: Vec<u8>) -> Result<String, String> {
    let record = Record { envelope, body: case.bytes_of("body") };
    let verified = record.verify().map_err(|error| refused(&error))?;
    if verified.header().is_withdrawal() {
        return Ok("withdrawn".to_owned());
    }
    if verified.body_bytes().is_none() {
        return Ok("without-body".to_owned());
    }
    Ok(verified.body().map_or("unreadable".to_owned(), |body| kind_of(&body)))
}

fn read(kind: &str, bytes: &[u8]) -> Result<Body, String> {
    let kind = Kind::new(kind).expect("a kind");
    let body = Body::decode(&kind, bytes).map_err(|error| body_error(&error))?;
    assert_eq!(body.encode(), bytes, "a body that was read is written as it was");
    Ok(body)
}

fn kind_of(body: &Body) -> String {
    body.kind().map_or("other".to_owned(), |kind| kind.to_string())
}

fn seal_of(bytes: &[u8]) -> Result<Seal, String> {
    Seal::decode(bytes).map_err(|error| body_error(&error))
}

fn sealed(case: &Case, bytes: &[u8]) -> Result<String, String> {
    let member = MemberId::from_bytes(fixed(&unhex(case.text_of("member")))).expect("a key");
    let payload = unhex(case.text_of("payload"));
    let at = time(case.text_of("at"));
    let checked = seal_of(bytes)?.check(case.text_of("purpose"), &payload, member, circle_of(case), at);
    checked.map(|(_, role)| role.to_string()).map_err(|error| seal_error(&error))
}

fn receipt(bytes: &[u8]) -> Result<String, String> {
    let Body::Receipt(receipt) = read(Kind::RECEIPT, bytes)? else { panic!("a receipt") };
    let made = receipt.check().map_err(|error| match error {
        ReceiptError::Alone => "alone".to_owned(),
        ReceiptError::Code => "code".to_owned(),
        ReceiptError::Giver(error) => format!("giver/{}", seal_error(&error)),
        ReceiptError::Receiver(error) => format!("receiver/{}", seal_error(&error)),
        other => unnamed(&other),
    })?;
    Ok(made.to_string())
}

fn checkpoint(bytes: &[u8]) -> Result<String, String> {
    let Body::Checkpoint(checkpoint) = read(Kind::CHECKPOINT, bytes)? else { panic!("a checkpoint") };
    checkpoint.check().map(|()| String::new()).map_err(|error| match error {
        CheckpointError::Order => "order".to_owned(),
        CheckpointError::Balance => "balance".to_owned(),
        CheckpointError::Seal(error) => seal_error(&error),
        other => unnamed(&other),
    })
}

fn charter(case: &Case, bytes: &[u8]) -> (record::Charter, CircleId, Timestamp) {
    let Ok(Body::Charter(charter)) = read(Kind::CHARTER, bytes) else { panic!("a charter") };
    (charter, circle_of(case), time(case.text_of("revision")))
}

fn approvals(case: &Case, bytes: &[u8]) -> String {
    let (charter, circle, revision) = charter(case, bytes);
    let approved = charter.approved_by(circle, revision);
    approved.keys().map(|steward| hex(steward.as_bytes())).collect::<Vec<_>>().join(" ")
}

fn side_of(stance: &Stance) -> &'static str {
    if stance.is_listers() { "lister" } else { "asker" }
}

fn stance(bytes: &[u8]) -> Result<Stance, String> {
    let stance = Stance::decode(bytes).map_err(|error| body_error(&error))?;
    assert_eq!(stance.encode(), bytes, "a stance that was read is written as it was");
    Ok(stance)
}

/// For errors of a later version: there is no word yet.
fn unnamed(error: &dyn std::error::Error) -> String {
    panic!("give this reason a word: {error}")
}

fn cbor(error: &CborError) -> String {
    let word = match error {
        CborError::Truncated => "truncated",
        CborError::Trailing => "trailing",
        CborError::NotShortest => "not-shortest",
        CborError::Unsupported(_) => "type",
        CborError::NotUtf8 => "utf8",
        CborError::KeyNotText => "key",
        CborError::KeyOrder => "order",
        CborError::TooDeep => "depth",
        CborError::WrongType => return "wrong-type".to_owned(),
        other => return unnamed(other),
    };
    format!("cbor/{word}")
}

fn key_error(error: &record::KeyError) -> String {
    match error {
        record::KeyError::NotAPoint => "bad-key".to_owned(),
        record::KeyError::Weak => "weak-key".to_owned(),
        record::KeyError::NotADidKey(_) => "text".to_owned(),
        other => unnamed(other),
    }
}

fn body_error(error: &BodyError) -> String {
    let word = match error {
        BodyError::Cbor(error) => return cbor(error),
        BodyError::Key(error) => return key_error(error),
        BodyError::Place(PlaceError::TooFine(_)) => "cell-too-fine",
        BodyError::Place(_) => "not-a-cell",
        BodyError::NotAMap => "not-a-map",
        BodyError::TooLarge(_) | BodyError::StanceTooLarge(_) | BodyError::NoRoomForDraw(_) => "too-large",
        BodyError::Missing(_) => "missing",
        BodyError::WrongType(_) => "wrong-type",
        BodyError::Empty(_) => "empty",
        BodyError::TooLong { .. } => "too-long",
        BodyError::OutOfRange { .. } => "out-of-range",
        BodyError::UnknownWord { .. } => "unknown-word",
        BodyError::Unseen(_) => "unseen",
        BodyError::TooMany(_) | BodyError::TooManyPhotos | BodyError::TooManyInDraw => "too-many",
        BodyError::Repeated(_) => "repeated",
        BodyError::SecondForm => "second-form",
        other => return unnamed(other),
    };
    word.to_owned()
}

fn header_error(error: &HeaderError) -> String {
    let word = match error {
        HeaderError::Cbor(error) => return cbor(error),
        HeaderError::Field(error) => return body_error(error),
        HeaderError::Key(error) => return key_error(error),
        HeaderError::UnknownField => "unknown-field",
        HeaderError::TooFewFields => "missing",
        HeaderError::BadKind => "bad-kind",
        HeaderError::WrongClass(..) => "wrong-class",
        HeaderError::BodyTooLarge(_) => "too-large",
        HeaderError::BadWithdrawal => "bad-withdrawal",
        other => return unnamed(other),
    };
    word.to_owned()
}

fn refused(error: &RefusedBytes) -> String {
    let word = match error {
        RefusedBytes::Cbor(error) => return cbor(error),
        RefusedBytes::Header(error) => return header_error(error),
        RefusedBytes::Key(error) => return key_error(error),
        RefusedBytes::ControlBody(BodyError::Missing("body")) => "no-body",
        RefusedBytes::ControlBody(error) => return body_error(error),
        RefusedBytes::TooLarge(_) => "too-large",
        RefusedBytes::Shape => "shape",
        RefusedBytes::BadSignature => "bad-signature",
        RefusedBytes::OtherBody => "other-body",
        other => return unnamed(other),
    };
    word.to_owned()
}

fn seal_error(error: &SealError) -> String {
    let word = match error {
        SealError::Grant(error) => return format!("grant/{}", refused(error)),
        SealError::Key(error) => return key_error(error),
        SealError::OtherGrant => "other-grant",
        SealError::NotCovered => "not-covered",
        SealError::BadSignature => "bad-signature",
        other => return unnamed(other),
    };
    word.to_owned()
}
