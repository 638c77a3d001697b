//! The catalogue against a plain statement of its rules, in every order of arrival.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use record::{
    Body, Charter, CircleId, Class, Grant, GrantRole, Header, Key, Kind, Listing, MemberId, Profile,
    PublicKey, Quotas, RecordId, SecretKey, Side, Statement, Timestamp, Verified,
};

use crate::tier::{Pool, Tier};
use crate::top::Rank;
use crate::{Catalogue, Group, Window};

const HOUR: u64 = 3_600_000;
/// Records are written in the 300 hours before.
const NOW: Timestamp = Timestamp::from_millis(1_790_000_000_000);

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
    Quotas { members: 3, control: 3, content: 4, rest: 2, strangers: 7 }
}

fn founding() -> Verified {
    let mut charter = Charter::founding("Gartenstraße", member(0)).unwrap();
    charter.quotas = quotas();
    let statement = Statement {
        author: member(0),
        circle: CircleId::FOUNDING,
        key: Key::from_bytes([0; 16]),
        revision: at(0),
    };
    statement.sign(&Body::Charter(charter), &device(0, 0)).unwrap()
}

#[derive(Debug, Clone, Copy)]
enum What {
    Grant { until: u8 },
    Revoke,
    Profile,
    Listing { key: u8 },
    Withdraw { key: u8 },
}

#[derive(Debug, Clone, Copy)]
struct Act {
    member: u8,
    device: u8,
    hour: u8,
    what: What,
}

fn record(circle: CircleId, act: Act) -> Verified {
    let signer = device(act.member, act.device);
    let statement = |key| Statement { author: member(act.member), circle, key, revision: at(act.hour) };
    match act.what {
        What::Grant { until } => {
            let grant = Grant {
                signer: signer.public(),
                role: GrantRole::Device,
                until: at(until),
                other: BTreeMap::new(),
            };
            let key = Grant::key(&signer.public());
            statement(key).sign(&Body::Grant(grant), &root(act.member)).unwrap()
        }
        What::Revoke => statement(Grant::key(&signer.public())).sign_withdrawal(
            Kind::grant(),
            Class::Control,
            &root(act.member),
        ),
        What::Profile => {
            let profile = Profile::named(&format!("{} {}", act.member, act.hour)).unwrap();
            statement(Key::from_bytes([0; 16])).sign(&Body::Profile(profile), &signer).unwrap()
        }
        What::Listing { key } => statement(Key::from_bytes([key; 16]))
            .sign(&Body::Listing(Listing::new(Side::Offer, "Leiter")), &signer)
            .unwrap(),
        What::Withdraw { key } => {
            statement(Key::from_bytes([key; 16])).sign_withdrawal(Kind::listing(), Class::Content, &signer)
        }
    }
}

/// The rules, said as plainly as possible: what should be admitted of these records.
fn expected(records: &[Verified]) -> BTreeSet<RecordId> {
    let beats = |one: &(RecordId, &Header), other: &(RecordId, &Header)| {
        (one.1.is_withdrawal(), one.1.revision, other.0) > (other.1.is_withdrawal(), other.1.revision, one.0)
    };
    let mut newest: BTreeMap<_, (RecordId, &Header)> = BTreeMap::new();
    for record in records {
        let (slot, this) = (record.header().slot(), (record.id(), record.header()));
        let best = newest.entry((slot, record.header().signer)).or_insert(this);
        if beats(&this, best) {
            *best = this;
        }
    }
    let is_grant = |header: &Header| header.kind.as_str() == Kind::GRANT;
    let grants = newest.values().copied().filter(|(_, header)| is_grant(header)).collect();
    let grants = within_quotas(grants);
    let untils: BTreeMap<(MemberId, PublicKey), Timestamp> = records
        .iter()
        .filter(|record| grants.contains(&record.id()))
        .filter_map(|record| match record.body() {
            Some(Body::Grant(grant)) => Some(((record.header().author, grant.signer), grant.until)),
            _ => None,
        })
        .collect();
    let mut winners: BTreeMap<_, (RecordId, &Header)> = BTreeMap::new();
    for this in newest.into_values().filter(|(_, header)| !is_grant(header)) {
        let until = untils.get(&(this.1.author, this.1.signer));
        if until.is_some_and(|until| *until >= this.1.revision) {
            let best = winners.entry(this.1.slot()).or_insert(this);
            if beats(&this, best) {
                *best = this;
            }
        }
    }
    let rest = within_quotas(winners.into_values().collect());
    grants.into_iter().chain(rest).chain([founding().id()]).collect()
}

fn within_quotas(mut records: Vec<(RecordId, &Header)>) -> BTreeSet<RecordId> {
    let Some(Body::Charter(charter)) = founding().body() else { panic!("a charter") };
    records.sort_by_key(|(id, header)| Rank::of(*id, header));
    let mut of_author: BTreeMap<(MemberId, Tier), usize> = BTreeMap::new();
    let mut of_strangers: BTreeMap<Pool, usize> = BTreeMap::new();
    let mut inside = BTreeSet::new();
    for (id, header) in records {
        let tier = Tier::of(header);
        let count = of_author.entry((header.author, tier)).or_default();
        *count += 1;
        if *count > tier.quota(&charter) {
            continue;
        }
        if !charter.stewards.contains(&header.author) {
            let count = of_strangers.entry(tier.pool()).or_default();
            *count += 1;
            if *count > charter.quotas.strangers as usize {
                continue;
            }
        }
        inside.insert(id);
    }
    inside
}

