//! Bodies apart from headers: what a node hides or lacks, and what others make of that.

use record::{Body, Hash, Key, Listing, RecordId, Side, Slot, Verified};

use super::pump::{Member, NOW, Pair, name};
use super::strangers::{closes, greet, records, say_hello, send};
use crate::frame::{Frame, encode_gossip};
use crate::limits::WINDOW;
use crate::{Carried, Input, MessageRef, Output, Protocol, SessionId, Store as _, Verdict};

const HOUR: u64 = 60 * 60_000;

impl Pair {
    fn hide(&mut self, node: usize, slot: &Slot) {
        let (circle, now) = (self.circle, self.clock(node));
        let outputs = self.nodes[node].protocol.hide(circle, slot, now).unwrap();
        self.carry_out(node, outputs);
    }

    fn show(&mut self, node: usize, slot: &Slot) {
        let (circle, now) = (self.circle, self.clock(node));
        let outputs = self.nodes[node].protocol.show(circle, slot, now).unwrap();
        self.carry_out(node, outputs);
    }

    fn has_body(&self, node: usize, id: &RecordId) -> bool {
        let record = self.nodes[node].protocol.record(self.circle, id).unwrap();
        record.expect("its header is here").is_whole()
    }

    /// Whether a node's readers were told last that a record is here with its body, or gone.
    fn is_shown(&self, node: usize, id: &RecordId) -> bool {
        self.nodes[node].log.iter().fold(false, |shown, output| {
            let Output::Changed { news, .. } = output else { return shown };
            let here = news.admitted.iter().any(|record| record.id() == *id && record.is_whole());
            here || (shown && !news.removed.contains(id))
        })
    }

    /// How many bodies a node asked for, in how many questions.
    fn asked(&self, node: usize) -> (usize, usize) {
        self.nodes[node].log.iter().fold((0, 0), |(bodies, questions), output| {
            let Output::Send { frame, .. } = output else { return (bodies, questions) };
            match Frame::decode(frame) {
                Ok(Frame::Bodies { ids }) => (bodies + ids.len(), questions + 1),
                Ok(_) | Err(_) => (bodies, questions),
            }
        })
    }

    fn nobody_is_at_fault(&self) -> bool {
        [0, 1].iter().all(|node| self.count(*node, |output| matches!(output, Output::Ban(_))) == 0)
    }
}

/// A pair of which both have a listing of the second one's member.
fn with_listing() -> (Pair, Verified) {
    let mut pair = Pair::settled();
    let listing = pair.members[1].listing(pair.circle, 1, pair.now);
    pair.write(1, vec![listing.clone()]);
    (pair, listing)
}

#[test]
fn what_a_node_hides_leaves_its_header_and_the_digest_and_shows_no_more() {
    let (mut pair, listing) = with_listing();
    let circle = pair.circle;
    let (before, slot) = (pair.digest(0), listing.header().slot());
    assert!(pair.is_shown(0, &listing.id()));
    pair.hide(0, &slot);
    assert!(!pair.has_body(0, &listing.id()) && !pair.is_shown(0, &listing.id()));
    let kept = pair.nodes[0].protocol.store().get(circle, &listing.id()).unwrap().unwrap();
    assert_eq!(kept.envelope, listing.envelope(), "as it was signed");
    assert_eq!((pair.digest(0), pair.digest(1)), (before, before));
    // What its author says of it later is not kept either; nor does the digest differ.
    let edited = pair.members[1].listing(pair.circle, 1, pair.now.plus_millis(1));
    pair.write(1, vec![edited.clone()]);
    pair.pass(2 * HOUR);
    assert!(!pair.has_body(0, &edited.id()) && !pair.is_shown(0, &edited.id()));
    assert_eq!(pair.digest(0), pair.digest(1));
    assert_eq!(pair.asked(0), (0, 0), "it is not wanted");
    // Once it is not hidden any more, it comes back.
    pair.show(0, &slot);
    pair.pass(5_000);
    assert!(pair.has_body(0, &edited.id()) && pair.is_shown(0, &edited.id()));
    assert!(pair.nobody_is_at_fault());
}

