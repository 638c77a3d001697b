//! Opens and accepts the streams of the sync protocol and of the one for blobs.
//!
//! Why not `libp2p-stream` (0.5.0-alpha): it drops an inbound stream when another one arrived just before
//! it; it opens streams on any connection to the peer, also on one that is dead and being closed; if there
//! is none, it dials by itself and may then wait for ever; and it keeps a channel for each connection that
//! ever was.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::{Ready, ready};
use std::task::{Context, Poll};

use libp2p::core::Endpoint;
use libp2p::core::transport::PortUse;
use libp2p::core::upgrade::{InboundUpgrade, ReadyUpgrade, UpgradeInfo};
use libp2p::swarm::behaviour::FromSwarm;
use libp2p::swarm::handler::{
    ConnectionEvent, DialUpgradeError, FullyNegotiatedInbound, FullyNegotiatedOutbound,
};
use libp2p::swarm::{
    ConnectionDenied, ConnectionHandler, ConnectionHandlerEvent, ConnectionId, NetworkBehaviour,
    NotifyHandler, Stream, StreamProtocol, SubstreamProtocol, THandler, THandlerInEvent, THandlerOutEvent,
    ToSwarm,
};
use libp2p::{Multiaddr, PeerId};
use protocol::SessionId;

use crate::config::{BLOB, SYNC};

/// What a stream is for. Each has a name of its own on the wire; the frames are alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wire {
    Sync,
    Blob,
}

impl Wire {
    const fn name(self) -> StreamProtocol {
        match self {
            Self::Sync => StreamProtocol::new(SYNC),
            Self::Blob => StreamProtocol::new(BLOB),
        }
    }
}

/// Takes streams of either name.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Inbound;

impl UpgradeInfo for Inbound {
    type Info = StreamProtocol;
    type InfoIter = [StreamProtocol; 2];

    fn protocol_info(&self) -> Self::InfoIter {
        [Wire::Sync.name(), Wire::Blob.name()]
    }
}

impl InboundUpgrade<Stream> for Inbound {
    type Output = (Wire, Stream);
    type Error = Infallible;
    type Future = Ready<Result<Self::Output, Infallible>>;

    fn upgrade_inbound(self, stream: Stream, name: StreamProtocol) -> Self::Future {
        let wire = if name == Wire::Blob.name() { Wire::Blob } else { Wire::Sync };
        ready(Ok((wire, stream)))
    }
}

/// See the module.
#[derive(Default)]
pub(crate) struct Behaviour {
    events: VecDeque<ToSwarm<Event, (Wire, SessionId)>>,
}

/// Something happened to a stream of a connection.
#[derive(Debug)]
pub(crate) struct Event {
    pub(crate) peer: PeerId,
    pub(crate) connection: ConnectionId,
    pub(crate) what: What,
}

/// What happened.
#[derive(Debug)]
pub(crate) enum What {
    /// The peer opened it.
    Inbound(Wire, Stream),
    /// This node opened it for a session.
    Outbound(SessionId, Stream),
    /// It could not be opened for a session.
    Failed(SessionId),
}

impl Behaviour {
    /// Opens a stream on a connection. If that is or goes away, no answer comes.
    pub(crate) fn open(&mut self, peer: PeerId, connection: ConnectionId, wire: Wire, session: SessionId) {
        self.events.push_back(ToSwarm::NotifyHandler {
            peer_id: peer,
            handler: NotifyHandler::One(connection),
            event: (wire, session),
        });
    }
}

impl NetworkBehaviour for Behaviour {
    type ConnectionHandler = Handler;
    type ToSwarm = Event;

    fn handle_established_inbound_connection(
        &mut self,
        _: ConnectionId,
        _: PeerId,
        _: &Multiaddr,
        _: &Multiaddr,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        Ok(Handler::default())
    }

    fn handle_established_outbound_connection(
        &mut self,
        _: ConnectionId,
        _: PeerId,
        _: &Multiaddr,
        _: Endpoint,
        _: PortUse,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        Ok(Handler::default())
    }

    fn on_swarm_event(&mut self, _: FromSwarm) {}

    fn on_connection_handler_event(
        &mut self,
        peer: PeerId,
        connection: ConnectionId,
        what: THandlerOutEvent<Self>,
    ) {
        self.events.push_back(ToSwarm::GenerateEvent(Event { peer, connection, what }));
    }

    fn poll(&mut self, _: &mut Context<'_>) -> Poll<ToSwarm<Self::ToSwarm, THandlerInEvent<Self>>> {
        // No waker: the swarm polls again after each of its own events, and the task that calls `open`
        // polls the swarm afterwards.
        self.events.pop_front().map_or(Poll::Pending, Poll::Ready)
    }
}

/// The streams of one connection.
#[derive(Default)]
pub(crate) struct Handler {
    /// Sessions for which a stream shall be opened.
    wanted: VecDeque<(Wire, SessionId)>,
    /// What happened and was not told yet.
    happened: VecDeque<What>,
}

impl ConnectionHandler for Handler {
    type FromBehaviour = (Wire, SessionId);
    type ToBehaviour = What;
    type InboundProtocol = Inbound;
    type OutboundProtocol = ReadyUpgrade<StreamProtocol>;
    type InboundOpenInfo = ();
    type OutboundOpenInfo = SessionId;

    fn listen_protocol(&self) -> SubstreamProtocol<Self::InboundProtocol> {
        SubstreamProtocol::new(Inbound, ())
    }

    fn on_behaviour_event(&mut self, wanted: (Wire, SessionId)) {
        self.wanted.push_back(wanted);
    }

    fn poll(
        &mut self,
        _: &mut Context<'_>,
    ) -> Poll<ConnectionHandlerEvent<Self::OutboundProtocol, Self::OutboundOpenInfo, Self::ToBehaviour>> {
        if let Some(what) = self.happened.pop_front() {
            return Poll::Ready(ConnectionHandlerEvent::NotifyBehaviour(what));
        }
        match self.wanted.pop_front() {
            // Negotiation has libp2p's usual limit of 10 seconds.
            Some((wire, session)) => Poll::Ready(ConnectionHandlerEvent::OutboundSubstreamRequest {
                protocol: SubstreamProtocol::new(ReadyUpgrade::new(wire.name()), session),
            }),
            None => Poll::Pending,
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "what concerns other protocols of the connection")]
    fn on_connection_event(
        &mut self,
        event: ConnectionEvent<
            Self::InboundProtocol,
            Self::OutboundProtocol,
            Self::InboundOpenInfo,
            Self::OutboundOpenInfo,
        >,
    ) {
        match event {
            ConnectionEvent::FullyNegotiatedInbound(FullyNegotiatedInbound { protocol, info: () }) => {
                let (wire, stream) = protocol;
                self.happened.push_back(What::Inbound(wire, stream));
            }
            ConnectionEvent::FullyNegotiatedOutbound(FullyNegotiatedOutbound { protocol, info: session }) => {
                self.happened.push_back(What::Outbound(session, protocol));
            }
            ConnectionEvent::DialUpgradeError(DialUpgradeError { error, info: session }) => {
                tracing::debug!(session = session.0, %error, "a session could not be opened");
                self.happened.push_back(What::Failed(session));
            }
            _ => {}
        }
    }
}
