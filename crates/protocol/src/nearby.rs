//! The circles that connected peers keep, so that a newcomer can join one without typing its id.

use std::collections::{BTreeMap, BTreeSet};

use record::{Body, CircleId, Record};

use crate::limits::MAX_NEARBY;
use crate::names::PeerId;

/// A circle that peers keep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nearby {
    /// Its name, from the founding charter that its id stands for.
    pub name: String,
    /// Who keeps it.
    pub peers: BTreeSet<PeerId>,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct NearbyCircles(pub(crate) BTreeMap<CircleId, Nearby>);

impl NearbyCircles {
    /// Notes a charter that a peer sent; false if it is none.
    pub(crate) fn note(&mut self, peer: &PeerId, charter: Record) -> bool {
        let Ok(record) = charter.verify() else { return false };
        let Some(Body::Charter(charter)) = record.body() else { return false };
        if record.header().circle != CircleId::FOUNDING {
            return false;
        }
        let circle = CircleId::founded_by(record.id());
        if self.0.len() < MAX_NEARBY || self.0.contains_key(&circle) {
            let known = Nearby { name: charter.name, peers: BTreeSet::new() };
            self.0.entry(circle).or_insert(known).peers.insert(peer.clone());
        }
        true
    }

    pub(crate) fn forget(&mut self, peer: &PeerId) {
        self.0.retain(|_, nearby| {
            nearby.peers.remove(peer);
            !nearby.peers.is_empty()
        });
    }
}
