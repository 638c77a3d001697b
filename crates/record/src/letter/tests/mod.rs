//! Letters are read by whom they are for, believed from whom they are, and nothing else is.

mod by_hand;

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::suite;
use super::*;
use crate::cbor::MapKey;
use crate::grant::{Grant, GrantRole};
use crate::keys::{PublicKey, SecretKey};
use crate::seal::Seal;
use crate::stance::{
    About, Amount, AskerSays, Common, Given, ListerSays, Message, Promised, STANCE_PURPOSE, Said, Says,
    Stance,
};
use crate::{Body, Kind, RECEIPT_PURPOSE, Side, Statement, Terms, Verified};

const NOW: Timestamp = Timestamp::from_millis(1_790_000_000_000);
const END: Timestamp = Timestamp::from_millis(1_890_000_000_000);
const CIRCLE: CircleId = CircleId::from_bytes([7; 32]);

/// A member with a device and the grant for it.
struct Person {
    root: SecretKey,
    device: SecretKey,
}

impl Person {
    fn new(seed: u8) -> Self {
        Self { root: SecretKey::from_seed(&[seed; 32]), device: SecretKey::from_seed(&[seed + 100; 32]) }
    }

    fn id(&self) -> MemberId {
        self.root.public().into()
    }

    fn secret(&self, epoch: u32) -> SealSecret {
        SealSecret::derive(&self.root, epoch)
    }

    fn boxes(&self) -> Mailboxes {
        let mut boxes = Mailboxes::new();
        boxes.add(self.id(), &Keyring::of(self.secret(0)));
        boxes
    }

    fn grant(&self) -> Verified {
        let signer = self.device.public();
        let grant = Grant { signer, role: GrantRole::Device, until: END, other: Map::new() };
        let statement =
            Statement { author: self.id(), circle: CIRCLE, key: Grant::key(&signer), revision: NOW };
        statement.sign(&Body::Grant(grant), &self.root).unwrap()
    }

    fn sign(&self, stance: &Stance) -> Seal {
        Seal::sign(STANCE_PURPOSE, &stance.signed_bytes(), &self.grant(), &self.device)
    }
}

fn alice() -> Person {
    Person::new(1)
}

fn bob() -> Person {
    Person::new(2)
}

fn carol() -> Person {
    Person::new(3)
}

/// What everybody here has published: their keys of all epochs.
fn known(member: MemberId, epoch: u32) -> Option<SealPublic> {
    let people = [alice(), bob(), carol()];
    people.iter().find(|person| person.id() == member).map(|person| person.secret(epoch).public())
}

fn nobody(_: MemberId, _: u32) -> Option<SealPublic> {
    None
}

fn outer() -> Outer {
    Outer { author: carol().id(), circle: CIRCLE, key: Key::from_bytes([5; 16]), revision: NOW }
}

/// Bob asks Alice for something of hers.
fn request() -> Stance {
    stance(Says::Asker(AskerSays { count: 1, ..AskerSays::default() }))
}

/// Alice promises it to Bob.
fn promise() -> Stance {
    let promised = Some(Promised { count: 1, at: NOW });
    stance(Says::Lister(ListerSays { promised, ..ListerSays::default() }))
}

/// What one of the two says of a listing of Alice's, for which Bob asks.
fn stance(says: Says) -> Stance {
    Stance {
        about: About {
            circle: CIRCLE,
            exchange: Key::from_bytes([6; 16]),
            asker: bob().id(),
            lister: alice().id(),
            listing: Key::from_bytes([8; 16]),
            listed: NOW,
            asked: NOW,
            side: Side::Offer,
            terms: Terms::Gift,
            title: "Kinderwagen".to_owned(),
            category: String::new(),
        },
        revision: NOW,
        says,
        common: Common::default(),
        messages: vec![Message { at: NOW, text: "Darf ich?".to_owned() }],
        other: Map::new(),
    }
}

fn told(stance: Stance, seal: Option<Seal>) -> Box<Said> {
    Box::new(Said { stance, seal })
}

fn asked() -> Inside {
    Content::Stance(told(request(), None)).into()
}

