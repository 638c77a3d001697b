//! Which offers answer which needs, and ranked search.
//!
//! An [`Index`] holds listings in memory. [`Index::search`] ranks them for words that a person typed;
//! [`Index::matches_for`] and [`Index::all_matches`] find pairs of a need and an offer, each with its
//! [`Reason`]s. `docs/matching.md` says how it works.
//!
//! | folder | idea |
//! | --- | --- |
//! | `pairs` | a need and an offer: what their words have in common, what else fits, and why |
//! | `index` | listings with their words, and search among them |
//! | `vocabulary` | the words of an index, and which of them stand in for others |
//! | `meaning` | what words mean: vectors, a lexicon, the tree of kinds |
//! | `text` | from text to words and sizes |
//!
//! **Invariant:** no I/O, no clock, no randomness. Two indexes that hold the same listings answer the
//! same, to the last bit, whatever was inserted and removed before and in whatever order.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod index;
mod meaning;
mod pairs;
mod text;
mod vocabulary;

/// What the shipped data are made of, by whom, and under which licences: whoever passes the program on passes this
/// on with it.
pub const NOTICES: &[&str] = &[
    include_str!("../data/NOTICE.md"),
    include_str!("../data/vectors/NOTICE"),
    include_str!("../data/licences/Unicode-3.0.txt"),
    include_str!("../data/licences/ISC.txt"),
    include_str!("../data/licences/Apache-2.0.txt"),
    include_str!("../data/licences/CC-BY-SA-4.0.txt"),
];

pub use index::Index;
pub use index::query::{Found, Hit, Query, Widened};
pub use index::snippet::{Piece, snippet};
pub use meaning::{
    BrokenLexicon, Concept, Direction, Kind, Lexicon, Meaning, Sense, Source, Strength, Vectors,
    VectorsError, WordVector, key,
};
pub use pairs::Match;
pub use pairs::reason::{Reason, ReasonKind};
pub use text::action::Action;
