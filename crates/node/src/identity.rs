//! This node's keys.

use record::{MemberId, SecretKey};

use crate::error::NodeError;
use crate::folder::Folder;

/// The keys of a node and of its own member.
pub(crate) struct Identity {
    /// Signs grants and nothing else.
    pub(crate) root: SecretKey,
    /// Signs everything else, under a grant.
    pub(crate) node: SecretKey,
    /// The node's name on the network; never a member's key.
    pub(crate) peer: [u8; 32],
}

impl Identity {
    /// Reads the keys from their files, and makes those that are not there.
    pub(crate) fn load(folder: &Folder) -> Result<Self, NodeError> {
        Ok(Self {
            root: SecretKey::from_seed(&folder.secret("root.key")?),
            node: SecretKey::from_seed(&folder.secret("node.key")?),
            peer: folder.secret("peer.key")?,
        })
    }

    /// This node's own member.
    pub(crate) fn member(&self) -> MemberId {
        self.root.public().into()
    }
}

/// Random bytes from the system.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], NodeError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| NodeError::Random(error.to_string()))?;
    Ok(bytes)
}
