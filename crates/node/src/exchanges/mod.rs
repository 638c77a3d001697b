//! Exchanges: what this node's member, and guests that ask through it, have going with others.

mod handle;
mod json;

pub use json::{ActInput, ExchangeJson, MessageJson, RequestInput, WaitingJson};
