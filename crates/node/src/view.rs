//! What readers see: the listings that stand, ready to be listed, searched and matched.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::thread::Thread;

use catalogue::Catalogue;
use matching::Index;
use net::Address;
use protocol::{Nearby, News, PeerId};
use record::{
    Body, Cell, CircleId, Hash, Header, Key, Listing, MemberId, Profile, RecordId, ThingNumber, Timestamp,
    Verified, WritePolicy,
};

use crate::announced::Announced;
use crate::comparing::Fresh;
use crate::error::NodeError;
use crate::input::Filter;
use crate::json::{CircleJson, ListingJson, NearbyJson, PeerJson, PhotoJson};
use crate::link::{CircleLink, most_useful};
use crate::numbers::nothing_called;
use crate::private::Private;

/// A listing that stands.
pub(crate) struct Entry {
    pub(crate) listing: Arc<Listing>,
    pub(crate) author: MemberId,
    pub(crate) key: Key,
    revision: Timestamp,
    expires: Timestamp,
}

/// One circle as readers see it.
pub(crate) struct CircleView {
    name: String,
    records: usize,
    digest: Hash,
    authors: usize,
    /// Whether anybody may write.
    open: bool,
    /// What its members tell of themselves.
    profiles: BTreeMap<MemberId, (RecordId, Profile)>,
    pub(crate) entries: BTreeMap<RecordId, Entry>,
    /// Those of this node's own member.
    pub(crate) mine: BTreeSet<RecordId>,
    newest: BTreeSet<(Reverse<Timestamp>, RecordId)>,
    pub(crate) numbers: BTreeSet<(ThingNumber, RecordId)>,
    /// Sealed letters, whoever they are for.
    letters: BTreeSet<RecordId>,
    /// What this version can not read.
    others: BTreeSet<RecordId>,
    pub(crate) index: Index<RecordId>,
    /// Listings that are not in the index yet.
    unread: Vec<RecordId>,
}

/// A connected peer.
pub(crate) struct PeerView {
    pub(crate) address: String,
    pub(crate) inbound: bool,
    pub(crate) synced: Option<Timestamp>,
}

/// All that readers see.
pub(crate) struct View {
    pub(crate) me: MemberId,
    pub(crate) circles: BTreeMap<CircleId, CircleView>,
    /// Circles in the order of joining; the first is where new listings go.
    pub(crate) order: Vec<CircleId>,
    pub(crate) peers: BTreeMap<PeerId, PeerView>,
    pub(crate) addresses: Vec<Address>,
    /// Whether peers say that this node can be dialled, if they were asked.
    pub(crate) reachable: Option<bool>,
    pub(crate) nearby: BTreeMap<CircleId, Nearby>,
    pub(crate) notices: BTreeMap<&'static str, String>,
    /// Counts the changes of listings.
    pub(crate) version: u64,
    /// The time as the indexes know it: half a minute old at most, and nothing before the first tick.
    now: Timestamp,
    /// The thread that reads words and compares: see `comparing`.
    pub(crate) words: Option<Thread>,
    /// What the member needs or offers and tells nobody.
    pub(crate) private: Private,
    /// What was not compared yet with what the member needs and offers.
    pub(crate) fresh: Fresh,
    /// The pairs of which the member was told.
    pub(crate) announced: Announced,
    /// Of the member's own listings of which more was promised than there are, what to do.
    pub(crate) clashes: BTreeMap<Key, String>,
    /// How many things wait for the member in exchanges.
    pub(crate) waiting: usize,
}

/// The words of more news than these are read beside whatever brings them.
const FEW: usize = 8;

/// Where a listing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) circle: CircleId,
    pub(crate) id: RecordId,
}

impl View {
    pub(crate) fn new(me: MemberId) -> Self {
        Self {
            me,
            circles: BTreeMap::new(),
            order: Vec::new(),
            peers: BTreeMap::new(),
            addresses: Vec::new(),
            reachable: None,
            nearby: BTreeMap::new(),
            notices: BTreeMap::new(),
            version: 0,
            now: Timestamp::from_millis(0),
            words: None,
            private: Private::new(),
            fresh: Fresh::default(),
            announced: Announced::default(),
            clashes: BTreeMap::new(),
            waiting: 0,
        }
    }

