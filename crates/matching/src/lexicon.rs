//! Which words stand in which listings, and which words are alike.
//!
//! Words index listings, grams index words: a catalogue has far fewer distinct words than mentions of
//! them, so the grams of a hundred thousand listings fit in a few megabytes.
//!
//! **Invariant:** what a lexicon answers depends on what it holds, not on how that came to be: ids are
//! reused, and nothing is ordered by them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::analyse::Word;
use crate::grams::{Gram, grams};
use crate::score::gram_information;
use crate::tally::Tally;

/// The number of a word in this lexicon; free again when no listing holds the word.
pub(crate) type TermId = u32;

/// At most so many words that are only spelled alike are looked up for one word.
const MOST_ALIKE: usize = 128;
/// Words less alike than this have a few letters in common by chance.
const LEAST_ALIKE: f64 = 0.05;

/// A listing that holds a word.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Posting {
    /// The listing's number in the index.
    pub(crate) entry: u32,
    /// How much the listing is about the word, 0 to 1.
    pub(crate) weight: f32,
}

/// A word that stands for another, more or less.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Alike {
    pub(crate) term: TermId,
    /// 1 for forms of the same word, less for a similar spelling.
    pub(crate) likeness: f64,
}

#[derive(Debug, Default)]
struct Term {
    folded: Arc<str>,
    /// How many distinct grams the word has.
    grams: u32,
    /// In ascending order of entries.
    postings: Vec<Posting>,
}

/// A word with a certain stem, in so many listings.
#[derive(Debug, Clone, Copy)]
struct Kin {
    term: TermId,
    uses: u32,
}

/// The words of an index.
#[derive(Debug, Default)]
pub(crate) struct Lexicon {
    terms: Vec<Term>,
    free: Vec<TermId>,
    words: BTreeMap<Arc<str>, TermId>,
    /// The words for each stem, in ascending order of terms.
    families: BTreeMap<Box<str>, Vec<Kin>>,
    /// The words that hold each gram, in ascending order.
    grams: BTreeMap<Gram, Vec<TermId>>,
}

impl Lexicon {
    /// Notes that a listing holds a word with these stems. Once for each word of a listing.
    pub(crate) fn add(&mut self, folded: &str, stems: &BTreeSet<String>, posting: Posting) {
        let id = self.words.get(folded).copied().unwrap_or_else(|| self.coin(folded));
        if let Some(term) = self.terms.get_mut(id as usize)
            && let Err(place) = term.postings.binary_search_by_key(&posting.entry, |held| held.entry)
        {
            term.postings.insert(place, posting);
        }
        for stem in stems {
            let family = self.families.entry(stem.as_str().into()).or_default();
            match family.binary_search_by_key(&id, |kin| kin.term) {
                Ok(place) => family[place].uses += 1,
                Err(place) => family.insert(place, Kin { term: id, uses: 1 }),
            }
        }
    }

    /// Takes back an [`add`](Self::add) with the same word, stems and listing.
    pub(crate) fn remove(&mut self, folded: &str, stems: &BTreeSet<String>, entry: u32) {
        let Some(&id) = self.words.get(folded) else { return };
        for stem in stems {
            let Some(family) = self.families.get_mut(stem.as_str()) else { continue };
            if let Ok(place) = family.binary_search_by_key(&id, |kin| kin.term) {
                family[place].uses -= 1;
                if family[place].uses == 0 {
                    family.remove(place);
                }
            }
            if family.is_empty() {
                self.families.remove(stem.as_str());
            }
        }
        let Some(term) = self.terms.get_mut(id as usize) else { return };
        if let Ok(place) = term.postings.binary_search_by_key(&entry, |held| held.entry) {
            term.postings.remove(place);
        }
        if term.postings.is_empty() {
            self.forget(id, folded);
        }
    }

