//! Over real connections.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::site::{Site, TOKEN};

struct Served {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<std::io::Result<()>>,
    site: Site,
}

async fn served() -> Served {
    let site = Site::new().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let reach = web::Reach::at(web::hosts_for(address));
    let access = web::Access { reach, captive: false, token: TOKEN.to_owned() };
    let router = web::router(site.handle.clone(), access);
    let (stop, stopped) = oneshot::channel();
    let task = tokio::spawn(web::serve(vec![listener], router, async move {
        let _ = stopped.await;
    }));
    Served { address, stop, task, site }
}

/// Sends bytes and reads until the other side closes.
async fn exchange(address: SocketAddr, bytes: Vec<u8>) -> String {
    let work = move || {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let _ = stream.write_all(&bytes);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    };
    tokio::task::spawn_blocking(work).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_reads_and_a_program_writes_over_a_connection() {
    let served = served().await;
    let address = served.address;
    let get = format!("GET / HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    let page = exchange(address, get.into_bytes()).await;
    assert!(
        page.starts_with("HTTP/1.1 200 OK\r\n")
            && page.contains("content-security-policy: default-src 'none'")
    );
    assert!(page.contains("Offer something"), "the client is the person at the node");
    let body = r#"{"side":"offer","title":"Ladder"}"#;
    let post = format!(
        "POST /api/v1/listings HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {TOKEN}\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    assert!(exchange(address, post.into_bytes()).await.starts_with("HTTP/1.1 201 Created"));
    assert_eq!(served.site.handle.status().circles[0].listings, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hosts_none_or_nonsense_are_refused_on_the_wire() {
    let served = served().await;
    let address = served.address;
    let two = format!("GET / HTTP/1.1\r\nHost: {address}\r\nHost: evil.com\r\nConnection: close\r\n\r\n");
    assert!(exchange(address, two.into_bytes()).await.starts_with("HTTP/1.1 421"));
    let none = "GET / HTTP/1.1\r\nConnection: close\r\n\r\n";
    assert!(exchange(address, none.into()).await.starts_with("HTTP/1.1 421"));
    let absolute = format!("GET http://evil.com/ HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    assert!(exchange(address, absolute.into_bytes()).await.starts_with("HTTP/1.1 421"));
    assert!(exchange(address, b"\x16\x03\x01 nonsense\r\n\r\n".to_vec()).await.starts_with("HTTP/1.1 400"));
    let mut large = format!("GET / HTTP/1.1\r\nHost: {address}\r\nX: ").into_bytes();
    large.extend(vec![b'x'; 100 * 1024]);
    let refused = exchange(address, large).await;
    assert!(refused.is_empty() || refused.starts_with("HTTP/1.1 431"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_announced_too_large_is_refused_before_it_arrives() {
    let served = served().await;
    let address = served.address;
    let post = format!(
        "POST /api/v1/import HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {TOKEN}\r\n\
         Content-Length: 40000000\r\nConnection: close\r\n\r\n"
    );
    let started = Instant::now();
    let answer = exchange(address, post.into_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 413") && answer.contains("too_large"), "{answer}");
    assert!(started.elapsed() < Duration::from_secs(5));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_is_not_held_up_by_an_idle_connection() {
    let served = served().await;
    // It has been answered once, and stays open.
    let mut idle = TcpStream::connect(served.address).unwrap();
    let get = format!("GET /style.css HTTP/1.1\r\nHost: {}\r\n\r\n", served.address);
    let idle = tokio::task::spawn_blocking(move || {
        idle.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        idle.write_all(get.as_bytes()).unwrap();
        assert_ne!(idle.read(&mut [0; 64]).unwrap(), 0);
        idle
    });
    let idle = idle.await.unwrap();
    served.stop.send(()).unwrap();
    let stopped = tokio::time::timeout(Duration::from_secs(10), served.task).await;
    stopped.unwrap().unwrap().unwrap();
    drop(idle);
    assert!(TcpStream::connect(served.address).is_err());
}
