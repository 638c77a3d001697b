//! Writing listings: signing them, storing them, telling the mesh.

use catalogue::Standing;
use protocol::WriteError;
use record::{
    Body, CircleId, Class, Grant, GrantRole, Hash, Key, Kind, Listing, Map, Slot, Statement, Timestamp,
    Verified,
};

use crate::error::NodeError;
use crate::grants::Granted;
use crate::identity::random;
use crate::import::Outcome;
use crate::input::ListingInput;
use crate::json::{ImportJson, ListingJson, RejectedJson};
use crate::looking::Reader;
use crate::service::Service;
use crate::view::Place;

/// How long a node may sign for its member before the grant has to be renewed, in days.
pub(crate) const GRANT_DAYS: u64 = 5 * 365;
/// A listing is renewed when it ends in fewer days than this.
const RENEWED_DAYS: u64 = 30;
/// A grant is renewed when it ends in fewer days than this.
const RENEW_DAYS: u64 = 365;

impl Service {
    pub(crate) fn publish(&mut self, input: &ListingInput) -> Result<ListingJson, NodeError> {
        let now = self.clock.to_sign()?;
        let circle = self.read(|view| view.circle(input.circle.as_deref()))?;
        let mut listing = input.new_listing(now)?;
        listing.photos = self.chosen_photos(input.photos.as_deref(), &listing)?;
        let key = match input.chosen_key()? {
            Some(key) => key,
            None => Key::from_bytes(random()?),
        };
        listing.draw = listing.draw.map(|draw| self.bound(key, draw.closes));
        let listing = listing.checked()?;
        let slot = self.listing_slot(key);
        if let Some(id) = self.catalogue(circle)?.in_slot(&slot).map(|record| record.id()) {
            // The same form sent twice makes one listing.
            let here = self.read(|view| view.json(&Place { circle, id }, None));
            return here
                .ok_or_else(|| NodeError::Invalid("this listing was withdrawn: write a new one".into()));
        }
        let record = self.sign(circle, &slot, &Body::Listing(listing), now)?;
        let id = record.id();
        self.write(circle, vec![record])?;
        self.shown(circle, id)
    }

    pub(crate) fn edit(&mut self, reference: &str, input: &ListingInput) -> Result<ListingJson, NodeError> {
        let now = self.clock.to_sign()?;
        let (place, key, old) = self.own(reference)?;
        let mut listing = input.apply(old.clone(), now)?;
        listing.photos = self.chosen_photos(input.photos.as_deref(), &old)?;
        if old.draw.is_none() {
            listing.draw = listing.draw.map(|draw| self.bound(key, draw.closes));
        }
        let listing = listing.checked()?;
        // It is renewed when it ends soon, so that a form that is sent twice writes once.
        if listing == old && !(input.still_good && self.ends_soon(&place, now)) {
            return self.shown(place.circle, place.id);
        }
        let record = self.sign(place.circle, &self.listing_slot(key), &Body::Listing(listing), now)?;
        let id = record.id();
        self.write(place.circle, vec![record])?;
        let shown = self.shown(place.circle, id)?;
        // Some of it may be promised: then fewer are left than were said.
        self.exchanges_changed(key);
        Ok(shown)
    }

    /// Withdraws a listing of the member's own, also a private one.
    pub(crate) fn withdraw(&mut self, reference: &str) -> Result<ListingJson, NodeError> {
        if self.read(|view| view.find_for(reference, Reader::Member)).is_ok_and(|at| at.circle.is_none()) {
            return Ok(self.forget_private(reference)?.listing);
        }
        let (place, key, _) = self.own(reference)?;
        let shown = self.shown(place.circle, place.id)?;
        let slot = self.listing_slot(key);
        let statement = self.statement(place.circle, &slot, self.clock.to_sign()?)?;
        let record = statement.sign_withdrawal(Kind::listing(), Class::Content, &self.identity.node);
        self.write(place.circle, vec![record])?;
        Ok(shown)
    }

