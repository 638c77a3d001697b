//! How a node's data folder is, in words for the person who has to do something about it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use record::{Body, CircleId, Kind, Record, Signed, Timestamp};
use serde::{Deserialize, Serialize};
use store::Look;

use crate::clock::{CLOCK, NodeClock};
use crate::error::NodeError;
use crate::folder::{Folder, RESTORING};
use crate::handle::Handle;
use crate::identity;
use crate::json::ClockJson;
use crate::mending::{Mending, sentence};
use crate::service::Service;

/// Less free room than this is told, in bytes: writing the store anew takes some.
const LITTLE_ROOM: u64 = 64 * 1024 * 1024;
/// The layout that this program writes.
const LAYOUT: u32 = store::LAYOUT;

/// How a node's data folder is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthJson {
    /// Whether nothing has to be done.
    pub well: bool,
    /// What has to be done, a sentence for each thing that is wrong.
    pub advice: Vec<String>,
    /// What was done about it just now.
    pub done: Vec<String>,
    /// Whether the node runs.
    pub running: bool,
    /// The data folder.
    pub folder: String,
    /// The layout of the records; none if they can not be read.
    pub layout: Option<u32>,
    /// The circles, with how many records each has.
    pub circles: Vec<CircleHealthJson>,
    /// How many records can not be read.
    pub damaged: u64,
    /// How many bytes the records have.
    pub live: u64,
    /// How many bytes they take on the disk.
    pub disk: u64,
    /// The journal of what this node's own members wrote.
    pub journal: Option<JournalJson>,
    /// Damaged records that were set aside.
    pub aside: Vec<AsideJson>,
    /// What was mended when the node started.
    pub mended: Vec<String>,
    /// The circles of which others' records are being fetched again.
    pub fetching: Vec<String>,
    /// Files that were being written when power went.
    pub left_over: Vec<String>,
    /// Files that others can read and should not.
    pub exposed: Vec<String>,
    /// How many bytes are free on the disk, if the system tells.
    pub free: Option<u64>,
    /// What is known of the time.
    pub clock: ClockJson,
}

/// How many records a circle has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CircleHealthJson {
    /// Its id.
    pub id: String,
    /// Its name; empty if its charter is not here.
    pub name: String,
    /// How many records of it are here.
    pub records: u64,
}

/// How the journal is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalJson {
    /// How many bytes it has.
    pub bytes: u64,
    /// How many records.
    pub records: usize,
    /// How many bytes at its end were being written when power went.
    pub torn: u64,
    /// How many bytes in it are damaged.
    pub damaged: u64,
}

/// Damaged records that were set aside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AsideJson {
    /// The folder.
    pub folder: String,
    /// When, as far as its name says: a date.
    pub date: String,
    /// How many bytes it takes.
    pub bytes: u64,
}

/// What to do about it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CureInput {
    /// Mend what can be mended.
    pub repair: bool,
    /// Write the records anew if that saves room.
    pub compact: bool,
}

impl Handle {
    /// How the data folder is.
    ///
    /// # Errors
    /// If it can not be read.
    pub async fn health(&self) -> Result<HealthJson, NodeError> {
        self.on_node(|service| service.health(Vec::new())).await
    }

    /// Does something about it, and says how it is then.
    ///
    /// # Errors
    /// If the disk can not be written.
    pub async fn cure(&self, input: CureInput) -> Result<HealthJson, NodeError> {
        self.on_node(move |service| service.cure(input)).await
    }
}

/// How a data folder is whose node does not run. Nothing in it changes.
///
/// # Errors
/// If it can not be read, or a node runs in it.
pub fn look(data: &Path) -> Result<HealthJson, NodeError> {
    let folder = Folder::take(data)?;
    let mut names = Names::default();
    let look = store::look(data, &mut |circle, record| names.see(circle, record));
    let look = look.map_err(|error| NodeError::Folder {
        folder: data.display().to_string(),
        reason: error.to_string(),
    })?;
    let notes = look.journal.as_ref().map(|journal| &journal.notes);
    let clock = notes.and_then(|notes| notes.get(CLOCK)).map(Vec::as_slice);
    let clock = NodeClock::new(Box::new(SystemTime::now), clock).json();
    let mut health = health(&folder, &look, &names, &Mending::load(&folder)?, clock)?;
    if data.join(RESTORING).exists() {
        health.advice = vec![NodeError::Unfinished(data.display().to_string()).to_string()];
    } else {
        match identity::is_whole(&folder) {
            Ok(true) => {}
            Ok(false) => health.advice.push(
                "Key files are missing: restore the folder with `commonshelf restore FILE` if you have a backup, else \
                 begin in an empty one with `commonshelf key restore` and your 24 words."
                    .to_owned(),
            ),
            Err(error) => health.advice.push(format!("{error}.")),
        }
    }
    health.well = health.advice.is_empty();
    Ok(health)
}

/// What circles are called, by the newest of their charters.
#[derive(Default)]
struct Names(BTreeMap<CircleId, (Timestamp, String)>);

impl Names {
    fn see(&mut self, circle: CircleId, record: &Record) {
        let Ok(signed) = Signed::parse(&record.envelope) else { return };
        let revision = signed.header().revision;
        let is_news = self.0.get(&circle).is_none_or(|(known, _)| *known < revision);
        if signed.header().kind.as_str() != Kind::CHARTER || !is_news {
            return;
        }
        let verified = signed.verify(record.body.clone()).ok();
        if let Some(Body::Charter(charter)) = verified.and_then(|record| record.body()) {
            self.0.insert(circle, (revision, charter.name));
        }
    }

    fn of(&self, circle: &CircleId) -> String {
        self.0.get(circle).map(|(_, name)| name.clone()).unwrap_or_default()
    }
}

