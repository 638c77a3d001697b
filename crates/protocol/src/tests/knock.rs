//! Who was invited knocks.

use super::pump::{NOW, Pair, TOKEN, name};
use crate::frame::Frame;
use crate::limits::BAN_POINTS;
use crate::{Input, Knock, Output, SessionId, Token};

fn knock(pair: &Pair, token: [u8; 16]) -> Input {
    let (circle, member) = (pair.circle, pair.members[1].id());
    Input::Knock { peer: name(0), knock: Knock { circle, member, token: Token::from_bytes(token) } }
}

#[test]
fn who_knocks_with_a_token_hears_whether_it_is_in() {
    for (token, wanted) in [(TOKEN, true), ([8; 16], false)] {
        let mut pair = Pair::settled();
        let input = knock(&pair, token);
        let outputs = pair.tell(1, input);
        pair.carry_out(1, outputs);
        let answers: Vec<_> = pair.nodes[1]
            .log
            .iter()
            .filter_map(|output| {
                if let Output::Answered { circle, admitted } = output {
                    Some((*circle, *admitted))
                } else {
                    None
                }
            })
            .collect();
        assert_eq!(answers, [(pair.circle, wanted)]);
        assert!(pair.nodes.iter().all(|node| node.protocol.sessions.is_empty()));
    }
}

#[test]
fn nobody_knocks_where_nobody_is_connected_or_twice_at_a_time() {
    let mut pair = Pair::settled();
    let input = knock(&pair, TOKEN);
    let now = pair.now;
    let opens = |outputs: Vec<Output>| outputs.iter().filter(|it| matches!(it, Output::Open { .. })).count();
    assert_eq!(opens(pair.nodes[1].protocol.handle(input.clone(), now)), 1);
    assert_eq!(opens(pair.nodes[1].protocol.handle(input.clone(), now)), 0);
    pair.disconnect();
    assert_eq!(opens(pair.nodes[1].protocol.handle(input, now)), 0);
}

#[test]
fn who_guesses_tokens_is_banned_and_an_answer_that_nobody_waits_for_is_nonsense() {
    let mut pair = Pair::settled();
    let Input::Knock { knock: guess, .. } = knock(&pair, [9; 16]) else { unreachable!() };
    let mut banned = None;
    for number in 0..100_u64 {
        let session = SessionId(9_001 + 2 * number);
        let now = NOW.plus_millis(60_000);
        let node = &mut pair.nodes[0].protocol;
        let _ = node.handle(Input::Opened { session, peer: name(1) }, now);
        let outputs = node.handle(Input::Frame { session, frame: Frame::Knock(guess).encode() }, now);
        if !outputs.iter().any(|output| matches!(output, Output::Knocked { .. })) {
            break;
        }
        let outputs = node.handle(Input::Answered { session, admitted: Some(false) }, now);
        if outputs.iter().any(|output| matches!(output, Output::Ban(_))) {
            banned = Some(number + 1);
            break;
        }
    }
    assert_eq!(banned, Some(u64::from(BAN_POINTS) / 2));
    // Nothing is said to a peer that is banned, so another pair.
    let mut pair = Pair::settled();
    let session = SessionId(20_001);
    let node = &mut pair.nodes[0].protocol;
    let _ = node.handle(Input::Opened { session, peer: name(1) }, NOW);
    let frame = Frame::Answer { admitted: true }.encode();
    let outputs = node.handle(Input::Frame { session, frame }, NOW);
    assert!(outputs.iter().any(|output| matches!(output, Output::Close(id) if *id == session)));
    assert!(!outputs.iter().any(|output| matches!(output, Output::Answered { .. })));
}
