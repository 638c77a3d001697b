//! Records that come out of a file and not from a peer: nobody is at fault, so the person at the node is told of
//! each one that is not taken. What is new spreads by reconciliation.

use std::collections::{BTreeMap, BTreeSet};

use catalogue::{Group, Refusal, Standing};
use record::{CircleId, Hash, ReadSecret, Record, RecordId, RefusedBytes, Signed, Timestamp, Verified};

use crate::circle::Circle;
use crate::port::Output;
use crate::protocol::Protocol;
use crate::store::{Store, StoreError};
use crate::verify::Unverified;

/// What became of a record out of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Carried {
    /// It counts now, and did not before.
    Added,
    /// It counts already, or something newer stands in its place.
    Unchanged,
    /// It does not count.
    Rejected(NotCarried),
}

/// Why a record out of a file does not count.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotCarried {
    /// It is no record, or not as it was signed.
    #[error(transparent)]
    Bytes(#[from] RefusedBytes),
    /// Its body is not with it.
    #[error("its body is missing")]
    NoBody,
    /// The circle's rules refuse it.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Its author is no member, or its signer has no grant.
    #[error("its author does not belong to the circle, or has not let its signer sign")]
    Waiting,
    /// There is no room for it.
    #[error("newer records fill the quota")]
    OverQuota,
}

/// Why records out of a file were not looked at.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CarryError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The circle is not followed here.
    #[error("this node does not keep that circle")]
    UnknownCircle,
}

impl<S: Store> Protocol<S> {
    /// Takes in records out of a file, and says of each what became of it. They are durable only once
    /// [`Store::sync`] was called.
    ///
    /// # Errors
    /// A [`CarryError`]; none of these was taken then.
    pub fn carry(
        &mut self,
        circle: CircleId,
        records: Vec<Record>,
        now: Timestamp,
    ) -> Result<(Vec<Output>, Vec<Carried>), CarryError> {
        let followed = self.circles.get_mut(&circle).ok_or(CarryError::UnknownCircle)?;
        let mut batch = Vec::new();
        let mut read = Vec::with_capacity(records.len());
        for record in records {
            read.push(unverified(record, followed).map(|record| batch.push(record)));
        }
        let mut verified = (self.verify)(batch, &mut followed.keys).into_iter();
        let (mut fresh, mut ids) = (Vec::new(), BTreeSet::new());
        let verdicts = read.into_iter().map(|read| {
            // Each that could be read has its verdict, in the same order.
            let record = read.and_then(|()| whole(verified.next().ok_or(Carried::Unchanged)?))?;
            let id = record.id();
            // Of the same one twice the first one counts.
            if !ids.insert(id) {
                return Err(Carried::Unchanged);
            }
            fresh.push(record);
            Ok(id)
        });
        let verdicts: Vec<Result<RecordId, Carried>> = verdicts.collect();
        let (news, settled) = followed.absorb(&mut self.store, fresh, now)?;
        let settled: BTreeMap<_, _> = settled.into_iter().collect();
        let now_is = |id| match settled.get(&id) {
            Some(Ok(Standing::Admitted)) => Carried::Added,
            Some(Ok(Standing::Waiting)) => Carried::Rejected(NotCarried::Waiting),
            Some(Ok(Standing::OverQuota)) => Carried::Rejected(NotCarried::OverQuota),
            // Something newer stands in its place.
            Some(Ok(Standing::Outdone) | Err(Refusal::Superseded | Refusal::Known)) | None => {
                Carried::Unchanged
            }
            Some(Err(refusal)) => Carried::Rejected((*refusal).into()),
        };
        let carried =
            verdicts.into_iter().map(|verdict| verdict.map_or_else(|known| known, now_is)).collect();
        self.note_change(now);
        let mut out = Vec::new();
        if !news.is_empty() {
            self.spread(circle, None, now);
            self.changed(circle, news, now, &mut out);
            self.open_due(now, &mut out);
        }
        Ok((out, carried))
    }

    /// The read secret of this name, if this node holds it: what opens a bundle that was sealed with it, also after
    /// the circle has turned to another one.
    pub fn to_open(&self, circle: CircleId, name: &Hash) -> Option<&ReadSecret> {
        self.circles.get(&circle)?.secrets.named(name)
    }

    /// What a bundle of a circle holds, in its order: the founding charter, the other control records, and then the
    /// rest, of which only what was said since a moment is in it.
    #[must_use]
    pub fn to_carry(&self, circle: CircleId, since: Option<Timestamp>) -> Vec<RecordId> {
        let Some(catalogue) = self.catalogue(circle) else { return Vec::new() };
        let mut order: Vec<_> = catalogue
            .iter()
            .filter_map(|held| {
                let header = held.header();
                let group = Group::of(header.class);
                let wanted = group == Group::Control || since.is_none_or(|since| header.revision >= since);
                let founds = CircleId::founded_by(held.id()) == circle;
                wanted.then(|| (!founds, group, header.revision, held.id()))
            })
            .collect();
        order.sort_unstable();
        order.into_iter().map(|(.., id)| id).collect()
    }
}

/// A record that does not count yet.
fn unverified(record: Record, circle: &Circle) -> Result<Unverified, Carried> {
    let signed = Signed::parse(&record.envelope).map_err(rejected)?;
    // Why first: a signature takes far longer, and of what counts already only a body is taken that is wanted.
    if circle.catalogue.admitted(&signed.id()).is_some() && !circle.bodies.wants(&signed.id()) {
        return Err(Carried::Unchanged);
    }
    Ok((signed, record.body))
}

/// A record whose signature holds and whose body is here.
fn whole(verified: Result<Verified, RefusedBytes>) -> Result<Verified, Carried> {
    let record = verified.map_err(rejected)?;
    if record.is_whole() { Ok(record) } else { Err(Carried::Rejected(NotCarried::NoBody)) }
}

fn rejected(why: RefusedBytes) -> Carried {
    Carried::Rejected(why.into())
}
