//! The mesh protocol without I/O: gossip, reconciliation, limits.

pub mod limits;
mod names;

pub use names::{MessageRef, PeerId, Role, SessionId, Topic, Verdict};
