//! What matches, what does not, and why.

use crate::{Index, Match};
use record::{Cell, Listing, Side, Terms};

use super::OF_EACH_NEED;

const NEEDER: [u8; 32] = [1; 32];
const GIVER: [u8; 32] = [2; 32];

fn listing(side: Side, language: &str, title: &str) -> Listing {
    Listing { language: language.parse().ok(), ..Listing::new(side, title) }
}

/// The match of a need and an offer with these titles, by two members.
fn of_titles(language: &str, need: &str, offer: &str) -> Option<Match<&'static str>> {
    of_listings(&listing(Side::Need, language, need), &listing(Side::Offer, language, offer))
}

fn of_listings(need: &Listing, offer: &Listing) -> Option<Match<&'static str>> {
    let mut index = Index::new();
    index.insert("need", NEEDER, need.clone());
    index.insert("offer", GIVER, offer.clone());
    index.matches_for(&"need", 10).pop()
}

fn texts(found: &Match<&str>) -> Vec<String> {
    found.reasons.iter().map(|reason| reason.kind.to_string()).collect()
}

#[test]
fn a_need_finds_the_offer_that_says_the_same() {
    let found = of_titles("de", "Bohrmaschine gesucht", "Verleihe Bohrmaschinen").unwrap();
    assert_eq!((found.need, found.offer), ("need", "offer"));
    assert_eq!(
        texts(&found),
        ["both say \"Bohrmaschine\"", "both are power tools & machines", "both as a gift"]
    );
}

#[test]
fn an_offer_finds_the_need_with_the_same_score() {
    let mut index = Index::new();
    index.insert("need", NEEDER, listing(Side::Need, "en", "Looking for a drill"));
    index.insert("offer", GIVER, listing(Side::Offer, "en", "Drill driver, 20V"));
    index.insert("far", GIVER, listing(Side::Offer, "en", "Toaster"));
    assert_eq!(index.matches_for(&"offer", 10), index.matches_for(&"need", 10));
    assert_eq!(index.matches_for(&"offer", 10), index.all_matches(10));
    assert_eq!(index.all_matches(10).len(), 1);
}

#[test]
fn a_slip_and_a_compound_are_understood() {
    for (language, need, offer, reason) in [
        ("de", "Bohrmaschiene", "Bohrmaschine", "\"Bohrmaschiene\" and \"Bohrmaschine\" are alike"),
        ("de", "Schrauber", "Akkuschrauber Bosch", "\"Schrauber\" and \"Akkuschrauber\" are alike"),
        ("en", "snow shoes", "Snowshoes", "both say \"snow shoes\""),
        (
            "en",
            "Birdwatching",
            "Bird watching kit",
            "\"Birdwatching\" and \"watching\" mean something similar",
        ),
    ] {
        let found = of_titles(language, need, offer);
        assert_eq!(texts(&found.unwrap())[0], reason);
    }
}

#[test]
fn other_things_are_no_match() {
    for (language, need, offer) in [
        ("de", "Waschmaschine", "Bohrmaschine"),
        ("de", "Fahrrad", "Fahrradanhänger"),
        ("de", "Kaffeevollautomat", "Hörnchen-Automat"),
        ("en", "table", "tablet"),
        ("en", "ring", "string"),
        ("en", "toothbrush", "toaster"),
        ("en", "Baby blanket", "Baby shoes"),
    ] {
        assert_eq!(of_titles(language, need, offer), None, "{need} {offer}");
    }
}

#[test]
fn a_title_that_the_other_one_holds_as_a_whole_is_a_match() {
    assert!(of_titles("en", "Wooden ladder", "Ladder").is_some());
    assert!(of_titles("en", "Drill", "Drill PSB 1800 by Bosch with a case").is_some());
}

#[test]
fn a_word_that_stands_everywhere_makes_no_match() {
    for (language, need, offer) in [
        ("de", "Neues Messer-Set", "Neues Set Gläser"),
        ("en", "Broken radio", "Broken chair"),
        ("de", "Suche Hilfe für 3 Personen", "Zelt für 3 Personen"),
    ] {
        assert_eq!(of_titles(language, need, offer), None, "{need} {offer}");
    }
}

