//! A case: bytes, what they are meant to be, and what a reader has to make of them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// One test case for whoever reads Commonshelf's bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Case {
    /// What it is about, unique among all cases.
    pub name: String,
    /// What the bytes are meant to be.
    pub what: String,
    /// What a reader knows besides the bytes: texts, numbers, and bytes in hexadecimal.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub with: BTreeMap<String, String>,
    /// The bytes in hexadecimal; `(9f*300)` stands for 300 times the byte 9f.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub bytes: String,
    /// `accept` or `refuse`.
    pub expect: Verdict,
    /// What a reader makes of accepted bytes.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub gives: String,
    /// Why they are refused, in one word; what follows a slash is finer than a reader has to tell.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
}

/// Whether a reader takes the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It does.
    Accept,
    /// It does not.
    Refuse,
}

impl Case {
    /// Bytes that are taken.
    pub(super) fn good(what: &str, name: &str, bytes: &[u8], gives: &str) -> Self {
        Self {
            name: name.to_owned(),
            what: what.to_owned(),
            with: BTreeMap::new(),
            bytes: hex_with_runs(bytes),
            expect: Verdict::Accept,
            gives: gives.to_owned(),
            reason: String::new(),
        }
    }

    /// Bytes that are refused.
    pub(super) fn bad(what: &str, name: &str, bytes: &[u8], reason: &str) -> Self {
        let accepted = Self::good(what, name, bytes, "");
        Self { expect: Verdict::Refuse, reason: reason.to_owned(), ..accepted }
    }

    /// What else the reader knows.
    pub(super) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.with.insert(name.to_owned(), value.into());
        self
    }

    /// The bytes.
    ///
    /// # Panics
    /// If they are not written in hexadecimal.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        unhex(&self.bytes)
    }

    /// Bytes that the reader knows besides, if they are there.
    ///
    /// # Panics
    /// If they are not written in hexadecimal.
    #[must_use]
    pub fn bytes_of(&self, name: &str) -> Option<Vec<u8>> {
        self.with.get(name).map(|hex| unhex(hex))
    }

    /// A text that the reader knows besides.
    ///
    /// # Panics
    /// If it is not there.
    #[must_use]
    pub fn text_of(&self, name: &str) -> &str {
        self.with.get(name).unwrap_or_else(|| panic!("{} has no {name}", self.name))
    }
}

/// Bytes in hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Runs shorter than this are written out.
const SHORTEST_RUN: usize = 65;

fn hex_with_runs(bytes: &[u8]) -> String {
    let runs = bytes.chunk_by(|one, next| one == next);
    let written = |run: &[u8]| match run.len() {
        ..SHORTEST_RUN => hex(run),
        times => format!("({:02x}*{times})", run[0]),
    };
    runs.map(written).collect()
}

/// The bytes of a text in hexadecimal, runs among them.
///
/// # Panics
/// If it is none.
#[must_use]
pub fn unhex(text: &str) -> Vec<u8> {
    let byte = |digits: &str| u8::from_str_radix(digits, 16).expect("two hexadecimal digits");
    let plain = |text: &str| -> Vec<u8> {
        assert!(text.is_ascii() && text.len().is_multiple_of(2), "hexadecimal: {text}");
        (0..text.len()).step_by(2).map(|at| byte(&text[at..at + 2])).collect()
    };
    let mut pieces = text.split('(');
    let mut found = plain(pieces.next().unwrap_or_default());
    for piece in pieces {
        let (run, rest) = piece.split_once(')').expect("a run ends");
        let (digits, times) = run.split_once('*').expect("a run has a number");
        found.extend(std::iter::repeat_n(byte(digits), times.parse().expect("a number")));
        found.extend(plain(rest));
    }
    found
}
