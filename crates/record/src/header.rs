//! The header: what is signed, and all that replication reads.

use std::fmt;

use crate::body::BodyError;
use crate::cbor::{CborError, Value};
use crate::fields::Fields;
use crate::id::{CircleId, Hash, RecordId};
use crate::keys::{KeyError, MemberId, PublicKey};
use crate::limits::{MAX_BODY, MAX_KIND};
use crate::listing::words;
use crate::time::Timestamp;

words! {
    /// How long a record lives, and what it is counted with.
    Class, "class" {
        /// Who may do what: lives on, bounded in number.
        Control = "control",
        /// Listings and the like: 180 days.
        Content = "content",
        /// Sealed letters: 45 days.
        Letter = "letter",
        /// Receipts and checkpoints: 2 years.
        Proof = "proof",
    }
}

impl Class {
    /// How many days a record of this class lives after its revision; `None`: it lives on.
    #[must_use]
    pub const fn life_days(self) -> Option<u64> {
        match self {
            Self::Control => None,
            Self::Content => Some(180),
            Self::Letter => Some(45),
            Self::Proof => Some(730),
        }
    }
}

/// What a record is about: a short lower-case word.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Kind(Box<str>);

impl Kind {
    /// A circle's charter.
    pub const CHARTER: &'static str = "charter";
    /// A key that may sign for a member.
    pub const GRANT: &'static str = "grant";
    /// Who a member is.
    pub const PROFILE: &'static str = "profile";
    /// A member is taken in.
    pub const ADMISSION: &'static str = "admission";
    /// A member is shut out.
    pub const REMOVAL: &'static str = "removal";
    /// A member vouches for somebody.
    pub const VOUCH: &'static str = "vouch";
    /// What a member offers or needs.
    pub const LISTING: &'static str = "listing";
    /// What a shop says for a while.
    pub const NOTICE: &'static str = "notice";
    /// What a member says about a thing.
    pub const COMMENT: &'static str = "comment";
    /// What a circle shall decide.
    pub const PROPOSAL: &'static str = "proposal";
    /// A member's word on a proposal.
    pub const BALLOT: &'static str = "ballot";
    /// A member's share of a common order.
    pub const JOIN: &'static str = "join";
    /// What counted, when a proposal or an order was closed.
    pub const CLOSE: &'static str = "close";
    /// A sealed letter.
    pub const LETTER: &'static str = "letter";
    /// What two members say was given.
    pub const RECEIPT: &'static str = "receipt";
    /// The balance that two members carry forward.
    pub const CHECKPOINT: &'static str = "checkpoint";

    /// A kind from its word: `a`–`z`, `0`–`9` and `-`, a letter first, at most 32 bytes.
    #[must_use]
    pub fn new(word: &str) -> Option<Self> {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let fits = word.len() <= MAX_KIND
            && word.as_bytes().first().is_some_and(u8::is_ascii_lowercase)
            && word.bytes().all(plain);
        fits.then(|| Self(word.into()))
    }

    /// The kind `charter`.
    #[must_use]
    pub fn charter() -> Self {
        Self(Self::CHARTER.into())
    }

    /// The kind `grant`.
    #[must_use]
    pub fn grant() -> Self {
        Self(Self::GRANT.into())
    }

    /// The kind `profile`.
    #[must_use]
    pub fn profile() -> Self {
        Self(Self::PROFILE.into())
    }

    /// The kind `admission`.
    #[must_use]
    pub fn admission() -> Self {
        Self(Self::ADMISSION.into())
    }

    /// The kind `removal`.
    #[must_use]
    pub fn removal() -> Self {
        Self(Self::REMOVAL.into())
    }

    /// The kind `vouch`.
    #[must_use]
    pub fn vouch() -> Self {
        Self(Self::VOUCH.into())
    }

    /// The kind `listing`.
    #[must_use]
    pub fn listing() -> Self {
        Self(Self::LISTING.into())
    }

    /// The kind `notice`.
    #[must_use]
    pub fn notice() -> Self {
        Self(Self::NOTICE.into())
    }

    /// The kind `comment`.
    #[must_use]
    pub fn comment() -> Self {
        Self(Self::COMMENT.into())
    }

    /// The kind `receipt`.
    #[must_use]
    pub fn receipt() -> Self {
        Self(Self::RECEIPT.into())
    }

    /// The kind `checkpoint`.
    #[must_use]
    pub fn checkpoint() -> Self {
        Self(Self::CHECKPOINT.into())
    }

