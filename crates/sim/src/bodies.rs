//! Nodes that hide what others say.

use record::{RecordId, Slot};

use crate::sim::Sim;

impl Sim {
    /// Lets a running node hide what this record is a version of, from now on and after each start; nothing
    /// happens if the node does not hold it.
    pub fn hide(&mut self, node: usize, id: &RecordId) {
        let held = self.catalogue(node).and_then(|catalogue| catalogue.admitted(id));
        let Some(slot) = held.map(|held| held.header().slot()) else { return };
        self.nodes[node].hidden.insert(slot.clone());
        self.hide_slot(node, &slot);
    }

    pub(crate) fn hide_slot(&mut self, node: usize, slot: &Slot) {
        let now = self.nodes[node].time(self.now).latest();
        let Some(protocol) = &mut self.nodes[node].protocol else { return };
        match protocol.hide(self.circle, slot, now) {
            Ok(outputs) => self.act(node, outputs),
            Err(error) => self.faults.push(format!("node {node} can not hide something: {error}")),
        }
    }

    /// Whether a running node has what a record says; not, if it does not have the record.
    #[must_use]
    pub fn has_body(&self, node: usize, id: &RecordId) -> bool {
        let protocol = self.nodes.get(node).and_then(|node| node.protocol.as_ref());
        let record = protocol.and_then(|protocol| protocol.record(self.circle, id).ok().flatten());
        record.is_some_and(|record| record.is_whole())
    }
}
