//! The one thread that owns the protocol, the catalogue and the store.

use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use catalogue::{Catalogue, Window};
use net::Address;
use protocol::{BlobInput, Input, Output, PeerId, Protocol, Time};
use record::{Body, CircleId, Class, RecordId, Slot, Verified};
use store::SledStore;
use tokio::sync::{broadcast, mpsc};

use crate::clock::NodeClock;
use crate::error::NodeError;
use crate::exchanges::{Exchanges, Notify};
use crate::folder::Folder;
use crate::hiding::Hidden;
use crate::identity::Identity;
use crate::known::{KNOWN, Known};
use crate::mending::Mending;
use crate::photos::{PATIENCE, Photos};
use crate::sealing::Seals;
use crate::secrets::Secrets;
use crate::view::{PeerView, View};

/// Something for the thread to do.
pub(crate) enum Message {
    /// What a caller wants.
    Job(Job),
    /// What happened on the network.
    Net(net::Event),
    /// The network has ended without being asked to.
    NetEnded,
    /// A second has passed.
    Tick,
    /// End.
    Stop,
}

/// Work that needs the thread.
pub(crate) type Job = Box<dyn FnOnce(&mut Service) + Send>;

/// How often time is told to the protocol.
const TICK: Duration = Duration::from_secs(1);
/// While the node looks for a circle to join, it asks its peers every so many ticks.
const ASK_EVERY: u32 = 2;
/// Whether a grant ends soon is looked at every so many ticks.
const LOOK_AT_GRANTS: u32 = 3_600;
/// Every so many ticks it is looked at whether what was dropped shall leave the disk: not at once when a node starts.
const LET_LEAVE: u32 = 10;
/// Every so many ticks readers see the digests by the hour: what was dated a little ahead counts by and by.
const DIGEST_EVERY: u32 = 30;
/// The first tick and then every so many look whether the time has to be remembered.
const REMEMBER_EVERY: u32 = 60;
/// A store that failed is tried again every so many ticks.
const TRY_STORE: u32 = 10;
/// The notice that it failed.
const STORE_FAILED: &str = "store";
/// How many addresses of peers are remembered.
const MAX_REMEMBERED: usize = 64;
/// Under which name they lie in the store.
pub(crate) const PEERS: &str = "peers";

pub(crate) struct Service {
    pub(crate) protocol: Protocol<SledStore>,
    pub(crate) clock: Arc<NodeClock>,
    /// What the store remembers of the time.
    pub(crate) remembered: Option<protocol::Memory>,
    /// The store is being read.
    pub(crate) opening: bool,
    pub(crate) identity: Identity,
    pub(crate) secrets: Secrets,
    /// The keys to which letters are sealed.
    pub(crate) seals: Seals,
    pub(crate) exchanges: Exchanges,
    /// How the person is told elsewhere than on the pages.
    pub(crate) notify: Option<Arc<dyn Notify>>,
    pub(crate) folder: Arc<Folder>,
    pub(crate) photos: Photos,
    /// The circles of which a peer was heard since this node was restored.
    pub(crate) heard: BTreeSet<CircleId>,
    /// What whoever runs this node does not want on it.
    pub(crate) hidden: Hidden,
    /// What was mended, and is not back yet.
    pub(crate) mending: Mending,
    pub(crate) member: Option<String>,
    /// Where peers were.
    pub(crate) known: Known,
    pub(crate) view: Arc<RwLock<View>>,
    /// Tells which records readers see now that they did not see before.
    pub(crate) news: broadcast::Sender<RecordId>,
    /// The first circle that is found nearby will be joined.
    pub(crate) looking: bool,
    pub(crate) ticks: u32,
    pub(crate) net: Option<NetPort>,
    pub(crate) runtime: tokio::runtime::Handle,
    pub(crate) messages: mpsc::WeakSender<Message>,
}

/// The running network and how to start it again.
pub(crate) struct NetPort {
    pub(crate) handle: net::Handle,
    pub(crate) config: net::Config,
    pub(crate) down: bool,
}