    pub(crate) fn add_circle(&mut self, circle: CircleId) {
        if !self.circles.contains_key(&circle) {
            let mut index = Index::new();
            index.set_now(self.now);
            self.private.iter().for_each(|(id, need)| need.insert(self.me, *id, &mut index));
            self.order.push(circle);
            self.circles.insert(
                circle,
                CircleView {
                    name: String::new(),
                    records: 0,
                    digest: Hash::of(&[]),
                    authors: 0,
                    open: false,
                    profiles: BTreeMap::new(),
                    entries: BTreeMap::new(),
                    mine: BTreeSet::new(),
                    newest: BTreeSet::new(),
                    numbers: BTreeSet::new(),
                    letters: BTreeSet::new(),
                    others: BTreeSet::new(),
                    index,
                    unread: Vec::new(),
                },
            );
        }
    }

    /// Takes in one record more of a circle, before [`View::follow`] tells what it has now. It can be listed then; to
    /// be searched and matched its words have to be read first: see [`View::read_words`].
    pub(crate) fn add(&mut self, circle: CircleId, record: &Verified) {
        let Some(view) = self.circles.get_mut(&circle) else { return };
        if let Some(id) = view.add(record, self.me) {
            view.unread.push(id);
            self.announced.came(Place { circle, id }, record.header());
        }
    }

    /// Whether all listings can be searched and matched.
    pub(crate) fn has_read_words(&self) -> bool {
        self.circles.values().all(|circle| circle.unread.is_empty())
    }

    /// Reads the words of so many listings more, at most.
    pub(crate) fn read_words(&mut self, most: usize) {
        let mut left = most;
        for (name, circle) in &mut self.circles {
            let read = circle.unread.split_off(circle.unread.len().saturating_sub(left));
            left = left.saturating_sub(read.len());
            for id in read {
                circle.read_words(&id);
                self.fresh.add(Some(*name), id);
            }
        }
    }

    /// Follows a change of a circle's catalogue.
    pub(crate) fn follow(&mut self, catalogue: &Catalogue, news: &News, digest: Hash) {
        let name = catalogue.circle();
        let Some(circle) = self.circles.get_mut(&name) else { return };
        for id in &news.removed {
            if let Some(entry) = circle.remove(id) {
                self.announced.went(Place { circle: name, id: *id }, &entry);
            }
        }
        for record in &news.admitted {
            let Some(id) = circle.add(record, self.me) else { continue };
            self.announced.came(Place { circle: name, id }, record.header());
            if news.admitted.len() > FEW {
                circle.unread.push(id);
            } else {
                circle.read_words(&id);
                self.fresh.add(Some(name), id);
            }
        }
        let work = !circle.unread.is_empty() || !self.fresh.is_empty();
        if let Some(reader) = self.words.as_ref().filter(|_| work) {
            reader.unpark();
        }
        if let Some(charter) = catalogue.charter() {
            circle.name.clone_from(&charter.name);
            circle.open = charter.write == WritePolicy::Open;
        }
        circle.records = catalogue.len();
        circle.authors = catalogue.authors();
        circle.digest = digest;
        self.version = self.version.wrapping_add(1);
    }

    /// Tells the indexes the time: what is new scores a little more, and what has ended is not matched.
    pub(crate) fn set_now(&mut self, now: Timestamp) {
        self.now = now;
        self.circles.values_mut().for_each(|circle| circle.index.set_now(now));
    }

    /// Shows these digests of circles.
    pub(crate) fn set_digests(&mut self, digests: Vec<(CircleId, Hash)>) {
        for (id, digest) in digests {
            if let Some(circle) = self.circles.get_mut(&id) {
                circle.digest = digest;
            }
        }
    }

    /// The node's first circle, or the one with this id or name.
    pub(crate) fn circle(&self, id: Option<&str>) -> Result<CircleId, NodeError> {
        let Some(text) = id else { return self.order.first().copied().ok_or(NodeError::NoCircle) };
        let known = text.parse().ok().filter(|id| self.circles.contains_key(id));
        let shown = || text.chars().take(80).collect();
        let named = || {
            let so_called = |id: &&CircleId| self.circles.get(id).is_some_and(|circle| circle.name == text);
            let mut ids = self.order.iter().filter(so_called).copied();
            match (ids.next(), ids.next()) {
                (Some(circle), None) => Ok(circle),
                (None, _) => Err(NodeError::NoSuchCircle(shown())),
                (Some(_), Some(_)) => Err(NodeError::SeveralSoCalled(shown())),
            }
        };
        known.map_or_else(named, Ok)
    }

