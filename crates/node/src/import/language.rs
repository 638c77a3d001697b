//! The language of a file's listings: from its name, or from what it says.

use std::collections::BTreeSet;

use record::Language;
use whatlang::{Detector, Lang};

use super::columns::{Plan, Shape};
use super::names::{fold, is_in};
use super::table::Table;
use super::{Field, Options};

/// Languages with the words that cells, and names of files, may have for them (folded): the three
/// letters of ISO 639-2, and their names in English, themselves, and where they are often written.
const LANGUAGES: &[(&str, Lang, &str)] = &[
    ("en", Lang::Eng, "eng english englisch ingles anglais engels inglese"),
    ("de", Lang::Deu, "deu ger german deutsch aleman allemand duits tedesco"),
    ("fr", Lang::Fra, "fra fre french franzosisch francais frances frans francese"),
    ("es", Lang::Spa, "spa spanish spanisch espanol castellano espagnol spaans spagnolo"),
    ("it", Lang::Ita, "ita italian italienisch italiano italien italiaans"),
    ("nl", Lang::Nld, "nld dut dutch niederlandisch nederlands neerlandais olandese"),
    ("pt", Lang::Por, "por portuguese portugiesisch portugues portugais"),
    ("ca", Lang::Cat, "cat catalan katalanisch catala"),
    ("pl", Lang::Pol, "pol polish polnisch polski"),
    ("cs", Lang::Ces, "ces cze czech tschechisch cestina"),
    ("tr", Lang::Tur, "tur turkish turkisch turkce"),
    ("sv", Lang::Swe, "swe swedish schwedisch svenska"),
    ("da", Lang::Dan, "dan danish danisch dansk"),
    ("ro", Lang::Ron, "ron rum romanian rumanisch romana"),
    ("ru", Lang::Rus, "rus russian russisch русский"),
    ("uk", Lang::Ukr, "ukr ukrainian ukrainisch украінська"),
    ("el", Lang::Ell, "ell gre greek griechisch"),
    ("ar", Lang::Ara, "ara arabic arabisch العربية"),
    ("fa", Lang::Pes, "fas per persian farsi persisch"),
    ("he", Lang::Heb, "heb hebrew hebraisch"),
    ("hi", Lang::Hin, "hin hindi"),
    ("zh", Lang::Cmn, "zho chi chinese chinesisch"),
    ("ja", Lang::Jpn, "jpn japanese japanisch"),
    ("ko", Lang::Kor, "kor korean koreanisch 한국어"),
];

/// Languages that are told from others only with much text; short lists mislead the detector into
/// them. They are taken where somebody names them, and never guessed.
const NEVER_GUESSED: &[Lang] = &[Lang::Cat, Lang::Dan, Lang::Ron, Lang::Ces, Lang::Swe];

/// Small words, and names of things that people give and lend (folded).
const EVERYDAY: &[(&str, &str)] = &[
    (
        "en",
        "and with for the of from set kit kids baby adult small large size sizes shoes books bag \
         bags bowls dishes gloves hats jackets trousers blankets pillows towels toys tool tools \
         camera table chair light bed box cloth pads wipes hand long short men women boys girls \
         new food water kitchen bibs socks scarves jumpers tents tent drill ladder lamp works \
         scratch garden games",
    ),
    (
        "de",
        "und mit fur von aus der die das im zum zur ohne gross klein grosse kinder damen herren \
         jacke hose hemd kleid schuhe bucher tasche decke kissen handtuch spielzeug werkzeug \
         stuhl tisch lampe bett kiste kuche neu gut garten fahrrad bohrmaschine leiter topf \
         teller tassen sage zelt koffer",
    ),
    (
        "fr",
        "et avec pour le la les des du sans grand petit taille enfant enfants femme homme veste \
         chemise robe chaussures livres sac sacs couverture oreiller serviette jouets outils \
         chaise lit cuisine neuf jardin velo perceuse echelle casserole assiettes tasses manteau \
         tente valise",
    ),
    (
        "es",
        "y con para el los las del sin pequeno talla nino ninos mujer hombre chaqueta camisa \
         vestido zapatos libros bolsa manta almohada toalla juguetes herramientas maquina silla \
         mesa lampara cama caja cocina nuevo bicicleta taladro escalera olla platos tazas abrigo \
         tienda maleta",
    ),
    (
        "it",
        "per il gli della di senza taglia bambino bambini donna uomo giacca pantaloni camicia \
         vestito scarpe libri borsa coperta cuscino asciugamano giocattoli attrezzi macchina \
         sedia tavolo lampada letto scatola cucina nuovo giardino bicicletta trapano scala \
         pentola piatti tazze cappotto tenda",
    ),
    (
        "nl",
        "met voor van het een zonder groot maat kinderen dames heren jas broek jurk schoenen \
         boeken tas deken kussen handdoek speelgoed gereedschap stoel tafel doos keuken nieuw \
         tuin fiets boormachine pan borden kopjes koffer tent zaag",
    ),
];

