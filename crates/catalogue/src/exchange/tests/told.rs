//! What waits for whom.

use record::{Side, Terms, Timestamp};

use super::super::*;
use super::*;

fn waits(view: &Exchange, me: Party, now: Timestamp) -> Vec<(What, Timestamp)> {
    view.waits(me, now).into_iter().map(|waiting| (waiting.what, waiting.at)).collect()
}

const ASKER: Party = Party::Asker;
const LISTER: Party = Party::Lister;

#[test]
fn each_side_is_told_what_waits_for_it_in_a_gift() {
    let mut pair = Pair::of(Side::Offer, Terms::Gift, 1);
    assert_eq!(waits(&pair.lister, LISTER, after(DAY)), [(What::Asked, START)]);
    assert_eq!(waits(&pair.asker, ASKER, after(DAY)), []);
    let offer = |time, until| Act::Promise(Promise { time, until, ..Promise::default() });
    pair.act(LISTER, offer(None, None), after(DAY)).unwrap();
    assert_eq!(waits(&pair.asker, ASKER, after(DAY)), [(What::Promised, after(DAY))]);
    let (time, until) = (after(5 * DAY), after(6 * DAY));
    pair.act(LISTER, offer(Some(time), Some(until)), after(DAY)).unwrap();
    assert_eq!(waits(&pair.asker, ASKER, after(DAY)), [(What::Time, time)]);
    assert_eq!(waits(&pair.lister, LISTER, after(DAY)), []);
    pair.act(ASKER, Act::Accept(after(4 * DAY)), after(2 * DAY)).unwrap();
    assert_eq!(waits(&pair.lister, LISTER, after(2 * DAY)), [(What::OtherTime, after(4 * DAY))]);
    pair.act(LISTER, offer(Some(after(4 * DAY)), None), after(2 * DAY)).unwrap();
    assert_eq!(pair.lister.state(), State::TimeAgreed);
    for (view, me) in [(&pair.asker, ASKER), (&pair.lister, LISTER)] {
        assert_eq!(waits(view, me, after(2 * DAY)), []);
        assert_eq!(waits(view, me, after(3 * DAY)), [(What::Soon, after(4 * DAY))]);
        assert_eq!(waits(view, me, after(4 * DAY + HOUR)), []);
    }
    let outcome = (What::Outcome, after(4 * DAY));
    assert_eq!(waits(&pair.lister, LISTER, after(4 * DAY + 4 * HOUR)), [outcome]);
    assert_eq!(waits(&pair.asker, ASKER, after(5 * DAY)), [(What::Lapsing, until), outcome]);
    assert_eq!(waits(&pair.lister, LISTER, after(7 * DAY)), [outcome, (What::Lapsed, until)]);
    pair.act(LISTER, Act::Missed, after(7 * DAY)).unwrap();
    assert_eq!(waits(&pair.asker, ASKER, after(7 * DAY)), [(What::Missed, after(7 * DAY))]);
    pair.act(ASKER, Act::OwnUp(false), after(7 * DAY)).unwrap();
    assert_eq!(waits(&pair.asker, ASKER, after(7 * DAY)), []);
    pair.act(LISTER, Act::HandOver(HandOver::default()), after(7 * DAY)).unwrap();
    assert_eq!(waits(&pair.asker, ASKER, after(7 * DAY)), [(What::Confirm, after(7 * DAY))]);
    pair.act(ASKER, Act::Receive(Receive::default()), after(8 * DAY)).unwrap();
    for (view, me) in [(&pair.asker, ASKER), (&pair.lister, LISTER)] {
        assert_eq!(waits(view, me, after(9 * DAY)), []);
    }
}

#[test]
fn what_lies_ready_is_to_be_collected() {
    let mut pair = Pair::of(Side::Offer, Terms::Gift, 1);
    pair.act(LISTER, promise(), after(HOUR)).unwrap();
    pair.act(LISTER, Act::Ready, after(2 * HOUR)).unwrap();
    let told = pair.asker.waits(ASKER, after(DAY));
    assert_eq!(told.len(), 1);
    assert_eq!(
        (told[0].what, told[0].at, told[0].step),
        (What::Collect, after(2 * HOUR), Some(Step::Receive))
    );
    assert_eq!(told[0].exchange, pair.asker.id());
}

#[test]
fn a_loan_is_due_then_late_then_back() {
    let mut pair = Pair::of(Side::Offer, Terms::Loan, 1);
    let due = after(10 * DAY);
    pair.act(LISTER, Act::Promise(Promise { due: Some(due), ..Promise::default() }), after(HOUR)).unwrap();
    pair.act(ASKER, Act::Receive(Receive::default()), after(HOUR)).unwrap();
    assert_eq!(waits(&pair.lister, LISTER, after(DAY)), [(What::Confirm, after(HOUR))]);
    pair.act(LISTER, Act::HandOver(HandOver::default()), after(DAY)).unwrap();
    assert_eq!(waits(&pair.asker, ASKER, after(2 * DAY)), []);
    assert_eq!(waits(&pair.asker, ASKER, after(8 * DAY)), [(What::Due, due)]);
    pair.act(ASKER, Act::AskRenewal(after(20 * DAY)), after(8 * DAY)).unwrap();
    assert_eq!(waits(&pair.lister, LISTER, after(8 * DAY)), [(What::Renewal, after(20 * DAY))]);
    assert_eq!(waits(&pair.asker, ASKER, after(11 * DAY)), [(What::Overdue, due)]);
    assert_eq!(
        waits(&pair.lister, LISTER, after(11 * DAY)),
        [(What::Overdue, due), (What::Renewal, after(20 * DAY))]
    );
    pair.act(LISTER, Act::Renew(after(20 * DAY)), after(11 * DAY)).unwrap();
    assert_eq!(waits(&pair.lister, LISTER, after(11 * DAY)), []);
    pair.act(ASKER, Act::Return(None), after(12 * DAY)).unwrap();
    assert_eq!(waits(&pair.lister, LISTER, after(12 * DAY)), [(What::Returned, after(12 * DAY))]);
    pair.act(LISTER, Act::TakeBack(None), after(12 * DAY)).unwrap();
    assert_eq!(waits(&pair.lister, LISTER, after(30 * DAY)), []);
}

#[test]
fn what_waits_names_a_step_that_is_possible() {
    for seed in 0..3_000 {
        let mut chance = chance::Chance::of(seed);
        let terms = chance.pick(&[Terms::Gift, Terms::Loan]);
        let mut view = Exchange::of(Exchange::request(about(2, Side::Offer, terms), request(2)).unwrap());
        let mut now = START;
        for _ in 0..20 {
            now = now.plus_millis(chance.draw() % DAY);
            let me = chance.pick(&[ASKER, LISTER]);
            let act = chance.act(&view, me, now);
            if let Ok(said) = view.next(me, act, now, PLENTY, &unchecked) {
                view.hold(said).unwrap();
            }
            for me in [ASKER, LISTER] {
                for waiting in view.waits(me, now) {
                    let possible = waiting.step.is_none_or(|step| view.steps(me, now).contains(&step));
                    assert!(possible, "seed {seed}: {waiting:?} of {me:?}, {:?}", view.state());
                }
            }
        }
    }
}
