//! Grants: the member lets other keys sign for it, and revokes that.

use catalogue::Belonging;
use record::{
    Body, CircleId, Class, Grant, GrantRole, Kind, Map, MemberId, PublicKey, RecordId, SecretKey, Slot,
    Timestamp, Verified,
};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::error::NodeError;
use crate::handle::Handle;
use crate::input::read_until;
use crate::service::Service;
use crate::writing::GRANT_DAYS;

/// A grant as a command or a program asks for it.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GrantInput {
    /// The key that may sign, or no more: a `did:key`.
    pub key: String,
    /// What it is for: `device` unless said, `desk` or `host`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// Until when: `90d` or a date; five years unless said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// The circle's id; without it all circles of this node.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub circle: Option<String>,
    /// When a key is revoked: sign its listings again with this node's key, so that they stay.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub keep: bool,
    /// The member's 24 words, where the root key is not on this node.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub words: Option<Zeroizing<String>>,
}

/// A grant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrantJson {
    /// The circle's id: a grant holds in one circle.
    pub circle: String,
    /// The key that may sign, a `did:key`.
    pub key: String,
    /// `device`, `desk` or `host`.
    pub role: String,
    /// Until when: Unix milliseconds.
    pub until: u64,
    /// Whether it is this node's own key.
    pub here: bool,
}

/// A grant that was taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevokedJson {
    /// The circle's id.
    pub circle: String,
    /// The key that may sign no more, a `did:key`.
    pub key: String,
    /// How many listings it had signed, which are void now.
    pub listings: usize,
    /// How many this node signed again.
    #[serde(default)]
    pub kept: usize,
}

/// Whether a key may sign for this node's member in a circle.
pub(crate) enum Granted {
    Never,
    Until(Timestamp),
    Revoked,
}

impl Handle {
    /// The grants of this node's member.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn grants(&self) -> Result<Vec<GrantJson>, NodeError> {
        self.on_node(|service| service.grants()).await
    }

    /// Lets a key sign for the member, in one circle or in all that are here.
    ///
    /// # Errors
    /// If the key or the words are none, it was revoked, or there is no circle.
    pub async fn grant(&self, input: GrantInput) -> Result<Vec<GrantJson>, NodeError> {
        self.on_node(move |service| service.grant(&input)).await
    }

    /// Lets a key sign no more, for good. What it signed is void.
    ///
    /// # Errors
    /// If there is no such grant, or the words are none.
    pub async fn revoke(&self, input: GrantInput) -> Result<Vec<RevokedJson>, NodeError> {
        self.on_node(move |service| service.revoke(&input)).await
    }
}

impl Service {
    /// Whether a key may sign for this node's member.
    pub(crate) fn granted(&self, circle: CircleId, signer: &PublicKey) -> Result<Granted, NodeError> {
        let Some(held) = self.catalogue(circle)?.in_slot(&self.grant_slot(signer)) else {
            return Ok(Granted::Never);
        };
        if held.header().is_withdrawal() {
            return Ok(Granted::Revoked);
        }
        Ok(self.grant_of(circle, &held.id())?.map_or(Granted::Never, |grant| Granted::Until(grant.until)))
    }

    /// Signs a grant of this node's member.
    pub(crate) fn sign_grant(
        &self,
        circle: CircleId,
        grant: Grant,
        root: &SecretKey,
    ) -> Result<Verified, NodeError> {
        let slot = self.grant_slot(&grant.signer);
        Ok(self.statement(circle, &slot, self.clock.to_sign()?)?.sign(&Body::Grant(grant), root)?)
    }

    fn grant_slot(&self, signer: &PublicKey) -> Slot {
        Slot { author: self.identity.member(), kind: Kind::grant(), key: Grant::key(signer) }
    }

    fn grant_of(&self, circle: CircleId, id: &RecordId) -> Result<Option<Grant>, NodeError> {
        let body = self.protocol.record(circle, id)?.and_then(|record| record.body());
        Ok(if let Some(Body::Grant(grant)) = body { Some(grant) } else { None })
    }

    fn grants(&self) -> Result<Vec<GrantJson>, NodeError> {
        let (me, mut grants) = (self.identity.member(), Vec::new());
        for circle in self.read(|view| view.order.clone()) {
            let mine = self.catalogue(circle)?.iter().filter(|held| held.header().author == me);
            let grants_of_mine = mine.filter(|held| held.header().kind == Kind::grant());
            let ids: Vec<_> = grants_of_mine.map(|held| held.id()).collect();
            for id in ids {
                grants.extend(self.grant_of(circle, &id)?.map(|grant| self.grant_json(circle, &grant)));
            }
        }
        Ok(grants)
    }

    fn grant_json(&self, circle: CircleId, grant: &Grant) -> GrantJson {
        GrantJson {
            circle: circle.to_string(),
            key: MemberId::from(grant.signer).to_string(),
            role: grant.role.word().to_owned(),
            until: grant.until.millis(),
            here: grant.signer == self.identity.node.public(),
        }
    }

