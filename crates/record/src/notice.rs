//! The bodies of short public words: notices and comments.

use crate::body::{BodyError, Map};
use crate::cbor::Value;
use crate::fields::Fields;
use crate::header::Key;
use crate::keys::MemberId;
use crate::limits::{MAX_TEXT, MAX_TITLE};
use crate::listing::{Language, line_within, within};
use crate::text::{tidy, tidy_line};
use crate::time::Timestamp;

/// What a shop says for a while, such as "closed on Saturday": the body of a record of kind `notice`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// One line, 1 to 120 characters.
    pub title: String,
    /// More words, at most 2,000 characters; may be empty.
    pub text: String,
    /// Their language, if known.
    pub language: Option<Language>,
    /// Until when it holds, for people.
    pub until: Option<Timestamp>,
    /// Fields that this version does not know, carried as they are.
    pub other: Map,
}

/// What a member says about somebody's thing: the body of a record of kind `comment`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    /// Whose thing.
    pub author: MemberId,
    /// Which of that member's things.
    pub on: Key,
    /// The words, 1 to 2,000 characters.
    pub text: String,
    /// Fields that this version does not know, carried as they are.
    pub other: Map,
}

impl Notice {
    /// A notice of one line.
    ///
    /// # Errors
    /// A [`BodyError`] when the line is empty or too long.
    pub fn new(title: &str) -> Result<Self, BodyError> {
        let title = tidy_line(title);
        line_within("title", &title, 1, MAX_TITLE)?;
        Ok(Self { title, text: String::new(), language: None, until: None, other: Map::new() })
    }

    pub(crate) fn to_map(&self) -> Map {
        let mut fields = Fields::with(self.other.clone());
        fields.put_text("title", &self.title);
        fields.put_text_unless_empty("text", &self.text);
        if let Some(language) = self.language {
            fields.put_text("language", language.code());
        }
        if let Some(until) = self.until {
            fields.put_uint("until", until.millis());
        }
        fields.into_map()
    }

    pub(crate) fn from_map(map: Map) -> Result<Self, BodyError> {
        let mut fields = Fields::with(map);
        let title = fields.take_text("title")?;
        line_within("title", &title, 1, MAX_TITLE)?;
        let text = fields.take_optional_text("text")?.unwrap_or_default();
        within("text", &text, 0, MAX_TEXT)?;
        let language = fields.take_optional_text("language")?.map(|code| code.parse()).transpose()?;
        let until = fields.take_optional_uint("until")?.map(Timestamp::from_millis);
        Ok(Self { title, text, language, until, other: fields.into_map() })
    }
}

impl Comment {
    /// A comment on a member's thing.
    ///
    /// # Errors
    /// A [`BodyError`] when the text is empty or too long.
    pub fn new(author: MemberId, on: Key, text: &str) -> Result<Self, BodyError> {
        let text = tidy(text);
        within("text", &text, 1, MAX_TEXT)?;
        Ok(Self { author, on, text, other: Map::new() })
    }

    pub(crate) fn to_map(&self) -> Map {
        let mut fields = Fields::with(self.other.clone());
        fields.put("author", Value::Bytes(self.author.as_bytes().to_vec()));
        fields.put("on", Value::Bytes(self.on.as_bytes().to_vec()));
        fields.put_text("text", &self.text);
        fields.into_map()
    }

    pub(crate) fn from_map(map: Map) -> Result<Self, BodyError> {
        let mut fields = Fields::with(map);
        let author = fields.take_member("author")?;
        let on = Key::from_bytes(fields.take_bytes("on")?);
        let text = fields.take_text("text")?;
        within("text", &text, 1, MAX_TEXT)?;
        Ok(Self { author, on, text, other: fields.into_map() })
    }
}
