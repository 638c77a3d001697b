//! Addresses of nodes, so that no other crate names libp2p.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use libp2p::Multiaddr;
use libp2p::multiaddr::Protocol;

use crate::names;

/// Where a node listens: `/ip4/192.168.1.20/tcp/7378` or `/ip4/192.168.1.20/udp/7378/quic-v1`, each
/// also with `ip6`, and each perhaps followed by `/p2p/` and the node's peer id.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address(Multiaddr);

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

    /// How the address is carried.
    #[must_use]
    pub fn carrier(&self) -> Carrier {
        if self.0.iter().any(|part| matches!(part, Protocol::Tcp(_))) { Carrier::Tcp } else { Carrier::Quic }
    }

    /// The IP address and the port.
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
        self.0.iter().filter(|part| !matches!(part, Protocol::P2p(_))).collect()
    }

    pub(crate) fn libp2p_peer(&self) -> Option<libp2p::PeerId> {
        self.0.iter().find_map(|part| if let Protocol::P2p(peer) = part { Some(peer) } else { None })
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
            Some(Protocol::P2p(_)) => {
                if let Some(more) = parts.next() {
                    return Err(format!("`{more}` behind the peer id is not known here"));
                }
            }
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
