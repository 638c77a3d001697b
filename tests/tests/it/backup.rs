//! A whole node in a file: kept while it runs, and made a node again on another machine.

use std::fs;
use std::time::Duration;

use serde_json::Value;
use tests::{
    Home, Node, Output, PATIENCE, RED, at, check_sentence, same_digest, table, texts, titles, wait_until,
};

/// A round with a peer comes after a minute at the latest.
const HEARD: Duration = Duration::from_secs(75);
const PASSPHRASE: &str = "zwölf blaue Enten\n";

/// A command with the passphrase on its standard input.
fn typed(home: &Home, args: &[&str]) -> Output {
    Output::with_input(&mut home.command(args), PASSPHRASE.as_bytes())
}

/// Where a backup of a home goes.
fn file(home: &Home) -> String {
    home.folder().join("node.age").to_str().unwrap().to_owned()
}

fn text(json: &Value, path: &str) -> String {
    at(json, path).as_str().unwrap().to_owned()
}

/// What a node tells of its circles: their ids, names and digests.
fn circles(home: &Home) -> Vec<(String, String, String)> {
    let circles = home.json(&["circle", "list"]);
    let one = |circle: &Value| (text(circle, "/id"), text(circle, "/name"), text(circle, "/digest"));
    circles.as_array().unwrap().iter().map(one).collect()
}

fn same_circles(one: &Home, other: &Home) {
    wait_until("equal circles", PATIENCE, || {
        let (one, other) = (circles(one), circles(other));
        if one == other { Ok(()) } else { Err(format!("{one:#?} {other:#?}")) }
    });
}

fn wait_until_heard(home: &Home) {
    wait_until("a round with a peer", HEARD, || match home.json(&["key", "show"])["waits"].as_bool() {
        Some(false) => Ok(()),
        waits => Err(format!("it waits: {waits:?}")),
    });
}

/// A node with a circle that anyone reads and one of members, in which a second node is.
fn two_circles() -> (Node, Node) {
    let one = Home::new().up(&["--circle", "Gartenstraße", "--member", "Ada"]);
    one.run(&["circle", "found", "Hausgemeinschaft", "--read", "members"]);
    let other = Home::new().up(&["--join", &one.link(), "--peer", one.address()]);
    let members = one.json(&["circle", "invite", "Hausgemeinschaft"]);
    other.run(&["circle", "join", &text(&members, "/link")]);
    (one, other)
}

