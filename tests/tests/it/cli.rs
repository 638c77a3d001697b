//! Every command, as a person and as a program uses it: on a folder at rest and on a running node.

use std::collections::BTreeMap;
use std::fs;
use std::thread;

use serde_json::{Value, json};
use tests::{Home, Output, at, by_text, check_listing, root, table, texts, titles};

/// All commands, by the words that a person types.
const COMMANDS: &[&[&str]] = &[
    &["up"],
    &["demo"],
    &["offer"],
    &["need"],
    &["edit"],
    &["withdraw"],
    &["show"],
    &["list"],
    &["search"],
    &["matches"],
    &["import"],
    &["export"],
    &["peers"],
    &["status"],
    &["circle"],
    &["circle", "found"],
    &["circle", "join"],
    &["circle", "list"],
    &["key"],
    &["key", "show"],
    &["key", "backup"],
    &["key", "restore"],
    &["key", "take-off"],
    &["grant"],
    &["grant", "add"],
    &["grant", "list"],
    &["grant", "revoke"],
];

fn id(listing: &Value) -> &str {
    listing["id"].as_str().unwrap()
}

/// Goes through every command that answers, and checks the shape of what it prints.
fn check_commands(home: &Home) {
    let circle = home.json(&["circle", "found", "Nebenan", "--quota", "300"]);
    check_circle(&circle);
    assert_eq!((&circle["name"], &circle["listings"]), (&"Nebenan".into(), &0.into()));
    let circles = home.json(&["circle", "list"]);
    assert_eq!(circles.as_array().unwrap().len(), 2);
    assert_eq!(by_text(&circles, "id", circle["id"].as_str().unwrap()), &circle);
    let first = circles[0]["id"].clone();
    circles.as_array().unwrap().iter().for_each(check_circle);
    assert_eq!(home.json(&["circle", "list", "--nearby"]), json!([]));

    let offer = home.json(&[
        "offer",
        "Leiter",
        "--text",
        "Drei Meter",
        "--category",
        "Werkzeug",
        "--count",
        "2",
        "--place",
        "49.01,8.40",
        "--until",
        "14d",
        "--terms",
        "loan",
        "--language",
        "de",
    ]);
    check_listing(&offer);
    assert_eq!(offer["circle"], first, "new listings go to the first circle");
    for (field, value) in [
        ("side", json!("offer")),
        ("title", json!("Leiter")),
        ("text", json!("Drei Meter")),
        ("category", json!("Werkzeug")),
        ("count", json!(2)),
        ("left", json!(2)),
        ("terms", json!("loan")),
        ("language", json!("de")),
        ("mine", json!(true)),
        ("cell", json!("871faac96ffffff")),
    ] {
        assert_eq!(offer[field], value, "{field}: {offer:#}");
    }
    assert!(offer["until"].as_u64() > offer["revision"].as_u64(), "{offer:#}");
    let need = home.json(&["need", "Eine Leiter", "--until", "2199-12-31"]);
    check_listing(&need);
    assert_eq!((&need["side"], &need["count"]), (&"need".into(), &1.into()));

    assert_eq!(home.json(&["show", id(&offer)]), offer);
    let edited = home.json(&["edit", id(&offer), "--title", "Lange Leiter", "--count", "3"]);
    check_listing(&edited);
    assert_eq!((&edited["key"], &edited["text"]), (&offer["key"], &offer["text"]), "{edited:#}");
    assert_eq!((&edited["title"], &edited["count"]), (&"Lange Leiter".into(), &3.into()));
    assert_ne!(edited["id"], offer["id"]);
    assert!(edited["revision"].as_u64() > offer["revision"].as_u64());
    assert_eq!(home.cli(&["show", id(&offer)]).code, 3, "the old version is gone");

    let list = home.json(&["list"]);
    assert_eq!(texts(&list, "title"), ["Lange Leiter", "Eine Leiter"], "the newest first");
    list.as_array().unwrap().iter().for_each(check_listing);
    assert_eq!(texts(&home.json(&["list", "--side", "need"]), "title"), ["Eine Leiter"]);
    assert_eq!(texts(&home.json(&["list", "--category", "werkzeug", "--mine"]), "title"), ["Lange Leiter"]);
    assert_eq!(texts(&home.json(&["list", "--limit", "1"]), "title"), ["Lange Leiter"]);
    let near = home.json(&["list", "--near", "49.02,8.45", "--within", "10"]);
    assert_eq!(texts(&near, "title"), ["Lange Leiter"]);
    assert!(near[0]["distance_km"].as_f64().is_some_and(|km| km > 1.0 && km < 10.0), "{near:#}");
    assert_eq!(home.json(&["list", "--near", "-33.9,18.4", "--within", "10"]), json!([]));

    let found = home.json(&["search", "Leitern"]);
    found.as_array().unwrap().iter().for_each(check_listing);
    assert_eq!(found.as_array().unwrap().len(), 2, "{found:#}");
    assert!(found[0]["score"].as_f64().is_some_and(|score| score > 0.0 && score <= 1.0), "{found:#}");
    // Both are of one member: nobody can help themselves.
    assert_eq!(home.json(&["matches"]), json!([]));
    assert_eq!(home.json(&["matches", id(&need), "--mine", "--limit", "5"]), json!([]));

    let file = home.file("things.csv", "name,amount\nZelt,1\nSchlafsack,4\n");
    let import = [
        "import",
        &file,
        "--map",
        "title=name",
        "--map",
        "count=amount",
        "--side",
        "offer",
        "--terms",
        "gift",
        "--language",
        "de",
        "--category",
        "Sport",
    ];
    let report = home.json(&import);
    let fields: Vec<&str> = report.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(fields, ["added", "changed", "dry_run", "notes", "rejected", "unchanged"]);
    assert_eq!((&report["added"], &report["rejected"]), (&2.into(), &json!([])), "{report:#}");
    let listings = home.json(&["list"]);
    let sack = by_text(&listings, "title", "Schlafsack");
    assert_eq!(
        (&sack["count"], &sack["category"], &sack["language"]),
        (&4.into(), &"Sport".into(), &"de".into())
    );

    let export = home.cli(&["export", "--json"]).ended(0);
    let lines: Vec<Value> = export.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 4, "{export:#?}");
    lines.iter().for_each(check_listing);
    assert_eq!(home.cli(&["export"]).ended(0).stdout, export.stdout);

    let gone = home.json(&["withdraw", need["key"].as_str().unwrap()]);
    check_listing(&gone);
    assert_eq!(gone["id"], need["id"]);
    assert_eq!(home.cli(&["show", id(&need)]).code, 3);

    assert_eq!(home.json(&["peers"]), json!([]));
    let status = home.json(&["status"]);
    for field in ["version", "peer"] {
        assert!(status[field].is_string(), "{field}: {status:#}");
    }
    for field in ["addresses", "members", "circles", "peers", "notices"] {
        assert!(status[field].is_array(), "{field}: {status:#}");
    }
    assert_eq!(at(&status, "/circles/0/listings"), 3);
    assert_eq!(at(&status, "/members/0"), &offer["author"]);
    check_circle(at(&status, "/circles/0"));
}

