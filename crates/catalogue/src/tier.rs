//! Which quota a record counts in.

use record::{Charter, Class, Header, Kind};

/// How many records beyond a quota are held, so that one of them moves up when room appears.
pub const RESERVE: usize = 1_000;
/// How many signers' versions of one slot are held.
pub const RIVALS: usize = 4;
/// How many records whose grant is not here yet are held: the newest.
pub const WAITING: usize = 4_000;

/// What is counted together. Grants are a tier of their own: whether any other record counts depends
/// on them, and they depend on nothing, so that the rules have no circle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Tier {
    Grant,
    Control,
    Content,
    Letter,
    Proof,
}

impl Tier {
    pub(crate) fn of(header: &Header) -> Self {
        match header.class {
            Class::Control if header.kind.as_str() == Kind::GRANT => Self::Grant,
            Class::Control => Self::Control,
            Class::Content => Self::Content,
            Class::Letter => Self::Letter,
            Class::Proof => Self::Proof,
        }
    }

    /// How many slots of one author the charter allows.
    pub(crate) const fn quota(self, charter: &Charter) -> usize {
        (match self {
            Self::Grant | Self::Control => charter.quotas.control,
            Self::Content => charter.quotas.content,
            Self::Letter | Self::Proof => charter.quotas.rest,
        }) as usize
    }

    /// The pool in which all who are not stewards share the strangers' quota.
    pub(crate) const fn pool(self) -> Pool {
        match self {
            Self::Grant => Pool::Grants,
            Self::Control => Pool::Control,
            Self::Content | Self::Letter | Self::Proof => Pool::Rest,
        }
    }
}

/// What all strangers share, in three parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Pool {
    Grants,
    Control,
    Rest,
}
