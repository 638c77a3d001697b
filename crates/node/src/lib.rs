//! One running node: clock, randomness, tasks; a typed service over everything below.
//!
//! [`Node::start`] opens a data folder and, if asked, the network; the [`Handle`] is what pages and
//! commands speak to. One thread (`service`) owns the protocol and with it the catalogue and the store;
//! readers look at a view behind a lock and never wait for the network or the disk.
//!
//! **Invariant:** when a write returns, it is durable.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod announced;
mod areas;
mod backup;
mod belonging;
mod calendar;
mod carry;
mod circles;
mod clock;
mod comparing;
mod config;
mod cores;
mod doctor;
mod error;
mod exchanges;
mod folder;
mod grants;
mod handle;
mod hiding;
mod identity;
pub mod import;
mod input;
mod json;
mod keys;
mod kinds;
mod known;
mod link;
mod looking;
mod mending;
mod notices;
mod numbers;
mod percent;
mod photo;
mod photos;
mod private;
mod profile;
mod qr;
mod reading;
mod restore;
mod sealing;
mod secrets;
mod service;
mod tokens;
mod view;
mod writing;
mod zone;

pub use areas::{AreaJson, AreasJson, centre_of};
pub use backup::{BACKUP_MAGIC, BackupError, BackupReader, OutgoingBackup};
pub use belonging::{MemberInput, MemberJson};
pub use calendar::Appointment;
pub use carry::{Incoming, Outgoing};
pub use circles::FoundInput;
pub use config::{Config, Network};
pub use doctor::{AsideJson, CircleHealthJson, CureInput, HealthJson, JournalJson, look};
pub use error::{ErrorKind, NodeError};
pub use exchanges::{
    ActInput, DrawJson, ExchangeJson, MemberSumJson, MessageJson, Notify, Program, ReceiptJson, RequestInput,
    SumJson, TallyJson, WaitingJson,
};
pub use folder::{Folder, Running, running, token_of};
pub use grants::{GrantInput, GrantJson, RevokedJson};
pub use handle::{Handle, Node};
pub use hiding::HiddenJson;
pub use input::{Filter, FilterInput, ImportInput, ListingInput};
pub use json::{
    BundleJson, CircleJson, ClockJson, DoorJson, FoundJson, ImportJson, InviteJson, KindJson, ListingJson,
    NearbyJson, NoticeJson, PairJson, PeerJson, PhotoJson, PieceJson, PurgedJson, ReasonJson, RejectedJson,
    StatusJson, marked,
};
pub use keys::KeyJson;
pub use link::CircleLink;
pub use looking::Reader;
/// What the words and meanings that the program carries are made of, and under which licences.
pub use matching::NOTICES;
/// This machine in the eyes of neighbours.
pub use net::lan;
/// Where a node listens or is dialled.
pub use net::{Address, AddressError};
pub use numbers::{Blank, MAX_BLANKS};
pub use percent::encoded;
pub use photo::MAX_PHOTO_FILE;
pub use photos::PhotoInput;
pub use private::{OnlyJson, PrivateInput, PrivateJson};
pub use profile::{ProfileInput, ProfileJson};
/// How large a bundle may be, how it begins, and what reads one.
pub use protocol::limits::MAX_BUNDLE;
pub use protocol::{BUNDLE_MAGIC, BundleError, BundlePart, BundleReader, BundleWriter};
pub use qr::Qr;
/// The number on a label; a moment, and its date.
pub use record::{NumberError, ThingNumber, Timestamp};
pub use restore::{RestoredJson, restore};
pub use tokens::TOKEN_DAYS;
pub use zone::Zone;
