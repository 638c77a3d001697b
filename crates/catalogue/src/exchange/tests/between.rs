//! Nobody but the two has a say.

use record::{About, CircleId, Hash, Key, Said, SealError, Side, Stance, Terms};

use super::super::*;
use super::chance::Chance;
use super::*;

/// An exchange with a promise and a handover, as the asker holds it.
fn promised() -> Pair {
    let mut pair = Pair::of(Side::Offer, Terms::Gift, 1);
    pair.act(Party::Lister, promise(), after(HOUR)).unwrap();
    pair.act(Party::Lister, Act::HandOver(HandOver::default()), after(2 * HOUR)).unwrap();
    pair
}

/// What somebody makes of a stance who seals it with the key of this seed.
fn resealed(said: &Said, about: About, seed: u8) -> Said {
    Said::sealed(Stance { about, revision: after(3 * HOUR), ..said.stance.clone() }, &signer(seed))
}

fn refused(view: &Exchange, said: Said, delivered: &Delivered) -> Refusal {
    let mut changed = view.clone();
    let refusal = changed.take(said, delivered, after(4 * HOUR)).unwrap_err();
    assert_eq!(&changed, view);
    refusal
}

#[test]
fn a_stance_for_another_exchange_is_refused() {
    let pair = promised();
    let said = pair.asker.said(Party::Lister).unwrap();
    let ours = about(2, Side::Offer, Terms::Gift);
    let cases = [
        (About { circle: CircleId::from_bytes([8; 32]), ..ours.clone() }, Refusal::OtherCircle),
        (About { asker: member(3), ..ours.clone() }, Refusal::OtherMembers),
        (About { lister: member(3), ..ours.clone() }, Refusal::OtherMembers),
        (About { listing: Key::from_bytes([6; 16]), ..ours.clone() }, Refusal::OtherListing),
        (About { exchange: Key::from_bytes([6; 16]), ..ours.clone() }, Refusal::OtherExchange),
        (About { title: "Kinderwagen, fast neu".to_owned(), ..ours.clone() }, Refusal::OtherExchange),
        (About { terms: Terms::Loan, ..ours.clone() }, Refusal::OtherExchange),
        (About { asked: after(1), ..ours }, Refusal::OtherExchange),
    ];
    for (about, refusal) in cases {
        let said = resealed(said, about, 1);
        let told = delivered(&said);
        assert_eq!(refused(&pair.asker, said, &told), refusal);
    }
}

#[test]
fn a_stance_that_is_resealed_to_somebody_else_or_in_another_circle_is_refused() {
    let pair = promised();
    let said = pair.asker.said(Party::Lister).unwrap().clone();
    let told = delivered(&said);
    let cases = [
        // The asker passes it on to a third member, as it is.
        (Delivered { from: member(2), reader: member(3), ..told }, Refusal::OtherAuthor),
        // A third member opens it, whoever wrote the letter.
        (Delivered { reader: member(3), ..told }, Refusal::OtherReader),
        // It travels in another circle.
        (Delivered { circle: CircleId::from_bytes([8; 32]), ..told }, Refusal::OtherCircle),
        // A third member says it, as it is.
        (Delivered { from: member(3), ..told }, Refusal::OtherAuthor),
    ];
    for (told, refusal) in cases {
        assert_eq!(Exchange::begin(said.clone(), &told, after(4 * HOUR)), Err(refusal.clone()));
        assert_eq!(refused(&pair.asker, said.clone(), &told), refusal);
    }
}

#[test]
fn what_binds_is_refused_without_its_authors_seal() {
    let pair = promised();
    let said = pair.asker.said(Party::Lister).unwrap();
    let ours = about(2, Side::Offer, Terms::Gift);
    let told = delivered(said);
    let newer = resealed(said, ours.clone(), 1);
    // The word on the receipt stays good, whatever else is said later.
    assert_eq!(newer.check(), Ok(()));
    let bare = Said { seal: None, ..newer.clone() };
    let unsealed = |error| Refusal::Unsealed(error);
    assert_eq!(refused(&pair.asker, bare, &told), unsealed(SealError::BadSignature));
    let old_seal = Said { seal: said.seal.clone(), ..newer };
    assert_eq!(refused(&pair.asker, old_seal, &told), unsealed(SealError::BadSignature));
    for other in [2, 3] {
        assert_eq!(
            refused(&pair.asker, resealed(said, ours.clone(), other), &told),
            unsealed(SealError::OtherGrant)
        );
    }
    // A word on the receipt that somebody else signed.
    let mut forged = resealed(said, ours, 1).stance;
    forged.common.given.as_mut().unwrap().amount.count = 2;
    let forged = Said::sealed(forged, &signer(1));
    assert_eq!(refused(&pair.asker, forged, &told), unsealed(SealError::BadSignature));
}

