//! The envelope: COSE_Sign1 around a header, and the chain from bytes to a verified record.

use crate::body::{Body, BodyError};
use crate::cbor::{CborError, LIST, MAP, Reader, Value, write_bytes, write_head};
use crate::header::{Class, Header, HeaderError, Key, Kind};
use crate::id::{CircleId, Hash, RecordId};
use crate::keys::{KeyError, KnownKeys, MemberId, SecretKey};
use crate::limits::MAX_ENVELOPE;
use crate::seal::to_be_signed;
use crate::time::Timestamp;

/// The protected header of every envelope: `{1: -19}`, Ed25519 (RFC 9864).
pub(crate) const PROTECTED: [u8; 3] = [0xa1, 0x01, 0x32];
/// What sets a record's signature apart from all other uses of a key.
const PURPOSE: &str = "commonshelf/record/1";

/// A record as it travels and is stored: the envelope's bytes and the body's, if it came along.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The signed envelope.
    pub envelope: Vec<u8>,
    /// The body; `None` where it was dropped or left behind, empty for a withdrawal.
    pub body: Option<Vec<u8>>,
}

/// Whose fault a refusal is: what a peer's score and a page's message depend on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The sender could have known; it costs the peer.
    Sender,
    /// Nobody is to blame: late, early, or not known here yet.
    Nobody,
}

/// Why bytes are not a verified record. All are the fault of whoever sent them: an honest node
/// checks before it passes anything on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RefusedBytes {
    /// The envelope is larger than envelopes may be.
    #[error("the envelope has {0} bytes; at most {MAX_ENVELOPE} are allowed")]
    TooLarge(usize),
    /// The envelope is not canonical.
    #[error("the envelope is not canonical: {0}")]
    Cbor(#[from] CborError),
    /// The envelope is not the one shape that records have.
    #[error("the envelope is not a COSE_Sign1 with Ed25519 and nothing else")]
    Shape,
    /// The header is wrong.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// The signer's key is bad.
    #[error("the signer's key is bad: {0}")]
    Key(#[from] KeyError),
    /// The signature does not hold.
    #[error("the signature does not hold")]
    BadSignature,
    /// The body is not the one that was signed.
    #[error("the body is not the one that the header names")]
    OtherBody,
    /// A body that everybody must be able to read is missing or unreadable.
    #[error("a control record's body is missing or wrong: {0}")]
    ControlBody(BodyError),
}

/// An envelope that parses. Its signature has not been looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    bytes: Box<[u8]>,
    header: Header,
    id: RecordId,
    payload: (usize, usize),
    signature: [u8; 64],
}

/// A record whose signature holds and whose body, if it is here, is the one that was signed.
/// Only [`Signed::verify`] and [`Signed::verify_with`], signing and the store's [`Signed::trust`] make one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    signed: Signed,
    body: Option<Box<[u8]>>,
}

impl RefusedBytes {
    /// Always the sender's: an honest node verifies before it passes on.
    #[must_use]
    pub const fn fault(&self) -> Fault {
        Fault::Sender
    }
}

impl Signed {
    /// Reads an envelope.
    ///
    /// # Errors
    /// [`RefusedBytes`] for anything but the one encoding of a COSE_Sign1 around a good header.
    pub fn parse(bytes: &[u8]) -> Result<Self, RefusedBytes> {
        if bytes.len() > MAX_ENVELOPE {
            return Err(RefusedBytes::TooLarge(bytes.len()));
        }
        // What is not canonical at all is told as such, whatever was met first.
        let (payload, signature) = parts(bytes)
            .ok_or_else(|| Value::decode(bytes).err().map_or(RefusedBytes::Shape, RefusedBytes::Cbor))?;
        let header = Header::decode(payload)?;
        // The signature's bytes and their two-byte head close the envelope; the payload ends before.
        let end = bytes.len().saturating_sub(66);
        let start = end.saturating_sub(payload.len());
        Ok(Self {
            bytes: bytes.into(),
            header,
            id: RecordId::of_header(payload),
            payload: (start, end),
            signature,
        })
    }

