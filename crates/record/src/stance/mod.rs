//! Stances: all that one side of an exchange says now.
//!
//! A letter carries its sender's whole stance, and the newest one of each side is all that counts: any one
//! letter heals what was lost, in any order. A stance is a value with canonical bytes of its own; a letter
//! seals it for its recipient. What the two newest stances add up to is the catalogue's matter.

mod about;
mod said;
mod says;
#[cfg(test)]
mod tests;

pub use about::{About, ExchangeId, ExchangeIdError};
pub use said::Said;
pub use says::{Amount, AskerSays, Common, Ending, Given, ListerSays, Message, Promised, Says, Why};

use crate::body::{BodyError, Map, map_of};
use crate::cbor::Value;
use crate::fields::Fields;
use crate::keys::MemberId;
use crate::limits::MAX_STANCE;
use crate::receipt::RECEIPT_PURPOSE;
use crate::seal::{Seal, SealError};
use crate::time::Timestamp;

/// Sets the signatures of stances apart from all others.
pub const STANCE_PURPOSE: &str = "commonshelf/stance/1";

/// What one side of an exchange says now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stance {
    /// Which exchange, and all about it that never changes.
    pub about: About,
    /// When it was said, strictly rising within the exchange and its side.
    pub revision: Timestamp,
    /// What only this side can say, and so which side it is.
    pub says: Says,
    /// What either side can say.
    pub common: Common,
    /// The newest of its messages, the oldest first: at most 16, and 2,000 characters together.
    pub messages: Vec<Message>,
    /// Fields that this version does not know, carried as they are.
    pub other: Map,
}

impl Stance {
    /// Whether its author is the lister.
    #[must_use]
    pub const fn is_listers(&self) -> bool {
        matches!(self.says, Says::Lister(_))
    }

    /// Who says it.
    #[must_use]
    pub const fn from(&self) -> MemberId {
        if self.is_listers() { self.about.lister } else { self.about.asker }
    }

    /// To whom.
    #[must_use]
    pub const fn to(&self) -> MemberId {
        if self.is_listers() { self.about.asker } else { self.about.lister }
    }

    /// Whether it binds its author, and so needs a seal: a promise, a handover, a receipt, a return. What was
    /// only asked, and all messages, are between the two.
    #[must_use]
    pub const fn is_binding(&self) -> bool {
        let promises = matches!(&self.says, Says::Lister(ListerSays { promised: Some(_), .. }));
        let Common { given, returned, back, .. } = &self.common;
        promises || given.is_some() || returned.is_some() || back.is_some()
    }

    /// The canonical bytes, which a letter holds.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        self.bytes(&self.messages)
    }

    /// The bytes that the seal of a binding stance is made over: all but the messages, so that nobody can show
    /// to others what was written.
    #[must_use]
    pub fn signed_bytes(&self) -> Vec<u8> {
        self.bytes(&[])
    }

    fn bytes(&self, messages: &[Message]) -> Vec<u8> {
        let mut fields = Fields::with(self.other.clone());
        self.about.put(&mut fields);
        fields.put_uint("revision", self.revision.millis());
        match &self.says {
            Says::Asker(says) => fields.put("asks", Value::Map(says.to_map())),
            Says::Lister(says) => fields.put("answers", Value::Map(says.to_map())),
        }
        self.common.put(&mut fields);
        Message::put_all(messages, &mut fields);
        Value::Map(fields.into_map()).encode()
    }

    /// Reads a stance.
    ///
    /// # Errors
    /// A [`BodyError`] when the bytes are not canonical or too many, or a field is wrong.
    pub fn decode(bytes: &[u8]) -> Result<Self, BodyError> {
        if bytes.len() > MAX_STANCE {
            return Err(BodyError::StanceTooLarge(bytes.len()));
        }
        let mut fields = Fields::with(map_of(bytes)?);
        let about = About::take(&mut fields)?;
        let revision = Timestamp::from_millis(fields.take_uint("revision")?);
        let says = match (fields.take_map("asks")?, fields.take_map("answers")?) {
            (Some(map), None) => Says::Asker(AskerSays::take(map)?),
            (None, Some(map)) => Says::Lister(ListerSays::take(map)?),
            (Some(_), Some(_)) | (None, None) => return Err(BodyError::WrongType("asks")),
        };
        let common = Common::take(&mut fields)?;
        let messages = Message::take_all(&mut fields)?;
        let stance = Self { about, revision, says, common, messages, other: fields.into_map() };
        if stance.encode() == bytes { Ok(stance) } else { Err(BodyError::SecondForm) }
    }

    /// Checks its author's seal.
    ///
    /// # Errors
    /// A [`SealError`] that says what does not hold.
    pub fn check(&self, seal: &Seal) -> Result<(), SealError> {
        let circle = self.about.circle;
        seal.check(STANCE_PURPOSE, &self.signed_bytes(), self.from(), circle, self.revision).map(|_| ())
    }

    /// Checks its author's word on the receipt, if it says one.
    ///
    /// # Errors
    /// A [`SealError`] that says what does not hold.
    pub fn check_given(&self) -> Result<(), SealError> {
        let Some(given) = &self.common.given else { return Ok(()) };
        let bytes = self.about.receipt(&given.amount).encode();
        given.seal.check(RECEIPT_PURPOSE, &bytes, self.from(), self.about.circle, given.amount.at).map(|_| ())
    }
}
