//! Photos: giving one, and looking at one.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, PathRejection};
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use node::{MAX_PHOTO_FILE, NodeError, PhotoJson};

use crate::Shelf;
use crate::answer::Failure;
use crate::api::{Answer, Node, refused_body};
use crate::assets::has;
use crate::pages::PageError;

/// How long a photo may take to come from another node: for a person who asked for it alone…
const PATIENCE: Duration = Duration::from_secs(4);
/// …and for a picture within a page, of which there are many.
const PATIENCE_IN_PAGE: Duration = Duration::from_secs(1);

/// What a picture shows that has not come yet.
const PLACEHOLDER: &str = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 4 3\"><path fill=\"#8886\" \
                           d=\"M0 0h4v3H0z\"/></svg>\n";

/// The address at which a photo is given.
pub(crate) const GIVE: &str = "/api/v1/photos";

pub(crate) fn api_routes() -> Router<Arc<Shelf>> {
    Router::new().route("/photos", post(give).layer(DefaultBodyLimit::max(MAX_PHOTO_FILE)))
}

pub(crate) fn routes() -> Router<Arc<Shelf>> {
    Router::new().route("/photo/{hash}", get(show))
}

async fn give(State(shelf): Node, body: Result<Bytes, BytesRejection>) -> Answer<Response> {
    let file = body.map_err(|rejection| refused_body(rejection.status(), MAX_PHOTO_FILE))?;
    let photo: PhotoJson = shelf.handle.give_photo(file.to_vec()).await?;
    Ok((StatusCode::CREATED, Json(photo)).into_response())
}

async fn show(
    State(shelf): Node,
    headers: HeaderMap,
    hash: Result<Path<String>, PathRejection>,
) -> Result<Response, PageError> {
    let hash = hash.map(|Path(hash)| hash).map_err(|_| Failure::not_found("There is no such photo."))?;
    let accepted = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let alone = accepted.contains("text/html");
    let patience = if alone { PATIENCE } else { PATIENCE_IN_PAGE };
    let photo = match shelf.handle.photo(&hash, patience).await {
        Err(NodeError::NoSuchPhoto(_)) => return Err(Failure::not_found("There is no such photo.").into()),
        other => other?,
    };
    // What has this name never changes.
    let about = [
        (header::ETAG, format!("\"{hash}\"")),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable".to_owned()),
        (header::CONTENT_TYPE, "image/jpeg".to_owned()),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox; frame-ancestors 'none'".to_owned()),
    ];
    Ok(match photo {
        Some(_) if has(&headers, &hash) => (StatusCode::NOT_MODIFIED, about).into_response(),
        Some(bytes) => (about, bytes).into_response(),
        None if alone => {
            let failure = Failure::unavailable(
                "This photo is being fetched from another node. The page asks again by itself.",
            );
            let again = (HeaderName::from_static("refresh"), "3");
            ([again], PageError::plain(failure)).into_response()
        }
        None => {
            let kind = [(header::CONTENT_TYPE, "image/svg+xml"), (header::RETRY_AFTER, "3")];
            (StatusCode::SERVICE_UNAVAILABLE, kind, PLACEHOLDER).into_response()
        }
    })
}
