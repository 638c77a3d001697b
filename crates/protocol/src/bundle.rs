//! A bundle: the records of a circle in a file, to be carried where no network leads.
//!
//! That of a circle of members is sealed with its read secret, which is not in it.
//!
//! [`BundleWriter`] makes the bytes of one, [`BundleReader`] takes them in pieces of any size. Both hold one frame at a
//! time, so that a bundle of any length costs the same memory. A frame's checksum finds damage, no malice: whoever
//! reads a bundle verifies its records as if a peer had sent them.

use record::{CborError, CircleId, Hash, ReadSecret, Record, Timestamp, Value};

use crate::frame::{FrameError, bytes, decode_array, decode_record, encode_record, list, room_for, text};
use crate::limits::{BUNDLE_RECORDS, BUNDLE_VERSION, FRAME_ROOM, MAX_FRAME};
use crate::sealed;

/// How a bundle begins. Its first byte is in no text, and whatever changes line ends changes the last ones.
pub const BUNDLE_MAGIC: [u8; 8] = *b"\x89CSB\r\n\x1a\n";

/// The bytes before a frame: its length.
const LENGTH: usize = 4;
/// The bytes behind a frame: the first ones of its SHA-256.
const CHECKSUM: usize = 8;
/// For this a nonce is derived.
const NONCE: &str = "commonshelf/bundle-nonce/1";

/// What a bundle says, piece by piece.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BundlePart {
    /// It begins.
    Head {
        /// Whose records these are.
        circle: CircleId,
        /// Of all but control records only what was said since then is in it, if it is not whole.
        since: Option<Timestamp>,
        /// The name of the read secret with which the records are sealed; none in a circle that anyone may read.
        secret: Option<Hash>,
    },
    /// Some records, as they travel; nothing is verified.
    Records(Vec<Record>),
    /// Some records that the read secret opens: see [`Sealed::open`].
    Sealed(Sealed),
    /// Everything that was put in has come out.
    End,
}

/// Records that only members may read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    count: u64,
    text: Vec<u8>,
}

impl Sealed {
    /// The records.
    ///
    /// # Errors
    /// [`BundleError::Unopened`] if they were sealed with another secret, or are others than was said.
    pub fn open(&self, secret: &ReadSecret) -> Result<Vec<Record>, BundleError> {
        let text = sealed::open(&secret.bundle_key(), NONCE, &self.text);
        let records = text.and_then(|text| decode_records(Value::decode_without_maps(&text).ok()?));
        records.filter(|records| records.len() as u64 == self.count).ok_or(BundleError::Unopened)
    }
}

/// Why a file is no bundle, or not whole.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BundleError {
    /// It does not begin as bundles do.
    #[error("this is no bundle")]
    Other,
    /// A version that is not known here wrote it.
    #[error("this bundle has version {0}, and this program knows version {BUNDLE_VERSION}: use a newer one")]
    Version(u64),
    /// It ends before its end.
    #[error("the file ends before the bundle does: it was not copied whole")]
    Torn,
    /// The bytes are others than were written.
    #[error("the file is damaged in byte {0} or soon after it")]
    Damaged(u64),
    /// It is not made as bundles are.
    #[error("the file was not made as bundles are (near byte {0})")]
    Shape(u64),
    /// The read secret that it names does not open what is sealed.
    #[error(
        "what is sealed in the file does not open with the circle's read secret: no node of the circle made it"
    )]
    Unopened,
    /// Fewer or more records came out than were put in.
    #[error("the bundle says that it holds {said} records, and holds {held}")]
    Count {
        /// How many it says.
        said: u64,
        /// How many came out.
        held: u64,
    },
}

/// Makes a bundle, frame by frame.
#[derive(Debug, Clone)]
pub struct BundleWriter {
    secret: Option<ReadSecret>,
    records: Vec<Record>,
    room: usize,
    count: u64,
}

impl BundleWriter {
    /// Begins a bundle, and gives its first bytes. With a read secret, its records are sealed.
    #[must_use]
    pub fn begin(circle: CircleId, since: Option<Timestamp>, secret: Option<ReadSecret>) -> (Self, Vec<u8>) {
        let head = Value::List(vec![
            text("bundle"),
            Value::Uint(BUNDLE_VERSION),
            bytes(circle.as_bytes()),
            since.map_or(Value::Null, |since| Value::Uint(since.millis())),
            secret.as_ref().map_or(Value::Null, |secret| bytes(secret.name().as_bytes())),
        ]);
        let mut out = BUNDLE_MAGIC.to_vec();
        out.extend(framed(&head));
        (Self { secret, records: Vec::new(), room: FRAME_ROOM, count: 0 }, out)
    }

