//! Cases of keys and signatures: the tricks that a lax Ed25519 lets pass.
//!
//! The ideas are those of Chalkias, Garillot and Nikolaenko, "Taming the many EdDSAs" (2020), and of de
//! Valence, "It's 255:19AM. Do you know what your validation criteria are?" (2020). The points are computed
//! here: the eight of small order by doubling the curve's torsion, their second encodings by adding the
//! field's prime to y or by giving a sign to x = 0.

use curve25519_dalek::constants::{ED25519_BASEPOINT_POINT as BASE, EIGHT_TORSION};
use curve25519_dalek::{EdwardsPoint, Scalar};
use sha2::{Digest as _, Sha512};

use super::case::{Case, hex};
use super::world::{alice, key};

/// 2²⁵⁵ − 19 and the order of the base point, little endian.
const PRIME: [u8; 32] = little_endian([0xed, 0xff], 0xff, 0x7f);
const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

const fn little_endian(first: [u8; 2], middle: u8, last: u8) -> [u8; 32] {
    let mut bytes = [middle; 32];
    bytes[0] = first[0];
    bytes[1] = first[1];
    bytes[31] = last;
    bytes
}

pub(super) fn cases() -> Vec<Case> {
    let mut cases = encodings();
    cases.extend(plain());
    cases.extend(of_small_order());
    cases.extend(of_mixed_order());
    cases
}

/// What is a key's encoding at all, before any signature is looked at.
fn encodings() -> Vec<Case> {
    let below = little_endian([0xec, 0xff], 0xff, 0x7f);
    vec![
        Case::good("key", "the key of a seed", &alice().id(), ""),
        Case::good("key", "y one below the prime", &below, ""),
        Case::bad("key", "y equal to the prime", &PRIME, "bad-key"),
        Case::bad(
            "key",
            "y equal to the prime, with a sign",
            &little_endian([0xed, 0xff], 0xff, 0xff),
            "bad-key",
        ),
        Case::bad("key", "y of 255 ones", &little_endian([0xff, 0xff], 0xff, 0x7f), "bad-key"),
        Case::bad("key", "31 bytes", &alice().id()[1..], "wrong-type"),
    ]
}

/// The signature of a message under a key.
fn signature(verdict: fn(&str, &str, &[u8], &str) -> Case, name: &str, signed: &Signed, says: &str) -> Case {
    verdict("signature", name, &[signed.commitment, signed.response].concat(), says)
        .with("key", hex(&signed.key))
        .with("message", hex(&signed.message))
}

/// A signature and what it is for.
struct Signed {
    key: [u8; 32],
    message: Vec<u8>,
    commitment: [u8; 32],
    response: [u8; 32],
}

fn plain() -> Vec<Case> {
    let signer = key(1);
    let signed = |message: &[u8]| {
        let bytes = signer.sign(message);
        let (commitment, response) = bytes.split_at(32);
        Signed {
            key: *signer.public().as_bytes(),
            message: message.to_vec(),
            commitment: commitment.try_into().expect("32 bytes"),
            response: response.try_into().expect("32 bytes"),
        }
    };
    let bread = || signed(b"bread");
    let add_order = Signed { response: plus(bread().response, ORDER), ..bread() };
    let mut high = bread();
    high.response[31] |= 0x80;
    let not_a_point = Signed { key: little_endian([2, 0], 0, 0), ..bread() };
    vec![
        signature(Case::good, "a plain signature", &bread(), ""),
        signature(Case::good, "a signature of nothing", &signed(b""), ""),
        signature(
            Case::bad,
            "of another message",
            &Signed { message: b"beard".to_vec(), ..bread() },
            "bad-signature",
        ),
        signature(
            Case::bad,
            "of another key",
            &Signed { key: alice().device_id(), ..bread() },
            "bad-signature",
        ),
        signature(Case::bad, "S with the group's order added", &add_order, "bad-signature"),
        signature(Case::bad, "S with its highest bit", &high, "bad-signature"),
        signature(
            Case::bad,
            "a signature of zeros",
            &Signed { commitment: [0; 32], response: [0; 32], ..bread() },
            "bad-signature",
        ),
        signature(Case::bad, "a key that is no point of the curve", &not_a_point, "bad-key"),
    ]
}

/// The 14 encodings of points of small order, as keys and as commitments, with S made to fit: the equation
/// holds for each key, and for each commitment.
fn of_small_order() -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, encoding, point) in small_orders() {
        // As a key A: S·B = R + k·A holds with R = S·B for a message whose k·A vanishes.
        let s = Scalar::from(7_u64);
        let commitment = (s * BASE).compress().to_bytes();
        let message =
            find(&commitment, &encoding, |k| (k * point).compress() == EdwardsPoint::default().compress());
        let forged = Signed { key: encoding, message, commitment, response: s.to_bytes() };
        let reason = if is_reduced(&encoding) { "weak-key" } else { "bad-key" };
        cases.push(signature(Case::bad, &format!("a key of small order: {name}"), &forged, reason));

        // As a commitment R: with a key of mixed order a·B + T, S = k·a leaves R = −k·T.
        let (a, torsion) = (Scalar::from(11_u64), EIGHT_TORSION[1]);
        let key = (a * BASE + torsion).compress().to_bytes();
        let message =
            find(&encoding, &key, |k| (k * torsion + point).compress() == EdwardsPoint::default().compress());
        let response = (challenge(&encoding, &key, &message) * a).to_bytes();
        let forged = Signed { key, message, commitment: encoding, response };
        cases.push(signature(Case::bad, &format!("R of small order: {name}"), &forged, "bad-signature"));
    }
    cases
}

