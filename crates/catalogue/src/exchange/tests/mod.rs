//! What must hold of exchanges.

mod between;
mod chance;
mod clashes;
mod lines;
mod model;
mod stories;
mod told;

use record::{
    About, Body, CircleId, Grant, GrantRole, Hash, Key, Map, MemberId, Record, Said, Seal, SecretKey, Side,
    Statement, Terms, Timestamp,
};

use super::*;

const MINUTE: u64 = 60_000;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
/// When everything begins.
const START: Timestamp = Timestamp::from_millis(1_790_000_000_000);
const CODE: &str = "4711";

fn key(seed: u8) -> SecretKey {
    SecretKey::from_seed(&[seed; 32])
}

fn member(seed: u8) -> MemberId {
    MemberId::from(key(seed).public())
}

fn after(millis: u64) -> Timestamp {
    START.plus_millis(millis)
}

/// The circle in which all happens.
fn circle() -> CircleId {
    CircleId::from_bytes([7; 32])
}

/// What the member of this seed asks of the lister, whose seed is 1.
fn about(asker: u8, side: Side, terms: Terms) -> About {
    About {
        circle: circle(),
        exchange: Key::from_bytes([asker; 16]),
        asker: member(asker),
        lister: member(1),
        listing: Key::from_bytes([5; 16]),
        listed: START.minus_millis(DAY),
        asked: START,
        side,
        terms,
        title: "Kinderwagen".to_owned(),
        category: "kids".to_owned(),
    }
}

fn request(count: u32) -> Request {
    let commitment = Some(record::code_commitment(Key::from_bytes([2; 16]), CODE));
    Request { count, commitment, message: "Darf ich?".to_owned(), ..Request::default() }
}

/// Signs for the member whose root has this seed.
fn signer(seed: u8) -> impl Fn(&str, &[u8]) -> Seal {
    let (root, device) = (key(seed), key(seed.wrapping_add(100)));
    let until = START.plus_days(1_000);
    let grant = Grant { signer: device.public(), role: GrantRole::Device, until, other: Map::new() };
    let statement = Statement {
        author: MemberId::from(root.public()),
        circle: circle(),
        key: Grant::key(&device.public()),
        revision: START.minus_millis(DAY),
    };
    let grant = statement.sign(&Body::Grant(grant), &root).expect("a grant");
    move |purpose, bytes| Seal::sign(purpose, bytes, &grant, &device)
}

/// Stands for a signature where none is checked, and is another one for other bytes.
fn unchecked(purpose: &str, bytes: &[u8]) -> Seal {
    let hash = Hash::derive(purpose, &[bytes]);
    let mut signature = [0; 64];
    signature[..32].copy_from_slice(hash.as_bytes());
    Seal { grant: Record { envelope: Vec::new(), body: Some(Vec::new()) }, signature }
}

/// A listing with as many things as anybody wants.
const PLENTY: Budget = Budget { count: 100_000, elsewhere: 0, waiting: 0 };

/// Both sides of an exchange, each with what it knows, and real signatures.
struct Pair {
    asker: Exchange,
    lister: Exchange,
}

impl Pair {
    fn of(side: Side, terms: Terms, count: u32) -> Self {
        let said = Exchange::request(about(2, side, terms), request(count)).expect("a request");
        let lister = Exchange::begin(said.clone(), &delivered(&said), START).expect("it is taken");
        Self { asker: Exchange::of(said), lister }
    }

    /// A side acts, and the other hears of it.
    fn act(&mut self, me: Party, act: Act, now: Timestamp) -> Result<State, ActError> {
        let said = self.say(me, act, now)?;
        let (mine, theirs) = match me {
            Party::Asker => (&mut self.asker, &mut self.lister),
            Party::Lister => (&mut self.lister, &mut self.asker),
        };
        assert_eq!(mine.hold(said.clone()), Ok(Taken::Newer));
        assert_eq!(theirs.take(said.clone(), &delivered(&said), now), Ok(Taken::Newer));
        assert_eq!(mine, theirs);
        Ok(mine.state())
    }

    /// What a side would say.
    fn say(&self, me: Party, act: Act, now: Timestamp) -> Result<Said, ActError> {
        let (view, seed) = match me {
            Party::Asker => (&self.asker, 2),
            Party::Lister => (&self.lister, 1),
        };
        view.next(me, act, now, PLENTY, &signer(seed))
    }
}

/// The letter that brings it to the other side.
fn delivered(said: &Said) -> Delivered {
    Delivered { circle: said.stance.about.circle, from: said.stance.from(), reader: said.stance.to() }
}

/// A promise of as many as were asked for, with nothing else.
fn promise() -> Act {
    Act::Promise(Promise::default())
}
