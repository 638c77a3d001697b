//! How an act becomes the next stance of its side.

use record::limits::MAX_STANCE;
use record::{
    About, Amount, AskerSays, BodyError, Common, Ending, Given, ListerSays, Map, Message, Promised,
    RECEIPT_PURPOSE, Said, Says, Stance, Terms, Timestamp, Why, code_commitment, tidy, tidy_line,
};

use super::acts::{Act, ActError, Budget, HandOver, Promise, Receive, Request, Sign};
use super::{Exchange, Party, State, Step};

impl Exchange {
    /// The first stance of an exchange: somebody asks.
    ///
    /// # Errors
    /// An [`ActError`] about the number or the words.
    pub fn request(about: About, request: Request) -> Result<Said, ActError> {
        let Request { count, name, commitment, nonce, message } = request;
        let name = name.map(|name| tidy_line(&name));
        let revision = about.asked;
        let says = Says::Asker(AskerSays { count, name, commitment, nonce, accepted: None });
        let common = Common::default();
        let stance = Stance { about, revision, says, common, messages: Vec::new(), other: Map::new() };
        let mut draft = Draft { stance, now: revision };
        draft.write(&message);
        draft.fit().map(|stance| Said { stance, seal: None })
    }

    /// The next stance of a side: what it said before, and this act. It is signed if it binds.
    ///
    /// # Errors
    /// An [`ActError`] that says why not, for whoever wanted it.
    pub fn next(
        &self,
        me: Party,
        act: Act,
        now: Timestamp,
        budget: Budget,
        sign: Sign<'_>,
    ) -> Result<Said, ActError> {
        let act = self.meant(me, act);
        self.allow(me, act.step(), now)?;
        let mut draft = self.draft(me, now);
        match act {
            Act::Promise(promise) => self.promise(&mut draft, promise, budget)?,
            Act::Accept(time) => draft.accept(time)?,
            Act::Ready => draft.lister()?.ready = Some(now),
            Act::Decline(words) => draft.end(Why::Declined, &words),
            Act::Elsewhere(words) => draft.end(Why::Elsewhere, &words),
            Act::Message(text) => draft.message(&text)?,
            Act::Withdraw(words) => draft.end(Why::Withdrawn, &words),
            Act::Cancel(words) => draft.cancel(&words),
            Act::Lapse => draft.end(Why::Lapsed, ""),
            Act::HandOver(how) => self.hand_over(&mut draft, how, budget, sign)?,
            Act::Receive(how) => self.receive(&mut draft, how, budget, sign)?,
            Act::Return(condition) => self.bring_back(&mut draft, condition, sign)?,
            Act::TakeBack(condition) => self.take_back(&mut draft, condition, sign)?,
            Act::AskRenewal(until) => draft.ask_renewal(until)?,
            Act::Renew(due) => draft.renew(due, budget)?,
            Act::Missed => draft.stance.common.missed = Some(now),
            Act::OwnUp(answer) => draft.stance.common.owns_up = Some(answer),
            Act::Thank(words) => draft.stance.common.thanks = said(&words),
            Act::Public(wants) => draft.stance.common.public = wants,
            Act::TellPlace(place) => draft.lister()?.queue = Some(place),
            Act::Heal => self.heal(&mut draft, me, sign)?,
        }
        Ok(Said::sealed(draft.fit()?, sign))
    }

    /// The act that a person means: a request is taken back and declined, a promise is cancelled.
    fn meant(&self, me: Party, act: Act) -> Act {
        let (asked, promised) = (self.state() == State::Requested, self.is_promised());
        match (me, act) {
            (Party::Asker, Act::Withdraw(words)) if promised => Act::Cancel(words),
            (Party::Asker, Act::Cancel(words)) if asked => Act::Withdraw(words),
            (Party::Lister, Act::Cancel(words)) if asked => Act::Decline(words),
            (Party::Lister, Act::Decline(words)) if promised => Act::Cancel(words),
            (Party::Asker | Party::Lister, act) => act,
        }
    }

