//! What a search finds, and in which order.

use super::*;
use crate::index::query::{Query, Widened};
use record::{Language, Side, Terms};

fn index(listings: &[(&'static str, &str, &str)]) -> Index<&'static str> {
    let mut index = Index::new();
    for (id, language, title) in listings {
        index.insert(*id, [0; 32], listing(language, title));
    }
    index
}

fn listing(language: &str, title: &str) -> Listing {
    Listing { language: language.parse().ok(), ..Listing::new(Side::Offer, title) }
}

fn found(index: &Index<&'static str>, text: &str) -> Vec<&'static str> {
    found_by(index, &Query { text, ..Query::default() })
}

fn found_by(index: &Index<&'static str>, query: &Query<'_>) -> Vec<&'static str> {
    index.search(query, 10).into_iter().map(|hit| hit.id).collect()
}

#[test]
fn a_search_for_drills_finds_the_drill() {
    let index = index(&[("drill", "en", "Drill"), ("bohr", "de", "Bohrmaschine"), ("pan", "en", "Cake pan")]);
    assert_eq!(found(&index, "drills"), ["drill", "bohr"]);
    assert_eq!(found(&index, "Bohrmaschinen")[0], "bohr");
    assert_eq!(found(&index, "I am looking for a DRILL!"), ["drill", "bohr"]);
}

#[test]
fn a_compound_is_found_by_its_part_and_a_word_by_a_slip() {
    let index =
        index(&[("schrauber", "de", "Akkuschrauber"), ("leiter", "de", "Leiter"), ("zelt", "", "Zelt")]);
    assert_eq!(found(&index, "Schrauber")[0], "schrauber");
    assert_eq!(found(&index, "Akuschrauber")[0], "schrauber");
    assert_eq!(found(&index, "Zelte")[0], "zelt");
}

#[test]
fn a_title_counts_more_than_a_category_and_that_more_than_a_text() {
    let mut index = index(&[("title", "en", "Tent")]);
    let other = listing("en", "Something");
    index.insert("category", [0; 32], Listing { category: "Tent".into(), ..other.clone() });
    index.insert("text", [0; 32], Listing { text: "Also a tent, poles and so on".into(), ..other });
    assert_eq!(found(&index, "tent"), ["title", "category", "text"]);
}

#[test]
fn a_rare_word_counts_more_than_one_that_stands_everywhere() {
    let index = index(&[
        ("knife", "en", "Knife set"),
        ("glass", "en", "Glass set"),
        ("spoon", "en", "Spoon set"),
        ("anvil", "en", "Anvil"),
    ]);
    assert_eq!(found(&index, "anvil set")[0], "anvil");
}

#[test]
fn a_search_for_nothing_finds_nothing() {
    let index = index(&[("drill", "en", "Drill")]);
    for text in ["", "  ", "...", "looking for a", "\u{301}"] {
        assert_eq!(found_by(&index, &Query { text, side: Some(Side::Offer), ..Query::default() }), [""; 0]);
    }
}

#[test]
fn filters_leave_out_what_they_name() {
    let mut index = index(&[("offer", "en", "Ladder")]);
    let garden = Listing { category: "Gärten".into(), ..Listing::new(Side::Need, "Ladder") };
    index.insert("need", [0; 32], garden);
    let query = Query { text: "ladder", ..Query::default() };
    assert_eq!(found_by(&index, &Query { side: Some(Side::Need), ..query }), ["need"]);
    assert_eq!(found_by(&index, &Query { category: Some("GARTEN "), ..query }), ["need"]);
    assert_eq!(found_by(&index, &Query { category: Some("Küche"), ..query }), [""; 0]);
}

#[test]
fn what_is_near_comes_first_and_what_is_too_far_not_at_all() {
    let at = |place: &str| Listing { cell: place.parse().ok(), ..Listing::new(Side::Offer, "Ladder") };
    let mut index = Index::new();
    index.insert("a nowhere", [0; 32], at(""));
    index.insert("b berlin", [0; 32], at("52.52,13.40"));
    index.insert("c karlsruhe", [0; 32], at("49.0069,8.4037"));
    let near = "49.0,8.4".parse().ok();
    let query = Query { text: "ladder", near, ..Query::default() };
    assert_eq!(found_by(&index, &query), ["c karlsruhe", "b berlin", "a nowhere"]);
    assert_eq!(found_by(&index, &Query { within_km: Some(20.0), ..query }), ["c karlsruhe"]);
    assert_eq!(found_by(&index, &Query { within_km: Some(20.0), near: None, ..query }).len(), 3);
}

#[test]
fn a_newer_version_replaces_the_older() {
    let mut index = index(&[("thing", "en", "Drill")]);
    index.insert("thing", [0; 32], listing("en", "Ladder"));
    assert_eq!(index.len(), 1);
    assert_eq!(found(&index, "drill"), [""; 0]);
    assert_eq!(found(&index, "ladder"), ["thing"]);
}

#[test]
fn removing_a_listing_leaves_no_trace() {
    let mut index = index(&[("drill", "en", "Repairs of drills"), ("muehle", "de", "Muehle")]);
    assert!(index.remove(&"drill"));
    assert!(!index.remove(&"drill"));
    assert!(index.remove(&"muehle"));
    assert!(index.is_empty());
}

#[test]
fn a_search_finds_the_thing_in_another_language_and_says_which_word_hit() {
    let index =
        index(&[("pram", "en", "Nice pram"), ("pot", "en", "Flower pot"), ("buggy", "de", "Buggy, wie neu")]);
    let hits = index.search(&Query { text: "Kinderwagen", ..Query::default() }, 10);
    let found: Vec<&str> = hits.iter().map(|hit| hit.id).collect();
    assert_eq!(found, ["pram", "buggy"]);
    assert_eq!(hits[0].words, ["pram"]);
}

#[test]
fn a_word_that_is_being_typed_stands_for_all_that_begin_so() {
    let index = index(&[("ladder", "en", "Ladder"), ("lamp", "en", "Lamp"), ("bed", "en", "Bed")]);
    let query = Query { text: "la", unfinished: true, ..Query::default() };
    assert_eq!(found_by(&index, &query).len(), 2);
    assert_eq!(found_by(&index, &Query { text: "lad", ..query }), ["ladder"]);
    assert_eq!(found_by(&index, &Query { text: "bed la", ..query }).len(), 3);
    assert_eq!(index.suggest("La", 5), ["ladder", "lamp"]);
    assert_eq!(index.suggest("", 5).len(), 3);
}

#[test]
fn a_kind_holds_what_is_of_a_kind_below_it() {
    let mut index = index(&[("drill", "de", "Bohrmaschine"), ("sofa", "en", "Sofa")]);
    index.insert(
        "said",
        [0; 32],
        Listing { category: "Werkzeug & Bauen".into(), ..listing("de", "Bosch PSB 500") },
    );
    let kind = |id: &str| Kind::with_id(id);
    let kinds: Vec<Option<Kind>> = ["drill", "said"].iter().map(|id| index.kind_of(id)).collect();
    assert!(kinds.iter().all(Option::is_some), "{kinds:?}");
    let query = Query { text: "Bohrmaschine", kind: kind("tools"), ..Query::default() };
    assert_eq!(found_by(&index, &query)[0], "drill");
    assert_eq!(found_by(&index, &Query { kind: kind("furniture"), ..query }), [""; 0]);
}

#[test]
fn a_search_that_finds_nothing_looks_farther_and_says_so() {
    let mut index = Index::new();
    let far = Listing { cell: "52.52,13.40".parse().ok(), terms: Terms::Loan, ..listing("de", "Leiter") };
    index.insert("far", [0; 32], far);
    let near = "49.0,8.4".parse().ok();
    let query = Query { text: "Leiter", near, within_km: Some(5.0), ..Query::default() };
    let found = index.search_wider(&query, 10);
    assert_eq!((found.hits.len(), found.widened), (1, Some(Widened::Distance)));
    let gift = Query { terms: Some(Terms::Gift), ..query };
    assert_eq!(index.search_wider(&gift, 10).widened, Some(Widened::Everything));
    let english: Option<Language> = "en".parse().ok();
    let query = Query { text: "Leiter", language: english, ..Query::default() };
    assert_eq!(index.search_wider(&query, 10).widened, Some(Widened::Language));
    assert_eq!(index.search_wider(&Query { text: "Elefant", ..query }, 10).hits, []);
}

#[test]
fn what_has_ended_is_not_found() {
    let mut index = Index::new();
    let until = Some(Timestamp::from_millis(1000));
    index.insert("soon over", [0; 32], Listing { until, ..listing("de", "Leiter") });
    assert_eq!(found(&index, "Leiter"), ["soon over"]);
    index.set_now(Timestamp::from_millis(1001));
    assert_eq!(found(&index, "Leiter"), [""; 0]);
}

#[test]
fn nothing_of_a_private_need_is_found_or_suggested() {
    let mut index = index(&[("ladder", "en", "Ladder")]);
    let need = Listing { side: Side::Need, ..listing("en", "Crutches") };
    index.insert_private("secret", [1; 32], need, Timestamp::from_millis(0));
    assert_eq!(found(&index, "crutches"), [""; 0]);
    assert_eq!(index.suggest("cr", 5), [""; 0]);
    assert_eq!(index.len(), 1);
    assert!(index.remove(&"secret"));
}

#[test]
fn what_a_search_rules_out_comes_last() {
    let index = index(&[("plastic", "en", "Plastic chair"), ("wooden", "en", "Old wooden chair")]);
    assert_eq!(found(&index, "chair"), ["plastic", "wooden"]);
    assert_eq!(found(&index, "chair without plastic")[0], "wooden");
}
