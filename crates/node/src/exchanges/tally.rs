//! What the published receipts of a circle add up to, for anybody to count again.

use std::collections::BTreeMap;

use catalogue::tally::{MemberTally, Proven, Receipts, Sum, Tally};
use record::{CircleId, Header, Kind, MemberId, RecordId, Signatory, Timestamp, Verified};
use serde::{Deserialize, Serialize};

use crate::error::NodeError;
use crate::handle::Handle;
use crate::service::Service;

/// What receipts add up to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SumJson {
    /// How many exchanges.
    pub exchanges: u64,
    /// How many things.
    pub count: u64,
    /// Their weight in grams, as far as it is known.
    pub grams: u64,
    /// How many things of unknown weight are among them.
    pub unweighed: u64,
}

/// What the published receipts of a circle add up to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TallyJson {
    /// The circle's id.
    pub circle: String,
    /// All of them.
    pub all: SumJson,
    /// By kind of thing: its category; what has none is under the empty text.
    pub kinds: BTreeMap<String, SumJson>,
    /// By terms, so that loans don't count as gifts.
    pub terms: BTreeMap<String, SumJson>,
    /// By how the receipt was made: `two-keys` (two members' own keys), `hosted` (a node signed for one of them),
    /// `one-host` (one node signed for both) or `by-code` (the giver's key and the receiver's pick-up code).
    pub made: BTreeMap<String, SumJson>,
    /// By the month of the handover, UTC: `2026-12`.
    pub months: BTreeMap<String, SumJson>,
    /// What this node's own member gave, as the circle can see it.
    pub given: SumJson,
    /// What it received.
    pub received: SumJson,
    /// The members who want shown what they gave and received.
    #[serde(default)]
    pub members: Vec<MemberSumJson>,
    /// The receipts that count, so that anybody can count again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub receipts: Vec<ReceiptJson>,
    /// How many records of receipts do not count, since something in them does not hold.
    pub uncounted: usize,
}

/// What a member who wants that shown gave and received.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberSumJson {
    /// The member: a `did:key`.
    pub member: String,
    /// What it is called, if it says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What it gave, as published receipts say.
    pub given: SumJson,
    /// What it received.
    pub received: SumJson,
}

/// A published receipt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceiptJson {
    /// The record's id, a CID.
    pub id: String,
    /// The record's envelope, in hexadecimal.
    pub envelope: String,
    /// The record's body in hexadecimal: the receipt with both sides' words.
    pub body: String,
}

impl Handle {
    /// What the published receipts of a circle add up to; of the node's first one unless one is named. With `receipts`
    /// they come along.
    ///
    /// # Errors
    /// If there is no such circle, or the store fails.
    pub async fn tally(&self, circle: Option<String>, receipts: bool) -> Result<TallyJson, NodeError> {
        self.on_node(move |service| service.tally(circle.as_deref(), receipts)).await
    }
}

/// The receipts of circles, each proved once: a proof takes three signatures.
#[derive(Default)]
pub(crate) struct Tallies {
    /// By circle and record; nothing where something in it does not hold.
    proven: BTreeMap<CircleId, BTreeMap<RecordId, Option<Proven>>>,
    /// By circle, what those gave and received who want it shown.
    shown: BTreeMap<CircleId, BTreeMap<MemberId, MemberTally>>,
}

impl Tallies {
    /// Follows what came: other receipts, other wishes, and keys that were revoked.
    pub(super) fn follow(&mut self, circle: CircleId, header: &Header) {
        // A grant more makes no receipt worse.
        if header.kind == Kind::grant() && header.is_withdrawal() {
            self.proven.remove(&circle);
        }
        if header.kind == Kind::grant() || header.kind == Kind::profile() || is_receipt(header) {
            self.shown.remove(&circle);
        }
    }

    fn receipts(&self, circle: CircleId) -> Receipts {
        self.proven.get(&circle).into_iter().flat_map(BTreeMap::values).flatten().cloned().collect()
    }
}

fn is_receipt(header: &Header) -> bool {
    header.kind.as_str() == Kind::RECEIPT && !header.is_withdrawal()
}

