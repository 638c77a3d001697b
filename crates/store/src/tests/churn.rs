//! A week in which much comes and goes: the store stays small.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use protocol::{Batch, Store as _};

use super::TODAY;
use super::damage::{CIRCLE, is_full_size, listing, own, put};
use crate::SledStore;

/// How many records live at a time, and how many come and go at once.
const LIVE: u32 = 5_000;
const STEP: u32 = 200;

/// The bytes of all files below a folder; one may go while it is looked at.
fn size(folder: &Path) -> u64 {
    let mut bytes = 0;
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        match entry.metadata() {
            Ok(about) if about.is_dir() => bytes += size(&entry.path()),
            Ok(about) => bytes += about.len(),
            Err(_) => {}
        }
    }
    bytes
}

/// All are the node's own: they lie in the journal, too.
fn record(number: u32) -> (record::RecordId, record::Record) {
    listing(1, number)
}

#[test]
fn a_store_in_which_much_comes_and_goes_stays_small_at_every_moment() {
    let rounds = if is_full_size() { 1_000 } else { 300 };
    let dir = tempfile::tempdir().unwrap();
    let mut store = SledStore::open(dir.path(), &own(), TODAY).unwrap();
    store.add_circle(CIRCLE).unwrap();
    let first: Vec<_> = (0..LIVE).map(record).collect();
    let bytes: usize = first
        .iter()
        .map(|(_, record)| 64 + record.envelope.len() + record.body.as_ref().unwrap().len())
        .sum();
    for part in first.chunks(500) {
        store.apply(CIRCLE, put(part.to_vec())).unwrap();
    }
    let (over, largest, looks) = (AtomicBool::new(false), AtomicU64::new(0), AtomicU64::new(0));
    thread::scope(|scope| {
        // Also in the middle of whatever the store does.
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                largest.fetch_max(size(dir.path()), Ordering::Relaxed);
                looks.fetch_add(1, Ordering::Relaxed);
                thread::park_timeout(Duration::from_millis(5));
            }
        });
        for round in 0..rounds {
            let first = round * STEP;
            let batch = Batch {
                put: (LIVE + first..LIVE + first + STEP).map(record).collect(),
                drop: (first..first + STEP).map(|number| record(number).0).collect(),
            };
            store.apply(CIRCLE, batch).unwrap();
            store.sync().unwrap();
        }
        over.store(true, Ordering::Relaxed);
    });
    let (largest, looks) = (largest.into_inner(), looks.into_inner());
    let bound = 4 * bytes as u64 + 32 * 1024 * 1024;
    println!(
        "{} writes and deletes; {bytes} live bytes; at most {largest} on the disk, looked at {looks} times; bound {bound}",
        2 * rounds * STEP
    );
    assert!(largest <= bound, "{largest} bytes for {bytes}");
    drop(store);
    let begun = Instant::now();
    let store = SledStore::open(dir.path(), &own(), TODAY).unwrap();
    println!("open after {:.2} s", begun.elapsed().as_secs_f64());
    let mut count = 0;
    store.each(CIRCLE, &mut |_| count += 1).unwrap();
    assert_eq!(count, LIVE);
}
