//! The body of a profile: who a member is.

use crate::body::{BodyError, Map};
use crate::cell::Cell;
use crate::fields::Fields;
use crate::limits::{MAX_NAME, MAX_TEXT, MAX_WORDS};
use crate::listing::{Language, line_within, within};
use crate::text::{tidy, tidy_line};

/// What a member says of itself: the body of a record of kind `profile`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// What people call the member, 1 to 80 characters.
    pub name: String,
    /// A few words, at most 2,000 characters; may be empty.
    pub text: String,
    /// The languages that the member speaks.
    pub languages: Vec<Language>,
    /// Roughly where the member is.
    pub cell: Option<Cell>,
    /// When the member can be met in an ordinary week, a line of at most 500 characters as `OpenStreetMap` writes
    /// `opening_hours` (<https://wiki.openstreetmap.org/wiki/Key:opening_hours>); may be empty.
    pub hours: String,
    /// Whether the member wants it shown what it gave and received, as published receipts add up.
    pub tally: bool,
    /// Fields that this version does not know, carried as they are.
    pub other: Map,
}

impl Profile {
    /// A profile with a name and nothing else.
    ///
    /// # Errors
    /// A [`BodyError`] when the name is empty or too long.
    pub fn named(name: &str) -> Result<Self, BodyError> {
        let profile = Self {
            name: name.to_owned(),
            text: String::new(),
            languages: Vec::new(),
            cell: None,
            hours: String::new(),
            tally: false,
            other: Map::new(),
        };
        profile.checked()
    }

    /// The same with its texts as writers write them.
    ///
    /// # Errors
    /// A [`BodyError`] that names the field which is out of bounds.
    pub fn checked(mut self) -> Result<Self, BodyError> {
        self.name = tidy_line(&self.name);
        self.text = tidy(&self.text);
        self.hours = tidy_line(&self.hours);
        line_within("name", &self.name, 1, MAX_NAME)?;
        within("text", &self.text, 0, MAX_TEXT)?;
        line_within("hours", &self.hours, 0, MAX_WORDS)?;
        Ok(self)
    }

    pub(crate) fn to_map(&self) -> Map {
        let mut fields = Fields::with(self.other.clone());
        fields.put_text("name", &self.name);
        fields.put_text_unless_empty("text", &self.text);
        let codes: Vec<String> = self.languages.iter().map(|language| language.code().to_owned()).collect();
        fields.put_texts_unless_empty("languages", &codes);
        if let Some(cell) = self.cell {
            fields.put_uint("cell", cell.index());
        }
        fields.put_text_unless_empty("hours", &self.hours);
        fields.put_flag("tally", self.tally);
        fields.into_map()
    }

    pub(crate) fn from_map(map: Map) -> Result<Self, BodyError> {
        let mut fields = Fields::with(map);
        let name = fields.take_text("name")?;
        line_within("name", &name, 1, MAX_NAME)?;
        let text = fields.take_optional_text("text")?.unwrap_or_default();
        within("text", &text, 0, MAX_TEXT)?;
        let languages =
            fields.take_texts("languages")?.iter().map(|code| code.parse()).collect::<Result<_, _>>()?;
        let cell = fields.take_optional_uint("cell")?.map(Cell::from_index).transpose()?;
        let hours = fields.take_optional_text("hours")?.unwrap_or_default();
        line_within("hours", &hours, 0, MAX_WORDS)?;
        let tally = fields.take_flag("tally")?;
        Ok(Self { name, text, languages, cell, hours, tally, other: fields.into_map() })
    }
}
