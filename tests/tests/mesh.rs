//! Real nodes on a street whose links lose packets, are slow, and come and go.
//!
//! Each test has a size for every day and a full one: `COMMONSHELF_FULL=1 cargo test --release -p tests --test
//! mesh -- --nocapture --test-threads 1` takes half an hour, and prints figures.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

use std::time::{Duration, Instant};

use serde_json::json;
use tests::{
    Away, Hears, Home, Mesh, Node, holding, in_state_within, is_full_size, same_digest, sees, sent, table,
    texts, told, unless_unwanted, wait_until,
};

const AGREED: Duration = Duration::from_secs(30);

/// A street, or none where this machine's owner has said that it can not have that.
fn street(houses: usize) -> Option<Mesh> {
    unless_unwanted(Mesh::new(houses))
}

/// A node in a house, that is told of these others.
fn house(mesh: &Mesh, number: usize, others: &[usize], args: &[&str]) -> Node {
    let addresses: Vec<String> =
        others.iter().map(|other| format!("/ip4/{}/tcp/7378", Mesh::address(*other))).collect();
    let mut all = vec!["--no-mdns"];
    for address in &addresses {
        all.extend(["--peer", address]);
    }
    Node::start(Home::at(mesh.place(number)), &[&all, args].concat())
}

/// Lets some time pass; what happens in it is asserted afterwards.
fn pass(time: Duration) {
    let begun = Instant::now();
    wait_until("time to pass", time + Duration::from_secs(1), || {
        if begun.elapsed() >= time { Ok(()) } else { Err("it did not".to_owned()) }
    });
}

fn digests(nodes: &[Node]) -> Vec<String> {
    nodes.iter().map(|node| node.digest()).collect()
}

#[test]
fn eight_nodes_on_bad_links_that_were_split_in_three_agree_within_a_minute_after_healing() {
    let Some(mesh) = street(8) else { return };
    let split = Duration::from_secs(if is_full_size() { 300 } else { 25 });
    let first = Node::start(Home::at(mesh.place(0)), &["--circle", "Gartenstraße"]);
    let link = first.link();
    let mut nodes = vec![first];
    nodes.extend((1..8).map(|number| Node::start(Home::at(mesh.place(number)), &["--join", &link])));
    nodes.iter().for_each(Node::wait_for_charter);
    let parts: [&[usize]; 3] = [&[0, 1, 2], &[3, 4, 5], &[6, 7]];
    for part in parts {
        for house in part {
            mesh.hear(*house, Hears::Only(part), 20);
            mesh.rate(*house, "256kbit");
        }
    }
    let begun = Instant::now();
    let mut written = 0;
    let mut rounds = 0;
    while begun.elapsed() < split {
        for (number, node) in nodes.iter().enumerate() {
            let listing = node.json(&["offer", &format!("Thing {rounds} of house {number}")]);
            written += 1;
            if rounds % 3 == 2 {
                node.run(&["withdraw", listing["id"].as_str().unwrap()]);
                written -= 1;
            }
        }
        rounds += 1;
        pass(split / 8);
    }
    let apart: std::collections::BTreeSet<String> = digests(&nodes).into_iter().collect();
    assert!(apart.len() >= 3, "the parts know different things");
    for number in 0..8 {
        mesh.hear(number, Hears::All, 20);
    }
    let healed = Instant::now();
    wait_until("eight equal catalogues", Duration::from_secs(60), || {
        let digests = digests(&nodes);
        if digests.iter().all(|digest| *digest == digests[0]) { Ok(()) } else { Err(format!("{digests:?}")) }
    });
    println!("{written} listings on 8 nodes equal {:.1} s after healing", healed.elapsed().as_secs_f64());
    assert_eq!(nodes[7].json(&["status"])["circles"][0]["listings"], written);
}

