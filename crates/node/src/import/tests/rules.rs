//! What a file means: names of columns, words in cells, and what is not taken.

use record::{Side, Terms};

use super::*;

#[test]
fn rows_without_an_id_are_named_by_what_they_say_wherever_they_stand() {
    let first = plain("name,text\nA,x\nB,y\n");
    let moved = plain("text,name\ny,B\n\"x\",A\n");
    assert_eq!(first.rows[0].source_key, moved.rows[1].source_key);
    assert_eq!(first.rows[1].source_key, moved.rows[0].source_key);
    assert!(first.rows[0].source_key.starts_with("row:"));
}

#[test]
fn an_exact_repeat_is_another_thing_and_a_reused_id_is_rejected() {
    let outcome = plain("id,name\n7,Chair\n7,Chair\n7,Table\n,Lamp\n,Lamp\n");
    let keys: Vec<&str> = outcome.rows.iter().map(|row| row.source_key.as_str()).collect();
    assert_eq!(&keys[..2], ["id:7", "repeat 2 of id:7"]);
    assert_eq!(keys[3], format!("repeat 2 of {}", keys[2]));
    assert_eq!(outcome.rejected.len(), 1);
    assert_eq!(outcome.rejected[0].line, 4);
    assert!(outcome.rejected[0].reason.contains("line 2 has the same id, \"7\""), "{outcome:?}");
}

#[test]
fn bad_rows_are_reported_with_their_line_and_reason() {
    let long = "x".repeat(10_000);
    for (row, reason) in [
        (format!("{long},,,"), "the title has 10000 characters; at most 120 fit"),
        (format!("A,{long},,"), "the text has 10000 characters; at most 2000 fit"),
        (",only a text,,".to_owned(), "the title is empty"),
        ("-,,,".to_owned(), "the title is empty"),
        ("\u{200b}\u{202e},,,".to_owned(), "the title is empty"),
        ("A,,-3,".to_owned(), "the count is -3"),
        ("A,,three,".to_owned(), "\"three\" is no whole number"),
        ("A,,1,next week".to_owned(), "\"next week\" is no date"),
        ("A,,1,2026-12-31,extra".to_owned(), "5 cells"),
        (format!("A,{},1,", "\u{1f600}".repeat(1990)), "bytes; at most"),
    ] {
        let outcome = plain(&format!("name,description,count,until\n\n{row}\n"));
        let found = only_reason(&outcome);
        assert!(found.contains(reason), "{found}");
        assert_eq!(outcome.rejected[0].line, 3);
    }
}

#[test]
fn rows_that_the_file_marks_as_deleted_are_not_taken() {
    let outcome = plain("name,status\nA,deleted\nB,onbackorder\nC,instock\n");
    assert_eq!(
        outcome.rejected[0].reason,
        "the file marks it as deleted or hidden: \"status\" is \"deleted\""
    );
    assert_eq!(outcome.rows.len(), 2);
    assert!(outcome.notes.iter().any(|note| note.contains("\"onbackorder\" (1)")), "{:?}", outcome.notes);
    let hidden = plain("Name\tShown on website\nA\tNo\nB\tYes\n");
    assert_eq!(hidden.rows.len(), 1);
}

#[test]
fn columns_are_known_in_several_languages() {
    for header in [
        "Bezeichnung;Beschreibung;Kategorie;Anzahl;Angebot/Gesuch",
        "Título;Descripción;Categoría;Cantidad;Oferta/Demanda",
        "Nom;Descriptif;Catégorie;Quantité;Offre/Demande",
        "Naam;Omschrijving;Categorie;Aantal;Vraag/Aanbod",
        "Titolo;Descrizione;Categoria;Quantità;Offerta/Richiesta",
        "ITEM NAME;Long description;Category;QTY;Offer/Need",
    ] {
        let outcome = plain(&format!("{header}\nA;x;y;3;Gesuch\n"));
        let draft = &outcome.rows[0].listing;
        assert_eq!((draft.title.as_str(), draft.text.as_str()), ("A", "x"), "{header}");
        assert_eq!((draft.category.as_str(), draft.count, draft.side), ("y", 3, Side::Need), "{header}");
    }
}

