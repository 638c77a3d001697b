//! Who can help whom: a need on one node, the offer on another.

use serde_json::Value;
use tests::{Home, Node, PATIENCE, check_listing, same_digest};

const NEED: &str = "Eine Bohrmaschine";
const OFFER: &str = "Bohrmaschine mit Koffer";

/// A node with the offer among other things, one with the need; and the need's id.
fn two() -> (Node, Node, String) {
    let one = Home::new().up(&["--circle", "Gartenstraße"]);
    for title in ["Raclette", "Kinderwagen", "Zelt für vier"] {
        one.run(&["offer", title, "--place", "48.137,11.575"]);
    }
    one.run(&["offer", OFFER, "--category", "Werkzeug", "--terms", "loan", "--place", "49.01,8.40"]);
    let other = Home::new().up(&["--join", &one.link()]);
    other.wait_for_charter();
    let need =
        other.json(&["need", NEED, "--category", "Werkzeug", "--terms", "loan", "--place", "49.03,8.41"]);
    same_digest(one.home(), other.home(), 5, PATIENCE);
    (one, other, need["id"].as_str().unwrap().to_owned())
}

/// Checks that the pair is the best of these, with reasons that add up; returns the reasons.
fn check_best(pairs: &Value) -> Vec<String> {
    let best = &pairs[0];
    assert_eq!((&best["need"]["title"], &best["offer"]["title"]), (&NEED.into(), &OFFER.into()), "{pairs:#}");
    check_listing(&best["need"]);
    check_listing(&best["offer"]);
    let score = best["score"].as_f64().unwrap();
    assert!(score > 0.0 && score <= 1.0, "{best:#}");
    let reasons = best["reasons"].as_array().unwrap();
    let sum: f64 = reasons.iter().map(|reason| reason["points"].as_f64().unwrap()).sum();
    assert!((sum - score).abs() < 1e-6, "the points add up to the score: {best:#}");
    let reasons: Vec<String> =
        reasons.iter().map(|reason| reason["text"].as_str().unwrap().to_owned()).collect();
    let all = reasons.join("; ");
    for part in ["both say \"Bohrmaschine\"", "Werkzeug", "both as a loan", "km away"] {
        assert!(all.contains(part), "no {part}: {all}");
    }
    reasons
}

/// What a person reads on a page.
fn visible(html: &str) -> String {
    let mut text = String::new();
    let mut is_tag = false;
    for character in html.chars() {
        match character {
            '<' => is_tag = true,
            '>' => is_tag = false,
            _ if !is_tag => text.push(character),
            _ => {}
        }
    }
    let text =
        [("&quot;", "\""), ("&#34;", "\""), ("&#39;", "'"), ("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")]
            .iter()
            .fold(text, |text, (entity, character)| text.replace(entity, character));
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_need_is_matched_with_an_offer_of_another_node_by_command_api_and_page() {
    let (one, other, need) = two();
    for node in [&one, &other] {
        let reasons = check_best(&node.json(&["matches"]));
        assert_eq!(check_best(&node.json(&["matches", &need])), reasons);
        assert_eq!(check_best(&node.json(&["matches", "--mine", "--limit", "1"])), reasons);
        assert_eq!(check_best(&node.get("/api/v1/matches").json()), reasons);
        assert_eq!(check_best(&node.get(&format!("/api/v1/matches?of={need}&limit=3")).json()), reasons);

        let text = node.cli(&["matches"]).ended(0).stdout;
        let page = visible(&node.get("/matches").with(200).body);
        let listing = visible(&node.get(&format!("/listing/{need}")).with(200).body);
        for shown in [&text, &page, &listing] {
            assert!(shown.contains(NEED) && shown.contains(OFFER), "{shown}");
            for reason in &reasons {
                assert!(shown.contains(reason.as_str()), "no {reason}: {shown}");
            }
        }
    }
}

#[test]
fn what_was_withdrawn_matches_no_longer() {
    let (one, other, need) = two();
    other.run(&["withdraw", &need]);
    same_digest(one.home(), other.home(), 4, PATIENCE);
    for node in [&one, &other] {
        assert_eq!(node.json(&["matches"]), serde_json::json!([]));
        assert_eq!(node.cli(&["matches", &need]).code, 3);
        assert!(!node.get("/matches").with(200).body.contains(NEED));
    }
}

#[test]
fn a_search_finds_words_in_other_forms_and_ranks_the_best_first() {
    let (_, other, _) = two();
    let found = other.json(&["search", "Bohrmaschinen"]);
    let titles: Vec<&str> =
        found.as_array().unwrap().iter().map(|hit| hit["title"].as_str().unwrap()).collect();
    assert!(titles.contains(&NEED) && titles.contains(&OFFER), "{titles:?}");
    let scores: Vec<f64> =
        found.as_array().unwrap().iter().map(|hit| hit["score"].as_f64().unwrap()).collect();
    assert!(scores.is_sorted_by(|a, b| a >= b), "{scores:?}");
    let offers = other.json(&["search", "Bohrmaschine", "--side", "offer"]);
    assert!(offers.as_array().unwrap().iter().all(|hit| hit["side"] == "offer"), "{offers:#}");
    assert_eq!(offers[0]["title"], OFFER);
    let page = other.get("/search?q=Bohrmaschine").with(200).body;
    assert!(page.contains("<mark>"), "{page}");
    let page = page.replace("<mark>", "").replace("</mark>", "");
    assert!(page.contains(NEED) && page.contains(OFFER));
    assert_eq!(other.json(&["search", "xyzzyplugh"]), serde_json::json!([]));
}
