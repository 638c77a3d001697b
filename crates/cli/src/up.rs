//! `commonshelf up`: a node that runs until it is stopped.

use std::future::Future;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use node::lan::HostName;
use node::{Address, CircleLink, Config, Handle, Network, Node, Notify, Program};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;
use web::{Access, Reach};

use crate::args::{Up, Via};
use crate::failure::Failure;
use crate::open::{Everywhere, Keeper, Kept};
use crate::{out, show};

/// The port for other nodes, unless another one is asked for.
const PORT: u16 = 7378;
/// How long answers that have begun may take when the node stops.
const GRACE: Duration = Duration::from_secs(5);
/// How often a person is told how the search for a circle goes.
const LOOK: Duration = Duration::from_millis(500);

/// Runs a node until Ctrl-C or SIGTERM.
pub(crate) fn run(folder: &Path, args: Up, json: bool) -> Result<(), Failure> {
    runtime()?.block_on(up(folder, args, json))
}

/// The runtime of a command that runs nodes.
pub(crate) fn runtime() -> Result<Runtime, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.map_err(|error| Failure::new(format!("the system gives no threads: {error}")))
}

async fn up(folder: &Path, args: Up, json: bool) -> Result<(), Failure> {
    let mut stop = std::pin::pin!(stop_signal()?);
    let listen = if args.p2p.is_empty() { everywhere() } else { args.p2p };
    let via_any = args.via.contains(&Via::Any);
    let via =
        args.via.into_iter().filter_map(|via| if let Via::At(relay) = via { Some(relay) } else { None });
    let network = Network {
        listen,
        peers: args.peer,
        mdns: !args.no_mdns,
        relay: args.relay,
        via: via.collect(),
        via_any,
    };
    let node = Node::start(Config {
        data: folder.to_owned(),
        network: Some(network),
        member: args.member,
        notify: args.notify_cmd.map(|program| Arc::new(Program::new(&program)) as Arc<dyn Notify>),
    });
    let node = tokio::select! {
        node = node => node?,
        () = &mut stop => return Ok(()),
    };
    let door = if args.open {
        Some(Opening { name: args.name, mdns: !args.no_mdns, captive: args.captive })
    } else {
        None
    };
    let served = serve(&node, args.http, door, (args.circle, args.join), json, stop).await;
    node.stop().await;
    served
}

async fn serve(
    node: &Node,
    http: SocketAddr,
    opening: Option<Opening>,
    (circle, join): (Option<String>, Option<String>),
    json: bool,
    stop: impl Future<Output = ()>,
) -> Result<(), Failure> {
    let handle = node.handle();
    let is_open = opening.is_some();
    let pages = match opening {
        Some(opening) => Pages::open_to_all(handle, http, opening).await?,
        None => Pages::open(handle, http).await?,
    };
    handle.folder().announce(&pages.address.to_string())?;
    if let Some(name) = circle {
        handle.found_once(name).await?;
    }
    let looking = match join.as_deref() {
        Some("nearby") => {
            handle.look_nearby().await?;
            handle.circles().is_empty().then(|| "Looking for a circle nearby…\n".to_owned())
        }
        Some(link) => {
            let link: CircleLink = link.parse()?;
            let circle = handle.join(link.clone()).await?;
            circle.name.is_empty().then(|| show::joined(&circle, Some(&link), true))
        }
        None => None,
    };
    let status = handle.status();
    if json {
        let mut ready = json!({
            "event": "ready",
            "http": pages.url(),
            "peer": status.peer,
            "addresses": status.addresses,
            "circle": status.circles.first().map(|circle| &circle.id),
        });
        if is_open {
            ready["pages"] = json!(pages.reach.pages());
            ready["notes"] = json!(pages.notes);
        }
        out::text(&format!("{ready}\n"))?;
    } else {
        out::text(&format!("The node runs. Its pages: {}\n", pages.url()))?;
        if is_open {
            out::text(&show::doors(&pages.reach.pages(), &pages.notes))?;
        }
        match &looking {
            Some(looking) => out::text(looking)?,
            None => out::text(&show::circles(&status.circles))?,
        }
        out::text("Ctrl-C stops it.\n")?;
    }
    let tell = async {
        if looking.is_some() && !json {
            while handle.circles().iter().all(|circle| circle.name.is_empty()) {
                tokio::time::sleep(LOOK).await;
            }
            let _ = out::text(&format!("Joined. {}", show::circles(&handle.circles())));
        }
        std::future::pending::<()>().await;
    };
    tokio::select! {
        () = stop => {}
        () = tell => {}
    }
    pages.close().await;
    Ok(())
}

