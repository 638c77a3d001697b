//! One connection to each peer, and the gossip on it.
//!
//! libp2p allows several connections to a peer, and gossipsub 0.50 sends its subscriptions on the first
//! one only. So when a peer restarts while its old connection still seems to be alive here, its new
//! connection is no first one: it never learns what this node subscribes to, and gossip with it is dead
//! (rust-libp2p #5097). Closing the old connection afterwards doesn't help, and on a dead path closing may
//! itself take a quarter of an hour.
//!
//! This behaviour wraps gossipsub and shows it exactly one connection to each peer. When a second one
//! comes, both ends choose by the same rule ([`Behaviour::prefers`]). If the new one is chosen, gossipsub is
//! told that the old one is closed before it hears of the new one, and starts afresh; the old one is
//! really closed in the background, and nothing of it is heard any more. If the two ends should disagree,
//! both connections close and the peers dial again.
//!
//! A direct connection takes the place of one through a relay. And a connection by which one end tries,
//! because it was asked to, whether the other can be dialled is *aside* at both ends, beside the one that there
//! is: it has shown all that it can show, and is closed.
//!
//! It must be the last field of the whole behaviour: what it has admitted, nobody may refuse afterwards.

use std::collections::{HashMap, HashSet, VecDeque};
use std::convert::Infallible;
use std::fmt;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use either::Either;
use libp2p::core::transport::PortUse;
use libp2p::core::{ConnectedPoint, Endpoint};
use libp2p::swarm::behaviour::{ConnectionClosed, ConnectionEstablished, FromSwarm};
use libp2p::swarm::{
    CloseConnection, ConnectionDenied, ConnectionId, NetworkBehaviour, THandler, THandlerInEvent,
    THandlerOutEvent, ToSwarm, dummy,
};
use libp2p::{Multiaddr, PeerId};

use crate::Address;
use crate::per_ip::ip_of;

/// A second connection that comes sooner than this after the first was dialled at the same time. Later it
/// means that the peer has lost the first: nobody dials a peer to whom it is connected.
const SIMULTANEOUS: Duration = Duration::from_secs(5);

/// See the module.
pub(crate) struct Behaviour<B: NetworkBehaviour> {
    inner: B,
    me: PeerId,
    live: HashMap<PeerId, Live>,
    /// The attempt that this node makes itself; all others were suggested by a peer.
    own: Option<ConnectionId>,
    /// Who asked this node to be dialled: the next attempt that is not its own is for that.
    asked: HashSet<PeerId>,
    /// Those attempts.
    trials: HashSet<ConnectionId>,
    /// Who was asked to dial this node, and until when that may come.
    awaited: HashMap<PeerId, Instant>,
    aside: HashSet<ConnectionId>,
    events: VecDeque<Action<B>>,
}

/// What the connections of the wrapped behaviour have, and those that are aside.
type Handler<B> = Either<THandler<B>, dummy::ConnectionHandler>;
/// What the swarm is asked to do.
type Action<B> = ToSwarm<Event<<B as NetworkBehaviour>::ToSwarm>, Either<THandlerInEvent<B>, Infallible>>;

struct Live {
    connection: ConnectionId,
    endpoint: ConnectedPoint,
    since: Instant,
}

/// What the wrapped behaviour tells, and which connection is the one.
#[derive(Debug)]
pub(crate) enum Event<E> {
    /// This is now the connection to the peer.
    Up { peer: PeerId, connection: ConnectionId, endpoint: ConnectedPoint },
    /// It no longer is. Always told before another one comes up.
    Down { peer: PeerId },
    /// From the wrapped behaviour.
    Inner(E),
}

/// Why a connection was refused: there is one already.
#[derive(Debug)]
pub(crate) struct Superfluous;

impl fmt::Display for Superfluous {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("already connected to this peer")
    }
}

impl std::error::Error for Superfluous {}

impl<B: NetworkBehaviour> Behaviour<B> {
    pub(crate) fn new(inner: B, me: PeerId) -> Self {
        Self {
            inner,
            me,
            live: HashMap::new(),
            own: None,
            asked: HashSet::new(),
            trials: HashSet::new(),
            awaited: HashMap::new(),
            aside: HashSet::new(),
            events: VecDeque::new(),
        }
    }

    /// This node itself wants this attempt, which is about to be made.
    pub(crate) fn wants(&mut self, attempt: ConnectionId) {
        self.own = Some(attempt);
    }

    /// A peer asked to be dialled, which is about to be done.
    pub(crate) fn tries(&mut self, peer: PeerId) {
        self.asked.insert(peer);
    }

