//! Nodes that are told of each other: by an address and by a link, over loopback.

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tests::{
    Home, Node, PATIENCE, at, raw, same_digest, survive_a_kill, table, texts, throw, titles, wait_until,
};

/// A node that founded a circle, and one that was told its address and the circle's link.
fn two() -> (Node, Node) {
    let one = Home::new().up(&["--circle", "Gartenstraße"]);
    let other = Home::new().up(&["--peer", one.address(), "--join", &one.link()]);
    (one, other)
}

#[test]
fn two_nodes_agree_on_500_listings_and_lose_nothing_when_one_is_killed() {
    let (one, other) = two();
    assert!(one.ready().circle.is_some(), "{:?}", one.ready());
    survive_a_kill(one, &other);
}

#[test]
fn a_link_alone_is_enough_to_join_a_running_node_to_a_circle() {
    let one = Home::new().up(&["--circle", "Gartenstraße", "--member", "Shop at the corner"]);
    one.run(&["offer", "Leiter"]);
    let other = Home::new().up(&[]);
    assert_eq!(other.ready().circle, None);
    let circle = other.json(&["circle", "join", &one.link()]);
    assert_eq!(Some(circle["id"].as_str().unwrap()), one.ready().circle.as_deref(), "{circle:#}");
    same_digest(one.home(), other.home(), 1, PATIENCE);

    let listing = other.json(&["list"])[0].clone();
    assert_eq!((&listing["title"], &listing["mine"]), (&"Leiter".into(), &false.into()), "{listing:#}");
    assert_eq!(listing["author_name"], "Shop at the corner", "{listing:#}");
    let status = other.json(&["status"]);
    assert_eq!(at(&status, "/circles/0/name"), "Gartenstraße");
    assert_eq!(texts(&other.json(&["peers"]), "peer"), [one.ready().peer.clone()]);
    assert_eq!(texts(&one.json(&["peers"]), "peer"), [other.ready().peer.clone()]);
}

#[test]
fn three_nodes_in_a_row_agree_though_the_ends_never_meet() {
    let (left, middle) = two();
    let right =
        Home::new().up(&["--peer", middle.address(), "--join", left.ready().circle.as_deref().unwrap()]);
    left.run(&["offer", "From the left"]);
    right.wait_for_charter();
    right.run(&["need", "From the right"]);
    same_digest(left.home(), right.home(), 2, PATIENCE);
    same_digest(left.home(), middle.home(), 2, PATIENCE);
}

#[test]
fn nodes_that_know_one_and_the_same_find_each_other_and_go_on_without_it() {
    let first = Home::new().up(&["--circle", "Gartenstraße"]);
    let join = || Home::new().up(&["--peer", first.address(), "--join", &first.link()]);
    let others = [join(), join(), join()];
    wait_until("each is connected with all others", Duration::from_secs(60), || {
        let peers = || others.iter().map(|node| texts(&node.json(&["peers"]), "peer").len());
        let met = peers().all(|peers| peers == others.len());
        if met { Ok(()) } else { Err(format!("they have {:?} peers", peers().collect::<Vec<_>>())) }
    });
    drop(first);
    others[0].run(&["offer", "After the first one left"]);
    for other in &others[1..] {
        same_digest(others[0].home(), other.home(), 1, PATIENCE);
    }
}

#[test]
fn edits_and_withdrawals_reach_the_other_node() {
    let (one, other) = two();
    let ladder = one.json(&["offer", "Leiter", "--count", "2"]);
    let drill = one.json(&["offer", "Bohrmaschine"]);
    same_digest(one.home(), other.home(), 2, PATIENCE);
    one.run(&["edit", ladder["id"].as_str().unwrap(), "--title", "Lange Leiter"]);
    one.run(&["withdraw", drill["key"].as_str().unwrap()]);
    same_digest(one.home(), other.home(), 1, PATIENCE);
    let there = other.json(&["list"]);
    assert_eq!(texts(&there, "title"), ["Lange Leiter"]);
    assert_eq!(there[0]["key"], ladder["key"]);
    // Who did not write it can not change it.
    let refused = other.cli(&["withdraw", there[0]["id"].as_str().unwrap()]);
    tests::check_sentence(&refused, 1);
    assert!(refused.stderr.contains("not yours"), "{refused:#?}");
}

