//! Real nodes over loopback.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

mod connections;
mod garbage;
mod gossip;
mod limits;
mod listen;
mod relays;
mod restart;
mod sessions;
mod support;
mod sybils;
