//! What a record says: the body beside its header.

use std::collections::BTreeMap;
use std::str::FromStr;

use crate::cbor::{CborError, MapKey, Value};
use crate::cell::PlaceError;
use crate::charter::{Charter, ReadPolicy, WritePolicy};
use crate::checkpoint::SignedCheckpoint;
use crate::grant::{Grant, GrantRole};
use crate::header::Kind;
use crate::keys::KeyError;
use crate::letter::{Letter, SealKey};
use crate::limits::{MAX_BODY, MAX_DRAW, MAX_LIST, MAX_PHOTOS, MAX_STANCE};
use crate::listing::{Decide, Language, Listing, Side, Terms};
use crate::membership::{Admission, Removal, Vouch};
use crate::notice::{Comment, Notice};
use crate::profile::Profile;
use crate::receipt::SignedReceipt;
use crate::secret::Rotation;

/// Named fields of a body, in canonical order.
pub type Map = BTreeMap<MapKey, Value>;

/// The body of a record, by its kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// A circle's charter.
    Charter(Charter),
    /// A key that may sign for a member.
    Grant(Grant),
    /// Who a member is.
    Profile(Profile),
    /// A member is taken in.
    Admission(Admission),
    /// A member is shut out.
    Removal(Removal),
    /// A member vouches for somebody.
    Vouch(Vouch),
    /// A circle has a new read secret.
    Rotation(Rotation),
    /// To which key letters to a member are sealed.
    SealKey(SealKey),
    /// What a member offers or needs.
    Listing(Listing),
    /// What a shop says for a while.
    Notice(Notice),
    /// What a member says about a thing.
    Comment(Comment),
    /// A sealed letter.
    Letter(Letter),
    /// What two members say was given.
    Receipt(Box<SignedReceipt>),
    /// The balance that two members carry forward.
    Checkpoint(Box<SignedCheckpoint>),
    /// A kind, or a word in a field, that this version does not know: carried as it is, shown as "other",
    /// and not acted upon.
    Other(Map),
}

