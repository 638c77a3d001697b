//! A circle that is carried in a file between nodes that never meet.

use std::fs;

use serde_json::Value;
use tests::{Home, PATIENCE, at, check_sentence, same_digest, table, titles};

/// A file for a bundle in a node's folder.
fn file(home: &Home) -> String {
    home.folder().join("circle.bundle").to_str().unwrap().to_owned()
}

fn add(home: &Home, things: usize) {
    let rows = home.file("things.csv", table("thing", things));
    home.run(&["import", &rows]);
}

fn counts(report: &Value) -> (u64, u64, u64) {
    let rejected = report["rejected"].as_array().unwrap().len() as u64;
    (report["added"].as_u64().unwrap(), report["unchanged"].as_u64().unwrap(), rejected)
}

#[test]
fn a_circle_crosses_two_nodes_that_never_meet_and_back() {
    let (one, other) = (Home::with_circle(), Home::new());
    add(&one, 700);
    let written = one.json(&["export", "--bundle", &file(&one)]);
    assert_eq!(written["records"], 703, "{written:#}");
    assert_eq!(written["bytes"], fs::metadata(file(&one)).unwrap().len(), "{written:#}");

    let report = other.json(&["import", &file(&one)]);
    assert_eq!(counts(&report), (703, 0, 0), "{report:#}");
    assert_eq!(at(&report, "/bundle/joined"), true, "{report:#}");
    assert_eq!(at(&report, "/bundle/name"), "Gartenstraße", "{report:#}");
    same_digest(&one, &other, 700, PATIENCE);
    let again = other.json(&["import", &file(&one)]);
    assert_eq!(counts(&again), (0, 703, 0), "{again:#}");

    other.run(&["offer", "From the other side"]);
    other.run(&["export", "--bundle", &file(&other), "--circle", "Gartenstraße"]);
    let back = one.json(&["import", &file(&other)]);
    assert_eq!(counts(&back), (3, 703, 0), "the thing, the grant and the seal key of its member: {back:#}");
    same_digest(&one, &other, 701, PATIENCE);
}

#[test]
fn bundles_go_through_nodes_that_run_and_what_came_in_one_reaches_their_peers() {
    let source = Home::with_circle();
    add(&source, 300);
    source.run(&["export", "--bundle", &file(&source)]);
    let one = Home::new().up(&[]);
    let said = one.cli(&["import", &file(&source)]).ended(0);
    assert!(said.stdout.contains("Gartenstraße: added 303 records, unchanged 0, rejected 0."), "{said:#?}");
    assert!(said.stdout.contains("keeps the circle from now on"), "{said:#?}");
    same_digest(&source, one.home(), 300, PATIENCE);

    let other = Home::new().up(&["--join", &one.link()]);
    same_digest(one.home(), other.home(), 300, PATIENCE);
    source.run(&["offer", "Later"]);
    source.run(&["export", "--bundle", &file(&source), "--since", "1d"]);
    let report = one.json(&["import", &file(&source)]);
    assert_eq!(counts(&report), (1, 303, 0), "{report:#}");
    same_digest(&source, other.home(), 301, PATIENCE);

    let out = file(other.home());
    other.run(&["export", "--bundle", &out]);
    assert_eq!(counts(&source.json(&["import", &out])), (0, 304, 0));
}

#[test]
fn since_a_date_only_later_things_are_carried_and_they_count_on_a_node_that_had_nothing() {
    let (one, other) = (Home::with_clock(), Home::with_clock());
    one.run(&["circle", "found", "Gartenstraße"]);
    one.run(&["offer", "Old"]);
    for home in [&one, &other] {
        home.set_clock("+20d");
    }
    one.run(&["offer", "New"]);
    let written = one.json(&["export", "--bundle", &file(&one), "--since", "10d"]);
    assert_eq!(written["records"], 4, "charter, grant, seal key and the new thing: {written:#}");
    other.run(&["import", &file(&one)]);
    assert_eq!(titles(&other).into_iter().collect::<Vec<_>>(), ["New"]);
    one.run(&["export", "--bundle", &file(&one)]);
    other.run(&["import", &file(&one)]);
    same_digest(&one, &other, 2, PATIENCE);
}

#[test]
fn of_a_torn_or_damaged_file_what_was_whole_is_taken_and_the_rest_is_missed() {
    let one = Home::with_circle();
    add(&one, 700);
    one.run(&["export", "--bundle", &file(&one)]);
    let whole = fs::read(file(&one)).unwrap();
    let middle = whole.len() / 2;
    let mut scratched = whole.clone();
    scratched[middle] ^= 0x40;
    for (bytes, said) in [(&whole[..middle], "not copied whole"), (&scratched[..], "is damaged")] {
        for runs in [false, true] {
            let other = Home::new();
            let node = runs.then(|| other.up(&[]));
            let torn = other.file("torn.bundle", bytes);
            let output = other.cli(&["import", &torn, "--json"]).ended(1);
            assert!(output.stderr.contains(said), "{output:#?}");
            let report: Value = serde_json::from_str(&output.stdout).unwrap();
            let (added, unchanged, rejected) = counts(&report);
            assert!((100..703).contains(&added) && (unchanged, rejected) == (0, 0), "{report:#}");
            assert!(at(&report, "/bundle/problem").as_str().unwrap().contains(said), "{report:#}");
            assert_eq!(titles(&other).len() as u64, added - 3);
            let report = other.json(&["import", &file(&one)]);
            assert_eq!(counts(&report), (703 - added, added, 0), "{report:#}");
            drop(node);
            same_digest(&one, &other, 700, PATIENCE);
        }
    }
}

