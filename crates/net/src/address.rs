//! Addresses of nodes, so that no other crate names libp2p.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use libp2p::Multiaddr;
use libp2p::multiaddr::Protocol;

use crate::names;

/// Where a node listens: `/ip4/192.168.1.20/tcp/7378` or `/ip4/192.168.1.20/udp/7378/quic-v1`, each
/// also with `ip6`, and each perhaps followed by `/p2p/` and the node's peer id. A node behind a relay has
/// the relay's address with the relay's peer id, then `/p2p-circuit/p2p/` and its own peer id.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address(Multiaddr);

/// Ports below belong to a system's services: no node listens there.
const FIRST_PORT: u16 = 1024;

pub(crate) fn is_relayed(address: &Multiaddr) -> bool {
    address.iter().any(|part| part == Protocol::P2pCircuit)
}

/// How an address is carried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Carrier {
    /// TCP with Noise and Yamux.
    Tcp,
    /// QUIC version 1 over UDP.
    Quic,
}

/// Why a text is not the address of a node. One sentence, with a remedy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` is not the address of a node: {problem}. It looks like /ip4/192.168.1.20/tcp/7378 or \
     /ip4/192.168.1.20/udp/7378/quic-v1, with or without /p2p/… after it"
)]
pub struct AddressError {
    text: String,
    problem: String,
}

impl Address {
    /// The peer that the address says is there, if it says so.
    #[must_use]
    pub fn peer(&self) -> Option<protocol::PeerId> {
        self.libp2p_peer().as_ref().map(names::to_name)
    }

    /// Whether it leads through a relay.
    #[must_use]
    pub fn is_relayed(&self) -> bool {
        is_relayed(&self.0)
    }

    /// Whether it may be dialled because somebody at `teller` said so. They may have made it up: so no port of
    /// a system's service, and no address that means something else here than there.
    #[must_use]
    pub fn is_believable_from(&self, teller: IpAddr) -> bool {
        let socket = self.socket();
        let ip = socket.ip();
        socket.port() >= FIRST_PORT
            && !ip.is_unspecified()
            && !ip.is_multicast()
            && !self.is_link_local()
            && (teller.is_loopback() || !ip.is_loopback())
    }

    /// Whether it means something on one link alone: it leads elsewhere on another machine, or to a cloud's own
    /// services.
    #[must_use]
    pub fn is_link_local(&self) -> bool {
        match self.socket().ip() {
            IpAddr::V4(ip) => ip.is_link_local(),
            IpAddr::V6(ip) => ip.is_unicast_link_local(),
        }
    }

    /// How the address is carried; if it leads through a relay, as far as that.
    #[must_use]
    pub fn carrier(&self) -> Carrier {
        if self.0.iter().any(|part| matches!(part, Protocol::Tcp(_))) { Carrier::Tcp } else { Carrier::Quic }
    }

    /// The IP address and the port; those of the relay if it leads through one.
    #[must_use]
    pub fn socket(&self) -> SocketAddr {
        let mut ip = IpAddr::from([0, 0, 0, 0]);
        let mut port = 0;
        for part in &self.0 {
            if let Protocol::Ip4(four) = part {
                ip = four.into();
            } else if let Protocol::Ip6(six) = part {
                ip = six.into();
            } else if let Protocol::Tcp(number) | Protocol::Udp(number) = part {
                port = number;
            }
        }
        SocketAddr::new(ip, port)
    }

    /// The same place whatever peer is there.
    pub(crate) fn bare(&self) -> Multiaddr {
        let mut place = self.0.clone();
        if self.libp2p_peer().is_some() {
            place.pop();
        }
        place
    }

    pub(crate) fn libp2p_peer(&self) -> Option<libp2p::PeerId> {
        if let Some(Protocol::P2p(peer)) = self.0.iter().last() { Some(peer) } else { None }
    }

    /// The address of `peer` behind the relay `by` at `place`.
    pub(crate) fn through(place: &Multiaddr, by: libp2p::PeerId, peer: libp2p::PeerId) -> Self {
        Self(place.clone().with(Protocol::P2p(by)).with(Protocol::P2pCircuit).with(Protocol::P2p(peer)))
    }

    /// The address `place`, which libp2p itself told, with the peer that is there.
    pub(crate) fn told(place: &Multiaddr, peer: libp2p::PeerId) -> Self {
        Self(place.clone().with_p2p(peer).unwrap_or_else(|other| other))
    }
}

impl TryFrom<Multiaddr> for Address {
    type Error = String;

