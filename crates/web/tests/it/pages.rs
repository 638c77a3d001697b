//! What people see.

use axum::http::Method;
use serde_json::json;

use crate::site::Site;

#[tokio::test]
async fn without_a_circle_the_pages_say_what_to_do() {
    let site = Site::alone().await;
    for path in ["/", "/new", "/new?side=need", "/matches", "/search?q=ladder"] {
        let answer = site.get(path).await;
        let page = answer.page(200);
        assert!(
            page.contains("in no circle yet") && page.contains("Found or join a circle"),
            "{path}: {page}"
        );
    }
    let node = site.get("/node").await;
    assert!(node.page(200).contains("Give your circle a name"));
}

#[tokio::test]
async fn empty_lists_say_so() {
    let site = Site::new().await;
    for (path, words) in [
        ("/", "Nothing is here yet"),
        ("/?side=need", "Nobody has said yet what they need"),
        ("/?mine=1", "You have nothing on the shelf yet"),
        ("/search", "Write a word or two"),
        ("/search?q=", "Write a word or two"),
        ("/search?q=zebra", "Nothing here fits"),
        ("/matches", "No need and no offer fit each other yet"),
        ("/matches?mine=1", "Nothing fits your things yet"),
        ("/node", "None right now"),
    ] {
        let answer = site.get(path).await;
        assert!(answer.page(200).contains(words), "{path}: {}", answer.text);
    }
}

#[tokio::test]
async fn a_long_shelf_comes_in_pages() {
    let site = Site::with_things(65).await;
    let first = site.get("/").await;
    let page = first.page(200);
    assert_eq!(page.matches("<li class=\"card\">").count(), 30);
    assert!(page.contains("65 things") && page.contains("Page 1 of 3") && page.contains("href=\"/?page=2\""));
    assert!(!page.contains("rel=\"prev\""));
    let last = site.get("/?page=3").await;
    let page = last.page(200);
    assert_eq!(page.matches("<li class=\"card\">").count(), 5);
    assert!(!page.contains("rel=\"next\"") && page.contains("href=\"/?page=2\""));
    for path in ["/?page=4", "/?page=0", "/?page=-1", "/?page=x", "/?page=99999999999999999999"] {
        site.get(path).await.page(404);
    }
    let found = site.get("/search?q=thing&page=2").await;
    assert!(found.page(200).contains("href=\"/search?q=thing\""));
}

#[tokio::test]
async fn a_page_of_thirty_listings_weighs_at_most_thirty_kilobytes() {
    let site = Site::with_things(40).await;
    for path in ["/", "/search?q=thing"] {
        let answer = site.get(path).await;
        assert_eq!(answer.text.matches("<li class=\"card\">").count(), 30);
        assert!(answer.text.len() <= 30 * 1024, "{path} weighs {}", answer.text.len());
    }
    let style = site.get("/style.css").await.text.len();
    assert!(style <= 12 * 1024, "the stylesheet weighs {style}");
}

#[tokio::test]
async fn what_people_write_stays_text() {
    let site = Site::new().await;
    let hostile = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>&amp;";
    let body = json!({
        "side": "offer", "title": hostile, "text": hostile, "category": "</p><b onclick=x>\"'"
    });
    let answer = site.write(Method::POST, "/api/v1/listings", &body.to_string()).await;
    assert_eq!(answer.status.as_u16(), 201, "{}", answer.text);
    let listing = answer.json();
    let key = listing["key"].as_str().unwrap();
    let paths = [
        "/".to_owned(),
        "/search?q=alert".to_owned(),
        "/search?q=%3Cscript%3Ealert(1)%3C/script%3E%22%27%3E%3Cimg%20src=x%3E".to_owned(),
        "/?category=%3Cscript%3E%22onerror=alert(2)%3E".to_owned(),
        "/search?q=x&near=%22%3E%3Cscript%3E&within=%22%3E%3Cimg%20src=x%3E".to_owned(),
        "/new?side=%22%3E%3Cscript%3E".to_owned(),
        "/listing/%3Cscript%3Ealert(1)".to_owned(),
        format!("/listing/{key}"),
        format!("/listing/{key}/edit"),
        format!("/listing/{key}/withdraw"),
    ];
    for path in paths {
        let text = site.get(&path).await.text;
        for live in ["<script", "<img src=x", "<b onclick", "\"onerror"] {
            assert!(!text.contains(live), "{path} lets {live} through: {text}");
        }
    }
    let name = "<script>alert(3)</script>";
    site.handle.found(name.into(), None).await.unwrap();
    let node = site.get("/node").await.text;
    assert!(!node.contains("<script") && node.contains("alert(3)"));
}

