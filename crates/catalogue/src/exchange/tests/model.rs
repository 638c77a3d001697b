//! Random histories against a second, plain model: facts that acts add and take away, and a table of states.

use std::collections::BTreeMap;

use record::{Said, Side, Terms, Timestamp, Why};

use super::super::*;
use super::chance::Chance;
use super::{PLENTY, START, about, request, unchecked};

/// What a side said, as plain facts. It knows nothing of stances.
#[derive(Debug, Clone, Default)]
struct Facts {
    asked: u32,
    promised: u32,
    time: Option<Timestamp>,
    accepted: Option<Timestamp>,
    ready: bool,
    code: bool,
    given: Option<u32>,
    by_hours: bool,
    returned: bool,
    back: bool,
    ended: Option<Why>,
    missed: bool,
    owns_up: Option<bool>,
}

/// The table of `docs/exchange.md`: the first line that fits.
fn table(asker: &Facts, lister: &Facts, side: Side, terms: Terms) -> State {
    let (giver, receiver, gives) = match side {
        Side::Offer => (lister, asker, Party::Lister),
        Side::Need => (asker, lister, Party::Asker),
    };
    let loan = terms == Terms::Loan;
    let gave = giver.given.is_some();
    let by_code = side == Side::Offer && lister.code && !lister.by_hours && lister.given <= Some(asker.asked);
    let took = receiver.given.is_some() || (loan && receiver.returned) || (gave && by_code);
    let missed = |says: Party, answer| State::NotTurnedUp(Missed { says, answer });
    let lines = [
        (loan && giver.back, State::Back),
        (gave && took && !loan, State::Complete),
        (gave && took && receiver.returned, State::Returned),
        (gave && took, State::Lent),
        (gave && receiver.ended.is_some(), State::Denied(gives.other())),
        (gave, State::HandedOver),
        (took && giver.ended.is_some(), State::Denied(gives)),
        (took, State::Received),
        (asker.ended == Some(Why::Withdrawn), State::Withdrawn),
        (asker.ended.is_some(), State::Cancelled(Party::Asker)),
        (lister.ended == Some(Why::Withdrawn), State::Withdrawn),
        (lister.ended == Some(Why::Cancelled), State::Cancelled(Party::Lister)),
        (lister.ended == Some(Why::Declined), State::Declined),
        (lister.ended == Some(Why::Lapsed), State::Lapsed),
        (lister.ended == Some(Why::Elsewhere), State::Elsewhere),
        (lister.promised == 0, State::Requested),
        (lister.missed && asker.missed, missed(Party::Lister, Some(false))),
        (lister.missed, missed(Party::Lister, asker.owns_up)),
        (asker.missed, missed(Party::Asker, lister.owns_up)),
        (lister.ready, State::Ready),
        (lister.time.is_some() && lister.time == asker.accepted, State::TimeAgreed),
        (true, State::Promised),
    ];
    lines.iter().find(|(fits, _)| *fits).unwrap().1
}

/// What an act adds to the facts of its side and takes away, where the side sees the exchange in this state.
fn apply(facts: &mut Facts, act: &Act, me: Party, seen: State, said: &Said) {
    let promised = matches!(seen, State::Promised | State::TimeAgreed | State::Ready | State::NotTurnedUp(_));
    let give = |facts: &mut Facts| {
        let amount = said.stance.common.given.as_ref().unwrap().amount;
        facts.given = Some(amount.count);
        facts.by_hours = amount.minutes > 0;
        facts.ended = None;
        facts.missed = false;
    };
    match act {
        Act::Promise(promise) => {
            facts.promised = promise.count.unwrap_or(if facts.promised > 0 { facts.promised } else { ASKED });
            facts.time = promise.time.or(facts.time);
            facts.missed = false;
        }
        Act::Accept(time) => {
            facts.accepted = Some(*time);
            facts.missed = false;
        }
        Act::Ready => facts.ready = true,
        Act::Withdraw(_) | Act::Cancel(_) | Act::Decline(_) => {
            facts.ended = Some(match (me, seen == State::Requested) {
                (Party::Asker, true) => Why::Withdrawn,
                (Party::Lister, true) => Why::Declined,
                (Party::Asker | Party::Lister, false) => Why::Cancelled,
            });
            facts.given = None;
            facts.returned = false;
            assert!(promised || !matches!(act, Act::Decline(_)) || seen == State::Requested);
        }
        Act::Elsewhere(_) => facts.ended = Some(Why::Elsewhere),
        Act::Lapse => facts.ended = Some(Why::Lapsed),
        Act::HandOver(how) => {
            give(facts);
            facts.code |= me == Party::Lister && how.code.is_some();
        }
        Act::Receive(_) => give(facts),
        Act::Return(_) => {
            if facts.given.is_none() {
                give(facts);
            }
            facts.returned = true;
        }
        Act::TakeBack(_) => {
            if facts.given.is_none() {
                give(facts);
            }
            facts.back = true;
        }
        Act::Missed => facts.missed = true,
        Act::OwnUp(answer) => facts.owns_up = Some(*answer),
        Act::Heal if said.stance.common.ended.is_some() => facts.ended = Some(Why::Withdrawn),
        Act::Heal => give(facts),
        Act::Message(_)
        | Act::AskRenewal(_)
        | Act::Renew(_)
        | Act::Thank(_)
        | Act::Public(_)
        | Act::TellPlace(_) => {}
    }
}

