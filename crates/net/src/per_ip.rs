//! How many connections may come from one IP address, and how many new ones in a second. libp2p limits
//! them in all and for each peer, and peer ids cost nothing.

use std::collections::{HashMap, HashSet};
use std::convert::Infallible;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use libp2p::core::Endpoint;
use libp2p::core::transport::PortUse;
use libp2p::multiaddr::Protocol;
use libp2p::swarm::behaviour::FromSwarm;
use libp2p::swarm::{
    ConnectionDenied, ConnectionId, NetworkBehaviour, THandler, THandlerInEvent, THandlerOutEvent, ToSwarm,
    dummy,
};
use libp2p::{Multiaddr, PeerId};

use crate::config::{Limits, PENDING_SHARE, RELAYED, SOURCES};

/// Refuses inbound connections above a number for each address and above a rate, before any cryptography.
/// A QUIC client that fakes its address can use up the share of another for as long as a handshake may
/// take.
#[derive(Debug)]
pub(crate) struct Behaviour {
    public: u32,
    local: u32,
    pending: u32,
    sources: HashMap<ConnectionId, Source>,
    count: HashMap<Source, Count>,
    /// How fast new ones may come: half of the rate is for addresses that have not come lately.
    newcomers: Bucket,
    again: Bucket,
    /// Those that have, and what each of them may.
    rates: HashMap<Source, Bucket>,
    share: Rate,
}

/// So many at once, and afterwards one more each `every`.
#[derive(Debug, Clone, Copy)]
struct Rate {
    burst: u32,
    every: Duration,
}

/// What is left of a rate, written as the moment at which all of it is back.
#[derive(Debug, Clone, Copy)]
struct Bucket {
    rate: Rate,
    full_at: Option<Instant>,
}

impl Rate {
    /// Half of `burst`, and of `per_second`; never nothing.
    fn half_of(burst: u32, per_second: u32) -> Self {
        Self { burst: (burst / 2).max(1), every: Duration::from_secs(2) / per_second.max(1) }
    }
}

impl Bucket {
    const fn new(rate: Rate) -> Self {
        Self { rate, full_at: None }
    }

    /// Takes one out; false if there is none.
    fn take(&mut self, now: Instant) -> bool {
        let all = self.rate.every.saturating_mul(self.rate.burst);
        let full = self.full_at.map_or(now, |full| full.max(now)).checked_add(self.rate.every);
        let taken = full.filter(|full| full.duration_since(now) <= all);
        self.full_at = taken.or(self.full_at);
        taken.is_some()
    }

    /// From now on it is empty.
    fn drain(&mut self, now: Instant) {
        self.full_at = now.checked_add(self.rate.every.saturating_mul(self.rate.burst));
    }

    fn is_full(&self, now: Instant) -> bool {
        self.full_at.is_none_or(|full| full <= now)
    }
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
    /// Relays hide who comes through them.
    Relayed,
}

/// Why a connection was refused.
#[derive(Debug)]
pub(crate) enum TooMany {
    /// So many come from its address.
    Connections(u32),
    /// They come too fast.
    New,
}

impl fmt::Display for TooMany {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connections(count) => write!(f, "there are {count} connections from this address"),
            Self::New => f.write_str("too many new connections in a short time"),
        }
    }
}

impl std::error::Error for TooMany {}

impl Behaviour {
    /// At most so many connections from a public address or from one of a LAN or this machine; and from any
    /// one only a share of those that may be opened at once, and of those that may be new. Or a single one
    /// that begins and then says nothing, or comes again and again, could lock out all others.
    pub(crate) fn new(limits: &Limits) -> Self {
        let half = Rate::half_of(limits.new_inbound_burst, limits.new_inbound_per_second);
        Self {
            public: limits.per_public_ip,
            local: limits.per_local_ip,
            pending: limits.pending_inbound.div_ceil(PENDING_SHARE),
            sources: HashMap::new(),
            count: HashMap::new(),
            newcomers: Bucket::new(half),
            again: Bucket::new(half),
            rates: HashMap::new(),
            share: half,
        }
    }

