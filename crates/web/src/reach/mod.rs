//! By which names the pages are reached, and whether that was tried.

mod check;
mod doors;

use std::net::IpAddr;
use std::sync::{Arc, PoisonError, RwLock};

use node::DoorJson;

pub use check::answers;
pub(crate) use check::{PATH as CHECK, answer as answer_check};
pub use doors::{Door, Doors};

/// The names that a node answers to right now. Clones are of the same node: addresses come and go while it runs.
#[derive(Debug, Clone)]
pub struct Reach(Arc<RwLock<Reached>>);

#[derive(Debug)]
struct Reached {
    hosts: Vec<String>,
    pages: Vec<DoorJson>,
}

impl Reach {
    /// A node that answers to these values of `Host`, such as `127.0.0.1:7377`. Any other one is refused, so that a
    /// foreign name that is made to point here (DNS rebinding) reads nothing.
    #[must_use]
    pub fn at(hosts: Vec<String>) -> Self {
        Self(Arc::new(RwLock::new(Reached { hosts, pages: Vec::new() })))
    }

    /// From now on these are its names.
    pub fn answer_to(&self, hosts: Vec<String>) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).hosts = hosts;
    }

    /// Neighbours open its pages there, the best first.
    pub fn show(&self, pages: Vec<DoorJson>) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).pages = pages;
    }

    /// Where neighbours open its pages.
    #[must_use]
    pub fn pages(&self) -> Vec<DoorJson> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).pages.clone()
    }

    /// Whether a value of `Host` is one of its own. Letters of either case are the same; all else counts.
    pub(crate) fn knows(&self, host: &str) -> bool {
        let reached = self.0.read().unwrap_or_else(PoisonError::into_inner);
        reached.hosts.iter().any(|known| known.eq_ignore_ascii_case(host))
    }

    /// All its names.
    pub(crate) fn hosts(&self) -> Vec<String> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).hosts.clone()
    }

    /// The name by which neighbours come best, of those that were tried.
    pub(crate) fn best(&self) -> Option<String> {
        let door = self.pages().into_iter().find(|door| door.tested)?;
        door.url.strip_prefix("http://").map(|host| host.trim_end_matches('/').to_owned())
    }

    /// One of its names, for a person who came by another.
    pub(crate) fn first(&self) -> Option<String> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).hosts.first().cloned()
    }
}

/// An address as it stands in a URL.
fn written(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => format!("[{ip}]"),
    }
}
