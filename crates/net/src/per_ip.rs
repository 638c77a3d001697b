//! How many connections may come from one IP address. libp2p limits them in all and for each peer, and
//! peer ids cost nothing.

use std::collections::{HashMap, HashSet};
use std::convert::Infallible;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::task::{Context, Poll};

use libp2p::core::Endpoint;
use libp2p::core::transport::PortUse;
use libp2p::multiaddr::Protocol;
use libp2p::swarm::behaviour::FromSwarm;
use libp2p::swarm::{
    ConnectionDenied, ConnectionId, NetworkBehaviour, THandler, THandlerInEvent, THandlerOutEvent, ToSwarm,
    dummy,
};
use libp2p::{Multiaddr, PeerId};

/// Refuses inbound connections above a number for each address, before any cryptography. A QUIC client
/// that fakes its address can use up the share of another for as long as a handshake may take.
#[derive(Debug)]
pub(crate) struct Behaviour {
    public: u32,
    local: u32,
    pending: u32,
    sources: HashMap<ConnectionId, Source>,
    count: HashMap<Source, Count>,
}

/// The connections from one place.
#[derive(Debug, Default)]
struct Count {
    all: u32,
    /// Those that are still being opened.
    pending: HashSet<ConnectionId>,
}

/// What counts as one place: an IPv4 address, or what an IPv6 provider gives to one household.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Source {
    V4(Ipv4Addr),
    V6([u16; 4]),
}

/// Why a connection was refused.
#[derive(Debug)]
pub(crate) struct TooMany {
    count: u32,
}

impl fmt::Display for TooMany {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "there are {} connections from this address", self.count)
    }
}

impl std::error::Error for TooMany {}

impl Behaviour {
    /// At most `public` connections from a public address, `local` from one of a LAN or this machine; and
    /// at most half of `pending`, the connections that may be opened at once by all, from any one. Or a
    /// single one that begins and then says nothing could lock out all others.
    pub(crate) fn new(public: u32, local: u32, pending: u32) -> Self {
        Self { public, local, pending: pending.div_ceil(2), sources: HashMap::new(), count: HashMap::new() }
    }

    fn admit(&mut self, connection: ConnectionId, ip: IpAddr) -> Result<(), TooMany> {
        let source = source(ip);
        let limit = if is_local(ip) { self.local } else { self.public };
        let count = self.count.entry(source).or_default();
        let pending = u32::try_from(count.pending.len()).unwrap_or(u32::MAX);
        if count.all >= limit || pending >= self.pending {
            return Err(TooMany { count: count.all });
        }
        count.all += 1;
        count.pending.insert(connection);
        self.sources.insert(connection, source);
        Ok(())
    }

    fn opened(&mut self, connection: ConnectionId) {
        if let Some(count) = self.sources.get(&connection).and_then(|source| self.count.get_mut(source)) {
            count.pending.remove(&connection);
        }
    }

    fn gone(&mut self, connection: ConnectionId) {
        let Some(source) = self.sources.remove(&connection) else { return };
        if let Some(count) = self.count.get_mut(&source) {
            count.all -= 1;
            count.pending.remove(&connection);
            if count.all == 0 {
                self.count.remove(&source);
            }
        }
    }
}

fn ip_of(address: &Multiaddr) -> Option<IpAddr> {
    let first = address.iter().next()?;
    if let Protocol::Ip4(ip) = first {
        Some(ip.into())
    } else if let Protocol::Ip6(ip) = first {
        Some(IpAddr::from(ip).to_canonical())
    } else {
        None
    }
}

fn source(ip: IpAddr) -> Source {
    match ip {
        IpAddr::V4(ip) => Source::V4(ip),
        IpAddr::V6(ip) => {
            let [a, b, c, d, ..] = ip.segments();
            Source::V6([a, b, c, d])
        }
    }
}

/// Whether many neighbours may share the address, or each of them has one that is worth nothing.
fn is_local(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            // 100.64/10 is what providers and mesh VPNs share among their customers.
            let [a, b, ..] = ip.octets();
            ip.is_private() || ip.is_loopback() || ip.is_link_local() || (a == 100 && b & 0xC0 == 64)
        }
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local(),
    }
}

/// Whether the address is this machine itself.
pub(crate) const LOOPBACK: [IpAddr; 2] = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];

impl NetworkBehaviour for Behaviour {
    type ConnectionHandler = dummy::ConnectionHandler;
    type ToSwarm = Infallible;

