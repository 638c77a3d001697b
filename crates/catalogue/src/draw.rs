//! Draws: in which order chance puts those who asked, and whether a lister told the truth.
//!
//! Each request has a **ticket**, the digest of the committed secret and its nonce; the lower ticket comes
//! first. The lister knows no nonce when it commits to the secret, the askers know no secret when they draw
//! their nonces. A ticket depends on nobody else's nonce: a lister who leaves somebody out or makes somebody
//! up changes the order of none of the others, and whoever was left out finds it. What this can not show: a
//! lister who tells an accomplice the secret, or makes up a request of its own, can let that one win.

use record::{Draw, Drawn, Key, Listing, MemberId, Timestamp, draw_commitment};

/// The nonces in the order that came out, the winner's first.
pub use record::draw_order as order;

/// What a request brings to the draw: 16 bytes that its asker drew by chance.
pub type Nonce = [u8; 16];

/// What one asker remembers of its request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// Its nonce.
    pub nonce: Nonce,
    /// When it was sent.
    pub at: Timestamp,
}

/// The outcome of a draw that holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DrawSeen {
    /// Which place the asker drew, from 1 on; `None`: it asked too late, or not at all.
    pub place: Option<usize>,
    /// Among how many.
    pub of: usize,
}

/// Why the outcome of a draw does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DrawError {
    /// The listing was to be given away in another way when the request was sent.
    #[error("this listing was not to be drawn: ask its lister how it decides")]
    NoDraw,
    /// The listing was to be drawn, and is no longer.
    #[error("this listing was to be drawn and is no longer: ask its lister why")]
    Dropped,
    /// The lister is bound to something else than before.
    #[error("the lister has put another sealed secret in place of the first one: do not trust this draw")]
    OtherCommitment,
    /// The closing time is another one than before.
    #[error("the closing time of the draw was changed: do not trust this draw")]
    OtherTime,
    /// Nothing has come out yet.
    #[error("nothing was drawn yet: look again later")]
    NotYet,
    /// It was drawn while others could still ask.
    #[error("it was drawn before its closing time: do not trust this draw")]
    TooEarly,
    /// It was drawn before, with another outcome.
    #[error("it was drawn twice with different outcomes: do not trust this draw")]
    DrawnAgain,
    /// The secret is not the one to which the lister was bound.
    #[error("the secret is not the one to which the lister was bound: do not trust this draw")]
    OtherSecret,
    /// A request that was sent in time is missing.
    #[error(
        "your request was sent in time and is not among those that were drawn: ask the lister if it came"
    )]
    LeftOut,
}

/// Checks a draw, as one asker can: `before` is the listing as it was when asking, `after` the one that tells
/// the result, said at `told`. Both are of `lister` and lie in the slot `listing`.
///
/// # Errors
/// A [`DrawError`] that says what does not hold.
pub fn verify(
    before: &Listing,
    after: &Listing,
    told: Timestamp,
    (lister, listing): (MemberId, Key),
    mine: Option<Asked>,
) -> Result<DrawSeen, DrawError> {
    let before = before.draw.as_ref().ok_or(DrawError::NoDraw)?;
    let after = after.draw.as_ref().ok_or(DrawError::Dropped)?;
    let Drawn { secret, nonces } = outcome(before, after, told, lister, listing)?;
    let place = mine.and_then(|mine| order(secret, nonces).iter().position(|nonce| *nonce == mine.nonce));
    if place.is_none() && mine.is_some_and(|mine| mine.at < after.closes) {
        return Err(DrawError::LeftOut);
    }
    Ok(DrawSeen { place: place.map(|place| place.saturating_add(1)), of: nonces.len() })
}

