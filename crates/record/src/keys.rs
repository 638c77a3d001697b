//! Keys of members and of whoever signs for them.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use ed25519_dalek::{Signature, Signer as _, SigningKey, Verifier as _, VerifyingKey};

/// What stands before the 32 bytes of an Ed25519 key in a did:key (multicodec `ed25519-pub`).
const DID_KEY_CODEC: [u8; 2] = [0xed, 0x01];

/// How many keys [`KnownKeys`] holds: a megabyte.
const MAX_KNOWN: usize = 4_096;

/// The y coordinates of the eight points of small order: 0, 1, −1 and the two of order eight.
const SMALL_ORDER: [[u8; 32]; 5] = [
    [0; 32],
    [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    *b"\xec\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f",
    *b"\x26\xe8\x95\x8f\xc2\xb2\x27\xb0\x45\xc3\xf4\x89\xf2\xef\x98\xf0\xd5\xdf\xac\x05\xd3\xc6\x33\x39\xb1\x38\x02\x88\x6d\x53\xfc\x05",
    *b"\xc7\x17\x6a\x70\x3d\x4d\xd8\x4f\xba\x3c\x0b\x76\x0d\x10\x67\x0f\x2a\x20\x53\xfa\x2c\x39\xcc\xc6\x4e\xc7\xfd\x77\x92\xac\x03\x7a",
];

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
        self.verify_with(message, signature, &mut KnownKeys::default())
    }

    /// The same with a memory for keys: the same verdict, sooner where many records have one signer.
    ///
    /// # Errors
    /// As [`PublicKey::verify`].
    pub fn verify_with(
        &self,
        message: &[u8],
        signature: &[u8; 64],
        known: &mut KnownKeys,
    ) -> Result<bool, KeyError> {
        let point = known.0.get(self).copied();
        let key = point.map_or_else(|| self.on_curve(), Ok)?;
        // Why: this is `verify_strict` without looking for the commitment on the curve. `verify`
        // compares it with the one encoding of the point that it must be, so one that passes is of
        // small order just if its encoding is one of those few.
        let holds =
            !has_small_order(signature) && key.verify(message, &Signature::from_bytes(signature)).is_ok();
        if holds && point.is_none() {
            known.add(*self, key);
        }
        Ok(holds)
    }

    fn on_curve(&self) -> Result<VerifyingKey, KeyError> {
        let key = VerifyingKey::from_bytes(&self.0).map_err(|_| KeyError::NotAPoint)?;
        if key.is_weak() { Err(KeyError::Weak) } else { Ok(key) }
    }
}

/// Where on the curve the keys lie under which signatures held, so that it need not be computed again
/// for the next record of the same signer. When it is full it begins anew.
#[derive(Debug, Clone, Default)]
pub struct KnownKeys(BTreeMap<PublicKey, VerifyingKey>);

impl KnownKeys {
    /// What is known of these keys alone: a memory for another thread.
    #[must_use]
    pub fn of(&self, keys: impl IntoIterator<Item = PublicKey>) -> Self {
        Self(keys.into_iter().filter_map(|key| Some((key, *self.0.get(&key)?))).collect())
    }

    /// Takes in what another memory holds.
    pub fn extend(&mut self, other: Self) {
        for (key, point) in other.0 {
            if !self.0.contains_key(&key) {
                self.add(key, point);
            }
        }
    }

    fn add(&mut self, key: PublicKey, point: VerifyingKey) {
        if self.0.len() >= MAX_KNOWN {
            self.0.clear();
        }
        self.0.insert(key, point);
    }
}

