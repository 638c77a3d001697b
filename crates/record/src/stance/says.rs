//! What the two sides of an exchange say.

use crate::body::{BodyError, Map};
use crate::cbor::Value;
use crate::fields::Fields;
use crate::id::Hash;
use crate::limits::{MAX_CODE, MAX_COUNT, MAX_MESSAGES, MAX_MINUTES, MAX_NAME, MAX_TEXT, MAX_WORDS};
use crate::listing::{between, line_within, within, words};
use crate::seal::Seal;
use crate::time::Timestamp;

/// What only one of the two sides can say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Says {
    /// The one who asks for the offered thing, or volunteers to fill the need.
    Asker(AskerSays),
    /// The one whose listing it is.
    Lister(ListerSays),
}

/// What only the asking side says: what is not said is absent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AskerSays {
    /// How many, 1 to 100,000.
    pub count: u32,
    /// The nickname of somebody without an account, 1 to 80 characters.
    pub name: Option<String>,
    /// To what the pick-up code is bound: see [`code_commitment`](crate::code_commitment).
    pub commitment: Option<Hash>,
    /// Chance for a draw.
    pub nonce: Option<[u8; 16]>,
    /// The time for the handover that suits.
    pub accepted: Option<Timestamp>,
}

/// What only the listing side says: what is not said is absent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListerSays {
    /// What is promised.
    pub promised: Option<Promised>,
    /// Until when the promise stands.
    pub until: Option<Timestamp>,
    /// Where, in words for the one who comes, 1 to 500 characters.
    pub place: Option<String>,
    /// When it can be handed over.
    pub time: Option<Timestamp>,
    /// Since when it lies ready.
    pub ready: Option<Timestamp>,
    /// The pick-up code that was shown. If the request is bound to it, it stands for the receiver's word.
    pub code: Option<String>,
    /// The asker's place in the queue, from 1.
    pub queue: Option<u32>,
    /// Since when a thing that came back is held for the asker.
    pub hold: Option<Timestamp>,
}

/// A promise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Promised {
    /// How many, 1 to 100,000.
    pub count: u32,
    /// When that many were promised: of two promises of the same last thing, the earlier one is kept.
    pub at: Timestamp,
}

/// What either side can say: what is not said is absent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Common {
    /// Its word on the receipt: handed over, says who gives; received, says who receives.
    pub given: Option<Given>,
    /// When a loan is due: the giver's word counts.
    pub due: Option<Timestamp>,
    /// Until when the borrower would like to keep the loan.
    pub wants_until: Option<Timestamp>,
    /// The borrower brought the loan back, at this time.
    pub returned: Option<Timestamp>,
    /// The lender has the loan back, since this time.
    pub back: Option<Timestamp>,
    /// The thing's condition at the handover, 1 to 500 characters.
    pub condition: Option<String>,
    /// The thing's condition when it came back, 1 to 500 characters.
    pub condition_back: Option<String>,
    /// Thanks, 1 to 500 characters.
    pub thanks: Option<String>,
    /// It is over from this side.
    pub ended: Option<Ending>,
    /// The other side did not turn up; said at this time.
    pub missed: Option<Timestamp>,
    /// The answer to the other side's `missed`: it is so, or it is not.
    pub owns_up: Option<bool>,
    /// It wants the receipt published.
    pub public: bool,
}

/// A side's word on the receipt: how much was given, and its signature under the receipt of just this.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    /// How much, and when.
    pub amount: Amount,
    /// The signature under [`About::receipt`](super::About::receipt).
    pub seal: Seal,
}

/// How much was given, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Amount {
    /// How many, 1 to 100,000.
    pub count: u32,
    /// With terms `hours`: for how many minutes the giver is credited, at most 10,000 hours; else 0.
    pub minutes: u32,
    /// What it weighs in all, in grams; 0 if nobody knows.
    pub grams: u32,
    /// When it was handed over.
    pub at: Timestamp,
}

/// That it is over, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    /// In one word.
    pub why: Why,
    /// In words for the other side, at most 500 characters; may be empty.
    pub words: String,
}

