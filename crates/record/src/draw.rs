//! Draws: a listing that chance gives away, so that each asker can check what came out.
//!
//! The lister commits to a secret before anybody asks, and each request brings a nonce. Once the time is
//! over, the listing tells the secret and all nonces: [`draw_order`] says in which order they come, and the
//! crate `catalogue` whether it is true.

use std::collections::BTreeSet;

use crate::body::{BodyError, Map};
use crate::cbor::Value;
use crate::fields::Fields;
use crate::header::Key;
use crate::id::Hash;
use crate::keys::MemberId;
use crate::limits::MAX_DRAW;
use crate::time::Timestamp;

const FIELD: &str = "draw";
/// The length of a nonce in bytes.
const NONCE: usize = 16;

/// What a listing says of its draw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draw {
    /// Binds the secret, the listing and the time: see [`draw_commitment`].
    pub commitment: Hash,
    /// Who asks before this moment takes part.
    pub closes: Timestamp,
    /// What came out, once it is over.
    pub result: Option<Drawn>,
}

/// All that decides a draw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drawn {
    /// To what the lister was bound.
    pub secret: [u8; 32],
    /// The nonces of all requests that took part, at most 200.
    pub nonces: BTreeSet<[u8; NONCE]>,
}

/// To what a lister binds itself before anybody asks: no other secret, listing or closing time fits.
#[must_use]
pub fn draw_commitment(secret: &[u8; 32], lister: MemberId, listing: Key, closes: Timestamp) -> Hash {
    let closes = closes.millis().to_be_bytes();
    Hash::derive("commonshelf/draw/1", &[secret, lister.as_bytes(), listing.as_bytes(), &closes])
}

/// The nonces in the order that came out, the winner's first: by their tickets, the digest of the secret and
/// the nonce.
#[must_use]
pub fn draw_order(secret: &[u8; 32], nonces: &BTreeSet<[u8; NONCE]>) -> Vec<[u8; NONCE]> {
    let ticket = |nonce: &[u8; NONCE]| Hash::derive("commonshelf/draw-ticket/1", &[secret, nonce]);
    let mut tickets: Vec<_> = nonces.iter().map(|nonce| (ticket(nonce), *nonce)).collect();
    tickets.sort_unstable();
    tickets.into_iter().map(|(_, nonce)| nonce).collect()
}

impl Draw {
    /// The most bytes that a listing grows by, from its first day to the result: 200 nonces, the secret, the
    /// frame of both, and how many are left.
    pub(crate) const ROOM: usize = NONCE * MAX_DRAW + 59 + 10;

    pub(crate) fn check(&self) -> Result<(), BodyError> {
        match &self.result {
            Some(drawn) if drawn.nonces.len() > MAX_DRAW => Err(BodyError::TooManyInDraw),
            Some(_) | None => Ok(()),
        }
    }

    pub(crate) fn put(&self, fields: &mut Fields) {
        let mut inner = Fields::with(Map::new());
        inner.put("commitment", Value::Bytes(self.commitment.as_bytes().to_vec()));
        inner.put_uint("closes", self.closes.millis());
        if let Some(drawn) = &self.result {
            inner.put("result", drawn.to_value());
        }
        fields.put(FIELD, Value::Map(inner.into_map()));
    }

    pub(crate) fn take(fields: &mut Fields) -> Result<Option<Self>, BodyError> {
        let Some(mut inner) = fields.take_map(FIELD)? else { return Ok(None) };
        let draw = Self {
            commitment: Hash::from_bytes(inner.take_bytes("commitment")?),
            closes: Timestamp::from_millis(inner.take_uint("closes")?),
            result: inner.take_map("result")?.map(Drawn::from_fields).transpose()?,
        };
        inner.nothing_else(FIELD)?;
        Ok(Some(draw))
    }
}

impl Drawn {
    // Why: side by side, nonces take one byte less each than in a list, and two hundred fit beside a long
    // text.
    fn to_value(&self) -> Value {
        let mut inner = Fields::with(Map::new());
        inner.put("secret", Value::Bytes(self.secret.to_vec()));
        if !self.nonces.is_empty() {
            inner.put("nonces", Value::Bytes(self.nonces.iter().flatten().copied().collect()));
        }
        Value::Map(inner.into_map())
    }

