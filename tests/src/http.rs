//! Asking a node over HTTP.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use serde_json::Value;
use ureq::Agent;
use ureq::http::Response;

use crate::PATIENCE;

/// How long the other side may be silent.
const SILENCE: Duration = Duration::from_secs(3);
/// The most that is read of an answer.
const MOST: u64 = 64 * 1024 * 1024;

/// What a node answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// What was asked, for messages.
    pub question: String,
    /// The status.
    pub status: u16,
    /// The headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

impl Answer {
    /// The same, once it is known to have this status.
    ///
    /// # Panics
    /// If it has another one.
    #[must_use]
    pub fn with(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self:#?}");
        self
    }

    /// The JSON of a good answer.
    ///
    /// # Panics
    /// If it is none.
    #[must_use]
    pub fn json(self) -> Value {
        assert!((200..300).contains(&self.status), "{self:#?}");
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:#?}"))
    }

    /// A header's value.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }
}

/// A node's pages and API.
pub(crate) struct Api<'a> {
    /// `http://127.0.0.1:PORT`.
    pub(crate) base: &'a str,
}

impl Api<'_> {
    pub(crate) fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        let url = format!("{}{path}", self.base);
        let mut request = agent().get(&url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        answer(format!("GET {path}"), request.call())
    }

    pub(crate) fn post(&self, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let url = format!("{}{path}", self.base);
        let mut request = agent().post(&url);
        if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
            request = request.header("Content-Type", "application/json");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        answer(format!("POST {path}"), request.send(body))
    }
}

pub(crate) fn agent() -> Agent {
    let config = Agent::config_builder().http_status_as_error(false).max_redirects(0);
    config.timeout_global(Some(PATIENCE)).build().new_agent()
}

fn answer(question: String, response: Result<Response<ureq::Body>, ureq::Error>) -> Answer {
    let mut response = response.unwrap_or_else(|error| panic!("{question}: {error}"));
    let headers = response.headers().iter();
    let headers = headers
        .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect();
    let status = response.status().as_u16();
    let body = response.body_mut().with_config().limit(MOST).read_to_string();
    let body = body.unwrap_or_else(|error| panic!("{question}: {error}"));
    Answer { question, status, headers, body }
}

/// Sends bytes as they are to `http://HOST:PORT` or `HOST:PORT`, and gives what came back until the other
/// side closed, or was silent for a while.
///
/// # Panics
/// If nobody listens there.
#[must_use]
pub fn raw(place: &str, bytes: &[u8]) -> String {
    let mut stream = sent(place, bytes);
    let mut answer = Vec::new();
    let mut buffer = [0; 4096];
    while let Ok(count @ 1..) = stream.read(&mut buffer) {
        answer.extend(buffer.iter().take(count));
    }
    String::from_utf8_lossy(&answer).into_owned()
}

/// Sends bytes as they are and hangs up.
///
/// # Panics
/// If nobody listens there.
pub fn throw(place: &str, bytes: &[u8]) {
    let _ = sent(place, bytes).shutdown(Shutdown::Both);
}

fn sent(place: &str, bytes: &[u8]) -> TcpStream {
    let place = place.trim_start_matches("http://");
    let mut stream = TcpStream::connect(place).unwrap_or_else(|error| panic!("{place}: {error}"));
    stream.set_read_timeout(Some(SILENCE)).unwrap();
    stream.set_write_timeout(Some(SILENCE)).unwrap();
    // Why: who gets garbage may close at any moment.
    let _ = stream.write_all(bytes);
    stream
}
