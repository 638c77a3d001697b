//! Whether this node reaches itself by an address: it asks there for what only it knows.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State};

use crate::Shelf;
use crate::access::{Access, hex, same};
use crate::answer::Failure;
use crate::pages::PageError;

/// Where the question is asked. Whoever asks it learns that somebody is here, and nothing else.
pub(crate) const PATH: &str = "/check/{question}";
/// How long nothing may happen.
const PATIENCE: Duration = Duration::from_secs(3);
/// The most that is read of an answer.
const MOST: u64 = 8 * 1024;
/// How long a question is, in hexadecimal digits.
const QUESTION: usize = 32;

/// Answers a question.
pub(crate) async fn answer(
    State(shelf): State<Arc<Shelf>>,
    Path(question): Path<String>,
) -> Result<String, PageError> {
    let is_question =
        question.len() == QUESTION && question.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if is_question { Ok(shelf.access.own_answer(&question)) } else { Err(nothing().into()) }
}

fn nothing() -> Failure {
    Failure::not_found("there is nothing at this address")
}

/// Whether whoever answers at this address to this name is this node itself.
pub async fn answers(access: &Access, at: SocketAddr, host: &str) -> bool {
    let mut question = [0; QUESTION / 2];
    if getrandom::fill(&mut question).is_err() {
        return false;
    }
    let question = hex(&question);
    let expected = access.own_answer(&question);
    let host = host.to_owned();
    let asked = tokio::task::spawn_blocking(move || ask(at, &host, &question)).await;
    asked.is_ok_and(|answer| answer.is_ok_and(|answer| same(&answer, &expected)))
}

fn ask(at: SocketAddr, host: &str, question: &str) -> io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&at, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let path = PATH.replace("{question}", question);
    let head = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stream.write_all(head.as_bytes())?;
    let mut answer = String::new();
    stream.take(MOST).read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_default();
    Ok(if head.starts_with("HTTP/1.1 200 ") { body.to_owned() } else { String::new() })
}
