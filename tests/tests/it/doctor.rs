//! `commonshelf doctor`: what is wrong with a node's data, and how it is mended.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};
use tests::{Home, PATIENCE, at, check_sentence, files_below, same_digest, table, wait_until};

const BACK: Duration = Duration::from_secs(75);

/// What the doctor says, and whether all is well.
fn doctor(home: &Home, args: &[&str]) -> (Value, bool) {
    let output = home.cli(&[&["doctor", "--json"], args].concat());
    assert!([0, 1].contains(&output.code), "{output:#?}");
    let health: Value = serde_json::from_str(&output.stdout).unwrap_or_else(|_| panic!("{output:#?}"));
    let advice: Vec<&str> = output.stderr.lines().filter(|line| !line.contains(" WARN ")).collect();
    assert_eq!(at(&health, "/advice"), &json!(advice), "each sentence is said: {output:#?}");
    assert_eq!((at(&health, "/well"), advice.is_empty()), (&json!(output.code == 0), output.code == 0));
    (health, output.code == 0)
}

fn files(home: &Home) -> BTreeMap<PathBuf, Vec<u8>> {
    files_below(home.data(), &[""]).into_iter().map(|file| (file.clone(), fs::read(file).unwrap())).collect()
}

#[test]
fn a_healthy_node_is_well_whether_it_runs_or_not_and_looking_changes_nothing() {
    let home = Home::with_circle();
    home.run(&["offer", "Leiter"]);
    let before = files(&home);
    let (stopped, well) = doctor(&home, &[]);
    assert!(well, "{stopped:#}");
    assert!(files(&home) == before, "looking has changed a file");
    assert_eq!(at(&stopped, "/running"), false);
    assert_eq!(at(&stopped, "/circles/0/name"), "Gartenstraße");
    assert_eq!(at(&stopped, "/circles/0/records"), at(&home.json(&["status"]), "/circles/0/records"));
    let node = home.up(&[]);
    let (running, well) = doctor(node.home(), &[]);
    assert!(well, "{running:#}");
    assert_eq!(at(&running, "/running"), true);
    for same in ["/circles", "/layout", "/journal/records", "/damaged", "/aside", "/mended", "/clock/sure"] {
        assert_eq!(at(&running, same), at(&stopped, same), "{same}");
    }
    assert!(at(&running, "/free").as_u64().unwrap() > 0 && at(&running, "/live").as_u64().unwrap() > 500);
    let told = node.cli(&["doctor"]).ended(0);
    assert!(told.stdout.contains("All is well.") && told.stdout.contains("Gartenstraße: 4"), "{told:#?}");
    let compacted = node.json(&["doctor", "--compact"]);
    assert_eq!(
        at(&compacted, "/done/0"),
        "Writing the records anew would save little room: it was not done."
    );
    assert_eq!(node.get("/api/v1/health").status, 401, "for the owner alone");
    check_sentence(&Home::new().cli(&["doctor"]), 3);
}

#[test]
fn what_is_wrong_is_told_with_what_to_do_and_mended_when_asked() {
    let home = Home::with_circle();
    home.run(&["offer", "Leiter"]);
    let data = home.data();
    fs::write(data.join("records/snap.ffffffffffffffff"), "").unwrap();
    fs::write(data.join("keys.json.new"), "half").unwrap();
    let mut journal = fs::read(data.join("journal")).unwrap();
    let middle = journal.len() / 2;
    journal[middle..middle + 40].fill(0);
    fs::write(data.join("journal"), journal).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(data.join("root.key"), fs::Permissions::from_mode(0o644)).unwrap();
    }
    let before = files(&home);
    let (sick, well) = doctor(&home, &[]);
    assert!(!well && files(&home) == before, "looking has changed a file");
    let advice = at(&sick, "/advice").to_string();
    for sentence in
        ["can not be read as they are", "of the journal are damaged", "can read root.key", "left over"]
    {
        assert!(advice.contains(sentence), "{sentence}: {sick:#}");
    }
    assert!(advice.contains("commonshelf doctor --repair"), "{sick:#}");
    // A node that runs was mended when it started, as far as the records go.
    let node = home.up(&[]);
    let (sick, well) = doctor(node.home(), &[]);
    let advice = at(&sick, "/advice").to_string();
    assert!(!well && advice.contains("can read root.key") && advice.contains("left over"), "{sick:#}");
    assert!(at(&sick, "/mended").to_string().contains("could be read all the same"), "{sick:#}");
    let (mended, well) = doctor(node.home(), &["--repair"]);
    assert!(well, "{mended:#}");
    assert_eq!(at(&mended, "/done").as_array().unwrap().len(), 2, "{mended:#}");
    assert!(at(&mended, "/aside/0/folder").as_str().unwrap().contains("records.damaged-2"), "{mended:#}");
    drop(node);
    let (health, well) = doctor(&home, &[]);
    assert!(well, "{health:#}");
    assert_eq!(at(&health, "/circles/0/records"), 4, "{health:#}");
}

