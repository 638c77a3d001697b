//! What is for the node's own member alone.

use axum::http::{Method, StatusCode};
use serde_json::json;

use crate::site::Site;

/// Somebody in the same network.
const GUEST: &str = "192.168.1.7:50000";

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_learns_nothing_of_private_needs_and_notices() {
    let site = Site::new().await;
    let offer = site.offer("Ladder").await["key"].as_str().unwrap().to_owned();
    let body = json!({ "title": "Secret drill", "near": "49.01,8.40", "within": "5" }).to_string();
    let kept = site.write(Method::POST, "/api/v1/needs/private", &body).await;
    assert_eq!(kept.status, StatusCode::CREATED, "{}", kept.text);
    let key = kept.json()["key"].as_str().unwrap().to_owned();
    let guest = |path: String| {
        let site = &site;
        async move { site.ask(Method::GET, &path).from(GUEST).send().await }
    };
    for path in ["needs/private", &format!("needs/private/{key}"), "matches/notices", "feeds"] {
        guest(format!("/api/v1/{path}")).await.refused(401, "unauthorized");
        let member = site.ask(Method::GET, &format!("/api/v1/{path}")).from(GUEST).token().send().await;
        assert_eq!(member.status, StatusCode::OK, "{path}: {}", member.text);
        assert_eq!(site.get(&format!("/api/v1/{path}")).await.status, StatusCode::OK, "from here: {path}");
    }
    for path in
        [format!("listings/{key}"), format!("matches?of={key}"), format!("why?need={key}&offer={offer}")]
    {
        guest(format!("/api/v1/{path}")).await.refused(404, "not_found");
        assert_eq!(site.get(&format!("/api/v1/{path}")).await.status, StatusCode::OK, "from here: {path}");
    }
    for path in ["matches", "listings", "search?q=secret+drill", "status", "suggest?q=sec", "export"] {
        let told = guest(format!("/api/v1/{path}")).await;
        assert_eq!(told.status, StatusCode::OK, "{path}");
        assert!(!told.text.contains("ecret") && !told.text.contains("unseen"), "{path}: {}", told.text);
    }
    assert_eq!(guest("/feeds/matches.atom".into()).await.status, StatusCode::NOT_FOUND);
    // Who has the address of the feed reads it from anywhere: feed readers have no token.
    let url = site.json("/api/v1/feeds").await["matches"].as_str().unwrap().to_owned();
    let path = url.strip_prefix("http://127.0.0.1:7377").unwrap().to_owned();
    assert_eq!(guest(path).await.status, StatusCode::OK);
    for (method, path) in [
        (Method::POST, "needs/private".to_owned()),
        (Method::DELETE, format!("needs/private/{key}")),
        (Method::DELETE, format!("listings/{key}")),
        (Method::POST, "matches/dismiss".to_owned()),
        (Method::POST, "matches/seen".to_owned()),
    ] {
        let refused = site.ask(method, &format!("/api/v1/{path}")).body("{}").send().await;
        refused.refused(401, "unauthorized");
    }
    let gone = site.write(Method::DELETE, &format!("/api/v1/needs/private/{}", &key[..8]), "").await;
    assert_eq!((gone.status, &gone.json()["title"]), (StatusCode::OK, &"Secret drill".into()));
    assert_eq!(site.json("/api/v1/needs/private").await, json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_not_be_kept_or_named_gets_a_sentence() {
    let site = Site::new().await;
    let refused = async |path: &str, body: &str| site.write(Method::POST, path, body).await;
    for body in ["{}", r#"{"title":" "}"#, r#"{"title":"a","colour":"red"}"#, r#"{"title":"a","within":"5"}"#]
    {
        refused("/api/v1/needs/private", body).await.refused(400, "invalid");
    }
    refused("/api/v1/matches/dismiss", r#"{"pair":"alone"}"#).await.refused(400, "invalid");
    refused("/api/v1/matches/dismiss", r#"{"pair":"a..b"}"#).await.refused(404, "not_found");
    refused("/api/v1/matches/seen", r#"{"pairs":["a..b"]}"#).await.refused(404, "not_found");
    site.get("/api/v1/why?pair=alone").await.refused(400, "invalid");
    site.get("/api/v1/why").await.refused(404, "not_found");
    site.get("/api/v1/matches/notices?limit=x").await.refused(400, "invalid");
    site.get("/api/v1/search?q=a&language=german").await.refused(400, "invalid");
    site.get("/api/v1/search?q=a&kind=nothing+of+the+kind").await.refused(400, "invalid");
    let own = site.offer("Ladder").await["key"].as_str().unwrap().to_owned();
    let same = site.get(&format!("/api/v1/why?need={own}&offer={own}")).await;
    same.refused(400, "invalid");
}
