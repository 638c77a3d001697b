//! What whoever may read a circle knows, and what derives from it.

use std::fmt;

use crate::id::{CircleId, Hash};

/// A circle's read secret. In a circle that anyone may read it derives from the circle's id; in a circle of
/// members it is drawn by chance, handed on with invitations and letters, and drawn anew when a member is
/// removed. Its bytes are wiped from memory when it is dropped.
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

    /// What one side of a handshake shows to prove that it knows the secret: bound to the circle, to what
    /// both sides drew for this session, and to the side.
    #[must_use]
    pub fn proof(&self, circle: CircleId, side: &str, drawn: &[&[u8]]) -> Hash {
        let mut parts: Vec<&[u8]> = vec![&*self.0, circle.as_bytes(), side.as_bytes()];
        parts.extend_from_slice(drawn);
        Hash::derive("commonshelf/read-proof/1", &parts)
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
        let names = [secret.topic(), secret.discovery(), Hash::from_bytes(*secret.gossip_key())];
        assert!(names[0] != names[1] && names[1] != names[2] && names[0] != names[2]);
        let salts: [&[u8]; 2] = [b"one", b"two"];
        let proof = secret.proof(circle, "opener", &salts);
        assert_ne!(proof, secret.proof(circle, "answer", &salts));
        assert_ne!(proof, secret.proof(circle, "opener", &[b"one"]));
        assert_ne!(proof, ReadSecret::from_bytes([9; 32]).proof(circle, "opener", &salts));
        assert_eq!(format!("{secret:?}"), "ReadSecret");
    }
}
