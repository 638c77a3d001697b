//! A root key as 24 words that a person can write down (BIP-39, the English list).

use bip39::{Error, Mnemonic};
use zeroize::Zeroizing;

use crate::keys::SecretKey;

/// How many words hold a seed of 32 bytes and its checksum.
const WORDS: usize = 24;

/// Why a text is not the 24 words of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WordsError {
    /// There are fewer words, or more.
    #[error("a key has 24 words, and these are {0}: type all of them, in their order")]
    Count(usize),
    /// A word is not on the list.
    #[error("word {0} is not on the list of words: look at how it is spelt")]
    Unknown(usize),
    /// All are on the list, and do not belong together.
    #[error(
        "these 24 words do not belong together: one of them is another one than was written down, or two \
         have changed places"
    )]
    Checksum,
}

impl SecretKey {
    /// The key's seed as 24 words, with a space between them.
    #[must_use]
    pub fn words(&self) -> Zeroizing<String> {
        // Why the default: 32 bytes always make 24 words.
        let mnemonic = Mnemonic::from_entropy(self.seed().as_slice()).ok().map(Zeroizing::new);
        let words = mnemonic.iter().flat_map(|mnemonic| mnemonic.words());
        // Why the capacity: a text that grows leaves copies behind. No word has more than 8 letters.
        let mut text = Zeroizing::new(String::with_capacity(WORDS * 9));
        for word in words {
            if !text.is_empty() {
                text.push(' ');
            }
            text.push_str(word);
        }
        text
    }

    /// The key that was written down as these words. Numbers between them, upper case, and where lines
    /// end do not matter.
    ///
    /// # Errors
    /// A [`WordsError`] that names the word at fault by its number, and never the word.
    pub fn from_words(text: &str) -> Result<Self, WordsError> {
        let is_number =
            |word: &&str| word.trim_end_matches(['.', ')', ':']).bytes().all(|b| b.is_ascii_digit());
        let mut tidy = Zeroizing::new(String::with_capacity(text.len()));
        let mut count = 0_usize;
        for word in text.split_whitespace().filter(|word| !is_number(word)) {
            count = count.saturating_add(1);
            tidy.extend(word.chars().map(|letter| letter.to_ascii_lowercase()).chain([' ']));
        }
        if count != WORDS {
            return Err(WordsError::Count(count));
        }
        let mnemonic = Mnemonic::parse_in_normalized(bip39::Language::English, &tidy);
        let mnemonic = Zeroizing::new(mnemonic.map_err(|error| match error {
            Error::UnknownWord(at) => WordsError::Unknown(at.saturating_add(1)),
            Error::BadWordCount(count) => WordsError::Count(count),
            Error::BadEntropyBitCount(_) | Error::InvalidChecksum | Error::AmbiguousLanguages(_) => {
                WordsError::Checksum
            }
        })?);
        let (entropy, length) = mnemonic.to_entropy_array();
        let entropy = Zeroizing::new(entropy);
        let seed = entropy.get(..length).and_then(|seed| seed.try_into().ok());
        let seed: Zeroizing<[u8; 32]> = Zeroizing::new(seed.ok_or(WordsError::Count(count))?);
        Ok(Self::from_seed(&seed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of BIP-39's own test vectors.
    const ONES: &str = "zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo \
                        zoo zoo vote";

    #[test]
    fn the_words_are_those_of_the_standard() {
        assert_eq!(SecretKey::from_seed(&[0xff; 32]).words().as_str(), ONES);
        let zeros = SecretKey::from_seed(&[0; 32]).words();
        assert_eq!(zeros.as_str(), format!("{}art", "abandon ".repeat(23)));
    }

    #[test]
    fn a_key_survives_its_words_however_they_are_written() {
        let key = SecretKey::from_seed(&[7; 32]);
        let words = key.words();
        let numbered: Vec<String> = words
            .split(' ')
            .enumerate()
            .map(|(at, word)| format!("{}. {}", at + 1, word.to_uppercase()))
            .collect();
        for text in [words.as_str(), &format!("\n {}  ", words.replace(' ', "\n")), &numbered.join("  ")] {
            assert_eq!(SecretKey::from_words(text).unwrap().public(), key.public(), "{text}");
        }
    }

    #[test]
    fn a_wrong_word_is_named_by_its_number_and_not_told() {
        let wrong = ONES.replacen("zoo", "zo", 7).replacen("zo ", "zoo ", 6);
        let error = SecretKey::from_words(&wrong).unwrap_err();
        assert_eq!(error, WordsError::Unknown(7));
        assert!(!error.to_string().contains("zo "), "{error}");
    }

    #[test]
    fn a_wrong_count_and_words_that_do_not_belong_together_are_said() {
        let refused = |text: &str| SecretKey::from_words(text).unwrap_err();
        assert_eq!(refused(""), WordsError::Count(0));
        assert_eq!(refused("zoo zoo zoo"), WordsError::Count(3));
        assert_eq!(refused(&format!("{ONES} zoo")), WordsError::Count(25));
        // Twelve words are a key elsewhere.
        assert_eq!(refused(&format!("{}wrong", "zoo ".repeat(11))), WordsError::Count(12));
        assert_eq!(refused(&ONES.replace("vote", "zoo")), WordsError::Checksum);
        assert_eq!(refused(&"ü ".repeat(24)), WordsError::Unknown(1));
    }
}
