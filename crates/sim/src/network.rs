//! Who hears what, and when: links, gossip, sessions.
//!
//! Gossip floods: a node that judged a message good passes it on to all linked nodes but the one that it
//! came from; each hop may be lost. Sessions are reliable and ordered, and break with their link.

use std::rc::Rc;

use protocol::{Input, MessageRef, Output, PeerId, SessionId, Time, Topic, Verdict};
use record::Hash;

use crate::event::{Due, Event};
use crate::node::{Judged, Plan};
use crate::sim::Sim;

/// A link between two nodes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Link {
    /// The network is split here.
    pub(crate) cut: bool,
    /// One of the two banned the other.
    banned: bool,
    /// Both nodes run and nothing is cut.
    up: bool,
    /// When the lower and the higher node hear of the link's last change; nothing overtakes that.
    told: [u64; 2],
}

/// One end of a session.
#[derive(Debug, Clone, Copy)]
pub(crate) struct End {
    peer: usize,
    theirs: SessionId,
    /// When the last thing that was sent from here arrives.
    arrived: u64,
}

/// How often a node's time is told to its protocol, in milliseconds.
const TICK_MS: u64 = 1_000;

impl Sim {
    /// Something happens to a node.
    pub(crate) fn happen(&mut self, due: Due) {
        let Due { node, run, event } = due;
        let input = match event {
            Event::PowerOn => return self.start(node),
            Event::Tick => {
                self.nodes[node].tidy(self.now);
                self.queue.push(self.now.saturating_add(TICK_MS), Due { node, run, event: Event::Tick });
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
                Input::Frame { session, frame }
            }
            // It broke, or was closed here, while this was on its way.
            Event::Opened { .. } | Event::Frame { .. } => return,
            Event::Closed(session) => {
                self.sessions.remove(&(node, session));
                Input::Closed(session)
            }
        };
        self.tell(node, input);
    }

