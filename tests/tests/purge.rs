//! What was withdrawn leaves the disk.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;

use tests::{Home, at, check_sentence, files_below};

/// The files of a data folder that hold these bytes.
fn holding(home: &Home, bytes: &[u8]) -> Vec<String> {
    let files = files_below(home.data(), &[""]);
    let holds = |file: &&std::path::PathBuf| {
        fs::read(file).is_ok_and(|content| content.windows(bytes.len()).any(|part| part == bytes))
    };
    files.iter().filter(holds).map(|file| file.display().to_string()).collect()
}

#[test]
fn after_a_purge_no_file_holds_what_was_withdrawn_and_the_rest_is_there() {
    let node = Home::with_circle().up(&[]);
    let secret = node.json(&["offer", "Zwiebelmesser", "--text", "Liegt hinter dem blauen Tor"]);
    node.run(&["edit", at(&secret, "/key").as_str().unwrap(), "--text", "Liegt hinter dem roten Tor"]);
    node.run(&["offer", "Leiter"]);
    assert!(!holding(node.home(), b"dem roten Tor").is_empty(), "it is on the disk");
    node.run(&["withdraw", at(&secret, "/key").as_str().unwrap()]);
    let purged = node.json(&["purge"]);
    assert!(purged["now"].is_u64() && purged["before"].is_u64(), "{purged:#}");
    for words in ["Zwiebelmesser", "dem blauen Tor", "dem roten Tor"] {
        assert_eq!(holding(node.home(), words.as_bytes()), Vec::<String>::new(), "{words}");
    }
    assert!(!holding(node.home(), b"Leiter").is_empty());
    // The same with nobody running, and after power was cut.
    let mut node = node;
    node.process().kill9();
    let home = node.home();
    home.run(&["purge"]);
    assert_eq!(home.json(&["list"]).as_array().unwrap().len(), 1);
    check_sentence(&home.cli(&["show", at(&secret, "/key").as_str().unwrap()]), 3);
}