fn promised() -> Inside {
    let seal = alice().sign(&promise());
    Content::Stance(told(promise(), Some(seal))).into()
}

fn sealed(inside: &Inside, to: &SealSecret, from: &SealSecret, members: u64) -> Letter {
    Letter::seal(inside, &to.public(), from, outer(), members, &[9; 32]).unwrap()
}

/// Seals any bytes as a content with a good proof: what a hostile client can do.
fn sealed_raw(plain: impl Fn(&[u8]) -> Vec<u8>, said: &[u8], to: &SealPublic, from: &SealSecret) -> Letter {
    let bound = outer().bound(0, 0);
    let auth = suite::authenticate(to, from, &covered(&bound, said), &[3; 32]).unwrap();
    let mut plain = plain(&framed(&auth, said).unwrap());
    Letter { bits: 0, hint: 0, sealed: suite::seal(to, &bound, &mut plain, &[4; 32]).unwrap() }
}

fn said_by_bob(said: &[u8]) -> Result<Option<Opened>, LetterError> {
    let letter = sealed_raw(<[u8]>::to_vec, said, &alice().secret(0).public(), &bob().secret(0));
    alice().boxes().open(&letter, outer(), known)
}

fn hex<const N: usize>(text: &str) -> [u8; N] {
    data_encoding::HEXLOWER.decode(text.as_bytes()).unwrap().try_into().unwrap()
}

#[test]
fn the_suite_gives_the_test_vectors_of_rfc_9180() {
    // Appendix A.2.1 (base) and A.2.3 (auth), the first encryption of each.
    let (info, bound) = (hex::<20>("4f6465206f6e2061204772656369616e2055726e"), b"Count-0");
    let text = b"Beauty is truth, truth beauty";
    let base = suite::tests::Vector {
        seed: hex("909a9b35d3dc4713a5e72a4da274b55d3d3821a37e5d099e74a647db583a904b"),
        to: SealSecret::from_bytes(
            hex("8057991eef8f1f1af18f4a9491d16a1ce333f695d4db8e38da75975c4478e0fb"),
            0,
        ),
        from: None,
    };
    let public = hex("4310ee97d88cc1f088a5576c77ab0cf5c3ac797f3d95139c6c84b5429c59662a");
    assert_eq!(base.to.public(), SealPublic::from_bytes(public));
    let enc = hex::<32>("1afa08d3dec047a643885163f1180476fa7ddb54c6a8029ea33f95796bf2ac4a");
    let cipher = hex::<45>(
        "1c5250d8034ec2b784ba2cfd69dbdb8af406cfe3ff938e131f0def8c8b60b4db21993c62ce81883d2dd1b51a28",
    );
    assert_eq!(base.sealed(&info, bound, text), [&enc[..], &cipher].concat());
    assert_eq!(base.opened(&info, bound, &[&enc[..], &cipher].concat()).unwrap(), text);

    let auth = suite::tests::Vector {
        seed: hex("938d3daa5a8904540bc24f48ae90eed3f4f7f11839560597b55e7c9598c996c0"),
        to: SealSecret::from_bytes(
            hex("3ca22a6d1cda1bb9480949ec5329d3bf0b080ca4c45879c95eddb55c70b80b82"),
            0,
        ),
        from: Some(SealSecret::from_bytes(
            hex("2def0cb58ffcf83d1062dd085c8aceca7f4c0c3fd05912d847b61f3e54121f05"),
            0,
        )),
    };
    let enc = hex::<32>("f7674cc8cd7baa5872d1f33dbaffe3314239f6197ddf5ded1746760bfc847e0e");
    let cipher = hex::<45>(
        "ab1a13c9d4f01a87ec3440dbd756e2677bd2ecf9df0ce7ed73869b98e00c09be111cb9fdf077347aeb88e61bdf",
    );
    assert_eq!(auth.sealed(&info, bound, text), [&enc[..], &cipher].concat());
    assert_eq!(auth.opened(&info, bound, &[&enc[..], &cipher].concat()).unwrap(), text);
}