impl Service {
    fn tally(&mut self, circle: Option<&str>, whole: bool) -> Result<TallyJson, NodeError> {
        let circle = self.read(|view| view.circle(circle))?;
        self.prove(circle)?;
        let proven = self.exchanges.tallies.proven.get(&circle);
        let counts = |counts: bool| {
            let ids = proven.into_iter().flatten().filter(move |(_, proven)| proven.is_some() == counts);
            ids.map(|(id, _)| *id)
        };
        let mut told = Vec::new();
        for id in counts(true).filter(|_| whole) {
            told.extend(self.protocol.record(circle, &id)?.as_ref().map(receipt_json));
        }
        let uncounted = counts(false).count();
        let receipts = self.exchanges.tallies.receipts(circle);
        let mine = receipts.of_member(&self.identity.member());
        let shown = self.exchanges.tallies.shown.get(&circle).into_iter().flatten();
        let members = shown
            .map(|(member, tally)| MemberSumJson {
                member: member.to_string(),
                name: self.read(|view| view.name_of(circle, member)),
                given: sum(tally.given.all),
                received: sum(tally.received.all),
            })
            .collect();
        let Tally { all, kinds, terms, made, months } = receipts.tally();
        Ok(TallyJson {
            circle: circle.to_string(),
            all: sum(all),
            kinds: kinds.into_iter().map(|(kind, kinds)| (kind, sum(kinds))).collect(),
            terms: terms.into_iter().map(|(terms, sums)| (terms.to_string(), sum(sums))).collect(),
            made: made.into_iter().map(|(how, made)| (how.word().to_owned(), sum(made))).collect(),
            months: months.into_iter().map(|(month, months)| (month.to_string(), sum(months))).collect(),
            given: sum(mine.given.all),
            received: sum(mine.received.all),
            members,
            receipts: told,
            uncounted,
        })
    }

    /// What a member gave and received in a circle, if it wants that shown; as of the last [`Service::prove`].
    pub(super) fn shown_of(&self, circle: CircleId, member: &MemberId) -> Option<(SumJson, SumJson)> {
        if !self.read(|view| view.profile_of(circle, member).is_some_and(|profile| profile.tally)) {
            return None;
        }
        let tally = self.exchanges.tallies.shown.get(&circle)?.get(member);
        let tally = tally.cloned().unwrap_or_default();
        Some((sum(tally.given.all), sum(tally.received.all)))
    }

    /// Proves the receipts of all circles that were not proved yet.
    pub(super) fn prove_all(&mut self) -> Result<(), NodeError> {
        let circles = self.read(|view| view.order.clone());
        circles.into_iter().try_for_each(|circle| self.prove(circle))
    }

    fn prove(&mut self, circle: CircleId) -> Result<(), NodeError> {
        if self.exchanges.tallies.shown.contains_key(&circle) {
            return Ok(());
        }
        let held = self.catalogue(circle)?.iter().filter(|held| is_receipt(held.header()));
        let ids: Vec<RecordId> = held.map(|held| held.id()).collect();
        let mut before = self.exchanges.tallies.proven.remove(&circle).unwrap_or_default();
        let mut proven = BTreeMap::new();
        for id in ids {
            let known = match before.remove(&id) {
                Some(known) => Some(known),
                None => self.protocol.record(circle, &id)?.map(|record| {
                    Proven::published(&record, |signatory, at| self.was_revoked(circle, signatory, at)).ok()
                }),
            };
            proven.extend(known.map(|known| (id, known)));
        }
        self.exchanges.tallies.proven.insert(circle, proven);
        let receipts = self.exchanges.tallies.receipts(circle);
        let wants = |member: &MemberId| {
            self.read(|view| view.profile_of(circle, member).is_some_and(|profile| profile.tally))
        };
        let shown = receipts.members(wants);
        self.exchanges.tallies.shown.insert(circle, shown);
        Ok(())
    }

    /// Whether a key had been revoked when it signed. When it was revoked is not known to the second by everybody, so
    /// what it signed for a receipt stands if the record of its revocation came later.
    fn was_revoked(&self, circle: CircleId, signatory: &Signatory, at: Timestamp) -> bool {
        let Ok(catalogue) = self.catalogue(circle) else { return false };
        catalogue.revoked_at(signatory.member, &signatory.key).is_some_and(|revoked| revoked < at)
    }
}

fn receipt_json(record: &Verified) -> ReceiptJson {
    let hex = |bytes: &[u8]| data_encoding::HEXLOWER.encode(bytes);
    let whole = record.to_record();
    ReceiptJson {
        id: record.id().to_string(),
        envelope: hex(&whole.envelope),
        body: hex(whole.body.as_deref().unwrap_or_default()),
    }
}

const fn sum(sum: Sum) -> SumJson {
    let Sum { exchanges, count, grams, unweighed } = sum;
    SumJson { exchanges, count, grams, unweighed }
}
