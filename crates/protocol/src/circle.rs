//! A circle that this node follows: its catalogue, and what goes with it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use catalogue::{Admitted, Catalogue, Changes, Refusal, Standing};
use record::limits::MAX_FUTURE_MS;
use record::{
    CircleId, Class, Fault, Hash, Kind, KnownKeys, ReadSecret, Record, RecordId, Signed, Timestamp, Verified,
};

use crate::bodies::Bodies;
use crate::budget::Budgets;
use crate::limits::{MAX_REFUSED, RECENT};
use crate::names::Topic;
use crate::secrets::Secrets;
use crate::store::{Batch, Store, StoreError};

/// What became of each record that was offered, in order.
pub(crate) type Verdicts = Vec<(RecordId, Result<Standing, Refusal>)>;

/// What changed in a circle's catalogue, with what a reader needs to follow.
#[derive(Debug, Clone, Default)]
pub struct News {
    /// Admitted now, with their bodies where those are here.
    pub admitted: Vec<Verified>,
    /// Not admitted any more.
    pub removed: Vec<RecordId>,
}

impl News {
    /// Whether nothing changed.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.admitted.is_empty() && self.removed.is_empty()
    }
}

pub(crate) struct Circle {
    pub(crate) catalogue: Catalogue,
    pub(crate) secrets: Secrets,
    /// Where it gossips, by the secret in use.
    pub(crate) topic: Topic,
    pub(crate) budgets: Budgets,
    pub(crate) bodies: Bodies,
    /// Where the keys of its signers lie on the curve.
    pub(crate) keys: KnownKeys,
    /// Refused without anybody's fault; not asked for again until the control records change.
    refused: BTreeSet<RecordId>,
    /// What was admitted last, and how much was before it: sessions look here for what comes beside them.
    recent: VecDeque<RecordId>,
    before: u64,
    /// What the store could not let go of yet.
    leftover: Vec<RecordId>,
    /// While the time is not known: the earliest that it may be.
    pub(crate) doubt: Option<Timestamp>,
}

impl Circle {
    /// Loads a circle from the store, and lets the store forget what was replaced just before its power was
    /// cut. What is too old or too new by the clock stays: the clock may be wrong.
    pub(crate) fn open(
        id: CircleId,
        held: Vec<ReadSecret>,
        store: &mut impl Store,
        doubt: Option<Timestamp>,
    ) -> Result<Self, StoreError> {
        let mut catalogue = Catalogue::new(id);
        let (mut drop, mut bodies) = (Vec::new(), Bodies::default());
        let mut take = |record: &Verified| {
            match catalogue.insert(record, record.header().revision) {
                Ok(changes) => {
                    if !record.is_whole() {
                        bodies.want(record.id());
                    }
                    drop.extend(changes.dropped);
                }
                // Without its charter nothing of the circle can be judged: it waits in the store.
                Err(Refusal::NoCharterYet) => {}
                Err(_) => drop.push(record.id()),
            }
        };
        let charter = RecordId::from_bytes(*id.as_bytes());
        if let Some(charter) = store.get(id, &charter)?.and_then(trusted) {
            take(&charter);
        }
        // The catalogue has little room for what waits, so what the rest is judged by comes before it.
        let mut control = Vec::new();
        let of_class = |record: Record, control: bool| {
            let signed = Signed::parse(&record.envelope).ok();
            let wanted = signed.filter(|signed| (signed.header().class == Class::Control) == control);
            wanted.and_then(|signed| signed.trust(record.body).ok())
        };
        store.each(id, &mut |record| {
            control.extend(of_class(record, true).filter(|record| record.id() != charter));
        })?;
        control.sort_by_key(precedence);
        control.iter().for_each(&mut take);
        store.each(id, &mut |record| of_class(record, false).iter().for_each(&mut take))?;
        drop.iter().for_each(|id| bodies.forget(id));
        // Why not fatal: a disk that is full can be read. It is asked again with the next change.
        let gone = Batch { put: Vec::new(), drop: drop.clone() };
        let leftover = if drop.is_empty() || store.apply(id, gone).is_ok() { Vec::new() } else { drop };
        let mut secrets = Secrets::new(id, held);
        secrets.turn(&catalogue);
        let topic = secrets.topic();
        let (budgets, refused, keys) = (Budgets::default(), BTreeSet::new(), KnownKeys::default());
        let (recent, before) = (VecDeque::new(), 0);
        Ok(Self {
            catalogue,
            secrets,
            topic,
            budgets,
            bodies,
            keys,
            refused,
            recent,
            before,
            leftover,
            doubt,
        })
    }

    /// Takes records in: into the store, then into the catalogue.
    pub(crate) fn absorb(
        &mut self,
        store: &mut impl Store,
        records: Vec<Verified>,
        now: Timestamp,
    ) -> Result<(News, Verdicts), StoreError> {
        self.absorb_with(store, records, now, |_, _| Ok(()))
    }

