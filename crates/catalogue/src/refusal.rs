//! Why a circle does not take a record that verifies.

use record::Fault;

/// Why a record is not held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// It was written for another circle.
    #[error("the record belongs to another circle")]
    OtherCircle,
    /// A member's root key signs nothing but grants.
    #[error("a member's root key may sign nothing but grants")]
    SignedByRoot,
    /// A grant that the member's root key did not sign.
    #[error("a grant must be signed by the member's root key")]
    GrantNotByRoot,
    /// A grant in another slot than its signer's.
    #[error("the grant lies in another slot than the one of the key that it names")]
    GrantMisplaced,
    /// The circle's charter is not here yet.
    #[error("the circle's charter is not here yet")]
    NoCharterYet,
    /// A charter in another slot than the one of what it says, without a parent, or withdrawn.
    #[error("the charter lies in another slot than the one of what it says, or names no parent")]
    CharterMisplaced,
    /// A charter with an approval that does not hold.
    #[error("the charter brings an approval that does not hold")]
    BadApproval,
    /// The same record is held already.
    #[error("the record is known already")]
    Known,
    /// Its revision lies more than ten minutes ahead.
    #[error("the record is dated in the future")]
    Future,
    /// Its life has ended.
    #[error("the record's life has ended")]
    Expired,
    /// The same signer replaced or withdrew it.
    #[error("the record was replaced or withdrawn")]
    Superseded,
    /// The grant for its signer was withdrawn.
    #[error("the record's signer may not sign for its author any more")]
    Revoked,
    /// There is no room: newer records fill the quota and the reserve behind it.
    #[error("the quota is full of newer records")]
    NoRoom,
}

impl Refusal {
    /// Whose fault it is. What can be seen from the record alone is the sender's; the rest depends
    /// on what is known here, and on the hour.
    #[must_use]
    pub const fn fault(self) -> Fault {
        match self {
            Self::OtherCircle
            | Self::SignedByRoot
            | Self::GrantNotByRoot
            | Self::GrantMisplaced
            | Self::CharterMisplaced
            | Self::BadApproval => Fault::Sender,
            Self::NoCharterYet
            | Self::Known
            | Self::Future
            | Self::Expired
            | Self::Superseded
            | Self::Revoked
            | Self::NoRoom => Fault::Nobody,
        }
    }
}
