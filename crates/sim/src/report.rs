//! How a run ended, and whether that is good.

use std::time::Duration;

use crate::delivery::Delivery;
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
    /// How long it took until what members wrote reached the others, before harm was done…
    pub calm: Option<Delivery>,
    /// …and after that.
    pub attacked: Option<Delivery>,
    /// How many messages of one neighbour a node rejected, at most.
    pub rejected: u64,
    /// How often an honest node passed something on that was told again.
    pub echoes: usize,
    /// Why this is not good, in words; empty if it is.
    pub wrong: Vec<String>,
}

/// What every node may get beside records, in bytes.
const BESIDE: f64 = 20_000.0;

/// How many wrong messages a node may get from a neighbour before it cuts it off.
const MOST_REJECTED: u64 = 20;

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
            calm: sim.deliveries.calm(),
            attacked: sim.deliveries.attacked(),
            rejected: sim.links.values().map(|link| link.rejected).max().unwrap_or(0),
            echoes: sim.echoes,
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
        must(self.rejected <= MOST_REJECTED, "who sends what is wrong is not cut");
        must(self.echoes == 0, "old messages are passed on again");
        let attacked = |time: fn(Delivery) -> u64| self.attacked.map_or(f64::MAX, |it| time(it) as f64);
        let in_time = |most: Option<f64>, time| most.is_none_or(|most| attacked(time) <= most * 1_000.0);
        must(in_time(scenario.delivered, |it| it.p99), "delivery is late");
        must(in_time(scenario.all, |it| it.all), "some deliveries are late");
        let calm = self.calm.map_or(0, |it| it.p99) as f64;
        let slower = scenario.slower.is_none_or(|times| attacked(|it| it.p99) <= calm * times);
        must(slower, "delivery is slower than before");
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
            "{:>6}  {:>9}  {:>7}  {:>8}  {:>8}  {:>5}  {:>4}  {:>4}  {:>13}  {:>13}  {:>5}  {:>6}  result",
            "seed",
            "converged",
            "rounds",
            "got",
            "lacked",
            "worst",
            "lost",
            "back",
            "p50/p99 calm",
            "attacked",
            "bans",
            "stored"
        )
    }
}

impl std::fmt::Display for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let after = self.converged.map_or("-".to_owned(), |after| format!("{:.1} s", after.as_secs_f64()));
        let rounds = format!("{}/{}", self.rounds, self.allowed_rounds);
        let Self { seed, received, lacked, worst, lost, resurrected, bans, stored, .. } = self;
        write!(f, "{seed:>6}  {after:>9}  {rounds:>7}  {received:>8}  {lacked:>8}  {worst:>5.2}  ")?;
        write!(f, "{lost:>4}  {resurrected:>4}  {:>13}  ", times(self.calm))?;
        let result = if self.is_good() { "good".to_owned() } else { self.wrong.join(", ") };
        write!(f, "{:>13}  {bans:>5}  {stored:>6}  {result}", times(self.attacked))
    }
}

/// Half and 99 of 100 deliveries, in seconds.
fn times(delivery: Option<Delivery>) -> String {
    let seconds = |millis: u64| millis as f64 / 1_000.0;
    delivery.map_or("-".to_owned(), |it| format!("{:.2}/{:.2} s", seconds(it.p50), seconds(it.p99)))
}
