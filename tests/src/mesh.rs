//! A street: machines on one cable or behind one router, whose links lose packets, are slow, or are cut.
//!
//! What a machine hears is filtered where it arrives, by nftables, so that packets vanish without a word, as on
//! a radio link; how fast it sends is bounded by `tc`'s token bucket.

use std::io::Write as _;
use std::process::{Command, Stdio};

use crate::{Output, Place};

/// Where machines find the router.
const ROUTER: &str = "169.254.1.1";

/// Machines with addresses of their own, in network namespaces of their own.
#[derive(Debug)]
pub struct Mesh {
    /// Holds the cable, or is the router.
    _street: Place,
    places: Vec<Place>,
}

/// Whom a machine hears.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hears<'a> {
    /// Everybody.
    All,
    /// These alone, and itself.
    Only(&'a [usize]),
    /// Everybody, but not from this address.
    AllBut(&'a str),
}

impl Mesh {
    /// So many machines on one cable, at most 200.
    ///
    /// # Errors
    /// What this machine lacks or does not allow.
    pub fn new(count: usize) -> Result<Self, String> {
        Self::build(count, false)
    }

    /// So many machines, at most 200, with a router between them, which drops what is for everybody.
    ///
    /// # Errors
    /// What this machine lacks or does not allow.
    pub fn routed(count: usize) -> Result<Self, String> {
        Self::build(count, true)
    }

    fn build(count: usize, is_routed: bool) -> Result<Self, String> {
        for (program, argument, package) in [("nft", "-v", "nftables"), ("tc", "-V", "iproute2")] {
            let found =
                Command::new(program).arg(argument).stdout(Stdio::null()).stderr(Stdio::null()).status();
            if found.is_err() {
                return Err(format!("the program `{program}` is missing: install the package {package}"));
            }
        }
        let street = Place::first()?;
        if is_routed {
            // What Linux forwards is told by a file of the namespace in which it is written.
            let mut forward = street.command("sh");
            let output = Output::of(forward.args(["-c", "echo 1 > /proc/sys/net/ipv4/ip_forward"]));
            if output.code != 0 {
                return Err(format!("nothing is forwarded here: {}", output.stderr.trim()));
            }
        } else {
            street.ip(&["link", "add", "street", "type", "bridge"])?;
            street.ip(&["link", "set", "street", "up"])?;
        }
        let mut places = Vec::new();
        for number in 0..count {
            let place = street.neighbour()?;
            let (end, holder) = (format!("house{number}"), place.holder_id());
            let add = ["link", "add", &end, "type", "veth", "peer", "name", "lan", "netns", &holder];
            street.ip(&add)?;
            place.ip(&["link", "set", "lo", "up"])?;
            place.ip(&["link", "set", "lan", "up"])?;
            let address = Self::address(number);
            if is_routed {
                street.ip(&["address", "add", ROUTER, "dev", &end])?;
                street.ip(&["link", "set", &end, "up"])?;
                street.ip(&["route", "add", &address, "dev", &end])?;
                place.ip(&["address", "add", &address, "dev", "lan"])?;
                place.ip(&["route", "add", ROUTER, "dev", "lan"])?;
                place.ip(&["route", "add", "default", "via", ROUTER, "src", &address])?;
            } else {
                street.ip(&["link", "set", &end, "master", "street", "up"])?;
                for address in [address, Self::second_address(number)] {
                    place.ip(&["address", "add", &format!("{address}/24"), "dev", "lan"])?;
                }
                // What mDNS sends to everybody has to leave by this cable.
                place.ip(&["route", "add", "224.0.0.0/4", "dev", "lan"])?;
            }
            places.push(place);
        }
        Ok(Self { _street: street, places })
    }

    /// Where a machine is.
    ///
    /// # Panics
    /// If there is no such machine.
    #[must_use]
    pub fn place(&self, number: usize) -> &Place {
        &self.places[number]
    }

    /// Its address.
    #[must_use]
    pub fn address(number: usize) -> String {
        format!("10.78.0.{}", number + 1)
    }

    /// Its second one, in another network on the same cable. Behind a router it has none.
    #[must_use]
    pub fn second_address(number: usize) -> String {
        format!("10.79.0.{}", number + 1)
    }

    /// From now on a machine hears these others, and of their packets so many in a hundred are lost.
    ///
    /// # Panics
    /// If nftables does not take it.
    pub fn hear(&self, number: usize, hears: Hears<'_>, loss: u32) {
        let wall = match hears {
            Hears::All => String::new(),
            Hears::Only([]) => "drop".to_owned(),
            Hears::Only(others) => {
                let both = |other: &usize| [Self::address(*other), Self::second_address(*other)];
                let others: Vec<String> = others.iter().flat_map(both).collect();
                format!("ip saddr != {{ {} }} drop", others.join(", "))
            }
            Hears::AllBut(address) => format!("ip saddr {address} drop"),
        };
        let loss = if loss > 0 { format!("numgen random mod 100 < {loss} drop") } else { String::new() };
        let rules = format!(
            "add table inet mesh\ndelete table inet mesh\ntable inet mesh {{\n chain in {{\n type filter hook input \
             priority 0; policy accept;\n iif lo accept\n {wall}\n {loss}\n }}\n}}\n"
        );
        let mut nft = self.places[number].command("nft");
        let mut nft = nft.args(["-f", "-"]).stdin(Stdio::piped()).spawn().expect("nft starts");
        nft.stdin.take().expect("its input").write_all(rules.as_bytes()).expect("nft reads");
        assert!(nft.wait().expect("nft ends").success(), "nft takes this: {rules}");
    }

    /// Bounds how fast a machine sends, such as `256kbit`.
    ///
    /// # Panics
    /// If `tc` does not take it.
    pub fn rate(&self, number: usize, rate: &str) {
        let words =
            ["qdisc", "replace", "dev", "lan", "root", "tbf", "rate", rate, "burst", "16k", "latency"];
        let output = Output::of(self.places[number].command("tc").args(words).arg("400ms"));
        assert_eq!(output.code, 0, "{output:#?}");
    }

    /// How many bytes a machine has sent and received so far.
    ///
    /// # Panics
    /// If the system does not say.
    #[must_use]
    pub fn bytes(&self, number: usize) -> u64 {
        let output = Output::of(self.places[number].command("cat").arg("/proc/net/dev"));
        let line = output.stdout.lines().find_map(|line| line.trim().strip_prefix("lan:"));
        let words: Vec<u64> =
            line.expect("the cable").split_whitespace().map(|word| word.parse().unwrap()).collect();
        words[0] + words[8]
    }
}
