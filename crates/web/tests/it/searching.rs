//! Searching, and browsing by kinds.

use axum::http::Method;
use serde_json::json;

use crate::site::Site;

async fn offer(site: &Site, body: serde_json::Value) {
    let answer = site.write(Method::POST, "/api/v1/listings", &body.to_string()).await;
    assert_eq!(answer.status.as_u16(), 201, "{}", answer.text);
}

#[tokio::test]
async fn a_search_marks_the_words_that_hit() {
    let site = Site::new().await;
    let text = "With a <b>case</b>.\n\nThe drill has two gears.";
    offer(&site, json!({ "side": "offer", "title": "drill & bits", "text": text })).await;
    let found = site.get("/search?q=drill").await;
    let page = found.page(200);
    for part in ["<mark>drill</mark> &#38; bits", "<mark>drill</mark> has two gears", "&#60;b&#62;case"] {
        assert!(page.contains(part), "{part} is not in {page}");
    }
    assert!(!site.get("/").await.page(200).contains("<mark>"));
}

#[tokio::test]
async fn a_search_that_went_wider_says_so() {
    let site = Site::new().await;
    offer(&site, json!({ "side": "offer", "title": "Ladder", "place": "49.40,8.68", "terms": "loan" })).await;
    for (filter, words) in [
        ("near=49.01,8.40&within=5", "Nothing within 5 km. Farther away:"),
        ("kind=books", "Nothing of this kind. Of other kinds:"),
        ("terms=gift", "Nothing on these terms. On others:"),
        ("language=FI", "Nothing in this language. In others:"),
    ] {
        let wider = site.get(&format!("/search?q=ladder&{filter}")).await;
        assert!(
            wider.page(200).contains(words) && wider.text.contains("<mark>Ladder</mark>"),
            "{}",
            wider.text
        );
        assert!(wider.text.contains("<details open>"));
    }
    let plain = site.get("/search?q=ladder").await;
    assert!(plain.page(200).contains("What fits best comes first") && plain.text.contains("<details>"));
}

#[tokio::test]
async fn filters_narrow_a_list_without_words_too() {
    let site = Site::new().await;
    offer(&site, json!({ "side": "offer", "title": "Hammer", "terms": "loan" })).await;
    offer(&site, json!({ "side": "offer", "title": "Novel", "category": "Books & magazines" })).await;
    for (path, one, other) in [
        ("/search?kind=books", "Novel", "Hammer"),
        ("/?kind=books", "Novel", "Hammer"),
        ("/search?q=&terms=loan", "Hammer", "Novel"),
        ("/?terms=gift", "Novel", "Hammer"),
    ] {
        let list = site.get(path).await;
        assert!(list.page(200).contains(one) && !list.text.contains(&format!(">{other}<")), "{path}");
        assert!(list.text.contains("1 thing, the newest first"), "{path}");
    }
    assert!(
        site.get("/?kind=books")
            .await
            .page(200)
            .contains("<h1 dir=\"auto\">On the shelf: Books &#38; magazines</h1>")
    );
    for path in ["/search?q=x&kind=nothing+of+the+kind", "/?terms=theft", "/search?q=x&language=german"] {
        assert!(site.get(path).await.page(400).contains("role=\"alert\""), "{path}");
    }
}

#[tokio::test]
async fn kinds_are_counted_and_named_in_the_visitors_language() {
    let site = Site::new().await;
    offer(&site, json!({ "side": "offer", "title": "Novel", "category": "Books & magazines" })).await;
    let kinds = site.get("/kinds").await;
    let page = kinds.page(200);
    assert!(page.contains("<a href=\"/?kind=books\">Books &#38; magazines</a> 1"), "{page}");
    assert!(
        page.contains("<a href=\"/?kind=media\">Books, films &#38; games</a> 1")
            && page.contains("None yet:")
    );
    let german =
        site.ask(Method::GET, "/kinds").header("accept-language", "gsw;q=0.5, de-CH;q=0.4").send().await;
    assert!(german.page(200).contains("lang=\"de\"") && german.text.contains("Haushalt"), "{}", german.text);
    for path in ["/search", "/new"] {
        let form = site.ask(Method::GET, path).header("accept-language", "de").send().await;
        assert!(form.page(200).contains("Haushalt"), "{path}");
    }
    let listing = site.json("/api/v1/listings").await[0]["id"].as_str().unwrap().to_owned();
    let shown = site.get(&format!("/listing/{listing}")).await;
    assert!(
        shown.page(200).contains("<a href=\"/?kind=books\" lang=\"en\">Books &#38; magazines</a>"),
        "{}",
        shown.text
    );
    let alone = Site::alone().await.get("/kinds").await;
    assert!(alone.page(200).contains("in no circle yet"));
}

#[tokio::test]
async fn a_search_names_its_feed() {
    let site = Site::new().await;
    offer(&site, json!({ "side": "offer", "title": "Ladder" })).await;
    let page = site.get("/search?q=ladder&side=offer&mine=1&page=1").await;
    let feed = "/feeds/search.atom?q=ladder&#38;side=offer";
    let link = format!("type=\"application/atom+xml\" title=\"“ladder”\" href=\"{feed}\"");
    assert!(page.page(200).contains(&link), "{}", page.text);
    let feed = site.get(&feed.replace("&#38;", "&")).await;
    assert!(feed.status.is_success() && feed.text.contains("Ladder"), "{}", feed.text);
}

#[tokio::test]
async fn nothing_found_leads_to_saying_what_one_needs() {
    let site = Site::new().await;
    let none = site.get("/search?q=zebra+%26+lion").await;
    assert!(none.page(200).contains("href=\"/new?side=need&#38;title=zebra%20%26%20lion\""), "{}", none.text);
    let form = site.get("/new?side=need&title=zebra%20%26%20lion").await;
    assert!(form.page(200).contains("value=\"zebra &#38; lion\""));
    let guest = site.ask(Method::GET, "/search?q=zebra").from("192.168.1.7:50000").send().await;
    assert!(!guest.page(200).contains("/new?") && !guest.text.contains("/me/"));
}
