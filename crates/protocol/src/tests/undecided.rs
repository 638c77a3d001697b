//! Gossip that comes before what it is judged by.

use record::{Hash, Verified};

use super::pump::{Member, NOW, Pair, name};
use crate::frame::encode_gossip;
use crate::limits::{MAX_UNDECIDED, UNDECIDED_MS};
use crate::{Input, MessageRef, Output, Verdict};

/// Tells the first node a record by gossip, and gives the verdicts that it then gives, on whatever.
fn hear(pair: &mut Pair, record: &Verified) -> Vec<(MessageRef, Verdict)> {
    let topic = pair.nodes[0].protocol.topics().next().unwrap().clone();
    let data = encode_gossip(&record.to_record());
    let input = Input::Gossip { peer: name(1), message: message(record), topic, data };
    verdicts(&pair.tell(0, input))
}

fn message(record: &Verified) -> MessageRef {
    MessageRef(Hash::of(&encode_gossip(&record.to_record())).as_bytes().as_slice().into())
}

fn verdicts(outputs: &[Output]) -> Vec<(MessageRef, Verdict)> {
    let judged = outputs.iter().filter_map(|output| {
        let Output::Judge { message, verdict, .. } = output else { return None };
        Some((message.clone(), *verdict))
    });
    judged.collect()
}

#[test]
fn a_first_listing_that_overtakes_its_grant_is_passed_on_when_that_comes() {
    let mut pair = Pair::settled();
    let newcomer = Member::new(7);
    let (grant, listing) = (newcomer.grant(pair.circle), newcomer.listing(pair.circle, 1, NOW));
    assert_eq!(hear(&mut pair, &listing), []);
    let both = [(message(&listing), Verdict::Accept), (message(&grant), Verdict::Accept)];
    assert_eq!(hear(&mut pair, &grant), both);
    pair.now = pair.now.plus_millis(2 * UNDECIDED_MS);
    assert_eq!(verdicts(&pair.tell(0, Input::Tick)), [], "one verdict is enough");
}

#[test]
fn who_has_no_grant_waits_for_a_moment_and_is_not_passed_on_and_few_wait_at_a_time() {
    let mut pair = Pair::settled();
    let waiting: Vec<Verified> = (0..MAX_UNDECIDED as u32 + 10)
        .map(|number| Member::new(100 + number).listing(pair.circle, 1, NOW))
        .collect();
    let told = waiting.iter().map(|listing| hear(&mut pair, listing)).filter(|told| !told.is_empty());
    assert_eq!(told.count(), 10, "there is room for no more");
    pair.now = pair.now.plus_millis(UNDECIDED_MS);
    let given = verdicts(&pair.tell(0, Input::Tick));
    assert_eq!(given.len(), MAX_UNDECIDED);
    assert!(given.iter().all(|(_, verdict)| *verdict == Verdict::Ignore));
}
