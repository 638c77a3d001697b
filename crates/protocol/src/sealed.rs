//! Sealing what only members may read: gossip, and bundles.

use chacha20poly1305::aead::Aead as _;
use chacha20poly1305::{ChaCha20Poly1305, KeyInit as _, Nonce};
use record::Hash;

/// How many bytes of a sealed message come before the sealed text.
const NONCE: usize = 12;

/// A sealed text.
///
/// The nonce derives from key and text, so that it needs no chance and differs for each text. Whoever sees a
/// message twice can tell that it is the same.
pub(crate) fn seal(key: &[u8; 32], purpose: &str, text: &[u8]) -> Vec<u8> {
    let nonce = Hash::derive(purpose, &[key, text]);
    let nonce = nonce.as_bytes().first_chunk::<NONCE>().copied().unwrap_or_default();
    let cipher = ChaCha20Poly1305::new(key.into());
    // Fails only for texts of many gigabytes.
    let sealed = cipher.encrypt(&Nonce::from(nonce), text).unwrap_or_default();
    [nonce.as_slice(), &sealed].concat()
}

/// The text of a message; none if it was not sealed with this key.
pub(crate) fn open(key: &[u8; 32], message: &[u8]) -> Option<Vec<u8>> {
    let (nonce, sealed) = message.split_first_chunk::<NONCE>()?;
    ChaCha20Poly1305::new(key.into()).decrypt(&Nonce::from(*nonce), sealed).ok()
}
