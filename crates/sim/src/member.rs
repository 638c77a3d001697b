//! The member at a node: founds, grants, offers.

use std::collections::{BTreeMap, VecDeque};

use record::{
    Admission, Body, BodyError, Charter, CircleId, Class, Grant, GrantRole, Hash, Key, Kind, Listing,
    MemberId, Quotas, RecordId, SecretKey, Side, Slot, Statement, Timestamp, Verified,
};

/// Words of which the titles of listings are made.
const THINGS: [&str; 8] = ["Leiter", "drill", "tent", "Kinderrad", "seeds", "sewing machine", "soup", "desk"];

/// A member with one device.
#[derive(Debug)]
pub(crate) struct Member {
    root: SecretKey,
    device: SecretKey,
    written: u64,
    /// What stands, the oldest first.
    listings: VecDeque<Listed>,
}

#[derive(Debug, Clone, Copy)]
struct Listed {
    key: Key,
    id: RecordId,
    revision: Timestamp,
}

impl Member {
    pub(crate) fn new(seed: u64, node: usize) -> Self {
        Self::of(&[&seed.to_be_bytes(), &(node as u64).to_be_bytes()])
    }

    fn of(parts: &[&[u8]]) -> Self {
        let secret = |what| SecretKey::from_seed(Hash::derive(what, parts).as_bytes());
        Self { root: secret("sim/root"), device: secret("sim/device"), written: 0, listings: VecDeque::new() }
    }

    /// One of the many identities of somebody who makes them up.
    pub(crate) fn made_up(seed: u64, node: usize, number: u64) -> Self {
        Self::of(&[&seed.to_be_bytes(), &(node as u64).to_be_bytes(), &number.to_be_bytes()])
    }

    pub(crate) fn id(&self) -> MemberId {
        self.root.public().into()
    }

    /// The slot of the grant for its device.
    pub(crate) fn grant_slot(&self) -> Slot {
        Slot { author: self.id(), kind: Kind::grant(), key: Grant::key(&self.device.public()) }
    }

    fn say(&self, circle: CircleId, key: Key, revision: Timestamp) -> Statement {
        Statement { author: self.id(), circle, key, revision }
    }

    pub(crate) fn charter(&self, quotas: Quotas, now: Timestamp) -> Result<Verified, BodyError> {
        let charter = Charter { quotas, ..Charter::founding("Gartenstraße", self.id())? };
        let key = Key::from_bytes([0; 16]);
        self.say(CircleId::FOUNDING, key, now).sign(&Body::Charter(charter), &self.device)
    }

    pub(crate) fn grant(&self, circle: CircleId, now: Timestamp) -> Result<Verified, BodyError> {
        let grant = Grant {
            signer: self.device.public(),
            role: GrantRole::Device,
            until: now.plus_days(365),
            other: BTreeMap::new(),
        };
        self.say(circle, self.grant_slot().key, now).sign(&Body::Grant(grant), &self.root)
    }

    /// Takes a member in, as a steward may.
    pub(crate) fn admission(
        &self,
        circle: CircleId,
        member: MemberId,
        now: Timestamp,
    ) -> Result<Verified, BodyError> {
        let key = Key::derive("sim/admission", &[member.as_bytes()]);
        self.say(circle, key, now).sign(&Body::Admission(Admission::of(member)), &self.device)
    }

    /// How many listings stand.
    pub(crate) fn standing(&self) -> usize {
        self.listings.len()
    }

    /// One more listing.
    pub(crate) fn listing(&mut self, circle: CircleId, now: Timestamp) -> Result<Verified, BodyError> {
        self.written = self.written.saturating_add(1);
        let key = Key::derive("sim/listing", &[self.id().as_bytes(), &self.written.to_be_bytes()]);
        self.list(circle, key, now)
    }

    /// A new revision of the listing that was touched least lately: the old one's id, and the new one.
    pub(crate) fn edit(
        &mut self,
        circle: CircleId,
        now: Timestamp,
    ) -> Option<(RecordId, Result<Verified, BodyError>)> {
        let Listed { key, id, revision } = self.listings.pop_front()?;
        Some((id, self.list(circle, key, now.max(revision.plus_millis(1)))))
    }

    fn list(&mut self, circle: CircleId, key: Key, revision: Timestamp) -> Result<Verified, BodyError> {
        let number = self.written;
        let side = if number.is_multiple_of(3) { Side::Need } else { Side::Offer };
        let thing = THINGS.into_iter().cycle().nth((number % 8) as usize).unwrap_or_default();
        let mut listing = Listing::new(side, &format!("{thing} {number}"));
        // As long as what people write: up to 400 characters, 200 on average.
        listing.text = "in good shape, ".chars().cycle().take((number * 137 % 401) as usize).collect();
        let record = self.say(circle, key, revision).sign(&Body::Listing(listing), &self.device)?;
        self.listings.push_back(Listed { key, id: record.id(), revision });
        Ok(record)
    }

    /// Takes back the listing that was touched least lately: its id, and the withdrawal.
    pub(crate) fn withdrawal(&mut self, circle: CircleId, now: Timestamp) -> Option<(RecordId, Verified)> {
        let Listed { key, id, revision } = self.listings.pop_front()?;
        let statement = self.say(circle, key, now.max(revision.plus_millis(1)));
        Some((id, statement.sign_withdrawal(Kind::listing(), Class::Content, &self.device)))
    }
}
