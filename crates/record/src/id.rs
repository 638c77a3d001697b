//! Names of records, circles and bytes.

use std::fmt;
use std::str::FromStr;

use data_encoding::BASE32_NOPAD;
use sha2::{Digest, Sha256};

/// What stands before the digest in a CIDv1 of DAG-CBOR hashed with SHA-256.
const CID_PREFIX: [u8; 4] = [0x01, 0x71, 0x12, 0x20];

/// A SHA-256 digest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash([u8; 32]);

impl Hash {
    /// The digest of some bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// The digest of `parts` one after the other, set apart from all other uses by `purpose`.
    #[must_use]
    pub fn derive(purpose: &str, parts: &[&[u8]]) -> Self {
        let mut hasher = Sha256::new();
        hasher.update(purpose.as_bytes());
        hasher.update([0]);
        for part in parts {
            hasher.update((part.len() as u64).to_be_bytes());
            hasher.update(part);
        }
        Self(hasher.finalize().into())
    }

    /// A digest that was computed before.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The digest that is written in just these 64 lower-case hexadecimal digits.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        let bytes = data_encoding::HEXLOWER.decode(text.as_bytes()).ok()?;
        bytes.as_slice().try_into().ok().map(Self)
    }

    /// The 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The first of them.
    #[must_use]
    pub fn first<const N: usize>(&self) -> [u8; N] {
        const { assert!(N <= 32, "a hash has 32 bytes") };
        std::array::from_fn(|at| self.0[at])
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&data_encoding::HEXLOWER.encode(&self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", data_encoding::HEXLOWER.encode(&self.0[..4]))
    }
}

/// Why a text is no id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is no record id: those begin with bafyrei and have 59 characters")]
pub struct IdError(String);

/// A record's name: the digest of its header's canonical bytes, shown as a CIDv1
/// (dag-cbor, sha2-256, base32; <https://github.com/multiformats/cid>).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordId(Hash);

impl RecordId {
    /// The id of the record whose header has these canonical bytes.
    #[must_use]
    pub fn of_header(bytes: &[u8]) -> Self {
        Self(Hash::of(bytes))
    }

    /// The id with this digest.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Hash::from_bytes(bytes))
    }

    /// The digest alone.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }
}

impl fmt::Display for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut cid = [0; 36];
        cid[..4].copy_from_slice(&CID_PREFIX);
        cid[4..].copy_from_slice(self.as_bytes());
        write!(f, "b{}", BASE32_NOPAD.encode(&cid).to_lowercase())
    }
}

impl fmt::Debug for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

impl FromStr for RecordId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let wrong = || IdError(text.chars().take(80).collect());
        let base32 = text.strip_prefix('b').ok_or_else(wrong)?;
        if base32.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Err(wrong());
        }
        let cid = BASE32_NOPAD.decode(base32.to_uppercase().as_bytes()).map_err(|_| wrong())?;
        let digest = cid.strip_prefix(&CID_PREFIX).ok_or_else(wrong)?;
        Ok(Self::from_bytes(digest.try_into().map_err(|_| wrong())?))
    }
}

/// A circle's name: the id of its founding charter.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CircleId([u8; 32]);

impl CircleId {
    /// What a founding charter writes in place of the circle that it founds.
    pub const FOUNDING: Self = Self([0; 32]);

    /// The circle that this record founds, if it is a founding charter.
    #[must_use]
    pub const fn founded_by(charter: RecordId) -> Self {
        Self(*charter.as_bytes())
    }

    /// The circle whose charter has this digest.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The digest of the founding charter's header.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for CircleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        RecordId::from_bytes(self.0).fmt(f)
    }
}

impl fmt::Debug for CircleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        RecordId::from_bytes(self.0).fmt(f)
    }
}

impl FromStr for CircleId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        text.parse::<RecordId>().map(Self::founded_by)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_survives_its_text_and_looks_like_a_cid() {
        let id = RecordId::of_header(b"a header");
        let text = id.to_string();
        assert!(text.starts_with("bafyrei"), "{text}");
        assert_eq!(text.len(), 59);
        assert_eq!(text.parse(), Ok(id));
    }

    #[test]
    fn other_texts_are_no_ids() {
        for text in [
            "",
            "b",
            "bafyrei",
            "zzz",
            "BAFYREI",
            "ü",
            "bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy",
        ] {
            assert!(text.parse::<RecordId>().is_err(), "{text}");
        }
    }

    #[test]
    fn purposes_keep_derived_hashes_apart() {
        assert_ne!(Hash::derive("a", &[b"x"]), Hash::derive("b", &[b"x"]));
        assert_ne!(Hash::derive("a", &[b"x", b"y"]), Hash::derive("a", &[b"xy"]));
    }
}