    /// The header.
    #[must_use]
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// The record's name.
    #[must_use]
    pub const fn id(&self) -> RecordId {
        self.id
    }

    /// The envelope's bytes, as they were signed and travel on.
    #[must_use]
    pub const fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Checks the signature and, if a body is here, that it is the one that was signed.
    /// Cheap checks come first.
    ///
    /// # Errors
    /// [`RefusedBytes`] when anything does not hold.
    pub fn verify(self, body: Option<Vec<u8>>) -> Result<Verified, RefusedBytes> {
        self.verify_with(body, &mut KnownKeys::default())
    }

    /// The same with a memory for signers' keys, for whoever verifies many records.
    ///
    /// # Errors
    /// As [`Signed::verify`]: the verdict does not depend on the memory.
    pub fn verify_with(self, body: Option<Vec<u8>>, known: &mut KnownKeys) -> Result<Verified, RefusedBytes> {
        let verified = self.with_body(body)?;
        let signed = &verified.signed;
        let message = to_be_signed(PURPOSE, &signed.bytes[signed.payload.0..signed.payload.1]);
        match signed.header.signer.verify_with(&message, &signed.signature, known)? {
            true => Ok(verified),
            false => Err(RefusedBytes::BadSignature),
        }
    }

    /// Takes a record as verified without looking at its signature. For the store alone, for what
    /// this node verified before it wrote it.
    ///
    /// # Errors
    /// [`RefusedBytes::OtherBody`] or [`RefusedBytes::ControlBody`] when the body does not belong to it.
    pub fn trust(self, body: Option<Vec<u8>>) -> Result<Verified, RefusedBytes> {
        self.with_body(body)
    }

    fn with_body(self, body: Option<Vec<u8>>) -> Result<Verified, RefusedBytes> {
        let body = if self.header.is_withdrawal() { Some(body.unwrap_or_default()) } else { body };
        if let Some(bytes) = &body
            && (bytes.len() != self.header.size as usize || Hash::of(bytes) != self.header.body)
        {
            return Err(RefusedBytes::OtherBody);
        }
        if self.header.class == Class::Control && !self.header.is_withdrawal() {
            let bytes = body.as_deref().ok_or(RefusedBytes::ControlBody(BodyError::Missing("body")))?;
            Body::decode(&self.header.kind, bytes).map_err(RefusedBytes::ControlBody)?;
        }
        Ok(Verified { signed: self, body: body.map(Vec::into_boxed_slice) })
    }
}

/// The payload and the signature of an envelope, if it has the one shape that records have.
fn parts(bytes: &[u8]) -> Option<(&[u8], [u8; 64])> {
    let mut reader = Reader::of(bytes);
    let head = reader.argument(LIST).ok()? == 4
        && reader.bytes().ok()? == PROTECTED
        && reader.argument(MAP).ok()? == 0;
    let (payload, signature) = (reader.bytes().ok()?, reader.array().ok()?);
    reader.end().ok()?;
    head.then_some((payload, signature))
}

/// What somebody is about to sign, apart from the body.
#[derive(Debug, Clone, Copy)]
pub struct Statement {
    /// Whose record it is.
    pub author: MemberId,
    /// In which circle.
    pub circle: CircleId,
    /// Which of the author's things.
    pub key: Key,
    /// When: later than any revision of the same slot.
    pub revision: Timestamp,
}

impl Statement {
    /// Signs it with a body of a known kind.
    ///
    /// # Errors
    /// A [`BodyError`] when the body is of no known kind, too large, or breaks a rule of its kind.
    pub fn sign(self, body: &Body, signer: &SecretKey) -> Result<Verified, BodyError> {
        let kind = body.kind().ok_or(BodyError::NotAMap)?;
        let class = kind.class().ok_or(BodyError::NotAMap)?;
        let bytes = body.encode();
        // Nobody could read what we can not read ourselves.
        Body::decode(&kind, &bytes)?;
        Ok(self.seal(kind, class, bytes, signer))
    }

    /// Signs that the slot is withdrawn.
    #[must_use]
    pub fn sign_withdrawal(self, kind: Kind, class: Class, signer: &SecretKey) -> Verified {
        self.seal(kind, class, Vec::new(), signer)
    }

