//! What the node's own member tells its circles of itself.

use std::sync::Arc;

use ::node::{NodeError, ProfileInput, ProfileJson};
use askama::Template;
use axum::Form;
use axum::extract::rejection::{FormRejection, QueryRejection};
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use super::edit::taken;
use super::{Frame, PageError, Visitor, form_status, fresh, see, told};
use crate::Shelf;

/// What the form says; what it lacks is empty.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Sent {
    form: String,
    name: String,
    text: String,
    languages: String,
    place: String,
    hours: String,
    tally: String,
}

#[derive(Template)]
#[template(path = "profile.html")]
struct Profile {
    frame: Frame,
    token: String,
    alone: bool,
    done: &'static str,
    problem: Option<String>,
    sent: Sent,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Asked {
    done: String,
}

/// The form, as the circles know the member.
pub(crate) async fn show(
    State(shelf): State<Arc<Shelf>>,
    visitor: Visitor,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Result<Response, PageError> {
    visitor.must_be_member()?;
    let saved = asked.is_ok_and(|Query(asked)| !asked.done.is_empty());
    let sent = written(shelf.handle.profile().await?);
    let done = if saved { "It is saved, and on its way to your neighbours." } else { "" };
    fresh(StatusCode::OK, &page(&shelf, &visitor, sent, done, None))
}

/// Takes a change.
pub(crate) async fn save(
    State(shelf): State<Arc<Shelf>>,
    visitor: Visitor,
    sent: Result<Form<Sent>, FormRejection>,
) -> Result<Response, PageError> {
    visitor.must_be_member()?;
    let sent = taken(sent)?;
    visitor.may_send(&shelf, &sent.form)?;
    let some = |text: &String| Some(text.replace("\r\n", "\n"));
    let input = ProfileInput {
        name: some(&sent.name),
        text: some(&sent.text),
        languages: some(&sent.languages),
        place: some(&sent.place),
        hours: some(&sent.hours),
        tally: some(&sent.tally),
    };
    match shelf.handle.change_profile(input).await {
        Ok(_) => Ok(see("/profile?done=saved")),
        Err(error) => fresh(form_status(&error), &page(&shelf, &visitor, sent, "", Some(&error))),
    }
}

fn written(profile: ProfileJson) -> Sent {
    Sent {
        form: String::new(),
        languages: profile.languages.join(" "),
        place: profile.cell.unwrap_or_default(),
        tally: if profile.tally { "yes" } else { "no" }.to_owned(),
        name: profile.name,
        text: profile.text,
        hours: profile.hours,
    }
}

fn page(
    shelf: &Shelf,
    visitor: &Visitor,
    sent: Sent,
    done: &'static str,
    error: Option<&NodeError>,
) -> Profile {
    Profile {
        frame: Frame::new(shelf, visitor, "me", "About me"),
        token: shelf.access.form_token(),
        alone: shelf.handle.circles().is_empty(),
        done,
        problem: error.map(told),
        sent,
    }
}
