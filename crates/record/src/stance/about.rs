//! What an exchange is about: all of it that never changes.

use std::fmt;
use std::str::FromStr;

use super::says::Amount;
use crate::body::{BodyError, Map};
use crate::cbor::Value;
use crate::fields::Fields;
use crate::header::{Header, Key, Slot};
use crate::id::{CircleId, Hash};
use crate::keys::MemberId;
use crate::limits::{MAX_CATEGORY, MAX_TITLE};
use crate::listing::{Listing, Side, Terms, line_within};
use crate::receipt::Receipt;
use crate::time::Timestamp;

/// What an exchange is about, as the request said it; both sides repeat it in every stance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// In which circle.
    pub circle: CircleId,
    /// Sets the asker's exchanges about one listing apart: 16 bytes that the asker draws.
    pub exchange: Key,
    /// Who asks for the offered thing, or volunteers to fill the need.
    pub asker: MemberId,
    /// Whose listing it is.
    pub lister: MemberId,
    /// Which of the lister's listings.
    pub listing: Key,
    /// The revision of the listing that the asker saw.
    pub listed: Timestamp,
    /// When it was asked.
    pub asked: Timestamp,
    /// Whether the listing offers or needs.
    pub side: Side,
    /// On what terms.
    pub terms: Terms,
    /// The listing's title, 1 to 120 characters: a receipt is about this.
    pub title: String,
    /// The listing's category, at most 60 characters; may be empty.
    pub category: String,
}

impl About {
    /// The exchange's name. It is made of all that stands here, and so of both members: nobody can say anything
    /// in the exchange of two others, and neither of the two can change what it is about.
    #[must_use]
    pub fn id(&self) -> ExchangeId {
        let mut fields = Fields::with(Map::new());
        self.put(&mut fields);
        let bytes = Value::Map(fields.into_map()).encode();
        ExchangeId(Hash::derive("commonshelf/exchange/1", &[&bytes]).first())
    }

    /// Who gives: the lister of an offer, the volunteer of a need.
    #[must_use]
    pub const fn giver(&self) -> MemberId {
        match self.side {
            Side::Offer => self.lister,
            Side::Need => self.asker,
        }
    }

    /// Who receives.
    #[must_use]
    pub const fn receiver(&self) -> MemberId {
        match self.side {
            Side::Offer => self.asker,
            Side::Need => self.lister,
        }
    }

    /// Whether a listing's header is the one that this is about, in any revision.
    #[must_use]
    pub fn is_about(&self, header: &Header) -> bool {
        let Slot { author, key, .. } = header.slot();
        (author, key) == (self.lister, self.listing) && header.circle == self.circle
    }

    /// Whether this says of a listing what the listing says. Ask it of the revision that the asker saw: a later
    /// one may have changed.
    #[must_use]
    pub fn fits(&self, listing: &Listing) -> bool {
        (self.side, self.terms, &self.title, &self.category)
            == (listing.side, listing.terms, &listing.title, &listing.category)
    }

    /// The receipt of what was given: the bytes that both sign.
    #[must_use]
    pub fn receipt(&self, amount: &Amount) -> Receipt {
        Receipt {
            circle: self.circle,
            exchange: self.exchange,
            giver: self.giver(),
            receiver: self.receiver(),
            title: self.title.clone(),
            kind: self.category.clone(),
            grams: amount.grams,
            count: amount.count,
            terms: self.terms,
            minutes: amount.minutes,
            at: amount.at,
        }
    }

    pub(super) fn put(&self, fields: &mut Fields) {
        fields.put("circle", Value::Bytes(self.circle.as_bytes().to_vec()));
        fields.put("exchange", Value::Bytes(self.exchange.as_bytes().to_vec()));
        fields.put("asker", Value::Bytes(self.asker.as_bytes().to_vec()));
        fields.put("lister", Value::Bytes(self.lister.as_bytes().to_vec()));
        fields.put("listing", Value::Bytes(self.listing.as_bytes().to_vec()));
        fields.put_uint("listed", self.listed.millis());
        fields.put_uint("asked", self.asked.millis());
        fields.put_text("side", self.side.word());
        fields.put_text("terms", self.terms.word());
        fields.put_text("title", &self.title);
        fields.put_text_unless_empty("category", &self.category);
    }

    pub(super) fn take(fields: &mut Fields) -> Result<Self, BodyError> {
        let about = Self {
            circle: CircleId::from_bytes(fields.take_bytes("circle")?),
            exchange: Key::from_bytes(fields.take_bytes("exchange")?),
            asker: fields.take_member("asker")?,
            lister: fields.take_member("lister")?,
            listing: Key::from_bytes(fields.take_bytes("listing")?),
            listed: Timestamp::from_millis(fields.take_uint("listed")?),
            asked: Timestamp::from_millis(fields.take_uint("asked")?),
            side: fields.take_text("side")?.parse()?,
            terms: fields.take_text("terms")?.parse()?,
            title: fields.take_text("title")?,
            category: fields.take_optional_text("category")?.unwrap_or_default(),
        };
        line_within("title", &about.title, 1, MAX_TITLE)?;
        line_within("category", &about.category, 0, MAX_CATEGORY)?;
        // Nobody deals with itself.
        if about.asker == about.lister { Err(BodyError::Repeated("asker")) } else { Ok(about) }
    }
}

/// The name of an exchange: 16 bytes, shown as 32 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExchangeId([u8; 16]);

impl ExchangeId {
    /// An id that was computed before.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The 16 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Display for ExchangeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&data_encoding::HEXLOWER.encode(&self.0))
    }
}

impl fmt::Debug for ExchangeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Exchange({self})")
    }
}

/// Why a text names no exchange.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is no exchange: those have 32 hexadecimal digits")]
pub struct ExchangeIdError(String);

impl FromStr for ExchangeId {
    type Err = ExchangeIdError;

    fn from_str(text: &str) -> Result<Self, ExchangeIdError> {
        let wrong = || ExchangeIdError(text.chars().take(80).collect());
        let bytes = data_encoding::HEXLOWER.decode(text.as_bytes()).map_err(|_| wrong())?;
        bytes.try_into().map(Self).map_err(|_| wrong())
    }
}
