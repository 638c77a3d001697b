//! The laws, said as plainly as possible.

use std::collections::{BTreeMap, BTreeSet};

use record::{
    Body, Charter, Class, Grant, Header, Kind, MemberId, PublicKey, RecordId, Timestamp, Verified,
    WritePolicy,
};

use super::scribe::{DEVICES, MEMBERS, device, member};
use crate::tier::{Pool, Tier};
use crate::top::Rank;

/// The laws, said as plainly as possible: what should be admitted of these records. It begins with the
/// founding charter and adds up again and again until nothing changes.
pub(crate) fn expected(founding: &Verified, records: &[Verified]) -> BTreeSet<RecordId> {
    let all: BTreeMap<RecordId, &Verified> =
        records.iter().chain([founding]).map(|record| (record.id(), record)).collect();
    let mut admitted = BTreeSet::from([founding.id()]);
    for _ in 0..50 {
        let plain = Plain::of(founding, &all, &admitted);
        let next = plain.admit(&all);
        if next == admitted {
            return admitted;
        }
        admitted = next;
    }
    panic!("the laws contradict each other");
}

/// What a set of admitted records adds up to.
struct Plain {
    founding: RecordId,
    charter: Charter,
    /// Until when each one was a steward.
    stewards: BTreeMap<MemberId, Timestamp>,
    members: BTreeSet<MemberId>,
    removed: BTreeMap<MemberId, Timestamp>,
    grants: BTreeMap<(MemberId, PublicKey), (Timestamp, Option<record::GrantRole>)>,
    charters: BTreeMap<RecordId, (Timestamp, Charter)>,
}

const EVER: Timestamp = Timestamp::from_millis(u64::MAX);

impl Plain {
    fn of(founding: &Verified, all: &BTreeMap<RecordId, &Verified>, admitted: &BTreeSet<RecordId>) -> Self {
        let said: Vec<(&Header, Option<Body>, RecordId)> =
            admitted.iter().map(|id| (all[id].header(), all[id].body(), *id)).collect();
        let charters: BTreeMap<_, _> = said
            .iter()
            .filter_map(|(header, body, id)| match body {
                Some(Body::Charter(charter)) => Some((*id, (header.revision, charter.clone()))),
                _ => None,
            })
            .collect();
        let mut chain = vec![founding.id()];
        loop {
            let last = *chain.last().unwrap();
            let followers = charters.iter().filter(|(_, (_, charter))| charter.parent == Some(last));
            let newest = followers.max_by(|(a, (at, _)), (b, (bt, _))| at.cmp(bt).then(b.cmp(a)));
            match newest {
                Some((id, _)) => chain.push(*id),
                None => break,
            }
        }
        let charter = charters[chain.last().unwrap()].1.clone();
        let mut stewards: BTreeMap<MemberId, Timestamp> = BTreeMap::new();
        for number in (0..MEMBERS).map(member) {
            let terms: Vec<usize> =
                (0..chain.len()).filter(|at| charters[&chain[*at]].1.stewards.contains(&number)).collect();
            if let Some(last) = terms.last() {
                stewards.insert(number, chain.get(last + 1).map_or(EVER, |next| charters[next].0));
            }
        }
        let now = |who: &MemberId| stewards.get(who) == Some(&EVER);
        let distrusted = |who: &MemberId| charter.distrusted.contains(who) && !now(who);
        let mut removed: BTreeMap<MemberId, Timestamp> = BTreeMap::new();
        let mut members: BTreeSet<MemberId> =
            stewards.keys().filter(|who| !distrusted(who)).copied().collect();
        let mut vouches: BTreeSet<(MemberId, MemberId)> = BTreeSet::new();
        let mut grants = BTreeMap::new();
        for (header, body, _) in &said {
            let author = header.author;
            match body {
                Some(Body::Removal(removal)) if now(&author) && !now(&removal.member) => {
                    let since = removed.entry(removal.member).or_insert(EVER);
                    *since = (*since).min(header.revision);
                }
                Some(Body::Admission(admission)) => {
                    let until = stewards.get(&author).filter(|_| !distrusted(&author));
                    if until.is_some_and(|until| header.revision <= *until) {
                        members.insert(admission.member);
                    }
                }
                Some(Body::Vouch(vouch)) => drop(vouches.insert((author, vouch.member))),
                Some(Body::Grant(grant)) => {
                    grants.insert((author, grant.signer), (grant.until, Some(grant.role)));
                }
                _ => {}
            }
        }
        // A revoked grant: the key is found by the slot that it lies in.
        for (header, _, _) in &said {
            if header.kind.as_str() == Kind::GRANT && header.is_withdrawal() {
                let devices = (0..MEMBERS).flat_map(|of| (0..DEVICES).map(move |number| device(of, number)));
                for signer in devices.map(|device| device.public()).filter(|it| Grant::key(it) == header.key)
                {
                    grants.insert((header.author, signer), (header.revision, None));
                }
            }
        }
        members.retain(|who| !removed.contains_key(who));
        if let Some(needed) = charter.vouches {
            loop {
                let enough = |who: &MemberId| {
                    let behind = vouches.iter().filter(|(by, whom)| whom == who && members.contains(by));
                    behind.count() >= needed as usize && !removed.contains_key(who) && !members.contains(who)
                };
                let new: Vec<_> = (0..MEMBERS).map(member).filter(enough).collect();
                if new.is_empty() {
                    break;
                }
                members.extend(new);
            }
        }
        Self { founding: founding.id(), charter, stewards, members, removed, grants, charters }
    }

