//! How stances come in: which are taken, and which are refused.

use record::limits::MAX_FUTURE_MS;
use record::{About, CircleId, Hash, MemberId, Said, SealError, Stance, Timestamp};

use super::{Exchange, Party};

/// What the letter says that brought a stance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delivered {
    /// The circle in which it travelled.
    pub circle: CircleId,
    /// Who wrote it: the letter proves that to its reader.
    pub from: MemberId,
    /// Who opened it: the other side, or the author itself, who keeps a copy for a restore.
    pub reader: MemberId,
}

/// What became of a stance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// It is the newest of its side now.
    Newer,
    /// It was here already.
    Same,
    /// A newer one of its side is here.
    Older,
}

/// Why a stance is not taken. All but [`Refusal::Future`] are somebody's fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The letter travelled in another circle.
    #[error("what is said belongs to another circle than the letter that brought it")]
    OtherCircle,
    /// Its author is not the letter's.
    #[error("what is said has another author than the letter that brought it")]
    OtherAuthor,
    /// The reader is on neither side.
    #[error("what is said is addressed to somebody else")]
    OtherReader,
    /// It is about other members.
    #[error("what is said is about an exchange of other members")]
    OtherMembers,
    /// It is about another listing.
    #[error("what is said is about another listing")]
    OtherListing,
    /// It is about another exchange of the same two members.
    #[error("what is said belongs to another exchange")]
    OtherExchange,
    /// It binds, and is not signed so that it does.
    #[error("what is said has to be signed, and is not: {0}")]
    Unsealed(SealError),
    /// It comes from the future.
    #[error("what is said is dated more than ten minutes ahead: a clock is wrong")]
    Future,
}

impl Refusal {
    /// Whether somebody did wrong; else time heals it.
    #[must_use]
    pub const fn is_fault(&self) -> bool {
        !matches!(self, Self::Future)
    }
}

impl Exchange {
    /// An exchange of which nothing was known, from the first stance that arrives of it.
    ///
    /// # Errors
    /// A [`Refusal`] that says why it is not taken.
    pub fn begin(said: Said, delivered: &Delivered, now: Timestamp) -> Result<Self, Refusal> {
        check(&said, delivered, now)?;
        Ok(Self::of(said))
    }

    /// An exchange from a stance that this node made or checked before.
    #[must_use]
    pub fn of(said: Said) -> Self {
        let (about, party) = (said.stance.about.clone(), Party::of(&said.stance));
        let mut exchange = Self { id: about.id(), about, asker: None, lister: None };
        *exchange.slot(party) = Some(said);
        exchange
    }

    /// Takes in a stance that a letter brought. The newest of each side counts, in whatever order they arrive; of two
    /// with one revision, the one whose bytes have the lower SHA-256.
    ///
    /// # Errors
    /// A [`Refusal`] that says why it is not taken; nothing has changed then.
    pub fn take(&mut self, said: Said, delivered: &Delivered, now: Timestamp) -> Result<Taken, Refusal> {
        same(&self.about, &said.stance.about)?;
        let party = Party::of(&said.stance);
        // Why: what is not newer changes nothing, so its signatures need no look.
        match self.said(party).map_or(Taken::Newer, |held| rank(&said.stance, &held.stance)) {
            Taken::Newer => {}
            taken @ (Taken::Same | Taken::Older) => {
                addressed(&said.stance, delivered)?;
                return Ok(taken);
            }
        }
        check(&said, delivered, now)?;
        *self.slot(party) = Some(said);
        Ok(Taken::Newer)
    }

    /// Takes in a stance that this node made or checked before.
    ///
    /// # Errors
    /// A [`Refusal`] if it is about something else.
    pub fn hold(&mut self, said: Said) -> Result<Taken, Refusal> {
        same(&self.about, &said.stance.about)?;
        let party = Party::of(&said.stance);
        let taken = self.said(party).map_or(Taken::Newer, |held| rank(&said.stance, &held.stance));
        if taken == Taken::Newer {
            *self.slot(party) = Some(said);
        }
        Ok(taken)
    }

    const fn slot(&mut self, party: Party) -> &mut Option<Said> {
        match party {
            Party::Asker => &mut self.asker,
            Party::Lister => &mut self.lister,
        }
    }
}

fn check(said: &Said, delivered: &Delivered, now: Timestamp) -> Result<(), Refusal> {
    addressed(&said.stance, delivered)?;
    if said.stance.revision.max(said.stance.about.asked) > now.plus_millis(MAX_FUTURE_MS) {
        return Err(Refusal::Future);
    }
    said.check().map_err(Refusal::Unsealed)
}

fn addressed(stance: &Stance, delivered: &Delivered) -> Result<(), Refusal> {
    if stance.about.circle != delivered.circle {
        Err(Refusal::OtherCircle)
    } else if stance.from() != delivered.from {
        Err(Refusal::OtherAuthor)
    } else if ![stance.from(), stance.to()].contains(&delivered.reader) {
        Err(Refusal::OtherReader)
    } else {
        Ok(())
    }
}

/// Whether both are about the same exchange; else what differs.
fn same(ours: &About, theirs: &About) -> Result<(), Refusal> {
    if ours == theirs {
        Ok(())
    } else if ours.circle != theirs.circle {
        Err(Refusal::OtherCircle)
    } else if (ours.asker, ours.lister) != (theirs.asker, theirs.lister) {
        Err(Refusal::OtherMembers)
    } else if ours.listing != theirs.listing {
        Err(Refusal::OtherListing)
    } else {
        Err(Refusal::OtherExchange)
    }
}

fn rank(new: &Stance, held: &Stance) -> Taken {
    use std::cmp::Ordering::{Equal, Greater, Less};
    let hash = |stance: &Stance| Hash::of(&stance.encode());
    match new.revision.cmp(&held.revision) {
        Greater => Taken::Newer,
        Less => Taken::Older,
        Equal if new == held => Taken::Same,
        Equal if hash(new) < hash(held) => Taken::Newer,
        Equal => Taken::Older,
    }
}
