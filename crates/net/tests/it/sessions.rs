//! Frames both ways, in order, with back-pressure; and how sessions end.

use std::collections::BTreeMap;
use std::time::Duration;

use futures::{AsyncReadExt as _, AsyncWriteExt as _, StreamExt as _};
use net::{Carrier, Command, Config, DRAIN_AFTER, Event, Limits, SEND_QUEUE};
use protocol::SessionId;
use protocol::limits::MAX_FRAME;
use tokio::time::timeout;

use crate::support::{Node, PATIENCE, config, stranger, visitor};

async fn pair(carrier: Carrier) -> (Node, Node) {
    let (mut one, mut two) = (Node::new(1).await, Node::new(2).await);
    one.join(&mut two, carrier).await;
    (one, two)
}

/// Opens a session from one to two; its numbers at both.
async fn open(one: &mut Node, two: &mut Node, number: u64) -> (SessionId, SessionId) {
    let here = SessionId(number);
    one.send(Command::Open { peer: two.id.clone(), session: here }).await;
    one.send(Command::Send { session: here, frame: b"hello".to_vec() }).await;
    let there = opened(two).await;
    two.wait_for(Event::Frame { session: there, frame: b"hello".to_vec() }).await;
    (here, there)
}

async fn opened(node: &mut Node) -> SessionId {
    node.wait("opened", |event| if let Event::Opened { session, .. } = event { Some(*session) } else { None })
        .await
}

async fn closed(node: &mut Node, session: SessionId) {
    node.wait_for(Event::Closed { session }).await;
}

fn frame(number: usize) -> Vec<u8> {
    // Empty, short, long and longest ones.
    let length = if number % 100 == 99 { MAX_FRAME } else { number * 7919 % 20_000 };
    let mut frame = vec![u8::try_from(number % 251).unwrap(); length];
    if let Some(start) = frame.first_chunk_mut() {
        *start = u32::try_from(number).unwrap().to_be_bytes();
    }
    frame
}

/// Sends `count` frames, never more than it should before they are drained, and takes as many.
async fn exchange(node: &mut Node, session: SessionId, count: usize) {
    let (mut sent, mut since_drained, mut taken) = (0, 0, 0);
    while sent < count || taken < count {
        if sent < count && since_drained < DRAIN_AFTER {
            let frame = frame(sent);
            since_drained += frame.len();
            sent += 1;
            node.send(Command::Send { session, frame }).await;
            continue;
        }
        node.wait("frame or drained", |event| {
            assert!(!matches!(event, Event::Closed { .. }), "after {sent} sent and {taken} taken");
            if let Event::Frame { session: other, frame: data } = event
                && *other == session
            {
                assert_eq!(*data, frame(taken), "frame {taken}");
                taken += 1;
                return Some(());
            }
            (*event == Event::Drained { session }).then(|| since_drained = 0)
        })
        .await;
    }
}

async fn a_thousand_each_way(carrier: Carrier) {
    let (mut one, mut two) = pair(carrier).await;
    let (here, there) = open(&mut one, &mut two, 2).await;
    assert_eq!(there, SessionId(1));
    tokio::join!(exchange(&mut one, here, 1_000), exchange(&mut two, there, 1_000));
    one.send(Command::Close { session: here }).await;
    closed(&mut one, here).await;
    closed(&mut two, there).await;
}

#[tokio::test]
async fn a_thousand_frames_each_way_over_tcp() {
    a_thousand_each_way(Carrier::Tcp).await;
}

#[tokio::test]
async fn a_thousand_frames_each_way_over_quic() {
    a_thousand_each_way(Carrier::Quic).await;
}

#[tokio::test]
async fn what_was_sent_before_closing_arrives_and_each_side_is_told_once() {
    for carrier in [Carrier::Tcp, Carrier::Quic] {
        let (mut one, mut two) = pair(carrier).await;
        let here = SessionId(4);
        // Not even open yet when it is closed.
        one.send(Command::Open { peer: two.id.clone(), session: here }).await;
        for number in 0..50 {
            one.send(Command::Send { session: here, frame: frame(number) }).await;
        }
        one.send(Command::Close { session: here }).await;
        one.send(Command::Send { session: here, frame: b"too late".to_vec() }).await;
        one.send(Command::Close { session: here }).await;
        let there = opened(&mut two).await;
        for number in 0..50 {
            two.wait("frame", |event| {
                assert!(!matches!(event, Event::Closed { .. }), "closed before frame {number}");
                let Event::Frame { frame: data, .. } = event else { return None };
                assert_eq!(*data, frame(number));
                Some(())
            })
            .await;
        }
        closed(&mut two, there).await;
        closed(&mut one, here).await;
        for node in [&mut one, &mut two] {
            let more = timeout(Duration::from_millis(200), node.events.recv()).await;
            assert!(more.is_err(), "{more:?}");
        }
    }
}