words! {
    /// Why a side ends an exchange.
    Why, "ending" {
        /// The asker does not want it any more; the lister repeats it when it let go of its promise.
        Withdrawn = "withdrawn",
        /// Either side can't keep what was agreed.
        Cancelled = "cancelled",
        /// The lister does not promise it.
        Declined = "declined",
        /// The lister's promise ran out.
        Lapsed = "lapsed",
        /// The lister gave it to somebody else.
        Elsewhere = "elsewhere",
    }
}

/// A message to the other side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// When it was written.
    pub at: Timestamp,
    /// 1 to 2,000 characters.
    pub text: String,
}

impl AskerSays {
    pub(super) fn to_map(&self) -> Map {
        let mut fields = Fields::with(Map::new());
        fields.put_uint("count", self.count.into());
        put_words(&mut fields, "name", self.name.as_deref());
        if let Some(commitment) = &self.commitment {
            fields.put("commitment", Value::Bytes(commitment.as_bytes().to_vec()));
        }
        if let Some(nonce) = &self.nonce {
            fields.put("nonce", Value::Bytes(nonce.to_vec()));
        }
        fields.put_time("accepted", self.accepted);
        fields.into_map()
    }

    pub(super) fn take(mut fields: Fields) -> Result<Self, BodyError> {
        let says = Self {
            count: fields.take_u32("count")?,
            name: fields.take_optional_text("name")?,
            commitment: fields.take_optional_bytes("commitment")?.map(Hash::from_bytes),
            nonce: fields.take_optional_bytes("nonce")?,
            accepted: fields.take_time("accepted")?,
        };
        between("count", says.count, 1, MAX_COUNT)?;
        if let Some(name) = &says.name {
            line_within("name", name, 1, MAX_NAME)?;
        }
        fields.nothing_else("asks")?;
        Ok(says)
    }
}

impl ListerSays {
    pub(super) fn to_map(&self) -> Map {
        let mut fields = Fields::with(Map::new());
        if let Some(promised) = self.promised {
            fields.put_uint("promised", promised.count.into());
            fields.put_uint("promised-at", promised.at.millis());
        }
        fields.put_time("until", self.until);
        put_words(&mut fields, "place", self.place.as_deref());
        fields.put_time("time", self.time);
        fields.put_time("ready", self.ready);
        put_words(&mut fields, "code", self.code.as_deref());
        if let Some(queue) = self.queue {
            fields.put_uint("queue", queue.into());
        }
        fields.put_time("hold", self.hold);
        fields.into_map()
    }

    pub(super) fn take(mut fields: Fields) -> Result<Self, BodyError> {
        let promised = match fields.take_optional_u32("promised")? {
            Some(count) => {
                between("promised", count, 1, MAX_COUNT)?;
                Some(Promised { count, at: Timestamp::from_millis(fields.take_uint("promised-at")?) })
            }
            None => None,
        };
        let says = Self {
            promised,
            until: fields.take_time("until")?,
            place: take_words(&mut fields, "place")?,
            time: fields.take_time("time")?,
            ready: fields.take_time("ready")?,
            code: fields.take_optional_text("code")?,
            queue: fields.take_optional_u32("queue")?,
            hold: fields.take_time("hold")?,
        };
        if let Some(code) = &says.code {
            line_within("code", code, 1, MAX_CODE)?;
        }
        if let Some(queue) = says.queue {
            between("queue", queue, 1, MAX_COUNT)?;
        }
        fields.nothing_else("answers")?;
        Ok(says)
    }
}

impl Common {
    pub(super) fn put(&self, fields: &mut Fields) {
        if let Some(given) = &self.given {
            fields.put("given", Value::Map(given.to_map()));
        }
        fields.put_time("due", self.due);
        fields.put_time("wants-until", self.wants_until);
        fields.put_time("returned", self.returned);
        fields.put_time("back", self.back);
        put_words(fields, "condition", self.condition.as_deref());
        put_words(fields, "condition-back", self.condition_back.as_deref());
        put_words(fields, "thanks", self.thanks.as_deref());
        if let Some(ended) = &self.ended {
            fields.put_text("ended", ended.why.word());
            fields.put_text_unless_empty("because", &ended.words);
        }
        fields.put_time("missed", self.missed);
        if let Some(owns_up) = self.owns_up {
            fields.put("owns-up", Value::Bool(owns_up));
        }
        fields.put_flag("public", self.public);
    }