    /// Nonces out of order, or one twice, are a second form of the same set: the body's reader refuses them.
    fn from_fields(mut inner: Fields) -> Result<Self, BodyError> {
        let secret = inner.take_bytes("secret")?;
        let bytes = inner.take_optional_byte_string("nonces")?.unwrap_or_default();
        let (nonces, rest) = bytes.as_chunks::<NONCE>();
        if !rest.is_empty() {
            return Err(BodyError::WrongType("nonces"));
        }
        inner.nothing_else("result")?;
        Ok(Self { secret, nonces: nonces.iter().copied().collect() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::Body;
    use crate::cell::Cell;
    use crate::header::Kind;
    use crate::limits::{MAX_ALT, MAX_BODY, MAX_CATEGORY, MAX_COUNT, MAX_GRAMS, MAX_TEXT, MAX_TITLE};
    use crate::listing::{Decide, Listing, Side};
    use crate::photo::Photo;

    const SECRET: [u8; 32] = [7; 32];

    fn drawn(nonces: usize) -> Drawn {
        let nonces = (0..nonces).map(|number| Hash::of(&number.to_be_bytes()).first());
        Drawn { secret: SECRET, nonces: nonces.collect() }
    }

    fn draw(result: Option<Drawn>) -> Draw {
        Draw { commitment: Hash::of(b"secret"), closes: Timestamp::from_millis(1_790_000_000_000), result }
    }

    fn listing(result: Option<Drawn>) -> Listing {
        Listing { decide: Decide::Draw, draw: Some(draw(result)), ..Listing::new(Side::Offer, "Kinderwagen") }
    }

    /// The longest words that a listing may have, of letters that take one byte each, and four photos.
    fn longest(result: Option<Drawn>) -> Listing {
        let photo = Photo {
            photo: Hash::of(b"photo"),
            size: 204_800,
            thumb: Hash::of(b"thumb"),
            thumb_size: 12_288,
            alt: "a".repeat(MAX_ALT),
        };
        Listing {
            title: "t".repeat(MAX_TITLE),
            text: "e".repeat(MAX_TEXT),
            category: "c".repeat(MAX_CATEGORY),
            language: "de".parse().ok(),
            count: MAX_COUNT,
            left: MAX_COUNT,
            grams: Some(MAX_GRAMS),
            cell: Cell::containing(49.0093, 8.4043).ok(),
            until: Some(Timestamp::from_millis(1_790_000_000_000)),
            photos: vec![photo; 4],
            ..listing(result)
        }
    }

    fn size(listing: &Listing) -> usize {
        Body::Listing(listing.clone()).encode().len()
    }

    #[test]
    fn the_largest_draw_fits_beside_the_longest_words_and_four_photos() {
        let before = longest(None).checked().unwrap();
        let result = Some(drawn(MAX_DRAW));
        let after = Listing { left: MAX_COUNT - 1, draw: Some(draw(result.clone())), ..before.clone() };
        assert_eq!(size(&after), size(&before) + Draw::ROOM);
        // What is left over is for letters that take more than one byte.
        assert!(size(&longest(result)) + 500 < MAX_BODY, "{}", size(&after));
        assert!(Body::decode(&Kind::listing(), &Body::Listing(after).encode()).is_ok());
    }

    #[test]
    fn words_that_leave_no_room_for_the_result_are_refused_before_anybody_asks() {
        let wide = |letters: usize| {
            let text = "ж".repeat(letters) + &"e".repeat(MAX_TEXT - letters);
            Listing { text, ..longest(None) }.checked()
        };
        let room = MAX_BODY - size(&longest(None)) - Draw::ROOM;
        assert!(wide(room).is_ok());
        assert_eq!(wide(room + 3), Err(BodyError::NoRoomForDraw(3)));
        let chosen = Listing { decide: Decide::Choose, draw: None, ..longest(None) };
        assert!(Listing { text: "ж".repeat(MAX_TEXT), ..chosen }.checked().is_ok());
    }

    #[test]
    fn a_draw_and_the_word_for_it_belong_together() {
        let plain = Listing::new(Side::Offer, "Kinderwagen");
        let missing = Listing { decide: Decide::Draw, ..plain.clone() };
        assert_eq!(missing.checked(), Err(BodyError::Missing("draw")));
        for decide in [Decide::Choose, Decide::Queue] {
            let stray = Listing { decide, draw: Some(draw(None)), ..plain.clone() };
            assert_eq!(stray.checked(), Err(BodyError::WrongType("draw")));
        }
        assert_eq!(listing(Some(drawn(MAX_DRAW + 1))).checked(), Err(BodyError::TooManyInDraw));
        assert!(listing(Some(drawn(0))).checked().is_ok());
    }

    #[test]
    fn nonces_out_of_order_or_twice_are_refused() {
        let bytes = Body::Listing(listing(Some(drawn(2)))).encode();
        let nonces: Vec<[u8; NONCE]> = drawn(2).nonces.into_iter().collect();
        let at = bytes.windows(NONCE).position(|window| window == nonces[0]).unwrap();
        let with = |first: [u8; NONCE], second: [u8; NONCE]| {
            let mut bytes = bytes.clone();
            bytes[at..at + 2 * NONCE].copy_from_slice(&[first, second].concat());
            Body::decode(&Kind::listing(), &bytes)
        };
        assert!(with(nonces[0], nonces[1]).is_ok());
        assert_eq!(with(nonces[1], nonces[0]), Err(BodyError::SecondForm));
        assert_eq!(with(nonces[0], nonces[0]), Err(BodyError::SecondForm));
    }

    #[test]
    fn a_commitment_fits_one_secret_lister_listing_and_time() {
        let member = |seed: u8| MemberId::from(crate::SecretKey::from_seed(&[seed; 32]).public());
        let (key, closes) = (Key::from_bytes([1; 16]), Timestamp::from_millis(9));
        let first = draw_commitment(&SECRET, member(1), key, closes);
        for other in [
            draw_commitment(&[8; 32], member(1), key, closes),
            draw_commitment(&SECRET, member(2), key, closes),
            draw_commitment(&SECRET, member(1), Key::from_bytes([2; 16]), closes),
            draw_commitment(&SECRET, member(1), key, Timestamp::from_millis(10)),
        ] {
            assert_ne!(first, other);
        }
    }
}
