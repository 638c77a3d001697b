//! Why a node could not do what it was asked: sentences for the person who asked.

use protocol::{Doubt, StoreError};
use record::BodyError;

use crate::import::ImportError;

/// What kind of failure it is: exit codes and HTTP statuses follow from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// What was given can not be used as it is.
    Invalid,
    /// There is no such thing.
    NotFound,
    /// It is there, but this may not be done with it, or not now.
    Refused,
    /// The disk or the store does not do its part.
    Storage,
    /// The node is stopping, another one owns the folder, or the date is in doubt.
    Unavailable,
}

/// Why a node could not do what it was asked. Each is one sentence that says what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NodeError {
    /// A field of a listing, circle or profile is out of bounds.
    #[error("{0}")]
    Field(#[from] BodyError),
    /// Something else that was given can not be used.
    #[error("{0}")]
    Invalid(String),
    /// A file that can not be imported.
    #[error("{0}")]
    Import(#[from] ImportError),
    /// No listing has this id, key or beginning.
    #[error("there is no listing {0}: `list` shows what there is")]
    NoSuchListing(String),
    /// Several have it.
    #[error("{count} listings begin with {reference}: give more of the id")]
    Ambiguous {
        /// What was given.
        reference: String,
        /// How many.
        count: usize,
    },
    /// No circle has this id.
    #[error("this node keeps no circle {0}: `circle list` shows those that it keeps")]
    NoSuchCircle(String),
    /// The node is in no circle yet.
    #[error(
        "this node is in no circle yet: found one with `circle found NAME`, or join one with \
         `circle join nearby`"
    )]
    NoCircle,
    /// The circle's charter has not arrived.
    #[error(
        "the circle's charter has not arrived yet: wait until a node that keeps the circle is connected \
         (`peers` shows who is)"
    )]
    NoCharterYet,
    /// The listing is somebody else's.
    #[error("this listing is not yours: only its author can change it")]
    NotYours,
    /// The author's quota is full.
    #[error(
        "the circle allows {limit} things for each member, and you have {used}: what is withdrawn makes \
         room after 180 days"
    )]
    Quota {
        /// How many there are.
        used: usize,
        /// How many there may be.
        limit: usize,
    },
    /// The machine's clock is in doubt.
    #[error("{}", crate::clock::advice(.0))]
    Clock(Doubt),
    /// Nobody near keeps a circle.
    #[error("no circle was found nearby: check that another node is on this network, or join with a link")]
    NothingNearby,
    /// Several circles are near.
    #[error("several circles are nearby: choose one with `circle join ID` ({0})")]
    SeveralNearby(String),
    /// The node runs without a network.
    #[error("this needs a running node: start one with `commonshelf up`")]
    Offline,
    /// Another node owns the data folder.
    #[error(
        "the folder {folder} belongs to a running node{pid}: stop that one, or choose another folder with --data"
    )]
    Owned {
        /// The folder.
        folder: String,
        /// Its process, as ` (process 123)`, if known.
        pid: String,
    },
    /// The data folder can not be used.
    #[error(
        "the folder {folder} can not be used ({reason}): choose another with --data, or mend its permissions"
    )]
    Folder {
        /// The folder.
        folder: String,
        /// What the system says.
        reason: String,
    },
    /// The store failed.
    #[error("the store does not do its part: {0}")]
    Store(#[from] StoreError),
    /// A key file does not hold a key.
    #[error(
        "the file {0} does not hold a key: restore it from a backup, or move the folder away to begin anew"
    )]
    BadKey(String),
    /// The network did not start.
    #[error("{0}")]
    Network(#[from] net::NetError),
    /// The system gives no randomness.
    #[error("the system gives no random numbers: {0}")]
    Random(String),
    /// The node has stopped.
    #[error("the node is stopping: start it again with `commonshelf up`")]
    Stopped,
}

impl NodeError {
    /// What kind of failure it is.
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        match self {
            Self::Field(_) | Self::Invalid(_) | Self::Import(_) | Self::Ambiguous { .. } => {
                ErrorKind::Invalid
            }
            Self::NoSuchListing(_) | Self::NoSuchCircle(_) | Self::NothingNearby => ErrorKind::NotFound,
            Self::NoCircle
            | Self::NoCharterYet
            | Self::NotYours
            | Self::Quota { .. }
            | Self::SeveralNearby(_) => ErrorKind::Refused,
            Self::Store(_) | Self::Folder { .. } | Self::BadKey(_) | Self::Random(_) => ErrorKind::Storage,
            Self::Clock(_) | Self::Offline | Self::Owned { .. } | Self::Network(_) | Self::Stopped => {
                ErrorKind::Unavailable
            }
        }
    }
}
