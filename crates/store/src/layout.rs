//! How records lie in the store: keys and values as bytes.
//!
//! A key is the circle's 32 bytes and the record's 32, so that a circle is one range. A value is the
//! envelope's length (4 bytes, big endian), the envelope, one byte that says whether the body is here,
//! and the body.

use record::{CircleId, Record, RecordId};

/// The layout of a folder; a higher number means a later program's folder. In the first one there was no
/// journal; sled's part has not changed since.
pub const VERSION: u32 = 2;
/// The first one.
pub(crate) const WITHOUT_JOURNAL: u32 = 1;

const BODY: u8 = 1;
const NO_BODY: u8 = 0;

pub(crate) fn key(circle: CircleId, id: &RecordId) -> [u8; 64] {
    let mut key = [0; 64];
    key[..32].copy_from_slice(circle.as_bytes());
    key[32..].copy_from_slice(id.as_bytes());
    key
}

pub(crate) fn value(record: &Record) -> Vec<u8> {
    let body = record.body.as_deref().unwrap_or_default();
    let mut bytes = Vec::with_capacity(5 + record.envelope.len() + body.len());
    // Why: an envelope has at most some kilobytes, checked long before.
    let length = u32::try_from(record.envelope.len()).unwrap_or(u32::MAX);
    bytes.extend_from_slice(&length.to_be_bytes());
    bytes.extend_from_slice(&record.envelope);
    bytes.push(if record.body.is_some() { BODY } else { NO_BODY });
    bytes.extend_from_slice(body);
    bytes
}

/// The record in a value; none if the bytes are damaged.
pub(crate) fn record(value: &[u8]) -> Option<Record> {
    let (length, rest) = value.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    let (envelope, rest) = rest.split_at_checked(length)?;
    let (flag, body) = rest.split_first()?;
    let body = match (*flag, body.is_empty()) {
        (BODY, _) => Some(body.to_vec()),
        (NO_BODY, true) => None,
        _ => return None,
    };
    Some(Record { envelope: envelope.to_vec(), body })
}
