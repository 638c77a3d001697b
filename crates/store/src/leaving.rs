//! What was dropped leaves the disk within a day. sled's log keeps what was removed until it is written anew, and
//! that costs as much as the whole store; so it happens once a day, if something was dropped.

use protocol::{Batch, StoreError};
use record::{CircleId, Timestamp};

use crate::layout;
use crate::sled_store::{Sled, SledStore, failed};

/// The note of its own in which it stands: nothing while all that lies in the files counts, else since when something
/// else may lie there. Without the note that may be so, and nobody knows since when.
pub(crate) const LEAVING: &str = "leaving";

/// How long what was dropped may lie in the files, in milliseconds: less than a day, since a node is not always on.
const WITHIN: u64 = 20 * 60 * 60 * 1000;
/// When the store could not be written anew, that is tried again so much later, in milliseconds.
const AGAIN: u64 = 60 * 60 * 1000;

/// Whether something lies in the files that does not count any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Leaving {
    Nothing,
    /// Since when, if that is known.
    Something(Option<Timestamp>),
}

impl Leaving {
    /// As it was noted.
    pub(crate) fn read(sled: &Sled) -> sled::Result<Self> {
        let Some(note) = sled.meta.get(LEAVING)? else { return Ok(Self::Something(None)) };
        let since = <[u8; 8]>::try_from(note.as_ref()).ok();
        let since = since.map(|millis| Timestamp::from_millis(u64::from_be_bytes(millis)));
        Ok(if note.is_empty() { Self::Nothing } else { Self::Something(since) })
    }
}

impl SledStore {
    /// Writes the store and its journal anew if something was dropped about a day ago, so that nothing of that is left
    /// on the disk; says whether it did. To be called every now and then while the time is known.
    ///
    /// # Errors
    /// If it can not be written; that is tried again an hour later.
    pub fn let_leave(&mut self, now: Timestamp) -> Result<bool, StoreError> {
        match self.leaving {
            Leaving::Nothing => Ok(false),
            Leaving::Something(Some(since)) if since <= now && now.since(since) < WITHIN => Ok(false),
            Leaving::Something(Some(since)) if since <= now => {
                // Why first: if it fails, it is not tried with each call.
                self.leaving = Leaving::Something(Some(now.minus_millis(WITHIN - AGAIN)));
                self.compact()?;
                Ok(true)
            }
            // Nobody knew the time, or the clock was set back.
            Leaving::Something(_) => {
                self.write(|sled| sled.meta.insert(LEAVING, &now.millis().to_be_bytes()).map(drop))?;
                self.leaving = Leaving::Something(Some(now));
                Ok(false)
            }
        }
    }

    /// Notes that something will lie in the files that does not count, before a batch drops it.
    pub(crate) fn note_leaving(&mut self, circle: CircleId, batch: &Batch) -> Result<(), StoreError> {
        if self.leaving == Leaving::Nothing && self.drops(circle, batch)? {
            self.note_something_leaves()?;
        }
        Ok(())
    }

    /// Notes that something will lie in the files that does not count, before it is dropped.
    pub(crate) fn note_something_leaves(&mut self) -> Result<(), StoreError> {
        if self.leaving == Leaving::Nothing {
            self.write(|sled| sled.meta.remove(LEAVING).map(drop))?;
            self.leaving = Leaving::Something(None);
        }
        Ok(())
    }