    /// A peer was asked to dial this node. Its answer says nothing about when the connection is seen here, so
    /// that is not waited for.
    pub(crate) fn awaits(&mut self, peer: PeerId, until: Instant) {
        let now = Instant::now();
        self.awaited.retain(|_, until| *until > now);
        self.awaited.insert(peer, until);
    }

    /// A peer will not dial this node: it does not know how.
    pub(crate) fn awaits_no_more(&mut self, peer: &PeerId) {
        self.awaited.remove(peer);
    }

    pub(crate) fn inner_mut(&mut self) -> &mut B {
        &mut self.inner
    }

    /// Gives up the connection to a peer. It counts as closed from now on, however long closing takes.
    pub(crate) fn give_up(&mut self, peer: PeerId) {
        let Some(live) = self.live.remove(&peer) else { return };
        self.inner.on_swarm_event(FromSwarm::ConnectionClosed(ConnectionClosed {
            peer_id: peer,
            connection_id: live.connection,
            endpoint: &live.endpoint,
            cause: None,
            remaining_established: 0,
        }));
        self.events.push_back(ToSwarm::GenerateEvent(Event::Down { peer }));
        self.events.push_back(ToSwarm::CloseConnection {
            peer_id: peer,
            connection: CloseConnection::One(live.connection),
        });
    }

    /// Whether a new connection shall take the place of an old one. The rule gives the same answer at both
    /// ends, in whatever order they see the two: of two that were dialled at the same time by both, the one
    /// dialled by the smaller peer id; of two dialled by one of them, the first; otherwise the newer.
    fn prefers(&self, peer: PeerId, new: &ConnectedPoint, old: &Live, now: Instant) -> bool {
        let is_old = now.duration_since(old.since) >= SIMULTANEOUS;
        match (new.is_relayed(), old.endpoint.is_relayed()) {
            (false, true) => return true,
            (true, false) => return is_old,
            (true, true) | (false, false) if is_old => return true,
            (true, true) | (false, false) => {}
        }
        new.is_dialer() != old.endpoint.is_dialer() && new.is_dialer() == (self.me < peer)
    }

    fn admit(
        &mut self,
        connection: ConnectionId,
        peer: PeerId,
        endpoint: ConnectedPoint,
    ) -> Result<Admitted, ConnectionDenied> {
        let now = Instant::now();
        let is_trial = self.trials.remove(&connection);
        if let Some(old) = self.live.get(&peer) {
            let is_awaited = endpoint.is_listener()
                && !endpoint.is_relayed()
                && self.awaited.remove(&peer).is_some_and(|until| until > now);
            if is_trial || is_awaited {
                self.aside.insert(connection);
                return Ok(Admitted::Aside);
            }
            if !self.prefers(peer, &endpoint, old, now) {
                return Err(ConnectionDenied::new(Superfluous));
            }
            self.give_up(peer);
        }
        self.live.insert(peer, Live { connection, endpoint, since: now });
        Ok(Admitted::Live)
    }

    /// Whether an attempt may be made that a peer suggested, to get to it directly or to try whether that can
    /// be. Without a connection to it, it is the way to a relay, which this node has chosen.
    fn is_harmless(&self, peer: Option<PeerId>, addresses: &[Multiaddr]) -> bool {
        let Some(live) = peer.and_then(|peer| self.live.get(&peer)) else { return true };
        let place = match &live.endpoint {
            ConnectedPoint::Dialer { address, .. } => address,
            ConnectedPoint::Listener { local_addr, .. } if live.endpoint.is_relayed() => local_addr,
            ConnectedPoint::Listener { send_back_addr, .. } => send_back_addr,
        };
        let Some(teller) = ip_of(place) else { return false };
        let believable = |address: &Multiaddr| {
            Address::try_from(address.clone()).is_ok_and(|address| address.is_believable_from(teller))
        };
        addresses.iter().all(believable)
    }

    fn is_live(&self, peer: &PeerId, connection: ConnectionId) -> bool {
        self.live.get(peer).is_some_and(|live| live.connection == connection)
    }
}

/// What becomes of a new connection.
enum Admitted {
    Live,
    Aside,
}

/// Why an attempt was not made.
#[derive(Debug)]
struct Unbelievable;

impl fmt::Display for Unbelievable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a peer named an address at which no node can be")
    }
}

impl std::error::Error for Unbelievable {}

impl<B: NetworkBehaviour> NetworkBehaviour for Behaviour<B> {
    type ConnectionHandler = Handler<B>;
    type ToSwarm = Event<B::ToSwarm>;

