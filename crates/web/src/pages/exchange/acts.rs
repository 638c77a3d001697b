//! What can be said in an exchange, as forms: each act with the fields that it needs.

use std::collections::BTreeMap;

use ::node::{ActInput, ExchangeJson, Zone};

/// What a form says, by the name of its fields.
pub(crate) type Sent = BTreeMap<String, String>;

/// Something that can be said now.
pub(super) struct Act {
    /// The word for it in the API.
    pub(super) word: &'static str,
    /// What it is called where it is one of several.
    pub(super) name: &'static str,
    pub(super) button: &'static str,
    /// The other button, where it is a question that is answered yes or no.
    pub(super) no: &'static str,
    pub(super) fields: Vec<Field>,
    /// Whether it ends things: it is never the step that a page suggests.
    pub(super) ends: bool,
}

/// A field of a form.
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) label: &'static str,
    pub(super) hint: &'static str,
    /// As `<input type>` has it, or `long` for several lines.
    pub(super) kind: &'static str,
    pub(super) value: String,
    pub(super) required: bool,
    pub(super) most: usize,
}

/// The acts that are possible now, in the order in which the node names them.
pub(super) fn all(exchange: &ExchangeJson, zone: &Zone, sent: Option<&Sent>) -> Vec<Act> {
    exchange.acts.iter().filter_map(|word| act(word, exchange, zone, sent)).collect()
}

