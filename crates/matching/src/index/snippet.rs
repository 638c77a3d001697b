//! A few words of a text around those that a search hit.

use crate::text::fold::is_part_of_word;
use crate::text::words::folded;

/// A piece of a snippet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// As it stands in the text, except that `…` stands for what is left out.
    pub text: String,
    /// Whether it is a word that was hit.
    pub hit: bool,
}

/// About `most` characters of a text around the first of these words, with all of them marked, in upper or lower
/// case; without any of them there it is the beginning.
#[must_use]
pub fn snippet(text: &str, words: &[String], most: usize) -> Vec<Piece> {
    let spoken = words_of(text);
    let wanted: Vec<String> = words.iter().map(|word| folded(word)).collect();
    let is_hit = |(start, end): &(usize, usize)| {
        let said = text.get(*start..*end).map(folded);
        said.is_some_and(|said| wanted.contains(&said))
            || words.iter().any(|word| covers(text, word, *start, *end))
    };
    let hits: Vec<(usize, usize)> = spoken.iter().filter(|place| is_hit(place)).copied().collect();
    let first = hits.first().map_or(0, |(start, _)| *start);
    let begin = beginning(text, &spoken, first, most);
    let end = text[begin..].char_indices().nth(most).map_or(text.len(), |(at, _)| begin + at);
    let end = if end == text.len() { end } else { last_end(&spoken, begin, end) };
    let mut pieces = Vec::new();
    let mut push = |text: &str, hit: bool| {
        if !text.is_empty() {
            pieces.push(Piece { text: text.to_owned(), hit });
        }
    };
    if begin > 0 {
        push("…", false);
    }
    let mut at = begin;
    for (start, stop) in hits.into_iter().filter(|(start, stop)| *start >= begin && *stop <= end) {
        push(&text[at..start], false);
        push(&text[start..stop], true);
        at = stop;
    }
    push(&text[at..end], false);
    if end < text.len() {
        push("…", false);
    }
    pieces
}

/// Whether a place in a text is within one where several words stand.
fn covers(text: &str, words: &str, start: usize, end: usize) -> bool {
    words.contains(' ') && text.match_indices(words).any(|(at, _)| at <= start && end <= at + words.len())
}

/// Where a snippet begins: a third of its length before the first hit, at the beginning of a word.
fn beginning(text: &str, spoken: &[(usize, usize)], hit: usize, most: usize) -> usize {
    let before = text[..hit].chars().count();
    if before <= most / 2 {
        return 0;
    }
    let from = text.char_indices().nth(before - most / 3).map_or(0, |(at, _)| at);
    spoken.iter().map(|(start, _)| *start).find(|start| *start >= from).map_or(0, |start| start.min(hit))
}

/// The end of the last word that ends by `end`, or `end`.
fn last_end(spoken: &[(usize, usize)], begin: usize, end: usize) -> usize {
    spoken.iter().map(|(_, stop)| *stop).filter(|stop| (begin + 1..=end).contains(stop)).max().unwrap_or(end)
}

fn words_of(text: &str) -> Vec<(usize, usize)> {
    let mut words = Vec::new();
    let mut begin = None;
    for (at, letter) in text.char_indices().chain([(text.len(), ' ')]) {
        if is_part_of_word(letter) {
            begin = begin.or(Some(at));
        } else if let Some(start) = begin.take() {
            words.push((start, at));
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(text: &str, words: &[&str], most: usize) -> String {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        let pieces = snippet(text, &words, most);
        pieces
            .iter()
            .map(|piece| if piece.hit { format!("[{}]", piece.text) } else { piece.text.clone() })
            .collect()
    }

    #[test]
    fn the_words_that_hit_are_marked() {
        assert_eq!(shown("Two ladders, one long", &["ladders"], 80), "Two [ladders], one long");
        assert_eq!(shown("A baby bottle.", &["baby bottle"], 80), "A [baby] [bottle].");
        assert_eq!(shown("A LADDER and a ladder", &["Ladder"], 80), "A [LADDER] and a [ladder]");
        assert_eq!(shown("Nothing of it", &["ladder"], 80), "Nothing of it");
        assert_eq!(shown("", &["ladder"], 80), "");
    }

    #[test]
    fn a_long_text_is_cut_around_the_first_hit() {
        let text = format!("{} a ladder of wood {}", "before ".repeat(30), "after ".repeat(30));
        let shown = shown(&text, &["ladder"], 40);
        assert!(shown.contains("[ladder] of wood"), "{shown}");
        assert!(shown.starts_with('…') && shown.ends_with('…'), "{shown}");
        assert!(shown.chars().count() < 60, "{shown}");
    }

    proptest! {
        #[test]
        fn a_snippet_is_a_part_of_the_text(text in "\\PC{0,200}|[a-zä ]{0,300}", word in "[a-zä]{1,3}", most in 0_usize..90) {
            let pieces = snippet(&text, &[word], most);
            let whole: String = pieces.iter().map(|piece| piece.text.trim_matches('…')).collect();
            prop_assert!(text.contains(whole.trim_matches('…')) || text.contains('…'));
            prop_assert!(whole.chars().count() <= most.max(1));
        }
    }
}
