//! Stances: all that one side of an exchange says now.
//!
//! A letter carries its sender's whole stance, and the newest one of each side is all that counts: any one
//! letter heals what was lost, in any order. A stance is a value with canonical bytes of its own; a letter
//! seals it for its recipient.

use crate::body::{BodyError, Map, map_of};
use crate::cbor::Value;
use crate::fields::Fields;
use crate::header::{Header, Key, Slot};
use crate::id::{CircleId, Hash};
use crate::keys::MemberId;
use crate::limits::{MAX_CODE, MAX_COUNT, MAX_TEXT};
use crate::listing::{between, line_within, within};
use crate::seal::{Seal, SealError};
use crate::time::Timestamp;

/// Sets the signatures of stances apart from all others.
pub const STANCE_PURPOSE: &str = "commonshelf/stance/1";

/// What one side of an exchange says now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stance {
    /// In which circle.
    pub circle: CircleId,
    /// Which exchange: drawn by the one who asks.
    pub exchange: Key,
    /// Who says it.
    pub from: MemberId,
    /// To whom.
    pub to: MemberId,
    /// Which listing: its lister and key.
    pub listing: (MemberId, Key),
    /// Which revision of the listing its author had in mind.
    pub listed: Timestamp,
    /// When it was said, strictly rising within the exchange and its side.
    pub revision: Timestamp,
    /// What is said, by the side.
    pub says: Says,
    /// Words for the other side, at most 2,000 characters; may be empty.
    pub message: String,
    /// Fields that this version does not know, carried as they are.
    pub other: Map,
}

/// The two sides of an exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Says {
    /// The one who asks for the offered thing, or volunteers to fill the need.
    Asker(AskerSays),
    /// The one whose listing it is.
    Lister(ListerSays),
}

/// What the asking side says: what is not said is absent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AskerSays {
    /// How many, 1 to 100,000.
    pub count: u32,
    /// To what the pick-up code is bound: see [`code_commitment`](crate::code_commitment).
    pub commitment: Option<Hash>,
    /// Chance for a draw.
    pub nonce: Option<[u8; 16]>,
    /// The time for the handover that suits.
    pub accepted: Option<Timestamp>,
    /// It was received, at this time.
    pub received: Option<Timestamp>,
    /// A loan was brought back, at this time.
    pub returned: Option<Timestamp>,
    /// It is over from this side, and why: empty when it was only taken back.
    pub ended: Option<String>,
    /// The other side did not turn up.
    pub missed: bool,
}

/// What the listing side says: what is not said is absent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListerSays {
    /// How many are promised.
    pub promised: Option<u32>,
    /// Until when the promise stands.
    pub until: Option<Timestamp>,
    /// Where, in words for the one who comes; at most 2,000 characters.
    pub place: Option<String>,
    /// When it can be handed over.
    pub time: Option<Timestamp>,
    /// It lies ready.
    pub ready: bool,
    /// It was handed over, at this time.
    pub handed_over: Option<Timestamp>,
    /// The pick-up code that was shown.
    pub code: Option<String>,
    /// When a loan is due.
    pub due: Option<Timestamp>,
    /// A loan is back, at this time.
    pub back: Option<Timestamp>,
    /// It is over from this side, and why: declined, cancelled, or lapsed.
    pub ended: Option<String>,
    /// The other side did not turn up.
    pub missed: bool,
}

impl Stance {
    /// Which side its author is on.
    #[must_use]
    pub fn is_listers(&self) -> bool {
        matches!(self.says, Says::Lister(_))
    }

