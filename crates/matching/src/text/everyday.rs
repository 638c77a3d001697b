//! Words that say little or nothing about which thing it is.
//!
//! The lists are written with accents, for people, and folded when they are read. A word that names a
//! thing in another of these languages ("car" is French for "because") is left out: often nobody knows
//! which language a text is in.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use crate::text::fold::fold;
use record::Language;

/// Articles, pronouns, prepositions and their like, by ISO 639-1 code.
const FUNCTION_WORDS: &[(&str, &str)] = &[
    (
        "de",
        "aber alle allem allen aller alles als also am an auch auf aus bei bin bis bitte da damit das dass dein deine dem den der des \
         beim ins zur dich die dies diese dieser dieses dir doch du durch ein eine einem einen einer eines er es etwas euch \
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

/// Words that say whether a thing is offered or needed, or how it changes hands, by ISO 639-1 code.
const SIDE_WORDS: &[(&str, &str)] = &[
    (
        "de",
        "abgabe abgeben abzugeben abholer abholung angebot ausleihe ausleihen benötige benötigen benötigt biete bieten \
         borgen brauche brauchen braucht gesuch gesucht leihe leihen leihweise selbstabholer selbstabholung \
         selbstabholende suche suchen sucht tausch tausche tauschen übrig verleih verleihe verleihen \
         verschenke verschenken verschenkt wunsch wünsche",
    ),
    (
        "en",
        "available away borrow borrowing collection give giveaway giving lend lending loan looking need needed \
         needing needs offer offered offering offers pickup search searching seek seeking sought spare swap \
         want wanted wanting",
    ),
    (
        "es",
        "busca buscamos busco cedo cedemos dona dono necesita necesitamos necesito ofrece ofrecemos ofrezco \
         presto prestamos querría regala regalamos regalo",
    ),
    ("fr", "besoin cherche cherchons donne donnons offre offrons prête prêter recherche recherchons"),
    ("it", "cerca cercasi cerchiamo cerco offriamo offro presta regalasi regaliamo regalo"),
    (
        "nl",
        "aangeboden bied geef gevraagd gezocht leen lenen nodig uitlenen vraag weggeven zoek zoeken zoekt",
    ),
    ("pl", "oddam potrzebny potrzebna potrzebuję pożyczę poszukuję szukam zamienię"),
    ("pt", "dou emprestar empresto ofereço precisa precisamos preciso procura procuramos procuro"),
    ("ru", "возьму ищу нужен нужна нужно нужны отдам отдаю подарю предлагаю"),
    ("tr", "arıyorum aranıyor gerekli lazım ödünç verilecek veriyorum"),
    ("uk", "віддам віддаю потрібен потрібна потрібно потрібні пропоную шукаю"),
    ("ar", "أبحث أحتاج أعرض للإعارة للإهداء مطلوب"),
];

/// Phrases that stand in listings of all kinds and say nothing about the thing, in all languages, a line each.
const PHRASES: &str = "\
    aus tierfreiem haushalt
    aus nichtraucherhaushalt
    tierfreier haushalt
    tierfreier nichtraucherhaushalt
    nichtraucherhaushalt
    rauchfreier haushalt
    gegen abholung
    an selbstabholer
    nur abholung
    nur an selbstabholer
    nur selbstabholer
    nur selbstabholung
    keine garantie
    keine rücknahme
    gut erhalten
    gut erhaltene
    gut erhaltener
    gut erhaltenes
    guter zustand
    im guten zustand
    in gutem zustand
    in sehr gutem zustand
    sehr guter zustand
    wie neu
    so gut wie neu
    kaum benutzt
    kaum gebraucht
    wenig benutzt
    zu haben
    auf der suche nach
    wer hat
    hat jemand
    vielen dank
    danke im voraus
    from a smoke free home
    from a smoke free and pet free home
    smoke free home
    smoke and pet free home
    pet free home
    pet and smoke free home
    non smoking home
    pick up only
    pickup only
    collection only
    collect only
    must be collected
    buyer collects
    in search of
    on the lookout for
    does anyone have
    has anyone got
    good condition
    in good condition
    excellent condition
    in excellent condition
    very good condition
    good working order
    in good working order
    like new
    as new
    hardly used
    barely used
    free to a good home
    to a good home
    thanks in advance
    first come first served
    à venir chercher
    à retirer sur place
    à récupérer sur place
    bon état
    en bon état
    très bon état
    en très bon état
    comme neuf
    comme neuve
    peu servi
    maison non fumeur
    à la recherche de
    merci d avance
    buen estado
    en buen estado
    muy buen estado
    como nuevo
    como nueva
    poco uso
    solo recogida
    recogida en mano
    a recoger
    casa sin humo
    gracias de antemano
    buono stato
    in buono stato
    ottimo stato
    in ottimo stato
    come nuovo
    come nuova
    solo ritiro
    ritiro a mano
    bom estado
    em bom estado
    como novo
    como nova
    alleen ophalen
    op te halen
    zelf ophalen
    goede staat
    in goede staat
    zo goed als nieuw
    rookvrij huis
    op zoek naar
    dobry stan
    stan bardzo dobry
    jak nowy
    odbiór osobisty
    в хорошем состоянии
    хорошее состояние
    как новый
    самовывоз
    iyi durumda";

/// What a word between two others says about the one that follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Link {
    /// What the thing is for or of ("for", "de").
    For,
    /// What comes with it ("with", "including").
    With,
    /// What it lacks, or must not be ("without", "no").
    Without,
}

/// Links, in all languages that don't use them for something else.
const LINKS: &[(Link, &str)] = &[
    (
        Link::For,
        "for für fuer pour para per voor för til till dla для için of von aus de du des di della delle del da do der \
         av af od von vom",
    ),
    (
        Link::With,
        "with mit avec con com met med ile incl including inkl inklusive inclusive inclus incluido plus samt dazu",
    ),
    (
        Link::Without,
        "without ohne sans sin senza sem zonder utan uden uten bez без no not kein keine keinen keiner keines \
         keinem nicht pas geen niet nie nessun nessuna ikke ingen inga nem χωρίς fără",
    ),
];

/// Words that stand beside all kinds of things and tell little, in all languages.
const WEAK_WORDS: &str = "\
    gr größen cm mm kg zoll liter \
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

static FUNCTION: LazyLock<Vec<(&str, BTreeSet<String>)>> = LazyLock::new(|| by_language(FUNCTION_WORDS));
static SIDE: LazyLock<Vec<(&str, BTreeSet<String>)>> = LazyLock::new(|| by_language(SIDE_WORDS));
static SIDE_IN_ANY: LazyLock<BTreeSet<&str>> =
    LazyLock::new(|| SIDE.iter().flat_map(|(_, words)| words.iter().map(String::as_str)).collect());
static WEAK: LazyLock<BTreeSet<String>> = LazyLock::new(|| folded(WEAK_WORDS));
/// Phrases by their first word, as folded words; the longest first.
static PHRASE: LazyLock<BTreeMap<String, Vec<Vec<String>>>> = LazyLock::new(|| {
    let mut phrases: BTreeMap<String, Vec<Vec<String>>> = BTreeMap::new();
    for line in PHRASES.lines() {
        let words: Vec<String> = line.split_whitespace().map(fold).collect();
        if let Some(first) = words.first() {
            phrases.entry(first.clone()).or_default().push(words);
        }
    }
    phrases.values_mut().for_each(|phrases| phrases.sort_by_key(|words| Reverse(words.len())));
    phrases
});
static LINK: LazyLock<BTreeMap<String, Link>> = LazyLock::new(|| {
    LINKS.iter().flat_map(|(link, words)| words.split_whitespace().map(|word| (fold(word), *link))).collect()
});

fn by_language(lists: &[(&'static str, &str)]) -> Vec<(&'static str, BTreeSet<String>)> {
    lists.iter().map(|(code, words)| (*code, folded(words))).collect()
}

fn folded(words: &str) -> BTreeSet<String> {
    words.split_whitespace().map(fold).collect()
}

/// Whether a folded word says nothing about the thing: a word of grammar in one of these languages
/// (no language: in any that we know), or one that says "offered" or "needed" in any.
pub(crate) fn says_nothing(folded: &str, languages: &[Language]) -> bool {
    let spoken =
        |code: &str| languages.is_empty() || languages.iter().any(|language| language.code() == code);
    SIDE_IN_ANY.contains(folded)
        || FUNCTION.iter().filter(|(code, _)| spoken(code)).any(|(_, words)| words.contains(folded))
}

/// The languages whose texts use a folded word for grammar, or for "offered" and "needed".
pub(crate) fn spoken_in(folded: &str) -> impl Iterator<Item = &'static str> {
    let lists = FUNCTION.iter().chain(SIDE.iter());
    lists.filter(move |(_, words)| words.contains(folded)).map(|(code, _)| *code)
}

/// What a folded word says about the one that follows.
pub(crate) fn link(folded: &str) -> Option<Link> {
    LINK.get(folded).copied()
}

/// How many of these folded words, from the first one on, are a phrase that says nothing about the thing.
pub(crate) fn phrase_at<'w>(mut folded: impl Iterator<Item = &'w str> + Clone) -> usize {
    let rest = folded.clone();
    let Some(phrases) = folded.next().and_then(|first| PHRASE.get(first)) else { return 0 };
    let here = |words: &&Vec<String>| {
        let mut said = rest.clone();
        words.iter().all(|word| said.next() == Some(word.as_str()))
    };
    phrases.iter().find(here).map_or(0, Vec::len)
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
