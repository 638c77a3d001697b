//! Nodes that mean harm. Each has links like others and runs the same protocol, for cover; on top of it, it
//! says what it should not, or keeps quiet about what it should say.

use std::collections::VecDeque;
use std::rc::Rc;

use protocol::Output;
use record::{Record, Value, Verified};

use crate::member::Member;
use crate::sim::Sim;

/// What a hostile node does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Hostility {
    /// Floods with records whose signatures do not hold: 200 a second.
    Forger,
    /// Floods with valid records of one author, far beyond its quota: 50 a second.
    Flooder,
    /// Passes nothing on and answers nothing.
    Withholder,
    /// Tells old messages again: 20 a second.
    Replayer,
    /// Invents members that no steward took in, and lets each write: one a second.
    Sybil,
    /// Answers in sessions with noise.
    Garbler,
}

/// A hostile node's memory.
#[derive(Debug)]
pub(crate) struct Hostile {
    kind: Hostility,
    /// It behaves well until then, in milliseconds of virtual time…
    from: u64,
    /// …and from then on again.
    until: u64,
    done: u64,
    heard: VecDeque<(u64, Rc<[u8]>)>,
}

/// How many messages a replayer remembers.
const REMEMBERED: usize = 2_000;
/// How old they are when it tells them again, in milliseconds: the mesh has forgotten them by then.
const OLD_MS: u64 = 130_000;

impl Hostile {
    pub(crate) const fn new(kind: Hostility, from: u64, until: u64) -> Self {
        Self { kind, from, until, done: 0, heard: VecDeque::new() }
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
        match hostile.kind {
            Hostility::Forger => self.forge(node, round),
            Hostility::Flooder => {
                let now = self.nodes[node].clock(self.now);
                let member = &mut self.nodes[node].member;
                let grant = (round == 1).then(|| member.grant(self.circle, now));
                let listings = (0..50).map(|_| member.listing(self.circle, now));
                let records = grant.into_iter().chain(listings).flatten().collect();
                self.insist(node, records);
            }
            Hostility::Sybil => {
                let now = self.nodes[node].clock(self.now);
                let mut member = Member::made_up(self.config.seed, node, round);
                let grant = std::iter::once(member.grant(self.circle, now)).flatten().collect::<Vec<_>>();
                let listings = (0..5).flat_map(|_| member.listing(self.circle, now));
                let records = grant.into_iter().chain(listings).collect();
                self.insist(node, records);
            }
            Hostility::Replayer => {
                let before = self.now.saturating_sub(OLD_MS);
                let old = hostile.heard.iter().take_while(|(at, _)| *at <= before).count();
                for _ in 0..20.min(old) {
                    let chosen = self.rng.index(old);
                    let hostile = self.nodes[node].hostile.as_ref();
                    if let Some((_, data)) = hostile.and_then(|hostile| hostile.heard.get(chosen)).cloned() {
                        self.shout(node, &data);
                    }
                }
            }
            Hostility::Withholder | Hostility::Garbler => {}
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
            (_, output) => Some(output),
        }
    }

    fn forge(&mut self, node: usize, round: u64) {
        let now = self.nodes[node].clock(self.now);
        let Ok(record) = self.nodes[node].member.listing(self.circle, now) else { return };
        for number in 1..=200_u64 {
            let mut forged = record.to_record();
            let mark = round.wrapping_mul(1_000).wrapping_add(number).to_le_bytes();
            // The signature lies at the end.
            forged.envelope.iter_mut().rev().zip(mark).for_each(|(byte, mark)| *byte ^= mark);
            self.shout(node, &message(forged));
        }
    }

    /// Writes into the own store, for sessions, and tells all neighbours of each record.
    fn insist(&mut self, node: usize, records: Vec<Verified>) {
        let now = self.nodes[node].clock(self.now);
        let messages: Vec<_> = records.iter().map(|record| message(record.to_record())).collect();
        if let Some(protocol) = &mut self.nodes[node].protocol
            && let Ok(outputs) = protocol.write(self.circle, records, now)
        {
            self.act(node, outputs);
        }
        messages.iter().for_each(|data| self.shout(node, data));
    }

    fn shout(&mut self, node: usize, data: &Rc<[u8]>) {
        if let Some(topic) = self.nodes[node].topics.first().cloned() {
            let all = self.neighbours(node);
            self.pass_on(node, &all, &topic, data);
        }
    }
}
