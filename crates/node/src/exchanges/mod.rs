//! Exchanges: what this node's member, and guests that ask through it, have going with others.
//!
//! What a state is, and what may be said in it, is the catalogue's matter (`catalogue::exchange`). Here it is kept,
//! said in letters, heard out of letters, and tended as time goes on. Start reading at `acting`.

mod acting;
mod drawing;
mod handle;
mod json;
mod kept;
mod letters;
mod notify;
mod passing;
mod show;
mod tally;
mod tending;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use catalogue::exchange::Party;
use record::{CircleId, ExchangeId, Key, Mailboxes, RecordId};

pub use json::{ActInput, DrawJson, ExchangeJson, MessageJson, RequestInput, WaitingJson};
pub(crate) use kept::notes;
pub use notify::{Notify, Program};
pub(crate) use notify::{TOLD, Told};
pub use tally::{MemberSumJson, ReceiptJson, SumJson, TallyJson};

use crate::error::NodeError;
use crate::service::Service;
use kept::Kept;

/// What a node has going.
#[derive(Default)]
pub(crate) struct Exchanges {
    /// By exchange, and the side that is on this node; both, if a guest asks this node's own member.
    kept: BTreeMap<(ExchangeId, Party), Kept>,
    /// Letters that were not tried yet.
    untried: VecDeque<(CircleId, RecordId)>,
    /// Letters of senders whose seal key is not known yet.
    waiting: VecDeque<(CircleId, RecordId)>,
    /// What other devices passed on and is yet to be done.
    to_do: Vec<passing::ToDo>,
    mailboxes: Mailboxes,
    /// Circles in which the member's own seal key was turned.
    turned: BTreeSet<CircleId>,
    /// Listings of the member's own of which something else may be left now.
    recount: BTreeSet<Key>,
    /// The ticks, for what is done now and then.
    ticks: u32,
    /// What the person was told.
    told: Told,
    tallies: tally::Tallies,
}

impl Service {
    /// Reads what the store has of exchanges.
    pub(crate) fn read_exchanges(&mut self) -> Result<(), NodeError> {
        for (number, name) in notes().enumerate() {
            let note = self.protocol.store().meta(&name)?.filter(|note| !note.is_empty());
            let Some(note) = note else { continue };
            match Kept::read(number, &note) {
                Some(kept) => drop(self.exchanges.kept.insert((kept.exchange.id(), kept.me), kept)),
                None => tracing::warn!(number, "the note of an exchange can not be read"),
            }
        }
        self.exchanges.told = Told::read(self.protocol.store().meta(TOLD)?.as_deref());
        self.seals_changed();
        Ok(())
    }
}
