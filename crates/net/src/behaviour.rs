//! All protocols of a node together, and the swarm that runs them.

use std::num::NonZeroU8;

use libp2p::allow_block_list::{self, BlockedPeers};
use libp2p::connection_limits::{self, ConnectionLimits};
use libp2p::identity::Keypair;
use libp2p::swarm::NetworkBehaviour;
use libp2p::swarm::behaviour::toggle::Toggle;
use libp2p::{
    PeerId, Swarm, SwarmBuilder, autonat, dcutr, identify, mdns, noise, ping, quic, relay, tcp, yamux,
};

use crate::config::{
    AGENT, CIRCUIT_BYTES, CIRCUIT_LIFE, CIRCUITS, CIRCUITS_PER_PEER, CONNECTION_IDLE, Config, FIRST_PROBE,
    HANDSHAKE, IDENTIFY_EVERY, MDNS_LIFE, MDNS_QUERY, NEXT_PROBE, PER_PEER, PING_ANSWER, PING_EVERY, PROBE,
    PROBED, PROTOCOL, QUIC_CONNECTION_WINDOW, QUIC_IDLE, QUIC_KEEP_ALIVE, QUIC_STREAM_WINDOW, RESERVATIONS,
    STREAMS,
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
    /// Lets others be reached through this node.
    pub(crate) relay: Toggle<relay::Behaviour>,
    /// Lets this node be reached, and reach others, through a relay.
    pub(crate) relayed: relay::client::Behaviour,
    /// Finds a direct way between two nodes that are connected through a relay.
    pub(crate) upgrade: dcutr::Behaviour,
    /// Asks whether this node can be dialled, and answers others who ask.
    pub(crate) reach: Toggle<autonat::v1::Behaviour>,
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
pub(crate) fn swarm(keypair: &Keypair, config: &Config) -> Result<Swarm<Behaviour>, NetError> {
    let behaviour = behaviour(keypair, config)?;
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
        .with_relay_client(noise::Config::new, yamux)
        .map_err(NetError::setup)?
        .with_behaviour(|_, relayed| behaviour(relayed))
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

fn behaviour(
    keypair: &Keypair,
    config: &Config,
) -> Result<impl FnOnce(relay::client::Behaviour) -> Behaviour, NetError> {
    let limits = &config.limits;
    let me = keypair.public().to_peer_id();
    let identify = identify::Config::new(PROTOCOL.to_owned(), keypair.public())
        .with_agent_version(AGENT.to_owned())
        .with_hide_listen_addrs(true)
        .with_interval(IDENTIFY_EVERY)
        .with_cache_size(0);
    let connections = ConnectionLimits::default()
        .with_max_pending_incoming(Some(limits.pending_inbound))
        .with_max_pending_outgoing(Some(limits.outbound))
        .with_max_established_incoming(Some(limits.inbound))
        .with_max_established_outgoing(Some(limits.outbound))
        .with_max_established_per_peer(Some(PER_PEER));
    let relay = config.relay.then(|| relay::Behaviour::new(me, relay_config()));
    let reach = (config.relay || config.via_any).then(|| autonat::v1::Behaviour::new(me, reach_config()));
    let per_ip = per_ip::Behaviour::new(limits);
    let gossip = single::Behaviour::new(gossip::behaviour(limits)?, me);
    Ok(move |relayed| Behaviour {
        limits: connection_limits::Behaviour::new(connections),
        blocked: allow_block_list::Behaviour::default(),
        per_ip,
        identify: identify::Behaviour::new(identify),
        ping: ping::Behaviour::new(ping::Config::new().with_interval(PING_EVERY).with_timeout(PING_ANSWER)),
        mdns: Toggle::from(None),
        relay: Toggle::from(relay),
        relayed,
        upgrade: dcutr::Behaviour::new(me),
        reach: Toggle::from(reach),
        streams: streams::Behaviour::default(),
        gossip,
    })
}

fn relay_config() -> relay::Config {
    relay::Config {
        max_reservations: RESERVATIONS,
        max_circuits: CIRCUITS,
        max_circuits_per_peer: CIRCUITS_PER_PEER,
        max_circuit_duration: CIRCUIT_LIFE,
        max_circuit_bytes: CIRCUIT_BYTES,
        ..relay::Config::default()
    }
}

/// A peer only tries the address from which it is asked, so addresses of a mesh may be tried as well.
fn reach_config() -> autonat::v1::Config {
    autonat::v1::Config {
        timeout: PROBE,
        // They are tried one after the other, each for as long as a handshake may take.
        max_peer_addresses: PROBED,
        boot_delay: FIRST_PROBE,
        retry_interval: NEXT_PROBE,
        throttle_server_period: NEXT_PROBE / 3,
        only_global_ips: false,
        ..autonat::v1::Config::default()
    }
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
