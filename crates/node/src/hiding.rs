//! Things that this node neither keeps nor shows, because whoever runs it wants it so. Others still have them.

use std::collections::BTreeSet;

use record::{CircleId, Key, Kind, MemberId, Slot};
use serde::{Deserialize, Serialize};

use crate::error::NodeError;
use crate::handle::Handle;
use crate::service::Service;

/// Under which name they lie in the store.
pub(crate) const HIDDEN: &str = "hidden";
/// How many things a node hides at most: they lie in one note.
const MAX_HIDDEN: usize = 300;

/// A thing that is hidden. What it says is not on this node any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HiddenJson {
    /// The listing's key: 32 hexadecimal digits.
    pub key: String,
    /// Who wrote it, a `did:key`.
    pub author: String,
    /// What the author is called, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author_name: Option<String>,
    /// The circle's id.
    pub circle: String,
}

/// The things that a node hides, each in its circle.
pub(crate) type Hidden = BTreeSet<(CircleId, Slot)>;

/// As they lie in the store; nothing, if that can not be read.
pub(crate) fn hidden(json: Option<&[u8]>) -> Hidden {
    let things = json.and_then(|json| serde_json::from_slice::<Vec<HiddenJson>>(json).ok());
    things.unwrap_or_default().iter().filter_map(slot).collect()
}

fn slot(thing: &HiddenJson) -> Option<(CircleId, Slot)> {
    let author: MemberId = thing.author.parse().ok()?;
    let key = data_encoding::HEXLOWER.decode(thing.key.as_bytes()).ok()?;
    let key = Key::from_bytes(key.try_into().ok()?);
    Some((thing.circle.parse().ok()?, Slot { author, kind: Kind::listing(), key }))
}

impl Handle {
    /// Hides somebody else's listing, by its id, key or a unique beginning of one: what it says, now and later, is
    /// neither kept nor shown nor given to others by this node. It leaves the disk within a day, or with a purge.
    ///
    /// # Errors
    /// If there is none, it is the member's own, or the store fails.
    pub async fn hide(&self, reference: String) -> Result<HiddenJson, NodeError> {
        self.on_node(move |service| service.hide(&reference)).await
    }

    /// Hides a thing no longer, by its key or a unique beginning of it: it comes back from peers that have it.
    ///
    /// # Errors
    /// If nothing of that key is hidden, or the store fails.
    pub async fn unhide(&self, key: String) -> Result<HiddenJson, NodeError> {
        self.on_node(move |service| service.unhide(&key)).await
    }

    /// What this node hides.
    ///
    /// # Errors
    /// If the node is stopping.
    pub async fn hidden(&self) -> Result<Vec<HiddenJson>, NodeError> {
        self.on_node(|service| Ok(service.hidden.iter().map(|thing| service.hidden_json(thing)).collect()))
            .await
    }
}

impl Service {
    /// Tells the protocol what is hidden in a circle whose records it has just read.
    pub(crate) fn hide_again(&mut self, circle: CircleId) -> Result<(), NodeError> {
        let slots: Vec<_> = self.hidden.iter().filter(|(of, _)| *of == circle).cloned().collect();
        let now = self.time();
        for (circle, slot) in slots {
            let outputs = self.protocol.hide(circle, &slot, now).map_err(crate::writing::refused)?;
            self.act(outputs);
        }
        Ok(())
    }

    fn hide(&mut self, reference: &str) -> Result<HiddenJson, NodeError> {
        let (circle, slot) = self.read(|view| {
            let place = view.find(reference)?;
            let entry = view.entry(&place).ok_or_else(|| NodeError::NoSuchListing(reference.to_owned()))?;
            if entry.author == view.me {
                return Err(NodeError::YourOwn);
            }
            Ok((place.circle, Slot { author: entry.author, kind: Kind::listing(), key: entry.key }))
        })?;
        let mut hidden = self.hidden.clone();
        if hidden.len() >= MAX_HIDDEN {
            // What nobody has any more need not be hidden.
            hidden.retain(|(circle, slot)| {
                self.protocol.catalogue(*circle).is_none_or(|it| it.in_slot(slot).is_some())
            });
        }
        if hidden.len() >= MAX_HIDDEN {
            return Err(NodeError::TooMuchHidden(MAX_HIDDEN));
        }
        let thing = (circle, slot);
        hidden.insert(thing.clone());
        // Why first: what was asked for must hold after a power cut.
        self.keep_hidden(hidden)?;
        let now = self.time();
        let outputs = self.protocol.hide(circle, &thing.1, now).map_err(crate::writing::refused)?;
        self.act(outputs);
        Ok(self.hidden_json(&thing))
    }

    fn unhide(&mut self, key: &str) -> Result<HiddenJson, NodeError> {
        let key = key.trim();
        let so_called = |(_, slot): &&(CircleId, Slot)| slot.key.to_string().starts_with(key);
        let mut found = self.hidden.iter().filter(so_called).cloned();
        let (thing, more) = (found.next().filter(|_| !key.is_empty()), found.count());
        let shown = || key.chars().take(80).collect();
        let thing = thing.ok_or_else(|| NodeError::NotHidden(shown()))?;
        if more > 0 {
            return Err(NodeError::Ambiguous { reference: shown(), count: more.saturating_add(1) });
        }
        let mut hidden = self.hidden.clone();
        hidden.remove(&thing);
        self.keep_hidden(hidden)?;
        let now = self.time();
        let outputs = self.protocol.show(thing.0, &thing.1, now).map_err(crate::writing::refused)?;
        self.act(outputs);
        Ok(self.hidden_json(&thing))
    }

    fn keep_hidden(&mut self, hidden: Hidden) -> Result<(), NodeError> {
        let unnamed = |thing| HiddenJson { author_name: None, ..self.hidden_json(thing) };
        let things: Vec<_> = hidden.iter().map(unnamed).collect();
        let json = serde_json::to_vec(&things).map_err(|error| NodeError::Invalid(error.to_string()))?;
        self.protocol.store().set_meta(HIDDEN, &json)?;
        self.hidden = hidden;
        Ok(())
    }

    fn hidden_json(&self, (circle, slot): &(CircleId, Slot)) -> HiddenJson {
        HiddenJson {
            key: slot.key.to_string(),
            author: slot.author.to_string(),
            author_name: self.read(|view| view.name_of(*circle, &slot.author)),
            circle: circle.to_string(),
        }
    }
}
