//! Documents ranked for queries, to be judged by whoever knows the right answers.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use matching::Index;
use record::Side;

use crate::Outcome;
use crate::figure::{Report, quantile};
use crate::meaning::{Known, OFFERING, ranked};
use crate::questions::{lines, listing, text};

/// So many documents are written for each query.
const BEST: usize = 50;

/// What is ranked for what.
#[derive(Debug, Clone, Args)]
pub(crate) struct Rank {
    /// The documents, one JSON object a line: id, lang, text; may be packed (.gz)
    #[arg(long, value_name = "FILE")]
    docs: PathBuf,
    /// The queries, in the same form
    #[arg(long, value_name = "FILE")]
    queries: PathBuf,
    #[command(flatten)]
    known: Known,
    /// Where the best 50 of each query go: query, document, rank, score
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

pub(crate) fn run(rank: &Rank) -> Outcome<Report> {
    let mut index = Index::with(rank.known.load()?);
    let documents = lines(&rank.docs)?;
    let begun = Instant::now();
    for document in &documents {
        index.insert(text(document, "id")?.to_owned(), OFFERING, listing(Side::Offer, document)?);
    }
    let built = begun.elapsed().as_secs_f64();
    let queries = lines(&rank.queries)?;
    let mut out = BufWriter::new(File::create(&rank.out)?);
    let mut times = Vec::new();
    for query in &queries {
        let need = listing(Side::Need, query)?;
        let begun = Instant::now();
        let best = ranked(&index, &need, BEST);
        times.push(begun.elapsed().as_secs_f64() * 1e3);
        let id = text(query, "id")?;
        for (place, (document, score)) in (1..).zip(best) {
            writeln!(out, "{id}\t{document}\t{place}\t{score}")?;
        }
    }
    out.flush()?;
    times.sort_by(f64::total_cmp);
    let mut report = Report::new("rank", &[("documents", documents.len()), ("queries", queries.len())]);
    report.add("build", "s", vec![built]);
    report.add("query, half of them", "ms", vec![quantile(&times, 0.5)]);
    report.add("query, 99 of 100", "ms", vec![quantile(&times, 0.99)]);
    Ok(report)
}
