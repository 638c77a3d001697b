//! From "I'd like that" to "thank you", between real nodes.

use std::collections::BTreeSet;
use std::time::Duration;

use node::{BundlePart, BundleReader, BundleWriter};
use record::{
    Body, CircleId, Grant, GrantRole, Key, Kind, Letter, Map, MemberId, ReadSecret, SecretKey, Statement,
    Timestamp, Verified,
};
use serde_json::{Value, json};
use tests::{Home, Node, Output, PATIENCE, at, holding, in_state, second_reader, sees, sent, wait_until};

/// Words that stand in letters alone.
const WISH: &str = "Für unsere Zwillinge, bitte";
pub(crate) const ADDRESS: &str = "Hinterhaus, dritte Tür, Klingel Zimmermann";
const NICKNAME: &str = "Tante Hedwig";

pub(crate) fn text(json: &Value, path: &str) -> String {
    at(json, path).as_str().unwrap().to_owned()
}

/// A founder, and others that joined through it.
pub(crate) fn neighbours(names: &[&str]) -> Vec<Node> {
    let (first, rest) = names.split_first().unwrap();
    let mut nodes = vec![Home::new().up(&["--circle", "Gartenstraße", "--member", first])];
    for name in rest {
        let link = nodes[0].link();
        let node = Home::new().up(&["--peer", nodes[0].address(), "--join", &link, "--member", name]);
        node.wait_for_charter();
        nodes.push(node);
    }
    nodes
}

pub(crate) fn left(node: &Home, listing: &str) -> u64 {
    node.json(&["show", listing])["left"].as_u64().unwrap()
}

/// Both published receipts, as the second reader of the protocol judges them.
fn check_receipts(node: &Home, count: usize, made: &str) {
    let tally = wait_until("the receipts are published", PATIENCE, || {
        let tally = node.json(&["tally", "--receipts"]);
        let there = tally["receipts"].as_array().map_or(0, Vec::len);
        if there == count { Ok(tally) } else { Err(format!("{there} are there")) }
    });
    assert_eq!(tally["uncounted"], 0);
    let case = |(number, receipt): (usize, &Value)| {
        json!({
            "what": "receipt", "name": format!("receipt {number}"), "bytes": receipt["body"],
            "expect": "accept", "gives": made,
        })
    };
    let cases: Vec<_> = tally["receipts"].as_array().unwrap().iter().enumerate().map(case).collect();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("receipts.json"), serde_json::to_string(&cases).unwrap()).unwrap();
    let said = second_reader(folder.path(), env!("CARGO_TARGET_TMPDIR"));
    assert!(said.ends_with(&format!("{count} cases, 0 of them wrong\n")), "{said}");
}

