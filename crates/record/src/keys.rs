//! Keys of members and of whoever signs for them.

use std::fmt;
use std::str::FromStr;

use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};

/// What stands before the 32 bytes of an Ed25519 key in a did:key (multicodec `ed25519-pub`).
const DID_KEY_CODEC: [u8; 2] = [0xed, 0x01];

/// Why bytes or a text are no key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The bytes are no point of the curve, or not in their one encoding.
    #[error("these bytes are no Ed25519 key")]
    NotAPoint,
    /// A key of small order: signatures under it prove nothing.
    #[error("this key is one of the few weak ones under which anybody can sign")]
    Weak,
    /// The text is no did:key.
    #[error("\"{0}\" is no member: those begin with did:key:z6Mk")]
    NotADidKey(String),
}

/// An Ed25519 public key that a signature can be checked with: on the curve, in its one encoding,
/// not of small order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicKey([u8; 32]);

impl PublicKey {
    /// The key of these bytes. Only the encoding is looked at here: the curve work waits until
    /// [`PublicKey::verify`], after all cheap checks.
    ///
    /// # Errors
    /// [`KeyError::NotAPoint`] for a y coordinate that is not reduced below the field's prime.
    pub fn from_bytes(bytes: [u8; 32]) -> Result<Self, KeyError> {
        if is_reduced(&bytes) { Ok(Self(bytes)) } else { Err(KeyError::NotAPoint) }
    }

    /// The 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Checks a signature as strictly as Ed25519 can be checked (`verify_strict`: no small-order
    /// key or commitment, no second encoding).
    ///
    /// # Errors
    /// [`KeyError`] when the key itself is bad; `Ok(false)` when the signature does not hold.
    pub fn verify(&self, message: &[u8], signature: &[u8; 64]) -> Result<bool, KeyError> {
        let key = VerifyingKey::from_bytes(&self.0).map_err(|_| KeyError::NotAPoint)?;
        if key.is_weak() {
            return Err(KeyError::Weak);
        }
        Ok(key.verify_strict(message, &Signature::from_bytes(signature)).is_ok())
    }
}

/// Whether the y coordinate (255 bits, little endian) is below 2²⁵⁵ − 19.
fn is_reduced(bytes: &[u8; 32]) -> bool {
    let top = bytes[31] & 0x7f;
    let all_ones = top == 0x7f && bytes[1..31].iter().all(|byte| *byte == 0xff);
    !(all_ones && bytes[0] >= 0xed)
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&data_encoding::HEXLOWER.encode(&self.0[..4]))
    }
}

/// A member, by its root key; shown as `did:key:z6Mk…`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MemberId(PublicKey);

impl MemberId {
    /// The member with this root key.
    ///
    /// # Errors
    /// [`KeyError`] when the bytes are no key.
    pub fn from_bytes(bytes: [u8; 32]) -> Result<Self, KeyError> {
        PublicKey::from_bytes(bytes).map(Self)
    }

    /// The root key.
    #[must_use]
    pub const fn root(&self) -> PublicKey {
        self.0
    }

    /// The root key's 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }
}

impl From<PublicKey> for MemberId {
    fn from(root: PublicKey) -> Self {
        Self(root)
    }
}

impl fmt::Display for MemberId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = DID_KEY_CODEC.to_vec();
        bytes.extend_from_slice(self.as_bytes());
        write!(f, "did:key:z{}", bs58::encode(bytes).into_string())
    }
}

impl fmt::Debug for MemberId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl FromStr for MemberId {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let wrong = || KeyError::NotADidKey(text.chars().take(80).collect());
        let base58 = text.strip_prefix("did:key:z").filter(|rest| rest.len() <= 64).ok_or_else(wrong)?;
        let bytes = bs58::decode(base58).into_vec().map_err(|_| wrong())?;
        let key = bytes.strip_prefix(&DID_KEY_CODEC).ok_or_else(wrong)?;
        Self::from_bytes(key.try_into().map_err(|_| wrong())?)
    }
}

/// A secret key: a member's root, or a key that signs for members under a grant.
/// Its bytes are wiped from memory when it is dropped.
pub struct SecretKey(SigningKey);

impl SecretKey {
    /// The key of this 32-byte seed (RFC 8032). The caller draws it, or derives it from words.
    #[must_use]
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(seed))
    }

    /// The seed, to be written into a file that only its owner reads.
    #[must_use]
    pub fn seed(&self) -> zeroize::Zeroizing<[u8; 32]> {
        zeroize::Zeroizing::new(self.0.to_bytes())
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key().to_bytes())
    }

    /// Signs a message (RFC 8032, deterministic).
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message).to_bytes()
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretKey of {:?}", self.public())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_survives_its_did() {
        let member = MemberId::from(SecretKey::from_seed(&[7; 32]).public());
        let did = member.to_string();
        assert!(did.starts_with("did:key:z6Mk"), "{did}");
        assert_eq!(did.parse(), Ok(member));
        assert!("did:key:zzzz".parse::<MemberId>().is_err());
        assert!("did:web:shop.example".parse::<MemberId>().is_err());
    }

    #[test]
    fn weak_and_unreduced_keys_are_refused() {
        // The neutral element and the point of order two (y = 1 and y = -1).
        for first in [0x01, 0xec] {
            let mut bytes = if first == 0xec { [0xff; 32] } else { [0; 32] };
            bytes[0] = first;
            bytes[31] &= 0x7f;
            let key = PublicKey::from_bytes(bytes).unwrap();
            assert_eq!(key.verify(b"", &[0; 64]), Err(KeyError::Weak));
        }
        let mut unreduced = [0xff; 32];
        unreduced[0] = 0xee;
        unreduced[31] = 0x7f;
        assert_eq!(PublicKey::from_bytes(unreduced), Err(KeyError::NotAPoint));
    }

    #[test]
    fn a_signature_holds_for_its_message_and_key_alone() {
        let key = SecretKey::from_seed(&[1; 32]);
        let signature = key.sign(b"bread");
        assert_eq!(key.public().verify(b"bread", &signature), Ok(true));
        assert_eq!(key.public().verify(b"beard", &signature), Ok(false));
        assert_eq!(SecretKey::from_seed(&[2; 32]).public().verify(b"bread", &signature), Ok(false));
    }

    #[test]
    fn a_secret_key_does_not_show_itself() {
        let shown = format!("{:?}", SecretKey::from_seed(&[0x5a; 32]));
        assert!(!shown.contains("5a5a"), "{shown}");
    }
}
