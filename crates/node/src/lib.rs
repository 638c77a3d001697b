//! One running node: clock, randomness, tasks; a typed service over everything below.
//!
//! [`Node::start`] opens a data folder and, if asked, the network; the [`Handle`] is what pages and
//! commands speak to. One thread (`service`) owns the protocol and with it the catalogue and the store;
//! readers look at a view behind a lock and never wait for the network or the disk.
//!
//! **Invariant:** when a write returns, it is durable.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod belonging;
mod circles;
mod clock;
mod config;
mod error;
mod folder;
mod grants;
mod handle;
mod identity;
pub mod import;
mod input;
mod json;
mod keys;
mod link;
mod photo;
mod photos;
mod reading;
mod secrets;
mod service;
mod view;
mod writing;

pub use belonging::{MemberInput, MemberJson};
pub use circles::FoundInput;
pub use config::{Config, Network};
pub use error::{ErrorKind, NodeError};
pub use folder::{Folder, Running, running, token_of};
pub use grants::{GrantInput, GrantJson, RevokedJson};
pub use handle::{Handle, Node};
pub use import::date_text;
pub use input::{Filter, FilterInput, ImportInput, ListingInput};
pub use json::{
    CircleJson, ClockJson, FoundJson, ImportJson, ListingJson, NearbyJson, PairJson, PeerJson, PhotoJson,
    ReasonJson, RejectedJson, StatusJson,
};
pub use keys::KeyJson;
pub use link::CircleLink;
/// Where a node listens or is dialled.
pub use net::{Address, AddressError};
pub use photo::MAX_PHOTO_FILE;
pub use photos::PhotoInput;
