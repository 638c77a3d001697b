//! Letting a whole network in: listening at all addresses, taking a name, and knowing by which of them one gets here.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use futures::future::join_all;
use node::DoorJson;
use node::lan::{self, HostName, Interface, Standing};
use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};
use web::{Access, Door, Doors};

/// The port that browsers leave out.
const HTTP: u16 = 80;
/// How often it is looked which addresses the machine has; a router may give it others.
const LOOK: Duration = Duration::from_secs(10);
/// How often each address is tried again.
const TRY: Duration = Duration::from_secs(60);
/// How long a start waits until the name is taken.
const NAMED: Duration = Duration::from_secs(5);
/// How long the network is told that the name is free again.
const FAREWELL: Duration = Duration::from_secs(1);

/// Listeners at all addresses of the machine.
pub(crate) struct Everywhere {
    pub(crate) listeners: Vec<TcpListener>,
    /// Where the person at the machine finds the pages.
    pub(crate) home: SocketAddr,
    /// The ports.
    pub(crate) ports: Vec<u16>,
    /// What a person should know.
    pub(crate) notes: Vec<String>,
}

impl Everywhere {
    /// Listens at a port (0: the system chooses), and at the one that browsers leave out if that is allowed.
    pub(crate) async fn listen(port: u16) -> io::Result<Self> {
        let mut listeners = at(port).await?;
        let first = listeners.first().map(TcpListener::local_addr).transpose()?;
        let port = first.map_or(port, |first| first.port());
        let (mut ports, mut notes) = (vec![port], Vec::new());
        if port != HTTP {
            match at(HTTP).await {
                Ok(more) => {
                    listeners.extend(more);
                    ports.push(HTTP);
                }
                Err(error) => notes.push(without_port_80(&error, port)),
            }
        }
        Ok(Self { listeners, home: SocketAddr::from((Ipv4Addr::LOCALHOST, port)), ports, notes })
    }
}

/// Listens at all addresses of IPv6 and IPv4.
async fn at(port: u16) -> io::Result<Vec<TcpListener>> {
    // Most systems take both with the first one; what fails then is the second.
    let six = TcpListener::bind((Ipv6Addr::UNSPECIFIED, port)).await;
    let port = six.as_ref().ok().and_then(|six| six.local_addr().ok()).map_or(port, |six| six.port());
    let four = TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).await;
    match (six, four) {
        (Ok(six), Ok(four)) => Ok(vec![six, four]),
        (Ok(six), Err(error)) if error.kind() == ErrorKind::AddrInUse => Ok(vec![six]),
        // A machine without IPv6; but another program may have that half of the port.
        (Err(error), Ok(four)) if error.kind() != ErrorKind::AddrInUse => Ok(vec![four]),
        (Err(error), _) | (Ok(_), Err(error)) => Err(error),
    }
}

fn without_port_80(error: &io::Error, port: u16) -> String {
    let why = if error.kind() == ErrorKind::PermissionDenied {
        "this program may not use port 80"
    } else if error.kind() == ErrorKind::AddrInUse {
        "another program uses port 80"
    } else {
        return format!(
            "Port 80 can't be used ({error}), so neighbours have to type :{port} after the address."
        );
    };
    format!(
        "{}, so neighbours have to type :{port} after the address; docs/operating.md says what helps.",
        sentence(why)
    )
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect()
}

/// Keeps what the node answers to as the network has it, as long as it is there.
pub(crate) struct Keeper {
    access: Access,
    doors: Doors,
    name: Option<Name>,
    wanted: Option<HostName>,
    tried: Option<Instant>,
    interfaces: Vec<Interface>,
}

/// A name that is told by mDNS.
struct Name {
    tell: watch::Sender<Vec<Interface>>,
    standing: watch::Receiver<Standing>,
    task: JoinHandle<()>,
}

/// The task that keeps it.
pub(crate) struct Kept {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Keeper {
    /// Takes the name, if there is one, and tries all addresses once; then goes on by itself. Gives what a person
    /// should know as well.
    pub(crate) async fn start(
        access: Access,
        ports: Vec<u16>,
        name: Option<HostName>,
        mdns: bool,
    ) -> (Kept, Vec<String>) {
        let interfaces = read(&[]);
        let told = name.clone().filter(|_| mdns).map(|name| {
            let (tell, seen) = watch::channel(interfaces.clone());
            let (standing, task) = lan::hold(name, seen);
            Name { tell, standing, task }
        });
        let doors = Doors { ports, ..Doors::default() };
        let mut keeper = Self { access, doors, name: told, wanted: name, tried: None, interfaces };
        if let Some(name) = &mut keeper.name {
            let settled = name.standing.wait_for(|standing| *standing != Standing::Asking);
            let _ = timeout(NAMED, settled).await;
        }
        let notes = keeper.notes();
        keeper.renew().await;
        let (stop, stopped) = oneshot::channel();
        (Kept { stop, task: tokio::spawn(keeper.keep(stopped)) }, notes)
    }

