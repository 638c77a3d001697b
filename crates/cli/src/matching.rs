//! Searches, matches, and what the member needs and tells nobody.

use std::fmt::Write as _;

use node::{FoundJson, KindJson, NoticeJson, PairJson, PrivateJson};
use serde::Deserialize;
use serde_json::json;

use crate::args::{Matches, Search, Write};
use crate::client::{Ask, Client};
use crate::commands::{Done, answer};
use crate::failure::Failure;
use crate::show::{self, facts, line, short};

/// Needs or offers something privately.
pub(crate) fn keep(client: &Client, write: Write, side: &str) -> Done {
    let ask = Ask::new("POST", "/needs/private").json(&write.private_input(side));
    answer(client, ask, |kept: PrivateJson| show::listing(&kept.listing))
}

/// What is private.
pub(crate) fn private(client: &Client) -> Done {
    answer(client, Ask::get("/needs/private"), |kept: Vec<PrivateJson>| {
        let mut out = String::new();
        for kept in kept {
            let listing = &kept.listing;
            line!(out, "{}  {}  ({})", short(listing), listing.title, narrowed(&kept).join(" · "));
        }
        if out.is_empty() {
            line!(out, "Nothing: `need TITLE --private` keeps a need here and tells nobody.");
        }
        out
    })
}

fn narrowed(kept: &PrivateJson) -> Vec<String> {
    let (listing, only) = (&kept.listing, &kept.only);
    let mut facts = vec![format!("private {}", listing.side)];
    facts.extend(only.terms.clone());
    facts.extend(only.kind.clone());
    facts.extend(only.category.clone());
    facts.extend(only.language.as_ref().map(|language| format!("in {language}")));
    facts.extend(only.within_km.map(|km| format!("within {km} km")));
    let date = |until| node::Timestamp::from_millis(until).date();
    facts.extend(listing.until.map(|until| format!("until {}", date(until))));
    facts
}

/// Finds listings by words.
pub(crate) fn search(client: &Client, search: Search) -> Done {
    let words = json!({ "q": search.text.join(" ") });
    let filter = search.filter.input();
    let within = filter.within.clone();
    let ask = Ask::get("/search").query(&words).query(&filter);
    answer(client, ask, |found: Vec<FoundJson>| {
        let mut out = String::new();
        if let Some(widened) = found.first().and_then(|found| found.widened.as_deref()) {
            line!(out, "{}", wider(widened, within.as_deref()));
        }
        for found in &found {
            let listing = &found.listing;
            line!(out, "{}  {}  ({})", short(listing), listing.title, facts(listing).join(" · "));
            let hits = marked(found);
            if !hits.is_empty() {
                line!(out, "          {hits}");
            }
        }
        if out.is_empty() {
            line!(out, "Nothing found.");
        }
        out
    })
}

/// What a search says that had to leave something out.
fn wider(widened: &str, within: Option<&str>) -> String {
    match widened {
        "distance" => format!("Nothing within {} km; farther away:", within.unwrap_or("so many")),
        "category" => "Nothing of this kind; of other kinds:".to_owned(),
        "language" => "Nothing in this language; in others:".to_owned(),
        "terms" => "Nothing on these terms; on others:".to_owned(),
        _ => "Nothing quite so; a little wider:".to_owned(),
    }
}

