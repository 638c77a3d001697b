//! Test cases for whoever reads Commonshelf's bytes: `tests/vectors/*.json`.
//!
//! [`cases`] makes them, [`verdict`] says what the crate `record` makes of one. The cases are built here byte
//! by byte; the crate lends its keys and digests only.

mod bodies;
mod canonical;
mod case;
mod charters;
mod check;
mod draws;
mod keys;
mod letters;
mod names;
mod raw;
mod records;
mod seals;
mod stances;
mod world;

pub use case::{Case, Verdict, hex, unhex};
pub use check::verdict;

/// All cases, by the name of their file.
#[must_use]
pub fn cases() -> Vec<(&'static str, Vec<Case>)> {
    vec![
        ("canonical", canonical::cases()),
        ("names", names::cases()),
        ("keys", keys::cases()),
        ("records", records::cases()),
        ("bodies", bodies::cases()),
        ("seals", seals::cases()),
        ("stances", stances::cases()),
        ("letters", letters::cases()),
    ]
}

/// What is said in letters of all sorts, before they are sealed.
#[must_use]
pub fn contents() -> Vec<Vec<u8>> {
    letters::contents()
}

/// A file's text.
///
/// # Panics
/// Never: cases are texts.
#[must_use]
pub fn written(cases: &[Case]) -> String {
    let mut text = serde_json::to_string_pretty(cases).expect("cases are texts");
    text.push('\n');
    text
}