    fn seal(self, kind: Kind, class: Class, body: Vec<u8>, signer: &SecretKey) -> Verified {
        let header = Header {
            author: self.author,
            signer: signer.public(),
            circle: self.circle,
            class,
            kind,
            key: self.key,
            revision: self.revision,
            body: Hash::of(&body),
            // Why: `sign` bounds the body by its limit, far below 4 GiB.
            size: u32::try_from(body.len()).unwrap_or(u32::MAX),
        };
        let payload = header.encode();
        let signature = signer.sign(&to_be_signed(PURPOSE, &payload));
        let mut bytes = Vec::with_capacity(payload.len() + 80);
        write_head(&mut bytes, LIST, 4);
        write_bytes(&mut bytes, &PROTECTED);
        write_head(&mut bytes, MAP, 0);
        write_bytes(&mut bytes, &payload);
        write_bytes(&mut bytes, &signature);
        let end = bytes.len().saturating_sub(66);
        let signed = Signed {
            id: RecordId::of_header(&payload),
            payload: (end.saturating_sub(payload.len()), end),
            bytes: bytes.into(),
            header,
            signature,
        };
        Verified { signed, body: Some(body.into()) }
    }
}

impl Verified {
    /// The header.
    #[must_use]
    pub const fn header(&self) -> &Header {
        &self.signed.header
    }

    /// The record's name.
    #[must_use]
    pub const fn id(&self) -> RecordId {
        self.signed.id
    }

    /// The envelope's bytes.
    #[must_use]
    pub const fn envelope(&self) -> &[u8] {
        &self.signed.bytes
    }

    /// The body's bytes, if they are here; empty for a withdrawal.
    #[must_use]
    pub fn body_bytes(&self) -> Option<&[u8]> {
        self.body.as_deref()
    }

    /// Whether its body is here, if it has one.
    #[must_use]
    pub const fn is_whole(&self) -> bool {
        self.body.is_some()
    }

    /// The same without its body, which others may still have. What rules depend on, and what has no body, stays
    /// as it is.
    #[must_use]
    pub fn without_body(self) -> Self {
        let keeps = self.header().class == Class::Control || self.header().is_withdrawal();
        if keeps { self } else { Self { body: None, ..self } }
    }

    /// What it says, if its body is here and readable.
    #[must_use]
    pub fn body(&self) -> Option<Body> {
        let bytes = self.body.as_deref().filter(|bytes| !bytes.is_empty())?;
        Body::decode(&self.signed.header.kind, bytes).ok()
    }

    /// The bytes as they travel.
    #[must_use]
    pub fn to_record(&self) -> Record {
        Record { envelope: self.signed.bytes.to_vec(), body: self.body.as_deref().map(<[u8]>::to_vec) }
    }
}

impl Record {
    /// Parses and verifies in one step.
    ///
    /// # Errors
    /// [`RefusedBytes`] when anything does not hold.
    pub fn verify(self) -> Result<Verified, RefusedBytes> {
        Signed::parse(&self.envelope)?.verify(self.body)
    }

