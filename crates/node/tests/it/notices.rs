//! What the member is told.

use node::{Node, NodeError, NoticeJson, PrivateInput, Reader};

use super::{alone, import, listing, on_loopback, table, until};

fn private(title: &str) -> PrivateInput {
    PrivateInput { title: Some(title.into()), ..PrivateInput::default() }
}

async fn told(node: &Node) -> Vec<NoticeJson> {
    node.handle().notices(false, 1_000).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_keeps_so_many_private_needs_and_not_more_and_reads_them_again() {
    let dir = tempfile::tempdir().unwrap();
    let node = alone(dir.path()).await;
    for number in 0..200 {
        node.handle().need_privately(private(&format!("Thing {number}"))).await.unwrap();
    }
    let refused = node.handle().need_privately(private("one more")).await;
    assert!(matches!(refused, Err(NodeError::TooMuchPrivate(200))), "{refused:?}");
    let gone = node.handle().private_need("").unwrap_err();
    assert!(matches!(gone, NodeError::NoSuchListing(_)), "{gone:?}");
    let one = node.handle().private_needs().pop().unwrap();
    node.handle().forget_private(one.listing.key).await.unwrap();
    node.handle().need_privately(private("one more")).await.unwrap();
    let before = node.handle().private_needs();
    node.stop().await;
    let node = alone(dir.path()).await;
    let mut after = node.handle().private_needs();
    after.sort_by(|one, other| one.listing.id.cmp(&other.listing.id));
    let mut before = before;
    before.sort_by(|one, other| one.listing.id.cmp(&other.listing.id));
    assert_eq!((after.len(), after), (200, before));
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_that_fit_the_best_are_told_once_and_no_others_with_the_next_start() {
    let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let ada = on_loopback(here.path(), "Ada", &[]).await;
    let circle = ada.handle().found("Gartenstraße".into(), None).await.unwrap();
    let ben = on_loopback(there.path(), "Ben", &[]).await;
    ben.handle().join(circle.link.parse().unwrap()).await.unwrap();
    until("the charter", || async { !ben.handle().circles()[0].name.is_empty() }).await;
    import(ben.handle(), table("Kinderwagen", 300)).await;
    until("all is there", || async { ada.handle().circles()[0].listings == 300 }).await;
    let need = ada.handle().need_privately(private("Kinderwagen")).await.unwrap();
    let first = told(&ada).await;
    assert!((1..=20).contains(&first.len()), "{}", first.len());
    assert!(first.iter().all(|notice| notice.pair.need.key == need.listing.key && !notice.seen));
    assert_eq!(ada.handle().unseen(), Some(first.len()));
    let dismissed = ada.handle().dismiss(first[0].pair.pair.clone()).await.unwrap();
    assert_eq!(dismissed.offer, first[0].pair.offer);
    assert_eq!(ada.handle().see(vec![first[1].pair.pair.clone()]).await.unwrap(), 1);
    assert_eq!(ada.handle().see(Vec::new()).await.unwrap(), first.len() - 2);
    assert_eq!(ada.handle().unseen(), Some(0));
    let second = told(&ada).await;
    assert_eq!(second.len(), first.len() - 1);
    ada.stop().await;
    let ada = on_loopback(here.path(), "Ada", &[]).await;
    assert_eq!(told(&ada).await, second, "neither more nor fewer");
    // Who looks as a guest sees pairs of others, and none that is private.
    assert_eq!(ada.handle().matches(false, 10, Reader::Guest).await, []);
    assert!(!ada.handle().matches(true, 10, Reader::Member).await.is_empty());
    ben.handle().publish(listing("offer", "Kinderwagen und Buggy")).await.unwrap();
    ada.stop().await;
    ben.stop().await;
}