#[test]
fn a_file_that_is_none_or_of_another_circle_is_refused_in_one_sentence() {
    let (one, other) = (Home::with_circle(), Home::new());
    one.run(&["offer", "Leiter"]);
    one.run(&["export", "--bundle", &file(&one)]);
    let refused = |home: &Home, args: &[&str], why: &str| {
        let output = home.cli(args);
        check_sentence(&output, 1);
        assert!(output.stderr.contains(why), "{output:#?}");
    };
    let garbage = other.file("garbage", [b"\x89CSB\r\n\x1a\n", &[7; 5_000][..]].concat());
    refused(&other, &["import", &garbage], "the file");
    let begun = other.file("begun", &fs::read(file(&one)).unwrap()[..8]);
    refused(&other, &["import", &begun], "not copied whole");
    refused(&other, &["import", &file(&one), "--dry-run"], "go with tables alone");
    refused(&other, &["export", "--bundle", &file(&other)], "in no circle yet");
    refused(&one, &["export", "--bundle", "/nowhere/x"], "can not be written");
    refused(&one, &["export", "--bundle", &file(&other), "--since", "soon"], "is no date");
    assert!(!fs::exists(file(&other)).unwrap(), "half a bundle must not look like one");
    other.run(&["circle", "found", "Hof"]);
    let hof = other.json(&["circle", "list"])[0]["id"].as_str().unwrap().to_owned();
    refused(&other, &["import", &file(&one), "--circle", &hof], "a bundle of another circle");
    refused(&other, &["import", &file(&one), "--circle", "Hof"], "a bundle of another circle");
    assert_eq!(other.json(&["circle", "list"]).as_array().unwrap().len(), 1);
}

#[test]
fn a_circle_of_members_is_carried_sealed_and_opens_for_whoever_was_invited() {
    let (one, other) = (Home::new(), Home::new());
    one.run(&["circle", "found", "Hausgemeinschaft", "--read", "members"]);
    one.run(&["offer", "Kinderbett"]);
    one.run(&["export", "--bundle", &file(&one)]);
    let bytes = fs::read(file(&one)).unwrap();
    let link = one.json(&["circle", "invite"])["link"].as_str().unwrap().to_owned();
    let secret = link.split("secret=").nth(1).unwrap().split('&').next().unwrap();
    let shown = one.json(&["circle", "list"])[0]["link"].as_str().unwrap().to_owned();
    assert!(secret.len() == 64 && !shown.contains("secret"), "{link} {shown}");
    let secret: Vec<u8> =
        (0..32).map(|at| u8::from_str_radix(&secret[2 * at..2 * at + 2], 16).unwrap()).collect();
    for hidden in [b"Kinderbett", b"Hausgemein", &secret[..10]] {
        assert!(!bytes.windows(10).any(|part| part == hidden), "{hidden:?} is in the file");
    }

    let refused = other.cli(&["import", &file(&one)]);
    check_sentence(&refused, 1);
    assert!(refused.stderr.contains("join it first with an invitation"), "{refused:#?}");
    let id = shown.split(['?', ':']).nth(1).unwrap();
    other.run(&["circle", "join", id]);
    let refused = other.cli(&["import", &file(&one)]);
    check_sentence(&refused, 1);
    assert!(refused.stderr.contains("this node does not have"), "{refused:#?}");

    other.run(&["circle", "join", &link]);
    // What was sealed before the secret was renewed still opens, and the bundle that is sealed anew as well.
    assert_eq!(counts(&other.json(&["import", &file(&one)])), (4, 0, 0));
    same_digest(&one, &other, 1, PATIENCE);
    one.run(&["circle", "renew"]);
    assert_eq!(counts(&one.json(&["import", &file(&one)])), (0, 4, 0));
    one.run(&["export", "--bundle", &file(&one)]);
    let refused = other.cli(&["import", &file(&one)]);
    assert!(refused.stderr.contains("this node does not have"), "{refused:#?}");
    let link = one.json(&["circle", "invite"])["link"].as_str().unwrap().to_owned();
    other.run(&["circle", "join", &link]);
    assert_eq!(counts(&other.json(&["import", &file(&one)])), (1, 4, 0));
    same_digest(&one, &other, 1, PATIENCE);
}
