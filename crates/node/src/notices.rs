//! What the member is told: matches with what it needs and offers.

use std::sync::{Arc, PoisonError};

use record::Timestamp;

use crate::announced::{self, Known, Pair, Said, decode, encode};
use crate::error::NodeError;
use crate::handle::Handle;
use crate::json::{NoticeJson, PairJson};
use crate::looking::Reader;
use crate::service::Service;
use crate::view::View;

/// How many notices are kept ready, the newest.
pub(crate) const MOST_NOTICES: usize = 500;

/// The notices of one version of listings and pairs.
pub(crate) type Notices = Option<((u64, u64), Arc<Vec<NoticeJson>>)>;

impl Handle {
    /// The matches of which this node's member was told, the newest first; those alone that it has not seen if
    /// `unseen`. What is new is compared first. For the member's eyes alone.
    ///
    /// # Errors
    /// If the node is stopping.
    pub async fn notices(&self, unseen: bool, limit: usize) -> Result<Vec<NoticeJson>, NodeError> {
        let handle = self.clone();
        let looked = tokio::task::spawn_blocking(move || {
            handle.comparing.catch_up();
            let all = handle.all_notices();
            let shown = all.iter().filter(|notice| !(unseen && notice.seen));
            shown.take(limit).cloned().collect()
        });
        looked.await.map_err(|_| NodeError::Stopped)
    }

    /// How many matches the member was told of and has not seen, as far as they are found by now; none before all
    /// listings were read after a start. Cheap unless something has changed.
    #[must_use]
    pub fn unseen(&self) -> Option<usize> {
        let is_read = self.read(View::has_read_words);
        is_read.then(|| self.all_notices().iter().filter(|notice| !notice.seen).count())
    }

    /// Dismisses a pair, by its [`PairJson::pair`] or the beginnings of two ids or keys with `..` between them. It comes
    /// back when one of the two says something else. Returns what it was.
    ///
    /// # Errors
    /// If there is no such pair with something of this node's member, or the store fails.
    pub async fn dismiss(&self, pair: String) -> Result<PairJson, NodeError> {
        self.on_node(move |service| service.dismiss(&pair)).await
    }

    /// Notes that the member has seen these pairs, or all of which it was told if there are none. Returns how many were
    /// new.
    ///
    /// # Errors
    /// If there is no such pair, or the store fails.
    pub async fn see(&self, pairs: Vec<String>) -> Result<usize, NodeError> {
        self.on_node(move |service| service.see(&pairs)).await
    }

    fn all_notices(&self) -> Arc<Vec<NoticeJson>> {
        let mut kept = self.comparing.notices.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.now();
        let (version, notices) = self.read(|view| {
            let version = (view.version, view.announced.version);
            let known = kept.as_ref().filter(|(known, _)| *known == version);
            let notices =
                known.map_or_else(|| Arc::new(view.notices_told(now)), |(_, known)| Arc::clone(known));
            (version, notices)
        });
        *kept = Some((version, Arc::clone(&notices)));
        drop(kept);
        let stands = |until: Option<u64>| until.is_none_or(|until| until > now.millis());
        if notices.iter().all(|notice| stands(notice.pair.need.until) && stands(notice.pair.offer.until)) {
            return notices;
        }
        let standing = notices.iter();
        let standing = standing
            .filter(|notice| stands(notice.pair.need.until) && stands(notice.pair.offer.until))
            .cloned();
        Arc::new(standing.collect())
    }
}

/// The two references of a pair.
pub(crate) fn two(pair: &str) -> Result<(&str, &str), NodeError> {
    let wrong = || NodeError::Invalid("a pair is NEED..OFFER, as `matches` shows it".into());
    pair.trim().split_once("..").ok_or_else(wrong)
}

