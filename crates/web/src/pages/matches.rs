//! Who can help whom.

use std::collections::HashMap;
use std::sync::Arc;

use ::node::{PairJson, Reader, ReasonJson};
use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::Deserialize;

use super::{Card, Frame, PageError, Visitor, page};
use crate::Shelf;
use crate::answer::Failure;
use crate::words;

/// How many pairs the page shows.
const PAIRS: usize = 40;
/// How many of them may be of the same need, so that one that much fits does not fill the page.
const OF_ONE_NEED: usize = 3;
/// How many pairs are looked at to find those.
const LOOKED_AT: usize = 400;

/// Something that speaks for a pair, or against it.
pub(super) struct Reason {
    pub(super) text: String,
    pub(super) against: bool,
}

/// A need and an offer, and what speaks for them.
pub(super) struct Pair {
    /// By what it is dismissed.
    pub(super) name: String,
    /// Where it is explained.
    pub(super) why: String,
    pub(super) need: Card,
    pub(super) offer: Card,
    /// The other one, seen from one of the two.
    pub(super) other_is_need: bool,
    pub(super) fit: &'static str,
    pub(super) percent: u32,
    pub(super) reasons: Vec<Reason>,
}

impl Pair {
    /// A pair as it is.
    pub(super) fn new(pair: PairJson, now: u64) -> Self {
        // Why the cast is right: the score is from 0 to 1.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let percent = (pair.score.clamp(0.0, 1.0) * 100.0).round() as u32;
        let reasons = pair.reasons.into_iter();
        Self {
            why: format!("/why/{}", pair.pair),
            name: pair.pair,
            need: Card::new(pair.need, now),
            offer: Card::new(pair.offer, now),
            other_is_need: false,
            fit: words::fit(pair.score),
            percent,
            reasons: reasons
                .map(|ReasonJson { points, text }| Reason { text, against: points < 0.0 })
                .collect(),
        }
    }

    /// A pair as one of the two sees it.
    pub(super) fn of(pair: PairJson, i_am_the_need: bool, now: u64) -> Self {
        Self { other_is_need: !i_am_the_need, ..Self::new(pair, now) }
    }

    /// The other one.
    pub(super) const fn other(&self) -> &Card {
        if self.other_is_need { &self.need } else { &self.offer }
    }

    /// The one from which it is seen.
    pub(super) const fn own(&self) -> &Card {
        if self.other_is_need { &self.offer } else { &self.need }
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Asked {
    mine: String,
}

#[derive(Template)]
#[template(path = "matches.html")]
struct Matches {
    frame: Frame,
    alone: bool,
    mine: bool,
    pairs: Vec<Pair>,
}

/// The best pairs of all, or of the node's own member.
pub(crate) async fn show(
    State(shelf): State<Arc<Shelf>>,
    visitor: Visitor,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Result<Response, PageError> {
    let Query(asked) = asked.map_err(|_| Failure::invalid("The address can not be read."))?;
    let mine = visitor.local && !asked.mine.is_empty();
    let mut of_need: HashMap<String, usize> = HashMap::new();
    // What the member keeps to itself is nothing to find among everybody's.
    let reader = if mine { visitor.reader() } else { Reader::Guest };
    let mut pairs = shelf.handle.matches(mine, LOOKED_AT, reader).await;
    pairs.retain(|pair| {
        let shown = of_need.entry(pair.need.id.clone()).or_default();
        *shown += 1;
        *shown <= OF_ONE_NEED
    });
    pairs.truncate(PAIRS);
    let now = shelf.handle.now();
    let template = Matches {
        frame: Frame::new(&shelf, &visitor, "matches", "Who can help whom"),
        alone: shelf.handle.circles().is_empty(),
        mine,
        pairs: pairs.into_iter().map(|pair| Pair::new(pair, now)).collect(),
    };
    page(&visitor, &template)
}
