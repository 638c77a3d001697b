//! The address book: where peers were with whom a round has ended. They are dialled after a restart.

use net::Address;
use serde::{Deserialize, Serialize};

/// Under which name it lies in the store.
pub(crate) const KNOWN: &str = "known";
/// How many addresses are in it, and how many of one peer.
const MOST: usize = 64;
const MOST_OF_A_PEER: usize = 2;
/// Who was there less than a day ago is not written down again, in milliseconds: cards wear out.
const DAY: u64 = 24 * 60 * 60 * 1_000;
/// Who was not there for so long makes room, and nobody else does: a crowd of newcomers does not drive out those
/// who have proved good.
const AWAY: u64 = 7 * DAY;

/// See the module.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Known(Vec<Entry>);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Entry {
    address: String,
    /// When a round with it ended: Unix milliseconds, exact to a day.
    seen: u64,
}

impl Entry {
    fn address(&self) -> Option<Address> {
        self.address.parse().ok()
    }
}

impl Known {
    /// As it lies in the store; what can't be read is left out.
    pub(crate) fn read(json: Option<&[u8]>) -> Self {
        let mut known: Self = json.and_then(|json| serde_json::from_slice(json).ok()).unwrap_or_default();
        known.0.retain(|entry| entry.address().is_some_and(|address| address.peer().is_some()));
        known.0.truncate(MOST);
        known
    }

    /// Who is in it.
    pub(crate) fn addresses(&self) -> Vec<Address> {
        self.0.iter().filter_map(Entry::address).collect()
    }

    /// A round with the peer at `address` has ended; says whether that is to be written down.
    pub(crate) fn meet(&mut self, address: &Address, now: u64) -> bool {
        let Some(peer) = address.peer() else { return false };
        let text = address.to_string();
        if let Some(entry) = self.0.iter_mut().find(|entry| entry.address == text) {
            let is_news = now.abs_diff(entry.seen) >= DAY;
            if is_news {
                entry.seen = now;
            }
            return is_news;
        }
        let entry = Entry { address: text, seen: now };
        let of_peer = |entry: &&mut Entry| entry.address().and_then(|it| it.peer()) == Some(peer.clone());
        let is_full = self.0.len() >= MOST;
        let replaced = if self.0.iter_mut().filter(of_peer).count() >= MOST_OF_A_PEER {
            self.0.iter_mut().filter(of_peer).min_by_key(|entry| entry.seen)
        } else if is_full {
            let oldest = self.0.iter_mut().min_by_key(|entry| entry.seen);
            oldest.filter(|entry| now.saturating_sub(entry.seen) >= AWAY)
        } else {
            self.0.push(entry);
            return true;
        };
        let Some(replaced) = replaced else { return false };
        *replaced = entry;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_700_000_000_000;

    /// Peer `number` at a port.
    fn at(number: u8, port: u16) -> Address {
        let peer = net::peer_id(&[number; 32]).unwrap();
        format!("/ip4/192.168.1.20/tcp/{port}/p2p/{peer}").parse().unwrap()
    }

    #[test]
    fn a_peer_is_written_down_once_a_day_and_read_back() {
        let mut known = Known::default();
        assert!(known.meet(&at(1, 7378), NOW));
        assert!(!known.meet(&at(1, 7378), NOW + DAY - 1));
        assert!(known.meet(&at(1, 7378), NOW + DAY));
        let nameless: Address = "/ip4/192.168.1.20/tcp/7378".parse().unwrap();
        assert!(!known.meet(&nameless, NOW));
        let json = serde_json::to_vec(&known).unwrap();
        assert_eq!(Known::read(Some(&json)), known);
        assert_eq!(known.addresses(), [at(1, 7378)]);
        for bad in [None, Some(b"x".as_slice()), Some(b"[{\"address\":\"x\",\"seen\":1}]")] {
            assert_eq!(Known::read(bad), Known::default());
        }
    }

    #[test]
    fn a_peer_that_moves_takes_two_places_at_most() {
        let mut known = Known::default();
        for (port, day) in [(1_111, 0), (2_222, 1), (3_333, 2)] {
            assert!(known.meet(&at(1, port), NOW + day * DAY));
        }
        assert_eq!(known.addresses(), [at(1, 3_333), at(1, 2_222)]);
    }

    #[test]
    fn a_crowd_of_newcomers_drives_out_nobody_but_who_is_long_away() {
        let mut known = Known::default();
        for number in 0..64 {
            assert!(known.meet(&at(number, 7378), NOW + u64::from(number)));
        }
        for number in 64..=255 {
            assert!(!known.meet(&at(number, 7378), NOW + AWAY - 1));
        }
        assert!(known.meet(&at(64, 7378), NOW + AWAY));
        assert!(!known.meet(&at(65, 7378), NOW + AWAY));
        let addresses = known.addresses();
        assert_eq!(addresses.len(), 64);
        assert!(!addresses.contains(&at(0, 7378)) && addresses.contains(&at(64, 7378)));
    }
}
