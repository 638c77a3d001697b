//! What is new is compared with what the member needs and offers, off the path of whatever brings it.
//!
//! One thread reads the words of listings that came many at once, and then compares: a few new listings each with
//! all, many (an import, a start) by asking for each thing of the member what fits it best, so that the time does not
//! grow with what came. What fits and was not told before goes to the node's thread, which makes it durable and then
//! shows it: see `announced`.

use std::cmp::Reverse;
use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError, RwLock, Weak};
use std::thread;
use std::time::{Duration, Instant};

use matching::Match;
use record::{CircleId, RecordId, Timestamp};
use tokio::sync::{mpsc, oneshot};

use crate::announced::{At, Known, Pair, Said};
use crate::clock::NodeClock;
use crate::looking::Reader;
use crate::notices::Notices;
use crate::service::{Message, Service};
use crate::view::{Entry, View};

/// The words of so many listings are read at once, some milliseconds' work, with such pauses.
const WORDS_AT_ONCE: usize = 500;
const WORDS_PAUSE: Duration = Duration::from_millis(1);
/// So often the thread looks whether the node has ended.
const PATIENCE: Duration = Duration::from_secs(1);
/// After comparing the thread rests as long as that took, and no longer than this: others want a core, too.
const REST: Duration = Duration::from_secs(2);
/// Of one thing of the member so many new pairs are told at most, the best.
const OF_ONE: usize = 20;
/// So many pairs of one listing are looked at for those with something of the member.
const LOOKED_AT: usize = 200;
/// So many pairs are told at once at most, the best.
const AT_ONCE: usize = 300;
/// More listings than these are not remembered one by one.
const MANY: usize = 1_000;
/// So many things are asked for before what was found is told, and others get the core.
const IN_A_TURN: usize = 64;
/// So many things wait to be asked for at most: private ones first, and then the newest.
const MOST_WAITING: usize = 5_000;
/// So long somebody waits who wants to know what is new; what takes longer comes later.
const WAIT: Duration = Duration::from_secs(3);

/// What was not compared yet.
#[derive(Debug)]
pub(crate) struct Fresh {
    /// Everything.
    all: bool,
    listings: BTreeSet<At>,
    /// What has to be asked for, once it was found out.
    waiting: VecDeque<Scan>,
}

impl Default for Fresh {
    /// A node that starts does not know what it was about to tell when it ended.
    fn default() -> Self {
        Self { all: true, listings: BTreeSet::new(), waiting: VecDeque::new() }
    }
}

impl Fresh {
    /// A listing is new, or a private need if it is of no circle.
    pub(crate) fn add(&mut self, circle: Option<CircleId>, id: RecordId) {
        self.listings.insert(At { circle, id });
        if self.listings.len() > MANY {
            (self.all, self.listings) = (true, BTreeSet::new());
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        !self.all && self.listings.is_empty() && self.waiting.is_empty()
    }
}

/// A pair of which the member is to be told.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fit {
    pair: Pair,
    need: At,
    offer: At,
    score: f64,
}

/// Something of which the best pairs are asked for.
#[derive(Debug)]
struct Scan {
    circle: CircleId,
    id: RecordId,
    /// It is the member's own.
    mine: bool,
}

/// The best pairs of all, of one version of the listings.
pub(crate) type Pairs = Option<(u64, Arc<Vec<(CircleId, Match<RecordId>)>>)>;

/// What compares, one at a time; and what was found, kept ready for readers.
pub(crate) struct Comparing {
    pub(crate) view: Arc<RwLock<View>>,
    pub(crate) clock: Arc<NodeClock>,
    pub(crate) messages: mpsc::Sender<Message>,
    pub(crate) turn: Mutex<()>,
    pub(crate) pairs: Mutex<Pairs>,
    pub(crate) notices: Mutex<Notices>,
}

