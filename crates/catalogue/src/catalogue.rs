//! A circle's admitted records.

use std::collections::{BTreeMap, BTreeSet};

use record::limits::MAX_FUTURE_MS;
use record::{
    Body, Charter, CircleId, Class, Grant, Hash, Header, Kind, MemberId, PublicKey, RecordId, Slot,
    Timestamp, Verified,
};

use crate::author::{Author, Version, slot_key};
use crate::changes::Changes;
use crate::control::Control;
use crate::days::{Days, Digests, Group, Window};
use crate::refusal::Refusal;
use crate::rules::{Belonging, Rules};
use crate::settle::Judgement;
use crate::tier::{Pool, Tier};
use crate::top::{Rank, Top};

/// How a record stands in its circle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Part of the circle's catalogue.
    Admitted,
    /// It does not count yet: its signer has no grant here that covers it, or its author does not belong.
    Waiting,
    /// Newer records of the author, or of all strangers, fill the quota.
    OverQuota,
    /// Another of the author's devices wrote a newer version.
    Outdone,
}

/// A record that a circle's rules admit now. Only a [`Catalogue`] makes one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Admitted<'a> {
    id: RecordId,
    header: &'a Header,
}

impl<'a> Admitted<'a> {
    /// The record's name.
    #[must_use]
    pub const fn id(&self) -> RecordId {
        self.id
    }

    /// Its header.
    #[must_use]
    pub const fn header(&self) -> &'a Header {
        self.header
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Held {
    pub(crate) header: Header,
    /// What it says, if rules depend on it.
    pub(crate) control: Option<Box<Control>>,
    pub(crate) admitted: bool,
}

impl Held {
    pub(crate) fn is_charter(&self) -> bool {
        matches!(self.control.as_deref(), Some(Control::Charter(_)))
    }
}

/// The records of one circle that its rules admit, and the few that may still be.
///
/// It holds headers only; of control records also what their bodies say.
#[derive(Debug, Clone)]
pub struct Catalogue {
    pub(crate) circle: CircleId,
    /// What the admitted control records add up to, once the founding charter is here.
    pub(crate) rules: Option<Rules>,
    /// Boxed, since a tree's nodes are two thirds full.
    pub(crate) held: BTreeMap<RecordId, Box<Held>>,
    pub(crate) authors: BTreeMap<MemberId, Author>,
    pub(crate) pools: BTreeMap<Pool, Top>,
    pub(crate) waiting: BTreeSet<Rank>,
    pub(crate) ends: BTreeSet<(Timestamp, RecordId)>,
    pub(crate) control: Days,
    pub(crate) rest: Days,
    /// The admitted records from which the rules derive, and all charters that are held.
    pub(crate) acts: BTreeSet<RecordId>,
    pub(crate) charters: BTreeSet<RecordId>,
}

impl Catalogue {
    /// An empty catalogue of a circle. It takes the founding charter first, known by its id.
    #[must_use]
    pub const fn new(circle: CircleId) -> Self {
        Self {
            circle,
            rules: None,
            held: BTreeMap::new(),
            authors: BTreeMap::new(),
            pools: BTreeMap::new(),
            waiting: BTreeSet::new(),
            ends: BTreeSet::new(),
            control: Days::new(),
            rest: Days::new(),
            acts: BTreeSet::new(),
            charters: BTreeSet::new(),
        }
    }

    /// The circle.
    #[must_use]
    pub const fn circle(&self) -> CircleId {
        self.circle
    }

    /// The charter in force, once the founding charter is here.
    #[must_use]
    pub fn charter(&self) -> Option<&Charter> {
        self.rules.as_ref().map(|rules| &rules.charter)
    }

    /// The id of the charter in force: the parent of the next one.
    #[must_use]
    pub fn charter_id(&self) -> Option<RecordId> {
        self.rules.as_ref().map(|rules| rules.in_force)
    }

    /// How a member belongs to the circle.
    #[must_use]
    pub fn belonging(&self, member: &MemberId) -> Belonging {
        self.rules.as_ref().map_or(Belonging::Stranger, |rules| rules.belonging(member))
    }

    /// The rotation of the read secret that counts, and the name of its secret: see
    /// [`ReadSecret::name`](record::ReadSecret::name). None: the secret is the first one.
    #[must_use]
    pub fn rotation(&self) -> Option<(RecordId, Hash)> {
        self.rules.as_ref()?.rotation
    }

    /// Whether a member took back the grant of this key for good.
    #[must_use]
    pub fn is_revoked(&self, member: MemberId, signer: &PublicKey) -> bool {
        self.revoked_at(member, signer).is_some()
    }

