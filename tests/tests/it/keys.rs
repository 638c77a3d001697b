//! The member's root key: written down, restored on another machine, taken off; and the grants that it
//! signs.

use std::fs;
use std::time::Duration;

use serde_json::{Value, json};
use tests::{Home, Node, Output, PATIENCE, check_sentence, same_digest, texts, wait_until};

/// A round with a peer comes after a minute at the latest.
const HEARD: Duration = Duration::from_secs(75);

/// A key of nobody here.
const NOBODY: &str = "did:key:z6MktwupdmLXVVqTzCw4i46r4uGyosGXRnR3XjN4Zq7oMMsw";

/// A command with this on its standard input.
fn typed(home: &Home, args: &[&str], input: &str) -> Output {
    Output::with_input(&mut home.command(args), input.as_bytes())
}

fn words(home: &Home) -> String {
    let backup = home.json(&["key", "backup"]);
    assert_eq!(backup.as_object().unwrap().len(), 1, "the words alone");
    backup["words"].as_str().unwrap().to_owned()
}

fn key(home: &Home) -> Value {
    home.json(&["key", "show"])
}

fn text<'a>(json: &'a Value, field: &str) -> &'a str {
    json[field].as_str().unwrap()
}

fn notices(home: &Home) -> String {
    texts_of(&home.json(&["status"])["notices"]).join("\n")
}

fn texts_of(array: &Value) -> Vec<&str> {
    array.as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect()
}

/// A home that is restored from these words and has no records yet.
fn restored(words: &str) -> Home {
    let home = Home::new();
    let _ = typed(&home, &["key", "restore"], words).ended(0);
    home
}

/// Starts a node that joins the circle of another one.
fn joined(home: &Home, other: &Node) -> Node {
    home.up(&["--join", &other.link(), "--peer", other.address()])
}

/// Waits until a restored node has heard from another one.
fn wait_until_heard(home: &Home) {
    wait_until("a round with a peer", HEARD, || match key(home)["waits"].as_bool() {
        Some(false) => Ok(()),
        waits => Err(format!("it waits: {waits:?}")),
    });
}

/// Somebody who lost a machine: their words, and a neighbour's node that holds what they wrote.
fn lost() -> (String, Value, Node) {
    let one = Home::new().up(&["--circle", "Gartenstraße", "--member", "Ada"]);
    let other = joined(&Home::new(), &one);
    let ladder = one.json(&["offer", "Leiter"]);
    same_digest(one.home(), other.home(), 1, PATIENCE);
    (words(one.home()), ladder, other)
}

#[test]
fn words_bring_a_member_and_its_listings_back_on_an_empty_machine() {
    let (words, ladder, other) = lost();
    let home = Home::new();
    let told = typed(&home, &["key", "restore", "--json"], &words).json();
    assert_eq!((&told["member"], &told["waits"]), (&ladder["author"], &true.into()), "{told:#}");
    // Before a peer is heard, what may be older than others have is not written over.
    for args in [&["edit", text(&ladder, "key"), "--title", "Old"][..], &["withdraw", text(&ladder, "key")]] {
        let refused = home.cli(args);
        check_sentence(&refused, 1);
        assert!(refused.stderr.contains("connect first"), "{refused:#?}");
    }
    assert!(notices(&home).contains("was restored"), "{}", notices(&home));

    let node = joined(&home, &other);
    same_digest(node.home(), other.home(), 1, PATIENCE);
    wait_until_heard(node.home());
    let listing = node.json(&["list", "--mine"])[0].clone();
    assert_eq!((&listing["id"], &listing["author_name"]), (&ladder["id"], &"Ada".into()), "{listing:#}");
    let edited = node.json(&["edit", text(&ladder, "id"), "--title", "Lange Leiter"]);
    assert_eq!(edited["key"], ladder["key"]);
    node.run(&["offer", "Zelt"]);
    same_digest(node.home(), other.home(), 2, PATIENCE);
    node.run(&["withdraw", text(&ladder, "key")]);
    same_digest(node.home(), other.home(), 1, PATIENCE);
    assert_eq!(texts(&other.json(&["list"]), "author_name"), ["Ada"], "the name was not written over");
    assert!(!notices(node.home()).contains("was restored"), "{}", notices(node.home()));

    // What was heard is remembered.
    let node = node.restart(&[]);
    assert_eq!(key(node.home())["waits"], false);
    let grants = node.json(&["grant", "list"]);
    assert_eq!(grants.as_array().unwrap().len(), 2, "the lost machine's and this one's: {grants:#}");
}

