//! Letters: sealed records that only their recipients read.
//!
//! A [`Letter`] is the body of a record; who is written to stands nowhere in the clear. The record's author
//! carries it and need not be who wrote it. Inside is a [`Content`], mostly a stance, with a proof of who
//! wrote it that convinces its recipient and nobody else: the recipient could have made it.
//!
//! Sealing is HPKE (RFC 9180) with DHKEM(X25519, HKDF-SHA256), HKDF-SHA256 and ChaCha20-Poly1305. A member's
//! [`SealKey`] says to which key one seals; a node opens with its [`Mailboxes`].

mod content;
mod keyring;
mod keys;
mod seal_key;
mod suite;
#[cfg(test)]
mod tests;

pub use content::{Content, Copied, Inside};
pub use keyring::{KEEP_OLD_DAYS, Keyring, Mailboxes, Opened};
pub use keys::{SealPublic, SealSecret};
pub use seal_key::SealKey;

use crate::body::{BodyError, Map};
use crate::cbor::Value;
use crate::fields::Fields;
use crate::header::{Header, Key};
use crate::id::{CircleId, Hash};
use crate::keys::MemberId;
use crate::limits::{LETTER_SIZES, MAX_HINT_BITS};
use crate::listing::between;
use crate::seal::SealError;
use crate::time::Timestamp;
use suite::{AuthTag, OVERHEAD};

/// How many bytes stand before what is said: the sender's proof, and how long it is.
const FRAME: usize = OVERHEAD + 2;

/// A sealed letter: the body of a record of kind `letter`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// How many bits of hint there are, 0 to 16: see [`Letter::hint_bits`].
    pub bits: u8,
    /// Of the recipient's seal key, so that most of a circle need not try to open it: see
    /// [`SealPublic::hint`]. Below 2^bits.
    pub hint: u32,
    /// The encapsulated key (32 bytes), then the ciphertext and its tag: one of three lengths.
    pub sealed: Vec<u8>,
}

/// What a letter is bound to of the record that carries it: in another one it does not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outer {
    /// Whose record it is: who carries the letter.
    pub author: MemberId,
    /// In which circle.
    pub circle: CircleId,
    /// Under which key.
    pub key: Key,
    /// When.
    pub revision: Timestamp,
}

