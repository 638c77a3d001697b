//! What every format is read into: named columns, and rows of texts with their line.

use super::{ImportError, MAX_CELL, MAX_CELLS, MAX_COLUMNS, MAX_ROWS, Rejected};

/// A file as a table.
#[derive(Debug, Default)]
pub(super) struct Table {
    /// The names of the columns as the file has them; a name that comes twice has a number behind.
    pub(super) columns: Vec<String>,
    /// The rows that have something in them.
    pub(super) rows: Vec<RawRow>,
    /// The rows that could not even be split into cells.
    pub(super) rejected: Vec<Rejected>,
    cells: usize,
}

/// One row of a table.
#[derive(Debug)]
pub(super) struct RawRow {
    /// The line on which it begins, from 1.
    pub(super) line: u64,
    /// Its cells, by column; those at the end may be missing.
    cells: Vec<Box<str>>,
}

impl RawRow {
    /// The text in a column; empty where there is none.
    pub(super) fn cell(&self, column: usize) -> &str {
        self.cells.get(column).map_or("", |cell| cell)
    }
}

impl Table {
    /// A table with these columns.
    pub(super) fn with_columns(names: impl Iterator<Item = String>) -> Result<Self, ImportError> {
        let mut table = Self::default();
        for name in names {
            table.add_column(name)?;
        }
        Ok(table)
    }

    /// Adds a column and says where it stands. A column without a name gets one from its place.
    pub(super) fn add_column(&mut self, name: String) -> Result<usize, ImportError> {
        if self.columns.len() >= MAX_COLUMNS {
            return Err(ImportError::TooLarge { what: "columns", most: MAX_COLUMNS });
        }
        let place = self.columns.len() + 1;
        let name = if name.trim().is_empty() { format!("column {place}") } else { name };
        let same = self.columns.iter().filter(|other| **other == name).count();
        self.columns.push(if same == 0 { name } else { format!("{name} ({place})") });
        Ok(place - 1)
    }

    /// Adds a row, or its rejection; a row with nothing in it is left out.
    pub(super) fn add_row(&mut self, line: u64, mut cells: Vec<Box<str>>) -> Result<(), ImportError> {
        while cells.last().is_some_and(|cell| cell.trim().is_empty()) {
            cells.pop();
        }
        if cells.is_empty() {
            return Ok(());
        }
        let long = cells.iter().map(|cell| cell.len()).find(|length| *length > MAX_CELL);
        if let Some(length) = long {
            return self.reject(
                line,
                format!(
                    "a cell of this row has {length} bytes; at most {MAX_CELL} fit. Is a quotation \
                     mark missing on this line?"
                ),
            );
        }
        if cells.len() > self.columns.len() {
            return self.reject(
                line,
                format!(
                    "the row has {} cells, and the header names {} columns: a separator inside of a \
                     text needs quotation marks around that text",
                    cells.len(),
                    self.columns.len()
                ),
            );
        }
        self.count_row()?;
        self.cells += cells.len();
        if self.cells > MAX_CELLS {
            return Err(ImportError::TooLarge { what: "cells", most: MAX_CELLS });
        }
        cells.shrink_to_fit();
        self.rows.push(RawRow { line, cells });
        Ok(())
    }

    /// Notes that a row cannot be read.
    pub(super) fn reject(&mut self, line: u64, reason: String) -> Result<(), ImportError> {
        self.count_row()?;
        self.rejected.push(Rejected { line, reason });
        Ok(())
    }

    fn count_row(&self) -> Result<(), ImportError> {
        if self.rows.len() + self.rejected.len() >= MAX_ROWS {
            return Err(ImportError::TooLarge { what: "rows", most: MAX_ROWS });
        }
        Ok(())
    }

    /// The texts of a column that say something.
    pub(super) fn values(&self, column: usize) -> impl Iterator<Item = &str> {
        self.rows
            .iter()
            .map(move |row| row.cell(column).trim())
            .filter(|value| !super::words::says_nothing(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(texts: &[&str]) -> Vec<Box<str>> {
        texts.iter().map(|text| Box::from(*text)).collect()
    }

    #[test]
    fn columns_without_a_name_or_with_the_same_one_can_be_told_apart() {
        let names = ["name", "", "name"].map(str::to_owned);
        let table = Table::with_columns(names.into_iter()).unwrap();
        assert_eq!(table.columns, ["name", "column 2", "name (3)"]);
    }

    #[test]
    fn a_row_of_blanks_is_none_and_one_with_too_many_cells_is_rejected() {
        let mut table = Table::with_columns(std::iter::once("name".to_owned())).unwrap();
        table.add_row(2, cells(&["", " "])).unwrap();
        table.add_row(3, cells(&["a", ""])).unwrap();
        table.add_row(4, cells(&["a", "b"])).unwrap();
        assert_eq!(table.rows.len(), 1);
        assert_eq!(table.rejected[0].line, 4);
        assert!(table.rejected[0].reason.contains("2 cells"));
    }

    #[test]
    fn a_table_is_bounded() {
        let names = (0..=MAX_COLUMNS).map(|column| column.to_string());
        assert!(matches!(Table::with_columns(names), Err(ImportError::TooLarge { .. })));
        let mut table = Table::with_columns(std::iter::once("name".to_owned())).unwrap();
        table.add_row(2, vec!["x".repeat(MAX_CELL + 1).into()]).unwrap();
        assert!(table.rows.is_empty());
        for line in 0..MAX_ROWS as u64 - 1 {
            table.add_row(line, cells(&["x"])).unwrap();
        }
        assert!(matches!(table.add_row(9, cells(&["x"])), Err(ImportError::TooLarge { .. })));
    }
}
