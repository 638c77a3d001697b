//! Cases of letters and seal keys: sealed here by the library below the crate under test, so that wrong
//! contents can be sealed as well.

use hpke::aead::ChaCha20Poly1305;
use hpke::kdf::HkdfSha256;
use hpke::kem::X25519HkdfSha256;
use hpke::rand_core::{CryptoRng, Error, RngCore, impls};
use hpke::{Deserializable as _, Kem, OpModeS, Serializable as _};
use record::Hash;

use super::bodies::{bad as bad_body, good as good_body};
use super::case::{Case, hex};
use super::raw::{Fields, bytes, list, text, uint};
use super::stances;
use super::world::{NOW, Person, alice, bob, circle, key};

type PublicKey = <X25519HkdfSha256 as Kem>::PublicKey;
type PrivateKey = <X25519HkdfSha256 as Kem>::PrivateKey;

/// The epoch of the writer's seal key in the cases.
const EPOCH: u32 = 3;
/// The sizes of what is sealed.
const SIZES: [usize; 3] = [256, 1024, 4096];

/// A seed for one encapsulation, which takes its 32 bytes at once.
struct Seed([u8; 32]);

impl RngCore for Seed {
    fn next_u32(&mut self) -> u32 {
        impls::next_u32_via_fill(self)
    }

    fn next_u64(&mut self) -> u64 {
        impls::next_u64_via_fill(self)
    }

    fn fill_bytes(&mut self, dest: &mut [u8]) {
        dest.iter_mut().zip(self.0.iter().cycle()).for_each(|(byte, drawn)| *byte = *drawn);
    }

    fn try_fill_bytes(&mut self, dest: &mut [u8]) -> Result<(), Error> {
        self.fill_bytes(dest);
        Ok(())
    }
}

impl CryptoRng for Seed {}

fn secret(seed: &[u8; 32], purpose: &str, epoch: u32) -> [u8; 32] {
    *Hash::derive(purpose, &[seed, &epoch.to_be_bytes()]).as_bytes()
}

/// A member's seal secret of an epoch.
fn member_secret(member: &Person, epoch: u32) -> [u8; 32] {
    secret(&member.root.seed(), "commonshelf/seal-key/1", epoch)
}

fn private(secret: &[u8; 32]) -> PrivateKey {
    PrivateKey::from_bytes(secret).expect("32 bytes")
}

fn public(secret: &[u8; 32]) -> PublicKey {
    X25519HkdfSha256::sk_to_pk(&private(secret))
}

fn sealed(
    mode: &OpModeS<X25519HkdfSha256>,
    to: &PublicKey,
    info: &str,
    bound: &[u8],
    plain: &[u8],
) -> Vec<u8> {
    let (mut plain, mut seed) = (plain.to_vec(), Seed(*Hash::of(info.as_bytes()).as_bytes()));
    let (encapped, tag) = hpke::single_shot_seal_in_place_detached::<
        ChaCha20Poly1305,
        HkdfSha256,
        X25519HkdfSha256,
        _,
    >(mode, to, info.as_bytes(), &mut plain, bound, &mut seed)
    .expect("a key that is not weak");
    [encapped.to_bytes().to_vec(), plain, tag.to_bytes().to_vec()].concat()
}

/// A letter in the making; by default from Bob to Alice, carried by Bob.
struct Draft {
    said: Vec<u8>,
    to: Person,
    from: Person,
    bits: u8,
    size: usize,
    /// What is done to the plaintext before it is sealed.
    change: fn(&mut Vec<u8>),
}

impl Draft {
    fn of(said: &Fields) -> Self {
        Self { said: said.encode(), to: alice(), from: bob(), bits: 0, size: SIZES[1], change: |_| {} }
    }

    fn hint(&self) -> u64 {
        let key = public(&member_secret(&self.to, 0)).to_bytes();
        let digest = Hash::derive("commonshelf/letter-hint/1", &[&key]);
        let [high, low] = digest.first::<2>();
        u64::from(u16::from_be_bytes([high, low])) >> (16 - self.bits)
    }

    fn bound(&self) -> Vec<u8> {
        list(&[
            bytes(&bob().id()),
            bytes(&circle()),
            bytes(&[5; 16]),
            uint(NOW),
            uint(self.bits.into()),
            uint(self.hint()),
        ])
    }

    fn body(&self) -> Vec<u8> {
        let (to, from) = (public(&member_secret(&self.to, 0)), member_secret(&self.from, EPOCH));
        let covered = [self.bound(), self.said.clone()].concat();
        let pair = (private(&from), public(&from));
        let proof = sealed(&OpModeS::Auth(pair), &to, "commonshelf/letter-auth/1", &covered, &[]);
        let length = u16::try_from(self.said.len()).expect("few bytes").to_be_bytes();
        let mut plain = [&proof[..], &length, &self.said].concat();
        plain.resize(self.size, 0);
        (self.change)(&mut plain);
        let sealed = sealed(&OpModeS::Base, &to, "commonshelf/letter/1", &self.bound(), &plain);
        body(self.bits.into(), self.hint(), &sealed).encode()
    }

