//! Search among a million short listings, one query at a time; with the feature `peers` beside tantivy in the
//! same run, which gets the same listings and the same queries.
//!
//! Both look for any of three words, within one category, and give the best 20. Ours takes what is at most
//! 100 km away; tantivy takes the square around that, which is a little more. Ours finds words in other
//! forms, compounds and slips as well; tantivy finds the words as they stand. Both hold everything in
//! memory; tantivy writes with one thread, though it merges beside that.

#[cfg(feature = "peers")]
mod peer;

use std::sync::Arc;
use std::time::Instant;

use matching::{Index, Query};
use record::{Listing, Side};

use crate::figure::{Report, quantile};
use crate::market::{Asked, Market};
use crate::meaning::OFFERING;
use crate::memory::own_mib;
use crate::{Outcome, Scale};

/// How many queries are asked in each round.
const QUERIES: usize = 300;
/// How many listings come anew in each round.
const NEWS: usize = 10;
const BEST: usize = 20;
const KM: f64 = 100.0;

/// What holds listings and is asked for them.
trait Engine: Sized {
    fn build(listings: &[Arc<Listing>]) -> Outcome<Self>;

    /// The numbers of the listings that it finds.
    fn search(&self, asked: &Asked) -> Outcome<Vec<u32>>;

    /// Takes in one more so that it is found from now on.
    fn publish(&mut self, number: u32, listing: &Arc<Listing>) -> Outcome<()>;
}

/// What was measured of one of them, once in each round.
#[derive(Default)]
struct Samples {
    build: Vec<f64>,
    /// In the first round only: later ones take the memory that the first one left.
    memory: Vec<f64>,
    half: Vec<f64>,
    most: Vec<f64>,
    news: Vec<f64>,
    found: Vec<f64>,
}

/// What all of them get.
struct Task {
    listings: Vec<Arc<Listing>>,
    queries: Vec<Asked>,
    /// Listings that come anew, and what finds them.
    news: Vec<(Arc<Listing>, Asked)>,
}

pub(crate) fn run(scale: Scale, listings: usize) -> Outcome<Report> {
    let task = Task::new(listings)?;
    let mut ours = Samples::default();
    #[cfg(feature = "peers")]
    let mut theirs = Samples::default();
    for _ in 0..scale.rounds {
        let _kept = ours.round::<Index<u32>>(&task)?;
        #[cfg(feature = "peers")]
        let _kept = theirs.round::<peer::Tantivy>(&task)?;
    }
    let scale = [("listings", listings), ("queries", QUERIES), ("rounds", scale.rounds)];
    let mut report = Report::new("search", &scale);
    ours.tell(&mut report, "ours");
    #[cfg(feature = "peers")]
    {
        use crate::figure::ratios;
        theirs.tell(&mut report, "tantivy");
        let (half, most) = (ratios(&ours.half, &theirs.half), ratios(&ours.most, &theirs.most));
        report.add_with_aim("query, half of them: ours to tantivy", "", half, "under 1");
        report.add_with_aim("query, 99 of 100: ours to tantivy", "", most, "under 1");
    }
    Ok(report)
}

impl Samples {
    fn round<E: Engine>(&mut self, task: &Task) -> Outcome<E> {
        let (before, begun) = (own_mib()?, Instant::now());
        let mut engine = E::build(&task.listings)?;
        self.build.push(begun.elapsed().as_secs_f64());
        if self.memory.is_empty() {
            self.memory.push(own_mib()? - before);
        }
        let (mut times, mut found) = (Vec::new(), 0);
        for asked in &task.queries {
            let begun = Instant::now();
            found += engine.search(asked)?.len();
            times.push(begun.elapsed().as_secs_f64() * 1e3);
        }
        times.sort_by(f64::total_cmp);
        self.half.push(quantile(&times, 0.5));
        self.most.push(quantile(&times, 0.99));
        self.found.push(found as f64 / task.queries.len() as f64);
        let mut times = Vec::new();
        for (number, (listing, asked)) in (task.listings.len() as u32..).zip(&task.news) {
            let begun = Instant::now();
            engine.publish(number, listing)?;
            times.push(begun.elapsed().as_secs_f64() * 1e3);
            if !engine.search(asked)?.contains(&number) {
                return Err("a new listing is not found".into());
            }
        }
        times.sort_by(f64::total_cmp);
        self.news.push(quantile(&times, 0.5));
        Ok(engine)
    }

    fn tell(&self, report: &mut Report, name: &str) {
        report.add(format!("{name}: build"), "s", self.build.clone());
        report.add(format!("{name}: memory, without listings"), "MiB", self.memory.clone());
        report.add(format!("{name}: query, half of them"), "ms", self.half.clone());
        report.add(format!("{name}: query, 99 of 100"), "ms", self.most.clone());
        report.add(format!("{name}: found of a query, at most {BEST}"), "", self.found.clone());
        report.add(format!("{name}: until a new one is found"), "ms", self.news.clone());
    }
}

impl Task {
    fn new(count: usize) -> Outcome<Self> {
        let mut market = Market::open()?;
        let listings = market.listings(Side::Offer, count)?;
        let queries = market.queries(&listings, QUERIES);
        let mut news = Vec::new();
        for number in 0..NEWS {
            let listing = market.listing(Side::Offer)?;
            let near = listing.cell.ok_or("a listing without a place")?;
            let words = [(); 3].map(|()| format!("novelty{number}"));
            let asked = Asked { words, category: listing.category.clone(), near };
            let title = format!("{} novelty{number}", listing.title);
            news.push((Arc::new(Listing { title, ..listing }), asked));
        }
        Ok(Self { listings, queries, news })
    }
}

impl Engine for Index<u32> {
    fn build(listings: &[Arc<Listing>]) -> Outcome<Self> {
        let mut index = Index::new();
        for (number, listing) in (0..).zip(listings) {
            index.insert(number, OFFERING, listing.clone());
        }
        Ok(index)
    }

    fn search(&self, asked: &Asked) -> Outcome<Vec<u32>> {
        let query = Query {
            text: &asked.words.join(" "),
            side: Some(Side::Offer),
            category: Some(&asked.category),
            near: Some(asked.near),
            within_km: Some(KM),
            ..Query::default()
        };
        Ok(Self::search(self, &query, BEST).into_iter().map(|hit| hit.id).collect())
    }

    fn publish(&mut self, number: u32, listing: &Arc<Listing>) -> Outcome<()> {
        self.insert(number, OFFERING, listing.clone());
        Ok(())
    }
}
