//! A page to print and hang up: where these pages are.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::header;
use axum::response::Response;

use super::{Frame, PageError, Visitor, page};
use crate::Shelf;
use ::node::{DoorJson, Qr};

/// An address, large, with a code for the camera.
struct Sign {
    url: String,
    code: String,
}

#[derive(Template)]
#[template(path = "poster.html")]
struct Poster {
    frame: Frame,
    /// The best address, then one that telephones know to which names of the network say nothing.
    signs: Vec<Sign>,
    /// The others.
    more: Vec<String>,
    /// Those that were not reached, for the person at the node.
    untested: Vec<String>,
    /// Whether the whole network is let in.
    open: bool,
}

/// Shows the addresses that were tried. Whoever comes from elsewhere is shown the name, and the address by which it
/// came: others are of networks that are none of its business.
pub(crate) async fn show(State(shelf): State<Arc<Shelf>>, visitor: Visitor) -> Result<Response, PageError> {
    let pages = shelf.access.reach.pages();
    let open = !pages.is_empty();
    let came = visitor.headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let is_known = |door: &DoorJson| {
        visitor.local || is_name(&door.url) || door.url.strip_prefix("http://") == Some(came)
    };
    let (tested, untested): (Vec<DoorJson>, Vec<DoorJson>) =
        pages.into_iter().filter(is_known).partition(|door| door.tested);
    let mut tested: Vec<String> = tested.into_iter().map(|door| door.url).collect();
    let mut best: Vec<String> = tested.drain(..tested.len().min(1)).collect();
    if best.iter().any(|url| is_name(url)) && !tested.is_empty() {
        best.push(tested.remove(0));
    }
    let sign = |url: String| {
        let code = Qr::of(&url).map(|code| code.svg("The address as a QR code")).unwrap_or_default();
        Sign { url, code }
    };
    let poster = Poster {
        frame: Frame::new(&shelf, &visitor, "node", "Poster"),
        signs: best.into_iter().map(sign).collect(),
        more: tested,
        untested: if visitor.local {
            untested.into_iter().map(|door| door.url).collect()
        } else {
            Vec::new()
        },
        open,
    };
    page(&visitor, &poster)
}

/// Whether an address is a name of the network.
fn is_name(url: &str) -> bool {
    let host = url.trim_start_matches("http://");
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    name.ends_with(".local")
}
