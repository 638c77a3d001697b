//! Dates as spreadsheets have them, to moments.
//!
//! A date alone means the end of that day, UTC. `03/04/2026` is refused: half of the world reads it
//! as the third of April, the other half as the fourth of March.

use record::Timestamp;

use super::values::excerpt;

const SECOND: i64 = 1000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// Reads `2026-12-31`, `31.12.2026`, RFC 3339 (`2026-12-31T18:00:00+01:00`, with a blank for the `T`
/// and without an offset too), or Unix milliseconds.
pub(crate) fn until(text: &str) -> Result<Timestamp, String> {
    moment(text, DAY - 1)
}

/// Reads the same, but a date alone means the beginning of that day, UTC.
pub(crate) fn since(text: &str) -> Result<Timestamp, String> {
    moment(text, 0)
}

/// Reads a moment; a date alone means this many milliseconds after midnight.
fn moment(text: &str, alone: i64) -> Result<Timestamp, String> {
    let text = text.trim();
    let millis = millis_alone(text).or_else(|| date_and_time(text, alone));
    match millis.map(u64::try_from) {
        Some(Ok(millis)) => Ok(Timestamp::from_millis(millis)),
        Some(Err(_)) | None => {
            Err(format!("\"{}\" is no date that can be read: write 2026-12-31 or 31.12.2026", excerpt(text)))
        }
    }
}

/// Unix milliseconds, as our own JSON has them. Fewer digits would be seconds, a year or a count.
fn millis_alone(text: &str) -> Option<i64> {
    let is_millis = (12..=14).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_millis { text.parse().ok() } else { None }
}

fn date_and_time(text: &str, alone: i64) -> Option<i64> {
    let (date, time) = match text.split_once(['T', 't', ' ']) {
        Some((date, time)) => (date, Some(time.trim())),
        None => (text, None),
    };
    let midnight = day(date)?.checked_mul(DAY)?;
    match time {
        None => Some(midnight + alone),
        Some(time) => Some(midnight + time_of_day(time)?),
    }
}

/// Days since 1970-01-01 of `YYYY-MM-DD` or `DD.MM.YYYY`.
fn day(date: &str) -> Option<i64> {
    let numbers = |separator| -> Option<[&str; 3]> {
        date.split(separator).map(str::trim).collect::<Vec<_>>().try_into().ok()
    };
    let (year, month, day) = if let Some([year, month, day]) = numbers('-') {
        (year, month, day)
    } else {
        let [day, month, year] = numbers('.')?;
        (year, month, day)
    };
    if year.len() != 4 {
        return None;
    }
    let (year, month, day) = (number(year)?, number(month)?, number(day)?);
    let is_real = (1970..=9999).contains(&year)
        && (1..=12).contains(&month)
        && (1..=days_in(year, month)).contains(&day);
    is_real.then(|| days_from_civil(year, month, day))
}

/// Milliseconds of `HH:MM`, `HH:MM:SS` or `HH:MM:SS.fff`, less an offset such as `Z` or `+01:00`.
fn time_of_day(time: &str) -> Option<i64> {
    let (clock, offset) = match time.find(['Z', 'z', '+', '-']) {
        Some(at) => time.split_at(at),
        None => (time, ""),
    };
    let mut parts = clock.trim().split(':');
    let (hour, minute) = (number(parts.next()?)?, number(parts.next()?)?);
    let seconds = parts.next().unwrap_or("0");
    let (second, fraction) = seconds.split_once('.').unwrap_or((seconds, "0"));
    let is_digits = !fraction.is_empty() && fraction.bytes().all(|byte| byte.is_ascii_digit());
    let second = number(second)?;
    if parts.next().is_some() || !is_digits || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let millis: String = fraction.chars().chain("000".chars()).take(3).collect();
    Some(hour * HOUR + minute * MINUTE + second * SECOND + number(&millis)? - offset_of(offset)?)
}

/// Milliseconds that a time zone is ahead of UTC.
fn offset_of(offset: &str) -> Option<i64> {
    let (sign, rest) = match offset.split_at_checked(1) {
        None => return Some(0),
        Some(("Z" | "z", "")) => return Some(0),
        Some(("+", rest)) => (1, rest),
        Some(("-", rest)) => (-1, rest),
        Some(_) => return None,
    };
    let (hours, minutes) = rest.split_once(':')?;
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    (hours <= 23 && minutes <= 59).then(|| sign * (hours * HOUR + minutes * MINUTE))
}

/// One to four digits.
fn number(text: &str) -> Option<i64> {
    let is_plain = (1..=4).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_plain { text.parse().ok() } else { None }
}

fn days_in(year: i64, month: i64) -> i64 {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01 to a date of the Gregorian calendar, by counting years that begin in March,
/// so that a leap day comes last (H. Hinnant, "chrono-compatible low-level date algorithms").
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_date_of_each_day_is_read_back() {
        for day in 0..60_000 {
            let text = Timestamp::from_millis(day * DAY.unsigned_abs()).date().to_string();
            assert_eq!(until(&text).unwrap().millis() / DAY.unsigned_abs(), day, "{text}");
        }
    }

    fn millis(text: &str) -> u64 {
        until(text).unwrap().millis()
    }

    #[test]
    fn a_date_alone_means_the_end_of_that_day() {
        assert_eq!(millis("1970-01-01"), 86_400_000 - 1);
        // `date -u -d 2026-12-31T23:59:59.999 +%s%3N`
        assert_eq!(millis("2026-12-31"), 1_798_761_599_999);
        assert_eq!(millis("31.12.2026"), millis("2026-12-31"));
        assert_eq!(millis(" 1.3.2028 "), millis("2028-02-29") + 86_400_000);
    }

    #[test]
    fn moments_with_and_without_an_offset_are_read() {
        assert_eq!(millis("2026-12-31T18:00:00+01:00"), millis("2026-12-31T17:00:00Z"));
        assert_eq!(millis("2026-12-31 17:00"), millis("2026-12-31T17:00:00Z"));
        assert_eq!(millis("2026-12-31t17:00:00.5z"), millis("2026-12-31T17:00:00Z") + 500);
        assert_eq!(millis("2026-12-31T12:00:00-05:00"), millis("2026-12-31T17:00:00Z"));
        assert_eq!(millis("1798761599999"), 1_798_761_599_999);
    }

    #[test]
    fn what_has_two_meanings_or_none_is_refused() {
        for text in [
            "",
            "03/04/2026",
            "2026-02-29",
            "2026-13-01",
            "31.04.2026",
            "1.1.26",
            "Freitag",
            "2026",
            "2026-12-31T25:00",
            "2026-12-31T10:00+1",
            "2026-12-31T",
            "1969-12-31",
            "+026-1-1",
            "1970-01-01T00:00:00+01:00",
        ] {
            let refused = until(text).unwrap_err();
            assert!(refused.contains("no date that can be read"), "{text}: {refused}");
        }
    }

    #[test]
    fn every_day_of_four_hundred_years_follows_the_one_before() {
        let mut expected = 0;
        for year in 1970..2370 {
            for month in 1..=12 {
                for day in 1..=days_in(year, month) {
                    assert_eq!(days_from_civil(year, month, day), expected);
                    expected += 1;
                }
            }
        }
    }
}
