//! What must hold for the workspace as a whole: who may know whom, and how the sources are kept.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tests::{files_below, lines, manifest, read, root};
use toml::{Table, Value};

/// The crates from the bottom up. A crate may know those of the levels below, and none of its own level.
const LEVELS: &[&[&str]] = &[
    &["record"],
    &["catalogue", "matching"],
    &["protocol"],
    &["store", "net", "sim"],
    &["node"],
    &["web"],
    &["cli"],
];

/// The crates that are functions of their inputs.
const PURE: &[&str] = &["record", "catalogue", "matching", "protocol"];

/// The most lines of a file that people read.
const MOST_LINES: usize = 600;

fn level(name: &str) -> Option<usize> {
    LEVELS.iter().position(|level| level.contains(&name))
}

fn crates() -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> =
        fs::read_dir(root().join("crates")).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    folders
}

/// All members of the workspace.
fn members() -> Vec<PathBuf> {
    let tests = ["tests", "tests/bench"].map(|folder| root().join(folder));
    crates().into_iter().chain(tests).collect()
}

fn name_of(folder: &Path) -> String {
    folder.file_name().unwrap().to_str().unwrap().to_owned()
}

/// All that a crate depends on: to run, to build, to be tested, on whatever platform.
fn dependencies(manifest: &Table) -> Vec<(String, Value)> {
    let platforms = manifest.get("target").and_then(Value::as_table).into_iter().flat_map(Table::values);
    let tables = platforms.filter_map(Value::as_table).chain([manifest]);
    tables
        .flat_map(|table| {
            ["dependencies", "dev-dependencies", "build-dependencies"].map(|kind| table.get(kind))
        })
        .flatten()
        .filter_map(Value::as_table)
        .flat_map(|table| table.iter().map(|(name, value)| (name.clone(), value.clone())))
        .collect()
}

fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}

/// Files that people write and read.
fn texts() -> Vec<PathBuf> {
    files_below(root(), &[".rs", ".toml", ".html", ".css", ".js", ".py", ".md", ".yml", "run"])
}

#[test]
fn crates_know_only_crates_below_them() {
    for folder in crates() {
        let name = name_of(&folder);
        let own = level(&name).unwrap_or_else(|| panic!("crates/{name} has no level: give it one here"));
        for (other, _) in dependencies(&manifest(&folder)) {
            if let Some(level) = level(&other) {
                assert!(level < own, "{name} must not know {other}: arrows point down only");
            }
        }
    }
}

#[test]
fn every_crate_of_the_design_is_there() {
    let here: BTreeSet<String> = crates().iter().map(|folder| name_of(folder)).collect();
    let wanted: BTreeSet<String> = LEVELS.iter().copied().flatten().map(|name| (*name).to_owned()).collect();
    assert_eq!(here, wanted);
}

#[test]
fn only_the_store_knows_sled_and_only_the_network_knows_libp2p() {
    for (library, owner) in [("sled", "store"), ("libp2p", "net")] {
        for folder in crates().into_iter().filter(|folder| name_of(folder) != owner) {
            for (name, _) in dependencies(&manifest(&folder)) {
                assert!(!name.starts_with(library), "{} must not depend on {name}", shown(&folder));
            }
            for file in files_below(&folder, &[".rs"]) {
                let text = read(&file);
                let naming = lines(&text).find(|(_, line)| {
                    let code = line.split("//").next().unwrap_or_default();
                    code.contains(&format!("{library}::")) || code.contains(&format!("{library}_"))
                });
                assert_eq!(naming, None, "{} names {library}", shown(&file));
            }
        }
    }
}

#[test]
fn versions_are_chosen_in_one_place() {
    for folder in members() {
        for (name, value) in dependencies(&manifest(&folder)) {
            let inherits = value.get("workspace").and_then(Value::as_bool) == Some(true);
            let chooses = ["version", "path", "git", "registry"].iter().any(|key| value.get(key).is_some());
            assert!(inherits && !chooses, "{}: write `{name}.workspace = true`", shown(&folder));
        }
    }
}

/// All crates that are built, each with its version and features.
fn built(edges: &str) -> BTreeSet<String> {
    let mut command = Command::new(std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()));
    command.args(["tree", "--workspace", "--locked", "--offline", "--prefix", "none", "--format", "{p} {f}"]);
    let tree = command.args(["--edges", edges]).current_dir(root()).output().unwrap();
    assert!(tree.status.success(), "{tree:?}");
    let tree = String::from_utf8(tree.stdout).unwrap();
    tree.lines().map(|line| line.trim_end_matches("(*)").trim().to_owned()).collect()
}

