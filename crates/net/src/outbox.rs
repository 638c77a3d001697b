//! One ordered way out for all events.
//!
//! The swarm must never wait for whoever takes the events, or the node would stop answering its peers; and
//! order must hold between what the swarm tells (a peer is gone) and what the sessions tell (a frame). So
//! all events go into one queue without a bound, and what is bounded is what may be put there: a frame
//! needs room in its session, a gossip message room among the gossip, and a session that a peer opened room
//! among the sessions until its end has been told (or opening and closing without pause would fill the
//! queue). They get it back when the event moves on into the bounded channel that the user reads. The rest
//! is rare.

use std::sync::{Arc, Mutex, PoisonError};

use protocol::SessionId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use crate::Event;
use crate::config::{EVENTS, GOSSIP_WAITING};

/// The way out. Clones share it.
#[derive(Clone)]
pub(crate) struct Outbox {
    queue: mpsc::UnboundedSender<Parcel>,
    gossip: Arc<Semaphore>,
}

/// What an event takes up in the queue.
pub(crate) type Room = [Option<OwnedSemaphorePermit>; 2];

struct Parcel {
    event: Event,
    room: Room,
}

impl Outbox {
    /// The way out, and where the events arrive.
    pub(crate) fn new() -> (Self, mpsc::Receiver<Event>) {
        let (queue, mut parcels) = mpsc::unbounded_channel::<Parcel>();
        let (events, arrived) = mpsc::channel(EVENTS);
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    parcel = parcels.recv() => {
                        let Some(Parcel { event, room }) = parcel else { break };
                        let Ok(place) = events.reserve().await else { break };
                        drop(room);
                        place.send(event);
                    }
                    () = events.closed() => break,
                }
            }
        });
        (Self { queue, gossip: Arc::new(Semaphore::new(GOSSIP_WAITING)) }, arrived)
    }

    /// Tells something that must not be lost.
    pub(crate) fn tell(&self, event: Event) {
        self.put(event, [None, None]);
    }

    /// Tells something that may be lost: if there is no room, neither among all gossip nor in `share`, the
    /// share of the peer that it came from, the answer is false.
    pub(crate) fn gossip(&self, share: &Arc<Semaphore>, event: Event) -> bool {
        let Ok(of_peer) = Arc::clone(share).try_acquire_owned() else { return false };
        let Ok(of_all) = Arc::clone(&self.gossip).try_acquire_owned() else { return false };
        self.put(event, [Some(of_peer), Some(of_all)]);
        true
    }

    /// Waits until nobody takes events any more.
    pub(crate) async fn abandoned(&self) {
        self.queue.closed().await;
    }

    fn put(&self, event: Event, room: Room) {
        // Nobody listens any more: then the node is about to stop.
        drop(self.queue.send(Parcel { event, room }));
    }
}

/// What one session may still tell. The swarm's task and the session's own may both end it; whoever is
/// first tells so, and nothing is told of it afterwards.
pub(crate) struct Gate {
    session: SessionId,
    outbox: Outbox,
    /// While the session is open, the room that its end will need.
    open: Mutex<Option<Room>>,
}

impl Gate {
    pub(crate) fn new(session: SessionId, outbox: Outbox, room: Room) -> Self {
        Self { session, outbox, open: Mutex::new(Some(room)) }
    }

    pub(crate) fn session(&self) -> SessionId {
        self.session
    }

    /// Tells a frame, for which `room` was taken.
    pub(crate) fn frame(&self, frame: Vec<u8>, room: OwnedSemaphorePermit) {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.is_some() {
            self.outbox.put(Event::Frame { session: self.session, frame }, [Some(room), None]);
        }
    }

    /// Tells that what was sent has left.
    pub(crate) fn drained(&self) {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.is_some() {
            self.outbox.tell(Event::Drained { session: self.session });
        }
    }

    /// Ends the session, and tells so unless it had ended before.
    pub(crate) fn close(&self) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(room) = open.take() {
            self.outbox.put(Event::Closed { session: self.session }, room);
        }
    }
}

#[cfg(test)]
mod tests {
    use protocol::{MessageRef, PeerId, Topic};

    use super::*;
    use crate::config::{GOSSIP_WAITING_PER_PEER, RECEIVE_WINDOW};

    fn gossip(number: usize) -> Event {
        Event::Gossip {
            peer: PeerId::new("peer"),
            message: MessageRef(Arc::from(number.to_be_bytes().as_slice())),
            topic: Topic(Arc::from("topic")),
            data: Vec::new(),
        }
    }

    #[tokio::test]
    async fn gossip_that_nobody_takes_is_dropped_and_the_rest_is_kept() {
        let (outbox, mut events) = Outbox::new();
        let share = Arc::new(Semaphore::new(GOSSIP_WAITING_PER_PEER));
        // The forwarding task does not run in between: nothing here waits.
        for number in 0..GOSSIP_WAITING_PER_PEER {
            assert!(outbox.gossip(&share, gossip(number)));
        }
        assert!(!outbox.gossip(&share, gossip(0)), "one peer's share is full");
        for _ in 1..GOSSIP_WAITING / GOSSIP_WAITING_PER_PEER {
            let other = Arc::new(Semaphore::new(GOSSIP_WAITING_PER_PEER));
            for number in 0..GOSSIP_WAITING_PER_PEER {
                assert!(outbox.gossip(&other, gossip(number)));
            }
        }
        let fresh = Arc::new(Semaphore::new(GOSSIP_WAITING_PER_PEER));
        assert!(!outbox.gossip(&fresh, gossip(0)), "all gossip is full");
        outbox.tell(Event::Disconnected { peer: PeerId::new("peer") });
        for number in 0..GOSSIP_WAITING_PER_PEER {
            assert_eq!(events.recv().await, Some(gossip(number)));
        }
        assert!(outbox.gossip(&share, gossip(0)), "room came back");
        let mut rest = Vec::new();
        for _ in 0..=(GOSSIP_WAITING - GOSSIP_WAITING_PER_PEER) {
            rest.push(events.recv().await.unwrap());
        }
        assert!(matches!(rest.last(), Some(Event::Disconnected { .. })));
    }

    #[tokio::test]
    async fn nothing_is_told_of_a_session_after_its_end_and_its_end_once() {
        let (outbox, mut events) = Outbox::new();
        let session = SessionId(3);
        let sessions = Arc::new(Semaphore::new(1));
        let place = Arc::clone(&sessions).try_acquire_owned().unwrap();
        let gate = Gate::new(session, outbox.clone(), [Some(place), None]);
        let window = Arc::new(Semaphore::new(RECEIVE_WINDOW as usize));
        let room = || Arc::clone(&window).try_acquire_many_owned(1).unwrap();
        gate.frame(vec![1], room());
        gate.close();
        gate.frame(vec![2], room());
        gate.drained();
        gate.close();
        assert_eq!(sessions.available_permits(), 0, "its end has not been told yet");
        drop((gate, outbox));
        assert_eq!(events.recv().await, Some(Event::Frame { session, frame: vec![1] }));
        assert_eq!(events.recv().await, Some(Event::Closed { session }));
        assert_eq!(events.recv().await, None);
        assert_eq!(sessions.available_permits(), 1);
        assert_eq!(window.available_permits(), RECEIVE_WINDOW as usize);
    }
}