/// The most bytes of text that are looked at to guess a language.
const ENOUGH: usize = 64 * 1024;

/// The language of rows that do not name one, and a note on where it comes from.
pub(super) fn of_table(table: &Table, plan: &Plan, options: &Options) -> (Option<Language>, Option<String>) {
    // One of our own exports says what is known: no language there means that nobody named one.
    if options.language.is_some() || plan.shape == Shape::Export {
        return (options.language, None);
    }
    if let Some(language) = options.file_name.as_deref().and_then(of_file_name) {
        return (Some(language), Some(format!("language: {language}, from the file's name")));
    }
    match guessed(&sample(table, plan)) {
        Some(language) => {
            let which = if plan.one(Field::Language).is_some() { " of rows that name none" } else { "" };
            (Some(language), Some(format!("language{which}: {language}, guessed from the texts")))
        }
        None if plan.one(Field::Language).is_some() => (None, None),
        None => (None, Some("language: unknown; --language names it".to_owned())),
    }
}

/// Enough of a file's texts to tell their language. Titles of Open Repair data are often in English,
/// whatever the language of the problem.
fn sample(table: &Table, plan: &Plan) -> String {
    let titles: &[usize] = if plan.shape == Shape::Repairs { &[] } else { plan.all(Field::Title) };
    let mut sample = String::new();
    let mut seen = BTreeSet::new();
    for row in &table.rows {
        if sample.len() > ENOUGH {
            break;
        }
        for at in titles.iter().chain(plan.all(Field::Text)) {
            // What comes again and again says nothing new.
            if seen.insert(row.cell(*at)) {
                sample.push_str(row.cell(*at));
                sample.push('\n');
            }
        }
    }
    sample
}

/// The language that a cell names: `de`, `de-AT`, `ger`, `Deutsch`.
pub(super) fn named(cell: &str) -> Option<Language> {
    let cell = cell.trim();
    let primary = cell.split(['-', '_']).next().unwrap_or_default();
    if primary.len() == 2 {
        return primary.to_ascii_lowercase().parse().ok();
    }
    let word = fold(primary);
    let found = LANGUAGES.iter().find(|(_, _, words)| is_in(words, &word));
    found.and_then(|(code, _, _)| code.parse().ok())
}

/// The language at the end of a file's name: `items_de.csv`, `things-nl.tsv`, `liste.fr.csv`.
fn of_file_name(name: &str) -> Option<Language> {
    let file = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let (stem, _) = file.rsplit_once('.')?;
    let (_, word) = stem.rsplit_once(['_', '-', '.', ' '])?;
    let word = fold(word);
    let is_it = |(code, _, words): &&(&str, Lang, &str)| *code == word || is_in(words, &word);
    LANGUAGES.iter().find(is_it).and_then(|(code, _, _)| code.parse().ok())
}

