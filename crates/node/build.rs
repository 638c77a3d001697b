//! Tells the program when it was made: no clock that says less is right. `SOURCE_DATE_EPOCH` (Unix seconds)
//! sets that date, so that a build can be repeated byte for byte.

#![allow(clippy::print_stdout, reason = "this is how a build script speaks to cargo")]

use std::time::{SystemTime, UNIX_EPOCH};

fn main() {
    let given = std::env::var("SOURCE_DATE_EPOCH").ok().and_then(|seconds| seconds.parse::<u64>().ok());
    let seconds = given
        .unwrap_or_else(|| SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()));
    println!("cargo::rerun-if-env-changed=SOURCE_DATE_EPOCH");
    println!("cargo::rustc-env=COMMONSHELF_BUILT={seconds}");
}
