//! The one place that reads the machine's clock, and what follows from what it says.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use protocol::{Clock, Doubt, Memory, PeerId, Time, Why};
use record::{CircleId, Header, RecordId, Statement, Timestamp, Verified};
use serde::{Deserialize, Serialize};

use crate::error::NodeError;
use crate::json::ClockJson;
use crate::service::Service;

/// What the machine's clock shows.
pub(crate) type Source = Box<dyn Fn() -> SystemTime + Send + Sync>;

/// Under which name the time is remembered in the store.
pub(crate) const CLOCK: &str = "clock";
/// Under which name a notice about the clock stands.
const NOTICE: &str = "clock";
/// How far the remembered time may be behind, in milliseconds: few writes, and little against a day.
const REMEMBER_MS: u64 = 5 * 60 * 1_000;
/// When this program was made, in Unix seconds.
const BUILT: &str = env!("COMMONSHELF_BUILT");

/// The node's clock: the machine's, watched.
pub(crate) struct NodeClock {
    source: Source,
    started: Instant,
    watch: Mutex<Clock>,
}

/// How the time lies in the store.
#[derive(Serialize, Deserialize)]
struct Remembered {
    time: u64,
    jumped: bool,
}

impl NodeClock {
    /// The clock, with what the store remembers of it.
    pub(crate) fn new(source: Source, remembered: Option<&[u8]>) -> Self {
        let built = Timestamp::from_millis(BUILT.parse::<u64>().unwrap_or(0).saturating_mul(1_000));
        let remembered = remembered.and_then(|json| serde_json::from_slice::<Remembered>(json).ok());
        let memory = remembered.map(|it| Memory { time: Timestamp::from_millis(it.time), jumped: it.jumped });
        Self { source, started: Instant::now(), watch: Mutex::new(Clock::new(built, memory)) }
    }

    /// The time, as far as it is known.
    pub(crate) fn read(&self) -> Time {
        self.watch().read(self.machine(), self.running())
    }

    /// The time by which readers see what is alive. In doubt they rather see too much.
    pub(crate) fn now(&self) -> Timestamp {
        self.read().earliest()
    }

    /// The time, to sign with.
    pub(crate) fn to_sign(&self) -> Result<Timestamp, NodeError> {
        match self.read() {
            Time::Sure(now) => Ok(now),
            Time::Unsure(doubt) => Err(NodeError::Clock(doubt)),
        }
    }

    /// What a program sees of it.
    pub(crate) fn json(&self) -> ClockJson {
        let time = self.read();
        let doubt = time.doubt();
        ClockJson {
            sure: doubt.is_none(),
            machine: self.machine().millis(),
            known: doubt.map_or(time.earliest(), |doubt| doubt.known).millis(),
            peers: doubt.and_then(|doubt| doubt.peers).map(Timestamp::millis),
            can_confirm: doubt.is_some_and(|doubt| doubt.possible),
            advice: doubt.map(advice),
        }
    }

    /// What is remembered of it.
    pub(crate) fn memory(&self) -> Option<Memory> {
        self.watch().memory()
    }

    /// What the machine's clock shows.
    fn machine(&self) -> Timestamp {
        shown((self.source)())
    }

