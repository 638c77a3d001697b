//! Blobs: the photos of listings, which travel apart from records and only when they are needed.
//!
//! A listing names a blob by the hash and the number of its bytes. A thumbnail is fetched as soon as its listing
//! is admitted, beneath all else; a photo when somebody looks at it. The bytes lie with the user of this crate:
//! [`BlobInput`] says what is there, [`BlobOutput`] what to read, keep and forget.
//!
//! | file | idea |
//! | --- | --- |
//! | `frame` | the messages |
//! | `fetch` | what to ask of whom, and who sent something else |
//! | `serve` | what peers are given, and how fast |

mod fetch;
mod frame;
mod serve;

use std::collections::{BTreeMap, BTreeSet};

use record::{Body, CircleId, Hash, Kind, RecordId, Timestamp, Verified};

use self::fetch::Want;
pub(crate) use self::frame::BlobFrame;
use self::serve::Ask;
use crate::circle::News;
use crate::limits::{BLOB_WAIT_MS, LOOKED_AT_MS, SESSION_IDLE_MS};
use crate::names::{PeerId, SessionId};
use crate::peers::Rounds;
use crate::port::Output;
use crate::protocol::Protocol;
use crate::store::Store;

/// Bytes that a record refers to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Blob {
    /// Their SHA-256.
    pub hash: Hash,
    /// How many there are.
    pub size: u32,
}

/// What happened to blobs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BlobInput {
    /// These lie here, whole and checked.
    Here(Vec<Blob>),
    /// This one was given up to make room. It is fetched again when somebody looks at it.
    Gone(Blob),
    /// The beginning of this one lies here since before a restart.
    Begun {
        /// The blob.
        blob: Blob,
        /// Its first bytes, unchecked.
        bytes: Vec<u8>,
    },
    /// Somebody looks at what has this hash.
    LookedAt(Hash),
    /// A peer opened a blob session.
    Opened {
        /// The session.
        session: SessionId,
        /// With whom.
        peer: PeerId,
    },
    /// What a [`BlobOutput::Read`] asked for; none if it is not there any more.
    Read {
        /// The session.
        session: SessionId,
        /// Exactly what was asked for.
        bytes: Option<Vec<u8>>,
    },
}

/// What to do about blobs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BlobOutput {
    /// Open a blob session.
    Open {
        /// With this peer.
        peer: PeerId,
        /// Under this number.
        session: SessionId,
    },
    /// Read a part of a blob; the answer is [`BlobInput::Read`].
    Read {
        /// For this session.
        session: SessionId,
        /// The blob.
        blob: Blob,
        /// After so many bytes.
        offset: u32,
        /// So many bytes.
        length: u32,
    },
    /// A part arrived: it spares a way after a restart, and nothing is lost if it is not kept.
    Part {
        /// The blob.
        blob: Blob,
        /// After so many bytes.
        offset: u32,
        /// The bytes, unchecked.
        bytes: Vec<u8>,
    },
    /// A blob is whole, and it is the one that was wanted.
    Whole {
        /// The blob.
        blob: Blob,
        /// All its bytes.
        bytes: Vec<u8>,
    },
    /// The parts of this one are false: forget them.
    Discard(Blob),
    /// No record refers to this one any more: forget it, and its parts.
    Unreferred(Blob),
}

/// A blob session, and what it is about.
enum Part {
    /// This node fetches a blob.
    Fetching(Blob),
    /// The peer asks, and waits for the answer or not.
    Serving(Option<Ask>),
}

struct BlobSession {
    peer: PeerId,
    part: Part,
    heard: Timestamp,
}

/// All that is known of blobs.
#[derive(Default)]
pub(crate) struct Blobs {
    /// The records that refer to a blob.
    referred: BTreeMap<Blob, BTreeSet<(CircleId, RecordId)>>,
    by_record: BTreeMap<RecordId, Vec<Blob>>,
    here: BTreeSet<Blob>,
    /// What shall be fetched: thumbnails, and photos that somebody looks at.
    wanted: BTreeMap<Blob, Want>,
    /// What somebody looks at, and until when it comes first.
    looked_at: BTreeMap<Blob, Timestamp>,
    /// Where the search for the next thumbnail goes on.
    cursor: Option<Blob>,
    sessions: BTreeMap<SessionId, BlobSession>,
    /// When what a peer may be given at once is full again.
    full_at: BTreeMap<PeerId, Timestamp>,
}

