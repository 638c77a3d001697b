//! The API's part for the owner alone: keys, and the grants that they sign.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{ConnectInfo, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use node::{GrantInput, GrantJson, KeyJson, RevokedJson};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::Shelf;
use crate::answer::{ApiError, Failure};
use crate::api::{Answer, Node, json};
use crate::gate;

pub(crate) fn routes(shelf: &Arc<Shelf>) -> Router<Arc<Shelf>> {
    Router::new()
        .route("/key", get(key))
        .route("/key/words", post(words))
        .route("/key/written-down", post(written_down))
        .route("/key/restore", post(restore))
        .route("/key/take-off", post(take_off))
        .route("/grants", get(grants).post(grant))
        .route("/grants/revoke", post(revoke))
        .route_layer(from_fn_with_state(Arc::clone(shelf), owner))
}

/// Lets through whoever carries the token and sits at the node itself.
pub(crate) async fn owner(State(shelf): Node, request: Request, next: Next) -> Response {
    let local = gate::is_local(request.extensions().get::<ConnectInfo<SocketAddr>>());
    if !shelf.access.may_write(request.headers()) {
        ApiError(Failure::unauthorized()).into_response()
    } else if local {
        next.run(request).await
    } else {
        ApiError(Failure::forbidden("keys are told and changed only at the node itself")).into_response()
    }
}

/// What a person wrote down.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Words {
    words: Zeroizing<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Restore {
    words: Zeroizing<String>,
    #[serde(default)]
    alone: bool,
}

async fn key(State(shelf): Node) -> Answer<Json<KeyJson>> {
    Ok(Json(shelf.handle.key().await?))
}

async fn words(State(shelf): Node) -> Answer<Json<Words>> {
    Ok(Json(Words { words: shelf.handle.words().await? }))
}

async fn written_down(State(shelf): Node) -> Answer<Json<KeyJson>> {
    Ok(Json(shelf.handle.written_down().await?))
}

async fn restore(State(shelf): Node, body: Result<Bytes, BytesRejection>) -> Answer<Json<KeyJson>> {
    let Restore { words, alone } = json(body)?;
    Ok(Json(shelf.handle.restore(words, alone).await?))
}

async fn take_off(State(shelf): Node, body: Result<Bytes, BytesRejection>) -> Answer<Json<KeyJson>> {
    let Words { words } = json(body)?;
    Ok(Json(shelf.handle.take_off(words).await?))
}

async fn grants(State(shelf): Node) -> Answer<Json<Vec<GrantJson>>> {
    Ok(Json(shelf.handle.grants().await?))
}

async fn grant(State(shelf): Node, body: Result<Bytes, BytesRejection>) -> Answer<Json<Vec<GrantJson>>> {
    let input: GrantInput = json(body)?;
    Ok(Json(shelf.handle.grant(input).await?))
}

async fn revoke(State(shelf): Node, body: Result<Bytes, BytesRejection>) -> Answer<Json<Vec<RevokedJson>>> {
    let input: GrantInput = json(body)?;
    Ok(Json(shelf.handle.revoke(input).await?))
}
