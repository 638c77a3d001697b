//! A member that is no node: a test holds its keys, and signs whatever it wants with them.

use record::{
    Body, Charter, CircleId, Grant, GrantRole, Hash, Header, Key, Map, MemberId, Record, SecretKey,
    Statement, Timestamp, Value, Verified,
};

/// The protected header of every envelope.
const PROTECTED: [u8; 3] = [0xa1, 0x01, 0x32];

/// The hour.
///
/// # Panics
/// If this machine's clock stands before 1970.
#[must_use]
pub fn now() -> Timestamp {
    let since = std::time::UNIX_EPOCH.elapsed().expect("a clock after 1970");
    Timestamp::from_millis(u64::try_from(since.as_millis()).expect("a clock before the year 500 million"))
}

/// A member's keys.
pub struct Member {
    root: SecretKey,
    /// What it signs all with but the grant for this key.
    pub device: SecretKey,
}

impl Member {
    /// The member with this number, the same each time.
    #[must_use]
    pub fn new(number: u8) -> Self {
        let seed = |part: u8| SecretKey::from_seed(&[[number; 16], [part; 16]].concat().try_into().unwrap());
        Self { root: seed(1), device: seed(2) }
    }

    /// Its name.
    #[must_use]
    pub fn id(&self) -> MemberId {
        self.root.public().into()
    }

    /// Founds the circle of a charter.
    ///
    /// # Panics
    /// If the charter breaks a rule.
    #[must_use]
    pub fn found(&self, charter: Charter) -> (CircleId, Verified) {
        let founding = self.says(CircleId::FOUNDING, Key::from_bytes([0; 16]));
        let charter = founding.sign(&Body::Charter(charter), &self.device).expect("a charter");
        (CircleId::founded_by(charter.id()), charter)
    }

    /// Lets its device sign for it.
    ///
    /// # Panics
    /// Never: grants are always good.
    #[must_use]
    pub fn grant(&self, circle: CircleId) -> Verified {
        let (signer, role) = (self.device.public(), GrantRole::Device);
        let grant = Grant { signer, role, until: now().plus_days(30), other: Map::new() };
        self.says(circle, Grant::key(&signer)).sign(&Body::Grant(grant), &self.root).expect("a grant")
    }

    /// What it says of one of its things.
    ///
    /// # Panics
    /// If the body breaks a rule.
    #[must_use]
    pub fn sign(&self, circle: CircleId, key: Key, body: &Body) -> Verified {
        self.says(circle, key).sign(body, &self.device).expect("a good body")
    }

    /// The same without a look at the rules: the signature is good, whatever the body.
    ///
    /// # Panics
    /// If the body is of no known kind.
    #[must_use]
    pub fn insist(&self, circle: CircleId, key: Key, body: &Body) -> Record {
        let (kind, bytes) = (body.kind().expect("a known kind"), body.encode());
        let header = Header {
            author: self.id(),
            signer: self.device.public(),
            circle,
            class: kind.class().expect("a known kind"),
            kind,
            key,
            revision: now(),
            body: Hash::of(&bytes),
            size: u32::try_from(bytes.len()).expect("less than 4 GiB"),
        };
        let (payload, protected) = (Value::Bytes(header.encode()), Value::Bytes(PROTECTED.to_vec()));
        let (what, purpose) = (Value::Text("Signature1".into()), b"commonshelf/record/1".to_vec());
        let signed = Value::List(vec![what, protected.clone(), Value::Bytes(purpose), payload.clone()]);
        let signature = Value::Bytes(self.device.sign(&signed.encode()).to_vec());
        let envelope = Value::List(vec![protected, Value::Map(Map::new()), payload, signature]);
        Record { envelope: envelope.encode(), body: Some(bytes) }
    }

    fn says(&self, circle: CircleId, key: Key) -> Statement {
        Statement { author: self.id(), circle, key, revision: now() }
    }
}
