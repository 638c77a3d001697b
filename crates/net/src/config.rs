//! What a node is told when it starts, and every bound of this crate, named once.

use std::fmt;
use std::time::Duration;

use crate::Address;

/// What a node is told when it starts.
#[derive(Clone)]
pub struct Config {
    /// The ed25519 secret of the node's own libp2p identity; never a member's key.
    pub secret: [u8; 32],
    /// Where to listen. Port 0 lets the system choose. Empty: the node only dials.
    pub listen: Vec<Address>,
    /// Peers that are dialled, and dialled again with a growing delay whenever they are not connected.
    pub peers: Vec<Address>,
    /// Peers that were met before, each address with its peer id: dialled like `peers`, as long as there are few
    /// connections.
    pub known: Vec<Address>,
    /// Whether nodes of the same network are looked for (and this one shown) by mDNS.
    pub mdns: bool,
    /// Whether this node lets others be reached through it, and tells others whether they can be dialled.
    pub relay: bool,
    /// Relays through which this node lets itself be reached. They are dialled like `peers`.
    pub via: Vec<Address>,
    /// Whether to ask connected peers if this node can be dialled, and if it can't, to be reached through one
    /// of them that is a relay.
    pub via_any: bool,
    /// How many connections and sessions there may be.
    pub limits: Limits,
}

impl Config {
    /// A node that listens nowhere and dials nobody; all else is off.
    #[must_use]
    pub fn silent(secret: [u8; 32]) -> Self {
        Self {
            secret,
            listen: Vec::new(),
            peers: Vec::new(),
            known: Vec::new(),
            mdns: false,
            relay: false,
            via: Vec::new(),
            via_any: false,
            limits: Limits::default(),
        }
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Without the secret: configurations end up in logs.
        f.debug_struct("Config")
            .field("listen", &self.listen)
            .field("peers", &self.peers)
            .field("known", &self.known)
            .field("mdns", &self.mdns)
            .field("relay", &self.relay)
            .field("via", &self.via)
            .field("via_any", &self.via_any)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

/// How many connections and sessions there may be. What comes above is refused, what exists stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Connections that others opened.
    pub inbound: u32,
    /// Connections that this node opened.
    pub outbound: u32,
    /// Connections that others are opening; at most an eighth of them from one address.
    pub pending_inbound: u32,
    /// Connections that others may begin at once, when none were begun for a while; half of them are for
    /// addresses that have not come lately, and one address gets no more than half.
    pub new_inbound_burst: u32,
    /// How many more they may begin in each second afterwards, shared in the same way.
    pub new_inbound_per_second: u32,
    /// Connections that others opened from one public address (one /64 in IPv6), pending ones included.
    pub per_public_ip: u32,
    /// The same for one address of a LAN, a mesh or this machine.
    pub per_local_ip: u32,
    /// Sessions that one peer may have opened.
    pub sessions_per_peer: usize,
    /// Sessions that all peers together may have opened.
    pub sessions: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            inbound: 64,
            outbound: 32,
            pending_inbound: 64,
            new_inbound_burst: 30,
            new_inbound_per_second: 10,
            per_public_ip: 4,
            per_local_ip: 32,
            sessions_per_peer: 8,
            sessions: 64,
        }
    }
}

/// After this many bytes were sent in a session, [`Event::Drained`](crate::Event::Drained) tells when
/// they have left this node: whoever waits for it never meets [`SEND_QUEUE`].
pub const DRAIN_AFTER: usize = 256 * 1024;
/// The most bytes that may wait in one session to be sent. One frame more ends the session.
pub const SEND_QUEUE: usize = 4 * 1024 * 1024;

/// Frames of one session that were received and not yet taken, in bytes. When it is full, no more is
/// read, so that the peer is slowed down.
pub(crate) const RECEIVE_WINDOW: u32 = 256 * 1024;
/// What a waiting frame counts besides its bytes, or empty ones would cost memory and count nothing.
pub(crate) const FRAME_COST: u32 = 256;
/// Gossip messages that wait to be taken, from all peers and from one. More are dropped: gossip may
/// lose, reconciliation heals.
pub(crate) const GOSSIP_WAITING: usize = 1024;
pub(crate) const GOSSIP_WAITING_PER_PEER: usize = 256;
/// Events and commands between this crate and its user.
pub(crate) const EVENTS: usize = 256;
pub(crate) const COMMANDS: usize = 256;

/// The sync protocol's name on the wire.
pub(crate) const SYNC: &str = "/commonshelf/sync/1";
/// The name of the protocol that brings blobs.
pub(crate) const BLOB: &str = "/commonshelf/blob/1";
/// What `identify` tells; no version and no machine, they would help only who looks for targets.
pub(crate) const PROTOCOL: &str = "/commonshelf/1";
pub(crate) const AGENT: &str = "commonshelf";