/// How many every request of this test asks for.
const ASKED: u32 = 2;

/// One history: what both sides said in turn, each knowing what had reached it.
struct History {
    said: Vec<Said>,
    state: State,
}

/// Both sides act by chance; each letter is lost, late or repeated. The plain model follows.
fn history(chance: &mut Chance, side: Side, terms: Terms, length: usize) -> History {
    let first = Exchange::request(about(2, side, terms), request(ASKED)).unwrap();
    let mut views = [Exchange::of(first.clone()), Exchange::of(first.clone())];
    let mut facts: BTreeMap<(Party, Timestamp), Facts> = BTreeMap::new();
    facts.insert((Party::Asker, first.stance.revision), Facts { asked: ASKED, ..Facts::default() });
    let mut said = vec![first];
    let mut now = START;
    for _ in 0..length {
        now = now.plus_millis(chance.draw() % (6 * 3_600_000));
        let me = chance.pick(&[Party::Asker, Party::Lister]);
        let view = &mut views[usize::from(me == Party::Lister)];
        let act = chance.act(view, me, now);
        let known = |party: Party| {
            let revision = view.said(party).map(|said| said.stance.revision);
            revision.map(|revision| facts[&(party, revision)].clone()).unwrap_or_default()
        };
        let seen = table(&known(Party::Asker), &known(Party::Lister), side, terms);
        assert_eq!(view.state(), seen, "{act:?}");
        if let Ok(new) = view.next(me, act.clone(), now, PLENTY, &unchecked) {
            let mut mine = known(me);
            apply(&mut mine, &act, me, seen, &new);
            facts.insert((me, new.stance.revision), mine);
            assert_eq!(view.hold(new.clone()), Ok(Taken::Newer));
            said.push(new);
        }
        // Something reaches the other side: the newest, an old one, one that was there already, or nothing.
        while chance.one_in(2) {
            let letter = if chance.one_in(3) {
                said[chance.below(said.len())].clone()
            } else {
                said.last().unwrap().clone()
            };
            for view in &mut views {
                view.hold(letter.clone()).unwrap();
            }
        }
    }
    let newest = |party| {
        let of_party = |said: &&Said| Party::of(&said.stance) == party;
        let revision = said.iter().filter(of_party).map(|said| said.stance.revision).max();
        revision.map(|revision| facts[&(party, revision)].clone()).unwrap_or_default()
    };
    History { state: table(&newest(Party::Asker), &newest(Party::Lister), side, terms), said }
}

const KINDS: [(Side, Terms); 6] = [
    (Side::Offer, Terms::Gift),
    (Side::Offer, Terms::Loan),
    (Side::Offer, Terms::Hours),
    (Side::Need, Terms::Gift),
    (Side::Need, Terms::Loan),
    (Side::Need, Terms::Hours),
];

/// What somebody holds who got these letters in this order.
fn holding<'a>(mut letters: impl Iterator<Item = &'a Said>) -> Exchange {
    let mut view = Exchange::of(letters.next().unwrap().clone());
    for letter in letters {
        view.hold(letter.clone()).unwrap();
    }
    view
}

/// Calls `each` with every order of the items (B. R. Heap, "Permutations by Interchanges").
fn every_order<T>(items: &mut [T], count: usize, each: &mut impl FnMut(&[T])) {
    if count <= 1 {
        return each(items);
    }
    for at in 0..count - 1 {
        every_order(items, count - 1, each);
        items.swap(if count.is_multiple_of(2) { at } else { 0 }, count - 1);
    }
    every_order(items, count - 1, each);
}

