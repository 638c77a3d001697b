//! Cases of headers, envelopes and whole records.

use record::{Hash, RecordId};

use super::bodies;
use super::case::{Case, hex};
use super::raw::{Fields, bytes, head, list, text, uint};
use super::world::{NOW, PROTECTED, RECEIPT, RECORD, alice, bob, circle, cose, envelope, sign, to_be_signed};

pub(super) fn cases() -> Vec<Case> {
    let mut cases = headers();
    cases.extend(envelopes());
    cases.extend(records());
    cases.extend(forgeries());
    cases
}

/// The record of the example in the protocol's text.
fn listing_body() -> Vec<u8> {
    Fields::new()
        .with("side", text("offer"))
        .with("terms", text("loan"))
        .with("title", text("Bohrmaschine"))
        .with("count", uint(1))
        .encode()
}

fn listing_header() -> Fields {
    alice().header("content", "listing", &listing_body())
}

fn id_of(header: &Fields) -> String {
    RecordId::of_header(&header.encode()).to_string()
}

fn headers() -> Vec<Case> {
    let header = listing_header();
    let mut cases = vec![Case::good("header", "the header of a listing", &header.encode(), &id_of(&header))];
    let good = [
        ("an unknown kind", header.with("kind", text("weather"))),
        (
            "an unknown kind of 32 letters in another class",
            header.with("kind", text(&"w".repeat(32))).with("class", text("letter")),
        ),
        ("a kind with digits and hyphens", header.with("kind", text("a-2"))),
        ("the latest revision there can be", header.with("revision", uint(u64::MAX))),
        ("a body of 7168 bytes", header.with("size", uint(7168))),
        ("a withdrawal", withdrawn(&header)),
        (
            "an author that is no point of the curve",
            header.with("author", bytes(&[&[2][..], &[0; 31]].concat())),
        ),
    ];
    cases.extend(good.iter().map(|(name, header)| {
        Case::good("header", &format!("in a header: {name}"), &header.encode(), &id_of(header))
    }));

    let prime: Vec<u8> = [&[0xed][..], &[0xff; 30], &[0x7f]].concat();
    let bad = [
        ("a field that headers do not have", header.with("note", uint(1)), "unknown-field"),
        ("no author", header.without("author"), "missing"),
        ("no size", header.without("size"), "missing"),
        ("a signer of 31 bytes", header.with("signer", bytes(&[1; 31])), "wrong-type"),
        ("a circle as text", header.with("circle", text("bafyrei")), "wrong-type"),
        ("a key of 17 bytes", header.with("key", bytes(&[1; 17])), "wrong-type"),
        ("a revision below zero", header.with("revision", vec![0x20]), "wrong-type"),
        ("a revision as a float", header.with("revision", vec![0xf9, 0x3c, 0x00]), "cbor/type"),
        ("an author whose y is the prime", header.with("author", bytes(&prime)), "bad-key"),
        ("a signer whose y is the prime", header.with("signer", bytes(&prime)), "bad-key"),
        ("a class that there is not", header.with("class", text("gossip")), "unknown-word"),
        ("a kind in capitals", header.with("kind", text("Listing")), "bad-kind"),
        ("a kind without letters", header.with("kind", text("")), "bad-kind"),
        ("a kind that begins with a digit", header.with("kind", text("2nd")), "bad-kind"),
        ("a kind with a letter that is not plain", header.with("kind", text("lüge")), "bad-kind"),
        ("a kind of 33 letters", header.with("kind", text(&"w".repeat(33))), "bad-kind"),
        ("a listing as control", header.with("class", text("control")), "wrong-class"),
        ("a grant as content", header.with("kind", text("grant")), "wrong-class"),
        (
            "a letter as proof",
            header.with("kind", text("letter")).with("class", text("proof")),
            "wrong-class",
        ),
        (
            "a ballot as letter",
            header.with("kind", text("ballot")).with("class", text("letter")),
            "wrong-class",
        ),
        ("a body of 7169 bytes", header.with("size", uint(7169)), "too-large"),
        ("a body of 2^32 bytes", header.with("size", uint(1 << 32)), "too-large"),
        ("a withdrawal with the digest of a body", header.with("size", uint(0)), "bad-withdrawal"),
        (
            "a body with the digest of none",
            header.with("body", bytes(Hash::of(&[]).as_bytes())),
            "bad-withdrawal",
        ),
    ];
    cases.extend(bad.iter().map(|(name, header, reason)| {
        Case::bad("header", &format!("in a header: {name}"), &header.encode(), reason)
    }));
    let mut unsorted = header.entries();
    unsorted.swap(0, 1);
    cases.push(Case::bad(
        "header",
        "a header whose fields are unsorted",
        &[head(5, 9), unsorted.concat()].concat(),
        "cbor/order",
    ));
    cases.push(Case::bad("header", "a header that is a list", &list(&[uint(1)]), "not-a-map"));
    cases.push(Case::bad(
        "header",
        "a header and one byte more",
        &[header.encode(), vec![0]].concat(),
        "cbor/trailing",
    ));
    cases
}

