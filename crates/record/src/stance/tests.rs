//! What must hold of single stances.

use proptest::prelude::*;

use super::*;
use crate::*;

fn key(seed: u8) -> SecretKey {
    SecretKey::from_seed(&[seed; 32])
}

fn member(seed: u8) -> MemberId {
    MemberId::from(key(seed).public())
}

fn about() -> About {
    About {
        circle: CircleId::from_bytes([7; 32]),
        exchange: Key::from_bytes([6; 16]),
        asker: member(3),
        lister: member(1),
        listing: Key::from_bytes([5; 16]),
        listed: Timestamp::from_millis(1_000),
        asked: Timestamp::from_millis(2_000),
        side: Side::Offer,
        terms: Terms::Gift,
        title: "Kinderwagen".to_owned(),
        category: String::new(),
    }
}

/// Signs for the member whose root has this seed.
fn signer(seed: u8) -> impl Fn(&str, &[u8]) -> Seal {
    let (root, device) = (key(seed), key(seed.wrapping_add(100)));
    let until = Timestamp::from_millis(1_000_000);
    let grant = Grant { signer: device.public(), role: GrantRole::Device, until, other: Map::new() };
    let statement = Statement {
        author: MemberId::from(root.public()),
        circle: about().circle,
        key: Grant::key(&device.public()),
        revision: Timestamp::from_millis(1),
    };
    let grant = statement.sign(&Body::Grant(grant), &root).expect("a grant");
    move |purpose, bytes| Seal::sign(purpose, bytes, &grant, &device)
}

fn promise() -> Stance {
    let promised = Some(Promised { count: 1, at: Timestamp::from_millis(3_000) });
    Stance {
        about: about(),
        revision: Timestamp::from_millis(3_000),
        says: Says::Lister(ListerSays { promised, ..ListerSays::default() }),
        common: Common::default(),
        messages: vec![Message { at: Timestamp::from_millis(3_000), text: "Komm vorbei".to_owned() }],
        other: Map::new(),
    }
}

#[test]
fn an_exchange_has_another_name_when_anything_about_it_differs() {
    let id = about().id();
    assert_eq!(id.to_string().parse(), Ok(id));
    let others = [
        About { circle: CircleId::from_bytes([8; 32]), ..about() },
        About { exchange: Key::from_bytes([7; 16]), ..about() },
        About { asker: member(4), ..about() },
        About { lister: member(4), ..about() },
        About { asker: member(1), lister: member(3), ..about() },
        About { listing: Key::from_bytes([6; 16]), ..about() },
        About { listed: Timestamp::from_millis(1_001), ..about() },
        About { asked: Timestamp::from_millis(2_001), ..about() },
        About { side: Side::Need, ..about() },
        About { terms: Terms::Loan, ..about() },
        About { title: "Kinderwagen!".to_owned(), ..about() },
        About { category: "kids".to_owned(), ..about() },
    ];
    for other in others {
        assert_ne!(other.id(), id, "{other:?}");
    }
}

#[test]
fn other_texts_name_no_exchange() {
    for text in ["", "00", "zz", "0011223344556677889900112233445G", "00112233445566778899001122334455ff"] {
        assert!(text.parse::<ExchangeId>().is_err(), "{text}");
    }
}

#[test]
fn a_promise_needs_the_listers_seal_and_a_request_needs_none() {
    let said = Said::sealed(promise(), &signer(1));
    assert_eq!(said.check(), Ok(()));
    assert_eq!(Said::decode(&said.encode()), Ok(said.clone()));
    assert_eq!(Said { seal: None, ..said.clone() }.check(), Err(SealError::BadSignature));
    assert_eq!(Said::sealed(promise(), &signer(3)).check(), Err(SealError::OtherGrant));
    let later = Stance { revision: Timestamp::from_millis(4_000), ..promise() };
    assert_eq!(Said { stance: later, ..said }.check(), Err(SealError::BadSignature));
    let request = Stance { says: Says::Asker(AskerSays { count: 1, ..AskerSays::default() }), ..promise() };
    let request = Said::sealed(request, &signer(3));
    assert_eq!((request.seal.as_ref(), request.check()), (None, Ok(())));
}

#[test]
fn a_seal_says_nothing_of_messages() {
    let said = Said::sealed(promise(), &signer(1));
    let other = Stance { messages: Vec::new(), ..said.stance.clone() };
    assert_eq!(Said { stance: other, ..said }.check(), Ok(()));
}

#[test]
fn a_word_on_the_receipt_is_its_authors_signature_under_just_that_receipt() {
    let amount = Amount { count: 1, minutes: 0, grams: 0, at: Timestamp::from_millis(3_000) };
    let given = |by: u8, amount: Amount, signed: Amount| {
        let seal = signer(by)(RECEIPT_PURPOSE, &about().receipt(&signed).encode());
        let common = Common { given: Some(Given { amount, seal }), ..Common::default() };
        Said::sealed(Stance { common, ..promise() }, &signer(1)).check()
    };
    assert_eq!(given(1, amount, amount), Ok(()));
    assert_eq!(given(3, amount, amount), Err(SealError::OtherGrant));
    assert_eq!(given(1, Amount { count: 2, ..amount }, amount), Err(SealError::BadSignature));
}

#[test]
fn a_stance_holds_sixteen_messages_and_fits_into_a_letter() {
    let message = |length: usize| Message { at: Timestamp::from_millis(1), text: "m".repeat(length) };
    let with = |messages: Vec<Message>| {
        let stance = Stance { messages, ..promise() };
        Stance::decode(&stance.encode()).map(|_| ())
    };
    assert_eq!(with(vec![message(100); 16]), Ok(()));
    assert_eq!(with(vec![message(2_000)]), Ok(()));
    assert_eq!(with(vec![message(1); 17]), Err(BodyError::TooMany("messages")));
    assert_eq!(with(vec![message(1_000), message(1_001)]), Err(BodyError::TooMany("messages")));
    let wide = Message { text: "ü".repeat(1_800), ..message(1) };
    assert!(matches!(with(vec![wide]), Err(BodyError::StanceTooLarge(_))));
}

proptest! {
    #[test]
    fn the_newest_messages_are_the_longest_tail_that_fits(lengths in proptest::collection::vec(1_usize..700, 0..20)) {
        let messages: Vec<Message> = lengths
            .iter()
            .map(|length| Message { at: Timestamp::from_millis(1), text: "m".repeat(*length) })
            .collect();
        let fits = |tail: &[Message]| {
            tail.len() <= 16 && tail.iter().map(|message| message.text.len()).sum::<usize>() <= 2_000
        };
        let tails = (0..=messages.len()).map(|from| &messages[from..]);
        let longest = tails.into_iter().find(|tail| fits(tail)).unwrap_or_default();
        prop_assert_eq!(Message::newest(&messages), longest);
    }
}
