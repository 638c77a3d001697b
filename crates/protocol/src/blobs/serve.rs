//! What peers are given: blobs to which a record of a circle refers that they have proven to know, no faster
//! than a small node can bear.

use record::Timestamp;

use super::{Blob, BlobFrame, BlobOutput, BlobSession, Part};
use crate::limits::{ASK_COST_MS, BLOB_PART, MAX_BLOB_SESSIONS, PART_COST_MS, SERVE_BURST_MS};
use crate::names::{PeerId, Role, SessionId};
use crate::peers::Offence;
use crate::port::Output;
use crate::protocol::Protocol;
use crate::store::Store;

/// What a peer asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ask {
    pub(crate) blob: Blob,
    pub(crate) offset: u32,
    /// It is being read; else it waits until the peer may be given more.
    pub(crate) reading: bool,
}

impl Ask {
    fn length(&self) -> u32 {
        self.blob.size.saturating_sub(self.offset).min(BLOB_PART)
    }

    /// What the answer takes of the peer's share, in milliseconds.
    fn cost(&self) -> u64 {
        let bytes = u64::from(self.length());
        bytes.saturating_mul(PART_COST_MS) / u64::from(BLOB_PART) + ASK_COST_MS
    }
}

impl<S: Store> Protocol<S> {
    pub(super) fn blob_opened(&mut self, id: SessionId, peer: PeerId, now: Timestamp, out: &mut Vec<Output>) {
        let theirs =
            |(id, session): &(&SessionId, &BlobSession)| id.role() == Role::Responder && session.peer == peer;
        if self.blobs.sessions.iter().filter(theirs).count() >= MAX_BLOB_SESSIONS {
            self.offend(&peer, Offence::TooManySessions, now, out);
            out.push(Output::Close(id));
            return;
        }
        self.blobs.sessions.insert(id, BlobSession { peer, part: Part::Serving(None), heard: now });
    }

    pub(super) fn blob_asked(&mut self, id: SessionId, ask: Ask, now: Timestamp, out: &mut Vec<Output>) {
        let Some(session) = self.blobs.sessions.get_mut(&id) else { return };
        session.part = Part::Serving(Some(ask));
        self.answer(id, now, out);
    }

    /// Answers what waits in a session, if the peer may be given something now.
    fn answer(&mut self, id: SessionId, now: Timestamp, out: &mut Vec<Output>) {
        let Some(BlobSession { peer, part: Part::Serving(Some(ask)), .. }) = self.blobs.sessions.get(&id)
        else {
            return;
        };
        let (peer, mut ask) = (peer.clone(), *ask);
        if ask.reading {
            return;
        }
        let full = self.blobs.full_at.get(&peer).map_or(now, |full| (*full).max(now));
        let full = full.plus_millis(ask.cost());
        if full.since(now) > SERVE_BURST_MS {
            return;
        }
        self.blobs.full_at.insert(peer.clone(), full);
        ask.reading = self.blobs.here.contains(&ask.blob)
            && self.circles_of(&ask.blob).any(|circle| self.keeps(&peer, circle));
        if ask.reading {
            let Ask { blob, offset, .. } = ask;
            out.push(Output::Blob(BlobOutput::Read { session: id, blob, offset, length: ask.length() }));
        } else {
            out.push(Output::Send { session: id, frame: BlobFrame::Lacking.encode() });
        }
        if let Some(session) = self.blobs.sessions.get_mut(&id) {
            session.part = Part::Serving(ask.reading.then_some(ask));
        }
    }

    /// Answers what had to wait.
    pub(super) fn serve_delayed(&mut self, now: Timestamp, out: &mut Vec<Output>) {
        let ids: Vec<_> = self.blobs.sessions.keys().copied().collect();
        for id in ids {
            self.answer(id, now, out);
        }
        self.blobs.full_at.retain(|_, full| *full > now);
    }

    pub(super) fn blob_read(
        &mut self,
        id: SessionId,
        bytes: Option<Vec<u8>>,
        now: Timestamp,
        out: &mut Vec<Output>,
    ) {
        let Some(session) = self.blobs.sessions.get_mut(&id) else { return };
        let Part::Serving(Some(ask)) = &session.part else { return };
        let bytes = bytes.filter(|bytes| bytes.len() == ask.length() as usize);
        session.part = Part::Serving(None);
        session.heard = now;
        let frame = bytes.map_or(BlobFrame::Lacking, BlobFrame::Part);
        out.push(Output::Send { session: id, frame: frame.encode() });
    }
}