fn small_orders() -> Vec<(String, [u8; 32], EdwardsPoint)> {
    let mut found: Vec<_> = EIGHT_TORSION
        .iter()
        .enumerate()
        .map(|(at, point)| (format!("{at} times the torsion"), point.compress().to_bytes(), *point))
        .collect();
    let (zero, half) = (EIGHT_TORSION[0], EIGHT_TORSION[4]);
    // y = 0 has order 4; which of the two points it is, the sign tells.
    let quarter = |sign: u8| {
        let even = EIGHT_TORSION[2].compress().to_bytes()[31] >> 7 == sign;
        if even { EIGHT_TORSION[2] } else { EIGHT_TORSION[6] }
    };
    let with_sign = |mut bytes: [u8; 32]| {
        bytes[31] |= 0x80;
        bytes
    };
    let above = little_endian([0xee, 0xff], 0xff, 0x7f);
    found.push(("y = p".to_owned(), PRIME, quarter(0)));
    found.push(("y = p, with a sign".to_owned(), with_sign(PRIME), quarter(1)));
    found.push(("y = p + 1".to_owned(), above, zero));
    found.push(("y = p + 1, with a sign".to_owned(), with_sign(above), zero));
    found.push(("y = 1, with a sign".to_owned(), with_sign(zero.compress().to_bytes()), zero));
    found.push(("y = -1, with a sign".to_owned(), with_sign(half.compress().to_bytes()), half));
    found
}

/// A key with a share of small order: a signature counts if S·B = R + k·A holds as it stands, and not only
/// eight times.
fn of_mixed_order() -> Vec<Case> {
    let (a, r, torsion) = (Scalar::from(13_u64), Scalar::from(17_u64), EIGHT_TORSION[1]);
    let is_zero = |point: EdwardsPoint| point.compress() == EdwardsPoint::default().compress();
    let made = |key: EdwardsPoint, commitment: EdwardsPoint, fits: &dyn Fn(Scalar) -> bool| {
        let (key, commitment) = (key.compress().to_bytes(), commitment.compress().to_bytes());
        let message = find(&commitment, &key, fits);
        let response = (r + challenge(&commitment, &key, &message) * a).to_bytes();
        Signed { key, message, commitment, response }
    };
    let (pure, mixed) = (a * BASE, a * BASE + torsion);
    let (plain, shifted) = (r * BASE, r * BASE - torsion);
    vec![
        signature(
            Case::good,
            "a mixed key, the equation holds",
            &made(mixed, plain, &|k| is_zero(k * torsion)),
            "",
        ),
        signature(
            Case::good,
            "a mixed key and R, the equation holds",
            &made(mixed, shifted, &|k| is_zero(k * torsion - torsion)),
            "",
        ),
        signature(
            Case::bad,
            "a mixed key, the equation holds eight times only",
            &made(mixed, plain, &|k| !is_zero(k * torsion)),
            "bad-signature",
        ),
        signature(
            Case::bad,
            "a mixed R, the equation holds eight times only",
            &made(pure, shifted, &|_| true),
            "bad-signature",
        ),
    ]
}

/// A message for which the challenge fits, the first one by number.
fn find(commitment: &[u8; 32], key: &[u8; 32], fits: impl Fn(Scalar) -> bool) -> Vec<u8> {
    let mut messages = (0_u32..).map(|number| number.to_be_bytes().to_vec());
    messages.find(|message| fits(challenge(commitment, key, message))).expect("one of eight fits")
}

fn challenge(commitment: &[u8; 32], key: &[u8; 32], message: &[u8]) -> Scalar {
    let digest = Sha512::new().chain_update(commitment).chain_update(key).chain_update(message).finalize();
    Scalar::from_bytes_mod_order_wide(&digest.into())
}

fn is_reduced(encoding: &[u8; 32]) -> bool {
    let mut y = *encoding;
    y[31] &= 0x7f;
    y.iter().rev().lt(PRIME.iter().rev())
}

/// The sum of two numbers, little endian.
fn plus(one: [u8; 32], other: [u8; 32]) -> [u8; 32] {
    let mut carry = 0;
    let mut sum = [0; 32];
    for ((sum, one), other) in sum.iter_mut().zip(one).zip(other) {
        let total = u16::from(one) + u16::from(other) + carry;
        [*sum, _] = total.to_le_bytes();
        carry = total >> 8;
    }
    sum
}