    /// Whether a batch drops records, or bodies.
    fn drops(&self, circle: CircleId, batch: &Batch) -> Result<bool, StoreError> {
        let bare = batch.put.iter().filter(|(_, record)| record.body.is_none());
        let mut drops = !batch.drop.is_empty();
        for (id, _) in bare {
            drops |= self.sled()?.records.contains_key(layout::key(circle, id)).map_err(failed)?;
        }
        Ok(drops)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use protocol::Store as _;
    use record::{Body, Date, Key, Listing, MemberId, Record, RecordId, SecretKey, Side, Statement};

    use super::*;

    const CIRCLE: CircleId = CircleId::from_bytes([1; 32]);
    const TODAY: Date = Date { year: 2026, month: 11, day: 25 };
    const NOW: Timestamp = Timestamp::from_millis(1_790_000_000_000);
    const HOUR: u64 = 60 * 60 * 1000;

    fn me() -> MemberId {
        SecretKey::from_seed(&[1; 32]).public().into()
    }

    fn listing(author: MemberId, title: &str) -> (RecordId, Record) {
        let statement = Statement { author, circle: CIRCLE, key: Key::derive(title, &[]), revision: NOW };
        let body = Body::Listing(Listing::new(Side::Offer, title));
        let record = statement.sign(&body, &SecretKey::from_seed(&[2; 32])).unwrap();
        (record.id(), record.to_record())
    }

    /// The files below a folder that hold these words.
    fn holding(folder: &Path, words: &str) -> Vec<String> {
        let mut found = Vec::new();
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                found.extend(holding(&path, words));
            } else if fs::read(&path).unwrap().windows(words.len()).any(|part| part == words.as_bytes()) {
                found.push(path.display().to_string());
            }
        }
        found
    }

    #[test]
    fn what_was_dropped_is_in_no_file_a_day_later_and_nothing_is_written_anew_for_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let open = || SledStore::open(dir.path(), &[me()], TODAY).unwrap();
        let mut store = open();
        store.compact().unwrap();
        let other = SecretKey::from_seed(&[3; 32]).public().into();
        let own = listing(me(), "Zwiebelmesser");
        let (gone, bare) = (listing(other, "Schubkarre"), listing(other, "Akkuschrauber"));
        let stays = listing(other, "Leiter");
        let put = vec![own.clone(), gone.clone(), bare.clone(), stays.clone()];
        store.apply(CIRCLE, Batch { put, drop: Vec::new() }).unwrap();
        store.sync().unwrap();
        assert_eq!(store.let_leave(NOW.plus_days(9)), Ok(false), "all of it counts");
        // One is withdrawn, one ends, of one the body goes.
        let put = vec![(bare.0, Record { body: None, ..bare.1.clone() })];
        store.apply(CIRCLE, Batch { put, drop: vec![own.0, gone.0] }).unwrap();
        store.sync().unwrap();
        let words = ["Zwiebelmesser", "Schubkarre", "Akkuschrauber"];
        assert!(words.iter().any(|words| !holding(dir.path(), words).is_empty()), "until it is written anew");
        assert_eq!(store.let_leave(NOW), Ok(false));
        assert_eq!(store.let_leave(NOW.plus_millis(12 * HOUR)), Ok(false), "once a day is enough");
        store.sync().unwrap();
        drop(store);
        let mut store = open();
        assert_eq!(store.let_leave(NOW.plus_millis(24 * HOUR)), Ok(true), "also if it was off meanwhile");
        for words in words {
            assert_eq!(holding(dir.path(), words), Vec::<String>::new(), "{words}");
        }
        assert!(!holding(dir.path(), "Leiter").is_empty());
        assert_eq!(store.get(CIRCLE, &bare.0).unwrap(), Some(Record { body: None, ..bare.1 }));
        assert_eq!(store.let_leave(NOW.plus_days(30)), Ok(false), "nothing was dropped since");
        drop(store);
        let mut store = open();
        assert_eq!(store.let_leave(NOW.plus_days(60)), Ok(false));
        assert_eq!(store.mended(), []);
        // A header that comes without its body leaves nothing behind; a body that goes does.
        let (id, record) = listing(other, "Harke");
        let put = vec![(id, Record { body: None, ..record })];
        store.apply(CIRCLE, Batch { put, drop: Vec::new() }).unwrap();
        assert_eq!(store.let_leave(NOW.plus_days(62)), Ok(false));
        assert_eq!(store.let_leave(NOW.plus_days(64)), Ok(false));
        let put = vec![(stays.0, Record { body: None, ..stays.1 })];
        store.apply(CIRCLE, Batch { put, drop: Vec::new() }).unwrap();
        assert_eq!(store.let_leave(NOW.plus_days(66)), Ok(false));
        assert_eq!(store.let_leave(NOW.plus_days(67)), Ok(true));
        assert_eq!(holding(dir.path(), "Leiter"), Vec::<String>::new());
    }

    #[test]
    fn a_note_that_was_emptied_is_in_no_file_a_day_later() {
        let dir = tempfile::tempdir().unwrap();
        let mut store = SledStore::open(dir.path(), &[me()], TODAY).unwrap();
        store.compact().unwrap();
        store.set_meta("private-000", b"Zwiebelmesser").unwrap();
        store.set_meta("private-001", b"Schubkarre").unwrap();
        assert_eq!(store.let_leave(NOW.plus_days(9)), Ok(false), "all of it counts");
        store.drop_meta("private-000").unwrap();
        assert_eq!(store.meta("private-000").unwrap().as_deref(), Some(&[][..]));
        assert_eq!(store.let_leave(NOW.plus_days(10)), Ok(false));
        assert_eq!(store.let_leave(NOW.plus_days(11)), Ok(true));
        assert_eq!(holding(dir.path(), "Zwiebelmesser"), Vec::<String>::new());
        assert_eq!(store.meta("private-001").unwrap().as_deref(), Some(&b"Schubkarre"[..]));
    }

    #[test]
    fn a_store_has_few_trees() {
        let dir = tempfile::tempdir().unwrap();
        let mut store = SledStore::open(dir.path(), &[], TODAY).unwrap();
        store.compact().unwrap();
        assert!(store.sled().unwrap().db.tree_names().len() <= 8);
    }

    #[test]
    fn a_clock_that_was_set_back_puts_it_off_for_a_day_and_no_longer() {
        let dir = tempfile::tempdir().unwrap();
        let mut store = SledStore::open(dir.path(), &[], TODAY).unwrap();
        assert_eq!(store.let_leave(NOW.plus_days(3_000)), Ok(false));
        assert_eq!(store.let_leave(NOW), Ok(false));
        assert_eq!(store.let_leave(NOW.plus_millis(21 * HOUR)), Ok(true));
    }

    #[test]
    fn what_could_not_be_written_anew_is_tried_again_an_hour_later() {
        use crate::{Faults, Operation};

        let (dir, faults) = (tempfile::tempdir().unwrap(), Faults::default());
        let mut store = SledStore::open_with(dir.path(), &[], TODAY, faults.clone()).unwrap();
        assert_eq!(store.let_leave(NOW), Ok(false));
        faults.after(Operation::Sync, 0);
        let later = NOW.plus_millis(21 * HOUR);
        assert!(store.let_leave(later).is_err());
        assert_eq!(store.let_leave(later.plus_millis(1)), Ok(false));
        assert_eq!(store.let_leave(later.plus_millis(HOUR)), Ok(true));
    }
}
