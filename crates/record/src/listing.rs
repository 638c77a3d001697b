//! The body of a listing: what a member offers or needs.

use std::fmt;
use std::str::FromStr;

use crate::body::{BodyError, Map};
use crate::cbor::Value;
use crate::cell::Cell;
use crate::draw::Draw;
use crate::fields::Fields;
use crate::limits::{MAX_BODY, MAX_CATEGORY, MAX_COUNT, MAX_GRAMS, MAX_KIND, MAX_TEXT, MAX_TITLE};
use crate::photo::Photo;
use crate::text::{is_unseen, tidy, tidy_line};
use crate::time::Timestamp;

/// Makes an enum of words: each variant has one spelling, used in records, JSON and commands.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident, $what:literal { $($(#[$doc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$doc])* $variant),+ }

        impl $name {
            /// All of them, in their usual order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word that stands for it in records, JSON and commands.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result { f.write_str(self.word()) }
        }

        impl ::std::str::FromStr for $name {
            type Err = $crate::BodyError;

            fn from_str(word: &str) -> Result<Self, $crate::BodyError> {
                match word {
                    $($word => Ok(Self::$variant),)+
                    _ => Err($crate::BodyError::UnknownWord { what: $what, word: word.chars().take(40).collect() }),
                }
            }
        }
    };
}
pub(crate) use words;

words! {
    /// Whether a member has a thing or looks for it.
    Side, "side" {
        /// The member has it.
        Offer = "offer",
        /// The member looks for it.
        Need = "need",
    }
}

impl Side {
    /// The side that answers this one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Offer => Self::Need,
            Self::Need => Self::Offer,
        }
    }
}

words! {
    /// On what terms a thing changes hands.
    Terms, "terms" {
        /// For good, for nothing.
        Gift = "gift",
        /// To be brought back.
        Loan = "loan",
        /// For hours of a time bank.
        Hours = "hours",
        /// A share of a common order.
        Pool = "pool",
    }
}

words! {
    /// How the lister decides who gets a thing for which several ask.
    Decide, "way to decide" {
        /// The lister looks who asks, and chooses.
        Choose = "choose",
        /// Who asked first comes first.
        Queue = "queue",
        /// Chance decides, so that anybody can check it.
        Draw = "draw",
    }
}

/// The language of a listing: an ISO 639-1 code of two lower-case letters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Language([u8; 2]);

impl Language {
    /// The code, such as `de`.
    #[must_use]
    pub fn code(&self) -> &str {
        // Why: only ASCII letters pass `from_str`, the one constructor.
        std::str::from_utf8(&self.0).unwrap_or("en")
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Language({self})")
    }
}

impl FromStr for Language {
    type Err = BodyError;

    fn from_str(code: &str) -> Result<Self, BodyError> {
        match code.as_bytes() {
            [first @ b'a'..=b'z', second @ b'a'..=b'z'] => Ok(Self([*first, *second])),
            _ => Err(BodyError::UnknownWord { what: "language", word: code.chars().take(40).collect() }),
        }
    }
}

/// What a member offers or needs: the body of a record of kind `listing`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// Offered or needed.
    pub side: Side,
    /// Gift, loan, hours or pool.
    pub terms: Terms,
    /// One line, 1 to 120 characters.
    pub title: String,
    /// More words, at most 2,000 characters; may be empty.
    pub text: String,
    /// A word for the kind of thing, at most 60 characters; may be empty.
    pub category: String,
    /// The language of title and text, if known.
    pub language: Option<Language>,
    /// How many there are, 1 to 100,000.
    pub count: u32,
    /// How many are left, at most `count`.
    pub left: u32,
    /// What one of them weighs in grams, 1 to 10,000,000, if known.
    pub grams: Option<u32>,
    /// How the lister decides who gets it.
    pub decide: Decide,
    /// With `decide` draw, and only then: what the lister is bound to, and what came out.
    pub draw: Option<Draw>,
    /// Roughly where.
    pub cell: Option<Cell>,
    /// Until when it stands, for people ("until Friday"); the record itself lives by its class.
    pub until: Option<Timestamp>,
    /// Features that a reader must know to act on it, words of at most 32 characters; whoever lacks one
    /// shows it only.
    pub needs: Vec<String>,
    /// At most four.
    pub photos: Vec<Photo>,
    /// Fields that this version does not know, carried as they are.
    pub other: Map,
}

impl Listing {
    /// A listing of one thing with a title and nothing else.
    #[must_use]
    pub fn new(side: Side, title: &str) -> Self {
        Self {
            side,
            terms: Terms::Gift,
            title: title.to_owned(),
            text: String::new(),
            category: String::new(),
            language: None,
            count: 1,
            left: 1,
            grams: None,
            decide: Decide::Choose,
            draw: None,
            cell: None,
            until: None,
            needs: Vec::new(),
            photos: Vec::new(),
            other: Map::new(),
        }
    }

    /// Brings all text into its tidy form and checks every bound; what is to be drawn leaves room for the
    /// result.
    ///
    /// # Errors
    /// A [`BodyError`] that names the field and what it may hold.
    pub fn checked(mut self) -> Result<Self, BodyError> {
        self.title = tidy_line(&self.title);
        self.text = tidy(&self.text);
        self.category = tidy_line(&self.category);
        self.photos = self.photos.iter().map(Photo::tidied).collect();
        self.check()?;
        if let Some(Draw { result: None, .. }) = &self.draw {
            let size = Value::Map(self.to_map()).encode().len().saturating_add(Draw::ROOM);
            match size.saturating_sub(MAX_BODY) {
                0 => {}
                over => return Err(BodyError::NoRoomForDraw(over)),
            }
        }
        Ok(self)
    }

