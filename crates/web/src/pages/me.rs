//! What is for the node's own member alone: what was found for it, and what it needs and tells nobody.
//!
//! Looking marks nothing as seen: a `GET` changes nothing. The member says so, with a button that names what the page
//! showed, so that what came meanwhile stays new.

use std::sync::Arc;

use ::node::{ErrorKind, NodeError, NoticeJson, OnlyJson, PrivateInput, PrivateJson};
use askama::Template;
use axum::Form;
use axum::extract::rejection::{FormRejection, QueryRejection};
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use super::browse::{self, NO_PLACE};
use super::edit::taken;
use super::kinds::Kinds;
use super::matches::Pair;
use super::{Frame, PageError, Visitor, form_status, fresh, see, told};
use crate::answer::Failure;
use crate::words::{self, Moment};
use crate::{Shelf, feeds};

/// How many notices a page shows.
const NOTICES: usize = 20;
/// The last page that can be asked for: the node keeps no more notices ready.
const LAST_PAGE: usize = 25;

/// Something that was found for the member.
struct Notice {
    pair: Pair,
    found: Moment,
    seen: bool,
}

/// Something that the member needs, or offers, and tells nobody.
struct Kept {
    key: String,
    title: String,
    text: String,
    need: bool,
    since: Moment,
    until: Option<Moment>,
    /// What it is narrowed to, in words.
    only: Vec<String>,
}

