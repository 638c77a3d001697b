//! Writing with nothing but HTML forms.

use axum::http::Method;

use crate::site::Site;

#[tokio::test]
async fn a_listing_is_made_changed_and_withdrawn_without_a_script() {
    let site = Site::new().await;
    let form = site.get("/new?side=need").await;
    assert!(form.page(200).contains("Say what you need"));
    let (token, key) = (form.hidden("form"), form.hidden("key"));
    assert_eq!(key.len(), 32);
    let sent = site
        .form(
            "/new",
            &[
                ("form", &token),
                ("key", &key),
                ("side", "need"),
                ("title", "Raclette für acht"),
                ("text", "Am Samstag.\r\nWir bringen Käse mit."),
                ("terms", "loan"),
                ("count", "1"),
                ("category", "Küche"),
                ("place", "49.01, 8.40"),
                ("until", ""),
                ("language", ""),
            ],
        )
        .await;
    let place = sent.sent_to();
    let page = site.get(&place).await;
    assert!(page.page(200).contains("Raclette für acht") && page.text.contains("lang=\"de\""));

    let edit = format!("/listing/{key}/edit");
    let form = site.get(&edit).await;
    assert!(form.page(200).contains("value=\"Raclette für acht\""));
    assert!(form.text.contains("\nAm Samstag.\nWir bringen Käse mit.</textarea>"));
    let change = [
        ("form", token.as_str()),
        ("key", &key),
        ("side", "need"),
        ("title", "Raclette für zehn"),
        ("text", "Am Samstag."),
        ("terms", "loan"),
        ("count", "2"),
        ("category", ""),
        ("place", ""),
        ("until", "2099-12-31"),
        ("language", "de"),
    ];
    let saved = site.form(&edit, &change).await.sent_to();
    assert_ne!(saved, place);
    // The second tap changes nothing and ends at the same place.
    assert_eq!(site.form(&edit, &change).await.sent_to(), saved);
    let page = site.get(&saved).await;
    assert!(page.page(200).contains("Raclette für zehn") && page.text.contains("31 Dec 2099"));

    let withdraw = format!("/listing/{key}/withdraw");
    assert!(site.get(&withdraw).await.page(200).contains("Keep it"));
    assert_eq!(site.get(&saved).await.status.as_u16(), 200, "asking withdraws nothing");
    assert_eq!(site.form(&withdraw, &[("form", &token)]).await.sent_to(), "/?done=withdrawn");
    assert!(site.get("/?done=withdrawn").await.page(200).contains("role=\"status\""));
    assert_eq!(site.form(&withdraw, &[("form", &token)]).await.sent_to(), "/?done=gone");
    site.get(&saved).await.page(404);
    site.get(&edit).await.page(404);
}

#[tokio::test]
async fn a_double_tap_makes_one_listing() {
    let site = Site::new().await;
    let form = site.get("/new").await;
    let (token, key) = (form.hidden("form"), form.hidden("key"));
    let fields = [("form", token.as_str()), ("key", &key), ("side", "offer"), ("title", "Ladder")];
    let (one, two) = tokio::join!(site.form("/new", &fields), site.form("/new", &fields));
    assert_eq!(one.sent_to(), two.sent_to());
    assert_eq!(site.json("/api/v1/listings").await.as_array().unwrap().len(), 1);
    assert_ne!(site.get("/new").await.hidden("key"), key);
}

#[tokio::test]
async fn saving_what_was_not_touched_changes_nothing() {
    let site = Site::new().await;
    let body =
        r#"{"side":"offer","title":"Cups","text":"a\nb","count":6,"until":"30d","place":"49.01,8.40"}"#;
    let listing = site.write(Method::POST, "/api/v1/listings", body).await.json();
    let edit = format!("/listing/{}/edit", listing["key"].as_str().unwrap());
    let form = site.get(&edit).await;
    let until = form.text.split("type=\"date\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let fields = [
        ("form", form.hidden("form")),
        ("key", form.hidden("key")),
        ("side", "offer".into()),
        ("title", "Cups".into()),
        ("text", "a\r\nb".into()),
        ("terms", "gift".into()),
        ("count", "6".into()),
        ("until", until.to_owned()),
        ("place", listing["cell"].as_str().unwrap().to_owned()),
    ];
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let saved = site.form(&edit, &fields).await.sent_to();
    assert_eq!(saved, format!("/listing/{}", listing["id"].as_str().unwrap()));
}

#[tokio::test]
async fn a_form_with_a_mistake_comes_back_with_what_was_written() {
    let site = Site::new().await;
    let token = site.form_token().await;
    let text = "Oak, \"round\" & <heavy>";
    let fields = [
        ("form", token.as_str()),
        ("side", "need"),
        ("title", "Table"),
        ("text", text),
        ("count", "many"),
        ("terms", "loan"),
    ];
    let answer = site.form("/new", &fields).await;
    let page = answer.page(422);
    for part in [
        "role=\"alert\"",
        "“many”",
        "value=\"Table\"",
        "Oak, &#34;round&#34; &#38; &#60;heavy&#62;",
        "value=\"many\" inputmode=\"numeric\" maxlength=\"12\" autocomplete=\"off\" aria-invalid=\"true\"",
        "value=\"need\" required checked",
        "value=\"loan\" checked",
        "href=\"#count\"",
    ] {
        let part = part.replace(['“', '”'], "&#34;");
        assert!(page.contains(&part), "{part} is not in {page}");
    }
    let long = "x".repeat(10_000);
    let answer = site.form("/new", &[("form", &token), ("side", "offer"), ("title", &long)]).await;
    assert!(answer.page(422).contains("The title has 10000 characters; at most 120 fit."));
    assert!(answer.text.contains(&long));
    let empty = site.form("/new", &[("form", &token), ("side", "offer"), ("title", " ")]).await;
    assert!(empty.page(422).contains("The title is empty"));
    assert_eq!(site.json("/api/v1/listings").await.as_array().unwrap().len(), 0);
}