    /// Whether a step makes sense; else the reason, in the words that help most.
    fn allow(&self, me: Party, step: Step, now: Timestamp) -> Result<(), ActError> {
        let allowed = if step == Step::Heal { self.heals(me) } else { self.steps(me, now).contains(&step) };
        if allowed {
            return Ok(());
        }
        let gives = me == self.giver();
        Err(match step {
            Step::Heal => ActError::NothingToHeal,
            Step::HandOver if !gives => ActError::OnlyGiver(step),
            Step::Receive if gives => ActError::OnlyReceiver(step),
            Step::Return | Step::AskRenewal | Step::TakeBack | Step::Renew if !self.is_loan() => {
                ActError::NoLoan(step)
            }
            Step::Return | Step::AskRenewal if gives => ActError::OnlyReceiver(step),
            Step::TakeBack | Step::Renew if !gives => ActError::OnlyGiver(step),
            Step::Promise | Step::Ready | Step::Decline | Step::Elsewhere | Step::Lapse | Step::TellPlace
                if me == Party::Asker =>
            {
                ActError::OtherSide(Party::Lister, step)
            }
            Step::Accept | Step::Withdraw if me == Party::Lister => ActError::OtherSide(Party::Asker, step),
            Step::Ready if !gives => ActError::OnlyGiver(step),
            Step::Lapse if self.is_promised() => ActError::NotLapsed,
            Step::Missed if self.is_promised() => ActError::NotDue,
            Step::Promise
            | Step::Accept
            | Step::Ready
            | Step::Decline
            | Step::Elsewhere
            | Step::Message
            | Step::Withdraw
            | Step::Cancel
            | Step::Lapse
            | Step::HandOver
            | Step::Receive
            | Step::Return
            | Step::TakeBack
            | Step::AskRenewal
            | Step::Renew
            | Step::Missed
            | Step::OwnUp
            | Step::Thank
            | Step::Public
            | Step::TellPlace => ActError::NotNow(step, self.state()),
        })
    }

    fn is_promised(&self) -> bool {
        matches!(self.state(), State::Promised | State::TimeAgreed | State::Ready | State::NotTurnedUp(_))
    }

    /// What a side said last, dated anew; or nothing yet.
    fn draft(&self, me: Party, now: Timestamp) -> Draft {
        let mut stance = self.said(me).map(|said| said.stance.clone()).unwrap_or_else(|| Stance {
            about: self.about.clone(),
            revision: Timestamp::default(),
            says: match me {
                // Only the answer is known here: what was asked for is at least what is promised.
                Party::Asker => {
                    Says::Asker(AskerSays { count: self.promised().unwrap_or(1), ..AskerSays::default() })
                }
                Party::Lister => Says::Lister(ListerSays::default()),
            },
            common: Common::default(),
            messages: Vec::new(),
            other: Map::new(),
        });
        stance.revision = now.max(stance.revision.plus_millis(1));
        Draft { stance, now }
    }

    fn promise(&self, draft: &mut Draft, promise: Promise, budget: Budget) -> Result<(), ActError> {
        let Promise { count, until, place, time, due, hold, message } = promise;
        let now = draft.now;
        let asked = self.asks().map(|asks| asks.count);
        let count = count.or(self.promised()).or(asked).unwrap_or(1);
        within(count, asked.unwrap_or(u32::MAX), budget)?;
        draft.later(until)?;
        draft.later(time)?;
        draft.later(due)?;
        let says = draft.lister()?;
        let at = says.promised.filter(|before| count <= before.count).map_or(now, |before| before.at);
        says.promised = Some(Promised { count, at });
        says.until = until.or(says.until);
        says.place = place.and_then(|place| said(&place)).or_else(|| says.place.take());
        says.time = time.or(says.time);
        says.hold = hold.then_some(now).or(says.hold);
        says.queue = None;
        let common = &mut draft.stance.common;
        common.due = due.or(common.due);
        common.missed = None;
        draft.write(&message);
        Ok(())
    }

    /// What the other side said on the receipt, if anything.
    fn others_word(&self, me: Party) -> Option<Amount> {
        Some(self.common(me.other())?.given.as_ref()?.amount)
    }

