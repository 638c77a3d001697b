//! Catching up: two nodes in two processes over loopback.
//!
//! The floor of the time is the bare check of all signatures on all cores, before and after each run; of
//! the bytes, the records' own, and what bare negentropy exchanges about the same sets.

use std::path::Path;

use negentropy::{Id, Negentropy, NegentropyStorageVector};
use record::{Class, Verified};
use tempfile::TempDir;

use crate::corpus::{Corpus, now, to_wire};
use crate::figure::{Report, ratios};
use crate::process::{Process, cpu_of};
use crate::proxy::Proxy;
use crate::verify::{Message, check_all_on, message, timed};
use crate::{Outcome, Scale, folder};

/// How many records are missing when little is.
const MISSING: usize = 100;
/// Negentropy's limit for a message, as large as ours.
const FRAME: u64 = 60 * 1024;

/// The circle, on the disk of the node that has everything.
struct Case {
    corpus: Corpus,
    /// The listings come last, the oldest first.
    records: Vec<Verified>,
    listings: usize,
    messages: Vec<Message>,
    folders: TempDir,
}

/// One figure's samples for each run of a node that catches up.
#[derive(Default)]
struct CatchUp {
    floor: Vec<f64>,
    floor_cpu: Vec<f64>,
    time: Vec<f64>,
    bytes: Vec<f64>,
    cpu: Vec<f64>,
    opened: Vec<f64>,
    receiver: Vec<f64>,
    sender: Vec<f64>,
}

/// The same for a node that lacks a few records.
#[derive(Default)]
struct Mend {
    time: Vec<f64>,
    bytes: Vec<f64>,
}

pub(crate) fn run(scale: Scale) -> Outcome<Report> {
    let case = Case::new(scale.records)?;
    let (all, listings) = (case.records.len(), case.listings);
    let newest: Vec<bool> = (0..all).map(|number| number >= all - MISSING).collect();
    let step = listings / MISSING;
    let scattered: Vec<bool> =
        (0..all).map(|number| number >= all - MISSING * step && (all - number) % step == 0).collect();
    let lacks = [("newest", &newest), ("scattered", &scattered)];
    for (name, lacking) in lacks {
        let held = case.records.iter().zip(lacking).filter(|(_, lacks)| !**lacks).map(|(record, _)| record);
        folder::fill(&case.path(name), case.corpus.circle(), held)?;
    }
    let (mut catch_up, mut mends) = (CatchUp::default(), <[Mend; 2]>::default());
    for _ in 0..scale.rounds {
        case.catch_up(&mut catch_up)?;
        for ((name, _), mend) in lacks.iter().zip(&mut mends) {
            case.mend(name, mend)?;
        }
    }
    let mut report = scale.report("sync");
    let own = case.own_bytes(&vec![true; all]);
    catch_up.report(own, &mut report);
    for ((name, lacking), mend) in lacks.into_iter().zip(mends) {
        let floor = case.bare_negentropy(lacking)? + case.own_bytes(lacking);
        let count = lacking.iter().filter(|lacks| **lacks).count();
        let label = |what: &str| format!("{count} {name} missing: {what}");
        report.add_with_aim(label("time"), "ms", mend.time, "under 100");
        report.add(label("bare negentropy and records"), "bytes", vec![floor]);
        report.add(label("bytes"), "bytes", mend.bytes.clone());
        let ratio = mend.bytes.iter().map(|bytes| bytes / floor).collect();
        report.add_with_aim(label("ours to bare"), "", ratio, "1.2 or less");
    }
    Ok(report)
}

impl Case {
    fn new(count: usize) -> Outcome<Self> {
        let corpus = Corpus::new(count, now()?)?;
        let mut records = vec![corpus.founding().clone()];
        for record in corpus.records(count.saturating_sub(1)) {
            records.push(record?);
        }
        let is_listing = |record: &Verified| record.header().class == Class::Content;
        records.sort_by_key(|record| (is_listing(record), record.header().revision));
        let listings = records.iter().filter(|record| is_listing(record)).count();
        if listings < 2 * MISSING {
            return Err(format!("take {} records or more", 3 * MISSING).into());
        }
        let messages = records.iter().map(|record| message(&to_wire(record))).collect::<Outcome<_>>()?;
        let case = Self { corpus, records, listings, messages, folders: tempfile::tempdir()? };
        folder::fill(&case.path("all"), case.corpus.circle(), &case.records)?;
        Ok(case)
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folders.path().join(name)
    }

    fn own_bytes(&self, of: &[bool]) -> f64 {
        let chosen = self.records.iter().zip(of).filter(|(_, chosen)| **chosen);
        let size = |record: &Verified| record.envelope().len() + record.body_bytes().map_or(0, <[u8]>::len);
        chosen.map(|(record, _)| size(record)).sum::<usize>() as f64
    }

