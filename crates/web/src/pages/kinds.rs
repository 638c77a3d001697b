//! The kinds of things: a page to browse them, and their names for forms.

use std::sync::{Arc, OnceLock};

use ::node::{Handle, KindJson};
use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::Response;

use super::{Frame, PageError, Visitor, address, aside, page};
use crate::Shelf;

/// The language of the pages, in which every kind has a name.
const ENGLISH: &str = "en";
/// Before the name of a kind that is a part of another one, for each step: a space that forms keep.
const INDENT: &str = "\u{2003}";

/// A kind as a form or a list names it.
#[derive(Clone)]
pub(super) struct Named {
    pub(super) id: String,
    pub(super) name: String,
    /// Spaces that show of how many others it is a part.
    pub(super) indent: String,
}

/// All kinds, each after the one that it is a part of and what is a part of that one.
#[derive(Clone)]
pub(super) struct Kinds {
    /// In which language they are named.
    pub(super) language: String,
    pub(super) all: Vec<Named>,
}

/// The kinds are a part of the program: they are asked for once.
static ALL: OnceLock<Vec<KindJson>> = OnceLock::new();

impl Kinds {
    /// In the language that the visitor's browser asks for, where there are names in it.
    pub(super) fn new(handle: &Handle, visitor: &Visitor) -> Self {
        let kinds = ALL.get_or_init(|| handle.kinds());
        let known = |code: &String| code == ENGLISH || kinds.iter().any(|kind| kind.names.contains_key(code));
        let language = languages(&visitor.headers).into_iter().find(known);
        let language = language.unwrap_or_else(|| ENGLISH.to_owned());
        let mut all = Vec::with_capacity(kinds.len());
        put_below(None, "", kinds, &language, &mut all);
        Self { language, all }
    }

    /// What a kind is called.
    pub(super) fn name(&self, id: &str) -> Option<&str> {
        self.all.iter().find(|kind| kind.id == id).map(|kind| kind.name.as_str())
    }
}

/// Lists the kinds that are a part of this one, each with those that are a part of it.
fn put_below(
    parent: Option<&String>,
    indent: &str,
    kinds: &[KindJson],
    language: &str,
    all: &mut Vec<Named>,
) {
    for kind in kinds.iter().filter(|kind| kind.parent.as_ref() == parent) {
        let name = kind.names.get(language).or_else(|| kind.names.get(ENGLISH)).cloned().unwrap_or_default();
        all.push(Named { id: kind.id.clone(), name, indent: indent.to_owned() });
        put_below(Some(&kind.id), &format!("{indent}{INDENT}"), kinds, language, all);
    }
}

/// The languages that a browser asks for, the dearest first, as ISO 639-1.
fn languages(headers: &HeaderMap) -> Vec<String> {
    let asked = headers.get(header::ACCEPT_LANGUAGE).and_then(|asked| asked.to_str().ok());
    let mut asked: Vec<(f32, String)> = asked
        .unwrap_or_default()
        .split(',')
        .take(20)
        .filter_map(|one| {
            let (tag, about) = one.trim().split_once(';').unwrap_or((one.trim(), ""));
            let weight = about.trim().strip_prefix("q=").and_then(|weight| weight.trim().parse().ok());
            let code = tag.split('-').next().unwrap_or_default().to_lowercase();
            // Both ways of writing Norwegian have the names of one of them.
            let code = if matches!(code.as_str(), "no" | "nn") { "nb".to_owned() } else { code };
            Some((weight.unwrap_or(1.0), code))
                .filter(|(weight, code): &(f32, String)| *weight > 0.0 && !code.is_empty())
        })
        .collect();
    asked.sort_by(|(one, _), (other, _)| other.total_cmp(one));
    asked.into_iter().map(|(_, code)| code).collect()
}

/// A kind, and how many things of it there are.
struct Row {
    name: String,
    href: String,
    count: usize,
    /// Of how many others it is a part.
    steps: usize,
}

/// A kind that is a part of no other, and all that are a part of it.
struct Shelves {
    top: Row,
    below: Vec<Row>,
    /// Those of which there is nothing now, by name.
    none: String,
}

#[derive(Template)]
#[template(path = "kinds.html")]
struct KindsPage {
    frame: Frame,
    alone: bool,
    language: String,
    all: Vec<Shelves>,
}

/// All kinds of things.
pub(crate) async fn show(State(shelf): State<Arc<Shelf>>, visitor: Visitor) -> Result<Response, PageError> {
    let kinds = Kinds::new(&shelf.handle, &visitor);
    let counts = aside(&shelf, |handle| Ok(handle.kind_counts())).await?;
    let mut all: Vec<Shelves> = Vec::new();
    for Named { id, name, indent, .. } in kinds.all {
        let count = counts.get(&id).copied().unwrap_or(0);
        let row = Row { name, href: address("/", &[("kind", &id)]), count, steps: indent.chars().count() };
        match all.last_mut() {
            Some(shelves) if row.steps > 0 && row.count > 0 => shelves.below.push(row),
            Some(Shelves { none, .. }) if row.steps > 0 => {
                none.push_str(if none.is_empty() { "" } else { ", " });
                none.push_str(&row.name);
            }
            Some(_) | None => all.push(Shelves { top: row, below: Vec::new(), none: String::new() }),
        }
    }
    let template = KindsPage {
        frame: Frame::new(&shelf, &visitor, "kinds", "Kinds of things"),
        alone: shelf.handle.circles().is_empty(),
        all,
        language: kinds.language,
    };
    page(&visitor, &template)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dearest_language_comes_first() {
        let asked = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_LANGUAGE, text.parse().unwrap());
            languages(&headers)
        };
        assert_eq!(asked("de-AT,de;q=0.9,en;q=0.8"), ["de", "de", "en"]);
        assert_eq!(asked("en;q=0.2, nn ,fr;q=0"), ["nb", "en"]);
        assert_eq!(asked(";;,q=x,*"), ["q=x", "*"]);
        assert!(languages(&HeaderMap::new()).is_empty());
    }
}
