//! What gossip does beside its mesh: once a second a node tells some neighbours outside the mesh what it passed on
//! lately, and they ask for what they lack.

use std::rc::Rc;

use protocol::Topic;
use record::Hash;

use crate::event::Event;
use crate::sim::Sim;

/// How many neighbours are told, as in the real network.
const TOLD: usize = 6;
/// For how long, in milliseconds.
const TELL_MS: u64 = 3_000;

/// A message that a node passed on.
#[derive(Debug, Clone)]
pub(crate) struct Passed {
    at: u64,
    message: Hash,
    topic: Topic,
    data: Rc<[u8]>,
}

impl Sim {
    /// Notes that a node passed a message on, or published it.
    pub(crate) fn passed(&mut self, node: usize, topic: &Topic, data: &Rc<[u8]>) {
        let passed =
            Passed { at: self.now, message: Hash::of(data), topic: topic.clone(), data: Rc::clone(data) };
        self.nodes[node].passed.push_back(passed);
    }

    /// Tells neighbours outside the mesh.
    pub(crate) fn tell_others(&mut self, node: usize) {
        let now = self.now;
        self.nodes[node].passed.retain(|passed| now.saturating_sub(passed.at) < TELL_MS);
        if self.nodes[node].passed.is_empty() {
            return;
        }
        let mesh = self.mesh(node);
        let mut others = self.neighbours(node);
        others.retain(|other| !mesh.contains(other));
        while others.len() > TOLD {
            let left_out = self.rng.index(others.len());
            others.remove(left_out);
        }
        let passed = self.nodes[node].passed.clone();
        for other in others {
            for Passed { message, topic, data, .. } in &passed {
                if !self.nodes[other].has_seen(message) && !self.rng.chance(self.config.loss) {
                    // What is told and asked takes as long as what is sent then.
                    let least = now.saturating_add(self.latency()).saturating_add(self.latency());
                    self.count(node, data.len());
                    let event = Event::Gossip { from: node, topic: topic.clone(), data: Rc::clone(data) };
                    self.plan(node, other, least, event);
                }
            }
        }
    }
}
