//! How long the tests of abuse go on.

use std::time::Duration;

/// Whether the tests run at full size: `COMMONSHELF_FULL=1`. Otherwise they are as short as they can be and
/// still show something.
#[must_use]
pub fn is_full_size() -> bool {
    std::env::var_os("COMMONSHELF_FULL").is_some_and(|value| value == "1")
}

/// One of two times: at full size, or in every run of the tests.
#[must_use]
pub fn full_or_short(full: u64, short: u64) -> Duration {
    Duration::from_secs(if is_full_size() { full } else { short })
}
