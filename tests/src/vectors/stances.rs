//! Cases of stances: what one side of an exchange says now.

use record::Hash;

use super::case::Case;
use super::raw::{Fields, bytes, list, text, uint};
use super::world::{END, NOW, Person, RECEIPT, alice, bob, circle, hosted};

const STANCE: &str = "commonshelf/stance/1";

/// What is said about a listing of the first member, for which the second one asks.
fn frame() -> Fields {
    about().with("revision", uint(NOW))
}

/// What an exchange is about.
fn about() -> Fields {
    Fields::new()
        .with("circle", bytes(&circle()))
        .with("exchange", bytes(&[6; 16]))
        .with("asker", bytes(&bob().id()))
        .with("lister", bytes(&alice().id()))
        .with("listing", bytes(&[5; 16]))
        .with("listed", uint(NOW - 1000))
        .with("asked", uint(NOW - 500))
        .with("side", text("offer"))
        .with("terms", text("gift"))
        .with("title", text("Kinderwagen"))
}

/// What the exchange of these cases, or one like it, is called.
fn id(about: &Fields) -> String {
    Hash::derive("commonshelf/exchange/1", &[&about.encode()]).to_string().chars().take(32).collect()
}

fn asked(says: &Fields) -> Fields {
    frame().with("asks", says.encode())
}

fn answered(says: &Fields) -> Fields {
    frame().with("answers", says.encode())
}

fn count() -> Fields {
    Fields::new().with("count", uint(2))
}

fn request() -> Fields {
    let commitment = Hash::derive("commonshelf/pick-up/1", &[&[6; 16], b"4711"]);
    count().with("commitment", bytes(commitment.as_bytes())).with("nonce", bytes(&[8; 16]))
}

fn promise() -> Fields {
    Fields::new()
        .with("promised", uint(2))
        .with("promised-at", uint(NOW))
        .with("until", uint(END))
        .with("place", text("Hinterhof, grüne Tür"))
        .with("time", uint(NOW + 3_600_000))
}

/// The receipt of what the first member gave the second: two prams.
fn receipt() -> Fields {
    Fields::new()
        .with("circle", bytes(&circle()))
        .with("exchange", bytes(&[6; 16]))
        .with("giver", bytes(&alice().id()))
        .with("receiver", bytes(&bob().id()))
        .with("title", text("Kinderwagen"))
        .with("count", uint(2))
        .with("grams", uint(0))
        .with("terms", text("gift"))
        .with("minutes", uint(0))
        .with("at", uint(NOW))
}

/// A side's word on that receipt.
fn given(person: &Person) -> Fields {
    Fields::new()
        .with("count", uint(2))
        .with("at", uint(NOW))
        .with("seal", person.seal(RECEIPT, &receipt().encode()).encode())
}

fn message(words: &str) -> Vec<u8> {
    Fields::new().with("at", uint(NOW)).with("text", text(words)).encode()
}

fn messages(count: usize, length: usize) -> Vec<u8> {
    list(&vec![message(&"m".repeat(length)); count])
}

const YES: u8 = 0xf5;
const NO: u8 = 0xf4;

/// What the second member asks the first one.
pub(super) fn a_request() -> Fields {
    asked(&request())
}

/// What the first member promises to the second one.
pub(super) fn a_promise() -> Fields {
    answered(&promise())
}

/// The first member says that it handed over what it had promised.
pub(super) fn a_handover() -> Fields {
    a_promise().with("given", given(&alice()).encode())
}

/// The second member says that it received it.
pub(super) fn a_receipt() -> Fields {
    asked(&count()).with("given", given(&bob()).encode())
}

/// The second member puts the first one's word on the receipt for its own.
pub(super) fn a_stolen_word() -> Fields {
    asked(&count()).with("given", given(&alice()).encode())
}

/// The stance with a message, which no seal covers.
pub(super) fn with_message(stance: &Fields) -> Fields {
    stance.with("messages", messages(1, 9))
}

/// A stance as a letter holds it, with this member's seal of these bytes.
pub(super) fn sealed(stance: &Fields, signed: &Fields, person: &Person) -> Fields {
    bare(stance).with("seal", person.seal(STANCE, &signed.encode()).encode())
}

/// A stance as a letter holds it, that nobody signed.
pub(super) fn bare(stance: &Fields) -> Fields {
    Fields::new().with("stance", bytes(&stance.encode()))
}

pub(super) fn cases() -> Vec<Case> {
    let mut cases = good();
    cases.extend(bad());
    cases.extend(said());
    cases
}

