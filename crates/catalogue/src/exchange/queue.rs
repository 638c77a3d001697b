//! Who is next: the line of those who ask, holds of what came back, and loans that are late.

use record::{ExchangeId, Timestamp};

use super::{Exchange, State};

/// Who waits in line for a listing, the first first: who was told a place keeps it before those who were not told
/// one; else who asked first. So nobody gets ahead of somebody who was told a place, not even by a wrong clock.
#[must_use]
pub fn line<'a>(exchanges: impl IntoIterator<Item = &'a Exchange>) -> Vec<&'a Exchange> {
    let waits = |exchange: &&Exchange| exchange.state() == State::Requested && exchange.asks().is_some();
    let mut line: Vec<_> = exchanges.into_iter().filter(waits).collect();
    line.sort_by_key(|exchange| {
        let told = exchange.answers().and_then(|says| says.queue);
        (told.unwrap_or(u32::MAX), exchange.about().asked, exchange.id())
    });
    line
}

/// Who has to be told a place in line, for it was told none or another: the exchange and the place, from 1.
#[must_use]
pub fn places_to_tell<'a>(exchanges: impl IntoIterator<Item = &'a Exchange>) -> Vec<(ExchangeId, u32)> {
    let places = line(exchanges).into_iter().zip(1_u32..);
    let untold =
        |(exchange, place): &(&Exchange, u32)| exchange.answers().and_then(|says| says.queue) != Some(*place);
    places.filter(untold).map(|(exchange, place)| (exchange.id(), place)).collect()
}

/// For whom a thing is held that came back: the first in line.
#[must_use]
pub fn next_in_line<'a>(exchanges: impl IntoIterator<Item = &'a Exchange>) -> Option<&'a Exchange> {
    line(exchanges).into_iter().next()
}

/// How many others wait for a listing than this exchange: while somebody does, a loan is not renewed.
#[must_use]
pub fn wait_for_it<'a>(exchanges: impl IntoIterator<Item = &'a Exchange>, but: ExchangeId) -> u32 {
    let others = line(exchanges).into_iter().filter(|exchange| exchange.id() != but);
    others.fold(0, |count: u32, _| count.saturating_add(1))
}

/// When a hold lapses that began at `since`: with the end of the `days`-th open day, if that is among `closings`,
/// the ends of the open days in their order. The day on which it begins counts while it is still open.
#[must_use]
pub fn hold_until(since: Timestamp, closings: &[Timestamp], days: u32) -> Option<Timestamp> {
    let nth = usize::try_from(days.checked_sub(1)?).ok()?;
    closings.iter().copied().filter(|closing| *closing > since).nth(nth)
}

/// Since when a loan is late: it is out, was due then, and that is past.
#[must_use]
pub fn overdue_since(exchange: &Exchange, now: Timestamp) -> Option<Timestamp> {
    let out = matches!(exchange.state(), State::Lent | State::HandedOver);
    exchange.due().filter(|due| out && *due < now)
}
