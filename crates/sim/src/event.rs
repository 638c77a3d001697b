//! What is due when, and the running hash of what happened.

use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;

use protocol::{SessionId, Topic};
use record::Hash;

/// Something that will happen to a node.
#[derive(Debug, Clone)]
pub(crate) enum Event {
    /// It starts.
    PowerOn,
    /// A second of its own has passed.
    Tick,
    /// A link to this node is up.
    Connected(usize),
    /// A link to this node broke, and these sessions with it.
    Gone { peer: usize, sessions: Vec<SessionId> },
    /// This node passes on a message.
    Gossip { from: usize, topic: Topic, data: Rc<[u8]> },
    /// This node opened a session.
    Opened { peer: usize, session: SessionId },
    /// A frame arrives.
    Frame { session: SessionId, frame: Vec<u8> },
    /// A frame is sent at last.
    Late { session: SessionId, frame: Vec<u8> },
    /// The other side closed a session.
    Closed(SessionId),
}

impl Event {
    /// How many bytes a link carries for it.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Gossip { data, .. } => data.len(),
            Self::Frame { frame, .. } => frame.len(),
            Self::PowerOn | Self::Tick | Self::Connected(_) | Self::Gone { .. } => 0,
            Self::Opened { .. } | Self::Late { .. } | Self::Closed(_) => 0,
        }
    }
}

/// An event with its node.
#[derive(Debug, Clone)]
pub(crate) struct Due {
    pub(crate) node: usize,
    /// Which run of the node it is for: who was switched off meanwhile does not get it.
    pub(crate) run: u64,
    pub(crate) event: Event,
}

/// What is due, by virtual time in milliseconds, then in the order in which it was planned.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    due: BTreeMap<(u64, u64), Due>,
    planned: u64,
}

impl Queue {
    pub(crate) fn push(&mut self, at: u64, due: Due) {
        self.planned = self.planned.saturating_add(1);
        self.due.insert((at, self.planned), due);
    }

    /// The next event, if it is due by then.
    pub(crate) fn pop(&mut self, until: u64) -> Option<(u64, Due)> {
        let first = self.due.first_entry().filter(|entry| entry.key().0 <= until)?;
        let ((at, _), due) = first.remove_entry();
        Some((at, due))
    }
}

impl fmt::Display for Due {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "node {}: ", self.node)?;
        match &self.event {
            Event::PowerOn => write!(f, "starts"),
            Event::Tick => write!(f, "tick"),
            Event::Connected(peer) => write!(f, "connected to {peer}"),
            Event::Gone { peer, sessions } => write!(f, "lost {peer} and {} sessions", sessions.len()),
            Event::Gossip { from, data, .. } => write!(f, "hears {} bytes from {from}", data.len()),
            Event::Opened { peer, session } => write!(f, "session {} opened by {peer}", session.0),
            Event::Frame { session, frame } => write!(f, "session {}: {} bytes", session.0, frame.len()),
            Event::Late { session, .. } => write!(f, "session {}: says at last", session.0),
            Event::Closed(session) => write!(f, "session {} closed", session.0),
        }
    }
}

/// The running hash of all events.
#[derive(Debug)]
pub(crate) struct Trace(pub(crate) Hash);

impl Trace {
    pub(crate) fn new() -> Self {
        Self(Hash::of(b"sim/trace/1"))
    }

    pub(crate) fn note(&mut self, at: u64, due: &Due) {
        let number = |number: u64| number.to_be_bytes().to_vec();
        let (what, which, data): (&[u8], Vec<u8>, &[u8]) = match &due.event {
            Event::PowerOn => (b"on", Vec::new(), &[]),
            Event::Tick => (b"tick", Vec::new(), &[]),
            Event::Connected(peer) => (b"connected", number(*peer as u64), &[]),
            Event::Gone { peer, sessions } => {
                let sessions = sessions.iter().flat_map(|session| session.0.to_be_bytes());
                (b"gone", number(*peer as u64).into_iter().chain(sessions).collect(), &[])
            }
            Event::Gossip { from, data, .. } => (b"gossip", number(*from as u64), data),
            Event::Opened { session, .. } => (b"opened", number(session.0), &[]),
            Event::Frame { session, frame } => (b"frame", number(session.0), frame),
            Event::Late { session, frame } => (b"late", number(session.0), frame),
            Event::Closed(session) => (b"closed", number(session.0), &[]),
        };
        let place = (due.node as u64).to_be_bytes();
        self.0 =
            Hash::derive("sim/trace/1", &[self.0.as_bytes(), &at.to_be_bytes(), &place, what, &which, data]);
    }
}