#[test]
fn an_exchange_completes_though_each_side_is_away_for_a_part_and_dies_after_each_step() {
    let mut nodes = neighbours(&["Carla", "Ada", "Bo"]).into_iter();
    let (third, giver, asker) = (nodes.next().unwrap(), nodes.next().unwrap(), nodes.next().unwrap());
    let offer = giver.json(&["offer", "Kinderwagen", "--category", "Kinder"]);
    let key = text(&offer, "/key");
    sees(&asker, &key);
    // Somebody asks while the giver is away, and is away when the giver comes back: the third one carries it.
    let giver = giver.stop();
    let asked = asker.json(&["request", &key, "--message", WISH]);
    let id = text(&asked, "/id");
    assert_eq!((&asked["state"], &asked["mine"]), (&json!("requested"), &json!("asker")));
    let asker = asker.restart(&[]);
    sent(&asker, &id);
    letters(&third, 2);
    let asker = asker.stop();
    let giver = giver.start(&[]);
    let wanted = in_state(&giver, &id, "requested");
    assert_eq!(wanted["messages"][0]["text"], WISH);
    assert_eq!(wanted["acts"][0], "promise");
    let giver = giver.restart(&[]);
    giver.run(&["promise", &id, "--place", ADDRESS, "--time", "2d"]);
    let giver = giver.restart(&[]);
    sent(&giver, &id);
    let asker = asker.start(&[]);
    let promised = in_state(&asker, &id, "promised");
    assert_eq!(promised["place"], ADDRESS);
    wait_until("the listing says that none is left", PATIENCE, || {
        let left = left(&third, &key);
        if left == 0 { Ok(()) } else { Err(format!("{left} are left")) }
    });
    asker.run(&["time", &id]);
    let asker = asker.restart(&[]);
    in_state(&giver, &id, "time-agreed");
    let calendar = asker.home().folder().join("when.ics");
    asker.run(&["time", &id, "--ics", calendar.to_str().unwrap()]);
    assert!(std::fs::read_to_string(calendar).unwrap().contains("BEGIN:VEVENT"));
    giver.run(&["ready", &id]);
    let giver = giver.restart(&[]);
    in_state(&asker, &id, "ready");
    giver.run(&["handover", &id]);
    let giver = giver.restart(&[]);
    in_state(&asker, &id, "handed-over");
    asker.run(&["receipt", &id]);
    let asker = asker.restart(&[]);
    let done = in_state(&giver, &id, "complete");
    assert_eq!(done["receipt"], true);
    asker.run(&["thanks", &id, "Er fährt wunderbar"]);
    wait_until("the thanks arrive", PATIENCE, || {
        let seen = giver.json(&["exchanges", &id]);
        if seen["thanks"] == "Er fährt wunderbar" { Ok(()) } else { Err(seen.to_string()) }
    });
    // Both want it known.
    for node in [&giver, &asker] {
        let shown = node.post(&format!("/api/v1/exchanges/{id}/act"), &json!({ "act": "public" }));
        assert_eq!(shown.with(200).json()["public"][0], true);
    }
    check_receipts(&third, 1, "two-keys");
    let tally = third.json(&["tally"]);
    assert_eq!((&tally["all"]["count"], &tally["kinds"]["Kinder"]["count"]), (&json!(1), &json!(1)));
    // What the third one carried tells none of it, not even to whoever takes its disk.
    for secret in [WISH, ADDRESS, "Er fährt wunderbar", &id] {
        assert_eq!(holding(&third.data(), secret.as_bytes()), Vec::<String>::new(), "{secret}");
    }
    tells_nobody_for_whom(&third);
}

/// In none of the letters that a node carries stands a member's key but its carrier's, nor a key that letters are
/// sealed to.
fn tells_nobody_for_whom(node: &Home) {
    let file = node.folder().join("all.bundle");
    node.run(&["export", "--bundle", file.to_str().unwrap()]);
    let mut reader = BundleReader::default();
    reader.push(&std::fs::read(file).unwrap());
    let mut records = Vec::new();
    while let Some(part) = reader.part().unwrap() {
        if let BundlePart::Records(more) = part {
            records.extend(more);
        }
    }
    let all: Vec<Verified> = records.into_iter().filter_map(|record| record.verify().ok()).collect();
    let members: BTreeSet<MemberId> = all.iter().map(|record| record.header().author).collect();
    let sealed_to = |record: &Verified| {
        if let Some(Body::SealKey(key)) = record.body() { Some(*key.key.as_bytes()) } else { None }
    };
    let keys = all.iter().filter_map(sealed_to);
    let keys: Vec<[u8; 32]> = keys.collect();
    let letters: Vec<_> = all.iter().filter(|record| record.header().kind.as_str() == Kind::LETTER).collect();
    assert!(letters.len() >= 4 && members.len() >= 3 && keys.len() >= 2, "{} letters", letters.len());
    for letter in letters {
        let bytes = [letter.to_record().envelope, letter.to_record().body.unwrap()].concat();
        let others = members.iter().filter(|member| **member != letter.header().author);
        let others = others.map(|member| *member.as_bytes()).chain(keys.iter().copied());
        for key in others {
            assert!(!bytes.windows(32).any(|window| window == key), "a letter names whom it is for");
        }
    }
}

