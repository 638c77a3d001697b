//! Listings out of spreadsheets: bytes in, rows out.
//!
//! A lending library, a give-away shop or a time bank already has its things in some table. This
//! module reads such a file as it is (CSV, TSV, JSON lines, a JSON array; see [`read`]), finds out
//! which column holds what, and hands back one [`Draft`] for each row that makes a listing, a
//! [`Rejected`] with the reason for each that does not, and notes on what it took a column for.
//! Nothing is cut, guessed at or dropped in silence.
//!
//! The steps, each in a file of its own: `decode` turns bytes into text, `delimited` or `json` text
//! into a `table`, `columns` says which column is which field (with `names` and `words`), `rows` turns
//! rows into drafts (with `values`, `dates`, `language`, `extras`, `repairs`), `identity` names them.
//!
//! **Invariant:** pure. No file, no clock, no randomness; the same bytes and options give the same
//! outcome, and a hostile file costs bounded time and memory and never panics.

mod columns;
mod dates;
mod decode;
mod delimited;
mod draft;
mod extras;
mod field;
mod identity;
mod json;
mod language;
mod names;
mod repairs;
mod rows;
mod table;
#[cfg(test)]
mod tests;
mod values;
mod words;

use record::{Hash, Language, Side, Terms};

pub(crate) use dates::{since as read_beginning, until as read_date};
pub use draft::Draft;
pub use field::{Field, FieldError, parse_mapping};
pub(crate) use language::guessed as guess_language;

/// The largest file that is read, in bytes.
pub const MAX_FILE: usize = 32 * 1024 * 1024;
/// The most rows of a file.
pub const MAX_ROWS: usize = 100_000;
/// The most columns of a file.
pub const MAX_COLUMNS: usize = 256;
/// The longest cell, in bytes.
pub const MAX_CELL: usize = 64 * 1024;
/// The most cells of a file; together with [`MAX_FILE`] it bounds the memory that a file costs.
pub const MAX_CELLS: usize = 4_000_000;

/// What the person who imports says about a file. What is said here holds for every row, whatever
/// the file says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    /// Which column holds a field (`--map title=Name`), where the column's own name does not tell.
    /// [`Field::Text`] may be given several times, each other field once.
    pub map: Vec<(Field, String)>,
    /// All rows are offers, or all are needs.
    pub side: Option<Side>,
    /// The terms of all rows.
    pub terms: Option<Terms>,
    /// The language of all rows.
    pub language: Option<Language>,
    /// The category of all rows.
    pub category: Option<String>,
    /// The file's name, a hint for its format (`.tsv`) and language (`items_de.csv`).
    pub file_name: Option<String>,
}

/// A row that makes a listing.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The line of the file on which the row begins, from 1.
    pub line: u64,
    /// What names this row whenever the file is read again. `key:…`: the key that one of our own
    /// exports gives; `id:…`: the file's id column; `row:…`: a digest of the row's content, where
    /// there is no id; `repeat N of …` for the N-th exact repeat of a row.
    pub source_key: String,
    /// What the row says.
    pub listing: Draft,
}

/// A row that makes no listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    /// The line of the file on which the row begins, from 1.
    pub line: u64,
    /// Why, as a sentence for the person who imports.
    pub reason: String,
}

/// What a file gave.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// Which table it is: the ids of its rows are unique in it alone.
    pub table: Hash,
    /// The rows that make listings, in the file's order.
    pub rows: Vec<Row>,
    /// The rows that do not, in the file's order.
    pub rejected: Vec<Rejected>,
    /// Which column became what, which were not used, what was guessed: sentences for people.
    pub notes: Vec<String>,
}

/// Why a file cannot be read at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// There is nothing in it.
    #[error("the file is empty")]
    Empty,
    /// It is no text.
    #[error("the file is no text: {0}")]
    NotText(&'static str),
    /// It is larger than an import may be.
    #[error("the file has more than {most} {what}: split it into smaller files")]
    TooLarge {
        /// Of what it has too many.
        what: &'static str,
        /// How many there may be.
        most: usize,
    },
    /// No column holds titles.
    #[error(
        "no column is known to hold the titles; the file has the columns {}. Say which one it is: \
         --map title=COLUMN", quoted(.columns)
    )]
    NoTitle {
        /// The columns that there are.
        columns: Vec<String>,
    },
    /// `--map` names a column that the file does not have.
    #[error("--map {field}={column}: the file has no such column; it has {}", quoted(.columns))]
    NoSuchColumn {
        /// The field that was to be mapped.
        field: Field,
        /// The column that was asked for.
        column: String,
        /// The columns that there are.
        columns: Vec<String>,
    },
    /// `--map` names two columns for a field that takes one.
    #[error("--map {0}=… is given twice; only \"text\" may be put together from several columns")]
    MappedTwice(Field),
}

/// Reads a file: CSV with commas, semicolons or tabs, TSV, JSON lines, or a JSON array of objects;
/// in UTF-8, UTF-16 with a byte order mark, or Windows-1252.
///
/// # Errors
/// An [`ImportError`] when the file as a whole cannot be read. A bad row is no error: it is
/// reported in [`Outcome::rejected`].
pub fn read(bytes: &[u8], options: &Options) -> Result<Outcome, ImportError> {
    if bytes.len() > MAX_FILE {
        return Err(ImportError::TooLarge { what: "MiB", most: MAX_FILE / (1024 * 1024) });
    }
    let mut notes = Vec::new();
    let text = decode::text(bytes, &mut notes)?;
    if text.trim().is_empty() {
        return Err(ImportError::Empty);
    }
    let table = if json::looks_like_it(&text, options.file_name.as_deref()) {
        json::table(&text)?
    } else {
        delimited::table(&text, options)?
    };
    // Why: the table holds a copy of what matters; a large file need not be in memory twice.
    drop(text);
    if table.columns.is_empty() {
        // An empty list, or JSON that holds no objects.
        return Ok(Outcome { table: Hash::of(&[]), rows: Vec::new(), rejected: table.rejected, notes });
    }
    let plan = columns::Plan::new(&table, options)?;
    Ok(rows::outcome(table, &plan, options, notes))
}

/// Names of columns, for an error message: quoted, and the first thirty only.
fn quoted(columns: &[String]) -> String {
    const SHOWN: usize = 30;
    let mut names: Vec<String> =
        columns.iter().take(SHOWN).map(|name| format!("\"{}\"", values::excerpt(name))).collect();
    if columns.len() > SHOWN {
        names.push(format!("and {} more", columns.len() - SHOWN));
    }
    if names.is_empty() { "no columns".to_owned() } else { names.join(", ") }
}
