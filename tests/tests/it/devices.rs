//! A member with two devices: one decides, the other passes on.

use serde_json::{Value, json};
use tests::{Home, Node, Output, PATIENCE, in_state, sees, sent, wait_until};

use crate::exchange::{ADDRESS, heard, left, neighbours, text};

#[test]
fn what_a_second_device_is_told_is_done_by_the_one_that_decides() {
    let nodes = neighbours(&["Ada", "Bo"]);
    let [first, asker] = nodes.as_slice() else { panic!("two") };
    let key = text(&first.json(&["offer", "Leiter"]), "/key");
    let words = text(&first.json(&["key", "backup"]), "/words");
    let second = Home::new();
    let restored = Output::with_input(&mut second.command(&["key", "restore"]), words.as_bytes());
    assert_eq!(restored.code, 0, "{restored:?}");
    let second = second.up(&["--peer", first.address(), "--join", &first.link()]);
    second.wait_for_charter();
    heard(&second);
    sees(asker, &key);
    sees(&second, &key);
    let id = text(&asker.json(&["request", &key]), "/id");
    in_state(&second, &id, "requested");
    let passed = second.json(&["promise", &id, "--place", ADDRESS]);
    assert!(text(&passed, "/says").contains("passed on"), "{passed}");
    assert_eq!(in_state(asker, &id, "promised")["place"], ADDRESS);
    in_state(first, &id, "promised");
    in_state(&second, &id, "promised");
    // From now on the second one decides, and the first passes on.
    wait_until("it takes over", PATIENCE, || {
        let taken = second.cli(&["promise", &id, "--time", "3d", "--take-over"]);
        if taken.code == 0 { Ok(()) } else { Err(format!("{taken:?}")) }
    });
    wait_until("the first one knows", PATIENCE, || {
        let passed = first.json(&["message", &id, "Bis dann"]);
        if text(&passed, "/says").contains("passed on") { Ok(()) } else { Err(passed["says"].to_string()) }
    });
    wait_until("the message arrives", PATIENCE, || {
        let seen = asker.json(&["exchanges", &id]);
        let said = seen["messages"].as_array().unwrap().iter().any(|message| message["text"] == "Bis dann");
        if said { Ok(()) } else { Err(seen["messages"].to_string()) }
    });
}

#[test]
fn what_two_devices_promised_apart_is_shown_to_the_lister_and_told_to_both_who_asked() {
    let nodes = neighbours(&["Carla", "Bo"]);
    let [other, one] = nodes.as_slice() else { panic!("two") };
    let first = Home::new().up(&["--peer", other.address(), "--join", &other.link(), "--member", "Ada"]);
    first.wait_for_charter();
    let key = text(&first.json(&["offer", "Kommode"]), "/key");
    let words = text(&first.json(&["key", "backup"]), "/words");
    let second = Home::new();
    let restored = Output::with_input(&mut second.command(&["key", "restore"]), words.as_bytes());
    assert_eq!(restored.code, 0, "{restored:?}");
    let second = second.up(&["--peer", other.address(), "--join", &other.link()]);
    second.wait_for_charter();
    heard(&second);
    let ids = [one, other].map(|asker| {
        sees(asker, &key);
        text(&asker.json(&["request", &key]), "/id")
    });
    for id in &ids {
        in_state(&first, id, "requested");
        in_state(&second, id, "requested");
    }
    // One device promises it while it is away, and the other one takes over meanwhile.
    let away = first.stop();
    away.home().run(&["promise", &ids[0]]);
    second.run(&["promise", &ids[1], "--take-over"]);
    in_state(other, &ids[1], "promised");
    let _first = away.start(&[]);
    in_state(one, &ids[0], "promised");
    wait_until("the lister is shown both", PATIENCE, || {
        let notices = second.json(&["status"])["notices"].to_string();
        let both = ids.iter().all(|id| notices.contains(&id[..8]));
        if both && notices.contains("promised more often") { Ok(()) } else { Err(notices) }
    });
    for (asker, id, words) in
        [(one, &ids[0], "Your promise came first"), (other, &ids[1], "somebody else before")]
    {
        wait_until("who asked is told", PATIENCE, || {
            let messages = asker.json(&["exchanges", id])["messages"].to_string();
            if messages.contains(words) { Ok(()) } else { Err(messages) }
        });
    }
    // Nothing is left for anybody else, and what is given up makes room.
    assert_eq!(left(&second, &key), 0);
    second.run(&["cancel", &ids[1]]);
    in_state(other, &ids[1], "cancelled");
    wait_until("nothing is wrong any more", PATIENCE, || {
        let notices = second.json(&["status"])["notices"].to_string();
        if notices.contains("promised more often") { Err(notices) } else { Ok(()) }
    });
}

/// Another device of the member whose node this is.
fn second_device(first: &Node, peer: &Node) -> Node {
    let words = text(&first.json(&["key", "backup"]), "/words");
    let second = Home::new();
    let restored = Output::with_input(&mut second.command(&["key", "restore"]), words.as_bytes());
    assert_eq!(restored.code, 0, "{restored:?}");
    let second = second.up(&["--peer", peer.address(), "--join", &peer.link()]);
    second.wait_for_charter();
    heard(&second);
    second
}

#[test]
fn all_that_is_said_while_the_device_that_decides_is_away_is_done_when_it_is_back() {
    let nodes = neighbours(&["Carla", "Bo"]);
    let [other, asker] = nodes.as_slice() else { panic!("two") };
    let first = Home::new().up(&["--peer", other.address(), "--join", &other.link(), "--member", "Ada"]);
    first.wait_for_charter();
    let key = text(&first.json(&["offer", "Zelt"]), "/key");
    let second = second_device(&first, other);
    let ids = [asker, other].map(|asker| {
        sees(asker, &key);
        let id = text(&asker.json(&["request", &key]), "/id");
        in_state(&first, &id, "requested");
        in_state(&second, &id, "requested");
        id
    });
    let away = first.stop();
    // Several things, one of which can not be done; the second device dies in between.
    second.run(&["promise", &ids[0], "--place", ADDRESS]);
    sent(&second, &ids[0]);
    second.run(&["message", &ids[0], "Bis Samstag"]);
    let second = second.restart(&[]);
    second.run(&["ready", &ids[0]]);
    second.run(&["promise", &ids[1]]);
    let first = away.start(&[]);
    let ready = in_state(asker, &ids[0], "ready");
    assert_eq!((&ready["place"], &ready["messages"][0]["text"]), (&json!(ADDRESS), &json!("Bis Samstag")));
    let problem = |node: &Node, id: &str| node.json(&["exchanges", id])["problem"].clone();
    wait_until("the second device is told what could not be done", PATIENCE, || {
        let told = problem(&second, &ids[1]);
        if told.to_string().contains("promised already: 1 of 1") { Ok(()) } else { Err(told.to_string()) }
    });
    assert_eq!(problem(&second, &ids[0]), Value::Null);
    for id in &ids {
        let says = text(&second.json(&["exchanges", id]), "/says");
        assert!(!says.contains("passed on"), "it was answered: {says}");
    }
    // Once only: nothing is done again after the next start.
    let messages = |node: &Node| node.json(&["exchanges", &ids[0]])["messages"].as_array().map(Vec::len);
    let first = first.restart(&[]);
    in_state(&first, &ids[0], "ready");
    second.run(&["message", &ids[0], "Und danke"]);
    wait_until("the other message arrives", PATIENCE, || {
        if messages(asker) == Some(2) { Ok(()) } else { Err(format!("{:?}", messages(asker))) }
    });
    assert_eq!(left(&second, &key), 0);
}
