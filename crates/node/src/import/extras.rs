//! Columns that tell people something more and have no field: brand, size, condition, library.
//!
//! They go into the text as lines of their own, `Brand: Bosch`. Every column that is not listed here
//! stays out, since it may hold what was never meant to be public: a donor, a price, a remark.

use record::tidy_line;

use super::names::{fold, is_in};
use super::words::says_nothing;

const EXTRAS: &[&str] = &[
    // who made it, and which one
    "brand manufacturer maker marke hersteller marca marque merk fabricante type typ model \
     modell modele modelo modello tipo",
    // what belongs to it
    "parts components pieces accessories contents content includes package packaging teile \
     anzahlteile zubehor zubehoer inhalt verpackung partes piezas accesorios contenido \
     accessoires contenu onderdelen toebehoren inhoud accessori contenuto",
    // other words for it
    "synonyms synonyme sinonimos synonymes synoniemen sinonimi alsoknownas auchbekanntals tags \
     keywords schlagworte schlagworter stichworte etiquetas palabrasclave motscles trefwoorden \
     etichette",
    // for whom it fits
    "size sizes sizerange dimensions grosse groesse grossen masse talla tallas tamano medidas \
     taille tailles dimensionen maat maten afmetingen taglia misure weight gewicht peso poids \
     gender geschlecht genero sexe geslacht genere age agerange alter edad leeftijd eta ages",
    // how it is
    "condition zustand estado etat staat condizione conservacion colour color farbe couleur \
     kleur colore cor material materiale materiaal materiau matiere",
    // how to use it
    "manual anleitung bedienungsanleitung instrucciones modedemploi handleiding istruzioni \
     careinformation care pflege pflegehinweise safety sicherheitshinweise allergens allergene",
    // where it stands, by name
    "library location branch bibliothek standort filiale biblioteca bibliotheque bibliotheek \
     locatie",
];

/// Columns that count the parts of one thing: a single part is not worth a line.
const PARTS: &str = "parts teile anzahlteile pieces partes piezas onderdelen";

/// Columns for the name of a site: a shop's branch, and sometimes somebody's address.
const SITES: &str = "location branch standort filiale locatie";

/// Whether a column of this folded name goes into the text.
pub(super) fn is_extra(folded: &str) -> bool {
    EXTRAS.iter().any(|group| is_in(group, folded))
}

/// The line for the text, or none where the cell says nothing.
pub(super) fn line(column: &str, cell: &str) -> Option<String> {
    let value = tidy_line(cell);
    if says_nothing(&value) {
        return None;
    }
    if matches!(value.as_str(), "0" | "1") && is_in(PARTS, &fold(column)) {
        return None;
    }
    // A number beside a place's name is a street's, and that is nobody's business.
    if value.contains(|found: char| found.is_ascii_digit()) && is_in(SITES, &fold(column)) {
        return None;
    }
    // Lists that a database wrote with semicolons read better with commas.
    let value = if value.contains("; ") && !value.contains(',') { value.replace(';', ",") } else { value };
    Some(format!("{}: {value}", label(column)))
}

/// A column's name as a label: `size_range` becomes `Size range`, `KARTON` becomes `Karton`.
pub(super) fn label(column: &str) -> String {
    const SHOUTED: usize = 4;
    let mut spaced = String::with_capacity(column.len());
    let mut before_is_lower = false;
    for character in column.chars() {
        if character == '_' {
            spaced.push(' ');
        } else if character.is_uppercase() && before_is_lower {
            spaced.push(' ');
            spaced.extend(character.to_lowercase());
        } else {
            spaced.push(character);
        }
        before_is_lower = character.is_lowercase();
    }
    let words = tidy_line(&spaced);
    let calm = words.split(' ').map(|word| {
        let is_shouted = word.chars().count() >= SHOUTED && !word.chars().any(char::is_lowercase);
        if is_shouted { word.to_lowercase() } else { word.to_owned() }
    });
    let name = calm.collect::<Vec<_>>().join(" ");
    let mut rest = name.chars();
    match rest.next() {
        Some(first) => first.to_uppercase().chain(rest).collect(),
        None => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_the_columns_own_names_made_readable() {
        assert_eq!(label("brand"), "Brand");
        assert_eq!(label("size_range"), "Size range");
        assert_eq!(label("sizeRange"), "Size range");
        assert_eq!(label("GRÖSSE"), "Grösse");
        assert_eq!(label("DIN A4"), "DIN A4");
        assert_eq!(label(" größe "), "Größe");
    }

    #[test]
    fn empty_cells_and_single_parts_give_no_line() {
        assert_eq!(line("brand", " Bosch\n"), Some("Brand: Bosch".to_owned()));
        assert_eq!(line("brand", "-"), None);
        assert_eq!(line("brand", "Unknown"), None);
        let site = line("location", "Oststadt");
        assert_eq!(site, Some("Location: Oststadt".to_owned()));
        assert_eq!(line("location", "Uferweg 3"), None);
        assert_eq!(line("parts", "1"), None);
        assert_eq!(line("parts", "4"), Some("Parts: 4".to_owned()));
        assert_eq!(line("tags", "a; b;c"), Some("Tags: a, b,c".to_owned()));
    }

    #[test]
    fn every_name_is_written_folded() {
        for name in EXTRAS.join(" ").split(' ').chain(PARTS.split(' ')) {
            assert_eq!(fold(name), name);
        }
    }
}
