//! What pages, commands and programs see. Field names are a contract: others build on them.

use std::collections::BTreeMap;

use matching::Piece;
use record::Photo;
use serde::{Deserialize, Serialize};

use crate::link::CircleLink;

/// A listing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ListingJson {
    /// The record's id, a CID.
    pub id: String,
    /// Which of the author's things it is; stays the same when it is edited. 32 hexadecimal digits.
    pub key: String,
    /// The short number on its label: eight decimal digits, the last a check digit. It follows from author and key;
    /// two things may have the same. Empty if it is kept on this node alone.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub number: String,
    /// The author, a `did:key`.
    pub author: String,
    /// What the author calls itself, if it says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author_name: Option<String>,
    /// The circle's id.
    pub circle: String,
    /// Whether this node's own member wrote it.
    pub mine: bool,
    /// Whether it is kept on this node alone: a private need or offer. Only its member is told of it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub private: bool,
    /// `offer` or `need`.
    pub side: String,
    /// `gift`, `loan`, `hours` or `pool`.
    pub terms: String,
    /// One line.
    pub title: String,
    /// More words; may be empty.
    pub text: String,
    /// What kind of thing; may be empty.
    pub category: String,
    /// ISO 639-1, if known.
    pub language: Option<String>,
    /// How many there are in all.
    pub count: u32,
    /// How many are left.
    pub left: u32,
    /// Roughly where: an H3 cell in hexadecimal.
    pub cell: Option<String>,
    /// Until when it stands, if the author says: Unix milliseconds.
    pub until: Option<u64>,
    /// When this version was written: Unix milliseconds.
    pub revision: u64,
    /// When it expires unless it is renewed: Unix milliseconds.
    pub expires: u64,
    /// How it is decided who gets it: `choose`, `queue` or `draw`.
    #[serde(default)]
    pub decide: String,
    /// What one of them weighs in grams, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grams: Option<u32>,
    /// With `draw`: when it closes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closes: Option<u64>,
    /// With `draw`: whether it was drawn.
    #[serde(default, skip_serializing_if = "is_false")]
    pub drawn: bool,
    /// At most four.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub photos: Vec<PhotoJson>,
    /// How far it is from the place that was asked about, where both are known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distance_km: Option<f64>,
}

/// A photo of a listing, or one that was given for the next listing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhotoJson {
    /// SHA-256 of the photo, a JPEG: it is at `/photo/HASH`.
    pub photo: String,
    /// The same of its thumbnail.
    pub thumb: String,
    /// What can be seen on it; may be empty.
    pub alt: String,
}

impl PhotoJson {
    pub(crate) fn of(photo: &Photo) -> Self {
        Self { photo: photo.photo.to_string(), thumb: photo.thumb.to_string(), alt: photo.alt.clone() }
    }
}

// Why a reference: serde asks for one.
#[allow(clippy::trivially_copy_pass_by_ref)]
const fn is_false(what: &bool) -> bool {
    !*what
}

/// A piece of a text, to be marked or not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PieceJson {
    /// What it says; all pieces in a row are the text.
    pub text: String,
    /// Whether it is a word that was looked for.
    pub hit: bool,
}

impl From<Piece> for PieceJson {
    fn from(Piece { text, hit }: Piece) -> Self {
        Self { text, hit }
    }
}

/// A text in pieces, in which these words are marked, as [`FoundJson::words`] has them.
#[must_use]
pub fn marked(text: &str, words: &[String]) -> Vec<PieceJson> {
    let pieces = matching::snippet(text, words, usize::MAX);
    pieces.into_iter().map(PieceJson::from).collect()
}

/// A kind of things.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KindJson {
    /// The word by which filters name it.
    pub id: String,
    /// The kind that it is a part of, if it is of one.
    pub parent: Option<String>,
    /// What it is called, by language; where one is missing, the English name stands for it.
    pub names: BTreeMap<String, String>,
}

/// A listing that a search found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FoundJson {
    /// The listing.
    #[serde(flatten)]
    pub listing: ListingJson,
    /// From 0 to 1, the best first.
    pub score: f64,
    /// The words of the listing that hit, as they stand there.
    #[serde(default)]
    pub words: Vec<String>,
    /// The part of its text in which they stand; empty if it has no text.
    #[serde(default)]
    pub snippet: Vec<PieceJson>,
    /// Which filter was left out, since nothing was found with it: `distance`, `category` (with it the kind),
    /// `language` or `terms`. The same for all of one search.
    #[serde(default)]
    pub widened: Option<String>,
}

/// A need and an offer that answers it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PairJson {
    /// By what it is dismissed and explained: the keys of both, `NEED..OFFER`.
    #[serde(default)]
    pub pair: String,
    /// What is needed.
    pub need: ListingJson,
    /// What is offered.
    pub offer: ListingJson,
    /// From 0 to 1: the sum of the reasons' points.
    pub score: f64,
    /// What speaks for it.
    pub reasons: Vec<ReasonJson>,
    /// Whether it is a match: enough speaks for it, the two are of two members, and there is something left.
    #[serde(default)]
    pub fits: bool,
}

/// A pair of which this node's member was told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NoticeJson {
    /// The pair as it is now.
    #[serde(flatten)]
    pub pair: PairJson,
    /// When it was found: Unix milliseconds.
    pub when: u64,
    /// Whether the member has seen it.
    pub seen: bool,
}

