//! The sessions of a node: opening, the hello, closing, and the rounds that they are part of.

use std::collections::BTreeSet;

use catalogue::Group;
use record::{CircleId, Hash, ReadPolicy, RecordId, Timestamp};

use crate::frame::{Frame, Salt};
use crate::knock::Knock;
use crate::limits::{
    ASK_PEERS_MS, ENOUGH_PEERS, MAX_CIRCLES, MAX_INBOUND_SESSIONS, MAX_ROUNDS_AT_ONCE, MAX_TOLD, NEWS_MS,
    POLITE_MS, SESSION_IDLE_MS, SETTLE_MS, VERSION,
};
use crate::names::{PeerId, Role, SessionId};
use crate::peers::{Offence, Peer, Rounds};
use crate::port::Output;
use crate::protocol::Protocol;
use crate::secrets::{Ends, Side};
use crate::session::{Flow, Scope, Talk, Trouble};
use crate::store::Store;

/// Why this node opened a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To ask which circles the peer keeps.
    Circles,
    /// To ask who else keeps a circle.
    Peers(CircleId),
    /// To reconcile a circle.
    Round(CircleId),
    /// To be let in.
    Knock(Knock),
}

pub(crate) enum State {
    /// The question about circles is out.
    Asked,
    /// The question about peers is out.
    AskedPeers,
    /// Hello is out.
    Greeted { circle: CircleId, salt: Salt, clock: Timestamp },
    /// The peer opened it and has said nothing yet.
    Silent,
    /// The knock is out.
    Knocking { circle: CircleId },
    /// The peer knocked, and this node decides.
    Deciding,
    /// The peer said that the read secret has turned: this node's member proves that it is one.
    Renewing { circle: CircleId },
    /// The peer knows a read secret that is in use no longer, and shall seal this to prove who it is.
    Turning { circle: CircleId, renewal: Hash },
    /// Both have said hello, by the secret of this name. `mutual`: the opener has seen the other side's proof.
    Talking { circle: CircleId, secret: Hash, talk: Box<Talk>, mutual: bool },
}

/// A session and how far it is.
pub(crate) struct Session {
    pub(crate) peer: PeerId,
    pub(crate) state: State,
    pub(crate) heard: Timestamp,
}

impl Session {
    const fn round(&self) -> Option<CircleId> {
        match self.state {
            State::Greeted { circle, .. } | State::Talking { circle, .. } | State::Renewing { circle } => {
                Some(circle)
            }
            State::Asked
            | State::AskedPeers
            | State::Silent
            | State::Knocking { .. }
            | State::Deciding
            | State::Turning { .. } => None,
        }
    }

    /// What this node drew for a round whose hello is out.
    #[cfg(test)]
    pub(crate) fn greeted(&self) -> Salt {
        if let State::Greeted { salt, .. } = self.state { salt } else { [0; 16] }
    }

    /// How many records lie in a line for comparison.
    #[cfg(test)]
    pub(crate) fn laid_out(&self) -> usize {
        if let State::Talking { talk, .. } = &self.state { talk.laid_out() } else { 0 }
    }

    const fn is_mutual(&self) -> bool {
        matches!(self.state, State::Talking { mutual: true, .. })
    }

    /// The circle of which it brings records, here or there.
    pub(crate) fn mends(&self) -> Option<CircleId> {
        let State::Talking { circle, talk, .. } = &self.state else { return None };
        talk.mends.then_some(*circle)
    }
}

impl<S: Store> Protocol<S> {
    /// Opens a session and says the first word; it waits where frames wait until the session is open.
    pub(crate) fn open(
        &mut self,
        peer: PeerId,
        purpose: Purpose,
        now: Timestamp,
        out: &mut Vec<Output>,
    ) -> SessionId {
        let id = self.new_session();
        let (state, frame) = match purpose {
            Purpose::Circles => (State::Asked, Frame::Circles),
            Purpose::Peers(circle) => {
                let salt = self.salt();
                let ends = Ends { opener: &self.me, other: &peer, opened: &salt, answered: None };
                let kept = self.circles.get(&circle);
                let proof = kept.map(|kept| ends.proof(kept.secrets.in_use(), circle, Side::Peers));
                let proof = proof.unwrap_or_else(|| Hash::of(&salt));
                (State::AskedPeers, Frame::Peers { salt, proof, mine: self.addresses.clone() })
            }
            Purpose::Round(circle) => self.greet(&peer, circle, now),
            Purpose::Knock(knock) => (State::Knocking { circle: knock.circle }, Frame::Knock(knock)),
        };
        out.push(Output::Open { peer: peer.clone(), session: id });
        out.push(Output::Send { session: id, frame: frame.encode() });
        self.sessions.insert(id, Session { peer, state, heard: now });
        id
    }

