use super::*;

fn address(number: usize) -> Multiaddr {
    format!("/ip4/10.0.0.{number}/tcp/7378").parse().unwrap()
}

struct Case {
    dialer: Dialer,
    now: Instant,
    attempts: usize,
}

impl Case {
    fn new() -> Self {
        Self { dialer: Dialer::new(7), now: Instant::now(), attempts: 0 }
    }

    fn pass(&mut self, seconds: f64) {
        self.now += Duration::from_secs_f64(seconds);
    }

    /// Starts what is due.
    fn dial(&mut self) -> Option<(Multiaddr, ConnectionId)> {
        let due = self.dialer.due(self.now)?;
        self.attempts += 1;
        let attempt = ConnectionId::new_unchecked(self.attempts);
        let address = due.address.clone();
        self.dialer.started(due, attempt);
        Some((address, attempt))
    }

    fn fail(&mut self) {
        let (_, attempt) = self.dial().unwrap();
        self.dialer.failed(attempt, self.now);
    }

    /// How long until something is due, in seconds.
    fn wait(&self) -> f64 {
        self.dialer.next_due().unwrap().saturating_duration_since(self.now).as_secs_f64()
    }
}

#[test]
fn delays_double_and_grow_with_the_time_away_up_to_an_hour_and_differ_a_little() {
    let mut case = Case::new();
    case.dialer.add(address(1), None, case.now);
    let begin = case.now;
    let mut attempts = 0;
    for doubled in (1..100).map(|failure| 3.0 * 2f64.powi(failure - 1)) {
        case.fail();
        attempts += 1;
        let (away, wait) = ((case.now - begin).as_secs_f64(), case.wait());
        let expected = doubled.min((away / 4.0).max(15.0)).min(3_600.0);
        assert!((0.75 * expected..=1.25 * expected).contains(&wait), "{wait} instead of {expected}");
        assert_eq!(case.dial(), None);
        case.pass(wait);
        if away > 24.0 * 3_600.0 {
            break;
        }
    }
    assert!((40..70).contains(&attempts), "{attempts} on the first day");
    let hours = Duration::from_secs(100 * 3_600);
    let delays: std::collections::BTreeSet<_> = (0..50).map(|seed| delay(5, hours, seed, 0)).collect();
    assert!(delays.len() > 10);
    assert!(delay(u32::MAX, hours, 0, 0) <= LAST_DELAY * 5 / 4);
}

#[test]
fn who_was_met_before_is_dialled_unless_there_are_enough_others() {
    let mut case = Case::new();
    let (one, other, third) = (PeerId::random(), PeerId::random(), PeerId::random());
    let soon = case.now + Duration::from_secs(1);
    case.dialer.met(one, address(1), case.now);
    case.dialer.met(other, address(2), soon);
    case.dialer.met(third, address(3), soon);
    case.dialer.met(third, address(4), soon);
    assert_eq!(case.dialer.targets.len(), 3, "two addresses of one peer");
    assert_eq!(case.dial().unwrap().0, address(1));
    assert_eq!(case.dial(), None);
    case.pass(1.0);
    let later = case.now + Duration::from_secs(600);
    // Somebody names it: it does not wait for what others do.
    case.dialer.add(address(2), Some(other), case.now);
    case.dialer.spare(case.now, later);
    assert_eq!(case.dial().unwrap().0, address(2));
    assert_eq!(case.dial(), None);
    case.pass(600.0);
    assert_eq!(case.dial().unwrap().0, address(3));
}

#[test]
fn a_lost_connection_is_dialled_again_soon_if_it_had_held() {
    let mut case = Case::new();
    let peer = PeerId::random();
    case.dialer.add(address(1), None, case.now);
    for _ in 0..6 {
        case.fail();
        let wait = case.wait();
        case.pass(wait);
    }
    let (_, attempt) = case.dial().unwrap();
    case.dialer.connected(peer, Some(attempt), case.now);
    assert_eq!(case.dialer.next_due(), None);
    case.pass(1.0);
    case.dialer.disconnected(peer, case.now);
    assert!(case.wait() > 10.0, "it had not held");
    case.pass(case.wait());
    let (_, attempt) = case.dial().unwrap();
    case.dialer.connected(peer, Some(attempt), case.now);
    case.pass(5.0);
    case.dialer.disconnected(peer, case.now);
    assert!(case.wait() < 1.3);
    // It was told twice.
    case.dialer.disconnected(peer, case.now);
    assert!(case.wait() < 1.3);
}

