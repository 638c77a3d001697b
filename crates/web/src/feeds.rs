//! Atom feeds: of the matches of this node's member, and of a search.
//!
//! Feed readers send no headers of ours, so the member's feed is opened by a secret in its address, which follows from
//! the token and does not tell it; another token makes another address. A search's feed has what anyone can search.

mod atom;

use std::cmp::Reverse;
use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Json, Router};
use node::{FilterInput, FoundJson, ListingJson, NoticeJson, encoded};
use serde::{Deserialize, Serialize};

use crate::answer::Failure;
use crate::api::{Answer, Node, Trusted, Words, aside, fits, query};
use crate::pages::PageError;
use crate::{Shelf, assets};
use atom::{Entry, Feed, uuid};

/// How many entries a feed has, the newest.
const ENTRIES: usize = 50;
/// How many that a search finds are looked at for the newest.
const LOOKED_AT: usize = 500;

const MATCHES: &str = "/feeds/matches.atom";
/// Where the feed of a search is.
pub(crate) const SEARCH: &str = "/feeds/search.atom";

pub(crate) fn routes() -> Router<Arc<Shelf>> {
    Router::new().route(MATCHES, get(matches)).route(SEARCH, get(search))
}

pub(crate) fn api_routes() -> Router<Arc<Shelf>> {
    Router::new().route("/feeds", get(feeds))
}

/// Where the feeds are.
#[derive(Serialize)]
struct Feeds {
    /// The member's matches. Whoever has this address can read them.
    matches: String,
    /// A search: `?q=` and the words follow, and filters as for `search`.
    search: String,
}

async fn feeds(State(shelf): Node, trusted: Trusted, headers: HeaderMap) -> Answer<Json<Feeds>> {
    trusted.only()?;
    let here = here(&headers);
    Ok(Json(Feeds { matches: matches_at(&shelf, &headers), search: format!("{here}{SEARCH}") }))
}

/// The address of the member's feed, with its secret: for the member's eyes alone.
pub(crate) fn matches_at(shelf: &Shelf, headers: &HeaderMap) -> String {
    format!("{}{MATCHES}?key={}", here(headers), shelf.access.feed_key())
}

/// How this node is called by whoever asks: a name that the gate knows.
fn here(headers: &HeaderMap) -> String {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
    format!("http://{host}")
}

#[derive(Deserialize)]
struct Opened {
    #[serde(default)]
    key: String,
}

async fn matches(State(shelf): Node, headers: HeaderMap, uri: Uri) -> Result<Response, PageError> {
    let opened = query::<Opened>(&uri).is_ok_and(|Opened { key }| shelf.access.knows_feed(&key));
    if !opened {
        return Err(Failure::not_found("There is nothing at this address.").into());
    }
    let here = here(&headers);
    let notices = shelf.handle.notices(false, ENTRIES).await?;
    let members = shelf.handle.status().members;
    let member = members.first().map_or("", String::as_str);
    let feed = Feed {
        id: uuid("matches", &[member]),
        title: "Commonshelf: matches for you".to_owned(),
        own: matches_at(&shelf, &headers),
        page: format!("{here}/me"),
        entries: notices.iter().map(|notice| of_notice(&here, notice)).collect(),
    };
    Ok(answer(&headers, &feed))
}

