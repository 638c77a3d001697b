//! What the project is built from: licences that allow it, versions without known faults, one source.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::process::Command;

use serde_json::Value;
use tests::{Output, root};

/// Licences under which a dependency may be; of several that it offers one is enough.
const ALLOWED: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-1-Clause",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "ISC",
    "MIT",
    "MIT-0",
    "MPL-2.0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// Where all of them come from.
const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// The least versions without faults that a stranger on the network could use, and the advisory.
const AT_LEAST: &[(&str, &str, &str)] = &[
    ("age", "0.11.1", "RUSTSEC-2024-0433"),
    ("libp2p", "0.45.1", "RUSTSEC-2022-0084"),
    ("libp2p-gossipsub", "0.50.1", "GHSA-vrx6-jcp8-vm7m, CVE-2026-33040, CVE-2026-34219"),
    ("libp2p-quic", "0.13.1", "GHSA-5hq8-qhww-jm7q"),
    ("libp2p-mdns", "0.49.0", "it told all addresses to every network before"),
    ("libp2p-rendezvous", "0.17.1", "GHSA-cqfx-gf56-8x59"),
    ("quinn-proto", "0.11.15", "RUSTSEC-2026-0185, RUSTSEC-2026-0037"),
    ("hickory-proto", "0.26.1", "RUSTSEC-2026-0119"),
    ("hickory-net", "0.26.1", "RUSTSEC-2026-0120"),
    ("snow", "0.9.5", "RUSTSEC-2024-0011"),
    ("h2", "0.4.16", "RUSTSEC-2026-0258"),
    ("tungstenite", "0.20.1", "RUSTSEC-2023-0065"),
    ("rustls-webpki", "0.103.13", "RUSTSEC-2026-0104"),
    ("lru", "0.18.2", "RUSTSEC-2026-0253"),
    ("bytes", "1.11.1", "RUSTSEC-2026-0007"),
    ("curve25519-dalek", "4.1.3", "RUSTSEC-2024-0344"),
    ("ed25519-dalek", "2.0.0", "RUSTSEC-2022-0093"),
    ("time", "0.3.47", "RUSTSEC-2026-0009"),
    ("yamux", "0.13.10", "CVE-2026-32314, GHSA-4w32-2493-32g7"),
];

/// What shall not come in, and why.
const UNWANTED: &[(&str, &str)] = &[
    ("serde_cbor", "nobody keeps it up (RUSTSEC-2021-0127)"),
    ("bincode", "nobody keeps it up (RUSTSEC-2025-0141)"),
    ("openssl-sys", "a machine with nothing but Rust can not build it"),
];

/// All packages, as cargo tells it: without the network where everything is here already.
fn packages() -> Vec<Value> {
    let ask = |more: &[&str]| {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.current_dir(root()).args(["metadata", "--format-version", "1", "--locked"]).args(more);
        Output::of(&mut cargo)
    };
    let offline = ask(&["--offline"]);
    let told = if offline.code == 0 { offline } else { ask(&[]) };
    told.json()["packages"].as_array().unwrap().clone()
}

fn text<'a>(package: &'a Value, field: &str) -> &'a str {
    package[field].as_str().unwrap_or_default()
}

#[test]
fn every_dependency_has_a_licence_that_allows_the_project() {
    let wrong: Vec<String> = packages()
        .iter()
        .filter(|package| !allows(text(package, "license")))
        .map(|package| {
            format!("{} {}: {:?}", text(package, "name"), text(package, "version"), package["license"])
        })
        .collect();
    assert!(wrong.is_empty(), "not on the list of allowed licences:\n{}", wrong.join("\n"));
}

#[test]
fn every_dependency_comes_from_one_registry() {
    let wrong: Vec<String> = packages()
        .iter()
        .filter(|package| match package["source"].as_str() {
            Some(source) => source != REGISTRY,
            None => !text(package, "manifest_path").starts_with(root().to_str().unwrap()),
        })
        .map(|package| text(package, "id").to_owned())
        .collect();
    assert!(wrong.is_empty(), "not from {REGISTRY}:\n{}", wrong.join("\n"));
}

#[test]
fn no_dependency_is_older_than_its_last_known_fault() {
    let packages = packages();
    for (name, least, advisory) in AT_LEAST {
        for package in packages.iter().filter(|package| text(package, "name") == *name) {
            let version = text(package, "version");
            assert!(
                numbers(version) >= numbers(least),
                "{name} {version} is older than {least} ({advisory})"
            );
        }
    }
}

#[test]
fn what_nobody_keeps_up_stays_out() {
    let packages = packages();
    for (name, reason) in UNWANTED {
        assert!(packages.iter().all(|package| text(package, "name") != *name), "{name}: {reason}");
    }
}

#[test]
fn licences_are_read_as_they_are_meant() {
    for good in ["MIT", "MIT/Apache-2.0", "GPL-3.0 OR MIT", "(MIT OR GPL-3.0) AND ISC", "Apache-2.0 / MIT"] {
        assert!(allows(good), "{good}");
    }
    for bad in
        ["", "GPL-3.0", "MIT AND GPL-3.0", "GPL-3.0 OR (MIT AND AGPL-3.0)", "MIT WITH a-twist", "MIT MIT"]
    {
        assert!(!allows(bad), "{bad}");
    }
}

/// The numbers of a version; what comes after a hyphen does not count.
fn numbers(version: &str) -> Vec<u64> {
    let plain = version.split(['-', '+']).next().unwrap_or_default();
    plain.split('.').map(|number| number.parse().unwrap_or_default()).collect()
}

/// Whether an SPDX expression can be kept to with the allowed licences alone.
fn allows(expression: &str) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut rest = words.as_slice();
    any_of(&mut rest) == Some(true) && rest.is_empty()
}

fn any_of(words: &mut &[&str]) -> Option<bool> {
    let mut allowed = all_of(words)?;
    while let Some((&"OR", rest)) = words.split_first() {
        *words = rest;
        allowed |= all_of(words)?;
    }
    Some(allowed)
}

fn all_of(words: &mut &[&str]) -> Option<bool> {
    let mut allowed = one(words)?;
    while let Some((&"AND", rest)) = words.split_first() {
        *words = rest;
        allowed &= one(words)?;
    }
    Some(allowed)
}

fn one(words: &mut &[&str]) -> Option<bool> {
    let (first, rest) = words.split_first()?;
    *words = rest;
    if *first == "(" {
        let allowed = any_of(words)?;
        let (close, rest) = words.split_first()?;
        *words = rest;
        return (*close == ")").then_some(allowed);
    }
    if let Some((&"WITH", rest)) = words.split_first() {
        let (exception, rest) = rest.split_first()?;
        *words = rest;
        return Some(ALLOWED.contains(&format!("{first} WITH {exception}").as_str()));
    }
    Some(ALLOWED.contains(first))
}
