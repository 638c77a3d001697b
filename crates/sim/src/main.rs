//! Runs the simulation for several seeds and prints a table.

#![allow(clippy::print_stderr, reason = "a program of the command line speaks to its terminal")]

use std::io::{self, Write};
use std::ops::Range;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use sim::{Config, Topology, everybody_writes};

/// Lets many nodes of one circle write and reconcile in virtual time, once for each seed, and tells how
/// long it takes until all are equal.
#[derive(Debug, Parser)]
#[command(name = "sim", version)]
struct Options {
    /// How many nodes there are.
    #[arg(long, default_value_t = 30, value_parser = nodes)]
    nodes: usize,
    /// Which seeds: one (7), or from the first to before the last (0..20).
    #[arg(long, default_value = "0..20", value_parser = seeds)]
    seeds: Range<u64>,
    /// The probability that a gossip message is lost on a link, 0 to 1.
    #[arg(long, default_value_t = 0.2, value_parser = probability)]
    loss: f64,
    /// How many listings each member writes.
    #[arg(long, default_value_t = 20)]
    records: usize,
    /// Which nodes are linked: line, ring, random, random:DEGREE or full.
    #[arg(long, default_value = "random", value_parser = str::parse::<Topology>)]
    topology: Topology,
    /// How far clocks may be ahead or behind, in seconds.
    #[arg(long, default_value_t = 0)]
    skew: u64,
    /// How many seconds of virtual time a network has to become equal.
    #[arg(long, default_value_t = 600)]
    limit: u64,
}

/// The most nodes: each keeps all records in memory.
const MAX_NODES: usize = 10_000;

fn nodes(text: &str) -> Result<usize, String> {
    let number = text.parse().ok().filter(|number| (1..=MAX_NODES).contains(number));
    number.ok_or_else(|| format!("give a number of nodes from 1 to {MAX_NODES}"))
}

fn seeds(text: &str) -> Result<Range<u64>, String> {
    let wrong = || "give one seed (7) or a range of seeds (0..20)".to_owned();
    let number = |text: &str| text.trim().parse::<u64>().map_err(|_| wrong());
    let range = match text.split_once("..") {
        Some((first, end)) => number(first)?..number(end)?,
        None => number(text)?..number(text)?.saturating_add(1),
    };
    if range.is_empty() { Err("the range of seeds is empty".to_owned()) } else { Ok(range) }
}

fn probability(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|number| (0.0..=1.0).contains(number));
    number.ok_or_else(|| "give a probability from 0 to 1, such as 0.2".to_owned())
}

/// Prints the table; says how many seeds did not end well.
fn run(options: &Options, out: &mut impl Write) -> io::Result<u64> {
    writeln!(out, "{:>8}  {:>10}  {:>10}  {:>12}  result", "seed", "seconds", "messages", "bytes")?;
    let mut bad = 0_u64;
    for seed in options.seeds.clone() {
        let config = Config {
            seed,
            nodes: options.nodes,
            topology: options.topology,
            loss: options.loss,
            skew_ms: options.skew.saturating_mul(1_000),
            ..Config::default()
        };
        let outcome = everybody_writes(config, options.records, Duration::from_secs(options.limit));
        let (seconds, mut result) = match outcome.converged {
            Some(elapsed) => (format!("{:.1}", elapsed.as_secs_f64()), "equal".to_owned()),
            None => ("-".to_owned(), format!("not equal, {} nodes lack records", outcome.lacking)),
        };
        if outcome.faults > 0 {
            result.push_str(&format!(", {} faults", outcome.faults));
        }
        if outcome.converged.is_none() || outcome.faults > 0 {
            bad = bad.saturating_add(1);
        }
        let (messages, bytes) = (outcome.traffic.messages, outcome.traffic.bytes);
        writeln!(out, "{seed:>8}  {seconds:>10}  {messages:>10}  {bytes:>12}  {result}")?;
        out.flush()?;
    }
    Ok(bad)
}

fn main() -> ExitCode {
    let options = Options::parse();
    match run(&options, &mut io::stdout().lock()) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(bad) => {
            let limit = options.limit;
            eprintln!(
                "{bad} of the seeds did not become equal within {limit} virtual seconds, or had faults."
            );
            ExitCode::FAILURE
        }
        // Whoever reads the table has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("The table can not be written: {error}.");
            ExitCode::FAILURE
        }
    }
}
