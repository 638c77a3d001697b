//! What meets across words and languages, what is told apart, and what each thing that a listing says does to the
//! points.

use crate::{Index, Match, Meaning};
use record::{Listing, Side, Timestamp};

const NEEDER: [u8; 32] = [1; 32];
const GIVER: [u8; 32] = [2; 32];
const DAY: u64 = 24 * 60 * 60 * 1000;

fn listing(side: Side, language: &str, title: &str) -> Listing {
    Listing { language: language.parse().ok(), ..Listing::new(side, title) }
}

fn index_of(need: &Listing, offer: &Listing) -> Index<&'static str> {
    let mut index = Index::new();
    index.insert("need", NEEDER, need.clone());
    index.insert("offer", GIVER, offer.clone());
    index
}

fn why(need: &Listing, offer: &Listing) -> Match<&'static str> {
    index_of(need, offer).why(&"need", &"offer").unwrap()
}

fn why_titles(language: &str, need: &str, other: &str, offer: &str) -> Match<&'static str> {
    why(&listing(Side::Need, language, need), &listing(Side::Offer, other, offer))
}

/// The points of the reason with this text, 0 if there is none.
fn points(found: &Match<&str>, text: &str) -> f64 {
    found.reasons.iter().find(|reason| reason.kind.to_string() == text).map_or(0.0, |reason| reason.points)
}

#[test]
fn a_need_meets_the_same_thing_in_other_words_and_languages() {
    for (language, need, other, offer) in [
        ("de", "Kinderwagen gesucht", "fr", "poussette"),
        ("de", "Kinderwagen gesucht", "en", "pram"),
        ("de", "Kinderwagen gesucht", "de", "Buggy, wie neu"),
        ("en", "bicycle", "de", "Fahrrad, kaum gebraucht"),
        ("de", "Leiter", "en", "ladder"),
        ("en", "sofa", "fr", "canapé"),
        ("en", "bookshelf", "de", "Bücherregal"),
        ("de", "Bücherregal", "de", "Regal für Bücher"),
        ("de", "Kinderfahrrad 20 Zoll", "de", "Fahrrad für Kinder, 20 Zoll"),
        ("en", "bike repair", "de", "Fahrradreparatur"),
        ("de", "Hilfe beim Umzug", "en", "help with moving house"),
        ("es", "Busco bicicleta", "de", "Fahrrad"),
        ("tr", "bebek arabası", "de", "Kinderwagen"),
        ("ar", "سرير أطفال", "de", "Kinderbett"),
        ("uk", "дитячий візок", "de", "Kinderwagen"),
    ] {
        let found = index_of(&listing(Side::Need, language, need), &listing(Side::Offer, other, offer))
            .matches_for(&"need", 5);
        assert_eq!(found.len(), 1, "{need} {offer} {:?}", why_titles(language, need, other, offer));
    }
    let found = why_titles("de", "Kinderwagen gesucht", "fr", "poussette");
    assert!(points(&found, "\"Kinderwagen\" and \"poussette\" are names of the same") > 0.5, "{found:?}");
}

#[test]
fn what_is_only_near_is_no_match() {
    for (language, need, other, offer) in [
        ("de", "Stuhl", "de", "Tisch"),
        ("de", "Bett", "de", "Matratze"),
        ("en", "Broken radio", "en", "Broken chair"),
        ("de", "Waschmaschine", "de", "Bohrmaschine"),
        ("en", "chair", "de", "Tisch"),
    ] {
        assert!(!why_titles(language, need, other, offer).fits, "{need} {offer}");
    }
    let found = why_titles("en", "Baby blanket", "en", "Baby shoes");
    assert!(points(&found, "\"blanket\" is another thing than \"shoes\"") < -0.05, "{found:?}");
}

#[test]
fn a_table_lamp_is_a_lamp_more_than_a_table() {
    let (lamp, table) =
        (why_titles("en", "lamp", "en", "table lamp"), why_titles("en", "table", "en", "table lamp"));
    assert!(lamp.fits && lamp.score > table.score + 0.2, "{lamp:?} {table:?}");
    assert!(points(&table, "\"table\" is not what is offered itself") < 0.0, "{table:?}");
}

