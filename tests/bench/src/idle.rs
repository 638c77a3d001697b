//! A node that has nothing to do: its processor time, bytes and memory, minute by minute.

use std::thread;
use std::time::{Duration, Instant};

use crate::corpus::{Corpus, now};
use crate::figure::Report;
use crate::process::Process;
use crate::proxy::Proxy;
use crate::{Outcome, Scale, folder};

/// How many peers the node has.
const PEERS: usize = 8;
const MINUTE: Duration = Duration::from_secs(60);

pub(crate) fn run(scale: Scale, minutes: usize) -> Outcome<Report> {
    let corpus = Corpus::new(scale.records, now()?)?;
    let mut records = vec![corpus.founding().clone()];
    for record in corpus.records(scale.records.saturating_sub(1)) {
        records.push(record?);
    }
    let folders = tempfile::tempdir()?;
    let path = |number: usize| folders.path().join(number.to_string());
    folder::fill(&path(0), corpus.circle(), &records)?;
    drop(records);
    for number in 1..=PEERS {
        folder::copy(&path(0), &path(number))?;
    }
    let peers: Vec<Process> =
        (1..=PEERS).map(|number| Process::start(&path(number))).collect::<Outcome<_>>()?;
    let mut node = Process::start(&path(0))?;
    let proxies: Vec<Proxy> = peers.iter().map(|peer| Proxy::to(peer.socket())).collect::<Outcome<_>>()?;
    for (peer, proxy) in peers.iter().zip(&proxies) {
        node.dial(&peer.behind(proxy.address())?)?;
    }
    node.synced(PEERS)?;
    // The second round with each peer comes soon after the first, and is not what an hour is made of.
    pause(MINUTE / 2);
    let (mut cpu, mut bytes, mut memory) = (Vec::new(), Vec::new(), Vec::new());
    let passed = || proxies.iter().map(Proxy::passed).sum::<u64>() as f64;
    for _ in 0..minutes {
        let (begun, cpu_before, bytes_before) = (Instant::now(), node.cpu()?, passed());
        pause(MINUTE);
        cpu.push((node.cpu()? - cpu_before) / begun.elapsed().as_secs_f64() * 100.0);
        bytes.push(passed() - bytes_before);
        memory.push(node.memory_mib()?);
    }
    let mut report =
        Report::new("idle", &[("records", scale.records), ("peers", PEERS), ("minutes", minutes)]);
    let all = |samples: &[f64]| samples.iter().sum::<f64>() / samples.len() as f64;
    report.add_with_aim("of a core, on average", "%", vec![all(&cpu)], "under 1");
    report.add("of a core, each minute", "%", cpu);
    report.add("each minute, with all peers", "bytes", bytes);
    report.add_with_aim("memory", "MiB", memory, "under 150");
    report.add("peak memory", "MiB", vec![node.peak_mib()?]);
    Ok(report)
}

fn pause(time: Duration) {
    let end = Instant::now() + time;
    while let Some(left) = end.checked_duration_since(Instant::now()) {
        thread::park_timeout(left);
    }
}
