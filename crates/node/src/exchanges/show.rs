//! How exchanges look to people and programs.

use std::cmp::Reverse;

use catalogue::exchange::{Exchange, Party, State, Waiting, What};
use record::{ExchangeId, Key, Kind, MemberId, Side, Slot, Timestamp};

use super::acting::{TAKE_OVER, TELL_OTHERS};
use super::json::{ExchangeJson, MessageJson, WaitingJson};
use super::kept::Kept;
use crate::calendar::Appointment;
use crate::error::NodeError;
use crate::service::Service;

/// How long a handover is planned to take, in minutes.
const HANDOVER_MINUTES: u32 = 15;
/// So many days before a listing ends its lister is asked whether it is still good.
const ASKED_DAYS: u64 = 3;
/// A day in milliseconds.
const DAY: u64 = 24 * 60 * 60 * 1000;

impl Service {
    /// The exchanges, those in which something was said last first.
    pub(crate) fn exchanges(&self, all: bool, of: Option<&str>) -> Result<Vec<ExchangeJson>, NodeError> {
        let of = match of.filter(|of| !of.is_empty()) {
            Some(reference) => Some(self.read(|view| {
                let place = view.find(reference)?;
                let gone = || NodeError::NoSuchListing(reference.to_owned());
                view.entry(&place).map(|entry| (entry.author, entry.key)).ok_or_else(gone)
            })?),
            None => None,
        };
        let wanted = |kept: &&Kept| {
            let about = kept.exchange.about();
            (all || !kept.exchange.state().is_over())
                && of.is_none_or(|of| of == (about.lister, about.listing))
                // An answer to nothing that was asked: after a restore, until the own copy is here.
                && kept.exchange.said(Party::Asker).is_some()
                // Both sides are here: the member's own is shown.
                && !(kept.guest && about.lister == self.identity.member())
        };
        let mut found: Vec<&Kept> = self.exchanges.kept.values().filter(wanted).collect();
        found.sort_by_key(|kept| Reverse(kept.exchange.changed()));
        Ok(found.into_iter().map(|kept| self.exchange_json(kept)).collect())
    }

    /// One exchange.
    pub(crate) fn exchange(&self, reference: &str) -> Result<ExchangeJson, NodeError> {
        self.exchange_json_at(self.find_exchange(reference)?)
    }

    pub(super) fn exchange_json_at(&self, at: (ExchangeId, Party)) -> Result<ExchangeJson, NodeError> {
        Ok(self.exchange_json(self.kept_at(at)?))
    }

