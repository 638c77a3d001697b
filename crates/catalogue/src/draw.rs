//! Draws: in which order chance puts those who asked, and whether a lister told the truth.
//!
//! Each request has a **ticket**, the digest of the committed secret and its nonce; the lower ticket comes first. The
//! lister knows no nonce when it commits to the secret, the askers know no secret when they draw their nonces. A
//! ticket depends on nobody else's nonce: a lister who leaves somebody out or makes somebody up changes the order of
//! none of the others, and whoever was left out finds it. What this can not show: a lister who tells an accomplice the
//! secret, or makes up a request of its own, can let that one win.

use std::collections::BTreeSet;

use record::{Draw, Drawn, Hash, Key, Listing, MemberId, Timestamp, draw_commitment};

/// What a request brings to the draw: 16 bytes that its asker drew by chance.
pub type Nonce = [u8; 16];

/// What one asker remembers of its request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// Its nonce.
    pub nonce: Nonce,
    /// When it was sent.
    pub at: Timestamp,
}

/// The outcome of a draw that holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DrawSeen {
    /// Which place the asker drew, from 1 on; `None`: it asked too late, or not at all.
    pub place: Option<usize>,
    /// Among how many.
    pub of: usize,
}

/// Why the outcome of a draw does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DrawError {
    /// The listing was to be given away in another way when the request was sent.
    #[error("this listing was not to be drawn: ask its lister how it decides")]
    NoDraw,
    /// The listing was to be drawn, and is no longer.
    #[error("this listing was to be drawn and is no longer: ask its lister why")]
    Dropped,
    /// The lister is bound to something else than before.
    #[error("the lister has put another sealed secret in place of the first one: do not trust this draw")]
    OtherCommitment,
    /// The closing time is another one than before.
    #[error("the closing time of the draw was changed: do not trust this draw")]
    OtherTime,
    /// Nothing has come out yet.
    #[error("nothing was drawn yet: look again later")]
    NotYet,
    /// It was drawn while others could still ask.
    #[error("it was drawn before its closing time: do not trust this draw")]
    TooEarly,
    /// It was drawn before, with another outcome.
    #[error("it was drawn twice with different outcomes: do not trust this draw")]
    DrawnAgain,
    /// The secret is not the one to which the lister was bound.
    #[error("the secret is not the one to which the lister was bound: do not trust this draw")]
    OtherSecret,
    /// A request that was sent in time is missing.
    #[error(
        "your request was sent in time and is not among those that were drawn: ask the lister if it came"
    )]
    LeftOut,
}

/// The nonces in the order that came out, the winner's first.
#[must_use]
pub fn order(secret: &[u8; 32], nonces: &BTreeSet<Nonce>) -> Vec<Nonce> {
    let mut tickets: Vec<(Hash, Nonce)> =
        nonces.iter().map(|nonce| (ticket(secret, nonce), *nonce)).collect();
    tickets.sort_unstable();
    tickets.into_iter().map(|(_, nonce)| nonce).collect()
}

fn ticket(secret: &[u8; 32], nonce: &Nonce) -> Hash {
    Hash::derive("commonshelf/draw-ticket/1", &[secret, nonce])
}

/// Checks a draw, as one asker can: `before` is the listing as it was when asking, `after` the one that tells the
/// result, said at `told`. Both are of `lister` and lie in the slot `listing`.
///
/// # Errors
/// A [`DrawError`] that says what does not hold.
pub fn verify(
    before: &Listing,
    after: &Listing,
    told: Timestamp,
    (lister, listing): (MemberId, Key),
    mine: Option<Asked>,
) -> Result<DrawSeen, DrawError> {
    let before = before.draw.as_ref().ok_or(DrawError::NoDraw)?;
    let after = after.draw.as_ref().ok_or(DrawError::Dropped)?;
    let Drawn { secret, nonces } = outcome(before, after, told, lister, listing)?;
    let place = mine.and_then(|mine| order(secret, nonces).iter().position(|nonce| *nonce == mine.nonce));
    if place.is_none() && mine.is_some_and(|mine| mine.at < after.closes) {
        return Err(DrawError::LeftOut);
    }
    Ok(DrawSeen { place: place.map(|place| place.saturating_add(1)), of: nonces.len() })
}

/// What came out, if it is what the lister was bound to.
fn outcome<'a>(
    before: &Draw,
    after: &'a Draw,
    told: Timestamp,
    lister: MemberId,
    listing: Key,
) -> Result<&'a Drawn, DrawError> {
    if after.commitment != before.commitment {
        return Err(DrawError::OtherCommitment);
    }
    if after.closes != before.closes {
        return Err(DrawError::OtherTime);
    }
    if before.result.is_some() && before.result != after.result {
        return Err(DrawError::DrawnAgain);
    }
    let drawn = after.result.as_ref().ok_or(DrawError::NotYet)?;
    if told < after.closes {
        return Err(DrawError::TooEarly);
    }
    if draw_commitment(&drawn.secret, lister, listing, after.closes) != after.commitment {
        return Err(DrawError::OtherSecret);
    }
    Ok(drawn)
}
