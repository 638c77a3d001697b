//! Words for what is to be done with a thing.
//!
//! Whoever needs a toaster repaired is not helped by a toaster, and the other way round: a word for an
//! action on one side only speaks against a match.

use std::fmt;

/// Something that is done with or about a thing, as opposed to handing it over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Action {
    /// To mend a thing.
    Repair,
}

/// Beginnings of folded words for repairing: English and French, German, Dutch and Spanish (repara-),
/// Italian, Spanish, Portuguese, Dutch.
const REPAIR_STARTS: &[&str] = &["repair", "repar", "ripara", "arregl", "consert", "herstel"];
/// Folded words for repairing, whole.
const REPAIR_WORDS: &[&str] = &["mend", "mending", "mended", "fix", "fixing", "flicken"];
/// Ends of compounds for repairing.
const REPAIR_ENDS: &[&str] = &["reparatur", "reparaturen", "reparatie", "reparaties"];

impl Action {
    /// The action that a folded word names.
    pub(crate) fn named_by(folded: &str) -> Option<Self> {
        let repair = REPAIR_WORDS.contains(&folded)
            || REPAIR_STARTS.iter().any(|start| folded.starts_with(start))
            || REPAIR_ENDS.iter().any(|end| folded.ends_with(end));
        repair.then_some(Self::Repair)
    }

    /// The one word by which all words for it are found, in whatever language.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Repair => "repair",
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repairing_is_recognised_in_many_languages() {
        for word in
            ["repair", "repairs", "reparatur", "reparieren", "fahrradreparatur", "reparatie", "reparer"]
        {
            assert_eq!(Action::named_by(word), Some(Action::Repair), "{word}");
        }
        for word in ["arreglar", "reparacion", "riparazione", "conserto", "herstelling"] {
            assert_eq!(Action::named_by(word), Some(Action::Repair), "{word}");
        }
    }

    #[test]
    fn things_are_no_actions() {
        for word in ["toaster", "mendel", "fixie", "paar", "preparat"] {
            assert_eq!(Action::named_by(word), None, "{word}");
        }
    }
}