fn check_circle(circle: &Value) {
    for field in ["id", "name", "digest", "link"] {
        assert!(circle[field].is_string(), "{field}: {circle:#}");
    }
    for field in ["records", "listings", "members"] {
        assert!(circle[field].is_u64(), "{field}: {circle:#}");
    }
    let digest = circle["digest"].as_str().unwrap();
    assert!(digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit()), "{circle:#}");
    let link = format!("commonshelf:{}", circle["id"].as_str().unwrap());
    assert!(circle["link"].as_str().unwrap().starts_with(&link), "{circle:#}");
}

#[test]
fn every_command_prints_its_json_on_a_folder_at_rest() {
    check_commands(&Home::with_circle());
}

#[test]
fn every_command_prints_the_same_json_on_a_running_node() {
    let node = Home::with_circle().up(&[]);
    check_commands(node.home());
}

#[test]
fn every_command_has_a_text_for_people_that_is_no_json() {
    let home = Home::with_circle();
    let key = home.json(&["offer", "Leiter"])["key"].as_str().unwrap().to_owned();
    for args in [
        &["list"][..],
        &["show", &key],
        &["search", "Leiter"],
        &["matches"],
        &["peers"],
        &["status"],
        &["circle", "list"],
        &["circle", "list", "--nearby"],
        &["key", "show"],
        &["key", "backup"],
        &["grant", "list"],
        &["edit", &key, "--text", "lang"],
        &["withdraw", &key],
    ] {
        let output = home.cli(args).ended(0);
        assert!(!output.stdout.trim().is_empty(), "{output:#?}");
        assert!(!output.stdout.starts_with(['{', '[']), "{output:#?}");
        assert_eq!(output.stderr, "", "{output:#?}");
    }
}