/// How many bytes a node with records and a new one exchange over a link that is up as `link` says.
fn carry(rows: usize, loss: u32, link: Option<(Duration, Duration)>) -> Option<(u64, usize)> {
    let mesh = street(2)?;
    let one = house(&mesh, 0, &[], &["--circle", "Gartenstraße"]);
    let other = house(&mesh, 1, &[0], &["--join", &one.link()]);
    other.wait_for_charter();
    let silence = |silent: bool| {
        for number in 0..2 {
            mesh.hear(number, if silent { Hears::Only(&[]) } else { Hears::All }, loss);
        }
    };
    mesh.rate(0, "256kbit");
    mesh.rate(1, "256kbit");
    silence(true);
    let file = one.home().file("shelf.csv", table("shelf", rows));
    assert_eq!(one.json(&["import", &file])["added"], rows);
    let before = mesh.bytes(1);
    let has_all = || other.json(&["status"])["circles"][0]["listings"] == rows;
    let mut windows = 0;
    let begun = Instant::now();
    match link {
        None => {
            silence(false);
            windows = 1;
            wait_until("all records", Duration::from_secs(300), || {
                if has_all() { Ok(()) } else { Err("they are not there".to_owned()) }
            });
        }
        Some((up, down)) => {
            while !has_all() {
                assert!(begun.elapsed() < Duration::from_secs(3_000), "it never ends");
                silence(false);
                windows += 1;
                let opened = Instant::now();
                while opened.elapsed() < up && !has_all() {
                    pass(Duration::from_millis(200));
                }
                if !has_all() {
                    silence(true);
                    pass(down);
                }
            }
        }
    }
    Some((mesh.bytes(1) - before, windows))
}

#[test]
fn a_link_that_is_up_for_moments_carries_everything_with_half_as_many_bytes_more_at_most() {
    let (rows, loss, link) = if is_full_size() {
        (1_000, 10, (Duration::from_secs(10), Duration::from_secs(110)))
    } else {
        (450, 0, (Duration::from_secs(6), Duration::from_secs(8)))
    };
    let Some((unbroken, _)) = carry(rows, loss, None) else { return };
    let (broken, windows) = carry(rows, loss, Some(link)).unwrap();
    let ratio = broken as f64 / unbroken as f64;
    println!("{rows} records: {unbroken} bytes at once, {broken} in {windows} windows: {ratio:.2}");
    assert!(windows >= 2, "the link was cut in the middle");
    assert!(ratio <= 1.5, "{ratio:.2}");
}

#[test]
fn a_link_that_falls_silent_is_given_up_within_45_seconds() {
    let Some(mesh) = street(2) else { return };
    let one = house(&mesh, 0, &[], &["--circle", "Gartenstraße"]);
    let other = house(&mesh, 1, &[0], &["--join", &one.link()]);
    other.wait_for_charter();
    let peers = |node: &Node| texts(&node.json(&["peers"]), "peer").len();
    assert_eq!((peers(&one), peers(&other)), (1, 1));
    mesh.hear(0, Hears::Only(&[]), 0);
    mesh.hear(1, Hears::Only(&[]), 0);
    let begun = Instant::now();
    wait_until("no peers on either side", Duration::from_secs(45), || {
        let left = (peers(&one), peers(&other));
        if left == (0, 0) { Ok(()) } else { Err(format!("they have {left:?}")) }
    });
    println!("given up after {:.1} s", begun.elapsed().as_secs_f64());
    mesh.hear(0, Hears::All, 0);
    mesh.hear(1, Hears::All, 0);
    one.run(&["offer", "Leiter"]);
    let again = Instant::now();
    same_digest(one.home(), other.home(), 1, Duration::from_secs(60));
    println!("together again after {:.1} s", again.elapsed().as_secs_f64());
}

#[test]
fn of_two_ways_to_a_peer_the_other_one_is_taken_within_5_seconds_when_one_falls_silent() {
    let Some(mesh) = street(2) else { return };
    let one = house(&mesh, 0, &[], &["--circle", "Gartenstraße"]);
    let ways = [Mesh::address(0), Mesh::second_address(0)];
    let dialled = ways.each_ref().map(|way| format!("/ip4/{way}/tcp/7378"));
    let link = one.link();
    let args = ["--no-mdns", "--peer", &dialled[0], "--peer", &dialled[1], "--join", &link];
    let other = Node::start(Home::at(mesh.place(1)), &args);
    other.wait_for_charter();
    let way = || {
        let peers = texts(&other.json(&["peers"]), "address");
        peers.first().map(|address| address.split('/').nth(2).unwrap().to_owned())
    };
    // Both are tried at the start; this one came first. Only who dialled a peer knows two ways to it.
    let first = way().expect("a peer");
    assert!(ways.contains(&first), "{first}");
    // A connection that held for a moment counts as one.
    pass(Duration::from_secs(6));
    mesh.hear(1, Hears::AllBut(&first), 0);
    let begun = Instant::now();
    let mut gone = None;
    let back = wait_until("the other way", Duration::from_secs(55), || {
        let way = way();
        if way.as_ref() != Some(&first) {
            gone.get_or_insert_with(|| begun.elapsed());
        }
        if way.is_some_and(|way| way != first) { Ok(begun.elapsed()) } else { Err(format!("gone: {gone:?}")) }
    });
    let (gone, took) = (gone.unwrap(), back.saturating_sub(gone.unwrap()));
    println!("given up after {:.1} s; the other way {:.1} s later", gone.as_secs_f64(), took.as_secs_f64());
    assert!(gone <= Duration::from_secs(45) && took <= Duration::from_secs(5), "{gone:?}, then {took:?}");
    one.run(&["offer", "Leiter"]);
    same_digest(one.home(), other.home(), 1, AGREED);
}