    async fn keep(mut self, mut stopped: oneshot::Receiver<()>) {
        loop {
            let changed = async {
                let is_told = match &mut self.name {
                    Some(name) => name.standing.changed().await.is_ok(),
                    None => false,
                };
                if !is_told {
                    std::future::pending::<()>().await;
                }
            };
            tokio::select! {
                _ = &mut stopped => break,
                () = tokio::time::sleep(LOOK) => {}
                () = changed => self.notes().iter().for_each(|note| tracing::warn!("{note}")),
            }
            self.interfaces = read(&self.interfaces);
            self.renew().await;
        }
        if let Some(Name { tell, task, .. }) = self.name {
            drop(tell);
            let _ = timeout(FAREWELL, task).await;
        }
    }

    /// What has become of the name, if it is not what was asked for.
    fn notes(&self) -> Vec<String> {
        let Some(wanted) = &self.wanted else { return Vec::new() };
        let local = wanted.local();
        let note = match self.name.as_ref().map(|name| name.standing.borrow().clone()) {
            None => Some(format!("The network is not told of {local}, since --no-mdns says so.")),
            Some(Standing::Held(name)) if name == *wanted => None,
            Some(Standing::Held(name)) => Some(format!(
                "The name {local} is taken on this network: this node is {} there.",
                name.local()
            )),
            Some(Standing::Asking) => Some(format!("Nobody has been asked yet whether {local} is free.")),
            Some(Standing::GaveUp) => Some(format!(
                "Somebody on this network answers to {local} and to all names like it: give neighbours an address."
            )),
        };
        note.into_iter().collect()
    }

    /// Takes over what has changed, and tries what was not tried lately.
    async fn renew(&mut self) {
        let (near, other): (Vec<&Interface>, Vec<&Interface>) =
            self.interfaces.iter().partition(|interface| interface.is_for_neighbours);
        let ips = |interfaces: Vec<&Interface>| interfaces.into_iter().flat_map(Interface::ips).collect();
        let held = match &self.name {
            None => self.wanted.clone(),
            Some(name) => match &*name.standing.borrow() {
                Standing::Held(name) => Some(name.clone()),
                Standing::Asking | Standing::GaveUp => None,
            },
        };
        let doors = Doors {
            name: held.as_ref().map(HostName::local),
            near: ips(near),
            other: ips(other),
            ports: self.doors.ports.clone(),
        };
        if doors != self.doors {
            self.access.reach.answer_to(doors.hosts());
            self.doors = doors;
            self.tried = None;
        }
        if let Some(name) = &self.name {
            name.tell.send_if_modified(|told| {
                let is_new = *told != self.interfaces;
                told.clone_from(&self.interfaces);
                is_new
            });
        }
        if self.tried.is_none_or(|tried| tried.elapsed() >= TRY) {
            let shown = self.doors.shown();
            let tries = shown.iter().map(|door| self.is_tested(door, held.as_ref()));
            let tested = join_all(tries).await;
            let pages = shown.iter().zip(tested).map(|(door, tested)| DoorJson { url: door.url(), tested });
            self.access.reach.show(pages.collect());
            self.tried = Some(Instant::now());
        }
    }

    /// Whether this node has reached itself by a door: for the name, whoever asks the network for it is sent here.
    async fn is_tested(&self, door: &Door, name: Option<&HostName>) -> bool {
        let ip = match (door.ip, name) {
            (Some(ip), _) => Some(ip),
            (None, Some(name)) => self.found(name).await,
            (None, None) => None,
        };
        match ip {
            Some(ip) => web::answers(&self.access, door.socket(ip), &door.host).await,
            None => false,
        }
    }

    /// An address of this machine at which the network finds a name, and no other machine's.
    async fn found(&self, name: &HostName) -> Option<IpAddr> {
        let own: Vec<IpAddr> = self.interfaces.iter().flat_map(Interface::ips).collect();
        for interface in self.interfaces.iter().filter(|interface| interface.is_for_neighbours) {
            let found = lan::look_up(name, interface).await;
            let is_reachable =
                |ip: &&IpAddr| if let IpAddr::V6(ip) = ip { !ip.is_unicast_link_local() } else { true };
            if let Some(ip) = found.iter().find(is_reachable)
                && found.iter().all(|ip| own.contains(ip))
            {
                return Some(*ip);
            }
        }
        None
    }
}

impl Kept {
    /// Ends, and says that the name is free.
    pub(crate) async fn stop(self) {
        let _ = self.stop.send(());
        let _ = timeout(FAREWELL * 2, self.task).await;
    }
}

/// The machine's interfaces now; those from before if the system does not tell.
fn read(before: &[Interface]) -> Vec<Interface> {
    lan::interfaces().unwrap_or_else(|error| {
        tracing::warn!(%error, "the machine does not tell its addresses");
        before.to_vec()
    })
}
