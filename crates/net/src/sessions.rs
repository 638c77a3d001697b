//! All sessions of this node: which there are, whose they are, how many.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use libp2p::PeerId;
use libp2p::swarm::Stream;
use protocol::limits::MAX_FRAME;
use protocol::{Role, SessionId};
use tokio::sync::{Notify, Semaphore, mpsc};
use tokio::task::AbortHandle;

use crate::config::{Limits, SEND_QUEUE};
use crate::outbox::{Gate, Outbox, Room};
use crate::session::{self, Patience, Pulse, Shared};
use crate::streams::Wire;
use crate::{Event, names};

/// See the module. What ends here is told at once, so that a peer's sessions are told to be closed before
/// the peer is told to be gone.
pub(crate) struct Sessions {
    /// Places for sessions that peers open, and how many of them one peer may take.
    places: Arc<Semaphore>,
    places_per_peer: usize,
    patience: Patience,
    outbox: Outbox,
    table: HashMap<SessionId, Session>,
    /// The number of the next session that a peer opens.
    next: u64,
    /// Sessions whose task has ended.
    ended: mpsc::UnboundedSender<SessionId>,
}

struct Session {
    peer: PeerId,
    shared: Arc<Shared>,
    /// Where to put frames; nowhere once it is being closed.
    frames: Option<mpsc::UnboundedSender<Vec<u8>>>,
    state: State,
}

enum State {
    /// Waits for its stream, with what is to be sent in it.
    Opening(mpsc::UnboundedReceiver<Vec<u8>>),
    Open(AbortHandle),
}

impl Sessions {
    pub(crate) fn new(limits: &Limits, outbox: Outbox) -> (Self, mpsc::UnboundedReceiver<SessionId>) {
        let (ended, receiver) = mpsc::unbounded_channel();
        let sessions = Self {
            places: Arc::new(Semaphore::new(limits.sessions)),
            places_per_peer: limits.sessions_per_peer,
            patience: Patience::default(),
            outbox,
            table: HashMap::new(),
            next: 1,
            ended,
        };
        (sessions, receiver)
    }

    /// A new peer's share of the places.
    pub(crate) fn share(&self) -> Arc<Semaphore> {
        Arc::new(Semaphore::new(self.places_per_peer))
    }

    /// A session that this node wants to open with `peer`. False if it cannot be: then that was told.
    pub(crate) fn prepare(&mut self, session: SessionId, peer: Option<PeerId>) -> bool {
        let (Some(peer), Role::Initiator, None) = (peer, session.role(), self.table.get(&session)) else {
            tracing::debug!(session = session.0, "not connected, or no number for a new session");
            if !self.table.contains_key(&session) {
                self.outbox.tell(Event::Closed { session });
            }
            return false;
        };
        let (frames, waiting) = mpsc::unbounded_channel();
        let session_of = Session {
            peer,
            shared: self.shared(session, [None, None]),
            frames: Some(frames),
            state: State::Opening(waiting),
        };
        self.table.insert(session, session_of);
        true
    }

    /// The stream of a prepared session is there.
    pub(crate) fn opened(&mut self, session: SessionId, stream: Stream, pulse: &Arc<Pulse>) {
        // It may have been closed while it was being opened.
        let Some(mut entry) = self.table.remove(&session) else { return };
        if let State::Opening(waiting) = entry.state {
            let task = self.spawn(stream, waiting, &entry.shared, pulse);
            entry.state = State::Open(task);
        }
        self.table.insert(session, entry);
    }

    /// A peer opened a session: it gets a number, or is refused if there are too many, among all or in the
    /// peer's `share`.
    pub(crate) fn accept(
        &mut self,
        peer: PeerId,
        (wire, stream): (Wire, Stream),
        pulse: &Arc<Pulse>,
        share: &Arc<Semaphore>,
    ) {
        let room =
            [Arc::clone(share).try_acquire_owned().ok(), Arc::clone(&self.places).try_acquire_owned().ok()];
        if room.iter().any(Option::is_none) {
            tracing::debug!(%peer, "refused a session: there are too many");
            return;
        }
        let session = SessionId(self.next);
        self.next += 2;
        let name = names::to_name(&peer);
        self.outbox.tell(match wire {
            Wire::Sync => Event::Opened { session, peer: name },
            Wire::Blob => Event::OpenedForBlobs { session, peer: name },
        });
        let shared = self.shared(session, room);
        let (frames, waiting) = mpsc::unbounded_channel();
        let task = self.spawn(stream, waiting, &shared, pulse);
        let entry = Session { peer, shared, frames: Some(frames), state: State::Open(task) };
        self.table.insert(session, entry);
    }

    /// Puts a frame into a session's queue.
    pub(crate) fn send(&mut self, session: SessionId, frame: Vec<u8>) {
        let Some(entry) = self.table.get(&session) else { return };
        let Some(frames) = &entry.frames else { return };
        let waiting = entry.shared.waiting.load(Ordering::Relaxed).saturating_add(frame.len());
        if frame.len() > MAX_FRAME || waiting > SEND_QUEUE {
            tracing::warn!(session = session.0, frame = frame.len(), waiting, "too much to send");
            self.end(session);
            return;
        }
        entry.shared.waiting.fetch_add(frame.len(), Ordering::Relaxed);
        if frames.send(frame).is_err() {
            self.end(session);
        }
    }

    /// Closes a session when all is sent.
    pub(crate) fn close(&mut self, session: SessionId) {
        let Some(entry) = self.table.get_mut(&session) else { return };
        entry.frames = None;
        entry.shared.closing.notify_one();
    }

    /// Ends a session now.
    pub(crate) fn end(&mut self, session: SessionId) {
        let Some(entry) = self.table.remove(&session) else { return };
        entry.stop();
    }

    /// Ends all sessions with a peer now.
    pub(crate) fn end_all_of(&mut self, peer: PeerId) {
        for entry in self.table.extract_if(|_, session| session.peer == peer) {
            entry.1.stop();
        }
    }

    /// Ends all sessions now.
    pub(crate) fn end_all(&mut self) {
        for (_, entry) in self.table.drain() {
            entry.stop();
        }
    }

    fn shared(&self, session: SessionId, room: Room) -> Arc<Shared> {
        Arc::new(Shared {
            gate: Gate::new(session, self.outbox.clone(), room),
            waiting: AtomicUsize::new(0),
            closing: Notify::new(),
        })
    }

    fn spawn(
        &self,
        stream: Stream,
        waiting: mpsc::UnboundedReceiver<Vec<u8>>,
        shared: &Arc<Shared>,
        pulse: &Arc<Pulse>,
    ) -> AbortHandle {
        let ended = self.ended.clone();
        let session = shared.gate.session();
        let run = session::run(stream, waiting, Arc::clone(shared), Arc::clone(pulse), self.patience);
        let task = tokio::spawn(async move {
            run.await;
            // An error means that there is nobody to tell: the node has stopped.
            let _stopped = ended.send(session);
        });
        task.abort_handle()
    }
}

impl Session {
    fn stop(self) {
        self.shared.gate.close();
        if let State::Open(task) = self.state {
            task.abort();
        }
    }
}
