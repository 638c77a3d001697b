//! The machine's time zone: people agree on a time by the clock on their wall.

use catalogue::hours::OpeningHours;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, ZonedDateTime};

/// The minutes of a day.
const DAY_MINUTES: u16 = 24 * 60;
/// How far ahead open days are looked for.
const MOST_DAYS: i64 = 366;

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

    /// When the next so many open days end after a moment, the earliest first: by the opening hours, or at midnight of
    /// every day where none are told. The day of the moment itself is among them while it is still open.
    pub(crate) fn closings(
        &self,
        hours: Option<&OpeningHours>,
        since: record::Timestamp,
        days: usize,
    ) -> Vec<record::Timestamp> {
        let begin = i64::try_from(since.millis()).ok().and_then(|it| Timestamp::from_millisecond(it).ok());
        let Some(begin) = begin.map(|moment| moment.to_zoned_datetime(self.0.clone()).date()) else {
            return Vec::new();
        };
        let closing = |day: Date| {
            let weekday = u8::try_from(day.weekday().to_monday_zero_offset()).ok()?;
            let minutes = hours.map_or(Some(DAY_MINUTES), |hours| hours.closes(weekday))?;
            let midnight = day.to_zoned_datetime(self.0.clone()).ok()?;
            // Why not added to midnight: the clock on the wall closes it, also on the day of a change.
            let closes = if minutes >= DAY_MINUTES {
                midnight.tomorrow().ok()?.date().to_zoned_datetime(self.0.clone()).ok()?
            } else {
                let (hour, minute) = (i8::try_from(minutes / 60).ok()?, i8::try_from(minutes % 60).ok()?);
                day.at(hour, minute, 0, 0).to_zoned_datetime(self.0.clone()).ok()?
            };
            u64::try_from(closes.timestamp().as_millisecond()).ok().map(record::Timestamp::from_millis)
        };
        let ahead = (0..MOST_DAYS).filter_map(|day| closing(begin.checked_add(Span::new().days(day)).ok()?));
        ahead.filter(|closing| *closing > since).take(days).collect()
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
    fn open_days_end_when_the_clock_on_the_wall_says_so() {
        let here = berlin();
        let closings = |hours: &str, since: u64, days| {
            let hours: OpeningHours = hours.parse().unwrap();
            let all = here.closings(Some(&hours), record::Timestamp::from_millis(since), days);
            all.into_iter().map(|closing| here.shown(closing.millis())).collect::<Vec<_>>()
        };
        // Tuesday, 17:00.
        let tuesday = 1_796_140_800_000;
        assert_eq!(
            closings("Tu 15:00-18:00; Sa 10:00-13:00", tuesday, 3),
            ["Tue 1 Dec 2026, 18:00", "Sat 5 Dec 2026, 13:00", "Tue 8 Dec 2026, 18:00"]
        );
        let hour = 3_600_000;
        assert_eq!(closings("Tu 15:00-18:00", tuesday + hour, 1), ["Tue 8 Dec 2026, 18:00"], "it is closed");
        // The clock changes in the night to 28 March 2027.
        assert_eq!(closings("Su 10:00-18:00", 1_806_150_000_000, 1), ["Sun 28 Mar 2027, 18:00"]);
        let every = here.closings(None, record::Timestamp::from_millis(tuesday), 2);
        let every: Vec<_> = every.into_iter().map(|closing| here.shown(closing.millis())).collect();
        assert_eq!(every, ["Wed 2 Dec 2026, 00:00", "Thu 3 Dec 2026, 00:00"]);
        assert!(here.closings(None, record::Timestamp::from_millis(u64::MAX), 2).is_empty());
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
