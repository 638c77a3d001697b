//! Gossip: nodes in one process that tell each other of new listings, beside bare gossipsub in the same
//! shape, with the same settings, whose nodes do nothing with a message but verify it once.
//!
//! Loopback is counted as a whole, so the benchmark runs in a network namespace of its own where the system
//! allows that.

mod bare;
mod ours;

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use record::RecordId;
use tokio::sync::mpsc;

use crate::figure::{Report, median, ratios};
use crate::process::cpu_of;
use crate::{Outcome, Scale};

/// What each node dials: those so many places after it. So each has ten neighbours, and nobody asks for more.
const STEPS: [usize; 5] = [1, 2, 5, 11, 23];
/// The fewest nodes among which these are all different.
const FEWEST: usize = 2 * 23 + 1;
/// One message each.
const EVERY: Duration = Duration::from_millis(100);
/// How long a network that has just come up is left alone: its meshes form.
const SETTLE: Duration = Duration::from_secs(10);
/// When nothing more came for this long, nothing more comes.
const LATE: Duration = Duration::from_secs(5);
/// Says that this process is in its own namespace.
const ALONE: &str = "BENCH_GOSSIP_ALONE";

/// A message is here: at which node, which one, when.
type Arrival = (usize, RecordId, Instant);

/// Nodes that are connected.
trait Network {
    /// How often messages came to a node, if that can be told: the first time and all others.
    fn copies(&self) -> Option<u64>;
    /// Lets a node publish its next message. It arrives there first.
    async fn publish(&mut self, node: usize) -> Outcome<RecordId>;
    /// Ends all nodes.
    async fn stop(self) -> Outcome<()>;
}

/// The samples of one network, one from each round.
#[derive(Default)]
struct Samples {
    delivered: Vec<f64>,
    middle: Vec<f64>,
    slow: Vec<f64>,
    copies: Vec<f64>,
    bytes: Vec<f64>,
    cpu: Vec<f64>,
}