#[test]
fn a_round_that_the_peer_leads_does_not_put_off_the_question_for_bodies() {
    let (mut pair, listing) = with_listing();
    pair.pass(60_000);
    let slot = listing.header().slot();
    pair.hide(0, &slot);
    pair.show(0, &slot);
    say_hello(&mut pair, SessionId(1_001));
    send(&mut pair, SessionId(1_001), &Frame::Done);
    pair.pass(5_000);
    assert!(pair.has_body(0, &listing.id()) && pair.is_shown(0, &listing.id()));
}

#[test]
fn gossip_of_what_a_node_hides_is_taken_without_its_body_and_not_passed_on() {
    let (mut pair, listing) = with_listing();
    pair.hide(0, &listing.header().slot());
    let edited = pair.members[1].listing(pair.circle, 1, pair.now.plus_millis(1));
    let topic = pair.nodes[0].protocol.topics().next().unwrap().clone();
    let data = encode_gossip(&edited.to_record());
    let message = MessageRef(Hash::of(&data).as_bytes().as_slice().into());
    let outputs = pair.tell(0, Input::Gossip { peer: name(1), message, topic, data });
    let judged = |output: &Output| matches!(output, Output::Judge { verdict: Verdict::Ignore, .. });
    assert!(outputs.iter().any(judged), "{outputs:?}");
    assert!(!pair.has_body(0, &edited.id()));
    // Once it is not hidden any more, the same message brings what it says, and is passed on.
    pair.show(0, &listing.header().slot());
    let data = encode_gossip(&edited.to_record());
    let message = MessageRef(Hash::of(&data).as_bytes().as_slice().into());
    let topic = pair.nodes[0].protocol.topics().next().unwrap().clone();
    let outputs = pair.tell(0, Input::Gossip { peer: name(1), message, topic, data });
    let judged = |output: &Output| matches!(output, Output::Judge { verdict: Verdict::Accept, .. });
    assert!(outputs.iter().any(judged), "{outputs:?}");
    assert!(pair.has_body(0, &edited.id()));
}

#[test]
fn who_lacks_a_record_that_a_peer_hides_gets_its_header_and_asks_for_its_body_once_in_a_while() {
    let (mut pair, _) = with_listing();
    pair.disconnect();
    let listing = pair.members[0].listing(pair.circle, 2, pair.now);
    pair.write(0, vec![listing.clone()]);
    pair.hide(0, &listing.header().slot());
    pair.connect();
    pair.pass(10_000);
    assert_eq!(pair.digest(0), pair.digest(1));
    assert!(!pair.has_body(1, &listing.id()) && !pair.is_shown(1, &listing.id()));
    assert_eq!(pair.nodes[1].protocol.wanted_bodies(pair.circle), 1);
    pair.nodes.iter_mut().for_each(|node| node.log.clear());
    pair.pass(10 * HOUR);
    let (bodies, questions) = pair.asked(1);
    // After one minute, two, four, …, and then every hour.
    assert!((12..=17).contains(&questions) && bodies == questions, "{questions} questions, {bodies} bodies");
    assert!(pair.nobody_is_at_fault());
    // A file brings it; then there is nothing to ask for.
    let (circle, now) = (pair.circle, pair.now);
    let carried = pair.nodes[1].protocol.carry(circle, vec![listing.to_record()], now).unwrap();
    assert_eq!(carried.1, [Carried::Added]);
    pair.carry_out(1, carried.0);
    assert!(pair.has_body(1, &listing.id()) && pair.is_shown(1, &listing.id()));
    assert_eq!(pair.nodes[1].protocol.wanted_bodies(circle), 0);
    // And who hid it gets it back from there.
    pair.show(0, &listing.header().slot());
    pair.pass(5_000);
    assert!(pair.has_body(0, &listing.id()));
}

