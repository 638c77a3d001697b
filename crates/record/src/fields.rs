//! The named fields of a map: how bodies are read and written.

use crate::body::{BodyError, Map};
use crate::cbor::{MapKey, Value};
use crate::keys::MemberId;
use crate::limits::MAX_LIST;
use crate::time::Timestamp;

/// Takes fields out of a map, or puts them in. What nobody took stays: the unknown fields.
#[derive(Debug)]
pub(crate) struct Fields(Map);

impl Fields {
    pub(crate) const fn with(map: Map) -> Self {
        Self(map)
    }

    pub(crate) fn into_map(self) -> Map {
        // Why: a map from which all was taken still holds the memory of its first node, half a kilobyte.
        if self.0.is_empty() { Map::new() } else { self.0 }
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

    pub(crate) fn take_optional_bytes<const N: usize>(
        &mut self,
        name: &'static str,
    ) -> Result<Option<[u8; N]>, BodyError> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::Bytes(bytes)) => bytes.try_into().map(Some).map_err(|_| BodyError::WrongType(name)),
            Some(_) => Err(BodyError::WrongType(name)),
        }
    }

    pub(crate) fn take_bytes<const N: usize>(&mut self, name: &'static str) -> Result<[u8; N], BodyError> {
        self.take_optional_bytes(name)?.ok_or(BodyError::Missing(name))
    }

    /// Bytes of any length.
    pub(crate) fn take_byte_string(&mut self, name: &'static str) -> Result<Vec<u8>, BodyError> {
        self.take_optional_byte_string(name)?.ok_or(BodyError::Missing(name))
    }

    /// Bytes of any length that may be absent.
    pub(crate) fn take_optional_byte_string(
        &mut self,
        name: &'static str,
    ) -> Result<Option<Vec<u8>>, BodyError> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::Bytes(bytes)) => Ok(Some(bytes)),
            Some(_) => Err(BodyError::WrongType(name)),
        }
    }

    pub(crate) fn take_member(&mut self, name: &'static str) -> Result<MemberId, BodyError> {
        Ok(MemberId::from_bytes(self.take_bytes(name)?)?)
    }

    pub(crate) fn put_time(&mut self, name: &str, time: Option<Timestamp>) {
        if let Some(time) = time {
            self.put_uint(name, time.millis());
        }
    }

    pub(crate) fn take_time(&mut self, name: &'static str) -> Result<Option<Timestamp>, BodyError> {
        Ok(self.take_optional_uint(name)?.map(Timestamp::from_millis))
    }

    /// A flag is `true` or absent: there is one encoding of each value.
    pub(crate) fn put_flag(&mut self, name: &str, flag: bool) {
        if flag {
            self.put(name, Value::Bool(true));
        }
    }

    pub(crate) fn take_flag(&mut self, name: &'static str) -> Result<bool, BodyError> {
        match self.take(name) {
            None => Ok(false),
            Some(Value::Bool(true)) => Ok(true),
            Some(_) => Err(BodyError::WrongType(name)),
        }
    }

    pub(crate) fn take_int(&mut self, name: &'static str) -> Result<i64, BodyError> {
        let number = match self.take(name) {
            None => return Err(BodyError::Missing(name)),
            Some(Value::Uint(number)) => i64::try_from(number).ok(),
            Some(Value::Negative(number)) => i64::try_from(number).ok().map(|number| -1 - number),
            Some(_) => None,
        };
        number.ok_or(BodyError::WrongType(name))
    }

    /// The fields of a map within the map.
    pub(crate) fn take_map(&mut self, name: &'static str) -> Result<Option<Self>, BodyError> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::Map(map)) => Ok(Some(Self(map))),
            Some(_) => Err(BodyError::WrongType(name)),
        }
    }

    /// Refuses fields that nobody took, where none may be unknown.
    pub(crate) fn nothing_else(&self, name: &'static str) -> Result<(), BodyError> {
        if self.0.is_empty() { Ok(()) } else { Err(BodyError::WrongType(name)) }
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
