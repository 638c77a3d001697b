//! People without an account who ask for something at an open circle: who is let in, and how often.

use std::net::{IpAddr, Ipv4Addr};

use node::{ActInput, ExchangeJson, NodeError, RequestInput};

use crate::answer::Failure;
use crate::hourly::{Hourly, home};
use crate::{Shelf, access};

/// How often somebody may ask from one address within an hour, and all together.
const ASKS: (usize, usize) = (10, 60);
/// How many wrong pick-up codes of one exchange are looked at within an hour, and of all. With six digits, trying half
/// of them takes years.
const GUESSES: (usize, usize) = (10, 4_096);

/// What is remembered of guests.
pub(crate) struct Guests {
    asked: Hourly<IpAddr>,
    guessed: Hourly<String>,
}

impl Guests {
    pub(crate) const fn new() -> Self {
        Self { asked: Hourly::new(ASKS.0, ASKS.1), guessed: Hourly::new(GUESSES.0, GUESSES.1) }
    }
}

/// Whether it is a guest who asks.
pub(crate) fn asks(input: &RequestInput) -> bool {
    input.guest.as_deref().is_some_and(|name| !name.trim().is_empty())
}

/// Lets a guest ask for a listing, or says why not.
pub(crate) async fn let_in(shelf: &Shelf, client: Option<IpAddr>, reference: &str) -> Result<(), Failure> {
    let (handle, reference) = (shelf.handle.clone(), reference.to_owned());
    let found = tokio::task::spawn_blocking(move || handle.listing(&reference)).await;
    let listing = found.map_err(|_| NodeError::Stopped)??;
    if listing.side != "offer" {
        return Err(Failure::forbidden(
            "only who is a member can help from here: ask at the desk, or run a node of your own",
        ));
    }
    let client = client.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
    if shelf.guests.asked.take(home(client)) { Ok(()) } else { Err(Failure::too_many()) }
}

/// What a guest asked for, by the exchange's id and the pick-up code.
pub(crate) async fn picks_up(shelf: &Shelf, id: &str, code: &str) -> Result<ExchangeJson, Failure> {
    let none = || Failure::not_found("Nothing is kept under this address: look whether it is written right.");
    let is_id = id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !is_id {
        return Err(none());
    }
    // The guest's side of it: the other one may be on this node, too.
    let exchange = shelf.handle.exchange(format!("{id}/asker")).await.map_err(|_| none())?;
    let key = exchange.id.clone();
    if shelf.guests.guessed.is_spent(&key) {
        return Err(Failure::too_many());
    }
    let known = exchange.code.as_deref().is_some_and(|known| access::same(known, code));
    if exchange.guest && known {
        return Ok(exchange);
    }
    shelf.guests.guessed.take(key);
    Err(none())
}

/// What a guest may say by itself.
const WORDS: [&str; 5] = ["accept", "time", "message", "withdraw", "cancel"];

/// Says something for a guest.
pub(crate) async fn say(shelf: &Shelf, at: &ExchangeJson, input: ActInput) -> Result<ExchangeJson, Failure> {
    if !WORDS.contains(&input.act.as_str()) {
        return Err(Failure::forbidden(format!("without an account one can say: {}", WORDS.join(", "))));
    }
    let input = ActInput { take_over: false, ..input };
    Ok(shelf.handle.act(format!("{}/asker", at.id), input).await?)
}
