//! The API's part for the owner alone: how the node's data are, and a backup of them.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::header;
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use futures::{StreamExt as _, stream};
use node::{CureInput, HealthJson};

use crate::Shelf;
use crate::api::{Answer, Node, json};
use crate::keys::owner;

pub(crate) fn routes(shelf: &Arc<Shelf>) -> Router<Arc<Shelf>> {
    Router::new()
        .route("/backup", post(backup))
        .route("/health", get(health).post(cure))
        .route_layer(from_fn_with_state(Arc::clone(shelf), owner))
}

/// Gives all that the node has, a few frames at a time. Whoever sends something with the request is read to the end: a
/// connection on which something waits is reset, and the answer with it.
async fn backup(State(shelf): Node, _nothing: Bytes) -> Answer<Response> {
    let backup = shelf.handle.backup().await?;
    let frames = stream::try_unfold(backup, async |mut backup| {
        Ok::<_, node::NodeError>(backup.next().await?.map(|bytes| (bytes, backup)))
    });
    let kind = [(header::CONTENT_TYPE, "application/octet-stream"), (header::CACHE_CONTROL, "no-store")];
    Ok((kind, Body::from_stream(frames.boxed())).into_response())
}

async fn health(State(shelf): Node) -> Answer<Json<HealthJson>> {
    Ok(Json(shelf.handle.health().await?))
}

async fn cure(State(shelf): Node, body: Result<Bytes, BytesRejection>) -> Answer<Json<HealthJson>> {
    let input: CureInput = json(body)?;
    Ok(Json(shelf.handle.cure(input).await?))
}
