//! JSON lines, or a JSON array of objects, to a table.
//!
//! Values are read straight into texts, never into a tree: what a hostile file costs stays close to
//! its size. What lies deeper than a list of plain values is left out.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::error::Category;

use super::delimited::Lines;
use super::table::Table;
use super::{ImportError, MAX_CELL, MAX_COLUMNS, values};

/// The most values of a list that are put together into one text.
const MAX_LIST: usize = 64;

/// Whether a file is JSON, by its name or else by its first character.
pub(super) fn looks_like_it(text: &str, file_name: Option<&str>) -> bool {
    let ending = file_name.and_then(|name| name.rsplit_once('.')).map(|(_, ending)| ending);
    match ending.map(str::to_lowercase).as_deref() {
        Some("json" | "jsonl" | "ndjson") => true,
        Some("csv" | "tsv" | "tab") => false,
        Some(_) | None => text.trim_start().starts_with(['{', '[']),
    }
}

/// Reads objects; their keys become columns in the order in which they first come.
pub(super) fn table(text: &str) -> Result<Table, ImportError> {
    let mut rows = Rows { table: Table::default(), places: BTreeMap::new() };
    let body = text.trim_start();
    let begin = text.len() - body.len();
    if body.starts_with('[') {
        rows.read_stream(text, begin + 1, true)?;
    } else if runs_over_lines(body) {
        rows.read_stream(text, begin, false)?;
    } else {
        rows.read_lines(text)?;
    }
    Ok(rows.table)
}

/// Whether the first object is still open at the end of its line.
fn runs_over_lines(body: &str) -> bool {
    let first = body.lines().next().unwrap_or_default();
    matches!(serde_json::from_str::<Object>(first), Err(error) if error.is_eof())
}

/// A table that grows by objects.
struct Rows {
    table: Table,
    places: BTreeMap<String, usize>,
}

impl Rows {
    /// One object a line.
    fn read_lines(&mut self, text: &str) -> Result<(), ImportError> {
        for (line, row) in (1..).zip(text.lines()) {
            if row.trim().is_empty() {
                continue;
            }
            match serde_json::from_str(row) {
                Ok(object) => self.add(line, object)?,
                Err(error) => self.table.reject(line, unreadable(&error))?,
            }
        }
        Ok(())
    }

    /// Objects one after the other, with commas between them in an array.
    fn read_stream(&mut self, text: &str, begin: usize, array: bool) -> Result<(), ImportError> {
        let mut lines = Lines::new(text);
        let mut place = begin;
        loop {
            let rest = text.get(place..).unwrap_or_default();
            let next =
                rest.trim_start_matches(|found: char| found.is_ascii_whitespace() || (array && found == ','));
            if next.is_empty() || (array && next.starts_with(']')) {
                return Ok(());
            }
            place = text.len() - next.len();
            let line = lines.at(place);
            let mut objects = serde_json::Deserializer::from_str(next).into_iter::<Object>();
            match objects.next() {
                Some(Ok(object)) => {
                    place += objects.byte_offset().max(1);
                    self.add(line, object)?;
                }
                Some(Err(error)) => {
                    let mut values = serde_json::Deserializer::from_str(next).into_iter::<IgnoredAny>();
                    // A value that is well-formed and no object of ours can be stepped over.
                    if error.classify() == Category::Data && matches!(values.next(), Some(Ok(_))) {
                        place += values.byte_offset().max(1);
                        self.table.reject(line, unreadable(&error))?;
                    } else {
                        let reason = format!("{}; nothing behind it could be read", unreadable(&error));
                        return self.table.reject(line, reason);
                    }
                }
                None => return Ok(()),
            }
        }
    }

    fn add(&mut self, line: u64, object: Object) -> Result<(), ImportError> {
        let mut cells: Vec<Box<str>> = Vec::new();
        for (key, value) in object.0 {
            let at = match self.places.get(&key) {
                Some(at) => *at,
                None => {
                    let at = self.table.add_column(key.clone())?;
                    self.places.insert(key, at);
                    at
                }
            };
            if cells.len() <= at {
                cells.resize(at + 1, Box::default());
            }
            cells[at] = value.into();
        }
        self.table.add_row(line, cells)
    }
}

fn unreadable(error: &serde_json::Error) -> String {
    // The place in the error counts from the object's own beginning, and would mislead.
    let error = error.to_string();
    let what = error.split(" at line ").next().unwrap_or_default();
    format!("this is no JSON object that can be read: {}", values::excerpt(what))
}

/// An object as pairs of key and text.
struct Object(Vec<(String, String)>);

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Pairs;

        impl<'de> Visitor<'de> for Pairs {
            type Value = Object;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
                let mut pairs = Vec::new();
                while let Some((key, Text(value))) = map.next_entry::<String, Text>()? {
                    if pairs.len() >= MAX_COLUMNS {
                        return Err(A::Error::custom(format!("more than {MAX_COLUMNS} fields")));
                    }
                    pairs.push((key, value));
                }
                Ok(Object(pairs))
            }
        }

        from.deserialize_map(Pairs)
    }
}