/// The newest stance of each side.
fn newest(said: &[Said]) -> Vec<Said> {
    let of = |party| {
        let of_party = said.iter().filter(move |said| Party::of(&said.stance) == party);
        of_party.max_by_key(|said| said.stance.revision).cloned()
    };
    of(Party::Asker).into_iter().chain(of(Party::Lister)).collect()
}

#[test]
fn after_ten_thousand_histories_both_sides_derive_the_state_of_the_plain_model() {
    let mut reached: BTreeMap<&str, u32> = BTreeMap::new();
    for seed in 0..10_000 {
        let mut chance = Chance::of(seed);
        let (side, terms) = chance.pick(&KINDS);
        let length = 1 + chance.below(24);
        let history = history(&mut chance, side, terms, length);
        let last = newest(&history.said);
        let ends = holding(last.iter());
        assert_eq!(ends.state(), history.state, "seed {seed}");
        *reached.entry(history.state.word()).or_default() += 1;
        for _ in 0..8 {
            // What was lost is any of it but the newest; what came twice, any of it.
            let mut letters: Vec<&Said> = history.said.iter().filter(|_| chance.one_in(2)).collect();
            letters.extend(history.said.iter().filter(|_| chance.one_in(4)));
            letters.extend(&last);
            chance.shuffle(&mut letters);
            assert_eq!(holding(letters.into_iter()), ends, "seed {seed}");
        }
        assert_eq!(holding(last.iter().rev()).receipt(), ends.receipt(), "seed {seed}");
    }
    assert_eq!(reached.len(), 17, "every state is reached: {reached:?}");
}

#[test]
fn short_histories_end_the_same_in_every_order_of_their_letters() {
    let mut orders = 0_u32;
    for seed in 0..1_000 {
        let mut chance = Chance::of(1_000_000 + seed);
        let (side, terms) = chance.pick(&KINDS);
        let history = history(&mut chance, side, terms, 8);
        let ends = holding(newest(&history.said).iter());
        let mut letters: Vec<&Said> = history.said.iter().collect();
        letters.truncate(6);
        letters.retain(|letter| ends.said(Party::of(&letter.stance)) != Some(*letter));
        letters.truncate(4);
        let last = newest(&history.said);
        letters.extend(&last);
        let count = letters.len();
        every_order(&mut letters, count, &mut |letters| {
            orders += 1;
            assert_eq!(holding(letters.iter().copied()), ends, "seed {seed}");
        });
    }
    assert!(orders > 100_000, "{orders}");
}

#[test]
fn of_two_stances_with_one_revision_the_same_one_is_newer_everywhere() {
    for seed in 0..500 {
        let mut chance = Chance::of(2_000_000 + seed);
        let mut said = history(&mut chance, Side::Offer, Terms::Gift, 12).said;
        // The other device of a side says something else in the same millisecond.
        for at in 0..said.len() {
            let mut twin = said[at].clone();
            twin.stance.common.thanks = Some("Danke!".to_owned());
            said.push(twin);
        }
        let ends = holding(said.iter());
        for _ in 0..8 {
            chance.shuffle(&mut said);
            assert_eq!(holding(said.iter()), ends, "seed {seed}");
        }
    }
}

#[test]
fn whatever_is_said_to_make_sense_is_possible() {
    // But for words, numbers and times that don't fit.
    for seed in 0..1_000 {
        let mut chance = Chance::of(3_000_000 + seed);
        let (side, terms) = chance.pick(&KINDS);
        let last = newest(&history(&mut chance, side, terms, 16).said);
        let view = holding(last.iter());
        let now = START.plus_days(30);
        for me in [Party::Asker, Party::Lister] {
            let steps = view.steps(me, now);
            for _ in 0..20 {
                let act = chance.act(&view, me, now);
                let done = view.next(me, act.clone(), now, PLENTY, &unchecked);
                let refused = matches!(
                    &done,
                    Err(ActError::NotNow(..)
                        | ActError::OtherSide(..)
                        | ActError::OnlyGiver(_)
                        | ActError::OnlyReceiver(_)
                        | ActError::NoLoan(_)
                        | ActError::NotLapsed
                        | ActError::NotDue)
                );
                assert!(!(refused && steps.contains(&act.step())), "seed {seed}: {act:?} gives {done:?}");
            }
        }
    }
}
