//! The simulation: what can be done to it, what can be read from it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use catalogue::Catalogue;
use protocol::{PeerId, SessionId, Time};
use record::{CircleId, Hash, RecordId, Verified};

use crate::config::{Config, Traffic};
use crate::delivery::Deliveries;
use crate::event::{Due, Event, Queue, Trace};
use crate::hostile::Hostile;
use crate::links::Link;
use crate::network::End;
use crate::node::{Node, Plan, START};
use crate::rng::Rng;
use crate::store::Pool;

/// Somebody who is told of events, in words.
pub type Listener = Box<dyn FnMut(&str)>;

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
    pub(crate) names: BTreeMap<PeerId, usize>,
    pub(crate) links: BTreeMap<(usize, usize), Link>,
    pub(crate) sessions: BTreeMap<(usize, SessionId), End>,
    pub(crate) circle: CircleId,
    /// The founding charter, until the first node has written it.
    pub(crate) charter: Option<Verified>,
    /// What was acknowledged and stands, with its bytes.
    pub(crate) acknowledged: BTreeMap<RecordId, usize>,
    /// What replaced or withdrew what.
    pub(crate) replaced: BTreeMap<RecordId, RecordId>,
    /// How often a node took something back that it had known to be replaced or withdrawn.
    pub(crate) resurrected: usize,
    /// How often an honest node banned a hostile one.
    pub(crate) bans: usize,
    /// The messages that were told again much later…
    pub(crate) replayed: BTreeSet<Hash>,
    /// …and how often an honest node passed one of these on.
    pub(crate) echoes: usize,
    pub(crate) traffic: Traffic,
    pub(crate) deliveries: Deliveries,
    /// Is told of every event.
    listener: Option<Listener>,
    pub(crate) faults: Vec<String>,
}

