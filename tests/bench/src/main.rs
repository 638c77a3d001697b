//! Benchmarks: what the parts cost, beside the floor that the libraries below them set.
//!
//! Machines differ and are shared, so a time by itself says little. Each benchmark takes turns with its
//! floor in one run, for several rounds, and reports medians, the spread and the ratio. Nothing is
//! asserted: an aim is printed beside the figure that it belongs to.

mod accept;
mod answers;
mod corpus;
mod digest;
mod figure;
mod folder;
mod gossip;
mod idle;
mod letters;
mod market;
mod meaning;
mod memory;
mod pairs;
mod process;
mod proxy;
mod questions;
mod rank;
mod search;
mod store;
mod strange;
mod sync;
mod verify;

use std::error::Error;
use std::io::{self, Write as _};
use std::path::PathBuf;

use clap::{CommandFactory as _, Parser, Subcommand};

use crate::figure::Report;

/// What a benchmark that can not go on says.
type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// What the parts cost, beside the floor that the libraries below them set.
#[derive(Debug, Parser)]
#[command(name = "bench", arg_required_else_help = true, max_term_width = 100)]
struct Cli {
    /// Name the benchmarks, one a line
    #[arg(long)]
    list: bool,
    /// Print one JSON object on the last line
    #[arg(long, global = true)]
    json: bool,
    #[command(flatten)]
    scale: Scale,
    #[command(subcommand)]
    benchmark: Option<Benchmark>,
}

/// How much is measured.
#[derive(Debug, Clone, Copy, clap::Args)]
struct Scale {
    /// How many records
    #[arg(long, global = true, value_name = "N", default_value_t = 100_000, value_parser = at_least_one)]
    records: usize,
    /// How often everything is measured
    #[arg(long, global = true, value_name = "R", default_value_t = 5, value_parser = at_least_one)]
    rounds: usize,
}

#[derive(Debug, Clone, Subcommand)]
enum Benchmark {
    /// From bytes on the wire to admitted records; the floor is ed25519-dalek's `verify_strict`
    Verify,
    /// Inserts beside bare sled, one durable write beside `write` and `fdatasync`, and a start with all records
    Store,
    /// Records taken in by a node until they are durable; the floor is the check of all signatures
    Accept,
    /// One new record, and the digest of all; the floor is SHA-256 of what is hashed
    Digest,
    /// Two nodes in two processes: from empty, and when little is missing; the floor is the check of all
    /// signatures, and bare negentropy
    Sync,
    /// Nodes in one process, ten messages a second; the floor is bare gossipsub with one verification
    Gossip {
        /// How many nodes
        #[arg(long, value_name = "N", default_value_t = 50, value_parser = at_least_one)]
        nodes: usize,
        /// For how long in each round
        #[arg(long, value_name = "S", default_value_t = 30, value_parser = at_least_one)]
        seconds: usize,
    },
    /// A node with all records and 8 peers that has nothing to do
    Idle {
        /// For how long
        #[arg(long, value_name = "M", default_value_t = 10, value_parser = at_least_one)]
        minutes: usize,
    },
    /// Documents ranked for queries, for a judge
    Rank(rank::Rank),
    /// Scores of given needs and offers, for a judge
    Pairs(pairs::Pairs),
    /// Three words among a million short listings, in a category and near; with `--features peers` beside
    /// tantivy
    Search {
        /// How many listings
        #[arg(long, value_name = "N", default_value_t = 1_000_000, value_parser = at_least_one)]
        listings: usize,
    },
    /// A new offer among as many standing needs as `--records`
    Match,
    /// Letters sealed, opened, and as many as `--records` tried by a node for its members; the floor is bare
    /// X25519
    Letters,
    /// The texts that take an index longest: long words of letters that are none, in many scripts
    Strange,
    /// A node for another benchmark
    #[command(hide = true)]
    Node {
        /// Its data folder
        data: PathBuf,
    },
}

fn main() -> Outcome<()> {
    let cli = Cli::parse();
    if cli.list {
        let names = Cli::command()
            .get_subcommands()
            .filter(|one| !one.is_hide_set())
            .map(|one| format!("{}\n", one.get_name()))
            .collect::<String>();
        return print(&names);
    }
    let report = match cli.benchmark {
        None => return print(&Cli::command().render_help().to_string()),
        Some(Benchmark::Verify) => verify::run(cli.scale)?,
        Some(Benchmark::Store) => store::run(cli.scale)?,
        Some(Benchmark::Accept) => accept::run(cli.scale)?,
        Some(Benchmark::Digest) => digest::run(cli.scale)?,
        Some(Benchmark::Sync) => sync::run(cli.scale)?,
        Some(Benchmark::Gossip { nodes, seconds }) => match gossip::alone()? {
            Some(true) => return Ok(()),
            Some(false) => return Err("it failed in its namespace".into()),
            None => gossip::run(cli.scale, nodes, seconds)?,
        },
        Some(Benchmark::Idle { minutes }) => idle::run(cli.scale, minutes)?,
        Some(Benchmark::Rank(ref rank)) => rank::run(rank)?,
        Some(Benchmark::Pairs(ref pairs)) => pairs::run(pairs)?,
        Some(Benchmark::Search { listings }) => search::run(cli.scale, listings)?,
        Some(Benchmark::Match) => answers::run(cli.scale)?,
        Some(Benchmark::Letters) => letters::run(cli.scale)?,
        Some(Benchmark::Strange) => strange::run(cli.scale)?,
        Some(Benchmark::Node { data }) => return process::run(data),
    };
    print(&if cli.json { format!("{}\n", report.to_json()) } else { report.to_table() })
}

fn print(text: &str) -> Outcome<()> {
    Ok(io::stdout().lock().write_all(text.as_bytes())?)
}

fn at_least_one(text: &str) -> Result<usize, String> {
    let number = text.parse().map_err(|_| "not a whole number".to_owned())?;
    if number == 0 { Err("at least 1".to_owned()) } else { Ok(number) }
}

impl Scale {
    /// An empty report on a benchmark at this scale.
    fn report(self, benchmark: &'static str) -> Report {
        Report::new(benchmark, &[("records", self.records), ("rounds", self.rounds)])
    }
}