    fn handle_pending_outbound_connection(
        &mut self,
        connection: ConnectionId,
        peer: Option<PeerId>,
        addresses: &[Multiaddr],
        role: Endpoint,
    ) -> Result<Vec<Multiaddr>, ConnectionDenied> {
        if self.own.take_if(|own| *own == connection).is_none() {
            if peer.is_some_and(|peer| self.asked.remove(&peer)) {
                self.trials.insert(connection);
            }
            if !self.is_harmless(peer, addresses) {
                return Err(ConnectionDenied::new(Unbelievable));
            }
        }
        self.inner.handle_pending_outbound_connection(connection, peer, addresses, role)
    }

    fn handle_established_inbound_connection(
        &mut self,
        connection: ConnectionId,
        peer: PeerId,
        local: &Multiaddr,
        remote: &Multiaddr,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        let endpoint = ConnectedPoint::Listener { local_addr: local.clone(), send_back_addr: remote.clone() };
        match self.admit(connection, peer, endpoint)? {
            Admitted::Live => self
                .inner
                .handle_established_inbound_connection(connection, peer, local, remote)
                .map(Either::Left),
            Admitted::Aside => Ok(Either::Right(dummy::ConnectionHandler)),
        }
    }

    fn handle_established_outbound_connection(
        &mut self,
        connection: ConnectionId,
        peer: PeerId,
        address: &Multiaddr,
        role_override: Endpoint,
        port_use: PortUse,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        let endpoint = ConnectedPoint::Dialer { address: address.clone(), role_override, port_use };
        match self.admit(connection, peer, endpoint)? {
            Admitted::Live => self
                .inner
                .handle_established_outbound_connection(connection, peer, address, role_override, port_use)
                .map(Either::Left),
            Admitted::Aside => Ok(Either::Right(dummy::ConnectionHandler)),
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "all that is not about connections goes through")]
    fn on_swarm_event(&mut self, event: FromSwarm) {
        match event {
            FromSwarm::ConnectionEstablished(event) if self.aside.contains(&event.connection_id) => {
                self.events.push_back(ToSwarm::CloseConnection {
                    peer_id: event.peer_id,
                    connection: CloseConnection::One(event.connection_id),
                });
            }
            FromSwarm::ConnectionClosed(event) if self.aside.remove(&event.connection_id) => {}
            FromSwarm::DialFailure(event) => {
                self.trials.remove(&event.connection_id);
                self.inner.on_swarm_event(FromSwarm::DialFailure(event));
            }
            FromSwarm::ConnectionEstablished(event) => {
                self.inner.on_swarm_event(FromSwarm::ConnectionEstablished(ConnectionEstablished {
                    other_established: 0,
                    ..event
                }));
                self.events.push_back(ToSwarm::GenerateEvent(Event::Up {
                    peer: event.peer_id,
                    connection: event.connection_id,
                    endpoint: event.endpoint.clone(),
                }));
            }
            FromSwarm::ConnectionClosed(event) => {
                if self.is_live(&event.peer_id, event.connection_id) {
                    self.live.remove(&event.peer_id);
                    self.inner.on_swarm_event(FromSwarm::ConnectionClosed(ConnectionClosed {
                        remaining_established: 0,
                        ..event
                    }));
                    self.events.push_back(ToSwarm::GenerateEvent(Event::Down { peer: event.peer_id }));
                }
            }
            FromSwarm::AddressChange(event) => {
                if let Some(live) = self.live.get_mut(&event.peer_id)
                    && live.connection == event.connection_id
                {
                    live.endpoint = event.new.clone();
                    self.inner.on_swarm_event(FromSwarm::AddressChange(event));
                }
            }
            other => self.inner.on_swarm_event(other),
        }
    }

    fn on_connection_handler_event(
        &mut self,
        peer: PeerId,
        connection: ConnectionId,
        event: THandlerOutEvent<Self>,
    ) {
        match event {
            Either::Left(event) if self.is_live(&peer, connection) => {
                self.inner.on_connection_handler_event(peer, connection, event);
            }
            Either::Left(_) => {}
            Either::Right(never) => match never {},
        }
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<ToSwarm<Self::ToSwarm, THandlerInEvent<Self>>> {
        if let Some(event) = self.events.pop_front() {
            return Poll::Ready(event);
        }
        self.inner.poll(context).map(|event| event.map_out(Event::Inner).map_in(Either::Left))
    }
}

#[cfg(test)]
#[path = "single_tests.rs"]
mod tests;