fn health(
    folder: &Folder,
    look: &Look,
    names: &Names,
    mending: &Mending,
    clock: ClockJson,
) -> Result<HealthJson, NodeError> {
    let exposed = folder.exposed()?;
    let named = |circle: &CircleId| {
        let name = names.of(circle);
        (*circle, if name.is_empty() { circle.to_string() } else { name })
    };
    let fetching = mending.missing(&look.circles.keys().map(named).collect::<Vec<_>>());
    let circles = look.circles.iter().map(|(circle, records)| CircleHealthJson {
        id: circle.to_string(),
        name: names.of(circle),
        records: *records,
    });
    let circles = circles.collect();
    let shown = |path: &PathBuf| path.display().to_string();
    let aside = look.aside.iter().map(|(path, bytes)| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let date = name.split_once('-').map(|(_, date)| date).unwrap_or_default();
        AsideJson { folder: shown(path), date: date.chars().take(10).collect(), bytes: *bytes }
    });
    let aside = aside.collect();
    let journal = look.journal.as_ref().map(|journal| JournalJson {
        bytes: journal.bytes,
        records: journal.records,
        torn: journal.torn,
        damaged: journal.damaged,
    });
    let mut advice = advice(look);
    if !exposed.is_empty() {
        advice.push(format!(
            "Others on this machine can read {}: `commonshelf doctor --repair` makes them yours alone.",
            exposed.join(", ")
        ));
    }
    if !fetching.is_empty() {
        advice.push(format!(
            "What others wrote in {} is not back yet: let the node run, connected to another one of the circle.",
            fetching.join(", ")
        ));
    }
    if let Some(about_clock) = &clock.advice {
        advice.push(format!("The date is in doubt: {about_clock}."));
    }
    Ok(HealthJson {
        well: advice.is_empty(),
        advice,
        done: Vec::new(),
        running: false,
        folder: folder.path().display().to_string(),
        layout: look.layout,
        circles,
        damaged: look.damaged,
        live: look.live,
        disk: look.disk,
        journal,
        aside,
        mended: mending.told.clone(),
        fetching,
        left_over: look.left_over.iter().map(shown).collect(),
        exposed,
        free: look.free,
        clock,
    })
}

/// What is wrong with the files, and what to do.
fn advice(look: &Look) -> Vec<String> {
    let mut advice = Vec::new();
    if let Some(problem) = &look.problem {
        advice.push(format!(
            "The records can not be read as they are ({problem}): `commonshelf doctor --repair`, or the node's next \
             start, sets damaged ones aside, brings your own things back from the journal, and what others wrote comes \
             from their nodes."
        ));
    }
    if look.layout.is_some_and(|layout| layout > LAYOUT) {
        advice.push("A later version of the program wrote the records: use that one.".to_owned());
    }
    if look.damaged > 0 {
        advice.push(format!(
            "{} records are damaged: start the node anew, and let it run connected to another one, which gives them \
             again.",
            look.damaged
        ));
    }
    match &look.journal {
        None => advice.push(
            "There is no journal of your own things: `commonshelf doctor --repair` writes one out of the records."
                .to_owned(),
        ),
        Some(journal) if journal.damaged > 0 => advice.push(format!(
            "{} bytes of the journal are damaged: `commonshelf doctor --repair` writes it anew out of the records.",
            journal.damaged
        )),
        Some(_) => {}
    }
    if !look.left_over.is_empty() {
        advice.push(
            "Files are left over from when power went: `commonshelf doctor --repair` removes them."
                .to_owned(),
        );
    }
    if look.free.is_some_and(|free| free < LITTLE_ROOM) {
        advice.push(
            "The disk is nearly full: make room, or nothing new can be written soon (`commonshelf purge` gives some \
             back)."
                .to_owned(),
        );
    }
    advice
}

impl Service {
    fn health(&mut self, done: Vec<String>) -> Result<HealthJson, NodeError> {
        let mut names = Names::default();
        let look = self.protocol.store().look(&mut |circle, record| names.see(circle, record))?;
        let health = health(&self.folder, &look, &names, &self.mending, self.clock.json())?;
        Ok(HealthJson { running: self.net.is_some(), done, ..health })
    }

    fn cure(&mut self, input: CureInput) -> Result<HealthJson, NodeError> {
        let mut done = Vec::new();
        if input.repair {
            self.repair(&mut done)?;
        }
        if input.compact {
            let before = self.protocol.store().size()?;
            done.push(if self.protocol.store().compact_if_worth()? {
                let now = self.protocol.store().size()?;
                format!("The records were written anew: they take {now} bytes, not {before}.")
            } else {
                "Writing the records anew would save little room: it was not done.".to_owned()
            });
        }
        self.health(done)
    }

    fn repair(&mut self, done: &mut Vec<String>) -> Result<(), NodeError> {
        if self.net.is_none() {
            // The node was started for this, and opening the store has mended it.
            done.extend(self.protocol.store().mended().iter().map(sentence));
        }
        let found = self.health(Vec::new())?;
        if found.journal.as_ref().is_none_or(|journal| journal.damaged > 0) {
            self.protocol.store().mend_journal()?;
            done.push("The journal was written anew.".to_owned());
        }
        if !found.exposed.is_empty() {
            self.folder.hide(&found.exposed)?;
            done.push(format!("Only you can read {} now.", found.exposed.join(", ")));
        }
        if !found.left_over.is_empty() {
            store::remove_left_over(self.folder.path())
                .map_err(|error| protocol::StoreError(error.to_string()))?;
            done.push(format!("{} files that were left over are gone.", found.left_over.len()));
        }
        self.tell_mended();
        Ok(())
    }
}
