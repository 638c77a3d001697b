//! Finding what is missing inside the days that differ: both sides lay these days' records in a line, compare
//! digests of ranges, then of smaller ones, and list the ids of those that are small.
//!
//! Ids are salted for the session and cut to eight bytes. Two that are equal by chance hide one record in one
//! session out of many; nobody can choose ids that are, since nobody knows the salt before the session.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use record::{RecordId, Timestamp};

use crate::frame::SaltedId;
use crate::limits::{LISTED, MAX_ROUNDS, PIECES, PORTION, SPLIT};
use crate::line::{Line, Place, SessionSalt};

/// A range of the line: from where the piece before it ends (the first one from the beginning) to before `end`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) end: Place,
    pub(crate) what: What,
}

/// What is said of a range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum What {
    /// Nothing: it is equal, or not asked about.
    Nothing,
    /// The digest of what lies there.
    Digest(u64),
    /// Say what lies there.
    List,
    /// All that lies there, each author's ids together.
    Ids(Vec<Vec<SaltedId>>),
}

/// A range of which the side that began does not know yet what the other one has.
#[derive(Debug, Clone, Copy)]
struct Open {
    from: Place,
    to: Place,
    /// The whole of it has another digest there.
    differs: bool,
}

/// The state of a comparison. The other side keeps no more than its line.
pub(crate) struct Comparison {
    pub(crate) line: Line,
    open: VecDeque<Open>,
    /// What the last message asked about, in order.
    asked: Vec<Open>,
    rounds: u32,
}

/// What an answer tells the side that began.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// What the peer lacks.
    pub(crate) have: Vec<RecordId>,
    /// What this side lacks, each author's together.
    pub(crate) need: Vec<Vec<SaltedId>>,
}

/// The peer's message makes no sense, or there is no end to them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Nonsense;

/// The bytes that a piece takes in a frame at most, without its ids.
const PIECE_ROOM: usize = 32;
/// The bytes that an id takes in a frame at most: if it is the only one of its author.
const ID_ROOM: usize = 9;

impl Comparison {
    pub(crate) fn new(salt: SessionSalt, records: impl Iterator<Item = (RecordId, Timestamp)>) -> Self {
        let open = VecDeque::from([Open { from: Place::FIRST, to: Place::LAST, differs: true }]);
        Self { line: Line::new(salt, records), open, asked: Vec::new(), rounds: 0 }
    }

    /// What the side that began asks next; `None` if it knows all, or asked often enough for one session.
    pub(crate) fn ask(&mut self) -> Option<Vec<Piece>> {
        if self.open.is_empty() || self.count_round().is_err() {
            return None;
        }
        let mut pieces = Vec::new();
        let mut at = Place::FIRST;
        while let Some(open) = self.open.front().copied()
            && pieces.len().saturating_add(SPLIT) < PIECES
        {
            self.open.pop_front();
            if open.from > at {
                pieces.push(Piece { end: open.from, what: What::Nothing });
            }
            at = open.to;
            let range = self.line.between(open.from, open.to);
            if open.differs && range.len() > LISTED {
                let mut from = open.from;
                for piece in self.split(range, open.to) {
                    self.asked.push(Open { from, to: piece.end, differs: false });
                    from = piece.end;
                    pieces.push(piece);
                }
            } else {
                let what = if open.differs { What::List } else { What::Digest(self.line.digest(range)) };
                pieces.push(Piece { end: open.to, what });
                self.asked.push(open);
            }
        }
        Some(pieces)
    }

    /// What the side that began makes of an answer.
    pub(crate) fn read(&mut self, answer: Vec<Piece>) -> Result<Found, Nonsense> {
        let asked = std::mem::take(&mut self.asked);
        let lists = |from: Place, to: Place| {
            asked.iter().any(|open| open.differs && open.from < to && from < open.to)
        };
        let mut found = Found::default();
        let mut next = Vec::new();
        let mut from = Place::FIRST;
        for Piece { end, what } in answer {
            if end <= from {
                return Err(Nonsense);
            }
            match what {
                What::Nothing if !lists(from, end) => {}
                What::Digest(theirs) if !lists(from, end) => {
                    if self.line.digest(self.line.between(from, end)) != theirs {
                        next.push(Open { from, to: end, differs: true });
                    }
                }
                What::Ids(groups) => self.compare(from, end, groups, &mut found),
                What::Nothing | What::Digest(_) | What::List => return Err(Nonsense),
            }
            from = end;
        }
        if asked.first().is_some_and(|first| from <= first.from) {
            return Err(Nonsense);
        }
        let rest = asked.into_iter().filter(|open| open.to > from);
        next.extend(rest.map(|open| Open { from: open.from.max(from), ..open }));
        // What is left of earlier ranges comes before what was not asked about yet.
        next.into_iter().rev().for_each(|open| self.open.push_front(open));
        Ok(found)
    }

