//! A second reader, written in Python from the protocol's text alone, agrees on every test case.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tests::{read, root};

/// Runs a command and gives what it said, or fails with this sentence.
fn run(command: &mut Command, otherwise: &str) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{otherwise}: {error}"));
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    assert!(output.status.success(), "{otherwise}:\n{said}");
    said
}

/// The Python of an environment of its own with the reader's modules, made once and kept beside what is
/// built.
fn python(interop: &Path) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("interop");
    let (python, done) = (folder.join("bin/python"), folder.join("requirements.txt"));
    let wanted = interop.join("requirements.txt");
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
    fs::copy(wanted, done).unwrap();
    python
}

#[test]
fn a_reader_written_from_the_text_alone_agrees_on_every_case() {
    let interop = root().join("tests/interop");
    let mut command = Command::new(python(&interop));
    command.arg("-B").arg(interop.join("check_vectors.py")).arg(root().join("tests/vectors"));
    let said = run(&mut command, "the reader in Python does not agree");
    assert!(said.ends_with(" cases, 0 of them wrong\n"), "{said}");
}
