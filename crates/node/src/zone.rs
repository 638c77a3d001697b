//! The machine's time zone: people agree on a time by the clock on their wall.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ZonedDateTime};

/// A time zone, by which times are shown to people and read from them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone(TimeZone);

impl Zone {
    /// This machine's; UTC if it says none.
    #[must_use]
    pub fn system() -> Self {
        Self(TimeZone::system())
    }

    /// A date with a time of day (`2026-12-01 17:00`, `2026-12-01T17:00`, `1.12.2026 17:00`) that names no offset from
    /// UTC, with the offset that this zone has then. A date alone is the end of that day here. Any other text stays as
    /// it is: who reads it says what is wrong with it.
    #[must_use]
    pub fn placed(&self, text: &str) -> String {
        let Some(here) = civil(text.trim()).and_then(|local| local.to_zoned_datetime(self.0.clone()).ok())
        else {
            return text.to_owned();
        };
        here.strftime("%Y-%m-%d %H:%M:%S%:z").to_string()
    }

    /// A moment (Unix milliseconds) as people read it: `Tue 1 Dec 2026, 17:00`.
    #[must_use]
    pub fn shown(&self, millis: u64) -> String {
        self.written(millis, "%a %-d %b %Y, %H:%M")
    }

    /// The day of a moment as people read it: `Tue 1 Dec 2026`.
    #[must_use]
    pub fn day(&self, millis: u64) -> String {
        self.written(millis, "%a %-d %b %Y")
    }

    /// A moment as a form has it, and machines read it: `2026-12-01T17:00`.
    #[must_use]
    pub fn field(&self, millis: u64) -> String {
        self.written(millis, "%Y-%m-%dT%H:%M")
    }

    fn written(&self, millis: u64, how: &str) -> String {
        let moment = i64::try_from(millis).ok().and_then(|millis| Timestamp::from_millisecond(millis).ok());
        let here: Option<ZonedDateTime> = moment.map(|moment| moment.to_zoned_datetime(self.0.clone()));
        here.map_or_else(|| "?".to_owned(), |here| here.strftime(how).to_string())
    }
}

/// A date and a time of day without an offset.
fn civil(text: &str) -> Option<DateTime> {
    let (date, time) = match text.split_once(['T', 't', ' ']) {
        Some((date, time)) => (date, Some(time.trim())),
        None => (text, None),
    };
    let date = ["%Y-%m-%d", "%d.%m.%Y"].iter().find_map(|how| Date::strptime(how, date).ok())?;
    let time = match time {
        None => Some(Time::constant(23, 59, 59, 0)),
        Some(time) => ["%H:%M", "%H:%M:%S"].iter().find_map(|how| Time::strptime(how, time).ok()),
    };
    Some(date.to_datetime(time?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn berlin() -> Zone {
        Zone(TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap())
    }

    #[test]
    fn a_time_is_that_of_the_clock_on_the_wall() {
        let here = berlin();
        for (written, placed) in [
            ("2026-12-01 17:00", "2026-12-01 17:00:00+01:00"),
            ("2026-07-01T17:00", "2026-07-01 17:00:00+02:00"),
            (" 1.12.2026 07:30 ", "2026-12-01 07:30:00+01:00"),
            ("2026-07-01", "2026-07-01 23:59:59+02:00"),
        ] {
            assert_eq!(here.placed(written), placed);
        }
    }

    #[test]
    fn what_is_no_time_or_has_an_offset_stays_as_it_is() {
        for text in
            ["", "2d", "2026-12-01 17:00Z", "2026-12-01T17:00+05:00", "2026-02-30", "tomorrow", "ü T x"]
        {
            assert_eq!(berlin().placed(text), text);
        }
    }

    #[test]
    fn a_moment_is_shown_as_the_clock_on_the_wall_shows_it() {
        let (here, moment) = (berlin(), 1_796_140_800_000);
        assert_eq!(here.shown(moment), "Tue 1 Dec 2026, 17:00");
        assert_eq!(here.day(moment), "Tue 1 Dec 2026");
        assert_eq!(here.field(moment), "2026-12-01T17:00");
        assert_eq!(here.shown(u64::MAX), "?");
    }
}
