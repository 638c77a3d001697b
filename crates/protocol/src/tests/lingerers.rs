//! One node and a peer that keeps it busy: what each session may cost, and that there is an end to it.

use catalogue::{Digests, Group, Window};
use record::{Body, Hash, Key, Listing, ReadSecret, Verified};

use super::pump::{NOW, Pair, name};
use super::strangers::{bans, closes, greet, hello, opens, say_hello, send, wanted};
use crate::frame::Frame;
use crate::limits::{
    ANSWER_ROOM, HELLO_BURST, HELLO_MS, MAX_FRAME, MAX_INBOUND_SESSIONS, MAX_WAITS, OFFER, PORTION, ROUND_MS,
    WINDOW, WINDOWS,
};
use crate::secrets::{Ends, Side};
use crate::{Input, Output, SessionId};

/// The frames that a node sends.
fn frames(outputs: &[Output]) -> Vec<(usize, Frame)> {
    let sent = outputs.iter().filter_map(|output| {
        let Output::Send { frame, .. } = output else { return None };
        Some((frame.len(), Frame::decode(frame).unwrap()))
    });
    sent.collect()
}

#[test]
fn ids_that_are_never_served_are_asked_for_once_a_few_at_a_time() {
    let mut pair = Pair::settled();
    let session = SessionId(1_001);
    greet(&mut pair, session);
    let ids: Vec<u64> = (1..=OFFER as u64).collect();
    let mut outputs = send(&mut pair, session, &Frame::Offer { groups: vec![ids] });
    assert_eq!(frames(&outputs).len(), WINDOWS, "so many questions are out at a time");
    let (mut asked, mut questions) = (0, 0);
    let nothing = Frame::Records { records: Vec::new(), last: true };
    while wanted(&outputs) != Some(0) {
        for (_, frame) in frames(&outputs) {
            let Frame::Want { ids } = frame else { panic!("a question: {frame:?}") };
            assert!(ids.len() <= WINDOW);
            asked += ids.len();
        }
        questions += 1;
        assert!(questions <= OFFER / WINDOW + 1, "there is an end");
        outputs = send(&mut pair, session, &nothing);
    }
    assert_eq!(asked, OFFER);
    // The last word is said; an answer to no question offends.
    assert!(closes(&send(&mut pair, session, &nothing), session));
}

#[test]
fn empty_frames_do_not_keep_a_session_alive() {
    let mut pair = Pair::settled();
    let session = SessionId(1_001);
    greet(&mut pair, session);
    send(&mut pair, session, &Frame::Offer { groups: vec![vec![7]] });
    let outputs = send(&mut pair, session, &Frame::Records { records: Vec::new(), last: false });
    assert!(closes(&outputs, session));
}

#[test]
fn a_group_is_compared_once_in_a_session() {
    let mut pair = Pair::settled();
    let session = SessionId(1_001);
    say_hello(&mut pair, session);
    let days = |group| Frame::Days { group, days: Vec::new(), last: true };
    assert!(!closes(&send(&mut pair, session, &days(Group::Control)), session));
    assert!(!closes(&send(&mut pair, session, &days(Group::Rest)), session));
    assert!(closes(&send(&mut pair, session, &days(Group::Control)), session));
}

#[test]
fn more_sessions_than_allowed_are_closed_and_end_in_a_ban() {
    let mut pair = Pair::settled();
    let mut open = |number: usize| {
        let session = SessionId(1_001 + 2 * number as u64);
        let outputs = pair.tell(0, Input::Opened { session, peer: name(1) });
        (closes(&outputs, session), bans(&outputs))
    };
    assert!((0..MAX_INBOUND_SESSIONS).all(|number| open(number) == (false, false)));
    let refused: Vec<_> = (MAX_INBOUND_SESSIONS..MAX_INBOUND_SESSIONS + 50).map(&mut open).collect();
    assert!(refused.iter().all(|(closed, _)| *closed));
    assert_eq!(refused.iter().position(|(_, banned)| *banned), Some(49));
}

#[test]
fn who_says_hello_again_and_again_is_answered_now_and_then() {
    let mut pair = Pair::settled();
    let answered = |pair: &mut Pair, number: u64| {
        let session = SessionId(1_001 + 2 * number);
        let answer = !frames(&hello(pair, session)).is_empty();
        pair.tell(0, Input::Closed(session));
        answer
    };
    let welcomes = (0..200).filter(|number| answered(&mut pair, *number)).count() as u64;
    assert!(welcomes <= HELLO_BURST, "{welcomes}");
    pair.now = pair.now.plus_millis(HELLO_MS);
    let welcomes = (200..300).filter(|number| answered(&mut pair, *number)).count();
    assert_eq!(welcomes, 1);
}

#[test]
fn large_records_go_in_small_portions_and_all_arrive() {
    let mut pair = Pair::settled();
    pair.disconnect();
    let large = |number: u32| -> Verified {
        let mut listing = Listing::new(record::Side::Offer, "Bücher");
        listing.text = "ü".repeat(2_000);
        let key = Key::derive("test/large", &[&number.to_be_bytes()]);
        let circle = pair.circle;
        pair.members[0].sign(circle, key, NOW, &Body::Listing(listing))
    };
    let listings: Vec<Verified> = (0..300).map(large).collect();
    let before = pair.len(1);
    pair.write(0, listings);
    pair.nodes.iter_mut().for_each(|node| node.log.clear());
    pair.connect();
    pair.pass(3_000);
    assert_eq!(pair.len(1), before + 300);
    let sent = frames(&pair.nodes[0].log);
    let sizes =
        sent.iter().filter(|(_, frame)| matches!(frame, Frame::Records { .. })).map(|(size, _)| *size);
    assert!(sizes.clone().all(|size| size <= PORTION + 64), "{:?}", sizes.max());
    let answer = sent.split(|(_, frame)| matches!(frame, Frame::Records { last: true, .. }));
    let largest = answer.map(|frames| frames.iter().map(|(size, _)| size).sum::<usize>()).max();
    assert!(largest.is_some_and(|bytes| bytes <= ANSWER_ROOM), "{largest:?}");
    let all = pair.nodes.iter().flat_map(|node| frames(&node.log));
    assert!(all.map(|(size, _)| size).all(|size| size <= MAX_FRAME));
}

