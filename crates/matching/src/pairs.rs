//! Needs and the offers that answer them.

use std::collections::BTreeSet;

use crate::entry::Entry;
use crate::index::{Index, Wanted, folded_category};
use crate::profile::{Mention, Profile, likeness};
use crate::reason::{Reason, ReasonKind};
use crate::score::{self, LEAST_WORDS, nearness, words_score};
use record::{Listing, Side};

/// A need and an offer that fit.
#[derive(Debug, Clone, PartialEq)]
pub struct Match<Id> {
    /// The caller's id of the need.
    pub need: Id,
    /// The caller's id of the offer.
    pub offer: Id,
    /// How well they fit, 0 to 1: the sum of the reasons' points. Mostly what their words have in
    /// common, which must reach 0.36.
    pub score: f64,
    /// What speaks for it, the weightiest first.
    pub reasons: Vec<Reason>,
    /// Whether it is good enough to be told.
    pub fits: bool,
}

/// So many of the listings that rank best for a listing's words are looked at closely.
const CANDIDATES: usize = 50;
/// So many matches of one need stand in the list of all: one popular thing must not fill it.
const OF_EACH_NEED: usize = 10;
/// What a search must find of the title in a listing for that to be looked at closely, 0 to 1.
const LEAST_SHARED: f64 = 0.1;

impl<Id: Ord + Clone> Index<Id> {
    /// The offers that answer a need, or the needs that an offer answers, the best first, at most
    /// `limit`; equal ones in the order of their ids. None for an id that is not here.
    #[must_use]
    pub fn matches_for(&self, id: &Id, limit: usize) -> Vec<Match<Id>> {
        self.find(id).map_or_else(Vec::new, |entry| self.partners(entry, limit))
    }

    /// [`matches_for`](Self::matches_for) for a listing that is not in the index, such as a private
    /// need, under an id that the matches shall name.
    #[must_use]
    pub fn matches_with(&self, id: Id, author: [u8; 32], listing: &Listing, limit: usize) -> Vec<Match<Id>> {
        self.partners(&Entry { id, author, listing: listing.clone().into(), private: true }, limit)
    }

    /// The best matches among all needs and offers, at most `limit`, and at most ten of each need.
    ///
    /// Looks at each need in turn: a few seconds for ten thousand listings.
    #[must_use]
    pub fn all_matches(&self, limit: usize) -> Vec<Match<Id>> {
        let mut best = Vec::new();
        for need in self.entries().filter(|entry| entry.listing.side == Side::Need) {
            best.extend(self.partners(need, limit.min(OF_EACH_NEED)));
            if best.len() > limit.saturating_mul(2) {
                keep_best(&mut best, limit);
            }
        }
        keep_best(&mut best, limit);
        best
    }

    /// The score of a need and an offer with all its reasons, also if they do not fit.
    #[must_use]
    pub fn why(&self, need: &Id, offer: &Id) -> Option<Match<Id>> {
        let (need, offer) = (self.find(need)?, self.find(offer)?);
        if need.listing.side != Side::Need || offer.listing.side != Side::Offer {
            return None;
        }
        let (needed, offered) = (Profile::of(need, self), Profile::of(offer, self));
        let fits = need.may_match(offer);
        let pair = self.compare((need, &needed), (offer, &offered));
        Some(pair.map(|pair| Match { fits: fits && pair.fits, ..pair }).unwrap_or_else(|| {
            let reasons = other_reasons(need, offer);
            let score = reasons.iter().map(|reason| reason.points).sum();
            Match { need: need.id.clone(), offer: offer.id.clone(), score, reasons, fits: false }
        }))
    }

    fn partners(&self, entry: &Entry<Id>, limit: usize) -> Vec<Match<Id>> {
        let profile = Profile::of(entry, self);
        let wanted: Vec<Wanted<'_>> = profile.mentions.iter().map(Mention::wanted).collect();
        let mut candidates = self.relevance(&wanted);
        candidates.retain(|(other, nats)| *nats >= LEAST_SHARED * profile.title && entry.may_match(other));
        candidates.sort_unstable_by(|(one, nats), (other, theirs)| {
            theirs.total_cmp(nats).then_with(|| one.id.cmp(&other.id))
        });
        candidates.truncate(CANDIDATES.max(limit));
        let mut matches: Vec<Match<Id>> = candidates
            .into_iter()
            .filter_map(|(other, _)| {
                let theirs = Profile::of(other, self);
                match entry.listing.side {
                    Side::Need => self.compare((entry, &profile), (other, &theirs)),
                    Side::Offer => self.compare((other, &theirs), (entry, &profile)),
                }
            })
            .collect();
        keep_best(&mut matches, limit);
        matches
    }