    /// `None` is who comes through a relay.
    fn admit(&mut self, connection: ConnectionId, ip: Option<IpAddr>, now: Instant) -> Result<(), TooMany> {
        let (source, limit) = match ip {
            Some(ip) => (source(ip), if is_local(ip) { self.local } else { self.public }),
            None => (Source::Relayed, RELAYED),
        };
        let count = self.count.get(&source);
        let all = count.map_or(0, |count| count.all);
        let pending = count.map_or(0, |count| u32::try_from(count.pending.len()).unwrap_or(u32::MAX));
        if all >= limit || pending >= self.pending {
            return Err(TooMany::Connections(all));
        }
        if !self.is_slow_enough(source, now) {
            return Err(TooMany::New);
        }
        let count = self.count.entry(source).or_default();
        count.all += 1;
        count.pending.insert(connection);
        self.sources.insert(connection, source);
        Ok(())
    }

    /// Whether one more new connection is within the rates. An address that tries too often gets none until
    /// it pauses, so that those who hammer leave room to others.
    fn is_slow_enough(&mut self, source: Source, now: Instant) -> bool {
        let known = self.rates.get(&source);
        let mut own = known.copied().unwrap_or(Bucket::new(self.share));
        let is_newcomer = own.is_full(now) && (known.is_some() || self.has_room(now));
        let taken = own.take(now) && (is_newcomer && self.newcomers.take(now) || self.again.take(now));
        if !taken {
            own.drain(now);
        }
        if self.rates.contains_key(&source) || self.rates.len() < SOURCES {
            self.rates.insert(source, own);
        }
        taken
    }

