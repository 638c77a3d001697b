//! The second reader of the protocol, in Python.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use crate::{read, root};

/// Whoever makes the environment makes it alone.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// Runs a command and gives what it said, or fails with this sentence.
fn run(command: &mut Command, otherwise: &str) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{otherwise}: {error}"));
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    assert!(output.status.success(), "{otherwise}:\n{said}");
    said
}

/// The Python of an environment of its own with the reader's modules, made once and kept in this folder.
fn python(interop: &Path, built: &Path) -> PathBuf {
    let folder = built.join("interop");
    let (python, done) = (folder.join("bin/python"), folder.join("requirements.txt"));
    let wanted = interop.join("requirements.txt");
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    if fs::read_to_string(&done).is_ok_and(|installed| installed == read(&wanted)) {
        return python;
    }
    run(
        Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder),
        "this test needs Python: install the packages python3 and python3-venv",
    );
    run(
        Command::new(&python).args(["-m", "pip", "install", "--quiet", "--requirement"]).arg(&wanted),
        "this test needs the modules of tests/interop/requirements.txt, and pip could not install them",
    );
    fs::copy(wanted, done).expect("the folder can be written");
    python
}

/// What the second reader says of a folder of test cases. `built` is where its environment lies:
/// `CARGO_TARGET_TMPDIR`.
///
/// # Panics
/// If it can not be run, or does not agree on each case.
#[must_use]
pub fn second_reader(cases: &Path, built: &str) -> String {
    let interop = root().join("tests/interop");
    let mut command = Command::new(python(&interop, Path::new(built)));
    command.arg("-B").arg(interop.join("check_vectors.py")).arg(cases);
    run(&mut command, "the reader in Python does not agree")
}
