//! An agreed time as a file for people's calendars: iCalendar (RFC 5545).

use record::{Key, Timestamp, tidy};

/// The most octets of one line without its break (RFC 5545 §3.1).
const LINE: usize = 75;
/// Milliseconds in a minute.
const MINUTE: u64 = 60_000;

/// A time on which both sides of an exchange agreed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appointment {
    /// The exchange: a calendar puts a later file of the same one in the place of the earlier.
    pub exchange: Key,
    /// When this was said; of two files the later counts.
    pub said: Timestamp,
    /// How many times it was changed: rises with each other time, and when it is called off.
    pub sequence: u32,
    /// When it begins.
    pub begins: Timestamp,
    /// How many minutes are planned.
    pub minutes: u32,
    /// One line: what is handed over, and by whom.
    pub summary: String,
    /// Where; may be empty.
    pub place: String,
    /// More words; may be empty.
    pub text: String,
    /// It was called off.
    pub cancelled: bool,
}

impl Appointment {
    /// The file, of type `text/calendar; charset=utf-8`. Whatever the texts hold, they stay within their
    /// properties.
    #[must_use]
    pub fn to_ics(&self) -> String {
        let ends = self.begins.plus_millis(u64::from(self.minutes).saturating_mul(MINUTE));
        let mut out = String::new();
        line(&mut out, "BEGIN:VCALENDAR");
        line(&mut out, "VERSION:2.0");
        line(&mut out, "PRODID:-//Commonshelf//Commonshelf//EN");
        line(&mut out, "BEGIN:VEVENT");
        line(&mut out, &format!("UID:{}@commonshelf", self.exchange));
        line(&mut out, &format!("DTSTAMP:{}", moment(self.said)));
        line(&mut out, &format!("SEQUENCE:{}", self.sequence));
        line(&mut out, &format!("DTSTART:{}", moment(self.begins)));
        line(&mut out, &format!("DTEND:{}", moment(ends)));
        line(&mut out, &format!("STATUS:{}", if self.cancelled { "CANCELLED" } else { "CONFIRMED" }));
        line(&mut out, &format!("SUMMARY:{}", escaped(&self.summary)));
        for (name, text) in [("LOCATION", &self.place), ("DESCRIPTION", &self.text)] {
            if !text.is_empty() {
                line(&mut out, &format!("{name}:{}", escaped(text)));
            }
        }
        if !self.cancelled {
            line(&mut out, "BEGIN:VALARM");
            line(&mut out, "ACTION:DISPLAY");
            line(&mut out, "TRIGGER:-PT1H");
            line(&mut out, &format!("DESCRIPTION:{}", escaped(&self.summary)));
            line(&mut out, "END:VALARM");
        }
        line(&mut out, "END:VEVENT");
        line(&mut out, "END:VCALENDAR");
        out
    }
}

/// A moment in UTC (RFC 5545 §3.3.5).
fn moment(at: Timestamp) -> String {
    let date = at.date();
    let second = at.millis() / 1000;
    let (hour, minute, second) = (second / 3600 % 24, second / 60 % 60, second % 60);
    format!("{:04}{:02}{:02}T{hour:02}{minute:02}{second:02}Z", date.year, date.month, date.day)
}

/// Text as the value of a property (RFC 5545 §3.3.11), without characters that can not be seen: some readers
/// take more of them for a line's end than the line break.
fn escaped(text: &str) -> String {
    let text = tidy(text);
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' => out.push_str("\\n"),
            '\\' | ';' | ',' => out.extend(['\\', character]),
            _ => out.push(character),
        }
    }
    out
}

