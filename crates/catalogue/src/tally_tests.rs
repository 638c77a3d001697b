//! Tallies of receipts that were signed in many ways.

use std::collections::{BTreeMap, BTreeSet};

use proptest::collection::vec;
use proptest::prelude::*;
use record::{
    Body, CircleId, Confirmation, GrantRole, Key, Made, MemberId, RECEIPT_PURPOSE, Receipt, Seal, Signatory,
    SignedReceipt, Statement, Terms, Timestamp, Verified, code_commitment,
};

use crate::laws::scribe::{NOW, device, grant, member};
use crate::tally::{MemberTally, Month, Proven, Receipts, Sum, Tally, Uncounted};

const CIRCLE: CircleId = CircleId::from_bytes([3; 32]);
/// The key with which one node signs for all that it hosts.
const HOST: u8 = 9;

fn receipt(exchange: u8, giver: u8, receiver: u8) -> Receipt {
    Receipt {
        circle: CIRCLE,
        exchange: Key::from_bytes([exchange; 16]),
        giver: member(giver),
        receiver: member(receiver),
        title: "Leiter".to_owned(),
        kind: "ladder".to_owned(),
        count: 1,
        grams: 9_000,
        terms: Terms::Gift,
        minutes: 0,
        at: NOW.minus_millis(200_000_000),
    }
}

/// A member's word, by its own device or by the host.
fn seal(of: u8, receipt: &Receipt, hosted: bool) -> Seal {
    let (key, role) =
        if hosted { (device(HOST, 0), GrantRole::Host) } else { (device(of, 0), GrantRole::Device) };
    Seal::sign(RECEIPT_PURPOSE, &receipt.encode(), &grant(receipt.circle, of, &key, 0, 255, role), &key)
}

fn sign(receipt: Receipt, made: Made, giver: u8, receiver: u8) -> SignedReceipt {
    let (hosts_giver, hosts_receiver) = match made {
        Made::TwoKeys | Made::ByCode => (false, false),
        Made::Hosted => (false, true),
        Made::OneHost => (true, true),
    };
    let confirmation = if made == Made::ByCode {
        let code = "4711".to_owned();
        Confirmation::Code { commitment: code_commitment(receipt.exchange, &code), code }
    } else {
        Confirmation::Seal(seal(receiver, &receipt, hosts_receiver))
    };
    let giver = seal(giver, &receipt, hosts_giver);
    SignedReceipt { receipt, giver, receiver: confirmation, other: BTreeMap::new() }
}

/// A record in which a member's device publishes a receipt.
fn publish(signed: &SignedReceipt, by: u8) -> Verified {
    let (circle, key) = (signed.receipt.circle, signed.receipt.key());
    let statement = Statement { author: member(by), circle, key, revision: NOW };
    statement.sign(&Body::Receipt(Box::new(signed.clone())), &device(by, 0)).unwrap()
}

fn nobody(_: &Signatory, _: Timestamp) -> bool {
    false
}

fn tally(receipts: &[SignedReceipt]) -> Tally {
    let proven = receipts.iter().map(|signed| Proven::of(signed.clone(), nobody).unwrap());
    proven.collect::<Receipts>().tally()
}

#[test]
fn a_receipt_counts_once_whoever_of_both_publishes_it() {
    let signed = sign(receipt(1, 0, 1), Made::TwoKeys, 0, 1);
    let (one, other) = (publish(&signed, 0), publish(&signed, 1));
    assert_ne!(one.id(), other.id());
    assert_eq!(one.header().key, other.header().key);
    let receipts: Receipts =
        [one, other].iter().map(|record| Proven::published(record, nobody).unwrap()).collect();
    assert_eq!(receipts.tally().all, Sum { exchanges: 1, count: 1, grams: 9_000, unweighed: 0 });
}

