//! An invitation is all that a second shop needs.

use std::fs;
use std::time::Duration;

use serde_json::Value;
use tests::{Home, Node, PATIENCE, at, check_sentence, code_on, same_digest, wait_until};

/// The link that a node prints for people.
fn printed(node: &Node) -> String {
    let said = node.cli(&["circle", "invite"]).ended(0);
    let link = said.stdout.lines().find(|line| line.starts_with("commonshelf:"));
    link.unwrap_or_else(|| panic!("no link: {said:#?}")).to_owned()
}

fn name_of(node: &Node) -> Value {
    at(&node.json(&["status"]), "/circles/0/name").clone()
}

#[test]
fn a_second_shop_joins_by_the_printed_link_alone() {
    let one = Home::new().up(&["--circle", "Gartenstraße"]);
    one.run(&["offer", "Leiter"]);
    let link = printed(&one);
    assert!(link.contains("?name=Gartenstra%C3%9Fe&peer=/ip4/127.0.0.1/tcp/"), "{link}");
    assert!(link.contains(&format!("/p2p/{}", one.ready().peer)), "{link}");
    assert_eq!(one.json(&["circle", "invite"])["link"], link.as_str());
    assert_eq!(code_on(&one.get("/node").with(200).body), link, "what a telephone reads off the page");
    assert_eq!(one.json(&["circle", "invite", "Gartenstraße"])["link"], link.as_str());

    let other = Home::new().up(&[]);
    let said = other.cli(&["circle", "join", &link]).ended(0);
    assert!(said.stdout.contains("Gartenstraße (as the invitation calls it)"), "{said:#?}");
    assert!(said.stdout.contains("looks for a node of the circle"), "{said:#?}");
    same_digest(one.home(), other.home(), 1, PATIENCE);
    assert_eq!(name_of(&other), "Gartenstraße");
    let said = other.cli(&["circle", "join", &link]).ended(0);
    assert!(said.stdout.starts_with("This node keeps Gartenstraße."), "{said:#?}");

    // Whom the second one invites finds the second one.
    let third = Home::new().up(&["--join", &printed(&other)]);
    drop(one);
    same_digest(other.home(), third.home(), 1, PATIENCE);
}

#[test]
fn what_is_joined_while_no_node_runs_is_there_once_it_does() {
    let one = Home::new().up(&["--circle", "Gartenstraße"]);
    one.run(&["offer", "Leiter"]);
    let home = Home::new();
    let said = home.cli(&["circle", "join", &printed(&one)]).ended(0);
    assert!(said.stdout.contains("once it runs: `commonshelf up`"), "{said:#?}");
    let other = home.up(&[]);
    assert_eq!(other.ready().circle, one.ready().circle);
    same_digest(one.home(), other.home(), 1, PATIENCE);
    assert_eq!(name_of(&other), "Gartenstraße");
}

#[test]
fn a_node_that_is_started_with_a_link_says_what_it_joins_and_when_it_has() {
    let one = Home::new().up(&["--circle", "Gartenstraße"]);
    let home = Home::new();
    let mut command =
        home.command(&["up", "--http", "127.0.0.1:0", "--p2p", "/ip4/127.0.0.1/tcp/0", "--no-mdns"]);
    let mut process = tests::Process::start(command.args(["--join", &printed(&one)]));
    let mut said = Vec::new();
    wait_until("it has joined", PATIENCE, || {
        said.push(process.line(PATIENCE));
        if said.iter().any(|line| line.contains("Joined.")) { Ok(()) } else { Err(format!("{said:#?}")) }
    });
    assert!(said.iter().any(|line| line.contains("Gartenstraße (as the invitation calls it)")), "{said:#?}");
}

