//! The words of an index: which listings hold them, and which words stand in for others.
//!
//! A catalogue has far fewer distinct words than mentions of them, so all that is costly (grams, meanings)
//! is kept for each word once.
//!
//! **Invariant:** what a vocabulary answers depends on what it holds, not on how that came to be: numbers
//! are reused, and nothing is ordered by them.

pub(crate) mod gist;
pub(crate) mod grams;
mod postings;
mod spelling;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::index::tally::Tally;
use crate::meaning::{Concept, key, sketch};
use crate::vocabulary::gist::{BEGUN, Form, Gist, How, Likeness};
use crate::vocabulary::grams::{Gram, in_common};
pub(crate) use crate::vocabulary::postings::{MOST_ENTRIES, Posting, Postings};
use record::Language;

/// The number of a word in a vocabulary; free again when no listing holds the word.
pub(crate) type TermId = u32;

/// A word that stands in for another, more or less.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct StandIn {
    pub(crate) term: TermId,
    pub(crate) likeness: Likeness,
}

/// At most so many words stand in for one.
const MOST_STAND_INS: usize = 160;
/// So many words are looked at closely because of their spelling, and as many because of their meaning.
const MOST_LOOKED_AT: usize = 240;
/// What more words name is no use to find a thing.
const MOST_NAMES: usize = 400;
/// So many words that a typed beginning may become are looked at.
const MOST_ENDINGS: usize = 64;
/// Words less alike than this have a few letters, or a distant meaning, in common by chance.
const LEAST_LIKENESS: f32 = 0.2;
/// The same for a word of which no meaning is known: letters are all there is.
const LEAST_IN_LETTERS: f32 = 0.1;
/// The least share of grams for a word to be looked at because of its spelling.
const LEAST_SPELLED: f32 = 0.2;
/// The most of the 96 signs of two meanings in which near ones differ: 48 are expected by chance, 38 at a cosine of
/// 0.32.
const MOST_SIGNS: u32 = 38;

/// The most of the first 64 signs in which near ones differ; among so many words that only the nearest are looked at
/// anyway, and among fewer.
const MOST_OF_FIRST: u32 = 23;
const MOST_OF_FIRST_AMONG_FEW: u32 = 28;
const FEW: usize = 20_000;
/// So many sketches are looked at together.
const CHUNK: usize = 128;

/// The 96 signs of each word's meaning. The first 64 lie by themselves: most words are passed over for them alone.
#[derive(Debug, Default)]
struct Sketches {
    first: Vec<u64>,
    /// None where nothing is known of a meaning.
    rest: Vec<Option<u32>>,
}

impl Sketches {
    fn push(&mut self) {
        self.first.push(0);
        self.rest.push(None);
    }

    fn set(&mut self, id: TermId, signs: Option<u128>) {
        if let (Some(first), Some(rest)) = (self.first.get_mut(id as usize), self.rest.get_mut(id as usize)) {
            *first = signs.unwrap_or_default() as u64;
            *rest = signs.map(|signs| (signs >> 64) as u32);
        }
    }
}

#[derive(Debug)]
struct Term {
    gist: Gist,
    postings: Postings,
}

/// The words of an index.
#[derive(Debug, Default)]
pub(crate) struct Vocabulary {
    terms: Vec<Option<Term>>,
    /// The signs of each word's meaning, beside `terms`.
    sketches: Sketches,
    free: Vec<TermId>,
    /// All words in the order of the alphabet.
    words: BTreeSet<(Arc<str>, TermId)>,
    /// The words for each form, folded or stem.
    families: BTreeSet<(Form, TermId)>,
    /// The words that hold each gram, in ascending order.
    grams: BTreeMap<Gram, Vec<TermId>>,
    /// The words that are a name of each concept.
    concepts: BTreeSet<(Concept, TermId)>,
}

impl Vocabulary {
    pub(crate) fn is_empty(&self) -> bool {
        self.words.is_empty() && self.families.is_empty() && self.grams.is_empty() && self.concepts.is_empty()
    }

    /// The number of a word in a language, if a listing holds it.
    pub(crate) fn find(&self, folded: &str, language: Option<Language>) -> Option<TermId> {
        let is_it = |id: &TermId| {
            self.gist(*id).is_some_and(|gist| gist.language == language && *gist.folded == *folded)
        };
        self.family(Form::of(folded)).find(is_it)
    }

    /// The words that have a form.
    fn family(&self, form: Form) -> impl Iterator<Item = TermId> {
        self.families.range((form, 0)..=(form, TermId::MAX)).map(|(_, id)| *id)
    }

    /// The number of a word, which is taken in if no listing held it so far.
    pub(crate) fn take_in(
        &mut self,
        folded: &str,
        language: Option<Language>,
        gist: impl FnOnce() -> Gist,
    ) -> TermId {
        self.find(folded, language).unwrap_or_else(|| self.coin(gist()))
    }