fn good() -> Vec<Case> {
    let whole_request =
        request().with("name", text("Mina vom dritten Stock")).with("accepted", uint(NOW + 3_600_000));
    let whole_promise = promise()
        .with("ready", uint(NOW))
        .with("code", text("4711"))
        .with("queue", uint(1))
        .with("hold", uint(NOW));
    let everything = answered(&whole_promise)
        .with("given", given(&alice()).with("minutes", uint(45)).with("grams", uint(900)).encode())
        .with("due", uint(END))
        .with("wants-until", uint(END))
        .with("returned", uint(NOW))
        .with("back", uint(NOW))
        .with("condition", text("gut"))
        .with("condition-back", text("ein Kratzer"))
        .with("thanks", text("Danke!"))
        .with("ended", text("cancelled"))
        .with("because", text("Doch nicht"))
        .with("missed", uint(NOW))
        .with("owns-up", vec![NO])
        .with("public", vec![YES]);
    let ending = |word: &str| asked(&count()).with("ended", text(word));
    let cases = [
        ("a request", asked(&count()), "asker"),
        ("a request with all fields of its own", asked(&whole_request), "asker"),
        ("a request with a message", asked(&request()).with("messages", messages(1, 9)), "asker"),
        ("sixteen messages", asked(&count()).with("messages", messages(16, 100)), "asker"),
        ("a message of 2000 characters", asked(&count()).with("messages", messages(1, 2000)), "asker"),
        ("a lister who says nothing yet", answered(&Fields::new()), "lister"),
        ("a promise", answered(&promise()), "lister"),
        ("a lister who says everything", everything, "lister"),
        ("a handover", answered(&promise()).with("given", given(&alice()).encode()), "lister"),
        ("a request that is taken back", ending("withdrawn"), "asker"),
        ("one that somebody else got", answered(&promise()).with("ended", text("elsewhere")), "lister"),
        ("somebody who owns up", asked(&count()).with("owns-up", vec![YES]), "asker"),
        ("a stance with a field of a later version", asked(&count()).with("queue", uint(3)), "asker"),
    ];
    let mut found: Vec<Case> = cases
        .iter()
        .map(|(name, stance, side)| {
            Case::good("stance", name, &stance.encode(), &format!("{side} {}", id(&about())))
        })
        .collect();
    // The same about another thing is another exchange.
    for (name, value) in [
        ("side", text("need")),
        ("terms", text("loan")),
        ("title", text("Kinderwagen, fast neu")),
        ("category", text("kids")),
        ("asked", uint(NOW)),
    ] {
        let stance = asked(&count()).with(name, value.clone());
        let gives = format!("asker {}", id(&about().with(name, value)));
        found.push(Case::good("stance", &format!("another {name}"), &stance.encode(), &gives));
    }
    found
}

