//! The part of the swarm's task that is about being reached: listening, relays, and what peers say of it.

use std::time::Instant;

use libp2p::autonat::v1::{
    Event as Reached, InboundProbeEvent, NatStatus, OutboundProbeError, OutboundProbeEvent,
};
use libp2p::core::transport::ListenerId;
use libp2p::{Multiaddr, identify, relay};

use crate::config::{HANDSHAKE, PROBE};
use crate::swarm::Node;
use crate::{Address, Event};

impl Node {
    /// This node listens at an address from now on.
    pub(crate) fn listens(&mut self, listener: ListenerId, address: &Multiaddr) {
        let me = *self.swarm.local_peer_id();
        let known = self.relays.address(listener, me);
        if known.is_none() && self.is_relay {
            // What a relay gives to others begins with where it is itself.
            self.swarm.add_external_address(address.clone());
        }
        // A relay may say several addresses of one place.
        let is_new = known.is_none() || self.listening.iter().all(|(other, _)| *other != listener);
        let told = known.unwrap_or_else(|| Address::told(address, me));
        if is_new {
            self.listening.push((listener, told.bare()));
            self.outbox.tell(Event::Listening(told));
        }
    }

    /// At some it does no more.
    pub(crate) fn listens_no_more(&mut self, is_gone: impl Fn(&(ListenerId, Multiaddr)) -> bool) {
        let me = *self.swarm.local_peer_id();
        for (_, address) in self.listening.extract_if(.., |known| is_gone(known)) {
            self.swarm.remove_external_address(&address);
            self.outbox.tell(Event::NotListening(Address::told(&address, me)));
        }
    }

    /// Asks relays for places that are due.
    pub(crate) fn ask_relays(&mut self) {
        let now = Instant::now();
        while let Some((peer, place)) = self.relays.due(now) {
            let listener = self.swarm.listen_on(place).inspect_err(|error| {
                tracing::debug!(%error, "a relay can not be asked");
            });
            self.relays.asked(peer, listener.ok(), now);
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "only what peers say of themselves matters")]
    pub(crate) fn identified(&mut self, event: identify::Event) {
        match event {
            identify::Event::Received { peer_id, info, .. }
                if info.protocols.contains(&relay::HOP_PROTOCOL_NAME) =>
            {
                if let Some(place) = self.peers.get(&peer_id).and_then(|peer| peer.place.clone()) {
                    self.relays.offered(peer_id, place, Instant::now());
                }
            }
            other => tracing::trace!(event = ?other, "identify"),
        }
    }

    /// What peers find when they try to dial this node, and what this one tries for them.
    pub(crate) fn reached(&mut self, event: Reached) {
        let single = &mut self.swarm.behaviour_mut().gossip;
        match event {
            Reached::InboundProbe(InboundProbeEvent::Request { peer, .. }) => single.tries(peer),
            Reached::OutboundProbe(OutboundProbeEvent::Request { peer, .. }) => {
                // What is on its way when time is up is still being greeted.
                single.awaits(peer, Instant::now() + PROBE + HANDSHAKE);
            }
            Reached::OutboundProbe(OutboundProbeEvent::Error {
                peer: Some(peer),
                error: OutboundProbeError::OutboundRequest(_),
                ..
            }) => {
                // It could not be asked: most likely it does not know how.
                single.awaits_no_more(&peer);
            }
            Reached::InboundProbe(InboundProbeEvent::Response { .. } | InboundProbeEvent::Error { .. })
            | Reached::OutboundProbe(
                OutboundProbeEvent::Response { .. } | OutboundProbeEvent::Error { .. },
            ) => {}
            Reached::StatusChanged { new, .. } => self.reachable(&new),
        }
    }

    fn reachable(&mut self, status: &NatStatus) {
        match status {
            NatStatus::Public(_) => {
                self.relays.hidden(false);
                self.outbox.tell(Event::Reachable(true));
            }
            NatStatus::Private => {
                self.relays.hidden(true);
                self.outbox.tell(Event::Reachable(false));
            }
            NatStatus::Unknown => {}
        }
    }
}
