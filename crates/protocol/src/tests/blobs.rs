//! Photos: what comes by itself, what goes on after a cut, who gets nothing, and who lies.

use record::{Hash, Photo, ReadSecret};

use super::pump::{Pair, name};
use crate::blobs::BlobFrame;
use crate::limits::{BLOB_PART, BLOB_WAIT_MS, MAX_BLOB_SESSIONS, MAX_FETCHES};
use crate::{Blob, BlobInput, BlobOutput, Input, Output, SessionId};

/// Bytes that differ from each other.
fn bytes(number: u8, size: u32) -> Vec<u8> {
    (0..size).map(|at| (at % 251) as u8 ^ number).collect()
}

fn blob(bytes: &[u8]) -> Blob {
    Blob { hash: Hash::of(bytes), size: u32::try_from(bytes.len()).unwrap() }
}

/// A photo of more than three parts, its thumbnail, and what a listing says of them.
fn photo(number: u8) -> (Vec<u8>, Vec<u8>, Photo) {
    let (photo, thumb) = (bytes(number, 3 * BLOB_PART + 5_000), bytes(number, 9_000));
    let (whole, small) = (blob(&photo), blob(&thumb));
    let said = Photo {
        photo: whole.hash,
        size: whole.size,
        thumb: small.hash,
        thumb_size: small.size,
        alt: String::new(),
    };
    (photo, thumb, said)
}

/// Lets a node's member offer something with a photo.
fn publish(pair: &mut Pair, node: usize, number: u8) -> (Blob, Blob) {
    let (photo, thumb, said) = photo(number);
    let blobs = (blob(&photo), blob(&thumb));
    pair.nodes[node].blobs.extend([(blobs.0, photo), (blobs.1, thumb)]);
    pair.tell(node, Input::Blob(BlobInput::Here(vec![blobs.0, blobs.1])));
    let listing = pair.members[node].pictured(pair.circle, number.into(), vec![said], pair.now);
    pair.write(node, vec![listing]);
    blobs
}

fn look(pair: &mut Pair, node: usize, blob: Blob) {
    let outputs = pair.tell(node, Input::Blob(BlobInput::LookedAt(blob.hash)));
    pair.carry_out(node, outputs);
}

/// The offsets at which a node asked for parts.
fn asked(pair: &Pair, node: usize) -> Vec<u32> {
    let log = pair.nodes[node].log.iter();
    log.filter_map(|output| {
        let Output::Send { frame, .. } = output else { return None };
        let Ok(BlobFrame::Ask { offset, .. }) = BlobFrame::decode(frame) else { return None };
        Some(offset)
    })
    .collect()
}

#[test]
fn thumbnails_come_by_themselves_and_a_photo_when_somebody_looks_at_it() {
    let mut pair = Pair::settled();
    let (whole, thumb) = publish(&mut pair, 0, 1);
    pair.pass(3_000);
    assert!(pair.nodes[1].blobs.contains_key(&thumb));
    assert!(!pair.nodes[1].blobs.contains_key(&whole));
    look(&mut pair, 1, whole);
    assert_eq!(pair.nodes[1].blobs.get(&whole), pair.nodes[0].blobs.get(&whole));
    assert_eq!(asked(&pair, 1), [0, 0, BLOB_PART, 2 * BLOB_PART, 3 * BLOB_PART]);
    let sent = pair.nodes[1].log.len();
    look(&mut pair, 1, whole);
    assert_eq!(pair.nodes[1].log.len(), sent, "what is here is not asked for");
}

#[test]
fn a_photo_goes_on_where_the_connection_broke() {
    let mut pair = Pair::settled();
    let (whole, _) = publish(&mut pair, 0, 1);
    pair.pass(3_000);
    pair.nodes[1].log.clear();
    pair.cut_after = Some(3);
    look(&mut pair, 1, whole);
    assert_eq!(asked(&pair, 1), [0, BLOB_PART, 2 * BLOB_PART]);
    assert!(!pair.nodes[1].blobs.contains_key(&whole));
    pair.connect();
    pair.pass(10_000);
    assert_eq!(asked(&pair, 1), [0, BLOB_PART, 2 * BLOB_PART, 2 * BLOB_PART, 3 * BLOB_PART]);
    assert_eq!(pair.nodes[1].blobs.get(&whole), pair.nodes[0].blobs.get(&whole));
}

