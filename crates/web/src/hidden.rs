//! The API's part about what this node hides: for who carries its token.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, PathRejection};
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::routing::{delete, get};
use axum::{Json, Router};
use node::HiddenJson;
use serde::Deserialize;

use crate::Shelf;
use crate::answer::{ApiError, Failure};
use crate::api::{Answer, Node, json, named};

pub(crate) fn routes() -> Router<Arc<Shelf>> {
    Router::new().route("/hidden", get(hidden).post(hide)).route("/hidden/{key}", delete(unhide))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Hide {
    listing: String,
}

async fn hidden(State(shelf): Node, headers: HeaderMap) -> Answer<Json<Vec<HiddenJson>>> {
    if !shelf.access.may_write(&headers) {
        return Err(ApiError(Failure::unauthorized()));
    }
    Ok(Json(shelf.handle.hidden().await?))
}

async fn hide(State(shelf): Node, body: Result<Bytes, BytesRejection>) -> Answer<Json<HiddenJson>> {
    let Hide { listing } = json(body)?;
    Ok(Json(shelf.handle.hide(listing).await?))
}

async fn unhide(State(shelf): Node, key: Result<Path<String>, PathRejection>) -> Answer<Json<HiddenJson>> {
    Ok(Json(shelf.handle.unhide(named(key)?).await?))
}
