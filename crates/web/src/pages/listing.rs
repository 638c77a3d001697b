//! One listing.

use std::sync::Arc;

use ::node::{ListingJson, PairJson};
use askama::Template;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::Response;

use super::kinds::Kinds;
use super::matches::Pair;
use super::{Frame, PageError, Visitor, aside, author, page};
use crate::Shelf;
use crate::words::{self, Moment};

/// How many matches a listing's page shows.
const MATCHES: usize = 8;

/// The kind of things that it is of, as the visitor's language calls it.
struct Kind {
    href: String,
    name: String,
    language: String,
}

#[derive(Template)]
#[template(path = "listing.html")]
struct Show {
    frame: Frame,
    listing: ListingJson,
    side: &'static str,
    terms: String,
    left: Option<String>,
    author: String,
    circle: String,
    category_href: String,
    kind: Option<Kind>,
    written: Moment,
    expires: Moment,
    until: Option<Moment>,
    paragraphs: Vec<String>,
    matches: Vec<Pair>,
}

/// What a path names, or the page that says that it names nothing.
pub(super) fn named(reference: Result<Path<String>, PathRejection>) -> Result<String, PageError> {
    reference.map(|Path(reference)| reference).map_err(|_| PageError::no_listing())
}

/// Shows one listing with what fits it.
pub(crate) async fn show(
    State(shelf): State<Arc<Shelf>>,
    visitor: Visitor,
    reference: Result<Path<String>, PathRejection>,
) -> Result<Response, PageError> {
    let reference = named(reference)?;
    let reader = visitor.reader();
    let seen = aside(&shelf, move |handle| {
        let listing = handle.listing(&reference)?;
        let matches = handle.matches_of(&listing.id, MATCHES, reader)?;
        let kind = handle.kind_of(&listing.id)?;
        Ok((listing, matches, kind))
    });
    let (listing, matches, kind): (ListingJson, Vec<PairJson>, Option<String>) = seen.await?;
    let kinds = Kinds::new(&shelf.handle, &visitor);
    let kind = kind.and_then(|id| {
        let name = kinds.name(&id)?.to_owned();
        Some(Kind { href: super::address("/", &[("kind", &id)]), name, language: kinds.language.clone() })
    });
    let now = shelf.handle.now();
    let need = listing.side == "need";
    let circle = shelf.handle.circles().into_iter().find(|circle| circle.id == listing.circle);
    let template = Show {
        frame: Frame::new(&shelf, &visitor, "", listing.title.clone()),
        side: words::side(&listing.side),
        terms: words::terms(&listing.side, &listing.terms).to_owned(),
        left: words::left(&listing.side, listing.count, listing.left),
        author: author(&listing),
        circle: circle.map(|circle| circle.name).unwrap_or_default(),
        kind,
        category_href: super::address("/", &[("category", &listing.category)]),
        written: Moment::new(listing.revision, now),
        expires: Moment::new(listing.expires, now),
        until: listing.until.map(|until| Moment::new(until, now)),
        paragraphs: listing
            .text
            .split('\n')
            .map(str::trim)
            .filter(|text| !text.is_empty())
            .map(str::to_owned)
            .collect(),
        matches: matches.into_iter().map(|pair| Pair::of(pair, need, now)).collect(),
        listing,
    };
    page(&visitor, &template)
}