fn act(word: &str, exchange: &ExchangeJson, zone: &Zone, sent: Option<&Sent>) -> Option<Act> {
    let sent = sent.filter(|sent| sent.get("act").is_some_and(|act| act == word));
    let (offer, asked) = (exchange.side == "offer", exchange.state == "requested");
    let (loan, hours) = (exchange.terms == "loan", exchange.terms == "hours");
    let given = exchange.handed_over.is_some() || exchange.received.is_some();
    let said = Said { exchange, zone, sent };
    let plain = |word, name, fields| Act { word, name, button: name, no: "", fields, ends: false };
    let ending = |act: Act| Act { ends: true, ..act };
    let reason = || vec![said.long("words", "Why", "if you like")];
    let condition = || said.text("condition", "The condition that it is in", "if you like", 200);
    Some(match word {
        "promise" => {
            let name = match (asked, offer) {
                (true, true) => "Promise it",
                (true, false) => "Yes, please",
                (false, _) => "Change what is agreed",
            };
            let mut fields = said.count();
            fields.push(said.text("place", "Where", "only the other reads it", 300));
            fields.push(said.time("time", "When", "if you like", exchange.time, false));
            if loan {
                fields.push(said.day(
                    "due",
                    "When it has to be back",
                    "two weeks unless you say",
                    exchange.due,
                ));
            }
            fields.push(said.day(
                "until",
                "Until when you keep it for them",
                "a week unless you say",
                exchange.until,
            ));
            fields.push(said.long("words", "A few words", "if you like"));
            plain("promise", name, fields)
        }
        "decline" => ending(plain("decline", "Say no", reason())),
        "elsewhere" => ending(plain("elsewhere", "Somebody else gets it", reason())),
        "accept" if exchange.time.is_some() && exchange.accepted == exchange.time => {
            plain("accept", "Propose another time", vec![said.time("time", "When", "", None, true)])
        }
        "accept" if exchange.time.is_some() => {
            let other = said.time("time", "Or another time", "empty if it suits you", None, false);
            plain("accept", "That time suits me", vec![other])
        }
        "accept" => plain("accept", "Propose a time", vec![said.time("time", "When", "", None, true)]),
        "ready" => plain("ready", "It lies ready", Vec::new()),
        "message" => {
            let words =
                Field { required: true, ..said.long("words", "Your message", "only the other reads it") };
            Act { button: "Send it", ..plain("message", "Write a message", vec![words]) }
        }
        "withdraw" if offer => ending(plain("withdraw", "I don’t need it any more", reason())),
        "withdraw" => ending(plain("withdraw", "I can’t help after all", reason())),
        "cancel" if given => ending(plain("cancel", "That is not so", reason())),
        "cancel" => ending(plain("cancel", "Call it off", reason())),
        "lapse" => ending(plain("lapse", "Let the promise lapse", Vec::new())),
        "handover" => {
            let mut fields = Vec::new();
            if exchange.mine == "lister" {
                fields.push(said.code());
            }
            fields.extend(said.count());
            if hours {
                fields.push(said.number("minutes", "How many minutes it took", ""));
            } else if !loan {
                fields.push(said.number("grams", "What it weighs, in grams", "if you like"));
            }
            if loan {
                fields.push(condition());
                fields.push(said.day("due", "When it has to be back", "", exchange.due));
            }
            plain("handover", if hours { "I did it" } else { "I handed it over" }, fields)
        }
        "receipt" => {
            let mut fields = said.count();
            if hours {
                fields.push(said.number(
                    "minutes",
                    "How many minutes it took",
                    "if the other said otherwise",
                ));
            } else if loan {
                fields.push(condition());
            }
            plain("receipt", if hours { "It was done" } else { "I have it" }, fields)
        }
        "return" => plain("return", "I brought it back", vec![condition()]),
        "back" => plain("back", "It is back", vec![condition()]),
        "ask-renewal" => {
            let until = Field { required: true, ..said.day("until", "Until when", "", exchange.wants_until) };
            Act { button: "Ask", ..plain("ask-renewal", "Keep it longer", vec![until]) }
        }
        "renew" => {
            let until = said.day("due", "Until when", "", exchange.wants_until.or(exchange.due));
            plain("renew", "Let them keep it longer", vec![Field { required: true, ..until }])
        }
        "missed" => ending(plain("missed", "The other did not turn up", Vec::new())),
        "own-up" => Act {
            button: "Yes, I missed it",
            no: "No, that is not so",
            ..plain("own-up", "Is it so?", Vec::new())
        },
        "thanks" => {
            plain("thanks", "Say thanks", vec![said.text("words", "In your words", "if you like", 300)])
        }
        "public" => ending(Act {
            button: "Yes",
            no: "No",
            ..plain("public", "May the circle see that it was given?", Vec::new())
        }),
        "tell-others" => {
            let hint = "all who asked for it and do not get it read this";
            let mut words = said.long("words", "Your message", hint);
            if words.value.is_empty() {
                words.value = "Sorry, this went to somebody else. Thank you for asking!".to_owned();
            }
            Act {
                button: "Tell them",
                ..plain("tell-others", "Tell the others that it is gone", vec![words])
            }
        }
        "take-over" => ending(Act {
            button: "Decide here from now on",
            ..plain("take-over", "Another device of yours decides", Vec::new())
        }),
        // What a node says by itself, and what this version does not know.
        _ => return None,
    })
}

/// What the fields begin with: what was sent, or what stands.
struct Said<'a> {
    exchange: &'a ExchangeJson,
    zone: &'a Zone,
    sent: Option<&'a Sent>,
}

