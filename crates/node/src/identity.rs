//! This node's keys.

use record::{MemberId, SecretKey};
use serde::{Deserialize, Serialize};

use crate::error::NodeError;
use crate::folder::Folder;

/// The member's root key.
const ROOT: &str = "root.key";
/// A root key that [`Identity::restore`] put another one in the place of: nobody's, unless somebody
/// restored into the wrong folder.
const ROOT_BEFORE: &str = "root.key.old";
/// The key that signs for the member.
const NODE: &str = "node.key";
/// The node's name on the network.
const PEER: &str = "peer.key";
/// The root key's public half, which stays when the key is taken off.
const MEMBER: &str = "member.pub";
/// [`Notes`].
const NOTES: &str = "keys.json";

/// The files in which all of it lies.
pub(crate) const FILES: [&str; 5] = [ROOT, NODE, PEER, MEMBER, NOTES];

/// Whether a folder holds all keys that a node has, and none is damaged.
pub(crate) fn is_whole(folder: &Folder) -> Result<bool, NodeError> {
    let has = |name| Ok::<_, NodeError>(folder.kept_secret(name)?.is_some());
    Ok(has(NODE)? && has(PEER)? && (has(ROOT)? || folder.read(MEMBER)?.is_some()))
}

/// The keys of a node and of its own member.
pub(crate) struct Identity {
    member: MemberId,
    /// Signs grants and nothing else. It is not here once the person has taken it off.
    pub(crate) root: Option<SecretKey>,
    /// Signs everything else, under a grant.
    pub(crate) node: SecretKey,
    /// The node's name on the network; never a member's key.
    pub(crate) peer: [u8; 32],
    /// What is known about them.
    pub(crate) notes: Notes,
}

/// What a node remembers about its keys.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Notes {
    /// The person has the root key somewhere else, too.
    pub(crate) written_down: bool,
    /// The member is older than this folder: others may hold newer versions of its things.
    pub(crate) restored: bool,
}

impl Identity {
    /// Reads the keys from their files, and makes those that are not there.
    pub(crate) fn load(folder: &Folder) -> Result<Self, NodeError> {
        let bad = |name| NodeError::BadKey(folder.shown(name));
        let mut notes = match folder.read(NOTES)? {
            Some(text) => serde_json::from_str(&text).map_err(|_| bad(NOTES))?,
            None => Notes::default(),
        };
        let kept = folder.kept_secret(ROOT)?.is_some();
        let public = match folder.read(MEMBER).map(|text| text.map(|did| did.trim().parse::<MemberId>())) {
            Ok(Some(Ok(public))) => Some(public),
            Ok(None) => None,
            // The root key tells it, too.
            Ok(Some(Err(_))) | Err(NodeError::BadKey(_)) if kept => None,
            Ok(Some(Err(_))) => return Err(bad(MEMBER)),
            Err(error) => return Err(error),
        };
        // Whoever copies a root key into an empty folder restores it as well: a node that makes its keys
        // by itself makes this one last.
        match folder.kept_secret(NODE) {
            Ok(None) if kept => {
                notes = Notes { written_down: true, restored: true };
                keep(folder, notes)?;
            }
            // The root key grants another one. That others may hold newer things is said first, as always.
            Err(NodeError::BadKey(_)) if kept => {
                notes.restored = true;
                keep(folder, notes)?;
                folder.set_aside(NODE)?;
            }
            other => drop(other?),
        }
        let node = SecretKey::from_seed(&folder.secret(NODE)?);
        let peer = folder.secret_or_anew(PEER)?;
        let (member, root) = match public {
            Some(member) if !kept => (member, None),
            public => {
                let root = SecretKey::from_seed(&folder.secret(ROOT)?);
                let member = root.public().into();
                if public != Some(member) {
                    keep_member(folder, member)?;
                }
                (member, Some(root))
            }
        };
        Ok(Self { member, root, node, peer, notes })
    }

    /// This node's own member.
    pub(crate) const fn member(&self) -> MemberId {
        self.member
    }

    /// The key that signs on this node, written as members are: `did:key:…`.
    pub(crate) fn signer(&self) -> MemberId {
        self.node.public().into()
    }

