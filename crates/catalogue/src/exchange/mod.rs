//! Exchanges: what follows between two members from "I'd like that" to "thank you".
//!
//! An [`Exchange`] holds the newest stance of each side and nothing else; where it stands, which acts make sense,
//! how many of a listing are promised and what waits for whom are functions of these two. Start reading at
//! [`Exchange`], then [`State`], [`Act`] and [`Counts`].
//!
//! **Invariant:** whoever holds the same two stances derives the same; how they arrived does not matter.

mod acts;
mod counts;
mod queue;
mod state;
mod steps;
mod take;
#[cfg(test)]
mod tests;
mod waits;
mod write;

pub use acts::{Act, ActError, Budget, HandOver, Promise, Receive, Request, Sign};
pub use counts::{Clash, Counts, clash, committed};
pub use queue::{hold_until, line, next_in_line, overdue_since, places_to_tell, wait_for_it};
pub use state::{Missed, State};
pub use steps::Step;
pub use take::{Delivered, Refusal, Taken};
pub use waits::{Waiting, What};

use record::{
    About, AskerSays, Common, Confirmation, ExchangeId, ListerSays, Map, MemberId, Message, Said, Says, Side,
    SignedReceipt, Stance, Terms, Timestamp, code_commitment,
};

/// One of the two sides of an exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Party {
    /// Who asks for the offered thing, or volunteers to fill the need.
    Asker,
    /// Whose listing it is.
    Lister,
}

impl Party {
    /// The other side.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Asker => Self::Lister,
            Self::Lister => Self::Asker,
        }
    }

    /// The word for it in JSON and commands.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Asker => "asker",
            Self::Lister => "lister",
        }
    }

    /// Which side a stance's author is on.
    #[must_use]
    pub const fn of(stance: &Stance) -> Self {
        if stance.is_listers() { Self::Lister } else { Self::Asker }
    }
}

/// What two members have going: the newest stance of each. At least one is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    about: About,
    id: ExchangeId,
    asker: Option<Said>,
    lister: Option<Said>,
}

impl Exchange {
    /// What it is about.
    #[must_use]
    pub const fn about(&self) -> &About {
        &self.about
    }

    /// Its name, the same on both sides.
    #[must_use]
    pub const fn id(&self) -> ExchangeId {
        self.id
    }

    /// On which side a member is, if on any.
    #[must_use]
    pub fn party_of(&self, member: MemberId) -> Option<Party> {
        if member == self.about.asker {
            Some(Party::Asker)
        } else {
            (member == self.about.lister).then_some(Party::Lister)
        }
    }

    /// The member on a side.
    #[must_use]
    pub const fn member(&self, party: Party) -> MemberId {
        match party {
            Party::Asker => self.about.asker,
            Party::Lister => self.about.lister,
        }
    }

    /// The side that gives: the lister of an offer, the volunteer of a need.
    #[must_use]
    pub const fn giver(&self) -> Party {
        match self.about.side {
            Side::Offer => Party::Lister,
            Side::Need => Party::Asker,
        }
    }

    /// The side that receives.
    #[must_use]
    pub const fn receiver(&self) -> Party {
        self.giver().other()
    }

    /// Whether the thing is to come back.
    #[must_use]
    pub fn is_loan(&self) -> bool {
        self.about.terms == Terms::Loan
    }

    /// What a side said last, with its seal: to be kept, and sent again.
    #[must_use]
    pub const fn said(&self, party: Party) -> Option<&Said> {
        match party {
            Party::Asker => self.asker.as_ref(),
            Party::Lister => self.lister.as_ref(),
        }
    }

    /// What only the asker says.
    #[must_use]
    pub fn asks(&self) -> Option<&AskerSays> {
        match &self.asker.as_ref()?.stance.says {
            Says::Asker(says) => Some(says),
            Says::Lister(_) => None,
        }
    }

