//! The beginning of a session: both ends prove that they know a circle's read secret, and neither tells a
//! stranger which circle it means. Where the secret has turned, a member proves that it is one and gets the
//! new one.
//!
//! ```text
//! opener                                  other side
//! hello: proofs ──────────────────────►
//!       ◄────────────────────────────── welcome: proof, digests      both use the same secret
//!       ◄────────────────────────────── turned: proof                the opener's was in use before
//! renew: member, seal ────────────────►
//!       ◄────────────────────────────── secret, and the records that prove it
//! ```
//!
//! Why not by letters: whoever lacks the new secret has to meet a node that has it anyhow, to get anything
//! of the circle at all.

use catalogue::{Belonging, Digests, Window};
use record::{
    CircleId, Class, Grant, Hash, Header, Kind, MemberId, ReadSecret, Record, Seal, Signed, Slot, Timestamp,
    Verified, WritePolicy,
};

use crate::circle::{Circle, is_at_fault};
use crate::frame::{Frame, Salt, room_for};
use crate::limits::{FRAME_ROOM, HELLO_BURST, HELLO_MS, MAX_EVIDENCE, MAX_SEAL, NEWS_MS, VERSION};
use crate::line::SessionSalt;
use crate::names::{Role, SessionId};
use crate::peers::Offence;
use crate::port::Output;
use crate::protocol::Protocol;
use crate::secrets::{Ends, Side};
use crate::session::{Flow, Talk, Trouble};
use crate::sessions::{Session, State};
use crate::store::Store;

/// Under this purpose a member seals a [`Output::Prove`].
pub const RENEWAL_PURPOSE: &str = "commonshelf/renewal/1";

/// What a member seals to get the new secret: bound to this session between these two.
fn renewal(ends: Ends<'_>, circle: CircleId) -> Hash {
    let (opener, other) = (ends.opener.as_str().as_bytes(), ends.other.as_str().as_bytes());
    let answered = ends.answered.map(Salt::as_slice).unwrap_or_default();
    Hash::derive(RENEWAL_PURPOSE, &[circle.as_bytes(), opener, other, ends.opened, answered])
}

impl<S: Store> Protocol<S> {
    /// The first word of a round; none for a circle that is not kept.
    pub(crate) fn greet(&mut self, peer: &crate::PeerId, circle: CircleId, now: Timestamp) -> (State, Frame) {
        let salt = self.salt();
        let clock = self.doubt.unwrap_or(now);
        let ends = Ends { opener: &self.me, other: peer, opened: &salt, answered: None };
        let proofs = self.circles.get(&circle).map(|kept| kept.secrets.proofs(ends)).unwrap_or_default();
        (State::Greeted { circle, salt, clock }, Frame::Hello { version: VERSION, salt, clock, proofs })
    }

    /// A peer says hello.
    pub(crate) fn hello(
        &mut self,
        id: SessionId,
        session: &mut Session,
        (opened, clock, proofs): (Salt, Timestamp, Vec<Hash>),
        now: Timestamp,
        out: &mut Vec<Output>,
    ) -> Flow {
        let mine = self.salt();
        let later = self.next_round(now);
        let first = Ends { opener: &session.peer, other: &self.me, opened: &opened, answered: None };
        let ends = Ends { answered: Some(&mine), ..first };
        let found = self.circles.iter().find_map(|(circle, kept)| {
            let (secret, in_use) = kept.secrets.recognise(first, &proofs)?;
            Some((*circle, kept, secret, in_use))
        });
        // Not a circle of this node's, or not for this peer: there is nothing to say.
        let Some((circle, kept, secret, in_use)) = found else { return Flow::Finished };
        // Why: to compare a large circle takes a while, and a hello takes a few bytes.
        let hellos = self.peers.get_mut(&session.peer).and_then(|peer| peer.rounds.get_mut(&circle));
        if hellos.is_some_and(|rounds| !rounds.hellos.take(HELLO_BURST, HELLO_MS, now)) {
            return Flow::Finished;
        }
        if !in_use {
            let proof = ends.proof(secret, circle, Side::Turned);
            session.state = State::Turning { circle, renewal: renewal(ends, circle) };
            out.push(Output::Send { session: id, frame: Frame::Turned { salt: mine, proof }.encode() });
            return Flow::On;
        }
        // While the time is not known, any time that may be is as good as the peer's.
        let own = self.doubt.map_or(now, |earliest| clock.max(earliest).min(now));
        let window = Window::between(own, clock);
        let digests = kept.catalogue.digests(window);
        let wanted = kept.bodies.last_wanted();
        let proof = ends.proof(secret, circle, Side::Other);
        let frame = Frame::Welcome { salt: mine, clock: own, digests, proof };
        let salt = SessionSalt::of(&opened, &mine);
        let talk = Box::new(Talk::new(Role::Responder, salt, window, None));
        session.state = State::Talking { circle, secret: secret.name(), talk, mutual: false };
        out.push(Output::Send { session: id, frame: frame.encode() });
        out.push(Output::Clock { peer: session.peer.clone(), clock });
        let rounds = self.rounds(&session.peer, circle);
        if let Some(rounds) = rounds.filter(|rounds| rounds.session.is_none() && wanted <= rounds.bodies.to) {
            // The peer's round tells all news until now: this node needs none of its own for them. For bodies it
            // does: only who opens a round asks for them.
            (rounds.again, rounds.due) = (false, later);
        }
        Flow::On
    }

