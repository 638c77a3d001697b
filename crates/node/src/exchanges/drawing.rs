//! Draws: a listing that chance gives away. The lister is bound before anybody asks, and whoever asked can check it.

use std::collections::BTreeSet;

use std::cmp::Reverse;

use catalogue::draw::{Asked, order, verify};
use catalogue::exchange::{Act, Party, Promise, State};
use record::{Body, Decide, Draw, Drawn, Key, Kind, Listing, Slot, Timestamp, draw_commitment};

use super::json::DrawJson;
use crate::error::NodeError;
use crate::service::Service;

/// How long after its closing time a draw waits for letters that are under way, in milliseconds: ten minutes.
const GRACE: u64 = 10 * 60 * 1000;
/// How long a promise stands that chance made.
const PROMISED_DAYS: u64 = 7;

impl Service {
    /// What this node's lister is bound to: 24 words bring it back.
    fn draw_secret(&self, listing: Key) -> [u8; 32] {
        *self.seals.of_member("commonshelf/draw-secret/1", listing.as_bytes()).as_bytes()
    }

    /// Binds this node's member to a draw that closes then.
    pub(crate) fn bound(&self, listing: Key, closes: Timestamp) -> Draw {
        let secret = self.draw_secret(listing);
        let commitment = draw_commitment(&secret, self.identity.member(), listing, closes);
        Draw { commitment, closes, result: None }
    }

    /// Draws what has been closed for a while.
    pub(super) fn draw_what_is_due(&mut self, now: Timestamp) -> Result<(), NodeError> {
        let keys: BTreeSet<Key> = self
            .exchanges
            .kept
            .values()
            .filter(|kept| kept.me == Party::Lister && kept.exchange.state() == State::Requested)
            .map(|kept| kept.exchange.about().listing)
            .collect();
        for key in keys {
            let Some((circle, listing)) = self.own_listing(key) else { continue };
            let due = |draw: &Draw| draw.result.is_none() && draw.closes.plus_millis(GRACE) <= now;
            if listing.draw.as_ref().is_some_and(due) && self.decides_here(circle) {
                self.draw_one(key)?;
            }
        }
        Ok(())
    }

    /// Draws one of the member's own listings, once it is closed.
    pub(crate) fn draw(&mut self, reference: &str) -> Result<DrawJson, NodeError> {
        let (author, key) = self.listing_named(reference)?;
        if author != self.identity.member() {
            return Err(NodeError::NotYours);
        }
        self.draw_one(key)?;
        self.draw_of(reference)
    }

    fn draw_one(&mut self, key: Key) -> Result<(), NodeError> {
        let now = self.clock.to_sign()?;
        let (_, listing) = self.own_listing(key).ok_or_else(|| NodeError::NoSuchListing(key.to_string()))?;
        let Some(draw) = listing.draw else { return Err(NodeError::NoDraw) };
        if draw.closes > now {
            return Err(NodeError::DrawOpen(draw.closes));
        }
        let asks = |exchange: &catalogue::exchange::Exchange| {
            let open = exchange.state() == State::Requested && exchange.about().asked < draw.closes;
            let nonce = exchange.asks().and_then(|says| says.nonce).filter(|_| open)?;
            Some((nonce, exchange.id(), exchange.asks().map_or(1, |says| says.count)))
        };
        let asked: Vec<_> = self.of_listing(key).filter_map(asks).collect();
        let secret = self.draw_secret(key);
        if draw.result.is_none() {
            let nonces = asked.iter().map(|(nonce, ..)| *nonce).take(record::limits::MAX_DRAW).collect();
            let drawn = Draw { result: Some(Drawn { secret, nonces }), ..draw };
            if draw_commitment(&secret, self.identity.member(), key, draw.closes) != draw.commitment {
                return Err(NodeError::DrawnElsewhere);
            }
            let slot = Slot { author: self.identity.member(), kind: Kind::listing(), key };
            for circle in self.read(|view| view.order.clone()) {
                let Some(here) = self.listing_in(circle, &slot) else { continue };
                let body = Body::Listing(Listing { draw: Some(drawn.clone()), ..here });
                let record = self.sign(circle, &slot, &body, now)?;
                self.write(circle, vec![record])?;
            }
        }
        // What came out is said to each; after a power cut the rest is told.
        let result = self.own_listing(key).and_then(|(_, listing)| listing.draw?.result);
        let Some(result) = result else { return Ok(()) };
        for nonce in order(&result.secret, &result.nonces) {
            let Some((_, id, count)) = asked.iter().find(|(other, ..)| *other == nonce) else { continue };
            let left = self.left_of(key);
            let act = if left > 0 {
                let (count, until) = (Some(left.min(*count)), Some(now.plus_days(PROMISED_DAYS)));
                Act::Promise(Promise { count, until, ..Promise::default() })
            } else {
                Act::Elsewhere("The draw gave it to somebody else.".to_owned())
            };
            self.say_in((*id, Party::Lister), act)?;
        }
        Ok(())
    }

