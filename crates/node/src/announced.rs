//! The pairs of which this node's member was told, so that nobody is told of one twice.
//!
//! A pair is known by what its two sides are (who wrote them, in which circle, under which key), not by what they
//! say: a renewed or edited listing makes no new pair. One that was dismissed stays away until one of the two says
//! something else. What a pair looks like now is found out when it is shown; if a side is gone, or the two do not fit
//! any more, it is not shown.
//!
//! The pairs lie in sixteen notes of the node, each a byte for its version and rows of 49 bytes: the sides (16 bytes
//! each), when it was told in Unix milliseconds (8), one byte (1 seen, 2 dismissed), and what the two said when it was
//! dismissed (8).

use std::collections::BTreeMap;

use record::{CircleId, Hash, Header, Key, Listing, MemberId, RecordId};

use crate::view::{Entry, Place};

/// In so many notes they lie.
pub(crate) const SHARDS: usize = 16;
/// So many pairs lie in each at most; the oldest are forgotten, first those of which a side is gone.
const MAX_IN_SHARD: usize = 500;
const VERSION: u8 = 1;
const ROW: usize = 49;
const SEEN: u8 = 1;
const DISMISSED: u8 = 2;

/// The notes in which they lie.
pub(crate) fn notes() -> impl Iterator<Item = String> {
    (0..SHARDS).map(note)
}

pub(crate) fn note(shard: usize) -> String {
    format!("announced-{shard:x}")
}

/// One side of a pair: which thing of whom it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Side([u8; 16]);

impl Side {
    fn of(purpose: &str, parts: &[&[u8]]) -> Self {
        Self(Hash::derive(purpose, parts).first())
    }

    pub(crate) fn public(circle: CircleId, author: &MemberId, key: &Key) -> Self {
        Self::of("commonshelf/side/1", &[circle.as_bytes(), author.as_bytes(), key.as_bytes()])
    }

    pub(crate) fn private(key: &Key) -> Self {
        Self::of("commonshelf/side/private/1", &[key.as_bytes()])
    }
}

/// A need and an offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Pair {
    pub(crate) need: Side,
    pub(crate) offer: Side,
}

impl Pair {
    fn shard(&self) -> usize {
        usize::from((self.need.0[0] ^ self.offer.0[0]) % SHARDS as u8)
    }
}

/// What two listings say, in short: equal for equal words, counts, places and dates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Said([u8; 8]);

impl Said {
    pub(crate) fn by(need: &Listing, offer: &Listing) -> Self {
        let [need, offer] = [need, offer].map(content);
        Self(Hash::derive("commonshelf/said/1", &[need.as_bytes(), offer.as_bytes()]).first())
    }
}

fn content(listing: &Listing) -> Hash {
    let number = |number: Option<u64>| {
        number.map_or([0; 9], |number| {
            let mut bytes = [1; 9];
            bytes[1..].copy_from_slice(&number.to_be_bytes());
            bytes
        })
    };
    let numbers = [
        Some(listing.count.into()),
        Some(listing.left.into()),
        listing.cell.map(record::Cell::index),
        listing.until.map(record::Timestamp::millis),
    ];
    Hash::derive(
        "commonshelf/content/1",
        &[
            listing.side.word().as_bytes(),
            listing.terms.word().as_bytes(),
            listing.title.as_bytes(),
            listing.text.as_bytes(),
            listing.category.as_bytes(),
            numbers.map(number).concat().as_slice(),
        ],
    )
}

/// What is known of a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Known {
    /// When it was told: Unix milliseconds.
    pub(crate) when: u64,
    pub(crate) seen: bool,
    /// It was dismissed when the two said this.
    pub(crate) dismissed: Option<Said>,
}

impl Known {
    /// Told at this time, and not seen yet.
    pub(crate) const fn new(when: u64) -> Self {
        Self { when, seen: false, dismissed: None }
    }

    /// Whether it was dismissed, and the two say the same still.
    pub(crate) fn stays_away(&self, said: impl FnOnce() -> Said) -> bool {
        self.dismissed.is_some_and(|then| then == said())
    }
}

/// Where a side is now: without a circle it is private.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct At {
    pub(crate) circle: Option<CircleId>,
    pub(crate) id: RecordId,
}

impl From<Place> for At {
    fn from(Place { circle, id }: Place) -> Self {
        Self { circle: Some(circle), id }
    }
}

/// Those of one note.
pub(crate) type Shard = BTreeMap<Pair, Known>;

/// The pairs, and where their sides are.
#[derive(Debug, Default)]
pub(crate) struct Announced {
    shards: BTreeMap<usize, Shard>,
    sides: BTreeMap<Side, Option<At>>,
    /// Counts their changes.
    pub(crate) version: u64,
}

