//! What to do when a record, a peer or a tick arrives.

use std::collections::BTreeMap;

use catalogue::{Catalogue, Refusal, Standing};
use record::{CircleId, Class, Fault, Hash, ReadSecret, RecordId, Signed, Timestamp, Verified};

use crate::blobs::Blobs;
use crate::circle::{Circle, News, trusted};
use crate::frame::{Salt, decode_gossip, encode_gossip};
use crate::limits::{
    GOSSIP_BURST, LINGER_MS, MAX_ADDRESS, MAX_ADDRESSES, MAX_GOSSIP, NEWS_AGE_MS, NEWS_MS, POLITE_MS,
    ROUND_JITTER_MS, ROUND_MS,
};
use crate::names::{PeerId, SessionId, Topic, Verdict};
use crate::nearby::{Nearby, NearbyCircles};
use crate::peers::{Offence, Peer, Peers};
use crate::port::{Input, Output};
use crate::secrets::Secrets;
use crate::sessions::Session;
use crate::store::{Store, StoreError};
use crate::undecided::{Ruling, UndecidedGossip};
use crate::verify::{Verify, one_by_one};

/// Why records of this node were not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    /// The store failed; nothing was written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The circle is not followed here.
    #[error("this node does not keep that circle")]
    UnknownCircle,
    /// The circle's rules refuse it.
    #[error("the circle does not take it: {0}")]
    Refused(Refusal),
}

/// One node's part in the mesh.
pub struct Protocol<S> {
    pub(crate) me: PeerId,
    pub(crate) store: S,
    pub(crate) circles: BTreeMap<CircleId, Circle>,
    pub(crate) peers: Peers,
    pub(crate) sessions: BTreeMap<SessionId, Session>,
    pub(crate) blobs: Blobs,
    pub(crate) nearby: NearbyCircles,
    pub(crate) undecided: UndecidedGossip,
    /// Where this node listens.
    pub(crate) addresses: Vec<String>,
    pub(crate) verify: Verify,
    next_session: u64,
    seed: [u8; 32],
    draws: u64,
    pub(crate) unsynced: Option<Timestamp>,
    /// While the time is not known: the earliest that it may be.
    pub(crate) doubt: Option<Timestamp>,
    /// What time it was when something happened last.
    last: Timestamp,
}

/// How long records of others may stay only in memory, in milliseconds: they can be fetched again.
const SYNC_STORE_MS: u64 = 2_000;

impl<S: Store> Protocol<S> {
    /// A node with this store. `seed` feeds salts and jitter and must be different for each start.
    pub fn new(me: PeerId, store: S, seed: [u8; 32]) -> Self {
        Self {
            me,
            store,
            circles: BTreeMap::new(),
            peers: Peers::new(),
            sessions: BTreeMap::new(),
            blobs: Blobs::default(),
            nearby: NearbyCircles(BTreeMap::new()),
            undecided: UndecidedGossip::new(),
            addresses: Vec::new(),
            verify: one_by_one,
            next_session: 0,
            seed,
            draws: 0,
            unsynced: None,
            doubt: None,
            last: Timestamp::from_millis(0),
        }
    }

    /// The same with another way to verify batches of records.
    #[must_use]
    pub fn verifying(self, verify: Verify) -> Self {
        Self { verify, ..self }
    }

    /// The circles that this node keeps.
    pub fn circles(&self) -> impl Iterator<Item = &Catalogue> {
        self.circles.values().map(|circle| &circle.catalogue)
    }

    /// The catalogue of a circle that this node keeps.
    pub fn catalogue(&self, circle: CircleId) -> Option<&Catalogue> {
        self.circles.get(&circle).map(|circle| &circle.catalogue)
    }

    /// The topics of the circles that this node keeps.
    pub fn topics(&self) -> impl Iterator<Item = &Topic> {
        self.circles.values().map(|circle| &circle.topic)
    }

    /// A record of a circle out of the store.
    ///
    /// # Errors
    /// If the store can not be read.
    pub fn record(&self, circle: CircleId, id: &RecordId) -> Result<Option<Verified>, StoreError> {
        Ok(self.store.get(circle, id)?.and_then(trusted))
    }

    /// Where a connected peer says that it listens; unchecked.
    pub fn addresses_of(&self, peer: &PeerId) -> &[String] {
        self.peers.get(peer).map_or(&[], |peer| &peer.addresses)
    }

    /// The circles that connected peers keep.
    pub const fn nearby(&self) -> &BTreeMap<CircleId, Nearby> {
        &self.nearby.0
    }

