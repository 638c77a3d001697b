//! Labels to print: of the member's things, of one, or blank ones.
//!
//! A blank label is for a thing that comes in while there is no power: its number is taken already, and leads to the
//! form for the thing (`/n/NUMBER`) until the thing is there.

use std::net::IpAddr;
use std::sync::Arc;

use ::node::{Blank, FilterInput, ListingJson, MAX_BLANKS, NodeError, ThingNumber};
use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::http::header;
use axum::http::uri::Authority;
use axum::response::Response;
use serde::Deserialize;

use super::edit::own;
use super::{Frame, PageError, Visitor, address, aside, fresh};
use crate::answer::Failure;
use crate::labels::{Bars, bars_svg, code_svg};
use crate::{Shelf, assets};

/// How many labels are on a sheet of A4: 3 × 8 of 70 × 37 mm.
const SHEET: usize = 24;
/// How many labels a page has at most: ten sheets.
const MOST: usize = 10 * SHEET;

/// What is to be printed.
#[derive(Deserialize, Default, Clone)]
#[serde(default)]
pub(crate) struct Asked {
    /// The label of this thing alone.
    listing: String,
    /// So many blank labels.
    blank: String,
    /// The first of them.
    from: String,
    /// `sheet`, unless it is `roll`.
    paper: String,
    /// How many places of the first sheet are used.
    used: String,
    /// By which of its names the QR codes lead to this node.
    host: String,
    /// Which part of many labels.
    page: String,
}

/// What stands on a label.
struct Label {
    /// What it is; a blank one has room for a pen.
    title: Option<(String, Option<String>)>,
    number: ThingNumber,
    bars: String,
    code: Option<String>,
    /// Its place in the row of blanks.
    place: Option<u32>,
}

/// A name of this node.
struct Name {
    host: String,
    chosen: bool,
}

/// What kind of labels a page has.
enum What {
    All,
    One(String),
    Blank { from: u32, count: u32 },
}

#[derive(Template)]
#[template(path = "labels.html")]
struct Labels {
    frame: Frame,
    style: &'static str,
    what: What,
    /// Whether they are blank, or of all things.
    blank: bool,
    all: bool,
    roll: bool,
    used: usize,
    names: Vec<Name>,
    host: String,
    /// Whether phones can not follow the codes.
    lonely: bool,
    /// The sheets; a place that is used is empty.
    sheets: Vec<Vec<Option<Label>>>,
    /// How many labels they have.
    count: usize,
    /// Where there are more.
    next: Option<String>,
}

