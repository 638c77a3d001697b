//! Scenarios: what a network goes through. They lie in `scenarios.toml`.

use std::collections::BTreeMap;

use record::Quotas;
use serde::Deserialize;

use crate::config::{Attack, Config};
use crate::topology::{Topology, UnknownTopology};

/// What a network goes through. Times are seconds of virtual time, shares go from 0 to 1.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Scenario {
    /// What it shows, in a line.
    pub about: String,
    /// How many honest nodes there are.
    pub nodes: usize,
    /// Which of them are linked, in the words of [`Topology`].
    pub topology: String,
    /// The share of gossip that is lost on a link…
    pub loss: f64,
    /// …that comes twice, up to five minutes apart…
    pub doubled: f64,
    /// …and that is overtaken.
    pub late: f64,
    /// The share of frames at which a session breaks.
    pub breaks: f64,
    /// How many bytes a second a link carries each way; any number if 0.
    pub rate: u64,
    /// How far clocks are ahead or behind, at most.
    pub skew: u64,
    /// How long members write, and nodes crash, come and go.
    pub busy: u64,
    /// How many listings are written meanwhile, by whom chance chooses…
    pub writes: usize,
    /// …how many get a new revision…
    pub edits: usize,
    /// …and how many are withdrawn.
    pub withdrawals: usize,
    /// When the network falls apart, and is whole again.
    pub cuts: Vec<Cut>,
    /// The share of nodes that lose power once, for up to a minute.
    pub crashes: f64,
    /// The share of nodes that come while the others are busy…
    pub joins: f64,
    /// …and that leave for good, once others have what they wrote.
    pub leaves: f64,
    /// Whether the steward takes all honest members in; else they stay strangers.
    pub members: bool,
    /// How many listings of an author count.
    pub content: u32,
    /// How many things of strangers count.
    pub strangers: u32,
    /// Nodes that mean harm.
    pub hostile: Vec<Attack>,
    /// Whether every neighbour of a hostile node has to ban it.
    pub banned: bool,
    /// How long it may take at the end until all are equal.
    pub limit: u64,
    /// How many times as many bytes as a node lacked at the end it may get until then, and 20 kB.
    pub bytes: Option<f64>,
    /// How many records a store may hold.
    pub store: Option<usize>,
    /// Within how many seconds 99 of 100 things that are written during an attack reach a node…
    pub delivered: Option<f64>,
    /// …how many times as long as before it that may be…
    pub slower: Option<f64>,
    /// …and within how many seconds all of them reach all nodes.
    pub all: Option<f64>,
}

/// A time in which some links are cut.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Cut {
    /// When it begins…
    pub at: u64,
    /// …and ends.
    pub heal: u64,
    /// Into how many parts the network falls; chance says who is in which.
    pub parts: usize,
    /// The share of links that are cut, wherever they are.
    pub links: f64,
}

impl Default for Cut {
    fn default() -> Self {
        Self { at: 0, heal: 0, parts: 1, links: 0.0 }
    }
}

impl Default for Scenario {
    /// A good day.
    fn default() -> Self {
        let Quotas { content, strangers, .. } = Quotas::default();
        Self {
            about: String::new(),
            nodes: 12,
            topology: "random".to_owned(),
            loss: 0.0,
            doubled: 0.0,
            late: 0.0,
            breaks: 0.0,
            rate: 0,
            skew: 0,
            busy: 60,
            writes: 0,
            edits: 0,
            withdrawals: 0,
            cuts: Vec::new(),
            crashes: 0.0,
            joins: 0.0,
            leaves: 0.0,
            members: false,
            content,
            strangers,
            hostile: Vec::new(),
            banned: false,
            limit: 600,
            bytes: None,
            store: None,
            delivered: None,
            slower: None,
            all: None,
        }
    }
}

/// Why the scenarios can not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScenarioError(pub String);

impl std::fmt::Display for ScenarioError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ScenarioError {}

impl From<UnknownTopology> for ScenarioError {
    fn from(error: UnknownTopology) -> Self {
        Self(error.to_string())
    }
}

impl Scenario {
    /// All scenarios, by name.
    ///
    /// # Errors
    /// If the file has a mistake.
    pub fn all() -> Result<BTreeMap<String, Self>, ScenarioError> {
        toml::from_str(include_str!("../scenarios.toml")).map_err(|error| ScenarioError(error.to_string()))
    }

    /// The scenario with this name.
    ///
    /// # Errors
    /// If there is none.
    pub fn named(name: &str) -> Result<Self, ScenarioError> {
        Self::all()?.remove(name).ok_or_else(|| ScenarioError(format!("there is no scenario \"{name}\"")))
    }

    /// The network at the beginning.
    pub(crate) fn config(&self, seed: u64) -> Result<Config, ScenarioError> {
        Ok(Config {
            seed,
            nodes: self.nodes,
            topology: self.topology.parse::<Topology>()?,
            loss: self.loss,
            doubled: self.doubled,
            late: self.late,
            breaks: self.breaks,
            rate: (self.rate > 0).then_some(self.rate),
            skew_ms: self.skew.saturating_mul(1_000),
            quotas: Quotas { content: self.content, strangers: self.strangers, ..Quotas::default() },
            members: self.members,
            hostile: self.hostile.clone(),
            ..Config::default()
        })
    }
}
