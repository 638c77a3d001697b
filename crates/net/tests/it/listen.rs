//! Where a node cannot listen, it says why and what to do.

use std::net::{TcpListener, UdpSocket};

use net::{Address, Config, NetError};

use crate::support::{Node, config};

async fn error(listen: &str) -> String {
    let listen: Address = listen.parse().unwrap();
    let began = std::time::Instant::now();
    let error = net::start(Config { listen: vec![listen], ..config(1) }).await.unwrap_err();
    assert!(began.elapsed().as_secs() < 2);
    error.to_string()
}

#[tokio::test]
async fn a_busy_port_is_told_with_a_remedy() {
    let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = tcp.local_addr().unwrap().port();
    for ip in ["127.0.0.1", "0.0.0.0"] {
        assert_eq!(
            error(&format!("/ip4/{ip}/tcp/{port}")).await,
            format!(
                "port {port} is taken by another program: choose another with --p2p, such as --p2p \
                 /ip4/{ip}/tcp/0"
            )
        );
    }
    let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = udp.local_addr().unwrap().port();
    assert!(
        error(&format!("/ip4/127.0.0.1/udp/{port}/quic-v1")).await.starts_with(&format!("port {port} is"))
    );
}

#[tokio::test]
async fn a_second_node_does_not_share_the_port_of_the_first() {
    let first = Node::new(1).await;
    for address in &first.listening {
        let error = net::start(Config { listen: vec![address.clone()], ..config(2) }).await.unwrap_err();
        assert!(matches!(error, NetError::PortTaken { .. }), "{error}");
    }
}

#[tokio::test]
async fn an_address_of_another_machine_is_told() {
    assert_eq!(
        error("/ip4/192.0.2.1/tcp/0").await,
        "this machine has no address 192.0.2.1: choose one that it has with --p2p, or 0.0.0.0 for all that \
         it has"
    );
}

#[tokio::test]
async fn a_node_listens_at_all_addresses_it_was_told_and_need_not_listen() {
    let node = Node::new(1).await;
    assert_eq!(node.listening.len(), 2);
    assert!(node.listening.iter().all(|address| address.socket().port() != 0));
    let twice: Address = "/ip4/127.0.0.1/tcp/0".parse().unwrap();
    let (_handle, _events) =
        net::start(Config { listen: vec![twice.clone(), twice], ..config(2) }).await.unwrap();
    let (_handle, _events) = net::start(Config { listen: Vec::new(), ..config(3) }).await.unwrap();
}
