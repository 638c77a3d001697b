//! What filters ask of a listing, small enough to look at a million of them.

use crate::index::entry::About;
use crate::index::query::Query;
use crate::meaning::Kind;
use crate::text::fold::{fold, lower};
use record::{Cell, Language, Side, Terms, Timestamp};

/// Facts of one listing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Facts {
    side: Side,
    terms: Terms,
    /// Whether anything is left.
    is_open: bool,
    /// The beginning of the author's key, which is as good as random.
    author: u64,
    language: Option<Language>,
    /// The number of its folded category.
    category: u32,
    kind: Option<Kind>,
    /// Whether the lister said the kind.
    says_kind: bool,
    pub(crate) place: Option<Spot>,
    until: Option<Timestamp>,
}

/// Where a cell is: its centre on a globe of radius 1, and how far its corners are from there. What
/// [`Cell::distance_km`] says, too, ready to be asked of a million listings.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Spot {
    centre: [f32; 3],
    radius_km: f32,
}

const EARTH_RADIUS_KM: f32 = 6371.009;

impl Spot {
    pub(crate) fn of(cell: Cell) -> Self {
        let (latitude, longitude) = cell.centre();
        let (latitude, longitude) = (latitude.to_radians(), longitude.to_radians());
        let centre = [
            (latitude.cos() * longitude.cos()) as f32,
            (latitude.cos() * longitude.sin()) as f32,
            latitude.sin() as f32,
        ];
        Self { centre, radius_km: cell.radius_km() as f32 }
    }

    /// Between the two centres, in kilometres.
    pub(crate) fn distance_km(&self, other: &Self) -> f32 {
        let squares: f32 =
            self.centre.iter().zip(&other.centre).map(|(one, other)| (one - other).powi(2)).sum();
        2.0 * EARTH_RADIUS_KM * (squares.sqrt() / 2.0).min(1.0).asin()
    }

    /// How far the distance may be off, in kilometres: each may be anywhere in its cell.
    pub(crate) fn give_or_take_km(&self, other: &Self) -> f32 {
        self.radius_km + other.radius_km
    }
}

fn tag(author: &[u8; 32]) -> u64 {
    author.first_chunk().map_or(0, |first| u64::from_le_bytes(*first))
}

/// The filters of a query, ready to be asked of many listings.
pub(crate) struct Filters {
    side: Option<Side>,
    terms: Option<Terms>,
    language: Option<Language>,
    category: Option<u32>,
    kind: Option<Kind>,
    within: Option<(Spot, f32)>,
    now: Timestamp,
}

impl Facts {
    /// `said` is the kind that the category names, `guessed` what the words name.
    pub(crate) fn of(
        about: &About,
        language: Option<Language>,
        category: u32,
        said: Option<Kind>,
        guessed: Option<Kind>,
    ) -> Self {
        let listing = &about.listing;
        Self {
            side: listing.side,
            terms: listing.terms,
            is_open: listing.left > 0,
            author: tag(&about.author),
            language,
            category,
            kind: said.or(guessed),
            says_kind: said.is_some(),
            place: listing.cell.map(Spot::of),
            until: listing.until,
        }
    }

    /// Whether the two could be a match: a need and an offer of two authors, with something left, in time.
    pub(crate) fn may_match(&self, other: &Self, now: Timestamp) -> bool {
        let stands = |facts: &Self| facts.is_open && facts.until.is_none_or(|until| until > now);
        self.side != other.side && self.author != other.author && stands(self) && stands(other)
    }

    pub(crate) const fn says_kind(&self) -> bool {
        self.says_kind
    }

    pub(crate) const fn kind(&self) -> Option<Kind> {
        self.kind
    }
}

impl Filters {
    /// `category` is the number of the query's category, of which 0 is none that a listing has.
    pub(crate) fn of(query: &Query<'_>, category: Option<u32>, now: Timestamp) -> Self {
        let within = query.near.zip(query.within_km).map(|(near, most)| (Spot::of(near), most as f32));
        let Query { side, terms, language, kind, .. } = *query;
        Self { side, terms, language, category, kind, within, now }
    }

    /// Whether a listing passes. A place passes if the distance may be short enough: nobody knows where in
    /// its cell it is.
    pub(crate) fn admit(&self, facts: &Facts) -> bool {
        self.side.is_none_or(|side| facts.side == side)
            && self.terms.is_none_or(|terms| facts.terms == terms)
            && self.language.is_none_or(|language| facts.language == Some(language))
            && self.category.is_none_or(|category| facts.category == category)
            && self.kind.is_none_or(|kind| facts.kind.is_some_and(|theirs| theirs.is_within(kind)))
            && facts.until.is_none_or(|until| until > self.now)
            && self.within.is_none_or(|(near, most)| {
                facts
                    .place
                    .is_some_and(|place| near.distance_km(&place) - near.give_or_take_km(&place) <= most)
            })
    }
}

/// The form in which two categories are compared.
pub(crate) fn folded_category(category: &str) -> String {
    fold(&lower(category.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn two_spots_are_as_far_from_each_other_as_their_cells(
            here in (-80.0..80.0, -179.0..179.0),
            there in (-80.0..80.0, -179.0..179.0),
        ) {
            let cell = |(latitude, longitude): (f64, f64)| Cell::containing(latitude, longitude).unwrap();
            let (here, there) = (cell(here), cell(there));
            let (km, exact) = (Spot::of(here).distance_km(&Spot::of(there)), here.distance_km(there));
            prop_assert!((f64::from(km) - exact).abs() <= 0.01 + exact / 100.0, "{km} {exact}");
        }
    }
}
