//! What happens to a node, and what it does: gossip, sessions.
//!
//! Gossip goes through a mesh: a node that judged a message good passes it on to its mesh but the one that
//! it came from; each hop may be lost, come late, or come twice. Sessions are ordered streams, and break
//! with their link or by chance.

use std::rc::Rc;

use protocol::{Input, MessageRef, Output, PeerId, SessionId, Topic, Verdict};
use record::Hash;

use crate::event::{Due, Event};
use crate::node::Judged;
use crate::sim::Sim;

/// One end of a session.
#[derive(Debug, Clone, Copy)]
pub(crate) struct End {
    pub(crate) peer: usize,
    theirs: SessionId,
    /// When the last thing that was sent from here arrives.
    arrived: u64,
}

/// How often a node's time is told to its protocol, in milliseconds.
const TICK_MS: u64 = 1_000;
/// The most that a late message is held up, in milliseconds.
const LATE_MS: u64 = 10_000;
/// When a message that comes twice has come at last, in milliseconds: after the mesh has forgotten it.
const AGAIN_MS: u64 = 300_000;

impl Sim {
    /// Something happens to a node.
    pub(crate) fn happen(&mut self, due: Due) {
        let Due { node, run, event } = due;
        let input = match event {
            Event::PowerOn => return self.start(node),
            Event::Tick => {
                self.nodes[node].tidy(self.now);
                self.queue.push(self.now.saturating_add(TICK_MS), Due { node, run, event: Event::Tick });
                self.tell_others(node);
                self.misbehave(node);
                Input::Tick
            }
            Event::Connected(peer) => Input::Connected(self.nodes[peer].name.clone()),
            Event::Gone { peer, sessions } => {
                for session in sessions {
                    self.tell(node, Input::Closed(session));
                }
                let name = self.nodes[peer].name.clone();
                self.nodes[node].watch.forget(&name);
                Input::Disconnected(name)
            }
            Event::Gossip { from, topic, data } => match self.hear(node, from, topic, data) {
                Some(input) => input,
                None => return,
            },
            Event::Opened { peer, session } if self.sessions.contains_key(&(node, session)) => {
                Input::Opened { session, peer: self.nodes[peer].name.clone() }
            }
            Event::Frame { session, frame } if self.sessions.contains_key(&(node, session)) => {
                self.nodes[node].received = self.nodes[node].received.saturating_add(frame.len() as u64);
                Input::Frame { session, frame }
            }
            Event::Late { session, frame } => return self.send_frame(node, session, frame),
            // It broke, or was closed here, while this was on its way.
            Event::Opened { .. } | Event::Frame { .. } => return,
            Event::Closed(session) => {
                self.sessions.remove(&(node, session));
                Input::Closed(session)
            }
        };
        self.tell(node, input);
    }

    pub(crate) fn tell(&mut self, node: usize, input: Input) {
        let now = self.nodes[node].time(self.now).latest();
        let Some(protocol) = &mut self.nodes[node].protocol else { return };
        let outputs = protocol.handle(input, now);
        self.act(node, outputs);
        self.write_planned(node);
    }

    fn start(&mut self, node: usize) {
        self.nodes[node].start(&mut self.rng, self.now);
        let now = self.nodes[node].time(self.now).latest();
        if let Some(protocol) = &mut self.nodes[node].protocol {
            match protocol.follow(self.circle, Vec::new(), now, &mut |_| {}) {
                Ok(outputs) => self.act(node, outputs),
                Err(error) => self.faults.push(format!("the store of node {node} is not readable: {error}")),
            }
        }
        for slot in self.nodes[node].hidden.clone() {
            self.hide_slot(node, &slot);
        }
        let first = self.now.saturating_add(self.rng.below(TICK_MS));
        let run = self.nodes[node].run;
        self.queue.push(first, Due { node, run, event: Event::Tick });
        if node == 0 {
            self.found();
        }
        self.update_links();
        self.write_planned(node);
    }

    /// Does what a node's protocol wants, as far as the node is honest.
    pub(crate) fn act(&mut self, node: usize, outputs: Vec<Output>) {
        for output in outputs {
            if let Some(output) = self.twist(node, output) {
                self.act_on(node, output);
            }
        }
    }

