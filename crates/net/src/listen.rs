//! Beginning to listen, with errors that a person understands, before anything else happens.

use std::collections::HashSet;
use std::io::{self, ErrorKind};
use std::net::{TcpListener, UdpSocket};

use futures::StreamExt as _;
use libp2p::Swarm;
use libp2p::core::transport::ListenerId;
use libp2p::swarm::SwarmEvent;
use tokio::time::{Instant, timeout_at};

use crate::behaviour::{Behaviour, BehaviourEvent};
use crate::config::LISTEN;
use crate::{Address, Carrier, NetError};

/// What the swarm told meanwhile.
pub(crate) type Early = Vec<SwarmEvent<BehaviourEvent>>;

/// Listens at all `addresses`, and waits until each of them is ready or one has failed.
pub(crate) async fn listen(swarm: &mut Swarm<Behaviour>, addresses: &[Address]) -> Result<Early, NetError> {
    let mut waiting: HashSet<ListenerId> = HashSet::new();
    let mut at = Vec::new();
    for (index, address) in addresses.iter().enumerate() {
        if addresses.iter().take(index).any(|earlier| earlier == address) {
            continue;
        }
        if address.is_relayed() {
            let reason = "a node listens through a relay with --via".to_owned();
            return Err(NetError::Listen { address: address.clone(), reason });
        }
        probe(address).map_err(|error| explain(address, &error))?;
        let listener = swarm
            .listen_on(address.bare())
            .map_err(|error| NetError::Listen { address: address.clone(), reason: error.to_string() })?;
        waiting.insert(listener);
        at.push((listener, address));
    }
    let mut early = Early::new();
    let deadline = Instant::now() + LISTEN;
    while !waiting.is_empty() {
        let Ok(event) = timeout_at(deadline, swarm.select_next_some()).await else {
            tracing::warn!("no network is up yet: the node will be reachable when one is");
            break;
        };
        if let SwarmEvent::NewListenAddr { listener_id, .. } = &event {
            waiting.remove(listener_id);
        } else if let SwarmEvent::ListenerClosed { listener_id, reason, .. } = &event
            && let Some((_, address)) = at.iter().find(|(listener, _)| listener == listener_id)
        {
            let reason =
                reason.as_ref().err().map_or_else(|| "it was closed".to_owned(), ToString::to_string);
            return Err(NetError::Listen { address: (*address).clone(), reason });
        }
        early.push(event);
    }
    Ok(early)
}

/// Whether one can listen there. libp2p's TCP sets `SO_REUSEPORT`, so a second node of the same user would
/// share the port of the first without noticing, each of them getting half of the visitors.
fn probe(address: &Address) -> io::Result<()> {
    match address.carrier() {
        Carrier::Tcp => TcpListener::bind(address.socket()).map(drop),
        Carrier::Quic => UdpSocket::bind(address.socket()).map(drop),
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "all other kinds of error are told as they are")]
fn explain(address: &Address, error: &io::Error) -> NetError {
    let port = address.socket().port();
    let address = address.clone();
    match error.kind() {
        ErrorKind::AddrInUse => NetError::PortTaken { address, port },
        ErrorKind::PermissionDenied => NetError::PortForbidden { address, port },
        ErrorKind::AddrNotAvailable => NetError::NoSuchAddress { address },
        _ => NetError::Listen { address, reason: error.to_string() },
    }
}
