//! How many are promised: never more than there are, on one deciding device; told to all, on two.

use record::{Said, Side, Stance, Terms};

use super::super::*;
use super::chance::Chance;
use super::*;

/// What there is for an exchange beside all others of the listing.
fn budget(count: u32, views: &[Exchange], at: usize) -> Budget {
    let others = views.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, view)| view);
    let elsewhere = others.clone().map(committed).sum();
    Budget { count, elsewhere, waiting: wait_for_it(others, views[at].id()) }
}

/// The asker says anything that its side can say, sensible or not, whatever it said before.
fn anything(chance: &mut Chance, view: &Exchange, terms: Terms, said: &Said) -> Said {
    let mut stance = Stance { revision: view.changed().plus_millis(1), ..said.stance.clone() };
    let common = &mut stance.common;
    let time = |chance: &mut Chance| if chance.one_in(2) { Some(after(chance.draw() % DAY)) } else { None };
    let amount = record::Amount { count: chance.pick(&[1, 2, 9]), minutes: 0, grams: 0, at: after(0) };
    common.given = chance.one_in(2).then(|| record::Given { amount, seal: unchecked("", &[]) });
    common.returned = time(chance);
    common.back = time(chance).filter(|_| terms == Terms::Loan);
    common.missed = time(chance);
    common.ended =
        chance.one_in(3).then(|| record::Ending { why: chance.pick(record::Why::ALL), words: String::new() });
    if let record::Says::Asker(asks) = &mut stance.says {
        asks.count = chance.pick(&[1, 2, 3, 9]);
    }
    Said { stance, seal: None }
}

#[test]
fn one_deciding_device_never_promises_and_gives_more_than_there_are() {
    let mut refusals = 0_u32;
    for seed in 0..3_000 {
        let mut chance = Chance::of(seed);
        let side = chance.pick(&[Side::Offer, Side::Need]);
        let terms = chance.pick(&[Terms::Gift, Terms::Loan]);
        let count = chance.pick(&[1, 2, 3, 5]);
        let mut views: Vec<Exchange> = (2..7)
            .map(|asker| Exchange::of(Exchange::request(about(asker, side, terms), request(2)).unwrap()))
            .collect();
        let mut now = START;
        for _ in 0..60 {
            now = now.plus_millis(chance.draw() % DAY);
            let at = chance.below(views.len());
            if chance.one_in(2) {
                // What an asker says takes nothing and frees nothing.
                let before = views.iter().map(committed).collect::<Vec<_>>();
                let said = views[at].said(Party::Asker).unwrap().clone();
                let said = anything(&mut chance, &views[at], terms, &said);
                views[at].hold(said).unwrap();
                assert_eq!(views.iter().map(committed).collect::<Vec<_>>(), before);
            } else {
                let act = chance.act(&views[at], Party::Lister, now);
                let room = budget(count, &views, at);
                match views[at].next(Party::Lister, act, now, room, &unchecked) {
                    Ok(said) => assert_eq!(views[at].hold(said), Ok(Taken::Newer)),
                    Err(ActError::OverPromised { .. }) => refusals += 1,
                    Err(_) => {}
                }
            }
            let counts = Counts::of(count, &views);
            assert_eq!(counts.over, 0, "seed {seed}: {counts:?}");
            assert_eq!(counts.promised + counts.given + counts.left, count, "seed {seed}");
            assert_eq!(clash(count, &views), None);
        }
    }
    assert!(refusals > 1_000, "{refusals}");
}

#[test]
fn what_an_asker_gives_up_is_free_once_the_lister_let_go_and_stays_so() {
    let mut pair = Pair::of(Side::Offer, Terms::Gift, 1);
    pair.act(Party::Lister, promise(), after(HOUR)).unwrap();
    pair.act(Party::Asker, Act::Withdraw(String::new()), after(2 * HOUR)).unwrap();
    assert_eq!((committed(&pair.lister), pair.lister.heals(Party::Lister)), (1, true));
    pair.act(Party::Lister, Act::Heal, after(2 * HOUR)).unwrap();
    assert_eq!((committed(&pair.lister), pair.lister.heals(Party::Lister)), (0, false));
    // The asker changes its mind, by a client that lets it: that is no promise again.
    let mut said = pair.asker.said(Party::Asker).unwrap().clone();
    said.stance.common.ended = None;
    said.stance.revision = after(3 * HOUR);
    pair.lister.hold(said).unwrap();
    assert_eq!((committed(&pair.lister), pair.lister.state()), (0, State::Withdrawn));
}

#[test]
fn of_two_promises_of_the_last_thing_the_earlier_is_kept_and_the_other_told() {
    let asked =
        |asker| Exchange::of(Exchange::request(about(asker, Side::Offer, Terms::Gift), request(1)).unwrap());
    let (mut one, mut other) = (asked(2), asked(3));
    // Two devices of the lister promise apart: each sees that one is left.
    for (view, hour) in [(&mut one, 2), (&mut other, 1)] {
        let budget = Budget { count: 1, elsewhere: 0, waiting: 1 };
        let said = view.next(Party::Lister, promise(), after(hour * HOUR), budget, &unchecked).unwrap();
        view.hold(said).unwrap();
        // A word more does not make the promise later.
        let words = Act::Message("Bis bald".to_owned());
        let said = view.next(Party::Lister, words, after((9 - hour) * HOUR), budget, &unchecked).unwrap();
        view.hold(said).unwrap();
    }
    assert_eq!(Counts::of(1, [&one, &other]), Counts { count: 1, promised: 2, given: 0, left: 0, over: 1 });
    let told = Clash { kept: vec![other.id()], lost: vec![one.id()] };
    assert_eq!(clash(1, [&one, &other]), Some(told.clone()));
    assert_eq!(clash(1, [&other, &one]), Some(told));
    assert_eq!(clash(2, [&other, &one]), None);
    let sorry = Act::Elsewhere("Zweimal versprochen, es tut mir leid".to_owned());
    let said =
        one.next(Party::Lister, sorry, after(DAY), Budget { count: 1, elsewhere: 1, waiting: 0 }, &unchecked);
    one.hold(said.unwrap()).unwrap();
    assert_eq!((one.state(), clash(1, [&one, &other])), (State::Elsewhere, None));
    // What was given stands before any promise.
    let given = Act::HandOver(HandOver::default());
    let (mut one, mut late) = (asked(2), asked(4));
    for (view, act, hour) in [(&mut one, promise(), 1), (&mut late, given, 5)] {
        let said = view.next(Party::Lister, act, after(hour * HOUR), PLENTY, &unchecked).unwrap();
        view.hold(said).unwrap();
    }
    assert_eq!(clash(1, [&one, &late]), Some(Clash { kept: Vec::new(), lost: vec![one.id()] }));
}

#[test]
fn a_partial_promise_leaves_the_rest() {
    let mut pair = Pair::of(Side::Offer, Terms::Gift, 3);
    let two = Act::Promise(Promise { count: Some(2), ..Promise::default() });
    pair.act(Party::Lister, two, after(HOUR)).unwrap();
    assert_eq!(Counts::of(5, [&pair.lister]).left, 3);
    let hand = Act::HandOver(HandOver { count: Some(1), ..HandOver::default() });
    pair.act(Party::Lister, hand, after(DAY)).unwrap();
    assert_eq!(Counts::of(5, [&pair.lister]), Counts { count: 5, promised: 0, given: 1, left: 4, over: 0 });
}
