//! The program under test.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::root;

/// Where the program `commonshelf` is: beside the tests, built as they are. `tests/run` builds it
/// first; where it is missing it is built now.
///
/// # Panics
/// If it can not be built.
#[must_use]
pub fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let test = env::current_exe().expect("a running test knows its file");
        // target/PROFILE/deps/NAME-HASH
        let profile = test.ancestors().nth(2).expect("a test lies in target/PROFILE/deps");
        let path = profile.join("commonshelf");
        if !path.exists() {
            let mut cargo = Command::new(env!("CARGO"));
            cargo.current_dir(root()).args(["build", "--locked", "--package", "cli"]);
            if profile.ends_with("release") {
                cargo.arg("--release");
            }
            let status = cargo.status().expect("cargo runs");
            assert!(status.success() && path.exists(), "`cargo build -p cli` made no {}", path.display());
        }
        path
    })
}