#[test]
fn what_was_acknowledged_is_there_after_a_kill_in_the_middle_of_an_import() {
    let home = Home::new();
    home.run(&["circle", "found", "Gartenstraße", "--quota", "90000"]);
    let mut acknowledged = Vec::new();
    let mut node = home.up(&[]);
    for round in 0..3 {
        let file = home.file(&format!("{round}.csv"), table(&format!("round{round}"), 8_000));
        for number in 0..5 {
            let title = format!("Acknowledged {round}-{number}");
            node.run(&["offer", &title]);
            acknowledged.push(title);
        }
        let before = bytes_in(&home.data());
        let mut import = home.command(&["import", &file, "--json"]);
        let mut import = import.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        wait_until("the import begins to write, or ends", PATIENCE, || {
            let has_begun = bytes_in(&home.data()) > before + 64 * 1024;
            let has_ended = import.try_wait().unwrap().is_some();
            if has_begun || has_ended { Ok(()) } else { Err("it has not".to_owned()) }
        });
        node.process().kill9();
        let told = import.wait_with_output().unwrap();
        node = node.restart(&[]);

        let here = titles(&home);
        for title in &acknowledged {
            assert!(here.contains(title), "{title} was acknowledged and is lost");
        }
        let of_this_round = format!("(round{round})");
        let kept = here.iter().filter(|title| title.contains(&of_this_round)).count();
        assert!(!told.status.success() || kept == 8_000, "acknowledged 8000, kept {kept}");
        // The rest comes in with the same file, nothing twice.
        let again = home.json(&["import", &file]);
        assert_eq!((&again["added"], &again["unchanged"]), (&(8_000 - kept).into(), &kept.into()));
    }
    assert_eq!(titles(&home).len(), 3 * 8_005);
}

fn bytes_in(folder: &Path) -> u64 {
    let mut sum = 0;
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        // A file may go while it is looked at.
        match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => sum += bytes_in(&entry.path()),
            Ok(metadata) => sum += metadata.len(),
            Err(_) => {}
        }
    }
    sum
}

#[test]
fn sigterm_and_ctrl_c_stop_a_node_cleanly() {
    for signal in ["TERM", "INT"] {
        let mut node = Home::new().up(&["--circle", "Gartenstraße"]);
        node.run(&["offer", "Leiter"]);
        let digest = node.digest();
        assert_eq!(node.process().signal(signal), 0);
        assert!(!node.data().join("node.json").exists(), "it takes back where it was");
        // The folder is free at once.
        assert_eq!(node.home().digest(), digest);
    }
}

#[test]
fn a_node_that_is_started_again_keeps_its_name_its_circle_and_its_listings() {
    let mut node = Home::new().up(&["--circle", "Gartenstraße"]);
    node.run(&["need", "Raclette"]);
    let (ready, digest) = (node.ready().clone(), node.digest());
    assert_eq!(node.process().signal("TERM"), 0);
    let node = node.restart(&[]);
    assert_eq!((&node.ready().peer, &node.ready().circle), (&ready.peer, &ready.circle));
    assert_eq!(node.digest(), digest);
    assert_eq!(node.json(&["circle", "list"]).as_array().unwrap().len(), 1, "`--circle` founds it once");
}

#[test]
fn nodes_that_met_find_each_other_again_after_a_power_cut_though_nobody_tells_them() {
    let (one, other) = two();
    one.run(&["offer", "Leiter"]);
    same_digest(one.home(), other.home(), 1, PATIENCE);
    wait_until("a round has ended", PATIENCE, || {
        let peers = other.json(&["peers"]);
        if peers[0]["synced"].is_null() { Err(peers.to_string()) } else { Ok(()) }
    });
    let (names, home) = ([one.ready().peer.clone(), other.ready().peer.clone()], other.home().clone());
    drop(other);
    let one = one.restart(&[]);
    let other = home.up(&[]);
    assert_eq!([one.ready().peer.clone(), other.ready().peer.clone()], names);
    one.run(&["offer", "Zelt"]);
    same_digest(one.home(), other.home(), 2, PATIENCE);
}

#[test]
fn garbage_at_the_port_for_nodes_and_at_the_port_for_pages_stops_nothing() {
    let (mut one, other) = two();
    let place = one.address().split('/').collect::<Vec<_>>();
    let p2p = format!("{}:{}", place[2], place[4]);
    let zeros = vec![0; 100_000];
    let noise: Vec<u8> = (0..50_000_u32).map(|at| at.wrapping_mul(2_654_435_761).to_be_bytes()[0]).collect();
    let line = [b"GET /", "a".repeat(100_000).as_bytes(), b" HTTP/1.1\r\n\r\n"].concat();
    for garbage in
        [&b""[..], b"\x13/multistream/1.0.0\n\xff\xff\xff\xff\xff\xff", &zeros, &noise, &line, b"\r\n\r\n"]
    {
        for port in [&p2p, &one.ready().http] {
            throw(port, garbage);
            let _ = raw(port, garbage);
        }
    }
    assert!(one.process().runs());
    let _ = one.get("/").with(200);
    one.run(&["offer", "Still here"]);
    same_digest(one.home(), other.home(), 1, PATIENCE);
}
