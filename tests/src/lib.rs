//! What the end-to-end tests share: real processes in folders of their own, asked as a person or a
//! program asks them.
//!
//! **Invariants:** a test ends only processes that it started, by their id. Whatever takes time is
//! waited for in [`wait_until`], with a bound; nothing else sleeps. Nodes speak over loopback, or over
//! links between network namespaces that the test makes itself.

// Why: a test that cannot go on has failed, and says so by a panic.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

mod client;
mod code;
mod data;
mod dice;
mod disk;
mod exchanges;
mod full;
mod home;
mod http;
mod ledger;
mod listings;
mod member;
mod mesh;
mod namespace;
mod node;
mod output;
mod peer;
mod process;
mod program;
mod python;
mod red;
mod scenario;
mod sentence;
pub mod targets;
pub mod vectors;
mod wait;
mod wire;
mod workspace;

pub use client::Client;
pub use code::code_on;
pub use data::{copy, holding};
pub use dice::Dice;
pub use disk::Disk;
pub use exchanges::{in_state, in_state_within, sees, sent, told};
pub use full::{full_or_short, is_full_size};
pub use home::Home;
pub use http::{Answer, raw, throw};
pub use ledger::Ledger;
pub use listings::{at, by_text, check_listing, same_digest, table, texts, titles};
pub use member::{Member, now};
pub use mesh::{Hears, Mesh};
pub use namespace::{Lan, Place, unless_unwanted};
pub use node::{Away, Node, Ready};
pub use output::Output;
pub use peer::{Peer, message};
pub use process::Process;
pub use program::program;
pub use python::second_reader;
pub use red::RED;
pub use scenario::survive_a_kill;
pub use sentence::check_sentence;
pub use wait::{PATIENCE, wait_until};
pub use workspace::{files_below, lines, manifest, read, root};
