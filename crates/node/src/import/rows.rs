//! Rows of a table to drafts of listings, or to the reason why not.

use std::collections::BTreeMap;

use record::limits::MAX_BODY;
use record::{Cell, Hash, Language, Side, Terms};

use super::columns::{Plan, Shape};
use super::identity::Identities;
use super::names::fold;
use super::table::{RawRow, Table};
use super::values::{self, Count, excerpt};
use super::words::{self, Standing, says_nothing};
use super::{Draft, Field, Options, Outcome, Rejected, Row, dates, extras, language, repairs};

/// Bytes of a record's body that are none of title, text and category.
const REST_OF_BODY: usize = 256;

/// Turns a table into rows, rejections and notes.
pub(super) fn outcome(table: Table, plan: &Plan, options: &Options, mut notes: Vec<String>) -> Outcome {
    let mut reader = Reader::new(&table, plan, options);
    let mut identities = Identities::new(&table.columns);
    let mut rows = Vec::with_capacity(table.rows.len());
    let mut rejected = Vec::new();
    for raw in &table.rows {
        let named = reader.draft(raw).and_then(|listing| {
            let source_key = identities.name(raw, reader.id(raw))?;
            Ok(Row { line: raw.line, source_key, listing })
        });
        match named {
            Ok(row) => rows.push(row),
            Err(reason) => rejected.push(Rejected { line: raw.line, reason }),
        }
    }
    notes.extend(plan.notes(&table.columns));
    notes.extend(reader.notes());
    rejected.extend(table.rejected);
    rejected.sort_by_key(|row| row.line);
    if rows.is_empty() && rejected.is_empty() {
        notes.push("the file has no rows".to_owned());
    }
    Outcome { table: name_of(&table.columns, plan), rows, rejected, notes }
}

/// Tells tables with other columns apart, since each may number its things from 1. Rows without ids are
/// told apart by what they say.
fn name_of(columns: &[String], plan: &Plan) -> Hash {
    let mut names: Vec<String> = columns.iter().map(|name| fold(name)).collect();
    names.sort_unstable();
    names.retain(|_| plan.one(Field::Id).is_some());
    let names: Vec<&[u8]> = names.iter().map(String::as_bytes).collect();
    Hash::derive("commonshelf/import/table/1", &names)
}

/// Reads rows by a plan, and keeps count of what people should be told.
struct Reader<'a> {
    plan: &'a Plan,
    options: &'a Options,
    columns: &'a [String],
    language: Option<Language>,
    language_note: Option<String>,
    without_side: u64,
    not_counted: u64,
    unknown_languages: BTreeMap<String, u64>,
    other_standings: BTreeMap<String, u64>,
}

impl<'a> Reader<'a> {
    fn new(table: &'a Table, plan: &'a Plan, options: &'a Options) -> Self {
        let (language, language_note) = language::of_table(table, plan, options);
        Self {
            plan,
            options,
            columns: &table.columns,
            language,
            language_note,
            without_side: 0,
            not_counted: 0,
            unknown_languages: BTreeMap::new(),
            other_standings: BTreeMap::new(),
        }
    }

    /// What the row says.
    fn draft(&mut self, row: &RawRow) -> Result<Draft, String> {
        self.check_standing(row)?;
        let language = self.language(row);
        let title = self.title(row, language)?;
        let draft = Draft {
            side: self.side(row)?,
            terms: self.terms(row)?,
            text: self.text(row, &title),
            title,
            category: self.category(row),
            language,
            count: self.count(row)?,
            place: self.place(row)?,
            until: self.one(row, Field::Until).map(dates::until).transpose()?,
        };
        checked(draft)
    }

