//! Words that say little or nothing about which thing it is.
//!
//! The lists are written with accents, for people, and folded when they are read. A word that names a
//! thing in another of these languages ("car" is French for "because") is left out: often nobody knows
//! which language a text is in.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use crate::fold::fold;
use record::Language;

/// Articles, pronouns, prepositions and their like, by ISO 639-1 code.
const FUNCTION_WORDS: &[(&str, &str)] = &[
    (
        "de",
        "aber alle allem allen aller alles als also am an auch auf aus bei bin bis bitte da damit das dass dein deine dem den der des \
         dich die dies diese dieser dieses dir doch du durch ein eine einem einen einer eines er es etwas euch \
         für ganz gegen habe haben hallo hat hier ich ihm ihn ihr ihre im in ins ist ja jede jemand jetzt kann \
         kein keine können man mein meine meinem meinen meiner mich mir mit möchte nach nicht noch nur oder \
         ohne schon sehr sein seine sich sie sind so über um und uns unser unsere unter vom von vor was wenn \
         wer werden wie wieder wir wird wo zu zum zur zwischen",
    ),
    (
        "en",
        "a about after all also am an and any anyone are as at be been but by could do does for from had has \
         have he her hi his how i if in into is it its just me my no not of off on one or our out please s \
         she so some someone than that the their them then there these they this those to too up us very was we \
         were what when where which who will with would you your",
    ),
    (
        "es",
        "a al algo alguien algún alguna ante como con cual cuando de del desde donde e el ella en entre era es \
         esa ese eso esta este esto está hay la las le les lo los mi mis muy más ni no nos o para pero por que \
         qué quien se si sin sobre su sus también te tengo tu un una unas uno unos y ya yo",
    ),
    (
        "fr",
        "à au aux avec ce ces cet cette chez d dans de des du elle en est et eux il ils j je l la le les leur \
         lui ma mais me mes moi mon m n ne nos notre nous on ou où par pas plus pour qu que quelqu quelqu'un \
         qui s sa sans se ses son sont sur ta te tes toi ton très tu un une vos votre vous y",
    ),
    (
        "it",
        "a ad ai al alla alle anche che chi ci con da dal dalla dei del della delle di e ed è gli ha ho i il \
         in io l la le lei lo loro lui ma mi mia mio nel nella noi non o per più qualcuno questa questo se si \
         sono su sua sul suo ti tra un una uno vi voi",
    ),
    (
        "nl",
        "aan al als bij dan dat de den deze die dit door een en er ge heb hebben heeft het hij ik in is je jij \
         kan maar me met mij mijn naar niet nog of om onder ons onze ook op over te tot u uit uw van voor was \
         wat we werd wie wij wil worden zich zij zijn zo",
    ),
    (
        "pt",
        "a ao aos alguém algum alguma as até com como da das de dela dele do dos e é ela ele em entre essa \
         esse esta este eu isso já lhe mais mas me meu minha muito na nas no nos não o os ou para pela pelo \
         por que quem se sem seu sua são tem tenho também te um uma uns você",
    ),
];

/// Words that say whether a thing is offered or needed, in all languages.
const SIDE_WORDS: &str = "\
    abgabe abgeben abzugeben ausleihe ausleihen benötige benötigen benötigt biete bieten borgen brauche brauchen \
    gesucht leihe leihen leihweise suche suchen tausch tausche verleih verleihe verleihen verschenke verschenken \
    \
    available away borrow borrowing give giveaway giving lend lending loan looking need needed needs offer \
    offered offering offers search searching seek seeking sought swap want wanted \
    \
    busca buscamos busco cedo cedemos dona dono necesita necesitamos necesito ofrece ofrecemos ofrezco presto \
    prestamos querría regala regalo \
    \
    besoin cherche cherchons donne donnons offre offrons prête prêter recherche recherchons \
    \
    cerca cercasi cerchiamo cerco offriamo offro presta regalasi \
    \
    aangeboden bied geef gevraagd gezocht leen lenen uitlenen vraag weggeven zoek zoeken zoekt \
    \
    dou emprestar empresto ofereço precisa precisamos preciso procura procuramos procuro";

