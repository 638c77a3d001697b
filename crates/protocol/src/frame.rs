//! What travels in a sync session: frames of canonical bytes, each a list that begins with its name.

use catalogue::{Digests, Group};
use record::{CborError, CircleId, Hash, MemberId, ReadSecret, Record, RecordId, Timestamp, Value};

use crate::knock::{Knock, Token};
use crate::limits::{
    DAYS_IN_FRAME, MAX_ADDRESS, MAX_ADDRESSES, MAX_CIRCLES, MAX_DAYS, MAX_EVIDENCE, MAX_FRAME, MAX_PROOFS,
    MAX_SEAL, MAX_TOLD, OFFER, PIECES, WINDOW,
};
use crate::line::Place;
use crate::reconcile::{Piece, What};

/// The id of a record, salted for one session and cut to eight bytes: what reconciliation compares.
pub(crate) type SaltedId = u64;

/// Half of a session's salt: 16 random bytes from each side.
pub(crate) type Salt = [u8; 16];

/// One frame of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Frame {
    /// Which circles do you keep?
    Circles,
    /// These: their founding charters.
    CirclesAre(Vec<Record>),
    /// Who else keeps the circle whose read secret I know? I listen here.
    Peers { salt: Salt, proof: Hash, mine: Vec<String> },
    /// I listen here, and others there.
    PeersAre { mine: Vec<String>, others: Vec<String> },
    /// Let us reconcile the circle whose read secret I know: the one in use, and some before it.
    Hello { version: u64, salt: Salt, clock: Timestamp, proofs: Vec<Hash> },
    /// I know it too; this is what I have within both our clocks.
    Welcome { salt: Salt, clock: Timestamp, digests: Digests, proof: Hash },
    /// I know it too, and it is in use no longer: who are you?
    Turned { salt: Salt, proof: Hash },
    /// I was invited into this circle: let this member in.
    Knock(Knock),
    /// Whether the member is in.
    Answer { admitted: bool },
    /// A member of the circle.
    Renew { member: MemberId, seal: Vec<u8> },
    /// Then this is the secret in use, and who says so.
    Secret { secret: ReadSecret, records: Vec<Record> },
    /// My days of a group.
    Days { group: Group, days: Vec<(u32, Hash)>, last: bool },
    /// The days in which we differ.
    Differ { days: Vec<u32> },
    /// What lies in ranges of the days that differ, or what I ask about them.
    Reconcile { pieces: Vec<Piece> },
    /// You lack these, each author's ids together.
    Offer { groups: Vec<Vec<SaltedId>> },
    /// Send me these; none: I have what I wanted.
    Want { ids: Vec<SaltedId> },
    /// I hold these, and not their bodies: send me those that you have whole.
    Bodies { ids: Vec<RecordId> },
    /// Here they are.
    Records { records: Vec<Record>, last: bool },
    /// We are done.
    Done,
}

/// Why bytes are no frame.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FrameError {
    /// Longer than the limit.
    #[error("a frame of {0} bytes")]
    TooLarge(usize),
    /// Not canonical.
    #[error(transparent)]
    Cbor(#[from] CborError),
    /// Unknown, or with other fields than it should have, or too many.
    #[error("a frame that this version does not know")]
    Shape,
}

