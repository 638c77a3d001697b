//! What a member needs and tells nobody, and what it is told.

use roxmltree::{Document, Node as Element};
use serde_json::{Value, json};
use tests::{Home, Node, Output, PATIENCE, at, check_sentence, holding, same_digest, texts, wait_until};

const ATOM: &str = "http://www.w3.org/2005/Atom";
/// Words that stand in the private need alone.
const SECRET: &str = "Zwölfhundertbohrer";
const NEED: &str = "Bohrmaschine";

fn text(json: &Value, path: &str) -> String {
    at(json, path).as_str().unwrap().to_owned()
}

/// Two nodes of one circle.
fn two() -> (Node, Node) {
    let one = Home::new().up(&["--circle", "Gartenstraße", "--member", "Ada"]);
    let other = Home::new().up(&["--peer", one.address(), "--join", &one.link(), "--member", "Bo"]);
    other.wait_for_charter();
    (one, other)
}

fn private(node: &Home) -> Value {
    let words = format!("Am liebsten mit {SECRET}");
    node.json(&["need", NEED, "--private", "--text", &words])
}

/// Waits until the member is told of these offers and no others, the newest first.
fn told(node: &Home, offers: &[&str]) -> Value {
    wait_until(&format!("it tells of {offers:?}"), PATIENCE, || {
        let found = node.json(&["matches", "--found"]);
        let titles: Vec<String> =
            found.as_array().unwrap().iter().map(|notice| text(notice, "/offer/title")).collect();
        if titles == offers { Ok(found) } else { Err(format!("it tells of {titles:?}")) }
    })
}

fn new(node: &Home) -> Vec<String> {
    let found = node.json(&["matches", "--new"]);
    found.as_array().unwrap().iter().map(|notice| text(notice, "/offer/title")).collect()
}

#[test]
fn a_private_need_finds_what_another_node_offers_at_once_and_leaves_no_trace_there() {
    let (one, other) = two();
    let need = private(&one);
    assert_eq!((at(&need, "/private"), at(&need, "/circle")), (&true.into(), &"".into()));
    other.run(&["offer", "Bohrmaschine mit Koffer"]);
    let found = told(&one, &["Bohrmaschine mit Koffer"]);
    let notice = &found[0];
    assert_eq!((text(notice, "/need/title"), at(notice, "/need/private")), (NEED.into(), &true.into()));
    assert!(at(notice, "/when").as_u64().is_some() && at(notice, "/seen") == false, "{notice:#}");
    assert!(!notice["reasons"].as_array().unwrap().is_empty());
    assert_eq!(at(&one.get("/api/v1/status").json(), "/unseen_matches"), 1);

    // It comes back from nobody else, and stands in nothing that goes to others.
    one.run(&["offer", "Leiter"]);
    same_digest(one.home(), other.home(), 2, PATIENCE);
    let third = Home::new().up(&["--peer", other.address(), "--join", &one.link()]);
    same_digest(one.home(), third.home(), 2, PATIENCE);
    let bundle = one.home().folder().join("bundle").to_str().unwrap().to_owned();
    one.run(&["export", "--bundle", &bundle]);
    for place in [other.data(), third.data()] {
        assert_eq!(holding(&place, SECRET.as_bytes()), Vec::<String>::new());
    }
    let written = std::fs::read(&bundle).unwrap();
    assert!(!written.windows(SECRET.len()).any(|part| part == SECRET.as_bytes()), "in a bundle");
    for args in [&["export"][..], &["list"], &["search", NEED], &["search", SECRET]] {
        assert!(!one.cli(args).ended(0).stdout.contains(SECRET), "{args:?}");
    }
    assert_eq!(one.json(&["list"]).as_array().unwrap().len(), 2);
    assert_eq!(other.json(&["matches"]), json!([]));
    assert!(!one.said().contains(SECRET), "{}", one.said());

    // Withdrawn it is gone, and with it what was found; from the disk, too.
    assert!(!holding(&one.data(), SECRET.as_bytes()).is_empty());
    one.run(&["withdraw", &text(&need, "/key")[..8]]);
    told(&one, &[]);
    assert_eq!(one.json(&["list", "--private"]), json!([]));
    one.run(&["purge"]);
    assert_eq!(holding(&one.data(), SECRET.as_bytes()), Vec::<String>::new());
}

