//! What can not be done: one clear sentence, the right exit code, and nothing has changed.

use std::fs;
use std::net::{TcpListener, UdpSocket};

use serde_json::json;
use tests::{Home, Output, check_sentence, titles};

/// A command that has to fail: its words, its exit code, and something that its sentence names.
type Case<'a> = (&'a [&'a str], i32, &'a str);

/// Runs each, and checks that nothing has changed after it.
fn refuse(home: &Home, cases: &[Case<'_>]) {
    let digest = home.digest();
    for (args, code, part) in cases {
        let output = home.cli(args);
        check_sentence(&output, *code);
        assert!(output.stderr.contains(part), "it does not name {part:?}: {output:#?}");
        let with_json = home.cli(&[&["--json"], *args].concat());
        assert_eq!((with_json.code, with_json.stdout.as_str()), (*code, ""), "{with_json:#?}");
        assert_eq!(home.digest(), digest, "{output:#?}");
    }
}

/// What can be typed wrongly whether a node runs or not.
fn refuse_wrong_words(home: &Home) {
    let long = "x".repeat(10_000);
    let name = "n".repeat(1_000);
    let text = "y".repeat(2_001);
    let listing = home.json(&["offer", "Leiter"]);
    home.run(&["offer", "Another thing"]);
    let id = listing["id"].as_str().unwrap();
    refuse(
        home,
        &[
            (&["offer", &long], 1, "10000 characters; at most 120"),
            (&["edit", id, "--title", &long], 1, "10000 characters; at most 120"),
            (&["offer", ""], 1, "title is empty"),
            (&["offer", "  \t "], 1, "title is empty"),
            (&["need", "Zelt", "--text", &text], 1, "2001 characters; at most 2000"),
            (&["need", "Zelt", "--category", &name], 1, "1000 characters; at most 60"),
            (&["offer", "Zelt", "--count", "-1"], 1, "\"-1\" is no count"),
            (&["offer", "Zelt", "--count=-99999999999999999999"], 1, "is no count"),
            (&["offer", "Zelt", "--count", "0"], 1, "\"0\" is no count"),
            (&["offer", "Zelt", "--count", "1.5"], 1, "\"1.5\" is no count"),
            (&["offer", "Zelt", "--count", "many"], 1, "\"many\" is no count"),
            (&["edit", id, "--count", "100001"], 1, "from 1 to 100000"),
            (&["offer", "Zelt", "--until", "2001-01-01"], 1, "has passed"),
            (&["offer", "Zelt", "--until", "0d"], 1, "has passed"),
            (&["edit", id, "--until", "01.01.2001"], 1, "has passed"),
            (&["offer", "Zelt", "--until", "soon"], 1, "\"soon\" is no date"),
            (&["offer", "Zelt", "--until", "2026-02-30"], 1, "is no date"),
            (&["offer", "Zelt", "--place", "moon"], 1, "\"moon\" is no place"),
            (&["offer", "Zelt", "--place", "91,0"], 1, "not on the globe"),
            (&["offer", "Zelt", "--place", "NaN,NaN"], 1, "not on the globe"),
            (&["offer", "Zelt", "--place", "8f1fa1b69ffffff"], 1, "8f1fa1b69ffffff"),
            (&["offer", "Zelt", "--terms", "barter"], 1, "\"barter\""),
            (&["offer", "Zelt", "--language", "deutsch"], 1, "\"deutsch\""),
            (&["offer", "Zelt", "--circle", "bafyreinothere"], 3, "no circle bafyreinothere"),
            (&["list", "--side", "both"], 1, "\"both\""),
            (&["list", "--within", "5"], 1, "--near"),
            (&["list", "--near", "49,8", "--within", "-5"], 1, "\"-5\" is no distance"),
            (&["list", "--limit", "-1"], 1, "\"-1\" is no limit"),
            (&["search", "Leiter", "--limit", "all"], 1, "\"all\" is no limit"),
            (&["export", "--near", "here"], 1, "\"here\" is no place"),
            (&["show", "bafyreinothere"], 3, "no listing bafyreinothere"),
            (&["show", ""], 3, "no listing"),
            (&["show", "../../etc/passwd"], 3, "no listing"),
            (&["edit", "bafyreinothere", "--title", "Zelt"], 3, "no listing bafyreinothere"),
            (&["withdraw", "nothere"], 3, "no listing nothere"),
            (&["matches", "nothere"], 3, "no listing nothere"),
            (&["show", "bafyrei"], 1, "2 listings begin with"),
            (&["circle", "found", ""], 1, "name"),
            (&["circle", "found", &name], 1, "1000 characters; at most 80"),
            (&["circle", "join", "http://example.org"], 1, "neither `nearby` nor"),
            (&["circle", "join", "commonshelf:bafyrei"], 1, "neither `nearby` nor"),
            (&["circle", "join", ""], 1, "neither `nearby` nor"),
        ],
    );
    refuse(
        home,
        &[
            (&["offer", "Zelt", "--frobnicate"], 2, "--frobnicate"),
            (&["frobnicate"], 2, "frobnicate"),
            (&["offer"], 2, "<TITLE>"),
            (&["offer", "Zelt", "zwei"], 2, "zwei"),
            (&["offer", "Zelt", "--count"], 2, "--count"),
            (&["show"], 2, "<"),
            (&["search"], 2, "<TEXT>"),
            (&["matches", "--limit", "many"], 2, "many"),
            (&["circle", "found", "Zwei", "--quota", "-1"], 2, "-1"),
            (&["circle", "found", "Zwei", "--quota", "99999999999"], 2, "99999999999"),
            (&["up", "--peer", "nonsense"], 2, "nonsense"),
            (&["up", "--peer", "/dns4/example.org/tcp/1"], 2, "/dns4/example.org/tcp/1"),
            (&["up", "--p2p", "7378"], 2, "7378"),
            (&["up", "--http", "localhost"], 2, "localhost"),
            (&["up", "--circle", "A", "--join", "nearby"], 2, "--join"),
        ],
    );
}

#[test]
fn wrong_words_are_refused_on_a_folder_at_rest() {
    refuse_wrong_words(&Home::with_circle());
}

#[test]
fn wrong_words_are_refused_by_a_running_node() {
    let mut node = Home::with_circle().up(&[]);
    refuse_wrong_words(node.home());
    assert!(node.process().runs());
}

#[test]
fn files_that_can_not_be_imported_are_refused_whole() {
    let home = Home::with_circle();
    home.run(&["offer", "Leiter"]);
    let noise: Vec<u8> = (0..60_000_u32).map(|at| at.wrapping_mul(2_654_435_761).to_be_bytes()[0]).collect();
    let binary = home.file("noise.bin", noise);
    let sheet = home.file("sheet.xlsx", b"PK\x03\x04 and so on");
    let empty = home.file("empty.csv", "");
    let blank = home.file("blank.csv", " \n\n \n");
    let line = home.file("line.csv", "x".repeat(5_000_000));
    let wide = home.file("wide.csv", format!("title{}\nLeiter\n", ",column".repeat(5_000)));
    let numbers = home.file("numbers.csv", "1,2,3\n4,5,6\n");
    let good = home.file("good.csv", "Ding,Zahl\nLeiter,1\n");
    let huge = home.file("huge.csv", "title\n".to_owned() + &"Leiter\n".repeat(5_000_000));
    let folder = home.folder().to_str().unwrap();
    refuse(
        &home,
        &[
            (&["import", "/nowhere/at/all.csv"], 1, "/nowhere/at/all.csv"),
            (&["import", folder], 1, folder),
            (&["import", &binary], 1, "text"),
            (&["import", &sheet], 1, "save the sheet as CSV"),
            (&["import", &empty], 1, "empty"),
            (&["import", &blank], 1, "empty"),
            (&["import", &line], 1, ""),
            (&["import", &wide], 1, "columns"),
            (&["import", &numbers], 1, "--map title="),
            (&["import", &huge], 1, "split it"),
            (&["import", &good, "--map", "title=Nope"], 1, "\"Zahl\""),
            (&["import", &good, "--map", "nonsense"], 1, "title=Name"),
            (&["import", &good, "--map", "colour=Ding"], 1, "\"colour\""),
            (&["import", &good, "--map", "title=Ding", "--side", "both"], 1, "\"both\""),
            (&["import", &good, "--map", "title=Ding", "--terms", "barter"], 1, "\"barter\""),
            (&["import"], 2, "<FILE>"),
        ],
    );
    assert_eq!(titles(&home).len(), 1);
}

#[test]
fn an_import_beyond_the_quota_is_refused_whole() {
    let home = Home::new();
    home.run(&["circle", "found", "Gartenstraße", "--quota", "10"]);
    home.run(&["offer", "Leiter"]);
    let file = home.file("shelf.csv", tests::table("shelf", 10));
    refuse(&home, &[(&["import", &file], 1, "allows 10 things")]);
    assert_eq!(titles(&home).len(), 1);
}

#[test]
fn a_node_without_a_circle_says_how_to_get_one() {
    let home = Home::new();
    refuse(
        &home,
        &[
            (&["offer", "Leiter"], 1, "circle found NAME"),
            (&["need", "Leiter"], 1, "circle found NAME"),
            (&["import", &home.file("shelf.csv", tests::table("shelf", 3))], 1, "circle found NAME"),
            (&["circle", "join", "nearby"], 1, "commonshelf up"),
        ],
    );
    assert_eq!(home.json(&["list"]), json!([]));
    assert_eq!(home.json(&["circle", "list"]), json!([]));
    // A link leads to a circle whose charter is not here: reading works, writing has to wait.
    let other = Home::with_circle();
    let link = other.json(&["circle", "list"])[0]["link"].as_str().unwrap().to_owned();
    home.run(&["circle", "join", &link]);
    refuse(&home, &[(&["offer", "Leiter"], 1, "charter has not arrived")]);
    // Nobody is near a node that runs alone.
    let node = Home::new().up(&[]);
    refuse(node.home(), &[(&["circle", "join", "nearby"], 3, "nearby")]);
}

#[test]
fn a_busy_port_is_said_with_a_way_out() {
    let http = TcpListener::bind("127.0.0.1:0").unwrap();
    let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
    let quic = UdpSocket::bind("127.0.0.1:0").unwrap();
    let http = http.local_addr().unwrap();
    let tcp = tcp.local_addr().unwrap().port();
    let quic = quic.local_addr().unwrap().port();
    let home = Home::with_circle();
    let free = ["--p2p", "/ip4/127.0.0.1/tcp/0", "--no-mdns"];
    let up = |more: &[&str]| home.cli(&[&["up", "--no-mdns"], more].concat());
    let check = |output: &Output, parts: &[&str]| {
        check_sentence(output, 1);
        for part in parts {
            assert!(output.stderr.contains(part), "it does not name {part:?}: {output:#?}");
        }
    };
    check(
        &up(&["--http", &http.to_string(), free[0], free[1]]),
        &[&http.port().to_string(), "taken", "--http"],
    );
    let pages = ["--http", "127.0.0.1:0", "--p2p"];
    let busy = format!("/ip4/127.0.0.1/tcp/{tcp}");
    check(&up(&[&pages[..], &[&busy]].concat()), &[&tcp.to_string(), "taken", "--p2p"]);
    let busy = format!("/ip4/127.0.0.1/udp/{quic}/quic-v1");
    check(&up(&[&pages[..], &[&busy]].concat()), &[&quic.to_string(), "taken", "--p2p"]);
    check(&up(&[&pages[..], &["/ip4/192.0.2.1/tcp/0"]].concat()), &["192.0.2.1", "--p2p"]);
    check(&up(&["--http", "192.0.2.1:0", free[0], free[1]]), &["192.0.2.1", "--http"]);
    for join in ["nonsense", "commonshelf:bafyrei"] {
        check(
            &up(&[&pages[..], &["/ip4/127.0.0.1/tcp/0", "--join", join]].concat()),
            &["neither `nearby` nor"],
        );
    }
    check(&up(&[&pages[..], &["/ip4/127.0.0.1/tcp/0", "--circle", ""]].concat()), &["name"]);
    assert!(!home.data().join("node.json").exists(), "who did not start has not said where it is");
}

#[test]
fn a_folder_has_one_node() {
    let mut node = Home::with_circle().up(&[]);
    let digest = node.digest();
    let second = node.cli(&["up", "--http", "127.0.0.1:0", "--p2p", "/ip4/127.0.0.1/tcp/0", "--no-mdns"]);
    check_sentence(&second, 1);
    for part in [&node.process().id().to_string(), "running node", "--data"] {
        assert!(second.stderr.contains(part), "it does not name {part:?}: {second:#?}");
    }
    assert!(node.process().runs());
    assert_eq!(node.digest(), digest);
    // Who was killed does not keep its folder.
    node.process().kill9();
    assert_eq!(node.home().digest(), digest);
}

#[test]
fn a_folder_that_can_not_be_written_is_said() {
    let home = Home::new();
    let file = home.file("plain", "a file and no folder");
    let below = format!("{file}/data");
    let places: &[&str] =
        if cfg!(target_os = "linux") { &[&below, &file, "/proc/commonshelf"] } else { &[&below] };
    for place in places {
        for command in [
            &["list"][..],
            &["offer", "Leiter"],
            &["up", "--http", "127.0.0.1:0", "--p2p", "/ip4/127.0.0.1/tcp/0", "--no-mdns"],
        ] {
            let output = home.cli(&[&["--data", place], command].concat());
            check_sentence(&output, 1);
            assert!(output.stderr.contains(place) && output.stderr.contains("--data"), "{output:#?}");
        }
    }
    assert_eq!(fs::read_to_string(&file).unwrap(), "a file and no folder");
    // No folder at all is none, and not the one in which the command was typed.
    let here = Home::new();
    let mut command = here.command(&["list"]);
    command.env("COMMONSHELF_DATA", "").current_dir(here.folder());
    command.env("HOME", here.folder()).env("XDG_DATA_HOME", here.folder().join("share"));
    let _ = Output::of(&mut command);
    for name in ["lock", "api.token", "records"] {
        assert!(!here.folder().join(name).exists(), "{name} lies where the command was typed");
    }
}

#[test]
fn a_damaged_key_is_said_and_kept() {
    let home = Home::with_circle();
    let key = home.data().join("root.key");
    fs::write(&key, "half a k").unwrap();
    let output = home.cli(&["list"]);
    check_sentence(&output, 1);
    assert!(output.stderr.contains("root.key"), "{output:#?}");
    assert_eq!(fs::read_to_string(&key).unwrap(), "half a k");
}

#[test]
fn control_characters_and_markup_do_no_harm() {
    let node = Home::with_circle().up(&[]);
    let nasty = "<script>alert(1)</script>\u{202e}\u{1b}[31m\u{7}\"'&";
    let listing = node.json(&["offer", nasty, "--text", "<img src=x onerror=alert(1)>", "--category", "<b>"]);
    let title = listing["title"].as_str().unwrap();
    for bad in ['\u{202e}', '\u{1b}', '\u{7}'] {
        assert!(!title.contains(bad), "{title:?}");
    }
    let text = node.cli(&["list"]).ended(0).stdout;
    assert!(!text.contains('\u{1b}') && !text.contains('\u{202e}'), "{text:?}");
    let path = format!("/listing/{}", listing["key"].as_str().unwrap());
    for path in ["/", "/search?q=script", "/matches", "/node", &path] {
        let page = node.get(path).with(200).body;
        for markup in ["<script", "<img src=x", "<b>"] {
            assert!(!page.contains(markup), "{path} holds {markup}");
        }
    }
}