    pub(super) fn take(fields: &mut Fields) -> Result<Self, BodyError> {
        let ended = match fields.take_optional_text("ended")? {
            Some(word) => {
                let words = fields.take_optional_text("because")?.unwrap_or_default();
                within("because", &words, 0, MAX_WORDS)?;
                Some(Ending { why: word.parse()?, words })
            }
            None => None,
        };
        Ok(Self {
            given: fields.take_map("given")?.map(Given::take).transpose()?,
            due: fields.take_time("due")?,
            wants_until: fields.take_time("wants-until")?,
            returned: fields.take_time("returned")?,
            back: fields.take_time("back")?,
            condition: take_words(fields, "condition")?,
            condition_back: take_words(fields, "condition-back")?,
            thanks: take_words(fields, "thanks")?,
            ended,
            missed: fields.take_time("missed")?,
            owns_up: match fields.take("owns-up") {
                None => None,
                Some(Value::Bool(answer)) => Some(answer),
                Some(_) => return Err(BodyError::WrongType("owns-up")),
            },
            public: fields.take_flag("public")?,
        })
    }
}

impl Given {
    fn to_map(&self) -> Map {
        let Amount { count, minutes, grams, at } = self.amount;
        let mut fields = Fields::with(Map::new());
        fields.put_uint("count", count.into());
        if minutes > 0 {
            fields.put_uint("minutes", minutes.into());
        }
        if grams > 0 {
            fields.put_uint("grams", grams.into());
        }
        fields.put_uint("at", at.millis());
        fields.put("seal", self.seal.to_value());
        fields.into_map()
    }

    fn take(mut fields: Fields) -> Result<Self, BodyError> {
        let amount = Amount {
            count: fields.take_u32("count")?,
            minutes: fields.take_optional_u32("minutes")?.unwrap_or(0),
            grams: fields.take_optional_u32("grams")?.unwrap_or(0),
            at: Timestamp::from_millis(fields.take_uint("at")?),
        };
        between("count", amount.count, 1, MAX_COUNT)?;
        between("minutes", amount.minutes, 0, MAX_MINUTES)?;
        let seal = Seal::take(&mut fields, "seal")?;
        fields.nothing_else("given")?;
        Ok(Self { amount, seal })
    }
}

impl Message {
    /// The newest messages that fit into a stance.
    #[must_use]
    pub fn newest(messages: &[Self]) -> &[Self] {
        let mut room = MAX_TEXT;
        let fits = messages.iter().rev().take(MAX_MESSAGES).take_while(|message| {
            let left = room.checked_sub(message.text.chars().count());
            room = left.unwrap_or(0);
            left.is_some()
        });
        let from = messages.len().saturating_sub(fits.count());
        messages.get(from..).unwrap_or_default()
    }

    pub(super) fn put_all(messages: &[Self], fields: &mut Fields) {
        let written = |message: &Self| {
            let mut inner = Fields::with(Map::new());
            inner.put_uint("at", message.at.millis());
            inner.put_text("text", &message.text);
            Value::Map(inner.into_map())
        };
        if !messages.is_empty() {
            fields.put("messages", Value::List(messages.iter().map(written).collect()));
        }
    }

    pub(super) fn take_all(fields: &mut Fields) -> Result<Vec<Self>, BodyError> {
        let maps =
            fields.take_list("messages", |item| if let Value::Map(map) = item { Some(map) } else { None })?;
        let mut messages = Vec::with_capacity(maps.len());
        for map in maps {
            let mut inner = Fields::with(map);
            let message =
                Self { at: Timestamp::from_millis(inner.take_uint("at")?), text: inner.take_text("text")? };
            within("messages", &message.text, 1, MAX_TEXT)?;
            inner.nothing_else("messages")?;
            messages.push(message);
        }
        if Self::newest(&messages).len() == messages.len() {
            Ok(messages)
        } else {
            Err(BodyError::TooMany("messages"))
        }
    }
}

fn put_words(fields: &mut Fields, name: &str, words: Option<&str>) {
    if let Some(words) = words {
        fields.put_text(name, words);
    }
}

/// Words that are there or not, but never empty.
fn take_words(fields: &mut Fields, name: &'static str) -> Result<Option<String>, BodyError> {
    let words = fields.take_optional_text(name)?;
    if let Some(words) = &words {
        within(name, words, 1, MAX_WORDS)?;
    }
    Ok(words)
}
