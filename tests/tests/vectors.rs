//! The stored test cases are those that the generator makes, and the crate `record` agrees with each.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;

use record::Signed;
use tests::vectors::{self, Case, Verdict};
use tests::{files_below, read, root};

fn stored() -> Vec<Case> {
    let files = files_below(root().join("tests/vectors"), &[".json"]);
    let cases = |path| serde_json::from_str::<Vec<Case>>(&read(path)).unwrap();
    files.iter().flat_map(cases).collect()
}

#[test]
fn every_case_has_the_verdict_that_it_names() {
    let mut wrong = Vec::new();
    for case in stored() {
        let expected = match case.expect {
            Verdict::Accept => Ok(case.gives.clone()),
            Verdict::Refuse => Err(case.reason.clone()),
        };
        let found = vectors::verdict(&case);
        if found != expected {
            wrong.push(format!("{}, {}: {found:?} and not {expected:?}", case.what, case.name));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_generator_makes_the_stored_cases() {
    let files: BTreeSet<String> = files_below(root().join("tests/vectors"), &[".json"])
        .iter()
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    let made = vectors::cases();
    assert_eq!(files, made.iter().map(|(name, _)| (*name).to_owned()).collect());
    for (name, cases) in made {
        let stored = read(root().join(format!("tests/vectors/{name}.json")));
        assert!(
            stored == vectors::written(&cases),
            "{name}.json: cargo run --release -p tests --bin vectors"
        );
    }
}

#[test]
fn the_example_in_the_protocols_text_is_one_of_the_cases() {
    let text: String = read(root().join("docs/protocol.md")).split_whitespace().collect();
    let cases = stored();
    let case = cases.iter().find(|case| case.what == "record" && case.name == "a listing").unwrap();
    let signed = Signed::parse(&case.bytes()).unwrap();
    let header = vectors::hex(&signed.header().encode());
    for part in [case.text_of("body"), &case.bytes, &header, &signed.id().to_string()] {
        assert!(text.contains(part), "{part}");
    }
}

#[test]
fn cases_are_many_and_differ() {
    let cases = stored();
    let names: BTreeSet<(&str, &str)> =
        cases.iter().map(|case| (case.what.as_str(), case.name.as_str())).collect();
    assert_eq!(names.len(), cases.len(), "a name is there twice");
    let bad = cases.iter().filter(|case| case.expect == Verdict::Refuse).count();
    assert!(bad >= 80 && cases.len() - bad >= 40, "{bad} of {}", cases.len());
}