    /// The same with a memory for signers' keys.
    ///
    /// # Errors
    /// As [`Record::verify`]: the verdict does not depend on the memory.
    pub fn verify_with(self, known: &mut KnownKeys) -> Result<Verified, RefusedBytes> {
        Signed::parse(&self.envelope)?.verify_with(self.body, known)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::listing::{Listing, Side};
    use proptest::prelude::*;

    fn alice() -> SecretKey {
        SecretKey::from_seed(&[1; 32])
    }

    fn statement() -> Statement {
        Statement {
            author: MemberId::from(SecretKey::from_seed(&[9; 32]).public()),
            circle: CircleId::from_bytes([3; 32]),
            key: Key::from_bytes([4; 16]),
            revision: Timestamp::from_millis(1_790_000_000_000),
        }
    }

    fn offer() -> Verified {
        statement().sign(&Body::Listing(Listing::new(Side::Offer, "Bohrmaschine")), &alice()).unwrap()
    }

    #[test]
    fn what_was_signed_verifies_from_its_bytes() {
        let record = offer();
        let again = record.to_record().verify().unwrap();
        assert_eq!(again, record);
        assert!(matches!(again.body(), Some(Body::Listing(listing)) if listing.title == "Bohrmaschine"));
    }

    #[test]
    fn the_envelope_of_a_listing_is_small() {
        assert!(offer().envelope().len() < 400, "{}", offer().envelope().len());
    }

    #[test]
    fn a_record_without_its_body_still_verifies() {
        let mut record = offer().to_record();
        record.body = None;
        assert_eq!(record.verify().unwrap().body_bytes(), None);
    }

    #[test]
    fn a_body_can_be_left_behind_unless_rules_depend_on_it() {
        let bare = offer().without_body();
        assert_eq!((bare.id(), bare.body_bytes(), bare.is_whole()), (offer().id(), None, false));
        assert_eq!(bare.to_record().verify().unwrap(), bare);
        let vouch = Body::Vouch(crate::Vouch { member: statement().author, other: crate::Map::new() });
        let vouch = statement().sign(&vouch, &alice()).unwrap();
        let gone = statement().sign_withdrawal(Kind::listing(), Class::Content, &alice());
        for record in [vouch, gone] {
            assert_eq!(record.clone().without_body(), record);
        }
    }

    #[test]
    fn another_body_is_refused() {
        let mut record = offer().to_record();
        record.body = Some(b"other".to_vec());
        assert_eq!(record.verify(), Err(RefusedBytes::OtherBody));
    }

    #[test]
    fn a_withdrawal_has_no_body_and_verifies() {
        let gone = statement().sign_withdrawal(Kind::listing(), Class::Content, &alice());
        let again = gone.to_record().verify().unwrap();
        assert!(again.header().is_withdrawal());
        assert_eq!(again.body(), None);
    }

    #[test]
    fn a_signature_under_another_purpose_is_refused() {
        let record = offer();
        let mut envelope = record.envelope().to_vec();
        let end = envelope.len() - 66;
        let payload = record.signed.bytes[record.signed.payload.0..record.signed.payload.1].to_vec();
        let foreign = to_be_signed("commonshelf/receipt/1", &payload);
        envelope[end + 2..].copy_from_slice(&alice().sign(&foreign));
        assert_eq!(Record { envelope, body: None }.verify(), Err(RefusedBytes::BadSignature));
    }

    #[test]
    fn other_cose_shapes_are_refused() {
        let record = offer();
        let Ok(Value::List(parts)) = Value::decode(record.envelope()) else { panic!("a list") };
        let mut longer = parts.clone();
        longer.push(Value::Null);
        let mut other_algorithm = parts.clone();
        other_algorithm[0] = Value::Bytes(vec![0xa1, 0x01, 0x27]);
        let mut short_signature = parts;
        short_signature[3] = Value::Bytes(vec![0; 63]);
        for wrong in [longer, other_algorithm, short_signature] {
            assert_eq!(Signed::parse(&Value::List(wrong).encode()), Err(RefusedBytes::Shape));
        }
        assert_eq!(Signed::parse(&[0; MAX_ENVELOPE + 1]), Err(RefusedBytes::TooLarge(MAX_ENVELOPE + 1)));
    }

    #[test]
    fn a_body_that_nobody_could_read_is_not_signed() {
        let hidden = Body::Listing(Listing::new(Side::Offer, "Bohr\u{202e}maschine"));
        assert_eq!(statement().sign(&hidden, &alice()), Err(BodyError::Unseen("title")));
    }

    #[test]
    fn a_kind_in_a_foreign_class_is_refused() {
        let gone = statement().sign_withdrawal(Kind::listing(), Class::Control, &alice());
        assert!(matches!(gone.to_record().verify(), Err(RefusedBytes::Header(HeaderError::WrongClass(..)))));
    }

    proptest! {
        #[test]
        fn any_flipped_byte_is_noticed(at in any::<prop::sample::Index>(), flip in 1_u8..) {
            let mut record = offer().to_record();
            let at = at.index(record.envelope.len());
            record.envelope[at] ^= flip;
            prop_assert!(record.verify().is_err());
        }
    }
}