#[test]
fn a_stance_from_the_future_waits_and_is_nobodys_fault() {
    let pair = promised();
    let said = pair.say(Party::Lister, Act::Message("Bis gleich".to_owned()), after(9 * HOUR)).unwrap();
    let (told, mut view) = (delivered(&said), pair.asker);
    let early = view.take(said.clone(), &told, after(8 * HOUR)).unwrap_err();
    assert_eq!((&early, early.is_fault()), (&Refusal::Future, false));
    assert_eq!(view.take(said, &told, after(9 * HOUR - 10 * MINUTE)), Ok(Taken::Newer));
}

#[test]
fn an_older_stance_is_no_fault_and_a_copy_to_oneself_restores() {
    let pair = promised();
    let request = pair.lister.said(Party::Asker).unwrap().clone();
    let told = delivered(&request);
    let mut asker = pair.asker.clone();
    assert_eq!(asker.take(request.clone(), &told, after(HOUR)), Ok(Taken::Same));
    let to_oneself = Delivered { reader: member(2), ..told };
    let mut restored = Exchange::begin(request, &to_oneself, after(HOUR)).unwrap();
    let answer = pair.lister.said(Party::Lister).unwrap().clone();
    let told = delivered(&answer);
    assert_eq!(restored.take(answer, &told, after(HOUR * 2)), Ok(Taken::Newer));
    assert_eq!(restored, pair.asker);
}

#[test]
fn no_stance_of_a_third_member_changes_anything() {
    for seed in 0..300 {
        let mut chance = Chance::of(seed);
        let pair = promised();
        let thief = u8::try_from(3 + chance.below(5)).unwrap();
        // A third member asks for the same listing, and says all that it can in an exchange of its own.
        let mut own = Pair { asker: pair.asker.clone(), lister: pair.lister.clone() };
        let told = Exchange::request(about(thief, Side::Offer, Terms::Gift), request(1)).unwrap();
        own.asker = Exchange::of(told.clone());
        let mut said = vec![told];
        for _ in 0..6 {
            let now = after(5 * HOUR + chance.draw() % DAY);
            let act = chance.act(&own.asker, Party::Asker, now);
            if let Ok(new) = own.asker.next(Party::Asker, act, now, PLENTY, &signer(thief)) {
                own.asker.hold(new.clone()).unwrap();
                said.push(new);
            }
        }
        for said in said {
            // It is sent as it is, and as if it were about the exchange of the two.
            let ours = about(2, Side::Offer, Terms::Gift);
            let as_ours = Said {
                stance: Stance { about: ours.clone(), ..said.stance.clone() },
                seal: said.seal.clone(),
            };
            let sealed = resealed(&said, ours, thief);
            for said in [said, as_ours, sealed] {
                for view in [&pair.asker, &pair.lister] {
                    for reader in [member(1), member(2)] {
                        let told = Delivered { circle: circle(), from: member(thief), reader };
                        let mut changed = view.clone();
                        assert!(changed.take(said.clone(), &told, after(3 * DAY)).is_err());
                        assert_eq!(&changed, view, "seed {seed}");
                    }
                }
            }
        }
    }
}

#[test]
fn of_two_stances_with_one_revision_that_with_the_lower_hash_counts() {
    let pair = promised();
    let say = |text: &str| pair.say(Party::Lister, Act::Message(text.to_owned()), after(3 * HOUR)).unwrap();
    let (one, other) = (say("Um fünf?"), say("Um sechs?"));
    let hash = |said: &Said| Hash::of(&said.stance.encode());
    let (low, high) = if hash(&one) < hash(&other) { (one, other) } else { (other, one) };
    let told = delivered(&low);
    let mut view = pair.asker.clone();
    assert_eq!(view.take(high.clone(), &told, after(3 * HOUR)), Ok(Taken::Newer));
    assert_eq!(view.take(low.clone(), &told, after(3 * HOUR)), Ok(Taken::Newer));
    assert_eq!(view.take(high, &told, after(3 * HOUR)), Ok(Taken::Older));
    assert_eq!(view.said(Party::Lister), Some(&low));
}

#[test]
fn whatever_the_two_do_is_taken_by_the_other_and_every_receipt_verifies() {
    let mut receipts = 0_u32;
    for seed in 0..300 {
        let mut chance = Chance::of(seed);
        let side = chance.pick(&[Side::Offer, Side::Need]);
        let mut pair = Pair::of(side, chance.pick(&[Terms::Gift, Terms::Loan, Terms::Hours]), 2);
        let mut now = START;
        for _ in 0..12 {
            now = now.plus_millis(chance.draw() % DAY);
            let me = chance.pick(&[Party::Asker, Party::Lister]);
            let act = chance.act(&pair.asker, me, now);
            let _ = pair.act(me, act, now);
            if let Some(receipt) = pair.lister.receipt() {
                assert!(receipt.check().is_ok(), "seed {seed}");
                receipts += 1;
            }
        }
    }
    assert!(receipts > 300, "{receipts}");
}