    /// When a member took back the grant of this key for good, if it did.
    #[must_use]
    pub fn revoked_at(&self, member: MemberId, signer: &PublicKey) -> Option<Timestamp> {
        let key = (Kind::grant(), Grant::key(signer));
        let slot = self.authors.get(&member).and_then(|author| author.slots.get(&key))?;
        self.closed(slot).map(|end| end.revision)
    }

    /// Who belongs to the circle, or did: members and the removed, not strangers.
    pub fn people(&self) -> impl Iterator<Item = MemberId> {
        self.rules.iter().flat_map(|rules| rules.named(rules))
    }

    /// The number of admitted records.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.control.len().saturating_add(self.rest.len())
    }

    /// Whether nothing is admitted.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number of authors of whom something is held.
    #[must_use]
    pub fn authors(&self) -> usize {
        self.authors.len()
    }

    /// Whether this record is held, admitted or not.
    #[must_use]
    pub fn holds(&self, id: &RecordId) -> bool {
        self.held.contains_key(id)
    }

    /// How a record that is held stands.
    #[must_use]
    pub fn standing(&self, id: &RecordId) -> Option<Standing> {
        let held = self.held.get(id)?;
        let counted = || {
            let slot = self.authors.get(&held.header.author)?.slots.get(&slot_key(&held.header))?;
            [slot.counted, slot.ended].into_iter().flatten().find(|counted| counted == id)
        };
        Some(if held.admitted {
            Standing::Admitted
        } else if self.waiting.contains(&Rank::of(*id, &held.header)) {
            Standing::Waiting
        } else if counted().is_some() {
            Standing::OverQuota
        } else {
            Standing::Outdone
        })
    }