impl Blobs {
    pub(crate) fn has_session(&self, session: SessionId) -> bool {
        self.sessions.contains_key(&session)
    }

    /// Takes note of a record's photos; a thumbnail that is not here is wanted at once.
    pub(crate) fn add(&mut self, circle: CircleId, record: &Verified) {
        if record.header().kind.as_str() != Kind::LISTING {
            return;
        }
        let Some(Body::Listing(listing)) = record.body() else { return };
        let mut blobs = Vec::new();
        for photo in &listing.photos {
            let thumb = Blob { hash: photo.thumb, size: photo.thumb_size };
            blobs.extend([Blob { hash: photo.photo, size: photo.size }, thumb]);
            if !self.here.contains(&thumb) {
                self.wanted.entry(thumb).or_default();
            }
        }
        for blob in &blobs {
            self.referred.entry(*blob).or_default().insert((circle, record.id()));
        }
        if !blobs.is_empty() {
            self.by_record.insert(record.id(), blobs);
        }
    }

    /// Forgets a record; gives the blobs to which nothing refers any more.
    fn remove(&mut self, circle: CircleId, id: &RecordId) -> Vec<Blob> {
        let mut unreferred = Vec::new();
        for blob in self.by_record.remove(id).unwrap_or_default() {
            if let Some(records) = self.referred.get_mut(&blob) {
                records.remove(&(circle, *id));
                if records.is_empty() {
                    self.referred.remove(&blob);
                    unreferred.push(blob);
                }
            }
        }
        unreferred
    }

    /// The clock was set back: nothing waits longer for it than planned.
    pub(crate) fn set_back(&mut self, now: Timestamp) {
        self.full_at.clear();
        for session in self.sessions.values_mut() {
            session.heard = session.heard.min(now);
        }
        for until in self.looked_at.values_mut() {
            *until = (*until).min(now.plus_millis(LOOKED_AT_MS));
        }
        self.wanted.values_mut().for_each(Want::ask_anybody);
    }

    /// What is referred to under a hash: more than one only if records lie about its size.
    fn named(&self, hash: Hash) -> impl Iterator<Item = Blob> + '_ {
        let of = |size| Blob { hash, size };
        self.referred.range(of(0)..=of(u32::MAX)).map(|(blob, _)| *blob)
    }
}

