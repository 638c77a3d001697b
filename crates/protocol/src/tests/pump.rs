//! A tiny network for two nodes: what one sends, the other gets at once and in order.

use std::collections::{BTreeMap, VecDeque};

use catalogue::Window;
use record::{
    Body, Charter, CircleId, Class, Grant, GrantRole, Hash, Key, Kind, Listing, MemberId, Photo, ReadPolicy,
    ReadSecret, Record, RecordId, Removal, Rotation, Seal, SecretKey, Side, Statement, Timestamp, Verified,
};

use crate::blobs::BlobFrame;
use crate::frame::Frame;
use crate::{
    Batch, Blob, BlobInput, BlobOutput, Input, MessageRef, Output, PeerId, Protocol, RENEWAL_PURPOSE,
    SessionId, Store, StoreError,
};

/// When the tests begin.
pub(super) const NOW: Timestamp = Timestamp::from_millis(1_790_000_000_000);
/// The token that every node gave out.
pub(super) const TOKEN: [u8; 16] = [7; 16];
/// Ten minutes.
pub(super) const TEN_MINUTES: u64 = 600_000;

/// A store in memory.
#[derive(Debug, Default, Clone)]
pub(super) struct Memory(pub(super) BTreeMap<(CircleId, RecordId), Record>);

impl Store for Memory {
    fn get(&self, circle: CircleId, id: &RecordId) -> Result<Option<Record>, StoreError> {
        Ok(self.0.get(&(circle, *id)).cloned())
    }

    fn each(&self, circle: CircleId, each: &mut dyn FnMut(Record)) -> Result<(), StoreError> {
        self.0.iter().filter(|((of, _), _)| *of == circle).for_each(|(_, record)| each(record.clone()));
        Ok(())
    }

    fn apply(&mut self, circle: CircleId, batch: Batch) -> Result<(), StoreError> {
        self.0.extend(batch.put.into_iter().map(|(id, record)| ((circle, id), record)));
        for id in batch.drop {
            self.0.remove(&(circle, id));
        }
        Ok(())
    }

    fn secure(&mut self) -> Result<(), StoreError> {
        Ok(())
    }

    fn sync(&mut self) -> Result<(), StoreError> {
        Ok(())
    }
}

/// A member with one device.
pub(super) struct Member {
    root: SecretKey,
    device: SecretKey,
}

impl Member {
    pub(super) fn new(number: u32) -> Self {
        let key = |what| Hash::derive(what, &[&number.to_be_bytes()]);
        let secret = |what| SecretKey::from_seed(key(what).as_bytes());
        Self { root: secret("test/root"), device: secret("test/device") }
    }

    fn say(&self, circle: CircleId, key: Key, revision: Timestamp) -> Statement {
        Statement { author: self.root.public().into(), circle, key, revision }
    }

    pub(super) fn id(&self) -> MemberId {
        self.root.public().into()
    }

    /// Founds a circle.
    pub(super) fn charter(&self, name: &str) -> Verified {
        self.charter_for(name, ReadPolicy::Anyone)
    }

    fn charter_for(&self, name: &str, read: ReadPolicy) -> Verified {
        let mut charter = Charter::founding(name, self.id()).unwrap();
        charter.read = read;
        let key = Key::from_bytes([0; 16]);
        self.say(CircleId::FOUNDING, key, NOW).sign(&Body::Charter(charter), &self.device).unwrap()
    }

    fn grant_key(&self) -> Key {
        Grant::key(&self.device.public())
    }

    /// Lets the device sign.
    pub(super) fn grant(&self, circle: CircleId) -> Verified {
        let (signer, until) = (self.device.public(), NOW.plus_days(3_000));
        let grant = Grant { signer, role: GrantRole::Device, until, other: BTreeMap::new() };
        self.say(circle, self.grant_key(), NOW).sign(&Body::Grant(grant), &self.root).unwrap()
    }

    /// An offer.
    pub(super) fn listing(&self, circle: CircleId, number: u32, revision: Timestamp) -> Verified {
        let listing = Listing::new(Side::Offer, &format!("Leiter {number}"));
        self.say(circle, listing_key(number), revision).sign(&Body::Listing(listing), &self.device).unwrap()
    }

