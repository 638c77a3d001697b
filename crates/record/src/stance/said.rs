//! A stance as it travels: with the seal of its author where it binds.

use super::Stance;
use crate::body::{BodyError, Map, map_of};
use crate::cbor::Value;
use crate::fields::Fields;
use crate::seal::{Seal, SealError};

/// A stance and its author's seal, if there is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// What is said.
    pub stance: Stance,
    /// Its author's seal under [`STANCE_PURPOSE`](super::STANCE_PURPOSE): of a stance that binds.
    pub seal: Option<Seal>,
}

impl Said {
    /// A stance that its author's key seals just if it binds.
    #[must_use]
    pub fn sealed(stance: Stance, sign: &dyn Fn(&str, &[u8]) -> Seal) -> Self {
        let seal = stance.is_binding().then(|| sign(super::STANCE_PURPOSE, &stance.signed_bytes()));
        Self { stance, seal }
    }

    /// The canonical bytes: what a letter holds.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut fields = Fields::with(Map::new());
        fields.put("stance", Value::Bytes(self.stance.encode()));
        if let Some(seal) = &self.seal {
            fields.put("seal", seal.to_value());
        }
        Value::Map(fields.into_map()).encode()
    }

    /// Reads what a letter holds. Whether the seal holds is asked by [`Said::check`].
    ///
    /// # Errors
    /// A [`BodyError`] when the bytes are not canonical or a field is wrong.
    pub fn decode(bytes: &[u8]) -> Result<Self, BodyError> {
        let mut fields = Fields::with(map_of(bytes)?);
        let stance = Stance::decode(&fields.take_byte_string("stance")?)?;
        let seal = match fields.take_map("seal")? {
            Some(inner) => Some(Seal::from_map(inner, "seal")?),
            None => None,
        };
        fields.nothing_else("said")?;
        Ok(Self { stance, seal })
    }

    /// Checks all that its author signed: the stance, if it binds, and the word on the receipt.
    ///
    /// # Errors
    /// [`SealError::BadSignature`] where a seal is missing; else what does not hold.
    pub fn check(&self) -> Result<(), SealError> {
        match &self.seal {
            Some(seal) => self.stance.check(seal)?,
            None if self.stance.is_binding() => return Err(SealError::BadSignature),
            None => {}
        }
        self.stance.check_given()
    }
}
