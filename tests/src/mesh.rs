//! A street: machines on one cable, whose links lose packets, are slow, or are cut.
//!
//! What a machine hears is filtered where it arrives, by nftables, so that packets vanish without a word, as on
//! a radio link; how fast it sends is bounded by `tc`'s token bucket.

use std::io::Write as _;
use std::process::{Command, Stdio};

use crate::{Output, Place};

/// Machines with an address each, in network namespaces of their own.
#[derive(Debug)]
pub struct Mesh {
    /// Holds the cable.
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
}

impl Mesh {
    /// So many machines, at most 200.
    ///
    /// # Errors
    /// What this machine lacks or does not allow.
    pub fn new(count: usize) -> Result<Self, String> {
        for (program, argument, package) in [("nft", "-v", "nftables"), ("tc", "-V", "iproute2")] {
            let found =
                Command::new(program).arg(argument).stdout(Stdio::null()).stderr(Stdio::null()).status();
            if found.is_err() {
                return Err(format!("the program `{program}` is missing: install the package {package}"));
            }
        }
        let street = Place::first()?;
        street.ip(&["link", "add", "street", "type", "bridge"])?;
        street.ip(&["link", "set", "street", "up"])?;
        let mut places = Vec::new();
        for number in 0..count {
            let place = street.neighbour()?;
            let (end, holder) = (format!("house{number}"), place.holder_id());
            let add = ["link", "add", &end, "type", "veth", "peer", "name", "lan", "netns", &holder];
            street.ip(&add)?;
            street.ip(&["link", "set", &end, "master", "street", "up"])?;
            place.ip(&["link", "set", "lo", "up"])?;
            place.ip(&["address", "add", &format!("{}/24", Self::address(number)), "dev", "lan"])?;
            place.ip(&["link", "set", "lan", "up"])?;
            // What mDNS sends to everybody has to leave by this cable.
            place.ip(&["route", "add", "224.0.0.0/4", "dev", "lan"])?;
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

    /// From now on a machine hears these others, and of their packets so many in a hundred are lost.
    ///
    /// # Panics
    /// If nftables does not take it.
    pub fn hear(&self, number: usize, hears: Hears<'_>, loss: u32) {
        let wall = match hears {
            Hears::All => String::new(),
            Hears::Only([]) => "drop".to_owned(),
            Hears::Only(others) => {
                let others: Vec<String> = others.iter().map(|other| Self::address(*other)).collect();
                format!("ip saddr != {{ {} }} drop", others.join(", "))
            }
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
