//! `commonshelf demo`: what somebody sees first.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;
use tests::{Home, Output, Process, check_listing, program, raw, root, texts};

/// A demo whose files lie in a folder of the test.
fn demo(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(program());
    command.arg("demo").args(args).env("TMPDIR", folder).env_remove("COMMONSHELF_LOG");
    command
}

fn entries(folder: &Path) -> Vec<String> {
    fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect()
}

/// How many rows the shipped tables have; a row may be several lines.
fn shipped_rows() -> usize {
    let home = Home::with_circle();
    let tables = fs::read_dir(root().join("crates/cli/demo")).unwrap().map(|entry| entry.unwrap().path());
    let tables = tables.filter(|path| path.extension().is_some_and(|end| end == "csv"));
    let added = |path: std::path::PathBuf| {
        let report = home.json(&["import", "--dry-run", path.to_str().unwrap()]);
        usize::try_from(report["added"].as_u64().unwrap()).unwrap()
    };
    tables.map(added).sum()
}

#[test]
fn the_demo_shows_nodes_that_agree_and_who_can_help_whom_and_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let begun = Instant::now();
    let told = Output::of(&mut demo(folder.path(), &["--exit", "--json"]));
    assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", begun.elapsed());
    assert_eq!(told.stderr, "");
    let told = told.json();

    let nodes = told["nodes"].as_array().unwrap();
    assert!(nodes.len() >= 5, "{} nodes", nodes.len());
    let rows = shipped_rows();
    for node in nodes {
        assert_eq!(node["digest"], nodes[0]["digest"]);
        assert_eq!(node["digest"].as_str().unwrap().len(), 64);
        assert_eq!(node["listings"].as_u64(), Some(rows as u64), "all shipped listings are on each node");
    }
    let mut peers = texts(&told["nodes"], "peer");
    peers.sort();
    peers.dedup();
    assert_eq!(peers.len(), nodes.len(), "each node has a name of its own");
    assert!(peers.iter().all(|peer| peer.starts_with("12D3Koo")), "{peers:?}");

    let pairs = told["matches"].as_array().unwrap();
    assert!(pairs.len() >= 10, "{} matches", pairs.len());
    for pair in pairs {
        check_listing(&pair["need"]);
        check_listing(&pair["offer"]);
        assert_ne!(pair["need"]["author"], pair["offer"]["author"], "{pair:#}");
        let reasons = pair["reasons"].as_array().unwrap();
        assert!(
            !reasons.is_empty() && reasons.iter().all(|reason| !reason["text"].as_str().unwrap().is_empty())
        );
    }
    let seconds = told["seconds"].as_f64().unwrap();
    assert!(seconds > 0.0 && seconds < 60.0, "{seconds}");

    let handed = &told["handover"];
    assert_eq!((&handed["state"], &handed["receipt"]), (&"complete".into(), &true.into()), "{handed:#}");

    assert_eq!(entries(folder.path()), Vec::<String>::new(), "temporary files are gone");
    assert_eq!(running_with(folder.path()), Vec::<String>::new(), "nothing runs on");
}

#[test]
fn the_demo_tells_a_person_what_happens_and_serves_pages_until_ctrl_c() {
    let folder = tempfile::tempdir().unwrap();
    let mut demo = Process::start(&mut demo(folder.path(), &[]));
    let mut story = Vec::new();
    let url = loop {
        let line = demo.line(Duration::from_secs(60));
        let url = line.split_whitespace().find(|word| word.starts_with("http://")).map(str::to_owned);
        story.push(line);
        if let Some(url) = url {
            break url;
        }
    };
    let story = story.join("\n");
    for part in ["Gartenstraße", "listings", "Who can help whom", "both say", " %  ", "both have the receipt"]
    {
        assert!(story.contains(part), "no {part:?}: {story}");
    }
    let place = url.trim_start_matches("http://").trim_end_matches('/');
    let page = raw(place, format!("GET / HTTP/1.1\r\nHost: {place}\r\nConnection: close\r\n\r\n").as_bytes());
    assert!(page.starts_with("HTTP/1.1 200 "), "{page}");
    assert!(page.contains("Gartenstra"), "{page}");

    assert_eq!(demo.signal("INT"), 0);
    assert_eq!(entries(folder.path()), Vec::<String>::new(), "temporary files are gone");
}

#[test]
fn a_demo_that_is_interrupted_early_ends_at_once_and_cleans_up() {
    let folder = tempfile::tempdir().unwrap();
    let mut demo = Process::start(&mut demo(folder.path(), &[]));
    let _ = demo.line(Duration::from_secs(60));
    assert_eq!(demo.signal("TERM"), 0);
    assert_eq!(entries(folder.path()), Vec::<String>::new(), "temporary files are gone");
}

#[test]
fn two_demos_at_once_do_not_disturb_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let told: Vec<Value> = std::thread::scope(|scope| {
        let run = || Output::of(&mut demo(folder.path(), &["--exit", "--json"])).json();
        let both = [scope.spawn(run), scope.spawn(run)];
        both.map(|one| one.join().unwrap()).into()
    });
    // Two circles of the same name are two circles.
    assert_ne!(told[0]["nodes"][0]["digest"], told[1]["nodes"][0]["digest"]);
}

/// The processes that were started with this folder in their environment.
fn running_with(folder: &Path) -> Vec<String> {
    let folder = folder.to_string_lossy().into_owned();
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten().map(|entry| entry.path());
    processes
        .filter(|process| {
            let environment = fs::read(process.join("environ")).unwrap_or_default();
            String::from_utf8_lossy(&environment).contains(&folder)
        })
        .map(|process| fs::read_to_string(process.join("comm")).unwrap_or_default())
        .collect()
}
