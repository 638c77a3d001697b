//! The catalogue against a plain statement of its laws (`docs/protocol.md`, section 4), in every order of
//! arrival.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use record::{
    Admission, Body, Charter, CircleId, Class, Confirmation, Grant, GrantRole, Hash, Header, Key, Kind,
    Listing, MemberId, Profile, PublicKey, Quotas, RECEIPT_PURPOSE, Receipt, Record, RecordId, Removal, Seal,
    SecretKey, Side, SignedReceipt, Statement, Terms, Timestamp, Verified, Vouch, WritePolicy,
};

use crate::tier::{Pool, Tier};
use crate::top::Rank;
use crate::{Catalogue, Group, Window};

const HOUR: u64 = 3_600_000;
/// Records are written in the 300 hours before.
const NOW: Timestamp = Timestamp::from_millis(1_790_000_000_000);
/// Number 0 founds the circle.
const MEMBERS: u8 = 5;
const DEVICES: u8 = 2;
/// How often all is offered: what waits for a rule that waits for a rule comes in later.
const ROUNDS: usize = 12;

fn at(hour: u8) -> Timestamp {
    NOW.minus_millis(300 * HOUR).plus_millis(u64::from(hour) * HOUR)
}

fn root(member: u8) -> SecretKey {
    SecretKey::from_seed(&[100 + member; 32])
}

fn device(member: u8, device: u8) -> SecretKey {
    SecretKey::from_seed(&[10 * member + device + 1; 32])
}

fn member(number: u8) -> MemberId {
    root(number).public().into()
}

fn quotas() -> Quotas {
    Quotas { control: 3, members: 4, content: 4, rest: 2, strangers: 11 }
}

fn founding(write: WritePolicy) -> Verified {
    let mut charter = Charter::founding("Gartenstraße", member(0)).unwrap();
    charter.quotas = quotas();
    (charter.write, charter.vouches) = (write, (write == WritePolicy::Vouched).then_some(2));
    let statement = Statement {
        author: member(0),
        circle: CircleId::FOUNDING,
        key: Key::from_bytes([0; 16]),
        revision: at(0),
    };
    statement.sign(&Body::Charter(charter), &device(0, 0)).unwrap()
}

/// A circle and the charters that were signed in it, so that the next one can follow one of them.
struct Scribe {
    circle: CircleId,
    charters: Vec<(RecordId, Charter)>,
}

#[derive(Debug, Clone, Copy)]
enum What {
    Grant { until: u8, role: GrantRole },
    Revoke,
    Profile,
    Listing { key: u8 },
    Withdraw { key: u8 },
    Receipt { key: u8 },
    Admit { member: u8 },
    Exclude { member: u8 },
    Vouch { member: u8 },
    Forgive { key: u8 },
    Charter { parent: u8, stewards: u8, approve: u8, write: WritePolicy },
}

#[derive(Debug, Clone, Copy)]
struct Act {
    member: u8,
    device: u8,
    hour: u8,
    what: What,
}

fn grant(circle: CircleId, of: u8, signer: &SecretKey, hour: u8, until: u8, role: GrantRole) -> Verified {
    let signer = signer.public();
    let grant = Grant { signer, role, until: at(until), other: BTreeMap::new() };
    let (author, key) = (member(of), Grant::key(&signer));
    Statement { author, circle, key, revision: at(hour) }.sign(&Body::Grant(grant), &root(of)).unwrap()
}

impl Scribe {
    fn new(write: WritePolicy) -> Self {
        let founding = founding(write);
        let Some(Body::Charter(charter)) = founding.body() else { panic!("a charter") };
        Self { circle: CircleId::founded_by(founding.id()), charters: vec![(founding.id(), charter)] }
    }

