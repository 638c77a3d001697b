//! What the pages show to the node's own member alone, and why two things are put together.

use axum::http::{Method, StatusCode};
use serde_json::json;

use crate::site::Site;

/// Somebody in the same network.
const GUEST: &str = "192.168.1.7:50000";

/// A node to which somebody else's ladder has come.
async fn beside_a_ladder() -> Site {
    let (site, other) = (Site::new().await, Site::alone().await);
    let link = site.handle.circles()[0].link.parse().unwrap();
    other.handle.join(link).await.unwrap();
    carry(&site, &other).await;
    other.offer("Long wooden ladder").await;
    carry(&other, &site).await;
    site
}

#[tokio::test(flavor = "multi_thread")]
async fn much_that_was_found_comes_in_pages() {
    let site = beside_a_ladder().await;
    for number in 1..=21 {
        keep(&site, &[("title", "ladder"), ("text", &format!("number {number}"))]).await;
    }
    let first = site.get("/me").await;
    assert_eq!(
        first.page(200).matches("name=\"pair\" value=\"").count(),
        21,
        "20 pairs, and one for all of them"
    );
    assert!(
        first.text.contains("href=\"/me?page=2\"") && first.text.len() < 50 * 1024,
        "{}",
        first.text.len()
    );
    let second = site.get("/me?page=2").await;
    assert!(second.page(200).contains("Page 2") && second.text.contains("href=\"/me\">Newer"));
    for wrong in ["0", "26", "x", "-1"] {
        site.get(&format!("/me?page={wrong}")).await.page(404);
    }
}

async fn carry(from: &Site, to: &Site) {
    let bundle = from.ask(Method::GET, "/api/v1/bundle").token().send().await;
    let taken = to.ask(Method::POST, "/api/v1/bundle").token().body(bundle.bytes).send().await;
    assert_eq!(taken.status, StatusCode::OK, "{}", taken.text);
}

