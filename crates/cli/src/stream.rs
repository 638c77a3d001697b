//! Requests and answers that are too long for the memory: they go through in pieces.

use std::io::{self, Read};

use axum::body::Body;
use futures::{StreamExt as _, stream};

use crate::client::{Ask, Client, in_process, over_http, read_text, text_of};
use crate::failure::Failure;

/// How many bytes are in a piece.
const PIECE: usize = 64 * 1024;
/// How many pieces wait.
const WAITING: usize = 4;

impl Client {
    /// Sends all that a reader gives, and gives the answer as it is.
    pub(crate) fn send(
        &self,
        ask: &Ask<'_>,
        mut body: impl Read + Send + 'static,
    ) -> Result<String, Failure> {
        match self {
            Self::Running { agent, http, token } => {
                let body = ureq::SendBody::from_reader(&mut body);
                over_http(agent, http, token, ask, body).and_then(|answer| read_text(http, answer))
            }
            Self::Here { runtime, router, token, .. } => runtime
                .block_on(async { text_of(in_process(router, token, ask, pieces_of(body)?).await?).await }),
        }
    }

    /// Gives each piece of the answer to `take`.
    pub(crate) fn fetch(
        &self,
        ask: &Ask<'_>,
        mut take: impl FnMut(&[u8]) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        match self {
            Self::Running { agent, http, token } => {
                let answer = over_http(agent, http, token, ask, ask.body.as_slice())?;
                if !answer.status().is_success() {
                    return read_text(http, answer).map(drop);
                }
                let (mut reader, mut piece) = (answer.into_body().into_reader(), vec![0; PIECE]);
                loop {
                    let broken =
                        |error| Failure::new(format!("the node at {http} stopped answering: {error}"));
                    match reader.read(&mut piece).map_err(broken)? {
                        0 => return Ok(()),
                        read => take(&piece[..read])?,
                    }
                }
            }
            Self::Here { runtime, router, token, .. } => runtime.block_on(async {
                let answer = in_process(router, token, ask, Body::empty()).await?;
                if !answer.status().is_success() {
                    return text_of(answer).await.map(drop);
                }
                let mut pieces = answer.into_body().into_data_stream();
                while let Some(piece) = pieces.next().await {
                    take(&piece.map_err(|error| Failure::new(error.to_string()))?)?;
                }
                Ok(())
            }),
        }
    }
}

/// A body out of a reader, which waits in a thread of its own.
fn pieces_of(mut reader: impl Read + Send + 'static) -> Result<Body, Failure> {
    let (pieces, mut read) = tokio::sync::mpsc::channel::<io::Result<Vec<u8>>>(WAITING);
    let work = move || {
        loop {
            let mut piece = Vec::with_capacity(PIECE);
            let done = reader.by_ref().take(PIECE as u64).read_to_end(&mut piece).map(|_| piece);
            let last = done.as_ref().map_or(true, Vec::is_empty);
            // Nobody listens any more if the answer is there already.
            if pieces.blocking_send(done).is_err() || last {
                return;
            }
        }
    };
    let started = std::thread::Builder::new().name("reader".into()).spawn(work);
    started.map_err(|error| Failure::new(format!("the system gives no threads: {error}")))?;
    Ok(Body::from_stream(stream::poll_fn(move |context| read.poll_recv(context))))
}
