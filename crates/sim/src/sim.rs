//! The simulation: its settings, what can be done to it, what can be read from it.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::time::Duration;

use catalogue::Catalogue;
use protocol::{SessionId, Time};
use record::{CircleId, Hash, RecordId, Verified};

use crate::event::{Due, Event, Queue, Trace};
use crate::network::{End, Link};
use crate::node::{Node, Plan, START};
use crate::rng::Rng;
use crate::topology::Topology;

/// How a simulation is set up.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// What all chance follows from.
    pub seed: u64,
    /// How many nodes there are.
    pub nodes: usize,
    /// Which of them are linked.
    pub topology: Topology,
    /// The probability that a gossip message is lost on a link.
    pub loss: f64,
    /// How long a message takes on a link, in milliseconds.
    pub latency_ms: RangeInclusive<u64>,
    /// How far clocks may be ahead or behind, in milliseconds.
    pub skew_ms: u64,
}

impl Default for Config {
    /// Two nodes on a good day.
    fn default() -> Self {
        Self { seed: 0, nodes: 2, topology: Topology::Full, loss: 0.0, latency_ms: 5..=80, skew_ms: 0 }
    }
}

/// What went over the links.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Gossip messages (each hop counts) and sync frames, lost ones too.
    pub messages: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Rounds of reconciliation that both sides finished, counted on each side.
    pub rounds: u64,
    /// Records that these rounds brought.
    pub records: u64,
}

/// How often conditions are looked at, in milliseconds of virtual time.
const LOOK_MS: u64 = 100;

/// Many nodes of one circle. The first node's member founds it; all others know its id alone.
pub struct Sim {
    pub(crate) config: Config,
    pub(crate) rng: Rng,
    /// Milliseconds of virtual time since the beginning.
    pub(crate) now: u64,
    pub(crate) queue: Queue,
    pub(crate) trace: Trace,
    pub(crate) nodes: Vec<Node>,
    pub(crate) links: BTreeMap<(usize, usize), Link>,
    pub(crate) sessions: BTreeMap<(usize, SessionId), End>,
    pub(crate) circle: CircleId,
    /// The founding charter, until the first node has written it.
    pub(crate) charter: Option<Verified>,
    pub(crate) acknowledged: BTreeSet<RecordId>,
    pub(crate) traffic: Traffic,
    pub(crate) faults: Vec<String>,
}

impl Sim {
    /// A network whose nodes start within the first second.
    #[must_use]
    pub fn new(config: Config) -> Self {
        let mut rng = Rng::new(config.seed);
        let edges = config.topology.edges(config.nodes, &mut rng);
        let links = edges.into_iter().map(|edge| (edge, Link::default())).collect();
        let nodes: Vec<Node> = (0..config.nodes)
            .map(|number| Node::new(config.seed, number, config.skew_ms, &mut rng))
            .collect();
        let mut faults = Vec::new();
        let charter = nodes.first().and_then(|node| {
            let charter = node.member.charter(node.clock(0));
            charter.map_err(|error| faults.push(format!("the charter: {error}"))).ok()
        });
        let circle =
            charter.as_ref().map_or(CircleId::FOUNDING, |charter| CircleId::founded_by(charter.id()));
        let mut sim = Self {
            rng,
            now: 0,
            queue: Queue::default(),
            trace: Trace::new(),
            nodes,
            links,
            sessions: BTreeMap::new(),
            circle,
            charter,
            acknowledged: BTreeSet::new(),
            traffic: Traffic::default(),
            faults,
            config,
        };
        for node in 0..sim.nodes.len() {
            let at = sim.rng.below(1_000);
            sim.queue.push(at, Due { node, run: 0, event: Event::PowerOn });
        }
        sim
    }

    /// Lets the member at a node write so many listings at once, as soon as the node runs and knows the
    /// circle's rules. What is then acknowledged, every node must have in the end.
    pub fn write(&mut self, node: usize, listings: usize) {
        self.plan_for(node, Plan::Write(listings));
    }

    /// Lets the member at a node withdraw so many of its listings at once, the oldest first.
    pub fn withdraw(&mut self, node: usize, listings: usize) {
        self.plan_for(node, Plan::Withdraw(listings));
    }

    fn plan_for(&mut self, node: usize, plan: Plan) {
        if let Some(planned) = self.nodes.get_mut(node) {
            planned.plans.push_back(plan);
            self.write_planned(node);
        }
    }

    /// Cuts a node's power: what it did not sync may be lost, and all its links and sessions break.
    pub fn cut_power(&mut self, node: usize) {
        if let Some(stopped) = self.nodes.get_mut(node) {
            stopped.stop(&mut self.rng);
            self.update_links();
        }
    }

    /// Gives a node power again; it starts with what its store has.
    pub fn restore_power(&mut self, node: usize) {
        let now = self.now;
        if let Some(started) = self.nodes.get_mut(node)
            && !started.wanted
        {
            started.wanted = true;
            self.queue.push(now, Due { node, run: started.run, event: Event::PowerOn });
        }
    }

