//! `commonshelf demo`: a small neighbourhood of real nodes on this machine.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use node::{Address, CircleLink, Config, ExchangeJson, Handle, ImportInput, Network, Node, PairJson, Reader};
use serde_json::json;
use tempfile::TempDir;
use tokio::sync::watch;

use crate::args::Demo;
use crate::failure::Failure;
use crate::up::{Pages, runtime, stop_signal};
use crate::{handover, matching, out};

/// A neighbour: what it is called, and the tables with its listings.
struct Neighbour {
    name: &'static str,
    files: &'static [(&'static str, &'static [u8])],
}

macro_rules! table {
    ($name:literal) => {
        ($name, include_bytes!(concat!("../demo/", $name)).as_slice())
    };
}

const CIRCLE: &str = "Gartenstraße";
/// `demo/SOURCES.md` says where the tables come from.
const NEIGHBOURS: [Neighbour; 6] = [
    Neighbour { name: "Lending shop", files: &[table!("leihlokal.csv")] },
    Neighbour { name: "Library", files: &[table!("library.csv")] },
    Neighbour { name: "Give-away shop", files: &[table!("give_away_shop.csv"), table!("hygiene_bank.csv")] },
    Neighbour { name: "Repair café", files: &[table!("repair_cafe_needs_de.csv")] },
    Neighbour { name: "Repair café 2", files: &[table!("repair_cafe_needs_nl.csv")] },
    Neighbour { name: "Neighbours", files: &[table!("neighbours.csv")] },
];
/// Where the first neighbour's pages are, if that is free.
const PAGES: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 7377);
const ANY: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
/// How long the nodes may need to agree.
const PATIENCE: Duration = Duration::from_secs(120);
const LOOK: Duration = Duration::from_millis(100);
/// How many pairs are shown, and out of how many: each need and each offer once.
const PAIRS: usize = 20;
const ALL_PAIRS: usize = 1_000;

/// A neighbour's node.
struct Member {
    name: &'static str,
    node: Node,
    // Why: it is removed with everything in it when the demo ends.
    _folder: TempDir,
}

/// Runs the demo.
pub(crate) fn run(args: &Demo, json: bool) -> Result<(), Failure> {
    runtime()?.block_on(async {
        let (stop, mut stopped) = watch::channel(false);
        let signal = stop_signal()?;
        tokio::spawn(async move {
            signal.await;
            stop.send_replace(true);
        });
        let mut members = Vec::new();
        // Why: not in the `select!`, since a node that was interrupted while it starts leaves files behind.
        let begun = Instant::now();
        let mut done = start_all(&mut members, json, &stopped).await;
        if done.is_ok() {
            let all = async {
                demo(&members, begun, json).await?;
                if args.exit { Ok(()) } else { keep_open(&members, json).await }
            };
            done = tokio::select! {
                done = all => done,
                _ = stopped.wait_for(|stopped| *stopped) => Ok(()),
            };
        }
        for member in members {
            member.node.stop().await;
        }
        done
    })
}

/// Starts a node for each neighbour, unless the demo is stopped meanwhile.
async fn start_all(
    members: &mut Vec<Member>,
    json: bool,
    stopped: &watch::Receiver<bool>,
) -> Result<(), Failure> {
    if !json {
        let count = NEIGHBOURS.len();
        out::text(&format!("Starting {count} nodes that speak libp2p over this machine's loopback…\n"))?;
    }
    let mut circle = None;
    for neighbour in &NEIGHBOURS {
        if *stopped.borrow() {
            break;
        }
        let member = start(neighbour).await?;
        let handle = member.node.handle();
        match &circle {
            None => {
                let link: CircleLink = handle.found(CIRCLE.to_owned(), None).await?.link.parse()?;
                circle = Some(link.circle);
            }
            Some(circle) => {
                // The last two know this one: over TCP and over QUIC.
                let last = members.iter().rev().take(2).map(|member: &Member| member.node.handle());
                let peers = last.zip(["/tcp/", "/quic-v1"]).filter_map(|(handle, way)| address(handle, way));
                let peers = peers.collect();
                handle
                    .join(CircleLink { circle: *circle, name: None, secret: None, token: None, peers })
                    .await?;
            }
        }
        members.push(member);
    }
    Ok(())
}

