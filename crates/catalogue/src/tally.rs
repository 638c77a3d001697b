//! Tallies: what the published receipts of a circle add up to. Whoever holds the same records counts the
//! same.

use std::collections::BTreeMap;
use std::fmt;

use record::{
    Body, CircleId, Hash, Key, Kind, Made, MemberId, Receipt, ReceiptError, Signatory, SignedReceipt, Terms,
    Timestamp, Verified,
};

/// A receipt that counts: both sides' words hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proven {
    receipt: Receipt,
    made: Made,
}

/// Why a receipt does not count.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Uncounted {
    /// The record says something else, or its body is not here.
    #[error("this record is no receipt that can be read here")]
    NoReceipt,
    /// It was published where it does not belong, or by somebody else than giver and receiver.
    #[error("the receipt was published in another circle or slot than its own, or by somebody else")]
    Misplaced,
    /// A side's word does not hold.
    #[error(transparent)]
    Unproven(#[from] ReceiptError),
    /// A key that signed was revoked by then.
    #[error("a key that signed the receipt was revoked before")]
    Revoked,
}

impl Proven {
    /// The receipt of a record of kind `receipt` that a circle admitted. `revoked` says whether a member had
    /// revoked a key by that time.
    ///
    /// # Errors
    /// [`Uncounted`] says why it does not count.
    pub fn published(
        record: &Verified,
        revoked: impl Fn(&Signatory, Timestamp) -> bool,
    ) -> Result<Self, Uncounted> {
        let header = record.header();
        let body = record.body().filter(|_| header.kind.as_str() == Kind::RECEIPT);
        let Some(Body::Receipt(signed)) = body else { return Err(Uncounted::NoReceipt) };
        let Receipt { circle, giver, receiver, .. } = signed.receipt;
        let by_one_of_both = header.author == giver || header.author == receiver;
        if !by_one_of_both || header.circle != circle || header.key != signed.receipt.key() {
            return Err(Uncounted::Misplaced);
        }
        Self::of(*signed, revoked)
    }

    /// A receipt that was handed over in another way.
    ///
    /// # Errors
    /// [`Uncounted`] says why it does not count.
    pub fn of(
        signed: SignedReceipt,
        revoked: impl Fn(&Signatory, Timestamp) -> bool,
    ) -> Result<Self, Uncounted> {
        let proof = signed.proof()?;
        if proof.signatories.iter().any(|signatory| revoked(signatory, signed.receipt.at)) {
            return Err(Uncounted::Revoked);
        }
        Ok(Self { receipt: signed.receipt, made: proof.made })
    }

    /// What both say.
    #[must_use]
    pub const fn receipt(&self) -> &Receipt {
        &self.receipt
    }

    /// How it was made.
    #[must_use]
    pub const fn made(&self) -> Made {
        self.made
    }

    /// Which one counts if two say the same exchange: the earlier, then the lower digest, then the better
    /// proof.
    fn rank(&self) -> (Timestamp, Hash, Made) {
        (self.receipt.at, Hash::of(&self.receipt.encode()), self.made)
    }
}

/// A month of the Gregorian calendar, UTC. As text: `2026-12`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Month {
    /// From 1970 on.
    pub year: u64,
    /// 1 to 12.
    pub month: u8,
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

impl Month {
    /// In which month a moment is.
    #[must_use]
    pub fn of(moment: Timestamp) -> Self {
        let date = moment.date();
        Self { year: date.year, month: date.month }
    }
}

/// What some receipts add up to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sum {
    /// How many exchanges.
    pub exchanges: u64,
    /// How many things.
    pub count: u64,
    /// Their weight in grams, as far as it is known.
    pub grams: u64,
    /// How many things of unknown weight are among them.
    pub unweighed: u64,
}

