//! HPKE's Auth mode from the other end: the proof of who wrote a letter, made by its recipient. Written from
//! RFC 9180 alone, so that it checks the library, too.

use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use sha2::{Digest as _, Sha256};
use x25519_dalek::{PublicKey, StaticSecret};

const KEM: &[u8] = b"KEM\x00\x20";
const HPKE: &[u8] = b"HPKE\x00\x20\x00\x01\x00\x03";

/// RFC 2104; the key has at most 64 bytes.
fn hmac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let block = |pad: u8| -> [u8; 64] { std::array::from_fn(|at| key.get(at).copied().unwrap_or(0) ^ pad) };
    let mut inner = Sha256::new_with_prefix(block(0x36));
    for part in parts {
        inner.update(part);
    }
    Sha256::new_with_prefix(block(0x5c)).chain_update(inner.finalize()).finalize().into()
}

fn extract(suite: &[u8], salt: &[u8], label: &[u8], from: &[u8]) -> [u8; 32] {
    hmac(salt, &[b"HPKE-v1", suite, label, from])
}

/// At most 32 bytes, so that one round does.
fn expand<const N: usize>(suite: &[u8], from: &[u8; 32], label: &[u8], info: &[u8]) -> [u8; N] {
    let length = u16::try_from(N).unwrap().to_be_bytes();
    let round = hmac(from, &[&length, b"HPKE-v1", suite, label, info, &[1]]);
    std::array::from_fn(|at| round[at])
}

/// What the sender would compute as DH(sender's secret, recipient's key) is DH(recipient's secret, sender's
/// key) as well.
pub(super) fn proof_of_recipient(secret: &[u8; 32], sender: &[u8; 32], bound: &[u8]) -> [u8; 48] {
    let (own, once) = (StaticSecret::from(*secret), StaticSecret::from([77; 32]));
    let (own_public, once_public) = (PublicKey::from(&own), PublicKey::from(&once));
    let sender = PublicKey::from(*sender);
    let shared =
        [once.diffie_hellman(&own_public).to_bytes(), own.diffie_hellman(&sender).to_bytes()].concat();
    let context = [once_public, own_public, sender].map(|key| key.to_bytes()).concat();
    let shared: [u8; 32] = expand(KEM, &extract(KEM, b"", b"eae_prk", &shared), b"shared_secret", &context);

    let nothing = extract(HPKE, b"", b"psk_id_hash", b"");
    let info = extract(HPKE, b"", b"info_hash", b"commonshelf/letter-auth/1");
    let context = [&[2][..], &nothing, &info].concat();
    let secret = extract(HPKE, &shared, b"secret", b"");
    let key: [u8; 32] = expand(HPKE, &secret, b"key", &context);
    let nonce: [u8; 12] = expand(HPKE, &secret, b"base_nonce", &context);
    let cipher = chacha20poly1305::ChaCha20Poly1305::new(&key.into());
    let tag = cipher.encrypt(&nonce.into(), Payload { msg: b"", aad: bound }).unwrap();
    [&once_public.as_bytes()[..], &tag].concat().try_into().unwrap()
}