#[test]
fn kind_is_the_side_only_where_it_says_offer_or_need() {
    let side = plain("kind,title\nofrezco,A\nbusco,B\nbusca?,C\nsell,D\n");
    assert_eq!(side.rows[1].listing.side, Side::Need);
    assert!(side.rejected.iter().any(|row| row.reason.contains("\"sell\" is neither")), "{side:?}");
    let model = plain("type,title\nPBH 16,A\nGDS 16,B\n");
    assert_eq!(model.rows[0].listing.text, "Type: PBH 16");
    let category = plain("kind,title\nTools,A\nTools,B\nBooks,C\nBooks,D\n");
    assert_eq!(category.rows[0].listing.category, "Tools");
    let terms = plain("type,title\nloan,A\ngift,B\n");
    assert_eq!((terms.rows[0].listing.terms, terms.rows[1].listing.terms), (Terms::Loan, Terms::Gift));
}

#[test]
fn a_time_banks_offers_and_needs_are_for_hours() {
    let text = "kind,title,description,category_id,tags\noffer,Yoga,\"Una\n  sesión\",5,Yoga; Meditación\nneed,Cocina,,7,\n";
    let outcome = named(text.as_bytes(), "banco_es.csv");
    assert_eq!(outcome.rows[0].listing.terms, Terms::Hours);
    assert_eq!(outcome.rows[0].listing.text, "Una\n  sesión\nTags: Yoga, Meditación");
    assert_eq!((outcome.rows[1].line, outcome.rows[1].listing.side), (4, Side::Need));
    assert_eq!(languages(&outcome), ["es"]);
}

#[test]
fn what_lend_engine_takes_and_gives_is_understood() {
    let import = "Code\tName\tShort description\tLong description\tComponents\tCare information\tSerial\t\
                  Brand\tPrice paid\tValue\tLoan fee\tLoan period\tKeywords\tReservable\tCategory\n\
                  SH-1\tDesk lamp\tWorks\tE27 bulb\tLamp, cable\tDust it\t123\tIKEA\t5\t3\t0\t7\tlamp\tyes\tHousehold\n";
    let export = "Added on,Code,Name,Type,Serial number,Condition,Tags,Location,Brand,Price paid,\
                  Value (RRP),Shown on website,Loan fee,Loan period,Short description,Long description,\
                  Components,Care information,Keywords\n\
                  2020-01-01,SH-1,Desk lamp,loan,123,Good,,Main site,IKEA,5,3,Yes,0,7,Works,E27 bulb,\"Lamp, cable\",Dust it,lamp\n";
    for text in [import, export] {
        let outcome = plain(text);
        let row = &outcome.rows[0];
        assert_eq!(row.source_key, "id:SH-1");
        assert_eq!((row.listing.title.as_str(), row.listing.terms), ("Desk lamp", Terms::Loan));
        assert!(row.listing.text.starts_with("Works\nE27 bulb\n"), "{row:?}");
        assert!(row.listing.text.contains("Brand: IKEA"), "{row:?}");
        assert!(!row.listing.text.contains("123"), "{row:?}");
    }
    assert!(plain(export).rows[0].listing.text.contains("Condition: Good\nLocation: Main site"));
}

#[test]
fn our_own_export_is_read_back() {
    let line = r#"{"id":"bafyrei1","key":"00112233445566778899aabbccddeeff","author":"did:key:z6Mk","side":"need","terms":"loan","title":"Leiter","text":"3 m","category":"Garten","language":"de","count":2,"left":1,"cell":"871faac96ffffff","revision":1790000000000,"expires":1800000000000,"until":1795000000000}"#;
    for text in [line.to_owned(), format!("[{line}]"), format!("{line}\n")] {
        let outcome = plain(&text);
        let row = &outcome.rows[0];
        assert_eq!(row.source_key, "key:00112233445566778899aabbccddeeff");
        let draft = &row.listing;
        assert_eq!((draft.side, draft.terms, draft.count), (Side::Need, Terms::Loan, 2));
        assert_eq!((draft.title.as_str(), draft.text.as_str()), ("Leiter", "3 m"));
        assert_eq!(draft.place.unwrap().to_string(), "871faac96ffffff");
        assert_eq!(draft.until.unwrap().millis(), 1_795_000_000_000);
        assert_eq!(languages(&outcome), ["de"]);
    }
}

