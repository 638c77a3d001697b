//! The map, and what a member tells of itself.

use axum::http::Method;
use serde_json::json;

use crate::site::Site;

async fn put(site: &Site, side: &str, title: &str, place: &str) {
    let body = json!({ "side": side, "title": title, "place": place }).to_string();
    let answer = site.write(Method::POST, "/api/v1/listings", &body).await;
    assert_eq!(answer.status.as_u16(), 201, "{}", answer.text);
}

#[tokio::test]
async fn the_map_shows_where_things_are_and_leads_to_them() {
    let site = Site::new().await;
    assert!(site.get("/map").await.page(200).contains("Nothing here tells yet roughly where it is"));
    put(&site, "offer", "Ladder", "49.0069,8.4037").await;
    put(&site, "need", "Tent", "49.0069,8.4037").await;
    put(&site, "offer", "Nowhere", "").await;
    let map = site.get("/map").await;
    let page = map.page(200);
    for part in
        ["1 offer, 1 need", "Karlsruhe", "One thing tells no place", "Natural Earth", "<svg class=\"map\""]
    {
        assert!(page.contains(part), "{part} is not in {page}");
    }
    assert!(page.len() < 60_000, "{} bytes", page.len());
    let areas = site.json("/api/v1/areas").await;
    let cell = areas["areas"][0]["cell"].as_str().unwrap();
    assert_eq!((&areas["areas"][0]["offers"], &areas["nowhere"]), (&json!(1), &json!(1)), "{areas}");
    let leads = format!("/?near={cell}&#38;within=1");
    assert!(page.contains(&leads), "{leads} is not in {page}");
    let list = site.get(&leads.replace("&#38;", "&")).await;
    assert!(list.page(200).contains("Ladder") && list.text.contains("Tent"), "{}", list.text);
    let needs = site.get("/map?side=need").await;
    assert!(needs.page(200).contains("aria-label=\"1 need\""), "{}", needs.text);
}

#[tokio::test]
async fn any_window_of_the_map_can_be_asked_for() {
    let site = Site::new().await;
    put(&site, "offer", "Ladder", "-17.0,179.9").await;
    for query in
        ["", "?at=NaN,1&km=5", "?at=90,-540&km=1e308", "?at=-85,180&km=-1", "?km=3", "?side=theft&at=1,1"]
    {
        let page = site.get(&format!("/map{query}")).await;
        assert!(page.page(200).contains("<svg class=\"map\"") && !page.text.contains("NaN"), "{query}");
    }
    assert!(!site.get("/map?at=-17,179.9&km=20000").await.page(200).contains("Farther"));
}

#[tokio::test]
async fn a_member_tells_of_itself_on_a_page() {
    let site = Site::new().await;
    let token = site.form_token().await;
    let fields = |hours: &'static str| {
        let token: &'static str = token.clone().leak();
        [("form", token), ("name", "Ada <3"), ("hours", hours), ("place", "49.01,8.40"), ("tally", "yes")]
    };
    let wrong = site.form("/profile", &fields("mornings")).await;
    assert!(
        wrong.page(422).contains("Mo-Fr 10:00-18:00") && wrong.text.contains("mornings"),
        "{}",
        wrong.text
    );
    let saved = site.form("/profile", &fields("We 15:00-18:00")).await;
    assert_eq!(saved.status.as_u16(), 303, "{}", saved.text);
    let page = site.get("/profile?done=saved").await;
    assert!(page.page(200).contains("Ada &#60;3") && page.text.contains("We 15:00-18:00"), "{}", page.text);
    let told = site.json("/api/v1/profile").await;
    assert_eq!((&told["name"], &told["tally"]), (&json!("Ada <3"), &json!(true)), "{told}");
    let taken_out = site.write(Method::PATCH, "/api/v1/profile", r#"{"hours":"","tally":"no"}"#).await.json();
    assert_eq!((&taken_out["hours"], &taken_out["name"]), (&json!(""), &json!("Ada <3")), "{taken_out}");
    let nameless = site.form("/profile", &[("form", &token), ("name", "")]).await;
    assert_eq!(nameless.status.as_u16(), 303, "an empty name leaves the old one: {}", nameless.text);
}

#[tokio::test]
async fn who_gets_it_is_chosen_on_the_page() {
    let site = Site::new().await;
    let token = site.form_token().await;
    let fields = |decide: &'static str, closes: &'static str| {
        let token: &'static str = token.clone().leak();
        [
            ("form", token),
            ("side", "offer"),
            ("title", "Piano"),
            ("count", "1"),
            ("decide", decide),
            ("closes", closes),
        ]
    };
    let undated = site.form("/new", &fields("draw", "")).await;
    assert!(undated.page(422).contains("A draw needs the time when it closes"), "{}", undated.text);
    let saved = site.form("/new", &fields("draw", "2099-12-01T17:00")).await;
    assert_eq!(saved.status.as_u16(), 303, "{}", saved.text);
    let listing = site.json("/api/v1/listings").await[0].clone();
    assert!(listing["decide"] == "draw" && listing["closes"].as_u64().is_some(), "{listing}");
    let form = site.get(&format!("/listing/{}/edit", listing["key"].as_str().unwrap())).await;
    assert!(form.page(200).contains("value=\"draw\" checked"), "{}", form.text);
}
