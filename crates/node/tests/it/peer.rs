//! A peer with the real network and protocol, whose photos are what a test wants.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use net::{Command, Event};
use protocol::{Blob, BlobInput, BlobOutput, Input, Output, PeerId, Protocol};
use record::{CircleId, Hash, Timestamp};
use store::SledStore;
use tempfile::TempDir;
use tokio::task::JoinHandle;

/// What the peer does when it is asked for a part of a photo.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Mood {
    Honest,
    /// Turns a bit of each part.
    Lies,
    /// Gives so many parts, and then no answer.
    FallsSilent {
        after: usize,
    },
}

/// A running peer; dropping it cuts its connections.
pub(crate) struct Peer {
    pub(crate) address: String,
    /// After how many bytes it was asked to go on.
    pub(crate) asked: Arc<Mutex<Vec<u32>>>,
    /// Its circle's records.
    pub(crate) records: Arc<Mutex<usize>>,
    task: JoinHandle<()>,
    _dir: TempDir,
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    Timestamp::from_millis(u64::try_from(since.as_millis()).unwrap())
}

impl Peer {
    /// A peer that keeps an open circle, and these photos.
    pub(crate) async fn start(circle: &str, dial: &[String], photos: Vec<Vec<u8>>, mood: Mood) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let circle: CircleId = circle.parse().unwrap();
        let secret = *Hash::of(dir.path().to_str().unwrap().as_bytes()).as_bytes();
        let config = net::Config {
            listen: vec!["/ip4/127.0.0.1/tcp/0".parse().unwrap()],
            peers: dial.iter().map(|address| address.parse().unwrap()).collect(),
            ..net::Config::silent(secret)
        };
        let (handle, mut events) = net::start(config).await.unwrap();
        let address = loop {
            if let Event::Listening(address) = events.recv().await.unwrap() {
                break address.to_string();
            }
        };
        let me: PeerId = net::peer_id(&secret).unwrap();
        let mut protocol = Protocol::new(me, SledStore::open(dir.path(), &[], now().date()).unwrap(), secret);
        let photos: BTreeMap<Hash, Vec<u8>> =
            photos.into_iter().map(|bytes| (Hash::of(&bytes), bytes)).collect();
        let here = photos
            .iter()
            .map(|(hash, bytes)| Blob { hash: *hash, size: u32::try_from(bytes.len()).unwrap() })
            .collect();
        let mut outputs = protocol.handle(Input::Blob(BlobInput::Here(here)), now());
        outputs.extend(protocol.follow(circle, Vec::new(), now(), &mut |_| {}).unwrap());
        let (asked, records) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(0)));
        let mut run =
            Run { protocol, handle, photos, mood, asked: Arc::clone(&asked), records: Arc::clone(&records) };
        let task = tokio::spawn(async move {
            run.act(outputs).await;
            let mut ticks = tokio::time::interval(Duration::from_millis(500));
            loop {
                let input = tokio::select! {
                    _ = ticks.tick() => Some(Input::Tick),
                    Some(event) = events.recv() => input(event),
                    else => return,
                };
                if let Some(input) = input {
                    let outputs = run.protocol.handle(input, now());
                    run.act(outputs).await;
                }
                let known = run.protocol.circles().map(|circle| circle.len()).sum();
                *run.records.lock().unwrap() = known;
            }
        });
        Self { address, asked, records, task, _dir: dir }
    }
}

fn input(event: Event) -> Option<Input> {
    match event {
        Event::Connected { peer, .. } => Some(Input::Connected(peer)),
        Event::Disconnected { peer } => Some(Input::Disconnected(peer)),
        Event::Gossip { peer, message, topic, data } => Some(Input::Gossip { peer, message, topic, data }),
        Event::Unsent { topic } => Some(Input::Unsent(topic)),
        Event::Opened { session, peer } => Some(Input::Opened { session, peer }),
        Event::OpenedForBlobs { session, peer } => Some(Input::Blob(BlobInput::Opened { session, peer })),
        Event::Frame { session, frame } => Some(Input::Frame { session, frame }),
        Event::Closed { session } => Some(Input::Closed(session)),
        Event::Listening(_)
        | Event::NotListening(_)
        | Event::Reachable(_)
        | Event::Found { .. }
        | Event::Drained { .. }
        | Event::DialFailed { .. } => None,
    }
}

struct Run {
    protocol: Protocol<SledStore>,
    handle: net::Handle,
    photos: BTreeMap<Hash, Vec<u8>>,
    mood: Mood,
    asked: Arc<Mutex<Vec<u32>>>,
    records: Arc<Mutex<usize>>,
}

impl Run {
    async fn act(&mut self, outputs: Vec<Output>) {
        let mut outputs = std::collections::VecDeque::from(outputs);
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
                Output::Blob(BlobOutput::Open { peer, session }) => Command::OpenForBlobs { peer, session },
                Output::Blob(BlobOutput::Read { session, blob, offset, length }) => {
                    let answers = self.asked.lock().unwrap().len();
                    self.asked.lock().unwrap().push(offset);
                    let part = offset as usize..(offset + length) as usize;
                    let mut bytes = self.photos[&blob.hash][part].to_vec();
                    match self.mood {
                        Mood::FallsSilent { after } if answers >= after => continue,
                        Mood::FallsSilent { .. } | Mood::Honest => {}
                        Mood::Lies => bytes[0] ^= 1,
                    }
                    let read = BlobInput::Read { session, bytes: Some(bytes) };
                    outputs.extend(self.protocol.handle(Input::Blob(read), now()));
                    continue;
                }
                Output::Blob(_)
                | Output::Changed { .. }
                | Output::Synced { .. }
                | Output::Clock { .. }
                | Output::Told { .. }
                | Output::Prove { .. }
                | Output::Knocked { .. }
                | Output::Answered { .. }
                | Output::Secrets { .. }
                | Output::CirclesNearby
                | Output::StoreFailed(_) => continue,
            };
            self.handle.send(command).await;
        }
    }
}
