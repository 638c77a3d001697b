//! What a node does about a clock that is doubted, set back, or was ahead.

use catalogue::Admitted;
use record::{CircleId, RecordId, Timestamp, Verified};

use crate::budget::{Bucket, Budgets};
use crate::port::Output;
use crate::protocol::{Protocol, WriteError};
use crate::store::Store;

impl<S: Store> Protocol<S> {
    /// Says that the time is not known, and the earliest that it may be; the times that are told otherwise
    /// are then the latest that it may be. Until it is known again nothing is given up as too old, and
    /// what may be alive is taken.
    pub fn doubt_time(&mut self, earliest: Option<Timestamp>) {
        self.doubt = earliest;
        for circle in self.circles.values_mut() {
            circle.doubt = earliest;
        }
    }

    /// The clock was set back: what was planned by it happens no later than if it were planned now.
    pub(crate) fn set_back(&mut self, now: Timestamp) {
        let next = self.next_round(now);
        for peer in self.peers.values_mut() {
            peer.ask_peers = peer.ask_peers.map(|at| at.min(next));
            for rounds in peer.rounds.values_mut() {
                rounds.due = rounds.due.min(next);
                rounds.hellos = Bucket::default();
            }
        }
        for session in self.sessions.values_mut() {
            session.heard = session.heard.min(now);
        }
        self.blobs.set_back(now);
        for circle in self.circles.values_mut() {
            circle.budgets = Budgets::default();
        }
        self.unsynced = self.unsynced.map(|since| since.min(now));
    }

    /// The clock was ahead and has been set: `old` records, which it dated ahead, are let go, and `again` is
    /// taken in: what this node's own ones among them say, under today's date. When it returns, this is
    /// durable.
    ///
    /// # Errors
    /// If the circle is not followed, or the store fails.
    pub fn redate(
        &mut self,
        circle: CircleId,
        old: &[RecordId],
        again: Vec<Verified>,
        now: Timestamp,
    ) -> Result<Vec<Output>, WriteError> {
        let followed = self.circles.get_mut(&circle).ok_or(WriteError::UnknownCircle)?;
        let news = followed.exchange(&mut self.store, old, again, now)?;
        self.store.sync()?;
        self.spread(circle, None, now);
        let mut out = Vec::new();
        self.changed(circle, news, now, &mut out);
        Ok(out)
    }

    /// What a circle holds that is dated further ahead of `now` than nodes take. Its charter is not among it.
    pub fn ahead(&self, circle: CircleId, now: Timestamp) -> impl Iterator<Item = Admitted<'_>> {
        self.circles.get(&circle).into_iter().flat_map(move |circle| circle.ahead(now))
    }
}