    fn coin(&mut self, gist: Gist) -> TermId {
        let id = self.free.pop().unwrap_or_else(|| {
            self.terms.push(None);
            self.sketches.push();
            (self.terms.len() - 1) as TermId
        });
        self.words.insert((Arc::clone(&gist.folded), id));
        self.families.extend(gist.forms.iter().map(|form| (*form, id)));
        self.concepts.extend(gist.names.iter().map(|named| (named.concept, id)));
        for gram in &gist.grams {
            note(self.grams.entry(*gram).or_default(), id);
        }
        self.sketches.set(id, (gist.known > 0.0).then(|| sketch(&gist.direction)));
        if let Some(place) = self.terms.get_mut(id as usize) {
            *place = Some(Term { gist, postings: Postings::default() });
        }
        id
    }

    /// Notes that a listing holds a word.
    pub(crate) fn post(&mut self, id: TermId, posting: Posting) {
        if let Some(term) = self.term_mut(id) {
            term.postings.insert(posting);
        }
    }

    /// Notes that a listing holds a word no more; a word that none holds is forgotten.
    pub(crate) fn unpost(&mut self, id: TermId, entry: u32) {
        let Some(term) = self.term_mut(id) else { return };
        term.postings.remove(entry);
        if term.postings.is_empty() {
            self.forget(id);
        }
    }

    fn forget(&mut self, id: TermId) {
        let Some(Term { gist, .. }) = self.terms.get_mut(id as usize).and_then(Option::take) else { return };
        self.words.remove(&(Arc::clone(&gist.folded), id));
        for form in &gist.forms {
            self.families.remove(&(*form, id));
        }
        for gram in &gist.grams {
            unnote(&mut self.grams, gram, id);
        }
        for named in &gist.names {
            self.concepts.remove(&(named.concept, id));
        }
        self.sketches.set(id, None);
        self.free.push(id);
    }

    fn term(&self, id: TermId) -> Option<&Term> {
        self.terms.get(id as usize)?.as_ref()
    }

    fn term_mut(&mut self, id: TermId) -> Option<&mut Term> {
        self.terms.get_mut(id as usize)?.as_mut()
    }

    /// What a word is.
    pub(crate) fn gist(&self, id: TermId) -> Option<&Gist> {
        self.term(id).map(|term| &term.gist)
    }

    /// The listings that hold a word.
    pub(crate) fn postings(&self, id: TermId) -> &[Posting] {
        self.term(id).map_or(&[], |term| term.postings.all())
    }

    /// The words of the index that say what a word does, the most alike first.
    pub(crate) fn stand_ins(&self, word: &Gist) -> Vec<StandIn> {
        let mut ids = self.same(word);
        ids.extend(self.spelled_alike(word));
        ids.extend(self.near(word));
        ids.extend(word.names.iter().flat_map(|named| self.named(named.concept)));
        ids.sort_unstable();
        ids.dedup();
        let least = if word.known > 0.0 { LEAST_LIKENESS } else { LEAST_IN_LETTERS };
        let judged = |term: TermId| {
            let likeness = word.likeness(self.gist(term)?);
            (likeness.share >= least).then_some(StandIn { term, likeness })
        };
        self.best(ids.into_iter().filter_map(judged).collect())
    }

    /// What a run of letters tells about a word, in nats.
    pub(crate) fn information(&self, gram: Gram) -> f32 {
        let bearers = self.grams.get(&gram).map_or(0, Vec::len);
        (1.0 + self.words.len() as f32 / (bearers as f32).max(0.5)).ln()
    }

    /// The words that begin like one that is still being typed, the commonest first.
    pub(crate) fn endings(&self, beginning: &str) -> Vec<StandIn> {
        let from = (Arc::from(beginning), 0);
        let begun = self.words.range(from..).take_while(|(folded, _)| folded.starts_with(beginning));
        let mut ids: Vec<(usize, TermId)> =
            begun.take(16 * MOST_ENDINGS).map(|(_, id)| (self.postings(*id).len(), *id)).collect();
        ids.sort_by(|(one, a), (other, b)| other.cmp(one).then_with(|| self.order(*a).cmp(&self.order(*b))));
        ids.truncate(MOST_ENDINGS);
        let whole = Likeness { share: BEGUN, how: How::Same };
        ids.into_iter().map(|(_, term)| StandIn { term, likeness: whole }).collect()
    }

    /// Words that begin with these letters, as a listing has them in lower case, the commonest first.
    pub(crate) fn suggest(&self, beginning: &str, most: usize) -> Vec<String> {
        let mut words = Vec::new();
        for ending in self.endings(&key(beginning)) {
            let word = self.gist(ending.term).map(|gist| gist.lower().to_owned());
            words.extend(word.filter(|word| words.len() < most && !words.contains(word)));
        }
        words
    }

    /// The forms of the same word, and other names of what it surely names.
    pub(crate) fn other_names(&self, word: &Gist) -> Vec<StandIn> {
        let mut ids = self.same(word);
        ids.extend(word.names.iter().flat_map(|named| self.named(named.concept)));
        ids.sort_unstable();
        ids.dedup();
        let judged = |term: TermId| {
            let likeness = word.surely(self.gist(term)?);
            (likeness.share >= LEAST_LIKENESS).then_some(StandIn { term, likeness })
        };
        self.best(ids.into_iter().filter_map(judged).collect())
    }