#[test]
fn a_private_need_is_narrowed_and_outlives_a_kill_and_a_lost_store() {
    let (one, other) = two();
    let near = "49.0069,8.4037";
    let kept = one.json(&[
        "need",
        "Leiter",
        "--private",
        "--terms",
        "loan",
        "--place",
        near,
        "--within",
        "20",
        "--until",
        "30d",
    ]);
    assert_eq!((at(&kept, "/only/within_km"), at(&kept, "/only/terms")), (&20.0.into(), &"loan".into()));
    other.run(&["offer", "Leiter in Berlin", "--terms", "loan", "--place", "52.52,13.40"]);
    other.run(&["offer", "Leiter für immer", "--place", near]);
    other.run(&["offer", "Leiter nebenan", "--terms", "loan", "--place", near]);
    told(&one, &["Leiter nebenan"]);
    let before = told(&one, &["Leiter nebenan"]);
    let one = one.restart(&[]);
    assert_eq!(one.json(&["list", "--private"])[0], kept);
    assert_eq!(told(&one, &["Leiter nebenan"]), before, "told once");
    // The store is lost; what the member keeps lies in the journal as well.
    let home = one.home().clone();
    drop(one);
    std::fs::remove_dir_all(home.data().join("records")).unwrap();
    assert_eq!(home.json(&["list", "--private"])[0], kept);
    for (args, why) in [
        (&["need", "Zelt", "--private", "--within", "5"][..], "needs a place"),
        (&["need", " ", "--private"], "title is empty"),
        (&["need", "Zelt", "--private", "--kind", "no such kind"], "no kind of things"),
    ] {
        let refused = home.cli(args);
        check_sentence(&refused, 1);
        assert!(refused.stderr.contains(why), "{refused:#?}");
    }
    assert_eq!(home.cli(&["need", "Zelt", "--within", "5"]).code, 2, "that is for private ones");
}

#[test]
fn a_backup_has_private_needs_and_what_was_told() {
    let (one, other) = two();
    other.run(&["offer", "Bohrmaschine mit Koffer"]);
    let need = private(&one);
    let found = told(&one, &["Bohrmaschine mit Koffer"]);
    one.run(&["matches", "--seen"]);
    let saved = one.home().folder().join("node.age").to_str().unwrap().to_owned();
    let typed = |home: &Home, args: &[&str]| Output::with_input(&mut home.command(args), b"zwei Enten\n");
    let _ = typed(one.home(), &["export", "--all", &saved]).ended(0);
    let home = Home::new();
    let _ = typed(&home, &["restore", &saved, "--alone"]).ended(0);
    assert_eq!(home.json(&["list", "--private"])[0]["key"], need["key"]);
    let restored = told(&home, &["Bohrmaschine mit Koffer"]);
    assert_eq!((&restored[0]["when"], at(&restored, "/0/seen")), (&found[0]["when"], &true.into()));
}