fn withdrawn(header: &Fields) -> Fields {
    header.with("size", uint(0)).with("body", bytes(Hash::of(&[]).as_bytes())).with("revision", uint(NOW + 1))
}

fn envelopes() -> Vec<Case> {
    let header = listing_header();
    let payload = header.encode();
    let signature = sign(RECORD, &payload, &alice().device);
    let good = envelope(&header, &alice().device);
    let (protected, none, inner) = (bytes(&PROTECTED), head(5, 0), bytes(&payload));
    let eddsa = bytes(&[0xa1, 0x01, 0x27]);
    let twice = bytes(&[0xa2, 0x01, 0x32, 0x03, 0x00]);
    let tagged = [vec![0xd2], good.clone()].concat();
    let with_kid = Fields::new().with("kid", bytes(&[1])).encode();
    let with_number = vec![0xa1, 0x04, 0x41, 0x01];
    let filled = Fields::new().with("x", bytes(&vec![0; 1024])).encode();
    let three = list(&[protected.clone(), none.clone(), inner.clone()]);
    let five = list(&[protected.clone(), none.clone(), inner.clone(), bytes(&signature), vec![0xf6]]);
    // The payload's length in three bytes and a leading zero would be shortest in three: take four more.
    let mut longer = good.clone();
    let at = protected.len() + none.len() + 1;
    let two = [longer[at + 1], longer[at + 2]];
    longer.splice(at..at + 3, [0x5a, 0, 0, two[0], two[1]]);
    let bad = [
        ("an envelope with the tag of COSE_Sign1", tagged, "cbor/type"),
        ("an envelope of three parts", three, "shape"),
        ("an envelope of five parts", five, "shape"),
        ("an envelope that is a map", Fields::new().encode(), "shape"),
        ("another algorithm: EdDSA, -8", cose(eddsa, none.clone(), inner.clone(), &signature), "shape"),
        ("no protected header", cose(bytes(&[]), none.clone(), inner.clone(), &signature), "shape"),
        (
            "a protected header with a second parameter",
            cose(twice, none.clone(), inner.clone(), &signature),
            "shape",
        ),
        (
            "a protected header that is a map",
            cose(vec![0xa1, 0x61, b'1', 0x32], none.clone(), inner.clone(), &signature),
            "shape",
        ),
        (
            "an unprotected header with a name",
            cose(protected.clone(), with_kid, inner.clone(), &signature),
            "shape",
        ),
        (
            "an unprotected header with a number",
            cose(protected.clone(), with_number, inner.clone(), &signature),
            "cbor/key",
        ),
        (
            "a payload that is elsewhere",
            cose(protected.clone(), none.clone(), vec![0xf6], &signature),
            "shape",
        ),
        ("a payload that is no bytes", cose(protected.clone(), none.clone(), payload, &signature), "shape"),
        ("a signature of 63 bytes", cose(protected.clone(), none, inner.clone(), &signature[1..]), "shape"),
        ("an envelope of more than 1024 bytes", cose(protected, filled, inner, &signature), "too-large"),
        ("an envelope whose payload's length is not shortest", longer, "cbor/not-shortest"),
        ("an envelope and one byte more", [good.clone(), vec![0]].concat(), "cbor/trailing"),
        ("an envelope without its end", good[..good.len() - 1].to_vec(), "cbor/truncated"),
    ];
    let mut cases = vec![Case::good("envelope", "the envelope of a listing", &good, &id_of(&header))];
    cases.extend(bad.iter().map(|(name, bytes, reason)| Case::bad("envelope", name, bytes, reason)));
    cases
}

