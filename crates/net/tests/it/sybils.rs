//! Neighbours who pass everything on for a while, and then nothing any more.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use net::{Address, Carrier, Command, Config, Event, Handle};
use protocol::{PeerId, Verdict};
use tokio::time::{interval, timeout};

use crate::support::{Node, PATIENCE, config, topic};

const CIRCLE: &str = "circle";
/// How many others each node dials.
const DIALLED: usize = 4;

/// Who has heard which message.
type Heard = Arc<Mutex<HashMap<Vec<u8>, HashSet<PeerId>>>>;

struct Size {
    honest: u8,
    sybils: u8,
    covert: Duration,
}

/// At full size with `COMMONSHELF_FULL=1`.
fn size() -> Size {
    if std::env::var_os("COMMONSHELF_FULL").is_some_and(|value| value == "1") {
        Size { honest: 30, sybils: 10, covert: Duration::from_secs(60) }
    } else {
        Size { honest: 15, sybils: 5, covert: Duration::from_secs(5) }
    }
}

/// Passes on what it hears as long as `faithful` says so.
async fn take_part(mut node: Node, faithful: Arc<AtomicBool>, heard: Heard) {
    while let Some(event) = node.events.recv().await {
        if let Event::Gossip { peer, message, data, .. } = event {
            heard.lock().unwrap().entry(data).or_default().insert(node.id.clone());
            let passes = faithful.load(Ordering::Relaxed);
            let verdict = if passes { Verdict::Accept } else { Verdict::Ignore };
            node.handle.send(Command::Judge { peer, message, verdict }).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_sybils_drop_reaches_all_others_within_ten_seconds() {
    let Size { honest, sybils, covert } = size();
    let always = Arc::new(AtomicBool::new(true));
    let faithful = Arc::new(AtomicBool::new(true));
    let heard = Heard::default();
    let mut nodes: Vec<Taking> = Vec::new();
    // A sybil among every few, and each node dials some that were there before, here and there.
    let all = usize::from(honest + sybils);
    let every = all / usize::from(sybils);
    for number in 0..all {
        let dialled = (1..=DIALLED).filter_map(|step| number.checked_sub(step * step));
        let peers = dialled.map(|other| nodes[other].place.clone()).collect();
        let node = Node::start(Config { peers, ..config(u8::try_from(number).unwrap() + 1) }).await;
        node.subscribe(CIRCLE).await;
        let (handle, id, place) = (node.handle.clone(), node.id.clone(), node.at(Carrier::Tcp));
        let is_sybil = number % every == 1;
        nodes.push(Taking { handle, id, place, is_sybil });
        let faithful = if is_sybil { &faithful } else { &always };
        tokio::spawn(take_part(node, Arc::clone(faithful), Arc::clone(&heard)));
    }
    let authors: Vec<&Taking> = nodes.iter().filter(|node| !node.is_sybil).collect();
    assert_eq!((authors.len(), nodes.len()), (usize::from(honest), all));

    // Until each has heard each, there is no mesh to be attacked.
    let mut number = 0;
    for author in &authors {
        timeout(PATIENCE, async {
            loop {
                number += 1;
                let data = author.publish(number).await;
                if all_heard(&heard, &data, author, &authors, Duration::from_millis(500)).await.is_some() {
                    break;
                }
            }
        })
        .await
        .expect("a mesh");
    }
    let begun = Instant::now();
    let mut beats = interval(Duration::from_millis(500));
    while begun.elapsed() < covert {
        beats.tick().await;
        number += 1;
        authors[usize::try_from(number).unwrap() % authors.len()].publish(number).await;
    }

    faithful.store(false, Ordering::Relaxed);
    let mut slowest = Duration::ZERO;
    for author in &authors {
        number += 1;
        let data = author.publish(number).await;
        let after = all_heard(&heard, &data, author, &authors, Duration::from_secs(10)).await;
        slowest = slowest.max(after.expect("everybody has heard it"));
    }
    eprintln!("{} messages, the slowest delivered to all after {slowest:?}", authors.len());
}

struct Taking {
    handle: Handle,
    id: PeerId,
    place: Address,
    is_sybil: bool,
}

impl Taking {
    async fn publish(&self, number: u64) -> Vec<u8> {
        let data = number.to_be_bytes().to_vec();
        self.handle.send(Command::Publish { topic: topic(CIRCLE), data: data.clone() }).await;
        data
    }
}

/// How long it takes until all but its author have heard a message.
async fn all_heard(
    heard: &Heard,
    data: &[u8],
    author: &Taking,
    all: &[&Taking],
    bound: Duration,
) -> Option<Duration> {
    let begun = Instant::now();
    let mut looks = interval(Duration::from_millis(5));
    while begun.elapsed() < bound {
        looks.tick().await;
        let heard = heard.lock().unwrap();
        let by = heard.get(data);
        let has = |node: &&Taking| node.id == author.id || by.is_some_and(|by| by.contains(&node.id));
        if all.iter().all(has) {
            return Some(begun.elapsed());
        }
    }
    None
}
