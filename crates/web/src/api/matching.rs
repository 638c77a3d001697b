//! The API's part about matches: pairs, why they are some, what the member is told; and words and kinds to search by.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::Uri;
use axum::routing::{get, post};
use axum::{Json, Router};
use node::{KindJson, NoticeJson, PairJson};
use serde::{Deserialize, Serialize};

use super::{Answer, Node, Trusted, Words, aside, fits, is_said, json, parsed, query};
use crate::Shelf;
use crate::answer::Failure;

/// How many pairs are told unless a limit is given, and at most.
const PAIRS: usize = 50;
const MOST_PAIRS: usize = 1_000;
/// The same for words that are suggested.
const WORDS: usize = 10;
const MOST_WORDS: usize = 50;

pub(super) fn routes() -> Router<Arc<Shelf>> {
    Router::new()
        .route("/matches", get(matches))
        .route("/matches/notices", get(notices))
        .route("/matches/dismiss", post(dismiss))
        .route("/matches/seen", post(seen))
        .route("/why", get(why))
        .route("/suggest", get(suggest))
        .route("/kinds", get(kinds))
}

fn limit(given: Option<&str>, usual: usize, most: usize) -> Result<usize, Failure> {
    let limit = match given {
        None | Some("") => usual,
        Some(limit) => parsed::<usize>(limit).map_err(|_| Failure::invalid("the limit is a whole number"))?,
    };
    Ok(limit.min(most))
}

#[derive(Deserialize)]
struct Pairs {
    mine: Option<String>,
    limit: Option<String>,
    of: Option<String>,
}

async fn matches(State(shelf): Node, trusted: Trusted, uri: Uri) -> Answer<Json<Vec<PairJson>>> {
    let asked: Pairs = query(&uri)?;
    let (mine, reader) = (is_said(asked.mine.as_deref()), trusted.reader());
    let limit = limit(asked.limit.as_deref(), PAIRS, MOST_PAIRS)?;
    let Some(of) = asked.of.filter(|of| !of.is_empty()) else {
        return Ok(Json(shelf.handle.matches(mine, limit, reader).await));
    };
    let mut pairs = aside(&shelf, move |node| node.matches_of(&of, limit, reader)).await?;
    pairs.retain(|pair| !mine || pair.need.mine || pair.offer.mine);
    Ok(Json(pairs))
}

#[derive(Deserialize)]
struct Notices {
    unseen: Option<String>,
    limit: Option<String>,
}

async fn notices(State(shelf): Node, trusted: Trusted, uri: Uri) -> Answer<Json<Vec<NoticeJson>>> {
    trusted.only()?;
    let asked: Notices = query(&uri)?;
    let limit = limit(asked.limit.as_deref(), PAIRS, MOST_PAIRS)?;
    Ok(Json(shelf.handle.notices(is_said(asked.unseen.as_deref()), limit).await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Dismiss {
    pair: String,
}

async fn dismiss(State(shelf): Node, body: Result<Bytes, BytesRejection>) -> Answer<Json<PairJson>> {
    let Dismiss { pair } = json(body)?;
    Ok(Json(shelf.handle.dismiss(pair).await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct See {
    #[serde(default)]
    pairs: Vec<String>,
}

#[derive(Serialize)]
struct Seen {
    seen: usize,
}

/// Notes that pairs were seen: those that are named, or all.
async fn seen(State(shelf): Node, body: Result<Bytes, BytesRejection>) -> Answer<Json<Seen>> {
    let See { pairs } = json(body)?;
    Ok(Json(Seen { seen: shelf.handle.see(pairs).await? }))
}

#[derive(Deserialize)]
struct Why {
    #[serde(default)]
    need: String,
    #[serde(default)]
    offer: String,
    pair: Option<String>,
}

async fn why(State(shelf): Node, trusted: Trusted, uri: Uri) -> Answer<Json<PairJson>> {
    let Why { mut need, mut offer, pair } = query(&uri)?;
    if let Some(pair) = pair.filter(|pair| !pair.is_empty()) {
        let two = pair.split_once("..").map(|(need, offer)| (need.to_owned(), offer.to_owned()));
        (need, offer) = two.ok_or_else(|| Failure::invalid("a pair is NEED..OFFER"))?;
    }
    let reader = trusted.reader();
    Ok(Json(aside(&shelf, move |node| node.why(&need, &offer, reader)).await?))
}

#[derive(Deserialize)]
struct Beginning {
    limit: Option<String>,
}

async fn suggest(State(shelf): Node, uri: Uri) -> Answer<Json<Vec<String>>> {
    let Words { q } = query(&uri)?;
    fits(&q)?;
    let asked: Beginning = query(&uri)?;
    let most = limit(asked.limit.as_deref(), WORDS, MOST_WORDS)?;
    Ok(Json(aside(&shelf, move |node| Ok(node.suggest(&q, most))).await?))
}

async fn kinds(State(shelf): Node) -> Json<Vec<KindJson>> {
    Json(shelf.handle.kinds())
}