/// Else libp2p and all above it is built twice, once for the program and once for the tests.
#[test]
fn the_tests_change_no_feature_of_what_the_program_is_built_of() {
    let (program, tests) = (built("normal,build"), built("normal,build,dev"));
    assert!(program.len() > 100, "{program:?}");
    let other: Vec<_> = program.difference(&tests).collect();
    assert!(other.is_empty(), "these have other features beside the tests' own dependencies: {other:?}");
}

#[test]
fn what_the_workspace_names_is_used() {
    let used: BTreeSet<String> = members()
        .into_iter()
        .flat_map(|folder| dependencies(&manifest(&folder)).into_iter().map(|(name, _)| name))
        .collect();
    let workspace = manifest(root());
    let named = workspace["workspace"]["dependencies"].as_table().unwrap();
    // Our own crates are named there so that the next one finds them.
    let others = named.keys().filter(|name| level(name).is_none());
    let idle: Vec<&String> = others.filter(|name| !used.contains(*name)).collect();
    assert!(idle.is_empty(), "no crate uses {idle:?}");
}

#[test]
fn every_crate_keeps_the_workspaces_rules() {
    for folder in members() {
        let (manifest, shown) = (manifest(&folder), shown(&folder));
        assert_eq!(manifest["lints"]["workspace"].as_bool(), Some(true), "{shown}: [lints] workspace = true");
        for key in ["version", "edition", "rust-version", "license", "publish"] {
            let inherited = manifest["package"].get(key).and_then(|value| value.get("workspace"));
            assert_eq!(inherited.and_then(Value::as_bool), Some(true), "{shown}: {key}.workspace = true");
        }
        assert!(manifest["package"].get("description").is_some(), "{shown} says what it is for");
        let sources = ["src/lib.rs", "src/main.rs"].map(|file| folder.join(file));
        for source in sources.iter().filter(|source| source.exists()) {
            assert!(read(source).starts_with("//!"), "{} begins with what it is for", shown);
        }
    }
    let workspace = manifest(root());
    assert_eq!(workspace["workspace"]["package"]["license"].as_str(), Some("MIT OR Apache-2.0"));
    for lint in ["missing_docs", "unsafe_code"] {
        assert!(workspace["workspace"]["lints"]["rust"].get(lint).is_some(), "the lint {lint}");
    }
    for lint in ["unwrap_used", "print_stdout", "dbg_macro", "todo"] {
        assert!(workspace["workspace"]["lints"]["clippy"].get(lint).is_some(), "the lint {lint}");
    }
}

#[test]
fn pure_crates_are_kept_from_clocks_chance_and_unordered_maps() {
    for name in PURE {
        let path = root().join("crates").join(name).join("clippy.toml");
        let rules: Table = read(&path).parse().unwrap();
        let mut banned = BTreeSet::new();
        for kind in ["disallowed-types", "disallowed-methods"] {
            for rule in rules.get(kind).and_then(Value::as_array).into_iter().flatten() {
                let reason = rule.get("reason").and_then(Value::as_str).unwrap_or_default();
                assert!(!reason.is_empty(), "{}: a ban needs its reason: {rule}", shown(&path));
                banned.insert(rule["path"].as_str().unwrap().to_owned());
            }
        }
        for path in [
            "std::collections::HashMap",
            "std::collections::HashSet",
            "std::time::Instant::now",
            "std::time::SystemTime::now",
        ] {
            assert!(banned.contains(path), "crates/{name}/clippy.toml must ban {path}");
        }
        let depends = dependencies(&manifest(root().join("crates").join(name)));
        for (other, _) in depends {
            let is_impure =
                ["rand", "getrandom", "tokio", "tempfile", "ureq", "tracing"].contains(&other.as_str());
            assert!(!is_impure, "{name} must not depend on {other}: it is a function of its inputs");
        }
        // What clippy's lists can't name as a whole.
        for file in files_below(root().join("crates").join(name).join("src"), &[".rs"]) {
            let text = read(&file);
            let impure = lines(&text).find(|(_, line)| {
                let code = line.split("//").next().unwrap_or_default();
                ["std::fs", "std::net", "std::process", "std::thread", "std::env"]
                    .iter()
                    .any(|io| code.contains(io))
            });
            assert_eq!(impure, None, "{} does I/O", shown(&file));
        }
    }
}

