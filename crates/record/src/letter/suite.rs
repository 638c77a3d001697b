//! HPKE (RFC 9180) with the one suite of letters: DHKEM(X25519, HKDF-SHA256) (0x0020), HKDF-SHA256 (0x0001)
//! and ChaCha20-Poly1305 (0x0003).

use hpke::aead::{AeadTag, ChaCha20Poly1305};
use hpke::kdf::HkdfSha256;
use hpke::kem::X25519HkdfSha256;
use hpke::rand_core::{CryptoRng, Error, RngCore};
use hpke::{Deserializable as _, Kem, OpModeR, OpModeS, Serializable as _};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::LetterError;
use super::keys::{SealPublic, SealSecret};

type PublicKey = <X25519HkdfSha256 as Kem>::PublicKey;
type PrivateKey = <X25519HkdfSha256 as Kem>::PrivateKey;
type Encapped = <X25519HkdfSha256 as Kem>::EncappedKey;
type Tag = AeadTag<ChaCha20Poly1305>;

/// The bytes of an encapsulated key.
const ENCAPPED: usize = 32;
/// The bytes of a tag.
const TAG: usize = 16;
/// How much longer a sealed content is than the content.
pub(super) const OVERHEAD: usize = ENCAPPED + TAG;

/// What sets the sealing of contents apart from all other uses of a seal key.
const SEAL_INFO: &[u8] = b"commonshelf/letter/1";
/// The same for the proof of who wrote a letter.
const AUTH_INFO: &[u8] = b"commonshelf/letter-auth/1";

/// The proof of who wrote a letter: an encapsulated key and a tag over no plaintext, in Auth mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct AuthTag([u8; OVERHEAD]);

impl AuthTag {
    pub(super) const fn from_bytes(bytes: [u8; OVERHEAD]) -> Self {
        Self(bytes)
    }

    pub(super) const fn as_bytes(&self) -> &[u8; OVERHEAD] {
        &self.0
    }
}

/// The public half of these 32 secret bytes.
pub(super) fn public_of(secret: &[u8; 32]) -> [u8; 32] {
    x25519_dalek::PublicKey::from(&x25519_dalek::StaticSecret::from(*secret)).to_bytes()
}

/// Seals in base mode: the encapsulated key, the ciphertext and its tag.
pub(super) fn seal(
    to: &SealPublic,
    bound: &[u8],
    plain: &mut [u8],
    seed: &[u8; 32],
) -> Result<Vec<u8>, LetterError> {
    seal_with(&OpModeS::Base, to, SEAL_INFO, bound, plain, seed)
}

/// Opens what [`seal`] sealed to this secret; `None` if it was not.
pub(super) fn unseal(secret: &SealSecret, bound: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    unseal_with(&OpModeR::Base, secret, SEAL_INFO, bound, sealed)
}

/// Proves to a recipient that the holder of `from` says what is `bound`. The recipient can make the same
/// proof, so it shows nothing to others.
pub(super) fn authenticate(
    to: &SealPublic,
    from: &SealSecret,
    bound: &[u8],
    seed: &[u8; 32],
) -> Result<AuthTag, LetterError> {
    let pair = (private(from.as_bytes())?, public(from.public().as_bytes())?);
    let sealed = seal_with(&OpModeS::Auth(pair), to, AUTH_INFO, bound, &mut [], seed)?;
    sealed.try_into().map(AuthTag).map_err(|_| LetterError::WeakKey)
}

/// Whether the holder of the sender's secret, or of this one, made the proof.
pub(super) fn is_authentic(secret: &SealSecret, sender: &SealPublic, bound: &[u8], auth: &AuthTag) -> bool {
    let Ok(sender) = public(sender.as_bytes()) else { return false };
    unseal_with(&OpModeR::Auth(sender), secret, AUTH_INFO, bound, &auth.0).is_some()
}

