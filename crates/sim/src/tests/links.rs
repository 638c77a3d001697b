//! Links as they are on a mesh: slow, and there now and then.

use std::time::Duration;

use super::{LIMIT, MINUTE, secs};
use crate::{Config, Sim, Topology};

/// Some nodes in a row, equal, with links of 12 kB a second; gossip carries nothing.
fn slow(seed: u64, nodes: usize) -> Sim {
    let config = Config { rate: Some(12_000), loss: 1.0, topology: Topology::Line, ..Config::default() };
    let mut sim = Sim::new(Config { seed, nodes, ..config });
    (0..nodes).for_each(|node| sim.write(node, 1));
    assert!(sim.run_until(Sim::converged, LIMIT).is_some());
    sim.run_for(MINUTE);
    sim
}

/// The bytes that a link carries until a thousand records of the first node are at the second one. It is up and
/// down for so long in turn.
fn carried(seed: u64, up: Duration, down: Duration) -> (u64, usize) {
    let mut sim = slow(seed, 2);
    sim.split(&[0]);
    sim.run_for(MINUTE);
    sim.write(0, 1_000);
    let before = sim.traffic().bytes;
    for times in 1..100 {
        sim.heal();
        if sim.run_until(Sim::converged, up).is_some() {
            assert_eq!(sim.faults(), [] as [&str; 0]);
            return (sim.traffic().bytes - before, times);
        }
        sim.split(&[0]);
        sim.run_for(down);
    }
    panic!("not equal after {:?}; missing: {:?}", sim.elapsed(), sim.missing());
}

#[test]
fn a_link_that_is_up_ten_seconds_every_two_minutes_carries_little_twice() {
    for seed in 0..5 {
        let (unbroken, _) = carried(seed, LIMIT, Duration::ZERO);
        let (broken, times) = carried(seed, secs(10), secs(110));
        assert!(times >= 4, "{times} times up");
        let ratio = broken as f64 / unbroken as f64;
        assert!(ratio <= 1.25, "{unbroken} bytes at once, {broken} in {times} pieces");
    }
}

#[test]
fn catching_up_costs_little_more_than_the_records() {
    let (bytes, _) = carried(1, LIMIT, Duration::ZERO);
    let mut sim = slow(1, 2);
    let before = sim.acknowledged_bytes();
    sim.write(0, 1_000);
    let records = sim.acknowledged_bytes() - before;
    let ratio = bytes as f64 / records as f64;
    assert!(ratio <= 1.08, "{bytes} bytes for {records}");
}

#[test]
fn who_says_much_delays_nobody_on_a_slow_link() {
    let mut sim = slow(2, 3);
    // The second node stands between the two; what the third one says reaches it at once.
    sim.split(&[0]);
    sim.write(1, 1_900);
    sim.run_for(secs(2));
    sim.write(2, 10);
    sim.run_for(MINUTE * 4);
    let held = |sim: &Sim, node: usize| sim.catalogue(node).map_or(0, |catalogue| catalogue.len());
    let (others, before) = (sim.standing_ids(2), held(&sim, 0));
    assert_eq!(others.len(), 12, "with its grant");
    sim.heal();
    let here = |sim: &Sim| {
        let catalogue = sim.catalogue(0).unwrap();
        others.iter().all(|id| catalogue.admitted(id).is_some())
    };
    let quick = sim.run_until(here, LIMIT).unwrap();
    assert!(held(&sim, 0) - before < 400, "{} came before them", held(&sim, 0) - before);
    let all = sim.run_until(Sim::converged, LIMIT).unwrap();
    assert!(quick * 5 < quick + all, "{quick:?} of {:?}", quick + all);
}
