//! Receipts: what two members say that one gave the other, and how anybody checks it alone.

use crate::body::{BodyError, Map};
use crate::cbor::Value;
use crate::fields::Fields;
use crate::grant::GrantRole;
use crate::header::Key;
use crate::id::{CircleId, Hash};
use crate::keys::{MemberId, PublicKey};
use crate::limits::{MAX_CATEGORY, MAX_CODE, MAX_COUNT, MAX_MINUTES, MAX_TITLE};
use crate::listing::{Terms, between, line_within, words};
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
    /// The kind of thing, as its listing's category has it or by its id, at most 60 characters; may be empty.
    pub kind: String,
    /// How many, 1 to 100,000.
    pub count: u32,
    /// What all of them weigh together in grams; 0: unknown.
    pub grams: u32,
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

words! {
    /// How a receipt was made, for tallies: the more keys, the more it proves.
    Made, "way to make a receipt" {
        /// By two members' own keys.
        TwoKeys = "two-keys",
        /// At least one of the members is hosted by a node that signed for it.
        Hosted = "hosted",
        /// One node hosts both and signed for both.
        OneHost = "one-host",
        /// By the giver's key and the receiver's code.
        ByCode = "by-code",
    }
}

/// A key whose word a receipt bears, and for whom it spoke.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signatory {
    /// For whom.
    pub member: MemberId,
    /// The key, which held a grant of the member then.
    pub key: PublicKey,
}

/// What a receipt proves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// How it was made.
    pub made: Made,
    /// The giver's key, and the receiver's unless the code stands for it.
    pub signatories: Vec<Signatory>,
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

    /// The key of the slot in which it is published, whichever of the two does it.
    #[must_use]
    pub fn key(&self) -> Key {
        let parts: [&[u8]; 3] = [self.exchange.as_bytes(), self.giver.as_bytes(), self.receiver.as_bytes()];
        Key::derive("commonshelf/receipt-key/1", &parts)
    }

    fn to_map(&self) -> Map {
        let mut fields = Fields::with(Map::new());
        fields.put("circle", Value::Bytes(self.circle.as_bytes().to_vec()));
        fields.put("exchange", Value::Bytes(self.exchange.as_bytes().to_vec()));
        fields.put("giver", Value::Bytes(self.giver.as_bytes().to_vec()));
        fields.put("receiver", Value::Bytes(self.receiver.as_bytes().to_vec()));
        fields.put_text("title", &self.title);
        fields.put_text_unless_empty("kind", &self.kind);
        fields.put_uint("count", self.count.into());
        fields.put_uint("grams", self.grams.into());
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
            kind: inner.take_optional_text("kind")?.unwrap_or_default(),
            count: inner.take_u32("count")?,
            grams: inner.take_u32("grams")?,
            terms: inner.take_text("terms")?.parse()?,
            minutes: inner.take_u32("minutes")?,
            at: Timestamp::from_millis(inner.take_uint("at")?),
        };
        inner.nothing_else("receipt")?;
        line_within("title", &receipt.title, 1, MAX_TITLE)?;
        line_within("kind", &receipt.kind, 0, MAX_CATEGORY)?;
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
        self.proof().map(|proof| proof.made)
    }

    /// The same, with the keys that signed.
    ///
    /// # Errors
    /// As [`SignedReceipt::check`].
    pub fn proof(&self) -> Result<Proof, ReceiptError> {
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
                let signatories = vec![Signatory { member: giver, key: gave.0 }];
                return Ok(Proof { made: Made::ByCode, signatories });
            }
            Confirmation::Code { .. } => return Err(ReceiptError::Code),
        };
        let hosted = |(_, role): &(PublicKey, GrantRole)| *role == GrantRole::Host;
        let made = match (hosted(&gave), hosted(&took)) {
            (true, true) if gave.0 == took.0 => Made::OneHost,
            (false, false) => Made::TwoKeys,
            (true | false, _) => Made::Hosted,
        };
        let both = [(giver, gave.0), (receiver, took.0)];
        Ok(Proof { made, signatories: both.map(|(member, key)| Signatory { member, key }).into() })
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
