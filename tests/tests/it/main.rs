//! What people and programs do with real nodes. These tests wait more than they work, so they are one program, and
//! run beside each other. Those that measure, or that need a machine for themselves, are programs of their own.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

mod backup;
mod bad_input;
mod carry;
mod cli;
mod clock;
mod corpus;
mod damage;
mod devices;
mod doctor;
mod exchange;
mod hide;
mod http;
mod invite;
mod keys;
mod loopback;
mod matching;
mod members;
mod photos;
mod purge;
mod standing;