async fn search(State(shelf): Node, headers: HeaderMap, uri: Uri) -> Result<Response, PageError> {
    let Words { q } = query(&uri)?;
    fits(&q)?;
    let mut filter = query::<FilterInput>(&uri)?.read()?;
    (filter.offset, filter.typing) = (0, false);
    let words = q.trim().to_owned();
    let listings = aside(&shelf, move |node| {
        if words.is_empty() {
            filter.limit = Some(ENTRIES);
            return node.listings(&filter);
        }
        filter.limit = Some(LOOKED_AT);
        let found = node.search(&words, &filter)?.into_iter();
        // Why not wider: what was not asked for is no news.
        let mut found: Vec<_> = found.filter(|found: &FoundJson| found.widened.is_none()).collect();
        found.sort_by_key(|found| Reverse(found.listing.revision));
        Ok(found.into_iter().map(|found| found.listing).take(ENTRIES).collect())
    });
    let listings = listings.await?;
    let here = here(&headers);
    let asked = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    let title = if q.trim().is_empty() { "what is new".to_owned() } else { format!("“{}”", q.trim()) };
    let feed = Feed {
        id: uuid("search", &[&asked]),
        title: format!("Commonshelf: {title}"),
        own: format!("{here}{SEARCH}{asked}"),
        page: format!("{here}/search{asked}"),
        entries: listings.iter().map(|listing| of_listing(&here, listing)).collect(),
    };
    Ok(answer(&headers, &feed))
}

/// A feed that may be kept by its reader, which asks each time whether it is still the same.
fn answer(headers: &HeaderMap, feed: &Feed) -> Response {
    let xml = feed.xml();
    let tag = assets::tag(xml.as_bytes());
    let about = [
        (header::ETAG, format!("\"{tag}\"")),
        (header::CACHE_CONTROL, "private, no-cache".to_owned()),
        (header::CONTENT_TYPE, "application/atom+xml; charset=utf-8".to_owned()),
    ];
    if assets::has(headers, &tag) {
        return (StatusCode::NOT_MODIFIED, about).into_response();
    }
    (about, xml).into_response()
}

fn of_listing(here: &str, listing: &ListingJson) -> Entry {
    Entry {
        id: uuid("listing", &[&listing.circle, &listing.author, &listing.key]),
        title: format!("{}: {}", capital(&listing.side), listing.title),
        updated: listing.revision,
        author: author(listing),
        page: page(here, listing),
        category: listing.category.clone(),
        summary: summary(listing),
        photo: photo(here, listing),
    }
}

/// A notice is about the other one's thing, and names what of the member it fits.
fn of_notice(here: &str, notice: &NoticeJson) -> Entry {
    let pair = &notice.pair;
    let (own, other) = if pair.need.mine { (&pair.need, &pair.offer) } else { (&pair.offer, &pair.need) };
    let fits = format!("Fits your {} “{}” ({:.0} %).", own.side, own.title, pair.score * 100.0);
    let reasons: Vec<&str> = pair.reasons.iter().map(|reason| reason.text.as_str()).collect();
    let parts = [fits, reasons.join("; "), summary(other)];
    let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    let side = |it: &ListingJson| format!("{}/{}/{}", it.circle, it.author, it.key);
    Entry {
        id: uuid("match", &[&side(&pair.need), &side(&pair.offer)]),
        title: format!("{}: {}", capital(&other.side), other.title),
        updated: notice.when,
        author: author(other),
        page: page(here, other),
        category: other.category.clone(),
        summary: parts.join("\n"),
        photo: photo(here, other),
    }
}

fn capital(side: &str) -> &'static str {
    if side == "need" { "Needed" } else { "Offered" }
}

fn author(listing: &ListingJson) -> String {
    let name = listing.author_name.clone().filter(|name| !name.trim().is_empty());
    name.unwrap_or_else(|| listing.author.clone())
}

fn page(here: &str, listing: &ListingJson) -> String {
    // Why the key: it stays when the listing is edited.
    format!("{here}/listing/{}", encoded(&listing.key))
}

fn photo(here: &str, listing: &ListingJson) -> Option<String> {
    listing.photos.first().map(|photo| format!("{here}/photo/{}", photo.photo))
}

fn summary(listing: &ListingJson) -> String {
    let mut lines = Vec::new();
    if listing.terms != "gift" {
        lines.push(format!("Terms: {}.", listing.terms));
    }
    if listing.count > 1 {
        lines.push(format!("{} of {} left.", listing.left, listing.count));
    }
    if !listing.text.is_empty() {
        lines.push(listing.text.clone());
    }
    lines.join("\n")
}
