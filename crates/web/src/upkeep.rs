//! The API's part for the owner alone: a backup of the node.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header;
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use futures::{StreamExt as _, stream};

use crate::Shelf;
use crate::api::{Answer, Node};
use crate::keys::owner;

pub(crate) fn routes(shelf: &Arc<Shelf>) -> Router<Arc<Shelf>> {
    Router::new().route("/backup", post(backup)).route_layer(from_fn_with_state(Arc::clone(shelf), owner))
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