    /// What only the lister says.
    #[must_use]
    pub fn answers(&self) -> Option<&ListerSays> {
        match &self.lister.as_ref()?.stance.says {
            Says::Lister(says) => Some(says),
            Says::Asker(_) => None,
        }
    }

    /// What a side says of what either can say.
    #[must_use]
    pub fn common(&self, party: Party) -> Option<&Common> {
        self.said(party).map(|said| &said.stance.common)
    }

    /// How many are promised, ended or not.
    #[must_use]
    pub fn promised(&self) -> Option<u32> {
        Some(self.answers()?.promised?.count)
    }

    /// When a loan is due: the giver's word, or else the receiver's.
    #[must_use]
    pub fn due(&self) -> Option<Timestamp> {
        let says = |party| self.common(party).and_then(|common| common.due);
        says(self.giver()).or_else(|| says(self.receiver())).filter(|_| self.is_loan())
    }

    /// The time for the handover, once both said the same.
    #[must_use]
    pub fn agreed_time(&self) -> Option<Timestamp> {
        let accepted = self.asks()?.accepted;
        self.answers()?.time.filter(|time| Some(*time) == accepted)
    }

    /// Whether the lister showed the pick-up code to which the request is bound.
    #[must_use]
    pub fn code_holds(&self) -> bool {
        let bound = self.asks().and_then(|says| says.commitment);
        let shown = self.answers().and_then(|says| says.code.as_deref());
        bound.zip(shown).is_some_and(|(bound, code)| code_commitment(self.about.exchange, code) == bound)
    }

    /// Whether the pick-up code stands for the receiver's word: it holds, and the lister says that it gave no more
    /// than was asked for, and no hours.
    #[must_use]
    pub fn is_by_code(&self) -> bool {
        let gave = self.common(Party::Lister).and_then(|common| common.given.as_ref());
        let Some((gave, asks)) = gave.zip(self.asks()) else { return false };
        let bounded = gave.amount.count <= asks.count && gave.amount.minutes == 0;
        self.giver() == Party::Lister && bounded && self.code_holds()
    }

    /// What both wrote, the oldest first.
    #[must_use]
    pub fn messages(&self) -> Vec<(Party, &Message)> {
        let of = |party| {
            let messages = self.said(party).map(|said| said.stance.messages.as_slice());
            messages.unwrap_or_default().iter().map(move |message| (party, message))
        };
        let mut all: Vec<_> = of(Party::Asker).chain(of(Party::Lister)).collect();
        all.sort_by_key(|(_, message)| message.at);
        all
    }

    /// When something was last said.
    #[must_use]
    pub fn changed(&self) -> Timestamp {
        let revision = |party| self.said(party).map(|said| said.stance.revision);
        revision(Party::Asker).max(revision(Party::Lister)).unwrap_or(self.about.asked)
    }

    /// The receipt that both confirmed: the giver by its signature, the receiver by its own under the same words,
    /// or by the pick-up code.
    #[must_use]
    pub fn receipt(&self) -> Option<SignedReceipt> {
        let gave = self.common(self.giver())?.given.as_ref()?;
        let took = self.common(self.receiver()).and_then(|common| common.given.as_ref());
        let receiver = match took.filter(|took| took.amount == gave.amount) {
            Some(took) => Confirmation::Seal(took.seal.clone()),
            None if took.is_none() && self.is_by_code() => Confirmation::Code {
                commitment: self.asks()?.commitment?,
                code: self.answers()?.code.clone()?,
            },
            None => return None,
        };
        let receipt = self.about.receipt(&gave.amount);
        Some(SignedReceipt { receipt, giver: gave.seal.clone(), receiver, other: Map::new() })
    }

    /// Whether both want the receipt published.
    #[must_use]
    pub fn is_public(&self) -> bool {
        let wants = |party| self.common(party).is_some_and(|common| common.public);
        wants(Party::Asker) && wants(Party::Lister)
    }
}
