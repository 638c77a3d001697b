//! Looking through what there is, and searching.

use std::sync::Arc;

use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use node::{ErrorKind, Filter, FilterInput, Handle, ListingJson, NodeError};
use serde::Deserialize;

use super::{Card, Frame, MAX_QUERY, PageError, Visitor, address, aside, fresh, page, told};
use crate::Shelf;
use crate::answer::Failure;

/// How many listings a page shows.
const PAGE: usize = 30;
/// The last page that can be asked for.
const LAST_PAGE: usize = 10_000;

/// What a browser asks for.
#[derive(Deserialize, Default, Clone)]
#[serde(default)]
pub(crate) struct Asked {
    q: String,
    side: String,
    mine: String,
    category: String,
    near: String,
    within: String,
    page: String,
    done: String,
}

/// A link that narrows the list.
struct Tab {
    href: String,
    label: &'static str,
    current: bool,
}

#[derive(Template)]
#[template(path = "browse.html")]
struct Browse {
    frame: Frame,
    heading: String,
    asked: Asked,
    /// Whether this is a search.
    searching: bool,
    /// What was just done.
    done: &'static str,
    problem: Option<String>,
    /// Whether the node keeps no circle.
    alone: bool,
    total: Option<usize>,
    tabs: Vec<Tab>,
    cards: Vec<Card>,
    number: usize,
    pages: Option<usize>,
    previous: Option<String>,
    next: Option<String>,
}

/// What a look into the catalogue gave.
struct Seen {
    listings: Vec<ListingJson>,
    /// How many there are in all, if that is known.
    total: Option<usize>,
    /// Whether there are more after these.
    more: bool,
}

