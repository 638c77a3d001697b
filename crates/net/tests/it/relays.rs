//! Nodes that can't be dialled, and relays.

use std::time::Duration;

use net::{Address, Carrier, Command, Config, Event};
use protocol::{PeerId, SessionId};
use tokio::time::timeout;

use crate::support::{Node, config};

const CIRCLE: &str = "circle";

async fn relay() -> Node {
    Node::start(Config { relay: true, ..config(1) }).await
}

/// A node that nobody can dial.
fn hidden(seed: u8) -> Config {
    Config { listen: Vec::new(), ..config(seed) }
}

/// Where a node is told to be reached through a relay.
async fn relayed(node: &mut Node) -> Address {
    node.wait("a place at the relay", |event| {
        let Event::Listening(address) = event else { return None };
        address.is_relayed().then(|| address.clone())
    })
    .await
}

/// The next connection with a peer: where it is, and whether the peer dialled.
async fn connected(node: &mut Node, peer: &PeerId, relayed: bool) -> (Address, bool) {
    node.wait("connected", |event| {
        let Event::Connected { peer: other, address, inbound } = event else { return None };
        (other == peer && address.is_relayed() == relayed).then(|| (address.clone(), *inbound))
    })
    .await
}

/// A frame goes from one to the other.
async fn talk(one: &Node, other: &mut Node, session: u64) {
    let session = SessionId(session);
    one.send(Command::Open { peer: other.id.clone(), session }).await;
    one.send(Command::Send { session, frame: b"hello".to_vec() }).await;
    other
        .wait("a frame", |event| {
            matches!(event, Event::Frame { frame, .. } if frame == b"hello").then_some(())
        })
        .await;
}

#[tokio::test]
async fn two_nodes_that_can_not_dial_each_other_meet_through_a_relay() {
    for carrier in [Carrier::Tcp, Carrier::Quic] {
        let relay = relay().await;
        let mut one = Node::start(Config { via: vec![relay.at(carrier)], ..hidden(2) }).await;
        let place = relayed(&mut one).await;
        assert_eq!(place.to_string(), format!("{}/p2p-circuit/p2p/{}", relay.at(carrier), one.id));
        let mut other = Node::start(Config { peers: vec![place.clone()], ..hidden(3) }).await;
        for node in [&one, &other] {
            node.subscribe(CIRCLE).await;
        }
        assert_eq!(connected(&mut other, &one.id, true).await, (place, false));
        let (back, inbound) = connected(&mut one, &other.id, true).await;
        assert!(
            inbound && back.peer() == Some(other.id.clone()) && back.socket() == relay.at(carrier).socket()
        );
        other.reaches(&mut one, CIRCLE).await;
        one.reaches(&mut other, CIRCLE).await;
        talk(&other, &mut one, 2).await;
        talk(&one, &mut other, 2).await;
    }
}

#[tokio::test]
async fn a_node_that_is_no_relay_gives_no_place_and_leads_to_nobody() {
    let mut plain = Node::new(1).await;
    let mut one = Node::start(Config { via: vec![plain.at(Carrier::Tcp)], ..hidden(2) }).await;
    connected(&mut one, &plain.id, false).await;
    plain.connected(&one.id).await;
    let through = format!("{}/p2p-circuit/p2p/{}", plain.at(Carrier::Tcp), one.id);
    let mut other = Node::start(Config { peers: vec![through.parse().unwrap()], ..hidden(3) }).await;
    other
        .wait("not reached", |event| {
            let Event::DialFailed { peer, address, .. } = event else { return None };
            assert!(address.is_relayed());
            (*peer == Some(one.id.clone())).then_some(())
        })
        .await;
    while let Ok(event) = one.events.try_recv() {
        assert!(!matches!(event, Event::Listening(_) | Event::Connected { .. }), "{event:?}");
    }
}

#[tokio::test]
async fn a_direct_connection_takes_the_place_of_the_relayed_one_where_there_is_a_way() {
    let relay = relay().await;
    let via = || vec![relay.at(Carrier::Tcp)];
    let mut one = Node::start(Config { via: via(), ..config(2) }).await;
    let place = relayed(&mut one).await;
    // It knows the other one by the relay alone.
    let mut other = Node::start(Config { peers: vec![place], via: via(), ..config(3) }).await;
    for node in [&one, &other] {
        node.subscribe(CIRCLE).await;
    }
    let id = one.id.clone();
    connected(&mut other, &id, true).await;
    connected(&mut other, &id, false).await;
    let id = other.id.clone();
    connected(&mut one, &id, false).await;
    other.reaches(&mut one, CIRCLE).await;
    one.reaches(&mut other, CIRCLE).await;
    talk(&other, &mut one, 2).await;
    // And there it stays.
    for node in [&mut one, &mut other] {
        let quiet = async {
            while let Some(event) = node.events.recv().await {
                assert!(!matches!(event, Event::Connected { .. } | Event::Disconnected { .. }), "{event:?}");
            }
        };
        assert!(timeout(Duration::from_secs(2), quiet).await.is_err());
    }
}

#[tokio::test]
async fn a_place_is_gone_with_the_relay_and_there_again_with_it() {
    let first = relay().await;
    let mut one = Node::start(Config { via: vec![first.at(Carrier::Tcp)], ..hidden(2) }).await;
    let place = relayed(&mut one).await;
    let listen = vec![first.at(Carrier::Tcp)];
    first.send(Command::Shutdown).await;
    one.wait_for(Event::NotListening(place.clone())).await;
    drop(first);
    let _again = Node::start(Config { relay: true, listen, ..config(1) }).await;
    assert_eq!(relayed(&mut one).await, place);
}

#[tokio::test]
async fn a_node_learns_whether_it_can_be_dialled_and_takes_a_relay_only_if_not() {
    let relay = relay().await;
    let peers = || vec![relay.at(Carrier::Tcp)];
    let mut open = Node::start(Config { peers: peers(), via_any: true, ..config(2) }).await;
    // Where it listens, it is not seen to come from: as behind a router.
    let elsewhere = vec!["/ip4/127.0.0.2/tcp/0".parse().unwrap()];
    let mut closed =
        Node::start(Config { peers: peers(), listen: elsewhere, via_any: true, ..config(3) }).await;
    open.connected(&relay.id).await;
    open.wait("it is told to be reachable", |event| {
        // The peer that tries it stays connected all the while.
        assert!(!matches!(event, Event::Disconnected { .. } | Event::Connected { .. }), "{event:?}");
        assert!(!matches!(event, Event::Listening(address) if address.is_relayed()), "{event:?}");
        matches!(event, Event::Reachable(true)).then_some(())
    })
    .await;
    closed.wait_for(Event::Reachable(false)).await;
    let place = relayed(&mut closed).await;
    let mut guest = Node::start(Config { peers: vec![place], ..hidden(4) }).await;
    let id = closed.id.clone();
    connected(&mut guest, &id, true).await;
}
