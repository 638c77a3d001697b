//! What control records say, as far as rules depend on it.

use std::collections::BTreeMap;

use record::{Body, Charter, Class, GrantRole, Hash, Header, MemberId, PublicKey, Timestamp, Verified};

/// What a control record says; of all others, and of what this version does not understand, nothing is kept.
#[derive(Debug, Clone)]
pub(crate) enum Control {
    Grant {
        until: Timestamp,
        role: GrantRole,
    },
    Charter(Box<HeldCharter>),
    Admission(MemberId),
    Removal(MemberId),
    Vouch(MemberId),
    /// The name of a read secret.
    Rotation(Hash),
}

/// A charter and who approves it: see [`Charter::approved_by`].
#[derive(Debug, Clone)]
pub(crate) struct HeldCharter {
    pub(crate) charter: Charter,
    pub(crate) approved_by: BTreeMap<MemberId, PublicKey>,
}

impl Control {
    pub(crate) fn of(record: &Verified) -> Option<Self> {
        let Header { circle, revision, class, .. } = *record.header();
        // Why: bodies of other classes are none of the rules' business, and may be large.
        if class != Class::Control {
            return None;
        }
        match record.body()? {
            Body::Grant(grant) => Some(Self::Grant { until: grant.until, role: grant.role }),
            Body::Charter(charter) => {
                let approved_by = charter.approved_by(circle, revision);
                Some(Self::Charter(Box::new(HeldCharter { charter, approved_by })))
            }
            Body::Admission(admission) => Some(Self::Admission(admission.member)),
            Body::Removal(removal) => Some(Self::Removal(removal.member)),
            Body::Vouch(vouch) => Some(Self::Vouch(vouch.member)),
            Body::Rotation(rotation) => Some(Self::Rotation(rotation.secret)),
            Body::Profile(_)
            | Body::SealKey(_)
            | Body::Listing(_)
            | Body::Notice(_)
            | Body::Comment(_)
            | Body::Letter(_)
            | Body::Receipt(_)
            | Body::Checkpoint(_)
            | Body::Other(_) => None,
        }
    }

    pub(crate) const fn charter(&self) -> Option<&HeldCharter> {
        match self {
            Self::Charter(charter) => Some(charter),
            Self::Grant { .. }
            | Self::Admission(_)
            | Self::Removal(_)
            | Self::Vouch(_)
            | Self::Rotation(_) => None,
        }
    }
}
