//! Whom to dial, and when. No I/O, no clock: what is due is a function of what was told.
//!
//! A target is one peer (or one address whose peer is not known yet) with all the addresses known for it.
//! They are tried one after the other, never at once: of two connections that the same dial opens, the two
//! ends might keep different ones. When all have failed, the next round waits twice as long as the last; but no
//! longer than a quarter of the time for which the peer has been away, so that a link that comes and goes is found
//! while it is there.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher as _};
use std::time::{Duration, Instant};

use libp2p::swarm::ConnectionId;
use libp2p::{Multiaddr, PeerId};

use crate::address::is_relayed;

/// The delay after a connection was lost that had held.
const LOST_DELAY: Duration = Duration::from_secs(1);
/// The delay after the first failed round.
const FIRST_DELAY: Duration = Duration::from_secs(3);
/// The longest delay for who was there a moment ago, and for who has been away for long.
const SHORT_DELAY: Duration = Duration::from_secs(15);
const LAST_DELAY: Duration = Duration::from_secs(60 * 60);
/// A connection that held this long was a success: the delays begin anew.
const HELD: Duration = Duration::from_secs(5);
/// Addresses kept for one peer.
const ADDRESSES: usize = 8;
/// Peers found nearby that are kept, besides those that were named: whoever is nearby can invent any number.
const NEARBY: usize = 128;

/// See the module.
pub(crate) struct Dialer {
    targets: BTreeMap<u64, Target>,
    next: u64,
    /// Makes the delays of this node differ from those of others.
    seed: u64,
}

struct Target {
    /// Who is there, as far as known.
    peer: Option<PeerId>,
    /// Somebody said who is there, and nobody else will do. Without it, a node that was set up anew at the
    /// same address is welcome.
    pinned: bool,
    /// Without a peer id. What worked last comes first. Never empty.
    addresses: Vec<Multiaddr>,
    /// Somebody named it: it is never forgotten.
    named: bool,
    /// It was reached once: it is not forgotten merely because it is no longer seen nearby.
    reached: bool,
    /// It was met before and that is all: it can wait while there are enough others.
    spare: bool,
    /// Since when it has been away, as far as known.
    away: Option<Instant>,
    /// Addresses of this round that have failed.
    tried: usize,
    /// Rounds that have failed in a row.
    failures: u32,
    state: State,
}

#[derive(Debug, PartialEq, Eq)]
enum State {
    Waiting(Instant),
    Dialing(ConnectionId, Multiaddr),
    Connected(Instant),
}

/// Something to dial now.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Due {
    key: u64,
    /// Where, without a peer id.
    pub(crate) address: Multiaddr,
    /// Who is expected there.
    pub(crate) peer: Option<PeerId>,
}

impl Dialer {
    pub(crate) fn new(seed: u64) -> Self {
        Self { targets: BTreeMap::new(), next: 0, seed }
    }

    /// Somebody names an address: dial it now, and whenever it is not connected.
    pub(crate) fn add(&mut self, address: Multiaddr, peer: Option<PeerId>, now: Instant) {
        let known = self.targets.values_mut().find(|target| match peer {
            Some(_) => target.peer == peer,
            None => target.addresses.contains(&address),
        });
        if let Some(target) = known {
            target.named = true;
            target.spare = false;
            target.put_first(address);
            if matches!(target.state, State::Waiting(_)) {
                target.start_over(now);
            }
        } else {
            self.insert(Target::new(peer, vec![address], true, now));
        }
    }

    /// A peer was found nearby: dial it at `when`, and then until it is [`expired`](Self::expired). False if
    /// there are too many.
    pub(crate) fn nearby(&mut self, peer: PeerId, addresses: Vec<Multiaddr>, when: Instant) -> bool {
        if let Some(target) = self.of(peer) {
            target.spare = false;
            for address in addresses {
                target.put_last(address);
            }
            // Where it was away until now, waiting long makes no sense any more.
            if matches!(target.state, State::Waiting(until) if until > when) {
                target.start_over(when);
            }
            return true;
        }
        if addresses.is_empty() || !self.has_room_nearby() {
            return false;
        }
        let addresses = addresses.into_iter().take(ADDRESSES).collect();
        self.insert(Target::new(Some(peer), addresses, false, when));
        true
    }

    /// A peer that was met before: dial it at `when`, and then again and again, unless it can wait.
    pub(crate) fn met(&mut self, peer: PeerId, address: Multiaddr, when: Instant) {
        if self.of(peer).is_none() {
            let target =
                Target { reached: true, spare: true, ..Target::new(Some(peer), vec![address], false, when) };
            self.insert(target);
        } else if let Some(target) = self.of(peer) {
            target.put_last(address);
        }
    }

