//! Through whom this node lets itself be reached: relays that were named, or (where peers say that this node
//! can't be dialled) one that it is connected to. A relay gives a place on the connection to it; when that
//! ends, the place is gone, and is asked for again on the next one.

use std::time::Instant;

use libp2p::core::transport::ListenerId;
use libp2p::multiaddr::Protocol;
use libp2p::{Multiaddr, PeerId};

use crate::Address;
use crate::config::RELAY_RETRY;

/// See the module.
#[derive(Debug)]
pub(crate) struct Relays {
    relays: Vec<Relay>,
    /// Whether any connected relay will do, if none was named.
    any: bool,
    /// Whether peers say that this node can't be dialled.
    is_hidden: bool,
}

#[derive(Debug)]
struct Relay {
    /// Without a peer id.
    place: Multiaddr,
    peer: Option<PeerId>,
    /// When to ask for a place. `None` while it is not connected, or has given one.
    ask_at: Option<Instant>,
    listener: Option<ListenerId>,
    is_named: bool,
}

impl Relays {
    pub(crate) fn new(named: &[Address], any: bool) -> Self {
        let relays = named
            .iter()
            .map(|address| Relay {
                place: address.bare(),
                peer: address.libp2p_peer(),
                ask_at: None,
                listener: None,
                is_named: true,
            })
            .collect();
        Self { relays, any, is_hidden: false }
    }

    /// Whether a relay that was named is there.
    pub(crate) fn is_named(&self, place: &Multiaddr) -> bool {
        self.relays.iter().any(|relay| relay.is_named && relay.place == *place)
    }

    /// A peer was dialled and is connected.
    pub(crate) fn connected(&mut self, peer: PeerId, place: &Multiaddr, now: Instant) {
        for relay in &mut self.relays {
            let is_it = relay.peer.map_or(relay.place == *place, |known| known == peer);
            if is_it && relay.listener.is_none() {
                relay.peer = Some(peer);
                relay.ask_at = Some(now);
            }
        }
    }

    /// A connected peer, which was dialled, says that it is a relay.
    pub(crate) fn offered(&mut self, peer: PeerId, place: Multiaddr, now: Instant) {
        if self.any && self.relays.iter().all(|relay| relay.peer != Some(peer)) {
            let ask_at = Some(now);
            self.relays.push(Relay { place, peer: Some(peer), ask_at, listener: None, is_named: false });
        }
    }

    /// A peer is not connected any more.
    pub(crate) fn disconnected(&mut self, peer: PeerId) {
        self.relays.retain(|relay| relay.is_named || relay.peer != Some(peer));
        for relay in self.relays.iter_mut().filter(|relay| relay.peer == Some(peer)) {
            relay.ask_at = None;
        }
    }

    /// Peers say whether this node can be dialled.
    pub(crate) fn hidden(&mut self, is_hidden: bool) {
        self.is_hidden = is_hidden;
    }

    /// A relay to ask for a place now, and where to listen then. To be followed by [`asked`](Self::asked).
    pub(crate) fn due(&self, now: Instant) -> Option<(PeerId, Multiaddr)> {
        let relay = self.waiting().find(|relay| relay.ask_at.is_some_and(|at| at <= now))?;
        let peer = relay.peer?;
        Some((peer, relay.place.clone().with(Protocol::P2p(peer)).with(Protocol::P2pCircuit)))
    }

    /// When one will be due.
    pub(crate) fn next_due(&self) -> Option<Instant> {
        self.waiting().filter_map(|relay| relay.ask_at).min()
    }

    /// Named ones always; others while this node is hidden, and one at a time.
    fn waiting(&self) -> impl Iterator<Item = &Relay> {
        let has_one = self.relays.iter().any(|relay| relay.listener.is_some());
        let wants_any = self.is_hidden && !has_one;
        self.relays.iter().filter(move |relay| relay.is_named || wants_any)
    }

    /// A relay was asked; without a listener that was impossible.
    pub(crate) fn asked(&mut self, peer: PeerId, listener: Option<ListenerId>, now: Instant) {
        for relay in self.relays.iter_mut().filter(|relay| relay.peer == Some(peer)) {
            relay.listener = listener;
            relay.ask_at = if listener.is_some() { None } else { now.checked_add(RELAY_RETRY) };
        }
    }