#[test]
fn the_code_goes_into_a_file_and_mistakes_get_a_sentence() {
    let home = Home::with_circle();
    let svg = home.folder().join("poster.svg");
    let said = home.cli(&["circle", "invite", "--svg", svg.to_str().unwrap()]).ended(0);
    assert!(!said.stdout.contains('█') && said.stdout.contains("is in Gartenstraße"), "{said:#?}");
    assert!(fs::read_to_string(&svg).unwrap().starts_with("<svg xmlns="));
    let link = home.json(&["circle", "invite"])["link"].as_str().unwrap().to_owned();
    assert!(link.ends_with("?name=Gartenstra%C3%9Fe"), "no address while no node runs: {link}");
    let refused = |home: &Home, args: &[&str], code: i32, why: &str| {
        let output = home.cli(args);
        check_sentence(&output, code);
        assert!(output.stderr.contains(why), "{output:#?}");
    };
    refused(&home, &["circle", "invite", "Hof"], 3, "keeps no circle Hof");
    refused(&home, &["circle", "invite", "--svg", "/nowhere/x.svg"], 1, "can not be written");
    refused(&Home::new(), &["circle", "invite"], 1, "in no circle yet");
    let long = format!("{link}&{}", "x".repeat(3_000));
    refused(&home, &["circle", "join", &long], 1, "copy it again");
}

fn member(home: &Home) -> String {
    at(&home.json(&["status"]), "/members/0").as_str().unwrap().to_owned()
}

/// How somebody belongs to a node's circle, by what the node knows.
fn belongs(home: &Home, member: &str) -> Option<String> {
    let members = home.json(&["circle", "members"]);
    let found = members.as_array().unwrap().iter().find(|it| it["member"] == member).cloned();
    found.map(|it| it["belonging"].as_str().unwrap().to_owned())
}

fn waits_until_in(home: &Home, member: &str) {
    wait_until("the steward's node has taken it in", Duration::from_secs(60), || {
        let belongs = belongs(home, member);
        if belongs.as_deref() == Some("member") { Ok(()) } else { Err(format!("it is {belongs:?}")) }
    });
}

#[test]
fn who_joins_by_an_invitation_that_admits_is_a_member_without_further_hands_and_nobody_after() {
    for read in ["anyone", "members"] {
        let home = Home::new();
        home.run(&["circle", "found", "Gartenstraße", "--write", "invited", "--read", read]);
        let one = home.up(&[]);
        one.run(&["offer", "Leiter"]);
        let invite = one.json(&["circle", "invite", "--admit"]);
        assert_eq!(invite["admits"], true, "{invite:#}");
        let link = invite["link"].as_str().unwrap();
        let said = one.cli(&["circle", "invite", "--admit"]).ended(0);
        assert!(said.stdout.contains("within 14 days is taken in as a member"), "{said:#?}");

        let other = Home::new().up(&["--join", link]);
        let ben = member(&other);
        waits_until_in(one.home(), &ben);
        waits_until_in(other.home(), &ben);
        other.run(&["need", "Bohrmaschine"]);
        same_digest(one.home(), other.home(), 2, PATIENCE);

        // The same link a second time: it still shows the circle, and lets nobody in.
        let third = Home::new().up(&["--join", link]);
        wait_until("it is told no", Duration::from_secs(60), || {
            let notices = third.json(&["status"])["notices"].to_string();
            if notices.contains("it was used already") { Ok(()) } else { Err(notices) }
        });
        assert_eq!(belongs(one.home(), &member(&third)), None);
        check_sentence(&third.cli(&["offer", "Topf"]), 1);

        // Whoever was shut out does not come back by an invitation.
        let again = one.json(&["circle", "invite", "--admit"])["link"].as_str().unwrap().to_owned();
        one.run(&["circle", "shut-out", &ben]);
        if read == "anyone" {
            same_digest(one.home(), other.home(), 2, PATIENCE);
            other.run(&["circle", "join", &again]);
            wait_until("it is told no", Duration::from_secs(60), || {
                let notices = other.json(&["status"])["notices"].to_string();
                if notices.contains("were shut out") { Ok(()) } else { Err(notices) }
            });
            assert_eq!(belongs(one.home(), &ben).as_deref(), Some("removed"));
        }
        let refused = other.cli(&["circle", "invite", "--admit"]);
        check_sentence(&refused, 1);
        assert!(refused.stderr.contains("only a steward"), "{refused:#?}");
    }
    let open = Home::with_circle();
    let refused = open.cli(&["circle", "invite", "--admit"]);
    check_sentence(&refused, 1);
    assert!(refused.stderr.contains("invite without --admit"), "{refused:#?}");
}
