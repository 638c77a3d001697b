//! Asking, promising and handing over, by forms and by the API.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::site::{Answer, Site};

/// Somebody in the same network.
const GUEST: &str = "192.168.1.7:50000";

/// Asks for a listing with the form that its page shows to a visitor.
async fn asked_by_a_guest(site: &Site, listing: &str, name: &str) -> String {
    let page = site.ask(Method::GET, &format!("/listing/{listing}")).from(GUEST).send().await;
    assert!(page.page(200).contains("No account is needed"), "{}", page.text);
    assert_eq!(page.header("cache-control"), "no-store");
    let (token, key) = (page.hidden("form"), page.hidden("key"));
    let sent = [("form", token.as_str()), ("key", &key), ("guest", name), ("message", "For Saturday")];
    let ask = || site.ask(Method::POST, &format!("/listing/{listing}/ask")).form(&sent).from(GUEST);
    let place = ask().send().await.sent_to();
    assert_eq!(ask().send().await.sent_to(), place, "a double tap asks once");
    place
}

async fn guest_sees(site: &Site, place: &str) -> Answer {
    site.ask(Method::GET, place).from(GUEST).send().await
}

async fn act(site: &Site, id: &str, input: Value) -> Value {
    let answer = site.write(Method::POST, &format!("/api/v1/exchanges/{id}/act"), &input.to_string()).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    answer.json()
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_without_an_account_asks_and_collects_with_a_code() {
    let site = Site::new().await;
    let listing = site.offer("Pram").await["key"].as_str().unwrap().to_owned();
    let place = asked_by_a_guest(&site, &listing, "Mira").await;
    let (id, code) = place.strip_prefix("/pickup/").unwrap().split_once('/').unwrap();
    let page = guest_sees(&site, &place).await;
    assert!(page.page(200).contains("Your pick-up code") && page.text.contains("Pram"), "{}", page.text);
    assert_eq!(page.header("cache-control"), "no-store");

    let waiting = site.json("/api/v1/exchanges/waiting").await;
    assert_eq!((waiting.as_array().unwrap().len(), &waiting[0]["exchange"]), (1, &json!(id)));
    let list = site.get("/exchanges").await;
    assert!(list.page(200).contains("Waits for you") && list.text.contains("Mira"), "{}", list.text);
    assert!(list.text.contains("<strong class=\"new\">1<span"), "{}", list.text);
    let own = site.get(&format!("/listing/{listing}")).await;
    assert!(own.page(200).contains("Who asks for it") && own.text.contains(&format!("/exchange/{id}")));

    let thread = site.get(&format!("/exchange/{id}")).await;
    for part in ["Your turn", "Promise it", "For Saturday", "Mira", "<summary>Say no</summary>"] {
        assert!(thread.page(200).contains(part), "{part} is not in {}", thread.text);
    }
    assert!(!thread.text.contains(code), "the lister is not told the code");
    let (token, made) = (thread.hidden("form"), thread.hidden("made"));
    let form = [("form", token.as_str()), ("made", &made), ("act", "promise"), ("place", "Yard 3")];
    let path = format!("/exchange/{id}");
    assert_eq!(site.form(&path, &form).await.sent_to(), format!("{path}?done=said"));
    assert!(site.get(&format!("{path}?done=said")).await.page(200).contains("role=\"status\""));
    assert!(guest_sees(&site, &place).await.page(200).contains("Yard 3"));

    let wrong = json!({ "act": "handover", "code": if code == "000000" { "000001" } else { "000000" } });
    let refused = site.write(Method::POST, &format!("/api/v1/exchanges/{id}/act"), &wrong.to_string()).await;
    assert_ne!(refused.status, StatusCode::OK);
    let given = act(&site, id, json!({ "act": "handover", "code": code })).await;
    assert_eq!((&given["state"], &given["receipt"]), (&json!("complete"), &json!(true)), "{given}");
    assert!(!guest_sees(&site, &place).await.page(200).contains("Your pick-up code"));
    assert_eq!(site.json("/api/v1/exchanges").await, json!([]));
    assert_eq!(site.json("/api/v1/exchanges?all=1").await.as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_takes_it_back_and_finds_nothing_by_guessing() {
    let site = Site::new().await;
    let listing = site.offer("Pram").await["key"].as_str().unwrap().to_owned();
    let place = asked_by_a_guest(&site, &listing, "Mira").await;
    let token = guest_sees(&site, &place).await.hidden("form");
    let act = |token: &str, act: &str| {
        let sent = [("form", token), ("act", act)];
        site.ask(Method::POST, &place).form(&sent).from(GUEST)
    };
    act("x", "withdraw").send().await.page(403);
    act(&token, "withdraw").header("origin", "http://evil.com").send().await.page(403);
    assert_eq!(act(&token, "promise").send().await.sent_to(), place, "that is not for a guest");
    assert_eq!(act(&token, "withdraw").send().await.sent_to(), place);
    assert_eq!(act(&token, "withdraw").send().await.sent_to(), place, "a double tap");
    let page = guest_sees(&site, &place).await;
    assert!(!page.page(200).contains("need it any more") && !page.text.contains("Your pick-up code"));

    let (id, code) = place.strip_prefix("/pickup/").unwrap().split_once('/').unwrap();
    for wrong in ["x/1", "", &id[..8], &format!("{}/{code}", &id[..8]), &format!("{}/{code}", "0".repeat(32))]
    {
        guest_sees(&site, &format!("/pickup/{wrong}")).await.page(404);
    }
    for _ in 0..10 {
        guest_sees(&site, &format!("/pickup/{id}/wrong")).await.page(404);
    }
    guest_sees(&site, &format!("/pickup/{id}/wrong")).await.page(429);
    guest_sees(&site, &place).await.page(429);
}

#[tokio::test(flavor = "multi_thread")]
async fn exchanges_are_for_the_member_alone() {
    let site = Site::new().await;
    let listing = site.offer("Secret pram").await["key"].as_str().unwrap().to_owned();
    let place = asked_by_a_guest(&site, &listing, "Mira").await;
    let id = place.strip_prefix("/pickup/").unwrap().split_once('/').unwrap().0;
    let paths = [
        "exchanges".to_owned(),
        "exchanges/waiting".into(),
        format!("exchanges/{id}"),
        "exchanges?all=1".into(),
    ];
    for path in paths.map(|path| format!("/api/v1/{path}")) {
        guest_sees(&site, &path).await.refused(401, "unauthorized");
        let member = site.ask(Method::GET, &path).from(GUEST).token().send().await;
        assert_eq!(member.status, StatusCode::OK, "{path}: {}", member.text);
        let here = site.get(&path).await;
        assert_eq!((here.status, here.header("cache-control")), (StatusCode::OK, "no-store"), "{path}");
    }
    guest_sees(&site, &format!("/api/v1/exchanges/{id}/calendar")).await.refused(401, "unauthorized");
    for path in ["/exchanges".to_owned(), format!("/exchange/{id}"), format!("/exchange/{id}/calendar")] {
        guest_sees(&site, &path).await.page(403);
    }
    for path in
        ["/", "/matches", "/node", &format!("/listing/{listing}"), "/api/v1/status", "/api/v1/listings"]
    {
        let told = guest_sees(&site, path).await;
        assert_eq!(told.status, StatusCode::OK, "{path}");
        for secret in ["Mira", "For Saturday", id, "/exchanges\"", "wait for you"] {
            assert!(!told.text.contains(secret), "{path} tells {secret}: {}", told.text);
        }
    }
    let act = site.ask(Method::POST, &format!("/api/v1/exchanges/{id}/act")).body(r#"{"act":"promise"}"#);
    act.send().await.refused(401, "unauthorized");
    let token = site.form_token().await;
    let guests = guest_sees(&site, &format!("/listing/{listing}")).await.hidden("form");
    assert_ne!(guests, token);
    let path = format!("/exchange/{id}");
    let form = |token: &str| site.ask(Method::POST, &path).form(&[("form", token), ("act", "decline")]);
    form(&token).from(GUEST).send().await.page(403);
    form(&guests).send().await.page(403);
    form(&token).header("sec-fetch-site", "cross-site").send().await.page(403);
    assert_eq!(site.json(&format!("/api/v1/exchanges/{id}")).await["state"], "requested");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_asks_through_the_api_and_not_without_end() {
    let site = Site::new().await;
    let offer = site.offer("Pram").await["key"].as_str().unwrap().to_owned();
    let need = json!({ "side": "need", "title": "Ladder" }).to_string();
    let need = site.write(Method::POST, "/api/v1/listings", &need).await.json()["key"].clone();
    let ask = |listing: &str, body: &str| {
        site.ask(Method::POST, &format!("/api/v1/listings/{listing}/request"))
            .from(GUEST)
            .body(body.to_owned())
    };
    for body in ["{}", r#"{"guest":" "}"#, r#"{"message":"Hello"}"#] {
        ask(&offer, body).send().await.refused(401, "unauthorized");
    }
    ask(need.as_str().unwrap(), r#"{"guest":"Mira"}"#).send().await.refused(403, "forbidden");
    ask("ffffffff", r#"{"guest":"Mira"}"#).send().await.refused(404, "not_found");
    let mut refused = None;
    for at in 0..20 {
        let answer = ask(&offer, &json!({ "guest": format!("Mira {at}") }).to_string()).send().await;
        if answer.status != StatusCode::CREATED {
            refused = Some((at, answer));
            break;
        }
        let asked = answer.json();
        let (id, code) = (asked["id"].as_str().unwrap(), asked["code"].as_str().unwrap());
        let place = format!("/api/v1/pickup/{id}/{code}");
        assert_eq!(guest_sees(&site, &place).await.json()["state"], "requested");
        if at == 0 {
            let say = |act: &str| {
                let body = json!({ "act": act }).to_string();
                site.ask(Method::POST, &format!("{place}/act")).from(GUEST).body(body)
            };
            say("promise").send().await.refused(403, "forbidden");
            assert_eq!(say("withdraw").send().await.json()["state"], "withdrawn");
            say("withdraw").send().await.refused(409, "refused");
            guest_sees(&site, &format!("/api/v1/pickup/{id}/x")).await.refused(404, "not_found");
        }
    }
    let (at, answer) = refused.expect("somebody asks twenty times");
    assert_eq!(at, 10);
    answer.refused(429, "too_many");
    let member = ask(&offer, r#"{"guest":"Ben"}"#).token().send().await;
    assert_eq!(
        member.status,
        StatusCode::CREATED,
        "the member at the desk is not held back: {}",
        member.text
    );
    site.get(&format!("/api/v1/listings/{offer}/request")).await.refused(405, "method");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_only_members_write_a_visitor_sees_no_form() {
    let site = Site::alone().await;
    let circle = json!({ "name": "House", "write": "invited" }).to_string();
    let founded = site.write(Method::POST, "/api/v1/circles", &circle).await;
    assert_eq!(founded.status, StatusCode::CREATED, "{}", founded.text);
    let listing = site.offer("Pram").await["key"].as_str().unwrap().to_owned();
    let page = guest_sees(&site, &format!("/listing/{listing}")).await;
    assert!(!page.page(200).contains("No account is needed"), "{}", page.text);
    let refused = site.ask(Method::POST, &format!("/api/v1/listings/{listing}/request")).from(GUEST);
    refused.body(r#"{"guest":"Mira"}"#).send().await.refused(409, "refused");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_with_a_mistake_comes_back_with_what_was_written() {
    let site = Site::new().await;
    let listing = site.offer("Pram").await["key"].as_str().unwrap().to_owned();
    let place = asked_by_a_guest(&site, &listing, "Mira").await;
    let id = place.strip_prefix("/pickup/").unwrap().split_once('/').unwrap().0;
    let path = format!("/exchange/{id}");
    let token = site.form_token().await;
    let sent = [("form", token.as_str()), ("act", "promise"), ("place", "Yard <3>"), ("time", "tomorrow")];
    let answer = site.form(&path, &sent).await;
    for part in ["role=\"alert\"", "value=\"Yard &#60;3&#62;\"", "tomorrow"] {
        assert!(answer.page(422).contains(part), "{part} is not in {}", answer.text);
    }
    // Twice the same message is one.
    let made = site.get(&path).await.hidden("made");
    let said = [("form", token.as_str()), ("made", &made), ("act", "message"), ("words", "Which\r\ncolour?")];
    let (one, two) = tokio::join!(site.form(&path, &said), site.form(&path, &said));
    let places = [one.sent_to(), two.sent_to()];
    assert!(
        places.contains(&format!("{path}?done=said")) && places.contains(&format!("{path}?done=already"))
    );
    let messages = site.json(&format!("/api/v1/exchanges/{id}")).await["messages"].clone();
    let own: Vec<_> = messages.as_array().unwrap().iter().filter(|one| one["from"] == "lister").collect();
    assert_eq!((own.len(), &own[0]["text"]), (1, &json!("Which\ncolour?")));
    assert!(site.get(&path).await.page(200).contains("Which<br>colour?"));
    let unknown = [("form", token.as_str()), ("act", "own-up")];
    assert_eq!(site.form(&path, &unknown).await.sent_to(), format!("{path}?done=already"));
    site.get("/exchange/ffffffff").await.page(404);
    site.get("/api/v1/exchanges/ffffffff").await.refused(404, "not_found");
}

/// Gives what one node has to another one.
async fn carry(from: &Site, to: &Site) {
    let bundle = from.ask(Method::GET, "/api/v1/bundle").token().send().await;
    let taken = to.ask(Method::POST, "/api/v1/bundle").token().body(bundle.bytes).send().await;
    assert_eq!(taken.status, StatusCode::OK, "{}", taken.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_neighbours_agree_on_a_time_and_hand_over() {
    let (giver, taker) = (Site::new().await, Site::alone().await);
    carry(&giver, &taker).await;
    carry(&taker, &giver).await;
    let body = json!({ "side": "offer", "title": "Chairs", "count": 4 }).to_string();
    let listing = giver.write(Method::POST, "/api/v1/listings", &body).await.json();
    let key = listing["key"].as_str().unwrap();
    carry(&giver, &taker).await;
    let page = taker.get(&format!("/listing/{key}")).await;
    assert!(
        page.page(200).contains("I’d like that") && page.text.contains("<small>of 4</small>"),
        "{}",
        page.text
    );
    let (token, form_key) = (page.hidden("form"), page.hidden("key"));
    let form = [("form", token.as_str()), ("key", &form_key), ("count", "2"), ("message", "Two would do")];
    let place = taker.form(&format!("/listing/{key}/ask"), &form).await.sent_to();
    let id = place.strip_prefix("/exchange/").unwrap();
    let many = [("form", token.as_str()), ("count", "9"), ("message", "All of <them>")];
    let refused = taker.form(&format!("/listing/{key}/ask"), &many).await;
    assert!(refused.page(409).contains("All of &#60;them&#62;") && refused.text.contains("role=\"alert\""));
    assert!(taker.get(&format!("/listing/{key}")).await.page(200).contains("You asked for it"));
    let code = taker.json(&format!("/api/v1/exchanges/{id}")).await["code"].as_str().unwrap().to_owned();
    let (first, rest) = code.split_at(3);
    assert!(taker.get(&place).await.page(200).contains(&format!("{first} {rest}")));

    carry(&taker, &giver).await;
    act(&giver, id, json!({ "act": "promise", "place": "Yard", "time": "2099-12-01 17:00" })).await;
    carry(&giver, &taker).await;
    let thread = taker.get(&place).await;
    for part in ["Your turn", "That time suits me", "Yard", "/calendar"] {
        assert!(thread.page(200).contains(part), "{part} is not in {}", thread.text);
    }
    let token = thread.hidden("form");
    let accept = [("form", token.as_str()), ("act", "accept"), ("time", "")];
    assert_eq!(taker.form(&place, &accept).await.sent_to(), format!("{place}?done=said"));
    let calendar = taker.get(&format!("{place}/calendar")).await;
    assert_eq!(calendar.header("content-type"), "text/calendar; charset=utf-8");
    assert!(calendar.header("content-disposition").starts_with("attachment"));
    assert!(calendar.text.starts_with("BEGIN:VCALENDAR\r\n") && calendar.text.contains("20991201T170000Z"));
    carry(&taker, &giver).await;
    let given = act(&giver, id, json!({ "act": "handover", "code": code })).await;
    assert_eq!(given["state"], "complete", "{given}");
    carry(&giver, &taker).await;
    assert_eq!(taker.json(&format!("/api/v1/exchanges/{id}")).await["state"], "complete");
    assert!(taker.get("/exchanges?all=1").await.page(200).contains("Chairs"));
}
