//! Needs and the offers that answer them.
//!
//! Search is generous: it ranks, and a weak hit stands at the end. A match is a claim, so it is strict:
//! without words that speak for it there is none, however near two things are.

pub(crate) mod fit;
pub(crate) mod party;
pub(crate) mod reason;
pub(crate) mod score;
mod verdict;

use std::cmp::Reverse;

use crate::index::Index;
use crate::index::facts::Facts;
use crate::index::shelf::{Shelf, Wanted};
use crate::pairs::party::{Party, Uttered};
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

/// A match with what it is ordered by.
struct Ranked<Id> {
    found: Match<Id>,
    /// Since when the need stands.
    asked: Timestamp,
    /// Since when the offer stands.
    offered: Timestamp,
}

impl<Id: Ord + Clone> Index<Id> {
    /// The offers that answer a need, or the needs (private ones, too) that an offer answers, the best first,
    /// at most `limit`. Among equals the need that stands longest comes first, then the newest offer. None
    /// for an id that is not here.
    #[must_use]
    pub fn matches_for(&self, id: &Id, limit: usize) -> Vec<Match<Id>> {
        let Some((shelf, number)) = self.find(id) else { return Vec::new() };
        let Some(party) = self.party(shelf, number) else { return Vec::new() };
        best(self.partners(id, &party, limit, true), limit)
    }

    /// [`matches_for`](Self::matches_for) for a listing that is not in the index, under an id that the matches
    /// shall name.
    #[must_use]
    pub fn matches_with(&self, id: &Id, author: [u8; 32], listing: &Listing, limit: usize) -> Vec<Match<Id>> {
        let stranger = self.read(author, listing.clone());
        best(self.partners(id, &self.party_of(&stranger), limit, true), limit)
    }

    /// The listings of the other side that fit a listing best, the best first, whether they are a match or
    /// not, with their scores.
    #[must_use]
    pub fn ranked_for(&self, id: &Id, author: [u8; 32], listing: &Listing, limit: usize) -> Vec<Match<Id>> {
        let stranger = self.read(author, listing.clone());
        best(self.partners(id, &self.party_of(&stranger), limit, false), limit)
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
            let most = limit.min(OF_EACH_NEED);
            found.extend(keep_best(self.partners(&entry.id, &party, most, true), most));
            if found.len() > limit.saturating_mul(2) {
                found = keep_best(found, limit);
            }
        }
        best(found, limit)
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
        Some(told(need, offer, &verdict).found)
    }

    fn find(&self, id: &Id) -> Option<(&Shelf<Id>, u32)> {
        let public = self.public.number(id).map(|number| (&self.public, number));
        public.or_else(|| self.private.number(id).map(|number| (&self.private, number)))
    }

    fn partners(&self, id: &Id, party: &Party<'_>, limit: usize, fitting: bool) -> Vec<Ranked<Id>> {
        let mut found = self.partners_among(&self.public, id, party, limit, fitting);
        if party.about.listing.side == Side::Offer {
            found.extend(self.partners_among(&self.private, id, party, limit, fitting));
        }
        found
    }

    fn partners_among(
        &self,
        shelf: &Shelf<Id>,
        id: &Id,
        party: &Party<'_>,
        limit: usize,
        fitting: bool,
    ) -> Vec<Ranked<Id>> {
        let wanted: Vec<Wanted> =
            party.words.iter().filter_map(|word| self.wanted_among(shelf, word)).collect();
        let admits = |facts: &Facts| party.facts.may_match(facts, self.now);
        let candidates = shelf.candidates(&wanted, CANDIDATES.max(limit), admits);
        let directions = party.directions(&self.public.vocabulary);
        let ranked = candidates.into_iter().filter_map(|number| {
            let (entry, other) = shelf.entry(number).zip(self.party(shelf, number))?;
            let theirs = other.directions(&self.public.vocabulary);
            let (needed, offered) = match party.about.listing.side {
                Side::Need => ((party, &directions), (&other, &theirs)),
                Side::Offer => ((&other, &theirs), (party, &directions)),
            };
            let verdict = compare(needed, offered, self.now);
            let (need, offer) = match party.about.listing.side {
                Side::Need => (id, &entry.id),
                Side::Offer => (&entry.id, id),
            };
            (verdict.fits || !fitting).then(|| told(need, offer, &verdict))
        });
        ranked.collect()
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

fn told<Id: Clone>(need: &Id, offer: &Id, verdict: &Verdict<'_, '_>) -> Ranked<Id> {
    let (need, offer, score) = (need.clone(), offer.clone(), verdict.score());
    let found = Match { need, offer, score, reasons: verdict.reasons(), fits: verdict.fits };
    Ranked { found, asked: verdict.need.about.since, offered: verdict.offer.about.since }
}

fn best<Id: Ord>(found: Vec<Ranked<Id>>, limit: usize) -> Vec<Match<Id>> {
    keep_best(found, limit).into_iter().map(|ranked| ranked.found).collect()
}

fn keep_best<Id: Ord>(mut found: Vec<Ranked<Id>>, limit: usize) -> Vec<Ranked<Id>> {
    found.sort_unstable_by(|one, other| {
        let by_ids = || (&one.found.need, &one.found.offer).cmp(&(&other.found.need, &other.found.offer));
        other
            .found
            .score
            .total_cmp(&one.found.score)
            .then_with(|| one.asked.cmp(&other.asked))
            .then_with(|| other.offered.cmp(&one.offered))
            .then_with(by_ids)
    });
    found.truncate(limit);
    found
}

#[cfg(test)]
mod tests;
