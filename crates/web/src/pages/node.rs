//! The node's own page: its circles, who is connected, what a person should know.

use std::sync::Arc;

use ::node::{CircleJson, CircleLink, DoorJson, NearbyJson, NodeError, Qr, StatusJson};
use askama::Template;
use axum::Form;
use axum::extract::State;
use axum::extract::rejection::FormRejection;
use axum::response::Response;
use serde::Deserialize;

use super::{Frame, PageError, Visitor, form_status, fresh, page, see, told};
use crate::Shelf;
use crate::words::{self, Moment};

/// A connected peer.
struct Peer {
    short: String,
    address: String,
    inbound: bool,
    synced: Option<Moment>,
}

/// A circle, and for the person at the node the invitation into it.
struct Kept {
    circle: CircleJson,
    invitation: Option<Invitation>,
}

struct Invitation {
    link: String,
    /// The link's code, as a picture.
    code: String,
}

#[derive(Template)]
#[template(path = "node.html")]
struct NodePage {
    frame: Frame,
    token: String,
    version: String,
    peer: String,
    member: String,
    circles: Vec<Kept>,
    nearby: Vec<NearbyJson>,
    peers: Vec<Peer>,
    addresses: Vec<String>,
    /// Where neighbours open these pages.
    doors: Vec<DoorJson>,
    notices: Vec<String>,
    /// Whether the person can say that the machine's clock is right.
    doubt: bool,
    problem: Option<String>,
    /// What was written into the forms.
    name: String,
    target: String,
}

/// What a form about circles says.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Sent {
    form: String,
    name: String,
    target: String,
}

/// Shows the node's state.
pub(crate) async fn show(State(shelf): State<Arc<Shelf>>, visitor: Visitor) -> Result<Response, PageError> {
    page(&visitor, &template(&shelf, &visitor, Sent::default(), None).await)
}

/// Founds a circle.
pub(crate) async fn found(
    State(shelf): State<Arc<Shelf>>,
    visitor: Visitor,
    sent: Result<Form<Sent>, FormRejection>,
) -> Result<Response, PageError> {
    let sent = super::edit::taken(sent)?;
    visitor.may_send(&shelf, &sent.form)?;
    // The same form sent twice founds one circle.
    let circles = shelf.handle.circles();
    let founded = if circles.iter().any(|circle| circle.name == sent.name.trim()) {
        Ok(())
    } else {
        shelf.handle.found(sent.name.trim().to_owned(), None).await.map(drop)
    };
    done(&shelf, &visitor, sent, founded, "/?done=founded").await
}

/// Joins a circle, by its link or because it is near.
pub(crate) async fn join(
    State(shelf): State<Arc<Shelf>>,
    visitor: Visitor,
    sent: Result<Form<Sent>, FormRejection>,
) -> Result<Response, PageError> {
    let sent = super::edit::taken(sent)?;
    visitor.may_send(&shelf, &sent.form)?;
    let joined = match sent.target.parse::<CircleLink>() {
        Ok(link) => shelf.handle.join(link).await.map(drop),
        Err(_) if sent.target.trim().is_empty() => {
            Err(NodeError::Invalid("paste the link that somebody of the circle gave you".into()))
        }
        Err(_) => Err(NodeError::Invalid(
            "this is no link to a circle: it begins with commonshelf: and is best copied whole".into(),
        )),
    };
    done(&shelf, &visitor, sent, joined, "/?done=joined").await
}

/// Takes the person's word that the machine's clock is right.
pub(crate) async fn confirm_clock(
    State(shelf): State<Arc<Shelf>>,
    visitor: Visitor,
    sent: Result<Form<Sent>, FormRejection>,
) -> Result<Response, PageError> {
    let sent = super::edit::taken(sent)?;
    visitor.may_send(&shelf, &sent.form)?;
    let confirmed = shelf.handle.confirm_clock().await.map(drop);
    done(&shelf, &visitor, sent, confirmed, "/node").await
}

async fn done(
    shelf: &Shelf,
    visitor: &Visitor,
    sent: Sent,
    outcome: Result<(), NodeError>,
    place: &str,
) -> Result<Response, PageError> {
    match outcome {
        Ok(()) => Ok(see(place)),
        Err(error) => fresh(form_status(&error), &template(shelf, visitor, sent, Some(&error)).await),
    }
}

/// An invitation says where this node is, and opens a circle of members, so it is for the person at the node alone.
async fn kept(shelf: &Shelf, visitor: &Visitor, circle: CircleJson) -> Kept {
    let mut invitation = None;
    if visitor.local
        && let Ok(link) = shelf.handle.invitation(Some(circle.id.clone())).await
    {
        let link = link.to_string();
        let code = Qr::of(&link).map(|code| code.svg("The link as a QR code"));
        // A link too long for a code can still be copied.
        invitation = Some(Invitation { link, code: code.unwrap_or_default() });
    }
    Kept { circle, invitation }
}

async fn template(shelf: &Shelf, visitor: &Visitor, sent: Sent, error: Option<&NodeError>) -> NodePage {
    let StatusJson {
        version,
        peer,
        addresses,
        pages: _,
        reachable: _,
        members,
        circles,
        peers,
        notices,
        unseen_matches: _,
        waiting: _,
    } = shelf.handle.status();
    let now = shelf.handle.now();
    // Where others are, and where this node keeps its files, is for the person at the node alone.
    let private = |texts: Vec<String>| if visitor.local { texts } else { Vec::new() };
    let nearby = shelf.handle.nearby().into_iter().filter(|circle| !circle.joined).collect();
    let peers = peers.into_iter().map(|peer| Peer {
        short: words::short(&peer.peer),
        address: if visitor.local { peer.address } else { String::new() },
        inbound: peer.inbound,
        synced: peer.synced.map(|synced| Moment::new(synced, now)),
    });
    let mut shown = Vec::with_capacity(circles.len());
    for circle in circles {
        shown.push(kept(shelf, visitor, circle).await);
    }
    NodePage {
        frame: Frame::new(shelf, visitor, "node", "This node"),
        token: if visitor.local { shelf.access.form_token() } else { String::new() },
        version,
        peer,
        member: members.into_iter().next().unwrap_or_default(),
        circles: shown,
        nearby,
        peers: peers.collect(),
        addresses: private(addresses),
        doors: if visitor.local { shelf.access.reach.pages() } else { Vec::new() },
        notices: private(notices),
        doubt: visitor.local && shelf.handle.clock().can_confirm,
        problem: error.map(told),
        name: sent.name,
        target: sent.target,
    }
}