#[test]
fn a_restored_node_writes_over_nothing_until_a_peer_was_heard_or_the_person_insists() {
    let one = Home::with_circle();
    let ladder = one.json(&["offer", "Leiter"]);
    let table = one.file("table.csv", "title\nZelt\n");
    let words = words(&one);
    let home = restored(&words);
    // An old copy of the records: what others wrote since is not in it.
    fs::remove_dir_all(home.data().join("records")).unwrap();
    fs::rename(one.data().join("records"), home.data().join("records")).unwrap();
    for args in [
        &["edit", text(&ladder, "key"), "--title", "Old"][..],
        &["withdraw", text(&ladder, "id")],
        &["import", &table],
        &["grant", "add", NOBODY],
        &["grant", "revoke", NOBODY],
    ] {
        let refused = home.cli(args);
        check_sentence(&refused, 1);
        assert!(refused.stderr.contains("connect first"), "{refused:#?}");
    }
    // New things can replace nothing.
    home.run(&["offer", "Raclette"]);
    assert_eq!(key(&home)["waits"], true);
    let told = typed(&home, &["key", "restore", "--alone", "--json"], &words).json();
    assert_eq!(told["waits"], false, "{told:#}");
    home.run(&["edit", text(&ladder, "key"), "--title", "Lange Leiter"]);
    home.run(&["import", &table]);
    assert_eq!(texts(&home.json(&["list", "--mine"]), "title").len(), 3);
}

#[test]
fn a_name_waits_as_well_until_a_peer_was_heard() {
    let (words, _, other) = lost();
    let home = restored(&words);
    let node = home.up(&["--join", other.ready().circle.as_deref().unwrap(), "--member", "Somebody else"]);
    // It knows the circle and nobody in it.
    check_sentence(&node.cli(&["offer", "Zelt"]), 1);
    let dialled = node.post("/api/v1/peers", &json!({ "address": other.address() }));
    assert_eq!(dialled.status, 200, "{dialled:?}");
    wait_until_heard(node.home());
    assert_eq!(texts(&node.json(&["list"]), "author_name"), ["Ada"]);
    node.run(&["offer", "Zelt"]);
    assert_eq!(texts(&node.json(&["list"]), "author_name"), ["Somebody else", "Somebody else"]);
}

#[test]
fn a_node_works_on_without_its_root_key() {
    let home = Home::with_circle();
    let ladder = home.json(&["offer", "Leiter"]);
    assert!(notices(&home).contains("commonshelf key backup"), "{}", notices(&home));
    let (words, before) = (words(&home), key(&home));
    assert!(!notices(&home).contains("lies only in"), "it is written down now: {}", notices(&home));

    let wrong = typed(&home, &["key", "take-off"], "zoo zoo zoo");
    check_sentence(&wrong, 1);
    assert!(home.data().join("root.key").exists());
    let _ = typed(&home, &["key", "take-off"], &words).ended(0);
    assert!(!home.data().join("root.key").exists());
    let after = key(&home);
    assert_eq!((&after["root_here"], &after["written_down"]), (&false.into(), &true.into()));
    assert_eq!((&after["member"], &after["key"]), (&before["member"], &before["key"]));
    check_sentence(&home.cli(&["key", "backup"]), 1);

    home.run(&["edit", text(&ladder, "key"), "--title", "Lange Leiter"]);
    let tent = home.json(&["offer", "Zelt"]);
    assert_eq!(tent["author"], ladder["author"]);

    // Another circle needs another grant.
    let circle = home.json(&["circle", "found", "Nebenan"]);
    let offer = ["offer", "Raclette", "--circle", text(&circle, "id")];
    let refused = home.cli(&offer);
    check_sentence(&refused, 1);
    let add = ["grant", "add", text(&after, "key")];
    assert!(refused.stderr.contains(&add.join(" ")), "{refused:#?}");
    assert!(notices(&home).contains("In Nebenan this node holds no grant"), "{}", notices(&home));
    check_sentence(&typed(&home, &add, ""), 1);
    let granted = typed(&home, &[&add[..], &["--json"]].concat(), &words).json();
    assert_eq!(texts(&granted, "role"), ["device", "device"], "one for each circle");
    home.run(&offer);
    assert_eq!(notices(&home), "");

    // The words put the root key back.
    let back = typed(&home, &["key", "restore", "--json"], &words).json();
    assert_eq!((&back["root_here"], &back["waits"]), (&true.into(), &false.into()), "{back:#}");
}

