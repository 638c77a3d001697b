//! Which column holds what.
//!
//! What the person says (`--map`) comes first, then the shapes of files that are known whole, then
//! the usual names of columns. A name with several meanings counts only if the cells agree.

use std::collections::{BTreeMap, BTreeSet};

use record::limits::MAX_CATEGORY;

use super::names::{Trust, candidates, fold, same, shows_lending};
use super::table::Table;
use super::{Field, ImportError, Options, dates, extras, values, words};

/// A kind of file that is known whole, by its set of columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// Any table of things.
    Things,
    /// Open Repair data (<https://standard.openrepair.org>): things that somebody wants mended.
    Repairs,
    /// Offers and needs of a time bank (TimeOverflow's columns): paid for in hours.
    TimeBank,
    /// What our own `export` writes.
    Export,
}

/// What each column of a table is.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) shape: Shape,
    /// The columns of each field; more than one for text, status and added-up counts only.
    fields: BTreeMap<Field, Vec<usize>>,
    /// The fields that the person mapped.
    mapped: BTreeSet<Field>,
    /// Columns that go into the text with their name.
    pub(super) extras: Vec<usize>,
    /// A column by which the file shows that its things are lent.
    pub(super) lending: Option<usize>,
}

impl Plan {
    /// Finds out what the columns of a table are.
    pub(super) fn new(table: &Table, options: &Options) -> Result<Self, ImportError> {
        let folded: Vec<String> = table.columns.iter().map(|name| fold(name)).collect();
        let mut plan = Self {
            shape: shape(&folded),
            fields: BTreeMap::new(),
            mapped: BTreeSet::new(),
            extras: Vec::new(),
            lending: folded.iter().position(|name| shows_lending(name)),
        };
        plan.take_mapped(table, options)?;
        plan.take_shape(&folded);
        plan.take_usual(table, &folded);
        plan.add_up_counts(&folded);
        plan.drop_half_a_place();
        plan.take_any_title(&folded);
        if plan.one(Field::Title).is_none() {
            return Err(ImportError::NoTitle { columns: table.columns.clone() });
        }
        plan.extras =
            (0..folded.len()).filter(|at| plan.is_free(*at) && extras::is_extra(&folded[*at])).collect();
        Ok(plan)
    }

    /// The column of a field that has one column at most.
    pub(super) fn one(&self, field: Field) -> Option<usize> {
        self.all(field).first().copied()
    }

    /// All columns of a field.
    pub(super) fn all(&self, field: Field) -> &[usize] {
        self.fields.get(&field).map_or(&[], Vec::as_slice)
    }

    /// Whether the person said which column holds a field.
    pub(super) fn is_mapped(&self, field: Field) -> bool {
        self.mapped.contains(&field)
    }

    /// Which column became what, and which were not used: sentences for people.
    pub(super) fn notes(&self, columns: &[String]) -> Vec<String> {
        let names = |places: &[usize]| {
            let quoted: Vec<String> = places
                .iter()
                .filter_map(|at| columns.get(*at))
                .map(|name| format!("\"{}\"", values::excerpt(name)))
                .collect();
            quoted.join(" + ")
        };
        let mut taken: Vec<String> =
            self.fields.iter().map(|(field, places)| format!("{field} from {}", names(places))).collect();
        if !self.extras.is_empty() {
            taken.push(format!("lines of the text from {}", names(&self.extras)));
        }
        let mut notes = vec![format!("columns: {}", taken.join(", "))];
        let unused: Vec<String> = (0..columns.len())
            .filter(|at| self.is_free(*at) && !self.extras.contains(at))
            .map(|at| names(&[at]))
            .collect();
        if !unused.is_empty() {
            notes.push(format!("columns not used: {}", unused.join(", ")));
        }
        notes
    }

    fn is_free(&self, at: usize) -> bool {
        !self.fields.values().any(|places| places.contains(&at))
    }

    fn take(&mut self, field: Field, at: usize) {
        self.fields.entry(field).or_default().push(at);
    }

    /// What `--map` says.
    fn take_mapped(&mut self, table: &Table, options: &Options) -> Result<(), ImportError> {
        for (field, column) in &options.map {
            let exact = table.columns.iter().position(|name| name == column);
            let alike = || table.columns.iter().position(|name| same(name, column));
            let Some(at) = exact.or_else(alike) else {
                return Err(ImportError::NoSuchColumn {
                    field: *field,
                    column: column.clone(),
                    columns: table.columns.clone(),
                });
            };
            if !self.mapped.insert(*field) && *field != Field::Text {
                return Err(ImportError::MappedTwice(*field));
            }
            self.take(*field, at);
        }
        Ok(())
    }

    /// What follows from the shape. One column may serve twice: the category of a broken thing is
    /// its title as well.
    fn take_shape(&mut self, folded: &[String]) {
        let find = |name: &str| folded.iter().position(|other| other == name);
        let known: &[(Field, Option<usize>)] = match self.shape {
            Shape::Things | Shape::TimeBank => &[],
            Shape::Repairs => &[
                (Field::Title, find("partnerproductcategory").or_else(|| find("productcategory"))),
                (Field::Category, find("productcategory")),
                (Field::Text, find("problem")),
            ],
            // An export's id changes with each revision; its key stays.
            Shape::Export => &[(Field::Id, find("key"))],
        };
        for (field, at) in known {
            if let (false, Some(at)) = (self.fields.contains_key(field), at) {
                self.take(*field, *at);
            }
        }
    }

