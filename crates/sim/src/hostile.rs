//! Nodes that mean harm. Each has links like others and runs the same protocol, for cover; on top of it, it
//! says what it should not, or keeps quiet about what it should say.

use std::collections::VecDeque;
use std::rc::Rc;

use protocol::{Output, SessionId};
use record::{Hash, Record, Value, Verified};

use crate::config::Attack;
use crate::event::{Due, Event};
use crate::member::Member;
use crate::sim::Sim;

/// What a hostile node does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Hostility {
    /// Floods with records whose signatures do not hold.
    Forger,
    /// Floods with valid records of one author, far beyond its quota.
    Flooder,
    /// Passes nothing on and answers nothing.
    Withholder,
    /// Tells old messages again.
    Replayer,
    /// Invents members that no steward took in, and lets each write five listings: one member a second.
    Sybil,
    /// Answers in sessions with noise.
    Garbler,
    /// Writes, and tells in sessions what it has, but gives none of it.
    Liar,
    /// Says everything in sessions so late that they are nearly given up.
    Dawdler,
    /// Opens sessions and says nothing.
    Opener,
}

/// A hostile node's memory.
#[derive(Debug)]
pub(crate) struct Hostile {
    kind: Hostility,
    /// How much it does in a second.
    rate: u64,
    /// It behaves well until then, in milliseconds of virtual time…
    from: u64,
    /// …and from then on again.
    until: u64,
    done: u64,
    heard: VecDeque<(u64, Rc<[u8]>)>,
}

/// How late a dawdler says things, in milliseconds: sessions without a word for 30 seconds are closed.
const LATE_MS: u64 = 25_000;
/// How many messages a replayer remembers.
const REMEMBERED: usize = 2_000;
/// How old they are when it tells them again, in milliseconds: the mesh has forgotten them by then.
const OLD_MS: u64 = 130_000;

impl Hostile {
    pub(crate) const fn new(attack: &Attack, from: u64, until: u64) -> Self {
        let Attack { kind, rate, .. } = *attack;
        Self { kind, rate, from, until, done: 0, heard: VecDeque::new() }
    }

    const fn acts(&self, now: u64) -> bool {
        self.from <= now && now < self.until
    }

    /// It hears a message.
    pub(crate) fn overhear(&mut self, now: u64, data: &Rc<[u8]>) {
        if self.kind == Hostility::Replayer && self.heard.len() < REMEMBERED {
            self.heard.push_back((now, Rc::clone(data)));
        }
    }
}

/// The bytes of a gossip message.
fn message(record: Record) -> Rc<[u8]> {
    let body = record.body.map_or(Value::Null, Value::Bytes);
    Value::List(vec![Value::Bytes(record.envelope), body]).encode().into()
}

impl Sim {
    /// A second of a hostile node.
    pub(crate) fn misbehave(&mut self, node: usize) {
        let Some(hostile) = self.nodes[node].hostile.as_mut().filter(|it| it.acts(self.now)) else { return };
        hostile.done = hostile.done.saturating_add(1);
        let round = hostile.done;
        let ready = self.nodes[node].catalogue(self.circle).is_some_and(|it| it.charter().is_some());
        let Some(hostile) = self.nodes[node].hostile.as_ref().filter(|_| ready) else { return };
        let rate = hostile.rate;
        match hostile.kind {
            Hostility::Forger => self.forge(node, round, rate),
            Hostility::Flooder | Hostility::Liar => {
                let tells = hostile.kind == Hostility::Flooder;
                let now = self.nodes[node].clock(self.now);
                let member = &mut self.nodes[node].member;
                let grant = (round == 1).then(|| member.grant(self.circle, now));
                let listings = (0..rate).map(|_| member.listing(self.circle, now));
                let records = grant.into_iter().chain(listings).flatten().collect();
                self.insist(node, records, tells);
            }
            Hostility::Sybil => {
                let now = self.nodes[node].clock(self.now);
                let mut member = Member::made_up(self.config.seed, node, round);
                let grant = std::iter::once(member.grant(self.circle, now)).flatten().collect::<Vec<_>>();
                let listings = (0..5).flat_map(|_| member.listing(self.circle, now));
                let records = grant.into_iter().chain(listings).collect();
                self.insist(node, records, true);
            }
            Hostility::Replayer => {
                let before = self.now.saturating_sub(OLD_MS);
                let old = hostile.heard.iter().take_while(|(at, _)| *at <= before).count();
                for _ in 0..rate.min(old as u64) {
                    let chosen = self.rng.index(old);
                    let hostile = self.nodes[node].hostile.as_ref();
                    if let Some((_, data)) = hostile.and_then(|hostile| hostile.heard.get(chosen)).cloned() {
                        self.replayed.insert(Hash::of(&data));
                        self.shout(node, &data);
                    }
                }
            }
            Hostility::Opener => {
                let peers: Vec<_> =
                    self.neighbours(node).into_iter().map(|peer| self.nodes[peer].name.clone()).collect();
                for number in 0..rate {
                    // Numbers that its own protocol does not use.
                    let session = SessionId((1 << 40) + 2 * (round * rate + number));
                    peers.iter().for_each(|peer| self.open(node, peer, session));
                }
            }
            Hostility::Withholder | Hostility::Garbler | Hostility::Dawdler => {}
        }
    }

