//! The same peers, topics and verdicts in the protocol's words and in libp2p's.

use std::sync::Arc;

use libp2p::gossipsub::{IdentTopic, MessageAcceptance, MessageId};
use protocol::{MessageRef, Topic, Verdict};

pub(crate) fn to_name(peer: &libp2p::PeerId) -> protocol::PeerId {
    protocol::PeerId::new(&peer.to_base58())
}

/// `None` for a name that no libp2p peer can have: then there is no such peer.
pub(crate) fn to_peer(name: &protocol::PeerId) -> Option<libp2p::PeerId> {
    name.as_str().parse().ok()
}

pub(crate) fn to_gossip_topic(topic: &Topic) -> IdentTopic {
    IdentTopic::new(topic.0.as_ref())
}

pub(crate) fn to_message_ref(id: &MessageId) -> MessageRef {
    MessageRef(Arc::from(id.0.as_slice()))
}

pub(crate) fn to_message_id(message: &MessageRef) -> MessageId {
    MessageId::new(&message.0)
}

pub(crate) const fn to_acceptance(verdict: Verdict) -> MessageAcceptance {
    match verdict {
        Verdict::Accept => MessageAcceptance::Accept,
        Verdict::Ignore => MessageAcceptance::Ignore,
        Verdict::Reject => MessageAcceptance::Reject,
    }
}