/// Why a letter cannot be sealed, or why one that opened is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LetterError {
    /// More than the largest letter holds.
    #[error("the letter has {0} bytes; at most {most} fit: use fewer words", most = Letter::MOST)]
    TooLong(usize),
    /// A seal key with which nothing can be kept secret.
    #[error("the seal key is one of the few weak ones: ask its member to turn it")]
    WeakKey,
    /// What stands between the content and the end of a letter is not zeros, or its length is wrong.
    #[error("the letter is not padded as letters are")]
    Padding,
    /// The content can not be read.
    #[error("the letter's content can not be read: {0}")]
    Content(#[from] BodyError),
    /// Who wrote it has no seal key of this epoch that is known here; it may come yet.
    #[error("the seal key {epoch} of the letter's sender is not known here: keep it and try again later")]
    UnknownSender {
        /// Who is said to have written it.
        from: MemberId,
        /// The epoch of the sender's seal key.
        epoch: u32,
    },
    /// The letter was not written by who it says.
    #[error("the letter was not written by the member that it names")]
    Forged,
    /// A letter to somebody else, sealed anew for somebody here.
    #[error("the letter is for another member")]
    OtherMember,
    /// The stance inside belongs to another circle than the record.
    #[error("the letter speaks of another circle than the one that it came in")]
    OtherCircle,
    /// A stance that binds, and that nobody signed.
    #[error("what the letter says binds its author, who did not sign it: ask for a letter that is signed")]
    Unsigned,
    /// The signature of the stance inside does not hold.
    #[error("the signature in the letter does not hold: {0}")]
    Seal(#[from] SealError),
}

impl LetterError {
    /// Whether the same letter may be good later, when more of the circle is known.
    #[must_use]
    pub const fn may_pass(&self) -> bool {
        matches!(self, Self::UnknownSender { .. })
    }
}

impl Letter {
    /// The most bytes of content that a letter holds.
    pub const MOST: usize = LETTER_SIZES[2] - FRAME;

    /// How many bits of hint a letter in a circle of so many members has: ⌊log2(members ÷ 16)⌋, so that some
    /// sixteen members or more share each hint; at most 16.
    #[must_use]
    pub const fn hint_bits(members: u64) -> u8 {
        match (members / 16).checked_ilog2() {
            None => 0,
            Some(bits) if bits < MAX_HINT_BITS as u32 => bits as u8,
            Some(_) => MAX_HINT_BITS,
        }
    }

    /// Seals a content to a recipient, for the record that will carry it.
    ///
    /// `from` is the sender's secret: of the member that [`Content::from`] names, or of the node that hosts
    /// it. `seed` is 32 bytes of chance, never used for anything else. A copy for oneself is sealed to one's
    /// own key.
    ///
    /// # Errors
    /// [`LetterError::TooLong`] or [`LetterError::WeakKey`], and what [`Mailboxes::open`] would not believe.
    pub fn seal(
        inside: &Inside,
        to: &SealPublic,
        from: &SealSecret,
        outer: Outer,
        members: u64,
        seed: &[u8; 32],
    ) -> Result<Self, LetterError> {
        inside.check(outer)?;
        let bits = Self::hint_bits(members);
        let hint = to.hint(bits);
        let bound = outer.bound(bits, hint);
        let said = inside.encode(from.epoch());
        let part = |purpose| zeroize::Zeroizing::new(*Hash::derive(purpose, &[seed]).as_bytes());
        let auth_seed = part("commonshelf/letter-auth-seed/1");
        let auth = suite::authenticate(to, from, &covered(&bound, &said), &auth_seed)?;
        let mut plain = framed(&auth, &said)?;
        let sealed = suite::seal(to, &bound, &mut plain, &part("commonshelf/letter-seal-seed/1"))?;
        Ok(Self { bits, hint, sealed })
    }

    /// What [`Letter::seal`] sealed with this secret, without looking at it; `None` if it was not for it, or
    /// is not in the record that it was sealed for.
    fn unseal(&self, outer: Outer, secret: &SealSecret) -> Option<zeroize::Zeroizing<Vec<u8>>> {
        suite::unseal(secret, &outer.bound(self.bits, self.hint), &self.sealed)
    }

    pub(crate) fn to_map(&self) -> Map {
        let mut fields = Fields::with(Map::new());
        fields.put_uint("bits", self.bits.into());
        fields.put_uint("hint", self.hint.into());
        fields.put("sealed", Value::Bytes(self.sealed.clone()));
        fields.into_map()
    }

    pub(crate) fn from_map(map: Map) -> Result<Self, BodyError> {
        let mut fields = Fields::with(map);
        let bits = fields.take_u32("bits")?;
        between("bits", bits, 0, MAX_HINT_BITS.into())?;
        let hint = fields.take_u32("hint")?;
        between("hint", hint, 0, u32::MAX.checked_shr(32 - bits).unwrap_or(0))?;
        let sealed = fields.take_byte_string("sealed")?;
        // Why: a letter of any other length would be told from the rest.
        if !LETTER_SIZES.iter().any(|size| sealed.len() == size + OVERHEAD) {
            return Err(BodyError::WrongType("sealed"));
        }
        fields.nothing_else("letter")?;
        // It is at most 16.
        Ok(Self { bits: u8::try_from(bits).unwrap_or(MAX_HINT_BITS), hint, sealed })
    }
}

impl Outer {
    /// What a letter in the record with this header is bound to.
    #[must_use]
    pub const fn of(header: &Header) -> Self {
        Self { author: header.author, circle: header.circle, key: header.key, revision: header.revision }
    }

    /// The bytes that the seal covers besides the content.
    fn bound(&self, bits: u8, hint: u32) -> Vec<u8> {
        let bytes = |bytes: &[u8]| Value::Bytes(bytes.to_vec());
        Value::List(vec![
            bytes(self.author.as_bytes()),
            bytes(self.circle.as_bytes()),
            bytes(self.key.as_bytes()),
            Value::Uint(self.revision.millis()),
            Value::Uint(bits.into()),
            Value::Uint(hint.into()),
        ])
        .encode()
    }
}

/// What the sender's proof covers: the record around, then all that is said.
fn covered(bound: &[u8], said: &[u8]) -> Vec<u8> {
    [bound, said].concat()
}

/// The sender's proof, the length of what is said in two bytes, what is said, and zeros up to the next size
/// of letters.
fn framed(auth: &AuthTag, said: &[u8]) -> Result<zeroize::Zeroizing<Vec<u8>>, LetterError> {
    let too_long = || LetterError::TooLong(said.len());
    let length = u16::try_from(said.len()).map_err(|_| too_long())?;
    let fits = |size: &usize| said.len() <= size.saturating_sub(FRAME);
    let size = LETTER_SIZES.into_iter().find(fits).ok_or_else(too_long)?;
    let mut plain = Vec::with_capacity(size);
    plain.extend_from_slice(auth.as_bytes());
    plain.extend_from_slice(&length.to_be_bytes());
    plain.extend_from_slice(said);
    plain.resize(size, 0);
    Ok(zeroize::Zeroizing::new(plain))
}

/// The sender's proof and what is said.
fn unframed(plain: &[u8]) -> Result<(AuthTag, &[u8]), LetterError> {
    let (auth, rest) = plain.split_first_chunk().ok_or(LetterError::Padding)?;
    let (length, rest) = rest.split_first_chunk().ok_or(LetterError::Padding)?;
    let length = usize::from(u16::from_be_bytes(*length));
    let (said, padding) = rest.split_at_checked(length).ok_or(LetterError::Padding)?;
    if padding.iter().any(|byte| *byte != 0) {
        return Err(LetterError::Padding);
    }
    Ok((AuthTag::from_bytes(*auth), said))
}

/// Opens what came out of a letter's seal: who wrote it is checked with the seal key that `known` gives for a
/// member and an epoch, and that the stance inside belongs here.
fn read(
    letter: &Letter,
    outer: Outer,
    secret: &SealSecret,
    plain: &[u8],
    known: &impl Fn(MemberId, u32) -> Option<SealPublic>,
) -> Result<(Inside, u32), LetterError> {
    let (auth, said) = unframed(plain)?;
    let (inside, epoch) = Inside::decode(said)?;
    let from = inside.content.from();
    let sender = known(from, epoch).ok_or(LetterError::UnknownSender { from, epoch })?;
    let covered = covered(&outer.bound(letter.bits, letter.hint), said);
    if !suite::is_authentic(secret, &sender, &covered, &auth) {
        return Err(LetterError::Forged);
    }
    inside.check(outer)?;
    Ok((inside, epoch))
}
