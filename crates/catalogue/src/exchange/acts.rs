//! What a person does in an exchange, or its node for it: acts, and why one is refused.

use record::{BodyError, Hash, Seal, Timestamp};

use super::{Party, State, Step};

/// Signs bytes under a purpose for the member that acts: see [`Seal::sign`].
pub type Sign<'a> = &'a dyn Fn(&str, &[u8]) -> Seal;

/// What an asker says first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Request {
    /// How many, 1 to 100,000.
    pub count: u32,
    /// The nickname of somebody without an account.
    pub name: Option<String>,
    /// To what the pick-up code is bound.
    pub commitment: Option<Hash>,
    /// Chance for a draw.
    pub nonce: Option<[u8; 16]>,
    /// Words for the lister; may be empty.
    pub message: String,
}

/// What a lister promises. What is `None` stays as it was said before.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Promise {
    /// How many; as many as were asked for if `None`.
    pub count: Option<u32>,
    /// Until when the promise stands.
    pub until: Option<Timestamp>,
    /// Where.
    pub place: Option<String>,
    /// When it can be handed over.
    pub time: Option<Timestamp>,
    /// When a loan is due.
    pub due: Option<Timestamp>,
    /// It came back, and is held for the asker from now on.
    pub hold: bool,
    /// Words for the asker; may be empty.
    pub message: String,
}

/// What a giver says at the handover.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HandOver {
    /// How many; as many as the receiver says, or as were promised or asked for, if `None`.
    pub count: Option<u32>,
    /// The pick-up code that was shown or said.
    pub code: Option<String>,
    /// The thing's condition.
    pub condition: Option<String>,
    /// When; as the receiver says, or now, if `None`.
    pub at: Option<Timestamp>,
    /// With terms `hours`: for how many minutes the giver is credited.
    pub minutes: Option<u32>,
    /// What it weighs in all, in grams.
    pub grams: Option<u32>,
    /// When a loan is due.
    pub due: Option<Timestamp>,
}

/// What a receiver says. What is `None` is as the giver says, or else as it was promised.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Receive {
    /// How many.
    pub count: Option<u32>,
    /// With terms `hours`: for how many minutes the giver is credited.
    pub minutes: Option<u32>,
    /// What it weighs in all, in grams.
    pub grams: Option<u32>,
    /// The thing's condition.
    pub condition: Option<String>,
    /// When.
    pub at: Option<Timestamp>,
}

/// What a person does in an exchange, or its node for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// The lister promises it, or changes what it promised: the number, until when, time, place.
    Promise(Promise),
    /// The asker says that this time suits; if it is not the lister's, the lister may promise for it.
    Accept(Timestamp),
    /// The lister says that it lies ready.
    Ready,
    /// The lister does not promise it, in these words (may be empty).
    Decline(String),
    /// The lister says that somebody else gets it, in these words (may be empty).
    Elsewhere(String),
    /// Words for the other side.
    Message(String),
    /// The asker does not want it any more, in these words (may be empty).
    Withdraw(String),
    /// A side can't keep what was agreed, in these words (may be empty). Once the other says that it was given, this
    /// denies that.
    Cancel(String),
    /// The lister lets a promise lapse of which the time is over.
    Lapse,
    /// Who gives says that it was handed over.
    HandOver(HandOver),
    /// Who receives says that it was received.
    Receive(Receive),
    /// The borrower says that it was brought back, in this condition.
    Return(Option<String>),
    /// The lender says that it is back, in this condition.
    TakeBack(Option<String>),
    /// The borrower would like to keep it until then.
    AskRenewal(Timestamp),
    /// The lender says that it is due then.
    Renew(Timestamp),
    /// The other side did not turn up.
    Missed,
    /// The answer to that: it is so, or it is not.
    OwnUp(bool),
    /// Thanks in these words.
    Thank(String),
    /// Whether the receipt shall be public.
    Public(bool),
    /// The lister tells the asker's place in line, from 1.
    TellPlace(u32),
    /// What a node does by itself: see [`Exchange::heals`](super::Exchange::heals).
    Heal,
}