#[tokio::test]
async fn a_form_of_somebody_else_is_refused() {
    let site = Site::new().await;
    let token = site.form_token().await;
    let fields = [("form", token.as_str()), ("side", "offer"), ("title", "Ladder")];
    let ask = || site.ask(Method::POST, "/new").form(&fields);
    for wrong in ["", "0", crate::site::TOKEN] {
        site.form("/new", &[("form", wrong), ("side", "offer"), ("title", "x")]).await.page(403);
    }
    site.form("/new", &[("side", "offer"), ("title", "x")]).await.page(403);
    for site in ["cross-site", "same-site", "x"] {
        ask().header("sec-fetch-site", site).send().await.page(403);
    }
    ask().header("origin", "http://evil.com").send().await.page(403);
    ask().header("origin", "null").send().await.page(403);
    ask().from("192.168.1.9:5000").send().await.page(403);
    ask().from("[fd00::2]:5000").send().await.page(403);
    assert_eq!(site.json("/api/v1/listings").await.as_array().unwrap().len(), 0);
    let own = ask().header("sec-fetch-site", "same-origin").header("origin", "http://127.0.0.1:7377");
    own.from("127.0.0.1:5000").send().await.sent_to();
}

#[tokio::test]
async fn every_form_is_only_for_the_person_at_the_node() {
    let site = Site::new().await;
    let token = site.form_token().await;
    let listing = site.offer("Ladder").await;
    let key = listing["key"].as_str().unwrap();
    for path in ["/new".to_owned(), format!("/listing/{key}/edit"), format!("/listing/{key}/withdraw")] {
        for method in [Method::GET, Method::POST] {
            let ask = site.ask(method, &path).form(&[("form", &token), ("title", "x"), ("side", "offer")]);
            let answer = ask.from("192.168.1.9:5000").send().await;
            assert!(answer.page(403).contains("only at the node itself for now"));
            assert!(!answer.text.contains(&token));
        }
    }
    for path in ["/circle/found", "/circle/join"] {
        let ask = site.ask(Method::POST, path).form(&[("form", &token), ("name", "x"), ("target", "x")]);
        ask.from("192.168.1.9:5000").send().await.page(403);
    }
    assert_eq!(site.json("/api/v1/listings").await[0]["title"], "Ladder");
    assert_eq!(site.json("/api/v1/circles").await.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn what_is_no_form_or_too_large_is_refused() {
    let site = Site::new().await;
    let token = site.form_token().await;
    let large = "x".repeat(200 * 1024);
    site.form("/new", &[("form", &token), ("side", "offer"), ("title", &large)]).await.page(413);
    let ask = || site.ask(Method::POST, "/new");
    ask().body("{}").header("content-type", "application/json").send().await.page(400);
    ask().body("form=%ff&title=%").send().await.page(400);
    let twice = ask().form(&[("form", &token), ("form", &token), ("title", "x")]).send().await;
    twice.page(400);
}

#[tokio::test]
async fn a_circle_is_founded_and_joined_on_the_page() {
    let site = Site::alone().await;
    let token = site.get("/node").await.hidden("form");
    let nameless = site.form("/circle/found", &[("form", &token), ("name", " ")]).await;
    assert!(nameless.page(422).contains("role=\"alert\""));
    for _ in 0..2 {
        let founded = site.form("/circle/found", &[("form", &token), ("name", "Hof")]).await;
        assert_eq!(founded.sent_to(), "/?done=founded");
    }
    assert_eq!(site.json("/api/v1/circles").await.as_array().unwrap().len(), 1);
    let node = site.get("/node").await;
    let link = site.handle.circles()[0].link.clone();
    assert!(node.page(200).contains(&link) && node.text.contains("<bdi>Hof</bdi>"));
    assert!(node.text.contains("<svg ") && link.ends_with("?name=Hof"), "{link}");
    let visitor = site.ask(Method::GET, "/node").from("192.168.1.9:50000").send().await;
    assert!(!visitor.page(200).contains(&link) && !visitor.text.contains("<svg "), "{}", visitor.text);

    let other = Site::alone().await;
    let token = other.get("/node").await.hidden("form");
    let wrong = other.form("/circle/join", &[("form", &token), ("target", "Hof")]).await;
    assert!(wrong.page(422).contains("This is no link to a circle") && wrong.text.contains("value=\"Hof\""));
    let joined = other.form("/circle/join", &[("form", &token), ("target", &link)]).await;
    assert_eq!(joined.sent_to(), "/?done=joined");
    assert_eq!(other.handle.circles().len(), 1);
    other.form("/circle/join", &[("form", "x"), ("target", &link)]).await.page(403);
}
