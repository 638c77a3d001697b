//! What a peer can send, as a target: one node, and a peer that says anything in any session and by gossip.

use std::collections::{BTreeMap, VecDeque};
use std::sync::OnceLock;

use protocol::limits::{MAX_FRAME, MAX_INBOUND_SESSIONS};
use protocol::{Input, MessageRef, Output, PeerId, Protocol, RENEWAL_PURPOSE, SessionId};
use record::{
    Body, Charter, CircleId, Grant, GrantRole, Hash, Key, Listing, Map, ReadPolicy, ReadSecret, Record, Seal,
    SecretKey, Side, Statement, Timestamp, Verified,
};
use sim::MemoryStore;

const NOW: Timestamp = Timestamp::from_millis(1_790_000_000_000);
/// One frame costs the node at most so many bytes of answers: a window of the largest records.
const MOST_ANSWERED: usize = 256 * 9 * 1024;
/// The sessions that the peer opens.
const OPENED: [u64; 3] = [1_001, 1_003, 1_005];

/// The records of a small circle, signed once.
struct World {
    circle: CircleId,
    charter: Verified,
    grants: [Verified; 2],
    listings: [Vec<Verified>; 2],
}

fn keys(number: u8) -> (SecretKey, SecretKey) {
    (SecretKey::from_seed(&[number; 32]), SecretKey::from_seed(&[number + 100; 32]))
}

fn secret() -> ReadSecret {
    ReadSecret::from_bytes([9; 32])
}

fn world(read: ReadPolicy) -> &'static World {
    static WORLDS: [OnceLock<World>; 2] = [OnceLock::new(), OnceLock::new()];
    WORLDS[usize::from(read == ReadPolicy::Members)].get_or_init(|| {
        let (root, device) = keys(1);
        let mut charter = Charter::founding("Gartenstraße", root.public().into()).expect("a name");
        charter.read = read;
        let (author, key) = (root.public().into(), Key::from_bytes([0; 16]));
        let founding = Statement { author, circle: CircleId::FOUNDING, key, revision: NOW };
        let charter = founding.sign(&Body::Charter(charter), &device).expect("a charter");
        let circle = CircleId::founded_by(charter.id());
        let grants = [1, 2].map(|number| {
            let (root, device) = keys(number);
            let (author, signer) = (root.public().into(), device.public());
            let statement = Statement { author, circle, key: Grant::key(&signer), revision: NOW };
            let until = NOW.plus_days(900);
            let grant = Grant { signer, role: GrantRole::Device, until, other: Map::new() };
            statement.sign(&Body::Grant(grant), &root).expect("a grant")
        });
        let listings = [1, 2].map(|number| {
            let (root, device) = keys(number);
            let sign = |at: u8| {
                let (author, key) = (root.public().into(), Key::from_bytes([at; 16]));
                let statement = Statement {
                    author,
                    circle,
                    key,
                    revision: NOW.minus_millis(86_400_000 * u64::from(at % 3)),
                };
                let listing = Listing::new(Side::Offer, &format!("Leiter {at}"));
                statement.sign(&Body::Listing(listing), &device).expect("a listing")
            };
            (0..6).map(sign).collect()
        });
        World { circle, charter, grants, listings }
    })
}

/// A node of that circle, connected with the other one. What it wanted done at first is lost but the sessions
/// that it opened.
struct Stand {
    protocol: Protocol<MemoryStore>,
    number: usize,
    opened: Vec<SessionId>,
    topic: Option<protocol::Topic>,
}

fn name(number: usize) -> PeerId {
    PeerId::new(["node", "peer"][number])
}

impl Stand {
    fn new(read: ReadPolicy, number: usize) -> (Self, Vec<Output>) {
        let world = world(read);
        let seed = [u8::try_from(number).unwrap_or(0); 32];
        let mut protocol = Protocol::new(name(number), MemoryStore::default(), seed);
        let held = match read {
            ReadPolicy::Anyone => Vec::new(),
            ReadPolicy::Members => vec![secret()],
        };
        protocol.follow(world.circle, held, NOW, &mut |_| {}).expect("a store in memory");
        let mut records = vec![world.charter.clone(), world.grants[number].clone()];
        records.extend(world.listings[number].iter().cloned());
        protocol.write(world.circle, records, NOW).expect("good records");
        let mut stand = Self { protocol, number, opened: Vec::new(), topic: None };
        stand.topic = stand.protocol.topics().next().cloned();
        let mut out = stand.handle(Input::Listening(vec!["/ip4/10.0.0.7/tcp/7".to_owned()]));
        out.extend(stand.handle(Input::Connected(name(1 - number))));
        (stand, out)
    }

