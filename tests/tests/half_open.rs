//! Many who connect and then say nothing, or one letter a second.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]
#![cfg(target_os = "linux")]

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tests::{Home, full_or_short, texts, wait_until};
use tokio::net::{TcpSocket, TcpStream};
use tokio::runtime::Runtime;

/// From so many addresses of this machine, beside the one of honest nodes.
const ADDRESSES: u8 = 5;
/// How many connections each of them holds or has tried to hold, at least.
const EACH: usize = 1_000;
/// What a client says first.
const GREETING: &[u8] = b"\x13/multistream/1.0.0\n";

/// Connects again and again, and keeps what the node leaves open. Every second one of these says a letter a
/// second, the others nothing.
async fn attack(from: Ipv4Addr, node: SocketAddr, over: Arc<AtomicBool>, tried: Arc<AtomicUsize>) {
    let mut held: Vec<TcpStream> = Vec::new();
    let mut beats = tokio::time::interval(Duration::from_millis(100));
    let mut beat = 0;
    while !over.load(Ordering::Relaxed) {
        beats.tick().await;
        for _ in 0..50 {
            let socket = TcpSocket::new_v4().unwrap();
            socket.bind(SocketAddr::from((from, 0))).unwrap();
            held.extend(socket.connect(node).await);
            tried.fetch_add(1, Ordering::Relaxed);
        }
        beat += 1;
        let mut byte = [0; 64];
        held.retain(|stream| match stream.try_read(&mut byte) {
            Ok(0) => false,
            Ok(_) => true,
            Err(error) => error.kind() == std::io::ErrorKind::WouldBlock,
        });
        if beat % 10 == 0 {
            for stream in held.iter().step_by(2) {
                let letter = beat / 10 % GREETING.len();
                let _closed = stream.try_write(&GREETING[letter..=letter]);
            }
        }
    }
}

#[test]
fn five_thousand_who_say_nothing_keep_no_honest_node_out() {
    let runtime = Runtime::new().unwrap();
    let mut node = Home::new().up(&["--circle", "Gartenstraße"]);
    let place = node.address().split('/').collect::<Vec<_>>();
    let place: SocketAddr = format!("{}:{}", place[2], place[4]).parse().unwrap();
    let (rss, files) = (node.process().told("VmRSS"), node.process().open_files());

    let (over, tried) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let begun = Instant::now();
    let attackers: Vec<_> = (1..=ADDRESSES)
        .map(|last| {
            let from = Ipv4Addr::new(127, 0, 9, last);
            runtime.spawn(attack(from, place, Arc::clone(&over), Arc::clone(&tried)))
        })
        .collect();
    let enough = usize::from(ADDRESSES) * EACH;
    let mut most = 0;
    wait_until("five thousand were tried, and time has passed", Duration::from_secs(120), || {
        most = most.max(node.process().open_files());
        let tried = tried.load(Ordering::Relaxed);
        let goes_on = begun.elapsed() < full_or_short(60, 3);
        if tried >= enough && !goes_on { Ok(()) } else { Err(format!("{tried} were tried")) }
    });

    // They go on while an honest one comes.
    let honest = Home::new();
    honest.run(&["circle", "list"]);
    let coming = Instant::now();
    let honest = honest.up(&["--peer", node.address(), "--join", &node.link()]);
    let known = wait_until("the honest node is in", Duration::from_secs(10), || {
        let peers = texts(&node.json(&["peers"]), "peer");
        if peers.contains(&honest.ready().peer) { Ok(peers) } else { Err(format!("{peers:?}")) }
    });
    let came = coming.elapsed();
    honest.wait_for_charter();
    most = most.max(node.process().open_files());
    over.store(true, Ordering::Relaxed);
    for attacker in attackers {
        runtime.block_on(attacker).unwrap();
    }
    let grown = node.process().told("VmHWM").saturating_sub(rss);
    eprintln!(
        "{} connections in {:?}; the honest node was in after {came:?}; {} files more, {grown} kB more",
        tried.load(Ordering::Relaxed),
        begun.elapsed(),
        most - files,
    );
    assert_eq!(known, [honest.ready().peer.clone()]);
    assert!(came < Duration::from_secs(3), "{came:?}");
    // 64 connections that are being opened, the honest one, and what its page and API need.
    assert!(most - files <= 64 + 16, "{} files more", most - files);
    assert!(grown <= 32 * 1024, "{grown} kB more");
}
