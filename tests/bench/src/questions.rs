//! Files of texts to match, and of what they are to be matched with.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use flate2::read::MultiGzDecoder;
use record::{Listing, Side};
use serde_json::Value;

use crate::Outcome;

/// The values of a file, one a line; unpacked if its name ends in `.gz`.
pub(crate) fn lines(file: &Path) -> Outcome<Vec<Value>> {
    let told = |error: &dyn std::fmt::Display| format!("{}: {error}", file.display());
    let opened = File::open(file).map_err(|error| told(&error))?;
    let reader: Box<dyn io::Read> = match file.extension() {
        Some(name) if name == "gz" => Box::new(MultiGzDecoder::new(BufReader::new(opened))),
        Some(_) | None => Box::new(opened),
    };
    let mut values = Vec::new();
    for line in BufReader::new(reader).lines() {
        let line = line.map_err(|error| told(&error))?;
        if !line.trim().is_empty() {
            values.push(serde_json::from_str(&line).map_err(|error| told(&error))?);
        }
    }
    Ok(values)
}

/// A field that is a text.
pub(crate) fn text<'v>(value: &'v Value, field: &str) -> Outcome<&'v str> {
    value.get(field).and_then(Value::as_str).ok_or_else(|| format!("no text {field} in {value}").into())
}

/// A listing whose title is the whole text, though a member's could not be so long.
pub(crate) fn listing(side: Side, value: &Value) -> Outcome<Listing> {
    let language = value.get("lang").and_then(Value::as_str).map(str::parse).transpose()?;
    Ok(Listing { language, ..Listing::new(side, text(value, "text")?) })
}
