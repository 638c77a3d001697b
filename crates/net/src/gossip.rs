//! Gossipsub's settings. Its defaults are made for a large network of strong machines, and its default
//! scores are unsafe; each value that differs has its reason here.

use std::time::Duration;

use libp2p::gossipsub::{
    self, CallbackSubscriptionFilter, ConfigBuilder, IdentTopic, IdentityTransform,
    MaxCountSubscriptionFilter, Message, MessageAuthenticity, MessageId, PeerScoreParams,
    PeerScoreThresholds, TopicHash, TopicScoreParams, ValidationMode,
};
use protocol::limits::MAX_GOSSIP;
use sha2::{Digest as _, Sha256};

use crate::NetError;
use crate::config::Limits;
use crate::per_ip::LOOPBACK;

/// The longest name of a topic, in bytes, and how many topics a peer may subscribe to: what gossipsub keeps
/// for a peer is bounded by the product, and all of it must fit into one message.
pub(crate) const TOPIC_LENGTH: usize = 96;
pub(crate) const TOPICS: usize = 128;

/// The largest message on the wire: one gossip message with its topic, and 8 KiB more, because gossipsub
/// 0.50 compares the limit not with a message but with all that its last read (of 8 KiB) left in the
/// buffer. With less, a burst of large messages breaks the stream, and five such breaks end gossip on the
/// connection.
const MAX_RPC: usize = MAX_GOSSIP + 1024 + 8 * 1024;
/// Message ids in one announcement or request. gossipsub's 5000 would need 170 kB in one message, which
/// the other side refuses.
const MAX_IDS: usize = 400;
/// How often gossipsub looks after its meshes.
const HEARTBEAT: Duration = Duration::from_secs(1);
/// Before the first time; the default of 5 seconds would be felt by whoever starts a node.
const FIRST_HEARTBEAT: Duration = Duration::from_millis(500);
/// How many heartbeats a message waits for its verdict, and can be asked for by others.
const HISTORY: usize = 10;
/// How long a message is remembered so that it is not passed on twice.
const SEEN: Duration = Duration::from_secs(120);
/// Messages that wait for one slow peer. The default of 5,000 messages costs 80 MB a peer.
const QUEUE: usize = 256;

/// Subscriptions that are taken note of: also those to topics that this node doesn't know (yet). A peer
/// tells its subscriptions once, so a filter for this node's own topics would make it deaf to all who were
/// connected before it joined a circle.
pub(crate) type Filter = MaxCountSubscriptionFilter<CallbackSubscriptionFilter<fn(&TopicHash) -> bool>>;
/// Gossipsub as this node uses it.
pub(crate) type Behaviour = gossipsub::Behaviour<IdentityTransform, Filter>;

fn is_short(topic: &TopicHash) -> bool {
    topic.as_str().len() <= TOPIC_LENGTH
}

/// Messages carry no author at this level (records are signed themselves), so the default id, made of
/// author and sequence number, would be the same for all.
fn message_id(message: &Message) -> MessageId {
    MessageId::new(&Sha256::digest(&message.data))
}

/// Gossipsub for this node.
pub(crate) fn behaviour(limits: &Limits) -> Result<Behaviour, NetError> {
    let config = ConfigBuilder::default()
        .validation_mode(ValidationMode::Anonymous)
        .validate_messages()
        .message_id_fn(message_id)
        .max_transmit_size(MAX_RPC)
        .max_control_message_size(MAX_RPC)
        .max_control_messages_sent(MAX_IDS)
        .connection_handler_queue_len(QUEUE)
        .heartbeat_interval(HEARTBEAT)
        .heartbeat_initial_delay(FIRST_HEARTBEAT)
        .history_length(HISTORY)
        .duplicate_cache_time(SEEN)
        .flood_publish(true)
        .mesh_n(6)
        .mesh_n_low(4)
        .mesh_n_high(12)
        .mesh_outbound_min(2)
        .build()
        .map_err(NetError::setup)?;
    let filter = MaxCountSubscriptionFilter {
        filter: CallbackSubscriptionFilter(is_short as fn(&TopicHash) -> bool),
        max_subscribed_topics: TOPICS,
        max_subscriptions_per_request: TOPICS,
    };
    let mut behaviour =
        gossipsub::Behaviour::new_with_subscription_filter(MessageAuthenticity::Anonymous, config, filter)
            .map_err(NetError::setup)?;
    behaviour.with_peer_score(peer_score(limits), thresholds()).map_err(NetError::setup)?;
    Ok(behaviour)
}