    pub(super) fn exchange_json(&self, kept: &Kept) -> ExchangeJson {
        let exchange = &kept.exchange;
        let about = exchange.about();
        let (asks, answers) = (exchange.asks(), exchange.answers());
        let says = |party: Party| exchange.common(party);
        let (giver, receiver) = (exchange.giver(), exchange.receiver());
        let given =
            |party: Party| says(party).and_then(|says| says.given.as_ref()).map(|given| given.amount.at);
        let both = [Party::Asker, Party::Lister];
        let ending = both.into_iter().find_map(|party| says(party)?.ended.as_ref());
        let missed = exchange.missed();
        let millis = |time: Option<Timestamp>| time.map(Timestamp::millis);
        let guest_name = asks.and_then(|says| says.name.clone());
        let other = exchange.member(kept.me.other());
        let (other_gave, other_received) = self.shown_of(about.circle, &other).unzip();
        ExchangeJson {
            id: exchange.id().to_string(),
            circle: about.circle.to_string(),
            listing: about.listing.to_string(),
            title: about.title.clone(),
            side: about.side.to_string(),
            terms: about.terms.to_string(),
            asker: about.asker.to_string(),
            asker_name: guest_name.or_else(|| self.name(kept, about.asker)),
            lister: about.lister.to_string(),
            lister_name: self.name(kept, about.lister),
            distance_km: self.distance(kept),
            other_gave,
            other_received,
            hours: self.hours(kept),
            giver: exchange.member(giver).to_string(),
            receiver: exchange.member(receiver).to_string(),
            mine: kept.me.word().to_owned(),
            state: exchange.state().word().to_owned(),
            says: self.sentence(kept),
            over: exchange.state().is_over(),
            count: asks.map_or(1, |says| says.count),
            promised: exchange.promised(),
            queue: answers.and_then(|says| says.queue),
            until: millis(answers.and_then(|says| says.until)),
            place: answers.and_then(|says| says.place.clone()),
            time: millis(answers.and_then(|says| says.time)),
            accepted: millis(asks.and_then(|says| says.accepted)),
            ready: answers.is_some_and(|says| says.ready.is_some()),
            due: millis(exchange.due()),
            wants_until: millis(says(receiver).and_then(|says| says.wants_until)),
            handed_over: millis(given(giver)),
            received: millis(given(receiver)),
            returned: millis(says(receiver).and_then(|says| says.returned)),
            back: millis(says(giver).and_then(|says| says.back)),
            condition: both.into_iter().find_map(|party| says(party)?.condition.clone()),
            condition_back: both.into_iter().find_map(|party| says(party)?.condition_back.clone()),
            ended: ending.map(|ending| ending.why.word().to_owned()),
            reason: ending.map(|ending| ending.words.clone()),
            missed: missed.map(|missed| missed.says.word().to_owned()),
            owned_up: missed.and_then(|missed| missed.answer),
            thanks: both.into_iter().find_map(|party| says(party)?.thanks.clone()),
            code: kept.code.clone(),
            messages: kept
                .thread
                .iter()
                .map(|(from, message)| MessageJson {
                    from: from.word().to_owned(),
                    at: message.at.millis(),
                    text: message.text.clone(),
                })
                .collect(),
            acts: self.acts(kept),
            receipt: exchange.receipt().is_some(),
            public: [kept.me, kept.me.other()].map(|party| says(party).is_some_and(|says| says.public)),
            began: about.asked.millis(),
            changed: exchange.changed().millis(),
            sent: !(kept.unsent || kept.unpassed),
            problem: kept.problem.clone(),
            guest: kept.guest,
        }
    }

    /// What a member is called.
    fn name(&self, kept: &Kept, member: MemberId) -> Option<String> {
        self.read(|view| view.name_of(kept.exchange.about().circle, &member))
    }

    /// What the member can say now, and whether it can let this device decide.
    fn acts(&self, kept: &Kept) -> Vec<String> {
        let steps = kept.exchange.steps(kept.me, self.clock.now());
        let elsewhere = !kept.guest && !self.decides_here(kept.exchange.about().circle);
        let others = !self.others_who_wait(kept).is_empty();
        let words = steps.iter().map(|step| step.word());
        let words = words.chain(others.then_some(TELL_OTHERS)).chain(elsewhere.then_some(TAKE_OVER));
        words.map(str::to_owned).collect()
    }

    /// How far apart both sides are, as their profiles or the listing say.
    fn distance(&self, kept: &Kept) -> Option<f64> {
        let about = kept.exchange.about();
        let slot = Slot { author: about.lister, kind: Kind::listing(), key: about.listing };
        let of_listing = self.listing_in(about.circle, &slot).and_then(|listing| listing.cell);
        let cell = |member: &MemberId| self.read(|view| view.profile_of(about.circle, member)?.cell);
        let lister = of_listing.or_else(|| cell(&about.lister))?;
        Some(lister.distance_km(cell(&about.asker)?))
    }

    /// When the lister can be met.
    fn hours(&self, kept: &Kept) -> Option<String> {
        let about = kept.exchange.about();
        let hours = self.read(|view| Some(view.profile_of(about.circle, &about.lister)?.hours.clone()));
        hours.filter(|hours| !hours.is_empty())
    }

