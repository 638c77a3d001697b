//! Who may read a circle: its read secret, and drawing a new one.

use protocol::RENEWAL_PURPOSE;
use record::{Body, CircleId, Grant, Kind, MemberId, ReadPolicy, ReadSecret, Rotation, Seal, Slot};

use crate::error::NodeError;
use crate::handle::Handle;
use crate::identity::random;
use crate::json::CircleJson;
use crate::link::CircleLink;
use crate::service::Service;

impl Handle {
    /// The link with which somebody joins a circle, with its read secret, if it has one: the circle with this id or
    /// name, or the node's first one.
    ///
    /// # Errors
    /// If this node keeps no such circle.
    pub async fn invitation(&self, circle: Option<String>) -> Result<CircleLink, NodeError> {
        self.on_node(move |service| {
            let circle = service.read(|view| view.circle(circle.as_deref()))?;
            let name = service.catalogue(circle)?.charter().map(|charter| charter.name.clone());
            let peers = service.read(crate::view::View::told);
            Ok(CircleLink { circle, name, secret: service.read_secret(circle), token: None, peers })
        })
        .await
    }

    /// Draws a new read secret for a circle that only members read, as a steward. Invitations that were given
    /// out before lead nowhere then; members' nodes get the new secret by themselves.
    ///
    /// # Errors
    /// If this node's member is no steward, anyone may read the circle, or the store fails.
    pub async fn renew(&self, circle: Option<String>) -> Result<CircleJson, NodeError> {
        self.on_node(move |service| {
            let circle = service.read(|view| view.circle(circle.as_deref()))?;
            service.must_be_steward(circle)?;
            if !service.is_closed(circle)? {
                return Err(NodeError::OpenToAnyone);
            }
            service.rotate(circle)?;
            service.circle_json(circle)
        })
        .await
    }
}

impl Service {
    /// The read secret that whoever joins a circle needs; none where anyone may read.
    pub(crate) fn read_secret(&self, circle: CircleId) -> Option<ReadSecret> {
        self.protocol.secret(circle).filter(|secret| **secret != ReadSecret::open(circle)).cloned()
    }

    /// Whether only members read a circle.
    pub(crate) fn is_closed(&self, circle: CircleId) -> Result<bool, NodeError> {
        Ok(self.catalogue(circle)?.charter().is_some_and(|charter| charter.read == ReadPolicy::Members))
    }

    /// Draws a new read secret, and says so as a steward.
    pub(crate) fn rotate(&mut self, circle: CircleId) -> Result<(), NodeError> {
        let secret = ReadSecret::from_bytes(random()?);
        let body = Body::Rotation(Rotation::to(&secret));
        let author = self.identity.member();
        let slot = Slot { author, kind: Kind::rotation(), key: Rotation::key() };
        let now = self.clock.to_sign()?;
        let record = self.sign(circle, &slot, &body, now)?;
        // Why first: the circle turns to a secret that somebody has.
        let held = self.protocol.hold(circle, secret);
        self.secrets.keep(&self.folder, circle, held)?;
        self.write(circle, vec![record])
    }

    /// Seals that this node's member is one, for a peer that gives the new read secret.
    pub(crate) fn seal(&self, circle: CircleId, payload: &[u8]) -> Option<(MemberId, Seal)> {
        let (member, node) = (self.identity.member(), &self.identity.node);
        let slot = Slot { author: member, kind: Kind::grant(), key: Grant::key(&node.public()) };
        let grant = self.protocol.catalogue(circle)?.in_slot(&slot)?.id();
        let grant = self.protocol.record(circle, &grant).ok()??;
        Some((member, Seal::sign(RENEWAL_PURPOSE, payload, &grant, node)))
    }

    pub(crate) fn keep_secrets(&mut self, circle: CircleId, held: Vec<ReadSecret>) {
        if let Err(error) = self.secrets.keep(&self.folder, circle, held) {
            tracing::error!(%error, "a read secret was not written down");
            self.change(|view| {
                view.notices.insert("secrets", format!("A circle's secret was not kept: {error}"));
            });
        }
    }
}