    pub(super) fn left_of(&self, key: Key) -> u32 {
        let count = self.own_listing(key).map_or(0, |(_, listing)| listing.count);
        catalogue::exchange::Counts::of(count, self.of_listing(key)).left
    }

    /// What came out of a draw, and whether it holds for what this node's member saw when it asked.
    pub(crate) fn draw_of(&self, reference: &str) -> Result<DrawJson, NodeError> {
        let (lister, key) = self.listing_named(reference)?;
        let slot = Slot { author: lister, kind: Kind::listing(), key };
        let here = self.read(|view| view.order.clone()).into_iter().find_map(|circle| {
            let told = self.protocol.catalogue(circle)?.in_slot(&slot)?.header().revision;
            Some((self.listing_in(circle, &slot)?, told))
        });
        let (listing, told) = here.ok_or_else(|| NodeError::NoSuchListing(key.to_string()))?;
        let asked = self.exchanges.kept.values().filter(|kept| {
            let about = kept.exchange.about();
            kept.me == Party::Asker && (about.lister, about.listing) == (lister, key)
        });
        // The member's own before a guest's; of those that were taken back and asked again, the last.
        let asked = asked.min_by_key(|kept| (kept.guest, Reverse(kept.exchange.about().asked)));
        let now = listing.draw.clone();
        // Who did not ask sees no more than the result itself.
        let before = match asked {
            Some(kept) => kept.draw.clone(),
            None => now.clone().map(|draw| Draw { result: None, ..draw }),
        };
        let mine = asked.and_then(|kept| {
            let nonce = kept.exchange.asks()?.nonce?;
            Some(Asked { nonce, at: kept.exchange.about().asked })
        });
        let before = Listing { draw: before, decide: Decide::Draw, ..listing.clone() };
        let verdict = verify(&before, &listing, told, (lister, key), mine);
        let closes = before.draw.as_ref().or(now.as_ref()).map(|draw| draw.closes.millis());
        Ok(DrawJson {
            listing: key.to_string(),
            title: listing.title,
            closes,
            drawn: now.is_some_and(|draw| draw.result.is_some()),
            asked: mine.is_some(),
            place: verdict.as_ref().ok().and_then(|seen| seen.place),
            of: verdict.as_ref().ok().map(|seen| seen.of),
            holds: verdict.is_ok(),
            problem: verdict.err().map(|error| error.to_string()),
        })
    }

    fn listing_named(&self, reference: &str) -> Result<(record::MemberId, Key), NodeError> {
        self.read(|view| {
            let place = view.find(reference)?;
            let gone = || NodeError::NoSuchListing(reference.to_owned());
            view.entry(&place).map(|entry| (entry.author, entry.key)).ok_or_else(gone)
        })
    }
}
