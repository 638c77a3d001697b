//! Seal keys: what letters are sealed to, and opened with.

use std::fmt;

use zeroize::Zeroizing;

use super::suite;
use crate::id::Hash;
use crate::keys::SecretKey;
use crate::limits::MAX_HINT_BITS;

/// The X25519 key that letters to a member, or to all whom a node hosts, are sealed to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SealPublic([u8; 32]);

/// The secret half of a seal key in one epoch. Its bytes are wiped from memory when it is dropped.
#[derive(Clone)]
pub struct SealSecret {
    epoch: u32,
    secret: Zeroizing<[u8; 32]>,
    public: SealPublic,
}

impl SealPublic {
    /// The key of these bytes (RFC 7748); whether it is one of the few weak ones shows when something is
    /// sealed to it.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The first `bits` bits (at most 16) of the key's digest: what a letter tells of whom it is for.
    #[must_use]
    pub fn hint(&self, bits: u8) -> u32 {
        let [high, low] = Hash::derive("commonshelf/letter-hint/1", &[&self.0]).first::<2>();
        let all = u32::from(u16::from_be_bytes([high, low]));
        all.checked_shr(MAX_HINT_BITS.saturating_sub(bits).into()).unwrap_or(0)
    }
}

impl SealSecret {
    /// A member's secret of an epoch. It follows from the root, so that 24 words bring it back.
    #[must_use]
    pub fn derive(root: &SecretKey, epoch: u32) -> Self {
        Self::derived("commonshelf/seal-key/1", root, epoch)
    }

    /// The secret of an epoch that a node has for all whom it hosts: it opens their letters anyway, and
    /// with one secret it tries each letter once.
    #[must_use]
    pub fn of_host(node: &SecretKey, epoch: u32) -> Self {
        Self::derived("commonshelf/host-seal-key/1", node, epoch)
    }

    /// A secret that was handed on, such as to another device of its member.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32], epoch: u32) -> Self {
        let public = SealPublic(suite::public_of(&bytes));
        Self { epoch, secret: Zeroizing::new(bytes), public }
    }

    /// The bytes, to be handed on to another device of the member.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.secret
    }

    /// Its epoch: 0 at first, one more with each turn.
    #[must_use]
    pub const fn epoch(&self) -> u32 {
        self.epoch
    }

    /// The public half.
    #[must_use]
    pub const fn public(&self) -> SealPublic {
        self.public
    }

    fn derived(purpose: &str, from: &SecretKey, epoch: u32) -> Self {
        let seed = from.seed();
        Self::from_bytes(*Hash::derive(purpose, &[&*seed, &epoch.to_be_bytes()]).as_bytes(), epoch)
    }
}

impl fmt::Debug for SealPublic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&Hash::from_bytes(self.0), f)
    }
}

impl fmt::Debug for SealSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealSecret {} of {:?}", self.epoch, self.public)
    }
}
