//! Pages and the JSON API: the browser's face of a node.
//!
//! [`router`] answers requests, [`serve`] lets it listen. Everything goes through the gate (`gate`): a
//! request whose `Host` or `Origin` is not this node's own is refused before anything else is looked at,
//! and every answer leaves with the headers that keep a page from doing more than it should. Behind it
//! are two faces over the same [`node::Handle`]: the API under `/api/v1` (JSON; writing needs the
//! token) and the pages (HTML without scripts; writing needs the page's own form, sent from the node's
//! own machine). Beside them are feeds (Atom). `map` draws where things are.
//!
//! **Invariants:** a `GET` changes nothing. What members wrote reaches a page escaped. Each failure,
//! also an unknown path or method, has the shape of its face: JSON below `/api`, a page elsewhere.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod access;
mod answer;
mod api;
mod assets;
mod bundle;
mod captive;
mod feeds;
mod gate;
mod guests;
mod hidden;
mod hourly;
mod keys;
mod labels;
mod map;
mod members;
mod pages;
mod photos;
mod reach;
mod serve;
mod upkeep;
mod words;

use std::sync::Arc;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::get;

/// What the map is made of, by whom, and under which licences.
pub const NOTICES: &[&str] = &[include_str!("../data/NOTICE.md"), include_str!("../data/licences/ISC.txt")];

pub use access::{Access, hosts_for};
pub use reach::{Door, Doors, Reach, answers};
pub use serve::serve;

/// What all requests share.
pub(crate) struct Shelf {
    pub(crate) handle: node::Handle,
    pub(crate) access: Access,
    pub(crate) guests: guests::Guests,
    /// One form about an exchange is taken at a time, so that a double tap finds what the first one did.
    pub(crate) acting: tokio::sync::Mutex<()>,
}

/// The routes of pages and API over one node.
///
/// The client's address is taken from `ConnectInfo`, which [`serve`] provides; without it the client
/// counts as sitting at the node itself.
pub fn router(handle: node::Handle, access: Access) -> Router {
    let shelf = Arc::new(Shelf {
        handle,
        access,
        guests: guests::Guests::new(),
        acting: tokio::sync::Mutex::new(()),
    });
    Router::new()
        .nest("/api/v1", api::routes(&shelf))
        .merge(assets::routes())
        .merge(pages::routes())
        .merge(photos::routes())
        .merge(feeds::routes())
        .route(reach::CHECK, get(reach::answer_check))
        .fallback(gate::unknown)
        .method_not_allowed_fallback(pages::wrong_method)
        .layer(from_fn_with_state(Arc::clone(&shelf), gate::gate))
        .layer(from_fn(gate::headers))
        .with_state(shelf)
}
