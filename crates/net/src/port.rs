//! What goes in and what comes out: commands and events in the protocol's words.

use protocol::{MessageRef, PeerId, SessionId, Topic, Verdict};

use crate::Address;

/// What the network is asked to do. None of it fails at once: what became of it is told by [`Event`]s.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Connect to a peer, and connect again with a growing delay whenever it is not connected.
    Dial(Address),
    /// Connect to a peer that another one told of: an address with a peer id. There is room for some hundred
    /// such peers; who can't be reached makes room.
    Meet(Address),
    /// Hear what is published on a topic, and pass it on. At most 128 topics of at most 96 bytes.
    Subscribe(Topic),
    /// The opposite of `Subscribe`.
    Unsubscribe(Topic),
    /// Send to all who are subscribed. Not more than [`MAX_GOSSIP`](protocol::limits::MAX_GOSSIP) bytes.
    /// The same bytes within two minutes are sent once.
    Publish {
        /// The topic, subscribed to or not.
        topic: Topic,
        /// The message.
        data: Vec<u8>,
    },
    /// What becomes of a message that [`Event::Gossip`] brought. Later than ten seconds it is without
    /// effect: the message was forgotten, and is not passed on.
    Judge {
        /// Who brought the message.
        peer: PeerId,
        /// The message.
        message: MessageRef,
        /// What becomes of it.
        verdict: Verdict,
    },
    /// Open a session with a connected peer. If that fails, [`Event::Closed`] tells.
    Open {
        /// The peer.
        peer: PeerId,
        /// The session's number: even, never used before.
        session: SessionId,
    },
    /// The same with a stream of the protocol for blobs.
    OpenForBlobs {
        /// The peer.
        peer: PeerId,
        /// The session's number: even, never used before.
        session: SessionId,
    },
    /// Send a frame in a session; it waits until the session is open. One that is longer than
    /// [`MAX_FRAME`](protocol::limits::MAX_FRAME) ends the session, and so does one with which more than
    /// [`SEND_QUEUE`](crate::SEND_QUEUE) bytes would wait.
    Send {
        /// The session.
        session: SessionId,
        /// The frame, without its length.
        frame: Vec<u8>,
    },
    /// End a session after all that was sent in it has left, or after 10 seconds. Nothing more is read
    /// from it.
    Close {
        /// The session.
        session: SessionId,
    },
    /// Disconnect a peer, and refuse it as long as this node runs.
    Ban {
        /// The peer.
        peer: PeerId,
    },
    /// Say goodbye to all peers and stop. Open sessions are told to be closed, and the event channel ends.
    Shutdown,
}

/// What happened. Events come in the order in which things happened; nothing of a peer comes before its
/// `Connected`, nothing of it (except gossip) after its `Disconnected`, and nothing of a session after its
/// `Closed`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Peers can connect here. One for each address of the machine if it listens at 0.0.0.0.
    Listening(Address),
    /// Peers can no longer connect here: the network is gone, or the relay.
    NotListening(Address),
    /// Whether this node can be dialled by others who are not on its own network, as far as they say. Only
    /// told if it asks them.
    Reachable(bool),
    /// A peer is connected. Told again, after a `Disconnected`, when a new connection took the place of
    /// one that the peer (because it restarted, say) no longer had.
    Connected {
        /// The peer.
        peer: PeerId,
        /// Where it is. If `inbound`, this is not where it listens, unless it came through a relay.
        address: Address,
        /// Whether the peer dialled.
        inbound: bool,
    },
    /// A peer is no longer connected.
    Disconnected {
        /// The peer.
        peer: PeerId,
    },
    /// mDNS found a peer. It is being dialled.
    Found {
        /// The peer.
        peer: PeerId,
    },
    /// A gossip message. It is passed on only when a [`Command::Judge`] accepts it.
    Gossip {
        /// Who brought it; not necessarily who wrote it.
        peer: PeerId,
        /// Its name for [`Command::Judge`].
        message: MessageRef,
        /// Its topic.
        topic: Topic,
        /// The message, at most [`MAX_GOSSIP`](protocol::limits::MAX_GOSSIP) bytes.
        data: Vec<u8>,
    },
    /// A published message reached nobody: no connected peer is subscribed, or no queue had room.
    Unsent {
        /// The topic.
        topic: Topic,
    },
    /// A peer opened a session. Not told of those that this node opened.
    Opened {
        /// Its number: odd.
        session: SessionId,
        /// The peer.
        peer: PeerId,
    },
    /// The same with a stream of the protocol for blobs.
    OpenedForBlobs {
        /// Its number: odd.
        session: SessionId,
        /// The peer.
        peer: PeerId,
    },
    /// A frame of a session, in the order in which the peer sent them.
    Frame {
        /// The session.
        session: SessionId,
        /// The frame, at most [`MAX_FRAME`](protocol::limits::MAX_FRAME) bytes, perhaps none.
        frame: Vec<u8>,
    },
    /// At least [`DRAIN_AFTER`](crate::DRAIN_AFTER) bytes were sent in the session since it was opened, or
    /// since the last such event, and nothing waits to be sent any more.
    Drained {
        /// The session.
        session: SessionId,
    },
    /// A session has ended: either side closed it, or it failed, or could not be opened, or nothing moved in
    /// it for a minute (while this node took its frames). Exactly once
    /// for each session that was opened (or asked for by [`Command::Open`]), also after
    /// [`Command::Close`].
    Closed {
        /// The session.
        session: SessionId,
    },
    /// A peer could not be reached. It will be tried again.
    DialFailed {
        /// Where it was looked for.
        address: Address,
        /// Which peer was expected there, if that is known.
        peer: Option<PeerId>,
        /// Why, in a few words.
        reason: String,
    },
}
