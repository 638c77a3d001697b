//! Nodes whose machines' clocks are wrong.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime};

use node::{CircleLink, Config, ErrorKind, ImportInput, Network, Node, NodeError};

use super::{all, digest, import, listing, table, until};

const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;
const YEAR: i64 = 365 * DAY;

/// A machine's clock: so many seconds ahead.
#[derive(Clone, Default)]
pub(super) struct Machine(Arc<AtomicI64>);

impl Machine {
    pub(super) fn set(&self, ahead: i64) {
        self.0.store(ahead, Ordering::SeqCst);
    }

    fn now(&self) -> SystemTime {
        let ahead = self.0.load(Ordering::SeqCst);
        let by = Duration::from_secs(ahead.unsigned_abs());
        if ahead < 0 { SystemTime::now() - by } else { SystemTime::now() + by }
    }

    pub(super) async fn start(&self, folder: &Path, network: Option<Network>) -> Node {
        let config = Config { data: folder.to_owned(), network, member: Some("Ada".into()), notify: None };
        let machine = self.clone();
        Node::start_by(config, move || machine.now()).await.unwrap()
    }
}

fn loopback(peers: &[String]) -> Option<Network> {
    let peers = peers.iter().map(|peer| peer.parse().unwrap()).collect();
    Some(Network { listen: vec!["/ip4/127.0.0.1/tcp/0".parse().unwrap()], peers, ..Network::default() })
}

async fn asks(node: &Node) {
    until("the node asks for the date", || async {
        node.handle().status().notices.iter().any(|notice| notice.contains("the date is in doubt"))
    })
    .await;
}

async fn goes_on(node: &Node) {
    until("the node goes on", || async {
        !node.handle().status().notices.iter().any(|notice| notice.contains("the date is in doubt"))
    })
    .await;
}

