//! What a change did to a circle's records.

use std::collections::BTreeSet;

use record::RecordId;

/// What a change did to the records of a circle, each list sorted by id.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// Admitted now and not before.
    pub admitted: BTreeSet<RecordId>,
    /// Admitted before and not now.
    pub removed: BTreeSet<RecordId>,
    /// Not held any more: what the store may forget.
    pub dropped: BTreeSet<RecordId>,
}

impl Changes {
    /// Whether nothing happened.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.admitted.is_empty() && self.removed.is_empty() && self.dropped.is_empty()
    }

    /// Adds what happened afterwards.
    pub fn then(&mut self, later: Self) {
        for id in later.admitted {
            self.admit(id);
        }
        for id in later.removed {
            self.remove(id);
        }
        self.dropped.extend(later.dropped);
    }

    pub(crate) fn admit(&mut self, id: RecordId) {
        if !self.removed.remove(&id) {
            self.admitted.insert(id);
        }
        self.dropped.remove(&id);
    }

    pub(crate) fn remove(&mut self, id: RecordId) {
        if !self.admitted.remove(&id) {
            self.removed.insert(id);
        }
    }
}
