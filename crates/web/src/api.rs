//! The JSON API under `/api/v1`.

pub(crate) mod exchanges;
mod matching;
mod private;

use std::convert::Infallible;
use std::fmt::Display;
use std::net::SocketAddr;
use std::str::FromStr;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, PathRejection};
use axum::extract::{ConnectInfo, DefaultBodyLimit, FromRequestParts, Path, Query, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use node::{
    AreasJson, CircleJson, CircleLink, ClockJson, FilterInput, FoundInput, FoundJson, Handle, ImportInput,
    ImportJson, InviteJson, ListingInput, ListingJson, NearbyJson, NodeError, PeerJson, PurgedJson, Reader,
    StatusJson,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::answer::{ApiError, Failure};
use crate::pages::MAX_QUERY;
use crate::{Shelf, bundle, feeds, gate, hidden, keys, members, photos, upkeep};

/// The finest cell that a listing's place may have.
const FINEST: u8 = 7;
/// The largest body, except an import's.
pub(crate) const MAX_BODY: usize = 256 * 1024;
/// The largest file to import.
pub(crate) const MAX_FILE: usize = 32 * 1024 * 1024;

pub(crate) type Answer<T> = Result<T, ApiError>;
pub(crate) type Node = State<Arc<Shelf>>;

pub(crate) fn routes(shelf: &Arc<Shelf>) -> Router<Arc<Shelf>> {
    Router::new()
        .route("/status", get(status))
        .route("/peers", get(peers).post(dial))
        .route("/listings", get(listings).post(publish))
        .route("/listings/{reference}", get(listing).patch(edit).delete(withdraw))
        .route("/areas", get(areas))
        .route("/search", get(search))
        .route("/export", get(export))
        .route("/circles", get(circles).post(found))
        .route("/circles/nearby", get(nearby))
        .route("/circles/join", post(join))
        .route("/circles/invite", get(invite).post(invite_to_write))
        .route("/circles/renew", post(renew))
        .merge(keys::routes(shelf))
        .merge(upkeep::routes(shelf))
        .merge(members::routes())
        .merge(hidden::routes())
        .merge(matching::routes())
        .merge(private::routes())
        .merge(exchanges::routes())
        .merge(feeds::api_routes())
        .merge(bundle::routes())
        .route("/clock", get(clock))
        .route("/clock/confirm", post(confirm_clock))
        .route("/purge", post(purge))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .merge(photos::api_routes())
        .route("/import", post(import).layer(DefaultBodyLimit::max(MAX_FILE)))
        .fallback(unknown)
        .method_not_allowed_fallback(wrong_method)
        .layer(from_fn_with_state(Arc::clone(shelf), authorized))
        .merge(exchanges::open_routes())
}

/// Lets through what only reads, and what carries the token.
async fn authorized(State(shelf): Node, request: Request, next: Next) -> Response {
    if gate::reads(request.method()) || shelf.access.may_write(request.headers()) {
        next.run(request).await
    } else {
        ApiError(Failure::unauthorized()).into_response()
    }
}

async fn unknown() -> ApiError {
    ApiError(Failure::not_found("there is nothing at this address"))
}

async fn wrong_method() -> ApiError {
    ApiError(Failure::wrong_method())
}

/// Whether whoever asks sits at the node, or has its token. Others are not told where this node and its peers are,
/// nor where it keeps its files, nor what its member needs and tells nobody.
pub(crate) struct Trusted(bool);

impl FromRequestParts<Arc<Shelf>> for Trusted {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, shelf: &Arc<Shelf>) -> Result<Self, Infallible> {
        let local = gate::is_local(parts.extensions.get::<ConnectInfo<SocketAddr>>());
        Ok(Self(local || shelf.access.may_write(&parts.headers)))
    }
}

impl Trusted {
    /// As whom the node answers.
    pub(crate) const fn reader(&self) -> Reader {
        if self.0 { Reader::Member } else { Reader::Guest }
    }

    /// Refuses everybody else.
    pub(crate) fn only(&self) -> Result<(), Failure> {
        if self.0 { Ok(()) } else { Err(Failure::for_the_member()) }
    }

    fn circles(&self, mut circles: Vec<CircleJson>) -> Vec<CircleJson> {
        if !self.0 {
            circles.iter_mut().for_each(|circle| circle.link.clear());
        }
        circles
    }

    fn peers(&self, mut peers: Vec<PeerJson>) -> Vec<PeerJson> {
        if !self.0 {
            peers.iter_mut().for_each(|peer| peer.address.clear());
        }
        peers
    }
}

async fn status(State(shelf): Node, trusted: Trusted) -> Json<StatusJson> {
    let mut status = shelf.handle.status();
    status.pages = shelf.access.reach.pages();
    if !trusted.0 {
        status.pages.clear();
        status.addresses.clear();
        status.notices.clear();
        status.unseen_matches = None;
        status.waiting = 0;
    }
    status.circles = trusted.circles(status.circles);
    status.peers = trusted.peers(status.peers);
    Json(status)
}

async fn peers(State(shelf): Node, trusted: Trusted) -> Json<Vec<PeerJson>> {
    Json(trusted.peers(shelf.handle.peers()))
}

async fn purge(State(shelf): Node) -> Answer<Json<PurgedJson>> {
    Ok(Json(shelf.handle.purge().await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Dial {
    address: String,
}

#[derive(Serialize)]
struct Dialled {
    dialled: String,
}

async fn dial(State(shelf): Node, body: Result<Bytes, BytesRejection>) -> Answer<Json<Dialled>> {
    let Dial { address } = json(body)?;
    shelf.handle.dial(parsed(&address)?).await?;
    Ok(Json(Dialled { dialled: address }))
}

async fn listings(State(shelf): Node, uri: Uri) -> Answer<Json<Vec<ListingJson>>> {
    let filter = query::<FilterInput>(&uri)?.read()?;
    Ok(Json(aside(&shelf, move |node| node.listings(&filter)).await?))
}

async fn areas(State(shelf): Node, uri: Uri) -> Answer<Json<AreasJson>> {
    let filter = query::<FilterInput>(&uri)?.read()?;
    Ok(Json(aside(&shelf, move |node| node.areas(&filter, FINEST)).await?))
}

async fn publish(State(shelf): Node, body: Result<Bytes, BytesRejection>) -> Answer<Response> {
    let input: ListingInput = json(body)?;
    Ok((StatusCode::CREATED, Json(shelf.handle.publish(input).await?)).into_response())
}

async fn listing(
    State(shelf): Node,
    trusted: Trusted,
    reference: Result<Path<String>, PathRejection>,
) -> Answer<Json<ListingJson>> {
    let reference = named(reference)?;
    let look = move |node: &Handle| match node.listing(&reference) {
        Err(error) if error.is_no_listing() && trusted.0 => Ok(node.private_need(&reference)?.listing),
        found => found,
    };
    Ok(Json(aside(&shelf, look).await?))
}

async fn edit(
    State(shelf): Node,
    reference: Result<Path<String>, PathRejection>,
    body: Result<Bytes, BytesRejection>,
) -> Answer<Json<ListingJson>> {
    let input: ListingInput = json(body)?;
    Ok(Json(shelf.handle.edit(named(reference)?, input).await?))
}

async fn withdraw(
    State(shelf): Node,
    reference: Result<Path<String>, PathRejection>,
) -> Answer<Json<ListingJson>> {
    Ok(Json(shelf.handle.withdraw(named(reference)?).await?))
}

#[derive(Deserialize)]
pub(crate) struct Words {
    #[serde(default)]
    pub(crate) q: String,
}

async fn search(State(shelf): Node, uri: Uri) -> Answer<Json<Vec<FoundJson>>> {
    let Words { q } = query(&uri)?;
    fits(&q)?;
    let filter = query::<FilterInput>(&uri)?.read()?;
    Ok(Json(aside(&shelf, move |node| node.search(&q, &filter)).await?))
}

/// Refuses a search that is too long.
pub(crate) fn fits(q: &str) -> Result<(), Failure> {
    if q.chars().count() <= MAX_QUERY {
        return Ok(());
    }
    Err(Failure::invalid(format!("the search is too long: at most {MAX_QUERY} characters fit")))
}

async fn export(State(shelf): Node, uri: Uri) -> Answer<Response> {
    let filter = query::<FilterInput>(&uri)?.read()?;
    let lines = aside(&shelf, move |node| {
        let mut lines = Vec::new();
        for listing in node.listings(&filter)? {
            serde_json::to_writer(&mut lines, &listing)
                .map_err(|error| NodeError::Invalid(error.to_string()))?;
            lines.push(b'\n');
        }
        Ok(lines)
    });
    let kind = [(header::CONTENT_TYPE, "application/x-ndjson")];
    Ok((kind, lines.await?).into_response())
}

async fn import(
    State(shelf): Node,
    uri: Uri,
    body: Result<Bytes, BytesRejection>,
) -> Answer<Json<ImportJson>> {
    let input = import_input(query(&uri)?)?;
    let file = body.map_err(|rejection| refused_body(rejection.status(), MAX_FILE))?;
    Ok(Json(shelf.handle.import(file.to_vec(), input).await?))
}

fn import_input(pairs: Vec<(String, String)>) -> Result<ImportInput, Failure> {
    let mut input = ImportInput::default();
    for (name, value) in pairs {
        let field = match name.as_str() {
            "map" => {
                input.map.push(value);
                continue;
            }
            "dry_run" => {
                input.dry_run = match value.as_str() {
                    "" | "0" | "false" | "no" => false,
                    "1" | "true" | "yes" => true,
                    _ => return Err(Failure::invalid("dry_run is true or false")),
                };
                continue;
            }
            "side" => &mut input.side,
            "terms" => &mut input.terms,
            "language" => &mut input.language,
            "category" => &mut input.category,
            "file_name" => &mut input.file_name,
            "circle" => &mut input.circle,
            _ => {
                let name: String = name.chars().take(40).collect();
                return Err(Failure::invalid(format!("an import has no option \"{name}\"")));
            }
        };
        *field = Some(value);
    }
    Ok(input)
}

async fn circles(State(shelf): Node, trusted: Trusted) -> Json<Vec<CircleJson>> {
    Json(trusted.circles(shelf.handle.circles()))
}

async fn nearby(State(shelf): Node) -> Json<Vec<NearbyJson>> {
    Json(shelf.handle.nearby())
}

async fn found(State(shelf): Node, body: Result<Bytes, BytesRejection>) -> Answer<Response> {
    let input: FoundInput = json(body)?;
    let circle = match input.once {
        true if input.quota.is_none() || !shelf.handle.circles().is_empty() => {
            shelf.handle.found_once(input.name).await?
        }
        true | false => shelf.handle.found_with(input).await?,
    };
    Ok((StatusCode::CREATED, Json(circle)).into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Join {
    target: String,
}

/// Tells an invitation to whoever has the token: it says where this node is, and may open the circle.
async fn invite(State(shelf): Node, uri: Uri, headers: HeaderMap) -> Answer<Json<InviteJson>> {
    if !shelf.access.may_write(&headers) {
        return Err(Failure::unauthorized().into());
    }
    let Named { circle } = query(&uri)?;
    Ok(Json(shelf.handle.invitation(circle).await?.into()))
}

#[derive(Deserialize)]
struct Named {
    circle: Option<String>,
}

/// Gives an invitation that takes its first user in as a member.
async fn invite_to_write(
    State(shelf): Node,
    body: Result<Bytes, BytesRejection>,
) -> Answer<Json<InviteJson>> {
    let Named { circle } = json(body)?;
    Ok(Json(shelf.handle.invitation_to_write(circle).await?.into()))
}

async fn renew(State(shelf): Node, body: Result<Bytes, BytesRejection>) -> Answer<Json<CircleJson>> {
    let Named { circle } = json(body)?;
    Ok(Json(shelf.handle.renew(circle).await?))
}

async fn join(State(shelf): Node, body: Result<Bytes, BytesRejection>) -> Answer<Json<CircleJson>> {
    let Join { target } = json(body)?;
    Ok(Json(if target.trim() == "nearby" {
        shelf.handle.join_nearby().await?
    } else {
        shelf.handle.join(target.parse::<CircleLink>()?).await?
    }))
}

async fn clock(State(shelf): Node) -> Json<ClockJson> {
    Json(shelf.handle.clock())
}

async fn confirm_clock(State(shelf): Node) -> Answer<Json<ClockJson>> {
    Ok(Json(shelf.handle.confirm_clock().await?))
}

/// Whether a word of a query says yes.
fn is_said(word: Option<&str>) -> bool {
    word.is_some_and(|word| !matches!(word, "" | "0" | "false" | "no"))
}

/// Looks something up beside the threads that answer requests: a large catalogue takes a while.
pub(crate) async fn aside<T: Send + 'static>(
    shelf: &Shelf,
    look: impl FnOnce(&Handle) -> Result<T, NodeError> + Send + 'static,
) -> Result<T, NodeError> {
    let handle = shelf.handle.clone();
    tokio::task::spawn_blocking(move || look(&handle)).await.map_err(|_| NodeError::Stopped)?
}

pub(crate) fn named(reference: Result<Path<String>, PathRejection>) -> Result<String, Failure> {
    let wrong = |_| Failure::invalid("the address names no listing: it is not written in UTF-8");
    reference.map(|Path(reference)| reference).map_err(wrong)
}

pub(crate) fn json<T: DeserializeOwned>(body: Result<Bytes, BytesRejection>) -> Result<T, Failure> {
    let body = body.map_err(|rejection| refused_body(rejection.status(), MAX_BODY))?;
    serde_json::from_slice(&body).map_err(|error| {
        let said: String = error.to_string().chars().take(200).collect();
        Failure::invalid(format!("the body is not the JSON that is expected here: {said}"))
    })
}

pub(crate) fn refused_body(status: StatusCode, most: usize) -> Failure {
    if status == StatusCode::PAYLOAD_TOO_LARGE {
        Failure::too_large(most)
    } else {
        Failure::invalid("the body did not arrive whole")
    }
}

pub(crate) fn query<T: DeserializeOwned>(uri: &Uri) -> Result<T, Failure> {
    Query::try_from_uri(uri).map(|Query(query)| query).map_err(|rejection| {
        let said: String = rejection.body_text().chars().take(200).collect();
        Failure::invalid(format!("the query can not be read: {said}"))
    })
}

pub(crate) fn parsed<T: FromStr<Err: Display>>(text: &str) -> Result<T, Failure> {
    text.trim().parse().map_err(|error: T::Err| Failure::invalid(error.to_string()))
}
