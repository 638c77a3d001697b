//! Exchanges of a node without a network: what is said leaves at once, or comes to a guest of the same node at once.

use node::{ActInput, BundleWriter, ExchangeJson, Handle, ListingInput, RequestInput};
use record::{
    Body, CircleId, Grant, GrantRole, Key, Listing, Map, MemberId, SealKey, SealPublic, SealSecret,
    SecretKey, Side, Statement, Timestamp, Verified,
};

use super::alone;

async fn ask(handle: &Handle, listing: &str, input: RequestInput) -> ExchangeJson {
    handle.request(listing.to_owned(), input).await.unwrap()
}

async fn act(handle: &Handle, exchange: &str, act: &str, count: &str) -> ExchangeJson {
    let input = ActInput { act: act.into(), count: Some(count.into()), ..ActInput::default() };
    handle.act(exchange.to_owned(), input).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_guest_of_the_same_node_answers_at_once_is_kept() {
    let dir = tempfile::tempdir().unwrap();
    let node = alone(dir.path()).await;
    let handle = node.handle();
    handle.found("Gartenstraße".into(), None).await.unwrap();
    let chairs = ListingInput {
        side: Some("offer".into()),
        title: Some("Stuhl".into()),
        count: Some("3".into()),
        ..ListingInput::default()
    };
    let key = handle.publish(chairs).await.unwrap().key;
    let input = RequestInput {
        guest: Some("Tante Hedwig".into()),
        count: Some("3".into()),
        ..RequestInput::default()
    };
    let id = ask(handle, &key, input).await.id;
    let guest = format!("{id}/asker");
    let lister = format!("{id}/lister");
    act(handle, &lister, "promise", "3").await;
    act(handle, &guest, "receipt", "2").await;
    // The guest's side confirms by itself what is less than it said, while this is told to it.
    let given = act(handle, &lister, "handover", "1").await;
    assert_eq!((given.state.as_str(), given.receipt), ("complete", true), "{given:?}");
    let taken = handle.exchange(guest).await.unwrap();
    assert_eq!((taken.state.as_str(), taken.receipt), ("complete", true), "{taken:?}");
    node.stop().await;
    // It lies on disk as well.
    let node = alone(dir.path()).await;
    let given = node.handle().exchange(lister).await.unwrap();
    assert_eq!((given.state.as_str(), given.receipt), ("complete", true), "{given:?}");
    node.stop().await;
}

/// A member on another machine: its grant, a seal key, and a listing.
fn neighbour(circle: CircleId, number: u8, seal: SealPublic) -> (Key, [Verified; 3]) {
    let (root, device) = (SecretKey::from_seed(&[number; 32]), SecretKey::from_seed(&[number + 100; 32]));
    let since = std::time::UNIX_EPOCH.elapsed().unwrap();
    let now = Timestamp::from_millis(u64::try_from(since.as_millis()).unwrap());
    let listing = Key::from_bytes([number; 16]);
    let says = |key| Statement { author: MemberId::from(root.public()), circle, key, revision: now };
    let (signer, role, until) = (device.public(), GrantRole::Device, now.plus_days(30));
    let grant = Body::Grant(Grant { signer, role, until, other: Map::new() });
    let seal_key = Body::SealKey(SealKey { key: seal, epoch: 0, decides: signer, other: Map::new() });
    let offer = Body::Listing(Listing::new(Side::Offer, &format!("Leiter {number}")));
    let records = [
        says(Grant::key(&signer)).sign(&grant, &root).unwrap(),
        says(SealKey::key()).sign(&seal_key, &device).unwrap(),
        says(listing).sign(&offer, &device).unwrap(),
    ];
    (listing, records)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_seal_key_that_is_none_holds_back_letters_to_its_own_member_alone() {
    let dir = tempfile::tempdir().unwrap();
    let node = alone(dir.path()).await;
    let handle = node.handle();
    let circle: CircleId = handle.found("Gartenstraße".into(), None).await.unwrap().id.parse().unwrap();
    // Zero is a point of low order: nothing sealed to it would be secret.
    let (weak, first) = neighbour(circle, 1, SealPublic::from_bytes([0; 32]));
    let (good, second) = neighbour(circle, 2, SealSecret::from_bytes([7; 32], 0).public());
    let (mut writer, mut bundle) = BundleWriter::begin(circle, None, None);
    for record in first.iter().chain(&second) {
        bundle.extend(writer.add(record.to_record()).unwrap_or_default());
    }
    bundle.extend(writer.end());
    let mut incoming = handle.carry(None);
    incoming.push(&bundle).await.unwrap();
    let taken = incoming.finish().await.unwrap();
    assert_eq!((taken.added, taken.rejected.len()), (6, 0), "{taken:?}");

    let letters = || handle.status().circles[0].letters;
    let waits = ask(handle, &weak.to_string(), RequestInput::default()).await;
    assert_eq!((waits.sent, letters()), (false, 0), "nobody could open it: {waits:?}");
    let leaves = ask(handle, &good.to_string(), RequestInput::default()).await;
    // The letter, and the copy for the member's other devices.
    assert_eq!((leaves.sent, letters()), (true, 2), "{leaves:?}");
    assert!(!handle.exchange(waits.id).await.unwrap().sent);
    node.stop().await;
}
