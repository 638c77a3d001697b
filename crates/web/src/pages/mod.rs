//! The pages: what they share. Each module below has the handlers of some addresses; the words stand in
//! `templates/`.

mod browse;
mod edit;
mod exchange;
mod kinds;
mod labels;
mod listing;
mod map;
mod matches;
mod me;
mod node;
mod number;
mod poster;
mod profile;
mod why;

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use ::node::{
    ErrorKind, FoundJson, Handle, ListingJson, NodeError, PhotoJson, PieceJson, Reader, encoded, marked,
};
use askama::Template;
use axum::Router;
use axum::extract::{ConnectInfo, DefaultBodyLimit, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};

use crate::Shelf;
use crate::answer::Failure;
use crate::words::{self, Moment};
use crate::{assets, gate};

/// The longest search, in characters.
pub(crate) const MAX_QUERY: usize = 400;
/// How long a page waits for the number of what waits for the member: it does without, if the node is at work.
const PATIENCE: Duration = Duration::from_millis(250);
/// The largest form.
const MAX_FORM: usize = 128 * 1024;

pub(crate) fn routes() -> Router<Arc<Shelf>> {
    Router::new()
        .route("/", get(browse::browse))
        .route("/search", get(browse::search))
        .route("/listing/{reference}", get(listing::show))
        .route("/new", get(edit::new_form).post(edit::publish))
        .route("/listing/{reference}/edit", get(edit::edit_form).post(edit::save))
        .route("/listing/{reference}/withdraw", get(edit::withdraw_form).post(edit::withdraw))
        .route("/listing/{reference}/ask", post(listing::ask))
        .route("/exchanges", get(exchange::list))
        .route("/exchange/{id}", get(exchange::show).post(exchange::act))
        .route("/exchange/{id}/calendar", get(exchange::calendar))
        .route("/pickup/{id}/{code}", get(exchange::pickup::show).post(exchange::pickup::act))
        .route("/map", get(map::show))
        .route("/n/{number}", get(number::show))
        .route("/labels", get(labels::show))
        .route("/kinds", get(kinds::show))
        .route("/matches", get(matches::show))
        .route("/why/{pair}", get(why::show))
        .route("/me", get(me::show))
        .route("/me/seen", post(me::seen))
        .route("/me/dismiss", post(me::dismiss))
        .route("/me/need", post(me::need))
        .route("/me/forget", post(me::forget))
        .route("/profile", get(profile::show).post(profile::save))
        .route("/node", get(node::show))
        .route("/poster", get(poster::show))
        .route("/circle/found", post(node::found))
        .route("/circle/join", post(node::join))
        .route("/clock/confirm", post(node::confirm_clock))
        .layer(DefaultBodyLimit::max(MAX_FORM))
}

/// Who asks, and what they have already.
#[derive(Debug)]
pub(crate) struct Visitor {
    /// Whether they sit at the node itself.
    local: bool,
    /// From where they ask, if it is known.
    address: Option<IpAddr>,
    /// How many exchanges wait for the node's own member, if that is who asks.
    waiting: usize,
    headers: HeaderMap,
}

impl FromRequestParts<Arc<Shelf>> for Visitor {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, shelf: &Arc<Shelf>) -> Result<Self, Infallible> {
        let client = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        let (local, address) = (gate::is_local(client), client.map(|ConnectInfo(client)| client.ip()));
        let waiting = if local { waiting(&shelf.handle).await } else { 0 };
        Ok(Self { local, address, waiting, headers: parts.headers.clone() })
    }
}

/// In how many exchanges something waits for the member.
async fn waiting(handle: &Handle) -> usize {
    let waiting = tokio::time::timeout(PATIENCE, handle.waiting()).await.ok().and_then(Result::ok);
    let exchanges = waiting.unwrap_or_default().into_iter().map(|waits| waits.exchange);
    exchanges.collect::<BTreeSet<_>>().len()
}

impl Visitor {
    /// As whom the node answers.
    const fn reader(&self) -> Reader {
        if self.local { Reader::Member } else { Reader::Guest }
    }

    /// Refuses whoever is not the node's own member.
    fn must_be_member(&self) -> Result<(), Failure> {
        let away = || Failure::forbidden("This is for the person at the node alone.");
        if self.local { Ok(()) } else { Err(away()) }
    }

    /// Refuses whoever may not write here.
    fn must_be_local(&self) -> Result<(), Failure> {
        let away = || Failure::forbidden("Writing works only at the node itself for now.");
        if self.local { Ok(()) } else { Err(away()) }
    }

    /// Refuses what may not be written: a form has to come from the node's own machine and from a page
    /// of this node.
    fn may_send(&self, shelf: &Shelf, token: &str) -> Result<(), Failure> {
        self.must_be_local()?;
        if shelf.access.knows_form(token) {
            return Ok(());
        }
        Err(stale())
    }
}

