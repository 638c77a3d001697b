//! CSV and TSV to a table.
//!
//! Which character separates the cells is found out from the header line: a spreadsheet set to
//! German writes semicolons, a copy out of one writes tabs.

use csv::{ReaderBuilder, StringRecord};
use record::tidy_line;

use super::table::Table;
use super::{ImportError, MAX_CELL, MAX_CELLS, MAX_COLUMNS, Options, names};

/// The separators that are tried, the usual one first.
const SEPARATORS: [u8; 3] = [b',', b';', b'\t'];

/// Separates nothing: for a plain list with a single column, whose texts may hold any of the others.
const NO_SEPARATOR: u8 = 0x1f;

/// More cells than this in a row are not even copied. (Spreadsheets write empty ones at the right,
/// hence more than there may be columns.)
const MOST_CELLS_OF_A_ROW: usize = 16 * MAX_COLUMNS;

/// The header is looked for in so many bytes at the beginning.
const LONGEST_HEADER: usize = 256 * 1024;

/// Reads a text with a header line and separated cells.
pub(super) fn table(text: &str, options: &Options) -> Result<Table, ImportError> {
    let (separator, start) = separator_line(text).unwrap_or_else(|| (separator(text, options), 0));
    // Why: the reader keeps eight bytes for each cell of a row, however long the row is.
    if text.bytes().filter(|byte| *byte == separator).count() >= MAX_CELLS {
        return Err(ImportError::TooLarge { what: "cells", most: MAX_CELLS });
    }
    let mut lines = Lines::new(text);
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(separator)
        .from_reader(&text.as_bytes()[start..]);
    let mut record = StringRecord::new();
    if !reader.read_record(&mut record).unwrap_or(false) {
        return Err(ImportError::Empty);
    }
    if record.len() > MOST_CELLS_OF_A_ROW {
        return Err(ImportError::TooLarge { what: "columns", most: MAX_COLUMNS });
    }
    if record.iter().any(|name| name.len() > MAX_CELL) {
        return Err(ImportError::TooLarge { what: "bytes in the name of a column", most: MAX_CELL });
    }
    let mut table = Table::with_columns(header(&record).into_iter())?;
    loop {
        let begin = start + offset(reader.position());
        match reader.read_record(&mut record) {
            Ok(true) => {}
            Ok(false) => return Ok(table),
            // The text is in memory and is UTF-8: nothing is left that could fail.
            Err(error) => {
                table.reject(lines.at(begin), format!("the row cannot be read: {error}"))?;
                return Ok(table);
            }
        }
        let end = start + offset(reader.position());
        // What lies between the end of a row and the next one's first character: blank lines.
        let raw = text.get(begin..end).unwrap_or_default().trim_start_matches(['\r', '\n']);
        let line = lines.at(end - raw.len());
        if end == text.len() && is_left_open(raw) {
            let swallowed = raw.trim_end().lines().count().saturating_sub(1);
            table.reject(
                line,
                format!(
                    "a quotation mark is opened here and never closed; the {swallowed} lines behind \
                     it, to the end of the file, could not be read either"
                ),
            )?;
            return Ok(table);
        }
        if record.len() > MOST_CELLS_OF_A_ROW {
            table.reject(line, format!("the row has {} cells", record.len()))?;
            continue;
        }
        table.add_row(line, record.iter().map(Box::from).collect())?;
    }
}

/// The names in a header line, tidy.
fn header(record: &StringRecord) -> Vec<String> {
    let mut names: Vec<String> = record.iter().map(tidy_line).collect();
    // Spreadsheets write separators for empty columns at the right.
    while names.len() > 1 && names.last().is_some_and(String::is_empty) {
        names.pop();
    }
    names
}

/// Whether the last row of a file runs over several lines into its end inside of quotation marks.
fn is_left_open(raw: &str) -> bool {
    raw.matches('"').count() % 2 == 1 && raw.trim_end().contains(['\n', '\r'])
}

/// The separator that makes the most of the header: the most columns whose names say something, then
/// the most columns.
fn separator(text: &str, options: &Options) -> u8 {
    let beginning = &text[..text.floor_char_boundary(LONGEST_HEADER)];
    let mut best = (NO_SEPARATOR, (0, 1));
    for separator in SEPARATORS {
        let mut record = StringRecord::new();
        let mut reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(separator)
            .from_reader(beginning.as_bytes());
        if !reader.read_record(&mut record).unwrap_or(false) {
            continue;
        }
        let splits = record.len() > 1;
        record.truncate(MAX_COLUMNS);
        let names = header(&record);
        let is_mapped = |name: &str| options.map.iter().any(|(_, column)| names::same(column, name));
        let known = names.iter().filter(|name| names::is_known(name) || is_mapped(name)).count();
        let score = (known, names.len());
        if splits && score > best.1 {
            best = (separator, score);
        }
    }
    best.0
}