/// Which share one address may have of the connections that are being opened.
pub(crate) const PENDING_SHARE: u32 = 8;
/// Addresses from which connections came lately that are remembered.
pub(crate) const SOURCES: usize = 4_096;
/// With this many peers, nobody is dialled only because they were met before; looked at again after this.
pub(crate) const ENOUGH_PEERS: usize = 8;
pub(crate) const LOOK_AGAIN: Duration = Duration::from_secs(10 * 60);
/// Peers that were met before are dialled one after the other at a start, not all at once.
pub(crate) const STAGGER: Duration = Duration::from_millis(100);
/// Banned peers that are remembered while the node runs. The oldest may try again.
pub(crate) const BANNED: usize = 4_096;

/// What a relay gives to others: places to be reached at, and connections through it. One peer may have four
/// connections. They end after a while or when much has gone through, and are made anew then: a relay is for those
/// who find no direct way.
pub(crate) const RESERVATIONS: usize = 64;
pub(crate) const CIRCUITS: usize = 32;
pub(crate) const CIRCUITS_PER_PEER: usize = 4;
pub(crate) const CIRCUIT_LIFE: Duration = Duration::from_secs(30 * 60);
pub(crate) const CIRCUIT_BYTES: u64 = 64 * 1024 * 1024;
/// Connections through relays that others opened to this node.
pub(crate) const RELAYED: u32 = 16;
/// When a relay has refused a place, it is asked again after this.
pub(crate) const RELAY_RETRY: Duration = Duration::from_secs(30);
/// How long a peer may take to try whether this node can be dialled, when it is asked first, and how soon again
/// until three answers were the same. Afterwards it is every quarter of an hour.
pub(crate) const PROBE: Duration = Duration::from_secs(30);
/// How many of a node's addresses are tried.
pub(crate) const PROBED: usize = 3;
pub(crate) const FIRST_PROBE: Duration = Duration::from_secs(5);
pub(crate) const NEXT_PROBE: Duration = Duration::from_secs(15);

/// Connections to one peer. One is used ([`crate::single`]); the others are being closed, which can take
/// minutes on a dead path.
pub(crate) const PER_PEER: u32 = 4;
/// Yamux resets the connection above this: 8 sessions each way, gossip, ping and identify fit twice.
pub(crate) const STREAMS: usize = 32;
pub(crate) const QUIC_STREAM_WINDOW: u32 = 512 * 1024;
pub(crate) const QUIC_CONNECTION_WINDOW: u32 = 2 * 1024 * 1024;
/// Unlike TCP, QUIC isn't told by the system that the program at the other end was killed, and libp2p's
/// QUIC, started again, doesn't know its old connections. Until this has passed, the other side waits for
/// it in vain. Three keep-alives fit into it, each of them repeated when it is lost.
pub(crate) const QUIC_IDLE: Duration = Duration::from_secs(10);
pub(crate) const QUIC_KEEP_ALIVE: Duration = Duration::from_secs(3);
/// TCP, Noise and Yamux together, or QUIC's handshake.
pub(crate) const HANDSHAKE: Duration = Duration::from_secs(10);
/// A connection on which nothing happens except pings is closed.
pub(crate) const CONNECTION_IDLE: Duration = Duration::from_secs(30 * 60);

/// Two pings unanswered in a row: at most 15 + 4 (answer) + 15 + 10 (a new stream) = 44 seconds until a dead path
/// is given up. Pings are most of what an idle node sends.
pub(crate) const PING_EVERY: Duration = Duration::from_secs(15);
pub(crate) const PING_ANSWER: Duration = Duration::from_secs(4);
/// libp2p's ping is silent about the first failure in a row, so this is the second.
pub(crate) const PING_FAILURES_TOLD: u32 = 1;
/// What peers tell of themselves hardly ever changes.
pub(crate) const IDENTIFY_EVERY: Duration = Duration::from_secs(60 * 60);

/// How long `start` waits for the addresses at which it listens. On a machine without any network none
/// comes, and that is no error: they come when the network does.
pub(crate) const LISTEN: Duration = Duration::from_secs(3);
/// How long a stopping node gives its connections to say goodbye.
pub(crate) const GOODBYE: Duration = Duration::from_millis(500);

/// The first delay between mDNS queries is half a second, then doubled up to this. Each query makes all others
/// answer; and who is new asks at once.
pub(crate) const MDNS_QUERY: Duration = Duration::from_secs(2 * 60);
pub(crate) const MDNS_LIFE: Duration = Duration::from_secs(6 * 60);
pub(crate) const MDNS_RETRY: Duration = Duration::from_secs(30);