/// A form that carries no token of this node.
fn stale() -> Failure {
    Failure::forbidden("This form was not made by this node, or is too old: open the page again.")
}

/// What the frame of every page shows.
struct Frame {
    title: String,
    /// The circle's name, or the program's.
    site: String,
    /// Which entry of the menu is this page.
    here: &'static str,
    /// Whether the visitor may write.
    local: bool,
    /// How many matches the node's own member has not seen; others are not told.
    unseen: usize,
    /// In how many exchanges something waits for that member; others are not told.
    waiting: usize,
    style: &'static str,
}

impl Frame {
    fn new(shelf: &Shelf, visitor: &Visitor, here: &'static str, title: impl Into<String>) -> Self {
        let name = shelf.handle.circles().into_iter().map(|circle| circle.name).find(|name| !name.is_empty());
        Self {
            title: title.into(),
            site: name.unwrap_or_else(|| "Commonshelf".to_owned()),
            here,
            local: visitor.local,
            unseen: if visitor.local { shelf.handle.unseen().unwrap_or(0) } else { 0 },
            waiting: visitor.waiting,
            style: assets::style_href(),
        }
    }

    /// The frame of a page that knows nothing of the node.
    fn bare(title: &str) -> Self {
        Self {
            title: title.to_owned(),
            site: "Commonshelf".to_owned(),
            here: "",
            local: false,
            unseen: 0,
            waiting: 0,
            style: assets::style_href(),
        }
    }
}

/// A listing in a list.
struct Card {
    href: String,
    side: &'static str,
    need: bool,
    title: String,
    /// The title, with the words marked that a search hit.
    marked: Vec<PieceJson>,
    language: Option<String>,
    /// Some of the text, marked likewise.
    excerpt: Vec<PieceJson>,
    terms: String,
    category: String,
    left: Option<String>,
    distance: Option<String>,
    when: Moment,
    author: String,
    mine: bool,
    /// Whether it is kept on this node alone.
    private: bool,
    photo: Option<PhotoJson>,
}

/// How many characters of a text a card shows.
const EXCERPT: usize = 110;

impl Card {
    fn new(listing: ListingJson, now: u64) -> Self {
        let plain = |text: String| match text.is_empty() {
            true => Vec::new(),
            false => vec![PieceJson { text, hit: false }],
        };
        Self {
            href: match listing.private {
                // What is told to nobody has no page of its own.
                true => format!("/me#{}", listing.key),
                false => format!("/listing/{}", listing.id),
            },
            photo: listing.photos.first().cloned(),
            side: words::side(&listing.side),
            need: listing.side == "need",
            language: listing.language.clone(),
            marked: plain(listing.title.clone()),
            excerpt: plain(words::excerpt(&listing.text, EXCERPT)),
            terms: words::terms(&listing.side, &listing.terms).to_owned(),
            left: words::left(&listing.side, listing.count, listing.left),
            distance: listing.distance_km.map(words::distance),
            when: Moment::new(listing.revision, now),
            author: author(&listing),
            mine: listing.mine,
            private: listing.private,
            title: listing.title,
            category: listing.category,
        }
    }

    /// As a search found it.
    fn found(found: FoundJson, now: u64) -> Self {
        let FoundJson { listing, words, snippet, .. } = found;
        Self { marked: marked(&listing.title, &words), excerpt: snippet, ..Self::new(listing, now) }
    }
}

/// Who wrote it, as people call them.
fn author(listing: &ListingJson) -> String {
    let name = listing.author_name.clone().filter(|name| !name.trim().is_empty());
    name.unwrap_or_else(|| words::short(&listing.author))
}

/// A page that may be kept by the browser, which asks each time whether it is still the same.
fn page(visitor: &Visitor, template: &impl Template) -> Result<Response, PageError> {
    let html = template.render()?;
    let tag = assets::tag(html.as_bytes());
    let about =
        [(header::ETAG, format!("\"{tag}\"")), (header::CACHE_CONTROL, "private, no-cache".to_owned())];
    if assets::has(&visitor.headers, &tag) {
        return Ok((StatusCode::NOT_MODIFIED, about).into_response());
    }
    Ok((about, Html(html)).into_response())
}

/// A page that is of this moment: a form, a failure.
fn fresh(status: StatusCode, template: &impl Template) -> Result<Response, PageError> {
    Ok((status, Html(template.render()?)).into_response())
}

/// Sends the browser on with a `GET`, so that going back or reloading sends nothing twice.
fn see(place: &str) -> Response {
    axum::response::Redirect::to(place).into_response()
}

