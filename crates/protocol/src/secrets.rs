//! The read secrets of a circle that a node holds, and what they open: the hello of a session, and gossip.
//!
//! The first one is in use. Those that were in use before are kept, so that two nodes whose circle's secret
//! turned while they were apart still know that they keep the same circle: see `handshake`.

use catalogue::Catalogue;
use record::{CircleId, Hash, ReadPolicy, ReadSecret};

use crate::frame::Salt;
use crate::limits::{MAX_PROOFS, MAX_SECRETS};
use crate::names::{PeerId, Topic};
use crate::sealed;

/// For this a nonce of gossip is derived.
const GOSSIP_NONCE: &str = "commonshelf/gossip-nonce/1";

/// Who says what in a session, so that no proof serves twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// The opener's hello.
    Opener,
    /// The other side's welcome.
    Other,
    /// The other side's word that the secret has turned.
    Turned,
    /// The opener asks for peers.
    Peers,
}

impl Side {
    const fn word(self) -> &'static str {
        match self {
            Self::Opener => "opener",
            Self::Other => "other",
            Self::Turned => "turned",
            Self::Peers => "peers",
        }
    }
}

/// Both ends of a session, and what they drew for it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ends<'a> {
    pub(crate) opener: &'a PeerId,
    pub(crate) other: &'a PeerId,
    pub(crate) opened: &'a Salt,
    /// What the other side drew, once it has.
    pub(crate) answered: Option<&'a Salt>,
}

impl Ends<'_> {
    /// What one side shows to prove that it knows a secret.
    pub(crate) fn proof(&self, secret: &ReadSecret, circle: CircleId, side: Side) -> Hash {
        let (opener, other) = (self.opener.as_str().as_bytes(), self.other.as_str().as_bytes());
        let mut drawn: Vec<&[u8]> = vec![opener, other, self.opened];
        drawn.extend(self.answered.map(|salt| salt.as_slice()));
        secret.proof(circle, side.word(), &drawn)
    }
}

/// The secrets of one circle.
#[derive(Debug, Clone)]
pub(crate) struct Secrets {
    circle: CircleId,
    in_use: ReadSecret,
    /// Those that were in use before, and those that are to be: the newest first.
    others: Vec<ReadSecret>,
}

impl Secrets {
    /// With those that are held, the one in use first; with none, that of a circle which anyone may read.
    pub(crate) fn new(circle: CircleId, held: Vec<ReadSecret>) -> Self {
        let mut held = held.into_iter();
        let in_use = held.next().unwrap_or_else(|| ReadSecret::open(circle));
        Self { circle, in_use, others: held.take(MAX_SECRETS - 1).collect() }
    }

    /// All of them, the one in use first.
    pub(crate) fn held(&self) -> impl Iterator<Item = &ReadSecret> {
        [&self.in_use].into_iter().chain(&self.others)
    }

    pub(crate) const fn in_use(&self) -> &ReadSecret {
        &self.in_use
    }

    /// Whether this is one of them.
    pub(crate) fn holds(&self, secret: &ReadSecret) -> bool {
        self.held().any(|held| held == secret)
    }

    /// Holds one more, which will be in use when a rotation names it.
    pub(crate) fn add(&mut self, secret: ReadSecret) {
        if !self.holds(&secret) {
            self.others.insert(0, secret);
            self.others.truncate(MAX_SECRETS - 1);
        }
    }

    /// Uses the secret that the circle's records name, if it is held. Says whether that is another one than
    /// before.
    pub(crate) fn turn(&mut self, catalogue: &Catalogue) -> bool {
        let Some(charter) = catalogue.charter() else { return false };
        let wanted = match charter.read {
            ReadPolicy::Anyone => {
                let open = ReadSecret::open(self.circle);
                self.add(open.clone());
                Some(open.name())
            }
            ReadPolicy::Members => catalogue.rotation().map(|(_, name)| name),
        };
        let named = |secret: &ReadSecret| wanted == Some(secret.name());
        let at = self.others.iter().position(named).filter(|_| !named(&self.in_use));
        let Some(at) = at else { return false };
        let before = std::mem::replace(&mut self.in_use, self.others.remove(at));
        self.others.insert(0, before);
        true
    }

