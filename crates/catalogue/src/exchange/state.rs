//! Where an exchange stands: a total function of the newest stance of each side, whatever the time.

use record::{Common, Why};

use super::{Exchange, Party};

/// Where an exchange stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// It was asked; the lister has not answered.
    Requested,
    /// It is promised; the two have not agreed on a time.
    Promised,
    /// It is promised, and the two agreed on a time.
    TimeAgreed,
    /// It is promised and lies ready.
    Ready,
    /// Who gives says that it was handed over.
    HandedOver,
    /// Who receives says that it was received.
    Received,
    /// One side says that it was given, and this one that it was not.
    Denied(Party),
    /// Both say that it was given, and it is to come back.
    Lent,
    /// The borrower says that it was brought back.
    Returned,
    /// The lender has it back.
    Back,
    /// Both say that it was given.
    Complete,
    /// The lister does not promise it.
    Declined,
    /// The asker does not want it any more.
    Withdrawn,
    /// This side can't keep what was agreed.
    Cancelled(Party),
    /// The promise ran out.
    Lapsed,
    /// The lister gave it to somebody else.
    Elsewhere,
    /// One side says that the other did not turn up.
    NotTurnedUp(Missed),
}

/// That somebody did not turn up, as the other says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Missed {
    /// Who says it.
    pub says: Party,
    /// What the other answered: it is so, or it is not. Nothing yet if `None`.
    pub answer: Option<bool>,
}

impl State {
    /// The word for it in JSON and commands.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Promised => "promised",
            Self::TimeAgreed => "time-agreed",
            Self::Ready => "ready",
            Self::HandedOver => "handed-over",
            Self::Received => "received",
            Self::Denied(_) => "denied",
            Self::Lent => "lent",
            Self::Returned => "returned",
            Self::Back => "back",
            Self::Complete => "complete",
            Self::Declined => "declined",
            Self::Withdrawn => "withdrawn",
            Self::Cancelled(_) => "cancelled",
            Self::Lapsed => "lapsed",
            Self::Elsewhere => "elsewhere",
            Self::NotTurnedUp(_) => "not-turned-up",
        }
    }

    /// Whether nothing more has to happen.
    #[must_use]
    pub const fn is_over(self) -> bool {
        match self {
            Self::Requested
            | Self::Promised
            | Self::TimeAgreed
            | Self::Ready
            | Self::HandedOver
            | Self::Received
            | Self::Denied(_)
            | Self::Lent
            | Self::Returned
            | Self::NotTurnedUp(_) => false,
            Self::Back
            | Self::Complete
            | Self::Declined
            | Self::Withdrawn
            | Self::Cancelled(_)
            | Self::Lapsed
            | Self::Elsewhere => true,
        }
    }
}

impl Exchange {
    /// Where it stands. What was given outranks every end, and an end outranks a promise.
    #[must_use]
    pub fn state(&self) -> State {
        self.given().or_else(|| self.ended()).unwrap_or_else(|| self.open())
    }

    /// Whether somebody is said not to have turned up, whatever came of it.
    #[must_use]
    pub fn missed(&self) -> Option<Missed> {
        self.promised()?;
        let misses = |party| self.common(party).is_some_and(|common| common.missed.is_some());
        let says = if misses(Party::Lister) {
            Party::Lister
        } else {
            misses(Party::Asker).then_some(Party::Asker)?
        };
        // If each says it of the other, neither owns up.
        let answer = self.common(says.other()).and_then(|common| common.owns_up);
        Some(Missed { says, answer: if misses(says.other()) { Some(false) } else { answer } })
    }

    /// Whether the giver says that it was handed over.
    pub(super) fn gave(&self) -> bool {
        self.common(self.giver()).is_some_and(|common| common.given.is_some())
    }

    /// Whether the receiver says that it was received: by its word, by the pick-up code, or by bringing it back.
    pub(super) fn took(&self) -> bool {
        let receiver = self.common(self.receiver());
        let says = |common: &Common| common.given.is_some() || (self.is_loan() && common.returned.is_some());
        receiver.is_some_and(says) || self.is_by_code()
    }

    fn given(&self) -> Option<State> {
        let says = |party, what: fn(&Common) -> bool| self.common(party).is_some_and(what);
        let (giver, receiver) = (self.giver(), self.receiver());
        if self.is_loan() && says(giver, |common| common.back.is_some()) {
            return Some(State::Back);
        }
        let denies = |party| says(party, |common| common.ended.is_some());
        match (self.gave(), self.took()) {
            (true, true) if !self.is_loan() => Some(State::Complete),
            (true, true) if says(receiver, |common| common.returned.is_some()) => Some(State::Returned),
            (true, true) => Some(State::Lent),
            (true, false) if denies(receiver) => Some(State::Denied(receiver)),
            (true, false) => Some(State::HandedOver),
            (false, true) if denies(giver) => Some(State::Denied(giver)),
            (false, true) => Some(State::Received),
            (false, false) => None,
        }
    }

    fn ended(&self) -> Option<State> {
        let ended = |party| self.common(party).and_then(|common| common.ended.as_ref());
        match (ended(Party::Asker), ended(Party::Lister)) {
            (Some(ending), _) if ending.why == Why::Withdrawn => Some(State::Withdrawn),
            (Some(_), _) => Some(State::Cancelled(Party::Asker)),
            (None, Some(ending)) => Some(match ending.why {
                Why::Withdrawn => State::Withdrawn,
                Why::Cancelled => State::Cancelled(Party::Lister),
                Why::Declined => State::Declined,
                Why::Lapsed => State::Lapsed,
                Why::Elsewhere => State::Elsewhere,
            }),
            (None, None) => None,
        }
    }

    fn open(&self) -> State {
        let Some(says) = self.answers().filter(|says| says.promised.is_some()) else {
            return State::Requested;
        };
        if let Some(missed) = self.missed() {
            State::NotTurnedUp(missed)
        } else if says.ready.is_some() {
            State::Ready
        } else if self.agreed_time().is_some() {
            State::TimeAgreed
        } else {
            State::Promised
        }
    }
}