#[test]
fn a_letter_goes_by_stick_where_no_network_does() {
    let nodes = neighbours(&["Ada", "Bo"]);
    let [lister, asker] = nodes.as_slice() else { panic!("two") };
    let key = text(&lister.json(&["offer", "Hocker"]), "/key");
    sees(asker, &key);
    let id = text(&asker.json(&["request", &key, "--message", WISH]), "/id");
    in_state(lister, &id, "requested");
    let mut nodes = nodes.into_iter();
    let (lister, asker) = (nodes.next().unwrap(), nodes.next().unwrap().stop());
    lister.run(&["promise", &id, "--place", ADDRESS]);
    sent(&lister, &id);
    let stick = asker.home().folder().join("stick");
    lister.run(&["export", "--bundle", stick.to_str().unwrap()]);
    asker.home().run(&["import", stick.to_str().unwrap()]);
    let promised = in_state(asker.home(), &id, "promised");
    assert_eq!(promised["place"], ADDRESS);
}

#[test]
fn after_a_key_was_revoked_letters_are_sealed_to_another_one() {
    let nodes = neighbours(&["Ada", "Bo"]);
    let [lister, asker] = nodes.as_slice() else { panic!("two") };
    let key = text(&lister.json(&["offer", "Spiegel"]), "/key");
    sees(asker, &key);
    let id = text(&asker.json(&["request", &key]), "/id");
    in_state(lister, &id, "requested");
    let lost = text(&Home::new().json(&["key", "show"]), "/key");
    lister.run(&["grant", "add", &lost]);
    lister.run(&["grant", "revoke", &lost]);
    // What was said is said again under the new key, and what comes is read.
    lister.run(&["promise", &id]);
    in_state(asker, &id, "promised");
    asker.run(&["message", &id, WISH]);
    wait_until("the message arrives", PATIENCE, || {
        let messages = lister.json(&["exchanges", &id])["messages"].to_string();
        if messages.contains(WISH) { Ok(()) } else { Err(messages) }
    });
    let turned = std::fs::read_to_string(lister.data().join("seal.json")).unwrap();
    assert!(
        turned.contains("\"epoch\":1") && turned.contains("\"epoch\":0"),
        "one more epoch, and the old one"
    );
}

/// Waits until a restored node has heard from another one: a round with a peer comes after a minute at the latest.
pub(crate) fn heard(node: &Home) {
    wait_until("a round with a peer", Duration::from_secs(75), || {
        let key = node.json(&["key", "show"]);
        if key["waits"] == false { Ok(()) } else { Err(key.to_string()) }
    });
}

/// Waits until a node holds so many letters.
fn letters(node: &Home, least: u64) {
    wait_until("it carries letters", PATIENCE, || {
        let circle = node.json(&["status"])["circles"][0].clone();
        let letters = circle["letters"].as_u64().unwrap_or_default();
        if letters >= least { Ok(()) } else { Err(format!("it has {letters}")) }
    });
}

#[test]
fn the_last_one_is_promised_once_and_the_others_are_told() {
    let nodes = neighbours(&["Ada", "Bo", "Carla"]);
    let [lister, one, other] = nodes.as_slice() else { panic!("three") };
    let key = text(&lister.json(&["offer", "Stuhl", "--count", "2"]), "/key");
    let ask = |node: &Node, count: &str| {
        sees(node, &key);
        text(&node.json(&["request", &key, "--count", count]), "/id")
    };
    let (first, second, third) = (ask(one, "2"), ask(other, "1"), ask(other, "1"));
    for id in [&first, &second, &third] {
        in_state(lister, id, "requested");
    }
    // A part of what was asked for is promised, the rest to the next; then nothing is left.
    lister.run(&["promise", &first, "--count", "1"]);
    lister.run(&["promise", &second]);
    let refused = lister.cli(&["promise", &first, "--count", "2"]).ended(1);
    assert!(refused.stderr.contains("promised already: 1 of 2"), "{refused:?}");
    assert_eq!(in_state(one, &first, "promised")["promised"], 1);
    assert_eq!(left(lister, &key), 0);
    // One message to all who did not get it.
    lister.run(&["tell-others", &second, "Leider ist er weg"]);
    assert_eq!(in_state(other, &third, "elsewhere")["reason"], "Leider ist er weg");
    // Who gives it up makes room.
    one.run(&["cancel", &first, "Doch nicht"]);
    let called_off = in_state(lister, &first, "cancelled");
    assert_eq!(called_off["reason"], "Doch nicht");
    wait_until("one is left again", PATIENCE, || {
        let left = left(other, &key);
        if left == 1 { Ok(()) } else { Err(format!("{left} are left")) }
    });
    let gone = lister.cli(&["promise", "00000000"]).ended(3);
    assert!(gone.stderr.contains("no exchange"), "{gone:?}");
}