    /// Writes the rows of a file that are new or changed.
    pub(crate) fn import(
        &mut self,
        outcome: Outcome,
        circle: Option<&str>,
        dry_run: bool,
    ) -> Result<ImportJson, NodeError> {
        let now = if dry_run { self.clock.now() } else { self.clock.to_sign()? };
        let circle = self.read(|view| view.circle(circle))?;
        if !dry_run {
            self.must_have_heard(circle)?;
        }
        let rejected = outcome.rejected.into_iter();
        let mut report = ImportJson {
            rejected: rejected.map(|row| RejectedJson { line: row.line, reason: row.reason }).collect(),
            notes: outcome.notes,
            dry_run,
            ..ImportJson::default()
        };
        let mut records = Vec::new();
        let table = outcome.table;
        for row in outcome.rows {
            if row.listing.until.is_some_and(|until| until <= now) {
                report.rejected.push(RejectedJson { line: row.line, reason: "its date has passed".into() });
                continue;
            }
            let slot = self.listing_slot(self.row_key(circle, &table, &row.source_key));
            let mut listing = row.listing.into_listing();
            match self.catalogue(circle)?.in_slot(&slot) {
                None => report.added = report.added.saturating_add(1),
                Some(record) => {
                    let (header, place) = (record.header(), Place { circle, id: record.id() });
                    // A table has no photos, and does not say who decides: what was put on stays.
                    if let Some(old) =
                        self.read(|view| view.entry(&place).map(|entry| entry.listing.as_ref().clone()))
                    {
                        (listing.photos, listing.grams) = (old.photos, old.grams);
                        (listing.decide, listing.draw) = (old.decide, old.draw);
                    }
                    let same = |old: &Listing| {
                        Listing {
                            needs: old.needs.clone(),
                            other: old.other.clone(),
                            left: old.left,
                            ..listing.clone()
                        } == *old
                    };
                    // What was withdrawn stays withdrawn, though the file still has it.
                    if header.is_withdrawal()
                        || self.read(|view| view.entry(&place).is_some_and(|entry| same(&entry.listing)))
                    {
                        report.unchanged = report.unchanged.saturating_add(1);
                        continue;
                    }
                    // The new words may leave a draw too little room.
                    if let Err(reason) = listing.clone().checked() {
                        let reason = reason.to_string();
                        report.rejected.push(RejectedJson { line: row.line, reason });
                        continue;
                    }
                    report.changed = report.changed.saturating_add(1);
                }
            }
            if !dry_run {
                records.push(self.sign(circle, &slot, &Body::Listing(listing), now)?);
            }
        }
        report.rejected.sort_by_key(|row| row.line);
        if !records.is_empty() {
            self.write(circle, records)?;
        }
        Ok(report)
    }

    /// Stores and spreads records of this node's own member. With the first ones goes what lets the
    /// node sign at all.
    pub(crate) fn write(&mut self, circle: CircleId, mut records: Vec<Verified>) -> Result<(), NodeError> {
        let now = self.clock.to_sign()?;
        let me = self.identity.member();
        let catalogue = self.catalogue(circle)?;
        if records.iter().any(|record| record.header().class == Class::Content) {
            if catalogue.charter().is_none() {
                return Err(NodeError::NoCharterYet);
            }
            self.must_belong(circle)?;
            let new = |record: &&Verified| catalogue.in_slot(&record.header().slot()).is_none();
            let (used, limit) = catalogue.quota(me, Class::Content);
            if used.saturating_add(records.iter().filter(new).count()) > limit {
                return Err(NodeError::Quota { used, limit });
            }
        }
        let mut all = self.introduction(circle, now)?;
        // What is said now is newer than what would be said by the way.
        all.retain(|by_the_way| {
            records.iter().all(|record| record.header().slot() != by_the_way.header().slot())
        });
        all.append(&mut records);
        self.put(circle, all)
    }

    /// Stores and spreads records that need no introduction.
    pub(crate) fn put(&mut self, circle: CircleId, all: Vec<Verified>) -> Result<(), NodeError> {
        let now = self.clock.to_sign()?;
        let ids: Vec<_> = all.iter().map(Verified::id).collect();
        let last = all.iter().map(|record| record.header().revision).max();
        let outputs = self.protocol.write(circle, all, now).map_err(refused)?;
        self.clock.signed(last.unwrap_or(now));
        self.act(outputs);
        let catalogue = self.catalogue(circle)?;
        match ids
            .iter()
            .find_map(|id| catalogue.standing(id).filter(|standing| *standing != Standing::Admitted))
        {
            None => Ok(()),
            Some(Standing::Waiting) => Err(NodeError::Invalid(
                "the circle takes it only from its members: ask a steward, or members who know you, to take \
                 you in"
                    .into(),
            )),
            Some(_) => Err(NodeError::Invalid(
                "the circle does not admit it: its quotas are full of newer things".into(),
            )),
        }
    }

