//! Single rules, each by an example.

use std::collections::BTreeMap;

use record::{
    Body, Charter, CircleId, Class, Fault, Grant, GrantRole, Key, Kind, Listing, MemberId, Quotas, SecretKey,
    Side, Statement, Timestamp, Verified,
};

use crate::{Catalogue, Refusal, Standing, Window};

const NOW: Timestamp = Timestamp::from_millis(1_790_000_000_000);

struct Circle {
    id: CircleId,
    founding: Verified,
    root: SecretKey,
    device: SecretKey,
}

impl Circle {
    fn new(quotas: Quotas) -> Self {
        let (root, device) = (SecretKey::from_seed(&[1; 32]), SecretKey::from_seed(&[2; 32]));
        let author = MemberId::from(root.public());
        let mut charter = Charter::founding("Haus", author).unwrap();
        charter.quotas = quotas;
        let key = Key::from_bytes([0; 16]);
        let founding = Statement { author, circle: CircleId::FOUNDING, key, revision: NOW }
            .sign(&Body::Charter(charter), &device)
            .unwrap();
        Self { id: CircleId::founded_by(founding.id()), founding, root, device }
    }

    fn statement(&self, key: u8, revision: Timestamp) -> Statement {
        let author = self.root.public().into();
        Statement { author, circle: self.id, key: Key::from_bytes([key; 16]), revision }
    }

    fn listing(&self, key: u8, revision: Timestamp) -> Verified {
        let listing = Listing::new(Side::Offer, "Leiter");
        self.statement(key, revision).sign(&Body::Listing(listing), &self.device).unwrap()
    }

    fn withdrawal(&self, key: u8, revision: Timestamp) -> Verified {
        self.statement(key, revision).sign_withdrawal(Kind::listing(), Class::Content, &self.device)
    }

    fn grant(&self) -> Verified {
        let signer = self.device.public();
        let body =
            Grant { signer, role: GrantRole::Device, until: NOW.plus_days(365), other: BTreeMap::new() };
        let statement = Statement { key: Grant::key(&signer), ..self.statement(0, NOW) };
        statement.sign(&Body::Grant(body), &self.root).unwrap()
    }

    fn catalogue(&self) -> Catalogue {
        let mut catalogue = Catalogue::new(self.id);
        catalogue.insert(&self.founding, NOW).unwrap();
        catalogue.insert(&self.grant(), NOW).unwrap();
        catalogue
    }
}

fn circle() -> Circle {
    Circle::new(Quotas::default())
}

#[test]
fn a_withdrawal_is_final_even_against_a_later_revision() {
    let circle = circle();
    let mut catalogue = circle.catalogue();
    catalogue.insert(&circle.listing(1, NOW), NOW).unwrap();
    let changes = catalogue.insert(&circle.withdrawal(1, NOW.plus_millis(1)), NOW).unwrap();
    assert_eq!(changes.dropped, [circle.listing(1, NOW).id()].into());
    assert_eq!(catalogue.insert(&circle.listing(1, NOW.plus_millis(2)), NOW), Err(Refusal::Superseded));
}

#[test]
fn a_listing_ends_180_days_after_its_revision_and_does_not_come_back() {
    let circle = circle();
    let mut catalogue = circle.catalogue();
    let listing = circle.listing(1, NOW);
    catalogue.insert(&listing, NOW).unwrap();
    assert!(catalogue.advance(NOW.plus_days(180).minus_millis(1)).is_empty());
    assert_eq!(catalogue.advance(NOW.plus_days(180)).removed, [listing.id()].into());
    assert_eq!(catalogue.insert(&listing, NOW.plus_days(180)), Err(Refusal::Expired));
}

#[test]
fn a_record_from_the_future_waits_without_fault() {
    let circle = circle();
    let mut catalogue = circle.catalogue();
    let soon = circle.listing(1, NOW.plus_millis(600_000));
    let later = circle.listing(2, NOW.plus_millis(600_001));
    assert!(catalogue.insert(&soon, NOW).is_ok());
    assert_eq!(catalogue.insert(&later, NOW), Err(Refusal::Future));
    assert_eq!(Refusal::Future.fault(), Fault::Nobody);
    assert!(catalogue.insert(&later, NOW.plus_millis(1)).is_ok());
}

#[test]
fn a_listing_that_comes_before_its_grant_is_admitted_with_it() {
    let circle = circle();
    let mut catalogue = Catalogue::new(circle.id);
    let listing = circle.listing(1, NOW);
    assert_eq!(catalogue.insert(&listing, NOW), Err(Refusal::NoCharterYet));
    catalogue.insert(&circle.founding, NOW).unwrap();
    catalogue.insert(&listing, NOW).unwrap();
    assert_eq!(catalogue.standing(&listing.id()), Some(Standing::Waiting));
    let changes = catalogue.insert(&circle.grant(), NOW).unwrap();
    assert_eq!(changes.admitted, [circle.grant().id(), listing.id()].into());
}