#[test]
fn a_grant_names_a_role_and_an_end_and_is_revoked_for_good() {
    let home = Home::with_circle();
    let desk = key(&Home::new());
    let desk = text(&desk, "key");
    let added = home.json(&["grant", "add", desk, "--role", "desk", "--until", "90d"]);
    assert_eq!((&added[0]["role"], &added[0]["here"]), (&"desk".into(), &false.into()), "{added:#}");
    let list = home.json(&["grant", "list"]);
    assert_eq!(list.as_array().unwrap().len(), 2, "{list:#}");
    assert!(list.as_array().unwrap().contains(&added[0]), "{list:#}");
    let revoked = home.json(&["grant", "revoke", desk]);
    assert_eq!((&revoked[0]["key"], &revoked[0]["listings"]), (&desk.into(), &0.into()), "{revoked:#}");
    assert_eq!(home.json(&["grant", "list"]).as_array().unwrap().len(), 1);
    let own = key(&home);
    for (args, code) in [
        (&["grant", "add", desk][..], 1),
        (&["grant", "add", "somebody"], 1),
        (&["grant", "add", NOBODY, "--role", "king"], 1),
        (&["grant", "add", NOBODY, "--until", "yesterday"], 1),
        (&["grant", "revoke", text(&own, "key")], 1),
        (&["grant", "revoke", NOBODY], 3),
    ] {
        check_sentence(&home.cli(args), code);
    }
}

#[test]
fn revoking_a_lost_device_voids_its_listings_everywhere() {
    let one = Home::new().up(&["--circle", "Gartenstraße"]);
    one.run(&["offer", "Leiter"]);
    let device = joined(&restored(&words(one.home())), &one);
    wait_until_heard(device.home());
    device.run(&["offer", "Not mine"]);
    same_digest(one.home(), device.home(), 2, PATIENCE);
    let revoked = one.json(&["grant", "revoke", text(&key(device.home()), "key")]);
    assert_eq!(revoked[0]["listings"], 1, "{revoked:#}");
    same_digest(one.home(), device.home(), 1, PATIENCE);
    assert_eq!(texts(&one.json(&["list"]), "title"), ["Leiter"]);
    let refused = device.cli(&["offer", "Again"]);
    check_sentence(&refused, 1);
    assert!(refused.stderr.contains("was revoked"), "{refused:#?}");
    assert!(notices(device.home()).contains("was revoked"), "{}", notices(device.home()));
}

#[test]
fn what_a_lost_device_listed_stays_if_it_is_signed_again() {
    let one = Home::new().up(&["--circle", "Gartenstraße"]);
    let device = joined(&restored(&words(one.home())), &one);
    wait_until_heard(device.home());
    device.run(&["offer", "Leiter", "--count", "2"]);
    same_digest(one.home(), device.home(), 1, PATIENCE);
    let revoked = one.json(&["grant", "revoke", text(&key(device.home()), "key"), "--keep"]);
    assert_eq!((&revoked[0]["listings"], &revoked[0]["kept"]), (&0.into(), &1.into()), "{revoked:#}");
    same_digest(one.home(), device.home(), 1, PATIENCE);
    let kept = one.json(&["list"]);
    assert_eq!((&kept[0]["title"], &kept[0]["count"]), (&"Leiter".into(), &2.into()), "{kept:#}");
    check_sentence(&device.cli(&["offer", "Again"]), 1);
}

