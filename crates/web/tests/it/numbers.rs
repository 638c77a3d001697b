//! Numbers and the labels that they stand on.

use std::collections::BTreeMap;

use axum::http::Method;
use node::ThingNumber;
use record::{Key, MemberId};
use serde_json::{Value, json};

use crate::site::{HOST, Site, encoded};

const FAR: &str = "192.168.1.9:5000";

fn number(listing: &Value) -> ThingNumber {
    listing["number"].as_str().unwrap().parse().unwrap()
}

fn page_of(listing: &Value) -> String {
    format!("/listing/{}", listing["id"].as_str().unwrap())
}

/// Two keys of a member's things that have one number.
fn twins(author: &MemberId) -> [Key; 2] {
    let mut seen = BTreeMap::new();
    let keys = (0_u64..).map(|at| Key::derive("twins", &[&at.to_be_bytes()]));
    let twins = keys.map(|key| (key, seen.insert(ThingNumber::of(author, &key), key)));
    twins.filter_map(|(key, before)| before.map(|before| [before, key])).next().unwrap()
}

/// The same number with its last digit wrong.
fn misread(number: ThingNumber) -> String {
    let mut digits = number.plain();
    let last = digits.pop().unwrap();
    digits.push(if last == '9' { '0' } else { char::from(last as u8 + 1) });
    digits
}