    fn may_count(&self, record: &Verified) -> bool {
        let header = record.header();
        let open = self.charter.write == WritePolicy::Open;
        let member = self.members.contains(&header.author);
        let since = self.removed.get(&header.author);
        match header.kind.as_str() {
            Kind::GRANT => {
                let steward = self.stewards.contains_key(&header.author);
                return open || member || steward || since.is_some();
            }
            Kind::CHARTER => {
                let Some(Body::Charter(charter)) = record.body() else { return false };
                let parent = charter.parent.and_then(|parent| self.charters.get(&parent));
                let Some((revision, parent)) = parent else { return false };
                let approved = charter.approved_by(header.circle, header.revision);
                let lone = parent.stewards.len() == 1;
                let holds = approved.iter().filter(|(steward, signer)| {
                    let grant = self.grants.get(&(**steward, **signer));
                    let revoked = grant.is_some_and(|(_, role)| role.is_none());
                    parent.stewards.contains(steward) && !(lone && revoked)
                });
                return *revision < header.revision
                    && parent.stewards.contains(&header.author)
                    && holds.count() * 2 > parent.stewards.len();
            }
            _ => {}
        }
        let signed = match self.grants.get(&(header.author, header.signer)) {
            Some((until, Some(role))) => {
                *until >= header.revision && role.may_sign(header.class, &header.kind)
            }
            Some((revoked, None)) => header.class == Class::Proof && header.revision <= *revoked,
            None => false,
        };
        signed
            && match (header.kind.as_str(), since) {
                (Kind::ADMISSION | Kind::REMOVAL | Kind::ROTATION, _) => {
                    self.stewards.contains_key(&header.author)
                }
                (_, Some(since)) => header.revision <= *since || header.is_withdrawal(),
                (_, None) => open || member,
            }
    }

    fn admit(&self, all: &BTreeMap<RecordId, &Verified>) -> BTreeSet<RecordId> {
        let others = all.iter().filter(|(id, record)| **id != self.founding && self.may_count(record));
        let may_count: Vec<_> = others.map(|(id, record)| (*id, record.header())).collect();
        let withdrawals = may_count.iter().filter(|(_, header)| header.is_withdrawal()).copied();
        let ended = self.within_quotas(withdrawals);
        let closed: BTreeSet<_> = ended.iter().map(|id| all[id].header().slot()).collect();
        let things = may_count.iter().filter(|(_, it)| !it.is_withdrawal() && !closed.contains(&it.slot()));
        let things = self.within_quotas(things.copied());
        [self.founding].into_iter().chain(ended).chain(things).collect()
    }

    fn within_quotas<'a>(
        &self,
        candidates: impl Iterator<Item = (RecordId, &'a Header)>,
    ) -> BTreeSet<RecordId> {
        let mut newest: BTreeMap<_, (RecordId, &Header)> = BTreeMap::new();
        for (id, header) in candidates {
            let best = newest.entry(header.slot()).or_insert((id, header));
            if Rank::of(id, header) < Rank::of(best.0, best.1) {
                *best = (id, header);
            }
        }
        let mut records: Vec<_> = newest.into_values().collect();
        records.sort_by_key(|(id, header)| Rank::of(*id, header));
        let mut of_author: BTreeMap<(MemberId, Tier), usize> = BTreeMap::new();
        let mut of_strangers: BTreeMap<Pool, usize> = BTreeMap::new();
        let mut inside = BTreeSet::new();
        for (id, header) in records {
            let tier = Tier::of(header);
            let count = of_author.entry((header.author, tier)).or_default();
            *count += 1;
            if *count > tier.quota(&self.charter) {
                continue;
            }
            let trusted = self.members.contains(&header.author) || self.stewards.contains_key(&header.author);
            if !trusted {
                let count = of_strangers.entry(tier.pool()).or_default();
                *count += 1;
                if *count > tier.pool().quota(&self.charter) {
                    continue;
                }
            }
            inside.insert(id);
        }
        inside
    }
}
