//! sled: records that survive; and files for blobs.
//!
//! [`SledStore`] keeps each circle's records, and small notes of the node ([`SledStore::meta`]), in one
//! folder; [`BlobFiles`] keeps photos in files. What [`protocol::Store::sync`] returned for is on the disk,
//! also after a power cut.
//!
//! **Invariant:** no other crate names sled.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout))]

mod blob_files;
mod layout;
mod open;
mod sled_store;
#[cfg(test)]
mod tests;

pub use blob_files::BlobFiles;
pub use open::OpenError;
pub use sled_store::SledStore;