#[test]
fn somebody_without_an_account_reserves_with_a_nickname_and_collects_with_a_code() {
    let nodes = neighbours(&["Laden", "Ada"]);
    let [shop, desk] = nodes.as_slice() else { panic!("two") };
    let key = text(&shop.json(&["offer", "Lampe", "--category", "Licht"]), "/key");
    sees(desk, &key);
    // At the shop's own page, and at that of another node of the circle.
    for (page, made) in [(shop, "own"), (desk, "other")] {
        let asked = page.json(&["request", &key, "--guest", NICKNAME]);
        let (id, code) = (text(&asked, "/id"), text(&asked, "/code"));
        assert!(code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit()), "{code}");
        let wanted = in_state(shop, &id, "requested");
        assert_eq!((&wanted["asker_name"], &wanted["mine"]), (&json!(NICKNAME), &json!("lister")), "{made}");
        assert!(wanted["code"].is_null(), "the shop is not told the code");
        shop.run(&["promise", &id]);
        let wrong = shop.cli(&["handover", &id, "--code", "000000"]).ended(1);
        assert!(wrong.stderr.contains("not the pick-up code"), "{wrong:?}");
        let spoken = format!("{} {}", &code[..3], &code[3..]);
        let given = shop.json(&["handover", &id, "--code", &spoken]);
        assert_eq!((&given["state"], &given["receipt"]), (&json!("complete"), &json!(true)), "{made}");
        if made == "own" {
            shop.run(&["edit", &key, "--count", "2"]);
        }
    }
}

#[test]
fn twenty_four_words_bring_open_exchanges_back_and_nothing_is_promised_twice() {
    let mut nodes = neighbours(&["Carla", "Bo"]);
    let lister = Home::new();
    let link = nodes[0].link();
    let node = lister.up(&["--peer", nodes[0].address(), "--join", &link, "--member", "Ada"]);
    node.wait_for_charter();
    let words = text(&node.json(&["key", "backup"]), "/words");
    let asker = nodes.pop().unwrap();
    let key = text(&node.json(&["offer", "Zelt", "--count", "2"]), "/key");
    sees(&asker, &key);
    let ids: Vec<String> = (0..3).map(|_| text(&asker.json(&["request", &key]), "/id")).collect();
    for id in &ids {
        in_state(&node, id, "requested");
    }
    node.run(&["promise", &ids[0], "--place", ADDRESS]);
    node.run(&["promise", &ids[1]]);
    in_state(&asker, &ids[0], "promised");
    in_state(&asker, &ids[1], "promised");
    sent(&node, &ids[0]);
    sent(&node, &ids[1]);
    letters(&nodes[0], 10);
    drop(node);
    // The machine is gone. Another one has the words.
    let anew = Home::new();
    let restored = Output::with_input(&mut anew.command(&["key", "restore"]), words.as_bytes());
    assert_eq!(restored.code, 0, "{restored:?}");
    let node = anew.up(&["--peer", nodes[0].address(), "--join", &link, "--member", "Ada"]);
    heard(&node);
    let first = in_state(&node, &ids[0], "promised");
    assert_eq!(first["place"], ADDRESS);
    in_state(&node, &ids[1], "promised");
    in_state(&node, &ids[2], "requested");
    // What is promised is known here as well: the third one gets none of it.
    let refused = node.cli(&["promise", &ids[2], "--take-over"]).ended(1);
    assert!(refused.stderr.contains("promised already: 2 of 2"), "{refused:?}");
    let given = node.json(&["handover", &ids[0]]);
    assert_eq!(given["state"], "handed-over");
    in_state(&asker, &ids[0], "handed-over");
}

