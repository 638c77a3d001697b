use node::{CircleLink, Handle};

use super::{all, digest, import, listing, on_loopback, table, until};

async fn equal(one: &Handle, other: &Handle, listings: usize) {
    until(&format!("{listings} listings on both"), || async {
        digest(one) == digest(other) && all(one).len() == listings && all(other).len() == listings
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_share_match_and_survive_a_stop() {
    let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let ada = on_loopback(here.path(), "Ada", &[]).await;
    let circle = ada.handle().found("Gartenstraße".into(), None).await.unwrap();
    let link: CircleLink = circle.link.parse().unwrap();
    assert!(!link.peers.is_empty(), "{}", circle.link);
    import(ada.handle(), table("Bohrer", 500)).await;

    let ben = on_loopback(there.path(), "Ben", &[]).await;
    ben.handle().join(link).await.unwrap();
    equal(ada.handle(), ben.handle(), 500).await;
    assert_eq!(ben.handle().circles()[0].name, "Gartenstraße");

    let offer = ada.handle().publish(listing("offer", "Leihe Nähmaschine")).await.unwrap();
    let need = ben.handle().publish(listing("need", "Suche Nähmaschine")).await.unwrap();
    equal(ada.handle(), ben.handle(), 502).await;
    let pairs = ada.handle().matches_of(&need.id, 5).unwrap();
    assert_eq!(pairs[0].offer.id, offer.id);
    assert!(!pairs[0].reasons.is_empty());

    ada.stop().await;
    import(ben.handle(), table("Säge", 20)).await;
    let ada = on_loopback(here.path(), "Ada", &[]).await;
    let address = ben.handle().status().addresses[0].parse().unwrap();
    ada.handle().dial(address).await.unwrap();
    equal(ada.handle(), ben.handle(), 522).await;
    ada.stop().await;
    ben.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_looks_nearby_joins_what_its_peer_keeps() {
    let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let ada = on_loopback(here.path(), "Ada", &[]).await;
    let ben = on_loopback(there.path(), "Ben", &ada.handle().status().addresses).await;
    ben.handle().look_nearby().await.unwrap();
    // Founded only when the two are connected already.
    until("connected", || async { !ben.handle().peers().is_empty() }).await;
    ada.handle().found("Kreis".into(), None).await.unwrap();
    ada.handle().publish(listing("offer", "Topf")).await.unwrap();
    equal(ada.handle(), ben.handle(), 1).await;
    let nearby = ben.handle().nearby();
    assert_eq!((nearby.len(), nearby[0].joined, nearby[0].name.as_str()), (1, true, "Kreis"));
    ada.stop().await;
    ben.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn five_nodes_in_a_line_have_one_catalogue() {
    let folders: Vec<_> = (0..5).map(|_| tempfile::tempdir().unwrap()).collect();
    let mut nodes = Vec::new();
    let mut last = Vec::new();
    let mut link: Option<CircleLink> = None;
    for (number, folder) in folders.iter().enumerate() {
        let node = on_loopback(folder.path(), &format!("Neighbour {number}"), &last).await;
        last = node.handle().status().addresses;
        match &link {
            None => {
                link = Some(node.handle().found("Kreis".into(), None).await.unwrap().link.parse().unwrap());
            }
            Some(link) => {
                node.handle().join(CircleLink { peers: Vec::new(), ..link.clone() }).await.unwrap();
            }
        }
        nodes.push(node);
    }
    until("the charter is everywhere", || async {
        nodes.iter().all(|node| node.handle().circles()[0].name == "Kreis")
    })
    .await;
    for (number, node) in nodes.iter().enumerate() {
        import(node.handle(), table(&format!("Ding von {number}"), 50)).await;
        node.handle().publish(listing("need", &format!("Suche {number}"))).await.unwrap();
    }
    until("one catalogue", || async {
        let first = digest(nodes[0].handle());
        nodes.iter().all(|node| digest(node.handle()) == first && all(node.handle()).len() == 255)
    })
    .await;
    for node in nodes {
        node.stop().await;
    }
}