#[tokio::test]
async fn a_number_leads_to_its_thing_wherever_it_is_written() {
    let site = Site::new().await;
    let ladder = site.offer("Ladder").await;
    site.offer("Tent").await;
    let (number, place) = (number(&ladder), page_of(&ladder));
    let plain = number.plain();
    for path in [
        format!("/n/{plain}"),
        format!("/n/{}", encoded(&number.to_string())),
        format!("/search?q={plain}"),
        format!("/search?q={}", encoded(&number.to_string())),
        format!("/search?q={}", encoded(&format!("http://{HOST}/n/{plain}"))),
    ] {
        assert_eq!(site.get(&path).await.sent_to(), place, "{path}");
        assert_eq!(site.ask(Method::GET, &path).from(FAR).send().await.sent_to(), place, "{path}");
    }
    // What a scanner types at a French computer.
    let keys: Vec<char> = "à&é\"'(-è_ç".chars().collect();
    let typed: String = number.digits().iter().map(|digit| keys[usize::from(*digit)]).collect();
    assert_eq!(site.get(&format!("/search?q={}", encoded(&typed))).await.sent_to(), place);
    let page = site.get(&place).await;
    assert!(page.page(200).contains(&format!("<dd>{number}</dd>")), "{}", page.text);
    assert!(site.get(&format!("/listing/{plain}")).await.page(200).contains("<h1"));
    assert_eq!(site.json(&format!("/api/v1/listings/{plain}")).await["id"], ladder["id"]);
    site.write(Method::PATCH, &format!("/api/v1/listings/{plain}"), r#"{"title":"Long ladder"}"#)
        .await
        .json();
    let now = site.json(&format!("/api/v1/listings/{}", encoded(&number.to_string()))).await;
    assert_eq!((now["title"].as_str(), &now["number"]), (Some("Long ladder"), &ladder["number"]));
    assert_eq!(site.get(&format!("/n/{plain}")).await.sent_to(), page_of(&now));
}

#[tokio::test]
async fn a_number_that_leads_nowhere_says_why() {
    let site = Site::new().await;
    let ladder = site.offer("Ladder").await;
    let (plain, wrong) = (number(&ladder).plain(), misread(number(&ladder)));
    let gone = format!("/n/{plain}");
    site.write(Method::DELETE, &format!("/api/v1/listings/{plain}"), "").await;
    assert!(site.get(&gone).await.page(404).contains("may have been given away or withdrawn"));
    let page = site.get(&format!("/n/{wrong}")).await;
    assert!(page.page(404).contains("a digit is wrong, or two are swapped"), "{}", page.text);
    assert!(site.get("/n/1234").await.page(404).contains("these are 4"));
    assert!(site.get("/n/ladder").await.page(404).contains("eight digits"));
    site.get("/n/%ff").await.page(404);
    // A search that happens to look like a number stays a search.
    assert!(site.get(&format!("/search?q={wrong}")).await.page(200).contains("Nothing here fits"));
    assert!(site.get(&format!("/search?q={plain}")).await.page(200).contains("Nothing here fits"));
    let message = site.get(&format!("/api/v1/listings/{wrong}")).await.refused(404, "not_found");
    assert!(message.contains("two are swapped"), "{message}");
    let message = site.get(&format!("/api/v1/listings/{plain}")).await.refused(404, "not_found");
    assert!(message.contains("withdrawn"), "{message}");
}

#[tokio::test]
async fn two_things_with_one_number_are_both_shown() {
    let site = Site::new().await;
    let author = site.offer("Cup").await["author"].as_str().unwrap().parse().unwrap();
    let [one, other] = twins(&author);
    let mut listings = Vec::new();
    for (key, title) in [(one, "Ladder"), (other, "Tent")] {
        let body = json!({ "side": "offer", "title": title, "key": key.to_string() }).to_string();
        listings.push(site.write(Method::POST, "/api/v1/listings", &body).await.json());
    }
    let [first, second] = listings.as_slice() else { panic!("{listings:?}") };
    let number = number(first);
    assert_eq!(second["number"], first["number"]);
    for path in [format!("/n/{}", number.plain()), format!("/search?q={}", number.plain())] {
        let page = site.get(&path).await;
        let text = page.page(200);
        for part in
            [page_of(first).as_str(), &page_of(second), "Ladder", "Tent", "Several things have the number"]
        {
            assert!(text.contains(part), "{part} is not in {text}");
        }
    }
    let message = site.get(&format!("/api/v1/listings/{}", number.plain())).await.refused(400, "invalid");
    assert!(message.contains("(Ladder)") && message.contains("(Tent)"), "{message}");
}

#[tokio::test]
async fn labels_show_what_each_thing_is_and_where_it_is_found() {
    let site = Site::new().await;
    let ladder = site.offer("Ladder <b>tall</b>").await;
    let tent = site.offer("Tent").await;
    let need = r#"{"side":"need","title":"Raclette"}"#;
    site.write(Method::POST, "/api/v1/listings", need).await;
    let all = site.get("/labels").await;
    let text = all.page(200);
    for listing in [&ladder, &tent] {
        assert!(text.contains(&format!("<p class=\"read\">{}</p>", number(listing))), "{text}");
    }
    assert!(
        text.contains("Ladder &#60;b&#62;tall") && !text.contains("Raclette") && text.contains("2 labels")
    );
    assert_eq!((text.matches("class=\"bars\"").count(), text.matches("as a QR code").count()), (2, 2));
    assert!(!text.contains(" style=") && !text.contains("<style") && !text.contains("<script"));
    assert!(text.contains("phones can’t follow them"), "the codes lead to the machine itself");
    let one = site.get(&format!("/labels?listing={}&paper=roll&used=5", tent["key"].as_str().unwrap())).await;
    let text = one.page(200);
    assert!(
        text.contains("class=\"labels roll\"") && !text.contains("Ladder") && !text.contains("label used")
    );
    let used = site.get("/labels?used=5").await;
    assert_eq!(used.page(200).matches("class=\"label used\"").count(), 5);
    for path in
        ["/labels?used=24", "/labels?blank=241", "/labels?blank=x", "/labels?host=evil.com", "/labels?page=0"]
    {
        site.get(path).await.page(400);
    }
    site.get("/labels?listing=nothing").await.page(404);
    assert!(!site.ask(Method::GET, "/labels").from(FAR).send().await.page(403).contains("Ladder"));
    assert!(site.get("/node").await.page(200).contains("href=\"/labels\""));
    let page = site.get(&page_of(&tent)).await;
    assert!(page.page(200).contains("href=\"/labels?listing="));
    let style = site.get("/labels.css").await;
    assert!(style.text.contains("@page sheet") && style.header("content-type").starts_with("text/css"));
}

#[tokio::test]
async fn a_blank_label_leads_to_the_form_for_its_thing_and_then_to_the_thing() {
    let site = Site::new().await;
    let sheet = site.get("/labels?blank=24").await;
    let numbers = blanks(sheet.page(200));
    assert_eq!(numbers.len(), 24);
    assert_eq!(blanks(&site.get("/labels?blank=24").await.text), numbers, "they are always the same");
    assert!(sheet.text.contains("href=\"/labels?blank=24&#38;from=25\""), "{}", sheet.text);
    let rest = blanks(&site.get("/labels?blank=24&from=25").await.text);
    assert!(rest.iter().all(|number| !numbers.contains(number)));

    let path = format!("/n/{}", numbers[2].plain());
    let page = site.get(&path).await;
    let form = page.page(200).split("href=\"/new?").nth(3).unwrap().split('"').next().unwrap();
    let form = format!("/new?{}", form.replace("&#38;", "&"));
    assert!(site.ask(Method::GET, &path).from(FAR).send().await.page(404).contains("No thing here"));
    assert!(site.get(&format!("/search?q={}", numbers[2].plain())).await.page(200).contains("A blank label"));
    let form_page = site.get(&form).await;
    form_page.page(200);
    let (token, key) = (form_page.hidden("form"), form_page.hidden("key"));
    let fields = [("form", token.as_str()), ("key", &key), ("side", "offer"), ("title", "Kettle")];
    let place = site.form("/new", &fields).await.sent_to();
    assert_eq!(site.get(&path).await.sent_to(), place);
    assert_eq!(site.get(&form).await.sent_to(), place, "the same paper again does not offer it twice");
    let left = blanks(&site.get("/labels?blank=24").await.text);
    assert_eq!(left.len(), 23);
    assert!(!left.contains(&numbers[2]));
    for wrong in ["x", "ABCDEF00000000000000000000000000", "\"><script>"] {
        site.get(&format!("/new?key={}", encoded(wrong))).await.page(400);
    }
}

/// The numbers on a page of labels.
fn blanks(page: &str) -> Vec<ThingNumber> {
    let numbers = page.split("<p class=\"read\">").skip(1);
    numbers.map(|rest| rest.split('<').next().unwrap().parse().unwrap()).collect()
}
