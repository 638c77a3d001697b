//! Chance for tests, from a seed: SplitMix64 (Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators").

use record::Timestamp;

use super::super::*;
use super::{CODE, HOUR};

pub(super) struct Chance(u64);

impl Chance {
    pub(super) fn of(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`.
    pub(super) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.draw() % u64::try_from(end).unwrap()).unwrap()
    }

    /// True in one case of `of`.
    pub(super) fn one_in(&mut self, of: usize) -> bool {
        self.below(of) == 0
    }

    pub(super) fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(items.len())]
    }

    pub(super) fn shuffle<T>(&mut self, items: &mut [T]) {
        for at in (1..items.len()).rev() {
            items.swap(at, self.below(at + 1));
        }
    }

    fn maybe<T>(&mut self, some: impl FnOnce(&mut Self) -> T) -> Option<T> {
        if self.one_in(2) { Some(some(self)) } else { None }
    }

    fn number(&mut self) -> u32 {
        self.pick(&[1, 1, 1, 2, 2, 3, 5])
    }

    /// A time from a few hours ago to some days ahead, in whole hours, so that two often choose the same.
    fn time(&mut self, now: Timestamp) -> Timestamp {
        let hour = now.millis() / HOUR;
        Timestamp::from_millis((hour - 2 + self.draw() % 48) * HOUR)
    }

    fn words(&mut self) -> String {
        self.pick(&["", "Gern!", "Leider nicht"]).to_owned()
    }

    /// Any act, sensible or not.
    pub(super) fn act(&mut self, view: &Exchange, me: Party, now: Timestamp) -> Act {
        // Mostly one that makes sense, and often the next one.
        let mut steps = view.steps(me, now);
        if !self.one_in(6) {
            steps.retain(|step| !ENDS.contains(step));
        }
        let step = match self.below(8) {
            0 | 1 if !steps.is_empty() => steps[0],
            2..=6 if !steps.is_empty() => self.pick(&steps),
            _ if self.one_in(3) => self.pick(&ALL),
            _ => Step::Message,
        };
        self.filled(step, view, now)
    }

    fn filled(&mut self, step: Step, view: &Exchange, now: Timestamp) -> Act {
        match step {
            Step::Promise => Act::Promise(Promise {
                count: self.maybe(Self::number),
                until: self.maybe(|chance| chance.time(now)),
                place: self.maybe(Self::words),
                time: self.maybe(|chance| chance.time(now)),
                due: self.maybe(|chance| chance.time(now)),
                hold: self.one_in(3),
                message: self.words(),
            }),
            Step::Accept => {
                let offered = view.answers().and_then(|says| says.time);
                Act::Accept(offered.filter(|_| !self.one_in(4)).unwrap_or_else(|| self.time(now)))
            }
            Step::Ready => Act::Ready,
            Step::Decline => Act::Decline(self.words()),
            Step::Elsewhere => Act::Elsewhere(self.words()),
            Step::Message => Act::Message(self.words()),
            Step::Withdraw => Act::Withdraw(self.words()),
            Step::Cancel => Act::Cancel(self.words()),
            Step::Lapse => Act::Lapse,
            Step::HandOver => Act::HandOver(HandOver {
                count: self.maybe(Self::number),
                code: self.maybe(|chance| chance.pick(&[CODE, CODE, "0815"]).to_owned()),
                condition: self.maybe(Self::words),
                at: None,
                minutes: self.maybe(|_| 45),
                grams: self.maybe(|_| 900),
                due: self.maybe(|chance| chance.time(now)),
            }),
            Step::Receive => Act::Receive(Receive {
                count: self.maybe(Self::number),
                minutes: self.maybe(|_| 30),
                ..Receive::default()
            }),
            Step::Return => Act::Return(self.maybe(Self::words)),
            Step::TakeBack => Act::TakeBack(self.maybe(Self::words)),
            Step::AskRenewal => Act::AskRenewal(self.time(now)),
            Step::Renew => Act::Renew(self.time(now)),
            Step::Missed => Act::Missed,
            Step::OwnUp => Act::OwnUp(self.one_in(2)),
            Step::Thank => Act::Thank(self.words()),
            Step::Public => Act::Public(self.one_in(2)),
            Step::TellPlace => Act::TellPlace(self.number()),
            Step::Heal => Act::Heal,
        }
    }
}

/// What ends an exchange: rare, so that most histories go on.
const ENDS: [Step; 5] = [Step::Withdraw, Step::Cancel, Step::Decline, Step::Elsewhere, Step::Lapse];

const ALL: [Step; 21] = [
    Step::Promise,
    Step::Accept,
    Step::Ready,
    Step::Decline,
    Step::Elsewhere,
    Step::Message,
    Step::Withdraw,
    Step::Cancel,
    Step::Lapse,
    Step::HandOver,
    Step::Receive,
    Step::Return,
    Step::TakeBack,
    Step::AskRenewal,
    Step::Renew,
    Step::Missed,
    Step::OwnUp,
    Step::Thank,
    Step::Public,
    Step::TellPlace,
    Step::Heal,
];
