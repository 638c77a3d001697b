//! Founding circles and joining them.

use record::limits::MAX_VOUCHES;
use record::{Body, Charter, CircleId, Key, MemberId, ReadPolicy, ReadSecret, Statement, WritePolicy};
use serde::{Deserialize, Serialize};

use crate::error::NodeError;
use crate::identity::random;
use crate::json::CircleJson;
use crate::link::CircleLink;
use crate::service::Service;
use crate::view::View;

/// A circle to be founded, as a command or a program asks for it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FoundInput {
    /// What it is called.
    pub name: String,
    /// How many things each member may list; 2,000 unless said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quota: Option<u32>,
    /// Who may write: `open` unless said, `invited` or `vouched`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub write: Option<String>,
    /// Who may read: `anyone` unless said, or `members`, who are given the circle's link.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read: Option<String>,
    /// With `vouched`: how many members have to vouch for a newcomer, 1 to 16; 2 unless said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vouches: Option<u32>,
    /// Only if this node keeps no circle of that name.
    pub once: bool,
}

/// How many members vouch for a newcomer, unless said.
const VOUCHES: u32 = 2;

impl Service {
    /// Founds a circle with this node's member as its first steward.
    pub(crate) fn found(&mut self, input: &FoundInput) -> Result<CircleJson, NodeError> {
        let now = self.clock.to_sign()?;
        let author: MemberId = self.identity.member();
        let mut charter = Charter::founding(&input.name, author)?;
        charter.write = input.write.as_deref().map_or(Ok(WritePolicy::Open), str::parse)?;
        charter.read = input.read.as_deref().map_or(Ok(ReadPolicy::Anyone), str::parse)?;
        charter.vouches = match (charter.write, input.vouches) {
            (WritePolicy::Vouched, vouches) => Some(vouches.unwrap_or(VOUCHES)),
            (WritePolicy::Open | WritePolicy::Invited, None) => None,
            (WritePolicy::Open | WritePolicy::Invited, Some(_)) => {
                return Err(NodeError::Invalid("a number of vouches goes with --write vouched alone".into()));
            }
        };
        if let Some(most) = charter.vouches.filter(|vouches| !(1..=MAX_VOUCHES).contains(vouches)) {
            return Err(NodeError::Invalid(format!("{most} vouches: it goes from 1 to {MAX_VOUCHES}")));
        }
        if let Some(quota) = input.quota {
            charter.quotas.content = quota;
            charter.quotas.strangers = charter.quotas.strangers.max(quota);
        }
        let read = charter.read;
        let key = Key::from_bytes(random()?);
        let statement = Statement { author, circle: CircleId::FOUNDING, key, revision: now };
        let record = statement.sign(&Body::Charter(charter), &self.identity.node)?;
        let circle = CircleId::founded_by(record.id());
        let secret = match read {
            ReadPolicy::Anyone => None,
            ReadPolicy::Members => Some(ReadSecret::from_bytes(random()?)),
        };
        self.keep(circle, secret)?;
        // Without the root key the circle stands, and waits for a grant.
        if self.identity.root.is_some() {
            self.write(circle, vec![record])?;
        } else {
            self.put(circle, vec![record])?;
        }
        // Of a new circle no other node can know more.
        self.hear(circle);
        self.circle_json(circle)
    }

    /// Founds a circle unless this node keeps one of that name.
    pub(crate) fn found_once(&mut self, name: &str) -> Result<CircleJson, NodeError> {
        match self.read(|view| view.circle_named(&record::tidy_line(name))) {
            Some(circle) => self.circle_json(circle),
            None => self.found(&FoundInput { name: name.to_owned(), ..FoundInput::default() }),
        }
    }

    /// Keeps a circle, and connects to nodes that keep it.
    pub(crate) fn join(&mut self, link: &CircleLink) -> Result<CircleJson, NodeError> {
        if !link.peers.is_empty() {
            self.remember_peers(&link.peers)?;
        }
        self.hold_token(link)?;
        self.keep(link.circle, link.secret.clone())?;
        self.circle_json(link.circle)
    }

    /// Joins the one circle that connected peers keep.
    pub(crate) fn join_nearby(&mut self) -> Result<CircleJson, NodeError> {
        let nearby = self.protocol.nearby();
        let mut ids = nearby.keys().copied();
        match (ids.next(), ids.next()) {
            (None, _) => Err(NodeError::NothingNearby),
            (Some(circle), None) => {
                self.join(&CircleLink { circle, name: None, secret: None, token: None, peers: Vec::new() })
            }
            (Some(_), Some(_)) => {
                let named = nearby.iter().map(|(id, circle)| format!("{} is {id}", circle.name));
                Err(NodeError::SeveralNearby(named.collect::<Vec<_>>().join(", ")))
            }
        }
    }

    /// Follows a circle from now on, also after a restart. A read secret that is given takes the place of one
    /// that opened nothing.
    pub(crate) fn keep(&mut self, circle: CircleId, secret: Option<ReadSecret>) -> Result<(), NodeError> {
        if let Some(secret) = secret {
            if self.protocol.catalogue(circle).is_some() {
                let now = self.time();
                let outputs = self.protocol.trust(circle, secret, now);
                self.act(outputs);
            } else {
                self.secrets.keep(&self.folder, circle, vec![secret])?;
            }
        }
        self.protocol.store().add_circle(circle)?;
        self.follow(circle)?;
        self.tell_about_keys();
        Ok(())
    }

    pub(crate) fn circle_json(&self, circle: CircleId) -> Result<CircleJson, NodeError> {
        let id = circle.to_string();
        let found = self.read(View::circles).into_iter().find(|circle| circle.id == id);
        found.ok_or(NodeError::NoSuchCircle(id))
    }
}
