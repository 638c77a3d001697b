//! Which acts make sense for a side: one table, which pages show and acts obey.

use record::Timestamp;

use super::{Exchange, Party, State};

/// Two who confirm one handover apart date it at most a week apart: else a person looks.
const APART_MS: u64 = 7 * 24 * 60 * 60 * 1000;

/// An act without its words and numbers: what a button says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// See [`Act::Promise`](super::Act::Promise); the others likewise.
    Promise,
    /// The time suits, or another one would.
    Accept,
    /// It lies ready.
    Ready,
    /// It is not promised.
    Decline,
    /// Somebody else gets it.
    Elsewhere,
    /// Words for the other side.
    Message,
    /// It is not wanted any more.
    Withdraw,
    /// What was agreed can't be kept; or it was not given, as the other says it was.
    Cancel,
    /// The promise ran out.
    Lapse,
    /// It was handed over.
    HandOver,
    /// It was received.
    Receive,
    /// A loan was brought back.
    Return,
    /// A loan is back.
    TakeBack,
    /// The borrower would like to keep it longer.
    AskRenewal,
    /// The borrower may keep it longer.
    Renew,
    /// The other did not turn up.
    Missed,
    /// The answer to that.
    OwnUp,
    /// Thanks.
    Thank,
    /// Whether the receipt shall be public.
    Public,
    /// The place in line.
    TellPlace,
    /// What a node does by itself: see [`Exchange::heals`].
    Heal,
}

impl Step {
    /// The word for it in JSON and commands.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Promise => "promise",
            Self::Accept => "accept",
            Self::Ready => "ready",
            Self::Decline => "decline",
            Self::Elsewhere => "elsewhere",
            Self::Message => "message",
            Self::Withdraw => "withdraw",
            Self::Cancel => "cancel",
            Self::Lapse => "lapse",
            Self::HandOver => "handover",
            Self::Receive => "receipt",
            Self::Return => "return",
            Self::TakeBack => "back",
            Self::AskRenewal => "ask-renewal",
            Self::Renew => "renew",
            Self::Missed => "missed",
            Self::OwnUp => "own-up",
            Self::Thank => "thanks",
            Self::Public => "public",
            Self::TellPlace => "place",
            Self::Heal => "heal",
        }
    }

    /// The act in words that follow "can't": "can't promise it".
    #[must_use]
    pub(super) const fn told(self) -> &'static str {
        match self {
            Self::Promise => "promise it",
            Self::Accept => "agree on a time",
            Self::Ready => "say that it is ready",
            Self::Decline => "decline it",
            Self::Elsewhere => "say that it went to somebody else",
            Self::Message => "write a message",
            Self::Withdraw => "take the request back",
            Self::Cancel => "cancel it",
            Self::Lapse => "let it lapse",
            Self::HandOver => "hand it over",
            Self::Receive => "confirm that it was received",
            Self::Return => "bring it back",
            Self::TakeBack => "confirm that it is back",
            Self::AskRenewal => "ask to keep it longer",
            Self::Renew => "let it be kept longer",
            Self::Missed => "say that the other did not turn up",
            Self::OwnUp => "answer whether you turned up",
            Self::Thank => "say thanks",
            Self::Public => "choose whether the receipt is public",
            Self::TellPlace => "tell a place in line",
            Self::Heal => "mend it",
        }
    }
}

impl Exchange {
    /// The acts that make sense for a side now, the one next step first. What stands here is possible; a budget
    /// or missing words may still refuse it.
    #[must_use]
    pub fn steps(&self, me: Party, now: Timestamp) -> Vec<Step> {
        let mut steps = Vec::new();
        let other_missed = self.common(me.other()).is_some_and(|common| common.missed.is_some());
        let answered = self.common(me).is_some_and(|common| common.owns_up.is_some());
        if other_missed && !answered && self.missed().is_some() {
            steps.push(Step::OwnUp);
        }
        self.by_state(me, now, &mut steps);
        steps
    }

