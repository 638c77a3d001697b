//! One sync session: two nodes find out what each lacks of a circle, and send it.
//!
//! The side that opened the session leads: for each group of records it compares days, then ids, then
//! asks for what it lacks, then offers what the peer lacks. Records flow only on request, a window at
//! a time, so that the slower side sets the pace; what arrived is kept if the session is cut.

use std::collections::{BTreeMap, BTreeSet};

use catalogue::{Digests, Group, Window};
use record::{Fault, Hash, Record, RecordId, Signed, Timestamp, Verified};

use crate::circle::{Circle, News};
use crate::frame::{Frame, SaltedId, room_for};
use crate::limits::{DAYS_IN_FRAME, FRAME_ROOM, MAX_DAYS, OFFER, WINDOW};
use crate::names::Role;
use crate::peers::Offence;
use crate::reconcile::{Comparison, Nonsense, Progress, SessionSalt};
use crate::store::{Store, StoreError};
use crate::verify::Verify;

/// What a session works on.
pub(crate) struct Scope<'a, S> {
    pub(crate) circle: &'a mut Circle,
    pub(crate) store: &'a mut S,
    pub(crate) now: Timestamp,
    pub(crate) verify: Verify,
    /// Whether another session brings records of this circle, and this one can wait.
    pub(crate) busy: bool,
    /// Frames to send.
    pub(crate) frames: Vec<Frame>,
    /// What was admitted on the way.
    pub(crate) news: Vec<News>,
}

/// Why a session ends early.
#[derive(Debug)]
pub(crate) enum Trouble {
    Offence(Offence),
    Store(StoreError),
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<Nonsense> for Trouble {
    fn from(_: Nonsense) -> Self {
        Self::Offence(Offence::BadFrame)
    }
}

/// Whether a session goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flow {
    On,
    Finished,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// The opener waits for the days that differ.
    Days,
    /// The opener waits for an answer about ids.
    Ids,
    /// The opener waits for records.
    Fetching,
    /// The opener waits for what the peer wants of its offer.
    Offering,
    /// The other side answers.
    Answering,
}

/// A session after both have said hello.
pub(crate) struct Talk {
    salt: SessionSalt,
    window: Window,
    step: Step,
    group: Group,
    /// What the peer had at the beginning.
    peer: Option<Digests>,
    days: BTreeMap<u32, Hash>,
    /// The days that differ.
    differing: Vec<u32>,
    comparison: Option<Comparison>,
    /// What to ask for, the first last.
    queue: Vec<SaltedId>,
    asked: BTreeSet<SaltedId>,
    offers: Vec<SaltedId>,
    /// The two differ, and this session is to mend it.
    pub(crate) mends: bool,
    /// The two differ, and this session leaves it to a later one: another session is at it.
    pub(crate) put_off: bool,
    pub(crate) received: usize,
    pub(crate) sent: usize,
}

impl Talk {
    pub(crate) const fn new(role: Role, salt: SessionSalt, window: Window, peer: Option<Digests>) -> Self {
        let step = match role {
            Role::Initiator => Step::Days,
            Role::Responder => Step::Answering,
        };
        Self {
            salt,
            window,
            step,
            group: Group::Control,
            peer,
            days: BTreeMap::new(),
            differing: Vec::new(),
            comparison: None,
            queue: Vec::new(),
            asked: BTreeSet::new(),
            offers: Vec::new(),
            mends: false,
            put_off: false,
            received: 0,
            sent: 0,
        }
    }

    /// Begins with a group, or with the next one if there is nothing to do.
    pub(crate) fn begin<S: Store>(&mut self, group: Group, scope: &mut Scope<'_, S>) -> Flow {
        self.group = group;
        self.comparison = None;
        // Control records that moved may have changed what counts of the rest, here and there.
        let moved = group == Group::Rest && self.received.saturating_add(self.sent) > 0;
        let own = scope.circle.catalogue.digests(self.window);
        if !moved && self.peer.is_some_and(|peer| peer.of(group) == own.of(group)) {
            return self.next_group(scope);
        }
        // Why: whoever was cut off from several peers would get the same records from all of them at once.
        if scope.busy && !self.mends {
            self.put_off = true;
            scope.frames.push(Frame::Done);
            return Flow::Finished;
        }
        self.mends = true;
        let days: Vec<_> = scope.circle.catalogue.days(group, self.window).into_iter().collect();
        let mut chunks = days.chunks(DAYS_IN_FRAME).peekable();
        if chunks.peek().is_none() {
            scope.frames.push(Frame::Days { group, days: Vec::new(), last: true });
        }
        while let Some(chunk) = chunks.next() {
            scope.frames.push(Frame::Days { group, days: chunk.to_vec(), last: chunks.peek().is_none() });
        }
        self.step = Step::Days;
        Flow::On
    }

