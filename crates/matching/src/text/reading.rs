//! What the words of a line do for it.
//!
//! "Table lamp with a shade, no bulb" is a lamp; a table says which, a shade comes with it, a bulb is what
//! it lacks. Where the thing itself stands differs: "table *lamp*", "*lampe* de table".

use crate::text::everyday::{Link, link, phrase_at, says_nothing};
use crate::text::fold::{fold, is_part_of_word};
use crate::text::words::{Reader, Word, lowered};
use record::Language;

/// The part that a word plays in its line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Role {
    /// It names the thing itself.
    Head,
    /// It says which, what for or of what.
    Modifier,
    /// It comes with the thing.
    Beside,
    /// The thing lacks it, or must not have it.
    Denied,
}

/// A word of a text that says something about the thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Said {
    /// The word.
    pub(crate) word: Word,
    /// Where it stands in the text, in bytes.
    pub(crate) start: usize,
    /// Where it ends in the text, in bytes.
    pub(crate) end: usize,
    /// The part of the line that it is in, from 0: parts are divided by commas, stops and their like.
    pub(crate) part: u8,
    /// What it does there.
    pub(crate) role: Role,
    /// Whether nothing but a space or a hyphen is between it and the word before it here.
    pub(crate) follows: bool,
}

/// So much of a text is read, in bytes: a listing's longest fits.
const MOST_BYTES: usize = 8 * 1024;
/// So many words after "without" are what is lacking.
const DENIED_WORDS: usize = 2;

/// A text as it was read.
pub(crate) struct Line {
    /// All words, also those that say nothing.
    pub(crate) tokens: Vec<Token>,
    /// The words that say something, in their order.
    pub(crate) said: Vec<Said>,
}

/// A run of letters and digits.
pub(crate) struct Token {
    lower: String,
    pub(crate) folded: String,
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// Whether a comma or its like stands before it.
    pub(crate) divided: bool,
}

/// Reads the first words of a text, at most `most` that say something.
pub(crate) fn read(reader: &Reader, text: &str, most: usize) -> Line {
    let tokens = tokens(text, 2 * most);
    let said = said(reader, &tokens, most);
    Line { tokens, said }
}

fn said(reader: &Reader, tokens: &[Token], most: usize) -> Vec<Said> {
    let mut said = Vec::new();
    let mut part = 0_u8;
    let mut skip = 0;
    let mut part_begins = 0;
    let mut mode = Mode::Plain;
    let mut last = None;
    for (at, token) in tokens.iter().enumerate() {
        if token.divided {
            name_heads(&mut said[part_begins..], reader.languages());
            if said.len() > part_begins {
                part = part.saturating_add(1);
            }
            part_begins = said.len();
            mode = Mode::Plain;
        }
        if skip == 0 {
            skip = phrase_at(tokens.iter().skip(at).map(|token| token.folded.as_str()));
        }
        if skip > 0 {
            skip -= 1;
            continue;
        }
        if let Some(link) = link(&token.folded) {
            let tells = said[part_begins..].iter().any(|said: &Said| !said.word.weak);
            mode = mode.after(link, tells);
            continue;
        }
        if says_nothing(&token.folded, reader.languages()) {
            continue;
        }
        if said.len() >= most {
            break;
        }
        let word = Word::of(token.lower.clone(), token.folded.clone());
        let follows = last.is_some_and(|last| last + 1 == at) && !token.divided;
        last = Some(at);
        let (start, end) = (token.start, token.end);
        said.push(Said { word, start, end, part, role: mode.role(), follows });
        mode = mode.next();
    }
    name_heads(&mut said[part_begins..], reader.languages());
    said
}

/// What the words that follow do.
#[derive(Clone, Copy)]
enum Mode {
    Plain,
    Which,
    Beside,
    Denied(usize),
}

impl Mode {
    /// After a link; `tells` when a word before it says what the thing is.
    const fn after(self, link: Link, tells: bool) -> Self {
        match link {
            Link::Without => Self::Denied(DENIED_WORDS),
            // Why: in "set of spoons" and "with drawers: chest" nothing came before that these could belong to.
            Link::For | Link::With if !tells => Self::Plain,
            Link::For => match self {
                Self::Beside => Self::Beside,
                Self::Plain | Self::Which | Self::Denied(_) => Self::Which,
            },
            Link::With => Self::Beside,
        }
    }

    const fn role(self) -> Role {
        match self {
            Self::Plain => Role::Head,
            Self::Which => Role::Modifier,
            Self::Beside => Role::Beside,
            Self::Denied(_) => Role::Denied,
        }
    }

    const fn next(self) -> Self {
        match self {
            Self::Denied(0 | 1) => Self::Which,
            Self::Denied(left) => Self::Denied(left - 1),
            Self::Plain | Self::Which | Self::Beside => self,
        }
    }
}

fn tokens(text: &str, most: usize) -> Vec<Token> {
    let mut cut = text.len().min(MOST_BYTES);
    while !text.is_char_boundary(cut) {
        cut -= 1;
    }
    let text = &text[..cut];
    let mut tokens = Vec::new();
    let mut divided = false;
    let mut begin = None;
    for (at, letter) in text.char_indices().chain([(text.len(), ' ')]) {
        if is_part_of_word(letter) {
            begin = begin.or(Some(at));
            continue;
        }
        if let Some(start) = begin.take() {
            let lower = lowered(&text[start..at]);
            let folded = fold(&lower);
            if !folded.is_empty() {
                tokens.push(Token { lower, folded, start, end: at, divided: divided && !tokens.is_empty() });
                divided = false;
            }
            if tokens.len() >= most {
                break;
            }
        }
        divided |= divides(letter);
    }
    tokens
}