    /// The match of a need and an offer, if their words speak for it.
    fn compare(&self, need: Party<'_, Id>, offer: Party<'_, Id>) -> Option<Match<Id>> {
        let ((need, needed), (offer, offered)) = (need, offer);
        let answers = self.answers(needed, offered);
        let common: f64 = answers.iter().map(|answer| answer.common).sum();
        let words = words_score(common, needed.title, offered.title, needed.action == offered.action);
        if words < LEAST_WORDS {
            return None;
        }
        let mut reasons = reasons_in_words(&answers, words / common);
        reasons.extend(other_reasons(need, offer));
        reasons.sort_by(|one, other| other.points.total_cmp(&one.points));
        let score = reasons.iter().map(|reason| reason.points).sum();
        Some(Match { need: need.id.clone(), offer: offer.id.clone(), score, reasons, fits: true })
    }

    /// Each word of the need that the offer answers, with the word that does it best.
    fn answers<'p>(&self, need: &'p Profile<'p>, offer: &'p Profile<'p>) -> Vec<Answer<'p>> {
        let joins_words = need.joins_words && offer.joins_words;
        let answer = |needed: &'p Mention<'p>, offered: &'p Mention<'p>| {
            let likeness = likeness(needed, offered, joins_words);
            if likeness <= 0.0 {
                return None;
            }
            let evidence = needed.field.evidence() * offered.field.evidence();
            let information = self.information(&needed.word).min(self.information(&offered.word));
            Some(Answer { need: needed, offer: offered, common: likeness * evidence * information })
        };
        let best = |needed: &'p Mention<'p>| {
            // Why: what two texts or two categories share ("weekend", "garden") is not what either is about.
            let offered = offer.mentions.iter().take_while(|offered| needed.in_title() || offered.in_title());
            offered
                .filter_map(|offered| answer(needed, offered))
                .reduce(|best, next| if next.common > best.common { next } else { best })
        };
        let mut said = BTreeSet::new();
        // Why: "Toaster" and "toasted" of one side share the other's "Toaster" only once.
        let once =
            |answer: &Answer<'p>| !answer.is_shared() || said.insert(answer.offer.word.folded.as_str());
        need.mentions.iter().filter_map(best).filter(once).collect()
    }
}

/// A listing with what it says.
type Party<'p, Id> = (&'p Entry<Id>, &'p Profile<'p>);

/// A word of the need with the word of the offer that answers it best.
struct Answer<'p> {
    need: &'p Mention<'p>,
    offer: &'p Mention<'p>,
    /// What they have in common, in nats.
    common: f64,
}

impl Answer<'_> {
    /// Whether both say the same word, apart from its form.
    fn is_shared(&self) -> bool {
        !self.need.joined && !self.offer.joined && self.need.word.is(&self.offer.word)
    }
}

