//! How a node is started.

use std::path::PathBuf;

use net::Address;

/// How a node is started.
#[derive(Debug, Clone)]
pub struct Config {
    /// The data folder; made if it is not there.
    pub data: PathBuf,
    /// The network; without one the node only reads and writes its store.
    pub network: Option<Network>,
    /// What this node's own member is called, from now on.
    pub member: Option<String>,
}

/// The node's network.
#[derive(Debug, Clone)]
pub struct Network {
    /// Where to listen.
    pub listen: Vec<Address>,
    /// Peers to dial, beside those that are remembered.
    pub peers: Vec<Address>,
    /// Whether to look for peers on the local network.
    pub mdns: bool,
}