#[test]
fn a_letter_is_opened_by_its_recipient_alone() {
    for (inside, from, to) in [(asked(), bob(), alice()), (promised(), alice(), bob())] {
        let letter = sealed(&inside, &to.secret(0), &from.secret(0), 100);
        let opened = Opened { from: from.id(), to: to.id(), epoch: 0, inside };
        assert_eq!(to.boxes().open(&letter, outer(), known), Ok(Some(opened)));
        assert_eq!(from.boxes().open(&letter, outer(), known), Ok(None));
        assert_eq!(carol().boxes().open(&letter, outer(), known), Ok(None));
        assert_eq!(Mailboxes::new().open(&letter, outer(), known), Ok(None));
    }
}

#[test]
fn in_another_record_a_letter_does_not_open() {
    let letter = sealed(&asked(), &alice().secret(0), &bob().secret(0), 100);
    let others = [
        Outer { author: bob().id(), ..outer() },
        Outer { circle: CircleId::from_bytes([8; 32]), ..outer() },
        Outer { key: Key::from_bytes([6; 16]), ..outer() },
        Outer { revision: NOW.plus_millis(1), ..outer() },
    ];
    for other in others {
        assert_eq!(alice().boxes().open(&letter, other, known), Ok(None), "{other:?}");
    }
    let other_hint = Letter { hint: letter.hint ^ 1, ..letter.clone() };
    let other_bits = Letter { bits: 0, hint: 0, ..letter };
    for other in [other_hint, other_bits] {
        assert_eq!(alice().boxes().open(&other, outer(), known), Ok(None));
    }
}

#[test]
fn a_letter_sealed_for_another_circle_than_it_speaks_of_is_refused() {
    let elsewhere = Outer { circle: CircleId::from_bytes([8; 32]), ..outer() };
    let (to, from) = (alice().secret(0).public(), bob().secret(0));
    let refused = Letter::seal(&asked(), &to, &from, elsewhere, 1, &[9; 32]);
    assert_eq!(refused, Err(LetterError::OtherCircle));
    let mut stance = request();
    stance.about.circle = CircleId::from_bytes([8; 32]);
    let said = Inside::from(Content::Stance(told(stance, None))).encode(0);
    assert_eq!(said_by_bob(&said), Err(LetterError::OtherCircle));
}

#[test]
fn what_was_written_to_one_member_and_sealed_anew_for_another_is_refused() {
    // Alice passes Bob's request on to Carol as if he had written to her.
    let said = asked().encode(0);
    let letter = sealed_raw(<[u8]>::to_vec, &said, &carol().secret(0).public(), &alice().secret(0));
    assert_eq!(carol().boxes().open(&letter, outer(), known), Err(LetterError::Forged));
    // Bob's own device seals it to her by mistake.
    let letter = sealed_raw(<[u8]>::to_vec, &said, &carol().secret(0).public(), &bob().secret(0));
    assert_eq!(carol().boxes().open(&letter, outer(), known), Err(LetterError::OtherMember));
}

#[test]
fn a_third_member_can_not_write_in_anothers_name() {
    let letter = sealed(&asked(), &alice().secret(0), &carol().secret(0), 100);
    assert_eq!(alice().boxes().open(&letter, outer(), known), Err(LetterError::Forged));
    // Nor with a proof that was made for another letter: the seal fits, what is said differs.
    let mut other = request();
    other.messages[0].text = "Alles!".to_owned();
    let said = Inside::from(Content::Stance(told(other, None))).encode(0);
    let to = alice().secret(0).public();
    let bound = outer().bound(0, 0);
    let proof = suite::authenticate(&to, &bob().secret(0), &covered(&bound, &asked().encode(0)), &[3; 32]);
    let mut plain = framed(&proof.unwrap(), &said).unwrap();
    let letter = Letter { bits: 0, hint: 0, sealed: suite::seal(&to, &bound, &mut plain, &[4; 32]).unwrap() };
    assert_eq!(alice().boxes().open(&letter, outer(), known), Err(LetterError::Forged));
}

