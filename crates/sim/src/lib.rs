//! Many protocol nodes with virtual time, loss and latency, from one seed.
//!
//! ```
//! use std::time::Duration;
//!
//! let mut sim = sim::Sim::new(sim::Config { seed: 7, nodes: 5, loss: 0.2, ..sim::Config::default() });
//! sim.write(3, 10);
//! let elapsed = sim.run_until(sim::Sim::converged, Duration::from_secs(600));
//! assert!(elapsed.is_some());
//! ```
//!
//! Start reading at [`Sim`], then `network` (who hears what, and when) and `node`. `scenarios.toml` says what is
//! tried, [`Scenario`] how.
//!
//! **Invariant:** no clock, no threads, no hash map, one source of chance: the same [`Config`] and the
//! same calls give the same events in the same order, and so the same [`Sim::trace_hash`].

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod bodies;
mod config;
mod delivery;
mod event;
mod hostile;
mod lazy;
mod links;
mod member;
mod network;
mod node;
mod report;
mod rng;
mod run;
mod scenario;
mod sim;
mod store;
mod topology;
mod writing;

pub use config::{Attack, Config, Traffic};
pub use delivery::Delivery;
pub use hostile::Hostility;
pub use report::Report;
pub use scenario::{Cut, Scenario, ScenarioError};
pub use sim::{Listener, Sim};
pub use store::{MemoryStore, Pool};
pub use topology::{Topology, UnknownTopology};

#[cfg(test)]
mod tests;