#[test]
fn the_addresses_of_a_peer_are_tried_one_after_the_other_and_the_good_one_first() {
    let mut case = Case::new();
    let peer = PeerId::random();
    for number in [1, 2, 3] {
        case.dialer.add(address(number), Some(peer), case.now);
    }
    let mut tried = Vec::new();
    while let Some((address, attempt)) = case.dial() {
        assert_eq!(case.dial(), None, "one at a time");
        tried.push(address);
        if tried.len() == 2 {
            case.dialer.connected(peer, Some(attempt), case.now);
        } else {
            case.dialer.failed(attempt, case.now);
        }
    }
    assert_eq!(tried, [address(3), address(2)]);
    case.pass(10.0);
    case.dialer.disconnected(peer, case.now);
    case.pass(4.0);
    assert_eq!(case.dial().unwrap().0, address(2));
}

#[test]
fn two_addresses_turn_out_to_be_one_peer() {
    let mut case = Case::new();
    let peer = PeerId::random();
    case.dialer.add(address(1), None, case.now);
    case.dialer.add(address(2), None, case.now);
    let (_, first) = case.dial().unwrap();
    let (_, second) = case.dial().unwrap();
    case.dialer.connected(peer, Some(first), case.now);
    case.dialer.connected(peer, Some(second), case.now);
    assert_eq!(case.dialer.targets.len(), 1);
    case.pass(60.0);
    assert_eq!(case.dial(), None);
    case.dialer.disconnected(peer, case.now);
    case.pass(4.0);
    let (tried, attempt) = case.dial().unwrap();
    assert_eq!(tried, address(1));
    case.dialer.failed(attempt, case.now);
    assert_eq!(case.dial().unwrap().0, address(2));
}

#[test]
fn who_dialled_here_is_not_dialled_and_its_late_answer_does_no_harm() {
    let mut case = Case::new();
    let peer = PeerId::random();
    case.dialer.add(address(1), Some(peer), case.now);
    let (_, attempt) = case.dial().unwrap();
    case.dialer.connected(peer, None, case.now);
    case.dialer.failed(attempt, case.now);
    case.pass(60.0);
    assert_eq!(case.dial(), None);
    case.dialer.disconnected(peer, case.now);
    assert!(case.wait() < 1.3);
    // A stranger is nobody to return to.
    case.dialer.connected(PeerId::random(), None, case.now);
    assert_eq!(case.dialer.targets.len(), 1);
}

#[test]
fn naming_an_address_again_dials_at_once() {
    let mut case = Case::new();
    case.dialer.add(address(1), None, case.now);
    for _ in 0..20 {
        case.fail();
        case.pass(case.wait());
    }
    case.fail();
    assert!(case.wait() > 100.0);
    case.dialer.add(address(1), None, case.now);
    assert!(case.dial().is_some());
}

#[test]
fn what_was_found_nearby_is_forgotten_when_it_is_gone_unless_it_was_reached() {
    let mut case = Case::new();
    let (stays, goes) = (PeerId::random(), PeerId::random());
    case.dialer.nearby(stays, vec![address(1)], case.now);
    case.dialer.nearby(goes, vec![address(2), address(3)], case.now + Duration::from_secs(2));
    let (reached, attempt) = case.dial().unwrap();
    assert_eq!(reached, address(1));
    assert_eq!(case.dial(), None, "the other waits for two seconds");
    case.dialer.connected(stays, Some(attempt), case.now);
    case.pass(2.0);
    case.fail();
    case.dialer.expired(stays, &address(1));
    case.dialer.expired(goes, &address(2));
    assert_eq!(case.dial().unwrap().0, address(3));
    case.dialer.failed(ConnectionId::new_unchecked(case.attempts), case.now);
    case.dialer.expired(goes, &address(3));
    assert_eq!(case.dialer.targets.len(), 1);
    for _ in 0..2 * NEARBY {
        case.dialer.nearby(PeerId::random(), vec![address(9)], case.now);
    }
    assert_eq!(case.dialer.targets.len(), NEARBY);
}

