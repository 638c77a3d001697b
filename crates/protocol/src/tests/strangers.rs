//! One node and a peer that says what it wants: what an honest node must stand.

use proptest::prelude::*;
use record::{CircleId, Hash, ReadSecret, Record, RecordId, Timestamp, Verified};

use super::pump::{Member, NOW, Pair, TEN_MINUTES, name};
use crate::frame::{Frame, encode_gossip};
use crate::limits::VERSION;
use crate::line::{Place, SessionSalt};
use crate::reconcile::{Piece, What};
use crate::secrets::{Ends, Side};
use crate::{Input, MessageRef, Output, SessionId, Topic, Verdict};

/// Sends frames in a session and gives what the node wants done about the last one.
pub(super) fn send(pair: &mut Pair, session: SessionId, frame: &Frame) -> Vec<Output> {
    pair.tell(0, Input::Frame { session, frame: frame.encode() })
}

/// What the second node shows to prove that it knows the secret of a circle that anyone may read.
fn proof(peer: usize, circle: CircleId, opened: [u8; 16], side: Side) -> Hash {
    let (opener, other) = (name(peer), name(0));
    let ends = Ends { opener: &opener, other: &other, opened: &opened, answered: None };
    ends.proof(&ReadSecret::open(circle), circle, side)
}

/// Opens a session with the first node, says hello, and has nothing; gives the salt.
pub(super) fn greet(pair: &mut Pair, session: SessionId) -> SessionSalt {
    let salt = say_hello(pair, session);
    send(pair, session, &Frame::Days { group: catalogue::Group::Rest, days: Vec::new(), last: true });
    salt
}

/// Opens a session with the first node and says hello.
pub(super) fn hello(pair: &mut Pair, session: SessionId) -> Vec<Output> {
    pair.tell(0, Input::Opened { session, peer: name(1) });
    let (salt, clock) = ([7; 16], pair.now);
    let proofs = vec![proof(1, pair.circle, salt, Side::Opener)];
    send(pair, session, &Frame::Hello { version: VERSION, salt, clock, proofs })
}

/// Says hello and is welcome; gives the session's salt.
pub(super) fn say_hello(pair: &mut Pair, session: SessionId) -> SessionSalt {
    let outputs = hello(pair, session);
    let [Output::Send { frame, .. }, Output::Clock { .. }] = outputs.as_slice() else {
        panic!("no welcome: {outputs:?}")
    };
    let Ok(Frame::Welcome { salt: theirs, .. }) = Frame::decode(frame) else { panic!("no welcome") };
    SessionSalt::of(&[7; 16], &theirs)
}

pub(super) fn bans(outputs: &[Output]) -> bool {
    outputs.iter().any(|output| matches!(output, Output::Ban(peer) if *peer == name(1)))
}

pub(super) fn closes(outputs: &[Output], session: SessionId) -> bool {
    outputs.iter().any(|output| matches!(output, Output::Close(id) if *id == session))
}

pub(super) fn opens(output: &Output) -> Option<SessionId> {
    if let Output::Open { session, .. } = output { Some(*session) } else { None }
}

/// What the node asks for, if it asks.
pub(super) fn wanted(outputs: &[Output]) -> Option<usize> {
    outputs.iter().find_map(|output| {
        let Output::Send { frame, .. } = output else { return None };
        if let Ok(Frame::Want { ids }) = Frame::decode(frame) { Some(ids.len()) } else { None }
    })
}

pub(super) fn records(records: &[&Verified]) -> Frame {
    Frame::Records { records: records.iter().map(|record| record.to_record()).collect(), last: true }
}

#[test]
fn unasked_records_end_in_a_ban_and_are_not_taken() {
    let mut pair = Pair::settled();
    let before = pair.digest(0);
    let listing = pair.members[1].listing(pair.circle, 1, NOW);
    for attempt in 1..=4 {
        let session = SessionId(1_001 + 2 * attempt);
        greet(&mut pair, session);
        let outputs = send(&mut pair, session, &records(&[&listing]));
        assert!(closes(&outputs, session));
        assert_eq!(bans(&outputs), attempt == 4, "attempt {attempt}");
    }
    assert_eq!(pair.digest(0), before);
}