    /// Anything else.
    pub(super) fn sign(&self, circle: CircleId, key: Key, revision: Timestamp, body: &Body) -> Verified {
        self.say(circle, key, revision).sign(body, &self.device).unwrap()
    }

    /// An offer with photos.
    pub(super) fn pictured(
        &self,
        circle: CircleId,
        number: u32,
        photos: Vec<Photo>,
        at: Timestamp,
    ) -> Verified {
        let listing = Listing { photos, ..Listing::new(Side::Offer, &format!("Leiter {number}")) };
        self.say(circle, listing_key(number), at).sign(&Body::Listing(listing), &self.device).unwrap()
    }

    /// The end of an offer.
    pub(super) fn withdrawal(&self, circle: CircleId, number: u32, revision: Timestamp) -> Verified {
        let statement = self.say(circle, listing_key(number), revision);
        statement.sign_withdrawal(Kind::listing(), Class::Content, &self.device)
    }

    /// Takes somebody in.
    pub(super) fn admission(&self, circle: CircleId, member: MemberId, revision: Timestamp) -> Verified {
        let body = Body::Admission(record::Admission::of(member));
        self.say(circle, Key::derive("test/admission", &[]), revision).sign(&body, &self.device).unwrap()
    }

    /// Shuts somebody out.
    pub(super) fn removal(&self, circle: CircleId, member: MemberId, revision: Timestamp) -> Verified {
        let body = Body::Removal(Removal::of(member, "").unwrap());
        self.say(circle, Key::derive("test/removal", &[]), revision).sign(&body, &self.device).unwrap()
    }

    /// Names a new read secret.
    pub(super) fn rotation(&self, circle: CircleId, secret: &ReadSecret, revision: Timestamp) -> Verified {
        let body = Body::Rotation(Rotation::to(secret));
        self.say(circle, Rotation::key(), revision).sign(&body, &self.device).unwrap()
    }

    /// Many offers at one moment.
    pub(super) fn listings(&self, circle: CircleId, numbers: std::ops::Range<u32>) -> Vec<Verified> {
        numbers.map(|number| self.listing(circle, number, NOW)).collect()
    }
}

fn listing_key(number: u32) -> Key {
    Key::derive("test/listing", &[&number.to_be_bytes()])
}

/// One of the two.
pub(super) struct Node {
    pub(super) protocol: Protocol<Memory>,
    /// How far its clock is ahead, and behind.
    ahead: u64,
    behind: u64,
    /// All that it wanted done.
    pub(super) log: Vec<Output>,
    /// The read secrets that it wants kept.
    pub(super) secrets: Vec<ReadSecret>,
    /// The blobs that it keeps.
    pub(super) blobs: BTreeMap<Blob, Vec<u8>>,
}

/// Two nodes, and all that is on its way between them.
pub(super) struct Pair {
    pub(super) nodes: [Node; 2],
    pub(super) now: Timestamp,
    /// The member of each node; the first founded the circle.
    pub(super) members: [Member; 2],
    pub(super) circle: CircleId,
    queue: VecDeque<(usize, Input)>,
    ends: BTreeMap<(usize, SessionId), SessionId>,
    next: u64,
    connected: bool,
    /// After so many more frames with records or parts of blobs every session breaks.
    pub(super) cut_after: Option<usize>,
}

/// The name of a node.
pub(super) fn name(node: usize) -> PeerId {
    PeerId::new(&format!("node {node}"))
}

impl Pair {
    /// Two nodes that follow a circle; only the first has its charter yet. They are not connected.
    pub(super) fn new() -> Self {
        Self::with_clocks([0, 0], [0, 0])
    }

    /// The same with clocks that are some milliseconds ahead or behind.
    pub(super) fn with_clocks(ahead: [u64; 2], behind: [u64; 2]) -> Self {
        Self::build(ReadPolicy::Anyone, &[Vec::new(), Vec::new()], ahead, behind)
    }

    /// The same where members alone read, with the read secrets that each node holds.
    pub(super) fn of_members(held: &[Vec<ReadSecret>; 2]) -> Self {
        Self::build(ReadPolicy::Members, held, [0, 0], [0, 0])
    }