    /// Remembers something about the keys, also after a restart.
    pub(crate) fn note(&mut self, folder: &Folder, notes: Notes) -> Result<(), NodeError> {
        keep(folder, notes)?;
        self.notes = notes;
        Ok(())
    }

    /// Makes this node that of the member with this root key.
    pub(crate) fn restore(
        &mut self,
        folder: &Folder,
        root: SecretKey,
        notes: Notes,
    ) -> Result<(), NodeError> {
        let member = root.public().into();
        // Why first: a restored key without the note that it was restored could overwrite newer things.
        self.note(folder, notes)?;
        if member != self.member {
            folder.put_away(ROOT, Some(ROOT_BEFORE))?;
        }
        folder.keep_secret(ROOT, &root.seed())?;
        keep_member(folder, member)?;
        self.member = member;
        self.root = Some(root);
        Ok(())
    }

    /// Takes the root key off this node.
    pub(crate) fn take_off(&mut self, folder: &Folder) -> Result<(), NodeError> {
        keep_member(folder, self.member)?;
        self.note(folder, Notes { written_down: true, ..self.notes })?;
        folder.put_away(ROOT, None)?;
        self.root = None;
        Ok(())
    }
}

fn keep(folder: &Folder, notes: Notes) -> Result<(), NodeError> {
    let json = serde_json::to_vec(&notes).map_err(|error| NodeError::Invalid(error.to_string()))?;
    folder.write(NOTES, &json)
}

fn keep_member(folder: &Folder, member: MemberId) -> Result<(), NodeError> {
    folder.write(MEMBER, format!("{member}\n").as_bytes())
}

/// Random bytes from the system.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], NodeError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| NodeError::Random(error.to_string()))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> (tempfile::TempDir, Folder) {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::open(dir.path()).unwrap();
        (dir, folder)
    }

    #[test]
    fn a_member_stays_when_its_root_key_is_taken_off() {
        let (dir, folder) = folder();
        let mut identity = Identity::load(&folder).unwrap();
        let (member, signer) = (identity.member(), identity.signer());
        assert_eq!(identity.notes, Notes::default());
        identity.take_off(&folder).unwrap();
        assert!(!dir.path().join(ROOT).exists());
        let identity = Identity::load(&folder).unwrap();
        assert_eq!((identity.member(), identity.signer()), (member, signer));
        assert!(identity.root.is_none() && identity.notes.written_down);
    }

    #[test]
    fn a_root_key_that_is_restored_keeps_the_one_before_aside() {
        let (dir, folder) = folder();
        let mut identity = Identity::load(&folder).unwrap();
        let before = identity.root.as_ref().unwrap().seed();
        let notes = Notes { written_down: true, restored: true };
        identity.restore(&folder, SecretKey::from_seed(&[7; 32]), notes).unwrap();
        let again = Identity::load(&folder).unwrap();
        assert_eq!(again.member(), SecretKey::from_seed(&[7; 32]).public().into());
        assert_eq!((again.member(), again.notes), (identity.member(), notes));
        assert_eq!(folder.kept_secret(ROOT_BEFORE).unwrap(), Some(*before));
        #[cfg(unix)]
        for name in [ROOT, ROOT_BEFORE, NODE, PEER, MEMBER, NOTES] {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::metadata(dir.path().join(name)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{name}");
        }
    }

    #[test]
    fn a_root_key_that_was_copied_into_an_empty_folder_counts_as_restored() {
        let (_dir, folder) = folder();
        folder.keep_secret(ROOT, &[7; 32]).unwrap();
        for _ in 0..2 {
            let identity = Identity::load(&folder).unwrap();
            assert_eq!(identity.notes, Notes { written_down: true, restored: true });
        }
    }

    #[test]
    fn a_damaged_note_or_member_is_said() {
        for name in [NOTES, MEMBER] {
            let (_dir, folder) = folder();
            folder.write(name, b"half a").unwrap();
            assert!(matches!(Identity::load(&folder), Err(NodeError::BadKey(_))), "{name}");
        }
    }
}
