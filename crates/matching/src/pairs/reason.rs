//! Why a need and an offer match, for people to read.

use std::fmt;

use crate::action::Action;
use record::Terms;

/// Something that speaks for a match.
#[derive(Debug, Clone, PartialEq)]
pub struct Reason {
    /// Its part of the match's score, 0 to 1. The points of all reasons add up to the score.
    pub points: f64,
    /// What it is.
    pub kind: ReasonKind,
}

/// What speaks for a match.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum ReasonKind {
    /// Words that both say, in one form or another; spelled as one of the two titles has it.
    SharedWords(Vec<String>),
    /// Two words that are spelled alike, or of which one is a compound with the other.
    SimilarWords {
        /// The word as the need has it.
        need: String,
        /// The word as the offer has it.
        offer: String,
    },
    /// Both are about the same action.
    SameAction(Action),
    /// Both are in this category, as the need has it.
    SameCategory(String),
    /// How far they are from each other.
    Distance {
        /// Between the centres of the two cells, in kilometres.
        km: f64,
    },
    /// Both are on these terms.
    SameTerms(Terms),
}

impl fmt::Display for ReasonKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SharedWords(words) => write!(f, "both say {}", quoted(words)),
            Self::SimilarWords { need, offer } => write!(f, "\"{need}\" and \"{offer}\" are alike"),
            Self::SameAction(action) => write!(f, "both are about {action}"),
            Self::SameCategory(category) => write!(f, "both in category {category}"),
            // Why: a cell is wider than a kilometre, so "0.0 km" would claim too much.
            Self::Distance { km } if *km < 1.0 => f.write_str("in the same area"),
            Self::Distance { km } if *km < 10.0 => write!(f, "{km:.1} km away"),
            Self::Distance { km } => write!(f, "{km:.0} km away"),
            Self::SameTerms(Terms::Gift) => f.write_str("both as a gift"),
            Self::SameTerms(Terms::Loan) => f.write_str("both as a loan"),
            Self::SameTerms(Terms::Hours) => f.write_str("both for hours"),
            Self::SameTerms(Terms::Pool) => f.write_str("both in a common order"),
        }
    }
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
            (ReasonKind::SameAction(Action::Repair), "both are about repair"),
            (ReasonKind::SameCategory("Garden".into()), "both in category Garden"),
            (ReasonKind::Distance { km: 0.0 }, "in the same area"),
            (ReasonKind::Distance { km: 1.23 }, "1.2 km away"),
            (ReasonKind::Distance { km: 123.4 }, "123 km away"),
            (ReasonKind::SameTerms(Terms::Loan), "both as a loan"),
        ];
        for (kind, text) in texts {
            assert_eq!(kind.to_string(), text);
        }
    }
}