    /// The same for what this node's own members wrote: it is durable before it counts.
    pub(crate) fn absorb_own<S: Store>(
        &mut self,
        store: &mut S,
        records: Vec<Verified>,
        now: Timestamp,
    ) -> Result<(News, Verdicts), StoreError> {
        let circle = self.catalogue.circle();
        self.absorb_with(store, records, now, |store: &mut S, put| {
            store.secure().inspect_err(|_| {
                // Whoever is told that nothing was written must not find it there later. If this fails as well,
                // the disk is as good as gone.
                let _ = store.apply(circle, Batch { put: Vec::new(), drop: put });
            })
        })
    }

    fn absorb_with<S: Store>(
        &mut self,
        store: &mut S,
        records: Vec<Verified>,
        now: Timestamp,
        secure: impl FnOnce(&mut S, Vec<RecordId>) -> Result<(), StoreError>,
    ) -> Result<(News, Verdicts), StoreError> {
        let id = self.catalogue.circle();
        let mut in_order: Vec<_> = records.into_iter().map(|record| self.bodies.as_kept(record)).collect();
        in_order.sort_by_key(precedence);
        let no_charter = self.catalogue.charter().is_none();
        let founds = in_order.first().is_some_and(|record| CircleId::founded_by(record.id()) == id);
        let doubt = self.doubt;
        // While the time is not known, a record has its place here if it has one at any time that may be.
        let at = |record: &Verified| match doubt {
            Some(earliest) => record.header().revision.max(earliest).min(now),
            None => now,
        };
        let wanted = |record: &Verified| match self.catalogue.check(record, at(record)) {
            Err(Refusal::NoCharterYet) => no_charter && founds,
            Err(Refusal::Known) => self.completes(record),
            other => other.is_ok(),
        };
        let put: Vec<_> = in_order
            .iter()
            .filter(|record| wanted(record))
            .map(|record| (record.id(), record.to_record()))
            .collect();
        if !put.is_empty() {
            let ids = put.iter().map(|(id, _)| *id).collect();
            store.apply(id, Batch { put, drop: Vec::new() })?;
            secure(store, ids)?;
        }
        let mut changes = Changes::default();
        let mut refusals = BTreeMap::new();
        let mut by_id = BTreeMap::new();
        let mut completed = Vec::new();
        let mut order = Vec::new();
        let mut drop = Vec::new();
        for record in in_order {
            order.push(record.id());
            match self.catalogue.insert(&record, at(&record)) {
                Ok(change) => {
                    changes.then(change);
                    if !record.is_whole() && !self.bodies.hides(&record) {
                        self.bodies.want(record.id());
                    }
                    by_id.insert(record.id(), record);
                }
                Err(_) if self.completes(&record) => {
                    self.bodies.forget(&record.id());
                    completed.push(record);
                }
                Err(refusal) => {
                    if refusal == Refusal::NoRoom {
                        drop.push(record.id());
                    }
                    self.remember(record.id(), refusal);
                    refusals.insert(record.id(), refusal);
                }
            }
        }
        drop.extend(&changes.dropped);
        let mut news = self.tell(store, changes, drop, &mut by_id);
        let told = |record: &Verified| news.admitted.iter().any(|told| told.id() == record.id());
        completed.retain(|record| self.catalogue.admitted(&record.id()).is_some() && !told(record));
        news.admitted.append(&mut completed);
        let verdicts = order.into_iter().map(|id| {
            let standing = self.catalogue.standing(&id);
            (id, standing.ok_or_else(|| refusals.get(&id).copied().unwrap_or(Refusal::NoRoom)))
        });
        Ok((news, verdicts.collect()))
    }

    /// Whether this is what a record that is held says, and that is wanted here.
    pub(crate) fn completes(&self, record: &Verified) -> bool {
        record.is_whole() && self.bodies.wants(&record.id())
    }

    /// Drops what has expired, if it is known what time it is.
    pub(crate) fn advance(&mut self, store: &mut impl Store, now: Timestamp) -> News {
        if self.doubt.is_some() {
            return News::default();
        }
        let changes = self.catalogue.advance(now);
        let drop = changes.dropped.iter().copied().collect();
        self.tell(store, changes, drop, &mut BTreeMap::new())
    }

    /// Lets go of a record that the store has lost, so that it is asked for again.
    pub(crate) fn lose(&mut self, store: &mut impl Store, id: RecordId) -> News {
        if self.catalogue.admitted(&id).is_none() {
            return News::default();
        }
        let changes = self.catalogue.release(id);
        self.bodies.forget(&id);
        self.tell(store, changes, Vec::new(), &mut BTreeMap::new())
    }

    /// The name of the read secret that the circle's records would name with these, which are not taken yet.
    pub(crate) fn would_name(
        &self,
        store: &impl Store,
        new: &[Verified],
        now: Timestamp,
    ) -> Result<Option<Hash>, StoreError> {
        let circle = self.catalogue.circle();
        let mut control = new.to_vec();
        for held in self.catalogue.iter().filter(|held| held.header().class == Class::Control) {
            control.extend(store.get(circle, &held.id())?.and_then(trusted));
        }
        control.sort_by_key(precedence);
        // The founding charter first: without it nothing is taken.
        control.sort_by_key(|record| CircleId::founded_by(record.id()) != circle);
        let mut trial = Catalogue::new(circle);
        for record in &control {
            // What is refused names nothing.
            let _ = trial.insert(record, record.header().revision.max(now));
        }
        Ok(trial.rotation().map(|(_, name)| name))
    }

