//! Gossip that can not be judged yet: a member's first listing may come a moment before the grant that it was signed
//! under. It is passed on if that comes soon; else nobody would ever pass it on, since gossip sees it as told.

use std::collections::VecDeque;

use catalogue::Standing;
use record::{CircleId, RecordId, Timestamp};

use crate::limits::{MAX_UNDECIDED, UNDECIDED_MS};
use crate::names::{MessageRef, PeerId, Verdict};
use crate::port::Output;
use crate::protocol::Protocol;
use crate::store::Store;

/// What becomes of a gossip message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ruling {
    Now(Verdict),
    /// When it is known whether this record counts.
    Later(CircleId, RecordId),
}

impl From<Verdict> for Ruling {
    fn from(verdict: Verdict) -> Self {
        Self::Now(verdict)
    }
}

/// A message that waits for its verdict.
#[derive(Debug)]
struct Undecided {
    peer: PeerId,
    message: MessageRef,
    circle: CircleId,
    record: RecordId,
    until: Timestamp,
}

/// All of them, the oldest first.
#[derive(Debug, Default)]
pub(crate) struct UndecidedGossip(VecDeque<Undecided>);

impl UndecidedGossip {
    pub(crate) const fn new() -> Self {
        Self(VecDeque::new())
    }
}

impl<S: Store> Protocol<S> {
    /// Gives the verdict on a message, or keeps it for a while.
    pub(crate) fn rule(
        &mut self,
        (peer, message): (PeerId, MessageRef),
        ruling: Ruling,
        now: Timestamp,
        out: &mut Vec<Output>,
    ) {
        match ruling {
            Ruling::Later(circle, record) if self.undecided.0.len() < MAX_UNDECIDED => {
                let until = now.plus_millis(UNDECIDED_MS);
                self.undecided.0.push_back(Undecided { peer, message, circle, record, until });
            }
            Ruling::Later(..) => out.push(Output::Judge { peer, message, verdict: Verdict::Ignore }),
            Ruling::Now(verdict) => out.push(Output::Judge { peer, message, verdict }),
        }
    }

    /// Gives the verdicts that can be given by now, and gives up what waited for long.
    pub(crate) fn decide(&mut self, now: Timestamp, out: &mut Vec<Output>) {
        for undecided in std::mem::take(&mut self.undecided.0) {
            let catalogue = self.catalogue(undecided.circle);
            let verdict = match catalogue.and_then(|catalogue| catalogue.standing(&undecided.record)) {
                Some(Standing::Admitted) => Some(Verdict::Accept),
                // Why: `until` lies further ahead only if the clock was set back.
                Some(Standing::Waiting) => (undecided.until <= now
                    || undecided.until > now.plus_millis(UNDECIDED_MS))
                .then_some(Verdict::Ignore),
                Some(Standing::OverQuota | Standing::Outdone) | None => Some(Verdict::Ignore),
            };
            match verdict {
                Some(verdict) => {
                    let Undecided { peer, message, .. } = undecided;
                    out.push(Output::Judge { peer, message, verdict });
                }
                None => self.undecided.0.push_back(undecided),
            }
        }
    }
}
