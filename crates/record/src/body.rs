//! What a record says: the body beside its header.

use std::collections::BTreeMap;

use crate::cbor::{CborError, MapKey, Value};
use crate::cell::PlaceError;
use crate::charter::Charter;
use crate::grant::Grant;
use crate::header::Kind;
use crate::keys::KeyError;
use crate::limits::{MAX_BODY, MAX_LIST};
use crate::listing::Listing;
use crate::profile::Profile;

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
    /// What a member offers or needs.
    Listing(Listing),
    /// A kind that this version does not know, carried as it is.
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
            Self::Listing(_) => Some(Kind::listing()),
            Self::Other(_) => None,
        }
    }

    /// Reads the body of a record of this kind.
    ///
    /// # Errors
    /// A [`BodyError`] that says what is wrong with it.
    pub fn decode(kind: &Kind, bytes: &[u8]) -> Result<Self, BodyError> {
        if bytes.len() > MAX_BODY {
            return Err(BodyError::TooLarge(bytes.len()));
        }
        let Value::Map(map) = Value::decode(bytes)? else { return Err(BodyError::NotAMap) };
        match kind.as_str() {
            Kind::CHARTER => Charter::from_map(map).map(Self::Charter),
            Kind::GRANT => Grant::from_map(map).map(Self::Grant),
            Kind::PROFILE => Profile::from_map(map).map(Self::Profile),
            Kind::LISTING => Listing::from_map(map).map(Self::Listing),
            _ => Ok(Self::Other(map)),
        }
    }

    /// The canonical bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let map = match self {
            Self::Charter(charter) => charter.to_map(),
            Self::Grant(grant) => grant.to_map(),
            Self::Profile(profile) => profile.to_map(),
            Self::Listing(listing) => listing.to_map(),
            Self::Other(map) => map.clone(),
        };
        Value::Map(map).encode()
    }
}

/// Takes fields out of a map, or puts them in. What nobody took stays: the unknown fields.
pub(crate) struct Fields(Map);

impl Fields {
    pub(crate) const fn with(map: Map) -> Self {
        Self(map)
    }

    pub(crate) fn into_map(self) -> Map {
        self.0
    }

    pub(crate) fn put(&mut self, name: &str, value: Value) {
        self.0.insert(MapKey(name.to_owned()), value);
    }

    pub(crate) fn put_text(&mut self, name: &str, text: &str) {
        self.put(name, Value::Text(text.to_owned()));
    }

    pub(crate) fn put_text_unless_empty(&mut self, name: &str, text: &str) {
        if !text.is_empty() {
            self.put_text(name, text);
        }
    }

    pub(crate) fn put_uint(&mut self, name: &str, number: u64) {
        self.put(name, Value::Uint(number));
    }

    pub(crate) fn put_texts_unless_empty(&mut self, name: &str, texts: &[String]) {
        if !texts.is_empty() {
            self.put(name, Value::List(texts.iter().cloned().map(Value::Text).collect()));
        }
    }

    pub(crate) fn take(&mut self, name: &str) -> Option<Value> {
        self.0.remove(&MapKey(name.to_owned()))
    }

    pub(crate) fn take_optional_text(&mut self, name: &'static str) -> Result<Option<String>, BodyError> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::Text(text)) => Ok(Some(text)),
            Some(_) => Err(BodyError::WrongType(name)),
        }
    }

    pub(crate) fn take_text(&mut self, name: &'static str) -> Result<String, BodyError> {
        self.take_optional_text(name)?.ok_or(BodyError::Missing(name))
    }

    pub(crate) fn take_optional_uint(&mut self, name: &'static str) -> Result<Option<u64>, BodyError> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::Uint(number)) => Ok(Some(number)),
            Some(_) => Err(BodyError::WrongType(name)),
        }
    }

    pub(crate) fn take_uint(&mut self, name: &'static str) -> Result<u64, BodyError> {
        self.take_optional_uint(name)?.ok_or(BodyError::Missing(name))
    }

    pub(crate) fn take_optional_u32(&mut self, name: &'static str) -> Result<Option<u32>, BodyError> {
        let Some(number) = self.take_optional_uint(name)? else { return Ok(None) };
        let too_much = |_| BodyError::OutOfRange {
            field: name,
            given: number.to_string(),
            least: 0,
            most: u32::MAX.into(),
        };
        u32::try_from(number).map(Some).map_err(too_much)
    }

    pub(crate) fn take_u32(&mut self, name: &'static str) -> Result<u32, BodyError> {
        self.take_optional_u32(name)?.ok_or(BodyError::Missing(name))
    }

    pub(crate) fn take_bytes<const N: usize>(&mut self, name: &'static str) -> Result<[u8; N], BodyError> {
        match self.take(name) {
            None => Err(BodyError::Missing(name)),
            Some(Value::Bytes(bytes)) => bytes.try_into().map_err(|_| BodyError::WrongType(name)),
            Some(_) => Err(BodyError::WrongType(name)),
        }
    }

    /// A list that may be absent, each item read by `read`.
    pub(crate) fn take_list<T>(
        &mut self,
        name: &'static str,
        read: impl Fn(Value) -> Option<T>,
    ) -> Result<Vec<T>, BodyError> {
        match self.take(name) {
            None => Ok(Vec::new()),
            Some(Value::List(items)) if items.len() > MAX_LIST => Err(BodyError::TooMany(name)),
            Some(Value::List(items)) => {
                items.into_iter().map(|item| read(item).ok_or(BodyError::WrongType(name))).collect()
            }
            Some(_) => Err(BodyError::WrongType(name)),
        }
    }

    pub(crate) fn take_texts(&mut self, name: &'static str) -> Result<Vec<String>, BodyError> {
        self.take_list(name, |item| if let Value::Text(text) = item { Some(text) } else { None })
    }
}
