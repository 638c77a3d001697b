//! The task that takes a name and answers for it.

use std::collections::BTreeMap;
use std::hash::{BuildHasher as _, RandomState};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::UdpSocket;
use tokio::sync::{mpsc, watch};
use tokio::task::{AbortHandle, JoinHandle};
use tokio::time::{Instant, sleep_until};

use crate::lan::claim::{Claim, Say};
use crate::lan::packet::{Heard, LARGEST, LIFE, Question, Subject};
use crate::lan::socket::{Link, PORT};
use crate::lan::{HostName, Interface};

/// Packets that wait to be looked at; more are dropped, and whoever asked asks again.
const WAITING: usize = 64;
/// How soon the same may be said to everybody again (RFC 6762, section 6), and how soon to somebody who is about to
/// take the name.
const AGAIN: Duration = Duration::from_secs(1);
const AGAIN_TO_RIVALS: Duration = Duration::from_millis(250);
/// How many answers go to single machines on one link within a second.
const ALONE: u32 = 32;
/// How long a socket rests that can't be read from.
const REST: Duration = Duration::from_secs(1);

/// How things stand with a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// It is being asked whether somebody has it.
    Asking,
    /// This machine answers to it.
    Held(HostName),
    /// Every name like it is taken, or somebody says so.
    GaveUp,
}

/// Takes a name on all these interfaces for neighbours, or one like it with a number if it is taken, and answers for
/// it. When the sender of the interfaces is gone, it says that the name is free again, and ends.
#[must_use]
pub fn hold(
    name: HostName,
    interfaces: watch::Receiver<Vec<Interface>>,
) -> (watch::Receiver<Standing>, JoinHandle<()>) {
    let (tell, standing) = watch::channel(Standing::Asking);
    (standing, tokio::spawn(run(name, interfaces, tell)))
}

/// A packet, and where it came from.
struct Packet {
    link: Link,
    from: SocketAddr,
    bytes: Vec<u8>,
}

/// A link on which the name is held.
struct Open {
    socket: Arc<UdpSocket>,
    reader: AbortHandle,
    /// When its addresses were said to everybody last.
    said: Option<Instant>,
    /// In which second answers went to single machines, and how many.
    alone: (Option<Instant>, u32),
}