    /// What names the row in the file, if the file does.
    fn id<'r>(&self, row: &'r RawRow) -> Option<(&'static str, &'r str)> {
        let kind = match self.plan.shape {
            Shape::Export if !self.plan.is_mapped(Field::Id) => "key",
            Shape::Export | Shape::Things | Shape::Repairs | Shape::TimeBank => "id",
        };
        self.one(row, Field::Id).map(|id| (kind, id))
    }

    /// The text in a field's column, if it says something.
    fn one<'r>(&self, row: &'r RawRow, field: Field) -> Option<&'r str> {
        let text = row.cell(self.plan.one(field)?).trim();
        (!says_nothing(text)).then_some(text)
    }

    fn check_standing(&mut self, row: &RawRow) -> Result<(), String> {
        for at in self.plan.all(Field::Status) {
            let column = self.columns.get(*at).map_or("", String::as_str);
            let text = row.cell(*at);
            match words::standing(&fold(column), text) {
                Standing::Usual => {}
                Standing::Gone => {
                    return Err(format!(
                        "the file marks it as deleted or hidden: \"{}\" is \"{}\"",
                        excerpt(column),
                        excerpt(text)
                    ));
                }
                Standing::Other => tally(&mut self.other_standings, text),
            }
        }
        Ok(())
    }

    fn title(&self, row: &RawRow, language: Option<Language>) -> Result<String, String> {
        let title = self.plan.one(Field::Title).map_or("", |at| row.cell(at).trim());
        let is_dash = !title.chars().any(char::is_alphanumeric) && !words::has_symbol(title);
        if title.is_empty() || is_dash {
            return Err("the title is empty: a word or two are needed".to_owned());
        }
        if self.plan.shape != Shape::Repairs || self.plan.is_mapped(Field::Title) {
            return Ok(title.to_owned());
        }
        Ok(repairs::title(title, language))
    }

    fn side(&mut self, row: &RawRow) -> Result<Side, String> {
        if let Some(side) = self.options.side {
            return Ok(side);
        }
        match self.one(row, Field::Side) {
            Some(text) => words::side(text)
                .ok_or_else(|| format!("\"{}\" is neither an offer nor a need", excerpt(text))),
            None if self.plan.shape == Shape::Repairs => Ok(Side::Need),
            None => {
                self.without_side += 1;
                Ok(Side::Offer)
            }
        }
    }

    fn terms(&self, row: &RawRow) -> Result<Terms, String> {
        if let Some(terms) = self.options.terms {
            return Ok(terms);
        }
        match self.one(row, Field::Terms) {
            Some(text) => words::terms(text)
                .ok_or_else(|| format!("\"{}\" is none of gift, loan, hours and pool", excerpt(text))),
            None => Ok(self.usual_terms()),
        }
    }

    /// The terms where no cell names any.
    fn usual_terms(&self) -> Terms {
        match self.plan.shape {
            Shape::TimeBank => Terms::Hours,
            Shape::Things if self.plan.lending.is_some() => Terms::Loan,
            Shape::Things | Shape::Repairs | Shape::Export => Terms::Gift,
        }
    }

    fn text(&self, row: &RawRow, title: &str) -> String {
        let mut parts: Vec<String> = Vec::new();
        for at in self.plan.all(Field::Text) {
            let part = row.cell(*at).trim();
            if says_nothing(part) || part == title || parts.iter().any(|other| other == part) {
                continue;
            }
            let is_problem = self.plan.shape == Shape::Repairs;
            parts.push(if is_problem { repairs::tidy_problem(part) } else { part.to_owned() });
        }
        for at in &self.plan.extras {
            let column = self.columns.get(*at).map_or("", String::as_str);
            parts.extend(extras::line(column, row.cell(*at)));
        }
        parts.join("\n")
    }

    fn category(&self, row: &RawRow) -> String {
        match &self.options.category {
            Some(category) => category.clone(),
            None => self.one(row, Field::Category).unwrap_or_default().to_owned(),
        }
    }

    fn count(&mut self, row: &RawRow) -> Result<u32, String> {
        let counts = self.plan.all(Field::Count).iter().map(|at| values::count(row.cell(*at)));
        match values::total(counts)? {
            Count::Of(number) => Ok(number),
            Count::Empty => Ok(1),
            Count::Zero => {
                self.not_counted += 1;
                Ok(1)
            }
        }
    }

    fn language(&mut self, row: &RawRow) -> Option<Language> {
        if self.options.language.is_some() {
            return self.options.language;
        }
        let Some(text) = self.one(row, Field::Language) else {
            return self.language;
        };
        let named = language::named(text);
        if named.is_none() {
            tally(&mut self.unknown_languages, text);
        }
        named.or(self.language)
    }

    fn place(&self, row: &RawRow) -> Result<Option<Cell>, String> {
        let degrees = match (self.plan.one(Field::Latitude), self.plan.one(Field::Longitude)) {
            (None, None) => None,
            (latitude, longitude) => {
                let cell = |at: Option<usize>| at.map_or("", |at| row.cell(at));
                values::degrees(cell(latitude), cell(longitude))?
            }
        };
        match degrees {
            Some(cell) => Ok(Some(cell)),
            None => self.one(row, Field::Place).map_or(Ok(None), values::place),
        }
    }

    fn notes(self) -> Vec<String> {
        let mut notes = Vec::new();
        match self.plan.shape {
            Shape::Things => {}
            Shape::Repairs => notes.push(
                "the columns are those of Open Repair data: each row is a need, a thing to be mended"
                    .to_owned(),
            ),
            Shape::TimeBank => {
                notes.push("the columns are those of a time bank: the terms are hours".to_owned());
            }
            Shape::Export => notes.push("the file is an export of ours".to_owned()),
        }
        if self.without_side > 0 && self.plan.one(Field::Side).is_none() {
            notes.push("no column says offer or need: every row is an offer".to_owned());
        } else if self.without_side > 0 {
            notes.push(format!("{} rows do not say offer or need: they are offers", self.without_side));
        }
        let says_terms = self.options.terms.is_some() || self.plan.one(Field::Terms).is_some();
        if let (false, Shape::Things, Some(at)) = (says_terms, self.plan.shape, self.plan.lending) {
            let column = self.columns.get(at).map_or("", String::as_str);
            notes.push(format!("the terms are loan, since there is a column \"{}\"", excerpt(column)));
        }
        notes.extend(self.language_note);
        if self.not_counted > 0 {
            notes.push(format!(
                "a count of 0 was read as \"not counted\", and so as 1 ({} rows)",
                self.not_counted
            ));
        }
        if !self.other_standings.is_empty() {
            notes.push(format!("rows were taken whatever their status: {}", tallied(&self.other_standings)));
        }
        if !self.unknown_languages.is_empty() {
            notes.push(format!("these name no language known here: {}", tallied(&self.unknown_languages)));
        }
        notes
    }
}