    /// Whether one more address can be remembered.
    fn has_room(&mut self, now: Instant) -> bool {
        if self.rates.len() >= SOURCES {
            self.rates.retain(|_, bucket| !bucket.is_full(now));
        }
        self.rates.len() < SOURCES
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

pub(crate) fn ip_of(address: &Multiaddr) -> Option<IpAddr> {
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
        self.admit(connection, ip_of(remote), Instant::now()).map_err(ConnectionDenied::new)
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

    /// Two from a public address, three from a local one; `pending` at once from any.
    fn limited(pending: u32) -> Behaviour {
        let pending_inbound = pending * PENDING_SHARE;
        let limits = Limits { per_public_ip: 2, per_local_ip: 3, pending_inbound, ..Limits::default() };
        Behaviour::new(&limits)
    }

    fn fill(behaviour: &mut Behaviour, first: usize, ips: &[&str]) -> Vec<bool> {
        let now = Instant::now();
        let admit = |(number, ip): (usize, &&str)| {
            let ip: IpAddr = ip.parse().unwrap();
            behaviour.admit(ConnectionId::new_unchecked(first + number), Some(ip), now).is_ok()
        };
        ips.iter().enumerate().map(admit).collect()
    }

    #[test]
    fn each_address_has_its_own_share() {
        let mut behaviour = limited(4);
        assert_eq!(fill(&mut behaviour, 0, &["203.0.113.1"; 3]), [true, true, false]);
        assert_eq!(fill(&mut behaviour, 10, &["203.0.113.2"; 3]), [true, true, false]);
        for local in ["127.0.0.1", "10.0.0.1", "192.168.7.7", "100.64.0.9", "::1", "fd00::1", "fe80::1"] {
            let mut behaviour = limited(4);
            assert_eq!(fill(&mut behaviour, 0, &[local; 4]), [true, true, true, false], "{local}");
        }
    }

    #[test]
    fn a_household_in_ipv6_counts_as_one() {
        let mut behaviour = limited(4);
        let ips = ["2001:db8:0:1::1", "2001:db8:0:1::2", "2001:db8:0:1:ffff::", "2001:db8:0:2::1"];
        assert_eq!(fill(&mut behaviour, 0, &ips), [true, true, false, true]);
        let mapped: Multiaddr = "/ip6/::ffff:203.0.113.1/tcp/1".parse().unwrap();
        assert_eq!(ip_of(&mapped), Some("203.0.113.1".parse().unwrap()));
    }

    #[test]
    fn what_closes_or_fails_makes_room() {
        let mut behaviour = limited(4);
        let ip: IpAddr = "203.0.113.1".parse().unwrap();
        for round in 0..3 {
            let now = Instant::now();
            let (first, second) =
                (ConnectionId::new_unchecked(3 * round), ConnectionId::new_unchecked(3 * round + 1));
            let third = ConnectionId::new_unchecked(3 * round + 2);
            assert!(behaviour.admit(first, Some(ip), now).is_ok());
            assert!(behaviour.admit(second, Some(ip), now).is_ok());
            assert!(behaviour.admit(third, Some(ip), now).is_err());
            // libp2p reports a refused connection as a failed one too.
            behaviour.gone(third);
            behaviour.gone(first);
            behaviour.gone(first);
            assert!(behaviour.admit(third, Some(ip), now).is_ok());
            behaviour.gone(second);
            behaviour.gone(third);
        }
        assert!(behaviour.count.is_empty() && behaviour.sources.is_empty());
    }

    #[test]
    fn one_address_cannot_take_all_the_room_for_opening() {
        let mut behaviour = Behaviour::new(&Limits {
            per_local_ip: 32,
            pending_inbound: 3 * PENDING_SHARE,
            ..Limits::default()
        });
        assert_eq!(fill(&mut behaviour, 0, &["10.0.0.1"; 4]), [true, true, true, false]);
        assert_eq!(fill(&mut behaviour, 10, &["10.0.0.2"]), [true]);
        // What is open or has failed is not being opened any more.
        behaviour.opened(ConnectionId::new_unchecked(0));
        behaviour.gone(ConnectionId::new_unchecked(1));
        assert_eq!(fill(&mut behaviour, 20, &["10.0.0.1"; 3]), [true, true, false]);
    }

    #[test]
    fn new_ones_come_at_a_rate_and_who_hammers_gets_nothing() {
        let limits = Limits {
            per_local_ip: 1_000,
            pending_inbound: 1_000 * PENDING_SHARE,
            new_inbound_burst: 30,
            new_inbound_per_second: 10,
            ..Limits::default()
        };
        let mut behaviour = Behaviour::new(&limits);
        let begin = Instant::now();
        let mut number = 0;
        let mut admitted = |ip: [u8; 4], after_ms: u64, offered: u32| {
            let now = begin + Duration::from_millis(after_ms);
            let mut count = 0;
            for _ in 0..offered {
                number += 1;
                let id = ConnectionId::new_unchecked(number);
                count += u32::from(behaviour.admit(id, Some(IpAddr::from(ip)), now).is_ok());
            }
            count
        };
        assert_eq!(admitted([10, 0, 0, 1], 0, 15), 15, "half of 30");
        assert_eq!(admitted([10, 0, 0, 1], 0, 1_000), 0);
        assert_eq!(admitted([10, 0, 0, 2], 0, 1_000), 2, "one as a newcomer, and what the first one left");
        let newcomers: u32 = (3..=50).map(|last| admitted([10, 0, 0, last], 0, 1)).sum();
        assert_eq!(newcomers, 13, "30 in all");
        assert_eq!(admitted([10, 0, 1, 1], 199, 1), 0);
        // Two of them hammer, and get nothing by it.
        let mut hammered = 0;
        for after_ms in 1..2_000 {
            hammered += admitted([10, 0, 0, 1], after_ms, 2) + admitted([10, 0, 0, 2], after_ms, 2);
        }
        assert_eq!(hammered, 0);
        assert_eq!(admitted([10, 0, 2, 1], 2_000, 1), 1, "who was not here is let in meanwhile");
        assert_eq!(admitted([10, 0, 0, 1], 2_300, 1), 1, "and they, when they pause");
        assert_eq!(admitted([10, 0, 3, 1], 60_000, 1_000), 15, "all is back after a while");
        assert_eq!(admitted([10, 0, 4, 1], 60_000, 1_000), 2, "and others have theirs");
        for number in 0..2 * u32::try_from(SOURCES).unwrap() {
            let [_, b, c, d] = number.to_be_bytes();
            let _ = admitted([11, b, c, d], 61_000, 1);
        }
        assert!(behaviour.rates.len() <= SOURCES, "no more are remembered");
    }
}
