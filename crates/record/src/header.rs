//! The header: what is signed, and all that replication reads.

use std::borrow::Cow;
use std::fmt;

use crate::body::BodyError;
use crate::cbor::{CborError, MAP, Reader, UINT, Value, write_bytes, write_head, write_text};
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
pub struct Kind(Cow<'static, str>);

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
    /// A circle has a new read secret.
    pub const ROTATION: &'static str = "rotation";
    /// To which key letters to a member are sealed.
    pub const SEAL_KEY: &'static str = "seal-key";
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

    /// All of these.
    const KNOWN: [&'static str; 18] = [
        Self::CHARTER,
        Self::GRANT,
        Self::PROFILE,
        Self::ADMISSION,
        Self::REMOVAL,
        Self::VOUCH,
        Self::ROTATION,
        Self::SEAL_KEY,
        Self::LISTING,
        Self::NOTICE,
        Self::COMMENT,
        Self::PROPOSAL,
        Self::BALLOT,
        Self::JOIN,
        Self::CLOSE,
        Self::LETTER,
        Self::RECEIPT,
        Self::CHECKPOINT,
    ];

    /// A kind from its word: `a`–`z`, `0`–`9` and `-`, a letter first, at most 32 bytes.
    #[must_use]
    pub fn new(word: &str) -> Option<Self> {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let fits = word.len() <= MAX_KIND
            && word.as_bytes().first().is_some_and(u8::is_ascii_lowercase)
            && word.bytes().all(plain);
        // Why: the known ones take no memory of their own.
        let known = Self::KNOWN.into_iter().find(|known| *known == word).map(Cow::Borrowed);
        fits.then(|| Self(known.unwrap_or_else(|| Cow::Owned(word.to_owned()))))
    }

    /// The kind `charter`.
    #[must_use]
    pub const fn charter() -> Self {
        Self(Cow::Borrowed(Self::CHARTER))
    }

    /// The kind `grant`.
    #[must_use]
    pub const fn grant() -> Self {
        Self(Cow::Borrowed(Self::GRANT))
    }

    /// The kind `profile`.
    #[must_use]
    pub const fn profile() -> Self {
        Self(Cow::Borrowed(Self::PROFILE))
    }

    /// The kind `admission`.
    #[must_use]
    pub const fn admission() -> Self {
        Self(Cow::Borrowed(Self::ADMISSION))
    }

    /// The kind `removal`.
    #[must_use]
    pub const fn removal() -> Self {
        Self(Cow::Borrowed(Self::REMOVAL))
    }

    /// The kind `vouch`.
    #[must_use]
    pub const fn vouch() -> Self {
        Self(Cow::Borrowed(Self::VOUCH))
    }

    /// The kind `rotation`.
    #[must_use]
    pub const fn rotation() -> Self {
        Self(Cow::Borrowed(Self::ROTATION))
    }

    /// The kind `seal-key`.
    #[must_use]
    pub const fn seal_key() -> Self {
        Self(Cow::Borrowed(Self::SEAL_KEY))
    }

    /// The kind `listing`.
    #[must_use]
    pub const fn listing() -> Self {
        Self(Cow::Borrowed(Self::LISTING))
    }

    /// The kind `notice`.
    #[must_use]
    pub const fn notice() -> Self {
        Self(Cow::Borrowed(Self::NOTICE))
    }

    /// The kind `comment`.
    #[must_use]
    pub const fn comment() -> Self {
        Self(Cow::Borrowed(Self::COMMENT))
    }

    /// The kind `letter`.
    #[must_use]
    pub const fn letter() -> Self {
        Self(Cow::Borrowed(Self::LETTER))
    }

    /// The kind `receipt`.
    #[must_use]
    pub const fn receipt() -> Self {
        Self(Cow::Borrowed(Self::RECEIPT))
    }

    /// The kind `checkpoint`.
    #[must_use]
    pub const fn checkpoint() -> Self {
        Self(Cow::Borrowed(Self::CHECKPOINT))
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
            Self::CHARTER
            | Self::GRANT
            | Self::PROFILE
            | Self::ADMISSION
            | Self::REMOVAL
            | Self::VOUCH
            | Self::ROTATION
            | Self::SEAL_KEY => Some(Class::Control),
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

/// How many fields a header has.
const FIELDS: u64 = 9;

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
    /// Fewer fields than every header has.
    #[error("the header lacks a field")]
    TooFewFields,
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
        let mut out = Vec::with_capacity(256);
        write_head(&mut out, MAP, FIELDS);
        write_text(&mut out, "key");
        write_bytes(&mut out, self.key.as_bytes());
        write_text(&mut out, "body");
        write_bytes(&mut out, self.body.as_bytes());
        write_text(&mut out, "kind");
        write_text(&mut out, self.kind.as_str());
        write_text(&mut out, "size");
        write_head(&mut out, UINT, self.size.into());
        write_text(&mut out, "class");
        write_text(&mut out, self.class.word());
        write_text(&mut out, "author");
        write_bytes(&mut out, self.author.as_bytes());
        write_text(&mut out, "circle");
        write_bytes(&mut out, self.circle.as_bytes());
        write_text(&mut out, "signer");
        write_bytes(&mut out, self.signer.as_bytes());
        write_text(&mut out, "revision");
        write_head(&mut out, UINT, self.revision.millis());
        out
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
        Self::read(bytes).map_err(|error| match Value::decode(bytes) {
            // What is not canonical at all is told as such, whatever was met first.
            Err(not_canonical) => not_canonical.into(),
            Ok(Value::Map(_)) => error,
            Ok(_) => BodyError::NotAMap.into(),
        })
    }

    fn read(bytes: &[u8]) -> Result<Self, HeaderError> {
        let mut reader = Reader::of(bytes);
        match reader.argument(MAP)? {
            FIELDS => {}
            more if more > FIELDS => return Err(HeaderError::UnknownField),
            _ => return Err(HeaderError::TooFewFields),
        }
        let key = Key::from_bytes(named(&mut reader, "key")?.array()?);
        let body = Hash::from_bytes(named(&mut reader, "body")?.array()?);
        let kind = Kind::new(named(&mut reader, "kind")?.text()?).ok_or(HeaderError::BadKind)?;
        let announced = named(&mut reader, "size")?.argument(UINT)?;
        let class: Class = named(&mut reader, "class")?.text()?.parse()?;
        let author = MemberId::from_bytes(named(&mut reader, "author")?.array()?)?;
        let circle = CircleId::from_bytes(named(&mut reader, "circle")?.array()?);
        let signer = PublicKey::from_bytes(named(&mut reader, "signer")?.array()?)?;
        let revision = Timestamp::from_millis(named(&mut reader, "revision")?.argument(UINT)?);
        reader.end()?;
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

/// The reader behind the name of the field that has to come now: canonical maps have one order.
fn named<'r, 'a>(reader: &'r mut Reader<'a>, name: &'static str) -> Result<&'r mut Reader<'a>, HeaderError> {
    if reader.text()? == name { Ok(reader) } else { Err(BodyError::Missing(name).into()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cbor::MapKey;
    use crate::keys::SecretKey;
    use proptest::prelude::*;

    fn header() -> Header {
        Header {
            author: SecretKey::from_seed(&[1; 32]).public().into(),
            signer: SecretKey::from_seed(&[2; 32]).public(),
            circle: CircleId::from_bytes([3; 32]),
            class: Class::Content,
            kind: Kind::listing(),
            key: Key::from_bytes([4; 16]),
            revision: Timestamp::from_millis(1_790_000_000_000),
            body: Hash::from_bytes([5; 32]),
            size: 300,
        }
    }

    fn fields() -> crate::body::Map {
        let Ok(Value::Map(fields)) = Value::decode(&header().encode()) else { panic!("a map") };
        fields
    }

    #[test]
    fn a_header_survives_its_bytes_and_they_are_a_canonical_map() {
        assert_eq!(Header::decode(&header().encode()), Ok(header()));
        assert_eq!(fields().len() as u64, FIELDS);
        assert_eq!(Value::Map(fields()).encode(), header().encode());
    }

    #[test]
    fn headers_with_other_fields_are_refused() {
        let mut more = fields();
        more.insert(MapKey("zzz".to_owned()), Value::Null);
        assert_eq!(Header::decode(&Value::Map(more).encode()), Err(HeaderError::UnknownField));
        for name in fields().into_keys() {
            let (mut fewer, mut renamed, mut retyped) = (fields(), fields(), fields());
            let value = fewer.remove(&name).unwrap();
            assert_eq!(Header::decode(&Value::Map(fewer).encode()), Err(HeaderError::TooFewFields));
            renamed.remove(&name);
            renamed.insert(MapKey(format!("{}x", name.0)), value);
            assert!(matches!(Header::decode(&Value::Map(renamed).encode()), Err(HeaderError::Field(_))));
            retyped.insert(name, Value::Null);
            assert!(Header::decode(&Value::Map(retyped).encode()).is_err());
        }
    }

    proptest! {
        #[test]
        fn whatever_decodes_has_just_this_encoding(at in any::<prop::sample::Index>(), to: u8, cut in 0_usize..3) {
            let mut bytes = header().encode();
            let at = at.index(bytes.len());
            bytes[at] = to;
            bytes.truncate(bytes.len() - cut);
            if let Ok(header) = Header::decode(&bytes) {
                prop_assert_eq!(header.encode(), bytes);
            }
        }
    }
}