#[test]
fn a_loan_goes_out_is_kept_longer_and_comes_back() {
    let nodes = neighbours(&["Ada", "Bo"]);
    let [lender, borrower] = nodes.as_slice() else { panic!("two") };
    let key = text(&lender.json(&["offer", "Bohrmaschine", "--terms", "loan"]), "/key");
    sees(borrower, &key);
    let id = text(&borrower.json(&["request", &key]), "/id");
    in_state(lender, &id, "requested");
    let promised = lender.json(&["promise", &id, "--due", "7d"]);
    let due = promised["due"].as_u64().unwrap();
    in_state(borrower, &id, "promised");
    lender.run(&["handover", &id, "--condition", "Wie neu"]);
    in_state(borrower, &id, "handed-over");
    borrower.run(&["receipt", &id]);
    in_state(lender, &id, "lent");
    borrower.run(&["renew", &id, "--until", "21d"]);
    wait_until("the lender is asked", PATIENCE, || {
        let asked = lender.json(&["exchanges", &id]);
        if asked["wants_until"].is_u64() { Ok(()) } else { Err(asked["says"].to_string()) }
    });
    lender.run(&["renew", &id]);
    wait_until("it may be kept longer", PATIENCE, || {
        let kept = borrower.json(&["exchanges", &id]);
        if kept["due"].as_u64() > Some(due) { Ok(()) } else { Err(kept["due"].to_string()) }
    });
    borrower.run(&["return", &id]);
    in_state(lender, &id, "returned");
    assert_eq!(left(lender, &key), 0);
    lender.run(&["return", &id, "--condition", "Ein Kratzer"]);
    let back = in_state(borrower, &id, "back");
    assert_eq!((&back["condition"], &back["condition_back"]), (&json!("Wie neu"), &json!("Ein Kratzer")));
    wait_until("it can be lent again", PATIENCE, || {
        let left = left(borrower, &key);
        if left == 1 { Ok(()) } else { Err(format!("{left} are left")) }
    });
}

/// A bundle of so many letters of a stranger to the circle, which nobody can open.
fn junk(circle: CircleId, letters: usize) -> Vec<u8> {
    let (root, device) = (SecretKey::from_seed(&[66; 32]), SecretKey::from_seed(&[67; 32]));
    let (author, now) = (MemberId::from(root.public()), Timestamp::from_millis(now()));
    let statement = |key, revision| Statement { author, circle, key, revision };
    let (signer, role) = (device.public(), GrantRole::Device);
    let grant = Grant { signer, role, until: now.plus_days(30), other: Map::new() };
    let granted = statement(Grant::key(&signer), now).sign(&Body::Grant(grant), &root).unwrap();
    let (mut writer, mut bundle) = BundleWriter::begin(circle, None, Some(ReadSecret::open(circle)));
    bundle.extend(writer.add(granted.to_record()).into_iter().flatten());
    for number in 0..letters {
        let key = Key::derive("junk", &[&number.to_be_bytes()]);
        let sealed = vec![u8::try_from(number % 251).unwrap(); 304];
        let body = Body::Letter(Letter { bits: 0, hint: 0, sealed });
        let letter = statement(key, now).sign(&body, &device).unwrap();
        bundle.extend(writer.add(letter.to_record()).into_iter().flatten());
    }
    bundle.extend(writer.end());
    bundle
}

fn now() -> u64 {
    let since = std::time::UNIX_EPOCH.elapsed().unwrap();
    u64::try_from(since.as_millis()).unwrap()
}

