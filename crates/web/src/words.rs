//! Numbers and moments in words.

use node::{ThingNumber, Timestamp};

const MINUTE: u64 = 60_000;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// A moment for a `<time>` element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Moment {
    /// The date as machines read it: `2026-11-24`.
    pub(crate) iso: String,
    /// The date as people read it: `24 Nov 2026`.
    pub(crate) date: String,
    /// How long ago: `3 days ago`.
    pub(crate) ago: String,
}

impl Moment {
    pub(crate) fn new(millis: u64, now: u64) -> Self {
        let date = Timestamp::from_millis(millis).date();
        let name = MONTHS.get(usize::from(date.month).wrapping_sub(1)).copied().unwrap_or("?");
        Self {
            iso: date.to_string(),
            date: format!("{} {name} {}", date.day, date.year),
            ago: ago(now.saturating_sub(millis)),
        }
    }
}

fn ago(millis: u64) -> String {
    let some = |count: u64, unit: &str| match count {
        1 => format!("1 {unit} ago"),
        count => format!("{count} {unit}s ago"),
    };
    match millis {
        0..MINUTE => "just now".to_owned(),
        MINUTE..HOUR => some(millis / MINUTE, "minute"),
        HOUR..DAY => some(millis / HOUR, "hour"),
        _ => match millis / DAY {
            1 => "yesterday".to_owned(),
            days @ 2..14 => some(days, "day"),
            days @ 14..60 => some(days / 7, "week"),
            days @ 60..730 => some(days / 30, "month"),
            days => some(days / 365, "year"),
        },
    }
}

/// The number of a thing, as it is read aloud.
pub(crate) fn number(plain: &str) -> String {
    plain.parse::<ThingNumber>().map_or_else(|_| plain.to_owned(), |number| number.to_string())
}

/// A distance between two rough places.
pub(crate) fn distance(km: f64) -> String {
    match km {
        km if km < 1.0 => "in this area".to_owned(),
        km if km < 10.0 => format!("{km:.1} km away"),
        km => format!("{km:.0} km away"),
    }
}

/// How good a match is.
pub(crate) fn fit(score: f64) -> &'static str {
    match score {
        score if score >= 0.75 => "fits very well",
        score if score >= 0.5 => "fits well",
        score if score >= 0.3 => "may fit",
        _ => "a guess",
    }
}

/// What the terms mean, from the side of who reads.
pub(crate) fn terms<'a>(side: &str, terms: &'a str) -> &'a str {
    match (side, terms) {
        ("offer", "gift") => "to keep",
        ("offer", "loan") => "to borrow",
        ("need", "gift") => "to keep",
        ("need", "loan") => "on loan",
        (_, "hours") => "for hours",
        (_, "pool") => "common order",
        (_, other) => other,
    }
}

/// What a search says that found nothing until one of its filters was left out.
pub(crate) fn wider(left_out: &str, within: &str) -> String {
    match left_out {
        "distance" => format!("Nothing within {} km. Farther away:", within.trim()),
        "category" => "Nothing of this kind. Of other kinds:".to_owned(),
        "language" => "Nothing in this language. In others:".to_owned(),
        "terms" => "Nothing on these terms. On others:".to_owned(),
        _ => "Nothing quite so. A little wider:".to_owned(),
    }
}

/// Points of reasons as people read them, from 0 to 100, with one digit: rounded so that they still add up to the sum.
pub(crate) fn points(parts: impl IntoIterator<Item = f64>) -> Vec<f64> {
    let mut sum = 0.0;
    let round = |value: f64| (value * 1_000.0).round();
    let shown = parts.into_iter().map(|part| {
        let before = round(sum);
        sum += part;
        (round(sum) - before) / 10.0
    });
    shown.collect()
}

/// The side as a word.
pub(crate) fn side(side: &str) -> &'static str {
    if side == "need" { "Need" } else { "Offer" }
}

/// How many are left, or still wanted, where it is not simply one.
pub(crate) fn left(side: &str, count: u32, left: u32) -> Option<String> {
    let need = side == "need";
    match (count, left) {
        (_, 0) if need => Some("no more wanted".to_owned()),
        (_, 0) => Some("none left".to_owned()),
        (1, _) => None,
        (count, left) if count == left => Some(format!("{count} {}", if need { "wanted" } else { "there" })),
        (count, left) => Some(format!("{left} of {count} {}", if need { "still wanted" } else { "left" })),
    }
}

/// The beginning of a text, cut between words where that is possible.
pub(crate) fn excerpt(text: &str, most: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let Some((end, _)) = line.char_indices().nth(most) else { return line };
    let cut = &line[..end];
    let cut = match cut.rfind(' ') {
        Some(space) if space > cut.len() / 2 => &cut[..space],
        Some(_) | None => cut,
    };
    format!("{}…", cut.trim_end_matches([',', ';', ':', '.']))
}

/// A member or a node as one can compare it by eye: the end of its id.
pub(crate) fn short(id: &str) -> String {
    let count = id.chars().count();
    let end: String = id.chars().skip(count.saturating_sub(8)).collect();
    if count > 8 { format!("…{end}") } else { end }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_follow_the_calendar() {
        let date = |days: u64| Moment::new(days * DAY, 0).iso;
        assert_eq!(date(0), "1970-01-01");
        assert_eq!(date(11_016), "2000-02-29");
        assert_eq!(date(11_017), "2000-03-01");
        assert_eq!(date(20_781), "2026-11-24");
        assert_eq!(Moment::new(20_781 * DAY, 0).date, "24 Nov 2026");
    }

    #[test]
    fn ages_read_as_people_say_them() {
        for (millis, words) in [
            (0, "just now"),
            (MINUTE, "1 minute ago"),
            (5 * HOUR, "5 hours ago"),
            (DAY, "yesterday"),
            (3 * DAY, "3 days ago"),
            (21 * DAY, "3 weeks ago"),
            (90 * DAY, "3 months ago"),
            (800 * DAY, "2 years ago"),
        ] {
            assert_eq!(ago(millis), words);
        }
    }

    #[test]
    fn an_excerpt_ends_between_words_and_never_inside_a_letter() {
        assert_eq!(excerpt("one two three", 50), "one two three");
        assert_eq!(excerpt("one two, three", 9), "one two…");
        assert_eq!(excerpt(&"ü".repeat(50), 3), "üüü…");
        assert_eq!(excerpt(" a\n\n b ", 9), "a b");
    }

    #[test]
    fn rounded_points_add_up() {
        assert_eq!(points([0.333_3, 0.333_3, 0.333_4]), [33.3, 33.4, 33.3]);
        assert_eq!(points([0.5, -0.200_4, 0.0]), [50.0, -20.0, 0.0]);
    }

    #[test]
    fn counts_are_told_only_where_they_matter() {
        assert_eq!(left("offer", 1, 1), None);
        assert_eq!(left("offer", 1, 0).as_deref(), Some("none left"));
        assert_eq!(left("offer", 5, 5).as_deref(), Some("5 there"));
        assert_eq!(left("offer", 5, 2).as_deref(), Some("2 of 5 left"));
        assert_eq!(left("need", 5, 5).as_deref(), Some("5 wanted"));
        assert_eq!(short("did:key:z6MkABCDEFGH"), "…ABCDEFGH");
    }
}
