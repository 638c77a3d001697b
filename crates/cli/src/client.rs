//! How a command reaches the node.

use std::path::Path;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use node::{Config, Node, NodeError, encoded};
use serde_json::Value;
use tokio::runtime::Runtime;
use tower::ServiceExt as _;

use crate::failure::{FAILED, Failure, NOT_FOUND};

/// The node of a data folder.
pub(crate) enum Client {
    /// One that runs.
    Running { agent: ureq::Agent, http: String, token: String },
    /// One in this process, for this command alone.
    Here { runtime: Runtime, node: Node, router: Router, token: String },
}

/// What a command asks for.
pub(crate) struct Ask<'a> {
    pub(crate) method: &'a str,
    /// Below `/api/v1`.
    pub(crate) path: String,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// What the body is.
    pub(crate) kind: &'a str,
}

/// How long a command waits for another one that has the folder open.
const PATIENCE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(50);
/// How long a request may take: an import of a large file onto a slow card.
const TIMEOUT: Duration = Duration::from_secs(600);
/// The largest answer: an export of a large catalogue.
const MAX_ANSWER: u64 = 1 << 30;
/// Under which name the node in this process is spoken to.
const HERE: &str = "localhost";

impl Client {
    /// Finds the node that runs in a folder, or opens the folder.
    pub(crate) fn open(folder: &Path) -> Result<Self, Failure> {
        Self::find(folder, Self::here, |client| client)
    }

    /// Finds the node that runs in a folder, or does something with the folder that needs it for itself.
    pub(crate) fn find<T>(
        folder: &Path,
        here: impl Fn(&Path) -> Result<T, NodeError>,
        running: impl FnOnce(Self) -> T,
    ) -> Result<T, Failure> {
        let begun = Instant::now();
        loop {
            match here(folder) {
                Err(NodeError::Owned { .. }) => {}
                other => return other.map_err(Failure::from),
            }
            if let Some(client) = Self::running(folder) {
                return Ok(running(client));
            }
            if begun.elapsed() > PATIENCE {
                return Err(Failure::new(format!(
                    "the folder {} is in use, but no node answers there: wait for the other command to end, \
                     or stop it",
                    folder.display()
                )));
            }
            std::thread::sleep(PAUSE);
        }
    }

    fn here(folder: &Path) -> Result<Self, NodeError> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        let runtime = runtime.map_err(|error| NodeError::Random(error.to_string()))?;
        let config = Config { data: folder.to_owned(), network: None, member: None, notify: None };
        let node = runtime.block_on(Node::start(config))?;
        let token = node.handle().folder().token()?;
        let reach = web::Reach::at(vec![HERE.to_owned()]);
        let access = web::Access { reach, captive: false, token: token.clone() };
        let router = web::router(node.handle().clone(), access);
        Ok(Self::Here { runtime, node, router, token })
    }

    /// The node that has said that it runs in a folder, if it answers.
    fn running(folder: &Path) -> Option<Self> {
        let running = node::running(folder)?;
        let token = node::token_of(folder).ok()?;
        // Why: no proxy stands between a command and its own node.
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .proxy(None)
            .timeout_connect(Some(Duration::from_secs(5)))
            .timeout_global(Some(TIMEOUT))
            .max_redirects(0)
            .build();
        let client = Self::Running { agent: config.into(), http: running.http, token };
        client.text(Ask::get("/status")).ok().map(|_| client)
    }

    /// Asks the node and gives the answer as it is.
    pub(crate) fn text(&self, mut ask: Ask<'_>) -> Result<String, Failure> {
        let body = std::mem::take(&mut ask.body);
        match self {
            Self::Running { agent, http, token } => {
                over_http(agent, http, token, &ask, body).and_then(|answer| read_text(http, answer))
            }
            Self::Here { runtime, router, token, .. } => runtime
                .block_on(async { text_of(in_process(router, token, &ask, Body::from(body)).await?).await }),
        }
    }

    /// Whether the node runs beside this command.
    pub(crate) const fn runs(&self) -> bool {
        match self {
            Self::Running { .. } => true,
            Self::Here { .. } => false,
        }
    }

    /// Ends a node in this process.
    pub(crate) fn close(self) {
        if let Self::Here { runtime, node, .. } = self {
            runtime.block_on(node.stop());
        }
    }
}

