//! What people type, read into what the node works with; errors are sentences.

use matching::Kind;
use record::{Cell, Decide, Draw, Hash, Key, Language, Listing, Side, Terms, Timestamp};
use serde::{Deserialize, Serialize};

use crate::error::NodeError;
use crate::import::{self, Options, parse_mapping, read_date};
use crate::photos::PhotoInput;

/// The fields of a listing as a form, a command or a program gives them. All are optional: for an edit
/// what is missing stays; for a new listing only `side` and `title` are needed. Empty texts count as
/// missing, except that an edit can empty `text`, `category`, `place` and `until`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ListingInput {
    /// `offer` or `need`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub side: Option<String>,
    /// One line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// More words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// What kind of thing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// How many; a number or its digits.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "digits")]
    pub count: Option<String>,
    /// `LAT,LON` in degrees, or an H3 cell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// A date (`2026-12-31`, `31.12.2026`), a time from now (`14d`, `2w`, `6h`), or Unix milliseconds.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "digits")]
    pub until: Option<String>,
    /// `gift`, `loan`, `hours` or `pool`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub terms: Option<String>,
    /// How it is decided who gets it: `choose`, `queue` or `draw`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decide: Option<String>,
    /// With `draw`: until when one can ask; a date or a time from now.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "digits")]
    pub closes: Option<String>,
    /// What one of them weighs, in grams.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "digits")]
    pub grams: Option<String>,
    /// ISO 639-1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// The circle's id; without it the node's first circle.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub circle: Option<String>,
    /// 32 hexadecimal digits that the caller chose at random: sending the same twice makes one listing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// With an edit: it is still good, so it is renewed though nothing else is changed.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub still_good: bool,
    /// At most four, each given before ([`Handle::give_photo`](crate::Handle::give_photo)) or one that the listing
    /// has already.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub photos: Option<Vec<PhotoInput>>,
}

/// Takes a number for its digits, so that `"count": -1` gets the same answer as a form's `-1`.
fn digits<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        Number(serde_json::Number),
        Text(String),
    }
    Ok(Option::<Either>::deserialize(from)?.map(|either| match either {
        Either::Number(number) => number.to_string(),
        Either::Text(text) => text,
    }))
}

impl ListingInput {
    /// The new listing that this describes.
    ///
    /// # Errors
    /// What is missing or out of bounds.
    pub fn new_listing(&self, now: Timestamp) -> Result<Listing, NodeError> {
        let side = filled(&self.side)
            .ok_or_else(|| NodeError::Invalid("say whether it is an offer or a need".into()))?;
        let title = self.title.as_deref().unwrap_or_default();
        let mut listing = Listing::new(side.parse()?, title);
        listing.language =
            import::guess_language(&format!("{title}\n{}", self.text.as_deref().unwrap_or_default()));
        self.apply(listing, now)
    }

    /// The listing after this edit.
    ///
    /// # Errors
    /// What is out of bounds.
    pub fn apply(&self, mut listing: Listing, now: Timestamp) -> Result<Listing, NodeError> {
        if let Some(side) = filled(&self.side) {
            listing.side = side.parse()?;
        }
        if let Some(title) = &self.title {
            listing.title.clone_from(title);
        }
        if let Some(text) = &self.text {
            listing.text.clone_from(text);
        }
        if let Some(category) = &self.category {
            listing.category.clone_from(category);
        }
        if let Some(terms) = filled(&self.terms) {
            listing.terms = terms.parse()?;
        }
        if let Some(language) = filled(&self.language) {
            listing.language = Some(language.parse()?);
        }
        if let Some(count) = filled(&self.count) {
            listing.count = read_count(count)?;
            listing.left = listing.count;
        }
        if let Some(grams) = &self.grams {
            listing.grams = filled(&Some(grams.clone())).map(read_grams).transpose()?;
        }
        if let Some(decide) = filled(&self.decide).map(str::parse::<Decide>).transpose()? {
            // Why: who asked for a draw is promised one.
            if (decide == Decide::Draw) != (listing.decide == Decide::Draw) && listing.draw.is_some() {
                return Err(NodeError::Invalid("this listing is to be drawn, and stays so".into()));
            }
            listing.decide = decide;
        }
        if let Some(place) = &self.place {
            listing.cell = if place.trim().is_empty() { None } else { Some(read_place(place)?) };
        }
        if let Some(until) = &self.until {
            listing.until = if until.trim().is_empty() { None } else { Some(read_until(until, now)?) };
        }
        if listing.decide == Decide::Draw && listing.draw.is_none() {
            // What the lister is bound to follows once the listing has its key.
            let closes = filled(&self.closes).ok_or_else(|| {
                NodeError::Invalid("until when can one ask? A draw needs the time when it closes".into())
            })?;
            let closes = read_until(closes, now)?;
            listing.draw = Some(Draw { commitment: Hash::of(&[]), closes, result: None });
        }
        Ok(listing.checked()?)
    }

