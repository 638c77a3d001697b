//! The bodies that say who belongs to a circle: admissions, removals and vouches.
//!
//! Each names the member that it is about; what they add up to is the catalogue's matter.

use crate::body::{BodyError, Map};
use crate::cbor::Value;
use crate::fields::Fields;
use crate::keys::MemberId;
use crate::limits::MAX_TEXT;
use crate::listing::within;
use crate::text::tidy;

/// A steward takes a member in: the body of a record of kind `admission`. In a circle whose members come
/// in by vouches it pins the member: whatever becomes of the vouches, it stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admission {
    /// Who is taken in.
    pub member: MemberId,
    /// Fields that this version does not know, carried as they are.
    pub other: Map,
}

/// A steward shuts a member out: the body of a record of kind `removal`. It beats every admission until the
/// steward withdraws it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removal {
    /// Who is shut out.
    pub member: MemberId,
    /// Why, for the member and the other stewards; at most 2,000 characters, may be empty.
    pub reason: String,
    /// Fields that this version does not know, carried as they are.
    pub other: Map,
}

/// A member knows somebody and wants them in the circle: the body of a record of kind `vouch`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vouch {
    /// For whom.
    pub member: MemberId,
    /// Fields that this version does not know, carried as they are.
    pub other: Map,
}

impl Admission {
    /// The admission of a member.
    #[must_use]
    pub const fn of(member: MemberId) -> Self {
        Self { member, other: Map::new() }
    }

    pub(crate) fn to_map(&self) -> Map {
        with_member(&self.other, &self.member).into_map()
    }

    pub(crate) fn from_map(map: Map) -> Result<Self, BodyError> {
        let mut fields = Fields::with(map);
        Ok(Self { member: fields.take_member("member")?, other: fields.into_map() })
    }
}

impl Removal {
    /// The removal of a member, for this reason.
    ///
    /// # Errors
    /// A [`BodyError`] when the reason is too long.
    pub fn of(member: MemberId, reason: &str) -> Result<Self, BodyError> {
        let reason = tidy(reason);
        within("reason", &reason, 0, MAX_TEXT)?;
        Ok(Self { member, reason, other: Map::new() })
    }

    pub(crate) fn to_map(&self) -> Map {
        let mut fields = with_member(&self.other, &self.member);
        fields.put_text_unless_empty("reason", &self.reason);
        fields.into_map()
    }

    pub(crate) fn from_map(map: Map) -> Result<Self, BodyError> {
        let mut fields = Fields::with(map);
        let member = fields.take_member("member")?;
        let reason = fields.take_optional_text("reason")?.unwrap_or_default();
        within("reason", &reason, 0, MAX_TEXT)?;
        Ok(Self { member, reason, other: fields.into_map() })
    }
}

impl Vouch {
    /// A vouch for a member.
    #[must_use]
    pub const fn of(member: MemberId) -> Self {
        Self { member, other: Map::new() }
    }

    pub(crate) fn to_map(&self) -> Map {
        with_member(&self.other, &self.member).into_map()
    }

    pub(crate) fn from_map(map: Map) -> Result<Self, BodyError> {
        let mut fields = Fields::with(map);
        Ok(Self { member: fields.take_member("member")?, other: fields.into_map() })
    }
}

fn with_member(other: &Map, member: &MemberId) -> Fields {
    let mut fields = Fields::with(other.clone());
    fields.put("member", Value::Bytes(member.as_bytes().to_vec()));
    fields
}