/// An address with a query; pairs without a value are left out.
fn address(path: &str, pairs: &[(&str, &str)]) -> String {
    let pairs = pairs.iter().filter(|(_, value)| !value.is_empty());
    let pairs: Vec<String> = pairs.map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    if pairs.is_empty() { path.to_owned() } else { format!("{path}?{}", pairs.join("&")) }
}

/// Looks something up beside the threads that answer requests.
async fn aside<T: Send + 'static>(
    shelf: &Shelf,
    look: impl FnOnce(&Handle) -> Result<T, NodeError> + Send + 'static,
) -> Result<T, NodeError> {
    let handle = shelf.handle.clone();
    tokio::task::spawn_blocking(move || look(&handle)).await.map_err(|_| NodeError::Stopped)?
}

/// The status of a form that could not be taken.
const fn form_status(error: &NodeError) -> StatusCode {
    match error.kind() {
        ErrorKind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
        ErrorKind::NotFound => StatusCode::NOT_FOUND,
        ErrorKind::Refused => StatusCode::CONFLICT,
        ErrorKind::Storage => StatusCode::INSUFFICIENT_STORAGE,
        ErrorKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
    }
}

/// A sentence as a page shows it: it begins with a capital and ends with a full stop.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let mut text: String = letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect();
    if !text.ends_with(['.', '!', '?', '…']) {
        text.push('.');
    }
    text
}

/// What the node says, in the words of the pages: it names commands where a person here has links.
fn told(error: &NodeError) -> String {
    if matches!(error, NodeError::NoCircle) {
        "This node is in no circle yet: found one or join one on the page “Node”.".to_owned()
    } else if matches!(error, NodeError::NoCharterYet) {
        "The circle’s rules have not arrived yet: wait until another of its nodes is connected.".to_owned()
    } else if matches!(error, NodeError::Stopped) {
        "The node is stopping: start it again.".to_owned()
    } else {
        sentence(&error.to_string())
    }
}

/// A failure as a page tells it.
#[derive(Debug)]
pub(crate) struct PageError(Failure);

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage {
    frame: Frame,
    heading: &'static str,
    message: String,
    hint: &'static str,
}

impl PageError {
    pub(crate) const fn plain(failure: Failure) -> Self {
        Self(failure)
    }

    /// There is no such listing, or it is another one by now.
    fn no_listing() -> Self {
        Self(Failure::not_found(
            "It may have been changed or withdrawn since: search for it, or look through all.",
        ))
    }
}

impl From<Failure> for PageError {
    fn from(failure: Failure) -> Self {
        Self(failure)
    }
}

impl From<NodeError> for PageError {
    fn from(error: NodeError) -> Self {
        if matches!(error, NodeError::NoSuchListing(_) | NodeError::Ambiguous { .. }) {
            return Self::no_listing();
        }
        let message = told(&error);
        Self(Failure { message, ..error.into() })
    }
}

impl From<askama::Error> for PageError {
    fn from(error: askama::Error) -> Self {
        tracing::warn!(%error, "a page was not made");
        Self(Failure::unavailable("The page could not be made."))
    }
}

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        let Failure { status, message, .. } = self.0;
        let (heading, hint) = match status {
            StatusCode::NOT_FOUND => ("There is nothing here", ""),
            StatusCode::FORBIDDEN => ("That is not possible from here", ""),
            StatusCode::MISDIRECTED_REQUEST => ("This is another address", ""),
            StatusCode::METHOD_NOT_ALLOWED => ("That does not work here", ""),
            StatusCode::PAYLOAD_TOO_LARGE => ("That is too much", "Shorten it and send it again."),
            StatusCode::TOO_MANY_REQUESTS => ("Not right now", ""),
            StatusCode::SERVICE_UNAVAILABLE => ("Not right now", "Try again in a minute."),
            StatusCode::INSUFFICIENT_STORAGE => ("It could not be stored", "Look whether the disk is full."),
            _ => ("That did not work", ""),
        };
        let page = ErrorPage { frame: Frame::bare(heading), heading, message: sentence(&message), hint };
        let html = page.render().unwrap_or_else(|_| heading.to_owned());
        (status, Html(html)).into_response()
    }
}

/// The answer to a method that an address does not take.
pub(crate) async fn wrong_method() -> PageError {
    PageError(Failure::wrong_method())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_carries_any_text() {
        assert_eq!(address("/", &[("q", ""), ("p", "")]), "/");
        assert_eq!(
            address("/search", &[("q", "a&b ü\"<"), ("page", "2")]),
            "/search?q=a%26b%20%C3%BC%22%3C&page=2"
        );
    }

    #[test]
    fn a_sentence_looks_like_one() {
        assert_eq!(sentence("the title is empty"), "The title is empty.");
        assert_eq!(sentence("Übrig!"), "Übrig!");
        assert_eq!(sentence(""), ".");
    }
}
