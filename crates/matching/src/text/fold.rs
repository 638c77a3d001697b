//! One form for the spellings that people mix up.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Whether a letter stands in a word; all others stand between words.
pub(crate) fn is_part_of_word(letter: char) -> bool {
    letter.is_alphanumeric() || is_combining_mark(letter)
}

/// Lower case in compatibility form (NFKC): what the stemmers read.
pub(crate) fn lower(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    text.nfkc().collect::<String>().to_lowercase()
}

/// Drops accents and spells out special letters, so that "Müsli", "musli" and "MÜSLI" are one word.
/// Expects lower case.
pub(crate) fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_owned();
    }
    let mut plain = String::with_capacity(text.len());
    for letter in text.nfkd().filter(|letter| !is_accent(*letter)) {
        match letter {
            'ß' => plain.push_str("ss"),
            'æ' => plain.push_str("ae"),
            'œ' => plain.push_str("oe"),
            'ø' => plain.push('o'),
            'đ' | 'ð' => plain.push('d'),
            'ł' => plain.push('l'),
            'ı' => plain.push('i'),
            'þ' => plain.push_str("th"),
            'ς' => plain.push('σ'),
            _ => plain.push(letter),
        }
    }
    // Why: the decomposition takes Korean syllables apart as well.
    plain.nfc().collect()
}

/// The German word behind a spelling without umlauts, "muehle" → "muhle", if there is one.
/// Expects the folded form.
pub(crate) fn without_digraphs(folded: &str) -> Option<String> {
    let mut plain = String::with_capacity(folded.len());
    let mut before = ' ';
    for letter in folded.chars() {
        // Why: in "neue", "treue" and "quer" the e belongs to another vowel.
        let umlaut = letter == 'e'
            && matches!(before, 'a' | 'o' | 'u')
            && !plain.chars().rev().nth(1).is_some_and(|earlier| "aeioq".contains(earlier));
        if !umlaut {
            plain.push(letter);
        }
        before = letter;
    }
    (plain.len() < folded.len()).then_some(plain)
}

/// Whether a character is an accent of Latin, Greek or Cyrillic letters. The vowel signs of other
/// scripts are letters of their own and stay.
fn is_accent(letter: char) -> bool {
    matches!(letter, '\u{300}'..='\u{36f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_word_become_one() {
        for spelling in ["Straße", "STRASSE", "straße", "Ｓtrasse"] {
            assert_eq!(fold(&lower(spelling)), "strasse");
        }
        assert_eq!(fold(&lower("Crème BRÛLÉE")), "creme brulee");
        assert_eq!(fold(&lower("u\u{308}ber")), "uber");
        assert_eq!(fold(&lower("Łódź")), "lodz");
    }

    #[test]
    fn other_scripts_keep_their_letters() {
        assert_eq!(fold("자전거"), "자전거");
        assert_eq!(fold("साइकिल"), "साइकिल");
        assert_eq!(fold("ποδήλατος"), "ποδηλατοσ");
    }

    #[test]
    fn an_umlaut_typed_as_two_letters_is_understood() {
        assert_eq!(without_digraphs("muehle").as_deref(), Some("muhle"));
        assert_eq!(without_digraphs("saege").as_deref(), Some("sage"));
        assert_eq!(without_digraphs("neue"), None);
        assert_eq!(without_digraphs("quer"), None);
    }
}
