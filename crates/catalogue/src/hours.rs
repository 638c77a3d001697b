//! Opening hours: on which days of the week somebody is there, and from when to when.

use std::fmt;
use std::str::FromStr;

use record::limits::MAX_WORDS;

/// The days of the week as OpenStreetMap writes them, Monday first.
const DAYS: [&str; 7] = ["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"];
/// The minutes of a day.
const DAY_MINUTES: u16 = 24 * 60;

/// When a shop, or a neighbour, can be met in an ordinary week, in what `OpenStreetMap` calls `opening_hours`
/// (`Mo-Fr 10:00-18:00; Sa 10:00-13:00`): days and spans within a day, no holidays. It is by the clock on the
/// wall of whoever says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpeningHours {
    text: String,
    /// For each day, Monday first, when it closes for the last time, in minutes after midnight.
    closes: [Option<u16>; 7],
}

/// Why a text tells no opening hours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" tells no opening hours: write them as in \"Mo-Fr 10:00-18:00; Sa 10:00-12:30,14:00-16:00\"")]
pub struct HoursError(String);

impl OpeningHours {
    /// When it closes for the last time on a day of the week (0 is Monday, 6 Sunday), in minutes after midnight,
    /// 1 to 1,440; nothing if it stays closed.
    #[must_use]
    pub fn closes(&self, day: u8) -> Option<u16> {
        self.closes.get(usize::from(day)).copied().flatten()
    }

    /// Whether it is open on any day.
    #[must_use]
    pub fn is_ever_open(&self) -> bool {
        self.closes.iter().any(Option::is_some)
    }
}

impl FromStr for OpeningHours {
    type Err = HoursError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let wrong = || HoursError(text.chars().take(60).collect());
        if text.len() > MAX_WORDS {
            return Err(wrong());
        }
        let mut closes = [None; 7];
        for rule in text.split(';').map(str::trim).filter(|rule| !rule.is_empty()) {
            let (days, spans) = rule.split_once(' ').ok_or_else(wrong)?;
            let last = if spans.trim() == "off" { None } else { Some(last_of(spans).ok_or_else(wrong)?) };
            // As in OpenStreetMap: a later rule replaces an earlier one for its days.
            for day in days_of(days).ok_or_else(wrong)? {
                *closes.get_mut(day).ok_or_else(wrong)? = last;
            }
        }
        let hours = Self { text: text.to_owned(), closes };
        if hours.is_ever_open() { Ok(hours) } else { Err(wrong()) }
    }
}

impl fmt::Display for OpeningHours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The days of `Mo`, `Mo-Fr`, `Sa-Mo` or several of them with commas between.
fn days_of(text: &str) -> Option<Vec<usize>> {
    let number = |day: &str| DAYS.iter().position(|known| *known == day.trim());
    let mut days = Vec::new();
    for part in text.split(',') {
        let (from, to) = part.split_once('-').unwrap_or((part, part));
        let (from, to) = (number(from)?, number(to)?);
        // Over the end of the week, if it has to be.
        let to = if to < from { to.saturating_add(DAYS.len()) } else { to };
        days.extend((from..=to).map(|day| day % DAYS.len()));
    }
    Some(days)
}

/// When the last of some spans of a day ends.
fn last_of(text: &str) -> Option<u16> {
    let mut last = None;
    for span in text.split(',') {
        let (from, to) = span.split_once('-')?;
        let (from, to) = (minutes(from)?, minutes(to)?);
        if from >= to {
            return None;
        }
        last = last.max(Some(to));
    }
    last
}

fn minutes(text: &str) -> Option<u16> {
    let (hours, minutes) = text.trim().split_once(':')?;
    let is_number =
        |part: &str| part.len() <= 2 && !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if !is_number(hours) || minutes.len() != 2 || !is_number(minutes) {
        return None;
    }
    let (hours, minutes): (u16, u16) = (hours.parse().ok()?, minutes.parse().ok()?);
    let all = hours.checked_mul(60)?.checked_add(minutes)?;
    (minutes < 60 && all <= DAY_MINUTES).then_some(all)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn closing(text: &str) -> [Option<u16>; 7] {
        let hours: OpeningHours = text.parse().unwrap();
        assert_eq!(hours.to_string(), text.trim());
        std::array::from_fn(|day| hours.closes(u8::try_from(day).unwrap()))
    }

    #[test]
    fn hours_of_a_week_say_when_each_day_ends() {
        let at = |hour: u16| Some(hour * 60);
        let none = None;
        for (text, closes) in [
            ("Mo-Fr 10:00-18:00", [at(18), at(18), at(18), at(18), at(18), none, none]),
            ("We 15:00-18:00; Sa 10:00-12:00,14:00-16:00", [none, none, at(18), none, none, at(16), none]),
            (" Fr-Mo 9:00-24:00 ", [at(24), none, none, none, at(24), at(24), at(24)]),
            ("Mo-Su 10:00-18:00; We,Su off", [at(18), at(18), none, at(18), at(18), at(18), none]),
        ] {
            assert_eq!(closing(text), closes, "{text}");
        }
    }

    #[test]
    fn what_tells_no_hours_is_refused_with_an_example() {
        for text in [
            "",
            "always",
            "10:00-18:00",
            "Mo",
            "Mo 18:00-10:00",
            "Mo 10-18",
            "Mo 10:00-25:00",
            "Mo 10:60-12:00",
            "Mo off",
            "Xx 10:00-18:00",
            "Tu, 10:00-11:00",
            "Mo 10:00+",
            "Mo 1０:00-18:00",
        ] {
            let refused = text.parse::<OpeningHours>().unwrap_err().to_string();
            assert!(refused.contains("Mo-Fr 10:00-18:00"), "{text}");
        }
        assert!(format!("Mo {}", "10:00-11:00,".repeat(1_000)).parse::<OpeningHours>().is_err());
    }

    proptest! {
        #[test]
        fn no_text_stops_it(text in "[MoTuWeThFrSa0-9:,;\\- äoff]{0,60}") {
            if let Ok(hours) = text.parse::<OpeningHours>() {
                prop_assert!((0..7).filter_map(|day| hours.closes(day)).all(|minute| minute <= 1_440));
                prop_assert_eq!(hours.to_string().parse(), Ok(hours));
            }
        }
    }
}
