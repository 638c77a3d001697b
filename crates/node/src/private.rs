//! What this node's member needs (or offers) and tells nobody: searches that stand.
//!
//! A private need is a listing that is never signed: it lies among the node's own notes, durable and in backups, and
//! is matched like any other. It never reaches the protocol, a bundle, an export or a log.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

use matching::Index;
use record::{Hash, Key, Listing, MemberId, RecordId, Side, Terms, Timestamp};
use serde::{Deserialize, Serialize};

use crate::error::NodeError;
use crate::handle::Handle;
use crate::identity::random;
use crate::import;
use crate::input::{Filter, FilterInput, filled, read_until};
use crate::json::ListingJson;
use crate::service::Service;
use crate::view::{Entry, View, named};

/// How many a node keeps at most.
pub(crate) const MAX_PRIVATE: usize = 200;

/// It stands until it is withdrawn, or for so many days.
const NEVER: u64 = 100 * 365;

/// The notes in which they lie, one in each. Their number is fixed, so that what is gone leaves no name behind.
pub(crate) fn notes() -> impl Iterator<Item = String> {
    (0..MAX_PRIVATE).map(note)
}

fn note(number: usize) -> String {
    format!("private-{number:03}")
}

/// A private need as a form, a command or a program gives it. Only the title is needed; what narrows it is as in
/// [`FilterInput`], and here it is a condition, not a wish.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PrivateInput {
    /// `need` unless said: it is matched with offers. `offer` is matched with needs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub side: Option<String>,
    /// One line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// More words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Only of this kind of things and those below it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Only of this category.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// Only on these terms.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub terms: Option<String>,
    /// Only in this language.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// `LAT,LON` or a cell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub near: Option<String>,
    /// Only within so many kilometres of there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub within: Option<String>,
    /// A date, a time from now, or Unix milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
}

/// A private need.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PrivateJson {
    /// As a listing; its `circle` is empty and `private` is true.
    #[serde(flatten)]
    pub listing: ListingJson,
    /// What it is narrowed to.
    pub only: OnlyJson,
}

/// What a private need is narrowed to; `None` narrows nothing.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct OnlyJson {
    /// The id of a kind of things.
    pub kind: Option<String>,
    /// A category, in lower case.
    pub category: Option<String>,
    /// Terms.
    pub terms: Option<String>,
    /// A language.
    pub language: Option<String>,
    /// Kilometres from its cell.
    pub within_km: Option<f64>,
}

/// As it lies in its note.
#[derive(Serialize, Deserialize)]
struct Kept {
    key: String,
    since: u64,
    until: Option<u64>,
    input: PrivateInput,
}

/// A private need in memory.
pub(crate) struct PrivateNeed {
    pub(crate) entry: Entry,
    /// What answers it.
    pub(crate) filter: Filter,
    since: Timestamp,
    /// The number of its note.
    number: usize,
}

/// By an id that is no record's.
pub(crate) type Private = BTreeMap<RecordId, PrivateNeed>;

impl PrivateNeed {
    /// The need that a note holds, if it can be read.
    fn read(number: usize, note: &[u8], me: MemberId) -> Option<(RecordId, Self)> {
        let kept: Kept = serde_json::from_slice(note).ok()?;
        let key = data_encoding::HEXLOWER.decode(kept.key.as_bytes()).ok()?;
        let key = Key::from_bytes(key.try_into().ok()?);
        let since = Timestamp::from_millis(kept.since);
        let (mut listing, filter) = kept.input.read(since).ok()?;
        listing.until = kept.until.map(Timestamp::from_millis);
        Some(Self::new(number, key, since, (listing, filter), me))
    }

    fn new(
        number: usize,
        key: Key,
        since: Timestamp,
        (listing, filter): (Listing, Filter),
        me: MemberId,
    ) -> (RecordId, Self) {
        let id = RecordId::from_bytes(*Hash::derive("commonshelf/private/1", &[key.as_bytes()]).as_bytes());
        let times = [since, listing.until.unwrap_or(since.plus_days(NEVER))];
        (id, Self { entry: Entry::new(Arc::new(listing), me, key, times), filter, since, number })
    }

    /// Lets an index match it.
    pub(crate) fn insert(&self, me: MemberId, id: RecordId, index: &mut Index<RecordId>) {
        index.insert_private(id, *me.as_bytes(), Arc::clone(&self.entry.listing), self.since);
    }
}

