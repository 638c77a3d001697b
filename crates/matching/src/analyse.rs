//! From text to words.

use std::borrow::Cow;

use rust_stemmers::{Algorithm, Stemmer};

use crate::action::Action;
use crate::everyday::{says_nothing, tells_little};
use crate::fold::{fold, is_part_of_word, lower, without_digraphs};
use record::Language;

/// Longer words are cut, in characters: nobody types them, and every letter costs memory.
const MAX_WORD: usize = 40;

/// A word of a text that says something about the thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Word<'t> {
    /// As it stands in the text.
    pub(crate) spoken: Cow<'t, str>,
    /// The folded form.
    pub(crate) folded: String,
    /// Other forms under which it is found: its stem in each language that the text may be in, and the
    /// common word of its action.
    pub(crate) stems: Vec<String>,
    /// Whether it tells little about the thing ("new", "set").
    pub(crate) weak: bool,
    /// What it says is to be done.
    pub(crate) action: Option<Action>,
}

impl Word<'_> {
    /// All forms under which the word is found.
    pub(crate) fn forms(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.folded.as_str()).chain(self.stems.iter().map(String::as_str))
    }

    /// Whether two words are forms of one.
    pub(crate) fn is(&self, other: &Word<'_>) -> bool {
        self.forms().any(|form| other.forms().any(|theirs| theirs == form))
    }

    /// The one word that some people make of this and the next one: "snow shoes" → "snowshoes".
    pub(crate) fn joined(&self, next: &Self) -> Self {
        Self {
            spoken: Cow::Owned(format!("{} {}", self.spoken, next.spoken)),
            folded: format!("{}{}", self.folded, next.folded),
            stems: next.stems.iter().map(|stem| format!("{}{stem}", self.folded)).collect(),
            weak: false,
            action: None,
        }
    }
}

/// How texts in certain languages are read.
pub(crate) struct Reader {
    languages: Vec<Language>,
    stemmers: Vec<Stemmer>,
    german: bool,
}

impl Reader {
    /// A reader of texts that are in one of these languages; without any, words keep their form.
    pub(crate) fn new(languages: impl IntoIterator<Item = Language>) -> Self {
        let languages: Vec<Language> = languages.into_iter().collect();
        let stemmers =
            languages.iter().filter_map(|language| algorithm(*language)).map(Stemmer::create).collect();
        let german = languages.iter().any(|language| language.code() == "de");
        Self { languages, stemmers, german }
    }

    /// The words of a text that say something, in their order.
    pub(crate) fn words<'t>(&self, text: &'t str) -> Vec<Word<'t>> {
        text.split(|letter| !is_part_of_word(letter))
            .filter(|spoken| !spoken.is_empty())
            .filter_map(|spoken| self.word(spoken))
            .collect()
    }

    fn word<'t>(&self, spoken: &'t str) -> Option<Word<'t>> {
        let lower: String = lower(spoken).chars().take(MAX_WORD).collect();
        let folded = fold(&lower);
        if folded.is_empty() || says_nothing(&folded, &self.languages) {
            return None;
        }
        let action = Action::named_by(&folded);
        let mut stems: Vec<String> =
            self.stemmers.iter().map(|stemmer| fold(&stemmer.stem(&lower))).collect();
        if self.german
            && let Some(umlauts) = without_digraphs(&folded)
        {
            stems.push(fold(&Stemmer::create(Algorithm::German).stem(&umlauts)));
        }
        stems.extend(action.map(|action| action.word().to_owned()));
        stems.retain(|stem| !stem.is_empty() && *stem != folded);
        stems.sort_unstable();
        stems.dedup();
        let weak = action.is_some() || tells_little(&folded);
        Some(Word { spoken: Cow::Borrowed(spoken), folded, stems, weak, action })
    }
}

