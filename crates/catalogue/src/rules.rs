//! What a circle's control records add up to: the charter in force, and who belongs.
//!
//! A pure function of the admitted charters, admissions, removals and vouches. Whether each of those is
//! admitted is decided record by record; here it is only added up.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use record::{Charter, Hash, MemberId, RecordId, Timestamp, WritePolicy};

/// How an author belongs to a circle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Belonging {
    /// A steward of the charter in force.
    Steward,
    /// One whom a steward took in, for whom enough members vouch, or who was a steward.
    Member,
    /// Shut out; what it said until then stays.
    Removed {
        /// Later revisions don't count.
        since: Timestamp,
    },
    /// Anybody else.
    Stranger,
}

/// A charter that is admitted.
pub(crate) struct Chartered<'a> {
    pub(crate) id: RecordId,
    pub(crate) revision: Timestamp,
    pub(crate) charter: &'a Charter,
}

/// An admission or a removal that is admitted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Act {
    pub(crate) steward: MemberId,
    pub(crate) member: MemberId,
    pub(crate) revision: Timestamp,
}

/// A rotation of the read secret that is admitted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Turn {
    pub(crate) id: RecordId,
    pub(crate) steward: MemberId,
    pub(crate) revision: Timestamp,
    /// The name of the new secret.
    pub(crate) secret: Hash,
}

/// All that rules derive from.
#[derive(Default)]
pub(crate) struct Acts<'a> {
    pub(crate) charters: Vec<Chartered<'a>>,
    pub(crate) admissions: Vec<Act>,
    pub(crate) removals: Vec<Act>,
    /// Who vouches, and for whom.
    pub(crate) vouches: Vec<(MemberId, MemberId)>,
    pub(crate) rotations: Vec<Turn>,
}

/// A circle's rules and members.
#[derive(Debug, Clone)]
pub(crate) struct Rules {
    /// The charter in force.
    pub(crate) in_force: RecordId,
    pub(crate) charter: Charter,
    /// All who were stewards by a charter of the chain, and until when; `None`: still.
    stewards: BTreeMap<MemberId, Option<Timestamp>>,
    members: BTreeSet<MemberId>,
    removed: BTreeMap<MemberId, Timestamp>,
    /// The rotation that counts, and the name of its secret.
    pub(crate) rotation: Option<(RecordId, Hash)>,
}

impl Rules {
    /// Adds up what is admitted; none without the founding charter.
    pub(crate) fn derive(founding: RecordId, acts: &Acts<'_>) -> Option<Self> {
        let chain = chain(founding, &acts.charters)?;
        let last = chain.last()?;
        let stewards = terms(&chain);
        let trusted = |member: &MemberId| !last.charter.distrusted.contains(member);
        let counts = |steward: &MemberId, revision: Timestamp| match stewards.get(steward) {
            Some(None) => true,
            Some(Some(until)) => trusted(steward) && revision <= *until,
            None => false,
        };
        let is_steward = |member: &MemberId| stewards.get(member) == Some(&None);
        let mut removed: BTreeMap<MemberId, Timestamp> = BTreeMap::new();
        // Only who is a steward now shuts anybody out, and nobody shuts out a steward: a charter does that.
        for act in acts.removals.iter().filter(|act| is_steward(&act.steward) && !is_steward(&act.member)) {
            let since = removed.entry(act.member).or_insert(act.revision);
            *since = (*since).min(act.revision);
        }
        let former = stewards.keys().filter(|member| is_steward(member) || trusted(member)).copied();
        let taken_in = acts.admissions.iter().filter(|act| counts(&act.steward, act.revision));
        let taken_in = taken_in.map(|act| act.member);
        let turns = acts.rotations.iter().filter(|turn| counts(&turn.steward, turn.revision));
        let rotation = turns.max_by_key(|turn| (turn.revision, Reverse(turn.id)));
        let rotation = rotation.map(|turn| (turn.id, turn.secret));
        let pinned = former.chain(taken_in).filter(|member| !removed.contains_key(member)).collect();
        let members = match (last.charter.write, last.charter.vouches) {
            (WritePolicy::Vouched, Some(needed)) => vouched(pinned, &acts.vouches, &removed, needed as usize),
            (WritePolicy::Vouched | WritePolicy::Invited | WritePolicy::Open, _) => pinned,
        };
        let (in_force, charter) = (last.id, last.charter.clone());
        Some(Self { in_force, charter, stewards, members, removed, rotation })
    }

