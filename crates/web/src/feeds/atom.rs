//! Atom (RFC 4287), as much of it as a feed here needs.

use std::fmt::Write as _;

use node::Timestamp;
use sha2::{Digest as _, Sha256};

use crate::access::hex;

/// A feed.
pub(super) struct Feed {
    pub(super) id: String,
    pub(super) title: String,
    /// Where the feed itself is.
    pub(super) own: String,
    /// Where people read the same.
    pub(super) page: String,
    pub(super) entries: Vec<Entry>,
}

/// One thing in it.
pub(super) struct Entry {
    pub(super) id: String,
    pub(super) title: String,
    /// Unix milliseconds.
    pub(super) updated: u64,
    pub(super) author: String,
    pub(super) page: String,
    pub(super) category: String,
    pub(super) summary: String,
    /// Where a photo of it is, a JPEG.
    pub(super) photo: Option<String>,
}

impl Feed {
    /// The feed as XML.
    pub(super) fn xml(&self) -> String {
        let mut out = String::from("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n");
        out.push_str("<feed xmlns=\"http://www.w3.org/2005/Atom\">\n");
        element(&mut out, "id", &self.id);
        element(&mut out, "title", &self.title);
        // A feed of nothing has never changed.
        let updated = self.entries.iter().map(|entry| entry.updated).max().unwrap_or(0);
        element(&mut out, "updated", &moment(updated));
        person(&mut out, "Commonshelf");
        link(&mut out, "self", "application/atom+xml", &self.own);
        link(&mut out, "alternate", "text/html", &self.page);
        element(&mut out, "generator", "Commonshelf");
        for entry in &self.entries {
            out.push_str("<entry>\n");
            element(&mut out, "id", &entry.id);
            element(&mut out, "title", &entry.title);
            element(&mut out, "updated", &moment(entry.updated));
            person(&mut out, &entry.author);
            link(&mut out, "alternate", "text/html", &entry.page);
            if let Some(photo) = &entry.photo {
                link(&mut out, "enclosure", "image/jpeg", photo);
            }
            if !entry.category.is_empty() {
                let _ = writeln!(out, "<category term=\"{}\"/>", escaped(&entry.category));
            }
            element(&mut out, "summary", &entry.summary);
            out.push_str("</entry>\n");
        }
        out.push_str("</feed>\n");
        out
    }
}

fn element(out: &mut String, name: &str, text: &str) {
    let _ = writeln!(out, "<{name}>{}</{name}>", escaped(text));
}

fn link(out: &mut String, relation: &str, kind: &str, place: &str) {
    let _ = writeln!(out, "<link rel=\"{relation}\" type=\"{kind}\" href=\"{}\"/>", escaped(place));
}

fn person(out: &mut String, name: &str) {
    let _ = writeln!(out, "<author><name>{}</name></author>", escaped(name));
}

/// Text for an element or an attribute; what XML 1.0 can not hold at all is left out.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\t' | '\n' => out.push(character),
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => {}
            _ => out.push(character),
        }
    }
    out
}

/// A moment as RFC 3339 has it, in UTC.
fn moment(millis: u64) -> String {
    // A year has four digits there.
    let millis = millis.min(253_402_300_799_999);
    let seconds = millis / 1_000 % 86_400;
    let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    let date = Timestamp::from_millis(millis).date();
    format!("{date}T{hours:02}:{minutes:02}:{seconds:02}.{:03}Z", millis % 1_000)
}

/// A name that follows from what it is for, the same on every day: a UUID of version 8 (RFC 9562).
pub(super) fn uuid(purpose: &str, parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    hash.update(b"commonshelf/feed/");
    for part in [purpose].iter().chain(parts) {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    let mut bytes: [u8; 32] = hash.finalize().into();
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = hex(&bytes[..16]);
    let (first, rest) = hex.split_at(8);
    let (second, rest) = rest.split_at(4);
    let (third, rest) = rest.split_at(4);
    let (fourth, fifth) = rest.split_at(4);
    format!("urn:uuid:{first}-{second}-{third}-{fourth}-{fifth}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped_and_what_xml_can_not_hold_is_left_out() {
        assert_eq!(
            escaped("<a href=\"x\">&'\u{0}\u{b}\u{fffe}ü\n"),
            "&lt;a href=&quot;x&quot;&gt;&amp;&#39;ü\n"
        );
    }

    #[test]
    fn a_moment_is_one_of_rfc_3339() {
        assert_eq!(moment(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(moment(1_790_000_000_007), "2026-09-21T14:13:20.007Z");
        assert_eq!(moment(u64::MAX), "9999-12-31T23:59:59.999Z");
    }

    #[test]
    fn a_name_is_a_uuid_that_stays() {
        let name = uuid("test", &["a", "b"]);
        assert_eq!(name, uuid("test", &["a", "b"]));
        assert_ne!(name, uuid("test", &["ab"]));
        let digits = name.strip_prefix("urn:uuid:").unwrap();
        assert_eq!((digits.len(), &digits[14..15]), (36, "8"));
        assert!(matches!(&digits[19..20], "8" | "9" | "a" | "b"));
    }
}