impl Service {
    /// Works until it is stopped.
    pub(crate) fn run(mut self, mut inbox: mpsc::Receiver<Message>) {
        while let Some(message) = inbox.blocking_recv() {
            match message {
                Message::Job(job) => job(&mut self),
                Message::Net(event) => self.net_event(event),
                Message::NetEnded => self.net_ended(),
                Message::Tick => self.tick(),
                Message::Stop => break,
            }
            if self.exchanges.has_work() {
                self.tend_exchanges(false);
            }
        }
        self.tend_exchanges(true);
        self.command(net::Command::Shutdown);
        if let Err(error) = self.remember_time() {
            tracing::error!(%error, "the time was not written down");
        }
        if let Err(error) = protocol::Store::sync(self.protocol.store()) {
            tracing::error!(%error, "the last changes may not be durable");
        }
    }

    /// Looks at the view.
    pub(crate) fn read<T>(&self, look: impl FnOnce(&View) -> T) -> T {
        look(&self.view.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn change(&self, change: impl FnOnce(&mut View)) {
        change(&mut self.view.write().unwrap_or_else(PoisonError::into_inner));
    }

    pub(crate) fn catalogue(&self, circle: CircleId) -> Result<&Catalogue, NodeError> {
        self.protocol.catalogue(circle).ok_or(NodeError::NoCircle)
    }

    /// What the record in a slot says, if there is one whose body is here and can be read.
    pub(crate) fn body_in(&self, circle: CircleId, slot: &Slot) -> Result<Option<Body>, NodeError> {
        let Some(held) = self.catalogue(circle)?.in_slot(slot) else { return Ok(None) };
        Ok(self.protocol.record(circle, &held.id())?.and_then(|record| record.body()))
    }

    /// Begins to follow a circle.
    pub(crate) fn follow(&mut self, circle: CircleId) -> Result<(), NodeError> {
        self.looking = false;
        if self.protocol.catalogue(circle).is_some() {
            return Ok(());
        }
        self.change(|view| view.add_circle(circle));
        let now = self.time();
        let mut view = self.view.write().unwrap_or_else(PoisonError::into_inner);
        let each = &mut |record: &Verified| view.add(circle, record);
        let outputs = self.protocol.follow(circle, self.secrets.of(circle), now, each)?;
        drop(view);
        self.hide_again(circle)?;
        self.look_for_letters(circle);
        self.changed(circle, &protocol::News::default());
        self.tell_about_keys();
        self.act(outputs);
        Ok(())
    }

    /// Remembers where peers are, and dials them.
    pub(crate) fn remember_peers(&mut self, peers: &[Address]) -> Result<(), NodeError> {
        let mut known = self.remembered_peers()?;
        known.retain(|address| !peers.contains(address));
        known.extend_from_slice(peers);
        let surplus = known.len().saturating_sub(MAX_REMEMBERED);
        let texts: Vec<String> = known.iter().skip(surplus).map(ToString::to_string).collect();
        let json = serde_json::to_vec(&texts).map_err(|error| NodeError::Invalid(error.to_string()))?;
        self.protocol.store().set_meta(PEERS, &json)?;
        for peer in peers {
            self.command(net::Command::Dial(peer.clone()));
        }
        Ok(())
    }

    fn remembered_peers(&mut self) -> Result<Vec<Address>, NodeError> {
        Ok(remembered(self.protocol.store().meta(PEERS)?))
    }

    /// Remembers where a peer is with whom a round has ended: where it was dialled, or where it says that it
    /// listens.
    fn met(&mut self, peer: &PeerId) {
        let seen = self.read(|view| {
            let seen = view.peers.get(peer)?;
            Some((seen.address.parse::<Address>().ok()?, seen.inbound))
        });
        let Some((seen, inbound)) = seen else { return };
        let told = self.protocol.addresses_of(peer).iter().filter_map(|text| text.parse::<Address>().ok());
        let teller = seen.socket().ip();
        let told: Vec<Address> = told
            .filter(|address| address.peer().as_ref() == Some(peer) && address.is_believable_from(teller))
            .collect();
        // Why: the direct way to who is behind a relay is there for once only.
        let once = told.iter().any(Address::is_relayed) && !told.contains(&seen);
        let address = if inbound || once { told.into_iter().next() } else { Some(seen) };
        let now = self.clock.now().millis();
        if address.is_some_and(|address| self.known.meet(&address, now)) {
            let written = serde_json::to_vec(&self.known)
                .map_err(|error| NodeError::Invalid(error.to_string()))
                .and_then(|json| Ok(self.protocol.store().set_meta(KNOWN, &json)?));
            if let Err(error) = written {
                tracing::error!(%error, "a peer's address was not written down");
            }
        }
    }

    /// Carries out what the protocol wants.
    pub(crate) fn act(&mut self, outputs: Vec<Output>) {
        for output in outputs {
            match output {
                Output::Subscribe(topic) => self.command(net::Command::Subscribe(topic)),
                Output::Unsubscribe(topic) => self.command(net::Command::Unsubscribe(topic)),
                Output::Publish { topic, data } => self.command(net::Command::Publish { topic, data }),
                Output::Judge { peer, message, verdict } => {
                    self.command(net::Command::Judge { peer, message, verdict });
                }
                Output::Open { peer, session } => self.command(net::Command::Open { peer, session }),
                Output::Send { session, frame } => self.command(net::Command::Send { session, frame }),
                Output::Close(session) => self.command(net::Command::Close { session }),
                Output::Ban(peer) => {
                    tracing::warn!(%peer, "banned for what it sent");
                    self.command(net::Command::Ban { peer });
                }
                Output::Changed { circle, news } => self.changed(circle, &news),
                Output::Synced { peer, circle, received, sent } => {
                    tracing::debug!(%peer, %circle, received, sent, "round finished");
                    let now = self.clock.now();
                    self.change(|view| {
                        if let Some(peer) = view.peers.get_mut(&peer) {
                            peer.synced = Some(now);
                        }
                    });
                    self.hear(circle);
                    self.fetched(circle);
                    self.met(&peer);
                    if let Err(error) = self.knock(&peer, circle) {
                        tracing::error!(%error, "an invitation was not used");
                    }
                }
                Output::Clock { peer, clock } => self.clock.heard(peer, clock),
                Output::Told { by, addresses } => self.told(&by, &addresses),
                Output::Prove { session, circle, payload } => {
                    let seal = self.seal(circle, &payload);
                    let now = self.time();
                    let outputs = self.protocol.handle(Input::Proven { session, seal }, now);
                    self.act(outputs);
                }
                Output::Knocked { session, knock } => self.knocked(session, &knock),
                Output::Answered { circle, admitted } => self.knock_answered(circle, admitted),
                Output::Secrets { circle, held } => self.keep_secrets(circle, held),
                Output::Blob(output) => self.blob_output(output),
                Output::CirclesNearby => self.circles_nearby(),
                Output::StoreFailed(error) => {
                    tracing::error!(%error, "the store failed");
                    self.change(|view| {
                        view.notices
                            .insert(STORE_FAILED, format!("The store failed: {error}. Check the disk."));
                    });
                }
            }
        }
    }

    fn changed(&mut self, circle: CircleId, news: &protocol::News) {
        let now = self.clock.now();
        let Some(catalogue) = self.protocol.catalogue(circle) else { return };
        let digest = catalogue.digests(Window::between(now, now)).all();
        self.view.write().unwrap_or_else(PoisonError::into_inner).follow(catalogue, news, digest);
        self.note_letters(circle, &news.admitted);
        if self.news.receiver_count() > 0 {
            for record in news.admitted.iter().filter(|record| record.is_whole()) {
                // Why: whoever listened may have gone.
                let _ = self.news.send(record.id());
            }
        }
        if news.admitted.iter().any(|record| record.header().class == Class::Control) {
            self.tell_about_keys();
        }
    }

    /// Connects to peers that a peer told of. It may have made them up.
    fn told(&self, by: &PeerId, addresses: &[String]) {
        let teller =
            self.read(|view| view.peers.get(by).and_then(|peer| peer.address.parse::<Address>().ok()));
        let Some(teller) = teller.map(|address| address.socket().ip()) else { return };
        for address in addresses.iter().filter_map(|text| text.parse::<Address>().ok()) {
            let known = address.peer().is_none_or(|peer| self.read(|view| view.peers.contains_key(&peer)));
            if address.is_believable_from(teller) && !known {
                tracing::debug!(%address, %by, "told of a peer");
                self.command(net::Command::Meet(address));
            }
        }
    }

    fn circles_nearby(&mut self) {
        let nearby = self.protocol.nearby().clone();
        self.change(|view| view.nearby = nearby);
        if self.looking {
            match self.join_nearby() {
                Ok(circle) => {
                    tracing::info!(name = %circle.name, id = %circle.id, "joined the circle nearby");
                }
                Err(NodeError::NothingNearby) => {}
                Err(error) => self.change(|view| {
                    view.notices.insert("nearby", error.to_string());
                }),
            }
        }
    }

    /// After the store had failed: once it takes something, nobody has to be told any more.
    fn try_store_again(&mut self) {
        if self.read(|view| view.notices.contains_key(STORE_FAILED))
            && protocol::Store::sync(self.protocol.store()).is_ok()
        {
            self.change(|view| drop(view.notices.remove(STORE_FAILED)));
        }
    }

    pub(crate) fn tick(&mut self) {
        self.ticks = self.ticks.wrapping_add(1);
        let now = self.time();
        if self.ticks % REMEMBER_EVERY == 1
            && let Err(error) = self.remember_time()
        {
            tracing::error!(%error, "the time was not written down");
        }
        if self.ticks.is_multiple_of(TRY_STORE) {
            self.try_store_again();
        }
        if self.net.as_ref().is_some_and(|net| net.down) {
            self.restart_net();
        }
        if self.ticks.is_multiple_of(LOOK_AT_GRANTS) {
            self.tell_about_keys();
            self.tidy_photos();
        }
        if self.ticks.is_multiple_of(LET_LEAVE) {
            self.let_leave();
        }
        self.forget_given(PATIENCE);
        self.tell_mended();
        let mut outputs = self.protocol.handle(Input::Tick, now);
        if self.looking && self.ticks.is_multiple_of(ASK_EVERY) {
            outputs.extend(self.protocol.handle(Input::AskCircles, now));
        }
        self.act(outputs);
        self.tick_exchanges();
        if self.ticks % DIGEST_EVERY == 1 {
            let now = self.clock.now();
            self.change(|view| view.set_now(now));
            let digests = self.protocol.circles();
            let digests: Vec<_> = digests
                .map(|circle| (circle.circle(), circle.digests(Window::between(now, now)).all()))
                .collect();
            self.change(|view| view.set_digests(digests));
        }
    }

    /// What was withdrawn, has ended or is hidden leaves the disk within a day.
    fn let_leave(&mut self) {
        let Time::Sure(now) = self.clock.read() else { return };
        match self.protocol.store().let_leave(now) {
            Ok(true) => tracing::info!("what was withdrawn or has ended has left the disk"),
            Ok(false) => {}
            Err(error) => tracing::warn!(%error, "what was withdrawn or has ended is still on the disk"),
        }
    }

    fn net_event(&mut self, event: net::Event) {
        let input = match event {
            net::Event::Listening(address) => {
                self.change(|view| {
                    if !view.addresses.contains(&address) {
                        view.addresses.push(address);
                    }
                    // The most useful first: who is behind a relay is so for a reason, and what leads to this
                    // machine alone comes last.
                    let rank =
                        |address: &Address| (!address.is_relayed(), address.socket().ip().is_loopback());
                    view.addresses.sort_by_key(rank);
                });
                self.listening()
            }
            net::Event::NotListening(address) => {
                self.change(|view| view.addresses.retain(|known| *known != address));
                self.listening()
            }
            net::Event::Reachable(reachable) => {
                tracing::info!(reachable, "peers have tried to dial this node");
                self.change(|view| view.reachable = Some(reachable));
                return;
            }
            net::Event::Connected { peer, address, inbound } => {
                tracing::info!(%peer, %address, inbound, "connected");
                let seen = PeerView { address: address.to_string(), inbound, synced: None };
                self.change(|view| {
                    view.peers.insert(peer.clone(), seen);
                });
                Input::Connected(peer)
            }
            net::Event::Disconnected { peer } => {
                tracing::info!(%peer, "disconnected");
                self.clock.forget(&peer);
                self.change(|view| {
                    view.peers.remove(&peer);
                });
                Input::Disconnected(peer)
            }
            net::Event::Gossip { peer, message, topic, data } => Input::Gossip { peer, message, topic, data },
            net::Event::Unsent { topic } => Input::Unsent(topic),
            net::Event::Opened { session, peer } => Input::Opened { session, peer },
            net::Event::OpenedForBlobs { session, peer } => Input::Blob(BlobInput::Opened { session, peer }),
            net::Event::Frame { session, frame } => Input::Frame { session, frame },
            net::Event::Closed { session } => Input::Closed(session),
            net::Event::Found { peer } => {
                tracing::debug!(%peer, "found on the local network");
                return;
            }
            net::Event::DialFailed { address, reason, .. } => {
                tracing::debug!(%address, %reason, "not reached");
                return;
            }
            net::Event::Drained { .. } => return,
        };
        let now = self.time();
        let outputs = self.protocol.handle(input, now);
        self.act(outputs);
    }

    /// Where others reach this node.
    fn listening(&self) -> Input {
        Input::Listening(self.read(|view| view.addresses.iter().map(ToString::to_string).collect()))
    }

    fn net_ended(&mut self) {
        let Some(net) = &mut self.net else { return };
        tracing::error!("the network stopped by itself; starting it again");
        net.down = true;
        self.change(|view| view.addresses.clear());
        let peers: Vec<PeerId> = self.read(|view| view.peers.keys().cloned().collect());
        for peer in peers {
            self.net_event(net::Event::Disconnected { peer });
        }
    }

    fn restart_net(&mut self) {
        let Some(net) = &mut self.net else { return };
        match self.runtime.block_on(net::start(net.config.clone())) {
            Ok((handle, events)) => {
                net.handle = handle;
                net.down = false;
                forward(&self.runtime, events, self.messages.clone());
                let topics: Vec<_> = self.protocol.topics().cloned().collect();
                self.act(topics.into_iter().map(Output::Subscribe).collect());
            }
            Err(error) => tracing::error!(%error, "the network does not start"),
        }
    }

    pub(crate) fn command(&self, command: net::Command) {
        if let Some(net) = self.net.as_ref().filter(|net| !net.down) {
            self.runtime.block_on(net.handle.send(command));
        }
    }
}

/// Addresses as they lie in the store.
pub(crate) fn remembered(json: Option<Vec<u8>>) -> Vec<Address> {
    let texts: Vec<String> = json.and_then(|json| serde_json::from_slice(&json).ok()).unwrap_or_default();
    texts.iter().filter_map(|text| text.parse().ok()).collect()
}

/// Tells the thread what happens on the network; while it has much to do, the network waits.
pub(crate) fn forward(
    runtime: &tokio::runtime::Handle,
    mut events: mpsc::Receiver<net::Event>,
    messages: mpsc::WeakSender<Message>,
) {
    runtime.spawn(async move {
        while let Some(event) = events.recv().await {
            let Some(messages) = messages.upgrade() else { return };
            if messages.send(Message::Net(event)).await.is_err() {
                return;
            }
        }
        if let Some(messages) = messages.upgrade() {
            let _ = messages.send(Message::NetEnded).await;
        }
    });
}

/// Tells the thread that time goes on, as long as it listens.
pub(crate) fn tell_time(runtime: &tokio::runtime::Handle, messages: mpsc::WeakSender<Message>) {
    runtime.spawn(async move {
        let mut ticks = tokio::time::interval(TICK);
        loop {
            ticks.tick().await;
            let Some(messages) = messages.upgrade() else { return };
            // A thread with a full inbox hears of the next second.
            if let Err(mpsc::error::TrySendError::Closed(_)) = messages.try_send(Message::Tick) {
                return;
            }
        }
    });
}