    /// The circles with what they are called, or their ids while that is not known.
    pub(crate) fn circle_names(&self) -> Vec<(CircleId, String)> {
        let name = |id: &CircleId| self.circles.get(id).map(|circle| circle.name.clone());
        let named =
            |id: &CircleId| name(id).filter(|name| !name.is_empty()).unwrap_or_else(|| id.to_string());
        self.order.iter().map(|id| (*id, named(id))).collect()
    }

    /// The circle of this name that was joined first.
    pub(crate) fn circle_named(&self, name: &str) -> Option<CircleId> {
        self.order.iter().find(|id| self.circles.get(id).is_some_and(|circle| circle.name == name)).copied()
    }

    /// What a member of a circle is called.
    pub(crate) fn name_of(&self, circle: CircleId, member: &MemberId) -> Option<String> {
        self.profile_of(circle, member).map(|profile| profile.name.clone())
    }

    /// What a member tells a circle of itself.
    pub(crate) fn profile_of(&self, circle: CircleId, member: &MemberId) -> Option<&Profile> {
        self.circles.get(&circle)?.profiles.get(member).map(|(_, profile)| profile)
    }

    /// The listing with this number, id or key, or the only one whose id or key begins so.
    pub(crate) fn find(&self, reference: &str) -> Result<Place, NodeError> {
        if let Some(place) = self.only_numbered(reference)? {
            return Ok(place);
        }
        let listings = self.circles.iter().flat_map(|(circle, view)| {
            view.entries.iter().map(|(id, entry)| (Place { circle: *circle, id: *id }, *id, entry.key))
        });
        named(reference, listings)
    }

    pub(crate) fn entry(&self, place: &Place) -> Option<&Entry> {
        self.circles.get(&place.circle)?.entries.get(&place.id)
    }

    /// Listings, the newest first.
    pub(crate) fn listings(&self, filter: &Filter, now: Timestamp) -> Result<Vec<ListingJson>, NodeError> {
        let chosen = self.chosen(filter)?;
        let mut newest: Vec<_> = chosen
            .flat_map(|(id, circle)| {
                circle.newest.iter().map(move |(revision, record)| (*revision, *record, id))
            })
            .collect();
        newest.sort_unstable();
        let places = newest.into_iter().map(|(_, id, circle)| Place { circle, id });
        let passing = places.filter(|place| {
            let passes = self.entry(place).is_some_and(|entry| self.passes(entry, filter, now));
            passes && self.is_of_kind(place, filter.kind)
        });
        let page = passing.skip(filter.offset).take(filter.limit.unwrap_or(usize::MAX));
        Ok(page.filter_map(|place| self.json(&place, filter.near)).collect())
    }

    /// How many listings pass a filter.
    pub(crate) fn count(&self, filter: &Filter, now: Timestamp) -> Result<usize, NodeError> {
        let entries = self.chosen(filter)?.flat_map(|(name, circle)| {
            circle.entries.iter().map(move |(id, entry)| (Place { circle: name, id: *id }, entry))
        });
        let passing = entries
            .filter(|(place, entry)| self.passes(entry, filter, now) && self.is_of_kind(place, filter.kind));
        Ok(passing.count())
    }

    pub(crate) fn json(&self, place: &Place, near: Option<Cell>) -> Option<ListingJson> {
        let circle = self.circles.get(&place.circle)?;
        let entry = circle.entries.get(&place.id)?;
        Some(ListingJson {
            author_name: self.name_of(place.circle, &entry.author),
            circle: place.circle.to_string(),
            mine: entry.author == self.me,
            ..entry.json(place.id, near)
        })
    }

    /// Where whoever joins a circle finds this node.
    pub(crate) fn told(&self) -> Vec<Address> {
        most_useful(&self.addresses)
    }