#[test]
fn one_address_is_enough_where_a_router_drops_what_is_for_everybody() {
    let count = if is_full_size() { 10 } else { 5 };
    let Some(mesh) = unless_unwanted(Mesh::routed(count)) else { return };
    let first = Node::start(Home::at(mesh.place(0)), &["--circle", "Gartenstraße"]);
    let link = first.link();
    let told = format!("/ip4/{}/tcp/7378", Mesh::address(0));
    // With mDNS: it is the router that lets none of it through.
    let join = |number| Node::start(Home::at(mesh.place(number)), &["--peer", &told, "--join", &link]);
    let others: Vec<Node> = (1..count).map(join).collect();
    let begun = Instant::now();
    wait_until("each has met others than the first", Duration::from_secs(60), || {
        let peers: Vec<_> = others.iter().map(|node| texts(&node.json(&["peers"]), "peer").len()).collect();
        if peers.iter().all(|peers| *peers >= 4) { Ok(()) } else { Err(format!("they have {peers:?}")) }
    });
    println!(
        "{count} nodes that were told one address had 4 peers each after {:.1} s",
        begun.elapsed().as_secs_f64()
    );
    drop(first);
    others[0].run(&["offer", "After the first one left"]);
    for other in &others[1..] {
        same_digest(others[0].home(), other.home(), 1, AGREED);
    }
}

#[test]
fn after_a_kill_and_a_restart_anywhere_on_a_line_what_is_published_reaches_all_within_15_seconds() {
    let Some(mesh) = street(3) else { return };
    for (number, hears) in [&[1][..], &[0, 2], &[1]].into_iter().enumerate() {
        mesh.hear(number, Hears::Only(hears), 0);
    }
    let middle = house(&mesh, 1, &[], &["--circle", "Gartenstraße"]);
    let link = middle.link();
    let mut nodes = vec![house(&mesh, 0, &[1], &["--join", &link]), middle];
    nodes.push(house(&mesh, 2, &[1], &["--join", &link]));
    nodes.iter().for_each(Node::wait_for_charter);
    let peers: Vec<String> = nodes.iter().map(|node| node.ready().peer.clone()).collect();
    let (mut slowest, times) = (0.0_f64, if is_full_size() { 20 } else { 3 });
    for time in 0..times {
        let killed = time % 3;
        let node = nodes.remove(killed).restart(&[]);
        nodes.insert(killed, node);
        assert_eq!(nodes[killed].ready().peer, peers[killed], "it has the name that it had");
        // What others wrote just before is fetched again.
        nodes[killed].wait_for_charter();
        nodes[0].run(&["offer", &format!("Thing {time}")]);
        let begun = Instant::now();
        same_digest(nodes[0].home(), nodes[2].home(), time + 1, Duration::from_secs(15));
        slowest = slowest.max(begun.elapsed().as_secs_f64());
    }
    println!("{times} kills: the slowest publication took {slowest:.1} s");
    same_digest(nodes[1].home(), nodes[2].home(), times, AGREED);
}

/// Words that stand in letters alone.
const WISH: &str = "Für unsere Zwillinge, bitte";
const ADDRESS: &str = "Hinterhaus, dritte Tür, Klingel Zimmermann";
const THANKS: &str = "Er fährt wunderbar";
/// Who had been cut off hears of what was said meanwhile: a link that fell silent is given up after 45 s at the latest.
const HEARD: Duration = Duration::from_secs(90);

/// A giver and an asker that never hear each other, and a third one that hears only one of them at a time.
struct Parted {
    mesh: Mesh,
    third: Node,
    /// Where the giver and the asker are.
    houses: [usize; 2],
}

