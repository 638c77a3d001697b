//! Which nodes are linked.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use crate::rng::Rng;

/// Links between two nodes each, the lower number first.
pub(crate) type Edges = BTreeSet<(usize, usize)>;

/// The shape of a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Topology {
    /// Each with the next: the worst for news.
    Line,
    /// A line whose ends are linked.
    Ring,
    /// Each with so many others, by chance; as gossip meshes look.
    Random {
        /// How many others; one more where the number of nodes does not allow it.
        degree: usize,
    },
    /// Each with all others: a small network in one house.
    Full,
}

/// How many links a node has in a random network, unless said otherwise.
const DEGREE: usize = 6;

/// A text that names no topology.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownTopology(String);

impl fmt::Display for UnknownTopology {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\" is no topology: there are line, ring, random, random:DEGREE and full", self.0)
    }
}

impl std::error::Error for UnknownTopology {}

impl FromStr for Topology {
    type Err = UnknownTopology;

    fn from_str(text: &str) -> Result<Self, UnknownTopology> {
        let unknown = || UnknownTopology(text.chars().take(40).collect());
        match text {
            "line" => Ok(Self::Line),
            "ring" => Ok(Self::Ring),
            "full" => Ok(Self::Full),
            "random" => Ok(Self::Random { degree: DEGREE }),
            other => {
                let degree = other.strip_prefix("random:").and_then(|degree| degree.parse().ok());
                // Why: with fewer than two links each, a network falls apart.
                let degree = degree.filter(|degree| *degree >= 2).ok_or_else(unknown)?;
                Ok(Self::Random { degree })
            }
        }
    }
}

impl Topology {
    pub(crate) fn edges(self, nodes: usize, rng: &mut Rng) -> Edges {
        match self {
            Self::Line => (1..nodes).map(|node| (node - 1, node)).collect(),
            Self::Ring => circle(nodes, 1),
            Self::Full => full(nodes),
            Self::Random { degree } => regular(nodes, degree, rng),
        }
    }
}

fn edge(one: usize, other: usize) -> (usize, usize) {
    (one.min(other), one.max(other))
}

fn full(nodes: usize) -> Edges {
    (0..nodes).flat_map(|node| (0..node).map(move |other| (other, node))).collect()
}

/// Each linked with the next `reach` on both sides.
fn circle(nodes: usize, reach: usize) -> Edges {
    (0..nodes)
        .flat_map(|node| (1..=reach).map(move |step| edge(node, (node + step) % nodes)))
        .filter(|(one, other)| one != other)
        .collect()
}

/// A connected graph in which each node has `degree` links: a circle, then many exchanges of the ends of
/// two links, which keep all degrees.
fn regular(nodes: usize, degree: usize, rng: &mut Rng) -> Edges {
    let degree = if (nodes * degree).is_multiple_of(2) { degree } else { degree + 1 };
    if degree + 1 >= nodes {
        return full(nodes);
    }
    let mut start = circle(nodes, degree / 2);
    if !degree.is_multiple_of(2) {
        start.extend((0..nodes / 2).map(|node| (node, node + nodes / 2)));
    }
    // Nearly always the first attempt is connected.
    (0..20).map(|_| shuffled(&start, rng)).find(|edges| connected(nodes, edges)).unwrap_or(start)
}

fn shuffled(start: &Edges, rng: &mut Rng) -> Edges {
    let mut edges = start.clone();
    let mut list: Vec<_> = start.iter().copied().collect();
    for _ in 0..list.len() * 10 {
        let (first, second) = (rng.index(list.len()), rng.index(list.len()));
        let ((a, b), (c, d)) = (list[first], list[second]);
        let (c, d) = if rng.chance(0.5) { (c, d) } else { (d, c) };
        let (one, other) = (edge(a, d), edge(c, b));
        let simple = a != d && c != b && one != other;
        if first == second || !simple || edges.contains(&one) || edges.contains(&other) {
            continue;
        }
        edges.remove(&list[first]);
        edges.remove(&list[second]);
        edges.extend([one, other]);
        (list[first], list[second]) = (one, other);
    }
    edges
}

fn connected(nodes: usize, edges: &Edges) -> bool {
    let mut reached = BTreeSet::from([0]);
    let mut frontier = vec![0];
    while let Some(node) = frontier.pop() {
        for (one, other) in edges {
            let next = if *one == node { *other } else { *one };
            if (*one == node || *other == node) && reached.insert(next) {
                frontier.push(next);
            }
        }
    }
    reached.len() == nodes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn degrees(nodes: usize, edges: &Edges) -> Vec<usize> {
        let of = |node: usize| edges.iter().filter(|(one, other)| *one == node || *other == node).count();
        (0..nodes).map(of).collect()
    }

    #[test]
    fn every_network_is_connected_and_has_the_links_that_it_should() {
        for nodes in [2, 3, 5, 20, 51] {
            for seed in 0..20 {
                let rng = &mut Rng::new(seed);
                let line = Topology::Line.edges(nodes, rng);
                assert!(connected(nodes, &line) && line.len() == nodes - 1);
                let ring = Topology::Ring.edges(nodes, rng);
                assert!(connected(nodes, &ring));
                let full = Topology::Full.edges(nodes, rng);
                assert_eq!(degrees(nodes, &full), vec![nodes - 1; nodes]);
                for degree in 2..=6 {
                    let random = Topology::Random { degree }.edges(nodes, rng);
                    let expected = (degree + nodes * degree % 2).min(nodes - 1);
                    assert!(connected(nodes, &random), "{nodes} nodes, degree {degree}, seed {seed}");
                    assert_eq!(degrees(nodes, &random), vec![expected; nodes]);
                }
            }
        }
    }

    #[test]
    fn topologies_are_named_by_words() {
        assert_eq!("random".parse(), Ok(Topology::Random { degree: 6 }));
        assert_eq!("random:3".parse(), Ok(Topology::Random { degree: 3 }));
        for text in ["", "star", "random:1", "random:x"] {
            assert!(text.parse::<Topology>().is_err(), "{text}");
        }
    }
}
