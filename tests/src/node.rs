//! A node that runs.

use std::ops::Deref;

use serde_json::Value;

use crate::http::Api;
use crate::{Answer, Home, PATIENCE, Process, wait_until};

/// What a node says when it is ready.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ready {
    /// Where its pages are: `http://127.0.0.1:PORT`.
    pub http: String,
    /// Its libp2p peer id.
    pub peer: String,
    /// Where other nodes reach it.
    pub addresses: Vec<String>,
    /// The circle that it founded or joined.
    pub circle: Option<String>,
}

impl Ready {
    fn read(line: &str) -> Self {
        let json: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert_eq!(json["event"], "ready", "{line}");
        let text =
            |field: &str| json[field].as_str().unwrap_or_else(|| panic!("no {field}: {line}")).to_owned();
        let addresses = json["addresses"].as_array().unwrap_or_else(|| panic!("no addresses: {line}"));
        Self {
            http: text("http").trim_end_matches('/').to_owned(),
            peer: text("peer"),
            addresses: addresses.iter().map(|address| address.as_str().unwrap().to_owned()).collect(),
            circle: json["circle"].as_str().map(str::to_owned),
        }
    }
}

/// A node that runs: `commonshelf up`. What its [`Home`] can do, it can do too. Dropping it kills it.
#[derive(Debug)]
pub struct Node {
    home: Home,
    args: Vec<String>,
    process: Process,
    ready: Ready,
}

impl Node {
    /// Starts a node with exactly these arguments and waits until it is ready.
    ///
    /// # Panics
    /// If it does not get ready.
    #[must_use]
    pub fn start(home: Home, args: &[&str]) -> Self {
        let mut process = Process::start(home.command(&["up", "--json"]).args(args));
        let line = process.line(PATIENCE);
        let args = args.iter().map(|arg| (*arg).to_owned()).collect();
        Self { home, args, process, ready: Ready::read(&line) }
    }

    /// What it said when it was ready.
    #[must_use]
    pub const fn ready(&self) -> &Ready {
        &self.ready
    }

    /// Where other nodes reach it over TCP.
    ///
    /// # Panics
    /// If it listens nowhere.
    #[must_use]
    pub fn address(&self) -> &str {
        self.ready.addresses.iter().find(|address| address.contains("/tcp/")).expect("an address")
    }

    /// The link with which others join its first circle.
    ///
    /// # Panics
    /// If it keeps none.
    #[must_use]
    pub fn link(&self) -> String {
        self.json(&["circle", "list"])[0]["link"].as_str().expect("a link").to_owned()
    }

    /// Waits until its circle's charter has arrived, so that it can write.
    ///
    /// # Panics
    /// If that takes too long.
    pub fn wait_for_charter(&self) {
        wait_until("the circle's charter", PATIENCE, || {
            let name = self.json(&["circle", "list"])[0]["name"].clone();
            if name.as_str().is_some_and(|name| !name.is_empty()) {
                Ok(())
            } else {
                Err(format!("its name is {name}"))
            }
        });
    }

    /// Its folder.
    #[must_use]
    pub const fn home(&self) -> &Home {
        &self.home
    }

    /// Its process.
    #[must_use]
    pub const fn process(&mut self) -> &mut Process {
        &mut self.process
    }

    /// What it has said on stderr so far.
    #[must_use]
    pub fn said(&self) -> String {
        self.process.said()
    }

    /// Asks a page or the API.
    #[must_use]
    pub fn get(&self, path: &str) -> Answer {
        self.api().get(path, &[])
    }

    /// Asks with headers of one's own.
    #[must_use]
    pub fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.api().get(path, headers)
    }

    /// Writes through the API, with the folder's token.
    #[must_use]
    pub fn post(&self, path: &str, body: &Value) -> Answer {
        self.api().post(path, &[("Authorization", &self.bearer())], &body.to_string())
    }

    /// Writes through the API with headers of one's own.
    #[must_use]
    pub fn post_with(&self, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        self.api().post(path, headers, body)
    }

    /// What a program sends with what it wants to write.
    ///
    /// # Panics
    /// If the folder holds no token.
    #[must_use]
    pub fn bearer(&self) -> String {
        let token = std::fs::read_to_string(self.data().join("api.token")).expect("a token");
        format!("Bearer {}", token.trim())
    }

    fn api(&self) -> Api<'_> {
        Api { base: &self.ready.http }
    }

    /// Starts it again after its end, at the same address for other nodes: with the arguments that it
    /// had, and with these.
    #[must_use]
    pub fn restart(self, more: &[&str]) -> Self {
        self.stop().start(more)
    }

    /// Ends it as a power cut would.
    #[must_use]
    pub fn stop(mut self) -> Away {
        self.process.kill9();
        let mut args: Vec<String> = Vec::new();
        let mut words = self.args.iter();
        while let Some(word) = words.next() {
            if word == "--p2p" {
                let _ = words.next();
            } else {
                args.push(word.clone());
            }
        }
        for address in &self.ready.addresses {
            args.extend(["--p2p".to_owned(), bare(address).to_owned()]);
        }
        Away { home: self.home.clone(), args }
    }
}

/// A node that has ended.
pub struct Away {
    home: Home,
    args: Vec<String>,
}

impl Away {
    /// Its folder.
    #[must_use]
    pub const fn home(&self) -> &Home {
        &self.home
    }

    /// Starts it again at the same address for other nodes: with the arguments that it had, and with these.
    #[must_use]
    pub fn start(self, more: &[&str]) -> Node {
        let args: Vec<&str> = self.args.iter().map(String::as_str).chain(more.iter().copied()).collect();
        Node::start(self.home.clone(), &args)
    }
}

/// An address without the peer that is there.
fn bare(address: &str) -> &str {
    address.split_once("/p2p/").map_or(address, |(place, _)| place)
}

impl Deref for Node {
    type Target = Home;

    fn deref(&self) -> &Home {
        &self.home
    }
}
