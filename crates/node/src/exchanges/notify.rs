//! Telling a person elsewhere than on the page that something waits: a port, and one way so far, a program that is
//! given the words.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use record::Timestamp;
use serde::{Deserialize, Serialize};

use super::json::WaitingJson;
use crate::error::NodeError;
use crate::service::Service;

/// The note of what was told.
pub(crate) const TOLD: &str = "told";
/// The person is told at most once in so long, of all that waits, in milliseconds: an hour.
const APART: u64 = 60 * 60 * 1000;
/// What still waits is told again after so long: a day.
const AGAIN: u64 = 24 * 60 * 60 * 1000;
/// How long a program may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often it is looked at whether a program has ended.
const LOOK: Duration = Duration::from_millis(100);

/// How a person is told.
pub trait Notify: Send + Sync {
    /// Tells the person these words: a line for each thing that waits. It must not take long.
    fn tell(&self, words: &str);
}

/// Runs a program, without a shell, and gives it the words on its standard input.
#[derive(Debug, Clone)]
pub struct Program(PathBuf);

impl Program {
    /// The program at this path, or of this name on the path.
    #[must_use]
    pub fn new(path: &Path) -> Self {
        Self(path.to_owned())
    }

    fn run(&self, words: &str) -> std::io::Result<()> {
        let mut child = Command::new(&self.0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        if let Some(mut input) = child.stdin.take() {
            // Why: a program that does not read may still have done its work.
            let _ = input.write_all(words.as_bytes());
        }
        let mut waited = Duration::ZERO;
        while child.try_wait()?.is_none() {
            if waited >= PATIENCE {
                child.kill()?;
                return child.wait().map(drop);
            }
            thread::sleep(LOOK);
            waited = waited.saturating_add(LOOK);
        }
        Ok(())
    }
}

impl Notify for Program {
    fn tell(&self, words: &str) {
        let (program, words) = (self.clone(), words.to_owned());
        let run = move || {
            if let Err(error) = program.run(&words) {
                tracing::warn!(%error, program = %program.0.display(), "the program that tells what waits failed");
            }
        };
        if let Err(error) = thread::Builder::new().name("notify".into()).spawn(run) {
            tracing::warn!(%error, "nobody was told what waits");
        }
    }
}

/// What the person was told, and when.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Told {
    /// Unix milliseconds.
    at: u64,
    what: BTreeSet<String>,
}

/// What tells one thing that waits from another.
fn key_of(one: &WaitingJson) -> String {
    format!("{}{} {}", one.exchange, one.listing.as_deref().unwrap_or_default(), one.what)
}

impl Told {
    pub(crate) fn read(note: Option<&[u8]>) -> Self {
        note.and_then(|note| serde_json::from_slice(note).ok()).unwrap_or_default()
    }

    /// What to tell now, if anything: all that waits, once there is something new or a day has passed.
    fn next(&self, waiting: &[WaitingJson], now: Timestamp) -> Option<Self> {
        let what: BTreeSet<String> = waiting.iter().map(key_of).collect();
        let since = now.millis().saturating_sub(self.at);
        let new = what.iter().any(|one| !self.what.contains(one));
        let due = (new && since >= APART) || (!what.is_empty() && since >= AGAIN);
        due.then(|| Self { at: now.millis(), what })
    }
}

impl Service {
    /// Counts what waits for the pages, and tells the person.
    pub(super) fn tell_what_waits(&mut self) {
        let waiting = self.waiting();
        self.change(|view| view.waiting = waiting.len());
        let Some(notify) = self.notify.clone() else { return };
        let now = self.clock.now();
        let Some(told) = self.exchanges.told.next(&waiting, now) else { return };
        // Why first: told twice is a nuisance, and a node that starts again and again would tell each time.
        match self.keep_told(&told) {
            Ok(()) => self.exchanges.told = told,
            Err(error) => return tracing::warn!(%error, "nobody was told what waits"),
        }
        let lines: Vec<&str> = waiting.iter().map(|one| one.text.as_str()).collect();
        notify.tell(&format!("{}\n", lines.join("\n")));
    }

    fn keep_told(&mut self, told: &Told) -> Result<(), NodeError> {
        let json = serde_json::to_vec(told).map_err(|error| NodeError::Invalid(error.to_string()))?;
        Ok(self.protocol.store().set_meta(TOLD, &json)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_790_000_000_000);

    fn waits(what: &str) -> WaitingJson {
        let (exchange, what) = ("00".repeat(16), what.to_owned());
        WaitingJson { exchange, listing: None, what, text: String::new(), at: 0, act: None }
    }

    #[test]
    fn a_person_is_told_once_of_all_that_waits_and_not_again_within_the_hour() {
        let none = Told::default();
        assert_eq!(none.next(&[], NOW), None);
        let told = none.next(&[waits("asked"), waits("due")], NOW).unwrap();
        assert_eq!(told.what.len(), 2);
        let soon = NOW.plus_millis(APART - 1);
        assert_eq!(told.next(&[waits("asked"), waits("collect")], soon), None, "not yet");
        let later = NOW.plus_millis(APART);
        assert!(told.next(&[waits("asked"), waits("collect")], later).is_some());
        assert_eq!(told.next(&[waits("asked"), waits("due")], later), None, "nothing new");
        assert!(told.next(&[waits("asked")], NOW.plus_millis(AGAIN)).is_some(), "it waits still");
        assert_eq!(told.next(&[], NOW.plus_millis(AGAIN)), None);
    }

    #[cfg(unix)]
    #[test]
    fn a_program_gets_the_words_and_no_shell_reads_them() {
        let dir = tempfile::tempdir().unwrap();
        let (script, out) = (dir.path().join("tell"), dir.path().join("out"));
        std::fs::write(&script, format!("#!/bin/sh\ncat > {}\n", out.display())).unwrap();
        let mode = <std::fs::Permissions as std::os::unix::fs::PermissionsExt>::from_mode(0o700);
        std::fs::set_permissions(&script, mode).unwrap();
        let words = "Pram: Anna asked 2 days ago; $(touch nowhere)\n";
        Program::new(&script).run(words).unwrap();
        assert_eq!(std::fs::read_to_string(&out).unwrap(), words);
        assert!(Program::new(&dir.path().join("none")).run(words).is_err());
    }
}