    fn handle_pending_inbound_connection(
        &mut self,
        connection: ConnectionId,
        _local: &Multiaddr,
        remote: &Multiaddr,
    ) -> Result<(), ConnectionDenied> {
        match ip_of(remote) {
            Some(ip) => self.admit(connection, ip).map_err(ConnectionDenied::new),
            None => Ok(()),
        }
    }

    fn handle_established_inbound_connection(
        &mut self,
        connection: ConnectionId,
        _: PeerId,
        _: &Multiaddr,
        _: &Multiaddr,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        self.opened(connection);
        Ok(dummy::ConnectionHandler)
    }

    fn handle_established_outbound_connection(
        &mut self,
        _: ConnectionId,
        _: PeerId,
        _: &Multiaddr,
        _: Endpoint,
        _: PortUse,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        Ok(dummy::ConnectionHandler)
    }

    fn on_swarm_event(&mut self, event: FromSwarm) {
        if let FromSwarm::ConnectionClosed(event) = event {
            self.gone(event.connection_id);
        } else if let FromSwarm::ListenFailure(event) = event {
            self.gone(event.connection_id);
        }
    }

    fn on_connection_handler_event(&mut self, _: PeerId, _: ConnectionId, event: THandlerOutEvent<Self>) {
        match event {}
    }

    fn poll(&mut self, _: &mut Context<'_>) -> Poll<ToSwarm<Self::ToSwarm, THandlerInEvent<Self>>> {
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(behaviour: &mut Behaviour, first: usize, ips: &[&str]) -> Vec<bool> {
        let admit = |(number, ip): (usize, &&str)| {
            let ip: IpAddr = ip.parse().unwrap();
            behaviour.admit(ConnectionId::new_unchecked(first + number), ip).is_ok()
        };
        ips.iter().enumerate().map(admit).collect()
    }

    #[test]
    fn each_address_has_its_own_share() {
        let mut behaviour = Behaviour::new(2, 3, 8);
        assert_eq!(fill(&mut behaviour, 0, &["203.0.113.1"; 3]), [true, true, false]);
        assert_eq!(fill(&mut behaviour, 10, &["203.0.113.2"; 3]), [true, true, false]);
        for local in ["127.0.0.1", "10.0.0.1", "192.168.7.7", "100.64.0.9", "::1", "fd00::1", "fe80::1"] {
            let mut behaviour = Behaviour::new(2, 3, 8);
            assert_eq!(fill(&mut behaviour, 0, &[local; 4]), [true, true, true, false], "{local}");
        }
    }

    #[test]
    fn a_household_in_ipv6_counts_as_one() {
        let mut behaviour = Behaviour::new(2, 3, 8);
        let ips = ["2001:db8:0:1::1", "2001:db8:0:1::2", "2001:db8:0:1:ffff::", "2001:db8:0:2::1"];
        assert_eq!(fill(&mut behaviour, 0, &ips), [true, true, false, true]);
        let mapped: Multiaddr = "/ip6/::ffff:203.0.113.1/tcp/1".parse().unwrap();
        assert_eq!(ip_of(&mapped), Some("203.0.113.1".parse().unwrap()));
    }

    #[test]
    fn what_closes_or_fails_makes_room() {
        let mut behaviour = Behaviour::new(2, 3, 8);
        let ip: IpAddr = "203.0.113.1".parse().unwrap();
        for round in 0..10 {
            let (first, second) =
                (ConnectionId::new_unchecked(3 * round), ConnectionId::new_unchecked(3 * round + 1));
            let third = ConnectionId::new_unchecked(3 * round + 2);
            assert!(behaviour.admit(first, ip).is_ok());
            assert!(behaviour.admit(second, ip).is_ok());
            assert!(behaviour.admit(third, ip).is_err());
            // libp2p reports a refused connection as a failed one too.
            behaviour.gone(third);
            behaviour.gone(first);
            behaviour.gone(first);
            assert!(behaviour.admit(third, ip).is_ok());
            behaviour.gone(second);
            behaviour.gone(third);
        }
        assert!(behaviour.count.is_empty() && behaviour.sources.is_empty());
    }

    #[test]
    fn one_address_cannot_take_all_the_room_for_opening() {
        let mut behaviour = Behaviour::new(4, 32, 6);
        assert_eq!(fill(&mut behaviour, 0, &["10.0.0.1"; 4]), [true, true, true, false]);
        assert_eq!(fill(&mut behaviour, 10, &["10.0.0.2"]), [true]);
        // What is open or has failed is not being opened any more.
        behaviour.opened(ConnectionId::new_unchecked(0));
        behaviour.gone(ConnectionId::new_unchecked(1));
        assert_eq!(fill(&mut behaviour, 20, &["10.0.0.1"; 3]), [true, true, false]);
    }
}
