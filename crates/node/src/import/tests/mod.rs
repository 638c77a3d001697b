//! The import as a whole.

mod hostile;
mod rules;
mod shipped;

use super::*;

fn named(bytes: &[u8], file_name: &str) -> Outcome {
    let options = Options { file_name: Some(file_name.to_owned()), ..Options::default() };
    read(bytes, &options).unwrap()
}

fn plain(text: &str) -> Outcome {
    read(text.as_bytes(), &Options::default()).unwrap()
}

fn mapped(text: &str, map: &[(Field, &str)]) -> Result<Outcome, ImportError> {
    let map = map.iter().map(|(field, column)| (*field, (*column).to_owned())).collect();
    read(text.as_bytes(), &Options { map, ..Options::default() })
}

fn languages(outcome: &Outcome) -> Vec<String> {
    let mut codes: Vec<String> =
        outcome.rows.iter().filter_map(|row| row.listing.language).map(|code| code.to_string()).collect();
    codes.sort();
    codes.dedup();
    codes
}

fn only_reason(outcome: &Outcome) -> &str {
    assert!(outcome.rows.is_empty(), "{outcome:?}");
    assert_eq!(outcome.rejected.len(), 1, "{outcome:?}");
    &outcome.rejected[0].reason
}

fn plain_error(text: &str) -> ImportError {
    read(text.as_bytes(), &Options::default()).unwrap_err()
}
