//! One node: its protocol while it runs, its store always.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;

use catalogue::{Catalogue, Window};
use protocol::{Clock, Memory, MessageRef, PeerId, Protocol, Time, Topic};
use record::{CircleId, Hash, RecordId, Slot, Timestamp};

use crate::delivery::Got;
use crate::hostile::Hostile;
use crate::lazy::Passed;
use crate::member::Member;
use crate::rng::Rng;
use crate::store::{MemoryStore, Pool};

/// When simulations begin. Some day in 2026.
pub(crate) const START: Timestamp = Timestamp::from_millis(1_790_000_000_000);
/// When the program was made: a month before.
const BUILT: Timestamp = START.minus_millis(30 * 24 * 3_600_000);
/// How long a message is remembered so that it is not passed on twice, in milliseconds: as in the real
/// network.
const SEEN_MS: u64 = 120_000;

/// A gossip message that waits for its verdict.
pub(crate) struct Judged {
    pub(crate) from: usize,
    pub(crate) topic: Topic,
    pub(crate) data: Rc<[u8]>,
}

/// What a member will do as soon as it can.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Plan {
    /// Write so many listings at once.
    Write(usize),
    /// Write a listing dated so many milliseconds ago.
    Date(u64),
    /// Give so many listings a new revision at once.
    Edit(usize),
    /// Withdraw so many at once.
    Withdraw(usize),
    /// Take in the members at all honest nodes.
    Admit,
}

pub(crate) struct Node {
    pub(crate) name: PeerId,
    pub(crate) protocol: Option<Protocol<MemoryStore>>,
    /// The store while the node is off.
    disk: MemoryStore,
    /// Rises with every power cut.
    pub(crate) run: u64,
    /// Whether it shall run: also while it is about to start.
    pub(crate) wanted: bool,
    /// What its machine's clock shows less what has passed since the simulation began.
    clock_at_start: Timestamp,
    /// What it makes of that.
    pub(crate) watch: Clock,
    /// When it started.
    started: u64,
    pub(crate) member: Member,
    /// The ids of what its member said and what stands.
    pub(crate) said: BTreeSet<RecordId>,
    /// The ids of what it knew to be replaced or withdrawn since it started.
    pub(crate) over: BTreeSet<RecordId>,
    /// What it got of what others wrote.
    pub(crate) got: Got,
    /// What it hides.
    pub(crate) hidden: BTreeSet<Slot>,
    /// If it means harm.
    pub(crate) hostile: Option<Hostile>,
    /// The nodes to which it has links, up or down.
    pub(crate) linked: Vec<usize>,
    /// The bytes that it sent and got since the last mark.
    pub(crate) sent: u64,
    pub(crate) received: u64,
    /// The bytes that it lacked at the last mark.
    pub(crate) lacked: u64,
    pub(crate) topics: BTreeSet<Topic>,
    /// The messages that it has seen, and when.
    seen: BTreeMap<Hash, u64>,
    /// Those that it passed on lately.
    pub(crate) passed: VecDeque<Passed>,
    pub(crate) judging: BTreeMap<MessageRef, Judged>,
    /// What its member will do.
    pub(crate) plans: VecDeque<Plan>,
    /// Whether it does so just now.
    pub(crate) writes: bool,
    /// The number of the next session that a peer opens.
    pub(crate) next_session: u64,
    /// The digest of its catalogue, until that changes.
    digest: OnceCell<Hash>,
}

impl Node {
    pub(crate) fn new(seed: u64, number: usize, skew_ms: u64, rng: &mut Rng, pool: &Pool) -> Self {
        let skew = rng.between(0, skew_ms.saturating_mul(2));
        Self {
            name: PeerId::new(&format!("node-{number:04}")),
            protocol: None,
            disk: MemoryStore::new(pool),
            run: 0,
            wanted: true,
            clock_at_start: START.minus_millis(skew_ms).plus_millis(skew),
            watch: Clock::new(BUILT, Some(Memory { time: START, jumped: false })),
            started: 0,
            member: Member::new(seed, number),
            said: BTreeSet::new(),
            over: BTreeSet::new(),
            got: Got::default(),
            hidden: BTreeSet::new(),
            hostile: None,
            linked: Vec::new(),
            sent: 0,
            received: 0,
            lacked: 0,
            topics: BTreeSet::new(),
            seen: BTreeMap::new(),
            passed: VecDeque::new(),
            judging: BTreeMap::new(),
            plans: VecDeque::new(),
            writes: false,
            next_session: 1,
            digest: OnceCell::new(),
        }
    }