#[test]
fn every_command_explains_itself() {
    let home = Home::new();
    for command in COMMANDS.iter().copied().chain([&[][..]]) {
        let help = home.cli(&[command, &["--help"]].concat()).ended(0);
        assert!(help.stdout.contains("Usage: commonshelf"), "{help:#?}");
        assert_eq!(help.stderr, "", "{help:#?}");
    }
    let all = home.cli(&["--help"]).ended(0).stdout;
    for command in COMMANDS.iter().filter(|command| command.len() == 1) {
        assert!(all.contains(command[0]), "--help does not name {}", command[0]);
    }
    let version = home.cli(&["--version"]).ended(0).stdout;
    assert_eq!(version.trim(), format!("commonshelf {}", env!("CARGO_PKG_VERSION")));
    assert!(!home.data().exists(), "looking at the help makes no folder");
}

#[test]
fn a_unique_beginning_of_an_id_or_key_is_enough() {
    let home = Home::with_circle();
    home.run(&["import", &home.file("ten.csv", table("ten", 10))]);
    let list = home.json(&["list"]);
    let all = [texts(&list, "id"), texts(&list, "key")];
    for (field, those) in ["id", "key"].iter().zip(&all) {
        for text in those {
            let bearers = |begin: &str| all.iter().flatten().filter(|other| other.starts_with(begin)).count();
            let length = (1..=text.len()).find(|length| bearers(&text[..*length]) == 1).unwrap();
            assert_eq!(home.json(&["show", &text[..length]])[field], text.as_str());
        }
    }
    let several = home.cli(&["show", "bafyrei"]);
    tests::check_sentence(&several, 1);
    assert!(several.stderr.contains("10 listings begin with"), "{several:#?}");
}

#[test]
fn an_edit_without_a_change_changes_nothing() {
    let home = Home::with_circle();
    let listing = home.json(&["offer", "Leiter", "--until", "30d"]);
    let digest = home.digest();
    assert_eq!(home.json(&["edit", id(&listing), "--title", "Leiter"]), listing);
    assert_eq!(home.digest(), digest);
    let without = home.json(&["edit", id(&listing), "--until", "", "--category", "Werkzeug"]);
    assert_eq!((&without["until"], &without["category"]), (&Value::Null, &"Werkzeug".into()));
}

#[test]
fn the_same_file_imported_twice_makes_no_duplicates() {
    let home = Home::with_circle();
    let file = home.file("shelf.csv", table("shelf", 60));
    let dry = home.json(&["import", "--dry-run", &file]);
    assert_eq!((&dry["added"], &dry["dry_run"]), (&60.into(), &true.into()), "{dry:#}");
    assert_eq!(home.json(&["list"]), json!([]), "a dry run writes nothing");
    assert_eq!(home.json(&["import", &file])["added"], 60);
    let digest = home.digest();
    let again = home.json(&["import", &file]);
    assert_eq!((&again["added"], &again["changed"], &again["unchanged"]), (&0.into(), &0.into(), &60.into()));
    assert_eq!(home.digest(), digest);

    // A row that changed is an edit; a thing that was withdrawn stays withdrawn.
    let list = home.json(&["list", "--limit", "100"]);
    let last = list
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["text"].as_str().unwrap().contains("Number 59 "))
        .unwrap();
    home.run(&["withdraw", id(last)]);
    let file = home.file("shelf.csv", table("shelf", 60).replace("Number 3 of", "Number three of"));
    let changed = home.json(&["import", &file]);
    assert_eq!(
        (&changed["added"], &changed["changed"], &changed["unchanged"]),
        (&0.into(), &1.into(), &59.into())
    );
    assert_eq!(titles(&home).len(), 59);
}

