//! One new record among many, and the digest of all of them.
//!
//! The floor is SHA-256 of the bytes that the digest needs anew.

use std::collections::BTreeSet;
use std::hint::black_box;
use std::time::{Duration, Instant};

use catalogue::{Catalogue, Group, Window};
use record::{Timestamp, Verified};
use sha2::{Digest as _, Sha256};

use crate::corpus::{Corpus, NOW};
use crate::figure::{Report, median, ratios};
use crate::{Outcome, Scale};

/// How many records come anew in each round.
const NEWS: usize = 100;
const DAY_MS: u64 = 24 * 60 * 60 * 1000;
/// How long the records of a day are spread over: a little less than has passed of it.
const HOURS_12: u64 = DAY_MS / 2;

/// A full catalogue, and what was measured on it: the median of each round, in µs.
struct Case {
    name: &'static str,
    catalogue: Catalogue,
    all: Vec<f64>,
    insert: Vec<f64>,
    floor: Vec<f64>,
    hashed: Vec<f64>,
}

pub(crate) fn run(scale: Scale) -> Outcome<Report> {
    let corpus = Corpus::new(scale.records, NOW)?;
    let mut cases = [
        Case::new("180 days", &corpus, scale.records, 179 * DAY_MS)?,
        Case::new("one day", &corpus, scale.records, HOURS_12)?,
    ];
    for round in 0..scale.rounds {
        let first = scale.records + round * NEWS;
        let news: Vec<Verified> =
            (first..first + NEWS).map(|number| corpus.listing(number, NOW)).collect::<Outcome<_>>()?;
        for case in &mut cases {
            case.round(&news)?;
        }
    }
    let mut report = scale.report("digest");
    for Case { name, all, insert, floor, hashed, .. } in cases {
        let ratios = ratios(&all, &floor);
        report.add(format!("{name}: hashed anew"), "bytes", hashed);
        report.add(format!("{name}: floor"), "µs", floor);
        report.add_with_aim(format!("{name}: insert and digest"), "µs", all, "under 50");
        report.add(format!("{name}: of this, insert"), "µs", insert);
        report.add(format!("{name}: ours to floor"), "", ratios);
    }
    Ok(report)
}

impl Case {
    /// Fills a catalogue with records that are spread over so many milliseconds before now.
    fn new(name: &'static str, corpus: &Corpus, records: usize, spread_ms: u64) -> Outcome<Self> {
        let mut catalogue = corpus.catalogue()?;
        for record in corpus.grants() {
            catalogue.insert(record, NOW)?;
        }
        for number in catalogue.len()..records {
            let age = spread_ms.saturating_mul(number as u64) / records as u64;
            catalogue.insert(&corpus.listing(number, NOW.minus_millis(age))?, NOW)?;
        }
        let [all, insert, floor, hashed] = [const { Vec::new() }; 4];
        Ok(Self { name, catalogue, all, insert, floor, hashed })
    }

    fn round(&mut self, news: &[Verified]) -> Outcome<()> {
        let window = Window::between(NOW, NOW);
        // Why: so that rounds are alike.
        let mut catalogue = self.catalogue.clone();
        let hashed = vec![0_u8; hashed_anew(&catalogue, NOW, window)];
        let (mut all, mut insert, mut floor) = (Vec::new(), Vec::new(), Vec::new());
        for record in news {
            let begun = Instant::now();
            catalogue.insert(record, NOW)?;
            insert.push(begun.elapsed());
            black_box(catalogue.digests(window).all());
            all.push(begun.elapsed());
            let begun = Instant::now();
            black_box(Sha256::digest(black_box(&hashed)));
            floor.push(begun.elapsed());
        }
        self.all.push(middle(all));
        self.insert.push(middle(insert));
        self.floor.push(middle(floor));
        self.hashed.push(hashed.len() as f64);
        Ok(())
    }
}

/// How many bytes a record of this moment makes hashed anew, by docs/protocol.md §5: the ids of a bucket of
/// its day (on average), the day's buckets, the days of its group, the two groups.
fn hashed_anew(catalogue: &Catalogue, now: Timestamp, window: Window) -> usize {
    let of_day = || catalogue.of_day(Group::Rest, now.day(), window).map(|(id, _)| id.as_bytes()[0]);
    let buckets = of_day().collect::<BTreeSet<u8>>().len();
    let ids = of_day().count() / buckets.max(1) + 1;
    ids * 32 + buckets * 33 + catalogue.days(Group::Rest, window).len() * 36 + 64
}

/// The median in µs.
fn middle(mut times: Vec<Duration>) -> f64 {
    times.sort();
    let micros: Vec<f64> = times.iter().map(|time| time.as_secs_f64() * 1e6).collect();
    median(&micros)
}