fn admitted(catalogue: &Catalogue) -> BTreeSet<RecordId> {
    catalogue.iter().map(|(id, _)| id).collect()
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
        }
    }
}

/// Where members only ever grant, and for ever.
fn peaceful() -> impl Strategy<Value = Act> {
    let what = prop_oneof![
        Just(What::Profile),
        (0_u8..6).prop_map(|key| What::Listing { key }),
        (0_u8..6).prop_map(|key| What::Listing { key }),
        (0_u8..6).prop_map(|key| What::Withdraw { key }),
    ];
    (0_u8..3, 0_u8..2, 10_u8..200, what).prop_map(|(member, device, hour, what)| Act {
        member,
        device,
        hour,
        what,
    })
}

fn any_act() -> impl Strategy<Value = Act> {
    let grants = prop_oneof![(0_u8..255).prop_map(|until| What::Grant { until }), Just(What::Revoke)];
    prop_oneof![
        3 => peaceful(),
        1 => (0_u8..3, 0_u8..2, 10_u8..200, grants)
            .prop_map(|(member, device, hour, what)| Act { member, device, hour, what }),
    ]
}

fn everybody_grants() -> Vec<Act> {
    let pairs = (0..3).flat_map(|member| (0..2).map(move |device| (member, device)));
    pairs.map(|(member, device)| Act { member, device, hour: 1, what: What::Grant { until: 255 } }).collect()
}

fn shuffled(acts: Vec<Act>) -> impl Strategy<Value = (Vec<Act>, Vec<Act>)> {
    (Just(acts.clone()).prop_shuffle(), Just(acts).prop_shuffle())
}

fn sign(acts: &[Act]) -> Vec<Verified> {
    let circle = CircleId::founded_by(founding().id());
    acts.iter().map(|act| record(circle, *act)).collect()
}

fn empty() -> Catalogue {
    let mut catalogue = Catalogue::new(CircleId::founded_by(founding().id()));
    catalogue.insert(&founding(), NOW).unwrap();
    catalogue
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn the_admitted_set_does_not_depend_on_the_order_of_arrival(
        (one, other) in proptest::collection::vec(peaceful(), 0..60)
            .prop_map(|acts| [everybody_grants(), acts].concat())
            .prop_flat_map(shuffled)
    ) {
        let (mut first, mut second) = (empty(), empty());
        offer_all(&mut first, &sign(&one));
        let records = sign(&other);
        // Some arrive twice.
        offer_all(&mut second, records.iter().flat_map(|record| [record, record]));
        prop_assert_eq!(admitted(&first), expected(&records));
        prop_assert_eq!(admitted(&second), expected(&records));
        let window = Window::between(NOW, NOW);
        prop_assert_eq!(first.digests(window), second.digests(window));
    }

    #[test]
    fn with_grants_that_end_or_are_revoked_one_more_round_brings_everybody_to_the_same_set(
        (one, other) in proptest::collection::vec(any_act(), 0..60)
            .prop_map(|acts| [everybody_grants(), acts].concat())
            .prop_flat_map(shuffled)
    ) {
        let records = sign(&one);
        let mut catalogue = empty();
        offer_all(&mut catalogue, &records);
        // What a peer offers again once the control records changed.
        offer_all(&mut catalogue, &sign(&other));
        prop_assert_eq!(admitted(&catalogue), expected(&records));
    }

    #[test]
    fn the_days_hold_just_what_is_admitted(acts in proptest::collection::vec(any_act(), 0..60)) {
        let mut catalogue = empty();
        offer_all(&mut catalogue, &sign(&[everybody_grants(), acts].concat()));
        let window = Window::between(NOW, NOW);
        let in_days: BTreeSet<RecordId> = Group::ALL
            .into_iter()
            .flat_map(|group| catalogue.days(group, window).into_keys().map(move |day| (group, day)))
            .flat_map(|(group, day)| catalogue.of_day(group, day, window))
            .map(|(id, _)| id)
            .collect();
        prop_assert_eq!(in_days, admitted(&catalogue));
    }

    #[test]
    fn two_catalogues_that_differ_have_different_digests(
        acts in proptest::collection::vec(peaceful(), 1..40), left_out in any::<prop::sample::Index>()
    ) {
        let records = sign(&[everybody_grants(), acts].concat());
        let (mut whole, mut part) = (empty(), empty());
        offer_all(&mut whole, &records);
        let left_out = left_out.index(records.len());
        offer_all(&mut part, records.iter().enumerate().filter(|(at, _)| *at != left_out).map(|(_, record)| record));
        let window = Window::between(NOW, NOW);
        prop_assert_eq!(
            whole.digests(window).all() == part.digests(window).all(),
            admitted(&whole) == admitted(&part)
        );
    }
}
