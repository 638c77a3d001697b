//! What had to be done to open a store, in words for the person at the node.

use std::path::PathBuf;

/// Something that was damaged and has been mended.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Mended {
    /// It opened without sled's snapshots.
    #[error(
        "the records were damaged ({reason}) and could be read all the same; the damaged copy lies in {}",
        aside.display()
    )]
    WithoutSnapshots {
        /// Where the damaged store lies.
        aside: PathBuf,
        /// What was wrong.
        reason: String,
    },
    /// It was built anew.
    #[error(
        "the records were damaged ({reason}): what your own members wrote is back, and the rest is fetched \
         again from other nodes. The damaged copy lies in {}: delete it when all is there again",
        aside.display()
    )]
    Anew {
        /// Where the damaged store lies.
        aside: PathBuf,
        /// What was wrong.
        reason: String,
    },
    /// There were none, though there had been.
    #[error(
        "the records were gone: what your own members wrote is back, and the rest is fetched again from other nodes"
    )]
    Gone,
    /// Something of the node's own was missing and came back from the journal.
    #[error("{0} things of your own were missing among the records and are back")]
    Restored(usize),
    /// The journal was damaged.
    #[error("{bytes} bytes of the file `journal` were damaged; {kept} things of your own were written again")]
    Journal {
        /// How many bytes.
        bytes: u64,
        /// How many records went into it again from the store.
        kept: usize,
    },
}

impl Mended {
    /// Whether things of others may be missing, which other nodes give again.
    #[must_use]
    pub const fn lacks_others(&self) -> bool {
        match self {
            Self::Anew { .. } | Self::Gone | Self::Restored(_) => true,
            Self::WithoutSnapshots { .. } | Self::Journal { .. } => false,
        }
    }
}
