//! The ways to a node that lets its whole network in.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use super::written;

/// The port that browsers leave out.
const HTTP: u16 = 80;
/// More addresses than this nobody reads on a poster.
const SHOWN: usize = 8;

/// All ways to a node: its names and addresses, and the ports at which it listens.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Doors {
    /// The name that is its own on the network: `gartenstrasse.local`.
    pub name: Option<String>,
    /// The machine's addresses on networks where neighbours are.
    pub near: Vec<IpAddr>,
    /// All other addresses of it.
    pub other: Vec<IpAddr>,
    /// The ports at which the pages are served.
    pub ports: Vec<u16>,
}

/// One way to a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Door {
    /// What stands in `Host` when one comes by it: `gartenstrasse.local`, `192.168.1.20:7377`.
    pub host: String,
    /// The address, unless it is the way by name.
    pub ip: Option<IpAddr>,
    /// The port.
    pub port: u16,
}

impl Doors {
    /// Each value of `Host` that is this node's own; those of the machine itself come first.
    #[must_use]
    pub fn hosts(&self) -> Vec<String> {
        let home = ["127.0.0.1".to_owned(), "localhost".to_owned(), "[::1]".to_owned()];
        let addresses = self.near.iter().chain(&self.other).map(|ip| written(*ip));
        let names: Vec<String> = home.into_iter().chain(self.name.clone()).chain(addresses).collect();
        let mut hosts = Vec::new();
        for port in &self.ports {
            hosts.extend(names.iter().map(|name| format!("{name}:{port}")));
        }
        if self.ports.contains(&HTTP) {
            hosts.extend(names);
        }
        hosts
    }

    /// The ways that neighbours are shown, the best first: the name, which stays when the address changes, then
    /// addresses of IPv4, which every telephone knows. A link-local address of IPv6 no browser takes.
    #[must_use]
    pub fn shown(&self) -> Vec<Door> {
        let Some(port) =
            self.ports.iter().copied().find(|port| *port == HTTP).or(self.ports.first().copied())
        else {
            return Vec::new();
        };
        let host = |name: &str| if port == HTTP { name.to_owned() } else { format!("{name}:{port}") };
        let is_local = |ip: &Ipv6Addr| ip.is_unicast_link_local();
        let mut near: Vec<IpAddr> = self.near.clone();
        near.retain(|ip| if let IpAddr::V6(ip) = ip { !is_local(ip) } else { true });
        near.sort_by_key(|ip| {
            (ip.is_ipv6(), if let IpAddr::V4(ip) = ip { ip.is_link_local() } else { false })
        });
        let named = self.name.iter().map(|name| Door { host: host(name), ip: None, port });
        let addressed = near.into_iter().map(|ip| Door { host: host(&written(ip)), ip: Some(ip), port });
        named.chain(addressed).take(SHOWN).collect()
    }
}

impl Door {
    /// What one types.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.host)
    }

    /// Where it leads, if the name has this address.
    #[must_use]
    pub fn socket(&self, ip: IpAddr) -> SocketAddr {
        SocketAddr::new(ip, self.port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn doors() -> Doors {
        let ip = |text: &str| text.parse().unwrap();
        Doors {
            name: Some("shop.local".into()),
            near: vec![ip("fe80::1"), ip("fd77::1"), ip("192.168.1.20")],
            other: vec![ip("172.17.0.1")],
            ports: vec![7377, 80],
        }
    }

    #[test]
    fn the_name_comes_first_and_then_what_every_telephone_knows() {
        let urls: Vec<String> = doors().shown().iter().map(Door::url).collect();
        assert_eq!(urls, ["http://shop.local", "http://192.168.1.20", "http://[fd77::1]"]);
        let urls: Vec<String> =
            Doors { ports: vec![7377], name: None, ..doors() }.shown().iter().map(Door::url).collect();
        assert_eq!(urls, ["http://192.168.1.20:7377", "http://[fd77::1]:7377"]);
        assert!(Doors { ports: Vec::new(), ..doors() }.shown().is_empty());
    }

    #[test]
    fn exactly_its_own_names_are_answered() {
        let hosts = doors().hosts();
        for own in
            ["127.0.0.1:7377", "localhost", "[::1]:80", "shop.local", "shop.local:7377", "172.17.0.1:80"]
        {
            assert!(hosts.iter().any(|host| host == own), "{own}");
        }
        assert_eq!(hosts.len(), 3 * 8);
        let hosts = Doors { ports: vec![7377], name: None, ..doors() }.hosts();
        assert_eq!(hosts.len(), 7);
        assert!(hosts.iter().all(|host| host.ends_with(":7377")));
    }
}
