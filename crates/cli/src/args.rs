//! The words that the command line knows.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, Parser, Subcommand};
use node::lan::HostName;
use node::{Address, AddressError, FilterInput, ListingInput, MemberInput, PrivateInput};

use crate::doctor::Doctor;
use crate::exchanges::args::Exchange;
use crate::keys::{Grant, Key};
use crate::profile::Profile;

/// Give, lend and find things in your neighbourhood, without a server.
#[derive(Debug, Parser)]
#[command(name = "commonshelf", version, max_term_width = 100)]
pub(crate) struct Cli {
    /// The node's data folder
    #[arg(long, global = true, value_name = "DIR", env = "COMMONSHELF_DATA")]
    pub(crate) data: Option<PathBuf>,
    /// Print one JSON value instead of text
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Start this node: its pages, and its part in the mesh
    Up(Up),
    /// A small neighbourhood of real nodes on this machine, to look at
    Demo(Demo),
    /// Say how this node's data are, what is wrong with them and what to do about it
    Doctor(Doctor),
    /// Say whose words and data this program carries, and under which licences
    Licences,
    /// Make a node again out of what `export --all` wrote, in an empty data folder
    Restore(Restore),
    #[command(flatten)]
    Ask(Question),
}

/// What is asked of a node, whether it runs or is started for this question alone.
#[derive(Debug, Subcommand)]
pub(crate) enum Question {
    /// Offer something
    Offer(Write),
    /// Say what you need
    Need(Write),
    /// Change one of your listings
    Edit(Edit),
    /// Withdraw one of your listings for good
    Withdraw(Reference),
    /// Show one listing
    Show(Reference),
    /// List what is offered and needed, the newest first
    List(List),
    /// Find listings by words, the best first
    Search(Search),
    /// Show who can help whom, and why
    Matches(Matches),
    /// Say why a need and an offer are a match, or are none: all that speaks for it, with its points
    Why {
        /// The need: its id, key or the beginning of one; or a pair as `matches` shows it, NEED..OFFER
        need: String,
        /// The offer, likewise
        offer: Option<String>,
    },
    /// List the kinds of things that --kind takes
    Kinds,
    #[command(flatten)]
    Exchange(Exchange),
    /// Show what your circles know of you, or change it
    Profile(Profile),
    /// Take in a table (CSV, TSV or JSON lines), or a bundle
    Import(Import),
    /// Print all listings as JSON lines, or write a bundle, or a backup of the whole node
    Export(Export),
    /// Show who is connected
    Peers,
    /// Show the state of this node
    Status,
    /// Delete what was withdrawn or has ended from this disk, for good
    Purge,
    /// Neither keep nor show somebody else's listing on this node; without one, list what is hidden
    Hide {
        /// Its id, key, or a unique beginning of one
        listing: Option<String>,
    },
    /// Show again what this node hides
    Unhide {
        /// Its key, or a unique beginning
        key: String,
    },
    /// Found a circle, join one, list them
    #[command(subcommand)]
    Circle(Circle),
    /// Write your key down, restore it, take it off this node
    #[command(subcommand)]
    Key(Key),
    /// Let other keys sign for you, or no more
    #[command(subcommand)]
    Grant(Grant),
    /// What the node knows of the time
    #[command(subcommand)]
    Clock(Clock),
}

#[derive(Debug, Args)]
pub(crate) struct Up {
    /// Where the pages are
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:7377")]
    pub(crate) http: SocketAddr,
    /// Serve the pages at all addresses of this machine, at the port of --http and at port 80: for everybody on its
    /// network
    #[arg(long)]
    pub(crate) open: bool,
    /// With --open: be found as NAME.local
    #[arg(long, value_name = "NAME", requires = "open")]
    pub(crate) name: Option<HostName>,
    /// With --open, on a Wi-Fi without internet: tell devices that ask here whether there is internet that there is, so
    /// that they stay
    #[arg(long, requires = "open")]
    pub(crate) captive: bool,
    /// Where other nodes reach this one; repeatable [default: TCP and QUIC at port 7378]
    #[arg(long, value_name = "MULTIADDR")]
    pub(crate) p2p: Vec<Address>,
    /// A node to connect to; repeatable
    #[arg(long, value_name = "MULTIADDR")]
    pub(crate) peer: Vec<Address>,
    /// Don't look for nodes on the local network, and don't be found there
    #[arg(long)]
    pub(crate) no_mdns: bool,
    /// Let nodes that can't be dialled be reached through this one, and tell others whether they can be
    #[arg(long)]
    pub(crate) relay: bool,
    /// Let others reach this node through a relay: at an address, or `any` that it is connected to if nobody can
    /// dial it; repeatable
    #[arg(long, value_name = "any|MULTIADDR")]
    pub(crate) via: Vec<Via>,
    /// Found a circle of this name, unless this node keeps one already
    #[arg(long, value_name = "NAME", conflicts_with = "join")]
    pub(crate) circle: Option<String>,
    /// Join a circle: the one `nearby`, or one by its link or id
    #[arg(long, value_name = "nearby|LINK|ID")]
    pub(crate) join: Option<String>,
    /// What you are called
    #[arg(long, value_name = "NAME")]
    pub(crate) member: Option<String>,
    /// A program that is run, without a shell, with what waits for you on its standard input: at most once an hour
    #[arg(long, value_name = "PROGRAM")]
    pub(crate) notify_cmd: Option<PathBuf>,
}