    /// The store, for what the node keeps beside records.
    pub const fn store(&mut self) -> &mut S {
        &mut self.store
    }

    /// The read secret that a circle uses: whoever joins needs it.
    pub fn secret(&self, circle: CircleId) -> Option<&ReadSecret> {
        self.circles.get(&circle).map(|kept| kept.secrets.in_use())
    }

    /// Holds another read secret of a circle: in use once a steward's rotation names it. Gives all that are
    /// held then.
    pub fn hold(&mut self, circle: CircleId, secret: ReadSecret) -> Vec<ReadSecret> {
        let Some(kept) = self.circles.get_mut(&circle) else { return Vec::new() };
        kept.secrets.add(secret);
        kept.secrets.held().cloned().collect()
    }

    /// Uses a read secret that somebody gave, in the place of those that are held.
    pub fn trust(&mut self, circle: CircleId, secret: ReadSecret, now: Timestamp) -> Vec<Output> {
        let mut out = Vec::new();
        if let Some(kept) = self.circles.get_mut(&circle)
            && !kept.secrets.holds(&secret)
        {
            kept.secrets = Secrets::new(circle, vec![secret]);
            self.retune(circle, now, &mut out);
            self.open_due(now, &mut out);
        }
        out
    }

    /// Keeps a circle from now on, beginning with what the store has of it, which `each` is given. `held` are its
    /// read secrets, the one in use first; none for a circle that anyone may read.
    ///
    /// # Errors
    /// If the store can not be read.
    pub fn follow(
        &mut self,
        circle: CircleId,
        held: Vec<ReadSecret>,
        now: Timestamp,
        each: &mut dyn FnMut(&Verified),
    ) -> Result<Vec<Output>, StoreError> {
        if self.circles.contains_key(&circle) {
            return Ok(Vec::new());
        }
        let mut followed = Circle::open(circle, held, &mut self.store, self.doubt)?;
        // What expired while this node was off.
        followed.advance(&mut self.store, now);
        let mut out = vec![Output::Subscribe(followed.topic.clone())];
        let blobs = &mut self.blobs;
        self.store.each(circle, &mut |record| {
            let record = trusted(record).filter(|it| followed.catalogue.admitted(&it.id()).is_some());
            if let Some(record) = &record {
                blobs.add(circle, record);
                each(record);
            }
        })?;
        self.circles.insert(circle, followed);
        for peer in self.peers.values_mut() {
            peer.rounds.entry(circle).or_default().due = now;
        }
        self.open_due(now, &mut out);
        Ok(out)
    }

    /// Takes in what this node's own members wrote. When it returns, the records are durable.
    ///
    /// # Errors
    /// A [`WriteError`]; nothing was written then. What is taken may still not be admitted, if a quota is
    /// full: the catalogue knows.
    pub fn write(
        &mut self,
        circle: CircleId,
        records: Vec<Verified>,
        now: Timestamp,
    ) -> Result<Vec<Output>, WriteError> {
        // Why: a slot's next revision may be a little ahead, if the clock was set back since its last one.
        let said = records.iter().map(|record| record.header().revision).max();
        let at = said.map_or(now, |said| said.max(now));
        let followed = self.circles.get_mut(&circle).ok_or(WriteError::UnknownCircle)?;
        let founds = records.iter().any(|record| CircleId::founded_by(record.id()) == circle);
        for record in &records {
            match followed.catalogue.check(record, at) {
                Ok(()) | Err(Refusal::Known) => {}
                Err(Refusal::NoCharterYet) if founds => {}
                Err(refusal) => return Err(WriteError::Refused(refusal)),
            }
        }
        let gossip = records.len() <= GOSSIP_BURST;
        let (news, verdicts) = followed.absorb_own(&mut self.store, records, at)?;
        let mut out = Vec::new();
        if gossip {
            let own = |record: &&Verified| verdicts.iter().any(|(id, _)| *id == record.id());
            let topic = &followed.topic;
            out.extend(news.admitted.iter().filter(own).map(|record| Output::Publish {
                topic: topic.clone(),
                data: followed.secrets.seal(encode_gossip(&record.to_record())),
            }));
        } else {
            self.spread(circle, None, now);
        }
        self.note_change(now);
        self.changed(circle, news, now, &mut out);
        self.open_due(now, &mut out);
        Ok(out)
    }

