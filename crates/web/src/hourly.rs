//! How often something may happen within an hour: for each that does it, and in all.

use std::collections::VecDeque;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

const HOUR: Duration = Duration::from_secs(3_600);

/// A bound on what happens within an hour. It remembers as many events as may happen in all, and no more.
pub(crate) struct Hourly<K> {
    /// How many may be of one.
    each: usize,
    /// How many in all.
    all: usize,
    /// The oldest first.
    seen: Mutex<VecDeque<(Instant, K)>>,
}

impl<K: PartialEq> Hourly<K> {
    pub(crate) const fn new(each: usize, all: usize) -> Self {
        Self { each, all, seen: Mutex::new(VecDeque::new()) }
    }

    /// Counts one more, if there is room for it.
    pub(crate) fn take(&self, who: K) -> bool {
        self.take_at(who, Instant::now())
    }

    /// Whether there is no room for one more.
    pub(crate) fn is_spent(&self, who: &K) -> bool {
        self.with(Instant::now(), |seen| self.is_full(seen, who))
    }

    fn take_at(&self, who: K, now: Instant) -> bool {
        self.with(now, |seen| {
            let room = !self.is_full(seen, &who);
            if room {
                seen.push_back((now, who));
            }
            room
        })
    }

    fn is_full(&self, seen: &VecDeque<(Instant, K)>, who: &K) -> bool {
        seen.len() >= self.all || seen.iter().filter(|(_, other)| other == who).count() >= self.each
    }

    /// What happened within the last hour.
    fn with<T>(&self, now: Instant, look: impl FnOnce(&mut VecDeque<(Instant, K)>) -> T) -> T {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        while seen.front().is_some_and(|(then, _)| now.saturating_duration_since(*then) >= HOUR) {
            seen.pop_front();
        }
        look(&mut seen)
    }
}

/// Whom an address stands for: a home has one of IPv4, and a whole network of IPv6.
pub(crate) fn home(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let network = u128::from(address) & (u128::MAX << 64);
            IpAddr::V6(Ipv6Addr::from(network))
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_held_back_before_all_are() {
        let (bound, now) = (Hourly::new(2, 3), Instant::now());
        assert!(bound.take_at("a", now) && bound.take_at("a", now));
        assert!(!bound.take_at("a", now) && bound.take_at("b", now));
        assert!(!bound.take_at("c", now), "in all");
        assert!(!bound.take_at("a", now + HOUR / 2));
        assert!(bound.take_at("a", now + HOUR), "an hour later");
    }

    #[test]
    fn asking_whether_there_is_room_takes_none() {
        let bound = Hourly::new(1, 9);
        assert!(!bound.is_spent(&1) && !bound.is_spent(&1));
        assert!(bound.take(1) && bound.is_spent(&1) && !bound.is_spent(&2));
    }

    #[test]
    fn a_home_with_many_addresses_is_one() {
        let home = |text: &str| super::home(text.parse().unwrap());
        assert_eq!(home("2001:db8:1:2:3::4"), home("2001:db8:1:2:ffff::1"));
        assert_ne!(home("2001:db8:1:2::4"), home("2001:db8:1:3::4"));
        assert_eq!(home("::ffff:192.168.1.7"), home("192.168.1.7"));
        assert_ne!(home("192.168.1.8"), home("192.168.1.7"));
    }
}
