//! What pages and commands speak to.

use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::thread;
use std::time::{Duration, SystemTime};

use net::Address;
use protocol::{PeerId, Protocol};
use record::{CircleId, Hash, RecordId};
use store::{BlobFiles, SledStore};
use tokio::sync::{Semaphore, broadcast, mpsc, oneshot};

use crate::circles::FoundInput;
use crate::clock::{CLOCK, NodeClock, shown};
use crate::comparing::Comparing;
use crate::config::Config;
use crate::cores;
use crate::error::NodeError;
use crate::exchanges::Exchanges;
use crate::folder::Folder;
use crate::hiding::{HIDDEN, Hidden, hidden};
use crate::identity::{Identity, random};
use crate::import;
use crate::input::{Filter, ImportInput, ListingInput};
use crate::json::{
    CircleJson, ClockJson, ImportJson, ListingJson, NearbyJson, PeerJson, PhotoJson, PurgedJson, StatusJson,
};
use crate::keys::{HEARD, heard};
use crate::known::{KNOWN, Known};
use crate::link::CircleLink;
use crate::mending::Mending;
use crate::photo::{self, Prepared};
use crate::photos::Photos;
use crate::sealing::Seals;
use crate::secrets::Secrets;
use crate::service::{Message, NetPort, PEERS, Service, forward, remembered, tell_time};
use crate::view::View;

/// How many messages wait for the thread before the network has to.
const INBOX: usize = 1_024;
/// How many news a listener may be behind before it misses some.
const NEWS: usize = 1_024;
/// How long the first address is waited for.
const LISTEN: Duration = Duration::from_secs(5);

/// A running node. Dropping it stops the node.
pub struct Node {
    handle: Handle,
    ended: oneshot::Receiver<()>,
}

/// Speaks to a running node. Clones speak to the same one.
#[derive(Clone)]
pub struct Handle {
    view: Arc<RwLock<View>>,
    messages: mpsc::Sender<Message>,
    news: broadcast::Sender<RecordId>,
    pub(crate) comparing: Arc<Comparing>,
    pub(crate) clock: Arc<NodeClock>,
    folder: Arc<Folder>,
    photos: Arc<BlobFiles>,
    /// One photo is read at a time: each takes much memory.
    shrinking: Arc<Semaphore>,
    peer: PeerId,
    network: bool,
}

impl Node {
    /// Opens the data folder, starts the network if asked, and serves until it is stopped.
    ///
    /// # Errors
    /// A [`NodeError`] that says what to do.
    pub async fn start(config: Config) -> Result<Self, NodeError> {
        Self::start_by(config, SystemTime::now).await
    }