#[test]
fn another_size_counts_against_a_match_and_the_same_one_for_it() {
    let need = "Winterjacke Gr. 38 gesucht";
    let same = why_titles("de", need, "de", "Winterjacke, Größe 38, rot");
    let other = why_titles("de", need, "de", "Winterjacke Größe 42");
    assert!(same.fits && !other.fits, "{same:?} {other:?}");
    assert!(points(&same, "both size 38") > 0.0, "{same:?}");
    assert!(points(&other, "needed is size 38, offered size 42") < -0.1, "{other:?}");
}

#[test]
fn what_one_side_rules_out_is_no_match() {
    let found = why_titles("en", "chair, no plastic", "en", "plastic chair");
    assert!(!found.fits && points(&found, "the need rules out \"plastic\"") < -0.3, "{found:?}");
    let found = why_titles("en", "bike with lights", "en", "bike without lights");
    assert!(!found.fits && points(&found, "the offer is without \"lights\"") < -0.3, "{found:?}");
    assert!(why_titles("en", "wooden chair, no plastic", "en", "wooden chair").fits);
}

#[test]
fn categories_that_have_nothing_to_do_with_each_other_count_against_a_match() {
    let basket =
        |side, category: &str| Listing { category: category.into(), ..listing(side, "en", "Basket") };
    let same = why(&basket(Side::Need, "Furniture"), &basket(Side::Offer, "Furniture"));
    let other = why(&basket(Side::Need, "Furniture"), &basket(Side::Offer, "Pets"));
    assert!(points(&same, "both in category Furniture") > 0.0, "{same:?}");
    assert!(other.score < same.score - 0.1, "{other:?}");
}

#[test]
fn there_are_enough_only_if_as_many_are_left_as_are_needed() {
    let chairs = |side, left| Listing { count: 9, left, ..listing(side, "en", "Chair") };
    let told = |left| {
        points(&why(&chairs(Side::Need, 4), &chairs(Side::Offer, left)), "there are enough: 4 or more")
    };
    assert!(told(4) > 0.0 && told(5) > 0.0);
    assert!(told(3).abs() < f64::EPSILON);
}

#[test]
fn a_new_offer_counts_a_little_more_and_what_has_ended_is_no_match() {
    let mut index = Index::new();
    let now = Timestamp::from_millis(400 * DAY);
    let until = Some(Timestamp::from_millis(401 * DAY));
    index.insert("need", NEEDER, listing(Side::Need, "en", "Ladder"));
    let offer = Listing { until, ..listing(Side::Offer, "en", "Ladder") };
    index.insert_at("offer", GIVER, offer, Timestamp::from_millis(397 * DAY));
    index.set_now(now);
    let found = index.matches_for(&"need", 5).pop().unwrap();
    let fresh = points(&found, "offered 3 days ago");
    index.set_now(now.minus_millis(3 * DAY));
    let today = points(&index.why(&"need", &"offer").unwrap(), "offered today");
    assert!(0.0 < fresh && fresh < today, "{fresh} {today}");
    index.set_now(now.plus_days(1));
    assert_eq!(index.matches_for(&"need", 5), []);
}

#[test]
fn among_equals_the_need_that_stands_longest_comes_first() {
    let mut index = Index::new();
    index.insert("offer", GIVER, listing(Side::Offer, "en", "Ladder"));
    for (id, since) in [("a", 3), ("b", 1), ("c", 2)] {
        index.insert_at(id, NEEDER, listing(Side::Need, "en", "Ladder"), Timestamp::from_millis(since));
    }
    let needs =
        |found: Vec<Match<&'static str>>| found.into_iter().map(|found| found.need).collect::<Vec<_>>();
    assert_eq!(needs(index.matches_for(&"offer", 5)), ["b", "c", "a"]);
    assert_eq!(needs(index.all_matches(5)), ["b", "c", "a"]);
}

#[test]
fn without_meanings_letters_are_enough_for_the_same_word() {
    let mut index = Index::with(Meaning::default());
    index.insert("need", NEEDER, listing(Side::Need, "de", "Bohrmaschiene gesucht"));
    index.insert("offer", GIVER, listing(Side::Offer, "de", "Verleihe Bohrmaschine"));
    index.insert("other", GIVER, listing(Side::Offer, "de", "Kinderwagen"));
    let found: Vec<&str> = index.matches_for(&"need", 5).into_iter().map(|found| found.offer).collect();
    assert_eq!(found, ["offer"]);
}
