//! A backup: all that a node has, as one stream, for whoever restores it on another machine. It holds the node's
//! secrets: whoever keeps it encrypts it.
//!
//! [`BACKUP_MAGIC`], then frames: a length (4 bytes, big endian) and a list in CBOR that begins with its sort:
//! `backup` (version, when it was made), `file` (name, bytes), `note` (name, bytes), `circle` (id), `record` (circle,
//! envelope, body or null), `photo` (bytes), and at last `end` (how many frames came before it). What comes later
//! counts: keys and notes stand at the beginning, for a file that was torn, and again where they are of the same
//! moment as the last of the records.

use std::collections::BTreeSet;

use protocol::limits::{MAX_BLOB, WINDOW};
use record::{CircleId, Hash, Record, RecordId, Value};

use crate::clock::CLOCK;
use crate::error::NodeError;
use crate::handle::Handle;
use crate::known::KNOWN;
use crate::service::{PEERS, Service};
use crate::tokens::{GIVEN, HELD};
use crate::{announced, exchanges, identity, private, sealing, secrets};

/// How a backup begins.
pub const BACKUP_MAGIC: [u8; 8] = *b"\x89CSN\r\n\x1a\n";
const VERSION: u64 = 1;
/// The bytes before a frame.
const LENGTH: usize = 4;
/// The longest frame: a photo.
const MAX_FRAME: usize = MAX_BLOB as usize + 1024;
/// The notes that go along. Whose circles were heard since a restore is another machine's matter.
pub(crate) fn notes() -> impl Iterator<Item = String> {
    let single = [PEERS, KNOWN, CLOCK, GIVEN, HELD].into_iter().map(str::to_owned);
    single.chain(private::notes()).chain(announced::notes()).chain(exchanges::notes())
}

/// The files that go along.
pub(crate) fn files() -> impl Iterator<Item = &'static str> {
    identity::FILES.into_iter().chain([secrets::FILE, sealing::FILE])
}

/// One frame of a backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Part {
    /// When it was made: Unix milliseconds.
    Head(u64),
    File(String, Vec<u8>),
    Note(String, Vec<u8>),
    Circle(CircleId),
    Record(CircleId, Record),
    Photo(Vec<u8>),
    /// So many frames came before.
    End(u64),
}

/// Why bytes are no backup, or not a whole one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BackupError {
    /// They do not begin as backups do.
    #[error(
        "this is no backup of a node: `export --all` makes one, and what `key backup` made is for `key restore`"
    )]
    Other,
    /// A version that is not known here wrote it.
    #[error("this backup has version {0}, and this program knows version {VERSION}: use a newer one")]
    Version(u64),
    /// It ends before its end, or in the middle of it bytes can not be read.
    #[error("the file is damaged, or was not copied whole")]
    Torn,
    /// It is not made as backups are.
    #[error("the file was not made as backups are")]
    Shape,
}

fn bytes(bytes: &[u8]) -> Value {
    Value::Bytes(bytes.to_vec())
}

impl Part {
    fn encode(&self) -> Vec<u8> {
        let (sort, mut fields) = match self {
            Self::Head(made) => ("backup", vec![Value::Uint(VERSION), Value::Uint(*made)]),
            Self::File(name, content) => ("file", vec![Value::Text(name.clone()), bytes(content)]),
            Self::Note(name, content) => ("note", vec![Value::Text(name.clone()), bytes(content)]),
            Self::Circle(circle) => ("circle", vec![bytes(circle.as_bytes())]),
            Self::Record(circle, record) => {
                let body = record.body.as_deref().map_or(Value::Null, bytes);
                ("record", vec![bytes(circle.as_bytes()), bytes(&record.envelope), body])
            }
            Self::Photo(photo) => ("photo", vec![bytes(photo)]),
            Self::End(count) => ("end", vec![Value::Uint(*count)]),
        };
        fields.insert(0, Value::Text(sort.to_owned()));
        Value::List(fields).encode()
    }

