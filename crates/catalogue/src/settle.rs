//! How a change spreads: from a record to its slot, its author's quota, the strangers' quota, the rules, and
//! back to the records that those rules judge.
//!
//! What is not admitted has no influence on what is: only records that may count compete for a slot, only
//! those that count compete for a quota, and rules derive from admitted records alone. So two nodes that
//! exchange what they admit come to the same set, whatever else each of them holds.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use record::{Class, Grant, GrantRole, Header, Kind, MemberId, PublicKey, RecordId, Timestamp};

use crate::author::{SlotKey, SlotState, Version, slot_key};
use crate::catalogue::{Catalogue, Held};
use crate::changes::Changes;
use crate::control::{Control, HeldCharter};
use crate::days::Group;
use crate::refusal::Refusal;
use crate::rules::{Act, Acts, Belonging, Chartered, Rules, Turn};
use crate::tier::{RESERVE, RIVALS, Tier, WAITING};
use crate::top::{Moved, Rank, Top};

/// Whether a record may count, apart from its slot and its quota.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Judgement {
    /// It may.
    Counts,
    /// Not now.
    Waits,
    /// Its signer's grant was withdrawn: never again.
    Void,
}

/// Whether a signer may sign for an author.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Permit {
    Unknown,
    Given { until: Timestamp, role: GrantRole },
    Revoked { at: Timestamp },
}

enum Step {
    /// What an author wrote is judged again, grants too if it may belong in another way now.
    Recheck { author: MemberId, grants: bool },
    /// The versions of a slot changed, or how they are judged.
    Settle(MemberId, SlotKey),
    /// There is no room for this record.
    Forget(RecordId),
}

/// What is under way.
#[derive(Default)]
struct Work {
    steps: Vec<Step>,
    /// Something changed from which the rules derive.
    stale: bool,
}

impl Catalogue {
    pub(crate) fn found(
        &mut self,
        id: RecordId,
        held: Box<Held>,
        changes: &mut Changes,
    ) -> Result<(), Refusal> {
        // Why: whoever names the circle names this record, so it is admitted by its id alone, signed
        // before any grant could name the circle.
        if !held.is_charter() {
            return Err(Refusal::OtherCircle);
        }
        self.held.insert(id, held);
        let mut work = Work::default();
        self.admit(id, &mut work, changes);
        self.work(work, changes);
        Ok(())
    }

    pub(crate) fn take(&mut self, id: RecordId, held: Box<Held>, changes: &mut Changes) {
        let mut work = Work::default();
        self.put(id, held, &mut work);
        self.work(work, changes);
    }

    pub(crate) fn give_up(&mut self, id: RecordId, changes: &mut Changes) {
        self.work(Work { steps: vec![Step::Forget(id)], stale: false }, changes);
    }

    fn put(&mut self, id: RecordId, held: Box<Held>, work: &mut Work) {
        let (author, key) = (held.header.author, slot_key(&held.header));
        let pooled = self.rules.as_ref().is_none_or(|rules| rules.is_pooled(&author));
        let state = self.authors.entry(author).or_default();
        if state.slots.is_empty() {
            state.pooled = pooled;
        }
        state.slots.entry(key.clone()).or_default().versions.push(Version::of(id, &held.header));
        self.ends.extend(held.header.expires().map(|end| (end, id)));
        if held.is_charter() {
            self.charters.insert(id);
        }
        self.held.insert(id, held);
        work.steps.push(Step::Settle(author, key));
    }

    fn permit(&self, author: MemberId, signer: PublicKey) -> Permit {
        let key = (Kind::grant(), Grant::key(&signer));
        let Some(slot) = self.authors.get(&author).and_then(|author| author.slots.get(&key)) else {
            return Permit::Unknown;
        };
        if let Some(end) = self.closed(slot) {
            return Permit::Revoked { at: end.revision };
        }
        let grant = slot.counted.and_then(|id| self.held.get(&id)).filter(|held| held.admitted);
        match grant.and_then(|held| held.control.as_deref()) {
            Some(Control::Grant { until, role }) => Permit::Given { until: *until, role: *role },
            Some(_) | None => Permit::Unknown,
        }
    }