async fn demo(members: &[Member], begun: Instant, json: bool) -> Result<(), Failure> {
    let say = |text: String| if json { Ok(()) } else { out::text(&text) };
    let handles: Vec<&Handle> = members.iter().map(|member| member.node.handle()).collect();
    wait("the circle's charter to reach all nodes", || handles.iter().all(|handle| named(handle))).await?;
    say(format!("All are in the circle {CIRCLE}. Each writes its listings and signs them:\n"))?;
    let mut written = 0;
    for (neighbour, handle) in NEIGHBOURS.iter().zip(&handles) {
        let mut added = 0;
        for (name, bytes) in neighbour.files {
            let input = ImportInput { file_name: Some((*name).to_owned()), ..ImportInput::default() };
            added += handle.import(bytes.to_vec(), input).await?.added;
        }
        say(format!("  {:<15} {added:>4} listings\n", neighbour.name))?;
        written += added;
    }
    say("They gossip; how many each one has:\n".to_owned())?;
    let mut shown = Vec::new();
    wait("all nodes to have the same listings", || {
        let counts: Vec<usize> = handles.iter().map(|handle| listings(handle)).collect();
        if counts != shown {
            let texts: Vec<String> = counts.iter().map(|count| format!("{count:>4}")).collect();
            let _ = say(format!("  {:>5.1} s {}\n", begun.elapsed().as_secs_f64(), texts.join(" ")));
            shown = counts;
        }
        agree(&handles, written)
    })
    .await?;
    let seconds = begun.elapsed().as_secs_f64();
    let first = handles.first().ok_or_else(|| Failure::new("there is no node"))?;
    let pairs = varied(first.matches(false, ALL_PAIRS, Reader::Member).await);
    let neighbours: Vec<_> = NEIGHBOURS
        .iter()
        .zip(&handles)
        .map(|(neighbour, handle)| handover::Neighbour { name: neighbour.name, handle })
        .collect();
    if json {
        let handed = handover::show(&neighbours, &pairs, &say).await?;
        return tell(&handles, &pairs, seconds, handed.as_ref());
    }
    say(format!("All {} nodes have the same {written} listings after {seconds:.1} s:\n", handles.len()))?;
    for member in members {
        let status = member.node.handle().status();
        let digest = status.circles.first().map(|circle| circle.digest.clone()).unwrap_or_default();
        say(format!("  {:<15} digest {}…\n", member.name, digest.get(..16).unwrap_or(&digest)))?;
    }
    say(format!("\nWho can help whom, and why:\n{}", matching::pairs(&pairs)))?;
    handover::show(&neighbours, &pairs, &say).await.map(drop)
}

async fn start(neighbour: &Neighbour) -> Result<Member, Failure> {
    let folder = tempfile::Builder::new().prefix("commonshelf-demo-").tempdir();
    let folder = folder.map_err(|error| Failure::new(format!("no temporary folder can be made: {error}")))?;
    let listen: Result<Vec<Address>, _> =
        ["/ip4/127.0.0.1/tcp/0", "/ip4/127.0.0.1/udp/0/quic-v1"].into_iter().map(str::parse).collect();
    let listen = listen.map_err(|error| Failure::new(error.to_string()))?;
    let config = Config {
        data: folder.path().to_owned(),
        network: Some(Network { listen, ..Network::default() }),
        member: Some(neighbour.name.to_owned()),
        notify: None,
    };
    Ok(Member { name: neighbour.name, node: Node::start(config).await?, _folder: folder })
}

/// The address of a node that is carried this way.
fn address(handle: &Handle, way: &str) -> Option<Address> {
    handle.status().addresses.iter().find(|address| address.contains(way))?.parse().ok()
}

fn named(handle: &Handle) -> bool {
    handle.circles().first().is_some_and(|circle| circle.name == CIRCLE)
}

fn listings(handle: &Handle) -> usize {
    handle.circles().first().map_or(0, |circle| circle.listings)
}

fn agree(handles: &[&Handle], written: usize) -> bool {
    let mut digests =
        handles.iter().map(|handle| handle.circles().first().map(|circle| circle.digest.clone()));
    let first = digests.next();
    digests.all(|digest| Some(digest) == first) && handles.iter().all(|handle| listings(handle) == written)
}

/// The best pair of each need, with an offer that was not shown yet.
fn varied(pairs: Vec<PairJson>) -> Vec<PairJson> {
    let mut shown = BTreeSet::new();
    let mut new = |pair: &PairJson| {
        let (need, offer) = (pair.need.title.clone(), pair.offer.title.clone());
        let known = shown.contains(&need) || shown.contains(&offer);
        if !known {
            shown.extend([need, offer]);
        }
        !known
    };
    pairs.into_iter().filter(|pair| new(pair)).take(PAIRS).collect()
}

async fn wait(what: &str, mut holds: impl FnMut() -> bool) -> Result<(), Failure> {
    let begun = Instant::now();
    while !holds() {
        if begun.elapsed() > PATIENCE {
            return Err(Failure::new(format!(
                "waited {} s in vain for {what}: is this machine very busy? COMMONSHELF_LOG=info tells more",
                PATIENCE.as_secs()
            )));
        }
        tokio::time::sleep(LOOK).await;
    }
    Ok(())
}

fn tell(
    handles: &[&Handle],
    pairs: &[PairJson],
    seconds: f64,
    handed: Option<&ExchangeJson>,
) -> Result<(), Failure> {
    let nodes = handles.iter().map(|handle| {
        let circle = handle.circles().into_iter().next();
        let (listings, digest) = circle.map(|circle| (circle.listings, circle.digest)).unwrap_or_default();
        json!({ "peer": handle.peer().to_string(), "listings": listings, "digest": digest })
    });
    let nodes: Vec<_> = nodes.collect();
    let told = json!({ "nodes": nodes, "matches": pairs, "seconds": seconds, "handover": handed });
    out::text(&format!("{told}\n"))
}

/// Serves all nodes' pages for ever.
async fn keep_open(members: &[Member], json: bool) -> Result<(), Failure> {
    let mut open = Vec::new();
    for (number, member) in members.iter().enumerate() {
        let handle = member.node.handle();
        let pages = match Pages::open(handle, if number == 0 { PAGES } else { ANY }).await {
            Err(_) if number == 0 => Pages::open(handle, ANY).await?,
            other => other?,
        };
        open.push(pages);
    }
    if !json {
        out::text("\nEach node has its pages:\n")?;
        for (member, pages) in members.iter().zip(&open) {
            out::text(&format!("  {:<15} {}\n", member.name, pages.url()))?;
        }
        out::text("Ctrl-C ends the demo and removes what it wrote.\n")?;
    }
    std::future::pending().await
}
