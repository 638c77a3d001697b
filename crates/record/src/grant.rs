//! The body of a grant: a member lets another key sign for it.

use crate::body::{BodyError, Map};
use crate::cbor::Value;
use crate::fields::Fields;
use crate::header::{Class, Key, Kind};
use crate::keys::PublicKey;
use crate::listing::words;
use crate::time::Timestamp;

words! {
    /// What a granted key is for.
    GrantRole, "role" {
        /// One of the member's own devices, its own node among them.
        Device = "device",
        /// A volunteer at the desk of a shop.
        Desk = "desk",
        /// A node that hosts the member.
        Host = "host",
    }
}

impl GrantRole {
    /// Whether a key of this role may sign records of a kind. Who belongs to a circle, and what its rules
    /// are, is for the member's own devices; at the desk and on a host everyday things are written. A host also
    /// says who its member is, and how letters reach it.
    #[must_use]
    pub fn may_sign(self, class: Class, kind: &Kind) -> bool {
        let control = class == Class::Control;
        match self {
            Self::Device => true,
            Self::Host => !control || matches!(kind.as_str(), Kind::PROFILE | Kind::SEAL_KEY),
            Self::Desk => !control,
        }
    }
}

/// A key that may sign for a member until a date: the body of a record of kind `grant`, which the
/// member's root signs. Withdrawing the grant voids what the key signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// The key that may sign.
    pub signer: PublicKey,
    /// What it is for.
    pub role: GrantRole,
    /// Revisions later than this are not covered.
    pub until: Timestamp,
    /// Fields that this version does not know, carried as they are.
    pub other: Map,
}

impl Grant {
    /// The key of the slot that holds the grant for this signer. It follows from the signer, so that
    /// a withdrawal, which has no body, revokes one signer and no other.
    #[must_use]
    pub fn key(signer: &PublicKey) -> Key {
        Key::derive("commonshelf/grant/1", &[signer.as_bytes()])
    }

    pub(crate) fn to_map(&self) -> Map {
        let mut fields = Fields::with(self.other.clone());
        fields.put("signer", Value::Bytes(self.signer.as_bytes().to_vec()));
        fields.put_text("role", self.role.word());
        fields.put_uint("until", self.until.millis());
        fields.into_map()
    }

    pub(crate) fn from_map(map: Map) -> Result<Self, BodyError> {
        let mut fields = Fields::with(map);
        let signer = PublicKey::from_bytes(fields.take_bytes("signer")?)?;
        let role = fields.take_text("role")?.parse()?;
        let until = Timestamp::from_millis(fields.take_uint("until")?);
        Ok(Self { signer, role, until, other: fields.into_map() })
    }
}
