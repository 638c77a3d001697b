//! Ranked search.

use std::collections::BTreeSet;

use crate::index::Index;
use crate::index::facts::{Filters, Spot};
use crate::index::query::{Found, Hit, Query, Widened};
use crate::index::shelf::Wanted;
use crate::pairs::fit::{fit, verdict_of_words};
use crate::pairs::party::Uttered;
use crate::pairs::score::{LEAST_RELEVANCE, place_factor};
use crate::text::fold::is_part_of_word;
use record::{Language, Listing, Side};

/// So many of the listings that hold the words are looked at closely.
const LOOKED_AT: usize = 120;
/// From this share of a word on its answer is shown as a hit.
const SHOWN: f32 = 0.45;

impl<Id: Ord + Clone> Index<Id> {
    /// The listings that are what these words say, the best first, at most `limit`; equal ones in the order
    /// of their ids.
    #[must_use]
    pub fn search(&self, query: &Query<'_>, limit: usize) -> Vec<Hit<Id>> {
        let category = query.category.map(|category| self.public.category(category));
        // Why: a category that no listing has is not the same as none.
        if category == Some(None) {
            return Vec::new();
        }
        let category = category.flatten();
        let filters = Filters::of(query, category, self.now);
        let (text, begun) = if query.unfinished { last_word(query.text) } else { (query.text, "") };
        let mut stranger = self.read([0; 32], asked(text, query.language));
        if !begun.is_empty() {
            stranger.begin(begun);
        }
        let asked = self.party_of(&stranger);
        let wanted: Vec<Wanted> = asked.words.iter().filter_map(|word| self.wanted(word)).collect();
        let near = query.near.map(Spot::of);
        let directions = asked.directions(&self.public.vocabulary);
        let found = self.public.candidates(&wanted, LOOKED_AT.max(limit), |facts| filters.admit(facts));
        let mut hits: Vec<Hit<Id>> = found
            .into_iter()
            .filter_map(|number| {
                let offered = self.party(&self.public, number)?;
                let fit = fit(&asked, &directions, &offered, &offered.directions(&self.public.vocabulary));
                let relevance = verdict_of_words(&fit);
                if relevance < LEAST_RELEVANCE {
                    return None;
                }
                let km = near.and_then(|near| Some(near.distance_km(&offered.facts.place?)));
                let place = if near.is_some() { place_factor(km) } else { 1.0 };
                let shown = fit.answers.iter().filter(|answer| answer.likeness >= SHOWN);
                let words: BTreeSet<&str> = shown.map(|answer| answer.offer.spoken(offered.about)).collect();
                let words = words.into_iter().map(str::to_owned).collect();
                let id = self.public.entry(number)?.id.clone();
                Some(Hit { id, score: f64::from(relevance * place), words })
            })
            .collect();
        hits.sort_unstable_by(|one, other| {
            other.score.total_cmp(&one.score).then_with(|| one.id.cmp(&other.id))
        });
        hits.truncate(limit);
        hits
    }

    /// [`search`](Self::search) that looks farther if it finds nothing, one wish after the other, and says
    /// which one it left aside.
    #[must_use]
    pub fn search_wider(&self, query: &Query<'_>, limit: usize) -> Found<Id> {
        let hits = self.search(query, limit);
        if !hits.is_empty() {
            return Found { hits, widened: None };
        }
        for widened in Widened::ALL {
            let hits = widened.of(query).map(|wider| self.search(&wider, limit)).unwrap_or_default();
            if !hits.is_empty() {
                return Found { hits, widened: Some(widened) };
            }
        }
        Found { hits: Vec::new(), widened: None }
    }

    /// Words of public listings that begin with these letters, the commonest first, at most `most`.
    #[must_use]
    pub fn suggest(&self, beginning: &str, most: usize) -> Vec<String> {
        self.public.vocabulary.suggest(beginning, most)
    }

    /// What stands in for a word of a listing, and how much it counts; none for a word that is not to be there.
    pub(crate) fn wanted(&self, word: &Uttered<'_>) -> Option<Wanted> {
        self.wanted_among(&self.public, word)
    }
}

/// A query as the need that it is.
fn asked(text: &str, language: Option<Language>) -> Listing {
    Listing { language, ..Listing::new(Side::Need, text) }
}

/// The text before its last word, and that word if nothing follows it.
fn last_word(text: &str) -> (&str, &str) {
    let begin = text.char_indices().rev().take_while(|(_, letter)| is_part_of_word(*letter)).last();
    text.split_at(begin.map_or(text.len(), |(at, _)| at))
}
