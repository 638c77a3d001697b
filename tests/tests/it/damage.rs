//! Files of a data folder that are damaged: the node is up all the same, or says what is to be done; its own
//! things are there, and the rest comes back from one peer.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::Value;
use tests::{Home, Node, check_sentence, copy, same_digest, table, texts, titles};

/// What others wrote is back from one peer within this time.
const BACK: Duration = Duration::from_secs(60);
const THINGS: usize = 500;

/// The folder of the store inside a data folder.
fn records(home: &Home) -> PathBuf {
    let mut folders = fs::read_dir(home.data()).unwrap().map(|entry| entry.unwrap().path());
    let is_store = |path: &PathBuf| {
        let name = path.file_name().unwrap().to_str().unwrap();
        path.is_dir() && name.starts_with("records") && !name.starts_with("records.damaged")
    };
    folders.find(is_store).expect("a store")
}

/// What is done to a stopped node's files, and its name.
type Damage = (&'static str, fn(&Home));

const DAMAGES: [Damage; 4] = [
    ("the log is zeroed", |home| {
        let log = records(home).join("db");
        let size = fs::metadata(&log).unwrap().len();
        fs::write(&log, vec![0; usize::try_from(size).unwrap()]).unwrap();
    }),
    ("the log is cut behind its snapshot", |home| {
        let log = records(home).join("db");
        let file = fs::OpenOptions::new().write(true).open(log).unwrap();
        file.set_len(file.metadata().unwrap().len() / 2).unwrap();
    }),
    ("everything but the journal is gone", |home| fs::remove_dir_all(records(home)).unwrap()),
    ("everything but the records is gone", |home| fs::remove_file(home.data().join("journal")).unwrap()),
];

#[test]
fn what_a_damaged_node_had_of_others_is_back_from_one_peer_and_its_own_things_never_were_away() {
    let one = Home::new().up(&["--circle", "Gartenstraße"]);
    let file = one.home().file("shelf.csv", table("shelf", THINGS));
    one.run(&["import", &file]);
    let mut other = Home::new().up(&["--peer", one.address(), "--join", &one.link()]);
    other.wait_for_charter();
    for number in 0..20 {
        other.run(&["offer", &format!("Eigenes {number}")]);
    }
    let all = THINGS + 20;
    same_digest(one.home(), other.home(), all, BACK);
    for (name, inflict) in DAMAGES {
        assert_eq!(other.process().signal("TERM"), 0);
        inflict(other.home());
        // Without a network first: what is its own needs nobody.
        let alone = Home::new();
        copy(&other.data(), &alone.data());
        let own = alone.json(&["list", "--mine", "--limit", "100000"]);
        let own: Vec<String> = texts(&own, "title");
        assert!((0..20).all(|number| own.contains(&format!("Eigenes {number}"))), "{name}: {own:?}");
        let begun = Instant::now();
        other = other.restart(&[]);
        let up = begun.elapsed();
        same_digest(one.home(), other.home(), all, BACK);
        eprintln!("{name}: up after {up:.1?}, whole after {:.1?}", begun.elapsed());
        assert_eq!(titles(one.home()), titles(other.home()), "{name}");
    }
}

#[test]
fn a_node_whose_records_were_damaged_says_so_also_when_it_was_started_again() {
    let home = Home::with_circle();
    home.run(&["offer", "Leiter"]);
    let log = records(&home).join("db");
    fs::write(&log, vec![0; 70_000]).unwrap();
    let mut node = home.up(&[]);
    let notices = |node: &Node| node.json(&["status"])["notices"].to_string();
    assert!(notices(&node).contains("records.damaged-"), "{}", notices(&node));
    assert!(node.get("/node").with(200).body.contains("records.damaged-"));
    assert_eq!(texts(&node.json(&["list"]), "title"), ["Leiter"]);
    assert_eq!(node.process().signal("TERM"), 0);
    // Nobody was there yet who could have given the rest back.
    let node = node.restart(&[]);
    assert!(notices(&node).contains("records.damaged-"), "{}", notices(&node));
}

/// What becomes of one small file, and its name.
type Fate = (&'static str, fn(&Path));

const FATES: [Fate; 5] = [
    ("empty", |file| fs::write(file, "").unwrap()),
    ("half", |file| {
        let bytes = fs::read(file).unwrap();
        fs::write(file, &bytes[..bytes.len() / 2]).unwrap();
    }),
    ("zeroed", |file| {
        let size = fs::metadata(file).unwrap().len();
        fs::write(file, vec![0; usize::try_from(size).unwrap()]).unwrap();
    }),
    ("garbage", |file| fs::write(file, [0xff, 0xfe, 0x80].repeat(40)).unwrap()),
    ("gone", |file| fs::remove_file(file).unwrap()),
];

/// The files of a data folder that are neither the store's nor the journal, below it.
fn small_files(data: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![data.to_owned()];
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            let name = path.file_name().unwrap().to_str().unwrap();
            if path.is_dir() && !name.starts_with("records") {
                folders.push(path);
            } else if path.is_file() && name != "reserve" {
                files.push(path.strip_prefix(data).unwrap().to_owned());
            }
        }
    }
    files.sort();
    files
}

#[test]
fn whichever_small_file_is_damaged_a_command_works_or_says_in_a_sentence_what_to_do() {
    let whole = Home::new();
    whole.run(&["circle", "found", "Hausgemeinschaft", "--read", "members"]);
    let mut node = whole.up(&[]);
    node.run(&["circle", "invite"]);
    node.run(&["offer", "Leiter"]);
    let key = node.json(&["list"])[0]["key"].clone();
    // As if it had been killed, but for what is written within two seconds: it says where it was.
    let stale = fs::read(whole.data().join("node.json")).unwrap();
    assert_eq!(node.process().signal("TERM"), 0);
    fs::write(whole.data().join("node.json"), stale).unwrap();
    let files = small_files(&whole.data());
    for name in ["api.token", "journal", "node.json", "node.key", "peer.key", "read-secrets.json", "root.key"]
    {
        assert!(files.contains(&PathBuf::from(name)), "{name} is in {files:?}");
    }
    let mut told = Vec::new();
    for file in &files {
        for (fate, inflict) in FATES {
            let home = Home::new();
            copy(&whole.data(), &home.data());
            inflict(&home.data().join(file));
            let output = home.cli(&["list", "--json"]);
            let what = format!("{} {fate}", file.display());
            if output.code == 0 {
                let list: Value = serde_json::from_str(&output.stdout).unwrap();
                let of_another = file.as_path() == Path::new("root.key") && fate == "gone";
                assert!(of_another || list[0]["key"] == key, "{what}: {list:#}");
            } else {
                check_sentence(&output, 1);
                let said = &output.stderr;
                assert!(said.contains(file.to_str().unwrap()), "{what}: it names the file: {said}");
                told.push(what);
            }
        }
    }
    eprintln!("{} files; these are said, the rest is mended: {told:?}", files.len());
    // Where nothing but a backup helps; everything else is mended.
    let keys = ["root.key", "read-secrets.json"];
    for what in &told {
        assert!(keys.iter().any(|key| what.starts_with(key)), "{what}");
    }
}
