//! What was withdrawn, has ended or is hidden leaves the disk by itself.

use std::path::Path;

use node::ListingInput;

use super::clock::Machine;
use super::{all, digest, listing, until};

/// The files below a folder that hold these words.
fn holding(folder: &Path, words: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        // What is being written may go while it is looked at.
        if path.is_dir() {
            found.extend(holding(&path, words));
        } else if std::fs::read(&path)
            .is_ok_and(|bytes| bytes.windows(words.len()).any(|part| part == words.as_bytes()))
        {
            found.push(path.display().to_string());
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn within_a_day_no_file_holds_what_was_withdrawn_or_has_ended_and_the_rest_is_there() {
    const HOUR: i64 = 3_600;
    const DAY: i64 = 24 * HOUR;
    let dir = tempfile::tempdir().unwrap();
    let machine = Machine::default();
    let node = machine.start(dir.path(), None).await;
    let handle = node.handle();
    handle.found("Kreis".into(), None).await.unwrap();
    let text = |text: &str| ListingInput { text: Some(text.into()), ..listing("offer", "Messer") };
    handle.publish(text("hinter dem alten Tor")).await.unwrap();
    machine.set(179 * DAY);
    handle.confirm_clock().await.unwrap();
    let gone = handle.publish(text("hinter dem blauen Tor")).await.unwrap();
    handle.edit(gone.key.clone(), text("hinter dem roten Tor")).await.unwrap();
    handle.publish(text("hinter dem neuen Tor")).await.unwrap();
    handle.withdraw(gone.key).await.unwrap();
    machine.set(181 * DAY);
    until("the first one has ended", async || all(handle).len() == 1).await;
    let words = ["hinter dem alten Tor", "hinter dem blauen Tor", "hinter dem roten Tor"];
    let left = || words.map(|words| holding(dir.path(), words)).concat();
    assert!(!left().is_empty(), "at first it stays in the files");
    // The node looks every few seconds, and hours pass while the test looks.
    let mut sixths = 0;
    until("it has left", || {
        sixths += 1;
        machine.set(181 * DAY + sixths * HOUR / 6);
        std::future::ready(left().is_empty())
    })
    .await;
    assert!(!holding(dir.path(), "hinter dem neuen Tor").is_empty());
    let before = (all(handle), digest(handle));
    node.stop().await;
    let node = machine.start(dir.path(), None).await;
    assert_eq!((all(node.handle()), digest(node.handle())), before);
    node.stop().await;
}
