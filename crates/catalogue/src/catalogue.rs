//! A circle's admitted records.

use std::collections::{BTreeMap, BTreeSet};

use record::limits::MAX_FUTURE_MS;
use record::{
    Body, Charter, CircleId, Class, Grant, Hash, Header, Kind, MemberId, PublicKey, RecordId, Slot,
    Timestamp, Verified,
};

use crate::author::{Author, SlotKey, SlotState, Version};
use crate::days::{Days, Digests, Group, Window, digest_of_days};
use crate::refusal::Refusal;
use crate::tier::{Pool, RESERVE, RIVALS, Tier, WAITING};
use crate::top::{Moved, Rank, Top};

/// What a change did to the records of a circle, each list sorted by id.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// Admitted now and not before.
    pub admitted: BTreeSet<RecordId>,
    /// Admitted before and not now.
    pub removed: BTreeSet<RecordId>,
    /// Not held any more: what the store may forget.
    pub dropped: BTreeSet<RecordId>,
}

impl Changes {
    /// Whether nothing happened.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.admitted.is_empty() && self.removed.is_empty() && self.dropped.is_empty()
    }

    /// Adds what happened afterwards.
    pub fn then(&mut self, later: Self) {
        for id in later.admitted {
            self.admit(id);
        }
        for id in later.removed {
            self.remove(id);
        }
        self.dropped.extend(later.dropped);
    }

    fn admit(&mut self, id: RecordId) {
        if !self.removed.remove(&id) {
            self.admitted.insert(id);
        }
        self.dropped.remove(&id);
    }

    fn remove(&mut self, id: RecordId) {
        if !self.admitted.remove(&id) {
            self.removed.insert(id);
        }
    }
}

/// How a record stands in its circle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Part of the circle's catalogue.
    Admitted,
    /// Its signer has no grant here that covers it.
    Waiting,
    /// Newer records of the author, or of all strangers, fill the quota.
    OverQuota,
    /// Another of the author's devices wrote a newer version.
    Outdone,
}

#[derive(Debug, Clone)]
struct Held {
    header: Header,
    /// For a grant: until when its signer may sign.
    until: Option<Timestamp>,
    admitted: bool,
}

/// Whether a signer may sign for an author.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Permit {
    Unknown,
    Until(Timestamp),
    Revoked,
}

enum Step {
    /// A grant of this author changed: everything that it signed is judged again.
    Recheck(MemberId),
    /// The versions of a slot changed.
    Settle(MemberId, SlotKey),
    /// There is no room for this record.
    Forget(RecordId),
}

/// The records of one circle that its rules admit, and the few that may still be.
///
/// It holds headers only; of control records also what their bodies say.
#[derive(Debug, Clone)]
pub struct Catalogue {
    circle: CircleId,
    charter: Option<Charter>,
    held: BTreeMap<RecordId, Held>,
    authors: BTreeMap<MemberId, Author>,
    pools: BTreeMap<Pool, Top>,
    waiting: BTreeSet<Rank>,
    ends: BTreeSet<(Timestamp, RecordId)>,
    control: Days,
    rest: Days,
}

impl Catalogue {
    /// An empty catalogue of a circle. It takes the founding charter first, known by its id.
    #[must_use]
    pub const fn new(circle: CircleId) -> Self {
        Self {
            circle,
            charter: None,
            held: BTreeMap::new(),
            authors: BTreeMap::new(),
            pools: BTreeMap::new(),
            waiting: BTreeSet::new(),
            ends: BTreeSet::new(),
            control: Days::new(),
            rest: Days::new(),
        }
    }

    /// The circle.
    #[must_use]
    pub const fn circle(&self) -> CircleId {
        self.circle
    }