#[test]
fn the_recipient_could_have_written_the_letter_itself() {
    // The one proof in a letter takes the recipient's secret as well as the sender's, so it shows a third
    // party nothing: Alice makes the proof that Bob asked her, from her own secret and his public key.
    let (bound, said) = (outer().bound(0, 0), asked().encode(0));
    let forged = by_hand::proof_of_recipient(
        alice().secret(0).as_bytes(),
        bob().secret(0).public().as_bytes(),
        &covered(&bound, &said),
    );
    let holds = |proof| {
        suite::is_authentic(&alice().secret(0), &bob().secret(0).public(), &covered(&bound, &said), &proof)
    };
    assert!(holds(AuthTag::from_bytes(forged)));
    // The request has no signature that could be shown.
    assert!(!asked().encode(0).windows(9).any(|bytes| bytes == b"signature"));
}

#[test]
fn a_promise_without_a_good_signature_is_neither_sealed_nor_believed() {
    let unsigned = Inside::from(Content::Stance(told(promise(), None)));
    let (to, from) = (bob().secret(0).public(), alice().secret(0));
    let refused = Letter::seal(&unsigned, &to, &from, outer(), 1, &[9; 32]);
    assert_eq!(refused, Err(LetterError::Unsigned));
    let letter = sealed_raw(<[u8]>::to_vec, &unsigned.encode(0), &to, &from);
    assert_eq!(bob().boxes().open(&letter, outer(), known), Err(LetterError::Unsigned));
    let by_carol = Inside::from(Content::Stance(told(promise(), Some(carol().sign(&promise())))));
    let letter = sealed_raw(<[u8]>::to_vec, &by_carol.encode(0), &to, &from);
    assert_eq!(bob().boxes().open(&letter, outer(), known), Err(LetterError::Seal(SealError::OtherGrant)));
}

#[test]
fn a_word_on_a_receipt_that_its_author_did_not_sign_is_neither_sealed_nor_believed() {
    let amount = Amount { count: 1, minutes: 0, grams: 0, at: NOW };
    let (to, from) = (alice().secret(0).public(), bob().secret(0));
    let given_by = |person: &Person| {
        let bytes = promise().about.receipt(&amount).encode();
        let seal = Seal::sign(RECEIPT_PURPOSE, &bytes, &person.grant(), &person.device);
        let common = Common { given: Some(Given { amount, seal }), ..Common::default() };
        let stance = Stance { common, ..request() };
        let seal = bob().sign(&stance);
        Inside::from(Content::Stance(told(stance, Some(seal))))
    };
    let letter = sealed(&given_by(&bob()), &alice().secret(0), &from, 1);
    assert!(matches!(alice().boxes().open(&letter, outer(), known), Ok(Some(_))));
    let refused = LetterError::Seal(SealError::OtherGrant);
    let stolen = given_by(&alice());
    assert_eq!(Letter::seal(&stolen, &to, &from, outer(), 1, &[9; 32]), Err(refused.clone()));
    assert_eq!(said_by_bob(&stolen.encode(0)), Err(refused));
}

#[test]
fn a_sender_whose_key_is_not_known_may_be_known_later() {
    let letter = sealed(&asked(), &alice().secret(0), &bob().secret(4), 1);
    let error = LetterError::UnknownSender { from: bob().id(), epoch: 4 };
    assert!(error.may_pass() && !LetterError::Forged.may_pass());
    assert_eq!(alice().boxes().open(&letter, outer(), nobody), Err(error));
    assert!(matches!(alice().boxes().open(&letter, outer(), known), Ok(Some(Opened { epoch: 4, .. }))));
}

#[test]
fn a_copy_for_oneself_is_read_with_what_24_words_bring_back() {
    let bob_again = SecretKey::from_words(&bob().root.words()).unwrap();
    let mut boxes = Mailboxes::new();
    boxes.add(bob().id(), &Keyring::of(SealSecret::derive(&bob_again, 0)));
    let received = told(promise(), Some(alice().sign(&promise())));
    for content in
        [Content::Copy(told(request(), None), Copied::Sent), Content::Copy(received, Copied::Received)]
    {
        let own = bob().secret(0);
        let letter = sealed(&content.clone().into(), &own, &own, 1);
        let opened = boxes.open(&letter, outer(), known).unwrap().unwrap();
        assert_eq!((opened.from, opened.to), (bob().id(), bob().id()));
        assert_eq!(opened.inside.content, content);
    }
}

