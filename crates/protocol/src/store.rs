//! The port to the store: what the protocol needs of it.

use record::{CircleId, Record, RecordId};

/// What is put and dropped together, or not at all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Batch {
    /// Records to keep.
    pub put: Vec<(RecordId, Record)>,
    /// Records to forget.
    pub drop: Vec<RecordId>,
}

impl Batch {
    /// Whether there is nothing to do.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.put.is_empty() && self.drop.is_empty()
    }
}

/// Why the store could not do its work, in words for the person at the node.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct StoreError(pub String);

/// Where records are kept, apart for each circle.
pub trait Store {
    /// One record.
    ///
    /// # Errors
    /// If the store can not be read.
    fn get(&self, circle: CircleId, id: &RecordId) -> Result<Option<Record>, StoreError>;

    /// Gives every record of a circle to `each`, in any order.
    ///
    /// # Errors
    /// If the store can not be read.
    fn each(&self, circle: CircleId, each: &mut dyn FnMut(Record)) -> Result<(), StoreError>;

    /// Does all of a batch, or nothing. It may not be durable before [`Store::sync`].
    ///
    /// # Errors
    /// If it could not be written; nothing was done then.
    fn apply(&mut self, circle: CircleId, batch: Batch) -> Result<(), StoreError>;

    /// Makes durable what this node's own members wrote, of what was applied.
    ///
    /// # Errors
    /// If that can not be promised.
    fn secure(&mut self) -> Result<(), StoreError>;

    /// Makes durable all that was applied.
    ///
    /// # Errors
    /// If that can not be promised.
    fn sync(&mut self) -> Result<(), StoreError>;
}
