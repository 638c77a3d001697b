//! The names that columns usually have, in the languages of those who write them.
//!
//! Names are compared folded: lower case, letters and digits only, without diacritics. So `Größe`,
//! `GRÖSSE` and `grosse`, or `size_range` and `Size Range`, are one name.

use super::Field;

/// How much a name says about what its column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trust {
    /// The name is enough.
    Name,
    /// The cells must bear it out: `kind` may say offer or need, or the kind of thing.
    Cells,
}

/// A field's usual names, the best first, with blanks between them (a folded name has none).
struct Names {
    field: Field,
    sure: &'static str,
    if_cells_agree: &'static str,
}

/// In the order in which fields choose their column. A column is given to one field only, so that
/// `type` goes to the side if it holds offers and needs, else to the terms, else to the category.
const NAMES: &[Names] = &[
    Names {
        field: Field::Id,
        sure: "id itemid itemcode uuid uid key code sku artikelnummer artikelnr artnr \
            inventarnummer inventarnr inventorynumber inventoryid assettag barcode strichcode \
            identifier kennung codigo codigobarras numeroinventaire codeinventaire referentie \
            artikelcode codice callnumber",
        if_cells_agree: "number itemnumber nummer nr no num numero lfdnr ref reference referenz \
            referencia riferimento signatur",
    },
    Names {
        field: Field::Title,
        sure: "title itemname nameofitem nameofthing productname titel bezeichnung \
            artikelbezeichnung artikelname titulo nombredelarticulo titre intitule artikelnaam \
            titolo tytul название наименование",
        // Some of these may be numbers. A bare "name" comes last: beside an "item" it is a person's.
        if_cells_agree: "item thing product gegenstand artikel ding articulo objeto objet \
            article voorwerp oggetto articolo name nombre nom naam nome nazwa",
    },
    Names {
        field: Field::Side,
        sure: "side offerneed offerorneed needoffer offerwant offerorwant offerrequest \
            angebotgesuch angebotodergesuch angebotsuche ofertademanda ofertanecesidad \
            offredemande vraagaanbod vraagenaanbod vraagofaanbod offertarichiesta",
        if_cells_agree: "kind type typ art tipo soort genre direction richtung listingtype \
            posttype anzeigenart anzeigentyp",
    },
    Names {
        field: Field::Terms,
        sure: "terms",
        if_cells_agree: "konditionen bedingungen condiciones conditions voorwaarden condizioni \
            kind type typ art tipo soort genre mode modus transactiontype",
    },
    Names {
        field: Field::Category,
        sure: "category categories categoryname kategorie kategorien rubrik warengruppe \
            sachgruppe produktgruppe categoria categorias categorie rubrique rubriek typeofthing \
            kindofthing itemtype producttype productcategory kategoria категория",
        if_cells_agree: "kind type typ art tipo soort genre group gruppe grupo",
    },
    Names {
        field: Field::Count,
        sure: "count quantity qty copies numberofcopies howmany anzahl menge stuckzahl \
            stueckzahl exemplare cantidad unidades quantite aantal hoeveelheid quantita \
            quantidade ilosc количество",
        if_cells_agree: "nombre stuck stueck stock bestand lagerbestand onhand available instock \
            units existencias",
    },
    Names {
        field: Field::Language,
        sure: "language lang locale sprache idioma lengua langue taal lingua jezyk",
        if_cells_agree: "",
    },
    Names {
        field: Field::Latitude,
        sure: "latitude lat breitengrad geobreite latitud latitudine breedtegraad",
        if_cells_agree: "",
    },
    Names {
        field: Field::Longitude,
        sure: "longitude lon lng long langengrad laengengrad geolange geolaenge longitud \
            longitudine lengtegraad",
        if_cells_agree: "",
    },
    Names {
        field: Field::Place,
        sure: "cell h3 h3cell coordinates koordinaten coordenadas coordonnees coordinaten \
            coordinate latlon latlng latlong",
        if_cells_agree: "place location ort standort lugar ubicacion lieu plaats locatie luogo geo gps",
    },
    Names {
        field: Field::Until,
        sure: "until validuntil availableuntil expires expiry expirydate expirationdate \
            gultigbis gueltigbis verfugbarbis verfuegbarbis validohasta disponiblehasta jusquau \
            valablejusquau geldigtot beschikbaartot finoa validofinoa",
        if_cells_agree: "bis hasta tot ate enddate",
    },
    Names {
        field: Field::Status,
        sure: "status itemstatus deleted isdeleted archived isarchived geloscht archiviert \
            shownonwebsite showonwebsite",
        if_cells_agree: "",
    },
    Names {
        field: Field::Text,
        sure: "text description shortdescription longdescription fulldescription details summary \
            beschreibung kurzbeschreibung langbeschreibung artikelbeschreibung descripcion \
            descripcioncorta descripcionlarga descriptif descriptioncourte descriptionlongue \
            beschrijving omschrijving descrizione descricao opis описание",
        // Remarks are often meant for the desk only: taken where there is no description, else left.
        if_cells_agree: "notes note notizen notiz bemerkung bemerkungen anmerkung anmerkungen \
            hinweis hinweise comment comments kommentar notas observaciones comentarios \
            remarques commentaire commentaires opmerking opmerkingen notities osservazioni \
            observacoes",
    },
];

