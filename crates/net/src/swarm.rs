//! The task that owns the swarm: takes commands, turns what libp2p tells into events.

use std::collections::{HashMap, VecDeque};
use std::future::pending;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::StreamExt as _;
use libp2p::core::ConnectedPoint;
use libp2p::core::transport::ListenerId;
use libp2p::gossipsub::{self, MessageAcceptance, PublishError, TopicHash};
use libp2p::swarm::behaviour::toggle::Toggle;
use libp2p::swarm::behaviour::{FromSwarm, NewListenAddr};
use libp2p::swarm::dial_opts::{DialOpts, PeerCondition};
use libp2p::swarm::{ConnectionId, DialError, NetworkBehaviour as _, SwarmEvent};
use libp2p::{Multiaddr, PeerId, Swarm, mdns, ping};
use protocol::limits::MAX_GOSSIP;
use protocol::{SessionId, Topic};
use tokio::sync::{Semaphore, mpsc};
use tokio::time::{sleep_until, timeout};

use crate::address::is_relayed;
use crate::behaviour::{self, Behaviour, BehaviourEvent};
use crate::config::{
    BANNED, Config, ENOUGH_PEERS, GOODBYE, GOSSIP_WAITING_PER_PEER, LOOK_AGAIN, MDNS_RETRY, PING_EVERY,
    PING_FAILURES_TOLD, STAGGER,
};
use crate::dialer::{Dialer, Due};
use crate::listen::Early;
use crate::outbox::Outbox;
use crate::relays::Relays;
use crate::session::Pulse;
use crate::sessions::Sessions;
use crate::single::Superfluous;
use crate::streams::{self, What, Wire};
use crate::{Address, Command, Event, gossip, names, single};

/// The state of the task.
pub(crate) struct Node {
    pub(crate) swarm: Swarm<Behaviour>,
    commands: mpsc::Receiver<Command>,
    pub(crate) outbox: Outbox,
    dialer: Dialer,
    pub(crate) peers: HashMap<PeerId, Peer>,
    sessions: Sessions,
    ended: mpsc::UnboundedReceiver<SessionId>,
    topics: HashMap<TopicHash, Topic>,
    pub(crate) listening: Vec<(ListenerId, Multiaddr)>,
    pub(crate) relays: Relays,
    /// Whether others are reached through this node.
    pub(crate) is_relay: bool,
    /// The longest banned first.
    banned: VecDeque<PeerId>,
    /// When to try mDNS (again).
    mdns_at: Option<Instant>,
}

/// A connected peer.
pub(crate) struct Peer {
    name: protocol::PeerId,
    connection: ConnectionId,
    /// What its sessions read and write.
    pulse: Arc<Pulse>,
    /// Pings without an answer, in a row.
    unanswered: u32,
    /// Its share of the gossip that waits to be taken.
    gossip: Arc<Semaphore>,
    /// Its share of the sessions.
    sessions: Arc<Semaphore>,
    /// Where it was dialled, unless through a relay.
    pub(crate) place: Option<Multiaddr>,
}

impl Node {
    pub(crate) fn new(
        swarm: Swarm<Behaviour>,
        config: &Config,
        commands: mpsc::Receiver<Command>,
        outbox: Outbox,
        seed: u64,
    ) -> Self {
        let now = Instant::now();
        let mut dialer = Dialer::new(seed);
        for address in config.peers.iter().chain(&config.via) {
            dialer.add(address.bare(), address.libp2p_peer(), now);
        }
        for (address, order) in config.known.iter().zip(0u32..) {
            let when = now.checked_add(STAGGER.saturating_mul(order)).unwrap_or(now);
            if let Some(peer) = address.libp2p_peer() {
                dialer.met(peer, address.bare(), when);
            }
        }
        let (sessions, ended) = Sessions::new(&config.limits, outbox.clone());
        Self {
            swarm,
            commands,
            outbox,
            dialer,
            peers: HashMap::new(),
            sessions,
            ended,
            topics: HashMap::new(),
            listening: Vec::new(),
            relays: Relays::new(&config.via, config.via_any),
            is_relay: config.relay,
            banned: VecDeque::new(),
            mdns_at: config.mdns.then_some(now),
        }
    }

