//! What the command line and several tests run.

use std::time::Duration;

use crate::sim::{Config, Sim, Traffic};

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// Virtual time from the last listing until all nodes were equal; `None`: not within the limit.
    pub converged: Option<Duration>,
    /// What went over the links until then.
    pub traffic: Traffic,
    /// Nodes that lack something that was acknowledged.
    pub lacking: usize,
    /// What must not happen among honest nodes and did.
    pub faults: usize,
}

/// How many listings a member writes at once: few enough for gossip.
const HANDFUL: usize = 4;

/// Every member writes its listings, a handful a second, while nodes start and connect; then the network
/// has time until the limit to become equal.
#[must_use]
pub fn everybody_writes(config: Config, listings: usize, limit: Duration) -> Outcome {
    let nodes = config.nodes;
    let mut sim = Sim::new(config);
    let mut left = listings;
    while left > 0 {
        let handful = left.min(HANDFUL);
        (0..nodes).for_each(|node| sim.write(node, handful));
        sim.run_for(Duration::from_secs(1));
        left = left.saturating_sub(handful);
    }
    let converged = sim.run_until(Sim::converged, limit);
    Outcome {
        converged,
        traffic: sim.traffic(),
        lacking: sim.missing().into_iter().filter(|missing| *missing > 0).count(),
        faults: sim.faults().len(),
    }
}
