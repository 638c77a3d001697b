//! What every request passes on its way in, and every answer on its way out.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use node::MAX_PHOTO_FILE;

use crate::Shelf;
use crate::access::Access;
use crate::answer::{ApiError, Failure};
use crate::api::{MAX_BODY, MAX_FILE};
use crate::bundle;
use crate::captive;
use crate::pages::PageError;
use crate::photos;

/// How long an answer may take, the arrival of the request's body included.
const PATIENCE: Duration = Duration::from_secs(30);
/// The same for an import, whose many rows or records are all signed or verified, and stored.
const PATIENCE_FOR_IMPORT: Duration = Duration::from_secs(600);

/// Headers of every answer. No script runs, nothing is loaded from elsewhere, nobody frames a page.
const HEADERS: [(HeaderName, &str); 6] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; \
         frame-ancestors 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    // Why not `no-referrer`: with that one browsers send `Origin: null` with our own forms.
    (header::REFERRER_POLICY, "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
];

/// Adds the headers of every answer.
pub(crate) async fn headers(request: Request, next: Next) -> Response {
    let mut answer = next.run(request).await;
    for (name, value) in HEADERS {
        // A photo is kept from more than a page is.
        answer.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }
    let cached = answer.headers_mut().entry(header::CACHE_CONTROL);
    cached.or_insert(HeaderValue::from_static("no-store"));
    answer
}

/// Whether a path belongs to the API's face.
fn is_api(path: &str) -> bool {
    path == "/api" || path.starts_with("/api/")
}

/// A failure in the shape of its face.
fn failed(api: bool, failure: Failure) -> Response {
    if api { ApiError(failure).into_response() } else { PageError::plain(failure).into_response() }
}

/// The answer to an address that is not there.
pub(crate) async fn unknown(uri: Uri) -> Response {
    failed(is_api(uri.path()), Failure::not_found("there is nothing at this address"))
}

/// Lets a request in, or answers why not; and bounds the time that it takes.
pub(crate) async fn gate(State(shelf): State<Arc<Shelf>>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    if shelf.access.captive
        && let host = only(request.headers(), &header::HOST)
        && let Some(answer) = captive::answer(request.method(), host, path)
    {
        return answer;
    }
    let api = is_api(path);
    let (patience, most) = match path {
        "/api/v1/import" => (PATIENCE_FOR_IMPORT, MAX_FILE),
        bundle::PATH => (PATIENCE_FOR_IMPORT, usize::try_from(node::MAX_BUNDLE).unwrap_or(usize::MAX)),
        photos::GIVE => (PATIENCE, MAX_PHOTO_FILE),
        _ => (PATIENCE, MAX_BODY),
    };
    let admitted = admit(&shelf.access, &request).and_then(|()| fits(request.headers(), most));
    let answer = match admitted {
        Ok(()) => tokio::time::timeout(patience, next.run(request))
            .await
            .map_err(|_| Failure::unavailable("this took too long: try again in a while")),
        Err(failure) => Err(failure),
    };
    answer.unwrap_or_else(|failure| failed(api, failure))
}

/// Refuses a body that is announced too large before it arrives. One that is not announced is cut off
/// where it is read.
fn fits(headers: &HeaderMap, most: usize) -> Result<(), Failure> {
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok());
    match announced.and_then(|length| length.parse::<u64>().ok()) {
        Some(length) if usize::try_from(length).map_or(true, |length| length > most) => {
            Err(Failure::too_large(most))
        }
        Some(_) | None => Ok(()),
    }
}

fn admit(access: &Access, request: &Request) -> Result<(), Failure> {
    let headers = request.headers();
    let host = only(headers, &header::HOST);
    let target = request.uri().authority().map(axum::http::uri::Authority::as_str);
    let known = |name: Option<&str>| name.is_some_and(|name| access.knows_host(name));
    if !known(host) || !(target.is_none() || known(target)) {
        let known = access.reach.first().unwrap_or_else(|| "its own address".to_owned());
        return Err(Failure::misdirected(format!(
            "this node does not answer to that name: use http://{known}"
        )));
    }
    if headers.contains_key(header::ORIGIN)
        && !only(headers, &header::ORIGIN).is_some_and(|origin| access.knows_origin(origin))
    {
        return Err(Failure::forbidden("this request was made by a page of somebody else"));
    }
    let site = HeaderName::from_static("sec-fetch-site");
    if !reads(request.method())
        && headers.contains_key(&site)
        && !matches!(only(headers, &site), Some("same-origin" | "none"))
    {
        return Err(Failure::forbidden("this request was made by a page of somebody else"));
    }
    Ok(())
}

/// The value of a header that is there exactly once.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok(),
        (Some(_) | None, _) => None,
    }
}

/// Whether a method only reads.
pub(crate) fn reads(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// Whether a client sits at the node itself.
pub(crate) fn is_local(client: Option<&ConnectInfo<SocketAddr>>) -> bool {
    client.is_none_or(|ConnectInfo(address)| address.ip().to_canonical().is_loopback())
}
