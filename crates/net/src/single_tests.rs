use super::*;

/// A behaviour that keeps what the wrapper tells it.
#[derive(Default)]
struct Heard(Vec<String>);

impl NetworkBehaviour for Heard {
    type ConnectionHandler = dummy::ConnectionHandler;
    type ToSwarm = std::convert::Infallible;

    fn handle_established_inbound_connection(
        &mut self,
        connection: ConnectionId,
        _: PeerId,
        _: &Multiaddr,
        _: &Multiaddr,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        self.0.push(format!("handler {connection}"));
        Ok(dummy::ConnectionHandler)
    }

    fn handle_established_outbound_connection(
        &mut self,
        connection: ConnectionId,
        _: PeerId,
        _: &Multiaddr,
        _: Endpoint,
        _: PortUse,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        self.0.push(format!("handler {connection}"));
        Ok(dummy::ConnectionHandler)
    }

    fn on_swarm_event(&mut self, event: FromSwarm) {
        if let FromSwarm::ConnectionEstablished(event) = event {
            self.0.push(format!("up {} {}", event.connection_id, event.other_established));
        } else if let FromSwarm::ConnectionClosed(event) = event {
            self.0.push(format!("down {} {}", event.connection_id, event.remaining_established));
        }
    }

    fn on_connection_handler_event(&mut self, _: PeerId, _: ConnectionId, event: THandlerOutEvent<Self>) {
        match event {}
    }

    fn poll(&mut self, _: &mut Context<'_>) -> Poll<ToSwarm<Self::ToSwarm, THandlerInEvent<Self>>> {
        Poll::Pending
    }
}

struct Case {
    behaviour: Behaviour<Heard>,
    peer: PeerId,
    address: Multiaddr,
}

impl Case {
    fn new(me: PeerId, peer: PeerId) -> Self {
        let address = "/ip4/10.0.0.1/tcp/7378".parse().unwrap();
        Self { behaviour: Behaviour::new(Heard::default(), me), peer, address }
    }

    fn connect(&mut self, number: usize, dialler: bool) -> bool {
        let connection = ConnectionId::new_unchecked(number);
        let (endpoint, admitted) = if dialler {
            let endpoint = ConnectedPoint::Dialer {
                address: self.address.clone(),
                role_override: Endpoint::Dialer,
                port_use: PortUse::New,
            };
            let admitted = self.behaviour.handle_established_outbound_connection(
                connection,
                self.peer,
                &self.address,
                Endpoint::Dialer,
                PortUse::New,
            );
            (endpoint, admitted)
        } else {
            let endpoint = ConnectedPoint::Listener {
                local_addr: self.address.clone(),
                send_back_addr: self.address.clone(),
            };
            let admitted = self.behaviour.handle_established_inbound_connection(
                connection,
                self.peer,
                &self.address,
                &self.address,
            );
            (endpoint, admitted)
        };
        if admitted.is_ok() {
            self.behaviour.on_swarm_event(FromSwarm::ConnectionEstablished(ConnectionEstablished {
                peer_id: self.peer,
                connection_id: connection,
                endpoint: &endpoint,
                failed_addresses: &[],
                other_established: 7,
            }));
        }
        admitted.is_ok()
    }

    fn live(&self) -> Option<ConnectionId> {
        self.behaviour.live.get(&self.peer).map(|live| live.connection)
    }

    fn age(&mut self) {
        let live = self.behaviour.live.get_mut(&self.peer).unwrap();
        live.since = live.since.checked_sub(SIMULTANEOUS).unwrap();
    }

    fn closed(&mut self, number: usize) {
        let endpoint = ConnectedPoint::Listener {
            local_addr: self.address.clone(),
            send_back_addr: self.address.clone(),
        };
        self.behaviour.on_swarm_event(FromSwarm::ConnectionClosed(ConnectionClosed {
            peer_id: self.peer,
            connection_id: ConnectionId::new_unchecked(number),
            endpoint: &endpoint,
            cause: None,
            remaining_established: 7,
        }));
    }
}

#[test]
fn two_dialled_at_once_are_chosen_alike_at_both_ends_in_any_order() {
    let (mut small, mut large) = (PeerId::random(), PeerId::random());
    if small > large {
        std::mem::swap(&mut small, &mut large);
    }
    // Connection 1 is dialled by the smaller one, connection 2 by the other.
    for order in [[1, 2], [2, 1]] {
        for (me, peer) in [(small, large), (large, small)] {
            let mut case = Case::new(me, peer);
            for number in order {
                case.connect(number, (number == 1) == (me == small));
            }
            assert_eq!(case.live(), Some(ConnectionId::new_unchecked(1)));
        }
    }
    // Both dialled by one.
    let mut case = Case::new(large, small);
    assert!(case.connect(1, false));
    assert!(!case.connect(2, false));
    assert_eq!(case.live(), Some(ConnectionId::new_unchecked(1)));
}

