//! What pages, commands and programs see of exchanges. Field names are a contract: others build on them.

use serde::{Deserialize, Serialize};

use super::tally::SumJson;

/// An exchange, as the member (or guest) of this node sees it that is part of it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ExchangeJson {
    /// 32 hexadecimal digits: the same on both sides.
    pub id: String,
    /// The circle's id.
    pub circle: String,
    /// The listing's key.
    pub listing: String,
    /// What it is about, as the listing said when it was asked for.
    pub title: String,
    /// The listing's side: `offer` or `need`.
    pub side: String,
    /// `gift`, `loan`, `hours` or `pool`.
    pub terms: String,
    /// Who asked, or volunteered: a `did:key`.
    pub asker: String,
    /// What that member is called, if it says; a guest's nickname.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asker_name: Option<String>,
    /// Whose listing it is: a `did:key`.
    pub lister: String,
    /// What that member is called, if it says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lister_name: Option<String>,
    /// How far the other side is, in kilometres, if both say roughly where they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distance_km: Option<f64>,
    /// What the other side gave, as published receipts of the circle say: only if it wants that shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other_gave: Option<SumJson>,
    /// What it received, in the same way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other_received: Option<SumJson>,
    /// When the lister can be met, as its profile says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours: Option<String>,
    /// Who gives: the lister of an offer, the asker of a need.
    pub giver: String,
    /// Who receives.
    pub receiver: String,
    /// On which side of it this node's member (or guest) is: `asker` or `lister`.
    pub mine: String,
    /// One word: see `docs/exchange.md`.
    pub state: String,
    /// The same in a sentence for people.
    pub says: String,
    /// Whether nothing more has to happen.
    pub over: bool,
    /// How many are asked for.
    pub count: u32,
    /// How many are promised.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub promised: Option<u32>,
    /// The asker's place in the queue, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue: Option<u32>,
    /// Until when the promise stands. This and all other times: Unix milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<u64>,
    /// Where, in the lister's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// When, as the lister proposes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<u64>,
    /// The time that the asker said suits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted: Option<u64>,
    /// It lies ready.
    #[serde(default)]
    pub ready: bool,
    /// When a loan is due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<u64>,
    /// Until when the borrower would like to keep it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wants_until: Option<u64>,
    /// When the giver said that it was handed over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handed_over: Option<u64>,
    /// When the receiver said that it was received.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub received: Option<u64>,
    /// When the borrower said that it was brought back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub returned: Option<u64>,
    /// When the lender confirmed that it is back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub back: Option<u64>,
    /// Its condition at the handover.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
    /// Its condition when it came back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition_back: Option<String>,
    /// How it ended: `declined`, `withdrawn`, `cancelled`, `lapsed` or `elsewhere`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<String>,
    /// Why, in words; may be empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Who says that the other did not turn up: `asker` or `lister`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missed: Option<String>,
    /// What the other says to that: that it is so, or not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owned_up: Option<bool>,
    /// What was said in thanks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thanks: Option<String>,
    /// The pick-up code: for the asker alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// What both wrote, the oldest first.
    #[serde(default)]
    pub messages: Vec<MessageJson>,
    /// What the member can do now, the one next step first: words of [`ActInput::act`].
    #[serde(default)]
    pub acts: Vec<String>,
    /// Whether a receipt that both sides confirmed is here.
    #[serde(default)]
    pub receipt: bool,
    /// Whether this side and the other want the receipt published.
    #[serde(default)]
    pub public: [bool; 2],
    /// When it began.
    pub began: u64,
    /// When something was last said.
    pub changed: u64,
    /// Whether what this side said last has left this node. It leaves within seconds, unless the other side's seal
    /// key is not known here yet.
    pub sent: bool,
    /// Why the member's other device, which decides, could not do what was said here last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// Whether the asker is a guest of this node: somebody without an account.
    #[serde(default)]
    pub guest: bool,
}

/// What somebody wrote.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageJson {
    /// `asker` or `lister`.
    pub from: String,
    /// When: Unix milliseconds.
    pub at: u64,
    /// The words.
    pub text: String,
}

/// What somebody asks for: an offer's thing, or to fill a need.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RequestInput {
    /// How many; one unless said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<String>,
    /// Words for the lister.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// A nickname: of somebody who has no account, and asks through this node. Only at an open circle.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub guest: Option<String>,
    /// 32 hexadecimal digits: a form that is sent twice asks once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

/// What a side says in an exchange.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ActInput {
    /// `promise`, `decline`, `accept` (the time), `ready`, `message`, `withdraw`, `cancel`, `handover`, `receipt`,
    /// `return`, `back`, `ask-renewal`, `renew`, `missed`, `own-up`, `thanks`, `public`, `time` (the lister proposes
    /// one, or the asker accepts it); `tell-others`: who asked for the same
    /// thing, of which none is left, is told in these words that somebody else gets it; or `take-over`: this node decides
    /// from now on.
    pub act: String,
    /// How many.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<String>,
    /// Until when a promise stands, or the borrower would like to keep a loan: a date or a time from now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// Where.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// When it can be handed over: a date with a time (`2026-12-01 17:00`, UTC unless it ends in an offset), or a
    /// time from now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<String>,
    /// When a loan is due: a date or a time from now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due: Option<String>,
    /// Words: a message, a reason, thanks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub words: Option<String>,
    /// The pick-up code that was shown or said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The thing's condition.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
    /// With terms `hours`: for how many minutes the giver is credited.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minutes: Option<String>,
    /// What it weighs in all, in grams.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grams: Option<String>,
    /// `yes` or `no`: to `own-up` and `public`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
    /// This node decides from now on, in place of the member's other device.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub take_over: bool,
}

/// Something that waits for the member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitingJson {
    /// The exchange's id; empty if it is a listing of the member's own that waits.
    pub exchange: String,
    /// The listing's key, if it is one that waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub listing: Option<String>,
    /// One word: `asked`, `promised`, `time`, `ready`, `collect`, `due`, `overdue`, `lapsing`, `confirm`, `missed`, …;
    /// `ending` of a listing that ends soon: is it still good?
    pub what: String,
    /// In a sentence for people.
    pub text: String,
    /// Since when, or when it is: Unix milliseconds.
    pub at: u64,
    /// The act that answers it, a word of [`ActInput::act`], if there is one.
    pub act: Option<String>,
}

/// What came out of a draw, as this node's member can check it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DrawJson {
    /// The listing's key.
    pub listing: String,
    /// What it is about.
    pub title: String,
    /// Until when one could ask: Unix milliseconds.
    pub closes: Option<u64>,
    /// Whether it was drawn.
    pub drawn: bool,
    /// Whether this node's member took part.
    pub asked: bool,
    /// Which place it drew, from 1.
    pub place: Option<usize>,
    /// Among how many.
    pub of: Option<usize>,
    /// Whether all that can be checked here is true.
    pub holds: bool,
    /// What is not.
    pub problem: Option<String>,
}
