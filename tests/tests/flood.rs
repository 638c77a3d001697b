//! A peer of the circle that sends bad signatures as fast as it can.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]
#![cfg(target_os = "linux")]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use net::{Command, Config, Event};
use protocol::{Topic, Verdict};
use record::{CircleId, ReadSecret, Value};
use serde_json::json;
use tests::{Home, Node, full_or_short, is_full_size, same_digest, wait_until};
use tokio::runtime::Runtime;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::timeout;

/// Messages that are offered in each second.
const RATE: u64 = 10_000;
/// Nothing takes longer.
const BOUND: Duration = Duration::from_secs(30);
const SIGNATURE: usize = 64;

fn config(secret: [u8; 32], peer: &str) -> Config {
    Config { peers: vec![peer.parse().unwrap()], ..Config::silent(secret) }
}

/// What an honest neighbour of the node hears by gossip, and when.
async fn listen(peer: String, topic: Topic) -> UnboundedReceiver<(Vec<u8>, Instant)> {
    let (handle, mut events) = net::start(config([9; 32], &peer)).await.unwrap();
    handle.send(Command::Subscribe(topic)).await;
    let (heard, hearing) = unbounded_channel();
    tokio::spawn(async move {
        while let Some(event) = events.recv().await {
            if let Event::Gossip { peer, message, data, .. } = event {
                let _ = heard.send((data, Instant::now()));
                handle.send(Command::Judge { peer, message, verdict: Verdict::Accept }).await;
            }
        }
    });
    hearing
}

/// A message with another signature each time, which is never right.
fn forged(message: &[u8], number: u64) -> Vec<u8> {
    let Ok(Value::List(mut parts)) = Value::decode(message) else { panic!("a record") };
    let Some(Value::Bytes(envelope)) = parts.first_mut() else { panic!("an envelope") };
    let signature = envelope.len() - SIGNATURE;
    envelope[signature..signature + 8].copy_from_slice(&number.to_be_bytes());
    Value::List(parts).encode()
}

struct Attack {
    peer: String,
    topic: Topic,
    message: Vec<u8>,
    over: AtomicBool,
    /// How many messages were offered.
    offered: AtomicU64,
}

impl Attack {
    /// Floods under one name until that is cut off; says how long it took.
    async fn once(&self, name: u64) -> Option<Duration> {
        let mut secret = [7; 32];
        secret[..8].copy_from_slice(&name.to_be_bytes());
        let (handle, mut events) = net::start(config(secret, &self.peer)).await.unwrap();
        handle.send(Command::Subscribe(self.topic.clone())).await;
        let begun = async {
            while let Some(event) = events.recv().await {
                if matches!(event, Event::Connected { .. }) {
                    return;
                }
            }
        };
        timeout(BOUND, begun).await.ok()?;
        let begun = Instant::now();
        let flood = async {
            let mut ticks = tokio::time::interval(Duration::from_millis(5));
            loop {
                ticks.tick().await;
                for _ in 0..RATE / 200 {
                    let data = forged(&self.message, self.offered.fetch_add(1, Ordering::Relaxed));
                    handle.send(Command::Publish { topic: self.topic.clone(), data }).await;
                }
            }
        };
        let cut = async {
            while let Some(event) = events.recv().await {
                if matches!(event, Event::Disconnected { .. }) {
                    return Some(begun.elapsed());
                }
            }
            None
        };
        tokio::select! {
            () = flood => None,
            cut = timeout(BOUND, cut) => cut.ok().flatten(),
        }
    }

    /// Floods, each time under a new name, until it is over.
    async fn run(self: Arc<Self>, first: u64) -> Vec<Duration> {
        let mut cuts = Vec::new();
        let mut name = first;
        while !self.over.load(Ordering::Relaxed) {
            cuts.extend(self.once(name).await);
            name += 1;
        }
        cuts
    }

    /// Keeps the rate up under a name that is cut off already: what it says goes nowhere.
    async fn stubborn(self: Arc<Self>) -> u64 {
        let (handle, mut events) = net::start(config([8; 32], &self.peer)).await.unwrap();
        handle.send(Command::Subscribe(self.topic.clone())).await;
        let cuts = AtomicU64::new(0);
        let count = async {
            while let Some(event) = events.recv().await {
                if matches!(event, Event::Disconnected { .. }) {
                    cuts.fetch_add(1, Ordering::Relaxed);
                }
            }
        };
        let flood = async {
            let mut ticks = tokio::time::interval(Duration::from_millis(5));
            while !self.over.load(Ordering::Relaxed) {
                ticks.tick().await;
                for _ in 0..RATE / 200 {
                    let data = forged(&self.message, self.offered.fetch_add(1, Ordering::Relaxed));
                    handle.send(Command::Publish { topic: self.topic.clone(), data }).await;
                }
            }
        };
        tokio::select! {
            () = flood => {}
            () = count => {}
        }
        cuts.into_inner()
    }
}

