//! Photos between nodes: by themselves, when somebody looks, after a cut, and in spite of liars.

use std::path::{Path, PathBuf};
use std::time::Duration;

use image::codecs::jpeg::JpegEncoder;
use image::{ExtendedColorType, Rgb, RgbImage};
use net::{Command, Event};
use node::{Handle, ListingInput, ListingJson, NodeError, PhotoInput};
use protocol::SessionId;
use protocol::limits::BLOB_PART;
use record::{Hash, Value};

use super::peer::{Mood, Peer};
use super::{all, alone, listing, on_loopback, until};

/// A file as a camera makes it, with much in it: of more than a part when it has been made small.
fn file(seed: u32) -> Vec<u8> {
    let mut state = seed;
    let image = RgbImage::from_fn(1_200, 900, |_, _| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        Rgb([(state >> 24) as u8, (state >> 16) as u8, (state >> 8) as u8])
    });
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, 80)
        .encode(image.as_raw(), image.width(), image.height(), ExtendedColorType::Rgb8)
        .unwrap();
    bytes
}

/// Offers something with a photo.
async fn offer(handle: &Handle, title: &str, seed: u32) -> ListingJson {
    let given = handle.give_photo(file(seed)).await.unwrap();
    let photo = PhotoInput { photo: given.photo, alt: Some("Eine  Leiter".into()) };
    let input = ListingInput { photos: Some(vec![photo]), ..listing("offer", title) };
    handle.publish(input).await.unwrap()
}

/// Both names of a listing's first photo: its own and the thumbnail's.
fn names(listing: &ListingJson) -> [String; 2] {
    let photo = &listing.photos[0];
    [photo.photo.clone(), photo.thumb.clone()]
}

fn kept(folder: &Path, name: &str) -> PathBuf {
    folder.join("photos").join(&name[..2]).join(name)
}

async fn shown(handle: &Handle, name: &str) -> Vec<u8> {
    handle.photo(name, Duration::from_secs(15)).await.unwrap().expect("it has come")
}

/// A node that founded a circle; its folder.
async fn founder(folder: &Path) -> node::Node {
    let node = on_loopback(folder, "Ada", &[]).await;
    node.handle().found("Gartenstraße".into(), None).await.unwrap();
    node
}

async fn joined(folder: &Path, link: &str) -> node::Node {
    let node = on_loopback(folder, "Bo", &[]).await;
    node.handle().join(link.parse().unwrap()).await.unwrap();
    node
}

fn link(node: &node::Node) -> String {
    node.handle().circles()[0].link.clone()
}

/// A link to the same circle at other nodes.
fn link_to(circle: &str, peers: &[&Peer]) -> String {
    let peers: Vec<String> = peers.iter().map(|peer| format!("peer={}", peer.address)).collect();
    format!("commonshelf:{circle}?{}", peers.join("&"))
}

