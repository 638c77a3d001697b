//! A TCP relay on loopback that counts what passes.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use crate::Outcome;

/// As much as one read of a socket brings at most.
const BUFFER: usize = 64 * 1024;

/// Relays every connection to one address, until the process ends.
pub(crate) struct Proxy {
    address: SocketAddr,
    passed: Arc<AtomicU64>,
}

impl Proxy {
    pub(crate) fn to(target: SocketAddr) -> Outcome<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let passed = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&passed);
        thread::spawn(move || {
            for near in listener.incoming().map_while(Result::ok) {
                // Why: who can not be reached is told by the connection that ends.
                let _ = relay(near, target, &counter);
            }
        });
        Ok(Self { address, passed })
    }

    /// Where it listens.
    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The bytes that passed so far, both ways together: TCP's payload.
    pub(crate) fn passed(&self) -> u64 {
        self.passed.load(Ordering::Relaxed)
    }
}

fn relay(near: TcpStream, target: SocketAddr, counter: &Arc<AtomicU64>) -> Outcome<()> {
    let far = TcpStream::connect(target)?;
    for stream in [&near, &far] {
        stream.set_nodelay(true)?;
    }
    let (near_again, far_again) = (near.try_clone()?, far.try_clone()?);
    for (from, to) in [(near, far), (far_again, near_again)] {
        let counter = Arc::clone(counter);
        thread::spawn(move || copy(from, to, &counter));
    }
    Ok(())
}

fn copy(mut from: TcpStream, mut to: TcpStream, counter: &AtomicU64) {
    let mut buffer = vec![0; BUFFER];
    while let Ok(count) = from.read(&mut buffer)
        && count > 0
    {
        counter.fetch_add(count as u64, Ordering::Relaxed);
        if to.write_all(buffer.get(..count).unwrap_or_default()).is_err() {
            break;
        }
    }
    // Why: either end may be gone already.
    let _ = to.shutdown(Shutdown::Write);
}
