//! The mesh protocol without I/O: gossip, reconciliation, photos, limits.
//!
//! [`Protocol::handle`] is told what happened and the time, and says what to do. Start reading there,
//! then at `session`.
//!
//! **Invariant:** no I/O but through the [`Store`] port, no clock, no randomness but a seed: a
//! simulation replays from its seed, byte for byte.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod blobs;
mod budget;
mod circle;
mod clock;
mod frame;
mod handshake;
pub mod limits;
mod names;
mod nearby;
mod peers;
mod protocol;
mod reconcile;
mod retiming;
mod secrets;
mod session;
mod sessions;
mod store;

pub use blobs::{Blob, BlobInput, BlobOutput};
pub use circle::News;
pub use clock::{Clock, Doubt, Memory, Time, Why};
pub use handshake::RENEWAL_PURPOSE;
pub use names::{MessageRef, PeerId, Role, SessionId, Topic, Verdict};
pub use nearby::Nearby;
pub use protocol::{Input, Output, Protocol, WriteError};
pub use store::{Batch, Store, StoreError};

#[cfg(test)]
mod tests;
