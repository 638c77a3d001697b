//! The keys to which letters for this node's member, and for its guests, are sealed.

use record::{
    Body, CircleId, Hash, KEEP_OLD_DAYS, Keyring, Kind, Map, MemberId, SealKey, SealPublic, SealSecret,
    SecretKey, Slot, Timestamp, Verified,
};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::error::NodeError;
use crate::folder::Folder;
use crate::identity::{Identity, random};
use crate::service::Service;

/// Where they lie: readable by the owner alone. They follow from the root key, which may not be here.
pub(crate) const FILE: &str = "seal.json";
/// The notice that letters can not be read.
const NOTICE: &str = "letters";

/// The member's seal keys, and the one that the node has for its guests.
pub(crate) struct Seals {
    pub(crate) own: Keyring,
    pub(crate) host: SealSecret,
    /// The member's first one, for ever: what 24 words shall bring back follows from it.
    first: SealSecret,
}

/// As they lie in their file: the current one first.
#[derive(Serialize, Deserialize)]
struct Written {
    member: String,
    first: Zeroizing<String>,
    keys: Vec<WrittenKey>,
}

#[derive(Serialize, Deserialize)]
struct WrittenKey {
    epoch: u32,
    secret: Zeroizing<String>,
    /// When another one took its place: Unix milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    turned: Option<u64>,
}

impl Seals {
    /// Reads them, or derives the first one from the root key.
    pub(crate) fn load(folder: &Folder, identity: &Identity) -> Result<Self, NodeError> {
        let host = SealSecret::of_host(&identity.node, 0);
        match Self::read(folder, identity, &host) {
            Ok(Some(seals)) => return Ok(seals),
            Ok(None) => {}
            // The root key tells them, too.
            Err(NodeError::BadKey(_)) if identity.root.is_some() => folder.set_aside(FILE)?,
            Err(error) => return Err(error),
        }
        let first = match &identity.root {
            Some(root) => SealSecret::derive(root, 0),
            None => SealSecret::from_bytes(random()?, 0),
        };
        let seals = Self { own: Keyring::of(first.clone()), host, first };
        seals.keep(folder, identity.member())?;
        Ok(seals)
    }

    /// Those that lie in the file, if they are this member's.
    fn read(folder: &Folder, identity: &Identity, host: &SealSecret) -> Result<Option<Self>, NodeError> {
        let bad = || NodeError::BadKey(folder.shown(FILE));
        let Some(text) = folder.read(FILE)?.map(Zeroizing::new) else { return Ok(None) };
        let written: Written = serde_json::from_str(&text).map_err(|_| bad())?;
        // Those of another member are of no use: this node was made another one's.
        if written.member != identity.member().to_string() {
            return Ok(None);
        }
        let own = keyring(&written.keys).ok_or_else(bad)?;
        let first = secret(&written.first, 0).ok_or_else(bad)?;
        Ok(Some(Self { own, host: host.clone(), first }))
    }

    /// Takes the key of a later epoch for the current one; it is durable when this returns.
    fn turn(
        &mut self,
        folder: &Folder,
        member: MemberId,
        next: SealSecret,
        now: Timestamp,
    ) -> Result<bool, NodeError> {
        let mut own = self.own.clone();
        own.prune(now);
        let turned = own.turn(next, now);
        if turned {
            let new = Self { own, host: self.host.clone(), first: self.first.clone() };
            new.keep(folder, member)?;
            *self = new;
        }
        Ok(turned)
    }

    /// 32 bytes that only this member's devices know, for one thing of its own.
    pub(crate) fn of_member(&self, purpose: &str, thing: &[u8]) -> Hash {
        Hash::derive(purpose, &[self.first.as_bytes(), thing])
    }

    fn keep(&self, folder: &Folder, member: MemberId) -> Result<(), NodeError> {
        let key = |secret: &SealSecret, turned: Option<Timestamp>| WrittenKey {
            epoch: secret.epoch(),
            secret: hex(secret),
            turned: turned.map(Timestamp::millis),
        };
        let old = self.own.old().map(|(secret, turned)| key(secret, Some(turned)));
        let keys = std::iter::once(key(self.own.current(), None)).chain(old).collect();
        let written = Written { member: member.to_string(), first: hex(&self.first), keys };
        let json = serde_json::to_vec(&written).map_err(|error| NodeError::Invalid(error.to_string()))?;
        folder.write(FILE, &Zeroizing::new(json))
    }
}