impl Announced {
    /// All pairs, in no particular order.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (&Pair, &Known)> {
        self.shards.values().flatten()
    }

    pub(crate) fn get(&self, pair: &Pair) -> Option<&Known> {
        self.shards.get(&pair.shard())?.get(pair)
    }

    /// Where a side is, if it is here.
    pub(crate) fn at(&self, side: &Side) -> Option<At> {
        self.sides.get(side).copied().flatten()
    }

    /// The notes' contents once these pairs are known so; nothing is changed yet.
    pub(crate) fn with(&self, changes: &[(Pair, Known)]) -> BTreeMap<usize, Shard> {
        let mut changed: BTreeMap<usize, Shard> = BTreeMap::new();
        for (pair, known) in changes {
            let number = pair.shard();
            let shard = changed
                .entry(number)
                .or_insert_with(|| self.shards.get(&number).cloned().unwrap_or_default());
            shard.insert(*pair, *known);
        }
        changed.values_mut().for_each(|shard| self.bound(shard));
        changed
    }

    /// Forgets the oldest pairs of too many, first those that nobody can be told of again.
    fn bound(&self, shard: &mut Shard) {
        let surplus = shard.len().saturating_sub(MAX_IN_SHARD);
        if surplus == 0 {
            return;
        }
        let gone = |side: &Side| self.sides.contains_key(side) && self.at(side).is_none();
        let mut oldest: Vec<_> = shard
            .iter()
            .map(|(pair, known)| (!(gone(&pair.need) || gone(&pair.offer)), known.when, *pair))
            .collect();
        oldest.sort_unstable();
        for (_, _, pair) in oldest.into_iter().take(surplus) {
            shard.remove(&pair);
        }
    }

    /// Takes in what a note holds now.
    pub(crate) fn put(&mut self, number: usize, shard: Shard) {
        let is_forgotten = |pair: &&Pair| !shard.contains_key(pair);
        let forgot = self.shards.get(&number).is_some_and(|old| old.keys().any(|pair| is_forgotten(&pair)));
        for pair in shard.keys() {
            for side in [pair.need, pair.offer] {
                self.sides.entry(side).or_default();
            }
        }
        self.shards.insert(number, shard);
        if forgot {
            let mut sides = std::mem::take(&mut self.sides);
            let known: std::collections::BTreeSet<Side> =
                self.pairs().flat_map(|(pair, _)| [pair.need, pair.offer]).collect();
            sides.retain(|side, _| known.contains(side));
            self.sides = sides;
        }
        self.version = self.version.wrapping_add(1);
    }

    /// A listing is here now.
    pub(crate) fn came(&mut self, place: Place, header: &Header) {
        // Why: most nodes know few pairs, and a start brings many listings.
        if !self.sides.is_empty() {
            self.is_at(Side::public(place.circle, &header.author, &header.key), place.into());
        }
    }

    /// A listing is here no longer. Its newer version may have come before.
    pub(crate) fn went(&mut self, place: Place, entry: &Entry) {
        if !self.sides.is_empty() {
            let side = Side::public(place.circle, &entry.author, &entry.key);
            if let Some(at) = self.sides.get_mut(&side).filter(|at| **at == Some(place.into())) {
                *at = None;
            }
        }
    }

    pub(crate) fn came_privately(&mut self, id: RecordId, key: &Key) {
        self.is_at(Side::private(key), At { circle: None, id });
    }

    pub(crate) fn went_privately(&mut self, key: &Key) {
        if let Some(at) = self.sides.get_mut(&Side::private(key)) {
            *at = None;
        }
    }

    /// Notes where a side is, if a pair has it.
    pub(crate) fn is_at(&mut self, side: Side, here: At) {
        if let Some(at) = self.sides.get_mut(&side) {
            *at = Some(here);
        }
    }
}

/// A note's bytes.
pub(crate) fn encode(shard: &Shard) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(1 + shard.len() * ROW);
    bytes.push(VERSION);
    for (pair, known) in shard {
        bytes.extend_from_slice(&pair.need.0);
        bytes.extend_from_slice(&pair.offer.0);
        bytes.extend_from_slice(&known.when.to_be_bytes());
        let seen = if known.seen { SEEN } else { 0 };
        let dismissed = if known.dismissed.is_some() { DISMISSED } else { 0 };
        bytes.push(seen | dismissed);
        bytes.extend_from_slice(&known.dismissed.map_or([0; 8], |said| said.0));
    }
    bytes
}

