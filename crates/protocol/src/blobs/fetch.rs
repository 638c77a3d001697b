//! Fetching: what to ask of whom. What broke off goes on where it stopped, also with another peer; who sent
//! something else than the hash says is found out, even if others finished it.

use std::collections::BTreeMap;
use std::ops::Bound;

use record::{CircleId, Hash, Timestamp};

use super::{Blob, BlobFrame, BlobOutput, BlobSession, Part};
use crate::limits::{
    BLOB_BROKEN_MS, BLOB_LACKING_MS, BLOB_PART, BLOB_SCAN, LOOKED_AT_MS, MAX_BEGUN, MAX_BLOB_LACKING_MS,
    MAX_FETCHES, MAX_LOOKED_AT,
};
use crate::names::{PeerId, Role, SessionId};
use crate::peers::Offence;
use crate::port::Output;
use crate::protocol::Protocol;
use crate::store::Store;

/// Who lied is not asked for that blob again.
const NEVER: Timestamp = Timestamp::from_millis(u64::MAX);

/// A blob that shall be fetched. Most of them wait, and take little memory.
#[derive(Debug, Default)]
pub(crate) struct Want(Option<Box<Work>>);

/// What was done for it.
#[derive(Debug, Default)]
struct Work {
    /// The session that fetches it.
    session: Option<SessionId>,
    /// Whom not to ask before when, and how often it lacked it in a row.
    not_before: BTreeMap<PeerId, (Timestamp, u32)>,
    got: Pieces,
    /// What came from several peers and was not what the hash says.
    false_one: Option<Pieces>,
}

/// Bytes, and who sent how many of them, one after the other; nobody for those from before a restart.
#[derive(Debug, Default)]
struct Pieces {
    bytes: Vec<u8>,
    from: Vec<(Option<PeerId>, usize)>,
}

impl Pieces {
    fn add(&mut self, peer: Option<PeerId>, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        self.from.push((peer, bytes.len()));
    }

    /// Whether all of it came from this peer.
    fn all_from(&self, peer: &PeerId) -> bool {
        self.from.iter().all(|(from, _)| from.as_ref() == Some(peer))
    }

    /// Who sent something else than is right.
    fn liars(&self, right: &[u8]) -> Vec<PeerId> {
        let mut at = 0_usize;
        let mut liars = Vec::new();
        for (from, length) in &self.from {
            let end = at.saturating_add(*length);
            if self.bytes.get(at..end) != right.get(at..end) {
                liars.extend(from.clone());
            }
            at = end;
        }
        liars.dedup();
        liars
    }
}

impl Want {
    fn work(&mut self) -> &mut Work {
        self.0.get_or_insert_default()
    }

    fn session(&self) -> Option<SessionId> {
        self.0.as_ref().and_then(|work| work.session)
    }

    fn begun(&self) -> usize {
        self.0.as_ref().map_or(0, |work| work.got.bytes.len())
    }

    fn may_ask(&self, peer: &PeerId, now: Timestamp) -> bool {
        let not_before = self.0.as_ref().and_then(|work| work.not_before.get(peer));
        not_before.is_none_or(|(at, _)| *at <= now)
    }

    fn was_asked(&self, peer: &PeerId) -> bool {
        self.0.as_ref().is_some_and(|work| work.not_before.contains_key(peer))
    }

    /// Forgets when to ask whom, except who lied.
    pub(super) fn ask_anybody(&mut self) {
        if let Some(work) = &mut self.0 {
            work.not_before.retain(|_, (at, _)| *at == NEVER);
        }
    }

    /// A peer is gone: when it comes again, it is asked again.
    pub(super) fn forget(&mut self, peer: &PeerId) {
        if let Some(work) = &mut self.0 {
            work.not_before.remove(peer);
            if work.session.is_none()
                && work.not_before.is_empty()
                && work.got.bytes.is_empty()
                && work.false_one.is_none()
            {
                self.0 = None;
            }
        }
    }
}

