//! The tree of kinds: furniture, tools, help with moving, a room for a night.
//!
//! The tree stands in `data/kinds/tree.tsv`, the names in `data/kinds/names`, one file for each language.
//! Whoever adds a language writes its file and names it here.

use std::cmp::Reverse;
use std::fmt;
use std::sync::LazyLock;

use record::Language;

use super::lexicon::key;

/// The table of kinds, each after its parent.
const TREE: &str = include_str!("../../data/kinds/tree.tsv");

macro_rules! names {
    ($($code:literal)*) => {
        &[$(($code, include_str!(concat!("../../data/kinds/names/", $code, ".tsv")))),*]
    };
}

/// The names of all kinds in each language, by its code.
const NAMES: &[(&str, &str)] = names! {
    "ar" "bg" "ca" "cs" "da" "de" "el" "en" "es" "fa" "fi" "fr" "he" "hi" "hr" "hu" "id" "it" "ja" "ko"
    "nb" "nl" "pl" "pt" "ro" "ru" "sv" "tr" "uk" "vi" "zh"
};

/// The tables as they are read once.
static KINDS: LazyLock<Kinds> = LazyLock::new(Kinds::read);

/// A kind of thing, help or place that people offer or need.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Kind(u8);

impl Kind {
    /// All kinds in the order in which an app shows them, each after its parent.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..=u8::MAX).take(KINDS.rows.len()).map(Self)
    }

    /// The kind with an id, such as `garden-tools`.
    #[must_use]
    pub fn with_id(id: &str) -> Option<Self> {
        let place = KINDS.by_id.binary_search_by_key(&id, |(known, _)| known).ok()?;
        KINDS.by_id.get(place).map(|(_, kind)| *kind)
    }

    /// The kind that a text names: its id, or its whole name in any language. Where languages differ,
    /// the given one decides.
    #[must_use]
    pub fn named(text: &str, language: Option<Language>) -> Option<Self> {
        if let Some(kind) = Self::with_id(text.trim()) {
            return Some(kind);
        }
        let wanted = key(text);
        let from = KINDS.by_name.partition_point(|name| name.key < wanted);
        let same = KINDS.by_name.iter().skip(from).take_while(|name| name.key == wanted);
        let language = language.map(written_as);
        same.min_by_key(|name| Reverse(language.is_some_and(|language| language.code() == name.code)))
            .map(|name| name.kind)
    }

    /// Its short English word, which stays the same for good.
    #[must_use]
    pub fn id(self) -> &'static str {
        self.row().map_or("", |row| row.id)
    }

    /// The kind it is a part of; top kinds have none.
    #[must_use]
    pub fn parent(self) -> Option<Self> {
        self.row()?.parent
    }

    /// The kinds right below it.
    pub fn children(self) -> impl Iterator<Item = Self> {
        Self::all().filter(move |kind| kind.parent() == Some(self))
    }

    /// The kinds above it, from its parent up.
    pub fn ancestors(self) -> impl Iterator<Item = Self> {
        std::iter::successors(self.parent(), |kind| kind.parent())
    }

    /// Whether it is this kind, or one below it.
    #[must_use]
    pub fn is_within(self, kind: Self) -> bool {
        self == kind || self.ancestors().any(|above| above == kind)
    }

    /// Whether one of the two is within the other, or both are of one kind of things.
    #[must_use]
    pub fn is_related_to(self, other: Self) -> bool {
        let top = |kind: Self| kind.ancestors().last().unwrap_or(kind);
        top(self) == top(other)
    }

    /// What people call it, as an app shows it; in English where the language has no names.
    #[must_use]
    pub fn name(self, language: Language) -> &'static str {
        let language = written_as(language);
        KINDS.name(self, language.code()).or_else(|| KINDS.name(self, "en")).unwrap_or_default()
    }

    /// The type of schema.org that fits best, such as `Book` or `Service`.
    #[must_use]
    pub fn schema_org(self) -> &'static str {
        self.row().map_or("", |row| row.schema_org)
    }

    /// The action of ValueFlows by which it mostly passes on: `transfer` for things that are given,
    /// `use` for things and places that are lent, `deliverService` for help.
    #[must_use]
    pub fn valueflows(self) -> &'static str {
        self.row().map_or("", |row| row.valueflows)
    }

    /// The languages that have names for all kinds, by code, sorted.
    pub fn languages() -> impl Iterator<Item = &'static str> {
        NAMES.iter().map(|(code, _)| *code)
    }

    fn row(self) -> Option<&'static Row> {
        KINDS.rows.get(usize::from(self.0))
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

impl fmt::Debug for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Kind({self})")
    }
}

/// A line of the tree.
struct Row {
    id: &'static str,
    parent: Option<Kind>,
    schema_org: &'static str,
    valueflows: &'static str,
}

/// A name as it is looked up.
struct Name {
    key: String,
    code: &'static str,
    kind: Kind,
}

