//! What letters hold.

use super::{LetterError, Outer};
use crate::body::{BodyError, Map, map_of};
use crate::cbor::Value;
use crate::fields::Fields;
use crate::keys::MemberId;
use crate::listing::words;
use crate::seal::Seal;
use crate::stance::{Said, Stance};

words! {
    /// Whose stance it is that a member keeps a copy of.
    Copied, "copy" {
        /// Its own, as it was sent.
        Sent = "sent",
        /// The other side's, as it was received.
        Received = "received",
    }
}

/// What a letter holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// A stance for the other side of the exchange.
    Stance(Box<Said>),
    /// A stance that a member keeps for itself: its other devices read it, and 24 words bring it back.
    Copy(Box<Said>, Copied),
    /// What one of a member's devices passes on to the one that decides.
    Pass {
        /// Whose devices they are.
        member: MemberId,
        /// What is passed on, for the node to read.
        bytes: Vec<u8>,
    },
    /// Something that a later version knows: its fields are in [`Inside::other`].
    Other {
        /// Who wrote it.
        from: MemberId,
        /// For whom.
        to: MemberId,
    },
}

/// All that is inside of a letter, apart from the proof of who wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inside {
    /// What it holds.
    pub content: Content,
    /// Fields that this version does not know, carried as they are.
    pub other: Map,
}

impl Content {
    /// Who writes it.
    #[must_use]
    pub fn from(&self) -> MemberId {
        match self {
            Self::Stance(told) | Self::Copy(told, Copied::Sent) => told.stance.from(),
            Self::Copy(told, Copied::Received) => told.stance.to(),
            Self::Pass { member, .. } => *member,
            Self::Other { from, .. } => *from,
        }
    }

    /// Who is to read it.
    #[must_use]
    pub fn to(&self) -> MemberId {
        match self {
            Self::Stance(told) => told.stance.to(),
            Self::Copy(..) | Self::Pass { .. } => self.from(),
            Self::Other { to, .. } => *to,
        }
    }

    const fn told(&self) -> Option<&Said> {
        match self {
            Self::Stance(told) | Self::Copy(told, _) => Some(told),
            Self::Pass { .. } | Self::Other { .. } => None,
        }
    }
}

impl From<Content> for Inside {
    fn from(content: Content) -> Self {
        Self { content, other: Map::new() }
    }
}

impl Inside {
    /// Checks what can be checked of a content by itself: its circle, and that what binds is signed.
    pub(super) fn check(&self, outer: Outer) -> Result<(), LetterError> {
        let Some(told) = self.content.told() else { return Ok(()) };
        if told.stance.about.circle != outer.circle {
            return Err(LetterError::OtherCircle);
        }
        if told.seal.is_none() && told.stance.is_binding() {
            return Err(LetterError::Unsigned);
        }
        Ok(told.check()?)
    }

    /// The canonical bytes of all that is said, with the epoch of the sender's seal key.
    #[must_use]
    pub fn encode(&self, epoch: u32) -> Vec<u8> {
        let mut fields = Fields::with(self.other.clone());
        fields.put_uint("epoch", epoch.into());
        if let Some(told) = self.content.told() {
            fields.put("stance", Value::Bytes(told.stance.encode()));
            if let Some(seal) = &told.seal {
                fields.put("seal", seal.to_value());
            }
        }
        match &self.content {
            Content::Stance(_) => {}
            Content::Copy(_, copied) => fields.put_text("copy", copied.word()),
            Content::Pass { member, bytes } => {
                put_member(&mut fields, "member", *member);
                fields.put("pass", Value::Bytes(bytes.clone()));
            }
            Content::Other { from, to } => {
                put_member(&mut fields, "from", *from);
                put_member(&mut fields, "to", *to);
            }
        }
        Value::Map(fields.into_map()).encode()
    }

    /// Reads what is said, and the epoch of the sender's seal key.
    ///
    /// # Errors
    /// A [`BodyError`] when the bytes are not canonical, or a field is wrong.
    pub fn decode(bytes: &[u8]) -> Result<(Self, u32), BodyError> {
        let mut fields = Fields::with(map_of(bytes)?);
        let epoch = fields.take_u32("epoch")?;
        let content = if let Some(bytes) = fields.take_optional_byte_string("stance")? {
            let seal = fields.take_map("seal")?.map(|map| Seal::from_map(map, "seal")).transpose()?;
            let told = Box::new(Said { stance: Stance::decode(&bytes)?, seal });
            match fields.take_optional_text("copy")? {
                Some(word) => Content::Copy(told, word.parse()?),
                None => Content::Stance(told),
            }
        } else if let Some(bytes) = fields.take_optional_byte_string("pass")? {
            Content::Pass { member: fields.take_member("member")?, bytes }
        } else {
            Content::Other { from: fields.take_member("from")?, to: fields.take_member("to")? }
        };
        Ok((Self { content, other: fields.into_map() }, epoch))
    }
}

fn put_member(fields: &mut Fields, name: &str, member: MemberId) {
    fields.put(name, Value::Bytes(member.as_bytes().to_vec()));
}
