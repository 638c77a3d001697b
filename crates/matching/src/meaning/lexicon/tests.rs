//! What the shipped lexicon holds, and what becomes of a damaged one.

use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

use super::*;

fn language(code: &str) -> Language {
    code.parse().unwrap()
}

fn concepts(lexicon: Lexicon, text: &str) -> BTreeSet<Concept> {
    lexicon.senses(&key(text)).map(|sense| sense.concept).collect()
}

fn meet(one: &str, other: &str) -> bool {
    let lexicon = Lexicon::shipped();
    !concepts(lexicon, one).is_disjoint(&concepts(lexicon, other))
}

fn kinds(text: &str) -> BTreeSet<&'static str> {
    let lexicon = Lexicon::shipped();
    concepts(lexicon, text).into_iter().filter_map(|concept| lexicon.kind_of(concept)).map(Kind::id).collect()
}

#[test]
fn every_phrase_is_in_the_form_in_which_it_is_looked_up() {
    let lexicon = Lexicon::shipped();
    let mut before = String::new();
    let mut count = 0;
    for phrase in lexicon.starting_with("", usize::MAX) {
        assert_eq!(key(&phrase), phrase);
        assert!(before < phrase, "{before} before {phrase}");
        assert!(phrase.split(' ').count() <= lexicon.longest_phrase(), "{phrase}");
        assert!(lexicon.senses(&phrase).next().is_some(), "{phrase} names nothing");
        before = phrase;
        count += 1;
    }
    assert!(count > 100_000, "{count} phrases");
}

#[test]
fn every_concept_is_whole() {
    let lexicon = Lexicon::shipped();
    assert!(lexicon.languages().count() >= 22);
    assert!(lexicon.concepts().count() > 1_000);
    for concept in lexicon.concepts() {
        assert!(lexicon.id_of(concept).is_some_and(|id| !id.is_empty()));
        let name = lexicon.name_of(concept, language("en")).unwrap();
        let named = lexicon.senses(&key(name)).any(|sense| sense.concept == concept);
        let words = key(name).split(' ').count();
        assert!(named || words > lexicon.longest_phrase(), "{name} does not lead to itself");
    }
}

#[test]
fn the_file_knows_the_kinds_of_the_tree() {
    let lexicon = Lexicon::shipped();
    let ids: Vec<&str> = (0..lexicon.kinds.len())
        .map(|place| std::str::from_utf8(lexicon.kinds.part(place).unwrap()).unwrap())
        .collect();
    assert_eq!(ids, Kind::all().map(Kind::id).collect::<Vec<_>>(), "run data/make.py again");
}

#[test]
fn the_file_knows_the_things_of_the_tables() {
    let lexicon = Lexicon::shipped();
    for (code, table) in [
        ("en", include_str!("../../../data/things/en.tsv")),
        ("de", include_str!("../../../data/things/de.tsv")),
        ("el", include_str!("../../../data/things/el.tsv")),
    ] {
        for line in table.lines() {
            let (id, names) = line.split_once('\t').unwrap();
            for name in names.split([',', ';']) {
                let found = lexicon.senses(&key(name)).any(|sense| lexicon.id_of(sense.concept) == Some(id));
                assert!(found || key(name).split(' ').count() > 4, "{code}: {name}: run data/make.py again");
            }
        }
    }
}

#[test]
fn words_of_many_languages_meet() {
    assert!(meet("bicycle", "Fahrrad"));
    assert!(meet("vélo", "bicicleta"));
    assert!(meet("велосипед", "دراجة"));
    assert!(meet("자전거", "自転車"));
    assert!(meet("Leiter", "échelle"));
    assert!(meet("Hammer", "martello"));
    assert!(meet("tent", "Zelt"));
    assert!(meet("pram", "Kinderwagen"));
    assert!(meet("poussette", "детская коляска"));
    assert!(meet("Bohrmaschine", "perceuse"));
    assert!(!meet("Hammer", "Zelt"));
}

#[test]
fn words_lead_to_their_kind() {
    assert!(kinds("Fahrrad").contains("bicycles"));
    assert!(kinds("chaise").contains("seating"));
    assert!(kinds("Akkuschrauber").contains("power-tools"));
    assert!(kinds("Klempner").contains("trades"));
    assert!(kinds("школа").contains("lessons"));
    assert!(kinds("gâteau").contains("bread"));
}

#[test]
fn a_source_can_be_left_out() {
    let all = Lexicon::shipped();
    for (source, word) in [(Source::Cldr, "accordion"), (Source::Osm, "florist"), (Source::Own, "sander")] {
        assert!(all.senses(word).any(|sense| all.source_of(sense.concept) == Some(source)), "{word}");
        let without = all.without(source);
        assert!(without.senses(word).all(|sense| all.source_of(sense.concept) != Some(source)), "{word}");
        assert!(without.concepts().count() < all.concepts().count());
        assert!(without.concepts().all(|concept| all.source_of(concept) != Some(source)));
    }
    let none = all.without(Source::Osm).without(Source::Cldr).without(Source::Own);
    assert_eq!(none.concepts().count(), 0);
}

