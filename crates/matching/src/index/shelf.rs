//! Listings with their words: the public ones of an index, or the private ones.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::index::entry::{About, Entry, Mention, Reading, guessed_kind, kind_of_category};
use crate::index::facts::{Facts, folded_category};
use crate::index::tally::Tally;
use crate::meaning::{Kind, Meaning};
use crate::pairs::score::aboutness;
use crate::vocabulary::{MOST_ENTRIES, Posting, StandIn, TermId, Vocabulary};
use record::{Listing, Timestamp};

/// So many mentions of words that only stand in for those asked for are looked at: the commonest words of a
/// million listings must not make a search slow.
const MOST_STOOD_IN: usize = 12_000;
/// From this likeness on a word is what was asked for, not one that stands in.
const AS_ASKED: f32 = 0.94;

/// Listings with their words.
#[derive(Debug)]
pub(crate) struct Shelf<Id> {
    pub(crate) vocabulary: Vocabulary,
    /// Entries by number; the numbers of those that are gone are in `free`.
    entries: Vec<Option<Entry<Id>>>,
    /// The facts of each entry, beside `entries`; stale where there is none.
    facts: Vec<Facts>,
    free: Vec<u32>,
    numbers: BTreeMap<Id, u32>,
    /// The categories that listings are in, by their folded names.
    categories: BTreeMap<Box<str>, Category>,
    free_categories: Vec<u32>,
}

/// A category that listings are in.
#[derive(Debug)]
struct Category {
    number: u32,
    /// How many are in it.
    uses: u32,
    /// The kind that it names.
    kind: Option<Kind>,
}

/// A word to rank listings by: how much it counts, and the words that say it.
pub(crate) struct Wanted {
    pub(crate) weight: f32,
    pub(crate) stand_ins: Vec<StandIn>,
}

impl<Id> Default for Shelf<Id> {
    fn default() -> Self {
        Self {
            vocabulary: Vocabulary::default(),
            entries: Vec::new(),
            facts: Vec::new(),
            free: Vec::new(),
            numbers: BTreeMap::new(),
            categories: BTreeMap::new(),
            free_categories: Vec::new(),
        }
    }
}

impl<Id: Ord + Clone> Shelf<Id> {
    pub(crate) fn len(&self) -> usize {
        self.numbers.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.numbers.is_empty() && self.vocabulary.is_empty() && self.categories.is_empty()
    }

    /// Takes in a listing under an id that is not here. A listing beyond the sixteen million that fit is left out.
    pub(crate) fn insert(
        &mut self,
        id: Id,
        author: [u8; 32],
        listing: Arc<Listing>,
        since: Timestamp,
        meaning: &Meaning,
    ) {
        if self.numbers.len() >= MOST_ENTRIES {
            return;
        }
        let Reading { language, action, measures, words } = Reading::of(&listing, meaning);
        let number = self.free.pop().unwrap_or(self.entries.len() as u32);
        let mut mentions: Vec<(TermId, Mention)> = Vec::with_capacity(words.len());
        for (mention, spelled) in words {
            let term =
                self.vocabulary.take_in(spelled.folded(), language, || spelled.gist(language, meaning));
            self.vocabulary.post(term, Posting::new(number, aboutness(mention.field, mention.role)));
            mentions.push((term, mention));
        }
        let said =
            mentions.iter().filter_map(|(term, mention)| Some((self.vocabulary.gist(*term)?, *mention)));
        let guessed = guessed_kind(said);
        let (category, said) = self.enter_category(&listing.category);
        let about = About { author, listing, since, action, measures };
        let facts = Facts::of(&about, language, category, said, guessed);
        let entry = Entry { id: id.clone(), about, mentions: mentions.into() };
        match (self.entries.get_mut(number as usize), self.facts.get_mut(number as usize)) {
            (Some(place), Some(old)) => (*place, *old) = (Some(entry), facts),
            _ => {
                self.entries.push(Some(entry));
                self.facts.push(facts);
            }
        }
        self.numbers.insert(id, number);
    }

