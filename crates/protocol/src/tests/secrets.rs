//! Circles that members alone read: who gets something, and who doesn't.

use record::{ReadSecret, Verified};

use super::pump::{Member, NOW, Pair, name};
use crate::frame::Frame;
use crate::limits::VERSION;
use crate::secrets::{Ends, Side};
use crate::{Input, Output, SessionId};

fn secret(number: u8) -> ReadSecret {
    ReadSecret::from_bytes([number; 32])
}

/// Two nodes with the same records; who else may read is up to the secret.
fn members() -> Pair {
    let mut pair = Pair::of_members(&[vec![secret(1)], vec![secret(1)]]);
    pair.connect();
    pair.pass(10_000);
    let grant = pair.members[1].grant(pair.circle);
    let admission = pair.members[0].admission(pair.circle, pair.members[1].id(), NOW);
    pair.write(0, vec![admission]);
    pair.write(1, vec![grant]);
    pair.pass(3_000);
    assert_eq!(pair.digest(0), pair.digest(1));
    pair.nodes.iter_mut().for_each(|node| node.log.clear());
    pair
}

/// Draws a new secret on the first node, whose member is the steward.
fn rotate(pair: &mut Pair, number: u8, besides: Vec<Verified>) {
    let (circle, new) = (pair.circle, secret(number));
    pair.nodes[0].secrets = pair.nodes[0].protocol.hold(circle, new.clone());
    let rotation = pair.members[0].rotation(circle, &new, pair.now);
    pair.write(0, [besides, vec![rotation]].concat());
}

/// Everything that a node sent, in sessions and by gossip.
fn sent(pair: &Pair, node: usize) -> Vec<u8> {
    let bytes = pair.nodes[node].log.iter().filter_map(|output| {
        if let Output::Send { frame, .. } = output { Some(frame.as_slice()) } else { published(output) }
    });
    bytes.collect::<Vec<_>>().concat()
}

fn published(output: &Output) -> Option<&[u8]> {
    if let Output::Publish { data, .. } = output { Some(data) } else { None }
}

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[test]
fn who_knows_the_circles_id_and_not_its_secret_gets_nothing_and_learns_nothing() {
    for held in [Vec::new(), vec![secret(9)]] {
        let mut pair = Pair::of_members(&[vec![secret(1)], held]);
        let listings = pair.members[0].listings(pair.circle, 0..20);
        pair.write(0, listings);
        pair.connect();
        pair.pass(120_000);
        let listing = pair.members[0].listing(pair.circle, 30, NOW);
        pair.write(0, vec![listing.clone()]);
        pair.pass(120_000);
        assert_eq!(pair.len(1), 0, "no record");
        assert!(pair.nodes[1].protocol.nearby().is_empty(), "not even that the circle is here");
        assert_eq!(pair.count(1, |output| matches!(output, Output::Synced { .. })), 0);
        let all = sent(&pair, 0);
        assert!(!all.is_empty());
        assert!(!holds(&all, pair.circle.as_bytes()), "the circle's name");
        assert!(!holds(&all, pair.members[0].id().as_bytes()), "a header");
        assert!(!holds(&all, listing.id().as_bytes()), "an id");
        assert!(!pair.nodes.iter().any(|node| node.log.iter().any(|it| matches!(it, Output::Ban(_)))));
    }
}

#[test]
fn members_share_records_by_session_and_sealed_gossip() {
    let mut pair = members();
    let listing = pair.members[0].listing(pair.circle, 1, NOW);
    pair.write(0, vec![listing.clone()]);
    assert_eq!(pair.digest(0), pair.digest(1), "it came by gossip, without a round");
    let published = pair.nodes[0].log.iter().find_map(published).unwrap();
    assert!(!holds(published, listing.header().author.as_bytes()), "who hears the topic alone reads nothing");
}

#[test]
fn when_the_secret_turns_a_member_that_was_away_proves_itself_and_gets_the_new_one() {
    let mut pair = members();
    pair.disconnect();
    rotate(&mut pair, 2, Vec::new());
    let listings = pair.members[0].listings(pair.circle, 0..30);
    pair.write(0, listings);
    assert_eq!(pair.nodes[0].protocol.secret(pair.circle), Some(&secret(2)));
    pair.connect();
    // Without waiting for the next ordinary round.
    pair.pass(12_000);
    assert_eq!(pair.digest(0), pair.digest(1));
    assert_eq!(pair.nodes[1].secrets, [secret(2), secret(1)], "to be kept for the next start");
    pair.nodes.iter_mut().for_each(|node| node.log.clear());
    let listing = pair.members[1].listing(pair.circle, 77, pair.now);
    pair.write(1, vec![listing]);
    assert_eq!(pair.digest(0), pair.digest(1), "gossip goes on under the new one");
}

