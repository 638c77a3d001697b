//! Some nodes hide what others say: all agree on the rest, and who hides nothing gets everything.

use record::{Class, RecordId};

use super::{MINUTE, config, secs, settle};
use crate::{Config, Sim, Topology};

/// Whether all listings are at all these nodes with what they say.
fn have_all(sim: &Sim, nodes: &[usize], writers: std::ops::Range<usize>) -> bool {
    let mut ids = writers.flat_map(|writer| sim.standing_ids(writer));
    ids.all(|id| nodes.iter().all(|node| sim.has_body(*node, &id)))
}

#[test]
fn nodes_that_hide_some_of_what_others_say_have_the_digest_that_all_have() {
    for seed in 0..12 {
        let mut sim = Sim::new(Config { topology: Topology::Full, ..config(seed, 8) });
        (0..8).for_each(|node| sim.write(node, 12));
        sim.run_for(secs(20));
        // Two nodes hide every other listing that they have by now, the third all of one member.
        for hider in [1, 2] {
            let ids: Vec<_> = (3..8).flat_map(|node| sim.standing_ids(node)).step_by(2).collect();
            ids.iter().for_each(|id| sim.hide(hider, id));
        }
        sim.standing_ids(6).iter().for_each(|id| sim.hide(3, id));
        // What they hide is edited, withdrawn and added to; they lose their power, and others come late.
        (4..8).for_each(|node| {
            sim.edit(node, 4);
            sim.withdraw(node, 2);
        });
        sim.cut_power(2);
        sim.cut_power(5);
        (0..8).for_each(|node| sim.write(node, 3));
        sim.run_for(secs(30));
        sim.restore_power(2);
        sim.restore_power(5);
        settle(&mut sim);
        let digests = sim.digests();
        assert!(digests.iter().all(|digest| *digest == digests[0]), "seed {seed}");
        let honest = [0, 4, 5, 6, 7];
        let elapsed = sim.run_until(|sim| have_all(sim, &honest, 0..8), MINUTE * 15);
        assert!(elapsed.is_some(), "seed {seed}: who hides nothing gets everything");
        assert!(sim.standing_ids(6).iter().any(|id| !sim.has_body(3, id)), "seed {seed}: hidden");
        assert_eq!(sim.faults(), [] as [&str; 0], "seed {seed}");
    }
}

#[test]
fn who_has_no_other_way_than_through_a_node_that_hides_something_has_the_digest_that_all_have() {
    let mut sim = Sim::new(Config { topology: Topology::Line, loss: 0.0, ..config(3, 5) });
    sim.cut_power(3);
    sim.write(0, 40);
    sim.run_for(MINUTE);
    for id in sim.standing_ids(0) {
        sim.hide(2, &id);
    }
    sim.restore_power(3);
    settle(&mut sim);
    let said = |id: &RecordId| sim.catalogue(4).and_then(|it| Some(it.admitted(id)?.header().class));
    let listings = sim.standing_ids(0).into_iter().filter(|id| said(id) == Some(Class::Content));
    let listings: Vec<_> = listings.collect();
    assert_eq!(listings.len(), 40);
    for id in listings {
        assert_eq!([0, 1, 2, 3, 4].map(|node| sim.has_body(node, &id)), [true, true, false, false, false]);
    }
    // It stays so, and costs little.
    let before = sim.traffic().bytes;
    sim.run_for(MINUTE * 60);
    let hour = sim.traffic().bytes - before;
    assert!(hour < 500_000, "{hour} bytes in an hour");
    settle(&mut sim);
}