    /// The case in which Alice opens it, who knows Bob's seal key.
    fn case(&self, name: &str, make: impl Fn(&[u8]) -> Case) -> Case {
        let (reader, writer) = (alice(), bob());
        let secret = member_secret(&reader, 0);
        let mut case = make(&self.body());
        name.clone_into(&mut case.name);
        case.with("author", hex(&bob().id()))
            .with("circle", hex(&circle()))
            .with("key", hex(&[5; 16]))
            .with("revision", NOW.to_string())
            .with("member", hex(&reader.id()))
            .with("secret", hex(&secret))
            .with("sender", hex(&writer.id()))
            .with("sender-key", hex(&public(&member_secret(&writer, EPOCH)).to_bytes()))
            .with("sender-epoch", EPOCH.to_string())
    }

    fn sized(self, size: usize) -> Self {
        Self { size, ..self }
    }

    fn good(&self, name: &str, gives: &str) -> Case {
        self.case(name, |body| Case::good("letter", name, body, gives))
    }

    fn bad(&self, name: &str, reason: &str) -> Case {
        self.case(name, |body| Case::bad("letter", name, body, reason))
    }
}

fn body(bits: u64, hint: u64, sealed: &[u8]) -> Fields {
    Fields::new().with("bits", uint(bits)).with("hint", uint(hint)).with("sealed", bytes(sealed))
}

/// A letter's body that nobody can open.
pub(super) fn closed_body() -> Fields {
    body(5, 17, &[9; 304])
}

/// A seal key as a body.
pub(super) fn seal_key() -> Fields {
    Fields::new()
        .with("key", bytes(&public(&member_secret(&alice(), 0)).to_bytes()))
        .with("epoch", uint(0))
        .with("decides", bytes(&alice().device_id()))
}

/// What is said, in the epoch of the writer's seal key.
fn said(content: &Fields) -> Fields {
    content.with("epoch", uint(EPOCH.into()))
}

fn asked() -> Fields {
    said(&stances::bare(&stances::a_request()))
}

/// A stance with the seal that this member gave it.
fn signed(stance: &Fields, person: &Person) -> Fields {
    said(&stances::sealed(stance, stance, person))
}

pub(super) fn cases() -> Vec<Case> {
    let mut cases = good();
    cases.extend(bad());
    cases.extend(elsewhere());
    cases.extend(bodies());
    cases.extend(derived());
    cases
}

fn good() -> Vec<Case> {
    let case = |(draft, name, gives): &(Draft, &str, &str)| {
        let case = draft.good(name, gives);
        if matches!(*gives, "copy" | "pass") { by_alice(case) } else { case }
    };
    drafts().iter().map(case).collect()
}

/// What is said in letters of all sorts.
pub(super) fn contents() -> Vec<Vec<u8>> {
    drafts().into_iter().map(|(draft, ..)| draft.said).collect()
}

/// Good letters with their names and what they hold.
fn drafts() -> Vec<(Draft, &'static str, &'static str)> {
    let (alice, bob) = (alice(), bob());
    let passed = said(&passed(&alice));
    let other = said(&between(&bob.id(), &alice.id())).with("greeting", text("hej"));
    let receipt = stances::a_receipt();
    let received = signed(&receipt, &bob);
    let told = said(&stances::sealed(&stances::with_message(&receipt), &receipt, &bob));
    let sent = |stance: &Fields| signed(stance, &alice).with("copy", text("sent"));
    let own = |said: &Fields, size| Draft { from: self::alice(), size, ..Draft::of(said) };
    let mood = asked().with("mood", text("good"));
    let copied = |said: &Fields| said.with("copy", text("received"));
    vec![
        (Draft::of(&asked()), "a letter that asks", "stance"),
        (Draft { bits: 1, ..Draft::of(&asked()) }, "a letter with a hint of one bit", "stance"),
        (Draft { bits: 16, ..Draft::of(&asked()) }, "a letter with a hint of 16 bits", "stance"),
        (Draft::of(&asked()).sized(SIZES[2]), "a letter that is larger than it must be", "stance"),
        (Draft::of(&mood), "a letter with a field of a later version", "stance"),
        (Draft::of(&received).sized(SIZES[2]), "a letter with a word on a receipt", "stance"),
        (Draft::of(&told).sized(SIZES[2]), "a letter whose seal says nothing of its message", "stance"),
        (Draft::of(&other).sized(SIZES[0]), "a letter of a later version", "other"),
        (own(&copied(&asked()), SIZES[1]), "a copy of what was received", "copy"),
        (own(&copied(&received), SIZES[2]), "a copy of a word on a receipt that was received", "copy"),
        (own(&sent(&stances::a_promise()), SIZES[2]), "a copy of a promise that was sent", "copy"),
        (own(&sent(&stances::a_handover()), SIZES[2]), "a copy of a handover that was sent", "copy"),
        (own(&passed, SIZES[0]), "something passed on to the device that decides", "pass"),
    ]
}

