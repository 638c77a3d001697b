//! Who belongs, and by which charter: one story for each law.

use std::collections::BTreeMap;

use record::{
    Body, Class, Grant, GrantRole, Key, Kind, Listing, ReadSecret, Side, Statement, Verified, WritePolicy,
};

use crate::laws::scribe::{Act, NOW, Scribe, What, at, device, founding, member, root};
use crate::{Belonging, Catalogue, Refusal};

/// A circle, its scribe, and one node that follows it.
struct Story {
    scribe: Scribe,
    catalogue: Catalogue,
}

impl Story {
    /// Where everybody has granted their two devices.
    fn new(write: WritePolicy) -> Self {
        let scribe = Scribe::new(write);
        let mut catalogue = Catalogue::new(scribe.circle);
        catalogue.insert(&founding(write), NOW).unwrap();
        let mut story = Self { scribe, catalogue };
        for number in 0..5 {
            for device in 0..2 {
                let what = What::Grant { until: 255, role: GrantRole::Device };
                story.happen(Act { member: number, device, hour: 1, what });
            }
        }
        story
    }

    fn sign(&mut self, member: u8, hour: u8, what: What) -> Verified {
        self.scribe.record(Act { member, device: 0, hour, what })
    }

    fn happen(&mut self, act: Act) -> Verified {
        let record = self.scribe.record(act);
        self.hear(&record);
        record
    }

    fn hear(&mut self, record: &Verified) {
        if let Err(refusal) = self.catalogue.insert(record, NOW) {
            assert!(matches!(refusal, Refusal::Known | Refusal::Revoked | Refusal::Superseded), "{refusal}");
        }
    }

    fn says(&mut self, member: u8, hour: u8, what: What) -> Verified {
        self.happen(Act { member, device: 0, hour, what })
    }

    /// Lets a member's first device sign for years.
    fn grant_for_years(&mut self, number: u8) {
        let signer = device(number, 0).public();
        let until = NOW.plus_days(1_000);
        let body = Body::Grant(Grant { signer, role: GrantRole::Device, until, other: BTreeMap::new() });
        let (author, circle, key) = (member(number), self.scribe.circle, Grant::key(&signer));
        let statement = Statement { author, circle, key, revision: at(2) };
        self.hear(&statement.sign(&body, &root(number)).unwrap());
    }

    fn has(&self, record: &Verified) -> bool {
        self.catalogue.admitted(&record.id()).is_some()
    }

    fn belonging(&self, number: u8) -> Belonging {
        self.catalogue.belonging(&member(number))
    }
}

/// A charter that names the members whose bits are set; those of `approve` and its author approve.
const fn charter(parent: u8, stewards: u8, approve: u8) -> What {
    What::Charter { parent, stewards, approve, write: WritePolicy::Invited }
}

#[test]
fn the_newest_rotation_of_a_steward_names_the_read_secret_and_nobody_elses_counts() {
    let mut story = Story::new(WritePolicy::Open);
    let named = |story: &Story| story.catalogue.rotation().map(|(_, secret)| secret);
    let name = |secret: u8| ReadSecret::from_bytes([secret; 32]).name();
    assert_eq!(named(&story), None);
    story.says(1, 20, What::Rotate { secret: 9 });
    assert_eq!(named(&story), None, "a stranger's word");
    let first = story.says(0, 15, What::Rotate { secret: 1 });
    assert_eq!(named(&story), Some(name(1)));
    story.says(0, 30, What::Rotate { secret: 2 });
    assert_eq!(named(&story), Some(name(2)));
    assert!(!story.has(&first), "a steward's newer one takes the place of the older");
    // Hour 40 is no multiple of seven, and names member 0 besides.
    story.says(0, 40, charter(0, 0b11, 0));
    story.says(1, 41, What::Rotate { secret: 3 });
    assert_eq!(named(&story), Some(name(3)), "of several stewards the newest");
    assert!(!story.catalogue.is_revoked(member(1), &device(1, 0).public()));
    story.says(1, 50, What::Revoke);
    assert_eq!(named(&story), Some(name(2)), "what a revoked key signed is void");
    assert!(story.catalogue.is_revoked(member(1), &device(1, 0).public()));
}