#[test]
fn a_photo_goes_on_where_a_restart_interrupted_it_and_a_damaged_beginning_is_nobodys_fault() {
    for damaged in [false, true] {
        let mut pair = Pair::settled();
        let (whole, _) = publish(&mut pair, 0, 1);
        pair.pass(3_000);
        pair.nodes[1].log.clear();
        let mut begun = pair.nodes[0].blobs[&whole][..2 * BLOB_PART as usize].to_vec();
        begun[77] ^= u8::from(damaged);
        let outputs = pair.tell(1, Input::Blob(BlobInput::Begun { blob: whole, bytes: begun }));
        pair.carry_out(1, outputs);
        look(&mut pair, 1, whole);
        pair.pass(10_000);
        let (rest, all) = ([2, 3].map(|part| part * BLOB_PART), [0, 1, 2, 3].map(|part| part * BLOB_PART));
        let expected = if damaged { [rest.as_slice(), &all].concat() } else { rest.to_vec() };
        assert_eq!(asked(&pair, 1), expected);
        assert_eq!(pair.nodes[1].blobs.get(&whole), pair.nodes[0].blobs.get(&whole));
        let points = pair.nodes[1].protocol.peers[&name(0)].clone();
        assert_eq!(format!("{points:?}").matches("points: 0").count(), 1, "{points:?}");
    }
}

#[test]
fn what_no_listing_shows_any_more_is_forgotten_and_an_edit_keeps_it() {
    let mut pair = Pair::settled();
    let (whole, thumb) = publish(&mut pair, 0, 1);
    pair.pass(3_000);
    look(&mut pair, 1, whole);
    let (_, _, said) = photo(1);
    let edited = pair.members[0].pictured(pair.circle, 1, vec![said], pair.now.plus_millis(1));
    pair.write(0, vec![edited]);
    pair.pass(3_000);
    assert_eq!(pair.nodes[1].blobs.len(), 2);
    assert_eq!(pair.nodes[0].protocol.referring(thumb.hash).count(), 1);
    let gone = pair.members[0].withdrawal(pair.circle, 1, pair.now.plus_millis(2));
    pair.write(0, vec![gone]);
    pair.pass(3_000);
    for node in [0, 1] {
        assert!(pair.nodes[node].blobs.is_empty());
        assert_eq!(pair.nodes[node].protocol.referring(thumb.hash).count(), 0);
    }
}

#[test]
fn who_has_not_proven_to_know_the_circle_gets_nothing() {
    let mut pair =
        Pair::of_members(&[vec![ReadSecret::from_bytes([9; 32])], vec![ReadSecret::from_bytes([8; 32])]]);
    pair.connect();
    pair.pass(5_000);
    let (whole, thumb) = publish(&mut pair, 0, 1);
    let outputs = pair.tell(0, Input::Blob(BlobInput::Opened { session: SessionId(901), peer: name(1) }));
    assert!(outputs.is_empty());
    for blob in [whole, thumb] {
        let ask = BlobFrame::Ask { blob, offset: 0 }.encode();
        let outputs = pair.tell(0, Input::Frame { session: SessionId(901), frame: ask });
        let [Output::Send { frame, .. }] = outputs.as_slice() else { panic!("{outputs:?}") };
        assert_eq!(BlobFrame::decode(frame), Ok(BlobFrame::Lacking));
    }
    let rounds = pair.nodes[0].protocol.peers.get_mut(&name(1)).unwrap();
    rounds.rounds.get_mut(&pair.circle).unwrap().proven = true;
    let ask = BlobFrame::Ask { blob: thumb, offset: 0 }.encode();
    let outputs = pair.tell(0, Input::Frame { session: SessionId(901), frame: ask });
    assert!(matches!(outputs.as_slice(), [Output::Blob(BlobOutput::Read { .. })]), "{outputs:?}");
}

/// A node that wants blobs, with peers that do what the test says.
struct Alone {
    pair: Pair,
    whole: Blob,
    right: Vec<u8>,
}

impl Alone {
    /// The node knows a listing with a photo, and `peers` that know its circle.
    fn new(peers: usize) -> Self {
        let mut pair = Pair::settled();
        let (right, _, said) = photo(1);
        for peer in 1..=peers {
            pair.tell(0, Input::Connected(name(peer)));
            let known = pair.nodes[0].protocol.peers.get_mut(&name(peer)).unwrap();
            let rounds = known.rounds.entry(pair.circle).or_default();
            (rounds.proven, rounds.settled) = (true, true);
        }
        let whole = blob(&right);
        let (_, thumb, _) = photo(1);
        pair.tell(0, Input::Blob(BlobInput::Here(vec![blob(&thumb)])));
        let listing = pair.members[0].pictured(pair.circle, 1, vec![said], pair.now);
        let now = pair.now;
        pair.nodes[0].protocol.write(pair.circle, vec![listing], now).unwrap();
        Self { pair, whole, right }
    }

