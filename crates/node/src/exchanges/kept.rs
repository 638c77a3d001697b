//! What a node keeps of an exchange, and the notes in which it lies.
//!
//! Stances of its own member are the only copies in the world that are certain, so they lie in the journal, as all
//! notes do, before anybody is told that something was said.

use std::collections::BTreeMap;

use catalogue::exchange::{Exchange, Party};
use record::{Draw, Hash, Key, Message, Said, Timestamp};
use serde::{Deserialize, Serialize};

use super::json::ActInput;
use super::passing::{Done, times};

/// How many exchanges a node keeps at most; those that are over for the longest time make room.
pub(crate) const MAX_EXCHANGES: usize = 2_000;
/// How many messages of one exchange are kept, the newest.
const MAX_THREAD: usize = 100;

/// The notes in which they lie, one in each. Their number is fixed, so that what is gone leaves no name behind.
pub(crate) fn notes() -> impl Iterator<Item = String> {
    (0..MAX_EXCHANGES).map(note)
}

pub(crate) fn note(number: usize) -> String {
    format!("exchange-{number:04}")
}

/// An exchange as one of its sides on this node has it.
#[derive(Debug, Clone)]
pub(crate) struct Kept {
    pub(crate) exchange: Exchange,
    /// The side that is on this node.
    pub(crate) me: Party,
    /// Whether that side is a guest.
    pub(crate) guest: bool,
    /// The asker's pick-up code.
    pub(crate) code: Option<String>,
    /// What the listing said of its draw when it was asked for.
    pub(crate) draw: Option<Draw>,
    /// The keys of the letters that hold what was said last.
    pub(crate) slots: Vec<Key>,
    /// Whether what was said last has yet to leave.
    pub(crate) unsent: bool,
    /// When it left last.
    pub(crate) sent: Option<Timestamp>,
    /// What both wrote, the oldest first.
    pub(crate) thread: Vec<(Party, Message)>,
    /// What was passed on to the device that decides and not answered yet, and when it was said.
    pub(crate) pass: Vec<(Timestamp, ActInput)>,
    /// Why the device that decides could not do what was passed on last.
    pub(crate) problem: Option<String>,
    /// By the member's other devices, what of that which they passed on was done here.
    pub(crate) done: BTreeMap<String, Done>,
    /// Whether those have yet to be told something.
    pub(crate) unpassed: bool,
    /// The key of the letter that tells them.
    pub(crate) pass_slots: Vec<Key>,
    /// The number of its note.
    pub(crate) number: usize,
}

/// As it lies in its note.
#[derive(Serialize, Deserialize)]
struct Written {
    me: String,
    #[serde(default)]
    guest: bool,
    #[serde(default)]
    code: Option<String>,
    /// The commitment of a draw, in hexadecimal, and when it closes.
    #[serde(default)]
    draw: Option<(String, u64)>,
    /// What each side said last, in hexadecimal: the bytes of a letter's stance.
    said: Vec<String>,
    slots: Vec<String>,
    unsent: bool,
    sent: Option<u64>,
    thread: Vec<(String, u64, String)>,
    #[serde(default)]
    pass: Vec<(u64, ActInput)>,
    #[serde(default)]
    problem: Option<String>,
    #[serde(default)]
    done: BTreeMap<String, Done>,
    #[serde(default)]
    unpassed: bool,
    #[serde(default)]
    pass_slots: Vec<String>,
}

impl Kept {
    /// What is new to this node.
    pub(crate) fn new(exchange: Exchange, me: Party, number: usize) -> Self {
        let mut kept = Self {
            exchange,
            me,
            guest: false,
            code: None,
            draw: None,
            slots: Vec::new(),
            unsent: false,
            sent: None,
            thread: Vec::new(),
            pass: Vec::new(),
            problem: None,
            done: BTreeMap::new(),
            unpassed: false,
            pass_slots: Vec::new(),
            number,
        };
        kept.follow_thread();
        kept
    }

    /// Remembers messages beyond those that stances still carry.
    pub(crate) fn follow_thread(&mut self) {
        let known = |party: Party, message: &Message, thread: &[(Party, Message)]| {
            thread.iter().any(|(from, there)| (*from, there.at) == (party, message.at))
        };
        for (party, message) in self.exchange.messages() {
            if !known(party, message, &self.thread) {
                self.thread.push((party, message.clone()));
            }
        }
        self.thread.sort_by_key(|(_, message)| message.at);
        let surplus = self.thread.len().saturating_sub(MAX_THREAD);
        self.thread.drain(..surplus);
    }

    /// Its note.
    pub(crate) fn write(&self) -> Option<Vec<u8>> {
        let hex = |bytes: &[u8]| data_encoding::HEXLOWER.encode(bytes);
        let said = [Party::Asker, Party::Lister].into_iter().filter_map(|party| self.exchange.said(party));
        let thread = self.thread.iter();
        let written = Written {
            me: self.me.word().to_owned(),
            guest: self.guest,
            code: self.code.clone(),
            draw: self.draw.as_ref().map(|draw| (draw.commitment.to_string(), draw.closes.millis())),
            said: said.map(|said| hex(&said.encode())).collect(),
            slots: self.slots.iter().map(ToString::to_string).collect(),
            unsent: self.unsent,
            sent: self.sent.map(Timestamp::millis),
            thread: thread
                .map(|(from, message)| (from.word().to_owned(), message.at.millis(), message.text.clone()))
                .collect(),
            pass: self.pass.iter().map(|(at, input)| (at.millis(), input.clone())).collect(),
            problem: self.problem.clone(),
            done: self.done.clone(),
            unpassed: self.unpassed,
            pass_slots: self.pass_slots.iter().map(ToString::to_string).collect(),
        };
        serde_json::to_vec(&written).ok()
    }

    /// Reads its note; nothing if that can not be read.
    pub(crate) fn read(number: usize, note: &[u8]) -> Option<Self> {
        let written: Written = serde_json::from_slice(note).ok()?;
        let said = written.said.iter().map(|hex| {
            let bytes = data_encoding::HEXLOWER.decode(hex.as_bytes()).ok()?;
            Said::decode(&bytes).ok()
        });
        let mut said = said.collect::<Option<Vec<_>>>()?.into_iter();
        let mut exchange = Exchange::of(said.next()?);
        for said in said {
            exchange.hold(said).ok()?;
        }
        let key = |hex: &String| {
            let bytes = data_encoding::HEXLOWER.decode(hex.as_bytes()).ok()?;
            Some(Key::from_bytes(bytes.try_into().ok()?))
        };
        let line = |(from, at, text): (String, u64, String)| {
            Some((party(&from)?, Message { at: Timestamp::from_millis(at), text }))
        };
        Some(Self {
            exchange,
            me: party(&written.me)?,
            guest: written.guest,
            code: written.code,
            draw: written.draw.and_then(|(commitment, closes)| {
                let (commitment, closes) = (Hash::from_hex(&commitment)?, Timestamp::from_millis(closes));
                Some(Draw { commitment, closes, result: None })
            }),
            slots: written.slots.iter().map(key).collect::<Option<_>>()?,
            unsent: written.unsent,
            sent: written.sent.map(Timestamp::from_millis),
            thread: written.thread.into_iter().filter_map(line).collect(),
            pass: times(written.pass),
            problem: written.problem,
            done: written.done,
            unpassed: written.unpassed,
            pass_slots: written.pass_slots.iter().map(key).collect::<Option<_>>()?,
            number,
        })
    }
}

fn party(word: &str) -> Option<Party> {
    [Party::Asker, Party::Lister].into_iter().find(|party| party.word() == word)
}
