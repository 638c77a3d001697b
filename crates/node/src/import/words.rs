//! The words that cells hold: offer and need, terms, marks of deletion, and ways to say nothing.

use record::{Side, Terms};

use super::names::{fold, is_in};

const OFFER: &str = "offer offers offered offering have give giving available angebot angebote \
    anbieten biete bietet oferta ofertas ofrezco ofrece offre offres propose jepropose aanbod \
    aangeboden bied offerta offerte offro oferece ofereco";
const NEED: &str = "need needs needed want wants wanted request requests seek seeking lookingfor \
    suche sucht gesuch gesuche gesucht bedarf brauche anfrage demanda demandas necesidad \
    necesidades necesito busco busca demande demandes besoin besoins cherche jecherche recherche \
    vraag gevraagd gezocht zoek nodig richiesta richieste bisogno cerco procura pedido preciso";
const GIFT: &str = "gift gifts giveaway free donation geschenk schenken verschenken \
    zuverschenken schenkung gratis kostenlos regalo donacion cadeau don adonner weggeven dono \
    regalare doacao";
const LOAN: &str = "loan lend lending borrow leihe leihen verleih verleihen ausleihe ausleihen \
    leihgabe zuverleihen prestamo prestar pret preter apreter lenen uitlenen uitleen lening \
    prestito emprestimo";
const HOURS: &str = "hours hour timebank timecredits stunden zeit zeitbank zeittausch horas heures uren ore";
const POOL: &str = "pool grouppurchase sammelbestellung compracolectiva";

const DELETED: &str = "deleted delete removed archived retired withdrawn lost sold disposed \
    trash geloscht archiviert entfernt ausgemustert verloren verkauft entsorgt eliminado borrado \
    archivado perdido vendido supprime archive perdu vendu verwijderd gearchiveerd kwijt \
    verkocht eliminato cancellato archiviato perso venduto";

/// Words for a row as good as any.
const USUAL: &str = "active aktiv activo actif actief instock available verfugbar disponible ok";

const YES: &str = "yes y true 1 x ja j wahr si oui vrai verdadero vero";
const NO: &str = "no n false 0 nein falsch non faux nee falso";

/// Ways to leave a cell empty in words; dashes and the like are no letters and need no entry.
const NOTHING: &str = "none null nan unknown unbekannt onbekend inconnu inconnue desconocido \
    desconocida sconosciuto sconosciuta keineangabe";
const NOTHING_WITH_SIGNS: &[&str] = &["n/a", "n.a.", "k.a.", "k. a."];

/// The side that a cell names.
pub(super) fn side(text: &str) -> Option<Side> {
    let word = fold(text);
    if is_in(OFFER, &word) {
        Some(Side::Offer)
    } else if is_in(NEED, &word) {
        Some(Side::Need)
    } else {
        None
    }
}

/// The terms that a cell names.
pub(super) fn terms(text: &str) -> Option<Terms> {
    let word = fold(text);
    let lists = [(GIFT, Terms::Gift), (LOAN, Terms::Loan), (HOURS, Terms::Hours), (POOL, Terms::Pool)];
    lists.into_iter().find(|(list, _)| is_in(list, &word)).map(|(_, terms)| terms)
}

/// What a cell of a column for the status says of its row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// The row is not to be taken.
    Gone,
    /// The row is as good as any.
    Usual,
    /// The cell says something else, such as "lent out".
    Other,
}

/// Reads the status in `text` of a column whose folded name is `column`.
pub(super) fn standing(column: &str, text: &str) -> Standing {
    if says_nothing(text) {
        return Standing::Usual;
    }
    let word = fold(text);
    let (is_yes, is_no) = (is_in(YES, &word), is_in(NO, &word));
    match column {
        "shownonwebsite" | "showonwebsite" if is_no => Standing::Gone,
        "deleted" | "isdeleted" | "archived" | "isarchived" | "geloscht" | "archiviert" if is_yes => {
            Standing::Gone
        }
        _ if is_in(DELETED, &word) => Standing::Gone,
        _ if is_yes || is_no || is_in(USUAL, &word) => Standing::Usual,
        _ => Standing::Other,
    }
}

/// Whether a cell is empty, whatever stands in it to say so.
pub(super) fn says_nothing(text: &str) -> bool {
    const LONGEST: usize = 16;
    let text = text.trim();
    if text.len() > LONGEST {
        return false;
    }
    let lower = text.to_lowercase();
    let word = fold(text);
    NOTHING_WITH_SIGNS.contains(&lower.as_str())
        || is_in(NOTHING, &word)
        || (word.is_empty() && !has_symbol(text))
}

/// Whether a text without letters still shows something: an emoji, a sign of another script.
pub(super) fn has_symbol(text: &str) -> bool {
    text.chars().any(|character| {
        !character.is_ascii()
            && !character.is_alphanumeric()
            && !character.is_whitespace()
            && !matches!(character, '\u{2010}'..='\u{2027}' | '¿' | '¡' | '·')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sides_are_known_in_several_languages() {
        for word in ["offer", "Angebot", "biete", "OFERTA", "offre", "aangeboden", "offro"] {
            assert_eq!(side(word), Some(Side::Offer), "{word}");
        }
        for word in ["need", "Gesuch", "suche", "necesidad", "demanda", "je cherche", "gevraagd", "cerco"] {
            assert_eq!(side(word), Some(Side::Need), "{word}");
        }
        assert_eq!(side("PBH 16 RE"), None);
        assert_eq!(terms("zu verschenken"), Some(Terms::Gift));
        assert_eq!(terms("Prêt"), Some(Terms::Loan));
        assert_eq!(terms("12 horas"), None);
    }

    #[test]
    fn a_row_is_gone_when_its_status_says_so() {
        assert_eq!(standing("status", "deleted"), Standing::Gone);
        assert_eq!(standing("status", "Gelöscht"), Standing::Gone);
        assert_eq!(standing("status", "instock"), Standing::Usual);
        assert_eq!(standing("status", "onbackorder"), Standing::Other);
        assert_eq!(standing("deleted", "1"), Standing::Gone);
        assert_eq!(standing("deleted", "false"), Standing::Usual);
        assert_eq!(standing("shownonwebsite", "No"), Standing::Gone);
        assert_eq!(standing("shownonwebsite", "yes"), Standing::Usual);
    }

    #[test]
    fn dashes_and_unknown_say_nothing() {
        for text in ["", " ", "-", "–", "--", "N/A", "Unknown", "onbekend", "?", "k.A.", "…", "."] {
            assert!(says_nothing(text), "{text}");
        }
        for text in ["0", "No. 5", "🎸", "unknown origin", "日本"] {
            assert!(!says_nothing(text), "{text}");
        }
    }

    #[test]
    fn no_word_means_two_sides_or_two_terms() {
        assert!(OFFER.split(' ').all(|word| !is_in(NEED, word)));
        let terms = [GIFT, LOAN, HOURS, POOL];
        for (at, list) in terms.iter().enumerate() {
            for other in &terms[at + 1..] {
                assert!(list.split(' ').all(|word| !is_in(other, word)));
            }
        }
        let all = [OFFER, NEED, GIFT, LOAN, HOURS, POOL, DELETED, USUAL, YES, NO, NOTHING];
        for word in all.join(" ").split(' ') {
            assert_eq!(fold(word), word);
        }
    }
}
