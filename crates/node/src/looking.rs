//! Searching, and who can help whom, as readers see it.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};

use matching::{Kind, Match, Query, Widened, snippet};
use record::{CircleId, RecordId, Timestamp};

use crate::announced::{At, Pair, Said, Side};
use crate::error::NodeError;
use crate::handle::Handle;
use crate::input::Filter;
use crate::json::{FoundJson, KindJson, ListingJson, PairJson, PieceJson, ReasonJson};
use crate::view::{CircleView, Entry, Place, View, named};

/// How many listings a search finds unless the filter says otherwise.
const FOUND: usize = 50;
/// So much more is looked for, since some of it may have ended.
const SPARE: usize = 50;
/// How many characters of a listing's text are shown with what was found.
const SNIPPET: usize = 160;
/// How many pairs are kept ready.
const MOST_PAIRS: usize = 1_000;
/// The languages in which kinds of things are told.
const LANGUAGES: [&str; 24] = [
    "en", "de", "fr", "es", "it", "nl", "pt", "pl", "tr", "ru", "uk", "ar", "fa", "cs", "da", "el", "fi",
    "hu", "nb", "ro", "sv", "hr", "bg", "ja",
];

/// Who looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    /// This node's own member: sees private needs, and not what it dismissed.
    Member,
    /// Anyone else.
    Guest,
}

/// What is looked at in a pair.
pub(crate) struct Seen<'v> {
    id: RecordId,
    pub(crate) entry: &'v Entry,
    pub(crate) side: Side,
    pub(crate) at: At,
}

impl View {
    /// Listings by how well they fit some words; if there is none, without one of the filters.
    pub(crate) fn search(
        &self,
        text: &str,
        filter: &Filter,
        now: Timestamp,
    ) -> Result<Vec<FoundJson>, NodeError> {
        let wanted = filter.limit.unwrap_or(FOUND).saturating_add(filter.offset);
        let most = if filter.mine { usize::MAX } else { wanted.saturating_mul(2).saturating_add(SPARE) };
        let query = query(text, filter);
        let mut found = Vec::new();
        for (circle, view) in self.chosen(filter)? {
            let hits = view.index.search(&query, most).into_iter();
            found.extend(hits.map(|hit| (Place { circle, id: hit.id }, hit.score, hit.words)));
        }
        found.retain(|(place, ..)| self.entry(place).is_some_and(|entry| self.passes(entry, filter, now)));
        let mut widened = None;
        if found.is_empty() {
            (found, widened) = self.search_wider(&query, filter, most, now)?;
        }
        found.sort_by(|(a, one, _), (b, other, _)| other.total_cmp(one).then(a.id.cmp(&b.id)));
        let page = found.into_iter().skip(filter.offset).take(filter.limit.unwrap_or(FOUND));
        let json = |(place, score, words): (Place, f64, Vec<String>)| {
            let listing = self.json(&place, filter.near)?;
            let pieces = snippet(&listing.text, &words, SNIPPET);
            Some(FoundJson {
                snippet: pieces.into_iter().map(PieceJson::from).collect(),
                listing,
                score,
                words,
                widened: widened.map(str::to_owned),
            })
        };
        Ok(page.filter_map(json).collect())
    }

    /// What is found without one of the filters, the same one in all circles, and which one that is.
    #[allow(clippy::type_complexity)]
    fn search_wider(
        &self,
        query: &Query<'_>,
        filter: &Filter,
        most: usize,
        now: Timestamp,
    ) -> Result<(Vec<(Place, f64, Vec<String>)>, Option<&'static str>), NodeError> {
        let mut ways: BTreeMap<Widened, Vec<_>> = BTreeMap::new();
        for (circle, view) in self.chosen(filter)? {
            let found = view.index.search_wider(query, most);
            let Some(widened) = found.widened else { continue };
            let wider = without(filter, widened);
            let hits = found.hits.into_iter();
            let hits = hits.map(|hit| (Place { circle, id: hit.id }, hit.score, hit.words));
            let passes = |place: &Place| self.entry(place).is_some_and(|it| self.passes(it, &wider, now));
            let mut hits: Vec<_> = hits.filter(|(place, ..)| passes(place)).collect();
            if !hits.is_empty() {
                ways.entry(widened).or_default().append(&mut hits);
            }
        }
        let first = ways.into_iter().next();
        Ok(first.map_or((Vec::new(), None), |(widened, hits)| (hits, Some(widened.word()))))
    }

