//! What wrong clocks do to a network: little, and nothing for good.

use std::time::Duration;

use super::{LIMIT, MINUTE, config, secs, settle};
use crate::{Sim, Topology};

const DAY: Duration = Duration::from_secs(24 * 3_600);
const TEN_YEARS: Duration = Duration::from_secs(3_650 * 24 * 3_600);
const NONE: Duration = Duration::ZERO;

/// Seven nodes, all linked, that agree on some listings.
fn network(seed: u64) -> Sim {
    let mut sim = Sim::new(crate::Config { topology: Topology::Full, ..config(seed, 7) });
    (0..7).for_each(|node| sim.write(node, 5));
    settle(&mut sim);
    // Until it is on every disk.
    sim.run_for(MINUTE);
    sim
}

/// Whether all but the first nodes know the right time.
fn others_are_right(sim: &mut Sim, first: usize) -> bool {
    (first..7).all(|node| sim.clock_error(node) == Some(0))
}

#[test]
fn a_wrong_clock_loses_nothing_and_moves_no_other_and_all_agree_once_it_is_set() {
    let cases = [
        (MINUTE * 9, NONE, true),
        (MINUTE * 11, NONE, true),
        (DAY - MINUTE, NONE, true),
        (NONE, DAY - MINUTE, true),
        (NONE, DAY + MINUTE, false),
        (TEN_YEARS, NONE, false),
        (NONE, TEN_YEARS, false),
    ];
    for (seed, (ahead, behind, sure)) in cases.into_iter().enumerate() {
        for restarts in [false, true] {
            let mut sim = network(seed as u64);
            let before = sim.catalogue(0).unwrap().len();
            if restarts {
                sim.cut_power(0);
            }
            sim.set_clock(0, ahead, behind);
            if restarts {
                sim.restore_power(0);
            }
            sim.run_for(MINUTE);
            assert_eq!(sim.clock_error(0).is_some(), sure, "{ahead:?} {behind:?}");
            (0..7).for_each(|node| sim.write(node, 3));
            for _ in 0..5 {
                sim.run_for(MINUTE);
                assert!(others_are_right(&mut sim, 1), "{ahead:?} {behind:?}");
            }
            // What the others wrote is with all of them, and nothing has gone anywhere.
            let reached = (1..7).map(|node| sim.catalogue(node).unwrap().len());
            assert!(reached.min().unwrap() >= before + 6 * 3, "{ahead:?} {behind:?}");
            assert!(sim.catalogue(0).unwrap().len() >= before, "{ahead:?} {behind:?}");
            sim.set_clock(0, NONE, NONE);
            // What was dated a little ahead waits until its time has come.
            let wait = if sure { ahead } else { NONE };
            let elapsed = sim.run_until(Sim::converged, wait + LIMIT);
            assert!(elapsed.is_some(), "{ahead:?} {behind:?}: {:?}", sim.missing());
            assert_eq!(sim.faults(), [] as [&str; 0]);
            assert_eq!(sim.catalogue(0).unwrap().len(), before + 7 * 3);
        }
    }
}

#[test]
fn many_nodes_with_wrong_clocks_move_no_other() {
    for (ahead, behind) in [(TEN_YEARS, NONE), (NONE, TEN_YEARS), (DAY * 20, NONE)] {
        let mut sim = network(3);
        (0..5).for_each(|node| sim.set_clock(node, ahead, behind));
        (5..7).for_each(|node| sim.write(node, 3));
        for _ in 0..10 {
            sim.run_for(MINUTE);
            assert!(others_are_right(&mut sim, 5), "{ahead:?} {behind:?}");
        }
        assert_eq!(sim.catalogue(5).unwrap().len(), sim.catalogue(6).unwrap().len());
        (0..5).for_each(|node| sim.set_clock(node, NONE, NONE));
        settle(&mut sim);
    }
}

#[test]
fn a_node_in_doubt_still_hears_what_is_new() {
    for (ahead, behind) in [(TEN_YEARS, NONE), (NONE, DAY * 3)] {
        let mut sim = network(5);
        sim.set_clock(0, ahead, behind);
        sim.run_for(MINUTE);
        assert_eq!(sim.clock_error(0), None);
        sim.write(3, 200);
        let all = sim.catalogue(0).unwrap().len() + 200;
        let heard = sim.run_until(|sim| sim.catalogue(0).unwrap().len() == all, LIMIT);
        assert!(heard.is_some(), "{ahead:?} {behind:?}");
    }
}

#[test]
fn clocks_nine_minutes_apart_and_records_that_end_all_the_time_move_nothing_but_equal_digests() {
    for (ahead, behind) in [([MINUTE * 9, NONE], NONE), ([NONE, MINUTE * 9], NONE)] {
        let slow = crate::Config { nodes: 2, seed: 6, latency_ms: 300..=900, ..crate::Config::default() };
        let mut sim = Sim::new(slow);
        (0..2).for_each(|node| sim.set_clock(node, ahead[node], behind));
        // Every three seconds for 75 minutes one ends by each clock: content lives 180 days.
        for number in 0..1_500 {
            let left = MINUTE * 20 + secs(number * 3);
            sim.write_dated((number % 2) as usize, DAY * 180 - left);
        }
        sim.run_for(MINUTE * 5);
        let (before, held) = (sim.traffic(), sim.catalogue(0).unwrap().len());
        sim.run_for(MINUTE * 60);
        let after = sim.traffic();
        let ended = held - sim.catalogue(0).unwrap().len();
        assert!(ended > 700, "{ended} ended in an hour");
        let rounds = (after.rounds - before.rounds) / 2;
        assert!(rounds >= 50, "{rounds} rounds in an hour");
        assert_eq!(after.records, before.records);
        // Hello, welcome, done; and six times an hour who else is there, on both sides.
        let others = after.messages - before.messages - 3 * rounds;
        assert!(others <= 2 * 2 * 6, "{others} frames beside equal digests");
        assert_eq!(sim.faults(), [] as [&str; 0]);
    }
}