    /// What the hello of a session shows: the secret in use and some that were before.
    pub(crate) fn proofs(&self, ends: Ends<'_>) -> Vec<Hash> {
        let held = self.held().take(MAX_PROOFS);
        held.map(|secret| ends.proof(secret, self.circle, Side::Opener)).collect()
    }

    /// The secret by which a hello is of this circle, and whether it is the one in use.
    pub(crate) fn recognise(&self, ends: Ends<'_>, proofs: &[Hash]) -> Option<(&ReadSecret, bool)> {
        let known = |secret: &&ReadSecret| proofs.contains(&ends.proof(secret, self.circle, Side::Opener));
        let at = self.held().enumerate().find(|(_, secret)| known(secret));
        at.map(|(at, secret)| (secret, at == 0))
    }

    pub(crate) fn topic(&self) -> Topic {
        Topic(self.in_use().topic().to_string().into())
    }

    /// A gossip message of these bytes: in a circle of members sealed. Gossipsub needs that one text has one message.
    pub(crate) fn seal(&self, text: Vec<u8>) -> Vec<u8> {
        if self.is_open() {
            return text;
        }
        sealed::seal(&self.in_use().gossip_key(), GOSSIP_NONCE, &text)
    }

    /// The bytes of a gossip message; none if it was not sealed with the secret in use.
    pub(crate) fn open(&self, message: &[u8]) -> Option<Vec<u8>> {
        if self.is_open() {
            return Some(message.to_vec());
        }
        sealed::open(&self.in_use().gossip_key(), GOSSIP_NONCE, message)
    }

    /// The secret of this name, if it is held.
    pub(crate) fn named(&self, name: &Hash) -> Option<&ReadSecret> {
        self.held().find(|secret| secret.name() == *name)
    }

    /// Whether whoever knows the circle's name knows the secret in use.
    fn is_open(&self) -> bool {
        *self.in_use() == ReadSecret::open(self.circle)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(number: u8) -> ReadSecret {
        ReadSecret::from_bytes([number; 32])
    }

    #[test]
    fn gossip_of_members_is_sealed_and_that_of_an_open_circle_is_not() {
        let circle = CircleId::from_bytes([3; 32]);
        let text = b"a record".to_vec();
        let open = Secrets::new(circle, Vec::new());
        assert_eq!(open.seal(text.clone()), text);
        assert_eq!(open.open(&text), Some(text.clone()));
        let closed = Secrets::new(circle, vec![secret(1)]);
        let sealed = closed.seal(text.clone());
        assert!(!sealed.windows(text.len()).any(|part| part == text));
        assert_eq!(sealed, closed.seal(text.clone()), "one text has one message");
        assert_eq!(closed.open(&sealed).as_deref(), Some(text.as_slice()));
        assert_eq!(Secrets::new(circle, vec![secret(2)]).open(&sealed), None);
        let other = sealed::seal(&secret(1).gossip_key(), "another nonce", &text);
        assert_eq!(closed.open(&other), None, "under another nonce it is another message");
        for cut in [0, 5, 12, sealed.len() - 1] {
            assert_eq!(closed.open(&sealed[..cut]), None);
        }
        assert_ne!(open.topic(), closed.topic());
    }

    #[test]
    fn a_hello_is_recognised_by_any_secret_that_both_hold_and_bound_to_both_ends() {
        let circle = CircleId::from_bytes([3; 32]);
        let (one, two, three) = (PeerId::new("one"), PeerId::new("two"), PeerId::new("three"));
        let ends = Ends { opener: &one, other: &two, opened: &[7; 16], answered: None };
        let mine = Secrets::new(circle, vec![secret(2), secret(1)]);
        let proofs = mine.proofs(ends);
        let seen = |held: Vec<ReadSecret>| {
            let theirs = Secrets::new(circle, held);
            theirs.recognise(ends, &proofs).map(|(secret, in_use)| (secret.clone(), in_use))
        };
        assert_eq!(seen(vec![secret(2)]), Some((secret(2), true)));
        assert_eq!(seen(vec![secret(3), secret(1)]), Some((secret(1), false)));
        assert_eq!(seen(vec![secret(3)]), None);
        assert_eq!(seen(Vec::new()), None, "the circle's name alone opens nothing");
        let elsewhere = Ends { other: &three, ..ends };
        assert!(mine.recognise(elsewhere, &proofs).is_none(), "nobody passes it on");
    }
}
