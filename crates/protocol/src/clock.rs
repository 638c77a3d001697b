//! What time it is, as far as a node can know.
//!
//! A node goes by its machine's clock and by no other. This watches that clock: it remembers the latest
//! time at which the clock was right, when the node signed last, and when the program was made, and says
//! when the clock disagrees with these. Then the node signs and purges nothing until the clock is right
//! again or a person has said that it is. What peers say can witness for the machine's clock or against it;
//! it never becomes the node's time.

use std::collections::BTreeMap;

use record::Timestamp;

use crate::names::PeerId;

const DAY_MS: u64 = 24 * 60 * 60 * 1_000;
/// How far a clock may be behind what the node knows before it is doubted, in milliseconds: a day. Peers
/// witness for a clock that is no further from theirs.
const MAX_BEHIND_MS: u64 = DAY_MS;
/// How long a node may have been off before its clock is doubted, in milliseconds: 30 days.
const MAX_AWAY_MS: u64 = 30 * DAY_MS;
/// How much older than its clock says the program of a node without a past may be, in milliseconds: 5 years.
const MAX_AGE_MS: u64 = 5 * 365 * DAY_MS;
/// How many peers have to speak before their clocks say anything.
const WITNESSES: usize = 3;
/// How many peers' clocks are remembered.
const MAX_PEERS: usize = 256;

/// Why a clock is doubted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// It is more than a day behind what the node knows.
    Behind,
    /// It is further ahead than a node is usually off.
    Ahead,
    /// It jumped ahead, and the clocks of three or more peers say otherwise.
    Contradicted,
}

/// A clock that is doubted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Doubt {
    /// Why.
    pub why: Why,
    /// What the machine's clock says.
    pub machine: Timestamp,
    /// What the node knows itself: it is at least this late.
    pub known: Timestamp,
    /// What the clock in the middle of three or more peers' says.
    pub peers: Option<Timestamp>,
    /// Whether the clock may be right at all: not if the program was made later.
    pub possible: bool,
    /// The earliest time that it may be: nothing that is alive then is given up.
    pub earliest: Timestamp,
    /// The latest time that it may be: nothing that is said by then is refused.
    pub latest: Timestamp,
}

/// The time, as far as it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Time {
    /// It is this.
    Sure(Timestamp),
    /// Somebody has to look at the clock.
    Unsure(Doubt),
}

impl Time {
    /// The latest time that it may be.
    #[must_use]
    pub const fn latest(&self) -> Timestamp {
        match self {
            Self::Sure(now) => *now,
            Self::Unsure(doubt) => doubt.latest,
        }
    }

    /// The earliest time that it may be.
    #[must_use]
    pub const fn earliest(&self) -> Timestamp {
        match self {
            Self::Sure(now) => *now,
            Self::Unsure(doubt) => doubt.earliest,
        }
    }

    /// Why it is not known.
    #[must_use]
    pub const fn doubt(&self) -> Option<&Doubt> {
        match self {
            Self::Sure(_) => None,
            Self::Unsure(doubt) => Some(doubt),
        }
    }
}

/// What a node knows of its clock from one run to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Memory {
    /// The latest time at which the clock was right.
    pub time: Timestamp,
    /// The clock had jumped ahead, and neither peers nor a person have said that it is right.
    pub jumped: bool,
}

/// Watches a machine's clock. `running` is always how long the node runs by a clock that never jumps, in
/// milliseconds.
#[derive(Debug, Clone)]
pub struct Clock {
    built: Timestamp,
    memory: Option<Memory>,
    /// For how long the node had run when that was the time.
    remembered: u64,
    signed: Option<Timestamp>,
    /// What a peer's clock said, and for how long this node had run then.
    peers: BTreeMap<PeerId, (Timestamp, u64)>,
}

impl Clock {
    /// The clock of a node whose program was `built` then, with what it remembers of its last run.
    #[must_use]
    pub const fn new(built: Timestamp, memory: Option<Memory>) -> Self {
        Self { built, memory, remembered: 0, signed: None, peers: BTreeMap::new() }
    }