    /// Cuts every link between one of these nodes and one of the others.
    pub fn split(&mut self, side: &[usize]) {
        for ((one, other), link) in &mut self.links {
            link.cut = side.contains(one) != side.contains(other);
        }
        self.update_links();
    }

    /// Mends what [`Sim::split`] cut.
    pub fn heal(&mut self) {
        self.split(&[]);
    }

    /// Sets the clock of a node's machine: so far ahead of virtual time, less so far behind.
    pub fn set_clock(&mut self, node: usize, ahead: Duration, behind: Duration) {
        if let Some(node) = self.nodes.get_mut(node) {
            node.set_clock(millis(ahead), millis(behind));
        }
    }

    /// How far the time of a node is from virtual time, in milliseconds; `None` while it is in doubt.
    #[must_use]
    pub fn clock_error(&mut self, node: usize) -> Option<u64> {
        let (right, now) = (START.plus_millis(self.now), self.now);
        match self.nodes.get_mut(node)?.time(now) {
            Time::Sure(time) => Some(time.since(right).max(right.since(time))),
            Time::Unsure(_) => None,
        }
    }

    /// Lets so much virtual time go by.
    pub fn run_for(&mut self, duration: Duration) {
        self.advance(self.now.saturating_add(millis(duration)));
    }

    /// Lets virtual time go by until a condition holds, and tells how long that took; `None` if it did
    /// not hold within the limit. The condition is looked at every tenth of a second.
    pub fn run_until(&mut self, condition: impl Fn(&Self) -> bool, limit: Duration) -> Option<Duration> {
        let start = self.now;
        let end = start.saturating_add(millis(limit));
        while !condition(self) {
            if self.now >= end {
                return None;
            }
            self.advance(self.now.saturating_add(LOOK_MS).min(end));
        }
        Some(Duration::from_millis(self.now.saturating_sub(start)))
    }

    fn advance(&mut self, until: u64) {
        while let Some((at, due)) = self.queue.pop(until) {
            self.now = at;
            if self.nodes.get(due.node).is_some_and(|node| node.run == due.run) {
                self.trace.note(at, &due);
                self.happen(due);
            }
        }
        self.now = until;
    }

    /// Whether all planned writing is done, every node with power runs, all have equal catalogues, and
    /// these hold everything that was acknowledged.
    #[must_use]
    pub fn converged(&self) -> bool {
        let mut running = self.nodes.iter().filter(|node| node.wanted);
        let Some(digest) = running.next().and_then(|first| first.digest(self.circle)) else { return false };
        running.all(|node| node.digest(self.circle) == Some(digest))
            && self.nodes.iter().all(|node| node.plans.is_empty())
            && self.nodes.iter().find(|node| node.wanted).is_some_and(|node| self.lacks(node) == 0)
    }

    fn lacks(&self, node: &Node) -> usize {
        let catalogue = node.catalogue(self.circle);
        let has = |id: &&RecordId| catalogue.is_some_and(|catalogue| catalogue.admitted(id).is_some());
        self.acknowledged.len().saturating_sub(self.acknowledged.iter().filter(has).count())
    }

    /// How many acknowledged records each node has not (yet) admitted; all, while it is off.
    #[must_use]
    pub fn missing(&self) -> Vec<usize> {
        self.nodes.iter().map(|node| self.lacks(node)).collect()
    }

    /// The digest of each node's catalogue; `None` while the node is off.
    #[must_use]
    pub fn digests(&self) -> Vec<Option<Hash>> {
        self.nodes.iter().map(|node| node.digest(self.circle)).collect()
    }

    /// A node's catalogue while it runs.
    #[must_use]
    pub fn catalogue(&self, node: usize) -> Option<&Catalogue> {
        self.nodes.get(node)?.catalogue(self.circle)
    }

    /// The number of records that were acknowledged as durable and not withdrawn.
    #[must_use]
    pub fn acknowledged(&self) -> usize {
        self.acknowledged.len()
    }

    /// What went over the links until now.
    #[must_use]
    pub const fn traffic(&self) -> Traffic {
        self.traffic
    }

    /// The number of sessions' ends that are open.
    #[must_use]
    pub fn open_sessions(&self) -> usize {
        self.sessions.len()
    }

    /// The number of records in a node's store.
    #[must_use]
    pub fn stored(&mut self, node: usize) -> usize {
        self.nodes.get_mut(node).map_or(0, Node::stored)
    }

    /// The number of gossip messages that wait for a node's verdict.
    #[must_use]
    pub fn waiting(&self, node: usize) -> usize {
        self.nodes.get(node).map_or(0, |node| node.judging.len())
    }

    /// The virtual time since the beginning.
    #[must_use]
    pub const fn elapsed(&self) -> Duration {
        Duration::from_millis(self.now)
    }

    /// A running hash of all events: the same seed gives the same, another seed another.
    #[must_use]
    pub const fn trace_hash(&self) -> Hash {
        self.trace.0
    }

    /// What must not happen among honest nodes, in words: bans, failures of the store, refused writes.
    #[must_use]
    pub fn faults(&self) -> &[String] {
        &self.faults
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