    /// How an author belongs.
    pub(crate) fn belonging(&self, author: &MemberId) -> Belonging {
        if self.stewards.get(author) == Some(&None) {
            Belonging::Steward
        } else if let Some(since) = self.removed.get(author) {
            Belonging::Removed { since: *since }
        } else if self.members.contains(author) {
            Belonging::Member
        } else {
            Belonging::Stranger
        }
    }

    /// Whether an author is or was a steward by the chain that is in force.
    pub(crate) fn was_steward(&self, author: &MemberId) -> bool {
        self.stewards.contains_key(author)
    }

    /// Whether strangers may write.
    pub(crate) fn is_open(&self) -> bool {
        self.charter.write == WritePolicy::Open
    }

    /// Whether what an author writes counts in the quota that all strangers share. Who was a steward does
    /// not: the circle's rules stand on it.
    pub(crate) fn is_pooled(&self, author: &MemberId) -> bool {
        match self.belonging(author) {
            Belonging::Steward | Belonging::Member => false,
            Belonging::Removed { .. } | Belonging::Stranger => !self.was_steward(author),
        }
    }

    /// All of whom these rules or the other ones say something.
    pub(crate) fn named<'a>(&'a self, other: &'a Self) -> BTreeSet<MemberId> {
        let of = |rules: &'a Self| {
            rules.stewards.keys().chain(&rules.members).chain(rules.removed.keys()).copied()
        };
        of(self).chain(of(other)).collect()
    }
}

/// The charters from the founding one to the one in force: of a charter's followers the newest counts, and
/// of equal revisions the lower id.
fn chain<'a, 'b>(founding: RecordId, charters: &'b [Chartered<'a>]) -> Option<Vec<&'b Chartered<'a>>> {
    let mut followers: BTreeMap<RecordId, Vec<&Chartered<'a>>> = BTreeMap::new();
    for charter in charters {
        if let Some(parent) = charter.charter.parent {
            followers.entry(parent).or_default().push(charter);
        }
    }
    let mut chain = vec![charters.iter().find(|charter| charter.id == founding)?];
    while let Some(next) = chain.last().and_then(|last| followers.remove(&last.id)) {
        chain.extend(next.into_iter().max_by_key(|charter| (charter.revision, Reverse(charter.id))));
    }
    Some(chain)
}

/// Who was a steward along the chain, and until when.
fn terms(chain: &[&Chartered<'_>]) -> BTreeMap<MemberId, Option<Timestamp>> {
    let mut terms: BTreeMap<MemberId, Option<Timestamp>> = BTreeMap::new();
    for charter in chain {
        for (member, until) in &mut terms {
            if until.is_none() && !charter.charter.stewards.contains(member) {
                *until = Some(charter.revision);
            }
        }
        terms.extend(charter.charter.stewards.iter().map(|steward| (*steward, None)));
    }
    terms
}

/// The least set that holds `pinned` and everybody for whom `needed` of its members vouch.
fn vouched(
    pinned: BTreeSet<MemberId>,
    vouches: &[(MemberId, MemberId)],
    removed: &BTreeMap<MemberId, Timestamp>,
    needed: usize,
) -> BTreeSet<MemberId> {
    let mut by: BTreeMap<MemberId, BTreeSet<MemberId>> = BTreeMap::new();
    for (voucher, newcomer) in vouches {
        by.entry(*voucher).or_default().insert(*newcomer);
    }
    let mut behind: BTreeMap<MemberId, usize> = BTreeMap::new();
    let mut members = pinned.clone();
    let mut heard: Vec<MemberId> = pinned.into_iter().collect();
    while let Some(voucher) = heard.pop() {
        for newcomer in by.get(&voucher).into_iter().flatten() {
            let count = behind.entry(*newcomer).or_default();
            *count = count.saturating_add(1);
            if *count >= needed && !removed.contains_key(newcomer) && members.insert(*newcomer) {
                heard.push(*newcomer);
            }
        }
    }
    members
}