/// Scores a topic too; without this a peer could send anything on it for ever.
pub(crate) fn score(behaviour: &mut Behaviour, topic: IdentTopic) {
    if let Err(reason) = behaviour.set_topic_params(topic, topic_score()) {
        tracing::error!(reason, "a gossip topic is not scored");
    }
}

fn peer_score(limits: &Limits) -> PeerScoreParams {
    PeerScoreParams {
        // A tenth of what it takes to be ignored: nobody can earn in one circle what it spends in another.
        topic_score_cap: 100.0,
        // Neighbours share an address: the limit of connections counts, not this.
        ip_colocation_factor_threshold: f64::from(limits.per_local_ip.max(limits.per_public_ip).max(1)),
        ip_colocation_factor_whitelist: LOOPBACK.into(),
        // Six slips are free, 38 within a few minutes are not.
        behaviour_penalty_weight: -10.0,
        behaviour_penalty_threshold: 6.0,
        behaviour_penalty_decay: 0.99,
        // To be slow is no fault. Gossipsub would also blame all peers for a burst of this node's own.
        slow_peer_weight: 0.0,
        retain_score: Duration::from_secs(60 * 60),
        ..PeerScoreParams::default()
    }
}

const fn thresholds() -> PeerScoreThresholds {
    PeerScoreThresholds {
        gossip_threshold: -4_000.0,
        publish_threshold: -5_000.0,
        graylist_threshold: -10_000.0,
        // Nobody may make this node dial others: no score reaches this.
        accept_px_threshold: 1e12,
        opportunistic_graft_threshold: 1.0,
    }
}

/// 21 rejected messages within some minutes make a peer be ignored: 0.25 · −99 · 21² < −10,000. Being in
/// the mesh and bringing new messages earn about 11 at most.
fn topic_score() -> TopicScoreParams {
    TopicScoreParams {
        topic_weight: 0.25,
        time_in_mesh_weight: 0.0027,
        time_in_mesh_quantum: Duration::from_secs(1),
        time_in_mesh_cap: 3_600.0,
        first_message_deliveries_weight: 0.664,
        first_message_deliveries_decay: 0.9916,
        first_message_deliveries_cap: 50.0,
        // A quiet circle is no fault of its members.
        mesh_message_deliveries_weight: 0.0,
        mesh_failure_penalty_weight: 0.0,
        invalid_message_deliveries_weight: -99.0,
        invalid_message_deliveries_decay: 0.9994,
        ..TopicScoreParams::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_settings_are_consistent() {
        assert!(behaviour(&Limits::default()).is_ok());
        assert_eq!(topic_score().validate(), Ok(()));
        assert_eq!(peer_score(&Limits::default()).validate(), Ok(()));
        assert_eq!(thresholds().validate(), Ok(()));
        // A hello with every topic, and a full announcement, are understood by the other side.
        const { assert!(TOPICS * (TOPIC_LENGTH + 8) <= MAX_RPC) };
        const { assert!(MAX_IDS * (32 + 2) + TOPIC_LENGTH + 16 <= MAX_RPC) };
    }

    #[test]
    fn twenty_one_bad_messages_are_enough_and_goodness_does_not_help() {
        let score = topic_score();
        let best = score.topic_weight
            * (score.time_in_mesh_cap * score.time_in_mesh_weight
                + score.first_message_deliveries_cap * score.first_message_deliveries_weight);
        assert!(best < 11.0);
        let cost =
            |bad: f64| score.topic_weight * score.invalid_message_deliveries_weight * bad.powi(2) + best;
        assert!(cost(21.0) < thresholds().graylist_threshold);
        assert!(cost(20.0) > thresholds().graylist_threshold);
        let capped = peer_score(&Limits::default()).topic_score_cap;
        assert!(capped <= -thresholds().graylist_threshold / 10.0);
    }
}
