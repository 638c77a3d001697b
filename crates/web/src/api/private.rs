//! The API's part about what the member needs and tells nobody: for the member alone.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, PathRejection};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Json, Router};
use node::{PrivateInput, PrivateJson};

use super::{Answer, Node, Trusted, json, named};
use crate::Shelf;

pub(super) fn routes() -> Router<Arc<Shelf>> {
    Router::new()
        .route("/needs/private", get(all).post(need))
        .route("/needs/private/{reference}", get(one).delete(forget))
}

async fn all(State(shelf): Node, trusted: Trusted) -> Answer<Json<Vec<PrivateJson>>> {
    trusted.only()?;
    Ok(Json(shelf.handle.private_needs()))
}

async fn need(State(shelf): Node, body: Result<Bytes, BytesRejection>) -> Answer<Response> {
    let input: PrivateInput = json(body)?;
    Ok((StatusCode::CREATED, Json(shelf.handle.need_privately(input).await?)).into_response())
}

async fn one(
    State(shelf): Node,
    trusted: Trusted,
    reference: Result<Path<String>, PathRejection>,
) -> Answer<Json<PrivateJson>> {
    trusted.only()?;
    Ok(Json(shelf.handle.private_need(&named(reference)?)?))
}

async fn forget(
    State(shelf): Node,
    reference: Result<Path<String>, PathRejection>,
) -> Answer<Json<PrivateJson>> {
    Ok(Json(shelf.handle.forget_private(named(reference)?).await?))
}