    /// The same by another clock than the system's.
    ///
    /// # Errors
    /// A [`NodeError`] that says what to do.
    pub async fn start_by(
        config: Config,
        clock: impl Fn() -> SystemTime + Send + Sync + 'static,
    ) -> Result<Self, NodeError> {
        let (data, today) = (config.data.clone(), shown(clock()).date());
        let opened = tokio::task::spawn_blocking(move || -> Result<_, NodeError> {
            let folder = Folder::open(&data)?;
            folder.token()?;
            let identity = Identity::load(&folder)?;
            let secrets = Secrets::load(&folder)?;
            let seals = Seals::load(&folder, &identity)?;
            let store = SledStore::open(folder.path(), &[identity.member()], today)
                .map_err(|error| protocol::StoreError(error.to_string()))?;
            let photos = Photos::open(&folder)?;
            Ok((folder, identity, secrets, seals, store, photos))
        });
        let (folder, identity, secrets, seals, store, photos) =
            opened.await.map_err(|_| NodeError::Stopped)??;
        let peer = net::peer_id(&identity.peer)?;
        let (mut named, known) = (remembered(store.meta(PEERS)?), Known::read(store.meta(KNOWN)?.as_deref()));
        let (circles, heard) = (store.circles()?, heard(store.meta(HEARD)?));
        let hidden: Hidden = hidden(store.meta(HIDDEN)?.as_deref());
        let clock = Arc::new(NodeClock::new(Box::new(clock), store.meta(CLOCK)?.as_deref()));
        let mending = Mending::load(&folder)?;
        let view = Arc::new(RwLock::new(View::new(identity.member())));
        let protocol = Protocol::new(peer.clone(), store, random()?).verifying(cores::verify);
        let folder = Arc::new(folder);
        let (messages, inbox) = mpsc::channel(INBOX);
        let (news, _) = broadcast::channel(NEWS);
        let runtime = tokio::runtime::Handle::current();
        let photo_files = Arc::clone(&photos.files);
        let mut service = Service {
            protocol,
            clock: Arc::clone(&clock),
            remembered: clock.memory(),
            opening: false,
            identity,
            secrets,
            seals,
            exchanges: Exchanges::default(),
            notify: config.notify,
            folder: Arc::clone(&folder),
            photos,
            heard,
            hidden,
            mending,
            member: config.member,
            known,
            view: Arc::clone(&view),
            news: news.clone(),
            looking: false,
            ticks: 0,
            net: None,
            runtime: runtime.clone(),
            messages: messages.downgrade(),
        };
        let network = config.network.is_some();
        let mut events = None;
        if let Some(network) = config.network {
            named.retain(|address| !network.peers.contains(address));
            let config = net::Config {
                secret: service.identity.peer,
                listen: network.listen,
                peers: [network.peers, named].concat(),
                known: service.known.addresses(),
                mdns: network.mdns,
                relay: network.relay,
                via: network.via,
                via_any: network.via_any,
                limits: net::Limits::default(),
            };
            let (handle, receiver) = net::start(config.clone()).await?;
            service.net = Some(NetPort { handle, config, down: false });
            events = Some(receiver);
        }
        let (end, ended) = oneshot::channel();
        let (loaded, is_loaded) = oneshot::channel();
        let name = thread::Builder::new().name("node".into());
        let started = name.spawn(move || {
            let opened = service.open(&circles);
            let failed = opened.is_err();
            service.tell_about_keys();
            let _ = loaded.send(opened);
            if !failed {
                service.run(inbox);
            }
            let _ = end.send(());
        });
        started.map_err(|error| NodeError::Random(error.to_string()))?;
        is_loaded.await.map_err(|_| NodeError::Stopped)??;
        if let Some(mut events) = events {
            first_addresses(&mut events, &messages).await;
            forward(&runtime, events, messages.downgrade());
        }
        tell_time(&runtime, messages.downgrade());
        let comparing = Comparing {
            view: Arc::clone(&view),
            clock: Arc::clone(&clock),
            messages: messages.clone(),
            turn: Mutex::new(()),
            pairs: Mutex::default(),
            notices: Mutex::default(),
        };
        let comparing = Arc::new(comparing);
        comparing.start();
        let shrinking = Arc::new(Semaphore::new(1));
        let photos = photo_files;
        let handle =
            Handle { view, messages, news, comparing, clock, folder, photos, shrinking, peer, network };
        // Everything that was told so far is in the view when the caller sees the handle.
        handle.on_node(|_| Ok(())).await?;
        Ok(Self { handle, ended })
    }

    /// What speaks to it.
    #[must_use]
    pub const fn handle(&self) -> &Handle {
        &self.handle
    }

    /// Stops the node and waits until everything is written.
    pub async fn stop(self) {
        self.handle.folder.unannounce();
        let _ = self.handle.messages.send(Message::Stop).await;
        let _ = self.ended.await;
    }
}

/// Passes on what the network tells until the first address is known.
async fn first_addresses(events: &mut mpsc::Receiver<net::Event>, messages: &mpsc::Sender<Message>) {
    let first = async {
        while let Some(event) = events.recv().await {
            let listening = matches!(event, net::Event::Listening(_));
            let _ = messages.send(Message::Net(event)).await;
            if listening {
                return;
            }
        }
    };
    let _ = tokio::time::timeout(LISTEN, first).await;
    while let Ok(event) = events.try_recv() {
        let _ = messages.send(Message::Net(event)).await;
    }
}

impl Handle {
    /// This node's libp2p peer id.
    #[must_use]
    pub const fn peer(&self) -> &PeerId {
        &self.peer
    }

    /// The data folder.
    #[must_use]
    pub fn folder(&self) -> &Folder {
        &self.folder
    }

    /// The node's state.
    #[must_use]
    pub fn status(&self) -> StatusJson {
        let unseen_matches = self.unseen();
        self.read(|view| StatusJson {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            peer: self.peer.to_string(),
            addresses: view.addresses.iter().map(ToString::to_string).collect(),
            // Whoever serves them knows.
            pages: Vec::new(),
            reachable: view.reachable,
            members: vec![view.me.to_string()],
            circles: view.circles(),
            peers: view.peers(),
            notices: view.notices.values().chain(view.clashes.values()).cloned().collect(),
            unseen_matches,
            waiting: view.waiting,
        })
    }

    /// What the node knows of the time.
    #[must_use]
    pub fn clock(&self) -> ClockJson {
        self.clock.json()
    }

    /// The time by which things are alive or not: Unix milliseconds.
    #[must_use]
    pub fn now(&self) -> u64 {
        self.clock.now().millis()
    }