    /// What a hostile node makes of what its protocol wants.
    pub(crate) fn twist(&mut self, node: usize, output: Output) -> Option<Output> {
        let Some(hostile) = self.nodes[node].hostile.as_ref().filter(|it| it.acts(self.now)) else {
            return Some(output);
        };
        match (hostile.kind, output) {
            (Hostility::Withholder, Output::Judge { message, .. }) => {
                self.nodes[node].judging.remove(&message);
                None
            }
            (Hostility::Withholder, Output::Publish { .. } | Output::Send { .. }) => None,
            (Hostility::Garbler, Output::Send { session, mut frame }) => {
                frame.iter_mut().for_each(|byte| *byte = self.rng.bytes::<1>()[0]);
                Some(Output::Send { session, frame })
            }
            (Hostility::Liar, Output::Send { session, frame }) if frame.starts_with(b"\x83\x67records") => {
                let name = Value::Text("records".to_owned());
                let nothing = Value::List(vec![name, Value::List(Vec::new()), Value::Bool(true)]);
                // One answer for each question, however many frames the true one has.
                let last = frame.last() == Some(&0xf5);
                last.then(|| Output::Send { session, frame: nothing.encode() })
            }
            (Hostility::Dawdler, Output::Send { session, frame }) => {
                let due = Due { node, run: self.nodes[node].run, event: Event::Late { session, frame } };
                self.queue.push(self.now.saturating_add(LATE_MS), due);
                None
            }
            (_, output) => Some(output),
        }
    }

    fn forge(&mut self, node: usize, round: u64, rate: u64) {
        let now = self.nodes[node].clock(self.now);
        let Ok(record) = self.nodes[node].member.listing(self.circle, now) else { return };
        for number in 1..=rate {
            let mut forged = record.to_record();
            let mark = round.wrapping_mul(1_000_000).wrapping_add(number).to_le_bytes();
            // The signature lies at the end.
            forged.envelope.iter_mut().rev().zip(mark).for_each(|(byte, mark)| *byte ^= mark);
            self.shout(node, &message(forged));
        }
    }

    /// Writes into the own store, for sessions, and tells all neighbours of each record or of none.
    fn insist(&mut self, node: usize, records: Vec<Verified>, tells: bool) {
        let now = self.nodes[node].clock(self.now);
        let messages: Vec<_> = records.iter().map(|record| message(record.to_record())).collect();
        if let Some(protocol) = &mut self.nodes[node].protocol
            && let Ok(outputs) = protocol.write(self.circle, records, now)
            && tells
        {
            self.act(node, outputs);
        }
        messages.iter().filter(|_| tells).for_each(|data| self.shout(node, data));
    }

    fn shout(&mut self, node: usize, data: &Rc<[u8]>) {
        if let Some(topic) = self.nodes[node].topics.first().cloned() {
            let all = self.neighbours(node);
            self.pass_on(node, &all, &topic, data);
        }
    }
}