#[test]
fn a_node_that_forgot_that_its_member_was_removed_gets_nothing_after_the_rotation() {
    let mut pair = members();
    pair.disconnect();
    let before = pair.len(1);
    let removal = pair.members[0].removal(pair.circle, pair.members[1].id(), pair.now);
    rotate(&mut pair, 2, vec![removal]);
    let listings = pair.members[0].listings(pair.circle, 0..30);
    pair.write(0, listings);
    pair.nodes[0].log.clear();
    pair.connect();
    pair.pass(300_000);
    assert_eq!(pair.len(1), before);
    assert_eq!(pair.nodes[1].secrets, [secret(1)]);
    let all = sent(&pair, 0);
    assert!(!holds(&all, secret(2).as_bytes()));
    assert!(!holds(&all, pair.circle.as_bytes()), "no header");
    assert!(!pair.nodes[0].protocol.peers[&name(1)].rounds[&pair.circle].proven);
}

#[test]
fn who_holds_an_old_invitation_and_never_wrote_anything_does_not_get_the_new_secret() {
    let mut pair = Pair::of_members(&[vec![secret(1)], vec![secret(1)]]);
    rotate(&mut pair, 2, Vec::new());
    pair.connect();
    pair.pass(200_000);
    assert_eq!(pair.len(1), 0);
    assert!(!holds(&sent(&pair, 0), secret(2).as_bytes()));
    assert!(pair.count(1, |output| matches!(output, Output::Prove { .. })) > 0, "it did ask");
}

#[test]
fn a_connected_member_that_is_removed_gets_nothing_more() {
    let mut pair = members();
    let removal = pair.members[0].removal(pair.circle, pair.members[1].id(), pair.now);
    // What was said under the old secret may still come: the removal itself is not among it.
    rotate(&mut pair, 2, vec![removal]);
    pair.pass(2_000);
    let before = pair.len(1);
    let listing = pair.members[0].listing(pair.circle, 5, pair.now);
    pair.write(0, vec![listing]);
    pair.pass(200_000);
    assert_eq!(pair.len(1), before);
}

#[test]
fn two_halves_that_drew_different_secrets_come_together() {
    let mut pair = members();
    pair.disconnect();
    rotate(&mut pair, 2, Vec::new());
    // The steward's other device, a little later, on the other side.
    let (circle, new) = (pair.circle, secret(3));
    pair.now = pair.now.plus_millis(1_000);
    pair.nodes[1].secrets = pair.nodes[1].protocol.hold(circle, new.clone());
    let rotation = pair.members[0].rotation(circle, &new, pair.now);
    pair.write(1, vec![rotation]);
    assert_ne!(pair.nodes[0].protocol.secret(circle), pair.nodes[1].protocol.secret(circle));
    pair.connect();
    pair.pass(120_000);
    assert_eq!(pair.nodes[0].protocol.secret(circle), Some(&secret(3)), "the newer rotation counts");
    assert_eq!(pair.digest(0), pair.digest(1));
}

#[test]
fn a_secret_without_a_stewards_word_is_not_believed() {
    let mut pair = members();
    pair.disconnect();
    // A member that is no steward draws one.
    let (circle, made_up) = (pair.circle, secret(66));
    let rotation = pair.members[1].rotation(circle, &made_up, pair.now);
    pair.nodes[1].protocol.hold(circle, made_up);
    pair.write(1, vec![rotation]);
    assert_eq!(pair.nodes[1].protocol.secret(circle), Some(&secret(1)));
    pair.connect();
    pair.pass(60_000);
    assert_eq!(pair.nodes[0].protocol.secret(circle), Some(&secret(1)));
    assert_eq!(pair.digest(0), pair.digest(1));
}

#[test]
fn a_peer_can_not_make_a_node_say_who_its_member_is_without_knowing_a_secret() {
    let mut pair = members();
    let opened = pair.tell(0, Input::Tick);
    drop(opened);
    pair.now = pair.now.plus_millis(120_000);
    let outputs = pair.tell(0, Input::Tick);
    let session = outputs
        .iter()
        .find_map(|output| if let Output::Open { session, .. } = output { Some(*session) } else { None });
    let session: SessionId = session.expect("a round is due");
    let turned = Frame::Turned { salt: [1; 16], proof: record::Hash::of(b"anything") };
    let outputs = pair.tell(0, Input::Frame { session, frame: turned.encode() });
    assert!(!outputs.iter().any(|output| matches!(output, Output::Prove { .. })), "{outputs:?}");
}