/// The words that hit, between asterisks: where they stand in the text, or else by themselves.
fn marked(found: &FoundJson) -> String {
    let mark = |word: &str| format!("*{word}*");
    if !found.snippet.iter().any(|piece| piece.hit) {
        let words: Vec<_> = found.words.iter().map(|word| mark(word)).collect();
        return words.join(" ");
    }
    let pieces = found.snippet.iter();
    let text: String =
        pieces.map(|piece| if piece.hit { mark(&piece.text) } else { piece.text.clone() }).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// How many were seen.
#[derive(Deserialize)]
struct Seen {
    seen: usize,
}

/// Where feeds are.
#[derive(Deserialize)]
struct Feeds {
    matches: String,
}

/// Who can help whom, what was found for the member, and what it says to that.
pub(crate) fn matches(client: &Client, asked: &Matches) -> Done {
    if let Some(pair) = &asked.dismiss {
        let ask = Ask::new("POST", "/matches/dismiss").json(&json!({ "pair": pair }));
        return answer(client, ask, |pair: PairJson| {
            format!("Not shown any more: {}  ←  {}\n", pair.need.title, pair.offer.title)
        });
    }
    if asked.seen {
        let ask = Ask::new("POST", "/matches/seen").json(&json!({}));
        return answer(client, ask, |Seen { seen }| format!("Seen: {seen}.\n"));
    }
    if asked.feed {
        if !client.runs() {
            return Err(Failure::new(
                "feeds need a running node: start one with `commonshelf up`".to_owned(),
            ));
        }
        return answer(client, Ask::get("/feeds"), |Feeds { matches }| format!("{matches}\n"));
    }
    if asked.new || asked.found {
        let options = json!({ "unseen": asked.new, "limit": asked.limit });
        return answer(client, Ask::get("/matches/notices").query(&options), |found: Vec<NoticeJson>| {
            let pairs = found.iter().map(|notice| &notice.pair);
            shown(pairs, if asked.new { "Nothing new." } else { "Nothing was found for you yet." })
        });
    }
    let options = json!({ "of": asked.of, "mine": asked.mine, "limit": asked.limit });
    answer(client, Ask::get("/matches").query(&options), |pairs: Vec<PairJson>| self::pairs(&pairs))
}

/// Who can help whom, and why.
pub(crate) fn pairs(pairs: &[PairJson]) -> String {
    shown(pairs.iter(), "No offer fits a need yet.")
}

fn shown<'a>(pairs: impl Iterator<Item = &'a PairJson>, nothing: &str) -> String {
    let mut out = String::new();
    for pair in pairs {
        let reasons: Vec<_> = pair.reasons.iter().map(|reason| reason.text.as_str()).collect();
        line!(out, "{:>3.0} %  {}  ←  {}", pair.score * 100.0, named(&pair.need), named(&pair.offer));
        line!(out, "       {}", reasons.join("; "));
        line!(out, "       {}..{}", short(&pair.need), short(&pair.offer));
    }
    if out.is_empty() {
        line!(out, "{nothing}");
    }
    out
}

fn named(listing: &node::ListingJson) -> String {
    let author = listing.author_name.as_deref().map(|name| format!(", {name}")).unwrap_or_default();
    let private = if listing.private { ", private" } else { "" };
    format!("{} [{}{author}{private}]", listing.title, short(listing))
}

/// Why two are a match, or are none.
pub(crate) fn why(client: &Client, need: &str, offer: Option<&str>) -> Done {
    let options = match offer {
        Some(offer) => json!({ "need": need, "offer": offer }),
        None => json!({ "pair": need }),
    };
    answer(client, Ask::get("/why").query(&options), |pair: PairJson| {
        let mut out = String::new();
        line!(out, "{}  ←  {}", named(&pair.need), named(&pair.offer));
        for reason in &pair.reasons {
            line!(out, "  {:>5.1}  {}", reason.points * 100.0, reason.text);
        }
        let verdict = if pair.fits { "a match" } else { "no match" };
        line!(out, "  {:>5.1} of 100: {verdict}", pair.score * 100.0);
        out
    })
}

/// The kinds of things, as a tree.
pub(crate) fn kinds(client: &Client) -> Done {
    answer(client, Ask::get("/kinds"), |kinds: Vec<KindJson>| {
        let mut out = String::new();
        branch(&mut out, &kinds, None, 0);
        out
    })
}

fn branch(out: &mut String, kinds: &[KindJson], parent: Option<&str>, depth: usize) {
    // Why the bound: the tree is a few levels deep, whatever a node answers.
    if depth > 8 {
        return;
    }
    for kind in kinds.iter().filter(|kind| kind.parent.as_deref() == parent) {
        let name = kind.names.get("en").map_or(kind.id.as_str(), String::as_str);
        line!(out, "{:indent$}{}  {name}", "", kind.id, indent = depth * 2);
        branch(out, kinds, Some(&kind.id), depth + 1);
    }
}