impl Said<'_> {
    fn field(&self, name: &'static str, label: &'static str, hint: &'static str, stands: String) -> Field {
        let value = self.sent.and_then(|sent| sent.get(name)).cloned().unwrap_or(stands);
        Field { name, label, hint, kind: "text", value, required: false, most: 200 }
    }

    fn text(&self, name: &'static str, label: &'static str, hint: &'static str, most: usize) -> Field {
        let stands = if name == "place" { self.exchange.place.clone() } else { None };
        Field { most, ..self.field(name, label, hint, stands.unwrap_or_default()) }
    }

    fn long(&self, name: &'static str, label: &'static str, hint: &'static str) -> Field {
        Field { kind: "long", most: 1_000, ..self.field(name, label, hint, String::new()) }
    }

    fn number(&self, name: &'static str, label: &'static str, hint: &'static str) -> Field {
        Field { kind: "number", most: 9, ..self.field(name, label, hint, String::new()) }
    }

    /// Asked only where it is not simply one.
    fn count(&self) -> Vec<Field> {
        let stands = self.exchange.promised.unwrap_or(self.exchange.count);
        let field =
            Field { kind: "number", most: 9, ..self.field("count", "How many", "", stands.to_string()) };
        if self.exchange.count > 1 { vec![field] } else { Vec::new() }
    }

    fn code(&self) -> Field {
        let hint = "with it nothing more has to be said";
        Field {
            kind: "code",
            most: 20,
            ..self.field("code", "The pick-up code that you are shown", hint, String::new())
        }
    }

    fn time(
        &self,
        name: &'static str,
        label: &'static str,
        hint: &'static str,
        stands: Option<u64>,
        required: bool,
    ) -> Field {
        let stands = stands.map(|time| self.zone.field(time)).unwrap_or_default();
        Field { kind: "datetime-local", required, ..self.field(name, label, hint, stands) }
    }

    fn day(&self, name: &'static str, label: &'static str, hint: &'static str, stands: Option<u64>) -> Field {
        let stands = stands.map(|time| self.zone.field(time)).unwrap_or_default();
        let day = stands.split('T').next().unwrap_or_default().to_owned();
        Field { kind: "date", ..self.field(name, label, hint, day) }
    }
}

/// What a form says, as the node takes it. Times are those of the clock on the wall.
pub(super) fn input(sent: &Sent, zone: &Zone) -> ActInput {
    let some = |name: &str| {
        let text = sent.get(name).map(|text| text.trim().replace("\r\n", "\n"));
        text.filter(|text| !text.is_empty())
    };
    let when = |name: &str| some(name).map(|text| zone.placed(&text));
    ActInput {
        act: some("act").unwrap_or_default(),
        count: some("count"),
        until: when("until"),
        place: some("place"),
        time: when("time"),
        due: when("due"),
        words: some("words"),
        code: some("code"),
        condition: some("condition"),
        minutes: some("minutes"),
        grams: some("grams"),
        answer: some("answer"),
        take_over: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(acts: &[&str]) -> ExchangeJson {
        ExchangeJson {
            side: "offer".into(),
            terms: "gift".into(),
            state: "requested".into(),
            mine: "lister".into(),
            count: 1,
            acts: acts.iter().map(|act| (*act).to_owned()).collect(),
            ..ExchangeJson::default()
        }
    }

    fn names(act: &Act) -> Vec<&'static str> {
        act.fields.iter().map(|field| field.name).collect()
    }

    #[test]
    fn fields_are_there_only_where_an_act_needs_them() {
        let zone = Zone::system();
        let one = all(&asked(&["promise", "handover", "ready", "place", "heal"]), &zone, None);
        let words: Vec<_> = one.iter().map(|act| act.word).collect();
        assert_eq!(words, ["promise", "handover", "ready"]);
        assert_eq!(names(&one[0]), ["place", "time", "until", "words"]);
        assert_eq!(names(&one[1]), ["code", "grams"]);
        assert!(one[2].fields.is_empty());
        let loan = ExchangeJson { terms: "loan".into(), count: 3, ..asked(&["promise", "handover"]) };
        assert_eq!(names(&all(&loan, &zone, None)[1]), ["code", "count", "condition", "due"]);
        assert_eq!(names(&all(&loan, &zone, None)[0]), ["count", "place", "time", "due", "until", "words"]);
    }

    #[test]
    fn a_form_that_comes_back_keeps_what_was_written() {
        let sent: Sent =
            [("act", "promise"), ("place", "Yard")].map(|(a, b)| (a.to_owned(), b.to_owned())).into();
        let acts = all(&asked(&["promise", "decline"]), &Zone::system(), Some(&sent));
        assert_eq!(acts[0].fields[0].value, "Yard");
        assert!(acts[1].ends && acts[1].fields[0].value.is_empty());
        let input = input(&sent, &Zone::system());
        assert_eq!((input.act.as_str(), input.place.as_deref(), input.time), ("promise", Some("Yard"), None));
    }
}