    fn tell(&mut self, node: usize, input: Input) {
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
            match protocol.follow(self.circle, now) {
                Ok(outputs) => self.act(node, outputs),
                Err(error) => self.faults.push(format!("the store of node {node} is not readable: {error}")),
            }
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

    /// The first node writes the charter, once.
    fn found(&mut self) {
        let now = self.nodes[0].clock(self.now);
        let (Some(charter), Some(protocol)) = (self.charter.take(), &mut self.nodes[0].protocol) else {
            return;
        };
        let id = charter.id();
        match protocol.write(self.circle, vec![charter], now) {
            Ok(outputs) => {
                self.acknowledged.insert(id);
                self.act(0, outputs);
            }
            Err(error) => self.faults.push(format!("the charter was not taken: {error}")),
        }
    }

    /// Writes what is planned if the node runs and knows the circle's rules.
    pub(crate) fn write_planned(&mut self, node: usize) {
        let circle = self.circle;
        let writer = &mut self.nodes[node];
        // Who is in doubt signs nothing.
        let Time::Sure(now) = writer.time(self.now) else { return };
        let rules = writer.catalogue(circle).filter(|catalogue| catalogue.charter().is_some());
        let granted = rules.map(|rules| rules.in_slot(&writer.member.grant_slot()).is_some());
        let Some(granted) = granted else { return };
        let Some(plan) = writer.plans.pop_front() else { return };
        let (mut records, mut withdrawn) = (Vec::new(), Vec::new());
        if !granted {
            records.push(writer.member.grant(circle, now));
        }
        match plan {
            Plan::Write(listings) => {
                records.extend((0..listings).map(|_| writer.member.listing(circle, now)));
            }
            Plan::Withdraw(listings) => {
                for (id, record) in (0..listings).map_while(|_| writer.member.withdrawal(circle, now)) {
                    withdrawn.push(id);
                    records.push(Ok(record));
                }
            }
        }
        let records = match records.into_iter().collect::<Result<Vec<_>, _>>() {
            Ok(records) => records,
            Err(error) => return self.faults.push(format!("node {node} can not sign: {error}")),
        };
        let ids: Vec<_> = records.iter().map(record::Verified::id).collect();
        writer.watch.signed(now);
        let Some(protocol) = &mut writer.protocol else { return };
        match protocol.write(circle, records, now) {
            Ok(outputs) => {
                self.acknowledged.extend(ids);
                withdrawn.iter().for_each(|id| {
                    self.acknowledged.remove(id);
                });
                self.act(node, outputs);
                self.write_planned(node);
            }
            Err(error) => self.faults.push(format!("node {node} may not write: {error}")),
        }
    }

    /// Does what a node's protocol wants.
    fn act(&mut self, node: usize, outputs: Vec<Output>) {
        for output in outputs {
            match output {
                Output::Subscribe(topic) => {
                    self.nodes[node].topics.insert(topic);
                }
                Output::Unsubscribe(topic) => {
                    self.nodes[node].topics.remove(&topic);
                }
                Output::Publish { topic, data } => self.publish(node, topic, data),
                Output::Judge { message, verdict, .. } => {
                    if let Some(judged) = self.nodes[node].judging.remove(&message)
                        && verdict == Verdict::Accept
                    {
                        self.pass_on(node, Some(judged.from), &judged.topic, &judged.data);
                    }
                }
                Output::Open { peer, session } => self.open(node, &peer, session),
                Output::Send { session, frame } => {
                    self.traffic.messages = self.traffic.messages.saturating_add(1);
                    self.traffic.bytes = self.traffic.bytes.saturating_add(frame.len() as u64);
                    self.send(node, session, |session| Event::Frame { session, frame });
                }
                Output::Close(session) => {
                    self.send(node, session, Event::Closed);
                    self.sessions.remove(&(node, session));
                }
                Output::Ban(peer) => {
                    self.faults.push(format!("node {node} banned {peer}"));
                    if let Some(link) = self.number(&peer).and_then(|peer| self.link(node, peer)) {
                        link.banned = true;
                        self.update_links();
                    }
                }
                Output::Changed { .. } => self.nodes[node].changed(),
                Output::Synced { received, .. } => {
                    self.traffic.rounds = self.traffic.rounds.saturating_add(1);
                    self.traffic.records = self.traffic.records.saturating_add(received as u64);
                }
                Output::Clock { peer, clock } => {
                    let running = self.nodes[node].running(self.now);
                    self.nodes[node].watch.heard(peer, clock, running);
                }
                Output::CirclesNearby | Output::Told { .. } => {}
                Output::StoreFailed(error) => {
                    self.faults.push(format!("the store of node {node} failed: {error}"));
                }
            }
        }
    }

    fn number(&self, name: &PeerId) -> Option<usize> {
        self.nodes.iter().position(|node| node.name == *name)
    }

    fn link(&mut self, one: usize, other: usize) -> Option<&mut Link> {
        self.links.get_mut(&(one.min(other), one.max(other)))
    }

    fn is_up(&self, one: usize, other: usize) -> bool {
        self.links.get(&(one.min(other), one.max(other))).is_some_and(|link| link.up)
    }

    fn latency(&mut self) -> u64 {
        self.rng.between(*self.config.latency_ms.start(), *self.config.latency_ms.end())
    }

    /// Plans that something from a node arrives at another one, not before `least`.
    fn plan(&mut self, from: usize, to: usize, least: u64, event: Event) -> u64 {
        let told = self.link(from, to).map_or(0, |link| link.told[usize::from(to > from)]);
        let at = self.now.saturating_add(self.latency()).max(least).max(told);
        self.queue.push(at, Due { node: to, run: self.nodes[to].run, event });
        at
    }

    /// Brings up the links whose nodes run, and down the others.
    pub(crate) fn update_links(&mut self) {
        let runs = |node: usize| self.nodes[node].protocol.is_some();
        let changed: Vec<_> = self
            .links
            .iter()
            .filter(|((one, other), link)| {
                link.up != (!link.cut && !link.banned && runs(*one) && runs(*other))
            })
            .map(|(ends, link)| (*ends, !link.up))
            .collect();
        for ((one, other), up) in changed {
            for (node, peer) in [(one, other), (other, one)] {
                let event = if up {
                    Event::Connected(peer)
                } else {
                    let broken = |((of, session), end): (&(usize, SessionId), &End)| {
                        (*of == node && end.peer == peer).then_some(*session)
                    };
                    let sessions: Vec<_> = self.sessions.iter().filter_map(broken).collect();
                    for session in &sessions {
                        self.sessions.remove(&(node, *session));
                    }
                    Event::Gone { peer, sessions }
                };
                let at = self.plan(peer, node, 0, event);
                if let Some(link) = self.link(one, other) {
                    link.up = up;
                    link.told[usize::from(node == other)] = at;
                }
            }
        }
    }

    /// The running nodes to which a node is linked.
    fn neighbours(&self, node: usize) -> Vec<usize> {
        let other = |(one, other): (usize, usize)| if one == node { other } else { one };
        let mine =
            |((one, other), link): &(&(usize, usize), &Link)| link.up && (*one == node || *other == node);
        self.links.iter().filter(mine).map(|(ends, _)| other(*ends)).collect()
    }

    fn publish(&mut self, node: usize, topic: Topic, data: Vec<u8>) {
        self.nodes[node].is_new(Hash::of(&data), self.now);
        if !self.pass_on(node, None, &topic, &Rc::from(data)) {
            self.tell(node, Input::Unsent(topic));
        }
    }

    /// Passes a message on to all linked nodes but one; says whether somebody listens.
    fn pass_on(&mut self, node: usize, but: Option<usize>, topic: &Topic, data: &Rc<[u8]>) -> bool {
        let mut listeners = self.neighbours(node);
        listeners.retain(|to| Some(*to) != but && self.nodes[*to].topics.contains(topic));
        for to in &listeners {
            self.traffic.messages = self.traffic.messages.saturating_add(1);
            self.traffic.bytes = self.traffic.bytes.saturating_add(data.len() as u64);
            if !self.rng.chance(self.config.loss) {
                let event = Event::Gossip { from: node, topic: topic.clone(), data: Rc::clone(data) };
                self.plan(node, *to, 0, event);
            }
        }
        !listeners.is_empty()
    }

    /// A message arrives; nothing comes of one that was seen before.
    fn hear(&mut self, node: usize, from: usize, topic: Topic, data: Rc<[u8]>) -> Option<Input> {
        let hash = Hash::of(&data);
        if !self.is_up(node, from) || !self.nodes[node].is_new(hash, self.now) {
            return None;
        }
        let message = MessageRef(hash.as_bytes().as_slice().into());
        let (peer, bytes) = (self.nodes[from].name.clone(), data.to_vec());
        let judged = Judged { from, topic: topic.clone(), data };
        self.nodes[node].judging.insert(message.clone(), judged);
        Some(Input::Gossip { peer, message, topic, data: bytes })
    }

    fn open(&mut self, node: usize, peer: &PeerId, session: SessionId) {
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