#[tokio::test]
async fn a_listing_is_shown_with_all_its_facts() {
    let site = Site::new().await;
    let body = json!({
        "side": "offer", "title": "Bohrmaschine", "text": "Schlagbohrer für Beton.\n\nMit Koffer und Bohrern.",
        "category": "Werkzeug", "count": 2, "terms": "loan", "place": "49.01,8.40", "until": "30d",
        "language": "de"
    });
    let listing = site.write(Method::POST, "/api/v1/listings", &body.to_string()).await.json();
    let answer = site.get(&format!("/listing/{}", listing["id"].as_str().unwrap())).await;
    let page = answer.page(200);
    for part in [
        "<h1 lang=\"de\" dir=\"auto\">Bohrmaschine</h1>",
        "Mit Koffer und Bohrern.",
        "to borrow",
        "2 of 2 left",
        "href=\"/?category=Werkzeug\"",
        "Stands until",
        "<bdi>Ada</bdi>",
        "<bdi>Gartenstraße</bdi>",
        "did:key:z6Mk",
        "<time datetime=\"20",
        "just now",
        "/edit",
        "/withdraw",
        "Nobody has said yet that they need something like this",
    ] {
        assert!(page.contains(part), "{part} is not in {page}");
    }
}

#[tokio::test]
async fn a_place_gives_distances() {
    let site = Site::new().await;
    for (title, place) in [("Near", "49.01,8.40"), ("Far", "49.40,8.68")] {
        let body = json!({ "side": "offer", "title": title, "place": place }).to_string();
        site.write(Method::POST, "/api/v1/listings", &body).await;
    }
    let all = site.get("/?near=49.01,8.40").await;
    assert!(all.page(200).contains("in this area") && all.text.contains("km away"));
    let close = site.get("/?near=49.01,8.40&within=5").await;
    assert!(close.text.contains(">Near</a>") && !close.text.contains(">Far</a>"));
    let lost = site.get("/?near=moon").await;
    assert!(lost.page(400).contains("role=\"alert\"") && lost.text.contains("value=\"moon\""));
    let nowhere = site.get("/?within=5").await;
    // The place of one's own newest listing counts where none is given.
    nowhere.page(200);
    let elsewhere = site.ask(Method::GET, "/?within=5").from("192.168.1.9:5000").send().await;
    assert!(elsewhere.page(400).contains("A distance needs a place"));
}

#[tokio::test]
async fn a_search_that_is_too_long_is_told_and_kept() {
    let site = Site::new().await;
    let long = "word".repeat(101);
    let answer = site.get(&format!("/search?q={long}")).await;
    assert!(answer.page(400).contains("at most 400 characters") && answer.text.contains(&long));
    site.get("/search?q=a&q=b").await.page(400);
}

#[tokio::test]
async fn what_is_not_there_gets_a_page_that_leads_on() {
    let site = Site::new().await;
    for path in
        ["/nothing", "/listing/nothing", "/listing/%ff", "/listing/", "/listing/a/b", "/../etc/passwd"]
    {
        let answer = site.get(path).await;
        assert!(answer.page(404).contains("href=\"/search\""), "{path}");
    }
    site.ask(Method::POST, "/").send().await.page(405);
    site.ask(Method::DELETE, "/listing/x").send().await.page(405);
}

#[tokio::test]
async fn a_neighbour_reads_but_sees_no_forms_and_nothing_private() {
    let site = Site::with_things(1).await;
    let far = "192.168.1.9:5000";
    let page = site.ask(Method::GET, "/").from(far).send().await;
    assert!(page.page(200).contains("Thing 1") && !page.text.contains("/new?side"));
    let node = site.ask(Method::GET, "/node").from(far).send().await;
    assert!(node.page(200).contains("Gartenstraße"));
    assert!(!node.text.contains("root.key") && !node.text.contains("<form"), "{}", node.text);
    let local = site.get("/node").await;
    assert!(local.text.contains("root.key"));
    assert!(!local.text.contains(crate::site::TOKEN));
    let mapped = site.ask(Method::GET, "/").from("[::ffff:127.0.0.1]:5000").send().await;
    assert!(mapped.text.contains("/new?side"));
}