    /// Who is on the other side, in a word or two.
    fn other_side(&self, kept: &Kept) -> String {
        let guest = kept.exchange.asks().and_then(|says| says.name.clone());
        let guest = guest.filter(|_| kept.me == Party::Lister);
        let name = guest.or_else(|| self.name(kept, kept.exchange.member(kept.me.other())));
        name.unwrap_or_else(|| "your neighbour".to_owned())
    }

    /// Where an exchange stands, in a sentence for the person on this side.
    fn sentence(&self, kept: &Kept) -> String {
        let exchange = &kept.exchange;
        let other = self.other_side(kept);
        let mine = |party: Party| party == kept.me;
        let (gives, offers) = (mine(exchange.giver()), exchange.about().side == Side::Offer);
        let lister = mine(Party::Lister);
        let passed_on = !kept.pass.is_empty();
        let text = match exchange.state() {
            _ if passed_on => "It was passed on to your other device, which decides.".to_owned(),
            State::Requested if lister && offers => format!("{other} would like it."),
            State::Requested if lister => format!("{other} offers to help."),
            State::Requested => match exchange.answers().and_then(|says| says.queue) {
                Some(place) => format!("You asked {other}; you are number {place} in line."),
                None if offers => format!("You asked {other}, who has not answered yet."),
                None => format!("You offered {other} your help, and have no answer yet."),
            },
            State::Promised if lister => format!("You promised it to {other}."),
            State::Promised => format!("{other} promised it to you."),
            State::TimeAgreed => format!("You and {other} have agreed on a time."),
            State::Ready if lister => format!("It lies ready for {other}."),
            State::Ready => "It lies ready for you.".to_owned(),
            State::HandedOver if gives => format!("You handed it over; {other} has not confirmed it yet."),
            State::HandedOver => format!("{other} says that it was handed over to you."),
            State::Received if gives => {
                format!("{other} has received it, and you have not confirmed it yet.")
            }
            State::Received => format!("You have received it; {other} has not confirmed it yet."),
            State::Denied(by) if mine(by) => {
                format!("You say that it was not handed over; {other} says it was.")
            }
            State::Denied(_) => format!("You say that it was handed over; {other} says it was not."),
            State::Lent if gives => format!("{other} has it on loan."),
            State::Lent => format!("You have it on loan from {other}."),
            State::Returned if gives => format!("{other} says that it was brought back."),
            State::Returned => format!("You brought it back; {other} has not confirmed it yet."),
            State::Back if gives => "It is back with you.".to_owned(),
            State::Back => format!("It is back with {other}."),
            State::Complete if gives => format!("You gave it to {other}."),
            State::Complete => format!("{other} gave it to you."),
            State::Declined if lister => format!("You did not promise it to {other}."),
            State::Declined => format!("{other} can not promise it to you."),
            State::Withdrawn if lister => format!("{other} does not need it any more."),
            State::Withdrawn => "You took your request back.".to_owned(),
            State::Cancelled(by) if mine(by) => "You called it off.".to_owned(),
            State::Cancelled(_) => format!("{other} called it off."),
            State::Lapsed => "The promise ran out.".to_owned(),
            State::Elsewhere if lister => "You gave it to somebody else.".to_owned(),
            State::Elsewhere => "It went to somebody else.".to_owned(),
            State::NotTurnedUp(missed) => match (mine(missed.says), missed.answer) {
                (true, None) => format!("You say that {other} did not turn up."),
                (true, Some(true)) => format!("{other} did not turn up, and says so."),
                (true, Some(false)) => {
                    format!("You say that {other} did not turn up; {other} says otherwise.")
                }
                (false, Some(true)) => "You did not turn up, as you said.".to_owned(),
                (false, _) => format!("{other} says that you did not turn up."),
            },
        };
        let words = ending_words(exchange);
        if words.is_empty() { text } else { format!("{text} “{words}”") }
    }

