//! How many of a listing are promised and given: only the lister's own stances decide.

use record::{ExchangeId, Timestamp};

use super::{Exchange, Party};

/// How many of a listing an exchange takes: what was given, unless it is back, or else what is promised and not
/// ended. Only the lister's own stance counts: an asker can't take or free anything by what it says, now or
/// later. What an asker gave up is free once the lister let go of it: see [`Exchange::heals`].
#[must_use]
pub fn committed(exchange: &Exchange) -> u32 {
    let Some(said) = exchange.common(Party::Lister) else { return 0 };
    // A lender takes it back, a borrower brings it back.
    let is_back = exchange.is_loan() && (said.back.is_some() || said.returned.is_some());
    match &said.given {
        Some(_) if is_back => 0,
        Some(given) => given.amount.count,
        None if said.ended.is_some() => 0,
        None => exchange.promised().unwrap_or(0),
    }
}

/// The sum over all exchanges of one listing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// How many there are.
    pub count: u32,
    /// How many are promised and not yet given.
    pub promised: u32,
    /// How many are given, and not back.
    pub given: u32,
    /// How many are left.
    pub left: u32,
    /// By how many more was promised than there are: two devices promised apart, or the lister counted again.
    pub over: u32,
}

impl Counts {
    /// Adds up all exchanges of one listing, in whatever circles.
    #[must_use]
    pub fn of<'a>(count: u32, exchanges: impl IntoIterator<Item = &'a Exchange>) -> Self {
        let (mut promised, mut given) = (0_u32, 0_u32);
        for exchange in exchanges {
            let sum = if has_given(exchange) { &mut given } else { &mut promised };
            *sum = sum.saturating_add(committed(exchange));
        }
        let committed = promised.saturating_add(given);
        Self {
            count,
            promised,
            given,
            left: count.saturating_sub(committed),
            over: committed.saturating_sub(count),
        }
    }
}

fn has_given(exchange: &Exchange) -> bool {
    exchange.common(Party::Lister).is_some_and(|said| said.given.is_some())
}

/// Promises of one listing that can't all be kept.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Clash {
    /// Those that can, the earliest promise first.
    pub kept: Vec<ExchangeId>,
    /// Those that can't: the later promises, to be cancelled or met in another way.
    pub lost: Vec<ExchangeId>,
}

/// Which promises can't be kept, if more was promised than there are: what was given stands, then the earlier
/// promise, and of the same moment the lower id.
#[must_use]
pub fn clash<'a>(count: u32, exchanges: impl IntoIterator<Item = &'a Exchange>) -> Option<Clash> {
    let mut left = count;
    let mut promises: Vec<(Timestamp, ExchangeId, u32)> = Vec::new();
    for exchange in exchanges {
        let takes = committed(exchange);
        let promised = exchange.answers().and_then(|says| says.promised);
        match promised.filter(|_| takes > 0 && !has_given(exchange)) {
            Some(promised) => promises.push((promised.at, exchange.id(), takes)),
            None => left = left.saturating_sub(takes),
        }
    }
    promises.sort_unstable();
    let mut clash = Clash::default();
    for (_, id, takes) in promises {
        match left.checked_sub(takes) {
            Some(rest) => {
                left = rest;
                clash.kept.push(id);
            }
            None => clash.lost.push(id),
        }
    }
    (!clash.lost.is_empty()).then_some(clash)
}
