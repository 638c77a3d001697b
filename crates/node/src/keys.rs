//! The member's root key: written down, restored, taken off; and what a restored node waits for.

use std::collections::BTreeSet;

use record::{CircleId, MemberId, SecretKey};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::error::NodeError;
use crate::grants::Granted;
use crate::handle::Handle;
use crate::identity::Notes;
use crate::sealing::Seals;
use crate::service::Service;

/// Under which name the circles that were heard lie in the store.
pub(crate) const HEARD: &str = "heard";
/// While its root key is away, a node tells so many days before a grant ends.
const WARN_DAYS: u64 = 60;

/// The keys of this node, without a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyJson {
    /// The member: its root key's public half, a `did:key`.
    pub member: String,
    /// The key that signs on this node, written in the same way.
    pub key: String,
    /// Whether the root key lies on this node.
    pub root_here: bool,
    /// Whether the person has it somewhere else.
    pub written_down: bool,
    /// Whether this node was restored and has yet to hear from another one.
    pub waits: bool,
}

impl Handle {
    /// What can be told of the keys.
    ///
    /// # Errors
    /// If the node is stopping.
    pub async fn key(&self) -> Result<KeyJson, NodeError> {
        self.on_node(|service| Ok(service.key())).await
    }

    /// The root key as 24 words, for its owner alone.
    ///
    /// # Errors
    /// If it is not on this node.
    pub async fn words(&self) -> Result<Zeroizing<String>, NodeError> {
        self.on_node(|service| Ok(service.identity.root.as_ref().ok_or(NodeError::TakenOff)?.words())).await
    }

    /// Remembers that the person has the root key somewhere else, too.
    ///
    /// # Errors
    /// If that can not be written.
    pub async fn written_down(&self) -> Result<KeyJson, NodeError> {
        self.on_node(Service::written_down).await
    }

    /// Makes this node that of the member with these words. `alone` says that no other node knows of it.
    ///
    /// # Errors
    /// If they are no key, or the folder holds things of another member.
    pub async fn restore(&self, words: Zeroizing<String>, alone: bool) -> Result<KeyJson, NodeError> {
        self.on_node(move |service| service.restore(&words, alone)).await
    }

    /// Takes the root key off this node; the words prove that it is written down.
    ///
    /// # Errors
    /// If they are not those of this key.
    pub async fn take_off(&self, words: Zeroizing<String>) -> Result<KeyJson, NodeError> {
        self.on_node(move |service| service.take_off(&words)).await
    }
}

impl Service {
    fn key(&self) -> KeyJson {
        KeyJson {
            member: self.identity.member().to_string(),
            key: self.identity.signer().to_string(),
            root_here: self.identity.root.is_some(),
            written_down: self.identity.notes.written_down,
            waits: self.waits(),
        }
    }

    fn written_down(&mut self) -> Result<KeyJson, NodeError> {
        let notes = Notes { written_down: true, ..self.identity.notes };
        self.identity.note(&self.folder, notes)?;
        self.tell_about_keys();
        Ok(self.key())
    }

    fn restore(&mut self, words: &str, alone: bool) -> Result<KeyJson, NodeError> {
        let root = SecretKey::from_words(words)?;
        let (before, member) = (self.identity.member(), MemberId::from(root.public()));
        let mut notes = Notes { written_down: true, ..self.identity.notes };
        if member != before {
            if self.wrote_something() {
                return Err(NodeError::NotEmpty(before));
            }
            notes.restored = true;
            self.remember_heard(BTreeSet::new())?;
        }
        notes.restored &= !alone;
        self.identity.restore(&self.folder, root, notes)?;
        let own = [self.identity.member()];
        self.protocol.store().set_own(&own)?;
        self.seals = Seals::load(&self.folder, &self.identity)?;
        for circle in self.read(|view| view.order.clone()) {
            self.follow_seal_key(circle)?;
        }
        self.seals_changed();
        self.change(|view| {
            view.me = member;
            view.version = view.version.wrapping_add(1);
        });
        self.tell_about_keys();
        Ok(self.key())
    }

    fn take_off(&mut self, words: &str) -> Result<KeyJson, NodeError> {
        if self.identity.root.is_none() {
            return Err(NodeError::TakenOff);
        }
        self.own_root(words)?;
        self.identity.take_off(&self.folder)?;
        self.tell_about_keys();
        Ok(self.key())
    }

    /// This member's root key, out of the words that a person typed.
    fn own_root(&self, words: &str) -> Result<SecretKey, NodeError> {
        let (root, member) = (SecretKey::from_words(words)?, self.identity.member());
        if member == root.public().into() { Ok(root) } else { Err(NodeError::OtherWords(member)) }
    }