#[test]
fn what_proves_nothing_does_not_count() {
    let signed = sign(receipt(1, 0, 1), Made::TwoKeys, 0, 1);
    let published = |record: &Verified| Proven::published(record, nobody).map(drop);
    assert_eq!(published(&publish(&signed, 2)), Err(Uncounted::Misplaced), "by a third one");
    let statement = |circle, key| Statement { author: member(0), circle, key, revision: NOW };
    let body = Body::Receipt(Box::new(signed.clone()));
    for (circle, key) in
        [(CIRCLE, Key::from_bytes([1; 16])), (CircleId::from_bytes([4; 32]), signed.receipt.key())]
    {
        let record = statement(circle, key).sign(&body, &device(0, 0)).unwrap();
        assert_eq!(published(&record), Err(Uncounted::Misplaced));
    }
    assert_eq!(published(&publish(&signed, 0).without_body()), Err(Uncounted::NoReceipt));
    assert_eq!(published(&grant(CIRCLE, 0, &device(0, 0), 0, 9, GrantRole::Desk)), Err(Uncounted::NoReceipt));
    let mut more = signed;
    more.receipt.grams = 90_000;
    assert!(matches!(published(&publish(&more, 0)), Err(Uncounted::Unproven(_))));
}

#[test]
fn a_key_that_was_revoked_before_proves_nothing() {
    let at = receipt(1, 0, 1).at;
    let of = |made, revoked: MemberId, since: Timestamp| {
        let signed = sign(receipt(1, 0, 1), made, 0, 1);
        Proven::of(signed, |key, at| key.member == revoked && since < at).map(drop)
    };
    for revoked in [member(0), member(1)] {
        assert_eq!(of(Made::TwoKeys, revoked, at.minus_millis(1)), Err(Uncounted::Revoked));
        assert_eq!(of(Made::TwoKeys, revoked, at), Ok(()));
    }
    assert_eq!(of(Made::ByCode, member(1), at.minus_millis(1)), Ok(()), "a code has no key");
}

#[test]
fn how_each_was_made_is_told_apart() {
    let receipts = [Made::TwoKeys, Made::Hosted, Made::OneHost, Made::ByCode, Made::ByCode];
    let receipts: Vec<_> =
        receipts.iter().zip(1_u8..).map(|(made, number)| sign(receipt(number, 0, 1), *made, 0, 1)).collect();
    let made = tally(&receipts).made.into_iter().map(|(made, sum)| (made, sum.exchanges));
    let expected = [(Made::TwoKeys, 1), (Made::Hosted, 1), (Made::OneHost, 1), (Made::ByCode, 2)];
    assert_eq!(made.collect::<Vec<_>>(), expected);
}

#[test]
fn of_two_receipts_of_one_exchange_the_earlier_counts_and_of_one_receipt_the_better_proof() {
    let early = receipt(1, 0, 1);
    let late = Receipt { at: early.at.plus_millis(1), count: 50, ..early.clone() };
    let both = [sign(late, Made::TwoKeys, 0, 1), sign(early.clone(), Made::ByCode, 0, 1)];
    assert_eq!(tally(&both).all.count, 1);
    let both = [sign(early.clone(), Made::ByCode, 0, 1), sign(early, Made::TwoKeys, 0, 1)];
    assert_eq!(tally(&both).made.into_keys().collect::<Vec<_>>(), [Made::TwoKeys]);
}

#[test]
fn months_are_those_of_utc() {
    // The last millisecond of 2026 and the one after.
    let last = Timestamp::from_millis(1_798_761_599_999);
    let months = [last, last.plus_millis(1)].map(|at| Month::of(at).to_string());
    assert_eq!(months, ["2026-12", "2027-01"]);
}