    fn record(&mut self, act: Act) -> Verified {
        let circle = self.circle;
        let signer = device(act.member, act.device);
        let author = member(act.member);
        let statement = |key| Statement { author, circle, key, revision: at(act.hour) };
        let sign = |key: u8, body: &Body| statement(Key::from_bytes([key; 16])).sign(body, &signer).unwrap();
        let withdraw = |key: u8, kind, class| {
            statement(Key::from_bytes([key; 16])).sign_withdrawal(kind, class, &signer)
        };
        match act.what {
            What::Grant { until, role } => grant(circle, act.member, &signer, act.hour, until, role),
            What::Revoke => statement(Grant::key(&signer.public())).sign_withdrawal(
                Kind::grant(),
                Class::Control,
                &root(act.member),
            ),
            What::Profile => {
                let name = format!("{} {}", act.member, act.hour);
                sign(0, &Body::Profile(Profile::named(&name).unwrap()))
            }
            What::Listing { key } => sign(key, &Body::Listing(Listing::new(Side::Offer, "Leiter"))),
            What::Withdraw { key } => withdraw(key, Kind::listing(), Class::Content),
            What::Receipt { key } => sign(key, &receipt(circle, author)),
            What::Admit { member: whom } => sign(whom, &Body::Admission(Admission::of(member(whom)))),
            What::Exclude { member: whom } => {
                sign(whom, &Body::Removal(Removal::of(member(whom), "").unwrap()))
            }
            What::Forgive { key } => withdraw(key, Kind::removal(), Class::Control),
            What::Vouch { member: whom } => sign(whom, &Body::Vouch(Vouch::of(member(whom)))),
            What::Charter { parent, stewards, approve, write } => {
                let (parent, charter) = self.charters[usize::from(parent) % self.charters.len()].clone();
                let bits = |bits: u8| (0..MEMBERS).filter(move |number| bits & (1 << number) != 0);
                let mut charter = Charter {
                    parent: Some(parent),
                    stewards: bits(stewards | 1 << (act.hour % MEMBERS)).map(member).collect(),
                    write,
                    vouches: (write == WritePolicy::Vouched).then_some(1 + u32::from(act.hour % 2)),
                    approvals: Vec::new(),
                    ..charter
                };
                if act.hour.is_multiple_of(7) {
                    charter.distrusted = vec![member(act.hour % MEMBERS)];
                }
                let key = charter.key(circle, at(act.hour));
                let approve = bits(approve | 1 << act.member).map(|number| {
                    let device = device(number, act.device);
                    let grant = grant(circle, number, &device, 1, 255, GrantRole::Device);
                    charter.approve(circle, at(act.hour), member(number), &grant, &device)
                });
                charter.approvals = approve.collect();
                let record = statement(key).sign(&Body::Charter(charter.clone()), &signer).unwrap();
                self.charters.push((record.id(), charter));
                record
            }
        }
    }
}

/// What a receipt says is none of the catalogue's business.
fn receipt(circle: CircleId, giver: MemberId) -> Body {
    let receipt = Receipt {
        circle,
        exchange: Key::from_bytes([1; 16]),
        giver,
        receiver: member(4),
        title: "Leiter".to_owned(),
        count: 1,
        terms: Terms::Gift,
        minutes: 0,
        at: at(1),
    };
    let grant = Record { envelope: vec![1], body: Some(vec![2]) };
    let code = Confirmation::Code { commitment: Hash::of(RECEIPT_PURPOSE.as_bytes()), code: "1".to_owned() };
    let giver = Seal { grant, signature: [0; 64] };
    Body::Receipt(Box::new(SignedReceipt { receipt, giver, receiver: code, other: BTreeMap::new() }))
}

/// The laws, said as plainly as possible: what should be admitted of these records. It begins with the
/// founding charter and adds up again and again until nothing changes.
fn expected(founding: &Verified, records: &[Verified]) -> BTreeSet<RecordId> {
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
    grants: BTreeMap<(MemberId, PublicKey), (Timestamp, Option<GrantRole>)>,
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
            Kind::GRANT => return open || member || since.is_some(),
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
                (Kind::ADMISSION | Kind::REMOVAL, _) => self.stewards.contains_key(&header.author),
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

fn admitted(catalogue: &Catalogue) -> BTreeSet<RecordId> {
    catalogue.iter().map(|record| record.id()).collect()
}

fn offer_all<'a>(catalogue: &mut Catalogue, records: impl IntoIterator<Item = &'a Verified>) {
    let mut before = admitted(catalogue);
    for record in records {
        if let Ok(changes) = catalogue.insert(record, NOW) {
            for id in &changes.admitted {
                assert!(before.insert(*id), "admitted twice");
            }
            for id in &changes.removed {
                assert!(before.remove(id), "removed without having been admitted");
            }
            assert_eq!(before, admitted(catalogue), "the changes tell the whole truth");
            assert!(changes.dropped.iter().all(|id| !catalogue.holds(id)), "dropped and still held");
        }
    }
}

