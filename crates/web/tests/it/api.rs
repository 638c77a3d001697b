//! The API: what each address answers, and what it refuses.

use axum::body::Body;
use axum::http::{Method, StatusCode};
use serde_json::json;

use crate::site::Site;

#[tokio::test]
async fn the_state_of_a_node_is_told() {
    let site = Site::new().await;
    let status = site.json("/api/v1/status").await;
    assert_eq!(status["circles"][0]["name"], "Gartenstraße");
    assert!(status["members"][0].as_str().unwrap().starts_with("did:key:z6Mk"));
    assert_eq!(site.json("/api/v1/peers").await, json!([]));
    assert_eq!(site.json("/api/v1/circles/nearby").await, json!([]));
}

#[tokio::test]
async fn a_listing_is_written_changed_and_withdrawn() {
    let site = Site::new().await;
    let body = r#"{"side":"offer","title":"Ladder","count":3,"category":"Tools"}"#;
    let written = site.write(Method::POST, "/api/v1/listings", body).await;
    assert_eq!(written.status, StatusCode::CREATED);
    let listing = written.json();
    assert_eq!((&listing["title"], &listing["count"]), (&json!("Ladder"), &json!(3)));

    let path = format!("/api/v1/listings/{}", listing["key"].as_str().unwrap());
    assert_eq!(site.json(&path).await, listing);
    let edited = site.write(Method::PATCH, &path, r#"{"title":"Long ladder"}"#).await.json();
    assert_eq!((&edited["title"], &edited["count"]), (&json!("Long ladder"), &json!(3)));
    assert_eq!(edited["key"], listing["key"]);

    let withdrawn = site.write(Method::DELETE, &path, "").await;
    assert_eq!(withdrawn.json()["title"], "Long ladder");
    site.get(&path).await.refused(404, "not_found");
    site.write(Method::DELETE, &path, "").await.refused(404, "not_found");
    assert_eq!(site.json("/api/v1/listings").await, json!([]));
}

#[tokio::test]
async fn the_same_key_twice_makes_one_listing() {
    let site = Site::new().await;
    let body =
        json!({ "side": "need", "title": "Drill", "key": "00112233445566778899aabbccddeeff" }).to_string();
    for _ in 0..2 {
        let answer = site.write(Method::POST, "/api/v1/listings", &body).await;
        assert_eq!(answer.status, StatusCode::CREATED);
    }
    assert_eq!(site.json("/api/v1/listings").await.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn listings_are_filtered_and_cut() {
    let site = Site::with_things(5).await;
    site.write(Method::POST, "/api/v1/listings", r#"{"side":"need","title":"Drill"}"#).await;
    let count =
        async |query: &str| site.json(&format!("/api/v1/listings?{query}")).await.as_array().unwrap().len();
    assert_eq!(count("").await, 6);
    assert_eq!(count("side=need").await, 1);
    assert_eq!(count("mine=1&category=garden").await, 5);
    assert_eq!(count("limit=2&offset=5").await, 1);
    for wrong in ["limit=x", "side=both", "near=moon", "within=3", "limit=1&limit=2", "circle=x"] {
        let answer = site.get(&format!("/api/v1/listings?{wrong}")).await;
        assert!(answer.status.is_client_error(), "{wrong}: {}", answer.text);
        assert!(answer.json()["error"]["message"].is_string());
    }
}

#[tokio::test]
async fn a_search_ranks_and_an_empty_one_is_no_error() {
    let site = Site::with_things(3).await;
    site.offer("Aluminium ladder").await;
    let found = site.json("/api/v1/search?q=ladder").await;
    assert_eq!(found[0]["title"], "Aluminium ladder");
    assert!(found[0]["score"].as_f64().unwrap() > 0.0);
    assert!(site.json("/api/v1/search?q=zebra").await.as_array().unwrap().is_empty());
    assert!(site.json("/api/v1/search").await.is_array());
    let long = "x".repeat(401);
    site.get(&format!("/api/v1/search?q={long}")).await.refused(400, "invalid");
    site.get("/api/v1/search?q=a&q=b").await.refused(400, "invalid");
}

#[tokio::test]
async fn matches_are_told_of_all_of_mine_and_of_one() {
    let site = Site::new().await;
    let offer = site.offer("Electric drill for concrete").await;
    let need = r#"{"side":"need","title":"Electric drill for concrete"}"#;
    site.write(Method::POST, "/api/v1/listings", need).await;
    // One member's own need and offer don't make a pair, so that there is none here; the shape is an array.
    for path in ["/api/v1/matches", "/api/v1/matches?mine=true&limit=5", "/api/v1/matches?limit=999999"] {
        assert!(site.json(path).await.is_array(), "{path}");
    }
    let of = format!("/api/v1/matches?of={}", offer["id"].as_str().unwrap());
    assert!(site.json(&of).await.is_array());
    site.get("/api/v1/matches?of=nothing").await.refused(404, "not_found");
    site.get("/api/v1/matches?limit=many").await.refused(400, "invalid");
}

#[tokio::test]
async fn a_table_is_imported_and_all_is_exported() {
    let site = Site::new().await;
    let table = "Bezeichnung;Menge\nLeiter;2\n;1\n";
    let options = "side=offer&map=title%3DBezeichnung&map=count%3DMenge&file_name=a.csv";
    let tried = site.write(Method::POST, &format!("/api/v1/import?{options}&dry_run=true"), table).await;
    assert_eq!((tried.json()["added"].clone(), tried.json()["dry_run"].clone()), (json!(1), json!(true)));
    assert_eq!(site.json("/api/v1/listings").await, json!([]));

    let path = format!("/api/v1/import?{options}");
    let first = site.write(Method::POST, &path, table).await.json();
    assert_eq!((&first["added"], &first["rejected"][0]["line"]), (&json!(1), &json!(3)));
    let again = site.write(Method::POST, &path, table).await.json();
    assert_eq!((&again["added"], &again["unchanged"]), (&json!(0), &json!(1)));

    let export = site.get("/api/v1/export").await;
    assert_eq!(export.header("content-type"), "application/x-ndjson");
    let lines: Vec<serde_json::Value> =
        export.text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines, site.json("/api/v1/listings").await.as_array().unwrap().clone());
    assert_eq!(lines[0]["count"], 2);

    site.write(Method::POST, "/api/v1/import?colour=red", table).await.refused(400, "invalid");
    site.write(Method::POST, "/api/v1/import?dry_run=maybe", table).await.refused(400, "invalid");
    site.write(Method::POST, "/api/v1/import?map=x", table).await.refused(400, "invalid");
}

#[tokio::test]
async fn more_than_a_page_of_listings_is_exported() {
    let site = Site::with_things(1_500).await;
    assert_eq!(site.get("/api/v1/export").await.text.lines().count(), 1_500);
    assert_eq!(site.get("/api/v1/export?side=need").await.text, "");
}

#[tokio::test]
async fn a_circle_is_founded_once_and_joined_by_its_link() {
    let site = Site::alone().await;
    site.write(Method::POST, "/api/v1/listings", r#"{"side":"offer","title":"x"}"#)
        .await
        .refused(409, "refused");
    let found = site.write(Method::POST, "/api/v1/circles", r#"{"name":"Hof","quota":50}"#).await;
    assert_eq!(found.status, StatusCode::CREATED);
    let once = site.write(Method::POST, "/api/v1/circles", r#"{"name":"Hof","once":true}"#).await;
    assert_eq!(once.json()["id"], found.json()["id"]);
    assert_eq!(site.json("/api/v1/circles").await.as_array().unwrap().len(), 1);
    site.write(Method::POST, "/api/v1/circles", r#"{"name":""}"#).await.refused(400, "invalid");

    let other = Site::alone().await;
    for target in [found.json()["link"].as_str().unwrap(), found.json()["id"].as_str().unwrap()] {
        let body = json!({ "target": target }).to_string();
        let joined = other.write(Method::POST, "/api/v1/circles/join", &body).await;
        assert_eq!(joined.status, StatusCode::OK, "{}", joined.text);
        assert_eq!(joined.json()["id"], found.json()["id"]);
    }
    let join = async |body: &str| other.write(Method::POST, "/api/v1/circles/join", body).await;
    join(r#"{"target":"nowhere"}"#).await.refused(400, "invalid");
    join(r#"{"target":"nearby"}"#).await.refused(503, "unavailable");
}

#[tokio::test]
async fn an_invitation_and_a_bundle_are_for_whoever_has_the_token() {
    let site = Site::with_things(30).await;
    for path in ["/api/v1/circles/invite", "/api/v1/bundle"] {
        site.get(path).await.refused(401, "unauthorized");
    }
    let invite = site.ask(Method::GET, "/api/v1/circles/invite").token().send().await.json();
    assert_eq!(invite["link"], site.json("/api/v1/circles").await[0]["link"]);
    let ask = |path: &str| site.ask(Method::GET, path).token().send();
    ask("/api/v1/circles/invite?circle=Nowhere").await.refused(404, "not_found");
    ask("/api/v1/bundle?circle=Nowhere").await.refused(404, "not_found");
    ask("/api/v1/bundle?since=soon").await.refused(400, "invalid");
    ask("/api/v1/bundle?colour=red").await.refused(400, "invalid");
    let bundle = ask("/api/v1/bundle").await;
    assert_eq!(bundle.header("content-type"), "application/octet-stream");
    assert!(bundle.bytes.starts_with(b"\x89CSB\r\n\x1a\n"));

    let other = Site::alone().await;
    let send = async |bytes: &[u8]| {
        other.ask(Method::POST, "/api/v1/bundle").token().body(bytes.to_vec()).send().await
    };
    let report = send(&bundle.bytes).await.json();
    assert_eq!((&report["unchanged"], &report["bundle"]["joined"]), (&0.into(), &true.into()), "{report:#}");
    assert_eq!(send(&bundle.bytes).await.json()["unchanged"], report["added"]);
    assert_eq!(other.get("/api/v1/export").await.text.lines().count(), 30);
    for garbage in [&b""[..], b"title\nLeiter\n", &[0x89; 100_000]] {
        send(garbage).await.refused(400, "invalid");
    }
    let stranger = other.ask(Method::POST, "/api/v1/bundle").body(bundle.bytes.clone()).send().await;
    stranger.refused(401, "unauthorized");
}

#[tokio::test]
async fn a_peer_is_dialled_by_its_address() {
    let site = Site::new().await;
    let answer = site.write(Method::POST, "/api/v1/peers", r#"{"address":"/ip4/127.0.0.1/tcp/1"}"#).await;
    assert_eq!(answer.json(), json!({ "dialled": "/ip4/127.0.0.1/tcp/1" }));
    site.write(Method::POST, "/api/v1/peers", r#"{"address":"http://x"}"#).await.refused(400, "invalid");
}

#[tokio::test]
async fn a_body_that_is_not_what_was_asked_for_is_refused_in_one_sentence() {
    let site = Site::new().await;
    let post = async |body: &str| site.write(Method::POST, "/api/v1/listings", body).await;
    for body in ["", "{", "[]", "\"x\"", "{\"title\":3}", "{\"title\":\"\u{0}", "\u{feff}{}"] {
        post(body).await.refused(400, "invalid");
    }
    let unknown = post(r#"{"side":"offer","title":"x","colour":"red"}"#).await;
    assert!(unknown.refused(400, "invalid").contains("colour"));
    let deep = "[".repeat(10_000);
    post(&deep).await.refused(400, "invalid");
    let count = post(r#"{"side":"offer","title":"x","count":-1}"#).await;
    assert!(count.refused(400, "invalid").contains("-1"));
}

#[tokio::test]
async fn a_title_of_ten_thousand_characters_is_refused_with_both_numbers() {
    let site = Site::new().await;
    let body = json!({ "side": "offer", "title": "x".repeat(10_000) }).to_string();
    let message = site.write(Method::POST, "/api/v1/listings", &body).await.refused(400, "invalid");
    assert!(message.contains("10000") && message.contains("120"), "{message}");
}

#[tokio::test]
async fn what_is_too_large_is_refused() {
    let site = Site::new().await;
    let large = "x".repeat(300 * 1024);
    site.write(Method::POST, "/api/v1/listings", &large).await.refused(413, "too_large");
    let huge = vec![b'x'; 33 * 1024 * 1024];
    let answer = site.ask(Method::POST, "/api/v1/import").token().body(Body::from(huge)).send().await;
    assert!(answer.refused(413, "too_large").contains("32 MiB"));
}

#[tokio::test]
async fn unknown_addresses_and_methods_answer_in_json() {
    let site = Site::new().await;
    for path in
        ["/api", "/api/", "/api/v1", "/api/v1/", "/api/v1/nothing", "/api/v2/status", "/api/v1/listings/a/b"]
    {
        site.get(path).await.refused(404, "not_found");
    }
    site.ask(Method::PUT, "/api/v1/listings").token().send().await.refused(405, "method");
    site.ask(Method::DELETE, "/api/v1/status").token().send().await.refused(405, "method");
    site.get("/api/v1/import").await.refused(405, "method");
    site.get("/api/v1/listings/%ff%fe").await.refused(400, "invalid");
    let long = "z".repeat(5_000);
    let message = site.get(&format!("/api/v1/listings/{long}")).await.refused(404, "not_found");
    assert!(message.len() < 300);
}

#[tokio::test]
async fn writing_needs_the_token() {
    let site = Site::new().await;
    let listing = site.offer("Ladder").await;
    let path = format!("/api/v1/listings/{}", listing["id"].as_str().unwrap());
    for (method, path) in [
        (Method::POST, "/api/v1/listings"),
        (Method::PATCH, path.as_str()),
        (Method::DELETE, path.as_str()),
        (Method::POST, "/api/v1/import"),
        (Method::POST, "/api/v1/circles"),
        (Method::POST, "/api/v1/circles/join"),
        (Method::POST, "/api/v1/peers"),
    ] {
        let body = r#"{"title":"stolen"}"#;
        let bare = site.ask(method.clone(), path).body(body).send().await;
        bare.refused(401, "unauthorized");
        assert_eq!(bare.header("www-authenticate"), "Bearer");
        let wrong = site.ask(method, path).header("authorization", "Bearer 0000").body(body);
        wrong.send().await.refused(401, "unauthorized");
    }
    assert_eq!(site.json(&path).await["title"], "Ladder");
}

#[tokio::test]
async fn who_is_not_at_the_node_is_not_told_where_it_and_its_files_are() {
    let site = Site::new().await;
    let ask = |path: &str| site.ask(Method::GET, path).from("192.168.1.9:4000");
    let here = site.json("/api/v1/status").await;
    assert!(here["notices"][0].as_str().unwrap().contains("root.key"), "{here:#}");
    assert!(here["circles"][0]["link"].as_str().unwrap().starts_with("commonshelf:"));
    let there = ask("/api/v1/status").send().await.json();
    assert_eq!((&there["notices"], &there["addresses"]), (&json!([]), &json!([])), "{there:#}");
    assert_eq!(there["circles"][0]["link"], "", "{there:#}");
    assert_eq!(ask("/api/v1/circles").send().await.json()[0]["link"], "");
    // A program elsewhere that has the token is told.
    assert_eq!(ask("/api/v1/circles").token().send().await.json(), site.json("/api/v1/circles").await);
}