impl Sim {
    /// A network whose nodes start within the first second.
    #[must_use]
    pub fn new(config: Config) -> Self {
        let mut rng = Rng::new(config.seed);
        let mut edges = config.topology.edges(config.nodes, &mut rng);
        let pool = Pool::default();
        let mut nodes: Vec<Node> = (0..config.nodes)
            .map(|number| Node::new(config.seed, number, config.skew_ms, &mut rng, &pool))
            .collect();
        for attack in &config.hostile {
            for _ in 0..attack.nodes {
                let mut node = Node::new(config.seed, nodes.len(), config.skew_ms, &mut rng, &pool);
                let [from, until] = [attack.from, attack.until].map(|at| at.saturating_mul(1_000));
                node.hostile = Some(Hostile::new(attack, from, until));
                edges.extend((0..attack.links).map(|_| (rng.index(config.nodes), nodes.len())));
                nodes.push(node);
            }
        }
        for (one, other) in &edges {
            nodes[*one].linked.push(*other);
            nodes[*other].linked.push(*one);
        }
        let links = edges.into_iter().map(|edge| (edge, Link::ranked(rng.next()))).collect();
        let names = nodes.iter().enumerate().map(|(number, node)| (node.name.clone(), number)).collect();
        let mut faults = Vec::new();
        let charter = nodes.first().and_then(|node| {
            let charter = node.member.charter(config.quotas, node.clock(0));
            charter.map_err(|error| faults.push(format!("the charter: {error}"))).ok()
        });
        let circle =
            charter.as_ref().map_or(CircleId::FOUNDING, |charter| CircleId::founded_by(charter.id()));
        let harm = config.hostile.iter().map(|attack| attack.from.saturating_mul(1_000)).min();
        let deliveries = Deliveries::since(harm);
        let mut sim = Self {
            rng,
            now: 0,
            queue: Queue::default(),
            trace: Trace::new(),
            nodes,
            names,
            links,
            sessions: BTreeMap::new(),
            circle,
            charter,
            acknowledged: BTreeMap::new(),
            replaced: BTreeMap::new(),
            resurrected: 0,
            bans: 0,
            replayed: BTreeSet::new(),
            echoes: 0,
            traffic: Traffic::default(),
            deliveries,
            listener: None,
            faults,
            config,
        };
        if sim.config.members && sim.config.nodes > 0 {
            sim.nodes[0].plans.push_back(Plan::Admit);
        }
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

    /// Lets the member at a node give so many of its listings a new revision at once.
    pub fn edit(&mut self, node: usize, listings: usize) {
        self.plan_for(node, Plan::Edit(listings));
    }

    /// Lets the member at a node write a listing that says it is so old.
    pub fn write_dated(&mut self, node: usize, age: Duration) {
        self.plan_for(node, Plan::Date(millis(age)));
    }

    /// How many listings of the member at a node stand.
    #[must_use]
    pub fn standing(&self, node: usize) -> usize {
        self.nodes.get(node).map_or(0, |node| node.member.standing())
    }

    /// Whether a node runs.
    #[must_use]
    pub fn runs(&self, node: usize) -> bool {
        self.nodes.get(node).is_some_and(|node| node.protocol.is_some())
    }

    /// Tells somebody of every event, in words.
    pub fn listen(&mut self, listener: Listener) {
        self.listener = Some(listener);
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

    /// Cuts every link between one of these nodes and one of the others, and mends what was split before.
    pub fn split(&mut self, side: &[usize]) {
        self.mend(usize::MAX);
        self.cut(usize::MAX, |one, other| side.contains(&one) != side.contains(&other));
    }

    /// Mends what [`Sim::split`] cut.
    pub fn heal(&mut self) {
        self.mend(usize::MAX);
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

    pub(crate) fn advance(&mut self, until: u64) {
        while let Some((at, due)) = self.queue.pop(until) {
            self.now = at;
            if self.nodes.get(due.node).is_some_and(|node| node.run == due.run) {
                self.trace.note(at, &due);
                if let Some(listener) = &mut self.listener {
                    listener(&format!("{}.{:03} {due}", at / 1_000, at % 1_000));
                }
                self.happen(due);
            }
        }
        self.now = until;
    }

    /// Whether all planned writing is done, every honest node with power runs, all have equal catalogues,
    /// and these hold everything that was acknowledged.
    #[must_use]
    pub fn converged(&self) -> bool {
        let mut counted = self.nodes.iter().filter(|node| node.counts());
        let Some(digest) = counted.next().and_then(|first| first.digest(self.circle)) else { return false };
        counted.all(|node| node.digest(self.circle) == Some(digest))
            && self.nodes.iter().all(|node| node.plans.is_empty())
            && self.nodes.iter().find(|node| node.counts()).is_some_and(|node| self.lacks(node).0 == 0)
    }

    /// How much a node lacks of what was acknowledged: records and bytes.
    fn lacks(&self, node: &Node) -> (usize, u64) {
        let catalogue = node.catalogue(self.circle);
        let lacks = |id: &&RecordId| catalogue.is_none_or(|catalogue| catalogue.admitted(id).is_none());
        let lacking = self.acknowledged.iter().filter(|(id, _)| lacks(id));
        lacking.fold((0, 0), |(records, bytes), (_, weight)| (records + 1, bytes + *weight as u64))
    }

    /// Begins to count rounds and bytes anew.
    pub(crate) fn mark(&mut self) {
        self.links.values_mut().for_each(|link| link.rounds = 0);
        let lacked: Vec<u64> = self.nodes.iter().map(|node| self.lacks(node).1).collect();
        for (node, lacked) in self.nodes.iter_mut().zip(lacked) {
            (node.sent, node.received, node.lacked) = (0, 0, lacked);
        }
    }

    /// Rounds that one link carried since the mark, at most; both sides count each.
    pub(crate) fn most_rounds(&self) -> u64 {
        let counted =
            |(one, other): &(usize, usize)| self.nodes[*one].counts() && self.nodes[*other].counts();
        let links = self.links.iter().filter(|(ends, _)| counted(ends));
        links.map(|(_, link)| link.rounds.div_ceil(2)).max().unwrap_or(0)
    }

    /// How many acknowledged records each honest node has not (yet) admitted; all, while it is off.
    #[must_use]
    pub fn missing(&self) -> Vec<usize> {
        let honest = self.nodes.iter().filter(|node| node.hostile.is_none());
        honest.map(|node| self.lacks(node).0).collect()
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

    /// The bytes of these records.
    #[must_use]
    pub fn acknowledged_bytes(&self) -> usize {
        self.acknowledged.values().sum()
    }

    /// The ids of what the member at a node said and what stands.
    #[must_use]
    pub fn standing_ids(&self, node: usize) -> Vec<RecordId> {
        self.nodes.get(node).map(|node| node.said.iter().copied().collect()).unwrap_or_default()
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
