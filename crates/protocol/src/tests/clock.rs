//! When a node believes its machine's clock.

use record::Timestamp;

use super::pump::{NOW, name};
use crate::{Clock, Memory, Time, Why};

const HOUR: u64 = 3_600_000;
const DAY: u64 = 24 * HOUR;
const YEAR: u64 = 365 * DAY;

/// A node that ran until `NOW`, with a program made 90 days before.
fn known() -> Clock {
    Clock::new(NOW.minus_millis(90 * DAY), Some(Memory { time: NOW, jumped: false }))
}

/// A node that never ran.
fn fresh() -> Clock {
    Clock::new(NOW.minus_millis(90 * DAY), None)
}

fn why(time: Time) -> Option<Why> {
    time.doubt().map(|doubt| doubt.why)
}

fn witnesses(clock: &mut Clock, says: &[Timestamp]) {
    for (number, says) in says.iter().enumerate() {
        clock.heard(name(number), *says, 0);
    }
}

#[test]
fn a_clock_is_followed_while_it_is_less_than_a_day_behind_or_a_month_ahead() {
    for machine in [
        NOW.minus_millis(DAY),
        NOW.minus_millis(11 * 60_000),
        NOW.plus_millis(9 * 60_000),
        NOW.plus_millis(11 * 60_000),
        NOW.plus_millis(30 * DAY),
    ] {
        assert_eq!(known().read(machine, 0), Time::Sure(machine));
    }
}

#[test]
fn a_clock_that_disagrees_with_what_the_node_knows_is_doubted_until_it_is_right() {
    for (machine, expected) in [
        (NOW.minus_millis(DAY + 1), Why::Behind),
        (NOW.minus_millis(10 * YEAR), Why::Behind),
        (Timestamp::from_millis(0), Why::Behind),
        (NOW.plus_millis(31 * DAY), Why::Ahead),
        (NOW.plus_millis(10 * YEAR), Why::Ahead),
    ] {
        let mut clock = known();
        assert_eq!(why(clock.read(machine, 0)), Some(expected));
        assert_eq!(clock.memory().unwrap().time, NOW, "what is doubted is not remembered");
        // Two months later somebody sets the clock.
        let right = NOW.plus_millis(60 * DAY);
        assert_eq!(clock.read(right, 60 * DAY), Time::Sure(right));
    }
}

#[test]
fn a_doubted_clock_and_what_is_known_are_the_bounds_of_what_may_be() {
    let bounds = |machine: Timestamp| {
        let time = known().read(machine, HOUR);
        (time.earliest(), time.latest())
    };
    let known = NOW.plus_millis(HOUR);
    assert_eq!(bounds(NOW.minus_millis(2 * DAY)), (NOW.minus_millis(2 * DAY), known));
    assert_eq!(bounds(NOW.plus_millis(YEAR)), (known, NOW.plus_millis(YEAR)));
    // Before the program was made it can not be.
    assert_eq!(bounds(Timestamp::from_millis(0)), (known, known));
}

#[test]
fn a_node_without_a_past_believes_its_clock_unless_that_is_impossible_or_absurd() {
    assert_eq!(fresh().read(NOW, 0), Time::Sure(NOW));
    let later = NOW.plus_millis(4 * YEAR);
    assert_eq!(fresh().read(later, 0), Time::Sure(later));
    let mut clock = fresh();
    witnesses(&mut clock, &[NOW, NOW, NOW]);
    assert_eq!(clock.read(later, 0), Time::Sure(later));
    assert_eq!(why(fresh().read(NOW.plus_millis(10 * YEAR), 0)), Some(Why::Ahead));
    assert_eq!(why(fresh().read(NOW.minus_millis(10 * YEAR), 0)), Some(Why::Behind));
}

#[test]
fn small_steps_back_add_up() {
    let mut clock = known();
    let step = 20 * HOUR;
    assert_eq!(why(clock.read(NOW.minus_millis(step), 0)), None);
    assert_eq!(why(clock.read(NOW.minus_millis(2 * step), 0)), Some(Why::Behind));
}

