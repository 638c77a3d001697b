//! A real node behind the router: most requests go to it directly, some over a real connection.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod api;
mod exchanges;
mod forms;
mod gate;
mod me;
mod numbers;
mod pages;
mod photos;
mod places;
mod private;
mod searching;
mod site;
mod wire;
