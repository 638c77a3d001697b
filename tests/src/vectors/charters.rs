//! Cases of charters.

use super::bodies::{bad, cell, good};
use super::case::Case;
use super::raw::{Fields, bytes, list, text, texts, uint};
use super::seals;
use super::world::{NOW, alice, bob, circle, key};

fn quotas() -> Fields {
    Fields::new()
        .with("control", uint(64))
        .with("members", uint(5000))
        .with("content", uint(2000))
        .with("rest", uint(1000))
        .with("strangers", uint(20_000))
}

pub(super) fn charter() -> Fields {
    Fields::new()
        .with("name", text("Tauschring Südstadt"))
        .with("quotas", quotas().encode())
        .with("stewards", list(&[bytes(&alice().id())]))
        .with("write", text("open"))
        .with("read", text("anyone"))
}

pub(super) fn cases() -> Vec<Case> {
    let stewards: Vec<Vec<u8>> = (1..=17).map(|seed| bytes(key(seed).public().as_bytes())).collect();
    let full = charter()
        .with("cell", uint(cell()))
        .with("languages", texts(&["de", "uk"]))
        .with("forms", texts(&["gift", "loan", "hours", "pool"]))
        .with("stewards", list(&stewards[..16]))
        .with("write", text("vouched"))
        .with("vouches", uint(2))
        .with("read", text("members"))
        .with("parent", bytes(&circle()))
        .with("distrusted", list(&[bytes(&bob().id())]))
        .with("approvals", list(&[seals::approval(&alice(), &charter(), &circle(), NOW).encode()]));
    let mut cases = Vec::new();
    for (name, body, reads) in [
        ("a charter with all fields", full, "charter"),
        ("a charter of invited members", charter().with("write", text("invited")), "charter"),
        ("a charter with a field of a later version", charter().with("sisters", list(&[])), "charter"),
        (
            "a charter with a way to write that nobody knows",
            charter().with("write", text("drawn")).without("quotas"),
            "other",
        ),
        ("a charter with readers that nobody knows", charter().with("read", text("friends")), "other"),
        (
            "a charter with a form that nobody knows",
            charter().with("forms", texts(&["gift", "auction"])),
            "other",
        ),
        ("a charter with a language that nobody knows", charter().with("languages", texts(&["DE"])), "other"),
        (
            "quotas of 2^32-1",
            charter().with("quotas", quotas().with("rest", uint((1 << 32) - 1)).encode()),
            "charter",
        ),
    ] {
        cases.push(good("charter", name, &body.encode(), reads));
    }
    let twice = list(&[stewards[0].clone(), stewards[0].clone()]);
    for (name, body, reason) in [
        ("a charter without a name", charter().without("name"), "missing"),
        ("a charter with an empty name", charter().with("name", text("")), "empty"),
        ("a charter with a name of 81 characters", charter().with("name", text(&"n".repeat(81))), "too-long"),
        ("a charter without quotas", charter().without("quotas"), "missing"),
        ("quotas without members", charter().with("quotas", quotas().without("members").encode()), "missing"),
        (
            "quotas with a field more",
            charter().with("quotas", quotas().with("photos", uint(1)).encode()),
            "wrong-type",
        ),
        (
            "quotas of 2^32",
            charter().with("quotas", quotas().with("rest", uint(1 << 32)).encode()),
            "out-of-range",
        ),
        ("a charter without stewards", charter().without("stewards"), "empty"),
        ("a charter with a list of no stewards", charter().with("stewards", list(&[])), "empty"),
        ("17 stewards", charter().with("stewards", list(&stewards)), "too-many"),
        ("a steward twice", charter().with("stewards", twice.clone()), "repeated"),
        ("a steward of 31 bytes", charter().with("stewards", list(&[bytes(&[1; 31])])), "wrong-type"),
        ("somebody distrusted twice", charter().with("distrusted", twice), "repeated"),
        ("vouches where anybody may write", charter().with("vouches", uint(2)), "wrong-type"),
        ("vouched members without a number", charter().with("write", text("vouched")), "missing"),
        ("no vouch", charter().with("write", text("vouched")).with("vouches", uint(0)), "out-of-range"),
        ("17 vouches", charter().with("write", text("vouched")).with("vouches", uint(17)), "out-of-range"),
        ("a parent as text", charter().with("parent", text("bafyrei")), "wrong-type"),
        (
            "approvals without a seal",
            charter().with("approvals", list(&[Fields::new().with("steward", stewards[0].clone()).encode()])),
            "wrong-type",
        ),
        ("no forms, said", charter().with("forms", list(&[])), "second-form"),
        ("no approvals, said", charter().with("approvals", list(&[])), "second-form"),
    ] {
        cases.push(bad("charter", name, &body.encode(), reason));
    }
    cases
}