#[test]
fn all_of_the_demos_tables_come_in_whole_and_only_once() {
    let tables = fs::read_dir(root().join("crates/cli/demo")).unwrap().map(|entry| entry.unwrap().path());
    for path in tables.filter(|path| path.extension().is_some_and(|end| end == "csv")) {
        let home = Home::with_circle();
        let file = path.to_str().unwrap();
        let report = home.json(&["import", file]);
        assert_eq!((&report["rejected"], &report["unchanged"]), (&json!([]), &0.into()), "{file}");
        let added = report["added"].as_u64().unwrap();
        assert!(added >= 10, "{file}: {report:#}");
        let again = home.json(&["import", file]);
        assert_eq!((again["added"].as_u64(), again["unchanged"].as_u64()), (Some(0), Some(added)), "{file}");
        assert_eq!(home.json(&["list", "--limit", "10000"]).as_array().unwrap().len() as u64, added);
    }
}

#[test]
fn two_tables_that_number_their_things_alike_do_not_overwrite_each_other() {
    let home = Home::with_circle();
    let tools = home.file("tools.csv", "id,name,deposit\n1,Leiter,5\n2,Zelt,10\n");
    let clothes = home.file("clothes.csv", "id,title,size\n1,Mantel,L\n3,Schal,M\n");
    home.run(&["import", &tools]);
    let report = home.json(&["import", &clothes]);
    assert_eq!((&report["added"], &report["changed"]), (&2.into(), &0.into()), "{report:#}");
    let here: Vec<String> = titles(&home).into_iter().collect();
    assert_eq!(here, ["Leiter", "Mantel", "Schal", "Zelt"]);
}

#[test]
fn bad_rows_are_reported_with_their_lines_and_the_others_go_in() {
    let home = Home::with_circle();
    let long = "x".repeat(10_000);
    let rows = [
        "title,side,count,until,latitude,longitude",
        "Leiter,offer,1,,,",
        ",offer,1,,,",
        "\"Zelt\nmit Heringen\",offer,2,2199-12-31,49.01,8.40",
        "Negative,offer,-3,,,",
        "Past,offer,1,2001-01-01,,",
        "Nowhere,offer,1,,491,8.4",
        "Sideways,sideways,1,,,",
        "Half,offer,one and a half,,,",
        "Someday,offer,1,someday,,",
        "Raclette,need,1,,,",
        "",
        "Last,offer,1,,,",
    ];
    let file = home.file("rows.csv", format!("{}\n{long},offer,1,,,\n", rows.join("\n")));
    let report = home.json(&["import", &file]);
    let rejected: BTreeMap<u64, &str> = report["rejected"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["line"].as_u64().unwrap(), row["reason"].as_str().unwrap()))
        .collect();
    // The third row has two lines, so that all behind it are one line later.
    let lines: Vec<u64> = rejected.keys().copied().collect();
    assert_eq!(lines, [3, 6, 7, 8, 9, 10, 11, 15], "{report:#}");
    assert!(rejected[&6].contains("-3") && rejected[&7].contains("passed"), "{report:#}");
    assert!(rejected.values().all(|reason| (8..200).contains(&reason.chars().count())), "{report:#}");
    assert_eq!(report["added"], 4, "{report:#}");
    let here: Vec<String> = titles(&home).into_iter().collect();
    assert_eq!(here, ["Last", "Leiter", "Raclette", "Zelt mit Heringen"]);
    // People are told the same.
    let text = home.cli(&["import", &file]).ended(0);
    assert!(text.stdout.contains("line 6: "), "{text:#?}");
}

