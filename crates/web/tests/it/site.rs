//! A site to ask, and what it answered.

use std::net::SocketAddr;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use node::{Config, Handle, ImportInput, Node};
use serde_json::Value;
use tempfile::TempDir;
use tower::ServiceExt as _;
use web::{Access, Reach};

pub(crate) const HOST: &str = "127.0.0.1:7377";
pub(crate) const TOKEN: &str = "5d0c9b6f6e6a4f0e8f7f3e2d1c0b9a88";

/// A node with its pages.
pub(crate) struct Site {
    pub(crate) handle: Handle,
    pub(crate) app: Router,
    _node: Node,
    _dir: TempDir,
}

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
    pub(crate) bytes: Vec<u8>,
}

/// A request that is being put together.
pub(crate) struct Ask<'a> {
    site: &'a Site,
    request: Request<Body>,
}

impl Site {
    /// A node that is in no circle.
    pub(crate) async fn alone() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let config =
            Config { data: dir.path().to_owned(), network: None, member: Some("Ada".into()), notify: None };
        let node = Node::start(config).await.unwrap();
        let handle = node.handle().clone();
        let reach = Reach::at(web::hosts_for(HOST.parse().unwrap()));
        let access = Access { reach, captive: false, token: TOKEN.to_owned() };
        let app = web::router(handle.clone(), access);
        Self { handle, app, _node: node, _dir: dir }
    }

    /// A node in a circle of its own.
    pub(crate) async fn new() -> Self {
        let site = Self::alone().await;
        site.handle.found("Gartenstraße".into(), None).await.unwrap();
        site
    }

    /// A node in a circle with so many offers, named `Thing 1` and so on.
    pub(crate) async fn with_things(count: usize) -> Self {
        let site = Self::new().await;
        let mut table = "side,title,description,category\n".to_owned();
        for at in 1..=count {
            table +=
                &format!("offer,Thing {at},A sturdy thing that has served well for many a year,Garden\n");
        }
        let report = site.handle.import(table.into_bytes(), ImportInput::default()).await.unwrap();
        assert_eq!(report.added, count, "{report:?}");
        site
    }

    pub(crate) fn ask(&self, method: Method, path: &str) -> Ask<'_> {
        let request = Request::builder().method(method).uri(path).header(header::HOST, HOST);
        Ask { site: self, request: request.body(Body::empty()).unwrap() }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.ask(Method::GET, path).send().await
    }

    /// The JSON that a path answers.
    pub(crate) async fn json(&self, path: &str) -> Value {
        let answer = self.get(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text);
        answer.json()
    }

    /// Writes through the API.
    pub(crate) async fn write(&self, method: Method, path: &str, body: &str) -> Answer {
        self.ask(method, path).token().body(body.to_owned()).send().await
    }

    /// The token in this node's forms.
    pub(crate) async fn form_token(&self) -> String {
        self.get("/new").await.hidden("form")
    }

    /// Sends a form as a browser would.
    pub(crate) async fn form(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.ask(Method::POST, path).form(fields).send().await
    }

    /// Offers something through the API and tells the listing.
    pub(crate) async fn offer(&self, title: &str) -> Value {
        let body = serde_json::json!({ "side": "offer", "title": title }).to_string();
        let answer = self.write(Method::POST, "/api/v1/listings", &body).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
        answer.json()
    }
}

impl Ask<'_> {
    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.request.headers_mut().insert(name, value.parse().unwrap());
        self
    }

    /// One more header of a name that may be there already.
    pub(crate) fn also(mut self, name: &'static str, value: &str) -> Self {
        self.request.headers_mut().append(name, value.parse().unwrap());
        self
    }

    pub(crate) fn without(mut self, name: &'static str) -> Self {
        self.request.headers_mut().remove(name);
        self
    }

    pub(crate) fn token(self) -> Self {
        self.header("authorization", &format!("Bearer {TOKEN}"))
    }

    pub(crate) fn body(mut self, body: impl Into<Body>) -> Self {
        *self.request.body_mut() = body.into();
        self
    }

    pub(crate) fn form(self, fields: &[(&str, &str)]) -> Self {
        let pairs: Vec<String> =
            fields.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        self.header("content-type", "application/x-www-form-urlencoded").body(pairs.join("&"))
    }

    /// Comes from this address.
    pub(crate) fn from(mut self, client: &str) -> Self {
        let client: SocketAddr = client.parse().unwrap();
        self.request.extensions_mut().insert(ConnectInfo(client));
        self
    }

    pub(crate) async fn send(self) -> Answer {
        let answer = self.site.app.clone().oneshot(self.request).await.unwrap();
        let (parts, body) = answer.into_parts();
        let body = to_bytes(body, 64 << 20).await.unwrap();
        let kind = parts.headers.get(header::CONTENT_TYPE);
        let is_text = kind.is_none_or(|kind| kind != "application/octet-stream");
        Answer {
            status: parts.status,
            headers: parts.headers,
            text: if is_text { String::from_utf8(body.to_vec()).unwrap() } else { String::new() },
            bytes: body.to_vec(),
        }
    }
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.header("content-type"), "application/json", "{}", self.text);
        serde_json::from_str(&self.text).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The value of a hidden field.
    pub(crate) fn hidden(&self, name: &str) -> String {
        let start = format!("name=\"{name}\" value=\"");
        let at = self.text.find(&start).unwrap_or_else(|| panic!("no field {name} in {}", self.text));
        let rest = &self.text[at + start.len()..];
        rest[..rest.find('"').unwrap()].to_owned()
    }

    /// The API's refusal: its status, its kind, and a sentence without line breaks.
    pub(crate) fn refused(&self, status: u16, kind: &str) -> String {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        let error = self.json()["error"].clone();
        assert_eq!(error["kind"], kind);
        let message = error["message"].as_str().unwrap().to_owned();
        assert!(!message.is_empty() && !message.contains('\n'), "{message}");
        message
    }

    /// A page of this status.
    pub(crate) fn page(&self, status: u16) -> &str {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        assert_eq!(self.header("content-type"), "text/html; charset=utf-8");
        assert!(self.text.starts_with("<!doctype html>\n<html lang=\"en\">"), "{}", self.text);
        assert_eq!(self.text.matches("<h1").count(), 1, "{}", self.text);
        &self.text
    }

    /// Where the browser is sent on to.
    pub(crate) fn sent_to(&self) -> String {
        assert_eq!(self.status, StatusCode::SEE_OTHER, "{}", self.text);
        self.header("location").to_owned()
    }
}

/// Text as a form sends it.
pub(crate) fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}
