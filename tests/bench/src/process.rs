//! A node in a process of its own, and what the system says of it.
//!
//! `bench node DATA` is that process. It says its address, then answers one line to each line that it
//! reads, and ends with its input.

use std::fs;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use node::{Address, Config, Filter, Handle, Network, Node};

use crate::memory::status_mib;
use crate::{Outcome, print};

/// How often a node is asked whether it has come so far.
const POLL: Duration = Duration::from_millis(1);
/// What it has not reached by then it never will.
const PATIENCE: Duration = Duration::from_secs(300);
/// How many listings a page has.
const PAGE: usize = 40;
/// The unit of `/proc/PID/stat`: what Linux tells programs, whatever it counts in itself.
const TICKS_PER_SECOND: f64 = 100.0;

/// A running node.
pub(crate) struct Process {
    child: Child,
    commands: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    address: Address,
    /// How long it took to open, in seconds.
    pub(crate) opened: f64,
}

impl Process {
    /// Starts a node in a data folder.
    pub(crate) fn start(data: &Path) -> Outcome<Self> {
        let begun = Instant::now();
        let mut child = Command::new(std::env::current_exe()?)
            .arg("node")
            .arg(data)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let commands = child.stdin.take();
        let mut answers = BufReader::new(child.stdout.take().ok_or("no output")?);
        let address = line(&mut answers)?.parse()?;
        Ok(Self { child, commands, answers, address, opened: begun.elapsed().as_secs_f64() })
    }

    /// Where it listens.
    pub(crate) fn socket(&self) -> SocketAddr {
        self.address.socket()
    }

    /// The same node behind another socket.
    pub(crate) fn behind(&self, socket: SocketAddr) -> Outcome<String> {
        let peer = self.address.peer().ok_or("no name")?;
        Ok(format!("/ip4/{}/tcp/{}/p2p/{peer}", socket.ip(), socket.port()))
    }

    pub(crate) fn dial(&mut self, address: &str) -> Outcome<()> {
        self.ask(&format!("dial {address}")).map(drop)
    }

    /// Waits until it shows so many records. Returns how long that took from its first connection on, in
    /// seconds.
    pub(crate) fn reach(&mut self, records: usize) -> Outcome<f64> {
        Ok(self.ask(&format!("reach {records}"))?.parse()?)
    }

    /// Waits until a round is finished with so many peers.
    pub(crate) fn synced(&mut self, peers: usize) -> Outcome<()> {
        self.ask(&format!("synced {peers}")).map(drop)
    }

    /// How long its first page of listings takes, in seconds.
    pub(crate) fn page(&mut self) -> Outcome<f64> {
        Ok(self.ask("page")?.parse()?)
    }

    /// Lets it end in good order: all that it has is on the disk then.
    pub(crate) fn stop(mut self) -> Outcome<()> {
        self.commands.take();
        let status = self.child.wait()?;
        if status.success() { Ok(()) } else { Err(format!("a node ended with {status}").into()) }
    }

    fn ask(&mut self, command: &str) -> Outcome<String> {
        writeln!(self.commands.as_mut().ok_or("no input")?, "{command}")?;
        line(&mut self.answers)
    }

    /// The most memory that it ever had, in MiB.
    pub(crate) fn peak_mib(&self) -> Outcome<f64> {
        status_mib(self.child.id(), "VmHWM:")
    }

    /// The memory that it has, in MiB.
    pub(crate) fn memory_mib(&self) -> Outcome<f64> {
        status_mib(self.child.id(), "VmRSS:")
    }

    /// The time that its threads ran, in seconds.
    pub(crate) fn cpu(&self) -> Outcome<f64> {
        cpu_of(&format!("/proc/{}/stat", self.child.id()))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Why: it may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// User and system time in a `stat` file, in seconds.
pub(crate) fn cpu_of(path: &str) -> Outcome<f64> {
    let stat = fs::read_to_string(path)?;
    // The name, in brackets, may hold anything.
    let (_, fields) = stat.rsplit_once(')').ok_or("no stat")?;
    let ticks = fields.split_whitespace().skip(11).take(2).map(str::parse::<f64>);
    Ok(ticks.sum::<Result<f64, _>>()? / TICKS_PER_SECOND)
}

fn line(answers: &mut BufReader<ChildStdout>) -> Outcome<String> {
    let mut line = String::new();
    answers.read_line(&mut line)?;
    match line.trim_end().split_once(' ').unwrap_or((line.trim_end(), "")) {
        ("ok", answer) => Ok(answer.to_owned()),
        _ => Err(format!("a node failed: {line}").into()),
    }
}

/// The process itself.
pub(crate) fn run(data: PathBuf) -> Outcome<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(serve(data))
}

async fn serve(data: PathBuf) -> Outcome<()> {
    let network =
        Network { listen: vec!["/ip4/127.0.0.1/tcp/0".parse()?], peers: Vec::new(), ..Network::default() };
    let node = Node::start(Config { data, network: Some(network), member: None, notify: None }).await?;
    let status = node.handle().status();
    print(&format!("ok {}\n", status.addresses.first().ok_or("it does not listen")?))?;
    loop {
        let read = tokio::task::spawn_blocking(|| {
            let mut line = String::new();
            io::stdin().lock().read_line(&mut line).map(|_| line)
        });
        let command = read.await??;
        let answer = match command.trim_end().split_once(' ') {
            None if command.trim_end() == "page" => page(node.handle())?,
            Some(("dial", address)) => node.handle().dial(address.parse()?).await.map(|()| String::new())?,
            Some(("reach", records)) => reach(node.handle(), records.parse()?).await?,
            Some(("synced", peers)) => synced(node.handle(), peers.parse()?).await?,
            Some(_) | None => break,
        };
        print(&format!("ok {answer}\n"))?;
    }
    node.stop().await;
    Ok(())
}

async fn reach(handle: &Handle, records: usize) -> Outcome<String> {
    let mut connected = None;
    until(|| {
        if connected.is_none() && !handle.peers().is_empty() {
            connected = Some(Instant::now());
        }
        connected.is_some() && handle.circles().first().is_some_and(|circle| circle.records >= records)
    })
    .await?;
    let connected = connected.ok_or("it was never connected")?;
    Ok(connected.elapsed().as_secs_f64().to_string())
}

fn page(handle: &Handle) -> Outcome<String> {
    let begun = Instant::now();
    let listings = handle.listings(&Filter { limit: Some(PAGE), ..Filter::default() })?;
    let time = begun.elapsed().as_secs_f64();
    if listings.is_empty() { Err("it shows nothing".into()) } else { Ok(time.to_string()) }
}

async fn synced(handle: &Handle, peers: usize) -> Outcome<String> {
    until(|| handle.peers().iter().filter(|peer| peer.synced.is_some()).count() >= peers).await?;
    Ok(String::new())
}

async fn until(mut reached: impl FnMut() -> bool) -> Outcome<()> {
    let end = Instant::now() + PATIENCE;
    let mut ticks = tokio::time::interval(POLL);
    while !reached() {
        if Instant::now() > end {
            return Err("it took too long".into());
        }
        ticks.tick().await;
    }
    Ok(())
}
