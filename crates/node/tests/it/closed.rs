//! A circle that only its members read, between real nodes.

use node::{CircleLink, FoundInput, GrantInput, Handle, ImportInput, MemberInput};

use super::{all, digest, listing, on_loopback, table, until};

fn closed(name: &str) -> FoundInput {
    FoundInput { name: name.into(), read: Some("members".into()), ..FoundInput::default() }
}

async fn equal(one: &Handle, other: &Handle) {
    until("the same catalogue", || async { digest(one) == digest(other) }).await;
}

/// A circle beside it that anyone may read: what happens in the one shows that time has passed for the other.
async fn street(handle: &Handle) -> CircleLink {
    handle.found("Straße".into(), None).await.unwrap().link.parse().unwrap()
}

/// Waits until more than gossip carries has come from one to the other in the street's circle. The rounds of
/// both circles begin together, so that the other circle's first one is over then.
async fn a_round(one: &Handle, other: &Handle, name: &str) {
    let street = one.circles().into_iter().find(|circle| circle.name == "Straße").unwrap().id;
    let into = ImportInput { circle: Some(street), ..ImportInput::default() };
    one.import(table(name, 20), into).await.unwrap();
    let last = format!("{name} 19");
    until("a round in the street", || async { all(other).iter().any(|it| it.title == last) }).await;
}

/// What is listed in the closed circle.
fn inside(handle: &Handle) -> Vec<String> {
    let closed = handle.circles()[0].id.clone();
    all(handle).into_iter().filter(|it| it.circle == closed).map(|it| it.title).collect()
}

fn member(handle: &Handle) -> String {
    handle.status().members[0].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_knows_the_circles_id_alone_gets_nothing_and_who_was_invited_gets_all() {
    let folders = [(); 3].map(|()| tempfile::tempdir().unwrap());
    let ada = on_loopback(folders[0].path(), "Ada", &[]).await;
    let circle = ada.handle().found_with(closed("Hausgemeinschaft")).await.unwrap();
    ada.handle().publish(listing("offer", "Kinderbett")).await.unwrap();
    let invitation = ada.handle().invitation(None).await.unwrap();
    assert!(invitation.secret.is_some());
    let shown: CircleLink = circle.link.parse().unwrap();
    assert_eq!(shown.secret, None, "what everybody who looks at the node sees");

    let open = street(ada.handle()).await;
    let eve = on_loopback(folders[1].path(), "Eve", &[]).await;
    eve.handle().join(shown).await.unwrap();
    eve.handle().join(open).await.unwrap();
    a_round(ada.handle(), eve.handle(), "Topf").await;
    assert!(eve.handle().nearby().iter().all(|circle| circle.name == "Straße"));
    assert_eq!((eve.handle().circles()[0].records, inside(eve.handle())), (0, Vec::new()));

    let ben = on_loopback(folders[2].path(), "Ben", &[]).await;
    ben.handle().join(invitation.to_string().parse().unwrap()).await.unwrap();
    equal(ada.handle(), ben.handle()).await;
    assert_eq!(inside(ben.handle()), ["Kinderbett"]);
    ben.handle().publish(listing("need", "Kinderwagen")).await.unwrap();
    equal(ada.handle(), ben.handle()).await;

    // Whoever was refused and gets the invitation afterwards is in.
    eve.handle().join(invitation).await.unwrap();
    equal(ada.handle(), eve.handle()).await;
    for node in [ada, ben, eve] {
        node.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_removal_members_get_the_new_secret_by_themselves_and_the_removed_gets_nothing() {
    let folders = [(); 3].map(|()| tempfile::tempdir().unwrap());
    let ada = on_loopback(folders[0].path(), "Ada", &[]).await;
    ada.handle().found_with(closed("Hausgemeinschaft")).await.unwrap();
    let old = ada.handle().invitation(None).await.unwrap();
    let open = street(ada.handle()).await;
    let (ben, cem) =
        (on_loopback(folders[1].path(), "Ben", &[]).await, on_loopback(folders[2].path(), "Cem", &[]).await);
    for node in [&ben, &cem] {
        node.handle().join(old.clone()).await.unwrap();
        until("the charter", || async { !node.handle().circles()[0].name.is_empty() }).await;
        node.handle().publish(listing("offer", "Topf")).await.unwrap();
        equal(ada.handle(), node.handle()).await;
        node.handle().join(open.clone()).await.unwrap();
    }
    let (ben_is, before) = (member(ben.handle()), ben.handle().circles()[0].records);
    // Both are away when it happens.
    ben.stop().await;
    cem.stop().await;
    let input = MemberInput { member: ben_is, ..MemberInput::default() };
    ada.handle().shut_out(input).await.unwrap();
    ada.handle().publish(listing("offer", "Schlüssel zum Keller")).await.unwrap();
    let new = ada.handle().invitation(None).await.unwrap();
    assert_ne!(new.secret, old.secret);

    let peers = ada.handle().status().addresses;
    let cem = on_loopback(folders[2].path(), "Cem", &peers).await;
    equal(ada.handle(), cem.handle()).await;
    assert_eq!(cem.handle().invitation(None).await.unwrap().secret, new.secret);

    let ben = on_loopback(folders[1].path(), "Ben", &peers).await;
    a_round(ada.handle(), ben.handle(), "Besen").await;
    assert_eq!(ben.handle().circles()[0].records, before);
    assert!(!inside(ben.handle()).iter().any(|title| title.starts_with("Schlüssel")));

    // Members go on under the new secret, also after a restart.
    cem.stop().await;
    let cem = on_loopback(folders[2].path(), "Cem", &peers).await;
    cem.handle().publish(listing("offer", "Leiter")).await.unwrap();
    equal(ada.handle(), cem.handle()).await;
    for node in [ada, ben, cem] {
        node.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_steward_renews_the_secret_and_old_invitations_lead_nowhere() {
    let folders = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let ada = on_loopback(folders[0].path(), "Ada", &[]).await;
    ada.handle().found_with(closed("Hausgemeinschaft")).await.unwrap();
    let old = ada.handle().invitation(None).await.unwrap();
    ada.handle().renew(None).await.unwrap();
    let open = street(ada.handle()).await;
    let ben = on_loopback(folders[1].path(), "Ben", &[]).await;
    ben.handle().join(old).await.unwrap();
    ben.handle().join(open).await.unwrap();
    a_round(ada.handle(), ben.handle(), "Topf").await;
    assert_eq!(ben.handle().circles()[0].records, 0);
    assert!(ben.handle().renew(None).await.is_err(), "who is no steward renews nothing");

    // A steward's machine that was lost knew the secret as well.
    let before = ada.handle().invitation(None).await.unwrap().secret;
    let lost = GrantInput { key: member(ben.handle()), ..GrantInput::default() };
    ada.handle().grant(lost.clone()).await.unwrap();
    ada.handle().revoke(lost).await.unwrap();
    assert_ne!(ada.handle().invitation(None).await.unwrap().secret, before);
    ada.stop().await;
    ben.stop().await;
}