impl<S: Store> Protocol<S> {
    /// Somebody looks at something: it is fetched before all else.
    pub(super) fn looked_at(&mut self, hash: Hash, now: Timestamp, out: &mut Vec<Output>) {
        let blobs: Vec<_> = self.blobs.named(hash).collect();
        for blob in blobs {
            let known = self.blobs.looked_at.contains_key(&blob);
            if let Some(want) = self.blobs.wanted.get_mut(&blob).filter(|_| !known) {
                want.ask_anybody();
            }
            if self.blobs.here.contains(&blob) || !(known || self.blobs.looked_at.len() < MAX_LOOKED_AT) {
                continue;
            }
            self.blobs.looked_at.insert(blob, now.plus_millis(LOOKED_AT_MS));
            self.blobs.wanted.entry(blob).or_default();
        }
        self.fetch_due(now, out);
    }

    /// Something was begun before a restart.
    pub(super) fn begun(&mut self, blob: Blob, bytes: &[u8]) {
        let fits = bytes.len() < blob.size as usize && !self.blobs.here.contains(&blob);
        if fits && self.blobs.referred.contains_key(&blob) {
            self.make_room();
            let got = &mut self.blobs.wanted.entry(blob).or_default().work().got;
            *got = Pieces::default();
            got.add(None, bytes);
        }
    }

    pub(super) fn stop_fetching(&mut self, blob: &Blob, out: &mut Vec<Output>) {
        self.blobs.looked_at.remove(blob);
        if let Some(session) = self.blobs.wanted.remove(blob).and_then(|want| want.session())
            && self.blobs.sessions.remove(&session).is_some()
        {
            out.push(Output::Close(session));
        }
    }

    /// Begins what can be begun: first what somebody looks at, then thumbnails, these only while no session
    /// mends a difference in records.
    pub(crate) fn fetch_due(&mut self, now: Timestamp, out: &mut Vec<Output>) {
        self.forget_looked_at(now);
        let looked_at: Vec<_> = self.blobs.looked_at.keys().copied().collect();
        for blob in looked_at {
            self.begin_fetch(blob, now, out);
        }
        if self.sessions.values().any(|session| session.mends().is_some()) {
            return;
        }
        let after = self.blobs.cursor.map_or(Bound::Unbounded, Bound::Excluded);
        let after = self.blobs.wanted.range((after, Bound::Unbounded));
        let before = self.blobs.cursor.into_iter().flat_map(|cursor| self.blobs.wanted.range(..=cursor));
        let next: Vec<Blob> = after.chain(before).map(|(blob, _)| *blob).take(BLOB_SCAN).collect();
        for blob in next {
            if self.fetching() >= MAX_FETCHES {
                return;
            }
            self.blobs.cursor = Some(blob);
            self.begin_fetch(blob, now, out);
        }
    }

    /// Whoever looked at a photo that nobody has will ask again.
    fn forget_looked_at(&mut self, now: Timestamp) {
        let blobs = &mut self.blobs;
        let late = |until: &Timestamp| *until <= now;
        let over: Vec<Blob> =
            blobs.looked_at.iter().filter(|(_, until)| late(until)).map(|(blob, _)| *blob).collect();
        for blob in over {
            blobs.looked_at.remove(&blob);
            let idle = |want: &Want| want.session().is_none() && want.begun() == 0;
            // What is too large for a thumbnail was wanted for the look alone.
            if blob.size > record::limits::MAX_THUMB && blobs.wanted.get(&blob).is_some_and(idle) {
                blobs.wanted.remove(&blob);
            }
        }
    }

    fn fetching(&self) -> usize {
        self.blobs.sessions.values().filter(|session| matches!(session.part, Part::Fetching(_))).count()
    }

