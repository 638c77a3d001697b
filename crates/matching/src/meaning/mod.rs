//! What words stand for, whatever language they are in.
//!
//! The `lexicon` knows which things a word names: "pram" and "poussette" meet in one concept. The
//! `kinds` are the tree of categories under which an app shows listings; every concept may belong to one.

mod kinds;
mod lexicon;

pub use kinds::Kind;
pub use lexicon::{BrokenLexicon, Concept, Lexicon, Sense, Source, Strength, key};