#[test]
fn a_charter_counts_when_more_than_half_of_the_stewards_before_it_approve() {
    let mut story = Story::new(WritePolicy::Open);
    // Hours that are no multiple of seven distrust nobody; hour 15 names member 0 besides.
    let first = story.says(0, 15, charter(0, 0b111, 0));
    assert!(story.has(&first));
    assert_eq!(
        [0, 1, 2, 3].map(|number| story.belonging(number)),
        [Belonging::Steward, Belonging::Steward, Belonging::Steward, Belonging::Stranger]
    );
    let by_one = story.says(1, 20, charter(1, 0b10, 0));
    assert!(!story.has(&by_one));
    let by_a_stranger = story.says(3, 25, charter(1, 0b1000, 0b1111));
    assert!(!story.has(&by_a_stranger), "its author is no steward");
    let by_two = story.says(1, 30, charter(1, 0b10, 0b100));
    assert!(story.has(&by_two));
    assert_eq!(story.catalogue.charter_id(), Some(by_two.id()));
    assert_eq!(story.belonging(2), Belonging::Member, "who was a steward stays a member");
}

#[test]
fn of_two_charters_that_follow_the_same_one_the_newer_counts_in_either_order() {
    for turned in [false, true] {
        let mut story = Story::new(WritePolicy::Open);
        let older = story.sign(0, 16, charter(0, 0b10, 0));
        let newer = story.sign(0, 17, charter(0, 0b100, 0));
        let (one, other) = if turned { (&newer, &older) } else { (&older, &newer) };
        story.hear(one);
        story.hear(other);
        assert_eq!(story.catalogue.charter_id(), Some(newer.id()));
        assert_eq!(story.belonging(1), Belonging::Stranger);
    }
}

#[test]
fn a_key_that_was_revoked_makes_no_lone_stewards_charter_but_undoes_none_of_several() {
    let mut story = Story::new(WritePolicy::Open);
    let alone = story.says(0, 15, charter(0, 0b111, 0));
    let together = story.says(0, 20, charter(1, 0b11, 0b11));
    assert_eq!(story.catalogue.charter_id(), Some(together.id()));
    // Member 1 revokes the key with which it approved: the circle's word stands.
    story.says(1, 40, What::Revoke);
    assert_eq!(story.catalogue.charter_id(), Some(together.id()));
    // The founder's key was stolen: what it alone signed is void, whatever its date.
    story.says(0, 41, What::Revoke);
    assert!(!story.has(&alone) && !story.has(&together));
    assert_eq!(story.belonging(1), Belonging::Stranger);
    let again = story.happen(Act { member: 0, device: 1, hour: 45, what: charter(0, 0b111, 0) });
    assert_eq!(story.catalogue.charter_id(), Some(again.id()));
}

#[test]
fn in_a_circle_by_invitation_a_strangers_records_wait_for_the_admission() {
    let mut story = Story::new(WritePolicy::Invited);
    let listing = story.says(1, 20, What::Listing { key: 1 });
    assert!(!story.has(&listing));
    story.says(2, 21, What::Admit { member: 1 });
    assert!(!story.has(&listing), "who is no steward admits nobody");
    story.says(0, 22, What::Admit { member: 1 });
    // Its grants were held; what they let count is there at once.
    assert!(story.has(&listing));
    assert_eq!(story.belonging(1), Belonging::Member);
}

#[test]
fn removal_beats_admission_and_keeps_what_was_said_before_it_in_every_order() {
    let orders = [[0, 1, 2, 3, 4], [4, 3, 2, 1, 0], [2, 0, 4, 1, 3], [1, 4, 0, 3, 2]];
    for order in orders {
        let mut story = Story::new(WritePolicy::Invited);
        let records = [
            story.sign(0, 30, What::Exclude { member: 1 }),
            story.sign(0, 90, What::Admit { member: 1 }),
            story.sign(1, 20, What::Listing { key: 1 }),
            story.sign(1, 50, What::Listing { key: 2 }),
            story.sign(1, 60, What::Withdraw { key: 3 }),
        ];
        for at in order {
            story.hear(&records[at]);
        }
        assert!(matches!(story.belonging(1), Belonging::Removed { .. }));
        assert_eq!(records.each_ref().map(|record| story.has(record)), [true, true, true, false, true]);
        // The steward thinks better of it.
        story.says(0, 95, What::Forgive { key: 1 });
        assert_eq!(story.belonging(1), Belonging::Member);
        assert!(story.has(&records[3]));
    }
}

