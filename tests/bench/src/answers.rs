//! A new offer among standing needs: how soon it is known whom it helps, and what the index of the needs
//! takes.

use std::time::Instant;

use matching::{Index, Meaning};
use record::Side;

use crate::figure::{Report, quantile};
use crate::market::Market;
use crate::meaning::{NEEDING, OFFERING};
use crate::memory::own_mib;
use crate::{Outcome, Scale};

/// How many offers come anew in each round.
const NEWS: usize = 300;
/// So many needs are told of each.
const BEST: usize = 20;

pub(crate) fn run(scale: Scale) -> Outcome<Report> {
    let mut market = Market::open()?;
    let needs = market.listings(Side::Need, scale.records)?;
    let meaning = Meaning::shipped();
    let [mut build, mut memory, mut inserts, mut half, mut most, mut found] = [const { Vec::new() }; 6];
    // All of them are kept to the end, else the next one would take the memory that the last one left.
    let mut indexes: Vec<Index<usize>> = Vec::new();
    for _ in 0..scale.rounds {
        // What is the listings' own was there before, and they are shared: what is added is the index's.
        let before = own_mib()?;
        let begun = Instant::now();
        let mut index = Index::with(meaning);
        for (number, need) in needs.iter().enumerate() {
            index.insert(number, NEEDING, need.clone());
        }
        build.push(begun.elapsed().as_secs_f64());
        memory.push(own_mib()? - before);
        let (mut inserting, mut matching, mut matches) = (Vec::new(), Vec::new(), 0);
        for offer in market.listings(Side::Offer, NEWS)? {
            let begun = Instant::now();
            index.insert(scale.records, OFFERING, offer);
            inserting.push(begun.elapsed().as_secs_f64() * 1e6);
            let begun = Instant::now();
            matches += index.matches_for(&scale.records, BEST).len();
            matching.push(begun.elapsed().as_secs_f64() * 1e3);
            index.remove(&scale.records);
        }
        inserting.sort_by(f64::total_cmp);
        matching.sort_by(f64::total_cmp);
        inserts.push(quantile(&inserting, 0.5));
        half.push(quantile(&matching, 0.5));
        most.push(quantile(&matching, 0.99));
        found.push(matches as f64 / NEWS as f64);
        indexes.push(index);
    }
    let mut report = scale.report("match");
    report.add_with_aim("build", "s", build, "under 3");
    report.add_with_aim("memory, without listings and vectors", "MiB", memory, "under 80");
    report.add("insert, half of them", "µs", inserts);
    report.add("matches of an offer, half of them", "ms", half);
    report.add_with_aim("matches of an offer, 99 of 100", "ms", most, "under 5");
    report.add("matches found of an offer, at most 20", "", found);
    Ok(report)
}