    pub(crate) fn handle<S: Store>(
        &mut self,
        frame: Frame,
        scope: &mut Scope<'_, S>,
    ) -> Result<Flow, Trouble> {
        match (self.step, frame) {
            (Step::Days, Frame::Differ { days }) => self.compare(&days, scope),
            (Step::Ids, Frame::Reconcile { message }) => self.read(&message, scope),
            (Step::Fetching, Frame::Records { records, last }) => {
                self.take(records, scope)?;
                Ok(if last { self.fetch(scope) } else { Flow::On })
            }
            (Step::Offering, Frame::Want { ids }) if ids.is_empty() => Ok(self.offer(scope)),
            (Step::Offering | Step::Answering, Frame::Want { ids }) => self.serve(&ids, scope),
            (Step::Answering, Frame::Days { group, days, last }) => self.differ(group, days, last, scope),
            (Step::Answering, Frame::Reconcile { message }) => {
                let comparison = self.comparison.as_mut().ok_or(Nonsense)?;
                scope.frames.push(Frame::Reconcile { message: comparison.answer(&message)? });
                Ok(Flow::On)
            }
            (Step::Answering, Frame::Offer { ids }) => {
                self.queue = self.wanted(ids, scope);
                self.want(scope);
                Ok(Flow::On)
            }
            (Step::Answering, Frame::Records { records, last }) => {
                self.take(records, scope)?;
                if last {
                    self.want(scope);
                }
                Ok(Flow::On)
            }
            (Step::Answering, Frame::Done) => Ok(Flow::Finished),
            (Step::Days | Step::Ids | Step::Fetching | Step::Offering | Step::Answering, _) => {
                Err(Nonsense.into())
            }
        }
    }

    fn next_group<S: Store>(&mut self, scope: &mut Scope<'_, S>) -> Flow {
        match self.group {
            Group::Control => self.begin(Group::Rest, scope),
            Group::Rest => {
                scope.frames.push(Frame::Done);
                Flow::Finished
            }
        }
    }

