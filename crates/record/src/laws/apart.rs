//! What was signed for one thing is good for nothing else.

use proptest::prelude::*;

use super::any::{any_circle, any_header, any_key, any_member, any_slot_key, any_time};
use crate::body::Map;
use crate::cbor::Value;
use crate::envelope::PROTECTED;
use crate::*;

/// An envelope around this header with a signature that may have been made for something else.
fn envelope(header: &Header, signature: [u8; 64]) -> Record {
    let parts = [
        Value::Bytes(PROTECTED.to_vec()),
        Value::Map(Map::new()),
        Value::Bytes(header.encode()),
        Value::Bytes(signature.to_vec()),
    ];
    Record { envelope: Value::List(parts.to_vec()).encode(), body: None }
}

/// What a signature under a purpose is made over.
fn under(purpose: &str, payload: &[u8]) -> Vec<u8> {
    crate::seal::to_be_signed(purpose, payload)
}

const RECORD: &str = "commonshelf/record/1";

/// Headers that differ in one field.
fn one_field_changed() -> impl Strategy<Value = (Header, Header)> {
    let others = (any_circle(), any_member(), any_slot_key(), any_time(), header());
    (header(), others, 0_u8..8).prop_map(|(header, (circle, author, key, revision, foreign), which)| {
        let mut other = header.clone();
        match which {
            0 => other.circle = circle,
            1 => other.author = author,
            2 => other.key = key,
            3 => other.revision = revision,
            4 => (other.kind, other.class) = (foreign.kind, foreign.class),
            5 => (other.body, other.size) = (foreign.body, foreign.size),
            6 => other.circle = CircleId::FOUNDING,
            _ => other.signer = foreign.signer,
        }
        (header, other)
    })
}

/// A header of a record that verifies without its body.
fn header() -> impl Strategy<Value = Header> {
    any_header().prop_map(|header| match header.class {
        Class::Control => Header { class: Class::Content, kind: Kind::listing(), ..header },
        Class::Content | Class::Letter | Class::Proof => header,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2048))]

    #[test]
    fn a_signature_of_one_header_is_none_of_another((header, other) in one_field_changed(), key in any_key()) {
        let header = Header { signer: key.public(), ..header };
        let other = if other.signer == header.signer { other } else { Header { signer: key.public(), ..other } };
        prop_assume!(header != other);
        let signature = key.sign(&under(RECORD, &header.encode()));
        prop_assert!(envelope(&header, signature).verify().is_ok());
        prop_assert_eq!(envelope(&other, signature).verify(), Err(RefusedBytes::BadSignature));
    }

    #[test]
    fn a_signature_by_one_key_is_none_by_another(header in header(), key in any_key(), named in any_key()) {
        let header = Header { signer: named.public(), ..header };
        prop_assume!(key.public() != named.public());
        let signature = key.sign(&under(RECORD, &header.encode()));
        prop_assert_eq!(envelope(&header, signature).verify(), Err(RefusedBytes::BadSignature));
    }

    #[test]
    fn a_signature_for_one_purpose_is_good_for_no_other(header in any_header(), key in any_key(), one in 0_usize..5, other in 0_usize..5) {
        let purposes = [RECORD, RECEIPT_PURPOSE, CHECKPOINT_PURPOSE, STANCE_PURPOSE, "commonshelf/approval/1"];
        let payload = header.encode();
        let signature = key.sign(&under(purposes[one], &payload));
        let holds = key.public().verify(&under(purposes[other], &payload), &signature);
        prop_assert_eq!(holds, Ok(one == other));
    }

    #[test]
    fn a_seal_holds_for_its_member_circle_purpose_and_bytes_alone(
        (root, device, other) in (any_key(), any_key(), any_member()), circle in any_circle(), elsewhere in any_circle(),
        (payload, foreign) in (any::<[u8; 8]>(), any::<[u8; 8]>()),
    ) {
        let member = MemberId::from(root.public());
        let grant = Grant { signer: device.public(), role: GrantRole::Device, until: Timestamp::from_millis(9), other: Map::new() };
        let statement = Statement { author: member, circle, key: Grant::key(&device.public()), revision: Timestamp::from_millis(1) };
        let grant = statement.sign(&Body::Grant(grant), &root).expect("a grant");
        let seal = Seal::sign(RECEIPT_PURPOSE, &payload, &grant, &device);
        let (now, late) = (Timestamp::from_millis(9), Timestamp::from_millis(10));
        prop_assert!(seal.check(RECEIPT_PURPOSE, &payload, member, circle, now).is_ok());
        prop_assert!(seal.check(STANCE_PURPOSE, &payload, member, circle, now).is_err());
        prop_assert!(seal.check(RECEIPT_PURPOSE, &payload, member, circle, late).is_err());
        prop_assert!(foreign == payload || seal.check(RECEIPT_PURPOSE, &foreign, member, circle, now).is_err());
        prop_assert!(elsewhere == circle || seal.check(RECEIPT_PURPOSE, &payload, member, elsewhere, now).is_err());
        prop_assert!(other == member || seal.check(RECEIPT_PURPOSE, &payload, other, circle, now).is_err());
    }
}