/// Words that stand beside all kinds of things and tell little, in all languages.
const WEAK_WORDS: &str = "\
    alt alte alten alter altes defekt defekte defekter defektes ding dinge diverse diverses elektr elektrisch elektrische \
    elektrischer elektrisches elektro farbe funktioniert \
    gebraucht gebrauchte gebrauchter gebrauchtes größe groß große großer großes gut gute guter gutes gratis hilfe \
    kaputt kaputte kaputter kaputtes klein kleine kleiner kleines komplett kostenlos leute mehrere neu neue neuer neues \
    neuwertig paar person personen sachen satz schön schöne schöner schönes set sets stück stücke teil teile verschiedene \
    verschiedenes zubehör \
    blau blaue braun braune gelb gelbe grau graue grün grüne hoch hohe kurz kurze lang lange leicht leichte rot \
    rote schwarz schwarze schwer schwere weiß weiße \
    \
    assorted bad beautiful big broken complete defective digital electric electrical electronic faulty free good great help item items kit kits large \
    little new nice old pack pair people person piece pieces several size small stuff thing things used various working works \
    black blue brown cold green grey heavy long red short soft tall thick thin warm white yellow \
    \
    antigua antiguo ayuda bueno buena cosas cosa estropeada estropeado gran grande juego nueva personas nuevo pequeña \
    pequeño piezas rota roto segunda mano usada usado varias varios vieja viejo \
    \
    aide ancien ancienne bon bonne cassé cassée choses chose divers diverses état grand gratuit jeu lot \
    neuf neuve nouveau nouvelle occasion petit petite pièces personnes plusieurs vieille vieux \
    \
    aiuto buona buono cose nuova nuovo persone piccola piccolo pezzi rotta rotto usata usato vari varie vecchia vecchio \
    \
    compleet dingen gebruikt gebruikte goed goede groot grote hulp kapot kapotte kleine nieuw nieuwe onderdelen \
    oud oude spullen stuk stuks werkt \
    \
    ajuda boa bom coisas nova novo partes pessoas peças pequena pequeno quebrado usada usado velha velho vários";

static FUNCTION: LazyLock<Vec<(&str, BTreeSet<String>)>> =
    LazyLock::new(|| FUNCTION_WORDS.iter().map(|(code, words)| (*code, folded(words))).collect());
static SIDE: LazyLock<BTreeSet<String>> = LazyLock::new(|| folded(SIDE_WORDS));
static WEAK: LazyLock<BTreeSet<String>> = LazyLock::new(|| folded(WEAK_WORDS));

fn folded(words: &str) -> BTreeSet<String> {
    words.split_whitespace().map(fold).collect()
}

/// Whether a folded word says nothing about the thing: a word of grammar in one of these languages
/// (no language: in any that we know), or one that says "offered" or "needed" in any.
pub(crate) fn says_nothing(folded: &str, languages: &[Language]) -> bool {
    SIDE.contains(folded)
        || FUNCTION
            .iter()
            .filter(|(code, _)| {
                languages.is_empty() || languages.iter().any(|language| language.code() == *code)
            })
            .any(|(_, words)| words.contains(folded))
}

/// Whether a folded word tells little about the thing: "new", "set", "broken", a number, a letter.
pub(crate) fn tells_little(folded: &str) -> bool {
    WEAK.contains(folded) || folded.len() == 1 || folded.chars().all(char::is_numeric)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn language(code: &str) -> [Language; 1] {
        [code.parse().unwrap()]
    }

    #[test]
    fn words_of_side_and_grammar_say_nothing() {
        for word in ["suche", "gesucht", "wanted", "looking", "busco", "verschenken", "zoek"] {
            assert!(says_nothing(word, &language("en")), "{word}");
        }
        assert!(says_nothing("fur", &language("de")));
        assert!(says_nothing("fur", &[]));
        assert!(!says_nothing("fur", &language("en")));
    }

    #[test]
    fn a_car_is_no_french_conjunction() {
        for thing in ["car", "drill", "velo", "come", "sale", "can"] {
            assert!(!says_nothing(thing, &[]), "{thing}");
        }
    }

    #[test]
    fn conditions_and_numbers_tell_little() {
        for word in ["set", "neu", "kaputt", "broken", "85", "pequeno"] {
            assert!(tells_little(word), "{word}");
        }
        assert!(!tells_little("20v"));
    }
}