#[test]
fn only_who_wants_it_is_shown() {
    let signed = [sign(receipt(1, 0, 1), Made::TwoKeys, 0, 1), sign(receipt(2, 1, 2), Made::TwoKeys, 1, 2)];
    let receipts: Receipts =
        signed.iter().map(|signed| Proven::of(signed.clone(), nobody).unwrap()).collect();
    let shown = receipts.members(|who| *who == member(1));
    let [(who, MemberTally { given, received })] = <[_; 1]>::try_from(Vec::from_iter(shown)).unwrap();
    assert_eq!((who, given.all.exchanges, received.all.exchanges), (member(1), 1, 1));
    assert!(receipts.members(|_| false).is_empty());
    assert_eq!(receipts.of_member(&member(0)).given.all.exchanges, 1);
    assert_eq!(receipts.of_member(&member(0)).received, Tally::default());
}

/// Receipts of a few exchanges, some of them twice and not the same.
fn any_receipts() -> impl Strategy<Value = Vec<SignedReceipt>> {
    let names = (0_u8..4, 0_u8..4, 0_u8..4, (0_u8..2, prop::sample::select(Terms::ALL)));
    let what = ("(|ladder|pram)", 1_u32..4, prop_oneof![Just(0), Just(u32::MAX), 1_u32..9_000], 0_u64..4);
    let one = (names, what, prop::sample::select(Made::ALL)).prop_map(|(names, what, made)| {
        let ((exchange, giver, receiver, (circle, terms)), (kind, count, grams, month)) = (names, what);
        let receiver = if giver == receiver { 4 } else { receiver };
        let circle = CircleId::from_bytes([circle; 32]);
        // Grants of the scribe cover the hours up to 255.
        let at = NOW.minus_millis(400_000_000 + month * 2_500_000_000);
        let receipt = Receipt { circle, kind, count, grams, terms, at, ..receipt(exchange, giver, receiver) };
        sign(receipt, made, giver, receiver)
    });
    vec(one, 0..8)
}

fn sum<'a>(parts: impl IntoIterator<Item = &'a Sum>) -> Sum {
    parts.into_iter().fold(Sum::default(), |one, other| Sum {
        exchanges: one.exchanges + other.exchanges,
        count: one.count + other.count,
        grams: one.grams + other.grams,
        unweighed: one.unweighed + other.unweighed,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn neither_order_nor_repetition_changes_a_tally(signed in any_receipts(), turn in 0_usize..8) {
        let proven: Vec<Proven> =
            signed.into_iter().map(|signed| Proven::of(signed, nobody).unwrap()).collect();
        let receipts: Receipts = proven.iter().cloned().collect();
        let mut other = proven.clone();
        other.reverse();
        let turn = turn.min(other.len());
        other.rotate_left(turn);
        let again: Receipts = other.iter().chain(&proven).cloned().collect();
        prop_assert_eq!(&again, &receipts);
        prop_assert_eq!(again.tally(), receipts.tally());
        prop_assert_eq!(again.by_circle(), receipts.by_circle());
        prop_assert_eq!(again.members(|_| true), receipts.members(|_| true));
    }

    #[test]
    fn the_parts_are_the_whole(signed in any_receipts()) {
        let exchanges: BTreeSet<_> =
            signed.iter().map(|it| (it.receipt.circle, it.receipt.key())).collect();
        let receipts: Receipts =
            signed.into_iter().map(|signed| Proven::of(signed, nobody).unwrap()).collect();
        let tally = receipts.tally();
        prop_assert_eq!(tally.all.exchanges, exchanges.len() as u64);
        prop_assert_eq!(sum(tally.kinds.values()), tally.all);
        prop_assert_eq!(sum(tally.terms.values()), tally.all);
        prop_assert_eq!(sum(tally.made.values()), tally.all);
        prop_assert_eq!(sum(tally.months.values()), tally.all);
        prop_assert_eq!(sum(receipts.by_circle().values().map(|tally| &tally.all)), tally.all);
        let members = receipts.members(|_| true);
        prop_assert_eq!(sum(members.values().map(|it| &it.given.all)), tally.all);
        prop_assert_eq!(sum(members.values().map(|it| &it.received.all)), tally.all);
        for (who, both) in &members {
            prop_assert_eq!(&receipts.of_member(who), both);
        }
    }
}