    /// Asks a peer which circles it keeps, unless it still owes the answer.
    pub(crate) fn ask(&mut self, peer: PeerId, now: Timestamp, out: &mut Vec<Output>) {
        let asked = |session: &Session| session.peer == peer && matches!(session.state, State::Asked);
        if !self.sessions.values().any(asked) {
            self.open(peer, Purpose::Circles, now, out);
        }
    }

    /// Opens the rounds that are due, a few with each peer at a time.
    pub(crate) fn open_due(&mut self, now: Timestamp, out: &mut Vec<Output>) {
        let circles: Vec<CircleId> = self.circles.keys().copied().collect();
        let mut due = Vec::new();
        let mending: BTreeSet<_> = self.sessions.values().filter_map(Session::mends).collect();
        for (name, peer) in &mut self.peers {
            let mut under_way = peer.rounds.values().filter(|rounds| rounds.session.is_some()).count();
            for circle in &circles {
                let rounds = peer.rounds.entry(*circle).or_default();
                if rounds.session.is_some() || rounds.due > now || under_way >= MAX_ROUNDS_AT_ONCE {
                    continue;
                }
                if !(mending.contains(circle) && rounds.put_off(now)) {
                    under_way = under_way.saturating_add(1);
                    due.push((name.clone(), *circle));
                }
            }
        }
        for (peer, circle) in due {
            let session = self.open(peer.clone(), Purpose::Round(circle), now, out);
            if let Some(rounds) = self.peers.get_mut(&peer).and_then(|peer| peer.rounds.get_mut(&circle)) {
                rounds.session = Some(session);
                rounds.again = false;
            }
        }
    }

    /// Asks peers who else keeps a circle, while this node has few: one link is enough to find the others.
    pub(crate) fn ask_for_peers(&mut self, now: Timestamp, out: &mut Vec<Output>) {
        if self.peers.len() >= ENOUGH_PEERS {
            return;
        }
        let mut due = Vec::new();
        for (name, peer) in &mut self.peers {
            if peer.ask_peers.is_some_and(|at| at <= now) {
                let kept = peer.rounds.iter().filter(|(_, rounds)| rounds.is_in_step());
                let kept: Vec<_> =
                    kept.map(|(circle, _)| (name.clone(), *circle)).take(MAX_ROUNDS_AT_ONCE).collect();
                if !kept.is_empty() {
                    peer.ask_peers = Some(now.plus_millis(ASK_PEERS_MS));
                }
                due.extend(kept);
            }
        }
        for (peer, circle) in due {
            self.open(peer, Purpose::Peers(circle), now, out);
        }
    }

    /// A peer opened a session.
    pub(crate) fn opened(&mut self, id: SessionId, peer: PeerId, now: Timestamp, out: &mut Vec<Output>) {
        let theirs =
            |(id, session): &(&SessionId, &Session)| id.role() == Role::Responder && session.peer == peer;
        if self.sessions.iter().filter(theirs).count() >= MAX_INBOUND_SESSIONS {
            self.offend(&peer, Offence::TooManySessions, now, out);
            out.push(Output::Close(id));
            return;
        }
        self.sessions.insert(id, Session { peer, state: State::Silent, heard: now });
    }

    pub(crate) fn frame(&mut self, id: SessionId, bytes: &[u8], now: Timestamp, out: &mut Vec<Output>) {
        // Taken out while it works, so that it can not see itself.
        let Some(mut session) = self.sessions.remove(&id) else { return };
        if self.peers.get(&session.peer).is_some_and(Peer::is_banned) {
            return;
        }
        session.heard = now;
        let result = match Frame::decode(bytes) {
            Ok(frame) => self.step(id, &mut session, frame, now, out),
            Err(_) => Err(Trouble::Offence(Offence::BadFrame)),
        };
        let peer = session.peer.clone();
        let flow = result.unwrap_or_else(|trouble| {
            match trouble {
                Trouble::Offence(offence) => self.offend(&peer, offence, now, out),
                Trouble::Store(error) => out.push(Output::StoreFailed(error)),
            }
            Flow::Finished
        });
        match flow {
            Flow::On => {
                self.sessions.insert(id, session);
            }
            Flow::Finished => {
                out.push(Output::Close(id));
                self.finish(id, &session, now);
                self.open_due(now, out);
            }
        }
    }

