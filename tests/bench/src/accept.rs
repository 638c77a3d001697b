//! Records that a node takes in: verified, admitted, stored, indexed, and durable at the end.
//!
//! They come out of a bundle, so that no network is in the way. The floor is the bare check of the same signatures.

use std::time::Instant;

use node::{BundleWriter, Config, Node};
use record::{Class, Verified};
use tokio::runtime::Runtime;

use crate::corpus::{Corpus, now, to_wire};
use crate::figure::{Report, ratios};
use crate::verify::{Message, check_all_on, message, timed};
use crate::{Outcome, Scale};

/// How many bytes come at once.
const CHUNK: usize = 64 * 1024;

pub(crate) fn run(scale: Scale) -> Outcome<Report> {
    let corpus = Corpus::new(scale.records, now()?)?;
    let mut records = vec![corpus.founding().clone()];
    for record in corpus.records(scale.records.saturating_sub(1)) {
        records.push(record?);
    }
    let is_listing = |record: &Verified| record.header().class == Class::Content;
    records[1..].sort_by_key(|record| (is_listing(record), record.header().revision));
    let messages: Vec<Message> =
        records.iter().map(|record| message(&to_wire(record))).collect::<Outcome<_>>()?;
    let (mut writer, mut bundle) = BundleWriter::begin(corpus.circle(), None, None);
    for record in &records {
        bundle.extend(writer.add(record.to_record()).unwrap_or_default());
    }
    bundle.extend(writer.end());
    let cores = std::thread::available_parallelism()?.get();
    let runtime = Runtime::new()?;
    let (mut one, mut all, mut ours) = (Vec::new(), Vec::new(), Vec::new());
    let rate = |seconds: f64| records.len() as f64 / seconds;
    for _ in 0..scale.rounds {
        one.push(rate(timed(|| check_all_on(1, &messages))?.as_secs_f64()));
        ours.push(rate(runtime.block_on(accept(&bundle, records.len()))?));
        all.push(rate(timed(|| check_all_on(cores, &messages))?.as_secs_f64()));
    }
    let mut report = scale.report("accept");
    report.add("floor, one core", "records/s", one.clone());
    report.add("floor, all cores", "records/s", all.clone());
    report.add("ours", "records/s", ours.clone());
    report.add("ours to floor, one core", "", ratios(&ours, &one));
    report.add_with_aim("ours to floor, all cores", "", ratios(&ours, &all), "0.8 or more");
    Ok(report)
}

/// How many seconds a new node takes.
async fn accept(bundle: &[u8], records: usize) -> Outcome<f64> {
    let dir = tempfile::tempdir()?;
    let node = Node::start(Config { data: dir.path().to_owned(), network: None, member: None, notify: None })
        .await?;
    let begun = Instant::now();
    let mut incoming = node.handle().carry(None);
    for bytes in bundle.chunks(CHUNK) {
        incoming.push(bytes).await?;
    }
    let report = incoming.finish().await?;
    let time = begun.elapsed().as_secs_f64();
    node.stop().await;
    if report.added == records { Ok(time) } else { Err(format!("{report:?} of {records}").into()) }
}