#[test]
fn a_removed_members_vouches_count_no_more_unless_a_steward_pinned_the_newcomer() {
    let mut story = Story::new(WritePolicy::Vouched);
    // Two vouches are needed. The steward and member 1 vouch for 2; members 1 and 2 vouch for 3.
    story.says(0, 10, What::Admit { member: 1 });
    for (by, whom) in [(0, 2), (1, 2), (1, 3), (2, 3)] {
        story.says(by, 11 + by, What::Vouch { member: whom });
    }
    assert_eq!((story.belonging(2), story.belonging(3)), (Belonging::Member, Belonging::Member));
    let listing = story.says(3, 30, What::Listing { key: 1 });
    assert!(story.has(&listing));
    story.says(0, 40, What::Exclude { member: 1 });
    assert_eq!((story.belonging(2), story.belonging(3)), (Belonging::Stranger, Belonging::Stranger));
    assert!(!story.has(&listing));
    story.says(0, 41, What::Admit { member: 3 });
    assert_eq!((story.belonging(2), story.belonging(3)), (Belonging::Stranger, Belonging::Member));
    story.hear(&listing);
    assert!(story.has(&listing));
}

#[test]
fn members_who_vouch_for_each_other_alone_are_no_members() {
    let mut story = Story::new(WritePolicy::Vouched);
    for (by, whom) in [(1, 2), (2, 1), (1, 3), (3, 1), (2, 3), (3, 2)] {
        story.says(by, 10 + whom, What::Vouch { member: whom });
    }
    assert_eq!([1, 2, 3].map(|number| story.belonging(number)), [Belonging::Stranger; 3]);
}

#[test]
fn a_key_at_the_desk_lists_things_and_admits_nobody() {
    let mut story = Story::new(WritePolicy::Invited);
    story.says(0, 5, What::Grant { until: 255, role: GrantRole::Desk });
    let listing = story.says(0, 10, What::Listing { key: 1 });
    let admission = story.says(0, 11, What::Admit { member: 1 });
    assert!(story.has(&listing) && !story.has(&admission));
    assert_eq!(story.belonging(1), Belonging::Stranger);
}

#[test]
fn what_a_revoked_key_signed_is_void_but_what_two_signed_before_stands() {
    let mut story = Story::new(WritePolicy::Open);
    let listing = story.says(1, 20, What::Listing { key: 1 });
    let receipt = story.says(1, 21, What::Receipt { key: 1 });
    story.says(1, 30, What::Revoke);
    assert!(!story.has(&listing) && story.has(&receipt));
    let back_dated = story.says(1, 25, What::Listing { key: 2 });
    let later = story.says(1, 31, What::Receipt { key: 2 });
    assert!(!story.has(&back_dated) && !story.has(&later));
}

#[test]
fn of_a_thousand_forks_every_node_chooses_the_same() {
    let mut story = Story::new(WritePolicy::Open);
    story.grant_for_years(1);
    let fork = |number: usize| {
        let body = Body::Listing(Listing::new(Side::Offer, &format!("Leiter {number}")));
        let (author, circle) = (member(1), story.scribe.circle);
        let key = Key::from_bytes([9; 16]);
        Statement { author, circle, key, revision: NOW }.sign(&body, &device(1, 0)).unwrap()
    };
    let forks: Vec<_> = (0..1_000).map(fork).collect();
    let (mut one, mut other) = (story.catalogue.clone(), story.catalogue.clone());
    for (forth, back) in forks.iter().zip(forks.iter().rev()) {
        let _ = (one.insert(forth, NOW), other.insert(back, NOW));
    }
    let slot = forks[0].header().slot();
    let winner = one.in_slot(&slot).unwrap().id();
    assert_eq!(other.in_slot(&slot).unwrap().id(), winner);
    assert_eq!(Some(winner), forks.iter().map(Verified::id).min());
    assert_eq!(one.len(), story.catalogue.len() + 1);
}

