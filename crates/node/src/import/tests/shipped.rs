//! Real files: the demo's listings of lending shops, give-away shops and repair cafés.

use record::{Side, Terms};

use super::*;

const LEIHLOKAL: &[u8] = include_bytes!("../../../../cli/demo/leihlokal.csv");
const LIBRARY: &[u8] = include_bytes!("../../../../cli/demo/library.csv");
const GIVE_AWAY_SHOP: &[u8] = include_bytes!("../../../../cli/demo/give_away_shop.csv");
const HYGIENE_BANK: &[u8] = include_bytes!("../../../../cli/demo/hygiene_bank.csv");
const REPAIRS_DE: &[u8] = include_bytes!("../../../../cli/demo/repair_cafe_needs_de.csv");
const REPAIRS_NL: &[u8] = include_bytes!("../../../../cli/demo/repair_cafe_needs_nl.csv");
const NEIGHBOURS: &[u8] = include_bytes!("../../../../cli/demo/neighbours.csv");

#[test]
fn every_row_of_the_demos_files_becomes_a_listing() {
    for (name, bytes, rows) in [
        ("leihlokal.csv", LEIHLOKAL, 48),
        ("library.csv", LIBRARY, 37),
        ("give_away_shop.csv", GIVE_AWAY_SHOP, 40),
        ("hygiene_bank.csv", HYGIENE_BANK, 14),
        ("repair_cafe_needs_de.csv", REPAIRS_DE, 32),
        ("repair_cafe_needs_nl.csv", REPAIRS_NL, 12),
        ("neighbours.csv", NEIGHBOURS, 67),
    ] {
        let outcome = named(bytes, name);
        assert_eq!(outcome.rejected, [], "{name}");
        assert_eq!(outcome.rows.len(), rows, "{name}");
        for row in outcome.rows {
            assert!(row.listing.language.is_some(), "{name}: {:?}", row.listing);
            assert!(row.listing.into_listing().checked().is_ok(), "{name}");
        }
    }
}

#[test]
fn a_lending_shops_things_are_loans_with_their_brand_and_other_names() {
    let outcome = named(LEIHLOKAL, "leihlokal.csv");
    assert_eq!(languages(&outcome), ["de"]);
    let saw = outcome.rows.iter().find(|row| row.source_key == "id:15").unwrap();
    assert_eq!(saw.line, 9, "a header and six rows before it, one of them on two lines");
    assert_eq!(saw.listing.title, "Stichsäge");
    assert_eq!((saw.listing.side, saw.listing.terms, saw.listing.count), (Side::Offer, Terms::Loan, 1));
    assert_eq!(
        saw.listing.text,
        "mit Auffangbeutel von Bosch\nBrand: TOP Craft\nType: TPS 550E\nParts: 2\n\
         Synonyms: Laubsäge, Laubsägemaschine, Wippsäge"
    );
    let notes = outcome.notes.join("\n");
    assert!(notes.contains("not used: \"deposit_eur\", \"from_commit\""), "{notes}");
    assert!(notes.contains("not counted"), "{notes}");
}

#[test]
fn a_librarys_things_are_loans_that_name_the_library() {
    let outcome = named(LIBRARY, "library.csv");
    let first = &outcome.rows[0].listing;
    assert_eq!(first.terms, Terms::Loan);
    assert!(first.text.ends_with("\nLibrary: Morse Institute Library"), "{first:?}");
    assert_eq!(languages(&outcome), ["en"]);
}

#[test]
fn a_give_away_shops_things_are_gifts_with_their_sizes() {
    let outcome = named(GIVE_AWAY_SHOP, "give_away_shop.csv");
    let hats = outcome.rows.iter().find(|row| row.source_key == "id:169").unwrap();
    assert_eq!(hats.listing.terms, Terms::Gift);
    assert_eq!(hats.listing.text, "Gender: Unisex Kid\nSize range: Mixed sizes");
    assert_eq!(languages(&outcome), ["en"]);
}

#[test]
fn the_stock_of_two_branches_is_one_count() {
    let outcome = named(HYGIENE_BANK, "hygiene_bank.csv");
    let size_four = outcome.rows.iter().find(|row| row.source_key == "id:k_size4").unwrap();
    assert_eq!(size_four.listing.count, 25_472 + 3_616);
}

#[test]
fn broken_things_are_needs_for_a_repair_in_the_files_language() {
    let german = named(REPAIRS_DE, "repair_cafe_needs_de.csv");
    let first = &german.rows[0].listing;
    assert_eq!((first.side, first.terms), (Side::Need, Terms::Gift));
    assert_eq!(first.title, "Reparatur: Kaffeevollautomat");
    assert_eq!(first.text, "Undicht.\nBrand: Philips");
    assert_eq!(first.category, "Coffee maker");
    let unknown_brand = german.rows.iter().find(|row| row.source_key == "id:anstiftung_6670").unwrap();
    assert_eq!(unknown_brand.listing.text, "Wasser läuft daneben vorbei.");
    let dutch = named(REPAIRS_NL, "repairs.csv");
    assert_eq!(languages(&dutch), ["nl"]);
    assert_eq!(dutch.rows[2].listing.title, "Reparatie: stofzuiger");
}

#[test]
fn neighbours_say_themselves_what_they_need_and_in_which_language() {
    let outcome = named(NEIGHBOURS, "neighbours.csv");
    let needs = outcome.rows.iter().filter(|row| row.listing.side == Side::Need).count();
    assert_eq!((needs, outcome.rows.len() - needs), (41, 26));
    assert_eq!(languages(&outcome), ["de", "en", "es", "fr", "nl"]);
    let centre = "49.00,8.40".parse::<record::Cell>().unwrap();
    for row in &outcome.rows {
        let distance = row.listing.place.unwrap().distance_km(centre);
        assert!(distance < 12.0, "{distance}: {:?}", row.listing);
    }
}

#[test]
fn reading_a_file_again_names_its_rows_the_same() {
    for bytes in [LEIHLOKAL, NEIGHBOURS] {
        let keys = |outcome: Outcome| outcome.rows.into_iter().map(|row| row.source_key).collect::<Vec<_>>();
        let first = keys(named(bytes, "a.csv"));
        assert_eq!(first, keys(named(bytes, "b_nl.csv")));
        let mut distinct = first.clone();
        distinct.sort();
        distinct.dedup();
        assert_eq!(distinct.len(), first.len());
    }
}
