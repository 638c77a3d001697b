//! Checkpoints: two members carry the balance between them forward.

use crate::body::{BodyError, Map};
use crate::cbor::Value;
use crate::fields::Fields;
use crate::id::CircleId;
use crate::keys::MemberId;
use crate::limits::MAX_BALANCE;
use crate::seal::{Seal, SealError};
use crate::time::Timestamp;

/// Sets the signatures of checkpoints apart from all others.
pub const CHECKPOINT_PURPOSE: &str = "commonshelf/checkpoint/1";

/// What two members agree that stands between them, so that the receipts before it may go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// In which circle.
    pub circle: CircleId,
    /// The member with the lower key.
    pub one: MemberId,
    /// The member with the higher key.
    pub other: MemberId,
    /// What `one` has given more than received, in minutes; below zero if it received more.
    pub balance: i64,
    /// What both gave together since they began, in minutes.
    pub turnover: u64,
    /// Receipts handed over at or before this moment are in it.
    pub until: Timestamp,
}

/// A checkpoint with both members' signatures: the body of a record of kind `checkpoint`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedCheckpoint {
    /// What they say.
    pub checkpoint: Checkpoint,
    /// The word of the member with the lower key.
    pub one: Seal,
    /// The word of the other one.
    pub other_one: Seal,
    /// Fields that this version does not know, carried as they are.
    pub other: Map,
}

/// Why a checkpoint proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// The members are not two, the lower key first.
    #[error("a checkpoint names two members, the lower key first")]
    Order,
    /// The balance is larger than the turnover allows.
    #[error("the balance is larger than all that was given")]
    Balance,
    /// One of them did not sign.
    #[error("a member's word does not hold: {0}")]
    Seal(#[from] SealError),
}

impl Checkpoint {
    /// The canonical bytes that both sign.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        Value::Map(self.to_map()).encode()
    }

    fn to_map(&self) -> Map {
        let mut fields = Fields::with(Map::new());
        fields.put("circle", Value::Bytes(self.circle.as_bytes().to_vec()));
        fields.put("one", Value::Bytes(self.one.as_bytes().to_vec()));
        fields.put("other", Value::Bytes(self.other.as_bytes().to_vec()));
        fields.put("balance", Value::from(self.balance));
        fields.put_uint("turnover", self.turnover);
        fields.put_uint("until", self.until.millis());
        fields.into_map()
    }

    fn take(fields: &mut Fields) -> Result<Self, BodyError> {
        let mut inner = fields.take_map("checkpoint")?.ok_or(BodyError::Missing("checkpoint"))?;
        let checkpoint = Self {
            circle: CircleId::from_bytes(inner.take_bytes("circle")?),
            one: inner.take_member("one")?,
            other: inner.take_member("other")?,
            balance: inner.take_int("balance")?,
            turnover: inner.take_uint("turnover")?,
            until: Timestamp::from_millis(inner.take_uint("until")?),
        };
        inner.nothing_else("checkpoint")?;
        if checkpoint.turnover > MAX_BALANCE {
            return Err(BodyError::OutOfRange {
                field: "turnover",
                given: checkpoint.turnover.to_string(),
                least: 0,
                most: MAX_BALANCE,
            });
        }
        Ok(checkpoint)
    }
}

impl SignedCheckpoint {
    /// Checks both members' words, from the checkpoint alone.
    ///
    /// # Errors
    /// A [`CheckpointError`] that says what does not hold.
    pub fn check(&self) -> Result<(), CheckpointError> {
        let Checkpoint { circle, one, other, balance, turnover, until } = self.checkpoint;
        if one >= other {
            return Err(CheckpointError::Order);
        }
        if balance.unsigned_abs() > turnover {
            return Err(CheckpointError::Balance);
        }
        let bytes = self.checkpoint.encode();
        self.one.check(CHECKPOINT_PURPOSE, &bytes, one, circle, until)?;
        self.other_one.check(CHECKPOINT_PURPOSE, &bytes, other, circle, until)?;
        Ok(())
    }

    pub(crate) fn to_map(&self) -> Map {
        let mut fields = Fields::with(self.other.clone());
        fields.put("checkpoint", Value::Map(self.checkpoint.to_map()));
        fields.put("one", self.one.to_value());
        fields.put("other", self.other_one.to_value());
        fields.into_map()
    }

    pub(crate) fn from_map(map: Map) -> Result<Self, BodyError> {
        let mut fields = Fields::with(map);
        let checkpoint = Checkpoint::take(&mut fields)?;
        let one = Seal::take(&mut fields, "one")?;
        let other_one = Seal::take(&mut fields, "other")?;
        Ok(Self { checkpoint, one, other_one, other: fields.into_map() })
    }
}