/// The separator that a file names, and where its table begins: Excel may write a first line `sep=;`
/// that is no part of it.
fn separator_line(text: &str) -> Option<(u8, usize)> {
    let first = text.split_inclusive('\n').next()?;
    match first.trim_end_matches(['\r', '\n']).strip_prefix("sep=")?.as_bytes() {
        [separator @ (b',' | b';' | b'\t' | b'|')] => Some((*separator, first.len())),
        _ => None,
    }
}

fn offset(position: &csv::Position) -> usize {
    usize::try_from(position.byte()).unwrap_or(usize::MAX)
}

/// Says on which line a place in a text lies. Asked for places that only go forward, it reads the
/// text once.
#[derive(Debug)]
pub(super) struct Lines<'a> {
    text: &'a [u8],
    seen: usize,
    line: u64,
}

impl<'a> Lines<'a> {
    /// Lines of this text, the first being line 1.
    pub(super) fn new(text: &'a str) -> Self {
        Self { text: text.as_bytes(), seen: 0, line: 1 }
    }

    /// The line of the byte at `place`.
    pub(super) fn at(&mut self, place: usize) -> u64 {
        let place = place.min(self.text.len());
        while self.seen < place {
            let byte = self.text[self.seen];
            self.seen += 1;
            // "\r\n" is one line break, and so is a "\r" of its own (old Macs).
            let ends = byte == b'\n' || (byte == b'\r' && self.text.get(self.seen) != Some(&b'\n'));
            self.line += u64::from(ends);
        }
        self.line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Table {
        table(text, &Options::default()).unwrap()
    }

    fn rows(table: &Table) -> Vec<(u64, String)> {
        table
            .rows
            .iter()
            .map(|row| {
                let cells: Vec<&str> = (0..table.columns.len()).map(|at| row.cell(at)).collect();
                (row.line, cells.join("|"))
            })
            .collect()
    }

    #[test]
    fn commas_semicolons_and_tabs_are_told_apart_by_the_header() {
        for text in ["name,count\na,1\n", "name;count\na;1\n", "name\tcount\r\na\t1\r\n"] {
            assert_eq!(rows(&read(text)), [(2, "a|1".to_owned())], "{text:?}");
        }
        let mixed = read("Name;\"Größe (L,B,H,T)\";Anzahl\nBank;\"1,2\";3\n");
        assert_eq!(mixed.columns, ["Name", "Größe (L,B,H,T)", "Anzahl"]);
        let excel = read("sep=;\nName;Anzahl\na,b;1\n");
        assert_eq!(rows(&excel), [(3, "a,b|1".to_owned())]);
    }

    #[test]
    fn a_list_with_one_column_needs_no_separator() {
        let list = read("Titel\nBohrer, groß; neu\nLeiter\n");
        assert_eq!(rows(&list), [(2, "Bohrer, groß; neu".to_owned()), (3, "Leiter".to_owned())]);
    }

    #[test]
    fn a_row_is_on_the_line_where_it_begins() {
        let text = "name,text\r\na,\"one\r\ntwo \"\"quoted\"\"\"\r\n\r\n\r\nb,x\r\n,,\r\nc,y";
        let table = read(text);
        assert_eq!(
            rows(&table),
            [(2, "a|one\r\ntwo \"quoted\"".to_owned()), (6, "b|x".to_owned()), (8, "c|y".to_owned())]
        );
        let old_mac = read("name,text\ra,x\rb,y\r");
        assert_eq!(rows(&old_mac), [(2, "a|x".to_owned()), (3, "b|y".to_owned())]);
    }

    #[test]
    fn a_quotation_mark_that_is_never_closed_is_reported_on_its_line() {
        let table = read("name,text\na,x\nb,\"open\nc,y\nd,z\n");
        assert_eq!(table.rows.len(), 1);
        assert_eq!(table.rejected[0].line, 3);
        assert!(table.rejected[0].reason.contains("2 lines behind it"), "{:?}", table.rejected);
        // Inches in the last row are no quotation marks.
        assert_eq!(rows(&read("name,text\na,6\" pipe\n")), [(2, "a|6\" pipe".to_owned())]);
    }
}
