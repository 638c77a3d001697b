//! DAG-CBOR: one encoding for one value, and a decoder that refuses any other.
//!
//! The rules (RFC 8949 §4.2 and the DAG-CBOR specification): integers and lengths in their shortest
//! form, definite lengths only, text in UTF-8, map keys are texts, sorted by length and then by bytes,
//! each once, nothing after the value. Of what DAG-CBOR knows, records use no floats and no links.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use crate::limits::MAX_DEPTH;

/// A value of canonical bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number from 0 to 2⁶⁴ − 1.
    Uint(u64),
    /// A negative whole number: −1 − the held one.
    Negative(u64),
    /// Bytes.
    Bytes(Vec<u8>),
    /// Text in UTF-8.
    Text(String),
    /// A list.
    List(Vec<Value>),
    /// A map from texts.
    Map(BTreeMap<MapKey, Value>),
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        // −1 − n, for a negative number, is what its bits are turned around.
        u64::try_from(number).map_or(Self::Negative((!number).unsigned_abs()), Self::Uint)
    }
}

/// A key of a map: ordered as DAG-CBOR wants it, the shorter first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MapKey(pub String);

impl Ord for MapKey {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.len().cmp(&other.0.len()).then_with(|| self.0.cmp(&other.0))
    }
}

impl PartialOrd for MapKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Why bytes are not the canonical encoding of a value. All are the writer's fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CborError {
    /// The bytes end within a value.
    #[error("the bytes end too early")]
    Truncated,
    /// Bytes follow the value.
    #[error("bytes follow the value")]
    Trailing,
    /// A number or length is not in its shortest form.
    #[error("a number is not in its shortest form")]
    NotShortest,
    /// Floats, tags, indefinite lengths and other simple values have no place in records.
    #[error("a value of a type that records do not use (initial byte {0:#04x})")]
    Unsupported(u8),
    /// Text that is not UTF-8.
    #[error("text that is not UTF-8")]
    NotUtf8,
    /// A map key that is no text.
    #[error("a map key that is no text")]
    KeyNotText,
    /// Map keys out of order, or one of them twice.
    #[error("map keys that are unsorted or repeated")]
    KeyOrder,
    /// Another type of value than has to be here.
    #[error("a value of another type than belongs here")]
    WrongType,
    /// Maps and lists within each other too deeply.
    #[error("nested deeper than {MAX_DEPTH} levels")]
    TooDeep,
}

impl Value {
    /// Reads the canonical encoding of one value; `bytes` must hold it and nothing more.
    ///
    /// Lengths are checked against what is there before anything is reserved. A map takes some hundred bytes
    /// of memory however small it is, so that the costliest body within the limits takes less than 2 MB.
    ///
    /// # Errors
    /// A [`CborError`] for any bytes that [`Value::encode`] would not write.
    pub fn decode(bytes: &[u8]) -> Result<Self, CborError> {
        let mut reader = Reader::of(bytes);
        let value = reader.value(0)?;
        reader.end()?;
        Ok(value)
    }

    /// The same for a value without maps, such as a frame on the wire: so that a small value costs at most
    /// some fifty times its bytes, of which a frame has many.
    ///
    /// # Errors
    /// A [`CborError`] for any bytes that [`Value::encode`] would not write, and for maps.
    pub fn decode_without_maps(bytes: &[u8]) -> Result<Self, CborError> {
        let mut reader = Reader { maps: false, ..Reader::of(bytes) };
        let value = reader.value(0)?;
        reader.end()?;
        Ok(value)
    }

    /// The canonical bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.write(&mut out);
        out
    }

    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Null => out.push(0xf6),
            Self::Bool(false) => out.push(0xf4),
            Self::Bool(true) => out.push(0xf5),
            Self::Uint(number) => write_head(out, UINT, *number),
            Self::Negative(number) => write_head(out, 1, *number),
            Self::Bytes(bytes) => write_bytes(out, bytes),
            Self::Text(text) => write_text(out, text),
            Self::List(items) => {
                write_head(out, LIST, items.len() as u64);
                for item in items {
                    item.write(out);
                }
            }
            Self::Map(entries) => {
                write_head(out, MAP, entries.len() as u64);
                for (key, value) in entries {
                    write_text(out, &key.0);
                    value.write(out);
                }
            }
        }
    }
}

/// The major type of whole numbers.
pub(crate) const UINT: u8 = 0;
const BYTES: u8 = 2;
const TEXT: u8 = 3;
/// The major type of lists.
pub(crate) const LIST: u8 = 4;
/// The major type of maps.
pub(crate) const MAP: u8 = 5;