#[test]
fn bodies_that_a_store_lacks_are_fetched_after_a_start_and_what_is_hidden_is_not() {
    let mut pair = Pair::settled();
    // So long that not all bodies of one question fit in the answer.
    let long = |number: u32| {
        let text = format!("{number} ").repeat(300);
        let body = Body::Listing(Listing { text, ..Listing::new(Side::Offer, "Leiter") });
        pair.members[1].sign(pair.circle, Key::derive("long", &[&number.to_be_bytes()]), NOW, &body)
    };
    let listings: Vec<_> = (0..700).map(long).collect();
    pair.write(1, listings.clone());
    pair.pass(10_000);
    assert_eq!(pair.len(0), pair.len(1));
    pair.disconnect();
    let mut store = pair.nodes[0].protocol.store().clone();
    for listing in &listings {
        store.0.insert((pair.circle, listing.id()), listing.clone().without_body().to_record());
    }
    let (circle, now) = (pair.circle, pair.now);
    let start = |store| {
        let mut again = Protocol::new(name(0), store, [9; 32]);
        let mut shown = 0;
        let each = &mut |record: &Verified| shown += usize::from(record.body().is_some());
        again.follow(circle, Vec::new(), now, each).unwrap();
        let slot = listings[3].header().slot();
        again.hide(circle, &slot, now).unwrap();
        (again, shown)
    };
    let (again, shown) = start(store);
    assert_eq!((shown, again.wanted_bodies(circle)), (3, 699), "the charter and both grants alone");
    pair.nodes[0].protocol = again;
    pair.nodes.iter_mut().for_each(|node| node.log.clear());
    pair.connect();
    pair.pass(10_000);
    let (_, questions) = pair.asked(0);
    assert!(questions > 2 * 700 / WINDOW, "{questions}");
    let here: Vec<bool> = listings.iter().map(|listing| pair.has_body(0, &listing.id())).collect();
    assert_eq!(here.iter().filter(|here| !**here).count(), 1);
    assert!(!here[3]);
    assert_eq!((pair.digest(0), pair.moved(0).1), (pair.digest(1), 699));
    assert!(pair.nobody_is_at_fault());
    // It is the same after another start, and nothing is asked for.
    let (again, shown) = start(pair.nodes[0].protocol.store().clone());
    assert_eq!((shown, again.wanted_bodies(circle)), (702, 0));
}

#[test]
fn a_body_that_is_wanted_and_whose_record_is_withdrawn_is_wanted_no_more() {
    let (mut pair, listing) = with_listing();
    pair.disconnect();
    pair.hide(0, &listing.header().slot());
    pair.show(0, &listing.header().slot());
    assert_eq!(pair.nodes[0].protocol.wanted_bodies(pair.circle), 1);
    let gone = pair.members[1].withdrawal(pair.circle, 1, pair.now.plus_millis(1));
    pair.write(1, vec![gone.clone()]);
    pair.connect();
    pair.pass(5_000);
    assert_eq!(pair.nodes[0].protocol.wanted_bodies(pair.circle), 0);
    // Nothing can be hidden of what has no body, nor of what rules depend on.
    pair.hide(0, &gone.header().slot());
    let grant = pair.members[1].grant(pair.circle);
    pair.hide(0, &grant.header().slot());
    assert!(pair.has_body(0, &gone.id()) && pair.has_body(0, &grant.id()));
    assert_eq!(pair.digest(0), pair.digest(1));
}

#[test]
fn a_peer_may_ask_for_some_bodies_at_a_time_and_gets_those_of_what_counts_here() {
    let (mut pair, listing) = with_listing();
    for (number, ids) in [(1_001, Vec::new()), (1_003, vec![listing.id(); WINDOW + 1])] {
        let session = SessionId(number);
        greet(&mut pair, session);
        assert!(closes(&send(&mut pair, session, &Frame::Bodies { ids }), session));
    }
    let session = SessionId(1_005);
    greet(&mut pair, session);
    let nobodys = RecordId::from_bytes([9; 32]);
    let outputs = send(&mut pair, session, &Frame::Bodies { ids: vec![nobodys, listing.id()] });
    let [Output::Send { frame, .. }] = outputs.as_slice() else { panic!("an answer: {outputs:?}") };
    assert_eq!(Frame::decode(frame), Ok(records(&[&listing])));
    // Not what waits, nor what the peer knows already: a header without its body.
    let waits = Member::new(9).listing(pair.circle, 1, pair.now);
    let topic = pair.nodes[0].protocol.topics().next().unwrap().clone();
    let data = encode_gossip(&waits.to_record());
    let message = MessageRef(Hash::of(&data).as_bytes().as_slice().into());
    pair.tell(0, Input::Gossip { peer: name(1), message, topic, data });
    assert!(pair.has_body(0, &waits.id()));
    pair.hide(0, &listing.header().slot());
    let outputs = send(&mut pair, session, &Frame::Bodies { ids: vec![waits.id(), listing.id()] });
    let [Output::Send { frame, .. }] = outputs.as_slice() else { panic!("an answer: {outputs:?}") };
    assert_eq!(Frame::decode(frame), Ok(records(&[])));
}