impl PrivateInput {
    /// What is looked for, and what narrows it.
    fn read(&self, now: Timestamp) -> Result<(Listing, Filter), NodeError> {
        let side = filled(&self.side).map(str::parse).transpose()?.unwrap_or(Side::Need);
        let input = FilterInput {
            kind: self.kind.clone(),
            category: self.category.clone(),
            terms: self.terms.clone(),
            language: self.language.clone(),
            near: self.near.clone(),
            within: self.within.clone(),
            ..FilterInput::default()
        };
        let filter = Filter { side: Some(side.other()), ..input.read()? };
        let title = self.title.as_deref().unwrap_or_default();
        let text = self.text.as_deref().unwrap_or_default();
        let listing = Listing {
            text: text.to_owned(),
            category: self.category.clone().unwrap_or_default(),
            terms: filter.terms.unwrap_or(Terms::Gift),
            cell: filter.near,
            language: import::guess_language(&format!("{title}\n{text}")),
            until: filled(&self.until).map(|until| read_until(until, now)).transpose()?,
            ..Listing::new(side, title)
        };
        Ok((listing.checked()?, filter))
    }
}

impl View {
    /// The private need with this id or key, or the only one whose id or key begins so.
    pub(crate) fn find_private(&self, reference: &str) -> Result<RecordId, NodeError> {
        named(reference, self.private.iter().map(|(id, need)| (*id, *id, need.entry.key)))
    }

    pub(crate) fn private_json(&self, id: &RecordId) -> Option<PrivateJson> {
        let need = self.private.get(id)?;
        let only = OnlyJson {
            kind: need.filter.kind.map(|kind| kind.id().to_owned()),
            category: need.filter.category.clone(),
            terms: need.filter.terms.map(|terms| terms.to_string()),
            language: need.filter.language.map(|language| language.to_string()),
            within_km: need.filter.within_km,
        };
        Some(PrivateJson { listing: self.private_listing(id)?, only })
    }

    pub(crate) fn private_listing(&self, id: &RecordId) -> Option<ListingJson> {
        let need = self.private.get(id)?;
        let author_name = self.order.iter().find_map(|circle| self.name_of(*circle, &self.me));
        Some(ListingJson { private: true, number: String::new(), author_name, ..need.entry.json(*id, None) })
    }

    fn take_private(&mut self, id: RecordId, need: PrivateNeed) {
        let me = self.me;
        self.circles.values_mut().for_each(|circle| need.insert(me, id, &mut circle.index));
        self.announced.came_privately(id, &need.entry.key);
        self.private.insert(id, need);
        self.fresh.add(None, id);
        self.version = self.version.wrapping_add(1);
        if let Some(reader) = &self.words {
            reader.unpark();
        }
    }

    fn drop_private(&mut self, id: &RecordId) {
        if let Some(need) = self.private.remove(id) {
            for circle in self.circles.values_mut() {
                circle.index.remove(id);
            }
            self.announced.went_privately(&need.entry.key);
            self.version = self.version.wrapping_add(1);
        }
    }
}

impl Handle {
    /// Needs something and tells nobody. It is durable when this returns, and is matched from now on.
    ///
    /// # Errors
    /// What is wrong with it, or with the store, or that there are 200 already.
    pub async fn need_privately(&self, input: PrivateInput) -> Result<PrivateJson, NodeError> {
        self.on_node(move |service| service.need_privately(input)).await
    }

    /// What the member needs and tells nobody, the newest first. For the member's eyes alone.
    #[must_use]
    pub fn private_needs(&self) -> Vec<PrivateJson> {
        self.read(|view| {
            let mut needs: Vec<_> = view.private.keys().filter_map(|id| view.private_json(id)).collect();
            needs.sort_by_key(|need| Reverse(need.listing.revision));
            needs
        })
    }

    /// One of them, by id, key or a unique beginning of one. For the member's eyes alone.
    ///
    /// # Errors
    /// If there is none, or several.
    pub fn private_need(&self, reference: &str) -> Result<PrivateJson, NodeError> {
        self.read(|view| {
            let gone = || NodeError::NoSuchListing(reference.chars().take(80).collect());
            view.private_json(&view.find_private(reference)?).ok_or_else(gone)
        })
    }

