//! The journal: what this node's own members wrote, which no peer can give back.
//!
//! A file that only grows, of entries that are each a marker, a length, a CRC32C, a number and the content.
//! What was cut off or damaged is found by the checksum, and the next good entry by its marker: so a hole
//! costs what was in it and no more. When more than half of it is waste, it is written anew beside the old
//! one, made durable, and put in its place.
//!
//! Entry: `c5 e1 f0 9d`, length of the content (4 bytes, big endian), CRC32C of number and content (4), number
//! (8), content. Content: one byte for its sort, then
//! 1 *record*: circle (32), id (32), the record as in the store; 2 *forget*: circle, id; 3 *note*: length of
//! its name (1), name, value; 4 *circle*: circle, its number (4).

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use record::{CircleId, Record, RecordId};

use crate::faults::{Faults, Operation};
use crate::layout;

const MARKER: [u8; 4] = [0xc5, 0xe1, 0xf0, 0x9d];
const HEAD: usize = 20;
/// The longest content: a record with its body is below 9 KiB, a note below this.
const MAX_CONTENT: usize = 64 * 1024;
/// Waste below this is not worth writing the journal anew, in bytes.
const LEAST_WASTE: u64 = 1024 * 1024;
/// How much of the file is in memory at a time while it is read, in bytes.
const CHUNK: usize = 256 * 1024;

/// Where a record lies among circles.
pub(crate) type Place = (CircleId, RecordId);

/// What goes into the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Entry {
    Record(Place, Record),
    Forget(Place),
    Note(String, Vec<u8>),
    Circle(CircleId, u32),
}

/// Where an entry lies in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Span {
    at: u64,
    length: u32,
    number: u64,
}

/// How the journal was before something was appended.
#[derive(Debug)]
pub(crate) struct Before {
    end: u64,
    last: u64,
    live: u64,
    records: Vec<(Place, Option<Span>)>,
}

/// What was found when the journal was opened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Found {
    /// It is new.
    pub(crate) new: bool,
    /// Bytes at its end that are no whole entry: they were being written when power went.
    pub(crate) torn: u64,
    /// Bytes between good entries that are none.
    pub(crate) damaged: u64,
}

#[derive(Debug)]
pub(crate) struct Journal {
    path: PathBuf,
    file: File,
    /// The end of the last good entry.
    end: u64,
    last: u64,
    unsynced: bool,
    /// An fsync failed: what the file holds on the disk is not known, so it has to be written anew.
    doubtful: bool,
    records: BTreeMap<Place, Span>,
    notes: BTreeMap<String, (u64, Vec<u8>)>,
    circles: BTreeMap<CircleId, u32>,
    /// The bytes of what counts.
    live: u64,
    faults: Faults,
}

impl Journal {
    /// Opens the journal, or begins one. A torn tail is cut.
    pub(crate) fn open(path: &Path, faults: Faults) -> io::Result<(Self, Found)> {
        // What was left when power went while it was written anew.
        let _ = fs::remove_file(beside(path));
        let new = !path.exists();
        let file = owners_alone().read(true).create(true).truncate(false).open(path)?;
        let (journal, found) = Self::scanned(path, file, faults)?;
        if found.torn > 0 {
            journal.file.set_len(journal.end)?;
        }
        if new {
            sync_folder(path)?;
        }
        Ok((journal, Found { new, ..found }))
    }

    /// Reads a journal, and leaves it as it is. It is not to be written to.
    pub(crate) fn look(path: &Path, faults: Faults) -> io::Result<(Self, Found)> {
        Self::scanned(path, File::open(path)?, faults)
    }

    fn scanned(path: &Path, file: File, faults: Faults) -> io::Result<(Self, Found)> {
        let mut journal = Self {
            path: path.to_owned(),
            file,
            end: 0,
            last: 0,
            unsynced: false,
            doubtful: false,
            records: BTreeMap::new(),
            notes: BTreeMap::new(),
            circles: BTreeMap::new(),
            live: 0,
            faults,
        };
        let (torn, damaged) = journal.scan()?;
        Ok((journal, Found { new: false, torn, damaged }))
    }