/// What came out, if it is what the lister was bound to.
fn outcome<'a>(
    before: &Draw,
    after: &'a Draw,
    told: Timestamp,
    lister: MemberId,
    listing: Key,
) -> Result<&'a Drawn, DrawError> {
    if after.commitment != before.commitment {
        return Err(DrawError::OtherCommitment);
    }
    if after.closes != before.closes {
        return Err(DrawError::OtherTime);
    }
    if before.result.is_some() && before.result != after.result {
        return Err(DrawError::DrawnAgain);
    }
    let drawn = after.result.as_ref().ok_or(DrawError::NotYet)?;
    if told < after.closes {
        return Err(DrawError::TooEarly);
    }
    if draw_commitment(&drawn.secret, lister, listing, after.closes) != after.commitment {
        return Err(DrawError::OtherSecret);
    }
    Ok(drawn)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::collection::btree_set;
    use proptest::prelude::*;
    use record::{Decide, Hash, SecretKey, Side};

    use super::*;

    const CLOSES: Timestamp = Timestamp::from_millis(1_790_000_000_000);
    const SLOT: Key = Key::from_bytes([5; 16]);
    /// The value that chi-squared with nine degrees of freedom stays below in 999 of 1,000 cases: 27.877.
    const CRITICAL: u64 = 27_877;

    fn lister() -> MemberId {
        SecretKey::from_seed(&[1; 32]).public().into()
    }

    fn number(purpose: &str, number: u64) -> Hash {
        Hash::derive(purpose, &[&number.to_be_bytes()])
    }

    fn bound(secret: &[u8; 32]) -> Draw {
        Draw { commitment: draw_commitment(secret, lister(), SLOT, CLOSES), closes: CLOSES, result: None }
    }

    fn listing(draw: Draw) -> Listing {
        Listing { decide: Decide::Draw, draw: Some(draw), ..Listing::new(Side::Offer, "Kinderwagen") }
    }

    /// What an asker finds who asked in time.
    fn seen(before: &Draw, after: &Draw, told: Timestamp, nonce: Nonce) -> Result<DrawSeen, DrawError> {
        let mine = Asked { nonce, at: CLOSES.minus_millis(1) };
        verify(&listing(before.clone()), &listing(after.clone()), told, (lister(), SLOT), Some(mine))
    }

    /// A thousandfold of chi-squared of these counts against equal ones.
    fn chi_squared(counts: &[u64; 10]) -> u64 {
        let expected = counts.iter().sum::<u64>() / 10;
        counts.iter().map(|count| 1_000 * count.abs_diff(expected).pow(2)).sum::<u64>() / expected
    }

    #[test]
    fn over_a_thousand_seeds_each_of_ten_askers_comes_to_each_place_as_often() {
        let askers: [Nonce; 10] = std::array::from_fn(|asker| number("asker", asker as u64).first());
        let mut places = [[0; 10]; 10];
        for seed in 0..1_000 {
            let order = order(number("seed", seed).as_bytes(), &askers.into());
            for (place, nonce) in order.iter().enumerate() {
                places[place][askers.iter().position(|asker| asker == nonce).unwrap()] += 1;
            }
        }
        for (place, counts) in places.iter().enumerate() {
            let chi_squared = chi_squared(counts);
            assert!(chi_squared < CRITICAL, "place {place}: {counts:?}, {chi_squared}");
        }
    }

    #[test]
    fn whatever_secret_a_lister_chose_the_nonces_decide() {
        // One secret, a thousand times ten askers: the first to ask wins as often as the last.
        for secret in [[0; 32], [7; 32], *Hash::of(b"chosen to please a friend").as_bytes()] {
            let mut winners = [0; 10];
            for round in 0..1_000 {
                let askers: [Nonce; 10] =
                    std::array::from_fn(|asker| number("nonce", 10 * round + asker as u64).first());
                let winner = order(&secret, &askers.into())[0];
                winners[askers.iter().position(|nonce| *nonce == winner).unwrap()] += 1;
            }
            assert!(chi_squared(&winners) < CRITICAL, "{winners:?}");
        }
    }

    #[test]
    fn who_did_not_ask_or_asked_too_late_checks_the_draw_without_a_place() {
        let secret = [7; 32];
        let nonces = BTreeSet::from([[1; 16], [2; 16]]);
        let after = Draw { result: Some(Drawn { secret, nonces }), ..bound(&secret) };
        let see =
            |mine| verify(&listing(bound(&secret)), &listing(after.clone()), CLOSES, (lister(), SLOT), mine);
        assert_eq!(see(None), Ok(DrawSeen { place: None, of: 2 }));
        assert_eq!(see(Some(Asked { nonce: [3; 16], at: CLOSES })), Ok(DrawSeen { place: None, of: 2 }));
        let plain = Listing::new(Side::Offer, "Kinderwagen");
        let verified =
            |before: &Listing, after: &Listing| verify(before, after, CLOSES, (lister(), SLOT), None);
        assert_eq!(verified(&plain, &listing(after.clone())), Err(DrawError::NoDraw));
        assert_eq!(verified(&listing(after), &plain), Err(DrawError::Dropped));
    }

    /// Nonces of some askers, the lister's secret, and another one.
    fn draws() -> impl Strategy<Value = (BTreeSet<Nonce>, [u8; 32], [u8; 32])> {
        (btree_set(any::<Nonce>(), 1..9), any::<[u8; 32]>(), any::<[u8; 32]>())
            .prop_filter("two secrets", |(_, secret, other)| secret != other)
    }

    proptest! {
        #[test]
        fn all_askers_see_one_order_and_each_its_place((nonces, secret, _) in draws()) {
            let result = Some(Drawn { secret, nonces: nonces.clone() });
            let (before, after) = (bound(&secret), Draw { result, ..bound(&secret) });
            for (place, nonce) in order(&secret, &nonces).into_iter().enumerate() {
                let place = Some(place + 1);
                prop_assert_eq!(seen(&before, &after, CLOSES, nonce), Ok(DrawSeen { place, of: nonces.len() }));
                // The same listing seen again, later.
                prop_assert!(seen(&after, &after, CLOSES.plus_days(9), nonce).is_ok());
            }
        }

        #[test]
        fn every_asker_finds_every_tampering_with_secret_and_time(
            (nonces, secret, other) in draws(),
            by in 1_u64..1_000_000,
        ) {
            let drawn = |secret| Some(Drawn { secret, nonces: nonces.clone() });
            let before = bound(&secret);
            let good = Draw { result: drawn(secret), ..before };
            let (sooner, later) = (CLOSES.minus_millis(by), CLOSES.plus_millis(by));
            let rebound = |secret: &[u8; 32], closes| Draw {
                commitment: draw_commitment(secret, lister(), SLOT, closes),
                closes,
                result: drawn(*secret),
            };
            let for_another_thing = Draw {
                commitment: draw_commitment(&secret, lister(), Key::from_bytes([6; 16]), CLOSES),
                ..good.clone()
            };
            let drawn_again = Draw { result: drawn(other), ..before };
            let tampered = [
                (&before, before.clone(), CLOSES, DrawError::NotYet),
                (&before, good.clone(), sooner, DrawError::TooEarly),
                (&before, Draw { result: drawn(other), ..good.clone() }, CLOSES, DrawError::OtherSecret),
                (&before, rebound(&other, CLOSES), CLOSES, DrawError::OtherCommitment),
                (&before, rebound(&secret, sooner), CLOSES, DrawError::OtherCommitment),
                (&before, rebound(&secret, later), later, DrawError::OtherCommitment),
                (&before, Draw { closes: sooner, ..good.clone() }, CLOSES, DrawError::OtherTime),
                (&before, Draw { closes: later, ..good.clone() }, later, DrawError::OtherTime),
                (&for_another_thing, for_another_thing.clone(), CLOSES, DrawError::OtherSecret),
                (&drawn_again, good.clone(), CLOSES, DrawError::DrawnAgain),
                (&good, before.clone(), CLOSES, DrawError::DrawnAgain),
            ];
            for (before, after, told, error) in tampered {
                for nonce in &nonces {
                    prop_assert_eq!(seen(before, &after, told, *nonce), Err(error));
                }
            }
        }

        #[test]
        fn whoever_is_left_out_finds_it_and_nobody_else_moves_by_it(
            (nonces, secret, _) in draws(),
            which in any::<prop::sample::Index>(),
            made_up in any::<Nonce>(),
        ) {
            let out = *which.get(&nonces.iter().copied().collect::<Vec<_>>());
            prop_assume!(!nonces.contains(&made_up));
            let mut listed = nonces.clone();
            listed.remove(&out);
            for replaced in [false, true] {
                if replaced {
                    listed.insert(made_up);
                }
                let after = Draw { result: Some(Drawn { secret, nonces: listed.clone() }), ..bound(&secret) };
                prop_assert_eq!(seen(&bound(&secret), &after, CLOSES, out), Err(DrawError::LeftOut));
                let honest = |order: Vec<Nonce>| -> Vec<Nonce> {
                    order.into_iter().filter(|nonce| nonces.contains(nonce) && *nonce != out).collect()
                };
                prop_assert_eq!(honest(order(&secret, &listed)), honest(order(&secret, &nonces)));
            }
        }
    }
}
