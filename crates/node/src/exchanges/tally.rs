//! What the published receipts of a circle add up to, for anybody to count again.

use std::collections::BTreeMap;

use catalogue::tally::{Proven, Receipts, Sum, Tally};
use record::{CircleId, Kind, RecordId, Signatory, Timestamp, Verified};
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
    /// The receipts that count, so that anybody can count again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub receipts: Vec<ReceiptJson>,
    /// How many records of receipts do not count, since something in them does not hold.
    pub uncounted: usize,
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

impl Service {
    fn tally(&self, circle: Option<&str>, whole: bool) -> Result<TallyJson, NodeError> {
        let circle = self.read(|view| view.circle(circle))?;
        let (mut receipts, mut told, mut uncounted) = (Receipts::new(), Vec::new(), 0_usize);
        for record in self.receipts(circle)? {
            match Proven::published(&record, |signatory, at| self.was_revoked(circle, signatory, at)) {
                Ok(proven) => {
                    receipts.insert(proven);
                    told.push(receipt_json(&record));
                }
                Err(_) => uncounted = uncounted.saturating_add(1),
            }
        }
        let me = self.identity.member();
        let mine = receipts.of_member(&me);
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
            receipts: if whole { told } else { Vec::new() },
            uncounted,
        })
    }

    fn receipts(&self, circle: CircleId) -> Result<Vec<Verified>, NodeError> {
        let held = self
            .catalogue(circle)?
            .iter()
            .filter(|held| held.header().kind.as_str() == Kind::RECEIPT && !held.header().is_withdrawal());
        let ids: Vec<RecordId> = held.map(|held| held.id()).collect();
        let mut records = Vec::new();
        for id in ids {
            records.extend(self.protocol.record(circle, &id)?);
        }
        Ok(records)
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
