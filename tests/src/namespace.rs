//! Places of the network: this machine, or two machines that see each other alone.

use std::ffi::OsStr;
use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use crate::{Output, PATIENCE, wait_until};

/// Where a program runs.
#[derive(Debug, Clone, Default)]
pub struct Place {
    /// The process that holds the namespace open; without one it is this machine.
    holder: Option<Arc<Holder>>,
}

/// Two network namespaces with a cable between them: what one of them sends to everybody (mDNS) reaches
/// the other, and nobody else.
#[derive(Debug)]
pub struct Lan {
    /// One end.
    pub left: Place,
    /// The other end.
    pub right: Place,
}

/// A process that only waits, in a namespace of its own, until its input ends.
#[derive(Debug)]
struct Holder {
    child: Child,
    /// Whether the namespace belongs to a user namespace, which gives the right to make it.
    user: bool,
}

impl Drop for Holder {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Place {
    /// A command that runs there. In a namespace it ends with the thread that starts it, however that ends: a
    /// test that is killed leaves nothing behind.
    #[must_use]
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let Some(holder) = &self.holder else { return Command::new(program) };
        let mut command = Command::new("nsenter");
        command.args(["--target", &holder.child.id().to_string(), "--net"]);
        if holder.user {
            command.args(["--user", "--preserve-credentials"]);
        }
        command.args(["--", "setpriv", "--pdeathsig", "KILL", "--"]).arg(program);
        command
    }

    /// A namespace of its own: as root, else by a user namespace.
    pub(crate) fn first() -> Result<Self, String> {
        let tools = [("unshare", "util-linux"), ("nsenter", "util-linux"), ("setpriv", "util-linux")];
        for (program, package) in tools.into_iter().chain([("ip", "iproute2")]) {
            let found = Command::new(program).arg("-V").stdout(Stdio::null()).stderr(Stdio::null()).status();
            if found.is_err() {
                return Err(format!("the program `{program}` is missing: install the package {package}"));
            }
        }
        let here = Self::default();
        here.apart(false).or_else(|_| here.apart(true))
    }

    /// Another one, into which this one may put the end of a cable.
    pub(crate) fn neighbour(&self) -> Result<Self, String> {
        let user = self.holder.as_ref().is_some_and(|holder| holder.user);
        // Within one user namespace, if it is one.
        if user { self.apart(true) } else { Self::default().apart(false) }
    }

    /// The process that holds it.
    pub(crate) fn holder_id(&self) -> String {
        self.holder.as_ref().map(|holder| holder.child.id().to_string()).unwrap_or_default()
    }

    /// A namespace of its own, seen from here.
    fn apart(&self, user: bool) -> Result<Self, String> {
        let mut command = self.command("unshare");
        if user && self.holder.is_none() {
            command.args(["--user", "--map-root-user"]);
        }
        command.args(["--net", "--", "cat"]);
        let child = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let child = child.map_err(|error| format!("`unshare` does not start: {error}"))?;
        let mut holder = Holder { child, user };
        let id = holder.child.id();
        let own = fs::read_link("/proc/self/ns/net").map_err(|error| error.to_string())?;
        let outer = match &self.holder {
            Some(outer) => namespace(outer.child.id()),
            None => Some(own.clone()),
        };
        wait_until("a network namespace", PATIENCE, || {
            if let Some(status) = holder.child.try_wait().unwrap() {
                return Ok(Err(format!("`unshare --net` ended with {status}")));
            }
            let is_cat =
                fs::read_to_string(format!("/proc/{id}/comm")).is_ok_and(|name| name.trim() == "cat");
            let name = namespace(id);
            let is_apart = name.is_some() && name != outer && name != Some(own.clone());
            if is_cat && is_apart { Ok(Ok(())) } else { Err("it is not there yet".to_owned()) }
        })?;
        Ok(Self { holder: Some(Arc::new(holder)) })
    }

    pub(crate) fn ip(&self, args: &[&str]) -> Result<(), String> {
        let output = Output::of(self.command("ip").args(args));
        if output.code == 0 {
            Ok(())
        } else {
            Err(format!("`{}` failed: {}", output.command, output.stderr.trim()))
        }
    }
}

fn namespace(process: u32) -> Option<PathBuf> {
    fs::read_link(format!("/proc/{process}/ns/net")).ok()
}

impl Lan {
    /// Makes one: as root, else by a user namespace.
    ///
    /// # Errors
    /// What this machine lacks or does not allow.
    pub fn new() -> Result<Self, String> {
        let left = Place::first()?;
        let right = left.neighbour()?;
        let other = right.holder_id();
        left.ip(&["link", "add", "lan", "type", "veth", "peer", "name", "lan", "netns", &other])?;
        for (place, address) in [(&left, "10.77.0.1/24"), (&right, "10.77.0.2/24")] {
            place.ip(&["link", "set", "lo", "up"])?;
            place.ip(&["address", "add", address, "dev", "lan"])?;
            place.ip(&["link", "set", "lan", "up"])?;
        }
        Ok(Self { left, right })
    }
}

/// What was made of network namespaces; none where this machine's owner has said that it does without:
/// `COMMONSHELF_NO_NETNS=1`. Then the test says so, and is skipped.
///
/// # Panics
/// If this machine gives none, and its owner has not said so.
pub fn unless_unwanted<T>(made: Result<T, String>) -> Option<T> {
    let unwanted = std::env::var_os("COMMONSHELF_NO_NETNS").is_some_and(|value| value == "1");
    match made {
        Ok(made) => Some(made),
        Err(reason) if unwanted => {
            eprintln!("skipped, since COMMONSHELF_NO_NETNS=1 says so: no network namespaces here ({reason})");
            None
        }
        Err(reason) => panic!(
            "this test needs network namespaces, and this machine gives none ({reason}): run it as root, allow \
             user namespaces, or set COMMONSHELF_NO_NETNS=1 to do without this test"
        ),
    }
}
