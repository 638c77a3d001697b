//! What was damaged and has been mended, until the person can have seen it and what others wrote is back. It lies in
//! a file, since a store may be opened, and mended, by a command that ends at once.

use std::collections::BTreeSet;

use record::{CircleId, Timestamp};
use serde::{Deserialize, Serialize};
use store::Mended;

use crate::error::NodeError;
use crate::folder::Folder;
use crate::service::Service;

/// Where it lies.
const FILE: &str = "mended.json";
/// Under which name the notice stands.
const NOTICE: &str = "mended";
/// How long it is told once all is back.
const TOLD: u64 = 24 * 60 * 60 * 1_000;
/// How long it is told that something is missing that nobody seems to have.
const MISSED: u64 = 30 * TOLD;
/// How much is told.
const MOST: usize = 8;

/// See the module.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Mending {
    /// Since when all of it is as it is: Unix milliseconds; not yet known while the date is in doubt.
    since: Option<u64>,
    /// What happened, in sentences.
    pub(crate) told: Vec<String>,
    /// The circles of which others' records may be missing.
    missing: BTreeSet<String>,
    /// How many things that were mended in this run are in it.
    #[serde(skip)]
    seen: usize,
}

impl Mending {
    /// What the folder's file says; one that is damaged says nothing.
    pub(crate) fn load(folder: &Folder) -> Result<Self, NodeError> {
        let text = folder.read(FILE)?;
        Ok(text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default())
    }

    fn keep(&self, folder: &Folder) -> Result<(), NodeError> {
        if self.told.is_empty() {
            return folder.put_away(FILE, None);
        }
        let json = serde_json::to_vec(self).map_err(|error| NodeError::Invalid(error.to_string()))?;
        folder.write(FILE, &json)
    }

    /// Takes in what was mended in this run, as long as it is new; says whether it was.
    fn add(&mut self, mended: &[Mended], circles: &[CircleId]) -> bool {
        let new = mended.get(self.seen..).unwrap_or_default();
        for mended in new {
            self.told.push(sentence(mended));
            if mended.lacks_others() {
                self.missing.extend(circles.iter().map(ToString::to_string));
            }
        }
        let surplus = self.told.len().saturating_sub(MOST);
        self.told.drain(..surplus);
        self.seen = mended.len();
        if !new.is_empty() {
            self.since = None;
        }
        !new.is_empty()
    }

    /// What is new now that it is so late; says whether anything is.
    fn advance(&mut self, now: Option<Timestamp>) -> bool {
        let Some(now) = now.map(Timestamp::millis).filter(|_| !self.told.is_empty()) else { return false };
        let patience = if self.missing.is_empty() { TOLD } else { MISSED };
        match self.since {
            None => self.since = Some(now),
            Some(since) if now.saturating_sub(since) >= patience => {
                *self = Self { seen: self.seen, ..Self::default() };
            }
            Some(_) => return false,
        }
        true
    }

    /// A round with a peer is finished: what it has of a circle is here. Says whether that was missing.
    fn back(&mut self, circle: CircleId) -> bool {
        let was_missing = self.missing.remove(&circle.to_string());
        if self.missing.is_empty() && was_missing {
            self.since = None;
        }
        was_missing
    }

    /// Which circles are not back, by their names.
    pub(crate) fn missing(&self, names: &[(CircleId, String)]) -> Vec<String> {
        let is_missing = |(circle, _): &&(CircleId, String)| self.missing.contains(&circle.to_string());
        names.iter().filter(is_missing).map(|(_, name)| name.clone()).collect()
    }

    fn notice(&self, names: &[(CircleId, String)]) -> Option<String> {
        let missing = self.missing(names);
        let fetched = (!missing.is_empty()).then(|| {
            format!(
                "What others wrote in {} is being fetched again: let this node run, connected to another one of the \
                 circle.",
                missing.join(", ")
            )
        });
        let told: Vec<&str> = self.told.iter().chain(&fetched).map(String::as_str).collect();
        (!told.is_empty()).then(|| told.join(" "))
    }
}

/// What was mended, in a sentence.
pub(crate) fn sentence(mended: &Mended) -> String {
    let text = mended.to_string();
    let mut letters = text.chars();
    let first = letters.next().map(char::to_uppercase).into_iter().flatten();
    first.chain(letters).chain(['.']).collect()
}

