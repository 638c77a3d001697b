//! How much one author may say by gossip. What is over it comes by reconciliation, a little later.

use std::collections::BTreeMap;

use record::{MemberId, Timestamp};

use crate::limits::{AUTHOR_BURST, AUTHOR_MS, MAX_BUDGETS};

/// The budgets of authors: a bucket of [`AUTHOR_BURST`] records, one more each [`AUTHOR_MS`].
#[derive(Debug, Clone, Default)]
pub(crate) struct Budgets {
    /// When an author's bucket is full again.
    full_at: BTreeMap<MemberId, Timestamp>,
}

impl Budgets {
    /// Takes one record out of an author's bucket, if there is one.
    pub(crate) fn take(&mut self, author: MemberId, now: Timestamp) -> bool {
        if self.full_at.len() >= MAX_BUDGETS {
            self.full_at.retain(|_, full| *full > now);
        }
        let full = self.full_at.get(&author).map_or(now, |full| (*full).max(now)).plus_millis(AUTHOR_MS);
        let allowed =
            full.since(now) <= AUTHOR_BURST.saturating_mul(AUTHOR_MS) && self.full_at.len() <= MAX_BUDGETS;
        if allowed {
            self.full_at.insert(author, full);
        }
        allowed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use record::SecretKey;

    #[test]
    fn one_who_floods_is_held_back_and_others_are_not() {
        let (loud, quiet) = ([1; 32], [2; 32]);
        let member = |seed: [u8; 32]| MemberId::from(SecretKey::from_seed(&seed).public());
        let mut budgets = Budgets::default();
        let now = Timestamp::from_millis(1_000);
        let passed = (0..1_000).filter(|_| budgets.take(member(loud), now)).count();
        assert_eq!(passed as u64, AUTHOR_BURST);
        assert!(budgets.take(member(quiet), now));
        assert!(!budgets.take(member(loud), now.plus_millis(AUTHOR_MS - 1)));
        assert!(budgets.take(member(loud), now.plus_millis(AUTHOR_MS)));
    }
}
