//! The API's part for bundles: they go out and come in as streams, in either case a few frames at a time.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Uri, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Json, Router};
use futures::{StreamExt as _, stream};
use node::{ImportJson, MAX_BUNDLE};
use serde::Deserialize;

use crate::Shelf;
use crate::answer::Failure;
use crate::api::{Answer, Node, query};

/// Where they are, in full: an import takes as long as it takes.
pub(crate) const PATH: &str = "/api/v1/bundle";

pub(crate) fn routes() -> Router<Arc<Shelf>> {
    Router::new().route("/bundle", get(export).post(import))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    circle: Option<String>,
    since: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    circle: Option<String>,
}

/// Gives a bundle to whoever has the token: it costs a walk through the whole store.
async fn export(State(shelf): Node, uri: Uri, headers: HeaderMap) -> Answer<Response> {
    if !shelf.access.may_write(&headers) {
        return Err(Failure::unauthorized().into());
    }
    let Asked { circle, since } = query(&uri)?;
    let bundle = shelf.handle.bundle(circle, since).await?;
    let frames = stream::try_unfold(bundle, async |mut bundle| {
        Ok::<_, node::NodeError>(bundle.next().await?.map(|bytes| (bytes, bundle)))
    });
    Ok(([(header::CONTENT_TYPE, "application/octet-stream")], Body::from_stream(frames)).into_response())
}

async fn import(State(shelf): Node, uri: Uri, body: Body) -> Answer<Json<ImportJson>> {
    let Wanted { circle } = query(&uri)?;
    let mut bundle = shelf.handle.carry(circle);
    let mut bytes = body.into_data_stream();
    let (mut length, mut taken) = (0_u64, Ok(()));
    while let Some(piece) = bytes.next().await {
        let piece = piece.map_err(|_| Failure::invalid("the bundle did not arrive whole"))?;
        length = length.saturating_add(piece.len() as u64);
        if length > MAX_BUNDLE {
            return Err(Failure::too_large(usize::try_from(MAX_BUNDLE).unwrap_or(usize::MAX)).into());
        }
        // Why: a client that is still sending does not hear the answer, so the rest is read, too.
        if taken.is_ok() {
            taken = bundle.push(&piece).await;
        }
    }
    taken?;
    Ok(Json(bundle.finish().await?))
}