impl<S: Store> Protocol<S> {
    /// The records that refer to what has this hash, with their circles.
    pub fn referring(&self, hash: Hash) -> impl Iterator<Item = (CircleId, RecordId)> + '_ {
        let blobs = self.blobs.named(hash);
        blobs.filter_map(|blob| self.blobs.referred.get(&blob)).flatten().copied()
    }

    /// Whether a connected peer has shown that it knows a circle's read secret.
    pub(crate) fn keeps(&self, peer: &PeerId, circle: CircleId) -> bool {
        let rounds = self.peers.get(peer).and_then(|peer| peer.rounds.get(&circle));
        rounds.is_some_and(|rounds| rounds.proven)
    }

    fn is_in_step(&self, peer: &PeerId, circle: CircleId) -> bool {
        let rounds = self.peers.get(peer).and_then(|peer| peer.rounds.get(&circle));
        rounds.is_some_and(Rounds::is_in_step)
    }

    /// The circles of which a record refers to a blob.
    fn circles_of(&self, blob: &Blob) -> impl Iterator<Item = CircleId> {
        let records = self.blobs.referred.get(blob).into_iter().flatten();
        let mut circles: Vec<CircleId> = records.map(|(circle, _)| *circle).collect();
        circles.dedup();
        circles.into_iter()
    }

    /// Follows what changed in a circle.
    pub(crate) fn note_blobs(
        &mut self,
        circle: CircleId,
        news: &News,
        now: Timestamp,
        out: &mut Vec<Output>,
    ) {
        // What comes first, so that the photos of a listing that was edited stay.
        for record in &news.admitted {
            self.blobs.add(circle, record);
        }
        for blob in news.removed.iter().flat_map(|id| self.blobs.remove(circle, id)).collect::<Vec<_>>() {
            self.blobs.here.remove(&blob);
            self.stop_fetching(&blob, out);
            out.push(Output::Blob(BlobOutput::Unreferred(blob)));
        }
        if !news.admitted.is_empty() {
            self.fetch_due(now, out);
        }
    }

    pub(crate) fn blob_input(&mut self, input: BlobInput, now: Timestamp, out: &mut Vec<Output>) {
        match input {
            BlobInput::Here(blobs) => {
                for blob in blobs {
                    self.stop_fetching(&blob, out);
                    self.blobs.here.insert(blob);
                }
            }
            BlobInput::Gone(blob) => {
                self.blobs.here.remove(&blob);
            }
            BlobInput::Begun { blob, bytes } => self.begun(blob, &bytes),
            BlobInput::LookedAt(hash) => self.looked_at(hash, now, out),
            BlobInput::Opened { session, peer } => self.blob_opened(session, peer, now, out),
            BlobInput::Read { session, bytes } => self.blob_read(session, bytes, now, out),
        }
    }

    pub(crate) fn blob_frame(&mut self, id: SessionId, bytes: &[u8], now: Timestamp, out: &mut Vec<Output>) {
        let Some(session) = self.blobs.sessions.get_mut(&id) else { return };
        session.heard = now;
        let peer = session.peer.clone();
        match (&session.part, BlobFrame::decode(bytes)) {
            (Part::Serving(None), Ok(BlobFrame::Ask { blob, offset })) => {
                self.blob_asked(id, Ask { blob, offset, reading: false }, now, out);
            }
            (Part::Fetching(blob), Ok(BlobFrame::Part(bytes))) => {
                let blob = *blob;
                self.part_arrived(id, blob, &peer, bytes, now, out);
            }
            (Part::Fetching(_), Ok(BlobFrame::Lacking)) => self.lacking(id, now, out),
            (Part::Fetching(_) | Part::Serving(_), _) => self.senseless(id, now, out),
        }
    }

    pub(crate) fn blob_closed(&mut self, id: SessionId, now: Timestamp, out: &mut Vec<Output>) {
        let Some(session) = self.blobs.sessions.remove(&id) else { return };
        if let Part::Fetching(blob) = session.part {
            self.fetch_broke(blob, &session.peer, now);
            self.fetch_due(now, out);
        }
    }

    pub(crate) fn blobs_disconnected(&mut self, peer: &PeerId, now: Timestamp) {
        self.blobs.full_at.remove(peer);
        let with = |(id, session): (&SessionId, &BlobSession)| (session.peer == *peer).then_some(*id);
        let sessions: Vec<_> = self.blobs.sessions.iter().filter_map(with).collect();
        for id in sessions {
            if let Some(BlobSession { part: Part::Fetching(blob), .. }) = self.blobs.sessions.remove(&id) {
                self.fetch_broke(blob, peer, now);
            }
        }
        for want in self.blobs.wanted.values_mut() {
            want.forget(peer);
        }
    }

    pub(crate) fn blobs_tick(&mut self, now: Timestamp, out: &mut Vec<Output>) {
        let idle = |session: &BlobSession| {
            let patience = match session.part {
                Part::Fetching(_) => BLOB_WAIT_MS,
                Part::Serving(_) => SESSION_IDLE_MS,
            };
            now.since(session.heard) >= patience
        };
        let sessions = self.blobs.sessions.iter();
        let idle: Vec<_> = sessions.filter(|(_, session)| idle(session)).map(|(id, _)| *id).collect();
        for id in idle {
            out.push(Output::Close(id));
            self.blob_closed(id, now, out);
        }
        self.serve_delayed(now, out);
        self.fetch_due(now, out);
    }
}