/// The tables, ready to be asked.
struct Kinds {
    /// By number.
    rows: Vec<Row>,
    /// Sorted by id.
    by_id: Vec<(&'static str, Kind)>,
    /// By language as in [`NAMES`], then by number.
    shown: Vec<Vec<&'static str>>,
    /// Sorted by key, then by language.
    by_name: Vec<Name>,
}

impl Kinds {
    fn read() -> Self {
        let mut rows: Vec<Row> = Vec::new();
        for line in lines(TREE) {
            let mut cells = line.split('\t');
            let mut cell = || cells.next().unwrap_or_default();
            let (id, above, schema_org, valueflows) = (cell(), cell(), cell(), cell());
            let parent = (0..).map(Kind).zip(&rows).find(|(_, row)| row.id == above).map(|(kind, _)| kind);
            rows.push(Row { id, parent, schema_org, valueflows });
        }
        let mut by_id: Vec<(&str, Kind)> = rows.iter().map(|row| row.id).zip((0..).map(Kind)).collect();
        by_id.sort_unstable();
        let mut shown = Vec::new();
        let mut by_name = Vec::new();
        for (code, table) in NAMES {
            let mut names = vec![""; rows.len()];
            for (id, name) in lines(table).filter_map(|line| line.split_once('\t')) {
                let Some((_, kind)) = by_id.iter().find(|(known, _)| *known == id) else { continue };
                if let Some(place) = names.get_mut(usize::from(kind.0)) {
                    *place = name;
                }
                by_name.push(Name { key: key(name), code, kind: *kind });
            }
            shown.push(names);
        }
        by_name.sort_by(|one, other| (&one.key, one.code).cmp(&(&other.key, other.code)));
        Self { rows, by_id, shown, by_name }
    }

    fn name(&self, kind: Kind, code: &str) -> Option<&'static str> {
        let place = NAMES.binary_search_by_key(&code, |(known, _)| known).ok()?;
        self.shown.get(place)?.get(usize::from(kind.0)).copied().filter(|name| !name.is_empty())
    }
}

/// The lines of a table that are no comments.
fn lines(table: &'static str) -> impl Iterator<Item = &'static str> {
    table.lines().filter(|line| !line.is_empty() && !line.starts_with('#'))
}

/// The language in whose file the names for a language stand.
fn written_as(language: Language) -> Language {
    match language.code() {
        "no" | "nn" => "nb".parse().unwrap_or(language),
        _ => language,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn language(code: &str) -> Language {
        code.parse().unwrap()
    }

    fn kind(id: &str) -> Kind {
        Kind::with_id(id).unwrap()
    }

    #[test]
    fn every_kind_has_a_name_of_its_own_in_every_language() {
        assert!(Kind::languages().count() >= 20);
        assert!(Kind::languages().is_sorted());
        for (code, table) in NAMES {
            let ids: Vec<&str> = lines(table).filter_map(|line| line.split('\t').next()).collect();
            assert_eq!(ids, Kind::all().map(Kind::id).collect::<Vec<_>>(), "{code}");
            let keys: BTreeSet<String> = Kind::all().map(|kind| key(kind.name(language(code)))).collect();
            assert_eq!(keys.len(), ids.len(), "two kinds share a name in {code}");
            assert!(!keys.contains(""), "{code}");
        }
    }

    #[test]
    fn the_tree_is_small_and_has_no_loose_ends() {
        let ids: BTreeSet<&str> = Kind::all().map(Kind::id).collect();
        assert_eq!(ids.len(), KINDS.rows.len(), "an id stands twice");
        for (kind, line) in Kind::all().zip(lines(TREE)) {
            let cells: Vec<&str> = line.split('\t').collect();
            let [id, parent, schema_org, action] = cells.as_slice() else { panic!("four cells: {line}") };
            assert_eq!(kind.id(), *id);
            assert_eq!(kind.parent().map_or("-", Kind::id), *parent, "{id}: the parent stands above");
            assert!(schema_org.starts_with(|letter: char| letter.is_ascii_uppercase()), "{id}");
            assert!(["transfer", "use", "deliverService"].contains(action), "{id}");
            assert!(id.chars().all(|letter| letter.is_ascii_lowercase() || letter == '-'), "{id}");
            assert!(kind.ancestors().count() < 3, "{id} is more than three deep");
        }
    }

    #[test]
    fn kinds_know_their_family() {
        assert_eq!(kind("bicycle-repair").ancestors().map(Kind::id).collect::<Vec<_>>(), ["repair", "help"]);
        assert_eq!(kind("tools").parent(), None);
        let children: Vec<&str> = kind("animals").children().map(Kind::id).collect();
        assert_eq!(children, ["pets", "pet-things"]);
    }

    #[test]
    fn a_kind_is_known_by_its_name_in_any_language() {
        assert_eq!(Kind::named("möbel", None), Some(kind("furniture")));
        assert_eq!(Kind::named("MEUBLES", Some(language("de"))), Some(kind("furniture")));
        assert_eq!(Kind::named(" garden-tools ", None), Some(kind("garden-tools")));
        assert_eq!(Kind::named("Werkzeug & Bauen", None), Some(kind("tools")));
        assert_eq!(Kind::named("велосипеды", None), Some(kind("bicycles")));
        assert_eq!(Kind::named("Kram", None), None);
        assert_eq!(Kind::named("", None), None);
        for code in Kind::languages() {
            for kind in Kind::all() {
                assert_eq!(
                    Kind::named(kind.name(language(code)), Some(language(code))),
                    Some(kind),
                    "{code}"
                );
            }
        }
    }

    #[test]
    fn a_language_without_names_shows_english_and_norwegian_has_one_file() {
        assert_eq!(kind("toys").name(language("xx")), "Toys");
        assert_eq!(kind("toys").name(language("nn")), "Leker");
        assert_eq!(kind("toys").name(language("nb")), "Leker");
    }
}