/// How the pages are opened to a whole network.
struct Opening {
    name: Option<HostName>,
    /// Whether the network is told the name.
    mdns: bool,
    /// Whether devices that ask if there is internet are told so.
    captive: bool,
}

/// A node's pages while they are served.
pub(crate) struct Pages {
    pub(crate) address: SocketAddr,
    reach: Reach,
    /// What a person should know who opened them.
    notes: Vec<String>,
    kept: Option<Kept>,
    close: tokio::sync::oneshot::Sender<()>,
    served: JoinHandle<std::io::Result<()>>,
}

impl Pages {
    /// Serves a node's pages at an address; at port 0 the system chooses one.
    pub(crate) async fn open(handle: &Handle, http: SocketAddr) -> Result<Self, Failure> {
        let taken = |error: std::io::Error| taken(http, &error);
        let listener = TcpListener::bind(http).await.map_err(taken)?;
        let mut address = listener.local_addr().map_err(taken)?;
        let hosts = web::hosts_for(address);
        if address.ip().is_unspecified() {
            address.set_ip(IpAddr::V4(Ipv4Addr::LOCALHOST));
        }
        let access = Access { reach: Reach::at(hosts), captive: false, token: handle.folder().token()? };
        Ok(Self::serve(handle, vec![listener], address, &access))
    }

    /// Serves them at all addresses of the machine, at the port of this one.
    async fn open_to_all(handle: &Handle, http: SocketAddr, opening: Opening) -> Result<Self, Failure> {
        let everywhere = Everywhere::listen(http.port()).await.map_err(|error| taken(http, &error))?;
        let reach = Reach::at(web::hosts_for(everywhere.home));
        let access = Access { reach, captive: opening.captive, token: handle.folder().token()? };
        let mut pages = Self::serve(handle, everywhere.listeners, everywhere.home, &access);
        let (kept, notes) = Keeper::start(access, everywhere.ports, opening.name, opening.mdns).await;
        pages.kept = Some(kept);
        pages.notes = [notes, everywhere.notes].concat();
        Ok(pages)
    }

    fn serve(handle: &Handle, listeners: Vec<TcpListener>, address: SocketAddr, access: &Access) -> Self {
        let router = web::router(handle.clone(), access.clone());
        let (close, closed) = tokio::sync::oneshot::channel::<()>();
        let served = tokio::spawn(web::serve(listeners, router, async {
            // An error means that the other end was dropped: the program ends.
            let _ = closed.await;
        }));
        Self { address, reach: access.reach.clone(), notes: Vec::new(), kept: None, close, served }
    }

    /// Where to click.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Ends, after the answers that have begun.
    pub(crate) async fn close(self) {
        if let Some(kept) = self.kept {
            kept.stop().await;
        }
        let _ = self.close.send(());
        let _ = tokio::time::timeout(GRACE, self.served).await;
    }
}

/// Why the pages can't be served there.
fn taken(http: SocketAddr, error: &std::io::Error) -> Failure {
    Failure::new(if error.kind() == std::io::ErrorKind::AddrInUse {
        format!(
            "the address {http} is taken by another program: stop that one, or choose another port with --http \
             127.0.0.1:{}",
            http.port().saturating_add(10)
        )
    } else {
        format!("the pages can not be served at {http} ({error}): choose another address with --http")
    })
}

/// TCP and QUIC on all of the machine's addresses.
fn everywhere() -> Vec<Address> {
    let texts = [format!("/ip4/0.0.0.0/tcp/{PORT}"), format!("/ip4/0.0.0.0/udp/{PORT}/quic-v1")];
    texts.iter().filter_map(|text| text.parse().ok()).collect()
}

/// Ends when the person or the system wants the program to stop.
pub(crate) fn stop_signal() -> Result<impl Future<Output = ()>, Failure> {
    let failed = |error: std::io::Error| Failure::new(format!("signals can not be heard: {error}"));
    #[cfg(unix)]
    let mut terminate =
        tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()).map_err(failed)?;
    #[cfg(unix)]
    let mut interrupt =
        tokio::signal::unix::signal(tokio::signal::unix::SignalKind::interrupt()).map_err(failed)?;
    #[cfg(not(unix))]
    let _ = failed;
    Ok(async move {
        #[cfg(unix)]
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        #[cfg(not(unix))]
        let _ = tokio::signal::ctrl_c().await;
    })
}