    /// What is admitted though it is dated further ahead of `now` than nodes take.
    pub(crate) fn ahead(&self, now: Timestamp) -> impl Iterator<Item = Admitted<'_>> {
        let latest = now.plus_millis(MAX_FUTURE_MS);
        let ahead = move |held: &Admitted<'_>| {
            held.header().revision > latest && held.header().circle != CircleId::FOUNDING
        };
        self.catalogue.iter().filter(ahead)
    }

    /// Lets go of records, and takes in what their author says in their place.
    pub(crate) fn exchange(
        &mut self,
        store: &mut impl Store,
        old: &[RecordId],
        new: Vec<Verified>,
        now: Timestamp,
    ) -> Result<News, StoreError> {
        let mut gone = Changes::default();
        for id in old {
            gone.then(self.catalogue.release(*id));
        }
        // The new ones reach the disk before the old ones leave it: nothing is lost if power is cut between.
        let (mut news, _) = self.absorb(store, new, now)?;
        let drop = gone.dropped.iter().copied().collect();
        let told = self.tell(store, gone, drop, &mut BTreeMap::new());
        news.removed.extend(told.removed);
        news.admitted.extend(told.admitted);
        Ok(news)
    }

    /// What must not be asked for.
    pub(crate) fn unwanted(&self) -> impl Iterator<Item = RecordId> {
        self.refused.iter().copied().chain(self.catalogue.held_back())
    }

    /// How many records have been admitted since this node keeps the circle.
    pub(crate) fn came(&self) -> u64 {
        self.before.saturating_add(self.recent.len() as u64)
    }

    /// What was admitted since so many had been, if that is not too long ago.
    pub(crate) fn came_since(&self, came: u64) -> Option<impl Iterator<Item = RecordId>> {
        let skipped = usize::try_from(came.checked_sub(self.before)?).ok()?;
        Some(self.recent.iter().skip(skipped).copied())
    }

    /// Says what changed, and lets the store forget what is not held any more. What has changed has changed: a
    /// store that fails now is asked again with the next change.
    fn tell(
        &mut self,
        store: &mut impl Store,
        changes: Changes,
        drop: Vec<RecordId>,
        known: &mut BTreeMap<RecordId, Verified>,
    ) -> News {
        let circle = self.catalogue.circle();
        let mut news = News { admitted: Vec::new(), removed: changes.removed.into_iter().collect() };
        for id in changes.admitted {
            if self.recent.len() >= RECENT {
                self.recent.pop_front();
                self.before = self.before.saturating_add(1);
            }
            self.recent.push_back(id);
            let record = match known.remove(&id) {
                Some(record) => Some(record),
                None => store.get(circle, &id).ok().flatten().and_then(trusted),
            };
            news.admitted.extend(record);
        }
        let control = |record: &Verified| record.header().class == Class::Control;
        if news.admitted.iter().any(control) {
            self.refused.clear();
        }
        for id in drop.iter().filter(|id| !self.catalogue.holds(id)) {
            self.bodies.forget(id);
        }
        self.leftover.extend(drop);
        // What came back meanwhile stays.
        self.leftover.retain(|id| !self.catalogue.holds(id));
        if !self.leftover.is_empty() {
            let batch = Batch { put: Vec::new(), drop: self.leftover.clone() };
            if store.apply(circle, batch).is_ok() {
                self.leftover.clear();
            }
        }
        news
    }

    fn remember(&mut self, id: RecordId, refusal: Refusal) {
        // Why: clocks that were wrong are set, so what was too old or too new may be wanted then.
        let for_now =
            matches!(refusal, Refusal::Future | Refusal::Expired | Refusal::NoCharterYet | Refusal::Known);
        if refusal.fault() == Fault::Nobody && !for_now {
            if self.refused.len() >= MAX_REFUSED {
                self.refused.pop_first();
            }
            self.refused.insert(id);
        }
    }
}

/// Whether a record was refused by the fault of whoever sent it.
pub(crate) fn is_at_fault((_, verdict): &(RecordId, Result<Standing, Refusal>)) -> bool {
    verdict.as_ref().is_err_and(|refusal| refusal.fault() == Fault::Sender)
}

/// What comes first, since what follows is judged by it.
fn precedence(record: &Verified) -> (u8, Timestamp) {
    let header = record.header();
    let group = match (header.kind.as_str(), header.class) {
        (Kind::CHARTER, _) => 0,
        (Kind::GRANT, _) => 1,
        (_, Class::Control) => 2,
        (_, Class::Content | Class::Letter | Class::Proof) => 3,
    };
    (group, header.revision)
}

/// A record out of the own store: it was verified on its way in.
pub(crate) fn trusted(record: Record) -> Option<Verified> {
    Signed::parse(&record.envelope).ok()?.trust(record.body).ok()
}