pub(crate) fn run(scale: Scale, nodes: usize, seconds: usize) -> Outcome<Report> {
    if nodes < FEWEST {
        return Err(format!("take {FEWEST} nodes or more").into());
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let (mut ours, mut bare) = (Samples::default(), Samples::default());
    let messages = seconds * 1_000 / EVERY.as_millis() as usize;
    for _ in 0..scale.rounds {
        runtime.block_on(async {
            let (arrived, arrivals) = mpsc::unbounded_channel();
            let network = bare::start(nodes, messages, arrived).await?;
            measure(network, nodes, messages, arrivals, &mut bare).await?;
            let (arrived, arrivals) = mpsc::unbounded_channel();
            let network = ours::start(nodes, arrived).await?;
            measure(network, nodes, messages, arrivals, &mut ours).await
        })?;
    }
    let scale = [("nodes", nodes), ("seconds", seconds), ("rounds", scale.rounds)];
    let mut report = Report::new("gossip", &scale);
    if std::env::var_os(ALONE).is_none() {
        report.add("not alone on loopback: bytes are too many", "", vec![f64::NAN]);
    }
    let aim = "1.3 or less";
    report.add("bare: delivered", "", bare.delivered);
    report.add_with_aim("ours: delivered", "", ours.delivered, "1");
    report.add_with_aim("p50, ours to bare", "", ratios(&ours.middle, &bare.middle), aim);
    report.add_with_aim("p99, ours to bare", "", ratios(&ours.slow, &bare.slow), aim);
    report.add_with_aim("bytes, ours to bare", "", ratios(&ours.bytes, &bare.bytes), aim);
    report.add_with_aim("CPU, ours to bare", "", ratios(&ours.cpu, &bare.cpu), aim);
    for (name, samples) in [("bare", bare.middle), ("ours", ours.middle)] {
        report.add(format!("{name}: p50"), "ms", samples);
    }
    for (name, samples) in [("bare", bare.slow), ("ours", ours.slow)] {
        report.add(format!("{name}: p99"), "ms", samples);
    }
    report.add("bare: copies of a delivery", "", bare.copies);
    for (name, samples) in [("bare", bare.bytes), ("ours", ours.bytes)] {
        report.add(format!("{name}: loopback's bytes of a delivery"), "bytes", samples);
    }
    for (name, samples) in [("bare", bare.cpu), ("ours", ours.cpu)] {
        report.add(format!("{name}: CPU of a delivery"), "µs", samples);
    }
    Ok(report)
}

/// Runs this very command again where nobody else uses loopback. None if the system does not allow that.
pub(crate) fn alone() -> Outcome<Option<bool>> {
    if std::env::var_os(ALONE).is_some() {
        return Ok(None);
    }
    let apart = |script: &str| {
        let mut command = Command::new("unshare");
        command.args(["--net", "--map-root-user", "sh", "-c"]).arg(format!("ip link set lo up && {script}"));
        command
    };
    if !apart("true").output().is_ok_and(|output| output.status.success()) {
        return Ok(None);
    }
    let mut again = apart("exec \"$0\" \"$@\"");
    again.arg(std::env::current_exe()?).args(std::env::args_os().skip(1)).env(ALONE, "1");
    Ok(Some(again.status()?.success()))
}

async fn measure(
    mut network: impl Network,
    nodes: usize,
    messages: usize,
    mut arrivals: mpsc::UnboundedReceiver<Arrival>,
    samples: &mut Samples,
) -> Outcome<()> {
    pause(SETTLE).await;
    while arrivals.try_recv().is_ok() {}
    let (cpu, bytes, copies) = (cpu_of("/proc/self/stat")?, loopback()?, network.copies());
    let mut clock = tokio::time::interval(EVERY);
    let mut wanted = Vec::new();
    for number in 0..messages {
        clock.tick().await;
        // A stride that meets everybody, and neighbours not one after the other.
        wanted.push(network.publish(number * 7 % nodes).await?);
    }
    let others = messages * (nodes - 1);
    let mut begun: BTreeMap<RecordId, Instant> = BTreeMap::new();
    let mut came: BTreeMap<(RecordId, usize), Instant> = BTreeMap::new();
    while came.len() < others + messages
        && let Ok(Some((node, id, at))) = tokio::time::timeout(LATE, arrivals.recv()).await
    {
        if wanted.contains(&id) {
            came.entry((id, node)).or_insert(at);
            let first = begun.entry(id).or_insert(at);
            *first = at.min(*first);
        }
    }
    let mut delays: Vec<f64> =
        came.iter().map(|((id, _), at)| (*at - begun[id]).as_secs_f64() * 1e3).collect();
    delays.sort_by(f64::total_cmp);
    // Of each message the first arrival is its author's own.
    let delays = delays.split_off(begun.len());
    let delivered = delays.len() as f64;
    samples.delivered.push(delivered / others as f64);
    samples.middle.push(median(&delays));
    samples.slow.push(delays.get(delays.len() * 99 / 100).copied().unwrap_or(f64::NAN));
    samples.bytes.push((loopback()? - bytes) / delivered);
    samples.cpu.push((cpu_of("/proc/self/stat")? - cpu) * 1e6 / delivered);
    if let Some((before, after)) = copies.zip(network.copies()) {
        samples.copies.push((after - before) as f64 / delivered);
    }
    network.stop().await
}

/// The bytes that loopback carried so far, with all of its headers.
fn loopback() -> Outcome<f64> {
    let devices = fs::read_to_string("/proc/net/dev")?;
    let line = devices.lines().find_map(|line| line.trim().strip_prefix("lo:")).ok_or("no loopback")?;
    Ok(line.split_whitespace().next().ok_or("no count")?.parse()?)
}

async fn pause(time: Duration) {
    // It never ends by itself.
    let _ = tokio::time::timeout(time, std::future::pending::<()>()).await;
}
