//! Kinds of things: a small tree.

use record::Language;

use crate::index::folded_category;

/// A kind of things.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Kind(usize);

/// Id, parent, English name, German name.
const KINDS: [(&str, Option<usize>, &str, &str); 7] = [
    ("tools", None, "Tools", "Werkzeug"),
    ("drills", Some(0), "Drills", "Bohrmaschinen"),
    ("saws", Some(0), "Saws", "Sägen"),
    ("children", None, "For children", "Kinder"),
    ("prams", Some(3), "Prams", "Kinderwagen"),
    ("garden", None, "Garden", "Garten"),
    ("kitchen", None, "Kitchen", "Küche"),
];

impl Kind {
    /// All kinds, a parent before its children.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..KINDS.len()).map(Self)
    }

    /// The word that stands for it.
    #[must_use]
    pub fn id(self) -> &'static str {
        KINDS.get(self.0).map_or("", |kind| kind.0)
    }

    /// The kind that it is a part of.
    #[must_use]
    pub fn parent(self) -> Option<Self> {
        KINDS.get(self.0).and_then(|kind| kind.1).map(Self)
    }

    /// The kinds that are a part of it.
    pub fn children(self) -> impl Iterator<Item = Self> {
        Self::all().filter(move |kind| kind.parent() == Some(self))
    }

    /// What it is called in a language, or in English.
    #[must_use]
    pub fn name(self, language: Language) -> &'static str {
        KINDS.get(self.0).map_or("", |kind| if language.code() == "de" { kind.3 } else { kind.2 })
    }

    /// The kind of this id or name.
    #[must_use]
    pub fn named(text: &str, _language: Option<Language>) -> Option<Self> {
        let text = folded_category(text);
        let so_called = |(id, _, english, german): &(&str, Option<usize>, &str, &str)| {
            *id == text || folded_category(english) == text || folded_category(german) == text
        };
        KINDS.iter().position(so_called).map(Self)
    }
}