    /// The number of its last entry.
    pub(crate) const fn last(&self) -> u64 {
        self.last
    }

    pub(crate) fn holds(&self, place: &Place) -> bool {
        self.records.contains_key(place)
    }

    /// The records, with the number of the entry that holds each.
    pub(crate) fn places(&self) -> impl Iterator<Item = (&Place, u64)> {
        self.records.iter().map(|(place, span)| (place, span.number))
    }

    pub(crate) fn notes(&self) -> impl Iterator<Item = (&str, u64, &[u8])> {
        self.notes.iter().map(|(name, (number, value))| (name.as_str(), *number, value.as_slice()))
    }

    pub(crate) const fn circles(&self) -> &BTreeMap<CircleId, u32> {
        &self.circles
    }

    /// One record.
    pub(crate) fn record(&mut self, place: &Place) -> io::Result<Option<Record>> {
        let Some(span) = self.records.get(place).copied() else { return Ok(None) };
        let mut bytes = vec![0; span.length as usize];
        self.file.seek(SeekFrom::Start(span.at))?;
        self.file.read_exact(&mut bytes)?;
        let entry = read_entry(&bytes).and_then(|(_, content)| decode(content));
        Ok(if let Some(Entry::Record(_, record)) = entry { Some(record) } else { None })
    }