    /// What waits for the member, what is most pressing first.
    pub(crate) fn waiting(&self) -> Vec<WaitingJson> {
        let now = self.clock.now();
        let own = self.exchanges.kept.values().filter(|kept| !kept.guest);
        let mut waiting: Vec<(Waiting, &Kept)> = own
            .flat_map(|kept| kept.exchange.waits(kept.me, now).into_iter().map(move |one| (one, kept)))
            .collect();
        waiting.sort_by_key(|(one, _)| (one.what, one.at));
        let mut waiting: Vec<_> =
            waiting.into_iter().map(|(one, kept)| self.waiting_json(one, kept, now)).collect();
        waiting.extend(self.ending(now));
        waiting
    }

    /// The member's own listings that end soon: whether they are still good is asked, and not taken for granted.
    fn ending(&self, now: Timestamp) -> Vec<WaitingJson> {
        let soon = now.plus_days(ASKED_DAYS);
        let ending = self.read(|view| {
            let entries = view
                .circles
                .values()
                .flat_map(|circle| circle.mine.iter().filter_map(|id| circle.entries.get(id)));
            let ending = entries.filter(|entry| entry.stands(now) && entry.ends() < soon);
            let mut ending: Vec<_> =
                ending.map(|entry| (entry.ends(), entry.key, entry.listing.title.clone())).collect();
            ending.sort();
            // The same thing may be shown in several circles.
            ending.dedup_by_key(|(_, key, _)| *key);
            ending
        });
        let json = |(at, key, title): (Timestamp, Key, String)| WaitingJson {
            exchange: String::new(),
            listing: Some(key.to_string()),
            what: "ending".to_owned(),
            text: format!("{title}: it ends {}. Is it still there?", ahead(at, now)),
            at: at.millis(),
            act: None,
        };
        ending.into_iter().map(json).collect()
    }

    fn waiting_json(&self, one: Waiting, kept: &Kept, now: Timestamp) -> WaitingJson {
        let (title, other) = (&kept.exchange.about().title, self.other_side(kept));
        let (ago, ahead) = (ago(one.at, now), ahead(one.at, now));
        let offers = kept.exchange.about().side == Side::Offer;
        let text = match one.what {
            What::Overdue if kept.me == kept.exchange.giver() => {
                format!("{title}: {other} has it, due {ago}.")
            }
            What::Overdue => format!("{title}: bring it back to {other}; it was due {ago}."),
            What::Lapsing => format!("{title}: the promise runs out {ahead}."),
            What::Soon => format!("{title}: you meet {other} {ahead}."),
            What::Collect => format!("{title}: it lies ready for you ({ago})."),
            What::Due => format!("{title}: it is due {ahead}."),
            What::Missed => format!("{title}: {other} said {ago} that you did not turn up. Is it so?"),
            What::Returned => format!("{title}: {other} brought it back {ago}. Is it there?"),
            What::Renewal => format!("{title}: {other} would like to keep it longer."),
            What::Asked if offers => format!("{title}: {other} asked {ago}."),
            What::Asked => format!("{title}: {other} offered to help {ago}."),
            What::Promised => format!("{title}: {other} promised it {ago}. When does it suit you?"),
            What::Time => format!("{title}: {other} proposes a time {ahead}. Does it suit you?"),
            What::OtherTime => format!("{title}: {other} would like another time, {ahead}."),
            What::Outcome => format!("{title}: the time with {other} was {ago}. Was it handed over?"),
            What::Lapsed => format!("{title}: the promise to {other} ran out {ago}."),
            What::Confirm => format!("{title}: {other} says that it was handed over {ago}. Is it so?"),
            What::Differs => format!("{title}: you and {other} say different things about how much it was."),
            What::Denied => format!("{title}: {other} says that it was not handed over."),
        };
        WaitingJson {
            exchange: kept.exchange.id().to_string(),
            listing: None,
            what: what(one.what).to_owned(),
            text,
            at: one.at.millis(),
            act: one.step.map(|step| step.word().to_owned()),
        }
    }