#[test]
fn an_older_revision_never_comes_back_once_the_newer_one_or_its_withdrawal_has_ended() {
    let mut story = Story::new(WritePolicy::Open);
    story.grant_for_years(1);
    let (author, circle, key) = (member(1), story.scribe.circle, Key::from_bytes([9; 16]));
    let at = |day: u64| Statement { author, circle, key, revision: NOW.plus_days(day) };
    let listing = |day, title: &str| {
        at(day).sign(&Body::Listing(Listing::new(Side::Offer, title)), &device(1, 0)).unwrap()
    };
    let first = listing(0, "Leiter");
    let withdrawal = at(2).sign_withdrawal(Kind::listing(), Class::Content, &device(1, 0));
    for last in [listing(1, "Leiter, bis Freitag"), withdrawal] {
        let mut catalogue = story.catalogue.clone();
        catalogue.insert(&first, NOW).unwrap();
        assert!(catalogue.admitted(&first.id()).is_some());
        catalogue.insert(&last, NOW.plus_days(2)).unwrap();
        assert!(catalogue.admitted(&last.id()).is_some());
        for day in 0..400 {
            let now = NOW.plus_days(day);
            catalogue.advance(now);
            // A machine that was away offers what it has.
            if day >= 2 {
                assert!(catalogue.insert(&first, now).is_err(), "day {day}");
            }
            assert!(catalogue.admitted(&first.id()).is_none(), "day {day}");
        }
        assert!(catalogue.in_slot(&first.header().slot()).is_none());
    }
}

#[test]
fn charters_in_another_slot_or_with_a_forged_approval_are_the_senders_fault() {
    let mut story = Story::new(WritePolicy::Open);
    let good = story.sign(0, 15, charter(0, 0b11, 0));
    let Some(Body::Charter(body)) = good.body() else { panic!("a charter") };
    let header = good.header();
    let statement =
        |key| Statement { author: member(0), circle: header.circle, key, revision: header.revision };
    let elsewhere =
        statement(Key::from_bytes([1; 16])).sign(&Body::Charter(body.clone()), &device(0, 0)).unwrap();
    assert_eq!(story.catalogue.check(&elsewhere, NOW), Err(Refusal::CharterMisplaced));
    let mut forged = body.clone();
    forged.approvals[0].seal.signature[0] ^= 1;
    let forged = statement(header.key).sign(&Body::Charter(forged), &device(0, 0)).unwrap();
    assert_eq!(story.catalogue.check(&forged, NOW), Err(Refusal::BadApproval));
    let gone = statement(header.key).sign_withdrawal(Kind::charter(), Class::Control, &device(0, 0));
    assert_eq!(story.catalogue.check(&gone, NOW), Err(Refusal::CharterMisplaced));
    // Who holds no grant may pass a good charter on in an envelope of its own: it is the same charter.
    let wrapped = statement(header.key).sign(&Body::Charter(body), &device(3, 0)).unwrap();
    story.hear(&wrapped);
    assert_eq!(story.catalogue.charter_id(), Some(wrapped.id()));
}

#[test]
fn a_charter_does_not_silence_the_revocation_that_undoes_it() {
    // It would shut out the steward whose stolen key made it, and so the news that the key was stolen.
    let mut story = Story::new(WritePolicy::Open);
    let first =
        story.says(0, 21, What::Charter { parent: 0, stewards: 2, approve: 0, write: WritePolicy::Open });
    let stolen = Act { member: 1, device: 1, hour: 107, what: charter(1, 0b100, 0) };
    let coup = story.happen(stolen);
    assert_eq!(story.catalogue.charter_id(), Some(coup.id()));
    story.happen(Act { member: 1, device: 1, hour: 108, what: What::Revoke });
    assert_eq!(story.catalogue.charter_id(), Some(first.id()));
    assert_eq!(story.belonging(1), Belonging::Steward);
}