/// All listings, the newest first.
pub(crate) async fn browse(
    State(shelf): State<Arc<Shelf>>,
    visitor: Visitor,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Result<Response, PageError> {
    let asked = Asked { q: String::new(), ..read(asked)? };
    answer(&shelf, &visitor, asked, false).await
}

/// Listings by how well they fit some words.
pub(crate) async fn search(
    State(shelf): State<Arc<Shelf>>,
    visitor: Visitor,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Result<Response, PageError> {
    let asked = read(asked)?;
    answer(&shelf, &visitor, asked, true).await
}

fn read(asked: Result<Query<Asked>, QueryRejection>) -> Result<Asked, Failure> {
    let Query(mut asked) = asked.map_err(|_| Failure::invalid("The address can not be read."))?;
    asked.q = asked.q.trim().to_owned();
    Ok(asked)
}

async fn answer(
    shelf: &Shelf,
    visitor: &Visitor,
    asked: Asked,
    searching: bool,
) -> Result<Response, PageError> {
    let number = match asked.page.as_str() {
        "" => 1,
        page => page.parse().ok().filter(|number| (1..=LAST_PAGE).contains(number)).ok_or_else(no_page)?,
    };
    let found = if asked.q.chars().count() > MAX_QUERY {
        let problem = format!("that are too many words: at most {MAX_QUERY} characters fit");
        Err(NodeError::Invalid(problem))
    } else {
        look(shelf, visitor, &asked, searching, number).await
    };
    let nothing = Seen { listings: Vec::new(), total: None, more: false };
    let (status, seen, problem) = match found {
        Ok(seen) => (StatusCode::OK, seen, None),
        // The node's own sentence names an option of the command line.
        Err(NodeError::Invalid(_)) if asked.near.trim().is_empty() && !asked.within.trim().is_empty() => {
            let problem = "A distance needs a place: write where from.".to_owned();
            (StatusCode::BAD_REQUEST, nothing, Some(problem))
        }
        Err(error) if matches!(error.kind(), ErrorKind::Invalid) => {
            (StatusCode::BAD_REQUEST, nothing, Some(told(&error)))
        }
        Err(error) => return Err(error.into()),
    };
    let pages = seen.total.map(|total| total.div_ceil(PAGE).max(1));
    if pages.is_some_and(|pages| number > pages) {
        return Err(no_page().into());
    }
    let now = shelf.handle.now();
    let template = Browse {
        heading: heading(&asked, searching),
        frame: Frame::new(
            shelf,
            visitor,
            if searching { "search" } else { "browse" },
            heading(&asked, searching),
        ),
        searching,
        done: match asked.done.as_str() {
            "withdrawn" => "It is withdrawn. Nobody sees it any more.",
            "gone" => "It was not on the shelf any more.",
            "founded" => "Your circle is there. Put the first thing on its shelf.",
            "joined" => "You have joined. What the others wrote arrives in a moment.",
            _ => "",
        },
        problem,
        alone: shelf.handle.circles().is_empty(),
        total: seen.total,
        tabs: tabs(&asked, searching, visitor.local),
        cards: seen.listings.into_iter().map(|listing| Card::new(listing, now)).collect(),
        number,
        pages,
        previous: (number > 1).then(|| link(&asked, searching, number - 1)),
        next: seen.more.then(|| link(&asked, searching, number + 1)),
        asked,
    };
    if status == StatusCode::OK { page(visitor, &template) } else { fresh(status, &template) }
}

async fn look(
    shelf: &Shelf,
    visitor: &Visitor,
    asked: &Asked,
    searching: bool,
    number: usize,
) -> Result<Seen, NodeError> {
    let (local, asked) = (visitor.local, asked.clone());
    aside(shelf, move |handle| {
        if searching && asked.q.is_empty() {
            return Ok(Seen { listings: Vec::new(), total: None, more: false });
        }
        let filter = filter(handle, &asked, local, number)?;
        if searching {
            let found = handle.search(&asked.q, &filter)?;
            let more = found.len() > PAGE;
            let listings = found.into_iter().take(PAGE).map(|found| found.listing).collect();
            return Ok(Seen { listings, total: None, more });
        }
        let total = handle.count(&filter)?;
        let mut listings = handle.listings(&filter)?;
        let more = listings.len() > PAGE;
        listings.truncate(PAGE);
        Ok(Seen { listings, total: Some(total), more })
    })
    .await
}

/// What to look for: one listing more than a page shows, to know whether there is a next page.
fn filter(handle: &Handle, asked: &Asked, local: bool, number: usize) -> Result<Filter, NodeError> {
    let some = |text: &str| Some(text.to_owned()).filter(|text| !text.trim().is_empty());
    let input = FilterInput {
        side: some(&asked.side),
        mine: some(&asked.mine).filter(|_| local),
        category: some(&asked.category),
        near: some(&asked.near).or_else(|| if local { home(handle) } else { None }),
        within: some(&asked.within),
        ..FilterInput::default()
    };
    let filter = input.read()?;
    Ok(Filter { limit: Some(PAGE + 1), offset: (number - 1) * PAGE, ..filter })
}

/// Where the node's own member is: the place of its newest listing.
pub(super) fn home(handle: &Handle) -> Option<String> {
    let mine = Filter { mine: true, limit: Some(1), ..Filter::default() };
    handle.listings(&mine).ok()?.pop()?.cell
}

fn no_page() -> Failure {
    Failure::not_found("The list does not go on so far.")
}

fn heading(asked: &Asked, searching: bool) -> String {
    if searching {
        return if asked.q.is_empty() { "Search".to_owned() } else { format!("“{}”", asked.q) };
    }
    let what = match (asked.side.as_str(), asked.mine.is_empty()) {
        (_, false) => "My things",
        ("offer", true) => "What is offered",
        ("need", true) => "What is needed",
        (_, true) => "On the shelf",
    };
    if asked.category.is_empty() { what.to_owned() } else { format!("{what}: {}", asked.category) }
}

fn link(asked: &Asked, searching: bool, number: usize) -> String {
    let number = if number == 1 { String::new() } else { number.to_string() };
    let pairs = [
        ("q", asked.q.as_str()),
        ("side", &asked.side),
        ("mine", &asked.mine),
        ("category", &asked.category),
        ("near", &asked.near),
        ("within", &asked.within),
        ("page", &number),
    ];
    address(if searching { "/search" } else { "/" }, &pairs)
}

fn tabs(asked: &Asked, searching: bool, local: bool) -> Vec<Tab> {
    let kinds = [("All", "", ""), ("Offers", "offer", ""), ("Needs", "need", ""), ("Mine", "", "1")];
    let kinds = kinds.into_iter().filter(|(_, _, mine)| local || mine.is_empty());
    kinds
        .map(|(label, side, mine)| Tab {
            href: link(&Asked { side: side.into(), mine: mine.into(), ..asked.clone() }, searching, 1),
            label,
            current: asked.side == side && asked.mine.is_empty() == mine.is_empty(),
        })
        .collect()
}
