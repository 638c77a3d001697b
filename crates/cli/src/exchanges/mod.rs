//! Exchanges: asking, promising, handing over, and what waits for whom.

pub(crate) mod args;
mod show;

use std::io::Write as _;
use std::path::Path;

use node::{ActInput, DrawJson, ExchangeJson, RequestInput, TallyJson, WaitingJson, Zone, encoded};
use serde_json::json;

use self::args::{
    Answer, Draw, Exchange, Handover, List, One, Promise, Reasoned, Request, Tally, Time, Verify,
};
use crate::client::{Ask, Client};
use crate::commands::{Done, Printed, answer, listing_path, parsed};
use crate::failure::Failure;

/// Says something in an exchange, or asks about exchanges.
pub(crate) fn run(client: &Client, command: Exchange) -> Done {
    match command {
        Exchange::Request(Request { listing, count, message, guest }) => {
            let input = RequestInput { count, message, guest, key: None };
            let ask = Ask::new("POST", format!("{}/request", listing_path(&listing.text()))).json(&input);
            answer(client, ask, |exchange: ExchangeJson| show::brief(&exchange))
        }
        Exchange::Promise(Promise { one, count, until, place, time, due, message, take_over }) => {
            let (until, time, due) = (placed(until), placed(time), placed(due));
            let said = ActInput { count, until, place, time, due, words: message, take_over, ..said() };
            say(client, &one, &["promise"], said)
        }
        Exchange::Decline(Reasoned { one, text }) => say(client, &one, &["decline"], in_words(&text)),
        // Why three: whoever asked takes back the request or what was agreed; whoever has it says no or takes back.
        Exchange::Cancel(Reasoned { one, text }) => {
            say(client, &one, &["cancel", "withdraw", "decline"], in_words(&text))
        }
        Exchange::Message { one, text } => say(client, &one, &["message"], in_words(&text)),
        Exchange::Time(Time { one, ics: Some(file), .. }) => calendar(client, &one, &file),
        Exchange::Time(Time { one, when, ics: None }) => {
            let time = placed(when);
            say(client, &one, &["time"], ActInput { time, ..said() })
        }
        Exchange::Ready(one) => say(client, &one, &["ready"], said()),
        Exchange::Handover(Handover { one, code, condition, minutes, grams, count }) => {
            let said = ActInput { code, condition, minutes, grams, count, ..said() };
            say(client, &one, &["handover"], said)
        }
        Exchange::Receipt(one) => say(client, &one, &["receipt"], said()),
        Exchange::Return { one, condition } => {
            say(client, &one, &["return", "back"], ActInput { condition, ..said() })
        }
        Exchange::Renew { one, until } => {
            // Why both: the borrower asks until when, the lender says when it is due.
            let until = placed(until);
            let said = ActInput { due: until.clone(), until, ..said() };
            say(client, &one, &["renew", "ask-renewal"], said)
        }
        Exchange::TellOthers(Reasoned { one, text }) => say(client, &one, &["tell-others"], in_words(&text)),
        Exchange::TakeOver(one) => say(client, &one, &["take-over"], said()),
        Exchange::Missed(one) => say(client, &one, &["missed"], said()),
        Exchange::OwnUp(Answer { one, answer }) => {
            say(client, &one, &["own-up"], ActInput { answer: Some(answer.word().to_owned()), ..said() })
        }
        Exchange::Thanks(Reasoned { one, text }) => say(client, &one, &["thanks"], in_words(&text)),
        Exchange::Public(Answer { one, answer }) => {
            say(client, &one, &["public"], ActInput { answer: Some(answer.word().to_owned()), ..said() })
        }
        Exchange::Draw(Draw { verify: Some(Verify::Verify { listing }), .. }) => {
            let ask = Ask::get(format!("{}/draw", listing_path(&listing)));
            answer(client, ask, |draw: DrawJson| show::draw(&draw))
        }
        Exchange::Draw(Draw { listing, verify: None }) => {
            let path = format!("{}/draw", listing_path(&listing.unwrap_or_default()));
            answer(client, Ask::new("POST", path), |draw: DrawJson| show::draw(&draw))
        }
        Exchange::Tally(Tally { circle, receipts }) => {
            let ask = Ask::get("/tally").query(&json!({ "circle": circle, "receipts": receipts }));
            answer(client, ask, |tally: TallyJson| show::tally(&tally))
        }
        Exchange::Exchanges(List { waiting: true, .. }) => {
            answer(client, Ask::get("/exchanges/waiting"), |waiting: Vec<WaitingJson>| {
                show::waiting(&waiting)
            })
        }
        Exchange::Exchanges(List { exchange: Some(exchange), .. }) => {
            let ask = Ask::get(path(&One { exchange }));
            answer(client, ask, |exchange: ExchangeJson| show::thread(&exchange))
        }
        Exchange::Exchanges(List { exchange: None, all, listing, waiting: false }) => {
            list(client, all, listing.as_deref())
        }
    }
}

fn said() -> ActInput {
    ActInput::default()
}

fn in_words(text: &[String]) -> ActInput {
    ActInput { words: (!text.is_empty()).then(|| text.join(" ")), ..said() }
}

/// A time as it is meant by whoever sits at this machine.
fn placed(when: Option<String>) -> Option<String> {
    when.map(|when| Zone::system().placed(&when))
}

fn path(one: &One) -> String {
    // Why: an empty reference would ask for all exchanges.
    let reference = if one.exchange.trim().is_empty() { " " } else { &one.exchange };
    format!("/exchanges/{}", encoded(reference))
}

/// Says the first of these that is possible now; the first one if none is: the node then says why not.
fn say(client: &Client, one: &One, words: &[&str], said: ActInput) -> Done {
    let act = match words {
        [only] => *only,
        several => {
            let known: ExchangeJson = parsed(&client.text(Ask::get(path(one)))?)?;
            let possible = several.iter().find(|word| known.acts.iter().any(|act| act == *word));
            possible.or(several.first()).copied().unwrap_or_default()
        }
    };
    let ask = Ask::new("POST", format!("{}/act", path(one))).json(&ActInput { act: act.to_owned(), ..said });
    answer(client, ask, |exchange: ExchangeJson| show::brief(&exchange))
}

/// The exchanges, each with what waits in it.
fn list(client: &Client, all: bool, listing: Option<&str>) -> Done {
    let json = client.text(Ask::get("/exchanges").query(&json!({ "all": all, "listing": listing })))?;
    let exchanges: Vec<ExchangeJson> = parsed(&json)?;
    let waiting: Vec<WaitingJson> = parsed(&client.text(Ask::get("/exchanges/waiting"))?)?;
    let text = show::list(&exchanges, &waiting);
    Ok(Printed { json: format!("{}\n", json.trim_end()), text, problem: None })
}

/// Writes the agreed time into a file for a calendar.
fn calendar(client: &Client, one: &One, file: &Path) -> Done {
    let known = client.text(Ask::get(path(one)))?;
    let calendar = client.text(Ask::get(format!("{}/calendar", path(one))))?;
    let json = format!("{}\n", known.trim_end());
    if file == Path::new("-") {
        return Ok(Printed { json, text: calendar, problem: None });
    }
    // Why not over a file that is there: a slip of the finger should not cost somebody a calendar.
    let written = std::fs::OpenOptions::new().write(true).create_new(true).open(file);
    let written = written.and_then(|mut file| file.write_all(calendar.as_bytes()));
    written.map_err(|error| Failure::new(format!("{} can not be written: {error}", file.display())))?;
    Ok(Printed { json, text: format!("The time is in {}.\n", file.display()), problem: None })
}
