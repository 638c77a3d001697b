//! Sockets at mDNS's port, one for each interface and family: so it is known where something was asked.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::UdpSocket;

use crate::lan::Interface;

/// Where mDNS is spoken (RFC 6762, section 3).
pub(crate) const PORT: u16 = 5353;
const GROUP_V4: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 251);
const GROUP_V6: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0xfb);
/// What does not come from this link has a smaller one (section 11).
const HOPS: u32 = 255;

/// One interface in one family, as far as a socket is bound to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Link {
    /// The interface with this number, by this address of it.
    V4(u32, Ipv4Addr),
    /// The interface with this number.
    V6(u32),
}

impl Link {
    /// Those of an interface.
    pub(crate) fn of(interface: &Interface) -> impl Iterator<Item = Self> {
        let four = interface.first_v4().map(|ip| Self::V4(interface.index, ip));
        four.into_iter().chain(interface.has_v6().then_some(Self::V6(interface.index)))
    }

    pub(crate) const fn index(self) -> u32 {
        match self {
            Self::V4(index, _) | Self::V6(index) => index,
        }
    }

    /// Where everybody on it listens.
    pub(crate) fn everybody(self) -> SocketAddr {
        match self {
            Self::V4(..) => SocketAddr::from((GROUP_V4, PORT)),
            Self::V6(index) => SocketAddrV6::new(GROUP_V6, PORT, 0, index).into(),
        }
    }

    /// A socket that hears what is said to everybody on this link alone, beside other programs that do so.
    pub(crate) fn responder(self) -> io::Result<UdpSocket> {
        let socket = self.socket()?;
        socket.set_reuse_address(true)?;
        #[cfg(unix)]
        socket.set_reuse_port(true)?;
        // Why to the group: what is sent to this machine alone is for other programs at this port, which would wait
        // for it in vain. Windows does not bind to a group.
        let group = self.everybody();
        let at = if cfg!(unix) { group } else { unspecified(group, PORT) };
        socket.bind(&at.into())?;
        match self {
            Self::V4(_, ip) => {
                // Else Linux gives a socket also what was asked on other interfaces.
                #[cfg(target_os = "linux")]
                socket.set_multicast_all_v4(false)?;
                socket.join_multicast_v4(&GROUP_V4, &ip)?;
            }
            Self::V6(index) => {
                #[cfg(target_os = "linux")]
                socket.set_multicast_all_v6(false)?;
                socket.join_multicast_v6(&GROUP_V6, index)?;
            }
        }
        UdpSocket::from_std(socket.into())
    }

    /// A socket to ask from, at a port of its own.
    pub(crate) fn asker(self) -> io::Result<UdpSocket> {
        let socket = self.socket()?;
        let at = match self {
            Self::V4(_, ip) => SocketAddr::new(IpAddr::V4(ip), 0),
            Self::V6(_) => unspecified(self.everybody(), 0),
        };
        socket.bind(&at.into())?;
        UdpSocket::from_std(socket.into())
    }

    fn socket(self) -> io::Result<Socket> {
        let domain = match self {
            Self::V4(..) => Domain::IPV4,
            Self::V6(_) => Domain::IPV6,
        };
        let socket = Socket::new(domain, Type::DGRAM, Some(Protocol::UDP))?;
        socket.set_nonblocking(true)?;
        match self {
            Self::V4(_, ip) => {
                socket.set_multicast_if_v4(&ip)?;
                socket.set_multicast_ttl_v4(HOPS)?;
                // Programs of this machine ask for the name, too.
                socket.set_multicast_loop_v4(true)?;
                socket.set_ttl_v4(HOPS)?;
            }
            Self::V6(index) => {
                socket.set_only_v6(true)?;
                socket.set_multicast_if_v6(index)?;
                socket.set_multicast_hops_v6(HOPS)?;
                socket.set_multicast_loop_v6(true)?;
                socket.set_unicast_hops_v6(HOPS)?;
            }
        }
        Ok(socket)
    }
}

const fn unspecified(like: SocketAddr, port: u16) -> SocketAddr {
    match like {
        SocketAddr::V4(_) => SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), port),
        SocketAddr::V6(_) => SocketAddr::new(IpAddr::V6(Ipv6Addr::UNSPECIFIED), port),
    }
}