    /// Writes entries, all or none. They are durable after [`Journal::sync`].
    pub(crate) fn append(&mut self, entries: &[Entry]) -> io::Result<Before> {
        if self.doubtful {
            self.rewrite()?;
        }
        if entries.iter().any(|entry| content(entry).len() > MAX_CONTENT) {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "more than fits into the journal at once",
            ));
        }
        let touched = entries.iter().filter_map(|entry| match entry {
            Entry::Record(place, _) | Entry::Forget(place) => {
                Some((*place, self.records.get(place).copied()))
            }
            Entry::Note(..) | Entry::Circle(..) => None,
        });
        let before = Before { end: self.end, last: self.last, live: self.live, records: touched.collect() };
        let mut bytes = Vec::new();
        let (mut number, mut spans) = (self.last, Vec::new());
        for entry in entries {
            number = number.saturating_add(1);
            let at = self.end.saturating_add(bytes.len() as u64);
            let written = encode(number, entry);
            let length = u32::try_from(written.len()).unwrap_or(u32::MAX);
            bytes.extend_from_slice(&written);
            spans.push(Span { at, length, number });
        }
        if let Err(error) = self.write_at_end(&bytes) {
            // Half an entry must not stand before whole ones.
            let _ = self.file.set_len(self.end);
            return Err(error);
        }
        self.end = self.end.saturating_add(bytes.len() as u64);
        self.last = number;
        self.unsynced = true;
        for (entry, span) in entries.iter().zip(spans) {
            self.take(entry.clone(), span);
        }
        Ok(before)
    }

    /// Takes back what was appended last, since what belongs to it failed.
    pub(crate) fn take_back(&mut self, before: Before) -> io::Result<()> {
        self.file.set_len(before.end)?;
        (self.end, self.last, self.live) = (before.end, before.last, before.live);
        for (place, span) in before.records.into_iter().rev() {
            match span {
                Some(span) => self.records.insert(place, span),
                None => self.records.remove(&place),
            };
        }
        Ok(())
    }

    /// Makes durable what was written.
    pub(crate) fn sync(&mut self) -> io::Result<()> {
        if !self.unsynced {
            return Ok(());
        }
        // Why: after a failed fsync Linux forgets what it could not write; asking again proves nothing.
        let synced = if self.doubtful {
            self.rewrite()
        } else {
            self.faults.check(Operation::Sync).and_then(|()| self.file.sync_data())
        };
        self.doubtful = synced.is_err();
        synced?;
        self.unsynced = false;
        if self.end.saturating_sub(self.live) > self.live.max(LEAST_WASTE)
            && let Err(error) = self.rewrite()
        {
            // All is durable; for a smaller file there is another time.
            tracing::warn!(%error, "the journal was not written anew");
        }
        Ok(())
    }

    /// Writes what counts into a new file, and puts it in the place of the old one.
    pub(crate) fn rewrite(&mut self) -> io::Result<()> {
        let beside = beside(&self.path);
        let new = owners_alone().read(true).create(true).truncate(true).open(&beside)?;
        let mut out = BufWriter::new(new);
        let mut records = BTreeMap::new();
        let mut at = 0_u64;
        let mut put = |out: &mut BufWriter<File>, faults: &Faults, bytes: &[u8]| -> io::Result<Span> {
            faults.check(Operation::Write)?;
            out.write_all(bytes)?;
            let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
            let span = Span { at, length, number: 0 };
            at = at.saturating_add(bytes.len() as u64);
            Ok(span)
        };
        for (circle, number) in &self.circles {
            put(&mut out, &self.faults, &encode(self.last, &Entry::Circle(*circle, *number)))?;
        }
        for (name, (number, value)) in &self.notes {
            put(&mut out, &self.faults, &encode(*number, &Entry::Note(name.clone(), value.clone())))?;
        }
        let places: Vec<(Place, Span)> = self.records.iter().map(|(place, span)| (*place, *span)).collect();
        for (place, old) in places {
            let mut bytes = vec![0; old.length as usize];
            self.file.seek(SeekFrom::Start(old.at))?;
            self.file.read_exact(&mut bytes)?;
            let span = put(&mut out, &self.faults, &bytes)?;
            records.insert(place, Span { number: old.number, ..span });
        }
        let file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
        self.faults.check(Operation::Sync)?;
        file.sync_all()?;
        fs::rename(&beside, &self.path)?;
        // From here on the old file has no name: what is written goes into the new one, whatever fails now.
        (self.file, self.records, self.end, self.live) = (file, records, at, at);
        self.doubtful = true;
        self.faults.check(Operation::Sync)?;
        sync_folder(&self.path)?;
        (self.unsynced, self.doubtful) = (false, false);
        Ok(())
    }

    fn write_at_end(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.faults.check(Operation::Write)?;
        self.file.seek(SeekFrom::Start(self.end))?;
        self.file.write_all(bytes)
    }

    /// Reads the whole file, piece by piece; gives the bytes that are cut off at its end and damaged within it.
    fn scan(&mut self) -> io::Result<(u64, u64)> {
        let size = self.file.metadata()?.len();
        self.file.seek(SeekFrom::Start(0))?;
        let mut reader = self.file.try_clone()?;
        let (mut window, mut begin, mut damaged, mut ended) = (Vec::new(), 0_u64, 0_u64, false);
        // Bytes that are no entry, and not yet known to have a good one behind them.
        let mut bad = 0_u64;
        let mut at = 0;
        loop {
            if !ended && window.len() - at < HEAD + MAX_CONTENT {
                window.drain(..at);
                begin = begin.saturating_add(at as u64);
                at = 0;
                let before = window.len();
                window.resize(before + CHUNK, 0);
                let read = read_some(&mut reader, &mut window[before..])?;
                window.truncate(before + read);
                ended = read < CHUNK;
                continue;
            }
            let rest = &window[at..];
            if rest.is_empty() {
                break;
            }
            let entry = read_entry(rest)
                .and_then(|(number, content)| Some((number, content.len(), decode(content)?)));
            if let Some((number, length, entry)) = entry {
                let length = HEAD + length;
                let span = Span {
                    at: begin.saturating_add(at as u64),
                    length: u32::try_from(length).unwrap_or(u32::MAX),
                    number,
                };
                damaged = damaged.saturating_add(std::mem::take(&mut bad));
                self.last = self.last.max(number);
                self.take(entry, span);
                at += length;
                self.end = span.at.saturating_add(length as u64);
            } else {
                let next = rest[1..].windows(MARKER.len()).position(|window| window == MARKER);
                // A marker may lie across the end of what is in memory.
                let all = if ended { rest.len() } else { rest.len() - MARKER.len() + 1 };
                let skipped = next.map_or(all, |next| next + 1);
                bad = bad.saturating_add(skipped as u64);
                at += skipped;
            }
        }
        Ok((size.saturating_sub(self.end), damaged))
    }

    /// Notes what an entry says.
    fn take(&mut self, entry: Entry, span: Span) {
        match entry {
            Entry::Record(place, _) => {
                let old = self.records.insert(place, span);
                self.live = self.live.saturating_add(span.length.into());
                self.live = self.live.saturating_sub(old.map_or(0, |old| old.length.into()));
            }
            Entry::Forget(place) => {
                let old = self.records.remove(&place);
                self.live = self.live.saturating_sub(old.map_or(0, |old| old.length.into()));
            }
            // They are few and small, and count as waste.
            Entry::Note(name, value) => {
                self.notes.insert(name, (span.number, value));
            }
            Entry::Circle(circle, number) => {
                self.circles.insert(circle, number);
            }
        }
    }
}

