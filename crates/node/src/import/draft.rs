//! What a row says, ready to become a listing.

use std::fmt::Display;
use std::str::FromStr;

use record::{Cell, Language, Listing, Side, Terms, Timestamp};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A listing that nobody has signed yet. All texts are tidy and within a listing's bounds.
///
/// In JSON, side, terms and language are their words, the place is the H3 cell in hexadecimal, and
/// `until` is Unix time in milliseconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Draft {
    /// Offered or needed.
    #[serde(with = "word")]
    pub side: Side,
    /// Gift, loan, hours or pool.
    #[serde(with = "word")]
    pub terms: Terms,
    /// One line.
    pub title: String,
    /// More words; may be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
    /// A word for the kind of thing; may be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub category: String,
    /// The language of title and text, if known.
    #[serde(default, with = "optional_word", skip_serializing_if = "Option::is_none")]
    pub language: Option<Language>,
    /// How many there are.
    pub count: u32,
    /// Roughly where.
    #[serde(default, with = "optional_word", skip_serializing_if = "Option::is_none")]
    pub place: Option<Cell>,
    /// Until when it stands. Whether that has passed is for the caller to say, who has a clock.
    #[serde(default, with = "optional_millis", skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

impl Draft {
    /// The listing that this is, with all of it left.
    #[must_use]
    pub fn into_listing(self) -> Listing {
        let mut listing = Listing::new(self.side, &self.title);
        listing.terms = self.terms;
        listing.text = self.text;
        listing.category = self.category;
        listing.language = self.language;
        listing.count = self.count;
        listing.left = self.count;
        listing.cell = self.place;
        listing.until = self.until;
        listing
    }
}

/// For a type of `record` that has a word: the word.
mod word {
    use super::{Deserialize, Deserializer, Display, Error, FromStr, Serializer};

    pub(super) fn serialize<T: Display, S: Serializer>(value: &T, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(value)
    }

    pub(super) fn deserialize<'de, T, D>(from: D) -> Result<T, D::Error>
    where
        T: FromStr<Err: Display>,
        D: Deserializer<'de>,
    {
        String::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}

/// The same where there may be none.
mod optional_word {
    use super::{Deserialize, Deserializer, Display, Error, FromStr, Serializer};

    pub(super) fn serialize<T: Display, S: Serializer>(value: &Option<T>, to: S) -> Result<S::Ok, S::Error> {
        match value {
            Some(value) => to.collect_str(value),
            None => to.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, T, D>(from: D) -> Result<Option<T>, D::Error>
    where
        T: FromStr<Err: Display>,
        D: Deserializer<'de>,
    {
        let word = Option::<String>::deserialize(from)?;
        word.map(|word| word.parse().map_err(D::Error::custom)).transpose()
    }
}

/// A moment as its milliseconds, where there may be none.
mod optional_millis {
    use super::{Deserialize, Deserializer, Serializer, Timestamp};

    pub(super) fn serialize<S: Serializer>(value: &Option<Timestamp>, to: S) -> Result<S::Ok, S::Error> {
        match value {
            Some(moment) => to.serialize_u64(moment.millis()),
            None => to.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Timestamp>, D::Error> {
        Ok(Option::<u64>::deserialize(from)?.map(Timestamp::from_millis))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draft_survives_its_json() {
        let full = Draft {
            side: Side::Need,
            terms: Terms::Loan,
            title: "Leiter".to_owned(),
            text: "3 m".to_owned(),
            category: "Garten".to_owned(),
            language: "de".parse().ok(),
            count: 2,
            place: "49.0,8.4".parse().ok(),
            until: Some(Timestamp::from_millis(1_700_000_000_000)),
        };
        let json = serde_json::to_string(&full).unwrap();
        assert!(json.contains("\"terms\":\"loan\""), "{json}");
        assert_eq!(serde_json::from_str::<Draft>(&json).unwrap(), full);
        let bare = Draft {
            text: String::new(),
            category: String::new(),
            language: None,
            place: None,
            until: None,
            ..full
        };
        let json = serde_json::to_string(&bare).unwrap();
        assert_eq!(serde_json::from_str::<Draft>(&json).unwrap(), bare);
        assert_eq!(bare.into_listing().left, 2);
    }

    #[test]
    fn unknown_fields_and_words_are_refused() {
        let refused = |json: &str| serde_json::from_str::<Draft>(json).unwrap_err().to_string();
        let more = refused(r#"{"side":"need","terms":"gift","title":"a","count":1,"price":3}"#);
        assert!(more.contains("price"), "{more}");
        let sale = refused(r#"{"side":"need","terms":"sale","title":"a","count":1}"#);
        assert!(sale.contains("\"sale\" is no terms"), "{sale}");
    }
}