    /// The time of an exchange for a calendar.
    pub(crate) fn calendar(&self, reference: &str) -> Result<String, NodeError> {
        let kept = self.kept_at(self.find_exchange(reference)?)?;
        let exchange = &kept.exchange;
        let answers = exchange.answers();
        let begins = exchange.agreed_time().or_else(|| answers.and_then(|says| says.time));
        let begins = begins.ok_or_else(|| NodeError::Invalid("no time is agreed on yet".into()))?;
        let appointment = Appointment {
            exchange: exchange.about().exchange,
            said: exchange.changed(),
            // Why: each change comes later than the one before, and a second makes one more.
            sequence: u32::try_from(exchange.changed().since(exchange.about().asked) / 1000)
                .unwrap_or(u32::MAX),
            begins,
            minutes: HANDOVER_MINUTES,
            summary: format!("{} – {}", exchange.about().title, self.other_side(kept)),
            place: answers.and_then(|says| says.place.clone()).unwrap_or_default(),
            text: self.sentence(kept),
            cancelled: exchange.state().is_over() && exchange.receipt().is_none(),
        };
        Ok(appointment.to_ics())
    }
}

fn ending_words(exchange: &Exchange) -> String {
    let over = exchange.state().is_over() && exchange.receipt().is_none();
    let ending =
        [Party::Asker, Party::Lister].into_iter().find_map(|party| exchange.common(party)?.ended.as_ref());
    ending.filter(|_| over).map(|ending| ending.words.clone()).unwrap_or_default()
}

const fn what(what: What) -> &'static str {
    match what {
        What::Overdue => "overdue",
        What::Lapsing => "lapsing",
        What::Soon => "soon",
        What::Collect => "collect",
        What::Due => "due",
        What::Missed => "missed",
        What::Returned => "returned",
        What::Renewal => "renewal",
        What::Asked => "asked",
        What::Promised => "promised",
        What::Time => "time",
        What::OtherTime => "other-time",
        What::Outcome => "outcome",
        What::Lapsed => "lapsed",
        What::Confirm => "confirm",
        What::Differs => "differs",
        What::Denied => "denied",
    }
}

/// A past moment as people say it.
fn ago(at: Timestamp, now: Timestamp) -> String {
    match now.since(at) {
        ms if ms < DAY / 24 => "just now".to_owned(),
        ms if ms < 2 * DAY / 24 => "an hour ago".to_owned(),
        ms if ms < DAY => format!("{} hours ago", ms / (DAY / 24)),
        ms if ms < 2 * DAY => "yesterday".to_owned(),
        ms => format!("{} days ago", ms / DAY),
    }
}

/// A moment to come as people say it.
fn ahead(at: Timestamp, now: Timestamp) -> String {
    match at.since(now) {
        ms if ms < DAY / 24 => "within the hour".to_owned(),
        ms if ms < 2 * DAY / 24 => "in an hour".to_owned(),
        ms if ms < DAY => format!("in {} hours", ms / (DAY / 24)),
        ms if ms < 2 * DAY => "tomorrow".to_owned(),
        ms => format!("in {} days", ms / DAY),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_as_people_tell_them() {
        let now = Timestamp::from_millis(1_790_000_000_000);
        let hours = |hours: u64| hours * 3_600_000;
        for (before, told) in
            [(0, "just now"), (1, "an hour ago"), (5, "5 hours ago"), (30, "yesterday"), (75, "3 days ago")]
        {
            assert_eq!(ago(now.minus_millis(hours(before)), now), told);
        }
        for (later, told) in [
            (0, "within the hour"),
            (1, "in an hour"),
            (5, "in 5 hours"),
            (30, "tomorrow"),
            (75, "in 3 days"),
        ] {
            assert_eq!(ahead(now.plus_millis(hours(later)), now), told);
        }
    }
}
