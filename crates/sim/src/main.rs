//! Runs a scenario for several seeds and prints a table.

#![allow(clippy::print_stderr, reason = "a program of the command line speaks to its terminal")]

use std::io::{self, Write};
use std::ops::Range;
use std::process::ExitCode;

use clap::Parser;
use sim::{Listener, Report, Scenario, ScenarioError};

/// Lets the nodes of one circle go through a scenario in virtual time, once for each seed, and tells whether
/// they end equal, with nothing lost and nothing back that was withdrawn. Bytes are those of an average node.
#[derive(Debug, Parser)]
#[command(name = "sim", version)]
struct Options {
    /// What the network goes through; see --list.
    #[arg(long, default_value = "partition")]
    scenario: String,
    /// How many honest nodes there are, if not as many as the scenario says.
    #[arg(long, value_parser = nodes)]
    nodes: Option<usize>,
    /// Which seeds: one (7), or from the first to before the last (0..20).
    #[arg(long, default_value = "0..20", value_parser = seeds)]
    seeds: Range<u64>,
    /// Name the scenarios, and what they show.
    #[arg(long)]
    list: bool,
    /// Print every event.
    #[arg(long)]
    trace: bool,
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

/// Why there is no table.
enum Trouble {
    Scenario(ScenarioError),
    Output(io::Error),
}

impl From<ScenarioError> for Trouble {
    fn from(error: ScenarioError) -> Self {
        Self::Scenario(error)
    }
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

/// Prints the scenarios or the table; says how many seeds failed.
fn run(options: &Options, out: &mut impl Write) -> Result<u64, Trouble> {
    if options.list {
        for (name, scenario) in Scenario::all()? {
            writeln!(out, "{name:<16}{}", scenario.about)?;
        }
        return Ok(0);
    }
    let mut scenario = Scenario::named(&options.scenario)?;
    scenario.nodes = options.nodes.unwrap_or(scenario.nodes);
    writeln!(out, "{}", Report::heading())?;
    let mut failed = 0_u64;
    for seed in options.seeds.clone() {
        let trace = options.trace.then(|| -> Listener {
            Box::new(|event| {
                // Who does not read on misses nothing.
                let _ = writeln!(io::stdout(), "{event}");
            })
        });
        let (report, _) = scenario.run(seed, trace)?;
        failed = failed.saturating_add(u64::from(!report.is_good()));
        writeln!(out, "{report}")?;
        out.flush()?;
    }
    Ok(failed)
}

fn main() -> ExitCode {
    match run(&Options::parse(), &mut io::stdout()) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(failed) => {
            eprintln!("{failed} seeds failed; --seeds SEED --trace shows what happened.");
            ExitCode::FAILURE
        }
        // Whoever reads the table has seen enough.
        Err(Trouble::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(Trouble::Output(error)) => {
            eprintln!("The table can not be written: {error}.");
            ExitCode::FAILURE
        }
        Err(Trouble::Scenario(error)) => {
            eprintln!("The scenario can not be run: {error}.");
            ExitCode::FAILURE
        }
    }
}
