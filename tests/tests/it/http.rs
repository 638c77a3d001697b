//! The local pages and API: whom they answer, and whom not.

use serde_json::{Value, json};
use tests::{Answer, Home, Node, check_listing, raw};

fn node() -> Node {
    let node = Home::with_circle().up(&[]);
    node.run(&["offer", "Leiter"]);
    node
}

/// Checks that an answer of the API is a refusal as programs read it.
fn check_refusal(answer: &Answer, status: u16) {
    assert_eq!(answer.status, status, "{answer:#?}");
    let told: Value =
        serde_json::from_str(&answer.body).unwrap_or_else(|error| panic!("{error}: {answer:#?}"));
    assert!(told["error"]["kind"].is_string(), "{told:#}");
    let message = told["error"]["message"].as_str().unwrap_or_else(|| panic!("{told:#}"));
    assert!((15..400).contains(&message.chars().count()), "{message}");
    assert!(!message.contains("Error(") && !message.contains("::"), "{message}");
}

fn status_of(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or_default()
}

#[test]
fn names_that_are_not_the_nodes_own_get_no_answer() {
    let node = node();
    let place = node.ready().http.trim_start_matches("http://").to_owned();
    let port = place.rsplit(':').next().unwrap();
    let digest = node.digest();
    let foreign = [
        "evil.example".to_owned(),
        format!("evil.example:{port}"),
        format!("127.evil.example:{port}"),
        format!("localhost.evil.example:{port}"),
        format!("127.0.0.1.evil.example:{port}"),
        "127.0.0.1".to_owned(),
        "127.0.0.1:1".to_owned(),
        format!("0.0.0.0:{port}"),
        format!("user@127.0.0.1:{port}"),
        String::new(),
    ];
    for path in ["/", "/api/v1/status", "/api/v1/listings", "/style.css", "/nothing"] {
        for host in &foreign {
            let answer = raw(
                &place,
                format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").as_bytes(),
            );
            assert!(["421", "400"].contains(&status_of(&answer)), "{path} for {host:?}: {answer}");
            assert!(!answer.contains("Leiter") && !answer.contains(&digest), "{path} for {host:?}: {answer}");
        }
        let misdirected = raw(
            &place,
            format!("GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", foreign[1]).as_bytes(),
        );
        assert_eq!(status_of(&misdirected), "421", "{misdirected}");
    }
    for request in [
        format!("GET / HTTP/1.1\r\nHost: {place}\r\nHost: evil.example\r\nConnection: close\r\n\r\n"),
        format!("GET http://evil.example/ HTTP/1.1\r\nHost: {place}\r\nConnection: close\r\n\r\n"),
        "GET / HTTP/1.1\r\nConnection: close\r\n\r\n".to_owned(),
        "GET / HTTP/1.0\r\n\r\n".to_owned(),
    ] {
        let answer = raw(&place, request.as_bytes());
        assert!(["421", "400"].contains(&status_of(&answer)), "{request}: {answer}");
        assert!(!answer.contains("Leiter"), "{request}: {answer}");
    }
    for host in [&place, &format!("localhost:{port}"), &format!("LOCALHOST:{port}")] {
        let request = format!(
            "GET / HTTP/1.1\r\nHost: {host}\r\nX-Forwarded-Host: evil.example\r\nConnection: close\r\n\r\n"
        );
        assert_eq!(status_of(&raw(&place, request.as_bytes())), "200", "{host}");
    }
}

#[test]
fn pages_of_others_can_not_make_a_browser_write_or_read() {
    let node = node();
    let digest = node.digest();
    let bearer = node.bearer();
    let body = json!({"side": "offer", "title": "Forged"}).to_string();
    for origin in ["http://evil.example", "null", "http://127.0.0.1:1", "https://evil.example:443", "file://"]
    {
        for headers in [&[("Origin", origin)][..], &[("Origin", origin), ("Authorization", &bearer)]] {
            check_refusal(&node.post_with("/api/v1/listings", headers, &body), 403);
        }
        check_refusal(&node.get_with("/api/v1/listings", &[("Origin", origin)]), 403);
        let form = [("Origin", origin), ("Content-Type", "application/x-www-form-urlencoded")];
        assert_eq!(node.post_with("/new", &form, "title=Forged").status, 403);
    }
    let cross = [("Sec-Fetch-Site", "cross-site"), ("Authorization", bearer.as_str())];
    check_refusal(&node.post_with("/api/v1/listings", &cross, &body), 403);
    assert_eq!(node.digest(), digest);
    // Its own pages may.
    let own = [("Origin", node.ready().http.as_str()), ("Authorization", &bearer)];
    check_listing(&node.post_with("/api/v1/listings", &own, &body).with(201).json());
}