    fn hand_over(
        &self,
        draft: &mut Draft,
        how: HandOver,
        budget: Budget,
        sign: Sign<'_>,
    ) -> Result<(), ActError> {
        let HandOver { count, code, condition, at, minutes, grams, due } = how;
        let theirs = self.others_word(self.giver());
        draft.later(due)?;
        let amount = self.amount(theirs, (count, minutes, grams, at), draft.now)?;
        if self.giver() == Party::Lister {
            within(amount.count, u32::MAX, budget)?;
            if let Some(code) = code {
                self.show(draft, &tidy_line(&code), amount)?;
            }
        } else {
            within(amount.count, self.promised().unwrap_or(0), Budget::ANY)?;
        }
        draft.give(amount, sign);
        let common = &mut draft.stance.common;
        common.condition = condition.and_then(|words| said(&words)).or_else(|| common.condition.take());
        common.due = due.or(common.due);
        Ok(())
    }

    /// The lister was shown the pick-up code: it has to be this request's, and to be able to stand for a word.
    fn show(&self, draft: &mut Draft, code: &str, amount: Amount) -> Result<(), ActError> {
        let asks = self.asks();
        if asks.and_then(|asks| asks.commitment) != Some(code_commitment(self.about.exchange, code)) {
            return Err(ActError::WrongCode);
        }
        let asked = asks.map_or(0, |asks| asks.count);
        if amount.count > asked {
            return Err(ActError::TooMany(asked));
        }
        if amount.minutes > 0 {
            return Err(ActError::HoursByCode);
        }
        draft.lister()?.code = Some(code.to_owned());
        Ok(())
    }

    fn receive(
        &self,
        draft: &mut Draft,
        how: Receive,
        budget: Budget,
        sign: Sign<'_>,
    ) -> Result<(), ActError> {
        let Receive { count, minutes, grams, condition, at } = how;
        let theirs = self.others_word(self.receiver());
        let amount = self.amount(theirs, (count, minutes, grams, at), draft.now)?;
        if self.receiver() == Party::Lister {
            within(amount.count, u32::MAX, budget)?;
        }
        draft.give(amount, sign);
        let common = &mut draft.stance.common;
        common.condition = condition.and_then(|words| said(&words)).or_else(|| common.condition.take());
        Ok(())
    }

    /// How much was given: what is said now, or what the other side said, or what was promised.
    fn amount(
        &self,
        theirs: Option<Amount>,
        (count, minutes, grams, at): (Option<u32>, Option<u32>, Option<u32>, Option<Timestamp>),
        now: Timestamp,
    ) -> Result<Amount, ActError> {
        let open = self.promised().or(self.asks().map(|asks| asks.count)).unwrap_or(1);
        let by_hours = self.about.terms == Terms::Hours;
        let minutes = minutes.or(theirs.map(|theirs| theirs.minutes)).filter(|_| by_hours).unwrap_or(0);
        let amount = Amount {
            count: count.or(theirs.map(|theirs| theirs.count)).unwrap_or(open),
            minutes,
            grams: grams.or(theirs.map(|theirs| theirs.grams)).unwrap_or(0),
            at: at.or(theirs.map(|theirs| theirs.at)).unwrap_or(now),
        };
        if amount.count == 0 {
            Err(ActError::None)
        } else if by_hours && minutes == 0 {
            Err(ActError::NoMinutes)
        } else if at.is_some_and(|at| at > now) {
            Err(ActError::InFuture)
        } else {
            Ok(amount)
        }
    }

    fn bring_back(
        &self,
        draft: &mut Draft,
        condition: Option<String>,
        sign: Sign<'_>,
    ) -> Result<(), ActError> {
        // Who brings it back had it.
        if draft.stance.common.given.is_none() {
            self.receive(draft, Receive::default(), Budget::ANY, sign)?;
        }
        let common = &mut draft.stance.common;
        common.returned = Some(draft.now);
        common.wants_until = None;
        common.condition_back = condition.and_then(|words| said(&words));
        Ok(())
    }

    fn take_back(
        &self,
        draft: &mut Draft,
        condition: Option<String>,
        sign: Sign<'_>,
    ) -> Result<(), ActError> {
        // Who has it back had given it, as the other side says.
        if draft.stance.common.given.is_none() {
            self.hand_over(draft, HandOver::default(), Budget::ANY, sign)?;
        }
        let common = &mut draft.stance.common;
        common.back = Some(draft.now);
        common.condition_back = condition.and_then(|words| said(&words));
        Ok(())
    }

