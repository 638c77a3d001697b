//! What sled and the journal hold of the node's own, compared when the store is opened: what either lacks, it
//! gets from the other.

use std::collections::BTreeMap;

use protocol::{Store as _, StoreError};
use record::{Kind, Record, RecordId, Signed};

use crate::journal::{Entry, Found};
use crate::layout;
use crate::leaving::LEAVING;
use crate::mended::Mended;
use crate::sled_store::{SledStore, failed, io_failed};

/// Which of the journal's entries sled has, as a note of its own.
const SEEN: &str = "journal";

impl SledStore {
    /// Brings both together, and says what was missing.
    pub(crate) fn repair(&mut self, found: Found, before: u32) -> Result<Vec<Mended>, StoreError> {
        let seen = self.meta(SEEN)?.and_then(|bytes| Some(u64::from_be_bytes(bytes.try_into().ok()?)));
        let mut mended = Vec::new();
        let anew = self.mended.iter().any(|mended| matches!(mended, Mended::Anew { .. }));
        let gone = seen.is_none() && self.journal.last() > 0 && before != layout::WITHOUT_JOURNAL;
        let restored = self.restore_records(seen)?;
        if gone && !anew {
            mended.push(Mended::Gone);
        } else if restored > 0 {
            mended.push(Mended::Restored(restored));
        }
        self.restore_notes(seen.unwrap_or(0))?;
        self.keep_charters()?;
        let first_time = before == layout::WITHOUT_JOURNAL;
        let lost = found.damaged > 0 || found.new || seen.is_some_and(|seen| seen > self.journal.last());
        if lost || first_time {
            let kept = self.journal_anew()?;
            if found.damaged > 0 || (kept > 0 && !first_time) {
                mended.push(Mended::Journal { bytes: found.damaged, kept });
            }
        }
        Ok(mended)
    }

    /// Notes how much of the journal sled has.
    pub(crate) fn note_seen(&mut self) -> Result<(), StoreError> {
        let last = self.journal.last().to_be_bytes();
        if self.meta(SEEN)?.as_deref() == Some(&last) {
            return Ok(());
        }
        self.write(|sled| sled.meta.insert(SEEN, &last).map(drop))
    }

    /// Puts into sled what the journal holds and sled does not. What sled let go of before it noted `seen` the
    /// journal let go of as well.
    fn restore_records(&mut self, seen: Option<u64>) -> Result<usize, StoreError> {
        let places: Vec<_> = self.journal.places().map(|(place, number)| (*place, number)).collect();
        let (mut batch, mut restored) = (sled::Batch::default(), 0_usize);
        for ((circle, id), number) in places {
            let key = layout::key(circle, &id);
            let whole = self
                .sled()?
                .records
                .get(key)
                .map_err(failed)?
                .is_some_and(|value| layout::record(&value).is_some());
            if whole {
                continue;
            }
            if let Some(record) = self.journal.record(&(circle, id)).map_err(io_failed)? {
                batch.insert(&key[..], layout::value(&record));
                // What was written after sled's last flush is missing whenever power went: nothing to tell.
                if seen.is_none_or(|seen| number <= seen) {
                    restored = restored.saturating_add(1);
                }
            }
        }
        self.write(|sled| sled.records.apply_batch(batch))?;
        Ok(restored)
    }

    fn restore_notes(&mut self, seen: u64) -> Result<(), StoreError> {
        for (name, number, value) in self.journal.notes() {
            if number > seen || self.meta(name)?.is_none() {
                self.sled()?.meta.insert(name, value).map_err(failed)?;
            }
        }
        for (circle, number) in self.journal.circles() {
            let circles = &self.sled()?.circles;
            if circles.get(circle.as_bytes()).map_err(failed)?.is_none() {
                circles.insert(circle.as_bytes(), &number.to_be_bytes()).map_err(failed)?;
            }
        }
        Ok(())
    }

    /// Journals written by earlier versions lack the charters of their circles.
    fn keep_charters(&mut self) -> Result<(), StoreError> {
        let mut entries = Vec::new();
        for circle in self.circles()? {
            let place = (circle, RecordId::from_bytes(*circle.as_bytes()));
            if !self.journal.holds(&place)
                && let Some(charter) = self.get(circle, &place.1)?
            {
                entries.push(Entry::Record(place, charter));
            }
        }
        self.journal.append(&entries).map(drop).map_err(io_failed)
    }

    /// Writes into the journal what sled holds of the node's own and the journal does not.
    fn journal_anew(&mut self) -> Result<usize, StoreError> {
        let mut entries = Vec::new();
        for (number, circle) in self.numbered_circles()? {
            if self.journal.circles().get(&circle) != Some(&number) {
                entries.push(Entry::Circle(circle, number));
            }
        }
        // A journal that was rolled back knows older ones.
        let known: BTreeMap<String, Vec<u8>> =
            self.journal.notes().map(|(name, _, value)| (name.to_owned(), value.to_owned())).collect();
        for entry in self.sled()?.meta.iter() {
            let (name, value) = entry.map_err(failed)?;
            let Ok(name) = String::from_utf8(name.to_vec()) else { continue };
            if ![SEEN, LEAVING].contains(&name.as_str())
                && known.get(&name).map(Vec::as_slice) != Some(&*value)
            {
                entries.push(Entry::Note(name, value.to_vec()));
            }
        }
        let kept = self.own_records(&mut entries)?;
        self.journal.append(&entries).map_err(io_failed)?;
        // Whatever was damaged leaves the file.
        self.journal.rewrite().map_err(io_failed)?;
        Ok(kept)
    }

    /// The node's own records that are in sled and not in the journal.
    pub(crate) fn own_records(&self, entries: &mut Vec<Entry>) -> Result<usize, StoreError> {
        let before = entries.len();
        for circle in self.circles()? {
            for entry in self.sled()?.records.scan_prefix(circle.as_bytes()) {
                let (_, value) = entry.map_err(failed)?;
                let Some(record) = layout::record(&value) else { continue };
                let Some(id) = self.to_be_journaled(&record) else { continue };
                if !self.journal.holds(&(circle, id)) {
                    entries.push(Entry::Record((circle, id), record));
                }
            }
        }
        Ok(entries.len().saturating_sub(before))
    }

    /// The id of a record that goes into the journal as well: of what is the node's own, and of charters, since
    /// without its charter a circle shows nothing, not even that.
    pub(crate) fn to_be_journaled(&self, record: &Record) -> Option<RecordId> {
        let signed = Signed::parse(&record.envelope).ok()?;
        let header = signed.header();
        let kept = self.own.contains(&header.author) || header.kind.as_str() == Kind::CHARTER;
        kept.then(|| signed.id())
    }
}