    /// Only what this node can dial and listen on. What it can't would fail later, and darkly.
    fn try_from(address: Multiaddr) -> Result<Self, String> {
        let mut parts = address.iter();
        if !matches!(parts.next(), Some(Protocol::Ip4(_) | Protocol::Ip6(_))) {
            return Err("it must begin with /ip4/ or /ip6/ and a number (names are not looked up)".to_owned());
        }
        let carrier = parts.next();
        if matches!(carrier, Some(Protocol::Udp(_))) {
            if !matches!(parts.next(), Some(Protocol::QuicV1)) {
                return Err("after the UDP port /quic-v1 is missing".to_owned());
            }
        } else if !matches!(carrier, Some(Protocol::Tcp(_))) {
            return Err("after the IP address /tcp/ or /udp/ and a port are missing".to_owned());
        }
        match parts.next() {
            None => {}
            Some(Protocol::P2p(_)) => match (parts.next(), parts.next(), parts.next()) {
                (None, ..) | (Some(Protocol::P2pCircuit), Some(Protocol::P2p(_)), None) => {}
                (Some(Protocol::P2pCircuit), ..) => {
                    return Err(
                        "after /p2p-circuit/ the peer id of who is behind the relay is missing".to_owned()
                    );
                }
                (Some(more), ..) => return Err(format!("`{more}` behind the peer id is not known here")),
            },
            Some(more) => return Err(format!("`{more}` is not known here")),
        }
        Ok(Self(address))
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let error = |problem: String| AddressError { text: text.to_owned(), problem };
        let address: Multiaddr = text.trim().parse().map_err(|_| error("it cannot be read".to_owned()))?;
        Self::try_from(address).map_err(error)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_dialled_is_read_and_written_back() {
        let peer = "/p2p/12D3KooWGzxzKZYveHXtpG6AsrUJBcWxHBFS2HsEoGTxrMLvKXtf";
        for text in [
            "/ip4/192.168.1.20/tcp/7378",
            "/ip4/0.0.0.0/udp/7378/quic-v1",
            "/ip6/::1/tcp/0",
            "/ip6/fd00::7/udp/7378/quic-v1",
        ] {
            for text in [text.to_owned(), format!("{text}{peer}")] {
                let address: Address = text.parse().unwrap();
                assert_eq!(address.to_string(), text);
                assert_eq!(address.peer().is_some(), text.contains("p2p"));
                assert_eq!(address.bare().to_string(), text.replace(peer, ""));
            }
        }
        let address: Address = "/ip4/10.0.0.7/udp/7378/quic-v1".parse().unwrap();
        assert_eq!(address.socket(), "10.0.0.7:7378".parse().unwrap());
        assert_eq!(address.carrier(), Carrier::Quic);
    }

    #[test]
    fn an_address_behind_a_relay_names_both() {
        let text = "/ip4/203.0.113.7/tcp/7378/p2p/12D3KooWGzxzKZYveHXtpG6AsrUJBcWxHBFS2HsEoGTxrMLvKXtf\
                    /p2p-circuit/p2p/12D3KooWGzxzKZYveHXtpG6AsrUJBcWxHBFS2HsEoGTxrMLvKXtf";
        let address: Address = text.parse().unwrap();
        assert!(address.is_relayed() && address.to_string() == text);
        assert_eq!(address.socket(), "203.0.113.7:7378".parse().unwrap());
        let (place, peer) = text.rsplit_once("/p2p/").unwrap();
        assert_eq!(address.peer(), Some(protocol::PeerId::new(peer)));
        assert_eq!(address.bare().to_string(), place);
        for cut in [place, &format!("{text}/p2p-circuit")] {
            assert!(cut.parse::<Address>().is_err(), "{cut}");
        }
    }

    #[test]
    fn nobody_makes_a_node_dial_what_means_something_else_there() {
        let (near, far): (IpAddr, IpAddr) = ("127.0.0.1".parse().unwrap(), "203.0.113.7".parse().unwrap());
        let believed = |text: &str, teller| text.parse::<Address>().unwrap().is_believable_from(teller);
        assert!(believed("/ip4/192.168.1.20/tcp/7378", far) && believed("/ip4/127.0.0.1/tcp/7378", near));
        for text in [
            "/ip4/127.0.0.1/tcp/7378",
            "/ip6/::1/udp/7378/quic-v1",
            "/ip4/192.168.1.20/tcp/22",
            "/ip4/169.254.169.254/tcp/8080",
            "/ip4/0.0.0.0/tcp/7378",
            "/ip4/224.0.0.251/udp/5353/quic-v1",
        ] {
            assert!(!believed(text, far), "{text}");
        }
    }

    #[test]
    fn a_bad_address_says_what_is_wrong_in_one_sentence() {
        for (text, part) in [
            ("", "must begin"),
            ("192.168.1.20:7378", "cannot be read"),
            ("/dns4/example.org/tcp/7378", "must begin with /ip4/"),
            ("/ip4/10.0.0.1", "a port are missing"),
            ("/ip4/10.0.0.1/udp/7378", "/quic-v1 is missing"),
            ("/ip4/10.0.0.1/tcp/7378/ws", "`/ws` is not known"),
            ("/ip4/10.0.0.1/tcp/70000", "cannot be read"),
        ] {
            let error = text.parse::<Address>().unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
            assert!(error.contains("/ip4/192.168.1.20/tcp/7378"), "{error}");
        }
    }
}