    /// The root key for one task: the one that lies here, else out of the words.
    pub(crate) fn root(&self, words: Option<&str>) -> Result<SecretKey, NodeError> {
        match (&self.identity.root, words) {
            (Some(root), _) => Ok(SecretKey::from_seed(&root.seed())),
            (None, Some(words)) => self.own_root(words),
            (None, None) => Err(NodeError::NoRoot),
        }
    }

    /// Whether a circle of this node holds anything of its own member.
    fn wrote_something(&self) -> bool {
        let me = self.identity.member();
        let catalogues = self.read(|view| view.order.clone()).into_iter();
        let mut catalogues = catalogues.filter_map(|circle| self.protocol.catalogue(circle));
        catalogues.any(|catalogue| catalogue.iter().any(|held| held.header().author == me))
    }

    /// Whether the newest of this member's own things in a circle can be here: unless the node was
    /// restored, or since a round with a peer was finished.
    pub(crate) fn has_heard(&self, circle: CircleId) -> bool {
        !self.identity.notes.restored || self.heard.contains(&circle)
    }

    /// Refuses to write over what others may know a newer version of.
    pub(crate) fn must_have_heard(&self, circle: CircleId) -> Result<(), NodeError> {
        if self.has_heard(circle) { Ok(()) } else { Err(NodeError::NotHeard) }
    }

    /// Whether this node was restored and there is a circle of which it has heard nothing, or none at all.
    pub(crate) fn waits(&self) -> bool {
        self.identity.notes.restored
            && self.read(|view| {
                view.order.is_empty() || view.order.iter().any(|circle| !self.heard.contains(circle))
            })
    }

    /// Remembers that a round with a peer was finished.
    pub(crate) fn hear(&mut self, circle: CircleId) {
        let has_charter =
            self.protocol.catalogue(circle).is_some_and(|catalogue| catalogue.charter().is_some());
        if self.has_heard(circle) || !has_charter {
            return;
        }
        let mut heard = self.heard.clone();
        heard.insert(circle);
        // A note that does not last is made again after the next round.
        if let Err(error) = self.remember_heard(heard) {
            tracing::warn!(%error, "it can not be noted that a peer was heard");
        }
        self.tell_about_keys();
    }

    fn remember_heard(&mut self, heard: BTreeSet<CircleId>) -> Result<(), NodeError> {
        let texts: Vec<String> = heard.iter().map(ToString::to_string).collect();
        let json = serde_json::to_vec(&texts).map_err(|error| NodeError::Invalid(error.to_string()))?;
        self.protocol.store().set_meta(HEARD, &json)?;
        self.heard = heard;
        Ok(())
    }

    /// Tells the person what the keys need.
    pub(crate) fn tell_about_keys(&self) {
        let root = (self.identity.root.is_some() && !self.identity.notes.written_down).then(|| {
            format!(
                "Your key lies only in {}: write it down with `commonshelf key backup`.",
                self.folder.shown("root.key")
            )
        });
        let waits = self.waits().then(|| {
            "This node was restored and has yet to hear from another one: until then your earlier things can \
             not be changed."
                .to_owned()
        });
        let (notices, circles) = ([("root", root), ("heard", waits)], self.read(|view| view.circle_names()));
        let grants: Vec<String> =
            circles.iter().filter_map(|(circle, name)| self.about_grant(*circle, name)).collect();
        let grants = (!grants.is_empty()).then(|| grants.join(" "));
        self.change(|view| {
            for (name, text) in notices.into_iter().chain([("grants", grants)]) {
                match text {
                    Some(text) => view.notices.insert(name, text),
                    None => view.notices.remove(name),
                };
            }
        });
    }

    /// What a person has to do so that this node signs for them in a circle.
    fn about_grant(&self, circle: CircleId, name: &str) -> Option<String> {
        let granted = self.granted(circle, &self.identity.node.public()).ok()?;
        let what = match granted {
            Granted::Revoked => {
                return Some(format!(
                    "The key of this node was revoked in {name}: it signs for you no more there."
                ));
            }
            Granted::Never | Granted::Until(_) if self.identity.root.is_some() => return None,
            Granted::Never => "holds no grant of yours yet".to_owned(),
            Granted::Until(until) if until > self.clock.now().plus_days(WARN_DAYS) => return None,
            Granted::Until(until) => format!("holds a grant of yours until {}", until.date()),
        };
        Some(format!(
            "In {name} this node {what}: run `commonshelf grant add {}` and type your 24 words.",
            self.identity.signer()
        ))
    }
}

/// Circles as they lie in the store.
pub(crate) fn heard(json: Option<Vec<u8>>) -> BTreeSet<CircleId> {
    let texts: Vec<String> = json.and_then(|json| serde_json::from_slice(&json).ok()).unwrap_or_default();
    texts.iter().filter_map(|text| text.parse().ok()).collect()
}
