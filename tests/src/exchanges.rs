//! What a node tells of its exchanges, waited for.

use std::time::Duration;

use serde_json::Value;

use crate::{Home, Output, PATIENCE, wait_until};

/// The exchange as a node sees it, once it is in this state.
///
/// # Panics
/// If that takes longer than [`PATIENCE`].
pub fn in_state(node: &Home, id: &str, state: &str) -> Value {
    in_state_within(node, id, state, PATIENCE)
}

/// The same with another bound.
///
/// # Panics
/// If it takes longer.
pub fn in_state_within(node: &Home, id: &str, state: &str, bound: Duration) -> Value {
    told(node, id, &format!("the exchange is {state}"), bound, |seen| seen["state"] == state)
}

/// The exchange as a node sees it, once something holds of it.
///
/// # Panics
/// If that takes longer than the bound.
pub fn told(node: &Home, id: &str, what: &str, bound: Duration, holds: impl Fn(&Value) -> bool) -> Value {
    wait_until(what, bound, || {
        let seen = Output::of(node.command(&["exchanges", id]).arg("--json"));
        if seen.code != 0 {
            return Err(format!("{seen:?}"));
        }
        let seen = seen.json();
        if holds(&seen) { Ok(seen) } else { Err(format!("it is {}", seen["says"])) }
    })
}

/// Waits until what a node's member said last has left.
///
/// # Panics
/// If that takes longer than [`PATIENCE`].
pub fn sent(node: &Home, id: &str) {
    let _ = told(node, id, "it has left", PATIENCE, |seen| seen["sent"] == true);
}

/// Waits until a node sees a listing.
///
/// # Panics
/// If that takes longer than [`PATIENCE`].
pub fn sees(node: &Home, listing: &str) {
    wait_until("it sees the listing", PATIENCE, || {
        let shown = node.cli(&["show", listing]);
        if shown.code == 0 { Ok(()) } else { Err(format!("{shown:?}")) }
    });
}
