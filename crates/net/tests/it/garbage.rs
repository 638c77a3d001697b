//! Whoever sends what makes no sense does no harm.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream, UdpSocket};

use net::{Carrier, Command, Event};
use protocol::SessionId;
use protocol::limits::MAX_FRAME;

use crate::support::{Node, visitor};

/// Bytes without sense, the same in each run.
fn garbage(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed;
    let next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state.to_be_bytes()[0]
    };
    std::iter::repeat_with(next).take(length).collect()
}

/// The node connects to a new one, and they talk.
async fn is_well(node: &mut Node) {
    let mut other = Node::new(2).await;
    node.join(&mut other, Carrier::Tcp).await;
    let session = SessionId(2);
    node.send(Command::Open { peer: other.id.clone(), session }).await;
    node.send(Command::Send { session, frame: b"well?".to_vec() }).await;
    let there = other
        .wait("frame", |event| {
            let Event::Frame { session, frame } = event else { return None };
            assert_eq!(frame, b"well?");
            Some(*session)
        })
        .await;
    other.send(Command::Send { session: there, frame: b"well!".to_vec() }).await;
    node.wait_for(Event::Frame { session, frame: b"well!".to_vec() }).await;
}

#[tokio::test]
async fn garbage_in_a_session_ends_it_and_nothing_else() {
    let mut node = Node::new(1).await;
    let mut visitor = visitor(&node, Carrier::Tcp).await;
    for seed in 0..50 {
        // Frames of plausible lengths for a while, or nonsense from the first byte.
        let mut bytes = Vec::new();
        for length in 0..seed % 5 {
            bytes.extend_from_slice(&u32::try_from(length).unwrap().to_be_bytes());
            bytes.extend(garbage(seed, usize::try_from(length).unwrap()));
        }
        bytes.extend(garbage(seed, 10_000));
        drop(visitor.write(&bytes).await);
        let mut ends = None;
        while ends.is_none() {
            ends = node
                .wait("opened, frames, closed", |event| {
                    if let Event::Frame { frame, .. } = event {
                        assert!(frame.len() <= MAX_FRAME);
                    }
                    assert!(!matches!(event, Event::Disconnected { .. }), "{event:?}");
                    Some(matches!(event, Event::Closed { .. }).then_some(()))
                })
                .await;
        }
    }
    is_well(&mut node).await;
}

#[tokio::test]
async fn garbage_at_the_ports_does_no_harm() {
    let mut node = Node::new(1).await;
    let (tcp, quic) = (node.at(Carrier::Tcp).socket(), node.at(Carrier::Quic).socket());
    let noise = tokio::task::spawn_blocking(move || {
        let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
        for seed in 0..50 {
            for length in [1, 20, 1_200] {
                udp.send_to(&garbage(seed, length), quic).unwrap();
            }
            let mut stream = TcpStream::connect(tcp).unwrap();
            // The node may end it in the middle.
            let _ended = stream.write_all(&garbage(seed, 10_000));
            // Or it would wait ten seconds for the rest of what the garbage seems to announce.
            let _ended = stream.shutdown(Shutdown::Write);
            let _ended = stream.read_to_end(&mut Vec::new());
        }
    });
    noise.await.unwrap();
    is_well(&mut node).await;
}