fn is_about_the_clock(error: &NodeError) {
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    let text = error.to_string();
    assert!(text.contains("set the clock") && text.len() < 400 && !text.contains('\n'), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_in_doubt_shows_everything_writes_nothing_and_goes_on_when_the_clock_is_set() {
    for (ahead, on_start) in [(-10 * YEAR, true), (-2 * DAY, true), (10 * YEAR, true), (10 * YEAR, false)] {
        let dir = tempfile::tempdir().unwrap();
        let machine = Machine::default();
        let mut node = machine.start(dir.path(), None).await;
        node.handle().found("Kreis".into(), None).await.unwrap();
        import(node.handle(), table("Ding", 20)).await;
        let before = all(node.handle());
        if on_start {
            node.stop().await;
            machine.set(ahead);
            node = machine.start(dir.path(), None).await;
        } else {
            machine.set(ahead);
        }
        asks(&node).await;
        let handle = node.handle();
        let clock = handle.clock();
        assert!(!clock.sure && clock.advice.is_some() && clock.peers.is_none(), "{clock:?}");
        assert_eq!(all(handle), before);
        let key = before[0].key.clone();
        is_about_the_clock(&handle.publish(listing("offer", "Topf")).await.unwrap_err());
        is_about_the_clock(&handle.edit(key.clone(), listing("offer", "Topf")).await.unwrap_err());
        is_about_the_clock(&handle.withdraw(key).await.unwrap_err());
        is_about_the_clock(&handle.import(table("Ding", 30), ImportInput::default()).await.unwrap_err());
        is_about_the_clock(&handle.found("Ring".into(), None).await.unwrap_err());
        let trial = ImportInput { dry_run: true, ..ImportInput::default() };
        assert_eq!(handle.import(table("Ding", 30), trial).await.unwrap().added, 10);
        machine.set(0);
        goes_on(&node).await;
        assert!(node.handle().clock().sure);
        assert_eq!(all(node.handle()), before);
        node.handle().publish(listing("offer", "Topf")).await.unwrap();
        node.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_believed_also_after_a_restart_unless_the_program_was_made_later() {
    let dir = tempfile::tempdir().unwrap();
    let machine = Machine::default();
    let node = machine.start(dir.path(), None).await;
    node.handle().found("Kreis".into(), None).await.unwrap();
    machine.set(-10 * YEAR);
    let error = node.handle().confirm_clock().await.unwrap_err();
    is_about_the_clock(&error);
    assert!(!error.to_string().contains("confirm"), "{error}");
    // Off for a summer.
    machine.set(90 * DAY);
    asks(&node).await;
    let clock = node.handle().confirm_clock().await.unwrap();
    assert!(clock.sure, "{clock:?}");
    node.handle().publish(listing("offer", "Topf")).await.unwrap();
    node.stop().await;
    let node = machine.start(dir.path(), None).await;
    assert!(node.handle().clock().sure);
    node.handle().publish(listing("offer", "Pfanne")).await.unwrap();
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_signed_in_the_future_is_signed_again_once_the_person_says_so() {
    let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let ben = Machine::default().start(there.path(), loopback(&[])).await;
    let circle = ben.handle().found("Kreis".into(), None).await.unwrap();
    let link: CircleLink = circle.link.parse().unwrap();

    // A new machine whose clock is two years ahead: nothing shows that yet.
    let machine = Machine::default();
    let ada = machine.start(here.path(), loopback(&[])).await;
    ada.handle().join(link).await.unwrap();
    until("the charter", || async { ada.handle().circles()[0].name == "Kreis" }).await;
    machine.set(2 * YEAR);
    ada.handle().publish(listing("offer", "Topf")).await.unwrap_err();
    ada.stop().await;
    let fresh = tempfile::tempdir().unwrap();
    machine.set(20 * DAY);
    let ada = machine.start(fresh.path(), loopback(&[])).await;
    ada.handle().join(circle.link.parse().unwrap()).await.unwrap();
    until("the charter", || async { ada.handle().circles()[0].name == "Kreis" }).await;
    let kept = ada.handle().publish(listing("offer", "Topf")).await.unwrap();
    let gone = ada.handle().publish(listing("offer", "Pfanne")).await.unwrap();
    ada.handle().withdraw(gone.key.clone()).await.unwrap();
    assert!(ben.handle().clock().sure);

    machine.set(0);
    asks(&ada).await;
    is_about_the_clock(&ada.handle().publish(listing("offer", "Kelle")).await.unwrap_err());
    assert_eq!(all(ada.handle()), std::slice::from_ref(&kept), "it is still there");
    assert!(ada.handle().confirm_clock().await.unwrap().sure);
    let again = all(ada.handle());
    assert_eq!((again.len(), &again[0].key), (1, &kept.key));
    assert!(again[0].revision < kept.revision);
    let change = node::ListingInput { title: Some("Großer Topf".into()), ..Default::default() };
    ada.handle().edit(kept.key.clone(), change).await.unwrap();
    until("both have it", || async {
        let there = all(ben.handle());
        digest(ada.handle()) == digest(ben.handle()) && there.len() == 1 && there[0].title == "Großer Topf"
    })
    .await;
    // It is asked no more, also after a restart.
    ada.stop().await;
    let ada = machine.start(fresh.path(), None).await;
    assert!(ada.handle().clock().sure);
    assert_eq!(all(ada.handle()).len(), 1);
    ada.stop().await;
    ben.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn peers_with_wrong_clocks_do_not_move_a_nodes_own() {
    let folders: Vec<_> = (0..5).map(|_| tempfile::tempdir().unwrap()).collect();
    let ada = Machine::default().start(folders[0].path(), loopback(&[])).await;
    let circle = ada.handle().found("Kreis".into(), None).await.unwrap();
    ada.handle().publish(listing("offer", "Topf")).await.unwrap();
    let mut others = Vec::new();
    for folder in &folders[1..] {
        let machine = Machine::default();
        machine.set(4 * YEAR);
        let node = machine.start(folder.path(), loopback(&[])).await;
        node.handle().join(circle.link.parse().unwrap()).await.unwrap();
        others.push(node);
    }
    until("all have compared", || async {
        let peers = ada.handle().peers();
        peers.len() == 4 && peers.iter().all(|peer| peer.synced.is_some())
    })
    .await;
    assert!(ada.handle().clock().sure);
    let before = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_millis();
    let written = ada.handle().publish(listing("offer", "Pfanne")).await.unwrap();
    assert!(u128::from(written.revision) < before + 60_000, "it signs by its own clock");
    assert_eq!(all(ada.handle()).len(), 2);
    for node in others {
        node.stop().await;
    }
    ada.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_without_a_clock_reads_what_its_neighbours_say() {
    let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let ben = Machine::default().start(there.path(), loopback(&[])).await;
    let circle = ben.handle().found("Kreis".into(), None).await.unwrap();
    import(ben.handle(), table("Ding", 40)).await;
    let machine = Machine::default();
    let ada = machine.start(here.path(), loopback(&[])).await;
    ada.stop().await;
    machine.set(-10 * YEAR);
    let ada = machine.start(here.path(), loopback(&[])).await;
    ada.handle().join(circle.link.parse().unwrap()).await.unwrap();
    until("all of it", || async { all(ada.handle()).len() == 40 }).await;
    asks(&ada).await;
    machine.set(0);
    goes_on(&ada).await;
    ada.handle().publish(listing("need", "Topf")).await.unwrap();
    until("both agree", || async { digest(ada.handle()) == digest(ben.handle()) }).await;
    ada.stop().await;
    ben.stop().await;
}