impl Parted {
    /// From now on the third one hears this one of the two, and the other one nobody.
    fn let_hear(&self, side: usize) {
        let house = self.houses[side];
        for (number, hears) in [(0, &[house][..]), (house, &[0]), (self.houses[1 - side], &[])] {
            self.mesh.hear(number, Hears::Only(hears), 20);
        }
    }

    /// One of the two is cut off, says something, and dies before it is heard. What it said leaves after it came back.
    fn says(&self, side: usize, node: Node, said: impl FnOnce(&Node) -> String) -> (Node, String) {
        self.let_hear(1 - side);
        let id = said(&node);
        let away: Away = node.stop();
        self.let_hear(side);
        let node = away.start(&[]);
        sent(&node, &id);
        wait_until("the third one carries it", HEARD, || {
            let digests = (node.digest(), self.third.digest());
            if digests.0 == digests.1 { Ok(()) } else { Err(format!("{digests:?}")) }
        });
        assert_eq!(texts(&node.json(&["peers"]), "peer"), [self.third.ready().peer.clone()]);
        self.let_hear(1 - side);
        (node, id)
    }
}

#[test]
fn an_exchange_completes_between_two_that_never_hear_each_other_and_die_after_each_word() {
    let Some(mesh) = street(3) else { return };
    for (number, hears) in [&[1, 2][..], &[0], &[0]].into_iter().enumerate() {
        mesh.hear(number, Hears::Only(hears), 20);
    }
    let third = house(&mesh, 0, &[], &["--circle", "Gartenstraße", "--member", "Carla"]);
    let link = third.link();
    let [mut giver, mut asker] = [(1, "Ada"), (2, "Bo")]
        .map(|(number, name)| house(&mesh, number, &[0], &["--join", &link, "--member", name]));
    giver.wait_for_charter();
    asker.wait_for_charter();
    let key = giver.json(&["offer", "Kinderwagen"])["key"].as_str().unwrap().to_owned();
    sees(&asker, &key);
    let parted = Parted { mesh, third, houses: [1, 2] };
    const GIVER: usize = 0;
    const ASKER: usize = 1;
    let begun = Instant::now();
    let in_state = |node: &Node, id: &str, state: &str| {
        let seen = in_state_within(node, id, state, HEARD);
        println!("{state} after {:.1} s", begun.elapsed().as_secs_f64());
        seen
    };

    let id;
    (asker, id) = parted.says(ASKER, asker, |asker| {
        let asked = asker.json(&["request", &key, "--message", WISH]);
        asked["id"].as_str().unwrap().to_owned()
    });
    let turn = |side: usize, node: Node, words: &[&[&str]]| {
        let said = |node: &Node| {
            words.iter().for_each(|words| node.run(&[&words[..1], &[id.as_str()], &words[1..]].concat()));
            id.clone()
        };
        parted.says(side, node, said).0
    };
    assert_eq!(in_state(&giver, &id, "requested")["messages"][0]["text"], WISH);
    giver = turn(GIVER, giver, &[&["promise", "--place", ADDRESS, "--time", "2d"]]);
    assert_eq!(in_state(&asker, &id, "promised")["place"], ADDRESS);
    asker = turn(ASKER, asker, &[&["time"]]);
    in_state(&giver, &id, "time-agreed");
    if is_full_size() {
        giver = turn(GIVER, giver, &[&["ready"]]);
        in_state(&asker, &id, "ready");
        giver = turn(GIVER, giver, &[&["handover"]]);
        in_state(&asker, &id, "handed-over");
        asker = turn(ASKER, asker, &[&["receipt"]]);
        in_state(&giver, &id, "complete");
        asker = turn(ASKER, asker, &[&["thanks", THANKS]]);
    } else {
        giver = turn(GIVER, giver, &[&["ready"], &["handover"]]);
        in_state(&asker, &id, "handed-over");
        asker = turn(ASKER, asker, &[&["receipt"], &["thanks", THANKS]]);
    }
    for node in [&giver, &asker] {
        let done = told(node, &id, "the thanks", HEARD, |seen| seen["thanks"] == THANKS);
        let all = (&done["state"], &done["receipt"], &done["ready"]);
        assert_eq!(all, (&json!("complete"), &json!(true), &json!(true)), "{done}");
    }
    println!("complete on both sides after {:.1} s", begun.elapsed().as_secs_f64());
    for secret in [WISH, ADDRESS, THANKS, &id] {
        assert_eq!(holding(&parted.third.data(), secret.as_bytes()), Vec::<String>::new(), "{secret}");
    }
}
