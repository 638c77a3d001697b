//! Finding what is missing inside the days that differ: negentropy over salted ids.
//!
//! Negentropy's fingerprint is a sum that an attacker can hit with chosen ids (Wagner's generalised
//! birthday). Its ids here are hashes under a salt to which both sides contributed, so that nobody can
//! choose them before the session.

use std::collections::BTreeMap;

use negentropy::{Id, Negentropy, NegentropyStorageVector};
use record::{Hash, RecordId, Timestamp};

use crate::frame::{Salt, SaltedId};
use crate::limits::{FRAME_ROOM, MAX_MISSING, MAX_ROUNDS};

/// The salt of one session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SessionSalt(Hash);

impl SessionSalt {
    /// From what the opener and the other side contributed.
    pub(crate) fn of(opener: &Salt, other: &Salt) -> Self {
        Self(Hash::derive("commonshelf/session-salt/1", &[opener, other]))
    }

    pub(crate) fn apply(&self, id: &RecordId) -> SaltedId {
        *Hash::of(&[self.0.as_bytes().as_slice(), id.as_bytes()].concat()).as_bytes()
    }
}

/// The records of the days that differ, by their salted ids, and the state of the comparison.
pub(crate) struct Comparison {
    ids: BTreeMap<SaltedId, RecordId>,
    negentropy: Negentropy<'static, NegentropyStorageVector>,
    rounds: u32,
    have: Vec<Id>,
    need: Vec<Id>,
}

/// What the side that began knows after a message.
pub(crate) enum Progress {
    Ask(Vec<u8>),
    /// What the peer lacks, and what this side lacks; both sorted.
    Found {
        have: Vec<SaltedId>,
        need: Vec<SaltedId>,
    },
}

/// The peer's message makes no sense, or there is no end to them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Nonsense;

impl Comparison {
    pub(crate) fn new(
        salt: SessionSalt,
        records: impl Iterator<Item = (RecordId, Timestamp)>,
    ) -> Result<Self, Nonsense> {
        let mut storage = NegentropyStorageVector::new();
        let mut ids = BTreeMap::new();
        for (id, revision) in records {
            let salted = salt.apply(&id);
            storage.insert(revision.millis(), Id::from_byte_array(salted)).map_err(|_| Nonsense)?;
            ids.insert(salted, id);
        }
        storage.seal().map_err(|_| Nonsense)?;
        let negentropy = Negentropy::owned(storage, FRAME_ROOM as u64).map_err(|_| Nonsense)?;
        Ok(Self { ids, negentropy, rounds: 0, have: Vec::new(), need: Vec::new() })
    }

    pub(crate) fn begin(&mut self) -> Result<Vec<u8>, Nonsense> {
        self.negentropy.initiate().map_err(|_| Nonsense)
    }

    /// The answer of the side that did not begin.
    pub(crate) fn answer(&mut self, message: &[u8]) -> Result<Vec<u8>, Nonsense> {
        self.count_round()?;
        self.negentropy.reconcile(message).map_err(|_| Nonsense)
    }

    /// What the side that began makes of an answer.
    pub(crate) fn read(&mut self, message: &[u8]) -> Result<Progress, Nonsense> {
        self.count_round()?;
        let next = self
            .negentropy
            .reconcile_with_ids(message, &mut self.have, &mut self.need)
            .map_err(|_| Nonsense)?;
        // Enough for now: what is beyond is found by the next session.
        let full = self.have.len().max(self.need.len()) >= MAX_MISSING;
        Ok(match next.filter(|_| !full) {
            Some(message) => Progress::Ask(message),
            None => Progress::Found { have: sorted(&mut self.have), need: sorted(&mut self.need) },
        })
    }

    pub(crate) fn id(&self, salted: &SaltedId) -> Option<RecordId> {
        self.ids.get(salted).copied()
    }

    const fn count_round(&mut self) -> Result<(), Nonsense> {
        self.rounds = self.rounds.saturating_add(1);
        if self.rounds > MAX_ROUNDS { Err(Nonsense) } else { Ok(()) }
    }
}

