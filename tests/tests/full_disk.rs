//! A disk of 16 MiB that is filled and freed again and again, and one that can only be read.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]
#![cfg(target_os = "linux")]

use std::time::Duration;

use tests::{
    Client, Dice, Disk, Home, Ledger, Node, Output, RED, check_sentence, same_digest, texts, titles,
    unless_unwanted, wait_until,
};

const AGREED: Duration = Duration::from_secs(60);
/// How large the disk is, in MiB, and how often it is filled.
const SIZE: u32 = 16;
const TIMES: usize = 20;
/// How many of a ledger's things a node shows.
const ALL: &str = "100000";

/// Checks that everything can be read, over the API and as pages.
fn reads(node: &Node, ledger: &mut Ledger) {
    let mine = node.get(&format!("/api/v1/listings?mine=true&limit={ALL}")).json();
    ledger.settle(&mine);
    let _ = node.get("/").with(200);
    let _ = node.get("/node").with(200);
    if let Some((key, title)) = ledger.there().pop_first() {
        assert_eq!(node.json(&["show", &key])["title"], title);
        assert!(node.get(&format!("/listing/{key}")).with(200).body.contains(&title));
    }
}

/// Writes until the disk takes no more, which has to be said in words.
fn write_until_refused(client: &Client, dice: &mut Dice, ledger: &mut Ledger) {
    let text = "Many words, so that there is soon no room for more. ".repeat(30);
    loop {
        let (status, answer) = ledger.write(client, dice, &text).unwrap();
        if status == 507 {
            let said = answer["error"]["message"].as_str().unwrap();
            assert!(said.contains("the disk is full: make room"), "{said}");
            return;
        }
        assert!((200..300).contains(&status), "{status}: {answer:#}");
    }
}

/// Sends the form of a new listing as a browser does; gives the status and the page.
fn send_form(node: &Node, title: &str) -> (u16, String) {
    let page = node.get("/new").with(200).body;
    let field = |name: &str| {
        let rest = page.split(&format!("name=\"{name}\" value=\"")).nth(1).expect("the field");
        rest.split('"').next().unwrap().to_owned()
    };
    let kind = ("Content-Type", "application/x-www-form-urlencoded");
    let body = format!("form={}&key={}&side=offer&title={title}", field("form"), field("key"));
    let answer = node.post_with("/new", &[kind], &body);
    (answer.status, answer.body)
}

#[test]
fn a_disk_that_is_filled_and_freed_again_and_again_costs_nothing_but_what_was_refused() {
    let Some(disk) = unless_unwanted(Disk::new(SIZE)) else { return };
    let mut dice = Dice::cast();
    let home = Home::within(disk.path());
    home.run(&["circle", "found", "Gartenstraße", "--quota", "90000"]);
    let mut node = home.up(&[]);
    let other = Home::new().up(&["--peer", node.address(), "--join", &node.link()]);
    other.wait_for_charter();
    let photo = other.home().file("red.png", RED);
    let mut ledgers = [Ledger::of("Here"), Ledger::of("There")];
    for time in 0..TIMES {
        let client = Client::of(&node);
        // Sometimes nothing at all is left, sometimes enough for a part of what belongs together.
        let left = [0, 4_096, 65_536, 1 << 20, 3 << 20][time % 5];
        disk.fill(if left == 0 { 0 } else { dice.below(left) });
        write_until_refused(&client, &mut dice, &mut ledgers[0]);
        disk.fill(0);
        // More than fits into what a page of the disk may have left.
        let long = "ä".repeat(2_000);
        let refused = node.cli(&["offer", "Zu viel", "--text", &long]);
        check_sentence(&refused, 1);
        assert!(refused.stderr.contains("the disk is full: make room"), "{refused:#?}");
        let refused = node.cli(&["offer", "Zu viel", "--photo", &photo]);
        check_sentence(&refused, 1);
        assert!(refused.stderr.contains("the disk is full: make room"), "{refused:#?}");
        let (status, page) = send_form(&node, &format!("Zuviel&text={long}"));
        assert!(status == 507 && page.contains("the disk is full: make room"), "{status}: {page}");
        for _ in 0..5 {
            let (status, answer) = ledgers[1].write(&Client::of(&other), &mut dice, "Von dort").unwrap();
            assert!((200..300).contains(&status), "{status}: {answer:#}");
        }
        reads(&node, &mut ledgers[0]);
        if time % 4 == 3 {
            // Power is cut while it is full.
            node.process().kill9();
            node = node.restart(&[]);
            reads(&node, &mut ledgers[0]);
        }
        disk.free();
        let client = Client::of(&node);
        wait_until("there is room, and it is written again", AGREED, || {
            let (status, answer) = ledgers[0].write(&client, &mut dice, "Wieder").unwrap();
            if (200..300).contains(&status) { Ok(()) } else { Err(answer.to_string()) }
        });
    }
    wait_until("nobody is told of a failure that is over", AGREED, || {
        let notices = node.json(&["status"])["notices"].to_string();
        if notices.contains("store failed") { Err(notices) } else { Ok(()) }
    });
    node.process().kill9();
    let node = node.restart(&[]);
    reads(&node, &mut ledgers[0]);
    let there = ledgers.iter().map(|ledger| ledger.there().len()).sum();
    same_digest(&home, other.home(), there, AGREED);
    let status = node.json(&["status"]);
    assert!(!status["notices"].to_string().contains("damaged"), "{status:#}");
    eprintln!(
        "filled {TIMES} times; {} writes, {} things are there",
        ledgers[0].written(),
        ledgers[0].there().len()
    );
}