#[test]
fn what_the_person_says_wins() {
    let text = "Sache;name;side;Sprache\nLeiter;Maria;need;de\n";
    let outcome = mapped(text, &[(Field::Title, "sache")]).unwrap();
    assert_eq!(outcome.rows[0].listing.title, "Leiter");
    assert_eq!(outcome.rows[0].listing.text, "", "a column that is not known stays out");
    assert!(outcome.notes.iter().any(|note| note.contains("not used: \"name\"")), "{:?}", outcome.notes);
    let options = Options {
        side: Some(Side::Offer),
        terms: Some(Terms::Loan),
        language: "nl".parse().ok(),
        category: Some("Tuin".to_owned()),
        ..Options::default()
    };
    let draft = read(text.as_bytes(), &options).unwrap().rows.remove(0).listing;
    assert_eq!((draft.side, draft.terms, draft.category.as_str()), (Side::Offer, Terms::Loan, "Tuin"));
    assert_eq!(draft.language, "nl".parse().ok());
    let joined = mapped("t,a,b\nX,1,2\n", &[(Field::Title, "t"), (Field::Text, "b"), (Field::Text, "a")]);
    assert_eq!(joined.unwrap().rows[0].listing.text, "2\n1");
}

#[test]
fn a_wrong_mapping_is_answered_with_the_columns_that_there_are() {
    let wrong = mapped("Sache,Ort\nLeiter,KA\n", &[(Field::Title, "Ding")]).unwrap_err();
    assert_eq!(wrong.to_string(), "--map title=Ding: the file has no such column; it has \"Sache\", \"Ort\"");
    let none = plain_error("Sache,Ort\nLeiter,KA\n").to_string();
    assert!(none.contains("\"Sache\", \"Ort\"") && none.contains("--map title="), "{none}");
    let twice = mapped("a,b\n1,2\n", &[(Field::Title, "a"), (Field::Title, "b")]);
    assert_eq!(twice, Err(ImportError::MappedTwice(Field::Title)));
}

#[test]
fn a_file_may_name_its_separator() {
    for separator in [',', ';', '\t', '|'] {
        let text = format!("sep={separator}\r\nname{separator}count\r\nA{separator}3\r\n");
        let outcome = plain(&text);
        assert_eq!((outcome.rows[0].line, outcome.rows[0].listing.count), (3, 3), "{text:?}");
    }
}

#[test]
fn a_persons_name_beside_a_thing_is_not_the_title() {
    let outcome = plain("name,phone,item\nMaria,0151,Ladder\n");
    assert_eq!(outcome.rows[0].listing.title, "Ladder");
    assert_eq!(outcome.rows[0].listing.text, "");
    let padded = plain("title,,,\nLadder,,,\n");
    assert_eq!(padded.rows[0].listing.title, "Ladder");
    let numbered = plain("item,name\n17,Ladder\n18,Drill\n");
    assert_eq!(numbered.rows[0].listing.title, "Ladder");
}

#[test]
fn places_become_coarse_cells_and_other_texts_do_not() {
    let outcome = plain("title,place\nA,\"49.0069,8.4037\"\nB,871faac96ffffff\nC,\nD,\"95,0\"\n");
    assert_eq!(outcome.rows[0].listing.place, "49.0069,8.4037".parse().ok());
    assert!(outcome.rows[2].listing.place.is_none());
    assert!(outcome.rejected[0].reason.contains("not on the globe"), "{outcome:?}");
    let german = plain("Titel;Breitengrad;Längengrad\nA;49,0069;8,4037\nB;49;\n");
    assert_eq!(german.rows[0].listing.place, "49.0069,8.4037".parse().ok());
    assert!(german.rejected[0].reason.contains("no longitude"), "{german:?}");
    let address = plain("title,place,long\nA,Uferweg 3,12 cm\n");
    assert_eq!(address.rows[0].listing.text, "", "an address is never copied into a text");
}

#[test]
fn a_file_that_is_none_says_what_to_do() {
    assert_eq!(plain_error(" \n\n"), ImportError::Empty);
    assert_eq!(read(b"", &Options::default()), Err(ImportError::Empty));
    assert!(matches!(read(b"PK\x03\x04xlsx", &Options::default()), Err(ImportError::NotText(_))));
    let large = vec![b'a'; MAX_FILE + 1];
    assert!(matches!(read(&large, &Options::default()), Err(ImportError::TooLarge { .. })));
    assert_eq!(plain("[]").rows, []);
    assert_eq!(plain("[1,\"x\"]").rejected.len(), 2);
    assert_eq!(plain("name,text\n").notes.last().unwrap(), "the file has no rows");
}