    /// Words of listings that begin so, the commonest first.
    pub(crate) fn suggest(&self, beginning: &str, most: usize) -> Vec<String> {
        let mut words: Vec<String> = Vec::new();
        let mut by_circle: Vec<_> =
            self.circles.values().map(|circle| circle.index.suggest(beginning, most).into_iter()).collect();
        // One of each circle in turn: how common a word is in a small one does not compare with a large one.
        while words.len() < most {
            let next: Vec<String> = by_circle.iter_mut().filter_map(Iterator::next).collect();
            if next.is_empty() {
                break;
            }
            for word in next {
                if !words.contains(&word) {
                    words.push(word);
                }
            }
        }
        words.truncate(most);
        words
    }

    /// Whether a listing is of a kind of things, or of one below it.
    pub(crate) fn is_of_kind(&self, place: &Place, kind: Option<Kind>) -> bool {
        let Some(wanted) = kind else { return true };
        let own = self.circles.get(&place.circle).and_then(|circle| circle.index.kind_of(&place.id));
        own.is_some_and(|kind| kind.is_within(wanted))
    }

    /// The listing with this number, id or key, or the only one whose id or key begins so; for the member also of
    /// those that are private, which have no number.
    pub(crate) fn find_for(&self, reference: &str, reader: Reader) -> Result<At, NodeError> {
        if let Some(Place { circle, id }) = self.only_numbered(reference)? {
            return Ok(At { circle: Some(circle), id });
        }
        let listings = self.circles.iter().flat_map(|(circle, view)| {
            let at = |id: &RecordId| At { circle: Some(*circle), id: *id };
            view.entries.iter().map(move |(id, entry)| (at(id), *id, entry.key))
        });
        let private = self.private.iter().filter(|_| reader == Reader::Member);
        let private = private.map(|(id, need)| (At { circle: None, id: *id }, *id, need.entry.key));
        named(reference, listings.chain(private))
    }

    /// The best pairs of one listing.
    pub(crate) fn matches_of(&self, at: At, limit: usize, now: Timestamp, reader: Reader) -> Vec<PairJson> {
        let looked_at = limit.saturating_mul(2).saturating_add(SPARE);
        let mut pairs: Vec<(CircleId, Match<RecordId>)> = Vec::new();
        for (circle, view) in self.circles.iter().filter(|(id, _)| at.circle.is_none_or(|only| only == **id))
        {
            pairs.extend(view.index.matches_for(&at.id, looked_at).into_iter().map(|pair| (*circle, pair)));
        }
        best_first(&mut pairs);
        let shown = pairs.iter().filter_map(|(circle, pair)| self.pair(*circle, pair, now, reader));
        shown.take(limit).collect()
    }

    /// The best pairs of all circles, as the index gives them: slow, so that callers keep the result.
    pub(crate) fn all_matches(&self, limit: usize) -> Vec<(CircleId, Match<RecordId>)> {
        let circles = self.circles.iter();
        let pairs = circles
            .flat_map(|(id, circle)| circle.index.all_matches(limit).into_iter().map(|pair| (*id, pair)));
        let mut pairs: Vec<_> = pairs.collect();
        best_first(&mut pairs);
        pairs.truncate(limit);
        pairs
    }

    /// A pair as a reader sees it, if this one does.
    pub(crate) fn pair(
        &self,
        circle: CircleId,
        pair: &Match<RecordId>,
        now: Timestamp,
        reader: Reader,
    ) -> Option<PairJson> {
        let (need, offer) = self.both(circle, pair, now, reader)?;
        let known = self.announced.get(&Pair { need: need.side, offer: offer.side });
        let said = || Said::by(&need.entry.listing, &offer.entry.listing);
        if reader == Reader::Member && known.is_some_and(|known| known.stays_away(said)) {
            return None;
        }
        self.pair_json(circle, pair)
    }

    /// A pair in full, whatever comes of it.
    pub(crate) fn pair_json(&self, circle: CircleId, pair: &Match<RecordId>) -> Option<PairJson> {
        let json = |id: RecordId| -> Option<ListingJson> {
            self.json(&Place { circle, id }, None).or_else(|| self.private_listing(&id))
        };
        let (need, offer) = (json(pair.need)?, json(pair.offer)?);
        let reasons = pair.reasons.iter();
        Some(PairJson {
            pair: format!("{}..{}", need.key, offer.key),
            need,
            offer,
            score: pair.score,
            reasons: reasons
                .map(|reason| ReasonJson { points: reason.points, text: reason.kind.to_string() })
                .collect(),
            fits: pair.fits,
        })
    }