/// What is passed on to this member's device that decides.
fn passed(member: &Person) -> Fields {
    Fields::new().with("pass", bytes(b"asked")).with("member", bytes(&member.id()))
}

/// Something of a later version, from one member to another.
fn between(from: &[u8; 32], to: &[u8; 32]) -> Fields {
    Fields::new().with("from", bytes(from)).with("to", bytes(to))
}

/// The case in which the reader wrote the letter herself.
fn by_alice(case: Case) -> Case {
    let key = hex(&public(&member_secret(&alice(), EPOCH)).to_bytes());
    case.with("sender", hex(&alice().id())).with("sender-key", key)
}

fn bad() -> Vec<Case> {
    let changed = |change: fn(&mut Vec<u8>)| Draft { change, ..Draft::of(&asked()) };
    let elsewhere = stances::bare(&stances::a_request().with("circle", bytes(&[8; 32])));
    let mut cases = vec![
        Draft { to: bob(), ..Draft::of(&asked()) }.bad("a letter to somebody else", "closed"),
        Draft { from: alice(), ..Draft::of(&asked()) }
            .bad("a letter with the proof of another member", "forged"),
        changed(|plain| plain[0] ^= 1).bad("a letter with a proof that was altered", "forged"),
        Draft::of(&asked().with("epoch", uint(4)))
            .bad("a letter of an epoch that is not known", "unknown-sender"),
        Draft::of(&said(&between(&alice().id(), &alice().id())))
            .bad("a letter of a member whose key is not known", "unknown-sender"),
        Draft::of(&said(&between(&bob().id(), &person_id(7))))
            .bad("a letter that is for somebody else inside", "other-member"),
        Draft::of(&said(&passed(&bob())))
            .bad("something passed on to another member's device", "other-member"),
        Draft::of(&said(&elsewhere)).bad("a letter that speaks of another circle", "other-circle"),
        changed(|plain| plain[1023] = 1).bad("a letter that is not padded with zeros", "padding"),
        changed(|plain| plain[48] = 0xff).bad("a letter whose length is beyond its end", "padding"),
        changed(|plain| plain[49] -= 9).bad("a letter whose length is before its end", "padding"),
        Draft::of(&Fields::new()).bad("a letter that says nothing", "missing"),
        Draft::of(&said(&Fields::new().with("stance", uint(1))))
            .bad("a letter with a stance that is a number", "wrong-type"),
        Draft::of(&said(&stances::bare(&stances::a_request().without("asks"))))
            .bad("a letter with a stance of no side", "wrong-type"),
        Draft::of(&asked().with("seal", uint(1))).bad("a letter with a seal that is a number", "wrong-type"),
        Draft::of(&asked().with("copy", text("kept"))).bad("a copy of an unknown sort", "unknown-word"),
        Draft::of(&asked().with("epoch", uint(1 << 32))).bad("an epoch of 33 bits", "out-of-range"),
        Draft::of(&said(&passed(&alice())).without("member")).bad("something passed on to nobody", "missing"),
    ];
    cases.extend(unsigned());
    cases
}

/// Letters of what binds, without its author's signature.
fn unsigned() -> Vec<Case> {
    let (request, receipt) = (stances::a_request(), stances::a_receipt());
    let (promise, handover) = (stances::a_promise(), stances::a_handover());
    let (returned, back) = (request.with("returned", uint(NOW)), promise.with("back", uint(NOW)));
    let told = stances::with_message(&receipt);
    let theirs = |said: &Fields, name, reason| Draft::of(said).sized(SIZES[2]).bad(name, reason);
    let own = |said: &Fields, name, reason| {
        let said = said.with("copy", text("sent"));
        by_alice(Draft { from: alice(), ..Draft::of(&said) }.sized(SIZES[2]).bad(name, reason))
    };
    let bare = |stance: &Fields| said(&stances::bare(stance));
    vec![
        own(&bare(&promise), "a promise without a seal", "unsigned"),
        own(&bare(&handover), "a handover without a seal", "unsigned"),
        own(&bare(&back), "something that is back, without a seal", "unsigned"),
        theirs(&bare(&returned), "something returned, without a seal", "unsigned"),
        theirs(&bare(&receipt), "a word on a receipt without a seal", "unsigned"),
        own(&signed(&handover, &bob()), "a handover that the asker signed", "seal/other-grant"),
        theirs(
            &signed(&request, &alice()),
            "a request that binds nobody, signed by the lister",
            "seal/other-grant",
        ),
        theirs(&signed(&told, &bob()), "a letter whose message was signed", "seal/bad-signature"),
        theirs(
            &signed(&stances::a_stolen_word(), &bob()),
            "the giver's word in the receiver's letter",
            "seal/other-grant",
        ),
        theirs(
            &signed(&receipt.with("title", text("Kinderbett")), &bob()),
            "a word on the receipt of another thing",
            "seal/bad-signature",
        ),
    ]
}

