//! Answers as text for a person.

use std::fmt::Write as _;

use node::{
    BundleJson, CircleJson, CircleLink, ClockJson, DoorJson, HiddenJson, ImportJson, InviteJson, ListingJson,
    MemberJson, NearbyJson, PeerJson, PurgedJson, StatusJson, TOKEN_DAYS, ThingNumber, Timestamp,
};

/// How many digits of a key are shown: enough to name a listing among millions.
const SHORT: usize = 8;
/// How many rejected rows are shown.
const REJECTED: usize = 20;

/// Writing to a text never fails.
macro_rules! line {
    ($out:expr, $($rest:tt)*) => {{ let _ = writeln!($out, $($rest)*); }};
}
pub(crate) use line;

fn many(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// One listing with all that is known of it.
pub(crate) fn listing(listing: &ListingJson) -> String {
    let mut out = String::new();
    line!(out, "{}", listing.title);
    line!(out, "  {}", facts(listing).join(" · "));
    if listing.private {
        line!(out, "  private: kept on this node, and nobody else is told");
    }
    let author = listing.author_name.as_deref().unwrap_or("somebody");
    line!(out, "  by {author} ({})", if listing.mine { "you" } else { &listing.author });
    for words in listing.text.lines() {
        line!(out, "  {words}");
    }
    for photo in &listing.photos {
        line!(out, "  photo /photo/{}  {}", photo.photo, photo.alt);
    }
    if let Ok(number) = listing.number.parse::<ThingNumber>() {
        line!(out, "  number {number}");
    }
    line!(out, "  key {}", listing.key);
    line!(out, "  id  {}", listing.id);
    out
}

/// One line for each listing.
pub(crate) fn listings<'a>(listings: impl Iterator<Item = &'a ListingJson>) -> String {
    let mut out = String::new();
    for listing in listings {
        line!(out, "{}  {}  ({})", short(listing), listing.title, facts(listing).join(" · "));
    }
    if out.is_empty() {
        line!(out, "Nothing found.");
    }
    out
}

pub(crate) fn short(listing: &ListingJson) -> &str {
    listing.key.get(..SHORT).unwrap_or(&listing.key)
}

pub(crate) fn facts(listing: &ListingJson) -> Vec<String> {
    let mut facts = vec![match listing.terms.as_str() {
        "gift" => listing.side.clone(),
        terms => format!("{}, {terms}", listing.side),
    }];
    if listing.count > 1 {
        facts.push(format!("{} of {} left", listing.left, listing.count));
    }
    if !listing.category.is_empty() {
        facts.push(listing.category.clone());
    }
    facts.extend(listing.distance_km.map(|km| format!("{km:.1} km away")));
    facts.extend(listing.until.map(|until| format!("until {}", Timestamp::from_millis(until).date())));
    facts
}

/// What an import did.
pub(crate) fn import(report: &ImportJson) -> String {
    let mut out = String::new();
    if let Some(bundle) = &report.bundle {
        bundled(&mut out, report, bundle);
        return out;
    }
    let would = if report.dry_run { "Would add" } else { "Added" };
    line!(
        out,
        "{would} {}, changed {}, unchanged {}, rejected {}.",
        report.added,
        report.changed,
        report.unchanged,
        report.rejected.len()
    );
    for note in &report.notes {
        line!(out, "  {note}");
    }
    for row in report.rejected.iter().take(REJECTED) {
        line!(out, "  line {}: {}", row.line, row.reason);
    }
    if report.rejected.len() > REJECTED {
        line!(out, "  … and {} more: --json tells all", report.rejected.len() - REJECTED);
    }
    out
}

fn bundled(out: &mut String, report: &ImportJson, bundle: &BundleJson) {
    let name = if bundle.name.is_empty() { &bundle.circle } else { &bundle.name };
    line!(
        out,
        "{name}: added {}, unchanged {}, rejected {}.",
        many(report.added, "record"),
        report.unchanged,
        bundle.rejected
    );
    if bundle.joined {
        line!(out, "  This node keeps the circle from now on.");
    }
    for record in report.rejected.iter().take(REJECTED) {
        line!(out, "  record {}: {}", record.line, record.reason);
    }
    let more = bundle.rejected.saturating_sub(report.rejected.len().min(REJECTED) as u64);
    if more > 0 {
        line!(out, "  … and {more} more: --json tells of a thousand");
    }
}

/// Who is connected.
pub(crate) fn peers(peers: &[PeerJson]) -> String {
    let mut out = String::new();
    for peer in peers {
        let way = if peer.inbound { "from" } else { "at" };
        let synced = if peer.synced.is_some() { "in step" } else { "connected" };
        line!(out, "{}  {way} {}  {synced}", peer.peer, peer.address);
    }
    if out.is_empty() {
        line!(out, "Nobody is connected.");
    }
    out
}

/// Who belongs to a circle.
pub(crate) fn members(members: &[MemberJson]) -> String {
    let mut out = String::new();
    for member in members {
        let name = member.name.as_deref().unwrap_or("(no name yet)");
        line!(out, "{:<8}  {name}  {}", member.belonging, member.member);
    }
    out
}

