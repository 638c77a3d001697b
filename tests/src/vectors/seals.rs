//! Cases of what members sign besides records: seals, receipts, checkpoints, approvals.

use record::Hash;

use super::bodies::{bad, good};
use super::case::{Case, hex};
use super::charters::charter;
use super::raw::{Fields, bytes, list, text, uint};
use super::world::{END, NOW, Person, RECEIPT, alice, bob, circle, envelope, hosted, key, sign};

const CHECKPOINT: &str = "commonshelf/checkpoint/1";
const APPROVAL: &str = "commonshelf/approval/1";

pub(super) fn cases() -> Vec<Case> {
    let mut cases = seals();
    cases.extend(receipts());
    cases.extend(checkpoints());
    cases.extend(approvals());
    cases
}

/// What is sealed in the cases of seals.
const PAYLOAD: &[u8] = b"bread";
const PURPOSE: &str = "commonshelf/test/1";

fn seals() -> Vec<Case> {
    let (alice, bob) = (alice(), bob());
    let seal = || alice.seal(PURPOSE, PAYLOAD);
    let grant = |header: &Fields| bytes(&envelope(header, &alice.root));
    let slot = alice.grant_header();
    let elsewhere = grant(&slot.with("circle", bytes(&[7; 32])));
    let other_slot = grant(&slot.with("key", bytes(&[7; 16])));
    let self_made = bytes(&envelope(&slot.with("signer", bytes(&alice.device_id())), &alice.device));
    let unsigned = bytes(&envelope(&slot, &alice.device));
    let empty = slot.with("size", uint(0)).with("body", bytes(Hash::of(&[]).as_bytes()));
    let unknown = alice.grant().with("role", text("cousin")).encode();
    let unknown_header =
        slot.with("body", bytes(Hash::of(&unknown).as_bytes())).with("size", uint(unknown.len() as u64));
    let admission = Fields::new().with("member", bytes(&alice.device_id())).encode();
    let no_grant = alice.header("control", "admission", &admission).with("signer", bytes(&alice.id()));
    let other = |name: &str, value: Vec<u8>| seal().with(name, value);
    let signed = |signature: [u8; 64]| other("signature", bytes(&signature));
    let case = |make: fn(&str, &str, &[u8], &str) -> Case, name: &str, seal: &Fields, says: &str| {
        make("seal", name, &seal.encode(), says)
            .with("purpose", PURPOSE)
            .with("payload", hex(PAYLOAD))
            .with("member", hex(&alice.id()))
            .with("circle", hex(&circle()))
            .with("at", NOW.to_string())
    };
    let hosted_seal = hosted(super::world::alice()).seal(PURPOSE, PAYLOAD);
    let desk = Person { role: "desk", ..super::world::alice() }.seal(PURPOSE, PAYLOAD);
    vec![
        case(Case::good, "a seal by a device", &seal(), "device"),
        case(Case::good, "a seal by a host", &hosted_seal, "host"),
        case(Case::good, "a seal at the desk", &desk, "desk"),
        case(Case::good, "a seal in the grant's last millisecond", &seal(), "device")
            .with("at", END.to_string()),
        case(Case::bad, "a seal after the grant's end", &seal(), "not-covered")
            .with("at", (END + 1).to_string()),
        case(Case::bad, "a seal under another purpose", &alice.seal(RECEIPT, PAYLOAD), "bad-signature"),
        case(Case::bad, "a seal of other bytes", &alice.seal(PURPOSE, b"beard"), "bad-signature"),
        case(
            Case::bad,
            "a seal by another member's device",
            &signed(sign(PURPOSE, PAYLOAD, &bob.device)),
            "bad-signature",
        ),
        case(
            Case::bad,
            "a seal by the root, under the device's grant",
            &signed(sign(PURPOSE, PAYLOAD, &alice.root)),
            "bad-signature",
        ),
        case(Case::bad, "a seal with somebody else's grant", &bob.seal(PURPOSE, PAYLOAD), "other-grant"),
        case(Case::bad, "a seal for somebody else", &seal(), "other-grant").with("member", hex(&bob.id())),
        case(Case::bad, "a seal whose grant is of another circle", &other("grant", elsewhere), "other-grant"),
        case(Case::bad, "a seal in another circle", &seal(), "other-grant").with("circle", hex(&[7; 32])),
        case(
            Case::bad,
            "a seal whose grant lies in another slot",
            &other("grant", other_slot),
            "other-grant",
        ),
        case(
            Case::bad,
            "a seal whose grant the device itself signed",
            &other("grant", self_made),
            "other-grant",
        ),
        case(
            Case::bad,
            "a seal whose grant names the root but is signed by the device",
            &other("grant", unsigned),
            "grant/bad-signature",
        ),
        case(
            Case::bad,
            "a seal with a withdrawn grant",
            &other("grant", grant(&empty)).with("body", bytes(&[])),
            "other-grant",
        ),
        case(
            Case::bad,
            "a seal whose grant is an admission",
            &other("grant", grant(&no_grant)).with("body", bytes(&admission)),
            "other-grant",
        ),
        case(
            Case::bad,
            "a seal whose grant has an unknown role",
            &other("grant", grant(&unknown_header)).with("body", bytes(&unknown)),
            "other-grant",
        ),
        case(
            Case::bad,
            "a seal whose grant has another body",
            &other("body", bytes(&unknown)),
            "grant/other-body",
        ),
        case(Case::bad, "a seal whose grant is no envelope", &other("grant", bytes(&[0x80])), "grant/shape"),
        case(Case::bad, "a seal with a field more", &other("note", uint(1)), "wrong-type"),
        case(Case::bad, "a seal without a signature", &seal().without("signature"), "missing"),
        case(
            Case::bad,
            "a seal with a signature of 63 bytes",
            &other("signature", bytes(&[1; 63])),
            "wrong-type",
        ),
    ]
}