    fn act_on(&mut self, node: usize, output: Output) {
        match output {
            Output::Subscribe(topic) => {
                self.nodes[node].topics.insert(topic);
            }
            Output::Unsubscribe(topic) => {
                self.nodes[node].topics.remove(&topic);
            }
            Output::Publish { topic, data } => self.publish(node, topic, data),
            Output::Judge { message, verdict, .. } => {
                let Some(judged) = self.nodes[node].judging.remove(&message) else { return };
                if verdict == Verdict::Reject
                    && let Some(link) = self.link(node, judged.from)
                {
                    link.rejected = link.rejected.saturating_add(1);
                }
                if verdict == Verdict::Accept {
                    if self.nodes[node].hostile.is_none() && self.replayed.contains(&Hash::of(&judged.data)) {
                        self.echoes = self.echoes.saturating_add(1);
                    }
                    self.passed(node, &judged.topic, &judged.data);
                    let mut listeners = self.mesh(node);
                    listeners.retain(|to| *to != judged.from);
                    self.pass_on(node, &listeners, &judged.topic, &judged.data);
                }
            }
            Output::Open { peer, session } => self.open(node, &peer, session),
            Output::Send { session, frame } => self.send_frame(node, session, frame),
            Output::Close(session) => {
                self.send(node, session, Event::Closed);
                self.sessions.remove(&(node, session));
            }
            Output::Ban(peer) => self.ban(node, &peer),
            Output::Changed { news, .. } => self.changed(node, &news),
            // Listings have no photos here.
            Output::Blob(_) => {}
            Output::Synced { peer, received, .. } => {
                self.traffic.rounds = self.traffic.rounds.saturating_add(1);
                self.traffic.records = self.traffic.records.saturating_add(received as u64);
                if let Some(link) = self.number(&peer).and_then(|peer| self.link(node, peer)) {
                    link.rounds = link.rounds.saturating_add(1);
                }
            }
            Output::Clock { peer, clock } => {
                let running = self.nodes[node].running(self.now);
                self.nodes[node].watch.heard(peer, clock, running);
            }
            // Its circles are open to anyone.
            Output::Prove { .. } | Output::Secrets { .. } => {}
            // Nobody is invited.
            Output::Knocked { .. } | Output::Answered { .. } => {}
            Output::CirclesNearby | Output::Told { .. } => {}
            Output::StoreFailed(error) => {
                self.faults.push(format!("the store of node {node} failed: {error}"));
            }
        }
    }

    fn ban(&mut self, node: usize, peer: &PeerId) {
        let Some(peer) = self.number(peer) else { return };
        if self.nodes[node].hostile.is_some() {
            return;
        }
        if self.nodes[peer].hostile.is_some() {
            self.bans = self.bans.saturating_add(1);
        } else {
            self.faults.push(format!("node {node} banned node {peer}"));
        }
        if let Some(link) = self.link(node, peer) {
            link.banned = true;
            self.update_links();
        }
    }

    fn number(&self, name: &PeerId) -> Option<usize> {
        self.names.get(name).copied()
    }

    pub(crate) fn latency(&mut self) -> u64 {
        self.rng.between(*self.config.latency_ms.start(), *self.config.latency_ms.end())
    }

    /// Plans that something from a node arrives at another one, not before `least`.
    pub(crate) fn plan(&mut self, from: usize, to: usize, least: u64, event: Event) -> u64 {
        let told = self.link(from, to).map_or(0, |link| link.told[usize::from(to > from)]);
        let carried = self.carry(from, to, event.bytes());
        let at = carried.saturating_add(self.latency()).max(least).max(told);
        self.queue.push(at, Due { node: to, run: self.nodes[to].run, event });
        at
    }

    pub(crate) fn count(&mut self, node: usize, bytes: usize) {
        self.traffic.messages = self.traffic.messages.saturating_add(1);
        self.traffic.bytes = self.traffic.bytes.saturating_add(bytes as u64);
        self.nodes[node].sent = self.nodes[node].sent.saturating_add(bytes as u64);
    }