impl Frame {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let parts = match self {
            Self::Circles => vec![text("circles")],
            Self::CirclesAre(charters) => vec![text("circles-are"), list(charters, encode_record)],
            Self::Peers { salt, proof, mine } => {
                let mine = list(mine, |address| text(address));
                vec![text("peers"), bytes(salt), bytes(proof.as_bytes()), mine]
            }
            Self::PeersAre { mine, others } => {
                let addresses = |them: &[String]| list(them, |address| text(address));
                vec![text("peers-are"), addresses(mine), addresses(others)]
            }
            Self::Hello { version, salt, clock, proofs } => vec![
                text("hello"),
                Value::Uint(*version),
                bytes(salt),
                Value::Uint(clock.millis()),
                list(proofs, |proof| bytes(proof.as_bytes())),
            ],
            Self::Welcome { salt, clock, digests, proof } => vec![
                text("welcome"),
                bytes(salt),
                Value::Uint(clock.millis()),
                bytes(digests.control.as_bytes()),
                bytes(digests.rest.as_bytes()),
                bytes(proof.as_bytes()),
            ],
            Self::Turned { salt, proof } => vec![text("turned"), bytes(salt), bytes(proof.as_bytes())],
            Self::Knock(Knock { circle, member, token }) => {
                let (circle, member) = (bytes(circle.as_bytes()), bytes(member.as_bytes()));
                vec![text("knock"), circle, member, bytes(token.as_bytes())]
            }
            Self::Answer { admitted } => vec![text("answer"), Value::Bool(*admitted)],
            Self::Renew { member, seal } => vec![text("renew"), bytes(member.as_bytes()), bytes(seal)],
            Self::Secret { secret, records } => {
                vec![text("secret"), bytes(secret.as_bytes()), list(records, encode_record)]
            }
            Self::Days { group, days, last } => {
                let day = |(day, digest): &(u32, Hash)| {
                    Value::List(vec![Value::Uint((*day).into()), bytes(digest.as_bytes())])
                };
                vec![text("days"), text(group_word(*group)), list(days, day), Value::Bool(*last)]
            }
            Self::Differ { days } => vec![text("differ"), list(days, |day| Value::Uint((*day).into()))],
            Self::Reconcile { pieces } => vec![text("reconcile"), list(pieces, encode_piece)],
            Self::Offer { groups } => vec![text("offer"), list(groups, |ids| encode_ids(ids))],
            Self::Want { ids } => vec![text("want"), encode_ids(ids)],
            Self::Bodies { ids } => {
                let ids = ids.iter().flat_map(|id| *id.as_bytes()).collect();
                vec![text("bodies"), Value::Bytes(ids)]
            }
            Self::Records { records, last } => {
                vec![text("records"), list(records, encode_record), Value::Bool(*last)]
            }
            Self::Done => vec![text("done")],
        };
        Value::List(parts).encode()
    }

    pub(crate) fn decode(frame: &[u8]) -> Result<Self, FrameError> {
        if frame.len() > MAX_FRAME {
            return Err(FrameError::TooLarge(frame.len()));
        }
        let Value::List(parts) = Value::decode_without_maps(frame)? else { return Err(FrameError::Shape) };
        let mut parts = parts.into_iter();
        let Some(Value::Text(name)) = parts.next() else { return Err(FrameError::Shape) };
        let mut fields = Fields(parts);
        let frame = match name.as_str() {
            "circles" => Self::Circles,
            "circles-are" => Self::CirclesAre(fields.list(MAX_CIRCLES, decode_record)?),
            "peers" => Self::Peers {
                salt: fields.array()?,
                proof: Hash::from_bytes(fields.array()?),
                mine: fields.list(MAX_ADDRESSES, decode_address)?,
            },
            "peers-are" => Self::PeersAre {
                mine: fields.list(MAX_ADDRESSES, decode_address)?,
                others: fields.list(MAX_TOLD, decode_address)?,
            },
            "hello" => Self::Hello {
                version: fields.uint()?,
                salt: fields.array()?,
                clock: Timestamp::from_millis(fields.uint()?),
                proofs: fields.list(MAX_PROOFS, |value| decode_array(&value).map(Hash::from_bytes))?,
            },
            "welcome" => Self::Welcome {
                salt: fields.array()?,
                clock: Timestamp::from_millis(fields.uint()?),
                digests: Digests {
                    control: Hash::from_bytes(fields.array()?),
                    rest: Hash::from_bytes(fields.array()?),
                },
                proof: Hash::from_bytes(fields.array()?),
            },
            "turned" => Self::Turned { salt: fields.array()?, proof: Hash::from_bytes(fields.array()?) },
            "knock" => Self::Knock(Knock {
                circle: CircleId::from_bytes(fields.array()?),
                member: MemberId::from_bytes(fields.array()?).map_err(|_| FrameError::Shape)?,
                token: Token::from_bytes(fields.array()?),
            }),
            "answer" => Self::Answer { admitted: fields.bool()? },
            "renew" => Self::Renew {
                member: MemberId::from_bytes(fields.array()?).map_err(|_| FrameError::Shape)?,
                seal: fields.bytes_to(MAX_SEAL)?,
            },
            "secret" => Self::Secret {
                secret: ReadSecret::from_bytes(fields.array()?),
                records: fields.list(MAX_EVIDENCE, decode_record)?,
            },
            "days" => Self::Days {
                group: fields.group()?,
                days: fields.list(DAYS_IN_FRAME, decode_day)?,
                last: fields.bool()?,
            },
            "differ" => Self::Differ { days: fields.list(MAX_DAYS, |value| decode_u32(&value))? },
            "reconcile" => Self::Reconcile { pieces: fields.list(PIECES, decode_piece)? },
            "offer" => Self::Offer { groups: fields.list(OFFER, |value| decode_ids(&value))? },
            "want" => Self::Want {
                ids: decode_ids(&fields.next()?)
                    .filter(|ids| ids.len() <= WINDOW)
                    .ok_or(FrameError::Shape)?,
            },
            "bodies" => Self::Bodies {
                ids: decode_record_ids(&fields.next()?)
                    .filter(|ids| (1..=WINDOW).contains(&ids.len()))
                    .ok_or(FrameError::Shape)?,
            },
            "records" => Self::Records { records: fields.list(WINDOW, decode_record)?, last: fields.bool()? },
            "done" => Self::Done,
            _ => return Err(FrameError::Shape),
        };
        if fields.0.next().is_some() { Err(FrameError::Shape) } else { Ok(frame) }
    }
}

