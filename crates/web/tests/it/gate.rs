//! Who gets in, and what every answer carries.

use axum::http::Method;

use crate::site::{HOST, Site};

#[tokio::test]
async fn only_our_own_names_are_answered() {
    let site = Site::new().await;
    for host in [HOST, "localhost:7377", "LOCALHOST:7377", "[::1]:7377"] {
        let answer = site.ask(Method::GET, "/api/v1/status").header("host", host).send().await;
        assert_eq!(answer.status.as_u16(), 200, "{host}");
    }
    for host in [
        "evil.com",
        "127.evil.com:7377",
        "localhost.evil:7377",
        "127.0.0.1",
        "127.0.0.1:80",
        "",
        "[::1%25x]:7377",
    ] {
        for path in ["/api/v1/status", "/api/nothing"] {
            let answer = site.ask(Method::GET, path).header("host", host).send().await;
            answer.refused(421, "misdirected");
        }
        for path in ["/", "/style.css", "/nothing", "/new", "/listing/x"] {
            site.ask(Method::GET, path).header("host", host).send().await.page(421);
        }
        let write = site.ask(Method::POST, "/api/v1/listings").token().header("host", host).body("{}");
        write.send().await.refused(421, "misdirected");
    }
    let ask = || site.ask(Method::GET, "/api/v1/status");
    ask().without("host").send().await.refused(421, "misdirected");
    ask().also("host", "evil.com").send().await.refused(421, "misdirected");
    ask()
        .header("host", "evil.com")
        .header("x-forwarded-host", HOST)
        .send()
        .await
        .refused(421, "misdirected");
    site.ask(Method::GET, "http://evil.com/api/v1/status").send().await.refused(421, "misdirected");
    let absolute = format!("http://{HOST}/api/v1/status");
    assert_eq!(site.ask(Method::GET, &absolute).send().await.status.as_u16(), 200);
}

#[tokio::test]
async fn other_peoples_pages_get_nothing() {
    let site = Site::new().await;
    for origin in ["http://evil.com", "null", "http://127.0.0.1:8080", "http://localhost:7377.evil.com", ""] {
        let read = site.ask(Method::GET, "/api/v1/listings").header("origin", origin).send().await;
        read.refused(403, "forbidden");
        let write = site.ask(Method::POST, "/api/v1/listings").token().header("origin", origin).body("{}");
        write.send().await.refused(403, "forbidden");
        site.ask(Method::POST, "/new").header("origin", origin).send().await.page(403);
    }
    let own =
        site.ask(Method::GET, "/api/v1/listings").header("origin", "http://localhost:7377").send().await;
    assert_eq!(own.status.as_u16(), 200);
    assert_eq!(own.header("access-control-allow-origin"), "");
}

#[tokio::test]
async fn every_answer_carries_the_headers_that_protect() {
    let site = Site::with_things(1).await;
    let ask = |path: &str| site.ask(Method::GET, path);
    let answers = [
        ask("/").send().await,
        ask("/search?q=thing").send().await,
        ask("/new").send().await,
        ask("/node").send().await,
        ask("/matches").send().await,
        ask("/style.css").send().await,
        ask("/icon.svg").send().await,
        ask("/nothing").send().await,
        ask("/listing/nothing").send().await,
        ask("/").header("host", "evil.com").send().await,
        ask("/").header("origin", "null").send().await,
        ask("/api/v1/status").send().await,
        ask("/api/v1/nothing").send().await,
        ask("/api/v1/export").send().await,
        site.ask(Method::POST, "/").send().await,
        site.ask(Method::POST, "/api/v1/listings").send().await,
        site.ask(Method::POST, "/new").form(&[("title", "x")]).send().await,
    ];
    for answer in answers {
        let csp = answer.header("content-security-policy");
        assert!(csp.starts_with("default-src 'none';") && csp.contains("frame-ancestors 'none'"), "{csp}");
        assert!(!csp.contains("script") && !csp.contains("unsafe"));
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("referrer-policy"), "same-origin");
        assert!(!answer.header("cache-control").is_empty());
        assert!(!answer.headers.contains_key("set-cookie"));
    }
}

#[tokio::test]
async fn a_page_that_is_still_the_same_is_not_sent_again() {
    let site = Site::with_things(3).await;
    let listing = site.json("/api/v1/listings").await[0]["id"].as_str().unwrap().to_owned();
    for path in ["/", "/search?q=thing", "/matches", "/node", "/style.css", "/kinds"] {
        let first = site.get(path).await;
        let tag = first.header("etag").to_owned();
        assert!(tag.starts_with('"') && tag.ends_with('"'), "{path}");
        for known in [tag.clone(), format!("W/{tag}"), format!("\"x\", {tag}")] {
            let again = site.ask(Method::GET, path).header("if-none-match", &known).send().await;
            assert_eq!((again.status.as_u16(), again.text.len()), (304, 0), "{path}");
            assert_eq!(again.header("etag"), tag);
        }
    }
    // A page with a form is of this moment.
    let form = site.get(&format!("/listing/{listing}")).await;
    assert_eq!((form.header("cache-control"), form.header("etag")), ("no-store", ""));
    let before = site.get("/").await.header("etag").to_owned();
    site.offer("Ladder").await;
    let after = site.ask(Method::GET, "/").header("if-none-match", &before).send().await;
    assert!(after.page(200).contains("Ladder"));
}

#[tokio::test]
async fn the_stylesheet_is_kept_for_good_under_its_own_name() {
    let site = Site::new().await;
    let page = site.get("/").await.text;
    let href = page.split("rel=\"stylesheet\" href=\"").nth(1).unwrap().split('"').next().unwrap();
    let style = site.get(href).await;
    assert_eq!(style.header("content-type"), "text/css; charset=utf-8");
    assert!(style.header("cache-control").contains("immutable"));
    assert!(!site.get("/style.css?v=old").await.header("cache-control").contains("immutable"));
    assert!(!style.text.contains("url(") && !style.text.contains("@import"));
}

#[tokio::test]
async fn pages_need_no_script_and_load_nothing_from_elsewhere() {
    let site = Site::with_things(2).await;
    let listing = site.json("/api/v1/listings").await[0]["key"].as_str().unwrap().to_owned();
    let edit = format!("/listing/{listing}/edit");
    for path in ["/", "/search?q=thing", "/new", "/node", "/matches", "/nothing", &edit] {
        let text = site.get(path).await.text;
        for none in
            ["<script", "javascript:", " style=\"", "src=\"http", "href=\"http", " onclick", "<iframe"]
        {
            assert!(!text.contains(none), "{path} has {none}");
        }
        assert!(text.contains("<main id=\"main\"") && text.contains("href=\"#main\""), "{path}");
    }
}