    fn heal(&self, draft: &mut Draft, me: Party, sign: Sign<'_>) -> Result<(), ActError> {
        if self.lets_go(me) {
            draft.end(Why::Withdrawn, "");
        } else if let Some(theirs) = self.others_word(me) {
            draft.give(theirs, sign);
        }
        Ok(())
    }
}

/// A stance in the making.
struct Draft {
    stance: Stance,
    now: Timestamp,
}

impl Draft {
    fn lister(&mut self) -> Result<&mut ListerSays, ActError> {
        match &mut self.stance.says {
            Says::Lister(says) => Ok(says),
            Says::Asker(_) => Err(ActError::Words(BodyError::WrongType("answers"))),
        }
    }

    fn accept(&mut self, time: Timestamp) -> Result<(), ActError> {
        self.later(Some(time))?;
        if let Says::Asker(says) = &mut self.stance.says {
            says.accepted = Some(time);
        }
        self.stance.common.missed = None;
        Ok(())
    }

    fn ask_renewal(&mut self, until: Timestamp) -> Result<(), ActError> {
        self.later(Some(until))?;
        self.stance.common.wants_until = Some(until);
        Ok(())
    }

    fn renew(&mut self, due: Timestamp, budget: Budget) -> Result<(), ActError> {
        self.later(Some(due))?;
        if budget.waiting > 0 {
            return Err(ActError::OthersWait(budget.waiting));
        }
        self.stance.common.due = Some(due);
        Ok(())
    }

    fn end(&mut self, why: Why, words: &str) {
        self.stance.common.ended = Some(Ending { why, words: tidy(words) });
    }

    /// Cancels; what was said to be given, but by this side alone, was not.
    fn cancel(&mut self, words: &str) {
        self.end(Why::Cancelled, words);
        self.stance.common.given = None;
        self.stance.common.returned = None;
    }

    /// Gives this side's word on the receipt. It is no end then.
    fn give(&mut self, amount: Amount, sign: Sign<'_>) {
        let seal = sign(RECEIPT_PURPOSE, &self.stance.about.receipt(&amount).encode());
        self.stance.common.given = Some(Given { amount, seal });
        self.stance.common.ended = None;
        self.stance.common.missed = None;
    }

    fn later(&self, time: Option<Timestamp>) -> Result<(), ActError> {
        if time.is_some_and(|time| time <= self.now) { Err(ActError::InPast) } else { Ok(()) }
    }

    fn message(&mut self, text: &str) -> Result<(), ActError> {
        if tidy(text).is_empty() {
            return Err(ActError::Words(BodyError::Empty("message")));
        }
        self.write(text);
        Ok(())
    }

    /// Adds a message, unless it is empty.
    fn write(&mut self, text: &str) {
        if let Some(text) = said(text) {
            self.stance.messages.push(Message { at: self.stance.revision, text });
        }
    }

    /// The stance, if it fits into a letter. The oldest messages give way; the newest stays.
    fn fit(mut self) -> Result<Stance, ActError> {
        let messages = &mut self.stance.messages;
        let spare = messages.len().saturating_sub(Message::newest(messages).len().max(1));
        messages.drain(..spare.min(messages.len()));
        while self.stance.messages.len() > 1 && self.stance.encode().len() > MAX_STANCE {
            self.stance.messages.remove(0);
        }
        // Whoever reads it refuses what does not fit: so does its author, first.
        Stance::decode(&self.stance.encode()).map_err(ActError::Words)
    }
}

/// Words in their tidy form, if there are any.
fn said(words: &str) -> Option<String> {
    Some(tidy(words)).filter(|words| !words.is_empty())
}

fn within(count: u32, most: u32, budget: Budget) -> Result<(), ActError> {
    if count == 0 {
        Err(ActError::None)
    } else if count > most {
        Err(ActError::TooMany(most))
    } else if count > budget.left() {
        Err(ActError::OverPromised { elsewhere: budget.elsewhere, count: budget.count })
    } else {
        Ok(())
    }
}
