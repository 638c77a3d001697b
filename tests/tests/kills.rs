//! A node that is killed again and again while it is written to: nothing that was acknowledged is lost, nothing
//! that was withdrawn comes back.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use tests::{Client, Dice, Home, Ledger, Node, Process, copy, is_full_size, same_digest};

const AGREED: Duration = Duration::from_secs(60);
/// A node writes for at most so many milliseconds before it is killed, and opens for so many.
const WRITES: u64 = 300;
const OPENS: u64 = 150;

/// Writes on both nodes until the first one does not answer.
fn write(victim: &Client, other: &Client, dice: &mut Dice, ledgers: &mut [Ledger; 2]) {
    let text = "A few words that make it as long as such things are. ".repeat(1 + dice.below(6) as usize);
    loop {
        let [here, there] = &mut *ledgers;
        match here.write(victim, dice, &text) {
            Ok((status, answer)) => assert!((200..300).contains(&status), "{status}: {answer:#}"),
            Err(_) => return,
        }
        if dice.below(3) == 0 {
            let (status, answer) = there.write(other, dice, &text).unwrap();
            assert!((200..300).contains(&status), "{status}: {answer:#}");
        }
    }
}

#[test]
fn whenever_a_node_is_killed_what_it_acknowledged_is_there_and_what_was_withdrawn_stays_away() {
    let kills = if is_full_size() { 200 } else { 50 };
    let mut dice = Dice::cast();
    let home = Home::new();
    home.run(&["circle", "found", "Gartenstraße", "--quota", "90000"]);
    let mut victim = home.up(&[]);
    let other = Home::new().up(&["--peer", victim.address(), "--join", &victim.link()]);
    other.wait_for_charter();
    let (begun, to_other) = (victim.address().to_owned(), other.address().to_owned());
    let listen = begun.split("/p2p/").next().unwrap().to_owned();
    let up = |args: &[&str]| {
        let fixed = ["--http", "127.0.0.1:0", "--no-mdns", "--p2p", &listen, "--peer", &to_other];
        [&fixed[..], args].concat().into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    let mut ledgers = [Ledger::of("Here"), Ledger::of("There")];
    let (mut open, mut early) = (0, 0);
    for kill in 0..kills {
        let (at_victim, at_other) = (Client::of(&victim), Client::of(&other));
        let (mut of_writer, mut written) = (dice.another(), ledgers.clone());
        let (done, ended) = mpsc::channel();
        let writer = thread::spawn(move || {
            write(&at_victim, &at_other, &mut of_writer, &mut written);
            let _ = done.send(());
            written
        });
        // Nobody else ends the victim, so this ends at the moment that was drawn.
        let early_end = ended.recv_timeout(dice.moment(WRITES)).is_ok();
        assert!(!early_end, "it went by itself: {}", victim.said());
        victim.process().kill9();
        ledgers = writer.join().unwrap();
        drop(victim);
        // Some are killed again before they are ready.
        if dice.below(4) == 0 {
            let mut opening = Process::start(home.command(&["up", "--json"]).args(up(&[])));
            let (_keep, never) = mpsc::channel::<()>();
            let _ = never.recv_timeout(dice.moment(OPENS));
            opening.kill9();
            early += 1;
        }
        // A copy is opened without any network: no peer gives anything back.
        let alone = Home::new();
        copy(&home.data(), &alone.data());
        open += ledgers[0].settle(&alone.json(&["list", "--mine", "--limit", "100000"]));
        // That the key is to be written down is no damage.
        let notices = alone.json(&["status"])["notices"].clone();
        assert_eq!(notices.as_array().map(Vec::len), Some(1), "kill {kill}: {notices:#}");
        let args = up(&[]);
        victim = Node::start(home.clone(), &args.iter().map(String::as_str).collect::<Vec<_>>());
    }
    let there: usize = ledgers.iter().map(|ledger| ledger.there().len()).sum();
    same_digest(&home, other.home(), there, AGREED);
    for (node, ledger) in [&home, other.home()].into_iter().zip(&mut ledgers) {
        ledger.settle(&node.json(&["list", "--mine", "--limit", "100000"]));
    }
    eprintln!(
        "{kills} kills while writing, {early} while opening; {} and {} writes, {open} unanswered; {there} things on both",
        ledgers[0].written(),
        ledgers[1].written(),
    );
    assert!(ledgers[0].written() > kills, "the kills hit no writing");
}