    /// The two of a pair, if both stand, are understood, and are what a private one is narrowed to.
    pub(crate) fn both(
        &self,
        circle: CircleId,
        pair: &Match<RecordId>,
        now: Timestamp,
        reader: Reader,
    ) -> Option<(Seen<'_>, Seen<'_>)> {
        let view = self.circles.get(&circle)?;
        let (need, offer) = (self.seen(circle, view, pair.need)?, self.seen(circle, view, pair.offer)?);
        let good = |seen: &Seen<'_>| seen.entry.stands(now) && seen.entry.is_understood();
        let answers = |one: &Seen<'_>, other: &Seen<'_>| match one.at.circle {
            Some(_) => true,
            None => reader == Reader::Member && self.answers(one.id, circle, other, now),
        };
        let both = good(&need) && good(&offer) && answers(&need, &offer) && answers(&offer, &need);
        both.then_some((need, offer))
    }

    /// The two sides of a pair.
    pub(crate) fn sides_of(&self, circle: CircleId, pair: &Match<RecordId>) -> Option<Pair> {
        let view = self.circles.get(&circle)?;
        let side = |id| self.seen(circle, view, id).map(|seen| seen.side);
        Some(Pair { need: side(pair.need)?, offer: side(pair.offer)? })
    }

    fn seen<'v>(&'v self, circle: CircleId, view: &'v CircleView, id: RecordId) -> Option<Seen<'v>> {
        if let Some(entry) = view.entries.get(&id) {
            let side = Side::public(circle, &entry.author, &entry.key);
            return Some(Seen { id, entry, side, at: At { circle: Some(circle), id } });
        }
        let entry = &self.private.get(&id)?.entry;
        Some(Seen { id, entry, side: Side::private(&entry.key), at: At { circle: None, id } })
    }

    /// Whether a listing is what a private need is narrowed to.
    fn answers(&self, need: RecordId, circle: CircleId, other: &Seen<'_>, now: Timestamp) -> bool {
        let Some(need) = self.private.get(&need) else { return false };
        let place = Place { circle, id: other.id };
        self.passes(other.entry, &need.filter, now) && self.is_of_kind(&place, need.filter.kind)
    }

    /// Why two listings are a match, or are none; whoever names them the other way round is understood.
    pub(crate) fn why(
        &self,
        need: &str,
        offer: &str,
        now: Timestamp,
        reader: Reader,
    ) -> Result<PairJson, NodeError> {
        let (circle, pair) = self.pair_of(need, offer, reader)?;
        // Nobody helps themselves, and what is handed out helps nobody: the words alone don't know.
        let of_two = |(need, offer): (Seen<'_>, Seen<'_>)| {
            let is_left = |seen: &Seen<'_>| seen.entry.listing.left > 0;
            need.entry.author != offer.entry.author && is_left(&need) && is_left(&offer)
        };
        let stands = self.both(circle, &pair, now, reader).is_some_and(of_two);
        let json = self.pair_json(circle, &pair).ok_or(NodeError::NoPair)?;
        Ok(PairJson { fits: json.fits && stands, ..json })
    }

    /// The pair of two listings.
    pub(crate) fn pair_of(
        &self,
        need: &str,
        offer: &str,
        reader: Reader,
    ) -> Result<(CircleId, Match<RecordId>), NodeError> {
        let (one, other) = (self.find_for(need, reader)?, self.find_for(offer, reader)?);
        let circle = one.circle.or(other.circle).ok_or(NodeError::NoPair)?;
        let index = &self.circles.get(&circle).ok_or(NodeError::NoPair)?.index;
        let pair = index.why(&one.id, &other.id).or_else(|| index.why(&other.id, &one.id));
        Ok((circle, pair.ok_or(NodeError::NoPair)?))
    }
}

/// The kinds of things, each after the one that it is a part of.
pub(crate) fn kinds() -> Vec<KindJson> {
    let languages: Vec<record::Language> = LANGUAGES.iter().filter_map(|code| code.parse().ok()).collect();
    let kind = |kind: Kind| {
        let english = languages.first().map(|language| kind.name(*language).to_owned());
        let named = |language: &record::Language| (language.to_string(), kind.name(*language).to_owned());
        let mut names: BTreeMap<String, String> = languages.iter().map(named).collect();
        names.retain(|code, name| code == "en" || Some(&*name) != english.as_ref());
        KindJson { id: kind.id().to_owned(), parent: kind.parent().map(|kind| kind.id().to_owned()), names }
    };
    Kind::all().map(kind).collect()
}