    /// The peer answered a hello.
    pub(crate) fn welcomed(
        &mut self,
        id: SessionId,
        session: &mut Session,
        (answered, clock, digests, proof): (Salt, Timestamp, Digests, Hash),
        now: Timestamp,
        out: &mut Vec<Output>,
    ) -> Result<Flow, Trouble> {
        let State::Greeted { circle, salt: opened, clock: own } = session.state else {
            return Ok(Flow::Finished);
        };
        let Some(kept) = self.circles.get(&circle) else { return Ok(Flow::Finished) };
        let (opener, other) = (&self.me, &session.peer);
        let ends = Ends { opener, other, opened: &opened, answered: Some(&answered) };
        let secret = kept.secrets.in_use();
        if ends.proof(secret, circle, Side::Other) != proof {
            // It knows a secret that is in use no longer, or none: it gets nothing here. If it is still a
            // member, it asks by itself.
            return Ok(Flow::Finished);
        }
        let window = Window::between(own, clock);
        let salt = SessionSalt::of(&opened, &answered);
        let talk = Box::new(Talk::new(Role::Initiator, salt, window, Some(digests)));
        session.state = State::Talking { circle, secret: secret.name(), talk, mutual: true };
        out.push(Output::Clock { peer: session.peer.clone(), clock });
        if let Some(rounds) = self.rounds(&session.peer, circle) {
            rounds.proven = true;
        }
        self.talk(id, session, None, now, out)
    }

    /// The peer says that the secret has turned: this node's member shall prove that it is one.
    pub(crate) fn told_of_turn(
        &mut self,
        id: SessionId,
        session: &mut Session,
        (answered, proof): (Salt, Hash),
        out: &mut Vec<Output>,
    ) -> Flow {
        let State::Greeted { circle, salt: opened, .. } = session.state else { return Flow::Finished };
        let Some(kept) = self.circles.get(&circle) else { return Flow::Finished };
        let (opener, other) = (&self.me, &session.peer);
        let ends = Ends { opener, other, opened: &opened, answered: Some(&answered) };
        // Whoever knows none of the secrets is not told who this node's member is.
        if !kept.secrets.held().any(|secret| ends.proof(secret, circle, Side::Turned) == proof) {
            return Flow::Finished;
        }
        session.state = State::Renewing { circle };
        let payload = renewal(ends, circle).as_bytes().to_vec();
        out.push(Output::Prove { session: id, circle, payload });
        Flow::On
    }

    /// This node's member sealed what it was asked to, or can't.
    pub(crate) fn proven(
        &mut self,
        id: SessionId,
        seal: Option<(MemberId, Seal)>,
        now: Timestamp,
        out: &mut Vec<Output>,
    ) {
        let waits =
            self.sessions.get(&id).is_some_and(|session| matches!(session.state, State::Renewing { .. }));
        let seal = seal.map(|(member, seal)| (member, seal.encode()));
        match seal.filter(|(_, seal)| waits && seal.len() <= MAX_SEAL) {
            Some((member, seal)) => {
                out.push(Output::Send { session: id, frame: Frame::Renew { member, seal }.encode() });
            }
            None => {
                out.push(Output::Close(id));
                self.closed(id, now);
            }
        }
    }

    /// A peer says which member it is, to get the secret in use.
    pub(crate) fn renew(
        &mut self,
        id: SessionId,
        session: &Session,
        (member, seal): (MemberId, &[u8]),
        now: Timestamp,
        out: &mut Vec<Output>,
    ) -> Result<Flow, Trouble> {
        let State::Turning { circle, renewal } = session.state else { return Ok(Flow::Finished) };
        let Some(kept) = self.circles.get(&circle) else { return Ok(Flow::Finished) };
        let seal = Seal::decode(seal).map_err(|_| Trouble::Offence(Offence::BadFrame))?;
        if may_read(kept, member, &seal, renewal, now) {
            let records = evidence(kept, &self.store)?;
            let secret = kept.secrets.in_use().clone();
            out.push(Output::Send { session: id, frame: Frame::Secret { secret, records }.encode() });
        }
        Ok(Flow::Finished)
    }