impl Drop for Open {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

struct Responder {
    claim: Claim,
    subject: Option<Subject>,
    interfaces: Vec<Interface>,
    links: BTreeMap<Link, Open>,
    packets: mpsc::Sender<Packet>,
    tell: watch::Sender<Standing>,
}

async fn run(name: HostName, mut interfaces: watch::Receiver<Vec<Interface>>, tell: watch::Sender<Standing>) {
    let (packets, mut heard) = mpsc::channel(WAITING);
    // Nothing secret: it only keeps many that start at once apart.
    let delay = Duration::from_millis(RandomState::new().hash_one(&name) % 250);
    let subject = Subject::new(&name);
    let claim = Claim::new(name, Instant::now(), delay);
    let mut responder =
        Responder { claim, subject, interfaces: Vec::new(), links: BTreeMap::new(), packets, tell };
    let first = interfaces.borrow_and_update().clone();
    responder.move_to(first);
    loop {
        let due = responder.claim.due();
        let wait = async {
            match due {
                Some(due) => sleep_until(due).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            changed = interfaces.changed() => {
                if changed.is_err() {
                    break;
                }
                let now = interfaces.borrow_and_update().clone();
                responder.move_to(now);
            }
            Some(packet) = heard.recv() => responder.hear(&packet),
            () = wait => responder.act(),
        }
        responder.report();
    }
    responder.farewell();
}

impl Responder {
    /// Opens what is new and closes what is gone.
    fn move_to(&mut self, mut interfaces: Vec<Interface>) {
        interfaces.retain(|interface| interface.is_for_neighbours);
        let has_moved = self.interfaces != interfaces;
        self.interfaces = interfaces;
        let mut has_arrived = false;
        let wanted: Vec<Link> = self.interfaces.iter().flat_map(Link::of).collect();
        self.links.retain(|link, _| wanted.contains(link));
        for link in wanted {
            if self.links.contains_key(&link) {
                continue;
            }
            match link.responder() {
                Ok(socket) => {
                    let socket = Arc::new(socket);
                    let reader = tokio::spawn(read(link, Arc::clone(&socket), self.packets.clone()));
                    let reader = reader.abort_handle();
                    has_arrived = true;
                    self.links.insert(link, Open { socket, reader, said: None, alone: (None, 0) });
                }
                Err(error) => tracing::warn!(%error, ?link, "the node's name can't be told on this network"),
            }
        }
        if has_arrived {
            self.claim.arrived(Instant::now());
        } else if has_moved {
            self.claim.moved(Instant::now());
        }
    }

    /// Does what is due.
    fn act(&mut self) {
        let now = Instant::now();
        let Some(say) = self.claim.tick(now) else { return };
        let links: Vec<Link> = self.links.keys().copied().collect();
        for link in links {
            let here = self.here(link);
            let Some(subject) = self.subject.as_ref().filter(|_| !here.is_empty()) else { continue };
            let message = match say {
                Say::Probe => subject.probe(&here),
                Say::Announce => subject.announcement(&here, LIFE),
            };
            if let (Some(message), Some(open)) = (message, self.links.get_mut(&link)) {
                if say == Say::Announce {
                    open.said = Some(now);
                }
                send(&open.socket, &message, link.everybody());
            }
        }
    }

    fn hear(&mut self, packet: &Packet) {
        let Some(heard) = self.subject.as_ref().and_then(|subject| subject.read(&packet.bytes)) else {
            return;
        };
        let now = Instant::now();
        let own: Vec<IpAddr> = self.interfaces.iter().flat_map(Interface::ips).collect();
        // What this machine says itself comes back to it, and on another of its interfaces it says something else.
        let is_own = own.contains(&packet.from.ip().to_canonical());
        match heard {
            Heard::Claim(_) if is_own || packet.from.port() != PORT => {}
            Heard::Claim(claim) => self.claim.heard(&claim, &own, now),
            Heard::Question(question) if question.wanted.is_empty() => {
                self.answer(packet, &question, false, now);
            }
            Heard::Question(_) if is_own => {}
            Heard::Question(question) => {
                self.claim.contested(&question.wanted, &self.here(packet.link), now);
                self.answer(packet, &question, true, now);
            }
        }
        if self.subject.is_some() {
            self.subject = Subject::new(&self.claim.name());
        }
    }

    /// Answers a question, if the name is ours and this is not too much.
    fn answer(&mut self, packet: &Packet, question: &Question, is_rival: bool, now: Instant) {
        let Some(interface) = self.interface(packet.link).filter(|_| self.claim.is_held()) else { return };
        // Who is elsewhere has no use for the answer, and may be somebody at whom it shall be thrown.
        if !interface.is_near(packet.from.ip().to_canonical()) {
            return;
        }
        let here = self.here(packet.link);
        let (Some(subject), Some(open)) = (&self.subject, self.links.get_mut(&packet.link)) else { return };
        let is_legacy = packet.from.port() != PORT;
        let message =
            if is_legacy { subject.legacy_answer(question, &here) } else { subject.answer(question, &here) };
        let Some(message) = message else { return };
        if is_legacy || (question.alone && !is_rival) {
            if open.may_answer_alone(now) {
                send(&open.socket, &message, packet.from);
            }
            return;
        }
        let again = if is_rival { AGAIN_TO_RIVALS } else { AGAIN };
        if open.said.is_none_or(|said| now.duration_since(said) >= again) {
            open.said = Some(now);
            send(&open.socket, &message, packet.link.everybody());
        }
    }

    fn interface(&self, link: Link) -> Option<&Interface> {
        self.interfaces.iter().find(|interface| interface.index == link.index())
    }

    /// The addresses that are told on a link: those of its interface.
    fn here(&self, link: Link) -> Vec<IpAddr> {
        self.interface(link).map(|interface| interface.ips().collect()).unwrap_or_default()
    }

    fn report(&self) {
        let standing = if self.claim.is_held() {
            Standing::Held(self.claim.name())
        } else if self.claim.gave_up() {
            Standing::GaveUp
        } else {
            Standing::Asking
        };
        self.tell.send_if_modified(|told| {
            let is_new = *told != standing;
            *told = standing;
            is_new
        });
    }

    /// Says that the name is free.
    fn farewell(&self) {
        let Some(subject) = self.subject.as_ref().filter(|_| self.claim.is_held()) else { return };
        for (link, open) in &self.links {
            if let Some(message) = subject.announcement(&self.here(*link), 0) {
                send(&open.socket, &message, link.everybody());
            }
        }
    }
}

impl Open {
    fn may_answer_alone(&mut self, now: Instant) -> bool {
        let (since, count) = self.alone;
        let is_new = since.is_none_or(|since| now.duration_since(since) >= Duration::from_secs(1));
        self.alone = if is_new { (Some(now), 1) } else { (since, count.saturating_add(1)) };
        self.alone.1 <= ALONE
    }
}

/// Sends what is lost if the system has no room for it right now: mDNS reckons with loss.
fn send(socket: &UdpSocket, message: &[u8], to: SocketAddr) {
    if let Err(error) = socket.try_send_to(message, to) {
        tracing::debug!(%error, %to, "a message of mDNS was not sent");
    }
}

async fn read(link: Link, socket: Arc<UdpSocket>, packets: mpsc::Sender<Packet>) {
    let mut buffer = vec![0; LARGEST + 1];
    loop {
        match socket.recv_from(&mut buffer).await {
            Ok((length, from)) => {
                let bytes = buffer.get(..length).unwrap_or_default().to_vec();
                // Full: whoever floods has no right to an answer, and others ask again.
                let _ = packets.try_send(Packet { link, from, bytes });
            }
            Err(error) => {
                tracing::debug!(%error, ?link, "nothing can be read there");
                tokio::time::sleep(REST).await;
            }
        }
    }
}
