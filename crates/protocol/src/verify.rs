//! How batches of records are verified: by whoever has more than one core, on several at once.

use record::{KnownKeys, RefusedBytes, Signed, Verified};

/// A record whose signature nobody has looked at yet: its envelope, and its body if it came along.
pub type Unverified = (Signed, Option<Vec<u8>>);

/// Verifies each of a batch, in its order. The verdicts must be those of [`Signed::verify`], whatever the memory for
/// keys holds and however the work is shared.
pub type Verify = fn(Vec<Unverified>, &mut KnownKeys) -> Vec<Result<Verified, RefusedBytes>>;

/// One record after the other.
#[must_use]
pub fn one_by_one(batch: Vec<Unverified>, known: &mut KnownKeys) -> Vec<Result<Verified, RefusedBytes>> {
    batch.into_iter().map(|(signed, body)| signed.verify_with(body, known)).collect()
}