#[test]
fn writing_needs_the_folders_token_and_reading_does_not() {
    let node = node();
    let digest = node.digest();
    let bearer = node.bearer();
    let half = &bearer[..bearer.len() - 1];
    let body = json!({"side": "offer", "title": "Forged"}).to_string();
    let wrong: [&[(&str, &str)]; 5] = [
        &[],
        &[("Authorization", "Bearer ")],
        &[("Authorization", half)],
        &[("Authorization", "Basic eDp5")],
        &[("Cookie", "token=1")],
    ];
    for headers in wrong {
        for path in
            ["/api/v1/listings", "/api/v1/import", "/api/v1/circles", "/api/v1/circles/join", "/api/v1/peers"]
        {
            check_refusal(&node.post_with(path, headers, &body), 401);
        }
    }
    // A form without what only the page itself holds is no form of ours.
    let form = [("Content-Type", "application/x-www-form-urlencoded")];
    let forged = node.post_with("/new", &form, "title=Forged");
    assert!((400..500).contains(&forged.status), "{forged:#?}");
    assert_eq!(node.digest(), digest);

    for path in
        ["status", "listings", "search?q=Leiter", "matches", "peers", "circles", "circles/nearby", "export"]
    {
        let _ = node.get(&format!("/api/v1/{path}")).with(200);
    }
    let listing = node.get("/api/v1/listings").json()[0].clone();
    check_listing(&listing);
    assert_eq!(node.get(&format!("/api/v1/listings/{}", listing["key"].as_str().unwrap())).json(), listing);
    check_listing(&node.post("/api/v1/listings", &json!({"side": "need", "title": "Zelt"})).with(201).json());
}

#[test]
fn what_is_too_large_or_no_json_is_refused() {
    let node = node();
    let digest = node.digest();
    let bearer = node.bearer();
    let headers = [("Authorization", bearer.as_str())];
    // It is refused before it is sent.
    let large = format!(
        "POST /api/v1/listings HTTP/1.1\r\nHost: {}\r\nAuthorization: {bearer}\r\nContent-Length: 1000000\r\n\
         Connection: close\r\n\r\n",
        node.ready().http.trim_start_matches("http://")
    );
    assert_eq!(status_of(&raw(&node.ready().http, large.as_bytes())), "413");
    let deep = "[".repeat(100_000);
    for body in [
        "",
        "{",
        "[]",
        "null",
        "\"offer\"",
        "{\"side\":\"offer\"}",
        "{\"side\":1,\"title\":2}",
        "{\"colour\":1}",
        &deep,
    ] {
        check_refusal(&node.post_with("/api/v1/listings", &headers, body), 400);
    }
    for (field, value) in [
        ("count", json!(-1)),
        ("count", json!(1e300)),
        ("until", json!("2001-01-01")),
        ("until", json!(5)),
        ("place", json!("moon")),
        ("terms", json!("barter")),
        ("key", json!("zz")),
    ] {
        let mut body = json!({"side": "offer", "title": "Zelt"});
        body[field] = value;
        check_refusal(&node.post("/api/v1/listings", &body), 400);
    }
    assert_eq!(node.digest(), digest);
}

#[test]
fn the_same_key_sent_twice_makes_one_listing() {
    let node = node();
    let body = json!({"side": "offer", "title": "Zelt", "key": "00112233445566778899aabbccddeeff"});
    let first = node.post("/api/v1/listings", &body).with(201).json();
    assert_eq!(first["key"], "00112233445566778899aabbccddeeff");
    assert_eq!(node.post("/api/v1/listings", &body).json(), first);
    assert_eq!(tests::titles(node.home()).len(), 2);
}