#[test]
fn who_writes_more_letters_than_its_quota_keeps_nobody_from_theirs() {
    let nodes = neighbours(&["Ada", "Bo"]);
    let [lister, asker] = nodes.as_slice() else { panic!("two") };
    let key = text(&lister.json(&["offer", "Regal"]), "/key");
    sees(asker, &key);
    let circle = text(&lister.json(&["status"]), "/circles/0/id").parse().unwrap();
    let file = lister.home().file("junk", junk(circle, 1_200));
    lister.run(&["import", &file]);
    letters(lister, 1);
    let held = lister.json(&["status"])["circles"][0]["letters"].as_u64().unwrap();
    assert!(held <= 1_000, "{held} are held");
    let id = text(&asker.json(&["request", &key]), "/id");
    in_state(lister, &id, "requested");
    lister.run(&["promise", &id]);
    in_state(asker, &id, "promised");
}

#[test]
fn a_draw_gives_it_to_one_and_everybody_who_asked_can_check_it() {
    let nodes = neighbours(&["Ada", "Bo", "Carla"]);
    let [lister, one, other] = nodes.as_slice() else { panic!("three") };
    let closes = now() + 12_000;
    let offer = lister.json(&["offer", "Klavier", "--decide", "draw", "--closes", &closes.to_string()]);
    let key = text(&offer, "/key");
    assert_eq!((&offer["decide"], &offer["closes"]), (&json!("draw"), &json!(closes)));
    let ask = |node: &Node| {
        sees(node, &key);
        text(&node.json(&["request", &key]), "/id")
    };
    let ids = [ask(one), ask(other)];
    let early = lister.cli(&["draw", &key]).ended(1);
    assert!(early.stderr.contains("open until"), "{early:?}");
    for id in &ids {
        in_state(lister, id, "requested");
    }
    wait_until("the draw is closed", PATIENCE, || {
        let drawn = lister.cli(&["draw", &key]);
        if drawn.code == 0 { Ok(()) } else { Err(format!("{drawn:?}")) }
    });
    let late = one.cli(&["request", &key]).ended(1);
    assert!(late.stderr.contains("too late to ask"), "{late:?}");
    let places: Vec<u64> = [(one, &ids[0]), (other, &ids[1])]
        .into_iter()
        .map(|(node, id)| {
            let seen = wait_until("the result is here", PATIENCE, || {
                let seen = node.json(&["draw", "verify", &key]);
                if seen["drawn"] == true { Ok(seen) } else { Err(seen.to_string()) }
            });
            assert_eq!((&seen["holds"], &seen["of"]), (&json!(true), &json!(2)), "{seen}");
            let place = seen["place"].as_u64().unwrap();
            in_state(node, id, if place == 1 { "promised" } else { "elsewhere" });
            place
        })
        .collect();
    assert_eq!(places.iter().sum::<u64>(), 3);
}

#[test]
fn whether_what_ends_soon_is_still_good_is_asked_and_not_taken_for_granted() {
    let home = Home::with_clock();
    let _ = home.json(&["circle", "found", "Gartenstraße"]);
    let key = text(&home.json(&["offer", "Regal"]), "/key");
    assert_eq!(home.json(&["exchanges", "--waiting"]), json!([]));
    home.set_clock("+178d");
    home.run(&["clock", "confirm"]);
    let waiting = home.json(&["exchanges", "--waiting"]);
    assert_eq!((&waiting[0]["what"], &waiting[0]["listing"]), (&json!("ending"), &json!(key)), "{waiting}");
    let before = home.json(&["show", &key])["expires"].as_u64();
    home.run(&["edit", &key, "--still-good"]);
    assert!(home.json(&["show", &key])["expires"].as_u64() > before);
    assert_eq!(home.json(&["exchanges", "--waiting"]), json!([]));
}

