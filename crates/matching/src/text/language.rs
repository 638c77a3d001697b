//! Guessing the language of a few words.
//!
//! Statistical guessers need a sentence; a title has three words. So the words that only some languages use
//! for grammar, or for "looking for", vote, and where they say nothing the script may.

use std::collections::BTreeMap;

use crate::text::everyday::spoken_in;
use crate::text::fold::{fold, lower};
use record::Language;

/// So many words of a text vote.
const MOST_VOTERS: usize = 64;

/// The language that a text is in, if its words say so.
pub(crate) fn guess(text: &str) -> Option<Language> {
    let mut votes: BTreeMap<&str, f64> = BTreeMap::new();
    let words = text.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
    for word in words.take(MOST_VOTERS) {
        let short: String = word.chars().take(40).collect();
        let languages: Vec<&str> = spoken_in(&fold(&lower(&short))).collect();
        for code in &languages {
            // Why: "de" is a word of five languages and speaks for none of them much.
            *votes.entry(code).or_default() += 1.0 / languages.len() as f64;
        }
    }
    let mut ranked: Vec<(&str, f64)> = votes.into_iter().collect();
    ranked.sort_by(|(_, one), (_, other)| other.total_cmp(one));
    let code = match ranked.as_slice() {
        [(first, most), (_, next), ..] if most > next => Some(*first),
        [(only, _)] => Some(*only),
        _ => script(text),
    };
    code?.parse().ok()
}

/// The language whose script a text is in, where most texts in a script are in one language.
fn script(text: &str) -> Option<&'static str> {
    text.chars().take(400).find_map(|letter| match letter {
        'і' | 'ї' | 'є' | 'ґ' => Some("uk"),
        '\u{370}'..='\u{3ff}' => Some("el"),
        '\u{400}'..='\u{4ff}' => Some(if text.contains(['і', 'ї', 'є', 'ґ']) { "uk" } else { "ru" }),
        '\u{590}'..='\u{5ff}' => Some("he"),
        '\u{600}'..='\u{6ff}' => Some(if text.contains(['پ', 'چ', 'ژ', 'گ']) { "fa" } else { "ar" }),
        '\u{900}'..='\u{97f}' => Some("hi"),
        '\u{3040}'..='\u{30ff}' => Some("ja"),
        '\u{ac00}'..='\u{d7a3}' => Some("ko"),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_words_tell_the_language() {
        for (text, code) in [
            ("Suche Kinderwagen", "de"),
            ("Does anyone have a ladder?", "en"),
            ("Je cherche une poussette", "fr"),
            ("Busco una cuna para mi bebé", "es"),
            ("Ik zoek een kinderwagen", "nl"),
            ("Ищу коляску", "ru"),
            ("Шукаю дитячий візок", "uk"),
            ("أبحث عن سرير", "ar"),
        ] {
            assert_eq!(guess(text), code.parse().ok(), "{text}");
        }
    }

    #[test]
    fn without_a_sign_there_is_no_guess() {
        for text in ["", "Bosch PSB 500", "!!", "lampe"] {
            assert_eq!(guess(text), None, "{text}");
        }
    }
}