#[test]
fn a_node_whose_card_died_is_itself_again_on_another_machine() {
    let (mut one, other) = two_circles();
    let photo = one.home().file("red.png", RED);
    let paint = one.json(&["offer", "Farbe", "--photo", &photo]);
    let rows = one.home().file("things.csv", table("thing", 300));
    one.run(&["import", &rows]);
    let bed = text(&one.json(&["offer", "Kinderbett", "--circle", "Hausgemeinschaft"]), "/key");
    let tent = one.json(&["offer", "Zelt"]);
    one.run(&["withdraw", &text(&tent, "/key")]);
    same_circles(one.home(), other.home());
    other.run(&["offer", "From the other side", "--circle", "Gartenstraße"]);
    same_circles(one.home(), other.home());

    let saved = file(one.home());
    let told = typed(one.home(), &["export", "--all", &saved, "--json"]).json();
    assert!(at(&told, "/records").as_u64().unwrap() >= 305, "{told:#}");
    assert_eq!(at(&told, "/photos"), 1, "the photo of one point is its own thumbnail: {told:#}");
    let bytes = fs::read(&saved).unwrap();
    assert!(bytes.starts_with(b"age-encryption.org/v1\n-> scrypt "), "encrypted");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(fs::metadata(&saved).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let (member, peer) = (one.json(&["key", "show"]), one.ready().peer.clone());
    // What came after the backup only the other node knows.
    one.run(&["edit", &bed, "--title", "Großes Kinderbett"]);
    same_circles(one.home(), other.home());
    one.process().kill9();

    let home = Home::new();
    let restored = typed(&home, &["restore", &saved, "--json"]).json();
    assert_eq!((at(&restored, "/circles"), at(&restored, "/problem")), (&2.into(), &Value::Null));
    assert_eq!((at(&restored, "/rejected"), at(&restored, "/photos")), (&0.into(), &1.into()));
    assert_eq!(at(&restored, "/records"), at(&told, "/records"), "{restored:#}");
    let key = home.json(&["key", "show"]);
    assert_eq!((&key["member"], &key["key"]), (&member["member"], &member["key"]));
    assert_eq!(
        (&key["root_here"], &key["written_down"], &key["waits"]),
        (&true.into(), &true.into(), &true.into())
    );
    let refused = home.cli(&["edit", &bed, "--title", "Old"]);
    check_sentence(&refused, 1);
    assert!(refused.stderr.contains("connect first"), "{refused:#?}");
    let thumb = text(&paint, "/photos/0/thumb");
    assert!(home.data().join("photos").join(&thumb[..2]).join(&thumb).exists());

    let node = home.up(&["--peer", other.address()]);
    assert_eq!(node.ready().peer, peer, "other nodes know it by the same name");
    same_circles(node.home(), other.home());
    wait_until_heard(node.home());
    assert_eq!(node.json(&["show", &bed])["title"], "Großes Kinderbett");
    node.run(&["edit", &bed, "--title", "Kleines Kinderbett"]);
    node.run(&["withdraw", &text(&paint, "/key")]);
    node.run(&["offer", "Neues", "--circle", "Gartenstraße"]);
    same_circles(node.home(), other.home());
    assert_eq!(other.json(&["show", &bed])["title"], "Kleines Kinderbett");
    assert!(!titles(other.home()).contains("Zelt") && !titles(other.home()).contains("Farbe"));
}

#[test]
fn a_node_that_does_not_run_is_kept_as_well_and_goes_on_alone() {
    let one = Home::with_circle();
    one.run(&["offer", "Leiter"]);
    let saved = file(&one);
    let _ = typed(&one, &["export", "--all", &saved]).ended(0);
    let again = typed(&one, &["export", "--all", &saved]);
    check_sentence(&again, 1);
    assert!(again.stderr.contains("is there already"), "{again:#?}");

    let home = Home::new();
    let told = typed(&home, &["restore", &saved, "--alone"]).ended(0);
    assert!(
        told.stdout.contains("1 circles") && told.stdout.contains("Never start the old one"),
        "{told:#?}"
    );
    same_digest(&one, &home, 1, PATIENCE);
    home.run(&["edit", &text(&home.json(&["list"])[0], "/id"), "--title", "Lange Leiter"]);

    // A second time it would write over what is there.
    let refused = typed(&home, &["restore", &saved]);
    check_sentence(&refused, 1);
    assert!(refused.stderr.contains("holds a node already"), "{refused:#?}");
    assert_eq!(texts(&home.json(&["list"]), "title"), ["Lange Leiter"]);
    let node = home.up(&[]);
    let refused = typed(node.home(), &["restore", &saved]);
    check_sentence(&refused, 1);
    assert!(refused.stderr.contains("belongs to a running node"), "{refused:#?}");
}

#[test]
fn a_backup_that_does_not_open_or_is_none_leaves_the_folder_as_it_was() {
    let one = Home::with_circle();
    let saved = file(&one);
    let _ = typed(&one, &["export", "--all", &saved]).ended(0);
    let whole = fs::read(&saved).unwrap();
    let key = one.folder().join("key.age").to_str().unwrap().to_owned();
    let _ = typed(&one, &["key", "backup", "--file", &key]).ended(0);
    let home = Home::new();
    let refused = |file: &str, passphrase: &str, why: &str| {
        let output = Output::with_input(&mut home.command(&["restore", file]), passphrase.as_bytes());
        check_sentence(&output, 1);
        assert!(output.stderr.contains(why), "{output:#?}");
        assert!(!home.data().join("node.key").exists() && !home.data().join("journal").exists());
    };
    refused(&saved, "another\n", "does not open with this passphrase");
    refused(&home.file("none", "hello"), PASSPHRASE, "is no backup of a node");
    refused(&home.file("begun", &whole[..200]), PASSPHRASE, "");
    refused(&key, PASSPHRASE, "no backup of a node");
    let _ = typed(&home, &["restore", &saved]).ended(0);
    assert_eq!(circles(&one), circles(&home));
}

#[test]
fn of_a_torn_backup_what_is_whole_is_restored_and_others_give_the_rest() {
    let one = Home::new().up(&["--circle", "Gartenstraße"]);
    let rows = one.home().file("things.csv", table("thing", 1_000));
    one.run(&["import", &rows]);
    let saved = file(one.home());
    let _ = typed(one.home(), &["export", "--all", &saved]).ended(0);
    let other = Home::new().up(&["--join", &one.link(), "--peer", one.address()]);
    same_circles(one.home(), other.home());
    let member = one.json(&["key", "show"])["member"].clone();
    let bytes = fs::read(&saved).unwrap();
    drop(one);
    let home = Home::new();
    let torn = home.file("torn.age", &bytes[..bytes.len() / 2]);
    let output = typed(&home, &["restore", &torn, "--json"]).ended(1);
    assert!(output.stderr.contains("not copied whole"), "{output:#?}");
    let restored: Value = serde_json::from_str(&output.stdout).unwrap();
    assert!((100..1_000).contains(&at(&restored, "/records").as_u64().unwrap()), "{restored:#}");
    assert_eq!(at(&restored, "/member"), &member);
    let node = home.up(&["--peer", other.address()]);
    same_circles(node.home(), other.home());
}

#[test]
fn a_restore_that_was_cut_off_is_no_node_and_begins_anew() {
    let one = Home::with_circle();
    one.run(&["offer", "Leiter"]);
    let saved = file(&one);
    let _ = typed(&one, &["export", "--all", &saved]).ended(0);
    let home = Home::new();
    // As power leaves it: the mark, some keys, half a store.
    fs::create_dir_all(home.data().join("records")).unwrap();
    for (name, content) in
        [("restoring", ""), ("node.key", "half"), ("records/db", "half"), ("mine.txt", "mine")]
    {
        fs::write(home.data().join(name), content).unwrap();
    }
    for args in [&["list"][..], &["up", "--no-mdns", "--http", "127.0.0.1:0"]] {
        let refused = home.cli(args);
        check_sentence(&refused, 1);
        assert!(refused.stderr.contains("commonshelf restore FILE"), "{refused:#?}");
    }
    let _ = typed(&home, &["restore", &saved]).ended(0);
    assert_eq!(circles(&one), circles(&home));
    assert_eq!(fs::read_to_string(home.data().join("mine.txt")).unwrap(), "mine");
}