#[test]
fn who_signed_ahead_of_its_clock_is_asked_and_goes_on_once_it_was_told() {
    let mut clock = known();
    clock.signed(NOW.plus_millis(3 * DAY));
    assert_eq!(why(clock.read(NOW, 0)), Some(Why::Behind));
    assert!(clock.confirm(NOW, 0));
    assert_eq!(clock.read(NOW, 0), Time::Sure(NOW));
}

#[test]
fn a_person_is_believed_unless_the_program_was_made_later() {
    for machine in [NOW.minus_millis(60 * DAY), NOW.plus_millis(10 * YEAR)] {
        let mut clock = known();
        assert!(clock.read(machine, 0).doubt().unwrap().possible);
        assert!(clock.confirm(machine, 0));
        assert_eq!(clock.read(machine, 0), Time::Sure(machine));
        assert_eq!(clock.memory(), Some(Memory { time: machine, jumped: false }));
    }
    let mut clock = known();
    let machine = NOW.minus_millis(YEAR);
    assert!(!clock.read(machine, 0).doubt().unwrap().possible);
    assert!(!clock.confirm(machine, 0));
    assert_eq!(why(clock.read(machine, 0)), Some(Why::Behind));
}

#[test]
fn peers_never_move_a_clock_that_agrees_with_itself() {
    for wrong in [Timestamp::from_millis(0), NOW.plus_millis(10 * YEAR)] {
        for count in 0..20 {
            let mut clock = known();
            witnesses(&mut clock, &vec![wrong; count]);
            for minute in 0..10 {
                let machine = NOW.plus_millis(minute * 60_000);
                assert_eq!(clock.read(machine, minute * 60_000), Time::Sure(machine));
            }
        }
    }
}

#[test]
fn two_peers_say_nothing_and_three_are_heard_where_the_clock_is_doubted() {
    let right = NOW.plus_millis(3 * DAY);
    for (count, latest) in [(2, NOW), (3, right)] {
        let mut clock = known();
        witnesses(&mut clock, &vec![right; count]);
        let time = clock.read(Timestamp::from_millis(0), 0);
        assert_eq!((why(time), time.earliest(), time.latest()), (Some(Why::Behind), NOW, latest));
    }
    // One liar among them is not in the middle.
    let mut clock = known();
    witnesses(&mut clock, &[right, NOW.plus_millis(10 * YEAR), right]);
    assert_eq!(clock.read(Timestamp::from_millis(0), 0).latest(), right);
    clock.forget(&name(0));
    assert_eq!(clock.read(Timestamp::from_millis(0), 0).latest(), NOW);
}

#[test]
fn three_peers_witness_for_a_clock_after_a_long_absence() {
    let mut clock = known();
    let machine = NOW.plus_millis(100 * DAY);
    let near = machine.minus_millis(HOUR);
    witnesses(&mut clock, &[near, near]);
    assert_eq!(why(clock.read(machine, 0)), Some(Why::Ahead));
    witnesses(&mut clock, &[near, near, near]);
    assert_eq!(clock.read(machine, 0), Time::Sure(machine), "its own time, not theirs");
}

#[test]
fn three_peers_contradict_a_clock_that_jumped_until_a_person_decides() {
    let mut clock = known();
    let machine = NOW.plus_millis(20 * DAY);
    assert_eq!(clock.read(machine, 0), Time::Sure(machine));
    assert!(clock.memory().unwrap().jumped);
    witnesses(&mut clock, &[NOW, NOW, NOW]);
    assert_eq!(why(clock.read(machine, 0)), Some(Why::Contradicted));
    // Also after a restart.
    let mut again = Clock::new(NOW.minus_millis(90 * DAY), clock.memory());
    assert_eq!(why(again.read(machine, 0)), None);
    witnesses(&mut again, &[NOW, NOW, NOW]);
    assert_eq!(why(again.read(machine, 0)), Some(Why::Contradicted));
    // Set right, its peers witness for it.
    assert_eq!(again.clone().read(NOW, 0), Time::Sure(NOW));
    assert!(again.confirm(machine, 0));
    assert_eq!(again.read(machine, 0), Time::Sure(machine));
}
