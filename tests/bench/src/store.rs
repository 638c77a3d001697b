//! The store beside what it stands on: inserts in batches beside bare sled, one durable write beside `write` and
//! `fdatasync` of the same bytes, and a node's start with all records.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::time::Instant;

use protocol::{Batch, Store as _};
use record::{Record, RecordId, Verified};
use store::SledStore;
use tempfile::TempDir;

use crate::corpus::{Corpus, NOW, now};
use crate::figure::{Report, median, ratios};
use crate::process::Process;
use crate::{Outcome, Scale, folder};

/// How many records are put at once, and how often that is made durable, as a node that catches up does it.
const BATCH: usize = 1_000;
const BATCHES_OF_A_SYNC: usize = 20;
/// How many single records are written in a round.
const SINGLES: usize = 400;
const SINGLES_OF_A_TURN: usize = 50;
/// What the store gives sled, so that both have the same.
const CACHE: u64 = 4 * 1024 * 1024;

#[derive(Default)]
struct Samples {
    bare: Vec<f64>,
    ours: Vec<f64>,
    own: Vec<f64>,
    floor_single: Vec<f64>,
    single: Vec<f64>,
    opened: Vec<f64>,
    opened_store: Vec<f64>,
    page: Vec<f64>,
    memory: Vec<f64>,
    disk: Vec<f64>,
}

pub(crate) fn run(scale: Scale) -> Outcome<Report> {
    let corpus = Corpus::new(scale.records, now()?)?;
    let mut records = vec![corpus.founding().clone()];
    for record in corpus.records(scale.records.saturating_sub(1)) {
        records.push(record?);
    }
    let folders = tempfile::tempdir()?;
    let mut samples = Samples::default();
    // Before there is much that the system writes by and by.
    for _ in 0..scale.rounds {
        samples.singles(&corpus, &records, &folders)?;
    }
    let filled = folders.path().join("filled");
    folder::fill(&filled, corpus.circle(), &records)?;
    for _ in 0..scale.rounds {
        samples.bare.push(bare_sled(&corpus, &records, &folders)?);
        samples.ours.push(ours(&corpus, &records, &folders, false)?);
        samples.own.push(ours(&corpus, &records, &folders, true)?);
        samples.start(&filled)?;
        samples.disk.push(size(&filled)? / payload(&records));
    }
    let mut report = scale.report("store");
    report.add("insert: bare sled", "records/s", samples.bare.clone());
    report.add("insert: ours", "records/s", samples.ours.clone());
    report.add_with_aim("insert: ours to bare", "", ratios(&samples.ours, &samples.bare), "0.7 or more");
    report.add("insert: ours, of own members", "records/s", samples.own.clone());
    report.add("insert: own to bare", "", ratios(&samples.own, &samples.bare));
    report.add("disk to records' own bytes", "", samples.disk);
    report.add("one durable: write and fdatasync", "µs", samples.floor_single.clone());
    report.add("one durable: ours", "µs", samples.single.clone());
    let single = ratios(&samples.single, &samples.floor_single);
    report.add_with_aim("one durable: ours to floor", "", single, "2 or less");
    let both = samples.opened.iter().zip(&samples.page).map(|(opened, page)| opened + page).collect();
    report.add_with_aim("open and first page", "s", both, "under 2");
    report.add("of this, the store by itself", "s", samples.opened_store);
    report.add("of this, the page", "s", samples.page);
    report.add_with_aim("peak memory", "MiB", samples.memory, "under 150");
    Ok(report)
}

fn payload(records: &[Verified]) -> f64 {
    let bytes = |record: &Verified| record.envelope().len() + record.body_bytes().map_or(0, <[u8]>::len);
    records.iter().map(bytes).sum::<usize>() as f64
}

/// The bytes of all files below a folder.
fn size(folder: &Path) -> Outcome<f64> {
    let mut bytes = 0.0;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let about = entry.metadata()?;
        bytes += if about.is_dir() { size(&entry.path())? } else { about.len() as f64 };
    }
    Ok(bytes)
}

/// Keys and values as the store lays them out.
fn laid_out(corpus: &Corpus, records: &[Verified]) -> Vec<(Vec<u8>, Vec<u8>)> {
    let lay = |record: &Verified| {
        let key = [&corpus.circle().as_bytes()[..], record.id().as_bytes()].concat();
        (key, [&[0; 5], record.envelope(), record.body_bytes().unwrap_or_default()].concat())
    };
    records.iter().map(lay).collect()
}

