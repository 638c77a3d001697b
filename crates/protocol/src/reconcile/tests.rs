//! What differs is found, in few bytes, whatever the other side says.

use std::collections::BTreeSet;

use negentropy::{Id, Negentropy, NegentropyStorageVector};
use proptest::prelude::*;
use record::{RecordId, Timestamp};

use super::{Comparison, Piece, What};
use crate::frame::Frame;
use crate::limits::{LISTED, MAX_FRAME, MAX_ROUNDS};
use crate::line::{Place, SessionSalt};

type Ids = BTreeSet<RecordId>;

/// Records by their numbers; three share a moment.
fn records(numbers: impl IntoIterator<Item = u32>) -> Vec<(RecordId, Timestamp)> {
    let record = |number: u32| {
        (RecordId::of_header(&number.to_be_bytes()), Timestamp::from_millis(u64::from(number / 3)))
    };
    numbers.into_iter().map(record).collect()
}

fn comparison(records: &[(RecordId, Timestamp)]) -> Comparison {
    Comparison::new(SessionSalt::of(&[1; 16], &[2; 16]), records.iter().copied())
}

/// What two sides find out.
struct Outcome {
    /// What the first has and the second lacks.
    have: Ids,
    /// What the first lacks.
    need: Ids,
    messages: u32,
    bytes: usize,
}

fn reconcile(one: &[(RecordId, Timestamp)], other: &[(RecordId, Timestamp)]) -> Outcome {
    let (mut near, mut far) = (comparison(one), comparison(other));
    let mut outcome = Outcome { have: Ids::new(), need: Ids::new(), messages: 0, bytes: 0 };
    while let Some(question) = near.ask() {
        let answer = far.answer(question.clone(), |id| id.as_bytes()[0] % 4).unwrap();
        for pieces in [question, answer.clone()] {
            let bytes = Frame::Reconcile { pieces }.encode().len();
            assert!(bytes <= MAX_FRAME / 2, "{bytes}");
            outcome.bytes += bytes;
            outcome.messages += 1;
        }
        let found = near.read(answer).unwrap();
        outcome.have.extend(found.have);
        outcome.need.extend(found.need.iter().flatten().map(|id| far.line.get(*id).unwrap()));
    }
    outcome
}

/// What bare negentropy needs for the same, in messages as large.
fn bare(one: &[(RecordId, Timestamp)], other: &[(RecordId, Timestamp)]) -> usize {
    let [mut near, far] = [one, other].map(|records| {
        let mut storage = NegentropyStorageVector::new();
        for (id, revision) in records {
            storage.insert(revision.millis(), Id::from_byte_array(*id.as_bytes())).unwrap();
        }
        storage.seal().unwrap();
        Negentropy::owned(storage, MAX_FRAME as u64 - 4_096).unwrap()
    });
    let (mut far, mut have, mut need, mut bytes) = (far, Vec::new(), Vec::new(), 0);
    let mut message = Some(near.initiate().unwrap());
    while let Some(question) = message {
        let answer = far.reconcile(&question).unwrap();
        bytes += question.len() + answer.len();
        message = near.reconcile_with_ids(&answer, &mut have, &mut need).unwrap();
    }
    bytes
}

#[test]
fn what_differs_costs_fewer_bytes_than_with_bare_negentropy_and_few_messages() {
    let all = |but: &dyn Fn(u32) -> bool| records((0..100_000).filter(|number| !but(*number)));
    let whole = all(&|_| false);
    let cases: [(&str, Vec<_>, u32); 6] = [
        ("nothing", whole.clone(), 4),
        ("the newest hundred", all(&|number| number >= 99_900), 10),
        ("a hundred here and there", all(&|number| number % 1_000 == 7), 12),
        ("a tenth, here and there", all(&|number| number % 10 == 7), 200),
        ("the newest half", all(&|number| number >= 50_000), 100),
        ("everything", Vec::new(), 140),
    ];
    for (missing, fewer, messages) in cases {
        for (one, other) in [(&fewer, &whole), (&whole, &fewer)] {
            let outcome = reconcile(one, other);
            let bare = bare(one, other);
            assert_eq!(outcome.have.len() + outcome.need.len(), whole.len() - fewer.len());
            assert!(outcome.bytes <= bare.max(1_000), "{missing}: {} and {bare} bytes", outcome.bytes);
            assert!(outcome.messages <= messages, "{missing}: {} messages", outcome.messages);
        }
    }
}

#[test]
fn two_sides_with_their_own_records_each_cost_little_more_than_eight_bytes_a_record() {
    let (one, other) = (records((0..2_000).map(|it| it * 2)), records((0..2_000).map(|it| it * 2 + 1)));
    let outcome = reconcile(&one, &other);
    assert_eq!((outcome.have.len(), outcome.need.len()), (2_000, 2_000));
    assert!(outcome.bytes < 2_000 * 12, "{}", outcome.bytes);
}