    fn check(&self) -> Result<(), BodyError> {
        line_within("title", &self.title, 1, MAX_TITLE)?;
        within("text", &self.text, 0, MAX_TEXT)?;
        line_within("category", &self.category, 0, MAX_CATEGORY)?;
        for feature in &self.needs {
            line_within("needs", feature, 1, MAX_KIND)?;
        }
        Photo::check_all(&self.photos)?;
        between("count", self.count, 1, MAX_COUNT)?;
        between("left", self.left, 0, self.count)?;
        if let Some(grams) = self.grams {
            between("grams", grams, 1, MAX_GRAMS)?;
        }
        match (self.decide, &self.draw) {
            (Decide::Draw, Some(draw)) => draw.check(),
            (Decide::Draw, None) => Err(BodyError::Missing("draw")),
            (Decide::Choose | Decide::Queue, Some(_)) => Err(BodyError::WrongType("draw")),
            (Decide::Choose | Decide::Queue, None) => Ok(()),
        }
    }

    /// What so many of them weigh together in grams; 0 if nobody knows.
    #[must_use]
    pub fn weight_of(&self, count: u32) -> u32 {
        self.grams.unwrap_or(0).saturating_mul(count)
    }

    /// The fields as a map, ready for canonical bytes.
    pub(crate) fn to_map(&self) -> Map {
        let mut fields = Fields::with(self.other.clone());
        fields.put_text("side", self.side.word());
        fields.put_text("terms", self.terms.word());
        fields.put_text("title", &self.title);
        fields.put_text_unless_empty("text", &self.text);
        fields.put_text_unless_empty("category", &self.category);
        if let Some(language) = self.language {
            fields.put_text("language", language.code());
        }
        fields.put_uint("count", self.count.into());
        if self.left != self.count {
            fields.put_uint("left", self.left.into());
        }
        if let Some(grams) = self.grams {
            fields.put_uint("grams", grams.into());
        }
        if self.decide != Decide::Choose {
            fields.put_text("decide", self.decide.word());
        }
        if let Some(draw) = &self.draw {
            draw.put(&mut fields);
        }
        if let Some(cell) = self.cell {
            fields.put_uint("cell", cell.index());
        }
        if let Some(until) = self.until {
            fields.put_uint("until", until.millis());
        }
        fields.put_texts_unless_empty("needs", &self.needs);
        Photo::put_all(&self.photos, &mut fields);
        fields.into_map()
    }

    /// Reads a body of kind `listing`; unknown fields go to `other`.
    ///
    /// # Errors
    /// A [`BodyError`] when a known field is missing, of another type, or out of bounds.
    pub(crate) fn from_map(map: Map) -> Result<Self, BodyError> {
        let mut fields = Fields::with(map);
        let side = fields.take_text("side")?.parse()?;
        let terms = fields.take_text("terms")?.parse()?;
        let title = fields.take_text("title")?;
        let text = fields.take_optional_text("text")?.unwrap_or_default();
        let category = fields.take_optional_text("category")?.unwrap_or_default();
        let language = fields.take_optional_text("language")?.map(|code| code.parse()).transpose()?;
        let count = fields.take_u32("count")?;
        let left = fields.take_optional_u32("left")?.unwrap_or(count);
        let grams = fields.take_optional_u32("grams")?;
        let decide = fields.take_optional_text("decide")?.map(|word| word.parse()).transpose()?;
        let draw = Draw::take(&mut fields)?;
        let cell = fields
            .take_optional_uint("cell")?
            .map(|index| Cell::from_index(index).map_err(BodyError::Place))
            .transpose()?;
        let until = fields.take_optional_uint("until")?.map(Timestamp::from_millis);
        let needs = fields.take_texts("needs")?;
        let photos = Photo::take_all(&mut fields)?;
        let listing = Self {
            side,
            terms,
            title,
            text,
            category,
            language,
            count,
            left,
            grams,
            decide: decide.unwrap_or(Decide::Choose),
            draw,
            cell,
            until,
            needs,
            photos,
            other: fields.into_map(),
        };
        listing.check()?;
        Ok(listing)
    }
}

/// Checks that a number is within its bounds.
pub(crate) fn between(field: &'static str, number: u32, least: u32, most: u32) -> Result<(), BodyError> {
    if (least..=most).contains(&number) {
        return Ok(());
    }
    Err(BodyError::OutOfRange { field, given: number.to_string(), least: least.into(), most: most.into() })
}

/// Checks the length of a line in characters, and that no character of it breaks or hides.
pub(crate) fn line_within(
    field: &'static str,
    line: &str,
    least: usize,
    most: usize,
) -> Result<(), BodyError> {
    if line.contains('\n') { Err(BodyError::Unseen(field)) } else { within(field, line, least, most) }
}

/// Checks the length of a text in characters, and that all but its line breaks can be seen.
pub(crate) fn within(field: &'static str, text: &str, least: usize, most: usize) -> Result<(), BodyError> {
    let length = text.chars().count();
    if length < least {
        return Err(BodyError::Empty(field));
    }
    if length > most {
        return Err(BodyError::TooLong { field, length, most });
    }
    if text.chars().any(|character| character != '\n' && is_unseen(character)) {
        return Err(BodyError::Unseen(field));
    }
    Ok(())
}