/// Whether a signature's commitment, its first 32 bytes, encodes a point of small order.
fn has_small_order(signature: &[u8; 64]) -> bool {
    let is_one_of = |y: &[u8; 32]| y[..31] == signature[..31] && y[31] == signature[31] & 0x7f;
    SMALL_ORDER.iter().any(is_one_of)
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
    use std::ops::{Add, Mul};

    use proptest::prelude::*;
    use sha2::{Digest as _, Sha512};

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
    fn the_points_of_small_order_are_those() {
        // Canonical encodings, so they are eight different points; there are no more.
        for (y, signs) in SMALL_ORDER.iter().zip([2, 1, 1, 2, 2]) {
            assert!(is_reduced(y));
            for sign in 0..signs {
                let mut bytes = *y;
                bytes[31] |= sign << 7;
                assert!(VerifyingKey::from_bytes(&bytes).unwrap().is_weak());
            }
        }
    }

    /// Whether ours, with and without a memory, and `verify_strict` agree; and what they say.
    fn verdict(key: &SecretKey, message: &[u8], signature: &[u8; 64], known: &mut KnownKeys) -> bool {
        let strict = key.0.verifying_key().verify_strict(message, &Signature::from_bytes(signature)).is_ok();
        assert_eq!(key.public().verify(message, signature), Ok(strict));
        assert_eq!(key.public().verify_with(message, signature, known), Ok(strict));
        strict
    }

    /// A number of little-endian bytes, of the same type as another one.
    fn number<S: From<u64> + Add<Output = S> + Mul<Output = S>>(_like: &S, bytes: &[u8]) -> S {
        bytes.iter().rev().fold(S::from(0), |sum, byte| sum * S::from(256) + S::from(u64::from(*byte)))
    }

    #[test]
    fn a_commitment_of_small_order_is_refused_even_if_the_equation_holds() {
        // s·B − k·A is the neutral element for s = k·a: who signs can make that.
        let (key, mut signature) = (SecretKey::from_seed(&[1; 32]), [0; 64]);
        signature[0] = 1;
        let hash = Sha512::new().chain_update(&signature[..32]).chain_update(key.public().as_bytes());
        let secret = key.0.to_scalar();
        let k = number(&secret, &hash.chain_update(b"bread").finalize());
        signature[32..].copy_from_slice(&(k * secret).to_bytes());
        assert!(key.0.verify(b"bread", &Signature::from_bytes(&signature)).is_ok());
        assert!(!verdict(&key, b"bread", &signature, &mut KnownKeys::default()));
    }

    #[test]
    fn a_memory_for_keys_stays_small() {
        let mut known = KnownKeys::default();
        let point = SecretKey::from_seed(&[1; 32]).0.verifying_key();
        for number in 0..MAX_KNOWN + 10 {
            let mut bytes = [0; 32];
            bytes[..8].copy_from_slice(&number.to_le_bytes());
            known.add(PublicKey(bytes), point);
            assert!(known.0.len() <= MAX_KNOWN);
        }
    }

    proptest! {
        #[test]
        fn every_verdict_is_that_of_verify_strict(seed in 0_u8..3, at in 0_usize..64, flip: u8, small in 0_usize..10) {
            let mut known = KnownKeys::default();
            let key = SecretKey::from_seed(&[seed; 32]);
            let good = key.sign(b"bread");
            let mut bad = good;
            bad[at] ^= flip;
            let mut weak = good;
            if let Some(y) = SMALL_ORDER.get(small / 2) {
                weak[..32].copy_from_slice(y);
                weak[31] |= u8::from(small % 2 == 1) << 7;
            }
            for _ in 0..2 {
                prop_assert!(verdict(&key, b"bread", &good, &mut known));
                prop_assert_eq!(verdict(&key, b"bread", &bad, &mut known), flip == 0);
                prop_assert!(!verdict(&key, b"bread", &weak, &mut known));
                prop_assert!(!verdict(&key, b"beard", &good, &mut known));
            }
        }
    }

    #[test]
    fn a_secret_key_does_not_show_itself() {
        let shown = format!("{:?}", SecretKey::from_seed(&[0x5a; 32]));
        assert!(!shown.contains("5a5a"), "{shown}");
    }
}
