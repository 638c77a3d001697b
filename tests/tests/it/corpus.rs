//! What fuzzing found before, and all test cases, once more through the functions that are fuzzed.

use std::collections::BTreeSet;
use std::fs;

use tests::targets::{ALL, inputs};
use tests::{files_below, root, vectors};

#[test]
fn every_target_takes_its_stored_corpus() {
    for (name, target) in ALL {
        let files = files_below(root().join("tests/fuzz/corpus").join(name), &[""]);
        assert!(!files.is_empty(), "{name} has no corpus: cargo run --release -p tests --bin vectors");
        for file in files {
            target(&fs::read(file).unwrap());
        }
    }
}

#[test]
fn every_target_takes_all_test_cases() {
    let cases: Vec<_> = vectors::cases().into_iter().flat_map(|(_, cases)| cases).collect();
    for (_, target) in ALL {
        for case in &cases {
            target(&case.bytes());
        }
    }
    for (name, bytes) in cases.iter().filter_map(inputs) {
        let (_, target) = ALL.iter().find(|(target, _)| *target == name).unwrap();
        target(&bytes);
    }
}

#[test]
fn every_target_is_fuzzed_and_every_folder_is_a_target() {
    let known: BTreeSet<String> = ALL.iter().map(|(name, _)| (*name).to_owned()).collect();
    for folder in ["fuzz_targets", "corpus"] {
        let entries = fs::read_dir(root().join("tests/fuzz").join(folder)).unwrap();
        let names =
            entries.map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned());
        assert_eq!(names.collect::<BTreeSet<_>>(), known, "{folder}");
    }
}
