//! Two nodes, or one node and a peer that does what it wants.

mod blobs;
mod bodies;
mod bundle;
mod clock;
mod knock;
mod lingerers;
mod pump;
mod restart;
mod secrets;
mod strangers;
mod undecided;

use record::CircleId;
use record::limits::MAX_FUTURE_MS;

use crate::limits::SESSION_IDLE_MS;
use crate::{Input, News, Output, SessionId};
use pump::{Member, NOW, Pair, TEN_MINUTES, name};

#[test]
fn a_node_that_follows_a_circle_by_id_alone_gets_its_charter_first_and_then_everything() {
    let mut pair = Pair::new();
    let grants = (100..1_100).map(|number| Member::new(number).grant(pair.circle)).collect();
    pair.write(0, grants);
    let listings = pair.members[0].listings(pair.circle, 0..40);
    pair.write(0, listings);
    assert!(pair.nodes[1].protocol.catalogue(pair.circle).unwrap().charter().is_none());
    pair.connect();
    pair.pass(10_000);
    assert_eq!(pair.len(1), 1_042);
    assert_eq!(pair.digest(0), pair.digest(1));
    let batches: Vec<&News> = pair.nodes[1]
        .log
        .iter()
        .filter_map(|output| if let Output::Changed { news, .. } = output { Some(news) } else { None })
        .collect();
    assert!(batches.len() > 4, "a thousand records don't come in one frame");
    assert!(batches[0].admitted.iter().any(|it| CircleId::founded_by(it.id()) == pair.circle));
}

#[test]
fn three_records_go_by_gossip_and_five_hundred_by_session() {
    let mut pair = Pair::settled();
    let published = |output: &Output| matches!(output, Output::Publish { .. });
    let few = pair.members[0].listings(pair.circle, 0..3);
    pair.write(0, few);
    assert_eq!(pair.count(0, published), 3);
    assert_eq!(pair.count(0, |output| matches!(output, Output::Send { .. })), 0);
    assert_eq!(pair.digest(0), pair.digest(1));
    let many = pair.members[0].listings(pair.circle, 3..503);
    pair.write(0, many);
    assert_eq!(pair.count(0, published), 3);
    pair.pass(3_000);
    assert_eq!(pair.len(1), 3 + 503);
    assert_eq!(pair.digest(0), pair.digest(1));
}

#[test]
fn two_nodes_with_different_records_end_equal_and_a_second_round_moves_nothing() {
    let mut pair = Pair::settled();
    pair.disconnect();
    for node in [0, 1] {
        let listings = pair.members[node].listings(pair.circle, 0..300);
        pair.write(node, listings);
    }
    assert_ne!(pair.digest(0), pair.digest(1));
    pair.connect();
    pair.pass(10_000);
    assert_eq!(pair.len(0), 603);
    assert_eq!(pair.digest(0), pair.digest(1));
    pair.nodes.iter_mut().for_each(|node| node.log.clear());
    pair.pass(120_000);
    let (rounds, came, went) = pair.moved(0);
    assert!((2..=10).contains(&rounds), "{rounds} rounds in two minutes");
    assert_eq!((came, went), (0, 0));
    assert!(pair.nodes.iter().all(|node| node.protocol.sessions.is_empty()));
}

#[test]
fn a_withdrawal_reaches_the_other_side_and_the_listing_is_gone() {
    let mut pair = Pair::settled();
    let listing = pair.members[0].listing(pair.circle, 1, NOW);
    pair.write(0, vec![listing.clone()]);
    let before = pair.len(1);
    pair.disconnect();
    let gone = pair.members[0].withdrawal(pair.circle, 1, pair.now);
    pair.write(0, vec![gone.clone()]);
    pair.connect();
    pair.pass(10_000);
    assert_eq!(pair.len(1), before, "the withdrawal stands where the listing stood");
    for node in &mut pair.nodes {
        let catalogue = node.protocol.catalogue(pair.circle).unwrap();
        assert!(catalogue.admitted(&listing.id()).is_none());
        assert!(catalogue.admitted(&gone.id()).is_some());
        assert_eq!(node.protocol.record(pair.circle, &listing.id()), Ok(None), "it left the disk");
    }
}

