//! What somebody without an account asked for: a page at an address that only they know, with the pick-up code in it.

use std::sync::Arc;

use ::node::{ActInput, ExchangeJson, Zone};
use askama::Template;
use axum::Form;
use axum::extract::rejection::{FormRejection, PathRejection};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use super::super::edit::taken;
use super::super::{Frame, PageError, Visitor, fresh, see, sentence};
use super::{Facts, Message, facts, gone, grouped, messages, name};
use crate::Shelf;
use crate::guests;

#[derive(Template)]
#[template(path = "pickup.html")]
struct Pickup {
    frame: Frame,
    token: String,
    action: String,
    exchange: ExchangeJson,
    says: String,
    lister: String,
    code: String,
    facts: Facts,
    messages: Vec<Message>,
    /// What takes it back, if that is possible.
    back: Option<&'static str>,
    /// Whether a time is proposed that can be agreed to.
    suits: bool,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Sent {
    form: String,
    act: String,
}

/// Where a guest finds what it asked for; none if there is no code to open it.
pub(in crate::pages) fn address(exchange: &ExchangeJson) -> Option<String> {
    let code = exchange.code.as_deref()?;
    Some(format!("/pickup/{}/{}", exchange.id, ::node::encoded(code)))
}

/// Shows it to whoever has the address.
pub(crate) async fn show(
    State(shelf): State<Arc<Shelf>>,
    visitor: Visitor,
    place: Result<Path<(String, String)>, PathRejection>,
) -> Result<Response, PageError> {
    let Path((id, code)) = place.map_err(|_| gone())?;
    let exchange = guests::picks_up(&shelf, &id, &code).await?;
    let (zone, action) = (Zone::system(), address(&exchange).unwrap_or_default());
    let can = |act: &str| exchange.acts.iter().any(|word| word == act);
    let template = Pickup {
        frame: Frame::new(&shelf, &visitor, "", exchange.title.clone()),
        token: shelf.access.guest_token(),
        action,
        says: sentence(&exchange.says),
        lister: name(&exchange, "lister"),
        code: grouped(&code),
        facts: facts(&exchange, &zone),
        messages: messages(&exchange, &zone),
        back: ["withdraw", "cancel"].into_iter().find(|act| can(act) && exchange.handed_over.is_none()),
        suits: can("accept") && exchange.time.is_some() && exchange.accepted != exchange.time,
        exchange,
    };
    fresh(StatusCode::OK, &template)
}

/// Takes it back, or agrees to the time.
pub(crate) async fn act(
    State(shelf): State<Arc<Shelf>>,
    place: Result<Path<(String, String)>, PathRejection>,
    sent: Result<Form<Sent>, FormRejection>,
) -> Result<Response, PageError> {
    let Path((id, code)) = place.map_err(|_| gone())?;
    let Sent { form, act } = taken(sent)?;
    if !shelf.access.knows_guest(&form) {
        return Err(super::super::stale().into());
    }
    let _turn = shelf.acting.lock().await;
    let exchange = guests::picks_up(&shelf, &id, &code).await?;
    let allowed = matches!(act.as_str(), "accept" | "withdraw" | "cancel");
    // The second tap finds that the first one did it.
    if allowed && exchange.acts.contains(&act) {
        let input = ActInput { act, ..ActInput::default() };
        shelf.handle.act(format!("{id}/asker"), input).await?;
    }
    Ok(see(&address(&exchange).unwrap_or_else(|| "/".to_owned())))
}