/// Each of the nodes says something in turn, spread over a time; how long until the neighbour of the first one
/// has heard it.
fn deliveries(
    runtime: &Runtime,
    authors: &[&Node],
    heard: &mut UnboundedReceiver<(Vec<u8>, Instant)>,
    over: Duration,
) -> Vec<Duration> {
    let (samples, mut times) = (samples(), Vec::new());
    let mut beats = runtime.block_on(async { tokio::time::interval(over / samples) });
    for author in authors.iter().cycle().take(samples as usize) {
        runtime.block_on(beats.tick());
        let begun = Instant::now();
        let _ = author.post("/api/v1/listings", &json!({"side": "offer", "title": "Leiter"})).with(201);
        let (_, at) =
            runtime.block_on(async { timeout(BOUND, heard.recv()).await }).expect("delivered").unwrap();
        times.push(at - begun);
    }
    times
}

/// How many things are said in each part of the test; no author may say more by gossip.
fn samples() -> u32 {
    if is_full_size() { 100 } else { 40 }
}

/// The time within which so many of a hundred were delivered.
fn percentile(times: &mut [Duration], percent: usize) -> Duration {
    times.sort();
    times[(times.len() * percent).div_ceil(100) - 1]
}

#[test]
fn a_flood_of_bad_signatures_is_cut_off_stored_nowhere_and_slows_nobody_down() {
    let runtime = Runtime::new().unwrap();
    let mut node = Home::new().up(&["--circle", "Gartenstraße"]);
    let others: Vec<Node> =
        (0..3).map(|_| Home::new().up(&["--peer", node.address(), "--join", &node.link()])).collect();
    others.iter().for_each(Node::wait_for_charter);
    let circle: CircleId = node.ready().circle.as_deref().unwrap().parse().unwrap();
    let topic = Topic(ReadSecret::open(circle).topic().to_string().into());
    let peer = node.address().to_owned();
    let mut heard = runtime.block_on(listen(peer.clone(), topic.clone()));
    let authors: Vec<&Node> = others.iter().collect();

    // The first things that each of them says are more than one record; and gossip's mesh has to be there.
    for author in &authors {
        author.run(&["offer", "Leiter"]);
    }
    for other in &others {
        same_digest(node.home(), other.home(), 3, BOUND);
    }
    let mut message = Vec::new();
    wait_until("the neighbour hears gossip", BOUND, || {
        if let Ok((data, _)) = heard.try_recv() {
            message = data;
            Ok(())
        } else {
            authors[0].run(&["offer", "Leiter"]);
            Err("it has heard nothing".to_owned())
        }
    });
    let quiet = runtime.block_on(async {
        while timeout(Duration::from_secs(2), heard.recv()).await.is_ok() {}
        true
    });
    assert!(quiet);

    let mut before = deliveries(&runtime, &authors, &mut heard, full_or_short(20, 3));
    let (rss, records) =
        (node.process().told("VmRSS"), node.json(&["status"])["circles"][0]["records"].clone());

    let attack =
        Arc::new(Attack { peer, topic, message, over: AtomicBool::new(false), offered: AtomicU64::new(0) });
    let begun = Instant::now();
    let stubborn = runtime.spawn(Arc::clone(&attack).stubborn());
    let flood = runtime.spawn(Arc::clone(&attack).run(1));
    let mut during = deliveries(&runtime, &authors, &mut heard, full_or_short(60, 6));
    attack.over.store(true, Ordering::Relaxed);
    let cuts = runtime.block_on(async { timeout(BOUND, flood).await.unwrap().unwrap() });
    let refused = runtime.block_on(async { timeout(BOUND, stubborn).await.unwrap().unwrap() });

    let written = during.len();
    // Of a few dozen samples the 99th percentile is the slowest one, which says nothing.
    let percent = if is_full_size() { 99 } else { 50 };
    let (calm, attacked) = (percentile(&mut before, percent), percentile(&mut during, percent));
    let grown = node.process().told("VmHWM").saturating_sub(rss);
    let offered = attack.offered.load(Ordering::Relaxed);
    eprintln!(
        "offered {offered} in {:?}; cut {} times, at the latest after {:?}; the same name refused {refused} times; \
         p{percent} {calm:?} before, {attacked:?} during ({} samples); {grown} kB more",
        begun.elapsed(),
        cuts.len(),
        cuts.iter().max(),
        during.len(),
    );
    assert!(!cuts.is_empty() && cuts.iter().all(|cut| *cut < Duration::from_secs(1)), "{cuts:?}");
    assert!(refused >= 1 && node.said().contains("banned for what it sent"), "{}", node.said());
    // Nothing else came by than what was written, and nothing else was kept.
    assert_eq!(heard.try_recv().map(|(data, _)| data), Err(tokio::sync::mpsc::error::TryRecvError::Empty));
    let now = node.json(&["status"])["circles"][0]["records"].as_u64().unwrap();
    assert_eq!(now, records.as_u64().unwrap() + u64::try_from(written).unwrap());
    assert!(attacked < calm * 2 + Duration::from_millis(5), "{attacked:?} instead of {calm:?}");
    assert!(grown <= 32 * 1024, "{grown} kB more");
}