    /// What the names of columns say.
    fn take_usual(&mut self, table: &Table, folded: &[String]) {
        for (field, name, trust) in candidates() {
            let is_settled = self.fields.contains_key(&field);
            let joins = matches!(field, Field::Text | Field::Status)
                && trust == Trust::Name
                && !self.mapped.contains(&field)
                && self.shape != Shape::Repairs;
            // An export's "expires" is the life of the record, which starts anew on import.
            let is_other = self.shape == Shape::Export && name == "expires";
            if (is_settled && !joins) || is_other {
                continue;
            }
            for (at, column) in folded.iter().enumerate() {
                let fits = column == name && self.is_free(at) && agree(table, at, field, trust);
                if fits && (joins || !self.fields.contains_key(&field)) {
                    self.take(field, at);
                }
            }
        }
        // The file's own order reads best.
        if let (false, Some(places)) = (self.mapped.contains(&Field::Text), self.fields.get_mut(&Field::Text))
        {
            places.sort_unstable();
        }
    }

    /// Without a column for the count, the stock of several places is added up: `qty_north`,
    /// `qty_south`.
    fn add_up_counts(&mut self, folded: &[String]) {
        const BEGINNINGS: [&str; 3] = ["qty", "quantity", "anzahl"];
        if self.fields.contains_key(&Field::Count) {
            return;
        }
        let is_count = |name: &str| BEGINNINGS.iter().any(|begin| name.starts_with(begin));
        let places: Vec<usize> =
            (0..folded.len()).filter(|at| is_count(&folded[*at]) && self.is_free(*at)).collect();
        // "anzahlteile" and the like count parts of one thing.
        let places: Vec<usize> = places.into_iter().filter(|at| !extras::is_extra(&folded[*at])).collect();
        if !places.is_empty() {
            self.fields.insert(Field::Count, places);
        }
    }

    /// Where no column for titles holds words, one that is named like one is better than none: each
    /// row is then reported for itself.
    fn take_any_title(&mut self, folded: &[String]) {
        let named = candidates().filter(|(field, ..)| *field == Field::Title);
        let find = |name: &str| folded.iter().position(|other| other == name);
        if !self.fields.contains_key(&Field::Title)
            && let Some(at) = named.filter_map(|(_, name, _)| find(name)).find(|at| self.is_free(*at))
        {
            self.take(Field::Title, at);
        }
    }

    /// A latitude is of no use without a longitude; `long` alone is something else altogether.
    fn drop_half_a_place(&mut self) {
        for (field, other) in [(Field::Latitude, Field::Longitude), (Field::Longitude, Field::Latitude)] {
            if !self.mapped.contains(&field) && !self.fields.contains_key(&other) {
                self.fields.remove(&field);
            }
        }
    }
}

fn shape(folded: &[String]) -> Shape {
    let has = |names: &[&str]| names.iter().all(|name| folded.iter().any(|other| other == name));
    if has(&["key", "author", "revision", "side", "title"]) {
        Shape::Export
    } else if has(&["productcategory", "problem"]) {
        Shape::Repairs
    } else if has(&["kind", "title", "categoryid", "tags"]) {
        Shape::TimeBank
    } else {
        Shape::Things
    }
}

/// Whether the cells of a column bear out what its name says.
fn agree(table: &Table, at: usize, field: Field, trust: Trust) -> bool {
    let distinct = || table.values(at).collect::<BTreeSet<_>>().len();
    let filled = || table.values(at).count();
    let mostly = |is_one: fn(&str) -> bool| {
        let (fitting, all) = table
            .values(at)
            .fold((0, 0), |(fitting, all), text| (fitting + usize::from(is_one(text)), all + 1));
        all > 0 && 2 * fitting >= all
    };
    match (field, trust) {
        // A "code" that most of many rows share names a kind of thing, not a row.
        (Field::Id, Trust::Name) => filled() < 10 || 2 * distinct() > filled(),
        (Field::Id, Trust::Cells) => distinct() == table.rows.len(),
        (_, Trust::Name) | (Field::Text, Trust::Cells) => true,
        (Field::Title, Trust::Cells) => filled() == 0 || mostly(|text| text.contains(char::is_alphabetic)),
        (Field::Side, Trust::Cells) => mostly(|text| words::side(text).is_some()),
        (Field::Terms, Trust::Cells) => mostly(|text| words::terms(text).is_some()),
        // A kind of thing comes several times, and is short; a model does not.
        (Field::Category, Trust::Cells) => {
            let is_short = |text: &str| text.chars().count() <= MAX_CATEGORY;
            2 * distinct() <= filled() && table.values(at).all(is_short)
        }
        (Field::Count, Trust::Cells) => {
            filled() > 0 && table.values(at).all(|text| values::count(text).is_ok())
        }
        (Field::Place, Trust::Cells) => mostly(values::looks_like_place),
        (Field::Until, Trust::Cells) => mostly(|text| dates::until(text).is_ok()),
        (Field::Language | Field::Latitude | Field::Longitude | Field::Status, Trust::Cells) => false,
    }
}