    /// A node's own words go to all neighbours, whoever is in the mesh.
    fn publish(&mut self, node: usize, topic: Topic, data: Vec<u8>) {
        self.nodes[node].is_new(Hash::of(&data), self.now);
        let listeners = self.neighbours(node);
        let data = Rc::from(data);
        self.passed(node, &topic, &data);
        if !self.pass_on(node, &listeners, &topic, &data) {
            self.tell(node, Input::Unsent(topic));
        }
    }

    /// Passes a message on; says whether somebody listens.
    pub(crate) fn pass_on(&mut self, node: usize, to: &[usize], topic: &Topic, data: &Rc<[u8]>) -> bool {
        let mut heard = false;
        for to in to.iter().copied() {
            if !self.nodes[to].topics.contains(topic) {
                continue;
            }
            heard = true;
            self.count(node, data.len());
            let event = Event::Gossip { from: node, topic: topic.clone(), data: Rc::clone(data) };
            if self.rng.chance(self.config.doubled) {
                let again = self.now.saturating_add(self.rng.below(AGAIN_MS));
                self.plan(node, to, again, event.clone());
            }
            if !self.rng.chance(self.config.loss) {
                let late = self.rng.chance(self.config.late);
                let least = if late { self.now.saturating_add(self.rng.below(LATE_MS)) } else { 0 };
                self.plan(node, to, least, event);
            }
        }
        heard
    }

    /// A message arrives; nothing comes of one that was seen before.
    fn hear(&mut self, node: usize, from: usize, topic: Topic, data: Rc<[u8]>) -> Option<Input> {
        if !self.is_up(node, from) {
            return None;
        }
        self.nodes[node].received = self.nodes[node].received.saturating_add(data.len() as u64);
        let hash = Hash::of(&data);
        if !self.nodes[node].is_new(hash, self.now) {
            return None;
        }
        if let Some(hostile) = &mut self.nodes[node].hostile {
            hostile.overhear(self.now, &data);
        }
        let message = MessageRef(hash.as_bytes().as_slice().into());
        let (peer, bytes) = (self.nodes[from].name.clone(), data.to_vec());
        let judged = Judged { from, topic: topic.clone(), data };
        self.nodes[node].judging.insert(message.clone(), judged);
        Some(Input::Gossip { peer, message, topic, data: bytes })
    }

    pub(crate) fn open(&mut self, node: usize, peer: &PeerId, session: SessionId) {
        let Some(peer) = self.number(peer).filter(|peer| self.is_up(node, *peer)) else {
            let at = self.now.saturating_add(1);
            self.queue.push(at, Due { node, run: self.nodes[node].run, event: Event::Closed(session) });
            return;
        };
        let theirs = SessionId(self.nodes[peer].next_session);
        self.nodes[peer].next_session = theirs.0.saturating_add(2);
        let arrived = self.plan(node, peer, 0, Event::Opened { peer: node, session: theirs });
        self.sessions.insert((node, session), End { peer, theirs, arrived });
        self.sessions.insert((peer, theirs), End { peer: node, theirs: session, arrived: 0 });
    }

    fn send_frame(&mut self, node: usize, session: SessionId, frame: Vec<u8>) {
        self.count(node, frame.len());
        if !self.rng.chance(self.config.breaks) {
            return self.send(node, session, |session| Event::Frame { session, frame });
        }
        // The stream breaks: both ends hear of it, and what is on its way to this one does not arrive.
        self.send(node, session, Event::Closed);
        if self.sessions.remove(&(node, session)).is_some() {
            let at = self.now.saturating_add(1);
            self.queue.push(at, Due { node, run: self.nodes[node].run, event: Event::Closed(session) });
        }
    }

    /// Sends something through a session, after all that was sent before.
    fn send(&mut self, node: usize, session: SessionId, event: impl FnOnce(SessionId) -> Event) {
        let Some(End { peer, theirs, arrived }) = self.sessions.get(&(node, session)).copied() else {
            return;
        };
        let at = self.plan(node, peer, arrived, event(theirs));
        if let Some(end) = self.sessions.get_mut(&(node, session)) {
            end.arrived = at;
        }
    }
}
