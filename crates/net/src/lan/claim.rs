//! How a name is taken, and what happens when somebody else has it (RFC 6762, sections 8 and 9).

use std::collections::{BTreeSet, VecDeque};
use std::net::IpAddr;
use std::time::Duration;

use tokio::time::Instant;

use crate::lan::HostName;
use crate::lan::packet::{Datum, data};

/// How long somebody may take to say that the name is theirs, how often that is asked, and after which delay at first.
const PROBE: Duration = Duration::from_millis(250);
const PROBES: u8 = 3;
/// How often and at which distance it is said that the name is ours.
const ANNOUNCE: Duration = Duration::from_secs(1);
const ANNOUNCEMENTS: u8 = 2;
/// Who has lost against another that asked for the same name at the same moment waits so long.
const LOST: Duration = Duration::from_secs(1);
/// After so many conflicts within this time, each further attempt waits so long.
const CONFLICTS: usize = 15;
const WITHIN: Duration = Duration::from_secs(10);
const WEARY: Duration = Duration::from_secs(5);
/// The last number that is tried: who answers to a hundred names answers to all.
const LAST: u32 = 100;

/// What is to be said now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Say {
    /// Asks whether somebody has the name.
    Probe,
    /// Says that it is ours.
    Announce,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// So many questions were asked; the next thing happens then.
    Probing(u8, Instant),
    /// It is ours; so many times it was said.
    Announcing(u8, Instant),
    /// It is ours.
    Held,
    /// Somebody answers to every name.
    GaveUp,
}

/// A name that is being taken, or is held.
#[derive(Debug)]
pub(crate) struct Claim {
    base: HostName,
    number: u32,
    stage: Stage,
    conflicts: VecDeque<Instant>,
    /// Whether there were so many conflicts that this goes slowly from now on.
    is_weary: bool,
}

impl Claim {
    /// Begins to take a name; `delay`, at most a quarter of a second, keeps many that start at once apart.
    pub(crate) fn new(base: HostName, now: Instant, delay: Duration) -> Self {
        let stage = Stage::Probing(0, now + delay.min(PROBE));
        Self { base, number: 1, stage, conflicts: VecDeque::new(), is_weary: false }
    }

    /// The name as it stands.
    pub(crate) fn name(&self) -> HostName {
        self.base.numbered(self.number)
    }

    /// Whether it is ours.
    pub(crate) const fn is_held(&self) -> bool {
        matches!(self.stage, Stage::Announcing(..) | Stage::Held)
    }

    /// Whether no name is left to try.
    pub(crate) const fn gave_up(&self) -> bool {
        matches!(self.stage, Stage::GaveUp)
    }

    /// When something is to be done next.
    pub(crate) const fn due(&self) -> Option<Instant> {
        match self.stage {
            Stage::Probing(_, at) | Stage::Announcing(_, at) => Some(at),
            Stage::Held | Stage::GaveUp => None,
        }
    }

    /// What is to be said now.
    pub(crate) fn tick(&mut self, now: Instant) -> Option<Say> {
        match self.stage {
            Stage::Probing(sent, at) if at <= now && sent < PROBES => {
                self.stage = Stage::Probing(sent + 1, now + PROBE);
                Some(Say::Probe)
            }
            Stage::Probing(_, at) if at <= now => {
                self.stage = Stage::Announcing(1, now + ANNOUNCE);
                Some(Say::Announce)
            }
            Stage::Announcing(said, at) if at <= now && said < ANNOUNCEMENTS => {
                self.stage = Stage::Announcing(said + 1, now + ANNOUNCE);
                Some(Say::Announce)
            }
            Stage::Announcing(_, at) if at <= now => {
                self.stage = Stage::Held;
                None
            }
            Stage::Probing(..) | Stage::Announcing(..) | Stage::Held | Stage::GaveUp => None,
        }
    }

    /// This machine has other addresses now: they are announced, or asked about if the name is not ours yet.
    pub(crate) const fn moved(&mut self, now: Instant) {
        self.stage = match self.stage {
            Stage::Probing(..) => Stage::Probing(0, now),
            Stage::Announcing(..) | Stage::Held => Stage::Announcing(0, now),
            Stage::GaveUp => Stage::GaveUp,
        };
    }

    /// This machine is on another network now, where somebody may have the name.
    pub(crate) const fn arrived(&mut self, now: Instant) {
        if let Stage::GaveUp = self.stage {
            self.number = 1;
        }
        self.stage = match self.stage {
            // It begins after its delay.
            Stage::Probing(0, at) => Stage::Probing(0, at),
            Stage::Probing(..) | Stage::Announcing(..) | Stage::Held | Stage::GaveUp => {
                Stage::Probing(0, now)
            }
        };
    }

    /// Another machine says what the name stands for. `own` is what this one says anywhere.
    pub(crate) fn heard(&mut self, claim: &BTreeSet<Datum>, own: &[IpAddr], now: Instant) {
        if claim.is_subset(&data(own)) {
            return;
        }
        match self.stage {
            // Whoever was first keeps it.
            Stage::Probing(..) => self.rename(now),
            // Both believe that it is theirs: both ask again, and one of them gives way.
            Stage::Announcing(..) | Stage::Held => {
                let wait = self.count(now);
                self.stage = Stage::Probing(0, now + wait);
            }
            Stage::GaveUp => {}
        }
    }