fn hex(secret: &SealSecret) -> Zeroizing<String> {
    Zeroizing::new(data_encoding::HEXLOWER.encode(secret.as_bytes()))
}

fn secret(hex: &str, epoch: u32) -> Option<SealSecret> {
    let bytes = data_encoding::HEXLOWER.decode(hex.as_bytes()).ok().map(Zeroizing::new)?;
    Some(SealSecret::from_bytes(bytes.as_slice().try_into().ok()?, epoch))
}

fn keyring(keys: &[WrittenKey]) -> Option<Keyring> {
    let secret = |key: &WrittenKey| secret(&key.secret, key.epoch);
    let (current, old) = keys.split_first()?;
    let mut ring = Keyring::of(secret(current)?);
    for key in old {
        ring.keep(secret(key)?, Timestamp::from_millis(key.turned?));
    }
    Some(ring)
}

impl Service {
    fn seal_slot(author: MemberId) -> Slot {
        Slot { author, kind: Kind::seal_key(), key: SealKey::key() }
    }

    /// What a member of a circle says of its seal key.
    pub(crate) fn seal_key_of(
        &self,
        circle: CircleId,
        member: MemberId,
    ) -> Result<Option<SealKey>, NodeError> {
        let body = self.body_in(circle, &Self::seal_slot(member))?;
        Ok(if let Some(Body::SealKey(key)) = body { Some(key) } else { None })
    }

    /// The seal key of a member and an epoch, if that is the one that it names now.
    pub(crate) fn seal_public(&self, circle: CircleId, member: MemberId, epoch: u32) -> Option<SealPublic> {
        let key = self.seal_key_of(circle, member).ok().flatten()?;
        (key.epoch == epoch).then_some(key.key)
    }

    /// The record by which others find how to seal to this node's member, if the circle has not this one yet.
    pub(crate) fn seal_record(
        &self,
        circle: CircleId,
        now: Timestamp,
    ) -> Result<Option<Verified>, NodeError> {
        // After a restore peers may know a later epoch, or another device that decides.
        if !self.has_heard(circle) {
            return Ok(None);
        }
        let current = self.seals.own.current();
        let here = self.seal_key_of(circle, self.identity.member())?;
        let decides = match &here {
            Some(here) if here.epoch > current.epoch() => return Ok(None),
            Some(here) if here.epoch == current.epoch() && here.key == current.public() => return Ok(None),
            Some(here) => here.decides,
            None => self.identity.node.public(),
        };
        Ok(Some(self.sign_seal_key(circle, decides, now)?))
    }

    fn sign_seal_key(
        &self,
        circle: CircleId,
        decides: record::PublicKey,
        now: Timestamp,
    ) -> Result<Verified, NodeError> {
        let current = self.seals.own.current();
        let body = SealKey { key: current.public(), epoch: current.epoch(), decides, other: Map::new() };
        self.sign(circle, &Self::seal_slot(self.identity.member()), &Body::SealKey(body), now)
    }

    /// Which of the member's devices decides in a circle what it promises: its key; this node if none is named.
    pub(crate) fn decides(&self, circle: CircleId) -> Result<record::PublicKey, NodeError> {
        let named = self.seal_key_of(circle, self.identity.member())?.map(|key| key.decides);
        Ok(named.unwrap_or_else(|| self.identity.node.public()))
    }

    /// Makes this node the device that decides.
    pub(crate) fn take_over(&mut self, circle: CircleId) -> Result<(), NodeError> {
        self.must_have_heard(circle)?;
        let me = self.identity.node.public();
        if self.decides(circle)? == me {
            return Ok(());
        }
        let record = self.sign_seal_key(circle, me, self.clock.to_sign()?)?;
        self.write(circle, vec![record])
    }