    fn look(&mut self) -> Vec<Output> {
        self.pair.tell(0, Input::Blob(BlobInput::LookedAt(self.whole.hash)))
    }

    fn part(&mut self, session: SessionId, bytes: Vec<u8>) -> Vec<Output> {
        self.pair.tell(0, Input::Frame { session, frame: BlobFrame::Part(bytes).encode() })
    }

    /// Gives the part that was asked for, with one bit turned if it lies.
    fn answer(&mut self, outputs: &[Output], lies: bool) -> Vec<Output> {
        let (session, offset) = question(outputs).unwrap();
        let rest = &self.right[offset as usize..];
        let mut part = rest[..rest.len().min(BLOB_PART as usize)].to_vec();
        part[0] ^= u8::from(lies);
        self.part(session, part)
    }
}

fn opened(outputs: &[Output]) -> Option<usize> {
    outputs.iter().find_map(|output| {
        let Output::Blob(BlobOutput::Open { peer, .. }) = output else { return None };
        (0..9).find(|number| name(*number) == *peer)
    })
}

fn question(outputs: &[Output]) -> Option<(SessionId, u32)> {
    outputs.iter().find_map(|output| {
        let Output::Send { session, frame } = output else { return None };
        let Ok(BlobFrame::Ask { offset, .. }) = BlobFrame::decode(frame) else { return None };
        Some((*session, offset))
    })
}

fn closes(outputs: &[Output], session: SessionId) -> bool {
    outputs.iter().any(|output| matches!(output, Output::Close(id) if *id == session))
}

fn whole(outputs: &[Output]) -> bool {
    outputs.iter().any(|output| matches!(output, Output::Blob(BlobOutput::Whole { .. })))
}

/// What a peer has to pay so far.
fn points(alone: &Alone, peer: usize) -> u32 {
    let shown = format!("{:?}", alone.pair.nodes[0].protocol.peers[&name(peer)]);
    let after = shown.split("points: ").nth(1).unwrap();
    after.split(',').next().unwrap().parse().unwrap()
}

#[test]
fn who_sends_other_bytes_pays_and_another_is_asked_from_the_beginning() {
    let mut alone = Alone::new(2);
    let mut outputs = alone.look();
    let liar = opened(&outputs).unwrap();
    for lies in [true, false, false, false] {
        assert!(!whole(&outputs));
        outputs = alone.answer(&outputs, lies);
    }
    assert!(points(&alone, liar) >= 50);
    let discards = |output: &Output| matches!(output, Output::Blob(BlobOutput::Discard(_)));
    assert!(outputs.iter().any(discards));
    let honest = opened(&outputs).unwrap();
    assert_ne!(honest, liar);
    assert_eq!(question(&outputs).unwrap().1, 0);
    for _ in 0..4 {
        outputs = alone.answer(&outputs, false);
    }
    assert!(whole(&outputs));
    assert_eq!(points(&alone, honest), 0);
}

#[test]
fn who_lies_and_leaves_the_end_to_another_is_found_out_too() {
    let mut alone = Alone::new(2);
    let outputs = alone.look();
    let liar = opened(&outputs).unwrap();
    let (session, _) = question(&outputs).unwrap();
    alone.answer(&outputs, true);
    // The liar goes away before the end, and another peer goes on.
    let mut outputs = alone.pair.tell(0, Input::Closed(session));
    let honest = opened(&outputs).unwrap();
    assert_ne!(honest, liar);
    let mut offsets = Vec::new();
    while !whole(&outputs) {
        offsets.push(question(&outputs).unwrap().1 / BLOB_PART);
        outputs = alone.answer(&outputs, false);
    }
    assert_eq!(offsets, [1, 2, 3, 0, 1, 2, 3], "the other one sends all of it, since the whole was false");
    assert_eq!(points(&alone, honest), 0);
    assert_eq!(points(&alone, liar), 50);
}

