//! Receipts: what two members say that one gave the other, and how anybody checks it alone.

use crate::body::{BodyError, Map};
use crate::cbor::Value;
use crate::fields::Fields;
use crate::grant::GrantRole;
use crate::header::Key;
use crate::id::{CircleId, Hash};
use crate::keys::{MemberId, PublicKey};
use crate::limits::{MAX_CODE, MAX_COUNT, MAX_MINUTES, MAX_TITLE};
use crate::listing::{Terms, between, line_within};
use crate::seal::{Seal, SealError};
use crate::time::Timestamp;

/// Sets the signatures of receipts apart from all others.
pub const RECEIPT_PURPOSE: &str = "commonshelf/receipt/1";

/// What was given by whom to whom. Both say it by signing the same bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// In which circle.
    pub circle: CircleId,
    /// Which exchange it completes.
    pub exchange: Key,
    /// Who gave.
    pub giver: MemberId,
    /// Who received.
    pub receiver: MemberId,
    /// What it was, in one line of 1 to 120 characters.
    pub title: String,
    /// How many, 1 to 100,000.
    pub count: u32,
    /// On what terms.
    pub terms: Terms,
    /// With terms `hours`: for how many minutes the giver is credited, at most 10,000 hours.
    pub minutes: u32,
    /// When it was handed over.
    pub at: Timestamp,
}

/// How the receiver confirmed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Confirmation {
    /// With a signature.
    Seal(Seal),
    /// With the one-time code to which the request was bound: somebody without a device, at the counter.
    /// It proves what the giver was told, and no more.
    Code {
        /// What the request said of the code: see [`code_commitment`].
        commitment: Hash,
        /// The code.
        code: String,
    },
}

/// A receipt with what both sides said: the body of a record of kind `receipt`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedReceipt {
    /// What they say.
    pub receipt: Receipt,
    /// The giver's word.
    pub giver: Seal,
    /// The receiver's.
    pub receiver: Confirmation,
    /// Fields that this version does not know, carried as they are.
    pub other: Map,
}

/// How a receipt was made, for tallies: the more keys, the more it proves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Made {
    /// By two members' own keys.
    TwoKeys,
    /// At least one of the members is hosted by a node that signed for it.
    Hosted,
    /// One node hosts both and signed for both.
    OneHost,
    /// By the giver's key and the receiver's code.
    ByCode,
}

/// Why a receipt proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReceiptError {
    /// A member can not give to itself.
    #[error("giver and receiver are the same member")]
    Alone,
    /// The giver did not sign it.
    #[error("the giver's word does not hold: {0}")]
    Giver(SealError),
    /// The receiver did not sign it.
    #[error("the receiver's word does not hold: {0}")]
    Receiver(SealError),
    /// The code is another one than the request's.
    #[error("the pick-up code is not the one to which the request was bound")]
    Code,
}

/// What a request says of its pick-up code, so that the code proves later who may collect.
#[must_use]
pub fn code_commitment(exchange: Key, code: &str) -> Hash {
    Hash::derive("commonshelf/pick-up/1", &[exchange.as_bytes(), code.as_bytes()])
}

