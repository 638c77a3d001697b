//! Machines whose clocks are wrong: real processes under another clock, by Debian's `faketime`.

use serde_json::json;
use tests::{Home, Node, PATIENCE, at, check_sentence, same_digest, texts, wait_until};

/// Waits until a node asks for the date, or does so no more.
fn asks(node: &Node, asks: bool) {
    wait_until(&format!("that the node asks for the date: {asks}"), PATIENCE, || {
        let status = node.json(&["status"]);
        let found = at(&status, "/notices").as_array().unwrap().iter().any(|notice| {
            let notice = notice.as_str().unwrap();
            notice.contains("the date is in doubt") && notice.contains("set the clock")
        });
        if found == asks { Ok(()) } else { Err(status.to_string()) }
    });
}

#[test]
fn a_node_with_a_wrong_clock_shows_all_and_signs_nothing_and_goes_on_when_it_is_set() {
    for (wrong, on_start) in [("-3650d", true), ("-2d", true), ("+3650d", true), ("+3650d", false)] {
        let one = Home::new().up(&["--circle", "Gartenstraße"]);
        let home = Home::with_clock();
        let mut other = home.up(&["--peer", one.address(), "--join", &one.link()]);
        other.wait_for_charter();
        other.run(&["offer", "Leiter"]);
        same_digest(one.home(), other.home(), 1, PATIENCE);
        if on_start {
            assert_eq!(other.process().signal("TERM"), 0);
            home.set_clock(wrong);
            other = other.restart(&[]);
        } else {
            home.set_clock(wrong);
        }
        asks(&other, true);
        assert!(other.said().contains("the date is in doubt"), "{}", other.said());
        check_sentence(&other.cli(&["offer", "Bohrer"]), 1);
        let refused = other.post("/api/v1/listings", &json!({ "side": "offer", "title": "Bohrer" }));
        assert_eq!(refused.status, 503, "{refused:?}");
        let node = other.get("/node");
        assert!(node.body.contains("the date is in doubt"), "{}", node.body);
        // Two days ago may be before this program was made, or not.
        if wrong != "-2d" {
            let offers = node.body.contains("This machine’s clock is right");
            assert_eq!(offers, wrong == "+3650d", "{}", node.body);
        }
        assert_eq!(other.json(&["clock", "show"])["sure"], false);
        assert_eq!(texts(&other.json(&["list"]), "title"), ["Leiter"]);
        one.run(&["need", "Säge"]);
        home.set_clock("+0");
        asks(&other, false);
        other.run(&["offer", "Bohrer"]);
        same_digest(one.home(), other.home(), 3, PATIENCE);
    }
}

#[test]
fn a_person_confirms_the_clock_with_a_command_or_sets_it_if_it_can_not_be_right() {
    let home = Home::with_clock();
    home.run(&["circle", "found", "Gartenstraße"]);
    home.set_clock("-3650d");
    let refused = home.cli(&["clock", "confirm"]);
    check_sentence(&refused, 1);
    assert!(refused.stderr.contains("set the clock"), "{refused:#?}");
    // Off for a summer.
    home.set_clock("+90d");
    let refused = home.cli(&["offer", "Leiter"]);
    check_sentence(&refused, 1);
    assert!(refused.stderr.contains("commonshelf clock confirm"), "{refused:#?}");
    assert_eq!(home.json(&["clock", "confirm"])["sure"], true);
    home.run(&["offer", "Leiter"]);
    assert_eq!(texts(&home.json(&["list"]), "title"), ["Leiter"]);
}

#[test]
fn clocks_some_minutes_ahead_are_nobodys_trouble() {
    let one = Home::new().up(&["--circle", "Gartenstraße"]);
    let home = Home::with_clock();
    home.set_clock("+9m");
    let other = home.up(&["--peer", one.address(), "--join", &one.link()]);
    other.wait_for_charter();
    one.run(&["offer", "Leiter"]);
    other.run(&["need", "Bohrer"]);
    same_digest(one.home(), other.home(), 2, PATIENCE);
    assert_eq!(other.json(&["clock", "show"])["sure"], true);
    // Now eleven: what it says then waits for a minute, and it asks nobody.
    home.set_clock("+11m");
    other.run(&["need", "Säge"]);
    assert_eq!(other.json(&["list"]).as_array().unwrap().len(), 3);
    assert_eq!(one.json(&["list"]).as_array().unwrap().len(), 2);
    assert_eq!(other.json(&["clock", "show"])["sure"], true);
    let key = other.json(&["list", "--mine"])[0]["key"].as_str().unwrap().to_owned();
    home.set_clock("+0");
    let edited = other.json(&["edit", &key, "--title", "Große Säge"]);
    assert_eq!(edited["title"], "Große Säge", "set right, it goes on with what it dated ahead");
}

#[test]
fn a_person_confirms_the_clock_on_the_nodes_page() {
    let home = Home::with_clock();
    home.run(&["circle", "found", "Gartenstraße"]);
    home.set_clock("+90d");
    let node = home.up(&[]);
    let page = node.get("/node").body;
    let form = page.split("action=\"/clock/confirm\"").nth(1).expect("a form");
    let token = form.split("name=\"form\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    let kind = ("Content-Type", "application/x-www-form-urlencoded");
    let sent = node.post_with("/clock/confirm", &[kind], &format!("form={token}"));
    assert!([200, 303].contains(&sent.status), "{sent:?}");
    asks(&node, false);
    node.run(&["offer", "Leiter"]);
}