    /// Another machine is about to take the name as well, for what it `wanted`; this one said that it shall stand for
    /// `own` there.
    pub(crate) fn contested(&mut self, wanted: &BTreeSet<Datum>, own: &[IpAddr], now: Instant) {
        if let Stage::Probing(1.., _) = self.stage
            && *wanted > data(own)
        {
            self.stage = Stage::Probing(0, now + LOST);
        }
    }

    fn rename(&mut self, now: Instant) {
        let wait = self.count(now);
        self.number += 1;
        self.stage = if self.number > LAST { Stage::GaveUp } else { Stage::Probing(0, now + wait) };
    }

    /// Remembers a conflict, and says how long to wait because of it and those before.
    fn count(&mut self, now: Instant) -> Duration {
        self.conflicts.push_back(now);
        if self.conflicts.len() > CONFLICTS {
            self.conflicts.pop_front();
        }
        let is_many = self.conflicts.len() == CONFLICTS;
        let is_lately = self.conflicts.front().is_some_and(|first| now.duration_since(*first) < WITHIN);
        self.is_weary |= is_many && is_lately;
        if self.is_weary { WEARY } else { Duration::ZERO }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shop() -> HostName {
        "shop".parse().unwrap()
    }

    fn ips(text: &str) -> Vec<IpAddr> {
        text.split(' ').map(|ip| ip.parse().unwrap()).collect()
    }

    /// Does what is due until nothing is, or the time has come.
    fn run(claim: &mut Claim, now: &mut Instant, until: Duration) -> Vec<Say> {
        let end = *now + until;
        let mut said = Vec::new();
        while let Some(due) = claim.due().filter(|due| *due <= end) {
            *now = due.max(*now);
            said.extend(claim.tick(*now));
        }
        *now = end;
        said
    }

    #[test]
    fn a_name_is_asked_for_three_times_and_said_twice_before_it_is_quiet() {
        let mut now = Instant::now();
        let mut claim = Claim::new(shop(), now, Duration::ZERO);
        assert_eq!(run(&mut claim, &mut now, PROBE * 2), [Say::Probe; 3]);
        assert!(!claim.is_held());
        assert_eq!(run(&mut claim, &mut now, Duration::from_secs(60)), [Say::Announce; 2]);
        assert!(claim.is_held() && claim.due().is_none());
        claim.moved(now);
        assert_eq!(run(&mut claim, &mut now, Duration::from_secs(60)), [Say::Announce; 2]);
    }

    #[test]
    fn on_another_network_the_name_is_asked_for_again() {
        let mut now = Instant::now();
        let mut claim = Claim::new(shop(), now, Duration::ZERO);
        run(&mut claim, &mut now, Duration::from_secs(60));
        claim.arrived(now);
        assert!(!claim.is_held());
        let said = run(&mut claim, &mut now, Duration::from_secs(60));
        assert_eq!(said, [Say::Probe, Say::Probe, Say::Probe, Say::Announce, Say::Announce]);
    }

    #[test]
    fn who_comes_later_takes_the_next_number() {
        let mut now = Instant::now();
        let own = ips("10.0.0.1");
        let mut claim = Claim::new(shop(), now, Duration::ZERO);
        run(&mut claim, &mut now, PROBE);
        claim.heard(&data(&own), &own, now);
        assert_eq!(claim.name(), shop(), "what it says itself is no conflict");
        claim.heard(&data(&ips("10.0.0.2")), &own, now);
        assert_eq!(claim.name().local(), "shop-2.local");
        assert!(!claim.is_held());
        run(&mut claim, &mut now, Duration::from_secs(60));
        assert!(claim.is_held());
    }

    #[test]
    fn of_two_that_ask_at_once_the_one_with_the_greater_address_goes_on() {
        let mut now = Instant::now();
        let (low, high) = (ips("10.0.0.1"), ips("10.0.0.2"));
        let [mut one, mut other] = [(); 2].map(|()| Claim::new(shop(), now, Duration::ZERO));
        run(&mut one, &mut now.clone(), Duration::ZERO);
        run(&mut other, &mut now, Duration::ZERO);
        one.contested(&data(&high), &low, now);
        other.contested(&data(&low), &high, now);
        assert_eq!(one.due(), Some(now + LOST));
        assert!(other.due() < Some(now + LOST));
        run(&mut other, &mut now, LOST);
        assert!(other.is_held());
        one.heard(&data(&high), &low, now);
        assert_eq!(one.name().local(), "shop-2.local");
    }

    #[test]
    fn a_conflict_over_a_held_name_is_settled_by_asking_again() {
        let mut now = Instant::now();
        let own = ips("10.0.0.1");
        let mut claim = Claim::new(shop(), now, Duration::ZERO);
        run(&mut claim, &mut now, Duration::from_secs(60));
        claim.heard(&data(&ips("10.0.0.2")), &own, now);
        assert!(!claim.is_held() && claim.name() == shop());
        assert_eq!(run(&mut claim, &mut now, PROBE), [Say::Probe; 2]);
    }

    #[test]
    fn who_answers_to_every_name_is_met_slowly_and_not_for_ever() {
        let mut now = Instant::now();
        let own = ips("10.0.0.1");
        let mut claim = Claim::new(shop(), now, Duration::ZERO);
        let begin = now;
        while let Some(due) = claim.due() {
            now = due.max(now);
            claim.tick(now);
            claim.heard(&data(&ips("10.0.0.2")), &own, now);
        }
        assert!(claim.gave_up() && !claim.is_held());
        assert!(now - begin > WEARY * 80, "{:?}", now - begin);
    }
}
