//! Signatures are checked on all cores.

use std::num::NonZero;
use std::thread;

use protocol::{Unverified, one_by_one};
use record::{KnownKeys, RefusedBytes, Verified};

/// For fewer records a thread is not worth its start: each takes some 30 µs, as long as a signature.
const WORTH_A_THREAD: usize = 8;
/// More threads than these gain little where the rest is one thread's work.
const MOST_THREADS: usize = 8;

/// Verifies a batch: each core takes a part of it.
pub(crate) fn verify(
    mut batch: Vec<Unverified>,
    known: &mut KnownKeys,
) -> Vec<Result<Verified, RefusedBytes>> {
    let cores = thread::available_parallelism().map_or(1, NonZero::get).min(MOST_THREADS);
    let part = batch.len().div_ceil(cores).max(WORTH_A_THREAD);
    if batch.len() <= part {
        return one_by_one(batch, known);
    }
    let mut parts = Vec::new();
    while batch.len() > part {
        parts.push(batch.split_off(batch.len().saturating_sub(part)));
    }
    let verify = |part: Vec<Unverified>, mut known: KnownKeys| {
        let verified = one_by_one(part, &mut known);
        (verified, known)
    };
    let done: Vec<_> = thread::scope(|scope| {
        let others: Vec<_> = parts
            .into_iter()
            .map(|part| {
                let known = known.of(part.iter().map(|(signed, _)| signed.header().signer));
                scope.spawn(move || verify(part, known))
            })
            .collect();
        // The first part is this thread's own.
        let first = known.of(batch.iter().map(|(signed, _)| signed.header().signer));
        let first = verify(batch, first);
        let others = others.into_iter().rev().map(|thread| match thread.join() {
            Ok(done) => done,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        std::iter::once(first).chain(others).collect()
    });
    let mut all = Vec::new();
    for (verified, learned) in done {
        known.extend(learned);
        all.extend(verified);
    }
    all
}

#[cfg(test)]
mod tests {
    use record::{Body, CircleId, Key, Listing, MemberId, SecretKey, Side, Signed, Statement, Timestamp};

    use super::*;

    fn batch(count: u8) -> Vec<Unverified> {
        let sign = |number: u8| {
            let signer = SecretKey::from_seed(&[number % 7; 32]);
            let statement = Statement {
                author: MemberId::from(signer.public()),
                circle: CircleId::from_bytes([3; 32]),
                key: Key::from_bytes([number; 16]),
                revision: Timestamp::from_millis(1_790_000_000_000),
            };
            let listing = Body::Listing(Listing::new(Side::Offer, "Leiter"));
            let record = statement.sign(&listing, &signer).unwrap().to_record();
            (Signed::parse(&record.envelope).unwrap(), record.body)
        };
        (0..count).map(sign).collect()
    }

    #[test]
    fn many_cores_come_to_the_same_in_the_same_order_as_one() {
        for count in [0, 1, 7, 8, 9, 17, 100, 255] {
            let mut known = KnownKeys::default();
            for _ in 0..2 {
                let alone = one_by_one(batch(count), &mut KnownKeys::default());
                assert_eq!(verify(batch(count), &mut known), alone);
            }
        }
    }

    #[test]
    fn a_bad_record_anywhere_is_refused_and_no_other() {
        for bad in [0, 50, 99] {
            let mut batch = batch(100);
            let other = batch[(bad + 1) % 100].0.bytes().to_vec();
            let mut envelope = batch[bad].0.bytes().to_vec();
            let end = envelope.len() - 64;
            envelope[end..].copy_from_slice(&other[other.len() - 64..]);
            batch[bad].0 = Signed::parse(&envelope).unwrap();
            let verdicts = verify(batch, &mut KnownKeys::default());
            for (number, verdict) in verdicts.into_iter().enumerate() {
                assert_eq!(verdict.err(), (number == bad).then_some(RefusedBytes::BadSignature));
            }
        }
    }
}