    /// Takes a listing out. Returns whether it was there.
    pub(crate) fn remove(&mut self, id: &Id) -> bool {
        let Some(number) = self.numbers.remove(id) else { return false };
        let Some(entry) = self.entries.get_mut(number as usize).and_then(Option::take) else { return false };
        for (term, _) in &entry.mentions {
            self.vocabulary.unpost(*term, number);
        }
        self.leave_category(&entry.about.listing.category);
        self.free.push(number);
        true
    }

    /// Counts a listing in a category. Returns its number and the kind that it names.
    fn enter_category(&mut self, category: &str) -> (u32, Option<Kind>) {
        let next = self.free_categories.last().copied().unwrap_or(self.categories.len() as u32);
        let new = || Category { number: next, uses: 0, kind: kind_of_category(category) };
        let entered = self.categories.entry(folded_category(category).into()).or_insert_with(new);
        entered.uses += 1;
        if entered.uses == 1 {
            self.free_categories.pop();
        }
        (entered.number, entered.kind)
    }

    fn leave_category(&mut self, category: &str) {
        let folded = folded_category(category);
        let Some(left) = self.categories.get_mut(folded.as_str()) else { return };
        left.uses -= 1;
        if left.uses == 0 {
            self.free_categories.push(left.number);
            self.categories.remove(folded.as_str());
        }
    }

    /// The number of a category, if a listing is in it.
    pub(crate) fn category(&self, category: &str) -> Option<u32> {
        self.categories.get(folded_category(category).as_str()).map(|category| category.number)
    }

    /// The listings that say most of what is wanted, at most `most`, the best first; equal ones in the order
    /// of their ids.
    pub(crate) fn candidates(
        &self,
        wanted: &[Wanted],
        most: usize,
        admits: impl Fn(&Facts) -> bool,
    ) -> Vec<u32> {
        let mut total = Tally::new(self.entries.len());
        let mut best = Tally::new(self.entries.len());
        for Wanted { weight, stand_ins } in wanted {
            let mut left = MOST_STOOD_IN;
            for StandIn { term, likeness } in stand_ins {
                let postings = self.vocabulary.postings(*term);
                if likeness.share < AS_ASKED {
                    let Some(rest) = left.checked_sub(postings.len()) else { continue };
                    left = rest;
                }
                for posting in postings {
                    best.raise(posting.entry(), likeness.share * posting.weight());
                }
            }
            for (number, share) in best.drain() {
                total.add(number, weight * share);
            }
        }
        let passes = |number: u32| self.facts(number).is_some_and(&admits);
        let mut ranked: Vec<(u32, f32)> = total.drain().filter(|(number, _)| passes(*number)).collect();
        let by_score = |(one, a): &(u32, f32), (other, b): &(u32, f32)| {
            b.total_cmp(a).then_with(|| self.id(*one).cmp(&self.id(*other)))
        };
        if ranked.len() > most && most > 0 {
            ranked.select_nth_unstable_by(most - 1, by_score);
        }
        ranked.truncate(most);
        ranked.sort_unstable_by(by_score);
        ranked.into_iter().map(|(number, _)| number).collect()
    }

    pub(crate) fn number(&self, id: &Id) -> Option<u32> {
        self.numbers.get(id).copied()
    }

    pub(crate) fn entry(&self, number: u32) -> Option<&Entry<Id>> {
        self.entries.get(number as usize)?.as_ref()
    }

    pub(crate) fn facts(&self, number: u32) -> Option<&Facts> {
        self.facts.get(number as usize)
    }

    pub(crate) fn kind(&self, id: &Id) -> Option<Kind> {
        self.facts(self.number(id)?)?.kind()
    }

    /// All numbers, in the order of their ids.
    pub(crate) fn numbers(&self) -> impl Iterator<Item = u32> {
        self.numbers.values().copied()
    }

    fn id(&self, number: u32) -> Option<&Id> {
        self.entry(number).map(|entry| &entry.id)
    }
}