#[test]
fn a_record_that_was_asked_for_is_taken_once() {
    let mut pair = Pair::settled();
    let listing = pair.members[1].listing(pair.circle, 1, NOW);
    let session = SessionId(1_001);
    let salt = greet(&mut pair, session);
    let offer = Frame::Offer { groups: vec![vec![salt.apply(&listing.id())]] };
    assert_eq!(wanted(&send(&mut pair, session, &offer)), Some(1));
    let outputs = send(&mut pair, session, &records(&[&listing, &listing]));
    assert!(closes(&outputs, session), "the second one was not asked for");
    let session = SessionId(1_003);
    let salt = greet(&mut pair, session);
    let offer = Frame::Offer { groups: vec![vec![salt.apply(&listing.id())]] };
    assert_eq!(wanted(&send(&mut pair, session, &offer)), Some(1));
    let outputs = send(&mut pair, session, &records(&[&listing]));
    assert_eq!(wanted(&outputs), Some(0));
    assert!(pair.nodes[0].protocol.catalogue(pair.circle).unwrap().admitted(&listing.id()).is_some());
}

#[test]
fn a_record_that_comes_without_its_body_counts_and_its_body_is_taken_when_it_comes() {
    let mut pair = Pair::settled();
    let listing = pair.members[1].listing(pair.circle, 1, NOW);
    let bare = Record { body: None, ..listing.to_record() };
    for (number, record) in [(1_001, bare), (1_003, listing.to_record())] {
        let session = SessionId(number);
        let salt = greet(&mut pair, session);
        let offer = Frame::Offer { groups: vec![vec![salt.apply(&listing.id())]] };
        assert_eq!(wanted(&send(&mut pair, session, &offer)), Some(1));
        let has_body = record.body.is_some();
        let outputs = send(&mut pair, session, &Frame::Records { records: vec![record], last: true });
        assert_eq!((wanted(&outputs), bans(&outputs)), (Some(0), false));
        let protocol = &pair.nodes[0].protocol;
        assert!(protocol.catalogue(pair.circle).unwrap().admitted(&listing.id()).is_some());
        assert_eq!(protocol.wanted_bodies(pair.circle), usize::from(!has_body));
    }
    let topic = pair.nodes[0].protocol.topics().next().unwrap().clone();
    let other = pair.members[1].listing(pair.circle, 2, NOW);
    let stripped = Record { body: None, ..other.to_record() };
    assert_eq!(gossip(&mut pair, &topic, encode_gossip(&stripped)).0, Verdict::Ignore);
    assert_eq!(gossip(&mut pair, &topic, encode_gossip(&other.to_record())).0, Verdict::Accept);
}

#[test]
fn a_record_whose_signature_does_not_hold_costs_its_sender() {
    let mut pair = Pair::settled();
    let listing = pair.members[1].listing(pair.circle, 1, NOW);
    let mut forged = listing.to_record();
    *forged.envelope.last_mut().unwrap() ^= 1;
    for attempt in 1..=4 {
        let session = SessionId(1_001 + 2 * attempt);
        let salt = greet(&mut pair, session);
        send(&mut pair, session, &Frame::Offer { groups: vec![vec![salt.apply(&listing.id())]] });
        let frame = Frame::Records { records: vec![forged.clone()], last: true };
        assert_eq!(bans(&send(&mut pair, session, &frame)), attempt == 4);
    }
    assert!(pair.nodes[0].protocol.catalogue(pair.circle).unwrap().standing(&listing.id()).is_none());
}