#[test]
fn each_pair_is_told_once_and_a_dismissed_one_stays_away_until_a_side_says_something_else() {
    let (one, other) = two();
    let need = private(&one);
    let offer = text(&other.json(&["offer", "Bohrmaschine mit Koffer"]), "/key");
    let pair = text(&told(&one, &["Bohrmaschine mit Koffer"])[0], "/pair");
    assert_eq!(pair, format!("{}..{offer}", text(&need, "/key")));
    assert_eq!(new(&one), ["Bohrmaschine mit Koffer"]);
    one.run(&["matches", "--seen"]);
    assert_eq!(new(&one), [""; 0]);
    // A photo says nothing new, nor does a restart.
    let photo = other.home().file("red.png", tests::RED);
    other.run(&["edit", &offer, "--photo", &photo]);
    let has_photo = |node: &Home| at(&node.json(&["show", &offer]), "/photos/0/photo").is_string();
    wait_until("the photo is there", PATIENCE, || {
        let there = one.json(&["show", &offer]);
        if there.get("photos").is_some() { Ok(()) } else { Err(there.to_string()) }
    });
    assert!(has_photo(&one));
    assert_eq!(new(&one), [""; 0]);
    let one = one.restart(&[]);
    told(&one, &["Bohrmaschine mit Koffer"]);
    assert_eq!(new(&one), [""; 0]);

    let dismissed = one.json(&["matches", "--dismiss", &pair]);
    assert_eq!(at(&dismissed, "/offer/key"), offer.as_str());
    told(&one, &[]);
    let one = one.restart(&[]);
    told(&one, &[]);
    assert_eq!(one.json(&["matches", &need["key"].as_str().unwrap()[..8]]), json!([]));
    assert_eq!(at(&one.json(&["why", &pair]), "/fits"), true, "it is one still");
    // Another need is not touched by that.
    let second = one.json(&["need", "Suche Bohrmaschine"]);
    let found = told(&one, &["Bohrmaschine mit Koffer"]);
    assert_eq!(at(&found, "/0/need/key"), at(&second, "/key"));
    one.run(&["withdraw", second["key"].as_str().unwrap()]);
    told(&one, &[]);

    other.run(&["edit", &offer, "--text", "Jetzt mit Bohrern"]);
    told(&one, &["Bohrmaschine mit Koffer"]);
    assert_eq!(new(&one), ["Bohrmaschine mit Koffer"]);
    // What is gone is not told of any more.
    other.run(&["withdraw", &offer]);
    told(&one, &[]);
    for (pair, code) in [("nothing", 1), ("aaaa..bbbb", 3), (&*format!("{}..", pair), 3)] {
        check_sentence(&one.cli(&["matches", "--dismiss", pair]), code);
    }
}

#[test]
fn many_at_once_are_told_of_too_and_a_public_need_and_an_offer_as_well() {
    let (one, other) = two();
    one.run(&["need", "Kinderwagen"]);
    one.run(&["offer", "Waffeleisen"]);
    let mut table = String::from("id,side,title\n1,offer,Kinderwagen wie neu\n2,need,Waffeleisen gesucht\n");
    for row in 3..60 {
        table.push_str(&format!("{row},offer,Buch Nummer {row}\n"));
    }
    let table = other.home().file("things.csv", table);
    other.run(&["import", &table]);
    let offered = |expected: &[&str]| {
        wait_until(&format!("it tells of {expected:?}"), PATIENCE, || {
            let mut offers = new(&one);
            offers.sort();
            if offers == expected { Ok(()) } else { Err(format!("{offers:?}")) }
        });
    };
    offered(&["Kinderwagen wie neu", "Waffeleisen"]);
    // What is hidden is told of no more.
    let found = one.json(&["search", "Kinderwagen", "--side", "offer"]);
    one.run(&["hide", found[0]["key"].as_str().unwrap()]);
    offered(&["Waffeleisen"]);
}

#[test]
fn only_the_member_sees_what_is_private() {
    let one = Home::new().up(&["--circle", "Gartenstraße"]);
    let need = private(&one);
    let key = text(&need, "/key");
    // Without the token nothing is written, also not from here.
    for (path, body) in [
        ("/api/v1/needs/private", json!({ "title": "Zelt" })),
        ("/api/v1/matches/dismiss", json!({ "pair": "a..b" })),
        ("/api/v1/matches/seen", json!({})),
    ] {
        assert_eq!(one.post_with(path, &[], &body.to_string()).status, 401, "{path}");
    }
    // Who sits at the node sees it: this test does.
    assert_eq!(one.get("/api/v1/needs/private").json()[0]["key"], key.as_str());
    assert_eq!(one.get(&format!("/api/v1/listings/{key}")).json()["private"], true);
    assert_eq!(one.get(&format!("/api/v1/needs/private/{}", &key[..9])).json()["key"], key.as_str());
    for path in ["/api/v1/listings", "/api/v1/export", "/", "/matches", "/search?q=Bohrmaschine"] {
        let shown = one.get(path).with(200).body;
        assert!(!shown.contains(SECRET) && !shown.contains(&key), "{path}: {shown}");
    }
    let words = one.get("/api/v1/suggest?q=Bohr").json();
    assert_eq!(words, json!([]), "words of private needs are not suggested");
}