    /// How long the node runs, in milliseconds.
    fn running(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn watch(&self) -> MutexGuard<'_, Clock> {
        self.watch.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn heard(&self, peer: PeerId, clock: Timestamp) {
        self.watch().heard(peer, clock, self.running());
    }

    pub(crate) fn forget(&self, peer: &PeerId) {
        self.watch().forget(peer);
    }

    pub(crate) fn signed(&self, revision: Timestamp) {
        self.watch().signed(revision);
    }
}

/// The moment that a machine's clock shows.
pub(crate) fn shown(time: SystemTime) -> Timestamp {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

/// What a person should know and do, in one sentence.
pub(crate) fn advice(doubt: &Doubt) -> String {
    let others = doubt.peers.map(|peers| format!(" (those of connected nodes say {})", peers.date()));
    let but = match doubt.why {
        Why::Behind if !doubt.possible => "this program was made later".to_owned(),
        Why::Behind => format!("this node has seen {} already", doubt.known.date()),
        Why::Ahead => format!("this node knows of nothing after {}", doubt.known.date()),
        Why::Contradicted => "those of connected nodes don't".to_owned(),
    };
    let confirm = if doubt.possible { ", or if it is right say `commonshelf clock confirm`" } else { "" };
    format!(
        "nothing is written and nothing deleted while the date is in doubt: this machine's clock says {}, but \
         {but}{}: set the clock{confirm}",
        doubt.machine.date(),
        others.unwrap_or_default(),
    )
}

impl Service {
    /// The time for the protocol. Tells it, and the person, if it is in doubt.
    pub(crate) fn time(&mut self) -> Timestamp {
        let time = self.clock.read();
        let earliest = time.doubt().map(|doubt| doubt.earliest);
        self.protocol.doubt_time(earliest.or(self.opening.then_some(time.earliest())));
        let notice = time.doubt().map(advice);
        if let Time::Sure(now) = time
            && self.read(|view| view.notices.contains_key(NOTICE))
        {
            self.forget_ahead(now);
        }
        if self.read(|view| view.notices.get(NOTICE) != notice.as_ref()) {
            match (&notice, &self.net) {
                (Some(notice), Some(_)) => tracing::warn!("{notice}"),
                (None, Some(_)) => tracing::warn!("the date is no longer in doubt: the node goes on"),
                (_, None) => {}
            }
            self.change(|view| match notice {
                Some(notice) => drop(view.notices.insert(NOTICE, notice)),
                None => drop(view.notices.remove(NOTICE)),
            });
        }
        time.latest()
    }

    /// Begins with what the store has.
    pub(crate) fn open(&mut self, circles: &[CircleId]) -> Result<(), NodeError> {
        // Why: what the node signed is a part of what it knows of the time; until it is read, nothing is
        // given up.
        self.opening = true;
        self.tell_photos();
        self.read_announced()?;
        self.read_private()?;
        self.read_exchanges()?;
        let opened = circles.iter().try_for_each(|circle| self.follow(*circle));
        self.opening = false;
        opened?;
        self.note_signed();
        self.tick();
        self.resume_photos();
        self.tidy_photos();
        Ok(())
    }

    /// Remembers the time for the next run, if the last one that was remembered is too old.
    pub(crate) fn remember_time(&mut self) -> Result<(), NodeError> {
        let Some(memory) = self.clock.memory() else { return Ok(()) };
        let is_near = |old: &Memory| {
            old.jumped == memory.jumped
                && old.time <= memory.time
                && memory.time.since(old.time) < REMEMBER_MS
        };
        if self.remembered.as_ref().is_some_and(is_near) {
            return Ok(());
        }
        let json = Remembered { time: memory.time.millis(), jumped: memory.jumped };
        let json = serde_json::to_vec(&json).map_err(|error| NodeError::Invalid(error.to_string()))?;
        self.protocol.store().set_meta(CLOCK, &json)?;
        self.remembered = Some(memory);
        Ok(())
    }

    /// Finds out when this node signed last.
    pub(crate) fn note_signed(&self) {
        let signer = self.identity.node.public();
        let headers = self.protocol.circles().flat_map(|circle| circle.iter().map(|held| held.header()));
        // Why: a circle's charter keeps its date for ever.
        let own = headers.filter(|it| it.signer == signer && it.circle != CircleId::FOUNDING);
        if let Some(last) = own.map(|header| header.revision).max() {
            self.clock.signed(last);
        }
    }

    /// The person says that the machine's clock is right. What the node dated ahead of it is signed again.
    pub(crate) fn confirm_clock(&mut self) -> Result<ClockJson, NodeError> {
        let machine = self.clock.machine();
        if let Some(doubt) = self.clock.read().doubt().filter(|doubt| !doubt.possible) {
            return Err(NodeError::Clock(*doubt));
        }
        for circle in self.circles() {
            self.redate(circle, machine)?;
        }
        self.clock.watch().confirm(machine, self.clock.running());
        self.note_signed();
        self.time();
        self.remember_time()?;
        Ok(self.clock.json())
    }

    /// Lets go of what others dated ahead and the node took while it did not know better. It comes back when
    /// its time has come.
    fn forget_ahead(&mut self, now: Timestamp) {
        let me = self.identity.member();
        for circle in self.circles() {
            let ahead = self.protocol.ahead(circle, now).filter(|held| held.header().author != me);
            let old: Vec<_> = ahead.map(|held| held.id()).collect();
            match self.protocol.redate(circle, &old, Vec::new(), now) {
                Ok(outputs) => self.act(outputs),
                Err(error) => tracing::error!(%error, "the store failed"),
            }
        }
    }

    fn circles(&self) -> Vec<CircleId> {
        self.protocol.circles().map(catalogue::Catalogue::circle).collect()
    }

    /// Signs again what this node dated ahead of now.
    fn redate(&mut self, circle: CircleId, now: Timestamp) -> Result<(), NodeError> {
        let me = self.identity.member();
        let ahead = self.protocol.ahead(circle, now).filter(|held| held.header().author == me);
        let ahead: Vec<(RecordId, Header)> = ahead.map(|held| (held.id(), held.header().clone())).collect();
        let (mut old, mut again) = (Vec::new(), Vec::new());
        for (id, header) in ahead {
            if let Some(record) = self.said_again(circle, &id, &header, now)? {
                again.push(record);
                old.push(id);
            }
        }
        if old.is_empty() {
            return Ok(());
        }
        let outputs = self.protocol.redate(circle, &old, again, now).map_err(crate::writing::refused)?;
        self.act(outputs);
        Ok(())
    }

    /// The same under today's date; nothing if this node can not sign it.
    fn said_again(
        &self,
        circle: CircleId,
        id: &RecordId,
        header: &Header,
        now: Timestamp,
    ) -> Result<Option<Verified>, NodeError> {
        let mut keys = std::iter::once(&self.identity.node).chain(&self.identity.root);
        let Some(key) = keys.find(|key| key.public() == header.signer) else { return Ok(None) };
        let statement = Statement { author: header.author, circle, key: header.key, revision: now };
        if header.is_withdrawal() {
            return Ok(Some(statement.sign_withdrawal(header.kind.clone(), header.class, key)));
        }
        let body = self.protocol.record(circle, id)?.and_then(|record| record.body());
        Ok(body.and_then(|body| statement.sign(&body, key).ok()))
    }
}