/// One circle, with what others need to join it.
pub(crate) fn circle(circle: &CircleJson) -> String {
    let mut out = String::new();
    let name = if circle.name.is_empty() { "(its charter has not arrived yet)" } else { &circle.name };
    line!(out, "{name}: {} of {}", many(circle.listings, "listing"), many(circle.members, "member"));
    if circle.others > 0 {
        line!(out, "  and {} that this version can not show", many(circle.others, "other record"));
    }
    line!(out, "  id    {}", circle.id);
    line!(out, "  join  {}", circle.link);
    out
}

/// An invitation, with its code if the reader is a terminal.
pub(crate) fn invite(invite: &InviteJson, code: Option<&str>) -> String {
    let mut out = code.unwrap_or_default().to_owned();
    let name = if invite.name.is_empty() { "the circle" } else { &invite.name };
    line!(out, "Whoever gives this link to `commonshelf circle join`, or to the page “Node”, is in {name}:");
    line!(out, "{}", invite.link);
    if invite.admits {
        line!(
            out,
            "Who is first to do so within {TOKEN_DAYS} days is taken in as a member, by this node while it runs."
        );
    }
    out
}

/// What came of joining a circle: known are the circle as it is here by now, and its link.
pub(crate) fn joined(circle: &CircleJson, link: Option<&CircleLink>, runs: bool) -> String {
    let mut out = String::new();
    if !circle.name.is_empty() {
        line!(out, "This node keeps {}.", circle.name);
        out.push_str(&self::circle(circle));
        return out;
    }
    let called = link.and_then(|link| link.name.as_deref());
    let called =
        called.map_or("this circle".to_owned(), |name| format!("{name} (as the invitation calls it)"));
    line!(out, "This node keeps {called} from now on.");
    let peers = link.map(|link| link.peers.as_slice()).unwrap_or_default();
    let how = match (runs, peers.is_empty()) {
        (true, false) => "It looks for a node of the circle, which gives it everything, here:",
        (true, true) => "It gets everything from the first node of the circle that it is connected with.",
        (false, _) => "It gets everything once it runs: `commonshelf up`.",
    };
    line!(out, "{how}");
    for peer in peers {
        line!(out, "  {peer}");
    }
    line!(out, "`commonshelf circle list` shows what has arrived.");
    out
}

/// The circles that this node keeps.
pub(crate) fn circles(circles: &[CircleJson]) -> String {
    if circles.is_empty() {
        return "This node is in no circle yet: found one with `circle found NAME`, or join one with `circle \
                join nearby`.\n"
            .to_owned();
    }
    circles.iter().map(circle).collect()
}

/// The circles that connected nodes keep.
pub(crate) fn nearby(circles: &[NearbyJson]) -> String {
    let mut out = String::new();
    for circle in circles {
        let joined = if circle.joined { ", joined" } else { "" };
        line!(out, "{}  {}  ({}{joined})", circle.id, circle.name, many(circle.peers, "node"));
    }
    if out.is_empty() {
        line!(out, "No circle was found nearby.");
    }
    out
}

/// What the node hides.
pub(crate) fn hidden(things: &[HiddenJson]) -> String {
    let mut out = String::new();
    for thing in things {
        let by = thing.author_name.as_ref().unwrap_or(&thing.author);
        line!(out, "hidden  {}  by {by}", thing.key);
    }
    if out.is_empty() {
        line!(out, "Nothing is hidden.");
    }
    out
}

/// What a purge did.
pub(crate) fn purged(purged: &PurgedJson) -> String {
    let kib = |bytes: u64| bytes.div_ceil(1024);
    format!(
        "What was withdrawn or has ended is gone from this disk. The records take {} KiB now, {} before.\n",
        kib(purged.now),
        kib(purged.before)
    )
}

/// What the node knows of the time.
pub(crate) fn clock(clock: &ClockJson) -> String {
    let known = format!(
        "This machine's clock says {}; the node goes by it.",
        Timestamp::from_millis(clock.machine).date()
    );
    format!("{}\n", clock.advice.as_ref().unwrap_or(&known))
}

/// Where neighbours open the pages, and what a person should know about it.
pub(crate) fn doors(doors: &[DoorJson], notes: &[String]) -> String {
    let mut out = String::new();
    if doors.is_empty() {
        line!(out, "  for neighbours: no address, since this machine is on no network");
    }
    for door in doors {
        let tested =
            if door.tested { "the node reaches itself there" } else { "not reached by the node itself" };
        line!(out, "  for neighbours: {} ({tested})", door.url);
    }
    for note in notes {
        line!(out, "  {note}");
    }
    out
}

/// The state of the node.
pub(crate) fn status(status: &StatusJson) -> String {
    let mut out = String::new();
    line!(out, "commonshelf {}", status.version);
    line!(out, "  peer    {}", status.peer);
    for address in &status.addresses {
        line!(out, "  at      {address}");
    }
    if !status.pages.is_empty() {
        out.push_str(&doors(&status.pages, &[]));
    }
    if let Some(reachable) = status.reachable {
        line!(out, "  others can{} dial it", if reachable { "" } else { " not" });
    }
    for member in &status.members {
        line!(out, "  member  {member}");
    }
    line!(out, "  connected to {}", many(status.peers.len(), "node"));
    out.push_str(&circles(&status.circles));
    for notice in &status.notices {
        line!(out, "{notice}");
    }
    if let Some(unseen @ 1..) = status.unseen_matches {
        line!(out, "{} for you: `matches --new`", many(unseen, "new match").replace("matchs", "matches"));
    }
    out
}
