//! The floor: gossipsub alone, with the settings of `crates/net`, whose nodes verify each record once.
//!
//! This is the one place besides `net` that knows libp2p: what ours costs beside it is the question.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures::StreamExt as _;
use libp2p::gossipsub::{
    self, AllowAllSubscriptionFilter, ConfigBuilder, DataTransform, IdentTopic, Message, MessageAcceptance,
    MessageAuthenticity, MessageId, RawMessage, TopicHash, ValidationMode,
};
use libp2p::swarm::SwarmEvent;
use libp2p::{Multiaddr, Swarm, SwarmBuilder, noise, tcp, yamux};
use record::RecordId;
use sha2::{Digest as _, Sha256};
use tokio::sync::{mpsc, oneshot};

use super::{Arrival, Network, STEPS};
use crate::Outcome;
use crate::corpus::{Corpus, NOW, from_wire, to_wire};

/// As `crates/net/src/gossip.rs` has it.
const MAX_RPC: usize = 25 * 1024;
const IDLE: Duration = Duration::from_secs(30 * 60);

type Behaviour = gossipsub::Behaviour<Counter, AllowAllSubscriptionFilter>;

/// Counts the messages that come in before gossipsub sees which ones it knows.
#[derive(Clone, Default)]
struct Counter(Arc<AtomicU64>);

impl DataTransform for Counter {
    fn inbound_transform(&self, message: RawMessage) -> Result<Message, std::io::Error> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Ok(Message {
            source: message.source,
            data: message.data,
            sequence_number: message.sequence_number,
            topic: message.topic,
        })
    }

    fn outbound_transform(&self, _: &TopicHash, data: Vec<u8>) -> Result<Vec<u8>, std::io::Error> {
        Ok(data)
    }
}

pub(super) struct Bare {
    nodes: Vec<mpsc::UnboundedSender<Vec<u8>>>,
    messages: std::vec::IntoIter<(RecordId, Vec<u8>)>,
    copies: Counter,
}

pub(super) async fn start(
    count: usize,
    messages: usize,
    arrived: mpsc::UnboundedSender<Arrival>,
) -> Outcome<Bare> {
    let corpus = Corpus::new(messages, NOW)?;
    let messages = (0..messages).map(|number| {
        let record = corpus.listing(number, NOW)?;
        Ok((record.id(), to_wire(&record)))
    });
    let messages: Vec<_> = messages.collect::<Outcome<_>>()?;
    let copies = Counter::default();
    let mut swarms = Vec::new();
    let mut addresses = Vec::new();
    for _ in 0..count {
        let mut swarm = swarm(copies.clone())?;
        swarm.listen_on("/ip4/127.0.0.1/tcp/0".parse()?)?;
        addresses.push(first_address(&mut swarm).await);
        swarms.push(swarm);
    }
    let (mut nodes, mut connected) = (Vec::new(), Vec::new());
    for (number, mut swarm) in swarms.into_iter().enumerate() {
        for step in STEPS {
            swarm.dial(addresses[(number + step) % count].clone())?;
        }
        let (publish, published) = mpsc::unbounded_channel();
        let (ready, is_ready) = oneshot::channel();
        tokio::spawn(run(swarm, number, published, arrived.clone(), ready));
        nodes.push(publish);
        connected.push(is_ready);
    }
    for ready in connected {
        ready.await?;
    }
    Ok(Bare { nodes, messages: messages.into_iter(), copies })
}

fn swarm(copies: Counter) -> Outcome<Swarm<Behaviour>> {
    let swarm = SwarmBuilder::with_new_identity()
        .with_tokio()
        .with_tcp(tcp::Config::default().nodelay(true), noise::Config::new, yamux::Config::default)?
        .with_behaviour(|_| behaviour(copies).map_err(|error| error.to_string().into()))?
        .with_swarm_config(|config| config.with_idle_connection_timeout(IDLE))
        .build();
    Ok(swarm)
}

fn behaviour(copies: Counter) -> Outcome<Behaviour> {
    let config = ConfigBuilder::default()
        .validation_mode(ValidationMode::Anonymous)
        .validate_messages()
        .message_id_fn(|message: &Message| MessageId::new(&Sha256::digest(&message.data)))
        .max_transmit_size(MAX_RPC)
        .heartbeat_interval(Duration::from_secs(1))
        .heartbeat_initial_delay(Duration::from_millis(500))
        .history_length(10)
        .duplicate_cache_time(Duration::from_secs(120))
        .flood_publish(true)
        .mesh_n(6)
        .mesh_n_low(4)
        .mesh_n_high(12)
        .mesh_outbound_min(2)
        .build()?;
    let filter = AllowAllSubscriptionFilter {};
    let mut behaviour = gossipsub::Behaviour::new_with_subscription_filter_and_transform(
        MessageAuthenticity::Anonymous,
        config,
        filter,
        copies,
    )?;
    behaviour.subscribe(&topic())?;
    Ok(behaviour)
}

fn topic() -> IdentTopic {
    IdentTopic::new("bench")
}

async fn first_address(swarm: &mut Swarm<Behaviour>) -> Multiaddr {
    loop {
        if let SwarmEvent::NewListenAddr { address, .. } = swarm.select_next_some().await {
            return address;
        }
    }
}

/// One node, until nobody can tell it to publish any more.
async fn run(
    mut swarm: Swarm<Behaviour>,
    number: usize,
    mut published: mpsc::UnboundedReceiver<Vec<u8>>,
    arrived: mpsc::UnboundedSender<Arrival>,
    ready: oneshot::Sender<()>,
) -> Outcome<()> {
    let mut ready = Some(ready);
    loop {
        tokio::select! {
            data = published.recv() => {
                let Some(data) = data else { return Ok(()) };
                let record = from_wire(&data)?.verify()?;
                swarm.behaviour_mut().publish(topic(), data)?;
                let _ = arrived.send((number, record.id(), Instant::now()));
            }
            event = swarm.select_next_some() => {
                if swarm.connected_peers().count() >= 2 * STEPS.len() {
                    // Why: told once.
                    let _ = ready.take().map(|ready| ready.send(()));
                }
                if let SwarmEvent::Behaviour(gossipsub::Event::Message { propagation_source, message_id, message }) =
                    event
                {
                    let record = from_wire(&message.data)?.verify()?;
                    swarm.behaviour_mut().report_message_validation_result(
                        &message_id,
                        &propagation_source,
                        MessageAcceptance::Accept,
                    );
                    let _ = arrived.send((number, record.id(), Instant::now()));
                }
            }
        }
    }
}

impl Network for Bare {
    fn copies(&self) -> Option<u64> {
        Some(self.copies.0.load(Ordering::Relaxed))
    }

    async fn publish(&mut self, node: usize) -> Outcome<RecordId> {
        let (id, data) = self.messages.next().ok_or("no more messages")?;
        self.nodes[node].send(data)?;
        Ok(id)
    }

    async fn stop(self) -> Outcome<()> {
        Ok(())
    }
}