#[tokio::test(flavor = "multi_thread")]
async fn thumbnails_come_by_themselves_and_a_photo_is_the_same_byte_for_byte() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let ada = founder(one.path()).await;
    let offered = offer(ada.handle(), "Leiter", 1).await;
    assert_eq!(offered.photos[0].alt, "Eine Leiter");
    let [photo, thumb] = names(&offered);
    let bo = joined(two.path(), &link(&ada)).await;
    until("the thumbnail is here", async || kept(two.path(), &thumb).exists()).await;
    assert!(!kept(two.path(), &photo).exists(), "nobody has looked at the photo yet");
    let bytes = shown(bo.handle(), &photo).await;
    assert_eq!(bytes, shown(ada.handle(), &photo).await);
    assert_eq!(Hash::of(&bytes).to_string(), photo);
    assert!(bytes.len() > 2 * BLOB_PART as usize, "{} bytes", bytes.len());
    assert_eq!(std::fs::read(kept(two.path(), &photo)).unwrap(), bytes);

    // An edit of the words keeps the photo; the end of the listing takes it off both disks.
    let edit = ListingInput { text: Some("Drei Meter".into()), ..ListingInput::default() };
    let edited = ada.handle().edit(offered.key.clone(), edit).await.unwrap();
    assert_eq!(edited.photos, offered.photos);
    until("the edit is there", async || all(bo.handle()).iter().any(|it| it.id == edited.id)).await;
    assert!(kept(two.path(), &photo).exists());
    ada.handle().withdraw(offered.key).await.unwrap();
    for folder in [one.path(), two.path()] {
        // Ada's own photo waits an hour for another listing.
        if folder == two.path() {
            until("it is gone", async || !kept(folder, &photo).exists() && !kept(folder, &thumb).exists())
                .await;
        }
    }
    ada.stop().await;
    let ada = alone(one.path()).await;
    assert!(!kept(one.path(), &photo).exists() && !kept(one.path(), &thumb).exists());
    let error = ada.handle().photo(&photo, Duration::ZERO).await.unwrap_err();
    assert!(matches!(error, NodeError::NoSuchPhoto(_)));
    for name in ["../../root.key", "", &photo.to_uppercase(), &photo[1..]] {
        let error = ada.handle().photo(name, Duration::ZERO).await.unwrap_err();
        assert!(matches!(error, NodeError::NoSuchPhoto(_)), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_photo_goes_on_where_the_connection_and_the_node_broke_off() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let ada = founder(one.path()).await;
    let offered = offer(ada.handle(), "Leiter", 1).await;
    let [photo, thumb] = names(&offered);
    let (whole, small) = (shown(ada.handle(), &photo).await, shown(ada.handle(), &thumb).await);
    let address = ada.handle().status().addresses[0].clone();
    // The thumbnail and one part of the photo, then silence.
    let photos = || vec![whole.clone(), small.clone()];
    let mood = Mood::FallsSilent { after: 2 };
    let silent = Peer::start(&offered.circle, std::slice::from_ref(&address), photos(), mood).await;
    until("it has the records", async || {
        *silent.records.lock().unwrap() >= ada.handle().circles()[0].records
    })
    .await;
    ada.stop().await;
    let bo = joined(two.path(), &link_to(&offered.circle, &[&silent])).await;
    until("the thumbnail is here", async || kept(two.path(), &thumb).exists()).await;
    assert_eq!(bo.handle().photo(&photo, Duration::from_millis(10)).await.unwrap(), None);
    let begun = two.path().join("photos/parts").join(format!("{photo}-{}", whole.len()));
    until("a part is kept", async || begun.exists()).await;
    until("it asks for the next", async || silent.asked.lock().unwrap().len() == 3).await;
    assert_eq!(*silent.asked.lock().unwrap(), [0, 0, BLOB_PART]);
    // The peer is gone in the middle, and so is this node; both come again.
    drop(silent);
    bo.stop().await;
    let bo = on_loopback(two.path(), "Bo", &[]).await;
    let back = Peer::start(&offered.circle, &bo.handle().status().addresses, photos(), Mood::Honest).await;
    assert_eq!(shown(bo.handle(), &photo).await, whole);
    assert_eq!(back.asked.lock().unwrap().first(), Some(&BLOB_PART), "it goes on, and does not begin again");
    assert!(!begun.exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_lies_is_banned_and_the_photos_come_from_another() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let ada = founder(one.path()).await;
    let mut offers = Vec::new();
    let mut photos = Vec::new();
    for seed in 1..=2 {
        let offered = offer(ada.handle(), &format!("Leiter {seed}"), seed).await;
        for name in names(&offered) {
            photos.push(shown(ada.handle(), &name).await);
        }
        offers.push(offered);
    }
    let circle = offers[0].circle.clone();
    let address = ada.handle().status().addresses[0].clone();
    let liar = Peer::start(&circle, std::slice::from_ref(&address), photos, Mood::Lies).await;
    until("it has the records", async || *liar.records.lock().unwrap() >= ada.handle().circles()[0].records)
        .await;
    let bo = joined(two.path(), &link_to(&circle, &[&liar])).await;
    until("the records are here", async || all(bo.handle()).len() == 2).await;
    // Each of the two thumbnails is a lie; two are enough.
    let name = liar.address.rsplit('/').next().unwrap().to_owned();
    until("it is banned", async || {
        liar.asked.lock().unwrap().len() >= 2 && bo.handle().peers().iter().all(|peer| peer.peer != name)
    })
    .await;
    for offered in &offers {
        for name in names(offered) {
            assert!(!kept(two.path(), &name).exists());
        }
    }
    bo.handle().dial(address.parse().unwrap()).await.unwrap();
    for offered in &offers {
        let [photo, thumb] = names(offered);
        until("the thumbnail is here", async || kept(two.path(), &thumb).exists()).await;
        assert_eq!(Hash::of(&shown(bo.handle(), &photo).await).to_string(), photo);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_to_the_circle_is_told_that_there_is_no_such_photo() {
    let one = tempfile::tempdir().unwrap();
    let ada = founder(one.path()).await;
    let offered = offer(ada.handle(), "Leiter", 1).await;
    let [photo, _] = names(&offered);
    let bytes = shown(ada.handle(), &photo).await;
    let address = ada.handle().status().addresses[0].clone();
    let config = net::Config { peers: vec![address.parse().unwrap()], ..net::Config::silent([9; 32]) };
    let (stranger, mut events) = net::start(config).await.unwrap();
    let answer = tokio::time::timeout(Duration::from_secs(20), async {
        loop {
            let event = events.recv().await.unwrap();
            if let Event::Connected { peer, .. } = event {
                let session = SessionId(2);
                let frame = Value::List(vec![
                    Value::Text("ask".into()),
                    Value::Bytes(Hash::of(&bytes).as_bytes().to_vec()),
                    Value::Uint(bytes.len() as u64),
                    Value::Uint(0),
                ])
                .encode();
                stranger.send(Command::OpenForBlobs { peer, session }).await;
                stranger.send(Command::Send { session, frame }).await;
            } else if let Event::Frame { session: SessionId(2), frame } = event {
                return frame;
            }
        }
    });
    let answer = Value::decode(&answer.await.expect("an answer")).unwrap();
    assert_eq!(answer, Value::List(vec![Value::Text("lacking".into())]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listing_takes_only_photos_that_were_given_and_at_most_four() {
    let one = tempfile::tempdir().unwrap();
    let node = alone(one.path()).await;
    let handle = node.handle();
    handle.found("Gartenstraße".into(), None).await.unwrap();
    let with = |photos: Vec<PhotoInput>| ListingInput { photos: Some(photos), ..listing("offer", "Leiter") };
    let unknown = PhotoInput { photo: Hash::of(b"x").to_string(), alt: None };
    let error = handle.publish(with(vec![unknown])).await.unwrap_err();
    assert!(matches!(error, NodeError::NoSuchPhoto(_)));
    let given = handle.give_photo(file(3)).await.unwrap();
    let photo = PhotoInput { photo: given.photo.clone(), alt: None };
    let error = handle.publish(with(vec![photo.clone(); 5])).await.unwrap_err();
    assert!(error.to_string().contains("photos"), "{error}");
    let offered = handle.publish(with(vec![photo])).await.unwrap();
    assert_eq!(offered.photos[0].photo, given.photo);
    let off = ListingInput { photos: Some(Vec::new()), ..ListingInput::default() };
    assert!(handle.edit(offered.key, off).await.unwrap().photos.is_empty());
    node.stop().await;
    // What is in no listing does not outlive the node.
    let node = alone(one.path()).await;
    assert!(!kept(one.path(), &given.photo).exists());
    node.stop().await;
}