/// Offers everything until nothing changes, as anti-entropy does.
fn offer_until_quiet(catalogue: &mut Catalogue, records: &[Verified]) {
    for _ in 0..ROUNDS {
        let before = admitted(catalogue);
        offer_all(catalogue, records);
        if admitted(catalogue) == before {
            return;
        }
    }
    panic!("no end");
}

/// Two nodes give each other what they admit until they agree.
fn exchange(one: &mut Catalogue, other: &mut Catalogue, all: &[Verified]) {
    let of = |catalogue: &Catalogue| {
        let ids = admitted(catalogue);
        all.iter().filter(|record| ids.contains(&record.id())).cloned().collect::<Vec<_>>()
    };
    for _ in 0..ROUNDS {
        if admitted(one) == admitted(other) {
            return;
        }
        let (ours, theirs) = (of(one), of(other));
        offer_all(one, &theirs);
        offer_all(other, &ours);
    }
    assert_eq!(admitted(one), admitted(other), "they do not come to the same set");
}

/// Where members only ever grant, and for ever.
fn peaceful() -> impl Strategy<Value = Act> {
    let what = prop_oneof![
        Just(What::Profile),
        (0_u8..6).prop_map(|key| What::Listing { key }),
        (0_u8..6).prop_map(|key| What::Listing { key }),
        (0_u8..6).prop_map(|key| What::Withdraw { key }),
        (0_u8..6).prop_map(|key| What::Receipt { key }),
    ];
    (0..MEMBERS, 0..DEVICES, 10_u8..200, what).prop_map(|(member, device, hour, what)| Act {
        member,
        device,
        hour,
        what,
    })
}

fn write() -> impl Strategy<Value = WritePolicy> {
    prop_oneof![Just(WritePolicy::Open), Just(WritePolicy::Invited), Just(WritePolicy::Vouched)]
}

fn role() -> impl Strategy<Value = GrantRole> {
    prop_oneof![4 => Just(GrantRole::Device), 1 => Just(GrantRole::Desk), 1 => Just(GrantRole::Host)]
}

fn any_act() -> impl Strategy<Value = Act> {
    let grants = prop_oneof![
        (0_u8..255, role()).prop_map(|(until, role)| What::Grant { until, role }),
        Just(What::Revoke)
    ];
    let belonging = prop_oneof![
        (0..MEMBERS).prop_map(|member| What::Admit { member }),
        (0..MEMBERS).prop_map(|member| What::Exclude { member }),
        (0..MEMBERS).prop_map(|key| What::Forgive { key }),
        (0..MEMBERS).prop_map(|member| What::Vouch { member }),
        (0..MEMBERS).prop_map(|member| What::Vouch { member }),
        (0_u8..4, 0_u8..32, 0_u8..32, write()).prop_map(|(parent, stewards, approve, write)| {
            What::Charter { parent, stewards, approve, write }
        }),
    ];
    let of = |what| {
        (0..MEMBERS, 0..DEVICES, 10_u8..200, what).prop_map(|(member, device, hour, what)| Act {
            member,
            device,
            hour,
            what,
        })
    };
    prop_oneof![3 => peaceful(), 1 => of(grants.boxed()), 3 => of(belonging.boxed())]
}

fn everybody_grants() -> Vec<Act> {
    let pairs = (0..MEMBERS).flat_map(|member| (0..DEVICES).map(move |device| (member, device)));
    let what = What::Grant { until: 255, role: GrantRole::Device };
    pairs.map(|(member, device)| Act { member, device, hour: 1, what }).collect()
}

/// A circle in which everybody grants and then does something, and the orders in which it is heard of.
#[derive(Debug, Clone)]
struct History {
    write: WritePolicy,
    acts: Vec<Act>,
    order: u64,
}

fn history(acts: impl Strategy<Value = Act>, most: usize) -> impl Strategy<Value = History> {
    (write(), proptest::collection::vec(acts, 0..most), any::<u64>())
        .prop_map(|(write, acts, order)| History { write, acts, order })
}

impl History {
    fn founding(&self) -> Verified {
        founding(self.write)
    }

    fn signed(&self) -> Vec<Verified> {
        let mut scribe = Scribe::new(self.write);
        everybody_grants().into_iter().chain(self.acts.clone()).map(|act| scribe.record(act)).collect()
    }

    /// All of it, in one of many orders.
    fn heard(&self, number: u8) -> Vec<Verified> {
        let order = self.order.to_be_bytes();
        let mut records = self.signed();
        records.sort_by_key(|it| Hash::derive("order", &[&order, &[number], it.id().as_bytes()]));
        records
    }
}