    fn step(
        &mut self,
        id: SessionId,
        session: &mut Session,
        frame: Frame,
        now: Timestamp,
        out: &mut Vec<Output>,
    ) -> Result<Flow, Trouble> {
        let nonsense = Trouble::Offence(Offence::BadFrame);
        match (&mut session.state, frame) {
            (State::Silent, Frame::Circles) => {
                // Circles of members don't show that they are here.
                let shown = self.circles.values().filter(|circle| {
                    circle.catalogue.charter().is_some_and(|charter| charter.read == ReadPolicy::Anyone)
                });
                let charters = shown.take(MAX_CIRCLES).filter_map(|circle| {
                    let circle = circle.catalogue.circle();
                    let charter = RecordId::from_bytes(*circle.as_bytes());
                    self.store.get(circle, &charter).ok().flatten()
                });
                // Why: a charter has at most 8 KiB; seven of them fit in a frame.
                let frame = Frame::CirclesAre(charters.take(7).collect());
                out.push(Output::Send { session: id, frame: frame.encode() });
                Ok(Flow::Finished)
            }
            (State::Asked, Frame::CirclesAre(charters)) => {
                let peer = &session.peer;
                let honest = charters.into_iter().all(|charter| self.nearby.note(peer, charter));
                out.push(Output::CirclesNearby);
                if honest { Ok(Flow::Finished) } else { Err(Trouble::Offence(Offence::BadRecord)) }
            }
            (State::Silent, Frame::Peers { salt, proof, mine }) => {
                let ends = Ends { opener: &session.peer, other: &self.me, opened: &salt, answered: None };
                let kept = self
                    .circles
                    .iter()
                    .find(|(circle, kept)| ends.proof(kept.secrets.in_use(), **circle, Side::Peers) == proof);
                let Some(circle) = kept.map(|(circle, _)| *circle) else { return Ok(Flow::Finished) };
                if let Some(peer) = self.peers.get_mut(&session.peer) {
                    peer.addresses = mine;
                }
                let others = self.peers.iter().filter(|(name, peer)| {
                    **name != session.peer && peer.rounds.get(&circle).is_some_and(Rounds::is_in_step)
                });
                let others = others.flat_map(|(_, peer)| peer.addresses.iter().cloned()).take(MAX_TOLD);
                let frame = Frame::PeersAre { mine: self.addresses.clone(), others: others.collect() };
                out.push(Output::Send { session: id, frame: frame.encode() });
                Ok(Flow::Finished)
            }
            (State::AskedPeers, Frame::PeersAre { mine, others }) => {
                if let Some(peer) = self.peers.get_mut(&session.peer) {
                    peer.addresses = mine;
                }
                if !others.is_empty() {
                    out.push(Output::Told { by: session.peer.clone(), addresses: others });
                }
                Ok(Flow::Finished)
            }
            (State::Silent, Frame::Hello { version: VERSION, salt, clock, proofs }) => {
                Ok(self.hello(id, session, (salt, clock, proofs), now, out))
            }
            // Another version: no offence, and nothing to say.
            (State::Silent, Frame::Hello { .. }) => Ok(Flow::Finished),
            (State::Greeted { .. }, Frame::Welcome { salt, clock, digests, proof }) => {
                self.welcomed(id, session, (salt, clock, digests, proof), now, out)
            }
            (State::Greeted { .. }, Frame::Turned { salt, proof }) => {
                Ok(self.told_of_turn(id, session, (salt, proof), out))
            }
            (State::Silent, Frame::Knock(knock)) => {
                session.state = State::Deciding;
                out.push(Output::Knocked { session: id, knock });
                Ok(Flow::On)
            }
            (State::Knocking { circle }, Frame::Answer { admitted }) => {
                out.push(Output::Answered { circle: *circle, admitted });
                Ok(Flow::Finished)
            }
            (State::Turning { .. }, Frame::Renew { member, seal }) => {
                self.renew(id, session, (member, &seal), now, out)
            }
            (State::Renewing { .. }, Frame::Secret { secret, records }) => {
                self.renewed(session, (secret, records), now, out)
            }
            (State::Talking { .. }, frame) => self.talk(id, session, Some(frame), now, out),
            (
                State::Asked
                | State::AskedPeers
                | State::Greeted { .. }
                | State::Silent
                | State::Knocking { .. }
                | State::Deciding
                | State::Renewing { .. }
                | State::Turning { .. },
                _,
            ) => Err(nonsense),
        }
    }

