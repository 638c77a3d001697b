//! One sync session: two nodes find out what each lacks of a circle, and send it.
//!
//! The side that opened the session leads: for each group of records it compares days, then ids, then
//! asks for what it lacks, then offers what the peer lacks. Records flow only on request, a window at
//! a time, so that the slower side sets the pace; what arrived is kept if the session is cut.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use catalogue::{Digests, Group, Window};
use record::{Hash, MemberId, Record, RecordId, Signed, Timestamp};

use crate::circle::{Circle, News, is_at_fault};
use crate::fetch::Fetch;
use crate::frame::{Frame, SaltedId, room_for};
use crate::limits::{ANSWER_ROOM, DAYS_IN_FRAME, GATHERED, MAX_DAYS, OFFER, PORTION, WINDOW};
use crate::line::SessionSalt;
use crate::names::Role;
use crate::peers::Offence;
use crate::reconcile::{Comparison, Nonsense, Piece};
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
    /// Up to which number the peer was asked for the bodies that are wanted here.
    pub(crate) asked_to: u64,
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
    /// The opener waits for bodies.
    Bodies,
    /// The other side answers.
    Answering,
}

/// A session after both have said hello.
pub(crate) struct Talk {
    salt: SessionSalt,
    window: Window,
    step: Step,
    group: Group,
    /// Which group the peer asked to compare last.
    compared: Option<Group>,
    /// What the peer had at the beginning.
    peer: Option<Digests>,
    days: BTreeMap<u32, Hash>,
    /// The days that differ.
    differing: BTreeSet<u32>,
    comparison: Option<Comparison>,
    /// What is wanted of the peer.
    fetch: Fetch,
    /// What need not be asked for: it is refused here, or came while the session went on.
    here: BTreeSet<SaltedId>,
    /// How much had come to the circle when `here` was brought up to date.
    seen: u64,
    /// What the peer lacks.
    offers: Vec<RecordId>,
    /// Whose bodies were asked for and have not come, by their numbers, and whether one came.
    bodies: VecDeque<(u64, RecordId)>,
    body_came: bool,
    /// The two differ, and this session is to mend it.
    pub(crate) mends: bool,
    /// The two differ, and this session leaves it to a later one: another session is at it.
    pub(crate) put_off: bool,
    pub(crate) received: usize,
    pub(crate) sent: usize,
}

impl Talk {
    pub(crate) fn new(role: Role, salt: SessionSalt, window: Window, peer: Option<Digests>) -> Self {
        let step = match role {
            Role::Initiator => Step::Days,
            Role::Responder => Step::Answering,
        };
        Self {
            salt,
            window,
            step,
            group: Group::Control,
            compared: None,
            peer,
            days: BTreeMap::new(),
            differing: BTreeSet::new(),
            comparison: None,
            fetch: Fetch::default(),
            here: BTreeSet::new(),
            seen: 0,
            offers: Vec::new(),
            bodies: VecDeque::new(),
            body_came: false,
            mends: false,
            put_off: false,
            received: 0,
            sent: 0,
        }
    }