/// Any value as text: nothing for null and for what lies deeper, a list's plain values with commas.
struct Text(String);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(AsText { in_list: false }).map(Text)
    }
}

/// A value inside of a list: lists and objects in there are left out.
struct Element(String);

impl<'de> Deserialize<'de> for Element {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(AsText { in_list: true }).map(Element)
    }
}

struct AsText {
    in_list: bool,
}

impl<'de> Visitor<'de> for AsText {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<String, E> {
        Ok(value.to_owned())
    }

    fn visit_string<E: Error>(self, value: String) -> Result<String, E> {
        Ok(value)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<String, E> {
        Ok(value.to_string())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<String, E> {
        Ok(value.to_string())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<String, E> {
        Ok(value.to_string())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<String, E> {
        Ok(value.to_string())
    }

    fn visit_unit<E: Error>(self) -> Result<String, E> {
        Ok(String::new())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<String, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(String::new())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<String, A::Error> {
        let mut text = String::new();
        if !self.in_list {
            for _ in 0..MAX_LIST {
                let Some(Element(value)) = list.next_element()? else {
                    return Ok(text);
                };
                if value.is_empty() || text.len() > MAX_CELL {
                    continue;
                }
                if !text.is_empty() {
                    text.push_str(", ");
                }
                text.push_str(&value);
            }
        }
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(table: &Table) -> Vec<(u64, Vec<&str>)> {
        let columns = 0..table.columns.len();
        let cells = |row: &'_ super::super::table::RawRow| row.line;
        table.rows.iter().map(|row| (cells(row), columns.clone().map(|at| row.cell(at)).collect())).collect()
    }

    #[test]
    fn lines_and_arrays_give_the_same_rows() {
        let lines = table("{\"title\":\"a\",\"count\":2}\n\n{\"count\":null,\"title\":\"b\"}\n").unwrap();
        assert_eq!(lines.columns, ["title", "count"]);
        assert_eq!(texts(&lines), [(1, vec!["a", "2"]), (3, vec!["b", ""])]);
        let array = table(" [\n{\"title\":\"a\",\"count\":2},\n\n{\"count\":null,\"title\":\"b\"}]").unwrap();
        assert_eq!(texts(&array), [(2, vec!["a", "2"]), (4, vec!["b", ""])]);
        let spread = table("{\n\"title\": \"a\",\n\"count\": 2\n}\n{\"title\":\"b\"}").unwrap();
        assert_eq!(texts(&spread), [(1, vec!["a", "2"]), (5, vec!["b", ""])]);
    }

    #[test]
    fn lists_become_texts_and_deeper_things_are_left_out() {
        let read =
            table(r#"{"title":"a","tags":["x",1,[2],{"y":3},true],"geo":{"lat":1},"size":1.5}"#).unwrap();
        assert_eq!(texts(&read), [(1, vec!["a", "x, 1, true", "", "1.5"])]);
    }

    #[test]
    fn a_bad_line_is_rejected_and_the_next_one_is_read() {
        let read = table("{\"title\":\"a\"}\n{\"title\":\n[1]\n{\"title\":\"b\"}").unwrap();
        assert_eq!(texts(&read), [(1, vec!["a"]), (4, vec!["b"])]);
        assert_eq!(read.rejected.iter().map(|row| row.line).collect::<Vec<_>>(), [2, 3]);
        let array =
            table("[{\"title\":\"a\"},\n7,\n{\"title\":\"b\"},\n{\"title\" \"c\"},\n{\"title\":\"d\"}]")
                .unwrap();
        assert_eq!(texts(&array), [(1, vec!["a"]), (3, vec!["b"])]);
        assert_eq!(array.rejected.iter().map(|row| row.line).collect::<Vec<_>>(), [2, 4]);
        assert!(array.rejected[1].reason.contains("nothing behind it"));
    }

    #[test]
    fn nesting_without_end_is_refused_in_bounded_time_and_stack() {
        let deep = "{\"a\":".repeat(1_000_000);
        assert_eq!(table(&deep).unwrap().rejected.len(), 1);
        assert_eq!(table(&"[".repeat(1_000_000)).unwrap().rejected.len(), 1);
    }

    #[test]
    fn the_format_is_told_by_the_name_or_the_first_character() {
        assert!(looks_like_it("  {", None));
        assert!(looks_like_it("[", Some("things")));
        assert!(looks_like_it("x", Some("things.JSONL")));
        assert!(!looks_like_it("[id],name", Some("things.csv")));
        assert!(!looks_like_it("name", None));
    }
}