fn receipt(giver: &Person, receiver: &Person) -> Fields {
    Fields::new()
        .with("circle", bytes(&circle()))
        .with("exchange", bytes(&[6; 16]))
        .with("giver", bytes(&giver.id()))
        .with("receiver", bytes(&receiver.id()))
        .with("title", text("Fahrrad geflickt"))
        .with("count", uint(1))
        .with("grams", uint(0))
        .with("terms", text("hours"))
        .with("minutes", uint(45))
        .with("at", uint(NOW))
}

fn both(receipt: &Fields, giver: &Person, receiver: &Person) -> Fields {
    Fields::new()
        .with("receipt", receipt.encode())
        .with("giver", giver.seal(RECEIPT, &receipt.encode()).encode())
        .with("receiver", receiver.seal(RECEIPT, &receipt.encode()).encode())
}

/// A receipt that both signed.
pub(super) fn receipt_body(giver: &Person, receiver: &Person) -> Fields {
    both(&receipt(giver, receiver), giver, receiver)
}

fn by_code(code: &str, committed: &str) -> Fields {
    let commitment = Hash::derive("commonshelf/pick-up/1", &[&[6; 16], committed.as_bytes()]);
    let inner = Fields::new().with("commitment", bytes(commitment.as_bytes())).with("code", text(code));
    receipt_body(&alice(), &bob()).without("receiver").with("code", inner.encode())
}

fn receipts() -> Vec<Case> {
    let (alice, bob) = (alice(), bob());
    let (hosted_alice, hosted_bob) = (hosted(super::world::alice()), hosted(super::world::bob()));
    let other_host = Person { device: key(10), ..hosted(super::world::bob()) };
    let changed = receipt(&alice, &bob).with("minutes", uint(450));
    let late = receipt(&alice, &bob).with("at", uint(END + 1));
    let weighed = receipt(&alice, &bob).with("kind", text("bicycle")).with("grams", uint(14_500));
    let foreign = receipt(&alice, &bob).with("circle", bytes(&[7; 32]));
    let one_sided = receipt_body(&alice, &bob)
        .with("receiver", alice.seal(RECEIPT, &receipt(&alice, &bob).encode()).encode());
    let other_purpose = receipt_body(&alice, &bob)
        .with("giver", alice.seal(CHECKPOINT, &receipt(&alice, &bob).encode()).encode());
    let good = [
        ("a receipt by two keys", receipt_body(&alice, &bob), "two-keys"),
        ("a receipt of a kind of thing, weighed", both(&weighed, &alice, &bob), "two-keys"),
        ("a receipt by a key and a host", receipt_body(&alice, &hosted_bob), "hosted"),
        ("a receipt by two hosts", receipt_body(&hosted_alice, &other_host), "hosted"),
        ("a receipt by one host for both", receipt_body(&hosted_alice, &hosted_bob), "one-host"),
        ("a receipt by a code", by_code("4711", "4711"), "by-code"),
        (
            "a receipt with a field of a later version",
            receipt_body(&alice, &bob).with("photo", bytes(&[1; 32])),
            "two-keys",
        ),
    ];
    let bad = [
        ("a receipt to oneself", receipt_body(&alice, &alice), "alone"),
        ("a receipt by another code", by_code("4711", "4712"), "code"),
        (
            "a receipt that was changed after signing",
            receipt_body(&alice, &bob).with("receipt", changed.encode()),
            "giver/bad-signature",
        ),
        ("a receipt of another circle than its grants", both(&foreign, &alice, &bob), "giver/other-grant"),
        ("a receipt after the end of its grants", both(&late, &alice, &bob), "giver/not-covered"),
        ("a receipt that the giver signed for the receiver", one_sided, "receiver/other-grant"),
        ("a receipt that the giver sealed as a checkpoint", other_purpose, "giver/bad-signature"),
    ];
    let good = good.iter().map(|(name, body, made)| Case::good("receipt", name, &body.encode(), made));
    let bad = bad.iter().map(|(name, body, reason)| Case::bad("receipt", name, &body.encode(), reason));
    good.chain(bad).collect()
}