#[test]
fn a_refused_record_is_not_asked_for_again_until_the_control_records_change() {
    let mut pair = Pair::settled();
    let (old, new) = (
        pair.members[1].listing(pair.circle, 1, NOW),
        pair.members[1].listing(pair.circle, 1, NOW.plus_millis(1)),
    );
    pair.write(0, vec![new]);
    let ask = |pair: &mut Pair, session: u64| {
        let session = SessionId(session);
        let salt = greet(pair, session);
        let outputs = send(pair, session, &Frame::Offer { groups: vec![vec![salt.apply(&old.id())]] });
        let count = wanted(&outputs);
        if count == Some(1) {
            let outputs = send(pair, session, &records(&[&old]));
            assert_eq!(wanted(&outputs), Some(0), "refused, and no offence");
        }
        count
    };
    assert_eq!(ask(&mut pair, 1_001), Some(1));
    assert_eq!(ask(&mut pair, 1_003), Some(0));
    let newcomer = Member::new(3).grant(pair.circle);
    pair.write(0, vec![newcomer]);
    assert_eq!(ask(&mut pair, 1_005), Some(1));
}

fn gossip(pair: &mut Pair, topic: &Topic, data: Vec<u8>) -> (Verdict, bool) {
    let message = MessageRef(Hash::of(&data).as_bytes().as_slice().into());
    let input = Input::Gossip { peer: name(1), message: message.clone(), topic: topic.clone(), data };
    let outputs = pair.tell(0, input);
    let verdict = outputs.iter().find_map(|output| {
        let Output::Judge { message: of, verdict, .. } = output else { return None };
        (*of == message).then_some(*verdict)
    });
    (verdict.expect("a verdict on every message"), bans(&outputs))
}

#[test]
fn bad_gossip_is_rejected_and_offends_and_late_gossip_is_ignored_and_does_not() {
    let mut pair = Pair::settled();
    let topic = pair.nodes[0].protocol.topics().next().unwrap().clone();
    let listing = |revision| pair.members[1].listing(pair.circle, 1, revision);
    let (new, old) = (listing(NOW.plus_millis(9)), listing(NOW));
    let ahead = pair.members[1].listing(pair.circle, 2, pair.now.plus_days(1));
    let foreign = pair.members[1].listing(record::CircleId::from_bytes([5; 32]), 1, NOW);
    let mut forged = new.to_record();
    *forged.envelope.last_mut().unwrap() ^= 1;
    let data = |record: &Verified| encode_gossip(&record.to_record());
    assert_eq!(gossip(&mut pair, &topic, data(&new)), (Verdict::Accept, false));
    assert_eq!(gossip(&mut pair, &topic, data(&new)), (Verdict::Accept, false));
    for late in [&old, &ahead] {
        for _ in 0..10 {
            assert_eq!(gossip(&mut pair, &topic, data(late)), (Verdict::Ignore, false));
        }
    }
    let elsewhere = Topic("elsewhere".into());
    assert_eq!(gossip(&mut pair, &elsewhere, b"what is this".to_vec()), (Verdict::Ignore, false));
    let bad = [encode_gossip(&forged), data(&foreign), b"what is this".to_vec(), vec![0; 20_000]];
    for (number, data) in bad.iter().cycle().take(20).enumerate() {
        assert_eq!(gossip(&mut pair, &topic, data.clone()), (Verdict::Reject, number == 19), "{number}");
    }
}

#[test]
fn who_floods_with_gossip_is_held_back_without_offence() {
    let mut pair = Pair::settled();
    let topic = pair.nodes[0].protocol.topics().next().unwrap().clone();
    let verdicts: Vec<_> = (0..200)
        .map(|number| {
            let listing = pair.members[1].listing(pair.circle, number, NOW);
            gossip(&mut pair, &topic, encode_gossip(&listing.to_record()))
        })
        .collect();
    let accepted = verdicts.iter().filter(|it| **it == (Verdict::Accept, false)).count();
    assert!((50..=60).contains(&accepted), "{accepted}");
    assert!(verdicts.iter().skip(60).all(|it| *it == (Verdict::Ignore, false)));
}

