//! `commonshelf key` and `commonshelf grant`. Words come from the standard input and never from the
//! arguments, which every program of the machine can read.

use std::io::{self, BufRead as _, IsTerminal as _, Read as _};
use std::path::PathBuf;

use clap::{Args, Subcommand};
use node::{GrantInput, GrantJson, KeyJson, RevokedJson, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;
use zeroize::Zeroizing;

use crate::client::{Ask, Client};
use crate::commands::{Done, Printed, answer, parsed};
use crate::failure::Failure;
use crate::{backup, out};

/// How many words there are.
const WORDS: usize = 24;
/// How many of them stand in a line.
const IN_A_LINE: usize = 4;
/// The most that is read as words.
const MAX_INPUT: u64 = 4 * 1024;

#[derive(Debug, Subcommand)]
pub(crate) enum Key {
    /// Show who you are, and which key signs on this node
    Show,
    /// Show your root key as 24 words to write down, or write it into an encrypted file
    Backup {
        /// An age file with a passphrase, instead of words to write down
        #[arg(long, value_name = "FILE")]
        file: Option<PathBuf>,
    },
    /// Become yourself again on an empty node: with your 24 words, or an age file
    Restore {
        /// The age file that `key backup` wrote
        #[arg(long, value_name = "FILE")]
        file: Option<PathBuf>,
        /// Don't wait for another node: there is none that knows of you
        #[arg(long)]
        alone: bool,
    },
    /// Take your root key off this node, once you have written it down; type the words to prove it
    TakeOff,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Grant {
    /// Let another key sign for you
    Add {
        #[command(flatten)]
        which: Which,
        /// What it is for
        #[arg(long, value_name = "device|desk|host", default_value = "device")]
        role: String,
        /// Until when: 90d, 12w or a date [default: five years]
        #[arg(long)]
        until: Option<String>,
    },
    /// List who may sign for you
    List,
    /// Let a key sign for you no more; what it signed is void, for good
    Revoke {
        #[command(flatten)]
        which: Which,
        /// Sign its listings again with this node's key, so that they stay
        #[arg(long)]
        keep: bool,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Which {
    /// The key, as `key show` tells it on its node
    key: String,
    /// Only in this circle
    #[arg(long, value_name = "ID")]
    circle: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Words {
    words: Zeroizing<String>,
}

pub(crate) fn key(client: &Client, command: Key) -> Done {
    match command {
        Key::Show => answer(client, Ask::get("/key"), |key: KeyJson| shown(&key)),
        Key::Backup { file } => {
            let json = Zeroizing::new(client.text(Ask::new("POST", "/key/words"))?);
            let Words { words } = parsed(&json)?;
            let printed = match file {
                Some(file) => {
                    backup::write(&file, &words)?;
                    let text = format!(
                        "Written: {}. It opens with your passphrase, here or with the program `age`.\n",
                        file.display()
                    );
                    Printed { json: format!("{}\n", json!({ "file": file })), text, problem: None }
                }
                None => {
                    Printed { json: format!("{}\n", json.trim_end()), text: numbered(&words), problem: None }
                }
            };
            client.text(Ask::new("POST", "/key/written-down"))?;
            Ok(printed)
        }
        Key::Restore { file, alone } => {
            let words = match file {
                Some(file) => backup::read(&file)?,
                None => ask_words()?,
            };
            let ask = Ask::new("POST", "/key/restore").json(&json!({ "words": *words, "alone": alone }));
            answer(client, ask, |key: KeyJson| shown(&key))
        }
        Key::TakeOff => {
            let ask = Ask::new("POST", "/key/take-off").json(&Words { words: ask_words()? });
            answer(client, ask, |key: KeyJson| shown(&key))
        }
    }
}

pub(crate) fn grant(client: &Client, command: Grant) -> Done {
    match command {
        Grant::Add { which, role, until } => {
            let input = GrantInput { role: Some(role), until, ..which.input(client)? };
            answer(client, Ask::new("POST", "/grants").json(&input), |grants: Vec<GrantJson>| listed(&grants))
        }
        Grant::List => answer(client, Ask::get("/grants"), |grants: Vec<GrantJson>| listed(&grants)),
        Grant::Revoke { which, keep } => {
            let input = GrantInput { keep, ..which.input(client)? };
            let ask = Ask::new("POST", "/grants/revoke").json(&input);
            answer(client, ask, |revoked: Vec<RevokedJson>| {
                let line = |one: &RevokedJson| {
                    let RevokedJson { circle, key, listings, kept } = one;
                    format!("Revoked {key} in {circle}: {listings} listings are void, {kept} signed again.\n")
                };
                revoked.iter().map(line).collect()
            })
        }
    }
}

impl Which {
    /// With the 24 words, where the node lacks the root key.
    fn input(self, client: &Client) -> Result<GrantInput, Failure> {
        let key: KeyJson = parsed(&client.text(Ask::get("/key"))?)?;
        let words = if key.root_here { None } else { Some(ask_words()?) };
        Ok(GrantInput { key: self.key, circle: self.circle, words, ..GrantInput::default() })
    }
}

fn shown(key: &KeyJson) -> String {
    let root = match (key.root_here, key.written_down) {
        (true, true) => "lies on this node, and is written down",
        (true, false) => "lies on this node alone: write it down with `commonshelf key backup`",
        (false, _) => "is not on this node: you have it in 24 words",
    };
    let waits = if key.waits {
        "This node was restored and has yet to hear from another one: until then your earlier things can not \
         be changed.\n"
    } else {
        ""
    };
    format!("member    {}\nsigns as  {}\nroot key  {root}\n{waits}", key.member, key.key)
}

fn listed(grants: &[GrantJson]) -> String {
    if grants.is_empty() {
        return "You have granted nothing yet: a node's own key gets its grant with the first thing that you \
                write.\n"
            .to_owned();
    }
    let line = |grant: &GrantJson| {
        let here = if grant.here { ", this node" } else { "" };
        let until = Timestamp::from_millis(grant.until).date();
        format!("{}  {} until {until}{here}  (in {})\n", grant.key, grant.role, grant.circle)
    };
    grants.iter().map(line).collect()
}

/// The words for a person: a few in a line, each with its number.
fn numbered(words: &str) -> String {
    let mut text = String::with_capacity(1024);
    text.push_str(
        "Write these words down, with their numbers, and keep them where nobody else reads them:\n\n",
    );
    for (at, word) in words.split(' ').enumerate() {
        text.push_str(&format!("{:>4} {word:<8}", at + 1));
        if (at + 1) % IN_A_LINE == 0 {
            text.push('\n');
        }
    }
    text.push_str("\nWhoever has them is you. `commonshelf key restore` takes them.\n");
    text
}

/// The 24 words, from the standard input.
fn ask_words() -> Result<Zeroizing<String>, Failure> {
    let failed = |error: io::Error| Failure::new(format!("the standard input can not be read: {error}"));
    let mut input = io::stdin().lock().take(MAX_INPUT);
    let mut words = Zeroizing::new(String::with_capacity(4 * 1024));
    if io::stdin().is_terminal() {
        out::error("Type your 24 words in their order, then Enter:");
        let all = |words: &str| words.split_whitespace().filter(|word| !is_number(word)).count() >= WORDS;
        while !all(&words) {
            let before = words.len();
            if input.read_line(&mut words).map_err(failed)? == 0 || words[before..].trim().is_empty() {
                break;
            }
        }
    } else {
        input.read_to_string(&mut words).map_err(failed)?;
    }
    Ok(words)
}

fn is_number(word: &str) -> bool {
    word.bytes().all(|byte| !byte.is_ascii_alphabetic())
}
