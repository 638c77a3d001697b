//! Scores of given pairs of a need and an offer, to be judged by whoever knows which ones fit.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::PathBuf;

use clap::Args;
use matching::Index;
use record::Side;
use serde_json::Value;

use crate::Outcome;
use crate::figure::Report;
use crate::meaning::{Known, NEEDING, OFFERING};
use crate::questions::{lines, listing, text};

/// What is compared with what.
#[derive(Debug, Clone, Args)]
pub(crate) struct Pairs {
    /// The needs, one JSON object a line: id, need (lang, text), offers (id, lang, text of each)
    file: PathBuf,
    #[command(flatten)]
    known: Known,
    /// Where a line for each offer of each need goes: need, offer, score, which is 0 if nothing speaks for it
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

pub(crate) fn run(pairs: &Pairs) -> Outcome<Report> {
    let needs = lines(&pairs.file)?;
    // All in one index: what a word tells is known from many offers, not from a few.
    let mut index = Index::with(pairs.known.load()?);
    for (number, line) in needs.iter().enumerate() {
        let need = line.get("need").ok_or("a line without a need")?;
        index.insert((number, None), NEEDING, listing(Side::Need, need)?);
        for (place, offer) in offers(line)?.iter().enumerate() {
            index.insert((number, Some(place)), OFFERING, listing(Side::Offer, offer)?);
        }
    }
    let mut out = BufWriter::new(File::create(&pairs.out)?);
    for (number, line) in needs.iter().enumerate() {
        for (place, offer) in offers(line)?.iter().enumerate() {
            let found = index.why(&(number, None), &(number, Some(place)));
            let score = found.map(|found| found.score).unwrap_or_default();
            writeln!(out, "{}\t{}\t{score}", text(line, "id")?, text(offer, "id")?)?;
        }
    }
    out.flush()?;
    Ok(Report::new("pairs", &[("needs", needs.len()), ("listings", index.len())]))
}

fn offers(need: &Value) -> Outcome<&Vec<Value>> {
    need.get("offers").and_then(Value::as_array).ok_or_else(|| "a line without offers".into())
}
