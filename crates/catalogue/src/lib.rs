//! What a circle's records add up to: admission, replacement, life, quotas, digests; and what two members'
//! stances add up to: the exchange.
//!
//! Start reading at [`Catalogue`], or at [`exchange`].
//!
//! **Invariant:** the admitted set is a function of the verified records held and the time; it does
//! not depend on the order in which they arrived. No I/O, no clock, no randomness.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod author;
mod catalogue;
mod changes;
mod control;
mod days;
pub mod draw;
pub mod exchange;
pub mod hours;
mod refusal;
mod rules;
mod settle;
pub mod tally;
mod tier;
mod top;

pub use catalogue::{Admitted, Catalogue, Standing};
pub use changes::Changes;
pub use days::{Digests, Group, Window};
pub use refusal::Refusal;
pub use rules::Belonging;
pub use tier::{CHARTERS, GRANTS, RESERVE, RIVALS, WAITING, WITHDRAWN};

#[cfg(test)]
mod belonging_tests;
#[cfg(test)]
mod laws;
#[cfg(test)]
mod tally_tests;
#[cfg(test)]
mod tests;