/// Keeps a private need by the page's form.
async fn keep(site: &Site, fields: &[(&str, &str)]) -> String {
    let token = site.form_token().await;
    let fields: Vec<_> = [("form", token.as_str())].into_iter().chain(fields.iter().copied()).collect();
    site.form("/me/need", &fields).await.sent_to()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_found_is_shown_seen_and_dismissed() {
    let site = beside_a_ladder().await;
    assert!(site.get("/me").await.page(200).contains("Nothing yet"));
    assert_eq!(keep(&site, &[("title", "ladder")]).await, "/me?done=kept#needs");
    let me = site.get("/me?done=kept").await;
    let page = me.page(200);
    for part in [
        "role=\"status\">It is kept",
        ">Long wooden ladder</a>",
        "<strong class=\"new\">New</strong>",
        "<strong class=\"new\">1 new</strong>",
        "which you keep to yourself",
        "/feeds/matches.atom?key=",
        "Keep it secret",
    ] {
        assert!(page.contains(part), "{part} is not in {page}");
    }
    let again = site.get("/me").await;
    assert!(again.text.contains("1 new"), "looking changes nothing");
    let (token, pair) = (me.hidden("form"), me.hidden("pair"));
    let sent = [("form", token.as_str()), ("pair", pair.as_str())];
    assert_eq!(site.form("/me/seen", &sent).await.sent_to(), "/me?done=seen");
    let seen = site.get("/me").await;
    assert!(!seen.text.contains("class=\"new\"") && seen.text.contains(">Long wooden ladder</a>"));

    let why = site.get(&format!("/why/{pair}")).await;
    for part in ["It is a match", "<table>", "Sum, of 100", "Not for me", "href=\"/me#"] {
        assert!(why.page(200).contains(part), "{part} is not in {}", why.text);
    }
    assert_eq!(site.form("/me/dismiss", &sent).await.sent_to(), "/me?done=dismissed");
    let dismissed = site.get("/me").await;
    assert!(!dismissed.text.contains("Long wooden ladder"), "{}", dismissed.text);
    let key = dismissed.hidden("need");
    let forget = [("form", token.as_str()), ("need", key.as_str())];
    assert_eq!(site.form("/me/forget", &forget).await.sent_to(), "/me?done=forgotten#needs");
    assert_eq!(site.form("/me/forget", &forget).await.sent_to(), "/me?done=gone");
    assert_eq!(site.form("/me/dismiss", &sent).await.sent_to(), "/me?done=gone");
    assert_eq!(site.form("/me/seen", &sent).await.sent_to(), "/me?done=seen");
    assert!(site.handle.private_needs().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_learns_of_no_need_and_no_notice() {
    let site = beside_a_ladder().await;
    keep(&site, &[("title", "Leiter")]).await;
    let me = site.get("/me").await;
    let (token, pair, key) = (me.hidden("form"), me.hidden("pair"), me.hidden("need"));
    let offer = pair.split_once("..").unwrap().1.to_owned();
    assert!(site.get(&format!("/listing/{offer}")).await.page(200).contains("Leiter"));
    assert!(site.get("/matches?mine=1").await.page(200).contains("Leiter"));
    assert!(!site.get("/matches").await.page(200).contains("Leiter"), "not even here among everybody's");
    for (path, status) in [
        ("/".to_owned(), 200),
        ("/search?q=leiter".to_owned(), 200),
        ("/matches?mine=1".to_owned(), 200),
        (format!("/listing/{offer}"), 200),
        ("/kinds".to_owned(), 200),
        ("/node".to_owned(), 200),
        ("/me".to_owned(), 403),
        (format!("/why/{pair}"), 404),
        (format!("/listing/{key}"), 404),
    ] {
        let told = site.ask(Method::GET, &path).from(GUEST).send().await;
        let page = told.page(status).replace("“leiter”", "").replace("value=\"leiter\"", "");
        for secret in ["Leiter", "/me\"", "1 new", "matches.atom", &token, &key] {
            assert!(!page.contains(secret), "{path} tells {secret}: {page}");
        }
    }
    let sent = [("form", token.as_str()), ("pair", &pair), ("need", &key), ("title", "x")];
    for path in ["/me/seen", "/me/dismiss", "/me/need", "/me/forget"] {
        let ask = || site.ask(Method::POST, path).form(&sent);
        ask().from(GUEST).send().await.page(403);
        ask().header("origin", "http://evil.com").send().await.page(403);
        ask().header("sec-fetch-site", "cross-site").send().await.page(403);
        site.form(path, &[("form", "x"), ("pair", &pair), ("need", &key), ("title", "x")]).await.page(403);
        site.ask(Method::GET, path).send().await.page(405);
    }
    assert_eq!(site.handle.private_needs().len(), 1);
    assert_eq!(site.handle.unseen(), Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_is_kept_with_its_filters_and_once() {
    let site = Site::new().await;
    let path = "/search?q=Zelt&side=offer&kind=camping&terms=loan&near=49.01,8.40&within=5";
    let found = site.get(path).await;
    assert!(
        found.page(200).contains("Tell me when something comes") && found.text.contains("stays on this node")
    );
    let guest = site.ask(Method::GET, path).from(GUEST).send().await;
    assert!(!guest.page(200).contains("Tell me when"));
    let fields = ["title", "side", "kind", "category", "terms", "language", "near", "within"];
    let form = found.text.split("action=\"/me/need\"").nth(1).unwrap();
    let value = |name: &str| {
        let rest = form.split(&format!("name=\"{name}\" value=\"")).nth(1).unwrap();
        (name.to_owned(), rest.split('"').next().unwrap().to_owned())
    };
    let sent: Vec<_> = fields.into_iter().map(value).collect();
    let sent: Vec<_> = sent.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(tokio::join!(keep(&site, &sent), keep(&site, &sent)).0, "/me?done=kept#needs");
    let needs = site.json("/api/v1/needs/private").await;
    assert_eq!(needs.as_array().unwrap().len(), 1, "{needs}");
    let only =
        json!({ "kind": "camping", "category": null, "terms": "loan", "language": null, "within_km": 5.0 });
    assert_eq!(
        (&needs[0]["title"], &needs[0]["side"], &needs[0]["only"]),
        (&"Zelt".into(), &"need".into(), &only)
    );
    let me = site.get("/me").await;
    assert!(me.page(200).contains("Camping &#38; hiking") && me.text.contains("within 5 km"), "{}", me.text);
    // Whoever looks for needs is told of needs.
    let needs = site.get("/search?q=Zelt&side=need").await;
    assert!(needs.text.contains("name=\"side\" value=\"offer\""));
}

#[tokio::test]
async fn a_need_with_a_mistake_comes_back_with_what_was_written() {
    let site = Site::alone().await;
    let token = site.get("/node").await.hidden("form");
    let sent = [("form", token.as_str()), ("title", "Tent <b>"), ("within", "5"), ("kind", "camping")];
    let answer = site.form("/me/need", &sent).await;
    for part in
        ["role=\"alert\"", "value=\"Tent &#60;b&#62;\"", "value=\"camping\" selected", "<details open>"]
    {
        assert!(answer.page(422).contains(part), "{part} is not in {}", answer.text);
    }
    assert!(answer.text.contains("A distance needs a place: write where from."), "{}", answer.text);
}

#[tokio::test]
async fn why_two_things_are_no_pair_is_said() {
    let site = Site::new().await;
    let offer = site.offer("Ladder").await["key"].as_str().unwrap().to_owned();
    let body = json!({ "side": "need", "title": "Ladder" }).to_string();
    let need = site.write(Method::POST, "/api/v1/listings", &body).await.json();
    let need = need["key"].as_str().unwrap();
    let own = site.get(&format!("/why/{need}..{offer}")).await;
    assert!(own.page(200).contains("It is no match") && own.text.contains("of two members"), "{}", own.text);
    assert!(!own.text.contains("Not for me"));
    let guest = site.ask(Method::GET, &format!("/why/{need}..{offer}")).from(GUEST).send().await;
    assert!(guest.page(200).contains("Sum, of 100"));
    for wrong in
        [format!("{offer}..{offer}"), offer, "a..b".into(), "..".into(), "%ff..".into(), "%3Cb%3E..x".into()]
    {
        site.get(&format!("/why/{wrong}")).await.page(404);
    }
}
