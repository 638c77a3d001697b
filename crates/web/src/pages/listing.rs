//! One listing.

use std::sync::Arc;

use ::node::{ErrorKind, ListingJson, NodeError, PairJson, RequestInput};
use askama::Template;
use axum::Form;
use axum::extract::rejection::{FormRejection, PathRejection};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use tokio::time::timeout;

use super::edit::{new_key, taken};
use super::exchange::{Row, pickup};
use super::kinds::Kinds;
use super::matches::Pair;
use super::{Frame, PATIENCE, PageError, Visitor, aside, author, form_status, fresh, page, see, stale, told};
use crate::answer::Failure;
use crate::words::{self, Moment};
use crate::{Shelf, guests};

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
    /// What stands on its label, as it is read aloud.
    number: String,
    circle: String,
    category_href: String,
    kind: Option<Kind>,
    written: Moment,
    expires: Moment,
    until: Option<Moment>,
    paragraphs: Vec<String>,
    matches: Vec<Pair>,
    /// What is under way about it: who asks for the member's own, or what the member asked for.
    asks: Vec<Row>,
    ask: Option<Ask>,
}

/// The form to ask for it.
struct Ask {
    heading: &'static str,
    button: &'static str,
    token: String,
    /// A double tap asks once.
    key: String,
    /// Whether it is for somebody without an account.
    guest: bool,
    /// Whether that is somebody who stands beside the member whose thing it is.
    beside: bool,
    sent: Sent,
    problem: Option<String>,
}

/// What the form says; what it lacks is empty.
#[derive(Deserialize, Default, Clone)]
#[serde(default)]
pub(crate) struct Sent {
    form: String,
    key: String,
    guest: String,
    count: String,
    message: String,
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
    let template = template(&shelf, &visitor, named(reference)?, None).await?;
    // What is private stays in no cache, and neither does a form.
    if template.ask.is_some() || !template.asks.is_empty() {
        return fresh(StatusCode::OK, &template);
    }
    page(&visitor, &template)
}

/// Asks for it, or offers to help.
pub(crate) async fn ask(
    State(shelf): State<Arc<Shelf>>,
    visitor: Visitor,
    reference: Result<Path<String>, PathRejection>,
    sent: Result<Form<Sent>, FormRejection>,
) -> Result<Response, PageError> {
    let sent = taken(sent)?;
    let reference = named(reference)?;
    let some = |text: &String| Some(text.trim().replace("\r\n", "\n")).filter(|text| !text.is_empty());
    let input = RequestInput {
        count: some(&sent.count),
        message: some(&sent.message),
        guest: some(&sent.guest),
        key: some(&sent.key),
    };
    if visitor.local {
        visitor.may_send(&shelf, &sent.form)?;
    } else if !shelf.access.knows_guest(&sent.form) {
        return Err(stale().into());
    } else if !guests::asks(&input) {
        return Err(Failure::invalid("Write what you are called: the people at the node call you so.").into());
    } else {
        guests::let_in(&shelf, visitor.address, &reference).await?;
    }
    match shelf.handle.request(reference.clone(), input).await {
        Ok(exchange) if exchange.guest => {
            let place = pickup::address(&exchange);
            Ok(see(&place.unwrap_or_else(|| format!("/exchange/{}", exchange.id))))
        }
        Ok(exchange) => Ok(see(&format!("/exchange/{}", exchange.id))),
        Err(error) if matches!(error.kind(), ErrorKind::Invalid | ErrorKind::Refused) => {
            let status = form_status(&error);
            fresh(status, &template(&shelf, &visitor, reference, Some((sent, error))).await?)
        }
        Err(error) => Err(error.into()),
    }
}

async fn template(
    shelf: &Shelf,
    visitor: &Visitor,
    reference: String,
    failed: Option<(Sent, NodeError)>,
) -> Result<Show, PageError> {
    let reader = visitor.reader();
    let seen = aside(shelf, move |handle| {
        let listing = handle.listing(&reference)?;
        let matches = handle.matches_of(&listing.id, MATCHES, reader)?;
        let kind = handle.kind_of(&listing.id)?;
        Ok((listing, matches, kind))
    });
    let (listing, matches, kind): (ListingJson, Vec<PairJson>, Option<String>) = seen.await?;
    let kinds = Kinds::new(&shelf.handle, visitor);
    let kind = kind.and_then(|id| {
        let name = kinds.name(&id)?.to_owned();
        Some(Kind { href: super::address("/", &[("kind", &id)]), name, language: kinds.language.clone() })
    });
    let now = shelf.handle.now();
    let need = listing.side == "need";
    let circle = shelf.handle.circles().into_iter().find(|circle| circle.id == listing.circle);
    let asks = match visitor.local {
        // Why a bound: a listing is shown also while the node is at work on something long.
        true => match timeout(PATIENCE, shelf.handle.exchanges(false, Some(listing.id.clone()))).await {
            Ok(asks) => asks?,
            Err(_) => Vec::new(),
        },
        false => Vec::new(),
    };
    let open = circle.as_ref().is_some_and(|circle| circle.open);
    Ok(Show {
        ask: form(shelf, visitor, &listing, open, failed),
        asks: asks.iter().map(|exchange| Row::by_name(exchange, now)).collect(),
        frame: Frame::new(shelf, visitor, "", listing.title.clone()),
        side: words::side(&listing.side),
        terms: words::terms(&listing.side, &listing.terms).to_owned(),
        left: words::left(&listing.side, listing.count, listing.left),
        author: author(&listing),
        number: words::number(&listing.number),
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
    })
}

/// The form to ask for it, if it can be asked for from here.
fn form(
    shelf: &Shelf,
    visitor: &Visitor,
    listing: &ListingJson,
    open: bool,
    failed: Option<(Sent, NodeError)>,
) -> Option<Ask> {
    let offer = listing.side == "offer";
    let guest = !visitor.local || listing.mine;
    let can = if guest { open && offer } else { true };
    // What is lent comes back, so one can wait for it.
    let is_there = listing.left > 0 || listing.terms == "loan";
    if failed.is_none() && !(can && is_there) {
        return None;
    }
    let problem = failed.as_ref().map(|(_, error)| told(error));
    let sent = match failed {
        Some((sent, _)) => sent,
        None => Sent { key: new_key(), count: "1".to_owned(), ..Sent::default() },
    };
    Some(Ask {
        heading: if offer { "Would you like it?" } else { "Can you help?" },
        button: if offer { "I’d like that" } else { "I can help" },
        token: if visitor.local { shelf.access.form_token() } else { shelf.access.guest_token() },
        key: sent.key.clone(),
        guest,
        beside: visitor.local && listing.mine,
        sent,
        problem,
    })
}
