//! Who speaks in the cases: two members with a device each, and a node that hosts both.

use record::{Hash, SecretKey};

use super::raw::{Fields, bytes, head, list, text, uint};

/// When most things in the cases are said: 2026-09-21T14:13:20Z.
pub(super) const NOW: u64 = 1_790_000_000_000;
/// When the grants end.
pub(super) const END: u64 = 1_890_000_000_000;
/// The purposes of signatures.
pub(super) const RECORD: &str = "commonshelf/record/1";
pub(super) const RECEIPT: &str = "commonshelf/receipt/1";
/// The protected header `{1: -19}`.
pub(super) const PROTECTED: [u8; 3] = [0xa1, 0x01, 0x32];

/// A member in the circle of the cases.
pub(super) struct Person {
    pub(super) root: SecretKey,
    pub(super) device: SecretKey,
    pub(super) role: &'static str,
}

/// The circle in which the cases play.
pub(super) fn circle() -> [u8; 32] {
    *Hash::of(b"a circle").as_bytes()
}

pub(super) fn alice() -> Person {
    Person { root: key(1), device: key(2), role: "device" }
}

pub(super) fn bob() -> Person {
    Person { root: key(3), device: key(4), role: "device" }
}

/// A member for whom the host signs.
pub(super) fn hosted(person: Person) -> Person {
    Person { device: key(9), role: "host", ..person }
}

pub(super) fn key(seed: u8) -> SecretKey {
    SecretKey::from_seed(&[seed; 32])
}

impl Person {
    pub(super) fn id(&self) -> [u8; 32] {
        *self.root.public().as_bytes()
    }

    pub(super) fn device_id(&self) -> [u8; 32] {
        *self.device.public().as_bytes()
    }

    /// The body of the grant for the device.
    pub(super) fn grant(&self) -> Fields {
        Fields::new()
            .with("signer", bytes(&self.device_id()))
            .with("role", text(self.role))
            .with("until", uint(END))
    }

    /// The header of a record that the device signs.
    pub(super) fn header(&self, class: &str, kind: &str, body: &[u8]) -> Fields {
        Fields::new()
            .with("author", bytes(&self.id()))
            .with("signer", bytes(&self.device_id()))
            .with("circle", bytes(&circle()))
            .with("class", text(class))
            .with("kind", text(kind))
            .with("key", bytes(&Hash::of(kind.as_bytes()).as_bytes()[..16]))
            .with("revision", uint(NOW))
            .with("body", bytes(Hash::of(body).as_bytes()))
            .with("size", uint(body.len() as u64))
    }

    /// The header of the grant for the device, which the root signs.
    pub(super) fn grant_header(&self) -> Fields {
        let slot = Hash::derive("commonshelf/grant/1", &[&self.device_id()]);
        self.header("control", "grant", &self.grant().encode())
            .with("signer", bytes(&self.id()))
            .with("key", bytes(&slot.as_bytes()[..16]))
            .with("revision", uint(NOW - 1000))
    }

    /// A seal of these bytes: the grant beside the device's signature.
    pub(super) fn seal(&self, purpose: &str, payload: &[u8]) -> Fields {
        Fields::new()
            .with("grant", bytes(&envelope(&self.grant_header(), &self.root)))
            .with("body", bytes(&self.grant().encode()))
            .with("signature", bytes(&sign(purpose, payload, &self.device)))
    }
}

/// The Sig_structure of RFC 9052 §4.4.
pub(super) fn to_be_signed(purpose: &str, payload: &[u8]) -> Vec<u8> {
    list(&[text("Signature1"), bytes(&PROTECTED), bytes(purpose.as_bytes()), bytes(payload)])
}

pub(super) fn sign(purpose: &str, payload: &[u8], key: &SecretKey) -> [u8; 64] {
    key.sign(&to_be_signed(purpose, payload))
}

/// A signed header as it travels.
pub(super) fn envelope(header: &Fields, key: &SecretKey) -> Vec<u8> {
    let payload = header.encode();
    let signature = sign(RECORD, &payload, key);
    cose(bytes(&PROTECTED), head(5, 0), bytes(&payload), &signature)
}

/// A COSE_Sign1 of these parts.
pub(super) fn cose(protected: Vec<u8>, other: Vec<u8>, payload: Vec<u8>, signature: &[u8]) -> Vec<u8> {
    list(&[protected, other, payload, bytes(signature)])
}