#[test]
fn what_is_told_again_later_is_not_passed_on_and_does_not_use_up_its_authors_budget() {
    let mut pair = Pair::settled();
    let topic = pair.nodes[0].protocol.topics().next().unwrap().clone();
    let data = |record: &Verified| encode_gossip(&record.to_record());
    let listing = |revision| pair.members[1].listing(pair.circle, 1, revision);
    let (old, new) = (data(&listing(NOW)), data(&listing(NOW.plus_millis(1))));
    assert_eq!(gossip(&mut pair, &topic, old.clone()), (Verdict::Accept, false));
    assert_eq!(gossip(&mut pair, &topic, new.clone()), (Verdict::Accept, false));
    pair.now = pair.now.plus_millis(2 * TEN_MINUTES);
    for _ in 0..200 {
        assert_eq!(gossip(&mut pair, &topic, old.clone()), (Verdict::Ignore, false));
        assert_eq!(gossip(&mut pair, &topic, new.clone()), (Verdict::Ignore, false));
    }
    let fresh = pair.members[1].listing(pair.circle, 2, pair.now);
    assert_eq!(gossip(&mut pair, &topic, data(&fresh)), (Verdict::Accept, false));
}

/// The session in which the first node asks which circles its peer keeps.
fn peers_told(outputs: &[Output]) -> Option<(Vec<String>, Vec<String>)> {
    outputs.iter().find_map(|output| {
        let Output::Send { frame, .. } = output else { return None };
        match Frame::decode(frame) {
            Ok(Frame::PeersAre { mine, others }) => Some((mine, others)),
            Ok(_) | Err(_) => None,
        }
    })
}

#[test]
fn who_keeps_the_circle_is_told_of_others_that_keep_it_and_a_stranger_of_none() {
    let mut pair = Pair::settled();
    let at = |host: u8| format!("/ip4/10.0.0.{host}/tcp/7378");
    pair.tell(0, Input::Listening(vec![at(1)]));
    let ask = |pair: &mut Pair, session: u64, peer: u8, mine: Vec<String>| {
        let session = SessionId(session);
        pair.tell(0, Input::Opened { session, peer: name(peer.into()) });
        let salt = [5; 16];
        let proof = proof(peer.into(), pair.circle, salt, Side::Peers);
        peers_told(&send(pair, session, &Frame::Peers { salt, proof, mine })).unwrap()
    };
    assert_eq!(ask(&mut pair, 1_001, 1, vec![at(2)]), (vec![at(1)], Vec::new()), "itself is not told to it");
    pair.tell(0, Input::Connected(name(2)));
    assert_eq!(ask(&mut pair, 1_003, 2, vec![at(3)]), (vec![at(1)], vec![at(2)]));
    // The third has not reconciled the circle with this node: whether it keeps it is not known.
    assert_eq!(ask(&mut pair, 1_005, 1, vec![at(2)]), (vec![at(1)], Vec::new()));
}

fn question(pair: &mut Pair) -> SessionId {
    let outputs = pair.tell(0, Input::AskCircles);
    outputs.iter().find_map(opens).expect("a question")
}

#[test]
fn the_question_about_circles_is_answered_with_charters_that_check_out() {
    let mut pair = Pair::new();
    pair.connect();
    let nearby = pair.nodes[1].protocol.nearby();
    assert_eq!(nearby.len(), 1);
    assert_eq!(nearby[&pair.circle].name, "Gartenstraße");
    assert_eq!(nearby[&pair.circle].peers, [name(0)].into());
    assert!(pair.nodes[0].protocol.nearby().is_empty(), "who has no charter names no circle");
    pair.disconnect();
    assert!(pair.nodes[1].protocol.nearby().is_empty(), "who is gone keeps nothing nearby");
}