    fn build(read: ReadPolicy, held: &[Vec<ReadSecret>; 2], ahead: [u64; 2], behind: [u64; 2]) -> Self {
        let members = [Member::new(1), Member::new(2)];
        let charter = members[0].charter_for("Gartenstraße", read);
        let circle = CircleId::founded_by(charter.id());
        let nodes = [0, 1].map(|node| Node {
            protocol: Protocol::new(name(node), Memory::default(), [u8::from(node == 1); 32]),
            ahead: ahead[node],
            behind: behind[node],
            log: Vec::new(),
            secrets: held[node].clone(),
            blobs: BTreeMap::new(),
        });
        let (queue, ends) = (VecDeque::new(), BTreeMap::new());
        let mut pair = Self {
            nodes,
            now: NOW,
            members,
            circle,
            queue,
            ends,
            next: 1,
            connected: false,
            cut_after: None,
        };
        for node in [0, 1] {
            let held = held[node].clone();
            let outputs =
                pair.nodes[node].protocol.follow(circle, held, pair.clock(node), &mut |_| {}).unwrap();
            pair.act(node, outputs);
        }
        let grant = pair.members[0].grant(circle);
        pair.write(0, vec![charter, grant]);
        pair
    }

    /// Two connected nodes with the same charter and both members' grants.
    pub(super) fn settled() -> Self {
        let mut pair = Self::new();
        pair.connect();
        pair.pass(10_000);
        let grant = pair.members[1].grant(pair.circle);
        pair.write(1, vec![grant]);
        pair.pass(1_000);
        pair.nodes.iter_mut().for_each(|node| node.log.clear());
        pair
    }

    pub(super) fn clock(&self, node: usize) -> Timestamp {
        self.now.plus_millis(self.nodes[node].ahead).minus_millis(self.nodes[node].behind)
    }

    /// Lets a node's member write.
    pub(super) fn write(&mut self, node: usize, records: Vec<Verified>) {
        let now = self.clock(node);
        let outputs = self.nodes[node].protocol.write(self.circle, records, now).unwrap();
        self.act(node, outputs);
        self.settle();
    }

    pub(super) fn connect(&mut self) {
        self.connected = true;
        for node in [0, 1] {
            self.queue.push_back((node, Input::Connected(name(1 - node))));
        }
        self.settle();
    }

    /// Breaks the connection, with all that is on its way.
    pub(super) fn disconnect(&mut self) {
        self.connected = false;
        self.queue.clear();
        for (node, session) in std::mem::take(&mut self.ends).into_keys() {
            self.queue.push_back((node, Input::Closed(session)));
        }
        for node in [0, 1] {
            self.queue.push_back((node, Input::Disconnected(name(1 - node))));
        }
        self.settle();
    }

    /// Lets time go on.
    pub(super) fn pass(&mut self, millis: u64) {
        for _ in 0..millis / 1_000 {
            self.now = self.now.plus_millis(1_000);
            self.queue.extend([(0, Input::Tick), (1, Input::Tick)]);
            self.settle();
        }
    }

    /// Tells a node something, and gives what it wants done about it; nothing of that is done.
    pub(super) fn tell(&mut self, node: usize, input: Input) -> Vec<Output> {
        let now = self.clock(node);
        self.nodes[node].protocol.handle(input, now)
    }

    /// Does what a node wants, and what follows.
    pub(super) fn carry_out(&mut self, node: usize, outputs: Vec<Output>) {
        self.act(node, outputs);
        self.settle();
    }

    fn settle(&mut self) {
        while let Some((node, input)) = self.queue.pop_front() {
            if let Input::Frame { session, .. } = &input
                && !self.ends.contains_key(&(node, *session))
            {
                continue;
            }
            let outputs = self.tell(node, input);
            self.act(node, outputs);
        }
    }

