//! What holds for every index, whatever is in it.

#![allow(clippy::unwrap_used)]

use matching::{Index, Match, Query, snippet};
use proptest::prelude::*;
use record::{Cell, Listing, Side, Terms, Timestamp};

/// Words that meet often: forms of one word, compounds, slips, words of no weight, other scripts.
const WORDS: &[&str] = &[
    "Bohrmaschine",
    "Bohrmaschinen",
    "Bohrmaschiene",
    "drill",
    "drills",
    "Akkuschrauber",
    "Schrauber",
    "Mühle",
    "Muehle",
    "snow",
    "shoes",
    "snowshoes",
    "Reparatur",
    "repair",
    "new",
    "set",
    "the",
    "suche",
    "Garten",
    "garden",
    "自転車",
    "велосипед",
    "l'échelle",
    "20V",
    "3",
];

fn text(most: usize) -> impl Strategy<Value = String> {
    let words =
        proptest::collection::vec(proptest::sample::select(WORDS), 0..most).prop_map(|words| words.join(" "));
    prop_oneof![9 => words, 1 => "\\PC{0,30}|.{0,30}"]
}

fn cell() -> impl Strategy<Value = Option<Cell>> {
    proptest::option::of((48.0..50.0, 8.0..9.0).prop_map(|(lat, lon)| Cell::containing(lat, lon).unwrap()))
}

prop_compose! {
    fn listing()(
        title in text(4),
        text in text(8),
        category in proptest::sample::select(vec!["", "Garten", "garten", "Tools"]),
        language in proptest::sample::select(vec!["de", "en", "fr", "xx", ""]),
        side in proptest::sample::select(Side::ALL),
        terms in proptest::sample::select(Terms::ALL),
        left in 0_u32..3,
        cell in cell(),
    ) -> Listing {
        let language = language.parse().ok();
        let category = category.to_owned();
        Listing { side, terms, text, category, language, count: 2, left, cell, ..Listing::new(side, &title) }
    }
}

/// Listings with their ids and authors, each id once.
fn listings() -> impl Strategy<Value = Vec<(u8, [u8; 32], Listing)>> {
    proptest::collection::btree_map(any::<u8>(), (0_u8..4, listing()), 0..24)
        .prop_map(|map| map.into_iter().map(|(id, (author, listing))| (id, [author; 32], listing)).collect())
}

fn index_of(listings: &[(u8, [u8; 32], Listing)]) -> Index<u8> {
    let mut index = Index::new();
    for (id, author, listing) in listings {
        index.insert(*id, *author, listing.clone());
    }
    index
}

/// All that an index can be asked, to the last bit.
fn answers(index: &Index<u8>, query: &str, near: Option<Cell>) -> String {
    let plain = Query { text: query, near, ..Query::default() };
    let narrow =
        Query { side: Some(Side::Offer), within_km: Some(30.0), language: "de".parse().ok(), ..plain };
    let matches: Vec<Vec<Match<u8>>> = (0..=u8::MAX).map(|id| index.matches_for(&id, 5)).collect();
    let hits = (index.search(&plain, 50), index.search(&narrow, 5));
    format!("{:?} {hits:?} {matches:?} {:?}", index.len(), index.all_matches(20))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_order_of_arrival_does_not_matter(
        (listings, shuffled) in listings().prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle())),
        query in text(4),
        near in cell(),
    ) {
        prop_assert_eq!(
            answers(&index_of(&listings), &query, near),
            answers(&index_of(&shuffled), &query, near)
        );
    }

    #[test]
    fn what_came_and_went_was_never_there(
        stay in listings(),
        go in listings(),
        query in text(4),
    ) {
        let mut index = index_of(&go);
        for (id, author, listing) in &stay {
            index.insert(*id, *author, listing.clone());
        }
        for (id, ..) in &go {
            index.remove(id);
        }
        for (id, author, listing) in &stay {
            index.insert(*id, *author, listing.clone());
        }
        prop_assert_eq!(answers(&index, &query, None), answers(&index_of(&stay), &query, None));
    }

    #[test]
    fn scores_lie_between_nothing_and_one_and_points_add_up(
        listings in listings(),
        query in text(4),
        near in cell(),
    ) {
        let index = index_of(&listings);
        for hit in index.search(&Query { text: &query, near, ..Query::default() }, 50) {
            prop_assert!(0.0 < hit.score && hit.score <= 1.0, "{hit:?}");
        }
        for found in index.all_matches(1000) {
            let points: f64 = found.reasons.iter().map(|reason| reason.points).sum();
            prop_assert!((found.score - points).abs() < 1e-9, "{found:?}");
            prop_assert!(0.0 < found.score && found.score <= 1.0 && found.fits, "{found:?}");
        }
    }

    #[test]
    fn why_tells_of_a_match_what_the_match_does(listings in listings()) {
        let index = index_of(&listings);
        for found in index.all_matches(1000) {
            prop_assert_eq!(index.why(&found.need, &found.offer), Some(found));
        }
    }

    #[test]
    fn a_private_need_matches_as_a_public_one_would_and_changes_nothing_else(
        listings in listings(),
        (need, query) in (listing(), text(4)),
    ) {
        let need = Listing { side: Side::Need, left: 1, ..need };
        let mut index = index_of(&listings);
        index.remove(&0);
        let before = answers(&index, &query, None);
        let with = index.matches_with(&0, [9; 32], &need, 50);
        index.insert_private(0, [9; 32], need, Timestamp::from_millis(0));
        prop_assert_eq!(&index.matches_for(&0, 50), &with);
        for found in with {
            prop_assert!(index.matches_for(&found.offer, 50).contains(&found));
        }
        index.remove(&0);
        prop_assert_eq!(answers(&index, &query, None), before);
    }

    #[test]
    fn no_text_stops_an_index(
        title in "\\PC{0,120}|.{0,200}|([a-zA-Zäöüß,.!/0-9 -]|no |with |für |Gr\\. ){0,60}",
        text in "\\PC{0,400}|.{0,400}",
        query in "\\PC{0,60}|.{0,60}",
    ) {
        let mut index = Index::new();
        let offer = Listing { text: text.clone(), category: query.clone(), ..Listing::new(Side::Offer, &title) };
        index.insert(1, [1; 32], offer.clone());
        index.insert(2, [2; 32], Listing { side: Side::Need, ..offer });
        for found in index.search_wider(&Query { text: &query, unfinished: true, ..Query::default() }, 5).hits {
            let _ = snippet(&text, &found.words, 40);
        }
        let _ = index.all_matches(5);
        prop_assert!(index.why(&2, &1).is_some());
        prop_assert!(index.remove(&1) && index.remove(&2) && index.is_empty());
    }

    #[test]
    fn matches_join_a_need_with_an_offer_of_somebody_else(listings in listings()) {
        let index = index_of(&listings);
        let by_id = |id: u8| listings.iter().find(|(theirs, ..)| *theirs == id).unwrap();
        for found in index.all_matches(1000) {
            let ((_, needer, need), (_, giver, offer)) = (by_id(found.need), by_id(found.offer));
            prop_assert_eq!((need.side, offer.side), (Side::Need, Side::Offer));
            prop_assert!(need.left > 0 && offer.left > 0 && needer != giver);
        }
    }
}