    /// After a key of the member was revoked: whoever has that machine may know the seal key, so another one follows.
    pub(crate) fn turn_seal_key(&mut self, root: &SecretKey) -> Result<(), NodeError> {
        let now = self.clock.now();
        let next = self.seals.own.current().epoch().saturating_add(1);
        let member = self.identity.member();
        self.seals.turn(&self.folder, member, SealSecret::derive(root, next), now)?;
        for circle in self.read(|view| view.order.clone()) {
            if self.catalogue(circle)?.charter().is_none() {
                continue;
            }
            // Where the machine that was lost decided, this one does from now on.
            let decides = self.decides(circle)?;
            let lost = self.catalogue(circle)?.is_revoked(member, &decides);
            let decides = if lost { self.identity.node.public() } else { decides };
            let record = self.sign_seal_key(circle, decides, self.clock.to_sign()?)?;
            self.write(circle, vec![record])?;
        }
        self.seals_changed();
        Ok(())
    }

    /// Another device of the member turned the seal key, or this one was restored: follows, if the root key is here.
    pub(crate) fn follow_seal_key(&mut self, circle: CircleId) -> Result<(), NodeError> {
        let member = self.identity.member();
        let Some(named) = self.seal_key_of(circle, member)? else { return Ok(()) };
        if named.epoch <= self.seals.own.current().epoch() {
            return Ok(());
        }
        let Some(root) = &self.identity.root else {
            let text = "Your other device has turned the key to which your letters are sealed, and this node can not \
                        read them any more: run `commonshelf key restore` here and type your 24 words.";
            self.change(|view| drop(view.notices.insert(NOTICE, text.to_owned())));
            return Ok(());
        };
        let now = self.clock.now();
        for epoch in self.seals.own.current().epoch()..named.epoch {
            // Each in between as well: letters may be sealed to it still.
            let next = SealSecret::derive(root, epoch.saturating_add(1));
            if named.epoch.saturating_sub(next.epoch()) < MAX_EPOCHS {
                self.seals.turn(&self.folder, member, next, now)?;
            }
        }
        self.change(|view| drop(view.notices.remove(NOTICE)));
        self.seals_changed();
        Ok(())
    }
}

/// How many epochs back letters are still read: old keys are kept [`KEEP_OLD_DAYS`], and nobody turns them daily.
const MAX_EPOCHS: u32 = KEEP_OLD_DAYS as u32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seal_keys_survive_a_restart_also_when_the_root_key_is_away_and_old_ones_open_for_a_while() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::open(dir.path()).unwrap();
        let mut identity = Identity::load(&folder).unwrap();
        let mut seals = Seals::load(&folder, &identity).unwrap();
        let root = SecretKey::from_seed(&identity.root.as_ref().unwrap().seed());
        let first = seals.own.current().public();
        assert_eq!(first, SealSecret::derive(&root, 0).public());
        identity.take_off(&folder).unwrap();
        let now = Timestamp::from_millis(1_790_000_000_000);
        assert!(seals.turn(&folder, identity.member(), SealSecret::derive(&root, 1), now).unwrap());
        let again = Seals::load(&folder, &identity).unwrap();
        assert_eq!(again.own.current().epoch(), 1);
        assert_eq!(again.own.secrets().map(SealSecret::public).nth(1), Some(first));
        assert_eq!(again.host.public(), seals.host.public());
        let later = now.plus_days(KEEP_OLD_DAYS + 1);
        assert!(seals.turn(&folder, identity.member(), SealSecret::derive(&root, 2), later).unwrap());
        let epochs: Vec<_> = seals.own.secrets().map(SealSecret::epoch).collect();
        assert_eq!(epochs, [2, 1]);
    }

    #[test]
    fn seal_keys_of_another_member_are_not_taken_for_its_own_and_a_damaged_file_is_said() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::open(dir.path()).unwrap();
        let mut identity = Identity::load(&folder).unwrap();
        let before = Seals::load(&folder, &identity).unwrap().own.current().public();
        identity.restore(&folder, SecretKey::from_seed(&[7; 32]), identity.notes).unwrap();
        let after = Seals::load(&folder, &identity).unwrap().own.current().public();
        assert_ne!(before, after);
        std::fs::write(dir.path().join(FILE), "{").unwrap();
        assert_eq!(Seals::load(&folder, &identity).unwrap().own.current().public(), after, "by the root key");
        identity.take_off(&folder).unwrap();
        std::fs::write(dir.path().join(FILE), "{").unwrap();
        assert!(matches!(Seals::load(&folder, &identity), Err(NodeError::BadKey(_))));
    }
}
