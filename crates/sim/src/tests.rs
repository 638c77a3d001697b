//! What a network must come to, whatever chance does.

mod bodies;
mod clocks;
mod links;
mod scenarios;

use std::time::Duration;

use record::Hash;

use crate::{Config, Sim, Topology};

const MINUTE: Duration = Duration::from_secs(60);
const LIMIT: Duration = Duration::from_secs(600);

fn config(seed: u64, nodes: usize) -> Config {
    Config { seed, nodes, topology: Topology::Random { degree: 6 }, loss: 0.2, ..Config::default() }
}

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Runs until all are equal; fails otherwise, with what is known.
fn settle(sim: &mut Sim) -> Duration {
    let elapsed = sim.run_until(Sim::converged, LIMIT);
    assert!(elapsed.is_some(), "not equal after {:?}; missing: {:?}", sim.elapsed(), sim.missing());
    assert_eq!(sim.faults(), [] as [&str; 0]);
    elapsed.unwrap()
}

/// Every member writes so many listings, a handful a second, while nodes start and connect; then all become
/// equal in time.
fn everybody_writes(config: Config, listings: usize, at_most: Duration) {
    let nodes = config.nodes;
    let mut sim = Sim::new(config);
    for written in (0..listings).step_by(4) {
        (0..nodes).for_each(|node| sim.write(node, (listings - written).min(4)));
        sim.run_for(secs(1));
    }
    let elapsed = settle(&mut sim);
    assert!(elapsed <= at_most, "{elapsed:?}");
}

#[test]
fn two_nodes_converge_with_a_fifth_of_gossip_lost() {
    for seed in 0..20 {
        everybody_writes(config(seed, 2), 20, MINUTE * 2);
    }
}

#[test]
fn five_nodes_in_any_shape_converge_with_a_fifth_of_gossip_lost() {
    for topology in [Topology::Line, Topology::Ring, Topology::Full, Topology::Random { degree: 2 }] {
        for seed in 0..5 {
            everybody_writes(Config { topology, ..config(seed, 5) }, 20, MINUTE * 3);
        }
    }
}

#[test]
fn twenty_nodes_converge_with_a_fifth_of_gossip_lost() {
    for seed in 0..4 {
        everybody_writes(config(seed, 20), 10, MINUTE * 2);
    }
}

#[test]
fn fifty_nodes_converge_with_a_fifth_of_gossip_lost() {
    everybody_writes(config(1, 50), 8, MINUTE * 2);
}

#[test]
fn nodes_converge_if_all_gossip_is_lost() {
    let lost = Config { loss: 1.0, topology: Topology::Line, ..config(1, 8) };
    everybody_writes(lost, 10, MINUTE * 5);
}

#[test]
fn nodes_converge_with_clocks_up_to_ten_minutes_apart() {
    for seed in 0..5 {
        let skewed = Config { skew_ms: 5 * 60_000, ..config(seed, 12) };
        everybody_writes(skewed, 10, MINUTE * 2);
    }
}

fn trace(seed: u64) -> Hash {
    let mut sim = Sim::new(config(seed, 12));
    (0..12).for_each(|node| sim.write(node, 5));
    sim.run_for(secs(5));
    sim.cut_power(3);
    sim.write(4, 100);
    sim.split(&[0, 1, 2, 5]);
    sim.run_for(secs(20));
    sim.restore_power(3);
    sim.heal();
    sim.run_for(MINUTE);
    sim.trace_hash()
}

#[test]
fn the_same_seed_gives_the_same_events_and_another_seed_others() {
    assert_eq!(trace(1), trace(1));
    assert_ne!(trace(1), trace(2));
}

#[test]
fn who_comes_late_gets_everything() {
    let mut sim = Sim::new(config(5, 10));
    sim.cut_power(7);
    (0..10).filter(|node| *node != 7).for_each(|node| sim.write(node, 100));
    settle(&mut sim);
    sim.run_for(MINUTE * 30);
    sim.restore_power(7);
    let elapsed = settle(&mut sim);
    assert!(elapsed < secs(15), "{elapsed:?}");
    assert_eq!(sim.catalogue(7).map(|catalogue| catalogue.len()), Some(sim.acknowledged()));
}