    /// What the circle needs before it takes anything from this node: the member's grant, and its name.
    fn introduction(&self, circle: CircleId, now: Timestamp) -> Result<Vec<Verified>, NodeError> {
        let signer = self.identity.node.public();
        let mut records = Vec::new();
        match (self.granted(circle, &signer)?, &self.identity.root) {
            (Granted::Revoked, _) => return Err(NodeError::Revoked),
            (Granted::Until(until), _) if until > now.plus_days(RENEW_DAYS) => {}
            (Granted::Never | Granted::Until(_), Some(root)) => {
                let until = now.plus_days(GRANT_DAYS);
                let grant = Grant { signer, role: GrantRole::Device, until, other: Map::new() };
                records.push(self.sign_grant(circle, grant, root)?);
            }
            (Granted::Until(until), None) if until > now => {}
            (Granted::Never | Granted::Until(_), None) => {
                return Err(NodeError::NoGrant(self.identity.signer()));
            }
        }
        records.extend(self.seal_record(circle, now)?);
        records.extend(self.profile_record(circle, now)?);
        Ok(records)
    }

    /// The key of a row of a file: the same whenever the file is read again.
    fn row_key(&self, circle: CircleId, table: &Hash, source: &str) -> Key {
        let author = self.identity.member();
        // One of our own exports names the key itself; it is taken if the thing is ours.
        let own =
            source.strip_prefix("key:").and_then(|hex| data_encoding::HEXLOWER.decode(hex.as_bytes()).ok());
        let own = own.and_then(|bytes| <[u8; 16]>::try_from(bytes).ok()).map(Key::from_bytes);
        let ours = |key: &Key| {
            let slot = self.listing_slot(*key);
            self.protocol.catalogue(circle).is_some_and(|catalogue| catalogue.in_slot(&slot).is_some())
        };
        own.filter(ours).unwrap_or_else(|| {
            let parts: [&[u8]; 3] = [author.as_bytes(), table.as_bytes(), source.as_bytes()];
            Key::derive("commonshelf/import/1", &parts)
        })
    }

    fn listing_slot(&self, key: Key) -> Slot {
        Slot { author: self.identity.member(), kind: Kind::listing(), key }
    }

    pub(crate) fn sign(
        &self,
        circle: CircleId,
        slot: &Slot,
        body: &Body,
        now: Timestamp,
    ) -> Result<Verified, NodeError> {
        Ok(self.statement(circle, slot, now)?.sign(body, &self.identity.node)?)
    }

    /// The next statement of a slot: later than all that are known.
    pub(crate) fn statement(
        &self,
        circle: CircleId,
        slot: &Slot,
        now: Timestamp,
    ) -> Result<Statement, NodeError> {
        let last = self.catalogue(circle)?.last_revision(slot);
        let revision = last.map_or(now, |last| now.max(last.plus_millis(1)));
        Ok(Statement { author: slot.author, circle, key: slot.key, revision })
    }

    /// One of this member's own listings.
    fn own(&self, reference: &str) -> Result<(Place, Key, Listing), NodeError> {
        let me = self.identity.member();
        let found = self.read(|view| {
            let place = view.find(reference)?;
            let entry = view.entry(&place).ok_or_else(|| NodeError::NoSuchListing(reference.to_owned()))?;
            if entry.author != me {
                return Err(NodeError::NotYours);
            }
            Ok((place, entry.key, (*entry.listing).clone()))
        });
        match &found {
            Ok((place, ..)) => self.must_have_heard(place.circle)?,
            Err(error) if error.is_no_listing() && self.waits() => return Err(NodeError::NotHeard),
            Err(_) => {}
        }
        found
    }

    fn ends_soon(&self, place: &Place, now: Timestamp) -> bool {
        let soon = now.plus_days(RENEWED_DAYS);
        self.read(|view| view.entry(place).is_some_and(|entry| entry.ends() < soon))
    }

    fn shown(&self, circle: CircleId, id: record::RecordId) -> Result<ListingJson, NodeError> {
        self.read(|view| view.json(&Place { circle, id }, None))
            .ok_or_else(|| NodeError::NoSuchListing(id.to_string()))
    }
}

pub(crate) fn refused(error: WriteError) -> NodeError {
    match error {
        WriteError::Store(error) => NodeError::Store(error),
        WriteError::UnknownCircle => NodeError::NoCircle,
        WriteError::Refused(catalogue::Refusal::NoCharterYet) => NodeError::NoCharterYet,
        WriteError::Refused(refusal) => NodeError::Invalid(format!("the circle does not take it: {refusal}")),
    }
}