/// The reasons that lie in the words, at so many points a nat.
fn reasons_in_words(answers: &[Answer<'_>], points_a_nat: f64) -> Vec<Reason> {
    let mut reasons = Vec::new();
    let mut shared = Vec::new();
    let mut shared_points = 0.0;
    for answer in answers {
        let Answer { need, offer, common } = answer;
        let points = common * points_a_nat;
        match (need.word.action, answer.is_shared()) {
            (Some(action), true) => reasons.push(Reason { points, kind: ReasonKind::SameAction(action) }),
            (None, true) => {
                let title = if need.in_title() { need } else { offer };
                shared.push(title.word.spoken.to_string());
                shared_points += points;
            }
            (_, false) => {
                let (need, offer) = (need.word.spoken.to_string(), offer.word.spoken.to_string());
                let kind = ReasonKind::SimilarWords { need, offer };
                reasons.push(Reason { points, kind });
            }
        }
    }
    if !shared.is_empty() {
        reasons.push(Reason { points: shared_points, kind: ReasonKind::SharedWords(shared) });
    }
    reasons
}

/// The reasons that lie in category, place and terms.
fn other_reasons<Id>(need: &Entry<Id>, offer: &Entry<Id>) -> Vec<Reason> {
    let mut reasons = Vec::new();
    if !need.listing.category.is_empty()
        && folded_category(&need.listing.category) == folded_category(&offer.listing.category)
    {
        let kind = ReasonKind::SameCategory(need.listing.category.to_string());
        reasons.push(Reason { points: score::SAME_CATEGORY, kind });
    }
    if let (Some(here), Some(there)) = (need.listing.cell, offer.listing.cell) {
        let km = here.distance_km(there);
        reasons.push(Reason { points: score::SAME_PLACE * nearness(km), kind: ReasonKind::Distance { km } });
    }
    if need.listing.terms == offer.listing.terms {
        reasons.push(Reason { points: score::SAME_TERMS, kind: ReasonKind::SameTerms(need.listing.terms) });
    }
    reasons
}

fn keep_best<Id: Ord>(matches: &mut Vec<Match<Id>>, limit: usize) {
    matches.sort_unstable_by(|one, other| {
        let by_ids = || (&one.need, &one.offer).cmp(&(&other.need, &other.offer));
        other.score.total_cmp(&one.score).then_with(by_ids)
    });
    matches.truncate(limit);
}

#[cfg(test)]
mod tests {
    use super::*;
    use record::{Cell, Terms};

    const NEEDER: [u8; 32] = [1; 32];
    const GIVER: [u8; 32] = [2; 32];

    fn listing(side: Side, language: &str, title: &str) -> Listing {
        Listing { language: language.parse().ok(), ..Listing::new(side, title) }
    }

    /// The match of a need and an offer with these titles, by two members.
    fn of_titles(language: &str, need: &str, offer: &str) -> Option<Match<&'static str>> {
        of_listings(&listing(Side::Need, language, need), &listing(Side::Offer, language, offer))
    }

    fn of_listings(need: &Listing, offer: &Listing) -> Option<Match<&'static str>> {
        let mut index = Index::new();
        index.insert("need", NEEDER, need.clone());
        index.insert("offer", GIVER, offer.clone());
        index.matches_for(&"need", 10).pop()
    }

    fn texts(found: &Match<&str>) -> Vec<String> {
        found.reasons.iter().map(|reason| reason.kind.to_string()).collect()
    }

    #[test]
    fn a_need_finds_the_offer_that_says_the_same() {
        let found = of_titles("de", "Bohrmaschine gesucht", "Verleihe Bohrmaschinen").unwrap();
        assert_eq!((found.need, found.offer), ("need", "offer"));
        assert_eq!(texts(&found), ["both say \"Bohrmaschine\"", "both as a gift"]);
    }

    #[test]
    fn an_offer_finds_the_need_with_the_same_score() {
        let mut index = Index::new();
        index.insert("need", NEEDER, listing(Side::Need, "en", "Looking for a drill"));
        index.insert("offer", GIVER, listing(Side::Offer, "en", "Drill driver, 20V"));
        index.insert("far", GIVER, listing(Side::Offer, "en", "Toaster"));
        assert_eq!(index.matches_for(&"offer", 10), index.matches_for(&"need", 10));
        assert_eq!(index.matches_for(&"offer", 10), index.all_matches(10));
        assert_eq!(index.all_matches(10).len(), 1);
    }

    #[test]
    fn a_slip_and_a_compound_are_understood() {
        for (language, need, offer, reason) in [
            ("de", "Bohrmaschiene", "Bohrmaschine", "\"Bohrmaschiene\" and \"Bohrmaschine\" are alike"),
            ("de", "Schrauber", "Akkuschrauber Bosch", "\"Schrauber\" and \"Akkuschrauber\" are alike"),
            ("en", "snow shoes", "Snowshoes", "\"snow shoes\" and \"Snowshoes\" are alike"),
            ("en", "Birdwatching", "Bird watching kit", "\"Birdwatching\" and \"Bird watching\" are alike"),
        ] {
            let found = of_titles(language, need, offer);
            assert_eq!(texts(&found.unwrap())[0], reason);
        }
    }

    #[test]
    fn other_things_are_no_match() {
        for (language, need, offer) in [
            ("de", "Waschmaschine", "Bohrmaschine"),
            ("de", "Fahrrad", "Fahrradanhänger"),
            ("de", "Kaffeevollautomat", "Hörnchen-Automat"),
            ("en", "table", "tablet"),
            ("en", "ring", "string"),
            ("en", "toothbrush", "toaster"),
            ("en", "Baby blanket", "Baby shoes"),
        ] {
            assert_eq!(of_titles(language, need, offer), None, "{need} {offer}");
        }
    }

    #[test]
    fn a_title_that_the_other_one_holds_as_a_whole_is_a_match() {
        assert!(of_titles("en", "Wooden ladder", "Ladder").is_some());
        assert!(of_titles("en", "Drill", "Drill PSB 1800 by Bosch with a case").is_some());
    }

    #[test]
    fn a_word_that_stands_everywhere_makes_no_match() {
        for (language, need, offer) in [
            ("de", "Neues Messer-Set", "Neues Set Gläser"),
            ("en", "Broken radio", "Broken chair"),
            ("de", "Suche Hilfe für 3 Personen", "Zelt für 3 Personen"),
        ] {
            assert_eq!(of_titles(language, need, offer), None, "{need} {offer}");
        }
    }

    #[test]
    fn whoever_needs_a_repair_is_not_helped_by_a_loan() {
        assert_eq!(of_titles("de", "Reparatur: Toaster", "Toaster"), None);
        assert_eq!(of_titles("en", "Toaster", "I repair toasters"), None);
        let found = of_titles("de", "Reparatur: Kaffeevollautomat", "Repariere Kaffeevollautomaten").unwrap();
        let texts = texts(&found);
        assert!(texts.contains(&"both are about repair".to_owned()), "{texts:?}");
        assert!(texts.contains(&"both say \"Kaffeevollautomat\"".to_owned()), "{texts:?}");
    }

    #[test]
    fn distance_and_category_alone_make_no_match() {
        let cell: Cell = "49.0069,8.4037".parse().unwrap();
        let mut need = listing(Side::Need, "en", "Lawn mower");
        let mut offer = listing(Side::Offer, "en", "Watering can");
        for listing in [&mut need, &mut offer] {
            listing.cell = Some(cell);
            listing.category = "Garden".into();
            listing.text = "For the weekend in the garden".into();
        }
        assert_eq!(of_listings(&need, &offer), None);
        offer.title = "Lawn mower".into();
        let found = of_listings(&need, &offer).unwrap();
        assert_eq!(
            texts(&found),
            [
                "both say \"Lawn\" and \"mower\"",
                "in the same area",
                "both in category Garden",
                "both as a gift"
            ]
        );
    }

    #[test]
    fn what_is_near_and_on_the_same_terms_comes_first() {
        let mut need = listing(Side::Need, "en", "Ladder");
        need.cell = "49.0069,8.4037".parse().ok();
        need.terms = Terms::Loan;
        let near = Listing { side: Side::Offer, ..need.clone() };
        let far = Listing { cell: "52.52,13.40".parse().ok(), ..near.clone() };
        let gift = Listing { terms: Terms::Gift, ..far.clone() };
        let mut index = Index::new();
        index.insert(1, GIVER, gift);
        index.insert(2, GIVER, far);
        index.insert(3, GIVER, near);
        index.insert(4, NEEDER, need);
        let offers: Vec<i32> = index.matches_for(&4, 10).into_iter().map(|found| found.offer).collect();
        assert_eq!(offers, [3, 2, 1]);
    }

    #[test]
    fn the_lister_never_matches_itself() {
        let mut index = Index::new();
        index.insert("need", NEEDER, listing(Side::Need, "en", "Ladder"));
        index.insert("offer", NEEDER, listing(Side::Offer, "en", "Ladder"));
        assert_eq!(index.all_matches(10), []);
    }

    #[test]
    fn what_is_gone_and_what_is_on_the_same_side_never_match() {
        let need = listing(Side::Need, "en", "Ladder");
        let offer = listing(Side::Offer, "en", "Ladder");
        assert!(of_listings(&need, &offer).is_some());
        assert_eq!(of_listings(&need, &Listing { left: 0, ..offer.clone() }), None);
        assert_eq!(of_listings(&Listing { left: 0, ..need.clone() }, &offer), None);
        assert_eq!(of_listings(&need, &need), None);
    }

    #[test]
    fn a_private_need_matches_without_being_in_the_index() {
        let mut index = Index::new();
        index.insert("offer", GIVER, listing(Side::Offer, "en", "Ladder"));
        let need = listing(Side::Need, "en", "A ladder, please");
        assert_eq!(index.matches_with("private", NEEDER, &need, 10).len(), 1);
        assert_eq!(index.matches_with("private", GIVER, &need, 10), []);
        assert_eq!(index.matches_for(&"private", 10), []);
        assert_eq!(index.len(), 1);
    }

    #[test]
    fn one_popular_need_does_not_fill_the_list_of_all() {
        let mut index = Index::new();
        for number in 0..40 {
            index.insert(number, GIVER, listing(Side::Offer, "en", "Ladder"));
        }
        index.insert(100, NEEDER, listing(Side::Need, "en", "Ladder"));
        index.insert(101, NEEDER, listing(Side::Need, "en", "Wooden ladder"));
        assert_eq!(index.all_matches(100).len(), 2 * OF_EACH_NEED);
        assert_eq!(index.all_matches(3).len(), 3);
        assert_eq!(index.matches_for(&100, 100).len(), 40);
    }
}