#[test]
fn what_is_not_there_is_said_in_the_shape_of_its_face() {
    let node = node();
    for path in
        ["/api/v1/listings/nothere", "/api/v1/nothere", "/api/nothere", "/api", "/api/v1/matches?of=nothere"]
    {
        check_refusal(&node.get(path), 404);
    }
    check_refusal(&node.post("/api/v1/status", &json!({})), 405);
    for path in ["/nothere", "/listing/nothere", "/listing/..%2f..%2fetc%2fpasswd", "/%ff", "/.git/config"] {
        let answer = node.get(path);
        assert!([400, 404].contains(&answer.status), "{answer:#?}");
        assert!(
            answer.header("content-type").is_some_and(|kind| kind.starts_with("text/html")),
            "{answer:#?}"
        );
    }
}

#[test]
fn every_answer_keeps_a_page_from_doing_more_than_it_should() {
    let node = node();
    for path in
        ["/", "/search?q=Leiter", "/matches", "/node", "/nothere", "/api/v1/status", "/api/v1/nothere"]
    {
        let answer = node.get(path);
        let policy =
            answer.header("content-security-policy").unwrap_or_else(|| panic!("no policy: {answer:#?}"));
        for part in ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"] {
            assert!(policy.contains(part), "{path}: {policy}");
        }
        assert!(!policy.contains("unsafe"), "{path}: {policy}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
        assert_eq!(answer.header("access-control-allow-origin"), None, "{path}");
    }
}

#[test]
fn pages_show_what_is_there_and_forms_write() {
    let node = node();
    let key = node.get("/api/v1/listings").json()[0]["key"].as_str().unwrap().to_owned();
    for path in ["/", "/search?q=Leiter", &format!("/listing/{key}")] {
        let page = node.get(path).with(200);
        assert!(page.body.contains("Leiter"), "{path}");
        assert!(page.body.contains("name=\"viewport\"") && page.body.contains("<html lang="), "{path}");
        assert!(!page.body.contains("<script"), "{path}");
        let kind = page.header("content-type").unwrap();
        assert_eq!(kind, "text/html; charset=utf-8");
    }
    assert!(node.get("/node").with(200).body.contains(&node.ready().peer));

    // Fills in the form as the browser of the person at this machine does.
    let form = node.get("/new").with(200).body;
    let mut fields: Vec<(String, String)> = hidden(&form);
    assert!(!fields.is_empty(), "a form carries something that other pages do not know: {form}");
    fields.push(("side".into(), "offer".into()));
    fields.push(("title".into(), "Zelt".into()));
    let body: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let headers = [
        ("Origin", node.ready().http.as_str()),
        ("Sec-Fetch-Site", "same-origin"),
        ("Content-Type", "application/x-www-form-urlencoded"),
    ];
    let sent = node.post_with("/new", &headers, &body.join("&"));
    assert_eq!(sent.status, 303, "{sent:#?}");
    let target = sent.header("location").unwrap().to_owned();
    assert!(node.get(&target).with(200).body.contains("Zelt"));
    // A double tap is one thing.
    let again = node.post_with("/new", &headers, &body.join("&"));
    assert_eq!((again.status, again.header("location")), (303, Some(target.as_str())));
    assert_eq!(tests::titles(node.home()).len(), 2);
}

/// The hidden fields of a page's forms: names and values that need no escaping.
fn hidden(page: &str) -> Vec<(String, String)> {
    let attribute = |tag: &str, name: &str| {
        let rest = tag.split_once(&format!("{name}=\""))?.1;
        rest.split_once('"').map(|(value, _)| value.to_owned())
    };
    let inputs = page.split("<input").skip(1).filter_map(|rest| rest.split_once('>')).map(|(tag, _)| tag);
    let hidden = inputs.filter(|tag| tag.contains("type=\"hidden\""));
    hidden.filter_map(|tag| Some((attribute(tag, "name")?, attribute(tag, "value")?))).collect()
}

#[test]
fn a_get_changes_nothing() {
    let node = node();
    let digest = node.digest();
    let key = node.get("/api/v1/listings").json()[0]["key"].as_str().unwrap().to_owned();
    for path in [
        "/offer?title=Forged",
        "/need?title=Forged",
        &format!("/listing/{key}/withdraw"),
        "/api/v1/circles/join",
    ] {
        let _ = node.get(path);
    }
    assert_eq!(node.digest(), digest);
}