    /// The key that the caller chose.
    pub(crate) fn chosen_key(&self) -> Result<Option<Key>, NodeError> {
        let Some(text) = filled(&self.key) else { return Ok(None) };
        let bytes = data_encoding::HEXLOWER_PERMISSIVE.decode(text.as_bytes()).ok();
        let key = bytes.and_then(|bytes| <[u8; 16]>::try_from(bytes).ok());
        let wrong =
            || NodeError::Invalid(format!("\"{}\" is no key: those have 32 hexadecimal digits", short(text)));
        key.map(Key::from_bytes).map(Some).ok_or_else(wrong)
    }
}

/// Which listings, as a form, a command or a program says it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FilterInput {
    /// `offer` or `need`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub side: Option<String>,
    /// `true` or `1`: only this node's own member's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mine: Option<String>,
    /// Only of this category; upper case does not matter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// Only of this kind of things and those below it: its id, or its name in any language.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Only on these terms: `gift`, `loan`, `hours` or `pool`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub terms: Option<String>,
    /// Only in this language: ISO 639-1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// `LAT,LON` or a cell: gives distances.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub near: Option<String>,
    /// Only within so many kilometres of `near`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub within: Option<String>,
    /// The circle's id; without it all circles.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub circle: Option<String>,
    /// At most so many.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<String>,
    /// After so many.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offset: Option<String>,
    /// `true` or `1`: the last word of a search is still being typed, and stands for all that begin so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub typing: Option<String>,
}

/// Which listings.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Filter {
    /// Only offers, or only needs.
    pub side: Option<Side>,
    /// Only this node's own member's.
    pub mine: bool,
    /// Only of this category, in lower case.
    pub category: Option<String>,
    /// Only of this kind of things and those below it.
    pub kind: Option<Kind>,
    /// Only on these terms.
    pub terms: Option<Terms>,
    /// Only in this language.
    pub language: Option<Language>,
    /// From where distances are counted.
    pub near: Option<Cell>,
    /// Only within so many kilometres of `near`.
    pub within_km: Option<f64>,
    /// Only of this circle.
    pub circle: Option<String>,
    /// At most so many.
    pub limit: Option<usize>,
    /// After so many.
    pub offset: usize,
    /// The last word of a search is still being typed.
    pub typing: bool,
}

impl FilterInput {
    /// The filter that this describes.
    ///
    /// # Errors
    /// What can not be read.
    pub fn read(&self) -> Result<Filter, NodeError> {
        let near = filled(&self.near).map(read_place).transpose()?;
        let within_km = filled(&self.within).map(read_km).transpose()?;
        if within_km.is_some() && near.is_none() {
            return Err(NodeError::Invalid(
                "a distance needs a place: add --near LAT,LON (--place LAT,LON for what you need yourself)"
                    .into(),
            ));
        }
        Ok(Filter {
            side: filled(&self.side).map(str::parse).transpose()?,
            mine: is_said(&self.mine),
            category: filled(&self.category).map(str::to_lowercase),
            kind: filled(&self.kind).map(read_kind).transpose()?,
            terms: filled(&self.terms).map(str::parse).transpose()?,
            language: filled(&self.language).map(str::parse).transpose()?,
            near,
            within_km,
            circle: filled(&self.circle).map(str::to_owned),
            limit: filled(&self.limit).map(|text| read_number("limit", text)).transpose()?,
            offset: filled(&self.offset).map(|text| read_number("offset", text)).transpose()?.unwrap_or(0),
            typing: is_said(&self.typing),
        })
    }
}

