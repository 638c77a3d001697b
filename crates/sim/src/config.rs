//! The settings of a simulation, and what it counts.

use std::ops::RangeInclusive;

use record::Quotas;

use crate::hostile::Hostility;
use crate::topology::Topology;

/// How a simulation is set up.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// What all chance follows from.
    pub seed: u64,
    /// How many nodes there are.
    pub nodes: usize,
    /// Which of them are linked.
    pub topology: Topology,
    /// The probability that a gossip message is lost on a link.
    pub loss: f64,
    /// The probability that a gossip message comes twice on a link, up to five minutes apart.
    pub doubled: f64,
    /// The probability that a gossip message is held up for as long as ten seconds, and so overtaken.
    pub late: f64,
    /// The probability that a session breaks at a frame.
    pub breaks: f64,
    /// How long a message takes on a link, in milliseconds.
    pub latency_ms: RangeInclusive<u64>,
    /// How many bytes a second a link carries each way, if not any number.
    pub rate: Option<u64>,
    /// How far clocks may be ahead or behind, in milliseconds.
    pub skew_ms: u64,
    /// How much the circle keeps.
    pub quotas: Quotas,
    /// Whether the steward at the first node takes all honest members in; else they stay strangers.
    pub members: bool,
    /// Nodes that mean harm; their numbers follow those of the honest ones.
    pub hostile: Vec<Attack>,
}

/// Some nodes that do the same harm.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attack {
    /// What they do.
    pub kind: Hostility,
    /// How many they are.
    pub nodes: usize,
    /// With how many honest nodes each is linked.
    pub links: usize,
    /// How much of it they do in a second, where that can be counted.
    #[serde(default = "some")]
    pub rate: u64,
    /// The second of virtual time from which they do it…
    pub from: u64,
    /// …and the one in which they stop.
    #[serde(default = "never")]
    pub until: u64,
}

const fn some() -> u64 {
    50
}

const fn never() -> u64 {
    u64::MAX
}

impl Default for Config {
    /// Two nodes on a good day.
    fn default() -> Self {
        Self {
            seed: 0,
            nodes: 2,
            topology: Topology::Full,
            loss: 0.0,
            doubled: 0.0,
            late: 0.0,
            breaks: 0.0,
            latency_ms: 5..=80,
            rate: None,
            skew_ms: 0,
            quotas: Quotas::default(),
            members: false,
            hostile: Vec::new(),
        }
    }
}

/// What went over the links.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Gossip messages (each hop counts) and sync frames, lost ones too.
    pub messages: u64,
    /// Their bytes; of what a slow link had not carried when it was cut, none.
    pub bytes: u64,
    /// Rounds of reconciliation that both sides finished, counted on each side.
    pub rounds: u64,
    /// Records that these rounds brought.
    pub records: u64,
}