#[test]
fn who_fails_makes_room_for_who_is_found_and_nobody_else_does() {
    let mut case = Case::new();
    let (named, fails) = (PeerId::random(), PeerId::random());
    case.dialer.add(address(1), Some(named), case.now);
    case.fail();
    assert!(case.dialer.nearby(fails, vec![address(2)], case.now));
    case.fail();
    for _ in 1..NEARBY {
        assert!(case.dialer.nearby(PeerId::random(), vec![address(3)], case.now));
    }
    assert!(case.dialer.nearby(PeerId::random(), vec![address(3)], case.now));
    assert!(case.dialer.of(fails).is_none() && case.dialer.of(named).is_some());
    assert!(!case.dialer.nearby(PeerId::random(), vec![address(3)], case.now));
    assert_eq!(case.dialer.targets.len(), 1 + NEARBY);
}

#[test]
fn a_peer_that_is_found_again_is_dialled_at_once_also_at_a_new_address() {
    let mut case = Case::new();
    let peer = PeerId::random();
    let old = (1..=ADDRESSES).map(address).collect();
    case.dialer.nearby(peer, old, case.now);
    let (_, attempt) = case.dial().unwrap();
    case.dialer.connected(peer, Some(attempt), case.now);
    case.dialer.disconnected(peer, case.now);
    for _ in 0..ADDRESSES * 5 {
        case.pass(case.wait());
        case.fail();
    }
    // Its expiry changes nothing, since it was reached; its return does.
    case.dialer.expired(peer, &address(1));
    case.dialer.nearby(peer, vec![address(99)], case.now);
    let mut tried = Vec::new();
    while let Some((address, attempt)) = case.dial() {
        case.dialer.failed(attempt, case.now);
        tried.push(address);
    }
    assert_eq!(
        (tried.len(), tried.first(), tried.last()),
        (ADDRESSES, Some(&address(1)), Some(&address(99)))
    );
}

#[test]
fn this_node_itself_and_banned_peers_are_never_dialled_again() {
    let mut case = Case::new();
    let peer = PeerId::random();
    case.dialer.add(address(1), None, case.now);
    let (_, attempt) = case.dial().unwrap();
    case.dialer.is_me(attempt, case.now);
    case.dialer.add(address(2), Some(peer), case.now);
    case.dialer.forget(peer);
    assert_eq!(case.dialer.next_due(), None);
}

#[test]
fn only_who_was_named_is_expected() {
    let mut case = Case::new();
    let (old, new) = (PeerId::random(), PeerId::random());
    case.dialer.add(address(1), None, case.now);
    let (_, attempt) = case.dial().unwrap();
    case.dialer.connected(old, Some(attempt), case.now);
    case.dialer.disconnected(old, case.now);
    case.pass(4.0);
    assert_eq!(case.dialer.due(case.now).unwrap().peer, None);
    let (_, attempt) = case.dial().unwrap();
    case.dialer.connected(new, Some(attempt), case.now);
    assert!(case.dialer.of(old).is_none() && case.dialer.of(new).is_some());
    case.dialer.add(address(2), Some(old), case.now);
    assert_eq!(case.dialer.due(case.now).unwrap().peer, Some(old));
}

#[test]
fn who_went_silent_at_one_place_is_dialled_at_another_one_first() {
    let mut case = Case::new();
    let peer = PeerId::random();
    let quic: Multiaddr = "/ip4/10.0.0.1/udp/7378/quic-v1".parse().unwrap();
    case.dialer.nearby(peer, vec![address(1), quic, address(2)], case.now);
    let (place, attempt) = case.dial().unwrap();
    assert_eq!(place, address(1));
    case.dialer.connected(peer, Some(attempt), case.now);
    case.pass(60.0);
    case.dialer.silent(peer, &place);
    case.dialer.disconnected(peer, case.now);
    assert!(case.wait() <= 1.25);
    case.pass(case.wait());
    assert_eq!(case.dial().unwrap().0, address(2));
}

#[test]
fn an_address_that_means_this_node_is_dropped_and_the_peer_is_dialled_at_its_others() {
    let mut case = Case::new();
    let peer = PeerId::random();
    let loopback: Multiaddr = "/ip4/127.0.0.1/tcp/7378".parse().unwrap();
    case.dialer.add(address(1), Some(peer), case.now);
    case.dialer.add(loopback.clone(), Some(peer), case.now);
    let (place, attempt) = case.dial().unwrap();
    assert_eq!(place, loopback);
    case.dialer.is_me(attempt, case.now);
    let (place, attempt) = case.dial().unwrap();
    assert_eq!(place, address(1));
    case.dialer.connected(peer, Some(attempt), case.now);
    case.pass(60.0);
    case.dialer.disconnected(peer, case.now);
    case.pass(case.wait());
    assert_eq!(case.dial().unwrap().0, address(1));
}