    /// The canonical bytes, which a letter seals and a promise signs.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut fields = Fields::with(self.other.clone());
        fields.put("circle", Value::Bytes(self.circle.as_bytes().to_vec()));
        fields.put("exchange", Value::Bytes(self.exchange.as_bytes().to_vec()));
        fields.put("from", Value::Bytes(self.from.as_bytes().to_vec()));
        fields.put("to", Value::Bytes(self.to.as_bytes().to_vec()));
        fields.put("lister", Value::Bytes(self.listing.0.as_bytes().to_vec()));
        fields.put("listing", Value::Bytes(self.listing.1.as_bytes().to_vec()));
        fields.put_uint("listed", self.listed.millis());
        fields.put_uint("revision", self.revision.millis());
        fields.put_text_unless_empty("message", &self.message);
        match &self.says {
            Says::Asker(says) => fields.put("asker", Value::Map(says.to_map())),
            Says::Lister(says) => fields.put("listers", Value::Map(says.to_map())),
        }
        Value::Map(fields.into_map()).encode()
    }

    /// Reads a stance.
    ///
    /// # Errors
    /// A [`BodyError`] when the bytes are not canonical, a field is wrong, or the side does not fit the members.
    pub fn decode(bytes: &[u8]) -> Result<Self, BodyError> {
        let mut fields = Fields::with(map_of(bytes)?);
        let says = match (fields.take_map("asker")?, fields.take_map("listers")?) {
            (Some(map), None) => Says::Asker(AskerSays::take(map)?),
            (None, Some(map)) => Says::Lister(ListerSays::take(map)?),
            (Some(_), Some(_)) | (None, None) => return Err(BodyError::WrongType("asker")),
        };
        let stance = Self {
            circle: CircleId::from_bytes(fields.take_bytes("circle")?),
            exchange: Key::from_bytes(fields.take_bytes("exchange")?),
            from: fields.take_member("from")?,
            to: fields.take_member("to")?,
            listing: (fields.take_member("lister")?, Key::from_bytes(fields.take_bytes("listing")?)),
            listed: Timestamp::from_millis(fields.take_uint("listed")?),
            revision: Timestamp::from_millis(fields.take_uint("revision")?),
            says,
            message: fields.take_optional_text("message")?.unwrap_or_default(),
            other: fields.into_map(),
        };
        within("message", &stance.message, 0, MAX_TEXT)?;
        // Only the lister speaks as the lister, and nobody deals with itself.
        let lister = if stance.is_listers() { stance.from } else { stance.to };
        if stance.from == stance.to || lister != stance.listing.0 {
            return Err(BodyError::WrongType("lister"));
        }
        if stance.encode() == bytes { Ok(stance) } else { Err(BodyError::SecondForm) }
    }

    /// Checks its author's signature; what was promised or handed over is signed, what was asked is not.
    ///
    /// # Errors
    /// A [`SealError`] that says what does not hold.
    pub fn check(&self, seal: &Seal) -> Result<(), SealError> {
        let bytes = self.encode();
        seal.check(STANCE_PURPOSE, &bytes, self.from, self.circle, self.revision).map(|_| ())
    }

    /// Whether a listing's header is the one that this stance is about.
    #[must_use]
    pub fn is_about(&self, header: &Header) -> bool {
        let Slot { author, key, .. } = header.slot();
        (author, key) == self.listing && header.circle == self.circle
    }
}

impl AskerSays {
    fn to_map(&self) -> Map {
        let mut fields = Fields::with(Map::new());
        fields.put_uint("count", self.count.into());
        if let Some(commitment) = &self.commitment {
            fields.put("commitment", Value::Bytes(commitment.as_bytes().to_vec()));
        }
        if let Some(nonce) = &self.nonce {
            fields.put("nonce", Value::Bytes(nonce.to_vec()));
        }
        fields.put_time("accepted", self.accepted);
        fields.put_time("received", self.received);
        fields.put_time("returned", self.returned);
        put_ended(&mut fields, self.ended.as_deref(), self.missed);
        fields.into_map()
    }

    fn take(mut fields: Fields) -> Result<Self, BodyError> {
        let says = Self {
            count: fields.take_u32("count")?,
            commitment: fields.take_optional_bytes("commitment")?.map(Hash::from_bytes),
            nonce: fields.take_optional_bytes("nonce")?,
            accepted: fields.take_time("accepted")?,
            received: fields.take_time("received")?,
            returned: fields.take_time("returned")?,
            ended: take_words(&mut fields, "ended")?,
            missed: fields.take_flag("missed")?,
        };
        between("count", says.count, 1, MAX_COUNT)?;
        fields.nothing_else("asker")?;
        Ok(says)
    }
}

impl ListerSays {
    fn to_map(&self) -> Map {
        let mut fields = Fields::with(Map::new());
        if let Some(promised) = self.promised {
            fields.put_uint("promised", promised.into());
        }
        fields.put_time("until", self.until);
        if let Some(place) = &self.place {
            fields.put_text("place", place);
        }
        fields.put_time("time", self.time);
        fields.put_flag("ready", self.ready);
        fields.put_time("handed-over", self.handed_over);
        if let Some(code) = &self.code {
            fields.put_text("code", code);
        }
        fields.put_time("due", self.due);
        fields.put_time("back", self.back);
        put_ended(&mut fields, self.ended.as_deref(), self.missed);
        fields.into_map()
    }

    fn take(mut fields: Fields) -> Result<Self, BodyError> {
        let says = Self {
            promised: fields.take_optional_u32("promised")?,
            until: fields.take_time("until")?,
            place: take_words(&mut fields, "place")?,
            time: fields.take_time("time")?,
            ready: fields.take_flag("ready")?,
            handed_over: fields.take_time("handed-over")?,
            code: fields.take_optional_text("code")?,
            due: fields.take_time("due")?,
            back: fields.take_time("back")?,
            ended: take_words(&mut fields, "ended")?,
            missed: fields.take_flag("missed")?,
        };
        if let Some(promised) = says.promised {
            between("promised", promised, 1, MAX_COUNT)?;
        }
        if let Some(code) = &says.code {
            line_within("code", code, 1, MAX_CODE)?;
        }
        fields.nothing_else("listers")?;
        Ok(says)
    }
}

fn put_ended(fields: &mut Fields, ended: Option<&str>, missed: bool) {
    if let Some(reason) = ended {
        fields.put_text("ended", reason);
    }
    fields.put_flag("missed", missed);
}

fn take_words(fields: &mut Fields, name: &'static str) -> Result<Option<String>, BodyError> {
    let words = fields.take_optional_text(name)?;
    within(name, words.as_deref().unwrap_or_default(), 0, MAX_TEXT)?;
    Ok(words)
}
