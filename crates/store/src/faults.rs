//! Fail points: a test makes the n-th write to the disk, or the n-th fsync, fail as a bad disk does.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What goes to the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// Bytes are written.
    Write,
    /// What was written is made durable.
    Sync,
}

/// Which operations fail. Clones share their counts; the default lets everything through.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    /// How many operations go through before one fails, plus one; 0: all go through.
    writes: Arc<AtomicU64>,
    syncs: Arc<AtomicU64>,
}

impl Faults {
    /// Lets `number` operations of this sort go through from now on, and then one fail with EIO.
    pub fn after(&self, operation: Operation, number: u64) {
        self.counter(operation).store(number.saturating_add(1), Ordering::SeqCst);
    }

    /// Counts an operation.
    pub(crate) fn check(&self, operation: Operation) -> io::Result<()> {
        let counter = self.counter(operation);
        let left = counter.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        // Linux's number for EIO.
        if left == Ok(1) { Err(io::Error::from_raw_os_error(5)) } else { Ok(()) }
    }

    fn counter(&self, operation: Operation) -> &AtomicU64 {
        match operation {
            Operation::Write => &self.writes,
            Operation::Sync => &self.syncs,
        }
    }
}
