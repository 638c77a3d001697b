//! The mesh protocol without I/O: gossip, reconciliation, photos, limits.
//!
//! [`Protocol::handle`] is told what happened and the time, and says what to do. Start reading there,
//! then at `session`.
//!
//! **Invariant:** no I/O but through the [`Store`] port, no clock, no randomness but a seed: a
//! simulation replays from its seed, byte for byte.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod blobs;
mod bodies;
mod budget;
mod bundle;
mod carry;
mod circle;
mod clock;
mod fetch;
mod frame;
mod handshake;
mod knock;
pub mod limits;
mod line;
mod names;
mod nearby;
mod peers;
mod port;
mod protocol;
mod reconcile;
mod retiming;
mod sealed;
mod secrets;
mod session;
mod sessions;
mod store;
mod undecided;
mod verify;

pub use blobs::{Blob, BlobInput, BlobOutput};
pub use bundle::{BUNDLE_MAGIC, BundleError, BundlePart, BundleReader, BundleWriter, Sealed};
pub use carry::{Carried, CarryError, NotCarried};
pub use circle::News;
pub use clock::{Clock, Doubt, Memory, Time, Why};
pub use handshake::RENEWAL_PURPOSE;
pub use knock::{Knock, Token};
pub use names::{MessageRef, PeerId, Role, SessionId, Topic, Verdict};
pub use nearby::Nearby;
pub use port::{Input, Output};
pub use protocol::{Protocol, WriteError};
pub use store::{Batch, Store, StoreError};
pub use verify::{Unverified, Verify, one_by_one};

#[cfg(test)]
mod tests;