pub(crate) fn write_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    write_head(out, BYTES, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

pub(crate) fn write_text(out: &mut Vec<u8>, text: &str) {
    write_head(out, TEXT, text.len() as u64);
    out.extend_from_slice(text.as_bytes());
}

/// Writes a major type and its argument in the shortest form.
pub(crate) fn write_head(out: &mut Vec<u8>, major: u8, argument: u64) {
    let major = major << 5;
    let bytes = argument.to_be_bytes();
    match argument {
        0..=23 => out.push(major | bytes[7]),
        24..=0xff => out.extend_from_slice(&[major | 24, bytes[7]]),
        0x100..=0xffff => {
            out.push(major | 25);
            out.extend_from_slice(&bytes[6..]);
        }
        0x1_0000..=0xffff_ffff => {
            out.push(major | 26);
            out.extend_from_slice(&bytes[4..]);
        }
        _ => {
            out.push(major | 27);
            out.extend_from_slice(&bytes);
        }
    }
}

/// Reads canonical bytes piece by piece: for what has one shape, without a [`Value`] between.
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
    /// Whether there may be maps.
    maps: bool,
}

impl<'a> Reader<'a> {
    pub(crate) const fn of(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, maps: true }
    }

    /// Refuses whatever is left.
    pub(crate) const fn end(&self) -> Result<(), CborError> {
        if self.rest.is_empty() { Ok(()) } else { Err(CborError::Trailing) }
    }

    /// The argument of a value of this major type: its number or its length.
    pub(crate) fn argument(&mut self, major: u8) -> Result<u64, CborError> {
        let (initial, argument) = self.head()?;
        if initial >> 5 == major { Ok(argument) } else { Err(CborError::WrongType) }
    }

    pub(crate) fn bytes(&mut self) -> Result<&'a [u8], CborError> {
        let length = self.argument(BYTES)?;
        self.take(length)
    }

    /// Bytes of a known number.
    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], CborError> {
        self.bytes()?.try_into().map_err(|_| CborError::WrongType)
    }

    pub(crate) fn text(&mut self) -> Result<&'a str, CborError> {
        let length = self.argument(TEXT)?;
        self.utf8(length)
    }

    fn take(&mut self, count: u64) -> Result<&'a [u8], CborError> {
        let count = usize::try_from(count).map_err(|_| CborError::Truncated)?;
        let (taken, rest) = self.rest.split_at_checked(count).ok_or(CborError::Truncated)?;
        self.rest = rest;
        Ok(taken)
    }

    /// The initial byte and the argument behind it.
    fn head(&mut self) -> Result<(u8, u64), CborError> {
        let initial = self.take(1)?[0];
        let extra = match initial & 0x1f {
            small @ 0..=23 => return Ok((initial, small.into())),
            24 => 1,
            25 => 2,
            26 => 4,
            27 => 8,
            _ => return Err(CborError::Unsupported(initial)),
        };
        let argument = self.take(extra)?.iter().fold(0_u64, |sum, byte| (sum << 8) | u64::from(*byte));
        let least = match extra {
            1 => 24,
            2 => 0x100,
            4 => 0x1_0000,
            _ => 0x1_0000_0000,
        };
        if argument < least { Err(CborError::NotShortest) } else { Ok((initial, argument)) }
    }

    fn utf8(&mut self, length: u64) -> Result<&'a str, CborError> {
        std::str::from_utf8(self.take(length)?).map_err(|_| CborError::NotUtf8)
    }

    fn value(&mut self, depth: usize) -> Result<Value, CborError> {
        match self.rest.first() {
            Some(0xf4) => return self.take(1).map(|_| Value::Bool(false)),
            Some(0xf5) => return self.take(1).map(|_| Value::Bool(true)),
            Some(0xf6) => return self.take(1).map(|_| Value::Null),
            Some(other) if *other >= 0xc0 => return Err(CborError::Unsupported(*other)),
            Some(_) | None => {}
        }
        let (initial, argument) = self.head()?;
        match initial >> 5 {
            UINT => Ok(Value::Uint(argument)),
            1 => Ok(Value::Negative(argument)),
            BYTES => Ok(Value::Bytes(self.take(argument)?.to_vec())),
            TEXT => Ok(Value::Text(self.utf8(argument)?.to_owned())),
            LIST => self.list(argument, depth),
            _ if self.maps => self.map(argument, depth),
            _ => Err(CborError::WrongType),
        }
    }

    fn list(&mut self, length: u64, depth: usize) -> Result<Value, CborError> {
        let inner = deeper(depth)?;
        self.room_for(length)?;
        let mut items = Vec::new();
        for _ in 0..length {
            items.push(self.value(inner)?);
        }
        Ok(Value::List(items))
    }

    fn map(&mut self, length: u64, depth: usize) -> Result<Value, CborError> {
        let inner = deeper(depth)?;
        self.room_for(length.saturating_mul(2))?;
        let mut entries = BTreeMap::new();
        for _ in 0..length {
            let (initial, key_length) = self.head()?;
            if initial >> 5 != TEXT {
                return Err(CborError::KeyNotText);
            }
            let key = MapKey(self.utf8(key_length)?.to_owned());
            if entries.last_key_value().is_some_and(|(last, _)| *last >= key) {
                return Err(CborError::KeyOrder);
            }
            let value = self.value(inner)?;
            entries.insert(key, value);
        }
        Ok(Value::Map(entries))
    }

    /// Each item takes a byte at least, so a length beyond what is left is a lie.
    fn room_for(&self, items: u64) -> Result<(), CborError> {
        if items > self.rest.len() as u64 { Err(CborError::Truncated) } else { Ok(()) }
    }
}