    /// Takes in a word that no listing held so far.
    fn coin(&mut self, folded: &str) -> TermId {
        let grams = grams(folded);
        let folded: Arc<str> = folded.into();
        let term = Term { folded: Arc::clone(&folded), grams: grams.len() as u32, postings: Vec::new() };
        let id = match self.free.pop() {
            Some(id) => {
                self.terms[id as usize] = term;
                id
            }
            None => {
                self.terms.push(term);
                (self.terms.len() - 1) as TermId
            }
        };
        self.words.insert(folded, id);
        for gram in grams {
            let bearers = self.grams.entry(gram).or_default();
            if let Err(place) = bearers.binary_search(&id) {
                bearers.insert(place, id);
            }
        }
        id
    }

    /// Drops a word that no listing holds any more.
    fn forget(&mut self, id: TermId, folded: &str) {
        for gram in grams(folded) {
            let Some(bearers) = self.grams.get_mut(&gram) else { continue };
            if let Ok(place) = bearers.binary_search(&id) {
                bearers.remove(place);
            }
            if bearers.is_empty() {
                self.grams.remove(&gram);
            }
        }
        self.words.remove(folded);
        self.terms[id as usize] = Term::default();
        self.free.push(id);
    }

    /// The listings that hold a word.
    pub(crate) fn postings(&self, term: TermId) -> &[Posting] {
        self.terms.get(term as usize).map_or(&[], |term| &term.postings)
    }

    /// How many listings hold a form of the word; one that holds two forms counts twice.
    pub(crate) fn bearers(&self, word: &Word<'_>) -> usize {
        self.same(word).into_iter().map(|term| self.postings(term).len()).sum()
    }

    /// What a gram tells about a word, in nats.
    pub(crate) fn information(&self, gram: Gram) -> f64 {
        gram_information(self.words.len(), self.bearing(gram).len())
    }

    /// The forms of the same word, in alphabetical order.
    pub(crate) fn same(&self, word: &Word<'_>) -> Vec<TermId> {
        let mut same: Vec<TermId> = word
            .forms()
            .flat_map(|form| {
                let family = self.families.get(form).into_iter().flatten().map(|kin| kin.term);
                self.words.get(form).copied().into_iter().chain(family)
            })
            .collect();
        same.sort_unstable_by_key(|term| self.folded(*term));
        same.dedup();
        same
    }

    /// The forms of the same word, and words that are spelled alike, the most alike first.
    pub(crate) fn alike(&self, word: &Word<'_>) -> Vec<Alike> {
        let same = self.same(word);
        let wanted = grams(&word.folded);
        let mut shared = Tally::new(self.terms.len());
        let mut whole = 0.0;
        for gram in &wanted {
            let information = self.information(*gram);
            whole += information;
            for term in self.bearing(*gram) {
                shared.add(*term, information);
            }
        }
        let mut similar: Vec<Alike> = shared
            .drain()
            .filter(|(term, _)| !same.contains(term))
            .filter_map(|(term, information)| {
                let grams = self.terms.get(term as usize)?.grams;
                // The share of the word that the other one holds; less in a longer one.
                let length = wanted.len() as f64 / f64::from(grams.max(wanted.len() as u32));
                let likeness = information / whole * length.sqrt();
                (likeness >= LEAST_ALIKE).then_some(Alike { term, likeness })
            })
            .collect();
        let order = |one: &Alike, other: &Alike| {
            let by_name = || self.folded(one.term).cmp(self.folded(other.term));
            other.likeness.total_cmp(&one.likeness).then_with(by_name)
        };
        if similar.len() > MOST_ALIKE {
            similar.select_nth_unstable_by(MOST_ALIKE, order);
            similar.truncate(MOST_ALIKE);
        }
        similar.sort_unstable_by(order);
        same.into_iter().map(|term| Alike { term, likeness: 1.0 }).chain(similar).collect()
    }

    fn folded(&self, term: TermId) -> &str {
        self.terms.get(term as usize).map_or("", |term| &term.folded)
    }

    fn bearing(&self, gram: Gram) -> &[TermId] {
        self.grams.get(&gram).map_or(&[], Vec::as_slice)
    }
}

#[cfg(test)]
impl Lexicon {
    /// Whether nothing is left of any word.
    pub(crate) fn is_empty(&self) -> bool {
        let unused = self.terms.iter().all(|term| term.postings.is_empty() && term.folded.is_empty());
        unused && self.words.is_empty() && self.families.is_empty() && self.grams.is_empty()
    }
}
