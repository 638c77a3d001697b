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
async fn connections_from_one_address() {
    at_the_limit(Limits { per_local_ip: 3, ..Limits::default() }, 3).await;
}

#[tokio::test]
async fn connections_from_all() {
    at_the_limit(Limits { inbound: 3, ..Limits::default() }, 3).await;
}