    /// The circle's rules, once they are here.
    #[must_use]
    pub const fn charter(&self) -> Option<&Charter> {
        self.charter.as_ref()
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
            slot.counted.filter(|version| version.id == *id)
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

    /// The header of an admitted record.
    #[must_use]
    pub fn admitted(&self, id: &RecordId) -> Option<&Header> {
        self.held.get(id).filter(|held| held.admitted).map(|held| &held.header)
    }

    /// All admitted records by id.
    pub fn iter(&self) -> impl Iterator<Item = (RecordId, &Header)> {
        self.held.iter().filter(|(_, held)| held.admitted).map(|(id, held)| (*id, &held.header))
    }

    /// The admitted record of a slot: the newest version, or its withdrawal.
    #[must_use]
    pub fn in_slot(&self, slot: &Slot) -> Option<(RecordId, &Header)> {
        let state = self.authors.get(&slot.author)?.slots.get(&(slot.kind.clone(), slot.key))?;
        let id = state.counted?.id;
        Some((id, self.admitted(&id)?))
    }

    /// The newest revision that is held for a slot; the next one must be later.
    #[must_use]
    pub fn last_revision(&self, slot: &Slot) -> Option<Timestamp> {
        let state = self.authors.get(&slot.author)?.slots.get(&(slot.kind.clone(), slot.key))?;
        state.versions.values().map(|version| version.revision).max()
    }

    /// Takes a record in, if the circle has room for it; what is taken is held, and admitted if its
    /// signer may sign and the quotas allow.
    ///
    /// # Errors
    /// A [`Refusal`]; nothing changed then.
    pub fn insert(&mut self, record: &Verified, now: Timestamp) -> Result<Changes, Refusal> {
        self.check(record, now)?;
        if record.header().circle == CircleId::FOUNDING {
            return self.found(record);
        }
        let until = match record.body() {
            Some(Body::Grant(grant)) => Some(grant.until),
            Some(Body::Charter(_) | Body::Profile(_) | Body::Listing(_) | Body::Other(_)) | None => None,
        };
        self.take(record.id(), record.header(), until)
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
        check_alone(self.circle, header)?;
        if let Some(Body::Grant(grant)) = record.body()
            && header.key != Grant::key(&grant.signer)
        {
            return Err(Refusal::GrantMisplaced);
        }
        if self.charter.is_none() {
            return Err(Refusal::NoCharterYet);
        }
        if header.revision > now.plus_millis(MAX_FUTURE_MS) {
            return Err(Refusal::Future);
        }
        if header.expires().is_some_and(|end| end <= now) {
            return Err(Refusal::Expired);
        }
        if self.permit(header.author, header.signer) == Permit::Revoked {
            return Err(Refusal::Revoked);
        }
        let slot = self.authors.get(&header.author).and_then(|author| author.slots.get(&slot_key(header)));
        let rival = slot.and_then(|slot| slot.versions.get(&header.signer).copied());
        let last_word = slot.and_then(|slot| slot.counted.filter(|counted| counted.withdrawn));
        if rival.or(last_word).is_some_and(|old| !Version::of(id, header).beats(&old)) {
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
            self.work(vec![Step::Forget(id)], &mut changes);
        }
        changes
    }

    /// Lets go of a record, as if it had never come: what it replaced does not come back.
    pub fn release(&mut self, id: RecordId) -> Changes {
        let mut changes = Changes::default();
        self.work(vec![Step::Forget(id)], &mut changes);
        changes
    }

    /// How many slots of a kind of thing an author fills now, and how many the charter allows.
    /// A withdrawal fills its slot until it expires.
    #[must_use]
    pub fn quota(&self, author: MemberId, class: Class) -> (usize, usize) {
        let tier = match class {
            Class::Control => Tier::Control,
            Class::Content => Tier::Content,
            Class::Letter => Tier::Letter,
            Class::Proof => Tier::Proof,
        };
        let limit = self.charter.as_ref().map_or(0, |charter| tier.quota(charter));
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
        let of = |group| digest_of_days(&self.days(group, window));
        Digests { control: of(Group::Control), rest: of(Group::Rest) }
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

    fn found(&mut self, record: &Verified) -> Result<Changes, Refusal> {
        let (id, header) = (record.id(), record.header());
        // Why: whoever names the circle names this record, so it is admitted by its id alone, signed
        // before any grant could name the circle.
        let Some(Body::Charter(charter)) = record.body() else { return Err(Refusal::OtherCircle) };
        self.charter = Some(charter);
        self.held.insert(id, Held { header: header.clone(), until: None, admitted: false });
        let mut changes = Changes::default();
        self.admit(id, &mut Vec::new(), &mut changes);
        Ok(changes)
    }

    fn take(&mut self, id: RecordId, header: &Header, until: Option<Timestamp>) -> Result<Changes, Refusal> {
        let version = Version::of(id, header);
        let author = self.authors.entry(header.author).or_default();
        let slot = author.slots.entry(slot_key(header)).or_default();
        let rival = slot.versions.insert(header.signer, version);
        self.held.insert(id, Held { header: header.clone(), until, admitted: false });
        self.ends.extend(header.expires().map(|end| (end, id)));
        let mut changes = Changes::default();
        self.work(vec![Step::Settle(header.author, slot_key(header))], &mut changes);
        if let Some(old) = rival {
            self.drop_held(old.id, &mut changes);
        }
        if self.holds(&id) { Ok(changes) } else { Err(Refusal::NoRoom) }
    }

    fn permit(&self, author: MemberId, signer: PublicKey) -> Permit {
        let key = (Kind::grant(), Grant::key(&signer));
        let version =
            self.authors.get(&author).and_then(|author| author.slots.get(&key)).and_then(|slot| slot.counted);
        match version.and_then(|version| self.held.get(&version.id)) {
            Some(held) if held.admitted => held.until.map_or(Permit::Revoked, Permit::Until),
            Some(_) | None => Permit::Unknown,
        }
    }

    fn work(&mut self, mut steps: Vec<Step>, changes: &mut Changes) {
        while let Some(step) = steps.pop() {
            match step {
                Step::Recheck(author) => {
                    let slots = self.authors.get(&author).map(|author| author.slots.keys().cloned());
                    let judged = slots.into_iter().flatten().filter(|(kind, _)| kind.as_str() != Kind::GRANT);
                    steps.extend(judged.map(|slot| Step::Settle(author, slot)).collect::<Vec<_>>());
                }
                Step::Settle(author, slot) => self.settle(author, &slot, &mut steps, changes),
                Step::Forget(id) => self.forget(id, &mut steps, changes),
            }
        }
    }

    /// Finds which version of a slot counts, and lets it count.
    fn settle(&mut self, author: MemberId, key: &SlotKey, steps: &mut Vec<Step>, changes: &mut Changes) {
        let Some(slot) = self.authors.get_mut(&author).and_then(|author| author.slots.get_mut(key)) else {
            return;
        };
        let SlotState { mut versions, counted } = std::mem::take(slot);
        let mut valid: Vec<Version> = Vec::new();
        let mut unwanted = Vec::new();
        for (signer, version) in versions.clone() {
            let rank = Rank(std::cmp::Reverse(version.revision), version.id);
            let permit = if signer == author.root() {
                Permit::Until(version.revision)
            } else {
                self.permit(author, signer)
            };
            match permit {
                Permit::Until(until) if until >= version.revision => {
                    self.waiting.remove(&rank);
                    valid.push(version);
                }
                Permit::Until(_) | Permit::Unknown => {
                    self.waiting.insert(rank);
                }
                Permit::Revoked => unwanted.push(version),
            }
        }
        let winner = valid.iter().copied().reduce(|one, other| if other.beats(&one) { other } else { one });
        if let Some(end) = winner.filter(|winner| winner.withdrawn) {
            // Not what would beat it once its own grant is here.
            unwanted.extend(versions.values().filter(|version| end.id != version.id && end.beats(version)));
        } else if versions.len() > RIVALS {
            let worth = |version: &Version| (valid.contains(version), version.revision, version.id);
            unwanted.extend(versions.values().min_by_key(|version| worth(version)));
        }
        versions.retain(|_, version| !unwanted.contains(version));
        let tier = versions
            .values()
            .chain(&counted)
            .find_map(|version| self.held.get(&version.id))
            .map(|held| Tier::of(&held.header));
        if let Some(slot) = self.authors.get_mut(&author).and_then(|author| author.slots.get_mut(key)) {
            *slot = SlotState { versions, counted: winner };
        }
        if let Some(tier) = tier
            && counted != winner
        {
            if let Some(old) = counted {
                self.discount(author, tier, old, steps, changes);
            }
            if let (Some(new), Some(charter)) = (winner, &self.charter) {
                let rank = Rank(std::cmp::Reverse(new.revision), new.id);
                let moved =
                    self.authors.get_mut(&author).map(|author| author.top(tier, charter).insert(rank));
                self.follow(author, tier, moved.unwrap_or_default(), steps, changes);
            }
        }
        for version in unwanted {
            self.drop_held(version.id, changes);
        }
        self.tidy(author, key);
        while self.waiting.len() > WAITING
            && let Some(Rank(_, id)) = self.waiting.pop_last()
        {
            steps.push(Step::Forget(id));
        }
    }

    fn discount(
        &mut self,
        author: MemberId,
        tier: Tier,
        old: Version,
        steps: &mut Vec<Step>,
        changes: &mut Changes,
    ) {
        let rank = Rank(std::cmp::Reverse(old.revision), old.id);
        let moved = self.authors.get_mut(&author).map(|author| author.remove_from_top(tier, rank));
        self.follow(author, tier, moved.unwrap_or_default(), steps, changes);
    }

    /// What a change in an author's quota means for the strangers' quota and for admission.
    fn follow(
        &mut self,
        author: MemberId,
        tier: Tier,
        moved: Vec<Moved>,
        steps: &mut Vec<Step>,
        changes: &mut Changes,
    ) {
        let Some(charter) = &self.charter else { return };
        let steward = charter.stewards.contains(&author);
        let limit = charter.quotas.strangers as usize;
        for step in moved {
            if steward {
                self.apply(step, steps, changes);
                continue;
            }
            let pool = self.pools.entry(tier.pool()).or_insert_with(|| Top::new(limit, RESERVE));
            let moved = match step {
                Moved::In(rank) => pool.insert(rank),
                Moved::Out(rank) => pool.remove(rank),
                Moved::Dropped(rank) => vec![Moved::Dropped(rank)],
            };
            for step in moved {
                self.apply(step, steps, changes);
            }
        }
    }

    fn apply(&mut self, moved: Moved, steps: &mut Vec<Step>, changes: &mut Changes) {
        match moved {
            Moved::In(Rank(_, id)) => self.admit(id, steps, changes),
            Moved::Out(Rank(_, id)) => self.expel(id, steps, changes),
            Moved::Dropped(Rank(_, id)) => steps.push(Step::Forget(id)),
        }
    }

    fn admit(&mut self, id: RecordId, steps: &mut Vec<Step>, changes: &mut Changes) {
        let Some(held) = self.held.get_mut(&id).filter(|held| !held.admitted) else { return };
        held.admitted = true;
        let header = &held.header;
        let days = match Group::of(header.class) {
            Group::Control => &mut self.control,
            Group::Rest => &mut self.rest,
        };
        days.insert(id, header.revision, header.expires());
        changes.admit(id);
        if Tier::of(header) == Tier::Grant {
            steps.push(Step::Recheck(header.author));
        }
    }

    fn expel(&mut self, id: RecordId, steps: &mut Vec<Step>, changes: &mut Changes) {
        let Some(held) = self.held.get_mut(&id).filter(|held| held.admitted) else { return };
        held.admitted = false;
        let header = &held.header;
        let days = match Group::of(header.class) {
            Group::Control => &mut self.control,
            Group::Rest => &mut self.rest,
        };
        days.remove(id, header.revision);
        changes.remove(id);
        if Tier::of(header) == Tier::Grant {
            steps.push(Step::Recheck(header.author));
        }
    }

    /// Gives up a record for which there is no room, or whose life has ended.
    fn forget(&mut self, id: RecordId, steps: &mut Vec<Step>, changes: &mut Changes) {
        let Some(held) = self.held.get(&id) else { return };
        let (author, key, tier) = (held.header.author, slot_key(&held.header), Tier::of(&held.header));
        let slot = self.authors.get_mut(&author).and_then(|author| author.slots.get_mut(&key));
        let counted = slot.and_then(|slot| {
            slot.versions.retain(|_, version| version.id != id);
            slot.counted.take_if(|counted| counted.id == id)
        });
        if let Some(old) = counted {
            self.discount(author, tier, old, steps, changes);
        }
        self.drop_held(id, changes);
        self.tidy(author, &key);
        steps.push(Step::Settle(author, key));
    }

    fn drop_held(&mut self, id: RecordId, changes: &mut Changes) {
        let Some(held) = self.held.remove(&id) else { return };
        self.waiting.remove(&Rank::of(id, &held.header));
        if let Some(end) = held.header.expires() {
            self.ends.remove(&(end, id));
        }
        changes.dropped.insert(id);
    }

    /// Forgets slots and authors of which nothing is left.
    fn tidy(&mut self, author: MemberId, key: &SlotKey) {
        if let Some(state) = self.authors.get_mut(&author) {
            if state.slots.get(key).is_some_and(|slot| slot.versions.is_empty()) {
                state.slots.remove(key);
            }
            if state.is_empty() {
                self.authors.remove(&author);
            }
        }
    }
}

fn slot_key(header: &Header) -> SlotKey {
    (header.kind.clone(), header.key)
}

/// What can be judged from a header alone.
fn check_alone(circle: CircleId, header: &Header) -> Result<(), Refusal> {
    let by_root = header.signer == header.author.root();
    let grants = header.kind.as_str() == Kind::GRANT;
    if header.circle != circle {
        Err(Refusal::OtherCircle)
    } else if by_root && !grants {
        Err(Refusal::SignedByRoot)
    } else if grants && !by_root {
        Err(Refusal::GrantNotByRoot)
    } else if header.kind.as_str() == Kind::CHARTER {
        Err(Refusal::CharterFixed)
    } else {
        Ok(())
    }
}