#[test]
fn a_peer_that_comes_again_later_is_new_to_gossip() {
    let (me, peer) = (PeerId::random(), PeerId::random());
    for dialler in [true, false] {
        let mut case = Case::new(me, peer);
        assert!(case.connect(1, false));
        case.age();
        assert!(case.connect(2, dialler));
        // The old one is really closed only now.
        case.closed(1);
        assert_eq!(case.live(), Some(ConnectionId::new_unchecked(2)));
        case.closed(2);
        assert_eq!(
            case.behaviour.inner.0,
            ["handler 1", "up 1 0", "down 1 0", "handler 2", "up 2 0", "down 2 0"]
        );
        let told: Vec<String> = std::iter::from_fn(|| case.behaviour.events.pop_front())
            .map(|event| {
                if let ToSwarm::GenerateEvent(Event::Up { connection, .. }) = event {
                    format!("up {connection}")
                } else if let ToSwarm::CloseConnection { connection, .. } = event {
                    format!("close {connection:?}")
                } else {
                    assert!(matches!(event, ToSwarm::GenerateEvent(Event::Down { .. })));
                    "down".to_owned()
                }
            })
            .collect();
        assert_eq!(told, ["up 1", "down", "close One(ConnectionId(1))", "up 2", "down"]);
    }
}

#[test]
fn a_connection_that_only_tries_whether_one_can_be_dialled_leaves_the_other_alone() {
    let close = |case: &mut Case| {
        let closed = std::iter::from_fn(|| case.behaviour.events.pop_front());
        let closed = closed.filter_map(|event| {
            if let ToSwarm::CloseConnection { connection: CloseConnection::One(one), .. } = event {
                Some(one)
            } else {
                None
            }
        });
        closed.collect::<Vec<_>>()
    };
    let [first, second, third] = [1, 2, 3].map(ConnectionId::new_unchecked);
    // The one that asked: whatever it has heard since.
    let mut case = Case::new(PeerId::random(), PeerId::random());
    assert!(case.connect(1, true));
    case.age();
    case.behaviour.awaits(case.peer, Instant::now() + SIMULTANEOUS);
    assert!(case.connect(2, false));
    assert_eq!((case.live(), close(&mut case)), (Some(first), vec![second]));
    case.closed(2);
    assert_eq!(case.behaviour.inner.0, ["handler 1", "up 1 0"], "gossip knows nothing of it");
    // One trial was asked for: what comes then is a peer that has lost the first.
    assert!(case.connect(3, false));
    assert_eq!((case.live(), close(&mut case)), (Some(third), vec![first]));
    // The one that tries.
    let mut case = Case::new(PeerId::random(), PeerId::random());
    assert!(case.connect(1, false));
    case.age();
    case.behaviour.tries(case.peer);
    let (peer, address) = (case.peer, case.address.clone());
    let pending =
        case.behaviour.handle_pending_outbound_connection(second, Some(peer), &[address], Endpoint::Dialer);
    assert!(pending.is_ok());
    assert!(case.connect(2, true));
    assert_eq!((case.live(), close(&mut case)), (Some(first), vec![second]));
    assert!(case.connect(3, true));
    assert_eq!(case.live(), Some(third));
    // Nobody is kept away who does not know how to try.
    let mut case = Case::new(PeerId::random(), PeerId::random());
    assert!(case.connect(1, true));
    case.age();
    case.behaviour.awaits(case.peer, Instant::now() + SIMULTANEOUS);
    case.behaviour.awaits_no_more(&case.peer.clone());
    assert!(case.connect(2, false));
    assert_eq!(case.live(), Some(second));
}

#[test]
fn a_connection_given_up_is_gone_at_once_and_only_once() {
    let mut case = Case::new(PeerId::random(), PeerId::random());
    assert!(case.connect(1, true));
    case.behaviour.give_up(case.peer);
    case.behaviour.give_up(case.peer);
    assert_eq!(case.live(), None);
    case.closed(1);
    assert_eq!(case.behaviour.inner.0, ["handler 1", "up 1 0", "down 1 0"]);
    assert!(case.connect(2, true));
}