    /// There are enough peers: who is only known waits until `when`, if it is due earlier.
    pub(crate) fn spare(&mut self, now: Instant, when: Instant) {
        for target in self.targets.values_mut().filter(|target| target.spare) {
            if matches!(target.state, State::Waiting(until) if until <= now) {
                target.state = State::Waiting(when);
            }
        }
    }

    /// Makes room for one more, in place of who failed most often.
    fn has_room_nearby(&mut self) -> bool {
        let nearby = self.targets.iter().filter(|(_, target)| !target.named);
        if nearby.clone().count() < NEARBY {
            return true;
        }
        let worst = nearby
            .filter(|(_, target)| matches!(target.state, State::Waiting(_)) && target.failures > 0)
            .max_by_key(|(_, target)| target.failures)
            .map(|(key, _)| *key);
        worst.is_some_and(|key| self.targets.remove(&key).is_some())
    }

    /// A peer is no longer seen nearby at an address. Its connection, if there is one, is not touched.
    pub(crate) fn expired(&mut self, peer: PeerId, address: &Multiaddr) {
        self.targets.retain(|_, target| {
            let keep = target.named || target.reached || !matches!(target.state, State::Waiting(_));
            if target.peer != Some(peer) || keep {
                return true;
            }
            target.addresses.retain(|known| known != address);
            target.tried = 0;
            !target.addresses.is_empty()
        });
    }

    /// Something whose time has come. To be followed by [`started`](Self::started).
    pub(crate) fn due(&self, now: Instant) -> Option<Due> {
        self.targets.iter().find_map(|(key, target)| match target.state {
            State::Waiting(until) if until <= now => {
                let address = target.addresses.get(target.tried)?.clone();
                let pinned = target.pinned || is_relayed(&address);
                Some(Due { key: *key, address, peer: target.peer.filter(|_| pinned) })
            }
            State::Waiting(_) | State::Dialing(..) | State::Connected(_) => None,
        })
    }

    /// When something will be due.
    pub(crate) fn next_due(&self) -> Option<Instant> {
        let waiting = |target: &Target| match target.state {
            State::Waiting(until) => Some(until),
            State::Dialing(..) | State::Connected(_) => None,
        };
        self.targets.values().filter_map(waiting).min()
    }

    /// What was due is being dialled.
    pub(crate) fn started(&mut self, due: Due, attempt: ConnectionId) {
        if let Some(target) = self.targets.get_mut(&due.key) {
            target.state = State::Dialing(attempt, due.address);
        }
    }

    /// A peer is connected; by `attempt` (which may have been superfluous), or because it dialled.
    pub(crate) fn connected(&mut self, peer: PeerId, attempt: Option<ConnectionId>, now: Instant) {
        if let Some(attempt) = attempt {
            self.learn(attempt, peer);
        }
        if let Some(target) = self.of(peer) {
            target.tried = 0;
            target.state = State::Connected(now);
        }
    }

    /// An attempt has shown who is at its address.
    fn learn(&mut self, attempt: ConnectionId, peer: PeerId) {
        let Some(key) = self.by_attempt(attempt) else { return };
        let Some(mut target) = self.targets.remove(&key) else { return };
        if let State::Dialing(_, address) = &target.state {
            let address = address.clone();
            target.put_first(address);
        }
        target.peer = Some(peer);
        target.reached = true;
        // Two addresses of one peer, each named without saying whose it is: one target from now on.
        if let Some(other) = self.of(peer) {
            for address in target.addresses {
                other.put_last(address);
            }
            other.named |= target.named;
            other.reached = true;
            other.pinned |= target.pinned;
        } else {
            self.insert(target);
        }
    }

    /// A connected peer answers no more from where it was dialled: its other places are tried first, since the
    /// wait for one that is silent is long.
    pub(crate) fn silent(&mut self, peer: PeerId, place: &Multiaddr) {
        if let Some(target) = self.of(peer) {
            // Whatever the port and the carrier: they go the same way.
            target.addresses.sort_by_key(|address| address.iter().next() == place.iter().next());
        }
    }

    /// A peer is no longer connected.
    pub(crate) fn disconnected(&mut self, peer: PeerId, now: Instant) {
        let seed = self.seed;
        if let Some(target) = self.of(peer)
            && let State::Connected(since) = target.state
        {
            if now.duration_since(since) >= HELD {
                target.failures = 0;
                target.away = Some(now);
                target.pause(now, seed, peer);
            } else {
                target.wait(now, seed, peer);
            }
        }
    }

