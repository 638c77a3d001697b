//! A node that lets its whole network in: by which names it answers, what neighbours are told, and what they are not.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;
use std::sync::mpsc;

use serde_json::{Value, json};
use tests::{
    Home, Lan, Mesh, Node, Output, PATIENCE, Place, files_below, read, root, unless_unwanted, wait_until,
};

/// The node's address, and its neighbour's.
const HERE: &str = "10.77.0.1";
/// The node's address of IPv6.
const SIX: &str = "fd77::1";
const NAME: &str = "gartenstrasse.local";

/// Two machines with a cable between them, one with an address of IPv6 too.
fn lan() -> Option<Lan> {
    let lan = unless_unwanted(Lan::new())?;
    for (place, address) in [(&lan.left, SIX), (&lan.right, "fd77::2")] {
        ip(place, &["address", "add", &format!("{address}/64"), "dev", "lan", "nodad"]);
        ip(place, &["route", "add", "224.0.0.0/4", "dev", "lan"]);
    }
    Some(lan)
}

fn ip(place: &Place, words: &[&str]) {
    assert_eq!(Output::of(place.command("ip").args(words)).code, 0, "{words:?}");
}

/// What a neighbour's device gets for each of these things.
fn ask(place: &Place, jobs: &[Value]) -> Vec<Value> {
    let mut device = place.command(env!("CARGO_BIN_EXE_neighbour"));
    let answers = Output::with_input(&mut device, Value::from(jobs).to_string().as_bytes());
    serde_json::from_str(&answers.ended(0).stdout).expect("answers")
}

fn open(place: &Place, args: &[&str]) -> (Node, Value) {
    let node = Node::start(Home::at(place), &[&["--open", "--circle", "Gartenstraße"], args].concat());
    let pages = node.json(&["status"])["pages"].clone();
    (node, pages)
}

/// A request for a page or the API, with headers as they are.
fn get(path: &str, headers: &str) -> String {
    format!("GET {path} HTTP/1.1\r\n{headers}Connection: close\r\n\r\n")
}

fn status_of(answer: &Value) -> &str {
    answer.as_str().unwrap_or_default().split(' ').nth(1).unwrap_or_default()
}

/// What the person at the machine gets: the head and the body.
fn at_home(place: &Place, path: &str) -> String {
    let job = json!({"to": "127.0.0.1:7377", "send": get(path, "Host: 127.0.0.1:7377\r\n")});
    let answer = ask(place, &[job])[0].clone();
    assert_eq!(status_of(&answer), "200", "{path}: {answer}");
    answer.as_str().unwrap().to_owned()
}