    /// Runs until it is told to stop, or nobody is there any more to give commands or to take events.
    pub(crate) async fn run(mut self, early: Early) {
        for event in early {
            self.swarm_event(event);
        }
        loop {
            self.dial();
            self.start_mdns();
            self.ask_relays();
            let wake =
                [self.dialer.next_due(), self.mdns_at, self.relays.next_due()].into_iter().flatten().min();
            tokio::select! {
                command = self.commands.recv() => match command {
                    None | Some(Command::Shutdown) => break,
                    Some(command) => self.command(command),
                },
                event = self.swarm.select_next_some() => self.swarm_event(event),
                Some(session) = self.ended.recv() => self.sessions.end(session),
                () = sleep_till(wake) => {}
                () = self.outbox.abandoned() => break,
            }
        }
        self.say_goodbye().await;
    }

    async fn say_goodbye(mut self) {
        self.sessions.end_all();
        let peers: Vec<PeerId> = self.swarm.connected_peers().copied().collect();
        for peer in peers {
            // Not connected any more: all the better.
            let _gone = self.swarm.disconnect_peer_id(peer);
        }
        let all_closed = async {
            while self.swarm.network_info().num_peers() > 0 {
                self.swarm.select_next_some().await;
            }
        };
        // Whoever doesn't hear it will notice.
        let _late = timeout(GOODBYE, all_closed).await;
    }

    fn command(&mut self, command: Command) {
        match command {
            Command::Dial(address) => {
                self.dialer.add(address.bare(), address.libp2p_peer(), Instant::now());
            }
            Command::Meet(address) => {
                let (me, blocked) =
                    (*self.swarm.local_peer_id(), self.swarm.behaviour().blocked.blocked_peers());
                let wanted = |peer: &PeerId| *peer != me && !blocked.contains(peer);
                if let Some(peer) = address.libp2p_peer().filter(wanted) {
                    self.dialer.nearby(peer, vec![address.bare()], Instant::now());
                }
            }
            Command::Subscribe(topic) => self.subscribe(topic),
            Command::Unsubscribe(topic) => {
                let topic = names::to_gossip_topic(&topic);
                self.topics.remove(&topic.hash());
                self.gossip().unsubscribe(&topic);
            }
            Command::Publish { topic, data } => self.publish(topic, data),
            Command::Judge { peer, message, verdict } => {
                let Some(peer) = names::to_peer(&peer) else { return };
                let message = names::to_message_id(&message);
                self.gossip().report_message_validation_result(
                    &message,
                    &peer,
                    names::to_acceptance(verdict),
                );
            }
            Command::Open { peer, session } => self.open(&peer, Wire::Sync, session),
            Command::OpenForBlobs { peer, session } => self.open(&peer, Wire::Blob, session),
            Command::Send { session, frame } => self.sessions.send(session, frame),
            Command::Close { session } => self.sessions.close(session),
            Command::Ban { peer } => {
                let Some(peer) = names::to_peer(&peer) else { return };
                self.dialer.forget(peer);
                self.swarm.behaviour_mut().gossip.give_up(peer);
                if self.swarm.behaviour_mut().blocked.block_peer(peer) {
                    self.banned.push_back(peer);
                }
                if self.banned.len() > BANNED
                    && let Some(oldest) = self.banned.pop_front()
                {
                    self.swarm.behaviour_mut().blocked.unblock_peer(oldest);
                }
            }
            // Seen by the loop before it comes here.
            Command::Shutdown => {}
        }
    }

    fn open(&mut self, peer: &protocol::PeerId, wire: Wire, session: SessionId) {
        let connected =
            names::to_peer(peer).and_then(|peer| self.peers.get(&peer).map(|known| (peer, known.connection)));
        if self.sessions.prepare(session, connected.map(|(peer, _)| peer))
            && let Some((peer, connection)) = connected
        {
            self.swarm.behaviour_mut().streams.open(peer, connection, wire, session);
        }
    }

    fn subscribe(&mut self, topic: Topic) {
        if topic.0.len() > gossip::TOPIC_LENGTH || self.topics.len() >= gossip::TOPICS {
            tracing::error!(topic = %topic.0, topics = self.topics.len(), "not subscribed: too long, or too many");
            return;
        }
        let gossip_topic = names::to_gossip_topic(&topic);
        self.topics.insert(gossip_topic.hash(), topic);
        gossip::score(self.gossip(), gossip_topic.clone());
        if let Err(error) = self.gossip().subscribe(&gossip_topic) {
            tracing::error!(%error, topic = %gossip_topic, "not subscribed");
        }
    }