    /// Says that the machine's clock is right. What the node had dated ahead of it is signed again.
    ///
    /// # Errors
    /// If it can not be right, or the store fails.
    pub async fn confirm_clock(&self) -> Result<ClockJson, NodeError> {
        self.on_node(Service::confirm_clock).await
    }

    /// The circles that this node keeps.
    #[must_use]
    pub fn circles(&self) -> Vec<CircleJson> {
        self.read(View::circles)
    }

    /// The circles that connected peers keep.
    #[must_use]
    pub fn nearby(&self) -> Vec<NearbyJson> {
        self.read(View::nearby)
    }

    /// Tells from now on each record that readers see and did not see before, whoever wrote it. Who is slow
    /// misses the oldest.
    #[must_use]
    pub fn news(&self) -> broadcast::Receiver<RecordId> {
        self.news.subscribe()
    }

    /// Who is connected.
    #[must_use]
    pub fn peers(&self) -> Vec<PeerJson> {
        self.read(View::peers)
    }

    /// Listings, the newest first.
    ///
    /// # Errors
    /// If the filter names an unknown circle.
    pub fn listings(&self, filter: &Filter) -> Result<Vec<ListingJson>, NodeError> {
        let look = |view: &View| view.listings(filter, self.clock.now());
        // Why: what kind of thing a listing is about its words say.
        if filter.kind.is_some() { self.look_up(look) } else { self.read(look) }
    }

    /// How many listings pass a filter; its limit and offset don't count.
    ///
    /// # Errors
    /// If the filter names an unknown circle.
    pub fn count(&self, filter: &Filter) -> Result<usize, NodeError> {
        let look = |view: &View| view.count(filter, self.clock.now());
        if filter.kind.is_some() { self.look_up(look) } else { self.read(look) }
    }

    /// One listing, by id, key or a unique beginning of one.
    ///
    /// # Errors
    /// If there is none, or several.
    pub fn listing(&self, reference: &str) -> Result<ListingJson, NodeError> {
        let shown = || NodeError::NoSuchListing(reference.chars().take(80).collect());
        self.read(|view| view.json(&view.find(reference)?, None).ok_or_else(shown))
    }

    /// Writes a new listing. It is durable when this returns.
    ///
    /// # Errors
    /// What is wrong with it, or with the store.
    pub async fn publish(&self, input: ListingInput) -> Result<ListingJson, NodeError> {
        self.on_node(move |service| service.publish(&input)).await
    }

    /// Changes one of the member's own listings.
    ///
    /// # Errors
    /// What is wrong with it, or with the store.
    pub async fn edit(&self, reference: String, input: ListingInput) -> Result<ListingJson, NodeError> {
        self.on_node(move |service| service.edit(&reference, &input)).await
    }

    /// Withdraws one of the member's own listings, for good. Returns what it was.
    ///
    /// # Errors
    /// If there is none, or the store fails.
    pub async fn withdraw(&self, reference: String) -> Result<ListingJson, NodeError> {
        self.on_node(move |service| service.withdraw(&reference)).await
    }

    /// Takes a photo out of a file (JPEG, PNG or WebP) for a listing that is written within the hour. What is kept
    /// is small, upright and without metadata, and durable when this returns.
    ///
    /// # Errors
    /// Why it is not taken, and what to do instead.
    pub async fn give_photo(&self, file: Vec<u8>) -> Result<PhotoJson, NodeError> {
        let place = Arc::clone(&self.shrinking).acquire_owned().await.map_err(|_| NodeError::Stopped)?;
        let prepared = tokio::task::spawn_blocking(move || {
            let _place = place;
            photo::prepare(&file)
        });
        let prepared: Prepared = prepared.await.map_err(|_| NodeError::Stopped)??;
        self.on_node(move |service| service.give_photo(&prepared)).await
    }

    /// A photo or thumbnail of a listing, by its SHA-256 in 64 hexadecimal digits. If it is not here yet, peers are
    /// asked for it; none if it has not come within `patience`.
    ///
    /// # Errors
    /// If no listing has it.
    pub async fn photo(&self, name: &str, patience: Duration) -> Result<Option<Vec<u8>>, NodeError> {
        let hash = Hash::from_hex(name).ok_or_else(|| NodeError::no_photo(name))?;
        let read = || {
            let (files, now) = (Arc::clone(&self.photos), self.clock.now());
            async move { tokio::task::spawn_blocking(move || files.look_at(hash, now)).await.ok().flatten() }
        };
        if let Some(bytes) = read().await {
            return Ok(Some(bytes));
        }
        let arrived = self.on_node(move |service| service.look_at(hash)).await?;
        match tokio::time::timeout(patience, arrived).await {
            Ok(Ok(())) => Ok(read().await),
            Ok(Err(_)) | Err(_) => Ok(None),
        }
    }