#[test]
fn charters_that_do_not_check_out_are_not_believed() {
    let mut pair = Pair::settled();
    let mut other = Member::new(4).charter("Ringstraße").to_record();
    let session = question(&mut pair);
    let honest = Frame::CirclesAre(vec![other.clone()]);
    assert!(closes(&send(&mut pair, session, &honest), session));
    assert_eq!(pair.nodes[0].protocol.nearby().len(), 1);
    other.body.as_mut().unwrap()[9] ^= 1;
    let listing = pair.members[1].listing(pair.circle, 1, NOW).to_record();
    for (attempt, wrong) in [other.clone(), listing.clone(), other, listing].into_iter().enumerate() {
        let session = question(&mut pair);
        let outputs = send(&mut pair, session, &Frame::CirclesAre(vec![wrong]));
        assert!(closes(&outputs, session));
        assert_eq!(bans(&outputs), attempt == 3);
    }
    assert_eq!(pair.nodes[0].protocol.nearby().len(), 1);
}

/// Ranges that make sense somewhere.
fn some_pieces(choice: u8) -> Vec<Piece> {
    let whats =
        [What::Nothing, What::Digest(choice.into()), What::List, What::Ids(vec![vec![1, 2], vec![3]])];
    let what = whats[usize::from(choice) % 4].clone();
    let half = Piece { end: Place { revision: NOW, id: choice.into() }, what: What::Digest(7) };
    [half].into_iter().chain((choice > 40).then_some(Piece { end: Place::LAST, what })).collect()
}

/// Frames that make sense somewhere, with content that the node has and has not.
fn some_frame(pair: &Pair, choice: u8) -> Frame {
    let (salt, clock, hash) = ([choice; 16], pair.now, Hash::of(&[choice]));
    let listing = pair.members[1].listing(pair.circle, choice.into(), NOW);
    let digests = catalogue::Digests { control: hash, rest: hash };
    let group = catalogue::Group::ALL[usize::from(choice) / 13 % 2];
    let last = !choice.is_multiple_of(3);
    let hello = proof(1, pair.circle, salt, Side::Opener);
    match choice % 18 {
        0 => Frame::Circles,
        1 => Frame::CirclesAre(vec![listing.to_record()]),
        2 => Frame::Hello { version: VERSION, salt, clock, proofs: vec![hello, hash] },
        3 => Frame::Hello { version: 2, salt, clock: Timestamp::from_millis(u64::MAX), proofs: Vec::new() },
        4 => Frame::Welcome { salt, clock, digests, proof: hash },
        5 => Frame::Days { group, days: vec![(NOW.day(), hash)], last },
        6 => Frame::Days { group, days: Vec::new(), last },
        7 => Frame::Differ { days: vec![NOW.day(), 0, u32::MAX] },
        8 => Frame::Reconcile { pieces: some_pieces(choice) },
        9 => Frame::Offer { groups: vec![vec![choice.into()], vec![1, 2]] },
        10 => Frame::Want { ids: vec![choice.into()] },
        11 => records(&[&listing]),
        12 => {
            let proof = proof(1, pair.circle, salt, Side::Peers);
            Frame::Peers { salt, proof, mine: vec!["anywhere".to_owned()] }
        }
        14 => Frame::Turned { salt, proof: hash },
        15 => Frame::Renew { member: listing.header().author, seal: vec![choice; 300] },
        16 => {
            let secret = ReadSecret::from_bytes([choice; 32]);
            Frame::Secret { secret, records: vec![listing.to_record()] }
        }
        13 => Frame::PeersAre { mine: Vec::new(), others: vec!["anywhere".to_owned()] },
        _ => Frame::Done,
    }
}