fn bad() -> Vec<Case> {
    let asks = |name: &str, value: Vec<u8>| asked(&request().with(name, value));
    let answers = |name: &str, value: Vec<u8>| answered(&promise().with(name, value));
    let says = |name: &str, value: Vec<u8>| asked(&count()).with(name, value);
    let gives = |name: &str, value: Vec<u8>| says("given", given(&bob()).with(name, value).encode());
    let cases = [
        ("a member deals with itself", says("lister", bytes(&bob().id())), "repeated"),
        ("no side", asked(&count()).without("asks"), "wrong-type"),
        ("both sides", says("answers", promise().encode()), "wrong-type"),
        ("a stance without a circle", asked(&count()).without("circle"), "missing"),
        ("a stance without a revision", asked(&count()).without("revision"), "missing"),
        ("a stance without a title", asked(&count()).without("title"), "missing"),
        ("an empty title", says("title", text("")), "empty"),
        ("an empty category, said", says("category", text("")), "second-form"),
        ("a side that nobody knows", says("side", text("swap")), "unknown-word"),
        ("terms that nobody knows", says("terms", text("rent")), "unknown-word"),
        ("an exchange of 15 bytes", says("exchange", bytes(&[6; 15])), "wrong-type"),
        ("a request without a number", asked(&request().without("count")), "missing"),
        ("a request for none", asks("count", uint(0)), "out-of-range"),
        ("a request for 100001", asks("count", uint(100_001)), "out-of-range"),
        ("a request with an inner field more", asks("promised", uint(1)), "wrong-type"),
        ("a commitment of 31 bytes", asks("commitment", bytes(&[1; 31])), "wrong-type"),
        ("a nickname in two lines", asks("name", text("Mina\nMinor")), "unseen"),
        ("ready that is a flag", answers("ready", vec![YES]), "wrong-type"),
        ("a promise of none", answers("promised", uint(0)), "out-of-range"),
        ("a promise without its time", answered(&promise().without("promised-at")), "missing"),
        ("the time of a promise without one", answered(&promise().without("promised")), "wrong-type"),
        ("a place 0 in line", answers("queue", uint(0)), "out-of-range"),
        ("a code without characters", answers("code", text("")), "empty"),
        ("a code of 33 characters", answers("code", text(&"1".repeat(33))), "too-long"),
        ("an empty place", answers("place", text("")), "empty"),
        ("a place of 501 characters", answers("place", text(&"p".repeat(501))), "too-long"),
        ("a place with a hidden character", answers("place", text("Tür\u{200b}")), "unseen"),
        ("a promise with an inner field more", answers("price", uint(1)), "wrong-type"),
        ("public that is false", says("public", vec![NO]), "wrong-type"),
        ("an answer that is a number", says("owns-up", uint(1)), "wrong-type"),
        ("an end that nobody knows", says("ended", text("bored")), "unknown-word"),
        ("an empty reason, said", says("ended", text("withdrawn")).with("because", text("")), "second-form"),
        ("given none", gives("count", uint(0)), "out-of-range"),
        ("no minutes, said", gives("minutes", uint(0)), "second-form"),
        ("given with an inner field more", gives("price", uint(1)), "wrong-type"),
        ("given without a seal", says("given", given(&bob()).without("seal").encode()), "missing"),
        ("no messages, said", says("messages", list(&[])), "second-form"),
        ("seventeen messages", says("messages", messages(17, 1)), "too-many"),
        ("messages of 2001 characters", says("messages", messages(3, 667)), "too-many"),
        ("one message of 2001 characters", says("messages", messages(1, 2001)), "too-long"),
        ("an empty message", says("messages", messages(1, 0)), "empty"),
    ];
    let mut found: Vec<Case> = cases
        .iter()
        .map(|(name, stance, reason)| Case::bad("stance", name, &stance.encode(), reason))
        .collect();
    found.push(Case::bad("stance", "a stance that is a list", &list(&[uint(1)]), "not-a-map"));
    let large = says("x", bytes(&[0; 3200]));
    found.push(Case::bad("stance", "a stance of more than 3200 bytes", &large.encode(), "too-large"));
    found
}

/// Stances as letters hold them, with their authors' seals.
fn said() -> Vec<Case> {
    let by = sealed;
    let promised = a_promise();
    let told = with_message(&promised);
    let handed = a_handover();
    let weighed = receipt().with("kind", text("kids")).with("grams", uint(900));
    let weighed = alice().seal(RECEIPT, &weighed.encode()).encode();
    let weighed = given(&alice()).with("grams", uint(900)).with("seal", weighed);
    let weighed = promised.with("category", text("kids")).with("given", weighed.encode());
    let (received, stolen) = (a_receipt(), a_stolen_word());
    let more = promised.with("given", given(&alice()).with("count", uint(3)).encode());
    let as_receipt = bare(&promised).with("seal", alice().seal(RECEIPT, &promised.encode()).encode());
    let good = [
        ("a request, which nobody signs", bare(&asked(&count())), "asker"),
        ("a promise that its lister signed", by(&promised, &promised, &alice()), "lister"),
        ("a promise that a host signed", by(&promised, &promised, &hosted(alice())), "lister"),
        ("a promise whose seal says nothing of messages", by(&told, &promised, &alice()), "lister"),
        ("a handover", by(&handed, &handed, &alice()), "lister"),
        ("a handover of a kind and a weight", by(&weighed, &weighed, &alice()), "lister"),
        ("a receipt", by(&received, &received, &bob()), "asker"),
    ];
    let bad = [
        ("a promise that nobody signed", bare(&promised), "bad-signature"),
        ("a promise that the asker signed", by(&promised, &promised, &bob()), "other-grant"),
        ("a promise with the seal of another one", by(&promised, &handed, &alice()), "bad-signature"),
        ("a promise whose messages were signed", by(&told, &told, &alice()), "bad-signature"),
        ("a promise signed as a receipt", as_receipt, "bad-signature"),
        ("a receipt with the giver's word", by(&stolen, &stolen, &bob()), "other-grant"),
        ("a handover of more than was signed", by(&more, &more, &alice()), "bad-signature"),
        ("a letter with a field more", bare(&asked(&count())).with("x", uint(1)), "wrong-type"),
    ];
    let good = good.iter().map(|(name, said, side)| Case::good("said", name, &said.encode(), side));
    let bad = bad.iter().map(|(name, said, reason)| Case::bad("said", name, &said.encode(), reason));
    good.chain(bad).collect()
}
