//! Why a request got no: one shape behind both faces.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use node::{ErrorKind, NodeError};
use serde::Serialize;

/// A request that was refused, or failed.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) status: StatusCode,
    /// One word for programs.
    pub(crate) kind: &'static str,
    /// One sentence for people.
    pub(crate) message: String,
}

impl Failure {
    fn new(status: StatusCode, kind: &'static str, message: impl Into<String>) -> Self {
        Self { status, kind, message: message.into() }
    }

    /// What was sent can not be used as it is.
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid", message)
    }

    /// There is nothing here.
    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", message)
    }

    /// It is not for this client.
    pub(crate) fn forbidden(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", message)
    }

    /// Writing needs the token.
    pub(crate) fn unauthorized() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "unauthorized",
            "writing needs the header Authorization: Bearer TOKEN, with the token from the file api.token \
             in the node's data folder",
        )
    }

    /// Only the node's own member is told.
    pub(crate) fn for_the_member() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "unauthorized",
            "this is for the node's own member: ask on its machine, or with the header Authorization: Bearer TOKEN",
        )
    }

    /// The name in the request is not this node's.
    pub(crate) fn misdirected(message: impl Into<String>) -> Self {
        Self::new(StatusCode::MISDIRECTED_REQUEST, "misdirected", message)
    }

    /// More was sent than is taken.
    pub(crate) fn too_large(most: usize) -> Self {
        let most = match most / 1024 {
            kib if kib >= 1024 => format!("{} MiB", kib / 1024),
            kib => format!("{kib} KiB"),
        };
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too_large",
            format!("what was sent is too large: at most {most} are taken here"),
        )
    }

    /// The path is right, the method is not.
    pub(crate) fn wrong_method() -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method", "this address does not take this method")
    }

    /// It is asked for too often.
    pub(crate) fn too_many() -> Self {
        Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            "too_many",
            "this was asked for very often within an hour: try again later, or ask the people at the node",
        )
    }

    /// It took too long, or the node is stopping.
    pub(crate) fn unavailable(message: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", message)
    }
}

impl From<NodeError> for Failure {
    fn from(error: NodeError) -> Self {
        let (status, kind) = match error.kind() {
            ErrorKind::Invalid => (StatusCode::BAD_REQUEST, "invalid"),
            ErrorKind::NotFound => (StatusCode::NOT_FOUND, "not_found"),
            ErrorKind::Refused => (StatusCode::CONFLICT, "refused"),
            ErrorKind::Storage => (StatusCode::INSUFFICIENT_STORAGE, "storage"),
            ErrorKind::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
        };
        if matches!(error.kind(), ErrorKind::Storage) {
            tracing::warn!(%error, "a request failed");
        }
        Self::new(status, kind, error.to_string())
    }
}

/// A failure as the API tells it.
#[derive(Debug)]
pub(crate) struct ApiError(pub(crate) Failure);

impl<T: Into<Failure>> From<T> for ApiError {
    fn from(failure: T) -> Self {
        Self(failure.into())
    }
}

#[derive(Serialize)]
struct Told<'a> {
    error: Error<'a>,
}

#[derive(Serialize)]
struct Error<'a> {
    kind: &'a str,
    message: &'a str,
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let Failure { status, kind, message } = self.0;
        let mut answer = (status, Json(Told { error: Error { kind, message: &message } })).into_response();
        if status == StatusCode::UNAUTHORIZED {
            let scheme = axum::http::HeaderValue::from_static("Bearer");
            answer.headers_mut().insert(axum::http::header::WWW_AUTHENTICATE, scheme);
        }
        answer
    }
}