    /// A photo's file, whatever it is for.
    pub(crate) async fn photo_file(&self, hash: Hash) -> Result<Option<Vec<u8>>, NodeError> {
        let files = Arc::clone(&self.photos);
        tokio::task::spawn_blocking(move || files.read(hash)).await.map_err(|_| NodeError::Stopped)
    }

    /// Reads a table and writes its rows as listings; the same file a second time changes nothing.
    ///
    /// # Errors
    /// If the file can not be read at all; single bad rows are in the report.
    pub async fn import(&self, file: Vec<u8>, input: ImportInput) -> Result<ImportJson, NodeError> {
        let options = input.options()?;
        let read = tokio::task::spawn_blocking(move || import::read(&file, &options));
        let outcome = read.await.map_err(|_| NodeError::Stopped)??;
        self.on_node(move |service| service.import(outcome, input.circle.as_deref(), input.dry_run)).await
    }

    /// Deletes what was withdrawn or has ended from the disk for good: from the store, its journal, damaged copies that
    /// were set aside, and photos in no listing. Otherwise some of it may stay in files until they are written anew.
    ///
    /// # Errors
    /// If the disk has no room for a second store for a moment.
    pub async fn purge(&self) -> Result<PurgedJson, NodeError> {
        self.on_node(|service| {
            service.forget_given(0);
            let store = service.protocol.store();
            let before = store.size()?;
            store.purge()?;
            Ok(PurgedJson { before, now: store.size()? })
        })
        .await
    }

    /// Founds a circle. `content_quota` is how many things each member may list (2,000 unless said).
    ///
    /// # Errors
    /// If the name is out of bounds, or the store fails.
    pub async fn found(&self, name: String, content_quota: Option<u32>) -> Result<CircleJson, NodeError> {
        self.found_with(FoundInput { name, quota: content_quota, ..FoundInput::default() }).await
    }

    /// Founds a circle of one's choice.
    ///
    /// # Errors
    /// If the name or a number is out of bounds, or the store fails.
    pub async fn found_with(&self, input: FoundInput) -> Result<CircleJson, NodeError> {
        self.on_node(move |service| service.found(&input)).await
    }

    /// The circle of this name, founded if this node keeps none.
    ///
    /// # Errors
    /// If the name is out of bounds, or the store fails.
    pub async fn found_once(&self, name: String) -> Result<CircleJson, NodeError> {
        self.on_node(move |service| service.found_once(&name)).await
    }

    /// Joins a circle by its link.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn join(&self, link: CircleLink) -> Result<CircleJson, NodeError> {
        self.on_node(move |service| service.join(&link)).await
    }

    /// Joins the circle that connected peers keep.
    ///
    /// # Errors
    /// If there is none, or there are several.
    pub async fn join_nearby(&self) -> Result<CircleJson, NodeError> {
        if !self.network {
            return Err(NodeError::Offline);
        }
        self.on_node(Service::join_nearby).await
    }

    /// Joins the first circle that will be found nearby, unless the node keeps one.
    ///
    /// # Errors
    /// If the node is stopping.
    pub async fn look_nearby(&self) -> Result<(), NodeError> {
        self.on_node(|service| {
            service.looking = service.read(|view| view.circle(None).is_err());
            Ok(())
        })
        .await
    }

    /// Dials a peer, now and whenever it is not connected, also after a restart.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn dial(&self, address: Address) -> Result<(), NodeError> {
        self.on_node(move |service| service.remember_peers(&[address])).await
    }

    /// The id of the circle with this name, or this id, whether the node keeps it or not.
    pub(crate) fn circle_of(&self, named: &str) -> Result<CircleId, NodeError> {
        named.trim().parse().or_else(|_| self.read(|view| view.circle(Some(named))))
    }

    /// Looks into the index. Whoever comes before all words are read, reads the rest.
    pub(crate) fn look_up<T>(&self, look: impl FnOnce(&View) -> T) -> T {
        if !self.read(View::has_read_words) {
            self.view.write().unwrap_or_else(PoisonError::into_inner).read_words(usize::MAX);
        }
        self.read(look)
    }

    pub(crate) fn read<T>(&self, look: impl FnOnce(&View) -> T) -> T {
        look(&self.view.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) async fn on_node<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Service) -> Result<T, NodeError> + Send + 'static,
    ) -> Result<T, NodeError> {
        let (answer, answered) = oneshot::channel();
        let job = Box::new(move |service: &mut Service| {
            let _ = answer.send(work(service));
        });
        self.messages.send(Message::Job(job)).await.map_err(|_| NodeError::Stopped)?;
        answered.await.map_err(|_| NodeError::Stopped)?
    }
}