#[test]
fn a_node_comes_up_however_often_power_is_cut_while_its_disk_is_full() {
    let Some(disk) = unless_unwanted(Disk::new(SIZE)) else { return };
    let (mut dice, mut ledger) = (Dice::cast(), Ledger::of("Here"));
    let home = Home::within(disk.path());
    home.run(&["circle", "found", "Gartenstraße", "--quota", "90000"]);
    let mut node = home.up(&[]);
    disk.fill(0);
    write_until_refused(&Client::of(&node), &mut dice, &mut ledger);
    for _ in 0..TIMES {
        // What the last start left of its reserve is taken by others.
        disk.fill(0);
        node.process().kill9();
        node = node.restart(&[]);
        reads(&node, &mut ledger);
    }
    disk.free();
    node.run(&["offer", "Wieder"]);
}

#[test]
fn a_disk_that_can_only_be_read_is_said_and_all_is_there_once_it_can_be_written() {
    let Some(disk) = unless_unwanted(Disk::new(SIZE)) else { return };
    let home = Home::within(disk.path());
    home.run(&["circle", "found", "Gartenstraße"]);
    home.run(&["offer", "Leiter"]);
    disk.remount("ro");
    for args in [&["offer", "Zelt"][..], &["list"], &["up", "--http", "127.0.0.1:0", "--no-mdns"]] {
        let refused = home.cli(args);
        check_sentence(&refused, 1);
        assert!(refused.stderr.contains("the disk can only be read"), "{refused:#?}");
    }
    disk.remount("rw");
    home.run(&["offer", "Zelt"]);
    assert_eq!(titles(&home).into_iter().collect::<Vec<_>>(), ["Leiter", "Zelt"]);
}

#[test]
fn a_node_that_runs_is_asked_also_when_its_folder_can_only_be_read() {
    let Some(disk) = unless_unwanted(Disk::new(SIZE)) else { return };
    let home = Home::within(disk.path());
    home.run(&["circle", "found", "Gartenstraße"]);
    let node = home.up(&[]);
    node.run(&["offer", "Leiter"]);
    let mirror = disk.shown_read_only().join(home.data().strip_prefix(disk.path()).unwrap());
    let ask = |args: &[&str]| Output::of(home.command(args).env("COMMONSHELF_DATA", &mirror));
    assert_eq!(texts(&ask(&["list", "--json"]).json(), "title"), ["Leiter"]);
    drop(node);
    let refused = ask(&["list"]);
    check_sentence(&refused, 1);
    assert!(refused.stderr.contains("the disk can only be read"), "{refused:#?}");
}
