//! Who is next, and for how long.

use record::{ExchangeId, Side, Terms};

use super::super::*;
use super::*;

/// Members who ask for a loan one after the other, in the order of their seeds.
fn askers() -> Vec<Exchange> {
    let asked = |asker: u8| {
        let about =
            record::About { asked: after(u64::from(asker) * HOUR), ..about(asker, Side::Offer, Terms::Loan) };
        Exchange::of(Exchange::request(about, request(1)).unwrap())
    };
    [4, 2, 3].map(asked).to_vec()
}

fn say(view: &mut Exchange, act: Act, now: record::Timestamp) {
    let said = view.next(Party::Lister, act, now, PLENTY, &unchecked).unwrap();
    view.hold(said).unwrap();
}

fn ids(views: &[&Exchange]) -> Vec<ExchangeId> {
    views.iter().map(|view| view.id()).collect()
}

#[test]
fn who_asked_first_comes_first_and_a_told_place_is_kept() {
    let mut views = askers();
    let (four, two, three) = (views[0].id(), views[1].id(), views[2].id());
    assert_eq!(ids(&line(&views)), [two, three, four]);
    assert_eq!(places_to_tell(&views), [(two, 1), (three, 2), (four, 3)]);
    for (id, place) in places_to_tell(&views) {
        let view = views.iter_mut().find(|view| view.id() == id).unwrap();
        say(view, Act::TellPlace(place), after(DAY));
    }
    assert_eq!(places_to_tell(&views), []);
    // A request that says that it is older comes behind those who were told a place.
    let early = record::About { asked: START, ..about(5, Side::Offer, Terms::Loan) };
    views.push(Exchange::of(Exchange::request(early, request(1)).unwrap()));
    let five = views[3].id();
    assert_eq!(ids(&line(&views)), [two, three, four, five]);
    // The first gets it; the others move up, and are told.
    say(&mut views[1], promise(), after(DAY));
    assert_eq!(ids(&line(&views)), [three, four, five]);
    assert_eq!(places_to_tell(&views), [(three, 1), (four, 2), (five, 3)]);
    assert_eq!(next_in_line(&views).map(Exchange::id), Some(three));
    assert_eq!(wait_for_it(&views, two), 3);
    assert_eq!(wait_for_it(&views, three), 2);
}

#[test]
fn a_hold_lapses_at_the_end_of_the_nth_open_day() {
    let closings = [after(8 * HOUR), after(3 * DAY), after(5 * DAY)];
    assert_eq!(hold_until(after(HOUR), &closings, 1), Some(after(8 * HOUR)));
    assert_eq!(hold_until(after(HOUR), &closings, 2), Some(after(3 * DAY)));
    assert_eq!(hold_until(after(8 * HOUR), &closings, 2), Some(after(5 * DAY)));
    assert_eq!(hold_until(after(8 * HOUR), &closings, 3), None);
    assert_eq!(hold_until(after(8 * HOUR), &closings, 0), None);
}

#[test]
fn what_came_back_is_held_for_the_next_until_the_hold_lapses() {
    let mut views = askers();
    let until = hold_until(after(3 * DAY), &[after(4 * DAY), after(6 * DAY)], 2);
    let held = Promise { hold: true, until, ..Promise::default() };
    say(&mut views[1], Act::Promise(held), after(3 * DAY));
    let answers = views[1].answers().unwrap();
    assert_eq!((answers.hold, answers.until), (Some(after(3 * DAY)), Some(after(6 * DAY))));
    assert_eq!(committed(&views[1]), 1);
    let lapsing: Vec<What> =
        views[1].waits(Party::Asker, after(5 * DAY + HOUR)).iter().map(|it| it.what).collect();
    assert!(lapsing.contains(&What::Lapsing), "{lapsing:?}");
    say(&mut views[1], Act::Lapse, after(7 * DAY));
    assert_eq!(committed(&views[1]), 0);
    assert_eq!(next_in_line(&views).map(Exchange::id), Some(views[2].id()));
}