#[test]
fn who_asks_for_much_gets_a_portion() {
    let mut pair = Pair::settled();
    let listings = pair.members[0].listings(pair.circle, 0..2_000);
    pair.write(0, listings.clone());
    let session = SessionId(1_001);
    let salt = greet(&mut pair, session);
    let ids = listings.iter().take(WINDOW).map(|listing| salt.apply(&listing.id())).collect();
    let outputs = send(&mut pair, session, &Frame::Want { ids });
    let bytes: usize = frames(&outputs).iter().map(|(size, _)| size).sum();
    assert!((10_000..=ANSWER_ROOM + 256).contains(&bytes), "{bytes}");
    let more = Frame::Want { ids: vec![0; WINDOW + 1] };
    assert!(closes(&send(&mut pair, session, &more), session), "that is more than may be asked for");
}

/// The session of the next round that the first node opens.
fn next_round(pair: &mut Pair) -> SessionId {
    for _ in 0..120 {
        pair.now = pair.now.plus_millis(1_000);
        let outputs = pair.tell(0, Input::Tick);
        let opened = outputs.iter().filter_map(opens).collect::<Vec<_>>();
        if let [session, ..] = opened.as_slice() {
            return *session;
        }
    }
    panic!("no round within two minutes");
}

/// Answers a round's hello as the second node would that differs in the rest; gives what the first one does.
fn welcome(pair: &mut Pair, session: SessionId) -> Vec<Output> {
    // What the first node drew for this round stands in its own state alone.
    let opened = pair.nodes[0].protocol.sessions[&session].greeted();
    let (opener, other) = (name(0), name(1));
    let answered = [9; 16];
    let ends = Ends { opener: &opener, other: &other, opened: &opened, answered: Some(&answered) };
    let proof = ends.proof(&ReadSecret::open(pair.circle), pair.circle, Side::Other);
    let catalogue = pair.nodes[0].protocol.catalogue(pair.circle).unwrap();
    let digests = catalogue.digests(Window::between(pair.now, pair.now));
    let digests = Digests { rest: Hash::of(b"something else"), ..digests };
    send(pair, session, &Frame::Welcome { salt: answered, clock: pair.now, digests, proof })
}

#[test]
fn a_day_that_a_peer_names_a_thousand_times_is_laid_out_once() {
    let mut pair = Pair::settled();
    let listings = pair.members[0].listings(pair.circle, 0..40);
    pair.write(0, listings);
    pair.disconnect();
    pair.tell(0, Input::Connected(name(1)));
    let session = next_round(&mut pair);
    let outputs = welcome(&mut pair, session);
    assert!(frames(&outputs).iter().any(|(_, frame)| matches!(frame, Frame::Days { .. })), "{outputs:?}");
    send(&mut pair, session, &Frame::Differ { days: vec![NOW.day(); 20_000] });
    assert_eq!(pair.nodes[0].protocol.sessions[&session].laid_out(), 40);
}

#[test]
fn a_peer_that_never_has_time_is_not_asked_each_second_for_ever() {
    let mut pair = Pair::settled();
    let listings = pair.members[0].listings(pair.circle, 0..40);
    pair.disconnect();
    pair.write(0, listings);
    pair.tell(0, Input::Connected(name(1)));
    let begun = pair.now;
    for _ in 0..=MAX_WAITS + 3 {
        let session = next_round(&mut pair);
        welcome(&mut pair, session);
        send(&mut pair, session, &Frame::Differ { days: Vec::new() });
    }
    let passed = pair.now.since(begun);
    assert!(passed >= 2 * ROUND_MS, "{} rounds in {passed} ms", MAX_WAITS + 3);
}

#[test]
fn a_record_that_the_store_has_lost_comes_back_from_a_peer() {
    let mut pair = Pair::settled();
    let listings = pair.members[0].listings(pair.circle, 0..5);
    pair.write(0, listings.clone());
    pair.pass(60_000);
    assert_eq!((pair.len(0), pair.digest(0)), (pair.len(1), pair.digest(1)));
    let (circle, lost) = (pair.circle, listings[2].id());
    pair.nodes[0].protocol.store.0.remove(&(circle, lost));
    // The peer asks for it, and it is not there.
    pair.disconnect();
    pair.nodes[1].protocol.store.0.remove(&(circle, lost));
    let changes = pair.nodes[1].protocol.circles.get_mut(&circle).unwrap();
    changes.catalogue.release(lost);
    pair.connect();
    pair.pass(60_000);
    assert_eq!(pair.digest(0), pair.digest(1), "nobody claims what nobody has");
    assert!(pair.nodes[0].protocol.catalogue(circle).unwrap().admitted(&lost).is_none());
    let again = listings[2].clone();
    pair.write(1, vec![again]);
    pair.pass(60_000);
    assert!(pair.nodes[0].protocol.store.0.contains_key(&(circle, lost)));
    assert_eq!(pair.digest(0), pair.digest(1));
}
