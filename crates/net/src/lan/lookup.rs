//! Asking for a name as a neighbour's telephone does.

use std::hash::{BuildHasher as _, RandomState};
use std::net::IpAddr;
use std::time::Duration;

use tokio::net::UdpSocket;
use tokio::time::{Instant, timeout_at};

use crate::lan::packet::{LARGEST, Subject};
use crate::lan::socket::Link;
use crate::lan::{HostName, Interface};

/// How long an answer may take, before it is asked once more, and all together.
const AGAIN: Duration = Duration::from_millis(700);
const ATTEMPTS: u32 = 2;

/// The addresses that `name.local` has for whoever asks on this interface. Empty if nobody answers within two
/// seconds.
pub async fn look_up(name: &HostName, interface: &Interface) -> Vec<IpAddr> {
    let (Some(link), Some(subject)) = (Link::of(interface).next(), Subject::new(name)) else {
        return Vec::new();
    };
    // It tells one question from another, and is no secret.
    let id = RandomState::new().hash_one(link) as u16;
    let (Ok(socket), Some(question)) = (link.asker(), subject.question(id)) else { return Vec::new() };
    let mut found = Vec::new();
    for _ in 0..ATTEMPTS {
        if socket.send_to(&question, link.everybody()).await.is_err() {
            break;
        }
        found = answer(&socket, &subject, id).await;
        if !found.is_empty() {
            break;
        }
    }
    found
}

async fn answer(socket: &UdpSocket, subject: &Subject, id: u16) -> Vec<IpAddr> {
    let end = Instant::now() + AGAIN;
    let mut buffer = vec![0; LARGEST + 1];
    while let Ok(Ok((length, _))) = timeout_at(end, socket.recv_from(&mut buffer)).await {
        let bytes = buffer.get(..length).unwrap_or_default();
        let is_ours = bytes.get(..2) == Some(&id.to_be_bytes());
        let found = subject.addresses(bytes);
        if is_ours && !found.is_empty() {
            return found;
        }
    }
    Vec::new()
}