fn query<'q>(text: &'q str, filter: &'q Filter) -> Query<'q> {
    Query {
        text,
        side: filter.side,
        terms: filter.terms,
        kind: filter.kind,
        category: filter.category.as_deref(),
        language: filter.language,
        near: filter.near,
        within_km: filter.within_km,
        unfinished: filter.typing,
    }
}

/// A filter without what a search left out.
fn without(filter: &Filter, widened: Widened) -> Filter {
    let filter = filter.clone();
    match widened {
        Widened::Distance => Filter { within_km: None, ..filter },
        Widened::Category => Filter { category: None, kind: None, ..filter },
        Widened::Language => Filter { language: None, ..filter },
        Widened::Terms => Filter { terms: None, ..filter },
        Widened::Everything => {
            Filter { within_km: None, category: None, kind: None, language: None, terms: None, ..filter }
        }
    }
}

fn best_first(pairs: &mut [(CircleId, Match<RecordId>)]) {
    pairs.sort_by(|(_, one), (_, other)| {
        let by_ids = || (one.need, one.offer).cmp(&(other.need, other.offer));
        other.score.total_cmp(&one.score).then_with(by_ids)
    });
}

impl Handle {
    /// Listings by how well they fit some words, the best first; 50 unless the filter says otherwise.
    ///
    /// # Errors
    /// If the filter names an unknown circle.
    pub fn search(&self, text: &str, filter: &Filter) -> Result<Vec<FoundJson>, NodeError> {
        self.look_up(|view| view.search(text, filter, self.clock.now()))
    }

    /// The best pairs of one listing.
    ///
    /// # Errors
    /// If there is no such listing.
    pub fn matches_of(
        &self,
        reference: &str,
        limit: usize,
        reader: Reader,
    ) -> Result<Vec<PairJson>, NodeError> {
        self.look_up(|view| {
            Ok(view.matches_of(view.find_for(reference, reader)?, limit, self.clock.now(), reader))
        })
    }

    /// The best pairs of all; of this node's own member alone if `mine`. The first call after a change
    /// takes a while in a large catalogue.
    pub async fn matches(&self, mine: bool, limit: usize, reader: Reader) -> Vec<PairJson> {
        let handle = self.clone();
        let pairs = tokio::task::spawn_blocking(move || handle.all_pairs(mine, limit, reader));
        pairs.await.unwrap_or_default()
    }

    fn all_pairs(&self, mine: bool, limit: usize, reader: Reader) -> Vec<PairJson> {
        let mut kept = self.comparing.pairs.lock().unwrap_or_else(PoisonError::into_inner);
        let version = self.read(|view| view.version);
        let pairs = match &*kept {
            Some((known, pairs)) if *known == version => Arc::clone(pairs),
            Some(_) | None => {
                let (version, pairs) =
                    self.look_up(|view| (view.version, Arc::new(view.all_matches(MOST_PAIRS))));
                *kept = Some((version, Arc::clone(&pairs)));
                pairs
            }
        };
        drop(kept);
        let now = self.clock.now();
        self.read(|view| {
            let shown = pairs.iter().filter_map(|(circle, pair)| view.pair(*circle, pair, now, reader));
            shown.filter(|pair| !mine || pair.need.mine || pair.offer.mine).take(limit).collect()
        })
    }

    /// Why two listings are a match or are none, each by id, key or a unique beginning of one, the need first: all that
    /// speaks for it, with its points.
    ///
    /// # Errors
    /// If one of the two is not here, or they are not a need and an offer of one circle.
    pub fn why(&self, need: &str, offer: &str, reader: Reader) -> Result<PairJson, NodeError> {
        self.look_up(|view| view.why(need, offer, self.clock.now(), reader))
    }

    /// Words of listings that begin as the last word of a text does, the commonest first.
    #[must_use]
    pub fn suggest(&self, text: &str, most: usize) -> Vec<String> {
        let beginning = text.split_whitespace().last().filter(|_| !text.ends_with(char::is_whitespace));
        beginning.map_or_else(Vec::new, |beginning| self.look_up(|view| view.suggest(beginning, most)))
    }

    /// The kinds of things that listings are about, each after the one that it is a part of.
    #[must_use]
    pub fn kinds(&self) -> Vec<KindJson> {
        kinds()
    }
}