#[tokio::test]
async fn a_session_with_a_peer_that_is_not_connected_is_closed() {
    let mut one = Node::new(1).await;
    for (number, peer) in (1..).zip([net::peer_id(&[9; 32]).unwrap(), protocol::PeerId::new("no peer id")]) {
        let session = SessionId(2 * number);
        one.send(Command::Open { peer, session }).await;
        one.send(Command::Send { session, frame: b"to nobody".to_vec() }).await;
        one.send(Command::Close { session }).await;
        closed(&mut one, session).await;
    }
}

#[tokio::test]
async fn a_session_with_a_peer_that_does_not_speak_the_protocol_is_closed() {
    let mut one = Node::new(1).await;
    let (mut swarm, _control) = stranger();
    swarm.dial(libp2p::Multiaddr::try_from(one.at(Carrier::Tcp).to_string()).unwrap()).unwrap();
    let peer = protocol::PeerId::new(&swarm.local_peer_id().to_base58());
    let run = tokio::spawn(async move { while swarm.next().await.is_some() {} });
    one.connected(&peer).await;
    one.send(Command::Open { peer, session: SessionId(4) }).await;
    closed(&mut one, SessionId(4)).await;
    run.abort();
}

#[tokio::test]
async fn sessions_end_before_their_peer_is_gone() {
    for carrier in [Carrier::Tcp, Carrier::Quic] {
        let (mut one, mut two) = pair(carrier).await;
        let (here, _) = open(&mut one, &mut two, 2).await;
        two.send(Command::Shutdown).await;
        one.wait("closed", |event| {
            assert!(!matches!(event, Event::Disconnected { .. }), "the peer is gone before its session");
            (*event == Event::Closed { session: here }).then_some(())
        })
        .await;
        one.disconnected(&two.id).await;
    }
}

#[tokio::test]
async fn a_frame_of_the_full_size_is_taken_and_a_longer_one_ends_the_session() {
    let mut node = Node::new(1).await;
    let full = u32::try_from(MAX_FRAME).unwrap();
    let mut bytes = full.to_be_bytes().to_vec();
    bytes.resize(4 + MAX_FRAME, 7);
    let mut visitor = visitor(&node, Carrier::Tcp).await;
    let _open = visitor.write(&bytes).await;
    let session = opened(&mut node).await;
    node.wait_for(Event::Frame { session, frame: vec![7; MAX_FRAME] }).await;

    let mut stream = visitor.write(&(full + 1).to_be_bytes()).await;
    let session = opened(&mut node).await;
    closed(&mut node, session).await;
    let mut answer = Vec::new();
    // However it ends.
    let _end = timeout(PATIENCE, stream.read_to_end(&mut answer)).await.unwrap();
    assert!(answer.is_empty(), "the stranger sees its end too");

    // This node doesn't send such frames either.
    let mut two = Node::new(2).await;
    node.join(&mut two, Carrier::Tcp).await;
    let (here, there) = open(&mut node, &mut two, 2).await;
    node.send(Command::Send { session: here, frame: vec![0; MAX_FRAME + 1] }).await;
    closed(&mut node, here).await;
    closed(&mut two, there).await;
}

#[tokio::test]
async fn a_frame_cut_short_ends_the_session_without_a_frame() {
    let mut node = Node::new(1).await;
    let mut stream = visitor(&node, Carrier::Quic).await.write(&[0, 0, 0, 9, 1, 2]).await;
    stream.close().await.unwrap();
    let session = opened(&mut node).await;
    node.wait("closed", |event| {
        assert!(!matches!(event, Event::Frame { .. }), "half a frame");
        (*event == Event::Closed { session }).then_some(())
    })
    .await;
}

#[tokio::test]
async fn who_does_not_take_events_slows_the_sender_and_still_answers_others() {
    let (mut one, mut two) = pair(Carrier::Tcp).await;
    let (here, there) = open(&mut one, &mut two, 2).await;
    // Just what may wait; nothing of it is taken at the other side.
    let frames = SEND_QUEUE / MAX_FRAME;
    for _ in 0..frames {
        one.send(Command::Send { session: here, frame: vec![1; MAX_FRAME] }).await;
    }
    // Fill the event channel of the second one with something else, too: it has 256 places.
    for _ in 0..400 {
        two.send(Command::Publish { topic: crate::support::topic("empty"), data: Vec::new() }).await;
    }
    // It answers nevertheless.
    let mut three = Node::new(3).await;
    three.send(Command::Dial(two.at(Carrier::Tcp))).await;
    three.connected(&two.id).await;
    let drained = async {
        while let Some(event) = one.events.recv().await {
            if matches!(event, Event::Drained { .. }) {
                break;
            }
        }
    };
    assert!(timeout(Duration::from_secs(1), drained).await.is_err(), "it was not slowed");
    // All comes in the end.
    let mut taken = 0;
    while taken < frames {
        two.wait("frame", |event| {
            assert!(!matches!(event, Event::Closed { .. }), "closed after {taken}");
            matches!(event, Event::Frame { session, .. } if *session == there).then_some(())
        })
        .await;
        taken += 1;
    }
    one.wait_for(Event::Drained { session: here }).await;
}