/// Through whom others reach this node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Via {
    /// Whoever can.
    Any,
    /// This one.
    At(Address),
}

impl FromStr for Via {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "any" {
            return Ok(Self::Any);
        }
        let address: Address = text.parse().map_err(|error: AddressError| error.to_string())?;
        if address.is_relayed() {
            return Err("name the relay itself: what stands before /p2p-circuit".to_owned());
        }
        Ok(Self::At(address))
    }
}

#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// End when the nodes agree, instead of keeping their pages open
    #[arg(long)]
    pub(crate) exit: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Restore {
    /// The file that `export --all` wrote
    pub(crate) file: PathBuf,
    /// Don't wait for another node: there is none that knows of you
    #[arg(long)]
    pub(crate) alone: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Write {
    /// What it is, in one line
    pub(crate) title: String,
    #[command(flatten)]
    pub(crate) details: Details,
    /// The circle, if this node keeps several
    #[arg(long, value_name = "ID")]
    circle: Option<String>,
    /// Keep it on this node and tell nobody: it is matched, and only you see with what. --category, --terms and
    /// --language are conditions then
    #[arg(long, conflicts_with_all = ["circle", "count", "photos"])]
    pub(crate) private: bool,
    /// With --private: only this kind of things, and what is below it
    #[arg(long, value_name = "KIND", requires = "private")]
    kind: Option<String>,
    /// With --private: only within so many kilometres of --place
    #[arg(long, value_name = "KM", requires = "private", allow_hyphen_values = true)]
    within: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Edit {
    #[command(flatten)]
    pub(crate) listing: Reference,
    /// What it is, in one line
    #[arg(long)]
    title: Option<String>,
    #[command(flatten)]
    pub(crate) details: Details,
    /// Take all photos off; --photo puts others in their place
    #[arg(long, conflicts_with = "photos")]
    pub(crate) no_photos: bool,
    /// It is still good: renew it, though nothing else is changed
    #[arg(long)]
    still_good: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Details {
    /// More words
    #[arg(long)]
    text: Option<String>,
    /// What kind of thing
    #[arg(long)]
    category: Option<String>,
    /// How many there are
    #[arg(long, allow_hyphen_values = true)]
    count: Option<String>,
    /// Roughly where it is
    #[arg(long, value_name = "LAT,LON|CELL", allow_hyphen_values = true)]
    place: Option<String>,
    /// Until when: 14d, 2w or a date
    #[arg(long)]
    until: Option<String>,
    /// gift, loan, hours or pool
    #[arg(long)]
    terms: Option<String>,
    /// Who gets it: you choose, whoever asks first (queue), or chance (draw)
    #[arg(long, value_name = "choose|queue|draw")]
    decide: Option<String>,
    /// With draw: until when one can ask; 3d or a date
    #[arg(long, value_name = "WHEN")]
    closes: Option<String>,
    /// What one of them weighs
    #[arg(long, value_name = "N", allow_hyphen_values = true)]
    grams: Option<String>,
    /// The language of title and text, such as de
    #[arg(long, value_name = "CODE")]
    language: Option<String>,
    /// A photo of it: a JPEG, PNG or WebP file; up to four times
    #[arg(long = "photo", value_name = "FILE")]
    pub(crate) photos: Vec<PathBuf>,
    /// What can be seen on the photo, in one line; once for each, in the same order
    #[arg(long = "alt", value_name = "TEXT", requires = "photos")]
    pub(crate) alts: Vec<String>,
}

impl Details {
    fn input(self) -> ListingInput {
        ListingInput {
            text: self.text,
            category: self.category,
            count: self.count,
            place: self.place,
            until: self.until,
            terms: self.terms,
            decide: self.decide,
            closes: self.closes,
            grams: self.grams,
            language: self.language,
            ..ListingInput::default()
        }
    }
}

impl Write {
    pub(crate) fn input(self, side: &str) -> ListingInput {
        ListingInput {
            side: Some(side.to_owned()),
            title: Some(self.title),
            circle: self.circle,
            ..self.details.input()
        }
    }

    /// The same as something that stays here.
    pub(crate) fn private_input(self, side: &str) -> PrivateInput {
        let Details { text, category, place, until, terms, language, .. } = self.details;
        PrivateInput {
            side: Some(side.to_owned()),
            title: Some(self.title),
            text,
            kind: self.kind,
            category,
            terms,
            language,
            near: place,
            within: self.within,
            until,
        }
    }
}

impl Edit {
    pub(crate) fn input(self) -> ListingInput {
        ListingInput { title: self.title, still_good: self.still_good, ..self.details.input() }
    }
}

#[derive(Debug, Args)]
pub(crate) struct Reference {
    /// The listing's number, id or key, or the beginning of one
    #[arg(value_name = "LISTING", required = true, num_args = 1..=2)]
    listing: Vec<String>,
}

impl Reference {
    /// In one piece: a number is read in two.
    pub(crate) fn text(&self) -> String {
        self.listing.join(" ")
    }
}

#[derive(Debug, Args)]
pub(crate) struct List {
    /// What you need and tell nobody, instead
    #[arg(long, conflicts_with_all = ["side", "mine", "category", "kind", "terms", "language", "near", "within", "circle", "limit"])]
    pub(crate) private: bool,
    #[command(flatten)]
    pub(crate) filter: Filter,
}

#[derive(Debug, Args)]
pub(crate) struct Filter {
    /// Only offers, or only needs
    #[arg(long, value_name = "offer|need")]
    side: Option<String>,
    /// Only your own
    #[arg(long)]
    mine: bool,
    /// Only of this category
    #[arg(long)]
    category: Option<String>,
    /// Only this kind of things, and what is below it: `kinds` lists them
    #[arg(long, value_name = "KIND")]
    kind: Option<String>,
    /// Only on these terms: gift, loan, hours or pool
    #[arg(long)]
    terms: Option<String>,
    /// Only in this language, such as de
    #[arg(long, value_name = "CODE")]
    language: Option<String>,
    /// Show how far things are from here
    #[arg(long, value_name = "LAT,LON|CELL", allow_hyphen_values = true)]
    near: Option<String>,
    /// Only within so many kilometres of there
    #[arg(long, value_name = "KM", allow_hyphen_values = true)]
    within: Option<String>,
    /// Only of this circle
    #[arg(long, value_name = "ID|NAME")]
    circle: Option<String>,
    /// At most so many
    #[arg(long, value_name = "N", allow_hyphen_values = true)]
    limit: Option<String>,
}

impl Filter {
    pub(crate) fn input(self) -> FilterInput {
        FilterInput {
            side: self.side,
            mine: self.mine.then(|| "true".to_owned()),
            category: self.category,
            kind: self.kind,
            terms: self.terms,
            language: self.language,
            near: self.near,
            within: self.within,
            circle: self.circle,
            limit: self.limit,
            offset: None,
            typing: None,
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct Export {
    /// Write a whole circle into this file instead, with all that makes it count elsewhere
    #[arg(long, value_name = "FILE", conflicts_with_all = ["side", "mine", "category", "kind", "terms", "language", "near", "within", "limit"])]
    pub(crate) bundle: Option<PathBuf>,
    /// Write all that this node has, its keys and circles and photos, into this encrypted file: a backup
    #[arg(long, value_name = "FILE", conflicts_with_all = ["bundle", "circle", "side", "mine", "category", "kind", "terms", "language", "near", "within", "limit"])]
    pub(crate) all: Option<PathBuf>,
    /// Of a bundle's things only those that were written since: 30d or a date
    #[arg(long, value_name = "DATE", requires = "bundle")]
    pub(crate) since: Option<String>,
    #[command(flatten)]
    pub(crate) filter: Filter,
}

#[derive(Debug, Args)]
pub(crate) struct Search {
    /// The words to look for
    #[arg(required = true)]
    pub(crate) text: Vec<String>,
    #[command(flatten)]
    pub(crate) filter: Filter,
}

#[derive(Debug, Args)]
pub(crate) struct Matches {
    /// Only pairs of this listing
    #[arg(value_name = "LISTING")]
    pub(crate) of: Option<String>,
    /// Only pairs with a listing of yours
    #[arg(long)]
    pub(crate) mine: bool,
    /// What was found for you and you have not seen, the newest first
    #[arg(long, group = "other", conflicts_with_all = ["of", "mine"])]
    pub(crate) new: bool,
    /// All that was found for you, seen or not, the newest first
    #[arg(long, group = "other", conflicts_with_all = ["of", "mine"])]
    pub(crate) found: bool,
    /// Note that you have seen all that was found
    #[arg(long, group = "other", conflicts_with_all = ["of", "mine"])]
    pub(crate) seen: bool,
    /// Don't show this pair any more, unless one of the two is changed
    #[arg(long, group = "other", value_name = "NEED..OFFER", conflicts_with_all = ["of", "mine"])]
    pub(crate) dismiss: Option<String>,
    /// The address of the feed (Atom) of what was found for you: whoever has it can read that
    #[arg(long, group = "other", conflicts_with_all = ["of", "mine"])]
    pub(crate) feed: bool,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub(crate) limit: usize,
}

#[derive(Debug, Args)]
pub(crate) struct Import {
    /// The file; - is the standard input
    pub(crate) file: PathBuf,
    /// Which column is what, such as title=Name; repeatable
    #[arg(long, value_name = "FIELD=COLUMN")]
    pub(crate) map: Vec<String>,
    /// All rows are offers, or needs
    #[arg(long, value_name = "offer|need")]
    pub(crate) side: Option<String>,
    /// The terms of all rows
    #[arg(long)]
    pub(crate) terms: Option<String>,
    /// The language of all rows
    #[arg(long, value_name = "CODE")]
    pub(crate) language: Option<String>,
    /// The category of all rows
    #[arg(long)]
    pub(crate) category: Option<String>,
    /// The circle, if this node keeps several
    #[arg(long, value_name = "ID")]
    pub(crate) circle: Option<String>,
    /// Only say what would happen
    #[arg(long)]
    pub(crate) dry_run: bool,
}

impl Import {
    /// Whether something is asked for that a table alone has.
    pub(crate) const fn is_about_tables(&self) -> bool {
        !self.map.is_empty()
            || self.side.is_some()
            || self.terms.is_some()
            || self.language.is_some()
            || self.category.is_some()
            || self.dry_run
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Clock {
    /// Show what this machine's clock says, and whether the node believes it
    Show,
    /// Say that this machine's clock is right
    Confirm,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Circle {
    /// Found a circle
    Found {
        /// What it is called
        name: String,
        /// How many things each member may list
        #[arg(long, value_name = "N")]
        quota: Option<u32>,
        /// Who may write: anybody, whom a steward took in, or also those for whom members vouch
        #[arg(long, value_name = "open|invited|vouched")]
        write: Option<String>,
        /// Who may read: anyone, or members alone, who are given an invitation
        #[arg(long, value_name = "anyone|members")]
        read: Option<String>,
        /// With vouched: how many members have to vouch for a newcomer
        #[arg(long, value_name = "N")]
        vouches: Option<u32>,
    },
    /// List who belongs to a circle
    Members {
        /// The circle, if this node keeps several
        #[arg(long, value_name = "ID")]
        circle: Option<String>,
    },
    /// Take a member in, as a steward
    Admit(About),
    /// Shut a member out, as a steward
    ShutOut {
        #[command(flatten)]
        about: About,
        /// Why, for the member and the other stewards
        #[arg(long)]
        reason: Option<String>,
    },
    /// Vouch for somebody whom you know
    Vouch(About),
    /// Print an invitation: a link, and on a terminal its QR code
    Invite {
        /// The circle's name or id, if this node keeps several
        circle: Option<String>,
        /// Take the first who joins by it in as a member, if that is within 14 days: for circles of which stewards
        /// take members in
        #[arg(long)]
        admit: bool,
        /// Write the QR code into this file, for a poster or a screen
        #[arg(long, value_name = "FILE")]
        svg: Option<PathBuf>,
    },
    /// Draw a new read secret, as a steward: invitations that were given out before lead nowhere then
    Renew {
        /// The circle, if this node keeps several
        #[arg(long, value_name = "ID")]
        circle: Option<String>,
    },
    /// Join a circle
    Join {
        /// `nearby`, or the circle's link or id
        target: String,
    },
    /// List the circles that this node keeps
    List {
        /// Those that connected nodes keep instead
        #[arg(long)]
        nearby: bool,
    },
}

#[derive(Debug, Args)]
pub(crate) struct About {
    /// The member: a did:key, as `key show` and `status` tell it
    member: String,
    /// The circle, if this node keeps several
    #[arg(long, value_name = "ID")]
    circle: Option<String>,
}

impl About {
    pub(crate) fn input(self, reason: Option<String>) -> MemberInput {
        MemberInput { member: self.member, reason, circle: self.circle }
    }
}