    #[cfg(test)]
    pub(crate) fn laid_out(&self) -> usize {
        self.comparison.as_ref().map_or(0, |comparison| {
            comparison.line.between(crate::line::Place::FIRST, crate::line::Place::LAST).len()
        })
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
            (Step::Days, Frame::Differ { days }) => self.compare(days, scope),
            (Step::Ids, Frame::Reconcile { pieces }) => self.read(pieces, scope),
            (Step::Fetching, Frame::Records { records, last }) => {
                self.receive(records, last, scope)?;
                Ok(if self.fetch.is_done() { self.go_on(scope) } else { Flow::On })
            }
            (Step::Bodies, Frame::Records { records, last }) => self.receive_bodies(records, last, scope),
            (Step::Offering, Frame::Want { ids }) if ids.is_empty() => Ok(self.go_on(scope)),
            (Step::Offering | Step::Answering, Frame::Want { ids }) => self.serve(&ids, scope),
            (Step::Answering, Frame::Days { group, days, last }) => self.differ(group, days, last, scope),
            (Step::Answering, Frame::Reconcile { pieces }) => {
                let comparison = self.comparison.as_mut().ok_or(Nonsense)?;
                let pieces = comparison.answer(pieces, |id| author_of(scope.circle, id))?;
                scope.frames.push(Frame::Reconcile { pieces });
                Ok(Flow::On)
            }
            (Step::Answering, Frame::Offer { groups }) => {
                if self.comparison.is_none() || !self.fetch.is_done() {
                    return Err(Nonsense.into());
                }
                self.need(groups, scope);
                self.ask(scope);
                if self.fetch.is_done() {
                    scope.frames.push(Frame::Want { ids: Vec::new() });
                }
                Ok(Flow::On)
            }
            (Step::Answering, Frame::Records { records, last }) => {
                self.receive(records, last, scope)?;
                if self.fetch.is_done() {
                    scope.frames.push(Frame::Want { ids: Vec::new() });
                }
                Ok(Flow::On)
            }
            (Step::Answering, Frame::Bodies { ids }) => self.give_bodies(ids, scope),
            (Step::Answering, Frame::Done) => Ok(Flow::Finished),
            (
                Step::Days | Step::Ids | Step::Fetching | Step::Offering | Step::Bodies | Step::Answering,
                _,
            ) => Err(Nonsense.into()),
        }
    }

    fn next_group<S: Store>(&mut self, scope: &mut Scope<'_, S>) -> Flow {
        match self.group {
            Group::Control => self.begin(Group::Rest, scope),
            Group::Rest => self.ask_for_bodies(scope),
        }
    }

    /// What is here of the days that differ.
    fn held<'a, S>(&'a self, scope: &'a Scope<'_, S>) -> impl Iterator<Item = (RecordId, Timestamp)> + 'a {
        let catalogue = &scope.circle.catalogue;
        self.differing.iter().flat_map(|day| catalogue.of_day(self.group, *day, self.window))
    }

    /// Lays what is here of the days that differ in a line.
    fn line_up<S>(&mut self, scope: &Scope<'_, S>) {
        self.comparison = Some(Comparison::new(self.salt, self.held(scope)));
        self.here = scope.circle.unwanted().map(|id| self.salt.apply(&id)).collect();
        self.seen = scope.circle.came();
    }

    fn compare<S: Store>(&mut self, days: Vec<u32>, scope: &mut Scope<'_, S>) -> Result<Flow, Trouble> {
        if days.is_empty() {
            // Digests differed before, so most likely the peer is busy with another one.
            self.put_off |= self.received.saturating_add(self.sent) == 0;
            return Ok(self.next_group(scope));
        }
        // Why a set: a day that is named a thousand times is laid out once.
        self.differing = days.into_iter().collect();
        self.line_up(scope);
        Ok(self.go_on(scope))
    }

    fn read<S: Store>(&mut self, answer: Vec<Piece>, scope: &mut Scope<'_, S>) -> Result<Flow, Trouble> {
        let found = self.comparison.as_mut().ok_or(Nonsense)?.read(answer)?;
        self.offers.extend(found.have);
        self.need(found.need, scope);
        Ok(self.go_on(scope))
    }

    /// What the opener does next: it compares until enough is known, then fetches, then offers, and so on.
    fn go_on<S: Store>(&mut self, scope: &mut Scope<'_, S>) -> Flow {
        if self.fetch.waiting() < GATHERED
            && self.offers.len() < OFFER
            && let Some(pieces) = self.comparison.as_mut().and_then(Comparison::ask)
        {
            scope.frames.push(Frame::Reconcile { pieces });
            self.step = Step::Ids;
            return Flow::On;
        }
        self.ask(scope);
        if !self.fetch.is_done() {
            self.step = Step::Fetching;
            return Flow::On;
        }
        if self.offers.is_empty() {
            return self.next_group(scope);
        }
        let rest = self.offers.split_off(self.offers.len().min(OFFER));
        let mut groups: BTreeMap<_, Vec<SaltedId>> = BTreeMap::new();
        for id in std::mem::replace(&mut self.offers, rest) {
            groups.entry(author_of(scope.circle, &id)).or_default().push(self.salt.apply(&id));
        }
        scope.frames.push(Frame::Offer { groups: groups.into_values().collect() });
        self.step = Step::Offering;
        Flow::On
    }

    /// Of what the peer has, takes note of what is wanted here.
    fn need<S>(&mut self, groups: Vec<Vec<SaltedId>>, scope: &Scope<'_, S>) {
        self.fetch.add(groups);
        if scope.circle.catalogue.charter().is_none() {
            // Nothing can be judged without the charter, and its id is the circle's.
            let charter = RecordId::from_bytes(*scope.circle.catalogue.circle().as_bytes());
            self.fetch.prefer(self.salt.apply(&charter));
        }
    }

    /// Asks for the next windows.
    fn ask<S>(&mut self, scope: &mut Scope<'_, S>) {
        // What came meanwhile from elsewhere is not wanted again.
        match scope.circle.came_since(self.seen) {
            Some(ids) => self.here.extend(ids.map(|id| self.salt.apply(&id))),
            None => {
                let held: Vec<_> = self.held(scope).map(|(id, _)| self.salt.apply(&id)).collect();
                self.here.extend(held);
            }
        }
        self.seen = scope.circle.came();
        let questions = self.fetch.ask(&self.here);
        scope.frames.extend(questions.into_iter().map(|ids| Frame::Want { ids }));
    }

    fn differ<S>(
        &mut self,
        group: Group,
        days: Vec<(u32, Hash)>,
        last: bool,
        scope: &mut Scope<'_, S>,
    ) -> Result<Flow, Trouble> {
        self.days.extend(days);
        // Each group is compared once in a session.
        if self.days.len() > MAX_DAYS || self.compared.is_some_and(|done| done >= group) {
            return Err(Nonsense.into());
        }
        if !last {
            return Ok(Flow::On);
        }
        self.group = group;
        self.compared = Some(group);
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
        self.line_up(scope);
        scope.frames.push(Frame::Differ { days: self.differing.iter().copied().collect() });
        Ok(Flow::On)
    }

    fn serve<S: Store>(&mut self, ids: &[SaltedId], scope: &mut Scope<'_, S>) -> Result<Flow, Trouble> {
        let line = &self.comparison.as_ref().ok_or(Nonsense)?.line;
        let ids: Vec<_> = ids.iter().filter_map(|salted| line.get(*salted)).collect();
        // What was withdrawn or has ended meanwhile is not counted any more; what the store has lost shall come
        // back from a peer.
        for id in self.give(ids, |_| true, scope)? {
            scope.news.push(scope.circle.lose(scope.store, id));
        }
        Ok(Flow::On)
    }

    /// Gives records whose bodies are here, of those that the peer holds without.
    fn give_bodies<S: Store>(
        &mut self,
        mut ids: Vec<RecordId>,
        scope: &mut Scope<'_, S>,
    ) -> Result<Flow, Trouble> {
        ids.retain(|id| scope.circle.catalogue.admitted(id).is_some());
        self.give(ids, |record| record.body.is_some(), scope)?;
        Ok(Flow::On)
    }

    /// Gives those of these records that are wanted, as far as they fit in one answer. Says what the store lacks.
    fn give<S: Store>(
        &mut self,
        ids: Vec<RecordId>,
        wanted: impl Fn(&Record) -> bool,
        scope: &mut Scope<'_, S>,
    ) -> Result<Vec<RecordId>, Trouble> {
        let circle = scope.circle.catalogue.circle();
        let mut lost = Vec::new();
        let mut frame: Vec<Record> = Vec::new();
        let (mut room, mut left) = (PORTION, ANSWER_ROOM);
        for id in ids {
            let Some(record) = scope.store.get(circle, &id)? else {
                lost.push(id);
                continue;
            };
            if !wanted(&record) {
                continue;
            }
            let bytes = room_for(&record);
            if left < bytes {
                break;
            }
            if room < bytes {
                let records = std::mem::take(&mut frame);
                scope.frames.push(Frame::Records { records, last: false });
                room = PORTION;
            }
            (room, left) = (room.saturating_sub(bytes), left.saturating_sub(bytes));
            frame.push(record);
            self.sent = self.sent.saturating_add(1);
        }
        scope.frames.push(Frame::Records { records: frame, last: true });
        Ok(lost)
    }

    /// Asks for bodies that are wanted here and that this peer was not asked for lately; then all is done.
    fn ask_for_bodies<S>(&mut self, scope: &mut Scope<'_, S>) -> Flow {
        self.bodies = scope.circle.bodies.wanted_after(scope.asked_to, WINDOW).collect();
        self.body_came = false;
        let Some((last, _)) = self.bodies.back() else {
            scope.frames.push(Frame::Done);
            return Flow::Finished;
        };
        scope.asked_to = *last;
        scope.frames.push(Frame::Bodies { ids: self.bodies.iter().map(|(_, id)| *id).collect() });
        self.step = Step::Bodies;
        Flow::On
    }

    fn receive_bodies<S: Store>(
        &mut self,
        records: Vec<Record>,
        last: bool,
        scope: &mut Scope<'_, S>,
    ) -> Result<Flow, Trouble> {
        if records.is_empty() && !last {
            return Err(Nonsense.into());
        }
        self.body_came |= !records.is_empty();
        let bodies = &mut self.bodies;
        // They come in the order in which they were asked for.
        let asked = |id: RecordId| {
            let at = bodies.iter().position(|(_, asked)| *asked == id)?;
            bodies.drain(..=at).next_back()
        };
        self.received = self.received.saturating_add(take(records, asked, scope)?);
        if !last {
            return Ok(Flow::On);
        }
        // What is behind the last that came did not fit, and is asked for again; if nothing came, nothing is there.
        if let Some((next, _)) = self.bodies.front().filter(|_| self.body_came) {
            scope.asked_to = next.saturating_sub(1);
        }
        Ok(self.ask_for_bodies(scope))
    }

    /// Takes in what came, and asks for more.
    fn receive<S: Store>(
        &mut self,
        records: Vec<Record>,
        last: bool,
        scope: &mut Scope<'_, S>,
    ) -> Result<(), Trouble> {
        if records.is_empty() && !last {
            return Err(Nonsense.into());
        }
        let (fetch, salt) = (&mut self.fetch, self.salt);
        let asked = |id: RecordId| fetch.take(salt.apply(&id)).then_some(());
        self.received = self.received.saturating_add(take(records, asked, scope)?);
        if last {
            if !self.fetch.answered() {
                return Err(Trouble::Offence(Offence::Unasked));
            }
            self.ask(scope);
        }
        Ok(())
    }
}