    /// Where an attempt goes.
    pub(crate) fn address_of(&self, attempt: ConnectionId) -> Option<Multiaddr> {
        self.targets.values().find_map(|target| match &target.state {
            State::Dialing(id, address) if *id == attempt => Some(address.clone()),
            State::Waiting(_) | State::Dialing(..) | State::Connected(_) => None,
        })
    }

    /// An attempt has failed.
    pub(crate) fn failed(&mut self, attempt: ConnectionId, now: Instant) {
        let seed = self.seed;
        let Some(key) = self.by_attempt(attempt) else { return };
        let Some(target) = self.targets.get_mut(&key) else { return };
        target.tried += 1;
        target.next_address(now, seed, key);
    }

    /// An attempt has reached this node itself: that address never again. Others of the same peer stay: many
    /// nodes tell 127.0.0.1 among theirs.
    pub(crate) fn is_me(&mut self, attempt: ConnectionId, now: Instant) {
        let seed = self.seed;
        let Some(key) = self.by_attempt(attempt) else { return };
        let Some(target) = self.targets.get_mut(&key) else { return };
        if let State::Dialing(_, address) = &target.state {
            target.addresses.retain(|known| known != address);
        }
        if target.addresses.is_empty() {
            self.targets.remove(&key);
        } else {
            target.next_address(now, seed, key);
        }
    }

    /// A peer is never to be dialled again.
    pub(crate) fn forget(&mut self, peer: PeerId) {
        self.targets.retain(|_, target| target.peer != Some(peer));
    }

    fn of(&mut self, peer: PeerId) -> Option<&mut Target> {
        self.targets.values_mut().find(|target| target.peer == Some(peer))
    }

    fn by_attempt(&self, attempt: ConnectionId) -> Option<u64> {
        let is_it = |target: &Target| matches!(target.state, State::Dialing(id, _) if id == attempt);
        self.targets.iter().find(|(_, target)| is_it(target)).map(|(key, _)| *key)
    }

    fn insert(&mut self, target: Target) {
        self.targets.insert(self.next, target);
        self.next += 1;
    }
}

impl Target {
    fn new(peer: Option<PeerId>, addresses: Vec<Multiaddr>, named: bool, when: Instant) -> Self {
        Self {
            peer,
            pinned: peer.is_some(),
            addresses,
            named,
            reached: false,
            spare: false,
            away: None,
            tried: 0,
            failures: 0,
            state: State::Waiting(when),
        }
    }

    fn put_first(&mut self, address: Multiaddr) {
        self.addresses.retain(|known| *known != address);
        self.addresses.insert(0, address);
        self.addresses.truncate(ADDRESSES);
    }

    fn put_last(&mut self, address: Multiaddr) {
        if !self.addresses.contains(&address) {
            // New is better than what did not work last.
            self.addresses.truncate(ADDRESSES - 1);
            self.addresses.push(address);
        }
    }

    /// Goes on with the address that is to be tried now, or with the next round after the last one.
    fn next_address(&mut self, now: Instant, seed: u64, key: impl Hash) {
        if self.tried >= self.addresses.len() {
            self.tried = 0;
            self.wait(now, seed, key);
        } else {
            self.state = State::Waiting(now);
        }
    }

    /// After one more failure.
    fn wait(&mut self, now: Instant, seed: u64, key: impl Hash) {
        self.failures = self.failures.saturating_add(1);
        self.pause(now, seed, key);
    }

    fn pause(&mut self, now: Instant, seed: u64, key: impl Hash) {
        let away = now.duration_since(*self.away.get_or_insert(now));
        let until = now.checked_add(delay(self.failures, away, seed, key)).unwrap_or(now);
        self.state = State::Waiting(until);
    }

    fn start_over(&mut self, when: Instant) {
        self.tried = 0;
        self.failures = 0;
        self.away = None;
        self.state = State::Waiting(when);
    }
}

/// A second after the loss, 3, 6, 12 … seconds after the first, second, third … failure, and no more than a quarter of the time that
/// the target has been away; each node and target up to a quarter more or less, so that not all return at once to a
/// node that was away.
fn delay(failures: u32, away: Duration, seed: u64, target: impl Hash) -> Duration {
    let mut hasher = DefaultHasher::new();
    (seed, target, failures).hash(&mut hasher);
    let percent = u32::try_from(75 + hasher.finish() % 51).unwrap_or(100);
    let doubled = match failures {
        0 => LOST_DELAY,
        some => FIRST_DELAY.saturating_mul(2u32.saturating_pow(some - 1)),
    };
    doubled.min(SHORT_DELAY.max(away / 4)).min(LAST_DELAY) * percent / 100
}

#[cfg(test)]
#[path = "dialer_tests.rs"]
mod tests;
