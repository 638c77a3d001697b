//! How much one author may say by gossip, and how often a peer may begin. What of an author is over it comes by
//! reconciliation, a little later.

use std::collections::BTreeMap;

use record::{MemberId, Timestamp};

use crate::limits::{AUTHOR_BURST, AUTHOR_MS, MAX_BUDGETS};

/// Something of which there is a number in a burst, and then one in a while.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Bucket {
    /// When it is full again.
    full_at: Timestamp,
}

impl Bucket {
    /// Takes one out, if there is one: there are `burst`, and one more each `millis`.
    pub(crate) fn take(&mut self, burst: u64, millis: u64, now: Timestamp) -> bool {
        let allowed = !self.is_empty(burst, millis, now);
        if allowed {
            self.full_at = self.full_at.max(now).plus_millis(millis);
        }
        allowed
    }

    const fn is_empty(self, burst: u64, millis: u64, now: Timestamp) -> bool {
        self.full_at.since(now).saturating_add(millis) > burst.saturating_mul(millis)
    }
}

/// The budgets of authors: a bucket of [`AUTHOR_BURST`] records, one more each [`AUTHOR_MS`].
#[derive(Debug, Clone, Default)]
pub(crate) struct Budgets {
    buckets: BTreeMap<MemberId, Bucket>,
}

impl Budgets {
    /// Takes one record out of an author's bucket, if there is one.
    pub(crate) fn take(&mut self, author: MemberId, now: Timestamp) -> bool {
        if self.buckets.len() >= MAX_BUDGETS {
            self.buckets.retain(|_, bucket| bucket.full_at > now);
        }
        if self.buckets.len() >= MAX_BUDGETS && !self.buckets.contains_key(&author) {
            return false;
        }
        self.buckets.entry(author).or_default().take(AUTHOR_BURST, AUTHOR_MS, now)
    }

    /// Whether an author's bucket is empty now.
    pub(crate) fn is_spent(&self, author: &MemberId, now: Timestamp) -> bool {
        self.buckets.get(author).is_some_and(|bucket| bucket.is_empty(AUTHOR_BURST, AUTHOR_MS, now))
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