    pub(crate) fn circles(&self) -> Vec<CircleJson> {
        let peers = self.told();
        let views = self.order.iter().filter_map(|id| Some((id, self.circles.get(id)?)));
        views
            .map(|(id, circle)| CircleJson {
                id: id.to_string(),
                name: circle.name.clone(),
                records: circle.records,
                listings: circle.entries.len(),
                letters: circle.letters.len(),
                others: circle.others.len(),
                members: circle.authors,
                open: circle.open,
                digest: circle.digest.to_string(),
                link: CircleLink {
                    circle: *id,
                    name: Some(circle.name.clone()).filter(|name| !name.is_empty()),
                    secret: None,
                    token: None,
                    peers: peers.clone(),
                }
                .to_string(),
            })
            .collect()
    }

    pub(crate) fn nearby(&self) -> Vec<NearbyJson> {
        let nearby = self.nearby.iter();
        nearby
            .map(|(id, circle)| NearbyJson {
                id: id.to_string(),
                name: circle.name.clone(),
                peers: circle.peers.len(),
                joined: self.circles.contains_key(id),
            })
            .collect()
    }

    pub(crate) fn peers(&self) -> Vec<PeerJson> {
        let peers = self.peers.iter();
        peers
            .map(|(name, peer)| PeerJson {
                peer: name.to_string(),
                address: peer.address.clone(),
                inbound: peer.inbound,
                synced: peer.synced.map(Timestamp::millis),
            })
            .collect()
    }

    pub(crate) fn chosen(
        &self,
        filter: &Filter,
    ) -> Result<impl Iterator<Item = (CircleId, &CircleView)>, NodeError> {
        let only = filter.circle.as_deref().map(|id| self.circle(Some(id))).transpose()?;
        Ok(self
            .circles
            .iter()
            .filter(move |(id, _)| only.is_none_or(|only| only == **id))
            .map(|(id, view)| (*id, view)))
    }

    /// Whether a listing passes a filter, but for its kind.
    pub(crate) fn passes(&self, entry: &Entry, filter: &Filter, now: Timestamp) -> bool {
        let listing = &entry.listing;
        let near_enough = match (filter.within_km, filter.near) {
            (Some(km), Some(near)) => listing.cell.is_some_and(|cell| near.distance_km(cell) <= km),
            (Some(_) | None, _) => true,
        };
        entry.stands(now)
            && filter.side.is_none_or(|side| side == listing.side)
            && (!filter.mine || entry.author == self.me)
            && filter.category.as_ref().is_none_or(|category| *category == listing.category.to_lowercase())
            && filter.terms.is_none_or(|terms| terms == listing.terms)
            && filter.language.is_none_or(|language| listing.language == Some(language))
            && near_enough
    }
}

/// The only one of these whose id or key is this, or begins so.
pub(crate) fn named<T>(
    reference: &str,
    among: impl Iterator<Item = (T, RecordId, Key)>,
) -> Result<T, NodeError> {
    let reference = reference.trim();
    let shown = || reference.chars().take(80).collect::<String>();
    let mut found = Vec::new();
    for (one, id, key) in among.filter(|_| !reference.is_empty()) {
        let (id, key) = (id.to_string(), key.to_string());
        if id == reference || key == reference {
            return Ok(one);
        }
        if id.starts_with(reference) || key.starts_with(reference) {
            found.push(one);
        }
    }
    match found.len() {
        0 => Err(nothing_called(reference).unwrap_or_else(|| NodeError::NoSuchListing(shown()))),
        1 => found.pop().ok_or_else(|| NodeError::NoSuchListing(shown())),
        count => Err(NodeError::Ambiguous { reference: shown(), count }),
    }
}

impl Entry {
    pub(crate) fn new(
        listing: Arc<Listing>,
        author: MemberId,
        key: Key,
        [revision, expires]: [Timestamp; 2],
    ) -> Self {
        Self { listing, author, key, revision, expires }
    }

    /// What stands on its label.
    pub(crate) fn number(&self) -> ThingNumber {
        ThingNumber::of(&self.author, &self.key)
    }

    /// When the record ends, unless it is renewed.
    pub(crate) const fn ends(&self) -> Timestamp {
        self.expires
    }

