//! The command line: `commonshelf`.
//!
//! A command is a request to the node's API: over HTTP if a node runs in the data folder, else to a node
//! inside this process that has no network (`client`). Exit codes: 0 done, 1 failed, 2 wrong usage,
//! 3 not found.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod args;
mod backup;
mod bundle;
mod client;
mod commands;
mod demo;
mod doctor;
mod exchanges;
mod failure;
mod handover;
mod keys;
mod matching;
mod open;
mod out;
mod passphrase;
mod profile;
mod show;
mod stream;
mod up;
mod whole;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser as _;
use tracing_subscriber::EnvFilter;

use crate::args::{Cli, Command};
use crate::client::Client;
use crate::commands::Printed;
use crate::failure::Failure;

/// Says how much is logged, to the standard error: `COMMONSHELF_LOG=info`, `=debug`, `=net=debug,info`…
const LOG: &str = "COMMONSHELF_LOG";

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) if error.use_stderr() => {
            return ended(Err(Failure::usage(&error)));
        }
        Err(help) => return ended(out::text(&help.render().to_string())),
    };
    let filter = EnvFilter::try_from_env(LOG).unwrap_or_else(|_| EnvFilter::new("warn"));
    let ansi = std::io::IsTerminal::is_terminal(&std::io::stderr());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(ansi).init();
    ended(run(cli))
}

fn run(cli: Cli) -> Result<(), Failure> {
    match cli.command {
        Command::Demo(args) => demo::run(&args, cli.json),
        Command::Up(args) => up::run(&folder(cli.data)?, args, cli.json),
        Command::Licences => out::text(&[node::NOTICES, web::NOTICES].concat().join("\n\n")),
        Command::Doctor(args) => printed(&doctor::run(&folder(cli.data)?, &args)?, cli.json),
        Command::Restore(args) => {
            printed(&whole::restore(&folder(cli.data)?, &args.file, args.alone)?, cli.json)
        }
        Command::Ask(question) => {
            let client = Client::open(&folder(cli.data)?)?;
            let done = commands::run(&client, question);
            client.close();
            printed(&done?, cli.json)
        }
    }
}

fn printed(printed: &Printed, json: bool) -> Result<(), Failure> {
    out::text(if json { &printed.json } else { &printed.text })?;
    printed.problem.as_ref().map_or(Ok(()), |problem| Err(Failure::new(problem.clone())))
}

fn ended(result: Result<(), Failure>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            out::error(&failure.message);
            ExitCode::from(failure.code)
        }
    }
}

fn folder(given: Option<PathBuf>) -> Result<PathBuf, Failure> {
    given
        .or_else(|| {
            let dirs = directories::ProjectDirs::from("org", "Commonshelf", "commonshelf")?;
            Some(dirs.data_dir().to_owned())
        })
        .ok_or_else(|| Failure::new("there is no home folder to keep data in: name one with --data"))
}
