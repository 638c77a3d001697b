//! Signatures under a purpose: a member signs something that is no record.
//!
//! What is signed is the `Sig_structure` of RFC 9052 §4.4 with the purpose as external data, as records
//! do it with theirs: no signature for one purpose is ever good for another.

use crate::body::{Body, BodyError, Map, map_of};
use crate::cbor::{LIST, Value, write_bytes, write_head, write_text};
use crate::envelope::{PROTECTED, Record, RefusedBytes, Verified};
use crate::fields::Fields;
use crate::grant::{Grant, GrantRole};
use crate::header::{Class, Kind};
use crate::id::CircleId;
use crate::keys::{KeyError, MemberId, PublicKey, SecretKey};
use crate::time::Timestamp;

/// A member's signature with the grant of the key that made it, so that anybody can check it alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seal {
    /// The grant, signed by the member's root.
    pub grant: Record,
    /// The granted key's signature.
    pub signature: [u8; 64],
}

/// Why a seal proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// The grant is no verified record.
    #[error("the grant beside the signature does not hold: {0}")]
    Grant(#[from] RefusedBytes),
    /// The grant is somebody else's, of another circle, or no grant.
    #[error("the grant beside the signature is not one of this member in this circle")]
    OtherGrant,
    /// The grant does not cover this.
    #[error("the key that signed may not sign this for the member, or not then")]
    NotCovered,
    /// The key is bad.
    #[error("the key that signed is bad: {0}")]
    Key(#[from] KeyError),
    /// The signature does not hold.
    #[error("the signature does not hold")]
    BadSignature,
}

/// The bytes that a signature under a purpose is made over.
pub(crate) fn to_be_signed(purpose: &str, payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(payload.len() + 64);
    write_head(&mut out, LIST, 4);
    write_text(&mut out, "Signature1");
    write_bytes(&mut out, &PROTECTED);
    write_bytes(&mut out, purpose.as_bytes());
    write_bytes(&mut out, payload);
    out
}

impl Seal {
    /// Signs bytes under a purpose with a key that holds this grant.
    #[must_use]
    pub fn sign(purpose: &str, payload: &[u8], grant: &Verified, key: &SecretKey) -> Self {
        Self { grant: grant.to_record(), signature: key.sign(&to_be_signed(purpose, payload)) }
    }

    /// Checks that a member signed bytes under a purpose, in a circle, at a time; gives the key
    /// that did and its role.
    ///
    /// # Errors
    /// A [`SealError`] that says what does not hold.
    pub fn check(
        &self,
        purpose: &str,
        payload: &[u8],
        member: MemberId,
        circle: CircleId,
        at: Timestamp,
    ) -> Result<(PublicKey, GrantRole), SealError> {
        let grant = self.grant.clone().verify()?;
        let header = grant.header();
        let belongs = header.author == member
            && header.signer == member.root()
            && header.circle == circle
            && header.kind.as_str() == Kind::GRANT;
        let Some(Body::Grant(said)) = grant.body().filter(|_| belongs) else {
            return Err(SealError::OtherGrant);
        };
        if header.key != Grant::key(&said.signer) {
            return Err(SealError::OtherGrant);
        }
        if said.until < at || !said.role.may_sign(Class::Proof, &Kind::receipt()) {
            return Err(SealError::NotCovered);
        }
        if said.signer.verify(&to_be_signed(purpose, payload), &self.signature)? {
            Ok((said.signer, said.role))
        } else {
            Err(SealError::BadSignature)
        }
    }

    /// The canonical bytes of a seal that travels alone.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        self.to_value().encode()
    }

    /// Reads a seal that travels alone.
    ///
    /// # Errors
    /// A [`BodyError`] when the bytes are not canonical or a field is wrong.
    pub fn decode(bytes: &[u8]) -> Result<Self, BodyError> {
        Self::from_map(Fields::with(map_of(bytes)?), "seal")
    }

    pub(crate) fn to_value(&self) -> Value {
        let mut fields = Fields::with(Map::new());
        fields.put("grant", Value::Bytes(self.grant.envelope.clone()));
        fields.put("body", Value::Bytes(self.grant.body.clone().unwrap_or_default()));
        fields.put("signature", Value::Bytes(self.signature.to_vec()));
        Value::Map(fields.into_map())
    }

    pub(crate) fn take(fields: &mut Fields, name: &'static str) -> Result<Self, BodyError> {
        Self::from_map(fields.take_map(name)?.ok_or(BodyError::Missing(name))?, name)
    }

    pub(crate) fn from_map(mut inner: Fields, name: &'static str) -> Result<Self, BodyError> {
        let envelope = inner.take_byte_string("grant")?;
        let body = inner.take_byte_string("body")?;
        let signature = inner.take_bytes("signature")?;
        inner.nothing_else(name)?;
        Ok(Self { grant: Record { envelope, body: Some(body) }, signature })
    }
}