fn empty(founding: &Verified) -> Catalogue {
    let mut catalogue = Catalogue::new(CircleId::founded_by(founding.id()));
    catalogue.insert(founding, NOW).unwrap();
    catalogue
}

const WINDOW: fn() -> Window = || Window::between(NOW, NOW);

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), max_shrink_iters: 20_000, ..ProptestConfig::default() })]

    #[test]
    fn where_grants_stand_the_admitted_set_does_not_depend_on_the_order_of_arrival(
        history in history(peaceful(), 60)
    ) {
        let (founding, one, other) = (history.founding(), history.heard(1), history.heard(2));
        let (mut first, mut second) = (empty(&founding), empty(&founding));
        offer_all(&mut first, &one);
        // Some arrive twice.
        offer_all(&mut second, other.iter().flat_map(|record| [record, record]));
        prop_assert_eq!(admitted(&first), expected(&founding, &one));
        prop_assert_eq!(first.digests(WINDOW()), second.digests(WINDOW()));
    }

    #[test]
    fn whatever_the_history_and_its_order_all_come_to_what_the_laws_say(
        history in history(any_act(), 60)
    ) {
        let (founding, one, other) = (history.founding(), history.heard(1), history.heard(2));
        let (mut first, mut second) = (empty(&founding), empty(&founding));
        offer_until_quiet(&mut first, &one);
        offer_until_quiet(&mut second, &other);
        prop_assert_eq!(admitted(&first), expected(&founding, &one));
        prop_assert_eq!(first.digests(WINDOW()), second.digests(WINDOW()));
    }

    #[test]
    fn two_nodes_that_saw_different_halves_agree_after_they_exchanged_what_they_admit(
        history in history(any_act(), 60), split in any::<u64>()
    ) {
        let (founding, all) = (history.founding(), history.heard(1));
        let (mut first, mut second) = (empty(&founding), empty(&founding));
        let half = |bit: bool| {
            let chosen = move |(at, _): &(usize, &Verified)| (split >> (at % 64)) & 1 == u64::from(bit);
            all.iter().enumerate().filter(chosen).map(|(_, record)| record)
        };
        offer_all(&mut first, half(false));
        offer_all(&mut second, half(true));
        exchange(&mut first, &mut second, &all);
        prop_assert_eq!(first.digests(WINDOW()), second.digests(WINDOW()));
    }

    #[test]
    fn what_is_not_admitted_has_no_influence(history in history(any_act(), 60)) {
        let (founding, all) = (history.founding(), history.heard(1));
        let mut whole = empty(&founding);
        offer_until_quiet(&mut whole, &all);
        let ids = admitted(&whole);
        let alone: Vec<_> = all.iter().filter(|record| ids.contains(&record.id())).cloned().collect();
        let mut bare = empty(&founding);
        offer_until_quiet(&mut bare, &alone);
        prop_assert_eq!(admitted(&bare), ids);
    }

    #[test]
    fn the_days_hold_just_what_is_admitted(history in history(any_act(), 60)) {
        let (founding, all) = (history.founding(), history.heard(1));
        let mut catalogue = empty(&founding);
        offer_all(&mut catalogue, &all);
        let in_days: BTreeSet<RecordId> = Group::ALL
            .into_iter()
            .flat_map(|group| catalogue.days(group, WINDOW()).into_keys().map(move |day| (group, day)))
            .flat_map(|(group, day)| catalogue.of_day(group, day, WINDOW()))
            .map(|(id, _)| id)
            .collect();
        prop_assert_eq!(in_days, admitted(&catalogue));
    }

    #[test]
    fn two_catalogues_that_differ_have_different_digests(
        history in history(peaceful(), 40), left_out in any::<prop::sample::Index>()
    ) {
        let (founding, all) = (history.founding(), history.heard(1));
        let (mut whole, mut part) = (empty(&founding), empty(&founding));
        offer_all(&mut whole, &all);
        let left_out = left_out.index(all.len());
        offer_all(&mut part, all.iter().enumerate().filter(|(at, _)| *at != left_out).map(|(_, record)| record));
        prop_assert_eq!(
            whole.digests(WINDOW()).all() == part.digests(WINDOW()).all(),
            admitted(&whole) == admitted(&part)
        );
    }
}

/// How many histories are tried; `PROPTEST_CASES` asks for others.
fn cases() -> u32 {
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    asked.unwrap_or(500)
}
