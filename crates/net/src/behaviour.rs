//! All protocols of a node together, and the swarm that runs them.

use std::num::NonZeroU8;

use libp2p::allow_block_list::{self, BlockedPeers};
use libp2p::connection_limits::{self, ConnectionLimits};
use libp2p::identity::Keypair;
use libp2p::swarm::NetworkBehaviour;
use libp2p::swarm::behaviour::toggle::Toggle;
use libp2p::{PeerId, Swarm, SwarmBuilder, identify, mdns, noise, ping, quic, tcp, yamux};

use crate::config::{
    AGENT, CONNECTION_IDLE, HANDSHAKE, Limits, MDNS_LIFE, MDNS_QUERY, PER_PEER, PING_ANSWER, PING_EVERY,
    PROTOCOL, QUIC_CONNECTION_WINDOW, QUIC_IDLE, QUIC_KEEP_ALIVE, QUIC_STREAM_WINDOW, STREAMS,
};
use crate::{NetError, gossip, per_ip, single, streams};

/// All protocols of a node. The order matters: who refuses connections comes first, gossip (which counts
/// what was not refused) last.
#[derive(NetworkBehaviour)]
pub(crate) struct Behaviour {
    pub(crate) limits: connection_limits::Behaviour,
    pub(crate) blocked: allow_block_list::Behaviour<BlockedPeers>,
    pub(crate) per_ip: per_ip::Behaviour,
    pub(crate) identify: identify::Behaviour,
    pub(crate) ping: ping::Behaviour,
    pub(crate) mdns: Toggle<mdns::tokio::Behaviour>,
    pub(crate) streams: streams::Behaviour,
    pub(crate) gossip: single::Behaviour<gossip::Behaviour>,
}

/// The node's key pair.
pub(crate) fn keypair(secret: &[u8; 32]) -> Result<Keypair, NetError> {
    // A copy, because libp2p wipes what it is given.
    let mut copy = *secret;
    Keypair::ed25519_from_bytes(&mut copy).map_err(NetError::setup)
}

/// A swarm with all protocols, except mDNS, that neither listens nor dials yet.
pub(crate) fn swarm(keypair: &Keypair, limits: &Limits) -> Result<Swarm<Behaviour>, NetError> {
    let behaviour = behaviour(keypair, limits)?;
    let yamux = || {
        let mut config = yamux::Config::default();
        config.set_max_num_streams(STREAMS);
        config
    };
    let swarm = SwarmBuilder::with_existing_identity(keypair.clone())
        .with_tokio()
        .with_tcp(tcp::Config::default().nodelay(true), noise::Config::new, yamux)
        .map_err(NetError::setup)?
        .with_quic_config(quic_config)
        .with_behaviour(|_| behaviour)
        .map_err(NetError::setup)?
        .with_swarm_config(|config| {
            config
                .with_idle_connection_timeout(CONNECTION_IDLE)
                .with_max_negotiating_inbound_streams(STREAMS)
                // One address at a time, see `dialer`.
                .with_dial_concurrency_factor(NonZeroU8::MIN)
        })
        .with_connection_timeout(HANDSHAKE)
        .build();
    Ok(swarm)
}

/// mDNS. It fails where the system doesn't tell which networks there are.
pub(crate) fn mdns(me: PeerId) -> Result<mdns::tokio::Behaviour, std::io::Error> {
    let config = mdns::Config { ttl: MDNS_LIFE, query_interval: MDNS_QUERY, enable_ipv6: false };
    mdns::tokio::Behaviour::new(config, me)
}

fn behaviour(keypair: &Keypair, limits: &Limits) -> Result<Behaviour, NetError> {
    let me = keypair.public().to_peer_id();
    let identify = identify::Config::new(PROTOCOL.to_owned(), keypair.public())
        .with_agent_version(AGENT.to_owned())
        .with_hide_listen_addrs(true)
        .with_cache_size(0);
    let connections = ConnectionLimits::default()
        .with_max_pending_incoming(Some(limits.pending_inbound))
        .with_max_pending_outgoing(Some(limits.outbound))
        .with_max_established_incoming(Some(limits.inbound))
        .with_max_established_outgoing(Some(limits.outbound))
        .with_max_established_per_peer(Some(PER_PEER));
    Ok(Behaviour {
        limits: connection_limits::Behaviour::new(connections),
        blocked: allow_block_list::Behaviour::default(),
        per_ip: per_ip::Behaviour::new(limits),
        identify: identify::Behaviour::new(identify),
        ping: ping::Behaviour::new(ping::Config::new().with_interval(PING_EVERY).with_timeout(PING_ANSWER)),
        mdns: Toggle::from(None),
        streams: streams::Behaviour::default(),
        gossip: single::Behaviour::new(gossip::behaviour(limits)?, me),
    })
}

fn quic_config(mut config: quic::Config) -> quic::Config {
    config.handshake_timeout = HANDSHAKE;
    config.max_idle_timeout = u32::try_from(QUIC_IDLE.as_millis()).unwrap_or(u32::MAX);
    config.keep_alive_interval = QUIC_KEEP_ALIVE;
    config.max_concurrent_stream_limit = u32::try_from(STREAMS).unwrap_or(u32::MAX);
    config.max_stream_data = QUIC_STREAM_WINDOW;
    config.max_connection_data = QUIC_CONNECTION_WINDOW;
    config
}