fn seal_with(
    mode: &OpModeS<X25519HkdfSha256>,
    to: &SealPublic,
    info: &[u8],
    bound: &[u8],
    plain: &mut [u8],
    seed: &[u8; 32],
) -> Result<Vec<u8>, LetterError> {
    let (encapped, tag) = hpke::single_shot_seal_in_place_detached::<
        ChaCha20Poly1305,
        HkdfSha256,
        X25519HkdfSha256,
        _,
    >(mode, &public(to.as_bytes())?, info, plain, bound, &mut Drawn::of(seed))
    .map_err(|_| LetterError::WeakKey)?;
    Ok([&encapped.to_bytes(), &*plain, &tag.to_bytes()].concat())
}

fn unseal_with(
    mode: &OpModeR<X25519HkdfSha256>,
    secret: &SealSecret,
    info: &[u8],
    bound: &[u8],
    sealed: &[u8],
) -> Option<Zeroizing<Vec<u8>>> {
    let (encapped, rest) = sealed.split_at_checked(ENCAPPED)?;
    let (cipher, tag) = rest.split_at_checked(rest.len().checked_sub(TAG)?)?;
    let mut plain = Zeroizing::new(cipher.to_vec());
    hpke::single_shot_open_in_place_detached::<ChaCha20Poly1305, HkdfSha256, X25519HkdfSha256>(
        mode,
        &private(secret.as_bytes()).ok()?,
        &Encapped::from_bytes(encapped).ok()?,
        info,
        &mut plain,
        bound,
        &Tag::from_bytes(tag).ok()?,
    )
    .ok()?;
    Some(plain)
}

fn private(bytes: &[u8; 32]) -> Result<PrivateKey, LetterError> {
    PrivateKey::from_bytes(bytes).map_err(|_| LetterError::WeakKey)
}

fn public(bytes: &[u8; 32]) -> Result<PublicKey, LetterError> {
    PublicKey::from_bytes(bytes).map_err(|_| LetterError::WeakKey)
}

/// Chance that the caller drew: the seed first, which is all that one encapsulation takes, then its digest,
/// and so on, so that nothing is ever given twice.
struct Drawn {
    block: Zeroizing<[u8; 32]>,
    given: usize,
}

impl Drawn {
    fn of(seed: &[u8; 32]) -> Self {
        Self { block: Zeroizing::new(*seed), given: 0 }
    }

    fn byte(&mut self) -> u8 {
        if self.given >= self.block.len() {
            *self.block = Sha256::digest(*self.block).into();
            self.given = 0;
        }
        let byte = self.block.get(self.given).copied().unwrap_or_default();
        self.given = self.given.saturating_add(1);
        byte
    }
}

impl RngCore for Drawn {
    fn next_u32(&mut self) -> u32 {
        u32::from_le_bytes(std::array::from_fn(|_| self.byte()))
    }

    fn next_u64(&mut self) -> u64 {
        u64::from_le_bytes(std::array::from_fn(|_| self.byte()))
    }

    fn fill_bytes(&mut self, dest: &mut [u8]) {
        dest.fill_with(|| self.byte());
    }

    fn try_fill_bytes(&mut self, dest: &mut [u8]) -> Result<(), Error> {
        self.fill_bytes(dest);
        Ok(())
    }
}

impl CryptoRng for Drawn {}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A case of the RFC's appendix.
    pub(in crate::letter) struct Vector {
        pub(in crate::letter) seed: [u8; 32],
        pub(in crate::letter) to: SealSecret,
        pub(in crate::letter) from: Option<SealSecret>,
    }

    impl Vector {
        pub(in crate::letter) fn sealed(&self, info: &[u8], bound: &[u8], plain: &[u8]) -> Vec<u8> {
            let pair = |from: &SealSecret| {
                (private(from.as_bytes()).unwrap(), public(from.public().as_bytes()).unwrap())
            };
            let mode = self.from.as_ref().map_or(OpModeS::Base, |from| OpModeS::Auth(pair(from)));
            let mut plain = plain.to_vec();
            seal_with(&mode, &self.to.public(), info, bound, &mut plain, &self.seed).unwrap()
        }

        pub(in crate::letter) fn opened(&self, info: &[u8], bound: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
            let sender = |from: &SealSecret| public(from.public().as_bytes()).unwrap();
            let mode = self.from.as_ref().map_or(OpModeR::Base, |from| OpModeR::Auth(sender(from)));
            unseal_with(&mode, &self.to, info, bound, sealed).map(|plain| plain.to_vec())
        }
    }
}
