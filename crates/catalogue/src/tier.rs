//! Which quota a record counts in.

use record::{Charter, Class, Header, Kind};

/// How many records beyond a quota are held, so that one of them moves up when room appears.
pub const RESERVE: usize = 1_000;
/// How many signers' versions of one slot are held.
pub const RIVALS: usize = 4;
/// How many records that may not count yet are held: the newest.
pub const WAITING: usize = 4_000;
/// How many grants of one author count: the newest.
pub const GRANTS: usize = 64;
/// How many charters by one author count: the newest.
pub const CHARTERS: usize = 256;

/// How many times as many withdrawals count as things: who gives away much withdraws much.
pub const WITHDRAWN: usize = 4;

/// What is counted together. Withdrawals are counted apart, before the things that they withdraw, so that
/// no thing of an author's own pushes a withdrawal out and comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Tier {
    part: Part,
    withdrawn: bool,
}

/// Grants and charters have numbers of their own, since the charter's numbers depend on them: so the rules
/// have no circle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Grants,
    Charters,
    /// Admissions and removals.
    Members,
    Control,
    Content,
    Letters,
    Proofs,
}

impl Tier {
    pub(crate) fn of(header: &Header) -> Self {
        let part = match (header.class, header.kind.as_str()) {
            (Class::Control, Kind::GRANT) => Part::Grants,
            (Class::Control, Kind::CHARTER) => Part::Charters,
            (Class::Control, Kind::ADMISSION | Kind::REMOVAL) => Part::Members,
            (class, _) => Self::things(class).part,
        };
        Self { part, withdrawn: header.is_withdrawal() }
    }

    /// The tier of a class's everyday things.
    pub(crate) const fn things(class: Class) -> Self {
        let part = match class {
            Class::Control => Part::Control,
            Class::Content => Part::Content,
            Class::Letter => Part::Letters,
            Class::Proof => Part::Proofs,
        };
        Self { part, withdrawn: false }
    }

    /// How many slots of one author count.
    pub(crate) const fn quota(self, charter: &Charter) -> usize {
        self.times(match self.part {
            Part::Grants => GRANTS,
            Part::Charters => CHARTERS,
            Part::Members => charter.quotas.members as usize,
            Part::Control => charter.quotas.control as usize,
            Part::Content => charter.quotas.content as usize,
            Part::Letters | Part::Proofs => charter.quotas.rest as usize,
        })
    }

    /// The pool in which those who do not belong share the strangers' quota.
    pub(crate) const fn pool(self) -> Pool {
        let part = match self.part {
            Part::Grants => Part::Grants,
            Part::Charters | Part::Members | Part::Control => Part::Control,
            Part::Content | Part::Letters | Part::Proofs => Part::Content,
        };
        Pool(Self { part, withdrawn: self.withdrawn })
    }

    const fn times(self, number: usize) -> usize {
        if self.withdrawn { number.saturating_mul(WITHDRAWN) } else { number }
    }
}

/// What all strangers share: grants, other control records, and the rest, each with its withdrawals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Pool(Tier);

impl Pool {
    /// How many slots of all strangers count.
    pub(crate) const fn quota(self, charter: &Charter) -> usize {
        self.0.times(charter.quotas.strangers as usize)
    }
}