/// Whether a language writes compounds as one word, whose last part says what it is.
pub(crate) fn joins_words(language: Language) -> bool {
    matches!(language.code(), "da" | "de" | "fi" | "hu" | "nb" | "nl" | "nn" | "no" | "sv")
}

/// The Snowball stemmer for a language.
fn algorithm(language: Language) -> Option<Algorithm> {
    Some(match language.code() {
        "ar" => Algorithm::Arabic,
        "da" => Algorithm::Danish,
        "de" => Algorithm::German,
        "el" => Algorithm::Greek,
        "en" => Algorithm::English,
        "es" => Algorithm::Spanish,
        "fi" => Algorithm::Finnish,
        "fr" => Algorithm::French,
        "hu" => Algorithm::Hungarian,
        "it" => Algorithm::Italian,
        "nl" => Algorithm::Dutch,
        "nb" | "nn" | "no" => Algorithm::Norwegian,
        "pt" => Algorithm::Portuguese,
        "ro" => Algorithm::Romanian,
        "ru" => Algorithm::Russian,
        "sv" => Algorithm::Swedish,
        "ta" => Algorithm::Tamil,
        "tr" => Algorithm::Turkish,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn reader(codes: &[&str]) -> Reader {
        Reader::new(codes.iter().map(|code| code.parse().unwrap()))
    }

    fn spoken<'t>(codes: &[&str], text: &'t str) -> Vec<Cow<'t, str>> {
        reader(codes).words(text).into_iter().map(|word| word.spoken).collect()
    }

    fn same(codes: &[&str], one: &str, other: &str) -> bool {
        let reader = reader(codes);
        reader.words(one)[0].is(&reader.words(other)[0])
    }

    #[test]
    fn what_says_nothing_about_the_thing_is_dropped() {
        assert_eq!(spoken(&["de"], "Suche eine Bohrmaschine für den Samstag!"), ["Bohrmaschine", "Samstag"]);
        assert_eq!(spoken(&["en"], "Looking for a drill / driver"), ["drill", "driver"]);
        assert_eq!(spoken(&["es"], "Busco: bicicleta"), ["bicicleta"]);
        assert_eq!(spoken(&[], "zu verschenken: Kinderwagen"), ["Kinderwagen"]);
    }

    #[test]
    fn forms_of_one_word_are_one() {
        assert!(same(&["en"], "drills", "drill"));
        assert!(same(&["de"], "Bohrmaschinen", "bohrmaschine"));
        assert!(same(&["de"], "Muehlen", "Mühle"));
        assert!(same(&["es"], "reparacion", "reparación"));
        assert!(same(&["fr"], "échelles", "echelle"));
        assert!(!same(&["en"], "drill", "grill"));
    }

    #[test]
    fn two_words_may_be_one() {
        let english = reader(&["en"]);
        let (apart, together) = (english.words("snow shoes"), english.words("Snowshoe"));
        assert!(apart[0].joined(&apart[1]).is(&together[0]));
    }

    #[test]
    fn all_words_for_repairing_are_one() {
        assert!(same(&["de", "en"], "Reparatur", "repairs"));
        assert!(same(&[], "reparatie", "arreglar"));
    }

    #[test]
    fn an_unknown_language_keeps_the_word() {
        let words = reader(&["xx"]).words("Bohrmaschinen");
        assert_eq!(words[0].folded, "bohrmaschinen");
        assert!(words[0].stems.is_empty());
    }

    proptest! {
        #[test]
        fn no_text_stops_the_reader(text in "\\PC*|.*|[a-zäöüßéèñçğışаеиνσ]{0,60}") {
            let every = ["ar", "da", "de", "el", "en", "es", "fi", "fr", "hu", "it", "nl", "no", "pt", "ro", "ru",
                "sv", "ta", "tr"];
            for word in reader(&every).words(&text) {
                prop_assert!(!word.folded.is_empty());
                prop_assert!(text.contains(&*word.spoken));
            }
        }
    }
}