fn deeper(depth: usize) -> Result<usize, CborError> {
    if depth >= MAX_DEPTH { Err(CborError::TooDeep) } else { Ok(depth + 1) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::Bool),
            any::<u64>().prop_map(Value::Uint),
            (0_u64..300).prop_map(Value::Uint),
            any::<u64>().prop_map(Value::Negative),
            proptest::collection::vec(any::<u8>(), 0..40).prop_map(Value::Bytes),
            ".{0,20}".prop_map(Value::Text),
        ];
        leaf.prop_recursive(4, 40, 6, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::List),
                proptest::collection::btree_map(".{0,9}".prop_map(MapKey), inner, 0..6).prop_map(Value::Map),
            ]
        })
    }

    proptest! {
        #[test]
        fn decoding_what_was_encoded_gives_the_same_value(value in any_value()) {
            prop_assert_eq!(Value::decode(&value.encode()), Ok(value));
        }

        #[test]
        fn whatever_decodes_has_just_this_encoding(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            if let Ok(value) = Value::decode(&bytes) {
                prop_assert_eq!(value.encode(), bytes);
            }
        }

        #[test]
        fn a_changed_byte_never_decodes_to_the_same_value(value in any_value(), at in any::<prop::sample::Index>(), flip in 1_u8..) {
            let mut bytes = value.encode();
            let at = at.index(bytes.len());
            bytes[at] ^= flip;
            prop_assert_ne!(Value::decode(&bytes), Ok(value));
        }
    }

    #[test]
    fn other_encodings_are_refused_with_their_reason() {
        let cases: &[(&[u8], CborError)] = &[
            (&[], CborError::Truncated),
            (&[0x18, 0x17], CborError::NotShortest),
            (&[0x19, 0x00, 0xff], CborError::NotShortest),
            (&[0x1b, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff], CborError::NotShortest),
            (&[0x00, 0x00], CborError::Trailing),
            (&[0x9f, 0xff], CborError::Unsupported(0x9f)),
            (&[0xbf, 0xff], CborError::Unsupported(0xbf)),
            (&[0x5f, 0xff], CborError::Unsupported(0x5f)),
            (&[0xf9, 0x7e, 0x00], CborError::Unsupported(0xf9)),
            (&[0xfb, 0, 0, 0, 0, 0, 0, 0, 0], CborError::Unsupported(0xfb)),
            (&[0xc2, 0x41, 0x01], CborError::Unsupported(0xc2)),
            (&[0xd8, 0x2a, 0x00], CborError::Unsupported(0xd8)),
            (&[0xf7], CborError::Unsupported(0xf7)),
            (&[0x61, 0xff], CborError::NotUtf8),
            (&[0xa1, 0x01, 0x01], CborError::KeyNotText),
            (&[0xa2, 0x61, b'b', 0, 0x61, b'a', 0], CborError::KeyOrder),
            (&[0xa2, 0x61, b'a', 0, 0x61, b'a', 0], CborError::KeyOrder),
            (&[0xa2, 0x62, b'a', b'a', 0, 0x61, b'b', 0], CborError::KeyOrder),
            (&[0xba, 0xff, 0xff, 0xff, 0xff], CborError::Truncated),
            (&[0x5b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], CborError::Truncated),
        ];
        for (bytes, reason) in cases {
            assert_eq!(Value::decode(bytes), Err(reason.clone()), "{bytes:02x?}");
        }
    }

    #[test]
    fn depth_is_bounded_however_long_the_input() {
        let mut bytes = vec![0x81; 1 << 20];
        bytes.push(0);
        assert_eq!(Value::decode(&bytes), Err(CborError::TooDeep));
        let mut just_fits = vec![0x81; MAX_DEPTH];
        just_fits.push(0);
        assert!(Value::decode(&just_fits).is_ok());
        just_fits.insert(0, 0x81);
        assert_eq!(Value::decode(&just_fits), Err(CborError::TooDeep));
    }
}