#[test]
fn whoever_needs_a_repair_is_not_helped_by_a_loan() {
    assert_eq!(of_titles("de", "Reparatur: Toaster", "Toaster"), None);
    assert_eq!(of_titles("en", "Toaster", "I repair toasters"), None);
    let found = of_titles("de", "Reparatur: Kaffeevollautomat", "Repariere Kaffeevollautomaten").unwrap();
    let texts = texts(&found);
    assert!(texts.contains(&"both are about repair".to_owned()), "{texts:?}");
    assert!(texts.contains(&"both say \"Kaffeevollautomat\"".to_owned()), "{texts:?}");
}

#[test]
fn distance_and_category_alone_make_no_match() {
    let cell: Cell = "49.0069,8.4037".parse().unwrap();
    let mut need = listing(Side::Need, "en", "Lawn mower");
    let mut offer = listing(Side::Offer, "en", "Watering can");
    for listing in [&mut need, &mut offer] {
        listing.cell = Some(cell);
        listing.category = "Garden".into();
        listing.text = "For the weekend in the garden".into();
    }
    assert_eq!(of_listings(&need, &offer), None);
    offer.title = "Lawn mower".into();
    let found = of_listings(&need, &offer).unwrap();
    assert_eq!(
        texts(&found),
        ["both say \"Lawn\" and \"mower\"", "in the same area", "both in category Garden", "both as a gift"]
    );
}

#[test]
fn what_is_near_and_on_the_same_terms_comes_first() {
    let mut need = listing(Side::Need, "en", "Ladder");
    need.cell = "49.0069,8.4037".parse().ok();
    need.terms = Terms::Loan;
    let near = Listing { side: Side::Offer, ..need.clone() };
    let far = Listing { cell: "52.52,13.40".parse().ok(), ..near.clone() };
    let gift = Listing { terms: Terms::Gift, ..far.clone() };
    let mut index = Index::new();
    index.insert(1, GIVER, gift);
    index.insert(2, GIVER, far);
    index.insert(3, GIVER, near);
    index.insert(4, NEEDER, need);
    let offers: Vec<i32> = index.matches_for(&4, 10).into_iter().map(|found| found.offer).collect();
    assert_eq!(offers, [3, 2, 1]);
}

#[test]
fn the_lister_never_matches_itself() {
    let mut index = Index::new();
    index.insert("need", NEEDER, listing(Side::Need, "en", "Ladder"));
    index.insert("offer", NEEDER, listing(Side::Offer, "en", "Ladder"));
    assert_eq!(index.all_matches(10), []);
}

#[test]
fn what_is_gone_and_what_is_on_the_same_side_never_match() {
    let need = listing(Side::Need, "en", "Ladder");
    let offer = listing(Side::Offer, "en", "Ladder");
    assert!(of_listings(&need, &offer).is_some());
    assert_eq!(of_listings(&need, &Listing { left: 0, ..offer.clone() }), None);
    assert_eq!(of_listings(&Listing { left: 0, ..need.clone() }, &offer), None);
    assert_eq!(of_listings(&need, &need), None);
}

#[test]
fn a_private_need_matches_without_being_in_the_index() {
    let mut index = Index::new();
    index.insert("offer", GIVER, listing(Side::Offer, "en", "Ladder"));
    let need = listing(Side::Need, "en", "A ladder, please");
    assert_eq!(index.matches_with(&"private", NEEDER, &need, 10).len(), 1);
    assert_eq!(index.matches_with(&"private", GIVER, &need, 10), []);
    assert_eq!(index.matches_for(&"private", 10), []);
    assert_eq!(index.len(), 1);
}

#[test]
fn one_popular_need_does_not_fill_the_list_of_all() {
    let mut index = Index::new();
    for number in 0..40 {
        index.insert(number, GIVER, listing(Side::Offer, "en", "Ladder"));
    }
    index.insert(100, NEEDER, listing(Side::Need, "en", "Ladder"));
    index.insert(101, NEEDER, listing(Side::Need, "en", "Wooden ladder"));
    assert_eq!(index.all_matches(100).len(), 2 * OF_EACH_NEED);
    assert_eq!(index.all_matches(3).len(), 3);
    assert_eq!(index.matches_for(&100, 100).len(), 40);
}