/// The bytes of a gossip message: one record.
pub(crate) fn encode_gossip(record: &Record) -> Vec<u8> {
    encode_record(record).encode()
}

pub(crate) fn decode_gossip(bytes: &[u8]) -> Result<Record, FrameError> {
    decode_record(Value::decode_without_maps(bytes)?).ok_or(FrameError::Shape)
}

/// How many bytes a record takes in a frame, at most.
pub(crate) fn room_for(record: &Record) -> usize {
    let body = record.body.as_ref().map_or(0, Vec::len);
    record.envelope.len().saturating_add(body).saturating_add(16)
}

pub(crate) fn text(name: &str) -> Value {
    Value::Text(name.to_owned())
}

pub(crate) fn bytes(bytes: &[u8]) -> Value {
    Value::Bytes(bytes.to_vec())
}

pub(crate) fn list<T>(items: &[T], encode: impl Fn(&T) -> Value) -> Value {
    Value::List(items.iter().map(encode).collect())
}

pub(crate) fn encode_record(record: &Record) -> Value {
    let body = record.body.as_deref().map_or(Value::Null, bytes);
    Value::List(vec![bytes(&record.envelope), body])
}

pub(crate) fn decode_record(value: Value) -> Option<Record> {
    let Value::List(parts) = value else { return None };
    let [Value::Bytes(envelope), body] = <[Value; 2]>::try_from(parts).ok()? else { return None };
    if body == Value::Null {
        return Some(Record { envelope, body: None });
    }
    let Value::Bytes(body) = body else { return None };
    Some(Record { envelope, body: Some(body) })
}

fn encode_ids(ids: &[SaltedId]) -> Value {
    Value::Bytes(ids.iter().flat_map(|id| id.to_be_bytes()).collect())
}

fn decode_ids(value: &Value) -> Option<Vec<SaltedId>> {
    let Value::Bytes(bytes) = value else { return None };
    let (ids, rest) = bytes.as_chunks::<8>();
    rest.is_empty().then(|| ids.iter().map(|id| u64::from_be_bytes(*id)).collect())
}

fn decode_record_ids(value: &Value) -> Option<Vec<RecordId>> {
    let Value::Bytes(bytes) = value else { return None };
    let (ids, rest) = bytes.as_chunks::<32>();
    rest.is_empty().then(|| ids.iter().map(|id| RecordId::from_bytes(*id)).collect())
}

