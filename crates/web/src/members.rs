//! The API about who belongs to a circle, and what its members tell of themselves.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::Uri;
use axum::routing::{get, post};
use axum::{Json, Router};
use node::{MemberJson, ProfileJson};
use serde::Deserialize;

use crate::Shelf;
use crate::api::{Answer, Node, json, query};

pub(crate) fn routes() -> Router<Arc<Shelf>> {
    Router::new()
        .route("/members", get(members))
        .route("/members/admit", post(admit))
        .route("/members/shut-out", post(shut_out))
        .route("/members/vouch", post(vouch))
        .route("/profile", get(profile).patch(change_profile))
}

#[derive(Deserialize)]
struct Of {
    circle: Option<String>,
}

async fn members(State(shelf): Node, uri: Uri) -> Answer<Json<Vec<MemberJson>>> {
    let Of { circle } = query(&uri)?;
    Ok(Json(shelf.handle.members(circle).await?))
}

async fn profile(State(shelf): Node) -> Answer<Json<ProfileJson>> {
    Ok(Json(shelf.handle.profile().await?))
}

async fn change_profile(
    State(shelf): Node,
    body: Result<Bytes, BytesRejection>,
) -> Answer<Json<ProfileJson>> {
    Ok(Json(shelf.handle.change_profile(json(body)?).await?))
}

async fn admit(State(shelf): Node, body: Result<Bytes, BytesRejection>) -> Answer<Json<MemberJson>> {
    Ok(Json(shelf.handle.admit(json(body)?).await?))
}

async fn shut_out(State(shelf): Node, body: Result<Bytes, BytesRejection>) -> Answer<Json<MemberJson>> {
    Ok(Json(shelf.handle.shut_out(json(body)?).await?))
}

async fn vouch(State(shelf): Node, body: Result<Bytes, BytesRejection>) -> Answer<Json<MemberJson>> {
    Ok(Json(shelf.handle.vouch(json(body)?).await?))
}
