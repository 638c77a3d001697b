//! Exchanges as text for a person.

use std::fmt::Write as _;

use node::{DrawJson, ExchangeJson, SumJson, TallyJson, WaitingJson, Zone};

use crate::show::line;

/// How many digits of an exchange's id are shown.
const SHORT: usize = 8;

fn short(id: &str) -> &str {
    id.get(..SHORT).unwrap_or(id)
}

/// By what commands name it: the side of somebody without an account is named as such, since the other one may be
/// here, too.
fn reference(exchange: &ExchangeJson) -> String {
    let side = if exchange.guest { "/asker" } else { "" };
    format!("{}{side}", short(&exchange.id))
}

/// Who is on this side, as the thread calls them.
fn named(exchange: &ExchangeJson, side: &str) -> String {
    if side == exchange.mine && !exchange.guest {
        return "you".to_owned();
    }
    let (name, id) = match side {
        "asker" => (&exchange.asker_name, &exchange.asker),
        _ => (&exchange.lister_name, &exchange.lister),
    };
    let mine = if side == exchange.mine && side == "lister" { "you" } else { id };
    name.as_deref().filter(|name| !name.trim().is_empty()).unwrap_or(mine).to_owned()
}

/// With whom the exchange is.
fn other(exchange: &ExchangeJson) -> String {
    match (exchange.mine.as_str(), exchange.guest) {
        ("asker", false) => format!("with {}", named(exchange, "lister")),
        ("asker", true) => format!("for {}, with {}", named(exchange, "asker"), named(exchange, "lister")),
        (_, false) => format!("with {}", named(exchange, "asker")),
        (_, true) => format!("with {}, without an account", named(exchange, "asker")),
    }
}

/// A sentence, with its full stop.
fn sentence(text: &str) -> String {
    let text = text.trim();
    let ends = text.is_empty() || text.ends_with(['.', '!', '?', '…']);
    format!("{text}{}", if ends { "" } else { "." })
}

/// What was just said or done, in a few lines.
pub(crate) fn brief(exchange: &ExchangeJson) -> String {
    let (mut out, zone) = (String::new(), Zone::system());
    let ahead = !exchange.over && exchange.handed_over.is_none() && exchange.received.is_none();
    line!(out, "{}  {}  ({})", reference(exchange), exchange.title, other(exchange));
    line!(out, "  {}", sentence(&exchange.says));
    if let Some(code) = exchange.code.as_deref().filter(|_| ahead) {
        line!(out, "  pick-up code  {code}");
    }
    let facts = [
        ("where", exchange.place.clone()),
        ("agreed time", exchange.accepted.map(|time| zone.shown(time))),
        (
            "proposed time",
            exchange.time.filter(|time| exchange.accepted != Some(*time)).map(|time| zone.shown(time)),
        ),
        ("promised until", exchange.until.filter(|_| ahead).map(|until| zone.shown(until))),
        ("due", exchange.due.map(|due| zone.day(due))),
        (
            "would keep it until",
            exchange
                .wants_until
                .filter(|until| exchange.due.is_none_or(|due| due < *until))
                .map(|until| zone.day(until)),
        ),
        ("place in the queue", exchange.queue.map(|place| place.to_string())),
        ("condition", exchange.condition.clone()),
        ("condition at the return", exchange.condition_back.clone()),
        ("how far", exchange.distance_km.map(|km| format!("{km:.0} km"))),
        ("they gave", exchange.other_gave.as_ref().map(things)),
        ("they received", exchange.other_received.as_ref().map(things)),
        ("can be met", exchange.hours.clone().filter(|_| ahead && exchange.mine == "asker")),
        ("your other device says", exchange.problem.clone()),
        ("why", exchange.reason.clone()),
        ("thanks", exchange.thanks.clone()),
    ];
    for (what, said) in facts {
        if let Some(said) = said.filter(|said| !said.is_empty()) {
            line!(out, "  {what}  {said}");
        }
    }
    if !exchange.sent {
        line!(out, "  What you said last leaves within seconds, while the node runs.");
    }
    out
}

/// One exchange with all that was said.
pub(crate) fn thread(exchange: &ExchangeJson) -> String {
    let (mut out, zone) = (brief(exchange), Zone::system());
    for message in &exchange.messages {
        line!(out, "  {}, {}:", named(exchange, &message.from), zone.shown(message.at));
        for words in message.text.lines() {
            line!(out, "    {words}");
        }
    }
    let mut commands: Vec<_> = exchange.acts.iter().filter_map(|act| command(act)).collect();
    commands.dedup();
    if !commands.is_empty() {
        line!(out, "  You can: {} (each as `commonshelf WORD {}`)", commands.join(", "), reference(exchange));
    }
    line!(out, "  id       {}", exchange.id);
    line!(out, "  listing  {}", exchange.listing);
    out
}

/// The command that says this, if there is one.
fn command(act: &str) -> Option<&str> {
    match act {
        "accept" => Some("time"),
        "withdraw" => Some("cancel"),
        "back" => Some("return"),
        "ask-renewal" => Some("renew"),
        // The node says these by itself, or the pages do.
        "place" | "heal" | "lapse" | "elsewhere" => None,
        other => Some(other),
    }
}

/// One line for each exchange, and below it what waits.
pub(crate) fn list(exchanges: &[ExchangeJson], waiting: &[WaitingJson]) -> String {
    let mut out = String::new();
    for exchange in exchanges {
        let (id, says) = (reference(exchange), sentence(&exchange.says));
        line!(out, "{id}  {}  ({}): {says}", exchange.title, other(exchange));
        for waits in waiting.iter().filter(|waits| waits.exchange == exchange.id) {
            line!(out, "          waits for you: {}", sentence(&waits.text));
        }
    }
    if out.is_empty() {
        line!(out, "Nothing is under way: `request LISTING` asks for something; --all shows what is over.");
    }
    out
}

