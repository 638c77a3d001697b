use super::*;
use proptest::prelude::*;

fn place(number: u8) -> Place {
    (CircleId::from_bytes([1; 32]), RecordId::from_bytes([number; 32]))
}

fn record(number: u8) -> Record {
    Record { envelope: vec![number; 300], body: Some(vec![number; 90]) }
}

fn entry(number: u8) -> Entry {
    Entry::Record(place(number), record(number))
}

fn open(path: &Path) -> (Journal, Found) {
    Journal::open(path, Faults::default()).unwrap()
}

fn held(journal: &Journal) -> Vec<u8> {
    journal.records.keys().map(|(_, id)| id.as_bytes()[0]).collect()
}

#[test]
fn what_was_written_is_there_after_opening_again() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("journal");
    let (mut journal, found) = open(&path);
    assert!(found.new);
    let circle = CircleId::from_bytes([1; 32]);
    journal.append(&[entry(1), entry(2), Entry::Circle(circle, 7)]).unwrap();
    journal.append(&[Entry::Note("peers".to_owned(), b"[]".to_vec()), Entry::Forget(place(1))]).unwrap();
    journal.sync().unwrap();
    let (mut again, found) = open(&path);
    assert_eq!(found, Found::default());
    assert_eq!((held(&again), again.last()), (vec![2], 5));
    assert_eq!(again.record(&place(2)).unwrap(), Some(record(2)));
    assert_eq!(again.notes().collect::<Vec<_>>(), [("peers", 4, b"[]".as_slice())]);
    assert_eq!(again.circles()[&circle], 7);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn what_nobody_needs_any_more_leaves_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("journal");
    let (mut journal, _) = open(&path);
    for round in 0..12_000_u32 {
        let number = u8::try_from(round % 5).unwrap();
        journal.append(&[entry(number)]).unwrap();
        if round % 100 == 0 {
            journal.sync().unwrap();
        }
    }
    journal.append(&[Entry::Forget(place(3))]).unwrap();
    journal.sync().unwrap();
    let size = fs::metadata(&path).unwrap().len();
    assert!(size < 2 * LEAST_WASTE, "{size} bytes for four records");
    journal.rewrite().unwrap();
    assert!(fs::metadata(&path).unwrap().len() < 4 * 500);
    assert!(!fs::read(&path).unwrap().windows(90).any(|bytes| bytes == [3; 90]), "forgotten for good");
    assert_eq!(held(&open(&path).0), [0, 1, 2, 4]);
}

#[test]
fn what_was_appended_last_can_be_taken_back() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("journal");
    let (mut journal, _) = open(&path);
    journal.append(&[entry(1), entry(2)]).unwrap();
    let before = journal.append(&[entry(3), Entry::Forget(place(1)), Entry::Forget(place(3))]).unwrap();
    journal.take_back(before).unwrap();
    assert_eq!((held(&journal), journal.last()), (vec![1, 2], 2));
    journal.append(&[entry(4)]).unwrap();
    let (mut again, found) = open(&path);
    assert_eq!((held(&again), found), (vec![1, 2, 4], Found::default()));
    assert_eq!(again.record(&place(4)).unwrap(), Some(record(4)));
}

#[test]
fn what_is_too_large_to_be_read_again_is_not_written() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("journal");
    let (mut journal, _) = open(&path);
    journal.append(&[entry(1)]).unwrap();
    let note = |length: usize| Entry::Note("large".to_owned(), vec![7; length]);
    assert!(journal.append(&[note(MAX_CONTENT)]).is_err());
    journal.append(&[note(MAX_CONTENT - 10), entry(2)]).unwrap();
    let (again, found) = open(&path);
    assert_eq!((held(&again), found), (vec![1, 2], Found::default()));
    assert_eq!(again.notes().count(), 1);
}

#[test]
fn what_is_written_after_a_rewrite_that_failed_at_its_end_is_in_the_file_that_has_the_name() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("journal");
    let faults = Faults::default();
    let (mut journal, _) = Journal::open(&path, faults.clone()).unwrap();
    journal.append(&[entry(1)]).unwrap();
    journal.sync().unwrap();
    // The new file itself is durable, its name is not.
    faults.after(Operation::Sync, 1);
    assert!(journal.rewrite().is_err());
    journal.append(&[entry(2)]).unwrap();
    journal.sync().unwrap();
    assert_eq!(held(&open(&path).0), [1, 2]);
}

#[test]
fn a_failed_write_leaves_no_half_entry_and_a_failed_fsync_is_mended_by_a_new_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("journal");
    let faults = Faults::default();
    let (mut journal, _) = Journal::open(&path, faults.clone()).unwrap();
    journal.append(&[entry(1)]).unwrap();
    faults.after(Operation::Write, 0);
    assert!(journal.append(&[entry(2)]).is_err());
    journal.append(&[entry(3)]).unwrap();
    faults.after(Operation::Sync, 0);
    assert!(journal.sync().is_err());
    faults.after(Operation::Write, 0);
    assert!(journal.sync().is_err(), "not before it is written anew");
    journal.sync().unwrap();
    assert_eq!(held(&open(&path).0), [1, 3]);
}

proptest! {
    #[test]
    fn damage_costs_what_it_hit_and_no_more(
        from in 0_usize..4_200, length in 1_usize..900, zero in any::<bool>()
    ) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("journal");
        let (mut journal, _) = open(&path);
        for number in 0..10 {
            journal.append(&[entry(number)]).unwrap();
        }
        let mut bytes = fs::read(&path).unwrap();
        let size = bytes.len() / 10;
        let end = (from + length).min(bytes.len());
        let before = bytes.clone();
        for byte in &mut bytes[from..end] {
            *byte = if zero { 0 } else { !*byte };
        }
        fs::write(&path, &bytes).unwrap();
        let (mut again, _) = open(&path);
        let whole = |number: &usize| {
            let span = number * size..(number + 1) * size;
            bytes[span.clone()] == before[span]
        };
        let expected: Vec<u8> = (0..10).filter(whole).map(|number| number as u8).collect();
        prop_assert_eq!(held(&again), expected);
        again.append(&[entry(11)]).unwrap();
        prop_assert!(held(&open(&path).0).contains(&11));
    }

    #[test]
    fn a_tail_that_was_cut_is_cut_whole(cut in 0_usize..4_700) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("journal");
        let (mut journal, _) = open(&path);
        for number in 0..10 {
            journal.append(&[entry(number)]).unwrap();
        }
        let bytes = fs::read(&path).unwrap();
        let size = bytes.len() / 10;
        let cut = cut.min(bytes.len());
        fs::write(&path, &bytes[..cut]).unwrap();
        let (mut again, found) = open(&path);
        prop_assert_eq!(held(&again).len(), cut / size);
        prop_assert_eq!(found.torn as usize, cut % size);
        again.append(&[entry(11)]).unwrap();
        prop_assert_eq!(held(&open(&path).0).len(), cut / size + 1);
    }
}
