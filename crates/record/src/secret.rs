//! What whoever may read a circle knows, and what derives from it.

use std::fmt;

use crate::body::{BodyError, Map};
use crate::cbor::Value;
use crate::fields::Fields;
use crate::header::Key;
use crate::id::{CircleId, Hash};

/// A circle's read secret. In a circle that anyone may read it derives from the circle's id; in a circle of
/// members it is drawn by chance, handed on with invitations and from node to node, and drawn anew when a
/// member is removed. Its bytes are wiped from memory when it is dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct ReadSecret(zeroize::Zeroizing<[u8; 32]>);

impl ReadSecret {
    /// The secret of a circle that anyone may read.
    #[must_use]
    pub fn open(circle: CircleId) -> Self {
        Self::from_bytes(*Hash::derive("commonshelf/read/1", &[circle.as_bytes()]).as_bytes())
    }

    /// A secret that was drawn, or handed on.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(zeroize::Zeroizing::new(bytes))
    }

    /// The bytes, to be sealed for somebody who may read.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// What a steward's [`Rotation`] calls it: who does not know the secret learns nothing from that.
    #[must_use]
    pub fn name(&self) -> Hash {
        Hash::derive("commonshelf/read-name/1", &[&*self.0])
    }

    /// The name of the circle's gossip topic.
    #[must_use]
    pub fn topic(&self) -> Hash {
        Hash::derive("commonshelf/topic/1", &[&*self.0])
    }

    /// The name under which nodes of the circle look for each other.
    #[must_use]
    pub fn discovery(&self) -> Hash {
        Hash::derive("commonshelf/discovery/1", &[&*self.0])
    }

    /// The key that gossip of a circle of members is sealed with.
    #[must_use]
    pub fn gossip_key(&self) -> zeroize::Zeroizing<[u8; 32]> {
        zeroize::Zeroizing::new(*Hash::derive("commonshelf/gossip-key/1", &[&*self.0]).as_bytes())
    }

    /// The key that a bundle of a circle of members is sealed with.
    #[must_use]
    pub fn bundle_key(&self) -> zeroize::Zeroizing<[u8; 32]> {
        zeroize::Zeroizing::new(*Hash::derive("commonshelf/bundle-key/1", &[&*self.0]).as_bytes())
    }

    /// What one side of a handshake shows to prove that it knows the secret: bound to the circle, to what
    /// both sides drew for this session, and to the side.
    #[must_use]
    pub fn proof(&self, circle: CircleId, side: &str, drawn: &[&[u8]]) -> Hash {
        let mut parts: Vec<&[u8]> = vec![&*self.0, circle.as_bytes(), side.as_bytes()];
        parts.extend_from_slice(drawn);
        Hash::derive("commonshelf/read-proof/1", &parts)
    }
}

/// A steward drew a new read secret: the body of a record of kind `rotation`. It names the secret and does
/// not hold it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotation {
    /// See [`ReadSecret::name`].
    pub secret: Hash,
    /// Fields that this version does not know, carried as they are.
    pub other: Map,
}

impl Rotation {
    /// The rotation to this secret.
    #[must_use]
    pub fn to(secret: &ReadSecret) -> Self {
        Self { secret: secret.name(), other: Map::new() }
    }

    /// The key of a steward's rotations: the newest one takes the place of the one before.
    #[must_use]
    pub fn key() -> Key {
        Key::derive("commonshelf/rotation/1", &[])
    }

    pub(crate) fn to_map(&self) -> Map {
        let mut fields = Fields::with(self.other.clone());
        fields.put("secret", Value::Bytes(self.secret.as_bytes().to_vec()));
        fields.into_map()
    }

    pub(crate) fn from_map(map: Map) -> Result<Self, BodyError> {
        let mut fields = Fields::with(map);
        Ok(Self { secret: Hash::from_bytes(fields.take_bytes("secret")?), other: fields.into_map() })
    }
}

impl fmt::Debug for ReadSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ReadSecret")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_derives_from_a_secret_differs_by_use_circle_and_side() {
        let circle = CircleId::from_bytes([1; 32]);
        let secret = ReadSecret::open(circle);
        assert_eq!(secret, ReadSecret::open(circle));
        assert_ne!(secret, ReadSecret::open(CircleId::from_bytes([2; 32])));
        let keys = [secret.gossip_key(), secret.bundle_key()].map(|key| Hash::from_bytes(*key));
        let names = [secret.name(), secret.topic(), secret.discovery(), keys[0], keys[1]];
        assert_eq!(std::collections::BTreeSet::from(names).len(), 5);
        let salts: [&[u8]; 2] = [b"one", b"two"];
        let proof = secret.proof(circle, "opener", &salts);
        assert_ne!(proof, secret.proof(circle, "answer", &salts));
        assert_ne!(proof, secret.proof(circle, "opener", &[b"one"]));
        assert_ne!(proof, ReadSecret::from_bytes([9; 32]).proof(circle, "opener", &salts));
        assert_eq!(format!("{secret:?}"), "ReadSecret");
    }
}
