//! A second reader, written in Python from the protocol's text alone, agrees on every test case.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use tests::{root, second_reader};

#[test]
fn a_reader_written_from_the_text_alone_agrees_on_every_case() {
    let said = second_reader(&root().join("tests/vectors"), env!("CARGO_TARGET_TMPDIR"));
    assert!(said.ends_with(" cases, 0 of them wrong\n"), "{said}");
}
