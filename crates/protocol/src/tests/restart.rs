//! What a node makes of the store that it finds when it starts.

use record::{Timestamp, Verified};

use super::pump::{Member, Memory, NOW, Pair, name};
use crate::{Batch, Input, Protocol, Store as _};

/// Starts a node on a store and lets it follow the pair's circle.
fn start(pair: &Pair, store: Memory, now: Timestamp) -> Protocol<Memory> {
    let mut protocol = Protocol::new(name(0), store, [9; 32]);
    protocol.follow(pair.circle, Vec::new(), now, &mut |_| {}).unwrap();
    protocol
}

/// A circle with two listings, and the store that holds them.
fn kept() -> (Pair, Vec<Verified>, Memory) {
    let mut pair = Pair::settled();
    let listings = pair.members[0].listings(pair.circle, 0..2);
    pair.write(0, listings.clone());
    let store = pair.nodes[0].protocol.store().clone();
    (pair, listings, store)
}

#[test]
fn a_node_that_starts_again_has_what_it_had() {
    let (pair, _, store) = kept();
    let again = start(&pair, store.clone(), pair.now);
    assert_eq!(again.catalogue(pair.circle).unwrap().len(), pair.len(0));
    assert_eq!(store.0.len(), pair.len(0));
}

#[test]
fn what_was_withdrawn_leaves_the_disk_even_if_power_was_cut_between() {
    let (pair, listings, mut store) = kept();
    // The withdrawal reached the disk; that the listing goes did not.
    let gone = pair.members[0].withdrawal(pair.circle, 0, NOW.plus_millis(1));
    let put = vec![(gone.id(), gone.to_record())];
    store.apply(pair.circle, Batch { put, drop: Vec::new() }).unwrap();
    let mut again = start(&pair, store, pair.now);
    assert_eq!(again.record(pair.circle, &listings[0].id()), Ok(None));
    assert!(again.record(pair.circle, &listings[1].id()).unwrap().is_some());
    let len = again.catalogue(pair.circle).unwrap().len();
    assert_eq!(again.store().0.len(), len);
}

#[test]
fn what_expired_while_a_node_was_off_leaves_its_disk() {
    let (pair, listings, store) = kept();
    let mut again = start(&pair, store, NOW.plus_days(180));
    assert_eq!(again.catalogue(pair.circle).unwrap().len(), pair.len(0) - 2);
    for listing in listings {
        assert_eq!(again.record(pair.circle, &listing.id()), Ok(None));
    }
    assert_eq!(again.store().0.len(), pair.len(0) - 2);
}

#[test]
fn a_node_whose_clock_fell_back_while_it_was_off_still_has_what_it_had() {
    let (pair, _, store) = kept();
    for clock in [NOW.minus_millis(86_400_000), Timestamp::from_millis(0)] {
        let mut again = start(&pair, store.clone(), clock);
        assert_eq!(again.catalogue(pair.circle).unwrap().len(), pair.len(0));
        assert_eq!(again.store().0.len(), store.0.len());
    }
}

#[test]
fn a_large_circle_is_whole_after_a_restart_in_whatever_order_its_store_gives_it() {
    let pair = Pair::settled();
    // Members whose grants a store in order of ids gives after most of what they cover.
    let last = |member: &Member| member.grant(pair.circle).id().as_bytes()[0] >= 0xe0;
    let late: Vec<Member> = (1_000..2_000).map(Member::new).filter(last).take(6).collect();
    let founding = [pair.members[0].charter("Gartenstraße"), pair.members[0].grant(pair.circle)];
    let records = late.iter().flat_map(|member| {
        let grant = member.grant(pair.circle);
        member.listings(pair.circle, 0..2_000).into_iter().chain([grant])
    });
    let put: Vec<_> = founding.into_iter().chain(records).map(|it| (it.id(), it.to_record())).collect();
    let mut store = Memory::default();
    store.apply(pair.circle, Batch { put, drop: Vec::new() }).unwrap();
    let mut again = start(&pair, store, pair.now);
    assert_eq!(again.catalogue(pair.circle).unwrap().len(), 2 + 6 * 2_001);
    assert_eq!(again.store().0.len(), 2 + 6 * 2_001);
}

#[test]
fn what_may_have_expired_stays_while_the_time_is_not_known_and_goes_when_it_is() {
    let (pair, listings, store) = kept();
    let later = NOW.plus_days(3_650);
    let mut again = Protocol::new(name(0), store, [9; 32]);
    again.doubt_time(Some(NOW));
    again.follow(pair.circle, Vec::new(), later, &mut |_| {}).unwrap();
    again.handle(Input::Tick, later);
    assert_eq!(again.catalogue(pair.circle).unwrap().len(), pair.len(0));
    // Set right, it has all of it; if it was right before, what expired goes.
    again.doubt_time(None);
    again.handle(Input::Tick, NOW.plus_days(1));
    assert_eq!(again.catalogue(pair.circle).unwrap().len(), pair.len(0));
    again.handle(Input::Tick, later);
    assert_eq!(again.record(pair.circle, &listings[0].id()), Ok(None));
    assert_eq!(again.catalogue(pair.circle).unwrap().len(), pair.len(0) - 2);
}

#[test]
fn what_was_signed_years_ahead_is_said_again_once_the_clock_is_set() {
    let mut pair = Pair::settled();
    let ahead = NOW.plus_days(2_000);
    let (first, second) =
        (pair.members[0].listing(pair.circle, 1, ahead), pair.members[0].listing(pair.circle, 2, ahead));
    pair.write(0, vec![first.clone(), second]);
    pair.pass(10_000);
    assert_eq!((pair.len(0), pair.len(1)), (5, 3));
    let old: Vec<_> = pair.nodes[0].protocol.ahead(pair.circle, pair.now).map(|held| held.id()).collect();
    assert_eq!(old.len(), 2, "neither charter nor grants");
    let again = vec![
        pair.members[0].listing(pair.circle, 1, pair.now),
        pair.members[0].withdrawal(pair.circle, 2, pair.now),
    ];
    let (circle, now) = (pair.circle, pair.now);
    pair.nodes[0].protocol.redate(circle, &old, again.clone(), now).unwrap();
    pair.pass(10_000);
    assert_eq!((pair.len(0), pair.len(1)), (5, 5));
    assert_eq!(pair.digest(0), pair.digest(1));
    assert_eq!(pair.nodes[0].protocol.record(circle, &first.id()), Ok(None));
    let store = pair.nodes[0].protocol.store().clone();
    let kept = start(&pair, store, now);
    assert!(again.iter().all(|record| kept.catalogue(circle).unwrap().admitted(&record.id()).is_some()));
}