    /// Reads the machine's clock.
    pub fn read(&mut self, machine: Timestamp, running: u64) -> Time {
        let peers = self.middle_of_peers(running);
        let certain = self.built.max(self.signed.unwrap_or_default());
        let passed = running.saturating_sub(self.remembered);
        let remembered = self.memory.map(|memory| memory.time.plus_millis(passed));
        let past = remembered.max(self.signed);
        let known = certain.max(remembered.unwrap_or_default());
        let (newest, jumps) = match past {
            Some(past) => (past.plus_millis(MAX_AWAY_MS), machine > past.plus_millis(MAX_BEHIND_MS)),
            None => (self.built.plus_millis(MAX_AGE_MS), false),
        };
        let jumped = jumps || self.memory.is_some_and(|memory| memory.jumped);
        let witnessed = peers.map(|peers| machine.since(peers).max(peers.since(machine)) <= MAX_BEHIND_MS);
        let why = if is_behind(machine, certain) {
            Why::Behind
        } else if witnessed == Some(true) {
            return self.sure(Memory { time: machine, jumped: false }, running);
        } else if is_behind(machine, known) {
            Why::Behind
        } else if machine > newest {
            Why::Ahead
        } else if jumped && witnessed == Some(false) {
            Why::Contradicted
        } else {
            let time = remembered.map_or(machine, |remembered| remembered.max(machine));
            // Why: a clock that was set back a little goes on; twice a little is too much.
            self.sure(Memory { time, jumped }, running);
            return Time::Sure(machine);
        };
        let possible = !is_behind(machine, self.built);
        // Only where the machine has no clock at all, the peers' stand in for it, and not to an earlier time.
        let other = if possible { machine } else { peers.unwrap_or(known).max(known) };
        let (earliest, latest) = (known.min(other), known.max(other));
        Time::Unsure(Doubt { why, machine, known, peers, possible, earliest, latest })
    }

    fn sure(&mut self, memory: Memory, running: u64) -> Time {
        self.memory = Some(memory);
        self.remembered = running;
        Time::Sure(memory.time)
    }

    /// A person says that the machine's clock is right. Says whether it can be: it can not if the program
    /// was made later. What was signed ahead of it has to be signed again.
    pub fn confirm(&mut self, machine: Timestamp, running: u64) -> bool {
        let possible = !is_behind(machine, self.built);
        if possible {
            self.signed = None;
            self.sure(Memory { time: machine, jumped: false }, running);
        }
        possible
    }

    /// The node has signed a record with this revision.
    pub fn signed(&mut self, revision: Timestamp) {
        self.signed = self.signed.max(Some(revision));
    }

    /// A peer says what its clock shows.
    pub fn heard(&mut self, peer: PeerId, clock: Timestamp, running: u64) {
        if self.peers.len() < MAX_PEERS || self.peers.contains_key(&peer) {
            self.peers.insert(peer, (clock, running));
        }
    }

    /// A peer is gone, and does not witness any more.
    pub fn forget(&mut self, peer: &PeerId) {
        self.peers.remove(peer);
    }

    /// What to remember for the next run.
    #[must_use]
    pub const fn memory(&self) -> Option<Memory> {
        self.memory
    }

    fn middle_of_peers(&self, running: u64) -> Option<Timestamp> {
        let shows = |(clock, at): &(Timestamp, u64)| clock.plus_millis(running.saturating_sub(*at));
        let mut clocks: Vec<_> = self.peers.values().map(shows).collect();
        clocks.sort_unstable();
        let middle = clocks.len().saturating_sub(1) / 2;
        clocks.get(middle).copied().filter(|_| clocks.len() >= WITNESSES)
    }
}

fn is_behind(machine: Timestamp, known: Timestamp) -> bool {
    machine.plus_millis(MAX_BEHIND_MS) < known
}