#[test]
fn wrong_words_get_one_sentence_and_change_nothing() {
    let good = words(&Home::new());
    let home = Home::new();
    let before = key(&home);
    let mut unknown: Vec<&str> = good.split(' ').collect();
    unknown[6] = "shelff";
    let cases = [
        (String::new(), "24 words, and these are 0"),
        (good.split(' ').take(23).collect::<Vec<_>>().join(" "), "24 words, and these are 23"),
        (unknown.join(" "), "word 7 is not on the list"),
        (format!("{}zoo", "zoo ".repeat(23)), "do not belong together"),
    ];
    for (words, said) in cases {
        let refused = typed(&home, &["key", "restore"], &words);
        check_sentence(&refused, 1);
        assert!(refused.stderr.contains(said) && !refused.stderr.contains("shelff"), "{refused:#?}");
    }
    assert_eq!(key(&home), before);
    // A folder that holds somebody's things stays theirs.
    let theirs = Home::with_circle();
    let refused = typed(&theirs, &["key", "restore"], &good);
    check_sentence(&refused, 1);
    assert!(refused.stderr.contains("another member"), "{refused:#?}");
    check_sentence(&typed(&theirs, &["key", "take-off"], &good), 1);
    // What was printed for a person can be typed as it stands, numbers and all.
    let printed = Home::new();
    let shown = printed.cli(&["key", "backup"]).ended(0).stdout;
    let lines: Vec<&str> = shown.lines().filter(|line| line.starts_with(' ')).collect();
    let told = typed(&home, &["key", "restore", "--json"], &lines.join("\n")).json();
    assert_eq!(told["member"], key(&printed)["member"]);
}

#[test]
fn an_age_file_holds_the_words_under_a_passphrase() {
    let one = Home::new();
    let file = one.folder().join("key.age");
    let path = file.to_str().unwrap();
    check_sentence(&typed(&one, &["key", "backup", "--file", path], "\n"), 1);
    assert!(!file.exists(), "a backup that failed leaves nothing");
    assert_eq!(key(&one)["written_down"], false);
    let _ = typed(&one, &["key", "backup", "--file", path], "correct horse\n").ended(0);
    assert_eq!(key(&one)["written_down"], true);
    assert!(fs::read(&file).unwrap().starts_with(b"age-encryption.org/v1"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    check_sentence(&typed(&one, &["key", "backup", "--file", path], "correct horse\n"), 1);

    let other = Home::new();
    let restore = ["key", "restore", "--file", path, "--json"];
    let refused = typed(&other, &restore, "wrong horse\n");
    check_sentence(&refused, 1);
    assert!(refused.stderr.contains("passphrase"), "{refused:#?}");
    let told = typed(&other, &restore, "correct horse\n").json();
    assert_eq!(told["member"], key(&one)["member"]);
    let junk = other.file("junk.age", "no backup");
    check_sentence(&typed(&other, &["key", "restore", "--file", &junk], "correct horse\n"), 1);
}

#[test]
fn keys_are_told_to_the_owner_alone() {
    let node = Home::with_circle().up(&[]);
    node.run(&["offer", "Leiter"]);
    let seed = fs::read_to_string(node.data().join("root.key")).unwrap();
    let words = words(node.home());
    for path in ["/api/v1/key", "/api/v1/grants"] {
        assert_eq!(node.get(path).status, 401, "{path}");
    }
    for path in ["/api/v1/key/words", "/api/v1/key/take-off", "/api/v1/key/restore", "/api/v1/grants"] {
        for headers in [&[][..], &[("Authorization", "Bearer 00")]] {
            let answer = node.post_with(path, headers, "{}");
            assert_eq!(answer.status, 401, "{path}");
            assert!(!answer.body.contains(&words) && !answer.body.contains(seed.trim()), "{path}");
        }
    }
    let told = [node.get("/").body, node.get("/node").body, node.get("/api/v1/status").body, node.said()];
    assert!(told.iter().all(|text| !text.contains(&words) && !text.contains(seed.trim())));
    assert_eq!(node.post("/api/v1/key/words", &json!({})).status, 200);
}