impl Act {
    /// Which step it is.
    #[must_use]
    pub const fn step(&self) -> Step {
        match self {
            Self::Promise(_) => Step::Promise,
            Self::Accept(_) => Step::Accept,
            Self::Ready => Step::Ready,
            Self::Decline(_) => Step::Decline,
            Self::Elsewhere(_) => Step::Elsewhere,
            Self::Message(_) => Step::Message,
            Self::Withdraw(_) => Step::Withdraw,
            Self::Cancel(_) => Step::Cancel,
            Self::Lapse => Step::Lapse,
            Self::HandOver(_) => Step::HandOver,
            Self::Receive(_) => Step::Receive,
            Self::Return(_) => Step::Return,
            Self::TakeBack(_) => Step::TakeBack,
            Self::AskRenewal(_) => Step::AskRenewal,
            Self::Renew(_) => Step::Renew,
            Self::Missed => Step::Missed,
            Self::OwnUp(_) => Step::OwnUp,
            Self::Thank(_) => Step::Thank,
            Self::Public(_) => Step::Public,
            Self::TellPlace(_) => Step::TellPlace,
            Self::Heal => Step::Heal,
        }
    }
}

/// What of a listing is there for an exchange: the lister's node adds it up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// How many there are.
    pub count: u32,
    /// How many the listing's other exchanges take: the sum of [`committed`](super::committed).
    pub elsewhere: u32,
    /// How many others wait for it: see [`wait_for_it`](super::wait_for_it).
    pub waiting: u32,
}

impl Budget {
    /// Room for anything: for acts of an asker, which take nothing.
    pub const ANY: Self = Self { count: u32::MAX, elsewhere: 0, waiting: 0 };

    /// How many are left for the exchange.
    #[must_use]
    pub const fn left(&self) -> u32 {
        self.count.saturating_sub(self.elsewhere)
    }
}

/// Why an act is refused, in words for whoever wanted it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ActError {
    /// More than there are.
    #[error("promised already: {elsewhere} of {count}")]
    OverPromised {
        /// How many others have.
        elsewhere: u32,
        /// How many there are.
        count: u32,
    },
    /// More than was asked for or promised.
    #[error("that is more than was asked for or promised: at most {0}")]
    TooMany(u32),
    /// None at all.
    #[error("how many? It takes at least one")]
    None,
    /// An act of the other side.
    #[error("only {} can {}", who(*.0), .1.told())]
    OtherSide(Party, Step),
    /// An act of who gives.
    #[error("only who gives can {}", .0.told())]
    OnlyGiver(Step),
    /// An act of who receives.
    #[error("only who receives can {}", .0.told())]
    OnlyReceiver(Step),
    /// An act for loans alone.
    #[error("can't {}: this is no loan", .0.told())]
    NoLoan(Step),
    /// It does not fit where the exchange stands.
    #[error("can't {} now: the exchange is {}", .0.told(), .1.word())]
    NotNow(Step, State),
    /// The promise stands.
    #[error("the promise stands: cancel it, or wait until its time is over")]
    NotLapsed,
    /// The time has not come.
    #[error("the agreed time has not come yet")]
    NotDue,
    /// Somebody waits.
    #[error("{0} others wait for it: it can't be kept longer")]
    OthersWait(u32),
    /// The code is another one.
    #[error("this is not the pick-up code of this request: ask for it again, or hand it over without a code")]
    WrongCode,
    /// Hours, and a code.
    #[error("a code can't stand for hours: hand it over without the code, and let the other side confirm it")]
    HoursByCode,
    /// Hours without a number.
    #[error("for how many minutes? Terms are hours: say it at the handover")]
    NoMinutes,
    /// A time that is not past.
    #[error("this time has not come yet: what was given was given before now")]
    InFuture,
    /// A time that is past.
    #[error("this time is over: choose a later one")]
    InPast,
    /// It is so already.
    #[error("there is nothing to mend")]
    NothingToHeal,
    /// Words that do not fit.
    #[error(transparent)]
    Words(#[from] BodyError),
}

const fn who(party: Party) -> &'static str {
    match party {
        Party::Asker => "who asks",
        Party::Lister => "whose listing it is",
    }
}
