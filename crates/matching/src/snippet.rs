//! The part of a text in which words stand that hit.

/// A piece of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// What it says.
    pub text: String,
    /// Whether it is a word that hit.
    pub hit: bool,
}

/// At most so many characters of a text, around the first of these words, in pieces.
#[must_use]
pub fn snippet(text: &str, words: &[String], most_chars: usize) -> Vec<Piece> {
    let first = words.iter().filter_map(|word| text.find(word.as_str())).min().unwrap_or(0);
    let before = text.get(..first).unwrap_or_default().chars().count();
    let skipped = before.saturating_sub(most_chars / 3);
    let shown: String = text.chars().skip(skipped).take(most_chars).collect();
    let mut pieces: Vec<Piece> = Vec::new();
    let mut rest = shown.as_str();
    while !rest.is_empty() {
        let next = words.iter().filter(|word| !word.is_empty());
        let next = next.filter_map(|word| Some((rest.find(word.as_str())?, word.len()))).min();
        let (plain, hit) = next.unwrap_or((rest.len(), 0));
        let (one, other) = rest.split_at(plain);
        let (word, after) = other.split_at(hit);
        for (text, hit) in [(one, false), (word, true)] {
            if !text.is_empty() {
                pieces.push(Piece { text: text.to_owned(), hit });
            }
        }
        rest = after;
    }
    pieces
}