/// Negentropy gives them in the order of a hash set; a simulation must replay.
fn sorted(ids: &mut Vec<Id>) -> Vec<SaltedId> {
    let mut ids: Vec<SaltedId> = std::mem::take(ids).into_iter().map(|id| *id).collect();
    ids.sort_unstable();
    ids.dedup();
    ids.truncate(MAX_MISSING);
    ids
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn comparison(numbers: &BTreeSet<u32>) -> Comparison {
        let salt = SessionSalt::of(&[1; 16], &[2; 16]);
        let records = numbers.iter().map(|number| {
            (RecordId::of_header(&number.to_be_bytes()), Timestamp::from_millis(u64::from(*number / 3)))
        });
        Comparison::new(salt, records).unwrap()
    }

    /// What each side has that the other lacks.
    fn differences(mut near: Comparison, mut far: Comparison) -> (BTreeSet<RecordId>, BTreeSet<RecordId>) {
        let mut message = near.begin().unwrap();
        let (have, need) = loop {
            let answer = far.answer(&message).unwrap();
            match near.read(&answer).unwrap() {
                Progress::Ask(next) => message = next,
                Progress::Found { have, need } => break (have, need),
            }
        };
        (
            have.iter().filter_map(|id| near.id(id)).collect(),
            need.iter().filter_map(|id| far.id(id)).collect(),
        )
    }

    proptest! {
        #[test]
        fn what_differs_is_found_exactly(
            one in proptest::collection::btree_set(0_u32..3_000, 0..800),
            other in proptest::collection::btree_set(0_u32..3_000, 0..800),
        ) {
            let (have, need) = differences(comparison(&one), comparison(&other));
            let ids = |numbers: Vec<&u32>| -> BTreeSet<_> {
                numbers.into_iter().map(|number| RecordId::of_header(&number.to_be_bytes())).collect()
            };
            prop_assert_eq!(have, ids(one.difference(&other).collect()));
            prop_assert_eq!(need, ids(other.difference(&one).collect()));
        }

        /// The attacker may choose ids freely here, which hashes don't allow; a real one has to search.
        #[test]
        fn ids_with_equal_sums_fool_a_bare_comparison_and_are_all_found_with_a_salt(
            starts in proptest::collection::btree_set(any::<[u8; 31]>(), 48),
            moves in proptest::collection::vec(0_u8..100, 48),
            salt in any::<[u8; 16]>(),
        ) {
            // Ids in pairs. On one side, those of some pairs are moved apart: their sum stays. Each of
            // negentropy's 16 parts holds three pairs.
            let set = |moved: bool| -> BTreeSet<RecordId> {
                let pairs = starts.iter().zip(&moves).flat_map(|(start, by)| {
                    let by = if moved { *by } else { 0 };
                    [100 - by, 150 + by].map(|end| {
                        let mut id = [end; 32];
                        id[..31].copy_from_slice(start);
                        RecordId::from_bytes(id)
                    })
                });
                pairs.collect()
            };
            let (one, other) = (set(false), set(true));
            let bare = |set: &BTreeSet<RecordId>| {
                let mut storage = NegentropyStorageVector::new();
                for id in set {
                    storage.insert(0, Id::from_byte_array(*id.as_bytes())).unwrap();
                }
                storage.seal().unwrap();
                Negentropy::owned(storage, FRAME_ROOM as u64).unwrap()
            };
            let (mut near, mut far) = (bare(&one), bare(&other));
            let (mut have, mut need) = (Vec::new(), Vec::new());
            let answer = far.reconcile(&near.initiate().unwrap()).unwrap();
            let more = near.reconcile_with_ids(&answer, &mut have, &mut need).unwrap();
            prop_assert_eq!((more, have, need), (None, Vec::new(), Vec::new()), "fooled");
            let salted = |set: &BTreeSet<RecordId>| {
                let salt = SessionSalt::of(&salt, &[2; 16]);
                Comparison::new(salt, set.iter().map(|id| (*id, Timestamp::from_millis(0)))).unwrap()
            };
            let (have, need) = differences(salted(&one), salted(&other));
            prop_assert_eq!(have, one.difference(&other).copied().collect::<BTreeSet<_>>());
            prop_assert_eq!(need, other.difference(&one).copied().collect::<BTreeSet<_>>());
        }

        #[test]
        fn nonsense_does_not_panic(message in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut comparison = comparison(&(0..50).collect());
            let _ = comparison.answer(&message);
            let _ = comparison.begin();
            let _ = comparison.read(&message);
        }
    }
}