    /// Needs something no more. It leaves the disk within a day, or with a purge.
    ///
    /// # Errors
    /// If there is none, or the store fails.
    pub async fn forget_private(&self, reference: String) -> Result<PrivateJson, NodeError> {
        self.on_node(move |service| service.forget_private(&reference)).await
    }
}

impl Service {
    /// Reads what the store has of private needs.
    pub(crate) fn read_private(&mut self) -> Result<(), NodeError> {
        let me = self.identity.member();
        for number in 0..MAX_PRIVATE {
            let note = self.protocol.store().meta(&note(number))?.filter(|note| !note.is_empty());
            let Some(note) = note else { continue };
            match PrivateNeed::read(number, &note, me) {
                Some((id, need)) => self.change(|view| view.take_private(id, need)),
                None => tracing::warn!(number, "a note of the member's own can not be read"),
            }
        }
        Ok(())
    }

    fn need_privately(&mut self, mut input: PrivateInput) -> Result<PrivateJson, NodeError> {
        let now = self.clock.now();
        let read = input.read(now)?;
        let taken = self.read(|view| view.private.values().map(|need| need.number).collect::<Vec<_>>());
        let free = (0..MAX_PRIVATE).find(|number| !taken.contains(number));
        let number = free.ok_or(NodeError::TooMuchPrivate(MAX_PRIVATE))?;
        let key = Key::from_bytes(random()?);
        let until = read.0.until.map(Timestamp::millis);
        input.until = None;
        let kept = Kept { key: key.to_string(), since: now.millis(), until, input };
        let json = serde_json::to_vec(&kept).map_err(|error| NodeError::Invalid(error.to_string()))?;
        self.protocol.store().set_meta(&note(number), &json)?;
        let (id, need) = PrivateNeed::new(number, key, now, read, self.identity.member());
        self.change(|view| view.take_private(id, need));
        self.read(|view| view.private_json(&id)).ok_or(NodeError::Stopped)
    }

    pub(crate) fn forget_private(&mut self, reference: &str) -> Result<PrivateJson, NodeError> {
        let (id, number, json) = self.read(|view| {
            let id = view.find_private(reference)?;
            let number = view.private.get(&id).map(|need| need.number);
            let found = number.zip(view.private_json(&id)).map(|(number, json)| (id, number, json));
            found.ok_or_else(|| NodeError::NoSuchListing(reference.chars().take(80).collect()))
        })?;
        self.protocol.store().drop_meta(&note(number))?;
        self.change(|view| view.drop_private(&id));
        Ok(json)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_790_000_000_000);

    fn input(title: &str) -> PrivateInput {
        PrivateInput { title: Some(title.to_owned()), ..PrivateInput::default() }
    }

    #[test]
    fn a_private_need_survives_its_note() {
        let me = MemberId::from(record::SecretKey::from_seed(&[1; 32]).public());
        let input = PrivateInput {
            near: Some("49.01,8.40".into()),
            within: Some("5".into()),
            terms: Some("loan".into()),
            ..input("Bohrmaschine")
        };
        let (listing, filter) = input.read(NOW).unwrap();
        assert_eq!((listing.side, filter.side), (Side::Need, Some(Side::Offer)));
        assert_eq!((listing.terms, filter.terms), (Terms::Loan, Some(Terms::Loan)));
        // Its date has passed by now, and it can still be read.
        let kept = Kept { key: "07".repeat(16), since: NOW.millis(), until: Some(5), input };
        let note = serde_json::to_vec(&kept).unwrap();
        let (id, need) = PrivateNeed::read(3, &note, me).unwrap();
        assert_eq!((&need.entry.listing.title, &need.filter), (&listing.title, &filter));
        assert!(!need.entry.stands(NOW));
        let (again, _) = PrivateNeed::read(3, &note, me).unwrap();
        assert_eq!(id, again);
        assert!(PrivateNeed::read(3, b"{}", me).is_none());
    }

    #[test]
    fn without_a_title_or_with_a_distance_from_nowhere_there_is_none() {
        let refused = |input: &PrivateInput| input.read(NOW).unwrap_err().to_string();
        assert!(refused(&input(" ")).contains("the title is empty"));
        assert!(
            refused(&PrivateInput { within: Some("5".into()), ..input("Zelt") }).contains("needs a place")
        );
        let long = PrivateInput { text: Some("x".repeat(3_000)), ..input("Zelt") };
        assert!(refused(&long).contains("at most 2000 fit"));
    }
}