    fn by_state(&self, me: Party, now: Timestamp, steps: &mut Vec<Step>) {
        let (gives, loan) = (me == self.giver(), self.is_loan());
        let mut say = |more: &[Step]| steps.extend_from_slice(more);
        match self.state() {
            State::Requested if me == Party::Asker => say(&[Step::Message, Step::Withdraw]),
            State::Requested => {
                say(&[Step::Promise, Step::Decline, Step::Elsewhere, Step::TellPlace]);
                if gives {
                    say(&[Step::HandOver]);
                }
                say(&[Step::Message]);
            }
            State::Promised | State::TimeAgreed | State::Ready | State::NotTurnedUp(_) => {
                steps.extend(self.while_promised(me, now));
            }
            // Until both said it, either can say that it was a mistake, or that it is not so.
            State::HandedOver | State::Received | State::Denied(_) => {
                let said = self.common(me).is_some_and(|common| common.given.is_some());
                let denies = self.state() == State::Denied(me);
                let word = self.word_step(me);
                if !said {
                    say(&[word]);
                }
                say(match (loan, gives) {
                    (true, true) => &[Step::TakeBack],
                    (true, false) => &[Step::Return],
                    (false, _) => &[],
                });
                if !denies {
                    say(&[Step::Cancel]);
                }
                say(&[Step::Message]);
                if said {
                    // Said again, it corrects what was said.
                    say(&[word]);
                }
            }
            State::Lent if gives => say(&[Step::TakeBack, Step::Renew, Step::Message, Step::Public]),
            State::Lent => say(&[Step::Return, Step::AskRenewal, Step::Message, Step::Thank, Step::Public]),
            State::Returned if gives => say(&[Step::TakeBack, Step::Renew, Step::Message, Step::Public]),
            State::Returned => say(&[Step::Message, Step::Thank, Step::Public]),
            State::Back | State::Complete => say(&[Step::Thank, Step::Public, Step::Message]),
            // Who turns up late may still get it; the two may say that they are sorry.
            State::Lapsed | State::Cancelled(Party::Lister) if me == Party::Lister && gives => {
                say(&[Step::Message, Step::HandOver]);
            }
            State::Lapsed | State::Cancelled(_) => say(&[Step::Message]),
            State::Declined | State::Withdrawn | State::Elsewhere => {}
        }
        if self.differs() {
            // The receiver is asked whether the giver's word is right; the giver may mend it.
            steps.insert(if gives { steps.len() } else { 0 }, self.word_step(me));
        }
    }

    fn while_promised(&self, me: Party, now: Timestamp) -> Vec<Step> {
        let (answers, accepted) = (self.answers(), self.asks().and_then(|says| says.accepted));
        let time = answers.and_then(|says| says.time);
        let is_past = |time: Option<Timestamp>| time.is_some_and(|time| time < now);
        let came = is_past(self.agreed_time().or(time).or(answers.and_then(|says| says.until)));
        let mut steps = Vec::new();
        match me {
            Party::Lister => {
                let (ready, until) = answers.map_or((None, None), |says| (says.ready, says.until));
                let asked_for_another_time = accepted.is_some() && accepted != time;
                let missed = self.common(me).is_some_and(|common| common.missed.is_some());
                if missed || asked_for_another_time {
                    steps.push(Step::Promise);
                }
                let can_be_ready = self.giver() == Party::Lister && ready.is_none();
                if can_be_ready && !came {
                    steps.push(Step::Ready);
                }
                steps.push(self.word_step(me));
                if can_be_ready && came {
                    steps.push(Step::Ready);
                }
                if !steps.contains(&Step::Promise) {
                    steps.push(Step::Promise);
                }
                if is_past(until) || missed {
                    steps.push(Step::Lapse);
                }
            }
            Party::Asker => {
                let has_to_agree = time.is_some() && accepted != time;
                if has_to_agree {
                    steps.push(Step::Accept);
                }
                steps.push(self.word_step(me));
                if !has_to_agree {
                    steps.push(Step::Accept);
                }
            }
        }
        steps.push(Step::Cancel);
        if me == Party::Lister {
            steps.push(Step::Elsewhere);
        }
        if came && self.common(me).is_none_or(|common| common.missed.is_none()) {
            steps.push(Step::Missed);
        }
        steps.push(Step::Message);
        steps
    }

    /// The step with which a side gives its word on the receipt.
    pub(super) fn word_step(&self, me: Party) -> Step {
        if me == self.giver() { Step::HandOver } else { Step::Receive }
    }

    /// Whether both gave their word on the receipt, but not on the same amount.
    #[must_use]
    pub fn differs(&self) -> bool {
        let amount = |party| self.common(party)?.given.as_ref().map(|given| given.amount);
        amount(Party::Asker).zip(amount(Party::Lister)).is_some_and(|(one, other)| one != other)
    }

    /// Whether the side's node has something to do that no person needs to be asked for, by the act
    /// [`Act::Heal`](super::Act::Heal). A lister lets go of its promise once the asker gave it up: only then is it
    /// free for others, and stays so whatever the asker says later. Who receives signs the giver's word on the
    /// receipt, if it says no more than its own, and a time within a week of its own.
    #[must_use]
    pub fn heals(&self, me: Party) -> bool {
        self.lets_go(me) || self.countersigns(me)
    }

    pub(super) fn lets_go(&self, me: Party) -> bool {
        let ended = |party| self.common(party).is_some_and(|common| common.ended.is_some());
        let holds = self.promised().is_some() && !ended(Party::Lister);
        me == Party::Lister && holds && ended(Party::Asker) && !self.gave() && !self.took()
    }

    pub(super) fn countersigns(&self, me: Party) -> bool {
        let amount = |party| self.common(party)?.given.as_ref().map(|given| given.amount);
        let (Some(gave), Some(took)) = (amount(self.giver()), amount(self.receiver())) else { return false };
        let no_more = gave.count <= took.count && gave.minutes <= took.minutes && gave.grams <= took.grams;
        let apart = gave.at.since(took.at).max(took.at.since(gave.at));
        me == self.receiver() && gave != took && no_more && apart <= APART_MS
    }
}