#[test]
fn a_network_that_was_split_converges_when_it_heals() {
    for seed in 0..3 {
        let mut sim = Sim::new(config(seed, 20));
        (0..20).for_each(|node| sim.write(node, 2));
        settle(&mut sim);
        let side: Vec<usize> = (0..20).filter(|node| node % 3 == 0).collect();
        sim.split(&side);
        for node in 0..20 {
            sim.write(node, if node % 2 == 0 { 3 } else { 30 });
        }
        sim.run_for(MINUTE * 10);
        let digests = sim.digests();
        assert_ne!(digests[0], digests[1], "each side knows its own");
        sim.heal();
        let elapsed = settle(&mut sim);
        assert!(elapsed < secs(30), "{elapsed:?}");
    }
}

#[test]
fn power_cuts_during_writing_lose_nothing_that_was_acknowledged() {
    for seed in 0..5 {
        let mut sim = Sim::new(config(seed, 5));
        settle(&mut sim);
        for round in 0..40 {
            for node in 0..5 {
                sim.write(node, if round % 7 == node { 20 } else { 1 });
                sim.withdraw(node, usize::from((round + node) % 3 == 0));
            }
            // The very moment after an acknowledgement, or some way into spreading it.
            let wait = (round as u64 * 37 + seed * 11) % 900;
            sim.run_for(Duration::from_millis(if round % 4 == 0 { 0 } else { wait }));
            sim.cut_power(round % 5);
            sim.run_for(Duration::from_millis(wait * 3));
            sim.restore_power(round % 5);
        }
        settle(&mut sim);
        assert!(sim.acknowledged() > 5 * 40, "{}", sim.acknowledged());
        assert!(sim.missing().iter().all(|missing| *missing == 0));
        let kept = sim.catalogue(0).unwrap().len();
        assert_eq!(kept, sim.acknowledged(), "what was withdrawn does not come back");
        let stored: Vec<usize> = (0..5).map(|node| sim.stored(node)).collect();
        assert_eq!(stored, [kept; 5], "what was withdrawn leaves every disk");
    }
}

#[test]
fn what_was_acknowledged_survives_even_if_all_lose_power_at_once() {
    let mut sim = Sim::new(config(3, 8));
    (0..8).for_each(|node| sim.write(node, 10));
    sim.run_for(secs(4));
    (0..8).for_each(|node| sim.write(node, 40));
    (0..8).for_each(|node| sim.cut_power(node));
    assert!(sim.digests().iter().all(Option::is_none));
    (0..8).for_each(|node| sim.restore_power(node));
    settle(&mut sim);
    assert!(sim.acknowledged() >= 8 * 50, "{}", sim.acknowledged());
}

#[test]
fn an_idle_round_between_equal_nodes_is_small_and_brings_no_records() {
    let mut sim = Sim::new(Config { nodes: 2, seed: 4, ..Config::default() });
    sim.write(0, 800);
    sim.write(1, 800);
    settle(&mut sim);
    sim.run_for(MINUTE);
    let before = sim.traffic();
    sim.run_for(MINUTE * 60);
    let after = sim.traffic();
    let rounds = (after.rounds - before.rounds) / 2;
    assert!((60..=240).contains(&rounds), "{rounds} rounds in an hour");
    let bytes = (after.bytes - before.bytes) / rounds;
    assert!(bytes < 2_000, "{bytes} bytes for a round");
    assert_eq!(after.records, before.records);
}

#[test]
fn nothing_piles_up_in_a_network_at_rest() {
    let mut sim = Sim::new(config(9, 12));
    for _ in 0..5 {
        (0..12).for_each(|node| sim.write(node, 25));
        sim.run_for(secs(7));
        sim.cut_power(5);
        sim.split(&[1, 2, 3]);
        sim.run_for(secs(7));
        sim.restore_power(5);
        sim.heal();
    }
    settle(&mut sim);
    // Rounds go on for ever, so now and then one is under way; none may stay.
    let quiet = sim.run_until(|sim| sim.open_sessions() == 0, MINUTE);
    assert!(quiet.is_some(), "{} ends of sessions are open", sim.open_sessions());
    let most = (0..600).map(|_| {
        sim.run_for(Duration::from_millis(500));
        sim.open_sessions()
    });
    let most = most.max().unwrap();
    assert!(most <= 40, "{most} ends of sessions are open at once");
    for node in 0..12 {
        let (held, admitted) = (sim.stored(node), sim.catalogue(node).map_or(0, |it| it.len()));
        assert_eq!(held, admitted, "the store of node {node} keeps what its catalogue has");
        assert!(sim.waiting(node) == 0, "messages wait for a verdict");
    }
}
