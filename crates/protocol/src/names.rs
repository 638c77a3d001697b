//! The names by which the protocol and the network speak of the same things.

use std::fmt;
use std::sync::Arc;

/// A node, by its libp2p peer id in text form. To the protocol it is an opaque, ordered name.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PeerId(Arc<str>);

impl PeerId {
    /// A peer with this name.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self(name.into())
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PeerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for PeerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Which end of a session this node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// This node opened it.
    Initiator,
    /// The peer opened it.
    Responder,
}

/// One sync session (one stream) between this node and a peer. Numbers are this node's own and are
/// never used again while it runs: even ones for sessions that it opens, given by the protocol; odd
/// ones for sessions that peers open, given by the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(pub u64);

impl SessionId {
    /// Which end of the session this node is.
    #[must_use]
    pub const fn role(self) -> Role {
        if self.0.is_multiple_of(2) { Role::Initiator } else { Role::Responder }
    }
}

/// The name of a gossip topic, derived from a circle's read secret.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Topic(pub Arc<str>);

/// A gossip message that waits for a [`Verdict`]: the network's own name for it, opaque here.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageRef(pub Arc<[u8]>);

/// What becomes of a gossip message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// New and good: pass it on.
    Accept,
    /// Nobody's fault (old, expired, over quota…): don't pass it on.
    Ignore,
    /// The sender's fault (malformed, bad signature): don't pass it on, and it costs the sender.
    Reject,
}
