//! The API's part about exchanges: for the member alone, except that a guest may ask at an open circle.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, PathRejection};
use axum::extract::{ConnectInfo, DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use node::{ActInput, DrawJson, ExchangeJson, RequestInput, TallyJson, WaitingJson};
use serde::Deserialize;

use super::{Answer, MAX_BODY, Node, Trusted, is_said, json, named, query, wrong_method};
use crate::Shelf;
use crate::answer::Failure;
use crate::guests;

pub(super) fn routes() -> Router<Arc<Shelf>> {
    Router::new()
        .route("/exchanges", get(all))
        .route("/exchanges/waiting", get(waiting))
        .route("/exchanges/{id}", get(one))
        .route("/exchanges/{id}/act", post(act))
        .route("/exchanges/{id}/calendar", get(calendar))
        .route("/listings/{reference}/draw", get(check_draw).post(draw))
        .route("/tally", get(tally))
}

/// What a guest writes, too, without a token.
pub(super) fn open_routes() -> Router<Arc<Shelf>> {
    Router::new()
        .route("/listings/{reference}/request", post(request))
        .route("/pickup/{id}/{code}", get(picked_up))
        .route("/pickup/{id}/{code}/act", post(guest_act))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .method_not_allowed_fallback(wrong_method)
}

async fn request(
    State(shelf): Node,
    client: Option<Extension<ConnectInfo<SocketAddr>>>,
    headers: HeaderMap,
    reference: Result<Path<String>, PathRejection>,
    body: Result<Bytes, BytesRejection>,
) -> Answer<Response> {
    let member = shelf.access.may_write(&headers);
    let input: Result<RequestInput, Failure> = json(body);
    let asks = input.as_ref().is_ok_and(guests::asks);
    if !member && !asks {
        return Err(Failure::unauthorized().into());
    }
    let (input, reference) = (input?, named(reference)?);
    if !member {
        let client = client.map(|Extension(ConnectInfo(client))| client.ip());
        guests::let_in(&shelf, client, &reference).await?;
    }
    Ok((StatusCode::CREATED, Json(shelf.handle.request(reference, input).await?)).into_response())
}

async fn check_draw(
    State(shelf): Node,
    trusted: Trusted,
    reference: Result<Path<String>, PathRejection>,
) -> Answer<Json<DrawJson>> {
    trusted.only()?;
    Ok(Json(shelf.handle.check_draw(named(reference)?).await?))
}

async fn draw(State(shelf): Node, reference: Result<Path<String>, PathRejection>) -> Answer<Json<DrawJson>> {
    Ok(Json(shelf.handle.draw(named(reference)?).await?))
}

#[derive(Deserialize)]
struct Counted {
    circle: Option<String>,
    receipts: Option<String>,
}

async fn tally(State(shelf): Node, trusted: Trusted, uri: Uri) -> Answer<Json<TallyJson>> {
    trusted.only()?;
    let Counted { circle, receipts } = query(&uri)?;
    let circle = circle.filter(|circle| !circle.trim().is_empty());
    Ok(Json(shelf.handle.tally(circle, is_said(receipts.as_deref())).await?))
}

#[derive(Deserialize)]
struct Which {
    all: Option<String>,
    listing: Option<String>,
}

async fn all(State(shelf): Node, trusted: Trusted, uri: Uri) -> Answer<Json<Vec<ExchangeJson>>> {
    trusted.only()?;
    let Which { all, listing } = query(&uri)?;
    let listing = listing.filter(|listing| !listing.trim().is_empty());
    Ok(Json(shelf.handle.exchanges(is_said(all.as_deref()), listing).await?))
}

async fn waiting(State(shelf): Node, trusted: Trusted) -> Answer<Json<Vec<WaitingJson>>> {
    trusted.only()?;
    Ok(Json(shelf.handle.waiting().await?))
}

async fn one(
    State(shelf): Node,
    trusted: Trusted,
    id: Result<Path<String>, PathRejection>,
) -> Answer<Json<ExchangeJson>> {
    trusted.only()?;
    Ok(Json(shelf.handle.exchange(named(id)?).await?))
}

async fn act(
    State(shelf): Node,
    id: Result<Path<String>, PathRejection>,
    body: Result<Bytes, BytesRejection>,
) -> Answer<Json<ExchangeJson>> {
    let input: ActInput = json(body)?;
    Ok(Json(shelf.handle.act(named(id)?, input).await?))
}

async fn calendar(
    State(shelf): Node,
    trusted: Trusted,
    id: Result<Path<String>, PathRejection>,
) -> Answer<Response> {
    trusted.only()?;
    Ok(appointment(shelf.handle.calendar(named(id)?).await?))
}

type Place = Result<Path<(String, String)>, PathRejection>;

fn place(place: Place) -> Result<(String, String), Failure> {
    let nothing = |_| Failure::not_found("there is nothing at this address");
    place.map(|Path(place)| place).map_err(nothing)
}

/// Tells a guest how it stands.
async fn picked_up(State(shelf): Node, at: Place) -> Answer<Json<ExchangeJson>> {
    let (id, code) = place(at)?;
    Ok(Json(guests::picks_up(&shelf, &id, &code).await?))
}

/// What a guest says: that the time suits, or that it is not wanted any more.
async fn guest_act(
    State(shelf): Node,
    at: Place,
    body: Result<Bytes, BytesRejection>,
) -> Answer<Json<ExchangeJson>> {
    let (id, code) = place(at)?;
    let input: ActInput = json(body)?;
    let exchange = guests::picks_up(&shelf, &id, &code).await?;
    Ok(Json(guests::say(&shelf, &exchange, input).await?))
}

/// A time as a file for a calendar.
pub(crate) fn appointment(calendar: String) -> Response {
    let about = [
        (header::CONTENT_TYPE, "text/calendar; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"commonshelf.ics\""),
    ];
    (about, calendar).into_response()
}