#[test]
fn what_a_device_passes_on_stays_with_its_member() {
    let pass = Content::Pass { member: bob().id(), bytes: b"Anna asked".to_vec() };
    let own = bob().secret(0);
    let letter = sealed(&pass.clone().into(), &own, &own, 1);
    let opened = bob().boxes().open(&letter, outer(), known).unwrap().unwrap();
    assert_eq!(opened.inside, pass.into());
}

#[test]
fn contents_and_fields_of_a_later_version_are_carried() {
    let field = Map::from([(MapKey("greeting".to_owned()), Value::Text("hej".to_owned()))]);
    let later =
        Inside { content: Content::Other { from: bob().id(), to: alice().id() }, other: field.clone() };
    let more = Inside { other: field, ..asked() };
    for inside in [later, more] {
        let letter = sealed(&inside, &alice().secret(0), &bob().secret(0), 1);
        let opened = alice().boxes().open(&letter, outer(), known).unwrap().unwrap();
        assert_eq!((opened.from, opened.to), (bob().id(), alice().id()));
        assert_eq!(opened.inside, inside);
    }
}

#[test]
fn an_old_seal_key_opens_until_it_is_pruned() {
    let mut keyring = Keyring::of(alice().secret(0));
    let letter = sealed(&asked(), &alice().secret(0), &bob().secret(0), 100);
    assert!(keyring.turn(alice().secret(1), NOW));
    assert!(!keyring.turn(alice().secret(1), NOW), "an epoch comes once");
    assert_eq!(keyring.current().epoch(), 1);
    let opens = |keyring: &Keyring| {
        let mut boxes = Mailboxes::new();
        boxes.add(alice().id(), keyring);
        boxes.open(&letter, outer(), known).unwrap().is_some()
    };
    assert!(opens(&keyring));
    keyring.prune(NOW.plus_days(KEEP_OLD_DAYS));
    assert!(opens(&keyring));
    keyring.prune(NOW.plus_days(KEEP_OLD_DAYS).plus_millis(1));
    assert!(!opens(&keyring));
    assert_eq!(keyring.secrets().count(), 1);
    keyring.keep(alice().secret(0), NOW);
    assert!(opens(&keyring), "it was kept elsewhere");
    keyring.keep(alice().secret(7), NOW);
    assert_eq!(keyring.old().count(), 1, "a later one is not old");
}

#[test]
fn a_letter_has_one_of_three_sizes_and_no_more_fits() {
    let mut sizes = BTreeMap::new();
    let own = bob().secret(0);
    for length in (0..Letter::MOST).step_by(7) {
        let pass = Content::Pass { member: bob().id(), bytes: vec![1; length] };
        match Letter::seal(&pass.into(), &own.public(), &own, outer(), 1, &[9; 32]) {
            Ok(letter) => *sizes.entry(letter.sealed.len()).or_insert(0) += 1,
            Err(error) => assert!(matches!(error, LetterError::TooLong(_)), "{error}"),
        }
    }
    assert_eq!(sizes.into_keys().collect::<Vec<_>>(), LETTER_SIZES.map(|size| size + OVERHEAD));
    let most = |length| Content::Pass { member: bob().id(), bytes: vec![1; length] }.into();
    let frame = Inside::encode(&most(1_000), 0).len() - 1_000;
    let seal = |length| Letter::seal(&most(length), &own.public(), &own, outer(), 1, &[9; 32]);
    assert!(seal(Letter::MOST - frame).is_ok());
    assert_eq!(seal(Letter::MOST - frame + 1), Err(LetterError::TooLong(Letter::MOST + 1)));
}

