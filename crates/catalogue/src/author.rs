//! What is held of one author: the versions of each slot, and which of them counts.

use std::collections::BTreeMap;

use record::{Charter, Header, Key, Kind, PublicKey, RecordId, Timestamp};

use crate::tier::{RESERVE, Tier};
use crate::top::{Rank, Top};

/// A slot of one author.
pub(crate) type SlotKey = (Kind, Key);

/// A signer's version of a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Version {
    pub(crate) id: RecordId,
    pub(crate) revision: Timestamp,
    pub(crate) withdrawn: bool,
}

impl Version {
    pub(crate) const fn of(id: RecordId, header: &Header) -> Self {
        Self { id, revision: header.revision, withdrawn: header.is_withdrawal() }
    }

    /// Whether this version replaces the other one: a withdrawal is final, else the newer revision
    /// wins, and of the same revision the lower id.
    pub(crate) fn beats(&self, other: &Self) -> bool {
        (self.withdrawn, self.revision, other.id) > (other.withdrawn, other.revision, self.id)
    }
}

/// A slot: at most one version for each signer, and the one that counts now.
#[derive(Debug, Clone, Default)]
pub(crate) struct SlotState {
    pub(crate) versions: BTreeMap<PublicKey, Version>,
    pub(crate) counted: Option<Version>,
}

/// One author's records.
#[derive(Debug, Clone, Default)]
pub(crate) struct Author {
    pub(crate) slots: BTreeMap<SlotKey, SlotState>,
    tops: BTreeMap<Tier, Top>,
}

impl Author {
    /// The quota's set of a tier.
    pub(crate) fn top(&mut self, tier: Tier, charter: &Charter) -> &mut Top {
        self.tops.entry(tier).or_insert_with(|| Top::new(tier.quota(charter), RESERVE))
    }

    pub(crate) fn remove_from_top(&mut self, tier: Tier, rank: Rank) -> Vec<crate::top::Moved> {
        let Some(top) = self.tops.get_mut(&tier) else { return Vec::new() };
        let moved = top.remove(rank);
        if top.is_empty() {
            self.tops.remove(&tier);
        }
        moved
    }

    /// How many slots count in a tier, within the quota or behind it.
    pub(crate) fn counted(&self, tier: Tier) -> usize {
        self.tops.get(&tier).map_or(0, Top::len)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }
}