/// Whether a character between words divides a line into parts.
const fn divides(letter: char) -> bool {
    matches!(
        letter,
        ',' | '.'
            | ';'
            | ':'
            | '/'
            | '|'
            | '('
            | ')'
            | '['
            | ']'
            | '\n'
            | '+'
            | '&'
            | '!'
            | '?'
            | '–'
            | '—'
            | '•'
            | '،'
            | '、'
            | '。'
    )
}

/// Where a language has the word that names the thing.
#[derive(Clone, Copy, PartialEq, Eq)]
enum HeadStands {
    First,
    Last,
    Anywhere,
}

/// Leaves the name of the thing as the head of a part, and makes what stands with it its modifiers.
fn name_heads(part: &mut [Said], languages: &[Language]) {
    let stands = match languages {
        [language] => head_stands(*language),
        _ => HeadStands::Anywhere,
    };
    let can_be = |said: &Said| {
        said.role == Role::Head
            && !said.word.weak
            && !said.word.folded.chars().any(|letter| letter.is_numeric())
    };
    let head = match stands {
        HeadStands::First => part.iter().position(can_be),
        HeadStands::Last => part.iter().rposition(can_be),
        HeadStands::Anywhere => None,
    };
    let Some(head) = head else { return };
    for (at, said) in part.iter_mut().enumerate() {
        if at != head && said.role == Role::Head {
            said.role = Role::Modifier;
        }
    }
}

fn head_stands(language: Language) -> HeadStands {
    match language.code() {
        "ar" | "ca" | "es" | "fa" | "fr" | "gl" | "he" | "id" | "it" | "pt" | "ro" | "vi" => {
            HeadStands::First
        }
        "da" | "de" | "en" | "et" | "fi" | "hu" | "ja" | "ko" | "nb" | "nl" | "nn" | "no" | "sv" | "tr"
        | "zh" => HeadStands::Last,
        _ => HeadStands::Anywhere,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn roles(code: &str, text: &str) -> Vec<(String, Role)> {
        let reader = Reader::new(code.parse::<Language>());
        read(&reader, text, 40)
            .said
            .into_iter()
            .map(|said| (text[said.start..said.end].to_owned(), said.role))
            .collect()
    }

    fn spoken(code: &str, text: &str) -> Vec<String> {
        roles(code, text).into_iter().map(|(spoken, _)| spoken).collect()
    }

    fn in_role(code: &str, text: &str, role: Role) -> Vec<String> {
        roles(code, text)
            .into_iter()
            .filter(|(_, theirs)| *theirs == role)
            .map(|(spoken, _)| spoken)
            .collect()
    }

    #[test]
    fn what_says_nothing_about_the_thing_is_dropped() {
        assert_eq!(spoken("de", "Suche eine Bohrmaschine für den Samstag!"), ["Bohrmaschine", "Samstag"]);
        assert_eq!(spoken("en", "Looking for a drill / driver"), ["drill", "driver"]);
        assert_eq!(spoken("es", "Busco: bicicleta"), ["bicicleta"]);
        assert_eq!(spoken("", "zu verschenken: Kinderwagen"), ["Kinderwagen"]);
        assert_eq!(spoken("en", "Pram, from a smoke-free home, pick-up only"), ["Pram"]);
        assert_eq!(spoken("de", "Buggy, wie neu, nur an Selbstabholer"), ["Buggy"]);
    }

    #[test]
    fn the_last_word_names_a_thing_in_english_and_the_first_in_french() {
        assert_eq!(in_role("en", "Table lamp", Role::Head), ["lamp"]);
        assert_eq!(in_role("en", "Lamp for the table", Role::Head), ["Lamp"]);
        assert_eq!(in_role("fr", "lampe de table", Role::Head), ["lampe"]);
        assert_eq!(in_role("de", "Bett, Matratze und neuer Lattenrost", Role::Head), ["Bett", "Lattenrost"]);
        assert_eq!(in_role("en", "Set of spoons", Role::Head), ["spoons"]);
    }

    #[test]
    fn what_comes_with_a_thing_and_what_it_lacks_are_told_apart() {
        let text = "Bike with a basket, without lights";
        assert_eq!(in_role("en", text, Role::Beside), ["basket"]);
        assert_eq!(in_role("en", text, Role::Denied), ["lights"]);
        assert_eq!(in_role("de", "Regal, kein Ikea", Role::Denied), ["Ikea"]);
        assert_eq!(in_role("fr", "armoire sans miroir", Role::Denied), ["miroir"]);
    }

    #[test]
    fn a_part_begins_after_a_comma_and_no_empty_ones_are_counted() {
        let reader = Reader::new("en".parse::<Language>());
        let parts: Vec<u8> =
            read(&reader, "pots, (pans), big lids", 40).said.iter().map(|said| said.part).collect();
        assert_eq!(parts, [0, 1, 2, 2]);
    }

    #[test]
    fn no_more_words_are_read_than_asked_for() {
        let text = "word ".repeat(100_000);
        assert_eq!(read(&Reader::new(None), &text, 40).said.len(), 40);
        let text = "x".repeat(1_000_000);
        assert_eq!(read(&Reader::new(None), &text, 40).said.len(), 1);
    }

    proptest! {
        #[test]
        fn every_word_stands_where_it_says(text in "\\PC*|.*|([a-zA-Zäöß,.!/ -]|no |with |für ){0,60}") {
            let reader = Reader::new("de".parse::<Language>());
            for said in read(&reader, &text, 40).said {
                prop_assert!(!said.word.folded.is_empty());
                prop_assert!(text.get(said.start..said.end).is_some_and(|spoken| !spoken.is_empty()));
            }
        }
    }
}
