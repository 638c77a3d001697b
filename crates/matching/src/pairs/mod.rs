//! Needs and the offers that answer them.
//!
//! Search is generous: it ranks, and a weak hit stands at the end. A match is a claim, so it is strict:
//! without words that speak for it there is none, however near two things are.

pub(crate) mod fit;
pub(crate) mod party;
pub(crate) mod reason;
pub(crate) mod score;
mod verdict;

use std::cmp::{Ordering, Reverse};

use crate::index::Index;
use crate::index::facts::Facts;
use crate::index::shelf::{Shelf, Wanted};
use crate::pairs::party::{Directions, Party, Uttered};
use crate::pairs::reason::Reason;
use crate::pairs::verdict::{Verdict, compare};
use crate::text::reading::Role;
use record::{Listing, Side, Timestamp};

/// A need and an offer that fit.
#[derive(Debug, Clone, PartialEq)]
pub struct Match<Id> {
    /// The caller's id of the need.
    pub need: Id,
    /// The caller's id of the offer.
    pub offer: Id,
    /// How well they fit, 0 to 1: the sum of the reasons' points. Mostly what their words have in common.
    pub score: f64,
    /// What speaks for it, the weightiest first; then what speaks against it.
    pub reasons: Vec<Reason>,
    /// Whether it is a match: the words speak for it, and whatever else is said of both allows it.
    pub fits: bool,
}

/// So many of the listings that rank best for a listing's words are looked at closely.
const CANDIDATES: usize = 120;
/// So many needs are looked at for the list of all, the newest: nobody reads more, and each takes time.
const NEEDS_LOOKED_AT: usize = 1_000;
/// So many matches of one need stand in the list of all: one popular thing must not fill it.
const OF_EACH_NEED: usize = 10;

/// A match that is not put in words yet.
struct Ranked<'v, 'p, 'a, Id> {
    need: &'v Id,
    offer: &'v Id,
    score: f64,
    verdict: Verdict<'p, 'a>,
}

impl<Id: Ord + Clone> Index<Id> {
    /// The offers that answer a need, or the needs (private ones, too) that an offer answers, the best first,
    /// at most `limit`. Among equals the need that stands longest comes first, then the newest offer. None
    /// for an id that is not here.
    #[must_use]
    pub fn matches_for(&self, id: &Id, limit: usize) -> Vec<Match<Id>> {
        let Some((shelf, number)) = self.find(id) else { return Vec::new() };
        self.party(shelf, number).map_or_else(Vec::new, |party| self.partners(id, &party, limit, true))
    }

    /// [`matches_for`](Self::matches_for) for a listing that is not in the index, under an id that the matches
    /// shall name.
    #[must_use]
    pub fn matches_with(&self, id: &Id, author: [u8; 32], listing: &Listing, limit: usize) -> Vec<Match<Id>> {
        let stranger = self.read(author, listing.clone());
        self.partners(id, &self.party_of(&stranger), limit, true)
    }

    /// The listings of the other side that fit a listing best, the best first, whether they are a match or
    /// not, with their scores.
    #[must_use]
    pub fn ranked_for(&self, id: &Id, author: [u8; 32], listing: &Listing, limit: usize) -> Vec<Match<Id>> {
        let stranger = self.read(author, listing.clone());
        self.partners(id, &self.party_of(&stranger), limit, false)
    }

    /// The best matches of the thousand newest needs, at most `limit`, and at most ten of each need.
    ///
    /// Looks at each of these needs in turn: a millisecond for each in a catalogue of a few thousand listings, five
    /// in one of a hundred thousand.
    #[must_use]
    pub fn all_matches(&self, limit: usize) -> Vec<Match<Id>> {
        let mut needs: Vec<(Timestamp, &Shelf<Id>, u32)> = Vec::new();
        for shelf in [&self.public, &self.private] {
            let entries = shelf.numbers().filter_map(|number| Some((number, shelf.entry(number)?)));
            let found = entries.filter(|(_, entry)| entry.about.listing.side == Side::Need);
            needs.extend(found.map(|(number, entry)| (entry.about.since, shelf, number)));
        }
        // Why: the sort is stable, and the shelves hand their listings out in the order of their ids.
        needs.sort_by_key(|(since, ..)| Reverse(*since));
        let mut found = Vec::new();
        for (_, shelf, number) in needs.into_iter().take(NEEDS_LOOKED_AT) {
            let Some((entry, party)) = shelf.entry(number).zip(self.party(shelf, number)) else { continue };
            found.extend(self.partners(&entry.id, &party, limit.min(OF_EACH_NEED), true));
        }
        let since = |id: &Id| {
            let (shelf, number) = self.find(id)?;
            shelf.entry(number).map(|entry| entry.about.since)
        };
        found.sort_by(|one, other| {
            let key = |found: &Match<Id>| (since(&found.need), Reverse(since(&found.offer)));
            let by_ids = || (&one.need, &one.offer).cmp(&(&other.need, &other.offer));
            other.score.total_cmp(&one.score).then_with(|| key(one).cmp(&key(other))).then_with(by_ids)
        });
        found.truncate(limit);
        found
    }