/// Brings a draft's texts into the form that records hold, and checks every bound of a listing.
fn checked(draft: Draft) -> Result<Draft, String> {
    let (language, place, until) = (draft.language, draft.place, draft.until);
    let listing = draft.into_listing().checked().map_err(|error| error.to_string())?;
    let bytes = listing.title.len() + listing.text.len() + listing.category.len();
    if bytes > MAX_BODY - REST_OF_BODY {
        return Err(format!(
            "title, text and category have {bytes} bytes; at most {} fit into a record",
            MAX_BODY - REST_OF_BODY
        ));
    }
    Ok(Draft {
        side: listing.side,
        terms: listing.terms,
        title: listing.title,
        text: listing.text,
        category: listing.category,
        language,
        count: listing.count,
        place,
        until,
    })
}

/// Counts a text; at most a few dozen different ones.
fn tally(tallies: &mut BTreeMap<String, u64>, text: &str) {
    const DIFFERENT: usize = 20;
    let text = excerpt(text);
    if tallies.len() < DIFFERENT || tallies.contains_key(&text) {
        *tallies.entry(text).or_default() += 1;
    }
}

fn tallied(tallies: &BTreeMap<String, u64>) -> String {
    let words: Vec<String> = tallies.iter().map(|(text, times)| format!("\"{text}\" ({times})")).collect();
    words.join(", ")
}