    /// Does what has to be done about an input.
    pub fn handle(&mut self, input: Input, now: Timestamp) -> Vec<Output> {
        let mut out = Vec::new();
        if now < self.last {
            self.set_back(now);
        }
        self.last = now;
        match input {
            Input::Tick => self.tick(now, &mut out),
            Input::Connected(peer) => self.connected(peer, now, &mut out),
            Input::Disconnected(peer) => {
                self.peers.remove(&peer);
                self.nearby.forget(&peer);
                self.sessions.retain(|_, session| session.peer != peer);
                self.blobs_disconnected(&peer, now);
            }
            Input::Listening(mut addresses) => {
                addresses.retain(|address| address.len() <= MAX_ADDRESS);
                addresses.truncate(MAX_ADDRESSES);
                self.addresses = addresses;
            }
            Input::Gossip { peer, message, topic, data } => {
                let ruling = self.gossip(&peer, &topic, &data, now, &mut out);
                self.rule((peer, message), ruling, now, &mut out);
            }
            Input::Unsent(topic) => {
                let circle = self.circles.iter().find(|(_, circle)| circle.topic == topic);
                if let Some(circle) = circle.map(|(id, _)| *id) {
                    self.spread(circle, None, now);
                }
            }
            Input::Opened { session, peer } => self.opened(session, peer, now, &mut out),
            Input::Frame { session, frame } if self.blobs.has_session(session) => {
                self.blob_frame(session, &frame, now, &mut out);
            }
            Input::Frame { session, frame } => self.frame(session, &frame, now, &mut out),
            Input::Closed(session) => {
                self.blob_closed(session, now, &mut out);
                self.closed(session, now);
            }
            Input::Blob(input) => self.blob_input(input, now, &mut out),
            Input::Knock { peer, knock } => self.knock(peer, knock, now, &mut out),
            Input::Answered { session, admitted } => self.answered(session, admitted, now, &mut out),
            Input::Proven { session, seal } => self.proven(session, seal, now, &mut out),
            Input::AskCircles => {
                let peers: Vec<_> = self.peers.keys().cloned().collect();
                for peer in peers {
                    self.ask(peer, now, &mut out);
                }
            }
        }
        out
    }

    fn tick(&mut self, now: Timestamp, out: &mut Vec<Output>) {
        // Why: a session that began before the end of a record still counts on it.
        let ended = now.minus_millis(LINGER_MS);
        let advanced: Vec<_> = self
            .circles
            .iter_mut()
            .map(|(id, circle)| (*id, circle.advance(&mut self.store, ended)))
            .collect();
        for (id, news) in advanced {
            self.changed(id, news, now, out);
        }
        if self.unsynced.is_some_and(|since| now.since(since) >= SYNC_STORE_MS) {
            let failed = self.store.sync().err();
            // What is not durable yet is tried again.
            self.unsynced = failed.is_some().then_some(now);
            out.extend(failed.map(Output::StoreFailed));
        }
        self.decide(now, out);
        self.close_idle(now, out);
        self.open_due(now, out);
        self.ask_for_peers(now, out);
        self.blobs_tick(now, out);
    }

    fn connected(&mut self, peer: PeerId, now: Timestamp, out: &mut Vec<Output>) {
        // Both would begin at once: one of them leaves it to the other for a moment.
        let begin = if self.me < peer { now } else { now.plus_millis(POLITE_MS) };
        let known = self.peers.entry(peer.clone()).or_default();
        for circle in self.circles.keys() {
            known.rounds.entry(*circle).or_default().due = begin;
        }
        self.ask(peer, now, out);
        self.open_due(now, out);
    }