    /// The peer gave a new secret, and the records by which it is the circle's.
    pub(crate) fn renewed(
        &mut self,
        session: &Session,
        (secret, records): (ReadSecret, Vec<Record>),
        now: Timestamp,
        out: &mut Vec<Output>,
    ) -> Result<Flow, Trouble> {
        let State::Renewing { circle } = session.state else { return Ok(Flow::Finished) };
        let Some(kept) = self.circles.get_mut(&circle) else { return Ok(Flow::Finished) };
        let bad = || Trouble::Offence(Offence::BadRecord);
        let mut verified = Vec::new();
        for record in records {
            verified.push(record.verify_with(&mut kept.keys).map_err(|_| bad())?);
        }
        let control = |record: &Verified| record.header().class == Class::Control && record.is_whole();
        if !verified.iter().all(control) {
            return Err(bad());
        }
        // Anybody can make up a secret; a steward's word makes it the circle's. Until that is shown, the peer
        // may be one that was shut out, and nothing that it brings is taken.
        if kept.secrets.holds(&secret) || kept.would_name(&self.store, &verified, now)? != Some(secret.name())
        {
            return Ok(Flow::Finished);
        }
        let (news, verdicts) = kept.absorb(&mut self.store, verified, now)?;
        kept.secrets.add(secret);
        self.note_change(now);
        self.changed(circle, news, now, out);
        self.turn(circle, now, out);
        if verdicts.iter().any(is_at_fault) { Err(bad()) } else { Ok(Flow::Finished) }
    }

    /// Uses the read secret that a circle's records name by now.
    pub(crate) fn turn(&mut self, circle: CircleId, now: Timestamp, out: &mut Vec<Output>) {
        let Some(kept) = self.circles.get_mut(&circle) else { return };
        if !kept.secrets.turn(&kept.catalogue) {
            return;
        }
        self.retune(circle, now, out);
    }

    /// What follows when another secret is in use: another topic, and every peer has to prove itself anew.
    /// Sessions that began before end with their next frame.
    pub(crate) fn retune(&mut self, circle: CircleId, now: Timestamp, out: &mut Vec<Output>) {
        let Some(kept) = self.circles.get_mut(&circle) else { return };
        let topic = kept.secrets.topic();
        let before = std::mem::replace(&mut kept.topic, topic.clone());
        if before != topic {
            out.extend([Output::Unsubscribe(before), Output::Subscribe(topic)]);
        }
        out.push(Output::Secrets { circle, held: kept.secrets.held().cloned().collect() });
        for rounds in self.peers.values_mut().filter_map(|peer| peer.rounds.get_mut(&circle)) {
            rounds.proven = false;
            // Also after a round that is under way: it may be the one that brought the secret.
            rounds.again = true;
            rounds.due = rounds.due.min(now.plus_millis(NEWS_MS));
        }
    }
}

/// Whether a member proved, by this seal, that it may read a circle.
fn may_read(kept: &Circle, member: MemberId, seal: &Seal, renewal: Hash, now: Timestamp) -> bool {
    let circle = kept.catalogue.circle();
    let Ok((signer, _)) = seal.check(RENEWAL_PURPOSE, renewal.as_bytes(), member, circle, now) else {
        return false;
    };
    // Where nobody takes members in, whoever wrote something here is one.
    let wrote = || {
        let open = kept.catalogue.charter().is_some_and(|charter| charter.write == WritePolicy::Open);
        let grant = Signed::parse(&seal.grant.envelope).map(|grant| grant.id());
        open && grant.is_ok_and(|grant| kept.catalogue.admitted(&grant).is_some())
    };
    let belongs = match kept.catalogue.belonging(&member) {
        Belonging::Steward | Belonging::Member => true,
        Belonging::Stranger => wrote(),
        Belonging::Removed { .. } => false,
    };
    belongs && !kept.catalogue.is_revoked(member, &signer)
}

/// The records by which the secret in use is the circle's: the rotation, the grant of the key that signed it,
/// and the charters, the newest first. As many as fit into a frame.
fn evidence<S: Store>(kept: &Circle, store: &S) -> Result<Vec<Record>, Trouble> {
    let circle = kept.catalogue.circle();
    let rotation = kept.catalogue.rotation().and_then(|(id, _)| kept.catalogue.admitted(&id));
    let Some(rotation) = rotation else { return Ok(Vec::new()) };
    let Header { author, signer, .. } = *rotation.header();
    let grant = Slot { author, kind: Kind::grant(), key: Grant::key(&signer) };
    let grant = kept.catalogue.in_slot(&grant).map(|held| held.id());
    let charters = kept.catalogue.iter().filter(|held| held.header().kind.as_str() == Kind::CHARTER);
    let mut charters: Vec<_> = charters.map(|held| (held.header().revision, held.id())).collect();
    charters.sort_unstable_by(|one, other| other.cmp(one));
    let ids = [rotation.id()].into_iter().chain(grant).chain(charters.into_iter().map(|(_, id)| id));
    let (mut records, mut room) = (Vec::new(), FRAME_ROOM);
    for id in ids.take(MAX_EVIDENCE) {
        let Some(record) = store.get(circle, &id)? else { continue };
        let Some(left) = room.checked_sub(room_for(&record)) else { break };
        room = left;
        records.push(record);
    }
    Ok(records)
}
