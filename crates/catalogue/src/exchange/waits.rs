//! What waits for a side: typed, with since when.

use record::{ExchangeId, Timestamp};

use super::{Exchange, Party, State, Step, overdue_since};

/// Something that waits for a side of an exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting {
    /// In which exchange.
    pub exchange: ExchangeId,
    /// What.
    pub what: What,
    /// Since when it waits, or for what moment.
    pub at: Timestamp,
    /// The act that answers it.
    pub step: Option<Step>,
}

/// What waits, what is most pressing first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    /// A loan is late, since `at`.
    Overdue,
    /// The promise runs out at `at`.
    Lapsing,
    /// The handover is at `at`, within a day.
    Soon,
    /// It lies ready to be collected, since `at`.
    Collect,
    /// A loan is due at `at`, within three days.
    Due,
    /// The other says since `at` that this side did not turn up.
    Missed,
    /// The borrower says that it brought the loan back, at `at`.
    Returned,
    /// The borrower asks to keep it, until `at`.
    Renewal,
    /// Somebody asks, since `at`.
    Asked,
    /// It is promised, since `at`, and no time is agreed on: the asker chooses.
    Promised,
    /// The lister proposes a time, `at`: the asker says whether it suits.
    Time,
    /// The asker would rather have another time, `at`.
    OtherTime,
    /// The time for the handover was `at`: was it given?
    Outcome,
    /// The promise ran out at `at`: the lister lets it lapse, or hands it over.
    Lapsed,
    /// The other says that it was given, at `at`: is it so?
    Confirm,
    /// Both gave their word on the receipt, but not on the same amount.
    Differs,
    /// The other says that it was not given.
    Denied,
}

impl What {
    /// The word for it in JSON.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Overdue => "overdue",
            Self::Lapsing => "lapsing",
            Self::Soon => "soon",
            Self::Collect => "collect",
            Self::Due => "due",
            Self::Missed => "missed",
            Self::Returned => "returned",
            Self::Renewal => "renewal",
            Self::Asked => "asked",
            Self::Promised => "promised",
            Self::Time => "time",
            Self::OtherTime => "other-time",
            Self::Outcome => "outcome",
            Self::Lapsed => "lapsed",
            Self::Confirm => "confirm",
            Self::Differs => "differs",
            Self::Denied => "denied",
        }
    }
}

/// A handover or the end of a promise is told a day before.
const SOON_MS: u64 = 24 * 60 * 60 * 1000;
/// That a loan is due is told three days before.
const DUE_MS: u64 = 3 * SOON_MS;
/// How it went is asked three hours after the time of the handover.
const OUTCOME_MS: u64 = 3 * 60 * 60 * 1000;

impl Exchange {
    /// What waits for a side now, what is most pressing first. What only time brings is told here too: nothing
    /// has to be said for it.
    #[must_use]
    pub fn waits(&self, me: Party, now: Timestamp) -> Vec<Waiting> {
        let mut list = List { exchange: self.id(), waits: Vec::new() };
        self.wait_for_answers(me, &mut list);
        match self.state() {
            State::Requested if me == Party::Lister => {
                list.add(What::Asked, Some(self.about().asked), Some(Step::Promise));
            }
            State::Promised | State::TimeAgreed | State::Ready => self.wait_for_handover(me, now, &mut list),
            State::HandedOver | State::Lent => self.wait_for_return(me, now, &mut list),
            State::Returned if me == self.giver() => {
                let returned = self.common(me.other()).and_then(|common| common.returned);
                list.add(What::Returned, returned, Some(Step::TakeBack));
            }
            State::Denied(by) if by != me => list.add(What::Denied, Some(self.changed()), Some(Step::Cancel)),
            State::Requested
            | State::Received
            | State::Denied(_)
            | State::Returned
            | State::Back
            | State::Complete
            | State::Declined
            | State::Withdrawn
            | State::Cancelled(_)
            | State::Lapsed
            | State::Elsewhere
            | State::NotTurnedUp(_) => {}
        }
        list.waits.sort_by_key(|waiting| (waiting.what, waiting.at));
        list.waits
    }