    fn decode(frame: &[u8]) -> Result<Self, BackupError> {
        let Ok(Value::List(fields)) = Value::decode_without_maps(frame) else {
            return Err(BackupError::Shape);
        };
        let mut fields = fields.into_iter();
        let Some(Value::Text(sort)) = fields.next() else { return Err(BackupError::Shape) };
        let fields = [fields.next(), fields.next(), fields.next(), fields.next()];
        let circle = |id: Vec<u8>| {
            let id = id.as_slice().try_into().map_err(|_| BackupError::Shape)?;
            Ok(CircleId::from_bytes(id))
        };
        Ok(match (sort.as_str(), fields) {
            // The version comes first, so that a later one may have other fields.
            ("backup", [Some(Value::Uint(version)), ..]) if version != VERSION => {
                return Err(BackupError::Version(version));
            }
            ("backup", [_, Some(Value::Uint(made)), None, None]) => Self::Head(made),
            ("file", [Some(Value::Text(name)), Some(Value::Bytes(content)), None, None]) => {
                Self::File(name, content)
            }
            ("note", [Some(Value::Text(name)), Some(Value::Bytes(content)), None, None]) => {
                Self::Note(name, content)
            }
            ("circle", [Some(Value::Bytes(id)), None, None, None]) => Self::Circle(circle(id)?),
            ("record", [Some(Value::Bytes(id)), Some(Value::Bytes(envelope)), Some(body), None]) => {
                let body = match body {
                    Value::Bytes(body) => Some(body),
                    Value::Null => None,
                    Value::Bool(_)
                    | Value::Uint(_)
                    | Value::Negative(_)
                    | Value::Text(_)
                    | Value::List(_)
                    | Value::Map(_) => return Err(BackupError::Shape),
                };
                Self::Record(circle(id)?, Record { envelope, body })
            }
            ("photo", [Some(Value::Bytes(photo)), None, None, None]) => Self::Photo(photo),
            ("end", [Some(Value::Uint(count)), None, None, None]) => Self::End(count),
            _ => return Err(BackupError::Shape),
        })
    }
}

/// Reads a backup out of bytes that come in pieces.
#[derive(Debug, Clone, Default)]
pub struct BackupReader {
    waiting: Vec<u8>,
    passed: usize,
    /// How many frames came; none before the beginning was seen.
    frames: Option<u64>,
    ended: bool,
    records: u64,
    photos: u64,
}

impl BackupReader {
    /// How many records came.
    #[must_use]
    pub const fn records(&self) -> u64 {
        self.records
    }

    /// How many photos and thumbnails came.
    #[must_use]
    pub const fn photos(&self) -> u64 {
        self.photos
    }

    /// Looks at some bytes of a backup that somebody else keeps.
    ///
    /// # Errors
    /// If it is none.
    pub fn see(&mut self, bytes: &[u8]) -> Result<(), BackupError> {
        self.push(bytes);
        while self.part()?.is_some() {}
        Ok(())
    }

    /// Says whether the bytes that came were all of a backup.
    ///
    /// # Errors
    /// [`BackupError::Torn`] if there was to be more.
    pub const fn finish(&self) -> Result<(), BackupError> {
        if self.ended { Ok(()) } else { Err(BackupError::Torn) }
    }

    /// Takes some bytes. No more than these and a frame wait, if [`BackupReader::part`] is called until it gives
    /// nothing.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.waiting.drain(..self.passed);
        self.passed = 0;
        self.waiting.extend_from_slice(bytes);
    }

    /// The next part, if all of its bytes are here.
    pub(crate) fn part(&mut self) -> Result<Option<Part>, BackupError> {
        let ahead = self.waiting.get(self.passed..).unwrap_or_default();
        let Some(before) = self.frames else {
            let here = ahead.len().min(BACKUP_MAGIC.len());
            if ahead[..here] != BACKUP_MAGIC[..here] {
                return Err(BackupError::Other);
            }
            if here < BACKUP_MAGIC.len() {
                return Ok(None);
            }
            self.passed = self.passed.saturating_add(here);
            self.frames = Some(0);
            return self.part();
        };
        if self.ended {
            // Nothing stands behind the end.
            return if ahead.is_empty() { Ok(None) } else { Err(BackupError::Shape) };
        }
        let Some((length, rest)) = ahead.split_first_chunk::<LENGTH>() else { return Ok(None) };
        let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
        if length > MAX_FRAME {
            return Err(BackupError::Shape);
        }
        let Some(frame) = rest.get(..length) else { return Ok(None) };
        let part = Part::decode(frame)?;
        self.passed = self.passed.saturating_add(LENGTH).saturating_add(length);
        match &part {
            Part::Head(_) if before == 0 => {}
            Part::End(said) if before > 0 && *said == before => self.ended = true,
            Part::Head(_) | Part::End(_) => return Err(BackupError::Shape),
            Part::File(..) | Part::Note(..) | Part::Circle(_) | Part::Record(..) | Part::Photo(_)
                if before == 0 =>
            {
                return Err(BackupError::Shape);
            }
            Part::File(..) | Part::Note(..) | Part::Circle(_) => {}
            Part::Record(..) => self.records = self.records.saturating_add(1),
            Part::Photo(_) => self.photos = self.photos.saturating_add(1),
        }
        self.frames = Some(before.saturating_add(1));
        Ok(Some(part))
    }
}

