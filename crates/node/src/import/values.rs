//! Single cells to values: counts, places, and excerpts for messages.

use record::limits::MAX_COUNT;
use record::{Cell, tidy_line};

use super::words::says_nothing;

/// The beginning of a text, on one line, for a message.
pub(super) fn excerpt(text: &str) -> String {
    const SHOWN: usize = 40;
    // Why: a cell may have 64 KiB; enough of it is made tidy, and not all.
    let beginning: String = text.chars().take(4 * SHOWN).collect();
    let mut line = tidy_line(&beginning);
    if let Some((at, _)) = line.char_indices().nth(SHOWN) {
        line.truncate(at);
        line.push('…');
    }
    line
}

/// What a cell for the count says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Count {
    /// So many.
    Of(u32),
    /// Zero: many systems write that for "not counted".
    Zero,
    /// Nothing.
    Empty,
}

/// Reads a whole number, also written `3.0` or `3,0` as exports of databases do.
pub(super) fn count(text: &str) -> Result<Count, String> {
    let text = text.trim();
    if says_nothing(text) {
        return Ok(Count::Empty);
    }
    let whole = match text.split_once(['.', ',']) {
        Some((whole, "0" | "00")) => whole,
        Some(_) | None => text,
    };
    match whole.parse::<i64>() {
        Ok(0) => Ok(Count::Zero),
        Ok(number) if number < 0 => Err(format!("the count is {number}: there cannot be less than none")),
        Ok(number) => match u32::try_from(number) {
            Ok(count) if count <= MAX_COUNT => Ok(Count::Of(count)),
            Ok(_) | Err(_) => Err(too_many(number)),
        },
        Err(_) => Err(format!("the count \"{}\" is no whole number", excerpt(text))),
    }
}

/// Several counts of the same thing, such as the stock of two branches.
pub(super) fn total(counts: impl Iterator<Item = Result<Count, String>>) -> Result<Count, String> {
    let mut sum: Option<u32> = None;
    for count in counts {
        let more = match count? {
            Count::Empty => continue,
            Count::Zero => 0,
            Count::Of(number) => number,
        };
        let so_far = sum.unwrap_or(0) + more;
        if so_far > MAX_COUNT {
            return Err(too_many(so_far.into()));
        }
        sum = Some(so_far);
    }
    Ok(match sum {
        None => Count::Empty,
        Some(0) => Count::Zero,
        Some(number) => Count::Of(number),
    })
}

fn too_many(number: i64) -> String {
    format!("the count is {number}; a listing holds at most {MAX_COUNT}")
}

/// Reads `LAT,LON` in degrees or an H3 cell.
pub(super) fn place(text: &str) -> Result<Option<Cell>, String> {
    if says_nothing(text) {
        return Ok(None);
    }
    // Spreadsheets set to German separate with a semicolon and write decimal commas.
    let text = match text.split_once(';') {
        Some((latitude, longitude)) => {
            return degrees(latitude, longitude);
        }
        None => text.trim(),
    };
    text.parse().map(Some).map_err(|error: record::PlaceError| error.to_string())
}

/// Reads latitude and longitude from two cells; both or neither must say something.
pub(super) fn degrees(latitude: &str, longitude: &str) -> Result<Option<Cell>, String> {
    match (says_nothing(latitude), says_nothing(longitude)) {
        (true, true) => return Ok(None),
        (true, false) => return Err("the longitude has no latitude beside it".to_owned()),
        (false, true) => return Err("the latitude has no longitude beside it".to_owned()),
        (false, false) => {}
    }
    let number = |text: &str| {
        text.trim()
            .replace(',', ".")
            .parse::<f64>()
            .map_err(|_| format!("\"{}\" is no number of degrees: write 49.01", excerpt(text)))
    };
    let cell = Cell::containing(number(latitude)?, number(longitude)?);
    cell.map(Some).map_err(|error| error.to_string())
}

/// Whether a text is meant as `LAT,LON` or a cell: made of their characters, and of enough of them.
pub(super) fn looks_like_place(text: &str) -> bool {
    let text = text.trim();
    let is_degrees = text.contains([',', ';'])
        && text.chars().all(|character| {
            character.is_ascii_digit() || matches!(character, '.' | ',' | ';' | '-' | '+' | ' ')
        });
    let is_cell = text.len() == 15 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_degrees || is_cell
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_whole_and_not_negative() {
        assert_eq!(count(" 3 "), Ok(Count::Of(3)));
        assert_eq!(count("3.0"), Ok(Count::Of(3)));
        assert_eq!(count("0"), Ok(Count::Zero));
        assert_eq!(count("-"), Ok(Count::Empty));
        assert_eq!(count("100000"), Ok(Count::Of(100_000)));
        for (text, reason) in [
            ("-2", "less than none"),
            ("drei", "\"drei\" is no whole number"),
            ("1.5", "no whole number"),
            ("1.000", "no whole number"),
            ("2 Stück", "no whole number"),
            ("100001", "at most 100000"),
            ("99999999999999999999", "no whole number"),
        ] {
            let refused = count(text).unwrap_err();
            assert!(refused.contains(reason), "{text}: {refused}");
        }
    }

    #[test]
    fn the_stock_of_two_branches_adds_up() {
        let of = |counts: &[&str]| total(counts.iter().map(|text| count(text)));
        assert_eq!(of(&["2", "0"]), Ok(Count::Of(2)));
        assert_eq!(of(&["2", "40"]), Ok(Count::Of(42)));
        assert_eq!(of(&["0", ""]), Ok(Count::Zero));
        assert_eq!(of(&["", ""]), Ok(Count::Empty));
        assert!(of(&["100000", "1"]).is_err());
        assert!(of(&["1", "-1"]).is_err());
    }

    #[test]
    fn places_are_read_in_the_usual_ways() {
        let home: Cell = "49.0069,8.4037".parse().unwrap();
        assert_eq!(place("49.0069, 8.4037"), Ok(Some(home)));
        assert_eq!(place("49,0069; 8,4037"), Ok(Some(home)));
        assert_eq!(place(&home.to_string()), Ok(Some(home)));
        assert_eq!(degrees("49,0069", "8.4037"), Ok(Some(home)));
        assert_eq!(degrees("", "-"), Ok(None));
        assert!(degrees("49", "").is_err());
        assert!(degrees("north", "8").is_err());
        assert!(place("91,0").is_err());
        assert!(looks_like_place("49.0069, 8.4037") && looks_like_place(&home.to_string()));
        assert!(!looks_like_place("Karlsruhe") && !looks_like_place("Keller, Regal 3"));
    }

    #[test]
    fn an_excerpt_is_short_and_on_one_line() {
        assert_eq!(excerpt("a\n\tb\u{202e}"), "a b");
        assert_eq!(excerpt(&"ä".repeat(70_000)).chars().count(), 41);
    }
}
