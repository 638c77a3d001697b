//! Nodes whose network loses, delays, cuts and forgets: real processes on networks of their own.
//!
//! Each test tells its figures; `COMMONSHELF_FULL=1` makes them as large as the promises are.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use tests::{Home, Lan, Mesh, Node, full_or_short, is_full_size, table, texts, wait_until};

/// How long nodes may take to find each other at the start.
const MET: Duration = Duration::from_secs(60);

/// A network. `None` where this computer's owner has said that it can not have that: then the test says so
/// and is skipped.
fn network(made: Result<Mesh, String>) -> Option<Mesh> {
    match made {
        Ok(mesh) => Some(mesh),
        Err(reason) if Lan::is_unwanted() => {
            eprintln!("skipped, since COMMONSHELF_NO_NETNS=1 says so: no network namespaces here ({reason})");
            None
        }
        Err(reason) => panic!(
            "this test needs network namespaces and nftables, and this machine gives none ({reason}): run it as \
             root, allow user namespaces, or set COMMONSHELF_NO_NETNS=1 to do without this test"
        ),
    }
}

/// A machine's address for other nodes, over TCP.
fn dialled(ip: &str) -> String {
    format!("/ip4/{ip}/tcp/7378")
}

/// Starts a node that knows a first one; `by` are addresses of it, and `more` its other arguments.
fn join(mesh: &Mesh, at: usize, first: &Node, by: &[String], more: &[&str]) -> Node {
    let circle = first.ready().circle.clone().expect("it founded one");
    let mut args = vec!["--no-mdns", "--join", &circle];
    for address in by {
        args.extend(["--peer", address]);
    }
    args.extend(more);
    Node::start(Home::at(mesh.place(at)), &args)
}

/// What a node tells of its circle: how many listings, and the digest.
fn told(home: &Home) -> (u64, String) {
    let circle = home.json(&["status"])["circles"][0].clone();
    (circle["listings"].as_u64().unwrap_or(0), circle["digest"].as_str().unwrap_or_default().to_owned())
}

/// Waits until all tell the same, and so many listings; says how long that took.
fn agree(nodes: &[&Node], listings: u64, bound: Duration) -> Duration {
    let begun = Instant::now();
    wait_until(&format!("{} equal catalogues with {listings} listings", nodes.len()), bound, || {
        let all: Vec<_> = nodes.iter().map(|node| told(node.home())).collect();
        if all.iter().all(|one| one.0 == listings && *one == all[0]) {
            Ok(())
        } else {
            let counts: Vec<_> = all.iter().map(|one| one.0).collect();
            let digests: BTreeSet<_> = all.iter().map(|one| &one.1).collect();
            Err(format!("they tell {counts:?} listings and {} digests", digests.len()))
        }
    });
    begun.elapsed()
}

fn all(nodes: &[Node]) -> Vec<&Node> {
    nodes.iter().collect()
}

#[test]
fn eight_nodes_that_were_split_in_three_agree_a_minute_after_it_healed() {
    const NODES: usize = 8;
    let Some(mut mesh) = network(Mesh::switched(NODES)) else { return };
    let mut nodes = vec![Node::start(Home::at(mesh.place(0)), &["--circle", "Gartenstraße"])];
    let circle = nodes[0].ready().circle.clone().unwrap();
    for at in 1..NODES {
        nodes.push(Node::start(Home::at(mesh.place(at)), &["--join", &circle]));
    }
    for node in &nodes {
        node.wait_for_charter();
    }
    mesh.lose(20);
    mesh.slow_down(256);
    mesh.split(&[&[0, 1, 2], &[3, 4, 5], &[6, 7]]);
    let split = Instant::now();
    let length = full_or_short(300, 20);
    let mut written = 0;
    // A few listings on each side all the time; as many as a mesh of eight writes on a lively day.
    while split.elapsed() < length {
        let at = usize::try_from(written).unwrap() % NODES;
        nodes[at].run(&["offer", &format!("Written by {at} while they were apart, number {written}")]);
        written += 1;
        let next = length.mul_f64(f64::from(u32::try_from(written).unwrap()) / 48.0);
        std::thread::sleep(next.saturating_sub(split.elapsed()));
    }
    let counts: Vec<u64> = nodes.iter().map(|node| told(node.home()).0).collect();
    assert!(counts.iter().all(|count| *count < written), "a split that holds: {counts:?} of {written}");
    let before: Vec<_> = (0..NODES).map(|at| mesh.traffic(at)).collect();
    mesh.heal();
    let healed = agree(&all(&nodes), written, Duration::from_secs(60));
    let bytes = (0..NODES).map(|at| mesh.traffic(at).since(before[at])).max().unwrap();
    eprintln!(
        "8 nodes, 20 % loss, 256 kbit/s, split in three for {} s, {written} listings written meanwhile \
         ({counts:?} here and there): equal {:.1} s after healing; the busiest cable carried {bytes} bytes for it",
        length.as_secs(),
        healed.as_secs_f64()
    );
}