    /// Lets a session go one step: with a frame, or to begin.
    pub(crate) fn talk(
        &mut self,
        id: SessionId,
        session: &mut Session,
        frame: Option<Frame>,
        now: Timestamp,
        out: &mut Vec<Output>,
    ) -> Result<Flow, Trouble> {
        let State::Talking { circle, secret, talk, mutual } = &mut session.state else {
            return Ok(Flow::Finished);
        };
        let (circle_id, peer) = (*circle, session.peer.clone());
        let Some(circle) = self.circles.get_mut(&circle_id) else { return Ok(Flow::Finished) };
        if circle.secrets.in_use().name() != *secret {
            // It turned meanwhile: the peer has to show that it knows the new one.
            return Ok(Flow::Finished);
        }
        let mut rounds = self.peers.get_mut(&peer).and_then(|peer| peer.rounds.get_mut(&circle_id));
        *mutual = true;
        if let Some(rounds) = &mut rounds {
            rounds.proven = true;
        }
        let busy = rounds.as_ref().is_some_and(|rounds| rounds.can_wait())
            && self.sessions.values().any(|other| {
                // Why: if two begin with each other at once, the session of the lower name goes on.
                other.mends() == Some(circle_id) && (other.peer != peer || self.me < peer)
            });
        if let Some(rounds) = rounds.as_mut().filter(|_| frame.is_none()) {
            rounds.bodies.begin(now, circle.bodies.numbered());
        }
        let asked_to = rounds.as_ref().map_or(0, |rounds| rounds.bodies.to);
        let (store, verify, frames, news) = (&mut self.store, self.verify, Vec::new(), Vec::new());
        let mut scope = Scope { circle, store, now, verify, busy, asked_to, frames, news };
        let result = match frame {
            None => Ok(talk.begin(Group::Control, &mut scope)),
            Some(frame) => talk.handle(frame, &mut scope),
        };
        let Scope { frames, news, asked_to, .. } = scope;
        if let Some(rounds) = &mut rounds {
            rounds.bodies.to = asked_to;
        }
        out.extend(frames.into_iter().map(|frame| Output::Send { session: id, frame: frame.encode() }));
        let (received, sent, finished) = (talk.received, talk.sent, matches!(result, Ok(Flow::Finished)));
        if let Some(rounds) = rounds.filter(|_| finished) {
            if talk.put_off {
                // Not for long: a peer that always has no time must not be asked each second.
                rounds.again |= rounds.put_off(now);
            } else {
                rounds.waited = 0;
            }
        }
        let done = finished && !talk.put_off;
        for news in news {
            if !news.admitted.is_empty() {
                self.spread(circle_id, Some(&peer), now);
            }
            if !news.is_empty() {
                self.note_change(now);
                self.changed(circle_id, news, now, out);
            }
        }
        if done {
            out.push(Output::Synced { peer, circle: circle_id, received, sent });
        }
        result
    }

    pub(crate) fn closed(&mut self, id: SessionId, now: Timestamp) {
        if let Some(session) = self.sessions.remove(&id) {
            if let Some(circle) = session.mends() {
                // It broke before all was told: the next one goes on soon.
                let peer = self.peers.get_mut(&session.peer);
                if let Some(rounds) = peer.and_then(|peer| peer.rounds.get_mut(&circle)) {
                    rounds.again = true;
                    rounds.due = rounds.due.min(now.plus_millis(NEWS_MS));
                }
            }
            self.finish(id, &session, now);
        }
    }

    pub(crate) fn close_idle(&mut self, now: Timestamp, out: &mut Vec<Output>) {
        let idle = |session: &Session| now.since(session.heard) >= SESSION_IDLE_MS;
        let ids: Vec<_> =
            self.sessions.iter().filter(|(_, session)| idle(session)).map(|(id, _)| *id).collect();
        for id in ids {
            out.push(Output::Close(id));
            self.closed(id, now);
        }
    }

    /// The rounds of a circle with a connected peer.
    pub(crate) fn rounds(&mut self, peer: &PeerId, circle: CircleId) -> Option<&mut Rounds> {
        self.peers.get_mut(peer)?.rounds.get_mut(&circle)
    }

    /// Plans the next round with a peer after one that ended, well or not.
    fn finish(&mut self, id: SessionId, session: &Session, now: Timestamp) {
        let Some(circle) = session.round() else { return };
        let next = self.next_round(now);
        let Some(peer) = self.peers.get_mut(&session.peer) else { return };
        peer.ask_peers.get_or_insert(now.plus_millis(NEWS_MS));
        let Some(rounds) = peer.rounds.get_mut(&circle) else { return };
        let first = !std::mem::replace(&mut rounds.settled, true);
        if rounds.session == Some(id) {
            rounds.session = None;
            rounds.due = if rounds.again {
                now.plus_millis(NEWS_MS)
            } else if first {
                now.plus_millis(SETTLE_MS)
            } else {
                next
            };
        } else if rounds.session.is_none() && !session.is_mutual() {
            // The peer left after this node's proof: it may know a newer secret, and tells who asks.
            rounds.due = rounds.due.min(now.plus_millis(NEWS_MS));
        } else if rounds.session.is_none() && !rounds.again {
            // The peer led this round, and will lead the second one.
            rounds.due = if first { now.plus_millis(SETTLE_MS.saturating_add(POLITE_MS)) } else { next };
        }
    }
}