    /// What the other said that takes an answer, wherever the exchange stands.
    fn wait_for_answers(&self, me: Party, list: &mut List) {
        let theirs = self.common(me.other());
        let said = theirs.and_then(|common| common.given.as_ref()).map(|given| given.amount.at);
        let state = self.state();
        if state == State::HandedOver && me == self.receiver() {
            list.add(What::Confirm, said, Some(Step::Receive));
        } else if state == State::Received && me == self.giver() {
            let back = theirs.and_then(|common| common.returned);
            list.add(What::Confirm, said.or(back), Some(Step::HandOver));
        }
        if self.differs() && me == self.receiver() && !self.countersigns(me) {
            list.add(What::Differs, said, Some(Step::Receive));
        }
        let answered = self.common(me).is_some_and(|common| common.owns_up.is_some());
        if self.missed().is_some_and(|missed| missed.says != me) && !answered {
            list.add(What::Missed, theirs.and_then(|common| common.missed), Some(Step::OwnUp));
        }
    }

    fn wait_for_handover(&self, me: Party, now: Timestamp, list: &mut List) {
        let Some(says) = self.answers() else { return };
        let (time, accepted) = (says.time, self.asks().and_then(|asks| asks.accepted));
        let is_over = |time: Timestamp| time.plus_millis(OUTCOME_MS) <= now;
        match (me, self.state()) {
            (Party::Asker, State::Promised) if time.is_some() && accepted.is_none() => {
                list.add(What::Time, time, Some(Step::Accept));
            }
            (Party::Asker, State::Promised) if accepted.is_none() => {
                list.add(What::Promised, says.promised.map(|promised| promised.at), Some(Step::Accept));
            }
            (Party::Lister, State::Promised) if accepted.is_some() => {
                list.add(What::OtherTime, accepted, Some(Step::Promise));
            }
            (Party::Asker, State::Ready) => list.add(What::Collect, says.ready, Some(Step::Receive)),
            (Party::Asker | Party::Lister, _) => {}
        }
        let outcome = self.word_step(me);
        if let Some(agreed) = self.agreed_time() {
            if is_over(agreed) {
                list.add(What::Outcome, Some(agreed), Some(outcome));
            } else if agreed > now && agreed.since(now) <= SOON_MS {
                list.add(What::Soon, Some(agreed), None);
            }
        }
        match says.until {
            Some(until) if until < now && me == Party::Lister => {
                list.add(What::Lapsed, Some(until), Some(Step::Lapse));
            }
            Some(until) if until >= now && until.since(now) <= SOON_MS && me == Party::Asker => {
                list.add(What::Lapsing, Some(until), None);
            }
            Some(_) | None => {}
        }
    }

    fn wait_for_return(&self, me: Party, now: Timestamp, list: &mut List) {
        let Some(due) = self.due() else { return };
        let gives = me == self.giver();
        let step = if gives { Step::TakeBack } else { Step::Return };
        if overdue_since(self, now).is_some() {
            list.add(What::Overdue, Some(due), Some(step));
        } else if !gives && due.since(now) <= DUE_MS {
            list.add(What::Due, Some(due), Some(step));
        }
        let wants = self.common(self.receiver()).and_then(|common| common.wants_until);
        list.add(What::Renewal, wants.filter(|until| gives && *until > due), Some(Step::Renew));
    }
}

struct List {
    exchange: ExchangeId,
    waits: Vec<Waiting>,
}

impl List {
    /// Adds what waits, if there is a moment for it.
    fn add(&mut self, what: What, at: Option<Timestamp>, step: Option<Step>) {
        self.waits.extend(at.map(|at| Waiting { exchange: self.exchange, what, at, step }));
    }
}