    fn handle(&mut self, input: Input) -> Vec<Output> {
        let mut all = Vec::new();
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            for output in self.protocol.handle(input, NOW) {
                if let Output::Open { session, .. } = &output {
                    self.opened.push(*session);
                }
                if let Output::Prove { session, circle, payload } = &output {
                    assert_eq!(*circle, world(ReadPolicy::Members).circle);
                    let (root, device) = keys(u8::try_from(self.number).unwrap_or(0) + 1);
                    let grant = &world(ReadPolicy::Members).grants[self.number];
                    let seal = Seal::sign(RENEWAL_PURPOSE, payload, grant, &device);
                    let seal = Some((root.public().into(), seal));
                    inputs.push_back(Input::Proven { session: *session, seal });
                }
                all.push(output);
            }
        }
        all
    }
}

/// The peer opens sessions and sends frames, in these and in those that the node opened: each is two bytes
/// for the session, two for the length, and the frame. The first byte chooses the circle. The node stands it:
/// it answers within bounds, and takes nothing that nobody signed.
///
/// # Panics
/// If it does not.
pub fn session(bytes: &[u8]) {
    let Some((first, mut rest)) = bytes.split_first() else { return };
    let read = if first.is_multiple_of(2) { ReadPolicy::Anyone } else { ReadPolicy::Members };
    let (mut node, _) = Stand::new(read, 0);
    for session in OPENED {
        node.handle(Input::Opened { session: SessionId(session), peer: name(1) });
    }
    while let Some(([which, high, low], after)) = rest.split_first_chunk::<3>() {
        let length = usize::from(u16::from_be_bytes([*high, *low])).min(after.len());
        let (frame, next) = after.split_at(length);
        rest = next;
        let session = match OPENED.get(usize::from(*which)) {
            Some(session) => SessionId(*session),
            None => match node.opened.get(usize::from(*which).saturating_sub(OPENED.len())) {
                Some(session) => *session,
                None => continue,
            },
        };
        let outputs = node.handle(Input::Frame { session, frame: frame.to_vec() });
        let sent = outputs
            .iter()
            .map(|output| if let Output::Send { frame, .. } = output { frame.len() } else { 0 });
        let sent: Vec<usize> = sent.collect();
        assert!(sent.iter().all(|length| *length <= MAX_FRAME), "a frame of {sent:?} bytes");
        assert!(
            sent.iter().sum::<usize>() <= MOST_ANSWERED,
            "{} bytes for one frame",
            sent.iter().sum::<usize>()
        );
    }
    assert!(node.opened.len() <= MAX_INBOUND_SESSIONS * 4, "{} sessions", node.opened.len());
    only_what_was_signed(&node, read);
}

/// Gossip on the circle's topic; the first byte chooses the circle.
///
/// # Panics
/// If the node takes what nobody signed.
pub fn gossip(bytes: &[u8]) {
    let Some((first, data)) = bytes.split_first() else { return };
    let read = if first.is_multiple_of(2) { ReadPolicy::Anyone } else { ReadPolicy::Members };
    let (mut node, _) = Stand::new(read, 0);
    let Some(topic) = node.topic.clone() else { return };
    let message = MessageRef(Hash::of(data).as_bytes().as_slice().into());
    let outputs = node.handle(Input::Gossip { peer: name(1), message, topic, data: data.to_vec() });
    // What came before its author's grant waits for it a moment.
    let later = node.protocol.handle(Input::Tick, NOW.plus_millis(10_000));
    let all = outputs.iter().chain(&later);
    let judged = all.filter(|output| matches!(output, Output::Judge { .. })).count();
    assert_eq!(judged, 1, "each message has one verdict");
    only_what_was_signed(&node, read);
}

fn only_what_was_signed(node: &Stand, read: ReadPolicy) {
    let world = world(read);
    let signed: BTreeMap<_, _> = [&world.charter]
        .into_iter()
        .chain(&world.grants)
        .chain(world.listings.iter().flatten())
        .map(|record| (record.id(), record))
        .collect();
    let catalogue = node.protocol.catalogue(world.circle).expect("it keeps the circle");
    assert!(catalogue.iter().all(|held| signed.contains_key(&held.id())));
}

