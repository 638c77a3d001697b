//! From text to words: what each one is, and what part it plays.
//!
//! `fold` gives one form to the spellings that people mix up, `words` finds a word's forms, `everyday`
//! holds the words that say little, `language` guesses what a text is in, `reading` tells what the words
//! of a line do for it (the thing itself, what belongs to it, what it is not), `measure` reads sizes.

pub(crate) mod action;
pub(crate) mod everyday;
pub(crate) mod fold;
pub(crate) mod language;
pub(crate) mod measure;
pub(crate) mod reading;
pub(crate) mod words;