    fn grant(&mut self, input: &GrantInput) -> Result<Vec<GrantJson>, NodeError> {
        let now = self.clock.to_sign()?;
        let key = read_key(&input.key)?;
        let role = input.role.as_deref().map_or(Ok(GrantRole::Device), str::parse)?;
        let until = match input.until.as_deref() {
            Some(until) => read_until(until, now)?,
            None => now.plus_days(GRANT_DAYS),
        };
        let root = self.root(input.words.as_deref().map(String::as_str))?;
        let circles = self.circles_of(input)?;
        for circle in &circles {
            if matches!(self.granted(*circle, &key.root())?, Granted::Revoked) {
                return Err(NodeError::KeyRevoked(key));
            }
            if key != self.identity.signer() {
                self.must_have_heard(*circle)?;
            }
        }
        let mut granted = Vec::new();
        for circle in circles {
            let grant = Grant { signer: key.root(), role, until, other: Map::new() };
            granted.push(self.grant_json(circle, &grant));
            let record = self.sign_grant(circle, grant, &root)?;
            self.put(circle, vec![record])?;
        }
        self.tell_about_keys();
        Ok(granted)
    }

    fn revoke(&mut self, input: &GrantInput) -> Result<Vec<RevokedJson>, NodeError> {
        let key = read_key(&input.key)?;
        if key == self.identity.signer() {
            return Err(NodeError::OwnKey(key));
        }
        let root = self.root(input.words.as_deref().map(String::as_str))?;
        let mut revoked = Vec::new();
        for circle in self.circles_of(input)? {
            if !matches!(self.granted(circle, &key.root())?, Granted::Until(_)) {
                continue;
            }
            let mut void = self.signed_by(circle, &key.root())?;
            let kept = if input.keep { self.sign_again(circle, &mut void)? } else { 0 };
            let statement = self.statement(circle, &self.grant_slot(&key.root()), self.clock.to_sign()?)?;
            let record = statement.sign_withdrawal(Kind::grant(), Class::Control, &root);
            self.put(circle, vec![record])?;
            let steward = self.catalogue(circle)?.belonging(&self.identity.member()) == Belonging::Steward;
            if steward && self.is_closed(circle)? {
                // Whoever has the machine that was lost knows the secret, and what the key said of it is void.
                self.rotate(circle)?;
            }
            let (circle, key, listings) = (circle.to_string(), key.to_string(), void.len());
            revoked.push(RevokedJson { circle, key, listings, kept });
        }
        if !revoked.is_empty() {
            self.turn_seal_key(&root)?;
        }
        match revoked.is_empty() {
            false => Ok(revoked),
            true if self.waits() => Err(NodeError::NotHeard),
            true => Err(NodeError::NoSuchGrant(key)),
        }
    }

    /// The member's listings that a key signed.
    fn signed_by(&self, circle: CircleId, signer: &PublicKey) -> Result<Vec<(Slot, RecordId)>, NodeError> {
        let me = self.identity.member();
        let listings = self.catalogue(circle)?.iter().filter(|held| {
            let header = held.header();
            header.author == me
                && header.signer == *signer
                && header.kind == Kind::listing()
                && !header.is_withdrawal()
        });
        Ok(listings.map(|held| (held.header().slot(), held.id())).collect())
    }

    /// Says again with this node's key what another one signed; what can not be read here stays in the list.
    fn sign_again(
        &mut self,
        circle: CircleId,
        listings: &mut Vec<(Slot, RecordId)>,
    ) -> Result<usize, NodeError> {
        self.must_have_heard(circle)?;
        let now = self.clock.to_sign()?;
        let (mut records, mut left) = (Vec::new(), Vec::new());
        for (slot, id) in std::mem::take(listings) {
            match self.protocol.record(circle, &id)?.and_then(|record| record.body()) {
                Some(body @ Body::Listing(_)) => records.push(self.sign(circle, &slot, &body, now)?),
                Some(_) | None => left.push((slot, id)),
            }
        }
        *listings = left;
        let count = records.len();
        if count > 0 {
            self.write(circle, records)?;
        }
        Ok(count)
    }

    /// The circles that are meant: the one that is named, or all whose charter is here.
    fn circles_of(&self, input: &GrantInput) -> Result<Vec<CircleId>, NodeError> {
        let named = input.circle.as_deref();
        let first = self.read(|view| view.circle(named))?;
        let mut circles = match named {
            Some(_) => vec![first],
            None => self.read(|view| view.order.clone()),
        };
        let has_charter =
            |circle: &CircleId| self.catalogue(*circle).is_ok_and(|catalogue| catalogue.charter().is_some());
        circles.retain(has_charter);
        if circles.is_empty() { Err(NodeError::NoCharterYet) } else { Ok(circles) }
    }
}

fn read_key(text: &str) -> Result<MemberId, NodeError> {
    text.trim().parse().map_err(|_| {
        let shown: String = text.trim().chars().take(80).collect();
        NodeError::Invalid(format!(
            "\"{shown}\" is no key: `commonshelf key show` tells a node's (did:key:z6Mk…)"
        ))
    })
}