#[test]
fn phrases_are_found_by_their_beginning() {
    let lexicon = Lexicon::shipped();
    let found: Vec<String> = lexicon.starting_with("fahrrad", 5).collect();
    assert_eq!(found.len(), 5);
    assert_eq!(found.first().map(String::as_str), Some("fahrrad"));
    assert!(found.iter().all(|phrase| phrase.starts_with("fahrrad")));
    assert_eq!(lexicon.starting_with("qqqqq", 5).count(), 0);
    assert_eq!(lexicon.starting_with("\u{10ffff}", 5).count(), 0);
}

#[test]
fn a_concept_has_its_name_in_each_language() {
    let lexicon = Lexicon::shipped();
    let bicycle = lexicon.concepts().find(|concept| lexicon.id_of(*concept) == Some("🚲")).unwrap();
    assert_eq!(lexicon.name_of(bicycle, language("de")), Some("Fahrrad"));
    assert_eq!(lexicon.name_of(bicycle, language("fr")), Some("vélo"));
    assert_eq!(lexicon.name_of(bicycle, language("xx")), None);
}

#[test]
fn unknown_words_name_nothing() {
    let lexicon = Lexicon::shipped();
    for word in ["", " ", "qqqqq", "a", "\u{10ffff}", "Fahrrad"] {
        assert_eq!(lexicon.senses(word).count(), 0, "{word}");
    }
    assert_eq!(Lexicon::EMPTY.senses("fahrrad").count(), 0);
}

/// A small lexicon of two phrases, as bytes.
fn small() -> Vec<u8> {
    let table = |parts: &[&[u8]]| {
        let mut made = 0_u32.to_le_bytes().to_vec();
        let mut end = 0;
        for part in parts {
            end += u32::try_from(part.len()).unwrap();
            made.extend(end.to_le_bytes());
        }
        made.extend(parts.concat());
        made
    };
    let mut file = MAGIC.to_vec();
    for count in [2_u32, 1, 1, 2, 1] {
        file.extend(count.to_le_bytes());
    }
    file.extend(b"deen");
    file.extend(table(&[b"books"]));
    file.extend(table(&[b"\x00\x00\x01x\x00\x04Buch\x01\x04book"]));
    file.extend(table(&[b"\x00\x04book\x01\x00\x00\x04\x01\x03uch\x01\x00\x00\x00"]));
    file
}

fn leaked(bytes: Vec<u8>) -> &'static [u8] {
    Box::leak(bytes.into_boxed_slice())
}

/// Asks for everything that can be asked for.
fn ask(lexicon: Lexicon) {
    for phrase in lexicon.starting_with("", 100).chain(["book", "buch", "", "bz"].map(str::to_owned)) {
        let _ = lexicon.senses(&phrase).count();
    }
    for concept in lexicon.concepts().take(100).chain([Concept(u16::MAX)]) {
        let _ = (lexicon.kind_of(concept), lexicon.source_of(concept), lexicon.id_of(concept));
        let _ = (lexicon.name_of(concept, language("de")), lexicon.name_of(concept, language("en")));
    }
    let _ = (lexicon.languages().count(), lexicon.longest_phrase());
}

#[test]
fn a_small_lexicon_is_read() {
    let lexicon = Lexicon::read(leaked(small())).unwrap();
    assert_eq!(lexicon.starting_with("b", 9).collect::<Vec<_>>(), ["book", "buch"]);
    let sense = lexicon.senses("buch").next().unwrap();
    assert_eq!((sense.language, sense.strength), (language("de"), Strength::Name));
    assert_eq!(lexicon.kind_of(sense.concept).map(Kind::id), Some("books"));
    assert_eq!(lexicon.name_of(sense.concept, language("en")), Some("book"));
    assert_eq!(lexicon.senses("boo").count() + lexicon.senses("bucht").count(), 0);
}

#[test]
fn a_file_that_ends_early_is_refused() {
    let file = leaked(small());
    for length in 0..file.len() {
        assert!(Lexicon::read(&file[..length]).is_err(), "{length}");
    }
    assert_eq!(Lexicon::read(b"meaning2").err(), Some(BrokenLexicon));
}

proptest! {
    #[test]
    fn no_damage_stops_the_reader(changes in vec((any::<Index>(), any::<u8>()), 1..6)) {
        let mut file = small();
        for (place, byte) in changes {
            let place = place.index(file.len());
            file[place] = byte;
        }
        if let Ok(lexicon) = Lexicon::read(leaked(file)) {
            ask(lexicon);
        }
    }

    #[test]
    fn no_bytes_stop_the_reader(bytes in vec(any::<u8>(), 0..200)) {
        if let Ok(lexicon) = Lexicon::read(leaked([MAGIC, &bytes].concat())) {
            ask(lexicon);
        }
    }

    #[test]
    fn a_key_is_its_own_key(text in "[a-zA-ZäöüßéèñçğışаеиνσΣ '.,-]{0,40}") {
        let once = key(&text);
        prop_assert_eq!(key(&once), once);
    }
}
