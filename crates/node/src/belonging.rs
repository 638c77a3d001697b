//! Who belongs to a circle: taking members in, shutting them out, vouching.

use catalogue::Belonging;
use record::{Admission, Body, CircleId, Class, Key, Kind, MemberId, Removal, Slot, Vouch, WritePolicy};
use serde::{Deserialize, Serialize};

use crate::error::NodeError;
use crate::handle::Handle;
use crate::identity::random;
use crate::service::Service;

/// What is done about a member, as a command or a program asks for it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MemberInput {
    /// The member: a `did:key`.
    pub member: String,
    /// Why, where somebody is shut out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The circle's id; without it the first one of this node.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub circle: Option<String>,
}

/// How somebody belongs to a circle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberJson {
    /// The member: a `did:key`.
    pub member: String,
    /// What it is called, if that is known.
    pub name: Option<String>,
    /// `steward`, `member`, `removed` or `stranger`.
    pub belonging: String,
    /// Since when it is shut out, in Unix milliseconds.
    pub since: Option<u64>,
}

impl Handle {
    /// Who belongs to a circle, and who was shut out.
    ///
    /// # Errors
    /// If this node does not keep it.
    pub async fn members(&self, circle: Option<String>) -> Result<Vec<MemberJson>, NodeError> {
        self.on_node(move |service| service.members(circle.as_deref())).await
    }

    /// Takes a member in, as a steward. One whom this node's member shut out comes back so.
    ///
    /// # Errors
    /// If this node's member is no steward, or the store fails.
    pub async fn admit(&self, input: MemberInput) -> Result<MemberJson, NodeError> {
        self.on_node(move |service| service.admit(&input)).await
    }

    /// Shuts a member out, as a steward.
    ///
    /// # Errors
    /// If this node's member is no steward or the other one is, or the store fails.
    pub async fn shut_out(&self, input: MemberInput) -> Result<MemberJson, NodeError> {
        self.on_node(move |service| service.shut_out(&input)).await
    }

    /// Vouches for somebody.
    ///
    /// # Errors
    /// If this node's member does not belong to the circle, or the store fails.
    pub async fn vouch(&self, input: MemberInput) -> Result<MemberJson, NodeError> {
        self.on_node(move |service| service.vouch(&input)).await
    }
}

impl Service {
    fn members(&self, circle: Option<&str>) -> Result<Vec<MemberJson>, NodeError> {
        let circle = self.read(|view| view.circle(circle))?;
        let people: Vec<MemberId> = self.catalogue(circle)?.people().collect();
        people.iter().map(|member| self.member_json(circle, member)).collect()
    }

    pub(crate) fn admit(&mut self, input: &MemberInput) -> Result<MemberJson, NodeError> {
        let (circle, member) = self.asked(input)?;
        self.must_be_steward(circle)?;
        self.take_back_removals(circle, &member)?;
        if matches!(self.catalogue(circle)?.belonging(&member), Belonging::Removed { .. }) {
            return Err(NodeError::RemovedByAnother);
        }
        self.say(circle, &Body::Admission(Admission::of(member)))?;
        self.member_json(circle, &member)
    }

    fn shut_out(&mut self, input: &MemberInput) -> Result<MemberJson, NodeError> {
        let (circle, member) = self.asked(input)?;
        self.must_be_steward(circle)?;
        if self.catalogue(circle)?.belonging(&member) == Belonging::Steward {
            return Err(NodeError::IsSteward);
        }
        let removal = Removal::of(member, input.reason.as_deref().unwrap_or_default())?;
        self.say(circle, &Body::Removal(removal))?;
        if self.is_closed(circle)? {
            // Whoever is shut out knows the secret that was in use.
            self.rotate(circle)?;
        }
        self.member_json(circle, &member)
    }

    fn vouch(&mut self, input: &MemberInput) -> Result<MemberJson, NodeError> {
        let (circle, member) = self.asked(input)?;
        self.must_belong(circle)?;
        self.say(circle, &Body::Vouch(Vouch::of(member)))?;
        self.member_json(circle, &member)
    }

    /// Refuses what a circle would not take from this node's member, before anything is written.
    pub(crate) fn must_belong(&self, circle: CircleId) -> Result<(), NodeError> {
        let (me, catalogue) = (self.identity.member(), self.catalogue(circle)?);
        let open = catalogue.charter().is_none_or(|charter| charter.write == WritePolicy::Open);
        match catalogue.belonging(&me) {
            Belonging::Steward | Belonging::Member => Ok(()),
            Belonging::Stranger if open => Ok(()),
            Belonging::Stranger => Err(NodeError::NotMember(me)),
            Belonging::Removed { .. } => Err(NodeError::ShutOut),
        }
    }

    pub(crate) fn must_be_steward(&self, circle: CircleId) -> Result<(), NodeError> {
        let belonging = self.catalogue(circle)?.belonging(&self.identity.member());
        if belonging == Belonging::Steward { Ok(()) } else { Err(NodeError::NotSteward) }
    }

    fn asked(&self, input: &MemberInput) -> Result<(CircleId, MemberId), NodeError> {
        let circle = self.read(|view| view.circle(input.circle.as_deref()))?;
        let member = input.member.trim().parse().map_err(record::BodyError::Key)?;
        Ok((circle, member))
    }

    /// Signs something about a member under a key of its own.
    fn say(&mut self, circle: CircleId, body: &Body) -> Result<(), NodeError> {
        let kind = body.kind().unwrap_or_else(Kind::profile);
        let slot = Slot { author: self.identity.member(), kind, key: Key::from_bytes(random()?) };
        let now = self.clock.to_sign()?;
        let record = self.sign(circle, &slot, body, now)?;
        self.write(circle, vec![record])
    }

    /// Withdraws what this node's member said against somebody.
    fn take_back_removals(&mut self, circle: CircleId, member: &MemberId) -> Result<(), NodeError> {
        let me = self.identity.member();
        let removals = self.catalogue(circle)?.iter().filter(|held| {
            let header = held.header();
            header.author == me && header.kind == Kind::removal() && !header.is_withdrawal()
        });
        let mut slots = Vec::new();
        for held in removals {
            let body = self.protocol.record(circle, &held.id())?.and_then(|record| record.body());
            if matches!(body, Some(Body::Removal(removal)) if removal.member == *member) {
                slots.push(held.header().slot());
            }
        }
        let now = self.clock.to_sign()?;
        for slot in slots {
            let statement = self.statement(circle, &slot, now)?;
            let record = statement.sign_withdrawal(Kind::removal(), Class::Control, &self.identity.node);
            self.write(circle, vec![record])?;
        }
        Ok(())
    }

    fn member_json(&self, circle: CircleId, member: &MemberId) -> Result<MemberJson, NodeError> {
        let (belonging, since) = match self.catalogue(circle)?.belonging(member) {
            Belonging::Steward => ("steward", None),
            Belonging::Member => ("member", None),
            Belonging::Removed { since } => ("removed", Some(since.millis())),
            Belonging::Stranger => ("stranger", None),
        };
        Ok(MemberJson {
            member: member.to_string(),
            name: self.read(|view| view.name_of(circle, member)),
            belonging: belonging.to_owned(),
            since,
        })
    }
}