#[test]
fn a_session_without_frames_is_closed_after_a_while() {
    let mut pair = Pair::settled();
    let session = SessionId(9_001);
    pair.tell(0, Input::Opened { session, peer: name(1) });
    assert!(pair.nodes[0].protocol.sessions.contains_key(&session));
    pair.now = pair.now.plus_millis(SESSION_IDLE_MS - 1);
    let closes =
        |outputs: Vec<Output>| outputs.iter().any(|it| matches!(it, Output::Close(id) if *id == session));
    assert!(!closes(pair.tell(0, Input::Tick)));
    pair.now = pair.now.plus_millis(1);
    assert!(closes(pair.tell(0, Input::Tick)));
    assert!(!pair.nodes[0].protocol.sessions.contains_key(&session));
}

#[test]
fn records_of_a_session_that_was_cut_off_are_kept() {
    let mut pair = Pair::settled();
    pair.disconnect();
    let listings = pair.members[0].listings(pair.circle, 0..2_000);
    pair.write(0, listings);
    // One frame of many gets lost with the connection.
    pair.cut_after = Some(30);
    pair.connect();
    assert!(pair.nodes.iter().all(|node| node.protocol.sessions.is_empty()));
    let kept = pair.len(1);
    assert!((500..1_500).contains(&kept), "{kept} of 2003");
    pair.nodes[1].log.clear();
    pair.connect();
    pair.pass(10_000);
    assert_eq!(pair.digest(0), pair.digest(1));
    assert_eq!(pair.moved(1).1, 2_003 - kept, "what was there already did not come again");
}

#[test]
fn a_node_with_another_clock_still_converges_and_is_quiet_then() {
    for (ahead, behind) in
        [([0, TEN_MINUTES], [0, 0]), ([0, 0], [0, TEN_MINUTES]), ([TEN_MINUTES, 0], [0, 0])]
    {
        let mut pair = Pair::with_clocks(ahead, behind);
        pair.connect();
        pair.pass(10_000);
        let grant = pair.members[1].grant(pair.circle);
        pair.write(1, vec![grant]);
        for node in [0, 1] {
            let at = pair.clock(node);
            let circle = pair.circle;
            let many = (0..30).map(|number| pair.members[node].listing(circle, number, at)).collect();
            pair.write(node, many);
            pair.write(node, vec![pair.members[node].listing(circle, 77, at)]);
        }
        pair.pass(70_000);
        assert_eq!((pair.len(0), pair.len(1)), (65, 65));
        assert_eq!(pair.digest(0), pair.digest(1));
        pair.nodes.iter_mut().for_each(|node| node.log.clear());
        pair.pass(120_000);
        let (rounds, came, went) = pair.moved(0);
        assert!(rounds >= 2 && (came, went) == (0, 0), "{rounds} rounds, {came} came, {went} went");
    }
}

#[test]
fn a_record_too_new_for_one_clock_comes_when_that_clock_gets_there() {
    let mut pair = Pair::with_clocks([0, 2 * TEN_MINUTES], [0, 0]);
    pair.connect();
    pair.pass(10_000);
    let at = pair.clock(1);
    let records = vec![pair.members[1].grant(pair.circle), pair.members[1].listing(pair.circle, 1, at)];
    pair.write(1, records);
    pair.pass(300_000);
    assert_eq!((pair.len(0), pair.len(1)), (3, 4));
    let bans = |output: &Output| matches!(output, Output::Ban(_));
    assert_eq!(pair.count(0, bans), 0, "to be early is no fault");
    pair.pass(2 * TEN_MINUTES - MAX_FUTURE_MS);
    assert_eq!(pair.digest(0), pair.digest(1));
}

#[test]
fn a_circle_without_a_charter_here_is_no_trouble_for_anybody() {
    let mut pair = Pair::new();
    let nobodys = CircleId::from_bytes([9; 32]);
    for node in [0, 1] {
        let now = pair.clock(node);
        pair.nodes[node].protocol.follow(nobodys, Vec::new(), now, &mut |_| {}).unwrap();
    }
    pair.connect();
    pair.pass(200_000);
    for node in [0, 1] {
        assert_eq!(pair.count(node, |output| matches!(output, Output::Ban(_))), 0);
        assert!(pair.nodes[node].protocol.sessions.is_empty());
    }
    assert_eq!(pair.digest(0), pair.digest(1));
}

