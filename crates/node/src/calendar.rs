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
    /// The file, of type `text/calendar; charset=utf-8`. Whatever the texts hold, they stay within their properties.
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

/// Text as the value of a property (RFC 5545 §3.3.11), without characters that can not be seen: some readers take
/// more of them for a line's end than the line break.
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
