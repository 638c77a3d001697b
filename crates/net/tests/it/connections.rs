//! Connecting, disconnecting, refusing.

use net::{Carrier, Command, Event};
use tokio::time::timeout;

use crate::support::{Node, PATIENCE, config};

async fn connect_and_stop(carrier: Carrier) {
    let (mut one, mut two) = (Node::new(1).await, Node::new(2).await);
    let address = two.at(carrier);
    assert_eq!(address.peer(), Some(two.id.clone()));
    one.send(Command::Dial(address.clone())).await;
    assert_eq!(one.connected(&two.id).await, (address, false));
    let (from, inbound) = two.connected(&one.id).await;
    assert!(inbound && from.peer() == Some(one.id.clone()) && from.carrier() == carrier);

    two.send(Command::Shutdown).await;
    let began = std::time::Instant::now();
    one.disconnected(&two.id).await;
    assert_eq!(timeout(PATIENCE, two.events.recv()).await.unwrap(), None, "nothing after the end");
    assert!(began.elapsed().as_secs() < 2, "stopping is quick");
    assert!(!two.handle.send(Command::Shutdown).await);
}

#[tokio::test]
async fn two_nodes_connect_over_tcp() {
    connect_and_stop(Carrier::Tcp).await;
}

#[tokio::test]
async fn two_nodes_connect_over_quic() {
    connect_and_stop(Carrier::Quic).await;
}

#[tokio::test]
async fn a_node_whose_handle_or_events_are_dropped_stops() {
    let mut one = Node::new(1).await;
    for drop_handle in [true, false] {
        let mut two = Node::new(2).await;
        two.join(&mut one, Carrier::Tcp).await;
        let Node { handle, mut events, id, .. } = two;
        if drop_handle {
            drop(handle);
            one.disconnected(&id).await;
            assert_eq!(timeout(PATIENCE, events.recv()).await.unwrap(), None);
        } else {
            drop(events);
            one.disconnected(&id).await;
            while handle.send(Command::Unsubscribe(crate::support::topic("any"))).await {}
        }
    }
}

#[tokio::test]
async fn a_known_peer_is_dialled_when_it_comes_up() {
    let mut two = Node::new(2).await;
    let address = two.at(Carrier::Tcp);
    two.send(Command::Shutdown).await;
    while two.events.recv().await.is_some() {}
    let mut one = Node::start(net::Config { peers: vec![address.clone()], ..config(1) }).await;
    let (at, peer, reason) = one
        .wait("dial failed", |event| {
            let Event::DialFailed { address, peer, reason } = event else { return None };
            Some((address.clone(), peer.clone(), reason.clone()))
        })
        .await;
    assert_eq!(at.socket(), address.socket());
    assert_eq!(peer, Some(two.id.clone()));
    assert!(reason.contains("refused"), "{reason}");
    let _two = Node::start(net::Config { listen: vec![address], ..config(2) }).await;
    one.connected(&two.id).await;
}

#[tokio::test]
async fn both_dialling_at_the_same_moment_leaves_one_connection() {
    for round in 0..10 {
        let (mut one, mut two) = (Node::new(1).await, Node::new(2).await);
        for node in [&one, &two] {
            node.subscribe("circle").await;
        }
        let (to_one, to_two) = (one.at(Carrier::Tcp), two.at(Carrier::Tcp));
        tokio::join!(one.send(Command::Dial(to_two)), two.send(Command::Dial(to_one)));
        one.connected(&two.id).await;
        two.connected(&one.id).await;
        one.reaches(&mut two, "circle").await;
        two.reaches(&mut one, "circle").await;
        // Afterwards it is quiet: no more coming and going.
        for node in [&mut one, &mut two] {
            let quiet = async {
                while let Some(event) = node.events.recv().await {
                    assert!(
                        !matches!(event, Event::Connected { .. } | Event::Disconnected { .. }),
                        "round {round}: {event:?}"
                    );
                }
            };
            assert!(timeout(std::time::Duration::from_millis(100), quiet).await.is_err());
        }
    }
}