    /// When this version was written.
    pub(crate) const fn written(&self) -> Timestamp {
        self.revision
    }

    /// All that does not depend on who looks, and in which circle it is.
    pub(crate) fn json(&self, id: RecordId, near: Option<Cell>) -> ListingJson {
        let listing = &self.listing;
        ListingJson {
            id: id.to_string(),
            key: self.key.to_string(),
            number: self.number().plain(),
            author: self.author.to_string(),
            author_name: None,
            circle: String::new(),
            mine: true,
            private: false,
            side: listing.side.to_string(),
            terms: listing.terms.to_string(),
            title: listing.title.clone(),
            text: listing.text.clone(),
            category: listing.category.clone(),
            language: listing.language.map(|language| language.to_string()),
            count: listing.count,
            left: listing.left,
            cell: listing.cell.map(|cell| cell.to_string()),
            until: listing.until.map(Timestamp::millis),
            revision: self.revision.millis(),
            expires: self.expires.millis(),
            decide: listing.decide.to_string(),
            grams: listing.grams,
            closes: listing.draw.as_ref().map(|draw| draw.closes.millis()),
            drawn: listing.draw.as_ref().is_some_and(|draw| draw.result.is_some()),
            photos: listing.photos.iter().map(PhotoJson::of).collect(),
            distance_km: near.zip(listing.cell).map(|(near, cell)| near.distance_km(cell)),
        }
    }

    /// Whether its author's own date has not passed.
    pub(crate) fn stands(&self, now: Timestamp) -> bool {
        self.listing.until.is_none_or(|until| until > now)
    }

    /// Whether this version knows all features that a reader must know to act on it; it knows none so far.
    pub(crate) fn is_understood(&self) -> bool {
        self.listing.needs.is_empty()
    }
}

impl CircleView {
    /// Takes in a record. If it is a listing, its words are still to be read.
    fn add(&mut self, record: &Verified, me: MemberId) -> Option<RecordId> {
        let header: &Header = record.header();
        match record.body() {
            Some(Body::Listing(listing)) => {
                let id = record.id();
                let listing = Arc::new(listing);
                self.newest.insert((Reverse(header.revision), id));
                let expires = header.expires().unwrap_or(header.revision);
                let (author, key, revision) = (header.author, header.key, header.revision);
                if author == me {
                    self.mine.insert(id);
                }
                self.numbers.insert((ThingNumber::of(&author, &key), id));
                self.entries.insert(id, Entry { listing, author, key, revision, expires });
                return Some(id);
            }
            Some(Body::Profile(profile)) => {
                self.profiles.insert(header.author, (record.id(), profile));
            }
            Some(Body::Letter(_)) => drop(self.letters.insert(record.id())),
            Some(Body::Other(_)) => drop(self.others.insert(record.id())),
            // A body that is here and can not be read: a later version may.
            None if record.body_bytes().is_some_and(|bytes| !bytes.is_empty()) => {
                self.others.insert(record.id());
            }
            Some(
                Body::Charter(_)
                | Body::Grant(_)
                | Body::Admission(_)
                | Body::Removal(_)
                | Body::Vouch(_)
                | Body::Rotation(_)
                | Body::SealKey(_)
                | Body::Notice(_)
                | Body::Comment(_)
                | Body::Receipt(_)
                | Body::Checkpoint(_),
            )
            | None => {}
        }
        None
    }

    fn read_words(&mut self, id: &RecordId) {
        if let Some(entry) = self.entries.get(id) {
            let listing = Arc::clone(&entry.listing);
            self.index.insert_at(*id, *entry.author.as_bytes(), listing, entry.revision);
        }
    }

    fn remove(&mut self, id: &RecordId) -> Option<Entry> {
        let entry = self.entries.remove(id);
        if let Some(entry) = &entry {
            self.index.remove(id);
            self.mine.remove(id);
            self.newest.remove(&(Reverse(entry.revision), *id));
            self.numbers.remove(&(entry.number(), *id));
        }
        self.profiles.retain(|_, (profile, _)| profile != id);
        self.letters.remove(id);
        self.others.remove(id);
        entry
    }
}

#[cfg(test)]
#[path = "view_tests.rs"]
mod tests;
