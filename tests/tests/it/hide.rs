//! A node hides what its owner does not want on it; the circle goes on as it was.

use tests::{Home, Node, PATIENCE, at, check_sentence, holding, same_digest, titles, wait_until};

fn shows(node: &Node, expected: &[&str]) {
    wait_until(&format!("it shows {expected:?}"), PATIENCE, || {
        let shown: Vec<_> = titles(node.home()).into_iter().collect();
        if shown == expected { Ok(()) } else { Err(format!("it shows {shown:?}")) }
    });
}

#[test]
fn what_a_node_hides_is_not_on_it_nor_comes_back_until_it_is_wanted_and_all_digests_are_equal() {
    let ada = Home::new().up(&["--circle", "Gartenstraße", "--member", "Ada"]);
    let bo = Home::new().up(&["--peer", ada.address(), "--join", &ada.link(), "--member", "Bo"]);
    let drill = ada.json(&["offer", "Bohrmaschine", "--text", "Liegt hinter dem blauen Tor"]);
    ada.run(&["offer", "Leiter"]);
    let key = at(&drill, "/key").as_str().unwrap().to_owned();
    same_digest(ada.home(), bo.home(), 2, PATIENCE);

    check_sentence(&ada.cli(&["hide", &key]), 1);
    check_sentence(&bo.cli(&["hide", "bafyreinothing"]), 3);
    assert_eq!(bo.json(&["hide"]).as_array().unwrap().len(), 0);
    let hidden = bo.json(&["hide", &key]);
    assert_eq!((at(&hidden, "/key"), at(&hidden, "/author_name")), (&key.as_str().into(), &"Ada".into()));
    shows(&bo, &["Leiter"]);
    check_sentence(&bo.cli(&["show", &key]), 3);
    assert_eq!(bo.json(&["search", "Bohrmaschine"]).as_array().unwrap().len(), 0);
    assert_eq!(bo.get("/").status, 200);
    assert_eq!(bo.digest(), ada.digest());
    bo.run(&["purge"]);
    assert_eq!(holding(&bo.data(), b"dem blauen Tor"), Vec::<String>::new());

    // Neither does an edit come, nor does it come back with another start.
    ada.run(&["edit", &key, "--text", "Liegt hinter dem roten Tor"]);
    let bo = bo.restart(&[]);
    wait_until("both have the edit", PATIENCE, || {
        let (ours, theirs) = (bo.digest(), ada.digest());
        if ours == theirs { Ok(()) } else { Err(format!("{ours} and {theirs}")) }
    });
    shows(&bo, &["Leiter"]);
    assert_eq!(holding(&bo.data(), b"Liegt hinter"), Vec::<String>::new());
    assert_eq!(bo.json(&["hide"]).as_array().unwrap().len(), 1);

    // Who hears of it from there first has the same digest, and pages, with or without what it says.
    let link = ada.link();
    let circle = link.split_once('?').unwrap().0.strip_prefix("commonshelf:").unwrap();
    let cy = Home::new().up(&["--peer", bo.address(), "--join", circle]);
    wait_until("the newcomer has the same digest", PATIENCE, || {
        let (ours, theirs) = (cy.digest(), bo.digest());
        if ours == theirs { Ok(()) } else { Err(format!("{ours} and {theirs}")) }
    });

    assert_eq!(cy.get("/").status, 200);

    // Wanted again, it comes back by itself.
    check_sentence(&bo.cli(&["unhide", "ffffffffffffffff"]), 3);
    bo.run(&["unhide", &key[..10]]);
    shows(&bo, &["Bohrmaschine", "Leiter"]);
    assert_eq!(at(&bo.json(&["show", &key]), "/text"), "Liegt hinter dem roten Tor");
}