fn checkpoint() -> Fields {
    let mut members = [alice().id(), bob().id()];
    members.sort_unstable();
    Fields::new()
        .with("circle", bytes(&circle()))
        .with("one", bytes(&members[0]))
        .with("other", bytes(&members[1]))
        .with("balance", vec![0x38, 0x2c])
        .with("turnover", uint(600))
        .with("until", uint(NOW))
}

fn carried(checkpoint: &Fields, one: &Person, other: &Person) -> Fields {
    Fields::new()
        .with("checkpoint", checkpoint.encode())
        .with("one", one.seal(CHECKPOINT, &checkpoint.encode()).encode())
        .with("other", other.seal(CHECKPOINT, &checkpoint.encode()).encode())
}

/// The two members, the lower key first.
fn in_order() -> [Person; 2] {
    let mut members = [alice(), bob()];
    members.sort_unstable_by_key(Person::id);
    members
}

pub(super) fn checkpoint_body() -> Fields {
    let [one, other] = in_order();
    carried(&checkpoint(), &one, &other)
}

fn checkpoints() -> Vec<Case> {
    let [one, other] = in_order();
    let turned = checkpoint().with("one", bytes(&other.id())).with("other", bytes(&one.id()));
    let alone = checkpoint().with("other", bytes(&one.id()));
    let with =
        |balance: Vec<u8>, turnover| checkpoint().with("balance", balance).with("turnover", uint(turnover));
    let (above, below) = (with(uint(601), 600), with(vec![0x39, 0x02, 0x58], 600));
    let changed = checkpoint_body().with("checkpoint", with(uint(45), 600).encode());
    let good = [
        ("a checkpoint below zero", checkpoint_body()),
        ("a balance as large as the turnover", carried(&with(uint(600), 600), &one, &other)),
        ("a balance of zero", carried(&with(uint(0), 0), &one, &other)),
    ];
    let bad = [
        ("the higher key first", carried(&turned, &other, &one), "order"),
        ("a checkpoint with oneself", carried(&alone, &one, &one), "order"),
        ("a balance above the turnover", carried(&above, &one, &other), "balance"),
        ("a balance further below zero than the turnover", carried(&below, &one, &other), "balance"),
        ("a checkpoint that was changed after signing", changed, "bad-signature"),
        (
            "a checkpoint whose seals are the wrong way round",
            carried(&checkpoint(), &other, &one),
            "other-grant",
        ),
    ];
    let good = good.iter().map(|(name, body)| Case::good("checkpoint", name, &body.encode(), ""));
    let bad = bad.iter().map(|(name, body, reason)| Case::bad("checkpoint", name, &body.encode(), reason));
    good.chain(bad).collect()
}

