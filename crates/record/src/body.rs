//! What a record says: the body beside its header.

use std::collections::BTreeMap;

use crate::cbor::{CborError, MapKey, Value};
use crate::cell::PlaceError;
use crate::charter::Charter;
use crate::checkpoint::SignedCheckpoint;
use crate::grant::Grant;
use crate::header::Kind;
use crate::keys::KeyError;
use crate::limits::{MAX_BODY, MAX_LIST};
use crate::listing::Listing;
use crate::membership::{Admission, Removal, Vouch};
use crate::notice::{Comment, Notice};
use crate::profile::Profile;
use crate::receipt::SignedReceipt;

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
    /// What a member offers or needs.
    Listing(Listing),
    /// What a shop says for a while.
    Notice(Notice),
    /// What a member says about a thing.
    Comment(Comment),
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
    /// A list has too many items.
    #[error("the list \"{0}\" has more than {MAX_LIST} items")]
    TooMany(&'static str),
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
            Self::Listing(_) => Some(Kind::listing()),
            Self::Notice(_) => Some(Kind::notice()),
            Self::Comment(_) => Some(Kind::comment()),
            Self::Receipt(_) => Some(Kind::receipt()),
            Self::Checkpoint(_) => Some(Kind::checkpoint()),
            Self::Other(_) => None,
        }
    }

    /// Reads the body of a record of this kind. A word that this version does not know, in a field that
    /// is made of words, makes it [`Body::Other`]: a later version may know it.
    ///
    /// # Errors
    /// A [`BodyError`] that says what is wrong with it.
    pub fn decode(kind: &Kind, bytes: &[u8]) -> Result<Self, BodyError> {
        if bytes.len() > MAX_BODY {
            return Err(BodyError::TooLarge(bytes.len()));
        }
        let Value::Map(map) = Value::decode(bytes)? else { return Err(BodyError::NotAMap) };
        let read = match kind.as_str() {
            Kind::CHARTER => Charter::from_map(map.clone()).map(Self::Charter),
            Kind::GRANT => Grant::from_map(map.clone()).map(Self::Grant),
            Kind::PROFILE => Profile::from_map(map.clone()).map(Self::Profile),
            Kind::ADMISSION => Admission::from_map(map.clone()).map(Self::Admission),
            Kind::REMOVAL => Removal::from_map(map.clone()).map(Self::Removal),
            Kind::VOUCH => Vouch::from_map(map.clone()).map(Self::Vouch),
            Kind::LISTING => Listing::from_map(map.clone()).map(Self::Listing),
            Kind::NOTICE => Notice::from_map(map.clone()).map(Self::Notice),
            Kind::COMMENT => Comment::from_map(map.clone()).map(Self::Comment),
            Kind::RECEIPT => SignedReceipt::from_map(map.clone()).map(Box::new).map(Self::Receipt),
            Kind::CHECKPOINT => SignedCheckpoint::from_map(map.clone()).map(Box::new).map(Self::Checkpoint),
            _ => return Ok(Self::Other(map)),
        };
        match read {
            Err(BodyError::UnknownWord { .. }) => Ok(Self::Other(map)),
            read => read,
        }
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
            Self::Listing(listing) => listing.to_map(),
            Self::Notice(notice) => notice.to_map(),
            Self::Comment(comment) => comment.to_map(),
            Self::Receipt(receipt) => receipt.to_map(),
            Self::Checkpoint(checkpoint) => checkpoint.to_map(),
            Self::Other(map) => map.clone(),
        };
        Value::Map(map).encode()
    }
}
