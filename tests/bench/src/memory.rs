//! How much memory a process takes, as the system tells it.

use std::fmt::Display;
use std::fs;

use crate::Outcome;

/// A field of a process's status, in MiB.
pub(crate) fn status_mib(process: impl Display, field: &str) -> Outcome<f64> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let value = status.lines().find_map(|line| line.strip_prefix(field)).ok_or("no such field")?;
    let kib: f64 = value.trim().trim_end_matches("kB").trim().parse()?;
    Ok(kib / 1024.0)
}

/// What this process has in memory, in MiB, without what is mapped from files, such as the program itself
/// with its word vectors.
pub(crate) fn own_mib() -> Outcome<f64> {
    status_mib("self", "RssAnon:")
}