#[test]
fn a_secret_that_somebody_gave_takes_the_place_of_one_that_opens_nothing() {
    let mut pair = Pair::of_members(&[vec![secret(1)], Vec::new()]);
    pair.connect();
    pair.pass(20_000);
    assert_eq!(pair.len(1), 0);
    let (circle, now) = (pair.circle, pair.clock(1));
    let outputs = pair.nodes[1].protocol.trust(circle, secret(1), now);
    pair.carry_out(1, outputs);
    pair.pass(60_000);
    assert_eq!(pair.digest(0), pair.digest(1));
}

/// Says hello to the first node as the second, by this secret; gives what the node says.
fn greet_by(pair: &mut Pair, session: SessionId, by: &ReadSecret) -> Vec<Output> {
    pair.tell(0, Input::Opened { session, peer: name(1) });
    let (opener, other, salt) = (name(1), name(0), [7; 16]);
    let ends = Ends { opener: &opener, other: &other, opened: &salt, answered: None };
    let proofs = vec![ends.proof(by, pair.circle, Side::Opener)];
    let hello = Frame::Hello { version: VERSION, salt, clock: pair.now, proofs };
    pair.tell(0, Input::Frame { session, frame: hello.encode() })
}

#[test]
fn a_session_that_began_before_the_secret_turned_gives_nothing_and_proves_nothing() {
    let mut pair = members();
    let session = SessionId(3_001);
    let answer = greet_by(&mut pair, session, &secret(1));
    assert!(answer.iter().any(|output| matches!(output, Output::Send { .. })), "welcome: {answer:?}");
    let removal = pair.members[0].removal(pair.circle, pair.members[1].id(), pair.now);
    rotate(&mut pair, 2, vec![removal]);
    let proven = |pair: &Pair| pair.nodes[0].protocol.peers[&name(1)].rounds[&pair.circle].proven;
    assert!(!proven(&pair), "everybody has to prove itself anew");
    let group = catalogue::Group::Rest;
    let days = Frame::Days { group, days: Vec::new(), last: true };
    let outputs = pair.tell(0, Input::Frame { session, frame: days.encode() });
    assert!(
        outputs.iter().any(|output| matches!(output, Output::Close(it) if *it == session)),
        "{outputs:?}"
    );
    assert!(
        !outputs.iter().any(|output| matches!(output, Output::Send { session: it, .. } if *it == session))
    );
    assert!(!proven(&pair));
}

#[test]
fn who_knows_an_old_secret_alone_brings_no_records_with_a_new_one_of_its_own() {
    let mut pair = members();
    pair.disconnect();
    let before = pair.len(0);
    pair.tell(0, Input::Connected(name(1)));
    let mut session = None;
    while session.is_none() {
        pair.now = pair.now.plus_millis(1_000);
        session = pair.tell(0, Input::Tick).iter().find_map(|output| {
            let Output::Open { session, .. } = output else { return None };
            (pair.nodes[0].protocol.sessions[session].greeted() != [0; 16]).then_some(*session)
        });
    }
    let session = session.unwrap();
    let opened = pair.nodes[0].protocol.sessions[&session].greeted();
    let (opener, other, answered) = (name(0), name(1), [9; 16]);
    let ends = Ends { opener: &opener, other: &other, opened: &opened, answered: Some(&answered) };
    let proof = ends.proof(&secret(1), pair.circle, Side::Turned);
    let outputs =
        pair.tell(0, Input::Frame { session, frame: Frame::Turned { salt: answered, proof }.encode() });
    assert!(outputs.iter().any(|output| matches!(output, Output::Prove { .. })), "{outputs:?}");
    let invented = Member::new(66).grant(pair.circle).to_record();
    let rotation = pair.members[1].rotation(pair.circle, &secret(8), pair.now).to_record();
    let frame = Frame::Secret { secret: secret(8), records: vec![invented, rotation] };
    pair.tell(0, Input::Frame { session, frame: frame.encode() });
    assert_eq!(pair.len(0), before);
    assert_eq!(pair.nodes[0].protocol.secret(pair.circle), Some(&secret(1)));
}

#[test]
fn when_the_secret_turns_a_connected_member_has_the_new_one_within_seconds() {
    let mut pair = members();
    rotate(&mut pair, 2, Vec::new());
    // Said at once under the new one, which the other does not have yet.
    let listing = pair.members[0].listing(pair.circle, 4, pair.now);
    pair.write(0, vec![listing]);
    assert_ne!(pair.digest(0), pair.digest(1));
    pair.pass(8_000);
    assert_eq!(pair.nodes[1].protocol.secret(pair.circle), Some(&secret(2)));
    assert_eq!(pair.digest(0), pair.digest(1));
    let listing = pair.members[0].listing(pair.circle, 5, pair.now);
    pair.write(0, vec![listing]);
    assert_eq!(pair.digest(0), pair.digest(1), "by gossip");
}