#[test]
fn a_wrong_frame_is_refused_whatever_it_says() {
    let said = asked().encode(0);
    let open = |change: &dyn Fn(&mut Vec<u8>)| {
        let change = |plain: &[u8]| {
            let mut plain = plain.to_vec();
            change(&mut plain);
            plain
        };
        let letter = sealed_raw(change, &said, &alice().secret(0).public(), &bob().secret(0));
        alice().boxes().open(&letter, outer(), known)
    };
    assert!(matches!(open(&|_| {}), Ok(Some(_))));
    assert_eq!(open(&|plain| *plain.last_mut().unwrap() = 1), Err(LetterError::Padding));
    assert_eq!(open(&|plain| plain[OVERHEAD] = 0xff), Err(LetterError::Padding));
    assert_eq!(open(&|plain| plain.truncate(OVERHEAD + 1)), Err(LetterError::Padding));
    assert_eq!(open(&Vec::clear), Err(LetterError::Padding));
    assert!(matches!(
        open(&|plain| plain[OVERHEAD + 1] ^= 1),
        Err(LetterError::Content(_) | LetterError::Padding)
    ));
    assert_eq!(open(&|plain| plain[0] ^= 1), Err(LetterError::Forged));
}

#[test]
fn nothing_is_sealed_to_a_weak_key() {
    let weak = SealPublic::from_bytes([0; 32]);
    let refused = Letter::seal(&asked(), &weak, &bob().secret(0), outer(), 1, &[9; 32]);
    assert_eq!(refused, Err(LetterError::WeakKey));
    // And a sender whose published key is weak proves nothing.
    let letter = sealed(&asked(), &alice().secret(0), &bob().secret(0), 1);
    let opened = alice().boxes().open(&letter, outer(), |_, _| Some(weak));
    assert_eq!(opened, Err(LetterError::Forged));
}

#[test]
fn a_host_opens_for_all_whom_it_hosts_with_one_secret() {
    let host = SealSecret::of_host(&SecretKey::from_seed(&[50; 32]), 0);
    let keyring = Keyring::of(host.clone());
    let mut boxes = Mailboxes::new();
    for person in [alice(), bob()] {
        boxes.add(person.id(), &keyring);
    }
    assert_eq!(boxes.secrets(), 1);
    let letter = sealed(&asked(), &host, &host, 1_000);
    assert!(boxes.may_be_for_us(&letter));
    let opened = boxes.open(&letter, outer(), |_, _| Some(host.public())).unwrap().unwrap();
    assert_eq!((opened.from, opened.to), (bob().id(), alice().id()));
    // A member whom it does not host reads nothing there.
    let mut others = Mailboxes::new();
    others.add(bob().id(), &keyring);
    let refused = others.open(&letter, outer(), |_, _| Some(host.public()));
    assert_eq!(refused, Err(LetterError::OtherMember));
}

#[test]
fn hints_leave_sixteen_members_or_more_to_each() {
    let cases =
        [(0, 0), (1, 0), (31, 0), (32, 1), (63, 1), (64, 2), (1_000, 5), (1 << 20, 16), (u64::MAX, 16)];
    for (members, bits) in cases {
        assert_eq!(Letter::hint_bits(members), bits, "{members}");
        assert!(bits == 0 || members >> bits >= 16);
    }
    let key = alice().secret(0).public();
    for bits in 0..=16 {
        assert!(key.hint(bits) < 1 << bits);
        assert_eq!(key.hint(bits), key.hint(16) >> (16 - bits), "a shorter hint begins a longer one");
    }
}

#[test]
fn a_letter_that_cannot_be_is_no_body() {
    let letter = sealed(&asked(), &alice().secret(0), &bob().secret(0), 1_000);
    let kind = Kind::letter();
    let read = |letter: &Letter| Body::decode(&kind, &Body::Letter(letter.clone()).encode());
    assert_eq!(read(&letter), Ok(Body::Letter(letter.clone())));
    for wrong in [
        Letter { bits: 17, ..letter.clone() },
        Letter { hint: 32, ..letter.clone() },
        Letter { bits: 0, hint: 1, ..letter.clone() },
        Letter { sealed: letter.sealed[1..].to_vec(), ..letter.clone() },
        Letter { sealed: Vec::new(), ..letter.clone() },
    ] {
        assert!(read(&wrong).is_err(), "{wrong:?}");
        // Nor does it hurt whoever tries it all the same.
        assert_eq!(alice().boxes().open(&wrong, outer(), known), Ok(None));
    }
    let mut map = letter.to_map();
    map.insert(MapKey("to".to_owned()), Value::Bytes(alice().id().as_bytes().to_vec()));
    assert_eq!(Body::decode(&kind, &Value::Map(map).encode()), Err(BodyError::WrongType("letter")));
}

