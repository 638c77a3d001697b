//! Listening, with bounds: on connections, and on the time that each may take.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use futures::future::select_all;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tower::ServiceExt as _;

/// How many connections are served at the same time; more wait in the system's queue.
const CONNECTIONS: usize = 256;
/// How long a request's head may take, and how long a connection may idle between requests.
const HEAD: Duration = Duration::from_secs(20);
/// How long a connection may last: one whose client takes no bytes does not stay for ever.
const LIFE: Duration = Duration::from_secs(20 * 60);
/// The largest head of a request.
const HEAD_BYTES: usize = 32 * 1024;
/// How long requests may still take when the node stops.
const FAREWELL: Duration = Duration::from_secs(5);
/// How long to wait after a connection could not be accepted, for instance for want of file handles.
const PAUSE: Duration = Duration::from_millis(200);

/// Serves at all these places together until `shutdown` is done; then requests that are under way get a few seconds
/// to end.
///
/// # Errors
/// If there is no listener, or one is of no use.
pub async fn serve(
    listeners: Vec<TcpListener>,
    router: Router,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    if listeners.is_empty() {
        return Err(io::Error::from(io::ErrorKind::NotConnected));
    }
    for listener in &listeners {
        listener.local_addr()?;
    }
    let graceful = GracefulShutdown::new();
    let room = Arc::new(Semaphore::new(CONNECTIONS));
    tokio::pin!(shutdown);
    loop {
        let next = async {
            let place = Arc::clone(&room).acquire_owned().await.map_err(io::Error::other)?;
            Ok::<_, io::Error>((place, accept(&listeners).await?))
        };
        let (place, (stream, client)) = tokio::select! {
            biased;
            () = &mut shutdown => break,
            next = next => match next {
                Ok(next) => next,
                Err(error) => {
                    tracing::debug!(%error, "a connection was not accepted");
                    tokio::time::sleep(PAUSE).await;
                    continue;
                }
            },
        };
        // An address of IPv4 that came to a socket of IPv6 is one of IPv4.
        let client = SocketAddr::new(client.ip().to_canonical(), client.port());
        // Small answers should not wait for more to come.
        let _ = stream.set_nodelay(true);
        let router = router.clone();
        let service = service_fn(move |request: Request<Incoming>| {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(ConnectInfo(client));
            router.clone().oneshot(request)
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD)
            .max_buf_size(HEAD_BYTES)
            .serve_connection(TokioIo::new(stream), service);
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            let _place = place;
            match tokio::time::timeout(LIFE, connection).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::debug!(%error, %client, "a connection ended badly"),
                Err(_) => tracing::debug!(%client, "a connection lasted too long"),
            }
        });
    }
    drop(listeners);
    let _ = tokio::time::timeout(FAREWELL, graceful.shutdown()).await;
    Ok(())
}

/// The next connection at any of them; there is at least one.
async fn accept(listeners: &[TcpListener]) -> io::Result<(TcpStream, SocketAddr)> {
    select_all(listeners.iter().map(|listener| Box::pin(listener.accept()))).await.0
}
