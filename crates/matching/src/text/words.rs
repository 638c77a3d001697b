//! A word and its forms.

use rust_stemmers::{Algorithm, Stemmer};

use crate::text::action::Action;
use crate::text::everyday::tells_little;
use crate::text::fold::{fold, lower, without_digraphs};
use record::Language;

/// Longer words are cut, in characters: nobody types them, and every letter costs memory.
const MAX_WORD: usize = 40;

/// A word of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Word {
    /// In lower case, with its accents.
    pub(crate) lower: String,
    /// The folded form.
    pub(crate) folded: String,
    /// Whether it tells little about the thing ("new", "set").
    pub(crate) weak: bool,
    /// What it says is to be done.
    pub(crate) action: Option<Action>,
}

impl Word {
    /// A word in lower case, and folded.
    pub(crate) fn of(lower: String, folded: String) -> Self {
        let action = Action::named_by(&folded);
        let weak = action.is_some() || tells_little(&folded);
        Self { lower, folded, weak, action }
    }

    /// The one word that some people make of this and the next one: "snow shoes" → "snowshoes".
    pub(crate) fn joined(&self, next: &Self) -> Self {
        Self {
            lower: format!("{}{}", self.lower, next.lower),
            folded: format!("{}{}", self.folded, next.folded),
            weak: false,
            action: None,
        }
    }
}

/// The folded form of a word as it is spoken.
pub(crate) fn folded(spoken: &str) -> String {
    fold(&lowered(spoken))
}

/// A word as it is spoken in lower case, and not too long.
pub(crate) fn lowered(spoken: &str) -> String {
    // Why: a word of a megabyte must not be lowered as a whole to be cut afterwards.
    let spoken = spoken.char_indices().nth(2 * MAX_WORD).map_or(spoken, |(end, _)| &spoken[..end]);
    lower(spoken).chars().take(MAX_WORD).collect()
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

    /// The languages that the texts may be in; none if that is not known.
    pub(crate) fn languages(&self) -> &[Language] {
        &self.languages
    }

    /// A word as it is spoken, if there is a letter or digit in it.
    pub(crate) fn word(&self, spoken: &str) -> Option<Word> {
        let lower = lowered(spoken);
        let folded = fold(&lower);
        (!folded.is_empty()).then(|| Word::of(lower, folded))
    }

    /// Other forms under which a word is found: its stem in each language that the text may be in, and the common
    /// word of its action.
    pub(crate) fn stems(&self, word: &Word) -> Vec<String> {
        let mut stems: Vec<String> =
            self.stemmers.iter().map(|stemmer| fold(&stemmer.stem(&word.lower))).collect();
        if self.german
            && let Some(umlauts) = without_digraphs(&word.folded)
        {
            stems.push(fold(&Stemmer::create(Algorithm::German).stem(&umlauts)));
        }
        stems.extend(word.action.map(|action| action.word().to_owned()));
        stems.retain(|stem| !stem.is_empty() && *stem != word.folded);
        stems.sort_unstable();
        stems.dedup();
        stems
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

    fn same(codes: &[&str], one: &str, other: &str) -> bool {
        let reader = reader(codes);
        let forms = |text: &str| {
            let word = reader.word(text).unwrap();
            let stems = reader.stems(&word);
            [vec![word.folded], stems].concat()
        };
        forms(one).iter().any(|form| forms(other).contains(form))
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
        let joined = english.word("snow").unwrap().joined(&english.word("shoes").unwrap());
        assert_eq!(english.stems(&joined), english.stems(&english.word("Snowshoe").unwrap()));
    }

    #[test]
    fn all_words_for_repairing_are_one() {
        assert!(same(&["de", "en"], "Reparatur", "repairs"));
        assert!(same(&[], "reparatie", "arreglar"));
    }

    #[test]
    fn an_unknown_language_keeps_the_word() {
        let reader = reader(&["xx"]);
        let word = reader.word("Bohrmaschinen").unwrap();
        assert_eq!(word.folded, "bohrmaschinen");
        assert!(reader.stems(&word).is_empty());
    }

    proptest! {
        #[test]
        fn no_text_stops_the_reader(text in "\\PC*|.*|[a-zäöüßéèñçğışаеиνσ]{0,60}") {
            let every = ["ar", "da", "de", "el", "en", "es", "fi", "fr", "hu", "it", "nl", "no", "pt", "ro", "ru",
                "sv", "ta", "tr"];
            let reader = reader(&every);
            if let Some(word) = reader.word(&text) {
                prop_assert!(!word.folded.is_empty() && reader.stems(&word).len() <= every.len() + 2);
            }
        }
    }
}
