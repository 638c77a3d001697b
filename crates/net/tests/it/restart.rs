//! A peer that was killed and comes again with the same identity is a peer again, for gossip too
//! (rust-libp2p #5097), and for sessions.

use std::time::{Duration, Instant};

use net::{Carrier, Command, Config, Event};
use protocol::SessionId;

use crate::support::{Node, Process, config};

const CIRCLE: &str = "circle";

async fn talk(one: &mut Node, two: &mut Node) {
    one.reaches(two, CIRCLE).await;
    two.reaches(one, CIRCLE).await;
}

/// Opens a session from one to two, and back.
async fn meet(one: &mut Node, two: &mut Node, session: SessionId) {
    for back in [false, true] {
        let (from, to) = if back { (&*two, &mut *one) } else { (&*one, &mut *two) };
        from.send(Command::Open { peer: to.id.clone(), session }).await;
        from.send(Command::Send { session, frame: b"again".to_vec() }).await;
        to.wait("frame", |event| {
            matches!(event, Event::Frame { frame, .. } if frame == b"again").then_some(())
        })
        .await;
    }
}

/// The stable one stays, the other one is killed and comes again, dialled or dialling.
async fn kill_and_return(carrier: Carrier, dialled: bool, returns: u64) {
    let mut stable = Node::new(1).await;
    stable.subscribe(CIRCLE).await;
    let mut listen = config(2).listen;
    for round in 0..=returns {
        let session = SessionId(2 + 2 * round);
        let peers = if dialled { Vec::new() } else { vec![stable.at(carrier)] };
        let began = Instant::now();
        let mut process = Process::start(Config { peers, listen: listen.clone(), ..config(2) }).await;
        process.node.subscribe(CIRCLE).await;
        if round == 0 && dialled {
            let at = process.node.at(carrier);
            stable.send(Command::Dial(at)).await;
        }
        listen.clone_from(&process.node.listening);
        process.node.connected(&stable.id).await;
        stable.connected(&process.node.id).await;
        talk(&mut stable, &mut process.node).await;
        meet(&mut stable, &mut process.node, session).await;
        assert!(began.elapsed() < Duration::from_secs(15), "round {round} took {:?}", began.elapsed());
        process.kill().await;
    }
}

#[tokio::test]
async fn a_killed_peer_that_dials_again_is_heard_again_over_tcp() {
    kill_and_return(Carrier::Tcp, false, 3).await;
}

#[tokio::test]
async fn a_killed_peer_that_dials_again_is_heard_again_over_quic() {
    kill_and_return(Carrier::Quic, false, 2).await;
}

#[tokio::test]
async fn a_killed_peer_is_dialled_again_over_tcp() {
    kill_and_return(Carrier::Tcp, true, 2).await;
}

#[tokio::test]
async fn a_killed_peer_is_dialled_again_over_quic() {
    // Once: nothing tells the one that stays but silence (see `QUIC_IDLE`).
    kill_and_return(Carrier::Quic, true, 1).await;
}

#[tokio::test]
async fn a_peer_that_returns_while_its_old_connection_seems_alive_is_heard_again() {
    for carrier in [Carrier::Tcp, Carrier::Quic] {
        let mut stable = Node::new(1).await;
        stable.subscribe(CIRCLE).await;
        let as_peer = || Config { peers: vec![stable.at(carrier)], ..config(2) };
        let mut old = Process::start(as_peer()).await;
        old.node.subscribe(CIRCLE).await;
        let new = as_peer();
        talk(&mut stable, &mut old.node).await;
        old.freeze();
        let mut new = Process::start(new).await;
        new.node.subscribe(CIRCLE).await;
        // In this order: the old session ends before the new one begins.
        stable
            .wait("disconnected first", |event| {
                assert!(!matches!(event, Event::Connected { .. }), "connected twice");
                matches!(event, Event::Disconnected { .. }).then_some(())
            })
            .await;
        stable.connected(&new.node.id).await;
        talk(&mut stable, &mut new.node).await;
        meet(&mut stable, &mut new.node, SessionId(2)).await;
        old.kill().await;
        new.kill().await;
    }
}

#[tokio::test]
async fn a_silent_peer_is_given_up_after_45_seconds() {
    let given_up = async |carrier| {
        let mut stable = Node::new(1).await;
        let mut silent = Process::start(Config { peers: vec![stable.at(carrier)], ..config(2) }).await;
        stable.connected(&silent.node.id).await;
        silent.freeze();
        let gone = async {
            while let Some(event) = stable.events.recv().await {
                if matches!(event, Event::Disconnected { .. }) {
                    break;
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(50), gone).await.unwrap();
        silent.kill().await;
    };
    tokio::join!(given_up(Carrier::Tcp), given_up(Carrier::Quic));
}
