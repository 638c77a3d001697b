//! The texts that take an index longest: as many and as long words as it reads, of letters that are no words, in many
//! scripts. Each is taken in a few times, of which the shortest counts: what else the machine does is not the text's.

use std::time::Instant;

use matching::Index;
use record::{Listing, Side};

use crate::figure::{Report, quantile};
use crate::market::Dice;
use crate::meaning::OFFERING;
use crate::{Outcome, Scale};

/// How many texts in each round.
const TEXTS: usize = 200;
/// How often each is taken in.
const TRIES: usize = 4;
/// How many words a title and a text have, more than are read.
const TITLE: usize = 60;
const TEXT: usize = 400;
/// The longest words of a text, in letters.
const LONGEST: [usize; 4] = [8, 15, 40, 200];
/// Where the letters of a script are, and how many there are.
const SCRIPTS: [(u32, usize); 8] = [
    (0x61, 26),
    (0xe0, 300),
    (0x430, 32),
    (0x621, 40),
    (0x905, 50),
    (0x4e00, 20_000),
    (0xac00, 11_000),
    (0x1f300, 400),
];
const LANGUAGES: [&str; 7] = ["de", "en", "fr", "ru", "ar", "ko", ""];

pub(crate) fn run(scale: Scale) -> Outcome<Report> {
    let mut dice = Dice::new();
    let [mut half, mut worst] = [const { Vec::new() }; 2];
    for _ in 0..scale.rounds {
        let mut took = Vec::new();
        for number in 0..TEXTS {
            let (first, many) = SCRIPTS[dice.below(SCRIPTS.len())];
            let longest = LONGEST[number % LONGEST.len()];
            let mut words = |count: usize| -> String {
                let word = |_| {
                    let letters = (0..1 + dice.below(longest))
                        .filter_map(|_| char::from_u32(first + u32::try_from(dice.below(many)).ok()?));
                    letters.chain([' ']).collect::<String>()
                };
                (0..count).map(word).collect()
            };
            let (title, text) = (words(TITLE), words(TEXT));
            let language = LANGUAGES[number % LANGUAGES.len()].parse().ok();
            let listing = Listing { text, language, ..Listing::new(Side::Offer, &title) };
            let tries = (0..TRIES).map(|_| {
                let (mut index, listing) = (Index::new(), listing.clone());
                let begun = Instant::now();
                index.insert(0, OFFERING, listing);
                begun.elapsed().as_secs_f64() * 1e3
            });
            took.push(tries.fold(f64::MAX, f64::min));
        }
        took.sort_by(f64::total_cmp);
        half.push(quantile(&took, 0.5));
        worst.push(took.last().copied().unwrap_or_default());
    }
    let mut report = Report::new("strange", &[("texts", TEXTS), ("rounds", scale.rounds)]);
    report.add("half of them", "ms", half);
    report.add_with_aim("the one that takes longest", "ms", worst, "under 10");
    Ok(report)
}