/// A record, and in which circle.
type Place = (CircleId, RecordId);

/// Frames that are ready to go.
#[derive(Debug, Default)]
pub(crate) struct Frames {
    bytes: Vec<u8>,
    count: u64,
}

impl Frames {
    /// Those of a backup that is made at this moment, in Unix milliseconds.
    pub(crate) fn begin(made: u64) -> Self {
        let mut frames = Self { bytes: BACKUP_MAGIC.to_vec(), count: 0 };
        frames.push(&Part::Head(made));
        frames
    }

    pub(crate) fn push(&mut self, part: &Part) {
        let frame = part.encode();
        // Why: what goes into a frame is a photo at most.
        let length = u32::try_from(frame.len()).unwrap_or(u32::MAX);
        self.bytes.extend_from_slice(&length.to_be_bytes());
        self.bytes.extend_from_slice(&frame);
        self.count = self.count.saturating_add(1);
    }

    /// The bytes so far.
    pub(crate) fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.bytes)
    }
}

/// A backup that is being made, while the node runs and writes. What it holds is the state at one moment, when all
/// but the last records had been copied: to what was copied before, what was written since is added.
pub struct OutgoingBackup {
    handle: Handle,
    frames: Frames,
    /// Records that are to be copied.
    ahead: Vec<Place>,
    copied: BTreeSet<Place>,
    /// Photos that are to be copied, once the records are.
    photos: Option<Vec<Hash>>,
    ended: bool,
}

impl Handle {
    /// Begins a backup of all that this node has, its secrets as well. It is for the owner alone.
    ///
    /// # Errors
    /// If something can not be read.
    pub async fn backup(&self) -> Result<OutgoingBackup, NodeError> {
        let made = self.now();
        let frames = self.on_node(move |service| {
            let mut frames = Frames::begin(made);
            service.copy_small(&mut frames)?;
            Ok(frames)
        });
        let (ahead, copied) = (Vec::new(), BTreeSet::new());
        Ok(OutgoingBackup {
            handle: self.clone(),
            frames: frames.await?,
            ahead,
            copied,
            photos: None,
            ended: false,
        })
    }
}

impl OutgoingBackup {
    /// The next bytes; none after the last ones.
    ///
    /// # Errors
    /// If something can not be read; the backup is not whole then.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, NodeError> {
        while self.frames.bytes.is_empty() && !self.ended {
            match &mut self.photos {
                None => self.copy_records().await?,
                Some(photos) => match photos.pop() {
                    Some(hash) => {
                        // One that has gone meanwhile is in no listing any more.
                        let photo = self.handle.photo_file(hash).await?;
                        photo.into_iter().for_each(|photo| self.frames.push(&Part::Photo(photo)));
                    }
                    None => {
                        self.frames.push(&Part::End(self.frames.count));
                        self.ended = true;
                    }
                },
            }
        }
        let ready = self.frames.take();
        Ok((!ready.is_empty()).then_some(ready))
    }

    async fn copy_records(&mut self) -> Result<(), NodeError> {
        let (mut frames, mut ahead, mut copied) = (
            std::mem::take(&mut self.frames),
            std::mem::take(&mut self.ahead),
            std::mem::take(&mut self.copied),
        );
        let job = self.handle.on_node(move |service| {
            if ahead.is_empty() {
                ahead = service.uncopied(&copied);
            }
            // The last ones, and all that is small, are of one moment.
            let last = ahead.len() <= WINDOW;
            let window = ahead.split_off(ahead.len().saturating_sub(WINDOW));
            // A circle that was founded meanwhile is told before what is in it.
            let circles: BTreeSet<CircleId> = window.iter().map(|(circle, _)| *circle).collect();
            circles.into_iter().for_each(|circle| frames.push(&Part::Circle(circle)));
            for (circle, id) in &window {
                // One that has gone meanwhile was replaced by something newer, which comes later.
                if let Some(record) = service.protocol.record(*circle, id)? {
                    frames.push(&Part::Record(*circle, record.to_record()));
                }
            }
            copied.extend(window);
            let last = last && service.uncopied(&copied).is_empty();
            if last {
                service.copy_small(&mut frames)?;
            }
            let photos = last.then(|| service.photos.files.all().into_iter().map(|blob| blob.hash).collect());
            Ok((frames, ahead, copied, photos))
        });
        (self.frames, self.ahead, self.copied, self.photos) = job.await?;
        Ok(())
    }
}

