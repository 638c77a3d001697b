//! Waiting for a condition.

use std::thread;
use std::time::{Duration, Instant};

/// How long what comes at once may take on a machine that does much else: only a failing test waits so long. It is
/// less than a minute, after which peers compare all that they have: what should come at once must not hide there.
pub const PATIENCE: Duration = Duration::from_secs(45);

/// Asks again and again until the answer is `Ok`, and returns what is in it.
///
/// # Panics
/// If the bound passes first: with `what` was waited for and what the last answer was.
pub fn wait_until<T>(what: &str, bound: Duration, mut condition: impl FnMut() -> Result<T, String>) -> T {
    let begin = Instant::now();
    let mut pause = Duration::from_millis(2);
    loop {
        let is_last = begin.elapsed() >= bound;
        match condition() {
            Ok(value) => return value,
            Err(state) if is_last => panic!("waited {bound:?} for this: {what}; but {state}"),
            Err(_) => thread::sleep(pause),
        }
        pause = (pause * 2).min(Duration::from_millis(100));
    }
}
