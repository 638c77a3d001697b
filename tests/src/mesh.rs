//! Many machines on a network of their own, whose links lose packets, are slow, and come and go.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;

use crate::namespace::{Place, first};

/// Machines, each in a network namespace of its own with one cable to a hub. All goes with it, also when the
/// test is killed.
#[derive(Debug)]
pub struct Mesh {
    hub: Place,
    spots: Vec<Spot>,
    /// Whether each machine has a network of its own, and the hub forwards between them.
    is_routed: bool,
    /// How many packets of 100 are lost on their way into a machine.
    loss: u32,
}

/// One machine.
#[derive(Debug)]
struct Spot {
    place: Place,
    /// Addresses from which nothing comes in.
    deaf_to: BTreeSet<String>,
    /// Whether connections that go on are broken off, loudly.
    resets: bool,
}

/// What has gone through a machine's cable, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Traffic {
    /// Out of the machine.
    pub sent: u64,
    /// Into it, also what it lost then.
    pub received: u64,
}

impl Mesh {
    /// Machines on one switch: what one sends to everybody (mDNS) reaches all others. Each has two addresses,
    /// in two networks.
    ///
    /// # Errors
    /// What this computer lacks or does not allow.
    pub fn switched(machines: usize) -> Result<Self, String> {
        Self::new(machines, false)
    }

    /// Machines in networks of their own with a router between them, which drops what is for everybody.
    ///
    /// # Errors
    /// What this computer lacks or does not allow.
    pub fn routed(machines: usize) -> Result<Self, String> {
        Self::new(machines, true)
    }

    fn new(machines: usize, is_routed: bool) -> Result<Self, String> {
        let hub = first(&[("nft", "nftables"), ("tc", "iproute2")])?;
        hub.ip(&["link", "set", "lo", "up"])?;
        if is_routed {
            hub.tool("sh", &["-c", "echo 1 > /proc/sys/net/ipv4/ip_forward"], "")?;
        } else {
            hub.ip(&["link", "add", "switch", "type", "bridge"])?;
            hub.ip(&["link", "set", "switch", "up"])?;
        }
        let mut mesh = Self { hub, spots: Vec::new(), is_routed, loss: 0 };
        for at in 0..machines {
            let place = mesh.hub.beside()?;
            mesh.spots.push(Spot { place, deaf_to: BTreeSet::new(), resets: false });
            mesh.connect(at)?;
            mesh.filter(at)?;
        }
        Ok(mesh)
    }

    fn connect(&self, at: usize) -> Result<(), String> {
        let (hub, place, port) = (&self.hub, self.place(at), port(at));
        let holder = place.holder().unwrap_or_default().to_string();
        hub.ip(&["link", "add", &port, "type", "veth", "peer", "name", "lan", "netns", &holder])?;
        place.ip(&["link", "set", "lo", "up"])?;
        // IPv4 alone, so that a rule for an address is one for a machine.
        for (place, name) in [(hub, port.as_str()), (place, "lan")] {
            place.ip(&["link", "set", name, "addrgenmode", "none"])?;
        }
        for address in [Some(self.address(at)), self.second_address(at)].into_iter().flatten() {
            place.ip(&["address", "add", &format!("{address}/24"), "dev", "lan"])?;
        }
        if self.is_routed {
            let gateway = format!("10.78.{at}.254");
            hub.ip(&["address", "add", &format!("{gateway}/24"), "dev", &port])?;
            hub.ip(&["link", "set", &port, "up"])?;
            place.ip(&["link", "set", "lan", "up"])?;
            place.ip(&["route", "add", "default", "via", &gateway])
        } else {
            hub.ip(&["link", "set", &port, "master", "switch", "up"])?;
            place.ip(&["link", "set", "lan", "up"])
        }
    }

    /// Where a machine is.
    #[must_use]
    pub fn place(&self, at: usize) -> &Place {
        &self.spots[at].place
    }

    /// Its IP address.
    #[must_use]
    pub fn address(&self, at: usize) -> String {
        if self.is_routed { format!("10.78.{at}.1") } else { format!("10.78.0.{}", at + 1) }
    }

    /// Its second one, in another network on the same cable; a routed machine has none.
    #[must_use]
    pub fn second_address(&self, at: usize) -> Option<String> {
        (!self.is_routed).then(|| format!("10.79.0.{}", at + 1))
    }

    /// So many packets of 100 are lost on their way into each machine.
    ///
    /// # Panics
    /// If the system does not do it.
    pub fn lose(&mut self, percent: u32) {
        self.loss = percent;
        self.filter_all();
    }