#[test]
fn a_key_that_is_none_is_named_and_left_as_it_is() {
    let home = Home::with_circle();
    let key = home.data().join("node.key");
    fs::write(&key, "half a k").unwrap();
    let (health, well) = doctor(&home, &[]);
    assert!(!well && at(&health, "/advice/0").as_str().unwrap().contains("node.key"), "{health:#}");
    assert_eq!(fs::read_to_string(&key).unwrap(), "half a k");
}

#[test]
fn what_a_stopped_node_can_mend_it_mends_without_being_started() {
    let home = Home::with_circle();
    home.run(&["offer", "Leiter"]);
    fs::write(home.data().join("records/snap.ffffffffffffffff"), "").unwrap();
    assert!(!doctor(&home, &[]).1);
    let (mended, well) = doctor(&home, &["--repair"]);
    assert!(well && at(&mended, "/running") == false, "{mended:#}");
    assert!(at(&mended, "/done/0").as_str().unwrap().contains("could be read all the same"), "{mended:#}");
    // The person who starts it later is told.
    let node = home.up(&[]);
    let notices = node.json(&["status"])["notices"].to_string();
    assert!(notices.contains("could be read all the same"), "{notices}");
    let page = node.get_with("/node", &[("Accept", "text/html")]).body;
    assert!(page.contains("could be read all the same"), "{page}");
}

#[test]
fn records_that_are_gone_are_missed_until_another_node_has_given_them_back() {
    let one = Home::new().up(&["--circle", "Gartenstraße"]);
    let other = Home::new().up(&["--join", &one.link(), "--peer", one.address()]);
    one.run(&["offer", "Leiter"]);
    let rows = other.home().file("things.csv", table("thing", 200));
    other.wait_for_charter();
    other.run(&["import", &rows]);
    same_digest(one.home(), other.home(), 201, PATIENCE);
    let (mut other, home) = (other, one.home().clone());
    drop(one);
    other.process().kill9();
    fs::remove_dir_all(home.data().join("records")).unwrap();
    assert!(at(&doctor(&home, &[]).0, "/advice").to_string().contains("there are none"));

    // Nobody is there who has them: the person is told, by the page, by `status` and by the doctor.
    let alone = home.up(&[]);
    let notices = |home: &Home| home.json(&["status"])["notices"].to_string();
    let fetched = "What others wrote in Gartenstraße is being fetched again";
    assert!(
        notices(alone.home()).contains("The records were gone") && notices(alone.home()).contains(fetched)
    );
    let (health, well) = doctor(alone.home(), &[]);
    assert!(!well && at(&health, "/fetching/0") == "Gartenstraße", "{health:#}");
    assert_eq!(alone.json(&["list"]).as_array().unwrap().len(), 1, "its own");
    drop(alone);
    assert_eq!(at(&doctor(&home, &[]).0, "/fetching/0"), "Gartenstraße");

    let other = other.restart(&[]);
    let node = home.up(&["--peer", other.address()]);
    same_digest(node.home(), other.home(), 201, PATIENCE);
    wait_until("the notice's end", BACK, || match notices(node.home()) {
        notices if notices.contains("is being fetched again") => Err(notices),
        _ => Ok(()),
    });
    let (health, well) = doctor(node.home(), &[]);
    assert!(well && at(&health, "/fetching") == &json!([]), "{health:#}");
    assert!(at(&health, "/mended").to_string().contains("were gone"), "what happened is told a day longer");
}