impl Service {
    /// What is small and changes now and then: keys, secrets, notes, which circles there are.
    fn copy_small(&mut self, frames: &mut Frames) -> Result<(), NodeError> {
        for name in files() {
            if let Some(text) = self.folder.read(name)? {
                frames.push(&Part::File(name.to_owned(), text.into_bytes()));
            }
        }
        for name in notes() {
            if let Some(note) = self.protocol.store().meta(&name)? {
                frames.push(&Part::Note(name, note));
            }
        }
        self.protocol.store().circles()?.into_iter().for_each(|circle| frames.push(&Part::Circle(circle)));
        Ok(())
    }

    fn uncopied(&self, copied: &BTreeSet<Place>) -> Vec<Place> {
        let all = self.protocol.circles().flat_map(|circle| {
            let name = circle.circle();
            circle.iter().map(move |held| (name, held.id()))
        });
        all.filter(|place| !copied.contains(place)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole() -> Vec<u8> {
        let circle = CircleId::from_bytes([7; 32]);
        let mut frames = Frames::begin(5);
        for part in [
            Part::File("node.key".into(), vec![1; 64]),
            Part::Note("peers".into(), b"[]".to_vec()),
            Part::Circle(circle),
            Part::Record(circle, Record { envelope: vec![2; 300], body: Some(vec![3; 200]) }),
            Part::Record(circle, Record { envelope: vec![2; 300], body: None }),
            Part::Photo(vec![4; 100_000]),
            Part::End(7),
        ] {
            frames.push(&part);
        }
        frames.take()
    }

    #[test]
    fn a_backup_is_read_in_pieces_of_any_size() {
        let whole = whole();
        let mut parts = Vec::new();
        for size in [1, 7, 5_000, whole.len()] {
            let (mut reader, mut read) = (BackupReader::default(), Vec::new());
            for piece in whole.chunks(size) {
                reader.push(piece);
                while let Some(part) = reader.part().unwrap() {
                    read.push(part);
                }
            }
            assert_eq!((reader.finish(), reader.records(), reader.photos()), (Ok(()), 2, 1));
            parts.push(read);
        }
        assert!(parts[0].len() == 8 && parts.iter().all(|read| *read == parts[0]));
    }

    #[test]
    fn what_is_torn_or_no_backup_is_told() {
        let whole = whole();
        for length in (0..whole.len()).step_by(97) {
            let mut reader = BackupReader::default();
            reader.see(&whole[..length]).unwrap();
            assert_eq!(reader.finish(), Err(BackupError::Torn), "{length}");
        }
        let said = |bytes: &[u8]| BackupReader::default().see(bytes);
        assert_eq!(said(b"age-encryption.org"), Err(BackupError::Other));
        assert_eq!(said(&[&whole[..], b"more"].concat()), Err(BackupError::Shape));
        assert_eq!(said(&[&BACKUP_MAGIC[..], &[255; 4]].concat()), Err(BackupError::Shape), "too long");
        let frame = |value: Value| {
            let frame = value.encode();
            [&BACKUP_MAGIC[..], &u32::try_from(frame.len()).unwrap().to_be_bytes(), &frame].concat()
        };
        let head =
            |version| Value::List(vec![Value::Text("backup".into()), Value::Uint(version), Value::Null]);
        assert_eq!(said(&frame(head(2))), Err(BackupError::Version(2)));
        assert_eq!(said(&frame(head(1))), Err(BackupError::Shape));
        let photo = Value::List(vec![Value::Text("photo".into()), Value::Bytes(vec![1])]);
        assert_eq!(said(&frame(photo)), Err(BackupError::Shape), "before the head");
    }
}