fn addresses(answer: &Value) -> BTreeSet<String> {
    answer.as_array().unwrap().iter().map(|ip| ip.as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_neighbour_finds_the_name_and_opens_the_pages_by_it() {
    let Some(lan) = lan() else { return };
    let (node, pages) = open(&lan.left, &["--name", "gartenstrasse"]);
    node.run(&["offer", "Leiter"]);
    // The whole address was tried by the node itself, port 80 included.
    let shown: Vec<&str> =
        pages.as_array().unwrap().iter().map(|door| door["url"].as_str().unwrap()).collect();
    assert_eq!(shown, [format!("http://{NAME}"), format!("http://{HERE}"), format!("http://[{SIX}]")]);
    assert!(pages.as_array().unwrap().iter().all(|door| door["tested"] == true), "{pages:#}");

    for from in [0, 5353] {
        let found = ask(&lan.right, &[json!({"resolve": "GartenStrasse.local", "from": from})]);
        let found = addresses(&found[0]);
        assert!(found.contains(HERE) && found.iter().all(|ip| !ip.starts_with("127.")), "{from}: {found:?}");
    }
    assert!(addresses(&ask(&lan.right, &[json!({"resolve": "lindenhof.local"})])[0]).is_empty());

    let port = "7377";
    let ways = [
        (HERE.to_owned(), "80", NAME.to_owned()),
        (HERE.to_owned(), port, format!("{NAME}:{port}")),
        (HERE.to_owned(), port, format!("{HERE}:{port}")),
        (format!("[{SIX}]"), "80", format!("[{SIX}]")),
        (format!("[{SIX}]"), port, format!("GARTENSTRASSE.Local:{port}")),
    ];
    for (to, at, host) in ways {
        let job = json!({"to": format!("{to}:{at}"), "send": get("/", &format!("Host: {host}\r\n"))});
        let page = &ask(&lan.right, &[job])[0];
        assert_eq!(status_of(page), "200", "{host}: {page}");
        assert!(page.as_str().unwrap().contains("Leiter"), "{host}");
    }
    let poster = at_home(&lan.left, "/poster");
    assert!(poster.contains(NAME) && poster.contains(HERE) && poster.contains("<svg"), "{poster}");
    // A neighbour is shown the name and the address by which it came, and no other.
    let job = json!({"to": format!("{HERE}:80"), "send": get("/poster", &format!("Host: {HERE}\r\n"))});
    let poster = ask(&lan.right, &[job])[0].to_string();
    assert!(poster.contains(NAME) && poster.contains(HERE) && !poster.contains(SIX), "{poster}");
}

#[test]
fn without_being_told_to_a_node_is_reached_by_nobody_else() {
    let Some(lan) = lan() else { return };
    let node = Node::start(Home::at(&lan.left), &["--circle", "Gartenstraße"]);
    let jobs = [
        json!({"to": format!("{HERE}:7377"), "send": get("/", &format!("Host: {HERE}:7377\r\n"))}),
        json!({"resolve": NAME}),
    ];
    assert_eq!(ask(&lan.right, &jobs), [json!(""), json!([])]);
    assert_eq!(node.json(&["status"]).get("pages"), None);
    assert!(at_home(&lan.left, "/poster").contains("on this machine alone"));
    drop(node);

    let (_node, pages) = open(&lan.left, &["--name", "gartenstrasse", "--no-mdns"]);
    assert_eq!(ask(&lan.right, &[json!({"resolve": NAME})]), [json!([])]);
    assert_eq!(pages[0], json!({"url": format!("http://{NAME}"), "tested": false}));
}

#[test]
fn a_name_that_is_no_name_is_refused_with_one_that_is() {
    let home = Home::new();
    let told = home.cli(&["up", "--open", "--name", "Gartenstraße"]);
    assert_eq!(told.code, 2, "{told:#?}");
    assert!(told.stderr.contains("`gartenstrasse`?"), "{told:#?}");
    assert_eq!(home.cli(&["up", "--name", "gartenstrasse"]).code, 2);
}

#[test]
fn of_two_nodes_with_one_name_one_takes_another() {
    let Some(street) = unless_unwanted(Mesh::new(3)) else { return };
    let (first, pages) = open(street.place(0), &["--name", "gartenstrasse"]);
    assert_eq!(pages[0]["url"], format!("http://{NAME}"), "{pages:#}");
    let (second, pages) = open(street.place(1), &["--name", "gartenstrasse"]);
    assert_eq!(pages[0], json!({"url": "http://gartenstrasse-2.local", "tested": true}), "{pages:#}");
    let jobs = [json!({"resolve": NAME}), json!({"resolve": "gartenstrasse-2.local"})];
    let found = ask(street.place(2), &jobs);
    assert!(addresses(&found[0]).contains(&Mesh::address(0)), "{found:?}");
    assert!(addresses(&found[1]).contains(&Mesh::address(1)), "{found:?}");
    // The name of the first is not the second's.
    let to = format!("{}:7377", Mesh::address(1));
    let jobs = ["gartenstrasse.local:7377", "gartenstrasse-2.local:7377"]
        .map(|host| json!({"to": to, "send": get("/", &format!("Host: {host}\r\n"))}));
    let answers = ask(street.place(2), &jobs);
    assert_eq!((status_of(&answers[0]), status_of(&answers[1])), ("421", "200"));
    drop((first, second));
}

#[test]
fn two_nodes_that_start_at_once_with_one_name_end_with_two() {
    let Some(street) = unless_unwanted(Mesh::new(3)) else { return };
    let names: BTreeSet<String> = std::thread::scope(|scope| {
        let (tell, names) = mpsc::channel();
        // A node ends with the thread that starts it: each waits until the other has its name, too.
        let waits = [0, 1].map(|at| {
            let (over, wait) = mpsc::channel::<()>();
            let (street, tell) = (&street, tell.clone());
            scope.spawn(move || {
                let (node, _pages) = open(street.place(at), &["--name", "gartenstrasse"]);
                let _ = tell.send(tested_name(&node));
                let _ = wait.recv();
            });
            over
        });
        drop(tell);
        let names = names.iter().take(waits.len()).collect();
        drop(waits);
        names
    });
    assert_eq!(names.len(), 2, "{names:?}");
}

/// A node's name, once it has reached itself by it.
fn tested_name(node: &Node) -> String {
    wait_until("a name that was tested", PATIENCE, || {
        let door = node.json(&["status"])["pages"][0].clone();
        let is_name = door["url"].as_str().is_some_and(|url| url.ends_with(".local"));
        if is_name && door["tested"] == true { Ok(door["url"].to_string()) } else { Err(door.to_string()) }
    })
}

/// Headers that name somebody else, and whole request lines that do.
fn strangers(port: &str) -> Vec<(&'static str, String)> {
    let hosts = [
        "evil.com",
        "evil.com:PORT",
        "127.evil.com:PORT",
        "localhost.evil:PORT",
        "127.0.0.1.evil.com:PORT",
        "10.77.0.1.evil.com:PORT",
        "gartenstrasse.local.evil.com:PORT",
        "evil.gartenstrasse.local:PORT",
        "evilgartenstrasse.local:PORT",
        "user@10.77.0.1:PORT",
        "user:word@gartenstrasse.local:PORT",
        "[fe80::1%25lan]:PORT",
        "[fe80::1%lan]:PORT",
        "[fd77::1%25lan]:PORT",
        "fd77::1:PORT",
        "10.77.0.1:1",
        "10.77.0.1:0PORT",
        "10.77.0.1:PORT0",
        "10.77.0.1:",
        "gartenstrasse.local:",
        "gartenstrasse.local.",
        "gartenstrasse.local.:PORT",
        "GARTENSTRASSE.LOCAL.:PORT",
        "gartenstrasse",
        "gartenstrasse:PORT",
        "gartenstrasse-2.local:PORT",
        "lindenhof.local:PORT",
        "10.77.0.2:PORT",
        "0.0.0.0:PORT",
        "[::]:PORT",
        "[::ffff:10.77.0.1]:PORT",
        "0x0a4d0001:PORT",
        "172818433:PORT",
        "10.77.1:PORT",
        "127.0.0.2:PORT",
        "localhost.:PORT",
        "http://10.77.0.1:PORT",
        "10.77.0.1:PORT, evil.com",
        "10.77.0.1:PORT evil.com",
        "10.77.0.1:PORT/",
        "",
    ];
    let mut all: Vec<(&str, String)> =
        hosts.iter().map(|host| ("", format!("Host: {}\r\n", host.replace("PORT", port)))).collect();
    let own = format!("{HERE}:{port}");
    all.extend([
        ("", String::new()),
        ("", format!("Host: {own}\r\nHost: evil.com\r\n")),
        ("", format!("Host: evil.com\r\nHost: {own}\r\n")),
        ("", format!("Host: {own}\r\nHost: {own}\r\n")),
        ("", format!("Host: evil.com\r\nX-Forwarded-Host: {own}\r\n")),
        ("", format!("Host: evil.com\r\nForwarded: host=\"{own}\"\r\n")),
        ("http://evil.com", format!("Host: {own}\r\n")),
        ("http://user@10.77.0.1", format!("Host: {own}\r\n")),
        ("http://10.77.0.1:7377", "Host: evil.com\r\n".to_owned()),
    ]);
    all
}

/// Each path that the sources name, with something in its holes; and more texts that look like one.
fn routes(listing: &str) -> Vec<String> {
    let mut paths =
        BTreeSet::from(["/style.css?v=1".to_owned(), "/nothing".to_owned(), "/api/nothing".to_owned()]);
    let is_path = |text: &&str| {
        text.starts_with('/')
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/{}_.-".contains(&byte))
    };
    for file in files_below(root().join("crates/web/src"), &["rs"]) {
        for path in read(&file).split('"').filter(is_path) {
            let mut filled = String::new();
            for part in path.split('/').skip(1) {
                filled = format!("{filled}/{}", if part.starts_with('{') { listing } else { part });
            }
            // A module's routes are those of the pages or, nested, of the API: either is asked for.
            paths.extend([format!("/api/v1{filled}"), filled]);
        }
    }
    assert!(
        ["/", "/poster", "/style.css", "/api/v1/status"].iter().all(|path| paths.contains(*path)),
        "{paths:?}"
    );
    assert!(paths.len() > 80, "{paths:?}");
    paths.into_iter().collect()
}

#[test]
fn whoever_names_another_host_is_refused_everywhere() {
    let Some(lan) = lan() else { return };
    let (node, _pages) = open(&lan.left, &["--name", "gartenstrasse"]);
    node.run(&["offer", "Leiter"]);
    let listing = node.json(&["list"])[0]["id"].as_str().unwrap().to_owned();
    let (port, to) = ("7377", format!("{HERE}:7377"));
    let strangers = strangers(port);
    assert!(strangers.len() >= 40);
    let mut jobs = Vec::new();
    for path in routes(&listing) {
        for (origin, headers) in &strangers {
            jobs.push(json!({"to": to, "send": get(&format!("{origin}{path}"), headers)}));
        }
        let post = format!(
            "POST {path} HTTP/1.1\r\nHost: evil.com:{port}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        );
        jobs.push(json!({"to": to, "send": post}));
    }
    // Some thousands; in parts, since a device is given two minutes.
    let answers = jobs.chunks(1000).flat_map(|part| ask(&lan.right, part));
    for (job, answer) in jobs.iter().zip(answers) {
        // 400: what is no host at all does not get as far as being somebody else's.
        assert!(["421", "403", "400"].contains(&status_of(&answer)), "{job}: {answer}");
        assert!(!answer.as_str().unwrap().contains("Leiter"), "{job}: {answer}");
    }
    // And exactly its own names are answered, whatever else is claimed.
    let own = [
        format!("{HERE}:{port}"),
        format!("[{SIX}]:{port}"),
        format!("[{}]:{port}", SIX.to_uppercase()),
        format!("{NAME}:{port}"),
        format!("{}:{port}", NAME.to_uppercase()),
        format!("localhost:{port}"),
        HERE.to_owned(),
        NAME.to_owned(),
    ];
    let mut jobs = Vec::new();
    for path in ["/", "/style.css", "/api/v1/status", "/poster"] {
        jobs.extend(own.iter().map(|host| {
            json!({"to": to, "send": get(path, &format!("Host: {host}\r\nX-Forwarded-Host: evil.com\r\n"))})
        }));
        jobs.push(json!({"to": to, "send": get(&format!("http://{HERE}:{port}{path}"), &format!("Host: {HERE}:{port}\r\n"))}));
    }
    for (job, answer) in jobs.iter().zip(ask(&lan.right, &jobs)) {
        assert_eq!(status_of(&answer), "200", "{job}: {answer}");
    }
}

#[test]
fn what_is_for_the_person_at_the_node_no_neighbour_gets() {
    let Some(lan) = lan() else { return };
    let (node, _pages) = open(&lan.left, &["--name", "gartenstrasse"]);
    let to = format!("{HERE}:7377");
    let bearer = node.bearer();
    let form = at_home(&lan.left, "/new");
    let token = form.split("name=\"form\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    let disguises =
        ["", "X-Forwarded-For: 127.0.0.1\r\n", "Forwarded: for=127.0.0.1\r\n", "X-Real-IP: ::1\r\n"];
    let mut jobs = Vec::new();
    for more in disguises {
        let headers = |host: &str| format!("Host: {host}:7377\r\n{more}");
        for host in [HERE, NAME, "127.0.0.1", "localhost"] {
            for path in ["/me", "/exchanges", "/profile"] {
                jobs.push(json!({"to": to, "send": get(path, &headers(host))}));
            }
            for path in ["needs/private", "exchanges", "matches/notices", "feeds"] {
                jobs.push(json!({"to": to, "send": get(&format!("/api/v1/{path}"), &headers(host))}));
            }
            // What is about keys not even the token opens from elsewhere.
            for path in ["key", "grants", "health"] {
                let headers = format!("{}Authorization: {bearer}\r\n", headers(host));
                jobs.push(json!({"to": to, "send": get(&format!("/api/v1/{path}"), &headers)}));
            }
            let body = format!("form={token}&side=offer&title=Forged&key=00112233445566778899aabbccddeeff");
            let post = format!(
                "POST /new HTTP/1.1\r\n{}Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\
                 Connection: close\r\n\r\n{body}",
                headers(host),
                body.len()
            );
            jobs.push(json!({"to": to, "send": post}));
        }
    }
    let digest = node.digest();
    // The same from the machine itself, by the address that neighbours use.
    for place in [&lan.right, &lan.left] {
        for (job, answer) in jobs.iter().zip(ask(place, &jobs)) {
            assert!(["401", "403"].contains(&status_of(&answer)), "{job}: {answer}");
        }
        let status = json!({"to": to, "send": get("/api/v1/status", &format!("Host: {to}\r\n"))});
        let status = ask(place, &[status])[0].to_string();
        assert!(
            !status.contains("commonshelf:") && !status.contains("/ip4/") && !status.contains("tested"),
            "{status}"
        );
    }
    assert_eq!(node.digest(), digest);
}

#[test]
fn devices_are_told_that_there_is_internet_only_where_the_person_at_the_node_says_so() {
    let Some(lan) = lan() else { return };
    let ask_probe = |path: &str| {
        let send = get(path, "Host: captive.apple.com\r\n");
        ask(&lan.right, &[json!({"to": format!("{HERE}:80"), "send": send})])[0].clone()
    };
    let (node, _pages) = open(&lan.left, &[]);
    assert_eq!(status_of(&ask_probe("/hotspot-detect.html")), "421");
    drop(node);
    let (_node, _pages) = open(&lan.left, &["--captive"]);
    let answer = ask_probe("/hotspot-detect.html");
    assert!(status_of(&answer) == "200" && answer.as_str().unwrap().contains("Success"), "{answer}");
    assert_eq!(status_of(&ask_probe("/")), "421");
}
