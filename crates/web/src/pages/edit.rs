//! Writing: a new listing, a change, a withdrawal.
//!
//! The node's own listings are named by their key here, which stays the same when they change: a form
//! that is sent twice, or that was open while the listing changed elsewhere, still finds it.

use std::sync::Arc;

use ::node::{CircleJson, Filter, Handle, ListingInput, ListingJson, NodeError, Zone};
use askama::Template;
use axum::Form;
use axum::extract::rejection::{FormRejection, PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use super::kinds::Kinds;
use super::listing::named;
use super::{Frame, MAX_FORM, PageError, Visitor, aside, browse, form_status, fresh, see, told};
use crate::Shelf;
use crate::access::hex;
use crate::answer::Failure;
use crate::words::Moment;

/// What a form says; what it lacks is empty.
#[derive(Deserialize, Default, Clone)]
#[serde(default)]
pub(crate) struct Sent {
    form: String,
    key: String,
    side: String,
    title: String,
    text: String,
    category: String,
    count: String,
    terms: String,
    place: String,
    until: String,
    decide: String,
    /// When a draw closes, by the clock on the wall.
    closes: String,
    language: String,
    circle: String,
}

/// A choice among a few words.
struct Choice {
    value: &'static str,
    label: &'static str,
    hint: &'static str,
}

const TERMS: [Choice; 4] = [
    Choice { value: "gift", label: "To keep", hint: "a gift" },
    Choice { value: "loan", label: "To borrow", hint: "it comes back" },
    Choice { value: "hours", label: "For hours", hint: "in a time bank" },
    Choice { value: "pool", label: "Common order", hint: "bought together" },
];

const DECIDE: [Choice; 3] = [
    Choice { value: "choose", label: "I choose", hint: "from those who ask" },
    Choice { value: "queue", label: "Who asks first", hint: "the others wait in line" },
    Choice { value: "draw", label: "Chance", hint: "a draw that all can check" },
];

#[derive(Template)]
#[template(path = "edit.html")]
struct Edit {
    frame: Frame,
    heading: &'static str,
    /// Where the form goes.
    action: String,
    button: &'static str,
    back: String,
    token: String,
    sent: Sent,
    problem: Option<String>,
    /// The field that the problem is about, if that is known.
    wrong: &'static str,
    terms: &'static [Choice],
    decide: &'static [Choice],
    circles: Vec<CircleJson>,
    /// What categories may be called.
    kinds: Kinds,
    new: bool,
    alone: bool,
}

#[derive(Template)]
#[template(path = "withdraw.html")]
struct Withdraw {
    frame: Frame,
    token: String,
    listing: ListingJson,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Asked {
    side: String,
    title: String,
    /// That of a blank label.
    key: String,
}

/// What a form says, or the page that says why it can not be read.
pub(super) fn taken<T>(sent: Result<Form<T>, FormRejection>) -> Result<T, PageError> {
    sent.map(|Form(sent)| sent).map_err(|rejection| {
        PageError::plain(if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
            Failure::too_large(MAX_FORM)
        } else {
            Failure::invalid("What was sent is no form of this node: open the page again.")
        })
    })
}

/// What makes a form that is sent twice count once.
pub(super) fn new_key() -> String {
    let mut key = [0; 16];
    getrandom::fill(&mut key).map(|()| hex(&key)).unwrap_or_default()
}

/// Whether a text is a listing's key.
fn is_key(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// The form for a new listing.
pub(crate) async fn new_form(
    State(shelf): State<Arc<Shelf>>,
    visitor: Visitor,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Result<Response, PageError> {
    visitor.must_be_local()?;
    let Query(asked) = asked.map_err(|_| Failure::invalid("The address can not be read."))?;
    let side = if asked.side == "need" { "need" } else { "offer" };
    let key = match asked.key.as_str() {
        "" => new_key(),
        key if !is_key(key) => return Err(Failure::invalid("The address can not be read.").into()),
        key => match own(&shelf, key.to_owned()).await {
            Ok(listing) => return Ok(see(&format!("/listing/{}", listing.id))),
            Err(_) => key.to_owned(),
        },
    };
    let sent = Sent {
        side: side.to_owned(),
        title: asked.title,
        terms: "gift".to_owned(),
        decide: "choose".to_owned(),
        count: "1".to_owned(),
        // What was said once need not be said again.
        place: browse::home(&shelf.handle).unwrap_or_default(),
        key,
        ..Sent::default()
    };
    fresh(StatusCode::OK, &new_page(&shelf, &visitor, sent, None))
}

/// Takes a new listing.
pub(crate) async fn publish(
    State(shelf): State<Arc<Shelf>>,
    visitor: Visitor,
    sent: Result<Form<Sent>, FormRejection>,
) -> Result<Response, PageError> {
    visitor.must_be_local()?;
    let sent = taken(sent)?;
    visitor.may_send(&shelf, &sent.form)?;
    match shelf.handle.publish(input(&sent)).await {
        Ok(listing) => Ok(see(&format!("/listing/{}", listing.id))),
        Err(error) => fresh(form_status(&error), &new_page(&shelf, &visitor, sent, Some(&error))),
    }
}

/// The form for a change.
pub(crate) async fn edit_form(
    State(shelf): State<Arc<Shelf>>,
    visitor: Visitor,
    reference: Result<Path<String>, PathRejection>,
) -> Result<Response, PageError> {
    visitor.must_be_local()?;
    let listing = own(&shelf, named(reference)?).await?;
    fresh(StatusCode::OK, &edit_page(&shelf, &visitor, &listing, written(&listing), None))
}

/// Takes a change.
pub(crate) async fn save(
    State(shelf): State<Arc<Shelf>>,
    visitor: Visitor,
    reference: Result<Path<String>, PathRejection>,
    sent: Result<Form<Sent>, FormRejection>,
) -> Result<Response, PageError> {
    visitor.must_be_local()?;
    let sent = taken(sent)?;
    visitor.may_send(&shelf, &sent.form)?;
    let listing = own(&shelf, named(reference)?).await?;
    let before = written(&listing);
    // What the person left as it was is not said again: a new count would say that all are there again,
    // and a date without a time would move the moment.
    let change = ListingInput {
        key: None,
        circle: None,
        count: Some(sent.count.clone()).filter(|count| *count != before.count),
        until: Some(sent.until.clone()).filter(|until| *until != before.until),
        decide: Some(sent.decide.clone()).filter(|decide| *decide != before.decide),
        // Who saves it as it is says that it is still good.
        still_good: true,
        ..input(&sent)
    };
    match shelf.handle.edit(listing.id.clone(), change).await {
        Ok(listing) => Ok(see(&format!("/listing/{}", listing.id))),
        Err(error) => fresh(form_status(&error), &edit_page(&shelf, &visitor, &listing, sent, Some(&error))),
    }
}

/// Asks whether a listing shall really be withdrawn.
pub(crate) async fn withdraw_form(
    State(shelf): State<Arc<Shelf>>,
    visitor: Visitor,
    reference: Result<Path<String>, PathRejection>,
) -> Result<Response, PageError> {
    visitor.must_be_local()?;
    let listing = own(&shelf, named(reference)?).await?;
    let template = Withdraw {
        frame: Frame::new(&shelf, &visitor, "", format!("Withdraw {}", listing.title)),
        token: shelf.access.form_token(),
        listing,
    };
    fresh(StatusCode::OK, &template)
}

/// Withdraws a listing.
pub(crate) async fn withdraw(
    State(shelf): State<Arc<Shelf>>,
    visitor: Visitor,
    reference: Result<Path<String>, PathRejection>,
    sent: Result<Form<Sent>, FormRejection>,
) -> Result<Response, PageError> {
    visitor.must_be_local()?;
    let sent = taken(sent)?;
    visitor.may_send(&shelf, &sent.form)?;
    let withdrawn = match own(&shelf, named(reference)?).await {
        Ok(listing) => shelf.handle.withdraw(listing.id).await,
        Err(error) => Err(error),
    };
    match withdrawn {
        Ok(_) => Ok(see("/?done=withdrawn")),
        // The second tap finds that the first one did it.
        Err(error) if error.is_no_listing() => Ok(see("/?done=gone")),
        Err(error) => Err(error.into()),
    }
}

/// The node's own listing with this key or id.
pub(super) async fn own(shelf: &Shelf, reference: String) -> Result<ListingJson, NodeError> {
    aside(shelf, move |handle: &Handle| {
        let mine = handle.listings(&Filter { mine: true, ..Filter::default() })?;
        let named = mine.into_iter().find(|listing| listing.key == reference || listing.id == reference);
        match named {
            Some(listing) => Ok(listing),
            // Others' listings are there, but not to be changed.
            None => handle.listing(&reference).and_then(|listing| match listing.mine {
                true => Ok(listing),
                false => Err(NodeError::NotYours),
            }),
        }
    })
    .await
}

/// The fields of a form as the node takes them.
fn input(sent: &Sent) -> ListingInput {
    let some = |text: &String| Some(text.clone());
    ListingInput {
        side: some(&sent.side),
        title: some(&sent.title),
        // Browsers end lines as on a typewriter.
        text: Some(sent.text.replace("\r\n", "\n")),
        category: some(&sent.category),
        count: some(&sent.count),
        place: some(&sent.place),
        until: some(&sent.until),
        terms: some(&sent.terms),
        decide: some(&sent.decide).filter(|decide| !decide.is_empty()),
        closes: some(&sent.closes)
            .filter(|closes| sent.decide == "draw" && !closes.trim().is_empty())
            .map(|closes| Zone::system().placed(&closes)),
        language: Some(sent.language.trim().to_lowercase()),
        circle: some(&sent.circle).filter(|circle| !circle.is_empty()),
        key: some(&sent.key).filter(|key| !key.is_empty()),
        ..ListingInput::default()
    }
}

/// A listing as its form shows it.
fn written(listing: &ListingJson) -> Sent {
    Sent {
        key: listing.key.clone(),
        side: listing.side.clone(),
        title: listing.title.clone(),
        text: listing.text.clone(),
        category: listing.category.clone(),
        count: listing.count.to_string(),
        terms: listing.terms.clone(),
        place: listing.cell.clone().unwrap_or_default(),
        until: listing.until.map(|until| Moment::new(until, 0).iso).unwrap_or_default(),
        decide: if listing.decide.is_empty() { "choose".to_owned() } else { listing.decide.clone() },
        closes: listing.closes.map(|closes| Zone::system().field(closes)).unwrap_or_default(),
        language: listing.language.clone().unwrap_or_default(),
        circle: listing.circle.clone(),
        ..Sent::default()
    }
}

fn new_page(shelf: &Shelf, visitor: &Visitor, sent: Sent, error: Option<&NodeError>) -> Edit {
    let need = sent.side == "need";
    let heading = if need { "Say what you need" } else { "Offer something" };
    let circles = shelf.handle.circles();
    Edit {
        frame: Frame::new(shelf, visitor, if need { "need" } else { "offer" }, heading),
        heading,
        action: "/new".to_owned(),
        button: "Put it on the shelf",
        back: "/".to_owned(),
        token: shelf.access.form_token(),
        problem: error.map(told),
        wrong: error.map_or("", about),
        terms: &TERMS,
        decide: &DECIDE,
        kinds: Kinds::new(&shelf.handle, visitor),
        alone: circles.is_empty(),
        circles,
        new: true,
        sent,
    }
}

fn edit_page(
    shelf: &Shelf,
    visitor: &Visitor,
    listing: &ListingJson,
    sent: Sent,
    error: Option<&NodeError>,
) -> Edit {
    let page = new_page(shelf, visitor, sent, error);
    Edit {
        frame: Frame::new(shelf, visitor, "", "Change it"),
        heading: "Change it",
        action: format!("/listing/{}/edit", listing.key),
        button: "Save",
        back: format!("/listing/{}", listing.id),
        circles: Vec::new(),
        new: false,
        ..page
    }
}

/// The field that an error is about.
fn about(error: &NodeError) -> &'static str {
    let text = error.to_string();
    let told = [
        ("the title ", "title"),
        ("the text ", "text"),
        ("the category ", "category"),
        (" is no count", "count"),
        (" is no place", "place"),
        ("A draw needs", "closes"),
        (" has passed", "until"),
        (" is no date", "until"),
        (" is no language", "language"),
    ];
    told.into_iter().find(|(words, _)| text.contains(words)).map_or("", |(_, field)| field)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_is_told_beside_its_field() {
        let wrong = |text: &str| about(&NodeError::Invalid(text.to_owned()));
        assert_eq!(wrong("the title is empty: a word or two are needed"), "title");
        assert_eq!(wrong("\"x\" is no count: give a whole number"), "count");
        assert_eq!(wrong("the store is full"), "");
    }

    #[test]
    fn lines_end_in_one_way() {
        let sent = Sent { text: "a\r\nb".into(), ..Sent::default() };
        assert_eq!(input(&sent).text.as_deref(), Some("a\nb"));
    }
}