impl Comparing {
    /// Starts the thread that reads words and compares. It ends when nobody else holds this.
    pub(crate) fn start(self: &Arc<Self>) {
        let held = Arc::downgrade(self);
        match thread::Builder::new().name("words".into()).spawn(move || work(&held)) {
            Ok(reader) => {
                self.view.write().unwrap_or_else(PoisonError::into_inner).words =
                    Some(reader.thread().clone());
            }
            Err(error) => tracing::warn!(%error, "searches will take a moment longer"),
        }
    }

    /// Reads the words that are still to be read, and compares. When it returns, the member was told of all that is
    /// here, if that takes no longer than some seconds. Not for the node's thread, which it waits for.
    pub(crate) fn catch_up(&self) {
        let begun = Instant::now();
        if !self.read(View::has_read_words) {
            self.view.write().unwrap_or_else(PoisonError::into_inner).read_words(usize::MAX);
        }
        while self.compare() && begun.elapsed() < WAIT {}
    }

    /// Compares some of what is new, and says whether there is more.
    fn compare(&self) -> bool {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        if self.read(|view| view.fresh.is_empty()) {
            return false;
        }
        let scans = self.view.write().unwrap_or_else(PoisonError::into_inner).scans();
        let now = self.clock.now();
        // Why one by one: who writes waits for each no longer than a moment.
        let fits: Vec<Fit> = scans.iter().flat_map(|scan| self.read(|view| view.fits(scan, now))).collect();
        if !fits.is_empty() {
            self.tell(fits);
        }
        !self.read(|view| view.fresh.is_empty())
    }

    /// Lets the node's thread tell of pairs, and waits for it.
    fn tell(&self, mut fits: Vec<Fit>) {
        fits.sort_by(|one, other| other.score.total_cmp(&one.score).then(one.pair.cmp(&other.pair)));
        fits.dedup_by_key(|fit| fit.pair);
        fits.truncate(AT_ONCE);
        let (told, is_told) = oneshot::channel();
        let job = Box::new(move |service: &mut Service| {
            service.announce(&fits);
            let _ = told.send(());
        });
        // If the node has ended meanwhile, it compares again when it starts.
        if self.messages.blocking_send(Message::Job(job)).is_ok() {
            let _ = is_told.blocking_recv();
        }
    }

    fn read<T>(&self, look: impl FnOnce(&View) -> T) -> T {
        look(&self.view.read().unwrap_or_else(PoisonError::into_inner))
    }
}

fn work(held: &Weak<Comparing>) {
    while let Some(comparing) = held.upgrade() {
        if !comparing.read(View::has_read_words) {
            comparing.view.write().unwrap_or_else(PoisonError::into_inner).read_words(WORDS_AT_ONCE);
            drop(comparing);
            // Why: whoever waits for the lock would not get it otherwise.
            thread::sleep(WORDS_PAUSE);
        } else if comparing.read(|view| view.fresh.is_empty()) {
            drop(comparing);
            thread::park_timeout(PATIENCE);
        } else {
            let begun = Instant::now();
            comparing.compare();
            drop(comparing);
            thread::sleep(begun.elapsed().min(REST));
        }
    }
}

impl View {
    /// Some of what has to be asked for to know all new pairs of the member.
    fn scans(&mut self) -> Vec<Scan> {
        let all = std::mem::take(&mut self.fresh.all);
        let listings = std::mem::take(&mut self.fresh.listings);
        let mine: BTreeSet<At> = self.mine().collect();
        let (own, others): (Vec<At>, Vec<At>) = listings.into_iter().partition(|at| mine.contains(at));
        let asked: Vec<(At, bool)> = if all || others.len() > mine.len() {
            self.fresh.waiting.clear();
            let mut mine: Vec<At> = mine.into_iter().collect();
            mine.sort_by_cached_key(|at| (at.circle.is_some(), Reverse(self.written(*at))));
            mine.into_iter().map(|at| (at, true)).collect()
        } else {
            let others = others.into_iter().filter(|_| !mine.is_empty()).map(|at| (at, false));
            own.into_iter().map(|at| (at, true)).chain(others).collect()
        };
        let circles: Vec<CircleId> = self.circles.keys().copied().collect();
        for (at, mine) in asked {
            let all = circles.iter().filter(|circle| at.circle.is_none_or(|only| only == **circle));
            self.fresh.waiting.extend(all.map(|circle| Scan { circle: *circle, id: at.id, mine }));
        }
        let waiting = &mut self.fresh.waiting;
        waiting.truncate(MOST_WAITING);
        waiting.drain(..waiting.len().min(IN_A_TURN)).collect()
    }