#[tokio::test]
async fn two_addresses_of_one_peer_make_one_connection() {
    let mut two = Node::new(2).await;
    let bare = |carrier| {
        let address = two.at(carrier).to_string();
        address.split("/p2p/").next().unwrap().parse().unwrap()
    };
    let peers = vec![bare(Carrier::Tcp), bare(Carrier::Quic)];
    let mut one = Node::start(net::Config { peers, ..config(1) }).await;
    for node in [&one, &two] {
        node.subscribe("circle").await;
    }
    one.connected(&two.id).await;
    two.connected(&one.id).await;
    one.reaches(&mut two, "circle").await;
    two.reaches(&mut one, "circle").await;
}

#[tokio::test]
async fn another_node_at_the_address_is_said_to_be_another() {
    let (mut one, two) = (Node::new(1).await, Node::new(2).await);
    let expected = net::peer_id(&[3; 32]).unwrap();
    let address = two.at(Carrier::Tcp).to_string().replace(two.id.as_str(), expected.as_str());
    one.send(Command::Dial(address.parse().unwrap())).await;
    let reason = one
        .wait("dial failed", |event| {
            let Event::DialFailed { peer, reason, .. } = event else { return None };
            (peer.as_ref() == Some(&expected)).then(|| reason.clone())
        })
        .await;
    assert_eq!(reason, format!("another node is there: {}", two.id));
}

#[tokio::test]
async fn a_node_that_dials_itself_gives_up_quietly() {
    let mut one = Node::new(1).await;
    let mut two = Node::new(2).await;
    for carrier in [Carrier::Tcp, Carrier::Quic] {
        one.send(Command::Dial(one.at(carrier))).await;
        let bare = one.at(carrier).to_string();
        one.send(Command::Dial(bare.split("/p2p/").next().unwrap().parse().unwrap())).await;
    }
    one.send(Command::Dial(two.at(Carrier::Tcp))).await;
    one.wait("connected", |event| {
        assert!(!matches!(event, Event::DialFailed { .. }), "{event:?}");
        let Event::Connected { peer, .. } = event else { return None };
        assert_eq!(*peer, two.id);
        Some(())
    })
    .await;
    two.connected(&one.id).await;
}

#[tokio::test]
async fn a_banned_peer_is_cut_off_and_refused() {
    let (mut one, mut two) = (Node::new(1).await, Node::new(2).await);
    one.join(&mut two, Carrier::Tcp).await;
    two.send(Command::Ban { peer: one.id.clone() }).await;
    two.disconnected(&one.id).await;
    one.disconnected(&two.id).await;
    // The other one dials again and is cut off again; here nothing is to be seen of it.
    one.wait("another attempt", |event| {
        matches!(event, Event::Disconnected { .. } | Event::DialFailed { .. }).then_some(())
    })
    .await;
    let mut three = Node::new(3).await;
    two.join(&mut three, Carrier::Tcp).await;
    while let Ok(event) = two.events.try_recv() {
        assert!(!matches!(event, Event::Connected { .. }), "{event:?}");
    }
}

#[tokio::test]
async fn a_dial_to_nobody_is_told_each_time_and_tried_again_with_growing_delay() {
    // Taken, so that nobody else gets it, but nobody listens.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address: net::Address =
        format!("/ip4/127.0.0.1/tcp/{}", socket.local_addr().unwrap().port()).parse().unwrap();
    let mut one = Node::new(1).await;
    let began = std::time::Instant::now();
    one.send(Command::Dial(address.clone())).await;
    for _ in 0..4 {
        one.wait("dial failed", |event| {
            let Event::DialFailed { address: at, peer, reason } = event else { return None };
            assert_eq!((at, peer), (&address, &None));
            assert!(reason.contains("refused"), "{reason}");
            Some(())
        })
        .await;
    }
    // 3 + 6 + 12 seconds, each a quarter more or less; if they didn't grow, these would be 11.25 at most.
    assert!(began.elapsed().as_secs_f64() >= 15.75);
}