/// What speaks for a match.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReasonJson {
    /// Its part of the score.
    pub points: f64,
    /// In words.
    pub text: String,
}

/// What an import did, or with `dry_run` would do.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ImportJson {
    /// Rows that became new listings.
    pub added: usize,
    /// Rows whose listings were here with other words and were edited.
    pub changed: usize,
    /// Rows whose listings were here already.
    pub unchanged: usize,
    /// Rows that make no listing.
    pub rejected: Vec<RejectedJson>,
    /// What the columns were taken for.
    pub notes: Vec<String>,
    /// Whether nothing was written.
    pub dry_run: bool,
    /// If the file was a bundle, what there is to say of it. Added and unchanged are records of a bundle, then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bundle: Option<BundleJson>,
}

/// A bundle that was taken in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BundleJson {
    /// The circle's id.
    pub circle: String,
    /// The circle's name.
    pub name: String,
    /// Whether the node did not keep the circle before, and does now.
    pub joined: bool,
    /// How many records were looked at.
    pub records: u64,
    /// How many of them were rejected; only the first thousand are named.
    pub rejected: u64,
    /// Why not everything of the file was read: it is torn, damaged, or not made as bundles are.
    pub problem: Option<String>,
}

/// A row that makes no listing, or a record that does not count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RejectedJson {
    /// Its line in the table, or its place in the bundle, from 1.
    pub line: u64,
    /// Why.
    pub reason: String,
}

/// What a purge did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PurgedJson {
    /// How many bytes of records were on the disk before.
    pub before: u64,
    /// And how many are now.
    pub now: u64,
}

/// A circle that this node keeps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CircleJson {
    /// Its id.
    pub id: String,
    /// Its name; empty until its charter is here.
    pub name: String,
    /// How many live records it has.
    pub records: usize,
    /// How many of them are listings that stand.
    pub listings: usize,
    /// How many of them are sealed letters, whoever they are for.
    #[serde(default)]
    pub letters: usize,
    /// How many are of a kind, or say something, that this version does not know. They are kept and passed on.
    #[serde(default)]
    pub others: usize,
    /// How many members wrote something.
    pub members: usize,
    /// Whether anybody may write, and somebody without an account ask for things.
    #[serde(default)]
    pub open: bool,
    /// A hash of all live records' ids: equal digests, equal catalogues.
    pub digest: String,
    /// What another node needs to join: `circle join LINK`.
    pub link: String,
}

/// An invitation into a circle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InviteJson {
    /// What whoever is invited gives to `circle join`.
    pub link: String,
    /// The circle's id.
    pub circle: String,
    /// The circle's name.
    pub name: String,
    /// Whether the first who joins by it is taken in as a member.
    pub admits: bool,
}

impl From<CircleLink> for InviteJson {
    fn from(link: CircleLink) -> Self {
        let text = link.to_string();
        let admits = link.token.is_some();
        Self { link: text, admits, circle: link.circle.to_string(), name: link.name.unwrap_or_default() }
    }
}

/// A circle that peers keep.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NearbyJson {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// How many connected peers keep it.
    pub peers: usize,
    /// Whether this node keeps it too.
    pub joined: bool,
}

/// A connected peer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeerJson {
    /// Its libp2p peer id.
    pub peer: String,
    /// Where it is.
    pub address: String,
    /// Whether it dialled this node.
    pub inbound: bool,
    /// When the last round with it ended: Unix milliseconds.
    pub synced: Option<u64>,
}

/// What the node knows of the time; all times are Unix milliseconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockJson {
    /// Whether the date is known. While it is in doubt, the node signs nothing and deletes nothing.
    pub sure: bool,
    /// What the machine's clock shows.
    pub machine: u64,
    /// It is at least this late, by what the node knows itself.
    pub known: u64,
    /// What the clocks of connected nodes show, if the date is in doubt and there are three or more.
    pub peers: Option<u64>,
    /// Whether the date is in doubt and the person at the node can say that the machine's clock is right.
    pub can_confirm: bool,
    /// What the person at the node should do, if the date is in doubt.
    pub advice: Option<String>,
}

/// An address at which the pages are served.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DoorJson {
    /// What one types: `http://gartenstrasse.local`.
    pub url: String,
    /// Whether the node has reached itself there. That a wall or a guest network stands between it and a telephone can
    /// still be.
    pub tested: bool,
}

/// The node's state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusJson {
    /// The program's version.
    pub version: String,
    /// This node's libp2p peer id.
    pub peer: String,
    /// Where it listens.
    pub addresses: Vec<String>,
    /// Where neighbours open its pages: the best first; none unless the node lets its whole network in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pages: Vec<DoorJson>,
    /// Whether peers say that others can dial it; `None` if they were not asked or do not know.
    #[serde(default)]
    pub reachable: Option<bool>,
    /// This node's own members, as `did:key`.
    pub members: Vec<String>,
    /// The circles that it keeps.
    pub circles: Vec<CircleJson>,
    /// Who is connected.
    pub peers: Vec<PeerJson>,
    /// What a person should know: that the root key has no backup, that the store failed…
    pub notices: Vec<String>,
    /// How many matches this node's member was told of and has not seen; only the member is told, and not before all
    /// listings were read after a start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unseen_matches: Option<usize>,
    /// How many things wait for the member in its exchanges, as was counted seconds ago.
    #[serde(default)]
    pub waiting: usize,
}