fn beside(path: &Path) -> PathBuf {
    path.with_extension("new")
}

fn owners_alone() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Makes the name of a new file durable.
pub(crate) fn sync_folder(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    if let Some(folder) = path.parent() {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

/// Reads until the buffer is full or the file ends.
fn read_some(file: &mut File, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

fn content(entry: &Entry) -> Vec<u8> {
    let mut content = Vec::new();
    match entry {
        Entry::Record((circle, id), record) => {
            content.push(1);
            content.extend_from_slice(circle.as_bytes());
            content.extend_from_slice(id.as_bytes());
            content.extend_from_slice(&layout::value(record));
        }
        Entry::Forget((circle, id)) => {
            content.push(2);
            content.extend_from_slice(circle.as_bytes());
            content.extend_from_slice(id.as_bytes());
        }
        Entry::Note(name, value) => {
            content.push(3);
            let name = &name.as_bytes()[..name.len().min(255)];
            content.push(u8::try_from(name.len()).unwrap_or(u8::MAX));
            content.extend_from_slice(name);
            content.extend_from_slice(value);
        }
        Entry::Circle(circle, place) => {
            content.push(4);
            content.extend_from_slice(circle.as_bytes());
            content.extend_from_slice(&place.to_be_bytes());
        }
    }
    content
}

fn encode(number: u64, entry: &Entry) -> Vec<u8> {
    let content = content(entry);
    let mut bytes = Vec::with_capacity(HEAD + content.len());
    bytes.extend_from_slice(&MARKER);
    bytes.extend_from_slice(&u32::try_from(content.len()).unwrap_or(u32::MAX).to_be_bytes());
    bytes.extend_from_slice(&checksum(number, &content).to_be_bytes());
    bytes.extend_from_slice(&number.to_be_bytes());
    bytes.extend_from_slice(&content);
    bytes
}

fn checksum(number: u64, content: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&number.to_be_bytes()), content)
}

/// The number and the content of the entry with which bytes begin.
fn read_entry(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let (marker, rest) = bytes.split_first_chunk::<4>()?;
    let (length, rest) = rest.split_first_chunk::<4>()?;
    let (sum, rest) = rest.split_first_chunk::<4>()?;
    let (number, rest) = rest.split_first_chunk::<8>()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    let content = rest.get(..length).filter(|_| *marker == MARKER && length <= MAX_CONTENT)?;
    let number = u64::from_be_bytes(*number);
    (checksum(number, content) == u32::from_be_bytes(*sum)).then_some((number, content))
}

fn decode(content: &[u8]) -> Option<Entry> {
    let (sort, rest) = content.split_first()?;
    if *sort == 3 {
        let (length, rest) = rest.split_first()?;
        let (name, value) = rest.split_at_checked((*length).into())?;
        return Some(Entry::Note(String::from_utf8(name.to_vec()).ok()?, value.to_vec()));
    }
    let (circle, rest) = rest.split_first_chunk::<32>()?;
    let circle = CircleId::from_bytes(*circle);
    if *sort == 4 {
        return Some(Entry::Circle(circle, u32::from_be_bytes(rest.try_into().ok()?)));
    }
    let (id, rest) = rest.split_first_chunk::<32>()?;
    let place = (circle, RecordId::from_bytes(*id));
    match *sort {
        1 => Some(Entry::Record(place, layout::record(rest)?)),
        2 => rest.is_empty().then_some(Entry::Forget(place)),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
