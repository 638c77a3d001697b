//! Listings: tables to import, and what is told of them.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::time::Duration;

use serde_json::Value;

use crate::{Home, wait_until};

const THINGS: &[&str] = &[
    "Bohrmaschine",
    "Leiter",
    "Raclette",
    "Zelt",
    "Beamer",
    "Nähmaschine",
    "Fahrradanhänger",
    "Waffeleisen",
    "Teppichreiniger",
    "Schlagzeug",
    "Babybett",
    "Kettensäge",
    "Hochdruckreiniger",
    "Schlafsack",
    "Kaffeemaschine",
    "Bierbank",
    "Pavillon",
    "Stichsäge",
    "Kinderwagen",
    "Mikroskop",
    "Tapeziertisch",
    "Schlitten",
    "Dampfgarer",
    "Gartenschere",
    "Lötkolben",
];
const KINDS: &[&str] =
    &["blue", "rot", "groß", "kleine", "für Kinder", "vintage", "neu", "usada", "d'été", "lange"];
const GROUPS: &[&str] = &["Werkzeug", "Küche", "Garten", "Sport", "Kinder"];

/// A table of so many rows with varied words, each with an id and a title of its own; every fifth is a
/// need. Two tables with different names have nothing in common.
///
/// # Panics
/// Never: a text takes all that is written to it.
#[must_use]
pub fn table(name: &str, rows: usize) -> String {
    let mut table = String::from("id,side,title,description,category,count,latitude,longitude\n");
    for row in 0..rows {
        let side = if row % 5 == 4 { "need" } else { "offer" };
        let pick = |words: &[&'static str], step: usize| words[row / step % words.len()];
        let (thing, kind, group) = (pick(THINGS, 1), pick(KINDS, 3), pick(GROUPS, 7));
        // Around Karlsruhe, a few kilometres across.
        let (north, east) = (row % 37, row % 53);
        writeln!(
            table,
            "{name}-{row},{side},\"{thing} {row}, {kind} ({name})\",\"Number {row} of the shelf, {kind}.\",\
             {group},{},49.{north:02},8.{east:02}",
            row % 9 + 1
        )
        .expect("a text takes it");
    }
    table
}

/// A value deep in JSON, by a pointer such as `/circles/0/digest`.
///
/// # Panics
/// If it is not there.
#[must_use]
pub fn at<'a>(json: &'a Value, pointer: &str) -> &'a Value {
    json.pointer(pointer).unwrap_or_else(|| panic!("no {pointer} in {json:#}"))
}

/// One text of each item of an array.
///
/// # Panics
/// If an item lacks it.
#[must_use]
pub fn texts(array: &Value, field: &str) -> Vec<String> {
    let items = array.as_array().unwrap_or_else(|| panic!("no array: {array:#}"));
    let text =
        |item: &Value| item[field].as_str().unwrap_or_else(|| panic!("no {field}: {item:#}")).to_owned();
    items.iter().map(text).collect()
}

/// The item of an array whose field is this text.
///
/// # Panics
/// If there is none.
#[must_use]
pub fn by_text<'a>(array: &'a Value, field: &str, text: &str) -> &'a Value {
    let found = array.as_array().and_then(|items| items.iter().find(|item| item[field] == text));
    found.unwrap_or_else(|| panic!("none has {field} {text:?}: {array:#}"))
}

/// The titles of all listings that a node shows.
#[must_use]
pub fn titles(home: &Home) -> BTreeSet<String> {
    texts(&home.json(&["list", "--limit", "100000"]), "title").into_iter().collect()
}

/// Waits until two nodes tell the same digest of their first circle and so many listings, and returns
/// that digest.
///
/// # Panics
/// If that does not happen within the bound.
pub fn same_digest(one: &Home, other: &Home, listings: usize, bound: Duration) -> String {
    wait_until(&format!("two equal catalogues with {listings} listings"), bound, || {
        let circles = [one, other].map(|home| home.json(&["status"])["circles"][0].clone());
        let told = circles.each_ref().map(|circle| (circle["listings"].as_u64(), circle["digest"].as_str()));
        let [(here, digest), (there, same)] = told;
        match digest {
            Some(digest) if here == Some(listings as u64) && here == there && Some(digest) == same => {
                Ok(digest.to_owned())
            }
            Some(_) | None => Err(format!("they tell {told:?}")),
        }
    })
}

/// Checks that a value is a listing as others build on it: the fields of the contract, each of its type.
///
/// # Panics
/// If it is not.
pub fn check_listing(listing: &Value) {
    let text = ["id", "key", "author", "circle", "side", "terms", "title", "text", "category"];
    for field in text {
        assert!(listing[field].is_string(), "{field}: {listing:#}");
    }
    for field in ["count", "left", "revision", "expires"] {
        assert!(listing[field].is_u64(), "{field}: {listing:#}");
    }
    assert!(listing["mine"].is_boolean(), "{listing:#}");
    for field in ["language", "cell"] {
        let value = listing.get(field).unwrap_or_else(|| panic!("no {field}: {listing:#}"));
        assert!(value.is_string() || value.is_null(), "{field}: {listing:#}");
    }
    let until = listing.get("until").unwrap_or_else(|| panic!("no until: {listing:#}"));
    assert!(until.is_u64() || until.is_null(), "{listing:#}");
    let word = |field: &str| listing[field].as_str().unwrap();
    assert!(word("id").starts_with("bafyrei"), "{listing:#}");
    assert_eq!(word("key").len(), 32, "{listing:#}");
    assert!(word("author").starts_with("did:key:z6Mk"), "{listing:#}");
    assert!(["offer", "need"].contains(&word("side")), "{listing:#}");
    assert!(["gift", "loan", "hours", "pool"].contains(&word("terms")), "{listing:#}");
}