    fn publish(&mut self, topic: Topic, data: Vec<u8>) {
        if data.len() > MAX_GOSSIP {
            tracing::error!(bytes = data.len(), "too long to be published");
            self.outbox.tell(Event::Unsent { topic });
            return;
        }
        let hash = names::to_gossip_topic(&topic).hash();
        match self.gossip().publish(hash, data) {
            // A duplicate is on its way already.
            Ok(_) | Err(PublishError::Duplicate) => {}
            Err(error) => {
                tracing::debug!(%error, "not published");
                self.outbox.tell(Event::Unsent { topic });
            }
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "libp2p tells much that is nobody's business here")]
    fn swarm_event(&mut self, event: SwarmEvent<BehaviourEvent>) {
        match event {
            SwarmEvent::Behaviour(event) => self.behaviour_event(event),
            SwarmEvent::NewListenAddr { listener_id, address } => self.listens(listener_id, &address),
            SwarmEvent::ExpiredListenAddr { listener_id, address } => {
                self.listens_no_more(|known| *known == (listener_id, address.clone()));
            }
            SwarmEvent::ListenerClosed { listener_id, addresses, reason } => {
                self.listens_no_more(|(listener, _)| *listener == listener_id);
                if self.relays.closed(listener_id, Instant::now()) {
                    tracing::debug!(?reason, "a relay gives no place");
                } else {
                    tracing::warn!(?addresses, ?reason, "no longer listening");
                }
            }
            SwarmEvent::OutgoingConnectionError { connection_id, peer_id, error } => {
                self.dial_failed(connection_id, peer_id, None, &error);
            }
            SwarmEvent::IncomingConnectionError { send_back_addr, error, .. } => {
                tracing::debug!(from = %send_back_addr, %error, "refused or broken connection");
            }
            SwarmEvent::ListenerError { error, .. } => tracing::debug!(%error, "listening"),
            _ => {}
        }
    }

    fn behaviour_event(&mut self, event: BehaviourEvent) {
        match event {
            BehaviourEvent::Limits(never) => match never {},
            BehaviourEvent::Blocked(never) => match never {},
            BehaviourEvent::PerIp(never) => match never {},
            BehaviourEvent::Identify(event) => self.identified(event),
            BehaviourEvent::Relay(event) => tracing::debug!(?event, "relay"),
            BehaviourEvent::Relayed(event) => tracing::debug!(?event, "through a relay"),
            BehaviourEvent::Upgrade(event) => tracing::debug!(?event, "from a relay to a direct way"),
            BehaviourEvent::Reach(event) => self.reached(event),
            BehaviourEvent::Ping(event) => self.pinged(&event),
            BehaviourEvent::Mdns(event) => self.found(event),
            BehaviourEvent::Streams(event) => self.stream(event),
            BehaviourEvent::Gossip(single::Event::Up { peer, connection, endpoint }) => {
                self.up(peer, connection, &endpoint);
            }
            BehaviourEvent::Gossip(single::Event::Down { peer }) => self.down(peer),
            BehaviourEvent::Gossip(single::Event::Inner(event)) => self.gossiped(event),
        }
    }

    fn up(&mut self, peer: PeerId, connection: ConnectionId, endpoint: &ConnectedPoint) {
        let name = names::to_name(&peer);
        let inbound = endpoint.is_listener();
        let attempt = (!inbound).then_some(connection);
        self.dialer.connected(peer, attempt, Instant::now());
        let state = Peer {
            name: name.clone(),
            connection,
            pulse: Arc::new(Pulse::new()),
            unanswered: 0,
            gossip: Arc::new(Semaphore::new(GOSSIP_WAITING_PER_PEER)),
            sessions: self.sessions.share(),
            place: (!inbound && !endpoint.is_relayed())
                .then(|| Address::told(endpoint.get_remote_address(), peer).bare()),
        };
        if let Some(place) = &state.place {
            self.relays.connected(peer, place, Instant::now());
        }
        self.peers.insert(peer, state);
        let address = match endpoint {
            ConnectedPoint::Listener { local_addr, .. } if endpoint.is_relayed() => {
                self.relays.came_through(local_addr, peer)
            }
            ConnectedPoint::Listener { .. } | ConnectedPoint::Dialer { .. } => None,
        };
        let address = address.unwrap_or_else(|| Address::told(endpoint.get_remote_address(), peer));
        self.outbox.tell(Event::Connected { peer: name, address, inbound });
    }

    fn down(&mut self, peer: PeerId) {
        let Some(state) = self.peers.remove(&peer) else { return };
        self.dialer.disconnected(peer, Instant::now());
        self.relays.disconnected(peer);
        self.sessions.end_all_of(peer);
        self.outbox.tell(Event::Disconnected { peer: state.name });
    }