    /// What its machine's clock shows after so many milliseconds of virtual time.
    pub(crate) const fn clock(&self, now: u64) -> Timestamp {
        self.clock_at_start.plus_millis(now)
    }

    /// Sets its machine's clock to so many milliseconds ahead of virtual time, or behind.
    pub(crate) const fn set_clock(&mut self, ahead: u64, behind: u64) {
        self.clock_at_start = START.plus_millis(ahead).minus_millis(behind);
    }

    /// How long it runs.
    pub(crate) const fn running(&self, now: u64) -> u64 {
        now.saturating_sub(self.started)
    }

    /// The time, as far as it knows. Its protocol is told.
    pub(crate) fn time(&mut self, now: u64) -> Time {
        let time = self.watch.read(self.clock(now), self.running(now));
        if let Some(protocol) = &mut self.protocol {
            protocol.doubt_time(time.doubt().map(|doubt| doubt.earliest));
        }
        time
    }

    /// Starts its protocol on what the disk has.
    pub(crate) fn start(&mut self, rng: &mut Rng, now: u64) {
        self.watch = Clock::new(BUILT, self.watch.memory());
        self.started = now;
        let store = std::mem::take(&mut self.disk);
        self.protocol = Some(Protocol::new(self.name.clone(), store, rng.bytes()));
        self.digest.take();
    }

    /// Cuts its power: what was not synced may be lost, what is in memory is.
    pub(crate) fn stop(&mut self, rng: &mut Rng) {
        self.run = self.run.saturating_add(1);
        self.wanted = false;
        let Some(mut protocol) = self.protocol.take() else { return };
        let mut disk = std::mem::take(protocol.store());
        let kept = rng.index(disk.unsynced().saturating_add(1));
        disk.lose_power(kept);
        self.disk = disk;
        self.topics.clear();
        self.seen.clear();
        self.passed.clear();
        self.over.clear();
        self.judging.clear();
        self.next_session = 1;
        self.digest.take();
    }

    pub(crate) fn catalogue(&self, circle: CircleId) -> Option<&Catalogue> {
        self.protocol.as_ref()?.catalogue(circle)
    }

    /// The number of records in its store.
    pub(crate) fn stored(&mut self) -> usize {
        self.protocol.as_mut().map_or(self.disk.len(), |protocol| protocol.store().len())
    }

    /// Whether a message is new here; it is not from now on.
    pub(crate) fn is_new(&mut self, message: Hash, now: u64) -> bool {
        self.seen.insert(message, now).is_none()
    }

    pub(crate) fn has_seen(&self, message: &Hash) -> bool {
        self.seen.contains_key(message)
    }

    /// Forgets messages after a while.
    pub(crate) fn tidy(&mut self, now: u64) {
        self.seen.retain(|_, at| now.saturating_sub(*at) < SEEN_MS);
    }

    /// Whether it matters what it knows: it is honest, and runs or is about to.
    pub(crate) const fn counts(&self) -> bool {
        self.wanted && self.hostile.is_none()
    }

    pub(crate) fn changed(&mut self) {
        self.digest.take();
    }

    /// The digest of its catalogue while it runs.
    pub(crate) fn digest(&self, circle: CircleId) -> Option<Hash> {
        let catalogue = self.catalogue(circle)?;
        // One window for all nodes and times, in which everything that a simulation writes is alive.
        let later = START.plus_days(30);
        Some(*self.digest.get_or_init(|| catalogue.digests(Window::between(later, later)).all()))
    }
}