fn encode_piece(piece: &Piece) -> Value {
    let Piece { end, what } = piece;
    let what = match what {
        What::Nothing => Value::Null,
        What::Digest(digest) => Value::Uint(*digest),
        What::List => Value::Bool(true),
        What::Ids(groups) => list(groups, |ids| encode_ids(ids)),
    };
    Value::List(vec![Value::Uint(end.revision.millis()), Value::Uint(end.id), what])
}

fn decode_piece(value: Value) -> Option<Piece> {
    let Value::List(parts) = value else { return None };
    let [Value::Uint(revision), Value::Uint(id), what] = <[Value; 3]>::try_from(parts).ok()? else {
        return None;
    };
    let what = match what {
        Value::Null => What::Nothing,
        Value::Uint(digest) => What::Digest(digest),
        Value::Bool(true) => What::List,
        Value::List(groups) => What::Ids(groups.iter().map(decode_ids).collect::<Option<_>>()?),
        Value::Bool(false) | Value::Negative(_) | Value::Bytes(_) | Value::Text(_) | Value::Map(_) => {
            return None;
        }
    };
    Some(Piece { end: Place { revision: Timestamp::from_millis(revision), id }, what })
}

fn decode_address(value: Value) -> Option<String> {
    let Value::Text(address) = value else { return None };
    (address.len() <= MAX_ADDRESS).then_some(address)
}

fn decode_day(value: Value) -> Option<(u32, Hash)> {
    let Value::List(parts) = value else { return None };
    let [day, digest] = <[Value; 2]>::try_from(parts).ok()?;
    Some((decode_u32(&day)?, Hash::from_bytes(decode_array(&digest)?)))
}

fn decode_u32(value: &Value) -> Option<u32> {
    let Value::Uint(number) = value else { return None };
    u32::try_from(*number).ok()
}

pub(crate) fn decode_array<const N: usize>(value: &Value) -> Option<[u8; N]> {
    let Value::Bytes(bytes) = value else { return None };
    bytes.as_slice().try_into().ok()
}

const fn group_word(group: Group) -> &'static str {
    match group {
        Group::Control => "control",
        Group::Rest => "rest",
    }
}

struct Fields(std::vec::IntoIter<Value>);

impl Fields {
    fn next(&mut self) -> Result<Value, FrameError> {
        self.0.next().ok_or(FrameError::Shape)
    }

    fn uint(&mut self) -> Result<u64, FrameError> {
        if let Value::Uint(number) = self.next()? { Ok(number) } else { Err(FrameError::Shape) }
    }

    fn bool(&mut self) -> Result<bool, FrameError> {
        if let Value::Bool(flag) = self.next()? { Ok(flag) } else { Err(FrameError::Shape) }
    }

    fn bytes_to(&mut self, most: usize) -> Result<Vec<u8>, FrameError> {
        let Value::Bytes(bytes) = self.next()? else { return Err(FrameError::Shape) };
        if bytes.len() <= most { Ok(bytes) } else { Err(FrameError::Shape) }
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], FrameError> {
        decode_array(&self.next()?).ok_or(FrameError::Shape)
    }

    fn group(&mut self) -> Result<Group, FrameError> {
        let Value::Text(word) = self.next()? else { return Err(FrameError::Shape) };
        Group::ALL.into_iter().find(|group| group_word(*group) == word).ok_or(FrameError::Shape)
    }