#[test]
fn a_search_is_narrowed_marks_its_words_and_says_when_it_looked_farther() {
    let one = Home::new().up(&["--circle", "Gartenstraße"]);
    let (near, far) = ("49.0069,8.4037", "52.52,13.40");
    let text = "Eine gute Bohrmaschine, wenig gebraucht, aus erster Hand";
    let drill = ["offer", "Werkzeug abzugeben", "--text", text, "--terms", "loan", "--place", far];
    one.run(&[&drill[..], &["--language", "de"]].concat());
    one.run(&["need", "Bohrmaschine", "--category", "Werkzeug", "--place", near, "--language", "de"]);
    let titles = |args: &[&str]| -> Vec<String> {
        let found = one.json(&[&["search", "Bohrmaschine"], args].concat());
        found.as_array().unwrap().iter().map(|hit| hit["title"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(titles(&[]).len(), 2);
    assert_eq!(titles(&["--side", "need"]), ["Bohrmaschine"]);
    assert_eq!(titles(&["--terms", "loan"]), ["Werkzeug abzugeben"]);
    assert_eq!(titles(&["--category", "werkzeug"]), ["Bohrmaschine"]);
    assert_eq!(titles(&["--near", near, "--within", "10"]), ["Bohrmaschine"]);
    assert_eq!(titles(&["--limit", "1"]).len(), 1);
    assert_eq!(titles(&["--language", "de"]).len(), 2);

    let found = one.json(&["search", "Bohrmaschine", "--terms", "loan"]);
    let hit = &found[0];
    assert_eq!((at(hit, "/words"), at(hit, "/widened")), (&json!(["Bohrmaschine"]), &Value::Null));
    let pieces = hit["snippet"].as_array().unwrap();
    let all: String = pieces.iter().map(|piece| piece["text"].as_str().unwrap()).collect();
    assert!(text.contains(all.trim_matches('…').trim()), "{all}");
    let marked: Vec<_> = pieces.iter().filter(|piece| piece["hit"] == true).collect();
    assert_eq!((marked.len(), &marked[0]["text"]), (1, &json!("Bohrmaschine")));
    let shown = one.cli(&["search", "Bohrmaschine", "--terms", "loan"]).ended(0).stdout;
    assert!(shown.contains("*Bohrmaschine*") && shown.contains("Werkzeug abzugeben"), "{shown}");

    // Nothing there: what is farther away, and it is said.
    let args = ["search", "Bohrmaschine", "--side", "offer", "--near", near, "--within", "5"];
    let found = one.json(&args);
    assert_eq!(
        (found[0]["widened"].as_str(), &found[0]["title"]),
        (Some("distance"), &"Werkzeug abzugeben".into())
    );
    let shown = one.cli(&args).ended(0).stdout;
    assert!(shown.starts_with("Nothing within 5 km; farther away:\n"), "{shown}");
    assert_eq!(one.json(&["search", "xyzzyplugh", "--near", near, "--within", "5"]), json!([]));

    assert_eq!(one.get("/api/v1/search?q=Bohrma&typing=1").json().as_array().unwrap().len(), 2);
    assert_eq!(
        one.get("/api/v1/suggest?q=eine%20Bohrm").json()[0].as_str().unwrap().to_lowercase(),
        "bohrmaschine"
    );
    assert_eq!(one.get("/api/v1/suggest?q=").json(), json!([]));
    check_sentence(&one.cli(&["search", "Leiter", "--terms", "free"]), 1);
}

#[test]
fn kinds_are_a_tree_and_narrow_a_list_and_a_search() {
    let one = Home::with_circle();
    let kinds = one.json(&["kinds"]);
    let kinds = kinds.as_array().unwrap();
    for (number, kind) in kinds.iter().enumerate() {
        let parent = &kind["parent"];
        let before = kinds.iter().take(number).any(|other| other["id"] == *parent);
        assert!(kind["names"]["en"].is_string() && (parent.is_null() || before), "{kind:#}");
    }
    one.run(&["offer", "Kinderwagen", "--category", "Kinderwagen", "--language", "de"]);
    one.run(&["offer", "Zement"]);
    let shown = one.json(&["show", &text(&one.json(&["list"])[1], "/key")]);
    assert_eq!(shown["title"], "Kinderwagen");
    let pram = kinds.iter().find(|kind| kind["names"]["de"] == "Kinderwagen");
    let Some(pram) = pram.filter(|kind| !kind["parent"].is_null()) else { return };
    for kind in [&pram["id"], &pram["parent"]] {
        let kind = kind.as_str().unwrap();
        assert_eq!(texts(&one.json(&["list", "--kind", kind]), "title"), ["Kinderwagen"]);
        assert_eq!(one.json(&["search", "Kinderwagen", "--kind", kind]).as_array().unwrap().len(), 1);
    }
    assert!(one.cli(&["kinds"]).ended(0).stdout.contains(pram["id"].as_str().unwrap()));
}

#[test]
fn why_tells_all_that_speaks_for_a_pair_and_it_adds_up() {
    let (one, other) = two();
    let near = "49.0069,8.4037";
    let need = text(&one.json(&["need", "Bohrmaschine", "--place", near, "--terms", "loan"]), "/key");
    let offer = text(&other.json(&["offer", "Bohrmaschine", "--place", near, "--terms", "loan"]), "/id");
    let other_offer = text(&other.json(&["offer", "Pullover", "--place", near]), "/key");
    same_digest(one.home(), other.home(), 3, PATIENCE);
    let why = |need: &str, offer: &str| one.json(&["why", need, offer]);
    let told = why(&need, &offer);
    for pair in
        [&told, &why(&offer, &need), &why(&need[..8], &offer), &one.json(&["why", &text(&told, "/pair")])]
    {
        assert_eq!(pair, &told);
        let points =
            pair["reasons"].as_array().unwrap().iter().map(|reason| reason["points"].as_f64().unwrap());
        let sum: f64 = points.sum();
        assert!((sum - pair["score"].as_f64().unwrap()).abs() < 1e-6, "{pair:#}");
        assert_eq!(pair["fits"], true);
    }
    assert_eq!(why(&need, &other_offer)["fits"], false);
    let shown = one.cli(&["why", &need, &offer]).ended(0).stdout;
    assert!(
        shown.contains("a match")
            && told["reasons"]
                .as_array()
                .unwrap()
                .iter()
                .all(|reason| shown.contains(reason["text"].as_str().unwrap())),
        "{shown}"
    );
    let private = text(&private(&one), "/key");
    assert_eq!(at(&why(&private, &offer), "/need/private"), true);
    check_sentence(&other.cli(&["why", &private, &offer]), 3);
    check_sentence(&one.cli(&["why", &offer, &other_offer]), 1);
    check_sentence(&one.cli(&["why", "nothing"]), 1);
}

fn child<'a>(of: Element<'a, 'a>, name: &str) -> Element<'a, 'a> {
    let mut found = of.children().filter(|child| child.has_tag_name((ATOM, name)));
    let first = found.next().unwrap_or_else(|| panic!("no {name}"));
    assert!(name == "link" || found.next().is_none(), "one {name}");
    first
}

fn words<'a>(of: Element<'a, 'a>, name: &str) -> &'a str {
    child(of, name).text().unwrap_or_default()
}

/// Checks what RFC 4287 asks of a feed, and gives the titles of its entries.
fn check_feed(xml: &str) -> Vec<String> {
    let document = Document::parse(xml).unwrap_or_else(|error| panic!("{error}: {xml}"));
    let feed = document.root_element();
    assert!(feed.has_tag_name((ATOM, "feed")), "{xml}");
    let links = |of: Element<'_, '_>, relation: &str| {
        of.children()
            .filter(|it| it.has_tag_name((ATOM, "link")) && it.attribute("rel") == Some(relation))
            .count()
    };
    let entries: Vec<_> = feed.children().filter(|child| child.has_tag_name((ATOM, "entry"))).collect();
    assert_eq!(links(feed, "self"), 1, "{xml}");
    let mut ids = Vec::new();
    for part in [&[feed], entries.as_slice()].concat() {
        assert!(words(part, "id").starts_with("urn:uuid:"), "{xml}");
        ids.push(words(part, "id").to_owned());
        let updated = words(part, "updated");
        assert!(updated.len() >= 20 && updated.ends_with('Z') && updated.contains('T'), "{updated}");
        assert!(!words(part, "title").is_empty(), "{xml}");
        assert!(!words(child(part, "author"), "name").is_empty(), "{xml}");
        assert_eq!(links(part, "alternate"), 1, "{xml}");
    }
    ids.sort();
    let count = ids.len();
    ids.dedup();
    assert_eq!(ids.len(), count, "each has an id of its own");
    entries.iter().map(|entry| words(*entry, "title").to_owned()).collect()
}

#[test]
fn feeds_are_well_formed_and_the_members_opens_with_its_key_alone() {
    let (one, other) = two();
    let private = private(&one);
    let url = one.cli(&["matches", "--feed"]).ended(0).stdout.trim().to_owned();
    let path = url.strip_prefix(&one.ready().http).unwrap().to_owned();
    let empty = one.get(&path).with(200);
    assert_eq!(check_feed(&empty.body), [""; 0]);
    let title = "Bohrmaschine <b>\"&amp;\" 'alt'</b> ]]>";
    other.run(&["offer", title, "--text", "Läuft & läuft < 3 Jahre\nZweite Zeile", "--category", "A & B"]);
    told(&one, &[title]);
    let feed = one.get(&path).with(200);
    assert_eq!(feed.header("content-type"), Some("application/atom+xml; charset=utf-8"));
    assert_eq!(check_feed(&feed.body), [format!("Offered: {title}")]);
    assert!(feed.body.contains(NEED) && feed.body.contains("<name>Bo</name>"), "{}", feed.body);
    let tag = feed.header("etag").unwrap().to_owned();
    assert_eq!(one.get_with(&path, &[("If-None-Match", &tag)]).status, 304);
    assert_eq!(one.get(&path).body, feed.body, "the same until something changes");

    let (place, key) = path.split_once("?key=").unwrap();
    for wrong in [place.to_owned(), format!("{place}?key="), format!("{place}?key={}", &key[1..])] {
        let refused = one.get(&wrong).with(404);
        assert!(!refused.body.contains(NEED), "{wrong}");
    }
    assert_eq!(other.get(&path).status, 404, "another node's key opens nothing");
    let bearer = one.bearer();
    assert!(!bearer.contains(key), "the key does not tell the token");

    let search = one.get("/feeds/search.atom?q=Bohrmaschine&side=offer").with(200);
    assert_eq!(check_feed(&search.body), [format!("Offered: {title}")]);
    assert!(!search.body.contains(private["key"].as_str().unwrap()));
    assert_eq!(check_feed(&one.get("/feeds/search.atom").with(200).body).len(), 1);
    assert_eq!(check_feed(&one.get("/feeds/search.atom?q=nichts").with(200).body), [""; 0]);
    assert_eq!(one.get("/feeds/search.atom?within=x").status, 400);
}
