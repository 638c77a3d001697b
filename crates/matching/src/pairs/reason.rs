//! Why a need and an offer match, for people to read.

use std::fmt;

use crate::meaning::Kind;
use crate::text::action::Action;
use record::{Language, Terms};

/// Something that speaks for a match, or against it.
#[derive(Debug, Clone, PartialEq)]
pub struct Reason {
    /// Its part of the match's score: above 0 what speaks for it, below 0 what speaks against it. The points of
    /// all reasons add up to the score.
    pub points: f64,
    /// What it is.
    pub kind: ReasonKind,
}

/// What speaks for a match, or against it. Words are as the listings have them.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum ReasonKind {
    /// Words that both say, in one form or another.
    SharedWords(Vec<String>),
    /// Two words that are spelled alike, or of which one is a compound that ends in the other.
    SimilarWords {
        /// The word as the need has it.
        need: String,
        /// The word as the offer has it.
        offer: String,
    },
    /// Two names of one thing.
    SameThing {
        /// The need's.
        need: String,
        /// The offer's.
        offer: String,
    },
    /// Two words of similar meaning.
    SimilarMeaning {
        /// The need's.
        need: String,
        /// The offer's.
        offer: String,
    },
    /// The titles are near in meaning, though no word of the one answers one of the other.
    SimilarTitles,
    /// Both are about the same action.
    SameAction(Action),
    /// Only one of the two is about this action.
    OtherAction(Action),
    /// Two names of different things.
    OtherThing {
        /// The need's.
        need: String,
        /// The offer's.
        offer: String,
    },
    /// The offer mentions what is needed and is something else itself.
    OnlyMentioned {
        /// What is needed.
        need: String,
    },
    /// One side says that it is not, or does not want, what the other says.
    RuledOut {
        /// The word.
        word: String,
        /// Whether it is the need that does not want it.
        by_need: bool,
    },
    /// Both name the same size.
    SameSize(String),
    /// They name different sizes.
    OtherSize {
        /// The need's.
        need: String,
        /// The offer's.
        offer: String,
    },
    /// Both are in this category, as the need has it.
    SameCategory(String),
    /// Both are of this kind of things.
    SameKind(Kind),
    /// They are of kinds that have nothing to do with each other.
    OtherKind {
        /// The need's.
        need: Kind,
        /// The offer's.
        offer: Kind,
    },
    /// How far they are from each other.
    Distance {
        /// Between the centres of the two cells, in kilometres.
        km: f64,
        /// How far that may be off, in kilometres.
        give_or_take_km: f64,
    },
    /// Both are on these terms.
    SameTerms(Terms),
    /// There are as many as are needed.
    Enough {
        /// How many are needed, more than one.
        needed: u32,
    },
    /// The offer is new.
    Fresh {
        /// Since how many days it stands.
        days: u64,
    },
}

impl fmt::Display for ReasonKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SharedWords(words) => write!(f, "both say {}", quoted(words)),
            Self::SimilarWords { need, offer } => write!(f, "\"{need}\" and \"{offer}\" are alike"),
            Self::SameThing { need, offer } => write!(f, "\"{need}\" and \"{offer}\" are names of the same"),
            Self::SimilarMeaning { need, offer } => {
                write!(f, "\"{need}\" and \"{offer}\" mean something similar")
            }
            Self::SimilarTitles => f.write_str("the two titles mean something similar"),
            Self::SameAction(action) => write!(f, "both are about {action}"),
            Self::OtherAction(action) => write!(f, "only one of the two is about {action}"),
            Self::OtherThing { need, offer } => write!(f, "\"{need}\" is another thing than \"{offer}\""),
            Self::OnlyMentioned { need } => write!(f, "\"{need}\" is not what is offered itself"),
            Self::RuledOut { word, by_need: true } => write!(f, "the need rules out \"{word}\""),
            Self::RuledOut { word, by_need: false } => write!(f, "the offer is without \"{word}\""),
            Self::SameSize(size) => write!(f, "both {size}"),
            Self::OtherSize { need, offer } => write!(f, "needed is {need}, offered {offer}"),
            Self::SameCategory(category) => write!(f, "both in category {category}"),
            Self::SameKind(kind) => write!(f, "both are {}", in_english(*kind)),
            Self::OtherKind { need, offer } => {
                write!(f, "needed is something of {}, offered of {}", in_english(*need), in_english(*offer))
            }
            // Why: a cell is wider than a kilometre, so "0.0 km" would claim too much.
            Self::Distance { km, .. } if *km < 1.0 => f.write_str("in the same area"),
            Self::Distance { km, give_or_take_km } => {
                write!(f, "{km:.0} km away, give or take {:.0}", give_or_take_km.max(1.0))
            }
            Self::SameTerms(Terms::Gift) => f.write_str("both as a gift"),
            Self::SameTerms(Terms::Loan) => f.write_str("both as a loan"),
            Self::SameTerms(Terms::Hours) => f.write_str("both for hours"),
            Self::SameTerms(Terms::Pool) => f.write_str("both in a common order"),
            Self::Enough { needed } => write!(f, "there are enough: {needed} or more"),
            Self::Fresh { days: 0 } => f.write_str("offered today"),
            Self::Fresh { days: 1 } => f.write_str("offered yesterday"),
            Self::Fresh { days } => write!(f, "offered {days} days ago"),
        }
    }
}

fn in_english(kind: Kind) -> String {
    "en".parse::<Language>()
        .map_or_else(|_| kind.id().to_owned(), |english| kind.name(english).to_lowercase())
}

/// Words in quotation marks: `"a", "b" and "c"`.
fn quoted(words: &[String]) -> String {
    let words: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
    match words.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_read_as_plain_english() {
        let words =
            |words: &[&str]| ReasonKind::SharedWords(words.iter().map(|word| (*word).to_owned()).collect());
        let texts = [
            (words(&["Bohrmaschine"]), "both say \"Bohrmaschine\""),
            (words(&["a", "b", "c"]), "both say \"a\", \"b\" and \"c\""),
            (
                ReasonKind::SimilarWords { need: "Drill".into(), offer: "Drills".into() },
                "\"Drill\" and \"Drills\" are alike",
            ),
            (
                ReasonKind::SameThing { need: "Kinderwagen".into(), offer: "poussette".into() },
                "\"Kinderwagen\" and \"poussette\" are names of the same",
            ),
            (ReasonKind::SameAction(Action::Repair), "both are about repair"),
            (ReasonKind::SameCategory("Garden".into()), "both in category Garden"),
            (
                ReasonKind::RuledOut { word: "plastic".into(), by_need: true },
                "the need rules out \"plastic\"",
            ),
            (ReasonKind::Distance { km: 0.0, give_or_take_km: 2.8 }, "in the same area"),
            (ReasonKind::Distance { km: 12.3, give_or_take_km: 2.8 }, "12 km away, give or take 3"),
            (ReasonKind::SameTerms(Terms::Loan), "both as a loan"),
            (ReasonKind::Fresh { days: 3 }, "offered 3 days ago"),
        ];
        for (kind, text) in texts {
            assert_eq!(kind.to_string(), text);
        }
    }
}
