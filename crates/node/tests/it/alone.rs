use node::{CircleLink, ErrorKind, ImportInput, ListingInput, NodeError};

use super::{all, alone, digest, import, listing, table};

#[tokio::test(flavor = "multi_thread")]
async fn a_new_node_is_in_no_circle_and_says_how_to_get_into_one() {
    let dir = tempfile::tempdir().unwrap();
    let node = alone(dir.path()).await;
    let error = node.handle().publish(listing("offer", "Bohrmaschine")).await.unwrap_err();
    assert!(matches!(error, NodeError::NoCircle), "{error}");
    assert!(error.to_string().contains("circle found NAME"), "{error}");
    assert!(node.handle().status().circles.is_empty());
    assert!(node.handle().matches(false, 10, node::Reader::Guest).await.is_empty());
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_written_is_the_same_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let node = alone(dir.path()).await;
    let circle = node.handle().found("Gartenstraße".into(), None).await.unwrap();
    assert_eq!(circle.name, "Gartenstraße");
    let written = node.handle().publish(listing("offer", "Bohrmaschine")).await.unwrap();
    assert_eq!(written.author_name.as_deref(), Some("Ada"));
    let before = (all(node.handle()), digest(node.handle()), node.handle().status().peer);
    node.stop().await;
    let node = alone(dir.path()).await;
    assert_eq!((all(node.handle()), digest(node.handle()), node.handle().status().peer), before);
    assert_eq!(node.handle().listing(&written.key).unwrap(), written);
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listing_is_edited_and_withdrawn_under_one_key() {
    let dir = tempfile::tempdir().unwrap();
    let node = alone(dir.path()).await;
    let handle = node.handle();
    handle.found("Kreis".into(), None).await.unwrap();
    let first = handle.publish(listing("need", "Leiter")).await.unwrap();
    let change = ListingInput { title: Some("Lange Leiter".into()), ..ListingInput::default() };
    let second = handle.edit(first.key.clone(), change).await.unwrap();
    assert_eq!((second.key == first.key, second.id == first.id), (true, false));
    assert_eq!(all(handle), std::slice::from_ref(&second));
    assert_eq!(handle.withdraw(second.id[..20].into()).await.unwrap(), second);
    assert!(all(handle).is_empty());
    let error = handle.listing(&first.key).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_form_sent_twice_makes_one_listing() {
    let dir = tempfile::tempdir().unwrap();
    let node = alone(dir.path()).await;
    node.handle().found("Kreis".into(), None).await.unwrap();
    let form =
        ListingInput { key: Some("00112233445566778899aabbccddeeff".into()), ..listing("offer", "Topf") };
    let first = node.handle().publish(form.clone()).await.unwrap();
    assert_eq!(node.handle().publish(form).await.unwrap(), first);
    assert_eq!(all(node.handle()).len(), 1);
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_import_of_a_file_adds_nothing_and_a_trial_writes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let node = alone(dir.path()).await;
    let handle = node.handle();
    handle.found("Kreis".into(), None).await.unwrap();
    let trial = ImportInput { dry_run: true, ..ImportInput::default() };
    let report = handle.import(table("Ding", 300), trial).await.unwrap();
    assert_eq!((report.added, report.dry_run, all(handle).len()), (300, true, 0));
    let report = import(handle, table("Ding", 300)).await;
    assert_eq!((report.added, report.unchanged, all(handle).len()), (300, 0, 300));
    let before = digest(handle);
    let report = import(handle, table("Ding", 301)).await;
    assert_eq!((report.added, report.changed, report.unchanged), (1, 0, 300));
    assert_ne!(digest(handle), before);
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_out_of_bounds_is_refused_in_a_sentence_and_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let node = alone(dir.path()).await;
    let handle = node.handle();
    handle.found("Kreis".into(), None).await.unwrap();
    let before = digest(handle);
    let with = |change: fn(&mut ListingInput)| {
        let mut input = listing("offer", "Topf");
        change(&mut input);
        input
    };
    for input in [
        with(|input| input.title = Some("x".repeat(10_000))),
        with(|input| input.title = Some("  ".into())),
        with(|input| input.count = Some("-1".into())),
        with(|input| input.count = Some("many".into())),
        with(|input| input.until = Some("2020-01-01".into())),
        with(|input| input.place = Some("100,200".into())),
        with(|input| input.terms = Some("rent".into())),
        with(|input| input.side = Some("trade".into())),
        with(|input| input.key = Some("short".into())),
    ] {
        let error = handle.publish(input).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
        let text = error.to_string();
        assert!(text.len() < 300 && !text.contains('\n'), "{text}");
    }
    assert_eq!(digest(handle), before);
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_circle_that_was_joined_without_a_peer_waits_for_its_charter() {
    let dir = tempfile::tempdir().unwrap();
    let node = alone(dir.path()).await;
    let elsewhere = tempfile::tempdir().unwrap();
    let other = alone(elsewhere.path()).await;
    let link: CircleLink = other.handle().found("Kreis".into(), None).await.unwrap().link.parse().unwrap();
    node.handle().join(link).await.unwrap();
    let error = node.handle().publish(listing("offer", "Topf")).await.unwrap_err();
    assert!(matches!(error, NodeError::NoCharterYet), "{error}");
    assert!(matches!(node.handle().join_nearby().await, Err(NodeError::Offline)));
    node.stop().await;
    other.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_over_the_quota_is_told_so() {
    let dir = tempfile::tempdir().unwrap();
    let node = alone(dir.path()).await;
    node.handle().found("Kreis".into(), Some(3)).await.unwrap();
    for title in ["Topf", "Pfanne", "Kelle"] {
        node.handle().publish(listing("offer", title)).await.unwrap();
    }
    let error = node.handle().publish(listing("offer", "Sieb")).await.unwrap_err();
    assert!(matches!(error, NodeError::Quota { used: 3, limit: 3 }), "{error}");
    assert_eq!(all(node.handle()).len(), 3);
    node.stop().await;
}