    /// The forms of the same word in the index, of which each is in so many listings at most.
    pub(crate) fn forms_of(&self, word: &Gist, most: usize) -> Vec<StandIn> {
        let mut ids = self.same(word);
        ids.sort_unstable();
        ids.dedup();
        ids.retain(|id| self.postings(*id).len() <= most);
        let same = Likeness { share: 1.0, how: How::Same };
        self.best(ids.into_iter().map(|term| StandIn { term, likeness: same }).collect())
    }

    /// The forms of the same word.
    fn same(&self, word: &Gist) -> Vec<TermId> {
        word.forms.iter().flat_map(|form| self.family(*form)).collect()
    }

    /// The words that are a name of a concept; of one that very many words name, none: it tells nothing apart.
    fn named(&self, concept: Concept) -> impl Iterator<Item = TermId> {
        let all = self.concepts.range((concept, 0)..=(concept, TermId::MAX)).map(|(_, id)| *id);
        let many = all.clone().nth(MOST_NAMES).is_some();
        all.take(if many { 0 } else { MOST_NAMES })
    }

    fn spelled_alike(&self, word: &Gist) -> Vec<TermId> {
        let mut shared = Tally::new(self.terms.len());
        for gram in &word.grams {
            for id in self.grams.get(gram).into_iter().flatten() {
                shared.add(*id, 1.0);
            }
        }
        let share = |(id, shared): (TermId, f32)| {
            let theirs = self.gist(id)?.grams.len();
            Some((id, in_common(shared as usize, word.grams.len(), theirs)))
        };
        let mut alike: Vec<(TermId, f32)> =
            shared.drain().filter_map(share).filter(|(_, share)| *share >= LEAST_SPELLED).collect();
        if alike.len() > MOST_LOOKED_AT {
            let by_share = |(_, one): &(TermId, f32), (_, other): &(TermId, f32)| other.total_cmp(one);
            let bound = alike.select_nth_unstable_by(MOST_LOOKED_AT, by_share).1.1;
            // Why: which of those at the bound would be left depends on their numbers; so none is.
            alike.retain(|(_, share)| *share > bound);
        }
        alike.into_iter().map(|(id, _)| id).collect()
    }

    /// The words whose meaning points nearly where that of a word does, judged by its signs.
    fn near(&self, word: &Gist) -> Vec<TermId> {
        if word.known <= 0.0 {
            return Vec::new();
        }
        let signs = sketch(&word.direction);
        let mut found: Vec<(u32, TermId)> = Vec::new();
        let mut at_distance = [0_usize; MOST_SIGNS as usize + 1];
        let most = if self.words.len() > FEW { MOST_OF_FIRST } else { MOST_OF_FIRST_AMONG_FEW };
        for (at, chunk) in self.sketches.first.chunks(CHUNK).enumerate() {
            // Why: counted in a row of their own, the compiler counts several at once.
            let mut differ = [0_u8; CHUNK];
            for (count, theirs) in differ.iter_mut().zip(chunk) {
                *count = (theirs ^ signs as u64).count_ones() as u8;
            }
            for (offset, half) in differ.iter().take(chunk.len()).enumerate() {
                if u32::from(*half) > most {
                    continue;
                }
                let id = at * CHUNK + offset;
                let Some(rest) = self.sketches.rest.get(id).copied().flatten() else { continue };
                let distance = u32::from(*half) + (rest ^ (signs >> 64) as u32).count_ones();
                if let Some(count) = at_distance.get_mut(distance as usize) {
                    *count += 1;
                    found.push((distance, id as TermId));
                }
            }
        }
        let mut sum = 0;
        let within = at_distance.iter().take_while(|count| {
            sum += **count;
            sum <= MOST_LOOKED_AT
        });
        let bound = within.count() as u32;
        found.into_iter().filter(|(distance, _)| *distance < bound).map(|(_, id)| id).collect()
    }

    fn best(&self, mut stand_ins: Vec<StandIn>) -> Vec<StandIn> {
        stand_ins.sort_unstable_by(|one, other| {
            let by_word = || self.order(one.term).cmp(&self.order(other.term));
            other.likeness.share.total_cmp(&one.likeness.share).then_with(by_word)
        });
        stand_ins.truncate(MOST_STAND_INS);
        stand_ins
    }

    /// What words are ordered by: never their numbers, which depend on the order of arrival.
    fn order(&self, id: TermId) -> Option<(&str, Option<Language>)> {
        self.gist(id).map(|gist| (&*gist.folded, gist.language))
    }
}

fn note(bearers: &mut Vec<TermId>, id: TermId) {
    if let Err(place) = bearers.binary_search(&id) {
        bearers.insert(place, id);
    }
}

fn unnote(lists: &mut BTreeMap<Gram, Vec<TermId>>, key: &Gram, id: TermId) {
    let Some(bearers) = lists.get_mut(key) else { return };
    if let Ok(place) = bearers.binary_search(&id) {
        bearers.remove(place);
    }
    if bearers.is_empty() {
        lists.remove(key);
    }
}