    /// A record, if it is admitted.
    #[must_use]
    pub fn admitted(&self, id: &RecordId) -> Option<Admitted<'_>> {
        let held = self.held.get(id).filter(|held| held.admitted)?;
        Some(Admitted { id: *id, header: &held.header })
    }

    /// All admitted records by id.
    pub fn iter(&self) -> impl Iterator<Item = Admitted<'_>> {
        let admitted = self.held.iter().filter(|(_, held)| held.admitted);
        admitted.map(|(id, held)| Admitted { id: *id, header: &held.header })
    }

    /// The admitted record of a slot: its withdrawal, or the newest version.
    #[must_use]
    pub fn in_slot(&self, slot: &Slot) -> Option<Admitted<'_>> {
        let state = self.authors.get(&slot.author)?.slots.get(&(slot.kind.clone(), slot.key))?;
        self.admitted(&self.closed(state).map(|end| end.id).or(state.counted)?)
    }

    /// All versions of a slot that are held, admitted or not.
    pub fn versions(&self, slot: &Slot) -> impl Iterator<Item = RecordId> {
        let author = self.authors.get(&slot.author);
        let state = author.and_then(|author| author.slots.get(&(slot.kind.clone(), slot.key)));
        state.into_iter().flat_map(|state| state.versions.iter().map(|version| version.id))
    }

    /// The newest revision that is held for a slot; the next one must be later.
    #[must_use]
    pub fn last_revision(&self, slot: &Slot) -> Option<Timestamp> {
        let state = self.authors.get(&slot.author)?.slots.get(&(slot.kind.clone(), slot.key))?;
        state.versions.iter().map(|version| version.revision).max()
    }

    /// Takes a record in, if the circle has room for it; what is taken is held, and admitted if the rules
    /// allow.
    ///
    /// # Errors
    /// A [`Refusal`]; nothing changed then.
    pub fn insert(&mut self, record: &Verified, now: Timestamp) -> Result<Changes, Refusal> {
        self.check(record, now)?;
        let (id, header) = (record.id(), record.header());
        let control = Control::of(record).map(Box::new);
        let held = Box::new(Held { header: header.clone(), control, admitted: false });
        let mut changes = Changes::default();
        if header.circle == CircleId::FOUNDING {
            self.found(id, held, &mut changes)?;
        } else {
            self.take(id, held, &mut changes);
        }
        if self.holds(&id) { Ok(changes) } else { Err(Refusal::NoRoom) }
    }

    /// Whether [`Catalogue::insert`] would hold a record, as far as can be told without doing it.
    ///
    /// # Errors
    /// A [`Refusal`].
    pub fn check(&self, record: &Verified, now: Timestamp) -> Result<(), Refusal> {
        let (id, header) = (record.id(), record.header());
        if self.held.contains_key(&id) {
            return Err(Refusal::Known);
        }
        if header.circle == CircleId::FOUNDING {
            let founds = CircleId::founded_by(id) == self.circle && header.kind.as_str() == Kind::CHARTER;
            return if founds { Ok(()) } else { Err(Refusal::OtherCircle) };
        }
        check_alone(self.circle, record)?;
        if self.rules.is_none() {
            return Err(Refusal::NoCharterYet);
        }
        if header.revision > now.plus_millis(MAX_FUTURE_MS) {
            return Err(Refusal::Future);
        }
        if header.expires().is_some_and(|end| end <= now) {
            return Err(Refusal::Expired);
        }
        let version = Version::of(id, header);
        let judgement = match Control::of(record) {
            // Why: a charter is judged by what it says, and that is not held yet.
            Some(Control::Charter(charter)) => self.judge_charter(header, &charter),
            Some(_) | None => self.judge(id, header),
        };
        if judgement == Judgement::Void {
            return Err(Refusal::Revoked);
        }
        let slot = self.authors.get(&header.author).and_then(|author| author.slots.get(&slot_key(header)));
        let Some(slot) = slot else { return Ok(()) };
        if self.closed(slot).is_some_and(|end| !version.withdrawn || end.beats(&version)) {
            return Err(Refusal::Superseded);
        }
        let waits = judgement == Judgement::Waits;
        let alike = |old: &&Version| {
            let old_waits = self.waiting.contains(&old.rank());
            (old.signer, old.withdrawn, old_waits) == (version.signer, version.withdrawn, waits)
        };
        if slot.versions.iter().filter(alike).any(|old| old.beats(&version)) {
            return Err(Refusal::Superseded);
        }
        Ok(())
    }

    /// Drops what has expired by now.
    pub fn advance(&mut self, now: Timestamp) -> Changes {
        let mut changes = Changes::default();
        while let Some((end, id)) = self.ends.first().copied()
            && end <= now
        {
            self.give_up(id, &mut changes);
        }
        changes
    }

    /// Lets go of a record, as if it had never come: what it replaced does not come back.
    pub fn release(&mut self, id: RecordId) -> Changes {
        let mut changes = Changes::default();
        self.give_up(id, &mut changes);
        changes
    }

    /// How many slots of a kind of thing an author fills now, and how many the charter allows.
    /// Withdrawals are counted apart.
    #[must_use]
    pub fn quota(&self, author: MemberId, class: Class) -> (usize, usize) {
        let tier = Tier::things(class);
        let limit = self.charter().map_or(0, |charter| tier.quota(charter));
        (self.authors.get(&author).map_or(0, |author| author.counted(tier)), limit)
    }

    /// What is held and not admitted, by id.
    pub fn held_back(&self) -> impl Iterator<Item = RecordId> {
        self.held.iter().filter(|(_, held)| !held.admitted).map(|(id, _)| *id)
    }

    /// When the next record expires.
    #[must_use]
    pub fn next_end(&self) -> Option<Timestamp> {
        self.ends.first().map(|(end, _)| *end)
    }

    /// The digests of what is admitted and in the window.
    #[must_use]
    pub fn digests(&self, window: Window) -> Digests {
        Digests { control: self.control.digest(window), rest: self.rest.digest(window) }
    }

    /// The digest of each day (UTC day since the epoch, of the revision) of a group.
    #[must_use]
    pub fn days(&self, group: Group, window: Window) -> BTreeMap<u32, Hash> {
        self.group(group).digests(window)
    }

    /// The records of one day of a group, by id.
    pub fn of_day(
        &self,
        group: Group,
        day: u32,
        window: Window,
    ) -> impl Iterator<Item = (RecordId, Timestamp)> {
        self.group(group).of_day(day, window)
    }

    const fn group(&self, group: Group) -> &Days {
        match group {
            Group::Control => &self.control,
            Group::Rest => &self.rest,
        }
    }
}

/// What can be judged from a record alone.
fn check_alone(circle: CircleId, record: &Verified) -> Result<(), Refusal> {
    let header = record.header();
    let by_root = header.signer == header.author.root();
    let grants = header.kind.as_str() == Kind::GRANT;
    if header.circle != circle {
        return Err(Refusal::OtherCircle);
    } else if by_root && !grants {
        return Err(Refusal::SignedByRoot);
    } else if grants && !by_root {
        return Err(Refusal::GrantNotByRoot);
    }
    if header.kind.as_str() == Kind::CHARTER && header.is_withdrawal() {
        return Err(Refusal::CharterMisplaced);
    }
    if header.class != Class::Control {
        return Ok(());
    }
    match record.body() {
        Some(Body::Grant(grant)) if header.key != Grant::key(&grant.signer) => Err(Refusal::GrantMisplaced),
        Some(Body::Charter(charter))
            if charter.parent.is_none() || header.key != charter.key(circle, header.revision) =>
        {
            Err(Refusal::CharterMisplaced)
        }
        Some(Body::Charter(charter))
            if charter.approved_by(circle, header.revision).len() != charter.approvals.len() =>
        {
            Err(Refusal::BadApproval)
        }
        Some(_) | None => Ok(()),
    }
}
