//! Several files that do not belong together, what earlier runs left behind, and damage to a large store.

use std::fs;
use std::path::Path;

use super::damage::{Case, Damage, copy, files, filled, filled_with, is_full_size, suffer};

fn case(what: &str, inflict: impl Fn(&Path) + Sync + 'static) -> Case {
    (what.to_owned(), Box::new(inflict))
}

fn is_snapshot(file: &Path) -> bool {
    file.file_name().unwrap().to_str().unwrap().starts_with("snap.")
}

/// Puts the older copies of some files in the place of what is there.
fn roll_back(older: &Path, folder: &Path, which: impl Fn(&Path) -> bool) {
    for file in files(folder) {
        let name = file.strip_prefix(folder).unwrap();
        if which(name) {
            // What was not there then is gone.
            if fs::copy(older.join(name), &file).is_err() {
                fs::remove_file(&file).unwrap();
            }
        }
    }
}

fn leave(folder: &Path, names: &[&str]) {
    for name in names {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, b"half a fi").unwrap();
    }
}

#[test]
fn files_that_do_not_belong_together_and_what_was_left_behind_cost_nothing_of_the_nodes_own() {
    let dir = tempfile::tempdir().unwrap();
    let (whole, older) = (dir.path().join("whole"), dir.path().join("older"));
    fs::create_dir_all(&whole).unwrap();
    filled(&whole, &older);
    let older = || older.clone();
    let (one, two, three, four, five) = (older(), older(), older(), older(), older());
    let cases = [
        case("a snapshot newer than the log", move |folder| {
            roll_back(&one, folder, |name| name.ends_with("db"));
        }),
        case("a log newer than the snapshot", move |folder| roll_back(&two, folder, is_snapshot)),
        case("records older than the journal", move |folder| {
            roll_back(&three, folder, |name| name.starts_with("records"));
        }),
        case("a journal older than the records", move |folder| {
            roll_back(&four, folder, |name| name.ends_with("journal"));
        }),
        case("snapshots of both times", move |folder| {
            for file in files(&five).into_iter().filter(|file| is_snapshot(file)) {
                fs::copy(&file, folder.join(file.strip_prefix(&five).unwrap())).unwrap();
            }
        }),
        case("no snapshot", |folder| {
            files(folder)
                .iter()
                .filter(|file| is_snapshot(file))
                .for_each(|file| fs::remove_file(file).unwrap());
        }),
        case("a new store that was not whole", |folder| {
            leave(folder, &["records.new/db", "records.new/conf", "records.new/snap.0000000000000000"]);
        }),
        case("a new journal that was not whole", |folder| leave(folder, &["journal.new"])),
        case("a newer store that never was", |folder| fs::create_dir(folder.join("records.2")).unwrap()),
        case("a newer store of garbage", |folder| leave(folder, &["records.9/db", "records.9/conf"])),
        case("a snapshot that was not whole", |folder| {
            leave(folder, &["records/snap.00000000000000FF.generating", "records/blobs/half.generating"]);
        }),
        case("files of the store's own beside it", |folder| {
            leave(
                folder,
                &["room", "reserve", "records.damaged-2026-11-25/db", "records.damaged-x", "records.x"],
            );
        }),
        case("an older store beside it", |folder| copy(&folder.join("records"), &folder.join("records.0"))),
    ];
    suffer(&whole, &cases);
}

#[test]
fn a_large_store_that_is_damaged_is_up_soon_as_well() {
    if !is_full_size() {
        println!("skipped: set COMMONSHELF_FULL=1 for it");
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let (whole, older) = (dir.path().join("whole"), dir.path().join("older"));
    fs::create_dir_all(&whole).unwrap();
    filled_with(20_004, &whole, &older);
    let mut cases: Vec<Case> = Vec::new();
    for file in files(&whole) {
        let name = file.strip_prefix(&whole).unwrap().to_owned();
        for damage in Damage::all(3) {
            let (name, older) = (name.clone(), older.join(&name));
            let what = format!("{}: {damage:?}", name.display());
            cases.push((what, Box::new(move |folder| damage.inflict(&folder.join(&name), &older))));
        }
    }
    suffer(&whole, &cases);
}