impl Sum {
    fn add(&mut self, receipt: &Receipt) {
        let count = receipt.count.into();
        self.exchanges = self.exchanges.saturating_add(1);
        self.count = self.count.saturating_add(count);
        self.grams = self.grams.saturating_add(receipt.grams.into());
        if receipt.grams == 0 {
            self.unweighed = self.unweighed.saturating_add(count);
        }
    }
}

/// What receipts add up to, and how that parts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// All of them.
    pub all: Sum,
    /// By kind of thing; what has none is under the empty text.
    pub kinds: BTreeMap<String, Sum>,
    /// By the terms: what was given for good, what was lent.
    pub terms: BTreeMap<Terms, Sum>,
    /// By how the receipt was made.
    pub made: BTreeMap<Made, Sum>,
    /// By the month of the handover.
    pub months: BTreeMap<Month, Sum>,
}

impl Tally {
    fn add(&mut self, proven: &Proven) {
        let Proven { receipt, made } = proven;
        self.all.add(receipt);
        self.kinds.entry(receipt.kind.clone()).or_default().add(receipt);
        self.terms.entry(receipt.terms).or_default().add(receipt);
        self.made.entry(*made).or_default().add(receipt);
        self.months.entry(Month::of(receipt.at)).or_default().add(receipt);
    }
}

/// What one member gave and received.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MemberTally {
    /// What it gave.
    pub given: Tally,
    /// What it received.
    pub received: Tally,
}

/// Which exchange of which two, where.
type Exchange = (CircleId, Key, MemberId, MemberId);

/// Receipts, each exchange once, whatever came first and how often.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Receipts(BTreeMap<Exchange, Proven>);

impl Receipts {
    /// None yet.
    #[must_use]
    pub const fn new() -> Self {
        Self(BTreeMap::new())
    }

    /// Adds one. If two speak of the same exchange between the same members, the earlier handover counts; of
    /// the same time the one whose signed bytes have the lower digest; of the same bytes the better proof.
    pub fn insert(&mut self, proven: Proven) {
        let Receipt { circle, exchange, giver, receiver, .. } = proven.receipt;
        let known = self.0.entry((circle, exchange, giver, receiver));
        let known = known.or_insert_with(|| proven.clone());
        if proven.rank() < known.rank() {
            *known = proven;
        }
    }

    /// Each exchange, in a fixed order.
    pub fn iter(&self) -> impl Iterator<Item = &Proven> {
        self.0.values()
    }

    /// What all add up to.
    #[must_use]
    pub fn tally(&self) -> Tally {
        let mut tally = Tally::default();
        self.iter().for_each(|proven| tally.add(proven));
        tally
    }

    /// What those of each circle add up to.
    #[must_use]
    pub fn by_circle(&self) -> BTreeMap<CircleId, Tally> {
        let mut circles: BTreeMap<CircleId, Tally> = BTreeMap::new();
        for proven in self.iter() {
            circles.entry(proven.receipt.circle).or_default().add(proven);
        }
        circles
    }

    /// What one member gave and received: for itself, and for others if it wants that.
    #[must_use]
    pub fn of_member(&self, member: &MemberId) -> MemberTally {
        self.members(|other| other == member).remove(member).unwrap_or_default()
    }

    /// What members gave and received, of those alone who want it shown.
    #[must_use]
    pub fn members(&self, shown: impl Fn(&MemberId) -> bool) -> BTreeMap<MemberId, MemberTally> {
        let mut members: BTreeMap<MemberId, MemberTally> = BTreeMap::new();
        for proven in self.iter() {
            let Receipt { giver, receiver, .. } = proven.receipt;
            if shown(&giver) {
                members.entry(giver).or_default().given.add(proven);
            }
            if shown(&receiver) {
                members.entry(receiver).or_default().received.add(proven);
            }
        }
        members
    }
}

impl FromIterator<Proven> for Receipts {
    fn from_iter<T: IntoIterator<Item = Proven>>(proven: T) -> Self {
        let mut receipts = Self::new();
        proven.into_iter().for_each(|one| receipts.insert(one));
        receipts
    }
}
