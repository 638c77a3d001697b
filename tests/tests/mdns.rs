//! Nodes that find each other on a network of their own and were told nothing.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use tests::{Home, Lan, Node, PATIENCE, same_digest, survive_a_kill, unless_unwanted, wait_until};

/// Two machines with a cable between them.
fn lan() -> Option<Lan> {
    unless_unwanted(Lan::new())
}

#[test]
fn a_node_joins_the_circle_nearby_and_both_agree_though_one_is_killed() {
    let Some(lan) = lan() else { return };
    let one = Node::start(Home::at(&lan.left), &["--circle", "Gartenstraße"]);
    let other = Node::start(Home::at(&lan.right), &["--join", "nearby"]);
    survive_a_kill(one, &other);
}

#[test]
fn a_person_sees_which_circle_is_nearby_and_joins_it() {
    let Some(lan) = lan() else { return };
    let one = Node::start(Home::at(&lan.left), &["--circle", "Gartenstraße"]);
    let other = Node::start(Home::at(&lan.right), &[]);
    let nearby = wait_until("a circle nearby", PATIENCE, || {
        let nearby = other.json(&["circle", "list", "--nearby"]);
        if nearby[0]["name"] == "Gartenstraße" { Ok(nearby[0].clone()) } else { Err(nearby.to_string()) }
    });
    assert_eq!((&nearby["peers"], &nearby["joined"]), (&1.into(), &false.into()), "{nearby:#}");
    let circle = other.json(&["circle", "join", "nearby"]);
    assert_eq!(circle["id"], nearby["id"], "{circle:#}");
    one.run(&["offer", "Leiter"]);
    same_digest(one.home(), other.home(), 1, PATIENCE);
}

#[test]
fn a_node_that_does_without_mdns_is_not_found() {
    let Some(lan) = lan() else { return };
    let one = Node::start(Home::at(&lan.left), &["--circle", "Gartenstraße", "--no-mdns"]);
    let other = Node::start(Home::at(&lan.right), &[]);
    let told = other.cli(&["circle", "join", "nearby"]);
    tests::check_sentence(&told, 3);
    assert_eq!(one.json(&["peers"]), serde_json::json!([]));
}