proptest! {
    #[test]
    fn what_differs_is_found_exactly(
        one in proptest::collection::btree_set(0_u32..3_000, 0..800),
        other in proptest::collection::btree_set(0_u32..3_000, 0..800),
    ) {
        let outcome = reconcile(&records(one.clone()), &records(other.clone()));
        let ids = |numbers: Vec<u32>| records(numbers).into_iter().map(|(id, _)| id).collect::<Ids>();
        prop_assert_eq!(outcome.have, ids(one.difference(&other).copied().collect()));
        prop_assert_eq!(outcome.need, ids(other.difference(&one).copied().collect()));
    }

    /// The attacker may choose ids freely here, which hashes don't allow; a real one has to search.
    #[test]
    fn ids_with_equal_sums_fool_bare_negentropy_and_are_all_found_here(
        starts in proptest::collection::btree_set(any::<[u8; 31]>(), 48),
        moves in proptest::collection::vec(0_u8..100, 48),
    ) {
        // Ids in pairs. On one side, those of some pairs are moved apart: their sum stays. Each of
        // negentropy's 16 parts holds three pairs.
        let set = |moved: bool| -> Vec<(RecordId, Timestamp)> {
            let pairs = starts.iter().zip(&moves).flat_map(|(start, by)| {
                let by = if moved { *by } else { 0 };
                [100 - by, 150 + by].map(|end| {
                    let mut id = [end; 32];
                    id[..31].copy_from_slice(start);
                    (RecordId::from_bytes(id), Timestamp::from_millis(0))
                })
            });
            pairs.collect()
        };
        let (one, other) = (set(false), set(true));
        prop_assert!(bare(&one, &other) < 1_000, "fooled: no id was listed");
        let outcome = reconcile(&one, &other);
        let [one, other] = [one, other].map(|set| set.into_iter().map(|(id, _)| id).collect::<Ids>());
        prop_assert_eq!(outcome.have, one.difference(&other).copied().collect::<Ids>());
        prop_assert_eq!(outcome.need, other.difference(&one).copied().collect::<Ids>());
    }

    #[test]
    fn whatever_is_answered_there_is_an_end_and_no_panic(
        answers in proptest::collection::vec(
            proptest::collection::vec((0_u64..1_200, 0_u8..4, any::<u64>()), 0..6), 0..20),
        held in 0_u32..3_000,
    ) {
        let held = records(0..held);
        let mut near = comparison(&held);
        let mut far = comparison(&held);
        for answer in answers {
            let pieces: Vec<Piece> = answer.into_iter().map(|(at, kind, number)| {
                let end = match at {
                    1_100.. => Place::LAST,
                    _ => Place { revision: Timestamp::from_millis(at), id: number % 3 },
                };
                let what = match kind {
                    0 => What::Nothing,
                    1 => What::Digest(number),
                    2 => What::List,
                    _ => What::Ids(vec![vec![number, number % 2], vec![number % 3]]),
                };
                Piece { end, what }
            }).collect();
            let _ = far.answer(pieces.clone(), |id| *id);
            if near.ask().is_none() {
                break;
            }
            if near.read(pieces).is_err() {
                break;
            }
        }
    }
}

#[test]
fn who_finds_a_difference_in_every_answer_is_not_asked_for_ever() {
    let held = records(0..10_000);
    let mut near = comparison(&held);
    let mut messages = 0;
    while let Some(question) = near.ask() {
        messages += 1;
        let liar = |piece: Piece| match piece.what {
            // An id that nobody has, and the rest of the range is left for the next time.
            What::List => Piece { what: What::Ids(vec![vec![messages]]), ..piece },
            What::Nothing | What::Digest(_) | What::Ids(_) => Piece { what: What::Digest(messages), ..piece },
        };
        near.read(question.into_iter().take(3).map(liar).collect()).unwrap();
    }
    assert!(messages <= u64::from(MAX_ROUNDS), "{messages}");
    assert!(messages > 100, "it lied for long: {messages}");
}

#[test]
fn a_range_that_was_to_be_listed_is_listed() {
    let mut near = comparison(&records(0..(LISTED as u32)));
    let question = near.ask().unwrap();
    assert_eq!(question, [Piece { end: Place::LAST, what: What::List }]);
    assert!(near.read(vec![Piece { end: Place::LAST, what: What::Nothing }]).is_err());
    let mut near = comparison(&records(0..(LISTED as u32)));
    near.ask().unwrap();
    assert!(near.read(Vec::new()).is_err(), "no answer at all");
}