    /// How well a need and an offer fit, with all reasons, also if they are no match. None unless both are here
    /// and are a need and an offer.
    #[must_use]
    pub fn why(&self, need: &Id, offer: &Id) -> Option<Match<Id>> {
        let ((shelf, needed), (other, offered)) = (self.find(need)?, self.find(offer)?);
        let (needed, offered) = (self.party(shelf, needed)?, self.party(other, offered)?);
        let sides = (needed.about.listing.side, offered.about.listing.side);
        if sides != (Side::Need, Side::Offer) {
            return None;
        }
        let directions = needed.directions(&self.public.vocabulary);
        let verdict = compare(
            (&needed, &directions),
            (&offered, &offered.directions(&self.public.vocabulary)),
            self.now,
        );
        Some(told(need, offer, verdict.score(), &verdict))
    }

    fn find(&self, id: &Id) -> Option<(&Shelf<Id>, u32)> {
        let public = self.public.number(id).map(|number| (&self.public, number));
        public.or_else(|| self.private.number(id).map(|number| (&self.private, number)))
    }

    /// The listings of the other side that fit best; only those that are a match, if `fitting`.
    fn partners(&self, id: &Id, party: &Party<'_>, limit: usize, fitting: bool) -> Vec<Match<Id>> {
        let directions = party.directions(&self.public.vocabulary);
        let mut others = self.candidates(&self.public, party, limit);
        if party.about.listing.side == Side::Offer {
            others.extend(self.candidates(&self.private, party, limit));
        }
        let ranked = others.iter().map(|(other, theirs, directed)| {
            let ((need, needed), (offer, offered)) = match party.about.listing.side {
                Side::Need => ((id, (party, &directions)), (*other, (theirs, directed))),
                Side::Offer => ((*other, (theirs, directed)), (id, (party, &directions))),
            };
            let verdict = compare(needed, offered, self.now);
            Ranked { need, offer, score: verdict.score(), verdict }
        });
        let mut ranked: Vec<Ranked<'_, '_, '_, Id>> =
            ranked.filter(|ranked| ranked.verdict.fits || !fitting).collect();
        ranked.sort_unstable_by(Ranked::best_first);
        ranked.truncate(limit);
        // Why: putting it in words takes longer than comparing.
        let told = ranked.into_iter().map(|it| told(it.need, it.offer, it.score, &it.verdict));
        told.collect()
    }

    /// The listings of a shelf that say most of what one says and could be a match, ready to be compared.
    fn candidates<'s>(
        &'s self,
        shelf: &'s Shelf<Id>,
        party: &Party<'_>,
        limit: usize,
    ) -> Vec<(&'s Id, Party<'s>, Directions)> {
        let wanted: Vec<Wanted> =
            party.words.iter().filter_map(|word| self.wanted_among(shelf, word)).collect();
        let admits = |facts: &Facts| party.facts.may_match(facts, self.now);
        let numbers = shelf.candidates(&wanted, CANDIDATES.max(limit), admits).into_iter();
        let read = numbers.filter_map(|number| {
            let (entry, other) = shelf.entry(number).zip(self.party(shelf, number))?;
            let directions = other.directions(&self.public.vocabulary);
            Some((&entry.id, other, directions))
        });
        read.collect()
    }

    /// What stands in for a word among the words of a shelf.
    pub(crate) fn wanted_among(&self, shelf: &Shelf<Id>, word: &Uttered<'_>) -> Option<Wanted> {
        if word.mention.role == Role::Denied
            || (word.is_whole() && !word.in_title() && word.gist.tells < LEAST_IN_TEXT)
        {
            return None;
        }
        let stand_ins = if word.gist.unfinished {
            shelf.vocabulary.endings(&word.gist.folded)
        } else if word.in_title() && word.is_whole() {
            shelf.vocabulary.stand_ins(word.gist)
        } else if word.in_title() {
            shelf.vocabulary.other_names(word.gist)
        } else {
            shelf.vocabulary.forms_of(word.gist, MOST_BEARERS)
        };
        Some(Wanted { weight: word.tells * word.evidence(), stand_ins })
    }
}

/// A word of a text that more listings hold is not looked for: it tells nearly nothing.
const MOST_BEARERS: usize = 1_000;
/// Words of a text that tell less are not looked for.
const LEAST_IN_TEXT: f32 = 0.3;

impl<Id: Ord> Ranked<'_, '_, '_, Id> {
    /// By score; among equals the need that stands longest, then the newest offer.
    fn best_first(&self, other: &Self) -> Ordering {
        let since =
            |ranked: &Self| (ranked.verdict.need.about.since, Reverse(ranked.verdict.offer.about.since));
        let by_ids = || (self.need, self.offer).cmp(&(other.need, other.offer));
        let by_time = || since(self).cmp(&since(other));
        other.score.total_cmp(&self.score).then_with(by_time).then_with(by_ids)
    }
}

fn told<Id: Clone>(need: &Id, offer: &Id, score: f64, verdict: &Verdict<'_, '_>) -> Match<Id> {
    let (need, offer) = (need.clone(), offer.clone());
    Match { need, offer, score, reasons: verdict.reasons(), fits: verdict.fits }
}

#[cfg(test)]
mod meeting_tests;
#[cfg(test)]
mod tests;