/// Takes in records, if they were asked for. Says how many came.
fn take<S: Store, T>(
    records: Vec<Record>,
    mut asked: impl FnMut(RecordId) -> Option<T>,
    scope: &mut Scope<'_, S>,
) -> Result<usize, Trouble> {
    let bad = |_| Trouble::Offence(Offence::BadRecord);
    let mut batch = Vec::new();
    for record in records {
        let signed = Signed::parse(&record.envelope).map_err(bad)?;
        asked(signed.id()).ok_or(Trouble::Offence(Offence::Unasked))?;
        batch.push((signed, record.body));
    }
    let verified: Result<Vec<_>, _> = (scope.verify)(batch, &mut scope.circle.keys).into_iter().collect();
    let verified = verified.map_err(bad)?;
    let came = verified.len();
    let (news, verdicts) = scope.circle.absorb(scope.store, verified, scope.now)?;
    scope.news.push(news);
    if verdicts.iter().any(is_at_fault) {
        return Err(Trouble::Offence(Offence::BadRecord));
    }
    Ok(came)
}

/// Whose record it is; records that are gone meanwhile are nobody's.
fn author_of(circle: &Circle, id: &RecordId) -> Option<MemberId> {
    circle.catalogue.admitted(id).map(|held| held.header().author)
}
