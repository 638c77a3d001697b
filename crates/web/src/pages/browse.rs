//! Looking through what there is, and searching.

use std::sync::Arc;

use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use node::{ErrorKind, Filter, FilterInput, Handle, NodeError, ThingNumber};
use serde::Deserialize;

use super::kinds::Kinds;
use super::{Card, Frame, MAX_QUERY, PageError, Visitor, address, aside, fresh, number, page, told};
use crate::answer::Failure;
use crate::{Shelf, feeds, words};

/// How many listings a page shows.
const PAGE: usize = 30;
/// The last page that can be asked for.
const LAST_PAGE: usize = 10_000;

/// What is said to whoever asks for what is near, and not near what.
pub(super) const NO_PLACE: &str = "A distance needs a place: write where from.";

/// What a browser asks for.
#[derive(Deserialize, Default, Clone)]
#[serde(default)]
pub(crate) struct Asked {
    q: String,
    side: String,
    mine: String,
    category: String,
    kind: String,
    terms: String,
    language: String,
    near: String,
    within: String,
    page: String,
    done: String,
}

impl Asked {
    /// Whether something narrows what is looked for, beside the words and what the tabs say.
    fn is_narrow(&self) -> bool {
        [&self.category, &self.kind, &self.terms, &self.language, &self.near, &self.within]
            .into_iter()
            .any(|field| !field.trim().is_empty())
    }

    /// Whether there is something to look for.
    fn says_something(&self) -> bool {
        !self.q.is_empty() || !self.side.is_empty() || self.is_narrow()
    }
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
    /// What narrows it, for the form.
    kinds: Kinds,
    narrow: bool,
    /// Whether there is something to look for.
    asked_for: bool,
    /// Where to say that one needs this.
    say: String,
    /// Without the category.
    everywhere: String,
    /// What was left out to find something.
    wider: Option<String>,
    /// Where this is a feed.
    feed: String,
    /// Whether the member can have this search kept, and the forms' token for it.
    keep: Option<String>,
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
#[derive(Default)]
struct Seen {
    cards: Vec<Card>,
    /// How many there are in all, if that is known.
    total: Option<usize>,
    /// Whether there are more after these.
    more: bool,
    /// Which filter was left out, since nothing was found with it.
    left_out: Option<String>,
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
    // What a label says leads to its thing.
    if let Ok(number) = asked.q.parse::<ThingNumber>()
        && let Some(there) = number::lead(&shelf, &visitor, number).await?
    {
        return Ok(there);
    }
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
    let (status, seen, problem) = match found {
        Ok(seen) => (StatusCode::OK, seen, None),
        // The node's own sentence names an option of the command line.
        Err(NodeError::Invalid(_)) if asked.near.trim().is_empty() && !asked.within.trim().is_empty() => {
            (StatusCode::BAD_REQUEST, Seen::default(), Some(NO_PLACE.to_owned()))
        }
        Err(error) if matches!(error.kind(), ErrorKind::Invalid) => {
            (StatusCode::BAD_REQUEST, Seen::default(), Some(told(&error)))
        }
        Err(error) => return Err(error.into()),
    };
    let pages = seen.total.map(|total| total.div_ceil(PAGE).max(1));
    if pages.is_some_and(|pages| number > pages) {
        return Err(no_page().into());
    }
    let kinds = Kinds::new(&shelf.handle, visitor);
    let heading = heading(&asked, searching, &kinds);
    let here = if searching { "search" } else { "browse" };
    let can_be_kept = visitor.local && searching && problem.is_none() && !asked.q.is_empty();
    let template = Browse {
        frame: Frame::new(shelf, visitor, here, heading.clone()),
        heading,
        searching,
        narrow: asked.is_narrow(),
        asked_for: asked.says_something(),
        say: address("/new", &[("side", "need"), ("title", &asked.q)]),
        everywhere: link(&Asked { category: String::new(), ..asked.clone() }, searching, 1),
        wider: seen.left_out.map(|left_out| words::wider(&left_out, &asked.within)),
        feed: feed(shelf, visitor, &asked),
        keep: (can_be_kept && asked.mine.is_empty()).then(|| shelf.access.form_token()),
        kinds,
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
        cards: seen.cards,
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
    let (local, asked, now) = (visitor.local, asked.clone(), shelf.handle.now());
    aside(shelf, move |handle| {
        if searching && !asked.says_something() {
            return Ok(Seen::default());
        }
        let filter = filter(handle, &asked, local, number)?;
        if searching && !asked.q.is_empty() {
            let found = handle.search(&asked.q, &filter)?;
            let more = found.len() > PAGE;
            let left_out = found.first().and_then(|found| found.widened.clone());
            let cards = found.into_iter().take(PAGE).map(|found| Card::found(found, now)).collect();
            return Ok(Seen { cards, total: None, more, left_out });
        }
        let total = handle.count(&filter)?;
        let listings = handle.listings(&filter)?;
        let more = listings.len() > PAGE;
        let cards = listings.into_iter().take(PAGE).map(|listing| Card::new(listing, now)).collect();
        Ok(Seen { cards, total: Some(total), more, left_out: None })
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
        kind: some(&asked.kind),
        terms: some(&asked.terms),
        language: Some(asked.language.trim().to_lowercase()).filter(|language| !language.is_empty()),
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

fn heading(asked: &Asked, searching: bool, kinds: &Kinds) -> String {
    if searching && !asked.q.is_empty() {
        return format!("“{}”", asked.q);
    }
    let what = match (asked.side.as_str(), asked.mine.is_empty()) {
        (_, false) => "My things",
        ("offer", true) => "What is offered",
        ("need", true) => "What is needed",
        (_, true) if searching => "Search",
        (_, true) => "On the shelf",
    };
    let kind = kinds.name(&asked.kind).unwrap_or(&asked.kind);
    let of = [kind, asked.category.as_str()].into_iter().filter(|of| !of.is_empty());
    let of: Vec<&str> = of.collect();
    if of.is_empty() { what.to_owned() } else { format!("{what}: {}", of.join(", ")) }
}

/// What is asked for, as an address says it.
fn pairs(asked: &Asked) -> [(&str, &str); 8] {
    [
        ("q", &asked.q),
        ("side", &asked.side),
        ("category", &asked.category),
        ("kind", &asked.kind),
        ("terms", &asked.terms),
        ("language", &asked.language),
        ("near", &asked.near),
        ("within", &asked.within),
    ]
}

fn link(asked: &Asked, searching: bool, number: usize) -> String {
    let number = if number == 1 { String::new() } else { number.to_string() };
    let mut pairs = pairs(asked).to_vec();
    pairs.extend([("mine", asked.mine.as_str()), ("page", &number)]);
    address(if searching { "/search" } else { "/" }, &pairs)
}

/// The same as a feed, whose reader does not know where the member is.
fn feed(shelf: &Shelf, visitor: &Visitor, asked: &Asked) -> String {
    let mut asked = asked.clone();
    if visitor.local && asked.near.trim().is_empty() && !asked.within.trim().is_empty() {
        asked.near = home(&shelf.handle).unwrap_or_default();
    }
    address(feeds::SEARCH, &pairs(&asked))
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
