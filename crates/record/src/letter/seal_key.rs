//! The body of a seal key: where others find how to seal to a member.

use super::SealPublic;
use crate::body::{BodyError, Map};
use crate::cbor::Value;
use crate::fields::Fields;
use crate::header::Key;
use crate::keys::PublicKey;

/// To which key letters to a member are sealed, and which of its devices decides for it: the body of a
/// record of kind `seal-key`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealKey {
    /// The key: the member's own, or that of the node that hosts it.
    pub key: SealPublic,
    /// Its epoch: 0 at first, one more with each turn.
    pub epoch: u32,
    /// The key of the device that promises for the member, so that nothing is promised twice; the others
    /// pass on to it what they are told.
    pub decides: PublicKey,
    /// Fields that this version does not know, carried as they are.
    pub other: Map,
}

impl SealKey {
    /// The slot's key: a member has one seal key in a circle, and the newest takes the place of the one before.
    #[must_use]
    pub fn key() -> Key {
        Key::derive("commonshelf/seal-key/1", &[])
    }

    pub(crate) fn to_map(&self) -> Map {
        let mut fields = Fields::with(self.other.clone());
        fields.put("key", Value::Bytes(self.key.as_bytes().to_vec()));
        fields.put_uint("epoch", self.epoch.into());
        fields.put("decides", Value::Bytes(self.decides.as_bytes().to_vec()));
        fields.into_map()
    }

    pub(crate) fn from_map(map: Map) -> Result<Self, BodyError> {
        let mut fields = Fields::with(map);
        Ok(Self {
            key: SealPublic::from_bytes(fields.take_bytes("key")?),
            epoch: fields.take_u32("epoch")?,
            decides: PublicKey::from_bytes(fields.take_bytes("decides")?)?,
            other: fields.into_map(),
        })
    }
}
