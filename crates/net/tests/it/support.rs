//! Nodes for the tests, and waiting for what they tell.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures::{AsyncWriteExt as _, StreamExt as _};
use libp2p::swarm::SwarmEvent;
use libp2p::{Stream, StreamProtocol, Swarm, SwarmBuilder, noise, quic, tcp, yamux};
use net::{Address, Carrier, Command, Config, Event, Handle};
use protocol::{MessageRef, PeerId, Topic, Verdict};
use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use tokio::time::timeout;

/// Nothing in a test takes longer, on however busy a machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// How the messages of [`Node::reaches`] begin, and how many there were.
const PROBE: &[u8] = b"does this reach you?";
static PROBES: AtomicU64 = AtomicU64::new(0);

pub(crate) struct Node {
    pub(crate) handle: Handle,
    pub(crate) events: mpsc::Receiver<Event>,
    pub(crate) id: PeerId,
    pub(crate) listening: Vec<Address>,
}

/// A configuration with port 0 of both carriers on 127.0.0.1.
pub(crate) fn config(seed: u8) -> Config {
    let listen = ["/ip4/127.0.0.1/tcp/0", "/ip4/127.0.0.1/udp/0/quic-v1"];
    let listen = listen.map(|address| address.parse().unwrap()).to_vec();
    Config { listen, ..Config::silent([seed; 32]) }
}

pub(crate) fn topic(name: &str) -> Topic {
    Topic(name.into())
}

impl Node {
    pub(crate) async fn start(config: Config) -> Self {
        let expected = config.listen.len();
        let id = net::peer_id(&config.secret).unwrap();
        let (handle, events) = net::start(config).await.unwrap();
        let mut node = Self { handle, events, id, listening: Vec::new() };
        while node.listening.len() < expected {
            let address = node
                .wait("listening", |event| {
                    if let Event::Listening(address) = event { Some(address.clone()) } else { None }
                })
                .await;
            node.listening.push(address);
        }
        node
    }

    pub(crate) async fn new(seed: u8) -> Self {
        Self::start(config(seed)).await
    }

    /// Where the node listens, with its peer id.
    pub(crate) fn at(&self, carrier: Carrier) -> Address {
        self.listening.iter().find(|address| address.carrier() == carrier).unwrap().clone()
    }

    pub(crate) async fn send(&self, command: Command) {
        assert!(self.handle.send(command).await);
    }

    /// The first event of which `pick` makes something.
    pub(crate) async fn wait<T>(&mut self, what: &str, mut pick: impl FnMut(&Event) -> Option<T>) -> T {
        let mut seen = Vec::new();
        let search = async {
            loop {
                let event = self.events.recv().await.expect("the network has stopped");
                if let Some(found) = pick(&event) {
                    return found;
                }
                seen.push(format!("{event:?}").chars().take(200).collect::<String>());
            }
        };
        match timeout(PATIENCE, search).await {
            Ok(found) => found,
            Err(_) => panic!("waited in vain for: {what}; saw {seen:#?}"),
        }
    }

    pub(crate) async fn wait_for(&mut self, expected: Event) {
        let what = format!("{expected:?}");
        self.wait(&what, |event| (*event == expected).then_some(())).await;
    }

    pub(crate) async fn connected(&mut self, peer: &PeerId) -> (Address, bool) {
        self.wait("connected", |event| {
            let Event::Connected { peer: other, address, inbound } = event else { return None };
            (other == peer).then(|| (address.clone(), *inbound))
        })
        .await
    }

    pub(crate) async fn disconnected(&mut self, peer: &PeerId) {
        self.wait_for(Event::Disconnected { peer: peer.clone() }).await;
    }

    /// Connects two nodes.
    pub(crate) async fn join(&mut self, other: &mut Self, carrier: Carrier) {
        self.send(Command::Dial(other.at(carrier))).await;
        self.connected(&other.id).await;
        other.connected(&self.id).await;
    }

    pub(crate) async fn subscribe(&self, name: &str) {
        self.send(Command::Subscribe(topic(name))).await;
    }

    /// The next gossip message that is none of [`reaches`](Self::reaches).
    pub(crate) async fn heard(&mut self) -> (PeerId, MessageRef, Vec<u8>) {
        self.wait("gossip", |event| {
            let Event::Gossip { peer, message, data, .. } = event else { return None };
            (!data.starts_with(PROBE)).then(|| (peer.clone(), message.clone(), data.clone()))
        })
        .await
    }