    /// The withdrawal that closes a slot.
    pub(crate) fn closed(&self, slot: &SlotState) -> Option<Version> {
        let id = slot.ended?;
        let held = self.held.get(&id).filter(|held| held.admitted)?;
        Some(Version::of(id, &held.header))
    }

    pub(crate) fn judge(&self, id: RecordId, header: &Header) -> Judgement {
        let Some(rules) = &self.rules else { return Judgement::Waits };
        let belonging = rules.belonging(&header.author);
        let when = |may: bool| if may { Judgement::Counts } else { Judgement::Waits };
        let kind = header.kind.as_str();
        if kind == Kind::GRANT {
            // Why: charters are judged by the grants of who was a steward, so those must not depend on charters.
            let steward = rules.was_steward(&header.author);
            return when(steward || belonging != Belonging::Stranger || rules.is_open());
        }
        if kind == Kind::CHARTER {
            let charter = self.held.get(&id).and_then(|held| held.control.as_ref()?.charter());
            return charter.map_or(Judgement::Waits, |charter| self.judge_charter(header, charter));
        }
        match self.permit(header.author, header.signer) {
            Permit::Given { until, role }
                if until >= header.revision && role.may_sign(header.class, &header.kind) => {}
            Permit::Given { .. } | Permit::Unknown => return Judgement::Waits,
            // What two signed stands.
            Permit::Revoked { at } if header.class == Class::Proof && header.revision <= at => {}
            Permit::Revoked { .. } => return Judgement::Void,
        }
        when(match kind {
            Kind::ADMISSION | Kind::REMOVAL | Kind::ROTATION => rules.was_steward(&header.author),
            _ => match belonging {
                Belonging::Steward | Belonging::Member => true,
                Belonging::Removed { since } => header.revision <= since || header.is_withdrawal(),
                Belonging::Stranger => rules.is_open(),
            },
        })
    }

    /// A charter brings its proof: more than half of its parent's stewards approve it, with grants that it
    /// carries. Only where one steward decided alone, a key that was revoked since proves nothing.
    pub(crate) fn judge_charter(&self, header: &Header, charter: &HeldCharter) -> Judgement {
        let parent = charter.charter.parent.and_then(|parent| self.held.get(&parent));
        let parent = parent.filter(|held| held.admitted && held.header.revision < header.revision);
        let parent = parent.and_then(|held| held.control.as_ref()?.charter());
        let Some(stewards) = parent.map(|parent| &parent.charter.stewards) else { return Judgement::Waits };
        let alone = stewards.len() == 1;
        let revoked = |member: &MemberId, signer: &PublicKey| {
            alone && matches!(self.permit(*member, *signer), Permit::Revoked { .. })
        };
        let counts = |(member, signer): &(&MemberId, &PublicKey)| {
            stewards.contains(member) && !revoked(member, signer)
        };
        let approvals = charter.approved_by.iter().filter(counts).count();
        if stewards.contains(&header.author) && approvals.saturating_mul(2) > stewards.len() {
            Judgement::Counts
        } else {
            Judgement::Waits
        }
    }

    fn work(&mut self, mut work: Work, changes: &mut Changes) {
        loop {
            while let Some(step) = work.steps.pop() {
                match step {
                    Step::Recheck { author, grants } => {
                        let slots = self.authors.get(&author).map(|author| author.slots.keys().cloned());
                        let slots = slots.into_iter().flatten();
                        let judged = slots.filter(|(kind, _)| grants || kind.as_str() != Kind::GRANT);
                        let settle = judged.map(|slot| Step::Settle(author, slot)).collect::<Vec<_>>();
                        work.steps.extend(settle);
                    }
                    Step::Settle(author, slot) => self.settle(author, &slot, &mut work, changes),
                    Step::Forget(id) => self.forget(id, &mut work, changes),
                }
            }
            if !std::mem::take(&mut work.stale) {
                return;
            }
            self.derive(&mut work, changes);
        }
    }

