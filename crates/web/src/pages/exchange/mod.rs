//! Exchanges: what waits for the member, what is under way, and one of them with all that was said. For the node's own
//! member alone, and kept in no cache.

mod acts;
pub(super) mod pickup;

use std::sync::Arc;

use ::node::{ErrorKind, ExchangeJson, NodeError, SumJson, WaitingJson, Zone};
use askama::Template;
use axum::Form;
use axum::extract::rejection::{FormRejection, PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use self::acts::{Act, Sent};
use super::edit::taken;
use super::{Frame, PageError, Visitor, form_status, fresh, see, sentence, told};
use crate::Shelf;
use crate::answer::Failure;
use crate::api::exchanges::appointment;
use crate::words::{self, Moment};

/// How many characters of a message are shown beside its writer.
const WROTE: usize = 160;

/// A moment by the clock on the wall.
pub(super) struct When {
    pub(super) iso: String,
    pub(super) text: String,
}

impl When {
    fn new(zone: &Zone, millis: u64) -> Self {
        Self { iso: zone.field(millis), text: zone.shown(millis) }
    }

    fn day(zone: &Zone, millis: u64) -> Self {
        let iso = zone.field(millis).split('T').next().unwrap_or_default().to_owned();
        Self { iso, text: zone.day(millis) }
    }
}

/// An exchange in a list.
pub(super) struct Row {
    pub(super) href: String,
    pub(super) title: String,
    pub(super) other: String,
    pub(super) says: String,
    /// What helps to choose among those who ask: how far they are, what they gave, what they wrote.
    pub(super) about: Vec<String>,
    pub(super) changed: Moment,
}

impl Row {
    pub(super) fn new(exchange: &ExchangeJson, now: u64) -> Self {
        Self {
            href: format!("/exchange/{}", exchange.id),
            title: exchange.title.clone(),
            other: other(exchange),
            says: sentence(&exchange.says),
            about: Vec::new(),
            changed: Moment::new(exchange.changed, now),
        }
    }

    /// The same where it is clear what it is about: it is called by who is on the other side.
    pub(super) fn by_name(exchange: &ExchangeJson, now: u64) -> Self {
        let row = Self::new(exchange, now);
        let about = if exchange.state == "requested" { about(exchange) } else { Vec::new() };
        Self { title: row.other.clone(), other: String::new(), about, ..row }
    }
}

/// What a lister may like to know of whoever asks.
fn about(exchange: &ExchangeJson) -> Vec<String> {
    let many = (exchange.count > 1).then(|| format!("asks for {}", exchange.count));
    let far = exchange.distance_km.map(words::distance);
    let gave = exchange.other_gave.as_ref().map(|gave| format!("gave {}", things(gave)));
    let received = exchange.other_received.as_ref().map(|received| format!("received {}", things(received)));
    let wrote = exchange.messages.iter().rfind(|message| message.from == "asker");
    let wrote = wrote.map(|message| format!("“{}”", words::excerpt(&message.text, WROTE)));
    [many, far, gave, received, wrote].into_iter().flatten().collect()
}

/// Something that waits for the member.
struct Waits {
    href: String,
    text: String,
}

#[derive(Template)]
#[template(path = "exchanges.html")]
struct List {
    frame: Frame,
    waiting: Vec<Waits>,
    rows: Vec<Row>,
    all: bool,
    /// Whether only those about one listing are shown.
    one: bool,
    other_href: String,
}

#[derive(Template)]
#[template(path = "exchange.html")]
struct Show {
    frame: Frame,
    token: String,
    /// When the form was made: what was said later than that is not said twice.
    made: u64,
    done: &'static str,
    problem: Option<String>,
    exchange: ExchangeJson,
    says: String,
    other: String,
    code: Option<String>,
    facts: Facts,
    messages: Vec<Message>,
    next: Option<Act>,
    more: Vec<Act>,
    /// Whether it is still to be handed over.
    ahead: bool,
    /// The act whose form came back.
    open: String,
    /// Whether that one is further down.
    further: bool,
    began: When,
}

/// What both agreed on, as far as they did.
struct Facts {
    proposed: Option<When>,
    agreed: Option<When>,
    until: Option<When>,
    due: Option<When>,
    wants_until: Option<When>,
    /// How far the other side is.
    far: Option<String>,
    /// What the other side gave and received, if it wants that shown.
    gave: Option<String>,
    received: Option<String>,
    /// When the lister can be met.
    hours: Option<String>,
}

/// What somebody wrote.
struct Message {
    by: String,
    at: When,
    lines: Vec<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Asked {
    all: String,
    listing: String,
    done: String,
}

fn asked(asked: Result<Query<Asked>, QueryRejection>) -> Result<Asked, PageError> {
    let Query(asked) = asked.map_err(|_| Failure::invalid("The address can not be read."))?;
    Ok(asked)
}

fn named(id: Result<Path<String>, PathRejection>) -> Result<String, PageError> {
    id.map(|Path(id)| id).map_err(|_| gone().into())
}

fn gone() -> Failure {
    Failure::not_found("There is no such exchange: “Exchanges” shows what there is.")
}

/// A side, as the thread calls it.
fn name(exchange: &ExchangeJson, side: &str) -> String {
    if side == exchange.mine && !(exchange.guest && side == "asker") {
        return "You".to_owned();
    }
    let (name, id) = match side {
        "asker" => (&exchange.asker_name, &exchange.asker),
        _ => (&exchange.lister_name, &exchange.lister),
    };
    let name = name.clone().filter(|name| !name.trim().is_empty());
    name.unwrap_or_else(|| words::short(id))
}

/// With whom it is.
fn other(exchange: &ExchangeJson) -> String {
    name(exchange, if exchange.mine == "asker" { "lister" } else { "asker" })
}

/// Whether it is still to be handed over.
const fn is_ahead(exchange: &ExchangeJson) -> bool {
    !exchange.over && exchange.handed_over.is_none() && exchange.received.is_none()
}

/// A code in groups, as people read it aloud.
fn grouped(code: &str) -> String {
    let digits: Vec<char> = code.chars().collect();
    match digits.len() {
        length if length > 4 && length % 3 == 0 => {
            digits.chunks(3).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
        }
        _ => code.to_owned(),
    }
}

/// What waits for the member first, then what is under way.
pub(crate) async fn list(
    State(shelf): State<Arc<Shelf>>,
    visitor: Visitor,
    query: Result<Query<Asked>, QueryRejection>,
) -> Result<Response, PageError> {
    visitor.must_be_member()?;
    let Asked { all, listing, .. } = asked(query)?;
    let (all, one) = (!all.is_empty(), !listing.is_empty());
    let found = shelf.handle.exchanges(all, one.then(|| listing.clone())).await?;
    let waiting = if one { Vec::new() } else { shelf.handle.waiting().await? };
    let now = shelf.handle.now();
    let waits = |WaitingJson { exchange, listing, text, .. }: WaitingJson| Waits {
        // Whoever saves the listing as it is says that it is still good.
        href: listing.map_or_else(|| format!("/exchange/{exchange}"), |key| format!("/listing/{key}/edit")),
        text: sentence(&text),
    };
    let other = if all { "" } else { "1" };
    let template = List {
        frame: Frame::new(&shelf, &visitor, "exchanges", "Exchanges"),
        waiting: waiting.into_iter().map(waits).collect(),
        rows: found.iter().map(|exchange| Row::new(exchange, now)).collect(),
        all,
        one,
        other_href: super::address("/exchanges", &[("listing", &listing), ("all", other)]),
    };
    fresh(StatusCode::OK, &template)
}

/// One exchange.
pub(crate) async fn show(
    State(shelf): State<Arc<Shelf>>,
    visitor: Visitor,
    id: Result<Path<String>, PathRejection>,
    query: Result<Query<Asked>, QueryRejection>,
) -> Result<Response, PageError> {
    visitor.must_be_member()?;
    let done = match asked(query)?.done.as_str() {
        "said" => "It is said, and on its way.",
        "already" => "That was done already, or something changed meanwhile. This is how it stands.",
        _ => "",
    };
    let exchange = shelf.handle.exchange(named(id)?).await?;
    fresh(StatusCode::OK, &template(&shelf, &visitor, exchange, done, None))
}

/// Says something in an exchange.
pub(crate) async fn act(
    State(shelf): State<Arc<Shelf>>,
    visitor: Visitor,
    id: Result<Path<String>, PathRejection>,
    sent: Result<Form<Sent>, FormRejection>,
) -> Result<Response, PageError> {
    visitor.must_be_member()?;
    let sent = taken(sent)?;
    visitor.may_send(&shelf, sent.get("form").map_or("", String::as_str))?;
    let input = acts::input(&sent, &Zone::system());
    let _turn = shelf.acting.lock().await;
    let exchange = shelf.handle.exchange(named(id)?).await?;
    let place = |done: &str| see(&format!("/exchange/{}?done={done}", exchange.id));
    if !exchange.acts.contains(&input.act) || was_written(&exchange, &sent, input.words.as_deref()) {
        return Ok(place("already"));
    }
    match shelf.handle.act(exchange.id.clone(), input).await {
        Ok(_) => Ok(place("said")),
        Err(error) if is_about_the_form(&error) => {
            let status = form_status(&error);
            fresh(status, &template(&shelf, &visitor, exchange, "", Some((&sent, &error))))
        }
        Err(error) => Err(error.into()),
    }
}

/// Whether a message was sent already: the second tap on the same button.
fn was_written(exchange: &ExchangeJson, sent: &Sent, words: Option<&str>) -> bool {
    let made: Option<u64> = sent.get("made").and_then(|made| made.parse().ok());
    let (Some(made), Some("message")) = (made, sent.get("act").map(String::as_str)) else { return false };
    let mine = exchange.messages.iter().filter(|message| message.from == exchange.mine);
    mine.filter(|message| message.at >= made).any(|message| Some(message.text.as_str()) == words)
}

const fn is_about_the_form(error: &NodeError) -> bool {
    matches!(error.kind(), ErrorKind::Invalid | ErrorKind::Refused)
}

/// The proposed or agreed time, for a calendar.
pub(crate) async fn calendar(
    State(shelf): State<Arc<Shelf>>,
    visitor: Visitor,
    id: Result<Path<String>, PathRejection>,
) -> Result<Response, PageError> {
    visitor.must_be_member()?;
    Ok(appointment(shelf.handle.calendar(named(id)?).await?))
}

fn template(
    shelf: &Shelf,
    visitor: &Visitor,
    exchange: ExchangeJson,
    done: &'static str,
    failed: Option<(&Sent, &NodeError)>,
) -> Show {
    let zone = Zone::system();
    let mut more = acts::all(&exchange, &zone, failed.map(|(sent, _)| sent));
    // Why: a page does not suggest to end something.
    let next = more.first().is_some_and(|act| !act.ends && act.word != "message").then(|| more.remove(0));
    let sent = failed.and_then(|(sent, _)| sent.get("act").cloned());
    Show {
        frame: Frame::new(shelf, visitor, "exchanges", exchange.title.clone()),
        token: shelf.access.form_token(),
        made: shelf.handle.now(),
        done,
        problem: failed.map(|(_, error)| told(error)),
        says: sentence(&exchange.says),
        other: other(&exchange),
        code: exchange
            .code
            .as_deref()
            .filter(|_| exchange.mine == "asker" && is_ahead(&exchange))
            .map(grouped),
        facts: facts(&exchange, &zone),
        messages: messages(&exchange, &zone),
        ahead: is_ahead(&exchange),
        further: sent.as_deref() != next.as_ref().map(|act| act.word),
        next,
        more,
        open: sent.unwrap_or_default(),
        began: When::new(&zone, exchange.began),
        exchange,
    }
}

fn facts(exchange: &ExchangeJson, zone: &Zone) -> Facts {
    let agreed = exchange.accepted.is_some() && exchange.accepted == exchange.time;
    Facts {
        proposed: exchange.time.filter(|_| !agreed).map(|time| When::new(zone, time)),
        agreed: exchange.accepted.filter(|_| agreed).map(|time| When::new(zone, time)),
        until: exchange.until.filter(|_| is_ahead(exchange)).map(|until| When::day(zone, until)),
        due: exchange.due.map(|due| When::day(zone, due)),
        wants_until: exchange
            .wants_until
            .filter(|until| exchange.due.is_none_or(|due| due < *until))
            .map(|until| When::day(zone, until)),
        far: exchange.distance_km.map(words::distance),
        gave: exchange.other_gave.as_ref().map(things),
        received: exchange.other_received.as_ref().map(things),
        hours: exchange.hours.clone().filter(|_| exchange.mine == "asker" && is_ahead(exchange)),
    }
}

/// What receipts add up to, in words.
fn things(sum: &SumJson) -> String {
    let things = if sum.count == 1 { "1 thing".to_owned() } else { format!("{} things", sum.count) };
    if sum.grams == 0 { things } else { format!("{things}, {:.1} kg", sum.grams as f64 / 1000.0) }
}

fn messages(exchange: &ExchangeJson, zone: &Zone) -> Vec<Message> {
    let messages = exchange.messages.iter().map(|message| Message {
        by: name(exchange, &message.from),
        at: When::new(zone, message.at),
        lines: message.text.lines().map(str::to_owned).collect(),
    });
    messages.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_shown_as_people_read_it_aloud() {
        assert_eq!(grouped("123456"), "123 456");
        assert_eq!(grouped("KX7-2M4"), "KX7-2M4");
    }

    #[test]
    fn a_message_is_not_sent_twice() {
        let message = ::node::MessageJson { from: "asker".into(), at: 5, text: "Hello".into() };
        let exchange =
            ExchangeJson { mine: "asker".into(), messages: vec![message], ..ExchangeJson::default() };
        let sent = |made: &str| -> Sent {
            [("act", "message"), ("made", made)].map(|(a, b)| (a.to_owned(), b.to_owned())).into()
        };
        assert!(was_written(&exchange, &sent("4"), Some("Hello")));
        assert!(!was_written(&exchange, &sent("4"), Some("Hello again")));
        assert!(!was_written(&exchange, &sent("6"), Some("Hello")), "the same words on another day");
        assert!(!was_written(&exchange, &Sent::new(), Some("Hello")));
    }
}
