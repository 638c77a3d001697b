//! Why two things are put together, or are not: all that speaks for it and against it.

use std::sync::Arc;

use ::node::{ErrorKind, NodeError, PairJson};
use askama::Template;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::Response;

use super::matches::Pair;
use super::{Frame, PageError, Visitor, aside, page};
use crate::answer::Failure;
use crate::{Shelf, words};

/// A reason as a row of the table.
struct Row {
    text: String,
    against: bool,
    /// Points of a hundred, with a sign.
    points: String,
    /// The same without its sign, for the bar.
    bar: f64,
}

#[derive(Template)]
#[template(path = "why.html")]
struct Why {
    frame: Frame,
    pair: Pair,
    rows: Vec<Row>,
    sum: String,
    fits: bool,
    /// Whether one of the two is the member's, and the forms' token to dismiss the pair.
    dismiss: Option<String>,
}

/// Explains a pair: `NEED..OFFER`, each by id, key or a unique beginning of one.
pub(crate) async fn show(
    State(shelf): State<Arc<Shelf>>,
    visitor: Visitor,
    pair: Result<Path<String>, PathRejection>,
) -> Result<Response, PageError> {
    let nothing = || Failure::not_found("No need and no offer are called so.");
    let Path(pair) = pair.map_err(|_| nothing())?;
    let (need, offer) = pair.split_once("..").ok_or_else(nothing)?;
    let (need, offer, reader) = (need.to_owned(), offer.to_owned(), visitor.reader());
    let pair = aside(&shelf, move |handle| handle.why(&need, &offer, reader)).await.map_err(|error| {
        if matches!(error, NodeError::NoPair) || matches!(error.kind(), ErrorKind::Invalid) {
            let other = "These two are not a need and an offer of one circle.";
            return PageError::plain(Failure::not_found(other));
        }
        error.into()
    })?;
    let PairJson { fits, score, .. } = pair;
    let points = words::points(pair.reasons.iter().map(|reason| reason.points));
    let rows = pair.reasons.iter().zip(points).map(|(reason, points)| Row {
        text: reason.text.clone(),
        against: reason.points < 0.0,
        points: format!("{points:+.1}").replace('-', "−"),
        bar: points.abs(),
    });
    let rows = rows.collect();
    let mine = pair.need.mine || pair.offer.mine;
    let template = Why {
        frame: Frame::new(&shelf, &visitor, "why", format!("{}: {}", pair.need.title, pair.offer.title)),
        dismiss: (visitor.local && mine && fits).then(|| shelf.access.form_token()),
        rows,
        sum: format!("{:.1}", score * 100.0),
        fits,
        pair: Pair::new(pair, shelf.handle.now()),
    };
    page(&visitor, &template)
}
