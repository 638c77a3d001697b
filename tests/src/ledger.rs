//! What a node's member has written, as whoever wrote it knows it: what was acknowledged, and what may or may not
//! have been done when the node went.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::{Client, Dice, texts};

/// What may be there under a key: these titles, or nothing.
type May = BTreeSet<Option<String>>;

/// See the module.
#[derive(Debug, Clone)]
pub struct Ledger {
    name: String,
    things: BTreeMap<String, May>,
    written: usize,
}

impl Ledger {
    /// Of a member of this name, who has written nothing.
    #[must_use]
    pub fn of(name: &str) -> Self {
        Self { name: name.to_owned(), things: BTreeMap::new(), written: 0 }
    }

    /// How much was written, what was refused and what nobody answered included.
    #[must_use]
    pub const fn written(&self) -> usize {
        self.written
    }

    /// Those that are there for sure, by their keys, with their titles.
    #[must_use]
    pub fn there(&self) -> BTreeMap<String, String> {
        let sure = |(key, may): (&String, &May)| match (may.len(), may.first()) {
            (1, Some(Some(title))) => Some((key.clone(), title.clone())),
            _ => None,
        };
        self.things.iter().filter_map(sure).collect()
    }

    /// Writes something: a new offer or need, a change, or a withdrawal. Gives the status of the answer and what
    /// it says; what was refused is not done.
    ///
    /// # Errors
    /// If no answer came.
    pub fn write(&mut self, client: &Client, dice: &mut Dice, text: &str) -> Result<(u16, Value), String> {
        self.written += 1;
        let there: Vec<String> = self.there().into_keys().collect();
        let old = |dice: &mut Dice| there[usize::try_from(dice.below(there.len() as u64)).unwrap()].clone();
        let title = format!("{} {}", self.name, self.written);
        let (key, after, method, path, body) = match dice.below(10) {
            0..=5 => {
                let side = if dice.below(2) == 0 { "offer" } else { "need" };
                let key = format!("{:016x}{:016x}", dice.below(u64::MAX), self.written);
                let body = json!({ "side": side, "title": title, "text": text, "key": key });
                (key, Some(title), "POST", "/listings".to_owned(), body)
            }
            _ if there.is_empty() => return self.write(client, dice, text),
            6..=7 => {
                let key = old(dice);
                let path = format!("/listings/{key}");
                (key, Some(title.clone()), "PATCH", path, json!({ "title": title }))
            }
            _ => {
                let key = old(dice);
                let path = format!("/listings/{key}");
                (key, None, "DELETE", path, Value::Null)
            }
        };
        let before = self.things.entry(key.clone()).or_insert_with(|| May::from([None])).clone();
        let both = before.iter().cloned().chain([after.clone()]).collect();
        self.things.insert(key.clone(), both);
        let answer = client.ask(method, &path, &body)?;
        let done = (200..300).contains(&answer.0);
        self.things.insert(key, if done { May::from([after]) } else { before });
        Ok(answer)
    }

    /// Checks that a node's own listings (`list --mine`) are what was acknowledged, no more and no less; what
    /// nobody had answered is known from then on. Gives how much that was.
    ///
    /// # Panics
    /// If something is lost, or has come back.
    pub fn settle(&mut self, listings: &Value) -> usize {
        let keys = texts(listings, "key").into_iter();
        let mut here: BTreeMap<String, String> = keys.zip(texts(listings, "title")).collect();
        let mut open = 0;
        for (key, may) in &mut self.things {
            let found = here.remove(key);
            assert!(may.contains(&found), "{} {key} may be {may:?}, and is {found:?}", self.name);
            open += usize::from(may.len() > 1);
            *may = May::from([found]);
        }
        assert_eq!(here, BTreeMap::new(), "{} never wrote these", self.name);
        open
    }
}