    /// A place is gone, or was refused: false if the listener was none of these.
    pub(crate) fn closed(&mut self, listener: ListenerId, now: Instant) -> bool {
        let relay = self.relays.iter_mut().find(|relay| relay.listener == Some(listener));
        let Some(relay) = relay else { return false };
        relay.listener = None;
        relay.ask_at = now.checked_add(RELAY_RETRY);
        true
    }

    /// Where others reach `me`, if the listener is a relay's. Not what the relay says of itself: this node
    /// knows where it has reached it.
    pub(crate) fn address(&self, listener: ListenerId, me: PeerId) -> Option<Address> {
        let relay = self.relays.iter().find(|relay| relay.listener == Some(listener))?;
        Some(Address::through(&relay.place, relay.peer?, me))
    }

    /// Where `peer` is, who came through a relay at `place`.
    pub(crate) fn came_through(&self, place: &Multiaddr, peer: PeerId) -> Option<Address> {
        let starts = |relay: &&Relay| relay.place.iter().zip(place).all(|(part, other)| part == other);
        let relay = self.relays.iter().filter(|relay| relay.listener.is_some()).find(starts)?;
        Some(Address::through(&relay.place, relay.peer?, peer))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn place(last: u8) -> Multiaddr {
        format!("/ip4/203.0.113.{last}/tcp/7378").parse().unwrap()
    }

    fn at(place: &Multiaddr) -> Address {
        Address::try_from(place.clone()).unwrap()
    }

    #[test]
    fn a_named_relay_is_asked_whenever_it_is_connected_and_gives_no_place() {
        let now = Instant::now();
        let (relay, me, listener) = (PeerId::random(), PeerId::random(), ListenerId::next());
        let mut relays = Relays::new(&[at(&place(1))], false);
        assert!(relays.is_named(&place(1)) && relays.due(now).is_none());
        relays.connected(PeerId::random(), &place(2), now);
        assert!(relays.due(now).is_none(), "another peer");
        relays.connected(relay, &place(1), now);
        let (peer, listen) = relays.due(now).unwrap();
        assert_eq!((peer, listen.to_string()), (relay, format!("{}/p2p/{relay}/p2p-circuit", place(1))));
        relays.asked(relay, Some(listener), now);
        assert!(relays.due(now).is_none() && relays.next_due().is_none());
        let address = relays.address(listener, me).unwrap().to_string();
        assert_eq!(address, format!("{}/p2p/{relay}/p2p-circuit/p2p/{me}", place(1)));
        // Refused: later again. Connected anew: at once.
        assert!(relays.closed(listener, now) && !relays.closed(listener, now));
        assert!(relays.due(now).is_none() && relays.due(now + RELAY_RETRY).is_some());
        relays.disconnected(relay);
        assert!(relays.due(now + RELAY_RETRY).is_none());
        relays.connected(relay, &place(1), now);
        assert!(relays.due(now).is_some());
    }

    #[test]
    fn who_can_not_be_dialled_uses_one_relay_that_it_knows_if_any_will_do() {
        let now = Instant::now();
        let (one, other, listener) = (PeerId::random(), PeerId::random(), ListenerId::next());
        let mut relays = Relays::new(&[], false);
        relays.offered(one, place(1), now);
        relays.hidden(true);
        assert!(relays.due(now).is_none(), "it was not allowed");
        let mut relays = Relays::new(&[], true);
        relays.offered(one, place(1), now);
        relays.offered(other, place(2), now);
        assert!(relays.due(now).is_none(), "it can be dialled, as far as it knows");
        relays.hidden(true);
        assert_eq!(relays.due(now).unwrap().0, one);
        relays.asked(one, Some(listener), now);
        assert!(relays.due(now + Duration::from_secs(3_600)).is_none(), "one is enough");
        relays.closed(listener, now);
        relays.disconnected(one);
        assert_eq!(relays.due(now).unwrap().0, other);
    }
}
