//! Draws: a listing that chance gives away, so that each asker can check what came out.
//!
//! The lister commits to a secret before anybody asks, and each request brings a nonce. Once the time is over, the
//! listing tells the secret and all nonces: `catalogue` says in which order they come, and whether it is true.

use std::collections::BTreeSet;

use crate::body::{BodyError, Map};
use crate::cbor::Value;
use crate::fields::Fields;
use crate::header::Key;
use crate::id::Hash;
use crate::keys::MemberId;
use crate::limits::MAX_DRAW;
use crate::time::Timestamp;

const FIELD: &str = "draw";
/// The length of a nonce in bytes.
const NONCE: usize = 16;

/// What a listing says of its draw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draw {
    /// Binds the secret, the listing and the time: see [`draw_commitment`].
    pub commitment: Hash,
    /// Who asks before this moment takes part.
    pub closes: Timestamp,
    /// What came out, once it is over.
    pub result: Option<Drawn>,
}

/// All that decides a draw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drawn {
    /// To what the lister was bound.
    pub secret: [u8; 32],
    /// The nonces of all requests that took part, at most 200.
    pub nonces: BTreeSet<[u8; NONCE]>,
}

/// To what a lister binds itself before anybody asks: no other secret, listing or closing time fits.
#[must_use]
pub fn draw_commitment(secret: &[u8; 32], lister: MemberId, listing: Key, closes: Timestamp) -> Hash {
    let closes = closes.millis().to_be_bytes();
    Hash::derive("commonshelf/draw/1", &[secret, lister.as_bytes(), listing.as_bytes(), &closes])
}

impl Draw {
    /// The most bytes that a listing grows by, from its first day to the result: 200 nonces, the secret, the frame
    /// of both, and how many are left.
    pub(crate) const ROOM: usize = NONCE * MAX_DRAW + 59 + 10;

    pub(crate) fn check(&self) -> Result<(), BodyError> {
        match &self.result {
            Some(drawn) if drawn.nonces.len() > MAX_DRAW => Err(BodyError::TooManyInDraw),
            Some(_) | None => Ok(()),
        }
    }

    pub(crate) fn put(&self, fields: &mut Fields) {
        let mut inner = Fields::with(Map::new());
        inner.put("commitment", Value::Bytes(self.commitment.as_bytes().to_vec()));
        inner.put_uint("closes", self.closes.millis());
        if let Some(drawn) = &self.result {
            inner.put("result", drawn.to_value());
        }
        fields.put(FIELD, Value::Map(inner.into_map()));
    }

    pub(crate) fn take(fields: &mut Fields) -> Result<Option<Self>, BodyError> {
        let Some(mut inner) = fields.take_map(FIELD)? else { return Ok(None) };
        let draw = Self {
            commitment: Hash::from_bytes(inner.take_bytes("commitment")?),
            closes: Timestamp::from_millis(inner.take_uint("closes")?),
            result: inner.take_map("result")?.map(Drawn::from_fields).transpose()?,
        };
        inner.nothing_else(FIELD)?;
        Ok(Some(draw))
    }
}

impl Drawn {
    // Why: side by side, nonces take one byte less each than in a list, and two hundred fit beside a long text.
    fn to_value(&self) -> Value {
        let mut inner = Fields::with(Map::new());
        inner.put("secret", Value::Bytes(self.secret.to_vec()));
        if !self.nonces.is_empty() {
            inner.put("nonces", Value::Bytes(self.nonces.iter().flatten().copied().collect()));
        }
        Value::Map(inner.into_map())
    }

    /// Nonces out of order, or one twice, are a second form of the same set: the body's reader refuses them.
    fn from_fields(mut inner: Fields) -> Result<Self, BodyError> {
        let secret = inner.take_bytes("secret")?;
        let bytes = inner.take_optional_byte_string("nonces")?.unwrap_or_default();
        let (nonces, rest) = bytes.as_chunks::<NONCE>();
        if !rest.is_empty() {
            return Err(BodyError::WrongType("nonces"));
        }
        inner.nothing_else("result")?;
        Ok(Self { secret, nonces: nonces.iter().copied().collect() })
    }
}
