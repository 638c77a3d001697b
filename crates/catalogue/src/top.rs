//! The newest *n* of a set in the total order, and a reserve behind them.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use record::{Header, RecordId, Timestamp};

/// The total order of records: newest revision first, then the lowest id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Rank(pub(crate) Reverse<Timestamp>, pub(crate) RecordId);

impl Rank {
    pub(crate) const fn of(id: RecordId, header: &Header) -> Self {
        Self(Reverse(header.revision), id)
    }
}

/// What a change did to one record of a [`Top`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moved {
    In(Rank),
    Out(Rank),
    /// Beyond the reserve as well.
    Dropped(Rank),
}

/// The newest `limit` of the ranks that were inserted and not removed.
#[derive(Debug, Clone)]
pub(crate) struct Top {
    limit: usize,
    reserve: usize,
    inside: BTreeSet<Rank>,
    outside: BTreeSet<Rank>,
}

impl Top {
    pub(crate) const fn new(limit: usize, reserve: usize) -> Self {
        Self { limit, reserve, inside: BTreeSet::new(), outside: BTreeSet::new() }
    }

    pub(crate) fn insert(&mut self, rank: Rank) -> Vec<Moved> {
        let mut moved = Vec::new();
        if self.inside.len() < self.limit || self.inside.last().is_some_and(|last| rank < *last) {
            self.inside.insert(rank);
            moved.push(Moved::In(rank));
            if self.inside.len() > self.limit
                && let Some(last) = self.inside.pop_last()
            {
                self.outside.insert(last);
                moved.push(Moved::Out(last));
            }
        } else {
            self.outside.insert(rank);
        }
        if self.outside.len() > self.reserve
            && let Some(last) = self.outside.pop_last()
        {
            moved.push(Moved::Dropped(last));
        }
        moved
    }

    pub(crate) fn remove(&mut self, rank: Rank) -> Vec<Moved> {
        if self.outside.remove(&rank) || !self.inside.remove(&rank) {
            return Vec::new();
        }
        let mut moved = vec![Moved::Out(rank)];
        if let Some(first) = self.outside.pop_first() {
            self.inside.insert(first);
            moved.push(Moved::In(first));
        }
        moved
    }

    pub(crate) fn inside(&self) -> impl Iterator<Item = Rank> {
        self.inside.iter().copied()
    }

    pub(crate) fn len(&self) -> usize {
        self.inside.len().saturating_add(self.outside.len())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.inside.is_empty() && self.outside.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rank(number: u8) -> Rank {
        Rank(Reverse(Timestamp::from_millis(number.into())), RecordId::from_bytes([number; 32]))
    }

    proptest! {
        #[test]
        fn the_inside_is_always_the_newest(steps in proptest::collection::vec((any::<bool>(), 0_u8..40), 0..200)) {
            let mut top = Top::new(5, 100);
            let (mut all, mut inside) = (BTreeSet::new(), BTreeSet::new());
            for (insert, number) in steps {
                let rank = rank(number);
                let moved = match (insert, all.contains(&rank)) {
                    (true, false) => { all.insert(rank); top.insert(rank) }
                    (false, true) => { all.remove(&rank); top.remove(rank) }
                    (true, true) | (false, false) => continue,
                };
                for step in moved {
                    match step {
                        Moved::In(rank) => prop_assert!(inside.insert(rank)),
                        Moved::Out(rank) => prop_assert!(inside.remove(&rank)),
                        Moved::Dropped(_) => prop_assert!(false, "the reserve is large enough"),
                    }
                }
                prop_assert_eq!(&inside, &all.iter().take(5).copied().collect::<BTreeSet<_>>());
            }
        }
    }
}