    /// Hears a message and judges it.
    pub(crate) async fn judge(&mut self, verdict: Verdict) -> Vec<u8> {
        let (peer, message, data) = self.heard().await;
        self.send(Command::Judge { peer, message, verdict }).await;
        data
    }

    /// Waits until gossip gets from here to `other`. There is no event for a peer's subscription, so it is
    /// published again and again, each time something else: the same bytes are sent only once, and perhaps
    /// not yet to the other.
    pub(crate) async fn reaches(&self, other: &mut Self, name: &str) {
        let publish = async {
            loop {
                let number = PROBES.fetch_add(1, Ordering::Relaxed);
                let data = [PROBE, self.id.as_str().as_bytes(), &number.to_be_bytes()].concat();
                self.send(Command::Publish { topic: topic(name), data }).await;
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let from_here = [PROBE, self.id.as_str().as_bytes()].concat();
        let hear = other.wait("probe", |event| {
            matches!(event, Event::Gossip { data, .. } if data.starts_with(&from_here)).then_some(())
        });
        tokio::select! {
            () = hear => {}
            () = publish => unreachable!(),
        }
    }
}

/// A node with threads of its own, to be killed or frozen like a process.
pub(crate) struct Process {
    pub(crate) node: Node,
    runtime: Runtime,
    frozen: Option<std::sync::mpsc::Sender<()>>,
}

impl Process {
    pub(crate) async fn start(config: Config) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let node = runtime.spawn(Node::start(config)).await.unwrap();
        Self { node, runtime, frozen: None }
    }

    /// Like `kill -9`: nothing is said to anybody, the system closes the sockets; and when this returns, it
    /// has.
    pub(crate) async fn kill(self) {
        let Self { node, runtime, frozen } = self;
        // Ends the freezing, if there is one.
        drop(frozen);
        tokio::task::spawn_blocking(move || runtime.shutdown_timeout(PATIENCE)).await.unwrap();
        drop(node);
    }

    /// Like a cable that is pulled: its sockets stay open, and it says nothing any more.
    pub(crate) fn freeze(&mut self) {
        let (keep, until) = std::sync::mpsc::channel();
        self.frozen = Some(keep);
        self.runtime.spawn(async move {
            // Blocks the only thread, until the sender is dropped.
            let _dropped = until.recv();
        });
    }
}

const SYNC: StreamProtocol = StreamProtocol::new("/commonshelf/sync/1");

/// Somebody else's libp2p node.
pub(crate) fn stranger() -> (Swarm<libp2p_stream::Behaviour>, libp2p_stream::Control) {
    let swarm = SwarmBuilder::with_new_identity()
        .with_tokio()
        .with_tcp(tcp::Config::default(), noise::Config::new, yamux::Config::default)
        .unwrap()
        .with_quic_config(|config: quic::Config| config)
        .with_behaviour(|_| libp2p_stream::Behaviour::new())
        .unwrap()
        .with_swarm_config(|config| config.with_idle_connection_timeout(PATIENCE))
        .build();
    let control = swarm.behaviour().new_control();
    (swarm, control)
}

/// Somebody else's libp2p node that has connected to `node` and opens streams of the sync protocol.
pub(crate) async fn visitor(node: &Node, carrier: Carrier) -> Visitor {
    let (mut swarm, control) = stranger();
    swarm.dial(libp2p::Multiaddr::try_from(node.at(carrier).to_string()).unwrap()).unwrap();
    while !matches!(swarm.next().await, Some(SwarmEvent::ConnectionEstablished { .. })) {}
    tokio::spawn(async move { while swarm.next().await.is_some() {} });
    Visitor { control, host: node.id.as_str().parse().unwrap() }
}

pub(crate) struct Visitor {
    control: libp2p_stream::Control,
    host: libp2p::PeerId,
}

impl Visitor {
    /// A stream on which `bytes` have been written.
    pub(crate) async fn write(&mut self, bytes: &[u8]) -> Stream {
        let mut stream = self.control.open_stream(self.host, SYNC).await.unwrap();
        // The other side may end it in the middle.
        let _ended = stream.write_all(bytes).await;
        let _ended = stream.flush().await;
        stream
    }
}