fn records() -> Vec<Case> {
    let alice = alice();
    let mut cases =
        vec![record(Case::good, "a listing", &listing_header(), Some(&listing_body()), "listing")];
    for (class, kind, body) in bodies::one_of_each() {
        let header = alice.header(class, kind, &body);
        cases.push(record(Case::good, &format!("a record of kind {kind}"), &header, Some(&body), kind));
    }
    let grant = case(
        Case::good,
        "a grant, signed by the root",
        &envelope(&alice.grant_header(), &alice.root),
        Some(&alice.grant().encode()),
        "grant",
    );
    cases.push(grant);
    let note = Fields::new().with("note", text("Es regnet")).encode();
    let unread = Fields::new().with("title", uint(5)).encode();
    let swap = Fields::new().with("side", text("swap")).encode();
    let role = alice.grant().with("role", text("cousin")).encode();
    let gone = withdrawn(&listing_header());
    let controls = alice.header("control", "mediation", &note);
    for (name, header, body, reads) in [
        ("an unknown kind", alice.header("content", "weather", &note), Some(&note), "other"),
        ("an unknown kind of class control", controls.clone(), Some(&note), "other"),
        (
            "a listing on a side that nobody knows",
            alice.header("content", "listing", &swap),
            Some(&swap),
            "other",
        ),
        (
            "a grant of a role that nobody knows",
            alice.header("control", "grant", &role),
            Some(&role),
            "other",
        ),
        (
            "a listing that nobody can read",
            alice.header("content", "listing", &unread),
            Some(&unread),
            "unreadable",
        ),
        (
            "a letter that is no map",
            alice.header("letter", "letter", &[0xff; 40]),
            Some(&vec![0xff; 40]),
            "unreadable",
        ),
        ("a listing without its body", listing_header(), None, "without-body"),
        ("a withdrawn listing", gone.clone(), Some(&vec![]), "withdrawn"),
        ("a withdrawn listing, its empty body left out", gone.clone(), None, "withdrawn"),
        ("a withdrawn grant", withdrawn(&alice.header("control", "grant", &note)), None, "withdrawn"),
    ] {
        cases.push(record(Case::good, name, &header, body, reads));
    }
    let profile = Fields::new().with("name", text("Alice")).encode();
    let nameless = Fields::new().with("text", text("Alice")).encode();
    for (name, header, body, reason) in [
        (
            "another body of the same length",
            listing_header(),
            Some(&vec![0; listing_body().len()]),
            "other-body",
        ),
        (
            "a body with one byte more",
            listing_header(),
            Some(&[listing_body(), vec![0]].concat()),
            "other-body",
        ),
        ("a withdrawal with a body", gone, Some(&note), "other-body"),
        ("a profile without its body", alice.header("control", "profile", &profile), None, "no-body"),
        ("an unknown control kind without its body", controls, None, "no-body"),
        (
            "a profile without a name",
            alice.header("control", "profile", &nameless),
            Some(&nameless),
            "missing",
        ),
        (
            "an unknown control kind whose body is no map",
            alice.header("control", "mediation", &uint(1)),
            Some(&uint(1)),
            "not-a-map",
        ),
        (
            "a control body that is not canonical",
            alice.header("control", "mediation", &[0x18, 0]),
            Some(&vec![0x18, 0]),
            "cbor/not-shortest",
        ),
    ] {
        cases.push(record(Case::bad, name, &header, body, reason));
    }
    cases
}

