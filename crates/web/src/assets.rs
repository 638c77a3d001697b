//! The stylesheets and the icon: parts of the program, named by their content.

use std::sync::{Arc, LazyLock};

use axum::Router;
use axum::extract::RawQuery;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use sha2::{Digest as _, Sha256};

use crate::Shelf;
use crate::access::hex;

const STYLE: &str = include_str!("../assets/style.css");
/// For the map alone.
const MAP: &str = include_str!("../assets/map.css");
const LABELS: &str = include_str!("../assets/labels.css");
const ICON: &str = include_str!("../assets/icon.svg");

static STYLE_TAG: LazyLock<String> = LazyLock::new(|| tag(STYLE.as_bytes()));
static STYLE_HREF: LazyLock<String> = LazyLock::new(|| format!("/style.css?v={}", *STYLE_TAG));
static MAP_TAG: LazyLock<String> = LazyLock::new(|| tag(MAP.as_bytes()));
static MAP_HREF: LazyLock<String> = LazyLock::new(|| format!("/map.css?v={}", *MAP_TAG));
static LABELS_TAG: LazyLock<String> = LazyLock::new(|| tag(LABELS.as_bytes()));
static LABELS_HREF: LazyLock<String> = LazyLock::new(|| format!("/labels.css?v={}", *LABELS_TAG));
static ICON_TAG: LazyLock<String> = LazyLock::new(|| tag(ICON.as_bytes()));

/// A short name for some content.
pub(crate) fn tag(content: &[u8]) -> String {
    hex(&Sha256::digest(content)[..8])
}

/// Where the stylesheet is; another one when it changes.
pub(crate) fn style_href() -> &'static str {
    &STYLE_HREF
}

/// Where the map's own stylesheet is.
pub(crate) fn map_href() -> &'static str {
    &MAP_HREF
}

/// Where the stylesheet of labels is, likewise.
pub(crate) fn labels_href() -> &'static str {
    &LABELS_HREF
}

/// Whether the client has this content already.
pub(crate) fn has(headers: &HeaderMap, tag: &str) -> bool {
    let known = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok()).unwrap_or_default();
    known.split(',').any(|one| one.trim().trim_start_matches("W/").trim_matches('"') == tag)
}

pub(crate) fn routes() -> Router<Arc<Shelf>> {
    Router::new()
        .route("/style.css", get(style))
        .route("/map.css", get(map))
        .route("/labels.css", get(labels))
        .route("/icon.svg", get(icon))
        .route("/favicon.ico", get(icon))
}

async fn style(RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    asset("text/css; charset=utf-8", STYLE, &STYLE_TAG, query.as_deref(), &headers)
}

async fn map(RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    asset("text/css; charset=utf-8", MAP, &MAP_TAG, query.as_deref(), &headers)
}

async fn labels(RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    asset("text/css; charset=utf-8", LABELS, &LABELS_TAG, query.as_deref(), &headers)
}

async fn icon(RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    asset("image/svg+xml", ICON, &ICON_TAG, query.as_deref(), &headers)
}

fn asset(kind: &str, content: &'static str, tag: &str, query: Option<&str>, headers: &HeaderMap) -> Response {
    // Content that is asked for by its name never changes.
    let named = query.and_then(|query| query.strip_prefix("v=")) == Some(tag);
    let cache = if named { "public, max-age=31536000, immutable" } else { "public, max-age=3600" };
    let about = [
        (header::ETAG, format!("\"{tag}\"")),
        (header::CACHE_CONTROL, cache.to_owned()),
        (header::CONTENT_TYPE, kind.to_owned()),
    ];
    if has(headers, tag) {
        return (StatusCode::NOT_MODIFIED, about).into_response();
    }
    (about, content).into_response()
}