#[derive(Template)]
#[template(path = "me.html")]
struct Me {
    frame: Frame,
    token: String,
    alone: bool,
    done: &'static str,
    problem: Option<String>,
    notices: Vec<Notice>,
    number: usize,
    previous: Option<String>,
    next: Option<String>,
    /// The pairs that are new, to be marked as seen.
    fresh: String,
    needs: Vec<Kept>,
    kinds: Kinds,
    sent: Sent,
    feed: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Asked {
    done: String,
    page: String,
}

/// What the forms of the page say; what one lacks is empty.
#[derive(Deserialize, Default, Clone)]
#[serde(default)]
pub(crate) struct Sent {
    form: String,
    /// A pair, or some with spaces between them.
    pair: String,
    /// The key of a private need.
    need: String,
    title: String,
    text: String,
    side: String,
    kind: String,
    category: String,
    terms: String,
    language: String,
    near: String,
    within: String,
    until: String,
}

/// What was found, what is kept, and where the feed is.
pub(crate) async fn show(
    State(shelf): State<Arc<Shelf>>,
    visitor: Visitor,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Result<Response, PageError> {
    visitor.must_be_member()?;
    let Query(asked) = asked.map_err(|_| Failure::invalid("The address can not be read."))?;
    let number = match asked.page.as_str() {
        "" => Some(1),
        page => page.parse().ok().filter(|number| (1..=LAST_PAGE).contains(number)),
    };
    let number = number.ok_or_else(|| Failure::not_found("The list does not go on so far."))?;
    let done = match asked.done.as_str() {
        "kept" => "It is kept. What answers it shows up here.",
        "forgotten" => "It is forgotten.",
        "dismissed" => "It is taken away. It comes back only if one of the two changes.",
        "gone" => "It was not there any more.",
        "seen" => "All that was shown is marked as seen.",
        _ => "",
    };
    fresh(StatusCode::OK, &template(&shelf, &visitor, (done, number), Sent::default(), None).await?)
}

/// Marks the pairs as seen that the page showed as new.
pub(crate) async fn seen(
    State(shelf): State<Arc<Shelf>>,
    visitor: Visitor,
    sent: Result<Form<Sent>, FormRejection>,
) -> Result<Response, PageError> {
    let sent = sent_by(&shelf, &visitor, sent)?;
    for pair in sent.pair.split_whitespace().take(NOTICES) {
        match shelf.handle.see(vec![pair.to_owned()]).await {
            // One of the two may have gone or changed meanwhile; the others were seen.
            Err(error) if !is_gone(&error) => return Err(error.into()),
            Ok(_) | Err(_) => {}
        }
    }
    Ok(see("/me?done=seen"))
}

/// Takes a pair away.
pub(crate) async fn dismiss(
    State(shelf): State<Arc<Shelf>>,
    visitor: Visitor,
    sent: Result<Form<Sent>, FormRejection>,
) -> Result<Response, PageError> {
    let sent = sent_by(&shelf, &visitor, sent)?;
    gone_or_done(shelf.handle.dismiss(sent.pair).await.map(drop), "/me?done=dismissed")
}

/// Keeps a private need.
pub(crate) async fn need(
    State(shelf): State<Arc<Shelf>>,
    visitor: Visitor,
    sent: Result<Form<Sent>, FormRejection>,
) -> Result<Response, PageError> {
    let sent = sent_by(&shelf, &visitor, sent)?;
    let _turn = shelf.acting.lock().await;
    match shelf.handle.need_privately(input(&shelf, &sent)).await {
        Ok(kept) => {
            if is_kept_already(&shelf, &kept) {
                // The second tap on the same button.
                gone_or_done(shelf.handle.forget_private(kept.listing.key).await.map(drop), "")?;
            }
            Ok(see("/me?done=kept#needs"))
        }
        Err(error) => {
            let status = form_status(&error);
            fresh(status, &template(&shelf, &visitor, ("", 1), sent, Some(&error)).await?)
        }
    }
}

/// Forgets a private need.
pub(crate) async fn forget(
    State(shelf): State<Arc<Shelf>>,
    visitor: Visitor,
    sent: Result<Form<Sent>, FormRejection>,
) -> Result<Response, PageError> {
    let sent = sent_by(&shelf, &visitor, sent)?;
    gone_or_done(shelf.handle.forget_private(sent.need).await.map(drop), "/me?done=forgotten#needs")
}

/// A form of this page that the member sent.
fn sent_by(
    shelf: &Shelf,
    visitor: &Visitor,
    sent: Result<Form<Sent>, FormRejection>,
) -> Result<Sent, PageError> {
    visitor.must_be_member()?;
    let sent = taken(sent)?;
    visitor.may_send(shelf, &sent.form)?;
    Ok(sent)
}

/// Whether what a form named is not there, or no more what it was.
const fn is_gone(error: &NodeError) -> bool {
    matches!(error.kind(), ErrorKind::NotFound) || matches!(error, NodeError::NoPair)
}

fn gone_or_done(outcome: Result<(), NodeError>, place: &str) -> Result<Response, PageError> {
    match outcome {
        Ok(()) => Ok(see(place)),
        // The second tap finds that the first one did it.
        Err(error) if is_gone(&error) => Ok(see("/me?done=gone")),
        Err(error) => Err(error.into()),
    }
}

fn input(shelf: &Shelf, sent: &Sent) -> PrivateInput {
    let some = |text: &String| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    PrivateInput {
        side: some(&sent.side),
        title: some(&sent.title),
        text: some(&sent.text).map(|text| text.replace("\r\n", "\n")),
        kind: some(&sent.kind),
        category: some(&sent.category),
        terms: some(&sent.terms),
        language: some(&sent.language).map(|language| language.to_lowercase()),
        // As in a search: the place of one's own newest listing counts where none is given.
        near: some(&sent.near).or_else(|| browse::home(&shelf.handle)),
        within: some(&sent.within),
        until: some(&sent.until),
    }
}

/// Whether another private need says the same.
fn is_kept_already(shelf: &Shelf, kept: &PrivateJson) -> bool {
    let said = |need: &PrivateJson| {
        let PrivateJson { listing, only } = need.clone();
        (listing.side, listing.title, listing.text, listing.cell, listing.until, only)
    };
    let needs = shelf.handle.private_needs();
    needs.iter().any(|other| other.listing.key != kept.listing.key && said(other) == said(kept))
}

async fn template(
    shelf: &Shelf,
    visitor: &Visitor,
    (done, number): (&'static str, usize),
    sent: Sent,
    error: Option<&NodeError>,
) -> Result<Me, PageError> {
    let now = shelf.handle.now();
    let mut notices = shelf.handle.notices(false, number * NOTICES + 1).await?;
    let more = notices.len() > number * NOTICES && number < LAST_PAGE;
    notices.truncate(number * NOTICES);
    let notices: Vec<NoticeJson> = notices.into_iter().skip((number - 1) * NOTICES).collect();
    let at = |number: usize| match number {
        1 => "/me".to_owned(),
        number => format!("/me?page={number}"),
    };
    let unseen = notices.iter().filter(|notice| !notice.seen).map(|notice| notice.pair.pair.clone());
    let unseen: Vec<String> = unseen.collect();
    let kinds = Kinds::new(&shelf.handle, visitor);
    let needs = shelf.handle.private_needs().into_iter().map(|need| kept(need, &kinds, now));
    Ok(Me {
        frame: Frame::new(shelf, visitor, "me", "For me"),
        token: shelf.access.form_token(),
        alone: shelf.handle.circles().is_empty(),
        done,
        problem: error.map(|error| {
            // The node's own sentence names an option of the command line.
            let lost = sent.near.trim().is_empty() && !sent.within.trim().is_empty();
            let lost = lost && browse::home(&shelf.handle).is_none();
            if lost { NO_PLACE.to_owned() } else { told(error) }
        }),
        notices: notices.into_iter().map(|notice| noticed(notice, now)).collect(),
        number,
        previous: (number > 1).then(|| at(number - 1)),
        next: more.then(|| at(number + 1)),
        fresh: unseen.join(" "),
        needs: needs.collect(),
        kinds,
        sent,
        feed: feeds::matches_at(shelf, &visitor.headers),
    })
}

fn noticed(notice: NoticeJson, now: u64) -> Notice {
    let NoticeJson { pair, when, seen } = notice;
    let mine = pair.need.mine;
    Notice { pair: Pair::of(pair, mine, now), found: Moment::new(when, now), seen }
}

fn kept(PrivateJson { listing, only }: PrivateJson, kinds: &Kinds, now: u64) -> Kept {
    let OnlyJson { kind, category, terms, language, within_km } = only;
    let only = [
        kind.map(|kind| kinds.name(&kind).unwrap_or(&kind).to_owned()),
        category.map(|category| format!("in the category {category}")),
        terms.map(|terms| words::terms("offer", &terms).to_owned()),
        language.map(|language| format!("in the language {language}")),
        within_km.map(|km| format!("within {km} km")),
    ];
    Kept {
        need: listing.side == "need",
        since: Moment::new(listing.revision, now),
        until: listing.until.map(|until| Moment::new(until, now)),
        only: only.into_iter().flatten().collect(),
        key: listing.key,
        title: listing.title,
        text: listing.text,
    }
}
