//! The fields that a column can hold.

use std::fmt;
use std::str::FromStr;

/// A field of a listing that a column of a file can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    /// What names the row whenever the file is read again.
    Id,
    /// The title.
    Title,
    /// More words. Several columns may be put together.
    Text,
    /// The kind of thing.
    Category,
    /// Offer or need.
    Side,
    /// Gift, loan, hours or pool.
    Terms,
    /// How many there are.
    Count,
    /// The language of title and text.
    Language,
    /// `LAT,LON` in degrees, or an H3 cell.
    Place,
    /// Degrees north.
    Latitude,
    /// Degrees east.
    Longitude,
    /// Until when it stands.
    Until,
    /// What the file says of the row itself: one that is marked as deleted is not taken.
    Status,
}

/// A word of `--map` that names no [`Field`], or a mapping without `=`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FieldError {
    /// No field has this name.
    #[error("\"{0}\" is no field; the fields are {words}", words = Field::words())]
    Unknown(String),
    /// Not of the form `FIELD=COLUMN`.
    #[error(
        "\"{0}\" is no mapping: write FIELD=COLUMN, such as title=Name; the fields are {words}",
        words = Field::words()
    )]
    NoMapping(String),
}

impl Field {
    /// All of them.
    pub const ALL: &'static [Self] = &[
        Self::Id,
        Self::Title,
        Self::Text,
        Self::Category,
        Self::Side,
        Self::Terms,
        Self::Count,
        Self::Language,
        Self::Place,
        Self::Latitude,
        Self::Longitude,
        Self::Until,
        Self::Status,
    ];

    /// The word for it, as in `--map`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::Title => "title",
            Self::Text => "text",
            Self::Category => "category",
            Self::Side => "side",
            Self::Terms => "terms",
            Self::Count => "count",
            Self::Language => "language",
            Self::Place => "place",
            Self::Latitude => "latitude",
            Self::Longitude => "longitude",
            Self::Until => "until",
            Self::Status => "status",
        }
    }

    /// All words, for messages.
    fn words() -> String {
        let words: Vec<&str> = Self::ALL.iter().map(|field| field.word()).collect();
        words.join(", ")
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for Field {
    type Err = FieldError;

    fn from_str(word: &str) -> Result<Self, FieldError> {
        let wanted = word.trim().to_lowercase();
        Self::ALL
            .iter()
            .copied()
            .find(|field| field.word() == wanted)
            .ok_or_else(|| FieldError::Unknown(super::values::excerpt(word)))
    }
}

/// Reads a mapping as people write it after `--map`: `title=Name of thing`.
///
/// # Errors
/// A [`FieldError`] when there is no `=`, no column behind it, or no such field before it.
pub fn parse_mapping(mapping: &str) -> Result<(Field, String), FieldError> {
    match mapping.split_once('=') {
        Some((field, column)) if !column.trim().is_empty() => Ok((field.parse()?, column.trim().to_owned())),
        Some(_) | None => Err(FieldError::NoMapping(super::values::excerpt(mapping))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_word_names_its_field() {
        for field in Field::ALL {
            assert_eq!(field.word().parse(), Ok(*field));
        }
    }

    #[test]
    fn an_unknown_word_is_answered_with_the_possible_ones() {
        let refused = parse_mapping("tittle=Name").unwrap_err().to_string();
        assert!(refused.contains("\"tittle\" is no field"), "{refused}");
        assert!(refused.contains("id, title, text, category"), "{refused}");
        assert!(parse_mapping("title").unwrap_err().to_string().contains("FIELD=COLUMN"));
        assert!(parse_mapping("title= ").is_err());
    }

    #[test]
    fn a_column_may_have_blanks_and_equals_signs_in_its_name() {
        assert_eq!(parse_mapping("Title = Name (a=b) "), Ok((Field::Title, "Name (a=b)".to_owned())));
    }
}