    fn list<T>(&mut self, most: usize, decode: impl Fn(Value) -> Option<T>) -> Result<Vec<T>, FrameError> {
        let Value::List(items) = self.next()? else { return Err(FrameError::Shape) };
        if items.len() > most {
            return Err(FrameError::Shape);
        }
        items.into_iter().map(|item| decode(item).ok_or(FrameError::Shape)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use record::SecretKey;

    fn pieces() -> Vec<Piece> {
        let whats = [What::Nothing, What::Digest(u64::MAX), What::List, What::Ids(vec![vec![7, 8], vec![9]])];
        let end = |number| Place { revision: Timestamp::from_millis(number), id: u64::MAX };
        (1..).zip(whats).map(|(number, what)| Piece { end: end(number), what }).collect()
    }

    fn frames() -> Vec<Frame> {
        let record = Record { envelope: vec![1; 300], body: Some(vec![2; 40]) };
        let hash = Hash::of(b"x");
        vec![
            Frame::Circles,
            Frame::CirclesAre(vec![record.clone()]),
            Frame::Peers { salt: [4; 16], proof: hash, mine: vec!["/ip4/10.0.0.7/tcp/7".to_owned()] },
            Frame::PeersAre { mine: Vec::new(), others: vec!["/ip4/10.0.0.7/tcp/7".to_owned(); MAX_TOLD] },
            Frame::Hello {
                version: 1,
                salt: [4; 16],
                clock: Timestamp::from_millis(5),
                proofs: vec![hash; MAX_PROOFS],
            },
            Frame::Welcome {
                salt: [4; 16],
                clock: Timestamp::from_millis(5),
                digests: Digests { control: hash, rest: hash },
                proof: hash,
            },
            Frame::Turned { salt: [4; 16], proof: hash },
            Frame::Knock(Knock {
                circle: CircleId::from_bytes([3; 32]),
                member: SecretKey::from_seed(&[5; 32]).public().into(),
                token: Token::from_bytes([7; 16]),
            }),
            Frame::Answer { admitted: true },
            Frame::Renew { member: SecretKey::from_seed(&[5; 32]).public().into(), seal: vec![6; 700] },
            Frame::Secret { secret: ReadSecret::from_bytes([8; 32]), records: vec![record.clone()] },
            Frame::Days { group: Group::Rest, days: vec![(20_000, hash)], last: true },
            Frame::Differ { days: vec![1, 70_000] },
            Frame::Reconcile { pieces: pieces() },
            Frame::Offer { groups: vec![vec![7, 8], vec![u64::MAX]] },
            Frame::Want { ids: Vec::new() },
            Frame::Bodies { ids: vec![RecordId::from_bytes([9; 32]); WINDOW] },
            Frame::Records { records: vec![record, Record { envelope: vec![1], body: None }], last: false },
            Frame::Done,
        ]
    }

    #[test]
    fn every_frame_survives_its_bytes() {
        for frame in frames() {
            assert_eq!(Frame::decode(&frame.encode()), Ok(frame));
        }
    }

    #[test]
    fn the_fullest_frames_fit() {
        let days = (0..DAYS_IN_FRAME as u32).map(|day| (u32::MAX - day, Hash::of(b"x"))).collect();
        let fullest = [
            Frame::Days { group: Group::Control, days, last: true },
            Frame::Offer { groups: vec![vec![7]; OFFER] },
            Frame::Want { ids: vec![7; WINDOW] },
            Frame::Reconcile {
                pieces: vec![Piece { end: Place::LAST, what: What::Digest(u64::MAX) }; PIECES],
            },
        ];
        for frame in fullest {
            assert!(frame.encode().len() <= MAX_FRAME);
            assert_eq!(Frame::decode(&frame.encode()), Ok(frame));
        }
    }

    #[test]
    fn a_list_longer_than_its_limit_is_refused() {
        let frame = Frame::Want { ids: vec![7; WINDOW + 1] };
        assert_eq!(Frame::decode(&frame.encode()), Err(FrameError::Shape));
        assert_eq!(Frame::decode(&[0; MAX_FRAME + 1]), Err(FrameError::TooLarge(MAX_FRAME + 1)));
    }

    proptest! {
        #[test]
        fn no_bytes_panic(at in 0..frames().len(), cut in any::<prop::sample::Index>(), flip in any::<u8>()) {
            let mut bytes = frames()[at].encode();
            let cut = cut.index(bytes.len());
            bytes[cut] ^= flip;
            if let Ok(frame) = Frame::decode(&bytes) {
                prop_assert_eq!(frame.encode(), bytes);
            }
        }
    }
}