    /// The word.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The class that a known kind belongs to; a record that says otherwise is refused.
    #[must_use]
    pub fn class(&self) -> Option<Class> {
        match self.as_str() {
            Self::CHARTER | Self::GRANT | Self::PROFILE | Self::ADMISSION | Self::REMOVAL | Self::VOUCH => {
                Some(Class::Control)
            }
            Self::LISTING
            | Self::NOTICE
            | Self::COMMENT
            | Self::PROPOSAL
            | Self::BALLOT
            | Self::JOIN
            | Self::CLOSE => Some(Class::Content),
            Self::LETTER => Some(Class::Letter),
            Self::RECEIPT | Self::CHECKPOINT => Some(Class::Proof),
            _ => None,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Which of its author's things a record is about: 16 random bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key([u8; 16]);

impl Key {
    /// A key of these bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// A key that follows from what it is for, so that saying the same thing again meets the same slot.
    #[must_use]
    pub fn derive(purpose: &str, parts: &[&[u8]]) -> Self {
        let hash = Hash::derive(purpose, parts);
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&hash.as_bytes()[..16]);
        Self(bytes)
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&data_encoding::HEXLOWER.encode(&self.0))
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What a newer revision replaces: one thing of one author. A member has the same slot in every
/// circle, so that a thing shown in two circles is one thing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot {
    /// Whose.
    pub author: MemberId,
    /// What sort of record.
    pub kind: Kind,
    /// Which of them.
    pub key: Key,
}

/// The signed part of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// The member who says it.
    pub author: MemberId,
    /// The key that signed it: the author's root for grants, else one that holds a grant.
    pub signer: PublicKey,
    /// The circle in which it is said.
    pub circle: CircleId,
    /// How long it lives.
    pub class: Class,
    /// What it is about.
    pub kind: Kind,
    /// Which of the author's things.
    pub key: Key,
    /// When it was said, strictly rising within its slot.
    pub revision: Timestamp,
    /// The digest of the body's bytes.
    pub body: Hash,
    /// The number of the body's bytes; 0 withdraws the slot for good.
    pub size: u32,
}

/// Why bytes are no header. All are the writer's fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HeaderError {
    /// The bytes are not canonical.
    #[error("the header is not canonical: {0}")]
    Cbor(#[from] CborError),
    /// A field is missing or of another type.
    #[error("the header's fields are wrong: {0}")]
    Field(#[from] BodyError),
    /// A field that no header has.
    #[error("the header has a field that this version does not know")]
    UnknownField,
    /// A key that is none.
    #[error("the header names a bad key: {0}")]
    Key(#[from] KeyError),
    /// The kind is no short lower-case word.
    #[error("the kind is not a short lower-case word")]
    BadKind,
    /// A known kind in a class that is not its own.
    #[error("the kind \"{0}\" does not belong to the class \"{1}\"")]
    WrongClass(Kind, Class),
    /// The body would be too large.
    #[error("the header announces a body of {0} bytes; at most {MAX_BODY} are allowed")]
    BodyTooLarge(u64),
    /// A withdrawal whose digest is not that of no bytes, or a body that is not there.
    #[error("a header without a body must carry the digest of no bytes")]
    BadWithdrawal,
}

impl Header {
    /// The thing that it speaks of.
    #[must_use]
    pub fn slot(&self) -> Slot {
        Slot { author: self.author, kind: self.kind.clone(), key: self.key }
    }

    /// Whether it takes its slot back for good.
    #[must_use]
    pub const fn is_withdrawal(&self) -> bool {
        self.size == 0
    }

    /// When the record ends; `None`: it lives on.
    #[must_use]
    pub fn expires(&self) -> Option<Timestamp> {
        self.class.life_days().map(|days| self.revision.plus_days(days))
    }

    /// The canonical bytes: what is signed and what the id names.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut fields = Fields::with(crate::body::Map::new());
        fields.put("author", Value::Bytes(self.author.as_bytes().to_vec()));
        fields.put("signer", Value::Bytes(self.signer.as_bytes().to_vec()));
        fields.put("circle", Value::Bytes(self.circle.as_bytes().to_vec()));
        fields.put_text("class", self.class.word());
        fields.put_text("kind", self.kind.as_str());
        fields.put("key", Value::Bytes(self.key.as_bytes().to_vec()));
        fields.put_uint("revision", self.revision.millis());
        fields.put("body", Value::Bytes(self.body.as_bytes().to_vec()));
        fields.put_uint("size", self.size.into());
        Value::Map(fields.into_map()).encode()
    }

    /// The record's name.
    #[must_use]
    pub fn id(&self) -> RecordId {
        RecordId::of_header(&self.encode())
    }

    /// Reads a header and checks all that can be checked without a signature.
    ///
    /// # Errors
    /// A [`HeaderError`]; each is the fault of whoever sent it.
    pub fn decode(bytes: &[u8]) -> Result<Self, HeaderError> {
        let Value::Map(map) = Value::decode(bytes)? else { return Err(BodyError::NotAMap.into()) };
        let mut fields = Fields::with(map);
        let author = MemberId::from_bytes(fields.take_bytes("author")?)?;
        let signer = PublicKey::from_bytes(fields.take_bytes("signer")?)?;
        let circle = CircleId::from_bytes(fields.take_bytes("circle")?);
        let class: Class = fields.take_text("class")?.parse()?;
        let kind = Kind::new(&fields.take_text("kind")?).ok_or(HeaderError::BadKind)?;
        let key = Key::from_bytes(fields.take_bytes("key")?);
        let revision = Timestamp::from_millis(fields.take_uint("revision")?);
        let body = Hash::from_bytes(fields.take_bytes("body")?);
        let announced = fields.take_uint("size")?;
        if !fields.into_map().is_empty() {
            return Err(HeaderError::UnknownField);
        }
        let size = match u32::try_from(announced) {
            Ok(size) if size as usize <= MAX_BODY => size,
            Ok(_) | Err(_) => return Err(HeaderError::BodyTooLarge(announced)),
        };
        if kind.class().is_some_and(|own| own != class) {
            return Err(HeaderError::WrongClass(kind, class));
        }
        if (size == 0) != (body == Hash::of(&[])) {
            return Err(HeaderError::BadWithdrawal);
        }
        Ok(Self { author, signer, circle, class, kind, key, revision, body, size })
    }
}