    /// What is here of the days that differ.
    fn held<'a, S>(&'a self, scope: &'a Scope<'_, S>) -> impl Iterator<Item = (RecordId, Timestamp)> + 'a {
        let catalogue = &scope.circle.catalogue;
        self.differing.iter().flat_map(|day| catalogue.of_day(self.group, *day, self.window))
    }

    fn compare<S: Store>(&mut self, days: &[u32], scope: &mut Scope<'_, S>) -> Result<Flow, Trouble> {
        if days.is_empty() {
            // Digests differed before, so most likely the peer is busy with another one.
            self.put_off |= self.received.saturating_add(self.sent) == 0;
            return Ok(self.next_group(scope));
        }
        self.differing = days.to_vec();
        let mut comparison = Comparison::new(self.salt, self.held(scope))?;
        scope.frames.push(Frame::Reconcile { message: comparison.begin()? });
        self.comparison = Some(comparison);
        self.step = Step::Ids;
        Ok(Flow::On)
    }

    fn read<S: Store>(&mut self, message: &[u8], scope: &mut Scope<'_, S>) -> Result<Flow, Trouble> {
        let comparison = self.comparison.as_mut().ok_or(Nonsense)?;
        match comparison.read(message)? {
            Progress::Ask(message) => {
                scope.frames.push(Frame::Reconcile { message });
                Ok(Flow::On)
            }
            Progress::Found { have, need } => {
                self.queue = self.wanted(need, scope);
                self.offers = have;
                Ok(self.fetch(scope))
            }
        }
    }

    fn fetch<S: Store>(&mut self, scope: &mut Scope<'_, S>) -> Flow {
        self.asked.clear();
        if self.queue.is_empty() {
            return self.offer(scope);
        }
        self.want(scope);
        self.step = Step::Fetching;
        Flow::On
    }

    fn offer<S: Store>(&mut self, scope: &mut Scope<'_, S>) -> Flow {
        if self.offers.is_empty() {
            return self.next_group(scope);
        }
        let rest = self.offers.split_off(self.offers.len().min(OFFER));
        let ids = std::mem::replace(&mut self.offers, rest);
        scope.frames.push(Frame::Offer { ids });
        self.step = Step::Offering;
        Flow::On
    }

    /// Asks for the next window; for none when there is nothing left.
    fn want<S>(&mut self, scope: &mut Scope<'_, S>) {
        let ids: Vec<_> = self.queue.split_off(self.queue.len().saturating_sub(WINDOW));
        let ids: Vec<_> = ids.into_iter().rev().collect();
        self.asked = ids.iter().copied().collect();
        scope.frames.push(Frame::Want { ids });
    }

    /// Of what the peer has, what is wanted here, in the order of asking with the first last.
    fn wanted<S>(&self, ids: Vec<SaltedId>, scope: &Scope<'_, S>) -> Vec<SaltedId> {
        // What came meanwhile from elsewhere is not wanted again.
        let here = self.held(scope).map(|(id, _)| id);
        let unwanted: BTreeSet<_> =
            scope.circle.unwanted().chain(here).map(|id| self.salt.apply(&id)).collect();
        let mut wanted: Vec<_> = ids.into_iter().filter(|id| !unwanted.contains(id)).collect();
        if scope.circle.catalogue.charter().is_none() {
            // Nothing can be judged without the charter, and its id is the circle's.
            let charter = RecordId::from_bytes(*scope.circle.catalogue.circle().as_bytes());
            let charter = self.salt.apply(&charter);
            wanted.sort_by_key(|id| *id == charter);
        }
        wanted
    }

    fn differ<S>(
        &mut self,
        group: Group,
        days: Vec<(u32, Hash)>,
        last: bool,
        scope: &mut Scope<'_, S>,
    ) -> Result<Flow, Trouble> {
        self.days.extend(days);
        if self.days.len() > MAX_DAYS {
            return Err(Nonsense.into());
        }
        if !last {
            return Ok(Flow::On);
        }
        self.group = group;
        let theirs = std::mem::take(&mut self.days);
        let ours = scope.circle.catalogue.days(group, self.window);
        let all: BTreeSet<u32> = theirs.keys().chain(ours.keys()).copied().collect();
        let differ = |day: &u32| theirs.get(day) != ours.get(day);
        self.differing = all.into_iter().filter(differ).take(MAX_DAYS / 4).collect();
        if scope.busy && !self.mends && !self.differing.is_empty() {
            self.put_off = true;
            self.differing.clear();
        }
        self.mends |= !self.differing.is_empty();
        self.comparison = Some(Comparison::new(self.salt, self.held(scope))?);
        scope.frames.push(Frame::Differ { days: self.differing.clone() });
        Ok(Flow::On)
    }

    fn serve<S: Store>(&mut self, ids: &[SaltedId], scope: &mut Scope<'_, S>) -> Result<Flow, Trouble> {
        let comparison = self.comparison.as_ref().ok_or(Nonsense)?;
        let circle = scope.circle.catalogue.circle();
        let mut frame: Vec<Record> = Vec::new();
        let mut room = FRAME_ROOM;
        for id in ids.iter().filter_map(|salted| comparison.id(salted)) {
            // What was withdrawn or expired meanwhile is left out.
            let Some(record) = scope.store.get(circle, &id)? else { continue };
            if room < room_for(&record) {
                let records = std::mem::take(&mut frame);
                scope.frames.push(Frame::Records { records, last: false });
                room = FRAME_ROOM;
            }
            room = room.saturating_sub(room_for(&record));
            frame.push(record);
            self.sent = self.sent.saturating_add(1);
        }
        scope.frames.push(Frame::Records { records: frame, last: true });
        Ok(Flow::On)
    }

    fn take<S: Store>(&mut self, records: Vec<Record>, scope: &mut Scope<'_, S>) -> Result<(), Trouble> {
        let bad = |_| Trouble::Offence(Offence::BadRecord);
        let mut batch = Vec::new();
        for record in records {
            let signed = Signed::parse(&record.envelope).map_err(bad)?;
            if !self.asked.remove(&self.salt.apply(&signed.id())) {
                return Err(Trouble::Offence(Offence::Unasked));
            }
            batch.push((signed, record.body));
        }
        let mut verified = (scope.verify)(batch, &mut scope.circle.keys).map_err(bad)?;
        // A body can't be asked for alone: what comes without one is asked of another peer, as a whole.
        verified.retain(Verified::is_whole);
        self.received = self.received.saturating_add(verified.len());
        let (news, verdicts) = scope.circle.absorb(scope.store, verified, scope.now)?;
        scope.news.push(news);
        let at_fault = |refusal: &catalogue::Refusal| refusal.fault() == Fault::Sender;
        if verdicts.iter().any(|(_, verdict)| verdict.as_ref().is_err_and(at_fault)) {
            return Err(Trouble::Offence(Offence::BadRecord));
        }
        Ok(())
    }
}
