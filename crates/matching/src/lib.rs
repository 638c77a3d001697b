//! Which offers answer which needs, and ranked search.
//!
//! An [`Index`] holds listings in memory. [`Index::search`] ranks them for words that a person typed;
//! [`Index::matches_for`] and [`Index::all_matches`] find pairs of a need and an offer, each with its
//! [`Reason`]s. On the way down: `index` and `pairs` ask the `lexicon` (which words stand in which
//! listings, which words are spelled alike), `profile` and `likeness` compare two listings word by word,
//! `score` holds every weight, and `analyse` turns text into words.
//!
//! Search is generous: it ranks, and a weak hit stands at the end. A match is a claim, so `pairs` is
//! strict: without words that speak for it there is none, however near two things are.
//!
//! **Invariant:** no I/O, no clock, no randomness. Two indexes that hold the same listings answer the
//! same, to the last bit, whatever was inserted and removed before and in whatever order.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod action;
mod analyse;
mod entry;
mod everyday;
mod fold;
mod grams;
mod index;
mod kind;
mod lexicon;
mod likeness;
mod pairs;
mod profile;
mod reason;
mod score;
mod snippet;
mod tally;

pub use action::Action;
pub use index::{Found, Hit, Index, Query, Widened};
pub use kind::Kind;
pub use pairs::Match;
pub use reason::{Reason, ReasonKind};
pub use snippet::{Piece, snippet};