#[test]
fn what_one_node_exports_another_imports() {
    let home = Home::with_circle();
    home.run(&["import", &home.file("shelf.csv", table("shelf", 40))]);
    home.run(&["offer", "\"Quoted\", with ünïcode 🛠", "--text", "Two\nlines, and a comma", "--until", "20d"]);
    home.run(&[
        "need",
        "Raclette",
        "--terms",
        "loan",
        "--place",
        "49.01,8.40",
        "--count",
        "3",
        "--language",
        "de",
    ]);
    let lines = home.cli(&["export"]).ended(0).stdout;
    assert_eq!(lines.lines().count(), 42);

    let other = Home::with_circle();
    let file = other.file("export.jsonl", &lines);
    let report = other.json(&["import", &file]);
    assert_eq!((&report["added"], &report["rejected"]), (&42.into(), &json!([])), "{report:#}");
    let by_title = |home: &Home| {
        let list = home.json(&["list", "--limit", "1000"]);
        let fields = ["side", "terms", "text", "category", "language", "count", "left", "cell", "until"];
        let said = |one: &Value| fields.map(|field| one[field].clone());
        let list = list.as_array().unwrap().iter();
        list.map(|one| (one["title"].as_str().unwrap().to_owned(), said(one))).collect::<BTreeMap<_, _>>()
    };
    assert_eq!(by_title(&other), by_title(&home));
    assert_eq!(other.json(&["import", &file])["added"], 0);
    // Its own export changes nothing on the node that it came from.
    let own = home.json(&["import", &file]);
    assert_eq!((&own["added"], &own["changed"], &own["unchanged"]), (&0.into(), &0.into(), &42.into()));
    // A pipe will do as well.
    let third = Home::with_circle();
    let piped = Output::with_input(&mut third.command(&["import", "-", "--json"]), lines.as_bytes());
    assert_eq!(piped.json()["added"], 42);
}

#[test]
fn commands_at_the_same_time_wait_for_each_other() {
    let home = Home::with_circle();
    thread::scope(|scope| {
        for number in 0..6 {
            let home = home.clone();
            scope.spawn(move || home.run(&["offer", &format!("Thing {number}")]));
        }
    });
    assert_eq!(titles(&home).len(), 6);
}

#[test]
fn a_large_catalogue_is_whole_after_each_start() {
    // Which record is read first when a store is opened is chance: so several stores are tried.
    for _ in 0..4 {
        let home = Home::new();
        home.run(&["circle", "found", "Gartenstraße", "--quota", "20000"]);
        let report = home.json(&["import", &home.file("shelf.csv", table("shelf", 10_000))]);
        assert_eq!(report["added"], 10_000);
        let first = home.json(&["status"]);
        assert_eq!(at(&first, "/circles/0/listings"), 10_000, "{first:#}");
        assert_eq!(home.digest(), at(&first, "/circles/0/digest").as_str().unwrap());
    }
}

#[test]
fn the_circle_that_was_joined_first_stays_the_first_one() {
    // Which of several ids is the lowest is chance: so there are several.
    let home = Home::new();
    let names = ["Gartenstraße", "Nebenan", "Am Bach", "Im Hof", "Hinterm Haus"];
    for name in names {
        home.run(&["circle", "found", name]);
    }
    assert_eq!(texts(&home.json(&["circle", "list"]), "name"), names);
    let first = home.json(&["circle", "list"])[0]["id"].clone();
    assert_eq!(home.json(&["offer", "Leiter"])["circle"], first);
}

#[cfg(unix)]
#[test]
fn keys_and_token_are_readable_by_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let node = Home::with_circle().up(&[]);
    let mut secrets = Vec::new();
    for entry in fs::read_dir(node.data()).unwrap().map(|entry| entry.unwrap()) {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.ends_with(".key") || name.ends_with(".token") {
            assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{name}");
            secrets.push(fs::read_to_string(entry.path()).unwrap().trim().to_owned());
        }
    }
    assert!(secrets.len() >= 3, "a root key, a node's key, a token");
    // None of them is told to anybody.
    let told = [node.get("/").body, node.get("/api/v1/status").body, node.get("/node").body, node.said()];
    for secret in secrets {
        assert!(told.iter().all(|text| !text.contains(&secret)));
    }
}
