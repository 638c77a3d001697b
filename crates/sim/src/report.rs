//! How a run ended, and whether that is good.

use std::time::Duration;

use crate::scenario::Scenario;
use crate::sim::Sim;

/// How a run ended. What is counted is counted from the last cut, crash, or word on: until then the network
/// can not be expected to be equal.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// Its seed.
    pub seed: u64,
    /// How long it took until all honest nodes were equal; `None`: not within the limit.
    pub converged: Option<Duration>,
    /// How often two neighbours reconciled until then, at most…
    pub rounds: u64,
    /// …and how often they may: two times the network's diameter and four.
    pub allowed_rounds: u64,
    /// Bytes that an honest node sent until then, on average.
    pub sent: u64,
    /// Bytes that an honest node got until then, on average.
    pub received: u64,
    /// Bytes of records that an honest node lacked at first, on average.
    pub lacked: u64,
    /// How many times as many bytes as it lacked a node got until then, at most, without the 20 kB that every
    /// node may get beside.
    pub worst: f64,
    /// How many acknowledged records an honest node lacks in the end, at most.
    pub lost: usize,
    /// How many withdrawn or replaced records were there again, or still.
    pub resurrected: usize,
    /// How often an honest node banned a hostile one.
    pub bans: usize,
    /// How many records the fullest store holds.
    pub stored: usize,
    /// Why this is not good, in words; empty if it is.
    pub wrong: Vec<String>,
}

/// What every node may get beside records, in bytes.
const BESIDE: f64 = 20_000.0;

impl Report {
    pub(crate) fn of(
        scenario: &Scenario,
        seed: u64,
        sim: &mut Sim,
        converged: Option<Duration>,
        allowed_rounds: u64,
    ) -> Self {
        let honest = sim.config.nodes;
        let stored = (0..honest).map(|node| sim.stored(node)).max().unwrap_or(0);
        let counted: Vec<_> = sim.nodes.iter().filter(|node| node.counts()).collect();
        let mean = |sum: u64| sum / (counted.len() as u64).max(1);
        let times =
            |received: u64, lacked: u64| (received as f64 - BESIDE).max(0.0) / (lacked as f64).max(1.0);
        let missing = sim.missing();
        let lost = missing.iter().zip(&sim.nodes).filter(|(_, node)| node.counts()).map(|(lost, _)| *lost);
        let mut report = Self {
            seed,
            converged,
            rounds: sim.most_rounds(),
            allowed_rounds,
            sent: mean(counted.iter().map(|node| node.sent).sum()),
            received: mean(counted.iter().map(|node| node.received).sum()),
            lacked: mean(counted.iter().map(|node| node.lacked).sum()),
            worst: counted.iter().map(|node| times(node.received, node.lacked)).fold(0.0, f64::max),
            lost: lost.max().unwrap_or(0),
            resurrected: sim.resurrected.saturating_add(sim.undead()),
            bans: sim.bans,
            stored,
            wrong: sim.faults.clone(),
        };
        report.judge(scenario, sim);
        report
    }

    fn judge(&mut self, scenario: &Scenario, sim: &Sim) {
        let mut must = |holds: bool, wrong: &str| {
            if !holds {
                self.wrong.push(wrong.to_owned());
            }
        };
        must(self.converged.is_some(), "not equal");
        must(self.lost == 0, "records are lost");
        must(self.resurrected == 0, "withdrawn records are back");
        must(self.rounds <= self.allowed_rounds, "too many rounds");
        must(scenario.bytes.is_none_or(|most| self.worst <= most), "too many bytes");
        must(!scenario.banned || sim.all_banned(), "hostile nodes are not banned");
        must(scenario.store.is_none_or(|most| self.stored <= most), "a store is too full");
    }

    /// Whether all is as it should be.
    #[must_use]
    pub const fn is_good(&self) -> bool {
        self.wrong.is_empty()
    }

    /// The heading of a table of reports.
    #[must_use]
    pub fn heading() -> String {
        format!(
            "{:>6}  {:>9}  {:>7}  {:>8}  {:>8}  {:>8}  {:>5}  {:>5}  {:>11}  {:>5}  result",
            "seed", "converged", "rounds", "sent", "got", "lacked", "worst", "lost", "resurrected", "bans"
        )
    }
}

impl std::fmt::Display for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let after = self.converged.map_or("-".to_owned(), |after| format!("{:.1} s", after.as_secs_f64()));
        let rounds = format!("{}/{}", self.rounds, self.allowed_rounds);
        let Self { seed, sent, received, lacked, worst, lost, resurrected, bans, .. } = self;
        write!(
            f,
            "{seed:>6}  {after:>9}  {rounds:>7}  {sent:>8}  {received:>8}  {lacked:>8}  {worst:>5.2}  "
        )?;
        let result = if self.is_good() { "good".to_owned() } else { self.wrong.join(", ") };
        write!(f, "{lost:>5}  {resurrected:>11}  {bans:>5}  {result}")
    }
}
