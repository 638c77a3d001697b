//! Who may write in a circle, between real nodes.

use tests::{Home, Node, PATIENCE, check_sentence, same_digest, titles, wait_until};

/// A node with a circle of these rules, and one that joined it and has its charter.
fn two(rules: &[&str]) -> (Node, Node) {
    let home = Home::new();
    home.run(&[&["circle", "found", "Werkstatt"], rules].concat());
    let one = home.up(&[]);
    let other = Home::new().up(&["--peer", one.address(), "--join", &one.link()]);
    other.wait_for_charter();
    (one, other)
}

fn member(node: &Node) -> String {
    node.json(&["key", "show"])["member"].as_str().unwrap().to_owned()
}

/// Waits until a node knows how a member belongs.
fn belongs(node: &Node, member: &str, how: &str) {
    wait_until(&format!("{member} is a {how}"), PATIENCE, || {
        let people = node.json(&["circle", "members"]);
        let found = people.as_array().unwrap().iter().find(|one| one["member"] == member).cloned();
        let belonging =
            found.map_or_else(|| "stranger".to_owned(), |one| one["belonging"].as_str().unwrap().to_owned());
        if belonging == how { Ok(()) } else { Err(format!("it is a {belonging}")) }
    });
}

#[test]
fn where_members_are_invited_a_newcomer_writes_after_a_steward_took_it_in_and_not_after_it_was_shut_out() {
    let (one, other) = two(&["--write", "invited"]);
    let newcomer = member(&other);
    let refused = other.cli(&["offer", "Hobel"]);
    check_sentence(&refused, 1);
    assert!(refused.stderr.contains(&newcomer), "it says what to give the steward: {refused:#?}");
    check_sentence(&other.cli(&["circle", "admit", &newcomer]), 1);

    one.run(&["circle", "admit", &newcomer]);
    belongs(&other, &newcomer, "member");
    other.run(&["offer", "Hobel"]);
    same_digest(one.home(), other.home(), 1, PATIENCE);

    let steward = member(&one);
    check_sentence(&one.cli(&["circle", "shut-out", &steward]), 1);
    one.run(&["circle", "shut-out", &newcomer, "--reason", "Nothing came back"]);
    belongs(&other, &newcomer, "removed");
    check_sentence(&other.cli(&["offer", "Säge"]), 1);
    // What it said before stays.
    same_digest(one.home(), other.home(), 1, PATIENCE);
    assert_eq!(titles(one.home()).into_iter().collect::<Vec<_>>(), ["Hobel"]);

    one.run(&["circle", "admit", &newcomer]);
    belongs(&other, &newcomer, "member");
    other.run(&["offer", "Säge"]);
    same_digest(one.home(), other.home(), 2, PATIENCE);
}

#[test]
fn where_members_vouch_enough_vouches_let_a_newcomer_write() {
    let (one, other) = two(&["--write", "vouched", "--vouches", "1"]);
    let newcomer = member(&other);
    check_sentence(&other.cli(&["circle", "vouch", &member(&one)]), 1);
    one.run(&["circle", "vouch", &newcomer]);
    belongs(&other, &newcomer, "member");
    other.run(&["need", "Schraubzwinge"]);
    same_digest(one.home(), other.home(), 1, PATIENCE);
}

#[test]
fn rules_that_make_no_sense_are_refused_in_a_sentence() {
    let home = Home::new();
    for rules in
        [&["--write", "anybody"][..], &["--vouches", "2"], &["--write", "vouched", "--vouches", "17"]]
    {
        check_sentence(&home.cli(&[&["circle", "found", "Werkstatt"], rules].concat()), 1);
    }
    home.run(&["circle", "found", "Werkstatt"]);
    check_sentence(&home.cli(&["circle", "admit", "Anna"]), 1);
}

#[test]
fn in_a_circle_that_members_read_a_link_without_the_secret_shows_nothing_and_who_was_shut_out_sees_nothing_new()
 {
    let home = Home::new();
    home.run(&["circle", "found", "Hausgemeinschaft", "--read", "members"]);
    let one = home.up(&["--member", "Ada"]);
    one.run(&["offer", "Kinderbett"]);
    let bare = one.link();
    assert!(!bare.contains("secret"), "{bare}");
    let invite = one.json(&["circle", "invite"])["link"].as_str().unwrap().to_owned();
    let ben = Home::new().up(&["--join", &invite]);
    let cem = Home::new().up(&["--join", &invite]);
    same_digest(one.home(), ben.home(), 1, PATIENCE);
    for (node, thing) in [(&ben, "Topf"), (&cem, "Pfanne")] {
        node.wait_for_charter();
        node.run(&["offer", thing]);
    }
    same_digest(one.home(), ben.home(), 3, PATIENCE);
    same_digest(one.home(), cem.home(), 3, PATIENCE);

    let shut_out = member(&ben);
    one.run(&["circle", "shut-out", &shut_out]);
    one.run(&["offer", "Schlüssel"]);
    // The other member's node got the new secret by itself.
    same_digest(one.home(), cem.home(), 4, PATIENCE);
    assert_eq!(titles(ben.home()).len(), 3, "what it has read it keeps");
    // A stranger with the circle's name alone, beside one with the new invitation.
    let eve = Home::new().up(&["--peer", one.address(), "--join", &bare]);
    let renewed = one.json(&["circle", "invite"])["link"].as_str().unwrap().to_owned();
    assert_ne!(renewed, invite);
    let dora = Home::new().up(&["--join", &renewed]);
    same_digest(one.home(), dora.home(), 4, PATIENCE);
    assert!(titles(eve.home()).is_empty() && titles(ben.home()).len() == 3);
    check_sentence(&cem.cli(&["circle", "renew"]), 1);
    // Whoever has written something there can prove it.
    dora.run(&["offer", "Korb"]);
    same_digest(one.home(), dora.home(), 5, PATIENCE);
    one.run(&["circle", "renew"]);
    one.run(&["offer", "Leiter"]);
    same_digest(one.home(), dora.home(), 6, PATIENCE);
}