#[test]
fn who_sends_more_or_less_than_was_asked_pays_at_once() {
    for wrong in [BLOB_PART - 1, 1] {
        let mut alone = Alone::new(1);
        let outputs = alone.look();
        let (session, _) = question(&outputs).unwrap();
        let outputs = alone.part(session, vec![7; wrong as usize]);
        assert_eq!(points(&alone, 1), 50);
        assert!(closes(&outputs, session));
        assert_eq!(opened(&outputs), None, "nobody else is there, and the liar is not asked again");
        assert_eq!(opened(&alone.look()), None);
    }
    // The last part with bytes beyond the announced end.
    let mut alone = Alone::new(1);
    let mut outputs = alone.look();
    for _ in 0..3 {
        outputs = alone.answer(&outputs, false);
    }
    let (session, _) = question(&outputs).unwrap();
    alone.part(session, vec![7; 5_001]);
    assert_eq!(points(&alone, 1), 50);
}

#[test]
fn who_lacks_it_or_is_silent_pays_nothing_and_the_next_one_is_asked() {
    let mut alone = Alone::new(3);
    let outputs = alone.look();
    let (first, (session, _)) = (opened(&outputs).unwrap(), question(&outputs).unwrap());
    let frame = BlobFrame::Lacking.encode();
    let outputs = alone.pair.tell(0, Input::Frame { session, frame });
    let second = opened(&outputs).unwrap();
    alone.pair.now = alone.pair.now.plus_millis(BLOB_WAIT_MS);
    let outputs = alone.pair.tell(0, Input::Tick);
    let third = opened(&outputs).unwrap();
    let mut all = [first, second, third];
    all.sort_unstable();
    assert_eq!(all, [1, 2, 3]);
    assert!(all.iter().all(|peer| points(&alone, *peer) == 0));
    // Whoever lacked it may have it later.
    let (session, _) = question(&outputs).unwrap();
    let outputs = alone.pair.tell(0, Input::Closed(session));
    assert_eq!(opened(&outputs), Some(first));
}

#[test]
fn few_blobs_are_fetched_at_a_time_and_one_from_each_peer() {
    let mut pair = Pair::settled();
    for peer in 1..=8 {
        pair.tell(0, Input::Connected(name(peer)));
        let known = pair.nodes[0].protocol.peers.get_mut(&name(peer)).unwrap();
        let rounds = known.rounds.entry(pair.circle).or_default();
        (rounds.proven, rounds.settled) = (true, true);
    }
    let listings = (0..40).map(|number| {
        let (_, _, said) = photo(number);
        pair.members[0].pictured(pair.circle, number.into(), vec![said], pair.now)
    });
    let listings: Vec<_> = listings.collect();
    let now = pair.now;
    let outputs = pair.nodes[0].protocol.write(pair.circle, listings, now).unwrap();
    let opened: Vec<_> = outputs
        .iter()
        .filter_map(|output| {
            if let Output::Blob(BlobOutput::Open { peer, .. }) = output { Some(peer.clone()) } else { None }
        })
        .collect();
    assert_eq!(opened.len(), MAX_FETCHES);
    assert!((1..opened.len()).all(|at| !opened[..at].contains(&opened[at])));
}

#[test]
fn a_peer_is_served_a_burst_and_then_slowly_and_too_many_sessions_cost_it() {
    let mut pair = Pair::settled();
    let (whole, _) = publish(&mut pair, 0, 1);
    let session = SessionId(901);
    pair.tell(0, Input::Blob(BlobInput::Opened { session, peer: name(1) }));
    let part = |pair: &mut Pair| {
        let frame = BlobFrame::Ask { blob: whole, offset: 0 }.encode();
        let outputs = pair.tell(0, Input::Frame { session, frame });
        let reads = !outputs.is_empty();
        let bytes = Some(vec![0; BLOB_PART as usize]);
        reads && !pair.tell(0, Input::Blob(BlobInput::Read { session, bytes })).is_empty()
    };
    let served = (0..1_000).take_while(|_| part(&mut pair)).count();
    assert!((55..70).contains(&served), "{served} parts at once");
    pair.now = pair.now.plus_millis(1_000);
    let outputs = pair.tell(0, Input::Tick);
    assert!(
        outputs.iter().any(|output| matches!(output, Output::Blob(BlobOutput::Read { .. }))),
        "what had to wait is served later"
    );
    for more in 1..MAX_BLOB_SESSIONS as u64 {
        let session = SessionId(901 + 2 * more);
        assert!(pair.tell(0, Input::Blob(BlobInput::Opened { session, peer: name(1) })).is_empty());
    }
    let session = SessionId(999);
    let outputs = pair.tell(0, Input::Blob(BlobInput::Opened { session, peer: name(1) }));
    assert!(closes(&outputs, session));
}