#[test]
fn whoever_chooses_sees_how_far_the_asker_is_and_what_it_gave_only_if_it_wants_that() {
    let nodes = neighbours(&["Ada", "Bo"]);
    let [lister, asker] = nodes.as_slice() else { panic!("two") };
    let give = |giver: &Node, receiver: &Node, title: &str| {
        let key = text(&giver.json(&["offer", title]), "/key");
        sees(receiver, &key);
        let id = text(&receiver.json(&["request", &key]), "/id");
        in_state(giver, &id, "requested");
        giver.run(&["promise", &id]);
        in_state(receiver, &id, "promised");
        giver.run(&["handover", &id]);
        in_state(receiver, &id, "handed-over");
        receiver.run(&["receipt", &id]);
        in_state(giver, &id, "complete");
        giver.run(&["public", &id, "yes"]);
        receiver.run(&["public", &id, "yes"]);
    };
    give(asker, lister, "Vase");
    let all = |least: u64| {
        wait_until("the receipt is published", PATIENCE, || {
            let tally = lister.json(&["tally"]);
            if tally["all"]["count"] == least { Ok(tally) } else { Err(tally.to_string()) }
        })
    };
    assert_eq!(all(1)["members"], json!([]), "nobody said that it may be shown");
    let key = text(&lister.json(&["offer", "Bett", "--place", "49.01,8.40"]), "/key");
    sees(asker, &key);
    let id = text(&asker.json(&["request", &key]), "/id");
    let asked = in_state(lister, &id, "requested");
    assert!(asked["distance_km"].is_null() && asked["other_gave"].is_null(), "{asked}");
    let told = asker.json(&["profile", "--place", "49.10,8.40", "--tally", "yes"]);
    assert_eq!((&told["name"], &told["tally"]), (&json!("Bo"), &json!(true)));
    let asked = wait_until("the lister sees it", PATIENCE, || {
        let asked = lister.json(&["exchanges", &id]);
        if asked["other_gave"]["count"] == 1 { Ok(asked) } else { Err(asked.to_string()) }
    });
    assert_eq!(asked["other_received"]["count"], 0);
    assert!((5.0..15.0).contains(&asked["distance_km"].as_f64().unwrap()), "{asked}");
    let members = all(1)["members"].clone();
    assert_eq!((&members[0]["name"], &members[0]["given"]["count"]), (&json!("Bo"), &json!(1)), "{members}");
    // The page on which the lister chooses shows it, too.
    let page = lister.get(&format!("/exchange/{id}")).with(200).body;
    assert!(page.contains("km away") && page.contains("1 thing"), "{page}");
    let page = lister.get(&format!("/listing/{key}")).with(200).body;
    assert!(page.contains("km away") && page.contains("gave 1 thing"), "{page}");
    asker.run(&["profile", "--tally", "no"]);
    wait_until("it is not shown any more", PATIENCE, || {
        let members = lister.json(&["tally"])["members"].clone();
        if members == json!([]) { Ok(()) } else { Err(members.to_string()) }
    });
}

#[test]
fn what_came_back_is_held_for_the_next_until_the_third_open_day_ends() {
    let nodes = neighbours(&["Ada", "Bo", "Carla"]);
    let [lender, one, next] = nodes.as_slice() else { panic!("three") };
    let wrong = lender.cli(&["profile", "--hours", "mornings"]).ended(1);
    assert!(wrong.stderr.contains("Mo-Fr 10:00-18:00"), "{wrong:?}");
    lender.run(&["profile", "--hours", "We 15:00-18:00"]);
    let key = text(&lender.json(&["offer", "Leiter", "--terms", "loan"]), "/key");
    let ask = |node: &Node| {
        sees(node, &key);
        let id = text(&node.json(&["request", &key]), "/id");
        in_state(lender, &id, "requested");
        id
    };
    let (first, second) = (ask(one), ask(next));
    lender.run(&["promise", &first]);
    in_state(one, &first, "promised");
    lender.run(&["handover", &first]);
    in_state(one, &first, "handed-over");
    one.run(&["receipt", &first]);
    in_state(lender, &first, "lent");
    lender.run(&["return", &first]);
    let held = in_state(next, &second, "ready");
    assert_eq!(held["hours"], "We 15:00-18:00");
    // Three Wednesdays: more than two weeks, and at six o'clock.
    let ahead = held["until"].as_u64().unwrap() - now();
    let days = 24 * 60 * 60 * 1000;
    assert!((14 * days..=21 * days).contains(&ahead), "{ahead}");
}