fn forgeries() -> Vec<Case> {
    let (alice, header, body) = (alice(), listing_header(), listing_body());
    let good = sign(RECORD, &header.encode(), &alice.device);
    let forged = |name: &str, header: &Fields, signature: &[u8; 64], reason: &str| {
        let envelope = cose(bytes(&PROTECTED), head(5, 0), bytes(&header.encode()), signature);
        case(Case::bad, name, &envelope, Some(&body), reason)
    };
    let mut flipped = good;
    flipped[40] ^= 1;
    let no_purpose = list(&[text("Signature1"), bytes(&PROTECTED), bytes(&[]), bytes(&header.encode())]);
    let other_context =
        [&[0x84, 0x69][..], b"Signature", &to_be_signed(RECORD, &header.encode())[12..]].concat();
    let neutral = [&[1][..], &[0; 31]].concat();
    let weak = header.with("signer", bytes(&neutral));
    // R and S of the neutral key: S = 0 and R = the neutral point satisfy the lax equation.
    let mut nothing = [0; 64];
    nothing[0] = 1;
    vec![
        forged("a signature with a flipped bit", &header, &flipped, "bad-signature"),
        forged(
            "a signature for receipts",
            &header,
            &sign(RECEIPT, &header.encode(), &alice.device),
            "bad-signature",
        ),
        forged("a signature without a purpose", &header, &alice.device.sign(&no_purpose), "bad-signature"),
        forged(
            "a signature of the header alone",
            &header,
            &alice.device.sign(&header.encode()),
            "bad-signature",
        ),
        forged(
            "a signature in another context",
            &header,
            &alice.device.sign(&other_context),
            "bad-signature",
        ),
        forged(
            "a signature for another circle",
            &header.with("circle", bytes(&[7; 32])),
            &good,
            "bad-signature",
        ),
        forged("a signature for another kind", &header.with("kind", text("comment")), &good, "bad-signature"),
        forged(
            "a signature for another revision",
            &header.with("revision", uint(NOW + 1)),
            &good,
            "bad-signature",
        ),
        forged(
            "a signature for another author",
            &header.with("author", bytes(&bob().id())),
            &good,
            "bad-signature",
        ),
        forged(
            "a signature of another key",
            &header,
            &sign(RECORD, &header.encode(), &bob().device),
            "bad-signature",
        ),
        forged(
            "a signature of the root that names the device",
            &header,
            &sign(RECORD, &header.encode(), &alice.root),
            "bad-signature",
        ),
        forged("a signer that is the neutral point", &weak, &nothing, "weak-key"),
        forged(
            "a signer that is no point of the curve",
            &header.with("signer", bytes(&[&[2][..], &[0; 31]].concat())),
            &good,
            "bad-key",
        ),
        forged(
            "a founding charter's zeros in place of the circle",
            &header.with("circle", bytes(&[0; 32])),
            &good,
            "bad-signature",
        ),
        forged(
            "a signature of a record in this circle, replayed in another",
            &header.with("circle", bytes(Hash::of(&circle()).as_bytes())),
            &good,
            "bad-signature",
        ),
    ]
}

type Make = fn(&str, &str, &[u8], &str) -> Case;

/// A record that the device of the first member signed.
fn record(make: Make, name: &str, header: &Fields, body: Option<&Vec<u8>>, says: &str) -> Case {
    case(make, name, &envelope(header, &alice().device), body.map(Vec::as_slice), says)
}

fn case(make: Make, name: &str, envelope: &[u8], body: Option<&[u8]>, says: &str) -> Case {
    let case = make("record", name, envelope, says);
    match body {
        Some(body) => case.with("body", hex(body)),
        None => case,
    }
}
