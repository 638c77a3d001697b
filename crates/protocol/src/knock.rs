//! Knocking: whoever was given a token is taken in by the steward's node that gave it, without further work of
//! hands.
//!
//! ```text
//! opener                                  other side
//! knock: circle, member, token ───────►
//!       ◄────────────────────────────── answer: whether the member is in
//! ```
//!
//! Only the node that gave a token is asked: nobody else could tell what it is worth.

use std::fmt;

use record::{CircleId, MemberId, Timestamp};

use crate::names::{PeerId, SessionId};
use crate::peers::Offence;
use crate::port::Output;
use crate::protocol::Protocol;
use crate::sessions::{Purpose, State};
use crate::store::Store;

use crate::frame::Frame;

/// What lets one member into a circle: drawn by chance by the node of a steward, and good once.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Token([u8; 16]);

impl Token {
    /// A token that was drawn, or given.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

// Why: whoever reads a log must not be let in.
impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}

/// Who knocks where, and with what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Knock {
    /// The circle.
    pub circle: CircleId,
    /// Who wants to be a member.
    pub member: MemberId,
    /// What was given.
    pub token: Token,
}

impl<S: Store> Protocol<S> {
    /// Knocks at a peer, unless it still owes the answer.
    pub(crate) fn knock(&mut self, peer: PeerId, knock: Knock, now: Timestamp, out: &mut Vec<Output>) {
        let waits = self.sessions.values().any(
            |session| matches!(session.state, State::Knocking { circle } if circle == knock.circle && session.peer == peer),
        );
        if !waits && self.peers.contains_key(&peer) {
            self.open(peer, Purpose::Knock(knock), now, out);
        }
    }

    /// This node has decided on a knock, or could not.
    pub(crate) fn answered(
        &mut self,
        id: SessionId,
        admitted: Option<bool>,
        now: Timestamp,
        out: &mut Vec<Output>,
    ) {
        let Some(session) = self.sessions.get(&id) else { return };
        if !matches!(session.state, State::Deciding) {
            return;
        }
        let peer = session.peer.clone();
        if let Some(admitted) = admitted {
            out.push(Output::Send { session: id, frame: Frame::Answer { admitted }.encode() });
        }
        out.push(Output::Close(id));
        self.closed(id, now);
        if admitted == Some(false) {
            self.offend(&peer, Offence::BadKnock, now, out);
        }
    }
}