/// What a person says about a file to import.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ImportInput {
    /// `FIELD=COLUMN`, comma or line separated when it comes as one text.
    pub map: Vec<String>,
    /// All rows are offers, or needs.
    pub side: Option<String>,
    /// The terms of all rows.
    pub terms: Option<String>,
    /// The language of all rows.
    pub language: Option<String>,
    /// The category of all rows.
    pub category: Option<String>,
    /// The file's name: a hint for its format and language.
    pub file_name: Option<String>,
    /// The circle's id; without it the node's first circle.
    pub circle: Option<String>,
    /// Only say what would happen.
    pub dry_run: bool,
}

impl ImportInput {
    /// The options of the import.
    ///
    /// # Errors
    /// What can not be read.
    pub(crate) fn options(&self) -> Result<Options, NodeError> {
        let map = self.map.iter().map(|pair| parse_mapping(pair)).collect::<Result<_, _>>();
        Ok(Options {
            map: map.map_err(|error| NodeError::Invalid(error.to_string()))?,
            side: filled(&self.side).map(str::parse).transpose()?,
            terms: filled(&self.terms).map(str::parse).transpose()?,
            language: filled(&self.language).map(str::parse).transpose()?,
            category: filled(&self.category).map(str::to_owned),
            file_name: self.file_name.clone(),
        })
    }
}

fn is_said(word: &Option<String>) -> bool {
    filled(word).is_some_and(|word| !matches!(word, "false" | "0" | "no"))
}

fn read_kind(text: &str) -> Result<Kind, NodeError> {
    let unknown = || {
        NodeError::Invalid(format!("there is no kind of things \"{}\": `kinds` shows them all", short(text)))
    };
    let by_id = Kind::all().find(|kind| kind.id() == text);
    by_id.or_else(|| Kind::named(text, None)).ok_or_else(unknown)
}

pub(crate) fn filled(text: &Option<String>) -> Option<&str> {
    text.as_deref().map(str::trim).filter(|text| !text.is_empty())
}

/// `yes` or `no`; nothing if it does not say.
pub(crate) fn yes_or_no(text: &Option<String>) -> Result<Option<bool>, NodeError> {
    match filled(text) {
        Some("yes" | "true" | "1") => Ok(Some(true)),
        Some("no" | "false" | "0") => Ok(Some(false)),
        Some(_) => Err(NodeError::Invalid("answer yes or no".into())),
        None => Ok(None),
    }
}

fn short(text: &str) -> String {
    text.chars().take(40).collect()
}

pub(crate) fn read_place(text: &str) -> Result<Cell, NodeError> {
    text.trim().parse().map_err(|error: record::PlaceError| NodeError::Invalid(error.to_string()))
}

fn read_grams(text: &str) -> Result<u32, NodeError> {
    let grams = text.parse::<u32>().ok().filter(|grams| *grams > 0);
    grams.ok_or_else(|| NodeError::Invalid(format!("\"{}\" is no weight: write whole grams", short(text))))
}

fn read_count(text: &str) -> Result<u32, NodeError> {
    let most = record::limits::MAX_COUNT;
    text.parse().ok().filter(|count| (1..=most).contains(count)).ok_or_else(|| {
        NodeError::Invalid(format!("\"{}\" is no count: give a whole number from 1 to {most}", short(text)))
    })
}

fn read_number(what: &str, text: &str) -> Result<usize, NodeError> {
    text.parse()
        .map_err(|_| NodeError::Invalid(format!("\"{}\" is no {what}: give a whole number", short(text))))
}

fn read_km(text: &str) -> Result<f64, NodeError> {
    text.parse().ok().filter(|km: &f64| km.is_finite() && *km >= 0.0).ok_or_else(|| {
        NodeError::Invalid(format!("\"{}\" is no distance: give kilometres, such as 5", short(text)))
    })
}

/// Reads a moment that has to lie ahead.
pub(crate) fn read_until(text: &str, now: Timestamp) -> Result<Timestamp, NodeError> {
    let text = text.trim();
    let until = match duration_ms(text) {
        Some(millis) => now.plus_millis(millis),
        None => read_date(text).map_err(NodeError::Invalid)?,
    };
    if until <= now {
        return Err(NodeError::Invalid(format!(
            "\"{}\" has passed: give a date that lies ahead",
            short(text)
        )));
    }
    Ok(until)
}

