//! The index: listings in memory, and search among them.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::analyse::{Reader, Word};
use crate::entry::Entry;
use crate::fold::{fold, lower};
use crate::kind::Kind;
use crate::lexicon::{Alike, Lexicon, Posting};
use crate::score::{LEAST_RELEVANCE, aboutness, information, place_factor};
use crate::tally::Tally;
use record::{Cell, Language, Listing, Side, Terms, Timestamp};

/// So many words of a query are looked up: nobody types more, and each costs time.
const MOST_WORDS: usize = 32;

/// What a person looks for.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Query<'q> {
    /// The words; those after the first 32 are ignored. Without any nothing is found: to list
    /// everything is not a search.
    pub text: &'q str,
    /// Only offers, or only needs.
    pub side: Option<Side>,
    /// Only on these terms.
    pub terms: Option<Terms>,
    /// Only of this kind of things, and of those below it.
    pub kind: Option<Kind>,
    /// Whether the last word is still being typed: it stands for all that begin so.
    pub unfinished: bool,
    /// Only listings of this category; upper case and accents don't matter.
    pub category: Option<&'q str>,
    /// Only listings in this language.
    pub language: Option<Language>,
    /// From where; listings near it come a little earlier.
    pub near: Option<Cell>,
    /// Only listings within so many kilometres of `near`. Without effect where `near` is not given.
    pub within_km: Option<f64>,
}

impl Query<'_> {
    /// Whether a listing is of the side and at a place that the query asks for.
    fn admits<Id>(&self, entry: &Entry<Id>) -> bool {
        let within = match (self.near, self.within_km) {
            (Some(near), Some(most)) => entry.listing.cell.is_some_and(|cell| near.distance_km(cell) <= most),
            (None, _) | (_, None) => true,
        };
        within
            && !entry.private
            && self.side.is_none_or(|side| entry.listing.side == side)
            && self.terms.is_none_or(|terms| entry.listing.terms == terms)
            && self.language.is_none_or(|language| entry.listing.language == Some(language))
            && self.kind.is_none_or(|kind| kind_of(&entry.listing).is_some_and(|own| within_kind(own, kind)))
    }
}

/// A listing that a search found.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit<Id> {
    /// The caller's id of the listing.
    pub id: Id,
    /// How much of what the words tell the listing is about, 0 to 1, less a fifth at most for being far
    /// away. Scores of one query compare; those of different queries don't.
    pub score: f64,
    /// The words of the listing that hit, as they stand there.
    pub words: Vec<String>,
}

/// What a search found.
#[derive(Debug, Clone, PartialEq)]
pub struct Found<Id> {
    /// The best first.
    pub hits: Vec<Hit<Id>>,
    /// What was left out of the question, since nothing was found with it.
    pub widened: Option<Widened>,
}

/// A filter that was left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Widened {
    /// How far away it may be.
    Distance,
    /// Its category and kind.
    Category,
    /// Its language.
    Language,
    /// Its terms.
    Terms,
}

impl std::fmt::Display for Widened {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Distance => "farther away",
            Self::Category => "of other kinds",
            Self::Language => "in other languages",
            Self::Terms => "on other terms",
        })
    }
}

fn kind_of(listing: &Listing) -> Option<Kind> {
    let titled = || listing.title.split_whitespace().find_map(|word| Kind::named(word, None));
    Kind::named(&listing.category, None).or_else(titled)
}

fn within_kind(mut kind: Kind, whole: Kind) -> bool {
    loop {
        if kind == whole {
            return true;
        }
        let Some(parent) = kind.parent() else { return false };
        kind = parent;
    }
}

/// Listings under the caller's ids, ready for [search](Self::search) and
/// [matching](Self::matches_for).
///
/// Inserting and removing touches only the words of the listing in question. 100,000 listings of a
/// hundred characters take about 85 MB.
#[derive(Debug)]
pub struct Index<Id> {
    /// Entries by number; the numbers of those that are gone are in `free`.
    entries: Vec<Option<Entry<Id>>>,
    free: Vec<u32>,
    numbers: BTreeMap<Id, u32>,
    /// How many listings are in each language.
    languages: BTreeMap<Language, u32>,
    lexicon: Lexicon,
}

/// A word to rank listings by.
pub(crate) struct Wanted<'w> {
    pub(crate) word: &'w Word<'w>,
    /// How much it counts, above 0 and at most 1.
    pub(crate) weight: f64,
    /// Whether words that are spelled alike count as well.
    pub(crate) alike: bool,
}

impl<Id> Default for Index<Id> {
    fn default() -> Self {
        Self {
            entries: Vec::new(),
            free: Vec::new(),
            numbers: BTreeMap::new(),
            languages: BTreeMap::new(),
            lexicon: Lexicon::default(),
        }
    }
}

