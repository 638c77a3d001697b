//! Which links there are, and which of them are up: cuts, power, bans; and the mesh that carries gossip.

use std::collections::BTreeSet;

use protocol::SessionId;

use crate::event::Event;
use crate::network::End;
use crate::sim::Sim;

/// With how many of its neighbours a node exchanges gossip, as in the real mesh; neighbours that chose
/// this node come on top.
const MESH: usize = 8;

/// A link between two nodes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Link {
    /// The cuts that go through here.
    cuts: BTreeSet<usize>,
    /// One of the two banned the other.
    pub(crate) banned: bool,
    /// Both nodes run and nothing is cut.
    up: bool,
    /// When the lower and the higher node hear of the link's last change; nothing overtakes that.
    pub(crate) told: [u64; 2],
    /// Until when a slow link carries what the lower and the higher node will hear.
    pub(crate) busy: [u64; 2],
    /// Links with a low rank are the first to carry gossip.
    rank: u64,
    /// How many messages one of the two rejected.
    pub(crate) rejected: u64,
    /// How often the two reconciled since the last mark, counted on each side.
    pub(crate) rounds: u64,
}

impl Link {
    pub(crate) fn ranked(rank: u64) -> Self {
        Self { rank, ..Self::default() }
    }
}

/// A link by its ends, the lower first.
pub(crate) fn ends(one: usize, other: usize) -> (usize, usize) {
    (one.min(other), one.max(other))
}

impl Sim {
    pub(crate) fn link(&mut self, one: usize, other: usize) -> Option<&mut Link> {
        self.links.get_mut(&ends(one, other))
    }

    pub(crate) fn is_up(&self, one: usize, other: usize) -> bool {
        self.links.get(&ends(one, other)).is_some_and(|link| link.up)
    }

    /// Makes a cut, known by a number, through all links of which this says so.
    pub(crate) fn cut(&mut self, cut: usize, mut goes: impl FnMut(usize, usize) -> bool) {
        for ((one, other), link) in &mut self.links {
            if goes(*one, *other) {
                link.cuts.insert(cut);
            }
        }
        self.update_links();
    }

    /// Mends a cut.
    pub(crate) fn mend(&mut self, cut: usize) {
        for link in self.links.values_mut() {
            link.cuts.remove(&cut);
        }
        self.update_links();
    }

    /// Brings up the links whose nodes run, and down the others.
    pub(crate) fn update_links(&mut self) {
        let runs = |node: usize| self.nodes[node].protocol.is_some();
        let changed: Vec<_> = self
            .links
            .iter()
            .filter(|((one, other), link)| {
                link.up != (link.cuts.is_empty() && !link.banned && runs(*one) && runs(*other))
            })
            .map(|(ends, link)| (*ends, !link.up))
            .collect();
        for ((one, other), up) in changed {
            self.drop_carried(one, other);
            for (node, peer) in [(one, other), (other, one)] {
                let event = if up { Event::Connected(peer) } else { self.broken(node, peer) };
                let at = self.plan(peer, node, 0, event);
                if let Some(link) = self.link(one, other) {
                    link.up = up;
                    link.told[usize::from(node == other)] = at;
                }
            }
        }
    }

    /// What a slow link has not carried when it changes never was on it.
    fn drop_carried(&mut self, one: usize, other: usize) {
        let (now, rate) = (self.now, self.config.rate.unwrap_or(0));
        let Some(link) = self.link(one, other) else { return };
        let left: u64 = link.busy.iter().map(|busy| busy.saturating_sub(now)).sum();
        link.busy = [now; 2];
        self.traffic.bytes = self.traffic.bytes.saturating_sub(left.saturating_mul(rate) / 1_000);
    }

    /// When a link will have carried so many bytes to a node, after all before them.
    pub(crate) fn carry(&mut self, from: usize, to: usize, bytes: usize) -> u64 {
        let now = self.now;
        let Some(rate) = self.config.rate else { return now };
        let Some(link) = self.link(from, to) else { return now };
        let busy = &mut link.busy[usize::from(to > from)];
        *busy = (*busy).max(now).saturating_add((bytes as u64).saturating_mul(1_000) / rate.max(1));
        *busy
    }

    /// A node's end of a link that broke: its sessions go with it.
    fn broken(&mut self, node: usize, peer: usize) -> Event {
        let mine = (node, SessionId(0))..=(node, SessionId(u64::MAX));
        let with_peer =
            |((_, session), end): (&(usize, SessionId), &End)| (end.peer == peer).then_some(*session);
        let sessions: Vec<_> = self.sessions.range(mine).filter_map(with_peer).collect();
        for session in &sessions {
            self.sessions.remove(&(node, *session));
        }
        Event::Gone { peer, sessions }
    }

    /// The running nodes to which a node is linked.
    pub(crate) fn neighbours(&self, node: usize) -> Vec<usize> {
        self.nodes[node].linked.iter().copied().filter(|other| self.is_up(node, *other)).collect()
    }

    /// The neighbours with which a node exchanges gossip.
    pub(crate) fn mesh(&self, node: usize) -> Vec<usize> {
        let mut mesh = self.neighbours(node);
        if mesh.len() > MESH {
            let chosen = self.chosen(node, &mesh);
            mesh.retain(|other| {
                chosen.contains(other) || self.chosen(*other, &self.neighbours(*other)).contains(&node)
            });
        }
        mesh
    }

    fn chosen(&self, node: usize, neighbours: &[usize]) -> BTreeSet<usize> {
        let rank = |other: usize| self.links.get(&ends(node, other)).map_or(0, |link| link.rank);
        let mut ranked: Vec<_> = neighbours.iter().map(|other| (rank(*other), *other)).collect();
        ranked.sort_unstable();
        ranked.into_iter().take(MESH).map(|(_, other)| other).collect()
    }

    /// Whether all links of hostile nodes to honest ones are banned.
    pub(crate) fn all_banned(&self) -> bool {
        let hostile = |node: usize| self.nodes[node].hostile.is_some();
        let between = self.links.iter().filter(|((one, other), _)| hostile(*one) != hostile(*other));
        between.map(|(_, link)| link).all(|link| link.banned)
    }

    /// How many links lie between the two nodes that are furthest apart, of those honest ones that run.
    pub(crate) fn diameter(&self) -> usize {
        let counts = |node: &usize| self.nodes[*node].counts();
        let depth = |start: usize| {
            let (mut reached, mut edge, mut steps) = (BTreeSet::from([start]), vec![start], 0_usize);
            loop {
                edge = edge
                    .iter()
                    .flat_map(|node| self.neighbours(*node))
                    .filter(|next| counts(next) && reached.insert(*next))
                    .collect();
                if edge.is_empty() {
                    return steps;
                }
                steps = steps.saturating_add(1);
            }
        };
        // Why: in a large network some starts say enough, and all of them would take long.
        (0..self.nodes.len()).filter(counts).take(100).map(depth).max().unwrap_or(0)
    }
}
