//! Connections at the limit and one above.

use net::{Carrier, Command, Config, Event, Limits};

use crate::support::{Node, config};

/// Connects `count` nodes to one with these limits; one more is refused; when one leaves, it gets in.
async fn at_the_limit(limits: Limits, count: u8) {
    let mut hub = Node::start(Config { limits, ..config(1) }).await;
    let mut guests = Vec::new();
    for seed in 0..count {
        let mut guest = Node::new(10 + seed).await;
        guest.join(&mut hub, if seed % 2 == 0 { Carrier::Tcp } else { Carrier::Quic }).await;
        guests.push(guest);
    }
    for carrier in [Carrier::Tcp, Carrier::Quic] {
        let mut late = Node::new(100).await;
        late.send(Command::Dial(hub.at(carrier))).await;
        late.wait("refused", |event| {
            // The limit in all is known only when the connection stands, and it is cut then.
            matches!(event, Event::DialFailed { .. } | Event::Disconnected { .. }).then_some(())
        })
        .await;
        while let Ok(event) = hub.events.try_recv() {
            assert!(!matches!(event, Event::Connected { .. }), "{event:?}");
        }
        let leaving = guests.pop().unwrap();
        leaving.send(Command::Shutdown).await;
        hub.disconnected(&leaving.id).await;
        hub.connected(&late.id).await;
        guests.push(late);
        // Room for the other carrier's turn.
        let leaving = guests.pop().unwrap();
        leaving.send(Command::Shutdown).await;
        hub.disconnected(&leaving.id).await;
        let mut again = Node::new(101).await;
        again.join(&mut hub, carrier).await;
        guests.push(again);
    }
}

#[tokio::test]
async fn connections_from_one_address_are_limited() {
    at_the_limit(Limits { per_local_ip: 3, ..Limits::default() }, 3).await;
}

#[tokio::test]
async fn connections_from_all_together_are_limited() {
    at_the_limit(Limits { inbound: 3, ..Limits::default() }, 3).await;
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn who_connects_and_says_nothing_does_not_lock_out_others() {
    let mut hub = Node::new(1).await;
    let mut silent = Vec::new();
    for _ in 0..40 {
        // Another address of this machine; the hub refuses most of these.
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.9:0".parse().unwrap()).unwrap();
        silent.push(socket.connect(hub.at(Carrier::Tcp).socket()).await.unwrap());
    }
    let mut guest = Node::new(2).await;
    guest.send(Command::Dial(hub.at(Carrier::Tcp))).await;
    guest
        .wait("connected at once", |event| {
            assert!(!matches!(event, Event::DialFailed { .. }), "{event:?}");
            matches!(event, Event::Connected { .. }).then_some(())
        })
        .await;
    hub.connected(&guest.id).await;
}