#[test]
fn two_nodes_with_many_circles_in_common_do_not_offend_each_other() {
    let mut pair = Pair::new();
    let members: Vec<Member> = (200..280).map(Member::new).collect();
    let charters = members.iter().map(|member| member.charter("Ringstraße"));
    let circles: Vec<CircleId> = charters
        .map(|charter| {
            let (circle, now) = (CircleId::founded_by(charter.id()), pair.now);
            for node in &mut pair.nodes {
                node.protocol.follow(circle, Vec::new(), now, &mut |_| {}).unwrap();
            }
            pair.nodes[0].protocol.write(circle, vec![charter], now).unwrap();
            circle
        })
        .collect();
    pair.connect();
    pair.pass(180_000);
    for node in [0, 1] {
        assert_eq!(pair.count(node, |output| matches!(output, Output::Ban(_))), 0);
    }
    let known = |circle: &&CircleId| pair.nodes[1].protocol.catalogue(**circle).unwrap().charter().is_some();
    assert_eq!(circles.iter().filter(known).count(), 80);
}

#[test]
fn a_peer_that_owes_an_answer_is_not_asked_again() {
    let mut pair = Pair::settled();
    let opens = |outputs: &[Output]| outputs.iter().filter(|it| matches!(it, Output::Open { .. })).count();
    assert_eq!(opens(&pair.tell(0, Input::AskCircles)), 1);
    assert_eq!(opens(&pair.tell(0, Input::AskCircles)), 0);
    pair.now = pair.now.plus_millis(SESSION_IDLE_MS);
    pair.tell(0, Input::Tick);
    assert_eq!(opens(&pair.tell(0, Input::AskCircles)), 1, "who did not answer may have meant no harm");
}

#[test]
fn rounds_go_on_after_a_clock_was_set_back() {
    let mut pair = Pair::with_clocks([10 * TEN_MINUTES, 10 * TEN_MINUTES], [0, 0]);
    pair.connect();
    pair.pass(120_000);
    pair.nodes.iter_mut().for_each(|node| node.log.clear());
    pair.now = pair.now.minus_millis(10 * TEN_MINUTES);
    pair.pass(120_000);
    assert!(pair.moved(0).0 >= 2, "{:?}", pair.moved(0));
}

#[test]
fn a_node_that_does_not_know_the_time_takes_what_may_be_alive() {
    // Ten years ahead by its machine, and off since a week before.
    let mut pair = Pair::with_clocks([0, TEN_MINUTES * 6 * 24 * 3_650], [0, 0]);
    pair.nodes[1].protocol.doubt_time(Some(NOW.minus_millis(TEN_MINUTES * 6 * 24 * 7)));
    let listings = pair.members[0].listings(pair.circle, 0..40);
    pair.write(0, listings);
    pair.connect();
    pair.pass(120_000);
    let more = pair.members[0].listing(pair.circle, 77, pair.now);
    pair.write(0, vec![more]);
    pair.pass(1_000);
    assert_eq!((pair.len(0), pair.len(1)), (43, 43));
    let bans = |output: &Output| matches!(output, Output::Ban(_));
    assert_eq!((pair.count(0, bans), pair.count(1, bans)), (0, 0));
}

#[test]
fn a_slot_goes_on_though_its_last_revision_lies_ahead_of_a_clock_that_was_set_back() {
    let mut pair = Pair::settled();
    let ahead = pair.now.plus_millis(3 * TEN_MINUTES);
    let (first, second) =
        (pair.members[0].listing(pair.circle, 1, ahead), pair.members[0].listing(pair.circle, 2, ahead));
    pair.write(0, vec![first]);
    pair.write(0, vec![second, pair.members[0].withdrawal(pair.circle, 1, ahead.plus_millis(1))]);
    pair.pass(60_000);
    assert_eq!((pair.len(0), pair.len(1)), (5, 3), "it waits for its time");
    pair.pass(4 * TEN_MINUTES);
    assert_eq!(pair.digest(0), pair.digest(1));
    assert_eq!(pair.len(1), 5);
}
