//! What readers see of a circle.

use catalogue::{Catalogue, Window};
use protocol::News;
use record::{
    Body, Charter, CircleId, Grant, GrantRole, Key, Listing, Map, MemberId, SecretKey, Side, Statement,
    ThingNumber, Timestamp, Verified,
};

use super::View;
use crate::error::NodeError;
use crate::input::Filter;
use crate::looking::Reader;

const NOW: Timestamp = Timestamp::from_millis(1_790_000_000_000);

fn device() -> SecretKey {
    SecretKey::from_seed(&[2; 32])
}

/// A circle with these listings, each of a member of its own.
fn view(listings: Vec<Listing>) -> (View, CircleId) {
    let (mut view, circle, catalogue, records) = case(listings);
    let digest = catalogue.digests(Window::between(NOW, NOW)).all();
    view.follow(&catalogue, &News { admitted: records, removed: Vec::new() }, digest);
    (view, circle)
}

/// The same, and nobody has told the view of the records yet.
fn case(listings: Vec<Listing>) -> (View, CircleId, Catalogue, Vec<Verified>) {
    let founder = SecretKey::from_seed(&[1; 32]);
    let author = MemberId::from(founder.public());
    let key = Key::from_bytes([0; 16]);
    let founding = Statement { author, circle: CircleId::FOUNDING, key, revision: NOW };
    let charter = Body::Charter(Charter::founding("Gartenstraße", author).unwrap());
    let mut records = vec![founding.sign(&charter, &device()).unwrap()];
    let circle = CircleId::founded_by(records[0].id());
    for (number, listing) in (10_u8..).zip(listings) {
        let root = SecretKey::from_seed(&[number; 32]);
        let say = |key| Statement { author: root.public().into(), circle, key, revision: NOW };
        let (signer, until) = (device().public(), NOW.plus_days(1));
        let grant = Grant { signer, role: GrantRole::Device, until, other: Map::new() };
        records.push(say(Grant::key(&signer)).sign(&Body::Grant(grant), &root).unwrap());
        records.push(say(key).sign(&Body::Listing(listing), &device()).unwrap());
    }
    let mut catalogue = Catalogue::new(circle);
    for record in &records {
        catalogue.insert(record, NOW).unwrap();
    }
    let admitted = |record: &Verified| catalogue.admitted(&record.id()).is_some();
    assert!(records.iter().all(admitted));
    let mut view = View::new(author);
    view.add_circle(circle);
    (view, circle, catalogue, records)
}

fn pairs(view: &View, circle: CircleId) -> usize {
    view.all_matches(10)
        .iter()
        .filter(|(_, pair)| view.pair(circle, pair, NOW, Reader::Guest).is_some())
        .count()
}

#[test]
fn a_listing_that_needs_an_unknown_feature_is_shown_and_not_matched() {
    let offer = Listing::new(Side::Offer, "Bohrmaschine");
    let need = Listing::new(Side::Need, "Bohrmaschine");
    let (plain, circle) = view(vec![offer.clone(), need.clone()]);
    assert_eq!(pairs(&plain, circle), 1);
    let later = Listing { needs: vec!["time-slots".to_owned()], ..offer };
    let (view, circle) = view(vec![later, need]);
    assert_eq!(view.listings(&Filter::default(), NOW).unwrap().len(), 2);
    assert_eq!(pairs(&view, circle), 0);
}

#[test]
fn what_was_there_at_the_start_is_listed_at_once_and_searched_when_its_words_are_read() {
    let titles = ["Bohrmaschine", "Leiter", "Zelt"];
    let (mut view, circle, catalogue, records) =
        case(titles.map(|title| Listing::new(Side::Offer, title)).into());
    records.iter().for_each(|record| view.add(circle, record));
    let listed = |view: &View| view.listings(&Filter::default(), NOW).unwrap().len();
    let found = |view: &View, text| view.search(text, &Filter::default(), NOW).unwrap().len();
    assert_eq!((listed(&view), view.has_read_words()), (3, false));
    // One goes before it was read, and one comes anew.
    let removed = vec![records[2].id()];
    let admitted = vec![records[4].clone()];
    let digest = catalogue.digests(Window::between(NOW, NOW)).all();
    view.follow(&catalogue, &News { admitted, removed }, digest);
    assert_eq!((listed(&view), found(&view, "leiter")), (2, 1));
    view.read_words(1);
    assert_eq!((view.has_read_words(), found(&view, "zelt")), (false, 1));
    view.read_words(usize::MAX);
    assert!(view.has_read_words());
    assert_eq!(titles.map(|title| found(&view, title)), [0, 1, 1]);
}

#[test]
fn a_thing_is_found_by_its_number_until_it_is_gone() {
    let titles = ["Leiter", "Zelt"];
    let (mut view, circle, catalogue, records) =
        case(titles.map(|title| Listing::new(Side::Offer, title)).into());
    records.iter().for_each(|record| view.add(circle, record));
    let ladder = &records[2];
    let number = ThingNumber::of(&ladder.header().author, &ladder.header().key);
    for text in [number.plain(), number.to_string(), format!("http://hof.local/n/{}", number.plain())] {
        assert_eq!(view.find(&text).unwrap().id, ladder.id(), "{text}");
    }
    assert_eq!(view.json(&view.find(&number.plain()).unwrap(), None).unwrap().number, number.plain());
    // The digits of another number whose check digit is right, and of one whose is not.
    let nobody = ThingNumber::of(&ladder.header().author, &Key::from_bytes([9; 16]));
    assert!(matches!(view.find(&nobody.plain()), Err(NodeError::NoSuchNumber(no)) if no == nobody));
    assert!(matches!(view.find("1234 5678"), Err(NodeError::NoNumber(_))));
    assert!(matches!(view.find("1234"), Err(NodeError::NoSuchListing(_))));
    let digest = catalogue.digests(Window::between(NOW, NOW)).all();
    view.follow(&catalogue, &News { admitted: Vec::new(), removed: vec![ladder.id()] }, digest);
    assert!(matches!(view.find(&number.plain()), Err(NodeError::NoSuchNumber(_))));
    assert_eq!(view.circles.values().map(|circle| circle.numbers.len()).sum::<usize>(), 1);
}