    /// Asks a peer for a blob, if there is one that may have it and fetches nothing else for this node.
    fn begin_fetch(&mut self, blob: Blob, now: Timestamp, out: &mut Vec<Output>) {
        let Some(want) = self.blobs.wanted.get(&blob) else { return };
        if want.session().is_some() || self.fetching() >= MAX_FETCHES {
            return;
        }
        let busy = |peer: &PeerId| {
            let mut sessions = self.blobs.sessions.iter();
            sessions.any(|(id, session)| id.role() == Role::Initiator && session.peer == *peer)
        };
        let circles: Vec<CircleId> = self.circles_of(&blob).collect();
        let in_step = |peer: &PeerId| circles.iter().any(|circle| self.is_in_step(peer, *circle));
        let mut free: Vec<&PeerId> = self
            .peers
            .keys()
            .filter(|peer| want.may_ask(peer, now) && !busy(peer) && in_step(peer))
            .collect();
        // First those who were not asked yet.
        if free.iter().any(|peer| !want.was_asked(peer)) {
            free.retain(|peer| !want.was_asked(peer));
        }
        // The blob's own hash spreads the asking over peers.
        let first = usize::from(blob.hash.as_bytes()[0]).checked_rem(free.len());
        let Some(peer) = first.and_then(|first| free.get(first)).map(|peer| (*peer).clone()) else { return };
        let id = self.new_session();
        out.push(Output::Blob(BlobOutput::Open { peer: peer.clone(), session: id }));
        let session = BlobSession { peer: peer.clone(), part: Part::Fetching(blob), heard: now };
        self.blobs.sessions.insert(id, session);
        let Some(work) = self.blobs.wanted.get_mut(&blob).map(Want::work) else { return };
        work.session = Some(id);
        if work.false_one.is_some() && !work.got.all_from(&peer) {
            // It went wrong between several peers once: now it comes from one alone, so that it is clear who
            // is at fault.
            work.got = Pieces::default();
            out.push(Output::Blob(BlobOutput::Discard(blob)));
        }
        self.ask_on(id, blob, out);
    }

    fn ask_on(&self, id: SessionId, blob: Blob, out: &mut Vec<Output>) {
        let begun = self.blobs.wanted.get(&blob).map_or(0, Want::begun);
        let offset = u32::try_from(begun).unwrap_or(u32::MAX);
        out.push(Output::Send { session: id, frame: BlobFrame::Ask { blob, offset }.encode() });
    }

    pub(super) fn part_arrived(
        &mut self,
        id: SessionId,
        blob: Blob,
        peer: &PeerId,
        bytes: Vec<u8>,
        now: Timestamp,
        out: &mut Vec<Output>,
    ) {
        let Some(work) = self.blobs.wanted.get_mut(&blob).map(Want::work) else { return };
        let begun = u32::try_from(work.got.bytes.len()).unwrap_or(u32::MAX);
        let expected = blob.size.saturating_sub(begun).min(BLOB_PART);
        if bytes.len() != expected as usize {
            // Longer or shorter than the listing says, and it was asked for that size.
            self.lied(id, peer, now, out);
            return;
        }
        work.got.add(Some(peer.clone()), &bytes);
        if work.got.bytes.len() < blob.size as usize {
            out.push(Output::Blob(BlobOutput::Part { blob, offset: begun, bytes }));
            self.ask_on(id, blob, out);
            return;
        }
        let got = std::mem::take(&mut work.got);
        if Hash::of(&got.bytes) == blob.hash {
            self.whole(id, blob, got.bytes, now, out);
            return;
        }
        out.push(Output::Blob(BlobOutput::Discard(blob)));
        if got.all_from(peer) {
            self.lied(id, peer, now, out);
        } else {
            // Somebody lied, and it is not clear who: this peer gives all of it, and then it is.
            work.false_one = Some(got);
            self.ask_on(id, blob, out);
        }
    }

