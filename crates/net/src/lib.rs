//! The network: libp2p with its transports, discovery, gossip and streams, behind commands and events in
//! the protocol's words.
//!
//! [`start`] gives a [`Handle`] for [`Command`]s and a channel of [`Event`]s. One task owns libp2p's swarm
//! and waits for nobody; each session has a task of its own. There is no protocol logic here: what a
//! message means, whom to tell what, and when, is decided by whoever reads the events.
//!
//! | file | idea |
//! | --- | --- |
//! | `port` | commands and events |
//! | `address`, `names`, `error` | libp2p's words in ours |
//! | `config` | what a node is told, and every bound |
//! | `swarm` | the task: commands in, events out |
//! | `behaviour` | the protocols together |
//! | `single` | one connection to each peer, and gossip on it |
//! | `gossip` | gossipsub's settings and scores |
//! | `streams` | opens and accepts sync streams |
//! | `session`, `sessions` | frames on a stream; all of them |
//! | `outbox` | one ordered way out that never blocks the swarm |
//! | `dialer` | whom to dial, and when |
//! | `reach` | the part of the task that is about being reached |
//! | `relays` | through whom this node lets itself be reached |
//! | `per_ip` | connections from one address |
//! | `lan` | this machine in the eyes of neighbours: its addresses, and a name that answers (mDNS) |
//! | `listen` | beginning to listen, with errors that a person understands |

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod address;
mod behaviour;
mod config;
mod dialer;
mod error;
mod gossip;
pub mod lan;
mod listen;
mod names;
mod outbox;
mod per_ip;
mod port;
mod reach;
mod relays;
mod session;
mod sessions;
mod single;
mod streams;
mod swarm;

use std::hash::{BuildHasher as _, RandomState};

pub use address::{Address, AddressError, Carrier};
pub use config::{Config, DRAIN_AFTER, Limits, SEND_QUEUE};
pub use error::NetError;
pub use port::{Command, Event};
use tokio::sync::mpsc;

use crate::outbox::Outbox;
use crate::swarm::Node;

/// Gives commands to a running network. Clones command the same one; when the last is dropped, it stops.
#[derive(Debug, Clone)]
pub struct Handle {
    commands: mpsc::Sender<Command>,
}

impl Handle {
    /// Gives a command; waits while many others are waiting. False if the network has stopped.
    pub async fn send(&self, command: Command) -> bool {
        self.commands.send(command).await.is_ok()
    }
}

/// The name of the node that has this secret, without starting it.
///
/// # Errors
/// Never with the libp2p of today, whose ed25519 takes any 32 bytes.
pub fn peer_id(secret: &[u8; 32]) -> Result<protocol::PeerId, NetError> {
    Ok(names::to_name(&behaviour::keypair(secret)?.public().to_peer_id()))
}

/// Starts the network inside the current tokio runtime. When this returns, the node listens wherever it
/// was told to (or there is no network yet), and dials its peers.
///
/// The network stops on [`Command::Shutdown`], when the last [`Handle`] is dropped, or when the event
/// channel is; the event channel ends when it has. If it ends without any of these, libp2p had a fault and
/// has to be started again.
///
/// # Errors
/// If the node cannot listen where it was told to.
pub async fn start(config: Config) -> Result<(Handle, mpsc::Receiver<Event>), NetError> {
    let keypair = behaviour::keypair(&config.secret)?;
    let mut swarm = behaviour::swarm(&keypair, &config)?;
    let early = listen::listen(&mut swarm, &config.listen).await?;
    let (outbox, events) = Outbox::new();
    let (commands, receiver) = mpsc::channel(config::COMMANDS);
    // Nothing secret: it only spreads the delays of many nodes.
    let seed = RandomState::new().hash_one(swarm.local_peer_id());
    let node = Node::new(swarm, &config, receiver, outbox, seed);
    tokio::spawn(node.run(early));
    Ok((Handle { commands }, events))
}