#[test]
fn files_are_short_enough_to_be_read() {
    for file in files_below(root(), &[".rs", ".html", ".css", ".js", ".py", "run"]) {
        let count = read(&file).lines().count();
        assert!(count <= MOST_LINES, "{} has {count} lines; at most {MOST_LINES}", shown(&file));
    }
}

#[test]
fn nothing_is_left_for_later_in_the_sources() {
    // Put together here, so that this file does not find itself.
    let marks = [["TO", "DO"], ["FIX", "ME"], ["XX", "X:"], ["HA", "CK:"]].map(|halves| halves.concat());
    for file in texts() {
        let text = read(&file);
        let left = lines(&text).find(|(_, line)| marks.iter().any(|mark| line.contains(mark)));
        assert_eq!(left, None, "{}", shown(&file));
    }
}

#[test]
fn the_sources_name_no_folder_of_one_machine() {
    let folders =
        [["/ho", "me/"], ["/ro", "ot/"], ["/Us", "ers/"], ["/wo", "rk/"]].map(|halves| halves.concat());
    for file in texts() {
        let text = read(&file);
        let named = lines(&text).find(|(_, line)| folders.iter().any(|folder| line.contains(folder)));
        assert_eq!(named, None, "{}", shown(&file));
    }
}

#[test]
fn the_end_to_end_tests_sleep_only_where_they_wait_for_a_condition() {
    let call = ["sle", "ep("].concat();
    for file in
        files_below(root().join("tests"), &[".rs"]).iter().filter(|file| !file.ends_with("src/wait.rs"))
    {
        let text = read(file);
        assert_eq!(lines(&text).find(|(_, line)| line.contains(&call)), None, "{}", shown(file));
    }
}

#[test]
fn both_licences_are_there() {
    let texts: Vec<String> = fs::read_dir(root())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.file_name().unwrap().to_string_lossy().starts_with("LICENSE"))
        .map(read)
        .collect();
    let all = texts.concat();
    assert!(all.contains("Permission is hereby granted, free of charge"), "the MIT license's text");
    assert!(all.contains("TERMS AND CONDITIONS FOR USE, REPRODUCTION, AND DISTRIBUTION"), "Apache's text");
}

#[test]
fn what_is_shipped_from_others_names_its_source_and_licence() {
    let folder = root().join("crates/cli/demo");
    let sources = read(folder.join("SOURCES.md"));
    for entry in fs::read_dir(&folder).unwrap() {
        let name = entry.unwrap().file_name().to_str().unwrap().to_owned();
        assert!(name == "SOURCES.md" || sources.contains(&name), "SOURCES.md does not name {name}");
    }
}

#[test]
fn links_in_the_docs_lead_somewhere() {
    let mut files = files_below(root().join("docs"), &[".md"]);
    files.push(root().join("README.md"));
    for file in files {
        for link in links(&read(&file)) {
            let is_elsewhere = link.contains("://") || link.starts_with("mailto:") || link.starts_with('#');
            let path = link.split('#').next().unwrap_or_default();
            let target = file.parent().unwrap().join(path);
            assert!(is_elsewhere || target.exists(), "{}: {link} leads nowhere", shown(&file));
        }
    }
}

/// The targets of `[text](target)`, `<img src="target">` and `<a href="target">` outside of code.
fn links(markdown: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut is_code = false;
    for line in markdown.lines() {
        if line.trim_start().starts_with("```") {
            is_code = !is_code;
        }
        if is_code {
            continue;
        }
        // Every second piece between backticks is code.
        for text in line.split('`').step_by(2) {
            for (open, close) in [("](", ')'), ("src=\"", '"'), ("href=\"", '"')] {
                for rest in text.split(open).skip(1) {
                    found.extend(rest.split(close).next().map(|target| target.trim().to_owned()));
                }
            }
        }
    }
    found
}

#[test]
fn links_are_found_where_they_stand() {
    let text =
        "See [the docs](docs/a.md#b), `[no](x)` and <img src=\"shot.png\">.\n```\n[no](y)\n```\n[z](z)";
    assert_eq!(links(text), ["docs/a.md#b", "shot.png", "z"]);
}

#[test]
fn the_commands_of_the_readme_are_executable() {
    for script in ["tests/run", ".ci/run"] {
        let path = root().join(script);
        assert!(read(&path).starts_with("#!/usr/bin/env bash\n"), "{script}");
        assert!(read(&path).contains("set -euo pipefail"), "{script}");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = fs::metadata(&path).unwrap().permissions().mode();
            assert_ne!(mode & 0o111, 0, "{script} is not executable");
        }
    }
}