impl Receipt {
    /// The canonical bytes that both sign.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        Value::Map(self.to_map()).encode()
    }

    fn to_map(&self) -> Map {
        let mut fields = Fields::with(Map::new());
        fields.put("circle", Value::Bytes(self.circle.as_bytes().to_vec()));
        fields.put("exchange", Value::Bytes(self.exchange.as_bytes().to_vec()));
        fields.put("giver", Value::Bytes(self.giver.as_bytes().to_vec()));
        fields.put("receiver", Value::Bytes(self.receiver.as_bytes().to_vec()));
        fields.put_text("title", &self.title);
        fields.put_uint("count", self.count.into());
        fields.put_text("terms", self.terms.word());
        fields.put_uint("minutes", self.minutes.into());
        fields.put_uint("at", self.at.millis());
        fields.into_map()
    }

    fn take(fields: &mut Fields) -> Result<Self, BodyError> {
        let mut inner = fields.take_map("receipt")?.ok_or(BodyError::Missing("receipt"))?;
        let receipt = Self {
            circle: CircleId::from_bytes(inner.take_bytes("circle")?),
            exchange: Key::from_bytes(inner.take_bytes("exchange")?),
            giver: inner.take_member("giver")?,
            receiver: inner.take_member("receiver")?,
            title: inner.take_text("title")?,
            count: inner.take_u32("count")?,
            terms: inner.take_text("terms")?.parse()?,
            minutes: inner.take_u32("minutes")?,
            at: Timestamp::from_millis(inner.take_uint("at")?),
        };
        inner.nothing_else("receipt")?;
        line_within("title", &receipt.title, 1, MAX_TITLE)?;
        between("count", receipt.count, 1, MAX_COUNT)?;
        between("minutes", receipt.minutes, 0, MAX_MINUTES)?;
        Ok(receipt)
    }
}

impl SignedReceipt {
    /// Checks both sides' words, from the receipt alone: it brings the grants of the keys that signed.
    /// Whether those grants were revoked before `at` is for whoever follows the circle.
    ///
    /// # Errors
    /// A [`ReceiptError`] that says whose word does not hold.
    pub fn check(&self) -> Result<Made, ReceiptError> {
        let Receipt { circle, exchange, giver, receiver, at, .. } = self.receipt;
        if giver == receiver {
            return Err(ReceiptError::Alone);
        }
        let bytes = self.receipt.encode();
        let gave = self.giver.check(RECEIPT_PURPOSE, &bytes, giver, circle, at);
        let gave = gave.map_err(ReceiptError::Giver)?;
        let took = match &self.receiver {
            Confirmation::Seal(seal) => {
                seal.check(RECEIPT_PURPOSE, &bytes, receiver, circle, at).map_err(ReceiptError::Receiver)?
            }
            Confirmation::Code { commitment, code } if code_commitment(exchange, code) == *commitment => {
                return Ok(Made::ByCode);
            }
            Confirmation::Code { .. } => return Err(ReceiptError::Code),
        };
        let hosted = |(_, role): &(PublicKey, GrantRole)| *role == GrantRole::Host;
        Ok(match (hosted(&gave), hosted(&took)) {
            (true, true) if gave.0 == took.0 => Made::OneHost,
            (false, false) => Made::TwoKeys,
            (true | false, _) => Made::Hosted,
        })
    }

    pub(crate) fn to_map(&self) -> Map {
        let mut fields = Fields::with(self.other.clone());
        fields.put("receipt", Value::Map(self.receipt.to_map()));
        fields.put("giver", self.giver.to_value());
        match &self.receiver {
            Confirmation::Seal(seal) => fields.put("receiver", seal.to_value()),
            Confirmation::Code { commitment, code } => {
                let mut inner = Fields::with(Map::new());
                inner.put("commitment", Value::Bytes(commitment.as_bytes().to_vec()));
                inner.put_text("code", code);
                fields.put("code", Value::Map(inner.into_map()));
            }
        }
        fields.into_map()
    }

    pub(crate) fn from_map(map: Map) -> Result<Self, BodyError> {
        let mut fields = Fields::with(map);
        let receipt = Receipt::take(&mut fields)?;
        let giver = Seal::take(&mut fields, "giver")?;
        let receiver = match fields.take_map("code")? {
            Some(mut inner) => {
                if fields.take("receiver").is_some() {
                    return Err(BodyError::WrongType("receiver"));
                }
                let commitment = Hash::from_bytes(inner.take_bytes("commitment")?);
                let code = inner.take_text("code")?;
                inner.nothing_else("code")?;
                line_within("code", &code, 1, MAX_CODE)?;
                Confirmation::Code { commitment, code }
            }
            None => Confirmation::Seal(Seal::take(&mut fields, "receiver")?),
        };
        Ok(Self { receipt, giver, receiver, other: fields.into_map() })
    }
}
