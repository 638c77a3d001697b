//! The member at a node: founds, grants, offers.

use std::collections::{BTreeMap, VecDeque};

use record::{
    Body, BodyError, Charter, CircleId, Class, Grant, GrantRole, Hash, Key, Kind, Listing, MemberId,
    RecordId, SecretKey, Side, Slot, Statement, Timestamp, Verified,
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
        let secret = |what| {
            let parts: [&[u8]; 2] = [&seed.to_be_bytes(), &(node as u64).to_be_bytes()];
            SecretKey::from_seed(Hash::derive(what, &parts).as_bytes())
        };
        Self { root: secret("sim/root"), device: secret("sim/device"), written: 0, listings: VecDeque::new() }
    }

    fn id(&self) -> MemberId {
        self.root.public().into()
    }

    /// The slot of the grant for its device.
    pub(crate) fn grant_slot(&self) -> Slot {
        Slot { author: self.id(), kind: Kind::grant(), key: Grant::key(&self.device.public()) }
    }

    fn say(&self, circle: CircleId, key: Key, revision: Timestamp) -> Statement {
        Statement { author: self.id(), circle, key, revision }
    }

    pub(crate) fn charter(&self, now: Timestamp) -> Result<Verified, BodyError> {
        let charter = Charter::founding("Gartenstraße", self.id())?;
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

    /// One more listing.
    pub(crate) fn listing(&mut self, circle: CircleId, now: Timestamp) -> Result<Verified, BodyError> {
        self.written = self.written.saturating_add(1);
        let side = if self.written.is_multiple_of(3) { Side::Need } else { Side::Offer };
        let thing = THINGS.into_iter().cycle().nth((self.written % 8) as usize).unwrap_or_default();
        let listing = Listing::new(side, &format!("{thing} {}", self.written));
        let key = Key::derive("sim/listing", &[self.id().as_bytes(), &self.written.to_be_bytes()]);
        let record = self.say(circle, key, now).sign(&Body::Listing(listing), &self.device)?;
        self.listings.push_back(Listed { key, id: record.id(), revision: now });
        Ok(record)
    }

    /// Takes back the listing that stands longest: its id, and the withdrawal.
    pub(crate) fn withdrawal(&mut self, circle: CircleId, now: Timestamp) -> Option<(RecordId, Verified)> {
        let Listed { key, id, revision } = self.listings.pop_front()?;
        let statement = self.say(circle, key, now.max(revision.plus_millis(1)));
        Some((id, statement.sign_withdrawal(Kind::listing(), Class::Content, &self.device)))
    }
}
