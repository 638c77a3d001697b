//! A program that writes through a node's API, and lives on when the node does not.

use serde_json::Value;
use ureq::http::Request;

use crate::Node;
use crate::http::agent;

/// Where a node's API is, and what is needed to write through it.
#[derive(Debug, Clone)]
pub struct Client {
    base: String,
    bearer: String,
}

impl Client {
    /// For a node, as long as it runs.
    #[must_use]
    pub fn of(node: &Node) -> Self {
        Self { base: format!("{}/api/v1", node.ready().http), bearer: node.bearer() }
    }

    /// Asks, and gives the status and the JSON of the answer.
    ///
    /// # Errors
    /// If no whole answer came: whether it was done is not known then.
    pub fn ask(&self, method: &str, path: &str, body: &Value) -> Result<(u16, Value), String> {
        let request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base))
            .header("Authorization", &self.bearer)
            .header("Content-Type", "application/json")
            .body(if body.is_null() { String::new() } else { body.to_string() });
        let mut answer = agent().run(request.map_err(lost)?).map_err(lost)?;
        let text = answer.body_mut().read_to_string().map_err(lost)?;
        Ok((answer.status().as_u16(), serde_json::from_str(&text).map_err(lost)?))
    }
}

fn lost(error: impl std::fmt::Display) -> String {
    error.to_string()
}