    fn whole(&mut self, id: SessionId, blob: Blob, bytes: Vec<u8>, now: Timestamp, out: &mut Vec<Output>) {
        let want = self.blobs.wanted.remove(&blob);
        let false_one = want.and_then(|want| want.0).and_then(|work| work.false_one);
        for liar in false_one.map(|pieces| pieces.liars(&bytes)).unwrap_or_default() {
            self.offend(&liar, Offence::FalseBlob, now, out);
        }
        self.blobs.looked_at.remove(&blob);
        self.blobs.here.insert(blob);
        self.blobs.sessions.remove(&id);
        out.extend([Output::Blob(BlobOutput::Whole { blob, bytes }), Output::Close(id)]);
        self.fetch_due(now, out);
    }

    /// A peer sent something else than it was asked for.
    fn lied(&mut self, id: SessionId, peer: &PeerId, now: Timestamp, out: &mut Vec<Output>) {
        self.offend(peer, Offence::FalseBlob, now, out);
        self.end_fetch(id, (NEVER, 0), out);
        self.fetch_due(now, out);
    }

    /// A peer does not have it.
    pub(super) fn lacking(&mut self, id: SessionId, now: Timestamp, out: &mut Vec<Output>) {
        let Some(session) = self.blobs.sessions.get(&id) else { return };
        let Part::Fetching(blob) = session.part else { return };
        let work = self.blobs.wanted.get_mut(&blob).map(Want::work);
        let before = work.and_then(|work| work.not_before.get(&session.peer)).map_or(0, |(_, times)| *times);
        // Why: it may be about to get it itself, and then again nobody may ever have it.
        let wait = BLOB_LACKING_MS.checked_shl(before).unwrap_or(u64::MAX).min(MAX_BLOB_LACKING_MS);
        self.end_fetch(id, (now.plus_millis(wait), before.saturating_add(1).min(32)), out);
        self.fetch_due(now, out);
    }

    /// A peer said what makes no sense here.
    pub(super) fn senseless(&mut self, id: SessionId, now: Timestamp, out: &mut Vec<Output>) {
        let Some(session) = self.blobs.sessions.get(&id) else { return };
        let (peer, fetching) = (session.peer.clone(), matches!(session.part, Part::Fetching(_)));
        self.offend(&peer, Offence::BadFrame, now, out);
        if fetching {
            self.end_fetch(id, (NEVER, 0), out);
            self.fetch_due(now, out);
        } else {
            self.blobs.sessions.remove(&id);
            out.push(Output::Close(id));
        }
    }

    /// Ends the session of a fetch, and asks its peer for that blob not before this time.
    fn end_fetch(&mut self, id: SessionId, not_before: (Timestamp, u32), out: &mut Vec<Output>) {
        let Some(session) = self.blobs.sessions.remove(&id) else { return };
        out.push(Output::Close(id));
        if let Part::Fetching(blob) = session.part
            && let Some(work) = self.blobs.wanted.get_mut(&blob).map(Want::work)
        {
            work.session = None;
            work.not_before.insert(session.peer, not_before);
        }
    }

    /// The session of a fetch broke.
    pub(super) fn fetch_broke(&mut self, blob: Blob, peer: &PeerId, now: Timestamp) {
        if let Some(work) = self.blobs.wanted.get_mut(&blob).map(Want::work) {
            work.session = None;
            work.not_before.insert(peer.clone(), (now.plus_millis(BLOB_BROKEN_MS), 0));
        }
        self.make_room();
    }

    /// Keeps few beginnings in memory.
    fn make_room(&mut self) {
        let begun: Vec<Blob> = {
            let wanted = self.blobs.wanted.iter();
            let idle = wanted.filter(|(_, want)| want.begun() > 0 && want.session().is_none());
            idle.map(|(blob, _)| *blob).collect()
        };
        for blob in begun.iter().skip(MAX_BEGUN) {
            if let Some(want) = self.blobs.wanted.get_mut(blob) {
                want.work().got = Pieces::default();
            }
        }
    }
}