/// The language that a text is in, if there is enough of it to tell.
pub(crate) fn guessed(text: &str) -> Option<Language> {
    let code = by_everyday_words(text).or_else(|| by_letters(text))?;
    code.parse().ok()
}

/// The language whose combinations of letters a text has.
fn by_letters(text: &str) -> Option<&'static str> {
    const SURE: f64 = 0.8;
    let known = LANGUAGES.iter().map(|(_, lang, _)| *lang);
    let guessable = known.filter(|lang| !NEVER_GUESSED.contains(lang));
    let found = Detector::with_allowlist(guessable.collect()).detect(text)?;
    if !found.is_reliable() && found.confidence() < SURE {
        return None;
    }
    let same = LANGUAGES.iter().find(|(_, lang, _)| *lang == found.lang());
    same.map(|(code, _, _)| *code)
}

/// The language whose everyday words a list of things holds. Asked first: the statistics of letters
/// need sentences, and take "Winter Hats, Gloves, Bowls" for French.
fn by_everyday_words(text: &str) -> Option<&'static str> {
    const ENOUGH_WORDS: usize = 4;
    let words: BTreeSet<String> = text.split(|found: char| !found.is_alphabetic()).map(fold).collect();
    let mut hits: Vec<(usize, &str)> = EVERYDAY
        .iter()
        .map(|(code, list)| (list.split(' ').filter(|word| words.contains(*word)).count(), *code))
        .collect();
    hits.sort_unstable();
    let (best, code) = hits.pop()?;
    let next = hits.last().map_or(0, |(hits, _)| *hits);
    (best >= ENOUGH_WORDS && best >= 2 * next).then_some(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(language: Option<Language>) -> Option<String> {
        language.map(|language| language.to_string())
    }

    #[test]
    fn languages_are_known_by_code_and_by_name() {
        for word in ["de", "DE", "de-AT", "de_CH", "deu", "German", "deutsch", "Alemán"] {
            assert_eq!(code(named(word)).as_deref(), Some("de"), "{word}");
        }
        assert_eq!(code(named("Français")).as_deref(), Some("fr"));
        assert_eq!(code(named("русский")).as_deref(), Some("ru"));
        assert_eq!(named("Klingon"), None);
        assert_eq!(named(""), None);
    }

    #[test]
    fn a_files_name_may_end_in_its_language() {
        assert_eq!(code(of_file_name("a/b/leihlokal_karlsruhe_items_de.csv")).as_deref(), Some("de"));
        assert_eq!(code(of_file_name("repair-nl.tsv")).as_deref(), Some("nl"));
        assert_eq!(code(of_file_name("liste.fr.csv")).as_deref(), Some("fr"));
        for name in ["items.csv", "de.csv", "library_of_things.csv", "items_de"] {
            assert_eq!(of_file_name(name), None, "{name}");
        }
    }

    #[test]
    fn a_text_tells_its_language_and_a_word_does_not() {
        let german = "Bohrmaschine mit Koffer, Leiter aus Aluminium, Zelt für vier Personen, \
                      Bedienungsanleitung in Schriftform vorhanden";
        assert_eq!(code(guessed(german)).as_deref(), Some("de"));
        let english = "Cordless drill with two batteries, folding ladder, tent for four people";
        assert_eq!(code(guessed(english)).as_deref(), Some("en"));
        let list = "Winter Hats\nGloves\nBowls\nPots & pans\nBaby Bibs\nDisposable Gloves\nToothpaste";
        assert_eq!(code(guessed(list)).as_deref(), Some("en"));
        assert_eq!(guessed("Wok"), None);
        assert_eq!(guessed("1234"), None);
    }

    #[test]
    fn every_code_is_a_language_and_every_word_is_written_folded() {
        for (code, _, words) in LANGUAGES {
            assert!(code.parse::<Language>().is_ok());
            for word in words.split(' ') {
                assert_eq!(fold(word), word);
            }
        }
        for word in EVERYDAY.iter().flat_map(|(_, words)| words.split(' ')) {
            assert_eq!(fold(word), word);
        }
    }
}