/// Why a body cannot be read, or must not be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BodyError {
    /// The bytes are not canonical.
    #[error("the body is not canonical: {0}")]
    Cbor(#[from] CborError),
    /// The body is not a map.
    #[error("the body is not a map of fields")]
    NotAMap,
    /// The body is larger than records may be.
    #[error("the body has {0} bytes; at most {MAX_BODY} fit into a record")]
    TooLarge(usize),
    /// A stance is larger than a letter can hold.
    #[error(
        "this side of the exchange says {0} bytes; at most {MAX_STANCE} fit into a letter: say it shorter"
    )]
    StanceTooLarge(usize),
    /// A field is not there.
    #[error("the field \"{0}\" is missing")]
    Missing(&'static str),
    /// A field holds a value of another type.
    #[error("the field \"{0}\" holds a value of another type")]
    WrongType(&'static str),
    /// A field that needs words has none.
    #[error("the {0} is empty: a word or two are needed")]
    Empty(&'static str),
    /// A text is too long.
    #[error("the {field} has {length} characters; at most {most} fit")]
    TooLong {
        /// Which field.
        field: &'static str,
        /// Its length in characters.
        length: usize,
        /// The most that fit.
        most: usize,
    },
    /// A number is out of its bounds.
    #[error("the {field} is {given}; it goes from {least} to {most}")]
    OutOfRange {
        /// Which field.
        field: &'static str,
        /// What was given.
        given: String,
        /// The least value.
        least: u64,
        /// The greatest value.
        most: u64,
    },
    /// A word that the field does not know.
    #[error("\"{word}\" is no {what} that this version knows")]
    UnknownWord {
        /// Which field.
        what: &'static str,
        /// The word.
        word: String,
    },
    /// A character that nobody sees, or that turns the direction of others.
    #[error("the {0} holds a character that can not be seen")]
    Unseen(&'static str),
    /// A list has too many items.
    #[error("the list \"{0}\" has more than {MAX_LIST} items")]
    TooMany(&'static str),
    /// More photos than a listing may have.
    #[error("more than {MAX_PHOTOS} photos: choose the best ones")]
    TooManyPhotos,
    /// More requests than one draw decides.
    #[error("more than {MAX_DRAW} requests: one draw can not decide among so many")]
    TooManyInDraw,
    /// A draw whose result would not fit beside the words and photos.
    #[error("the words and photos leave too little room for what a draw tells: shorten them by {0} bytes")]
    NoRoomForDraw(usize),
    /// A member twice in one list.
    #[error("the list \"{0}\" names a member twice")]
    Repeated(&'static str),
    /// What goes without saying was said: an empty text or list, or `left` where all are left.
    #[error("the body says what goes without saying: there is one encoding of each value")]
    SecondForm,
    /// A place that cannot be.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// A key that cannot be.
    #[error(transparent)]
    Key(#[from] KeyError),
}

impl Body {
    /// The kind of record that holds this body; unknown for [`Body::Other`].
    #[must_use]
    pub fn kind(&self) -> Option<Kind> {
        match self {
            Self::Charter(_) => Some(Kind::charter()),
            Self::Grant(_) => Some(Kind::grant()),
            Self::Profile(_) => Some(Kind::profile()),
            Self::Admission(_) => Some(Kind::admission()),
            Self::Removal(_) => Some(Kind::removal()),
            Self::Vouch(_) => Some(Kind::vouch()),
            Self::Rotation(_) => Some(Kind::rotation()),
            Self::SealKey(_) => Some(Kind::seal_key()),
            Self::Listing(_) => Some(Kind::listing()),
            Self::Notice(_) => Some(Kind::notice()),
            Self::Comment(_) => Some(Kind::comment()),
            Self::Letter(_) => Some(Kind::letter()),
            Self::Receipt(_) => Some(Kind::receipt()),
            Self::Checkpoint(_) => Some(Kind::checkpoint()),
            Self::Other(_) => None,
        }
    }

    /// Reads the body of a record of this kind. A word that this version does not know, in a field that
    /// is made of words, makes it [`Body::Other`], whatever else it says: a later version may know it.
    ///
    /// # Errors
    /// A [`BodyError`] that says what is wrong with it.
    pub fn decode(kind: &Kind, bytes: &[u8]) -> Result<Self, BodyError> {
        let map = map_of(bytes)?;
        if holds_unknown_word(kind, &map) {
            return Ok(Self::Other(map));
        }
        let read = match kind.as_str() {
            Kind::CHARTER => Self::Charter(Charter::from_map(map)?),
            Kind::GRANT => Self::Grant(Grant::from_map(map)?),
            Kind::PROFILE => Self::Profile(Profile::from_map(map)?),
            Kind::ADMISSION => Self::Admission(Admission::from_map(map)?),
            Kind::REMOVAL => Self::Removal(Removal::from_map(map)?),
            Kind::VOUCH => Self::Vouch(Vouch::from_map(map)?),
            Kind::ROTATION => Self::Rotation(Rotation::from_map(map)?),
            Kind::SEAL_KEY => Self::SealKey(SealKey::from_map(map)?),
            Kind::LISTING => Self::Listing(Listing::from_map(map)?),
            Kind::NOTICE => Self::Notice(Notice::from_map(map)?),
            Kind::COMMENT => Self::Comment(Comment::from_map(map)?),
            Kind::LETTER => Self::Letter(Letter::from_map(map)?),
            Kind::RECEIPT => Self::Receipt(Box::new(SignedReceipt::from_map(map)?)),
            Kind::CHECKPOINT => Self::Checkpoint(Box::new(SignedCheckpoint::from_map(map)?)),
            _ => return Ok(Self::Other(map)),
        };
        if read.encode() == bytes { Ok(read) } else { Err(BodyError::SecondForm) }
    }

    /// The canonical bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let map = match self {
            Self::Charter(charter) => charter.to_map(),
            Self::Grant(grant) => grant.to_map(),
            Self::Profile(profile) => profile.to_map(),
            Self::Admission(admission) => admission.to_map(),
            Self::Removal(removal) => removal.to_map(),
            Self::Vouch(vouch) => vouch.to_map(),
            Self::Rotation(rotation) => rotation.to_map(),
            Self::SealKey(key) => key.to_map(),
            Self::Listing(listing) => listing.to_map(),
            Self::Notice(notice) => notice.to_map(),
            Self::Comment(comment) => comment.to_map(),
            Self::Letter(letter) => letter.to_map(),
            Self::Receipt(receipt) => receipt.to_map(),
            Self::Checkpoint(checkpoint) => checkpoint.to_map(),
            Self::Other(map) => map.clone(),
        };
        Value::Map(map).encode()
    }
}

/// The map that these canonical bytes hold, no larger than a body may be.
pub(crate) fn map_of(bytes: &[u8]) -> Result<Map, BodyError> {
    if bytes.len() > MAX_BODY {
        return Err(BodyError::TooLarge(bytes.len()));
    }
    if let Value::Map(map) = Value::decode(bytes)? { Ok(map) } else { Err(BodyError::NotAMap) }
}

/// Whether a field that is made of words holds one that this version does not know. It is asked before
/// anything else is read, so that the answer does not depend on the order of reading.
fn holds_unknown_word(kind: &Kind, map: &Map) -> bool {
    match kind.as_str() {
        Kind::CHARTER => {
            unknown::<Language>(map, "languages")
                || unknown::<Terms>(map, "forms")
                || unknown::<WritePolicy>(map, "write")
                || unknown::<ReadPolicy>(map, "read")
        }
        Kind::GRANT => unknown::<GrantRole>(map, "role"),
        Kind::PROFILE => unknown::<Language>(map, "languages"),
        Kind::LISTING => {
            unknown::<Side>(map, "side")
                || unknown::<Terms>(map, "terms")
                || unknown::<Language>(map, "language")
                || unknown::<Decide>(map, "decide")
        }
        Kind::NOTICE => unknown::<Language>(map, "language"),
        Kind::RECEIPT => {
            matches!(map.get(&MapKey("receipt".to_owned())), Some(Value::Map(inner)) if unknown::<Terms>(inner, "terms"))
        }
        _ => false,
    }
}

/// Whether a field, or an item of its list, is a text that is no word of this sort.
fn unknown<T: FromStr>(map: &Map, field: &str) -> bool {
    let is_unknown = |value: &Value| matches!(value, Value::Text(word) if word.parse::<T>().is_err());
    match map.get(&MapKey(field.to_owned())) {
        Some(Value::List(items)) => items.iter().any(is_unknown),
        Some(value) => is_unknown(value),
        None => false,
    }
}