/// Records a second of sled by itself.
fn bare_sled(corpus: &Corpus, records: &[Verified], folders: &TempDir) -> Outcome<f64> {
    let dir = tempfile::tempdir_in(folders.path())?;
    let config = sled::Config::new().path(dir.path()).cache_capacity(CACHE).mode(sled::Mode::LowSpace);
    let db = config.flush_every_ms(None).open()?;
    let (tree, log) = (db.open_tree("records")?, File::open(dir.path().join("db"))?);
    let pairs = laid_out(corpus, records);
    let begun = Instant::now();
    for batches in pairs.chunks(BATCH * BATCHES_OF_A_SYNC) {
        for pairs in batches.chunks(BATCH) {
            let mut batch = sled::Batch::default();
            for (key, value) in pairs {
                batch.insert(key.as_slice(), value.as_slice());
            }
            tree.apply_batch(batch)?;
        }
        db.flush()?;
        log.sync_data()?;
    }
    Ok(records.len() as f64 / begun.elapsed().as_secs_f64())
}

/// Records a second of the store: of others, or of own members, which lie in the journal as well.
fn ours(corpus: &Corpus, records: &[Verified], folders: &TempDir, own: bool) -> Outcome<f64> {
    let dir = tempfile::tempdir_in(folders.path())?;
    let mut authors: Vec<_> = records.iter().map(|record| record.header().author).collect();
    authors.sort_unstable();
    authors.dedup();
    let mut store = SledStore::open(dir.path(), if own { &authors } else { &[] }, NOW.date())?;
    store.add_circle(corpus.circle())?;
    let all: Vec<(RecordId, Record)> =
        records.iter().map(|record| (record.id(), record.to_record())).collect();
    let mut batches: Vec<Vec<_>> = all.chunks(BATCH).map(<[_]>::to_vec).collect();
    let begun = Instant::now();
    for (number, put) in batches.drain(..).enumerate() {
        store.apply(corpus.circle(), Batch { put, drop: Vec::new() })?;
        if (number + 1) % BATCHES_OF_A_SYNC == 0 {
            store.sync()?;
        }
    }
    store.sync()?;
    Ok(records.len() as f64 / begun.elapsed().as_secs_f64())
}

impl Samples {
    /// One record after another, each durable before the next; the floor takes turns with ours.
    fn singles(&mut self, corpus: &Corpus, records: &[Verified], folders: &TempDir) -> Outcome<()> {
        let dir = tempfile::tempdir_in(folders.path())?;
        let mut file = File::create(dir.path().join("floor"))?;
        let chosen: Vec<_> = records.iter().rev().take(SINGLES).collect();
        let authors: Vec<_> = chosen.iter().map(|record| record.header().author).collect();
        let mut store = SledStore::open(dir.path(), &authors, NOW.date())?;
        store.add_circle(corpus.circle())?;
        let (mut floor, mut ours) = (Vec::new(), Vec::new());
        // Some of each in turn, not one: what sled writes by and by would fall to the other one.
        for chosen in chosen.chunks(SINGLES_OF_A_TURN) {
            for record in chosen {
                let bytes = [record.envelope(), record.body_bytes().unwrap_or_default()].concat();
                let begun = Instant::now();
                file.write_all(&bytes)?;
                file.sync_data()?;
                floor.push(begun.elapsed().as_secs_f64() * 1e6);
            }
            for record in chosen {
                let put = vec![(record.id(), record.to_record())];
                let begun = Instant::now();
                store.apply(corpus.circle(), Batch { put, drop: Vec::new() })?;
                store.secure()?;
                ours.push(begun.elapsed().as_secs_f64() * 1e6);
            }
        }
        floor.sort_by(f64::total_cmp);
        ours.sort_by(f64::total_cmp);
        self.floor_single.push(median(&floor));
        self.single.push(median(&ours));
        Ok(())
    }

    /// A node in a process of its own that opens all of it, and shows the first page.
    fn start(&mut self, filled: &Path) -> Outcome<()> {
        let begun = Instant::now();
        drop(SledStore::open(filled, &[], NOW.date())?);
        self.opened_store.push(begun.elapsed().as_secs_f64());
        let mut process = Process::start(filled)?;
        self.opened.push(process.opened);
        self.page.push(process.page()?);
        self.memory.push(process.peak_mib()?);
        process.stop()
    }
}
