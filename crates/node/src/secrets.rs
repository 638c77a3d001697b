//! The read secrets of circles that only members read, in a file of their own.

use std::collections::BTreeMap;

use record::{CircleId, ReadSecret};
use zeroize::Zeroizing;

use crate::error::NodeError;
use crate::folder::Folder;

/// Where they lie: readable by the owner alone. Peers give everything else back, and this only to members.
pub(crate) const FILE: &str = "read-secrets.json";

/// The read secrets that this node holds, of each circle the one in use first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Secrets(BTreeMap<CircleId, Vec<ReadSecret>>);

impl Secrets {
    /// Reads them from their file.
    pub(crate) fn load(folder: &Folder) -> Result<Self, NodeError> {
        let Some(text) = folder.read(FILE)?.map(Zeroizing::new) else { return Ok(Self::default()) };
        let bad = || NodeError::BadKey(folder.shown(FILE));
        let written: BTreeMap<String, Vec<Zeroizing<String>>> =
            serde_json::from_str(&text).map_err(|_| bad())?;
        let read = |(circle, held): (String, Vec<Zeroizing<String>>)| {
            let held: Option<Vec<_>> = held.iter().map(|text| from_text(text)).collect();
            Some((circle.parse().ok()?, held?))
        };
        let secrets: Option<_> = written.into_iter().map(read).collect();
        secrets.map(Self).ok_or_else(bad)
    }

    /// Those of one circle; none of one that anyone may read.
    pub(crate) fn of(&self, circle: CircleId) -> Vec<ReadSecret> {
        self.0.get(&circle).cloned().unwrap_or_default()
    }

    /// Keeps those of a circle. They are durable when this returns.
    pub(crate) fn keep(
        &mut self,
        folder: &Folder,
        circle: CircleId,
        held: Vec<ReadSecret>,
    ) -> Result<(), NodeError> {
        // What follows from the circle's name needs no keeping.
        let open = held.as_slice() == [ReadSecret::open(circle)];
        let mut new = self.clone();
        if open {
            new.0.remove(&circle)
        } else {
            new.0.insert(circle, held)
        };
        if new == *self {
            return Ok(());
        }
        let texts = |held: &[ReadSecret]| held.iter().map(to_text).collect::<Vec<_>>();
        let written: BTreeMap<String, Vec<Zeroizing<String>>> =
            new.0.iter().map(|(circle, held)| (circle.to_string(), texts(held))).collect();
        let json = serde_json::to_vec(&written).map_err(|error| NodeError::Invalid(error.to_string()))?;
        folder.write(FILE, &Zeroizing::new(json))?;
        *self = new;
        Ok(())
    }
}

/// A secret as text: 64 hexadecimal digits.
pub(crate) fn to_text(secret: &ReadSecret) -> Zeroizing<String> {
    Zeroizing::new(data_encoding::HEXLOWER.encode(secret.as_bytes()))
}

/// A secret out of its text.
pub(crate) fn from_text(text: &str) -> Option<ReadSecret> {
    let bytes = data_encoding::HEXLOWER_PERMISSIVE.decode(text.trim().as_bytes()).ok().map(Zeroizing::new)?;
    Some(ReadSecret::from_bytes(bytes.as_slice().try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_survive_a_restart_and_are_the_owners_alone() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::open(dir.path()).unwrap();
        let (circle, open) = (CircleId::from_bytes([1; 32]), CircleId::from_bytes([2; 32]));
        let held = vec![ReadSecret::from_bytes([3; 32]), ReadSecret::from_bytes([4; 32])];
        let mut secrets = Secrets::load(&folder).unwrap();
        secrets.keep(&folder, open, vec![ReadSecret::open(open)]).unwrap();
        assert!(!dir.path().join(FILE).exists(), "nothing to keep");
        secrets.keep(&folder, circle, held.clone()).unwrap();
        let again = Secrets::load(&folder).unwrap();
        assert_eq!((again.of(circle), again.of(open)), (held, Vec::new()));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::metadata(dir.path().join(FILE)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[test]
    fn a_damaged_file_is_said() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::open(dir.path()).unwrap();
        for text in ["{", "{\"x\": []}", "[]"] {
            std::fs::write(dir.path().join(FILE), text).unwrap();
            assert!(matches!(Secrets::load(&folder), Err(NodeError::BadKey(_))), "{text}");
        }
    }
}