    /// So many kilobits a second go through each cable, each way.
    ///
    /// # Panics
    /// If the system does not do it.
    pub fn slow_down(&self, kilobits: u32) {
        let rate = format!("{kilobits}kbit");
        for (at, spot) in self.spots.iter().enumerate() {
            for (place, name) in [(&self.hub, port(at)), (&spot.place, "lan".to_owned())] {
                let args = ["qdisc", "replace", "dev", &name, "root", "tbf", "rate", &rate];
                place.tool("tc", &[&args[..], &["burst", "16k", "latency", "400ms"]].concat(), "").unwrap();
            }
        }
    }

    /// Drops silently what two machines send to each other.
    ///
    /// # Panics
    /// If the system does not do it.
    pub fn cut(&mut self, one: usize, other: usize) {
        self.cut_path(&self.address(one), &self.address(other));
        if let (Some(one), Some(other)) = (self.second_address(one), self.second_address(other)) {
            self.cut_path(&one, &other);
        }
    }

    /// Drops silently what goes between two addresses.
    ///
    /// # Panics
    /// If the system does not do it.
    pub fn cut_path(&mut self, one: &str, other: &str) {
        for at in 0..self.spots.len() {
            let here = [Some(self.address(at)), self.second_address(at)];
            for (here_is, there) in [(one, other), (other, one)] {
                if here.iter().flatten().any(|address| address == here_is) {
                    self.spots[at].deaf_to.insert(there.to_owned());
                    self.filter(at).unwrap();
                }
            }
        }
    }

    /// Drops silently what machines of one group send to another group's.
    pub fn split(&mut self, groups: &[&[usize]]) {
        for (number, group) in groups.iter().enumerate() {
            for other in &groups[number + 1..] {
                for (one, other) in group.iter().flat_map(|one| other.iter().map(move |other| (*one, *other)))
                {
                    self.cut(one, other);
                }
            }
        }
    }

    /// Nothing is cut any more.
    ///
    /// # Panics
    /// If the system does not do it.
    pub fn heal(&mut self) {
        for spot in &mut self.spots {
            spot.deaf_to.clear();
        }
        self.filter_all();
    }

    /// Pulls a machine's cable out at the hub, or puts it in.
    ///
    /// # Panics
    /// If the system does not do it.
    pub fn plug(&self, at: usize, is_in: bool) {
        self.hub.ip(&["link", "set", &port(at), if is_in { "up" } else { "down" }]).unwrap();
    }

    /// Breaks off each of a machine's TCP connections as soon as something comes in, so that both ends know,
    /// and refuses new ones; or does so no more.
    ///
    /// # Panics
    /// If the system does not do it.
    pub fn reset(&mut self, at: usize, resets: bool) {
        self.spots[at].resets = resets;
        self.filter(at).unwrap();
    }

    fn filter_all(&self) {
        for at in 0..self.spots.len() {
            self.filter(at).unwrap();
        }
    }

    /// Tells a machine what does not come in.
    fn filter(&self, at: usize) -> Result<(), String> {
        let spot = &self.spots[at];
        let mut rules =
            "flush ruleset\ntable inet mesh {\nchain input {\ntype filter hook input priority 0; policy \
                         accept;\niifname lo accept\nmeta nfproto ipv6 drop\n"
                .to_owned();
        for address in &spot.deaf_to {
            let _ = writeln!(rules, "ip saddr {address} drop");
        }
        if spot.resets {
            // What breaks off passes, or the machine that it is for would not hear it.
            rules.push_str("tcp flags & rst == 0 reject with tcp reset\n");
        }
        if self.loss > 0 {
            let _ = writeln!(rules, "numgen random mod 100 < {} drop", self.loss);
        }
        rules.push_str("}\n}\n");
        spot.place.tool("nft", &["-f", "-"], &rules)
    }

    /// What has gone through a machine's cable so far.
    ///
    /// # Panics
    /// If the system does not tell.
    #[must_use]
    pub fn traffic(&self, at: usize) -> Traffic {
        let holder = self.place(at).holder().expect("a namespace");
        let table = fs::read_to_string(format!("/proc/{holder}/net/dev")).expect("Linux tells");
        let line = table.lines().find_map(|line| line.trim().strip_prefix("lan:")).expect("the cable");
        let numbers: Vec<u64> = line.split_whitespace().map(|number| number.parse().unwrap()).collect();
        Traffic { sent: numbers[8], received: numbers[0] }
    }
}

impl Traffic {
    /// Both ways, since `before`.
    #[must_use]
    pub const fn since(self, before: Self) -> u64 {
        (self.sent - before.sent) + (self.received - before.received)
    }
}

/// The hub's end of a machine's cable.
fn port(at: usize) -> String {
    format!("port{at}")
}
