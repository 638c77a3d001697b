//! A thing by the number on its label.

use std::sync::Arc;

use ::node::ThingNumber;
use askama::Template;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::{Card, Frame, PageError, Visitor, address, aside, fresh, page, see, sentence};
use crate::Shelf;
use crate::answer::Failure;

/// Several things that share a number.
#[derive(Template)]
#[template(path = "number.html")]
struct Shared {
    frame: Frame,
    number: ThingNumber,
    cards: Vec<Card>,
}

/// A blank label of the member, whose thing is still to be written down.
#[derive(Template)]
#[template(path = "blank.html")]
struct Unused {
    frame: Frame,
    number: ThingNumber,
    offer: String,
}

/// Leads to the thing of a number.
pub(crate) async fn show(
    State(shelf): State<Arc<Shelf>>,
    visitor: Visitor,
    number: Result<Path<String>, PathRejection>,
) -> Result<Response, PageError> {
    let Path(number) = number.map_err(|_| PageError::no_listing())?;
    let number = number.parse::<ThingNumber>();
    let number = number.map_err(|error| Failure::not_found(sentence(&error.to_string())))?;
    lead(&shelf, &visitor, number).await?.ok_or_else(|| {
        let message = format!(
            "No thing here has the number {number}. It may have been given away or withdrawn, or what its owner \
             wrote has not arrived at this node yet."
        );
        Failure::not_found(message).into()
    })
}

/// Where a number leads, if it is that of something.
pub(super) async fn lead(
    shelf: &Shelf,
    visitor: &Visitor,
    number: ThingNumber,
) -> Result<Option<Response>, PageError> {
    let local = visitor.local;
    let (things, blank) = aside(shelf, move |handle| {
        let things = handle.numbered(number);
        let blank = if local && things.is_empty() { handle.blank(number) } else { None };
        Ok((things, blank))
    })
    .await?;
    if let [thing] = things.as_slice() {
        return Ok(Some(see(&format!("/listing/{}", thing.id))));
    }
    let frame = Frame::new(shelf, visitor, "", number.to_string());
    if let Some(blank) = blank {
        let offer = address("/new", &[("side", "offer"), ("key", &blank.key.to_string())]);
        return fresh(StatusCode::OK, &Unused { frame, number, offer }).map(Some);
    }
    if things.is_empty() {
        return Ok(None);
    }
    let now = shelf.handle.now();
    let cards = things.into_iter().map(|thing| Card::new(thing, now)).collect();
    page(visitor, &Shared { frame, number, cards }).map(Some)
}