/// What waits for the member.
pub(crate) fn waiting(waiting: &[WaitingJson]) -> String {
    let mut out = String::new();
    for waits in waiting {
        let id = waits.listing.as_deref().unwrap_or(&waits.exchange);
        line!(out, "{}  {}", short(id), sentence(&waits.text));
        if waits.listing.is_some() {
            line!(out, "          If it is: `commonshelf edit {} --still-good`", short(id));
        }
    }
    if out.is_empty() {
        line!(out, "Nothing waits for you.");
    }
    out
}

/// What came out of a draw, as far as this node's member can check it.
pub(crate) fn draw(draw: &DrawJson) -> String {
    let mut out = String::new();
    line!(out, "{}", draw.title);
    match (&draw.problem, draw.place.zip(draw.of), draw.of) {
        (Some(problem), ..) => line!(out, "  {problem}"),
        (None, Some((place, of)), _) => line!(out, "  The draw holds. You drew place {place} of {of}."),
        (None, None, Some(of)) => line!(out, "  The draw holds, of {of} who asked."),
        (None, None, None) => line!(out, "  Nothing was drawn yet."),
    }
    out
}

/// What receipts add up to.
pub(crate) fn tally(tally: &TallyJson) -> String {
    let mut out = String::new();
    line!(out, "{}", sum("Handed over", &tally.all));
    for (kind, kinds) in &tally.kinds {
        line!(out, "  {}", sum(if kind.is_empty() { "other things" } else { kind }, kinds));
    }
    for (how, made) in &tally.made {
        let how = match how.as_str() {
            "two-keys" => "confirmed by two members' own keys",
            "hosted" => "confirmed with a node that signs for one of them",
            "one-host" => "confirmed by one node for both",
            _ => "confirmed with a pick-up code: the giver's word alone",
        };
        line!(out, "  {}", sum(how, made));
    }
    for (month, months) in &tally.months {
        line!(out, "  {}", sum(month, months));
    }
    line!(out, "{}", sum("You gave", &tally.given));
    line!(out, "{}", sum("You received", &tally.received));
    for member in &tally.members {
        let name = member.name.as_deref().unwrap_or(&member.member);
        line!(out, "{}", sum(&format!("{name} gave"), &member.given));
        line!(out, "{}", sum(&format!("{name} received"), &member.received));
    }
    if tally.uncounted > 0 {
        line!(out, "{} receipts do not count: something in them does not hold.", tally.uncounted);
    }
    out
}

fn sum(what: &str, sum: &SumJson) -> String {
    format!("{what}: {}", things(sum))
}

fn things(sum: &SumJson) -> String {
    let kilograms = sum.grams as f64 / 1000.0;
    let weight = if sum.grams == 0 { String::new() } else { format!(", {kilograms:.1} kg") };
    format!("{} things in {} exchanges{weight}", sum.count, sum.exchanges)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn promised() -> ExchangeJson {
        ExchangeJson {
            id: "3fa2b41c00112233445566778899aabb".into(),
            title: "Ladder".into(),
            asker: "did:key:zA".into(),
            lister: "did:key:zB".into(),
            lister_name: Some("Ben".into()),
            mine: "asker".into(),
            says: "Ben promised it to you".into(),
            code: Some("KX7-2M4".into()),
            place: Some("Yard 3".into()),
            acts: vec!["accept".into(), "withdraw".into(), "place".into()],
            messages: vec![node::MessageJson { from: "lister".into(), at: 0, text: "Gladly\nBen".into() }],
            sent: true,
            ..ExchangeJson::default()
        }
    }

    #[test]
    fn a_thread_says_who_what_and_what_can_be_said_next() {
        let text = thread(&promised());
        for part in [
            "3fa2b41c  Ladder  (with Ben)\n  Ben promised it to you.\n",
            "pick-up code  KX7-2M4",
            "where  Yard 3",
            "  Ben, Thu 1 Jan 1970",
            "    Gladly\n    Ben\n",
            "You can: time, cancel (each as `commonshelf WORD 3fa2b41c`)",
        ] {
            assert!(text.contains(part), "{part} is not in {text}");
        }
    }

    #[test]
    fn a_list_says_what_waits_below_the_exchange() {
        let (one, mut waits) = (promised(), Vec::new());
        assert!(!list(std::slice::from_ref(&one), &waits).contains("waits"));
        waits.push(WaitingJson {
            exchange: one.id.clone(),
            listing: None,
            what: "collect".into(),
            text: "ready to collect".into(),
            at: 0,
            act: None,
        });
        let text = list(&[one], &waits);
        assert!(text.contains("\n          waits for you: ready to collect.\n"), "{text}");
        assert!(waiting(&waits).starts_with("3fa2b41c  ready to collect."));
        assert!(
            list(&[], &[]).starts_with("Nothing is under way") && waiting(&[]).starts_with("Nothing waits")
        );
    }

    #[test]
    fn a_guest_is_told_apart_and_the_member_is_you() {
        let guest = ExchangeJson { guest: true, asker_name: Some("Ada".into()), ..promised() };
        assert_eq!(
            (other(&guest).as_str(), reference(&guest).as_str()),
            ("for Ada, with Ben", "3fa2b41c/asker")
        );
        let mine = ExchangeJson { mine: "lister".into(), asker_name: Some("Ada".into()), ..promised() };
        assert_eq!((other(&mine).as_str(), named(&mine, "lister").as_str()), ("with Ada", "you"));
    }
}
