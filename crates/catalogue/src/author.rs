//! What is held of one author: the versions of each slot, and which of them counts.

use std::cmp::Reverse;
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
    pub(crate) signer: PublicKey,
    pub(crate) revision: Timestamp,
    pub(crate) withdrawn: bool,
}

impl Version {
    pub(crate) const fn of(id: RecordId, header: &Header) -> Self {
        Self { id, signer: header.signer, revision: header.revision, withdrawn: header.is_withdrawal() }
    }

    /// Whether this version replaces the other one: the newer revision wins, and of the same revision the
    /// lower id. Things and withdrawals are compared among themselves.
    pub(crate) fn beats(&self, other: &Self) -> bool {
        (self.revision, other.id) > (other.revision, self.id)
    }

    pub(crate) const fn rank(&self) -> Rank {
        Rank(Reverse(self.revision), self.id)
    }
}

/// A slot: the versions that are held, and those that count now. Of one signer there are at most four: the
/// newest thing and the newest withdrawal, of those that may count and of those that wait.
#[derive(Debug, Clone, Default)]
pub(crate) struct SlotState {
    pub(crate) versions: Vec<Version>,
    /// The newest thing, unless the slot is closed.
    pub(crate) counted: Option<RecordId>,
    /// The newest withdrawal. Once it is admitted, the slot is closed.
    pub(crate) ended: Option<RecordId>,
}

/// One author's records.
#[derive(Debug, Clone, Default)]
pub(crate) struct Author {
    pub(crate) slots: BTreeMap<SlotKey, SlotState>,
    /// Whether it shares the strangers' quota.
    pub(crate) pooled: bool,
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

    /// What is within the quotas.
    pub(crate) fn inside(&self) -> Vec<(Tier, Rank)> {
        let tops = self.tops.iter();
        tops.flat_map(|(tier, top)| top.inside().map(move |rank| (*tier, rank))).collect()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }
}

pub(crate) fn slot_key(header: &Header) -> SlotKey {
    (header.kind.clone(), header.key)
}