/// What a note holds; of one that is damaged, what can be read.
pub(crate) fn decode(note: &[u8]) -> Shard {
    let Some((&VERSION, rows)) = note.split_first() else { return Shard::new() };
    rows.chunks_exact(ROW).take(MAX_IN_SHARD).filter_map(row).collect()
}

fn row(row: &[u8]) -> Option<(Pair, Known)> {
    let (need, row) = row.split_first_chunk::<16>()?;
    let (offer, row) = row.split_first_chunk::<16>()?;
    let (when, row) = row.split_first_chunk::<8>()?;
    let (flags, said) = row.split_first()?;
    let dismissed = (flags & DISMISSED != 0).then(|| said.try_into().ok().map(Said)).flatten();
    let known = Known { when: u64::from_be_bytes(*when), seen: flags & SEEN != 0, dismissed };
    Some((Pair { need: Side(*need), offer: Side(*offer) }, known))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CIRCLE: CircleId = CircleId::from_bytes([1; 32]);

    fn side(number: u16) -> Side {
        let mut bytes = [7; 16];
        bytes[1..3].copy_from_slice(&number.to_be_bytes());
        Side(bytes)
    }

    fn pair(number: u16) -> Pair {
        Pair { need: side(0), offer: side(number) }
    }

    fn listing(title: &str) -> Listing {
        Listing::new(record::Side::Offer, title)
    }

    #[test]
    fn what_is_known_survives_its_note() {
        let said = Said::by(&listing("Zelt"), &listing("Tent"));
        let shard: Shard = [
            (pair(1), Known::new(5)),
            (pair(2), Known { seen: true, ..Known::new(u64::MAX) }),
            (pair(3), Known { dismissed: Some(said), ..Known::new(0) }),
        ]
        .into();
        assert_eq!(decode(&encode(&shard)), shard);
        assert_eq!(decode(&[]), Shard::new());
        assert_eq!(decode(&[9, 1, 2]), Shard::new(), "of a later version");
        let mut torn = encode(&shard);
        torn.truncate(torn.len() - 1);
        assert_eq!(decode(&torn).len(), 2);
        let full: Shard = (0..MAX_IN_SHARD as u16).map(|number| (pair(number), Known::new(1))).collect();
        assert!(encode(&full).len() < 60 * 1024, "a note holds it");
    }

    #[test]
    fn the_oldest_are_forgotten_and_first_those_without_a_side() {
        let mut announced = Announced::default();
        let many = MAX_IN_SHARD as u16;
        let all: Vec<_> = (1..=many).map(|number| (pair(number), Known::new(number.into()))).collect();
        announced.with(&all).into_iter().for_each(|(number, shard)| announced.put(number, shard));
        assert_eq!(announced.pairs().count(), MAX_IN_SHARD);
        let here = At { circle: Some(CIRCLE), id: RecordId::from_bytes([1; 32]) };
        (0..=many).filter(|number| *number != 300).for_each(|number| announced.is_at(side(number), here));
        for (next, forgotten) in [(many + 1, 300), (many + 2, 1)] {
            let changes = [(pair(next), Known::new(9_999))];
            announced.with(&changes).into_iter().for_each(|(number, shard)| announced.put(number, shard));
            announced.is_at(side(next), here);
            assert_eq!(announced.get(&pair(forgotten)), None, "{forgotten}");
            assert!(announced.get(&pair(next)).is_some());
            assert_eq!(announced.pairs().count(), MAX_IN_SHARD);
        }
        assert_eq!(announced.at(&side(300)), None);
        assert_eq!(announced.at(&side(2)), Some(here));
    }

    #[test]
    fn what_two_say_changes_with_words_counts_places_and_dates_and_not_with_photos() {
        let (need, offer) = (listing("Zelt"), listing("Tent"));
        let said = Said::by(&need, &offer);
        let changes: [fn(&mut Listing); 8] = [
            |it| it.title.push('!'),
            |it| it.text.push('!'),
            |it| it.category.push('!'),
            |it| it.terms = record::Terms::Loan,
            |it| it.count = 2,
            |it| it.left = 0,
            |it| it.cell = "49.01,8.40".parse().ok(),
            |it| it.until = Some(record::Timestamp::from_millis(0)),
        ];
        for (number, change) in changes.into_iter().enumerate() {
            let mut changed = offer.clone();
            change(&mut changed);
            assert_ne!(Said::by(&need, &changed), said, "{number}");
            assert_ne!(Said::by(&changed, &offer), Said::by(&offer, &changed));
        }
        let language = Listing { language: "de".parse().ok(), ..offer };
        assert_eq!(Said::by(&need, &language), said);
    }
}