/// A node with 1,000 listings and one that comes to it over a slow cable: what `live` does until both agree,
/// the cable has to stand. Returns the bytes that went through it.
fn carry(mesh: &mut Mesh, listings: usize, mut live: impl FnMut(&mut Mesh, &dyn Fn() -> bool)) -> u64 {
    let home = Home::at(mesh.place(0));
    let quota = listings.to_string();
    let _ = home.json(&["circle", "found", "Gartenstraße", "--quota", &quota]);
    let file = home.file("shelf.csv", table("shelf", listings));
    let _ = home.json(&["import", &file]);
    let first = Node::start(home, &["--no-mdns"]);
    let link = first.json(&["circle", "list"])[0]["id"].as_str().unwrap().to_owned();
    let before = mesh.traffic(1);
    let by = dialled(&mesh.address(0));
    let other = Node::start(Home::at(mesh.place(1)), &["--no-mdns", "--peer", &by, "--join", &link]);
    let same = || told(first.home()) == told(other.home());
    live(mesh, &same);
    let (count, _) = told(other.home());
    assert_eq!(count, u64::try_from(listings).unwrap());
    mesh.traffic(1).since(before)
}

#[test]
fn a_link_that_comes_and_goes_carries_half_as_much_again_at_most() {
    let full = is_full_size();
    let listings = 1_000;
    let (rate, loss) = if full { (256, 10) } else { (1_000, 0) };
    let (up, down) = if full { (10_000, 110_000) } else { (2_500, 5_000) };
    let (up, down) = (Duration::from_millis(up), Duration::from_millis(down));
    let begun = Instant::now();
    let Some(mut mesh) = network(Mesh::routed(2)) else { return };
    mesh.lose(loss);
    mesh.slow_down(rate);
    let unbroken = carry(&mut mesh, listings, |_, same| {
        wait_until("both agree", Duration::from_secs(600), || {
            if same() { Ok(()) } else { Err("they do not".to_owned()) }
        });
    });
    let alone = begun.elapsed();

    let begun = Instant::now();
    let mut mesh = network(Mesh::routed(2)).expect("there was one");
    mesh.lose(loss);
    mesh.slow_down(rate);
    let mut windows = 0;
    let broken = carry(&mut mesh, listings, |mesh, same| {
        loop {
            windows += 1;
            assert!(windows < 100, "not even in 100 windows");
            let since = Instant::now();
            while since.elapsed() < up && !same() {
                std::thread::sleep(Duration::from_millis(100));
            }
            if same() {
                break;
            }
            // At full size nobody tells them, so they have to notice. Otherwise, so that it takes no minutes, both
            // ends learn of it at once.
            if full {
                mesh.plug(1, false)
            } else {
                [0, 1].map(|at| mesh.reset(at, true));
            }
            std::thread::sleep(down);
            if full {
                mesh.plug(1, true)
            } else {
                [0, 1].map(|at| mesh.reset(at, false));
            }
        }
    });
    let ratio = 100 * broken / unbroken;
    eprintln!(
        "{listings} records at {rate} kbit/s and {loss} % loss: {unbroken} bytes in {:.0} s over an unbroken link; \
         {broken} bytes in {windows} windows of {} s each, {:.0} s in all: {ratio} %",
        alone.as_secs_f64(),
        up.as_secs_f64(),
        begun.elapsed().as_secs_f64()
    );
    assert!(windows >= 3, "cut in the middle, and more than once: {windows} windows");
    assert!(ratio <= 150, "{broken} bytes, unbroken {unbroken}");
}