    /// All that the member needs and offers.
    fn mine(&self) -> impl Iterator<Item = At> {
        let of_circle = |(circle, id): (&CircleId, &RecordId)| At { circle: Some(*circle), id: *id };
        let listed =
            self.circles.iter().flat_map(|(circle, view)| view.mine.iter().map(move |id| (circle, id)));
        listed.map(of_circle).chain(self.private.keys().map(|id| At { circle: None, id: *id }))
    }

    /// When a listing was written.
    fn written(&self, at: At) -> Option<Timestamp> {
        let circle = self.circles.get(&at.circle?)?;
        circle.entries.get(&at.id).map(Entry::written)
    }

    /// The new pairs of the member that one scan finds.
    fn fits(&self, scan: &Scan, now: Timestamp) -> Vec<Fit> {
        let Some(view) = self.circles.get(&scan.circle) else { return Vec::new() };
        let pairs = view.index.matches_for(&scan.id, LOOKED_AT).into_iter();
        let is_mine = |id: &RecordId| view.mine.contains(id) || self.private.contains_key(id);
        let mine = pairs.filter(|pair| scan.mine || is_mine(&pair.need) || is_mine(&pair.offer));
        // Why the best are taken before it is looked which of them are news: with another start others must not
        // move up.
        let best = mine.filter_map(|pair| self.fit(scan.circle, &pair, now));
        let best = best.take(if scan.mine { OF_ONE } else { usize::MAX });
        best.filter_map(|(fit, is_news)| is_news.then_some(fit)).collect()
    }

    /// A pair, and whether the member is to be told of it.
    fn fit(&self, circle: CircleId, pair: &Match<RecordId>, now: Timestamp) -> Option<(Fit, bool)> {
        let (need, offer) = self.both(circle, pair, now, Reader::Member)?;
        let sides = Pair { need: need.side, offer: offer.side };
        let is_news = self.announced.get(&sides).is_none_or(|known| {
            let said = || Said::by(&need.entry.listing, &offer.entry.listing);
            known.dismissed.is_some() && !known.stays_away(said)
        });
        Some((Fit { pair: sides, need: need.at, offer: offer.at, score: pair.score }, is_news))
    }

    /// Whether a side is still where it was found.
    fn is_here(&self, at: At) -> bool {
        match at.circle {
            Some(circle) => self.circles.get(&circle).is_some_and(|view| view.entries.contains_key(&at.id)),
            None => self.private.contains_key(&at.id),
        }
    }
}

impl Service {
    /// Tells the member of pairs: durable first, then for all to see.
    fn announce(&mut self, fits: &[Fit]) {
        let when = self.clock.now().millis();
        let here: Vec<Fit> = self.read(|view| {
            let here = fits.iter().filter(|fit| view.is_here(fit.need) && view.is_here(fit.offer));
            here.copied().collect()
        });
        let changes: Vec<_> = here.iter().map(|fit| (fit.pair, Known::new(when))).collect();
        if let Err(error) = self.keep_announced(&changes) {
            // Nobody is told now; with the next start they are.
            tracing::error!(%error, "new matches were not written down");
            return;
        }
        self.change(|view| {
            for fit in here {
                view.announced.is_at(fit.pair.need, fit.need);
                view.announced.is_at(fit.pair.offer, fit.offer);
            }
            view.announced.version = view.announced.version.wrapping_add(1);
        });
    }
}
