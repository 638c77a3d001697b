//! What the protocol is told, and what it wants done.

use record::{CircleId, MemberId, ReadSecret, Seal, Timestamp};

use crate::blobs::{BlobInput, BlobOutput};
use crate::circle::News;
use crate::knock::Knock;
use crate::names::{MessageRef, PeerId, SessionId, Topic, Verdict};
use crate::store::StoreError;

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// Time went on; at least once a second.
    Tick,
    /// A peer is connected.
    Connected(PeerId),
    /// A peer's last connection is gone.
    Disconnected(PeerId),
    /// This node listens at these addresses, each with its name in it, the most useful ones first. Peers
    /// that keep the same circle are told the first few.
    Listening(Vec<String>),
    /// A gossip message waits for a verdict.
    Gossip {
        /// Who passed it on.
        peer: PeerId,
        /// The network's name for it.
        message: MessageRef,
        /// Where it was published.
        topic: Topic,
        /// Its bytes.
        data: Vec<u8>,
    },
    /// Something could not be published, since nobody listens on the topic yet.
    Unsent(Topic),
    /// A peer opened a session.
    Opened {
        /// The session.
        session: SessionId,
        /// With whom.
        peer: PeerId,
    },
    /// A frame arrived.
    Frame {
        /// In this session.
        session: SessionId,
        /// Its bytes.
        frame: Vec<u8>,
    },
    /// A session is closed, or could not be opened.
    Closed(SessionId),
    /// Ask all peers again which circles they keep.
    AskCircles,
    /// Knock at a peer, which gave a token to this node's member.
    Knock {
        /// The peer.
        peer: PeerId,
        /// Where, who and with what.
        knock: Knock,
    },
    /// What became of an [`Output::Knocked`].
    Answered {
        /// The session.
        session: SessionId,
        /// Whether the member is in; none if that can't be said now: it may knock again.
        admitted: Option<bool>,
    },
    /// Something about blobs.
    Blob(BlobInput),
    /// What an [`Output::Prove`] asked for.
    Proven {
        /// The session.
        session: SessionId,
        /// This node's member and its seal; none if it can't seal in that circle.
        seal: Option<(MemberId, Seal)>,
    },
}

/// What to do.
#[derive(Debug, Clone)]
pub enum Output {
    /// Listen to a topic.
    Subscribe(Topic),
    /// Listen to it no more.
    Unsubscribe(Topic),
    /// Publish a message.
    Publish {
        /// Where.
        topic: Topic,
        /// Its bytes.
        data: Vec<u8>,
    },
    /// Give the verdict on a gossip message.
    Judge {
        /// Who passed it on.
        peer: PeerId,
        /// Which one.
        message: MessageRef,
        /// What becomes of it.
        verdict: Verdict,
    },
    /// Open a session.
    Open {
        /// With this peer.
        peer: PeerId,
        /// Under this number.
        session: SessionId,
    },
    /// Send a frame.
    Send {
        /// In this session.
        session: SessionId,
        /// Its bytes.
        frame: Vec<u8>,
    },
    /// Close a session, once what was sent is delivered.
    Close(SessionId),
    /// Have nothing to do with this peer any more.
    Ban(PeerId),
    /// The catalogue of a circle changed.
    Changed {
        /// The circle.
        circle: CircleId,
        /// How.
        news: News,
    },
    /// A round with a peer is finished.
    Synced {
        /// With whom.
        peer: PeerId,
        /// Of which circle.
        circle: CircleId,
        /// How many records came.
        received: usize,
        /// How many went.
        sent: usize,
    },
    /// A peer that keeps a circle of this node's told what its clock shows.
    Clock {
        /// Who.
        peer: PeerId,
        /// What it shows.
        clock: Timestamp,
    },
    /// A peer told where others are that keep the same circle. Whether to connect to them is the node's to say.
    Told {
        /// Who said so.
        by: PeerId,
        /// Their addresses, unchecked.
        addresses: Vec<String>,
    },
    /// A circle's read secret has turned, and a peer gives the new one to members: a member of this node's
    /// shall seal this under [`RENEWAL_PURPOSE`](crate::RENEWAL_PURPOSE). Answered by [`Input::Proven`].
    Prove {
        /// In this session.
        session: SessionId,
        /// The circle.
        circle: CircleId,
        /// What is sealed.
        payload: Vec<u8>,
    },
    /// Somebody knocks: whether the token is good is the node's to say. Answered by [`Input::Answered`].
    Knocked {
        /// In this session.
        session: SessionId,
        /// Where, who and with what.
        knock: Knock,
    },
    /// A peer answered an [`Input::Knock`].
    Answered {
        /// The circle.
        circle: CircleId,
        /// Whether this node's member is in.
        admitted: bool,
    },
    /// The read secrets that are held of a circle, the one in use first: to be kept, readable by the owner
    /// alone, and given to [`Protocol::follow`](crate::Protocol::follow) after a restart.
    Secrets {
        /// The circle.
        circle: CircleId,
        /// The secrets.
        held: Vec<ReadSecret>,
    },
    /// Something to do about blobs.
    Blob(BlobOutput),
    /// Peers told which circles they keep: see [`Protocol::nearby`](crate::Protocol::nearby).
    CirclesNearby,
    /// The store failed; what should have been kept is not.
    StoreFailed(StoreError),
}
