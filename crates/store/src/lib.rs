//! sled: records that survive; and files for blobs.
//!
//! [`SledStore`] keeps each circle's records, and small notes of the node ([`SledStore::meta`]), in one
//! folder; [`BlobFiles`] keeps photos in files. What [`protocol::Store::secure`] and [`protocol::Store::sync`] returned for is on the disk, also
//! after a power cut.
//!
//! | file | idea |
//! | --- | --- |
//! | `sled_store` | the store: sled for everything, the journal for what is the node's own |
//! | `journal` | an append-only file of what no peer can give back |
//! | `compact` | giving room back |
//! | `leaving` | what was dropped leaves the disk within a day |
//! | `open` | opening that always ends |
//! | `room` | a reserve for opening on a full disk |
//! | `repair` | what the one has and the other lacks |
//! | `look` | how all of it is, without a change |
//! | `blob_files` | photos, in files named by their hash |
//! | `layout` | how records lie in sled |
//! | `mended`, `faults` | what was wrong, in words; fail points for tests |
//!
//! **Invariant:** no other crate names sled.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout))]

mod blob_files;
mod compact;
mod faults;
mod journal;
mod layout;
mod leaving;
mod look;
mod mended;
mod open;
mod repair;
mod room;
mod sled_store;
#[cfg(test)]
mod tests;

pub use blob_files::BlobFiles;
pub use faults::{Faults, Operation};
/// The layout of a data folder that this version writes; a higher number is a later version's.
pub use layout::VERSION as LAYOUT;
pub use look::{JournalLook, Look, look, remove_left_over};
pub use mended::Mended;
pub use open::OpenError;
pub use sled_store::{SledStore, disk};
