//! Nodes of ours: with a store on the disk, a catalogue, an index and pages' view each.

use std::time::{Duration, Instant};

use node::{Config, ListingInput, Network as Net, Node};
use record::RecordId;
use tempfile::TempDir;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::mpsc;

use super::{Arrival, Network, STEPS};
use crate::Outcome;

/// How long all may take to find each other.
const PATIENCE: Duration = Duration::from_secs(120);
const POLL: Duration = Duration::from_millis(50);
/// So that a record has about 500 bytes.
const TEXT: &str = "Well used and well kept, with all that belongs to it. Please bring it back clean, and \
                    within two weeks if somebody waits for it.";

pub(super) struct Ours {
    nodes: Vec<Node>,
    published: usize,
    _folders: TempDir,
}

pub(super) async fn start(count: usize, arrived: mpsc::UnboundedSender<Arrival>) -> Outcome<Ours> {
    let folders = tempfile::tempdir()?;
    let mut nodes = Vec::new();
    for number in 0..count {
        let network =
            Net { listen: vec!["/ip4/127.0.0.1/tcp/0".parse()?], peers: Vec::new(), ..Net::default() };
        let data = folders.path().join(number.to_string());
        nodes.push(Node::start(Config { data, network: Some(network), member: None, notify: None }).await?);
    }
    let circle = nodes[0].handle().found("Gossip".to_owned(), None).await?;
    for node in &nodes[1..] {
        node.handle().join(circle.id.parse()?).await?;
    }
    for (number, node) in nodes.iter().enumerate() {
        for step in STEPS {
            let other = nodes[(number + step) % count].handle().status();
            let address = other.addresses.first().ok_or("a node does not listen")?;
            node.handle().dial(address.parse()?).await?;
        }
    }
    let mut ours = Ours { nodes, published: 0, _folders: folders };
    let has_charter = |node: &Node| node.handle().circles().first().is_some_and(|circle| circle.records > 0);
    ours.until(|node| has_charter(node) && node.handle().peers().len() >= 2 * STEPS.len()).await?;
    // The first listing takes a grant and a name with it, which are not to be measured.
    for node in 0..count {
        ours.publish(node).await?;
    }
    ours.until(|node| node.handle().circles().first().is_some_and(|circle| circle.listings >= count)).await?;
    for (number, node) in ours.nodes.iter().enumerate() {
        let (mut news, arrived) = (node.handle().news(), arrived.clone());
        tokio::spawn(async move {
            loop {
                match news.recv().await {
                    Ok(id) if arrived.send((number, id, Instant::now())).is_ok() => {}
                    Err(RecvError::Lagged(_)) => {}
                    Ok(_) | Err(RecvError::Closed) => break,
                }
            }
        });
    }
    Ok(ours)
}

impl Ours {
    async fn until(&self, reached: impl Fn(&Node) -> bool) -> Outcome<()> {
        let end = Instant::now() + PATIENCE;
        let mut ticks = tokio::time::interval(POLL);
        while !self.nodes.iter().all(&reached) {
            if Instant::now() > end {
                return Err("the nodes do not find each other".into());
            }
            ticks.tick().await;
        }
        Ok(())
    }
}

impl Network for Ours {
    fn copies(&self) -> Option<u64> {
        None
    }

    async fn publish(&mut self, node: usize) -> Outcome<RecordId> {
        self.published += 1;
        let listing = ListingInput {
            side: Some("offer".to_owned()),
            title: Some(format!("Sewing machine, number {}", self.published)),
            text: Some(TEXT.to_owned()),
            category: Some("Crafts".to_owned()),
            language: Some("en".to_owned()),
            ..ListingInput::default()
        };
        Ok(self.nodes[node].handle().publish(listing).await?.id.parse()?)
    }

    async fn stop(self) -> Outcome<()> {
        for node in self.nodes {
            node.stop().await;
        }
        Ok(())
    }
}