    /// The answer of the side that did not begin. `author` tells authors' records apart.
    pub(crate) fn answer<A: Ord>(
        &mut self,
        asked: Vec<Piece>,
        author: impl Fn(&RecordId) -> A,
    ) -> Result<Vec<Piece>, Nonsense> {
        self.count_round()?;
        let mut pieces: Vec<Piece> = Vec::new();
        let mut room = PORTION;
        let mut from = Place::FIRST;
        for Piece { end, what } in asked {
            if end <= from {
                return Err(Nonsense);
            }
            if room < PIECE_ROOM.saturating_mul(SPLIT.saturating_add(1)) {
                break;
            }
            let range = self.line.between(from, end);
            let equal = match what {
                What::Nothing => true,
                What::Digest(theirs) => self.line.digest(range.clone()) == theirs,
                What::List => false,
                What::Ids(_) => return Err(Nonsense),
            };
            if equal {
                pieces.pop_if(|last| last.what == What::Nothing);
                pieces.push(Piece { end, what: What::Nothing });
            } else if what == What::List || range.len() <= LISTED {
                let fit = room.saturating_sub(PIECE_ROOM) / ID_ROOM;
                let (listed, cut) = (range.len().min(fit), range.len() > fit);
                let last = range.start.saturating_add(listed);
                let end = if cut { self.line.place(last) } else { end };
                let items = self.line.items(range.start..last);
                pieces.push(Piece { end, what: What::Ids(grouped(items, &author)) });
                if cut {
                    break;
                }
                room = room.saturating_sub(listed.saturating_mul(ID_ROOM));
            } else {
                pieces.extend(self.split(range, end));
                room = room.saturating_sub(PIECE_ROOM.saturating_mul(SPLIT));
            }
            room = room.saturating_sub(PIECE_ROOM);
            from = end;
        }
        Ok(pieces)
    }

    /// A range in equal parts, with their digests.
    fn split(&self, range: std::ops::Range<usize>, to: Place) -> Vec<Piece> {
        // Why: parts much smaller than what is listed cost more than the list.
        let parts = (range.len() / (LISTED / 2)).clamp(2, SPLIT);
        let part = |number: usize| range.start.saturating_add(range.len().saturating_mul(number) / parts);
        let pieces = (0..parts).map(|number| {
            let (first, next) = (part(number), part(number.saturating_add(1)));
            let end = if next == range.end { to } else { self.line.place(next) };
            Piece { end, what: What::Digest(self.line.digest(first..next)) }
        });
        pieces.collect()
    }

    /// What lies in a range here and there.
    fn compare(&self, from: Place, to: Place, groups: Vec<Vec<SaltedId>>, found: &mut Found) {
        let items = self.line.items(self.line.between(from, to));
        let ours: BTreeSet<SaltedId> = items.iter().map(|(place, _)| place.id).collect();
        let mut theirs = BTreeSet::new();
        for mut group in groups {
            group.retain(|id| theirs.insert(*id) && !ours.contains(id));
            if !group.is_empty() {
                found.need.push(group);
            }
        }
        found.have.extend(items.iter().filter(|(place, _)| !theirs.contains(&place.id)).map(|(_, id)| *id));
    }

    const fn count_round(&mut self) -> Result<(), Nonsense> {
        self.rounds = self.rounds.saturating_add(1);
        if self.rounds > MAX_ROUNDS { Err(Nonsense) } else { Ok(()) }
    }
}

/// The salted ids of some items, each author's together.
fn grouped<A: Ord>(items: &[(Place, RecordId)], author: impl Fn(&RecordId) -> A) -> Vec<Vec<SaltedId>> {
    let mut groups: BTreeMap<A, Vec<SaltedId>> = BTreeMap::new();
    for (place, id) in items {
        groups.entry(author(id)).or_default().push(place.id);
    }
    groups.into_values().collect()
}

#[cfg(test)]
mod tests;
