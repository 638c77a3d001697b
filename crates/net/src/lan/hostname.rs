//! The names that a node may have on its network.

use std::fmt;
use std::str::FromStr;

/// How long one label of a name may be, in bytes (RFC 1035).
const LONGEST: usize = 63;

/// A name before `.local`: letters from a to z, digits and hyphens, 1 to 63 of them, no hyphen at either end
/// (RFC 1123).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostName(String);

/// Why a text is no such name, with one that is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` can't be a name on the network: it takes 1 to {LONGEST} of the letters a to z, digits and hyphens, \
     in lower case; how about `{proposal}`?"
)]
pub struct HostNameError {
    text: String,
    proposal: String,
}

impl HostName {
    /// The name as browsers use it: `gartenstrasse.local`.
    #[must_use]
    pub fn local(&self) -> String {
        format!("{}.local", self.0)
    }

    /// The name to take when this one and those before `number` are taken: `gartenstrasse-2`.
    pub(crate) fn numbered(&self, number: u32) -> Self {
        if number < 2 {
            return self.clone();
        }
        let end = format!("-{number}");
        let kept: String = self.0.chars().take(LONGEST.saturating_sub(end.len())).collect();
        Self(format!("{}{end}", kept.trim_end_matches('-')))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for HostName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for HostName {
    type Err = HostNameError;

    fn from_str(text: &str) -> Result<Self, HostNameError> {
        let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let ends = text.starts_with('-') || text.ends_with('-');
        if (1..=LONGEST).contains(&text.len()) && text.bytes().all(fits) && !ends {
            return Ok(Self(text.to_owned()));
        }
        let shown = text.chars().filter(|c| !c.is_control()).take(80).collect();
        Err(HostNameError { text: shown, proposal: proposal(text) })
    }
}

/// A name that is like this text and would do.
fn proposal(text: &str) -> String {
    let text = text.trim().to_lowercase();
    let text = text.strip_suffix(".local").unwrap_or(&text);
    let mut name = String::new();
    for letter in text.chars() {
        match letter {
            'a'..='z' | '0'..='9' => name.push(letter),
            'ä' | 'æ' => name.push_str("ae"),
            'ö' | 'ø' | 'œ' => name.push_str("oe"),
            'ü' => name.push_str("ue"),
            'ß' => name.push_str("ss"),
            'à' | 'á' | 'â' | 'ã' | 'å' => name.push('a'),
            'ç' => name.push('c'),
            'è' | 'é' | 'ê' | 'ë' => name.push('e'),
            'ì' | 'í' | 'î' | 'ï' => name.push('i'),
            'ñ' => name.push('n'),
            'ò' | 'ó' | 'ô' | 'õ' => name.push('o'),
            'ù' | 'ú' | 'û' => name.push('u'),
            _ if !name.is_empty() && !name.ends_with('-') => name.push('-'),
            _ => {}
        }
    }
    let name: String = name.chars().take(LONGEST).collect();
    let name = name.trim_matches('-');
    if name.is_empty() { "shelf".to_owned() } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_label_that_every_browser_takes() {
        for name in ["gartenstrasse", "a", "7", "shop-2", &"a".repeat(63)] {
            assert_eq!(name.parse::<HostName>().unwrap().as_str(), name);
        }
        for (text, proposal) in [
            ("Gartenstraße", "gartenstrasse"),
            ("gartenstrasse.local", "gartenstrasse"),
            ("Café Ägäis", "cafe-aegaeis"),
            ("-shop-", "shop"),
            ("two words", "two-words"),
            ("", "shelf"),
            ("магазин", "shelf"),
            (&"a".repeat(64), &"a".repeat(63)),
        ] {
            let error = text.parse::<HostName>().unwrap_err();
            assert!(error.to_string().contains(&format!("`{proposal}`?")), "{error}");
            assert!(proposal.parse::<HostName>().is_ok(), "{proposal}");
        }
    }

    #[test]
    fn a_number_is_added_to_a_name_of_any_length() {
        let name: HostName = "shop".parse().unwrap();
        assert_eq!(
            (name.numbered(1).local(), name.numbered(2).local()),
            ("shop.local".into(), "shop-2.local".into())
        );
        let long: HostName = "a".repeat(63).parse().unwrap();
        assert_eq!(long.numbered(12).as_str().len(), 63);
        assert!(long.numbered(12).as_str().parse::<HostName>().is_ok());
    }
}
