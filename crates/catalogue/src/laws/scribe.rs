//! Histories of a circle, made by chance: who does what, signed.

use std::collections::BTreeMap;

use proptest::prelude::*;
use record::{
    Admission, Body, Charter, CircleId, Class, Confirmation, Grant, GrantRole, Hash, Key, Kind, Listing,
    MemberId, Profile, Quotas, RECEIPT_PURPOSE, ReadSecret, Receipt, Record, RecordId, Removal, Rotation,
    Seal, SecretKey, Side, SignedReceipt, Statement, Terms, Timestamp, Verified, Vouch, WritePolicy,
};

pub(crate) const HOUR: u64 = 3_600_000;
/// Records are written in the 300 hours before.
pub(crate) const NOW: Timestamp = Timestamp::from_millis(1_790_000_000_000);
/// Number 0 founds the circle.
pub(crate) const MEMBERS: u8 = 5;
pub(crate) const DEVICES: u8 = 2;

pub(crate) fn at(hour: u8) -> Timestamp {
    NOW.minus_millis(300 * HOUR).plus_millis(u64::from(hour) * HOUR)
}

pub(crate) fn root(member: u8) -> SecretKey {
    SecretKey::from_seed(&[100 + member; 32])
}

pub(crate) fn device(member: u8, device: u8) -> SecretKey {
    SecretKey::from_seed(&[10 * member + device + 1; 32])
}

pub(crate) fn member(number: u8) -> MemberId {
    root(number).public().into()
}

pub(crate) fn quotas() -> Quotas {
    Quotas { control: 3, members: 4, content: 4, rest: 2, strangers: 11 }
}

pub(crate) fn founding(write: WritePolicy) -> Verified {
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
pub(crate) struct Scribe {
    pub(crate) circle: CircleId,
    pub(crate) charters: Vec<(RecordId, Charter)>,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum What {
    Grant { until: u8, role: GrantRole },
    Revoke,
    Profile,
    Listing { key: u8 },
    Withdraw { key: u8 },
    Receipt { key: u8 },
    Admit { member: u8 },
    Exclude { member: u8 },
    Vouch { member: u8 },
    Rotate { secret: u8 },
    Forgive { key: u8 },
    Charter { parent: u8, stewards: u8, approve: u8, write: WritePolicy },
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Act {
    pub(crate) member: u8,
    pub(crate) device: u8,
    pub(crate) hour: u8,
    pub(crate) what: What,
}

pub(crate) fn grant(
    circle: CircleId,
    of: u8,
    signer: &SecretKey,
    hour: u8,
    until: u8,
    role: GrantRole,
) -> Verified {
    let signer = signer.public();
    let grant = Grant { signer, role, until: at(until), other: BTreeMap::new() };
    let (author, key) = (member(of), Grant::key(&signer));
    Statement { author, circle, key, revision: at(hour) }.sign(&Body::Grant(grant), &root(of)).unwrap()
}

impl Scribe {
    pub(crate) fn new(write: WritePolicy) -> Self {
        let founding = founding(write);
        let Some(Body::Charter(charter)) = founding.body() else { panic!("a charter") };
        Self { circle: CircleId::founded_by(founding.id()), charters: vec![(founding.id(), charter)] }
    }

    pub(crate) fn record(&mut self, act: Act) -> Verified {
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
            What::Rotate { secret } => {
                let rotation = Rotation::to(&ReadSecret::from_bytes([secret; 32]));
                statement(Rotation::key()).sign(&Body::Rotation(rotation), &signer).unwrap()
            }
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
pub(crate) fn receipt(circle: CircleId, giver: MemberId) -> Body {
    let receipt = Receipt {
        circle,
        exchange: Key::from_bytes([1; 16]),
        giver,
        receiver: member(4),
        title: "Leiter".to_owned(),
        kind: String::new(),
        count: 1,
        grams: 0,
        terms: Terms::Gift,
        minutes: 0,
        at: at(1),
    };
    let grant = Record { envelope: vec![1], body: Some(vec![2]) };
    let code = Confirmation::Code { commitment: Hash::of(RECEIPT_PURPOSE.as_bytes()), code: "1".to_owned() };
    let giver = Seal { grant, signature: [0; 64] };
    Body::Receipt(Box::new(SignedReceipt { receipt, giver, receiver: code, other: BTreeMap::new() }))
}

/// Where members only ever grant, and for ever.
pub(crate) fn peaceful() -> impl Strategy<Value = Act> {
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

pub(crate) fn write() -> impl Strategy<Value = WritePolicy> {
    prop_oneof![Just(WritePolicy::Open), Just(WritePolicy::Invited), Just(WritePolicy::Vouched)]
}

pub(crate) fn role() -> impl Strategy<Value = GrantRole> {
    prop_oneof![4 => Just(GrantRole::Device), 1 => Just(GrantRole::Desk), 1 => Just(GrantRole::Host)]
}

pub(crate) fn any_act() -> impl Strategy<Value = Act> {
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
        (0_u8..4).prop_map(|secret| What::Rotate { secret }),
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

pub(crate) fn everybody_grants() -> Vec<Act> {
    let pairs = (0..MEMBERS).flat_map(|member| (0..DEVICES).map(move |device| (member, device)));
    let what = What::Grant { until: 255, role: GrantRole::Device };
    pairs.map(|(member, device)| Act { member, device, hour: 1, what }).collect()
}

/// A circle in which everybody grants and then does something, and the orders in which it is heard of.
#[derive(Debug, Clone)]
pub(crate) struct History {
    pub(crate) write: WritePolicy,
    pub(crate) acts: Vec<Act>,
    pub(crate) order: u64,
}

pub(crate) fn history(acts: impl Strategy<Value = Act>, most: usize) -> impl Strategy<Value = History> {
    (write(), proptest::collection::vec(acts, 0..most), any::<u64>())
        .prop_map(|(write, acts, order)| History { write, acts, order })
}

impl History {
    pub(crate) fn founding(&self) -> Verified {
        founding(self.write)
    }

    pub(crate) fn signed(&self) -> Vec<Verified> {
        let mut scribe = Scribe::new(self.write);
        everybody_grants().into_iter().chain(self.acts.clone()).map(|act| scribe.record(act)).collect()
    }

    /// All of it, in one of many orders.
    pub(crate) fn heard(&self, number: u8) -> Vec<Verified> {
        let order = self.order.to_be_bytes();
        let mut records = self.signed();
        records.sort_by_key(|it| Hash::derive("order", &[&order, &[number], it.id().as_bytes()]));
        records
    }
}