#[tokio::test]
async fn a_reader_that_stands_still_holds_up_no_other_and_is_cut_off_when_too_much_waits() {
    let (mut node, mut two) = pair(Carrier::Tcp).await;
    let (here, there) = open(&mut node, &mut two, 2).await;
    let mut visitor = visitor(&node, Carrier::Tcp).await;
    let _never_read = visitor.write(&[0; 4]).await;
    let still = opened(&mut node).await;
    // On the same connection, even.
    let mut lively = visitor.write(&[0; 4]).await;
    let moving = opened(&mut node).await;
    for _ in 0..SEND_QUEUE / MAX_FRAME {
        node.send(Command::Send { session: still, frame: vec![1; MAX_FRAME] }).await;
    }
    tokio::join!(exchange(&mut node, here, 1_000), exchange(&mut two, there, 1_000));
    for number in 0..20u8 {
        node.send(Command::Send { session: moving, frame: vec![number; MAX_FRAME] }).await;
        let mut read = vec![0; 4 + MAX_FRAME];
        timeout(PATIENCE, lively.read_exact(&mut read)).await.unwrap().unwrap();
        assert!(read[4..].iter().all(|byte| *byte == number));
    }
    // What is on its way to the visitor is less than what may wait.
    for _ in 0..SEND_QUEUE / MAX_FRAME {
        node.send(Command::Send { session: still, frame: vec![1; MAX_FRAME] }).await;
    }
    let ended = node
        .wait("closed", |event| if let Event::Closed { session } = event { Some(*session) } else { None })
        .await;
    assert_eq!(ended, still);
    lively.write_all(&[0, 0, 0, 1, 7]).await.unwrap();
    lively.flush().await.unwrap();
    node.wait_for(Event::Frame { session: moving, frame: vec![7] }).await;
}

#[tokio::test]
async fn only_sessions_that_a_peer_opened_are_told_and_frames_wait_until_they_are_open() {
    for carrier in [Carrier::Tcp, Carrier::Quic] {
        let (mut one, mut two) = pair(carrier).await;
        // Both at once, so that the numbers of one have nothing to do with those of the other.
        for (from, to) in [(&one, &two), (&two, &one)] {
            for number in [2, 4] {
                let session = SessionId(number);
                from.send(Command::Open { peer: to.id.clone(), session }).await;
                for part in 0..3 {
                    from.send(Command::Send { session, frame: format!("{number} {part}").into_bytes() })
                        .await;
                }
            }
        }
        for node in [&mut one, &mut two] {
            let mut heard = BTreeMap::<SessionId, Vec<String>>::new();
            while heard.values().map(Vec::len).sum::<usize>() < 6 {
                node.wait("opened or frame", |event| {
                    if let Event::Opened { session, .. } = event {
                        assert!(session.0 % 2 == 1 && heard.insert(*session, Vec::new()).is_none());
                    } else if let Event::Frame { session, frame } = event {
                        heard.get_mut(session).unwrap().push(String::from_utf8(frame.clone()).unwrap());
                    }
                    Some(())
                })
                .await;
            }
            assert_eq!(heard.keys().copied().collect::<Vec<_>>(), [SessionId(1), SessionId(3)]);
            let mut all: Vec<_> = heard.into_values().collect();
            all.sort();
            assert_eq!(all, [["2 0", "2 1", "2 2"], ["4 0", "4 1", "4 2"]]);
        }
    }
}

#[tokio::test]
async fn shutdown_closes_the_sessions_and_ends_the_events() {
    let (mut one, mut two) = pair(Carrier::Tcp).await;
    let (here, there) = open(&mut one, &mut two, 2).await;
    one.send(Command::Shutdown).await;
    let mut last = None;
    while let Some(event) = timeout(PATIENCE, one.events.recv()).await.unwrap() {
        last = Some(event);
    }
    assert_eq!(last, Some(Event::Closed { session: here }));
    closed(&mut two, there).await;
    two.disconnected(&one.id).await;
}

#[tokio::test]
async fn sessions_above_the_limits_of_a_peer_and_of_all_are_refused() {
    let limits = Limits { sessions_per_peer: 2, sessions: 3, ..Limits::default() };
    let mut hub = Node::start(Config { limits, ..config(1) }).await;
    let (mut two, mut three) = (Node::new(2).await, Node::new(3).await);
    two.join(&mut hub, Carrier::Tcp).await;
    three.join(&mut hub, Carrier::Quic).await;
    let (first, _) = open(&mut two, &mut hub, 2).await;
    open(&mut two, &mut hub, 4).await;
    // The third of one peer.
    two.send(Command::Open { peer: hub.id.clone(), session: SessionId(6) }).await;
    closed(&mut two, SessionId(6)).await;
    // The third in all, and the fourth.
    open(&mut three, &mut hub, 2).await;
    three.send(Command::Open { peer: hub.id.clone(), session: SessionId(4) }).await;
    closed(&mut three, SessionId(4)).await;
    // One leaves, one comes.
    two.send(Command::Close { session: first }).await;
    hub.wait("closed", |event| matches!(event, Event::Closed { .. }).then_some(())).await;
    open(&mut three, &mut hub, 6).await;
}