/// What a peer may do: which session it speaks in, which frame it takes, and what it does to it.
type Move = (u8, u8, Option<(prop::sample::Index, u8)>);

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn no_frames_panic_or_change_the_catalogue(
        moves in proptest::collection::vec(any::<Move>(), 1..40),
        noise in proptest::collection::vec(any::<u8>(), 0..80),
    ) {
        let mut pair = Pair::settled();
        let (before, len) = (pair.digest(0), pair.len(0));
        for session in [2_001, 2_003, 2_005] {
            pair.tell(0, Input::Opened { session: SessionId(session), peer: name(1) });
        }
        greet(&mut pair, SessionId(2_007));
        let asked = question(&mut pair);
        // A round that this node opened: its hello is out.
        pair.now = pair.now.plus_millis(70_000);
        let due = pair.tell(0, Input::Tick);
        let opened = due.iter().find_map(opens);
        let mut sessions: Vec<SessionId> = [2_001, 2_003, 2_005, 2_007].map(SessionId).to_vec();
        sessions.extend(opened);
        sessions.push(asked);
        for (session, choice, change) in moves {
            let session = sessions[usize::from(session) % sessions.len()];
            let mut frame = some_frame(&pair, choice).encode();
            if let Some((at, flip)) = change {
                let at = at.index(frame.len());
                frame[at] ^= flip;
                if flip.is_multiple_of(5) {
                    frame.splice(at.., noise.iter().copied());
                }
            }
            pair.tell(0, Input::Frame { session, frame });
        }
        prop_assert_eq!(pair.len(0), len);
        prop_assert_eq!(pair.digest(0), before);
        pair.now = pair.now.plus_millis(60_000);
        pair.tell(0, Input::Tick);
        let open = pair.nodes[0].protocol.sessions.len();
        prop_assert!(open <= 1, "{} sessions are left, one round at most may be", open);
    }

    #[test]
    fn no_gossip_panics_or_changes_the_catalogue(
        envelope in proptest::collection::vec(any::<u8>(), 0..300),
        body in proptest::option::of(proptest::collection::vec(any::<u8>(), 0..60)),
        at in any::<prop::sample::Index>(),
        flip in 1_u8..,
    ) {
        let mut pair = Pair::settled();
        let topic = pair.nodes[0].protocol.topics().next().unwrap().clone();
        let before = pair.digest(0);
        let mut listing = encode_gossip(&pair.members[1].listing(pair.circle, 1, NOW).to_record());
        let at = at.index(listing.len());
        listing[at] ^= flip;
        let noise = encode_gossip(&Record { envelope, body });
        for data in [noise[noise.len() / 3..].to_vec(), noise, listing] {
            prop_assert_eq!(gossip(&mut pair, &topic, data).0, Verdict::Reject);
        }
        prop_assert_eq!(pair.digest(0), before);
    }
}

#[test]
fn a_record_that_nobody_knows_is_not_served() {
    let mut pair = Pair::settled();
    let session = SessionId(1_001);
    say_hello(&mut pair, session);
    // To want something before the days were compared makes no sense.
    let outputs = send(&mut pair, session, &Frame::Want { ids: vec![9] });
    assert!(closes(&outputs, session));
    let session = SessionId(1_003);
    let salt = greet(&mut pair, session);
    let charter = RecordId::from_bytes(*pair.circle.as_bytes());
    let outputs = send(&mut pair, session, &Frame::Want { ids: vec![9, salt.apply(&charter)] });
    let [Output::Send { frame, .. }] = outputs.as_slice() else { panic!("an answer: {outputs:?}") };
    assert_eq!(Frame::decode(frame), Ok(Frame::Records { records: Vec::new(), last: true }));
}

#[test]
fn of_a_record_that_is_known_only_the_message_that_nodes_have_is_passed_on() {
    let mut pair = Pair::settled();
    let topic = pair.nodes[0].protocol.topics().next().unwrap().clone();
    let listing = pair.members[1].listing(pair.circle, 1, NOW).to_record();
    assert_eq!(gossip(&mut pair, &topic, encode_gossip(&listing)), (Verdict::Accept, false));
    assert_eq!(gossip(&mut pair, &topic, encode_gossip(&listing)), (Verdict::Accept, false));
    let bare = Record { body: None, ..listing };
    assert_eq!(gossip(&mut pair, &topic, encode_gossip(&bare)), (Verdict::Ignore, false));
}