/// The bodies of receipts and checkpoints that can not be read, whoever signed them.
pub(super) fn bodies() -> Vec<Case> {
    let (alice, bob) = (alice(), bob());
    let with =
        |name: &str, value: Vec<u8>| both(&receipt(&alice, &bob).with(name, value), &alice, &bob).encode();
    let carry = |name: &str, value: Vec<u8>| {
        checkpoint_body().with("checkpoint", checkpoint().with(name, value).encode()).encode()
    };
    let seal = alice.seal(RECEIPT, &[]).with("note", uint(1)).encode();
    let two_ways = receipt_body(&alice, &bob)
        .with("code", Fields::new().with("commitment", bytes(&[1; 32])).with("code", text("1")).encode());
    vec![
        good("receipt", "a receipt on terms that nobody knows", &with("terms", text("barter")), "other"),
        bad("receipt", "a receipt without a title", &with("title", text("")), "empty"),
        bad("receipt", "a receipt of nothing", &with("count", uint(0)), "out-of-range"),
        bad("receipt", "a receipt of 2^32 grams", &with("grams", uint(1 << 32)), "out-of-range"),
        bad("receipt", "a receipt that says that it has no kind", &with("kind", text("")), "second-form"),
        bad(
            "receipt",
            "a receipt of a kind of 61 characters",
            &with("kind", text(&"k".repeat(61))),
            "too-long",
        ),
        bad(
            "receipt",
            "a receipt without a weight",
            &both(&receipt(&alice, &bob).without("grams"), &alice, &bob).encode(),
            "missing",
        ),
        bad("receipt", "a receipt of 600001 minutes", &with("minutes", uint(600_001)), "out-of-range"),
        bad("receipt", "a receipt with an inner field more", &with("tip", uint(1)), "wrong-type"),
        bad(
            "receipt",
            "a receipt without what was given",
            &receipt_body(&alice, &bob).without("receipt").encode(),
            "missing",
        ),
        bad(
            "receipt",
            "a receipt without the giver's seal",
            &receipt_body(&alice, &bob).without("giver").encode(),
            "missing",
        ),
        bad(
            "receipt",
            "a receipt without the receiver's word",
            &receipt_body(&alice, &bob).without("receiver").encode(),
            "missing",
        ),
        bad("receipt", "a receipt with a seal and a code", &two_ways.encode(), "wrong-type"),
        bad(
            "receipt",
            "a receipt whose seal has a field more",
            &receipt_body(&alice, &bob).with("giver", seal).encode(),
            "wrong-type",
        ),
        bad(
            "receipt",
            "a receipt by a code of 33 characters",
            &by_code(&"1".repeat(33), "1").encode(),
            "too-long",
        ),
        bad(
            "checkpoint",
            "a turnover of 525960001 minutes",
            &carry("turnover", uint(525_960_001)),
            "out-of-range",
        ),
        bad("checkpoint", "a balance of 2^63", &carry("balance", uint(1 << 63)), "wrong-type"),
        bad("checkpoint", "a turnover below zero", &carry("turnover", vec![0x20]), "wrong-type"),
        bad(
            "checkpoint",
            "a checkpoint without one seal",
            &checkpoint_body().without("one").encode(),
            "missing",
        ),
    ]
}

/// What stewards sign who approve a charter.
fn approved(charter: &Fields, circle: &[u8; 32], revision: u64) -> Vec<u8> {
    list(&[bytes(circle), uint(revision), charter.without("approvals").encode()])
}

/// A steward's approval of a charter.
pub(super) fn approval(steward: &Person, charter: &Fields, circle: &[u8; 32], revision: u64) -> Fields {
    let seal = steward.seal(APPROVAL, &approved(charter, circle, revision));
    Fields::new().with("steward", bytes(&steward.id())).with("seal", seal.encode())
}

fn approvals() -> Vec<Case> {
    let charter = charter().with("parent", bytes(&circle()));
    let (alice, bob) = (alice(), bob());
    let by = |approvals: &[Fields]| {
        let approvals: Vec<Vec<u8>> = approvals.iter().map(Fields::encode).collect();
        charter.with("approvals", list(&approvals)).encode()
    };
    let of = |steward: &Person| approval(steward, &charter, &circle(), NOW);
    let case = |name: &str, body: &[u8], gives: &str| {
        Case::good("approvals", name, body, gives)
            .with("circle", hex(&circle()))
            .with("revision", NOW.to_string())
    };
    let mut two = [hex(&alice.id()), hex(&bob.id())];
    two.sort_unstable();
    let earlier = approval(&alice, &charter, &circle(), NOW - 1);
    let renamed = approval(&alice, &charter.with("name", text("Anderer Name")), &circle(), NOW);
    let borrowed = of(&alice).with("steward", bytes(&bob.id()));
    let mut cases = vec![
        case("two stewards approve", &by(&[of(&alice), of(&bob)]), &two.join(" ")),
        case("one steward approves twice", &by(&[of(&alice), of(&alice)]), &hex(&alice.id())),
        case("a host can not approve", &by(&[of(&hosted(super::world::alice()))]), ""),
        case("an approval of another revision", &by(&[earlier]), ""),
        case("an approval of another charter", &by(&[renamed]), ""),
        case("an approval in somebody else's name", &by(&[borrowed, of(&bob)]), &hex(&bob.id())),
    ];
    // The slot in which a charter that follows another one lies.
    let slot = Hash::derive("commonshelf/charter/1", &[&approved(&charter, &circle(), NOW)]);
    let named = Case::good(
        "charter-key",
        "the slot of a charter that follows",
        &charter.encode(),
        &hex(&slot.as_bytes()[..16]),
    );
    cases.push(named.with("circle", hex(&circle())).with("revision", NOW.to_string()));
    cases
}