/// Columns by which a file shows that its things are lent: whole names, and beginnings of names.
const LENDING: &str = "library reservable pfand leihfrist leihdauer caution fianza cauzione borg duedate";
const LENDING_BEGINNINGS: &str = "deposit kaution loan leihgebuhr leihgebuehr ausleih borrow uitleen borgsom";

/// The fields in the order in which they choose, each with the names that it looks for.
pub(super) fn candidates() -> impl Iterator<Item = (Field, &'static str, Trust)> {
    NAMES.iter().flat_map(|names| {
        let words = |list: &'static str| list.split(' ').filter(|name| !name.is_empty());
        let sure = words(names.sure).map(|name| (names.field, name, Trust::Name));
        let agree = words(names.if_cells_agree).map(|name| (names.field, name, Trust::Cells));
        sure.chain(agree)
    })
}

/// Whether a column's name says anything to us.
pub(super) fn is_known(column: &str) -> bool {
    let folded = fold(column);
    candidates().any(|(_, name, _)| name == folded) || super::extras::is_extra(&folded)
}

/// Whether two names of columns are the same one.
pub(super) fn same(one: &str, other: &str) -> bool {
    fold(one) == fold(other)
}

/// Whether a column of this folded name shows that the file's things are lent.
pub(super) fn shows_lending(folded: &str) -> bool {
    is_in(LENDING, folded) || LENDING_BEGINNINGS.split(' ').any(|begin| folded.starts_with(begin))
}

/// Whether a folded word is in a list of them with blanks between.
pub(super) fn is_in(list: &str, word: &str) -> bool {
    !word.is_empty() && list.split(' ').any(|other| other == word)
}

/// A name as it is compared: lower case, letters and digits only, without diacritics.
pub(super) fn fold(name: &str) -> String {
    let mut folded = String::with_capacity(name.len());
    for character in name.chars().flat_map(char::to_lowercase) {
        match bare(character) {
            Some(letters) => folded.push_str(letters),
            None if character.is_alphanumeric() => folded.push(character),
            None => {}
        }
    }
    folded
}

/// The plain letters of a Latin letter that has more than those.
fn bare(character: char) -> Option<&'static str> {
    Some(match character {
        'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' | 'ā' | 'ă' | 'ą' => "a",
        'ç' | 'ć' | 'č' | 'ĉ' | 'ċ' => "c",
        'ď' | 'đ' | 'ð' => "d",
        'è' | 'é' | 'ê' | 'ë' | 'ē' | 'ė' | 'ę' | 'ě' => "e",
        'ğ' | 'ĝ' | 'ġ' | 'ģ' => "g",
        'ì' | 'í' | 'î' | 'ï' | 'ī' | 'į' | 'ı' => "i",
        'ľ' | 'ĺ' | 'ļ' | 'ł' => "l",
        'ñ' | 'ń' | 'ň' | 'ņ' => "n",
        'ò' | 'ó' | 'ô' | 'õ' | 'ö' | 'ø' | 'ō' | 'ő' => "o",
        'ŕ' | 'ř' => "r",
        'ś' | 'š' | 'ş' | 'ș' => "s",
        'ť' | 'ţ' | 'ț' => "t",
        'ù' | 'ú' | 'û' | 'ü' | 'ū' | 'ů' | 'ű' | 'ų' => "u",
        'ý' | 'ÿ' => "y",
        'ź' | 'ž' | 'ż' => "z",
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        // Ordinal signs and combining marks count as letters in Unicode and are none here.
        'º' | 'ª' | '\u{300}'..='\u{36f}' => "",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_punctuation_and_diacritics_do_not_matter() {
        assert_eq!(fold("Größe"), "grosse");
        assert_eq!(fold("size_range"), fold("Size Range"));
        assert_eq!(fold("Título*"), "titulo");
        assert_eq!(fold("Cafe\u{301}"), "cafe");
        assert_eq!(fold("İd"), "id");
        assert_eq!(fold("N.º"), "n");
    }

    #[test]
    fn every_name_in_the_tables_is_written_folded() {
        let lending = LENDING.split(' ').chain(LENDING_BEGINNINGS.split(' '));
        for name in candidates().map(|(_, name, _)| name).chain(lending) {
            assert_eq!(fold(name), name);
        }
    }

    #[test]
    fn no_field_lists_a_name_twice() {
        let mut seen = std::collections::BTreeSet::new();
        for (field, name, _) in candidates() {
            assert!(seen.insert((field, name)), "{field}: {name}");
        }
    }

    #[test]
    fn deposits_and_loan_periods_show_lending() {
        for name in ["deposit_eur", "Kaution", "Loan period", "library", "Ausleihdauer"] {
            assert!(shows_lending(&fold(name)), "{name}");
        }
        assert!(!shows_lending("category"));
    }
}
