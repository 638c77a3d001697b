//! What a node opens letters with.

use std::collections::{BTreeMap, BTreeSet};

use super::{Inside, Letter, LetterError, Outer, SealPublic, SealSecret};
use crate::keys::MemberId;
use crate::limits::MAX_HINT_BITS;
use crate::time::Timestamp;

/// How many days a seal key opens letters after it was turned: twice the life of a letter, so that whoever
/// missed the turn is still heard.
pub const KEEP_OLD_DAYS: u64 = 90;

/// The seal secrets of a member, or of a node for all whom it hosts: the current one, and older ones for a
/// while.
#[derive(Debug, Clone)]
pub struct Keyring {
    current: SealSecret,
    /// By epoch, with when each was turned.
    old: BTreeMap<u32, (SealSecret, Timestamp)>,
}

impl Keyring {
    /// A keyring of one secret.
    #[must_use]
    pub const fn of(current: SealSecret) -> Self {
        Self { current, old: BTreeMap::new() }
    }

    /// Takes a new secret for the current one, after a signer was revoked; the one before opens for
    /// [`KEEP_OLD_DAYS`] more. An epoch that is not later than the current one changes nothing: `false`.
    pub fn turn(&mut self, next: SealSecret, now: Timestamp) -> bool {
        let later = next.epoch() > self.current.epoch();
        if later {
            let before = std::mem::replace(&mut self.current, next);
            self.old.insert(before.epoch(), (before, now));
        }
        later
    }

    /// Adds an older secret and when it was turned, as it was kept.
    pub fn keep(&mut self, old: SealSecret, turned: Timestamp) {
        if old.epoch() < self.current.epoch() {
            self.old.insert(old.epoch(), (old, turned));
        }
    }

    /// Forgets the secrets that were turned more than [`KEEP_OLD_DAYS`] ago.
    pub fn prune(&mut self, now: Timestamp) {
        self.old.retain(|_, (_, turned)| now <= turned.plus_days(KEEP_OLD_DAYS));
    }

    /// The secret that new letters are written with.
    #[must_use]
    pub const fn current(&self) -> &SealSecret {
        &self.current
    }

    /// The older ones, with when each was turned, the oldest first.
    pub fn old(&self) -> impl Iterator<Item = (&SealSecret, Timestamp)> {
        self.old.values().map(|(secret, turned)| (secret, *turned))
    }

    /// All of them.
    pub fn secrets(&self) -> impl Iterator<Item = &SealSecret> {
        std::iter::once(&self.current).chain(self.old.values().map(|(secret, _)| secret))
    }

    /// Those to which a letter with this hint may be sealed.
    pub fn candidates(&self, bits: u8, hint: u32) -> impl Iterator<Item = &SealSecret> {
        self.secrets().filter(move |secret| secret.public().hint(bits) == hint)
    }
}

/// The mailboxes of all members who live on a node, found by a letter's hint. Members with one secret, such
/// as all whom the node hosts, share a mailbox, so that a letter is tried once for all of them.
#[derive(Debug, Clone, Default)]
pub struct Mailboxes(BTreeMap<(u32, SealPublic), Mailbox>);

#[derive(Debug, Clone)]
struct Mailbox {
    secret: SealSecret,
    members: BTreeSet<MemberId>,
}

/// A letter that was opened and is believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// Who wrote it.
    pub from: MemberId,
    /// For whom.
    pub to: MemberId,
    /// The epoch of the sender's seal key.
    pub epoch: u32,
    /// What it holds.
    pub inside: Inside,
}

impl Mailboxes {
    /// No mailboxes.
    #[must_use]
    pub const fn new() -> Self {
        Self(BTreeMap::new())
    }

    /// Adds a member who reads with these secrets.
    pub fn add(&mut self, member: MemberId, keyring: &Keyring) {
        for secret in keyring.secrets() {
            let place = (secret.public().hint(MAX_HINT_BITS), secret.public());
            let empty = || Mailbox { secret: secret.clone(), members: BTreeSet::new() };
            self.0.entry(place).or_insert_with(empty).members.insert(member);
        }
    }

    /// How many different secrets there are: the most that are tried on one letter.
    #[must_use]
    pub fn secrets(&self) -> usize {
        self.0.len()
    }

    /// Whether a letter may be for somebody here, by its hint alone: cheap.
    #[must_use]
    pub fn may_be_for_us(&self, letter: &Letter) -> bool {
        self.candidates(letter).next().is_some()
    }

    /// Opens a letter if it is for somebody here; `Ok(None)` if it is not, or is not in the record that it
    /// was sealed for. `known` gives a member's seal key of an epoch, as its newest `seal-key` record
    /// names it.
    ///
    /// # Errors
    /// A [`LetterError`] for a letter that opens and is not believed.
    pub fn open(
        &self,
        letter: &Letter,
        outer: Outer,
        known: impl Fn(MemberId, u32) -> Option<SealPublic>,
    ) -> Result<Option<Opened>, LetterError> {
        let opens = |place: &'_ Mailbox| letter.unseal(outer, &place.secret);
        let Some((place, plain)) =
            self.candidates(letter).find_map(|place| opens(place).map(|plain| (place, plain)))
        else {
            return Ok(None);
        };
        let (inside, epoch) = super::read(letter, outer, &place.secret, &plain, &known)?;
        let (from, to) = (inside.content.from(), inside.content.to());
        if place.members.contains(&to) {
            Ok(Some(Opened { from, to, epoch, inside }))
        } else {
            Err(LetterError::OtherMember)
        }
    }

    fn candidates(&self, letter: &Letter) -> impl Iterator<Item = &Mailbox> {
        let rest = u32::from(MAX_HINT_BITS.saturating_sub(letter.bits));
        // The hints of 16 bits that begin with this one.
        let first = letter.hint.checked_shl(rest).unwrap_or(u32::MAX);
        let end = letter.hint.saturating_add(1).checked_shl(rest).unwrap_or(u32::MAX);
        let lowest = SealPublic::from_bytes([0; 32]);
        // A hint beyond its bits, which no letter that was read has, leaves none.
        let range = first.min(end)..end;
        self.0.range((range.start, lowest)..(range.end, lowest)).map(|(_, mailbox)| mailbox)
    }
}
