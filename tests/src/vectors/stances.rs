//! Cases of stances: what one side of an exchange says now.

use record::Hash;

use super::case::{Case, hex};
use super::raw::{Fields, bytes, list, text, uint};
use super::world::{END, NOW, alice, bob, circle, hosted};

const STANCE: &str = "commonshelf/stance/1";

/// What is said about a listing of the first member.
fn frame(from: [u8; 32], to: [u8; 32]) -> Fields {
    Fields::new()
        .with("circle", bytes(&circle()))
        .with("exchange", bytes(&[6; 16]))
        .with("from", bytes(&from))
        .with("to", bytes(&to))
        .with("lister", bytes(&alice().id()))
        .with("listing", bytes(&[5; 16]))
        .with("listed", uint(NOW - 1000))
        .with("revision", uint(NOW))
}

fn asked(says: &Fields) -> Fields {
    frame(bob().id(), alice().id()).with("asker", says.encode())
}

fn answered(says: &Fields) -> Fields {
    frame(alice().id(), bob().id()).with("listers", says.encode())
}

fn request() -> Fields {
    let commitment = Hash::derive("commonshelf/pick-up/1", &[&[6; 16], b"4711"]);
    Fields::new()
        .with("count", uint(2))
        .with("commitment", bytes(commitment.as_bytes()))
        .with("nonce", bytes(&[8; 16]))
}

fn promise() -> Fields {
    Fields::new()
        .with("promised", uint(2))
        .with("until", uint(END))
        .with("place", text("Hinterhof, grüne Tür"))
        .with("time", uint(NOW + 3_600_000))
        .with("due", uint(END))
}

const YES: u8 = 0xf5;

/// What the second member asks the first one.
pub(super) fn a_request() -> Fields {
    asked(&request())
}

/// What the first member promises to the second one.
pub(super) fn a_promise() -> Fields {
    answered(&promise())
}

/// The first member says that it handed something over.
pub(super) fn a_handover() -> Fields {
    answered(&Fields::new().with("handed-over", uint(NOW)))
}

pub(super) fn cases() -> Vec<Case> {
    let mut cases = good();
    cases.extend(bad());
    cases.extend(sealed());
    cases
}

fn good() -> Vec<Case> {
    let count = Fields::new().with("count", uint(1));
    let whole_request = request()
        .with("accepted", uint(NOW))
        .with("received", uint(NOW))
        .with("returned", uint(NOW))
        .with("ended", text("Doch nicht nötig"))
        .with("missed", vec![YES]);
    let whole_promise = promise()
        .with("ready", vec![YES])
        .with("handed-over", uint(NOW))
        .with("code", text("4711"))
        .with("back", uint(NOW))
        .with("ended", text(""))
        .with("missed", vec![YES]);
    let cases = [
        ("a request", asked(&count), "asker"),
        (
            "a request with all fields and a message",
            asked(&whole_request).with("message", text("Darf ich?\nDanke!")),
            "asker",
        ),
        ("a lister who says nothing yet", answered(&Fields::new()), "lister"),
        ("a promise", answered(&promise()), "lister"),
        ("a lister who says everything", answered(&whole_promise), "lister"),
        ("a stance with a field of a later version", asked(&count).with("queue", uint(3)), "asker"),
    ];
    cases.iter().map(|(name, stance, side)| Case::good("stance", name, &stance.encode(), side)).collect()
}

fn bad() -> Vec<Case> {
    let count = Fields::new().with("count", uint(1));
    let asks = |name: &str, value: Vec<u8>| asked(&request().with(name, value));
    let answers = |name: &str, value: Vec<u8>| answered(&promise().with(name, value));
    let as_lister = frame(bob().id(), alice().id()).with("listers", promise().encode());
    let as_asker = frame(alice().id(), bob().id()).with("asker", count.encode());
    let alone = frame(alice().id(), alice().id()).with("listers", promise().encode());
    let cases = [
        ("the asker speaks as the lister", as_lister, "wrong-type"),
        ("the lister speaks as the asker", as_asker, "wrong-type"),
        ("a member deals with itself", alone, "wrong-type"),
        ("a listing of a third member", asked(&count).with("lister", bytes(&[9; 32])), "wrong-type"),
        ("no side", asked(&count).without("asker"), "wrong-type"),
        ("both sides", asked(&count).with("listers", promise().encode()), "wrong-type"),
        ("a stance without a circle", asked(&count).without("circle"), "missing"),
        ("a stance without a revision", asked(&count).without("revision"), "missing"),
        ("an exchange of 15 bytes", asked(&count).with("exchange", bytes(&[6; 15])), "wrong-type"),
        ("a request without a number", asked(&request().without("count")), "missing"),
        ("a request for none", asks("count", uint(0)), "out-of-range"),
        ("a request for 100001", asks("count", uint(100_001)), "out-of-range"),
        ("a request with an inner field more", asks("promised", uint(1)), "wrong-type"),
        ("a commitment of 31 bytes", asks("commitment", bytes(&[1; 31])), "wrong-type"),
        ("missed that is false", asks("missed", vec![0xf4]), "wrong-type"),
        ("ready that is a number", answers("ready", uint(1)), "wrong-type"),
        ("a promise of none", answers("promised", uint(0)), "out-of-range"),
        ("a code without characters", answers("code", text("")), "empty"),
        ("a code of 33 characters", answers("code", text(&"1".repeat(33))), "too-long"),
        ("a place of 2001 characters", answers("place", text(&"p".repeat(2001))), "too-long"),
        ("a place with a hidden character", answers("place", text("Tür\u{200b}")), "unseen"),
        ("a promise with an inner field more", answers("price", uint(1)), "wrong-type"),
        ("an empty message, said", asked(&count).with("message", text("")), "second-form"),
        ("a message of 2001 characters", asked(&count).with("message", text(&"m".repeat(2001))), "too-long"),
    ];
    let mut found: Vec<Case> = cases
        .iter()
        .map(|(name, stance, reason)| Case::bad("stance", name, &stance.encode(), reason))
        .collect();
    found.push(Case::bad("stance", "a stance that is a list", &list(&[uint(1)]), "not-a-map"));
    let large = asked(&count).with("x", bytes(&[0; 7168]));
    found.push(Case::bad("stance", "a stance of more than 7168 bytes", &large.encode(), "too-large"));
    found
}

/// Stances with their authors' seals.
fn sealed() -> Vec<Case> {
    let stance = answered(&promise());
    let signed = stance.encode();
    let case = |make: fn(&str, &str, &[u8], &str) -> Case, name: &str, seal: &Fields, says: &str| {
        make("stance-seal", name, &seal.encode(), says).with("stance", hex(&signed))
    };
    vec![
        case(Case::good, "a promise that its lister signed", &alice().seal(STANCE, &signed), ""),
        case(Case::good, "a promise that a host signed", &hosted(alice()).seal(STANCE, &signed), ""),
        case(Case::bad, "a promise that the asker signed", &bob().seal(STANCE, &signed), "other-grant"),
        case(
            Case::bad,
            "a promise with the seal of another one",
            &alice().seal(STANCE, &answered(&Fields::new()).encode()),
            "bad-signature",
        ),
        case(
            Case::bad,
            "a promise signed as a receipt",
            &alice().seal("commonshelf/receipt/1", &signed),
            "bad-signature",
        ),
    ]
}
