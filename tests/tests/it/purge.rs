//! What was withdrawn leaves the disk.

use std::fs;

use tests::{Home, RED, at, check_sentence, files_below, holding};

#[test]
fn after_a_purge_no_file_holds_what_was_withdrawn_and_the_rest_is_there() {
    let node = Home::with_circle().up(&[]);
    let photo = node.home().file("red.png", RED);
    let text = "Liegt hinter dem blauen Tor";
    let secret = node.json(&["offer", "Zwiebelmesser", "--text", text, "--photo", &photo]);
    let photos: Vec<Vec<u8>> =
        files_below(node.data().join("photos"), &[""]).iter().map(|file| fs::read(file).unwrap()).collect();
    assert!(photos.iter().any(|photo| photo.len() > 100), "the photo is on the disk");
    node.run(&["edit", at(&secret, "/key").as_str().unwrap(), "--text", "Liegt hinter dem roten Tor"]);
    node.run(&["offer", "Leiter"]);
    assert!(!holding(&node.data(), b"dem roten Tor").is_empty(), "it is on the disk");
    node.run(&["withdraw", at(&secret, "/key").as_str().unwrap()]);
    let purged = node.json(&["purge"]);
    assert!(purged["now"].is_u64() && purged["before"].is_u64(), "{purged:#}");
    for words in ["Zwiebelmesser", "dem blauen Tor", "dem roten Tor"] {
        assert_eq!(holding(&node.data(), words.as_bytes()), Vec::<String>::new(), "{words}");
    }
    for photo in photos.iter().filter(|photo| !photo.is_empty()) {
        assert_eq!(holding(&node.data(), photo), Vec::<String>::new(), "the photo");
    }
    assert!(!holding(&node.data(), b"Leiter").is_empty());
    // The same with nobody running, and after power was cut.
    let mut node = node;
    node.process().kill9();
    let home = node.home();
    home.run(&["purge"]);
    assert_eq!(home.json(&["list"]).as_array().unwrap().len(), 1);
    check_sentence(&home.cli(&["show", at(&secret, "/key").as_str().unwrap()]), 3);
}