#[test]
fn a_host_may_say_how_letters_reach_its_member_and_the_desk_may_not() {
    let kind = Kind::seal_key();
    let class = kind.class().unwrap();
    let roles = [GrantRole::Device, GrantRole::Desk, GrantRole::Host];
    let may = roles.map(|role| role.may_sign(class, &kind));
    assert_eq!(may, [true, false, true]);
}

#[test]
fn a_secret_shows_itself_to_nobody() {
    let secret = alice().secret(3);
    let shown = format!("{secret:?} {:?}", Keyring::of(secret.clone()));
    let hidden = data_encoding::HEXLOWER.encode(&secret.as_bytes()[..4]);
    assert!(!shown.contains(&hidden), "{shown}");
    let secrets = [alice().secret(0), alice().secret(1), bob().secret(0)]
        .into_iter()
        .chain([SealSecret::of_host(&alice().root, 0)])
        .map(|secret| *secret.as_bytes());
    assert_eq!(secrets.collect::<std::collections::BTreeSet<_>>().len(), 4);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_letter_with_any_bit_flipped_is_refused(at in any::<prop::sample::Index>(), bit in 0_u8..8) {
        let mut letter = sealed(&asked(), &alice().secret(0), &bob().secret(0), 100);
        let at = at.index(letter.sealed.len());
        letter.sealed[at] ^= 1 << bit;
        // The top bit of an X25519 key is not looked at: the same key, but other bytes that are hashed.
        prop_assert_eq!(alice().boxes().open(&letter, outer(), known), Ok(None));
    }

    #[test]
    fn whatever_fits_survives_the_way(
        length in 0_usize..3_900, members: u32, epochs in any::<[u16; 2]>(), seed: [u8; 32],
    ) {
        let (own, from) = (bob().secret(epochs[0].into()), bob().secret(epochs[1].into()));
        let pass = Inside::from(Content::Pass { member: bob().id(), bytes: vec![7; length] });
        let letter = Letter::seal(&pass, &own.public(), &from, outer(), members.into(), &seed).unwrap();
        prop_assert_eq!(Body::decode(&Kind::letter(), &Body::Letter(letter.clone()).encode()), Ok(Body::Letter(letter.clone())));
        let mut boxes = Mailboxes::new();
        boxes.add(bob().id(), &Keyring::of(own));
        let opened = boxes.open(&letter, outer(), known).unwrap().unwrap();
        prop_assert_eq!((opened.inside, opened.epoch), (pass, epochs[1].into()));
    }

    #[test]
    fn mailboxes_try_what_each_keyring_would(bits in 0_u8..=16, hint: u32, seeds in proptest::collection::vec(any::<u16>(), 0..20)) {
        let hint = hint & ((1 << bits) - 1);
        let letter = Letter { bits, hint, sealed: Vec::new() };
        let keyrings: Vec<Keyring> = seeds.iter().map(|seed| Keyring::of(alice().secret(u32::from(*seed)))).collect();
        let mut boxes = Mailboxes::new();
        for keyring in &keyrings {
            boxes.add(alice().id(), keyring);
        }
        let one = keyrings.iter().any(|keyring| keyring.candidates(bits, hint).next().is_some());
        prop_assert_eq!(boxes.may_be_for_us(&letter), one);
    }

    #[test]
    fn whatever_is_said_it_is_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        if let Ok((inside, epoch)) = Inside::decode(&bytes) {
            prop_assert_eq!(inside.encode(epoch), bytes.clone());
        }
        prop_assert!(said_by_bob(&bytes).is_err());
    }
}

/// The key that decides is a signer's.
#[test]
fn a_seal_key_survives_its_bytes() {
    let decides: PublicKey = alice().device.public();
    let body =
        Body::SealKey(SealKey { key: alice().secret(2).public(), epoch: 2, decides, other: Map::new() });
    assert_eq!(Body::decode(&Kind::seal_key(), &body.encode()), Ok(body.clone()));
    let statement = Statement { author: alice().id(), circle: CIRCLE, key: SealKey::key(), revision: NOW };
    assert_eq!(statement.sign(&body, &alice().device).unwrap().body(), Some(body));
}
