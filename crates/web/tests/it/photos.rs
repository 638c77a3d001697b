//! Photos over the API and on pages.

use axum::http::{Method, StatusCode};
use serde_json::json;

use crate::site::Site;

/// A PNG of one red point.
const RED: &[u8] = &[
    0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, b'I', b'H', b'D', b'R', 0, 0, 0, 1, 0, 0, 0,
    1, 8, 2, 0, 0, 0, 0x90, 0x77, 0x53, 0xde, 0, 0, 0, 12, b'I', b'D', b'A', b'T', 0x08, 0xd7, 0x63, 0xf8,
    0xcf, 0xc0, 0, 0, 3, 1, 1, 0, 0x18, 0xdd, 0x8d, 0xb0, 0, 0, 0, 0, b'I', b'E', b'N', b'D', 0xae, 0x42,
    0x60, 0x82,
];

#[tokio::test]
async fn a_photo_is_given_with_the_token_and_shown_by_its_listing() {
    let site = Site::new().await;
    let give = || site.ask(Method::POST, "/api/v1/photos").body(RED.to_vec());
    give().send().await.refused(401, "unauthorized");
    let given = give().token().send().await;
    assert_eq!(given.status, StatusCode::CREATED, "{}", given.text);
    let photo = given.json()["photo"].as_str().unwrap().to_owned();
    let body = json!({ "side": "offer", "title": "Farbe", "photos": [{ "photo": photo, "alt": "<Rot>" }] });
    let offered = site.write(Method::POST, "/api/v1/listings", &body.to_string()).await;
    assert_eq!(offered.status, StatusCode::CREATED, "{}", offered.text);
    let offered = offered.json();
    let thumb = offered["photos"][0]["thumb"].as_str().unwrap();
    let page = site.get("/").await;
    assert!(page.page(200).contains(&format!("/photo/{thumb}")), "{}", page.text);
    assert!(!page.text.contains("<Rot>"));
    let page = site.get(&format!("/listing/{}", offered["id"].as_str().unwrap())).await;
    assert!(page.page(200).contains(&format!("<a href=\"/photo/{photo}\"><img")), "{}", page.text);
    let known = site.ask(Method::GET, &format!("/photo/{photo}"));
    let known = known.header("if-none-match", &format!("\"{photo}\"")).send().await;
    assert_eq!((known.status, known.text.as_str()), (StatusCode::NOT_MODIFIED, ""));
    assert_eq!(known.header("cache-control"), "public, max-age=31536000, immutable");
}

#[tokio::test]
async fn what_is_no_photo_is_refused_in_the_shape_of_its_face() {
    let site = Site::new().await;
    let give = |bytes: Vec<u8>| site.ask(Method::POST, "/api/v1/photos").token().body(bytes);
    assert!(give(b"GIF89a".to_vec()).send().await.refused(400, "invalid").contains("JPEG"));
    give(vec![0; 12 * 1024 * 1024 + 1]).send().await.refused(413, "too_large");
    let unknown = json!({ "side": "offer", "title": "x", "photos": [{ "photo": "0".repeat(64) }] });
    site.write(Method::POST, "/api/v1/listings", &unknown.to_string()).await.refused(404, "not_found");
    site.get(&format!("/photo/{}", "0".repeat(64))).await.page(404);
    site.get("/photo/..%2Froot.key").await.page(404);
}