impl Service {
    /// Tells the person what was mended, as long as that is news.
    pub(crate) fn tell_mended(&mut self) {
        let circles: Vec<CircleId> = self.read(|view| view.order.clone());
        let now = self.clock.to_sign().ok();
        let added = self.mending.add(self.protocol.store().mended(), &circles);
        if self.mending.advance(now) || added {
            self.keep_mending();
        } else if !self.mending.told.is_empty() {
            // A circle's name may have come.
            self.show_mended();
        }
    }

    /// A round with a peer is finished.
    pub(crate) fn fetched(&mut self, circle: CircleId) {
        let has_charter =
            self.protocol.catalogue(circle).is_some_and(|catalogue| catalogue.charter().is_some());
        if has_charter && self.mending.back(circle) {
            self.keep_mending();
        }
    }

    fn keep_mending(&self) {
        if let Err(error) = self.mending.keep(&self.folder) {
            tracing::warn!(%error, "what was mended is not written down");
        }
        self.show_mended();
    }

    fn show_mended(&self) {
        self.change(|view| match self.mending.notice(&view.circle_names()) {
            Some(notice) => drop(view.notices.insert(NOTICE, notice)),
            None => drop(view.notices.remove(NOTICE)),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: CircleId = CircleId::from_bytes([1; 32]);
    const THERE: CircleId = CircleId::from_bytes([2; 32]);
    const NOW: Timestamp = Timestamp::from_millis(1_790_000_000_000);

    fn anew() -> Vec<Mended> {
        vec![Mended::Anew { aside: "records.damaged-2026-11-25".into(), reason: "a hole".into() }]
    }

    fn names() -> Vec<(CircleId, String)> {
        vec![(HERE, "Hof".into()), (THERE, "Haus".into())]
    }

    #[test]
    fn what_is_fetched_again_is_told_until_it_is_back_and_a_day_longer() {
        let mut mending = Mending::default();
        assert!(mending.add(&anew(), &[HERE, THERE]));
        assert!(!mending.add(&anew(), &[HERE, THERE]), "told once");
        assert!(mending.advance(Some(NOW)) && !mending.advance(Some(NOW.plus_days(29))));
        let notice = mending.notice(&names()).unwrap();
        assert!(notice.starts_with("The records were damaged (a hole)"), "{notice}");
        assert!(notice.contains("in Hof, Haus is being fetched again"), "{notice}");
        assert!(mending.back(HERE) && !mending.back(HERE));
        assert!(mending.notice(&names()).unwrap().contains("in Haus is being"));
        assert!(mending.back(THERE));
        assert!(!mending.notice(&names()).unwrap().contains("is being"));
        let back = NOW.plus_days(3);
        assert!(mending.advance(Some(back)) && !mending.advance(Some(back.plus_millis(TOLD - 1))));
        assert!(mending.notice(&names()).is_some());
        assert!(mending.advance(Some(back.plus_days(1))));
        assert_eq!(mending.notice(&names()), None);
        assert!(!mending.add(&anew(), &[HERE]), "not told a second time in this run");
    }

    #[test]
    fn what_nobody_has_is_told_for_thirty_days_of_a_known_date() {
        let mut mending = Mending::default();
        mending.add(&anew(), &[HERE]);
        assert!(!mending.advance(None));
        assert!(mending.advance(Some(NOW)));
        assert!(mending.advance(Some(NOW.plus_days(30))));
        assert_eq!(mending.notice(&names()), None);
    }

    #[test]
    fn it_is_remembered_after_a_restart_and_forgotten_with_its_file() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::open(dir.path()).unwrap();
        assert_eq!(Mending::load(&folder).unwrap(), Mending::default());
        let mut mending = Mending::default();
        mending.add(&[Mended::Journal { bytes: 3, kept: 1 }], &[HERE]);
        mending.keep(&folder).unwrap();
        let mut again = Mending::load(&folder).unwrap();
        let notice = again.notice(&names()).unwrap();
        assert!(notice.starts_with("3 bytes of the file `journal` were damaged"), "{notice}");
        assert!(!notice.contains("fetched"), "nothing of others was lost: {notice}");
        again.advance(Some(NOW));
        again.advance(Some(NOW.plus_days(1)));
        again.keep(&folder).unwrap();
        assert!(!dir.path().join(FILE).exists());
        std::fs::write(dir.path().join(FILE), "half").unwrap();
        assert_eq!(Mending::load(&folder).unwrap(), Mending::default());
    }
}
