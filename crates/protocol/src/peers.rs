//! What is known of peers: their offences, and when the next round with them is due.

use std::collections::BTreeMap;

use record::{CircleId, Timestamp};

use crate::budget::Bucket;
use crate::limits::{BAN_POINTS, BODY_AGAIN_MS, FORGIVE_MS, MAX_BODY_AGAIN_MS, MAX_WAITS, NEWS_MS};
use crate::names::{PeerId, SessionId};

/// What a peer did wrong, and what it costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Offence {
    /// A frame that makes no sense.
    BadFrame,
    /// A record that nobody asked for.
    Unasked,
    /// A record that an honest node would not have passed on.
    BadRecord,
    /// The same by gossip, where the mesh keeps a score of its own.
    BadGossip,
    /// Other bytes than the hash of a blob that was asked for.
    FalseBlob,
    /// More sessions than allowed.
    TooManySessions,
    /// A token that lets nobody in.
    BadKnock,
}

impl Offence {
    const fn points(self) -> u32 {
        match self {
            Self::FalseBlob => 50,
            Self::BadFrame => 34,
            Self::Unasked | Self::BadRecord => 25,
            Self::BadGossip => 5,
            Self::TooManySessions | Self::BadKnock => 2,
        }
    }
}

/// The rounds of one circle with one peer.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rounds {
    /// When the next one begins.
    pub(crate) due: Timestamp,
    /// The one that goes on, opened by this node.
    pub(crate) session: Option<SessionId>,
    /// Something happened during the round that it may have missed.
    pub(crate) again: bool,
    /// There was one: from now on gossip can be counted on.
    pub(crate) settled: bool,
    /// The peer has shown that it knows the circle's read secret.
    pub(crate) proven: bool,
    /// How often the peer may still say hello.
    pub(crate) hellos: Bucket,
    /// How often it was put off in a row, while another peer brought records.
    pub(crate) waited: u32,
    pub(crate) bodies: AskedBodies,
}

/// How far a peer was asked for bodies that this node wants, which are numbered as they came to be wanted.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct AskedBodies {
    /// Up to which number, this time.
    pub(crate) to: u64,
    /// Up to which number it was ever asked.
    most: u64,
    /// When this time began, and how many there were since something new was wanted.
    since: Timestamp,
    times: u32,
}

impl AskedBodies {
    /// A round begins, and so many were numbered until now: if it is time, the peer is asked for all again.
    pub(crate) fn begin(&mut self, now: Timestamp, numbered: u64) {
        if numbered > self.most {
            (self.most, self.times) = (numbered, 0);
        }
        let wait = BODY_AGAIN_MS.checked_shl(self.times).unwrap_or(u64::MAX).min(MAX_BODY_AGAIN_MS);
        // Why: if the clock was set back, that is no reason to wait for long.
        if now.since(self.since) >= wait || self.since > now {
            (self.to, self.since, self.times) = (0, now, self.times.saturating_add(1).min(32));
        }
    }
}

impl Rounds {
    /// Whether the peer has shown that it knows the read secret, and a round with it has ended: what this node
    /// has of the circle, the peer has as well.
    pub(crate) const fn is_in_step(&self) -> bool {
        self.proven && self.settled
    }

    /// Whether it can wait for another one to end. Not for long: who dawdles must not keep others away.
    pub(crate) const fn can_wait(&self) -> bool {
        self.waited < MAX_WAITS
    }

    /// Puts the round off for a moment, if it can wait.
    pub(crate) fn put_off(&mut self, now: Timestamp) -> bool {
        let can_wait = self.can_wait();
        if can_wait {
            self.waited = self.waited.saturating_add(1);
            self.due = now.plus_millis(NEWS_MS);
        }
        can_wait
    }
}

/// A connected peer.
#[derive(Debug, Clone, Default)]
pub(crate) struct Peer {
    pub(crate) rounds: BTreeMap<CircleId, Rounds>,
    /// Where it says that it listens.
    pub(crate) addresses: Vec<String>,
    /// When it is asked who else keeps a circle, once a round with it has ended.
    pub(crate) ask_peers: Option<Timestamp>,
    points: u32,
    forgiven: Timestamp,
}

impl Peer {
    /// Counts an offence; says whether it was the one too many.
    pub(crate) fn offend(&mut self, offence: Offence, now: Timestamp) -> bool {
        if self.is_banned() {
            return false;
        }
        let pardons = u32::try_from(now.since(self.forgiven) / FORGIVE_MS).unwrap_or(u32::MAX);
        self.points = self.points.saturating_sub(pardons).saturating_add(offence.points());
        self.forgiven = now;
        self.is_banned()
    }

    /// Whether the peer is about to be cut off. What it sent before that is worth no work any more.
    pub(crate) const fn is_banned(&self) -> bool {
        self.points >= BAN_POINTS
    }
}

/// All connected peers.
pub(crate) type Peers = BTreeMap<PeerId, Peer>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_senseless_frames_are_too_many_unless_hours_lie_between() {
        let now = Timestamp::from_millis(1_000_000_000);
        let mut peer = Peer::default();
        assert!(!peer.offend(Offence::BadFrame, now));
        assert!(!peer.offend(Offence::BadFrame, now));
        assert!(peer.offend(Offence::BadFrame, now));
        // It is told once, and time does not heal it.
        assert!(!peer.offend(Offence::BadFrame, now));
        assert!(!peer.offend(Offence::BadFrame, now.plus_millis(3_600_000)) && peer.is_banned());
        let mut peer = Peer::default();
        for hour in 0..20 {
            assert!(!peer.offend(Offence::BadFrame, now.plus_millis(hour * 3_600_000)));
        }
    }
}