impl<'a> Ask<'a> {
    pub(crate) fn get(path: impl Into<String>) -> Self {
        Self::new("GET", path)
    }

    pub(crate) fn new(method: &'a str, path: impl Into<String>) -> Self {
        Self { method, path: path.into(), query: Vec::new(), body: Vec::new(), kind: "application/json" }
    }

    /// With the fields of a value in the query; lists are repeated fields.
    pub(crate) fn query(mut self, fields: &impl serde::Serialize) -> Self {
        if let Ok(Value::Object(fields)) = serde_json::to_value(fields) {
            for (name, value) in fields {
                let values = if let Value::Array(values) = value { values } else { vec![value] };
                let texts = values.into_iter().filter_map(|value| match value {
                    Value::Null => None,
                    Value::String(text) => Some(text),
                    Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
                        Some(value.to_string())
                    }
                });
                self.query.extend(texts.map(|text| (name.clone(), text)));
            }
        }
        self
    }

    pub(crate) fn json(mut self, value: &impl serde::Serialize) -> Self {
        self.body = serde_json::to_vec(value).unwrap_or_default();
        self
    }
}

/// Asks a node that runs.
pub(crate) fn over_http(
    agent: &ureq::Agent,
    http: &str,
    token: &str,
    ask: &Ask<'_>,
    body: impl ureq::AsSendBody,
) -> Result<ureq::http::Response<ureq::Body>, Failure> {
    let request = ureq::http::Request::builder()
        .method(ask.method)
        .uri(format!("http://{http}{}", path_of(ask)))
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", ask.kind)
        .body(body)
        .map_err(|error| Failure::new(error.to_string()))?;
    agent.run(request).map_err(|error| lost(http, &error))
}

/// Asks a node in this process.
pub(crate) async fn in_process(
    router: &Router,
    token: &str,
    ask: &Ask<'_>,
    body: Body,
) -> Result<axum::response::Response, Failure> {
    let request = axum::http::Request::builder()
        .method(ask.method)
        .uri(path_of(ask))
        .header("host", HERE)
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", ask.kind)
        .body(body)
        .map_err(|error| Failure::new(error.to_string()))?;
    let Ok(answer) = router.clone().oneshot(request).await;
    Ok(answer)
}

/// The answer of a node that runs, or why there is none.
pub(crate) fn read_text(http: &str, mut answer: ureq::http::Response<ureq::Body>) -> Result<String, Failure> {
    let status = answer.status().as_u16();
    let bytes = answer.body_mut().with_config().limit(MAX_ANSWER).read_to_vec();
    answered(status, &bytes.map_err(|error| lost(http, &error))?)
}

/// The answer of a node in this process, or why there is none.
pub(crate) async fn text_of(answer: axum::response::Response) -> Result<String, Failure> {
    let status = answer.status().as_u16();
    let bytes = axum::body::to_bytes(answer.into_body(), MAX_ANSWER as usize).await;
    answered(status, &bytes.map_err(|error| Failure::new(error.to_string()))?)
}

fn answered(status: u16, bytes: &[u8]) -> Result<String, Failure> {
    let text = String::from_utf8_lossy(bytes).into_owned();
    if (200..300).contains(&status) {
        return Ok(text);
    }
    let value: Value = serde_json::from_str(&text).unwrap_or_default();
    let message = value.pointer("/error/message").and_then(Value::as_str);
    let code = if status == 404 { NOT_FOUND } else { FAILED };
    let message = message.map_or_else(|| format!("the node answered {status}"), str::to_owned);
    Err(Failure { code, message })
}

fn path_of(ask: &Ask<'_>) -> String {
    format!("/api/v1{}{}", ask.path, query_text(&ask.query))
}

/// No answer came.
fn lost(http: &str, error: &ureq::Error) -> Failure {
    Failure::new(format!("the node at {http} does not answer: {error}"))
}

fn query_text(query: &[(String, String)]) -> String {
    let pairs: Vec<_> =
        query.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect();
    if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) }
}
