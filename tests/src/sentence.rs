//! What a person is told when something can not be done.

use crate::Output;

/// What shows that a program speaks to its makers and not to a person.
const INNER: &[&str] = &[
    "Error(",
    "Err(",
    "Ok(",
    "Some(",
    "None",
    "panicked",
    "RUST_BACKTRACE",
    "backtrace",
    "src/",
    "unwrap",
    "Os {",
    "kind:",
    "Custom {",
    "::",
    "\u{1b}[",
];

/// Checks that a command failed with this code, printed nothing, and said why in one clear sentence.
///
/// # Panics
/// If not.
pub fn check_sentence(output: &Output, code: i32) {
    assert_eq!(output.code, code, "{output:#?}");
    assert!(output.stdout.trim().is_empty(), "stdout is for results alone: {output:#?}");
    let said = output.stderr.trim_end();
    assert_eq!(said.lines().count(), 1, "one sentence: {output:#?}");
    let length = said.chars().count();
    assert!((15..=400).contains(&length), "a sentence of {length} characters: {output:#?}");
    for inner in INNER {
        // What was typed is shown as it was typed: an address of IP version 6 may hold `::`.
        let typed = *inner == "::" && output.command.contains("::");
        assert!(typed || !said.contains(inner), "{inner:?} is not for people: {output:#?}");
    }
}