    fn gossip(
        &mut self,
        peer: &PeerId,
        topic: &Topic,
        data: &[u8],
        now: Timestamp,
        out: &mut Vec<Output>,
    ) -> Ruling {
        if self.peers.get(peer).is_some_and(Peer::is_banned) {
            return Verdict::Ignore.into();
        }
        let Some((id, circle)) = self.circles.iter_mut().find(|(_, circle)| circle.topic == *topic) else {
            return Verdict::Ignore.into();
        };
        let id = *id;
        let data = Some(data).filter(|data| data.len() <= MAX_GOSSIP);
        let record = data.and_then(|data| circle.secrets.open(data)).map(|data| decode_gossip(&data));
        let record = record.and_then(Result::ok);
        let signed = record.and_then(|record| Some((Signed::parse(&record.envelope).ok()?, record.body)));
        // Why: a flood costs no signature once its author's budget is used up.
        if let Some((signed, _)) = &signed
            && circle.budgets.is_spent(&signed.header().author, now)
            && circle.catalogue.admitted(&signed.id()).is_none()
        {
            return Verdict::Ignore.into();
        }
        let verified = signed.and_then(|(signed, body)| signed.verify_with(body, &mut circle.keys).ok());
        let Some(record) = verified else {
            self.offend(peer, Offence::BadGossip, now, out);
            return Verdict::Reject.into();
        };
        if circle.catalogue.admitted(&record.id()).is_some() && !circle.completes(&record) {
            // Why: one header can be signed in many ways, and be sent without its body; only what nodes have is
            // passed on, or an author could make endless messages of one record.
            let fresh = now.since(record.header().revision) <= NEWS_AGE_MS
                && self.store.get(id, &record.id()).ok().flatten() == Some(record.to_record());
            return if fresh { Verdict::Accept } else { Verdict::Ignore }.into();
        }
        if !record.is_whole() {
            return Verdict::Ignore.into();
        }
        // Why: else who repeats what an author said before would use up the author's budget.
        let new = circle.catalogue.check(&record, now).is_ok();
        // What this node hides, it does not spread.
        let hidden = circle.bodies.hides(&record);
        if new && !circle.budgets.take(record.header().author, now) {
            return Verdict::Ignore.into();
        }
        self.unsynced.get_or_insert(now);
        let record_id = record.id();
        let (news, verdicts) = match circle.absorb(&mut self.store, vec![record], now) {
            Ok(done) => done,
            Err(error) => {
                out.push(Output::StoreFailed(error));
                return Verdict::Ignore.into();
            }
        };
        self.changed(id, news, now, out);
        match verdicts.first().map(|(_, verdict)| verdict) {
            Some(Ok(Standing::Admitted)) if hidden => Verdict::Ignore.into(),
            Some(Ok(Standing::Admitted)) => Verdict::Accept.into(),
            Some(Ok(Standing::Waiting)) => Ruling::Later(id, record_id),
            Some(Err(refusal)) if refusal.fault() == Fault::Sender => {
                self.offend(peer, Offence::BadGossip, now, out);
                Verdict::Reject.into()
            }
            Some(Ok(Standing::OverQuota | Standing::Outdone) | Err(_)) | None => Verdict::Ignore.into(),
        }
    }

    /// Makes the next rounds with all peers but one due soon: there is something that gossip did not tell.
    pub(crate) fn spread(&mut self, circle: CircleId, but: Option<&PeerId>, now: Timestamp) {
        let soon = now.plus_millis(NEWS_MS);
        for (_, peer) in self.peers.iter_mut().filter(|(name, _)| Some(*name) != but) {
            let rounds = peer.rounds.entry(circle).or_default();
            rounds.again = true;
            rounds.due = rounds.due.min(soon);
        }
    }

    pub(crate) fn offend(&mut self, peer: &PeerId, offence: Offence, now: Timestamp, out: &mut Vec<Output>) {
        let known = self.peers.get_mut(peer);
        if known.is_some_and(|known| known.offend(offence, now)) {
            out.push(Output::Ban(peer.clone()));
        }
    }

    /// Tells what changed in a circle, and follows its read secret.
    pub(crate) fn changed(&mut self, circle: CircleId, news: News, now: Timestamp, out: &mut Vec<Output>) {
        if news.is_empty() {
            return;
        }
        // Whoever shuts somebody out turns the secret; a rotation that is gone turns it as well.
        let control = |record: &Verified| record.header().class == Class::Control;
        let turns = !news.removed.is_empty() || news.admitted.iter().any(control);
        self.note_blobs(circle, &news, now, out);
        out.push(Output::Changed { circle, news });
        if turns {
            self.turn(circle, now, out);
        }
        self.decide(now, out);
    }

    pub(crate) fn note_change(&mut self, now: Timestamp) {
        self.unsynced.get_or_insert(now);
    }

    /// When the next ordinary round is due.
    pub(crate) fn next_round(&mut self, now: Timestamp) -> Timestamp {
        let draw = self.draw();
        let chance =
            u64::from_be_bytes([draw[0], draw[1], draw[2], draw[3], draw[4], draw[5], draw[6], draw[7]]);
        now.plus_millis(ROUND_MS.saturating_add(chance % ROUND_JITTER_MS))
    }

    pub(crate) fn salt(&mut self) -> Salt {
        self.draw()
    }

    pub(crate) const fn new_session(&mut self) -> SessionId {
        self.next_session = self.next_session.saturating_add(2);
        SessionId(self.next_session)
    }

    fn draw(&mut self) -> [u8; 16] {
        self.draws = self.draws.saturating_add(1);
        Hash::derive("commonshelf/draw/1", &[&self.seed, &self.draws.to_be_bytes()]).first()
    }
}