/// What chance begins with: whole sessions between two honest nodes, as the node under test hears them.
#[must_use]
pub(crate) fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let mut seeds = Vec::new();
    for (first, read) in [(0, ReadPolicy::Anyone), (1, ReadPolicy::Members)] {
        seeds.push(("session", [vec![first], overheard(read)].concat()));
        let world = world(read);
        let (mut peer, _) = Stand::new(read, 1);
        let (author, key) = (keys(2).0.public().into(), Key::from_bytes([77; 16]));
        let statement = Statement { author, circle: world.circle, key, revision: NOW };
        let listing = Body::Listing(Listing::new(Side::Need, "Zelt"));
        let news = vec![statement.sign(&listing, &keys(2).1).expect("a listing")];
        for output in peer.protocol.write(world.circle, news, NOW).expect("good records") {
            if let Output::Publish { data, .. } = output {
                seeds.push(("gossip", [vec![first], data].concat()));
            }
        }
    }
    seeds.push(("gossip", [vec![0], odd_record()].concat()));
    seeds
}

/// A record in a message whose envelope is none.
fn odd_record() -> Vec<u8> {
    let record = Record { envelope: vec![0x84, 0x43], body: None };
    let mut message = vec![0x82, 0x42];
    message.extend(record.envelope);
    message.push(0xf6);
    message
}

/// All frames that an honest peer sends to the node until both are quiet.
fn overheard(read: ReadPolicy) -> Vec<u8> {
    let (mut node, outputs) = Stand::new(read, 0);
    let (mut peer, theirs) = Stand::new(read, 1);
    let (mut heard, mut queue) = (Vec::new(), VecDeque::new());
    queue.extend(outputs.into_iter().map(|output| (0, output)));
    queue.extend(theirs.into_iter().map(|output| (1, output)));
    // The session's number at the other end, by the end that opened it.
    let mut ends: BTreeMap<(usize, SessionId), SessionId> = BTreeMap::new();
    let mut next = OPENED.into_iter();
    let mut other = 2_001;
    while let Some((from, output)) = queue.pop_front() {
        let to = 1 - from;
        let answers = match output {
            Output::Open { session, .. } => {
                let number = if to == 0 {
                    next.next()
                } else {
                    other += 2;
                    Some(other)
                };
                let Some(theirs) = number.map(SessionId) else { continue };
                ends.extend([((from, session), theirs), ((to, theirs), session)]);
                let input = Input::Opened { session: theirs, peer: name(from) };
                [&mut node, &mut peer][to].handle(input)
            }
            Output::Send { session, frame } => {
                let Some(theirs) = ends.get(&(from, session)).copied() else { continue };
                if to == 0 {
                    let opened = OPENED.iter().position(|opened| SessionId(*opened) == theirs);
                    let own = node.opened.iter().position(|opened| *opened == theirs);
                    let which = opened.or(own.map(|at| at + OPENED.len())).unwrap_or(usize::from(u8::MAX));
                    heard.push(u8::try_from(which).unwrap_or(u8::MAX));
                    heard.extend(u16::try_from(frame.len()).unwrap_or(u16::MAX).to_be_bytes());
                    heard.extend(&frame);
                }
                [&mut node, &mut peer][to].handle(Input::Frame { session: theirs, frame })
            }
            Output::Close(session) => {
                let Some(theirs) = ends.remove(&(from, session)) else { continue };
                [&mut node, &mut peer][to].handle(Input::Closed(theirs))
            }
            Output::Subscribe(_)
            | Output::Unsubscribe(_)
            | Output::Publish { .. }
            | Output::Judge { .. }
            | Output::Ban(_)
            | Output::Changed { .. }
            | Output::Synced { .. }
            | Output::Clock { .. }
            | Output::Told { .. }
            | Output::Prove { .. }
            | Output::Secrets { .. }
            | Output::Knocked { .. }
            | Output::Answered { .. }
            | Output::CirclesNearby
            | Output::Blob(_)
            | Output::StoreFailed(_) => Vec::new(),
        };
        queue.extend(answers.into_iter().map(|output| (to, output)));
    }
    heard
}
