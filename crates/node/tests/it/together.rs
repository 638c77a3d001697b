use node::{CircleLink, Config, Handle, Network, Node};

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
    let pairs = ada.handle().matches_of(&need.id, 5, node::Reader::Guest).unwrap();
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

async fn with(folder: &std::path::Path, network: Network) -> Node {
    let config =
        Config { data: folder.to_owned(), network: Some(network), member: Some("Ada".into()), notify: None };
    Node::start(config).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_that_can_not_dial_each_other_agree_through_a_relay_and_say_so_in_links() {
    let folders = [(); 3].map(|()| tempfile::tempdir().unwrap());
    let relay =
        Network { listen: vec!["/ip4/127.0.0.1/tcp/0".parse().unwrap()], relay: true, ..Network::default() };
    let relay = with(folders[0].path(), relay).await;
    let at: node::Address = relay.handle().status().addresses[0].parse().unwrap();
    // It listens nowhere else, and the relay keeps no circle.
    let ada = with(folders[1].path(), Network { via: vec![at], ..Network::default() }).await;
    until("a place at the relay", || async { !ada.handle().status().addresses.is_empty() }).await;
    let circle = ada.handle().found("Gartenstraße".into(), None).await.unwrap();
    ada.handle().publish(listing("offer", "Leiter")).await.unwrap();
    let circle = ada.handle().circles().into_iter().find(|it| it.id == circle.id).unwrap();
    assert!(circle.link.contains("/p2p-circuit/"), "{}", circle.link);
    let ben = with(folders[2].path(), Network::default()).await;
    ben.handle().join(circle.link.parse().unwrap()).await.unwrap();
    equal(ada.handle(), ben.handle(), 1).await;
    ben.handle().publish(listing("need", "Topf")).await.unwrap();
    equal(ada.handle(), ben.handle(), 2).await;
    for node in [ben, ada, relay] {
        node.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_that_met_once_find_each_other_after_a_restart_without_being_told() {
    let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let ada = on_loopback(here.path(), "Ada", &[]).await;
    let address = ada.handle().status().addresses[0].clone();
    ada.handle().found("Kreis".into(), None).await.unwrap();
    ada.handle().publish(listing("offer", "Topf")).await.unwrap();
    // Told once, on the command line: such peers are not remembered as such.
    let ben = on_loopback(there.path(), "Ben", std::slice::from_ref(&address)).await;
    let id = ada.handle().circles()[0].id.clone();
    ben.handle().join(id.parse().unwrap()).await.unwrap();
    equal(ada.handle(), ben.handle(), 1).await;
    let names = [&ada, &ben].map(|node| node.handle().status().peer);
    ben.stop().await;
    ada.stop().await;

    let at = |text: &str| text.split("/p2p/").next().unwrap().parse().unwrap();
    let ada = with(here.path(), Network { listen: vec![at(&address)], ..Network::default() }).await;
    let ben = on_loopback(there.path(), "Ben", &[]).await;
    assert_eq!([&ada, &ben].map(|node| node.handle().status().peer), names, "the names stay");
    ada.handle().publish(listing("offer", "Pfanne")).await.unwrap();
    equal(ada.handle(), ben.handle(), 2).await;
    ada.stop().await;
    ben.stop().await;
}