/// Reads a moment that has passed: `30d` ago, or the beginning of a date.
pub(crate) fn read_since(text: &str, now: Timestamp) -> Result<Timestamp, NodeError> {
    match duration_ms(text.trim()) {
        Some(millis) => Ok(now.minus_millis(millis)),
        None => import::read_beginning(text).map_err(NodeError::Invalid),
    }
}

/// `14d`, `2w`, `6h` in milliseconds.
fn duration_ms(text: &str) -> Option<u64> {
    let unit = match text.chars().last()? {
        'h' => 3_600_000,
        'd' => 86_400_000,
        'w' => 7 * 86_400_000,
        _ => return None,
    };
    text[..text.len().checked_sub(1)?].trim().parse::<u64>().ok()?.checked_mul(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_790_000_000_000);

    fn offer() -> ListingInput {
        ListingInput { side: Some("offer".into()), title: Some("Leiter".into()), ..ListingInput::default() }
    }

    fn refused(input: &ListingInput) -> String {
        input.new_listing(NOW).unwrap_err().to_string()
    }

    #[test]
    fn a_title_and_a_side_are_enough() {
        let listing = offer().new_listing(NOW).unwrap();
        assert_eq!((listing.title.as_str(), listing.count), ("Leiter", 1));
    }

    #[test]
    fn each_bad_field_gets_one_sentence() {
        let long = ListingInput { title: Some("x".repeat(10_000)), ..offer() };
        assert_eq!(refused(&long), "the title has 10000 characters; at most 120 fit");
        let negative = ListingInput { count: Some("-1".into()), ..offer() };
        assert!(refused(&negative).contains("\"-1\" is no count"));
        let past = ListingInput { until: Some("2020-01-01".into()), ..offer() };
        assert!(refused(&past).contains("has passed"));
        let nowhere = ListingInput { place: Some("moon".into()), ..offer() };
        assert!(refused(&nowhere).contains("is no place"));
        let empty = ListingInput { title: Some("  ".into()), ..offer() };
        assert!(refused(&empty).contains("the title is empty"));
        let sideless = ListingInput { side: None, ..offer() };
        assert!(refused(&sideless).contains("an offer or a need"));
    }

    #[test]
    fn until_may_be_a_date_or_a_time_from_now() {
        let until = |text: &str| read_until(text, NOW).map(|until| until.since(NOW) / 86_400_000);
        assert_eq!(until("14d").unwrap(), 14);
        assert_eq!(until("2w").unwrap(), 14);
        // Until the end of that day.
        assert_eq!(until("2026-12-31").unwrap(), 101);
        assert!(until("0d").is_err());
        assert!(until("99999999999999999d").is_err());
        assert!(until("ü").is_err());
    }

    #[test]
    fn since_may_be_a_date_or_a_time_before_now() {
        let since = |text: &str| read_since(text, NOW).map(|since| NOW.since(since) / 3_600_000);
        assert_eq!(since("30d").unwrap(), 720);
        assert_eq!(since(" 6h ").unwrap(), 6);
        // From the beginning of that day, at 14:13 of which it is now.
        assert_eq!(since("2026-09-21").unwrap(), 14);
        assert!(since("yesterday").is_err());
    }

    #[test]
    fn an_edit_changes_what_it_names_and_nothing_else() {
        let listing = ListingInput { text: Some("3 m".into()), ..offer() }.new_listing(NOW).unwrap();
        let edit = ListingInput { count: Some("2".into()), ..ListingInput::default() };
        let edited = edit.apply(listing.clone(), NOW).unwrap();
        assert_eq!((edited.count, edited.left), (2, 2));
        assert_eq!(Listing { count: 1, left: 1, ..edited }, listing);
    }

    #[test]
    fn a_count_in_json_may_be_a_number_or_text() {
        for json in [r#"{"count":-1}"#, r#"{"count":"-1"}"#] {
            let input: ListingInput = serde_json::from_str(json).unwrap();
            assert_eq!(input.count.as_deref(), Some("-1"));
        }
        assert!(serde_json::from_str::<ListingInput>(r#"{"colour":"red"}"#).is_err());
    }
}
