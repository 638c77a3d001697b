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
    let nonce = nonce(key, purpose, text);
    let cipher = ChaCha20Poly1305::new(key.into());
    // Fails only for texts of many gigabytes.
    let sealed = cipher.encrypt(&Nonce::from(nonce), text).unwrap_or_default();
    [nonce.as_slice(), &sealed].concat()
}

/// The text of a message; none if it was not sealed with this key for this purpose, or under another nonce than
/// its own: there is one message of a text.
pub(crate) fn open(key: &[u8; 32], purpose: &str, message: &[u8]) -> Option<Vec<u8>> {
    let (said, sealed) = message.split_first_chunk::<NONCE>()?;
    let text = ChaCha20Poly1305::new(key.into()).decrypt(&Nonce::from(*said), sealed).ok()?;
    (nonce(key, purpose, &text) == *said).then_some(text)
}

fn nonce(key: &[u8; 32], purpose: &str, text: &[u8]) -> [u8; NONCE] {
    Hash::derive(purpose, &[key, text]).first()
}
