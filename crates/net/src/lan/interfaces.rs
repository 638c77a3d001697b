//! Which networks this machine is on.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use if_addrs::IfAddr;

/// How many interfaces are looked at, and how many addresses of each: more is no neighbourhood.
const INTERFACES: usize = 16;
const ADDRESSES: usize = 16;

/// How the names of interfaces begin that exist between programs of one machine, where no neighbour is.
const INNER: [&str; 8] = ["cni", "docker", "flannel", "lxc", "podman", "veth", "virbr", "vnet"];

/// One interface, but for loopback.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interface {
    /// What the system calls it: `eth0`.
    pub name: String,
    /// Its number, at least 1.
    pub index: u32,
    /// Its addresses with the lengths of their networks' prefixes in bits, in order.
    pub addresses: Vec<(IpAddr, u8)>,
    /// Whether neighbours may be there: it is no tunnel, and no bridge to containers or virtual machines.
    pub is_for_neighbours: bool,
}

impl Interface {
    /// Its addresses.
    pub fn ips(&self) -> impl Iterator<Item = IpAddr> {
        self.addresses.iter().map(|(ip, _)| *ip)
    }

    pub(crate) fn first_v4(&self) -> Option<Ipv4Addr> {
        self.ips().find_map(|ip| if let IpAddr::V4(ip) = ip { Some(ip) } else { None })
    }

    pub(crate) fn has_v6(&self) -> bool {
        self.ips().any(|ip| ip.is_ipv6())
    }

    /// Whether an address is in one of its networks, so that whoever has it is on the same link.
    pub(crate) fn is_near(&self, other: IpAddr) -> bool {
        self.addresses.iter().any(|(own, prefix)| match (own, other) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(*prefix).min(32)).unwrap_or(0);
                own.to_bits() & mask == other.to_bits() & mask
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(*prefix).min(128)).unwrap_or(0);
                other.is_unicast_link_local() || own.to_bits() & mask == other.to_bits() & mask
            }
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
        })
    }
}

/// The interfaces that this machine has right now, in the order of their numbers. Costs less than a millisecond.
///
/// # Errors
/// If the system does not tell.
pub fn interfaces() -> io::Result<Vec<Interface>> {
    let mut found: BTreeMap<u32, Interface> = BTreeMap::new();
    for one in if_addrs::get_if_addrs()? {
        let Some(index) = one.index.filter(|_| !one.is_loopback()) else { continue };
        let ip = one.ip();
        if ip.is_unspecified() || ip.is_multicast() || is_mapped(ip) {
            continue;
        }
        let prefix = match &one.addr {
            IfAddr::V4(four) => four.prefixlen,
            IfAddr::V6(six) => six.prefixlen,
        };
        let interface = found.entry(index).or_insert_with(|| Interface {
            name: one.name.clone(),
            index,
            addresses: Vec::new(),
            is_for_neighbours: !one.is_p2p() && !is_inner(&one.name),
        });
        if interface.addresses.len() < ADDRESSES {
            interface.addresses.push((ip, prefix));
        }
    }
    for interface in found.values_mut() {
        interface.addresses.sort_unstable();
        interface.addresses.dedup();
    }
    Ok(found.into_values().take(INTERFACES).collect())
}

/// Whether an interface exists between programs of this machine. Docker numbers its bridges in hexadecimal; others
/// (`br-lan`) are what neighbours are connected to.
fn is_inner(name: &str) -> bool {
    let number = name.strip_prefix("br-").unwrap_or_default();
    INNER.iter().any(|inner| name.starts_with(inner))
        || (number.len() == 12 && number.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

fn is_mapped(ip: IpAddr) -> bool {
    if let IpAddr::V6(ip) = ip { ip.to_ipv4_mapped().is_some() || ip == Ipv6Addr::LOCALHOST } else { false }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_on_the_same_link_is_known_by_the_prefix() {
        let interface = Interface {
            name: "lan".into(),
            index: 2,
            addresses: vec![("10.77.0.1".parse().unwrap(), 24), ("fd77::1".parse().unwrap(), 64)],
            is_for_neighbours: true,
        };
        let near = |ip: &str| interface.is_near(ip.parse().unwrap());
        assert!(near("10.77.0.200") && near("fd77::9") && near("fe80::1"));
        assert!(!near("10.78.0.1") && !near("fd78::1") && !near("8.8.8.8"));
    }

    #[test]
    fn bridges_to_containers_have_no_neighbours() {
        assert!(is_inner("docker0") && is_inner("br-0123456789ab") && is_inner("veth12ab"));
        assert!(!is_inner("br-lan") && !is_inner("eth0") && !is_inner("wlan0") && !is_inner("lan"));
    }

    #[test]
    fn loopback_is_no_network_of_neighbours() {
        for interface in interfaces().unwrap() {
            assert!(interface.index > 0 && interface.ips().all(|ip| !ip.is_loopback()), "{interface:?}");
        }
    }
}
