//! Cases of names and of what derives from something: digests, ids, members, secrets.

use std::collections::BTreeSet;

use record::{CircleId, Hash, Key, MemberId, ReadSecret, RecordId, Timestamp};

use super::case::{Case, hex};
use super::world::{END, alice, bob, circle};

pub(super) fn cases() -> Vec<Case> {
    let mut cases = derived();
    cases.extend(drawn());
    cases.extend(texts());
    cases
}

fn derived() -> Vec<Case> {
    let mut cases = Vec::new();
    let parts: [(&str, &[&[u8]]); 4] = [
        ("no parts", &[]),
        ("one empty part", &[b""]),
        ("two parts", &[b"ab", b"c"]),
        ("the same letters, parted otherwise", &[b"a", b"bc"]),
    ];
    for (name, parts) in parts {
        let digest = Hash::derive("commonshelf/test/1", parts);
        let parts: Vec<String> = parts.iter().map(|part| format!("{}.", hex(part))).collect();
        let case = Case::good("derive", &format!("derive: {name}"), &[], &digest.to_string());
        cases.push(case.with("purpose", "commonshelf/test/1").with("parts", parts.concat()));
    }
    let open = ReadSecret::open(CircleId::from_bytes(circle()));
    cases.push(Case::good(
        "read-secret",
        "the read secret of a circle that anyone may read",
        &circle(),
        &hex(open.as_bytes()),
    ));
    cases.push(Case::good("topic", "the topic of a read secret", open.as_bytes(), &open.topic().to_string()));
    cases.push(Case::good(
        "discovery",
        "the discovery name of a read secret",
        open.as_bytes(),
        &open.discovery().to_string(),
    ));
    cases.push(Case::good(
        "gossip-key",
        "the gossip key of a read secret",
        open.as_bytes(),
        &hex(&*open.gossip_key()),
    ));
    let proof = open.proof(CircleId::from_bytes(circle()), "opener", &[&[1; 16], &[2; 16]]);
    let proof = Case::good("read-proof", "the proof of a read secret", open.as_bytes(), &proof.to_string());
    cases.push(
        proof
            .with("circle", hex(&circle()))
            .with("side", "opener")
            .with("drawn", format!("{}.{}.", hex(&[1; 16]), hex(&[2; 16]))),
    );
    let slot = record::Grant::key(&alice().device.public());
    cases.push(Case::good("grant-key", "the slot of a grant", &alice().device_id(), &slot.to_string()));
    let commitment = record::code_commitment(record::Key::from_bytes([6; 16]), "4711-ü");
    let commitment =
        Case::good("pick-up", "the commitment to a pick-up code", &[6; 16], &commitment.to_string());
    cases.push(commitment.with("code", "4711-ü"));
    cases
}

/// To what a lister binds itself, what comes out of a draw, and where a receipt lies.
fn drawn() -> Vec<Case> {
    let secret = [7; 32];
    let (alice, bob) = (alice().id(), bob().id());
    let lister = MemberId::from_bytes(alice).expect("a key");
    let closes = Timestamp::from_millis(END);
    let commitment = record::draw_commitment(&secret, lister, Key::from_bytes([5; 16]), closes);
    let commitment =
        Case::good("draw-commitment", "the commitment to a draw", &secret, &commitment.to_string());
    let nonces: BTreeSet<[u8; 16]> = (1..=5).map(|number| [number; 16]).collect();
    let parts = |nonces: &mut dyn Iterator<Item = &[u8; 16]>| {
        nonces.map(|nonce| format!("{}.", hex(nonce))).collect::<String>()
    };
    let order = record::draw_order(&secret, &nonces);
    let order = Case::good("draw-order", "the order of a draw", &secret, &parts(&mut order.iter()));
    let parties = [alice, bob].concat();
    let slot = Key::derive("commonshelf/receipt-key/1", &[&[6; 16], &alice, &bob]);
    let slot = Case::good("receipt-key", "the slot of a receipt", &parties, &slot.to_string());
    vec![
        commitment.with("lister", hex(&alice)).with("listing", hex(&[5; 16])).with("closes", END.to_string()),
        order.with("nonces", parts(&mut nonces.iter())),
        slot.with("exchange", hex(&[6; 16])),
    ]
}

fn texts() -> Vec<Case> {
    let id = RecordId::from_bytes(circle());
    let member = MemberId::from(alice().root.public());
    let upper = id.to_string().to_uppercase();
    // The last letter of 59 holds two bits that no byte needs.
    let id_text = id.to_string();
    let last = id_text.chars().last().expect("59 letters");
    let spoiled = format!("{}{}", &id_text[..58], if last == 'b' { 'c' } else { 'b' });
    let mut cases = vec![
        Case::good("id", "an id as text", &[], &hex(&circle())).with("text", id.to_string()),
        Case::good("member", "a member as text", &[], &hex(&alice().id())).with("text", member.to_string()),
    ];
    for (what, name, text) in [
        ("id", "an id in capitals", upper.as_str()),
        ("id", "an id whose last letter holds more than bits of the digest", &spoiled),
        ("id", "an id that is cut off", &id_text[..57]),
        ("id", "an id of raw bytes", "bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy"),
        ("id", "an id with padding", &format!("{id_text}=")),
        ("member", "a member of another method", "did:web:shop.example"),
        (
            "member",
            "a member with another type of key",
            "did:key:zQ3shokFTS3brHcDQrn82RUDfCZESWL1ZdCEJwekUDPQiYBme",
        ),
        ("member", "a member with a letter that base 58 lacks", &member.to_string().replace("z6Mk", "z6M0")),
    ] {
        cases.push(Case::bad(what, name, &[], "text").with("text", text));
    }
    cases
}