    /// Puts a record in. The founding charter comes first, and control records before all others. Gives the bytes
    /// of a frame when one is full.
    #[must_use]
    pub fn add(&mut self, record: Record) -> Option<Vec<u8>> {
        let room = room_for(&record);
        let full = (room > self.room || self.records.len() >= BUNDLE_RECORDS).then(|| self.flush());
        self.room = self.room.saturating_sub(room);
        self.records.push(record);
        self.count = self.count.saturating_add(1);
        full
    }

    /// Ends it, and gives its last bytes.
    #[must_use]
    pub fn end(mut self) -> Vec<u8> {
        let mut out = if self.records.is_empty() { Vec::new() } else { self.flush() };
        out.extend(framed(&Value::List(vec![text("end"), Value::Uint(self.count)])));
        out
    }

    fn flush(&mut self) -> Vec<u8> {
        self.room = FRAME_ROOM;
        let records = std::mem::take(&mut self.records);
        let listed = list(&records, encode_record);
        let Some(secret) = &self.secret else { return framed(&Value::List(vec![text("records"), listed])) };
        let sealed = sealed::seal(&secret.bundle_key(), NONCE, &listed.encode());
        framed(&Value::List(vec![text("sealed"), Value::Uint(records.len() as u64), Value::Bytes(sealed)]))
    }
}

fn framed(value: &Value) -> Vec<u8> {
    let frame = value.encode();
    let mut out = Vec::with_capacity(LENGTH + frame.len() + CHECKSUM);
    // Why: what goes into a frame is bounded by `FRAME_ROOM`.
    out.extend_from_slice(&u32::try_from(frame.len()).unwrap_or(u32::MAX).to_be_bytes());
    out.extend_from_slice(&frame);
    out.extend_from_slice(&checksum(&frame));
    out
}

fn checksum(frame: &[u8]) -> [u8; CHECKSUM] {
    Hash::of(frame).first()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Magic,
    Head,
    Records,
    End,
}

/// Reads a bundle out of bytes that come in pieces.
#[derive(Debug, Clone)]
pub struct BundleReader {
    waiting: Vec<u8>,
    /// How many of them were read.
    passed: usize,
    /// How many bytes were read in all.
    read: u64,
    stage: Stage,
    /// Whether the head says that records are sealed.
    seals: bool,
    held: u64,
}

impl Default for BundleReader {
    fn default() -> Self {
        Self::new()
    }
}

