//! Reading a number as people write it and as scanners type it.
//!
//! A hand scanner is a keyboard: it presses the keys of the layout that it was made for, and the computer takes them
//! for those of its own. An American scanner at a French computer types `&é"'(-è_` for 12345678; a French one, which
//! holds shift for its digits, types `!"§$%&/(` at a German computer. All of these are the digits' row of some layout,
//! so whatever is one row of keys throughout is read as the digits on it, and the check digit says whether it was.

use std::str::FromStr;

use super::{DIGITS, NumberError, ThingNumber};

/// What the keys of the digits type instead: those of 1 to 9, then that of 0.
const ROWS: [[char; 10]; 7] = [
    // French, not shifted; with caps lock on, where that makes capitals; on a Mac, and Belgian.
    ['&', 'é', '"', '\'', '(', '-', 'è', '_', 'ç', 'à'],
    ['&', 'É', '"', '\'', '(', '-', 'È', '_', 'Ç', 'À'],
    ['&', 'é', '"', '\'', '(', '§', 'è', '!', 'ç', 'à'],
    // Shifted: German, British, American, Spanish.
    ['!', '"', '§', '$', '%', '&', '/', '(', ')', '='],
    ['!', '"', '£', '$', '%', '^', '&', '*', '(', ')'],
    ['!', '@', '#', '$', '%', '^', '&', '*', '(', ')'],
    ['!', '"', '·', '$', '%', '&', '/', '(', ')', '='],
];

/// Where the digits of scripts begin that people here type: Latin, Arabic, Persian, and wide Latin ones.
const ZEROS: [char; 4] = ['0', '\u{660}', '\u{6f0}', '\u{ff10}'];

/// What begins an address, whatever the layout: a label's QR code is one, and ends with the number.
const ADDRESS: &str = "http";

/// The digit that this is, in any of the scripts.
fn digit(mark: char) -> Option<u8> {
    ZEROS.into_iter().find_map(|zero| {
        let past = u32::from(mark).checked_sub(u32::from(zero)).filter(|past| *past <= 9)?;
        u8::try_from(past).ok()
    })
}

/// The digit whose key types this in a row.
fn key(row: &[char; 10], mark: char) -> Option<u8> {
    let at = row.iter().position(|key| *key == mark)?;
    u8::try_from((at + 1) % 10).ok()
}

/// Whether people group digits with it.
fn groups(mark: char) -> bool {
    mark.is_whitespace() || matches!(mark, '-' | '\u{2010}'..='\u{2014}' | '.' | ',' | '/' | '·' | '_')
}

/// The number of as many digits as a number has.
fn number(digits: &[u8]) -> Result<ThingNumber, NumberError> {
    let digits = digits.try_into().map_err(|_| NumberError::Length(digits.len()))?;
    ThingNumber::from_digits(digits)
}

impl FromStr for ThingNumber {
    type Err = NumberError;

    fn from_str(text: &str) -> Result<Self, NumberError> {
        let text = text.trim();
        let is_address = text.get(..ADDRESS.len()).is_some_and(|head| head.eq_ignore_ascii_case(ADDRESS));
        let skipped = if is_address { text.chars().count().saturating_sub(DIGITS) } else { 0 };
        let marks = || text.chars().skip(skipped);
        // A mark between digits groups them; where there is no digit, it may have been a key of one.
        if marks().any(|mark| digit(mark).is_some()) {
            let digits: Option<Vec<u8>> = marks().filter(|mark| !groups(*mark)).map(digit).collect();
            return number(&digits.ok_or(NumberError::NoDigits)?);
        }
        let typed: Vec<char> = marks().filter(|mark| !mark.is_whitespace()).take(DIGITS + 1).collect();
        let by = |row| typed.iter().map(|mark| key(row, *mark)).collect::<Option<Vec<u8>>>();
        let readings: Vec<_> = ROWS.iter().filter_map(by).map(|digits| number(&digits)).collect();
        let mut numbers: Vec<Self> = readings.iter().copied().filter_map(Result::ok).collect();
        numbers.dedup();
        match (numbers.as_slice(), readings.first()) {
            ([number], _) => Ok(*number),
            ([], Some(Err(NumberError::Check))) => Err(NumberError::Check),
            ([], _) => Err(NumberError::NoDigits),
            ([_, ..], _) => Err(NumberError::Unclear),
        }
    }
}