/// Shows labels, ready to be printed.
pub(crate) async fn show(
    State(shelf): State<Arc<Shelf>>,
    visitor: Visitor,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Result<Response, PageError> {
    visitor.must_be_member()?;
    let Query(asked) = asked.map_err(|_| unreadable())?;
    let roll = asked.paper == "roll";
    let used = number(&asked.used, 0, &(0..=SHEET - 1))?;
    let used = if roll { 0 } else { used };
    let part = number(&asked.page, 1, &(1..=1_000))?;
    let names = names(&shelf, &visitor, &asked)?;
    let host = names.iter().find(|name| name.chosen).map(|name| name.host.clone()).unwrap_or_default();
    let what = what(&asked)?;
    let (labels, more) = labels(&shelf, &what, part, &host).await?;
    let next = match &what {
        What::Blank { from, count } => {
            let next = from.saturating_add(*count);
            (next <= MAX_BLANKS).then(|| link(&Asked { from: next.to_string(), ..asked.clone() }))
        }
        What::All | What::One(_) => {
            more.then(|| link(&Asked { page: (part + 1).to_string(), used: String::new(), ..asked.clone() }))
        }
    };
    let template = Labels {
        frame: Frame::new(&shelf, &visitor, "", "Labels"),
        style: assets::labels_href(),
        roll,
        used,
        lonely: is_lonely(&host),
        names,
        host,
        count: labels.len(),
        sheets: sheets(labels, used),
        next,
        blank: matches!(what, What::Blank { .. }),
        all: matches!(what, What::All),
        what,
    };
    fresh(StatusCode::OK, &template)
}

fn unreadable() -> Failure {
    Failure::invalid("The address can not be read.")
}

/// A field of the address: a number within bounds, or what it is if it is left out.
fn number<T: std::str::FromStr + PartialOrd>(
    text: &str,
    otherwise: T,
    bounds: &std::ops::RangeInclusive<T>,
) -> Result<T, Failure> {
    match text.trim() {
        "" => Ok(otherwise),
        text => text.parse().ok().filter(|number| bounds.contains(number)).ok_or_else(unreadable),
    }
}

fn what(asked: &Asked) -> Result<What, Failure> {
    let most = u32::try_from(MOST).unwrap_or(u32::MAX);
    match (asked.listing.trim(), number(&asked.blank, 0, &(0..=most))?) {
        ("", 0) => Ok(What::All),
        ("", count) => Ok(What::Blank { from: number(&asked.from, 1, &(1..=MAX_BLANKS))?, count }),
        (listing, _) => Ok(What::One(listing.to_owned())),
    }
}

/// The same with something else in it.
fn link(asked: &Asked) -> String {
    let pairs = [
        ("listing", asked.listing.as_str()),
        ("blank", &asked.blank),
        ("from", &asked.from),
        ("paper", &asked.paper),
        ("used", &asked.used),
        ("host", &asked.host),
        ("page", &asked.page),
    ];
    address("/labels", &pairs)
}

/// The labels of a part, and whether there are more.
async fn labels(
    shelf: &Shelf,
    what: &What,
    part: usize,
    host: &str,
) -> Result<(Vec<Label>, bool), PageError> {
    let host = host.to_owned();
    match what {
        What::One(reference) => {
            let listing = own(shelf, reference.clone()).await?;
            Ok((Label::of(listing, &host).into_iter().collect(), false))
        }
        What::Blank { from, count } => {
            let (from, count) = (*from, *count);
            let blanks = aside(shelf, move |handle| {
                let blanks = handle.blanks(from, count).into_iter();
                Ok(blanks.map(|blank| Label::blank(blank, &host)).collect())
            });
            Ok((blanks.await?, false))
        }
        What::All => {
            let all = aside(shelf, move |handle| {
                let mine = FilterInput {
                    mine: Some("1".to_owned()),
                    side: Some("offer".to_owned()),
                    ..FilterInput::default()
                };
                let things = handle.listings(&mine.read()?)?.into_iter();
                // What is given away needs no label; what is lent comes back.
                let here = things.filter(|thing| thing.left > 0 || thing.terms == "loan");
                let mut here: Vec<_> = here.skip((part - 1) * MOST).take(MOST + 1).collect();
                let more = here.len() > MOST;
                here.truncate(MOST);
                Ok((here.into_iter().filter_map(|thing| Label::of(thing, &host)).collect(), more))
            });
            all.await.map_err(|error: NodeError| error.into())
        }
    }
}

impl Label {
    fn of(listing: ListingJson, host: &str) -> Option<Self> {
        let number = listing.number.parse().ok()?;
        Some(Self { title: Some((listing.title, listing.language)), ..Self::plain(number, host) })
    }

    fn blank(blank: Blank, host: &str) -> Self {
        Self { place: Some(blank.place), ..Self::plain(blank.number, host) }
    }

    fn plain(number: ThingNumber, host: &str) -> Self {
        let address = format!("http://{host}/n/{}", number.plain());
        Self {
            title: None,
            number,
            bars: bars_svg(&Bars::of_digits(&number.digits()), &format!("{number} as bars")),
            code: code_svg(&address, "Where the thing is found, as a QR code"),
            place: None,
        }
    }
}

/// The labels in sheets, after so many places that are used.
fn sheets(labels: Vec<Label>, used: usize) -> Vec<Vec<Option<Label>>> {
    let mut sheets = Vec::new();
    let mut sheet: Vec<Option<Label>> = Vec::new();
    if !labels.is_empty() {
        sheet.extend((0..used).map(|_| None));
    }
    for label in labels {
        if sheet.len() == SHEET {
            sheets.push(std::mem::take(&mut sheet));
        }
        sheet.push(Some(label));
    }
    sheets.extend(Some(sheet).filter(|sheet| !sheet.is_empty()));
    sheets
}

/// The names of this node, and by which the codes lead to it: by the one that is asked for; without one, by that in
/// the browser's address; but rather by any other than by one that only this machine understands.
fn names(shelf: &Shelf, visitor: &Visitor, asked: &Asked) -> Result<Vec<Name>, Failure> {
    let (hosts, best) = (shelf.access.reach.hosts(), shelf.access.reach.best());
    let here = visitor.headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let chosen = match asked.host.trim() {
        "" if is_lonely(here) => {
            let other = hosts.iter().find(|host| !is_lonely(host)).map(String::as_str);
            best.as_deref().or(other).unwrap_or(here)
        }
        "" => here,
        host => host,
    };
    let mut names: Vec<_> = hosts
        .iter()
        .filter(|host| !is_lonely(host) || host.eq_ignore_ascii_case(chosen))
        .map(|host| Name { host: host.clone(), chosen: host.eq_ignore_ascii_case(chosen) })
        .collect();
    // One name may be there twice.
    names.dedup_by(|one, other| one.host == other.host);
    if names.iter().any(|name| name.chosen) { Ok(names) } else { Err(unreadable()) }
}

/// Whether a name means the machine itself, so that a phone finds nothing by it.
fn is_lonely(host: &str) -> bool {
    let Ok(authority) = host.parse::<Authority>() else { return true };
    let name = authority.host().trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost") || name.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_only_the_machine_itself_understands_is_known() {
        for host in ["localhost", "LocalHost:7377", "127.0.0.1:7377", "127.0.0.2", "[::1]:7377", "", "a b"] {
            assert!(is_lonely(host), "{host}");
        }
        for host in ["gartenstrasse.local", "192.168.1.5:7377", "[fd00::1]:7377", "localhost.lan"] {
            assert!(!is_lonely(host), "{host}");
        }
    }

    #[test]
    fn labels_fill_sheets_after_the_places_that_are_used() {
        let number: ThingNumber = ThingNumber::from_digits([1, 2, 3, 4, 5, 6, 7, 1]).unwrap();
        let some = |count: usize| (0..count).map(|_| Label::plain(number, "hof.local")).collect::<Vec<_>>();
        let lengths = |count, used| sheets(some(count), used).iter().map(Vec::len).collect::<Vec<_>>();
        assert_eq!(lengths(0, 5), Vec::<usize>::new());
        assert_eq!(lengths(24, 0), [24]);
        assert_eq!(lengths(25, 0), [24, 1]);
        assert_eq!(lengths(24, 23), [24, 23]);
        assert!(sheets(some(2), 1)[0].first().is_some_and(Option::is_none));
    }
}
