use std::path::Path;

use node::{Handle, ListingInput, RestoredJson};

use super::{all, alone, digest, import, listing, table};

/// The rest of a backup.
async fn rest(backup: &mut node::OutgoingBackup, bytes: &mut Vec<u8>) {
    while let Some(more) = backup.next().await.unwrap() {
        bytes.extend(more);
    }
}

async fn restored(folder: &Path, bytes: Vec<u8>) -> RestoredJson {
    let folder = folder.to_owned();
    let restore = move || node::restore(&folder, bytes.as_slice(), true, |_| {});
    tokio::task::spawn_blocking(restore).await.unwrap().unwrap()
}

async fn renamed(handle: &Handle, key: &str) {
    let change = ListingInput { title: Some(format!("Neu {key}")), ..ListingInput::default() };
    handle.edit(key.to_owned(), change).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_that_is_made_while_the_node_writes_is_its_state_at_one_moment() {
    let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let node = alone(from.path()).await;
    let handle = node.handle();
    handle.found("Gartenstraße".into(), None).await.unwrap();
    import(handle, table("Ding", 900)).await;
    let before = all(handle);

    let (mut backup, mut bytes) = (handle.backup().await.unwrap(), Vec::new());
    for _ in 0..4 {
        bytes.extend(backup.next().await.unwrap().unwrap());
    }
    // What was copied and what was not: some of either is changed and withdrawn, and more is written.
    for listing in before.iter().step_by(9) {
        renamed(handle, &listing.key).await;
    }
    for listing in before.iter().skip(4).step_by(30) {
        handle.withdraw(listing.key.clone()).await.unwrap();
    }
    import(handle, table("Späteres", 400)).await;
    handle.found("Hof".into(), None).await.unwrap();
    handle.publish(ListingInput { circle: Some("Hof".into()), ..listing("offer", "Leiter") }).await.unwrap();
    rest(&mut backup, &mut bytes).await;
    let (listings, digests, peer) = (all(handle), digest(handle), handle.status().peer);
    // This is later than the backup.
    handle.publish(listing("offer", "Zu spät")).await.unwrap();
    node.stop().await;

    let report = restored(to.path(), bytes).await;
    assert_eq!((report.circles, report.rejected, report.problem), (2, 0, None));
    let node = alone(to.path()).await;
    assert!(all(node.handle()) == listings, "the listings are others");
    assert_eq!((digest(node.handle()), node.handle().status().peer), (digests, peer));
    node.stop().await;
}
