//! What a person looks for, and what is found.

use std::fmt;

use crate::meaning::Kind;
use record::{Cell, Language, Side, Terms};

/// What a person looks for.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Query<'q> {
    /// The words, in any language; those after the first 32 are ignored. Without any nothing is found: to
    /// list everything is not a search.
    pub text: &'q str,
    /// Only offers, or only needs.
    pub side: Option<Side>,
    /// Only listings on these terms.
    pub terms: Option<Terms>,
    /// Only things of this kind, or of a kind below it.
    pub kind: Option<Kind>,
    /// Only listings of this category, as their listers wrote it; upper case and accents don't matter.
    pub category: Option<&'q str>,
    /// Only listings in this language.
    pub language: Option<Language>,
    /// From where; listings near it come a little earlier.
    pub near: Option<Cell>,
    /// Only listings within so many kilometres of `near`, as far as their cells tell. Without effect where
    /// `near` is not given.
    pub within_km: Option<f64>,
    /// Whether the last word is still being typed: it stands for all that begin so.
    pub unfinished: bool,
}

/// A listing that a search found.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit<Id> {
    /// The caller's id of the listing.
    pub id: Id,
    /// How far the listing is what the words say, 0 to 1, less a fifth at most for being far away. Scores of
    /// one query compare; those of different queries don't.
    pub score: f64,
    /// The words of the listing that hit, as they stand in its title, category or text.
    pub words: Vec<String>,
}

/// What a search found, if need be by looking farther than it was asked to.
#[derive(Debug, Clone, PartialEq)]
pub struct Found<Id> {
    /// The listings, the best first.
    pub hits: Vec<Hit<Id>>,
    /// What was left aside, since nothing was found with it.
    pub widened: Option<Widened>,
}

/// Which wish of a query was left aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Widened {
    /// How far it may be.
    Distance,
    /// The terms.
    Terms,
    /// The language.
    Language,
    /// The category and the kind.
    Category,
    /// All of these.
    Everything,
}

impl Widened {
    /// The ways to widen a search, the nearest first.
    pub(crate) const ALL: [Self; 5] =
        [Self::Distance, Self::Terms, Self::Language, Self::Category, Self::Everything];

    /// The word that stands for it in JSON and commands.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Distance => "distance",
            Self::Terms => "terms",
            Self::Language => "language",
            Self::Category => "category",
            Self::Everything => "everything",
        }
    }

    /// The query without that wish; none if it has no such wish.
    pub(crate) fn of<'q>(self, query: &Query<'q>) -> Option<Query<'q>> {
        let mut wider = *query;
        match self {
            Self::Distance => wider.within_km = None,
            Self::Terms => wider.terms = None,
            Self::Language => wider.language = None,
            Self::Category => (wider.category, wider.kind) = (None, None),
            Self::Everything => {
                let Query { text, side, near, unfinished, .. } = *query;
                wider = Query { text, side, near, unfinished, ..Query::default() };
            }
        }
        (wider != *query).then_some(wider)
    }
}

impl fmt::Display for Widened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Distance => "farther away",
            Self::Terms => "on other terms",
            Self::Language => "in other languages",
            Self::Category => "in other categories",
            Self::Everything => "elsewhere and otherwise",
        })
    }
}
