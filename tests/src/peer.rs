//! A peer with the real network and protocol, that says what a test wants.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use net::{Command, Event};
use protocol::{Input, Output, Protocol, Topic};
use record::{CircleId, ReadSecret, Record, Value, Verified};
use sim::MemoryStore;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::member::now;

/// A peer of one open circle. Dropping it cuts its connections.
pub struct Peer {
    say: UnboundedSender<Saying>,
    counts: Arc<Counts>,
}

#[derive(Default)]
struct Counts {
    met: AtomicU64,
    cut: AtomicU64,
}

enum Saying {
    /// As an honest node would.
    Write(Vec<Verified>),
    /// By gossip, whatever it is.
    Shout(Vec<u8>),
}

/// The bytes of a gossip message.
#[must_use]
pub fn message(record: Record) -> Vec<u8> {
    let body = record.body.map_or(Value::Null, Value::Bytes);
    Value::List(vec![Value::Bytes(record.envelope), body]).encode()
}

impl Peer {
    /// A peer with this network key, that dials a node and begins with these records of the circle.
    ///
    /// # Panics
    /// If the network does not start.
    #[must_use]
    pub fn start(secret: [u8; 32], dial: &str, circle: CircleId, records: Vec<Verified>) -> Self {
        let config =
            net::Config { peers: vec![dial.parse().expect("an address")], ..net::Config::silent(secret) };
        let (say, said) = unbounded_channel();
        let counts = Arc::new(Counts::default());
        let counted = Arc::clone(&counts);
        say.send(Saying::Write(records)).expect("it is there");
        // A thread of its own: its records are shared without a lock.
        thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(run(config, circle, said, &counted));
        });
        Self { say, counts }
    }

    /// Writes records as an honest node would: up to 16 go by gossip, more in the next round. Those that the circle
    /// does not take are left out.
    pub fn write(&self, records: Vec<Verified>) {
        let _ = self.say.send(Saying::Write(records));
    }

    /// Says bytes to all neighbours by gossip.
    pub fn shout(&self, data: Vec<u8>) {
        let _ = self.say.send(Saying::Shout(data));
    }

    /// How often it met somebody.
    #[must_use]
    pub fn met(&self) -> u64 {
        self.counts.met.load(Ordering::Relaxed)
    }

    /// How often it was cut off.
    #[must_use]
    pub fn cut(&self) -> u64 {
        self.counts.cut.load(Ordering::Relaxed)
    }
}

async fn run(config: net::Config, circle: CircleId, mut said: UnboundedReceiver<Saying>, counts: &Counts) {
    let secret = config.secret;
    let topic = Topic(ReadSecret::open(circle).topic().to_string().into());
    let me = net::peer_id(&secret).expect("a name");
    let (handle, mut events) = net::start(config).await.expect("a network");
    let mut protocol = Protocol::new(me, MemoryStore::default(), secret);
    let followed = protocol.follow(circle, Vec::new(), now(), &mut |_| {}).expect("a store in memory");
    act(&mut protocol, &handle, followed).await;
    let mut ticks = tokio::time::interval(Duration::from_millis(500));
    loop {
        let outputs = tokio::select! {
            _ = ticks.tick() => protocol.handle(Input::Tick, now()),
            Some(event) = events.recv() => match input(event, counts) {
                Some(input) => protocol.handle(input, now()),
                None => continue,
            },
            saying = said.recv() => match saying {
                Some(Saying::Write(records)) => protocol.write(circle, records, now()).unwrap_or_default(),
                Some(Saying::Shout(data)) => {
                    handle.send(Command::Publish { topic: topic.clone(), data }).await;
                    continue;
                }
                None => return,
            },
        };
        act(&mut protocol, &handle, outputs).await;
    }
}

fn input(event: Event, counts: &Counts) -> Option<Input> {
    match event {
        Event::Connected { peer, .. } => {
            counts.met.fetch_add(1, Ordering::Relaxed);
            Some(Input::Connected(peer))
        }
        Event::Disconnected { peer } => {
            counts.cut.fetch_add(1, Ordering::Relaxed);
            Some(Input::Disconnected(peer))
        }
        Event::Gossip { peer, message, topic, data } => Some(Input::Gossip { peer, message, topic, data }),
        Event::Unsent { topic } => Some(Input::Unsent(topic)),
        Event::Opened { session, peer } => Some(Input::Opened { session, peer }),
        Event::Frame { session, frame } => Some(Input::Frame { session, frame }),
        Event::Closed { session } => Some(Input::Closed(session)),
        Event::OpenedForBlobs { .. }
        | Event::Listening(_)
        | Event::NotListening(_)
        | Event::Reachable(_)
        | Event::Found { .. }
        | Event::Drained { .. }
        | Event::DialFailed { .. } => None,
    }
}

async fn act(protocol: &mut Protocol<MemoryStore>, handle: &net::Handle, outputs: Vec<Output>) {
    let mut outputs = VecDeque::from(outputs);
    while let Some(output) = outputs.pop_front() {
        let command = match output {
            Output::Subscribe(topic) => Command::Subscribe(topic),
            Output::Unsubscribe(topic) => Command::Unsubscribe(topic),
            Output::Publish { topic, data } => Command::Publish { topic, data },
            Output::Judge { peer, message, verdict } => Command::Judge { peer, message, verdict },
            Output::Open { peer, session } => Command::Open { peer, session },
            Output::Send { session, frame } => Command::Send { session, frame },
            Output::Close(session) => Command::Close { session },
            Output::Ban(peer) => Command::Ban { peer },
            // A circle that anybody reads: nothing has to be proven.
            Output::Prove { session, .. } => {
                outputs.extend(protocol.handle(Input::Proven { session, seal: None }, now()));
                continue;
            }
            Output::Blob(_)
            | Output::Changed { .. }
            | Output::Synced { .. }
            | Output::Clock { .. }
            | Output::Told { .. }
            | Output::Knocked { .. }
            | Output::Answered { .. }
            | Output::Secrets { .. }
            | Output::CirclesNearby
            | Output::StoreFailed(_) => continue,
        };
        handle.send(command).await;
    }
}