    fn stream(&mut self, event: streams::Event) {
        // A stream of a connection that is being closed has no session any more.
        let live = self.peers.get(&event.peer).filter(|peer| peer.connection == event.connection);
        match (event.what, live) {
            (What::Inbound(wire, stream), Some(peer)) => {
                self.sessions.accept(event.peer, (wire, stream), &peer.pulse, &peer.sessions);
            }
            (What::Outbound(session, stream), Some(peer)) => {
                self.sessions.opened(session, stream, &peer.pulse);
            }
            (What::Failed(session), _) => self.sessions.end(session),
            (What::Inbound(..) | What::Outbound(..), None) => {}
        }
    }

    fn pinged(&mut self, event: &ping::Event) {
        let Some(peer) = self.peers.get_mut(&event.peer) else { return };
        if peer.connection != event.connection {
            return;
        }
        match &event.result {
            Ok(_) | Err(ping::Failure::Unsupported) => peer.unanswered = 0,
            Err(ping::Failure::Timeout | ping::Failure::Other { .. }) => {
                peer.unanswered += 1;
                // On a slow link, pings stand in line behind the sessions; while those move, it is alive.
                if peer.unanswered >= PING_FAILURES_TOLD && peer.pulse.age() > PING_EVERY {
                    tracing::debug!(peer = %peer.name, "no answer any more");
                    if let Some(place) = &peer.place {
                        self.dialer.silent(event.peer, place);
                    }
                    self.swarm.behaviour_mut().gossip.give_up(event.peer);
                }
            }
        }
    }

    fn gossiped(&mut self, event: gossipsub::Event) {
        let gossipsub::Event::Message { propagation_source: from, message_id: id, message } = event else {
            tracing::trace!(?event, "gossip");
            return;
        };
        let known = self.peers.get(&from).zip(self.topics.get(&message.topic));
        let refused = match known {
            _ if message.data.len() > MAX_GOSSIP => Some(MessageAcceptance::Reject),
            None => Some(MessageAcceptance::Ignore),
            Some((peer, topic)) => {
                let event = Event::Gossip {
                    peer: peer.name.clone(),
                    message: names::to_message_ref(&id),
                    topic: topic.clone(),
                    data: message.data,
                };
                let told = self.outbox.gossip(&peer.gossip, event);
                (!told).then_some(MessageAcceptance::Ignore)
            }
        };
        if let Some(acceptance) = refused {
            tracing::debug!(%from, ?acceptance, "dropped gossip");
            self.gossip().report_message_validation_result(&id, &from, acceptance);
        }
    }

    fn found(&mut self, event: mdns::Event) {
        match event {
            mdns::Event::Discovered(list) => {
                let mut by_peer: HashMap<PeerId, Vec<Address>> = HashMap::new();
                for (peer, address) in list {
                    if let Some(address) =
                        Address::try_from(address).ok().filter(|address| !address.is_relayed())
                    {
                        by_peer.entry(peer).or_default().push(address);
                    }
                }
                for (peer, mut addresses) in by_peer {
                    // TCP first: the system tells at once when a program at the other end was killed.
                    addresses.sort_by_key(Address::carrier);
                    self.found_peer(peer, addresses.iter().map(Address::bare).collect());
                }
            }
            // Not seen is not gone: connections have their own signs of life.
            mdns::Event::Expired(list) => {
                for (peer, address) in list {
                    if let Ok(address) = Address::try_from(address) {
                        self.dialer.expired(peer, &address.bare());
                    }
                }
            }
        }
    }

    fn found_peer(&mut self, peer: PeerId, addresses: Vec<Multiaddr>) {
        if self.swarm.behaviour().blocked.blocked_peers().contains(&peer) {
            return;
        }
        // Both find each other: the smaller one dials, the other only if that didn't work.
        let grace =
            if *self.swarm.local_peer_id() < peer { Duration::ZERO } else { Duration::from_millis(2500) };
        let now = Instant::now();
        if self.dialer.nearby(peer, addresses, now.checked_add(grace).unwrap_or(now)) {
            self.outbox.tell(Event::Found { peer: names::to_name(&peer) });
        }
    }

    fn start_mdns(&mut self) {
        let now = Instant::now();
        if self.mdns_at.is_none_or(|at| at > now) {
            return;
        }
        match behaviour::mdns(*self.swarm.local_peer_id()) {
            Ok(mut mdns) => {
                // It has missed what was told before it was there.
                for (listener, address) in &self.listening {
                    mdns.on_swarm_event(FromSwarm::NewListenAddr(NewListenAddr {
                        listener_id: *listener,
                        addr: address,
                    }));
                }
                self.swarm.behaviour_mut().mdns = Toggle::from(Some(mdns));
                self.mdns_at = None;
            }
            Err(error) => {
                tracing::warn!(%error, "neighbours cannot be found by mDNS yet; will try again");
                self.mdns_at = now.checked_add(MDNS_RETRY);
            }
        }
    }