/// Adds a line, folded between characters.
fn line(out: &mut String, text: &str) {
    let mut octets: usize = 0;
    for character in text.chars() {
        if octets.saturating_add(character.len_utf8()) > LINE {
            out.push_str("\r\n ");
            octets = 1;
        }
        out.push(character);
        octets = octets.saturating_add(character.len_utf8());
    }
    out.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn appointment() -> Appointment {
        Appointment {
            exchange: Key::from_bytes([6; 16]),
            said: Timestamp::from_millis(1_790_000_000_000),
            sequence: 0,
            begins: Timestamp::from_millis(1_798_761_599_000),
            minutes: 15,
            summary: "Kinderwagen von Ina abholen".to_owned(),
            place: "Gartenstraße 7, im Hof".to_owned(),
            text: "Bitte klingeln;\nder Hund bellt nur.".to_owned(),
            cancelled: false,
        }
    }

    /// The components and properties of a file by RFC 5545 §3.1 and §3.3.11, with texts as they were.
    fn read(ics: &str) -> Vec<(String, String)> {
        assert!(ics.ends_with("\r\n"));
        for line in ics.trim_end_matches("\r\n").split("\r\n") {
            assert!(!line.is_empty() && line.len() <= 75, "{line:?}");
            assert!(!line.contains(['\r', '\n', '\u{85}', '\u{2028}', '\u{2029}', '\0']), "{line:?}");
        }
        let unfolded = ics.replace("\r\n ", "");
        let properties = unfolded.trim_end_matches("\r\n").split("\r\n").map(|line| {
            let (name, value) = line.split_once(':').expect("a name and a value");
            assert!(name.chars().all(|letter| letter.is_ascii_uppercase()), "{line}");
            let (mut text, mut characters) = (String::new(), value.chars());
            while let Some(character) = characters.next() {
                assert!(!matches!(character, ';' | ','), "{line}");
                if character != '\\' {
                    text.push(character);
                    continue;
                }
                match characters.next() {
                    Some('n') => text.push('\n'),
                    Some(plain @ ('\\' | ';' | ',')) => text.push(plain),
                    other => panic!("an escaped {other:?}"),
                }
            }
            (name.to_owned(), text)
        });
        properties.collect()
    }

    fn names(ics: &str) -> Vec<String> {
        read(ics).into_iter().map(|(name, _)| name).collect()
    }

    fn value<'a>(properties: &'a [(String, String)], name: &str) -> Option<&'a str> {
        properties.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    #[test]
    fn an_agreed_time_is_an_event_that_rings_an_hour_before() {
        let expected = "BEGIN:VCALENDAR\r\n\
            VERSION:2.0\r\n\
            PRODID:-//Commonshelf//Commonshelf//EN\r\n\
            BEGIN:VEVENT\r\n\
            UID:06060606060606060606060606060606@commonshelf\r\n\
            DTSTAMP:20260921T141320Z\r\n\
            SEQUENCE:0\r\n\
            DTSTART:20261231T235959Z\r\n\
            DTEND:20270101T001459Z\r\n\
            STATUS:CONFIRMED\r\n\
            SUMMARY:Kinderwagen von Ina abholen\r\n\
            LOCATION:Gartenstraße 7\\, im Hof\r\n\
            DESCRIPTION:Bitte klingeln\\;\\nder Hund bellt nur.\r\n\
            BEGIN:VALARM\r\n\
            ACTION:DISPLAY\r\n\
            TRIGGER:-PT1H\r\n\
            DESCRIPTION:Kinderwagen von Ina abholen\r\n\
            END:VALARM\r\n\
            END:VEVENT\r\n\
            END:VCALENDAR\r\n";
        assert_eq!(appointment().to_ics(), expected);
    }

    #[test]
    fn what_is_called_off_replaces_what_was_agreed_and_does_not_ring() {
        let cancelled = Appointment { cancelled: true, sequence: 1, ..appointment() };
        let properties = read(&cancelled.to_ics());
        assert_eq!(value(&properties, "UID"), value(&read(&appointment().to_ics()), "UID"));
        assert_eq!(value(&properties, "STATUS"), Some("CANCELLED"));
        assert_eq!(value(&properties, "SEQUENCE"), Some("1"));
        assert_eq!(value(&properties, "TRIGGER"), None);
    }

    #[test]
    fn what_is_not_said_is_left_out() {
        let bare = Appointment { place: String::new(), text: String::new(), ..appointment() };
        let properties = read(&bare.to_ics());
        assert_eq!(value(&properties, "LOCATION"), None);
        assert_eq!(properties.iter().filter(|(name, _)| name == "DESCRIPTION").count(), 1);
    }

    #[test]
    fn hostile_words_add_no_property() {
        for words in [
            "x\r\nATTENDEE:mailto:eve@example.org",
            "x\nEND:VEVENT\nBEGIN:VEVENT",
            "x\rATTACH:file:///etc/passwd",
            "x\u{2028}URL:http://example.org\u{85}X:y",
            "x\\\r\n ATTENDEE:y\\",
            "\u{feff}BEGIN:VALARM\0\u{202e}",
        ] {
            let texts = || words.to_owned();
            let hostile = Appointment { summary: texts(), place: texts(), text: texts(), ..appointment() };
            assert_eq!(names(&hostile.to_ics()), names(&appointment().to_ics()), "{words:?}");
        }
    }

    proptest! {
        #[test]
        fn words_come_back_as_they_were(
            summary in ".{0,40}|[\\\\;,:nN\\n]{0,200}",
            place in "[äß🧺\u{301}\\PC]{1,200}",
            text in "(\\PC|\n|\r|[;,\\\\]){0,400}",
        ) {
            let written = Appointment { summary, place, text, ..appointment() };
            let properties = read(&written.to_ics());
            let texts = [("SUMMARY", &written.summary), ("LOCATION", &written.place), ("DESCRIPTION", &written.text)];
            for (name, text) in texts {
                let found = value(&properties, name);
                // Without a text of its own, the first description is the alarm's.
                if !text.is_empty() {
                    let expected = tidy(text);
                    prop_assert_eq!(found, Some(expected.as_str()));
                }
            }
        }
    }
}
