//! The photos of a listing: the names and sizes of bytes that travel apart from records.

use crate::body::BodyError;
use crate::cbor::Value;
use crate::fields::Fields;
use crate::id::Hash;
use crate::limits::{MAX_ALT, MAX_PHOTO, MAX_PHOTOS, MAX_THUMB};
use crate::listing::{between, line_within};
use crate::text::tidy_line;

/// One photo of a listing: a JPEG, and a small one to show in its place. The bytes are fetched by their hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Photo {
    /// SHA-256 of the photo's bytes.
    pub photo: Hash,
    /// How many bytes it has, 1 to 204,800.
    pub size: u32,
    /// SHA-256 of the thumbnail's bytes.
    pub thumb: Hash,
    /// How many bytes that has, 1 to 12,288.
    pub thumb_size: u32,
    /// What can be seen on it, in one line of at most 120 characters; may be empty.
    pub alt: String,
}

const FIELD: &str = "photos";

impl Photo {
    pub(crate) fn tidied(&self) -> Self {
        Self { alt: tidy_line(&self.alt), ..self.clone() }
    }

    pub(crate) fn check_all(photos: &[Self]) -> Result<(), BodyError> {
        if photos.len() > MAX_PHOTOS {
            return Err(BodyError::TooManyPhotos);
        }
        photos.iter().try_for_each(Self::check)
    }

    fn check(&self) -> Result<(), BodyError> {
        between("size", self.size, 1, MAX_PHOTO)?;
        between("thumb-size", self.thumb_size, 1, MAX_THUMB)?;
        line_within("alt", &self.alt, 0, MAX_ALT)
    }

    pub(crate) fn put_all(photos: &[Self], fields: &mut Fields) {
        if !photos.is_empty() {
            fields.put(FIELD, Value::List(photos.iter().map(Self::to_value).collect()));
        }
    }

    fn to_value(&self) -> Value {
        let mut fields = Fields::with(crate::body::Map::new());
        fields.put("photo", Value::Bytes(self.photo.as_bytes().to_vec()));
        fields.put_uint("size", self.size.into());
        fields.put("thumb", Value::Bytes(self.thumb.as_bytes().to_vec()));
        fields.put_uint("thumb-size", self.thumb_size.into());
        fields.put_text_unless_empty("alt", &self.alt);
        Value::Map(fields.into_map())
    }

    pub(crate) fn take_all(fields: &mut Fields) -> Result<Vec<Self>, BodyError> {
        match fields.take(FIELD) {
            None => Ok(Vec::new()),
            Some(Value::List(items)) if items.len() > MAX_PHOTOS => Err(BodyError::TooManyPhotos),
            Some(Value::List(items)) => items.into_iter().map(Self::from_value).collect(),
            Some(_) => Err(BodyError::WrongType(FIELD)),
        }
    }

    fn from_value(value: Value) -> Result<Self, BodyError> {
        let Value::Map(map) = value else { return Err(BodyError::WrongType(FIELD)) };
        let mut fields = Fields::with(map);
        let photo = Self {
            photo: Hash::from_bytes(fields.take_bytes("photo")?),
            size: fields.take_u32("size")?,
            thumb: Hash::from_bytes(fields.take_bytes("thumb")?),
            thumb_size: fields.take_u32("thumb-size")?,
            alt: fields.take_optional_text("alt")?.unwrap_or_default(),
        };
        fields.nothing_else(FIELD)?;
        Ok(photo)
    }
}
