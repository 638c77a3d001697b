//! The body of a charter: a circle's name and rules.

use crate::body::{BodyError, Fields, Map};
use crate::cbor::Value;
use crate::cell::Cell;
use crate::keys::MemberId;
use crate::limits::MAX_NAME;
use crate::listing::{Language, Terms, within, words};
use crate::text::tidy_line;

words! {
    /// Who may write into a circle.
    WritePolicy, "way to become a member" {
        /// Anybody; who is no steward counts as a stranger.
        Open = "open",
    }
}

words! {
    /// Who may read a circle.
    ReadPolicy, "kind of reader" {
        /// Anybody.
        Anyone = "anyone",
    }
}

/// How many slots a circle keeps: numbers that all its nodes must share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quotas {
    /// The newest slots of one author in class `control`.
    pub control: u32,
    /// The newest slots of one author in class `content`.
    pub content: u32,
    /// The newest slots of one author in each other class.
    pub rest: u32,
    /// The newest slots of all strangers together in a class.
    pub strangers: u32,
}

impl Default for Quotas {
    /// Room for a large shop, and for a town of small ones.
    fn default() -> Self {
        Self { control: 64, content: 2_000, rest: 1_000, strangers: 20_000 }
    }
}

/// A circle's name and rules: the body of a record of kind `charter`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Charter {
    /// What people call it, 1 to 80 characters.
    pub name: String,
    /// Roughly where it is.
    pub cell: Option<Cell>,
    /// The languages of its people, the first one first.
    pub languages: Vec<Language>,
    /// The forms of exchange that it wants.
    pub forms: Vec<Terms>,
    /// How much it keeps.
    pub quotas: Quotas,
    /// Whom it trusts with its rules; at least one.
    pub stewards: Vec<MemberId>,
    /// Who may write.
    pub write: WritePolicy,
    /// Who may read.
    pub read: ReadPolicy,
    /// Fields that this version does not know, carried as they are.
    pub other: Map,
}

impl Charter {
    /// The charter of an open circle of gifts and loans with one steward.
    ///
    /// # Errors
    /// A [`BodyError`] when the name is empty or too long.
    pub fn founding(name: &str, steward: MemberId) -> Result<Self, BodyError> {
        let name = tidy_line(name);
        within("name", &name, 1, MAX_NAME)?;
        Ok(Self {
            name,
            cell: None,
            languages: Vec::new(),
            forms: vec![Terms::Gift, Terms::Loan],
            quotas: Quotas::default(),
            stewards: vec![steward],
            write: WritePolicy::Open,
            read: ReadPolicy::Anyone,
            other: Map::new(),
        })
    }

    pub(crate) fn to_map(&self) -> Map {
        let mut fields = Fields::with(self.other.clone());
        fields.put_text("name", &self.name);
        if let Some(cell) = self.cell {
            fields.put_uint("cell", cell.index());
        }
        let words = |words: Vec<&str>| words.into_iter().map(str::to_owned).collect::<Vec<_>>();
        fields
            .put_texts_unless_empty("languages", &words(self.languages.iter().map(Language::code).collect()));
        fields.put_texts_unless_empty("forms", &words(self.forms.iter().map(|form| form.word()).collect()));
        let mut quotas = Fields::with(Map::new());
        quotas.put_uint("control", self.quotas.control.into());
        quotas.put_uint("content", self.quotas.content.into());
        quotas.put_uint("rest", self.quotas.rest.into());
        quotas.put_uint("strangers", self.quotas.strangers.into());
        fields.put("quotas", Value::Map(quotas.into_map()));
        let stewards = self.stewards.iter().map(|member| Value::Bytes(member.as_bytes().to_vec()));
        fields.put("stewards", Value::List(stewards.collect()));
        fields.put_text("write", self.write.word());
        fields.put_text("read", self.read.word());
        fields.into_map()
    }

    pub(crate) fn from_map(map: Map) -> Result<Self, BodyError> {
        let mut fields = Fields::with(map);
        let name = fields.take_text("name")?;
        within("name", &name, 1, MAX_NAME)?;
        let cell = fields.take_optional_uint("cell")?.map(Cell::from_index).transpose()?;
        let languages = parse_all(&fields.take_texts("languages")?)?;
        let forms = parse_all(&fields.take_texts("forms")?)?;
        let Some(Value::Map(quotas)) = fields.take("quotas") else {
            return Err(BodyError::WrongType("quotas"));
        };
        let mut numbers = Fields::with(quotas);
        let quotas = Quotas {
            control: numbers.take_u32("control")?,
            content: numbers.take_u32("content")?,
            rest: numbers.take_u32("rest")?,
            strangers: numbers.take_u32("strangers")?,
        };
        if !numbers.into_map().is_empty() {
            return Err(BodyError::WrongType("quotas"));
        }
        let stewards = fields.take_list("stewards", |item| match item {
            Value::Bytes(bytes) => MemberId::from_bytes(bytes.try_into().ok()?).ok(),
            Value::Null
            | Value::Bool(_)
            | Value::Uint(_)
            | Value::Negative(_)
            | Value::Text(_)
            | Value::List(_)
            | Value::Map(_) => None,
        })?;
        if stewards.is_empty() {
            return Err(BodyError::Empty("list of stewards"));
        }
        let write = fields.take_text("write")?.parse()?;
        let read = fields.take_text("read")?.parse()?;
        Ok(Self { name, cell, languages, forms, quotas, stewards, write, read, other: fields.into_map() })
    }
}

fn parse_all<T: std::str::FromStr<Err = BodyError>>(words: &[String]) -> Result<Vec<T>, BodyError> {
    words.iter().map(|word| word.parse()).collect()
}
