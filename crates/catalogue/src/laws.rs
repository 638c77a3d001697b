//! The catalogue against a plain statement of its laws (`docs/protocol.md`, section 4), in every order of
//! arrival.

mod plain;
pub(crate) mod scribe;

use std::collections::BTreeSet;

use proptest::prelude::*;
use record::{CircleId, RecordId, Verified};

use self::plain::expected;
use self::scribe::{NOW, any_act, history, peaceful};
use crate::{Catalogue, Group, Window};

/// How often all is offered: what waits for a rule that waits for a rule comes in later.
const ROUNDS: usize = 12;

fn admitted(catalogue: &Catalogue) -> BTreeSet<RecordId> {
    catalogue.iter().map(|record| record.id()).collect()
}

fn offer_all<'a>(catalogue: &mut Catalogue, records: impl IntoIterator<Item = &'a Verified>) {
    let mut before = admitted(catalogue);
    for record in records {
        if let Ok(changes) = catalogue.insert(record, NOW) {
            for id in &changes.admitted {
                assert!(before.insert(*id), "admitted twice");
            }
            for id in &changes.removed {
                assert!(before.remove(id), "removed without having been admitted");
            }
            assert_eq!(before, admitted(catalogue), "the changes tell the whole truth");
            assert!(changes.dropped.iter().all(|id| !catalogue.holds(id)), "dropped and still held");
        }
    }
}

/// Offers everything until nothing changes, as anti-entropy does.
fn offer_until_quiet(catalogue: &mut Catalogue, records: &[Verified]) {
    for _ in 0..ROUNDS {
        let before = admitted(catalogue);
        offer_all(catalogue, records);
        if admitted(catalogue) == before {
            return;
        }
    }
    panic!("no end");
}

/// Two nodes give each other what they admit until they agree.
fn exchange(one: &mut Catalogue, other: &mut Catalogue, all: &[Verified]) {
    let of = |catalogue: &Catalogue| {
        let ids = admitted(catalogue);
        all.iter().filter(|record| ids.contains(&record.id())).cloned().collect::<Vec<_>>()
    };
    for _ in 0..ROUNDS {
        if admitted(one) == admitted(other) {
            return;
        }
        let (ours, theirs) = (of(one), of(other));
        offer_all(one, &theirs);
        offer_all(other, &ours);
    }
    assert_eq!(admitted(one), admitted(other), "they do not come to the same set");
}

fn empty(founding: &Verified) -> Catalogue {
    let mut catalogue = Catalogue::new(CircleId::founded_by(founding.id()));
    catalogue.insert(founding, NOW).unwrap();
    catalogue
}

const WINDOW: fn() -> Window = || Window::between(NOW, NOW);

proptest! {
    // `PROPTEST_CASES` asks for more.
    #![proptest_config(ProptestConfig {
        cases: ProptestConfig::default().cases.max(500),
        max_shrink_iters: 20_000,
        ..ProptestConfig::default()
    })]

    #[test]
    fn where_grants_stand_the_admitted_set_does_not_depend_on_the_order_of_arrival(
        history in history(peaceful(), 60)
    ) {
        let (founding, one, other) = (history.founding(), history.heard(1), history.heard(2));
        let (mut first, mut second) = (empty(&founding), empty(&founding));
        offer_all(&mut first, &one);
        // Some arrive twice.
        offer_all(&mut second, other.iter().flat_map(|record| [record, record]));
        prop_assert_eq!(admitted(&first), expected(&founding, &one));
        prop_assert_eq!(first.digests(WINDOW()), second.digests(WINDOW()));
    }

    #[test]
    fn whatever_the_history_and_its_order_all_come_to_what_the_laws_say(
        history in history(any_act(), 60)
    ) {
        let (founding, one, other) = (history.founding(), history.heard(1), history.heard(2));
        let (mut first, mut second) = (empty(&founding), empty(&founding));
        offer_until_quiet(&mut first, &one);
        offer_until_quiet(&mut second, &other);
        prop_assert_eq!(admitted(&first), expected(&founding, &one));
        prop_assert_eq!(first.digests(WINDOW()), second.digests(WINDOW()));
        prop_assert_eq!(first.rotation(), second.rotation());
    }

    #[test]
    fn two_nodes_that_saw_different_halves_agree_after_they_exchanged_what_they_admit(
        history in history(any_act(), 60), split in any::<u64>()
    ) {
        let (founding, all) = (history.founding(), history.heard(1));
        let (mut first, mut second) = (empty(&founding), empty(&founding));
        let half = |bit: bool| {
            let chosen = move |(at, _): &(usize, &Verified)| (split >> (at % 64)) & 1 == u64::from(bit);
            all.iter().enumerate().filter(chosen).map(|(_, record)| record)
        };
        offer_all(&mut first, half(false));
        offer_all(&mut second, half(true));
        exchange(&mut first, &mut second, &all);
        prop_assert_eq!(first.digests(WINDOW()), second.digests(WINDOW()));
    }

    #[test]
    fn what_is_not_admitted_has_no_influence(history in history(any_act(), 60)) {
        let (founding, all) = (history.founding(), history.heard(1));
        let mut whole = empty(&founding);
        offer_until_quiet(&mut whole, &all);
        let ids = admitted(&whole);
        let alone: Vec<_> = all.iter().filter(|record| ids.contains(&record.id())).cloned().collect();
        let mut bare = empty(&founding);
        offer_until_quiet(&mut bare, &alone);
        prop_assert_eq!(admitted(&bare), ids);
    }

    #[test]
    fn the_days_hold_just_what_is_admitted(history in history(any_act(), 60)) {
        let (founding, all) = (history.founding(), history.heard(1));
        let mut catalogue = empty(&founding);
        offer_all(&mut catalogue, &all);
        let in_days: BTreeSet<RecordId> = Group::ALL
            .into_iter()
            .flat_map(|group| catalogue.days(group, WINDOW()).into_keys().map(move |day| (group, day)))
            .flat_map(|(group, day)| catalogue.of_day(group, day, WINDOW()))
            .map(|(id, _)| id)
            .collect();
        prop_assert_eq!(in_days, admitted(&catalogue));
    }

    #[test]
    fn two_catalogues_that_differ_have_different_digests(
        history in history(peaceful(), 40), left_out in any::<prop::sample::Index>()
    ) {
        let (founding, all) = (history.founding(), history.heard(1));
        let (mut whole, mut part) = (empty(&founding), empty(&founding));
        offer_all(&mut whole, &all);
        let left_out = left_out.index(all.len());
        offer_all(&mut part, all.iter().enumerate().filter(|(at, _)| *at != left_out).map(|(_, record)| record));
        prop_assert_eq!(
            whole.digests(WINDOW()).all() == part.digests(WINDOW()).all(),
            admitted(&whole) == admitted(&part)
        );
    }
}
