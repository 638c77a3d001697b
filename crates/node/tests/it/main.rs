//! Real nodes in this process: their stores on disk, their network over loopback.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod alone;
mod backup;
mod clock;
mod closed;
mod exchanges;
mod leaving;
mod notices;
mod peer;
mod photos;
mod together;

use std::future::Future;
use std::path::Path;
use std::time::{Duration, Instant};

use node::{Config, FilterInput, Handle, ImportInput, ListingInput, ListingJson, Network, Node};

/// A node without a network.
async fn alone(folder: &Path) -> Node {
    Node::start(Config { data: folder.to_owned(), network: None, member: Some("Ada".into()), notify: None })
        .await
        .unwrap()
}

/// A node on loopback.
async fn on_loopback(folder: &Path, member: &str, peers: &[String]) -> Node {
    let network = Network {
        listen: vec!["/ip4/127.0.0.1/tcp/0".parse().unwrap()],
        peers: peers.iter().map(|peer| peer.parse().unwrap()).collect(),
        ..Network::default()
    };
    let config =
        Config { data: folder.to_owned(), network: Some(network), member: Some(member.into()), notify: None };
    Node::start(config).await.unwrap()
}

fn listing(side: &str, title: &str) -> ListingInput {
    ListingInput { side: Some(side.into()), title: Some(title.into()), ..ListingInput::default() }
}

/// A table of `count` offers with different titles.
fn table(name: &str, count: usize) -> Vec<u8> {
    let rows = (0..count).map(|row| format!("{name} {row};Werkzeug\n"));
    format!("Titel;Kategorie\n{}", rows.collect::<String>()).into_bytes()
}

async fn import(handle: &Handle, file: Vec<u8>) -> node::ImportJson {
    handle.import(file, ImportInput::default()).await.unwrap()
}

fn all(handle: &Handle) -> Vec<ListingJson> {
    let filter = FilterInput { limit: Some("100000".into()), ..FilterInput::default() };
    handle.listings(&filter.read().unwrap()).unwrap()
}

fn digest(handle: &Handle) -> String {
    handle.circles().first().map(|circle| circle.digest.clone()).unwrap_or_default()
}

/// Waits until something holds, for a bounded time.
async fn until<F: Future<Output = bool>>(what: &str, mut holds: impl FnMut() -> F) {
    let begun = Instant::now();
    while !holds().await {
        assert!(begun.elapsed() < Duration::from_secs(60), "not within 60 s: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