    fn catch_up(&self, samples: &mut CatchUp) -> Outcome<()> {
        let cores = std::thread::available_parallelism()?.get();
        let mut floor_cpu = 0.0;
        let mut floor = || -> Outcome<f64> {
            let before = cpu_of("/proc/self/stat")?;
            let time = timed(|| check_all_on(cores, &self.messages))?;
            floor_cpu += (cpu_of("/proc/self/stat")? - before) / 2.0;
            Ok(time.as_secs_f64())
        };
        let empty = tempfile::tempdir_in(self.folders.path())?;
        folder::fill(empty.path(), self.corpus.circle(), [])?;
        let before = floor()?;
        let sender = Process::start(&self.path("all"))?;
        let mut receiver = Process::start(empty.path())?;
        let proxy = Proxy::to(sender.socket())?;
        let cpu = sender.cpu()? + receiver.cpu()?;
        receiver.dial(&sender.behind(proxy.address())?)?;
        samples.time.push(receiver.reach(self.records.len())?);
        samples.bytes.push(proxy.passed() as f64);
        samples.cpu.push(sender.cpu()? + receiver.cpu()? - cpu);
        samples.opened.push(sender.opened);
        samples.receiver.push(receiver.peak_mib()?);
        samples.sender.push(sender.peak_mib()?);
        drop((sender, receiver));
        samples.floor.push(f64::midpoint(before, floor()?));
        samples.floor_cpu.push(floor_cpu);
        Ok(())
    }

    /// Lets a copy of a folder get what it lacks, then begin anew with nothing to get: the difference is what
    /// the missing records cost.
    fn mend(&self, name: &str, samples: &mut Mend) -> Outcome<()> {
        let copy = tempfile::tempdir_in(self.folders.path())?;
        folder::copy(&self.path(name), copy.path())?;
        let (time, bytes) = self.round(copy.path())?;
        let (_, nothing) = self.round(copy.path())?;
        samples.time.push(time * 1e3);
        samples.bytes.push(bytes - nothing);
        Ok(())
    }

    /// One round with the node that has everything: how many seconds passed from the connection until all is
    /// here, and how many bytes on it.
    fn round(&self, data: &Path) -> Outcome<(f64, f64)> {
        let sender = Process::start(&self.path("all"))?;
        let mut receiver = Process::start(data)?;
        let proxy = Proxy::to(sender.socket())?;
        receiver.dial(&sender.behind(proxy.address())?)?;
        let time = receiver.reach(self.records.len())?;
        receiver.synced(1)?;
        let bytes = proxy.passed() as f64;
        receiver.stop()?;
        Ok((time, bytes))
    }

    /// The bytes that negentropy by itself exchanges to find what one side lacks.
    fn bare_negentropy(&self, lacking: &[bool]) -> Outcome<f64> {
        let set = |all: bool| -> Outcome<_> {
            let mut storage = NegentropyStorageVector::new();
            let held = self.records.iter().zip(lacking).filter(|(_, lacks)| all || !**lacks);
            for (record, _) in held {
                let id = Id::from_byte_array(*record.id().as_bytes());
                storage.insert(record.header().revision.millis(), id)?;
            }
            storage.seal()?;
            Ok(Negentropy::owned(storage, FRAME)?)
        };
        let (mut near, mut far) = (set(false)?, set(true)?);
        let (mut have, mut need, mut bytes) = (Vec::new(), Vec::new(), 0);
        let mut next = Some(near.initiate()?);
        while let Some(message) = next {
            let answer = far.reconcile(&message)?;
            bytes += message.len() + answer.len();
            next = near.reconcile_with_ids(&answer, &mut have, &mut need)?;
        }
        Ok(bytes as f64)
    }
}

impl CatchUp {
    fn report(self, own: f64, report: &mut Report) {
        report.add("from empty: floor, all signatures", "s", self.floor.clone());
        report.add("from empty: time", "s", self.time.clone());
        report.add_with_aim("from empty: time to floor", "", ratios(&self.time, &self.floor), "1.5 or less");
        report.add("from empty: CPU of both", "s", self.cpu.clone());
        // Beside other work this one moves less than the time does.
        report.add("from empty: CPU of both to floor's", "", ratios(&self.cpu, &self.floor_cpu));
        report.add("from empty: records' own bytes", "bytes", vec![own]);
        report.add("from empty: bytes", "bytes", self.bytes.clone());
        let to_own = self.bytes.iter().map(|bytes| bytes / own).collect();
        report.add_with_aim("from empty: bytes to own", "", to_own, "1.15 or less");
        report.add_with_aim("peak memory of the receiver", "MiB", self.receiver, "under 150");
        report.add_with_aim("peak memory of the sender", "MiB", self.sender, "under 150");
        report.add_with_aim("start with all records", "s", self.opened, "under 2");
    }
}