    /// Derives the rules anew, and lets them judge whom they concern.
    fn derive(&mut self, work: &mut Work, changes: &mut Changes) {
        let new = Rules::derive(RecordId::from_bytes(*self.circle.as_bytes()), &self.acts());
        let old = std::mem::replace(&mut self.rules, new);
        let Some(rules) = &self.rules else { return };
        match old {
            Some(old) if old.in_force == rules.in_force => {
                let moved = |author: &MemberId| old.belonging(author) != rules.belonging(author);
                let moved: Vec<_> = old.named(rules).into_iter().filter(moved).collect();
                for author in moved {
                    self.reclass(author, work, changes);
                    work.steps.push(Step::Recheck { author, grants: true });
                }
            }
            // Other quotas, another way to become a member: everything is judged anew.
            Some(_) | None => self.rebuild(work, changes),
        }
    }

    fn acts(&self) -> Acts<'_> {
        let mut acts = Acts::default();
        for (id, held) in self.acts.iter().filter_map(|id| Some((*id, self.held.get(id)?))) {
            let Header { author: steward, revision, .. } = held.header;
            match held.control.as_deref() {
                Some(Control::Charter(charter)) => {
                    acts.charters.push(Chartered { id, revision, charter: &charter.charter });
                }
                Some(Control::Admission(member)) => {
                    acts.admissions.push(Act { steward, member: *member, revision });
                }
                Some(Control::Removal(member)) => {
                    acts.removals.push(Act { steward, member: *member, revision });
                }
                Some(Control::Vouch(member)) => acts.vouches.push((steward, *member)),
                Some(Control::Rotation(secret)) => {
                    acts.rotations.push(Turn { id, steward, revision, secret: *secret });
                }
                Some(Control::Grant { .. }) | None => {}
            }
        }
        acts
    }

    /// Puts everything that is held in anew under the rules as they are now.
    fn rebuild(&mut self, work: &mut Work, changes: &mut Changes) {
        let held = std::mem::take(&mut self.held);
        *self = Self { rules: self.rules.take(), ..Self::new(self.circle) };
        let founding = RecordId::from_bytes(*self.circle.as_bytes());
        let mut before = Vec::new();
        for (id, mut held) in held {
            if std::mem::take(&mut held.admitted) {
                before.push(id);
            }
            if id == founding {
                self.held.insert(id, held);
                self.admit(id, work, &mut Changes::default());
            } else {
                self.put(id, held, work);
            }
        }
        // Grants first, or what they let count would have to wait where there is little room.
        let grant = |step: &Step| matches!(step, Step::Settle(_, (kind, _)) if kind.as_str() == Kind::GRANT);
        work.steps.sort_by_key(grant);
        for id in before.into_iter().filter(|id| *id != founding) {
            changes.remove(id);
        }
    }

    /// Moves an author's records into the strangers' quota, or out of it.
    fn reclass(&mut self, author: MemberId, work: &mut Work, changes: &mut Changes) {
        let Some(rules) = &self.rules else { return };
        let pooled = rules.is_pooled(&author);
        let Some(state) = self.authors.get_mut(&author).filter(|state| state.pooled != pooled) else {
            return;
        };
        let inside = state.inside();
        for (tier, rank) in &inside {
            self.follow(author, *tier, vec![Moved::Out(*rank)], work, changes);
        }
        if let Some(state) = self.authors.get_mut(&author) {
            state.pooled = pooled;
        }
        for (tier, rank) in inside {
            self.follow(author, tier, vec![Moved::In(rank)], work, changes);
        }
    }

    /// Finds which versions of a slot count, and lets them count: first the withdrawal, and then the thing,
    /// unless the withdrawal closed the slot.
    fn settle(&mut self, author: MemberId, key: &SlotKey, work: &mut Work, changes: &mut Changes) {
        let slot = self.authors.get_mut(&author).and_then(|author| author.slots.get_mut(key));
        let Some(slot) = slot else { return };
        let versions = std::mem::take(&mut slot.versions);
        let (counted, ended) = (slot.counted, slot.ended);
        let version = |id: RecordId| self.held.get(&id).map(|held| Version::of(id, &held.header));
        let (counted, ended) = (counted.and_then(version), ended.and_then(version));
        let mut counts: BTreeMap<(bool, PublicKey), Version> = BTreeMap::new();
        let mut waits: BTreeMap<(bool, PublicKey), Version> = BTreeMap::new();
        let mut unwanted = Vec::new();
        for version in versions {
            self.waiting.remove(&version.rank());
            let judged = self.held.get(&version.id).map(|held| self.judge(version.id, &held.header));
            let best = match judged {
                Some(Judgement::Counts) => &mut counts,
                Some(Judgement::Waits) => &mut waits,
                Some(Judgement::Void) | None => {
                    unwanted.push(version);
                    continue;
                }
            };
            let key = (version.withdrawn, version.signer);
            match best.get(&key) {
                Some(old) if old.beats(&version) => unwanted.push(version),
                Some(_) | None => unwanted.extend(best.insert(key, version)),
            }
        }
        let newest = |withdrawn: bool, counts: &BTreeMap<(bool, PublicKey), Version>| {
            let candidates = counts.values().copied().filter(|version| version.withdrawn == withdrawn);
            candidates.reduce(|one, other| if other.beats(&one) { other } else { one })
        };
        let end = newest(true, &counts);
        self.count(author, key, ended, end, work, changes);
        let closed = end.filter(|end| self.held.get(&end.id).is_some_and(|held| held.admitted));
        if let Some(end) = closed {
            let over =
                |_: &(bool, PublicKey), version: &mut Version| !version.withdrawn || end.beats(version);
            let beaten = counts.extract_if(.., over).chain(waits.extract_if(.., over));
            unwanted.extend(beaten.map(|(_, version)| version));
        }
        let thing = newest(false, &counts);
        while counts.len() > RIVALS {
            let spare =
                counts.values().copied().filter(|version| Some(*version) != thing && Some(*version) != end);
            let worst = spare.reduce(|one, other| if other.beats(&one) { one } else { other });
            let Some(worst) = worst else { break };
            counts.remove(&(worst.withdrawn, worst.signer));
            unwanted.push(worst);
        }
        self.waiting.extend(waits.values().map(Version::rank));
        let versions = counts.into_values().chain(waits.into_values()).collect();
        if let Some(slot) = self.authors.get_mut(&author).and_then(|author| author.slots.get_mut(key)) {
            let [counted, ended] = [thing, end].map(|version| version.map(|it| it.id));
            *slot = SlotState { versions, counted, ended };
        }
        self.count(author, key, counted, thing, work, changes);
        for version in unwanted {
            self.drop_held(version.id, changes);
        }
        self.tidy(author, key);
        while self.waiting.len() > WAITING
            && let Some(Rank(_, id)) = self.waiting.pop_last()
        {
            work.steps.push(Step::Forget(id));
        }
    }

    /// Lets another version of a slot count than before.
    fn count(
        &mut self,
        author: MemberId,
        key: &SlotKey,
        old: Option<Version>,
        new: Option<Version>,
        work: &mut Work,
        changes: &mut Changes,
    ) {
        if old == new {
            return;
        }
        let tier = |id: RecordId| self.held.get(&id).map(|held| Tier::of(&held.header));
        let Some(tier) = new.or(old).and_then(|version| tier(version.id)) else { return };
        if let Some(old) = old {
            self.discount(author, tier, old.rank(), work, changes);
        }
        let Some(new) = new else { return };
        if new.withdrawn
            && let Some(slot) = self.authors.get_mut(&author).and_then(|author| author.slots.get_mut(key))
        {
            // What it withdraws asks whether the slot is closed.
            slot.ended = Some(new.id);
        }
        let Some(rules) = &self.rules else { return };
        let charter = &rules.charter;
        let moved = self.authors.get_mut(&author).map(|author| author.top(tier, charter).insert(new.rank()));
        self.follow(author, tier, moved.unwrap_or_default(), work, changes);
    }

    fn discount(&mut self, author: MemberId, tier: Tier, old: Rank, work: &mut Work, changes: &mut Changes) {
        let moved = self.authors.get_mut(&author).map(|author| author.remove_from_top(tier, old));
        self.follow(author, tier, moved.unwrap_or_default(), work, changes);
    }

    /// What a change in an author's quota means for the strangers' quota and for admission.
    fn follow(
        &mut self,
        author: MemberId,
        tier: Tier,
        moved: Vec<Moved>,
        work: &mut Work,
        changes: &mut Changes,
    ) {
        let Some(rules) = &self.rules else { return };
        let pooled = self.authors.get(&author).is_some_and(|author| author.pooled);
        let limit = tier.pool().quota(&rules.charter);
        for step in moved {
            if !pooled {
                self.apply(step, work, changes);
                continue;
            }
            let pool = self.pools.entry(tier.pool()).or_insert_with(|| Top::new(limit, RESERVE));
            let moved = match step {
                Moved::In(rank) => pool.insert(rank),
                Moved::Out(rank) => pool.remove(rank),
                Moved::Dropped(rank) => vec![Moved::Dropped(rank)],
            };
            for step in moved {
                self.apply(step, work, changes);
            }
        }
    }

    fn apply(&mut self, moved: Moved, work: &mut Work, changes: &mut Changes) {
        match moved {
            Moved::In(Rank(_, id)) => self.admit(id, work, changes),
            Moved::Out(Rank(_, id)) => self.expel(id, work, changes),
            Moved::Dropped(Rank(_, id)) => work.steps.push(Step::Forget(id)),
        }
    }

    fn admit(&mut self, id: RecordId, work: &mut Work, changes: &mut Changes) {
        let Some(held) = self.held.get_mut(&id).filter(|held| !held.admitted) else { return };
        held.admitted = true;
        let header = &held.header;
        let days = match Group::of(header.class) {
            Group::Control => &mut self.control,
            Group::Rest => &mut self.rest,
        };
        days.insert(id, header.revision, header.expires());
        changes.admit(id);
        self.moved(id, work);
    }

    fn expel(&mut self, id: RecordId, work: &mut Work, changes: &mut Changes) {
        let Some(held) = self.held.get_mut(&id).filter(|held| held.admitted) else { return };
        held.admitted = false;
        let header = &held.header;
        let days = match Group::of(header.class) {
            Group::Control => &mut self.control,
            Group::Rest => &mut self.rest,
        };
        days.remove(id, header.revision);
        changes.remove(id);
        self.moved(id, work);
    }

    /// What follows when a record was admitted or expelled.
    fn moved(&mut self, id: RecordId, work: &mut Work) {
        let Some(held) = self.held.get(&id) else { return };
        let author = held.header.author;
        if held.header.is_withdrawal() {
            // It closes its slot now, or does so no longer.
            work.steps.push(Step::Settle(author, slot_key(&held.header)));
        }
        let is_charter = held.is_charter();
        if held.header.kind.as_str() == Kind::GRANT {
            work.steps.push(Step::Recheck { author, grants: false });
        } else if is_charter
            || matches!(
                held.control.as_deref(),
                Some(Control::Admission(_) | Control::Removal(_) | Control::Vouch(_) | Control::Rotation(_))
            )
        {
            work.stale = true;
            if held.admitted {
                self.acts.insert(id);
            } else {
                self.acts.remove(&id);
            }
        }
        // Its followers are judged by it; a lone steward's charter by the grants.
        let steward = self.rules.as_ref().is_some_and(|rules| rules.was_steward(&author));
        if is_charter || (steward && held.header.kind.as_str() == Kind::GRANT) {
            let charters = self.charters.iter().filter_map(|id| self.held.get(id));
            let settle = charters.map(|held| Step::Settle(held.header.author, slot_key(&held.header)));
            work.steps.extend(settle.collect::<Vec<_>>());
        }
    }

    /// Gives up a record for which there is no room, or whose life has ended.
    fn forget(&mut self, id: RecordId, work: &mut Work, changes: &mut Changes) {
        let Some(held) = self.held.get(&id) else { return };
        let (author, key, tier) = (held.header.author, slot_key(&held.header), Tier::of(&held.header));
        let rank = Rank::of(id, &held.header);
        let slot = self.authors.get_mut(&author).and_then(|author| author.slots.get_mut(&key));
        let counted = slot.and_then(|slot| {
            slot.versions.retain(|version| version.id != id);
            let counted = slot.counted.take_if(|counted| *counted == id);
            counted.or_else(|| slot.ended.take_if(|ended| *ended == id))
        });
        if counted.is_some() {
            self.discount(author, tier, rank, work, changes);
        }
        self.drop_held(id, changes);
        self.tidy(author, &key);
        work.steps.push(Step::Settle(author, key));
    }

    fn drop_held(&mut self, id: RecordId, changes: &mut Changes) {
        let Some(held) = self.held.remove(&id) else { return };
        self.waiting.remove(&Rank(Reverse(held.header.revision), id));
        self.charters.remove(&id);
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