    /// Dials all that is due.
    fn dial(&mut self) {
        let now = Instant::now();
        if self.peers.len() >= ENOUGH_PEERS {
            self.dialer.spare(now, now.checked_add(LOOK_AGAIN).unwrap_or(now));
        }
        while let Some(due) = self.dialer.due(Instant::now()) {
            let Due { address, peer, .. } = &due;
            // A new port each time: if both sides dial from the ports at which they listen, TCP connects
            // the two calls with each other, and both sides wait for the other one to speak first.
            // A relay does not dial whom it can't reach, and from the port at which this node listens it shows
            // which way leads back to it.
            let same_port = self.relays.is_named(address);
            let options = match peer {
                // `Always`: libp2p calls a dead connection connected until it is closed.
                Some(peer) => {
                    let options = DialOpts::peer_id(*peer)
                        .condition(PeerCondition::Always)
                        .addresses(vec![address.clone()]);
                    if same_port { options.build() } else { options.allocate_new_port().build() }
                }
                None => {
                    let options = DialOpts::unknown_peer_id().address(address.clone());
                    if same_port { options.build() } else { options.allocate_new_port().build() }
                }
            };
            let (attempt, peer, address) = (options.connection_id(), *peer, address.clone());
            self.dialer.started(due, attempt);
            self.swarm.behaviour_mut().gossip.wants(attempt);
            if let Err(error) = self.swarm.dial(options) {
                self.dial_failed(attempt, peer, Some(address), &error);
            }
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "the other ways to fail are only told")]
    fn dial_failed(
        &mut self,
        attempt: ConnectionId,
        peer: Option<PeerId>,
        address: Option<Multiaddr>,
        error: &DialError,
    ) {
        let now = Instant::now();
        let Some(address) = address.or_else(|| self.dialer.address_of(attempt)) else { return };
        match error {
            // Only if nobody else was expected there: addresses move from one machine to another.
            DialError::LocalPeerId { .. } if peer.is_none_or(|peer| peer == *self.swarm.local_peer_id()) => {
                return self.dialer.is_me(attempt, now);
            }
            DialError::NoAddresses if self.listening.iter().any(|(_, listening)| *listening == address) => {
                return self.dialer.is_me(attempt, now);
            }
            DialError::Denied { cause } if cause.downcast_ref::<Superfluous>().is_some() => {
                if let Some(peer) = peer {
                    return self.dialer.connected(peer, Some(attempt), now);
                }
            }
            _ => {}
        }
        self.dialer.failed(attempt, now);
        let address = match peer {
            // Without its peer, such an address says nothing.
            Some(peer) if is_relayed(&address) => Address::told(&address, peer),
            Some(_) | None => match Address::try_from(address) {
                Ok(address) => address,
                Err(_) => return,
            },
        };
        let reason = reason(error);
        tracing::debug!(%address, reason, "not reached");
        self.outbox.tell(Event::DialFailed { address, peer: peer.as_ref().map(names::to_name), reason });
    }

    fn gossip(&mut self) -> &mut gossip::Behaviour {
        self.swarm.behaviour_mut().gossip.inner_mut()
    }
}

async fn sleep_till(wake: Option<Instant>) {
    match wake {
        Some(wake) => sleep_until(wake.into()).await,
        None => pending().await,
    }
}

/// Why a dial failed, in the words of whoever knows best.
#[expect(clippy::wildcard_enum_match_arm, reason = "the others say it well enough themselves")]
fn reason(error: &DialError) -> String {
    match error {
        DialError::Transport(errors) => {
            let innermost = |error: &dyn std::error::Error| {
                let mut text = error.to_string();
                let mut next = error.source();
                while let Some(error) = next {
                    text = error.to_string();
                    next = error.source();
                }
                text
            };
            errors.last().map_or_else(|| "no answer".to_owned(), |(_, error)| innermost(error))
        }
        DialError::LocalPeerId { .. } => "this node itself is there".to_owned(),
        DialError::WrongPeerId { obtained, .. } => format!("another node is there: {obtained}"),
        DialError::Denied { cause } => cause.to_string(),
        other => other.to_string(),
    }
}