    fn act(&mut self, node: usize, outputs: Vec<Output>) {
        let other = 1 - node;
        self.nodes[node].log.extend(outputs.iter().cloned());
        for output in outputs {
            match output {
                Output::Publish { topic, .. } if !self.connected => {
                    self.queue.push_back((node, Input::Unsent(topic)));
                }
                Output::Publish { topic, data } => {
                    let message = MessageRef(Hash::of(&data).as_bytes().as_slice().into());
                    self.queue.push_back((other, Input::Gossip { peer: name(node), message, topic, data }));
                }
                Output::Open { session, .. } => {
                    let theirs = SessionId(self.next);
                    self.next += 2;
                    self.ends.extend([((node, session), theirs), ((other, theirs), session)]);
                    self.queue.push_back((other, Input::Opened { session: theirs, peer: name(node) }));
                }
                Output::Send { session, frame } => {
                    let Some(theirs) = self.ends.get(&(node, session)).copied() else { continue };
                    let records = matches!(Frame::decode(&frame), Ok(Frame::Records { .. }));
                    let part = matches!(BlobFrame::decode(&frame), Ok(BlobFrame::Part(_)));
                    let cut = (records || part)
                        && self.cut_after.as_mut().is_some_and(|left| {
                            *left = left.saturating_sub(1);
                            *left == 0
                        });
                    if cut {
                        self.cut_after = None;
                        self.disconnect();
                        return;
                    }
                    self.queue.push_back((other, Input::Frame { session: theirs, frame }));
                }
                Output::Close(session) => {
                    if let Some(theirs) = self.ends.remove(&(node, session)) {
                        self.queue.push_back((other, Input::Closed(theirs)));
                    }
                }
                Output::Prove { session, circle, payload } => {
                    let member = &self.members[node];
                    let seal = Seal::sign(RENEWAL_PURPOSE, &payload, &member.grant(circle), &member.device);
                    let seal = Some((member.id(), seal));
                    self.queue.push_back((node, Input::Proven { session, seal }));
                }
                Output::Blob(BlobOutput::Open { session, .. }) => {
                    let theirs = SessionId(self.next);
                    self.next += 2;
                    self.ends.extend([((node, session), theirs), ((other, theirs), session)]);
                    let opened = BlobInput::Opened { session: theirs, peer: name(node) };
                    self.queue.push_back((other, Input::Blob(opened)));
                }
                Output::Blob(BlobOutput::Read { session, blob, offset, length }) => {
                    let bytes = self.nodes[node].blobs.get(&blob).map(|bytes| {
                        let rest = &bytes[offset as usize..];
                        rest[..length as usize].to_vec()
                    });
                    self.queue.push_back((node, Input::Blob(BlobInput::Read { session, bytes })));
                }
                Output::Blob(BlobOutput::Whole { blob, bytes }) => {
                    self.nodes[node].blobs.insert(blob, bytes);
                }
                Output::Blob(BlobOutput::Unreferred(blob)) => {
                    self.nodes[node].blobs.remove(&blob);
                }
                Output::Blob(BlobOutput::Part { .. } | BlobOutput::Discard(_)) => {}
                Output::Secrets { held, .. } => self.nodes[node].secrets = held,
                Output::Knocked { session, knock } => {
                    let admitted = *knock.token.as_bytes() == TOKEN;
                    self.queue.push_back((node, Input::Answered { session, admitted: Some(admitted) }));
                }
                Output::Answered { .. } => {}
                Output::Subscribe(_)
                | Output::Unsubscribe(_)
                | Output::Judge { .. }
                | Output::Ban(_)
                | Output::Changed { .. }
                | Output::Clock { .. }
                | Output::Synced { .. }
                | Output::CirclesNearby
                | Output::Told { .. }
                | Output::StoreFailed(_) => {}
            }
        }
    }

    /// The digest of all that a node has admitted.
    pub(super) fn digest(&self, node: usize) -> Hash {
        let catalogue = self.nodes[node].protocol.catalogue(self.circle).unwrap();
        catalogue.digests(Window::between(self.now.plus_days(1), self.now.plus_days(1))).all()
    }

    /// How many records a node has admitted.
    pub(super) fn len(&self, node: usize) -> usize {
        self.nodes[node].protocol.catalogue(self.circle).unwrap().len()
    }

    /// How often a node's log holds such an output.
    pub(super) fn count(&self, node: usize, such: impl Fn(&Output) -> bool) -> usize {
        self.nodes[node].log.iter().filter(|output| such(output)).count()
    }

    /// What moved in the rounds of a node's log: their number, records that came, records that went.
    pub(super) fn moved(&self, node: usize) -> (usize, usize, usize) {
        self.nodes[node].log.iter().fold((0, 0, 0), |(rounds, came, went), output| {
            if let Output::Synced { received, sent, .. } = output {
                (rounds + 1, came + received, went + sent)
            } else {
                (rounds, came, went)
            }
        })
    }
}
