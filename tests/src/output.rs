//! What a program did.

use std::io::{Read, Write as _};
use std::process::{Child, Command, Stdio};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use serde_json::Value;

use crate::wait_until;

/// How long a command may take: the demo is one, and its own test has a narrower bound.
const BOUND: Duration = Duration::from_secs(120);

/// What a program did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// The command line, for messages.
    pub command: String,
    /// The exit code; -1 if a signal ended it.
    pub code: i32,
    /// What it printed.
    pub stdout: String,
    /// What it said beside it.
    pub stderr: String,
}

impl Output {
    /// Runs a program to its end.
    ///
    /// # Panics
    /// If it does not start or does not end in time; then it is ended.
    #[must_use]
    pub fn of(command: &mut Command) -> Self {
        Self::with_input(command, &[])
    }

    /// Runs a program to its end, with this as its standard input.
    ///
    /// # Panics
    /// As [`Output::of`].
    #[must_use]
    pub fn with_input(command: &mut Command, input: &[u8]) -> Self {
        let shown = shown(command);
        let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut child = Reaped(child.unwrap_or_else(|error| panic!("{shown}: {error}")));
        let stdout = gather(child.0.stdout.take().unwrap());
        let stderr = gather(child.0.stderr.take().unwrap());
        // Why: a program that does not read its input may end before all of it is written.
        let _ = child.0.stdin.take().unwrap().write_all(input);
        let status = wait_until(&format!("the end of {shown}"), BOUND, || {
            child.0.try_wait().unwrap().ok_or_else(|| "it still runs".to_owned())
        });
        Self {
            command: shown,
            code: status.code().unwrap_or(-1),
            stdout: stdout.join().unwrap(),
            stderr: stderr.join().unwrap(),
        }
    }

    /// The same, once the program is known to have ended with this code.
    ///
    /// # Panics
    /// If it ended with another one.
    #[must_use]
    pub fn ended(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{self:#?}");
        self
    }

    /// The one JSON value that it printed.
    ///
    /// # Panics
    /// If it failed, or printed anything else.
    #[must_use]
    pub fn json(self) -> Value {
        let done = self.ended(0);
        let lines = done.stdout.trim_end().lines().count();
        assert!(lines >= 1 && done.stdout.ends_with('\n'), "one value and a line's end: {done:#?}");
        serde_json::from_str(&done.stdout).unwrap_or_else(|error| panic!("{error}: {done:#?}"))
    }
}

/// A child that does not outlive the test, also when the test gives up.
struct Reaped(Child);

impl Drop for Reaped {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Reads to the end on a thread of its own, so that no pipe fills up.
pub(crate) fn gather(mut from: impl Read + Send + 'static) -> JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = from.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// A command line as a person would write it, cut where it is long.
pub(crate) fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let words: Vec<String> = words.map(|word| word.to_string_lossy().chars().take(120).collect()).collect();
    words.join(" ")
}