impl View {
    /// What the member was told and did not dismiss, as it is now, the newest first.
    fn notices_told(&self, now: Timestamp) -> Vec<NoticeJson> {
        let mut told: Vec<(&Pair, &Known)> =
            self.announced.pairs().filter(|(_, known)| known.dismissed.is_none()).collect();
        told.sort_by(|(a, one), (b, other)| other.when.cmp(&one.when).then(a.cmp(b)));
        let notices = told.into_iter().filter_map(|(pair, known)| {
            let (need, offer) = (self.announced.at(&pair.need)?, self.announced.at(&pair.offer)?);
            let circle = need.circle.or(offer.circle)?;
            let matched = self.circles.get(&circle)?.index.why(&need.id, &offer.id)?;
            let pair = self.pair(circle, &matched, now, Reader::Member).filter(|pair| pair.fits)?;
            Some(NoticeJson { pair, when: known.when, seen: known.seen })
        });
        notices.take(MOST_NOTICES).collect()
    }
}

impl Service {
    /// Reads which pairs were told. To be called before circles are read, so that their sides are found.
    pub(crate) fn read_announced(&mut self) -> Result<(), NodeError> {
        for (number, name) in announced::notes().enumerate() {
            let Some(note) = self.protocol.store().meta(&name)? else { continue };
            self.change(|view| view.announced.put(number, decode(&note)));
        }
        Ok(())
    }

    /// Knows these pairs so from now on. What is known is durable before anybody sees it.
    pub(crate) fn keep_announced(&mut self, changes: &[(Pair, Known)]) -> Result<(), NodeError> {
        for (number, shard) in self.read(|view| view.announced.with(changes)) {
            self.protocol.store().set_meta(&announced::note(number), &encode(&shard))?;
            self.change(|view| view.announced.put(number, shard));
        }
        Ok(())
    }

    fn dismiss(&mut self, pair: &str) -> Result<PairJson, NodeError> {
        let now = self.clock.now();
        let (need, offer) = two(pair)?;
        let (json, sides, ends, known) = self.read(|view| {
            let (circle, pair) = view.pair_of(need, offer, Reader::Member)?;
            let json = view.pair_json(circle, &pair).filter(|pair| pair.need.mine || pair.offer.mine);
            let json = json.ok_or(NodeError::NotYourPair)?;
            let (need, offer) = view.both(circle, &pair, now, Reader::Member).ok_or(NodeError::NoPair)?;
            let sides = Pair { need: need.side, offer: offer.side };
            let said = Said::by(&need.entry.listing, &offer.entry.listing);
            let known = view.announced.get(&sides).copied().unwrap_or(Known::new(now.millis()));
            let known = Known { seen: true, dismissed: Some(said), ..known };
            Ok::<_, NodeError>((json, sides, [need.at, offer.at], known))
        })?;
        self.keep_announced(&[(sides, known)])?;
        self.change(|view| {
            let [need, offer] = ends;
            view.announced.is_at(sides.need, need);
            view.announced.is_at(sides.offer, offer);
        });
        Ok(json)
    }

    fn see(&mut self, pairs: &[String]) -> Result<usize, NodeError> {
        let changes = self.read(|view| {
            let all = || view.announced.pairs().map(|(pair, known)| (*pair, *known)).collect();
            let one = |text: &String| {
                let (need, offer) = two(text)?;
                let (circle, pair) = view.pair_of(need, offer, Reader::Member)?;
                let sides = view.sides_of(circle, &pair).ok_or(NodeError::NoPair)?;
                Ok((sides, view.announced.get(&sides).copied()))
            };
            if pairs.is_empty() {
                return Ok(all());
            }
            let found: Vec<_> = pairs.iter().map(one).collect::<Result<_, NodeError>>()?;
            Ok::<Vec<_>, NodeError>(
                found.into_iter().filter_map(|(pair, known)| Some((pair, known?))).collect(),
            )
        })?;
        let unseen = changes.into_iter().filter(|(_, known)| !known.seen);
        let changes: Vec<_> = unseen.map(|(pair, known)| (pair, Known { seen: true, ..known })).collect();
        self.keep_announced(&changes)?;
        Ok(changes.len())
    }
}