impl BundleReader {
    /// One that has seen nothing yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { waiting: Vec::new(), passed: 0, read: 0, stage: Stage::Magic, seals: false, held: 0 }
    }

    /// How many records came out, those that are sealed as well.
    #[must_use]
    pub const fn records(&self) -> u64 {
        self.held
    }

    /// How many bytes wait for more.
    #[cfg(test)]
    pub(crate) const fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Takes some bytes. Call [`BundleReader::part`] until it gives nothing before the next ones: then no more
    /// than these bytes and one frame wait.
    pub fn push(&mut self, bytes: &[u8]) {
        // Why here: bytes move once for each piece, not for each of the small frames in it.
        self.waiting.drain(..self.passed);
        self.passed = 0;
        self.waiting.extend_from_slice(bytes);
    }

    fn ahead(&self) -> &[u8] {
        self.waiting.get(self.passed..).unwrap_or_default()
    }

    /// The next part, if all of its bytes are here. After an error there is nothing more to read.
    ///
    /// # Errors
    /// A [`BundleError`] if these are no bundle's bytes.
    pub fn part(&mut self) -> Result<Option<BundlePart>, BundleError> {
        if self.stage == Stage::Magic {
            let here = self.ahead().len().min(BUNDLE_MAGIC.len());
            if !self.ahead().starts_with(&BUNDLE_MAGIC[..here]) {
                return Err(BundleError::Other);
            }
            if here < BUNDLE_MAGIC.len() {
                return Ok(None);
            }
            self.forget(here);
            self.stage = Stage::Head;
        }
        if self.stage == Stage::End {
            // Nothing stands behind the end.
            return if self.ahead().is_empty() { Ok(None) } else { Err(BundleError::Shape(self.read)) };
        }
        let Some(frame) = self.frame()? else { return Ok(None) };
        let at = self.read;
        let part = self.open(&frame).map_err(|error| error.at(at))?;
        self.forget(LENGTH + frame.len() + CHECKSUM);
        Ok(Some(part))
    }

    /// Says whether the bytes that came were all of a bundle.
    ///
    /// # Errors
    /// [`BundleError::Torn`] if there was to be more; [`BundleError::Other`] if there was not even a beginning.
    pub const fn finish(&self) -> Result<(), BundleError> {
        match self.stage {
            Stage::Magic => Err(BundleError::Other),
            Stage::Head | Stage::Records => Err(BundleError::Torn),
            Stage::End => Ok(()),
        }
    }

    /// The next frame without its checksum, if it is here and undamaged.
    fn frame(&self) -> Result<Option<Vec<u8>>, BundleError> {
        let Some((length, rest)) = self.ahead().split_first_chunk::<LENGTH>() else { return Ok(None) };
        let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
        if length > MAX_FRAME {
            return Err(BundleError::Damaged(self.read));
        }
        let Some((frame, rest)) = rest.split_at_checked(length) else { return Ok(None) };
        let Some(sum) = rest.first_chunk::<CHECKSUM>() else { return Ok(None) };
        if *sum != checksum(frame) {
            return Err(BundleError::Damaged(self.read));
        }
        Ok(Some(frame.to_vec()))
    }

    fn open(&mut self, frame: &[u8]) -> Result<BundlePart, Wrong> {
        let Value::List(parts) = Value::decode_without_maps(frame)? else { return Err(Wrong::Shape) };
        let mut parts = parts.into_iter();
        let Some(Value::Text(name)) = parts.next() else { return Err(Wrong::Shape) };
        let fields: Vec<Value> = parts.collect();
        match (self.stage, name.as_str()) {
            (Stage::Head, "bundle") => {
                // The version comes first, so that a later one may have other fields.
                match fields.first() {
                    Some(Value::Uint(BUNDLE_VERSION)) => {}
                    Some(Value::Uint(other)) => return Err(BundleError::Version(*other).into()),
                    Some(_) | None => return Err(Wrong::Shape),
                }
                let [_, circle, since, secret] = <[Value; 4]>::try_from(fields).map_err(|_| Wrong::Shape)?;
                let circle = CircleId::from_bytes(decode_array(&circle).ok_or(Wrong::Shape)?);
                let since = optional(since, |since| {
                    let Value::Uint(millis) = since else { return None };
                    Some(Timestamp::from_millis(millis))
                })?;
                let secret = optional(secret, |name| decode_array(&name).map(Hash::from_bytes))?;
                self.seals = secret.is_some();
                self.stage = Stage::Records;
                Ok(BundlePart::Head { circle, since, secret })
            }
            (Stage::Records, "records") if !self.seals => {
                let [records] = <[Value; 1]>::try_from(fields).map_err(|_| Wrong::Shape)?;
                let records = decode_records(records).ok_or(Wrong::Shape)?;
                self.held = self.held.saturating_add(records.len() as u64);
                Ok(BundlePart::Records(records))
            }
            (Stage::Records, "sealed") if self.seals => {
                let [Value::Uint(count), Value::Bytes(text)] =
                    <[Value; 2]>::try_from(fields).map_err(|_| Wrong::Shape)?
                else {
                    return Err(Wrong::Shape);
                };
                if !(1..=BUNDLE_RECORDS as u64).contains(&count) {
                    return Err(Wrong::Shape);
                }
                self.held = self.held.saturating_add(count);
                Ok(BundlePart::Sealed(Sealed { count, text }))
            }
            (Stage::Records, "end") => {
                let [Value::Uint(said)] = fields[..] else { return Err(Wrong::Shape) };
                if said != self.held {
                    return Err(BundleError::Count { said, held: self.held }.into());
                }
                self.stage = Stage::End;
                Ok(BundlePart::End)
            }
            (Stage::Magic | Stage::Head | Stage::Records | Stage::End, _) => Err(Wrong::Shape),
        }
    }

    fn forget(&mut self, count: usize) {
        self.passed = self.passed.saturating_add(count).min(self.waiting.len());
        self.read = self.read.saturating_add(count as u64);
    }
}

/// What stands in a field that may be null.
fn optional<T>(value: Value, decode: impl FnOnce(Value) -> Option<T>) -> Result<Option<T>, Wrong> {
    if value == Value::Null { Ok(None) } else { decode(value).map(Some).ok_or(Wrong::Shape) }
}

/// Some records; none if there are none, or too many.
fn decode_records(value: Value) -> Option<Vec<Record>> {
    let Value::List(records) = value else { return None };
    let fits = (1..=BUNDLE_RECORDS).contains(&records.len());
    records.into_iter().map(decode_record).collect::<Option<_>>().filter(|_| fits)
}

/// What is wrong with a frame whose checksum holds.
enum Wrong {
    Shape,
    Bundle(BundleError),
}

impl Wrong {
    fn at(self, byte: u64) -> BundleError {
        match self {
            Self::Shape => BundleError::Shape(byte),
            Self::Bundle(error) => error,
        }
    }
}

impl From<CborError> for Wrong {
    fn from(_: CborError) -> Self {
        Self::Shape
    }
}

impl From<FrameError> for Wrong {
    fn from(_: FrameError) -> Self {
        Self::Shape
    }
}

impl From<BundleError> for Wrong {
    fn from(error: BundleError) -> Self {
        Self::Bundle(error)
    }
}