fn person_id(seed: u8) -> [u8; 32] {
    *key(seed).public().as_bytes()
}

/// A good letter in a record that it was not sealed for, or altered.
fn elsewhere() -> Vec<Case> {
    let letter = || Draft { bits: 1, ..Draft::of(&asked()) };
    let moved = |name: &str, field: &str, value: String| letter().bad(name, "closed").with(field, value);
    let altered = |name: &str, at: usize| {
        let draft = letter();
        let mut bytes = draft.body();
        let at = bytes.len() - at;
        bytes[at] ^= 1;
        draft.case(name, |_| Case::bad("letter", name, &bytes, "closed"))
    };
    vec![
        moved("a letter carried by another author", "author", hex(&alice().id())),
        moved("a letter in another circle", "circle", hex(&[8; 32])),
        moved("a letter under another key", "key", hex(&[6; 16])),
        moved("a letter of another revision", "revision", (NOW + 1).to_string()),
        altered("a letter whose tag was altered", 1),
        altered("a letter whose ciphertext was altered", 500),
        altered("a letter whose encapsulated key was altered", 1072),
    ]
}

fn bodies() -> Vec<Case> {
    let sizes = [304, 1072, 4144].map(|size| {
        good_body(
            "letter",
            &format!("a letter of {size} bytes"),
            &body(0, 0, &vec![9; size]).encode(),
            "letter",
        )
    });
    let bad = [
        ("letter", "a letter of 303 bytes", body(0, 0, &[9; 303]), "wrong-type"),
        ("letter", "a letter of no bytes", body(0, 0, &[]), "wrong-type"),
        ("letter", "a hint of 17 bits", body(17, 0, &[9; 304]), "out-of-range"),
        ("letter", "a hint that needs more bits", body(4, 16, &[9; 304]), "out-of-range"),
        ("letter", "a hint where there is none", body(0, 1, &[9; 304]), "out-of-range"),
        ("letter", "a letter without bits", closed_body().without("bits"), "missing"),
        (
            "letter",
            "a letter that names its recipient",
            closed_body().with("to", bytes(&[1; 32])),
            "wrong-type",
        ),
        ("seal-key", "a seal key of 31 bytes", seal_key().with("key", bytes(&[1; 31])), "wrong-type"),
        (
            "seal-key",
            "a seal key of an epoch of 33 bits",
            seal_key().with("epoch", uint(1 << 32)),
            "out-of-range",
        ),
        ("seal-key", "a seal key with which nobody decides", seal_key().without("decides"), "missing"),
        (
            "seal-key",
            "a seal key with which no key decides",
            seal_key().with("decides", bytes(&[0xff; 32])),
            "bad-key",
        ),
    ];
    let mut cases = sizes.to_vec();
    cases.extend(bad.iter().map(|(kind, name, body, reason)| bad_body(kind, name, &body.encode(), reason)));
    cases
}

/// What derives from a root, from a node's key and from a seal key.
fn derived() -> Vec<Case> {
    let seed = *alice().root.seed();
    let kinds =
        [("seal-secret", "commonshelf/seal-key/1"), ("host-seal-secret", "commonshelf/host-seal-key/1")];
    let mut cases = Vec::new();
    for (what, purpose) in kinds {
        for epoch in [0, 1, u32::MAX] {
            let secret = secret(&seed, purpose, epoch);
            let gives = format!("{} {}", hex(&secret), hex(&public(&secret).to_bytes()));
            let name = format!("a {what} of epoch {epoch}");
            cases.push(Case::good(what, &name, &seed, &gives).with("epoch", epoch.to_string()));
        }
    }
    for bits in [0, 1, 5, 16] {
        let draft = Draft { bits, ..Draft::of(&asked()) };
        let key = public(&member_secret(&alice(), 0)).to_bytes();
        let name = format!("a hint of {bits} bits of a key");
        cases.push(Case::good("hint", &name, &key, &draft.hint().to_string()).with("bits", bits.to_string()));
    }
    let slot = Hash::derive("commonshelf/seal-key/1", &[]);
    cases.push(Case::good("seal-key-slot", "the slot of seal keys", &[], &hex(&slot.as_bytes()[..16])));
    cases
}