impl<Id: Ord + Clone> Index<Id> {
    /// An index of nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How many listings it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.numbers.len()
    }

    /// Whether it holds no listing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.numbers.is_empty()
    }

    /// Takes in an author's listing, in place of what was there under this id.
    pub fn insert(&mut self, id: Id, author: [u8; 32], listing: impl Into<Arc<Listing>>) {
        self.put(id, author, listing.into(), false);
    }

    /// The same, with when it was first written.
    pub fn insert_at(
        &mut self,
        id: Id,
        author: [u8; 32],
        listing: impl Into<Arc<Listing>>,
        _since: Timestamp,
    ) {
        self.put(id, author, listing.into(), false);
    }

    /// Takes in what is matched and never found.
    pub fn insert_private(
        &mut self,
        id: Id,
        author: [u8; 32],
        listing: impl Into<Arc<Listing>>,
        _since: Timestamp,
    ) {
        self.put(id, author, listing.into(), true);
    }

    fn put(&mut self, id: Id, author: [u8; 32], listing: Arc<Listing>, private: bool) {
        self.remove(&id);
        let entry = Entry { id: id.clone(), author, listing, private };
        let number = self.free.pop().unwrap_or(self.entries.len() as u32);
        for (folded, share) in entry.shares() {
            let weight = aboutness(share.mass) as f32;
            self.lexicon.add(&folded, &share.stems, Posting { entry: number, weight });
        }
        if let Some(language) = entry.listing.language {
            *self.languages.entry(language).or_default() += 1;
        }
        match self.entries.get_mut(number as usize) {
            Some(place) => *place = Some(entry),
            None => self.entries.push(Some(entry)),
        }
        self.numbers.insert(id, number);
    }

    /// Takes a listing out. Returns whether it was there.
    pub fn remove(&mut self, id: &Id) -> bool {
        let Some(number) = self.numbers.remove(id) else { return false };
        let Some(entry) = self.entries.get_mut(number as usize).and_then(Option::take) else { return false };
        for (folded, share) in entry.shares() {
            self.lexicon.remove(&folded, &share.stems, number);
        }
        if let Some(language) = entry.listing.language
            && let Some(listings) = self.languages.get_mut(&language)
        {
            *listings -= 1;
            if *listings == 0 {
                self.languages.remove(&language);
            }
        }
        self.free.push(number);
        true
    }

    /// The listings that are about these words, the best first, at most `limit`; equal ones in the
    /// order of their ids.
    #[must_use]
    pub fn search(&self, query: &Query<'_>, limit: usize) -> Vec<Hit<Id>> {
        let mut words = self.reader(None).words(query.text);
        words.truncate(MOST_WORDS);
        let whole: f64 = words.iter().map(|word| self.information(word)).sum();
        let wanted: Vec<Wanted<'_>> =
            words.iter().map(|word| Wanted { word, weight: 1.0, alike: true }).collect();
        let category = query.category.map(folded_category);
        let mut hits: Vec<Hit<Id>> = self
            .relevance(&wanted)
            .into_iter()
            .filter(|(entry, nats)| *nats >= LEAST_RELEVANCE * whole && query.admits(entry))
            .filter(|(entry, _)| {
                category.as_ref().is_none_or(|category| folded_category(&entry.listing.category) == *category)
            })
            .map(|(entry, nats)| Hit {
                id: entry.id.clone(),
                score: nats / whole * place_factor(query.near, entry.listing.cell),
                words: self.words_of(entry, &words),
            })
            .collect();
        if query.unfinished {
            let found: Vec<Id> = hits.iter().map(|hit| hit.id.clone()).collect();
            let begin = query.text.split_whitespace().last().map(folded_category).unwrap_or_default();
            let more = self.entries().filter(|entry| query.admits(entry) && !found.contains(&entry.id));
            let mut more: Vec<Hit<Id>> = more
                .filter_map(|entry| {
                    let words = entry.listing.title.split_whitespace();
                    let word = words.into_iter().find(|word| folded_category(word).starts_with(&begin))?;
                    Some(Hit { id: entry.id.clone(), score: 0.1, words: vec![word.to_owned()] })
                })
                .filter(|_| !begin.is_empty())
                .collect();
            hits.append(&mut more);
        }
        hits.sort_unstable_by(|one, other| {
            other.score.total_cmp(&one.score).then_with(|| one.id.cmp(&other.id))
        });
        hits.truncate(limit);
        hits
    }

    /// The words of a listing that are some of these.
    fn words_of(&self, entry: &Entry<Id>, wanted: &[Word<'_>]) -> Vec<String> {
        let reader = self.reader(entry.listing.language);
        let mut hits = Vec::new();
        for (_, text) in entry.fields() {
            for word in reader.words(text) {
                if wanted.iter().any(|one| one.is(&word)) && !hits.contains(&word.spoken.to_string()) {
                    hits.push(word.spoken.to_string());
                }
            }
        }
        hits
    }

    /// The same; if nothing is found, without one of the filters.
    #[must_use]
    pub fn search_wider(&self, query: &Query<'_>, limit: usize) -> Found<Id> {
        let wider = [
            (None, *query),
            (Some(Widened::Distance), Query { within_km: None, ..*query }),
            (Some(Widened::Category), Query { category: None, kind: None, ..*query }),
            (Some(Widened::Language), Query { language: None, ..*query }),
            (Some(Widened::Terms), Query { terms: None, ..*query }),
        ];
        let tried = wider.map(|(widened, query)| Found { hits: self.search(&query, limit), widened });
        let nothing = Found { hits: Vec::new(), widened: None };
        tried.into_iter().find(|found| !found.hits.is_empty()).unwrap_or(nothing)
    }

    /// Words of listings that begin so.
    #[must_use]
    pub fn suggest(&self, beginning: &str, most: usize) -> Vec<String> {
        let begin = folded_category(beginning);
        let mut count: BTreeMap<String, usize> = BTreeMap::new();
        for entry in self.entries().filter(|entry| !entry.private && !begin.is_empty()) {
            for word in entry.listing.title.split_whitespace() {
                if folded_category(word).starts_with(&begin) {
                    *count.entry(lower(word)).or_default() += 1;
                }
            }
        }
        let mut words: Vec<(String, usize)> = count.into_iter().collect();
        words.sort_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
        words.into_iter().map(|(word, _)| word).take(most).collect()
    }

    /// What kind of thing a listing is about.
    #[must_use]
    pub fn kind_of(&self, id: &Id) -> Option<Kind> {
        kind_of(&self.find(id)?.listing)
    }

    /// Each listing that has to do with one of these words, with the nats of what they tell that it is
    /// about; in no particular order.
    pub(crate) fn relevance(&self, wanted: &[Wanted<'_>]) -> Vec<(&Entry<Id>, f64)> {
        let mut total = Tally::new(self.entries.len());
        let mut squares = Tally::new(self.entries.len());
        for Wanted { word, weight, alike } in wanted {
            let information = self.information(word);
            for Alike { term, likeness } in self.stand_ins(word, *alike) {
                let postings = self.lexicon.postings(term);
                // Why: a rare word must not gain by being spelled like a common one.
                let shared = information.min(self.rarity(postings.len(), word.weak));
                for posting in postings {
                    squares
                        .add(posting.entry, (weight * likeness * shared * f64::from(posting.weight)).powi(2));
                }
            }
            // Several parts of a compound count more than one, and less than their sum.
            for (entry, sum) in squares.drain() {
                total.add(entry, sum.sqrt().min(weight * information));
            }
        }
        total.drain().filter_map(|(number, nats)| Some((self.entry(number)?, nats))).collect()
    }

    fn stand_ins(&self, word: &Word<'_>, alike: bool) -> Vec<Alike> {
        if alike {
            return self.lexicon.alike(word);
        }
        self.lexicon.same(word).into_iter().map(|term| Alike { term, likeness: 1.0 }).collect()
    }

    /// A reader of texts in this language, or in any language of the index.
    pub(crate) fn reader(&self, language: Option<Language>) -> Reader {
        match language {
            Some(language) => Reader::new([language]),
            None => Reader::new(self.languages.keys().copied()),
        }
    }

    /// What a word tells, in nats.
    pub(crate) fn information(&self, word: &Word<'_>) -> f64 {
        self.rarity(self.lexicon.bearers(word), word.weak)
    }

    fn rarity(&self, bearers: usize, weak: bool) -> f64 {
        information(self.len(), bearers, weak)
    }

    /// The entry of a listing.
    pub(crate) fn find(&self, id: &Id) -> Option<&Entry<Id>> {
        self.entry(*self.numbers.get(id)?)
    }

    /// All entries, in the order of their ids.
    pub(crate) fn entries(&self) -> impl Iterator<Item = &Entry<Id>> {
        self.numbers.values().filter_map(|number| self.entry(*number))
    }

    fn entry(&self, number: u32) -> Option<&Entry<Id>> {
        self.entries.get(number as usize)?.as_ref()
    }
}

/// The form in which two categories are compared.
pub(crate) fn folded_category(category: &str) -> String {
    fold(&lower(category.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index(listings: &[(&'static str, &str, &str)]) -> Index<&'static str> {
        let mut index = Index::new();
        for (id, language, title) in listings {
            index.insert(*id, [0; 32], listing(language, title));
        }
        index
    }

    fn listing(language: &str, title: &str) -> Listing {
        Listing { language: language.parse().ok(), ..Listing::new(Side::Offer, title) }
    }

    fn found(index: &Index<&'static str>, text: &str) -> Vec<&'static str> {
        found_by(index, &Query { text, ..Query::default() })
    }

    fn found_by(index: &Index<&'static str>, query: &Query<'_>) -> Vec<&'static str> {
        index.search(query, 10).into_iter().map(|hit| hit.id).collect()
    }

    #[test]
    fn a_search_for_drills_finds_the_drill() {
        let index =
            index(&[("drill", "en", "Drill"), ("bohr", "de", "Bohrmaschine"), ("pan", "en", "Cake pan")]);
        assert_eq!(found(&index, "drills"), ["drill"]);
        assert_eq!(found(&index, "Bohrmaschinen")[0], "bohr");
        assert_eq!(found(&index, "I am looking for a DRILL!"), ["drill"]);
    }

    #[test]
    fn a_compound_is_found_by_its_part_and_a_word_by_a_slip() {
        let index =
            index(&[("schrauber", "de", "Akkuschrauber"), ("leiter", "de", "Leiter"), ("zelt", "", "Zelt")]);
        assert_eq!(found(&index, "Schrauber")[0], "schrauber");
        assert_eq!(found(&index, "Akuschrauber")[0], "schrauber");
        assert_eq!(found(&index, "Zelte")[0], "zelt");
    }

    #[test]
    fn a_title_counts_more_than_a_category_and_that_more_than_a_text() {
        let mut index = index(&[("title", "en", "Tent")]);
        let other = listing("en", "Something");
        index.insert("category", [0; 32], Listing { category: "Tent".into(), ..other.clone() });
        index.insert("text", [0; 32], Listing { text: "Also a tent, poles and so on".into(), ..other });
        assert_eq!(found(&index, "tent"), ["title", "category", "text"]);
    }

    #[test]
    fn a_rare_word_counts_more_than_one_that_stands_everywhere() {
        let index = index(&[
            ("knife", "en", "Knife set"),
            ("glass", "en", "Glass set"),
            ("spoon", "en", "Spoon set"),
            ("anvil", "en", "Anvil"),
        ]);
        assert_eq!(found(&index, "anvil set")[0], "anvil");
    }

    #[test]
    fn a_search_for_nothing_finds_nothing() {
        let index = index(&[("drill", "en", "Drill")]);
        for text in ["", "  ", "...", "looking for a", "\u{301}"] {
            assert_eq!(
                found_by(&index, &Query { text, side: Some(Side::Offer), ..Query::default() }),
                [""; 0]
            );
        }
    }

    #[test]
    fn filters_leave_out_what_they_name() {
        let mut index = index(&[("offer", "en", "Ladder")]);
        let garden = Listing { category: "Gärten".into(), ..Listing::new(Side::Need, "Ladder") };
        index.insert("need", [0; 32], garden);
        let query = Query { text: "ladder", ..Query::default() };
        assert_eq!(found_by(&index, &Query { side: Some(Side::Need), ..query }), ["need"]);
        assert_eq!(found_by(&index, &Query { category: Some("GARTEN "), ..query }), ["need"]);
        assert_eq!(found_by(&index, &Query { category: Some("Küche"), ..query }), [""; 0]);
    }

    #[test]
    fn what_is_near_comes_first_and_what_is_too_far_not_at_all() {
        let at = |place: &str| Listing { cell: place.parse().ok(), ..Listing::new(Side::Offer, "Ladder") };
        let mut index = Index::new();
        index.insert("a nowhere", [0; 32], at(""));
        index.insert("b berlin", [0; 32], at("52.52,13.40"));
        index.insert("c karlsruhe", [0; 32], at("49.0069,8.4037"));
        let near = "49.0,8.4".parse().ok();
        let query = Query { text: "ladder", near, ..Query::default() };
        assert_eq!(found_by(&index, &query), ["c karlsruhe", "b berlin", "a nowhere"]);
        assert_eq!(found_by(&index, &Query { within_km: Some(20.0), ..query }), ["c karlsruhe"]);
        assert_eq!(found_by(&index, &Query { within_km: Some(20.0), near: None, ..query }).len(), 3);
    }

    #[test]
    fn a_newer_version_replaces_the_older() {
        let mut index = index(&[("thing", "en", "Drill")]);
        index.insert("thing", [0; 32], listing("en", "Ladder"));
        assert_eq!(index.len(), 1);
        assert_eq!(found(&index, "drill"), [""; 0]);
        assert_eq!(found(&index, "ladder"), ["thing"]);
    }

    #[test]
    fn removing_a_listing_leaves_no_trace() {
        let mut index = index(&[("drill", "en", "Repairs of drills"), ("muehle", "de", "Muehle")]);
        assert!(index.remove(&"drill"));
        assert!(!index.remove(&"drill"));
        assert!(index.remove(&"muehle"));
        assert!(index.is_empty());
        assert!(index.languages.is_empty());
        assert!(index.lexicon.is_empty());
    }
}
