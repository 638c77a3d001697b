//! How a node is started.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use net::Address;

use crate::exchanges::Notify;

/// How a node is started.
#[derive(Clone)]
pub struct Config {
    /// The data folder; made if it is not there.
    pub data: PathBuf,
    /// The network; without one the node only reads and writes its store.
    pub network: Option<Network>,
    /// What this node's own member is called, from now on.
    pub member: Option<String>,
    /// How the person is told elsewhere than on the pages that something waits.
    pub notify: Option<Arc<dyn Notify>>,
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { data, network, member, notify } = self;
        let mut out = f.debug_struct("Config");
        out.field("data", data).field("network", network).field("member", member);
        out.field("notify", &notify.is_some()).finish()
    }
}

/// The node's network. The default one does nothing by itself: it listens nowhere and looks for nobody.
#[derive(Debug, Clone, Default)]
pub struct Network {
    /// Where to listen.
    pub listen: Vec<Address>,
    /// Peers to dial, beside those that are remembered.
    pub peers: Vec<Address>,
    /// Whether to look for peers on the local network.
    pub mdns: bool,
    /// Whether others are reached through this node, and told whether they can be dialled.
    pub relay: bool,
    /// Relays through which others reach this node.
    pub via: Vec<Address>,
    /// Whether to ask peers if this node can be dialled, and to be reached through any of them that is a relay
    /// if not.
    pub via_any: bool,
}
