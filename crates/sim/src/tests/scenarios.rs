//! Every scenario of the file, at a size that tests have time for. The full size is run by hand:
//! `cargo run --release -p sim -- --scenario partition --seeds 0..1000`; with `COMMONSHELF_FULL=1` the tests take a
//! hundred seeds for it.

use std::cell::RefCell;
use std::ops::Range;
use std::rc::Rc;

use crate::{Hostility, Report, Scenario, Sim};

fn run(name: &str, seeds: Range<u64>) -> Vec<(Report, Sim)> {
    let scenario = Scenario::named(name).unwrap();
    seeds
        .map(|seed| {
            let (report, sim) = scenario.run(seed, None).unwrap();
            assert!(report.is_good(), "{name}\n{}\n{report}", Report::heading());
            (report, sim)
        })
        .collect()
}

#[test]
fn thirty_nodes_lose_nothing_and_take_nothing_back_through_loss_partitions_and_crashes() {
    let full = std::env::var_os("COMMONSHELF_FULL").is_some_and(|value| value == "1");
    let half = if full { 50 } else { 8 };
    std::thread::scope(|scope| {
        for half in [0..half, half..2 * half] {
            scope.spawn(|| {
                for (report, _) in run("partition", half) {
                    assert!(report.lacked > 20_000, "the parts lacked something when they met: {report}");
                }
            });
        }
    });
}

#[test]
fn a_good_day_a_lossy_one_nodes_that_come_and_go_and_wrong_clocks_end_well() {
    for name in ["calm", "loss", "churn", "clocks"] {
        run(name, 0..10);
    }
}

#[test]
fn a_network_that_was_in_three_parts_gets_little_more_than_what_it_lacked() {
    let day = Scenario::named("day").unwrap();
    let small =
        Scenario { nodes: 60, busy: 3_600, cuts: vec![crate::Cut { heal: 3_600, ..day.cuts[0] }], ..day };
    for seed in 0..3 {
        let (report, _) = small.run(seed, None).unwrap();
        assert!(report.lacked > 200_000, "{report}");
        assert!(report.is_good(), "{report}");
    }
}

#[test]
fn slow_links_carry_what_the_parts_of_a_network_wrote() {
    run("slow", 0..5);
}

#[test]
fn who_forges_answers_with_noise_or_opens_sessions_is_banned_by_all_its_neighbours_and_delays_nobody() {
    for name in ["forger", "garbler", "opener"] {
        for (report, sim) in run(name, 0..3) {
            assert!(report.bans >= 4, "{report}");
            let held = sim.catalogue(0).unwrap().len();
            // The hostile nodes' own grants are no harm; there are none, since they wrote nothing.
            assert_eq!(held, sim.acknowledged(), "{report}");
        }
    }
}

#[test]
fn a_flood_of_one_author_fills_its_quota_and_nothing_more_and_delays_nobody_else() {
    for name in ["flooder", "flooded-mesh"] {
        for (report, sim) in run(name, 0..2) {
            let catalogue = sim.catalogue(0).unwrap();
            assert_eq!(catalogue.len(), sim.acknowledged() + 200 + 1, "its quota and its grant: {report}");
            assert_eq!(report.bans, 0, "what is valid and too much is nobody's fault");
            assert!(report.attacked.is_some_and(|delivery| delivery.p99 > 0), "{report}");
        }
    }
}

#[test]
fn who_goes_silent_repeats_itself_lies_or_dawdles_changes_nothing() {
    for name in ["withholder", "replayer", "liar", "dawdler", "eclipse"] {
        for (report, sim) in run(name, 0..3) {
            assert_eq!(sim.catalogue(0).unwrap().len(), sim.acknowledged(), "{report}");
        }
    }
}

#[test]
fn a_hundred_invented_members_share_the_strangers_room() {
    for (report, sim) in run("sybil", 0..2) {
        let theirs = sim.catalogue(0).unwrap().len() - sim.acknowledged();
        // A grant of each, and a hundred of their five hundred listings.
        assert!((180..=200).contains(&theirs), "{theirs}: {report}");
    }
}

#[test]
fn the_same_seed_gives_the_same_events_word_for_word_in_every_scenario() {
    for (name, scenario) in Scenario::all().unwrap() {
        let mut small = Scenario { nodes: scenario.nodes.min(6), busy: scenario.busy.min(40), ..scenario };
        for attack in &mut small.hostile {
            (attack.from, attack.rate) = (attack.from.min(20), attack.rate.min(50));
        }
        let events = |seed| {
            let words = Rc::new(RefCell::new(String::new()));
            let heard = Rc::clone(&words);
            let listener = move |event: &str| heard.borrow_mut().extend([event, "\n"]);
            let (report, sim) = small.run(seed, Some(Box::new(listener))).unwrap();
            (words.take(), format!("{report}"), sim.trace_hash())
        };
        assert_eq!(events(1), events(1), "{name}");
        assert_ne!(events(1).2, events(2).2, "{name}");
    }
}

#[test]
fn every_kind_of_harm_has_a_scenario_and_every_scenario_says_what_it_shows() {
    let all = Scenario::all().unwrap();
    assert!(all.values().all(|scenario| !scenario.about.is_empty()));
    let tried = |kind| all.values().flat_map(|scenario| &scenario.hostile).any(|attack| attack.kind == kind);
    for kind in [
        Hostility::Forger,
        Hostility::Flooder,
        Hostility::Withholder,
        Hostility::Replayer,
        Hostility::Sybil,
        Hostility::Garbler,
        Hostility::Liar,
        Hostility::Dawdler,
        Hostility::Opener,
    ] {
        assert!(tried(kind), "{kind:?}");
    }
    assert!(Scenario::named("doomsday").is_err());
}
