use proptest::prelude::*;

use super::*;

fn subject() -> Subject {
    Subject::new(&"shop".parse().unwrap()).unwrap()
}

fn ips() -> Vec<IpAddr> {
    vec!["10.77.0.1".parse().unwrap(), "fd77::1".parse().unwrap()]
}

fn question(bytes: &[u8]) -> Question {
    match subject().read(bytes) {
        Some(Heard::Question(question)) => question,
        other => panic!("{other:?}"),
    }
}

/// A question in bytes of its own: the name in any case, one type, one class.
fn asked(name: &str, kind: u16, class: u16) -> Vec<u8> {
    let mut bytes = vec![0, 7, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    for label in name.split('.') {
        bytes.push(u8::try_from(label.len()).unwrap());
        bytes.extend(label.as_bytes());
    }
    bytes.push(0);
    bytes.extend(kind.to_be_bytes());
    bytes.extend(class.to_be_bytes());
    bytes
}

#[test]
fn a_question_is_answered_with_what_was_asked_and_the_rest_beside_it() {
    let answer = subject().answer(&question(&asked("Shop.LOCAL", 1, 1)), &ips()).unwrap();
    let message = Message::from_vec(&answer).unwrap();
    assert!(message.metadata.authoritative && message.queries.is_empty() && message.metadata.id == 0);
    assert_eq!(message.answers.len(), 1);
    assert_eq!(message.answers[0].data, RData::A(A("10.77.0.1".parse().unwrap())));
    assert!(message.answers[0].mdns_cache_flush && message.answers[0].ttl == LIFE);
    assert_eq!(message.additionals.len(), 2, "the other address, and that there is nothing else");
    assert_eq!(subject().addresses(&answer), ips());
}

#[test]
fn who_asks_for_what_is_not_there_is_told_so() {
    let four = &ips()[..1];
    for kind in [28, 65, 16] {
        let answer = subject().answer(&question(&asked("shop.local", kind, 1)), four).unwrap();
        let message = Message::from_vec(&answer).unwrap();
        assert_eq!(message.answers[0].record_type(), RecordType::NSEC, "{kind}");
    }
    // The label, its end, then one byte of bits: an address of IPv4 and nothing else.
    let nothing = subject().nothing_else(four).unwrap();
    let RData::Unknown { rdata, .. } = nothing.data else { panic!("{nothing:?}") };
    assert_eq!(rdata.anything, b"\x04shop\x05local\0\0\x01\x40");
}

#[test]
fn who_asks_in_the_old_way_gets_the_question_back_and_soon_forgets() {
    let question = question(&asked("shop.local", 255, 1));
    let message = Message::from_vec(&subject().legacy_answer(&question, &ips()).unwrap()).unwrap();
    assert_eq!((message.metadata.id, message.queries.len(), message.answers.len()), (7, 1, 2));
    assert!(message.answers.iter().all(|record| record.ttl == LEGACY_LIFE && !record.mdns_cache_flush));
}

#[test]
fn who_knows_the_answer_gets_none() {
    let announced = subject().announcement(&ips(), LIFE).unwrap();
    let mut message = Message::from_vec(&asked("shop.local", 255, 0x8001)).unwrap();
    message.answers = Message::from_vec(&announced).unwrap().answers;
    let known = question(&message.to_vec().unwrap());
    assert!(known.alone);
    assert_eq!(subject().answer(&known, &ips()), None);
    message.answers.pop();
    let half = question(&message.to_vec().unwrap());
    let answer = Message::from_vec(&subject().answer(&half, &ips()).unwrap()).unwrap();
    assert_eq!(answer.answers.len(), 1);
}

#[test]
fn what_others_say_is_told_from_what_they_ask() {
    let probe = question(&subject().probe(&ips()).unwrap());
    assert_eq!(probe.wanted, data(&ips()));
    let announced = subject().announcement(&ips(), LIFE).unwrap();
    assert_eq!(subject().read(&announced), Some(Heard::Claim(data(&ips()))));
    // Who gives a name back claims nothing; nor does who speaks of another one.
    assert_eq!(subject().read(&subject().announcement(&ips(), 0).unwrap()), None);
    for other in ["shop.example", "shop", "a.shop.local", "shops.local", "local"] {
        assert_eq!(subject().read(&asked(other, 1, 1)), None, "{other}");
    }
    assert_eq!(subject().read(&asked("shop.local", 1, 3)), None, "another class");
    let mut update = asked("shop.local", 1, 1);
    update[2] = 0x28;
    assert_eq!(subject().read(&update), None, "another kind of message");
}

#[test]
fn what_is_larger_than_mdns_allows_is_not_looked_at() {
    let mut bytes = asked("shop.local", 1, 1);
    bytes.resize(LARGEST, 0);
    assert!(subject().read(&bytes).is_some());
    bytes.push(0);
    assert_eq!(subject().read(&bytes), None);
}

proptest! {
    #[test]
    fn no_packet_panics(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        let _ = subject().read(&bytes);
        let _ = subject().addresses(&bytes);
    }

    #[test]
    fn no_packet_that_was_once_ours_panics(
        which in 0_usize..4,
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8),
        length in any::<prop::sample::Index>(),
    ) {
        let good = [
            subject().probe(&ips()),
            subject().announcement(&ips(), LIFE),
            subject().question(1),
            Some(asked("shop.local", 255, 0x8001)),
        ];
        let mut bytes = good[which].clone().unwrap();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        bytes.truncate(length.index(bytes.len() + 1));
        if let Some(Heard::Question(question)) = subject().read(&bytes) {
            let answers = [subject().answer(&question, &ips()), subject().legacy_answer(&question, &ips())];
            prop_assert!(answers.into_iter().flatten().all(|answer| answer.len() <= LARGEST));
        }
        let _ = subject().addresses(&bytes);
    }
}