#[test]
fn a_path_that_goes_silent_is_given_up_and_another_one_is_taken() {
    let Some(mut mesh) = network(Mesh::switched(4)) else { return };
    let first = Node::start(Home::at(mesh.place(0)), &["--circle", "Gartenstraße", "--no-mdns"]);
    let two_ways = [mesh.second_address(0).unwrap(), mesh.address(0)].map(|ip| dialled(&ip));
    let other = join(&mesh, 1, &first, &two_ways, &[]);
    let third = Node::start(Home::at(mesh.place(2)), &["--circle", "Waldstraße", "--no-mdns"]);
    let fourth = join(&mesh, 3, &third, &[dialled(&mesh.address(2))], &[]);
    other.wait_for_charter();
    fourth.wait_for_charter();
    let ip = |node: &Node| {
        let peers = texts(&node.json(&["peers"]), "address");
        peers.first().map(|address| address.split('/').nth(2).unwrap().to_owned())
    };
    // It is whichever it dialled first.
    let before = ip(&other).expect("it is connected");
    let mine = if before == mesh.address(0) { Some(mesh.address(1)) } else { mesh.second_address(1) };
    mesh.cut(2, 3);
    mesh.cut_path(&before, &mine.unwrap());
    let begun = Instant::now();
    let (mut gone, mut back, mut alone) = (None, None, None);
    wait_until("both give up, and one of them finds the other way", Duration::from_secs(60), || {
        let now = ip(&other);
        if now.as_ref() != Some(&before) {
            gone.get_or_insert_with(|| begun.elapsed());
        }
        if now.is_some_and(|now| now != before) {
            back.get_or_insert_with(|| begun.elapsed());
        }
        if ip(&fourth).is_none() {
            alone.get_or_insert_with(|| begun.elapsed());
        }
        if back.is_some() && alone.is_some() { Ok(()) } else { Err(format!("{gone:?} {back:?} {alone:?}")) }
    });
    let (gone, back, alone) = (gone.unwrap(), back.unwrap(), alone.unwrap());
    eprintln!(
        "all packets dropped silently: given up after {:.1} s and {:.1} s, the second way was there {:.1} s later",
        gone.as_secs_f64(),
        alone.as_secs_f64(),
        (back - gone).as_secs_f64()
    );
    assert!(gone.max(alone) <= Duration::from_secs(45), "given up after {gone:?} and {alone:?}");
    assert!(back - gone <= Duration::from_secs(5), "the second way only after {:?}", back - gone);
    first.run(&["offer", "Over the second way"]);
    agree(&[&first, &other], 1, Duration::from_secs(15));
}

#[test]
fn what_is_written_after_a_kill_reaches_all_whoever_was_killed() {
    let rounds = if is_full_size() { 20 } else { 4 };
    let Some(mut mesh) = network(Mesh::switched(3)) else { return };
    // A row: the ends never hear each other.
    mesh.cut(0, 2);
    let first = Node::start(Home::at(mesh.place(0)), &["--circle", "Gartenstraße"]);
    let circle = first.ready().circle.clone().unwrap();
    let mut nodes = vec![first];
    for at in 1..3 {
        nodes.push(Node::start(Home::at(mesh.place(at)), &["--join", &circle]));
    }
    for node in &nodes {
        node.wait_for_charter();
    }
    let (mut written, mut slowest) = (0, Duration::ZERO);
    for role in ["publisher", "relay", "receiver"].iter().enumerate() {
        let mut times = Vec::new();
        for _ in 0..rounds {
            let killed = nodes.remove(role.0);
            let peer = killed.ready().peer.clone();
            let killed = killed.restart(&[]);
            assert_eq!(killed.ready().peer, peer, "it keeps its name");
            nodes.insert(role.0, killed);
            nodes[0].run(&["offer", &format!("Written after a kill, number {written}")]);
            written += 1;
            times.push(agree(&all(&nodes), written, Duration::from_secs(15)));
        }
        times.sort();
        let (middle, last) = (times[times.len() / 2], times[times.len() - 1]);
        slowest = slowest.max(last);
        eprintln!(
            "the {} killed and started again {rounds} times: the next listing reached all within {:.1} s, in the \
             middle {:.1} s",
            role.1,
            last.as_secs_f64(),
            middle.as_secs_f64()
        );
    }
    assert!(slowest <= Duration::from_secs(15));
}

#[test]
fn one_address_is_enough_where_a_router_drops_what_is_for_everybody() {
    let count = if is_full_size() { 10 } else { 5 };
    let Some(mesh) = network(Mesh::routed(count)) else { return };
    let first = Node::start(Home::at(mesh.place(0)), &["--circle", "Gartenstraße"]);
    let by = [dialled(&mesh.address(0))];
    let others: Vec<Node> = (1..count).map(|at| join(&mesh, at, &first, &by, &[])).collect();
    let begun = Instant::now();
    let enough = (count - 1).min(4);
    wait_until("each has met others than the first", MET, || {
        let peers: Vec<_> = others.iter().map(|node| texts(&node.json(&["peers"]), "peer").len()).collect();
        if peers.iter().all(|peers| *peers >= enough) { Ok(()) } else { Err(format!("they have {peers:?}")) }
    });
    let met = begun.elapsed();
    drop(first);
    others[0].run(&["offer", "After the first one left"]);
    let reached = agree(&all(&others), 1, Duration::from_secs(15));
    eprintln!(
        "{count} nodes on a routed network, each told one address: {enough} peers each after {:.1} s; without the \
         first one, a listing reached all after {:.1} s",
        met.as_secs_f64(),
        reached.as_secs_f64()
    );
}
