//! What names a row, so that the same row gives the same listing whenever the file is read again.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use record::{Hash, tidy_line};

use super::names::fold;
use super::table::RawRow;

/// The rows that were named so far.
#[derive(Debug)]
pub(super) struct Identities {
    columns: Vec<String>,
    rows: BTreeMap<String, Seen>,
}

#[derive(Debug)]
struct Seen {
    line: u64,
    content: Hash,
    times: u32,
}

impl Identities {
    /// None yet, of a table with these columns.
    pub(super) fn new(columns: &[String]) -> Self {
        let columns = columns.iter().map(|name| fold(name)).collect();
        Self { columns, rows: BTreeMap::new() }
    }

    /// Names a row: by the id that the file gives it, else by its content. A row that repeats
    /// another one exactly gets a number; one that has another row's id and says something else is
    /// refused, since nobody can know which of the two is meant.
    pub(super) fn name(&mut self, row: &RawRow, id: Option<(&str, &str)>) -> Result<String, String> {
        let content = self.content(row);
        let key = match id {
            Some((kind, id)) => format!("{kind}:{}", tidy_line(id)),
            None => format!("row:{content}"),
        };
        match self.rows.entry(key) {
            Entry::Vacant(place) => {
                let key = place.key().clone();
                place.insert(Seen { line: row.line, content, times: 1 });
                Ok(key)
            }
            Entry::Occupied(mut place) if place.get().content == content => {
                place.get_mut().times += 1;
                Ok(format!("repeat {} of {}", place.get().times, place.key()))
            }
            Entry::Occupied(place) => Err(format!(
                "line {} has the same id, \"{}\", and says something else",
                place.get().line,
                super::values::excerpt(id.map_or("", |(_, id)| id))
            )),
        }
    }

    /// A digest of what a row says, whatever the order of the columns; empty cells say nothing.
    fn content(&self, row: &RawRow) -> Hash {
        let texts = (0..).map(|at| row.cell(at).trim());
        let mut cells: Vec<(&str, &str)> =
            self.columns.iter().map(String::as_str).zip(texts).filter(|(_, text)| !text.is_empty()).collect();
        cells.sort_unstable();
        let parts: Vec<&[u8]> =
            cells.iter().flat_map(|(name, text)| [name.as_bytes(), text.as_bytes()]).collect();
        Hash::derive("commonshelf/import/row/1", &parts)
    }
}