#[test]
fn revoking_a_device_voids_what_it_signed() {
    let circle = circle();
    let mut catalogue = circle.catalogue();
    catalogue.insert(&circle.listing(1, NOW), NOW).unwrap();
    let key = Grant::key(&circle.device.public());
    let revocation = Statement { key, ..circle.statement(0, NOW.plus_millis(1)) }.sign_withdrawal(
        Kind::grant(),
        Class::Control,
        &circle.root,
    );
    let changes = catalogue.insert(&revocation, NOW).unwrap();
    assert!(changes.removed.contains(&circle.listing(1, NOW).id()));
    assert_eq!(catalogue.insert(&circle.listing(2, NOW), NOW), Err(Refusal::Revoked));
}

#[test]
fn a_root_key_signs_grants_alone_and_nobody_else_does() {
    let circle = circle();
    let mut catalogue = circle.catalogue();
    let by_root = circle
        .statement(1, NOW)
        .sign(&Body::Listing(Listing::new(Side::Offer, "Leiter")), &circle.root)
        .unwrap();
    assert_eq!(catalogue.insert(&by_root, NOW), Err(Refusal::SignedByRoot));
    let signer = SecretKey::from_seed(&[3; 32]).public();
    let grant = Body::Grant(Grant { signer, role: GrantRole::Desk, until: NOW, other: BTreeMap::new() });
    let key = Grant::key(&signer);
    let by_device = Statement { key, ..circle.statement(0, NOW) }.sign(&grant, &circle.device).unwrap();
    assert_eq!(catalogue.insert(&by_device, NOW), Err(Refusal::GrantNotByRoot));
    let misplaced = circle.statement(9, NOW).sign(&grant, &circle.root).unwrap();
    assert_eq!(catalogue.insert(&misplaced, NOW), Err(Refusal::GrantMisplaced));
    for refusal in [Refusal::SignedByRoot, Refusal::GrantNotByRoot, Refusal::GrantMisplaced] {
        assert_eq!(refusal.fault(), Fault::Sender);
    }
}

#[test]
fn beyond_the_quota_only_the_newest_are_admitted_and_a_gap_is_filled() {
    let circle = Circle::new(Quotas { content: 2, ..Quotas::default() });
    let mut catalogue = circle.catalogue();
    let listings: Vec<_> = (1..=3).map(|key| circle.listing(key, NOW.plus_days(key.into()))).collect();
    let later = NOW.plus_days(10);
    for listing in &listings {
        catalogue.insert(listing, later).unwrap();
    }
    assert_eq!(catalogue.standing(&listings[0].id()), Some(Standing::OverQuota));
    catalogue.insert(&circle.listing(2, NOW.plus_days(4)), later).unwrap();
    assert_eq!(catalogue.standing(&listings[0].id()), Some(Standing::OverQuota));
    // The two newest end first only if they were written first, so the gap comes from a revision.
    let end = NOW.plus_days(181);
    assert_eq!(catalogue.advance(end).dropped, [listings[0].id()].into());
}

#[test]
fn clocks_a_little_apart_see_the_same_session() {
    let circle = circle();
    let (mut ahead, mut behind) = (circle.catalogue(), circle.catalogue());
    let slow = NOW;
    let fast = NOW.plus_millis(20 * 60_000);
    // Too new for the slow clock; the fast one has it already.
    ahead.insert(&circle.listing(1, fast), fast).unwrap();
    assert_eq!(behind.insert(&circle.listing(1, fast), slow), Err(Refusal::Future));
    let window = Window::between(slow, fast);
    assert_eq!(ahead.digests(window), behind.digests(window));
    // Expired for the fast clock; the slow one has it still.
    let (mut ahead, mut behind) = (circle.catalogue(), circle.catalogue());
    let old = circle.listing(2, NOW);
    let (slow, fast) = (NOW.plus_days(180).minus_millis(1), NOW.plus_days(180));
    behind.insert(&old, slow).unwrap();
    ahead.advance(fast);
    let window = Window::between(slow, fast);
    assert!(behind.admitted(&old.id()).is_some());
    assert_eq!(behind.digests(window), ahead.digests(window));
}

#[test]
fn a_record_of_another_circle_is_the_senders_fault() {
    let circle = circle();
    let mut catalogue = circle.catalogue();
    let foreign = Statement { circle: CircleId::from_bytes([9; 32]), ..circle.statement(1, NOW) }
        .sign(&Body::Listing(Listing::new(Side::Need, "Leiter")), &circle.device)
        .unwrap();
    assert_eq!(catalogue.insert(&foreign, NOW), Err(Refusal::OtherCircle));
    assert_eq!(Refusal::OtherCircle.fault(), Fault::Sender);
}
